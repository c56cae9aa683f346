"""The plan of a `restake conform` run: what each lane (size of a run) plays, and which cases (actions with their
answers) it must reach.
"""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from conformance.cases import read_cases, read_edges, read_orders
from conformance.lockstep import ACCEPTED, Case, Script
from conformance.scripts import of_examples, of_trace, of_walk
from harness.pack import ProtocolPack
from harness.traces import find_traces, load_trace
from spec.protocol import Trace

WALK_STEPS: Final = 150
EXAMPLE_STEPS: Final = 40
SEEDS_APART: Final = 10_000
"""The distance between the first walk seeds of two consecutive run seeds, so that their walks do not overlap."""


@attrs.frozen
class Lane:
    """A size of a run: the cases that it must reach, and what it plays besides the recorded script of each case.

    `reaches` says in words what the run must reach: all cases if `every_case`, else those that are accepted. `recorded`
    is the number of recorded traces to play, the smallest first; None for all. `walks` and `examples` are the numbers
    of random walks and Hypothesis examples. `nearby` adds calls close to the cases. These calls fail for two reasons,
    or lie on either side of a value where the answer changes.
    """

    reaches: str
    every_case: bool
    recorded: int | None
    walks: int
    examples: int
    nearby: bool = False

    def requires(self, case: Case) -> bool:
        """True if the lane cannot pass without this case."""
        return self.every_case or case[1] == ACCEPTED


LANES: Final[Mapping[str, Lane]] = {
    "smoke": Lane("every action accepted", every_case=False, recorded=1, walks=1, examples=0),
    "ci": Lane("every case", every_case=True, recorded=8, walks=10, examples=0, nearby=True),
    "long": Lane("every case", every_case=True, recorded=None, walks=300, examples=200, nearby=True),
}


class Plan:
    """The scripts of a run, in a fixed order, and the cases that it must reach."""

    def __init__(self, pack: ProtocolPack, lane: Lane, seed: int) -> None:
        self.pack: Final = pack
        self.lane: Final = lane
        self.seed: Final = seed
        known = [] if pack.cases is None else list(read_cases(Path(pack.cases)))
        self._known: Final = [(case, script) for case, script in known if lane.requires(case)]
        self.required: Final = dict(self._known)

    def scripts(self, supported: frozenset[str] | None) -> Iterator[Script]:
        """All scripts: those of required cases, nearby calls, recorded traces, walks, and Hypothesis examples.

        `supported` are the actions that the client supports, None for all. A walk skips the others, and counts them.
        """
        yield from (script for _, script in self._known)
        if self.lane.nearby and self.pack.cases is not None:
            yield from (script for _, script in read_orders(Path(self.pack.cases)))
            yield from read_edges(Path(self.pack.cases))
        yield from self._recorded()
        calls, walk = self.pack.calls, self.pack.walk
        if walk is None:
            return
        for seed in range(self.seed * SEEDS_APART, self.seed * SEEDS_APART + self.lane.walks):
            yield of_walk(calls, walk, seed, WALK_STEPS, supported)
        if self.lane.examples and self.pack.rule_machine is not None:
            yield from of_examples(calls, self.pack.rule_machine, walk, self.seed, self.lane.examples, EXAMPLE_STEPS)

    def _recorded(self) -> Iterator[Script]:
        for path, trace in itertools.islice(self._traces(), self.lane.recorded):
            yield of_trace(self.pack.calls, trace, path.name)

    def _traces(self) -> Iterator[tuple[Path, Trace]]:
        """The recorded traces with their paths, the smallest first.

        Last come those of another family of traces, which show a part of the protocol such as rewards alone.
        """
        others: list[tuple[Path, Trace]] = []
        # A pack from outside this project may have no recorded traces.
        folders = [self.pack.traces] if self.pack.traces.exists() else []
        for path in sorted(find_traces(folders), key=lambda path: (path.stat().st_size, path.name)):
            trace = load_trace(path, {self.pack.name: self.pack.protocol})[1]
            if trace.head["protocol"] == self.pack.name:
                yield path, trace
            else:
                others.append((path, trace))
        yield from others
