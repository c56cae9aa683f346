"""The vocabulary every protocol shares: tables of rows, the Delta a transition returns, and the loop that applies it.

A transition reads rows and names the rows it writes:

    transition(draft, action) -> Delta | Rejection

It never changes the state it reads and never raises for a well-typed action. What a Delta does not name did not change:
that one fact gives the pure step, the in-place loop, incremental checks, inverse steps and the frame of every proof.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final, Generic, TypeVar, cast

from spec.overlay import Overlay

Key = TypeVar("Key")
Row = TypeVar("Row")


Rejection = Enum
"""Base of each protocol's closed enumeration of reasons; a member's value is the contract's own error name.

An alias, not a class: the compiler would refuse members of an enumeration that a protocol outside this package derives.
"""


class Table(Generic[Key, Row]):
    """A mapping from keys to small immutable rows; a key that was never written reads as the default row."""

    def __init__(self, name: str, index: int, default: Row) -> None:
        self.name: Final = name
        self.index: Final = index
        self.bit: Final = 1 << index
        """The table as a set of tables, one bit for each."""
        self.default: Final = default

    def __repr__(self) -> str:
        return self.name


class Schema:
    """The tables of one protocol, in the order in which they were declared."""

    def __init__(self) -> None:
        self.tables: Final[list[Table[object, object]]] = []

    def table(self, name: str, default: Row) -> Table[Key, Row]:
        """Declare the next table; its key type is the one that the caller annotates."""
        table: Table[Key, Row] = Table(name, len(self.tables), default)
        self.tables.append(cast("Table[object, object]", table))
        return table

    def empty_state(self) -> "State":
        """The state in which every table is empty, so that every row reads as its default."""
        return State([{} for _ in self.tables])


SINGLETON: Final = ""
"""The key of a table that holds a single row, such as a configuration or a clock."""


class Write:
    """One row to store: its table, its key, and the row as it is after the step; only an open draft replaces it."""

    def __init__(self, table: Table[object, object], key: object, row: object) -> None:
        self.table: Final = table
        self.key: Final = key
        self.row = row

    def __repr__(self) -> str:
        return f"{self.table.name}[{self.key!r}] = {self.row!r}"


class Delta:
    """The outcome of an accepted step: the rows it writes, each named once, and what the call returns."""

    def __init__(self, writes: list[Write], returns: object) -> None:
        self.writes: Final = writes
        self.returns: Final = returns

    def __repr__(self) -> str:
        return f"Delta({self.writes!r}, returns={self.returns!r})"


OVERLAID_ROWS: Final = 64
"""From this many rows on, the state after a step has an overlay above a table's dictionary; a smaller one is copied."""


class State:
    """Everything a protocol remembers between two steps: one dictionary of rows for each of its tables.

    States that pure steps made share dictionaries, with overlays above those of many rows.
    """

    def __init__(self, tables: list[dict[object, object]]) -> None:
        self.stored: Final = tables
        """The dictionaries, as loops that own their state use them: beneath the overlays, if there are any."""
        self.overlays: list[Overlay | None] | None = None
        self.overlaid = 0
        """The tables that have an overlay, one bit for each."""
        self.shared = 0
        """The tables whose dictionary may be another state's too, one bit for each; below zero, all but some."""

    @property
    def tables(self) -> list[dict[object, object]]:
        """The stored rows of each table, to be read only."""
        return [self._flat(index) for index in range(len(self.stored))]

    def rows(self, table: Table[Key, Row]) -> dict[Key, Row]:
        """The stored rows of one table, to be read only. Where it has an overlay, the two are made one first."""
        return cast("dict[Key, Row]", self._flat(table.index))

    def copy(self) -> "State":
        """A private copy. Rows are immutable, so only the dictionaries are copied: linear in the number of rows."""
        return State([dict(rows) for rows in self.tables])

    def own(self, delta: Delta) -> None:
        """Let the dictionaries that a Delta writes to be this state's alone, where others may have them too."""
        for write in delta.writes:
            if self.shared & write.table.bit:
                index = write.table.index
                self.stored[index] = dict(self._flat(index))
                self.shared &= ~write.table.bit

    def _flat(self, index: int) -> dict[object, object]:
        overlay = None if self.overlays is None else self.overlays[index]
        if self.overlays is not None and overlay is not None:
            self.stored[index] = overlay.flat()
            self.overlays[index] = None
            self.overlaid &= ~(1 << index)
        return self.stored[index]


INDEXED_WRITES: Final = 24
"""From this many writes on, a draft finds its own writes by hash; below, walking a short list is faster."""


