"""The laws of mandates are proved, call by call, on a base of which only the port is known."""

from typing import Any

import pytest

from proofs.call_task import prove_laws
from tests.conftest import nightly

pytestmark = pytest.mark.source

PLACE = "proofs.market.theory:THEORY"
PLANS = ["LEMMA-plan", "LEMMA-target", "LEMMA-member", "LEMMA-latest", "LEMMA-earlier"]
KEPT = {
    "genesis": ["ALC-01", "ALC-02", "ALC-03", "ALC-04", *PLANS],
    "OpenMandate": ["TOTAL", "ALC-04", "ALC-05"],
    "ProposePlan": ["TOTAL", "ALC-03", "ALC-04", "ALC-06", "ALC-09", *PLANS],
    "AdoptPlan": ["TOTAL", "ALC-04", "ALC-06", "ALC-07", "ALC-08", "ALC-09", "ALC-20", *PLANS],
    "EnrolMandate": ["TOTAL", "ALC-19"],
}
"""The laws of which each call writes something that they read, or of which it is the subject; all others are framed."""


def verdicts(call: str, laws: list[str]) -> dict[str, Any]:
    return {one["law"]: one["verdict"] for one in prove_laws(PLACE, call, laws, 1)}


@pytest.mark.parametrize("call", ["ProposePlan", "AdoptPlan", *nightly("genesis", "OpenMandate", "EnrolMandate")])
def test_a_call_keeps_the_laws_of_mandates(call: str) -> None:
    found = verdicts(call, KEPT[call])
    assert {law: verdict["verdict"] for law, verdict in found.items()} == dict.fromkeys(KEPT[call], "PROVED")
    if call == "ProposePlan":  # of states, for plans of any length; of the step, for short ones
        assert found["ALC-03"]["scope"] == ["the account of a mandate under the mandate's name, by " + CONTRACTS]
        assert "ProposePlan.targets of length <= 1" in found["ALC-06"]["scope"]


CONTRACTS = "proofs/market/contracts.py"
