"""Laws that a long `restake check` run may assume because they are proved: it checks them only on one walk
in eleven.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from proofs.ledger import Ledger

ONE_IN: Final = 11
"""One walk in this many checks every law, assumed laws included.

Scenarios and worlds are also chosen by remainders of the seed. Eleven has no divisor in common with those moduli, so
every scenario and world is met by a walk that checks every law.
"""


def proved_whole(ledger: "Ledger") -> tuple[str, ...]:
    """The ids of the laws that are proved of every call for the current source. Their proofs have no bound and no
    restricting scope, and all that they assume is proved, too. So no walk can leave the scope of such a proof.
    """
    # here, since it loads a solver, and reports read ONE_IN
    from harness.gathering import doubts_of, proofs_by_law, proving_of
    from proofs.call_task import findings_of

    proving = proving_of(ledger, (), "ledger", "")
    rows = proving.rows()
    proofs = proofs_by_law(rows, findings_of(ledger.place), doubts_of(proving, {row[0] for row in rows}))
    return tuple([law for law, proof in proofs.items() if proof.is_whole and not proof.scopes])


def checks_every_law(seed: int) -> bool:
    """True if the walk with this seed checks every law, including the assumed ones."""
    return seed % ONE_IN == 0
