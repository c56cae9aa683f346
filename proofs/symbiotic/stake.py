"""The trusted contract of an operator's past stake, with which slashes are proved, and its own proof.

Rules and laws each compute a stake by their own code, for four types of delegator and with up to seven look-ups of the
past. Here both are one unknown function of vault, subnetwork, operator and timestamp that is never negative.
`prove_stake` proves that both computations agree in any state.
"""

from types import ModuleType
from typing import Any, Final

import z3

from proofs.goals import Obligation, Verdict, left_out
from proofs.histories import EXACT
from proofs.paths import Path, explore, path, refuse
from proofs.prover import Prover
from proofs.setup import Contracts
from proofs.shapes import flatten, fresh
from proofs.symbols import SymInt, term_of

SUBJECT: Final = (str, (str, int), str, int)
"""The shape of a stake's arguments: vault, subnetwork, operator, timestamp."""


def _stake(draft: Any, *subject: Any) -> SymInt:
    """The stake of (vault, subnetwork, operator, timestamp) in the state before the call, as one unknown function, at
    least zero. Refused after the call has written.
    """
    if draft._writes:
        refuse("a stake is asked for after something was written")
    path().scopes.add("stakes by the contract of proofs/symbiotic/stake.py")
    terms = flatten(subject)
    stake = z3.Function("stake", *[z3.IntSort()] * len(terms), z3.IntSort())(*terms)
    path().assume(stake >= 0)
    return SymInt(stake)


def _of_rules(module: ModuleType) -> None:
    module.__dict__["stake_at"] = _stake


def _of_laws(module: ModuleType) -> None:
    module.__dict__["stake_of"] = _stake


BY_CONTRACT: Final[Contracts] = {
    **EXACT,
    "spec.symbiotic.delegation": _of_rules,
    "invariants.symbiotic.state_queries": _of_laws,
}


def prove_stake(prover: Prover, law_id: str = "CONTRACT-stake") -> Verdict:
    """The verdict on the claim that rules and laws compute the stake of an operator alike in any state, and that it is
    at least zero.
    """
    rules = prover.world.get("spec.symbiotic.delegation", "stake_at")
    laws = prover.world.get("invariants.symbiotic.state_queries", "stake_of")
    subject = fresh(SUBJECT, "stake")
    rows = prover.before.rows
    verdict = Verdict(law_id, "any")
    verdict.is_reachable = True
    base = Path(None, [], True)
    paths = list(explore(lambda: (rules(rows, *subject), laws(rows, *subject)), base))
    for whole in left_out("a stake", base, [here for here, _ in paths]):
        answer = prover.prove(law_id, prover.levels(whole.here, [], verdict.scopes), whole.goal)
        verdict.answers.append((whole, answer))
    for here, outcome in paths:
        if isinstance(outcome, Exception):
            label, goal = f"a stake raises {outcome!r}", z3.BoolVal(False)
        else:
            stake, other = term_of(outcome[0]), term_of(outcome[1])
            label, goal = "rules and laws agree on a stake", z3.And(stake == other, stake >= 0)
        answer = prover.prove(law_id, prover.levels(here, [], verdict.scopes), goal)
        verdict.answers.append((Obligation(label, here, goal), answer))
    return verdict
