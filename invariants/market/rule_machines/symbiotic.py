"""The market's Hypothesis state machine on Symbiotic."""

from typing import ClassVar

from invariants.market.layered_walk import LayeredWalk
from invariants.market.rule_machine import MarketMachine
from invariants.market.symbiotic import LAYERED, WALK
from invariants.walker import Walk, WalkReport


class MarketOnSymbioticMachine(MarketMachine):
    """Rules for every action of the market, above Symbiotic."""

    above: ClassVar[LayeredWalk] = LAYERED

    def __init__(self, walk: Walk = WALK, runs: list[WalkReport] | None = None) -> None:
        super().__init__(walk, runs)
