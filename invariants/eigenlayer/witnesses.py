"""EigenLayer's witnesses: situations that runs must reach, so that no law holds vacuously."""

from collections.abc import Callable
from typing import Any, Final, cast

from invariants.eigenlayer.slashing import CLEARING
from invariants.eigenlayer.solvency import FRACTIONS_WAITING, QUEUED_AT, debt_wad, slashing_factor
from invariants.eigenlayer.state_queries import paid_shares, settled_magnitudes
from invariants.law import AcceptedStep, AnyStep, Scope, Witness, written
from spec.arithmetic import WAD, is_multiple
from spec.eigenlayer.actions import (
    ClearDeallocationQueue,
    CompleteQueuedWithdrawal,
    DelegateTo,
    DepositIntoStrategy,
    ModifyAllocations,
    QueueWithdrawals,
    RecordBeaconChainEthBalanceUpdate,
    Redelegate,
    RegisterForOperatorSets,
    SlashOperator,
    Undelegate,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import (
    BALANCE_OFFSET,
    BEACON_CHAIN_ETH,
    BURN_ADDRESS,
    GWEI_TO_WEI,
    SHARES_OFFSET,
    ZERO_ADDRESS,
)
from spec.eigenlayer.state import (
    ALLOCATIONS,
    CONFIG,
    DEALLOCATION_QUEUES,
    ETH_BALANCES,
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    OPERATOR_SETS,
    POD_OWNERS,
    QUEUED_SHARES,
    REGISTRATIONS,
    SLASHED_SHARES,
    SLASHERS,
    SLASHES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    Pair,
)
from spec.machine import SINGLETON


def _delay_blocks(step: AnyStep) -> int:
    return step.before.rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks


def _fallen(step: AnyStep) -> list[Pair]:
    """The (operator, strategy) of each max magnitude that fell in the step."""
    return [
        key
        for key in written(step.delta, MAX_MAGNITUDES.heads)
        if MAX_MAGNITUDES.latest(step.after.rows, key) < MAX_MAGNITUDES.latest(step.before.rows, key)
    ]


def _slashes_everything(step: AnyStep) -> bool:
    return any(MAX_MAGNITUDES.latest(step.after.rows, key) == 0 for key in _fallen(step))


def _slashed_pending(step: AnyStep) -> list[int]:
    """For each allocation that the step writes and that had magnitude before: its pending change before the step."""
    settled = [settled_magnitudes(step.before.rows, key[0], key[1], key[2]) for key in written(step.delta, ALLOCATIONS)]
    return [pending_magnitude for magnitude, pending_magnitude, _ in settled if magnitude > 0]


def _is_in_last_block_of_a_window(step: AnyStep) -> bool:
    block = current_block(step.before.rows) - _delay_blocks(step)
    return any(step.before.total(QUEUED_AT, (key[0], key[1], block)) > 0 for key in _fallen(step))


def _is_in_first_block_after_a_window(step: AnyStep) -> bool:
    block = current_block(step.before.rows) - _delay_blocks(step) - 1
    return any(step.before.total(QUEUED_AT, (key[0], key[1], block)) > 0 for key in _fallen(step))


def _is_of_who_left(step: AcceptedStep[SlashOperator]) -> bool:
    call = step.action
    row = step.before.rows.get(REGISTRATIONS, (call.operator, (call.avs, call.operator_set_id)))
    return not row.is_registered and len(_fallen(step)) > 0


def _is_of_who_left_in_the_last_block(step: AcceptedStep[SlashOperator]) -> bool:
    call = step.action
    row = step.before.rows.get(REGISTRATIONS, (call.operator, (call.avs, call.operator_set_id)))
    return row.slashable_until_block == current_block(step.before.rows) and _is_of_who_left(step)


def _books_nothing(step: AnyStep) -> bool:
    booked = [step.after.rows.get(SLASHED_SHARES, key).shares for key in written(step.delta, SLASHED_SHARES)]
    return any(shares == 0 for shares in booked)


def _is_second_of_its_block(step: AnyStep) -> bool:
    heads = MAX_MAGNITUDES.heads
    return any(step.after.rows.get(heads, key).count == step.before.rows.get(heads, key).count for key in _fallen(step))


def _is_by_a_new_slasher(step: AcceptedStep[SlashOperator]) -> bool:
    call = step.action
    row = step.before.rows.get(SLASHERS, (call.avs, call.operator_set_id))
    return row.pending_slasher != row.slasher and call.sender == row.pending_slasher


def _is_due_since_now(step: AcceptedStep[CompleteQueuedWithdrawal]) -> bool:
    completion = step.action.completion
    row = step.before.rows.get(WITHDRAWALS, (completion.staker, completion.nonce))
    return current_block(step.before.rows) == row.start_block + _delay_blocks(step) + 1


def _moves_to_another_operator(step: AcceptedStep[CompleteQueuedWithdrawal]) -> bool:
    """True if shares queued under one operator are returned to the staker under another operator.

    Only the first strategy of the withdrawal is looked at.
    """
    completion = step.action.completion
    operator = step.before.rows.get(STAKERS, completion.staker).delegated_to
    queued = step.before.rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, 0))
    return (
        not completion.receive_as_tokens
        and ZERO_ADDRESS not in (operator, queued.operator)
        and operator != queued.operator
        and paid_shares(step.before.rows, completion.staker, completion.nonce, 0) > 0
    )


