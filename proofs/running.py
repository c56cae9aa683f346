"""All proofs of one call as one task of plain values, so that calls are proved beside each other in processes."""

import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final

from proofs.concrete import concretise, plain_module, plain_theory, replay, write
from proofs.foundations import CONTRACTS, HISTORY, QUOTIENTS, foundations
from proofs.genesis import GENESIS, base_case
from proofs.ledger import names_in
from proofs.obligations import HISTORIES_ALONE, Prover, Verdict
from proofs.proving import TOTAL, CallProof, prove_call
from proofs.second import Opinions
from proofs.solving import Status

MOST_COUNTEREXAMPLES: Final = 6
"""How many refuted goals of one law are tried until a counterexample replays."""


KNOWN_FALSE: Final[dict[str, Any]] = {
    "verdict": "KNOWN FALSE",
    "goals": 0,
    "scope": [],
    "solvers": {},
    "steps": 0,
    "most_steps": 0,
}
"""Of laws that the catalogue knows to be false, for the calls that it speaks of: the finding shows the law broken."""


def names_of(place: str) -> tuple[list[str], list[str]]:
    """The calls of which something is to be proved, the base case first; and the laws and lemmas to prove of them."""
    theory = plain_theory(place)
    calls = [GENESIS, CONTRACTS, *[action.__name__ for action in theory.protocol.actions]]
    return calls, [TOTAL, HISTORY, QUOTIENTS, *foundations_of(place), *[law.law_id for law in _laws(theory)]]


def foundations_of(place: str) -> dict[str, Any]:
    """What a theory adds to the foundations, by the id of its verdict."""
    return dict(getattr(plain_module(place), "FOUNDATIONS", {}))


def _laws(theory: Any) -> list[Any]:
    """Every law and lemma that there are verdicts on."""
    known_false = theory.catalogue.known_false
    false = [law for law in theory.catalogue.state_laws if law.law_id in known_false]
    return [*theory.state_laws(), *false, *theory.catalogue.step_laws, *theory.catalogue.liveness_laws]


def prover_of(place: str, call: str) -> Prover:
    """The prover of one call, with the contracts that its theory names for it, if it names any."""
    contracts = getattr(plain_module(place), "CONTRACTS", {})
    return Prover(place, contracts.get(call, contracts.get("", HISTORIES_ALONE)))


def run_call(
    place: str,
    call: str,
    law_ids: list[str] | None,
    effort: int,
    likely: Mapping[str, Collection[str]] | None = None,
    opinions: Opinions | None = None,
) -> dict[str, Any]:
    """The verdicts on one call, of the laws asked or of all, as plain values; and which functions they ran through.

    `likely` are solvers that are likely to know, by law; `opinions` hears of everything that is proved.
    """
    started = time.process_time()
    prover = prover_of(place, call)
    prover.effort = effort
    prover.likely = likely or {}
    if opinions is not None:
        prover.hears = opinions.hear
    known_false = prover.theory.catalogue.known_false
    asked = [law for law in _laws(prover.theory) if law_ids is None or law.law_id in law_ids]
    false = [law for law in asked if law.law_id in known_false]
    chosen = [law for law in asked if law.law_id not in known_false]
    functions = prover.world.ran
    proof = None
    if call == GENESIS:
        state_ids = {law.law_id for law in prover.theory.state_laws()}
        verdicts = base_case(prover, [law for law in chosen if law.law_id in state_ids])
    elif call == CONTRACTS:
        found = foundations(prover, foundations_of(place))
        verdicts = [verdict for verdict in found if law_ids is None or verdict.law_id in law_ids]
        functions = functions.union(names_in("spec.history"), names_in("spec.machine"))
    else:
        action = next(action for action in prover.protocol.actions if action.__name__ == call)
        proof = CallProof(prover, action)
        is_total_asked = law_ids is None or TOTAL in law_ids
        verdicts = [*([proof.of_steps.total()] if is_total_asked else []), *prove_call(proof, chosen)]
    found_false = [] if proof is None else [law for law in false if _may_break(proof, law)]
    return {
        "call": call,
        "functions": sorted(name for name in functions if name.startswith("spec")),
        "modules": sorted(name for name in prover.world.modules if name.split(".")[0] in ("spec", "invariants")),
        "verdicts": {
            **{verdict.law_id: _as_plain(prover, place, verdict, proof) for verdict in verdicts},
            **{law.law_id: {**KNOWN_FALSE, "finding": known_false[law.law_id].trace} for law in found_false},
        },
        "opinions": None if opinions is None else opinions.as_plain(),
        "disputed": [] if opinions is None else opinions.disputed,
        "seconds": round(time.process_time() - started, 1),
    }


def _may_break(proof: CallProof, law: Any) -> bool:
    """Whether a law that is known to be false speaks of a call."""
    if hasattr(law, "rows"):
        return bool(proof.prover.tables_of(law) & proof.writes)
    return not law.scope.actions or proof.action in law.scope.actions


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
        "scope": sorted(verdict.scopes),
        "solvers": dict(sorted(Counter(answer.solver for _, answer in verdict.answers).items())),
        "steps": sum([answer.steps for _, answer in verdict.answers]),
        "most_steps": max([answer.steps for _, answer in verdict.answers], default=0),
    }
    if found is not None:
        plain["counterexample"] = found
    return plain


def is_refutation(prover: Prover, law_id: str, found: dict[str, Any] | None) -> bool:
    """Whether a state that satisfies every law which is assumed breaks this one on the plain rules.

    If not, only the induction fails. What is demanded of a call beside its laws shows in any law that the call breaks.
    """
    theory = prover.theory
    assumed = {law_id, *theory.leans.get(law_id, ()), *theory.follows.get(law_id, ())}
    if found is None or set(found["broken_before"]) - (set(theory.apart) - assumed):
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
            **write(found),
            "outcome": said.outcome,
            "broken_before": said.before,
            "broken": said.broken,
            "is_known_to_be_reachable": False,
        }
        if is_refutation(prover, verdict.law_id, document):
            return document
        first = first or document
    return first
