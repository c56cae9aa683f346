"""The subject of a run of the gate: one protocol, as the pack of the base names its parts."""

from pathlib import Path
from typing import Any

import attrs

from conformance.calls import Calls
from gate.packs import Places, places_of
from gate.versions import Version
from invariants.exploring import BoundedModel
from invariants.rule_machine import LawMachine
from invariants.walker import Walk
from spec.codec import Json


@attrs.frozen
class Subject:
    """A protocol as the gate needs it.

    `place` names the pack that a version serves. `places` are those that the base's own pack names; `theory_at` is the
    place of its theory, or None. `calls`, `walk`, `rule_machine` and `bounded_model` generate the scripts. They come
    from the gate's own installation, not from a version. `traces` are folders of recorded traces, `cases` a file of
    cases.
    """

    name: str
    place: str
    places: Places
    theory_at: str | None
    calls: Calls
    walk: Walk | None
    rule_machine: type[LawMachine] | None
    bounded_model: BoundedModel | None
    cases: Path | None
    traces: tuple[Path, ...]

    def actions(self, head: Json, calls: list[Json]) -> list[list[Any]]:
        """The actions that each call of a script makes, in the world of `head`."""
        history = self.calls.begin(head)
        return [history.read(call, "call")[0] for call in calls]


def subject_of(pack: Any, version: Version) -> Subject:
    """The subject of a pack, with the recorded traces of a version. Packs are typed Any, because this package may not
    import theirs.
    """
    return Subject(
        pack.name,
        pack.place,
        places_of(pack),
        pack.theory_at,
        pack.calls,
        pack.walk,
        pack.rule_machine,
        pack.bounded_model,
        None if pack.cases is None else Path(pack.cases),
        folder_of_traces(version.folder, pack.traces, pack.name),
    )


def folder_of_traces(version: Path, packaged: Path, name: str) -> tuple[Path, ...]:
    """The folder of recorded traces, as a tuple: the version's own if it has one, else the pack's (`packaged`). Empty
    if neither exists.
    """
    own = version / "tests" / "golden" / name
    return (own,) if own.is_dir() else (packaged,) if packaged.is_dir() else ()
