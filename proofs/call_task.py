"""All proofs of one call as one task of plain values, so that calls are proved beside each other in processes."""

import gc
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from proofs.concrete import concretise, plain_theory, replay, write
from proofs.cross_check import Opinions
from proofs.digests import modules_behind, names_in, snapshot
from proofs.genesis import GENESIS, Beginning
from proofs.goals import Verdict
from proofs.isolation import Found, apart, the_same_everywhere
from proofs.parts import ANY_LENGTH, CHOSEN, TOTAL, WHOLE, Part
from proofs.paths import UnliftableError
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.setup import setup_of
from proofs.solving import Status
from proofs.trusted_contracts import CONTRACTS, HISTORY, QUOTIENTS, foundations

MOST_COUNTEREXAMPLES: Final = 6
"""The refuted goals of one law tried until a counterexample replays."""

NOT_ASKED: Final[dict[str, Any]] = {
    "goals": 0,
    "digest": "",
    "scope": [],
    "solvers": {},
    "steps": 0,
    "most_steps": 0,
}

KNOWN_FALSE: Final[dict[str, Any]] = {"verdict": "KNOWN FALSE", **NOT_ASKED}
"""Of laws that the catalogue knows to be false, for the calls that it speaks of: the finding shows the law broken."""

NOT_CONCERNED: Final[dict[str, Any]] = {"verdict": "NOT CONCERNED", **NOT_ASKED}
"""Of such laws, for the calls that write nothing which they read."""


def due_of(place: str) -> dict[str, tuple[str, ...]]:
    """The laws and lemmas on which there has to be a verdict, by call: of the beginning, of what all proofs lean on,
    and of each call. The catalogue and the theory alone say it, whatever any ledger holds.
    """
    theory = plain_theory(place)
    known_violations = theory.catalogue.known_violations
    sums = [*theory.catalogue.sums, *theory.sums.own, *theory.sums.nested]
    at_start = [
        law.law_id
        for law in theory.state_laws()
        if law.law_id not in (*known_violations, *theory.induction.by_contract)
    ]
    due = {
        GENESIS: (*at_start, *[f"SUM-{total.name}" for total in sums]),
        CONTRACTS: (HISTORY, QUOTIENTS, *foundations_of(place)),
    }
    for action in theory.protocol.actions:
        speaking = [
            law.law_id
            for law in laws_of(theory)
            if law.law_id not in theory.induction.by_contract and speaks(law, action)
        ]
        due[action.__name__] = (TOTAL, *speaking)
    return due


def laws_named(place: str) -> set[str]:
    """The ids of all laws and lemmas of a theory, those that hold by contract too, and of what else there are verdicts
    on.
    """
    by_call = due_of(place).values()
    return {law_id for laws in by_call for law_id in laws} | {law.law_id for law in laws_of(plain_theory(place))}


def laws_of_longer_lists(place: str, call: str) -> set[str]:
    """The laws of a call that are proved of longer lists, explored apart: laws of steps, and `TOTAL`."""
    theory = plain_theory(place)
    if call not in theory.limits.longer:
        return set()
    return {TOTAL, *[law.law_id for law in laws_of(theory) if not hasattr(law, "rows")]}


def speaks(law: Any, action: type[Any]) -> bool:
    """True if a law is about a call at all: step laws and rejection laws may name the calls that they are about."""
    return not (hasattr(law, "scope") and law.scope.actions and action not in law.scope.actions)


def findings_of(place: str) -> dict[str, str]:
    """The known violations, and the trace that shows each broken."""
    return {law_id: known.trace for law_id, known in plain_theory(place).catalogue.known_violations.items()}


def foundations_of(place: str) -> dict[str, Any]:
    """The contracts that a theory adds, by the id of their verdicts."""
    return dict(setup_of(place).foundations)


def laws_of(theory: Any) -> list[Any]:
    """Every law and lemma that there are verdicts on."""
    known_violations = theory.catalogue.known_violations
    false = [law for law in theory.catalogue.state_laws if law.law_id in known_violations]
    return [*theory.state_laws(), *false, *theory.catalogue.step_laws, *theory.catalogue.rejection_laws]


def prover_of(place: str, call: str) -> Prover:
    """The prover of one call, with the contracts that its theory names for it, if it names any."""
    return Prover(place, setup_of(place).contracts_of.get(call))


_prepared: Final[dict[tuple[str, str], Prover]] = {}
"""Provers that nothing was asked of yet, by theory and by call where a call has contracts of its own."""


