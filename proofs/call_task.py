"""The proofs of one call as one task in plain values, so that processes can prove calls in parallel."""

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
"""The maximum number of refuted goals of one law for which a counterexample is tried."""

NOT_ASKED: Final[dict[str, Any]] = {
    "goals": 0,
    "digest": "",
    "scope": [],
    "solvers": {},
    "steps": 0,
    "most_steps": 0,
}

KNOWN_FALSE: Final[dict[str, Any]] = {"verdict": "KNOWN FALSE", **NOT_ASKED}
"""The verdict on a known violation, for the calls that can break it; a stored trace shows that the law is broken."""

NOT_CONCERNED: Final[dict[str, Any]] = {"verdict": "NOT CONCERNED", **NOT_ASKED}
"""The verdict on a known violation, for the calls that write nothing that it reads."""


def due_of(place: str) -> dict[str, tuple[str, ...]]:
    """The map from call to the ids of the claims that need a verdict: laws, lemmas and TOTAL (the call never raises).
    Two entries are no calls: `genesis`, also with `SUM-NAME` of each sum, and `contracts`. The catalogue and the theory
    alone determine this, not any ledger. `place` is the theory's `module:attribute`.
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
    """The ids of all laws and lemmas of the theory at `place` (`module:attribute`), and of all other claims with
    verdicts. Laws of histories, which a trusted contract replaces, are included.
    """
    by_call = due_of(place).values()
    return {law_id for laws in by_call for law_id in laws} | {law.law_id for law in laws_of(plain_theory(place))}


def laws_of_longer_lists(place: str, call: str) -> set[str]:
    """The ids of a call's claims that are proved of longer lists than state laws: step and rejection laws, and `TOTAL`.
    Empty if the theory gives no such lengths for the call.
    """
    theory = plain_theory(place)
    if call not in theory.limits.longer:
        return set()
    return {TOTAL, *[law.law_id for law in laws_of(theory) if not hasattr(law, "rows")]}


def speaks(law: Any, action: type[Any]) -> bool:
    """True if a law applies to calls of the class `action`: its scope names that class, or names no actions at all."""
    return not (hasattr(law, "scope") and law.scope.actions and action not in law.scope.actions)


def findings_of(place: str) -> dict[str, str]:
    """The map from the id of each known violation to the trace that shows it, a file in docs/findings."""
    return {law_id: known.trace for law_id, known in plain_theory(place).catalogue.known_violations.items()}


def foundations_of(place: str) -> dict[str, Any]:
    """The map from verdict id to proving function, for the claims that a theory adds to those on which all proofs rest.
    `place` is the theory's `module:attribute`.
    """
    return dict(setup_of(place).foundations)


def laws_of(theory: Any) -> list[Any]:
    """Every law and lemma of a theory. Known violations are included, and so are laws of histories, which a trusted
    contract replaces.
    """
    known_violations = theory.catalogue.known_violations
    false = [law for law in theory.catalogue.state_laws if law.law_id in known_violations]
    return [*theory.state_laws(), *false, *theory.catalogue.step_laws, *theory.catalogue.rejection_laws]


def prover_of(place: str, call: str) -> Prover:
    """The prover for one call under the theory at `place` (`module:attribute`), with the trusted contracts that the
    theory's setup gives for that call, if any.
    """
    return Prover(place, setup_of(place).contracts_of.get(call))


_prepared: Final[dict[tuple[str, str], Prover]] = {}
"""The fresh provers by theory and call; the call is empty unless it has trusted contracts of its own."""


def beginning_of(place: str, call: str) -> tuple[str, str]:
    """The key of a call's prover in `_prepared`: the place of the theory, and the call. The call is empty if it has no
    trusted contracts of its own; such calls share one prover.
    """
    return place, call if call in setup_of(place).contracts_of else ""


def prepare(place: str, call: str) -> None:
    """Load and cache the prover of a call, so that forked processes need not load it.

    The solver is in an identical state in this process and in those forked from it.
    """
    beginning = beginning_of(place, call)
    if beginning not in _prepared:
        with the_same_everywhere():
            _prepared[beginning] = prover_of(place, call)
            gc.collect()
        # After all imports, so that a file edited in the meantime is noticed.
        snapshot(place)


def run_call(
    place: str,
    call: str,
    law_ids: list[str] | None,
    effort: int,
    likely: Mapping[str, Collection[str]] | None = None,
    opinions: Opinions | None = None,
) -> dict[str, Any]:
    """The verdicts on one call, for some laws or all (None), as plain values: `call`, the `functions` that the proofs
    ran, and `verdicts` by law. `effort` multiplies the solvers' step limits. `likely` maps a law to the solvers to ask
    first; `opinions` collects other solvers' answers.
    """
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
    """Yield the verdict on each of some laws of a call, as plain values under `verdict`. Laws that are not due for the
    call are skipped.

    Each comes with its `law`, the `functions` that its proof ran, and the digest of the `source`. It also has the other
    solvers' `opinions` and `disputed` questions. `effort` multiplies the solvers' step limits. `likely` maps laws to
    the solvers to ask first; `opinions` is told of everything that is proved. Raises UnliftableError if a module took
    part that no digest covers.
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
    """The proofs about one call. Each part is proved in a process of its own, forked from one common state."""

    def __init__(self, prover: Prover, place: str, call: str, opinions: Opinions | None) -> None:
        self._prover: Final = prover
        self._place: Final = place
        self._call: Final = call
        self._opinions: Final = opinions
        self._unheard: Final[list[tuple[str, list[Any], str]]] = []
        """The goals proved while paths were followed. Other solvers are asked about them later, in a separate
        process.
        """
        self._parts: Final[dict[Part, tuple[Verdict, set[str]]]] = {}
        self._framed: Final[dict[str, tuple[dict[str, set[str]], set[str]]]] = {}
        """The laws that each exploration cannot break, with the scope of that claim, and the functions that ran to
        establish it.
        """
        self._heard: Final[list[tuple[Any, Any]]] = []
        self.ran: Final[set[str]] = set()
        """The functions that the last verdict ran."""
        self._is_apart = False
        if opinions is not None:
            prover.hears = self._hear

    def verdicts(self, asked: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the verdict on each requested law as soon as it is decided."""
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
            # Longer lists come last, so that their exploration changes nothing before.
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
        """The verdict on a part, which is one claim in one exploration (an enumeration of paths) of the call. It is
        proved once, then cached. A law that the exploration's writes cannot break is marked as framed, without a proof.
        """
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
        """The refuted goals of a verdict, as (label, words), by the part of the proof to which they belong."""
        refuted = {id(obligation) for obligation, answer in verdict.answers if answer.status is Status.REFUTED}
        by_part = {
            part: {one.label_and_words for one, _ in found.answers if id(one) in refuted}
            for part, (found, _) in self._parts.items()
        }
        return {part: goals for part, goals in by_part.items() if goals}

    def _hear(self, law_id: str, formulas: list[Any], solver: str) -> None:
        """Ask other solvers about a proved goal. While the paths that all parts share are followed, this is postponed:
        asking would change which paths are pruned.
        """
        if not self._is_apart or self._opinions is None:
            self._unheard.append((law_id, formulas, solver))
        else:
            self._opinions.hear(law_id, formulas, solver)

    def _framed_in(self, proof: CallProof, name: str) -> dict[str, set[str]]:
        """The map from each law that an exploration cannot break, by the tables it writes, to the scope of that claim.
        An exploration is an enumeration of the call's paths; its first request follows these paths, here in the common
        process.
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
        """The result of `work`, run in a process of its own. The functions that ran there and the other solvers'
        answers are recorded here.
        """

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
        """The counts of other solvers' answers by solver, and the disputed questions, since the last call of this
        method.
        """
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
    """True if a call may break a known violation. A state law may break if the call writes a table that it declares to
    read; any other law, if the call is in its scope.
    """
    if hasattr(law, "rows"):
        return bool(set(_declared([*law.rows, *law.sums, *law.also_reads])) & proof.writes)
    return speaks(law, proof.action)


def _declared(reads: Iterable[Any]) -> Iterator[int]:
    """The indices of the tables that a law declares to read. For a sum among them, its own tables count."""
    for each in reads:
        if hasattr(each, "also_reads"):
            yield from _declared([each.table, *each.also_reads])
        else:
            yield each.index


def _as_refuted(
    proof: CallProof, place: str, law_id: str, refuted: Mapping[Part, Collection[tuple[str, str]]]
) -> dict[str, Any]:
    """The verdict "REFUTED" with a counterexample, if one breaks the law on the plain specification; else "UNKNOWN".
    The goals in `refuted`, given as (label, words), are proved again in this process, since only then paths and models
    are at hand.
    """
    verdict = Verdict(law_id, proof.action.__name__)
    for part, goals in refuted.items():
        verdict.join(proof.sought(part, goals))
    found = counterexample(proof.prover, place, verdict, proof)
    status = "REFUTED" if is_refutation(proof.prover, law_id, found) else "UNKNOWN"
    return {"verdict": status, **({} if found is None else {"counterexample": found})}


def _contradiction(proof: CallProof, place: str, law_id: str) -> dict[str, Any]:
    """The verdict "REFUTED" with a counterexample that has short lists, against a claim proved for lists of any length.
    Empty if none is found quickly.

    The proof for any length cuts loops, which is the most delicate part of the engine. Short lists are run without
    cuts, so a wrong cut would show here. It is expensive for calls with many paths, so it is only run as a second
    opinion.
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
    """A digest of the goals and their answers: 8 hexadecimal digits, empty without goals. It depends neither on their
    order nor on what else was proved.
    """
    goals = [f"{obligation.label} {answer.status.name} {obligation.words}" for obligation, answer in verdict.answers]
    return hashlib.sha256("\n".join(sorted(goals)).encode()).hexdigest()[:8] if goals else ""


def is_refutation(prover: Prover, law_id: str, found: dict[str, Any] | None) -> bool:
    """True if a counterexample breaks the law on the plain rules, in a state that breaks none of the laws which the
    proof assumes. For TOTAL, any broken law counts. False if the counterexample is None.

    False means that only the induction fails: no reachable state need break the law.
    """
    theory = prover.theory
    assumed = {law_id, *theory.induction.leans.get(law_id, ()), *theory.induction.follows.get(law_id, ())}
    if found is None or set(found["broken_before"]) - (set(theory.induction.apart) - assumed):
        return False
    return bool(found["broken"]) if law_id == TOTAL else law_id in found["broken"]


def counterexample(prover: Prover, place: str, verdict: Verdict, proof: CallProof) -> dict[str, Any] | None:
    """The first counterexample that breaks the law on the plain specification, as JSON. Without one, the first that can
    be made concrete, or else None. The first MOST_COUNTEREXAMPLES refuted goals of the verdict are tried.
    """
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
