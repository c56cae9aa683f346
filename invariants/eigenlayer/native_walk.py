"""A walk of native ETH: pods gain and lose ETH, beside one token strategy, in a world of its own.

Few amounts are whole ETH. With shares of a few gwei, and factors close to zero, rounding becomes visible.
"""

from typing import Final, TypeVar, cast

from invariants.choices import Choices
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.state_queries import settled_magnitudes
from invariants.eigenlayer.world import WORLD, with_native_eth
from invariants.walker import Walk
from spec.arithmetic import INT256_MAX, WAD, mul_div_floor
from spec.codec import Json
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    AddStrategiesToDepositWhitelist,
    AddStrategiesToOperatorSet,
    AllocationRequest,
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    Completion,
    CreateOperatorSets,
    CreatePod,
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    FundPod,
    MineBlocks,
    ModifyAllocations,
    OperatorSetRequest,
    PlantPodOwnerDepositShares,
    QueueWithdrawals,
    RecordBeaconChainEthBalanceUpdate,
    Redelegate,
    RegisterAsOperator,
    RegisterForOperatorSets,
    SlashOperator,
    Undelegate,
    UpdateAvsMetadata,
    WithdrawalRequest,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, GWEI_TO_WEI, ZERO_ADDRESS
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.state import (
    CONFIG,
    MAX_MAGNITUDES,
    POD_OWNERS,
    PODS,
    QUEUED_SHARES,
    STAKER_SHARES,
    STAKERS,
    WITHDRAWALS,
    OperatorSet,
)
from spec.machine import SINGLETON, Draft

Option = TypeVar("Option")

STAKERS_: Final = ("staker0", "staker1", "staker2")
OPERATORS: Final = ("operator0", "operator1")
PARTIES: Final = (*STAKERS_, *OPERATORS)
TOKEN_STRATEGY: Final = "strategy0"
TOKEN: Final = "token0"
BOTH: Final = (TOKEN_STRATEGY, BEACON_CHAIN_ETH)
SETS: Final[tuple[OperatorSet, ...]] = (("avs0", 1), ("avs0", 2))
GAINS_GWEI: Final = (1, 2, 3, 7, 1000, 32 * 10**9)
LOSSES: Final = ((1, 2), (1, 3), (1, 32), (1, 10**9), (999_999_999, 10**9), (1, 1))
"""The fractions of a balance that a report may show as lost, as (numerator, denominator)."""

