"""Counterexamples of laws: kept as traces, shrunk, and retold step by step, with each step's changes and the step that
breaks the law.

A kept counterexample is an ordinary trace with one more field, `finding`, which names the broken law. Its file name
ends with a digest of its content, so no file is overwritten.
"""

import hashlib
import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from harness.shrinking import first_break, shrink, shrink_game
from harness.suite import Finding, shown
from harness.traces import CLAIM, Claim, load_kept, read_kept
from invariants.checking import Checker, Violation
from invariants.game import Game, GameReport, Party, excess_of
from invariants.law import Catalogue, Law
from invariants.walker import Walk
from spec.codec import Json, MalformedTrace, printable
from spec.machine import Delta, Draft, Write
from spec.protocol import Protocol, Step, Trace

STEPS_PER_GAME = 1_000
"""The number of random steps for which each game is played once; games then take about a tenth of a run's time."""

ILLEGAL = r"[^\w.-]"
"""The characters that are replaced in file names."""


@attrs.frozen
class Change:
    """One field of one row, before and after a step. `field` is empty for a row that is a plain value."""

    row: str
    field: str
    before: str
    after: str


@attrs.frozen
class Told:
    """One step of a counterexample: the call, its answer, the row fields it changed, and the violations of the law.
    `error` is the name of the reason of a rejection, None if the call was accepted.
    """

    action: str
    sender: str | None
    arguments: Json
    error: str | None
    returns: Json
    changes: tuple[Change, ...]
    violations: tuple[str, ...]


@attrs.frozen
class Retelling:
    """A kept counterexample, replayed under the current rules and laws. `breaks_at` is the index of the first step that
    breaks the law, or None. For a known violation, `known` says what it means for users, and `instead` which law is
    true.
    """

    law: str
    sentence: str
    subject: str
    found_by: str
    steps: tuple[Told, ...]
    breaks_at: int | None
    known: str | None = None
    instead: str | None = None


@attrs.frozen
class Kept:
    """A counterexample in a file: its path, the law it claims to break, and its number of steps."""

    path: Path
    claim: Claim
    steps: int


def keep(
    folder: Path, walk: Walk, law_id: str, found_by: str, actions: Sequence[Any], stops: Callable[[], bool]
) -> Iterator[Kept]:
    """A run that breaks a law, saved in a file of `folder`. The iterator first yields it as it was found; its next item
    is the shrunk run, whose file replaces the first. The first file is removed after the second is written, so that one
    always exists. Once `stops` returns true, shrinking ends.
    """
    found = _save(folder, walk, law_id, found_by, actions)
    yield found
    yield _in_place_of(found, _save(folder, walk, law_id, found_by, shrink(walk, law_id, actions, stops)))


def keep_game(folder: Path, game: Game, report: GameReport, found_by: str, stops: Callable[[], bool]) -> Iterator[Kept]:
    """A lost play of a game, saved in a file of `folder`: the iterator yields it as it was played, then shrunk.

    `found_by` describes the run that found it. Once `stops` returns true, shrinking ends.
    """
    found = _save_game(folder, game, report.party, found_by, report.history, report.played)
    yield found
    history, moves = shrink_game(game, report.party, report.history, report.played, stops)
    yield _in_place_of(found, _save_game(folder, game, report.party, found_by, history, moves))


def _in_place_of(found: Kept, shortest: Kept) -> Kept:
    """The shortest run, now in a file of its own (`shortest`). The file of the longer run `found` is removed, unless
    another process has removed it.
    """
    if shortest.path != found.path:
        found.path.unlink(missing_ok=True)
    return shortest


def kept(folder: Path, protocol: Protocol) -> list[Path]:
    """The paths of a protocol's kept counterexamples, sorted by name."""
    return sorted(folder.glob(f"{_prefix(protocol)}*.json"))


def recheck(walk: Walk, path: Path, games: Sequence[Game] = ()) -> tuple[Claim, Retelling | None]:
    """The claim of the kept trace in a file, and the trace retold step by step under the current rules. The retelling
    is None if the claimed law is neither one of the walk nor one of `games`.

    Raises MalformedTrace if the file cannot be read any more.
    """
    _, trace, claim = load_kept(path, {walk.protocol.name: walk.protocol})
    if claim is None:
        raise MalformedTrace("", "missing field 'finding'")
    is_known = any(law.law_id == claim.law for law in (*walk.catalogue.laws(), *games))
    return claim, retell(walk, trace, claim, games) if is_known else None


