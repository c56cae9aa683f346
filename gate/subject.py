"""The subject of a run: one protocol, and where its parts are found in any version of it."""

from pathlib import Path
from typing import Any

import attrs

from conformance.calls import Calls
from invariants.exploring import BoundedModel
from invariants.rule_machine import LawMachine
from invariants.walker import Walk
from spec.codec import Json


@attrs.frozen
class Subject:
    """A protocol as the gate sees it. Places are `module:attribute`, found in each version; the rest is this program's
    own, and says what is played.

    `place` is how a version serves it. `leaving_at` lets accounts take out all they can; `traces` are the folders of
    recorded traces, below a version's folder or anywhere; `cases` is the file of cases.
    """

    name: str
    place: str
    protocol_at: str
    calls_at: str
    theory_at: str | None
    leaving_at: str
    walk_at: str
    calls: Calls
    walk: Walk | None
    rule_machine: type[LawMachine] | None
    bounded_model: BoundedModel | None
    cases: Path | None
    traces: tuple[Path, ...]

    def actions(self, head: Json, calls: list[Json]) -> list[list[Any]]:
        """The actions of each call of a script."""
        history = self.calls.begin(head)
        return [history.read(call, "call")[0] for call in calls]
