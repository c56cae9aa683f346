"""The solvency laws that every call keeps hold along walks. They are refuted if rules are broken on purpose."""

from typing import TYPE_CHECKING, Any

import pytest

from harness.protocols import known_walks
from invariants.checking import compute_totals, scan
from invariants.choices import Seeded
from invariants.law import Catalogue
from proofs import obligations, totals
from proofs.call_task import prover_of
from proofs.concrete import as_state_law, scan_nested
from proofs.eigenlayer.theory import THEORY as EIGENLAYER
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.symbiotic.theory import THEORY as SYMBIOTIC
from spec.machine import Delta, Draft, commit

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source
THEORIES: dict[str, Any] = {"eigenlayer": EIGENLAYER, "symbiotic": SYMBIOTIC}


@pytest.mark.parametrize("protocol", THEORIES)
@pytest.mark.parametrize("seed", range(3))
def test_every_lemma_holds_where_walks_go(protocol: str, seed: int) -> None:
    walk, theory = known_walks()[protocol], THEORIES[protocol]
    nested = [law for law in theory.induction.lemmas if any(total in theory.sums.nested for total in law.sums)]
    laws = [as_state_law(law) for law in theory.state_laws() if law not in nested]
    catalogue = Catalogue([*theory.catalogue.sums, *theory.sums.own], laws, [], [], [])
    here, choices, opening = walk.genesis(), Seeded(seed), walk.opening()
    start = compute_totals(catalogue, here)
    for position in range(300):
        draft = Draft(here)
        action = opening[position] if position < len(opening) else walk.next_action(choices, draft)
        outcome = walk.protocol.transition(draft, action)
        if isinstance(outcome, Delta):
            commit(here, outcome)
            assert [*scan(catalogue, here, start), *scan_nested(theory, here)] == [], action


BREAKS = {
    ("eigenlayer", "DepositIntoStrategy", "LEMMA-debt"): "TE-20",
    ("eigenlayer", "ClearBurnOrRedistributableSharesByStrategy", "SOLV-01"): "TE-21",
    ("symbiotic", "Claim", "LEMMA-held"): "TS-22",
    ("symbiotic", "Claim", "SOLV-01"): "TS-23",
    ("symbiotic", "Claim", "LEMMA-unclaimed"): "SM-31",
    ("symbiotic", "Withdraw", "LEMMA-parts"): "TS-24",
    ("symbiotic", "Withdraw", "SOLV-01"): "TS-25",
}
"""By protocol, call and law: the bug that makes the proof fail."""


@pytest.mark.parametrize(("protocol", "action", "law_id"), BREAKS)
def test_a_proof_of_solvency_fails_when_the_rules_are_broken(
    protocol: str, action: str, law_id: str, source_copy: "SourceCopy", monkeypatch: pytest.MonkeyPatch
) -> None:
    source_copy.plant(BREAKS[protocol, action, law_id])
    monkeypatch.syspath_prepend(str(source_copy.folder))
    assert verdict(prover_of(f"proofs.{protocol}.theory:THEORY", action), action, law_id) == "REFUTED"


def verdict(prover: Prover, action: str, law_id: str) -> str:
    law = next(law for law in prover.theory.state_laws() if law.law_id == law_id)
    return (
        CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == action)).verdict(law).status
    )


@pytest.mark.parametrize(
    ("follows", "expected"), [(True, "PROVED"), (False, "REFUTED")], ids=["followed", "not followed"]
)
def test_a_claim_moves_what_is_owed_of_a_bucket_that_it_does_not_write(
    follows: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nested sum adds totals of another, inner sum. Proofs about it fail in an engine that does not follow a change
    of the inner sum into the outer one.
    """
    if not follows:
        for module in (totals, obligations):
            monkeypatch.setattr(module, "groups_written", lambda *_: [])
    prover = prover_of("proofs.symbiotic.theory:THEORY", "Claim")
    claim = CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == "Claim"))
    assert claim.sum_verdict(next(iter(prover.theory.sums.nested))).status == expected


@pytest.mark.parametrize("name", ["queued_value_wad", "fractions_waiting"])
def test_a_slash_moves_each_position_by_what_is_said_of_it(name: str) -> None:
    """For one outcome of a slash, the theory's statement of how rows' values change is proved. The statement that they
    do not change is refuted.
    """
    prover = prover_of("proofs.eigenlayer.theory:THEORY", "SlashOperator")
    slash = CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == "SlashOperator"))
    slash.outcomes[:] = slash.outcomes[-1:]
    total = next(total for total in prover.theory.sums.revalued if total.name == name)
    assert slash.sum_verdict(total).status == "PROVED"
    prover.theory.sums.revalued[total] = lambda *_: 0
    slash._parts.clear()
    assert slash.sum_verdict(total).status == "REFUTED"
