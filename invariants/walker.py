"""Random walks: long seeded runs that check the laws at every step, and every few hundred steps by a full scan.

A walk has a world and a function that draws the next action from the current state. Most of its calls are accepted, and
rare ones aim at edge cases. One seed gives one walk, interpreted or compiled, on any machine.
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
"""The number of consecutive seeds among which one seed walks through a scenario."""


WORLDS: Final = 64
"""The number of variants of a walk's world among which a seed chooses; a process builds each variant only once."""


class Walk:
    """A random walk through one protocol: its opening calls, and a function that draws the next action.

    `world` is the head of a trace file. `scenarios` are walks through worlds made for situations that ordinary walks
    hardly reach; one seed in ten takes one. `worlds` returns, for a number, a walk through a variant of this world:
    with other delays, clocks, addresses, allowances and owners. Any other seed takes the walk number `seed % WORLDS`;
    number 0, and every number without `worlds`, is this walk itself.
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
        """The walk that a seed takes: this walk, one of its scenarios, or a walk through a variant of its world."""
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
        """A copy of the walk and its scenarios with only the laws and witnesses whose id passes the test `keeps`."""
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
        """A copy of the walk and its scenarios that checks `laws` as well. These may be laws and witnesses, but count
        as no model laws.

        Raises ValueError if two laws share an id.
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
        """A copy of the walk, its scenarios and its drawn worlds for another release of the protocol.

        `changed` turns the head of each world into that of the release; `catalogue` has the release's laws.
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
        """A copy of the walk without model laws, which restate the rules."""
        return self.where(lambda law_id: law_id not in self.catalogue.model)

    def only(self, laws: Sequence[str]) -> "Walk":
        """A copy of the walk that checks only the laws and witnesses with these ids, or all of them if
        `laws` is empty.
        """
        return self.where(lambda law_id: law_id in laws) if laws else self

    def genesis(self) -> State:
        """The genesis state of the walk's world, as a copy that the caller may change."""
        if self._genesis is None:
            self._genesis = self.protocol.read_trace(self.protocol.write_trace(self.world, [])).genesis
        return self._genesis.copy()


def with_laws(catalogue: Catalogue, laws: Sequence[Law]) -> Catalogue:
    """A copy of the catalogue with some laws and witnesses added, and with the sums that these use."""
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
    """Append a sum to `sums`, unless it is there already. The inner sum of a NestedSum is appended before it."""
    if isinstance(total, NestedSum):
        _add(total.inner, sums)
    if total not in sums:
        sums.append(total)


class WalkReport:
    """The result of a walk.

    It counts, by name or id: the accepted calls of each action, the rejected ones by reason, the checks of each law,
    and the steps that reached each witness. Known violations are counted by law. `violations` are all other violations.
    `actions` are all actions of the walk if there was a violation, otherwise empty.
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
    """Walk up to `steps` calls, the opening's included, or until a law breaks. `seed` gives the decisions, and selects
    the walk's world.
    """
    return walk_by(walk.of(seed), Seeded(seed), seed, steps)


def walk_by(walk: Walk, choices: Choices, seed: int, steps: int) -> WalkReport:
    """Walk up to `steps` calls, the opening's included, or until a law breaks. `choices` gives the decisions; `seed` is
    only stored in the report.
    """
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
            report.violations = checker.reject(action, outcome)
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
