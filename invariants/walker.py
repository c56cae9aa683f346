"""Random walks: long seeded runs in which every law is checked at every step, and everything by a full scan now and
then.

A walk is a world and a rule that draws the next action from what the state looks like, so that most calls are accepted
and the rare ones are aimed at edges. The same seed gives the same walk, interpreted or compiled, on any machine.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from invariants.checking import Checker, Violation
from invariants.choices import Choices, Seeded
from invariants.law import Catalogue, Law, NestedSum, RejectionLaw, StateLaw, StepLaw, Sum, Witness
from spec.codec import Json
from spec.machine import Delta, Draft, State
from spec.protocol import Protocol

STEPS_BETWEEN_SCANS: Final = 500


SEEDS_PER_SCENARIO: Final = 10
"""Of so many seeds in a row, one walks through another world."""


WORLDS: Final = 64
"""The number of worlds that seeds draw from; a process makes each only once."""


class Walk:
    """A random walk through one protocol: its opening, and its next action. `world` is the head of a trace file.

    `scenarios` are walks through worlds made for what an ordinary one hardly meets: now and then a seed takes one.
    `worlds` draws a walk through a world like this one by its number: with other delays, clocks, addresses, allowances
    and owners. Every seed that takes no scenario walks through one of them, of which the first is this one.
    """

    def __init__(
        self,
        protocol: Protocol,
        catalogue: Catalogue,
        world: dict[str, Json],
        opening: Callable[[], list[Any]],
        next_action: Callable[[Choices, Draft], Any],
        scenarios: "tuple[Walk, ...]" = (),
        worlds: "Callable[[int], Walk] | None" = None,
    ) -> None:
        self.protocol: Final = protocol
        self.catalogue: Final = catalogue
        self.world: Final = world
        self.opening: Final = opening
        self.next_action: Final = next_action
        self.scenarios: Final = scenarios
        self.worlds: Final = worlds
        self._drawn: Final[dict[int, Walk]] = {}
        self._genesis: State | None = None

    def of(self, seed: int) -> "Walk":
        """The walk that a seed takes: this one, or one through another world."""
        turn = seed + 1
        if self.scenarios and turn % SEEDS_PER_SCENARIO == 0:
            return self.scenarios[(seed // SEEDS_PER_SCENARIO) % len(self.scenarios)]
        number = seed % WORLDS
        if self.worlds is None or number == 0:
            return self
        drawn = self._drawn.get(number)
        if drawn is None:
            drawn = self.worlds(number)
            drawn = Walk(self.protocol, self.catalogue, drawn.world, drawn.opening, drawn.next_action)
            self._drawn[number] = drawn
        return drawn

    def where(self, keeps: Callable[[str], bool]) -> "Walk":
        """The same walk, its scenarios too, with those laws and witnesses alone whose ids are kept."""
        return Walk(
            self.protocol,
            self.catalogue.where(keeps),
            self.world,
            self.opening,
            self.next_action,
            tuple([scenario.where(keeps) for scenario in self.scenarios]),
            self.worlds,
        )

    def with_laws(self, laws: Sequence[Law]) -> "Walk":
        """The same walk, its scenarios too, with more laws and witnesses checked. They are no part of the model.

        ValueError if one has the id of another.
        """
        return Walk(
            self.protocol,
            with_laws(self.catalogue, laws),
            self.world,
            self.opening,
            self.next_action,
            tuple([scenario.with_laws(laws) for scenario in self.scenarios]),
            self.worlds,
        )

    def in_release(self, changed: Callable[[dict[str, Json]], dict[str, Json]], catalogue: Catalogue) -> "Walk":
        """The same walk, its scenarios and drawn worlds too, with every world changed to another release, whose laws
        are the catalogue's.
        """
        worlds = self.worlds
        return Walk(
            self.protocol,
            catalogue,
            changed(self.world),
            self.opening,
            self.next_action,
            tuple([scenario.in_release(changed, catalogue) for scenario in self.scenarios]),
            None if worlds is None else lambda number: worlds(number).in_release(changed, catalogue),
        )

    def of_properties(self) -> "Walk":
        """The same walk without the laws that restate the rules."""
        return self.where(lambda law_id: law_id not in self.catalogue.model)

    def only(self, laws: Sequence[str]) -> "Walk":
        """The same walk with only these laws and witnesses checked, so that no other ends it; all if none is named."""
        return self.where(lambda law_id: law_id in laws) if laws else self

    def genesis(self) -> State:
        """The state that the world begins with, as a private copy."""
        if self._genesis is None:
            self._genesis = self.protocol.read_trace(self.protocol.write_trace(self.world, [])).genesis
        return self._genesis.copy()


def with_laws(catalogue: Catalogue, laws: Sequence[Law]) -> Catalogue:
    """The catalogue with some laws and witnesses added, and with the sums that these use."""
    states = [law for law in laws if isinstance(law, StateLaw)]
    sums = list(catalogue.sums)
    for law in states:
        for part in (*law.sums, *law.also_reads):
            if isinstance(part, Sum):
                _add(part, sums)
    return Catalogue(
        sums,
        [*catalogue.state_laws, *states],
        [*catalogue.step_laws, *[law for law in laws if isinstance(law, StepLaw)]],
        [*catalogue.rejection_laws, *[law for law in laws if isinstance(law, RejectionLaw)]],
        [*catalogue.witnesses, *[law for law in laws if isinstance(law, Witness)]],
        catalogue.known_violations,
        catalogue.model,
    )


def _add(total: Sum, sums: list[Sum]) -> None:
    """Add a sum, after the one that it is made of, unless it is there."""
    if isinstance(total, NestedSum):
        _add(total.inner, sums)
    if total not in sums:
        sums.append(total)


class WalkReport:
    """The result of a walk: each action's accepted and rejected calls, with reasons; each law's checks; witnesses seen;
    violations; breaks of known violations.

    `actions` are all actions of the walk up to a violation; empty if there was none.
    """

    def __init__(self, seed: int) -> None:
        self.seed: Final = seed
        self.steps = 0
        self.scans = 0
        self.accepted: Final[dict[str, int]] = {}
        self.rejected: Final[dict[str, dict[str, int]]] = {}
        self.checked: Final[dict[str, int]] = {}
        self.seen: Final[dict[str, int]] = {}
        self.known_broken: Final[dict[str, int]] = {}
        self.violations: list[Violation] = []
        self.actions: list[object] = []


def random_walk(walk: Walk, seed: int, steps: int) -> WalkReport:
    """Walk `steps` steps by a seed's decisions, or until a law breaks; through another world, if the seed takes one."""
    return walk_by(walk.of(seed), Seeded(seed), seed, steps)


