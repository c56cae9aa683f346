"""The rules of rewards: every return value and every reason of rejection of each."""

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from spec.eigenlayer.actions import (
    CreateOperatorSets,
    MineBlocks,
    OperatorSetRequest,
    RegisterAsOperator,
    UpdateAvsMetadata,
)
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_actions import (
    Claim,
    CreateAvsRewardsSubmission,
    CreateEigenDaRewardsSubmission,
    CreateOperatorDirectedAvsRewardsSubmission,
    CreateOperatorDirectedOperatorSetRewardsSubmission,
    CreateRewardsForAllEarners,
    CreateRewardsForAllSubmission,
    CreateTotalStakeRewardsSubmission,
    CreateUniqueStakeRewardsSubmission,
    DisableRoot,
    OperatorDirectedRewardsSubmission,
    OperatorReward,
    ProcessClaim,
    ProcessClaims,
    RewardsAction,
    RewardsSubmission,
    SetActivationDelay,
    SetClaimerFor,
    SetClaimerForEarner,
    SetDefaultOperatorSplit,
    SetFeeRecipient,
    SetOperatorAvsSplit,
    SetOperatorPiSplit,
    SetOperatorSetSplit,
    SetOptInForProtocolFee,
    SetRewardsForAllSubmitter,
    SetRewardsUpdater,
    StrategyAndMultiplier,
    SubmitRoot,
    TokenClaim,
)
from spec.eigenlayer.rewards_config import RewardsConfig
from spec.eigenlayer.rewards_splits import split_in_force
from spec.eigenlayer.rewards_state import AddressRank, Permission, RewardsSettings
from spec.eigenlayer.state import (
    ADDRESS_RANKS,
    CLAIMED,
    CLOCK,
    OPERATOR_AVS_SPLITS,
    REWARDS_ALLOWANCES,
    REWARDS_CONFIG,
    REWARDS_SETTINGS,
    SUBMISSIONS,
    TOKEN_BALANCES,
    Clock,
    TokenBalance,
)
from spec.machine import SINGLETON

if TYPE_CHECKING:
    from tests.spec.eigenlayer.conftest import Chain

MOST = 10**38 - 1
PLAIN = RewardsSubmission((StrategyAndMultiplier("strategy0", 1),), "token0", 999, 900, 100)
NAMED = OperatorDirectedRewardsSubmission(
    (StrategyAndMultiplier("strategy0", 1),),
    "token0",
    (OperatorReward("operator", 9), OperatorReward("other", 4)),
    800,
    100,
)
SET = ("avs", 1)


def begun(chain: "Chain", timestamp: int = 1000) -> "Chain":
    """The chain with rewards set up. Durations and start times are multiples of 100 seconds, up to 500 seconds long.

    Starts lie from 500 seconds ago to 200 seconds ahead. Roots and splits take effect after 10 seconds.
    """
    rows = chain.state.rows
    rows(REWARDS_CONFIG)[SINGLETON] = RewardsConfig(100, 500, 500, 200, 100, "owner", "controller", "strategy2")
    rows(REWARDS_SETTINGS)[SINGLETON] = RewardsSettings("updater", "fees", 10, 1000)
    rows(CLOCK)[SINGLETON] = Clock(1000, timestamp)
    for rank, account in enumerate(("operator", "other")):
        rows(ADDRESS_RANKS)[account] = AddressRank(rank)
    for account in ("avs", "payer", "controller"):
        rows(REWARDS_ALLOWANCES)[account] = Permission(True)
        rows(TOKEN_BALANCES)[("token0", account)] = TokenBalance(10**39)
    chain.do(
        UpdateAvsMetadata("avs", "avs"),
        CreateOperatorSets("avs", "avs", (OperatorSetRequest(1, ("strategy0",), "avs"),)),
    )
    return chain


