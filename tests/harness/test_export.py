"""Traces in the formats of other tools: nothing is lost, and what a format cannot express is refused with its place.

RESTAKE_EVERY_TRACE=1 converts every recorded trace there and back, some minutes of work; otherwise one small trace of
each protocol is converted.
"""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from harness.cli import cli
from harness.interchange.itf import read_itf, write_itf
from harness.interchange.values import from_itf, to_itf
from harness.protocols import known_protocols
from harness.replay import is_same
from harness.traces import load_json, read_kept
from spec.codec import MalformedTrace

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
SMALL = [
    min((GOLDEN / name).glob("*.json.gz"), key=lambda path: path.stat().st_size) for name in ("eigenlayer", "symbiotic")
]
TRACES = sorted(GOLDEN.glob("*/*.json.gz")) if os.environ.get("RESTAKE_EVERY_TRACE") else SMALL


def exported(path: Path) -> dict[str, Any]:
    document: Any = load_json(path)
    _, trace, _ = read_kept(copy.deepcopy(document), known_protocols())
    return write_itf(document, trace)


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """A fixture: a short trace of Symbiotic in the Informal Trace Format."""
    made = CliRunner().invoke(cli, ["new-trace", "symbiotic"], standalone_mode=False).stdout
    document = json.loads(made)
    _, trace, _ = read_kept(json.loads(made), known_protocols())
    return write_itf(document, trace)


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name)
def test_there_and_back_nothing_is_lost(path: Path) -> None:
    found = exported(path)
    assert {*found["vars"], "#meta"} == {*found["states"][0]} == {*found["states"][-1]}
    assert is_same(read_itf(json.loads(json.dumps(found))), load_json(path))


def test_values_in_both_forms() -> None:
    value = {"amount": "7", "block": 7, "name": "x", "of": {"a0": "-1", "12": None}, "none": {}, "list": [True, "0"]}
    form = {
        "amount": {"#bigint": "7"},
        "block": 7,
        "name": "x",
        "of": {"#map": [["a0", {"#bigint": "-1"}], [{"#bigint": "12"}, {"tag": "None", "value": {"#tup": []}}]]},
        "none": {"#map": []},
        "list": [True, {"#bigint": "0"}],
    }
    assert to_itf(value, "") == form
    assert is_same(from_itf(form, ""), value)
    for odd in ({"tag": "None", "value": "x"}, {"#map": "1"}, "007", "1" * 99):
        assert is_same(from_itf(to_itf(odd, ""), ""), odd)
    for wrong in (1.5, 2**53):
        with pytest.raises(MalformedTrace, match=r"^here: "):
            to_itf(wrong, "here")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file.pop("vars"), "missing field 'vars'"),
        (lambda file: file.update(loop=1), "a trace has neither parameters nor a loop"),
        (
            lambda file: file["#meta"].pop("trace"),
            "#meta: missing field 'trace': only a file of restake export is a trace",
        ),
        (lambda file: file.update(states=[]), "states: expected a list with at least one state, found []"),
        (lambda file: file["vars"].append("step"), "vars: expected each once, and 'step' among them"),
        (lambda file: file["states"][1].pop("vaults"), "states[1]: missing field 'vaults'"),
        (lambda file: file["states"][0].update(step=1), "states[0].step: expected an object, found 1"),
        (lambda file: file["states"].pop(0), "states[0].step: expected the variant Init of the unit, found "),
        (
            lambda file: file["states"][1].update(balances={"#set": []}),
            "states[1].balances: a #set has no order, and every list of a trace has one",
        ),
        (
            lambda file: file["states"][1].update(timestamp={"#bigint": "1" * 99}),
            "states[1].timestamp: expected a decimal string of 256 bits in #bigint, found ",
        ),
        (
            lambda file: file["states"][1].update(balances={"#map": [["a", 1], ["a", 2]]}),
            "states[1].balances[1]: the key 'a' occurs twice",
        ),
        (
            lambda file: file["states"][1].update(timestamp=2**53),
            "states[1].timestamp: 9007199254740992 is a JSON number",
        ),
        (
            lambda file: file["#meta"].update(initial_field="config"),
            "#meta.initial_field: #meta.trace has a 'config' already",
        ),
        (lambda file: file["#meta"]["trace"].update(protocol="x"), "protocol: unknown protocol 'x'; known are "),
        (lambda file: file["states"][1]["step"].update(tag="x"), "steps[0].action: unknown action 'x'"),
    ],
)
def test_what_is_no_trace_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], object], words: str, written: dict[str, Any], tmp_path: Path
) -> None:
    file = copy.deepcopy(written)
    change(file)
    path = tmp_path / "changed.itf.json"
    path.write_text(json.dumps(file))
    result = CliRunner().invoke(cli, ["import", str(path)], standalone_mode=False)
    assert isinstance(result.exception, click.ClickException)
    assert result.exception.message.startswith(f"{path}: {words}")


def test_verbs_bring_a_trace_there_and_back(tmp_path: Path) -> None:
    itf = tmp_path / "trace.itf.json"
    there = CliRunner().invoke(cli, ["export", str(SMALL[1]), "--to", "itf"], standalone_mode=False)
    assert (there.return_value, there.stderr) == (0, "")
    itf.write_text(there.stdout)
    back = CliRunner().invoke(cli, ["import", str(itf)], standalone_mode=False)
    assert back.return_value == 0
    assert is_same(json.loads(back.stdout), load_json(SMALL[1]))


def test_the_pytest_file_passes_and_notices_each_difference(tmp_path: Path) -> None:
    made = CliRunner().invoke(cli, ["new-trace", "symbiotic", "--steps", "8"], standalone_mode=False).stdout
    accepted = next(i for i, step in enumerate(json.loads(made)["steps"]) if step["ok"])

    def outcome(step: dict[str, Any]) -> None:
        step.update(ok=False, error="NotNetwork", returns={})

    def returns(step: dict[str, Any]) -> None:
        step["returns"] = {"x": "1"}

    def state(step: dict[str, Any]) -> None:
        step["post"]["balances"]["burner0"] = "77"

    files = []
    for name, change in (("same", None), ("outcome", outcome), ("returns", returns), ("state", state)):
        document = json.loads(made)
        if change is not None:
            change(document["steps"][accepted])
        trace = tmp_path / f"{name}.json"
        trace.write_text(json.dumps(document))
        result = CliRunner().invoke(cli, ["export", str(trace), "--to", "pytest"], standalone_mode=False)
        assert result.return_value == 0
        assert ("differs from the specification" in result.stderr) == (change is not None)
        files.append(tmp_path / f"test_{name}.py")
        files[-1].write_text(result.stdout)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rf", *map(str, files)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    assert [
        (name, sum(f"test_{name}.py" in line for line in failed)) for name in ("same", "outcome", "returns", "state")
    ] == [
        ("same", 0),
        ("outcome", 1),
        ("returns", 1),
        ("state", 1),
    ]
    assert "3 failed, 37 passed" in run.stdout
