"""`restake conform`, interrupted while a client hangs: findings are kept and reported, and no client process is left.

If the run is killed, its findings have been kept already.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.client import Stopped
from conformance.process import ProcessClient
from tests.harness.commands import restake, started

pytestmark = [pytest.mark.usefixtures("example"), pytest.mark.source]

HANGS = """
import json, os, pathlib, sys, time
begun = 0
for line in sys.stdin:
    asked = json.loads(line)
    answer = {"seq": asked["seq"]}
    if asked["op"] == "hello":
        answer |= {"wire": "1", "name": "hangs", "version": "1", "actions": None, "reasons": "typed", "digests": []}
    if asked["op"] == "reset":
        begun += 1
        if begun == 2:
            pathlib.Path(f"hangs-{os.getpid()}").touch()
            time.sleep(1000)
        answer["digest"] = None
    if asked["op"] == "apply":
        answer |= {"rejected": "Nonsense", "digest": None}
    if asked["op"] == "state":
        answer["unsupported"] = "nothing to see"
    print(json.dumps(answer), flush=True)
"""
"""The source of a client that rejects its first call, and hangs at its second `reset`, even if its parent
process ends.
"""


def begun(*options: str) -> tuple[subprocess.Popen[str], list[Path]]:
    """Start a run with the client HANGS, and wait until the client hangs. Returns the process of the run, and the files
    that the hanging clients have written.
    """
    Path("hangs.py").write_text(HANGS)
    client = f"{sys.executable} hangs.py"
    running = started("conform", "--protocol", "pool_pack:PACK", "--timeout", "300", "--client", client, *options)
    deadline = time.monotonic() + 300
    while not (hanging := list(Path().glob("hangs-*"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return running, hanging


def killed(*options: str) -> Path:
    """Kill a run while its client hangs. Returns the folder of the one finding that the run left."""
    running, hanging = begun(*options)
    running.kill()
    running.communicate(timeout=300)
    for path in hanging:
        os.kill(int(path.name.partition("-")[2]), signal.SIGKILL)
        path.unlink()
    (folder,) = Path(".restake/conform").iterdir()
    return folder


def ended(signals: list[signal.Signals], *options: str) -> tuple[int, str, str, list[int]]:
    """Send these signals to a run whose client HANGS hangs. Returns the run's exit code, its output, its standard
    error, and the process ids of the hanging clients.
    """
    running, hanging = begun(*options)
    for number in signals:
        running.send_signal(number)
        time.sleep(0.2)
    try:
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    return running.returncode, out, err, [int(path.name.partition("-")[2]) for path in hanging]


def is_running(process: int) -> bool:
    """True if a process still runs five seconds later. A zombie, which has ended and was not waited for, does not
    count.
    """
    for _ in range(100):
        said = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
        if not said.stdout.strip() or said.stdout.strip().startswith("Z"):
            return False
        time.sleep(0.05)
    return True


def assert_kept(finding: dict[str, Any]) -> None:
    assert (finding["verdict"], finding["in"], finding["actual"]) == ("DIVERGES", "outcome", {"rejected": "Nonsense"})
    assert json.loads((Path(finding["folder"]) / "full.json").read_text())["steps"]


@pytest.mark.serial
def test_a_run_that_is_killed_has_kept_what_was_found_until_then() -> None:
    """Regression: findings were kept only once all scripts had been played."""
    folder = killed()
    assert_kept_as_met(folder)
    shutil.copy(folder / "full.json", "met.json")
    shutil.rmtree(folder)
    again = killed("--trace", "met.json")  # one script: what hangs is the client that it is shrunk with
    assert_kept_as_met(again)
    assert again == folder


def assert_kept_as_met(folder: Path) -> None:
    """Assert that a finding's folder has all files but the shrunk `trace.json`, and that its command plays
    `full.json`.
    """
    assert sorted(path.name for path in folder.iterdir()) == ["full.json", "reproduce.sh", "result.json", "stderr.txt"]
    finding = json.loads((folder / "result.json").read_text())
    assert_kept(finding)
    assert (finding["shrinking"], finding["is_shown_again"]) == ("not begun", False)
    assert finding["reproduce"].endswith(f" --trace {folder / 'full.json'}")
    assert (folder / "reproduce.sh").read_text() == f"{finding['reproduce']}\n"
    assert restake("replay", "--protocol", "pool_pack:PACK", folder / "full.json").return_value == 0


@pytest.mark.serial
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_waits_for_no_client_that_hangs(number: signal.Signals) -> None:
    began = time.monotonic()
    code, out, err, hanging = ended([number], "--json", "--junit", "j.xml")
    assert (code, err.splitlines()[-1]) == (2, "interrupted")
    (report,) = json.loads(out)
    (finding,) = report["findings"]
    assert_kept(finding)
    assert finding["is_shown_again"]
    assert report["is_cut_short"]
    suite = ElementTree.parse("j.xml").getroot()
    assert suite.get("failures") == "1"
    assert hanging
    assert not any(is_running(process) for process in hanging)
    assert time.monotonic() - began < 60


@pytest.mark.serial
@pytest.mark.parametrize("options", [[], ["--json", "--junit", "j.xml"]], ids=["text", "documents"])
def test_a_run_that_is_ended_twice_tells_the_protocol_in_progress(options: list[str]) -> None:
    code, out, err, hanging = ended([signal.SIGTERM, signal.SIGTERM], *options)
    assert (code, err.splitlines()[-1]) == (2, "interrupted")
    if options:
        (report,) = json.loads(out)
        assert_kept(report["findings"][0])
        assert report["is_cut_short"]
        assert ElementTree.parse("j.xml").getroot().get("failures") == "1"
    else:
        assert "staking_pool: hangs 1: does not conform: 1 DIVERGES" in out
        assert "DIVERGES in outcome" in out
        assert "reproduce: restake conform --protocol pool_pack:PACK" in out
        assert "cut short: not all scripts were played" in out
    assert hanging
    assert not any(is_running(process) for process in hanging)


def test_an_answer_that_takes_long_is_waited_for_until_the_run_is_to_stop() -> None:
    """If the run stops while it waits for an answer, the slow client is not at fault."""
    program = "import sys, time; sys.stdin.readline(); time.sleep(100)"
    began = time.monotonic()
    client = ProcessClient([sys.executable, "-c", program], 60.0, stops=lambda: time.monotonic() > began + 0.5)
    with client, pytest.raises(Stopped):
        client.hello("staking_pool")
    assert 1.0 <= time.monotonic() - began < 20
