"""The parts into which the proof of a call is divided, and verdicts put together from parts.

A part proves what one law says of the call, or a claim about a sum that laws read. A law that follows from others rests
on their parts. A part may be proved in this process or in one of its own (`proofs/isolation.py`).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import z3

from proofs.dependencies import scopes_of, scopes_of_sum, sums_behind, tables_of, tables_of_sum
from proofs.goals import Accepted, Obligation, Verdict
from proofs.obligations import implication_goals, state_goals, sum_goals, time_goals
from proofs.paths import Path
from proofs.prover import Prover
from proofs.solving import Answer, Status, prove

TOTAL: Final = "TOTAL"
"""The id of the claim that a call never raises and never lets time decrease. It also meets the demands of trusted
contracts, such as that histories are written only at the current point.
"""

WHOLE: Final = "WHOLE"
"""The id of the claim that an exploration covers every case."""

SHORT: Final = "short"
LONGER: Final = "longer"
ANY_LENGTH: Final = "any length"
CHOSEN: Final = "chosen"
"""The names of a call's explorations: SHORT has lists up to the theory's `lists`, LONGER up to `longer` for step laws,
ANY_LENGTH lists of any length. CHOSEN stands for the verdict selected among them.
"""

Part = tuple[str, str]
"""The name of an exploration, and an id: of a law, `SUM-` with the name of a sum, `TOTAL` or `WHOLE`."""

ProvePart = Callable[[Part], Verdict]
"""A function that proves a part, without the parts on which it rests."""

Goal = tuple[Prover, Obligation, list[tuple[Any, Any]]]
"""A goal, the prover of its state, and (law, subject) pairs assumed beside the usual laws."""


def put_together(prove_part: ProvePart, part: Part) -> Verdict:
    """The verdict on a part of a proof, joined with those of all parts on which it rests, however deep. `prove_part`
    gives the verdict on a single part.
    """
    whole = prove_part(part).copy()
    for other in whole.leans:
        whole.join(put_together(prove_part, other))
    return whole


class Exploration:
    """The base class of a call's explorations. An exploration has the call's possible paths, for lists up to some
    length or of any, and proofs about the states after them.
    """

    def __init__(self, prover: Prover, action: type[Any], name: str, premises: str) -> None:
        """`name` identifies the exploration. `premises` names the exploration in which laws are proved that imply other
        laws.
        """
        self.prover: Final = prover
        self.action: Final = action
        self.name: Final = name
        self._premises: Final = premises
        self.writes: Final[set[int]] = set()
        """The indices of the tables that the call writes on any path. A `CallProof` counts also paths that the laws
        exclude, a `FoldedProof` does not.
        """
        self._excluded: Final[list[tuple[Obligation, Answer]]] = []
        self._scopes: Final[set[str]] = set()
        """The scopes of all paths, and those in which paths are excluded. They apply to every claim on the call, even
        to claims that need no path.
        """
        self._reachable: Final[dict[int, tuple[Path, Status]]] = {}
        """The map from `id()` of a path to the path and its reachability. The path is kept so that its id is not
        reused.
        """
        self._parts: Final[dict[str, Verdict]] = {}

    def ends(self) -> Iterator[tuple[Prover, Accepted]]:
        """The ends of paths at which state laws must hold again, each with the prover of the state in which the path
        began. A subclass defines them.
        """
        raise NotImplementedError

    def _answer(self, verdict: Verdict, prover: Prover, obligation: Obligation, extra: list[tuple[Any, Any]]) -> None:
        """Prove a goal, and add the answer to the verdict. `prover` is that of the state before; `extra` are (law,
        subject) pairs assumed besides the usual laws. A subclass defines it.
        """
        raise NotImplementedError

    def part(self, name: str) -> Verdict:
        """The verdict on one part of this exploration, without the parts on which it rests; cached. `name` is the id of
        a law, or `SUM-` with the name of a sum. It may also be TOTAL (the call never raises) or WHOLE (the paths cover
        every case).
        """
        found = self._parts.get(name)
        if found is None:
            found = self._parts[name] = self._prove_part(name)
            found.scopes.update(self._scopes)
        return found

    def _prove_part(self, name: str) -> Verdict:
        if name.startswith("SUM-"):
            theory = self.prover.theory
            sums = [*theory.catalogue.sums, *theory.sums.own, *theory.sums.nested]
            return self._of_sum(next(total for total in sums if f"SUM-{total.name}" == name))
        return self._of_states(self.law_named(name))

    def law_named(self, law_id: str) -> Any:
        """The law or lemma with this id, known violations included."""
        theory = self.prover.theory
        laws = [*theory.catalogue.state_laws, *theory.induction.lemmas]
        laws += [*theory.catalogue.step_laws, *theory.catalogue.rejection_laws]
        return next(law for law in laws if law.law_id == law_id)

    # Possible paths.

    def _excludes(self, prover: Prover, here: Path) -> bool:
        """True if a few solver steps show that no state which satisfies the laws takes a path."""
        impossible = Obligation("a path that the laws exclude", here, z3.BoolVal(False))
        scopes = set(here.scopes)
        answer = self.prover.prove_quickly(TOTAL, prover.levels(here, [], scopes), impossible.goal)
        if answer.status is Status.PROVED:
            self._excluded.append((impossible, answer))
            self._scopes.update(scopes)
        elif answer.status is Status.REFUTED:
            self._reachable[id(here)] = (here, Status.REFUTED)
        return answer.status is Status.PROVED

    def reach(self, prover: Prover, here: Path) -> Status:
        """The answer of a solver to the claim that a path is impossible. REFUTED if some state that satisfies the laws
        takes it, PROVED if none does, else UNKNOWN.
        """
        found = self._reachable.get(id(here))
        if found is None:
            hypotheses, _ = prover.hypotheses(here, [])
            found = self._reachable[id(here)] = (here, prove([hypotheses], z3.BoolVal(False)).status)
        return found[1]

    # Claims.

    @property
    def scope(self) -> set[str]:
        """The scopes, such as bounds on lists, within which all paths of the call are followed."""
        return set(self._scopes)

    def scope_of(self, law: Any) -> set[str]:
        """The scopes of the claim that the call cannot break a law by the tables that it writes. They are those of the
        call's paths. For a state law, they include those within which it is known which tables it reads.
        """
        return {*self._scopes, *(scopes_of(self.prover, law) if hasattr(law, "rows") else ())}

    def is_framed(self, law: Any) -> bool:
        """True if the call cannot break a law, by the tables that it writes. It writes none that a state law reads, or
        none to which a step law is limited. False for a rejection law.
        """
        if any(law is each for each in self.prover.theory.catalogue.rejection_laws):
            return False  # what is refused writes nothing
        if hasattr(law, "rows"):
            return not tables_of(self.prover, law) & self.writes
        limited = {table.index for table in law.scope.tables} if hasattr(law, "scope") else set()
        return bool(limited) and not limited & self.writes

    def settle(self, verdict: Verdict, goals: list[Goal], concerned: Iterable[tuple[Prover, Path]]) -> None:
        """Prove all goals, and record if any path of `concerned`, those that the law concerns, is possible. The goals
        were all collected before any solver ran.
        """
        for prover, here in concerned:
            if not verdict.is_reachable:
                verdict.concern(self.reach(prover, here))
        for prover, obligation, extra in goals:
            self._answer(verdict, prover, obligation, extra)

    def of_time(self) -> list[Goal]:
        """The goals of the claim that time does not decrease, one or more for each end of a path."""
        return [(prover, one, []) for prover, end in self.ends() for one in time_goals(prover, end)]

    def lean_on_sums(self, verdict: Verdict, goals: list[Goal], noted: Iterable[Any] = ()) -> None:
        """Record that a verdict rests on the claims about every sum that its goals read.

        Sums among the reads in `noted` count too. A law without goals may read a sum whose rows change in worth
        although this call does not write them.
        """
        read = [item for _, obligation, _ in goals for item in obligation.here.touched.values()]
        sums = sums_behind(self.prover, [*read, *noted])
        verdict.leans.extend([(self.name, f"SUM-{total.name}") for total in sums])

    def _of_states(self, law: Any) -> Verdict:
        """The verdict on the claim that the call keeps a state law, at any subject."""
        root = self.prover
        verdict = Verdict(law.law_id, self.action.__name__)
        tables, subject = tables_of(root, law), root.subject(law)
        verdict.scopes.update(scopes_of(root, law))
        verdict.is_framed = self.is_framed(law)
        if verdict.is_framed:
            return verdict
        if law.law_id in root.theory.induction.follows:
            return self._consequence(law, verdict)
        goals: list[Goal] = []
        concerned: list[tuple[Prover, Path]] = []
        for prover, end in self.ends():
            is_seen = end.seen is not None and law.law_id in end.seen[0].of
            if is_seen or tables & {write.table.index for write in end.delta.writes}:
                concerned.append((prover, end.here))
                found = list(state_goals(prover, law, end))
                goals += [(prover, one, [(law, subject), *prover.leaned_on(law, one.here)]) for one in found]
        self.lean_on_sums(verdict, goals, root.instance(law, subject).noted.values())
        self.settle(verdict, goals, concerned)
        return verdict

    def _consequence(self, law: Any, verdict: Verdict) -> Verdict:
        """The verdict on the claim that a law follows, in every state, from those that the theory names in `follows`,
        and that the call keeps these. The goals are added to `verdict`.

        Nothing else is assumed but that sums of values which are never negative are not negative.
        """
        root = self.prover
        premises = root.laws_of(root.theory.induction.follows[law.law_id])
        verdict.leans.extend([(self._premises, other.law_id) for other in premises])
        for obligation in list(implication_goals(root, law)):
            hypotheses = root.implied_by(obligation.here, premises, verdict.scopes)
            verdict.answers.append((obligation, root.prove(law.law_id, [hypotheses], obligation.goal)))
        return verdict

    def _of_sum(self, total: Any) -> Verdict:
        """The verdict on the claim that each row of a sum that the call does not write keeps its group and its worth
        (what it adds).
        """
        verdict = Verdict(f"SUM-{total.name}", self.action.__name__)
        others = tables_of_sum(self.prover, total, beyond_its_row=True)
        verdict.scopes.update(scopes_of_sum(self.prover, total))
        goals: list[Goal] = []
        concerned: list[tuple[Prover, Path]] = []
        for prover, end in self.ends():
            is_seen = end.seen is not None and total in end.seen[0].members
            if is_seen or others & {write.table.index for write in end.delta.writes}:
                concerned.append((prover, end.here))
                goals += [(prover, obligation, []) for obligation in sum_goals(prover, total, end)]
        verdict.is_framed = not concerned
        self.settle(verdict, goals, concerned)
        return verdict
