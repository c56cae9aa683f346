"""The interface of a protocol to the invariants, the proofs and the harness: the one interface through which they see
it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from spec.codec import Json
from spec.machine import Delta, Draft, Outcome, Rejection, Schema, State, Transition, commit
from spec.security import Security


class Step:
    """One recorded step: what is asked, and everything the recording says about the answer.

    `actions` are executed in order; the last one is the recorded call, those before it let time pass. What the
    recording expects stays JSON, to be compared with the JSON that the specification's answer is written as. `context`
    is what the protocol's `observe` needs to know of the steps so far to write the state as this step's `post` does.
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
    """A trace file, read: the state it starts from, its steps, and the whole states it expects at both ends.

    `head` is what the file says before all these, from which `Protocol.write_trace` writes another with the same start.
    `world` holds what the protocol's codec needs to write states as this file does, such as the names it observes.
    `initial_field` is where the file has the state that it starts from.
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
    """Execute actions in order, of which there is one at least, in a state that the caller owns; what the last one
    answered.
    """
    for action in actions:
        outcome = transition(Draft(state), action)
        if isinstance(outcome, Delta):
            commit(state, outcome)
    return outcome


class Protocol:
    """One protocol, whole: what the invariants, the proofs and the harness may know of it.

    `traces` is the folder of recorded traces that belong to it; None for the protocols that come with this project,
    whose traces come with the harness. `families` are other names under which trace files call it; its reader tells
    them apart. `security` says what secures what in a state; None if the protocol does not.
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
        """A whole trace file: its `head`, and what these rules answer to the actions from the state that it determines.

        Time that passes right before a call is written as part of the call's step wherever the format can say so.
        `read_trace` reads the same actions again: an action that no trace can hold, such as one with a negative amount
        or an undeclared name, is MalformedTrace, which names its step and field.
        """
        document = self._write_trace(self.transition, head, actions)
        self.read_trace(document)
        return document

    def with_transition(self, transition: Transition[Any]) -> "Protocol":
        """The same protocol under other rules, such as a proposal to change one."""
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
