"""The protocols there are: those that come with the project."""

from collections.abc import Mapping

from spec import eigenlayer
from spec.protocol import Protocol

Protocols = Mapping[str, Protocol]


def known_protocols() -> Protocols:
    """Every protocol by its name."""
    return {protocol.name: protocol for protocol in (eigenlayer.PROTOCOL,)}
