"""When a call is refused: for every call its reasons in the contracts' order, each with the condition it stands for.

The conditions speak of the state before the call alone, in the words of the contracts' documentation, so that they are
a second account of the checks: a call is refused for the first of its reasons that is true, and accepted if none is.
A call over a list repeats its checks for each element in the state that the elements before it left; the law speaks of
such calls if the list has at most one element.

Products and block numbers that overflow are reasons of every call with numbers so large; the law lets them pass there.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

import attr

from invariants.law import LivenessLaw, Refusal, Scope, StepLaw, Transition, View
from spec.arithmetic import UINT32_MAX, WAD, mul_div_floor
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    AddStrategiesToOperatorSet,
    Approval,
    BurnShares,
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
    SlashOperator,
    TransferToken,
    Undelegate,
    UpdateAvsMetadata,
    UpdateSlasher,
)
from spec.eigenlayer.config import BALANCE_OFFSET, BURN_ADDRESS, MAX_TOTAL_SHARES, SHARES_OFFSET, ZERO_ADDRESS, Config
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    ALLOWANCES,
    AVSS,
    CLOCK,
    CONFIG,
    DEALLOCATION_QUEUES,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    QUEUED_DEALLOCATIONS,
    QUEUED_SHARES,
    REGISTRATIONS,
    SLASHED_SHARES,
    SLASHERS,
    SLASHES,
    SPENT_SALTS,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    OperatorSet,
)
from spec.machine import ONLY, Draft

OVERFLOWS: Final = (Reason.ARITHMETIC_PANIC, Reason.MUL_DIV_OVERFLOW, Reason.UINT64_OVERFLOW)
LARGE: Final = 2**63
"""A call with no number as large never overflows anything in a world of ordinary size."""


class Check:
    """A reason, and the condition under which a call is refused for it."""

    def __init__(self, reason: Reason, is_true: Callable[[Draft, Any], bool]) -> None:
        self.reason: Final = reason
        self.is_true: Final = is_true


def _block(rows: Draft) -> int:
    return rows.get(CLOCK, ONLY).block


def _config(rows: Draft) -> Config:
    return rows.get(CONFIG, ONLY)


def _is_operator(rows: Draft, account: str) -> bool:
    return account != ZERO_ADDRESS and rows.get(STAKERS, account).delegated_to == account


def _can_slash(rows: Draft, operator_set: OperatorSet, operator: str) -> bool:
    registration = rows.get(REGISTRATIONS, (operator, operator_set))
    return registration.is_registered or _block(rows) <= registration.slashable_until_block


def slasher_in_force(rows: Draft, operator_set: OperatorSet) -> str:
    """Who may slash now: a new slasher from its effect block on."""
    row = rows.get(SLASHERS, operator_set)
    is_due = row.effect_block != 0 and row.effect_block <= _block(rows)
    return row.pending_slasher if is_due else row.slasher


def delay_in_force(rows: Draft, operator: str) -> int | None:
    """An operator's allocation delay, or None if it never had one: a new delay from its effect block on."""
    row = rows.get(ALLOCATION_DELAYS, operator)
    if row.effect_block != 0 and row.effect_block <= _block(rows):
        return row.pending_delay_blocks
    return row.delay_blocks if row.is_set else None


def lacks_balance(rows: Draft, token: str, account: str, amount: int) -> bool:
    """Whether an account has less of a token than an amount."""
    return rows.get(TOKEN_BALANCES, (token, account)).amount < amount


def _issued_shares(rows: Draft, strategy: str, amount: int) -> int:
    pool = rows.get(STRATEGIES, strategy)
    held = rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount
    return mul_div_floor(amount, pool.total_shares + SHARES_OFFSET, held + BALANCE_OFFSET)


def _is_fully_slashed(rows: Draft, staker: str, strategy: str) -> bool:
    return MAX_MAGNITUDES.latest(rows, (rows.get(STAKERS, staker).delegated_to, strategy)) == 0


def _holds_fully_slashed(rows: Draft, staker: str, operator: str) -> bool:
    """Whether a staker has shares of a strategy in which an operator has no magnitude left."""
    return any(
        [MAX_MAGNITUDES.latest(rows, (operator, strategy)) == 0 for strategy in rows.get(STAKERS, staker).strategy_list]
    )


