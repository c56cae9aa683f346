"""The question to a judge and its answer, in plain values, as they cross from one process to another."""

from collections.abc import Mapping
from typing import Any, Literal

import attrs

FateOutcome = Literal["killed", "survived", "crashed", "unviable", "open"]
"""A law broke; nothing did; nothing did, but some run raised an exception, as the specification never does; it cannot
even be loaded; a proof failed without a state that shows why, or the effort was spent.
"""


@attrs.frozen
class Effort:
    """The effort before a mutant counts as survived: seeded walks of so many steps, a bounded model to a depth, and
    plays of every game with so many moves; and how many goals the proofs may try.
    """

    walks: int = 120
    steps: int = 400
    depth: int = 3
    plays: int = 60
    moves: int = 80
    goals: int = 3_000


@attrs.frozen
class Trial:
    """One mutant to judge: the module it is in, that module's whole source, and the places of the packs whose laws it
    faces.

    `suspects` are laws that are known to notice it: another judge begins with these.

    `fingerprint` is that of all other source that is meant, so that an edit during a run mixes nothing.
    """

    module: str
    text: str
    protocols: tuple[str, ...]
    effort: Effort
    fingerprint: str
    suspects: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Trial":
        """A trial as `attrs.asdict` wrote it."""
        return cls(
            value["module"],
            value["text"],
            tuple(value["protocols"]),
            Effort(**value["effort"]),
            value["fingerprint"],
            tuple(value["suspects"]),
        )


@attrs.frozen
class Fate:
    """One judge's verdict on one mutant: its outcome, by which laws, and by which method.

    `method` and `seed` name the run that killed it, `step` is the step of that run at which laws broke, `steps` counts
    those of all runs up to then. `note` says what raised an exception, if anything did.

    Of proofs, `method` is the call, `steps` counts goals, and `counterexample` is the state and the call that break the
    law on the mutant as it runs.
    """

    judge: str
    outcome: FateOutcome
    by: tuple[str, ...]
    method: str | None
    seed: int | None
    step: int | None
    steps: int
    note: str
    counterexample: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Fate":
        """A fate as `as_json` wrote it."""
        return cls(**{**value, "by": tuple(value["by"])})

    def as_json(self) -> dict[str, Any]:
        """The fate as JSON."""
        return attrs.asdict(self)
