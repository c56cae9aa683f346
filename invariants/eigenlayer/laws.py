"""EigenLayer's laws.

Three sums carry them. Notation in sentences: `m` is an operator's max magnitude in a strategy, W is WAD, `O` the
operator's shares.
"""

from typing import Final

from invariants.eigenlayer import calls, effects, frames
from invariants.law import Catalogue, LivenessLaw, Refusal, Scope, StateLaw, StepLaw, Sum, Transition, View, written
from spec.arithmetic import WAD
from spec.eigenlayer.actions import (
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    SlashOperator,
)
from spec.eigenlayer.allocation import settled_allocation
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BALANCE_OFFSET, SHARES_OFFSET, ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.shares import scaled_shares
from spec.eigenlayer.state import (
    ALLOCATIONS,
    CONFIG,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    SLASHED_SHARES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    Pair,
)
from spec.eigenlayer.views import queued_shares_of
from spec.machine import ONLY, Draft

BALANCES: Final = Sum("balances", TOKEN_BALANCES, lambda _rows, key, _row: key[0], lambda row: row.amount)
"""Token -> what all accounts hold of it."""

ALLOCATED: Final = Sum(
    "allocated",
    ALLOCATIONS,
    lambda _rows, key, _row: (key[0], key[2]),
    lambda row: row.current_magnitude + max(row.pending_diff_magnitude, 0),
)
"""(operator, strategy) -> magnitude allocated to all its operator sets, pending allocations included."""


def _delegated_group(rows: Draft, key: Pair, _row: object) -> Pair:
    return (rows.get(STAKERS, key[0]).delegated_to, key[1])


ACTIVE: Final = Sum(
    "active",
    STAKER_SHARES,
    _delegated_group,
    lambda row: scaled_shares(row.deposit_shares, row.deposit_scaling_factor_wad),
)
"""(operator, strategy) -> scaled shares of all its stakers; under ZERO_ADDRESS those of stakers without an operator."""

OPERATORS_SHARES: Final = Sum(
    "operators_shares", OPERATOR_SHARES, lambda _rows, key, _row: key[1], lambda row: row.shares
)
"""Strategy -> shares of all operators."""

TO_BURN: Final = Sum("to_burn", SLASHED_SHARES, lambda _rows, key, _row: key[2], lambda row: row.shares)
"""Strategy -> shares that slashes took and that are still to be burned or redistributed."""

QUEUED_ENTRIES: Final = Sum(
    "queued_entries", QUEUED_SHARES, lambda _rows, _key, row: row.strategy or None, lambda _row: 1
)
"""Strategy -> how often shares of it were ever queued for withdrawal."""


def _encumbered_is_allocated(view: View, subject: Pair) -> bool:
    return view.rows.get(ENCUMBERED_MAGNITUDES, subject).magnitude == view.total(ALLOCATED, subject)


def _magnitudes_are_ordered(view: View, subject: Pair) -> bool:
    encumbered_magnitude = view.rows.get(ENCUMBERED_MAGNITUDES, subject).magnitude
    return 0 <= encumbered_magnitude <= MAX_MAGNITUDES.latest(view.rows, subject) <= WAD


def _allocation_is_sound(view: View, subject: tuple[str, tuple[str, int], str]) -> bool:
    row = view.rows.get(ALLOCATIONS, subject)
    return row.current_magnitude >= 0 and 0 <= row.current_magnitude + row.pending_diff_magnitude <= WAD


def _operator_covers_its_stakers(view: View, subject: Pair) -> bool:
    if subject[0] == ZERO_ADDRESS:
        return True
    owed_wad = view.total(ACTIVE, subject) * MAX_MAGNITUDES.latest(view.rows, subject)
    return owed_wad <= view.rows.get(OPERATOR_SHARES, subject).shares * WAD


def _strategy_covers_claims(view: View, strategy: str) -> bool:
    claimed_shares = (
        view.total(OPERATORS_SHARES, strategy)
        + view.total(ACTIVE, (ZERO_ADDRESS, strategy))
        + view.total(TO_BURN, strategy)
    )
    return claimed_shares <= view.rows.get(STRATEGIES, strategy).total_shares + view.total(QUEUED_ENTRIES, strategy)


