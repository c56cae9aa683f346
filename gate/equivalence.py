"""The equivalence of a call under two versions: both are lifted onto one symbolic state and compared path by path."""

import inspect
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as File
from typing import Any, Final

import attr
import attrs
import z3

from proofs.goals import Obligation, demanded, left_out, some_path_is_taken
from proofs.lifting import LiftedModules, lift
from proofs.paths import Path, Term, UnliftableError, explore, refuse
from proofs.prover import Prover
from proofs.setup import Contracts
from proofs.shapes import held, shape_like
from proofs.state import SymbolicRows, Touch, watched
from proofs.symbolic_calls import made
from proofs.symbols import Listing, SymBool, SymInt, SymList, SymName, term_of
from proofs.theory_checks import refuse_protocol
from proofs.totals import Totals

HISTORIES: Final = "spec.history"
"""The module of histories. Both versions are lifted with its trusted contract (a stand-in for its functions in proofs).

So a head that changes this module cannot be lifted.
"""

ENGINE: Final = "engine"
"""The kind of goals about the engine itself and about trusted contracts. If one fails, neither a proof nor a difference
follows.
"""


@attrs.frozen
class Goal:
    """A goal of a proof: `kind` is the kind of difference that is possible if the goal fails."""

    kind: str
    obligation: Obligation


class OtherVersion:
    """The rules of the head, lifted from its folder. They run on the symbolic state of `prover`, a prover of the base.

    `protocol_at` is the place of the protocol, `module:attribute`, below `folder`. `contracts` replace functions in its
    modules. `lists` are the largest lengths of lists in rows, by `table.field`; None means any length. Raises
    UnliftableError if the version cannot be lifted, or has a table that the base lacks. Raises it also if a field has
    another type than in the base.
    """

    def __init__(
        self, prover: Prover, protocol_at: str, folder: File, contracts: Contracts, lists: Mapping[str, int] | None
    ) -> None:
        self.prover: Final = prover
        self._lists: Final = lists
        module, _, name = protocol_at.partition(":")
        sys.path.insert(0, str(folder))
        try:
            self.world: Final[LiftedModules] = lift(module, contracts)
        finally:
            sys.path.remove(str(folder))
        self.protocol: Final = self.world.get(module, name)
        refuse_protocol(self.protocol, self.world)
        machine = self.world.modules["spec.machine"]
        self._draft: Final = machine.Draft
        self._watched: Final = watched(machine.Draft)
        self._delta: Final = machine.Delta
        self._by_name: Final = {table.name: table for table in prover.protocol.schema.tables}
        self._histories: Final = {history._name: history for history in prover.histories()}
        self.unlike_by_default: Final[set[str]] = set()
        """The names of the tables whose default row differs from the base's."""
        rows = [self._rows(table) for table in self.protocol.schema.tables]
        self.state: Final = machine.State(rows)
        self.world.rows.update({id(table): of for table, of in zip(self.protocol.schema.tables, rows, strict=True)})
        self.tables: Final = {table.name: table for table in self.protocol.schema.tables}
        tables_of_histories = {
            table for history in self._histories for table in (f"{history}", f"{history}_checkpoints")
        }
        self.world.of_histories.update(
            [id(table) for table in self.protocol.schema.tables if table.name in tables_of_histories]
        )
        if HISTORIES in self.world.modules:
            histories = self.world.get(HISTORIES, "HistoryTable")
            histories._now = prover.world.get(HISTORIES, "HistoryTable")._now
            histories._reads = staticmethod(self._note)

    def _rows(self, table: Any) -> SymbolicRows:
        shape = self.prover.shapes.get(table.name)
        if shape is None:
            raise UnliftableError(f"table {table.name} is new, so that no law says what is in it")
        base = self._by_name[table.name]
        if _kinds(table.default) != _kinds(base.default):
            raise UnliftableError(f"the fields of {table.name} are of other kinds")
        if _plain(table.default) != _plain(base.default):
            self.unlike_by_default.add(table.name)
        lists = self._lists or self.prover.theory.limits.lists
        return SymbolicRows(table, shape, lists, self._note, "", self._lists is not None)

    def _note(self, touch: Touch) -> None:
        """Tell the prover that the head read a row. It counts as a read of the base's table of the same name."""
        table = self._by_name[touch.table.name]
        past = None if touch.past_of is None else self._histories[touch.past_of._name]
        self.prover.note_read(Touch(table, touch.key, past))

    def call(self, call: Any) -> Any:
        """The head's action that equals `call`, an action of the base.

        Raises UnliftableError if the head has no action class of that name, or one with other fields.
        """
        kinds = {action.__name__: action for action in self.protocol.actions}
        kind = kinds.get(type(call).__name__)
        if kind is None:
            raise UnliftableError(f"there is no action {type(call).__name__} in the head")
        return self._record(call, kind)

    def _record(self, value: Any, kind: type[Any]) -> Any:
        names = list(inspect.signature(kind).parameters)
        if names != list(inspect.signature(type(value)).parameters):
            raise UnliftableError(f"the fields of {kind.__name__} are others")
        return made(kind, [self._part(getattr(value, name)) for name in names])

    def _part(self, value: Any) -> Any:
        if isinstance(value, SymList):
            return value.mapped(self._part)
        if isinstance(value, tuple):
            return tuple([self._part(part) for part in value])
        if attr.has(type(value)):
            kind = getattr(self.world.modules[type(value).__module__], type(value).__name__)
            return self._record(value, kind)
        return value

    def transition(self, call: Any) -> Any:
        """The head's answer to one of its own calls. Raises ValueError if the answer is neither a Delta nor a
        Reason.
        """
        outcome = self.protocol.transition(self._draft(self.state), call)
        if not self.is_delta(outcome) and not isinstance(outcome, self.protocol.reasons):
            raise ValueError(f"the answer is of type {type(outcome).__name__}")
        return outcome

    def is_delta(self, outcome: Any) -> bool:
        """True if an outcome is a Delta of the head, that is, if the head accepted the call."""
        return isinstance(outcome, self._delta)

    def after(self, delta: Any) -> Any:
        """The rows, as a draft, after an accepted step of the head with the given Delta."""
        return self._watched(self.state, list(delta.writes))