def beginning_of(place: str, call: str) -> tuple[str, str]:
    """The beginning of the proofs of a call: one for all calls of a theory that have no contracts of their own."""
    return place, call if call in setup_of(place).contracts_of else ""


def prepare(place: str, call: str) -> None:
    """Lift what the proofs of a call begin with, so that processes forked from this one need not.

    The state of the solver is the same, whether this process or another one that it forks goes on from here.
    """
    beginning = beginning_of(place, call)
    if beginning not in _prepared:
        with the_same_everywhere():
            _prepared[beginning] = prover_of(place, call)
            gc.collect()
        # After everything is imported, and not before: a file that was edited meanwhile shows.
        snapshot(place)


def run_call(
    place: str,
    call: str,
    law_ids: list[str] | None,
    effort: int,
    likely: Mapping[str, Collection[str]] | None = None,
    opinions: Opinions | None = None,
) -> dict[str, Any]:
    """The verdicts on one call, of the laws asked or of all, as plain values; and which functions they ran through."""
    due = due_of(place)[call]
    found = list(prove_laws(place, call, due if law_ids is None else law_ids, effort, likely, opinions))
    return {
        "call": call,
        "functions": sorted({name for each in found for name in each["functions"]}),
        "verdicts": {each["law"]: each["verdict"] for each in found},
    }


def prove_laws(
    place: str,
    call: str,
    law_ids: Collection[str],
    effort: int,
    likely: Mapping[str, Collection[str]] | None = None,
    opinions: Opinions | None = None,
) -> Iterator[dict[str, Any]]:
    """One verdict after the other on some laws of a call, as plain values; those that are not due of it are left out.

    With each come the functions that its proof ran through. `likely` are solvers that are likely to know, by law;
    `opinions` hears of everything that is proved.
    """
    asked = [law_id for law_id in due_of(place)[call] if law_id in law_ids]
    if not asked:
        return
    prepare(place, call)
    with the_same_everywhere():
        prover = _prepared.pop(beginning_of(place, call))
        prover.effort = effort
        prover.likely = likely or {}
        source = snapshot(place)
        if unknown := set(prover.world.modules) - set(modules_behind(place)):
            raise UnliftableError(f"{min(unknown)} decides verdicts, and no import that is found leads to it")
        whole = {*names_in("spec.history"), *names_in("spec.machine")} if call == CONTRACTS else set()
        rules = ("spec.", *[f"{name}:" for name in setup_of(place).lifted if not name.startswith("proofs.")])
        proofs = _Proofs(prover, place, call, opinions)
        for law_id, plain in proofs.verdicts(asked):
            heard, disputed = proofs.take()
            yield {
                "law": law_id,
                "verdict": plain,
                "opinions": heard,
                "disputed": disputed,
                "functions": sorted(name for name in {*proofs.ran, *whole} if name.startswith(rules)),
                "source": source,
            }