def _was_slashed_while_it_waited(step: AnyStep) -> bool:
    return any(
        slashing_factor(step.before.rows, row)
        < MAX_MAGNITUDES.value_at(step.before.rows, operator_strategy, start_block)
        for row, operator_strategy, start_block in _completed(step)
    )


def _completed(step: AnyStep) -> list[tuple[Any, Pair, int]]:
    rows = [step.before.rows.get(QUEUED_SHARES, key) for key in written(step.delta, QUEUED_SHARES)]
    return [(row, (row.operator, row.strategy), row.start_block) for row in rows if row.scaled_shares]


def _pays_nothing(step: AnyStep) -> bool:
    return any(slashing_factor(step.before.rows, row) == 0 for row, _, _ in _completed(step))


def _owes_more_than_it_holds(step: AnyStep) -> bool:
    """True if a strategy's debt exceeds what pending withdrawals may still repay: SOLV-02 is then broken for good."""
    return any(
        debt_wad(step.after, strategy) > step.after.total(FRACTIONS_WAITING, strategy) * (WAD - 1)
        for strategy in written(step.delta, STRATEGIES)
    )


def _is_at_a_high_rate(step: AcceptedStep[DepositIntoStrategy]) -> bool:
    """True if a share of the strategy costs more than two units of its token."""
    call = step.action
    held = step.before.rows.get(TOKEN_BALANCES, (call.token, call.strategy)).amount + BALANCE_OFFSET
    return held > 2 * (step.before.rows.get(STRATEGIES, call.strategy).total_shares + SHARES_OFFSET)


def _rescales(step: AnyStep) -> bool:
    return any(
        step.before.rows.get(STAKER_SHARES, key).deposit_shares > 0
        and step.before.rows.get(STAKER_SHARES, key).deposit_scaling_factor_wad
        != step.after.rows.get(STAKER_SHARES, key).deposit_scaling_factor_wad
        for key in written(step.delta, STAKER_SHARES)
    )


def _redistributes(step: AnyStep) -> bool:
    operator_set = cast(Any, step.action).operator_set
    recipient = step.before.rows.get(OPERATOR_SETS, operator_set).redistribution_recipient
    return recipient != BURN_ADDRESS and any(key[1] == recipient for key in written(step.delta, TOKEN_BALANCES))


def _is_paid_in_the_first_block(step: AnyStep) -> bool:
    """True if a slash is paid out in the first block after its resolution block, or in any block if the release has
    none.
    """
    block = current_block(step.before.rows)
    return any(
        len(step.before.rows.get(SLASHES, key).strategies) > 0
        and step.before.rows.get(SLASHES, key).resolution_block in (0, block - 1)
        for key in written(step.delta, SLASHES)
    )


def _is_paid_in_part(step: AnyStep) -> bool:
    return any(
        0 < len(step.after.rows.get(SLASHES, key).strategies) < len(step.before.rows.get(SLASHES, key).strategies)
        for key in written(step.delta, SLASHES)
    )


def _comes_back(step: AnyStep) -> bool:
    return any(
        step.before.rows.get(REGISTRATIONS, key).slashable_until_block for key in written(step.delta, REGISTRATIONS)
    )


