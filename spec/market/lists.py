"""Lists that never shrink, stored as rows: one row for the length, and one for each entry. So no call copies a list."""

from typing import Final, Generic, TypeVar

import attr

from spec.machine import Draft, Schema, Table

Key = TypeVar("Key")
Row = TypeVar("Row")


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Length:
    """The number of entries of a list."""

    count: Final[int]

    def __init__(self, count: int = 0) -> None:
        self.count = count


class ListTable(Generic[Key, Row]):
    """Two tables, of lengths and of entries, that hold one list for each key. Unused places hold the row `default`."""

    def __init__(self, schema: Schema, name: str, default: Row) -> None:
        self.lengths: Final[Table[Key, Length]] = schema.table(name + "_lengths", Length())
        self.places: Final[Table[tuple[Key, int], Row]] = schema.table(name, default)

    def size(self, draft: Draft, key: Key) -> int:
        """The number of entries in the list of `key`."""
        return draft.get(self.lengths, key).count

    def members(self, draft: Draft, key: Key) -> list[Row]:
        """All entries of the list of `key`, in the order in which they were appended."""
        return [draft.get(self.places, (key, place)) for place in range(draft.get(self.lengths, key).count)]

    def at(self, draft: Draft, key: Key, place: int) -> Row:
        """The entry at index `place`, from 0, of the list of `key`; the default row at an unused place."""
        return draft.get(self.places, (key, place))

    def replace(self, draft: Draft, key: Key, place: int, row: Row) -> None:
        """Replace the entry at index `place`, from 0, of the list of `key` by `row`."""
        draft.put(self.places, (key, place), row)

    def append(self, draft: Draft, key: Key, row: Row) -> None:
        """Append `row` as the last entry of the list of `key`."""
        count = draft.get(self.lengths, key).count
        draft.put(self.places, (key, count), row)
        draft.put(self.lengths, key, Length(count + 1))
