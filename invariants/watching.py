"""Reads of a law or a sum, watched: noted where a checker has to remember it, refused where it is not declared.

See the docstring of invariants/law.py for what has to be declared, and how.
"""

from typing import Any, Final, TypeVar, cast

from invariants.law import StateLaw, Subject, Sum, Totals, UndeclaredError, View
from spec.machine import Draft, State, Table

Key = TypeVar("Key")
Row = TypeVar("Row")


class Declared:
    """The declared reads of a law or a sum: sets of tables and of sums, one bit for each.

    What is in `also` leads to the reader by no key: who read which of it has to be remembered.
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
    """The declaration of a state law."""
    return Declared(law.law_id, [*law.rows, *law.sums], law.also_reads, law)


def declared_by_sum(total: Sum) -> Declared:
    """The declaration of a sum; the row that is counted is given to it."""
    return Declared(f"sum {total.name}", [], total.also_reads, None)


class WatchedRows(Draft):
    """A state whose rows are read under watch: by one reader after the other."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.who = ""
        self.allowed = 0
        self.noting = 0
        self.noted: list[object] = []

    def get(self, table: Table[Key, Row], key: Key) -> Row:
        """The row of `key`. UndeclaredError if the reader does not say that it reads such rows."""
        if self.noting & table.bit:
            self.noted.append(table)
            self.noted.append(key)
        elif not self.allowed & table.bit:
            raise UndeclaredError(self.who, table.name)
        return super().get(table, key)


class WatchedView(View):
    """One state as laws see it, rows and totals under watch. It shows the state as it is at any time."""

    def __init__(self, state: State, totals: Totals) -> None:
        self.watched: Final = WatchedRows(state)
        super().__init__(self.watched, totals)
        self._allowed_sums = 0
        self._noting_sums = 0

    def begin(self, reader: Declared, notes_all: bool) -> None:
        """Watch a reader from now on, and note what it reads that has to be remembered, or all of it."""
        watched = self.watched
        watched.who = reader.who
        watched.allowed = reader.tables
        watched.noting = reader.tables if notes_all else reader.also_tables
        watched.noted = []
        self._allowed_sums = reader.sums
        self._noting_sums = reader.sums if notes_all else reader.also_sums

    def total(self, of: Sum, group: object) -> int:
        """The total of a group. UndeclaredError if the reader does not say that it asks for such totals."""
        self._ask(of, group)
        return super().total(of, group)

    def total_at_start(self, of: Sum, group: object) -> int:
        """The total of a group in the state from which checking began. UndeclaredError as for `total`."""
        self._ask(of, group)
        return super().total_at_start(of, group)

    def _ask(self, of: Sum, group: object) -> None:
        bit = 1 << of.index
        if self._noting_sums & bit:
            self.watched.noted.append(of)
            self.watched.noted.append(group)
        elif not self._allowed_sums & bit:
            raise UndeclaredError(self.watched.who, f"sum {of.name}")

    def judges(self, reader: Declared, subject: Subject) -> bool:
        """True if a law holds of a subject, everything that it reads compared with what it declares: a row or a total
        that leads to its subject by the key has to lead to this one.
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
                    raise UndeclaredError(f"{reader.who} of {subject!r}", f"sum {part.name} of {key!r}")
            else:
                table = cast("Table[Any, Any]", part)
                if not reader.also_tables & table.bit and law.rows[table](key) != subject:
                    raise UndeclaredError(f"{reader.who} of {subject!r}", f"{table.name}[{key!r}]")
        return holds
