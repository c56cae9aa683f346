"""Writing inverts reading: each recorded trace, written again from its head and its actions, is unchanged."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from harness.protocols import known_protocols, known_walks
from harness.replay import replay
from harness.traces import protocol_of
from spec import eigenlayer, symbiotic
from spec.codec import MalformedTrace
from spec.eigenlayer.actions import Approval, DelegateTo, MineBlocks, TransferToken
from spec.machine import Draft, Outcome
from spec.protocol import Protocol, Trace
from spec.symbiotic.actions import AdvanceTime, Deposit
from spec.symbiotic.reasons import Reason

pytestmark = pytest.mark.source


def document_of(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return document


def actions_of(trace: Trace) -> list[Any]:
    return [action for step in trace.steps for action in step.actions]


def canonical(document: dict[str, Any]) -> dict[str, Any]:
    """The recording as the writer would have written it, for fields that have several spellings.

    Notes and empty approvals are left out. Time that passes just before a call becomes part of that call's step. A
    reward proof is replaced by the root that it leads to.
    """
    steps = [dict(step) for step in document["steps"]]
    before = document["config"].get("genesisTimestamp")
    kept: list[dict[str, Any]] = []
    for position, step in enumerate(steps):
        step.pop("note", None)
        if step["args"].get("approval") == {"valid": False, "salt": "0", "expiry": str(2**256 - 1)}:
            step["args"] = {name: value for name, value in step["args"].items() if name != "approval"}
        if step["action"] == "claim_operator_rewards":
            step["args"] = proved(step, document["trees"])
        joins = document["protocol"] == "symbiotic" and step["action"] == "advance_time"
        if joins and step["timestamp"] > before:
            later = [other["action"] for other in steps[position + 1 :] if other["timestamp"] == step["timestamp"]]
            if later and later[0] != "advance_time":
                continue
        before = step.get("timestamp")
        kept.append({**step, "i": len(kept)} if "i" in step else step)
    return {**document, "steps": kept}


def proved(step: dict[str, Any], trees: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a claim, with the root of its tree in place of its proof; None for a proof of no known root."""
    args = dict(step["args"])
    row, tamper, _ = args.pop("row"), args.pop("tamper"), args.pop("proof")
    leaf = {"account": step["sender"], "totalClaimable": args["totalClaimable"]}
    holds = args["proofHolds"] or (tamper is None and trees[args["tree"]]["rows"][row] == leaf)
    return {**args, "proofHolds": holds, "tree": args["tree"] if holds else None}


def test_a_recorded_trace_is_written_as_it_was_read(golden_trace: Path) -> None:
    document = document_of(golden_trace)
    protocol = protocol_of(document["protocol"], known_protocols())
    assert protocol is not None
    trace = protocol.read_trace(document)
    written = protocol.write_trace(trace.head, actions_of(trace))
    assert written == canonical(document)
    again = trace if written == document else protocol.read_trace(written)
    assert actions_of(again) == actions_of(trace)
    if written != document:
        assert replay(protocol, again) is None


@pytest.mark.parametrize(
    ("name", "action", "problem"),
    [
        ("eigenlayer", TransferToken("staker0", "token0", "staker1", -7), "amount: expected a decimal string"),
        ("eigenlayer", TransferToken("staker0", "token0", "nobody", 7), "to: unknown account 'nobody'"),
        ("symbiotic", Deposit("staker0", "vault0", "staker0", 2**256), "amount: '1157"),
    ],
)
def test_what_no_trace_can_hold_is_not_written(name: str, action: Any, problem: str) -> None:
    """Regression: a trace was written that was then refused on reading."""
    walk = known_walks()[name]
    with pytest.raises(MalformedTrace, match=rf"^steps\[0\]\.args\.{problem}"):
        walk.protocol.write_trace(walk.world, [action])


