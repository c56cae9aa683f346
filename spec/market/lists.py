"""Lists that never shrink, kept as rows: how long each is, and a row for each place. So nothing is copied whole."""

from typing import Final, Generic, TypeVar

import attr

from spec.machine import Draft, Schema, Table

Key = TypeVar("Key")
Row = TypeVar("Row")


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Length:
    """The number of members of a list."""

    count: Final[int]

    def __init__(self, count: int = 0) -> None:
        self.count = count


class ListTable(Generic[Key, Row]):
    """Two tables that hold one list for each key; `default` is the row of a place that nobody has taken."""

    def __init__(self, schema: Schema, name: str, default: Row) -> None:
        self.lengths: Final[Table[Key, Length]] = schema.table(name + "_lengths", Length())
        self.places: Final[Table[tuple[Key, int], Row]] = schema.table(name, default)

    def size(self, draft: Draft, key: Key) -> int:
        """The number of members."""
        return draft.get(self.lengths, key).count

    def members(self, draft: Draft, key: Key) -> list[Row]:
        """All members, in the order in which they came."""
        return [draft.get(self.places, (key, place)) for place in range(draft.get(self.lengths, key).count)]

    def at(self, draft: Draft, key: Key, place: int) -> Row:
        """The member at a place; the default at one that nobody has taken."""
        return draft.get(self.places, (key, place))

    def replace(self, draft: Draft, key: Key, place: int, row: Row) -> None:
        """Put another row at the place of a member."""
        draft.put(self.places, (key, place), row)

    def append(self, draft: Draft, key: Key, row: Row) -> None:
        """Add a member at the end."""
        count = draft.get(self.lengths, key).count
        draft.put(self.places, (key, count), row)
        draft.put(self.lengths, key, Length(count + 1))
