"""Yields of Symbiotic: every amount paid in is accounted for to the unit, and earnings are those of the contracts."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli import cli
from harness.protocols import known_packs, known_walks
from harness.traces import load_trace
from harness.yields import Earning, Payment, Yields
from invariants.choices import Seeded
from spec.machine import Draft, State
from spec.protocol import Step, Trace, execute
from spec.symbiotic import PROTOCOL
from spec.symbiotic.actions import TransferCollateral, TransferReward
from spec.symbiotic.config import OPERATOR_REWARDS
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    CLAIMABLE_ADMIN_FEES,
    DISTRIBUTIONS,
    OPERATOR_REWARD_BALANCES,
    REWARDS_DONE,
    STAKER_REWARDS,
    TOKEN_BALANCES,
)

pytestmark = pytest.mark.source

GOLDEN = Path(__file__).parents[1] / "golden" / "symbiotic"
REWARDED = sorted(GOLDEN.glob("rewards_*.json.gz"))
PACK = known_packs()["symbiotic"]


def yields_over(trace: Trace) -> Yields:
    found = PACK.yields(trace)
    assert found is not None
    return found


def at_the_end(trace: Trace) -> State:
    state = trace.genesis.copy()
    for step in trace.steps:
        execute(PROTOCOL.transition, state, step.actions)
    return state


def everything_is_somewhere(trace: Trace) -> int:
    """The number of payments in a trace, after two assertions: the parts of each payment add up, and contracts hold
    what they owe.
    """
    found, state = yields_over(trace), at_the_end(trace)
    for payment in found.payments:
        parts = payment.commission + payment.earned + payment.unassigned + payment.dust
        assert payment.paid_in == parts
        assert min(payment.commission, payment.earned, payment.unassigned, payment.dust) >= 0
        rewards = (payment.contract, payment.token, payment.service)
        vault = state.rows(STAKER_REWARDS)[payment.contract].vault if payment.contract != OPERATOR_REWARDS else ""
        holders = len([key for key in state.rows(ACTIVE_SHARES_OF.heads) if key[0] == vault])
        lists = len([key for key in state.rows(DISTRIBUTIONS) if key[0] == rewards])
        assert payment.dust < holders * lists or payment.dust == 0
    for contract, token in {(payment.contract, payment.token) for payment in found.payments}:
        held = Draft(state).get(TOKEN_BALANCES, (token, contract)).amount
        assert held >= still_owed(state, found, contract, token) + gifts(trace, contract, token)
    return len(found.payments)


def still_owed(state: State, found: Yields, contract: str, token: str) -> int:
    """The amount of a token that a rewards contract still owes: admin fees, dust, unclaimed earnings, and for operators
    the networks' balances.
    """
    payments = [each for each in found.payments if (each.contract, each.token) == (contract, token)]
    if contract == OPERATOR_REWARDS:
        return sum(row.amount for key, row in state.rows(OPERATOR_REWARD_BALANCES).items() if key[1] == token)
    paid = sum(row.paid_amount for key, row in state.rows(REWARDS_DONE).items() if key[:2] == (contract, token))
    fees = Draft(state).get(CLAIMABLE_ADMIN_FEES, (contract, token)).amount
    return fees + sum(each.earned + each.dust for each in payments) - paid


def gifts(trace: Trace, contract: str, token: str) -> int:
    """The amount of a token that a contract was given by plain transfers during a trace, which its accounts do not
    include.
    """
    state, amount = trace.genesis.copy(), 0
    for step in trace.steps:
        before = Draft(state).get(TOKEN_BALANCES, (token, contract)).amount
        execute(PROTOCOL.transition, state, step.actions)
        if isinstance(step.actions[-1], TransferReward | TransferCollateral):
            amount += Draft(state).get(TOKEN_BALANCES, (token, contract)).amount - before
    return amount


@pytest.mark.parametrize("path", REWARDED, ids=lambda path: path.name)
def test_all_that_is_paid_in_is_somewhere_in_recorded_traces(path: Path) -> None:
    _, trace = load_trace(path, {"symbiotic": PROTOCOL})
    assert everything_is_somewhere(trace) > 0
    assert {
        earning.position: earning for earning in yields_over(trace).earnings if earning.earned < earning.claimed
    } == {}


@pytest.mark.parametrize("seed", [2, 6, 10])
def test_all_that_is_paid_in_is_somewhere_in_walks(seed: int) -> None:
    walk, choices = known_walks()["symbiotic"].of(seed), Seeded(seed)
    actions, state = walk.opening(), walk.genesis()
    execute(PROTOCOL.transition, state, actions)
    while len(actions) < 500:
        actions.append(walk.next_action(choices, Draft(state)))
        execute(PROTOCOL.transition, state, actions[-1:])
    steps = [Step("", None, None, [action], None, None, None) for action in actions]
    trace = Trace("", walk.world, walk.genesis(), None, None, steps, None)
    assert everything_is_somewhere(trace) > 5


def test_what_the_contracts_say_can_be_claimed_is_what_was_earned_and_not_claimed() -> None:
    for path in REWARDED[:4]:
        _, trace = load_trace(path, {"symbiotic": PROTOCOL})
        post: Any = trace.steps[-1].post
        expected = {
            (f"{holder} / {vault}", network, token): int(amount)
            for vault, books in post["stakerRewards"].items()
            for holder, tokens in books["claimable"].items()
            for token, networks in tokens.items()
            for network, amount in networks.items()
        }
        left = {
            (each.position, each.service, each.token): each.earned - each.claimed
            for each in yields_over(trace).earnings
            if each.earned > each.claimed
        }
        assert left == expected


def test_replay_says_them_if_it_is_asked_to() -> None:
    path = GOLDEN / "rewards_directed_operator_proofs.json.gz"
    said = CliRunner().invoke(cli, ["replay", str(path), "--yields"], standalone_mode=False)
    assert [line.split() for line in said.stdout.splitlines()[1:6]] == [
        ["position", "service", "token", "earned", "claimed"],
        ["operator0", "network0", "reward0", "20", "20"],
        ["operator1", "network0", "reward0", "70", "70"],
        ["service", "contract", "token", "paid", "in", "commission", "earned", "unassigned", "dust"],
        ["network0", "operatorRewards", "reward0", "1000", "0", "90", "910", "0"],
    ]
    assert "position" not in CliRunner().invoke(cli, ["replay", str(path)], standalone_mode=False).stdout
    told = CliRunner().invoke(cli, ["replay", str(path), "--yields", "--json"], standalone_mode=False)
    (trace,) = json.loads(told.stdout)["traces"]
    expected = Yields(
        (
            Earning("operator0", "network0", "reward0", 20, 20),
            Earning("operator1", "network0", "reward0", 70, 70),
        ),
        (Payment("network0", "operatorRewards", "reward0", 1000, 0, 90, 910, 0),),
    )
    assert trace["yields"] == expected.as_json()
