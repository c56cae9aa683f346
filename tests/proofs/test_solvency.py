"""EigenLayer's solvency: the form that every call keeps, seen to hold where walks go, and proofs that need it."""

import pytest

from harness.protocols import WALKS
from invariants.checking import scan
from invariants.choices import Seeded
from invariants.law import Catalogue
from proofs.concrete import as_state_law
from proofs.eigenlayer import THEORY
from spec.machine import Delta, Draft, commit

pytestmark = pytest.mark.source


@pytest.mark.parametrize("seed", range(4))
def test_every_lemma_holds_where_walks_go(seed: int) -> None:
    way = WALKS["eigenlayer"]
    laws = [as_state_law(law) for law in THEORY.state_laws()]
    catalogue = Catalogue([*THEORY.catalogue.sums, *THEORY.sums], laws, [], [], [])
    state, choices, opening = way.genesis(), Seeded(seed), way.opening()
    for position in range(300):
        draft = Draft(state)
        action = opening[position] if position < len(opening) else way.next_action(choices, draft)
        outcome = way.protocol.transition(draft, action)
        if isinstance(outcome, Delta):
            commit(state, outcome)
            violations = scan(catalogue, state)
            assert [v for v in violations if v.law.law_id != "CONS-01"] == [], action
