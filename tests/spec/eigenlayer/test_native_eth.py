"""Native ETH beyond the recorded traces: order of checks, integer widths, deficits, and both losses together."""

import pytest

from invariants.eigenlayer.model import guards
from spec.arithmetic import UINT32_MAX
from spec.eigenlayer import actions
from spec.eigenlayer.config import BEACON_CHAIN_ETH, GWEI_TO_WEI, ZERO_ADDRESS, Config
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    BURNABLE_ETH,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    ETH_BALANCES,
    OPERATOR_SHARES,
    POD_OWNERS,
    PODS,
    SLASHES,
    STAKERS,
    STRATEGIES,
    EthBalance,
    Pod,
    PodOwner,
    Strategy,
)
from spec.machine import SINGLETON
from tests.spec.eigenlayer.conftest import Chain

WAD = 10**18
ETH = 10**18
KEY = ("operator", BEACON_CHAIN_ETH)


def report(delta_wei: int, prev_wei: int = 32 * ETH, owner: str = "staker") -> actions.Action:
    return actions.RecordBeaconChainEthBalanceUpdate(owner, owner, prev_wei, delta_wei, True)


def queue(shares: int, staker: str = "staker") -> actions.Action:
    return actions.QueueWithdrawals(staker, (actions.WithdrawalRequest((BEACON_CHAIN_ETH,), (shares,)),))


def complete(nonce: int, as_tokens: bool, staker: str = "staker") -> actions.Action:
    return actions.CompleteQueuedWithdrawal(staker, actions.Completion(staker, nonce, ("zero",), as_tokens))


def slash(wad: int) -> actions.Action:
    return actions.SlashOperator("slasher", "avs", "operator", 1, (BEACON_CHAIN_ETH,), (wad,))


def secured(chain: Chain, is_delegated: bool = True) -> None:
    """Registers an operator with all magnitude of native ETH in one set, and a staker with a pod.

    By default the staker delegates to the operator.
    """
    chain.state.rows(STRATEGIES)[BEACON_CHAIN_ETH] = Strategy(address_rank=7)
    chain.do(
        actions.UpdateAvsMetadata("avs", "avs"),
        actions.CreateOperatorSets("avs", "avs", (actions.OperatorSetRequest(1, (BEACON_CHAIN_ETH,), "slasher"),)),
        actions.RegisterAsOperator("operator", ZERO_ADDRESS, 0),
        actions.RegisterForOperatorSets("operator", "operator", "avs", (1,)),
        actions.ModifyAllocations(
            "operator", "operator", (actions.AllocationRequest(("avs", 1), (BEACON_CHAIN_ETH,), (WAD,)),)
        ),
        actions.CreatePod("staker"),
    )
    if is_delegated:
        chain.do(actions.DelegateTo("staker", "operator", NO_APPROVAL))


def test_the_first_check_that_fails_is_the_reason(chain: Chain) -> None:
    secured(chain)
    by_nobody = actions.RecordBeaconChainEthBalanceUpdate("staker", "staker", 0, 1, False)
    assert chain.try_(by_nobody) is Reason.ONLY_EIGEN_POD
    assert chain.try_(report(1, owner="other")) is Reason.ONLY_EIGEN_POD
    chain.do(actions.PlantPodOwnerDepositShares("staker", -ETH))
    assert chain.try_(report(-1)) is Reason.SHARES_NOT_MULTIPLE_OF_GWEI
    assert chain.try_(report(0)) is Reason.LEGACY_WITHDRAWALS_NOT_COMPLETED
    chain.do(actions.PlantPodOwnerDepositShares("staker", 0), report(ETH))
    assert chain.try_(report(-2 * ETH, ETH)) is Reason.ARITHMETIC_PANIC
    assert chain.try_(actions.CreatePod("staker")) is Reason.EIGEN_POD_ALREADY_EXISTS
    assert chain.try_(queue(ETH + 1)) is Reason.ARITHMETIC_PANIC  # the operator's shares run out first
    request = actions.OperatorSetRequest(2, (BEACON_CHAIN_ETH, BEACON_CHAIN_ETH), "slasher")
    redistributing = actions.CreateRedistributingOperatorSets("avs", "avs", (request,), ("other",))
    assert chain.try_(redistributing) is Reason.INVALID_STRATEGY
    assert chain.try_(actions.CreateOperatorSets("avs", "avs", (request,))) is Reason.STRATEGY_ALREADY_IN_OPERATOR_SET
    deposit = actions.DepositIntoStrategy("staker", BEACON_CHAIN_ETH, "token0", 0)
    assert chain.try_(deposit) is Reason.STRATEGY_NOT_WHITELISTED
    chain.do(actions.AddStrategiesToDepositWhitelist("whitelister", (BEACON_CHAIN_ETH,)))
    assert chain.try_(deposit) is Reason.EMPTY_REVERT