def held(chain: "Chain", account: str) -> int:
    return chain.now.get(TOKEN_BALANCES, ("token0", account)).amount


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"strategies_and_multipliers": ()}, Reason.INPUT_ARRAY_LENGTH_ZERO),
        ({"duration_seconds": 600}, Reason.DURATION_EXCEEDS_MAX),
        ({"duration_seconds": 150}, Reason.INVALID_DURATION_REMAINDER),
        ({"duration_seconds": 0}, Reason.DURATION_IS_ZERO),
        ({"start_timestamp": 850}, Reason.INVALID_START_TIMESTAMP_REMAINDER),
        ({"start_timestamp": 400}, Reason.START_TIMESTAMP_TOO_FAR_IN_PAST),
        (
            {"strategies_and_multipliers": (StrategyAndMultiplier("nowhere", 1),)},
            Reason.STRATEGY_NOT_WHITELISTED,
        ),
        (
            {
                "strategies_and_multipliers": (
                    StrategyAndMultiplier("strategy0", 1),
                    StrategyAndMultiplier("strategy0", 1),
                )
            },
            Reason.STRATEGIES_NOT_IN_ASCENDING_ORDER,
        ),
        ({"amount": 0}, Reason.AMOUNT_IS_ZERO),
        ({"amount": MOST + 1}, Reason.AMOUNT_EXCEEDS_MAX),
        ({"start_timestamp": 1300}, Reason.START_TIMESTAMP_TOO_FAR_IN_FUTURE),
        ({"token": "token1"}, Reason.ERC20_INSUFFICIENT_BALANCE),
        ({"start_timestamp": 1200}, None),
        ({"start_timestamp": 500}, None),
        ({"amount": MOST}, None),
    ],
)
def test_a_submission_is_checked(chain: "Chain", changes: dict[str, Any], reason: Reason | None) -> None:
    begun(chain)
    submission = attrs.evolve(PLAIN, **changes)
    assert chain.try_(CreateAvsRewardsSubmission("avs", (submission,))) is reason
    if reason is not Reason.ERC20_INSUFFICIENT_BALANCE:
        expected = Reason.ERC20_INSUFFICIENT_ALLOWANCE if reason is None else reason
        assert chain.try_(CreateAvsRewardsSubmission("anybody", (submission,))) is expected


def test_native_stake_needs_no_listing_and_a_young_clock_panics(chain: "Chain") -> None:
    begun(chain)
    native = attrs.evolve(PLAIN, strategies_and_multipliers=(StrategyAndMultiplier("strategy2", 1),))
    assert chain.try_(CreateAvsRewardsSubmission("avs", (native,))) is None
    chain.state.rows(CLOCK)[SINGLETON] = Clock(1000, 499)
    young = attrs.evolve(PLAIN, start_timestamp=400)
    assert chain.try_(CreateAvsRewardsSubmission("avs", (young,))) is Reason.ARITHMETIC_PANIC


def test_who_pays_decides_on_the_fee_and_for_everybody_there_is_none(chain: "Chain") -> None:
    begun(chain)
    chain.do(SetRewardsForAllSubmitter("owner", "payer", True))
    for account in ("avs", "payer", "controller"):
        chain.do(SetOptInForProtocolFee(account, account, True))
    fee, paid, net = 199, 999, 800
    calls: list[tuple[RewardsAction, str, str, int]] = [
        (CreateAvsRewardsSubmission("payer", (PLAIN,)), "payer", "avs", net),
        (CreateEigenDaRewardsSubmission("controller", "payer", (PLAIN,)), "payer", "avs", net),
        (CreateRewardsForAllSubmission("payer", (PLAIN,)), "payer", "for_all", paid),
        (CreateRewardsForAllEarners("payer", (PLAIN,)), "payer", "for_all_earners", paid),
        (CreateUniqueStakeRewardsSubmission("avs", SET, (PLAIN,)), "avs", "unique_stake", net),
        (CreateTotalStakeRewardsSubmission("avs", SET, (PLAIN,)), "avs", "total_stake", net),
    ]
    nonces: dict[str, int] = {}
    for call, account, kind, booked in calls:
        fees_before, pool_before = held(chain, "fees"), held(chain, "rewards_coordinator")
        chain.do(call)
        row = chain.now.get(SUBMISSIONS, (account, nonces.setdefault(account, 0)))
        nonces[account] += 1
        assert (row.kind, row.amount, row.operator_set) == (kind, booked, SET if "stake" in kind else ("", 0))
        assert held(chain, "fees") - fees_before == paid - booked in (0, fee)
        assert held(chain, "rewards_coordinator") - pool_before == booked