def _approver(rows: Draft, operator: str) -> str:
    return rows.get(OPERATOR_DETAILS, operator).delegation_approver


def _needs_approval(rows: Draft, operator: str) -> bool:
    return _approver(rows, operator) != ZERO_ADDRESS


def _is_salt_spent(rows: Draft, operator: str, approval: Approval) -> bool:
    return rows.get(SPENT_SALTS, (_approver(rows, operator), approval.salt)).is_spent


DELEGATE: Final[tuple[Check, ...]] = (
    Check(Reason.OPERATOR_NOT_REGISTERED, lambda rows, call: not _is_operator(rows, call.operator)),
    Check(
        Reason.SALT_SPENT,
        lambda rows, call: _needs_approval(rows, call.operator) and _is_salt_spent(rows, call.operator, call.approval),
    ),
    Check(
        Reason.SIGNATURE_EXPIRED, lambda rows, call: _needs_approval(rows, call.operator) and call.approval.is_expired
    ),
    Check(
        Reason.INVALID_SIGNATURE,
        lambda rows, call: (
            _needs_approval(rows, call.operator) and call.approval.signer != _approver(rows, call.operator)
        ),
    ),
)


def _may_undelegate(rows: Draft, sender: str, staker: str) -> bool:
    operator = rows.get(STAKERS, staker).delegated_to
    return sender in (staker, operator, _approver(rows, operator))


def _undelegate(staker: Callable[[Any], str]) -> tuple[Check, ...]:
    """The checks of leaving an operator, which redelegating begins with."""
    return (
        Check(
            Reason.NOT_ACTIVELY_DELEGATED,
            lambda rows, call: rows.get(STAKERS, staker(call)).delegated_to == ZERO_ADDRESS,
        ),
        Check(
            Reason.OPERATORS_CANNOT_UNDELEGATE,
            lambda rows, call: rows.get(STAKERS, staker(call)).delegated_to == staker(call),
        ),
        Check(Reason.CALLER_CANNOT_UNDELEGATE, lambda rows, call: not _may_undelegate(rows, call.sender, staker(call))),
    )


def _names_no_strategy(_rows: Draft, call: QueueWithdrawals) -> bool:
    return any([len(request.strategies) == 0 for request in call.requests])


def _asks_for_nothing(_rows: Draft, call: QueueWithdrawals) -> bool:
    return any([shares == 0 for request in call.requests for shares in request.deposit_shares])


def _takes_more_than_the_operator_has(rows: Draft, call: QueueWithdrawals) -> bool:
    """Whether an operator's shares would fall below zero: more is asked for than the staker, or all of them, have."""
    operator = rows.get(STAKERS, call.sender).delegated_to
    if operator == ZERO_ADDRESS:
        return False
    for request in call.requests:
        for strategy, shares in zip(request.strategies, request.deposit_shares, strict=False):
            scaled = mul_div_floor(
                shares, rows.get(STAKER_SHARES, (call.sender, strategy)).deposit_scaling_factor_wad, WAD
            )
            leaving_shares = mul_div_floor(scaled, MAX_MAGNITUDES.latest(rows, (operator, strategy)), WAD)
            if leaving_shares > rows.get(OPERATOR_SHARES, (operator, strategy)).shares:
                return True
    return False


def _asks_for_too_much(rows: Draft, call: QueueWithdrawals) -> bool:
    return any(
        [
            shares > rows.get(STAKER_SHARES, (call.sender, strategy)).deposit_shares
            for request in call.requests
            for strategy, shares in zip(request.strategies, request.deposit_shares, strict=False)
        ]
    )


def _is_window_open(rows: Draft, call: CompleteQueuedWithdrawal) -> bool:
    start_block = rows.get(WITHDRAWALS, (call.completion.staker, call.completion.nonce)).start_block
    return _block(rows) <= start_block + _config(rows).min_withdrawal_delay_blocks


def paid_shares(rows: Draft, staker: str, nonce: int, position: int) -> int:
    """What a queued position pays: its scaled shares by the max magnitude at the last block in which it was slashable.

    Rounds down.
    """
    queued = rows.get(QUEUED_SHARES, (staker, nonce, position))
    last_block = queued.start_block + _config(rows).min_withdrawal_delay_blocks
    magnitude = MAX_MAGNITUDES.value_at(rows, (queued.operator, queued.strategy), last_block)
    return mul_div_floor(queued.scaled_shares, magnitude, WAD)


