"""EigenLayer's ordinary random walk, in a world small enough that all rules interact."""

from typing import Any, Final, TypeVar

import attr

from invariants.choices import Choices
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.native_walk import seldom_action
from invariants.eigenlayer.rewards_walk import rewards_action
from invariants.eigenlayer.scenarios import SCENARIOS
from invariants.eigenlayer.state_queries import due_magnitude, settled_magnitudes, slasher_in_force
from invariants.eigenlayer.world import LAST_BLOCK, WORLD, drawn_world, with_native_eth, world_with_a_past
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import (
    Action,
    AddStrategiesToDepositWhitelist,
    AddStrategiesToOperatorSet,
    AllocationRequest,
    Approval,
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    ClearDeallocationQueue,
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    Completion,
    CreateOperatorSets,
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    FundPod,
    MineBlocks,
    ModifyAllocations,
    ModifyOperatorDetails,
    OperatorSetRequest,
    PlantPodOwnerDepositShares,
    QueueWithdrawals,
    Redelegate,
    RegisterAsOperator,
    RegisterForOperatorSets,
    RemoveStrategiesFromDepositWhitelist,
    RemoveStrategiesFromOperatorSet,
    SetAllocationDelay,
    SlashOperator,
    TransferToken,
    Undelegate,
    UpdateAvsMetadata,
    UpdateSlasher,
    WithdrawalRequest,
)
from spec.eigenlayer.allocation import is_operator_slashable
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BURN_ADDRESS, ZERO_ADDRESS
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.rewards_actions import SetRewardsForAllSubmitter
from spec.eigenlayer.state import (
    CONFIG,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    QUEUED_SHARES,
    SLASHES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    WITHDRAWALS,
    OperatorSet,
)
from spec.machine import SINGLETON, Draft

Option = TypeVar("Option")

STAKERS_: Final = ("staker0", "staker1", "staker2")
OPERATORS: Final = ("operator0", "operator1")
PARTIES: Final = (*STAKERS_, *OPERATORS)
POOLS: Final = ("strategy0", "strategy1")
TOKENS: Final = {"strategy0": "token0", "strategy1": "token1"}
SETS: Final[tuple[OperatorSet, ...]] = (("avs0", 1), ("avs0", 2), ("avs1", 1))
APPROVER: Final = "approver0"
UNANSWERING: Final = "avs2"
ACCOUNTS: Final = (*PARTIES, "avs0", "avs1", UNANSWERING, "recipient", APPROVER, "anybody", ZERO_ADDRESS)
OTHER_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "strategy": POOLS,
    "token": tuple(TOKENS.values()),
    "signer": (ZERO_ADDRESS,),
}
AMOUNTS: Final = (1, 2, 3, 7, 10, 999, 10**6, 10**18, 123456789012345678901)
SMALL_AMOUNTS: Final = (1, 2, 3, 7, 10, 999)
"""The amounts of deposits in the second strategy. Its shares are few, so that rounding is a visible part of them."""

