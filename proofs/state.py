"""A symbolic state: tables whose rows are unknown functions of their keys, and unknown functions for sums and for the
past.

Reading a row copies nothing: each field is an uninterpreted function applied to the key. So equal keys have equal rows,
however they are written, and keys are compared only when a write or a branch needs it. Each read is recorded on the
path, because the laws may be assumed at the rows that were read.
"""

import inspect
import typing
from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType, MemberDescriptorType, ModuleType
from typing import Any, Final, Generic, TypeVar

import attr
import z3

from proofs.paths import Path, Term, path, refuse
from proofs.symbols import IN_PLACE_OF, Listing, SymBool, SymInt, SymList, SymName, term_of

Shape = Any


def flatten(key: Any) -> list[Term]:
    """The solver's terms of a key's parts, in order; nested keys are flattened."""
    if isinstance(key, tuple):
        return [term for part in key for term in flatten(part)]
    return [term_of(key)]


def identity(key: Any) -> tuple[int, ...]:
    """A hashable value, equal for keys that are written with identical terms. The caller must keep the key alive, so
    that term numbers are not reused.
    """
    return tuple([term.get_id() for term in flatten(key)])


_slots: Final[dict[type[Any], list[str]]] = {}
"""The map from class to the names of its slots."""


def _slots_of(kind: type[Any]) -> list[str]:
    if kind not in _slots:
        held_by = [(each, name) for each in kind.__mro__ if each.__module__ != "builtins" for name in vars(each)]
        _slots[kind] = [name for each, name in held_by if isinstance(vars(each)[name], MemberDescriptorType)]
    return _slots[kind]


def held(value: Any) -> dict[str, Any]:
    """The values that an object holds by attribute name, both in its `__dict__` and in its slots."""
    slots = {name: getattr(value, name) for name in _slots_of(type(value)) if hasattr(value, name)}
    return {**getattr(value, "__dict__", {}), **slots}


def likeness(value: Any) -> Hashable:
    """A hashable value, equal only for values written with identical terms. The caller must keep the values alive, as
    with `identity`.
    """
    if isinstance(value, tuple):
        return tuple([likeness(part) for part in value])
    if isinstance(value, SymInt | SymBool | SymName):
        return (type(value), value.term.get_id())
    if attr.has(type(value)):
        parts = [(name, likeness(part)) for name, part in held(value).items()]
        return (type(value), *parts)
    return (type(value), value) if isinstance(value, str | int | bool | None) else (type(value), id(value))


def shaped(shape: Shape, leaf: Callable[[type], Any]) -> Any:
    """A value of a shape, with `leaf` called for each part."""
    if isinstance(shape, tuple):
        return tuple([shaped(part, leaf) for part in shape])
    return leaf(shape)


def has_shape(shape: Shape, value: Any) -> bool:
    """True if a value has a shape. Numbers and names differ, although the solver represents both as integers."""
    if isinstance(shape, tuple):
        parts = value if isinstance(value, tuple) else ()
        return len(shape) == len(parts) and all([has_shape(*pair) for pair in zip(shape, parts, strict=True)])
    kinds: dict[type, tuple[type, ...]] = {str: (str, SymName), int: (int, SymInt), bool: (bool, SymBool)}
    return isinstance(value, kinds[shape])


def shape_like(value: Any) -> Hashable:
    """The shape of a key or a group, with symbols replaced by the types they stand for."""
    if isinstance(value, tuple):
        return tuple([shape_like(part) for part in value])
    kinds = {SymName: str, SymBool: bool, SymInt: int}
    return kinds.get(type(value), type(value))


def fresh(shape: Shape, name: str) -> Any:
    """A key of a shape whose parts are new constants. Equal names give equal constants, so `name` must be unique."""
    numbers = iter(range(100))
    return shaped(shape, lambda kind: _constant(kind, f"{name}.{next(numbers)}"))


def _constant(kind: type, name: str) -> Any:
    if kind is str:
        return SymName(z3.Int(name))
    if kind is bool:
        return SymBool(z3.Bool(name))
    if kind is int:
        return SymInt(z3.Int(name))
    return refuse(f"{name} is of type {kind!r}, of which there are no symbols")


def shape_of(annotation: Any) -> Shape:
    """The shape described by the annotation of a key or a field. Anything but `str`, `int`, `bool` and tuples of these
    is refused.
    """
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple and Ellipsis not in arguments:
        return tuple([shape_of(argument) for argument in arguments])
    if annotation in (str, int, bool):
        return annotation
    return refuse(f"no shape is known for {annotation!r}")


