"""Actions of tables of stake on other chains. `sender` is the account that calls, at home or on the other chain."""

from typing import Final

import attr

from spec.market.chains_state import ChannelTerms
from spec.market.port import Service


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenChannel:
    """A service opens a channel to another chain for its stake in a pool, on terms that never change."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    chain: Final[str]
    offered_terms: Final[ChannelTerms]

    def __init__(self, sender: str, service: Service, pool: str, chain: str, offered_terms: ChannelTerms) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.chain = chain
        self.offered_terms = offered_terms


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SendTable:
    """A service sends a table of the stake of the named operators that it can slash now. Each operator may be named
    once.
    """

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    chain: Final[str]
    operators: Final[tuple[str, ...]]

    def __init__(self, sender: str, service: Service, pool: str, chain: str, operators: tuple[str, ...]) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.chain = chain
        self.operators = operators


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DeliverTable:
    """Any account delivers the table that a service sent for `reference_point` to the other chain."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    chain: Final[str]
    reference_point: Final[int]

    def __init__(self, sender: str, service: Service, pool: str, chain: str, reference_point: int) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.chain = chain
        self.reference_point = reference_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DisableTable:
    """A service disables its table of `reference_point`, which then no longer counts on the other chain."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    chain: Final[str]
    reference_point: Final[int]

    def __init__(self, sender: str, service: Service, pool: str, chain: str, reference_point: int) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.chain = chain
        self.reference_point = reference_point


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CheckCertificate:
    """Any account has a certificate checked on the other chain against the table of `reference_point`.

    `signers` are in ascending order, and the table must count at least `threshold` of stake for them.
    """

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    chain: Final[str]
    reference_point: Final[int]
    signers: Final[tuple[str, ...]]
    threshold: Final[int]

    def __init__(
        self,
        sender: str,
        service: Service,
        pool: str,
        chain: str,
        reference_point: int,
        signers: tuple[str, ...],
        threshold: int,
    ) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.chain = chain
        self.reference_point = reference_point
        self.signers = signers
        self.threshold = threshold
