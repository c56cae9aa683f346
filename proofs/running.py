"""All proofs of one call as one task of plain values, so that calls are proved beside each other in processes."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from proofs.concrete import concretise, plain_theory, replay, write
from proofs.digests import modules_behind, names_in, snapshot
from proofs.foundations import CONTRACTS, HISTORY, QUOTIENTS, foundations
from proofs.genesis import GENESIS, base_case
from proofs.obligations import Prover, Verdict
from proofs.proving import TOTAL, CallProof, prove_call
from proofs.second import Opinions
from proofs.setup import setup_of
from proofs.solving import Status
from proofs.symbols import UnliftableError

MOST_COUNTEREXAMPLES: Final = 6
"""How many refuted goals of one law are tried until a counterexample replays."""

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
    known_false = theory.catalogue.known_false
    sums = [*theory.catalogue.sums, *theory.sums.own, *theory.sums.nested]
    chosen = {table.index for table in theory.genesis}
    at_start = [
        law.law_id for law in theory.state_laws() if law.law_id not in (*known_false, *theory.induction.by_contract)
    ]
    due = {
        GENESIS: (*at_start, *[f"SUM-{total.name}" for total in sums if total.table.index not in chosen]),
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


def speaks(law: Any, action: type[Any]) -> bool:
    """Whether a law is about a call at all: step laws and liveness laws may name the calls that they are about."""
    return not (hasattr(law, "scope") and law.scope.actions and action not in law.scope.actions)


def findings_of(place: str) -> dict[str, str]:
    """The laws that are known to be false, and the trace that shows each broken."""
    return {law_id: known.trace for law_id, known in plain_theory(place).catalogue.known_false.items()}


def foundations_of(place: str) -> dict[str, Any]:
    """What a theory adds to the foundations, by the id of its verdict."""
    return dict(setup_of(place).foundations)


def laws_of(theory: Any) -> list[Any]:
    """Every law and lemma that there are verdicts on."""
    known_false = theory.catalogue.known_false
    false = [law for law in theory.catalogue.state_laws if law.law_id in known_false]
    return [*theory.state_laws(), *false, *theory.catalogue.step_laws, *theory.catalogue.liveness_laws]


def prover_of(place: str, call: str) -> Prover:
    """The prover of one call, with the contracts that its theory names for it, if it names any."""
    return Prover(place, setup_of(place).contracts_of.get(call))


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
        "functions": found[-1]["functions"] if found else [],
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

    With each come the functions that ran so far: whatever an earlier proof found out, a later one may lean on. `likely`
    are solvers that are likely to know, by law; `opinions` hears of everything that is proved.
    """
    asked = [law_id for law_id in due_of(place)[call] if law_id in law_ids]
    if not asked:
        return
    prover = prover_of(place, call)
    prover.effort = effort
    prover.likely = likely or {}
    if opinions is not None:
        prover.hears = opinions.hear
    # After everything is imported, and not before: a file that was edited meanwhile shows.
    source = snapshot(place)
    if unknown := set(prover.world.modules) - set(modules_behind(place)):
        raise UnliftableError(f"{min(unknown)} decides verdicts, and no import that is found leads to it")
    whole = {*names_in("spec.history"), *names_in("spec.machine")} if call == CONTRACTS else set()
    rules = ("spec.", *[f"{name}:" for name in setup_of(place).lifted if not name.startswith("proofs.")])
    for law_id, plain in _verdicts(prover, place, call, asked):
        heard, disputed = ({}, []) if opinions is None else opinions.take()
        yield {
            "law": law_id,
            "verdict": plain,
            "opinions": heard,
            "disputed": disputed,
            "functions": sorted(
                name for name in {*prover.world.ran, *prover.world.loaded, *whole} if name.startswith(rules)
            ),
            "source": source,
        }


def _verdicts(prover: Prover, place: str, call: str, asked: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The verdict on each law asked, as soon as it is known."""
    known_false = prover.theory.catalogue.known_false
    if call == GENESIS:
        found = base_case(prover, [law for law in prover.theory.state_laws() if law.law_id in asked])
        yield from (
            (verdict.law_id, _as_plain(prover, place, verdict, None)) for verdict in found if verdict.law_id in asked
        )
        return
    if call == CONTRACTS:
        for law_id in asked:
            (verdict,) = foundations(prover, foundations_of(place), [law_id])
            yield law_id, _as_plain(prover, place, verdict, None)
        return
    (action,) = [action for action in prover.protocol.actions if action.__name__ == call]
    proof = CallProof(prover, action)
    if TOTAL in asked:
        yield TOTAL, _as_plain(prover, place, proof.of_steps.total(), proof)
    for law in laws_of(prover.theory):
        if law.law_id in known_false and law.law_id in asked:
            yield law.law_id, dict(KNOWN_FALSE if _may_break(proof, law) else NOT_CONCERNED)
        elif law.law_id in asked:
            (verdict,) = prove_call(proof, [law])
            yield law.law_id, _as_plain(prover, place, verdict, proof)


def _may_break(proof: CallProof, law: Any) -> bool:
    """Whether a law that is known to be false speaks of a call."""
    if hasattr(law, "rows"):
        return bool(proof.prover.tables_of(law) & proof.writes)
    return speaks(law, proof.action)


def _as_plain(prover: Prover, place: str, verdict: Verdict, proof: CallProof | None) -> dict[str, Any]:
    found: dict[str, Any] | None = None
    status = verdict.status
    if status == "REFUTED" and proof is not None:
        found = counterexample(prover, place, verdict, proof)
        if not is_refutation(prover, verdict.law_id, found):
            status = "UNKNOWN"
    plain: dict[str, Any] = {
        "verdict": status,
        "goals": len(verdict.answers),
        "digest": digest_of_goals(verdict),
        "scope": sorted(verdict.scopes),
        "solvers": dict(sorted(Counter(answer.solver for _, answer in verdict.answers).items())),
        "steps": sum([answer.steps for _, answer in verdict.answers]),
        "most_steps": max([answer.steps for _, answer in verdict.answers], default=0),
    }
    if found is not None:
        plain["counterexample"] = found
    return plain


def digest_of_goals(verdict: Verdict) -> str:
    """What was to be shown, and what came of it, in short: the same whatever was proved before in this process.

    A goal counts by its words in any order, without the numbers that make new names of them.
    """
    goals: list[str] = []
    for obligation, answer in verdict.answers:
        words = sorted(re.sub(r"!\d+", "!", str(obligation.goal.sexpr())).replace("(", " ").replace(")", " ").split())
        goals.append(f"{obligation.label} {answer.status.name} {' '.join(words)}")
    return hashlib.sha256("\n".join(sorted(goals)).encode()).hexdigest()[:8] if goals else ""


def is_refutation(prover: Prover, law_id: str, found: dict[str, Any] | None) -> bool:
    """Whether a state that satisfies every law which is assumed breaks this one on the plain rules.

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
        found = concretise(prover, place, verdict.law_id, proof.of_steps.call, obligation)
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
