"""Stake that several services may slash, and the distribution of its loss.

A piece of stake carries claims: a cause (a bug, an operator's fault) lets a service slash a fraction of the
piece. The piece's rule, not addition, gives the joint effect of several claims. Causes that claims or pieces
share make losses happen together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from risk.linear import ONE, ZERO

Weight = Any
"""The type of a probability: a Fraction, an array with one entry per quadrature node, or a polynomial; supports + and
*.
"""

RULES: Final[Mapping[str, Callable[[Fraction, Fraction], Fraction]]] = {
    "full": lambda taken, more: ONE if taken or more else ZERO,
    "sum": lambda taken, more: min(ONE, taken + more),
    "max": max,
    "product": lambda taken, more: 1 - (1 - taken) * (1 - more),
}
"""The rules for two slashes of one piece, by the name that `risk.network.Losses` gives each: functions from both
fractions to the joint fraction.

- `full`: any slash takes everything.
- `sum`: the sum of both, at most everything. Unique stake never reaches that cap.
- `max`: the larger of both.
- `product`: the second slash takes its fraction of what the first left.
"""

MOST_OUTCOMES: Final = 1 << 16
"""The largest number of different losses for which an exact distribution is computed."""

MOST_BRANCHES: Final = 1 << 13
"""The largest number of cases of shared causes for which an exact distribution is computed."""


MOST_WORK: Final = 3_000_000
"""The largest number of products of probabilities in an exact distribution: some seconds in rationals."""


class TooManyOutcomesError(Exception):
    """The exception for an exact distribution that would take too long to compute; the message names the limit."""


class Claim:
    """A service's right to slash `fraction` of a piece as soon as any of `causes` happens."""

    def __init__(self, service: str, causes: Iterable[str], fraction: Fraction) -> None:
        self.service: Final = service
        self.causes: Final = frozenset(causes)
        self.fraction: Final = fraction


class Piece:
    """An amount of stake, the claims on it, and the name of the rule for their joint effect."""

    def __init__(self, name: str, amount: Fraction, claims: Sequence[Claim], rule: str) -> None:
        self.name: Final = name
        self.amount: Final = amount
        self.claims: Final = tuple(claims)
        self.rule: Final = rule

    def loss(self, happened: Iterable[str]) -> Fraction:
        """The stake lost if exactly the causes named in `happened` occur.

        Each claim with one of these causes slashes its fraction, and the piece's rule joins the fractions. The function
        `losses` computes the distribution of this loss.
        """
        causes = set(happened)
        taken = ZERO
        for claim in self.claims:
            if claim.causes & causes:
                taken = RULES[self.rule](taken, claim.fraction)
        return self.amount * taken


def causes_of(pieces: Iterable[Piece]) -> list[str]:
    """All causes that the claims name, in alphabetical order."""
    return sorted({cause for piece in pieces for claim in piece.claims for cause in claim.causes})


def losses(pieces: Sequence[Piece], chances: Mapping[str, Weight], one: Weight = ONE) -> dict[Fraction, Weight]:
    """The probability of each possible total loss of the pieces, by loss. Causes are independent; `chances` has the
    probability of each.

    Pieces that share no cause are convolved. Otherwise the recursion splits on the cause in most claims: it happens or
    it does not. `one` is the probability 1, in the type of `chances`. Raises TooManyOutcomesError beyond MOST_OUTCOMES,
    MOST_BRANCHES or MOST_WORK.
    """
    found: dict[Fraction, Weight] = Enumeration(chances, one).of(
        [(piece, piece.claims) for piece in pieces], frozenset()
    )
    return found


_Part = tuple[Piece, tuple[Claim, ...]]


