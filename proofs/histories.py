"""The exact trusted contract of histories, for pushes at later points and pops: only `value_at` is an unknown function.

`proofs.state.History` allows pushes at the current point only, and knows the latest value and an unknown past. Here
heads and checkpoints are the rows that the specification writes, so laws may read them. A push may be at a later point,
and a pop removes the last checkpoint. The search through checkpoints is replaced by its meaning:

- after a push at `point`, the value at `p` is the one pushed if `p >= point`, else what it was before;
- after a pop, it is the value before the last checkpoint if `p` is at that checkpoint or later, else what it was
  before.

Both hold while points never decrease, which is demanded of every push. `proofs/history_write_contract.py` proves that
the source keeps this contract.
"""

from types import ModuleType
from typing import Any, Final

import z3

from proofs.paths import path
from proofs.shapes import flatten
from proofs.state import Key, Touch
from proofs.symbols import IN_PLACE_OF, SymInt, term_of


def use_exact_contract(module: ModuleType) -> None:
    """Replace `HistoryTable` in a lifted `spec.history` by its exact trusted contract. Heads and checkpoints stay rows,
    and only the value at an earlier point is an unknown function.
    """
    searched: Any = module.__dict__["HistoryTable"]
    head: Any = module.__dict__["History"]
    checkpoint: Any = module.__dict__["Checkpoint"]

    class Changed(head):  # type: ignore[misc]  # a base that is lifted has no type
        """The head of a history after a push or a pop in this call. Its `latest` value holds from `point` on; earlier
        points have the values of the head `before`.
        """

        def __init__(self, count: Any, latest: Any, point: Any, before: Any) -> None:
            super().__init__(count, latest)
            self._point: Final = point
            self._before: Final = before

        def __eq__(self, other: object) -> Any:
            """True for any head with an equal count and latest value, written in this step or not."""
            if not isinstance(other, head):
                return NotImplemented
            return (self.count, self.latest) == (other.count, other.latest)

        __hash__ = None  # type: ignore[assignment]  # Python says so that a class has no hash

    IN_PLACE_OF[Changed] = head

    class HistoryTable(searched[Key]):  # type: ignore[misc]  # a base that is lifted has no type
        _now: Any = None
        _reads: Any = None

        def __init__(self, schema: Any, name: str, default: int) -> None:
            super().__init__(schema, name, default)
            self._name: Final = name

        def push(self, draft: Any, key: Any, point: Any, value: Any) -> None:
            before = draft.get(self.heads, key)
            count, at = term_of(before.count), term_of(point)
            last_point = term_of(draft.get(self.checkpoints, (key, before.count - 1)).point)
            in_order = z3.Or(count == 0, last_point <= at)
            path().require(f"{self._name} is written after all that it holds", in_order)
            place = SymInt(z3.If(z3.And(count > 0, last_point == at), count - 1, count))
            draft.put(self.checkpoints, (key, place), checkpoint(point, value))
            draft.put(self.heads, key, Changed(place + 1, value, point, before))

        def pop(self, draft: Any, key: Any) -> None:
            before = draft.get(self.heads, key)
            path().require(f"{self._name} has a checkpoint to take back", term_of(before.count) > 0)
            point = self.latest_point(draft, key)
            super().pop(draft, key)
            after = draft.get(self.heads, key)
            draft.put(self.heads, key, Changed(after.count, after.latest, point, before))

        def value_at(self, draft: Any, key: Any, point: Any) -> Any:
            row = draft.get(self.heads, key)
            while isinstance(row, Changed):
                if point >= row._point:
                    return row.latest
                row = row._before
            return self._value_before(draft, key, point, row)

        def _past(self, key: Any, point: Any) -> Any:
            """The unknown value of a history at a point, in the state before the call."""
            type(self)._reads(Touch(self.checkpoints, (key, point), self))
            terms = flatten((key, point))
            return SymInt(z3.Function(f"{self._name}!past", *[z3.IntSort()] * len(terms), z3.IntSort())(*terms))

        def _value_before(self, draft: Any, key: Any, point: Any, row: Any) -> Any:
            """The value at a point in the state before the call, as an unknown function. The facts about it that follow
            from the last two checkpoints are assumed.
            """
            value = term_of(self._past(key, point))
            stored = draft._tables[self.checkpoints.index]
            last, one_before = stored.get((key, row.count - 1)), stored.get((key, row.count - 2))
            count, at, default = term_of(row.count), term_of(point), term_of(self.default)
            is_latest = at >= term_of(last.point)
            path().assume(z3.Implies(count == 0, value == default))
            path().assume(z3.Implies(z3.And(count > 0, is_latest), value == term_of(row.latest)))
            path().assume(z3.Implies(z3.And(count == 1, z3.Not(is_latest)), value == default))
            is_one_before = z3.And(count > 1, z3.Not(is_latest), at >= term_of(one_before.point))
            path().assume(z3.Implies(is_one_before, value == term_of(one_before.value)))
            return SymInt(value)

    module.__dict__["HistoryTable"] = HistoryTable


EXACT: Final = {"spec.history": use_exact_contract}
"""The trusted contracts of a theory whose histories are exact."""
