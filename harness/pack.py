"""All that a protocol brings, named in one place: each part by where it stands, and loaded only when somebody asks."""

import importlib
import os
import sys
from collections.abc import Mapping
from functools import cache
from operator import attrgetter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import attrs

from harness.mistakes import explained

if TYPE_CHECKING:
    from types import ModuleType

    from conformance.calls import Calls
    from conformance.states import StateReader
    from harness.interchange.foundry import Contracts
    from harness.yields import Yields
    from invariants.exploring import BoundedModel
    from invariants.game import Game
    from invariants.rule_machine import LawMachine
    from invariants.walker import Walk
    from spec.protocol import Protocol, Trace


class UnknownProtocolError(Exception):
    """A protocol that was asked for, or a part of it, cannot be had; the message says why."""


@attrs.frozen(kw_only=True)
class ProtocolPack:
    """A protocol's name, and the place of each thing that it brings: `module:attribute`, or None if it has none.

    `protocol_at` is a `spec.protocol.Protocol`: rules, traces, and what secures what. `rules` names the modules whose
    functions are the rules, of which mutants are made. `walk_at` is a walk; laws, and which of them are model, are in
    its catalogue. `games_at` are games, `bounded_model_at` a bounded model to exhaust, `rule_machine_at` a Hypothesis
    machine with a rule for each action. `theory_at` is what proofs need. `workload_at` is a module that makes a large
    history by `genesis()`, `opening()` and `traffic(steps)`; `trace_schema_at` is the JSON Schema of
    its traces, with CALLS beside it; `docs` is the page that describes the rules. `yields_at` is a function that makes
    of a trace the `harness.yields.Yields` over it. `market_at` is a module with PORT, CUSTODY and RECOURSE,
    by which the market sees its base.

    `calls_at` says how calls are written on the wire, a `conformance.calls.Calls`; without it the trace format does.
    `cases` is the file of what a caller can meet, with a script for each. `state_at` reads observed states, a
    `conformance.states.StateReader`. `observer_at` makes them, of a `harness.clients.block.Block`, a file of addresses,
    and the names of errors. `contracts_at` is a `harness.interchange.foundry.Contracts`, by which calls are written in
    Solidity.

    `ledgers` is the folder of verdicts that come with the protocol, `mutants` its catalogue of bugs. `place` is how any
    process finds this pack again: its name if it is announced, else where it stands. `laws_at` are lists of laws from
    elsewhere that are checked beside its own: `symbiotic+my_laws:LAWS` is the place of such a pack.

    `symbols` gives the meaning of each symbol that stands in the sentence of a law, such as W. `specifies` names the
    contracts and their releases that the rules specify, in a line.

    `presets` gives by the name of a release what this has other than the newest one: the places of its walk, its games
    and its bounded model, and what it specifies. `eigenlayer@v1_12_0` is the place of the pack with these. `newest`
    names what it is else.
    """

    name: str
    protocol_at: str | None = None
    rules: tuple[str, ...] = ()
    walk_at: str | None = None
    games_at: str | None = None
    bounded_model_at: str | None = None
    rule_machine_at: str | None = None
    theory_at: str | None = None
    calls_at: str | None = None
    cases: PurePath | None = None
    state_at: str | None = None
    observer_at: str | None = None
    contracts_at: str | None = None
    ledgers: PurePath | None = None
    mutants: PurePath | None = None
    workload_at: str | None = None
    docs: PurePath | None = None
    trace_schema_at: str | None = None
    yields_at: str | None = None
    market_at: str | None = None
    laws_at: tuple[str, ...] = ()
    symbols: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    specifies: str = ""
    newest: str | None = None
    presets: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict, hash=False)
    place: str = ""

    @property
    def protocol(self) -> "Protocol":
        """The rules, and how their traces are read and written."""
        if self.protocol_at is None:
            assert self.walk is not None
            return self.walk.protocol
        found: Protocol = load(self.protocol_at)
        return found

    @property
    def walk(self) -> "Walk | None":
        """The random walk through the protocol, with the catalogue of its laws."""
        if self.walk_at is not None and self.laws_at:
            return _walk_with(self.walk_at, self.laws_at)
        found: Walk | None = None if self.walk_at is None else load(self.walk_at)
        return found

    @property
    def games(self) -> "tuple[Game, ...]":
        """The games that are played."""
        return () if self.games_at is None else tuple(load(self.games_at))

    @property
    def bounded_model(self) -> "BoundedModel | None":
        """The bounded model that is exhausted."""
        found: BoundedModel | None = None if self.bounded_model_at is None else load(self.bounded_model_at)
        return found

    @property
    def rule_machine(self) -> "type[LawMachine] | None":
        """The state machine of Hypothesis, made of a walk and a list for its reports."""
        found: type[LawMachine] | None = None if self.rule_machine_at is None else load(self.rule_machine_at)
        return found

    @property
    def calls(self) -> "Calls":
        """The form of its calls on the wire."""
        from conformance.calls import Calls

        found: Calls = Calls(self.protocol) if self.calls_at is None else load(self.calls_at)
        return found

    @property
    def contracts(self) -> "Contracts | None":
        """Its calls, as its contracts have them."""
        found: Contracts | None = None if self.contracts_at is None else load(self.contracts_at)
        return found

    @property
    def state_reader(self) -> "StateReader | None":
        """The reader of its observed states."""
        found: StateReader | None = None if self.state_at is None else load(self.state_at)
        return found

    @property
    def workload(self) -> "ModuleType | None":
        """The module that makes large histories to measure speed on."""
        return None if self.workload_at is None else importlib.import_module(self.workload_at)

    def yields(self, trace: "Trace") -> "Yields | None":
        """The yields over a trace; None if the protocol does not say what anybody earns."""
        found: Yields | None = None if self.yields_at is None else load(self.yields_at)(trace)
        return found

    @property
    def traces(self) -> Path:
        """The folder of recorded traces. Those of the protocols that come with this project come with the harness."""
        from harness.traces import bundled_traces

        own = self.protocol.traces
        return bundled_traces() / self.name if own is None else Path(own)

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that its parts stand in, those of its rules first, each once."""
        places = [self.protocol_at, self.walk_at, self.games_at, self.bounded_model_at, self.rule_machine_at]
        places += [self.theory_at, *self.laws_at, *self.place.split("+")]
        named = [*self.rules, *[place for place in places if place and ":" in place]]
        return tuple(dict.fromkeys([place.partition(":")[0] for place in named]))


@cache
def _walk_with(walk_at: str, laws_at: tuple[str, ...]) -> "Walk":
    """A walk with the laws that stand elsewhere. UnknownProtocolError if these are none, or no others."""
    from invariants.law import Law

    walk: Walk = load(walk_at)
    for place in laws_at:
        laws = load(place)
        if not isinstance(laws, list | tuple) or not all(isinstance(law, Law) for law in laws):
            raise UnknownProtocolError(f"{place!r} is no list of laws")
        try:
            walk = walk.with_laws(laws)
        except ValueError as error:
            raise UnknownProtocolError(f"{place!r}: {error}") from error
    return walk


def load(place: str) -> Any:
    """The object at a place, `module:attribute`. UnknownProtocolError if it cannot be had, whatever its code does."""
    module_name, _, attribute = place.partition(":")
    try:
        return attrgetter(attribute)(importlib.import_module(module_name))
    except (Exception, SystemExit) as error:  # code from outside may raise anything
        raise UnknownProtocolError(f"cannot load protocol {place!r}: {explained(error)}") from error


def look_in_current_folder() -> None:
    """Let modules be found in the current folder, last, so that none takes the place of an installed one."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