def key_shapes(module: ModuleType, given: Mapping[str, Shape]) -> dict[str, Shape]:
    """The map from the name of each table that a module declares to the shape of its keys, taken from `given` or else
    from annotations. A key `tuple[str, ...]` counts as a pair of names.
    """
    shapes: dict[str, Shape] = {}
    for name, annotation in module.__annotations__.items():
        declared: Any = getattr(module, name, None)
        inner = typing.get_args(annotation)[0] if typing.get_args(annotation) else None
        kind = typing.get_origin(inner)
        if kind is None or not (hasattr(declared, "name") or hasattr(declared, "heads")):
            continue
        key = typing.get_args(inner)[0]
        table = str(declared.heads.name if hasattr(declared, "heads") else declared.name)
        if table in given:
            shapes[table] = given[table]
        elif typing.get_args(key)[1:] == (Ellipsis,):
            shapes[table] = (str, str)
        else:
            shapes[table] = shape_of(key)
        if hasattr(declared, "heads"):
            shapes[declared.heads.name] = shapes[table]
            shapes[declared.checkpoints.name] = (shapes[table], int)
    return shapes


class Field:
    """One field of a table's rows: its name, and the symbolic value for each key. `arity` is the number of terms in a
    key, `bound` the maximum length of a list; unless `is_bounded`, a list has any length. A list without a bound is
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
        """The field's value in the row whose key has these terms."""
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
        """True if a value has the field's type; of a list, all elements must have the type of its elements."""
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
    """A read of a row of `table` under `key`; with `past_of`, of a past value of that history, with key (history key,
    point).
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
    the maximum lengths of lists by "table.field". `reads` is called for each read; `suffix` separates its functions
    from another state's.
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
        """Refuse a write whose row or key has not the table's types."""
        kind, table = type(row), self._table.name
        if IN_PLACE_OF.get(kind, kind) is not self._row:
            refuse(f"a row of type {kind.__name__} in {table} is not understood")
        if not has_shape(self._shape, key):
            refuse(f"a row of {table} is written by a key of another kind")
        for field in self.fields:
            if not field.is_like(getattr(row, field.name)):
                refuse(f"{table}.{field.name} is given a value of another kind")

    def get(self, key: Any) -> Any:
        """The row of a key. Equal terms give the identical object."""
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
    """The trusted contract that replaces `spec.history.HistoryTable`: the latest value is in a row, the past is an
    unknown function of key and point.

    Every push must be at the current point, which is a demand on the source. So a step changes no value at an earlier
    point, and the value at any later point is the latest. A push writes what the source writes: the head, and the
    current checkpoint, whose position is one unknown number for all pushes of a step.
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
        """The unknown position of the current point's checkpoint in the history of a key."""
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
    """Replace `HistoryTable` in a lifted `spec.history` by the trusted contract."""

    class HistoryTable(History[Key]):
        _head = module.__dict__["History"]
        _checkpoint = module.__dict__["Checkpoint"]

    module.__dict__["HistoryTable"] = HistoryTable