def _clears_part_of_a_queue(step: AnyStep) -> bool:
    for key in written(step.delta, DEALLOCATION_QUEUES):
        before, after = step.before.rows.get(DEALLOCATION_QUEUES, key), step.after.rows.get(DEALLOCATION_QUEUES, key)
        if before.first < after.first < after.end:
            return True
    return False


def _is_of_two_strategies(step: AnyStep) -> bool:
    return cast(int, step.delta.returns) >= 2


def _is_by_somebody_else(step: AcceptedStep[Undelegate]) -> bool:
    call = step.action
    return call.sender != call.staker


def _has_consent(step: AcceptedStep[DelegateTo]) -> bool:
    call = step.action
    return step.before.rows.get(OPERATOR_DETAILS, call.operator).delegation_approver != ZERO_ADDRESS


def _joins_a_slashed_operator(step: AcceptedStep[DelegateTo]) -> bool:
    operator = step.action.operator
    listed = step.before.rows.get(STAKERS, step.action.sender).strategy_list
    return any(MAX_MAGNITUDES.latest(step.before.rows, (operator, strategy)) < WAD for strategy in listed)


def _queues_one_strategy_twice(step: AcceptedStep[QueueWithdrawals]) -> bool:
    return any(len(set(request.strategies)) < len(request.strategies) for request in step.action.requests)


def _settles_another_first(step: AnyStep) -> bool:
    """True if the call also removes an entry from a deallocation queue."""
    return any(
        step.after.rows.get(DEALLOCATION_QUEUES, key).first > step.before.rows.get(DEALLOCATION_QUEUES, key).first
        for key in written(step.delta, DEALLOCATION_QUEUES)
    )


def _is_lost_after_a_window(step: AcceptedStep[RecordBeaconChainEthBalanceUpdate]) -> bool:
    """True if a report lowers the payout of the owner's last withdrawal, pending after its slashing window closed.

    Only the first strategy of the withdrawal is looked at.
    """
    owner = step.action.pod_owner
    nonce = step.before.rows.get(STAKERS, owner).withdrawals_queued - 1
    withdrawal = step.before.rows.get(WITHDRAWALS, (owner, nonce))
    if not withdrawal.is_pending or current_block(step.before.rows) <= withdrawal.start_block + _delay_blocks(step):
        return False
    return paid_shares(step.after.rows, owner, nonce, 0) < paid_shares(step.before.rows, owner, nonce, 0)


def _completed_native_shares(step: AcceptedStep[CompleteQueuedWithdrawal]) -> int:
    """The native shares that a completed withdrawal pays out."""
    staker, nonce = step.action.completion.staker, step.action.completion.nonce
    rows = step.before.rows
    return sum(
        [
            paid_shares(rows, staker, nonce, position)
            for position in range(rows.get(WITHDRAWALS, (staker, nonce)).strategy_count)
            if rows.get(QUEUED_SHARES, (staker, nonce, position)).strategy == BEACON_CHAIN_ETH
        ]
    )


def _loses_wei(step: AcceptedStep[CompleteQueuedWithdrawal]) -> bool:
    """True if a pod pays a withdrawal, and a remainder below one gwei is lost."""
    is_paid = len(written(step.delta, ETH_BALANCES)) > 0
    return is_paid and not is_multiple(_completed_native_shares(step), GWEI_TO_WEI)


def _repays_a_deficit(step: AcceptedStep[CompleteQueuedWithdrawal]) -> bool:
    return any(step.before.rows.get(POD_OWNERS, owner).deposit_shares < 0 for owner in written(step.delta, POD_OWNERS))


def _pays_both_kinds(step: AcceptedStep[CompleteQueuedWithdrawal]) -> bool:
    return len(written(step.delta, ETH_BALANCES)) > 0 and len(written(step.delta, TOKEN_BALANCES)) > 0


def _has_lost_everything(step: AcceptedStep[DelegateTo]) -> bool:
    row = step.before.rows.get(POD_OWNERS, step.action.sender)
    return row.deposit_shares > 0 and row.beacon_chain_slashing_factor_wad == 0


def _gains_after_both_losses(step: AcceptedStep[RecordBeaconChainEthBalanceUpdate]) -> bool:
    """True if an owner gains ETH after a beacon chain loss and after a slash of its operator."""
    owner, rows = step.action.pod_owner, step.before.rows
    magnitude = MAX_MAGNITUDES.latest(rows, (rows.get(STAKERS, owner).delegated_to, BEACON_CHAIN_ETH))
    has_lost = rows.get(POD_OWNERS, owner).beacon_chain_slashing_factor_wad < WAD
    return step.action.balance_delta_wei > 0 and has_lost and magnitude < WAD


