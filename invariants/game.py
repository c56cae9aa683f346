"""Games: what somebody can make of a whole run, however they play it.

Some laws speak of no single step. *No free lunch* and *no theft by coalition* say that after any sequence of moves,
once everybody has left, nobody holds what was not theirs. A game sets a scene, lets everybody make a history, lets a
party move, and compares what it takes out then, by the specification itself, with what it held and its claims were
worth.
"""

from collections.abc import Sequence
from typing import Any, Final

from invariants.choices import Choices
from invariants.law import Law
from invariants.walker import Walk
from spec.machine import Delta, Draft, State, commit
from spec.protocol import Protocol

Party = tuple[str, ...]
"""The accounts in one hand."""

TRIES: Final = 40
"""The draws of a walk's next action before giving up on one that the game allows."""


class Game(Law):
    """A law about what moves make of a state. `walk` gives the world, the history, and the actions that moves are drawn
    from; `parties` is who may be the one that moves.
    """

    def __init__(
        self, law_id: str, sentence: str, source: str, walk: Walk, history_steps: int, parties: tuple[Party, ...]
    ) -> None:
        super().__init__(law_id, sentence, source)
        self.walk: Final = walk
        self.history_steps: Final = history_steps
        self.parties: Final = parties

    def along(self, walk: Walk) -> "Game":
        """The same game along another walk."""
        return type(self)(self.law_id, self.sentence, self.source, walk, self.history_steps, self.parties)

    def scene(self, choices: Choices) -> list[Any]:
        """The actions before the history: the walk's opening, unless a game says otherwise."""
        return self.walk.opening()

    def allows(self, party: Party, action: Any) -> bool:
        """True if an action is a move of this game."""
        raise NotImplementedError

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """By how much somebody has more (or less) after these accepted moves than the law allows; at most 0 if it
        holds.
        """
        raise NotImplementedError


class GameReport:
    """The result of one game: the party, its accepted moves, and by how much the law broke. If it broke, all actions of
    the history and all moves.
    """

    def __init__(self, party: Party, moves: int, excess: int, history: list[Any], played: list[Any]) -> None:
        self.party: Final = party
        self.moves: Final = moves
        self.excess: Final = excess
        self.history: Final = history
        self.played: Final = played

    @property
    def actions(self) -> list[Any]:
        """Everything that happened, if the law broke."""
        return self.history + self.played


def play(game: Game, choices: Choices, moves: int) -> GameReport:
    """Play one game: the scene, a history of up to `history_steps` steps, up to `moves` moves, and the comparison."""
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
    """By how much the law breaks if just this happens, 0 if a move is none of the party's in this game; and which of
    the actions are accepted.
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
    """Let a state that is the caller's own go one step, if the action is accepted."""
    outcome = protocol.transition(Draft(state), action)
    if isinstance(outcome, Delta):
        commit(state, outcome)
        return True
    return False
