"""Declared slashing hazards: probabilities of faults and shocks, and the dependence between them.

A `restake-hazards` document declares them for a network. Each operator's fault at each service is a cause of its own. A
shock is a cause that many commitments share, such as a bug in a common client. `risk.losses` computes the loss
distribution of the resulting pieces of stake.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import attrs

from risk.commitments import Claim, Piece, causes_of
from risk.dependence import Beta, Independent, Model, gaussian, student_t
from risk.network import Commitment, Network, fields, listed, rational, text
from spec.codec import Json, MalformedTrace, as_object, shown

FORMAT: Final = "restake-hazards"
VERSION: Final = 1
MAX_SHOCKS: Final = 100
LEAST_TAIL: Final = Fraction(1, 10**15)
LEAST_APART: Final = Fraction(1, 10**9)
FREEDOM: Final = (Fraction(1, 4), 1_000_000)


@attrs.frozen
class Shock:
    """A shared cause, such as a client bug, and its probability. It hits these services and these operators; None means
    all of them.
    """

    name: str
    probability: Fraction
    services: frozenset[str] | None
    operators: frozenset[str] | None

    def hits(self, row: Commitment) -> bool:
        """True if the shock lets the service of this commitment slash it."""
        return (self.services is None or row.service in self.services) and (
            self.operators is None or row.operator in self.operators
        )


@attrs.frozen
class Dependence:
    """The declared dependence model: its name and its parameters; see `risk.dependence`."""

    model: str
    parameters: Mapping[str, Fraction]


@attrs.frozen
class Pricing:
    """The declared yields and costs, each as a fraction of the position per year."""

    base_yield: Fraction
    fee: Fraction
    cost_of_capital: Fraction


@attrs.frozen
class Hazards:
    """All declared hazards of a network.

    `slashes` is the probability of an operator's fault, by service. `levels` are the confidence levels to report.
    `holdings` maps stakes to the amounts that the investor holds, whose loss is measured. A stake without an entry is
    not held; None means that all of every stake is.
    """

    slashes: Mapping[str, Fraction]
    shocks: tuple[Shock, ...]
    dependence: Dependence
    levels: tuple[Fraction, ...]
    holdings: Mapping[str, Fraction] | None
    pricing: Pricing | None


def own_cause(row: Commitment) -> str:
    """The name of the cause that is an operator's own fault at a service. Quoting keeps different pairs distinct."""
    return f"{row.operator!r} at {row.service!r}"


def pieces(network: Network, hazards: Hazards) -> list[Piece]:
    """The declared holdings as pieces of stake, valued at the declared prices. Each piece has the claims of all
    services on it.

    Commitments without a cause or without a slash give no claim. A commitment lets its service slash the fraction
    `amount * slash / stake`, proportionally from all holders of the stake.
    """
    values = network.values
    claims: dict[str, list[Claim]] = {stake.stake_id: [] for stake in network.stakes}
    amounts = {stake.stake_id: stake.amount for stake in network.stakes}
    for row in network.commitments:
        if amounts[row.stake_id]:
            causes = {shock.name for shock in hazards.shocks if shock.hits(row)}
            if hazards.slashes.get(row.service):
                causes.add(own_cause(row))
            fraction = row.amount * network.terms[row.service].slash / amounts[row.stake_id]
            if causes and fraction:
                claims[row.stake_id].append(Claim(row.service, causes, fraction))
    return [
        Piece(stake.stake_id, _held(stake.stake_id, stake.amount, hazards) * values[stake.stake_id], claims_, rule)
        for stake in network.stakes
        for claims_, rule in [(claims[stake.stake_id], network.losses)]
    ]


def _held(stake_id: str, amount: Fraction, hazards: Hazards) -> Fraction:
    """The fraction of a stake that the declared holdings have; `amount` is the whole stake.

    1 if no holdings are declared, 0 for an empty stake or one that the holdings leave out.
    """
    if hazards.holdings is None:
        return Fraction(1)
    return hazards.holdings.get(stake_id, Fraction(0)) / amount if amount else Fraction(0)


