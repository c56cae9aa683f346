"""EigenLayer's trace format: reads a file's genesis and actions, and writes states and return values as JSON.

docs/traces.md describes the format. A file declares its accounts, tokens, strategies and AVSs. An undeclared name, an
unknown field or a missing field raises MalformedTrace.
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
from spec.eigenlayer import observation
from spec.eigenlayer.actions import MineBlocks, RecordBeaconChainEthBalanceUpdate
from spec.eigenlayer.formats import ACTION_FORMATS, FACT_FORMATS, FORMATS, MINE, NAMES_BY_CLASS, POD_OF, write_returns
from spec.eigenlayer.observation import (
    ACCOUNT,
    World,
)
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_codec import (
    REWARDS_FAMILY,
    RewardsWorld,
    WorldWithRewards,
    check_rewards_post,
    observe_rewards_trace,
    read_rewards_trace,
    write_rewards_trace,
)
from spec.eigenlayer.rewards_formats import REWARDS_FORMATS, REWARDS_POST
from spec.eigenlayer.rewards_observation import observe_rewards
from spec.eigenlayer.state import (
    CLOCK,
)
from spec.eigenlayer.trace_head import HEAD, OPTIONAL_HEAD, read_head
from spec.machine import SINGLETON, Delta, State, Transition
from spec.protocol import Step, Trace, execute

BLOCK: Final = Number(32)
CALL: Final = ("block", "same_block", "action", "sender", "args")
STEP: Final = (*CALL, "ok", "error", "returns", "post")


def read_trace(document: dict[str, Json]) -> Trace:
    """Parse a trace file, of the whole protocol or of rewards alone.

    Raises MalformedTrace at the first place that violates the format.
    """
    if document["protocol"] == REWARDS_FAMILY:
        return read_rewards_trace(document, ERRORS)
    check_fields(document, (*HEAD, "initial_state", "steps", "final_histories"), "", OPTIONAL_HEAD)
    head: dict[str, Json] = {field: document[field] for field in HEAD if field in document}
    name, genesis, world = read_head(head)
    steps = document["steps"]
    if not isinstance(steps, list):
        raise MalformedTrace("steps", f"expected a list, found {shown(steps)}")
    block = genesis.rows(CLOCK)[SINGLETON].block
    read_steps: list[Step] = []
    for position, value in enumerate(steps):
        step, block = _read_step(value, f"steps[{position}]", block, world)
        read_steps.append(step)
    return Trace(name, head, genesis, world, document["initial_state"], read_steps, document["final_histories"])


def write_trace(transition: Transition[Any], head: Mapping[str, Json], actions: Sequence[Any]) -> dict[str, Json]:
    """A trace file with the rules' outcome of each action. `head` is a trace file's JSON without its states and steps.

    The head's `protocol` decides between a trace of the whole protocol and one of rewards alone.
    """
    if head.get("protocol") == REWARDS_FAMILY:
        return write_rewards_trace(transition, head, actions)
    check_fields(head, HEAD, "", OPTIONAL_HEAD)
    _, state, world = read_head(head)
    initial = observe(state, world, None)
    block = state.rows(CLOCK)[SINGLETON].block
    steps: list[Json] = []
    for executed in in_steps(actions):
        step, block = _write_step(transition, state, executed, block, world)
        steps.append(step)
    return {**head, "initial_state": initial, "steps": steps, "final_histories": observe_final(state, world)}


def in_steps(actions: Sequence[Any]) -> list[list[Any]]:
    """The actions, grouped by step. `MineBlocks(1)` right before a call belongs to the call's step.

    Other MineBlocks, such as one that takes seconds, are steps of their own.
    """
    steps: list[list[Any]] = []
    for action in actions:
        if steps and steps[-1] == [MineBlocks(1)] and not isinstance(action, MineBlocks):
            steps[-1].append(action)
        else:
            steps.append([action])
    return steps


def write_call(executed: list[Any], block: int) -> tuple[dict[str, Json], int]:
    """The JSON of one step's call, and its block. `executed` are the step's actions; `block` is the previous step's
    block.
    """
    block += sum([action.blocks for action in executed if isinstance(action, MineBlocks)])
    action = executed[-1]
    is_mine = isinstance(action, MineBlocks)
    name = "mine" if is_mine else NAMES_BY_CLASS[type(action)]
    call: dict[str, Json] = {
        "block": block,
        "same_block": not is_mine and len(executed) == 1,
        "action": name,
        "sender": _write_sender(name, action),
        "args": MINE.write(action) if is_mine else FORMATS[name].write(action),
    }
    return call, block


def _write_sender(name: str, action: Any) -> Json:
    if name not in ACTION_FORMATS:
        return None
    sender = cast(str, action.sender)
    is_pod = isinstance(action, RecordBeaconChainEthBalanceUpdate) and action.is_from_pod
    return POD_OF + sender if is_pod else sender


def _write_step(
    transition: Transition[Any], state: State, executed: list[Any], block: int, world: World
) -> tuple[Json, int]:
    """Execute one step's actions in `state`. Returns the step's JSON and its block; `block` is the previous step's
    block.
    """
    outcome = execute(transition, state, executed)
    call, block = write_call(executed, block)
    step = {
        **call,
        "ok": isinstance(outcome, Delta),
        "error": None if isinstance(outcome, Delta) else outcome.value,
        "returns": write_returns(executed[-1], outcome.returns) if isinstance(outcome, Delta) else None,
        "post": observe(state, world, None),
    }
    return step, block


def _read_step(value: Json, where: str, block: int, world: World) -> tuple[Step, int]:
    """One parsed step, and its block. `block` is the previous step's block."""
    fields = as_object(value, where)
    check_fields(fields, STEP, where)
    executed, block = read_call(fields, where, block, world)
    error = fields["error"]
    if cast(bool, Flag().read(fields["ok"], f"{where}.ok", {})) != (error is None):
        raise MalformedTrace(f"{where}.error", "a step that is ok has no error, and one that is not has one")
    if error is not None and not (isinstance(error, str) and error in ERRORS):
        raise MalformedTrace(f"{where}.error", f"unknown error {shown(error)}")
    name, sender = cast(str, fields["action"]), cast("str | None", fields["sender"])
    return Step(name, sender, fields["args"], executed, error, fields["returns"], fields["post"]), block


