"""Cascades of networks that are too large to enumerate: the solver's proposal, checked exactly.

The lower bound comes with a witness. The upper bound is Durvasula and Roughgarden's Theorem 1, for a proved slack.
"""

from fractions import Fraction
from typing import Any, Final

import attrs
import highspy
import numpy as np

from risk.attack import Attack, Question, Use, gamma_eigenlayer
from risk.cascade import Strike, bound
from risk.network import Network
from risk.program import Claim
from risk.solver import silence

TOLERANCE: Final = 1e-9


@attrs.frozen
class Found:
    """Bounds on the largest fraction of all stake that a shock and the attacks after it lose together.

    A shock destroys at most the fraction `psi`. The shock `shock` and the attacks `strikes` lose the fraction
    `at_least`. Every cascade loses less than `at_most`. It is None if no positive slack is proved, or if some service
    has no stake behind it.
    """

    psi: Fraction
    at_least: Fraction
    at_most: Fraction | None
    shock: tuple[str, ...]
    strikes: tuple[Strike, ...]


def without(network: Network, removed: set[str]) -> Network:
    """The network without the removed stakes and their commitments; thresholds apply to the remaining weight."""
    return attrs.evolve(
        network,
        stakes=tuple(stake for stake in network.stakes if stake.stake_id not in removed),
        commitments=tuple(row for row in network.commitments if row.stake_id not in removed),
    )


def attack_with(network: Network, stakes: set[str], services: set[str] | None = None) -> Attack | None:
    """The attack in which these stakes corrupt all services that they can, or only those in `services`.

    None if it does not pay. Stakes without weight in any service are lost too, and count as a cost.
    """
    weight = dict.fromkeys(network.terms, Fraction(0))
    uses = []
    for row, w in zip(network.commitments, network.weights, strict=True):
        if row.stake_id in stakes and w:
            weight[row.service] += w
            uses.append(Use(row.stake_id, row.operator, row.service))
    behind = network.secured_by
    falls = [
        s
        for s, terms in network.terms.items()
        if weight[s] >= terms.threshold * behind[s] and (services is None or s in services)
    ]
    attack = Question(network).attack(Claim(), falls, uses)
    values = network.values
    idle = sum((values[stake] for stake in stakes - {use.stake_id for use in uses}), Fraction(0))
    return attack if attack is not None and attack.value > idle else None


def search(network: Network, psi: Fraction, seconds: float, gamma: Fraction | None = None) -> Found:
    """The worst shock and the attack after it that the solver finds in `seconds`, with exact bounds.

    The shock destroys at most the fraction `psi` of all stake. Every slash counts as a loss of the whole stake,
    whatever rule the network has for losses. `gamma` is a proved slack, if known.
    """
    network = network.whole()
    sufficient = gamma_eigenlayer(network)
    gammas = [known for known in (gamma, sufficient) if known is not None and all(network.secured_by.values())]
    at_most = bound(max(gammas), psi) if gammas else None
    values = network.values
    total = sum(values.values(), Fraction(0))
    shock, attackers = _propose(network, psi, seconds)
    while (over := sum((values[stake] for stake in shock), Fraction(0)) - psi * total) > 0:
        # The solver overstepped a tolerance: drop the smallest stake that is enough, or else the largest.
        enough = [stake for stake in shock if values[stake] >= over]
        spared = min(enough, key=values.__getitem__) if enough else max(shock, key=values.__getitem__)
        shock.remove(spared)
    attackers -= shock
    attack = attack_with(without(network, shock), attackers) if attackers else None
    strikes = _story(network, shock, attackers, set(attack.services)) if attack is not None else ()
    lost = shock | (attackers if attack is not None else set())
    part = sum((values[stake] for stake in lost), Fraction(0)) / total if total else Fraction(0)
    names = tuple(stake.stake_id for stake in network.stakes if stake.stake_id in shock)
    return Found(psi, part, at_most, names, strikes)


