"""What a mutant is, and the catalogue of mutants that somebody wrote down: bugs as they happen, many of them found by
auditors in the contracts.
"""

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import attrs

PROTOCOLS = ("eigenlayer", "symbiotic")
HERE = Path(__file__).parent
CATALOGUE = "catalogue"
FILES = (*PROTOCOLS, "shared", "reported")


class MutantError(Exception):
    """A mutant that cannot be made; the message says which, of which file, and what is wrong with which field."""


@attrs.frozen
class Mutant:
    """The specification with one bug in it.

    `operator` is CATALOGUE, or the name of the operator that generated it. `file` is below the package `spec`; in it
    stands `right`, and instead `wrong`, so that the module reads `text`. A bug in several places of the file has more
    such pairs in `more`. `protocols` are those that it concerns.
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

    @property
    def module(self) -> str:
        """The module that the change is in."""
        return "spec." + self.file.removesuffix(".py").replace("/", ".")


def protocols_of(file: str) -> tuple[str, ...]:
    """Whose rules a file of the specification holds: one protocol's, or everybody's."""
    room = file.partition("/")[0]
    return (room,) if room in PROTOCOLS else PROTOCOLS


def specified() -> set[str]:
    """The files of the specification, below the package `spec`."""
    found = importlib.util.find_spec("spec")
    folders = [Path(folder) for folder in (found.submodule_search_locations or [])] if found else []
    return {path.relative_to(folder).as_posix() for folder in folders for path in folder.rglob("*.py")}


def read_source(file: str) -> str:
    """The source of one file below the package `spec`. A compiled installation has it beside the compiled modules."""
    found = importlib.util.find_spec("spec")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / file
        if path.exists():
            return path.read_text(encoding="utf-8")
    raise MutantError(f"the source of spec/{file} is not installed here, and mutants are made from it")


def catalogue() -> list[Mutant]:
    """Every mutant of this project's that was written down. MutantError if one no longer fits the source."""
    return [mutant for name in FILES for mutant in read_catalogue(HERE / f"{name}.toml")]


def read_catalogue(path: Path) -> list[Mutant]:
    """The mutants of one file of a catalogue, this project's or anybody's. MutantError at the first that is not right:
    nothing is passed over.
    """
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
            mutant = _written(entry)
        except MutantError as error:
            raise MutantError(f"{path}: mutant {named}: {error}") from error
        if any(mutant.mutant_id == other.mutant_id for other in mutants):
            raise MutantError(f"{path}: mutant {named}: id: given twice")
        mutants.append(mutant)
    return mutants


FIELDS = ("id", "file", "right", "wrong", "bug", "source")
"""What each mutant of a catalogue says. A bug in several places goes on with right2 and wrong2, right3 and wrong3."""


def _written(entry: dict[str, Any]) -> Mutant:
    """One mutant of a catalogue. MutantError names the field that is not right."""
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
    if file not in specified():
        raise MutantError(f"file: no file of the specification: {file!r}")
    source = text = read_source(file)
    places: list[tuple[int, str, str]] = []
    for right, wrong in pairs:
        found = source.count(entry[right]) if entry[right] else 0
        if found != 1:
            raise MutantError(f"{right}: spec/{file} says {found} times, not once: {entry[right]!r}")
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
    return Mutant(entry["id"], protocols_of(file), file, CATALOGUE, right, wrong, *described, text, tuple(more))


def equivalents() -> dict[tuple[str, str], str]:
    """Generated mutants that change nothing anybody could notice: (id, what stands there instead) -> why."""
    groups: dict[str, Any] = tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8"))
    return {(mutant_id, wrong): group["reason"] for group in groups["group"] for mutant_id, wrong in group["mutants"]}