def _positions(rows: Draft, call: CompleteQueuedWithdrawal) -> list[tuple[str, int, str]]:
    """Strategy, shares to pay and token named, of every position that pays anything."""
    completion = call.completion
    positions: list[tuple[str, int, str]] = []
    for position, token in enumerate(completion.tokens):
        shares = paid_shares(rows, completion.staker, completion.nonce, position)
        if shares:
            strategy = rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
            positions.append((strategy, shares, token))
    return positions


def _is_token_wrong(rows: Draft, call: CompleteQueuedWithdrawal) -> bool:
    return call.completion.receive_as_tokens and any(
        [token != rows.get(STRATEGIES, strategy).underlying_token for strategy, _, token in _positions(rows, call)]
    )


def _is_strategy_short(rows: Draft, call: CompleteQueuedWithdrawal) -> bool:
    return call.completion.receive_as_tokens and any(
        [shares > rows.get(STRATEGIES, strategy).total_shares for strategy, shares, _ in _positions(rows, call)]
    )


def _returns_to_fully_slashed(rows: Draft, call: CompleteQueuedWithdrawal) -> bool:
    staker = call.completion.staker
    return not call.completion.receive_as_tokens and any(
        [_is_fully_slashed(rows, staker, strategy) for strategy, _, _ in _positions(rows, call)]
    )


def _sets(call: Any) -> list[OperatorSet]:
    return [(call.avs, number) for number in call.operator_set_ids]


def _any_missing(rows: Draft, sets: list[OperatorSet]) -> bool:
    return any([not rows.get(OPERATOR_SETS, operator_set).exists for operator_set in sets])


def _created(call: Any) -> list[OperatorSet]:
    return [(call.avs, request.operator_set_id) for request in call.requests]


def _creation() -> tuple[Check, ...]:
    return (
        Check(
            Reason.INVALID_OPERATOR_SET,
            lambda rows, call: any([rows.get(OPERATOR_SETS, created).exists for created in _created(call)]),
        ),
        Check(
            Reason.STRATEGY_ALREADY_IN_OPERATOR_SET,
            lambda rows, call: any(
                [len(set(request.strategies)) != len(request.strategies) for request in call.requests]
            ),
        ),
        Check(
            Reason.INPUT_ADDRESS_ZERO,
            lambda rows, call: any([request.slasher == ZERO_ADDRESS for request in call.requests]),
        ),
    )


def settled_magnitudes(rows: Draft, operator: str, operator_set: OperatorSet, strategy: str) -> tuple[int, int, bool]:
    """An allocation's magnitude now, its pending change, and whether that change is still to come."""
    row = rows.get(ALLOCATIONS, (operator, operator_set, strategy))
    if row.effect_block <= _block(rows):
        return row.current_magnitude + row.pending_diff_magnitude, 0, False
    return row.current_magnitude, row.pending_diff_magnitude, True


def due_magnitude(rows: Draft, operator: str, strategy: str) -> int:
    """The magnitude that deallocations whose block has come will free when their queue is cleared."""
    queue = rows.get(DEALLOCATION_QUEUES, (operator, strategy))
    freed: dict[OperatorSet, int] = {}
    for position in range(queue.first, queue.end):
        operator_set = rows.get(QUEUED_DEALLOCATIONS, (operator, strategy, position)).operator_set
        row = rows.get(ALLOCATIONS, (operator, operator_set, strategy))
        if row.effect_block > _block(rows):
            break
        freed[operator_set] = max(-row.pending_diff_magnitude, 0)
    return sum(freed.values())


def _asks_for_more_than_is_free(rows: Draft, call: ModifyAllocations) -> bool:
    for operator_set, strategy, magnitude in _changes(call):
        free_magnitude = (
            MAX_MAGNITUDES.latest(rows, (call.operator, strategy))
            - rows.get(ENCUMBERED_MAGNITUDES, (call.operator, strategy)).magnitude
            + due_magnitude(rows, call.operator, strategy)
        )
        if magnitude - settled_magnitudes(rows, call.operator, operator_set, strategy)[0] > max(free_magnitude, 0):
            return True
    return False


