"""The totals of sums, as unknown functions of their groups: before a step, and after it from what the step writes."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import z3

from proofs.paths import Term, path, refuse
from proofs.shapes import flatten, identity
from proofs.symbols import SymInt


class Totals:
    """The totals of sums in one symbolic state: each sum is an unknown function of its group."""

    def __init__(
        self, sums_asked: Callable[[Any, Any], None], suffixes: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._asked: Final = sums_asked
        self.refuse_other_groups: Callable[[Any, Any], None] = lambda _total, _group: None
        self.suffixes: Final = suffixes
        """The map from the name of a sum to the suffix that separates its function from that of another state."""
        self._terms: Final[dict[object, tuple[Any, Term]]] = {}

    def now(self, total: Any, group: Any) -> Any:
        """The total of a group in this state; the read is recorded. 0 if the group is None."""
        if group is None:
            return 0
        self._asked(total, group)
        return SymInt(self.term(total, group))

    def term(self, total: Any, group: Any) -> Term:
        """The term for the total of a group in this state; the read is not recorded."""
        place = (total.name, identity(group))
        found = self._terms.get(place)
        if found is None:
            # The group is kept as well, so that the numbers of its terms are not reused.
            found = self._terms[place] = (group, sum_term(total, group, self.suffixes.get(total.name, "")).term)
        return found[1]

    def at_start(self, total: Any, group: Any) -> Any:
        """The total of a group at genesis, as an unknown number that no call changes."""
        self.refuse_other_groups(total, group)
        return sum_term(total, group, "!start")


class TotalsAfter:
    """The totals of sums after a step. Each is the total before, plus what the written rows add now, less what they
    added before, plus what other rows change in worth.

    For `falling` sums an unknown non-negative amount is subtracted, since unwritten rows may have lost worth. For
    `rising` sums such an amount is added.
    """

    def __init__(
        self,
        before: Totals,
        view_before: Any,
        rows_after: Any,
        delta: Any,
        theory: Any,
        worth: Callable[[Any, Any, Any, Any], Any],
    ) -> None:
        self._before: Final = before
        self._theory: Final = theory
        self._worth: Final = worth
        self.view: Any = None
        """The view of the state after the step, to which these totals belong."""
        self._view_before: Final = view_before
        self._rows_before: Final = view_before.rows
        self._rows_after: Final = rows_after
        self._delta: Final = delta

    def now(self, total: Any, group: Any) -> Any:
        """The total of a group in the state after the step; 0 if the group is None. The read of the total before is
        recorded.
        """
        if group is None:
            return 0
        result = self._before.now(total, group)
        for write in self._delta.writes:
            if write.table is not total.table or total in self._theory.sums.nested:
                continue
            row = self._rows_before.get(write.table, write.key)
            result = result + self._grown(total, group, write.key, row, write.row)
            result = result - self._revalued(total, group, write.key, row)
        if total in self._theory.sums.nested:
            result = result + self._nested_grown(total, group)
        for write in self._delta.writes:
            moves = getattr(total, "moves", {}).get(write.table)
            for moved, by in () if moves is None else moves(self._view_before, self._rows_after, write.key):
                if moved == group:
                    path().sees_change = True
                    result = result + by
        if group is not None and any([total is known for known in self._theory.sums.falling]):
            fallen = sum_term(total, group, "!fallen")
            path().sees_change = True
            path().assume(fallen.term >= 0)
            result = result - fallen
        if group is not None and any([total is known for known in self._theory.sums.rising]):
            risen = sum_term(total, group, "!risen")
            path().sees_change = True
            path().assume(risen.term >= 0)
            result = result + risen
        return result

    def _grown(self, total: Any, group: Any, key: Any, row: Any, row_after: Any) -> Any:
        """The amount that the row at one key adds to a group's total after the step, less what it added before. `row`
        is the row before, `row_after` the one after.
        """
        grown = 0
        if total.group(self._rows_before, key, row) == group:
            path().sees_change = True
            grown = grown - self._worth(total, self._view_before, key, row)
        if total.group(self._rows_after, key, row_after) == group:
            path().sees_change = True
            grown = grown + self._worth(total, self.view, key, row_after)
        return grown

    def _revalued(self, total: Any, group: Any, key: Any, row: Any) -> Any:
        """The change in worth that the step's writes to other tables would have caused in a row which the step also
        writes. `moves` has already counted it for the whole group.

        `moves` counts the group as if this row were not written, so the caller subtracts the result.
        """
        moving = [write.key for write in self._delta.writes if write.table in getattr(total, "moves", {})]
        if not moving or total.group(self._rows_before, key, row) != group:
            return 0
        revalued = self._theory.sums.revalued.get(total)
        if revalued is None:
            refuse(f"by how much a row of {total.name} moves that is also written is not said")
        moved = [revalued(self._rows_before, self._rows_after, row, written) for written in moving]
        return sum([by for by in moved if by is not None])

    def _nested_grown(self, total: Any, group: Any) -> Any:
        """The increase of the total of a nested sum's group in a step. It counts, once each, the rows that are written
        and those whose inner total changes.
        """
        keys: list[Any] = []
        inner = self._theory.sums.nested[total].inner
        written = [write.key for write in self._delta.writes if write.table is total.table]
        for key in [*written, *groups_written(inner, self._rows_before, self._rows_after, self._delta)]:
            if not any([bool(key == known) for known in keys]):
                keys.append(key)
        grown: Any = 0
        for key in keys:
            before, after = self._rows_before.get(total.table, key), self._rows_after.get(total.table, key)
            grown = grown + self._grown(total, group, key, before, after)
        return grown

    def at_start(self, total: Any, group: Any) -> Any:
        """The total of a group at genesis, which no step changes."""
        return self._before.at_start(total, group)


def groups_written(total: Any, rows: Any, rows_after: Any, delta: Any) -> list[Any]:
    """The groups of a sum to which the rows that a Delta writes belonged before the step, or belong after it. A group
    may occur twice.
    """
    writes = [write for write in delta.writes if write.table is total.table]
    groups = [
        *[total.group(rows, write.key, rows.get(write.table, write.key)) for write in writes],
        *[total.group(rows_after, write.key, write.row) for write in writes],
    ]
    return [group for group in groups if group is not None]


def view_before_step(view: type[Any], rows: Any, before: Totals, after: TotalsAfter) -> Any:
    """The state before a step as laws read it, made of rows and totals by the class `view`. Its `moved` returns by how
    much the step changes a total.
    """

    class BeforeStep(view):  # type: ignore[misc]  # a base that is lifted has no type
        def total(self, of: Any, group: Any) -> Any:
            return before.now(of, group)

        def moved(self, of: Any, group: Any) -> Any:
            return after.now(of, group) - before.now(of, group)

    return BeforeStep(rows, before)


def sum_term(total: Any, group: Any, suffix: str = "") -> SymInt:
    """The unknown total of a group, as an uninterpreted function of the group. `suffix` tells the functions of several
    states apart.
    """
    terms = flatten(group)
    return SymInt(z3.Function(f"sum.{total.name}{suffix}", *[z3.IntSort()] * len(terms), z3.IntSort())(*terms))
