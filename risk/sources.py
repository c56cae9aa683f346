"""Constructors of networks: from a protocol's state, from a list of operators, and from the literature.

The literature has two forms: the restaking graph and the elastic network.
"""

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import attrs

from risk.network import Commitment, Network, Stake, Terms, fields, listed, rational, read_terms, text, written
from spec.codec import Json, MalformedTrace, as_object
from spec.security import Security

UNIT_PRICE: Final = Fraction(1)


@attrs.frozen
class Declared:
    """The declared terms of one file: prices by token and terms by service.

    `other_price` and `other_terms` apply to tokens and services that the file does not name.
    """

    prices: Mapping[str, Fraction]
    terms: Mapping[str, Terms]
    other_price: Fraction | None = None
    other_terms: Terms | None = None

    def price(self, token: str) -> Fraction:
        """The declared price of one unit of a token. Raises MalformedTrace if the file declares none and no
        `other_price`.
        """
        price = self.prices.get(token, self.other_price)
        if price is None:
            raise MalformedTrace(f"prices.{token}", "missing: stake is held in it")
        return price

    def of(self, service: str) -> Terms:
        """The declared terms of a service. Raises MalformedTrace if the file declares none and no `other_terms`."""
        terms = self.terms.get(service, self.other_terms)
        if terms is None:
            raise MalformedTrace(f"services.{service}", "missing: stake secures it")
        return terms


def read_terms_file(document: Json) -> Declared:
    """The declared terms, read from JSON: `prices` and `services`, and defaults in `other_price` and `other_services`.

    All four fields are optional. Raises MalformedTrace, with the field, for an unknown field or a malformed value.
    """
    root = fields(document, "", [], ["prices", "services", "other_price", "other_services"])
    return Declared(
        {
            token: rational(price, f"prices.{token}")
            for token, price in as_object(root.get("prices", {}), "prices").items()
        },
        {
            service: read_terms(row, f"services.{service}")
            for service, row in as_object(root.get("services", {}), "services").items()
        },
        rational(root["other_price"], "other_price") if "other_price" in root else None,
        read_terms(root["other_services"], "other_services") if "other_services" in root else None,
    )


def from_security(security: Security, declared: Declared, origin: Mapping[str, Json]) -> Network:
    """The network that a protocol's state secures, under declared terms; losses of one stake are summed.

    It contains every service of `security`, even one without stake. `origin` is written into the network, to say where
    the state is from. Raises MalformedTrace for an undeclared price or term.
    """
    return Network(
        origin,
        "sum",
        is_divisible=False,
        stakes=tuple(Stake(row.stake_id, row.token, Fraction(row.amount)) for row in security.stakes),
        commitments=tuple(
            Commitment(
                row.stake_id, row.operator, row.service, Fraction(row.amount), row.slasher, row.until, row.vetoer
            )
            for row in security.commitments
        ),
        prices={row.token: declared.price(row.token) for row in security.stakes},
        terms={service: declared.of(service) for service in security.services},
    )


def secured_only(network: Network) -> Network:
    """A copy of the network without the services that have no stake behind them: an attack on such a service costs
    nothing.
    """
    behind = network.secured_by
    return attrs.evolve(
        network,
        terms={s: terms for s, terms in network.terms.items() if behind[s] > 0},
        commitments=tuple(row for row in network.commitments if behind[row.service] > 0),
    )


def graph(
    validators: Mapping[str, Fraction], services: Mapping[str, tuple[Terms, Sequence[str]]], origin: str = "graph"
) -> Network:
    """A restaking graph: every validator stakes its whole stake on each of its services, and an attack loses all of it.

    `validators` has the stake of each, and `services` maps each service to its terms and its validators. `origin` names
    the kind of source in the network's document. Source: Durvasula and Roughgarden.
    """
    return Network(
        {"kind": origin},
        "full",
        is_divisible=False,
        stakes=tuple(Stake(name, "stake", amount) for name, amount in validators.items()),
        commitments=tuple(
            Commitment(name, name, service, validators[name])
            for service, (_, names) in services.items()
            for name in names
        ),
        prices={"stake": UNIT_PRICE},
        terms={service: terms for service, (terms, _) in services.items()},
    )


