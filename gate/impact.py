"""The impact of a difference: final holdings, laws that break or are no longer checked, stale proofs, and speed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from gate.changes import Change
from gate.scripts import Aimed
from gate.shortest import Versions
from gate.starting import NotRunningError
from spec.codec import Json

TIMES: Final = 200
"""The number of measurements of a call's time, of which the minimum counts."""


@attrs.frozen
class Gains:
    """The holdings of one token at the end of a run, for accounts whose amounts differ between base and head.

    `accounts` maps an account to its amounts under base and head. `made` is the increase of the total over all
    accounts, from base to head.
    """

    token: str
    accounts: Mapping[str, tuple[int, int]]
    made: int
    is_liquidated: bool = True
    """False if not all accounts can withdraw under both versions; the amounts are then those before withdrawal."""

    def lines(self) -> list[str]:
        """The lines that show the gains: the amounts of each account under base and head, and the change of the
        total.
        """
        told = [
            f"{account}: {base} -> {head} ({head - base:+d})" for account, (base, head) in sorted(self.accounts.items())
        ]
        if not self.is_liquidated:
            told.append("before anybody leaves, since not everybody can under both versions")
        if not self.made:
            return [*told, "the sum of all is the same"]
        return [*told, f"{abs(self.made)} of {self.token} {'made' if self.made > 0 else 'lost'}"]


def gains(versions: Versions, world: Json, calls: Sequence[Json]) -> list[Gains]:
    """The differing holdings after a run under both versions, one entry for each token with differences.

    All accounts withdraw first, unless they cannot under one of the versions. `world` is the head of a trace.
    """
    base, head = versions.both("holdings", head=world, calls=list(calls))
    which = "liquidated" if base["liquidated"] is not None and head["liquidated"] is not None else "at_once"
    found: list[Gains] = []
    for token in sorted({*base[which], *head[which]}):
        mine, others = base[which].get(token, {}), head[which].get(token, {})
        amounts = {name: (int(mine.get(name, "0")), int(others.get(name, "0"))) for name in {*mine, *others}}
        differing = {name: pair for name, pair in sorted(amounts.items()) if pair[0] != pair[1]}
        if differing:
            found.append(
                Gains(token, differing, sum(head - base for base, head in amounts.values()), which == "liquidated")
            )
    return found


def laws(versions: Versions, walks_at: tuple[str, str], scripts: Iterable[Aimed]) -> dict[str, list[str]]:
    """The ids of laws by effect of the change: `broken` under the head only, and `vacuous`, which only the base
    checked.

    `scripts` are the runs in which laws are checked. `walks_at` are the places, `module:attribute`, of the walks whose
    laws base and head check.
    """
    broken: list[set[str]] = [set(), set()]
    checked: list[dict[str, int]] = [{}, {}]
    for aimed in scripts:
        for number in (0, 1):
            world, calls = aimed.script.head, list(aimed.script.calls)
            said = versions.ask(number, "laws", walk_at=walks_at[number], head=world, calls=calls)
            broken[number] |= set(said["broken"])
            for law, count in said["checked"].items():
                checked[number][law] = checked[number].get(law, 0) + count
    vacuous = [law for law, count in checked[0].items() if count and not checked[1].get(law)]
    return {"broken": sorted(broken[1] - broken[0]), "vacuous": sorted(vacuous)}


def ledger_matrix(folder: Path, protocol: str, changes: Sequence[Change]) -> dict[str, dict[str, str]]:
    """The map from law and call to the verdict in the base's ledger (stored proofs) of a protocol.

    The verdict is STALE if its proof depends on a changed definition. `folder` is the root of the base. Unreadable
    ledgers are skipped.
    """
    changed = {change.name for change in changes if change.digests[0]}
    found: dict[str, dict[str, str]] = {}
    for path in sorted((folder / "proofs" / "ledgers" / protocol).glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            rest = [
                any(
                    (module, name) in changed or (module, name.partition(".")[0]) in changed
                    for module, names in proof["functions"].items()
                    for name in names
                )
                for proof in document["proofs"]
            ]
            for law, verdict in document["verdicts"].items():
                found.setdefault(law, {})[path.stem] = "STALE" if rest[verdict["proof"]] else str(verdict["verdict"])
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            continue  # an unreadable ledger is skipped here; `restake prove` reports its problem
    return found


def stale_proofs(matrix: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """The number of stale verdicts of each call, given the verdicts by law and call. Calls without stale verdicts are
    left out.
    """
    found: dict[str, int] = {}
    for by_call in matrix.values():
        for name, word in by_call.items():
            if word == "STALE":
                found[name] = found.get(name, 0) + 1
    return found


def speed(versions: Versions, action: str, scripts: Iterable[Aimed]) -> tuple[int, int] | None:
    """The time of one call of the action under base and head, in nanoseconds of interpreted Python.

    It is the minimum of TIMES measurements of the first such call in the scripts that both versions accept. None if
    there is no such call.
    """
    for aimed in scripts:
        calls = list(aimed.script.calls)
        answers = versions.both("play", head=aimed.script.head, calls=calls, fields=versions.fields)
        for position, name in enumerate(aimed.names):
            words = [said["answers"][position][0] for said in answers]
            if name == action and words == ["accepted", "accepted"]:
                asked = {"head": aimed.script.head, "calls": calls, "positions": [position], "times": TIMES}
                base, head = (said["nanoseconds"][str(position)] for said in versions.both("speed", **asked))
                return base, head
    return None


def told(impact: Mapping[str, Any], most: int | None = None) -> list[str]:
    """The lines of text that show an impact, which `Judge` computes. They show the holdings of at most `most` runs
    (None: all).
    """
    lines: list[str] = []
    runs = [(source, rows) for source, rows in impact.get("gains", {}).items() if rows]
    for source, rows in runs[:most]:
        lines += [f"{source}, {token['token']}: {line}" for token in rows for line in token["lines"]]
    if runs[most:] and most is not None:
        lines.append(f"holdings differ after {len(runs) - most} more runs (--verbose)")
    if impact.get("broken"):
        lines.append(f"laws that break under the head: {', '.join(impact['broken'])}")
    if impact.get("vacuous"):
        lines.append(f"laws that are not asked any more, in the scripts looked at: {', '.join(impact['vacuous'])}")
    for what in ("traces", "cases"):
        if impact.get(what):
            lines.append(f"{what} that change: {len(impact[what])} ({', '.join(impact[what][:3])})")
    if impact.get("proofs"):
        count = sum(impact["proofs"].values())
        lines.append(f"proofs to be made anew: {count} verdicts of {len(impact['proofs'])} calls rest on what changed")
    if impact.get("nanoseconds"):
        base, head = impact["nanoseconds"]
        lines.append(f"speed, interpreted: {base / 1000:.1f} -> {head / 1000:.1f} microseconds a call")
    return lines


__all__ = ["Gains", "NotRunningError", "gains", "laws", "speed", "stale_proofs", "told"]