def test_what_is_written_is_what_the_given_rules_answer() -> None:
    """The writer executes the transition of the protocol that it is given, and records its outcomes."""
    path = Path(__file__).parents[1] / "golden" / "symbiotic" / "random_0.json.gz"
    trace = symbiotic.PROTOCOL.read_trace(document_of(path))

    def refuses_deposits(draft: Draft, action: Any) -> Outcome:
        if isinstance(action, Deposit):
            return Reason.INSUFFICIENT_DEPOSIT
        return symbiotic.PROTOCOL.transition(draft, action)

    changed = symbiotic.PROTOCOL.with_transition(refuses_deposits)
    written = changed.write_trace(trace.head, actions_of(trace))
    again = changed.read_trace(written)
    assert replay(changed, again) is None
    mismatch = replay(symbiotic.PROTOCOL, again)
    assert mismatch is not None
    assert mismatch.action == "deposit"
    assert ("error", "InsufficientDeposit", None) in [(d.path, d.expected, d.actual) for d in mismatch.differences]


def steps_of(protocol: Protocol, golden: str, actions: list[Any]) -> list[dict[str, Any]]:
    """The steps as which the actions are written, in the world of the recorded trace `golden`.

    Reading the steps must give the actions back.
    """
    path = Path(__file__).parents[1] / "golden" / protocol.name / golden
    head = protocol.read_trace(document_of(path)).head
    written: dict[str, Any] = protocol.write_trace(head, actions)
    assert actions_of(protocol.read_trace(written)) == actions
    return written["steps"]  # type: ignore[no-any-return]  # JSON has no type


def test_one_block_before_a_call_is_the_calls_own_and_more_are_a_step() -> None:
    call = DelegateTo("staker0", "operator0", Approval("approver0", 7, True))
    actions = [call, MineBlocks(1), call, MineBlocks(1), MineBlocks(1), call, MineBlocks(2), call, MineBlocks(1)]
    steps = steps_of(eigenlayer.PROTOCOL, "d_one_wei_everything.json.gz", actions)
    assert [(step["action"], step["block"], step["same_block"]) for step in steps] == [
        ("delegate_to", 1000, True),
        ("delegate_to", 1001, False),
        ("mine", 1002, False),
        ("delegate_to", 1003, False),
        ("mine", 1005, False),
        ("delegate_to", 1005, True),
        ("mine", 1006, False),
    ]
    assert steps[0]["args"]["approval"] == {"valid": True, "salt": "7", "expiry": "0"}


def test_time_before_a_call_is_the_calls_own() -> None:
    call = Deposit("staker0", "vault0", "staker0", 5)
    waits = [AdvanceTime(seconds) for seconds in (0, 5, 0, 3, 4)]
    actions = [call, waits[0], call, waits[1], call, waits[2], waits[3], waits[4], call, waits[1]]
    steps = steps_of(symbiotic.PROTOCOL, "random_0.json.gz", actions)
    start = steps[0]["timestamp"]
    assert [(step["action"], step["timestamp"] - start) for step in steps] == [
        ("deposit", 0),
        ("advance_time", 0),
        ("deposit", 0),
        ("deposit", 5),
        ("advance_time", 5),
        ("advance_time", 8),
        ("deposit", 12),
        ("advance_time", 17),
    ]


@pytest.mark.parametrize("protocol", [eigenlayer.PROTOCOL, symbiotic.PROTOCOL], ids=lambda protocol: protocol.name)
def test_a_head_is_refused_that_has_states_or_lacks_something(protocol: Protocol) -> None:
    path = next((Path(__file__).parents[1] / "golden" / protocol.name).glob("*.json.gz"))
    document = document_of(path)
    with pytest.raises(MalformedTrace, match="unknown field 'steps'"):
        protocol.write_trace({**protocol.read_trace(document).head, "steps": []}, [])
    with pytest.raises(MalformedTrace, match="missing field 'config'"):
        protocol.write_trace({name: value for name, value in document.items() if name == "protocol"} | SOURCE, [])


SOURCE = {"source": {}, "format_version": 1, "name": "", "kind": ""}
