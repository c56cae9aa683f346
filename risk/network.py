"""The network: stakes, each service's commitments of these stakes, and the profit from corrupting each service.

*Sourced* data (stakes, commitments) come from a state, a list or a file, which `origin` names. *Declared* data (prices,
profits, thresholds) are assertions of the user. A document keeps the two apart, and every answer repeats its digest.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, Literal, cast, get_args

import attrs

from spec.codec import Json, MalformedTrace, as_object, check_fields, shown

FORMAT: Final = "restake-network"
VERSION: Final = 1
MAX_COMMITMENTS: Final = 100_000
"""The largest number of commitments that a document may have; more would take too long to analyse."""
MAX_PRODUCT_COMMITMENTS: Final = 10
"""The largest number of commitments of one stake if losses multiply: the solver enumerates all subsets of them."""

Losses = Literal["full", "sum", "max", "product"]
"""The joint loss of a stake that several services slash:

- `full`: the whole stake.
- `sum`: the sum of the slashes, at most the whole stake.
- `max`: the largest slash.
- `product`: each slash takes its fraction of what the slashes before it left.
"""


@attrs.frozen
class Stake:
    """An amount of one token that can be lost, in the token's own unit."""

    stake_id: str
    token: str
    amount: Fraction


@attrs.frozen
class Commitment:
    """The amount of one stake that a service may slash for an operator's fault, in the stake's token.

    Its value is also the operator's weight in the service. `slasher`, `until` (last slashable block or timestamp) and
    `vetoer` are reported only: no analysis uses them.
    """

    stake_id: str
    operator: str
    service: str
    amount: Fraction
    slasher: str | None = None
    until: int | None = None
    vetoer: str | None = None


@attrs.frozen
class Terms:
    """The declared terms of a service.

    `profit` is the profit from corrupting it. `threshold` is the fraction of its weight that corrupts it. `slash` is
    the fraction of each attacking commitment that is lost.
    """

    profit: Fraction
    threshold: Fraction
    slash: Fraction = Fraction(1)


@attrs.frozen
class Network:
    """A network of stakes, commitments and services, with prices by token and terms by service.

    `origin` says where the network was read from. `losses` is the rule for the joint loss of a stake that several
    services slash. `is_divisible` is true for elastic stake: an attacker may use, and lose, any part of a commitment.
    The constructor raises MalformedTrace for an inconsistent network.
    """

    origin: Mapping[str, Json]
    losses: Losses
    is_divisible: bool
    stakes: tuple[Stake, ...]
    commitments: tuple[Commitment, ...]
    prices: Mapping[str, Fraction]
    terms: Mapping[str, Terms]

    def __attrs_post_init__(self) -> None:
        check(self)

    @property
    def values(self) -> dict[str, Fraction]:
        """The value of each stake (amount times price), by stake id."""
        return {stake.stake_id: stake.amount * self.prices[stake.token] for stake in self.stakes}

    @property
    def weights(self) -> tuple[Fraction, ...]:
        """The value of each commitment (amount times price), in the order of `commitments`."""
        price = {stake.stake_id: self.prices[stake.token] for stake in self.stakes}
        return tuple(row.amount * price[row.stake_id] for row in self.commitments)

    @property
    def secured_by(self) -> dict[str, Fraction]:
        """The total weight behind each service: the summed value of its commitments."""
        totals = dict.fromkeys(self.terms, Fraction(0))
        for row, weight in zip(self.commitments, self.weights, strict=True):
            totals[row.service] += weight
        return totals

    def with_terms(self, /, **changes: Terms) -> "Network":
        """A copy of the network in which the services given as keywords have new terms. A service may have any name,
        even `self`.
        """
        return attrs.evolve(self, terms={**self.terms, **changes})

    def whole(self) -> "Network":
        """A copy of the network with full, indivisible losses: an attack loses every stake that it uses entirely.

        The literature on restaking graphs assumes this.
        """
        return attrs.evolve(self, losses="full", is_divisible=False)


def check(network: Network) -> None:
    """Raise MalformedTrace, with the field, if the network is inconsistent.

    Rejected in order: unknown `losses`; divisible losses that are not summed; too many commitments; bad stakes; bad
    prices or terms; bad commitments.
    """
    if network.losses not in get_args(Losses):
        raise MalformedTrace("sourced.losses", f"expected one of {', '.join(get_args(Losses))}")
    if network.is_divisible and network.losses != "sum":
        raise MalformedTrace("sourced.divisible", "only losses that are summed can be of a part of a commitment")
    if len(network.commitments) > MAX_COMMITMENTS:
        raise MalformedTrace(
            "sourced.commitments", f"{len(network.commitments):,} commitments; at most {MAX_COMMITMENTS:,} are read"
        )
    amounts: dict[str, Fraction] = {}
    for position, stake in enumerate(network.stakes):
        place = f"sourced.stakes[{position}]"
        if stake.stake_id in amounts:
            raise MalformedTrace(f"{place}.id", f"{shown(stake.stake_id)} is there twice")
        if stake.amount < 0:
            raise MalformedTrace(f"{place}.amount", "negative")
        if stake.token not in network.prices:
            raise MalformedTrace(f"declared.prices.{stake.token}", "missing: stake is held in it")
        amounts[stake.stake_id] = stake.amount
    _check_terms(network)
    _check_commitments(network, amounts)


