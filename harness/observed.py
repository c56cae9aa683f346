"""Checks laws on one observed state of a deployment on a chain: which laws hold, and which cannot be judged.

A state law is judged if all rows that it reads were observed. Laws about steps, or about how a state was reached, are
not judged, since there is only one state.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from harness.exit_codes import exit_code
from harness.pack import ProtocolPack
from harness.replay import differences
from harness.traces import load_json
from invariants.checking import compute_totals, scan, subjects_of
from invariants.law import Catalogue, StateLaw, Sum, Totals
from spec.codec import Json, MalformedTrace, as_object, check_fields, shown
from spec.machine import State, Table

FIELDS: Final = ("protocol", "source", "config", "state")
"""The fields of an observed state's document: the head of a trace, its source, and the state."""

FAR: Final = 2**600
"""More than any total. A law compares two states if its verdict differs where checking began with totals that are less
by it, or more.
"""

StateVerdict = Literal["VIOLATED", "known violation", "not judged", "held", "of nothing", "of two states"]


@attrs.frozen
class Judged:
    """The verdict on one state law: its number of subjects, those that break it (`broken`), and the reason if it is not
    judged (`why`).
    """

    law: str
    verdict: StateVerdict
    sentence: str
    subjects: int
    broken: tuple[str, ...] = ()
    why: str = ""


@attrs.frozen
class ObservedState:
    """An observed state: its pack, where it was observed, its rows, and the tables that were observed completely."""

    pack: ProtocolPack
    source: Json
    state: State
    tables: frozenset[Table[Any, Any]]


def read_observed(path: Path, packs: Mapping[str, ProtocolPack]) -> ObservedState:
    """The observed state in a file, of one of these packs. Raises MalformedTrace if the file is not one, or if its
    views contradict its rows. It is also raised if the pack has no reader of observed states.
    """
    document = as_object(load_json(path), "")
    check_fields(document, FIELDS, "")
    name = document["protocol"]
    pack = packs.get(name) if isinstance(name, str) else None
    if pack is None:
        raise MalformedTrace("protocol", f"unknown protocol {shown(name)}; known are {', '.join(sorted(packs))}")
    reader = pack.state_reader
    if reader is None or pack.walk is None:
        raise MalformedTrace("protocol", f"of {name} no observed state can be read")
    head = {field: value for field, value in document.items() if field != "state"}
    state, world = reader.read(head, document["state"])
    _check_same(document["state"], pack.protocol.observe(state, world, None))
    return ObservedState(pack, document["source"], state, frozenset(reader.tables(world)))


def judge(observed: ObservedState) -> list[Judged]:
    """The verdicts on every state law, sorted by id."""
    pack = observed.pack
    assert pack.walk is not None
    catalogue = pack.walk.catalogue
    laws = sorted(catalogue.state_laws, key=lambda law: law.law_id)
    return [_judged(law, catalogue, observed.state, observed.tables) for law in laws]


def code_of(judged: list[Judged], are_asked: bool = False) -> int:
    """The exit code. It is 1 if a law is violated, else 2 if one was not judged. It is 5 if no law had subjects in this
    state, else 0. If the laws were asked for by name, it is 2 as well if one of several had no subject.
    """
    verdicts = {each.verdict for each in judged}
    of_none = verdicts & {"of nothing", "of two states"}
    is_empty = verdicts == of_none
    is_open = "not judged" in verdicts or bool(are_asked and of_none and not is_empty)
    return exit_code(failed="VIOLATED" in verdicts, is_open=is_open, is_empty=is_empty)


def _judged(law: StateLaw, catalogue: Catalogue, state: State, tables: frozenset[Table[Any, Any]]) -> Judged:
    alone = catalogue.where(lambda law_id: law_id == law.law_id)
    subjects = len(subjects_of(law, state, compute_totals(catalogue, state)))
    unread = sorted(table.name for table in _reads([*law.rows, *law.sums, *law.also_reads]) - tables)
    if unread:
        return Judged(law.law_id, "not judged", law.sentence, subjects, why=f"not observed: {', '.join(unread)}")
    broken = _broken(alone, state, None)
    totals = compute_totals(alone, state)
    if any(_broken(alone, state, _moved(alone, totals, by)) != broken for by in (-FAR, FAR)):
        return Judged(law.law_id, "of two states", law.sentence, subjects, why="there is one")
    if broken:
        verdict: StateVerdict = "known violation" if law.law_id in catalogue.known_violations else "VIOLATED"
        return Judged(law.law_id, verdict, law.sentence, subjects, tuple(broken))
    return Judged(law.law_id, "held" if subjects else "of nothing", law.sentence, subjects)


def _broken(alone: Catalogue, state: State, start: Totals | None) -> list[str]:
    """The subjects that break the law of a catalogue of one, where checking began with the totals `start`; None stands
    for those of the state itself.
    """
    return [repr(violation.subject) for violation in scan(alone, state, start)]


def _moved(catalogue: Catalogue, totals: Totals, by: int) -> Totals:
    """Totals at the start of checking that differ by `by` from those of a state, for each group of each sum."""
    moved = Totals(len(catalogue.sums))
    for total in catalogue.sums:
        for group, amount in totals.groups(total).items():
            moved.add(total, group, amount + by)
    moved.begin()
    return moved


def _reads(parts: list[Any]) -> set[Table[Any, Any]]:
    """The tables that laws or sums read, including those read by the sums themselves."""
    found: set[Table[Any, Any]] = set()
    for part in parts:
        found |= _reads([part.table, *part.also_reads]) if isinstance(part, Sum) else {part}
    return found


def _check_same(seen: Json, found: Json) -> None:
    """Compare every view, recomputed from the rows, with the observed one. Raises MalformedTrace at the first
    difference.

    Values of the past are not compared.
    """
    for difference in differences(_without_past(seen), _without_past(found), "state"):
        raise MalformedTrace(
            difference.path,
            f"observed is {shown(difference.expected)}, of the rows it would be {shown(difference.actual)}",
        )


def _without_past(post: Json) -> Json:
    if isinstance(post, dict):
        return {name: _without_past(value) for name, value in post.items() if name != "probes"}
    return [_without_past(item) for item in post] if isinstance(post, list) else post


def as_json(observed: ObservedState, judged: list[Judged], are_asked: bool = False) -> dict[str, Json]:
    """The report on an observed state as JSON: its protocol, its source, the exit code, and the verdict on each law.
    `are_asked` says that the laws were asked for by name.
    """
    laws, code = [attrs.asdict(each) for each in judged], code_of(judged, are_asked)
    return {"protocol": observed.pack.name, "source": observed.source, "exit_code": code, "laws": laws}