@pytest.mark.parametrize(
    ("held", "shares", "reason"),
    [
        (0, 0, None),
        (5, 6, Reason.SHARES_NEGATIVE),
        (5, 2**255 - 1, Reason.SHARES_NEGATIVE),
        (5, 2**255, Reason.INT256_OVERFLOW),
        (-5, 2**255 - 1, Reason.ARITHMETIC_PANIC),
    ],
)
def test_queueing_is_bounded_by_what_is_held(chain: Chain, held: int, shares: int, reason: Reason | None) -> None:
    chain.do(actions.PlantPodOwnerDepositShares("other", held))
    assert chain.try_(queue(shares, "other")) == (1 if reason is None else reason)


def test_a_loss_takes_of_the_operator_what_it_takes_of_the_staker(chain: Chain) -> None:
    secured(chain)
    chain.do(report(32 * ETH, 0), slash(WAD >> 1), report(-8 * ETH))
    factor_wad = 3 * WAD >> 2
    assert chain.now.get(POD_OWNERS, "staker") == PodOwner(32 * ETH, WAD, factor_wad)
    assert chain.now.get(OPERATOR_SHARES, KEY).shares == 12 * ETH
    assert chain.now.get(BURNABLE_ETH, SINGLETON).shares == 16 * ETH
    assert chain.now.get(SLASHES, (("avs", 1), 1)).strategies == ()


def test_a_withdrawal_loses_until_it_is_completed(chain: Chain) -> None:
    """A slash by an operator set reduces a withdrawal until its slashable window ends, a beacon chain loss until it is
    completed.

    Pods pay whole gwei.
    """
    secured(chain)
    chain.do(actions.FundPod("staker", 40 * ETH), report(32 * ETH, 0), queue(30 * ETH), slash(WAD >> 1))
    chain.do(actions.MineBlocks(11), slash(WAD >> 1), report(-GWEI_TO_WEI, 3 * GWEI_TO_WEI), complete(0, True))
    paid_wei = 9_999_999_999 * GWEI_TO_WEI
    assert chain.now.get(ETH_BALANCES, "staker") == EthBalance(paid_wei)
    assert chain.now.get(PODS, "staker") == Pod(True, 40 * 10**9 - 9_999_999_999, 40 * ETH - paid_wei)


def test_a_slash_of_native_eth_asks_for_no_resolution_block(chain: Chain) -> None:
    """The slash is accepted even if its resolution block would overflow, since native ETH is never paid out from a
    slash.

    The guards that state when a call is rejected agree.
    """
    secured(chain)
    chain.state.rows(CONFIG)[SINGLETON] = Config(10, 8, 5, 5, "whitelister", slash_resolution_delay_blocks=UINT32_MAX)
    chain.do(report(32 * ETH, 0))
    assert guards.REASONS[actions.SlashOperator](chain.now, slash(WAD >> 1)) is None
    chain.do(slash(WAD >> 1))
    assert chain.now.get(BURNABLE_ETH, SINGLETON).shares == 16 * ETH


def test_a_pod_that_is_short_can_be_asked_again(chain: Chain) -> None:
    secured(chain, is_delegated=False)
    chain.do(report(2 * ETH, 0), queue(2 * ETH), actions.MineBlocks(11), actions.FundPod("staker", ETH))
    assert chain.try_(complete(0, True)) is Reason.INSUFFICIENT_WITHDRAWABLE_BALANCE
    chain.do(actions.FundPod("staker", ETH), complete(0, True))
    assert chain.now.get(PODS, "staker") == Pod(exists=True)


