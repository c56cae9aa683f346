"""A scenario of edge cases of rewards: calls with one argument at its bound or just beyond, and otherwise valid.

The clock is mostly at the start of an interval. Then a period may end now, or begin as early or as late as allowed.
"""

from typing import Final, cast

from invariants.choices import Choices
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.rewards_walk import (
    AVSS,
    EARNED,
    EARNERS,
    OPERATORS,
    SETS,
    TOKENS,
    next_action,
    opening,
    world,
)
from invariants.eigenlayer.world import PAYERS
from invariants.walker import Walk
from spec.arithmetic import UINT256_MAX, div_floor, remainder
from spec.codec import Json
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import Action, MineBlocks
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
    OperatorDirectedRewardsSubmission,
    OperatorReward,
    ProcessClaim,
    RewardsSubmission,
    SetClaimerFor,
    SetFeeRecipient,
    SetOptInForProtocolFee,
    StrategyAndMultiplier,
    SubmitRoot,
    TokenClaim,
)
from spec.eigenlayer.rewards_config import MAX_REWARDS_AMOUNT, PROOF_OK, PROTOCOL_FEE_BIPS, REWARDS_COORDINATOR
from spec.eigenlayer.state import CLAIMERS, DISTRIBUTION, REWARDS_CONFIG, REWARDS_SETTINGS, ROOTS
from spec.machine import SINGLETON, Draft

PAYABLE: Final = (1, 4, 5, 7, 999, 10**6)
"""Amounts to pay, some so small that their fee rounds to 0."""

MOST_WITH_A_FEE: Final = div_floor(UINT256_MAX, PROTOCOL_FEE_BIPS)
"""The largest amount whose fee is computable: its product with the fee in bips fits 256 bits."""

TOO_MUCH: Final = (MAX_REWARDS_AMOUNT, MAX_REWARDS_AMOUNT + 1, MOST_WITH_A_FEE, MOST_WITH_A_FEE + 1, UINT256_MAX)
STRATEGIES: Final = (StrategyAndMultiplier("strategy0", 1),)


def _world() -> dict[str, Json]:
    """The world of the rewards walks, at the start of an interval and without a fee recipient."""
    head = world("edges of rewards", 5_000)
    genesis = cast("dict[str, Json]", head["genesis"])
    rewards = cast("dict[str, Json]", genesis["rewards"])
    return {**head, "genesis": {**genesis, "rewards": {**rewards, "fee_recipient": ZERO_ADDRESS}}}


def _next_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action: a call with an argument at its bound, time until the next bound, or seldom any call of
    the rewards walks.
    """
    kind = choices.below(24)
    if kind < 5:
        return MineBlocks(1, _seconds_to_an_edge(choices, draft))
    if kind < 9:
        return _plain(choices, draft)
    if kind < 13:
        return _directed(choices, draft)
    if kind == 13:
        payer = choices.pick(tuple(PAYERS))
        return SetOptInForProtocolFee(payer, payer, not choices.one_in(3))
    if kind == 14:
        recipient = choices.pick(("fees", REWARDS_COORDINATOR)) if choices.one_in(6) else ZERO_ADDRESS
        return SetFeeRecipient("owner", recipient)
    if kind == 15:
        return SetClaimerFor(choices.pick(EARNERS), choices.pick((ZERO_ADDRESS, "claimer", "claimer")))
    if kind < 18:
        return _root(choices, draft)
    if kind < 22:
        return _claim(choices, draft)
    return next_action(choices, draft)


def _seconds_to_an_edge(choices: Choices, draft: Draft) -> int:
    """The seconds until the next interval or the last root's activation: exactly as many, one fewer, or one more."""
    now, interval_seconds = current_timestamp(draft), draft.get(REWARDS_CONFIG, SINGLETON).calculation_interval_seconds
    root_count = draft.get(DISTRIBUTION, SINGLETON).root_count
    to_activation_seconds = draft.get(ROOTS, root_count - 1).activated_at_timestamp - now
    seconds = interval_seconds - remainder(now, interval_seconds)
    if to_activation_seconds > 0 and choices.one_in(2):
        seconds = to_activation_seconds
    return seconds + choices.pick((0, 0, 0, 0, -1, 1))


def _amount(choices: Choices) -> int:
    return choices.pick(TOO_MUCH) if choices.one_in(5) else choices.pick(PAYABLE)