def _takes_effect_in_no_block(rows: Draft, call: ModifyAllocations) -> bool:
    """Whether an allocation grows after a delay so long that its effect block is no uint32."""
    if _block(rows) + (delay_in_force(rows, call.operator) or 0) <= UINT32_MAX:
        return False
    return any(
        [
            magnitude > settled_magnitudes(rows, call.operator, of, strategy)[0]
            for of, strategy, magnitude in _changes(call)
        ]
    )


def _changes(call: ModifyAllocations) -> list[tuple[OperatorSet, str, int]]:
    return [
        (request.operator_set, strategy, magnitude)
        for request in call.requests
        for strategy, magnitude in zip(request.strategies, request.new_magnitudes, strict=False)
    ]


def _is_in_ascending_order(rows: Draft, strategies: tuple[str, ...]) -> bool:
    ranks = [rows.get(STRATEGIES, strategy).address_rank for strategy in strategies]
    return all([before < after for before, after in pairwise(ranks)])


def _slashed(rows: Draft, call: Any) -> list[tuple[str, int]]:
    """Strategies of a slash that are still to be paid out, with their shares."""
    return [
        (strategy, rows.get(SLASHED_SHARES, (call.operator_set, call.slash_id, strategy)).shares)
        for strategy in rows.get(SLASHES, (call.operator_set, call.slash_id)).strategies
    ]


def _is_slash_uncovered(rows: Draft, call: Any) -> bool:
    return any([shares > rows.get(STRATEGIES, strategy).total_shares for strategy, shares in _slashed(rows, call)])


NOT_ITS_OWN_AVS: Final = Check(Reason.INVALID_PERMISSIONS, lambda _, call: call.sender != call.avs)
NOT_ITS_OWN_OPERATOR: Final = Check(Reason.INVALID_PERMISSIONS, lambda _, call: call.sender != call.operator)
NO_OPERATOR: Final = Check(Reason.INVALID_OPERATOR, lambda rows, call: not _is_operator(rows, call.operator))
NO_SUCH_SET: Final = Check(
    Reason.INVALID_OPERATOR_SET, lambda rows, call: _any_missing(rows, [(call.avs, call.operator_set_id)])
)
NO_SUCH_SETS: Final = Check(Reason.INVALID_OPERATOR_SET, lambda rows, call: _any_missing(rows, _sets(call)))
NO_REGISTRAR: Final = Check(Reason.EMPTY_REVERT, lambda rows, call: not rows.get(AVSS, call.avs).has_registrar)
NO_METADATA: Final = Check(
    Reason.NONEXISTENT_AVS_METADATA, lambda rows, call: not rows.get(AVSS, call.avs).has_metadata
)
NOT_WHITELISTER: Final = Check(
    Reason.ONLY_STRATEGY_WHITELISTER, lambda rows, call: call.sender != _config(rows).strategy_whitelister
)

