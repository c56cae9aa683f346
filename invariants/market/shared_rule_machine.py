"""The base class of the Hypothesis rules of all parts of the market: the cast, random decisions, and waiting."""

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
"""A Hypothesis strategy for a source of random decisions, as walks use, for choices among accounts and terms."""

AMOUNT: Final = amounts()
FRACTION: Final = amounts(WAD)
SLACK: Final = st.sampled_from((0, 0, 0, -1, 1))
"""The offset from the first point at which a call is due, in points."""


class MarketRules(LawMachine):
    """A Hypothesis run through the market above one base; `above` gives the base's cast and its own walk."""

    above: ClassVar[LayeredWalk]

    @property
    def cast(self) -> Cast:
        """The accounts and names that the run uses."""
        return self.above.cast

    @property
    def first(self) -> Offer:
        """The offer that most rules are about: that of the first service for the first pool."""
        return (self.cast.services[0], self.cast.pools[0])

    def offer(self, choices: Choices) -> Offer:
        """The first offer, or sometimes any other."""
        if choices.one_in(4):
            return (self.service(choices), choices.pick(self.cast.pools))
        return self.first

    def service(self, choices: Choices) -> Service:
        """A random service of the cast."""
        return choices.pick(self.cast.services)

    def anybody(self, choices: Choices) -> str:
        """A random holder or operator of the cast."""
        return choices.pick((*self.cast.holders, *self.cast.operators))

    def has(self, account: str) -> int:
        """The balance of the fee token of an account."""
        return self.cast.balance(self.rows, account)

    def wait(self, points: int) -> None:
        """Let `points` points pass, if the number is positive."""
        if points > 0:
            self.call(self.cast.wait(points))

    def wait_until(self, point: int, slack: int) -> None:
        """Let time pass until `point` plus `slack`, in points. Nothing happens if that is not in the future."""
        self.wait(point + slack - self.cast.now(self.rows))

    def slash(self, choices: Choices, offer: Offer, operator: str) -> Any:
        """Make a call by which the offer's service slashes the operator, and return the outcome."""
        return self.call(self.cast.slash(choices, self.rows, offer[0], operator, offer[1]))
