"""Failure of the base layer caused by its own restaking obligations.

Consensus weight is stake, and the same stake secures services. After an operator is slashed, services may cost less to
corrupt than they are worth. Each service that falls slashes everything it can, from everybody, and so on. Consensus
fails in one of three ways: too much weight is offline (liveness); the adversary has a third of the remaining weight
(safety); a third of all weight has less to lose than an attack on consensus is worth (deterrence). The result is the
shortest such path, with steps that can be recomputed by hand, or that none exists.

A corrupted service slashes its whole allocations, like a Byzantine service of Bar-Zur and Eyal (arXiv:2503.00170).
Attackers may use any part of a stake. So corrupting a service costs its threshold of its stake, times its slash.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final, Literal

import attrs

from risk.attack import security
from risk.base_layer import THIRD, finalises
from risk.linear import ONE, ZERO
from risk.network import Commitment, Network, Stake, Terms

Goal = Literal["liveness", "safety", "deterrence"]

MOST_STATES: Final = 20_000
"""The largest number of sets of fallen services that the search for the shortest path visits."""

MOST_ALL_IN: Final = 12
"""The largest number of stakes for which joint attacks are enumerated; for more, `risk.attack` decides."""

SECONDS: Final = 20.0


@attrs.frozen
class Service:
    """A service: its profit, its threshold, and the amount of each stake that it may slash (`allocations`). Attackers
    on it lose the fraction `slash` of what they use.
    """

    profit: Fraction
    threshold: Fraction
    allocations: Mapping[str, Fraction]
    slash: Fraction = ONE


@attrs.frozen
class Consensus:
    """The base layer: the total weight, the adversary's own weight, and the prize of an attack on finality.

    A stake that has lost the fraction `ejected_at` stops validating: it is offline at once, and exits later.
    """

    total: Fraction
    adversary: Fraction
    prize: Fraction
    ejected_at: Fraction


@attrs.frozen
class Obligations:
    """The stakes with consensus weight, and the services that they secure."""

    stakes: Mapping[str, Fraction]
    services: Mapping[str, Service]


@attrs.frozen
class Step:
    """One step of a path: the initial slash (no services), or services that fall together.

    `cost` and `profit` are the attackers'; `lost` is the loss of each stake. `used` is the part of each stake that
    attackers use against each service, in joint attacks only.
    """

    services: tuple[str, ...]
    cost: Fraction
    profit: Fraction
    lost: Mapping[str, Fraction]
    used: Mapping[tuple[str, str], Fraction] = attrs.field(factory=dict)


@attrs.frozen
class Condition:
    """The state of the base layer: its offline weight, the adversary's share once that weight has exited, and the cost
    of a third.

    `third_costs` is the least amount that a third of all weight still has to lose. `broken` lists the failed goals.
    """

    offline: Fraction
    adversary_share: Fraction
    third_costs: Fraction
    broken: tuple[Goal, ...]


Shock = Mapping[str, Fraction]
"""The amount of each stake that the initial slash takes."""

Used = Mapping[tuple[str, str], Fraction]
"""The amount of each stake used against each service, by (stake, service)."""

NOTHING_JOINT: Final[Mapping[tuple[str, ...], Used]] = {}


class UndecidedError(Exception):
    """The exception for an undecided search: no joint attack was found, and no proof that none gains."""


def cost_of(used: Used, left: Mapping[str, Fraction], services: Mapping[str, Service]) -> Fraction:
    """The attackers' loss: for each stake, the sum of the slashes of the used amounts, at most the remaining amount.

    `left` is the remaining amount of each stake. `used` is the amount of each stake that attackers use against each
    service.
    """
    sums: dict[str, Fraction] = {}
    for (stake, name), amount in used.items():
        sums[stake] = sums.get(stake, ZERO) + amount * services[name].slash
    return sum((min(left[stake], amount) for stake, amount in sums.items()), ZERO)


@attrs.frozen
class Path:
    """The path of falls that one slash (`shock`) starts, with its verdict: FAILS if consensus breaks, HOLDS or UNKNOWN.

    `conditions[i]` is the base layer's condition after `steps[i]`. `shortest` is true if it is proved that no shorter
    sequence of falls breaks consensus. `why` is the reason for the verdict, in words.
    """

    shock: Shock
    verdict: str
    steps: tuple[Step, ...]
    conditions: tuple[Condition, ...]
    shortest: bool
    why: str


class BaseLayer:
    """A base layer with its obligations, and the analyses of its failure."""

    def __init__(self, obligations: Obligations, consensus: Consensus, seconds: float = SECONDS) -> None:
        self.seconds: Final = seconds
        """The time limit, in seconds, of the solver's search for each joint attack."""
        self.stakes: Final = obligations.stakes
        self.services: Final = obligations.services
        self.consensus: Final = consensus

    def left(self, shock: Shock, fallen: Iterable[str]) -> dict[str, Fraction]:
        """The remaining amount of each stake, after the initial slash and the slashes of the fallen services."""
        left = {stake: max(ZERO, amount - shock.get(stake, ZERO)) for stake, amount in self.stakes.items()}
        for service in fallen:
            for stake, amount in self.services[service].allocations.items():
                left[stake] = max(ZERO, left[stake] - amount)
        return left

    def held(self, service: str, left: Mapping[str, Fraction]) -> dict[str, Fraction]:
        """The amount of each stake that a service may still slash; `left` is the remaining amount of each stake."""
        return {stake: min(amount, left[stake]) for stake, amount in self.services[service].allocations.items()}

    def cost(self, service: str, left: Mapping[str, Fraction]) -> Fraction:
        """The cost of corrupting one service alone: its slash fraction of the stake needed. `left` is the remaining
        amount of each stake.
        """
        return self.services[service].slash * self.needed(service, left)

    def needed(self, service: str, left: Mapping[str, Fraction]) -> Fraction:
        """The stake that corrupts a service: its threshold of all that it may still slash. `left` is the remaining
        amount of each stake.
        """
        return self.services[service].threshold * sum(self.held(service, left).values(), ZERO)

    def condition(self, left: Mapping[str, Fraction]) -> Condition:
        """The condition of the base layer when the amounts `left` of each stake are left."""
        consensus = self.consensus
        offline = sum(
            (
                weight
                for stake, weight in self.stakes.items()
                if weight and weight - left[stake] >= consensus.ejected_at * weight
            ),
            ZERO,
        )
        counted = consensus.total - offline
        share = consensus.adversary / counted if counted else Fraction(1)
        third = self._third_costs(left)
        broken: list[Goal] = []
        if not finalises(consensus.total, offline):
            broken.append("liveness")
        if share >= THIRD:
            broken.append("safety")
        if third < consensus.prize:
            broken.append("deterrence")
        return Condition(offline, share, third, tuple(broken))

    def _third_costs(self, left: Mapping[str, Fraction]) -> Fraction:
        """The least amount that a third of all weight still has to lose. `left` is the remaining amount of each stake.

        The adversary's weight comes first, at no cost, then the stakes with the least left, in parts. Weight without
        obligations loses its full amount.
        """
        needed = THIRD * self.consensus.total - self.consensus.adversary
        cost = ZERO
        for stake in sorted((s for s in self.stakes if self.stakes[s]), key=lambda s: left[s] / self.stakes[s]):
            if needed <= 0:
                return cost
            part = min(needed, self.stakes[stake])
            cost += part * left[stake] / self.stakes[stake]
            needed -= part
        return cost + max(ZERO, needed)

    def falls(self, service: str, left: Mapping[str, Fraction]) -> bool:
        """True if corrupting the service alone pays: its profit exceeds its cost. `left` is the remaining amount of
        each stake.
        """
        return self.services[service].profit > self.cost(service, left)

    def joint(self, left: Mapping[str, Fraction], fallen: frozenset[str]) -> tuple[tuple[str, ...], Used] | None:
        """A joint attack that gains, as its services and its use of each stake; None if no joint attack gains.

        `left` is the remaining amount of each stake, and `fallen` are the services corrupted before. Among at most
        MOST_ALL_IN stakes, every set of wholly used stakes is tried; other stakes cover the remaining need of each
        service. Otherwise `risk.attack` finds an attack or a certificate. Raises UndecidedError if it finds neither.
        """
        standing = [name for name in self.services if name not in fallen]
        if self._nothing_pays(left, standing):
            return None
        held = {name: self.held(name, left) for name in standing}
        members = sorted({stake for row in held.values() for stake, amount in row.items() if amount})
        if len(members) <= MOST_ALL_IN:
            return self._tried(left, held, members)
        verdict = security(self._network(left, held), seconds=self.seconds)
        if verdict.word == "SECURE":
            return None
        if verdict.attack is None:
            raise UndecidedError(f"no attack on several services was found in {self.seconds:g} s, and no proof of none")
        used = {(use.stake_id, use.service): use.part * held[use.service][use.stake_id] for use in verdict.attack.uses}
        return verdict.attack.services, used

    def _tried(
        self, left: Mapping[str, Fraction], held: Mapping[str, Mapping[str, Fraction]], members: Sequence[str]
    ) -> tuple[tuple[str, ...], Used] | None:
        """The joint attack with the largest gain, by enumeration of the stakes `members` that are used whole; None if
        none gains. `held` is what each standing service may slash of each stake.
        """
        needs = {name: self.needed(name, left) for name in held}
        best: tuple[Fraction, tuple[str, ...], Used] = (ZERO, (), {})
        for chosen in range(1 << len(members)):
            all_in = [stake for i, stake in enumerate(members) if chosen >> i & 1]
            gain, taken = -sum((left[stake] for stake in all_in), ZERO), []
            used: dict[tuple[str, str], Fraction] = {}
            for name, row in held.items():
                short = max(ZERO, needs[name] - sum((row.get(stake, ZERO) for stake in all_in), ZERO))
                cost = self.services[name].slash * short
                if self.services[name].profit > cost:
                    gain += self.services[name].profit - cost
                    taken.append(name)
                    used |= {(stake, name): row[stake] for stake in all_in if stake in row}
                    for stake in row:
                        if stake not in all_in and short > 0:
                            used[(stake, name)] = min(short, row[stake])
                            short -= used[(stake, name)]
            if gain > best[0]:
                best = (gain, tuple(taken), used)
        return best[1:] if best[1] else None

    def _network(self, left: Mapping[str, Fraction], held: Mapping[str, Mapping[str, Fraction]]) -> Network:
        """The remaining stakes and the standing services as a network with divisible stakes. `left` is the amount of
        each stake, and `held` the amount that each standing service can slash of each stake.
        """
        return Network(
            {"kind": "base layer"},
            "sum",
            is_divisible=True,
            stakes=tuple(Stake(stake, "stake", amount) for stake, amount in left.items()),
            commitments=tuple(
                Commitment(stake, stake, name, amount)
                for name, row in held.items()
                for stake, amount in row.items()
                if amount
            ),
            prices={"stake": Fraction(1)},
            terms={
                name: Terms(about.profit, about.threshold, about.slash)
                for name in held
                for about in [self.services[name]]
            },
        )

    def _nothing_pays(self, left: Mapping[str, Fraction], standing: Sequence[str]) -> bool:
        """True if a sufficient condition proves that no attack on these services gains, alone or together.

        A unit of stake earns at most a service's profit over its need. The condition: no service's profit exceeds its
        cost, and no stake, used whole against all its services, earns more than it loses. `left` is the remaining
        amount of each stake, and `standing` are the services.
        """
        brought = dict.fromkeys(self.stakes, ZERO)
        for name in standing:
            needed, profit = self.needed(name, left), self.services[name].profit
            if profit > self.cost(name, left):
                return False
            if profit:
                for stake, amount in self.held(name, left).items():
                    brought[stake] += profit / needed * amount
        return all(brought[stake] <= left[stake] for stake in self.stakes)

    def path(self, shock: Shock) -> Path:
        """The path from a slash of these stakes: FAILS with the shortest failure of
        consensus found, else HOLDS or UNKNOWN.
        """
        return self.one_by_one(shock) or self._beyond(shock)

    def one_by_one(self, shock: Shock) -> Path | None:
        """The shortest path if services fall one at a time; None if only joint attacks on several can decide.

        HOLDS if consensus survives the loss of everything that any service may slash: more falls only make it worse.
        """
        start = self.condition(self.left(shock, ()))
        first = Step((), ZERO, ZERO, shock)
        if start.broken:
            return Path(shock, "FAILS", (first,), (start,), shortest=True, why="the slash alone breaks it")
        if not self.condition(self.left(shock, self.services)).broken:
            return Path(
                shock,
                "HOLDS",
                (first,),
                (start,),
                shortest=True,
                why="it does even if every service takes all that it may",
            )
        fewest, complete = self._fewest(shock)
        return None if fewest is None else self._told(shock, [(name,) for name in fewest], complete)

    def _fewest(self, shock: Shock) -> tuple[tuple[str, ...] | None, bool]:
        """The fewest services whose falls, one at a time, break consensus, or None; and True if proved fewest."""
        level: dict[frozenset[str], tuple[str, ...]] = {frozenset(): ()}
        seen = 0
        while level:
            wider: dict[frozenset[str], tuple[str, ...]] = {}
            for fallen, order in level.items():
                left = self.left(shock, fallen)
                for name in self._falling(left, fallen):
                    more = fallen | {name}
                    if more not in wider:
                        seen += 1
                        if seen > MOST_STATES:
                            return self._greedy(shock), False
                        wider[more] = (*order, name)
                        if self.condition(self.left(shock, more)).broken:
                            return wider[more], True
            level = wider
        return None, True

    def _falling(self, left: Mapping[str, Fraction], fallen: frozenset[str]) -> Iterator[str]:
        return (name for name in self.services if name not in fallen and self.falls(name, left))

    def _closure(self, shock: Shock, fallen: frozenset[str]) -> tuple[list[str], frozenset[str]]:
        """The services that fall, one at a time, after the services `fallen`, as a sequence; and the set of all fallen
        services. The set is the same for every order of falls.
        """
        order: list[str] = []
        while True:
            name = next(self._falling(self.left(shock, fallen), fallen), None)
            if name is None:
                return order, fallen
            order.append(name)
            fallen |= {name}

    def _greedy(self, shock: Shock) -> tuple[str, ...] | None:
        """A sequence of services whose falls, one at a time, break consensus; None if all their falls do not."""
        order, _ = self._closure(shock, frozenset())
        for count in range(1, len(order) + 1):
            if self.condition(self.left(shock, order[:count])).broken:
                return tuple(order[:count])
        return None

    def _beyond(self, shock: Shock) -> Path:
        """The path that continues with joint attacks after all services that fall one at a time.

        FAILS as soon as consensus breaks. UNKNOWN if a search is undecided, or if no further attack gains but another
        order of attacks might break consensus. Otherwise HOLDS.
        """
        order, fallen = self._closure(shock, frozenset())
        groups: list[tuple[str, ...]] = [(name,) for name in order]
        joint: dict[tuple[str, ...], Used] = {}
        while True:
            left = self.left(shock, fallen)
            try:
                found = self.joint(left, fallen)
            except UndecidedError as problem:
                path = self._told(shock, groups, shortest=False, joint=joint)
                return attrs.evolve(path, verdict="UNKNOWN", why=str(problem))
            if found is None:
                path = self._told(shock, groups, shortest=True, joint=joint)
                why = "after these falls no attack on any service gains, alone or together"
                if joint or self.condition(self.left(shock, self._most_fallen(shock, fallen))).broken:
                    return attrs.evolve(
                        path, verdict="UNKNOWN", why=f"{why}; another order of attacks is not ruled out"
                    )
                return attrs.evolve(path, verdict="HOLDS", why=why)
            groups.append(found[0])
            joint[found[0]] = found[1]
            fallen |= set(found[0])
            if self.condition(self.left(shock, fallen)).broken:
                return self._told(shock, groups, shortest=False, joint=joint)

    def _most_fallen(self, shock: Shock, fallen: frozenset[str]) -> frozenset[str]:
        """A superset of the services that can fall in any order of attacks; valid only if no further attack gains now.

        A joint attack may be cheaper before other services fall, and earlier profit may pay for an unprofitable fall.
        So services are added as long as the profit of all added ones could pay for an attack on another.
        """
        if not fallen:
            return fallen
        most = self.left(shock, ())
        while True:
            least = self.left(shock, fallen)
            budget = sum((self.services[name].profit for name in fallen), ZERO)
            fresh = {name for name, worth in self._worth_at_most(least, most, fallen).items() if worth > -budget}
            if not fresh:
                return fallen
            fallen |= fresh

    def _worth_at_most(
        self, least: Mapping[str, Fraction], most: Mapping[str, Fraction], fallen: frozenset[str]
    ) -> dict[str, Fraction]:
        """For each service not in `fallen`, an upper bound on the gain of any attack that includes this service.

        The remaining amount of each stake is anywhere between `least` and `most`. In the bound, a wholly used stake
        costs its least amount and counts with its most; thresholds apply to the least amounts. For more than
        MOST_ALL_IN stakes it is coarser: all profits minus the service's own cost.
        """
        standing = [name for name in self.services if name not in fallen]
        low, high = ({name: self.held(name, left) for name in standing} for left in (least, most))
        members = sorted({stake for row in high.values() for stake, amount in row.items() if amount})
        if len(members) > MOST_ALL_IN:
            every = sum((self.services[name].profit for name in standing), ZERO)
            return {name: every - self.cost(name, least) for name in standing}
        found: dict[str, Fraction] = {}
        for chosen in range(1 << len(members)):
            all_in = {stake for i, stake in enumerate(members) if chosen >> i & 1}
            gains = {}
            for name in standing:
                share = self.services[name].threshold
                needed = share * sum((amount for stake, amount in low[name].items() if stake not in all_in), ZERO)
                spared = (1 - share) * sum((amount for stake, amount in high[name].items() if stake in all_in), ZERO)
                gains[name] = self.services[name].profit - self.services[name].slash * max(ZERO, needed - spared)
            best = sum((gain for gain in gains.values() if gain > 0), ZERO)
            best -= sum((least[stake] for stake in all_in), ZERO)
            for name, gain in gains.items():
                worth = best + min(gain, ZERO)
                found[name] = max(found.get(name, worth), worth)
        return found

    def _told(
        self,
        shock: Shock,
        groups: Sequence[tuple[str, ...]],
        shortest: bool,
        joint: Mapping[tuple[str, ...], Used] = NOTHING_JOINT,
    ) -> Path:
        """The path as steps, each with its cost, profit and losses, and the condition after each step.

        `groups` are the services that fall in each step. `joint` has the uses of stake in the steps that are joint
        attacks. `shortest` is copied into the path.
        """
        left = self.left(shock, ())
        steps = [Step((), ZERO, ZERO, shock)]
        conditions = [self.condition(left)]
        fallen: list[str] = []
        for group in groups:
            profit = sum((self.services[name].profit for name in group), ZERO)
            used = joint.get(group, {})
            cost = cost_of(used, left, self.services) if group in joint else self.cost(group[0], left)
            fallen += group
            after = self.left(shock, fallen)
            lost = {stake: left[stake] - after[stake] for stake in left if left[stake] != after[stake]}
            steps.append(Step(group, cost, profit, lost, used))
            left = after
            conditions.append(self.condition(left))
        verdict = "FAILS" if conditions[-1].broken else "HOLDS"
        falls = "1 fall" if len(groups) == 1 else f"{len(groups)} falls"
        why = f"{', '.join(conditions[-1].broken)} lost after {falls}" if conditions[-1].broken else ""
        return Path(shock, verdict, tuple(steps), tuple(conditions), shortest, why)


