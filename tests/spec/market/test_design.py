"""The recorded traces of the market replay, contain every call, and differ if a rule is broken."""

import gzip
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from harness.protocols import readable_packs
from harness.replay import replay
from harness.traces import load_trace
from spec.machine import Delta, Draft, Outcome
from spec.market.actions import Action, ClaimFees, EnrolMandate, Settle
from spec.market.state import CLAIMABLES
from spec.protocol import Protocol, Trace

FOLDER = Path(__file__).parents[2] / "design"
TRACES = sorted(FOLDER.glob("*/*.json.gz"))
HAS_NO_USE = {"eigenlayer": set[str](), "symbiotic": {EnrolMandate.__name__, Settle.__name__}}
PARTS = ("chains", "fees", "insurance", "mandates", "receipts")


def read(path: Path) -> tuple[Protocol, Trace]:
    return load_trace(path, {name: pack.protocol for name, pack in readable_packs().items()})


@pytest.mark.parametrize("path", TRACES, ids=[str(path.relative_to(FOLDER)) for path in TRACES])
def test_the_specification_agrees_with_its_recorded_design(path: Path) -> None:
    protocol, trace = read(path)
    assert protocol.name == f"market_on_{path.parent.name}"
    assert replay(protocol, trace) is None


@pytest.mark.parametrize("base", HAS_NO_USE)
def test_every_call_of_the_market_is_accepted_in_one_of_them(base: str) -> None:
    assert [path.name for path in TRACES if path.parent.name == base] == [f"{part}.json.gz" for part in PARTS]
    files = [gzip.decompress((FOLDER / base / f"{part}.json.gz").read_bytes()) for part in PARTS]
    steps = [step for text in files for step in json.loads(text)["steps"]]
    accepted = {step["action"] for step in steps if step["error"] is None}
    assert {action.__name__ for action in get_args(Action)} - accepted == HAS_NO_USE[base]
    assert len({step["error"] for step in steps if step["error"] is not None}) > 40


def test_a_trace_differs_where_a_rule_is_broken() -> None:
    """Rules under which the same fees can be claimed again are noticed."""
    protocol, trace = read(FOLDER / "symbiotic" / "fees.json.gz")

    def transition(draft: Draft, action: Any) -> Outcome:
        claimed = draft.get(CLAIMABLES, action.sender) if isinstance(action, ClaimFees) else None
        outcome = protocol.transition(draft, action)
        if claimed is not None and isinstance(outcome, Delta):
            draft.put(CLAIMABLES, action.sender, claimed)
        return outcome

    assert replay(protocol.with_transition(transition), trace) is not None
