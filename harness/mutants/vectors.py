"""Vectors judged by mutants: the mutants that a release of vectors kills, which measures the worth of the vectors."""

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import attrs
from rich.console import Console
from rich.markup import escape

from harness.mutants.fate import Effort, Fate
from harness.mutants.mutant import Mutant
from harness.mutants.report import rate
from harness.mutants.run import Mutation
from harness.pack import ProtocolPack
from harness.stopping import Stop
from harness.vectors import Entry, ReleaseError, digest_of, read_release
from spec.codec import Json

VECTORS_BAR: Final = 0.95
"""The least share of the catalogue's mutants that the vectors have to kill."""


class VectorMutation(Mutation):
    """A run of `restake mutate --vectors`: each mutant replays the vectors of its protocols until one differs."""

    def __init__(
        self,
        mutants: list[Mutant],
        folder: Path,
        stop: Stop,
        packs: Mapping[str, ProtocolPack] | None = None,
        ids: Collection[str] = (),
    ) -> None:
        """Raises ReleaseError if the folder is no release, or has no vector of the protocols of a mutant."""
        super().__init__(mutants, Effort(), stop, packs=packs, ids=ids)
        self.folder: Final = folder
        self.entries: Final = [entry for entry in read_release(folder) if not entry.wrong]
        # Short vectors come first, since they kill most mutants.
        self.entries.sort(key=lambda entry: entry.steps)
        known = {entry.protocol for entry in self.entries}
        for mutant in self.mutants:
            if known.isdisjoint(mutant.protocols):
                raise ReleaseError(f"{folder}: has no vector of {', '.join(mutant.protocols)}, for {mutant.mutant_id}")

    def _fates(self, mutant: Mutant) -> tuple[Fate, ...]:
        files = [str(self.folder / entry.file) for entry in self.entries if entry.protocol in mutant.protocols]
        return self.judge("vectors", mutant, tuple(files))

    def failures(self) -> list[str]:
        """The reason why the run fails, if any: the vectors kill too few mutants of the catalogue."""
        killed, counted = self.rate(is_written=True)
        if killed >= VECTORS_BAR * counted:
            return []
        return [f"{killed} of {counted} of the catalogue killed by vectors: the bar is {VECTORS_BAR:.0%}"]

    def kills(self) -> Counter[str]:
        """The number of mutants that each kind of vectors was the first to kill; keys are `protocol/kind`."""
        kinds = {str(self.folder / entry.file): _kind(entry) for entry in self.entries}
        return Counter([kinds[judged.fates[0].by[0]] for judged in self.judged if judged.is_killed])

    def kills_of_release(self) -> dict[str, Json]:
        """The mutants that each kind of vectors was the first to kill, and the survivors, with the digest of the
        release.
        """
        kinds = {str(self.folder / entry.file): _kind(entry) for entry in self.entries}
        named: dict[str, list[str]] = {kind: [] for kind in sorted(set(kinds.values()))}
        for judged in self.judged:
            if judged.is_killed:
                named[kinds[judged.fates[0].by[0]]].append(judged.mutant.mutant_id)
        survivors = [judged.mutant.mutant_id for judged in self.survivors()]
        return {"release": digest_of(self.entries), "kills": {**named}, "survivors": [*survivors]}

    def as_json(self) -> dict[str, Json]:
        """All results as JSON."""
        return {
            "vectors": str(self.folder),
            "rates": {
                name: dict(zip(("killed", "counted"), self.rate(is_written), strict=True))
                for name, is_written in (("catalogue", True), ("generated", False))
            },
            "kills": dict(self.kills()),
            "survivors": [judged.mutant.mutant_id for judged in self.survivors()],
            "failures": self.failures(),
            "is_cut_short": self.is_cut_short,
            "undone": self.undone,
            "unloaded": self.unloaded(),
            "fates": {judged.mutant.mutant_id: attrs.asdict(judged.fates[0]) for judged in self.judged},
        }


def _kind(entry: Entry) -> str:
    return f"{entry.protocol}/{entry.kind}"


def print_vectors(console: Console, mutation: VectorMutation) -> None:
    """Print the report on a terminal: the rates, the kinds of vectors, and each mutant that survived."""
    for name, is_written in (("the catalogue", True), ("the generated mutants", False)):
        killed, counted = mutation.rate(is_written)
        if counted:
            console.print(f"{killed:,} of {counted:,} of {name} killed by vectors ({rate(killed, counted)})")
    for kind, count in sorted(mutation.kills().items()):
        console.print(f"  {kind}: killed {count:,} first")
    for judged in mutation.survivors():
        told = f"{judged.mutant.mutant_id} {judged.fates[0].outcome.upper()}: {judged.mutant.bug}"
        console.print(f"  {escape(told)}", soft_wrap=True)
    for failure in mutation.failures():
        console.print(f"[bold red]{escape(failure)}[/]", soft_wrap=True)