def _check_terms(network: Network) -> None:
    for token, price in network.prices.items():
        if price < 0:
            raise MalformedTrace(f"declared.prices.{token}", "negative")
    for service, terms in network.terms.items():
        place = f"declared.services.{service}"
        if terms.profit < 0:
            raise MalformedTrace(f"{place}.profit", "negative")
        if not 0 < terms.threshold <= 1:
            raise MalformedTrace(f"{place}.threshold", "expected more than 0 and at most 1")
        if not 0 <= terms.slash <= 1:
            raise MalformedTrace(f"{place}.slash", "expected at least 0 and at most 1")


def _check_commitments(network: Network, amounts: Mapping[str, Fraction]) -> None:
    seen: set[tuple[str, str, str]] = set()
    counts = dict.fromkeys(amounts, 0)
    for position, row in enumerate(network.commitments):
        place = f"sourced.commitments[{position}]"
        if row.stake_id not in amounts:
            raise MalformedTrace(f"{place}.stake", f"unknown stake {shown(row.stake_id)}")
        if row.service not in network.terms:
            raise MalformedTrace(f"{place}.service", f"unknown service {shown(row.service)}: it has no declared terms")
        if row.amount < 0:
            raise MalformedTrace(f"{place}.amount", "negative")
        if row.amount > amounts[row.stake_id]:
            raise MalformedTrace(f"{place}.amount", "more than the stake")
        key = (row.stake_id, row.operator, row.service)
        if key in seen:
            raise MalformedTrace(place, "the same stake, operator and service are there twice")
        seen.add(key)
        counts[row.stake_id] += 1
        if network.losses == "product" and counts[row.stake_id] > MAX_PRODUCT_COMMITMENTS:
            raise MalformedTrace(
                place, f"losses multiply: more than {MAX_PRODUCT_COMMITMENTS} commitments of one stake are not read"
            )


def rational(value: Json, place: str) -> Fraction:
    """A rational number from an integer string or a string "p/q". Raises MalformedTrace,
    with `place`, for anything else.
    """
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,200}(/[0-9]{1,200})?", value):
        raise MalformedTrace(place, f'expected whole digits or "p/q" in a string, found {shown(value)}')
    numerator, _, denominator = value.partition("/")
    if denominator and int(denominator) == 0:
        raise MalformedTrace(place, "zero denominator")
    return Fraction(int(numerator), int(denominator or 1))


def written(number: Fraction) -> str:
    """The string of a rational number in documents: an integer, or "p/q"."""
    return str(number)


