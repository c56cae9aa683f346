"""A symbolic state: tables whose rows are unknown functions of their keys, and unknown functions for sums and for the
past.

Reading a row copies nothing: each field is an uninterpreted function applied to the key. So equal keys have equal rows,
however they are written, and keys are compared only when a write or a branch needs it. Each read is recorded on the
path, because the laws may be assumed at the rows that were read.
"""

import inspect
import typing
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final, Generic, TypeVar

import z3

from proofs.paths import Term, path, refuse
from proofs.shapes import Shape, flatten, fresh, has_shape, held, identity, shape_of, shaped
from proofs.symbols import IN_PLACE_OF, Listing, SymBool, SymInt, SymList, SymName, term_of


class Field:
    """One field of a table's rows: its name, and the symbolic value for each key. `arity` is the number of terms in a
    key. `bound` is the maximum length of a list; unless `is_bounded`, a list has any length. A list without a bound is
    refused.
    """

    def __init__(
        self,
        table: str,
        name: str,
        annotation: Any,
        arity: int,
        bound: int | None,
        suffix: str = "",
        is_bounded: bool = True,
    ) -> None:
        self._is_bounded: Final = is_bounded
        self.name: Final = name
        self._place: Final = f"{table}.{name}"
        self._suffix: Final = suffix
        self._bound: Final = bound
        self._is_list: Final = typing.get_args(annotation)[1:] == (Ellipsis,)
        if self._is_list and bound is None:
            refuse(f"no bound is given for the list {self._place}")
        item = typing.get_args(annotation)[0] if self._is_list else annotation
        self._shape: Final = shape_of(item)
        self._arity: Final = arity

    def value(self, terms: list[Term]) -> Any:
        """The field's value in the row of a key, which is given by its terms."""
        if not self._is_list:
            numbers = iter(range(100))
            return shaped(self._shape, lambda kind: self._apply(kind, terms, f"{self._place}!{next(numbers)}"))
        length = self._apply(int, terms, f"{self._place}!length").term
        if not self._is_bounded:
            return self._listing(terms, length)

        def element(position: int) -> Any:
            numbers = iter(range(100))
            return shaped(
                self._shape, lambda kind: self._apply(kind, terms, f"{self._place}!{position}!{next(numbers)}")
            )

        assert self._bound is not None
        return SymList(self._place, length, self._bound, element)

    def is_like(self, value: Any) -> bool:
        """True if a value has the field's type. A list must have elements of the type of the field's elements."""
        if not self._is_list:
            return has_shape(self._shape, value)
        if isinstance(value, tuple):
            return all([has_shape(self._shape, part) for part in value])
        if isinstance(value, Listing):
            return self._shape is str
        return hasattr(type(value), "any_item") and has_shape(self._shape, value.any_item())

    def _listing(self, terms: list[Term], length: Term) -> Listing:
        if self._shape is not str:
            refuse(f"{self._place} is no list of names")
        has = z3.Function(f"{self._place}!has{self._suffix}", *[z3.IntSort()] * (self._arity + 1), z3.BoolSort())
        different = self._apply(int, terms, f"{self._place}!different").term
        return Listing(self._place, lambda name: has(*terms, name), length, different)

    def _apply(self, kind: type, terms: list[Term], name: str) -> Any:
        sort = z3.BoolSort() if kind is bool else z3.IntSort()
        term = z3.Function(name + self._suffix, *[z3.IntSort()] * self._arity, sort)(*terms)
        return {bool: SymBool, int: SymInt, str: SymName}[kind](term)


class Touch:
    """A read of the row of `table` under `key`.

    With `past_of`, it is a read of a past value of that history. The key is then (history key, point).
    """

    def __init__(self, table: Any, key: Any, past_of: Any = None) -> None:
        self.table: Final = table
        self.key: Final = key
        self.past_of: Final = past_of

    @property
    def identity(self) -> object:
        """A key that is equal for two reads written with identical terms."""
        return (self.table.index, self.past_of is not None, identity(self.key))


