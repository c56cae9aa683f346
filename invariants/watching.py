"""Views that record the rows and totals that a law or a sum reads, and reject undeclared reads.

A checker remembers the recorded reads. invariants/law.py describes which reads must be declared, and how.
"""

from typing import Any, Final, TypeVar, cast

from invariants.law import StateLaw, Subject, Sum, Totals, View, undeclared
from spec.machine import Draft, State, Table

Key = TypeVar("Key")
Row = TypeVar("Row")


class Declared:
    """The declared reads of a law or a sum, as bit sets of tables and of sums.

    `keyed` are the tables and sums whose key gives the reader's subject. Those in `also` do not lead to the reader by
    key, so a checker has to remember which reader read which of their rows.
    """

    def __init__(
        self,
        who: str,
        keyed: list[Table[Any, Any] | Sum],
        also: tuple[Table[Any, Any] | Sum, ...],
        law: StateLaw | None,
    ) -> None:
        self.who: Final = who
        self.law: Final = law
        self.also_tables: Final = _bits(also, of_tables=True)
        self.also_sums: Final = _bits(also, of_tables=False)
        self.tables: Final = self.also_tables | _bits(tuple(keyed), of_tables=True)
        self.sums: Final = self.also_sums | _bits(tuple(keyed), of_tables=False)


def _bits(declared: tuple[Table[Any, Any] | Sum, ...], of_tables: bool) -> int:
    bits = 0
    for part in declared:
        if isinstance(part, Sum) != of_tables:
            bits |= 1 << part.index
    return bits


def declared_by_law(law: StateLaw) -> Declared:
    """The tables and sums that a state law declares to read."""
    return Declared(law.law_id, [*law.rows, *law.sums], law.also_reads, law)


def declared_by_sum(total: Sum) -> Declared:
    """The tables and sums that a sum declares to read. The counted row itself is an argument and needs no
    declaration.
    """
    return Declared(f"sum {total.name}", [], total.also_reads, None)


class WatchedRows(Draft):
    """A draft that records or rejects the reads of one law or sum at a time. `who` names that law or sum."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.who = ""
        self.allowed = 0
        self.noting = 0
        self.noted: list[object] = []

    def get(self, table: Table[Key, Row], key: Key) -> Row:
        """The row of `key`. Raises UndeclaredError if the current reader does not declare that it reads this table."""
        if self.noting & table.bit:
            self.noted.append(table)
            self.noted.append(key)
        elif not self.allowed & table.bit:
            raise undeclared(self.who, table.name)
        return super().get(table, key)


class WatchedView(View):
    """The current state as laws see it, with reads of rows and totals recorded or rejected."""

    def __init__(self, state: State, totals: Totals) -> None:
        self.watched: Final = WatchedRows(state)
        super().__init__(self.watched, totals)
        self._allowed_sums = 0
        self._noting_sums = 0

    def begin(self, reader: Declared, notes_all: bool) -> None:
        """Begin to record the reads of `reader`: those of `also_reads` only, or all of them if `notes_all`."""
        watched = self.watched
        watched.who = reader.who
        watched.allowed = reader.tables
        watched.noting = reader.tables if notes_all else reader.also_tables
        watched.noted = []
        self._allowed_sums = reader.sums
        self._noting_sums = reader.sums if notes_all else reader.also_sums

    def total(self, of: Sum, group: object) -> int:
        """The total of a group of the sum `of`. Raises UndeclaredError if the reader does not declare this sum."""
        self._ask(of, group)
        return super().total(of, group)

    def total_at_start(self, of: Sum, group: object) -> int:
        """The total of a group of the sum `of`, in the state in which checking began.

        Raises UndeclaredError if the reader does not declare this sum.
        """
        self._ask(of, group)
        return super().total_at_start(of, group)

    def _ask(self, of: Sum, group: object) -> None:
        bit = 1 << of.index
        if self._noting_sums & bit:
            self.watched.noted.append(of)
            self.watched.noted.append(group)
        elif not self._allowed_sums & bit:
            raise undeclared(self.watched.who, f"sum {of.name}")

    def judges(self, reader: Declared, subject: Subject) -> bool:
        """True if a law holds for a subject, with every read compared with the law's declaration.

        Raises UndeclaredError for an undeclared read, and for a read by key that leads to another subject.
        """
        law = reader.law
        if law is None:
            raise ValueError(f"{reader.who} is no law")
        self.begin(reader, notes_all=True)
        holds = law.holds(self, subject)
        noted = self.watched.noted
        for position in range(0, len(noted), 2):
            part, key = noted[position], noted[position + 1]
            if isinstance(part, Sum):
                if not reader.also_sums & (1 << part.index) and law.sums[part](key) != subject:
                    raise undeclared(f"{reader.who} of {subject!r}", f"sum {part.name} of {key!r}")
            else:
                table = cast("Table[Any, Any]", part)
                if not reader.also_tables & table.bit and law.rows[table](key) != subject:
                    raise undeclared(f"{reader.who} of {subject!r}", f"{table.name}[{key!r}]")
        return holds
