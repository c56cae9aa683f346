"""Two reports of a check beside each other."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from harness.cli import cli

POOL = "pool_laws:WALK"

Report = dict[str, Any]


@pytest.fixture
def report(example: Path) -> Report:  # noqa: ARG001  # for its folder, and what can be imported there
    asked = ["check", "--protocol", POOL, "--steps", "8000", "--examples", "0", "--jobs", "1", "--format", "json"]
    found: Report = json.loads(CliRunner().invoke(cli, asked, standalone_mode=False).stdout)
    found["suites"]["staking_pool"]["laws"][1]["proof"] = {"proved": 3}  # as if it had a theory
    return found


def diff(old: object, new: object, *options: str) -> Result:
    for name, document in (("old.json", old), ("new.json", new)):
        Path(name).write_text(json.dumps(document))
    result = CliRunner().invoke(cli, ["diff", "old.json", "new.json", *options], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_what_is_worse_better_and_otherwise_is_said_and_judged(report: Report) -> None:
    same = diff(report, report)
    assert (same.return_value, same.stdout) == (0, "0 worse, 0 better, 0 otherwise\n")
    later = copy.deepcopy(report)
    suite = later["suites"]["staking_pool"]
    first, second, third = suite["laws"][:3]
    first["verdict"] = "VIOLATED"
    second["proof"]["proved"] -= 1
    suite["laws"].remove(third)
    suite["verdict"] = "FAILED"
    suite["gaps"]["actions never accepted"].append("Slash")
    later["traces"][0]["verdict"] = "differs"
    later["made_by"]["seed"] = 1
    said = [
        ("worse", "trace traces/slash_between_two_deposits.json", "agrees", "differs"),
        ("worse", "staking_pool", "holds", "FAILED"),
        ("worse", "staking_pool POOL-01", "held", "VIOLATED"),
        ("worse", "staking_pool POOL-03", "held", "not there"),
        ("worse", "staking_pool POOL-02: calls proved", "3", "2"),
        ("worse", "staking_pool: actions never accepted", "none", "Slash"),
        ("other", "seed", "0", "1"),
    ]
    result = diff(report, later, "--json")
    assert result.return_value == 1
    assert [tuple(change.values()) for change in json.loads(result.stdout)] == said
    back = diff(later, report)
    assert back.return_value == 0
    assert back.stdout.splitlines()[-1] == "0 worse, 6 better, 1 otherwise"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: [], "new.json: schema: expected 'restake check 1'"),
        (lambda report: {**report, "schema": "restake check 2"}, "new.json: schema: expected 'restake check 1'"),
        (lambda report: {**report, "suites": []}, "old.json or new.json: not a report of restake check"),
    ],
)
def test_what_is_no_report_is_one_line(report: Report, change: Callable[[Report], object], words: str) -> None:
    with pytest.raises(click.ClickException) as raised:
        diff(report, change(report))
    assert words in raised.value.format_message()