CHECKS: Final[Mapping[type[Any], tuple[Check, ...]]] = {
    MineBlocks: (),
    TransferToken: (
        Check(Reason.ERC20_TRANSFER_TO_ZERO_ADDRESS, lambda _, call: call.to == ZERO_ADDRESS),
        Check(
            Reason.ERC20_INSUFFICIENT_BALANCE,
            lambda rows, call: lacks_balance(rows, call.token, call.sender, call.amount),
        ),
    ),
    AddStrategiesToDepositWhitelist: (NOT_WHITELISTER,),
    RemoveStrategiesFromDepositWhitelist: (NOT_WHITELISTER,),
    DepositIntoStrategy: (
        Check(
            Reason.STRATEGY_NOT_WHITELISTED, lambda rows, call: not rows.get(STRATEGIES, call.strategy).is_whitelisted
        ),
        Check(
            Reason.ERC20_INSUFFICIENT_ALLOWANCE,
            lambda rows, call: call.amount > 0 and not rows.get(ALLOWANCES, call.sender).is_infinite,
        ),
        Check(
            Reason.ERC20_INSUFFICIENT_BALANCE,
            lambda rows, call: lacks_balance(rows, call.token, call.sender, call.amount),
        ),
        Check(
            Reason.ONLY_UNDERLYING_TOKEN,
            lambda rows, call: call.token != rows.get(STRATEGIES, call.strategy).underlying_token,
        ),
        Check(Reason.NEW_SHARES_ZERO, lambda rows, call: _issued_shares(rows, call.strategy, call.amount) == 0),
        Check(
            Reason.TOTAL_SHARES_EXCEEDS_MAX,
            lambda rows, call: (
                rows.get(STRATEGIES, call.strategy).total_shares + _issued_shares(rows, call.strategy, call.amount)
                > MAX_TOTAL_SHARES
            ),
        ),
        Check(Reason.FULLY_SLASHED, lambda rows, call: _is_fully_slashed(rows, call.sender, call.strategy)),
    ),
    RegisterAsOperator: (
        Check(
            Reason.ACTIVELY_DELEGATED, lambda rows, call: rows.get(STAKERS, call.sender).delegated_to != ZERO_ADDRESS
        ),
        Check(Reason.FULLY_SLASHED, lambda rows, call: _holds_fully_slashed(rows, call.sender, call.sender)),
    ),
    ModifyOperatorDetails: (
        NOT_ITS_OWN_OPERATOR,
        Check(Reason.OPERATOR_NOT_REGISTERED, lambda rows, call: not _is_operator(rows, call.operator)),
    ),
    DelegateTo: (
        Check(
            Reason.ACTIVELY_DELEGATED, lambda rows, call: rows.get(STAKERS, call.sender).delegated_to != ZERO_ADDRESS
        ),
        *DELEGATE,
        Check(Reason.FULLY_SLASHED, lambda rows, call: _holds_fully_slashed(rows, call.sender, call.operator)),
    ),
    Undelegate: _undelegate(lambda call: str(call.staker)),
    # Who redelegates has queued everything by then, so that nothing of it can be at a fully slashed operator.
    Redelegate: (*_undelegate(lambda call: str(call.sender)), *DELEGATE),
    QueueWithdrawals: (
        Check(
            Reason.INPUT_ARRAY_LENGTH_MISMATCH,
            lambda rows, call: any(
                [len(request.strategies) != len(request.deposit_shares) for request in call.requests]
            ),
        ),
        Check(Reason.INPUT_ARRAY_LENGTH_ZERO, _names_no_strategy),
        Check(Reason.ARITHMETIC_PANIC, _takes_more_than_the_operator_has),
        Check(Reason.SHARES_AMOUNT_ZERO, _asks_for_nothing),
        Check(Reason.SHARES_AMOUNT_TOO_HIGH, _asks_for_too_much),
    ),
    CompleteQueuedWithdrawal: (
        Check(
            Reason.INPUT_ARRAY_LENGTH_MISMATCH,
            lambda rows, call: (
                len(call.completion.tokens)
                != rows.get(WITHDRAWALS, (call.completion.staker, call.completion.nonce)).strategy_count
            ),
        ),
        Check(Reason.WITHDRAWER_NOT_CALLER, lambda _, call: call.sender != call.completion.staker),
        Check(
            Reason.WITHDRAWAL_NOT_QUEUED,
            lambda rows, call: (
                call.completion.is_tampered
                or not rows.get(WITHDRAWALS, (call.completion.staker, call.completion.nonce)).is_pending
            ),
        ),
        Check(Reason.WITHDRAWAL_DELAY_NOT_ELAPSED, _is_window_open),
        Check(Reason.ONLY_UNDERLYING_TOKEN, _is_token_wrong),
        Check(Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS, _is_strategy_short),
        Check(Reason.FULLY_SLASHED, _returns_to_fully_slashed),
    ),
    UpdateAvsMetadata: (NOT_ITS_OWN_AVS,),
    CreateOperatorSets: (NOT_ITS_OWN_AVS, NO_METADATA, *_creation()),
    CreateRedistributingOperatorSets: (
        NOT_ITS_OWN_AVS,
        Check(Reason.INPUT_ARRAY_LENGTH_MISMATCH, lambda rows, call: len(call.requests) != len(call.recipients)),
        NO_METADATA,
        Check(Reason.INPUT_ADDRESS_ZERO, lambda rows, call: ZERO_ADDRESS in call.recipients),
        Check(Reason.INVALID_REDISTRIBUTION_RECIPIENT, lambda rows, call: BURN_ADDRESS in call.recipients),
        *_creation(),
    ),
    AddStrategiesToOperatorSet: (
        NOT_ITS_OWN_AVS,
        NO_SUCH_SET,
        Check(
            Reason.STRATEGY_ALREADY_IN_OPERATOR_SET,
            lambda rows, call: any(
                [
                    rows.get(OPERATOR_SET_STRATEGIES, ((call.avs, call.operator_set_id), strategy)).is_member
                    for strategy in call.strategies
                ]
            ),
        ),
    ),
    RemoveStrategiesFromOperatorSet: (
        NOT_ITS_OWN_AVS,
        NO_SUCH_SET,
        Check(
            Reason.STRATEGY_NOT_IN_OPERATOR_SET,
            lambda rows, call: any(
                [
                    not rows.get(OPERATOR_SET_STRATEGIES, ((call.avs, call.operator_set_id), strategy)).is_member
                    for strategy in call.strategies
                ]
            ),
        ),
    ),
    UpdateSlasher: (
        Check(Reason.INVALID_PERMISSIONS, lambda _, call: call.sender != call.operator_set[0]),
        Check(Reason.INVALID_OPERATOR_SET, lambda rows, call: _any_missing(rows, [call.operator_set])),
        Check(Reason.INPUT_ADDRESS_ZERO, lambda rows, call: call.slasher == ZERO_ADDRESS),
    ),
    RegisterForOperatorSets: (
        NOT_ITS_OWN_OPERATOR,
        NO_OPERATOR,
        NO_SUCH_SETS,
        Check(
            Reason.ALREADY_MEMBER_OF_SET,
            lambda rows, call: any([_can_slash(rows, member_of, call.operator) for member_of in _sets(call)]),
        ),
        NO_REGISTRAR,
    ),
    DeregisterFromOperatorSets: (
        Check(Reason.INVALID_CALLER, lambda _, call: call.sender not in (call.operator, call.avs)),
        NO_SUCH_SETS,
        Check(
            Reason.NOT_MEMBER_OF_SET,
            lambda rows, call: any(
                [not rows.get(REGISTRATIONS, (call.operator, member_of)).is_registered for member_of in _sets(call)]
            ),
        ),
        NO_REGISTRAR,
    ),
    SetAllocationDelay: (NOT_ITS_OWN_OPERATOR, NO_OPERATOR),
    ModifyAllocations: (
        NOT_ITS_OWN_OPERATOR,
        Check(Reason.UNINITIALIZED_ALLOCATION_DELAY, lambda rows, call: delay_in_force(rows, call.operator) is None),
        Check(
            Reason.INPUT_ARRAY_LENGTH_MISMATCH,
            lambda rows, call: any(
                [len(request.strategies) != len(request.new_magnitudes) for request in call.requests]
            ),
        ),
        Check(
            Reason.INVALID_OPERATOR_SET,
            lambda rows, call: _any_missing(rows, [request.operator_set for request in call.requests]),
        ),
        Check(
            Reason.MODIFICATION_ALREADY_PENDING,
            lambda rows, call: any(
                [settled_magnitudes(rows, call.operator, of, strategy)[2] for of, strategy, _ in _changes(call)]
            ),
        ),
        Check(
            Reason.SAME_MAGNITUDE,
            lambda rows, call: any(
                [
                    settled_magnitudes(rows, call.operator, of, strategy)[0] == magnitude
                    for of, strategy, magnitude in _changes(call)
                ]
            ),
        ),
        Check(Reason.INSUFFICIENT_MAGNITUDE, _asks_for_more_than_is_free),
        Check(Reason.ARITHMETIC_PANIC, _takes_effect_in_no_block),
    ),
    ClearDeallocationQueue: (
        Check(
            Reason.INPUT_ARRAY_LENGTH_MISMATCH,
            lambda rows, call: len(call.strategies) != len(call.numbers_to_clear),
        ),
    ),
    SlashOperator: (
        Check(Reason.INPUT_ARRAY_LENGTH_MISMATCH, lambda rows, call: len(call.strategies) != len(call.wads_to_slash)),
        NO_SUCH_SET,
        Check(
            Reason.OPERATOR_NOT_SLASHABLE,
            lambda rows, call: not _can_slash(rows, (call.avs, call.operator_set_id), call.operator),
        ),
        Check(
            Reason.INVALID_CALLER,
            lambda rows, call: call.sender != slasher_in_force(rows, (call.avs, call.operator_set_id)),
        ),
        Check(
            Reason.STRATEGIES_MUST_BE_IN_ASCENDING_ORDER,
            lambda rows, call: not _is_in_ascending_order(rows, call.strategies),
        ),
        Check(
            Reason.INVALID_WAD_TO_SLASH,
            lambda rows, call: any([not 1 <= wad_to_slash <= WAD for wad_to_slash in call.wads_to_slash]),
        ),
        Check(
            Reason.STRATEGY_NOT_IN_OPERATOR_SET,
            lambda rows, call: any(
                [
                    not rows.get(OPERATOR_SET_STRATEGIES, ((call.avs, call.operator_set_id), strategy)).is_member
                    for strategy in call.strategies
                ]
            ),
        ),
    ),
    ClearBurnOrRedistributableShares: (Check(Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS, _is_slash_uncovered),),
    ClearBurnOrRedistributableSharesByStrategy: (
        Check(
            Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS,
            lambda rows, call: any(
                [
                    strategy == call.strategy and shares > rows.get(STRATEGIES, strategy).total_shares
                    for strategy, shares in _slashed(rows, call)
                ]
            ),
        ),
    ),
    BurnShares: (),
}


