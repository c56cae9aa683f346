"""A delegation problem as a `restake-delegation` document: operators' returns and caps, groups, and the objective."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import attrs

from risk.allocation import Choice, Group
from risk.hazards import Hazards, level, model, not_negative, probability
from risk.linear import ONE
from risk.network import Network, fields, listed, rational, text
from risk.scenarios import scenarios, units
from spec.codec import Json, MalformedTrace, as_object, shown

FORMAT: Final = "restake-delegation"
VERSION: Final = 1
MAX_OPERATORS: Final = 200


@attrs.frozen
class DelegationQuestion:
    """A delegation problem (`choice`) with one of two objectives: the least shortfall at a return of at least
    `minimum_return`, or the largest return within `shortfall_limit`. The bound of the unused objective is None.
    """

    choice: Choice
    minimum_return: Fraction | None
    shortfall_limit: Fraction | None


def read(document: Json, network: Network, hazards: Hazards, draws: int, seed: int) -> DelegationQuestion:
    """The problem of a document, with loss scenarios from the network and its hazards.

    `draws` and `seed` are used if scenarios are drawn at random. Raises MalformedTrace, with the field, if malformed.
    """
    root = fields(
        document,
        "",
        ("format", "version", "returns", "level"),
        ("caps", "groups", "minimum_return", "shortfall_limit"),
    )
    if root["format"] != FORMAT:
        raise MalformedTrace("format", f"expected {FORMAT!r}, got {shown(root['format'])}")
    if root["version"] != VERSION or isinstance(root["version"], bool):
        raise MalformedTrace("version", f"expected {VERSION}, got {shown(root['version'])}")
    if ("minimum_return" in root) == ("shortfall_limit" in root):
        raise MalformedTrace("minimum_return", "expected either this or shortfall_limit")
    known = {row.operator for row in network.commitments}
    returns = as_object(root["returns"], "returns")
    if not 0 < len(returns) <= MAX_OPERATORS:
        raise MalformedTrace("returns", f"{len(returns)} operators; expected 1 to {MAX_OPERATORS}")
    for name in returns:
        if name not in known:
            raise MalformedTrace(f"returns.{name}", f"unknown operator {shown(name)}")
    operators = tuple(returns)
    caps = {
        _operator(name, f"caps.{name}", operators): probability(value, f"caps.{name}")
        for name, value in as_object(root.get("caps", {}), "caps").items()
    }
    if sum((caps.get(name, ONE) for name in operators), Fraction(0)) < 1:
        raise MalformedTrace("caps", "together below 1: not everything can be delegated")
    found = units(network, hazards, operators)
    choice = Choice(
        operators,
        tuple(rational(value, f"returns.{name}") for name, value in returns.items()),
        tuple(caps.get(name, ONE) for name in operators),
        tuple(
            _read_group(value, f"groups[{i}]", operators)
            for i, value in enumerate(listed(root.get("groups", []), "groups"))
        ),
        scenarios(found, model(network, hazards, found), draws, seed),
        level(root["level"], "level"),
    )
    return DelegationQuestion(
        choice,
        rational(root["minimum_return"], "minimum_return") if "minimum_return" in root else None,
        not_negative(root["shortfall_limit"], "shortfall_limit") if "shortfall_limit" in root else None,
    )


def _operator(name: str, place: str, operators: Sequence[str]) -> str:
    if name not in operators:
        raise MalformedTrace(place, f"{shown(name)} is not among those with a return")
    return name


def _read_group(value: Json, place: str, operators: Sequence[str]) -> Group:
    row = fields(value, place, ("name", "operators", "cap"))
    members = [
        operators.index(_operator(text(name, f"{place}.operators[{i}]"), f"{place}.operators[{i}]", operators))
        for i, name in enumerate(listed(row["operators"], f"{place}.operators"))
    ]
    return Group(text(row["name"], f"{place}.name"), frozenset(members), probability(row["cap"], f"{place}.cap"))
