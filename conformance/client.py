"""The interface of a client: five methods through which an implementation of a protocol is compared.

All values are JSON as on the wire: a state, a call and return values are as in a trace, with integers as decimal
strings. A client that fails raises ClientFault; one that cannot execute a request returns Unsupported.
"""

from abc import ABC, abstractmethod
from typing import Final, Literal

import attrs

from spec.codec import Json

DIGEST: Final = "sha-256"
"""The only digest algorithm that is defined; see `conformance.wire.digest`."""

FaultKind = Literal["died", "late", "garbage", "flood", "out of turn", "failed", "wrong digest"]
"""The kinds of a client's fault.

Its process ended; no answer in time; a line that is not a valid answer; too much output; an answer without a request;
the client reported its own failure; a digest that does not match its state.
"""


class ClientFault(Exception):
    """The exception for a violation of the wire protocol by a client: its kind, and a description (`detail`)."""

    def __init__(self, kind: FaultKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind: Final = kind
        self.detail: Final = detail


class Stopped(Exception):
    """The exception for a run that was stopped before a client had answered. It is no fault of the client."""


class HarnessFault(Exception):
    """The exception for a bug of the harness or the reference, for which no client is to blame."""


@attrs.frozen
class Introduction:
    """A client's name and version, and its capabilities.

    `actions` are the names of the actions that it supports; None means all. `has_reasons` is True if its rejections
    name their reasons, `has_digest` if its answers carry a digest of the state.
    """

    name: str
    version: str
    actions: frozenset[str] | None
    has_reasons: bool
    has_digest: bool


@attrs.frozen
class Accepted:
    """An accepted call: its return values, and the digest of the state after it, or None if the client gives none."""

    returns: Json
    digest: str | None


@attrs.frozen
class Rejected:
    """A rejected call: its reason, and the digest of the state after it. Each is None if the client gives none."""

    reason: str | None
    digest: str | None


@attrs.frozen
class Unsupported:
    """The answer of a client that does not support a request, for the reason `why`."""

    why: str


Answer = Accepted | Rejected | Unsupported


class Client(ABC):
    """The interface of an implementation of one protocol that is compared with another. It has one method for each
    request of the wire protocol.
    """

    @abstractmethod
    def hello(self, protocol: str) -> Introduction:
        """The client's introduction. `protocol` is the name of the protocol that it has to implement."""

    @abstractmethod
    def reset(self, head: Json) -> str | Unsupported | None:
        """Start again in the world of a trace's head. Returns the digest of the genesis state, None if the client gives
        none, or Unsupported.
        """

    @abstractmethod
    def apply(self, call: Json) -> Answer:
        """Execute one call, at the time or block that it names. Returns its outcome, or Unsupported if the client
        cannot execute it.
        """

    @abstractmethod
    def state(self) -> Json | Unsupported:
        """The whole observable state, as in a trace after a step; Unsupported if the client cannot show it."""

    @abstractmethod
    def bye(self) -> None:
        """End the session: no request follows, and the client may release its resources."""
