"""What each accepted call does: the amounts that move, the rows that follow, and from when a change holds."""

from typing import Final, cast

from invariants.eigenlayer.reading import delay_in_force, due_magnitude, settled_magnitudes, slasher_in_force
from invariants.law import Scope, StateLaw, StepLaw, Transition, View, written
from spec.arithmetic import WAD, mul_div_ceil, mul_div_floor
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    AddStrategiesToOperatorSet,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    ClearDeallocationQueue,
    CompleteQueuedWithdrawal,
    CreateOperatorSets,
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    MineBlocks,
    ModifyAllocations,
    ModifyOperatorDetails,
    QueueWithdrawals,
    Redelegate,
    RegisterAsOperator,
    RegisterForOperatorSets,
    RemoveStrategiesFromDepositWhitelist,
    RemoveStrategiesFromOperatorSet,
    SetAllocationDelay,
    TransferToken,
    Undelegate,
    UpdateAvsMetadata,
    UpdateSlasher,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BALANCE_OFFSET, BURN_ADDRESS, SHARES_OFFSET, ZERO_ADDRESS
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    AVSS,
    CONFIG,
    DEALLOCATION_QUEUES,
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    QUEUED_DEALLOCATIONS,
    REGISTRATIONS,
    SLASHERS,
    SPENT_SALTS,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    OperatorSet,
    Pair,
)
from spec.machine import ONLY, Draft


def gained(step: Transition, token: str, account: str) -> int:
    """By how much an account's balance of a token grew."""
    key: Pair = (token, account)
    return step.after.rows.get(TOKEN_BALANCES, key).amount - step.before.rows.get(TOKEN_BALANCES, key).amount


def issued(step: Transition, strategy: str) -> int:
    """By how much a strategy's issued shares grew."""
    return (
        step.after.rows.get(STRATEGIES, strategy).total_shares - step.before.rows.get(STRATEGIES, strategy).total_shares
    )


def held_shares(rows: Draft, staker: str, strategy: str) -> int:
    """A staker's deposit shares."""
    return rows.get(STAKER_SHARES, (staker, strategy)).deposit_shares


def operator_gained(step: Transition, operator: str, strategy: str) -> int:
    """By how much an operator's shares grew."""
    key: Pair = (operator, strategy)
    return step.after.rows.get(OPERATOR_SHARES, key).shares - step.before.rows.get(OPERATOR_SHARES, key).shares


def _worth(shares: int, factor_wad: int, magnitude: int) -> int:
    """What deposit shares can be withdrawn for: scaled, then slashed, each rounded down."""
    return mul_div_floor(mul_div_floor(shares, factor_wad, WAD), magnitude, WAD)


def withdrawable(rows: Draft, staker: str, strategy: str) -> int:
    """What a staker could queue now to withdraw, in shares. Rounds down, twice."""
    row = rows.get(STAKER_SHARES, (staker, strategy))
    magnitude = MAX_MAGNITUDES.latest(rows, (rows.get(STAKERS, staker).delegated_to, strategy))
    return _worth(row.deposit_shares, row.deposit_scaling_factor_wad, magnitude)


def joins_unslashed(step: Transition, staker: str, strategy: str, joined_shares: int, worth_before: int) -> bool:
    """Whether shares join a staker as they are: withdrawable shares grow by no more, and by less only through the two
    roundings of the scaling factor, each below one part in WAD of the deposit shares.
    """
    worth = withdrawable(step.after.rows, staker, strategy)
    lost = worth_before + joined_shares - worth
    return 0 <= lost <= 2 + 2 * mul_div_ceil(held_shares(step.after.rows, staker, strategy), 1, WAD)


def _deposit_moves_its_amount(step: Transition) -> bool:
    """Exactly the shares that the rate before gives, rounded down, to the sender and to its operator."""
    call = cast(DepositIntoStrategy, step.action)
    pool = step.before.rows.get(STRATEGIES, call.strategy)
    held = step.before.rows.get(TOKEN_BALANCES, (call.token, call.strategy)).amount
    shares = mul_div_floor(call.amount, pool.total_shares + SHARES_OFFSET, held + BALANCE_OFFSET)
    operator = step.before.rows.get(STAKERS, call.sender).delegated_to
    return (
        step.delta.returns == shares
        and gained(step, call.token, call.sender) == -call.amount
        and gained(step, call.token, call.strategy) == call.amount
        and issued(step, call.strategy) == shares
        and held_shares(step.after.rows, call.sender, call.strategy)
        == held_shares(step.before.rows, call.sender, call.strategy) + shares
        and operator_gained(step, operator, call.strategy) == (0 if operator == ZERO_ADDRESS else shares)
        and joins_unslashed(
            step,
            call.sender,
            call.strategy,
            shares,
            withdrawable(step.before.rows, call.sender, call.strategy),
        )
    )