def test_fees_on_named_operators_round_down_for_each(chain: "Chain") -> None:
    begun(chain).do(SetOptInForProtocolFee("avs", "avs", True))
    chain.do(CreateOperatorDirectedAvsRewardsSubmission("avs", "avs", (NAMED,)))
    assert (held(chain, "fees"), held(chain, "rewards_coordinator")) == (1, 12)
    chain.do(CreateOperatorDirectedOperatorSetRewardsSubmission("avs", SET, (NAMED,)))
    assert chain.now.get(SUBMISSIONS, ("avs", 1)).amount == 12


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"operator_rewards": ()}, Reason.INPUT_ARRAY_LENGTH_ZERO),
        ({"start_timestamp": 900}, Reason.SUBMISSION_NOT_RETROACTIVE),
        ({"start_timestamp": 2**32 - 96}, Reason.ARITHMETIC_PANIC),
        ({"operator_rewards": (OperatorReward(ZERO_ADDRESS, 1),)}, Reason.INVALID_ADDRESS_ZERO),
        (
            {"operator_rewards": (OperatorReward("other", 1), OperatorReward("operator", 1))},
            Reason.OPERATORS_NOT_IN_ASCENDING_ORDER,
        ),
        ({"operator_rewards": (OperatorReward("operator", 0),)}, Reason.AMOUNT_IS_ZERO),
        ({"operator_rewards": (OperatorReward("operator", 2**255),)}, Reason.ARITHMETIC_PANIC),
        ({"operator_rewards": (OperatorReward("operator", MOST + 1),)}, Reason.AMOUNT_EXCEEDS_MAX),
        ({"token": "token1"}, Reason.ERC20_INSUFFICIENT_BALANCE),
    ],
)
def test_a_submission_for_named_operators_is_checked(chain: "Chain", changes: dict[str, Any], reason: Reason) -> None:
    begun(chain)
    submission = attrs.evolve(NAMED, **changes)
    assert chain.try_(CreateOperatorDirectedAvsRewardsSubmission("avs", "avs", (submission,))) is reason


def test_who_may_submit(chain: "Chain") -> None:
    begun(chain)
    for call, reason in (
        (CreateEigenDaRewardsSubmission("avs", "avs", ()), Reason.UNAUTHORIZED_CALLER),
        (CreateRewardsForAllSubmission("payer", ()), Reason.UNAUTHORIZED_CALLER),
        (CreateRewardsForAllEarners("payer", ()), Reason.UNAUTHORIZED_CALLER),
        (CreateUniqueStakeRewardsSubmission("payer", SET, ()), Reason.INVALID_PERMISSIONS),
        (CreateTotalStakeRewardsSubmission("avs", ("avs", 9), ()), Reason.INVALID_OPERATOR_SET),
        (CreateOperatorDirectedAvsRewardsSubmission("payer", "avs", ()), Reason.INVALID_PERMISSIONS),
        (CreateOperatorDirectedOperatorSetRewardsSubmission("avs", ("avs", 9), ()), Reason.INVALID_OPERATOR_SET),
    ):
        assert chain.try_(call) is reason


def test_a_split_waits_and_the_default_holds_until_the_first(chain: "Chain") -> None:
    begun(chain)

    def in_force() -> int:
        return split_in_force(chain.now, chain.now.get(OPERATOR_AVS_SPLITS, ("operator", "avs")))

    assert chain.try_(SetOperatorAvsSplit("other", "operator", "avs", 5)) is Reason.INVALID_PERMISSIONS
    assert chain.try_(SetOperatorSetSplit("operator", "operator", ("avs", 9), 5)) is Reason.INVALID_OPERATOR_SET
    assert chain.try_(SetOperatorPiSplit("operator", "operator", 10_001)) is Reason.SPLIT_EXCEEDS_MAX
    assert in_force() == 1000
    chain.do(SetOperatorAvsSplit("operator", "operator", "avs", 5), SetDefaultOperatorSplit("owner", 7))
    chain.do(MineBlocks(1, 9))
    assert in_force() == 7
    chain.do(MineBlocks(1, 1))
    assert in_force() == 5
    again = SetOperatorAvsSplit("operator", "operator", "avs", 6)
    assert chain.try_(again) is Reason.PREVIOUS_SPLIT_PENDING
    chain.do(MineBlocks(1, 1), again)
    assert in_force() == 5
    chain.do(SetActivationDelay("owner", 2**32 - 1))
    assert chain.try_(SetOperatorPiSplit("operator", "operator", 1)) is Reason.ARITHMETIC_PANIC
    assert chain.try_(SubmitRoot("updater", "tree", 500)) is Reason.ARITHMETIC_PANIC


def shown(amount: int, number: int = 0, proof: str = "ok", earner_proof: str = "ok") -> Claim:
    return Claim(number, "staker", earner_proof, (TokenClaim("token0", amount, proof),), 1, 1)