def read_call(
    fields: Mapping[str, Json], where: str, block: int, world: World, number: Format = BLOCK
) -> tuple[list[object], int]:
    """The actions of a call, and its block. `block` is the previous step's block.

    If a block is mined for the call, MineBlocks is the first action. `number` is the format of the block number. Raises
    MalformedTrace, which names the offending field.
    """
    called_in = cast(int, number.read(fields["block"], f"{where}.block", {}))
    is_same_block = cast(bool, Flag().read(fields["same_block"], f"{where}.same_block", {}))
    name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
    executed: list[object] = []
    if name == "mine":
        if fields["sender"] is not None:
            raise MalformedTrace(f"{where}.sender", "nobody sends a mine step")
        executed.append(MINE.read(fields["args"], f"{where}.args", {}))
    elif name in REWARDS_FORMATS and not isinstance(world, WorldWithRewards):
        raise MalformedTrace(
            f"{where}.action", "a call of the RewardsCoordinator, of which genesis.rewards says nothing"
        )
    elif name in FORMATS:
        action = _read_action(name, fields, where, world)
        if not is_same_block:
            executed.append(MineBlocks(1))
        executed.append(action)
    else:
        raise MalformedTrace(f"{where}.action", f"unknown action {shown(name)}")
    for action in executed:
        if isinstance(action, MineBlocks):
            block += action.blocks
    if called_in != block:
        raise MalformedTrace(f"{where}.block", f"expected {block} after the step before, found {called_in}")
    return executed, block


def _read_action(name: str, fields: Mapping[str, Json], where: str, world: World) -> object:
    """The action of a call, or of a fact (an event that is no contract call). Only a balance report may have a pod as
    sender.

    A pod's name is `pod:` and the name of its owner.
    """
    sender = fields["sender"]
    if name in FACT_FORMATS:
        if sender is not None:
            raise MalformedTrace(f"{where}.sender", f"nobody sends a {name} step")
        record = FACT_FORMATS[name].arguments
        return record.read(fields["args"], f"{where}.args", world.names)
    format = ACTION_FORMATS[name]
    is_report = format.make is RecordBeaconChainEthBalanceUpdate
    if not (is_report and isinstance(sender, str) and sender.startswith(POD_OF)):
        account = ACCOUNT.read(sender, f"{where}.sender", world.names)
        return format.read(account, fields["args"], f"{where}.args", world.names)
    owner = ACCOUNT.read(sender.removeprefix(POD_OF), f"{where}.sender", world.names)
    report = cast(RecordBeaconChainEthBalanceUpdate, format.read(owner, fields["args"], f"{where}.args", world.names))
    return RecordBeaconChainEthBalanceUpdate(
        sender=report.sender,
        pod_owner=report.pod_owner,
        prev_restaked_balance_wei=report.prev_restaked_balance_wei,
        balance_delta_wei=report.balance_delta_wei,
        is_from_pod=True,
    )


ERRORS: Final = tuple([reason.value for reason in Reason])


def observe(state: State, world: object, context: object) -> Json:
    """The whole state as a trace's `post` shows it. The class of `world` decides what is shown: the whole protocol
    (World), the whole protocol with rewards (WorldWithRewards), or rewards alone (RewardsWorld).
    """
    if isinstance(world, RewardsWorld):
        return observe_rewards_trace(state, world)
    seen = as_object(observation.observe(state, world, context), "post")
    if isinstance(world, WorldWithRewards):
        seen["rewards"] = observe_rewards(state, world.accounts, world.accounts)
    return seen


def observe_final(state: State, world: object) -> Json:
    """The histories at the end of a trace of the whole protocol; None for a trace of rewards alone."""
    return None if isinstance(world, RewardsWorld) else observation.observe_final(state, world)


def check_post(post: Json, world: object, where: str) -> None:
    """Raise MalformedTrace if a recorded state violates the format. Its values are not compared with the
    specification's.
    """
    if isinstance(world, RewardsWorld):
        check_rewards_post(post, world, where)
    elif isinstance(world, WorldWithRewards):
        fields = dict(as_object(post, where))
        REWARDS_POST.read(fields.pop("rewards", None), f"{where}.rewards", world.names)
        observation.check_post(fields, world, where)
    else:
        observation.check_post(post, world, where)
