"""The types that all protocols share: tables of rows, the Delta that a transition returns, and the functions that apply
it.

A transition reads rows and names the rows it writes:

    transition(draft, action) -> Delta | Rejection

A transition never changes the state that it reads, and never raises for a well-typed action. A row that its Delta does
not name is unchanged. The pure step, the in-place loop, incremental checks, inverse steps and the frame condition of
every proof rest on this.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final, Generic, TypeVar, cast

from spec.overlay import Overlay

Key = TypeVar("Key")
Row = TypeVar("Row")


Rejection = Enum
"""The base class of each protocol's enumeration of all reasons for a rejection. A member's value is the contract's own
error name.

It is an alias of `Enum`, not a class. The compiler would refuse the members of an enumeration that a protocol outside
this package derives from a compiled class.
"""


MARKS: Final = 62
"""The number of marks that tables share. A mask of as many bits is an integer of one machine word, where compiled."""


class Table(Generic[Key, Row]):
    """A mapping from keys to small immutable rows; a key that was never written reads as the default row."""

    def __init__(self, name: str, index: int, default: Row) -> None:
        self.name: Final = name
        self.index: Final = index
        self.bit: Final = 1 << index
        """A bit mask with this table's bit alone. The bitwise or of such masks is a set of tables."""
        self.mark: Final = 1 << index % MARKS
        """A bit mask that few other tables have, and that fits a machine word: a quick test for tables without rows."""
        self.default: Final = default

    def __repr__(self) -> str:
        return self.name


class Schema:
    """The tables of one protocol, in the order in which they were declared."""

    def __init__(self) -> None:
        self.tables: Final[list[Table[object, object]]] = []

    def table(self, name: str, default: Row) -> Table[Key, Row]:
        """Declare the next table, with the next free index. The caller's annotation gives the types of key and row."""
        table: Table[Key, Row] = Table(name, len(self.tables), default)
        self.tables.append(cast("Table[object, object]", table))
        return table

    def empty_state(self) -> "State":
        """The state in which every table is empty, so that every row reads as its default."""
        return State([{} for _ in self.tables])


SINGLETON: Final = ""
"""The key of a table that holds a single row, such as a configuration or a clock."""


class Write:
    """A write of one row: its table, its key, and the row after the step. `Draft.put` replaces `row` on a
    second write.
    """

    def __init__(self, table: Table[object, object], key: object, row: object) -> None:
        self.table: Final = table
        self.key: Final = key
        self.row = row

    def __repr__(self) -> str:
        return f"{self.table.name}[{self.key!r}] = {self.row!r}"


class Delta:
    """The outcome of an accepted call: its writes, at most one for each row, and its return value."""

    def __init__(self, writes: list[Write], returns: object) -> None:
        self.writes: Final = writes
        self.returns: Final = returns

    def __repr__(self) -> str:
        return f"Delta({self.writes!r}, returns={self.returns!r})"


OVERLAID_ROWS: Final = 64
"""The number of rows from which `apply` puts an overlay above a table's dictionary. It copies a smaller dictionary."""


class State:
    """A protocol's whole state between two steps: one dictionary of rows for each table.

    States that pure steps (`apply`, `step`) make share dictionaries. An overlay above a large shared dictionary holds
    the rows in which a state differs from it.
    """

    def __init__(self, tables: list[dict[object, object]]) -> None:
        self.stored: Final = tables
        """The dictionaries of rows by table index, without the overlays. A loop that owns its state
        writes into them.
        """
        self.overlays: list[Overlay | None] | None = None
        self.overlaid = 0
        """The marks of the tables that have an overlay, or had one."""
        self.shared = 0
        """A bit mask of the tables whose dictionary another state may share. A negative number has all bits set but a
        few.
        """

    @property
    def tables(self) -> list[dict[object, object]]:
        """The stored rows of each table, read-only. Merges every overlay into its dictionary first."""
        return [self._flat(index) for index in range(len(self.stored))]

    def rows(self, table: Table[Key, Row]) -> dict[Key, Row]:
        """The stored rows of one table, read-only. Merges the table's overlay into its dictionary first,
        if it has one.
        """
        return cast("dict[Key, Row]", self._flat(table.index))

    def copy(self) -> "State":
        """A private copy, linear in the number of rows. It copies the dictionaries alone, because rows
        are immutable.
        """
        return State([dict(rows) for rows in self.tables])

    def own(self, delta: Delta) -> None:
        """Give this state its own copy of each shared dictionary that `delta` writes into."""
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
        return self.stored[index]


