"""The modules of a version that are loaded before a rule runs: those that the rules import, and those of the pack."""

from collections.abc import Iterable
from typing import Final

from gate.sources import Sources

ENGINE: Final = frozenset({"conformance", "gate", "harness", "invariants", "proofs"})
"""This project's packages above the rules. What a pack loads of them changes no rule, wherever they are."""

PACKS: Final = "harness.packs"
"""The package of this project's own packs, within one of ENGINE."""


def packages_above(module: str) -> list[str]:
    """The names of the packages that contain a module, and its own name. Python loads them in this order."""
    parts = module.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def followed(sources: Sources, modules: Iterable[str], left_out: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names of all modules in a version's folder that these modules can load, and their own.

    They include the packages above each. Modules below the top-level packages in `left_out` do not count, apart from
    those in PACKS.
    """
    pending = [each for module in modules for each in packages_above(module)]
    seen = set[str]()
    while pending:
        name = pending.pop()
        if name in seen or (name.partition(".")[0] in left_out and not f"{name}.".startswith(f"{PACKS}.")):
            continue
        if sources.module(name) is not None:
            seen.add(name)
            pending.extend(sources.imported(name))
    return frozenset(seen)