def model(network: Network, hazards: Hazards, found: Sequence[Piece]) -> Model:
    """The joint distribution of all causes of slashes in the claims on some pieces of stake: their probabilities, and
    their dependence on each other, both declared in `hazards`.
    """
    known = {shock.name: shock.probability for shock in hazards.shocks}
    known |= {own_cause(row): hazards.slashes.get(row.service, Fraction(0)) for row in network.commitments}
    causes = causes_of(found)
    probabilities = {cause: known[cause] for cause in causes}
    parameters = hazards.dependence.parameters
    if hazards.dependence.model == "beta":
        return Beta(causes, parameters["alpha"], parameters["beta"])
    if hazards.dependence.model == "gaussian":
        return gaussian(probabilities, parameters["correlation"])
    if hazards.dependence.model == "t":
        return student_t(probabilities, parameters["correlation"], parameters["freedom"])
    return Independent(probabilities)


def read(document: Json, network: Network) -> Hazards:
    """The hazards in a `restake-hazards` document for this network. Raises
    MalformedTrace, with the field, if malformed.
    """
    root = fields(document, "", ("format", "version", "slashes", "levels"), OPTIONAL)
    if root["format"] != FORMAT:
        raise MalformedTrace("format", f"expected {FORMAT!r}, got {shown(root['format'])}")
    if root["version"] != VERSION or isinstance(root["version"], bool):
        raise MalformedTrace("version", f"expected {VERSION}, got {shown(root['version'])}")
    slashes = {
        _service(service, f"slashes.{service}", network): probability(value, f"slashes.{service}")
        for service, value in as_object(root["slashes"], "slashes").items()
    }
    shocks = listed(root.get("shocks", []), "shocks")
    if len(shocks) > MAX_SHOCKS:
        raise MalformedTrace("shocks", f"{len(shocks)} shocks; at most {MAX_SHOCKS} are read")
    read_shocks = tuple(_read_shock(value, f"shocks[{i}]", network) for i, value in enumerate(shocks))
    names = [shock.name for shock in read_shocks]
    own = {own_cause(row) for row in network.commitments}
    for position, name in enumerate(names):
        if name in names[:position] or name in own:
            raise MalformedTrace(f"shocks[{position}].name", f"{shown(name)} is the name of another cause")
    levels = tuple(level(value, f"levels[{i}]") for i, value in enumerate(listed(root["levels"], "levels")))
    if not levels:
        raise MalformedTrace("levels", "expected at least one level")
    return Hazards(
        slashes,
        read_shocks,
        _read_dependence(root.get("dependence", {"model": "independent"})),
        levels,
        None if "holdings" not in root else _read_holdings(root["holdings"], network),
        None if "pricing" not in root else _read_pricing(root["pricing"]),
    )


OPTIONAL: Final = ("shocks", "dependence", "holdings", "pricing")


def probability(value: Json, place: str) -> Fraction:
    """A probability, read from JSON: a rational between 0 and 1. Raises MalformedTrace, with `place`, for anything
    else.
    """
    number = rational(value, place)
    if not 0 <= number <= 1:
        raise MalformedTrace(place, "expected at least 0 and at most 1")
    return number


def level(value: Json, place: str) -> Fraction:
    """A confidence level, read from JSON: a rational above 0 and at most 1 - 10^-15 (LEAST_TAIL).

    Raises MalformedTrace, with `place`, for anything else.
    """
    number = rational(value, place)
    if not 0 < number < 1:
        raise MalformedTrace(place, "expected more than 0 and less than 1")
    if 1 - number < LEAST_TAIL:
        raise MalformedTrace(place, f"nearer to 1 than {LEAST_TAIL}")
    return number


