"""EigenLayer's laws of solvency: a strategy's shares cover the claims on it, and an operator's shares its stakers'.

Debt is the excess of the claims on a strategy over its shares. It is counted in shares times WAD, because a row of
QUEUED_SHARES is worth fractions of a share: its scaled shares times a magnitude. That is the operator's current
magnitude, or the one when the row's slashing window closed.

Two roundings create debt. An operator gives up a whole number of shares for each row that is queued. And a slash takes
its part of the queue's sum as if no row in it were rounded. Both vanish when a withdrawal pays its whole shares, unless
it was slashed while it waited. So debt is less than one share for each row queued from an operator slashed before:
while it waits, and for ever if it is slashed again meanwhile.
"""

from typing import Any, Final, cast

from invariants.law import AnyStep, KnownViolation, ReadingSum, Scope, StateLaw, StepLaw, Sum, View, written
from spec.arithmetic import WAD, mul_div_floor
from spec.eigenlayer.actions import SlashOperator
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.presets import V1_12_0, V1_13_1
from spec.eigenlayer.shares import scaled_shares
from spec.eigenlayer.state import (
    CLOCK,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    SLASHED_SHARES,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    WITHDRAWALS,
    OperatorSet,
    Pair,
    QueuedShares,
    StakerShares,
)
from spec.machine import SINGLETON, Draft


def _delegated_group(rows: Draft, key: Pair, _row: object) -> Pair:
    return (rows.get(STAKERS, key[0]).delegated_to, key[1])


def _scaled(row: StakerShares) -> int:
    return scaled_shares(row.deposit_shares, row.deposit_scaling_factor_wad)


ACTIVE: Final = Sum("active", STAKER_SHARES, _delegated_group, _scaled, also_reads=(STAKERS,))
"""A sum per (operator, strategy): the scaled shares of the operator's stakers.

The groups of ZERO_ADDRESS count stakers without an operator.
"""


OPERATORS_SHARES: Final = Sum(
    "operators_shares", OPERATOR_SHARES, lambda _rows, key, _row: key[1], lambda row: row.shares
)
"""A sum per strategy: the shares of all operators."""


TO_BURN: Final = Sum("to_burn", SLASHED_SHARES, lambda _rows, key, _row: key[2], lambda row: row.shares)
"""A sum per strategy: the slashed shares that are not burned or redistributed yet."""


def _block_group(_rows: Draft, _key: object, row: QueuedShares) -> tuple[str, str, int]:
    return (row.operator, row.strategy, row.start_block)


def _queued(row: QueuedShares) -> int:
    return row.scaled_shares


def _waits(row: QueuedShares) -> int:
    return 1 if row.scaled_shares else 0


QUEUED_AT: Final = Sum("queued_at", QUEUED_SHARES, _block_group, _queued)
"""A sum per (operator, strategy, block): the scaled shares queued in that block from the operator and not completed."""


WAITING_AT: Final = Sum("waiting_at", QUEUED_SHARES, _block_group, _waits)
"""A sum per (operator, strategy, block): the number of rows of QUEUED_SHARES made in that block that are not completed.
"""


def slashing_factor(rows: Draft, row: QueuedShares) -> int:
    """The magnitude with which queued shares are paid: the current one, or that of the last block of their slashing
    window.
    """
    operator_strategy: Pair = (row.operator, row.strategy)
    if MAX_MAGNITUDES.latest(rows, operator_strategy) == WAD:
        return WAD
    return MAX_MAGNITUDES.value_at(
        rows, operator_strategy, row.start_block + rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
    )


def queued_in_window(rows: Draft, operator: str, strategy: str) -> int:
    """The scaled shares queued within the last withdrawal delay, which slashes can still reach, as the history counts
    them.

    The history is that of an operator's queued shares in a strategy.
    """
    operator_strategy: Pair = (operator, strategy)
    last_closed_block = current_block(rows) - rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks - 1
    return CUMULATIVE_SCALED_SHARES.latest(rows, operator_strategy) - CUMULATIVE_SCALED_SHARES.value_at(
        rows, operator_strategy, last_closed_block
    )


def _strategy_group(_rows: Draft, _key: object, row: QueuedShares) -> str | None:
    return row.strategy or None


def _operator_group(_rows: Draft, _key: object, row: QueuedShares) -> Pair | None:
    return (row.operator, row.strategy) if row.strategy else None


class _OpenShares(Sum):
    """A sum of the queued scaled shares whose slashing window is open. It falls as time passes."""

    def worth(self, rows: Draft, row: Any) -> int:
        """The scaled shares of one row of QUEUED_SHARES, or 0 once its slashing window is closed."""
        if row.scaled_shares == 0:
            return 0
        last_block = row.start_block + rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks
        return cast(int, row.scaled_shares) if last_block >= current_block(rows) else 0