def canonical(document: Json) -> str:
    """The canonical JSON text of a document (sorted keys, no spaces), from which its digest is computed."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def digest(document: Json) -> str:
    """The SHA-256 of the document's canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def write(network: Network) -> dict[str, Json]:
    """The network as a JSON document in the format `restake-network`."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "sourced": {
            "origin": dict(network.origin),
            "losses": network.losses,
            "divisible": network.is_divisible,
            "operators": sorted({row.operator for row in network.commitments}),
            "stakes": [
                {"id": stake.stake_id, "token": stake.token, "amount": written(stake.amount)}
                for stake in network.stakes
            ],
            "commitments": [
                {
                    "stake": row.stake_id,
                    "operator": row.operator,
                    "service": row.service,
                    "amount": written(row.amount),
                    **({} if row.slasher is None else {"slasher": row.slasher}),
                    **({} if row.until is None else {"until": str(row.until)}),
                    **({} if row.vetoer is None else {"vetoer": row.vetoer}),
                }
                for row in network.commitments
            ],
        },
        "declared": write_declared(network.prices, network.terms),
    }


def write_declared(prices: Mapping[str, Fraction], terms: Mapping[str, Terms]) -> dict[str, Json]:
    """The declared prices and terms as JSON, in the format of a network document."""
    return {
        "prices": {token: written(price) for token, price in prices.items()},
        "services": {
            service: {
                "profit": written(row.profit),
                "threshold": written(row.threshold),
                **({} if row.slash == 1 else {"slash": written(row.slash)}),
            }
            for service, row in terms.items()
        },
    }


def read(document: Json) -> Network:
    """The network of a `restake-network` document. Raises MalformedTrace, with the
    field, if the document is malformed.
    """
    root = fields(document, "", ["format", "version", "sourced", "declared"])
    if root["format"] != FORMAT:
        raise MalformedTrace("format", f"expected {FORMAT!r}, found {shown(root['format'])}")
    if root["version"] != VERSION or isinstance(root["version"], bool):
        raise MalformedTrace("version", f"expected {VERSION}, found {shown(root['version'])}")
    sourced = fields(
        root["sourced"], "sourced", ["origin", "losses", "divisible", "operators", "stakes", "commitments"]
    )
    prices, terms = read_declared(root["declared"], "declared")
    if not isinstance(sourced["divisible"], bool):
        raise MalformedTrace("sourced.divisible", f"expected true or false, found {shown(sourced['divisible'])}")
    operators = {
        text(name, f"sourced.operators[{position}]")
        for position, name in enumerate(listed(sourced["operators"], "sourced.operators"))
    }
    rows = listed(sourced["commitments"], "sourced.commitments")
    if len(rows) > MAX_COMMITMENTS:
        raise MalformedTrace("sourced.commitments", f"{len(rows):,} commitments; at most {MAX_COMMITMENTS:,} are read")
    return Network(
        as_object(sourced["origin"], "sourced.origin"),
        cast(Losses, text(sourced["losses"], "sourced.losses")),
        sourced["divisible"],
        tuple(
            _read_stake(row, f"sourced.stakes[{position}]")
            for position, row in enumerate(listed(sourced["stakes"], "sourced.stakes"))
        ),
        tuple(
            _read_commitment(row, f"sourced.commitments[{position}]", operators) for position, row in enumerate(rows)
        ),
        prices,
        terms,
    )


def read_declared(document: Json, place: str) -> tuple[dict[str, Fraction], dict[str, Terms]]:
    """The declared prices by token and the declared terms by service, read from JSON. Raises MalformedTrace, with a
    place below `place`, if it is malformed.
    """
    declared = fields(document, place, ["prices", "services"])
    prices = {
        token: rational(price, f"{place}.prices.{token}")
        for token, price in as_object(declared["prices"], f"{place}.prices").items()
    }
    terms = {
        service: read_terms(row, f"{place}.services.{service}")
        for service, row in as_object(declared["services"], f"{place}.services").items()
    }
    return prices, terms


def read_terms(document: Json, place: str) -> Terms:
    """The declared terms of one service, read from JSON; `slash` is 1 if absent. Raises MalformedTrace, with a place
    below `place`, if it is malformed.
    """
    row = fields(document, place, ["profit", "threshold"], ["slash"])
    numbers = {name: rational(value, f"{place}.{name}") for name, value in row.items()}
    return Terms(numbers["profit"], numbers["threshold"], numbers.get("slash", Fraction(1)))


def _read_stake(document: Json, place: str) -> Stake:
    row = fields(document, place, ["id", "token", "amount"])
    return Stake(
        text(row["id"], f"{place}.id"),
        text(row["token"], f"{place}.token"),
        rational(row["amount"], f"{place}.amount"),
    )


def _read_commitment(document: Json, place: str, operators: set[str]) -> Commitment:
    row = fields(document, place, ["stake", "operator", "service", "amount"], ["slasher", "until", "vetoer"])
    operator = text(row["operator"], f"{place}.operator")
    if operator not in operators:
        raise MalformedTrace(f"{place}.operator", f"unknown operator {shown(operator)}")
    until = rational(row["until"], f"{place}.until") if "until" in row else None
    if until is not None and until.denominator != 1:
        raise MalformedTrace(f"{place}.until", "expected a whole block or timestamp")
    return Commitment(
        text(row["stake"], f"{place}.stake"),
        operator,
        text(row["service"], f"{place}.service"),
        rational(row["amount"], f"{place}.amount"),
        text(row["slasher"], f"{place}.slasher") if "slasher" in row else None,
        None if until is None else int(until),
        text(row["vetoer"], f"{place}.vetoer") if "vetoer" in row else None,
    )


def fields(document: Json, place: str, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Json]:
    """The JSON object `document`, if it has all required fields, and no other fields but optional ones.

    Raises MalformedTrace, with `place`, otherwise.
    """
    found = as_object(document, place)
    check_fields(found, [*required, *optional], place, [*optional])
    return found


def listed(value: Json, place: str) -> list[Json]:
    """The JSON value itself, if it is a list. Raises MalformedTrace, with `place`, otherwise."""
    if not isinstance(value, list):
        raise MalformedTrace(place, f"expected a list, found {shown(value)}")
    return value


def text(value: Json, place: str) -> str:
    """The JSON value itself, if it is a non-empty string. Raises MalformedTrace, with `place`, otherwise."""
    if not isinstance(value, str) or not value:
        raise MalformedTrace(place, f"expected a name, found {shown(value)}")
    return value