def _tokens_are_conserved(view: View, token: str) -> bool:
    return view.total(BALANCES, token) == view.total_at_start(BALANCES, token)


def _max_magnitudes_never_grow(step: Transition) -> bool:
    return all(
        MAX_MAGNITUDES.latest(step.after.rows, key) <= MAX_MAGNITUDES.latest(step.before.rows, key)
        for key in written(step.delta, MAX_MAGNITUDES.heads)
    )


def _slash_takes_its_fraction(step: Transition) -> bool:
    """The magnitude taken is the fraction of what was allocated, up to one unit, and leaves all three places alike."""
    action = step.action
    assert isinstance(action, SlashOperator)
    block = current_block(step.before.rows)
    for strategy, wad_to_slash in zip(action.strategies, action.wads_to_slash, strict=True):
        of_operator: Pair = (action.operator, strategy)
        key = (action.operator, (action.avs, action.operator_set_id), strategy)
        before = settled_allocation(step.before.rows.get(ALLOCATIONS, key), block)
        after = settled_allocation(step.after.rows.get(ALLOCATIONS, key), block)
        taken_magnitude = before.current_magnitude - after.current_magnitude
        fallen_magnitude = MAX_MAGNITUDES.latest(step.before.rows, of_operator) - MAX_MAGNITUDES.latest(
            step.after.rows, of_operator
        )
        if taken_magnitude != fallen_magnitude:
            return False
        if not 0 <= taken_magnitude * WAD - before.current_magnitude * wad_to_slash < WAD:
            return False
    return True


def _slash_takes_no_more_shares(step: Transition) -> bool:
    """An operator's shares lose at most the fraction by which the max magnitude fell, and at least that less one."""
    action = step.action
    assert isinstance(action, SlashOperator)
    for strategy in action.strategies:
        of_operator: Pair = (action.operator, strategy)
        max_magnitude_before = MAX_MAGNITUDES.latest(step.before.rows, of_operator)
        fallen_magnitude = max_magnitude_before - MAX_MAGNITUDES.latest(step.after.rows, of_operator)
        shares_before = step.before.rows.get(OPERATOR_SHARES, of_operator).shares
        taken_shares = shares_before - step.after.rows.get(OPERATOR_SHARES, of_operator).shares
        due_by_magnitude = shares_before * fallen_magnitude
        if not taken_shares * max_magnitude_before <= due_by_magnitude < (taken_shares + 1) * max_magnitude_before:
            return fallen_magnitude == 0 and taken_shares == 0
    return True


def _slash_touches_one_set(step: Transition) -> bool:
    action = step.action
    assert isinstance(action, SlashOperator)
    operator_set = (action.avs, action.operator_set_id)
    allocations = {(action.operator, operator_set, strategy) for strategy in action.strategies}
    shares = {(action.operator, strategy) for strategy in action.strategies}
    return (
        set(written(step.delta, ALLOCATIONS)) <= allocations
        and set(written(step.delta, OPERATOR_SHARES)) <= shares
        and not written(step.delta, STAKER_SHARES)
    )


def _completion_waits_and_happens_once(step: Transition) -> bool:
    block = current_block(step.before.rows)
    delay_blocks = step.before.rows.get(CONFIG, ONLY).min_withdrawal_delay_blocks
    for key in written(step.delta, WITHDRAWALS):
        before = step.before.rows.get(WITHDRAWALS, key)
        if not before.is_pending or block <= before.start_block + delay_blocks:
            return False
        if step.after.rows.get(WITHDRAWALS, key).is_pending:
            return False
    return True


