"""Scenarios: the joint losses of one unit of stake with each operator, with probabilities.

All cases are enumerated if causes are few and their probabilities rational. Otherwise cases are drawn at random, and an
optimum over them is an estimate.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Final

import attrs
import numpy as np

from risk.commitments import Claim, Piece, causes_of
from risk.dependence import Beta, Comonotone, Independent, Model
from risk.hazards import Hazards, own_cause
from risk.linear import ONE, ZERO
from risk.network import Network

MOST_CAUSES: Final = 12
"""The largest number of causes for which all cases are enumerated: 4,096 cases."""


@attrs.frozen
class Scenarios:
    """The scenarios: their probabilities, and the loss of one unit of stake with each operator, as
    `losses[scenario][operator]`. `seed` is None if all cases were enumerated, else that of the random draws.
    """

    probabilities: tuple[Fraction, ...]
    losses: tuple[tuple[Fraction, ...], ...]
    seed: int | None


def units(network: Network, hazards: Hazards, operators: Sequence[str]) -> list[Piece]:
    """One unit of stake with each operator, as a piece with the claims on it.

    A service's claim is the fraction of the operator's total stake that is committed to it, times its slash.
    """
    price = network.prices
    token = {stake.stake_id: stake.token for stake in network.stakes}
    values = network.values
    behind: dict[str, set[str]] = {name: set() for name in operators}
    committed: dict[tuple[str, str], Fraction] = {}
    causes: dict[tuple[str, str], set[str]] = {}
    for row in network.commitments:
        if row.operator in behind:
            behind[row.operator].add(row.stake_id)
            key = (row.operator, row.service)
            committed[key] = committed.get(key, ZERO) + row.amount * price[token[row.stake_id]]
            causes.setdefault(key, set()).update(shock.name for shock in hazards.shocks if shock.hits(row))
            if hazards.slashes.get(row.service):
                causes[key].add(own_cause(row))
    whole = {name: sum((values[stake] for stake in behind[name]), ZERO) for name in operators}
    return [
        Piece(
            name,
            ONE,
            [
                Claim(service, causes[(name, service)], value * network.terms[service].slash / whole[name])
                for (operator, service), value in sorted(committed.items())
                if operator == name and whole[name] and causes[(name, service)]
            ],
            network.losses,
        )
        for name in operators
    ]


def scenarios(pieces: Sequence[Piece], model: Model, draws: int, seed: int) -> Scenarios:
    """The scenarios of these pieces: exact if that is feasible, else `draws` random ones from `seed`."""
    causes = causes_of(pieces)
    if isinstance(model, Comonotone):
        return _gathered(pieces, model.cases(), None)
    if len(causes) <= MOST_CAUSES and isinstance(model, Independent | Beta):
        return _gathered(pieces, _all_cases(causes, model), None)
    random = np.random.Generator(np.random.PCG64(seed))
    drawn = model.draw(causes, draws, random)
    chance = Fraction(1, draws)
    cases = [(frozenset(c for c, hit in zip(causes, row, strict=True) if hit), chance) for row in drawn]
    return _gathered(pieces, cases, seed)


def _all_cases(causes: Sequence[str], model: Independent | Beta) -> list[tuple[frozenset[str], Fraction]]:
    chances, one = model.chances()
    cases = []
    for hits in product((False, True), repeat=len(causes)):
        weight = one
        for cause, hit in zip(causes, hits, strict=True):
            weight = weight * (chances[cause] if hit else one - chances[cause])
        chance = model.average(weight)
        if chance:
            cases.append((frozenset(c for c, hit in zip(causes, hits, strict=True) if hit), chance))
    return cases


def _gathered(pieces: Sequence[Piece], cases: Sequence[tuple[frozenset[str], Fraction]], seed: int | None) -> Scenarios:
    """The scenarios of these cases (sets of causes with probabilities). Cases with equal losses of all pieces are
    merged.
    """
    rows: dict[tuple[Fraction, ...], Fraction] = {}
    known: Mapping[frozenset[str], tuple[Fraction, ...]] = {
        case: tuple(piece.loss(case) for piece in pieces) for case in {case for case, _ in cases}
    }
    for case, chance in cases:
        rows[known[case]] = rows.get(known[case], ZERO) + chance
    ordered = sorted(rows.items())
    return Scenarios(tuple(chance for _, chance in ordered), tuple(losses for losses, _ in ordered), seed)