def _plain(choices: Choices, draft: Draft) -> Action:
    """A rewards submission, not operator-directed, of a random type.

    It starts as early or as late as allowed, or about now. It may also start an interval before or after one of these.
    """
    config, now = draft.get(REWARDS_CONFIG, SINGLETON), current_timestamp(draft)
    interval_seconds = config.calculation_interval_seconds
    today = now - remainder(now, interval_seconds)
    begins = (today + config.max_future_seconds, today - config.max_retroactive_seconds, today)
    start = max(choices.pick(begins) + choices.pick((0, 0, 0, -interval_seconds, interval_seconds)), 0)
    duration_seconds = choices.pick((interval_seconds, config.max_rewards_duration_seconds))
    submissions = (RewardsSubmission(STRATEGIES, choices.pick(TOKENS), _amount(choices), start, duration_seconds),)
    kind, avs, operator_set = choices.below(6), choices.pick(AVSS), choices.pick(SETS[:2])
    if kind == 0:
        return CreateAvsRewardsSubmission(avs, submissions)
    if kind == 1:
        return CreateEigenDaRewardsSubmission("controller", avs, submissions)
    if kind == 2:
        return CreateRewardsForAllSubmission("submitter", submissions)
    if kind == 3:
        return CreateRewardsForAllEarners("submitter", submissions)
    if kind == 4:
        return CreateUniqueStakeRewardsSubmission(operator_set[0], operator_set, submissions)
    return CreateTotalStakeRewardsSubmission(operator_set[0], operator_set, submissions)


def _directed(choices: Choices, draft: Draft) -> Action:
    """An operator-directed submission. Its period ends now or one interval earlier, or starts as early as allowed.

    It names one operator, two, or one operator twice.
    """
    config, now = draft.get(REWARDS_CONFIG, SINGLETON), current_timestamp(draft)
    interval_seconds = config.calculation_interval_seconds
    today = now - remainder(now, interval_seconds)
    duration_seconds = choices.pick((interval_seconds, config.max_rewards_duration_seconds))
    ends = (today, today - interval_seconds, today - config.max_retroactive_seconds + duration_seconds)
    start = max(choices.pick(ends) - duration_seconds, 0)
    named = choices.pick((OPERATORS[:1], OPERATORS, OPERATORS[:1] * 2, OPERATORS[::-1]))
    rewards = tuple([OperatorReward(operator, _amount(choices)) for operator in named])
    directed = OperatorDirectedRewardsSubmission(STRATEGIES, choices.pick(TOKENS), rewards, start, duration_seconds)
    avs, operator_set = choices.pick(AVSS), choices.pick(SETS[:2])
    if choices.one_in(2):
        return CreateOperatorDirectedAvsRewardsSubmission(avs, avs, (directed,))
    return CreateOperatorDirectedOperatorSetRewardsSubmission(operator_set[0], operator_set, (directed,))


def _root(choices: Choices, draft: Draft) -> Action:
    """A SubmitRoot call whose period mostly ended a second ago, or just after the last root's period.

    Seldom it ends now, or together with the last root's period.
    """
    last_end = draft.get(DISTRIBUTION, SINGLETON).calculation_end_timestamp
    end = choices.pick((last_end + 1, last_end + 1, max(current_timestamp(draft) - 1, 0), last_end))
    if choices.one_in(8):
        end = current_timestamp(draft)
    updater = draft.get(REWARDS_SETTINGS, SINGLETON).rewards_updater
    return SubmitRoot(updater, choices.pick(("tree0", "tree0", "tree1")), end)


def _claim(choices: Choices, draft: Draft) -> Action:
    """A claim from the last root or the one before it. The sender is the authorized claimer, the earner, or the account
    `claimer`.
    """
    number = max(draft.get(DISTRIBUTION, SINGLETON).root_count - 1 - choices.below(2), 0)
    earner, token = choices.pick(EARNERS), choices.pick(TOKENS)
    shown = TokenClaim(token, EARNED.get(draft.get(ROOTS, number).tree, 1), PROOF_OK)
    named = draft.get(CLAIMERS, earner).claimer
    sender = choices.pick((earner if named == ZERO_ADDRESS else named, earner, "claimer"))
    return ProcessClaim(sender, Claim(number, earner, PROOF_OK, (shown,), 1, 1), "recipient")


REWARDS_EDGES: Final = Walk(PROTOCOL, CATALOGUE, _world(), opening, _next_action)
