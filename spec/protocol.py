"""The interface of a protocol: everything that the invariants, the proofs and the harness use of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from spec.codec import Json
from spec.machine import Delta, Draft, Outcome, Rejection, Schema, State, Transition, commit
from spec.security import Security


class Step:
    """One recorded step of a trace: the recorded call, and the recorded answer.

    `actions` are executed in order. The last one is the recorded call; the earlier ones let time pass. `error`,
    `returns` and `post` (the state after the call) are the recorded answer. They stay JSON, and are compared with the
    JSON of the specification's answer. `context` is an argument of the protocol's `observe`: facts about the steps so
    far, needed to write the state as `post`.
    """

    def __init__(
        self,
        action_name: str,
        sender: str | None,
        arguments: Json,
        actions: list[object],
        error: str | None,
        returns: Json,
        post: Json,
        context: object = None,
    ) -> None:
        self.action_name: Final = action_name
        self.sender: Final = sender
        self.arguments: Final = arguments
        self.actions: Final = actions
        self.error: Final = error
        self.returns: Final = returns
        self.post: Final = post
        self.context: Final = context


class Trace:
    """A parsed trace file: its starting state (`genesis`), its steps, and two recorded values.

    `initial` is the recorded whole state at the start. `final` is the part that the file records at its end, such as
    histories; None if there is none. `head` is the first part of the file's JSON, before its steps, which declares the
    world. `Protocol.write_trace` writes another trace with the same start from it. `world` is an argument of the
    protocol's `observe`, such as the names that this file's states list. `initial_field` is the name of the file's
    field that holds the starting state.
    """

    def __init__(
        self,
        name: str,
        head: dict[str, Json],
        genesis: State,
        world: object,
        initial: Json,
        steps: list[Step],
        final: Json,
        initial_field: str = "initial_state",
    ) -> None:
        self.name: Final = name
        self.head: Final = head
        self.genesis: Final = genesis
        self.world: Final = world
        self.initial: Final = initial
        self.steps: Final = steps
        self.final: Final = final
        self.initial_field: Final = initial_field


def execute(transition: Transition[Any], state: State, actions: Sequence[object]) -> Outcome:
    """Execute one or more actions in order, in a state that the caller owns. Returns the last action's outcome.

    A rejected action writes nothing, and the next one follows it.
    """
    for action in actions:
        outcome = transition(Draft(state), action)
        if isinstance(outcome, Delta):
            commit(state, outcome)
    return outcome


class Protocol:
    """One protocol, as the invariants, the proofs and the harness see it: its name, its tables (`schema`), its actions,
    its reasons of rejection, its transition, and its traces.

    `observe` and `observe_final` return a state as JSON as the steps of a trace, and its end, show it. `write_returns`
    returns a call's return value as JSON. `check_post` raises MalformedTrace for a recorded state of a wrong form.
    `traces` is the folder of the protocol's recorded traces. It is None for the protocols of this project, whose traces
    come with the harness. `families` are other names for the protocol in trace files; its reader distinguishes them.
    `security` computes the security graph of a state, or is None if the protocol has none.
    """

    def __init__(
        self,
        name: str,
        schema: Schema,
        actions: tuple[type[object], ...],
        reasons: type[Rejection],
        transition: Transition[Any],
        read_trace: Callable[[dict[str, Json]], Trace],
        write_trace: Callable[[Transition[Any], Mapping[str, Json], Sequence[Any]], dict[str, Json]],
        observe: Callable[[State, object, object], Json],
        observe_final: Callable[[State, object], Json],
        write_returns: Callable[[object, object], Json],
        check_post: Callable[[Json, object, str], None],
        traces: PurePath | None = None,
        security: Callable[[State], Security] | None = None,
        families: tuple[str, ...] = (),
    ) -> None:
        self.name: Final = name
        self.schema: Final = schema
        self.actions: Final = actions
        self.reasons: Final = reasons
        self.transition: Final = transition
        self.read_trace: Final = read_trace
        self.observe: Final = observe
        self.observe_final: Final = observe_final
        self.write_returns: Final = write_returns
        self.check_post: Final = check_post
        self.traces: Final = traces
        self.security: Final = security
        self.families: Final = families
        self._write_trace: Final = write_trace

    def write_trace(self, head: Mapping[str, Json], actions: Sequence[Any]) -> dict[str, Json]:
        """A complete trace file: `head`, and the outcomes of `actions` from the state that the head declares.

        Time that passes right before a call is part of the call's step, wherever the format allows it. The result is
        read back by `read_trace`. Raises MalformedTrace, with step and field, for an action that no trace can hold.
        Such an action has, for instance, a negative amount or an undeclared name.
        """
        document = self._write_trace(self.transition, head, actions)
        self.read_trace(document)
        return document

    def with_transition(self, transition: Transition[Any]) -> "Protocol":
        """This protocol with another transition, such as one with a proposed change to a rule."""
        return Protocol(
            self.name,
            self.schema,
            self.actions,
            self.reasons,
            transition,
            self.read_trace,
            self._write_trace,
            self.observe,
            self.observe_final,
            self.write_returns,
            self.check_post,
            self.traces,
            self.security,
            self.families,
        )
