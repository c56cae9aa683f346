"""Interruptions: results found so far are reported, with one line and exit code 2, and no process is aborted."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from harness.cli import cli
from harness.replay_run import replay_file
from tests.harness.commands import GOLDEN, POOL, TRACE, started

pytestmark = pytest.mark.usefixtures("example")


@pytest.mark.serial
def test_an_interruption_of_walks_says_what_was_found_and_exits_with_2() -> None:
    options = ["--protocol", POOL, "--steps", "1000000000", "--examples", "0", "--jobs", "2"]
    running = started("check", *options, until=r".* [1-9][\d,]* of 1,000,000,000")
    # As a terminal does it: everybody hears of it, workers too.
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, err.splitlines()[-1]) == (2, "interrupted")
    assert "Traceback" not in err
    drawn = next(line for line in out.splitlines() if " steps drawn, " in line)
    assert int(drawn.split()[0].replace(",", "")) > 0
    assert any(line.startswith("POOL-01") and line.rstrip().endswith("held") for line in out.splitlines())


@pytest.mark.serial
def test_an_interruption_says_what_was_found_and_exits_with_2() -> None:
    running = started("replay", str(GOLDEN), until="replaying traces [1-9]")
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 2
    assert "agree" in out
    assert "interrupted" in err
    assert "Traceback" not in err


def test_an_interruption_waits_for_the_end_of_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: a replay by the compiled build was sometimes aborted, since the interruption raised its exception
    during a multiplication.
    """

    def interrupted(path: Path, packs: Any, compares: bool = True) -> Any:
        signal.raise_signal(signal.SIGINT)
        return replay_file(path, packs, compares)

    monkeypatch.setattr("harness.replay_run.replay_file", interrupted)
    first, *others = sorted((GOLDEN / "symbiotic").glob("*.json.gz"))[:3]
    result = CliRunner().invoke(cli, ["replay", str(first), *map(str, others)], standalone_mode=False)
    assert (type(result.exception), len(others)) == (click.Abort, 2)
    assert "1 trace, " in result.stdout
    assert ": 1 agree, 0 differ, 0 malformed" in result.stdout


INTERRUPTS = """
import os, signal, sys
from importlib import import_module
place, times, *sys.argv[1:] = sys.argv[1:]
module, _, name = place.partition(":")
whole = getattr(import_module(module), name)

def interrupted(*given, **named):
    for _ in range(int(times)):
        os.kill(os.getpid(), signal.SIGINT)
    return whole(*given, **named)

setattr(import_module(module), name, interrupted)
from harness.cli import main
main()
"""
"""The source of a program that runs the command `restake` and interrupts it a given number of times, each time at the
beginning of a function.
"""


def interrupted_at(place: str, times: int, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-c", INTERRUPTS, place, str(times), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)


@pytest.mark.parametrize(
    ("place", "arguments"),
    [
        ("harness.verbs.export:replay", ["export", TRACE, "--to", "itf"]),
        ("harness.verbs.export:read_itf", ["import", TRACE]),
        ("harness.verbs.laws:print_list", ["laws", "--protocol", POOL]),
        ("harness.verbs.new_trace:first_actions", ["new-trace", POOL]),
        ("harness.verbs.diff:read_report", ["diff", "report.json", "report.json"]),
        ("harness.verbs.serve:serve", ["serve", POOL]),
        (
            "harness.verbs.observe:load_json",
            ["observe", "--rpc", "http://localhost:1", "--addresses", TRACE, "--out", "x"],
        ),
        ("harness.risk_attack:find", ["risk", "attack", "network.json"]),
    ],
)
def test_an_interruption_ends_a_short_verb_at_once(place: str, arguments: list[str | Path]) -> None:
    """Regression: in a compiled build, an exception raised during a multiplication aborted the process."""
    for name in ("report.json", "network.json"):
        Path(name).write_text("{}")
    done = interrupted_at(place, 1, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "interrupted\n")
    assert not Path("x").exists()


def test_an_interruption_of_fill_leaves_no_release() -> None:
    done = interrupted_at(
        "harness.vectors:_write", 1, "fill", "--protocol", "symbiotic", "--out", "release", "--walks", "0"
    )
    said = "interrupted: release has no manifest, and is no release\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
    assert len(list(Path("release").rglob("*.json.gz"))) == 1


SERVE = f"{sys.executable} -P -c 'from harness.cli import main; main()' serve pool_pack:PACK"

SMALL = ("--protocol", POOL, "--steps", "400", "--examples", "0", "--jobs", "1")


@pytest.mark.parametrize(
    ("place", "arguments", "said"),
    [
        ("harness.check:random_walk", ["check", *SMALL], "staking_pool: nothing was checked"),
        ("harness.check:random_walk", ["check", *SMALL, "--junit", "j.xml"], "staking_pool: nothing was checked"),
        ("harness.replay_run:replay_file", ["replay", TRACE], "0 traces, 0 steps: 0 agree"),
        (
            "harness.explore:explore",
            ["explore", "--protocol", "pool_laws:BOUNDED_MODEL"],
            "Stopped before all were tried.",
        ),
        (
            "harness.mutants.run:judge",
            ["mutate", "--protocol", "pool_pack:PACK", "--mutant", "PM-01", "--jobs", "1"],
            "0 of 1 mutants judged",
        ),
        ("harness.prove:run_tasks", ["prove", "--protocol", "pool_pack:PACK", "--law", "POOL-01"], "MISSING"),
        ("harness.vectors:_write", ["fill", "--protocol", "pool_pack:PACK", "--out", "release", "--walks", "0"], ""),
        ("harness.conform:play", ["conform", "--client", SERVE, "--protocol", "pool_pack:PACK", "--json"], "[]"),
    ],
)
def test_a_second_interruption_says_what_was_found_and_ends_at_once(
    place: str, arguments: list[str | Path], said: str
) -> None:
    done = interrupted_at(place, 2, *arguments)
    assert (done.returncode, done.stderr) == (2, "interrupted\n")
    assert said in done.stdout
    if "--junit" in arguments:
        assert 'message="interrupted"' in Path("j.xml").read_text()
