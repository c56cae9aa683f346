"""Small random networks, and an enumeration of every attack on them: the oracle for solvers and proof trees.

It is written independently of them on purpose, and knows neither the columns nor the multipliers of a linear program.
"""

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import prod
from typing import cast

from risk.network import Commitment, Losses, Network, Stake, Terms

ZERO = Fraction(0)
KINDS = ("full", "partial", "unique", "shared", "max", "product", "elastic")


def draw(kind: str, seed: int) -> Network:
    """A random network of two to four stakes and up to nine commitments, near the point where attacks become
    profitable.

    `kind` chooses how losses of one stake add up. With `unique` each unit of stake is promised once; with `elastic`
    attacks may use part of a commitment.
    """
    chance = random.Random(f"{kind} {seed}")
    stakes = [chance.randint(1, 20) for _ in range(chance.randint(2, 4))]
    services = [f"s{position}" for position in range(chance.randint(1, 4))]
    pairs = [(v, s) for v in range(len(stakes)) for s in services if chance.random() < 0.6][:9]
    losses = {"full": "full", "max": "max", "partial": "max", "product": "product"}.get(kind, "sum")
    left = list(stakes)
    rows = []
    for v, service in pairs:
        amount = stakes[v] if kind == "full" else chance.randint(0, left[v])
        if kind == "unique":
            left[v] -= amount
        # A vault has several operators, and each may be promised all of it.
        operator = f"o{v}" if kind == "full" or chance.random() < 0.7 else f"o{v + 10}"
        rows.append(Commitment(f"v{v}", operator, service, Fraction(amount)))
    price = Fraction(chance.randint(1, 3), chance.randint(1, 3))
    behind = {service: sum((r.amount for r in rows if r.service == service), ZERO) * price for service in services}
    threshold = {s: chance.choice([Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), Fraction(1)]) for s in services}
    slashed = {
        s: Fraction(chance.randint(1, 4), 4) if kind in ("partial", "product") else Fraction(1) for s in services
    }
    terms = {
        s: Terms(
            Fraction(round(behind[s] * threshold[s] * slashed[s] * chance.randint(2, 14) / 10)),
            threshold[s],
            slashed[s],
        )
        for s in services
    }
    return Network(
        {"kind": "random", "seed": str(seed)},
        cast(Losses, losses),
        kind == "elastic",
        tuple(Stake(f"v{v}", "token", Fraction(amount)) for v, amount in enumerate(stakes)),
        tuple(rows),
        {"token": price},
        terms,
    )


def attacks(network: Network) -> Iterator[tuple[Fraction, Fraction]]:
    """Profit and loss of every attack that corrupts something and could corrupt nothing more with the stake it uses."""
    values, weights = network.values, network.weights
    needs = {s: network.terms[s].threshold * total for s, total in network.secured_by.items()}
    rows = list(zip(network.commitments, weights, strict=True))
    if network.is_divisible:
        yield from _elastic_attacks(network, needs)
        return
    is_full = network.losses == "full"
    choices: list[object] = [*values] if is_full else [*range(len(rows))]
    for size in range(len(choices) + 1):
        for chosen in combinations(choices, size):
            used = [(r, w) for e, (r, w) in enumerate(rows) if (r.stake_id if is_full else e) in chosen]
            behind = {s: sum((w for r, w in used if r.service == s), ZERO) for s in needs}
            fallen = [s for s, need in needs.items() if behind[s] >= need]
            if fallen:
                lost = sum((_lost(network, stake, used) for stake in values if not is_full), ZERO)
                lost += sum((values[stake] for stake in values if is_full and stake in chosen), ZERO)
                yield sum((network.terms[s].profit for s in fallen), ZERO), lost


def _lost(network: Network, stake: str, used: list[tuple[Commitment, Fraction]]) -> Fraction:
    value = network.values[stake]
    parts = [w * network.terms[r.service].slash for r, w in used if r.stake_id == stake]
    if network.losses == "sum":
        return min(value, sum(parts, ZERO))
    if network.losses == "max":
        return max(parts, default=ZERO)
    return value * (1 - prod((1 - part / value for part in parts), start=Fraction(1))) if value else ZERO


def _elastic_attacks(network: Network, needs: dict[str, Fraction]) -> Iterator[tuple[Fraction, Fraction]]:
    """Yields the profit and loss of attacks on a network of elastic stakes, which use and lose a chosen set of stakes
    whole.

    `needs` is the weight that each service needs to be corrupted. Weight still missing is used from the other stakes,
    which lose the service's slash fraction of it.
    """
    values = network.values
    rows = list(zip(network.commitments, network.weights, strict=True))
    for size in range(len(values) + 1):
        for all_in in combinations(values, size):
            missing = {
                s: max(ZERO, need - sum((w for r, w in rows if r.service == s and r.stake_id in all_in), ZERO))
                * network.terms[s].slash
                for s, need in needs.items()
            }
            paid = sum((values[stake] for stake in all_in), ZERO)
            for count in range(1, len(needs) + 1):
                for services in combinations(needs, count):
                    profit = sum((network.terms[s].profit for s in services), ZERO)
                    yield profit, paid + sum((missing[s] for s in services), ZERO)


def best_value(network: Network) -> Fraction:
    """The greatest gain of an attack: its profit less its loss."""
    return max(profit - lost for profit, lost in attacks(network))


def gamma(network: Network) -> Fraction | None:
    """The slack of a network: the least ratio of loss to profit over all attacks, less one. None if no attack has a
    profit.
    """
    return min((lost / profit - 1 for profit, lost in attacks(network) if profit > 0), default=None)
