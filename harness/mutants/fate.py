"""A trial (one mutant to judge), which is sent to a judge's process, and a fate (the judge's verdict), which is its
answer. Both are plain values.
"""

from collections.abc import Mapping
from typing import Any, Literal

import attrs

FateOutcome = Literal["killed", "survived", "crashed", "unviable", "open"]
"""The outcome for a mutant: "killed" if a law broke; "survived" if nothing happened; "crashed" if no law broke but a
run raised an exception, as the specification never does; "unviable" if it cannot be loaded; "open" if a proof failed
without a counterexample, or the effort was spent.
"""


@attrs.frozen
class Effort:
    """The effort after which a mutant counts as survived. Runs are `walks` walks of `steps` steps, bounded models up to
    `depth` calls, and `plays` plays of every game with `moves` moves. Proofs try at most `goals` goals.
    """

    walks: int = 120
    steps: int = 400
    depth: int = 3
    plays: int = 60
    moves: int = 80
    goals: int = 3_000


@attrs.frozen
class Trial:
    """One mutant to judge: the module with the bug, that module's whole source text, and the places of the packs whose
    laws judge it.

    `suspects` are laws already known to notice it, which the judge of proofs tries first; for the judge of vectors, the
    files to replay. `fingerprint` identifies all other source, so that an edit during a run is noticed.
    """

    module: str
    text: str
    protocols: tuple[str, ...]
    effort: Effort
    fingerprint: str
    suspects: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Trial":
        """A trial from the JSON that `attrs.asdict` wrote."""
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
    """One judge's verdict on one mutant: the outcome, the laws that noticed it, and the method.

    `method` and `seed` name the run that killed it. `step` is the step of that run at which laws broke; `steps` counts
    the steps of all runs until then. `note` describes an exception, if one was raised. For the judge of proofs,
    `method` is the call and `steps` counts goals. Its `counterexample` is a state and a call that break the law when
    the mutant runs.
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
        """A fate from the JSON that `as_json` wrote."""
        return cls(**{**value, "by": tuple(value["by"])})

    def as_json(self) -> dict[str, Any]:
        """The fate as JSON."""
        return attrs.asdict(self)