def elastic(
    stakes: Sequence[Fraction],
    allocations: Sequence[Sequence[Fraction]],
    prizes: Sequence[Fraction],
    thresholds: Sequence[Fraction],
) -> Network:
    """An elastic network of validators `v0`, `v1`, ... and services `s0`, `s1`, ...

    `allocations[v][s]` is what validator v allocates to service s. An attacker may use any part of an allocation; a
    validator loses the sum of the used parts, at most its stake. `prizes` and `thresholds` are by service.
    Source: Bar-Zur and Eyal.
    """
    return Network(
        {"kind": "elastic"},
        "sum",
        is_divisible=True,
        stakes=tuple(Stake(f"v{position}", "stake", amount) for position, amount in enumerate(stakes)),
        commitments=tuple(
            Commitment(f"v{v}", f"v{v}", f"s{s}", amount)
            for v, row in enumerate(allocations)
            for s, amount in enumerate(row)
            if amount > 0
        ),
        prices={"stake": UNIT_PRICE},
        terms={
            f"s{position}": Terms(prize, threshold)
            for position, (prize, threshold) in enumerate(zip(prizes, thresholds, strict=True))
        },
    )


@attrs.frozen
class Operator:
    """An operator in a list of operators: its name, its stake, and the number of services that it serves.

    The list does not name the services.
    """

    name: str
    amount: Fraction
    service_count: int


def read_operators(document: Json) -> tuple[dict[str, Json], list[Operator]]:
    """The origin and the operators of a `restake-operators` document; the origin includes the token.

    Raises MalformedTrace, with the field, if the document is malformed.
    """
    root = fields(document, "", ["format", "version", "origin", "token", "operators"])
    if root["format"] != "restake-operators" or root["version"] != 1 or isinstance(root["version"], bool):
        raise MalformedTrace("format", "expected 'restake-operators', version 1")
    operators = []
    for position, row in enumerate(listed(root["operators"], "operators")):
        place = f"operators[{position}]"
        entry = fields(row, place, ["name", "amount", "services"])
        count = rational(entry["services"], f"{place}.services")
        if count < 0 or count.denominator != 1:
            raise MalformedTrace(f"{place}.services", "expected a number of services")
        operators.append(
            Operator(text(entry["name"], f"{place}.name"), rational(entry["amount"], f"{place}.amount"), int(count))
        )
    origin = {**as_object(root["origin"], "origin"), "token": text(root["token"], "token")}
    return origin, operators


HEADS: Final = (258, 103, 74, 61)
"""The numbers of operators of the four largest services when the list was taken. `sample`
draws the sizes of the others.
"""


def sample(
    operators: Sequence[Operator], origin: Mapping[str, Json], service_count: int, seed: int, scale: Fraction
) -> Network:
    """A network of real operators, with sampled edges, sampled profits, and thresholds of
    1/3; `seed` seeds the sampling.

    Each operator serves its listed number of services, at most `service_count`; larger services are drawn more often. A
    service's profit is between 2 % and 20 % of a third of its weight, times `scale`, rounded down. The origin of the
    network records the seed and the scale.
    """
    chance = random.Random(seed)
    sizes = [*HEADS[:service_count], *(chance.randint(5, 60) for _ in range(service_count - len(HEADS)))]
    names = [f"service{position}" for position in range(service_count)]
    rows: list[Commitment] = []
    for operator in operators:
        drawn: set[int] = set()
        while len(drawn) < min(operator.service_count, service_count):
            drawn.add(chance.choices(range(service_count), sizes)[0])
        rows.extend(
            Commitment(operator.name, operator.name, names[position], operator.amount) for position in sorted(drawn)
        )
    threshold = Fraction(1, 3)
    behind = dict.fromkeys(names, Fraction(0))
    for row in rows:
        behind[row.service] += row.amount
    terms = {
        name: Terms(
            Fraction(int(scale * threshold * behind[name] * Fraction(chance.randint(20, 200), 1000))), threshold
        )
        for name in names
    }
    said: dict[str, Json] = {
        **origin,
        "edges": "sampled",
        "profits": "sampled",
        "seed": str(seed),
        "scale": written(scale),
    }
    token = str(origin.get("token", "stake"))
    return Network(
        said,
        "full",
        is_divisible=False,
        stakes=tuple(Stake(operator.name, token, operator.amount) for operator in operators),
        commitments=tuple(rows),
        prices={token: UNIT_PRICE},
        terms=terms,
    )