def _propose(network: Network, psi: Fraction, seconds: float) -> tuple[set[str], set[str]]:
    """The ids of two disjoint sets of stakes, from one integer program: those that a shock destroys, worth at most the
    fraction `psi` of all stake, and those that attack after it. Both are empty if the solver finds none in `seconds`.
    """
    stakes, services = [s.stake_id for s in network.stakes], list(network.terms)
    values = network.values
    total = float(sum(values.values(), Fraction(0))) or 1.0
    with silence():
        highs: Any = highspy.Highs()
        for name, setting in (("output_flag", False), ("threads", 1), ("time_limit", float(seconds))):
            highs.setOptionValue(name, setting)
        # The gain must exceed the solver's tolerance: a tie is no attack.
        for name in ("mip_feasibility_tolerance", "primal_feasibility_tolerance"):
            highs.setOptionValue(name, TOLERANCE)
    count = len(stakes)
    variables = 2 * count + len(services) + 1
    highs.addVars(variables, np.zeros(variables), np.ones(variables))
    worth = [float(values[stake]) / total for stake in stakes]
    highs.changeColsCost(2 * count, np.arange(2 * count, dtype=np.int32), np.array(worth + worth))
    highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
    for position in range(variables):
        highs.changeColIntegrality(position, highspy.HighsVarType.kInteger)

    def row(low: float, high: float, entries: list[tuple[int, float]]) -> None:
        index = np.array([position for position, _ in entries], dtype=np.int32)
        highs.addRow(low, high, len(entries), index, np.array([number for _, number in entries]))

    infinity = highspy.kHighsInf
    row(-infinity, float(psi), [(count + v, worth[v]) for v in range(count)])
    for v in range(count):
        row(-infinity, 1, [(v, 1.0), (count + v, 1.0)])
        row(-infinity, 0, [(v, 1.0), (variables - 1, -1.0)])
    number = {stake: position for position, stake in enumerate(stakes)}
    behind = network.secured_by
    for s, service in enumerate(services):
        need = float(behind[service] * network.terms[service].threshold)
        if need:
            entries: dict[int, float] = {2 * count + s: -1.0}
            for commitment, weight in zip(network.commitments, network.weights, strict=True):
                if commitment.service == service:
                    v = number[commitment.stake_id]
                    entries[v] = entries.get(v, 0.0) + float(weight) / need
                    share = float(weight * network.terms[service].threshold) / need
                    entries[count + v] = entries.get(count + v, 0.0) + share
            row(0, infinity, list(entries.items()))
    profits = [float(network.terms[service].profit) / total for service in services]
    gains = [(2 * count + s, profit) for s, profit in enumerate(profits)]
    row(0, infinity, [*gains, *[(v, -worth[v]) for v in range(count)], (variables - 1, -100 * TOLERANCE)])
    highs.run()
    if highs.getInfo().primal_solution_status != 2:
        return set(), set()
    chosen = list(highs.getSolution().col_value)
    return (
        {stake for v, stake in enumerate(stakes) if chosen[count + v] > 0.5},
        {stake for v, stake in enumerate(stakes) if chosen[v] > 0.5},
    )


def _story(network: Network, shock: set[str], attackers: set[str], services: set[str]) -> tuple[Strike, ...]:
    """The attack of the stakes `attackers` on `services` after a shock, as a cascade of attacks.

    Sets of stakes that profit on their own attack first, the cheapest before the others. The rest attack together.
    """
    values = network.values
    removed, left, still = set(shock), set(attackers), set(services)
    strikes: list[Strike] = []
    while left:
        now = without(network, removed)
        steps: list[tuple[Fraction, set[str], Attack | None]] = []
        for service in sorted(still):
            fewest = _fewest(now, service, left)
            found = attack_with(now, fewest, still) if fewest else None
            if found is not None and fewest < left:
                steps.append((sum((values[stake] for stake in fewest), Fraction(0)), fewest, found))
        _, stakes, attack = (
            min(steps, key=lambda step: step[0]) if steps else (None, left, attack_with(now, left, still))
        )
        if attack is None:  # The earlier attacks made the rest unprofitable: report one joint attack.
            return (_strike(network, attackers, services),)
        strikes.append(_strike(network, stakes, set(attack.services)))
        removed, left, still = removed | stakes, left - stakes, still - set(attack.services)
    return tuple(strikes)


def _strike(network: Network, stakes: set[str], services: set[str]) -> Strike:
    """A strike whose names are in the network's order."""
    return Strike(
        tuple(service for service in network.terms if service in services),
        tuple(stake.stake_id for stake in network.stakes if stake.stake_id in stakes),
    )


def _fewest(network: Network, service: str, allowed: set[str]) -> set[str]:
    """A small set of the allowed stakes that corrupts a service: the heaviest stakes, without superfluous ones.

    Empty if all allowed stakes together do not corrupt it, or if the service needs no stake.
    """
    weight: dict[str, Fraction] = {}
    for row, w in zip(network.commitments, network.weights, strict=True):
        if row.service == service and row.stake_id in allowed:
            weight[row.stake_id] = weight.get(row.stake_id, Fraction(0)) + w
    need = network.terms[service].threshold * network.secured_by[service]
    chosen: dict[str, Fraction] = {}
    for stake, w in sorted(weight.items(), key=lambda item: (-item[1], item[0])):
        if sum(chosen.values(), Fraction(0)) >= need:
            break
        chosen[stake] = w
    for stake in sorted(chosen, key=lambda stake: (chosen[stake], stake)):
        if sum(chosen.values(), Fraction(0)) - chosen[stake] >= need:
            del chosen[stake]
    return set(chosen) if sum(chosen.values(), Fraction(0)) >= need else set()
