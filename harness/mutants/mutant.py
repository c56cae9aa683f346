"""Mutants, and the catalogues of written ones: realistic bugs, many of which auditors found in the contracts."""

import re
import tomllib
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

import attrs

from harness.pack import ProtocolPack
from harness.protocols import known_packs
from harness.source import file_behind, files_of, folder_of

HERE = Path(__file__).parent
CATALOGUE = "catalogue"
SHARED = ("arithmetic", "history", "machine")
"""The modules of `spec` that every rule runs on."""

OF_ALL = ("shared", "reported")
"""The names of the two catalogues of bugs that are not of one protocol: bugs in shared modules, and reported bugs."""

Packs = Collection[ProtocolPack]


class MutantError(Exception):
    """The exception for a mutant that cannot be made; the message names the file, the mutant and the field."""


@attrs.frozen
class Mutant:
    """The specification with one bug.

    `operator` is CATALOGUE, or the name of the operator that generated it. `file` is relative to the package `spec`. In
    it, the text `right` is replaced by `wrong`, which gives the module `text`. Further replacements of the same bug are
    in `more`. `protocols` are those whose laws judge it. `catalogue` is the file that it was written in, if any.
    """

    mutant_id: str
    protocols: tuple[str, ...]
    file: str
    operator: str
    right: str
    wrong: str
    bug: str
    source: str
    text: str = attrs.field(repr=False)
    more: tuple[tuple[str, str], ...] = ()
    catalogue: str = attrs.field(default="", repr=False, eq=False)

    @property
    def module(self) -> str:
        """The dotted name of the module that the bug is in."""
        return module_of(self.file)


def module_of(file: str) -> str:
    """The module name of a file: in the package `spec` if that has the file, else in a pack from outside."""
    name = file.removesuffix(".py").replace("/", ".")
    return f"spec.{name}" if file in specified() else name


def file_of(module: str) -> str:
    """The file of a module, relative to the package `spec` if it is in it."""
    return f"{module.removeprefix('spec.').replace('.', '/')}.py"


def protocols_of(file: str, packs: Packs | None = None) -> tuple[str, ...]:
    """The protocols whose rules are in a file, by the modules that their packs name. A file that no pack names is
    shared, and is of all protocols.
    """
    packs, module = known_packs().values() if packs is None else packs, module_of(file)
    rooms = {pack.name: (*pack.rules, *((pack.protocol_at or "").split(":")[:1])) for pack in packs}
    owners = [name for name, of in rooms.items() if any(module == room or module.startswith(f"{room}.") for room in of)]
    return tuple(owners or rooms)


@cache
def specified() -> frozenset[str]:
    """The files of the specification, relative to the package `spec`."""
    folder = folder_of("spec")
    return frozenset([path.relative_to(folder).as_posix() for path in files_of("spec")])


def read_source(file: str) -> str:
    """The source text of a file; compiled installations include it. Raises MutantError if it is not installed."""
    try:
        return file_behind(module_of(file)).read_text(encoding="utf-8")
    except ModuleNotFoundError as error:
        raise MutantError(
            f"the source of {module_of(file)} is not installed here, and mutants are made from it"
        ) from error


def catalogue(packs: Packs | None = None) -> list[Mutant]:
    """Every written mutant: of the packs, and of the shared catalogues. Raises MutantError if one no longer fits the
    source.
    """
    packs = known_packs().values() if packs is None else packs
    paths = [Path(pack.mutants) for pack in packs if pack.mutants is not None]
    paths += [HERE / f"{name}.toml" for name in OF_ALL]
    return [mutant for path in paths for mutant in read_catalogue(path, packs)]


def read_catalogue(path: Path, packs: Packs | None = None) -> list[Mutant]:
    """The mutants in a catalogue file. Raises MutantError at the first invalid one; none is skipped."""
    packs = known_packs().values() if packs is None else packs
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MutantError(f"{path}: {error.strerror if isinstance(error, OSError) else error}") from error
    entries = document.pop("mutant", [])
    if document:
        raise MutantError(f"{path}: {min(document)}: unknown; a catalogue has [[mutant]] alone")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise MutantError(f"{path}: mutant: expected one or more [[mutant]]")
    mutants: list[Mutant] = []
    for number, entry in enumerate(entries, 1):
        name = entry.get("id")
        named = repr(name) if isinstance(name, str) and name else f"number {number}"
        try:
            mutant = _written(entry, packs)
        except MutantError as error:
            raise MutantError(f"{path}: mutant {named}: {error}") from error
        if any(mutant.mutant_id == other.mutant_id for other in mutants):
            raise MutantError(f"{path}: mutant {named}: id: given twice")
        mutants.append(attrs.evolve(mutant, catalogue=str(path)))
    return mutants


FIELDS = ("id", "file", "right", "wrong", "bug", "source")
"""The fields of a mutant in a catalogue. A bug in several places adds right2 and wrong2, right3 and wrong3."""


def _written(entry: dict[str, Any], packs: Packs) -> Mutant:
    """One mutant of a catalogue. Raises MutantError, with the field's name, if it is invalid."""
    further = sorted({name[len("right") :] for name in entry if re.fullmatch("(right|wrong)[0-9]+", name)})
    pairs = [("right", "wrong"), *((f"right{number}", f"wrong{number}") for number in further)]
    expected = [*FIELDS, *(name for pair in pairs[1:] for name in pair)]
    for name in expected:
        if not isinstance(entry.get(name), str):
            raise MutantError(f"{name}: {'missing' if name not in entry else 'expected text'}")
    for name in entry:
        if name not in expected:
            raise MutantError(f"{name}: unknown field")
    for name in ("id", "bug", "source"):
        if not entry[name].strip():
            raise MutantError(f"{name}: empty")
    file = entry["file"]
    if file not in specified() and file not in {file_of(module) for pack in packs for module in pack.rules}:
        raise MutantError(f"file: no file of the specification: {file!r}")
    source = text = read_source(file)
    places: list[tuple[int, str, str]] = []
    for right, wrong in pairs:
        found = source.count(entry[right]) if entry[right] else 0
        if found != 1:
            raise MutantError(f"{right}: {module_of(file)} says {found} times, not once: {entry[right]!r}")
        places.append((source.index(entry[right]), right, wrong))
    end = len(source)
    for start, right, wrong in sorted(places, reverse=True):
        after = start + len(entry[right])
        if after > end:
            raise MutantError(f"{right}: overlaps with what stands after it")
        text, end = text[:start] + entry[wrong] + text[after:], start
    if text == source:
        raise MutantError("wrong: the same as right")
    (right, wrong), *more = [(entry[right], entry[wrong]) for right, wrong in pairs]
    described = (entry["bug"], entry["source"])
    return Mutant(entry["id"], protocols_of(file, packs), file, CATALOGUE, right, wrong, *described, text, tuple(more))


def equivalents() -> dict[tuple[str, str], str]:
    """The generated mutants without an observable change: a map from (id, replacing text) to the reason."""
    groups: dict[str, Any] = tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8"))
    return {(mutant_id, wrong): group["reason"] for group in groups["group"] for mutant_id, wrong in group["mutants"]}