def is_path(layer: BaseLayer, path: Path) -> bool:
    """True if each step of a path pays and slashes as recorded, and the last step breaks consensus.

    This checks the definitions, independently of the search.
    """
    left = {stake: max(ZERO, amount - path.shock.get(stake, ZERO)) for stake, amount in layer.stakes.items()}
    fallen: set[str] = set()
    for step in path.steps[1:]:
        if fallen & set(step.services) or not step.profit > step.cost:
            return False
        if step.profit != sum((layer.services[name].profit for name in step.services), ZERO):
            return False
        needed = ZERO
        for name in step.services:
            service = layer.services[name]
            held = {stake: min(amount, left[stake]) for stake, amount in service.allocations.items()}
            needed = service.threshold * sum(held.values(), ZERO)
            uses = {stake: amount for (stake, other), amount in step.used.items() if other == name}
            if any(not 0 <= amount <= held[stake] for stake, amount in uses.items()):
                return False
            if step.used and sum(uses.values(), ZERO) < needed:
                return False
        alone = needed * layer.services[step.services[0]].slash if len(step.services) == 1 else None
        if step.cost != (cost_of(step.used, left, layer.services) if step.used else alone):
            return False
        for name in step.services:
            for stake, amount in layer.services[name].allocations.items():
                left[stake] = max(ZERO, left[stake] - amount)
        fallen |= set(step.services)
    return layer.condition(left) == path.conditions[-1] and bool(path.conditions[-1].broken)


