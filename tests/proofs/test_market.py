"""The market's accounts are proved call by call, on a base protocol about which only the port's promises are assumed.

The laws that are left out are named.
"""

import pytest

from harness.protocols import pack_at
from proofs.call_task import prove_laws
from proofs.market.free import ChangeReach, ChangeStake, ChangeWeight, TakeStake
from proofs.market.theory import CHAINS, MANDATES, NOT_YET, OF_SIGNERS, PROTOCOL
from spec.market.actions import BuyPolicy, Rebalance
from tests.conftest import nightly

pytestmark = pytest.mark.source

PLACE = "proofs.market.theory:THEORY"
BOOKS = ["FEE-01", "FEE-03", "FEE-04"]


@pytest.mark.parametrize("call", ["OpenOffer", "ClaimFees", *nightly("genesis", "FundOffer", "Enrol")])
def test_a_call_keeps_the_books(call: str) -> None:
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, BOOKS, 1)}
    assert found == dict.fromkeys(BOOKS, "PROVED")


@pytest.mark.parametrize("call", ["Exit", "ReleasePolicy", *nightly("AnnounceExit")])
def test_a_call_keeps_funds_solvent(call: str) -> None:
    """A fully collateralised fund can pay every policy, and its totals of shares and cover are right."""
    laws = ["INS-01", "INS-04", "INS-05"]
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, laws, 1)}
    assert found == dict.fromkeys(laws, "PROVED")


@pytest.mark.parametrize("call", ["Mint", *nightly("Give")])
def test_a_call_keeps_receipts_somebodys(call: str) -> None:
    laws = ["RCP-01", "RCP-02", "RCP-03", "RCP-04"]
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, laws, 1)}
    assert found == dict.fromkeys(laws, "PROVED")


@pytest.mark.parametrize("call", ["SendTable", "CheckCertificate", *nightly("TakeStake")])
def test_a_call_keeps_what_tables_count_within_reach(call: str) -> None:
    """If the base protocol keeps its promise, the stake in a table can be slashed until the window ends.

    Certificates are answered before that if the terms fit the window.
    """
    laws = ["CHN-02", "CHN-03", "CHN-04", "CHN-08"]
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, laws, 1)}
    assert found == dict.fromkeys(laws, "PROVED")


def test_the_calls_that_are_left_out_are_these_and_no_others() -> None:
    assert (ChangeStake, ChangeWeight, BuyPolicy, Rebalance) == NOT_YET
    assert len(PROTOCOL.actions) == 36
    assert {*CHAINS, *MANDATES, ChangeReach, TakeStake} - {Rebalance} < set(PROTOCOL.actions)
    assert OF_SIGNERS == ("CHN-01", "CHN-05")
    assert not set(NOT_YET) & set(PROTOCOL.actions)
    assert pack_at("harness.packs.market.anything:PACK").theory_at == PLACE