def with_lists(prover: Prover, lists: Mapping[str, int]) -> Prover:
    """A prover of the same protocol, for states whose lists in rows have at most these lengths, by `table.field`."""

    def tables(reads: Callable[[Touch], None]) -> list[Any]:
        schema = prover.protocol.schema
        return [SymbolicRows(table, prover.shapes[table.name], lists, reads) for table in schema.tables]

    return prover.in_state(tables, Totals)


def longest(action: type[Any], length: int, limits: Mapping[str, int]) -> dict[str, int]:
    """The map from each list of a call, as `ACTION.field`, to its maximum length.

    That is the length in `limits`, under `ACTION.field` or `field`, or else 1; but at least `length`.
    """
    found: dict[str, int] = {}
    pending: list[Any] = [action]
    while pending:
        kind = pending.pop()
        for name, hint in typing.get_type_hints(kind.__init__).items():
            arguments = typing.get_args(hint)
            if arguments[1:] == (Ellipsis,):
                place = f"{action.__name__}.{name}"
                found[place] = max(length, limits.get(place, limits.get(name, 1)))
                pending += [arguments[0]] if attr.has(arguments[0]) else []
            elif attr.has(hint):
                pending.append(hint)
    return found


def goals_of(prover: Prover, other: OtherVersion, action: type[Any], bounds: Mapping[str, int]) -> Iterator[Goal]:
    """All goals of the equivalence of a call: if all are proved, both versions answer the call alike in every state
    that satisfies the laws.

    `bounds` are the maximum lengths of the call's lists, by `ACTION.field`.
    """
    call, base = prover.call(action, bounds)
    base.reader = prover.note_read
    paths = list(explore(lambda: prover.transition(prover.draft(), call), base, proves=True))
    same_call = other.call(call)
    yield Goal(ENGINE, some_path_is_taken(action.__name__, base, [here for here, _ in paths]))
    for here, outcome in paths:
        for demand in demanded([here]):
            yield Goal(ENGINE, demand)
        taken: list[Path] = []
        yield from _defaults(other, here)
        for onward, answer in explore(lambda: other.transition(same_call), here, proves=True):
            taken.append(onward)
            yield from _defaults(other, onward)
            yield from _compared(prover, other, onward, outcome, answer)
            for demand in demanded([onward]):
                yield Goal(ENGINE, demand)
        for whole in left_out(action.__name__, here, taken):
            yield Goal(ENGINE, whole)


def _defaults(other: OtherVersion, here: Path) -> Iterator[Goal]:
    """A goal that cannot be proved, for each table that this path reads and whose default rows differ.

    Unwritten rows are equal in both versions only if the default rows are.
    """
    read = {touch.table.name for touch in here.touched.values() if isinstance(touch, Touch)}
    for name in sorted(read & other.unlike_by_default):
        yield Goal("answers", Obligation(f"{name} has another row by default", here, z3.BoolVal(False)))


