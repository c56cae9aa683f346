"""What all other proofs lean on, proved alone: that histories keep the contract which stands for them, that what
solvers are told about quotients is true, and what else a theory takes by contract.

These have a place of their own among a ledger's calls.
"""

from functools import partial
from typing import Any, Final

from proofs.contracts import prove_history
from proofs.kernels import prove_kernel_facts
from proofs.obligations import Obligation, Prover, Verdict
from proofs.symbols import Path

CONTRACTS: Final = "contracts"
"""The name of the foundations where verdicts have the name of a call."""

HISTORY: Final = "CONTRACT-history"
QUOTIENTS: Final = "FACTS-quotients"


def foundations(prover: Prover, of_theory: dict[str, Any]) -> list[Verdict]:
    """The verdicts on what every proof leans on, then on what the theory adds."""
    history, quotients = Verdict(HISTORY, CONTRACTS), Verdict(QUOTIENTS, CONTRACTS)
    nothing = Path(None, [], False)
    for part, answers in prove_history(partial(prover.prove, HISTORY)).items():
        history.answers.extend([(Obligation(part, nothing, goal), answer) for goal, answer in answers])
    for fact, (goal, answer) in prove_kernel_facts(partial(prover.prove, QUOTIENTS)).items():
        quotients.answers.append((Obligation(fact, nothing, goal), answer))
    history.is_reachable = quotients.is_reachable = True
    return [history, quotients, *[prove_it(prover, law_id) for law_id, prove_it in of_theory.items()]]