def _transfer_moves_its_amount(step: Transition) -> bool:
    call = cast(TransferToken, step.action)
    if call.sender == call.to:
        return gained(step, call.token, call.sender) == 0
    return gained(step, call.token, call.sender) == -call.amount and gained(step, call.token, call.to) == call.amount


def _delegation_brings_everything(step: Transition) -> bool:
    """All deposit shares count for the operator, none of them hit by what it was slashed before."""
    call = cast("DelegateTo | RegisterAsOperator", step.action)
    operator = call.operator if isinstance(call, DelegateTo) else call.sender
    rows = step.after.rows
    if rows.get(STAKERS, call.sender).delegated_to != operator:
        return False
    for strategy in step.before.rows.get(STAKERS, call.sender).strategy_list:
        shares = held_shares(step.before.rows, call.sender, strategy)
        if held_shares(rows, call.sender, strategy) != shares or operator_gained(step, operator, strategy) != shares:
            return False
        # A staker without an operator can withdraw all it has deposited, so that nothing is lost before joining.
        if not joins_unslashed(step, call.sender, strategy, shares, 0):
            return False
    return True


def _consent_is_spent(step: Transition) -> bool:
    """An approver's signature is used once."""
    call = cast("DelegateTo | Redelegate", step.action)
    approver = step.before.rows.get(OPERATOR_DETAILS, call.operator).delegation_approver
    if approver == ZERO_ADDRESS:
        return not written(step.delta, SPENT_SALTS)
    return step.after.rows.get(SPENT_SALTS, (approver, call.approval.salt)).is_spent


def _approver_is_as_named(step: Transition) -> bool:
    call = cast("RegisterAsOperator | ModifyOperatorDetails", step.action)
    operator = call.operator if isinstance(call, ModifyOperatorDetails) else call.sender
    return step.after.rows.get(OPERATOR_DETAILS, operator).delegation_approver == call.delegation_approver


def _scaling_factor_is_exact(step: Transition) -> bool:
    """Of shares that join shares: their worth together for each of them; of the first, and of all that a staker brings
    to an operator: the factor as it was. Each over the operator's magnitude, rounded down.
    """
    before, after, call = step.before.rows, step.after.rows, step.action
    is_delegation = isinstance(call, DelegateTo | RegisterAsOperator)
    for staker, strategy in written(step.delta, STAKER_SHARES):
        old, new = before.get(STAKER_SHARES, (staker, strategy)), after.get(STAKER_SHARES, (staker, strategy))
        magnitude = MAX_MAGNITUDES.latest(before, (after.get(STAKERS, staker).delegated_to, strategy))
        factor_wad = old.deposit_scaling_factor_wad
        joined_shares = new.deposit_shares - old.deposit_shares
        if not is_delegation and joined_shares == 0:
            if new.deposit_scaling_factor_wad != factor_wad:
                return False
            continue
        if not is_delegation and old.deposit_shares > 0:
            worth_shares = _worth(old.deposit_shares, factor_wad, magnitude) + joined_shares
            factor_wad = mul_div_floor(worth_shares, WAD, new.deposit_shares)
        if new.deposit_scaling_factor_wad != mul_div_floor(factor_wad, WAD, magnitude):
            return False
    return True


def _joins_once(step: Transition) -> bool:
    """Whether shares join a strategy once: a withdrawal of several positions may bring more of one."""
    call = step.action
    if not isinstance(call, CompleteQueuedWithdrawal):
        return True
    completion = call.completion
    count = step.before.rows.get(WITHDRAWALS, (completion.staker, completion.nonce)).strategy_count
    return not completion.receive_as_tokens and count == 1


def _leaving_queues_everything(step: Transition) -> bool:
    """One withdrawal for each strategy held, and no deposit share left."""
    call = cast("Undelegate | Redelegate", step.action)
    staker = call.staker if isinstance(call, Undelegate) else call.sender
    before, after = step.before.rows.get(STAKERS, staker), step.after.rows.get(STAKERS, staker)
    return (
        after.delegated_to == (call.operator if isinstance(call, Redelegate) else ZERO_ADDRESS)
        and after.strategy_list == ()
        and after.withdrawals_queued == before.withdrawals_queued + len(before.strategy_list)
        and step.delta.returns == len(before.strategy_list)
        and all(held_shares(step.after.rows, staker, strategy) == 0 for strategy in before.strategy_list)
    )