QUEUED_OPEN: Final = _OpenShares("queued_open", QUEUED_SHARES, _operator_group, _queued, also_reads=(CLOCK, CONFIG))
"""A sum per (operator, strategy): the queued scaled shares whose slashing window is open."""


def _slash_revalues_window(before: View, after: Draft, operator_strategy: Pair) -> list[tuple[object, int]]:
    """The change of a strategy's queued value by a slash, as one pair of the strategy and the change in shares times
    WAD.

    A slash reduces all queued shares in the slashing window alike. In releases where all scaled shares count for
    slashes, the shares reduced are those that the history counts. Where only whole shares count, at least as many are
    reduced.
    """
    fallen_magnitude = MAX_MAGNITUDES.latest(before.rows, operator_strategy) - MAX_MAGNITUDES.latest(
        after, operator_strategy
    )
    open_shares = queued_in_window(after, operator_strategy[0], operator_strategy[1])
    if after.get(CONFIG, SINGLETON).queue_counts_whole_shares:
        open_shares = max(open_shares, before.total(QUEUED_OPEN, operator_strategy))
    return [(operator_strategy[1], -fallen_magnitude * open_shares)]


def _queued_value_wad(rows: Draft, row: QueuedShares) -> int:
    return row.scaled_shares * slashing_factor(rows, row) if row.scaled_shares else 0


QUEUED_VALUE_WAD: Final = ReadingSum(
    "queued_value_wad",
    QUEUED_SHARES,
    _strategy_group,
    _queued_value_wad,
    {MAX_MAGNITUDES.heads: _slash_revalues_window},
    also_reads=(MAX_MAGNITUDES.heads, MAX_MAGNITUDES.checkpoints, CONFIG),
)
"""A sum per strategy: the payout of all queued shares without further slashes, in shares times WAD, unrounded."""


def left_a_slashed_operator(rows: Draft, row: QueuedShares) -> bool:
    """True if shares were queued after their operator had been slashed, so that a fraction of a share may be lost.

    The history of magnitudes has one value per block, so a slash later in the block of queueing counts too.
    """
    operator_strategy: Pair = (row.operator, row.strategy)
    return (
        MAX_MAGNITUDES.latest(rows, operator_strategy) != WAD
        and MAX_MAGNITUDES.value_at(rows, operator_strategy, row.start_block) != WAD
    )


def _first_slash_of_a_block(before: View, after: Draft, operator_strategy: Pair) -> list[tuple[object, int]]:
    """The change of FRACTIONS_WAITING by an operator's first slash, as one pair of the strategy and the number of rows.

    Rows queued earlier in the slash's block now count as queued from a slashed operator. Later slashes change nothing:
    the list is empty.
    """
    was_whole = MAX_MAGNITUDES.latest(before.rows, operator_strategy) == WAD
    is_whole = MAX_MAGNITUDES.latest(after, operator_strategy) == WAD
    if was_whole == is_whole:
        return []
    waiting = before.total(WAITING_AT, (operator_strategy[0], operator_strategy[1], current_block(after)))
    return [(operator_strategy[1], waiting if was_whole else -waiting)]


def _waits_for_a_fraction(rows: Draft, row: QueuedShares) -> int:
    return 1 if row.scaled_shares and left_a_slashed_operator(rows, row) else 0


FRACTIONS_WAITING: Final = ReadingSum(
    "fractions_waiting",
    QUEUED_SHARES,
    _strategy_group,
    _waits_for_a_fraction,
    {MAX_MAGNITUDES.heads: _first_slash_of_a_block},
    also_reads=(MAX_MAGNITUDES.heads, MAX_MAGNITUDES.checkpoints),
)
"""A sum per strategy: the number of rows of QUEUED_SHARES that are not completed and came from an operator slashed
before.
"""


def _completed_group(rows: Draft, key: tuple[str, int, int], row: QueuedShares) -> str | None:
    """The group of a row of QUEUED_SHARES: its strategy if it is completed, or None if it is still queued or has no
    strategy.

    A pending row may have zero scaled shares, so its withdrawal is checked as well.
    """
    if row.scaled_shares or rows.get(WITHDRAWALS, (key[0], key[1])).is_pending:
        return None
    return row.strategy or None


def _left_a_fraction(rows: Draft, row: QueuedShares) -> int:
    if row.scaled_shares or not row.strategy or not left_a_slashed_operator(rows, row):
        return 0
    before_magnitude = MAX_MAGNITUDES.value_at(rows, (row.operator, row.strategy), row.start_block - 1)
    return 1 if slashing_factor(rows, row) < before_magnitude else 0