FRACTIONS_WAD: Final = (1, 10**9, WAD // 10, WAD // 3, WAD // 2, WAD - 1, WAD)
HUGE_AMOUNTS: Final = (2**64, 10**38, 2**256 - 1)
BITS: Final = {
    "operator_set_id": 32,
    "operator_set_ids": 32,
    "allocation_delay_blocks": 32,
    "delay_blocks": 32,
    "numbers_to_clear": 16,
    "new_magnitudes": 64,
    "balance_delta_wei": 255,
}
"""The width in bits of each field of a call that holds a number; fields not listed have 256 bits."""

FACTS: Final = (MineBlocks, FundPod, PlantPodOwnerDepositShares)

HUGE_BLOCKS: Final = (2**32 - 1,)
MOST_MAGNITUDE: Final = 2**64 - 1
SECONDS_PER_BLOCK: Final = 12
WAITS: Final = (1, 1, 1, 2, 5, 9, 10, 11)


def opening() -> list[Action]:
    """The walk's opening calls: two operators register for three operator sets with both strategies, and a submitter of
    rewards is permitted.
    """
    plain = tuple(OperatorSetRequest(number, POOLS, "avs0") for number in (1, 2))
    actions: list[Action] = [
        UpdateAvsMetadata("avs0", "avs0"),
        UpdateAvsMetadata("avs1", "avs1"),
        CreateOperatorSets("avs0", "avs0", plain),
        CreateRedistributingOperatorSets("avs1", "avs1", (OperatorSetRequest(1, POOLS, "avs1"),), ("recipient",)),
    ]
    for delay_blocks, operator in enumerate(OPERATORS):
        actions.append(RegisterAsOperator(operator, ZERO_ADDRESS, delay_blocks))
        actions += [RegisterForOperatorSets(operator, operator, avs, (number,)) for avs, number in SETS]
    actions.append(SetRewardsForAllSubmitter("owner", "submitter", is_submitter=True))
    return actions


def next_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action: a call about token strategies or rewards, or seldom one about native ETH."""
    if not choices.one_in(32):
        return token_action(choices, draft)
    return _perhaps_spoilt(choices, seldom_action(choices, draft))


def token_action(choices: Choices, draft: Draft) -> Action:
    """A call about token strategies or rewards. Seldom it has a wrong argument, so that every check is tested.

    Calls about rewards get wrong arguments where they are drawn, because their numbers have other widths.
    """
    return rewards_action(choices, draft) if choices.below(25) < 3 else stake_action(choices, draft)


def stake_action(choices: Choices, draft: Draft) -> Action:
    """A call about token strategies only; one in twelve has a wrong argument."""
    return _perhaps_spoilt(choices, _drawn(choices, draft))


def _perhaps_spoilt(choices: Choices, action: Action) -> Action:
    """The action, or in one of twelve cases a copy with a wrong argument. Actions that no account sends, such as new
    blocks, stay unchanged.
    """
    is_fact = isinstance(action, FACTS)
    return _spoilt(choices, action) if choices.one_in(12) and not is_fact else action


def _spoilt(choices: Choices, action: Any) -> Any:
    """A copy of the call with one argument changed to a wrong value.

    The value is another name, a small or huge number, the opposite boolean, or a list too long or short. If the
    argument is an operator set or a list of recipients, the call stays as it is. The evidence of a claim is left alone:
    it has a format of its own, and no rule reads it.
    """
    name = choices.pick([field.name for field in attr.fields(type(action)) if field.name != "evidence"])
    value = getattr(action, name)
    if isinstance(value, str):
        return attr.evolve(action, **{name: choices.pick(OTHER_NAMES.get(name, ACCOUNTS))})
    if isinstance(value, bool):
        return attr.evolve(action, **{name: not value})
    if isinstance(value, int):
        return attr.evolve(action, **{name: choices.pick((0, 1, 2, *_huge(name)))})
    if isinstance(value, tuple) and name not in ("operator_set", "recipients"):
        others = OTHER_NAMES["token"] if name == "tokens" else POOLS
        return attr.evolve(action, **{name: _spoilt_list(choices, value, others, _huge(name))})
    if attr.has(type(value)):
        return attr.evolve(action, **{name: _spoilt(choices, value)})
    return action


def _huge(name: str) -> tuple[int, ...]:
    """The largest number that a field can hold; for 256-bit fields, several that are too large for later arithmetic."""
    bits = BITS.get(name, 256)
    return (2**bits - 1,) if bits < 256 else HUGE_AMOUNTS


def _spoilt_list(
    choices: Choices, items: tuple[Any, ...], others: tuple[str, ...], huge: tuple[int, ...]
) -> tuple[Any, ...]:
    """A copy of the list `items`: without its last item, reversed, with a repeated item, or with another first item.

    An empty list stays empty. `others` are the names, and `huge` the numbers, from which another item is drawn.
    """
    if not items or choices.one_in(4):
        return items[:-1]
    if choices.one_in(3):
        return items[::-1]
    first = items[0]
    if isinstance(first, int):
        return (choices.pick((0, 2, *huge)), *items[1:])
    if isinstance(first, str):
        return (*items[1:], first, first) if choices.one_in(3) else (choices.pick(others), *items[1:])
    return (_spoilt(choices, first), *items[1:])


def _drawn(choices: Choices, draft: Draft) -> Action:
    """A call about token strategies, without arguments that are wrong on purpose: stake arrives, is allocated, is
    slashed, or is withdrawn.
    """
    kind = choices.below(88)
    if kind < 20:
        blocks = choices.pick(WAITS)
        return MineBlocks(blocks, blocks * SECONDS_PER_BLOCK)
    if kind < 33:
        strategy = choices.pick(POOLS)
        amount = choices.pick(AMOUNTS if strategy == POOLS[0] else SMALL_AMOUNTS)
        return DepositIntoStrategy(choices.pick(PARTIES), strategy, TOKENS[strategy], amount)
    if kind < 42:
        return _queue(choices, draft)
    if kind < 52:
        return _complete(choices, draft)
    if kind < 63:
        return _allocate(choices, draft)
    if kind < 72:
        return _slash(choices, draft)
    return _rare(choices, draft)


def _turned(choices: Choices, options: tuple[Option, ...]) -> tuple[Option, ...]:
    """The options in the same cyclic order, beginning with a random one."""
    first = choices.below(len(options))
    return options[first:] + options[:first]


def _queue(choices: Choices, draft: Draft) -> Action:
    """A QueueWithdrawals call for all, half, all but one, or one of an account's shares in a strategy.

    Now and then it lists the strategy twice, or queues two withdrawals, seldom an empty one.
    """
    party, strategy = choices.pick(PARTIES), choices.pick(POOLS)
    for holder in _turned(choices, PARTIES):
        listed = draft.get(STAKERS, holder).strategy_list
        if listed:
            party, strategy = holder, choices.pick(listed)
            break
    held = draft.get(STAKER_SHARES, (party, strategy)).deposit_shares
    half = held >> 1
    if held > 1 and choices.one_in(4):
        return QueueWithdrawals(party, (WithdrawalRequest((strategy, strategy), (half, held - half)),))
    shares = choices.pick((held, held, max(half, 1), max(held - 1, 1), 1))
    requests = [WithdrawalRequest((strategy,), (shares,))]
    if held > shares and choices.one_in(8):
        requests.append(WithdrawalRequest((strategy,), (held - shares,)))
    if choices.one_in(100):
        requests.append(WithdrawalRequest((), ()))
    return QueueWithdrawals(party, tuple(requests))


def _complete(choices: Choices, draft: Draft) -> Action:
    """A call that completes an account's withdrawal: mostly a due one, sometimes too early, or one that does
    not exist.
    """
    party = choices.pick(PARTIES)
    for waiting in _turned(choices, PARTIES):
        if _is_due(draft, waiting, _oldest(draft, waiting)):
            party = waiting
            break
    return CompleteQueuedWithdrawal(party, _completion(choices, draft, party, _oldest(draft, party)))


def _oldest(draft: Draft, party: str) -> int:
    """The nonce of an account's oldest pending withdrawal among its last eight. If none is pending, the nonce of its
    last one.
    """
    queued = draft.get(STAKERS, party).withdrawals_queued
    for nonce in range(max(queued - 8, 0), queued):
        if draft.get(WITHDRAWALS, (party, nonce)).is_pending:
            return nonce
    return max(queued - 1, 0)


def _is_due(draft: Draft, party: str, nonce: int) -> bool:
    row = draft.get(WITHDRAWALS, (party, nonce))
    delay_blocks = draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    return row.is_pending and current_block(draft) > row.start_block + delay_blocks


def _completion(choices: Choices, draft: Draft, party: str, nonce: int) -> Completion:
    """The data that complete a withdrawal with its own tokens, paid in tokens or in shares."""
    count = draft.get(WITHDRAWALS, (party, nonce)).strategy_count
    strategies = [draft.get(QUEUED_SHARES, (party, nonce, position)).strategy for position in range(count)]
    tokens = tuple([TOKENS.get(strategy, "token0") for strategy in strategies])
    return Completion(party, nonce, tokens, choices.one_in(2))


def _allocate(choices: Choices, draft: Draft) -> Action:
    """A ModifyAllocations call that raises or lowers one allocation, mostly one without a pending change.

    It may ask for all of the free magnitude, for one unit too much, or for zero.
    """
    operator, operator_set, strategy = choices.pick(OPERATORS), choices.pick(SETS), choices.pick(POOLS)
    is_pending = choices.one_in(6)
    for chosen in _turned(choices, SETS):
        if settled_magnitudes(draft, operator, chosen, strategy)[2] == is_pending:
            operator_set = chosen
            break
    current_magnitude = settled_magnitudes(draft, operator, operator_set, strategy)[0]
    max_magnitude = MAX_MAGNITUDES.latest(draft, (operator, strategy))
    encumbered_magnitude = draft.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude
    free_magnitude = max_magnitude - encumbered_magnitude + due_magnitude(draft, operator, strategy)
    magnitudes = [
        magnitude
        for magnitude in (
            current_magnitude + free_magnitude,
            current_magnitude + (free_magnitude >> 1),
            current_magnitude + min(free_magnitude, 1),
            current_magnitude >> 1,
            current_magnitude - min(current_magnitude, 1),
            0,
        )
        if magnitude != current_magnitude
    ]
    magnitudes.append(MOST_MAGNITUDE if choices.one_in(16) else current_magnitude + free_magnitude + 1)
    magnitude = magnitudes[min(choices.below(len(magnitudes)), choices.below(len(magnitudes)))]
    return ModifyAllocations(operator, operator, (AllocationRequest(operator_set, (strategy,), (magnitude,)),))


def _slash(choices: Choices, draft: Draft) -> Action:
    """A slash by the slasher in force, of one strategy or both, mostly by small fractions so that stake remains."""
    (avs, number), operator = choices.pick(SETS), choices.pick(OPERATORS)
    is_reversed = draft.get(STRATEGIES, POOLS[0]).address_rank > draft.get(STRATEGIES, POOLS[1]).address_rank
    ascending = POOLS[::-1] if is_reversed else POOLS
    strategies = ascending if choices.one_in(3) else (choices.pick(POOLS),)
    for slashing in _turned(choices, SETS):
        can_slash = is_operator_slashable(draft, operator, slashing)
        if can_slash and all(draft.get(OPERATOR_SET_STRATEGIES, (slashing, name)).is_member for name in strategies):
            avs, number = slashing
            break
    fraction_wad = FRACTIONS_WAD[min(choices.below(len(FRACTIONS_WAD)), choices.below(len(FRACTIONS_WAD)))]
    slasher = slasher_in_force(draft, (avs, number))
    return SlashOperator(slasher, avs, operator, number, strategies, (fraction_wad,) * len(strategies))


def _of_stakers(choices: Choices, draft: Draft, is_delegated: bool) -> str:
    """A staker with an operator if `is_delegated`, otherwise one without; any staker if there is no such staker."""
    stakers = _turned(choices, STAKERS_)
    for staker in stakers:
        if (draft.get(STAKERS, staker).delegated_to != ZERO_ADDRESS) == is_delegated:
            return staker
    return stakers[0]


def _approval(choices: Choices, draft: Draft, operator: str) -> Approval:
    """An approval signed by the operator's approver, if it has one; now and then reused, expired, or signed by another
    account.
    """
    if draft.get(OPERATOR_DETAILS, operator).delegation_approver == ZERO_ADDRESS:
        return NO_APPROVAL
    signer = operator if choices.one_in(8) else APPROVER
    return Approval(signer, choices.below(30), choices.one_in(6))


def _rare(choices: Choices, draft: Draft) -> Action:
    """A rare call: half of the time about delegations, payouts of slashes, or operator sets.

    Otherwise it is about a registration, a deallocation queue, a delay, a transfer, the whitelist, a burn, or several
    completions.
    """
    kind = choices.below(6)
    if kind == 0:
        return _of_delegations(choices, draft)
    if kind == 1:
        return _of_slashes(choices, draft)
    if kind == 2:
        return _of_sets(choices, draft)
    party, operator, (avs, number) = choices.pick(PARTIES), choices.pick(OPERATORS), choices.pick(SETS)
    strategy = choices.pick(POOLS)
    completions = [_completion(choices, draft, party, _oldest(draft, party) + i) for i in range(choices.below(3))]
    others: tuple[Action, ...] = (
        RegisterForOperatorSets(operator, operator, avs, (number,)),
        RegisterForOperatorSets(operator, operator, avs, (number,)),
        DeregisterFromOperatorSets(choices.pick((operator, avs)), operator, avs, (number,)),
        ClearDeallocationQueue(party, operator, (strategy,), (choices.below(3),)),
        ClearDeallocationQueue(party, operator, POOLS, (1, 1)),
        SetAllocationDelay(operator, operator, choices.pick((*range(12), *HUGE_BLOCKS))),
        TransferToken(party, TOKENS[strategy], choices.pick((strategy, strategy, party)), choices.pick(AMOUNTS)),
        AddStrategiesToDepositWhitelist("whitelister", POOLS),
        AddStrategiesToDepositWhitelist("whitelister", POOLS),
        RemoveStrategiesFromDepositWhitelist("whitelister", (strategy,)),
        CompleteQueuedWithdrawals(party, tuple(completions)),
        BurnShares(party, strategy),
    )
    return choices.pick(others)


def _of_delegations(choices: Choices, draft: Draft) -> Action:
    """A call by which a staker delegates, redelegates or is undelegated, mostly from an account that may make it.

    Now and then it changes an operator's delegation approver instead.
    """
    operator = choices.pick(OPERATORS)
    kind = choices.below(6)
    if kind < 3:
        staker = _of_stakers(choices, draft, is_delegated=False)
        return DelegateTo(staker, operator, _approval(choices, draft, operator))
    if kind == 3:
        staker = _of_stakers(choices, draft, is_delegated=True)
        return Redelegate(staker, operator, _approval(choices, draft, operator))
    if kind == 4:
        staker = _of_stakers(choices, draft, is_delegated=True)
        return Undelegate(choices.pick((staker, draft.get(STAKERS, staker).delegated_to, APPROVER)), staker)
    return ModifyOperatorDetails(operator, operator, choices.pick((ZERO_ADDRESS, ZERO_ADDRESS, APPROVER)))


def _of_slashes(choices: Choices, draft: Draft) -> Action:
    """A call that pays out one of an operator set's last slashes, in all strategies or in one."""
    party, operator_set = choices.pick(PARTIES), choices.pick(SETS)
    slash_count = draft.get(OPERATOR_SETS, operator_set).slash_count
    slash_id = slash_count
    for earlier in range(max(slash_count - 3, 1), slash_count + 1):
        if draft.get(SLASHES, (operator_set, earlier)).strategies:
            slash_id = earlier
            break
    if choices.one_in(3):
        return ClearBurnOrRedistributableSharesByStrategy(party, operator_set, slash_id, choices.pick(POOLS))
    return ClearBurnOrRedistributableShares(party, operator_set, slash_id)


def _of_sets(choices: Choices, draft: Draft) -> Action:
    """A call of an AVS that changes or creates an operator set, or sets the AVS's metadata; or a registration of an
    operator.

    The registration is with UNANSWERING, an AVS without a registrar, so it is rejected.
    """
    (avs, number), strategy = choices.pick(SETS), choices.pick(POOLS)
    kind = choices.below(6)
    if kind < 2:
        if draft.get(OPERATOR_SET_STRATEGIES, ((avs, number), strategy)).is_member:
            return RemoveStrategiesFromOperatorSet(avs, avs, number, (strategy,))
        return AddStrategiesToOperatorSet(avs, avs, number, (strategy,))
    if kind == 2:
        return UpdateSlasher(avs, (avs, number), choices.pick(("avs0", "avs1")))
    avs = choices.pick((avs, UNANSWERING))
    if kind == 3:
        request = OperatorSetRequest(choices.below(100), (strategy,), avs)
        if choices.one_in(2):
            return CreateOperatorSets(avs, avs, (request,))
        recipient = choices.pick(("recipient", "recipient", BURN_ADDRESS, ZERO_ADDRESS))
        return CreateRedistributingOperatorSets(avs, avs, (request,), (recipient,))
    if kind == 4:
        return UpdateAvsMetadata(avs, avs)
    operator, number = choices.pick(OPERATORS), choices.below(100)
    for made in range(100):
        if draft.get(OPERATOR_SETS, (UNANSWERING, made)).exists:
            number = made
    return RegisterForOperatorSets(operator, operator, UNANSWERING, (number,))


def _past_action(choices: Choices, draft: Draft) -> Action:
    """The walk's next action in a world with a past: an ordinary action, a burn of legacy shares, or a whitelist
    change.

    Slashes are tried before and in the first block that allows them. No block after the last one that fits 32 bits is
    mined.
    """
    kind = choices.below(80)
    if kind == 0:
        return BurnShares(choices.pick(PARTIES), choices.pick(POOLS))
    if kind < 3:
        return _opened_or_closed(choices)
    action, block = token_action(choices, draft), current_block(draft)
    first_block = draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks + 1
    if block < first_block and kind < 12:
        return _slash(choices, draft)
    if block == first_block and (isinstance(action, MineBlocks) or choices.one_in(2)) and not choices.one_in(8):
        return _slash(choices, draft)
    if isinstance(action, MineBlocks) and block < first_block < block + action.blocks:
        return MineBlocks(first_block - block, (first_block - block) * SECONDS_PER_BLOCK)
    if isinstance(action, MineBlocks) and block + action.blocks > LAST_BLOCK:
        return BurnShares(PARTIES[0], POOLS[0])
    return action


def _opened_or_closed(choices: Choices) -> Action:
    """A call that whitelists a strategy for deposits, or removes it from the whitelist."""
    listed = (choices.pick(POOLS),)
    if choices.one_in(3):
        return RemoveStrategiesFromDepositWhitelist("whitelister", listed)
    return AddStrategiesToDepositWhitelist("whitelister", listed)


YOUNG: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    world_with_a_past("the first blocks of a chain", 3, 60, 0),
    opening,
    _past_action,
)
OLD: Final = Walk(
    PROTOCOL,
    CATALOGUE,
    world_with_a_past("the last blocks, and sums at their width", LAST_BLOCK - 90, 10, 2**224 - 10**18),
    opening,
    _past_action,
)


def _drawn_walk(number: int) -> Walk:
    """The walk through the variant of the world with this number."""
    return Walk(PROTOCOL, CATALOGUE, with_native_eth(drawn_world(number)), opening, next_action)


WALK: Final = Walk(
    PROTOCOL, CATALOGUE, with_native_eth(WORLD), opening, next_action, (*SCENARIOS, YOUNG, OLD, OLD), _drawn_walk
)

TOKEN_WALK: Final = Walk(PROTOCOL, CATALOGUE, WORLD, opening, stake_action)
"""The walk without native ETH and rewards, for games: every token that an account gains comes out of a strategy."""
