"""The foundations of all other proofs, proved alone: the trusted contract of histories, the lemmas about quotients, and
the theory's own.

In a ledger they stand under `contracts` among the calls.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Final

from proofs.contracts import prove_history
from proofs.goals import Obligation, Verdict
from proofs.kernels import prove_kernel_facts
from proofs.paths import Path
from proofs.prover import Prover
from proofs.solving import Answer

CONTRACTS: Final = "contracts"
"""The name under which verdicts on foundations are stored, in the place of a call's."""

HISTORY: Final = "CONTRACT-history"
QUOTIENTS: Final = "FACTS-quotients"


def foundations(prover: Prover, of_theory: dict[str, Any], law_ids: Collection[str] | None = None) -> list[Verdict]:
    """The verdicts on the claims on which all other proofs rest: the common ones, then the theory's. `law_ids`
    restricts them, if given. `of_theory` maps the id of a verdict to the function that proves it.
    """
    known = {
        HISTORY: partial(_verdict, HISTORY, lambda: prove_history(partial(prover.prove, HISTORY))),
        QUOTIENTS: partial(_verdict, QUOTIENTS, lambda: _facts(prover)),
        **{law_id: partial(prove_it, prover, law_id) for law_id, prove_it in of_theory.items()},
    }
    return [prove_it() for law_id, prove_it in known.items() if law_ids is None or law_id in law_ids]


def _verdict(law_id: str, prove_it: Callable[[], Mapping[str, list[tuple[Any, Answer]]]]) -> Verdict:
    verdict = Verdict(law_id, CONTRACTS)
    nothing = Path(None, [], False)
    for part, answers in prove_it().items():
        verdict.answers.extend([(Obligation(part, nothing, goal), answer) for goal, answer in answers])
    verdict.is_reachable = True
    return verdict


def _facts(prover: Prover) -> dict[str, list[tuple[Any, Answer]]]:
    return {fact: [found] for fact, found in prove_kernel_facts(partial(prover.prove, QUOTIENTS)).items()}
