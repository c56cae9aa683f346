"""`restake diff`, which compares two reports of a check."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import click
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from harness.cli import cli
from harness.evidence import Evidence, ProofStatus

pytestmark = pytest.mark.source

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


def test_a_report_is_as_its_schema_says_and_the_schema_can_refuse(report: Report) -> None:
    result = CliRunner().invoke(cli, ["check", "--schema"], standalone_mode=False)
    schema = json.loads(result.stdout)
    Draft202012Validator.check_schema(schema)
    report["suites"]["staking_pool"]["laws"][1]["proof"] = None
    judge = Draft202012Validator(schema)
    assert [error.message for error in judge.iter_errors(report)] == []
    evidence = Evidence("z3", {"A": ProofStatus(1, ("B",), (), (), ())}, 2, {"z3": 2}, (), 0, "", (), (), {"A": 1}, 9)
    whole = copy.deepcopy(report)
    whole["suites"]["staking_pool"]["evidence"] = json.loads(json.dumps(attrs.asdict(evidence)))
    assert [error.message for error in judge.iter_errors(whole)] == []
    wrongs: list[Callable[[Report], object]] = [
        lambda each: each.update(more=1),
        lambda each: each["made_by"].pop("seed"),
        lambda each: each["suites"]["staking_pool"]["laws"][0].update(verdict="fine"),
        lambda each: each["suites"]["staking_pool"]["actions"][0].update(accepted="3"),
        lambda each: each["suites"]["staking_pool"]["evidence"]["proofs"]["A"].update(proved=None),
    ]
    for change in wrongs:
        wrong = copy.deepcopy(whole)
        change(wrong)
        assert len(list(judge.iter_errors(wrong))) == 1


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


def test_a_proof_that_comes_into_doubt_is_worse(report: Report) -> None:
    later = copy.deepcopy(report)
    later["suites"]["staking_pool"]["laws"][1]["proof"]["doubt"] = "rests on POOL-01, violated in this run"
    worse = ("worse", "staking_pool POOL-02: its proof", "in no doubt", "rests on POOL-01, violated in this run")
    assert [tuple(change.values()) for change in json.loads(diff(report, later, "--json").stdout)] == [worse]
    assert diff(later, report).stdout.splitlines()[-1] == "0 worse, 1 better, 0 otherwise"


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ("held", "known violation", "worse"),
        ("known violation", "held", "better"),
        ("VIOLATED", "known violation", "better"),
        ("known violation", "VIOLATED", "worse"),
        ("VIOLATED", "never checked", "worse"),
    ],
)
def test_a_law_that_is_given_up_is_worse(report: Report, before: str, after: str, direction: str) -> None:
    """Regression: a law that held and became a known violation was listed as better."""
    later = copy.deepcopy(report)
    for document, verdict in ((report, before), (later, after)):
        document["suites"]["staking_pool"]["laws"][0]["verdict"] = verdict
    (change,) = json.loads(diff(report, later, "--json").stdout)
    assert tuple(change.values()) == (direction, "staking_pool POOL-01", before, after)


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
