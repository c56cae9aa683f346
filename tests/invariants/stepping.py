"""Prints a digest of every step of walks of all kinds, line by line, so that two builds can be compared.

test_builds.py runs it in processes of their own. A line has the run, the step, the call, and a digest of the call, of
all rows that it writes and of its return value.
"""

import hashlib
import random
import sys
from collections.abc import Callable, Iterator

from harness.protocols import known_bounded_models, known_games, known_walks
from invariants.choices import Choices, Drawn, Seeded
from invariants.exploring import explore
from invariants.game import Game, execute, play
from invariants.walker import Walk, random_walk
from spec.machine import Delta, Draft, commit

SEEDS, SCENARIO_SEEDS, STEPS = 20, 40, 200
"""Three numbers: seeds of the ordinary walk, seeds shared out among the scenarios, and calls of each run."""

BYTES, GAMES_PLAYED, MOVES, CHECKED = 6, 5, 40, 3
BYTES_PER_STEP = 32


def digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()[:12]


def steps(walk: Walk, choices: Callable[[int], Choices], count: int) -> Iterator[str]:
    """The lines for the first `count` calls of one walk. `choices` gives the source of decisions for each call."""
    state, opening = walk.genesis(), walk.opening()
    for position in range(count):
        draft = Draft(state)
        action = opening[position] if position < len(opening) else walk.next_action(choices(position), draft)
        outcome = walk.protocol.transition(Draft(state), action)
        yield f"{position} {type(action).__name__} {digest(action, outcome)}"
        if isinstance(outcome, Delta):
            commit(state, outcome)


def seeded(seed: int) -> Callable[[int], Choices]:
    choices = Seeded(seed)
    return lambda _position: choices


def by_bytes(seed: int) -> Callable[[int], Choices]:
    source = random.Random(seed)
    return lambda _position: Drawn(source.randbytes(BYTES_PER_STEP))


def moves(game: Game, seed: int) -> Iterator[str]:
    """The lines for a game: each action with its acceptance, the excess by which the law breaks, and the report of a
    whole play.
    """
    choices, state = Seeded(seed), game.walk.genesis()
    party, actions = choices.pick(game.parties), game.scene(choices)
    for position in range(2 * MOVES):
        action = actions[position] if position < len(actions) else game.walk.next_action(choices, Draft(state))
        is_move = bool(game.allows(party, action))
        is_accepted = execute(game.walk.protocol, state, action)
        yield f"{position} {type(action).__name__} {digest(action, is_move, is_accepted)}"
    yield f"excess {game.excess(party, game.walk.genesis(), state, [])}"
    report = play(game, Seeded(seed), MOVES)
    yield f"played {digest(report.party, report.moves, report.excess)}"


def checks(walk: Walk, seed: int) -> Iterator[str]:
    """The lines for a walk that checks the laws: a digest of its steps and answers, then the counts of checks and
    sightings.
    """
    report = random_walk(walk, seed, 2 * STEPS)
    yield f"checked {digest(report.steps, report.accepted, report.rejected, report.violations)}"
    yield from (f"{law} {count}" for law, count in [*report.checked.items(), *report.seen.items()])


def runs(name: str) -> Iterator[tuple[str, Iterator[str]]]:
    """All runs of a protocol, as pairs of a name and the run's lines."""
    walk = known_walks()[name]
    yield from ((f"walk {seed}", steps(walk.of(seed), seeded(seed), STEPS)) for seed in range(SEEDS))
    scenarios = list(dict.fromkeys(walk.scenarios))
    for number, scenario in enumerate(scenarios):
        for seed in range(0, SCENARIO_SEEDS, len(scenarios)):
            yield f"scenario {number} of seed {seed}", steps(scenario, seeded(seed), STEPS)
    yield from ((f"bytes {seed}", steps(walk, by_bytes(seed), STEPS)) for seed in range(BYTES))
    for game in known_games()[name]:
        yield from ((f"{game.law_id} {seed}", moves(game, seed)) for seed in range(GAMES_PLAYED))
    yield from ((f"checks {seed}", checks(walk, seed)) for seed in range(CHECKED))
    found = explore(known_bounded_models()[name], 2, True, lambda _: True)
    yield "bounded model", iter([f"{found.sequences} {found.states} {found.accepted} {found.rejected} {found.checked}"])


if __name__ == "__main__":
    for protocol in known_walks():
        for run, lines in runs(protocol):
            for line in lines:
                sys.stdout.write(f"{protocol} {run} {line}\n")