def _change_of_each_allocation(step: Transition) -> bool:
    """More is encumbered now and slashable after the delay in force; less is slashable until the deallocation delay is
    over, if it was slashable at all, and free at once if not.
    """
    call = cast(ModifyAllocations, step.action)
    for request in call.requests:
        for position, strategy in enumerate(request.strategies):
            new_magnitude = request.new_magnitudes[position]
            if not _allocation_changes(step, call.operator, request.operator_set, strategy, new_magnitude):
                return False
    return True


def _allocation_changes(
    step: Transition, operator: str, operator_set: OperatorSet, strategy: str, new_magnitude: int
) -> bool:
    before, block = step.before.rows, current_block(step.before.rows)
    magnitude, _, _ = settled_magnitudes(before, operator, operator_set, strategy)
    row = step.after.rows.get(ALLOCATIONS, (operator, operator_set, strategy))
    registration = before.get(REGISTRATIONS, (operator, operator_set))
    is_slashable = (
        magnitude > 0
        and before.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member
        and (registration.is_registered or block <= registration.slashable_until_block)
    )
    queue = before.get(DEALLOCATION_QUEUES, (operator, strategy))
    queue_after = step.after.rows.get(DEALLOCATION_QUEUES, (operator, strategy))
    if new_magnitude > magnitude:
        delay_blocks = delay_in_force(before, operator) or 0
        expected = (magnitude, new_magnitude - magnitude, block + delay_blocks)
    elif is_slashable:
        delay_blocks = before.get(CONFIG, ONLY).deallocation_delay_blocks
        expected = (magnitude, new_magnitude - magnitude, block + delay_blocks + 1)
        last = step.after.rows.get(QUEUED_DEALLOCATIONS, (operator, strategy, queue.end))
        if last.operator_set != operator_set or queue_after.end != queue.end + 1:
            return False
    else:
        settled = settled_magnitudes(step.after.rows, operator, operator_set, strategy)
        return settled == (new_magnitude, 0, False) and queue_after.end == queue.end
    if expected[1] > 0 and queue_after.end != queue.end:
        return False
    return (row.current_magnitude, row.pending_diff_magnitude, row.effect_block) == expected


def _are_changes_apart(step: Transition) -> bool:
    """Whether anything changes, and of each strategy one allocation, so that each change meets the state before."""
    call = cast(ModifyAllocations, step.action)
    strategies = [strategy for request in call.requests for strategy in request.strategies]
    return len(strategies) > 0 and (len(strategies) == 1 or len(set(strategies)) == len(strategies))


def _clearing_settles_what_is_due(step: Transition) -> bool:
    """As many as were asked for, oldest first, up to the first that is not due; what is due is then part of the
    allocation and free of the encumbered magnitude.
    """
    call = cast(ClearDeallocationQueue, step.action)
    before, block = step.before.rows, current_block(step.before.rows)
    if len(set(call.strategies)) != len(call.strategies):
        return True
    for strategy, number in zip(call.strategies, call.numbers_to_clear, strict=True):
        queue = before.get(DEALLOCATION_QUEUES, (call.operator, strategy))
        due = 0
        for position in range(queue.first, queue.end):
            operator_set = before.get(QUEUED_DEALLOCATIONS, (call.operator, strategy, position)).operator_set
            if before.get(ALLOCATIONS, (call.operator, operator_set, strategy)).effect_block > block:
                break
            due += 1
        after = step.after.rows.get(DEALLOCATION_QUEUES, (call.operator, strategy))
        if (after.first, after.end) != (queue.first + min(due, number), queue.end):
            return False
        if number >= due and due_magnitude(step.after.rows, call.operator, strategy) != 0:
            return False
    return True


def _settling_changes_nothing_in_force(step: Transition) -> bool:
    """Whatever is stored anew, what can be slashed now is what could be slashed before."""
    return all(
        settled_magnitudes(step.before.rows, key[0], key[1], key[2])
        == settled_magnitudes(step.after.rows, key[0], key[1], key[2])
        for key in written(step.delta, ALLOCATIONS)
    )