def test_a_deficit_is_repaid_before_anything_is_paid_or_joins(chain: Chain) -> None:
    secured(chain, is_delegated=False)
    chain.do(report(6 * ETH, 0), queue(3 * ETH), queue(3 * ETH), actions.FundPod("staker", 9 * ETH))
    chain.do(actions.DelegateTo("staker", "operator", NO_APPROVAL), actions.MineBlocks(11))
    chain.do(actions.PlantPodOwnerDepositShares("staker", -2 * ETH), complete(0, True))
    assert chain.now.get(ETH_BALANCES, "staker") == EthBalance(ETH)
    chain.do(actions.PlantPodOwnerDepositShares("staker", -2 * ETH), complete(1, False))
    assert chain.now.get(POD_OWNERS, "staker") == PodOwner(ETH)
    assert chain.now.get(OPERATOR_SHARES, KEY).shares == ETH


def test_shares_without_a_pod_cannot_be_paid(chain: Chain) -> None:
    chain.do(actions.PlantPodOwnerDepositShares("other", ETH), queue(ETH, "other"), actions.MineBlocks(11))
    assert chain.try_(complete(0, True, "other")) is Reason.EMPTY_REVERT
    chain.do(actions.FundPod("other", ETH))
    assert chain.now.get(PODS, "other") == Pod()


def test_who_lost_everything_may_delegate_and_brings_nothing(chain: Chain) -> None:
    secured(chain, is_delegated=False)
    chain.do(report(ETH, 0), report(-ETH, ETH), actions.DelegateTo("staker", "operator", NO_APPROVAL))
    assert chain.now.get(POD_OWNERS, "staker") == PodOwner(ETH, WAD, 0)
    assert chain.now.get(OPERATOR_SHARES, KEY).shares == 0
    assert chain.try_(report(GWEI_TO_WEI)) is Reason.FULLY_SLASHED
    assert chain.do(actions.Undelegate("staker", "staker")) == 1
    assert chain.now.get(STAKERS, "staker").withdrawals_queued == 1


def test_nothing_joins_an_operator_without_magnitude(chain: Chain) -> None:
    secured(chain, is_delegated=False)
    chain.do(slash(WAD), report(ETH, 0))
    assert chain.try_(actions.DelegateTo("staker", "operator", NO_APPROVAL)) is Reason.FULLY_SLASHED


def test_counts_have_their_widths(chain: Chain) -> None:
    """The count of queued shares is truncated to 224 bits. A slash whose window spans the truncation panics."""
    secured(chain)
    most = (2**255 - 1) // GWEI_TO_WEI * GWEI_TO_WEI
    chain.do(report(most, 0))
    assert chain.try_(report(GWEI_TO_WEI)) is Reason.ARITHMETIC_PANIC
    chain.do(queue(2**224 - 1), actions.MineBlocks(20), queue(2**224 - 1))
    assert CUMULATIVE_SCALED_SHARES.latest(chain.now, KEY) == 2**224 - 2
    assert chain.try_(slash(1)) is Reason.ARITHMETIC_PANIC
    chain.do(actions.MineBlocks(11), slash(1))


def test_sums_and_products_beyond_256_bits_are_refused(chain: Chain) -> None:
    secured(chain)
    rows = chain.state.rows(POD_OWNERS)
    rows["staker"] = PodOwner(2**200, 2**120, WAD)
    assert chain.try_(report(GWEI_TO_WEI)) is Reason.MUL_DIV_OVERFLOW
    assert chain.try_(report(-GWEI_TO_WEI)) is Reason.MUL_DIV_OVERFLOW
    rows["staker"] = PodOwner(2**200, 2**115, WAD)
    assert chain.try_(report(GWEI_TO_WEI)) is None
    rows["staker"] = PodOwner(0, 2**250, WAD >> 1)
    assert chain.try_(report(GWEI_TO_WEI)) is None
    rows["staker"] = PodOwner(0, 2**250, 1)
    assert chain.try_(report(GWEI_TO_WEI)) is Reason.MUL_DIV_OVERFLOW
    rows["other"] = PodOwner(2**250, 2**70, WAD)
    assert chain.try_(actions.DelegateTo("other", "operator", NO_APPROVAL)) is Reason.MUL_DIV_OVERFLOW
