"""The search for a counterexample to one law of one call, which stops at the first. It is run on mutants of the
specification.
"""

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
    """The exception that ends a search: a counterexample, in `document`, breaks the law on the plain specification."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document["law"])
        self.document: Final = document


class _Enough(Exception):
    """The exception that ends a search without a counterexample, since the maximum number of goals has failed."""


class Hunt(CallProof):
    """All paths of one call, with a search for a counterexample to one law after the other: step and rejection laws if
    `is_of_steps`, else state laws. `place` is the theory's `module:attribute`, `call` the name of the call's class.
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
        """The verdict on a law or TOTAL, and a counterexample or None. The verdict is "REFUTED", with the first
        counterexample that breaks the law on the plain specification, or "PROVED". It is "UNKNOWN" if some goal failed
        without a counterexample, or was proved of restricted states only. The attribute `goals` counts the goals tried.
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
        """True if the law is also proved for lists of any length, or if the call has no lists."""
        if not has_lists(self.prover, self.action):
            return True
        if law_id == TOTAL:
            return self._folded.total().status == "PROVED"
        return all(self._folded.state_law(law).status == "PROVED" for law in self.prover.laws_of((law_id,)))

    @cached_property
    def _folded(self) -> FoldedProof:
        return FoldedProof(self.prover, self.action)

    def reach(self, prover: Prover, here: Path) -> Status:
        """REFUTED for every path, as if some state took it: no solver is asked. Reachability was proved of the original
        specification, and does not matter to a refutation.
        """
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
