"""A value by block or by timestamp, kept as rows: a push writes two, a look-up reads a logarithmic number.

One contract stands for both protocols' checkpoint libraries: `value_at(point)` is the value of the last checkpoint at
or before `point`, and the history's default before the first one. Several pushes at one point overwrite each other.
Points never decrease, because time does not.
"""

from typing import Final, Generic, TypeVar

import attr

from spec.machine import Draft, Schema, Table

Key = TypeVar("Key")


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class History:
    """The head of one history: how many checkpoints it has, and its latest value."""

    count: Final[int]
    latest: Final[int]

    def __init__(self, count: int, latest: int) -> None:
        self.count = count
        self.latest = latest


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Checkpoint:
    """The value that holds from `point` (a block or a timestamp) on."""

    point: Final[int]
    value: Final[int]

    def __init__(self, point: int, value: int) -> None:
        self.point = point
        self.value = value


class HistoryTable(Generic[Key]):
    """Two tables that hold one history for each key; `default` is the value before the first checkpoint."""

    def __init__(self, schema: Schema, name: str, default: int) -> None:
        self.heads: Final[Table[Key, History]] = schema.table(name, History(0, default))
        self.checkpoints: Final[Table[tuple[Key, int], Checkpoint]] = schema.table(
            name + "_checkpoints", Checkpoint(0, default)
        )
        self.default: Final = default

    def latest(self, draft: Draft, key: Key) -> int:
        """The value now. Source: Snapshots.latest, Checkpoints.latest."""
        return draft.get(self.heads, key).latest

    def is_empty(self, draft: Draft, key: Key) -> bool:
        """True if there is no checkpoint. Source: Checkpoints.latestCheckpoint."""
        return draft.get(self.heads, key).count == 0

    def latest_point(self, draft: Draft, key: Key) -> int:
        """The point of the last checkpoint; 0 if there is none. Source: Checkpoints.latestCheckpoint."""
        count = draft.get(self.heads, key).count
        return 0 if count == 0 else draft.get(self.checkpoints, (key, count - 1)).point

    def push(self, draft: Draft, key: Key, point: int, value: int) -> None:
        """Let `value` hold from `point` on; a push at the latest point replaces it.

        Source: Snapshots._insert, Checkpoints.push.
        """
        count = draft.get(self.heads, key).count
        if count > 0 and draft.get(self.checkpoints, (key, count - 1)).point == point:
            count -= 1
        draft.put(self.checkpoints, (key, count), Checkpoint(point, value))
        draft.put(self.heads, key, History(count + 1, value))

    def value_at(self, draft: Draft, key: Key, point: int) -> int:
        """The value of the last checkpoint at or before `point`.

        Almost every question is about the present or the recent past. So the last checkpoint is asked first, and the
        search walks back from there in doubling strides until it meets a checkpoint that is early enough, and halves
        only what lies behind: it reads rows in the logarithm of how far back the answer is, not of how long the history
        has become.
        Source: Snapshots.upperLookup, Checkpoints.upperLookupRecent.
        """
        head = draft.get(self.heads, key)
        high = head.count - 1
        if high < 0 or draft.get(self.checkpoints, (key, high)).point <= point:
            return head.latest
        low = high - 1
        stride = 1
        while low >= 0 and draft.get(self.checkpoints, (key, low)).point > point:
            high = low
            low -= stride
            stride += stride
        low = max(low + 1, 0)
        while low < high:
            middle = (low + high) >> 1
            if draft.get(self.checkpoints, (key, middle)).point > point:
                high = middle
            else:
                low = middle + 1
        if low == 0:
            return self.default
        return draft.get(self.checkpoints, (key, low - 1)).value

    def pop(self, draft: Draft, key: Key) -> None:
        """Take back the last checkpoint, of which there must be one: the value before it holds again.

        Source: Checkpoints.pop.
        """
        count = draft.get(self.heads, key).count - 1
        value = self.default if count == 0 else draft.get(self.checkpoints, (key, count - 1)).value
        draft.put(self.checkpoints, (key, count), self.checkpoints.default)
        draft.put(self.heads, key, History(count, value))
