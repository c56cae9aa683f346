"""Counterexamples are never lost: however a run ends, each finding is kept in a file and names the law that it
breaks.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import findings
from harness.findings import Change, Kept, keep, kept, recheck
from harness.protocols import known_games, known_walks, load_walk
from harness.shrinking import first_break
from invariants.walker import Walk, random_walk
from spec.codec import MalformedTrace

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.usefixtures("example")

FOLDER = Path(".restake")
POOL = "pool_laws:WALK"


def last(files: Iterator[Kept]) -> Path:
    """The path of the file in which a counterexample is kept at the end, after shrinking."""
    *_, kept = files
    return kept.path


def never() -> bool:
    return False


def test_a_counterexample_says_what_it_breaks_and_is_found_again(broken: tuple[Walk, list[Any]]) -> None:
    walk, actions = broken
    path = last(keep(FOLDER, walk, "POOL-01", "walk of seed 0", actions, never))
    assert kept(FOLDER, walk.protocol) == [path]
    document = json.loads(path.read_text())
    assert document["finding"] == {"law": "POOL-01", "subject": "", "found_by": "walk of seed 0"}
    claim, told = recheck(walk, path)
    assert told is not None
    assert (claim.law, told.breaks_at, len(told.steps)) == ("POOL-01", 1, 2)
    assert told.steps[0].changes == (
        Change("pool", "stake", "0", "10"),
        Change("pool", "shares", "0", "10"),
        Change("stakers['staker0']", "shares", "0", "10"),
    )
    assert [len(step.violations) for step in told.steps] == [0, 1]
    _, fixed = recheck(load_walk("pool_laws:WALK"), path)
    assert fixed is not None
    assert fixed.breaks_at is None
    assert recheck(walk.only(("POOL-02",)), path)[1] is None


KEEP_A_LOST_GAME = """
import json
from pathlib import Path
from harness.findings import keep_game, recheck
from harness.protocols import known_games, known_walks
from invariants.choices import Seeded
from invariants.game import play
game = next(game for game in known_games()["symbiotic"] if game.law_id == "GAME-01")
reports = (play(game, Seeded(seed), 80) for seed in range(100))
report = next(report for report in reports if report.excess > 0)
*_, kept = keep_game(Path(), game, report, "game", lambda: False)
path, left = kept.path, kept.steps
claim, told = recheck(known_walks()["symbiotic"], path, known_games()["symbiotic"])
print(json.dumps([path.name, left, len(report.actions), told.breaks_at, [step.action for step in told.steps]]))
"""


@pytest.mark.source
def test_a_lost_game_is_told_step_by_step_and_not_lost_by_the_right_rules(source_copy: "SourceCopy") -> None:
    """A bug lets a withdrawal be claimed twice, so that a game is lost: a party gains too much. The kept run ends with
    the second claim. Under the right rules it is not lost.
    """
    right = "Withdrawal(shares=withdrawal.shares, is_claimed=True)"
    source_copy.replace("spec/symbiotic/withdrawals.py", right, "Withdrawal(withdrawal.shares, withdrawal.is_claimed)")
    name, left, actions, breaks_at, told = json.loads(source_copy.run(KEEP_A_LOST_GAME))
    assert left < 8 < actions
    assert (breaks_at, told[-1]) == (len(told) - 1, "claim")
    claim, retold = recheck(known_walks()["symbiotic"], source_copy.folder / name, known_games()["symbiotic"])
    assert claim.party in {party for game in known_games()["symbiotic"] for party in game.parties}
    assert 0 < claim.begins < left
    assert retold is not None
    assert [step.action for step in retold.steps] == told
    assert retold.breaks_at is None
    assert recheck(known_walks()["symbiotic"], source_copy.folder / name)[1] is None


def test_what_would_control_a_terminal_is_written_as_text_and_read_again(broken: tuple[Walk, list[Any]]) -> None:
    """Regression: control characters in a file's name were kept unchanged in a finding, which the reader then
    refused.
    """
    walk, actions = broken
    claim, told = recheck(walk, last(keep(FOLDER, walk, "POOL-01", "trace a\x1b[31m\nb.json", actions, never)))
    assert (claim.found_by, told is not None) == ("trace a\\x1b[31m\\nb.json", True)


def test_a_law_that_broke_is_told_even_if_its_trace_cannot_be_read(
    broken: tuple[Walk, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> Any:
        raise MalformedTrace("finding", "not readable")

    walk, actions = broken
    monkeypatch.setattr(findings, "read_kept", refuses)
    violation = random_walk(walk.only(("POOL-01",)), 0, 400).violations[0]
    (found,) = findings.finding_of(FOLDER, walk, POOL, violation, "walk\n0", actions, "restake check", never)
    assert (found.law, found.found_by, found.trace, found.command) == ("POOL-01", "walk\\n0", None, "restake check")


def test_another_finding_gets_another_name_and_the_same_one_the_same(broken: tuple[Walk, list[Any]]) -> None:
    walk, actions = broken
    first = last(keep(FOLDER, walk, "POOL-01", "walk of seed 0", actions, never))
    assert last(keep(FOLDER, walk, "POOL-01", "walk of seed 0", actions, never)) == first
    second = last(keep(FOLDER, walk, "POOL-01", "walk of seed 2", random_walk(walk, 2, 400).actions, never))
    assert kept(FOLDER, walk.protocol) == sorted({first, second})
    assert len({first, second}) == 2
    assert {path.name for path in FOLDER.iterdir()} == {first.name, second.name}, "nothing else is left behind"


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RuntimeError])
def test_whatever_ends_the_shrinking_the_run_is_kept_as_it_was_found(
    error: type[BaseException], broken: tuple[Walk, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> list[Any]:
        raise error

    walk, actions = broken
    monkeypatch.setattr(findings, "shrink", fails)
    with pytest.raises(error):
        last(keep(FOLDER, walk, "POOL-01", "walk of seed 0", actions, never))
    (path,) = kept(FOLDER, walk.protocol)
    _, told = recheck(walk, path)
    assert told is not None
    assert (told.breaks_at, len(told.steps)) == (len(actions) - 1, len(actions))


def test_an_interrupted_search_keeps_the_shortest_run_so_far(broken: tuple[Walk, list[Any]]) -> None:
    walk, actions = broken
    asked = 0

    def soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 40

    path = last(keep(FOLDER, walk, "POOL-01", "walk of seed 0", actions, soon))
    _, told = recheck(walk, path)
    assert told is not None
    assert told.breaks_at is not None
    assert 2 < len(told.steps) < len(actions)
    assert kept(FOLDER, walk.protocol) == [path]


def test_a_file_without_a_finding_is_none(broken: tuple[Walk, list[Any]]) -> None:
    walk, actions = broken
    path = last(keep(FOLDER, walk, "POOL-01", "walk of seed 0", actions, never))
    document = json.loads(path.read_text())
    for changed, problem in (
        ({**document, "finding": {**document["finding"], "more": 1}}, "finding: unknown field 'more'"),
        ({**document, "finding": {"law": "POOL-01"}}, "finding: missing field 'subject'"),
        ({name: value for name, value in document.items() if name != "finding"}, "missing field 'finding'"),
    ):
        path.write_text(json.dumps(changed))
        with pytest.raises(MalformedTrace) as raised:
            recheck(walk, path)
        assert str(raised.value) == problem


@pytest.mark.parametrize("protocol", known_walks())
def test_what_walks_do_can_be_kept(protocol: str) -> None:
    """Every call of a walk can be written as a trace, and reading gives the same action."""
    walk = known_walks()[protocol]
    for seed in range(3):
        actions = actions_of(walk, seed)
        trace = walk.protocol.read_trace(walk.protocol.write_trace(walk.world, actions))
        assert [action for step in trace.steps for action in step.actions] == actions


def actions_of(walk: Walk, seed: int) -> list[Any]:
    """The actions of a walk of 200 calls, the opening's included, after checking that the walk breaks no law."""
    actions: list[Any] = []

    def noted(make: Callable[..., Any]) -> Callable[..., Any]:
        def next_action(*arguments: Any) -> Any:
            actions.append(make(*arguments))
            return actions[-1]

        return next_action

    opening = walk.opening()
    report = random_walk(
        Walk(walk.protocol, walk.catalogue, walk.world, walk.opening, noted(walk.next_action)), seed, 200
    )
    assert first_break(walk, [*opening, *actions]) is None
    assert report.steps == len(opening) + len(actions)
    return [*opening, *actions]
