"""Verdicts of the gate, and what each rests on."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import attrs

from gate.closures import Change
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
"""All verdicts, the worst first."""

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
"""In what two answers differ. `stricter`: the head rejects what the base accepts; `laxer`: it accepts what the base
rejects; `reason`: it names another reason; `answers`: it accepts alike, and writes or returns something else; `raises`:
it raises.
"""

KINDS: Final[tuple[DifferenceKind, ...]] = ("stricter", "laxer", "reason", "answers", "raises")


@attrs.frozen
class ShownRun:
    """A run that both versions replay, and whose last call they answer otherwise. `claim` says what was searched for a
    shorter one. `answers` are those of the base and of the head; `steps` are both stories, row by row.
    """

    head: Json
    calls: tuple[Json, ...]
    answers: tuple[str, str]
    source: str
    claim: str = ""
    steps: tuple[dict[str, Any], ...] = ()


@attrs.frozen
class Shown:
    """A state that satisfies the base's laws, and a call, which both versions were seen to answer otherwise.

    `is_reachable` once a run from the beginning shows the same difference; else nobody knows.
    """

    state: Json
    call: Json
    answers: tuple[str, str]
    question: str


@attrs.frozen
class Difference:
    """One kind of difference of an action, with what shows it: a run, a state, or both."""

    kind: DifferenceKind
    label: str
    witness: ShownRun | None
    shown: Shown | None

    @property
    def is_reachable(self) -> bool:
        """True if a run from genesis shows it."""
        return self.witness is not None


@attrs.frozen
class CallProof:
    """The result of the proof of one call: goals proved and not, by kind; its scope, and the laws that it assumes.

    `why` is empty if everything was proved but the kinds in `open_kinds`.
    """

    goals: int = 0
    open_kinds: tuple[DifferenceKind, ...] = ()
    scope: tuple[str, ...] = ()
    laws: tuple[str, ...] = ()
    seconds: float = 0.0
    why: str = ""


@attrs.define
class ActionReport:
    """The verdict on one action of one protocol."""

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
        """True if there is nothing to be decided."""
        return self.verdict in HARMLESS

    @property
    def fingerprint(self) -> str:
        """Twelve digits that stay the same as long as the verdict does, and what was changed of the rule."""
        digests = sorted(f"{change.shown} {change.digests[0]} {change.digests[1]}" for change in self.changes)
        said = "\n".join([self.protocol, self.action, self.verdict, *digests])
        return hashlib.sha256(said.encode()).hexdigest()[:12]


@attrs.define
class ProtocolReport:
    """The verdicts on one protocol; what else was changed; and why it could not be judged, if so."""

    protocol: str
    actions: list[ActionReport] = attrs.field(factory=list)
    outside: Sequence[Change] = ()
    interface: Sequence[str] = ()
    problem: str = ""
    is_cut_short: bool = False
    left_out: Sequence[str] = ()
    """Recorded traces, walks and examples that no call can say, so that nothing was played of them."""
    views: Sequence[str] = ()
    """The calls after which what traces show of a state differs, where no row does."""
    matrix: dict[str, dict[str, str]] = attrs.field(factory=dict)
    """The base's verdicts by law and call, STALE where they rest on what was changed."""

    @property
    def verdict(self) -> Word:
        """The worst of all actions; UNKNOWN if it could not be judged."""
        words = {report.verdict for report in self.actions}
        return worst({*words, "UNKNOWN"} if self.problem or self.is_cut_short else words)


def worst(words: Iterable[Word]) -> Word:
    """The worst of several verdicts; SAME of none."""
    found = set(words)
    return next((word for word in WORDS if word in found), "SAME")


def verdict_of(kinds: Iterable[DifferenceKind]) -> Word:
    """The verdict that differences of these kinds make."""
    found = set(kinds)
    if found & {"answers", "raises"} or {"stricter", "laxer"} <= found:
        return "DIFFERS"
    return "STRICTER" if "stricter" in found else "LAXER" if "laxer" in found else "DIFFERS"