class Totals:
    """The totals of a view: each sum is an unknown function of its group."""

    def __init__(
        self, sums_asked: Callable[[Any, Any], None], suffixes: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._asked: Final = sums_asked
        self.refuse_other_groups: Callable[[Any, Any], None] = lambda _total, _group: None
        self.suffixes: Final = suffixes
        """The map from the name of a sum to the suffix that separates its function from that of another state."""
        self._terms: Final[dict[object, tuple[Any, Term]]] = {}

    def now(self, total: Any, group: Any) -> Any:
        """The total of a group in the state before the step, recorded as read; 0 if the group is None."""
        if group is None:
            return 0
        self._asked(total, group)
        return SymInt(self.term(total, group))

    def term(self, total: Any, group: Any) -> Term:
        """The term for the total of a group, not recorded as read."""
        place = (total.name, identity(group))
        found = self._terms.get(place)
        if found is None:
            # The group is kept as well, so that the numbers of its terms are not reused.
            found = self._terms[place] = (group, sum_term(total, group, self.suffixes.get(total.name, "")).term)
        return found[1]

    def at_start(self, total: Any, group: Any) -> Any:
        """The total of a group at genesis, as an unknown number of its own."""
        self.refuse_other_groups(total, group)
        return sum_term(total, group, "!start")


class TotalsAfter:
    """The totals after a step: for each written row, plus its worth after the step, minus its worth before.

    For `falling` sums an unknown non-negative amount is subtracted, for unwritten rows that may have lost worth. For
    `rising` sums one is added.
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
        """The total of a group in the state after the step; 0 if the group is None."""
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
        """The increase of a group's total due to the row at one key, which is `row` before the step and `row_after`
        after it.
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
        """The change of a written row's worth caused by the step's writes to other tables, which `moves` has already
        counted for its whole group.

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
        """The increase of a nested sum's group in a step, from each row that is written or whose inner total changes,
        once for each row.
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
    """The groups of a sum to which the rows that a Delta writes belonged before the step, and belong after it. A group
    may occur twice.
    """
    writes = [write for write in delta.writes if write.table is total.table]
    groups = [
        *[total.group(rows, write.key, rows.get(write.table, write.key)) for write in writes],
        *[total.group(rows_after, write.key, write.row) for write in writes],
    ]
    return [group for group in groups if group is not None]


def view_before_step(view: type[Any], rows: Any, before: Totals, after: TotalsAfter) -> Any:
    """The view, of class `view`, of the state before a step with the given rows and totals. Its `moved` returns the
    change of a total by the step.
    """

    class BeforeStep(view):  # type: ignore[misc]  # a base that is lifted has no type
        def total(self, of: Any, group: Any) -> Any:
            return before.now(of, group)

        def moved(self, of: Any, group: Any) -> Any:
            return after.now(of, group) - before.now(of, group)

    return BeforeStep(rows, before)


def sum_term(total: Any, group: Any, suffix: str = "") -> SymInt:
    """The unknown total of a group, as an uninterpreted function of the group; `suffix` tells the functions of several
    states apart.
    """
    terms = flatten(group)
    return SymInt(z3.Function(f"sum.{total.name}{suffix}", *[z3.IntSort()] * len(terms), z3.IntSort())(*terms))


def watched(draft: type[Any]) -> type[Any]:
    """A draft class for laws that records on the path when it reads a row that the step wrote."""

    class WatchedDraft(read_only(draft)):  # type: ignore[misc]  # a base that is lifted has no type
        def _written(self, table: Any, key: Any) -> Any:
            write = super()._written(table, key)
            if write is not None:
                path().sees_change = True
            return write

    return WatchedDraft


def read_only(draft: type[Any]) -> type[Any]:
    """A draft class for laws: writing, and asking what was written, is refused."""

    class ReadOnlyDraft(draft):  # type: ignore[misc]  # a base that is lifted has no type
        def put(self, table: Any, key: Any, row: Any) -> None:
            refuse(f"a law writes {table.name}")

        def delta(self, returns: Any = None) -> Any:
            refuse("a law asks what a draft wrote")

    return ReadOnlyDraft


def made(kind: type[Any], values: list[Any]) -> Any:
    """A call, or a part of one, built from `values` by its class. Refused if the object does not hold exactly these
    values, or if its constructor reads or branches.
    """
    alone = Path(None, [], False)
    with alone:
        value = kind(*values)
    own, given = held(value), dict(zip(inspect.signature(kind).parameters, values, strict=True))
    is_given = own.keys() == given.keys() and all([own[name] is one for name, one in given.items()])
    if not is_given or alone.conditions or alone.touched:
        refuse(f"a value of type {kind.__name__} holds something else than it is given")
    return value


def symbolic_call(
    action: type[Any],
    bounds: Mapping[str, int],
    facts: list[Term],
    name: str = "call",
    within: str = "",
    signed: tuple[str, ...] = (),
) -> Any:
    """A call in which every argument is a symbol and every list has any length up to its bound. `bounds` maps
    "ACTION.field" or "field" to the maximum length, 1 by default. `within` is the name of the call's class, for a
    record within a call.

    Appends to `facts` that the call's integers are not negative, except the `signed` ones ("ACTION.field"), and that
    its names are not empty.
    """
    hints = typing.get_type_hints(action.__init__)
    owner = within or action.__name__
    values = [
        _argument(
            hints[argument], f"{name}.{argument}", bounds, [] if f"{owner}.{argument}" in signed else facts, owner
        )
        for argument in inspect.signature(action).parameters
    ]
    return made(action, values)


def _argument(annotation: Any, name: str, bounds: Mapping[str, int], facts: list[Term], owner: str) -> Any:
    arguments = typing.get_args(annotation)
    if arguments[1:] == (Ellipsis,):
        field = name.rpartition(".")[2]
        bound = bounds.get(f"{owner}.{field}", bounds.get(field, 1))
        elements = [_argument(arguments[0], f"{name}[{position}]", bounds, facts, owner) for position in range(bound)]
        return SymList(f"{owner}.{field}", z3.Int(f"{name}!length"), bound, elements.__getitem__)
    if attr.has(annotation):
        return symbolic_call(annotation, bounds, facts, name, owner)
    value = fresh(shape_of(annotation), name)
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, SymInt):
            facts.append(part.term >= 0)
        elif isinstance(part, SymName):
            facts.append(part.term != term_of(""))
    return value