FRACTIONS_LEFT: Final = ReadingSum(
    "fractions_left",
    QUEUED_SHARES,
    _completed_group,
    _left_a_fraction,
    {},
    also_reads=(MAX_MAGNITUDES.heads, MAX_MAGNITUDES.checkpoints, CONFIG, WITHDRAWALS),
)
"""A sum per strategy: the number of completed rows of QUEUED_SHARES from an operator slashed before, and slashed while
queued.
"""


class _WholeShares(Sum):
    """A sum of the payouts of rows of QUEUED_SHARES, each rounded down to whole shares.

    Proofs do not support this sum, so it does not declare how slashes change it. Only law SOLV-02, a known violation,
    uses it.
    """

    def worth(self, rows: Draft, row: Any) -> int:
        """The whole shares that one row of QUEUED_SHARES pays, rounded down; 0 once the row is completed."""
        return mul_div_floor(row.scaled_shares, slashing_factor(rows, row), WAD) if row.scaled_shares else 0


QUEUED_SHARES_DUE: Final = _WholeShares(
    "queued_shares_due",
    QUEUED_SHARES,
    _strategy_group,
    _queued,
    also_reads=(MAX_MAGNITUDES.heads, MAX_MAGNITUDES.checkpoints, CONFIG),
)
"""A sum per strategy: the payout of all rows of QUEUED_SHARES without further slashes, each rounded down to whole
shares.
"""


def claimed_beside_queue(view: View, strategy: str) -> int:
    """The shares of a strategy claimed by operators, by undelegated stakers, and by slashes not paid out yet, but not
    by queued withdrawals.
    """
    return (
        view.total(OPERATORS_SHARES, strategy)
        + view.total(ACTIVE, (ZERO_ADDRESS, strategy))
        + view.total(TO_BURN, strategy)
        + view.rows.get(STRATEGIES, strategy).legacy_burnable_shares
    )


def debt_wad(view: View, strategy: str) -> int:
    """The excess of the claims on a strategy over its shares, in shares times WAD; negative if the shares exceed the
    claims.
    """
    uncovered_shares = claimed_beside_queue(view, strategy) - view.rows.get(STRATEGIES, strategy).total_shares
    return uncovered_shares * WAD + view.total(QUEUED_VALUE_WAD, strategy)


def fractions(view: View, strategy: str) -> int:
    """The number of rows of QUEUED_SHARES that may each leave a fraction of a share unpaid, queued and
    completed ones.
    """
    return view.total(FRACTIONS_WAITING, strategy) + view.total(FRACTIONS_LEFT, strategy)


def _debt_is_dust(view: View, strategy: str) -> bool:
    return strategy == BEACON_CHAIN_ETH or debt_wad(view, strategy) <= fractions(view, strategy) * (WAD - 1)


def _every_whole_share_is_covered(view: View, strategy: str) -> bool:
    if strategy == BEACON_CHAIN_ETH:
        return True
    claimed_shares = claimed_beside_queue(view, strategy) + view.total(QUEUED_SHARES_DUE, strategy)
    return claimed_shares <= view.rows.get(STRATEGIES, strategy).total_shares


def fraction_wad(shares: int, magnitude: int) -> int:
    """The fraction that rounding down loses when scaled shares are paid at a magnitude, in shares times WAD."""
    return shares * magnitude - mul_div_floor(shares, magnitude, WAD) * WAD


def _touched(step: AnyStep) -> list[str]:
    """The token strategies whose shares, or claims on them, a step writes, each once."""
    strategies: dict[str, bool] = {}
    for write in step.delta.writes:
        table = write.table
        if table is STRATEGIES:
            strategy = cast(str, write.key)
        elif table is OPERATOR_SHARES or table is STAKER_SHARES:
            strategy = cast(Pair, write.key)[1]
        elif table is SLASHED_SHARES:
            strategy = cast("tuple[OperatorSet, int, str]", write.key)[2]
        elif table is QUEUED_SHARES:
            strategy = cast(QueuedShares, write.row).strategy
        else:
            continue
        if strategy != BEACON_CHAIN_ETH:
            strategies[strategy] = True
    return list(strategies)


def _moved_wad(step: AnyStep, strategy: str) -> int:
    """The change of a strategy's debt in a step, in shares times WAD."""
    before, after = step.before.rows.get(STRATEGIES, strategy), step.after.rows.get(STRATEGIES, strategy)
    moved_shares = (
        step.before.moved(OPERATORS_SHARES, strategy)
        + step.before.moved(ACTIVE, (ZERO_ADDRESS, strategy))
        + step.before.moved(TO_BURN, strategy)
        + after.legacy_burnable_shares
        - before.legacy_burnable_shares
    )
    moved_shares -= after.total_shares - before.total_shares
    return moved_shares * WAD + step.before.moved(QUEUED_VALUE_WAD, strategy)


