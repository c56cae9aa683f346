"""The figures of mandates agree with what the rules then do. The verb shows them."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result

from harness.cli import cli
from harness.protocols import pack_at
from invariants.symbiotic.walk import UNSLASHED
from risk.mandates import CapFigures, MandateFigures, Mandates, TargetFigures
from spec.market.actions import AdoptPlan, FundOffer, OpenMandate, OpenOffer, ProposePlan, Rebalance
from spec.market.mandates_state import PACES, Cap, Mandate, Pace, Plan, Target
from spec.market.state import Risk
from spec.market.symbiotic import AUTHORITY, PORT, PROTOCOL
from spec.market.transition import ACCOUNT
from spec.symbiotic.actions import AdvanceTime, Deposit, Slash, Withdraw
from tests.spec.market.conftest import NEIGHBOUR, SERVICE, VAULT, WAD, Chain, curated, mandated, terms

__all__ = ["curated", "mandated"]
MANDATES = Mandates(PROTOCOL, PORT, AUTHORITY, ACCOUNT)
HERE, THERE = Target(SERVICE, "operator"), Target(NEIGHBOUR, "operator")
HALF = Cap((SERVICE,), (), WAD // 2)
PLAN = ProposePlan("governor", "main", (HERE, THERE), (HALF,), WAD // 4, 10)
REBALANCE = Rebalance("anybody", "main")


def target(of: Target, weight: int, amount: int, then: int) -> TargetFigures:
    return TargetFigures(of, weight, amount, exposed=amount, is_backed=True, next_amount=then)


def test_a_plan_that_waits_moves_nothing_and_one_in_force_does(curated: Chain) -> None:
    chain = curated
    chain.do(OpenMandate("governor", "main", VAULT, 20), PLAN)
    waiting = MandateFigures(
        name="main",
        mandate=Mandate(True, "governor", VAULT, 20),
        plan=Plan(),
        whole=1000,
        reserve_wad=0,
        targets=(),
        beyond=(),
        waits_until=1020,
        next_point=1000,
        moved=None,
        rejected_for="NoPlanInForce",
    )
    assert MANDATES.figures(chain.state) == (waiting,)
    chain.do(AdvanceTime(20), AdoptPlan("anybody", "main"))
    in_force = attrs.evolve(
        waiting,
        plan=Plan((HERE, THERE), (HALF,), WAD // 4, 10),
        targets=(target(HERE, 0, 0, 250), target(THERE, 0, 0, 0)),
        waits_until=None,
        next_point=1020,
        moved=250,
        rejected_for=None,
    )
    assert MANDATES.figures(chain.state) == (in_force,)
    assert chain.do(REBALANCE) == 250
    moved = attrs.evolve(
        in_force,
        targets=(target(HERE, WAD // 2, 250, 500), target(THERE, WAD // 2, 0, 0)),
        next_point=1030,
    )
    assert MANDATES.figures(chain.state) == (moved,)  # within its period: as it would be after it, by the state of now
    assert chain.now.get(PACES, "main") == Pace(
        reserve_wad=0, next_point=1030
    )  # of the state itself nothing is touched


def test_a_mandate_is_outside_its_caps_after_a_slash_until_it_is_rebalanced(curated: Chain) -> None:
    chain = curated
    chain.do(OpenMandate("governor", "main", VAULT, 0), attrs.evolve(PLAN, step_wad=WAD), AdoptPlan("anybody", "main"))
    chain.do(REBALANCE, AdvanceTime(50), Slash("middleware", VAULT, SERVICE, "operator", 200, 1049))
    (found,) = MANDATES.figures(chain.state)
    assert (found.whole, found.moved, found.next_point) == (800, 200, 1050)
    assert found.targets == (target(HERE, WAD // 2, 500, 400), target(THERE, WAD // 2, 500, 400))
    assert found.beyond == (CapFigures(None, 800, 1000), CapFigures(HALF, 400, 500))
    assert not found.is_within_caps
    assert chain.do(REBALANCE) == found.moved
    (after,) = MANDATES.figures(chain.state)
    assert [one.amount for one in after.targets] == [one.next_amount for one in found.targets]
    assert (after.beyond, after.is_within_caps, after.rejected_for) == ((), True, "NothingToMove")


def asked(path: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["risk", "market", str(path), *options], standalone_mode=False)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A fixture: the file of a trace with a mandate that stake has left, and whose next plan still waits."""
    walk = pack_at("market_on_symbiotic").walk
    assert walk is not None
    services = (("network0", 0), ("network1", 0))
    targets = tuple(Target(service, "operator0") for service in services)
    half = Cap(services[:1], (), WAD // 2)
    offers: list[Any] = []
    for service in services:
        offers.append(OpenOffer(service[0], service, UNSLASHED, terms(), Risk()))
        offers.append(FundOffer("staker0", service, UNSLASHED, 1))
    calls = [
        *walk.opening(),
        *offers,
        OpenMandate("governor", "main", UNSLASHED, 0),
        ProposePlan("governor", "main", targets, (half,), WAD, 10),
        AdoptPlan("anybody", "main"),
        Rebalance("anybody", "main"),
        Deposit("staker0", UNSLASHED, "staker0", 4),
        Withdraw("staker0", UNSLASHED, "staker0", 10**18 + 4),
        ProposePlan("governor", "main", targets, (), WAD, 10),
    ]
    path = tmp_path / "mandate.json"
    path.write_text(json.dumps(walk.protocol.write_trace(walk.world, calls)))
    return path


WHOLE = 10**18
FOUND: dict[str, str | int] = {
    "within its caps": "NO",
    "governed by": "governor",
    "splits": "pool vault4",
    "all there is": WHOLE,
    "plan in force": "yes",
    "a plan waits until point": 10,
    "part kept back": 0,
    "next rebalancing from point": 20,
    "it would move": WHOLE,
    "network0:0 by operator0 has": WHOLE,
    "network0:0 by operator0 would have": WHOLE // 2,
    "network1:0 by operator0 has": WHOLE,
    "network1:0 by operator0 would have": WHOLE // 2,
    "everything may have": WHOLE,
    "everything is counted on for": 2 * WHOLE,
    "network0:0 may have": WHOLE // 2,
    "network0:0 is counted on for": WHOLE,
}
"""The expected figures by their labels. Half of two units has left, and each target has all of the rest."""


def test_the_verb_tells_a_mandate_and_its_exit_code_says_that_it_is_outside_its_caps(trace: Path) -> None:
    text, data = asked(trace), asked(trace, "--json")
    assert (text.return_value, data.return_value) == (1, 1)
    told = [f"  {name:<34}  {value}{'' if isinstance(value, str) else '  exact'}" for name, value in FOUND.items()]
    assert text.stdout[text.stdout.index("mandate main") :].splitlines() == ["mandate main", *told]
    assert json.loads(data.stdout)["mandates"] == {
        "main": {
            name: value if isinstance(value, str) else {"value": str(value), "how": "exact"}
            for name, value in FOUND.items()
        }
    }
