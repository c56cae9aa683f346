"""Walks through rewards: submissions, splits, roots and claims, valid or not."""

from typing import Any, Final, cast

import attr

from invariants.choices import Choices
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.world import PAYERS, WORLD, rewards_world
from invariants.walker import Walk
from spec.arithmetic import UINT32_MAX, UINT256_MAX, remainder
from spec.codec import Json
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    AddStrategiesToDepositWhitelist,
    CreateOperatorSets,
    DepositIntoStrategy,
    MineBlocks,
    OperatorSetRequest,
    RegisterAsOperator,
    RemoveStrategiesFromDepositWhitelist,
    TransferToken,
    UpdateAvsMetadata,
)
from spec.eigenlayer.clock import current_timestamp
from spec.eigenlayer.config import ZERO_ADDRESS
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
from spec.eigenlayer.rewards_config import MAX_REWARDS_AMOUNT, PROOF_OK, PROOFS, REWARDS_COORDINATOR
from spec.eigenlayer.state import CLAIMERS, DISTRIBUTION, REWARDS_CONFIG, REWARDS_SETTINGS, ROOTS, OperatorSet
from spec.eigenlayer.state import STRATEGIES as POOLS
from spec.machine import SINGLETON, Draft

TOKENS: Final = ("token0", "token1")
BEACON: Final = "beaconChainETH"
STRATEGIES: Final = ("strategy0", BEACON, "strategy1")
"""The strategies in the order of their addresses, in a world where native ETH counts as a strategy for rewards."""
LISTED: Final = ("strategy0", "strategy1")
OPERATORS: Final = ("operator0", "operator1")
AVSS: Final = ("avs0", "avs1")
SETS: Final[tuple[OperatorSet, ...]] = (("avs0", 1), ("avs1", 1), ("avs0", 9))
"""The operator sets that calls name; the last one does not exist."""
EARNERS: Final = ("staker0", "operator0", "avs0")
ACCOUNTS: Final = ("staker0", "staker1", *OPERATORS, *AVSS, "owner", "updater", *PAYERS, "fees", "claimer", "anybody")
EARNED: Final = {"tree0": 100, "tree1": 250, "tree2": 10**6, "greedy": 10**25, "empty": 1}
"""For each tree of a root, the cumulative earnings of every earner in each token.

The tree `greedy` has more earnings than were paid in; `empty` stands for an empty root.
"""
INTERVAL_SECONDS: Final = 100
AMOUNTS: Final = (1, 4, 5, 7, 10, 999, 10**6, 10**18 + 1)
WAITS: Final = (0, 1, 5, 20, 40, 41, 100, 250)
DELAYS: Final = (0, 1, 40, 50)
BIPS: Final = (0, 1, 999, 5_000, 10_000, 10_000, 10_001)


def world(name: str, timestamp: int) -> dict[str, Json]:
    """The world of the rewards walks, named `name` and beginning at a timestamp. Its strategy of native ETH is not
    whitelisted and need not be.
    """
    genesis = cast("dict[str, Json]", WORLD["genesis"])
    strategies = cast("dict[str, Json]", genesis["strategies"])
    return {
        **WORLD,
        "name": name,
        "genesis": {
            **genesis,
            "strategies": {**strategies, BEACON: {"underlying_token": "token1", "whitelisted": False}},
            "strategy_address_order": [*STRATEGIES],
            "rewards": rewards_world(timestamp, BEACON),
        },
    }


def opening() -> list[Action]:
    """The walk's opening calls: two AVSs with one operator set each, one operator, and a submitter permitted to pay
    everybody.
    """
    actions: list[Action] = []
    for avs in AVSS:
        actions += [
            UpdateAvsMetadata(avs, avs),
            CreateOperatorSets(avs, avs, (OperatorSetRequest(1, ("strategy0",), avs),)),
        ]
    return [
        *actions,
        RegisterAsOperator("operator0", ZERO_ADDRESS, 0),
        SetRewardsForAllSubmitter("owner", "submitter", is_submitter=True),
        SetOptInForProtocolFee("avs1", "avs1", is_opted_in=True),
    ]