def _queue_is_in_order(view: View, subject: Pair) -> bool:
    """Effect blocks of an operator's queued deallocations never fall from one to the next."""
    queue = view.rows.get(DEALLOCATION_QUEUES, subject)
    last_block = 0
    for position in range(queue.first, queue.end):
        operator_set = view.rows.get(QUEUED_DEALLOCATIONS, (subject[0], subject[1], position)).operator_set
        row = view.rows.get(ALLOCATIONS, (subject[0], operator_set, subject[1]))
        if row.pending_diff_magnitude >= 0:
            continue
        if row.effect_block < last_block:
            return False
        last_block = row.effect_block
    return queue.first <= queue.end


def _delay_changes_later(step: Transition) -> bool:
    """A new operator's delay holds at once; a change holds after the configuration delay, the old one until then."""
    call = cast("RegisterAsOperator | SetAllocationDelay", step.action)
    block = current_block(step.before.rows)
    if isinstance(call, RegisterAsOperator):
        return delay_in_force(step.after.rows, call.sender) == call.allocation_delay_blocks
    row = step.after.rows.get(ALLOCATION_DELAYS, call.operator)
    delay_blocks = step.before.rows.get(CONFIG, ONLY).allocation_configuration_delay_blocks
    return (
        delay_in_force(step.after.rows, call.operator) == delay_in_force(step.before.rows, call.operator)
        and row.pending_delay_blocks == call.delay_blocks
        and row.effect_block == block + delay_blocks + 1
    )


def _slasher_changes_later(step: Transition) -> bool:
    """A proposed slasher may slash after the configuration delay, the old one until then; to propose it again changes
    nothing.
    """
    call = cast(UpdateSlasher, step.action)
    block = current_block(step.before.rows)
    before, after = step.before.rows.get(SLASHERS, call.operator_set), step.after.rows.get(SLASHERS, call.operator_set)
    if before.pending_slasher == call.slasher and block < before.effect_block:
        return not step.delta.writes
    delay_blocks = step.before.rows.get(CONFIG, ONLY).slasher_configuration_delay_blocks
    return (
        slasher_in_force(step.after.rows, call.operator_set) == slasher_in_force(step.before.rows, call.operator_set)
        and after.pending_slasher == call.slasher
        and after.effect_block == block + delay_blocks + 1
    )


def _membership_changes_now(step: Transition) -> bool:
    """Who registers is a member at once; who leaves stays slashable for the deallocation delay, that block included."""
    call = cast("RegisterForOperatorSets | DeregisterFromOperatorSets", step.action)
    joins = isinstance(call, RegisterForOperatorSets)
    until_block = current_block(step.before.rows) + step.before.rows.get(CONFIG, ONLY).deallocation_delay_blocks
    for number in call.operator_set_ids:
        row = step.after.rows.get(REGISTRATIONS, (call.operator, (call.avs, number)))
        if row.is_registered != joins or (not joins and row.slashable_until_block != until_block):
            return False
    return True


def _set_is_as_asked(step: Transition) -> bool:
    """A new set has its strategies, a slasher who may slash at once, a recipient for ever, and no slash yet."""
    call = cast("CreateOperatorSets | CreateRedistributingOperatorSets", step.action)
    rows = step.after.rows
    for position, request in enumerate(call.requests):
        created = (call.avs, request.operator_set_id)
        recipient = call.recipients[position] if isinstance(call, CreateRedistributingOperatorSets) else BURN_ADDRESS
        details = rows.get(OPERATOR_SETS, created)
        if (details.exists, details.redistribution_recipient, details.slash_count) != (True, recipient, 0):
            return False
        if slasher_in_force(rows, created) != request.slasher:
            return False
        if not all(rows.get(OPERATOR_SET_STRATEGIES, (created, strategy)).is_member for strategy in request.strategies):
            return False
    return True


def _switch_is_thrown(step: Transition) -> bool:
    """What a call switches on is on, and what it switches off is off."""
    call, rows = step.action, step.after.rows
    if isinstance(call, UpdateAvsMetadata):
        return rows.get(AVSS, call.avs).has_metadata
    if isinstance(call, AddStrategiesToDepositWhitelist | RemoveStrategiesFromDepositWhitelist):
        is_open = isinstance(call, AddStrategiesToDepositWhitelist)
        return all(rows.get(STRATEGIES, strategy).is_whitelisted == is_open for strategy in call.strategies)
    if isinstance(call, MineBlocks):
        return current_block(rows) == current_block(step.before.rows) + call.blocks
    changed = cast("AddStrategiesToOperatorSet | RemoveStrategiesFromOperatorSet", call)
    is_added = isinstance(call, AddStrategiesToOperatorSet)
    operator_set = (changed.avs, changed.operator_set_id)
    return all(
        rows.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member == is_added
        for strategy in changed.strategies
    )


