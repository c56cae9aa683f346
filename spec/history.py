"""A value by block or by timestamp, stored as rows. A push writes two rows; a look-up reads a logarithmic number.

This one specification stands for both protocols' checkpoint libraries. `value_at(point)` is the value of the last
checkpoint at or before `point`, or the history's default before the first checkpoint. A push at the point of the last
checkpoint overwrites it. Points never decrease, because time does not.
"""

from typing import Final, Generic, TypeVar

import attr

from spec.machine import Draft, Schema, Table

Key = TypeVar("Key")


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class History:
    """The head row of one history: the number of its checkpoints, and its latest value."""

    count: Final[int]
    latest: Final[int]

    def __init__(self, count: int, latest: int) -> None:
        self.count = count
        self.latest = latest


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Checkpoint:
    """One checkpoint: the value from `point` (a block or a timestamp) on."""

    point: Final[int]
    value: Final[int]

    def __init__(self, point: int, value: int) -> None:
        self.point = point
        self.value = value


class HistoryTable(Generic[Key]):
    """Two tables, of heads and of checkpoints, that hold one history for each key. `default` is the value before the
    first checkpoint.
    """

    def __init__(self, schema: Schema, name: str, default: int) -> None:
        self.heads: Final[Table[Key, History]] = schema.table(name, History(0, default))
        self.checkpoints: Final[Table[tuple[Key, int], Checkpoint]] = schema.table(
            name + "_checkpoints", Checkpoint(0, default)
        )
        self.default: Final = default

    def latest(self, draft: Draft, key: Key) -> int:
        """The latest value, or the default if there is no checkpoint. Source: Snapshots.latest, Checkpoints.latest."""
        return draft.get(self.heads, key).latest

    def is_empty(self, draft: Draft, key: Key) -> bool:
        """True if there is no checkpoint. Source: Checkpoints.latestCheckpoint."""
        return draft.get(self.heads, key).count == 0

    def latest_point(self, draft: Draft, key: Key) -> int:
        """The point of the last checkpoint; 0 if there is none. Source: Checkpoints.latestCheckpoint."""
        count = draft.get(self.heads, key).count
        return 0 if count == 0 else draft.get(self.checkpoints, (key, count - 1)).point

    def push(self, draft: Draft, key: Key, point: int, value: int) -> None:
        """Record `value` from `point` on. A push at the latest checkpoint's point replaces that checkpoint.

        Source: Snapshots._insert, Checkpoints.push.
        """
        count = draft.get(self.heads, key).count
        if count > 0 and draft.get(self.checkpoints, (key, count - 1)).point == point:
            count -= 1
        draft.put(self.checkpoints, (key, count), Checkpoint(point, value))
        draft.put(self.heads, key, History(count + 1, value))

    def value_at(self, draft: Draft, key: Key, point: int) -> int:
        """The value of the last checkpoint at or before `point`, or the default if there is none.

        Most look-ups are of the present or the recent past. So the search reads the last checkpoint first. From there
        it steps back in doubling strides, until a checkpoint is at or before `point`. A binary search of the last
        stride follows. The number of rows read is logarithmic in the answer's distance from the end, whatever the
        history's length.
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
        """Remove the last checkpoint, so that the value before it is the latest again. There must be a checkpoint.

        Source: Checkpoints.pop.
        """
        count = draft.get(self.heads, key).count - 1
        value = self.default if count == 0 else draft.get(self.checkpoints, (key, count - 1)).value
        draft.put(self.checkpoints, (key, count), self.checkpoints.default)
        draft.put(self.heads, key, History(count, value))