def next_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action: a call about rewards, or time that passes."""
    if choices.below(100) < 22:
        seconds = choices.pick(WAITS)
        is_over = current_timestamp(draft) + seconds > UINT32_MAX
        return MineBlocks(1, 0 if is_over else seconds)
    return rewards_action(choices, draft)


def rewards_action(choices: Choices, draft: Draft) -> Action:
    """A call about rewards; one in ten has another account in one of its arguments."""
    action = _drawn(choices, draft)
    return _by_another(choices, action) if choices.one_in(10) else action


def _by_another(choices: Choices, action: Any) -> Any:
    """A copy of the call in which one address argument is replaced by a random account."""
    names = [field.name for field in attr.fields(type(action)) if field.name in NAMED]
    name = choices.pick(names)
    return attr.evolve(action, **{name: choices.pick((*ACCOUNTS, ZERO_ADDRESS) if name != "sender" else ACCOUNTS)})


NAMED: Final = ("sender", "avs", "operator", "claimer", "recipient", "earner", "fee_recipient", "submitter")


def _drawn(choices: Choices, draft: Draft) -> Action:
    kind = choices.below(88)
    if kind < 23:
        return _submission(choices, draft)
    if kind < 35:
        return _root(choices, draft)
    if kind < 58:
        return _claim(choices, draft)
    if kind < 68:
        return _split(choices)
    return _rare(choices)


def _strategies(choices: Choices, draft: Draft) -> tuple[StrategyAndMultiplier, ...]:
    """Strategies with multipliers, in ascending order of address; seldom none, in another order, or with a
    duplicate.
    """
    beacon = draft.get(REWARDS_CONFIG, SINGLETON).beacon_chain_eth_strategy
    known = STRATEGIES if beacon == BEACON else LISTED
    if draft.get(POOLS, LISTED[0]).address_rank > draft.get(POOLS, LISTED[1]).address_rank:
        known = known[::-1]
    first = choices.below(len(known))
    chosen = known[first:] if choices.one_in(2) else known[first : first + 1]
    if choices.one_in(15):
        chosen = choices.pick(((), chosen[::-1], (*chosen, chosen[-1])))
    return tuple([StrategyAndMultiplier(strategy, choices.pick((1, 10**18))) for strategy in chosen])


def _period(choices: Choices, draft: Draft, is_past: bool) -> tuple[int, int]:
    """A start timestamp and a duration in seconds, mostly of whole intervals. If `is_past`, the period is mostly over
    by now.
    """
    now = current_timestamp(draft)
    today = now - remainder(now, INTERVAL_SECONDS)
    intervals = choices.pick((1, 2, 3, 10))
    ago = intervals + choices.below(3) if is_past else choices.pick((-1, -2, -3, 0, 1, 7))
    start, duration = today - ago * INTERVAL_SECONDS, intervals * INTERVAL_SECONDS
    if choices.one_in(8):
        duration = choices.pick((0, 150, 1_100, duration))
        start = choices.pick((start + 1, 1_500, today + 400, today - 2_100, UINT32_MAX - 95, start))
    return max(start, 0), duration


def _amount(choices: Choices) -> int:
    if choices.one_in(15):
        return choices.pick((0, 10**30, MAX_REWARDS_AMOUNT, MAX_REWARDS_AMOUNT + 1, UINT256_MAX))
    return choices.pick(AMOUNTS)


def _plain(choices: Choices, draft: Draft) -> tuple[RewardsSubmission, ...]:
    """The rewards submissions of one call: mostly one, sometimes two or none."""
    made = []
    for _ in range(choices.pick((1, 1, 1, 1, 2, 0))):
        start, duration = _period(choices, draft, is_past=False)
        made.append(
            RewardsSubmission(_strategies(choices, draft), choices.pick(TOKENS), _amount(choices), start, duration)
        )
    return tuple(made)


def _directed(choices: Choices, draft: Draft) -> tuple[OperatorDirectedRewardsSubmission, ...]:
    """Mostly one operator-directed submission, sometimes two, with amounts for operators in ascending order of address.

    Seldom the order is another, or no operator is named, or the zero address.
    """
    made = []
    for _ in range(choices.pick((1, 1, 1, 1, 2))):
        start, duration = _period(choices, draft, is_past=True)
        named = choices.pick((OPERATORS, OPERATORS, OPERATORS[:1]))
        if choices.one_in(10):
            named = choices.pick(((), OPERATORS[::-1], (ZERO_ADDRESS,)))
        rewards = tuple([OperatorReward(operator, _amount(choices)) for operator in named])
        made.append(
            OperatorDirectedRewardsSubmission(
                _strategies(choices, draft), choices.pick(TOKENS), rewards, start, duration
            )
        )
    return tuple(made)


def _submission(choices: Choices, draft: Draft) -> Action:
    kind, avs = choices.below(9), choices.pick(AVSS)
    operator_set = choices.pick((("avs0", 1), ("avs1", 1), *SETS))
    if kind < 2:
        payer = choices.pick((*PAYERS, "anybody") if choices.one_in(6) else tuple(PAYERS))
        return CreateAvsRewardsSubmission(payer, _plain(choices, draft))
    if kind == 2:
        return CreateEigenDaRewardsSubmission("controller", avs, _plain(choices, draft))
    if kind == 3:
        return CreateRewardsForAllSubmission("submitter", _plain(choices, draft))
    if kind == 4:
        return CreateRewardsForAllEarners("submitter", _plain(choices, draft))
    if kind == 5:
        return CreateUniqueStakeRewardsSubmission(operator_set[0], operator_set, _plain(choices, draft))
    if kind == 6:
        return CreateTotalStakeRewardsSubmission(operator_set[0], operator_set, _plain(choices, draft))
    if kind == 7:
        return CreateOperatorDirectedAvsRewardsSubmission(avs, avs, _directed(choices, draft))
    directed = _directed(choices, draft)
    return CreateOperatorDirectedOperatorSetRewardsSubmission(operator_set[0], operator_set, directed)


def _root(choices: Choices, draft: Draft) -> Action:
    """A call that submits a root, mostly for the next period, or disables one of the last roots."""
    updater = draft.get(REWARDS_SETTINGS, SINGLETON).rewards_updater
    distribution, now = draft.get(DISTRIBUTION, SINGLETON), current_timestamp(draft)
    last = draft.get(ROOTS, distribution.root_count - 1)
    is_waiting = now < last.activated_at_timestamp and not last.is_disabled
    if choices.one_in(2 if is_waiting else 8):
        return DisableRoot(updater, max(distribution.root_count - choices.pick((1, 1, 2, 0)), 0))
    end = choices.pick((max(now - 1, 0), distribution.calculation_end_timestamp + 1))
    if choices.one_in(8):
        end = choices.pick((now, distribution.calculation_end_timestamp))
    trees = ("tree0", "tree1", "tree2", "tree0", "tree1", "greedy", "empty")
    return SubmitRoot(updater, choices.pick(trees), end)


def _shown(choices: Choices, draft: Draft) -> Claim:
    """A claim of an earner from one of the last roots, mostly with valid proofs.

    Some claims come before the root is active, or have an invalid proof or lists of different lengths.
    """
    count = draft.get(DISTRIBUTION, SINGLETON).root_count
    number = count - 1 - choices.below(min(count, 4)) if count else 0
    if choices.one_in(30):
        number = count
    tree = draft.get(ROOTS, number).tree
    earned = EARNED.get(tree, 1)
    proof = "empty_root" if tree == "empty" else PROOF_OK
    tokens = choices.pick((TOKENS[:1], TOKENS[1:], TOKENS, ()))
    of_tokens = [choices.pick(PROOFS) if choices.one_in(20) else PROOF_OK for _ in tokens]
    shown = tuple([TokenClaim(token, earned, found) for token, found in zip(tokens, of_tokens, strict=True)])
    if choices.one_in(20):
        proof = choices.pick(PROOFS)
    counts = (len(tokens), len(tokens))
    if choices.one_in(25):
        counts = choices.pick(((len(tokens) + 1, len(tokens)), (len(tokens) + 1, len(tokens) + 1)))
    return Claim(number, choices.pick(EARNERS), proof, shown, counts[0], counts[1])


def _claim(choices: Choices, draft: Draft) -> Action:
    claims = tuple([_shown(choices, draft) for _ in range(choices.pick((1, 1, 1, 2, 2, 0)))])
    named = draft.get(CLAIMERS, claims[0].earner).claimer if claims else "anybody"
    sender = claims[0].earner if named == ZERO_ADDRESS else named
    recipient = choices.pick(("recipient", "recipient", sender, REWARDS_COORDINATOR, "fees"))
    if choices.one_in(25):
        recipient = ZERO_ADDRESS
    if len(claims) == 1 and not choices.one_in(5):
        return ProcessClaim(sender, claims[0], recipient)
    return ProcessClaims(sender, claims, recipient)


def _split(choices: Choices) -> Action:
    operator, bips = choices.pick((*OPERATORS, "staker0")), choices.pick(BIPS)
    kind = choices.below(4)
    if kind == 0:
        return SetOperatorPiSplit(operator, operator, bips)
    if kind == 1:
        return SetOperatorSetSplit(operator, operator, choices.pick(SETS), bips)
    return SetOperatorAvsSplit(operator, operator, choices.pick(AVSS), bips)


def _rare(choices: Choices) -> Action:
    """A rare call: a setting of the owner, a claimer of an earner, a payer's choice to pay the fee, or a call not about
    rewards.
    """
    kind, earner, avs = choices.below(9), choices.pick(EARNERS), choices.pick(AVSS)
    if kind == 0:
        return SetActivationDelay("owner", UINT32_MAX if choices.one_in(12) else choices.pick((40, *DELAYS)))
    if kind == 1:
        return SetDefaultOperatorSplit("owner", choices.pick(BIPS))
    if kind == 2:
        return SetFeeRecipient("owner", choices.pick(("fees", "fees", avs, REWARDS_COORDINATOR, ZERO_ADDRESS)))
    if kind == 3:
        return SetRewardsUpdater("owner", choices.pick(("updater", "updater", "owner")))
    if kind == 4:
        return SetRewardsForAllSubmitter("owner", choices.pick(("submitter", "submitter", avs)), not choices.one_in(4))
    if kind == 5:
        return SetOptInForProtocolFee(avs, avs, choices.one_in(2))
    if kind == 6:
        return SetClaimerFor(earner, choices.pick((ZERO_ADDRESS, ZERO_ADDRESS, "claimer")))
    if kind == 7:
        account = choices.pick((earner, choices.pick(ACCOUNTS)))
        return SetClaimerForEarner(account, account, choices.pick((ZERO_ADDRESS, "claimer")))
    return _beside(choices)


def _beside(choices: Choices) -> Action:
    """A call that is not about rewards: a transfer, a whitelist change, a registration as operator, or a deposit."""
    kind, token, amount = choices.below(5), choices.pick(TOKENS), choices.pick(AMOUNTS)
    if kind == 0:
        return TransferToken("staker0", token, choices.pick((REWARDS_COORDINATOR, *PAYERS)), amount)
    if kind == 1:
        return RemoveStrategiesFromDepositWhitelist("whitelister", (choices.pick(LISTED),))
    if kind == 2:
        return RegisterAsOperator(choices.pick(OPERATORS), ZERO_ADDRESS, 0)
    if kind == 3:
        return DepositIntoStrategy("staker0", "strategy0", "token0", amount)
    return AddStrategiesToDepositWhitelist("whitelister", LISTED)


REWARDS: Final = Walk(PROTOCOL, CATALOGUE, world("rewards", 5_037), opening, next_action)
LAST_SECONDS: Final = Walk(
    PROTOCOL, CATALOGUE, world("rewards in the last seconds", UINT32_MAX - 2_000), opening, next_action
)
FIRST_SECONDS: Final = Walk(PROTOCOL, CATALOGUE, world("rewards of a young chain", 1_900), opening, next_action)
