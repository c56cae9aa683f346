"""What a mutant is, and the catalogue of mutants that somebody wrote down: bugs as they happen, many of them found by
auditors in the contracts.
"""

import importlib.util
import tomllib
from pathlib import Path
from typing import Any

import attrs

PROTOCOLS = ("eigenlayer", "symbiotic")
HERE = Path(__file__).parent
CATALOGUE = "catalogue"


class MutantError(Exception):
    """A mutant that cannot be made; the message says why."""


@attrs.frozen
class Mutant:
    """The specification with one change that makes it wrong.

    `operator` is CATALOGUE, or the name of the operator that generated it. `file` is below the package `spec`; in it
    stands `right`, and instead `wrong`, so that the module reads `text`. `protocols` are those that it concerns.
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

    @property
    def module(self) -> str:
        """The module that the change is in."""
        return "spec." + self.file.removesuffix(".py").replace("/", ".")


def protocols_of(file: str) -> tuple[str, ...]:
    """Whose rules a file of the specification holds: one protocol's, or everybody's."""
    room = file.partition("/")[0]
    return (room,) if room in PROTOCOLS else PROTOCOLS


def read_source(file: str) -> str:
    """The source of one file below the package `spec`. A compiled installation has it beside the compiled modules."""
    found = importlib.util.find_spec("spec")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / file
        if path.exists():
            return path.read_text(encoding="utf-8")
    raise MutantError(f"the source of spec/{file} is not installed here, and mutants are made from it")


def catalogue() -> list[Mutant]:
    """Every mutant that was written down. MutantError if one no longer fits the source."""
    mutants: list[Mutant] = []
    for name in (*PROTOCOLS, "shared"):
        entries: dict[str, Any] = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
        mutants += [_written(entry) for entry in entries["mutant"]]
    return mutants


def _written(entry: dict[str, str]) -> Mutant:
    file, right, wrong = entry["file"], entry["right"], entry["wrong"]
    source = read_source(file)
    if source.count(right) != 1:
        raise MutantError(f"{entry['id']}: spec/{file} says {source.count(right)} times, not once: {right!r}")
    return Mutant(
        entry["id"],
        protocols_of(file),
        file,
        CATALOGUE,
        right,
        wrong,
        entry["bug"],
        entry["source"],
        source.replace(right, wrong),
    )


def equivalents() -> dict[tuple[str, str], str]:
    """Generated mutants that change nothing anybody could notice: (id, what stands there instead) -> why."""
    groups: dict[str, Any] = tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8"))
    return {(mutant_id, wrong): group["reason"] for group in groups["group"] for mutant_id, wrong in group["mutants"]}
