"""Clients: objects with five methods, through which any implementation of a protocol is compared.

All values are wire values: a state, a call and what it returns are those of a trace, with integers as decimal strings.
A client that fails raises ClientFault; a client that cannot do what is asked says so.
"""

from abc import ABC, abstractmethod
from typing import Final, Literal

import attrs

from spec.codec import Json

DIGEST: Final = "sha-256"
"""The one digest that is defined: `conformance.wire.digest`."""

FaultKind = Literal["died", "late", "garbage", "flood", "out of turn", "failed", "wrong digest"]
"""The faults of a client: its process ended; no answer in time; a line that is no answer; too much of it; an answer
that nobody waits for; it says itself that it failed; a digest that is not that of its state.
"""


class ClientFault(Exception):
    """A client that did not answer as the wire protocol says: how, and what exactly."""

    def __init__(self, kind: FaultKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind: Final = kind
        self.detail: Final = detail


class Stopped(Exception):
    """The end of a run before a client had answered, which is no fault of it."""


class HarnessFault(Exception):
    """A mistake of this side, for which no client can be blamed."""


@attrs.frozen
class Introduction:
    """The introduction of a client: its name and version, and its capabilities.

    `actions` are the names of the actions it supports; None stands for all. `has_reasons` says whether a rejection
    names its reason, `has_digest` whether answers carry the digest of the state.
    """

    name: str
    version: str
    actions: frozenset[str] | None
    has_reasons: bool
    has_digest: bool


@attrs.frozen
class Accepted:
    """A call went through: what it returned, and the digest of the state after it, if the client gives one."""

    returns: Json
    digest: str | None


@attrs.frozen
class Rejected:
    """A rejected call: its reason and the digest of the state after it, each None where the client gives none."""

    reason: str | None
    digest: str | None


@attrs.frozen
class Unsupported:
    """The client cannot do what was asked, and says why."""

    why: str


Answer = Accepted | Rejected | Unsupported


class Client(ABC):
    """An implementation of one protocol, as it is compared."""

    @abstractmethod
    def hello(self, protocol: str) -> Introduction:
        """The client's introduction, when it is asked to be of this protocol."""

    @abstractmethod
    def reset(self, head: Json) -> str | Unsupported | None:
        """Begin anew in the world that a trace's head describes; the digest of the state, if the client gives one."""

    @abstractmethod
    def apply(self, call: Json) -> Answer:
        """Make one call, at its time, and say what came of it."""

    @abstractmethod
    def state(self) -> Json | Unsupported:
        """The whole observable state, as a trace shows it after a step."""

    @abstractmethod
    def bye(self) -> None:
        """The end: nothing is asked after it."""