def test_roots_and_claims(chain: "Chain") -> None:
    begun(chain).do(CreateAvsRewardsSubmission("avs", (PLAIN,)))
    assert chain.try_(SubmitRoot("avs", "tree", 500)) is Reason.UNAUTHORIZED_CALLER
    assert chain.try_(SubmitRoot("updater", "tree", 1000)) is Reason.REWARDS_END_TIMESTAMP_NOT_ELAPSED
    chain.do(SubmitRoot("updater", "tree", 500), SubmitRoot("updater", "tree", 501))
    assert chain.try_(SubmitRoot("updater", "tree", 501)) is Reason.NEW_ROOT_MUST_BE_FOR_NEW_CALCULATED_PERIOD
    assert chain.try_(DisableRoot("avs", 1)) is Reason.UNAUTHORIZED_CALLER
    assert chain.try_(DisableRoot("updater", 2)) is Reason.INVALID_ROOT_INDEX
    chain.do(DisableRoot("updater", 1))
    assert chain.try_(DisableRoot("updater", 1)) is Reason.ROOT_DISABLED
    assert chain.try_(ProcessClaim("staker", shown(10), "other")) is Reason.ROOT_NOT_ACTIVATED
    chain.do(MineBlocks(1, 10))
    assert chain.try_(DisableRoot("updater", 0)) is Reason.ROOT_ALREADY_ACTIVATED
    for claim, reason in (
        (shown(10, number=2), Reason.INDEX_PANIC),
        (shown(10, number=1), Reason.ROOT_DISABLED),
        (attrs.evolve(shown(10), token_index_count=2), Reason.INPUT_ARRAY_LENGTH_MISMATCH),
        (shown(10, earner_proof="invalid_index"), Reason.INVALID_EARNER_LEAF_INDEX),
        (shown(10, earner_proof="empty_root"), Reason.EMPTY_ROOT),
        (shown(10, earner_proof="bad_length"), Reason.INVALID_PROOF_LENGTH),
        (shown(10, earner_proof="mismatch"), Reason.INVALID_CLAIM_PROOF),
        (shown(10, proof="invalid_index"), Reason.INVALID_TOKEN_LEAF_INDEX),
        (shown(10, proof="none"), Reason.INVALID_CLAIM_PROOF),
        (shown(0), Reason.EARNINGS_NOT_GREATER_THAN_CLAIMED),
        (shown(1000), Reason.ERC20_INSUFFICIENT_BALANCE),
    ):
        assert chain.try_(ProcessClaim("staker", claim, "other")) is reason
    assert chain.try_(ProcessClaim("staker", shown(10), ZERO_ADDRESS)) is Reason.ERC20_TRANSFER_TO_ZERO_ADDRESS
    before = held(chain, "other")
    chain.do(ProcessClaims("staker", (shown(10), shown(30)), "other"))
    assert (held(chain, "other") - before, chain.now.get(CLAIMED, ("staker", "token0")).cumulative_amount) == (30, 30)
    assert chain.try_(ProcessClaim("staker", shown(30), "other")) is Reason.EARNINGS_NOT_GREATER_THAN_CLAIMED


def test_a_claimer_takes_the_earners_place(chain: "Chain") -> None:
    begun(chain).do(CreateAvsRewardsSubmission("avs", (PLAIN,)), SubmitRoot("updater", "tree", 500), MineBlocks(1, 10))
    chain.do(SetClaimerFor("staker", "other"))
    assert chain.try_(ProcessClaim("staker", shown(10), "staker")) is Reason.UNAUTHORIZED_CALLER
    chain.do(ProcessClaim("other", shown(10), "other"))
    chain.do(SetClaimerFor("staker", ZERO_ADDRESS), ProcessClaim("staker", shown(20), "other"))
    assert chain.try_(SetClaimerForEarner("other", "avs", "other")) is Reason.INVALID_PERMISSIONS
    assert chain.try_(SetClaimerForEarner("operator", "operator", "other")) is Reason.INVALID_EARNER
    chain.do(RegisterAsOperator("operator", ZERO_ADDRESS, 0))
    chain.do(SetClaimerForEarner("operator", "operator", "other"), SetClaimerForEarner("avs", "avs", "other"))


def test_the_owner_alone_changes_settings(chain: "Chain") -> None:
    begun(chain)
    for call in (
        SetActivationDelay("avs", 1),
        SetDefaultOperatorSplit("avs", 10_001),
        SetFeeRecipient("avs", ZERO_ADDRESS),
        SetRewardsUpdater("avs", "avs"),
        SetRewardsForAllSubmitter("avs", "avs", True),
    ):
        assert chain.try_(call) is Reason.CALLER_IS_NOT_THE_OWNER
    assert chain.try_(SetDefaultOperatorSplit("owner", 10_001)) is Reason.SPLIT_EXCEEDS_MAX
    assert chain.try_(SetFeeRecipient("owner", ZERO_ADDRESS)) is Reason.INVALID_ADDRESS_ZERO
    assert chain.try_(SetOptInForProtocolFee("avs", "payer", True)) is Reason.INVALID_PERMISSIONS
    chain.do(SetFeeRecipient("owner", "payer"), SetRewardsUpdater("owner", "avs"), SetActivationDelay("owner", 3))
    assert chain.now.get(REWARDS_SETTINGS, SINGLETON) == RewardsSettings("avs", "payer", 3, 1000)
