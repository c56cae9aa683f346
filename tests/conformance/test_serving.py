"""The specification behind the wire protocol: every request gets one line as answer, with the request's `seq`."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.calls import call_of
from conformance.messages import schema_check
from conformance.reference import Reference
from conformance.serving import serve
from conformance.wire import MOST_LINE_BYTES, digest, to_wire
from harness.cli import cli
from harness.protocols import known_packs, pack_at
from harness.traces import load_json
from spec.codec import as_object

GOLDEN = Path(__file__).parents[1] / "golden"
check = schema_check()


def asked(client: Reference, protocol: str, *requests: bytes | dict[str, Any]) -> list[dict[str, Any]]:
    """The answers of the server in `client` to some requests, each answer checked against the JSON Schema."""
    lines = [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in requests]
    said = io.BytesIO()
    serve(client, io.BytesIO(b"".join(lines)), said, protocol)
    answers = [json.loads(line) for line in said.getvalue().splitlines()]
    for request, answer in zip(requests, answers, strict=False):
        if isinstance(request, dict) and request.get("op") in ("hello", "reset", "apply", "state", "bye"):
            assert check(f"answer_to_{request['op']}", answer) is None, answer
        else:
            assert check("failed", answer) is None, answer
    return answers


@pytest.mark.parametrize("protocol", ["symbiotic", "eigenlayer"])
def test_a_recorded_trace_is_answered_as_it_was_recorded(protocol: str, reference: Callable[[str], Reference]) -> None:
    path = min((GOLDEN / protocol).glob("*.json.gz"), key=lambda path: path.stat().st_size)
    document: Any = load_json(path)
    own = ("initial_state", "steps", "final_histories", "genesis") if protocol == "symbiotic" else ()
    head = {name: value for name, value in document.items() if name not in (own or ("initial_state", "steps"))}
    head.pop("final_histories", None)
    steps = document["steps"][:25]
    assert len(steps) > 10
    first = document["genesis"]["post"] if protocol == "symbiotic" else document["initial_state"]
    requests = [{"op": "apply", "seq": str(number), "call": call_of(step)} for number, step in enumerate(steps, 2)]
    answers = asked(
        reference(protocol),
        protocol,
        {"op": "hello", "seq": "0", "wire": "1", "protocol": protocol},
        {"op": "reset", "seq": "1", "head": to_wire(head)},
        *requests,
        {"op": "state", "seq": "98"},
        {"op": "bye", "seq": "99"},
    )
    hello, reset, *applied, state, bye = answers
    assert (hello["name"], hello["actions"], hello["reasons"]) == (f"restaking-spec {protocol}", None, "typed")
    assert reset == {"seq": "1", "digest": digest(first)}
    assert applied == [
        {
            "seq": str(number),
            **({"returns": to_wire(step["returns"])} if step["ok"] else {"rejected": step["error"]}),
            "digest": digest(step["post"]),
        }
        for number, step in enumerate(steps, 2)
    ]
    assert state == {"seq": "98", "state": to_wire(steps[-1]["post"])}
    assert bye == {"seq": "99"}


HEAD = {"op": "reset", "seq": "0", "head": to_wire(pack_at("symbiotic").walk.world)}  # type: ignore[union-attr]  # it has one
STEP = {"timestamp": "10", "action": "register_operator", "sender": "operator0", "args": {}}

REFUSED: list[tuple[bytes | dict[str, Any], str | None, str]] = [
    (b"\n", None, "not JSON at column 1: Expecting value"),
    (b"[]\n", None, "expected an object, found []"),
    (b'{"op":"bye","seq":7}\n', None, "'7' is a JSON number: integers are decimal strings here"),
    (b'{"op":"bye"}\n', None, "seq: expected a decimal string, found None"),
    ({"op": "bye", "seq": "-1"}, None, "seq: expected a decimal string, found '-1'"),
    ({"op": "bye", "seq": "1" * 40}, None, f"seq: expected a decimal string, found '{'1' * 40}'"),
    ({"op": "stop", "seq": "4"}, "4", "op: expected one of hello, reset, apply, state, bye, found 'stop'"),
    ({"op": ["bye"], "seq": "4"}, "4", "op: expected one of hello, reset, apply, state, bye, found ['bye']"),
    ({"op": "bye", "seq": "4", "why": ""}, "4", "unknown field 'why'"),
    ({"op": "state", "seq": "4"}, "4", "no history was begun: reset comes first"),
    ({"op": "apply", "seq": "4", "call": STEP}, "4", "no history was begun: reset comes first"),
    (
        {"op": "hello", "seq": "4", "wire": "2", "protocol": "symbiotic"},
        "4",
        "wire: expected '1', found '2'",
    ),
    (
        {"op": "hello", "seq": "4", "wire": "1", "protocol": "\x1b"},
        "4",
        r"protocol: not printable: '\x1b'",
    ),
    ({"op": "reset", "seq": "4", "head": "none"}, "4", "head: expected an object, found 'none'"),
    ({"op": "reset", "seq": "4", "head": {}}, "4", "missing field 'protocol'"),
]


@pytest.mark.parametrize(("request_", "seq", "said"), REFUSED)
def test_what_cannot_be_understood_is_answered_with_what_is_wrong(
    request_: bytes | dict[str, Any], seq: str | None, said: str, reference: Callable[[str], Reference]
) -> None:
    good = {"op": "hello", "seq": "5", "wire": "1", "protocol": "symbiotic"}
    answers = asked(reference("symbiotic"), "symbiotic", request_, good)
    assert answers[0] == {"seq": seq, "failed": said}
    assert answers[1]["seq"] == "5"


CALLS: list[tuple[dict[str, Any], str]] = [
    ({"timestamp": "9"}, "call.timestamp: time goes back from 10"),
    ({"timestamp": "x"}, "call.timestamp: expected a decimal string, found 'x'"),
    ({"timestamp": "281474976710656"}, "call.timestamp: '281474976710656' does not fit uint48"),
    (
        {"timestamp": "9999999"},
        "call.timestamp: epoch 499999 of vault0: a trace has no more than 100000",
    ),
    ({"action": "rob"}, "call.action: unknown action 'rob'"),
    ({"sender": "nobody"}, "call.sender: unknown sender 'nobody'"),
    ({"sender": None}, "call.sender: expected the name of a sender, found None"),
    ({"args": {"amount": "1"}}, "call.args: unknown field 'amount'"),
    ({"args": []}, "call.args: expected an object, found []"),
    ({"i": "0"}, "call: unknown field 'i'"),
]


@pytest.mark.parametrize(("change", "said"), CALLS)
def test_a_call_that_is_none_changes_nothing(
    change: dict[str, Any], said: str, reference: Callable[[str], Reference]
) -> None:
    state = {"op": "state", "seq": "2"}
    call = {"op": "apply", "seq": "3", "call": {**STEP, **change}}
    answers = asked(reference("symbiotic"), "symbiotic", HEAD, state, call, state)
    assert answers[2] == {"seq": "3", "failed": said}
    assert answers[3] == answers[1]


def test_a_block_that_does_not_follow_is_refused(reference: Callable[[str], Reference]) -> None:
    walk = pack_at("eigenlayer").walk
    assert walk is not None
    head = {"op": "reset", "seq": "0", "head": to_wire(walk.world)}
    calls: Any = pack_at("eigenlayer").calls.write(walk.world, walk.opening()[:1])
    wrong = {**calls[0], "block": str(int(calls[0]["block"]) + 1)}
    answers = asked(reference("eigenlayer"), "eigenlayer", head, {"op": "apply", "seq": "1", "call": wrong})
    assert answers[1]["failed"].startswith("call.block: expected ")


def test_a_line_without_end_is_the_last(reference: Callable[[str], Reference]) -> None:
    endless = b" " * (MOST_LINE_BYTES + 2)
    answers = asked(reference("symbiotic"), "symbiotic", endless)
    assert answers == [{"seq": None, "failed": f"a line of more than {MOST_LINE_BYTES:,} bytes"}]


@pytest.mark.parametrize(
    ("requests", "code"), [('{"op":"bye","seq":"0"}\n', 0), ("", 2), ('{"op":"bye","seq":"0","more":""}\n', 2)]
)
def test_the_exit_code_says_whether_it_ended_with_bye(requests: str, code: int) -> None:
    result = CliRunner().invoke(cli, ["serve", "eigenlayer"], input=requests, standalone_mode=False)
    assert result.return_value == code
    assert result.exception is None


def test_every_protocol_of_ours_reads_calls_one_by_one() -> None:
    """The opening calls of walks, written for the wire and read one by one, are the same actions again. The world on
    the wire gives the same genesis.
    """
    for name, pack in known_packs().items():
        walk = pack.walk
        assert walk is not None
        for number in range(4):
            walk = walk.of(number)
            actions = walk.opening()
            calls = pack.calls.write(walk.world, actions)
            history = pack.calls.begin(to_wire(walk.world))
            read = [action for call in calls for action in history.read(call, "call")[0]]
            assert read == actions, name
            written: Any = walk.protocol.write_trace(walk.world, actions)
            assert calls == [call_of(step) for step in written["steps"]]
            assert history.genesis.tables == walk.genesis().tables


@pytest.mark.installed
def test_the_heads_of_recorded_traces_are_integers_again() -> None:
    """An integer in the head of a recorded trace is an integer again after conversion to the wire form and back. No
    other value becomes one.
    """
    for name, pack in known_packs().items():
        heads = [load_json(path) for path in sorted(pack.traces.glob("*.json.gz"))]
        assert heads, name
        for document in heads:
            head = {field: value for field, value in as_object(document, "").items() if field != "steps"}
            assert repr(pack.calls.head(to_wire(head))["config" if "config" in head else "genesis"]) == repr(
                head["config" if "config" in head else "genesis"]
            )


class Endless(Reference):
    def __init__(self) -> None:
        super().__init__(pack_at("symbiotic").calls, "1")

    def state(self) -> Any:
        return "a" * MOST_LINE_BYTES


def test_an_answer_too_long_to_be_sent_is_said_to_be() -> None:
    (answer,) = asked(Endless(), "none", {"op": "state", "seq": "0"})
    assert answer == {"seq": "0", "failed": "the answer is a line of 16,777,239 bytes; the longest has 16,777,216"}
