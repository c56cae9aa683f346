"""The counts of a `restake check` run and the verdict on each law: summaries that add up, and the matrix of laws."""

from collections.abc import Mapping
from typing import Literal

import attrs

from harness.evidence import Evidence, ProofStatus
from harness.symbols import symbols_in
from invariants.checking import Violation
from invariants.game import Game, GameReport
from invariants.law import Catalogue, Law, RejectionLaw, StateLaw, StepLaw
from invariants.walker import WalkReport
from spec.codec import Json, printable
from spec.machine import SINGLETON
from spec.protocol import Protocol

Method = Literal["trace", "walk", "rules", "bytes", "search", "game"]
"""The method of the run that met a violation: a recorded trace, a walk, a Hypothesis example (by rules or by bytes), an
exhaustive search or a game.
"""

LawVerdict = Literal["held", "VIOLATED", "VACUOUS", "known violation", "reached", "NOT REACHED"]

LawKind = Literal["state", "step", "rejection", "game", "witness"]

Counts = Mapping[str, int]


def added(first: Counts, second: Counts) -> dict[str, int]:
    """The sums of two mappings of counts, name by name."""
    return {name: first.get(name, 0) + second.get(name, 0) for name in {**first, **second}}


@attrs.frozen
class Broken:
    """A law that broke, as plain values: the subject, and the method, seed and step of the run."""

    law: str
    subject: str
    method: Method
    seed: int
    step: int


@attrs.frozen
class Summary:
    """The counts of some runs, as plain values that workers send. Summaries can be added.

    `runs` counts walks, traces or examples. `broken` counts the runs that broke each law. `first` has the first such
    run of each law; a sum keeps that of the left summand. `known_broken` counts the violations of laws that are known
    violations.
    """

    runs: int = 0
    steps: int = 0
    scans: int = 0
    accepted: Counts = attrs.field(factory=dict)
    rejected: Mapping[str, Counts] = attrs.field(factory=dict)
    checked: Counts = attrs.field(factory=dict)
    seen: Counts = attrs.field(factory=dict)
    broken: Counts = attrs.field(factory=dict)
    first: Mapping[str, Broken] = attrs.field(factory=dict)
    known_broken: Counts = attrs.field(factory=dict)

    @classmethod
    def of(cls, report: WalkReport, method: Method, runs: int = 1) -> "Summary":
        """The counts of one report on `runs` runs made by `method`. A law that broke in them counts as broken in one
        run.
        """
        first: dict[str, Broken] = {}
        for violation in report.violations:
            law_id = violation.law.law_id
            first.setdefault(law_id, Broken(law_id, shown(violation), method, report.seed, len(report.actions)))
        return cls(
            runs,
            report.steps,
            report.scans,
            dict(report.accepted),
            {action: dict(reasons) for action, reasons in report.rejected.items()},
            dict(report.checked),
            dict(report.seen),
            dict.fromkeys(first, 1),
            first,
            dict(report.known_broken),
        )

    @classmethod
    def of_game(cls, game: Game, seed: int, report: GameReport) -> "Summary":
        """The counts of one play of a game. Its moves do not count as calls of actions."""
        law_id, steps = game.law_id, len(report.actions)
        first = {law_id: Broken(law_id, "", "game", seed, steps)} if report.excess > 0 else {}
        return cls(1, report.moves, checked={law_id: 1}, broken=dict.fromkeys(first, 1), first=first)

    def __add__(self, later: "Summary") -> "Summary":
        return Summary(
            self.runs + later.runs,
            self.steps + later.steps,
            self.scans + later.scans,
            added(self.accepted, later.accepted),
            {
                action: added(self.rejected.get(action, {}), later.rejected.get(action, {}))
                for action in {**self.rejected, **later.rejected}
            },
            added(self.checked, later.checked),
            added(self.seen, later.seen),
            added(self.broken, later.broken),
            {**later.first, **self.first},
            added(self.known_broken, later.known_broken),
        )

    def by_reason(self) -> dict[str, int]:
        """The number of rejections for each reason, over all actions."""
        reasons: dict[str, int] = {}
        for counts in self.rejected.values():
            reasons = added(reasons, counts)
        return reasons