def shortest_path(layer: BaseLayer, shocks: Mapping[str, Shock]) -> tuple[str, Path]:
    """The operator whose slash has the shortest path found to a break of consensus, with this path; ties go to the
    smallest slash. A path is the sequence in which services fall after a slash. `shocks` has each operator's slash.

    If no slash breaks consensus, the path is the first UNKNOWN one, or the longest if all are HOLDS. Joint attacks on
    several services are searched only if services that fall one at a time break consensus for no operator.
    """
    paths: dict[str, Path] = {}
    open_: list[str] = []
    for operator, shock in sorted(shocks.items()):
        path = layer.one_by_one(shock)
        if path is None:
            open_.append(operator)
        else:
            paths[operator] = path
    if not any(path.verdict == "FAILS" for path in paths.values()):
        paths |= {operator: layer.path(shocks[operator]) for operator in open_}
    failing = [operator for operator, path in paths.items() if path.verdict == "FAILS"]
    unknown = [operator for operator, path in paths.items() if path.verdict == "UNKNOWN"]
    if failing:
        found = min(failing, key=lambda name: (len(paths[name].steps), sum(paths[name].shock.values(), ZERO)))
    else:
        found = unknown[0] if unknown else max(paths, key=lambda name: len(paths[name].steps))
    return found, paths[found]