SLASH: Final = Scope((SlashOperator,))
REPORT: Final = Scope((RecordBeaconChainEthBalanceUpdate,))
COMPLETION: Final = Scope((CompleteQueuedWithdrawal,))
# A witness's number is permanent: new entries go to the end.
SEEN: Final[list[tuple[str, Callable[[AnyStep], bool], Scope]]] = [
    ("A slash leaves an operator without magnitude.", _slashes_everything, SLASH),
    ("A slash meets a pending allocation.", lambda step: max([0, *_slashed_pending(step)]) > 0, SLASH),
    ("A slash meets a pending deallocation.", lambda step: min([0, *_slashed_pending(step)]) < 0, SLASH),
    ("A slash falls in the last block of a withdrawal's window.", _is_in_last_block_of_a_window, SLASH),
    ("A slash falls in the first block after a withdrawal's window.", _is_in_first_block_after_a_window, SLASH),
    ("An operator is slashed by a set that it has left.", _is_of_who_left, SLASH),
    ("An operator is slashed in the last block after it left.", _is_of_who_left_in_the_last_block, SLASH),
    ("A slash takes magnitude, and not a share.", _books_nothing, SLASH),
    ("An operator is slashed twice in one strategy and block.", _is_second_of_its_block, SLASH),
    ("A new slasher slashes.", _is_by_a_new_slasher, SLASH),
    ("A withdrawal is completed in the first block in which it can be.", _is_due_since_now, COMPLETION),
    ("Shares queued under one operator join the staker under another.", _moves_to_another_operator, COMPLETION),
    ("A withdrawal that was slashed while it waited is completed.", _was_slashed_while_it_waited, COMPLETION),
    ("A withdrawal of which nothing is left is completed.", _pays_nothing, COMPLETION),
    (
        "More is booked than was slashed, for good.",
        _owes_more_than_it_holds,
        Scope(tables=(STRATEGIES,)),
    ),
    ("A deposit is made where a share has become expensive.", _is_at_a_high_rate, Scope((DepositIntoStrategy,))),
    ("A deposit after a slash changes a scaling factor.", _rescales, Scope((DepositIntoStrategy,))),
    ("A slash is redistributed.", _redistributes, CLEARING),
    ("An operator joins a set that it has left before.", _comes_back, Scope((RegisterForOperatorSets,))),
    ("Of several queued deallocations some are cleared.", _clears_part_of_a_queue, Scope((ClearDeallocationQueue,))),
    ("An allocation is made with what a due deallocation frees.", _settles_another_first, Scope((ModifyAllocations,))),
    ("A staker of two strategies leaves its operator.", _is_of_two_strategies, Scope((Undelegate, Redelegate))),
    ("A staker is made to leave.", _is_by_somebody_else, Scope((Undelegate,))),
    ("A staker delegates with an approver's consent.", _has_consent, Scope((DelegateTo,))),
    ("A staker delegates to an operator slashed before.", _joins_a_slashed_operator, Scope((DelegateTo,))),
    ("One withdrawal queues one strategy twice.", _queues_one_strategy_twice, Scope((QueueWithdrawals,))),
    ("A slash is paid in the first block in which it can be.", _is_paid_in_the_first_block, CLEARING),
    ("Of a slash of two strategies one is paid.", _is_paid_in_part, CLEARING),
    ("A loss on the beacon chain lowers a withdrawal whose window has closed.", _is_lost_after_a_window, REPORT),
    ("A gain joins an owner that has lost, under an operator that was slashed.", _gains_after_both_losses, REPORT),
    ("A pod pays, and wei below a gwei are lost.", _loses_wei, COMPLETION),
    ("A withdrawal of native ETH meets a deficit.", _repays_a_deficit, COMPLETION),
    ("One withdrawal pays native ETH and tokens.", _pays_both_kinds, COMPLETION),
    ("Who has lost everything on the beacon chain delegates.", _has_lost_everything, Scope((DelegateTo,))),
]
WITNESSES: Final[list[Witness]] = [
    Witness(f"SEEN-{number:02}", sentence, "this project", seen, scope)
    for number, (sentence, seen, scope) in enumerate(SEEN, 1)
]
