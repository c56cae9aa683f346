"""Laws that a long run may assume because they are proved: it checks them on one walk in eleven, the others on each."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from proofs.ledger import Ledger

ONE_IN: Final = 11
"""Of so many neighbouring walks one checks every law. Scenarios and worlds are chosen by remainders of the seed, too:
with these it has no divisor in common, so that all of them are met.
"""


def proved_whole(ledger: "Ledger") -> tuple[str, ...]:
    """The laws that the ledger holds proved of every call, by the source as it is and within no bound, so that no walk
    leaves the scope of their proofs.
    """
    from harness.gathering import proofs_by_law, proving_of  # here, since it loads a solver, and reports read ONE_IN
    from proofs.call_task import findings_of

    proofs = proofs_by_law(proving_of(ledger, (), "ledger", "").rows(), findings_of(ledger.place))
    return tuple([law for law, proof in proofs.items() if proof.is_whole and not proof.scopes])


def checks_every_law(seed: int) -> bool:
    """True if the walk of a seed checks every law, also those that are assumed."""
    return seed % ONE_IN == 0