def retell(walk: Walk, trace: Trace, claim: Claim, games: Sequence[Game] = ()) -> Retelling:
    """A kept trace, retold step by step, to see if it still breaks the law of its claim. Raises MalformedTrace if that
    law is neither one of the walk nor a game.
    """
    game = next((game for game in games if game.law_id == claim.law), None)
    if game is not None:
        return _retell_game(game, trace, claim)
    law = _law(walk, claim)
    if law is None:
        raise MalformedTrace("finding.law", f"unknown law {claim.law!r} of {walk.protocol.name}")
    laws = walk.only((claim.law,)).catalogue
    # Known violations are left out of the catalogue, so that their breaking step is reported like any other.
    unexcused = Catalogue(laws.sums, laws.state_laws, laws.step_laws, laws.rejection_laws, laws.witnesses)
    checker = Checker(unexcused, trace.genesis)
    told: list[Told] = []
    breaks_at: int | None = None
    for position, step in enumerate(trace.steps):
        one, violations = _tell(checker, walk.protocol, step)
        if position == len(trace.steps) - 1 and breaks_at is None and not violations:
            violations = checker.scan()
            one = attrs.evolve(one, violations=tuple([repr(violation) for violation in violations]))
        told.append(one)
        if violations and breaks_at is None:
            breaks_at = position
    told_of = (law.law_id, law.sentence, claim.subject, claim.found_by, tuple(told), breaks_at)
    known = walk.catalogue.known_violations.get(law.law_id)
    return Retelling(*told_of) if known is None else Retelling(*told_of, known.meaning, known.instead)


def _retell_game(game: Game, trace: Trace, claim: Claim) -> Retelling:
    """A kept play of a game, retold step by step; the last step tells if it is lost. Raises MalformedTrace for a bad
    claim.
    """
    if claim.party not in game.parties:
        known = "; ".join(", ".join(party) for party in game.parties)
        raise MalformedTrace("finding.party", f"expected one of {known}; found {', '.join(claim.party) or 'none'}")
    checker = Checker(Catalogue([], [], [], [], []), trace.genesis)
    told = [_tell(checker, game.walk.protocol, step)[0] for step in trace.steps]
    actions = [action for step in trace.steps for action in step.actions]
    if claim.begins > len(actions):
        raise MalformedTrace("finding.begins", f"there are {len(actions)} actions, found {claim.begins}")
    excess, _ = excess_of(game, claim.party, actions[: claim.begins], actions[claim.begins :])
    is_lost = excess > 0 and bool(told)
    if is_lost:
        said = f"{game.law_id} of {claim.subject}: {game.sentence} It is broken by {excess}."
        told[-1] = attrs.evolve(told[-1], violations=(said,))
    breaks_at = len(told) - 1 if is_lost else None
    return Retelling(game.law_id, game.sentence, claim.subject, claim.found_by, tuple(told), breaks_at)


def _tell(checker: Checker, protocol: Protocol, step: Step) -> tuple[Told, list[Violation]]:
    """Execute one step. Returns the outcome of its last action with the rows changed by all its actions, and the
    violations.
    """
    before: dict[tuple[int, object], Write] = {}
    violations: list[Violation] = []
    for action in step.actions:
        outcome = protocol.transition(Draft(checker.state), action)
        if isinstance(outcome, Delta):
            rows = Draft(checker.state)
            for write in outcome.writes:
                old = Write(write.table, write.key, rows.get(write.table, write.key))
                before.setdefault((write.table.index, write.key), old)
            violations += checker.accept(action, outcome)
        else:
            violations += checker.reject(action, outcome)
    rows = Draft(checker.state)
    changes = [change for old in before.values() for change in _changes(old, rows.get(old.table, old.key))]
    told = Told(
        step.action_name,
        step.sender,
        step.arguments,
        None if isinstance(outcome, Delta) else outcome.value,
        protocol.write_returns(step.actions[-1], outcome.returns) if isinstance(outcome, Delta) else None,
        tuple(changes),
        tuple([repr(violation) for violation in violations]),
    )
    return told, violations


def _changes(old: Write, row: object) -> list[Change]:
    """The fields of a row that differ between `old` and `row`."""
    name = f"{old.table.name}[{old.key!r}]" if old.key != "" else old.table.name
    kind: type[Any] = type(row)
    if not attrs.has(kind):
        return [Change(name, "", repr(old.row), repr(row))] if old.row != row else []
    fields = [(field.name, getattr(old.row, field.name), getattr(row, field.name)) for field in attrs.fields(kind)]
    return [Change(name, field, repr(before), repr(after)) for field, before, after in fields if before != after]


