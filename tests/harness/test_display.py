"""The progress of a long run, also without a terminal."""

import os
import pty
import re
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from harness import display
from harness.cli import cli
from harness.display import live_display
from tests.harness.commands import POOL, TRACE

pytestmark = pytest.mark.source

SERVE = f"{sys.executable} -P -c 'from harness.cli import main; main()' serve pool_pack:PACK"


def test_without_a_terminal_a_line_now_and_then_says_how_far_a_run_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Regression: a run of an hour printed nothing, and a service that expects output ended it."""
    monkeypatch.setattr(display, "HEARTBEAT_SECONDS", 0.01)
    with live_display() as progress:
        progress.add_task("done", total=1, completed=1)
        bar = progress.add_task("walking", total=4_000, news="nothing broken")
        progress.update(bar, advance=1_500)
        capfd.readouterr()  # a line that was begun before
        while len(said := capfd.readouterr().err.splitlines()) < 2:
            time.sleep(0.05)
    assert said[-1] == "walking 1,500 of 4,000: nothing broken"
    monkeypatch.setattr(display, "HEARTBEAT_SECONDS", 60.0)
    with live_display() as progress:
        progress.add_task("walking", total=4_000)
    assert [progress.console.is_terminal, capfd.readouterr().out] == [False, ""]


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(
    ("place", "arguments", "said"),
    [
        ("harness.check:random_walk", ["check", "--protocol", POOL, "--steps", "400"], "replaying traces 0 of 1"),
        (
            "harness.conform:play",
            ["conform", "--client", SERVE, "--protocol", "pool_pack:PACK"],
            "playing staking_pool",
        ),
        ("harness.explore:explore", ["explore", "--protocol", "pool_laws:BOUNDED_MODEL"], "exploring staking_pool"),
        ("harness.vectors:_write", ["fill", "--protocol", "pool_pack:PACK", "--out", "x"], "writing vectors"),
        (
            "harness.verbs.gate:judge_apart",
            ["gate", "--protocol", "pool_pack:PACK", "--base", "HEAD"],
            "judging staking_p",
        ),
        (
            "harness.mutants.run:judge",
            ["mutate", "--protocol", "pool_pack:PACK", "--mutant", "PM-01"],
            "judging mutants",
        ),
        ("harness.prove:run_tasks", ["prove", "--protocol", "pool_pack:PACK", "--law", "POOL-01"], "proving"),
        ("harness.replay_run:replay_file", ["replay", TRACE], "replaying traces 0 of 1"),
        ("harness.risk_attack:find", ["risk", "attack", "network.json"], "working"),
    ],
)
def test_every_long_verb_says_that_it_goes_on(
    place: str, arguments: list[str | Path], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: `prove --all` printed nothing for nine minutes; gate, conform, fill and risk printed nothing at all
    while they ran.
    """
    monkeypatch.setattr(display, "HEARTBEAT_SECONDS", 0.01)
    module, _, name = place.partition(":")

    def held(*_: object, **__: object) -> None:
        time.sleep(0.3)
        raise click.ClickException("enough")

    monkeypatch.setattr(import_module(module), name, held)
    Path("network.json").write_text("{}")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], check=True)
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)
    lines = result.stderr.splitlines()
    assert [line for line in lines if line.startswith(said)], (lines, result.exception)


def test_between_two_parts_the_time_alone_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(display, "HEARTBEAT_SECONDS", 0.01)
    with live_display() as progress:
        while not (said := capfd.readouterr().err):
            time.sleep(0.01)
        progress.add_task("judging staking_pool", total=None)
        while "judging" not in (later := capfd.readouterr().err):
            time.sleep(0.01)
    assert re.fullmatch(r"still running after \d+ s", said.splitlines()[0])
    assert re.fullmatch(r"judging staking_pool: \d+ s", later.splitlines()[-1])


def test_a_bar_on_the_terminal_takes_nothing_from_a_file(tmp_path: Path) -> None:
    """Regression: while a progress bar was shown, redirected standard output went to the terminal instead."""
    ours, theirs = pty.openpty()
    program = "from harness.display import live_display\nwith live_display():\n    print('differs')"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-P", "-c", program], check=True, stdout=out, stderr=theirs)
    os.close(theirs)
    os.close(ours)
    assert (tmp_path / "out").read_text() == "differs\n"


def test_what_is_tracked_is_counted(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Regression: replay showed 0 of 210 traces for minutes, since progress was counted only when the run began."""
    monkeypatch.setattr(display, "HEARTBEAT_SECONDS", 0.01)
    with live_display() as progress:
        for position in progress.track(range(3), description="replaying traces"):
            time.sleep(0.15)
            capfd.readouterr()
            while not (said := capfd.readouterr().err):
                time.sleep(0.01)
            assert said.splitlines()[-1] == f"replaying traces {position} of 3"
