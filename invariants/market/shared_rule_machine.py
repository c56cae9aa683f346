"""The base of the Hypothesis rules of every part of the market: the cast, drawn decisions, and waits."""

from typing import Any, ClassVar, Final

from hypothesis import strategies as st

from invariants.choices import Choices, Drawn
from invariants.edges import amounts
from invariants.market.cast import Cast
from invariants.market.layered_walk import LayeredWalk
from invariants.rule_machine import LawMachine
from spec.arithmetic import WAD
from spec.market.port import Service
from spec.market.state import Offer

CHOICES: Final = st.binary(min_size=16, max_size=16).map(Drawn)
"""Decisions as walks make them: among the cast, and among terms that walks know."""

AMOUNT: Final = amounts()
FRACTION: Final = amounts(WAD)
SLACK: Final = st.sampled_from((0, 0, 0, -1, 1))
"""The points before or after the first one in which something is due."""


class MarketRules(LawMachine):
    """A run through the market above one base. `above` says which: its cast, and the base's own walk."""

    above: ClassVar[LayeredWalk]

    @property
    def cast(self) -> Cast:
        """The accounts and names that play."""
        return self.above.cast

    @property
    def first(self) -> Offer:
        """The offer that most is about: the first service's, for the first pool."""
        return (self.cast.services[0], self.cast.pools[0])

    def offer(self, choices: Choices) -> Offer:
        """The first offer; now and then any other."""
        if choices.one_in(4):
            return (self.service(choices), choices.pick(self.cast.pools))
        return self.first

    def service(self, choices: Choices) -> Service:
        """Any service."""
        return choices.pick(self.cast.services)

    def anybody(self, choices: Choices) -> str:
        """A holder or an operator."""
        return choices.pick((*self.cast.holders, *self.cast.operators))

    def has(self, account: str) -> int:
        """The fee tokens of an account."""
        return self.cast.balance(self.rows, account)

    def wait(self, points: int) -> None:
        """Let points pass, if there are any to pass."""
        if points > 0:
            self.call(self.cast.wait(points))

    def wait_until(self, point: int, slack: int) -> None:
        """Let time pass up to a point, or to one right before or after it."""
        self.wait(point + slack - self.cast.now(self.rows))

    def slash(self, choices: Choices, offer: Offer, operator: str) -> Any:
        """A slash by the offer's service of a part or all of what it can take, as walks draw it."""
        return self.call(self.cast.slash(choices, self.rows, offer[0], operator, offer[1]))
