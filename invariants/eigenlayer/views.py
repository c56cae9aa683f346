"""EigenLayer's laws of views: a call does what the view functions reported before it."""

from typing import Final, cast

from invariants.eigenlayer.elements import are_elements_apart
from invariants.eigenlayer.movements import issued, operator_gained
from invariants.eigenlayer.state_queries import held_shares
from invariants.law import AcceptedStep, AnyRejection, AnyStep, RejectionLaw, Scope, StepLaw, written
from spec.arithmetic import WAD, mul_div_ceil
from spec.eigenlayer import views
from spec.eigenlayer.actions import (
    AllocationRequest,
    ClearDeallocationQueue,
    CompleteQueuedWithdrawal,
    ModifyAllocations,
    QueueWithdrawals,
    Redelegate,
    SlashOperator,
    Undelegate,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    ALLOCATIONS,
    DEALLOCATION_QUEUES,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    WITHDRAWALS,
    OperatorSet,
    Pair,
)
from spec.machine import Draft


def _queued_by(step: AnyStep) -> tuple[str, dict[str, list[tuple[int, int]]]]:
    """The staker that queues in a step, and for each strategy its places in the new withdrawals, as (nonce, index in
    the withdrawal).
    """
    call = step.action
    staker = call.staker if isinstance(call, Undelegate) else cast("QueueWithdrawals | Redelegate", call).sender
    queued: dict[str, list[tuple[int, int]]] = {}
    for _, nonce, position in written(step.delta, QUEUED_SHARES):
        strategy = step.after.rows.get(QUEUED_SHARES, (staker, nonce, position)).strategy
        queued[strategy] = [*queued.get(strategy, []), (nonce, position)]
    return staker, queued


def _queueing_is_worth_what_was_said(step: AnyStep) -> bool:
    """True if queueing all shares of a strategy queues as many as the view of withdrawable shares reported before.

    The view must report none after the step. A strategy of which shares stay, or that is queued more than once, is not
    judged.
    """
    staker, queued = _queued_by(step)
    for strategy, places in queued.items():
        if len(places) > 1 or held_shares(step.after.rows, staker, strategy) > 0:
            continue
        nonce, position = places[0]
        could = views.withdrawable_shares_of(step.before.rows, staker, strategy)
        if views.queued_shares_of(step.after.rows, staker, nonce, position) != could:
            return False
        if views.withdrawable_shares_of(step.after.rows, staker, strategy) != 0:
            return False
    return True


def _completion_pays_what_was_said(step: AcceptedStep[CompleteQueuedWithdrawal]) -> bool:
    """True if a completion retires or returns the shares that the view of queued shares reported, and leaves none
    queued.

    ETH paid by a pod is the subject of ETH-04 instead.
    """
    completion = step.action.completion
    before, after, staker, nonce = step.before.rows, step.after.rows, completion.staker, completion.nonce
    due_shares: dict[str, int] = {}
    for position in range(before.get(WITHDRAWALS, (staker, nonce)).strategy_count):
        strategy = before.get(QUEUED_SHARES, (staker, nonce, position)).strategy
        shares = views.queued_shares_of(before, staker, nonce, position)
        due_shares[strategy] = due_shares.get(strategy, 0) + shares
        if views.queued_shares_of(after, staker, nonce, position) != 0:
            return False
    for strategy, shares in due_shares.items():
        if strategy == BEACON_CHAIN_ETH and completion.receive_as_tokens:
            continue
        joined = held_shares(after, staker, strategy) - held_shares(before, staker, strategy)
        if (joined - issued(step, strategy)) != shares:
            return False
    return True


