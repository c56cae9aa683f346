"""The differences between two reports of `restake check`: what is worse in the later one, better, or just different.

Worse is a law that no longer holds or is gone, a trace that no longer agrees or is gone, or a law with fewer proved
calls.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from harness.outcome import SCHEMA
from harness.traces import load_json
from spec.codec import Json, MalformedTrace

Direction = Literal["worse", "better", "other"]

RANKS: Final[Mapping[str, int]] = {"held": 2, "reached": 2, "agrees": 2, "known violation": 1}
"""The rank of each verdict on a law or trace that fails no run; any other verdict, or none, ranks 0."""

GONE: Final = "not there"


@attrs.frozen
class Changed:
    """One difference between two reports: the thing that changed, its values, and if that is worse, better
    or neither.
    """

    direction: Direction
    what: str
    before: str
    after: str


def read_report(path: Path) -> dict[str, Any]:
    """A report that `restake check --format json` wrote. Raises MalformedTrace if it is not one, or of
    another schema.
    """
    found = load_json(path)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise MalformedTrace("schema", f"expected {SCHEMA!r}, as restake check --format json writes it")
    return found


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Changed]:
    """Every difference between two reports of `restake check`, worse ones first. Raises MalformedTrace if a report has
    an unexpected form.
    """
    try:
        found = [*_of_run(before, after), *_of_traces(before, after), *_of_protocols(before, after)]
    except (AttributeError, KeyError, TypeError) as error:
        raise MalformedTrace("", f"not a report of restake check: {error!r}") from error
    order: list[Direction] = ["worse", "better", "other"]
    return sorted(found, key=lambda change: order.index(change.direction))


def _of_run(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Changed]:
    for name in ("version", "commit", "built", "python", "solver", "profile", "seed", "laws"):
        one, other = before["made_by"][name], after["made_by"][name]
        if one != other:
            yield Changed("other", name, _said(one), _said(other))


def _of_traces(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Changed]:
    one, other = ({trace["place"]: trace["verdict"] for trace in each["traces"]} for each in (before, after))
    yield from _verdicts("trace ", one, other)


def _of_protocols(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Changed]:
    suites = before["suites"], after["suites"]
    for name in sorted({*suites[0], *suites[1]}):
        one, other = (each.get(name, {"laws": [], "gaps": {}, "verdict": GONE}) for each in suites)
        if one["verdict"] != other["verdict"]:
            direction: Direction = "better" if other["verdict"] == "holds" else "other"
            yield Changed("worse" if one["verdict"] == "holds" else direction, name, one["verdict"], other["verdict"])
        laws = [{f"{name} {row['law']}": row for row in each["laws"]} for each in (one, other)]
        yield from _verdicts("", *[{law: row["verdict"] for law, row in each.items()} for each in laws])
        for law in sorted(laws[0].keys() & laws[1].keys()):
            proved, now = (_proved(each[law]["proof"]) for each in laws)
            if proved != now:
                yield Changed("better" if now > proved else "worse", f"{law}: calls proved", str(proved), str(now))
            doubted, doubt = (_doubt(each[law]["proof"]) for each in laws)
            if bool(doubted) != bool(doubt):
                said = (doubted or "in no doubt", doubt or "in no doubt")
                yield Changed("worse" if doubt else "better", f"{law}: its proof", *said)
        for what in sorted({*one["gaps"], *other["gaps"]}):
            missing, left = (set(each["gaps"].get(what, ())) for each in (one, other))
            if missing != left:
                named = [", ".join(sorted(names)) or "none" for names in (missing, left)]
                yield Changed("worse" if left - missing else "better", f"{name}: {what}", *named)


def _verdicts(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Changed]:
    for name in sorted({*before, *after}):
        one, other = before.get(name, GONE), after.get(name, GONE)
        if one == other:
            continue
        was, rank = RANKS.get(one, 0), RANKS.get(other, 0)
        direction: Direction = "better" if rank > was else "other"
        if rank < was or (rank == 0 and other != GONE):
            direction = "worse"
        yield Changed(direction, f"{kind}{name}", one, other)


def _proved(proof: Mapping[str, Any] | None) -> int:
    return 0 if proof is None else int(proof["proved"])


def _doubt(proof: Mapping[str, Any] | None) -> str:
    return "" if proof is None else str(proof.get("doubt", ""))  # reports of earlier releases have no doubts


def _said(value: Json) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
