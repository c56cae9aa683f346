"""The market's games on EigenLayer, in the token of the first strategy."""

from typing import Any, Final

from invariants.eigenlayer.games import allowance, leave
from invariants.eigenlayer.walk import OPERATORS, POOLS, STAKERS_, TOKEN_WALK
from invariants.game import Game, Party
from invariants.market.cast import Cast
from invariants.market.eigenlayer import CAST, LAYERED
from invariants.market.games.coalition import Corner, game_walk, games_on
from invariants.market.layered_walk import LayeredWalk
from spec.eigenlayer.actions import SlashOperator
from spec.eigenlayer.config import BURN_ADDRESS
from spec.machine import State
from spec.protocol import Protocol


class _Corner(Corner):
    """EigenLayer's part of the games: the last staker is the underwriter outside.

    Slashed tokens are burned, or go to the redistribution recipient of an operator set.
    """

    cast: Cast = CAST
    outsider = STAKERS_[-1]
    coalition: Party = (*STAKERS_[:-1], *OPERATORS, "avs0", "avs1")
    takers: Party = (BURN_ADDRESS, "recipient")
    slashing: tuple[type[Any], ...] = (SlashOperator,)

    def leave(self, protocol: Protocol, state: State, party: Party) -> None:
        """Let a party withdraw everything from EigenLayer: slashes are paid out, all shares queued, and withdrawals
        completed as tokens.
        """
        leave(protocol, state, party)

    def allowance(self, end: State, moves: list[Any]) -> int:
        """The gain by rounding, in tokens, that EigenLayer's own games allow for the first strategy."""
        return allowance(end, POOLS[0], moves)


CORNER: Final = _Corner()
WALK: Final = game_walk(
    LayeredWalk(LAYERED.protocol, LAYERED.catalogue, CAST, TOKEN_WALK, LAYERED.head, LAYERED.prelude)
)
GAMES: Final[tuple[Game, ...]] = games_on(CORNER, WALK, ", and for what GAME-02 allows")