def _slash_hits_what_was_said(step: AcceptedStep[SlashOperator]) -> bool:
    """True if a slash comes from the slasher in force that the view reports, and takes the amounts that views reported.

    The magnitude taken is the slashed fraction of the allocation. Besides the operator's own shares, the slash books
    slashable shares in the queue, by the fraction by which the max magnitude fell.
    """
    call = step.action
    before, operator_set = step.before.rows, (call.avs, call.operator_set_id)
    if call.sender != views.slasher_of(before, operator_set):
        return False
    _, booked_shares = cast("tuple[int, tuple[int, ...]]", step.delta.returns)
    for position, strategy in enumerate(call.strategies):
        operator_strategy: Pair = (call.operator, strategy)
        allocation = views.allocation_of(before, call.operator, operator_set, strategy)
        magnitude_before = MAX_MAGNITUDES.latest(before, operator_strategy)
        magnitude = MAX_MAGNITUDES.latest(step.after.rows, operator_strategy)
        taken_magnitude = mul_div_ceil(allocation.current_magnitude, call.wads_to_slash[position], WAD)
        if magnitude_before - magnitude != taken_magnitude:
            return False
        if taken_magnitude == 0:
            continue
        queued_shares = views.slashable_shares_in_queue(before, call.operator, strategy)
        lost_shares = queued_shares - mul_div_ceil(queued_shares, magnitude, magnitude_before)
        if booked_shares[position] + operator_gained(step, call.operator, strategy) != lost_shares:
            return False
    return True


def _whole_slash_takes_the_allocated_stake(step: AcceptedStep[SlashOperator]) -> bool:
    """True if a slash of a whole allocation takes the allocated stake that the view reported, up to rounding.

    The view rounds down once more than the slash: by at most one part in WAD of the operator's shares, rounded up, plus
    one share.
    """
    call = step.action
    before, operator_set = step.before.rows, (call.avs, call.operator_set_id)
    for position, strategy in enumerate(call.strategies):
        if call.wads_to_slash[position] != WAD:
            continue
        stake = views.allocated_stake(before, call.operator, operator_set, strategy)
        taken_shares = -operator_gained(step, call.operator, strategy)
        operator_shares = before.get(OPERATOR_SHARES, (call.operator, strategy)).shares
        if not 0 <= taken_shares - stake <= 1 + mul_div_ceil(operator_shares, 1, WAD):
            return False
    return True


def _is_whole_slash(step: AcceptedStep[SlashOperator]) -> bool:
    return any([wad_to_slash == WAD for wad_to_slash in step.action.wads_to_slash])


def _allocating_takes_what_was_said(step: AcceptedStep[ModifyAllocations]) -> bool:
    """True if a change of an allocation uses exactly the allocatable magnitude and the delay that views reported.

    An increase comes out of the allocatable magnitude and takes effect after the delay in force. A decrease returns to
    it at once or when its effect block is reached.
    """
    call = step.action
    before, after, block = step.before.rows, step.after.rows, current_block(step.before.rows)
    for request in call.requests:
        for position, strategy in enumerate(request.strategies):
            place: tuple[str, OperatorSet, str] = (call.operator, request.operator_set, strategy)
            asked_magnitude = request.new_magnitudes[position]
            was, now = views.allocation_of(before, *place), views.allocation_of(after, *place)
            added_magnitude = asked_magnitude - was.current_magnitude
            if now.current_magnitude + now.pending_diff_magnitude != asked_magnitude:
                return False
            given_magnitude = views.allocatable_magnitude_of(
                before, call.operator, strategy
            ) - views.allocatable_magnitude_of(after, call.operator, strategy)
            if added_magnitude > 0:
                delay_blocks = views.allocation_delay_of(before, call.operator).delay_blocks
                if after.get(ALLOCATIONS, place).effect_block != block + delay_blocks:
                    return False
                expected_magnitude = added_magnitude
            else:
                expected_magnitude = 0 if now.pending_diff_magnitude < 0 else added_magnitude
            if given_magnitude != expected_magnitude:
                return False
    return True


def _clearing_changes_no_view(step: AcceptedStep[ClearDeallocationQueue]) -> bool:
    """True if clearing a deallocation queue does not change the encumbered magnitude that the view reports.

    If the call names at least as many deallocations as are queued, the stored magnitude must equal the reported one.
    """
    call = step.action
    before, after = step.before.rows, step.after.rows
    for position, strategy in enumerate(call.strategies):
        encumbered_magnitude = views.encumbered_magnitude_of(before, call.operator, strategy)
        if views.encumbered_magnitude_of(after, call.operator, strategy) != encumbered_magnitude:
            return False
        queue = before.get(DEALLOCATION_QUEUES, (call.operator, strategy))
        if call.numbers_to_clear[position] >= queue.end - queue.first and (
            after.get(ENCUMBERED_MAGNITUDES, (call.operator, strategy)).magnitude != encumbered_magnitude
        ):
            return False
    return True


