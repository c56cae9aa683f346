"""A small state with the plain transition of a protocol. Conditions on whole calls are written with it."""

from typing import Any, TypeVar

from spec.history import Checkpoint, History, HistoryTable
from spec.machine import Draft, Rejection, Schema, State, Table, Transition, step

Key = TypeVar("Key")
Row = TypeVar("Row")


class Chain:
    """A state of one protocol that calls change; every read sees the current state."""

    def __init__(self, schema: Schema, transition: Transition[Any]) -> None:
        self.state: State = schema.empty_state()
        self._transition = transition

    @property
    def now(self) -> Draft:
        return Draft(self.state)

    def put(self, table: Table[Key, Row], key: Key, row: Row) -> None:
        self.state.rows(table)[key] = row

    def put_since(self, history: HistoryTable[Key], key: Key, point: int, value: int) -> None:
        """Write a history whose value is `value` from `point`, a block or second, on. Before it, the value is the
        default.
        """
        self.put(history.heads, key, History(1, value))
        self.put(history.checkpoints, (key, 0), Checkpoint(point, value))

    def get(self, table: Table[Key, Row], key: Key) -> Row:
        return self.now.get(table, key)

    def latest(self, history: HistoryTable[Key], key: Key) -> int:
        return history.latest(self.now, key)

    def answer(self, action: object) -> Any:
        """Execute a call. Returns its return value, or the reason of its rejection."""
        self.state, outcome = step(self._transition, self.state, action)
        return outcome if isinstance(outcome, Rejection) else outcome.returns

    def do(self, action: object) -> Any:
        """Execute a call that must be accepted. Returns its return value."""
        answer = self.answer(action)
        assert not isinstance(answer, Rejection), answer
        return answer
