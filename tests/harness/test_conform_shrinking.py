"""The time limit of shrinking a finding against a client, and the report on a trace that was not shrunk to the end."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.process import ProcessClient
from harness import conform_findings
from harness.conform import Conformance
from harness.conform_findings import Keeper, KeptFinding
from harness.conform_plan import LANES, Plan
from harness.protocols import pack_at
from tests.harness.commands import EXAMPLE, python_client, restake

pytestmark = [pytest.mark.usefixtures("example"), pytest.mark.source]

CLIENT = (EXAMPLE.parent / "clients" / "client.py").read_text()
READS = "        request = json.loads(line)\n"
SECONDS = 0.005


def sleepy() -> str:
    """The command of a wrong client, in which a slash does not lower the stake, and which sleeps before each answer."""
    assert "self.stake -= burned" in CLIENT
    assert READS in CLIENT
    sleeps = f"{READS}        __import__('time').sleep({SECONDS})\n"
    Path("sleepy.py").write_text(CLIENT.replace("self.stake -= burned", "pass").replace(READS, sleeps))
    return python_client("sleepy.py")


def conform(*options: str) -> str:
    result = restake("conform", "--protocol", "pool_pack:PACK", "--client", sleepy(), *options)
    assert result.return_value == 1
    return result.stdout


def test_a_client_is_slower_than_the_time_for_shrinking() -> None:
    """The client sleeps longer before its first answer than the whole time limit, so the trace stays unshrunk on any
    machine.
    """
    limit = ("--shrink-budget", f"{SECONDS / 10}")
    (report,) = json.loads(conform(*limit, "--json"))
    (finding,) = report["findings"]
    assert (finding["in"], finding["action"], finding["shrinking"]) == ("state", "slash", "time was up")
    assert finding["steps"] == finding["steps_before_shrinking"] > 2
    assert not finding["is_shown_again"]
    kept = [json.loads((Path(finding["folder"]) / name).read_text()) for name in ("full.json", "trace.json")]
    assert kept[0] == kept[1]
    said = conform(*limit)
    assert "\n    not shrunk to the end: time was up\n" in said
    assert "a client that was just started does not show it" not in said


def test_a_trace_is_shrunk_as_long_as_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is up when the second client is started. The kept trace is then the one that the first client
    was shown.
    """
    starts, most = 0, 1

    def start() -> ProcessClient:
        nonlocal starts
        starts += 1
        return ProcessClient(command, 300.0)

    command = sleepy()
    clock: Any = SimpleNamespace(monotonic=lambda: float(starts > most))
    monkeypatch.setattr(conform_findings, "time", clock)
    pack = pack_at("pool_pack:PACK")
    run = Conformance(pack, start, {}, lambda: False)
    said = run.introduce()
    run.run(Plan(pack, LANES["smoke"], 0).scripts(None), 1)
    (found,) = run.findings()

    def kept(folder: str) -> KeptFinding:
        nonlocal starts
        starts = 0
        return Keeper(pack, start, Path(folder), "", lambda: False, 0.5).keep(found, said)

    cut = kept("cut")
    assert (cut.shrinking, cut.is_shown_again, cut.steps, starts) == ("time was up", True, cut.was_steps, 2)
    most = 10**9
    whole = kept("whole")
    assert (whole.shrinking, whole.is_shown_again, whole.steps, whole.was_steps) == ("finished", True, 2, cut.was_steps)
    assert starts > 2
