"""The pack: everything that one protocol brings, each part by its place (`module:attribute`), imported on first use."""

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
    """The exception for a requested protocol, or part of one, that cannot be loaded; the message says why."""


@attrs.frozen(kw_only=True)
class ProtocolPack:
    """A protocol's name, and the place of each of its parts: `module:attribute`, or None if it has no such part.

    `protocol_at` is a `spec.protocol.Protocol`: the rules, the trace format, and the commitments of stake. `rules`
    names the modules whose functions are the rules, of which mutants are made. `walk_at` is a walk, whose catalogue has
    the laws and names the model laws. `games_at` are games, `bounded_model_at` is a bounded model to search
    exhaustively, and `rule_machine_at` a Hypothesis machine with a rule for each action. `theory_at` is what proofs
    need. `workload_at` is a module that generates a long run of actions by `genesis()`, `opening()` and
    `traffic(steps)`. `trace_schema_at` is the JSON Schema of its traces, in a module that also has CALLS. `docs` is the
    page that describes the rules. `yields_at` is a function from a trace to the `harness.yields.Yields` over it.
    `market_at` is a module with PORT, CUSTODY, AUTHORITY and RECOURSE, through which the market sees this protocol as
    its base.

    `calls_at` is a `conformance.calls.Calls`, which writes calls for the wire protocol; without it the trace format
    does. `cases` is a file of every case that callers can meet, each with a script. `state_at` is a
    `conformance.states.StateReader`, which reads observed states. `observer_at` produces those, from a
    `harness.clients.block.Block`, a file of addresses and the names of errors. `contracts_at` is a
    `harness.interchange.foundry.Contracts`, which writes calls in Solidity.

    `ledgers` is the folder of proof verdicts that come with the protocol, `mutants` its catalogue of bugs. `place` is
    the text by which any process finds this pack again: its name if it is announced, else its place. `laws_at` are
    lists of laws from other modules that are checked with its own; such a pack has a place like
    `symbiotic+my_laws:LAWS`. `symbols` has the meaning of each symbol in the sentences of laws, such as W. `specifies`
    names the contracts and the releases that the rules specify, in one line. `out_of_reach` maps actions and reasons
    that its walks cannot reach to why: they are no gap in a run's coverage, and reports name them. `above` is the name
    of the protocol beneath a layer: its actions, reasons and laws are for its own walks to reach.

    `presets` has, by the name of an older release, the parts in which it differs from the newest: the places of its
    walk, its games and its bounded model, and what it specifies. Such a pack has a place like `eigenlayer@v1_12_0`.
    `newest` is the name of the release that the pack specifies without a preset.
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
    out_of_reach: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    above: str | None = None
    newest: str | None = None
    presets: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict, hash=False)
    place: str = ""

    @property
    def protocol(self) -> "Protocol":
        """The rules, with the reader and writer of their traces; those of the walk if the pack names no protocol."""
        if self.protocol_at is None:
            assert self.walk is not None
            return self.walk.protocol
        found: Protocol = load(self.protocol_at)
        return found

    @property
    def walk(self) -> "Walk | None":
        """The random walk, with the catalogue of laws, to which those of `laws_at` are added; None if the pack has
        none. Raises UnknownProtocolError for a walk through another protocol than the pack's.
        """
        if self.walk_at is None:
            return None
        found: Walk = _walk_with(self.walk_at, self.laws_at) if self.laws_at else load(self.walk_at)
        if self.protocol_at is not None and load(self.protocol_at) is not found.protocol:
            raise UnknownProtocolError(f"{self.walk_at!r} is no walk through the protocol {self.protocol_at!r}")
        return found

    @property
    def games(self) -> "tuple[Game, ...]":
        """The games to play; empty if the pack has none."""
        return () if self.games_at is None else tuple(load(self.games_at))

    @property
    def bounded_model(self) -> "BoundedModel | None":
        """The bounded model, a few calls in one world, to search exhaustively; None if the pack has none."""
        found: BoundedModel | None = None if self.bounded_model_at is None else load(self.bounded_model_at)
        return found

    @property
    def rule_machine(self) -> "type[LawMachine] | None":
        """The Hypothesis state machine class, whose instances need a walk and a list for reports; None if the pack has
        none.
        """
        found: type[LawMachine] | None = None if self.rule_machine_at is None else load(self.rule_machine_at)
        return found

    @property
    def calls(self) -> "Calls":
        """The reader and writer of calls for the wire protocol; by default that of the trace format."""
        from conformance.calls import Calls

        found: Calls = Calls(self.protocol) if self.calls_at is None else load(self.calls_at)
        return found

    @property
    def contracts(self) -> "Contracts | None":
        """The mapping of calls to those of the deployed contracts; None if the pack has none."""
        found: Contracts | None = None if self.contracts_at is None else load(self.contracts_at)
        return found

    @property
    def state_reader(self) -> "StateReader | None":
        """The reader of observed states; None if the pack has none."""
        found: StateReader | None = None if self.state_at is None else load(self.state_at)
        return found

    @property
    def workload(self) -> "ModuleType | None":
        """The module that generates long runs of actions for benchmarks; None if the pack has none."""
        return None if self.workload_at is None else importlib.import_module(self.workload_at)

    def yields(self, trace: "Trace") -> "Yields | None":
        """The yields over a trace; None if the pack does not compute yields."""
        found: Yields | None = None if self.yields_at is None else load(self.yields_at)(trace)
        return found

    @property
    def traces(self) -> Path:
        """The folder of recorded traces. Those of this project's protocols are bundled with the package."""
        from harness.traces import bundled_traces

        own = self.protocol.traces
        return bundled_traces() / self.name if own is None else Path(own)

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that contain the pack's parts, without repetition, those of its rules first."""
        places = [self.protocol_at, self.walk_at, self.games_at, self.bounded_model_at, self.rule_machine_at]
        places += [self.theory_at, *self.laws_at, *self.place.split("+")]
        named = [*self.rules, *[place for place in places if place and ":" in place]]
        return tuple(dict.fromkeys([place.partition(":")[0] for place in named]))


@cache
def _walk_with(walk_at: str, laws_at: tuple[str, ...]) -> "Walk":
    """A walk with laws from other modules added. Raises UnknownProtocolError if a place is no list of laws or a law is
    there already.
    """
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
    """The object at a place, `module:attribute`. Raises UnknownProtocolError if it cannot be loaded for any reason."""
    module_name, _, attribute = place.partition(":")
    try:
        return attrgetter(attribute)(importlib.import_module(module_name))
    except (Exception, SystemExit) as error:  # code from outside may raise anything
        raise UnknownProtocolError(f"cannot load protocol {place!r}: {explained(error)}") from error


def look_in_current_folder() -> None:
    """Append the current folder to the module search path; being last, it hides no installed module."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