class Enumeration:
    """The recursion of `losses` over cases of shared causes, with limits on its work. `chances` has the probability of
    each cause, and `one` is the probability 1 in the same type.

    Subclasses replace the representation of a distribution (`kept`, `mixed`, `convolved`).
    """

    def __init__(self, chances: Mapping[str, Weight], one: Weight) -> None:
        self.chances = chances
        self.one = one
        self.branches = 0
        self.most_branches = MOST_BRANCHES
        self.work = 0
        self.weight_cost: Final = 1 + getattr(one, "size", 0) // 1000

    def of(self, parts: Sequence[_Part], happened: frozenset[str]) -> Any:
        """The distribution of the total loss of some pieces, once the causes `happened` have happened. `parts` are
        pairs of a piece and those claims on it that still count.
        """
        total = self.kept({ZERO: self.one})
        for component in _components(parts, happened):
            total = self.convolved(total, self._component(component, happened))
        return total

    def _component(self, parts: Sequence[_Part], happened: frozenset[str]) -> Any:
        touched: dict[str, int] = {}
        for _, claims in parts:
            for claim in claims:
                if not claim.causes & happened:
                    for cause in claim.causes:
                        touched[cause] = touched.get(cause, 0) + 1
        widest = max(sorted(touched), key=lambda cause: touched[cause], default="")
        if touched.get(widest, 0) <= 1:
            (piece, claims) = parts[0]  # a component of several pieces shares a cause
            return self.kept(self._alone(piece, claims, happened))
        self.branches += 1
        if self.branches > self.most_branches:
            raise TooManyOutcomesError(f"more than {self.most_branches:,} cases of shared causes")
        chance = self.chances[widest]
        without = [(piece, tuple(_less(claim, widest) for claim in claims)) for piece, claims in parts]
        yes, no = self.of(parts, happened | {widest}), self.of(without, happened)
        return self.mixed(yes, no, chance)

    def kept(self, weights: dict[Fraction, Weight]) -> Any:
        """The distribution with these probabilities by loss, in this class's representation: here the dictionary
        itself.
        """
        return weights

    def mixed(self, yes: Any, no: Any, chance: Weight) -> Any:
        """The mixture of the distributions with and without a cause, which happens with probability `chance`. `yes` is
        the distribution if the cause happens, `no` the one if it does not.
        """
        mixture = {loss: weight * chance for loss, weight in yes.items()}
        for loss, weight in no.items():
            mixture[loss] = mixture.get(loss, 0 * self.one) + weight * (self.one - chance)
        return mixture

    def _alone(self, piece: Piece, claims: Sequence[Claim], happened: frozenset[str]) -> dict[Fraction, Weight]:
        """The probability of each loss of one piece under these claims. Each cause that is still open belongs to one of
        them only.

        `happened` are the causes that have happened already; all other causes are open.
        """
        rule = RULES[piece.rule]
        states: dict[Fraction, Weight] = {ZERO: self.one}
        for claim in claims:
            if claim.causes & happened:
                spared = 0 * self.one
            else:
                spared = self.one
                for cause in claim.causes:
                    spared = spared * (self.one - self.chances[cause])
            fresh: dict[Fraction, Weight] = {}
            for taken, weight in states.items():
                more = rule(taken, claim.fraction)
                fresh[taken] = fresh.get(taken, 0 * self.one) + weight * spared
                fresh[more] = fresh.get(more, 0 * self.one) + weight * (self.one - spared)
            states = fresh
            if len(states) > MOST_OUTCOMES:
                raise TooManyOutcomesError(f"more than {MOST_OUTCOMES:,} different losses of {piece.name} alone")
        return {piece.amount * taken: weight for taken, weight in states.items()} if piece.amount else {ZERO: self.one}

    def convolved(self, left: Any, right: Any) -> Any:
        """The distribution of the sum of two independent losses."""
        if len(left) == 1 and ZERO in left:
            return right  # a single loss of 0 has weight 1
        self.work += len(left) * len(right) * self.weight_cost
        if self.work > MOST_WORK:
            raise TooManyOutcomesError(f"more than {MOST_WORK:,} products of probabilities")
        total: dict[Fraction, Weight] = {}
        for loss, weight in left.items():
            for more, times in right.items():
                key = loss + more
                product = weight * times
                total[key] = total[key] + product if key in total else product
            if len(total) > MOST_OUTCOMES:
                raise TooManyOutcomesError(f"more than {MOST_OUTCOMES:,} different losses")
        return total


def _less(claim: Claim, cause: str) -> Claim:
    return Claim(claim.service, claim.causes - {cause}, claim.fraction) if cause in claim.causes else claim


def _components(parts: Sequence[_Part], happened: frozenset[str]) -> list[list[_Part]]:
    """The parts grouped so that no open cause occurs in two groups. `happened` are the causes that have happened
    already; other causes are open.
    """
    groups: list[tuple[set[str], list[_Part]]] = []
    for part in parts:
        open_causes = {cause for claim in part[1] if not claim.causes & happened for cause in claim.causes}
        joined: list[_Part] = [part]
        apart: list[tuple[set[str], list[_Part]]] = []
        for causes, members in groups:
            if causes & open_causes:
                open_causes |= causes
                joined = members + joined
            else:
                apart.append((causes, members))
        groups = [*apart, (open_causes, joined)]
    return [members for _, members in groups]
