"""The protocols there are: those that come with the project, those that are installed, and any other by its place."""

import importlib
import os
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path

from harness.traces import bundled_traces
from spec import eigenlayer, symbiotic
from spec.protocol import Protocol

Protocols = Mapping[str, Protocol]

ENTRY_POINTS = "restaking_spec.protocols"
"""The group in which an installed package announces a protocol of its own."""


class UnknownProtocolError(Exception):
    """A protocol that was asked for cannot be had; the message says why."""


def known_protocols() -> dict[str, Protocol]:
    """Every protocol that comes with the project or with an installed package, by name."""
    announced = [_as_protocol(entry.load(), entry.value) for entry in entry_points(group=ENTRY_POINTS)]
    return {protocol.name: protocol for protocol in (*announced, eigenlayer.PROTOCOL, symbiotic.PROTOCOL)}


def select_protocols(asked: Iterable[str]) -> dict[str, Protocol]:
    """The protocols asked for, each by its name or as `module:attribute`. UnknownProtocolError if one cannot be had."""
    known = known_protocols()
    selected = [_load_protocol(name) if ":" in name else known.get(name) or _refuse(name, known) for name in asked]
    return {protocol.name: protocol for protocol in selected}


def traces_of(protocol: Protocol) -> Path:
    """The folder of recorded traces that belong to a protocol."""
    return bundled_traces() / protocol.name if protocol.traces is None else Path(protocol.traces)


def _refuse(name: str, known: Protocols) -> Protocol:
    places = "a known one is one of " + ", ".join(sorted(known))
    raise UnknownProtocolError(f"unknown protocol {name!r}: {places}; any other is named module:attribute")


def _load_protocol(place: str) -> Protocol:
    module_name, _, attribute = place.partition(":")
    # Last, so that a folder of the user's never takes the place of an installed package.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownProtocolError(f"cannot load protocol {place!r}: {error}") from error
    return _as_protocol(found, place)


def _as_protocol(found: object, place: str) -> Protocol:
    if not isinstance(found, Protocol):
        raise UnknownProtocolError(f"{place!r} is {type(found).__name__}, not a spec.protocol.Protocol")
    return found
