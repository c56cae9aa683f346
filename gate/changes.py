"""The definitions in which two versions differ."""

from collections.abc import Mapping

import attrs

from gate.closures import Closures
from gate.reading import Name


@attrs.frozen
class Change:
    """A definition that differs between base and head: its name, its file, and its lines in the head.

    The lines are the base's if the head lacks the definition. `digests` are those of base and head; the digest is empty
    for a version without the definition.
    """

    name: Name
    file: str
    line: int
    last_line: int
    digests: tuple[str, str]

    @property
    def shown(self) -> str:
        """The name of the definition for display: `module:name`, or `module:module` for statements outside
        definitions.
        """
        return f"{self.name[0]}:{self.name[1] or 'module'}"


def changes(base: Closures, head: Closures, mine: Mapping[Name, str], others: Mapping[Name, str]) -> list[Change]:
    """The definitions in which `mine`, of the base, and `others`, of the head, differ.

    Both map definitions to digests: those of a closure, or all of a version. A definition may be equal in both
    versions, and reached in only one. Such a definition is omitted if any other differs.
    """
    found = _differing(base, head, mine, others)
    changed = [change for change in found if not _is_in_both(base, head, change)]
    return changed or found


def _is_in_both(base: Closures, head: Closures, change: Change) -> bool:
    """True if both versions have the changed definition with equal digests, even if only one of them reaches it."""
    one, other = (closures.sources.definition(change.name) for closures in (base, head))
    return one is not None and other is not None and one.digest == other.digest


def _differing(base: Closures, head: Closures, mine: Mapping[Name, str], others: Mapping[Name, str]) -> list[Change]:
    found = []
    for name in sorted({*mine, *others}):
        digests = (mine.get(name, ""), others.get(name, ""))
        if digests[0] != digests[1]:
            closures = head if digests[1] else base
            written = (name[0], name[1].partition(" of ")[0])
            module, definition = closures.sources.module(name[0]), closures.sources.definition(written)
            lines = (1, 1) if definition is None else (definition.line, definition.last_line)
            found.append(Change(name, "" if module is None else module.file, *lines, digests))
    return found