def _fixed_fields_stay(step: Transition) -> bool:
    """A strategy's token and address, an AVS's registrar and a set's recipient never change once they are there."""
    before, after = step.before.rows, step.after.rows
    for strategy in written(step.delta, STRATEGIES):
        old, new = before.get(STRATEGIES, strategy), after.get(STRATEGIES, strategy)
        if (old.underlying_token, old.address_rank) != (new.underlying_token, new.address_rank):
            return False
        if old.is_whitelisted != new.is_whitelisted and not isinstance(
            step.action, AddStrategiesToDepositWhitelist | RemoveStrategiesFromDepositWhitelist
        ):
            return False
    for avs in written(step.delta, AVSS):
        if before.get(AVSS, avs).has_registrar != after.get(AVSS, avs).has_registrar:
            return False
    for operator_set in written(step.delta, OPERATOR_SETS):
        details = before.get(OPERATOR_SETS, operator_set)
        recipient = after.get(OPERATOR_SETS, operator_set).redistribution_recipient
        if details.exists and details.redistribution_recipient != recipient:
            return False
    return True


def _listed_strategies_are_held(view: View, staker: str) -> bool:
    """A staker lists each strategy once, and holds deposit shares of each that it lists."""
    listed = view.rows.get(STAKERS, staker).strategy_list
    return len(set(listed)) == len(listed) and all(held_shares(view.rows, staker, strategy) > 0 for strategy in listed)


def _held_strategies_are_listed(view: View, subject: Pair) -> bool:
    """What a staker holds is listed, with a scaling factor of at least WAD; what it does not hold has factor WAD."""
    row = view.rows.get(STAKER_SHARES, subject)
    if row.deposit_shares == 0:
        return row.deposit_scaling_factor_wad == WAD
    return subject[1] in view.rows.get(STAKERS, subject[0]).strategy_list and row.deposit_shares > 0


