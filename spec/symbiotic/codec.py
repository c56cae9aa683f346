"""Symbiotic's trace format: reads a file's starting state and actions, and writes return values as JSON.

docs/traces.md describes the format. Some accounts are in every trace. A file may declare further stakers, operators,
networks and vaults. An undeclared name, an unknown field or a missing field raises MalformedTrace.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from spec.codec import (
    Flag,
    Format,
    Json,
    MalformedTrace,
    Number,
    Text,
    as_object,
    check_fields,
    shown,
)
from spec.machine import SINGLETON, Delta, Transition
from spec.protocol import Step, Trace, execute
from spec.symbiotic import actions, rewards_codec
from spec.symbiotic.actions import AdvanceTime
from spec.symbiotic.clock import epoch_at
from spec.symbiotic.formats import ACTION_FORMATS, ADVANCE_TIME, NAMES_BY_CLASS, write_returns
from spec.symbiotic.observation import (
    ERRORS,
    SENDER,
    TIMESTAMP,
    Captures,
    World,
    observe,
)
from spec.symbiotic.state import (
    CLOCK,
)
from spec.symbiotic.trace_head import HEAD, read_head

PROBED_CAPTURES: Final = 3
"""The number of recent capture timestamps of slashes at which states show past values."""

CALL: Final = ("timestamp", "action", "sender", "args")
STEP: Final = ("i", *CALL, "ok", "error", "returns", "post", "note")


MOST_EPOCHS: Final = 100_000
"""The maximum number of epochs of a vault in a trace. Each state lists all epochs."""


def _check_epochs(world: World, timestamp: int, where: str) -> None:
    """Raise MalformedTrace if a vault has too many epochs for a trace at `timestamp`."""
    for vault, config in world.vaults.items():
        epoch = epoch_at(config, timestamp)
        if epoch >= MOST_EPOCHS:
            raise MalformedTrace(where, f"epoch {epoch} of {vault}: a trace has no more than {MOST_EPOCHS}")


def read_trace(document: dict[str, Json]) -> Trace:
    """Parse a trace file. Raises MalformedTrace at the first place that violates the format."""
    check_fields(document, (*HEAD, *rewards_codec.HEAD, "genesis", "steps"), "", rewards_codec.HEAD)
    head: dict[str, Json] = {field: document[field] for field in (*HEAD, *rewards_codec.HEAD) if field in document}
    name, state, world = read_head(head)
    genesis = as_object(document["genesis"], "genesis")
    check_fields(genesis, ("timestamp", "post"), "genesis")
    timestamp = state.rows(CLOCK)[SINGLETON].timestamp
    found = genesis["timestamp"]
    if isinstance(found, bool) or not isinstance(found, int) or found != timestamp:  # 1 == True == 1.0
        raise MalformedTrace("genesis.timestamp", f"expected {timestamp}, found {shown(found)}")
    steps = document["steps"]
    if not isinstance(steps, list):
        raise MalformedTrace("steps", f"expected a list, found {shown(steps)}")
    _check_epochs(world, timestamp, "config.genesisTimestamp")
    captures: Captures = {}
    read_steps: list[Step] = []
    for position, value in enumerate(steps):
        step, timestamp, captures = _read_step(value, position, timestamp, captures, world)
        read_steps.append(step)
    return Trace(name, head, state, world, genesis["post"], read_steps, None, "genesis.post")


def write_trace(transition: Transition[Any], head: Mapping[str, Json], actions: Sequence[Any]) -> dict[str, Json]:
    """A trace file with the rules' outcome of each action. `head` is a trace file's JSON without `genesis`
    and `steps`.
    """
    check_fields(head, (*HEAD, *rewards_codec.HEAD), "", rewards_codec.HEAD)
    _, state, world = read_head(head)
    timestamp = state.rows(CLOCK)[SINGLETON].timestamp
    genesis = {"timestamp": timestamp, "post": observe(state, world, None)}
    captures: Captures = {}
    steps: list[Json] = []
    for executed in in_steps(actions):
        outcome = execute(transition, state, executed)
        action = executed[-1]
        call, timestamp = write_call(executed, timestamp)
        captures = captures_after(captures, action)
        steps.append(
            {
                "i": len(steps),
                **call,
                "ok": isinstance(outcome, Delta),
                "error": None if isinstance(outcome, Delta) else outcome.value,
                "returns": write_returns(action, outcome.returns) if isinstance(outcome, Delta) else {},
                "post": observe(state, world, captures),
            }
        )
    return {**head, "genesis": genesis, "steps": steps}


def write_call(executed: list[Any], timestamp: int) -> tuple[dict[str, Json], int]:
    """The JSON of one step's call, and its timestamp. `executed` are the step's actions; `timestamp` is the previous
    step's.
    """
    timestamp += sum([action.seconds for action in executed if isinstance(action, AdvanceTime)])
    action = executed[-1]
    is_call = not isinstance(action, AdvanceTime)
    name = NAMES_BY_CLASS[type(action)] if is_call else ADVANCE_TIME
    call: dict[str, Json] = {
        "timestamp": timestamp,
        "action": name,
        "sender": action.sender if is_call else None,
        "args": ACTION_FORMATS[name].write(action) if is_call else {},
    }
    return call, timestamp


def in_steps(actions: Sequence[Any]) -> list[list[Any]]:
    """The actions, grouped by step. Time that passes right before a call belongs to the call's step.

    An AdvanceTime of 0 seconds is a step of its own.
    """
    steps: list[list[Any]] = []
    for action in actions:
        passes = steps[-1][-1].seconds if steps and isinstance(steps[-1][-1], AdvanceTime) else 0
        if passes and not isinstance(action, AdvanceTime):
            steps[-1].append(action)
        else:
            steps.append([action])
    return steps


def _read_step(
    value: Json, position: int, timestamp: int, captures: Captures, world: World
) -> tuple[Step, int, Captures]:
    """One parsed step, its timestamp, and the recent captures after it. `timestamp` and `captures` are the previous
    step's.
    """
    where = f"steps[{position}]"
    fields = as_object(value, where)
    check_fields(fields, STEP, where, ("note",))
    if "note" in fields:
        Text().read(fields["note"], f"{where}.note", {})
    if Number(48).read(fields["i"], f"{where}.i", {}) != position:
        raise MalformedTrace(f"{where}.i", f"expected {position}, found {shown(fields['i'])}")
    executed, timestamp = read_call(fields, where, timestamp, world)
    error = fields["error"]
    is_ok = cast(bool, Flag().read(fields["ok"], f"{where}.ok", {}))
    if is_ok != (error is None):
        raise MalformedTrace(f"{where}.error", "a step that is ok has no error, and one that is not has one")
    if error is not None and not (isinstance(error, str) and error in ERRORS):
        raise MalformedTrace(f"{where}.error", f"unknown error {shown(error)}")
    returns = as_object(fields["returns"], f"{where}.returns")
    if not is_ok:
        check_fields(returns, (), f"{where}.returns")
    captures = captures_after(captures, executed[-1])
    name, sender = cast(str, fields["action"]), cast("str | None", fields["sender"])
    step = Step(name, sender, fields["args"], executed, error, returns if is_ok else None, fields["post"], captures)
    return step, timestamp, captures


def read_call(
    fields: Mapping[str, Json], where: str, timestamp: int, world: World, time: Format = TIMESTAMP
) -> tuple[list[object], int]:
    """The actions of a call, and its timestamp. `timestamp` is the previous step's timestamp.

    If time passes before the call, AdvanceTime is the first action. `time` is the format of the timestamp. Raises
    MalformedTrace, which names the offending field.
    """
    called_at = cast(int, time.read(fields["timestamp"], f"{where}.timestamp", {}))
    if called_at < timestamp:
        raise MalformedTrace(f"{where}.timestamp", f"time goes back from {timestamp}")
    _check_epochs(world, called_at, f"{where}.timestamp")
    name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
    executed: list[object] = []
    if name == ADVANCE_TIME or called_at != timestamp:
        executed.append(AdvanceTime(called_at - timestamp))
    if name == ADVANCE_TIME:
        if fields["sender"] is not None:
            raise MalformedTrace(f"{where}.sender", "nobody sends an advance_time step")
        check_fields(as_object(fields["args"], f"{where}.args"), (), f"{where}.args")
    elif name in ACTION_FORMATS:
        sender = cast(str, SENDER.read(fields["sender"], f"{where}.sender", world.names))
        executed.append(ACTION_FORMATS[name].read(sender, fields["args"], f"{where}.args", world.names))
    else:
        raise MalformedTrace(f"{where}.action", f"unknown action {shown(name)}")
    return executed, called_at


def captures_after(captures: Captures, action: object) -> Captures:
    """The recent captures by vault, after one more action: the distinct capture timestamps of its last slashes, the
    latest last.

    Each vault keeps the last PROBED_CAPTURES of them. Requests of slashes count, and so do rejected calls.
    """
    if not isinstance(action, actions.Slash | actions.RequestSlash):
        return captures
    earlier = [capture for capture in captures.get(action.vault, ()) if capture != action.capture_timestamp]
    return {**captures, action.vault: (*earlier, action.capture_timestamp)[-PROBED_CAPTURES:]}
