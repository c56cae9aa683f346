"""The explanation of a difference between two versions of the rules that `restake gate` kept: a replay on both
versions, step by step, with the solver's query.
"""

import json
import re
from pathlib import Path
from typing import Any

import click

from gate.impact import told
from gate.judging import story
from gate.packs import places_in, worker_arguments
from gate.shortest import Versions
from gate.starting import NotRunningError, Worker
from gate.subject import Subject
from gate.versions import Version
from harness.gate_text import call, rows, steps


def read_kept(folder: Path, fingerprint: str) -> dict[str, Any]:
    """The kept difference with this fingerprint. Raises UsageError if none is kept or its file cannot be read."""
    path = folder / f"{fingerprint}.json"
    if not re.fullmatch("[0-9a-f]{12}", fingerprint) or not path.is_file():
        raise click.UsageError(f"{fingerprint}: no difference of this fingerprint is kept here: run restake gate first")
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{path}: {error}") from error
    return found


def explained_lines(
    kept: dict[str, Any], subject: Subject, base: Version, head: Version, with_question: bool
) -> tuple[list[str], bool]:
    """The lines that explain a kept difference, and True if both versions still show all of it. `with_question` adds
    the solver's query. If a version cannot be run, the last line says why, and the second value is False.
    """
    lines = [f"{kept['protocol']} {kept['action']}: {kept['verdict']} [{kept['fingerprint']}]"]
    lines += [f"changed: {change['name']} ({change['file']}:{change['line']})" for change in kept["changes"]]
    is_shown = True

    def start(number: int) -> Worker:
        version = (base, head)[number]
        places = places_in(version, subject.place, 20.0, lambda: False) if number else subject.places
        return Worker(version.folder, "gate.worker", worker_arguments(subject.place, places), 20.0)

    try:
        with Versions(subject, start) as versions:
            for each in kept["differences"]:
                lines.append(f"{each['kind']}: {each['label']}")
                if (trace := each["trace"]) is not None:
                    found = story(versions, trace["head"], trace["calls"])
                    is_shown = is_shown and bool(found) and found[-1]["base"] != found[-1]["head"]
                    lines += [f"  {line}" for line in steps(found, is_verbose=True)]
                    lines.append(f"  {trace['claim']}; met in {trace['met_in']}")
                if (state := each["state"]) is not None:
                    one, other = versions.both("execute", state=state["state"], call=state["call"])
                    is_shown = is_shown and one != other
                    known = "reachable" if each["is_reachable"] else "not known to be reachable"
                    lines.append(f"  in a state of the solver's, {known}:")
                    lines += [
                        f"    {table}[{call(key)}] = {call(row)}"
                        for table, of in state["state"].items()
                        for key, row in of
                    ]
                    lines.append(f"    {call(state['call'])}: {one['answer']} | {other['answer']}")
                    lines += [f"    {line}" for line in rows(one, other)]
                if with_question and each["kind"] in kept["questions"]:
                    lines.append(kept["questions"][each["kind"]])
    except NotRunningError as error:
        return [*lines, f"cannot be replayed: {error}"], False
    lines += told(kept["impact"])
    if not is_shown:
        lines.append("both versions are not as they were: not all of it is shown again")
    return lines, is_shown