def walk_by(walk: Walk, choices: Choices, seed: int, steps: int) -> WalkReport:
    """Walk `steps` steps by any decisions, or until a law breaks; `seed` only names the report."""
    report = WalkReport(seed)
    checker = Checker(walk.catalogue, walk.genesis())
    opening = walk.opening()
    actions: list[object] = []
    while report.steps < steps and not report.violations:
        draft = Draft(checker.state)
        action = opening[report.steps] if report.steps < len(opening) else walk.next_action(choices, draft)
        actions.append(action)
        name = type(action).__name__
        outcome = walk.protocol.transition(draft, action)
        if isinstance(outcome, Delta):
            report.accepted[name] = report.accepted.get(name, 0) + 1
            report.violations = checker.accept(action, outcome)
        else:
            reasons = report.rejected.setdefault(name, {})
            reasons[outcome.value] = reasons.get(outcome.value, 0) + 1
            report.violations = checker.refuse(action, outcome)
        report.steps += 1
        if report.steps % STEPS_BETWEEN_SCANS == 0 or report.steps == steps:
            report.scans += 1
            report.violations = report.violations or checker.scan()
    report.checked.update(checker.checked)
    report.seen.update(checker.seen)
    report.known_broken.update(checker.known_broken)
    if report.violations:
        report.actions = actions
    return report
