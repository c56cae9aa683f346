"""A law of one call is proved anew, but only until a state refutes it: what a mutant of the specification is put to."""

from functools import cached_property
from typing import Any, Final

from proofs.call_task import MOST_COUNTEREXAMPLES, counterexample, is_refutation, prover_of
from proofs.folded import FoldedProof, has_lists
from proofs.goals import Obligation, Verdict
from proofs.parts import TOTAL
from proofs.paths import Path
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.setup import setup_of
from proofs.solving import Status


class _Found(Exception):
    """A state and a call that break the law on the plain specification."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document["law"])
        self.document: Final = document


class _Enough(Exception):
    """As many goals failed as are tried, and no state breaks the law: only the induction fails."""


class Hunt(CallProof):
    """All paths of one call, and a search for a state that breaks one law after the other: state laws, or, if it
    `is_of_steps`, all others.
    """

    is_of_any_length = False

    def __init__(self, place: str, call: str, is_of_steps: bool = True) -> None:
        shown = setup_of(place).countermodels.get(call)
        prover = prover_of(place, call) if shown is None else Prover(place, shown)
        (action,) = [action for action in prover.protocol.actions if action.__name__ == call]
        super().__init__(prover, action, prover.theory.limits.longer.get(call, {}) if is_of_steps else {})
        self.goals = 0
        self._place: Final = place
        self._is_of_all: Final = shown is None
        self._law_id = ""
        self._failed = 0

    def refute(self, law_id: str) -> tuple[str, dict[str, Any] | None]:
        """PROVED, or REFUTED with the first state and call that break the law on the plain specification; UNKNOWN if
        some goal was not shown, or shown of some states alone, and no such state found. `goals` counts what was tried.
        """
        self._law_id, self._failed = law_id, 0
        catalogue = self.prover.theory.catalogue
        laws = [*self.prover.theory.state_laws(), *catalogue.step_laws, *catalogue.rejection_laws]
        try:
            if law_id == TOTAL:
                verdict = self.total()
            else:
                verdict = self.verdict(next(law for law in laws if law.law_id == law_id))
        except _Found as found:
            return "REFUTED", found.document
        except _Enough:
            return "UNKNOWN", None
        is_proved = verdict.status == "PROVED" and self._is_of_all and self._is_proved_of_any_length(law_id)
        return "PROVED" if is_proved else "UNKNOWN", None

    def _is_proved_of_any_length(self, law_id: str) -> bool:
        """True if what short lists keep is kept whatever their length, where this is asked at all."""
        if not has_lists(self.prover, self.action):
            return True
        if law_id == TOTAL:
            return self._folded.total().status == "PROVED"
        return all(self._folded.state_law(law).status == "PROVED" for law in self.prover.laws_of((law_id,)))

    @cached_property
    def _folded(self) -> FoldedProof:
        return FoldedProof(self.prover, self.action)

    def reach(self, prover: Prover, here: Path) -> Status:
        """Not asked: that a path is taken was shown of the specification as it is, and matters to no refutation."""
        return Status.REFUTED

    def _is_seen_at_once(self, here: Path) -> bool:
        return True

    def _answer(self, verdict: Verdict, prover: Prover, obligation: Obligation, extra: list[tuple[Any, Any]]) -> None:
        super()._answer(verdict, prover, obligation, extra)
        self.goals += 1
        if verdict.answers[-1][1].status is Status.REFUTED:
            self._failed += 1
            alone = Verdict(self._law_id, verdict.action)
            alone.answers.append(verdict.answers[-1])
            found = counterexample(self.prover, self._place, alone, self)
            if found is not None and is_refutation(self.prover, self._law_id, found):
                raise _Found(found)
            if self._failed == MOST_COUNTEREXAMPLES:
                raise _Enough
