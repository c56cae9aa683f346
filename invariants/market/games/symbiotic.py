"""The market's games on Symbiotic."""

from typing import Any, Final

from invariants.game import Game, Party
from invariants.market.cast import Cast
from invariants.market.games.coalition import Corner, game_walk, games_on
from invariants.market.symbiotic import CAST, LAYERED
from invariants.symbiotic.games import leave
from invariants.symbiotic.walk import NETWORKS, OPERATORS, STAKERS
from spec.machine import State
from spec.protocol import Protocol
from spec.symbiotic.actions import ExecuteSlash, Slash


class _Corner(Corner):
    """Symbiotic's part of the games: the last staker is the underwriter outside.

    Slashed collateral goes to the burner.
    """

    cast: Cast = CAST
    outsider = STAKERS[-1]
    coalition: Party = (*STAKERS[:-1], *OPERATORS, *NETWORKS)
    takers: Party = ("burner0",)
    slashing: tuple[type[Any], ...] = (Slash, ExecuteSlash)

    def leave(self, protocol: Protocol, state: State, party: Party) -> None:
        """Let a party withdraw everything from Symbiotic: redeem all active shares, and claim after their epoch."""
        leave(protocol, state, party)


CORNER: Final = _Corner()
GAMES: Final[tuple[Game, ...]] = games_on(CORNER, game_walk(LAYERED), "")
