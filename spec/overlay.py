"""An immutable overlay: changed rows above a dictionary that is never written again. Each change makes a new overlay.

An overlay finds a row by the hash of its key, in a tree whose leaves are small dictionaries. A change copies one leaf
and the branches that lead to it, and shares the rest. So its cost hardly grows with the number of rows. The earlier
overlay stays unchanged.
"""

from typing import Final, cast

LEAF_ROWS: Final = 16
"""The most rows of a leaf. A leaf with more is split into a branch."""
BRANCH_BITS: Final = 5
BRANCH_MASK: Final = (1 << BRANCH_BITS) - 1
DEPTH: Final = 6
"""The most branches on the path to a leaf. A leaf at this depth may have any number of rows."""
HASH_MASK: Final = (1 << (DEPTH * BRANCH_BITS)) - 1
"""The bits of a hash that select the path through the tree."""

Rows = dict[object, object]


class _Added:
    """A linked list of the keys that the dictionary beneath lacks, the latest first."""

    def __init__(self, key: object, earlier: "_Added | None") -> None:
        self.key: Final = key
        self.earlier: Final = earlier


class Overlay:
    """Immutable rows that take precedence over those of the dictionary `beneath`. `tree` holds these rows by the hashes
    of their keys. `added` lists the keys that `beneath` lacks.
    """

    def __init__(self, beneath: Rows, tree: object, added: _Added | None) -> None:
        self.beneath: Final = beneath
        self._tree: Final = tree
        self._added: Final = added

    def get(self, key: object) -> object:
        """The overlay's own row at `key`, or None if it has none."""
        node, place = self._tree, hash(key) & HASH_MASK
        while isinstance(node, list):
            node = node[place & BRANCH_MASK]
            place >>= BRANCH_BITS
        return cast(Rows, node).get(key)

    def put(self, key: object, row: object) -> "Overlay":
        """A new overlay: a copy of this one with `row` at `key`."""
        added = self._added
        if key not in self.beneath and self.get(key) is None:
            added = _Added(key, added)
        return Overlay(self.beneath, _put(self._tree, hash(key) & HASH_MASK, 0, key, row), added)

    def flat(self) -> Rows:
        """A dictionary of all rows, beneath and above, in the order in which their keys were first written."""
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
    """A copy of the tree `node` with `row` at `key`. `place` is the part of the key's hash that is still unused at
    `depth`.
    """
    if isinstance(node, list):
        branches: list[object] = list(node)
        branch = place & BRANCH_MASK
        branches[branch] = _put(branches[branch], place >> BRANCH_BITS, depth + 1, key, row)
        return branches
    leaf = dict(cast(Rows, node))
    leaf[key] = row
    return leaf if len(leaf) <= LEAF_ROWS or depth == DEPTH else _split(leaf, depth)


def _split(leaf: Rows, depth: int) -> list[object]:
    """The branch that replaces a full leaf at `depth`: its rows, grouped by the next bits of their keys' hashes."""
    leaves: list[Rows] = [{} for _ in range(BRANCH_MASK + 1)]
    for key, row in leaf.items():
        leaves[((hash(key) & HASH_MASK) >> (depth * BRANCH_BITS)) & BRANCH_MASK][key] = row
    return list(leaves)


def _gather(node: object, rows: Rows) -> None:
    """Copy all rows of a tree into `rows`."""
    if isinstance(node, list):
        for branch in node:
            _gather(branch, rows)
    else:
        rows.update(cast(Rows, node))
