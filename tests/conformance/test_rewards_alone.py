"""Traces of the rewards family alone, on the wire: written call by call, answered as recorded, and played last."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.calls import call_of
from conformance.client import Accepted
from conformance.lockstep import Fault
from conformance.messages import schema_check
from conformance.reference import Reference
from conformance.scripts import of_trace
from conformance.wire import digest, to_wire
from harness import conform_plan
from harness.conform import Found
from harness.conform_findings import _Live
from harness.conform_plan import LANES, Lane, Plan
from harness.protocols import pack_at
from harness.traces import find_traces, load_json, load_trace
from spec.codec import Json, MalformedTrace, as_object
from spec.eigenlayer.actions import MineBlocks
from spec.eigenlayer.rewards_actions import SetActivationDelay
from spec.protocol import Trace

FOLDER = Path(__file__).parents[1] / "golden" / "eigenlayer" / "rewards"
SHORT = FOLDER / "d_timestamps_cfgS.json.gz"


def read(path: Path) -> Trace:
    return load_trace(path, {"eigenlayer": pack_at("eigenlayer").protocol})[1]


@pytest.mark.parametrize("path", [SHORT, FOLDER / "d_splits_cfgM.json.gz"], ids=lambda path: path.name[:8])
def test_each_call_is_said_as_it_was_recorded_and_answered_so(path: Path) -> None:
    pack, trace, check = pack_at("eigenlayer"), read(path), schema_check()
    script = of_trace(pack.calls, trace, path.name)
    steps: Any = as_object(load_json(path), "")["steps"]
    assert script.calls == [call_of(step) for step in steps]
    reference = Reference(pack.calls, "1")
    assert check("request", {"op": "reset", "seq": "1", "head": script.head}) is None
    assert reference.reset(script.head) == digest(trace.initial)
    for call, step in zip(script.calls, steps, strict=True):
        assert check("request", {"op": "apply", "seq": "1", "call": call}) is None
        answer = reference.apply(call)
        assert getattr(answer, "digest", None) == digest(step["post"])
        assert getattr(answer, "reason", None) == step["error"]
        assert not isinstance(answer, Accepted) or answer.returns == to_wire(step["returns"])
    assert reference.state() == to_wire(steps[-1]["post"])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"timestamp": "1"}, "call.timestamp: earlier than "),
        ({"timestamp": 1_700_000_000}, "call.timestamp: "),
        ({"action": "advance_time"}, "call.sender: nobody sends a call in which only time passes"),
        ({"action": "advance_time", "sender": None}, "call.args: unknown field "),
        ({"action": "deposit"}, "call.action: unknown action 'deposit'"),
        ({"sender": "nobody"}, "call.sender: "),
        ({"block": "1"}, "call: unknown field 'block'"),
    ],
)
def test_what_is_no_call_is_refused_by_its_place(fields: Mapping[str, Json], said: str) -> None:
    pack = pack_at("eigenlayer")
    script = of_trace(pack.calls, read(SHORT), "short")
    first = next(call for call in script.calls if isinstance(call, dict) and call["action"] != "advance_time")
    with pytest.raises(MalformedTrace) as error:
        pack.calls.begin(script.head).read({**as_object(first, ""), **fields}, "call")
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ([MineBlocks(2, 5)], "calls[0]: a call of these traces has one block"),
        ([SetActivationDelay("owner", 5)], "calls[0]: each call of these traces has a block of its own"),
    ],
)
def test_what_these_traces_cannot_say_is_refused(actions: list[Any], said: str) -> None:
    with pytest.raises(MalformedTrace) as error:
        pack_at("eigenlayer").calls.write(read(SHORT).head, actions)
    assert str(error.value).startswith(said)


def test_a_run_that_no_trace_can_say_is_shown_to_no_client() -> None:
    """Shrinking may leave out the block that is mined before a call. Such a run cannot be written as a trace of
    rewards, so no client is started for it.
    """
    pack, trace = pack_at("eigenlayer"), read(SHORT)
    script = of_trace(pack.calls, trace, "short")
    found = Found(script, Fault("died", "", 0, ("set_activation_delay", "accepted")), "")
    said = Reference(pack.calls, "1").hello("eigenlayer")
    live = _Live(pack, lambda: pytest.fail("a client is started"), said, found, trace.head, lambda: False, math.inf)
    assert live.breaks((SetActivationDelay("owner", 5),)) is None


def test_the_longest_lane_plays_them_after_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces of rewards alone are played after all other recorded traces, even if their file is the smallest.

    Of the lanes, which are sizes of a run, only `long` plays any of them.
    """
    pack = pack_at("eigenlayer")
    folder = FOLDER.parent
    own = [folder / "d_one_wei_everything.json.gz", folder / "d_full_slash_then_delegate.json.gz"]
    monkeypatch.setattr(conform_plan, "find_traces", lambda _: [SHORT, *own])
    names = [path.name for path in sorted(own, key=lambda path: path.stat().st_size)]
    for recorded, expected in ((None, [*names, SHORT.name]), (2, names)):
        plan = Plan(pack, Lane("recorded", False, recorded, 0, 0), 0)
        sources = [script.source for script in plan.scripts(None)]
        assert sources[len(plan.required) :] == expected
    others = [path for path in find_traces([pack.traces]) if path.parent != FOLDER]
    assert all(lane.recorded is None or lane.recorded < len(others) for lane in LANES.values())
    assert LANES["long"].recorded is None
