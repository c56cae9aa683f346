"""The proof of one call: every law and lemma on every path, with a verdict for each."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any, Final

import z3

from proofs.folded import FoldedProof, has_lists
from proofs.goals import Accepted, Obligation, Verdict, demanded, some_path_is_taken, together
from proofs.obligations import protects, rejection_goals, step_goals
from proofs.parts import (
    ANY_LENGTH,
    CHOSEN,
    LONGER,
    SHORT,
    TOTAL,
    WHOLE,
    Exploration,
    Goal,
    Part,
    ProvePart,
    put_together,
)
from proofs.paths import Path
from proofs.prover import Prover
from proofs.solving import Status


class CallProof(Exploration):
    """All paths of one call, explored once, and the proofs about them. `bounds` are the maximum lengths of the call's
    lists, by default the theory's; `name` identifies the exploration.

    Paths that the laws exclude are proved impossible once, as a part of TOTAL (the claim that the call never raises).
    No law is evaluated on them.
    """

    is_of_any_length = True
    """True if claims about states are proved for lists of any length."""

    def __init__(
        self, prover: Prover, action: type[Any], bounds: Mapping[str, int] | None = None, name: str = SHORT
    ) -> None:
        super().__init__(prover, action, name, CHOSEN)
        self._is_bounded: Final = bounds is not None
        self.call, self._base, paths = prover.paths(action, bounds or {})
        self._followed: Final = [here for here, _ in paths]
        self.accepted: Final[list[Accepted]] = []
        self.outcomes: Final[list[Accepted]] = []
        """The accepted paths, with paths of equal writes and return values merged."""
        self.rejected: Final[list[tuple[Path, Any]]] = []
        self.raised: Final[list[tuple[Path, Exception]]] = []
        self._is_never_rejected = True
        self._sought: Collection[tuple[str, str]] | None = None
        """The (label, words) of the goals to be answered; None for all."""
        self._is_quick = False
        """True if only the first solver is asked, with few steps."""
        for here, outcome in paths:
            self._scopes.update(here.scopes)
            if isinstance(outcome, Exception):
                self.raised.append((here, outcome))
            elif prover.is_delta(outcome):
                self.writes.update([write.table.index for write in outcome.writes])
                if not self._excludes(prover, here):
                    self.accepted.append(Accepted(here, outcome))
            else:
                self._is_never_rejected = False
                if not self._excludes(prover, here):
                    self.rejected.append((here, outcome))
        for parts in together(self.accepted):
            outcome = Accepted.either(self._base, parts)
            self.outcomes.append(outcome)
            if any(self._is_known_to_be_reachable(part.here) for part in parts):
                self._reachable[id(outcome.here)] = (outcome.here, Status.REFUTED)
        alone = {id(accepted.here) for accepted in self.accepted}
        self.shown_of_any_length: Final[set[str]] = set()
        """The ids of the laws whose verdict is the one for lists of any length."""
        self._taken: Final = [outcome.here for outcome in self.outcomes]
        self._taken.extend(here for here, _ in paths if id(here) not in alone)

    # The explorations of one call, and the choice among them.

    @cached_property
    def folded(self) -> FoldedProof | None:
        """The exploration of the call for lists of any length. None if neither call nor rows have lists, or if only
        short lists are asked for (`is_of_any_length`).
        """
        is_asked = self.is_of_any_length and has_lists(self.prover, self.action)
        return FoldedProof(self.prover, self.action) if is_asked else None

    @cached_property
    def of_steps(self) -> "CallProof":
        """The exploration of the call for step and rejection laws. It has longer lists if the theory says so; else it
        is this one.
        """
        bounds = self.prover.theory.limits.longer.get(self.action.__name__)
        return self if not self.has_longer else CallProof(self.prover, self.action, bounds, LONGER)

    @cached_property
    def longest_call(self) -> Any:
        """The symbolic call with the longest lists of any exploration, to which a model found in any of them gives a
        value.
        """
        bounds = self.prover.theory.limits.longer.get(self.action.__name__)
        return self.prover.call(self.action, bounds)[0] if bounds is not None and self.has_longer else self.call

    @property
    def has_longer(self) -> bool:
        """True if step laws are proved of longer lists than state laws. False in an exploration that was made with its
        own `bounds`.
        """
        return self.action.__name__ in self.prover.theory.limits.longer and not self._is_bounded

    def exploration(self, name: str) -> Exploration:
        """The exploration of this call for a name: that of any length for ANY_LENGTH, this one for its own name, else
        the one with longer lists.
        """
        if name == ANY_LENGTH:
            assert self.folded is not None
            return self.folded
        return self if name == self.name else self.of_steps

    def prove_part(self, part: Part) -> Verdict:
        """The verdict on a part, an exploration's name and a claim's id, without the parts on which it rests."""
        name, law_id = part
        return self.choose(law_id, self.prove_part) if name == CHOSEN else self.exploration(name).part(law_id)

    def sought(self, part: Part, goals: Collection[tuple[str, str]]) -> Verdict:
        """The verdict on a part of the proof, with the answers to some goals only: those in `goals`, given by (label,
        words).
        """
        of_part = self.exploration(part[0])
        if isinstance(of_part, CallProof):
            of_part._sought = goals
        return of_part._prove_part(part[1])

    def doubted(self, law_id: str) -> Verdict:
        """The first solver's answers, for short lists, on a law or TOTAL (the call never raises) that was proved for
        lists of any length. Loops over short lists are not cut, so a wrong cut would show.
        """
        of_part = self.of_steps if law_id == TOTAL else self
        of_part._is_quick = True
        return of_part._prove_part(law_id)

    def choose(self, law_id: str, prove_part: ProvePart) -> Verdict:
        """The verdict on a law or TOTAL (the call never raises), from the exploration with the longest lists. That is
        the one for any length if the claim is proved there, else the one that the theory bounds.
        """
        of_steps = LONGER if self.has_longer else self.name
        if law_id == TOTAL:
            found = self._of_any_length(TOTAL, of_steps, prove_part)
            # The proofs of step laws do not use those for lists of any length, so WHOLE is due for each exploration.
            for name in dict.fromkeys((self.name, of_steps)):
                found.answers.extend(prove_part((name, WHOLE)).answers)
            # TOTAL is never VACUOUS: a call that is always rejected, or that nobody can make, proves nothing.
            found.is_open = True
            return found
        if not hasattr(self.law_named(law_id), "rows"):
            return put_together(prove_part, (of_steps, law_id))
        if law_id in self.prover.theory.induction.bounded:
            return put_together(prove_part, (self.name, law_id))
        return self._of_any_length(law_id, self.name, prove_part)

    def _of_any_length(self, law_id: str, bounded: str, prove_part: ProvePart) -> Verdict:
        """The verdict for lists of any length, unless the one for short lists is a refutation. `bounded` names the
        exploration for short lists.

        A failed induction step is no refutation: only a concrete list that breaks the law is one.
        """
        if self.folded is None:
            return put_together(prove_part, (bounded, law_id))
        folded = put_together(prove_part, (ANY_LENGTH, law_id))
        if folded.status in ("PROVED", "VACUOUS"):
            self.shown_of_any_length.add(law_id)
            return folded
        of_short = put_together(prove_part, (bounded, law_id))
        return of_short if of_short.status == "REFUTED" else folded

    def verdict(self, law: Any) -> Verdict:
        """The verdict on a law of the catalogue or a lemma, from the exploration that covers the longest lists."""
        return self.choose(law.law_id, self.prove_part)

    def total(self) -> Verdict:
        """The verdict on TOTAL: the call never raises, meets the demands of trusted contracts, and has no other paths
        than those followed.
        """
        return self.choose(TOTAL, self.prove_part)

    def state_law(self, law: Any) -> Verdict:
        """The verdict on the claim that the call keeps a state law, with lists of the lengths in this exploration."""
        return put_together(self.prove_part, (self.name, law.law_id))

    def sum_verdict(self, total: Any) -> Verdict:
        """The verdict on the claim that each row of a sum that the call does not write keeps its group and its worth
        (what it adds).
        """
        return self.part(f"SUM-{total.name}")

    # The parts of this exploration.

    def is_framed(self, law: Any) -> bool:
        """True if the call cannot break a law: it writes nothing that the law reads or is limited to. A rejection law
        cannot break if the call is never rejected.
        """
        is_of_rejections = any(law is each for each in self.prover.theory.catalogue.rejection_laws)
        return self._is_never_rejected if is_of_rejections else super().is_framed(law)

    def ends(self) -> Iterator[tuple[Prover, Accepted]]:
        """The ends of accepted paths, each with this exploration's one prover. Paths with equal writes and return
        values are merged.
        """
        return ((self.prover, accepted) for accepted in self.outcomes)

    def _prove_part(self, name: str) -> Verdict:
        if name == WHOLE:
            verdict = Verdict(TOTAL, self.action.__name__)
            self._answer(verdict, self.prover, some_path_is_taken(TOTAL, self._base, self._taken), [])
            return verdict
        if name == TOTAL:
            return self._total()
        if name.startswith("SUM-") or hasattr(self.law_named(name), "rows"):
            return super()._prove_part(name)
        law = self.law_named(name)
        is_liveness = any(law is each for each in self.prover.theory.catalogue.rejection_laws)
        return self._of_rejections(law) if is_liveness else self._of_step(law)

    def _total(self) -> Verdict:
        verdict = Verdict(TOTAL, self.action.__name__)
        verdict.answers.extend(self._excluded)
        goals: list[Goal] = []
        for here, error in self.raised:
            goals.append((self.prover, Obligation(f"raises {error!r}", here, z3.BoolVal(False)), []))
        goals += [(self.prover, one, []) for one in demanded(self._followed)]
        goals += self.of_time()
        self.settle(verdict, goals, [(self.prover, accepted.here) for accepted in self.accepted])
        return verdict

    def _of_step(self, law: Any) -> Verdict:
        """The verdict on the claim that the call satisfies a step law."""
        verdict = Verdict(law.law_id, self.action.__name__)
        limited = {table.index for table in law.scope.tables}
        verdict.is_framed = self.is_framed(law)
        if verdict.is_framed:
            return verdict
        goals: list[Goal] = []
        concerned: list[Path] = []
        for accepted in self.outcomes:
            if not limited or limited & {write.table.index for write in accepted.delta.writes}:
                concerned.append(accepted.here)
                goals += self._leaning(law, step_goals(self.prover, law, self.call, accepted))
        return self._of_concerns(law, verdict, goals, concerned)

    def _of_rejections(self, law: Any) -> Verdict:
        """The verdict on the claim that the call is rejected only where a rejection law allows it."""
        verdict = Verdict(law.law_id, self.action.__name__)
        verdict.is_framed = self.is_framed(law)
        goals: list[Goal] = []
        concerned: list[Path] = []
        for here, reason in self.rejected:
            concerned.append(here)
            goals += self._leaning(law, rejection_goals(self.prover, law, self.call, here, reason))
        # An accepted call to which the law applies counts as well.
        others = self.accepted if law.applies_to is not None else []
        ways = [onward for one in others for onward in protects(self.prover, law, self.call, one.here)]
        return self._of_concerns(law, verdict, goals, concerned, ways)

    def _leaning(self, law: Any, obligations: Iterable[Obligation]) -> list[Goal]:
        return [(self.prover, one, self.prover.leaned_on(law, one.here)) for one in list(obligations)]

    def _of_concerns(
        self, law: Any, verdict: Verdict, goals: list[Goal], concerned: list[Path], ways: Iterable[Path] = ()
    ) -> Verdict:
        """The verdict on a step or rejection law, after its goals are answered. It is VACUOUS if no path of `concerned`
        is possible. If the law has `applies_to`, only paths on which it applies count. `ways` are further such paths,
        on which the call is accepted.
        """
        if law.applies_to is not None:
            concerned = [obligation.here for _, obligation, _ in goals if is_of_law(obligation)]
            concerned += ways
            seen = next((here for here in concerned if self._is_seen_at_once(here)), None)
            concerned = concerned if seen is None else [seen]
        self.lean_on_sums(verdict, goals)
        self.settle(verdict, goals, [(self.prover, here) for here in concerned])
        return verdict

    def _is_seen_at_once(self, here: Path) -> bool:
        """True if a few solver steps find a state that satisfies the laws and takes a path."""
        if id(here) not in self._reachable:
            hypotheses, _ = self.prover.hypotheses(here, [])
            answer = self.prover.prove_quickly(TOTAL, [hypotheses], z3.BoolVal(False))
            if answer.status is not Status.UNKNOWN:
                self._reachable[id(here)] = (here, answer.status)
        return self._is_known_to_be_reachable(here)

    def _is_known_to_be_reachable(self, here: Path) -> bool:
        return id(here) in self._reachable and self._reachable[id(here)][1] is Status.REFUTED

    def is_reachable(self, here: Path) -> bool:
        """True if the solver finds a state that satisfies the laws and takes a path."""
        return self.reach(self.prover, here) is Status.REFUTED

    def _answer(self, verdict: Verdict, prover: Prover, obligation: Obligation, extra: list[tuple[Any, Any]]) -> None:
        if self._sought is not None and obligation.label_and_words not in self._sought:
            return
        verdict.scopes.update(obligation.here.scopes, self._scopes)
        here = obligation.here
        on_path = [[*here.conditions, *here.facts.values()]] if obligation.is_of_engine else []
        levels = chain(on_path, prover.levels(here, extra, verdict.scopes))
        prove = prover.prove_quickly if self._is_quick else prover.prove
        verdict.answers.append((obligation, prove(verdict.law_id, levels, obligation.goal)))


def is_of_law(obligation: Obligation) -> bool:
    """True if an obligation is about a path on which the law applies, and is no check on the engine itself."""
    return obligation.here.is_concerned and not obligation.is_of_engine
