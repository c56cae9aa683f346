"""Scripts that call given actions: cases, recorded traces, walks, and examples of Hypothesis."""

import gzip
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Final

import attrs

from conformance.cases import read_cases
from conformance.lockstep import Script
from conformance.scripts import of_examples, of_trace, of_walk
from gate.subject import Subject
from spec.codec import MalformedTrace

WALKS: Final = 30
WALK_STEPS: Final = 150
EXAMPLES: Final = 30
EXAMPLE_STEPS: Final = 40

FURTHER_WALKS: Final = 170
FURTHER_STEPS: Final = 400
"""The number of steps of an additional walk.

The seeds of additional walks go from WALKS to FURTHER_WALKS - 1: enough to draw every scenario.
"""


@attrs.frozen
class Aimed:
    """A script, with the class name of the action that each of its calls makes. `is_recorded` is True if it comes from
    a recorded trace.
    """

    script: Script
    names: tuple[str, ...]
    is_recorded: bool = False


def aimed_at(subject: Subject, actions: Collection[str], left_out: list[str]) -> Iterator[Aimed]:
    """The scripts that call any of these actions, each cut after the last such call.

    Sources that the protocol's calls cannot express are appended to `left_out`.
    """
    return _calling(actions, _all(subject, left_out))


def further_at(subject: Subject, action: str, left_out: list[str]) -> Iterator[Aimed]:
    """Additional, longer walks that call an action, each cut after the last such call.

    Sources that the protocol's calls cannot express are appended to `left_out`.
    """
    is_slow = subject.walk is None or not subject.places.calls_at
    seeds = range(0) if is_slow else range(WALKS, FURTHER_WALKS)
    return _calling({action}, _walks(subject, seeds, FURTHER_STEPS, left_out))


def _calling(actions: Collection[str], scripts: Iterable[Aimed]) -> Iterator[Aimed]:
    for aimed in scripts:
        positions = [position for position, name in enumerate(aimed.names) if name in actions]
        if positions:
            until = positions[-1] + 1
            yield attrs.evolve(
                aimed,
                script=attrs.evolve(aimed.script, calls=aimed.script.calls[:until]),
                names=aimed.names[:until],
            )


def _walks(subject: Subject, seeds: Iterable[int], steps: int, left_out: list[str]) -> Iterator[Aimed]:
    walk = subject.walk
    if walk is None:
        return
    for seed in seeds:
        try:
            yield _named(subject, of_walk(subject.calls, walk, seed, steps))
        except (MalformedTrace, ValueError):
            left_out.append(f"walk of seed {seed}")


def _all(subject: Subject, left_out: list[str]) -> Iterator[Aimed]:
    for _, script in [] if subject.cases is None else read_cases(subject.cases):
        yield _named(subject, script)
    yield from recorded(subject, left_out)
    if subject.walk is None:
        return
    # A protocol without its own reader of calls reads each call in time proportional to all earlier ones.
    times, steps = (1, WALK_STEPS) if subject.places.calls_at else (5, EXAMPLE_STEPS)
    yield from _walks(subject, range(WALKS // times), steps, left_out)
    if subject.rule_machine is None:
        return
    # Each example has its own seed, so that one that cannot be expressed is left out alone.
    for seed in range(EXAMPLES // times):
        try:
            for script in of_examples(subject.calls, subject.rule_machine, subject.walk, seed, 1, EXAMPLE_STEPS):
                yield _named(subject, script)
        except (MalformedTrace, ValueError):
            left_out.append(f"example of seed {seed}")


def recorded(subject: Subject, left_out: list[str]) -> Iterator[Aimed]:
    """The scripts of the subject's recorded traces, smallest file first. The names of unreadable files are appended to
    `left_out`; traces without calls are skipped.
    """
    paths = [path for folder in subject.traces for path in folder.rglob("*.json*") if path.is_file()]
    for path in sorted(paths, key=lambda path: (path.stat().st_size, path.name)):
        try:
            document = json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
            trace = subject.calls.protocol.read_trace(document)
            aimed = _named(subject, of_trace(subject.calls, trace, path.name))
        except (MalformedTrace, OSError, ValueError):
            left_out.append(path.name)
            continue
        if aimed.names:
            yield attrs.evolve(aimed, is_recorded=True)


def _named(subject: Subject, script: Script) -> Aimed:
    made = subject.actions(script.head, list(script.calls))
    return Aimed(script, tuple(type(actions[-1]).__name__ for actions in made))