def _exchange_rate_never_falls(step: Transition) -> bool:
    for strategy in written(step.delta, STRATEGIES):
        before, after = step.before.rows.get(STRATEGIES, strategy), step.after.rows.get(STRATEGIES, strategy)
        account: Pair = (before.underlying_token, strategy)
        balance_before = step.before.rows.get(TOKEN_BALANCES, account).amount + BALANCE_OFFSET
        balance_after = step.after.rows.get(TOKEN_BALANCES, account).amount + BALANCE_OFFSET
        if balance_after * (before.total_shares + SHARES_OFFSET) < balance_before * (
            after.total_shares + SHARES_OFFSET
        ):
            return False
    return True


def _nobody_is_never_slashed(view: View, subject: Pair) -> bool:
    if subject[0] != ZERO_ADDRESS:
        return True
    return MAX_MAGNITUDES.latest(view.rows, subject) == WAD and view.rows.get(OPERATOR_SHARES, subject).shares == 0


def _is_due_completion(before: View, action: object) -> bool:
    """Whether somebody completes a withdrawal of its own, as it was queued, after the delay, with the right tokens."""
    if not isinstance(action, CompleteQueuedWithdrawal) or action.sender != action.completion.staker:
        return False
    completion = action.completion
    withdrawal = before.rows.get(WITHDRAWALS, (completion.staker, completion.nonce))
    if not withdrawal.is_pending or completion.is_tampered or len(completion.tokens) != withdrawal.strategy_count:
        return False
    delay_blocks = before.rows.get(CONFIG, ONLY).min_withdrawal_delay_blocks
    if current_block(before.rows) <= withdrawal.start_block + delay_blocks:
        return False
    for position, token in enumerate(completion.tokens):
        strategy = before.rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        if before.rows.get(STRATEGIES, strategy).underlying_token != token:
            return False
    return True


def _due_completion_is_refused_with_reason(refusal: Refusal) -> bool:
    """As shares: today's operator, or the staker's own list, has no room for them. As tokens: dust has left too few.

    Token amounts so large that products overflow are not the law's business.
    """
    action = refusal.action
    assert isinstance(action, CompleteQueuedWithdrawal)
    if refusal.reason is Reason.ARITHMETIC_PANIC:
        return True
    if not action.completion.receive_as_tokens:
        return refusal.reason in (
            Reason.FULLY_SLASHED,
            Reason.INVALID_DEPOSIT_SCALING_FACTOR,
            Reason.MAX_STRATEGIES_EXCEEDED,
        )
    if refusal.reason is not Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS:
        return False
    rows, completion = refusal.before.rows, action.completion
    due_shares: dict[str, int] = {}
    for position in range(len(completion.tokens)):
        strategy = rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        shares = queued_shares_of(rows, completion.staker, completion.nonce, position)
        due_shares[strategy] = due_shares.get(strategy, 0) + shares
    return all(
        shares <= rows.get(STRATEGIES, strategy).total_shares + refusal.before.total(QUEUED_ENTRIES, strategy)
        for strategy, shares in due_shares.items()
    )


def _same(key: object) -> object:
    return key