def _rejected_as_was_said(rejection: AnyRejection) -> bool:
    """True if the reason of a rejection agrees with the views.

    INVALID_CALLER must not be given to the slasher in force. UNINITIALIZED_ALLOCATION_DELAY requires that no delay is
    set. INSUFFICIENT_MAGNITUDE requires a request for more than the allocatable magnitude. Any other reason is taken to
    agree.
    """
    rows, call = rejection.before.rows, rejection.action
    if isinstance(call, SlashOperator):
        is_slasher = call.sender == views.slasher_of(rows, (call.avs, call.operator_set_id))
        return rejection.reason is not Reason.INVALID_CALLER or not is_slasher
    call = cast(ModifyAllocations, call)
    if rejection.reason is Reason.UNINITIALIZED_ALLOCATION_DELAY:
        return not views.allocation_delay_of(rows, call.operator).is_set
    if rejection.reason is Reason.INSUFFICIENT_MAGNITUDE:
        return any([not _is_allocatable(rows, call.operator, request) for request in call.requests])
    return True


def _is_allocatable(rows: Draft, operator: str, request: AllocationRequest) -> bool:
    """True if each requested magnitude is at most the current one in the operator set plus the operator's allocatable
    magnitude.
    """
    for position, strategy in enumerate(request.strategies):
        magnitude = views.allocation_of(rows, operator, request.operator_set, strategy).current_magnitude
        most_magnitude = magnitude + views.allocatable_magnitude_of(rows, operator, strategy)
        if request.new_magnitudes[position] > most_magnitude:
            return False
    return True


SLASHING: Final = Scope((SlashOperator,))


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "VIEW-01",
        "A staker that queues all its shares of a strategy gets the withdrawable shares that the view reported.",
        "DelegationManager.getWithdrawableShares, getQueuedWithdrawals",
        _queueing_is_worth_what_was_said,
        Scope((QueueWithdrawals, Undelegate, Redelegate)),
    ),
    StepLaw(
        "VIEW-02",
        "A completed withdrawal burns, or returns, the shares that the view reported for it.",
        "DelegationManager.getQueuedWithdrawals",
        _completion_pays_what_was_said,
        Scope((CompleteQueuedWithdrawal,)),
    ),
    StepLaw(
        "VIEW-03",
        "A slash is sent by the slasher in force. It takes its fraction of the allocation in force, and of the "
        "shares in the queue that the view reported as slashable.",
        "AllocationManager.getSlasher, getAllocation; DelegationManager.getSlashableSharesInQueue",
        _slash_hits_what_was_said,
        SLASHING,
    ),
    StepLaw(
        "VIEW-04",
        "A slash of everything takes the operator's allocated stake, and at most a share and one part in WAD of "
        "its shares more.",
        "AllocationManager.getAllocatedStake",
        _whole_slash_takes_the_allocated_stake,
        SLASHING,
        applies_to=_is_whole_slash,
    ),
    StepLaw(
        "VIEW-05",
        "An allocation uses the allocatable magnitude that the view reported, and gives back to it, exactly, "
        "after the delay that the view reported.",
        "AllocationManager.getAllocatableMagnitude, getAllocation, getAllocationDelay",
        _allocating_takes_what_was_said,
        Scope((ModifyAllocations,)),
        applies_to=lambda step: are_elements_apart(step.before, step.action),
    ),
    StepLaw(
        "VIEW-06",
        "Clearing a deallocation queue stores the encumbered magnitude that the view already reported.",
        "AllocationManager.getEncumberedMagnitude",
        _clearing_changes_no_view,
        Scope((ClearDeallocationQueue,)),
    ),
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "VIEW-07",
        "No call is rejected for lack of magnitude, of a delay or of the right to slash, where a view reports them.",
        "AllocationManager.getAllocatableMagnitude, getAllocationDelay, getSlasher",
        _rejected_as_was_said,
        Scope((ModifyAllocations, SlashOperator)),
        applies_to=are_elements_apart,
    ),
]
