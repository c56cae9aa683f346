"""Games, laws about all moves of a party together: no play is lost under the specification, and some are when it is
broken on purpose.
"""

from typing import TYPE_CHECKING, Any

import pytest

from invariants.choices import Seeded
from invariants.eigenlayer.games import GAMES as EIGENLAYER
from invariants.eigenlayer.games import balance
from invariants.eigenlayer.releases import GAMES_V1_12_0
from invariants.game import Game, excess_of, execute, play
from invariants.symbiotic.games import GAMES as SYMBIOTIC
from spec.arithmetic import WAD
from spec.eigenlayer import actions
from spec.eigenlayer.config import ZERO_ADDRESS

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

GAMES = {"eigenlayer": EIGENLAYER, "symbiotic": SYMBIOTIC}
ALL_GAMES = {(protocol, game.law_id): game for protocol, games in GAMES.items() for game in games}


@pytest.mark.parametrize("game", ALL_GAMES.values(), ids=["-".join(names) for names in ALL_GAMES])
def test_a_game_holds_and_something_happens_in_it(game: Game) -> None:
    reports = [play(game, Seeded(seed), 80) for seed in range(150)]
    assert [report.actions for report in reports if report.excess > 0] == []
    assert sum(report.moves for report in reports) > 150 * 20


@pytest.mark.parametrize(("games", "whole_pays"), [(GAMES_V1_12_0, 0), (EIGENLAYER, 3)], ids=["v1.12.0", "newest"])
def test_dust_refuses_a_whole_exit_where_a_split_one_pays_and_nobody_has_gained_by_that(
    games: tuple[Game, ...], whole_pays: int
) -> None:
    """A strategy has five shares. In v1.12.0, three of them are booked although two were slashed. The holder of the
    other three can withdraw two, not three.

    The newest release books two, and the whole withdrawal is paid. The holder gains nothing, however it leaves.
    """
    (free_lunch,) = [game for game in games if game.law_id == "GAME-01"]
    genesis = free_lunch.walk.genesis()
    allocation = actions.AllocationRequest(("avs0", 0), ("strategy0",), (WAD,))
    history = [
        actions.UpdateAvsMetadata("avs0", "avs0"),
        actions.CreateOperatorSets("avs0", "avs0", (actions.OperatorSetRequest(0, ("strategy0",), "avs0"),)),
        actions.RegisterAsOperator("operator1", ZERO_ADDRESS, 0),
        actions.RegisterForOperatorSets("operator1", "operator1", "avs0", (0,)),
        actions.DepositIntoStrategy("operator0", "strategy0", "token0", 3),
        actions.ModifyAllocations("operator1", "operator1", (allocation,)),
        actions.SlashOperator("avs0", "avs0", "operator1", 0, ("strategy0",), (1,)),
        actions.DepositIntoStrategy("operator1", "strategy0", "token0", 2),
        actions.QueueWithdrawals("operator1", (actions.WithdrawalRequest(("strategy0",), (1,)),) * 2),
        actions.SlashOperator("avs0", "avs0", "operator1", 0, ("strategy0",), (WAD - 1,)),
        actions.MineBlocks(7),
        actions.ClearBurnOrRedistributableShares("anybody", ("avs0", 0), 2),
    ]
    split = [actions.QueueWithdrawals("operator0", (actions.WithdrawalRequest(("strategy0",), (2,)),))]
    whole = [actions.QueueWithdrawals("operator0", (actions.WithdrawalRequest(("strategy0",), (3,)),))]

    def received(moves: list[Any]) -> int:
        state = genesis.copy()
        assert all(
            execute(free_lunch.walk.protocol, state, action) for action in (*history, *moves, actions.MineBlocks(11))
        )
        execute(
            free_lunch.walk.protocol,
            state,
            actions.CompleteQueuedWithdrawal("operator0", actions.Completion("operator0", 0, ("token0",), True)),
        )
        return balance(state, "token0", ("operator0",)) - balance(genesis, "token0", ("operator0",)) + 3

    assert (received(whole), received(split)) == (whole_pays, 2)
    for moves in (whole, split, []):
        # Its three shares are worth three units, which it has or waits for, however it leaves; it has no token1.
        assert excess_of(free_lunch, ("operator0",), history, moves)[0] == 0


PLAY_UNTIL_BROKEN = """
import sys
from importlib import import_module
from invariants.choices import Seeded
from invariants.game import play
(game,) = [game for game in import_module(f"invariants.{sys.argv[1]}.games").GAMES if game.law_id == sys.argv[2]]
for seed in range(600):
    report = play(game, Seeded(seed), 120)
    if report.actions:
        print("broken")
        break
"""

# (protocol, game that must be lost): the bug
BREAKS = {
    ("eigenlayer", "GAME-01"): "TE-17",
    ("eigenlayer", "GAME-02"): "TE-18",
    ("eigenlayer", "GAME-03"): "TE-19",
    ("symbiotic", "GAME-01"): "TS-19",
    ("symbiotic", "GAME-02"): "TS-20",
    ("symbiotic", "GAME-03"): "SM-27",
}


ONE_WEI = "TS-21"
"""The id of the mutant in which every claim pays one wei less."""


@pytest.mark.source
def test_a_game_of_no_slack_notices_a_wei(source_copy: "SourceCopy") -> None:
    source_copy.plant(ONE_WEI)
    assert source_copy.run(PLAY_UNTIL_BROKEN, "symbiotic", "GAME-03") == "broken\n"


@pytest.mark.source
@pytest.mark.parametrize(("protocol", "game"), BREAKS)
def test_a_game_is_lost_when_the_specification_is_broken(protocol: str, game: str, source_copy: "SourceCopy") -> None:
    source_copy.plant(BREAKS[protocol, game])
    assert source_copy.run(PLAY_UNTIL_BROKEN, protocol, game) == "broken\n"


def test_every_game_is_seen_to_be_lost() -> None:
    assert set(BREAKS) == set(ALL_GAMES)
