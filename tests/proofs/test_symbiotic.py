"""Symbiotic's laws are proved of some calls. The same proofs fail on rules broken on purpose."""

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from invariants.checking import compute_totals, scan
from invariants.law import Catalogue
from proofs.concrete import scan_nested
from proofs.genesis import base_case
from proofs.histories import EXACT
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.symbiotic.stake import prove_stake
from proofs.symbiotic.theory import THEORY
from spec.protocol import execute

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

GOLDEN = Path(__file__).parent.parent / "golden"


def law(prover: Prover, law_id: str) -> Any:
    catalogue = prover.theory.catalogue
    laws = [*prover.theory.state_laws(), *catalogue.step_laws, *catalogue.rejection_laws]
    return next(law for law in laws if law.law_id == law_id)


def proof(prover: Prover, action: str) -> CallProof:
    return CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == action))


@pytest.fixture(scope="module")
def prover() -> Prover:
    return Prover("proofs.symbiotic.theory:THEORY", EXACT)


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


def test_rules_and_laws_agree_on_every_stake(prover: Prover) -> None:
    assert prove_stake(prover).status == "PROVED"


def test_what_is_known_to_be_false_is_refuted_and_what_is_true_instead_is_proved(prover: Prover) -> None:
    of_deposit = proof(prover, "Deposit")
    verdicts = [of_deposit.verdict(law(prover, law_id)).status for law_id in ("DEP-04", "DEP-03")]
    assert verdicts == ["REFUTED", "PROVED"]


BREAKS = {
    ("CONS-01", "TransferCollateral"): "TS-26",
    ("EXIT-01", "Claim"): "SM-31",
    ("EXIT-05", "Claim"): "TS-27",
    ("LIMIT-01", "SetMaxNetworkLimit"): "TS-28",
    ("SHARE-03", "SetOperatorNetworkShares"): "SM-58",
    ("OPT-01", "OptInVault"): "TS-29",
    ("OPT-03", "OptOutVault"): "TS-30",
    ("SET-01", "SetDepositorWhitelistStatus"): "TS-31",
    ("VETO-02", "VetoSlash"): "TS-32",
    ("TOTAL", "Deposit"): "TS-33",
}
"""By law and call: the bug that makes the proof fail."""


@pytest.mark.parametrize(("law_id", "action"), BREAKS)
def test_a_proof_fails_when_the_rules_are_broken(
    law_id: str, action: str, source_copy: "SourceCopy", monkeypatch: pytest.MonkeyPatch
) -> None:
    source_copy.plant(BREAKS[law_id, action])
    monkeypatch.syspath_prepend(str(source_copy.folder))
    broken = Prover("proofs.symbiotic.theory:THEORY", EXACT)
    lifted = broken.world.modules["spec.machine"].__file__
    assert str(lifted).startswith(str(source_copy.folder))
    of_call = proof(broken, action)
    verdict = of_call.total() if law_id == "TOTAL" else of_call.verdict(law(broken, law_id))
    assert verdict.status == "REFUTED"


def test_lemmas_hold_at_the_start_and_at_the_end_of_recorded_traces() -> None:
    """Every lemma and every state law holds in the first state and in the last state of recorded traces."""
    laws: list[Any] = [law for law in THEORY.state_laws() if not any(total in THEORY.sums.nested for total in law.sums)]
    catalogue = Catalogue([*THEORY.catalogue.sums, *THEORY.sums.own], laws, [], [], [])
    paths = sorted((GOLDEN / "symbiotic").glob("*.json.gz"))[:20]
    assert paths
    for path in paths:
        trace = THEORY.protocol.read_trace(json.loads(gzip.decompress(path.read_bytes())))
        state = trace.genesis.copy()
        assert [*scan(catalogue, state), *scan_nested(THEORY, state)] == []
        start = compute_totals(catalogue, state)
        for step in trace.steps:
            execute(THEORY.protocol.transition, state, step.actions)
        assert [*scan(catalogue, state, start), *scan_nested(THEORY, state)] == []


def test_induction_begins(prover: Prover) -> None:
    verdicts = base_case(prover, prover.theory.state_laws())
    assert [verdict.law_id for verdict in verdicts if verdict.status != "PROVED"] == []


def test_induction_does_not_begin_with_a_vault_that_is_still_to_be_made(prover: Prover) -> None:
    vaults = next(table for table in prover.theory.genesis if table.name == "vaults")
    given = prover.theory.genesis[vaults]
    prover.theory.genesis[vaults] = lambda rows, vault, row: given(rows, vault, row)[:-1]
    try:
        verdicts = base_case(prover, prover.theory.state_laws())
    finally:
        prover.theory.genesis[vaults] = given
    assert [verdict.law_id for verdict in verdicts if verdict.status != "PROVED"] == ["LEMMA-vault-made"]
