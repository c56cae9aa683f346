"""`restake conform`, ended while a client hangs: what was found is kept and told, and no client is left. Where it is
killed, what was found is kept already.
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
"""A client that refuses its first call, and hangs where the second history begins, whoever is gone."""


def begun(*options: str) -> tuple[subprocess.Popen[str], list[Path]]:
    """A run with this client, which hangs by now, and the file that it made then."""
    Path("hangs.py").write_text(HANGS)
    client = f"{sys.executable} hangs.py"
    running = started("conform", "--protocol", "pool_pack:PACK", "--timeout", "300", "--client", client, *options)
    deadline = time.monotonic() + 300
    while not (hanging := list(Path().glob("hangs-*"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return running, hanging


def killed(*options: str) -> Path:
    """The one folder that is left of a run that was killed while its client hung."""
    running, hanging = begun(*options)
    running.kill()
    running.communicate(timeout=300)
    for path in hanging:
        os.kill(int(path.name.partition("-")[2]), signal.SIGKILL)
        path.unlink()
    (folder,) = Path(".restake/conform").iterdir()
    return folder


def ended(signals: list[signal.Signals], *options: str) -> tuple[int, str, str, list[int]]:
    """The words of a run with this client that is ended so, and the processes of it that hang."""
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
    """True if a process goes on some seconds after it was killed; one that nobody waits for may stay as a zombie."""
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
    """Missed: findings were kept when all scripts had been played."""
    folder = killed()
    assert_kept_as_met(folder)
    shutil.copy(folder / "full.json", "met.json")
    shutil.rmtree(folder)
    again = killed("--trace", "met.json")  # one script: what hangs is the client that it is shrunk with
    assert_kept_as_met(again)
    assert again == folder


def assert_kept_as_met(folder: Path) -> None:
    """All but the shortest trace is there, and the command plays what is there."""
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
    """A slow answer is no fault then: who stops does not blame the client."""
    program = "import sys, time; sys.stdin.readline(); time.sleep(100)"
    began = time.monotonic()
    client = ProcessClient([sys.executable, "-c", program], 60.0, stops=lambda: time.monotonic() > began + 0.5)
    with client, pytest.raises(Stopped):
        client.hello("staking_pool")
    assert 1.0 <= time.monotonic() - began < 20
