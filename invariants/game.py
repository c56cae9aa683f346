"""Games: laws about the total result of a whole run, for any sequence of moves by one party.

Some laws are not about a single step. *No free lunch* and *no theft by coalition* say that, after any sequence of moves
and once everybody has exited, nobody holds assets that were not theirs. A game first makes a state by an opening and
random steps of anybody, and then lets a party move. Then it computes, by the specification itself, what the party can
withdraw. It compares this with what the party held before and with the value of its claims.
"""

from collections.abc import Sequence
from typing import Any, Final

from invariants.choices import Choices
from invariants.law import Law
from invariants.walker import Walk
from spec.machine import Delta, Draft, State, commit
from spec.protocol import Protocol

Party = tuple[str, ...]
"""The accounts that one actor controls."""

TRIES: Final = 40
"""The number of times that a game draws the walk's next action, at most, to find one that the party may make
as a move.
"""


class Game(Law):
    """A law about the result of all moves of one party together.

    `walk` gives the world, the calls of anybody before the moves, and the calls from which moves are drawn.
    `history_steps` is the largest number of calls before the moves. `parties` are the parties of which one is picked to
    move.
    """

    def __init__(
        self, law_id: str, sentence: str, source: str, walk: Walk, history_steps: int, parties: tuple[Party, ...]
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.walk: Final = walk
        self.history_steps: Final = history_steps
        self.parties: Final = parties

    def along(self, walk: Walk) -> "Game":
        """A copy of this game whose world and moves come from another walk."""
        return type(self)(self.law_id, self.sentence, self.source, walk, self.history_steps, self.parties)

    def scene(self, choices: Choices) -> list[Any]:
        """The actions with which a game opens: the walk's opening, unless a subclass overrides this."""
        return self.walk.opening()

    def allows(self, party: Party, action: Any) -> bool:
        """True if `action` is a move that `party` may make in this game."""
        raise NotImplementedError

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The amount by which the accepted `moves` break the law; at most 0 if the law holds.

        `before` is the state before the first move, `after` the one after the last. A positive amount is what some
        account holds more, or less, after the moves than the law allows.
        """
        raise NotImplementedError


class GameReport:
    """The result of one game: the party, the number of its accepted moves, and the excess by which the law broke.

    `history` has the accepted actions before the party's moves, `played` the accepted moves. Both are empty unless the
    law broke.
    """

    def __init__(self, party: Party, moves: int, excess: int, history: list[Any], played: list[Any]) -> None:
        self.party: Final = party
        self.moves: Final = moves
        self.excess: Final = excess
        self.history: Final = history
        self.played: Final = played

    @property
    def actions(self) -> list[Any]:
        """All accepted actions of the game, if the law broke; otherwise empty."""
        return self.history + self.played


def play(game: Game, choices: Choices, moves: int) -> GameReport:
    """Play one game: the opening, up to `history_steps` calls of anybody, up to `moves` moves of one party, then the
    comparison.
    """
    protocol = game.walk.protocol
    party = choices.pick(game.parties)
    state = game.walk.genesis()
    actions = [action for action in game.scene(choices) if execute(protocol, state, action)]
    for _ in range(choices.below(game.history_steps + 1)):
        action = game.walk.next_action(choices, Draft(state))
        if execute(protocol, state, action):
            actions.append(action)
    before = state.copy()
    played: list[Any] = []
    for _ in range(moves):
        for _ in range(TRIES):
            action = game.walk.next_action(choices, Draft(state))
            if game.allows(party, action):
                if execute(protocol, state, action):
                    played.append(action)
                break
    excess = game.excess(party, before, state, played)
    is_lost = excess > 0
    return GameReport(party, len(played), excess, actions if is_lost else [], played if is_lost else [])


def excess_of(game: Game, party: Party, history: Sequence[Any], moves: Sequence[Any]) -> tuple[int, list[bool]]:
    """The excess after the given actions, and for each action whether it was accepted.

    `history` are the actions before the moves of `party`. If the party may not make some move, the excess is 0, and
    only the acceptance of `history` is returned.
    """
    protocol = game.walk.protocol
    state = game.walk.genesis()
    accepted = [execute(protocol, state, action) for action in history]
    before = state.copy()
    if not all([game.allows(party, action) for action in moves]):
        return 0, accepted
    accepted += [execute(protocol, state, action) for action in moves]
    played = [action for action, is_accepted in zip(moves, accepted[len(history) :], strict=True) if is_accepted]
    return game.excess(party, before, state, played), accepted


def execute(protocol: Protocol, state: State, action: Any) -> bool:
    """Put an action to the rules, and apply it to `state` in place if it is accepted. Returns True if it was."""
    outcome = protocol.transition(Draft(state), action)
    if isinstance(outcome, Delta):
        commit(state, outcome)
        return True
    return False
