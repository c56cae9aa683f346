"""The market's games, laws about all moves of a coalition together: no play is lost under the rules. Some are lost with
a broken rule, or without the bar on self-insurance.
"""

from pathlib import Path
from typing import Any

import pytest

from invariants.choices import Seeded
from invariants.game import Game, GameReport, excess_of, play
from invariants.market.games import eigenlayer, symbiotic
from invariants.market.games.coalition import SPONSOR, Coalition, Unharmed
from invariants.market.symbiotic import SERVICE
from invariants.symbiotic.walk import RESTAKING
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.machine import Delta, Draft, Outcome
from spec.market.actions import BuyPolicy
from spec.market.state import CLAIMABLES, Claimable
from spec.symbiotic.actions import AdvanceTime, Deposit, Slash

GAMES = {
    (base, game.law_id): game
    for base, games in {"eigenlayer": eigenlayer.GAMES, "symbiotic": symbiotic.GAMES}.items()
    for game in games
}
BASES = ("eigenlayer", "symbiotic")


def plays(game: Game, count: int) -> list[GameReport]:
    return [play(game, Seeded(seed), 80) for seed in range(count)]


def is_lost(game: Game, tries: int) -> bool:
    """True if one of the plays of the game with seeds 0 to `tries` - 1 is lost: the coalition gains too much, or the
    outsider loses too much.
    """
    return any(play(game, Seeded(seed), 80).excess > 0 for seed in range(tries))


def unlike(game: Game, bars: bool = True, is_declared: bool = True) -> Coalition:
    assert isinstance(game, Coalition)
    told = (game.law_id, game.sentence, game.source, game.walk, game.history_steps, game.parties, game.corner)
    return type(game)(*told, bars, is_declared)


@pytest.mark.parametrize("game", GAMES.values(), ids=["-".join(names) for names in GAMES])
def test_a_game_holds_and_something_happens_in_it(game: Game) -> None:
    reports = plays(game, 12)
    assert [report.actions for report in reports if report.excess > 0] == []
    assert sum(report.moves for report in reports) > 12 * 40


@pytest.mark.parametrize("base", BASES)
def test_without_the_rule_a_coalition_takes_what_another_put_in(base: str) -> None:
    """The coalition wins if the fund does not bar self-insurance. It also wins if operators have not declared which
    accounts are their own.
    """
    gain, loss = GAMES[base, "COAL-02"], GAMES[base, "COAL-03"]
    assert isinstance(loss, Unharmed)
    for game in (gain, loss):
        assert is_lost(unlike(game, bars=False), 12)
        assert is_lost(unlike(game, is_declared=False), 12)


@pytest.mark.parametrize("base", BASES)
def test_slashed_stake_that_is_lost_costs_what_insurance_pays(base: str) -> None:
    """If slashed stake is lost to the coalition, insuring itself gains it nothing, even without the bar on
    self-insurance.
    """
    assert not is_lost(unlike(GAMES[base, "COAL-01"], bars=False, is_declared=False), 12)


def generous(walk: Walk) -> Walk:
    """A copy of the walk with a mistake: a policy pays its cover when it is sold."""

    def transition(draft: Draft, action: Any) -> Outcome:
        outcome = walk.protocol.transition(draft, action)
        if isinstance(action, BuyPolicy) and isinstance(outcome, Delta):
            grains = draft.get(CLAIMABLES, action.sender).grains + action.cover * WAD
            draft.put(CLAIMABLES, action.sender, Claimable(grains))
        return outcome

    return Walk(walk.protocol.with_transition(transition), walk.catalogue, walk.world, walk.opening, walk.next_action)


@pytest.mark.parametrize("game", GAMES.values(), ids=["-".join(names) for names in GAMES])
def test_a_game_is_lost_when_a_rule_is_broken(game: Game) -> None:
    assert is_lost(game.along(generous(game.walk)), 60)


POLICY = BuyPolicy("operator0", SERVICE, RESTAKING, SPONSOR, "operator0", WAD // 2, 40, 0)
MOVES = [
    Deposit("staker0", RESTAKING, "operator0", WAD),
    POLICY,
    AdvanceTime(20),
    Slash("middleware0", RESTAKING, SERVICE, "operator0", 3 * WAD // 2, 29),
    AdvanceTime(40),
]


@pytest.mark.parametrize(("bars", "gain"), [(False, WAD // 2), (True, 0)])
def test_an_operator_that_insures_itself_and_is_slashed(bars: bool, gain: int) -> None:
    """Half of three units of stake is slashed and returns to the coalition. The operator's own policy pays half a unit
    on top, unless the fund bars self-insurance.
    """
    game = unlike(GAMES["symbiotic", "COAL-02"], bars=bars)
    (party,) = game.parties
    excess, _ = excess_of(game, party, game.scene(Seeded(0)), MOVES)
    assert excess == gain


def test_the_page_says_what_the_games_demand() -> None:
    page = (Path(__file__).parents[2] / "docs" / "insurance.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| COAL-")]
    assert rows == [f"| {game.law_id} | {game.sentence} |" for game in symbiotic.GAMES]
    allowed = [there.sentence[: -len(".")] for there in symbiotic.GAMES[:2]]
    assert [f"{sentence}, and for what GAME-02 allows." for sentence in allowed] == [
        game.sentence for game in eigenlayer.GAMES[:2]
    ]
