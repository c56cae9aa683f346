"""The gate's verdicts on actions and protocols, and the evidence for each verdict."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import attrs

from gate.changes import Change
from spec.codec import Json

Word = Literal["DIFFERS", "LAXER", "STRICTER", "REMOVED", "ADDED", "UNKNOWN", "EQUIVALENT", "SAME"]

WORDS: Final[tuple[Word, ...]] = (
    "DIFFERS",
    "LAXER",
    "STRICTER",
    "REMOVED",
    "ADDED",
    "UNKNOWN",
    "EQUIVALENT",
    "SAME",
)
"""All verdicts, from worst to best."""

HARMLESS: Final[frozenset[Word]] = frozenset({"EQUIVALENT", "SAME"})

MEANINGS: Final[dict[Word, str]] = {
    "DIFFERS": "answers otherwise",
    "LAXER": "accepts more",
    "STRICTER": "rejects more",
    "REMOVED": "the action is gone",
    "ADDED": "the action is new",
    "UNKNOWN": "not decided",
    "EQUIVALENT": "proved to answer alike",
    "SAME": "nothing that it reaches was changed",
}

DifferenceKind = str
"""The kind of difference between two versions' answers to a call:

- `stricter`: the head rejects a call that the base accepts.
- `laxer`: the head accepts a call that the base rejects.
- `reason`: both reject, with different reasons.
- `answers`: both accept, with different rows or return values.
- `raises`: the head raises an exception.
"""

KINDS: Final[tuple[DifferenceKind, ...]] = ("stricter", "laxer", "reason", "answers", "raises")


@attrs.frozen
class ShownRun:
    """A run that both versions replay, and whose last call they answer differently.

    `head` is the head of a trace, which declares the world. `source` names the script in which the difference was
    found. `claim` states which shorter runs were searched. `answers` are the answers of base and head to the last call.
    `steps` are both versions' steps, with the rows that change.
    """

    head: Json
    calls: tuple[Json, ...]
    answers: tuple[str, str]
    source: str
    claim: str = ""
    steps: tuple[dict[str, Any], ...] = ()


@attrs.frozen
class Shown:
    """A state in which the laws of the base hold, and a call that both versions answer differently in it.

    Whether a run from genesis reaches that state is unknown. `question` is the solver's question, in SMT-LIB.
    """

    state: Json
    call: Json
    answers: tuple[str, str]
    question: str


@attrs.frozen
class Difference:
    """One kind of difference in an action, with its evidence: a run from genesis (`witness`), a state in which a call
    differs (`shown`), or both. `label` names the answers of base and head, such as two reasons of rejection.
    """

    kind: DifferenceKind
    label: str
    witness: ShownRun | None
    shown: Shown | None

    @property
    def is_reachable(self) -> bool:
        """True if a run from genesis shows the difference."""
        return self.witness is not None


@attrs.frozen
class CallProof:
    """The result of proving that both versions answer one call alike.

    It has the number of goals, and the kinds of difference that are not excluded (`open_kinds`). It also has the scope
    (the bounds within which the proof holds), and the assumed laws. `why` is the reason if there is no proof, else
    empty.
    """

    goals: int = 0
    open_kinds: tuple[DifferenceKind, ...] = ()
    scope: tuple[str, ...] = ()
    laws: tuple[str, ...] = ()
    seconds: float = 0.0
    why: str = ""


@attrs.define
class ActionReport:
    """The verdict on one action of one protocol, with its evidence.

    `changes` are the changed definitions in the action's closure. `scripts` and `calls` are the numbers that were
    played. `why` is the reason for UNKNOWN. `notes` are remarks for the reader of the report. `impact` has the effects
    beyond the verdict, such as changed holdings, by name. `accepted_by` is the file name of the decision that accepts
    the difference, if any.
    """

    protocol: str
    action: str
    verdict: Word
    changes: Sequence[Change] = ()
    differences: Sequence[Difference] = ()
    proof: CallProof | None = None
    scripts: int = 0
    calls: int = 0
    why: str = ""
    notes: Sequence[str] = ()
    impact: dict[str, Any] = attrs.field(factory=dict)
    accepted_by: str = ""

    @property
    def is_harmless(self) -> bool:
        """True if the verdict needs no decision: EQUIVALENT or SAME."""
        return self.verdict in HARMLESS

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that identify the protocol, the action, the verdict and the changed definitions."""
        digests = sorted(f"{change.shown} {change.digests[0]} {change.digests[1]}" for change in self.changes)
        said = "\n".join([self.protocol, self.action, self.verdict, *digests])
        return hashlib.sha256(said.encode()).hexdigest()[:12]


@attrs.define
class ProtocolReport:
    """The verdicts on one protocol's actions. `problem` is the reason if the protocol could not be judged, else empty.

    `outside` are the changes that no action reaches. `interface` lists the actions, tables, fields and reasons that
    were added or removed, one per line.
    """

    protocol: str
    actions: list[ActionReport] = attrs.field(factory=list)
    outside: Sequence[Change] = ()
    interface: Sequence[str] = ()
    problem: str = ""
    is_cut_short: bool = False
    left_out: Sequence[str] = ()
    """The names of recorded traces, walks, examples and cases that were not compared.

    The protocol's calls cannot express them, or the base cannot read them.
    """
    views: Sequence[str] = ()
    """The actions after which the state that a trace shows differs although no row does."""
    matrix: dict[str, dict[str, str]] = attrs.field(factory=dict)
    """The base's proof verdicts by law and call; STALE where a proof depends on a changed definition."""

    @property
    def verdict(self) -> Word:
        """The worst verdict of all actions. If the protocol was not fully judged, UNKNOWN counts as one of them."""
        words = {report.verdict for report in self.actions}
        return worst({*words, "UNKNOWN"} if self.problem or self.is_cut_short else words)


def worst(words: Iterable[Word]) -> Word:
    """The worst of these verdicts; SAME if there are none."""
    found = set(words)
    return next((word for word in WORDS if word in found), "SAME")


def verdict_of(kinds: Iterable[DifferenceKind]) -> Word:
    """The verdict for an action with differences of these kinds.

    It is STRICTER for `stricter` and LAXER for `laxer`, with or without `reason`, and DIFFERS in all other cases.
    """
    found = set(kinds)
    if found & {"answers", "raises"} or {"stricter", "laxer"} <= found:
        return "DIFFERS"
    return "STRICTER" if "stricter" in found else "LAXER" if "laxer" in found else "DIFFERS"
