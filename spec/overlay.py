"""Rows above a dictionary that is never written again: a new overlay for each change, sharing all but what changed.

An overlay finds a row by the hash of its key, in a tree whose leaves are small dictionaries. To change a row copies one
leaf and the branches that lead to it, however many rows there are; the overlay of before stays as it was.
"""

from typing import Final, cast

LEAF_ROWS: Final = 16
"""The most rows of a leaf: one more and it becomes a branch."""
BRANCH_BITS: Final = 5
BRANCH_MASK: Final = (1 << BRANCH_BITS) - 1
DEPTH: Final = 6
"""The most branches on the way to a leaf; a leaf that far down is of any size."""
HASH_MASK: Final = (1 << (DEPTH * BRANCH_BITS)) - 1
"""The part of a hash that leads through the tree."""

Rows = dict[object, object]


class _Added:
    """A key that the dictionary beneath does not have, and those that were added before it."""

    def __init__(self, key: object, earlier: "_Added | None") -> None:
        self.key: Final = key
        self.earlier: Final = earlier


class Overlay:
    """Rows that stand before those of a dictionary of the same keys. None of it is ever changed."""

    def __init__(self, beneath: Rows, tree: object, added: _Added | None) -> None:
        self.beneath: Final = beneath
        self._tree: Final = tree
        self._added: Final = added

    def get(self, key: object) -> object:
        """The row that this overlay has of a key, else None."""
        node, place = self._tree, hash(key) & HASH_MASK
        while isinstance(node, list):
            node = node[place & BRANCH_MASK]
            place >>= BRANCH_BITS
        return cast(Rows, node).get(key)

    def put(self, key: object, row: object) -> "Overlay":
        """A new overlay: this one with `row` at `key`."""
        added = self._added
        if key not in self.beneath and self.get(key) is None:
            added = _Added(key, added)
        return Overlay(self.beneath, _put(self._tree, hash(key) & HASH_MASK, 0, key, row), added)

    def flat(self) -> Rows:
        """The dictionary of all rows, beneath and above, in the order in which their keys came."""
        keys: list[object] = []
        newest = self._added
        while newest is not None:
            keys.append(newest.key)
            newest = newest.earlier
        rows = dict(self.beneath)
        rows.update(dict.fromkeys(reversed(keys)))
        _gather(self._tree, rows)
        return rows


def _put(node: object, place: int, depth: int, key: object, row: object) -> object:
    """The tree with one row more, or another: `place` is what is left of its key's hash so many branches down."""
    if isinstance(node, list):
        branches: list[object] = list(node)
        branch = place & BRANCH_MASK
        branches[branch] = _put(branches[branch], place >> BRANCH_BITS, depth + 1, key, row)
        return branches
    leaf = dict(cast(Rows, node))
    leaf[key] = row
    return leaf if len(leaf) <= LEAF_ROWS or depth == DEPTH else _split(leaf, depth)


def _split(leaf: Rows, depth: int) -> list[object]:
    """The branches of a leaf that is full."""
    leaves: list[Rows] = [{} for _ in range(BRANCH_MASK + 1)]
    for key, row in leaf.items():
        leaves[((hash(key) & HASH_MASK) >> (depth * BRANCH_BITS)) & BRANCH_MASK][key] = row
    return list(leaves)


def _gather(node: object, rows: Rows) -> None:
    """Store all rows of a tree into a dictionary."""
    if isinstance(node, list):
        for branch in node:
            _gather(branch, rows)
    else:
        rows.update(cast(Rows, node))