def counted(number: int, what: str) -> str:
    """A number with its noun: "1 step", "2 steps". `what` is the noun in the singular."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def shown(violation: Violation) -> str:
    """The subject of a violation as text; empty for a step law, and for a law about a table with one row."""
    return "" if violation.subject in (None, SINGLETON) else printable(repr(violation.subject))


@attrs.frozen
class Finding:
    """A counterexample as it is reported: the law, its sentence, the subject, the run that found it, and the command
    that reproduces it.

    `steps` is the length of the kept trace, after shrinking; of the original run if no trace is kept.
    """

    law: str
    sentence: str
    subject: str
    found_by: str
    steps: int
    trace: str | None
    command: str


@attrs.frozen
class Row:
    """The result of one law or one witness. `scanned` counts the scans of whole states, None unless it is a state law.
    The fields `on_traces`, `on_walks`, `by_hypothesis` and `in_games` count its checks there; for a witness, how often
    it was met.

    `broken` counts the runs that broke it; for a known violation, the number of violations. `proof` is None unless the
    run collected proofs and the law has any. `kills` is the number of mutants that the law notices. `symbols` has the
    meaning of each symbol in the sentence.
    """

    law: str
    kind: LawKind
    sentence: str
    source: str
    scanned: int | None
    on_traces: int
    on_walks: int
    by_hypothesis: int
    in_games: int
    broken: int
    verdict: LawVerdict
    proof: ProofStatus | None = None
    kills: int | None = None
    symbols: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class ActionRow:
    """The accepted and rejected calls of one action: on recorded traces, and in drawn runs (walks and examples)."""

    action: str
    accepted_on_traces: int
    rejected_on_traces: int
    accepted: int
    rejected: int

    @property
    def is_accepted(self) -> bool:
        """True if any call of the action was accepted."""
        return self.accepted_on_traces + self.accepted > 0

    @property
    def acceptance_rate(self) -> float | None:
        """The fraction of drawn calls that were accepted; None if none was drawn."""
        drawn = self.accepted + self.rejected
        return self.accepted / drawn if drawn else None


@attrs.frozen
class ReasonRow:
    """The calls rejected for one reason: on recorded traces, and in drawn runs (walks and examples)."""

    reason: str
    on_traces: int
    drawn: int

    @property
    def is_reached(self) -> bool:
        """True if any call was rejected for this reason."""
        return self.on_traces + self.drawn > 0


@attrs.define
class SuiteReport:
    """The results of all laws of one protocol.

    `findings` has one counterexample for each law that broke. `rechecked` counts the kept counterexamples of earlier
    runs that were replayed. `unjudged` names those whose law no catalogue has any more. `judges_coverage` is true if
    the run is long enough for gaps in coverage to be failures. A gap is a reason never given, an action never accepted
    or a witness never seen. `is_cut_short` is true if the run ended early. `differing` are recorded traces that differ
    or break a law, `unread` those that cannot be read. `evidence` is collected for protocols with a theory. `symbols`
    has the meaning of symbols in laws' sentences, and `specifies` names the contracts. `assumed` are proved laws that
    one walk in eleven checks. `out_of_reach` maps the laws, actions and reasons that no run need reach to why. `asked`
    are the laws and witnesses that were asked for by name: the run must reach each of them.
    """

    protocol: Protocol
    catalogue: Catalogue
    games: tuple[Game, ...] = ()
    on_traces: Summary = attrs.field(factory=Summary)
    on_walks: Summary = attrs.field(factory=Summary)
    by_hypothesis: Summary = attrs.field(factory=Summary)
    in_games: Summary = attrs.field(factory=Summary)
    findings: dict[str, Finding] = attrs.field(factory=dict)
    rechecked: int = 0
    differing: list[str] = attrs.field(factory=list)
    unread: list[str] = attrs.field(factory=list)
    unjudged: list[str] = attrs.field(factory=list)
    judges_coverage: bool = False
    is_cut_short: bool = False
    has_theory: bool = False
    evidence: Evidence | None = None
    symbols: Mapping[str, str] = attrs.field(factory=dict)
    specifies: str = ""
    assumed: tuple[str, ...] = ()
    out_of_reach: Mapping[str, str] = attrs.field(factory=dict)
    asked: tuple[str, ...] = ()

    @property
    def drawn(self) -> Summary:
        """The summary of all drawn runs: walks and Hypothesis examples."""
        return self.on_walks + self.by_hypothesis

    @property
    def steps(self) -> int:
        """The number of all steps at which laws were checked, and of all moves in games."""
        return self.on_traces.steps + self.drawn.steps + self.in_games.steps

    def rows(self) -> list[Row]:
        """The rows of the matrix: laws and games, then witnesses, each sorted by id."""
        proofs = self.proofs()
        laws = [self._row(law, proofs) for law in (*self.catalogue.laws(), *self.games)]
        return laws + [self._row(law, proofs) for law in sorted(self.catalogue.witnesses, key=lambda law: law.law_id)]

    def proofs(self) -> Mapping[str, ProofStatus]:
        """The proof status of each law; empty without evidence. A law that this run saw violated is in doubt, and so is
        every law whose proof assumes it.
        """
        if self.evidence is None:
            return {}
        violated = {*self.findings}
        for part in (self.on_traces, self.on_walks, self.by_hypothesis, self.in_games):
            violated.update([law for counts in (part.broken, part.known_broken) for law in counts if counts[law]])
        known = [law for law, proof in self.evidence.proofs.items() if proof.is_known_violation]
        return self.evidence.proofs_beside(violated.difference(known))

    def actions(self) -> list[ActionRow]:
        """A row for each action, in the protocol's order."""
        recorded, drawn = self.on_traces, self.drawn
        return [
            ActionRow(
                name,
                recorded.accepted.get(name, 0),
                sum(recorded.rejected.get(name, {}).values()),
                drawn.accepted.get(name, 0),
                sum(drawn.rejected.get(name, {}).values()),
            )
            for name in (action.__name__ for action in self.protocol.actions)
        ]

    def reasons(self) -> list[ReasonRow]:
        """A row for each reason, in the protocol's order."""
        recorded, drawn = self.on_traces.by_reason(), self.drawn.by_reason()
        return [
            ReasonRow(reason.value, recorded.get(reason.value, 0), drawn.get(reason.value, 0))
            for reason in self.protocol.reasons
        ]

    def gaps(self) -> dict[str, list[str]]:
        """The gaps in the run's coverage, by kind: actions never accepted, reasons never given, witnesses never seen.

        Actions and reasons in `out_of_reach` are no gaps.
        """
        return {
            "actions never accepted": [
                row.action for row in self.actions() if not row.is_accepted and row.action not in self.out_of_reach
            ],
            "reasons never given": [
                row.reason for row in self.reasons() if not row.is_reached and row.reason not in self.out_of_reach
            ],
            "witnesses never seen": [row.law for row in self.rows() if row.verdict == "NOT REACHED"],
        }

    def excused(self) -> dict[str, list[str]]:
        """The actions, reasons and laws of `out_of_reach` that this run did not reach, by why they need not be."""
        missed = [row.action for row in self.actions() if not row.is_accepted]
        missed += [row.reason for row in self.reasons() if not row.is_reached]
        missed += [row.law for row in self.rows() if row.verdict == "VACUOUS"]
        found: dict[str, list[str]] = {}
        for name in missed:
            if (why := self.excuse(name)) is not None:
                found.setdefault(why, []).append(name)
        return found

    def excuse(self, name: str) -> str | None:
        """The reason why no run need reach a law, action or reason; None if one must, as one that was asked for by
        name.
        """
        return None if name in self.asked else self.out_of_reach.get(name)

    def is_missed(self, witness: str) -> bool:
        """True if it is a failure of this run that it never saw a witness: its coverage is judged, or the witness was
        asked for by name in a run that was not cut short.
        """
        return self.judges_coverage or (witness in self.asked and not self.is_cut_short)

    def failures(self) -> list[str]:
        """The reasons why the run fails, one line each."""
        return [f"{what}: {', '.join(names)}" for what, names in self.failing().items()]

    def failing(self) -> dict[str, list[str]]:
        """The reasons why the run fails, each with the names concerned: laws that broke, laws never checked, traces
        that differ, refutations, and gaps in coverage if these are judged. A witness that was asked for by name and
        never seen is one, too.

        In a run that was cut short, a law never checked is no failure.
        """
        rows = self.rows()
        violated = [row.law for row in rows if row.verdict == "VIOLATED"]
        unchecked = [row.law for row in rows if row.verdict == "VACUOUS" and not self.is_cut_short]
        vacuous = [law_id for law_id in unchecked if self.excuse(law_id) is None]
        found = {"traces that differ": self.differing, "violated": violated, "never checked": vacuous}
        gaps = self.gaps()
        gaps["witnesses never seen"] = [name for name in gaps["witnesses never seen"] if self.is_missed(name)]
        found |= gaps if self.judges_coverage else {"witnesses never seen": gaps["witnesses never seen"]}
        if self.evidence is not None:
            found["refuted by proof"] = self.refuted()
            found["proved otherwise than in the ledger"] = list(self.evidence.differing)
        return {what: names for what, names in found.items() if names}

    def unfinished(self) -> list[str]:
        """The reasons why a run without failures is not finished. They are traces that cannot be read, kept
        counterexamples that no law judges, and proofs requested in this run that failed or came out UNKNOWN. Stale
        verdicts in the ledger that the run was not to prove again are no reason.
        """
        found = {"cannot be read": self.unread, "kept counterexamples of laws in no catalogue": self.unjudged}
        if self.evidence is not None:
            found["nothing can be proved of"] = list(self.evidence.failing)
            found["neither proved nor refuted in this run"] = list(self.evidence.unknown_now)
        return [f"{what}: {', '.join(names)}" for what, names in found.items() if names]

    def refuted(self) -> list[str]:
        """The laws that proofs refute, each with the call; known violations are left out."""
        proofs = {} if self.evidence is None else self.evidence.proofs
        return [
            f"{law} of {call}"
            for law, proof in proofs.items()
            for call in proof.refuted_calls
            if law not in self.catalogue.known_violations
        ]

    @property
    def holds(self) -> bool:
        """True if there is no failure."""
        return not self.failures()

    @property
    def verdict(self) -> str:
        """The verdict on the protocol: "nothing was checked", "FAILED", "not finished", "known violation" if all its
        laws are, or "holds".
        """
        if self.steps == 0 and not self.differing:
            return "nothing was checked"
        if self.failures():
            return "FAILED"
        if self.is_cut_short or self.unfinished():
            return "not finished"
        laws = {row.verdict for row in self.rows() if row.kind != "witness"}
        return "known violation" if laws == {"known violation"} else "holds"

    def as_json(self) -> dict[str, Json]:
        """The report as `--json` writes it."""
        rates = [{**attrs.asdict(row), "acceptance_rate": row.acceptance_rate} for row in self.actions()]
        return {
            "specifies": self.specifies,
            "verdict": self.verdict,
            "holds": self.holds,
            "failures": self.failures(),
            "unfinished": self.unfinished(),
            "is_cut_short": self.is_cut_short,
            "judges_coverage": self.judges_coverage,
            "on_traces": _volume(self.on_traces),
            "on_walks": _volume(self.on_walks),
            "by_hypothesis": _volume(self.by_hypothesis),
            "in_games": _volume(self.in_games),
            "laws": [attrs.asdict(row) for row in self.rows()],
            "actions": rates,
            "reasons": [attrs.asdict(row) for row in self.reasons()],
            "gaps": self.gaps(),
            "rechecked": self.rechecked,
            "differing": list(self.differing),
            "unread": list(self.unread),
            "unjudged": list(self.unjudged),
            "assumed": list(self.assumed),
            "out_of_reach": dict(self.out_of_reach),
            "findings": [attrs.asdict(finding) for finding in self.findings.values()],
            "evidence": None
            if self.evidence is None
            else attrs.asdict(attrs.evolve(self.evidence, proofs=self.proofs())),
        }

    def _row(self, law: Law, proofs: Mapping[str, ProofStatus]) -> Row:
        law_id = law.law_id
        summaries = (self.on_traces, self.on_walks, self.by_hypothesis, self.in_games)
        kind = kind_of(law)
        is_law = kind != "witness"
        on_traces, on_walks, by_hypothesis, in_games = (
            (part.checked if is_law else part.seen).get(law_id, 0) for part in summaries
        )
        is_known_violation = law_id in self.catalogue.known_violations
        broken = sum((part.known_broken if is_known_violation else part.broken).get(law_id, 0) for part in summaries)
        is_broken = broken > 0 or law_id in self.findings
        is_met = on_traces + on_walks + by_hypothesis + in_games > 0
        verdict: LawVerdict
        if is_law:
            verdict = "VIOLATED" if is_broken else "held" if is_met else "VACUOUS"
            if is_known_violation and is_met:
                verdict = "known violation"
        else:
            verdict = "reached" if is_met else "NOT REACHED"
        scanned = sum(part.scans for part in summaries) if kind == "state" else None
        counted = (scanned, on_traces, on_walks, by_hypothesis, in_games, broken)
        proof = kills = None
        if self.evidence is not None and is_law:
            proof = proofs.get(law_id)
            kills = self.evidence.kills.get(law_id, 0) if self.evidence.mutants else None
        symbols = symbols_in(law.sentence, self.symbols)
        return Row(law_id, kind, law.sentence, law.source, *counted, verdict, proof, kills, symbols)


def kind_of(law: Law) -> LawKind:
    """The kind of a law, game or witness: "state", "step", "rejection", "game" or "witness"."""
    if isinstance(law, Game):
        return "game"
    if isinstance(law, StateLaw):
        return "state"
    if isinstance(law, StepLaw):
        return "step"
    return "rejection" if isinstance(law, RejectionLaw) else "witness"


def _volume(summary: Summary) -> Json:
    """The totals of a summary, without the counts by law, action and reason."""
    accepted = sum(summary.accepted.values())
    return {"runs": summary.runs, "steps": summary.steps, "accepted": accepted, "scans": summary.scans}