def first_reason(rows: Draft, call: Any) -> Reason | None:
    """The reason for which a call must be refused, or None if it must be accepted."""
    for check in CHECKS[type(call)]:
        if check.is_true(rows, call):
            return check.reason
    return None


def _has_large_number(value: Any) -> bool:
    """Whether a call says any number that may overflow."""
    if isinstance(value, int):
        return value >= LARGE
    if isinstance(value, tuple):
        return any([_has_large_number(item) for item in value])
    if isinstance(value, str):
        return False
    return any([_has_large_number(getattr(value, field.name)) for field in attr.fields(type(value))])


def _is_of_one_element(_before: View, call: Any) -> bool:
    """Whether the call's lists have at most one element each."""
    if isinstance(call, QueueWithdrawals):
        return len(call.requests) <= 1 and all([len(request.strategies) <= 1 for request in call.requests])
    if isinstance(call, ModifyAllocations):
        return len(call.requests) <= 1 and all([len(request.strategies) <= 1 for request in call.requests])
    if isinstance(call, CompleteQueuedWithdrawal):
        return len(call.completion.tokens) <= 1
    if isinstance(call, RegisterForOperatorSets | DeregisterFromOperatorSets):
        return len(call.operator_set_ids) <= 1
    if isinstance(call, CreateOperatorSets | CreateRedistributingOperatorSets):
        return len(call.requests) <= 1
    if isinstance(call, SlashOperator):
        return len(call.strategies) <= 1
    return True


