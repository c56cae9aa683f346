"""Yields of EigenLayer: every unit paid in is a fee, is claimed, or is still in the RewardsCoordinator."""

from pathlib import Path

import pytest

from harness.protocols import known_packs
from harness.traces import load_trace
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.rewards_config import REWARDS_COORDINATOR
from spec.eigenlayer.state import TOKEN_BALANCES
from spec.machine import Draft
from spec.protocol import execute

GOLDEN = Path(__file__).parents[1] / "golden" / "eigenlayer" / "rewards"
NAMES = ("d_claims_cfgM", "d_protocol_fee_cfgM", "d_operator_sets_cfgM", "r001_cfgS")


@pytest.mark.source
@pytest.mark.parametrize("name", NAMES)
def test_all_that_is_paid_in_is_somewhere(name: str) -> None:
    _, trace = load_trace(GOLDEN / f"{name}.json.gz", {"eigenlayer": PROTOCOL})
    found = known_packs()["eigenlayer"].yields(trace)
    assert found is not None
    state = trace.genesis.copy()
    for step in trace.steps:
        execute(PROTOCOL.transition, state, step.actions)
    assert found.payments
    for payment in found.payments:
        assert payment.paid_in == payment.commission + payment.earned + payment.unassigned + payment.dust
        assert 0 <= 5 * payment.commission <= payment.paid_in
        assert payment.contract == REWARDS_COORDINATOR
        held = Draft(state).get(TOKEN_BALANCES, (payment.token, REWARDS_COORDINATOR)).amount
        assert held >= payment.unassigned
        assert payment.earned == sum(row.claimed for row in found.earnings if row.token == payment.token)
    if name == "d_protocol_fee_cfgM":
        assert any(payment.commission > 0 for payment in found.payments)
    if name == "d_claims_cfgM":
        assert {(row.position, row.token): row.earned for row in found.earnings} == {
            ("staker0", "token0"): 700,
            ("staker0", "token1"): 70,
            ("staker1", "token0"): 50,
            ("staker2", "token2"): 9,
            ("operator0", "token0"): 10,
            ("operator0", "token1"): 2,
            ("operator0", "token2"): 30,
            ("avs0", "token0"): 5,
        }
