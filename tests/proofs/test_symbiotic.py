"""Symbiotic's laws, proved of some calls; and rules broken on purpose, of which the same proofs fail."""

from typing import Any

import pytest

from proofs.histories import EXACT
from proofs.obligations import Prover
from proofs.proving import CallProof

pytestmark = pytest.mark.source


def law(prover: Prover, law_id: str) -> Any:
    catalogue = prover.theory.catalogue
    laws = [*prover.theory.state_laws(), *catalogue.step_laws, *catalogue.liveness_laws]
    return next(law for law in laws if law.law_id == law_id)


def proof(prover: Prover, action: str) -> CallProof:
    return CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == action))


@pytest.fixture(scope="module")
def prover() -> Prover:
    return Prover("proofs.symbiotic:THEORY", EXACT)


PROVED = {
    "AdvanceTime": ["SOLV-01", "EXIT-06", "RES-01", "SET-01"],
    "OptOutVault": ["OPT-01", "OPT-03", "HIST-01", "CALL-01", "CALL-02", "FRAME-01"],
    "SetMaxNetworkLimit": ["LIMIT-01", "LIMIT-02", "CALL-01", "CALL-02"],
    "Claim": ["CONS-01", "EXIT-01", "EXIT-05", "SOLV-04"],
    "SetOperatorNetworkShares": ["SHARE-03", "LEMMA-shares-past", "LIMIT-02"],
}


@pytest.mark.parametrize("action", PROVED)
def test_laws_of_a_call_are_proved(prover: Prover, action: str) -> None:
    of_call = proof(prover, action)
    assert {law_id: of_call.verdict(law(prover, law_id)).status for law_id in PROVED[action]} == dict.fromkeys(
        PROVED[action], "PROVED"
    )
    assert of_call.total().status == "PROVED"