def _withdrawable_is_at_most_deposited(view: View, subject: Pair) -> bool:
    deposited_shares = held_shares(view.rows, subject[0], subject[1])
    return deposited_shares < 0 or withdrawable(view.rows, subject[0], subject[1]) <= deposited_shares


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "LIST-01",
        "A staker lists each strategy once, and holds shares of each that it lists.",
        "EigenLayer Certora: StrategyManager.spec, strategiesNotInListHaveZeroShares",
        _listed_strategies_are_held,
        rows={STAKERS: lambda key: key, STAKER_SHARES: lambda key: key[0]},
    ),
    StateLaw(
        "LIST-02",
        "Shares that a staker holds are listed; without shares the deposit scaling factor is WAD again.",
        "EigenLayer Certora: StrategyManager.spec; DelegationManager, reset of the scaling factor",
        _held_strategies_are_listed,
        rows={STAKER_SHARES: lambda key: key},
        also_reads=(STAKERS,),
    ),
    StateLaw(
        "DELEG-03",
        "Nobody can withdraw more shares than were deposited.",
        "EigenLayer: assert_DepositShares_GTE_WithdrawableShares; EI14",
        _withdrawable_is_at_most_deposited,
        rows={STAKER_SHARES: lambda key: key},
        also_reads=(STAKERS, MAX_MAGNITUDES.heads),
        harmless={MAX_MAGNITUDES.heads: lambda before, after: 0 <= after.latest <= before.latest},
    ),
    StateLaw(
        "MAG-05",
        "An operator's queued deallocations take effect in the order of the queue.",
        "EigenLayer Certora: deallocationQueueEffectBlocLessThanCurrBlockNumberPlusDelayPlusOne, ...Ascending",
        _queue_is_in_order,
        rows={DEALLOCATION_QUEUES: lambda key: key, ALLOCATIONS: lambda key: (key[0], key[2])},
        also_reads=(QUEUED_DEALLOCATIONS,),
    ),
]
QUEUEING: Final = Scope((QueueWithdrawals, Undelegate, Redelegate))
CLEARING: Final = Scope((ClearBurnOrRedistributableShares, ClearBurnOrRedistributableSharesByStrategy))
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "DEP-01",
        "A deposit moves its amount from sender to strategy for exactly the shares of the rate before, rounded down, "
        "which join the sender unslashed.",
        "StrategyBase.deposit, SlashingLib; EigenLayer docs, SharesAccounting",
        _deposit_moves_its_amount,
        Scope((DepositIntoStrategy,)),
    ),
    StepLaw(
        "DEP-02",
        "A token transfer moves its amount from the sender to the recipient.",
        "ERC-20",
        _transfer_moves_its_amount,
        Scope((TransferToken,)),
    ),
    StepLaw(
        "DELEG-04",
        "Who delegates brings all its shares, and none of them is hit by earlier slashes.",
        "DelegationManager._delegate; EI23",
        _delegation_brings_everything,
        Scope((DelegateTo, RegisterAsOperator)),
    ),
    StepLaw(
        "DELEG-05",
        "An approver's consent is spent when it is used, and only then.",
        "DelegationManager._checkApproverSignature",
        _consent_is_spent,
        Scope((DelegateTo, Redelegate)),
    ),
    StepLaw(
        "DELEG-06",
        "Who leaves an operator queues everything, one withdrawal for each strategy.",
        "DelegationManager._undelegate",
        _leaving_queues_everything,
        Scope((Undelegate, Redelegate)),
    ),
    StepLaw(
        "DELEG-09",
        "Shares that join set the deposit scaling factor to what all of them are worth, for each of them, over the "
        "operator's magnitude: each rounded down, and nothing else lost.",
        "SlashingLib.update",
        _scaling_factor_is_exact,
        Scope((DepositIntoStrategy, DelegateTo, RegisterAsOperator, CompleteQueuedWithdrawal)),
        concerns=_joins_once,
    ),
    StepLaw(
        "DELEG-10",
        "An operator's delegation approver is the one that it named.",
        "DelegationManager._setOperatorDetails",
        _approver_is_as_named,
        Scope((RegisterAsOperator, ModifyOperatorDetails)),
    ),
    StepLaw(
        "MAG-06",
        "An allocation grows after the operator's delay; it shrinks after the deallocation delay if it was slashable, "
        "else at once.",
        "AllocationManager.modifyAllocations; EigenLayer Certora: pendingDiffStateTransitions",
        _change_of_each_allocation,
        Scope((ModifyAllocations,)),
        concerns=_are_changes_apart,
    ),
    StepLaw(
        "MAG-07",
        "Clearing settles the deallocations that are due, oldest first, as many as asked for.",
        "AllocationManager._clearDeallocationQueue",
        _clearing_settles_what_is_due,
        Scope((ClearDeallocationQueue,)),
    ),
    StepLaw(
        "MAG-08",
        "Settling changes nothing that is in force.",
        "AllocationManager._getUpdatedAllocation",
        _settling_changes_nothing_in_force,
        Scope((ClearDeallocationQueue,)),
    ),
    StepLaw(
        "TIME-01",
        "An allocation delay changes after the configuration delay, and the old one holds until then.",
        "AllocationManager.setAllocationDelay",
        _delay_changes_later,
        Scope((RegisterAsOperator, SetAllocationDelay)),
    ),
    StepLaw(
        "TIME-02",
        "A slasher changes after the configuration delay, and the old one may slash until then.",
        "AllocationManager.updateSlasher",
        _slasher_changes_later,
        Scope((UpdateSlasher,)),
    ),
    StepLaw(
        "TIME-03",
        "Who registers can be slashed at once; who leaves can be slashed for the deallocation delay.",
        "AllocationManager.deregisterFromOperatorSets",
        _membership_changes_now,
        Scope((RegisterForOperatorSets, DeregisterFromOperatorSets)),
    ),
    StepLaw(
        "SET-01",
        "A new operator set is as it was asked for, and has slashed nobody.",
        "AllocationManager._createOperatorSet",
        _set_is_as_asked,
        Scope((CreateOperatorSets, CreateRedistributingOperatorSets)),
    ),
    StepLaw(
        "SET-02",
        "What a call switches is switched, and time passes by what was mined.",
        "StrategyManager, AllocationManager",
        _switch_is_thrown,
        Scope(
            (
                MineBlocks,
                UpdateAvsMetadata,
                AddStrategiesToDepositWhitelist,
                RemoveStrategiesFromDepositWhitelist,
                AddStrategiesToOperatorSet,
                RemoveStrategiesFromOperatorSet,
            )
        ),
    ),
    StepLaw(
        "SET-03",
        "A strategy's token and address, an AVS's registrar and a set's recipient never change.",
        "EigenLayer Certora: AllocationManagerRules, redistribution recipient",
        _fixed_fields_stay,
        Scope(tables=(STRATEGIES, AVSS, OPERATOR_SETS)),
    ),
]