INDEXED_WRITES: Final = 24
"""The number of writes from which a draft finds its own writes by hash. A scan of a shorter list is faster."""


class Draft:
    """A state as one call sees it. Reads see the call's own writes first, and the unchanged state beneath them.

    A draft may start with given `writes`. With the writes of a Delta it shows the state after that Delta. With writes
    of the earlier rows it shows the state before it.
    """

    def __init__(self, state: State, writes: list[Write] | None = None) -> None:
        self._tables: Final = state.stored
        self._overlays: Final = state.overlays
        self._writes: Final[list[Write]] = [] if writes is None else writes
        self._written_tables = state.overlaid
        """The marks of the tables that have rows above the dictionaries: this draft's writes, or the state's
        overlay.
        """
        self._index: dict[tuple[int, object], Write] | None = None
        for write in self._writes:
            self._written_tables |= write.table.mark
        if len(self._writes) >= INDEXED_WRITES:
            self._index = {(w.table.index, w.key): w for w in self._writes}

    def get(self, table: Table[Key, Row], key: Key) -> Row:
        """The row of `key`, as written by this draft, else as stored, else the table's default."""
        if self._written_tables & table.mark:
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
        """Write `row` at `key`. A later write at the same key replaces `row`."""
        erased = cast("Table[object, object]", table)
        write = self._written(erased, key)
        if write is not None:
            write.row = row
            return
        write = Write(erased, key, row)
        self._writes.append(write)
        self._written_tables |= table.mark
        if self._index is not None:
            self._index[(table.index, key)] = write
        elif len(self._writes) >= INDEXED_WRITES:
            self._index = {(w.table.index, w.key): w for w in self._writes}

    def delta(self, returns: object = None) -> Delta:
        """Close the draft: a Delta of its writes, with the call's return value."""
        return Delta(self._writes, returns)

    def _written(self, table: Table[object, object], key: object) -> Write | None:
        if not self._written_tables & table.mark:
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
    """Store the rows of a Delta in a state that the caller owns. The cost is proportional to the rows written, not to
    the state's size.
    """
    if state.shared != 0:
        state.own(delta)
    tables = state.stored
    for write in delta.writes:
        tables[write.table.index][write.key] = write.row


def apply(state: State, delta: Delta) -> State:
    """A new state, `state` with the rows of `delta`. It shares all other rows with `state`. The cost is proportional to
    the rows written, not to the state's size.
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
                overlaid |= write.table.mark
        if overlay is None:
            rows[write.key] = write.row
        else:
            overlays[index] = overlay.put(write.key, write.row)
    if overlaid:
        after.overlays, after.overlaid = overlays, overlaid
    after.shared, state.shared = shared, -1
    return after


def step(transition: Transition[Action], state: State, action: Action) -> tuple[State, Outcome]:
    """A pure step: the next state, and the transition's outcome. A rejected action returns the same state object."""
    outcome = transition(Draft(state), action)
    if isinstance(outcome, Delta):
        return apply(state, outcome), outcome
    return state, outcome


class Run:
    """The result of the function `run`: the final state, the number of accepted actions, and the number of rejected
    ones by reason.
    """

    def __init__(self, state: State, accepted: int, rejected: dict[Rejection, int]) -> None:
        self.state: Final = state
        self.accepted: Final = accepted
        self.rejected: Final = rejected


def run(transition: Transition[Action], state: State, actions: Iterable[Action]) -> Run:
    """Execute all actions in order, each in the state that the earlier ones left. A rejected action changes nothing.

    The given `state` stays unchanged: the loop copies it once, and then stores only written rows in the copy.
    """
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