def correlation(value: Json, place: str) -> Fraction:
    """A correlation, read from JSON: a rational from 0 to 1 - 10^-9 (LEAST_APART), or exactly 1.

    Raises MalformedTrace, with `place`, for anything else: floats cannot separate other values from 1.
    """
    number = probability(value, place)
    if 0 < 1 - number < LEAST_APART:
        raise MalformedTrace(place, f"nearer to 1 than {LEAST_APART}, and not 1")
    return number


def freedom(value: Json, place: str) -> Fraction:
    """The degrees of freedom of a t copula, read from JSON: from 1/4 to 1,000,000 (FREEDOM), where floats can hold the
    density of the factor.

    Raises MalformedTrace, with `place`, for anything else.
    """
    number = rational(value, place)
    low, high = FREEDOM
    if not low <= number <= high:
        raise MalformedTrace(place, f"expected at least {low} and at most {high:,}")
    return number


def positive(value: Json, place: str) -> Fraction:
    """A positive rational, read from JSON. Raises MalformedTrace, with `place`, for anything else."""
    number = rational(value, place)
    if number <= 0:
        raise MalformedTrace(place, "expected more than 0")
    return number


def not_negative(value: Json, place: str) -> Fraction:
    """A rational of at least 0, read from JSON. Raises MalformedTrace, with `place`, for anything else."""
    number = rational(value, place)
    if number < 0:
        raise MalformedTrace(place, "negative")
    return number


def _service(name: str, place: str, network: Network) -> str:
    if name not in network.terms:
        raise MalformedTrace(place, f"unknown service {shown(name)}")
    return name


def _read_shock(value: Json, place: str, network: Network) -> Shock:
    row = fields(value, place, ("name", "probability"), ("services", "operators"))
    known = {"services": set(network.terms), "operators": {entry.operator for entry in network.commitments}}
    hit: dict[str, frozenset[str] | None] = {"services": None, "operators": None}
    for kind, names in known.items():
        if kind in row:
            found = [text(n, f"{place}.{kind}[{i}]") for i, n in enumerate(listed(row[kind], f"{place}.{kind}"))]
            for position, name in enumerate(found):
                if name not in names:
                    raise MalformedTrace(f"{place}.{kind}[{position}]", f"unknown {kind[:-1]} {shown(name)}")
            hit[kind] = frozenset(found)
    name = text(row["name"], f"{place}.name")
    return Shock(name, probability(row["probability"], f"{place}.probability"), hit["services"], hit["operators"])


def _read_dependence(value: Json) -> Dependence:
    place = "dependence"
    name = text(as_object(value, place).get("model"), f"{place}.model")
    if name not in PARAMETERS:
        raise MalformedTrace(f"{place}.model", f"expected one of {', '.join(PARAMETERS)}, got {shown(name)}")
    row = fields(value, place, ("model", *PARAMETERS[name]))
    readers = {"correlation": correlation, "freedom": freedom}
    return Dependence(
        name,
        {key: readers.get(key, positive)(row[key], f"{place}.{key}") for key in PARAMETERS[name]},
    )


PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "independent": (),
    "beta": ("alpha", "beta"),
    "gaussian": ("correlation",),
    "t": ("correlation", "freedom"),
}


def _read_holdings(value: Json, network: Network) -> dict[str, Fraction]:
    amounts = {stake.stake_id: stake.amount for stake in network.stakes}
    holdings: dict[str, Fraction] = {}
    for stake_id, amount in as_object(value, "holdings").items():
        place = f"holdings.{stake_id}"
        if stake_id not in amounts:
            raise MalformedTrace(place, f"unknown stake {shown(stake_id)}")
        holdings[stake_id] = not_negative(amount, place)
        if holdings[stake_id] > amounts[stake_id]:
            raise MalformedTrace(place, "more than the stake")
    return holdings


def _read_pricing(value: Json) -> Pricing:
    row = fields(value, "pricing", ("base_yield", "fee", "cost_of_capital"))
    return Pricing(
        rational(row["base_yield"], "pricing.base_yield"),
        not_negative(row["fee"], "pricing.fee"),
        not_negative(row["cost_of_capital"], "pricing.cost_of_capital"),
    )