class _Proofs:
    """The proofs about one call. Each part is proved in a process of its own, from the same state as all others."""

    def __init__(self, prover: Prover, place: str, call: str, opinions: Opinions | None) -> None:
        self._prover: Final = prover
        self._place: Final = place
        self._call: Final = call
        self._opinions: Final = opinions
        self._unheard: Final[list[tuple[str, list[Any], str]]] = []
        """The goals proved while paths were followed: others are asked about it later, and apart."""
        self._parts: Final[dict[Part, tuple[Verdict, set[str]]]] = {}
        self._framed: Final[dict[str, tuple[dict[str, set[str]], set[str]]]] = {}
        """By exploration, the laws that it cannot break, each with the scope of that, and what ran to see it."""
        self._heard: Final[list[tuple[Any, Any]]] = []
        self.ran: Final[set[str]] = set()
        """The functions that the last verdict ran through."""
        self._is_apart = False
        if opinions is not None:
            prover.hears = self._hear

    def verdicts(self, asked: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The verdict on each law asked, as soon as it is known."""
        if self._call == GENESIS:
            beginning = Beginning(self._prover)
            yield from ((law_id, self._plain(partial(beginning.verdict, law_id))) for law_id in asked)
        elif self._call == CONTRACTS:
            of_theory = foundations_of(self._place)
            for law_id in asked:
                yield law_id, self._plain(lambda law_id=law_id: foundations(self._prover, of_theory, [law_id])[0])  # type: ignore[misc]  # mypy infers no type of a lambda with a default
        else:
            (action,) = [action for action in self._prover.protocol.actions if action.__name__ == self._call]
            yield from self._of_call(CallProof(self._prover, action), asked)

    def _of_call(self, proof: CallProof, asked: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        if proof.folded is not None and TOTAL in asked:
            self._part(proof, (ANY_LENGTH, TOTAL))
        if proof.has_longer:
            # What is said of longer lists comes last: until then, nothing of theirs was followed.
            of_states = {law.law_id for law in laws_of(self._prover.theory) if hasattr(law, "rows")}
            asked = sorted(asked, key=lambda law_id: law_id not in of_states)
            self._part(proof, (proof.name, WHOLE))
        known_violations = self._prover.theory.catalogue.known_violations
        for law_id in asked:
            self.ran.clear()
            if law_id in known_violations:
                may_break = self._apart(lambda law_id=law_id: _may_break(proof, proof.law_named(law_id)))  # type: ignore[misc]  # mypy infers no type of a lambda with a default
                yield law_id, dict(KNOWN_FALSE) if may_break else {**NOT_CONCERNED, "scope": sorted(proof.scope)}
                continue
            verdict = proof.choose(law_id, partial(self._part, proof))
            plain = _as_plain(verdict)
            if verdict.status == "REFUTED":
                plain |= self._apart(partial(_as_refuted, proof, self._place, law_id, self._refuted(verdict)))
            elif self._opinions is not None and law_id in proof.shown_of_any_length:
                plain |= self._apart(partial(_contradiction, proof, self._place, law_id))
            yield law_id, plain

    def _plain(self, prove_it: Callable[[], Verdict]) -> dict[str, Any]:
        self.ran.clear()
        return _as_plain(self._apart(prove_it))

    def _part(self, proof: CallProof, part: Part) -> Verdict:
        """The result of a part, which is proved once."""
        if part[0] == CHOSEN:
            return proof.choose(part[1], partial(self._part, proof))
        if part not in self._parts:
            before = set(self.ran)
            self.ran.clear()
            found = Verdict(part[1], self._call)
            scope = self._framed_in(proof, part[0]).get(part[1])
            if scope is None:
                found = self._apart(lambda: proof.prove_part(part))
            else:
                found.is_framed = True
                found.scopes.update(scope)
            self._parts[part] = (found, set(self.ran))
            self.ran.clear()
            self.ran.update(before)
        self.ran.update(self._parts[part][1])
        return self._parts[part][0]

    def _refuted(self, verdict: Verdict) -> dict[Part, set[tuple[str, str]]]:
        """The goals of a verdict that are refuted, by the part that they are of."""
        refuted = {id(obligation) for obligation, answer in verdict.answers if answer.status is Status.REFUTED}
        by_part = {
            part: {one.label_and_words for one, _ in found.answers if id(one) in refuted}
            for part, (found, _) in self._parts.items()
        }
        return {part: goals for part, goals in by_part.items() if goals}

    def _hear(self, law_id: str, formulas: list[Any], solver: str) -> None:
        """Ask others about what was proved; while paths are followed for all parts, later, since it changes which."""
        if not self._is_apart or self._opinions is None:
            self._unheard.append((law_id, formulas, solver))
        else:
            self._opinions.hear(law_id, formulas, solver)

    def _framed_in(self, proof: CallProof, name: str) -> dict[str, set[str]]:
        """The laws that an exploration cannot break, since it writes nothing of theirs, and the scope of each. Here,
        where nothing else has begun yet, an exploration is followed that is asked for the first time.
        """
        exploration = proof.exploration(name)
        if name not in self._framed:
            theory = self._prover.theory
            left_out = (*theory.induction.by_contract, *theory.catalogue.known_violations)
            laws = [law for law in laws_of(theory) if law.law_id not in left_out]
            found = self._apart(
                lambda: {law.law_id: exploration.scope_of(law) for law in laws if exploration.is_framed(law)}
            )
            self._framed[name] = (found, set(self.ran))
        self.ran.update(self._framed[name][1])
        return self._framed[name][0]

    def _apart(self, work: Callable[[], Found]) -> Found:
        """Do some work apart; note what ran, and what others said."""

        def told() -> tuple[Found, set[str], Any]:
            self._is_apart = True
            for said in self._unheard:
                self._hear(*said)
            found = work()
            return found, self._prover.world.ran, None if self._opinions is None else self._opinions.take()

        found, ran, heard = apart(told)
        self._unheard.clear()
        self._heard.extend([] if heard is None else [heard])
        self.ran.update(ran, self._prover.world.ran, self._prover.world.loaded)
        return found

    def take(self) -> tuple[dict[str, dict[str, int]], list[dict[str, str]]]:
        """The other solvers' answers, and the disputed questions, since this was asked last."""
        if self._opinions is None:
            return {}, []
        total = {who: Counter[str]() for who in self._opinions.who}
        for counts, _ in self._heard:
            for who, said in counts.items():
                total[who].update(said)
        disputed = [question for _, questions in self._heard for question in questions]
        self._heard.clear()
        return {who: dict(counts) for who, counts in total.items()}, disputed


def _may_break(proof: CallProof, law: Any) -> bool:
    """True if a known violation speaks of a call."""
    if hasattr(law, "rows"):
        return bool(set(_declared([*law.rows, *law.sums, *law.also_reads])) & proof.writes)
    return speaks(law, proof.action)


def _declared(reads: Iterable[Any]) -> Iterator[int]:
    """The tables, by index, among what a law or a sum declares to read."""
    for each in reads:
        if hasattr(each, "also_reads"):
            yield from _declared([each.table, *each.also_reads])
        else:
            yield each.index


def _as_refuted(
    proof: CallProof, place: str, law_id: str, refuted: Mapping[Part, Collection[tuple[str, str]]]
) -> dict[str, Any]:
    """The evidence that a law is refuted, sought anew where there are paths and models, of the refuted goals alone;
    else it is UNKNOWN.
    """
    verdict = Verdict(law_id, proof.action.__name__)
    for part, goals in refuted.items():
        verdict.join(proof.sought(part, goals))
    found = counterexample(proof.prover, place, verdict, proof)
    status = "REFUTED" if is_refutation(proof.prover, law_id, found) else "UNKNOWN"
    return {"verdict": status, **({} if found is None else {"counterexample": found})}


def _contradiction(proof: CallProof, place: str, law_id: str) -> dict[str, Any]:
    """The evidence against what was proved of lists of any length: a state and a call with short lists, as run on the
    plain specification. Nothing if none is found at once.

    Cuts of loops are the hardest part of the engine; short lists are run without. Were a cut wrong, this would show it.
    It is dear where a call takes many paths, and so a second opinion.
    """
    proof.prover.hears = lambda _law_id, _formulas, _solver: None
    verdict = proof.doubted(law_id)
    found = counterexample(proof.prover, place, verdict, proof)
    return {"verdict": "REFUTED", "counterexample": found} if is_refutation(proof.prover, law_id, found) else {}


def _as_plain(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.status,
        "goals": len(verdict.answers),
        "digest": digest_of_goals(verdict),
        "scope": sorted(verdict.scopes),
        "solvers": dict(sorted(Counter(answer.solver for _, answer in verdict.answers).items())),
        "steps": sum([answer.steps for _, answer in verdict.answers]),
        "most_steps": max([answer.steps for _, answer in verdict.answers], default=0),
    }


def digest_of_goals(verdict: Verdict) -> str:
    """A digest of the goals and their answers: the same whatever else was proved, and in which order."""
    goals = [f"{obligation.label} {answer.status.name} {obligation.words}" for obligation, answer in verdict.answers]
    return hashlib.sha256("\n".join(sorted(goals)).encode()).hexdigest()[:8] if goals else ""


def is_refutation(prover: Prover, law_id: str, found: dict[str, Any] | None) -> bool:
    """True if a state that satisfies every law which is assumed breaks this one on the plain rules.

    If not, only the induction fails. What is demanded of a call beside its laws shows in any law that the call breaks.
    """
    theory = prover.theory
    assumed = {law_id, *theory.induction.leans.get(law_id, ()), *theory.induction.follows.get(law_id, ())}
    if found is None or set(found["broken_before"]) - (set(theory.induction.apart) - assumed):
        return False
    return bool(found["broken"]) if law_id == TOTAL else law_id in found["broken"]


def counterexample(prover: Prover, place: str, verdict: Verdict, proof: CallProof) -> dict[str, Any] | None:
    """The first counterexample that breaks the law on the plain specification, as JSON; else the first there is."""
    refuted = [obligation for obligation, answer in verdict.answers if answer.status is Status.REFUTED]
    first: dict[str, Any] | None = None
    for obligation in refuted[:MOST_COUNTEREXAMPLES]:
        found = concretise(prover, place, verdict.law_id, proof.longest_call, obligation)
        if found is None:
            continue
        said = replay(place, found)
        document = {
            **write(place, found),
            "outcome": said.outcome,
            "broken_before": said.before,
            "broken": said.broken,
            "is_known_to_be_reachable": False,
        }
        if is_refutation(prover, verdict.law_id, document):
            return document
        first = first or document
    return first