class SymbolicRows:
    """The unknown rows of one table, in the place of a State's dictionary. `shape` is that of its keys, `bounds` are
    the maximum lengths of lists by "table.field". `reads` is called for each read. `suffix` makes the names of its
    functions differ from another state's.
    """

    def __init__(
        self,
        table: Any,
        shape: Shape,
        bounds: Mapping[str, int],
        reads: Callable[[Touch], None],
        suffix: str = "",
        is_bounded: bool = True,
    ) -> None:
        self._table: Final = table
        self._shape: Final = shape
        self._row: Final = type(table.default)
        self._reads: Final = reads
        self._known: Final[dict[tuple[int, ...], tuple[list[Term], Any]]] = {}
        hints = typing.get_type_hints(self._row.__init__)
        arity = len(flatten(fresh(shape, "shape")))
        self.fields: Final = [
            Field(table.name, name, hints[name], arity, bounds.get(f"{table.name}.{name}"), suffix, is_bounded)
            for name in inspect.signature(self._row).parameters
        ]

    def refuse_unlike(self, key: Any, row: Any) -> None:
        """Refuse a write whose row or key does not have the table's types."""
        kind, table = type(row), self._table.name
        if IN_PLACE_OF.get(kind, kind) is not self._row:
            refuse(f"a row of type {kind.__name__} in {table} is not understood")
        if not has_shape(self._shape, key):
            refuse(f"a row of {table} is written by a key of another kind")
        for field in self.fields:
            if not field.is_like(getattr(row, field.name)):
                refuse(f"{table}.{field.name} is given a value of another kind")

    def get(self, key: Any) -> Any:
        """The row of a key. Keys written with identical terms give the identical object."""
        if not has_shape(self._shape, key):
            refuse(f"a row of {self._table.name} is asked for by a key of another kind")
        touch = Touch(self._table, key)
        self._reads(touch)
        terms = flatten(key)
        place = tuple([term.get_id() for term in terms])
        found = self._known.get(place)
        if found is None:
            values = [field.value(terms) for field in self.fields]
            found = (terms, self._row(*values))
            own = held(found[1])
            names = [field.name for field in self.fields]
            if [*own] != names or any(own[name] is not value for name, value in zip(names, values, strict=True)):
                refuse(f"a row of {self._table.name} holds something else than it is given")
            self._known[place] = found
        return found[1]


Key = TypeVar("Key")


class History(Generic[Key]):
    """The trusted contract that replaces `spec.history.HistoryTable`: the latest value is in a row, and the past is an
    unknown function of key and point.

    Every push must be at the current point, which is a demand on the source. So a step changes no value at an earlier
    point, and the value at any later point is the latest. A push writes the rows that the source writes: the head, and
    the current checkpoint. The index of this checkpoint is one unknown number for all pushes of a step.
    """

    _now: Any = None
    """The current point in the state before the step; set by the prover."""
    _reads: Callable[[Touch], None]
    """The callback for each look-up of a past value."""
    _head: type[Any]
    _checkpoint: type[Any]
    _has_past = True
    """False in the base case, where every past point has the default value."""

    def __init__(self, schema: Any, name: str, default: int) -> None:
        self._name: Final = name
        self.heads: Final = schema.table(name, self._head(0, default))
        self.checkpoints: Final = schema.table(name + "_checkpoints", self._checkpoint(0, default))
        self.default: Final = default

    def latest(self, draft: Any, key: Any) -> Any:
        """The latest value of a history under a key, from its head's row."""
        return draft.get(self.heads, key).latest

    def push(self, draft: Any, key: Any, point: Any, value: Any) -> None:
        """Set the value from the current point on. Demands that `point` is the current point."""
        path().require(f"{self._name} is written at the point that is now", term_of(point) == term_of(self._now))
        place = self._place(key)
        path().assume(place.term >= 0)
        draft.put(self.checkpoints, (key, place), self._checkpoint(point, value))
        draft.put(self.heads, key, self._head(place + 1, value))

    def _place(self, key: Any) -> SymInt:
        """The unknown index of the current point's checkpoint in the history of a key."""
        terms = flatten(key)
        return SymInt(z3.Function(f"{self._name}!place", *[z3.IntSort()] * len(terms), z3.IntSort())(*terms))

    def value_at(self, draft: Any, key: Any, point: Any) -> Any:
        """The value of a history at a point: the latest one from the current point on, else an unknown past value."""
        if point >= self._now:
            return self.latest(draft, key)
        return self._past(key, point)

    def _past(self, key: Any, point: Any) -> Any:
        """The value at an earlier point than the current one: an unknown number, or the default in the base case."""
        if not self._has_past:
            return self.default
        type(self)._reads(Touch(self.checkpoints, (key, point), self))
        terms = flatten((key, point))
        return SymInt(z3.Function(f"{self._name}!past", *[z3.IntSort()] * len(terms), z3.IntSort())(*terms))


def use_contract(module: ModuleType) -> None:
    """Replace `HistoryTable` in a lifted `spec.history` by its trusted contract: the latest value is in a row, the past
    an unknown function.
    """

    class HistoryTable(History[Key]):
        _head = module.__dict__["History"]
        _checkpoint = module.__dict__["Checkpoint"]

    module.__dict__["HistoryTable"] = HistoryTable


def watched(draft: type[Any]) -> type[Any]:
    """A read-only draft class for laws. It marks the path when it reads a row that the step wrote."""

    class WatchedDraft(read_only(draft)):  # type: ignore[misc]  # a base that is lifted has no type
        def _written(self, table: Any, key: Any) -> Any:
            write = super()._written(table, key)
            if write is not None:
                path().sees_change = True
            return write

    return WatchedDraft


def read_only(draft: type[Any]) -> type[Any]:
    """A draft class for laws, which may not change a state. It refuses to write a row, and to return a Delta."""

    class ReadOnlyDraft(draft):  # type: ignore[misc]  # a base that is lifted has no type
        def put(self, table: Any, key: Any, row: Any) -> None:
            refuse(f"a law writes {table.name}")

        def delta(self, returns: Any = None) -> Any:
            refuse("a law asks what a draft wrote")

    return ReadOnlyDraft
