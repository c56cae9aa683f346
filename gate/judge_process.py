"""The subprocess that judges one protocol, in the base's folder.

So the base's code draws, reads, writes and shrinks scripts. A head that loops or raises cannot prevent the verdict.
"""

import json
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from gate.judging import Budget, Judge
from gate.starting import command_of, end_with_parent
from gate.subject import subject_of
from gate.verdicts import ProtocolReport
from gate.versions import Version

POLL_SECONDS: Final = 0.1
LAST_SECONDS: Final = 30.0
"""The seconds that a judge may take to write its report after it is told to stop."""


def main() -> None:
    """Judge the protocol that the command's first argument, a JSON text, describes. Write the pickled report to the
    file named there.
    """
    asked = json.loads(sys.argv[1])
    end_with_parent()
    ended: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda which, _frame: ended.append(which))
    # imported by name, because a version's command is in a room above this package
    pack = import_module("harness.protocols").pack_at(asked["place"])
    shrink = import_module("harness.shrinking").shrink_by
    base, head = (Version(name, commit, Path(folder)) for name, commit, folder in asked["versions"])
    budget = Budget(asked["seconds"], asked["jobs"], lambda: bool(ended), asked["answer_seconds"])
    report = Judge(subject_of(pack, base), base, head, budget, shrink).report(frozenset(asked["only"]))
    Path(asked["out"]).write_bytes(pickle.dumps(report))


def judge_apart(
    name: str,
    place: str,
    versions: tuple[Version, Version],
    only: tuple[str, ...],
    budget: Budget,
) -> ProtocolReport:
    """The report of a judge of one protocol in a subprocess.

    `place` is the place of the protocol's pack, and `only` the actions to judge (empty: all). If the run is stopped,
    the report contains what is decided by then. If the judge writes no report, the report's `problem` says why.
    """
    out = versions[0].folder.parent / f"report-{len(list(versions[0].folder.parent.iterdir()))}"
    errors = out.with_suffix(".stderr")
    asked = {
        "place": place,
        "versions": [(each.name, each.commit, str(each.folder)) for each in versions],
        "only": list(only),
        "seconds": budget.seconds,
        "jobs": budget.jobs,
        "answer_seconds": budget.answer_seconds,
        "out": str(out),
    }
    command = command_of(versions[0].folder, "gate.judge_process", [json.dumps(asked)])
    with errors.open("wb") as stderr:
        # In its own session, the subprocess receives an interruption of the terminal only once, from this process.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, start_new_session=True
        )
        try:
            _wait(process, budget.stops)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if out.is_file():
        found: ProtocolReport = pickle.loads(out.read_bytes())
        return found
    said = errors.read_text(errors="backslashreplace").replace(f"{versions[0].folder}/", "").strip().splitlines()
    problem = "interrupted" if budget.stops() else f"the base cannot be run: {said[-1] if said else 'it said nothing'}"
    return ProtocolReport(name, problem=problem, is_cut_short=budget.stops())


def _wait(process: "subprocess.Popen[bytes]", stops: Callable[[], bool]) -> None:
    told: float | None = None
    while process.poll() is None:
        if told is None and stops():
            told = time.monotonic()
            process.send_signal(signal.SIGINT)
        if told is not None and time.monotonic() - told > LAST_SECONDS:
            return
        time.sleep(POLL_SECONDS)
