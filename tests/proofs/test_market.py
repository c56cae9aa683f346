"""The fees' books are proved, call by call, on a base of which nothing is known; and what is left out is named."""

import pytest

from harness.protocols import pack_at
from proofs.call_task import prove_laws
from proofs.market.free import ChangeStake, ChangeWeight
from proofs.market.theory import INSURING, NOT_YET, PROTOCOL

pytestmark = pytest.mark.source

PLACE = "proofs.market.theory:THEORY"
BOOKS = ["FEE-01", "FEE-03", "FEE-04"]


@pytest.mark.parametrize("call", ["genesis", "OpenOffer", "FundOffer", "Enrol", "ClaimFees"])
def test_a_call_keeps_the_books(call: str) -> None:
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, BOOKS, 1)}
    assert found == dict.fromkeys(BOOKS, "PROVED")


def test_the_calls_that_are_observed_are_left_out_and_no_others() -> None:
    assert (ChangeStake, ChangeWeight, *INSURING) == NOT_YET
    assert len(PROTOCOL.actions) == 12
    assert not set(NOT_YET) & set(PROTOCOL.actions)
    assert pack_at("harness.packs.market.anything:PACK").theory_at == PLACE