def _rounded_wad(step: AnyStep, queued: list[tuple[str, int, int]], strategy: str) -> int:
    """The change in a step of the fractions of a share that rounding down loses in queued shares, in shares times WAD.

    New rows add the fraction that the operator does not give up; completed rows subtract theirs. `queued` are the keys
    of QUEUED_SHARES that the step writes.
    """
    rounded_wad = 0
    for key in queued:
        before, after = step.before.rows.get(QUEUED_SHARES, key), step.after.rows.get(QUEUED_SHARES, key)
        if after.strategy == strategy:
            rounded_wad -= fraction_wad(before.scaled_shares, slashing_factor(step.before.rows, before))
            rounded_wad += fraction_wad(after.scaled_shares, slashing_factor(step.after.rows, after))
    return rounded_wad


def _debt_moves_by_roundings(step: AnyStep) -> bool:
    """True if each strategy's debt changes by exactly the fractions of a share in the rows that are queued or
    completed.

    A slash may also lower the debt by less than two shares per strategy, as it rounds down twice what it takes from the
    queue. Where only whole shares count for slashes, it also lowers the debt by what it takes from scaled shares that
    do not count.
    """
    queued = written(step.delta, QUEUED_SHARES)
    return all(
        _least_moved_wad(step, strategy) <= _moved_wad(step, strategy) - _rounded_wad(step, queued, strategy) <= 0
        for strategy in _touched(step)
    )


def _least_moved_wad(step: AnyStep, strategy: str) -> int:
    call, before = step.action, step.before.rows
    if not isinstance(call, SlashOperator):
        return 0
    forgiven_wad = 2 * WAD - 1
    if before.get(CONFIG, SINGLETON).queue_counts_whole_shares:
        operator_strategy: Pair = (call.operator, strategy)
        fallen_magnitude = MAX_MAGNITUDES.latest(before, operator_strategy) - MAX_MAGNITUDES.latest(
            step.after.rows, operator_strategy
        )
        counted = queued_in_window(before, call.operator, strategy)
        forgiven_wad += fallen_magnitude * max(step.before.total(QUEUED_OPEN, operator_strategy) - counted, 0)
    return -forgiven_wad


def _same(key: object) -> object:
    return key


SUMS: Final[list[Sum]] = [
    ACTIVE,
    OPERATORS_SHARES,
    TO_BURN,
    QUEUED_AT,
    WAITING_AT,
    QUEUED_OPEN,
    QUEUED_VALUE_WAD,
    QUEUED_SHARES_DUE,
    FRACTIONS_WAITING,
    FRACTIONS_LEFT,
]


CLAIMS: Final[dict[Sum, Any]] = {
    OPERATORS_SHARES: _same,
    TO_BURN: _same,
    ACTIVE: lambda group: group[1],
    QUEUED_VALUE_WAD: _same,
    FRACTIONS_WAITING: _same,
    FRACTIONS_LEFT: _same,
}


ONE_SHARE_SHORT: Final = "The last to leave a strategy may find a share too few, and waits until somebody deposits it."
KNOWN_FALSE: Final[dict[str, dict[str, KnownViolation]]] = {
    V1_12_0.name: {
        "SOLV-02": KnownViolation("SOLV-01", "eigenlayer_last_exit_one_share_short.json", ONE_SHARE_SHORT),
    },
    V1_13_1.name: {
        "SOLV-02": KnownViolation("SOLV-01", "eigenlayer_v1_13_1_last_exit_one_share_short.json", ONE_SHARE_SHORT),
    },
}
"""For each release, by name, the laws that it violates, by id."""


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "SOLV-01",
        "A strategy's shares cover every claim: operators, undelegated stakers, withdrawals and unpaid slashes. "
        "They fall short by less than one share for each withdrawal from an operator slashed before, that waits "
        "or was slashed while it waited.",
        "This project; DelegationManager.slashOperatorShares, _completeQueuedWithdrawal",
        _debt_is_dust,
        rows={STRATEGIES: _same},
        sums=CLAIMS,
    ),
    StateLaw(
        "SOLV-02",
        "A strategy's shares cover every claim on it exactly, each waiting withdrawal counted at its whole shares.",
        "This project",
        _every_whole_share_is_covered,
        rows={STRATEGIES: _same},
        sums={
            OPERATORS_SHARES: _same,
            TO_BURN: _same,
            ACTIVE: lambda group: group[1],
            QUEUED_SHARES_DUE: _same,
        },
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "SOLV-03",
        "A step changes the excess of claims over a strategy's shares by exactly the fractions that it queues or "
        "completes. A slash lowers it by less than two shares, and by the worth of what it took from scaled shares "
        "that do not count for slashes (v1.13.1).",
        "This project",
        _debt_moves_by_roundings,
        Scope(tables=(STRATEGIES, OPERATOR_SHARES, STAKER_SHARES, SLASHED_SHARES, QUEUED_SHARES)),
    ),
]