def _kinds(row: Any) -> list[tuple[str, str]]:
    """The names and types of a row's fields."""
    hints = typing.get_type_hints(type(row).__init__)
    return [(name, str(hints[name])) for name in inspect.signature(type(row)).parameters]


def _plain(value: Any) -> object:
    """A value as nested tuples of type names and texts, so that values of both versions can be compared."""
    if isinstance(value, tuple | list):
        return (type(value).__name__, *[_plain(part) for part in value])
    if attr.has(type(value)):
        return (type(value).__name__, *[(name, _plain(part)) for name, part in held(value).items()])
    return (type(value).__name__, str(value))


def _compared(prover: Prover, other: OtherVersion, here: Path, outcome: Any, answer: Any) -> Iterator[Goal]:
    impossible = z3.BoolVal(False)
    if isinstance(outcome, Exception):
        yield Goal(ENGINE, Obligation(f"the base raises {outcome!r}", here, impossible))
    elif isinstance(answer, Exception):
        yield Goal("raises", Obligation(f"the head raises {answer!r}", here, impossible))
    elif not prover.is_delta(outcome) and not other.is_delta(answer):
        if outcome.value != answer.value:
            yield Goal("reason", Obligation(f"{outcome.value} -> {answer.value}", here, impossible))
    elif not other.is_delta(answer):
        yield Goal("stricter", Obligation(f"accepted -> {answer.value}", here, impossible))
    elif not prover.is_delta(outcome):
        yield Goal("laxer", Obligation(f"{outcome.value} -> accepted", here, impossible))
    else:
        for onward, goal in explore(lambda: alike(prover, other, outcome, answer), here):
            if isinstance(goal, Exception):
                yield Goal(ENGINE, Obligation(f"comparing raises {goal!r}", onward, impossible))
            else:
                yield Goal("answers", Obligation("accepted, and otherwise", onward, z3.simplify(goal)))


def alike(prover: Prover, other: OtherVersion, delta: Any, answer: Any) -> Term:
    """The term that is true if two accepted steps leave equal rows and return equal values.

    `delta` is the answer of the prover's version, the base, and `answer` that of the head.
    """
    after, after_there = prover.after(delta).rows, other.after(answer)
    claims: list[Term] = []
    names = {table.name: table for table in prover.protocol.schema.tables}
    for write in delta.writes:
        table = other.tables.get(write.table.name)
        if table is None:
            return z3.BoolVal(False)
        claims.append(same_rows(write.table, write.row, after_there.get(table, write.key)))
    for write in answer.writes:
        table = names[write.table.name]
        claims.append(same_rows(table, after.get(table, write.key), write.row))
    claims.append(same(delta.returns, answer.returns))
    return z3.And(*claims)


def same_rows(table: Any, row: Any, other: Any) -> Term:
    """The term that is true if two rows of a table are equal in every field of the base's rows."""
    names = list(inspect.signature(type(table.default)).parameters)
    if any(not hasattr(other, name) for name in names):
        return z3.BoolVal(False)
    return z3.And(*[same(getattr(row, name), getattr(other, name)) for name in names])


def _same_listings(value: Listing, other: Listing) -> Term:
    """The term that is true if two lists of any length result from one list, by equal changes in the same order."""
    (base, moves), (other_base, other_moves) = value.made, other.made
    if not base.decl().eq(other_base.decl()) or [kind for kind, _ in moves] != [kind for kind, _ in other_moves]:
        return z3.BoolVal(False)
    keys = [one == same for one, same in zip(base.children(), other_base.children(), strict=True)]
    names = [one == same for (_, one), (_, same) in zip(moves, other_moves, strict=True)]
    return z3.And(*keys, *names)


def same(value: Any, other: Any) -> Term:
    """The term that is true if two values are equal. An exception ends the proof if their types cannot be compared."""
    value, other = (each.resolve() if isinstance(each, SymList) else each for each in (value, other))
    if isinstance(value, Listing) and isinstance(other, Listing):
        return _same_listings(value, other)
    if isinstance(value, tuple | list) and isinstance(other, tuple | list):
        if isinstance(value, tuple) != isinstance(other, tuple) or len(value) != len(other):
            return z3.BoolVal(False)
        return z3.And(*[same(*pair) for pair in zip(value, other, strict=True)])
    if value is None or other is None:
        return z3.BoolVal(value is other)
    if isinstance(value, SymInt | SymBool | SymName | int | str) and isinstance(
        other, SymInt | SymBool | SymName | int | str
    ):
        if shape_like(value) != shape_like(other):
            return z3.BoolVal(False)  # the solver has one sort for names and numbers
        return term_of(value) == term_of(other)
    return refuse(f"values of types {type(value).__name__} and {type(other).__name__} are compared")
