"""Networks in which a service falls only to all of its stake: a minimum cut is the best attack, exactly.

The maximum flow sends each service's profit to the stakes that an attack on the service loses. If all profit reaches
the sink, no attack gains, and the flow is the certificate. Otherwise the services that the residual graph still reaches
are the best attack. Source: project selection, as a closure of maximum weight.
"""

from collections import deque
from fractions import Fraction
from math import lcm
from typing import Final

from risk.network import Network

SOURCE: Final = 0
SINK: Final = 1


class Flow:
    """A flow network with integer capacities and its current flow (Dinitz' algorithm)."""

    def __init__(self, count: int) -> None:
        self.edges: Final[list[list[int]]] = [[] for _ in range(count)]
        self.to: Final[list[int]] = []
        self.left: Final[list[int]] = []
        """The residual capacity of each edge; an edge and its reverse have neighbouring numbers."""

    def add(self, start: int, end: int, capacity: int) -> int:
        """Add an edge of this capacity between the nodes `start` and `end`, with its reverse edge, and return its
        number.
        """
        for at, to, left in ((start, end, capacity), (end, start, 0)):
            self.edges[at].append(len(self.to))
            self.to.append(to)
            self.left.append(left)
        return len(self.to) - 2

    def levels(self) -> list[int]:
        """The distance of each node from the source, along edges with residual capacity; -1 for an unreachable node."""
        found = [-1] * len(self.edges)
        found[SOURCE] = 0
        waiting = deque([SOURCE])
        while waiting:
            node = waiting.popleft()
            for edge in self.edges[node]:
                if self.left[edge] > 0 and found[self.to[edge]] < 0:
                    found[self.to[edge]] = found[node] + 1
                    waiting.append(self.to[edge])
        return found

    def fill(self) -> None:
        """Increase the flow to the maximum flow from source to sink."""
        while (levels := self.levels())[SINK] >= 0:
            position = [0] * len(self.edges)
            while self._path(levels, position):
                pass

    def _path(self, levels: list[int], position: list[int]) -> bool:
        path: list[int] = []
        node = SOURCE
        while node != SINK:
            while position[node] < len(self.edges[node]):
                edge = self.edges[node][position[node]]
                if self.left[edge] > 0 and levels[self.to[edge]] == levels[node] + 1:
                    break
                position[node] += 1
            else:
                if not path:
                    return False
                edge = path.pop()
                node = self.to[edge ^ 1]
                position[node] += 1
                continue
            path.append(edge)
            node = self.to[edge]
        amount = min(self.left[edge] for edge in path)
        for edge in path:
            self.left[edge] -= amount
            self.left[edge ^ 1] += amount
        return True


def applies(network: Network) -> bool:
    """True if losses are full and every service has the threshold 1."""
    return network.losses == "full" and all(row.threshold == 1 for row in network.terms.values())


def best_attack(
    network: Network, gamma: Fraction = Fraction(0)
) -> tuple[tuple[str, ...], dict[str, dict[str, Fraction]]]:
    """The services of the attack that maximises (1 + gamma) * profit - loss; and the maximum flow from services to
    stakes.

    The flow is the part of a service's profit that it sends to a stake, by service and stake. If no attack gains, that
    flow is the certificate. The attack is the one with the fewest services among the best; no services mean that no
    attack gains.
    """
    values, weights = network.values, network.weights
    services, stakes = list(network.terms), list(values)
    profits = [(1 + gamma) * network.terms[service].profit for service in services]
    unit = lcm(*(n.denominator for n in [*profits, *values.values()]))
    node = {stake: 2 + len(services) + position for position, stake in enumerate(stakes)}
    flow = Flow(2 + len(services) + len(stakes))
    for position, profit in enumerate(profits):
        flow.add(SOURCE, 2 + position, int(profit * unit))
    everything = int(sum(profits) * unit)
    number = {service: 2 + position for position, service in enumerate(services)}
    between = {}
    for row, weight in zip(network.commitments, weights, strict=True):
        if weight > 0 and (row.service, row.stake_id) not in between:
            between[(row.service, row.stake_id)] = flow.add(number[row.service], node[row.stake_id], everything)
    for stake in stakes:
        flow.add(node[stake], SINK, int(values[stake] * unit))
    flow.fill()
    levels = flow.levels()
    sent: dict[str, dict[str, Fraction]] = {service: {} for service in services}
    for (service, stake), edge in between.items():
        if flow.left[edge ^ 1] > 0:
            sent[service][stake] = Fraction(flow.left[edge ^ 1], unit)
    # Nodes that the residual graph reaches from the source: not all of their profit reached the sink.
    return tuple(service for service in services if levels[number[service]] >= 0), sent