class Draft:
    """A state as one step sees it: reads look through the writes made so far, the state beneath is never touched.

    It may begin with writes already made, each row named once: so a Delta shows a state after it, or before it.
    """

    def __init__(self, state: State, writes: list[Write] | None = None) -> None:
        self._tables: Final = state.stored
        self._overlays: Final = state.overlays
        self._writes: Final[list[Write]] = [] if writes is None else writes
        self._written_tables = state.overlaid
        """The tables of which rows stand above the stored ones: written by this draft, or by steps before it."""
        self._index: dict[tuple[int, object], Write] | None = None
        for write in self._writes:
            self._written_tables |= write.table.bit
        if len(self._writes) >= INDEXED_WRITES:
            self._index = {(w.table.index, w.key): w for w in self._writes}

    def get(self, table: Table[Key, Row], key: Key) -> Row:
        """The row of `key`, as written by this draft, else as stored, else the table's default."""
        if self._written_tables & table.bit:
            write = self._written(cast("Table[object, object]", table), key)
            if write is not None:
                return cast(Row, write.row)
            if self._overlays is not None:
                overlay = self._overlays[table.index]
                overlaid = None if overlay is None else overlay.get(key)
                if overlaid is not None:
                    return cast(Row, overlaid)
        row = self._tables[table.index].get(key)
        return table.default if row is None else cast(Row, row)

    def put(self, table: Table[Key, Row], key: Key, row: Row) -> None:
        """Name the row that `key` has after this step; a later put of the same key replaces the earlier one."""
        erased = cast("Table[object, object]", table)
        write = self._written(erased, key)
        if write is not None:
            write.row = row
            return
        write = Write(erased, key, row)
        self._writes.append(write)
        self._written_tables |= table.bit
        if self._index is not None:
            self._index[(table.index, key)] = write
        elif len(self._writes) >= INDEXED_WRITES:
            self._index = {(w.table.index, w.key): w for w in self._writes}

    def delta(self, returns: object = None) -> Delta:
        """Close the draft: what it wrote, and what the call returns."""
        return Delta(self._writes, returns)

    def _written(self, table: Table[object, object], key: object) -> Write | None:
        if not self._written_tables & table.bit:
            return None
        if self._index is not None:
            return self._index.get((table.index, key))
        for write in self._writes:
            if write.table is table and (write.key is key or write.key == key):
                return write
        return None


Action = TypeVar("Action")
Outcome = Delta | Rejection
Transition = Callable[[Draft, Action], Outcome]


def commit(state: State, delta: Delta) -> None:
    """Store a Delta into a state that the caller owns: cost proportional to the rows written, whatever the state's
    size.
    """
    if state.shared != 0:
        state.own(delta)
    tables = state.stored
    for write in delta.writes:
        tables[write.table.index][write.key] = write.row


def apply(state: State, delta: Delta) -> State:
    """The state after `delta`, sharing with `state` all that the Delta does not name: cost proportional to the rows
    written, whatever the state's size.
    """
    after = State(list(state.stored))
    overlays: list[Overlay | None] = [None] * len(after.stored) if state.overlays is None else list(state.overlays)
    overlaid, shared = state.overlaid, -1
    for write in delta.writes:
        index, bit = write.table.index, write.table.bit
        rows, overlay = after.stored[index], overlays[index]
        if shared & bit and overlay is None:
            if len(rows) < OVERLAID_ROWS:
                rows = dict(rows)
                after.stored[index] = rows
                shared &= ~bit
            else:
                overlay = Overlay(rows, {}, None)
                overlaid |= bit
        if overlay is None:
            rows[write.key] = write.row
        else:
            overlays[index] = overlay.put(write.key, write.row)
    if overlaid:
        after.overlays, after.overlaid = overlays, overlaid
    after.shared, state.shared = shared, -1
    return after


def step(transition: Transition[Action], state: State, action: Action) -> tuple[State, Outcome]:
    """One step, purely: the next state (the same object if the action is rejected) and what the transition answered."""
    outcome = transition(Draft(state), action)
    if isinstance(outcome, Delta):
        return apply(state, outcome), outcome
    return state, outcome


class Run:
    """The result of a run: its final state, the number of accepted actions, and of rejected ones by reason."""

    def __init__(self, state: State, accepted: int, rejected: dict[Rejection, int]) -> None:
        self.state: Final = state
        self.accepted: Final = accepted
        self.rejected: Final = rejected


def run(transition: Transition[Action], state: State, actions: Iterable[Action]) -> Run:
    """All actions in order from `state`, which stays as it was: one private copy first, then only touched rows."""
    current = state.copy()
    accepted = 0
    rejected: dict[Rejection, int] = {}
    for action in actions:
        outcome = transition(Draft(current), action)
        if isinstance(outcome, Delta):
            commit(current, outcome)
            accepted += 1
        else:
            rejected[outcome] = rejected.get(outcome, 0) + 1
    return Run(current, accepted, rejected)