CATALOGUE: Final = Catalogue(
    sums=[BALANCES, ALLOCATED, ACTIVE, OPERATORS_SHARES, TO_BURN, QUEUED_ENTRIES, *effects.SUMS],
    state_laws=[
        *effects.STATE_LAWS,
        StateLaw(
            "MAG-01",
            "An operator's encumbered magnitude is the sum of its allocations, pending ones included.",
            "EigenLayer Certora: encumberedMagnitudeEqSumOfCurrentMagnitudesAndPositivePending",
            _encumbered_is_allocated,
            rows={ENCUMBERED_MAGNITUDES: _same},
            sums={ALLOCATED: _same},
        ),
        StateLaw(
            "MAG-02",
            "0 <= encumbered magnitude <= max magnitude <= WAD.",
            "EigenLayer Certora: maxMagnitudeGEencumberedMagnitude, maxMagnitudeLeqWAD",
            _magnitudes_are_ordered,
            rows={ENCUMBERED_MAGNITUDES: _same, MAX_MAGNITUDES.heads: _same},
        ),
        StateLaw(
            "MAG-03",
            "An allocation and what its pending change will make of it are between 0 and WAD.",
            "EigenLayer Certora: negativePendingDiffAtMostCurrentMagnitude, sumOfPendingDiff",
            _allocation_is_sound,
            rows={ALLOCATIONS: _same},
        ),
        StateLaw(
            "DELEG-01",
            "An operator's shares cover what all its stakers can withdraw: (sum of scaled shares) * m <= O * W.",
            "EigenLayer docs, SharesAccountingEdgeCases; DelegationManagerStorage.operatorShares",
            _operator_covers_its_stakers,
            rows={OPERATOR_SHARES: _same, MAX_MAGNITUDES.heads: _same},
            sums={ACTIVE: _same},
        ),
        StateLaw(
            "DELEG-02",
            "Stake that is delegated to nobody is never slashed, and counts as no operator's.",
            "DelegationManager: the magnitude of address zero",
            _nobody_is_never_slashed,
            rows={OPERATOR_SHARES: _same, MAX_MAGNITUDES.heads: _same},
        ),
        StateLaw(
            "SOLV-01",
            "A strategy's shares cover operators, stakers without one, and slashes to pay out, up to one share for "
            "each time its shares were queued.",
            "This project; the bound is not tight, see docs/laws.md",
            _strategy_covers_claims,
            rows={STRATEGIES: _same},
            sums={
                OPERATORS_SHARES: _same,
                TO_BURN: _same,
                ACTIVE: lambda group: group[1],
                QUEUED_ENTRIES: _same,
            },
        ),
        StateLaw(
            "CONS-01",
            "No token is made or lost: deposited = held + withdrawn + burned + redistributed, to the wei.",
            "This project",
            _tokens_are_conserved,
            rows={},
            sums={BALANCES: _same},
        ),
    ],
    step_laws=[
        *calls.STEP_LAWS,
        *frames.STEP_LAWS,
        *effects.STEP_LAWS,
        StepLaw(
            "MAG-04",
            "A max magnitude never grows.",
            "EigenLayer Certora: maxMagnitudeMonotonicallyDecreasing",
            _max_magnitudes_never_grow,
            scope=Scope(tables=(MAX_MAGNITUDES.heads,)),
        ),
        StepLaw(
            "SLASH-01",
            "A slash takes the fraction asked for of what the set had allocated, rounded up to one unit of magnitude.",
            "AllocationManager._slashOperator",
            _slash_takes_its_fraction,
            scope=Scope((SlashOperator,)),
        ),
        StepLaw(
            "SLASH-02",
            "A slash takes no more shares than the fall of the max magnitude, and less than one share less.",
            "EigenLayer Certora: noOverslashingOfOperatorShares",
            _slash_takes_no_more_shares,
            scope=Scope((SlashOperator,)),
        ),
        StepLaw(
            "SLASH-03",
            "A slash changes no allocation to another set, no other operator's shares and no staker's deposit.",
            "ELIP-002, unique stake",
            _slash_touches_one_set,
            scope=Scope((SlashOperator,)),
        ),
        StepLaw(
            "EXIT-01",
            "A withdrawal is completed once, and only after the withdrawal delay.",
            "EigenLayer Certora: withdrawalDelayIsEnforced",
            _completion_waits_and_happens_once,
            scope=Scope((CompleteQueuedWithdrawal, CompleteQueuedWithdrawals)),
        ),
        StepLaw(
            "ROUND-01",
            "No step lowers a strategy's exchange rate: every division rounds for those who stay.",
            "StrategyBase",
            _exchange_rate_never_falls,
            scope=Scope(tables=(STRATEGIES,)),
        ),
    ],
    liveness_laws=[
        *calls.CALL_LAWS,
        LivenessLaw(
            "EXIT-02",
            "After the delay a withdrawal can be completed: as shares unless the operator is fully slashed or the "
            "staker's list is full, as tokens unless dust is missing, at most SOLV-01's.",
            "This project; DelegationManager._completeQueuedWithdrawal",
            _due_completion_is_refused_with_reason,
            Scope((CompleteQueuedWithdrawal,)),
            concerns=_is_due_completion,
        ),
    ],
    witnesses=[],
)
