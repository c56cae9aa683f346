"""The market's Hypothesis state machine on EigenLayer."""

from typing import ClassVar

from invariants.market.eigenlayer import LAYERED, WALK
from invariants.market.layered_walk import LayeredWalk
from invariants.market.rule_machine import MarketMachine
from invariants.walker import Walk, WalkReport


class MarketOnEigenLayerMachine(MarketMachine):
    """Rules for every action of the market, above EigenLayer."""

    above: ClassVar[LayeredWalk] = LAYERED

    def __init__(self, walk: Walk = WALK, runs: list[WalkReport] | None = None) -> None:
        super().__init__(walk, runs)