def _law(walk: Walk, claim: Claim) -> Law | None:
    return next((law for law in walk.catalogue.laws() if law.law_id == claim.law), None)


def _save(folder: Path, walk: Walk, law_id: str, found_by: str, actions: Sequence[Any]) -> Kept:
    found = first_break(walk.only((law_id,)), actions)
    subject = "" if found is None or found.violation is None else shown(found.violation)
    return _write(folder, walk, Claim(law_id, subject, found_by), actions)


def _save_game(
    folder: Path, game: Game, party: Party, found_by: str, history: Sequence[Any], moves: Sequence[Any]
) -> Kept:
    begins = len(history)
    subject = f"{', '.join(party)}, who move after {begins} calls"
    return _write(folder, game.walk, Claim(game.law_id, subject, found_by, party, begins), [*history, *moves])


def _write(folder: Path, walk: Walk, claim: Claim, actions: Sequence[Any]) -> Kept:
    """Write a counterexample in one piece, under a new name. Raises MalformedTrace, and writes nothing, if the trace
    could not be read again.
    """
    # A subject or a path may contain terminal control characters, which the reader of traces refuses.
    claim = attrs.evolve(claim, subject=printable(claim.subject), found_by=printable(claim.found_by))
    document = {**walk.protocol.write_trace(walk.world, actions), "finding": CLAIM.write(claim)}
    content = json.dumps(document, indent=1)
    _, trace, _ = read_kept(json.loads(content), {walk.protocol.name: walk.protocol})
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    path = folder / f"{_prefix(walk.protocol)}{re.sub(ILLEGAL, '_', claim.law)}-{digest}.json"
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{path.name}.{os.getpid()}"
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return Kept(path, claim, len(trace.steps))


def _prefix(protocol: Protocol) -> str:
    """The prefix of the file names of a protocol's counterexamples, which no other protocol's have."""
    return re.sub(ILLEGAL, "_", protocol.name).replace("-", "_") + "-"


def finding_of(
    folder: Path,
    walk: Walk,
    place: str,
    violation: Violation,
    found_by: str,
    actions: list[object],
    again: str,
    stops: Callable[[], bool],
) -> Iterator[Finding]:
    """The finding of a broken law: the iterator yields it as it was found, then with the shrunk trace. If no trace can
    be written, the finding has none; its command is then `again`, which reproduces the violation. `place` is that of
    the protocol's pack.
    """
    law, found_by = violation.law, printable(found_by)
    unkept = Finding(law.law_id, law.sentence, shown(violation), found_by, len(actions), None, again)
    return _told(unkept, keep(folder, walk, law.law_id, found_by, actions, stops), place)


def game_finding_of(
    folder: Path, game: Game, place: str, report: GameReport, seed: int, stops: Callable[[], bool]
) -> Iterator[Finding]:
    """The finding of a lost play of a game: the iterator yields it as it was played, then shrunk.

    If no trace can be written, the finding's command plays the game again. Once `stops` returns true, shrinking ends.
    """
    found_by, subject = f"game of seed {seed}", ", ".join(report.party)
    effort = f"--law {game.law_id} --seed {seed} --steps {STEPS_PER_GAME} --examples 0"
    again = f"restake check --protocol {shlex.quote(place)} {effort}"
    unkept = Finding(game.law_id, game.sentence, subject, found_by, len(report.actions), None, again)
    return _told(unkept, keep_game(folder, game, report, found_by, stops), place)


def _told(finding: Finding, files: Iterator[Kept], place: str) -> Iterator[Finding]:
    """The finding, once for each file that it is kept in. If no file can be written, it is yielded without one, so that
    the broken law is reported in any case.
    """
    try:
        for kept in files:
            shows = replaying(kept.path, place)
            finding = attrs.evolve(
                finding, subject=kept.claim.subject, steps=kept.steps, trace=str(kept.path), command=shows
            )
            yield finding
    except (OSError, MalformedTrace):
        yield finding


def replaying(path: Path, place: str) -> str:
    """The command that replays the kept counterexample at `path`. It names the pack's `place` only for a pack from
    outside this project.
    """
    outside = f" --protocol {shlex.quote(place)}" if ":" in place else ""
    return f"restake replay {shlex.quote(str(path))}{outside}"
