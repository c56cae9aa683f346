"""A small state, and the plain transition that calls are put to: what the contracts of whole calls are written with."""

from typing import Any, TypeVar

from spec.history import Checkpoint, History, HistoryTable
from spec.machine import Draft, Rejection, Schema, State, Table, Transition, step

Key = TypeVar("Key")
Row = TypeVar("Row")


class Chain:
    """A state of one protocol; every read sees it as it is now."""

    def __init__(self, schema: Schema, transition: Transition[Any]) -> None:
        self.state: State = schema.empty_state()
        self._transition = transition

    @property
    def now(self) -> Draft:
        return Draft(self.state)

    def put(self, table: Table[Key, Row], key: Key, row: Row) -> None:
        self.state.rows(table)[key] = row

    def put_since(self, history: HistoryTable[Key], key: Key, point: int, value: int) -> None:
        """Let a value hold from a block or a timestamp on, and the default before."""
        self.put(history.heads, key, History(1, value))
        self.put(history.checkpoints, (key, 0), Checkpoint(point, value))

    def get(self, table: Table[Key, Row], key: Key) -> Row:
        return self.now.get(table, key)

    def latest(self, history: HistoryTable[Key], key: Key) -> int:
        return history.latest(self.now, key)

    def answer(self, action: object) -> Any:
        """The return value of the call, or the reason of its rejection."""
        self.state, outcome = step(self._transition, self.state, action)
        return outcome if isinstance(outcome, Rejection) else outcome.returns

    def do(self, action: object) -> Any:
        """The return value of the call; a rejection is an error."""
        answer = self.answer(action)
        assert not isinstance(answer, Rejection), answer
        return answer