HUGE_WEI: Final = (INT256_MAX - INT256_MAX % GWEI_TO_WEI, 2**192 * GWEI_TO_WEI, 2**224 * GWEI_TO_WEI)
FRACTIONS_WAD: Final = (1, 10**9, WAD // 10, WAD // 3, WAD // 2, WAD - 1, WAD)


def world() -> dict[str, Json]:
    """The world of this walk: that of EigenLayer walks with native ETH, short delays, and without rewards."""
    config, genesis = cast("dict[str, Json]", WORLD["config"]), cast("dict[str, Json]", WORLD["genesis"])
    short = {**config, "MIN_WITHDRAWAL_DELAY_BLOCKS": 3, "DEALLOCATION_DELAY": 2}
    without_rewards = {field: value for field, value in genesis.items() if field != "rewards"}
    return with_native_eth({**WORLD, "name": "native ETH", "config": short, "genesis": without_rewards})


def opening() -> list[Action]:
    """The walk's opening calls: two operators register for two operator sets with both strategies; most accounts get a
    pod with ETH.
    """
    requests = tuple([OperatorSetRequest(number, BOTH, "avs0") for _, number in SETS])
    actions: list[Action] = [UpdateAvsMetadata("avs0", "avs0"), CreateOperatorSets("avs0", "avs0", requests)]
    for operator in OPERATORS:
        actions.append(RegisterAsOperator(operator, ZERO_ADDRESS, 0))
        actions.append(RegisterForOperatorSets(operator, operator, "avs0", (1, 2)))
    for party in PARTIES[:-1]:
        actions.append(CreatePod(party))
        actions.append(FundPod(party, 40 * 10**9 * GWEI_TO_WEI))
    return actions


def next_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action: ETH arrives, is lost by reports or slashes, or leaves.

    Between such calls, blocks pass, and allocations and delegations change. Seldom a call is wrong on purpose.
    """
    kind = choices.below(100)
    if kind < 14:
        return MineBlocks(choices.pick((1, 1, 2, 3, 4)))
    if kind < 38:
        return _report(choices, draft)
    if kind < 52:
        return _queue(choices, draft)
    if kind < 68:
        return _complete(choices, draft)
    if kind < 76:
        return _allocate(choices, draft)
    if kind < 84:
        strategies = choices.pick((BOTH, BOTH[1:], BOTH[1:], BOTH[::-1]))
        fraction_wad = FRACTIONS_WAD[min(choices.below(len(FRACTIONS_WAD)), choices.below(len(FRACTIONS_WAD)))]
        avs, number = choices.pick(SETS)
        return SlashOperator(avs, avs, choices.pick(OPERATORS), number, strategies, (fraction_wad,) * len(strategies))
    if kind < 93:
        return _delegation(choices, draft)
    return _rare(choices, draft)


def seldom_action(choices: Choices, draft: Draft) -> Action:
    """A call about native ETH, for a walk that is mostly about other things."""
    kind = choices.below(8)
    if kind < 3:
        return _report(choices, draft)
    if kind == 3:
        return _queue(choices, draft)
    return CreatePod(choices.pick(PARTIES)) if kind < 6 else _rare(choices, draft)


def _report(choices: Choices, draft: Draft) -> Action:
    """A report of a pod's balance: with a gain, a loss or no change, from a drawn previous balance.

    Seldom it comes from another sender, or contains a fraction of a gwei.
    """
    owner = choices.pick(PARTIES)
    held_wei = max(draft.get(POD_OWNERS, owner).deposit_shares, 0)
    balance_wei = choices.pick((held_wei, 32 * 10**18, 10**9 * GWEI_TO_WEI))
    kind = choices.below(16)
    delta_wei = choices.pick(GAINS_GWEI) * GWEI_TO_WEI
    if kind >= 10:
        part, whole = choices.pick(LOSSES)
        delta_wei = -(mul_div_floor(balance_wei, part, whole * GWEI_TO_WEI)) * GWEI_TO_WEI
    elif kind == 0:
        delta_wei = choices.pick((0, 1, -1, balance_wei + GWEI_TO_WEI, *HUGE_WEI))
    elif kind == 1:
        delta_wei = -balance_wei - GWEI_TO_WEI
    sender, is_from_pod = owner, True
    if choices.one_in(24):
        sender, is_from_pod = choices.pick(PARTIES), choices.one_in(2)
    return RecordBeaconChainEthBalanceUpdate(sender, owner, balance_wei, delta_wei, is_from_pod)


def _turned(choices: Choices, options: tuple[Option, ...]) -> tuple[Option, ...]:
    first = choices.below(len(options))
    return options[first:] + options[:first]


def _queue(choices: Choices, draft: Draft) -> Action:
    """A QueueWithdrawals call for some or all of an account's native shares, with token shares or without.

    Seldom it names no shares, or more than the account has.
    """
    party = choices.pick(PARTIES)
    for holder in _turned(choices, PARTIES):
        if draft.get(POD_OWNERS, holder).deposit_shares > 0:
            party = holder
            break
    held = max(draft.get(POD_OWNERS, party).deposit_shares, 0)
    shares = choices.pick((held, held >> 1, max(held - 1, 0), min(held, 1), held - held % 3))
    if choices.one_in(12):
        shares = choices.pick((0, held + 1, 2**255, 2**256 - 1, 2**255 - 1))
    tokens = draft.get(STAKER_SHARES, (party, TOKEN_STRATEGY)).deposit_shares
    request = WithdrawalRequest((BEACON_CHAIN_ETH,), (shares,))
    if tokens > 0 and choices.one_in(2):
        request = WithdrawalRequest(BOTH, (max(tokens >> 1, 1), shares))
    elif held > shares > 0 and choices.one_in(6):
        request = WithdrawalRequest((BEACON_CHAIN_ETH, BEACON_CHAIN_ETH), (shares, held - shares))
    return QueueWithdrawals(party, (request,))


def _waiting(draft: Draft, party: str) -> int:
    queued = draft.get(STAKERS, party).withdrawals_queued
    for nonce in range(max(queued - 6, 0), queued):
        if draft.get(WITHDRAWALS, (party, nonce)).is_pending:
            return nonce
    return max(queued - 1, 0)


def _is_due(draft: Draft, party: str) -> bool:
    row = draft.get(WITHDRAWALS, (party, _waiting(draft, party)))
    delay_blocks = draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    return row.is_pending and current_block(draft) > row.start_block + delay_blocks


def _completion(choices: Choices, draft: Draft, party: str, nonce: int) -> Completion:
    count = draft.get(WITHDRAWALS, (party, nonce)).strategy_count
    strategies = [draft.get(QUEUED_SHARES, (party, nonce, position)).strategy for position in range(count)]
    tokens = tuple([TOKEN if strategy == TOKEN_STRATEGY else ZERO_ADDRESS for strategy in strategies])
    return Completion(party, nonce, tokens, choices.one_in(2))


def _complete(choices: Choices, draft: Draft) -> Action:
    """A call that completes a due withdrawal of some account, or two in one call; sometimes too early."""
    party = choices.pick(PARTIES)
    for waiting in _turned(choices, PARTIES):
        if _is_due(draft, waiting):
            party = waiting
            break
    nonce = _waiting(draft, party)
    if choices.one_in(8):
        several = tuple([_completion(choices, draft, party, nonce + later) for later in range(2)])
        return CompleteQueuedWithdrawals(party, several)
    return CompleteQueuedWithdrawal(party, _completion(choices, draft, party, nonce))


def _allocate(choices: Choices, draft: Draft) -> Action:
    operator, operator_set = choices.pick(OPERATORS), choices.pick(SETS)
    strategy = BOTH[min(choices.below(3), 1)]
    magnitude = settled_magnitudes(draft, operator, operator_set, strategy)[0]
    most = MAX_MAGNITUDES.latest(draft, (operator, strategy))
    wanted = choices.pick((most >> 1, most >> 2, most - min(most, 1), most, 0))
    wanted = wanted if wanted != magnitude else magnitude + 1
    return ModifyAllocations(operator, operator, (AllocationRequest(operator_set, (strategy,), (wanted,)),))


def _delegation(choices: Choices, draft: Draft) -> Action:
    operator, staker = choices.pick(OPERATORS), choices.pick(STAKERS_)
    if draft.get(STAKERS, staker).delegated_to == ZERO_ADDRESS:
        return DelegateTo(staker, operator, NO_APPROVAL)
    return Redelegate(staker, operator, NO_APPROVAL) if choices.one_in(3) else Undelegate(staker, staker)


def _rare(choices: Choices, draft: Draft) -> Action:
    """A rare call: a planted deficit, a new or funded pod, a plain deposit, or a call that is mostly rejected because
    it names native ETH.
    """
    party, kind = choices.pick(PARTIES), choices.below(8)
    if kind < 2:
        owner = party
        for candidate in _turned(choices, PARTIES):
            if draft.get(POD_OWNERS, candidate).deposit_shares == 0:
                owner = candidate
                break
        if draft.get(POD_OWNERS, owner).deposit_shares <= 0 and choices.one_in(2):
            return PlantPodOwnerDepositShares(owner, -choices.pick((1, GWEI_TO_WEI, 3 * 10**9, 10**18 + 1)))
    if kind < 3:
        return CreatePod(party)
    if kind == 3:
        return FundPod(party, choices.pick(GAINS_GWEI) * GWEI_TO_WEI)
    if kind == 4:
        return DepositIntoStrategy(party, choices.pick(BOTH), TOKEN, choices.pick((3, 10, 10**6)))
    if kind == 5:
        return AddStrategiesToDepositWhitelist("whitelister", BOTH)
    number = choices.below(6) + 3
    if kind == 6 and not draft.get(PODS, "operator1").exists:
        return DepositIntoStrategy(party, TOKEN_STRATEGY, TOKEN, choices.pick((3, 10, 10**6)))
    if choices.one_in(2):
        return AddStrategiesToOperatorSet("avs0", "avs0", number, (BEACON_CHAIN_ETH,))
    request = OperatorSetRequest(number, choices.pick((BOTH, BOTH[:1])), "avs0")
    return CreateRedistributingOperatorSets("avs0", "avs0", (request,), ("recipient",))


NATIVE: Final = Walk(PROTOCOL, CATALOGUE, world(), opening, next_action)
