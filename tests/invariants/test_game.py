"""Games: they hold of the specification, and are lost when it is broken on purpose."""

from typing import TYPE_CHECKING

import pytest

from invariants.choices import Seeded
from invariants.eigenlayer.games import GAMES as EIGENLAYER
from invariants.game import Game, play
from invariants.symbiotic.games import GAMES as SYMBIOTIC

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

GAMES = {"eigenlayer": EIGENLAYER, "symbiotic": SYMBIOTIC}
ALL_GAMES = {(protocol, game.law_id): game for protocol, games in GAMES.items() for game in games}


@pytest.mark.parametrize("game", ALL_GAMES.values(), ids=["-".join(names) for names in ALL_GAMES])
def test_a_game_holds_and_something_happens_in_it(game: Game) -> None:
    reports = [play(game, Seeded(seed), 80) for seed in range(150)]
    assert [report.actions for report in reports if report.excess > 0] == []
    assert sum(report.moves for report in reports) > 150 * 20


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

# (protocol, game that must be lost): (file, what stands there, what stands there instead)
BREAKS = {
    ("eigenlayer", "GAME-01"): (
        "strategies.py",
        "return mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET)",
        "return mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET) + 1",
    ),
    ("eigenlayer", "GAME-02"): (
        "slashing.py",
        "SlashedShares(taken_shares)",
        "SlashedShares(taken_shares + (taken_shares >> 2))",
    ),
    ("eigenlayer", "GAME-03"): (
        "withdrawals.py",
        "shares_after_slashing(queued.scaled_shares, slashing_factor_wad)",
        "shares_after_slashing(queued.scaled_shares, slashing_factor_wad) >> 1",
    ),
    ("symbiotic", "GAME-01"): (
        "withdrawals.py",
        "Withdrawal(withdrawal.shares, True)",
        "Withdrawal(withdrawal.shares, withdrawal.is_claimed)",
    ),
    ("symbiotic", "GAME-02"): (
        "withdrawals.py",
        "Withdrawal(withdrawal.shares + minted_shares, withdrawal.is_claimed)",
        "Withdrawal(withdrawal.shares + minted_shares + (minted_shares >> 3), withdrawal.is_claimed)",
    ),
    ("symbiotic", "GAME-03"): (
        "slashing.py",
        "    slashed_amount = min(amount, slashable)\n",
        "    slashed_amount = amount\n",
    ),
}


@pytest.mark.source
@pytest.mark.parametrize(("protocol", "game"), BREAKS)
def test_a_game_is_lost_when_the_specification_is_broken(protocol: str, game: str, source_copy: "SourceCopy") -> None:
    file, right, wrong = BREAKS[protocol, game]
    source_copy.replace(f"spec/{protocol}/{file}", right, wrong)
    assert source_copy.run(PLAY_UNTIL_BROKEN, protocol, game) == "broken\n"


def test_every_game_is_seen_to_be_lost() -> None:
    assert set(BREAKS) == set(ALL_GAMES)
