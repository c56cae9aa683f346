"""`restake conform --self-test`: every canary is reported with its own fault, and the clients without a fault pass."""

import json
import os
import resource
import subprocess
import sys

import pytest
from click.testing import CliRunner

from harness import self_test
from harness.canaries import ANSWERING, BREAKING, Canary, bugs
from harness.cli import cli
from harness.conform_plan import Lane
from harness.protocols import known_packs
from harness.stopping import Stop

START = "from harness.cli import main; main()"

MOST_BYTES = 3 * 2**30
"""The limit on the memory of the run and of each canary, a client that is wrong on purpose, in bytes. A process that
keeps a line of a gigabyte twice exceeds it.
"""


@pytest.mark.source
def test_every_canary_is_caught_and_the_sound_ones_pass() -> None:
    """The self-test ends in bounded time and memory, and leaves no client behind: a client that still runs would keep
    the output open.
    """

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))

    ended = subprocess.run(
        [sys.executable, "-P", "-c", START, "conform", "--self-test", "--jobs", "4", "--json"],
        capture_output=True,
        timeout=600,
        preexec_fn=limited,
        check=False,
        env=dict(os.environ),
    )
    caught = json.loads(ended.stdout)
    assert [(each["protocol"], each["canary"]["name"], each["said"]) for each in caught if not each["is_right"]] == []
    assert ended.returncode == 0
    assert len(caught) == len(ANSWERING) + len(BREAKING) + sum(len(bugs(name)) for name in known_packs())


def test_each_protocol_has_a_wrong_order_a_wrong_rounding_and_a_check_left_out() -> None:
    for name in known_packs():
        assert [bug.mutant_id for bug in bugs(name)] == [
            f"{name}-{fault}" for fault in ("order-of-checks", "rounding", "check-left-out")
        ]


def test_a_canary_that_is_not_caught_fails_the_self_test(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = Canary("sound", "is said to be wrong", "DIVERGES state")
    monkeypatch.setattr(self_test, "canaries", lambda protocol: [sound] if protocol == "eigenlayer" else [])
    monkeypatch.setattr(self_test, "LANE", Lane("little", False, 0, 0, 0))
    result = CliRunner().invoke(cli, ["conform", "--self-test"], standalone_mode=False)
    assert result.return_value == 1
    assert result.stdout.splitlines() == [
        "eigenlayer: sound (is said to be wrong): conforms, EXPECTED DIVERGES state",
        "1 canaries, 0 as expected",
    ]


def test_a_self_test_that_is_interrupted_blames_no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: canaries that an interrupted self-test had not run were reported as wrong, with exit code 1."""
    left = [canary for canary in ANSWERING if canary.name in ("ignores errors", "opaque reasons")]
    monkeypatch.setattr(self_test, "canaries", lambda protocol: left if protocol == "eigenlayer" else [])
    monkeypatch.setattr(Stop, "__call__", lambda _: True)
    result = CliRunner().invoke(cli, ["conform", "--self-test"], standalone_mode=False)
    assert result.return_value == 2
    assert result.stdout.splitlines() == [
        "eigenlayer: ignores errors (accepts what is to be rejected): not finished",
        "eigenlayer: opaque reasons (does not say why it rejects): not finished",
        "2 canaries, 0 as expected",
    ]
