"""What a protocol shows to the invariants, the proofs and the harness: the one interface through which they see it."""

from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Final

from spec.codec import Json
from spec.machine import Draft, Outcome, Rejection, Schema, State


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

    `world` holds what the protocol's codec needs to write states as this file does, such as the names it observes.
    """

    def __init__(self, name: str, genesis: State, world: object, initial: Json, steps: list[Step], final: Json) -> None:
        self.name: Final = name
        self.genesis: Final = genesis
        self.world: Final = world
        self.initial: Final = initial
        self.steps: Final = steps
        self.final: Final = final


class Protocol:
    """One protocol, whole: what the invariants, the proofs and the harness may know of it.

    `traces` is the folder of recorded traces that belong to it; None for the protocols that come with this project,
    whose traces come with the harness.
    """

    def __init__(
        self,
        name: str,
        schema: Schema,
        actions: tuple[type[object], ...],
        reasons: type[Rejection],
        transition: Callable[[Draft, Any], Outcome],
        read_trace: Callable[[dict[str, Json]], Trace],
        observe: Callable[[State, object, object], Json],
        observe_final: Callable[[State, object], Json],
        write_returns: Callable[[object, object], Json],
        check_post: Callable[[Json, object, str], None],
        traces: PurePath | None = None,
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

    def with_transition(self, transition: Callable[[Draft, Any], Outcome]) -> "Protocol":
        """The same protocol under other rules, such as a proposal to change one."""
        return Protocol(
            self.name,
            self.schema,
            self.actions,
            self.reasons,
            transition,
            self.read_trace,
            self.observe,
            self.observe_final,
            self.write_returns,
            self.check_post,
            self.traces,
        )