def _is_refused_for_the_first_reason(refusal: Refusal) -> bool:
    reason = first_reason(refusal.before.rows, refusal.action)
    if refusal.reason is reason:
        return True
    if refusal.reason is Reason.INVALID_DEPOSIT_SCALING_FACTOR:
        return reason is None and isinstance(
            refusal.action, DepositIntoStrategy | DelegateTo | CompleteQueuedWithdrawal
        )
    return refusal.reason in OVERFLOWS and _has_large_number(refusal.action)


def _no_reason_is_true(step: Transition) -> bool:
    return first_reason(step.before.rows, step.action) is None


CALL_LAWS: Final = [
    LivenessLaw(
        "CALL-01",
        "A call is refused only for the first of its reasons, in the contracts' order, that is true.",
        "EigenLayer docs/core; the NatSpec of each contract's functions",
        _is_refused_for_the_first_reason,
        Scope(tuple(CHECKS)),
        concerns=_is_of_one_element,
    )
]
STEP_LAWS: Final = [
    StepLaw(
        "CALL-02",
        "No call is accepted against which a reason is true: who calls, what exists, what is held, what time it is.",
        "EigenLayer docs/core, docs/permissions; Certora: canOnlyDelegateWithSpecificFunctions",
        _no_reason_is_true,
        Scope(tuple([action for action, checks in CHECKS.items() if checks])),
    )
]
