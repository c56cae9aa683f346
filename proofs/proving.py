"""All obligations of one call: every law of a catalogue and every lemma, on every path, with a verdict for each."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from itertools import chain
from typing import Any, Final

import z3

from proofs import folded
from proofs.folded import FoldedProof, has_lists
from proofs.obligations import Accepted, Obligation, Prover, Verdict, some_path_is_taken, together
from proofs.solving import Answer, Status, prove
from proofs.symbols import Path

TOTAL: Final = folded.TOTAL
"""The id under which it is proved that a call never raises and writes histories at the present point only."""


MOST_PATHS_SOUGHT: Final = 3
"""Of how many paths that a law concerns a state is looked for at length, if none is seen at once."""


class CallProof:
    """All paths of one call, explored once, and the proofs about them.

    Paths that the laws exclude are proved to be so once, as a part of TOTAL, and no law is asked of them again.
    """

    def __init__(self, prover: Prover, action: type[Any], bounds: Mapping[str, int] | None = None) -> None:
        self.prover: Final = prover
        self.action: Final = action
        self._is_bounded: Final = bounds is not None
        self.call, self._base, paths = prover.paths(action, bounds or {})
        self._reachable: Final[dict[int, tuple[Path, bool]]] = {}
        """With each path, so that no other has its identity."""
        self._sums: Final[dict[str, Verdict]] = {}
        self._state_laws: Final[dict[str, Verdict]] = {}
        self._excluded: Final[list[tuple[Obligation, Answer]]] = []
        self._scopes: Final[set[str]] = set()
        """In which paths are excluded, and so of everything that is not asked of them."""
        self.accepted: Final[list[Accepted]] = []
        self.outcomes: Final[list[Accepted]] = []
        """The accepted paths, those that come to the same outcome as one."""
        self.rejected: Final[list[tuple[Path, Any]]] = []
        self.raised: Final[list[tuple[Path, Exception]]] = []
        self.writes: Final[set[int]] = set()
        """The tables that the call writes on any path, by index; on paths that the laws exclude, too."""
        self._is_never_refused = True
        for here, outcome in paths:
            if isinstance(outcome, Exception):
                self.raised.append((here, outcome))
            elif prover.is_delta(outcome):
                self.writes.update([write.table.index for write in outcome.writes])
                if not self._excludes(here):
                    self.accepted.append(Accepted(here, outcome))
            else:
                self._is_never_refused = False
                if not self._excludes(here):
                    self.rejected.append((here, outcome))
        for parts in together(self.accepted):
            outcome = Accepted.either(self._base, parts)
            self.outcomes.append(outcome)
            if any(self._is_known_to_be_reachable(part.here) for part in parts):
                self._reachable[id(outcome.here)] = (outcome.here, True)
        alone = {id(accepted.here) for accepted in self.accepted}
        self._taken: Final = [outcome.here for outcome in self.outcomes]
        self._taken.extend(here for here, _ in paths if id(here) not in alone)

    def _excludes(self, here: Path) -> bool:
        """Whether the laws are seen at once to exclude a path."""
        impossible = Obligation("a path that the laws exclude", here, z3.BoolVal(False))
        scopes = set(here.scopes)
        answer = self.prover.prove_quickly(TOTAL, self.prover.levels(here, [], scopes), impossible.goal)
        if answer.status is Status.PROVED:
            self._excluded.append((impossible, answer))
            self._scopes.update(scopes)
        elif answer.status is Status.REFUTED:
            self._reachable[id(here)] = (here, True)
        return answer.status is Status.PROVED

    is_of_any_length = True
    """Whether what is said of states is proved of lists of any length."""

    @cached_property
    def folded(self) -> FoldedProof | None:
        """The proof of what is said of states, for lists of any length, if the call names lists."""
        return (
            FoldedProof(self.prover, self.action)
            if self.is_of_any_length and has_lists(self.prover, self.action)
            else None
        )

    def _of_any_length(self, folded: Verdict, bounded: Callable[[], Verdict]) -> Verdict:
        """What is said of lists of any length; or what is said of short ones, if it is refuted of these.

        That an element does not keep a law is no refutation: only the induction fails, until a list breaks the law.
        """
        if folded.status in ("PROVED", "VACUOUS"):
            return folded
        of_short = bounded()
        return of_short if of_short.status == "REFUTED" else folded

    @cached_property
    def of_steps(self) -> "CallProof":
        """The proof of what is said of a step or a refusal: of longer lists than this one, where the theory says so.

        Its call has whatever this one's has.
        """
        bounds = self.prover.theory.limits.longer.get(self.action.__name__)
        return self if bounds is None or self._is_bounded else CallProof(self.prover, self.action, bounds)

    def verdict(self, law: Any) -> Verdict:
        """The verdict on one law of the catalogue, or one lemma."""
        if hasattr(law, "rows"):
            if law.law_id not in self._state_laws:
                self._state_laws[law.law_id] = self._verdict_on_states(law)
            return self._state_laws[law.law_id]
        if hasattr(law, "concerns") and law in self.prover.theory.catalogue.liveness_laws:
            return self.of_steps.liveness_law(law)
        return self.of_steps.step_law(law)

    def _verdict_on_states(self, law: Any) -> Verdict:
        bounded = partial(self.state_law, law)
        if self.folded is None or law.law_id in self.prover.theory.induction.bounded:
            return bounded()
        return self._of_any_length(self.folded.state_law(law), bounded)

    def total(self) -> Verdict:
        """That the call never raises, and demands what contracts demand of it."""
        if self.folded is None:
            return self._total()
        return self._of_any_length(self.folded.total(), self._total)

    def _total(self) -> Verdict:
        verdict = Verdict(TOTAL, self.action.__name__)
        verdict.answers.extend(self._excluded)
        for here, error in self.raised:
            self._answer(verdict, Obligation(f"raises {error!r}", here, z3.BoolVal(False)), [])
        for here in [accepted.here for accepted in self.accepted] + [here for here, _ in self.rejected]:
            for label, condition in here.required:
                self._answer(verdict, Obligation(label, here, condition), [])
        self._answer(verdict, some_path_is_taken(TOTAL, self._base, self._taken), [])
        verdict.is_reachable = any(self.is_reachable(accepted.here) for accepted in self.accepted)
        return verdict

    def state_law(self, law: Any) -> Verdict:
        """That the call keeps a state law, at any subject."""
        prover = self.prover
        verdict = Verdict(law.law_id, self.action.__name__)
        tables = prover.tables_of(law)
        if not tables & self.writes:
            verdict.is_framed = True
            return verdict
        subject = prover.subject(law)
        if law.law_id in prover.theory.induction.follows:
            return self._consequence(law, verdict)
        for accepted in self.outcomes:
            if not tables & {write.table.index for write in accepted.delta.writes}:
                continue
            verdict.is_reachable = verdict.is_reachable or self.is_reachable(accepted.here)
            for obligation in prover.state_goals(law, accepted):
                extra = prover.leaned_on(law, obligation.here)
                self._answer(verdict, obligation, [(law, subject), *extra])
        self._depend(verdict, prover.instance(law, subject).noted.values())
        return verdict

    def _consequence(self, law: Any, verdict: Verdict) -> Verdict:
        """That a law holds in every state in which the laws that it follows from do, and that the call keeps these.

        Nothing else is assumed but that sums of what is never negative are not negative.
        """
        prover = self.prover
        premises = prover.laws_of(prover.theory.induction.follows[law.law_id])
        for obligation in prover.implication_goals(law):
            hypotheses = prover.implied_by(obligation.here, premises)
            verdict.answers.append((obligation, prover.prove(law.law_id, [hypotheses], obligation.goal)))
        for other in premises:
            on = self.verdict(other)
            verdict.answers.extend(on.answers)
            verdict.scopes.update(on.scopes)
            verdict.is_reachable = verdict.is_reachable or on.is_reachable
        return verdict

    def step_law(self, law: Any) -> Verdict:
        """That the call satisfies a step law."""
        verdict = Verdict(law.law_id, self.action.__name__)
        limited = {table.index for table in law.scope.tables}
        if limited and not limited & self.writes:
            verdict.is_framed = True
            return verdict
        for accepted in self.outcomes:
            if limited and not limited & {write.table.index for write in accepted.delta.writes}:
                continue
            verdict.is_reachable = verdict.is_reachable or self.is_reachable(accepted.here)
            for obligation in self.prover.step_goals(law, self.call, accepted):
                self._answer(verdict, obligation, self.prover.leaned_on(law, obligation.here))
        self._ask_whether_it_concerns(law, verdict)
        self._depend(verdict)
        return verdict

    def _ask_whether_it_concerns(self, law: Any, verdict: Verdict, others: Iterable[Path] = ()) -> None:
        """A law that says what it concerns has something to say of a call only if some state leads to that."""
        if law.concerns is None or not verdict.is_reachable:
            return
        concerned = [obligation.here for obligation, _ in verdict.answers if is_of_law(obligation)]
        concerned += others
        verdict.is_reachable = any(self._is_seen_at_once(here) for here in concerned) or any(
            self.is_reachable(here) for here in concerned[:MOST_PATHS_SOUGHT]
        )

    def _is_seen_at_once(self, here: Path) -> bool:
        """Whether a state that takes a path is found with few steps."""
        hypotheses, _ = self.prover.hypotheses(here, [])
        answer = self.prover.prove_quickly(TOTAL, [hypotheses], z3.BoolVal(False))
        return answer.status is Status.REFUTED

    def liveness_law(self, law: Any) -> Verdict:
        """That the call is refused only as a liveness law allows."""
        verdict = Verdict(law.law_id, self.action.__name__)
        verdict.is_framed = self._is_never_refused
        for here, reason in self.rejected:
            verdict.is_reachable = verdict.is_reachable or self.is_reachable(here)
            for obligation in self.prover.refusal_goals(law, self.call, here, reason):
                self._answer(verdict, obligation, self.prover.leaned_on(law, obligation.here))
        if law.concerns is not None:
            # A call that is protected and accepted is what such a law is about.
            ways = [way for one in self.accepted for way in self.prover.protects(law, self.call, one.here)]
            verdict.is_reachable = bool(self.accepted or self.rejected)
            self._ask_whether_it_concerns(law, verdict, ways)
        return verdict

    def sum_verdict(self, total: Any) -> Verdict:
        """That rows of a sum keep their place where the call does not write them."""
        found = self._sums.get(total.name)
        if found is None:
            found = Verdict(f"SUM-{total.name}", self.action.__name__)
            self._sums[total.name] = found
            others = self.prover.tables_of_sum(total, beyond_its_row=True)
            if not others & self.writes:
                found.is_framed = True
                return found
            for accepted in self.outcomes:
                found.is_reachable = found.is_reachable or self.is_reachable(accepted.here)
                for obligation in self.prover.sum_goals(total, accepted):
                    self._answer(found, obligation, [])
        return found

    def is_reachable(self, here: Path) -> bool:
        """Whether some state that satisfies the laws takes a path, as far as the solver finds one."""
        found = self._reachable.get(id(here))
        if found is None:
            hypotheses, _ = self.prover.hypotheses(here, [])
            found = (here, prove([hypotheses], z3.BoolVal(False)).status is Status.REFUTED)
            self._reachable[id(here)] = found
        return found[1]

    def _is_known_to_be_reachable(self, here: Path) -> bool:
        return id(here) in self._reachable and self._reachable[id(here)][1]

    def _depend(self, verdict: Verdict, noted: Iterable[Any] = ()) -> None:
        """Where a goal asked a sum, it leans on what has to hold of the sum. So does a law of which there is no goal,
        because no row of its sums was written: what they are worth may be written elsewhere.
        """
        read = [item for obligation, _ in verdict.answers for item in obligation.here.touched.values()]
        for total in self.prover.sums_behind([*read, *noted]):
            on = self.sum_verdict(total)
            verdict.answers.extend(on.answers)
            verdict.scopes.update(on.scopes)

    def _answer(self, verdict: Verdict, obligation: Obligation, extra: list[tuple[Any, Any]]) -> None:
        verdict.scopes.update(obligation.here.scopes, self._scopes)
        here = obligation.here
        on_path = [[*here.conditions, *here.facts.values()]] if obligation.is_of_engine else []
        levels = chain(on_path, self.prover.levels(here, extra, verdict.scopes))
        verdict.answers.append((obligation, self.prover.prove(verdict.law_id, levels, obligation.goal)))


def is_of_law(obligation: Obligation) -> bool:
    """Whether an obligation is what a law says of a path that it concerns."""
    return obligation.here.is_concerned and not obligation.is_of_engine


def prove_call(
    proof: CallProof, laws: Iterable[Any], said: Callable[[Verdict], None] = lambda _verdict: None
) -> list[Verdict]:
    """The verdicts on one call, of the laws given that speak of it."""
    verdicts: list[Verdict] = []
    for law in laws:
        if law.law_id in proof.prover.theory.induction.by_contract:
            continue
        if hasattr(law, "scope") and law.scope.actions and proof.action not in law.scope.actions:
            continue
        verdicts.append(proof.verdict(law))
        said(verdicts[-1])
    return verdicts
