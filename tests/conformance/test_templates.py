"""The templates that client teams copy: each implements the staking pool, and agrees with the specification in every
case.

TypeScript and Go run where their tools are installed. That all three templates name the same protocol is checked in
their text.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import conformance
from conformance.wire import digest
from harness.cli import cli

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "docs" / "clients"
DIGESTS = json.loads((Path(conformance.__file__).parent / "digests.json").read_text())["vectors"]


def node_strips_types() -> bool:
    """True if the installed Node.js runs TypeScript files directly."""
    node = shutil.which("node")
    if node is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.strip().lstrip("v").partition(".")[0]) >= 23


COMMANDS = [
    pytest.param(f"{sys.executable} {CLIENTS / 'client.py'}", id="python"),
    pytest.param(
        f"node {CLIENTS / 'client.ts'}",
        id="typescript",
        marks=pytest.mark.skipif(not node_strips_types(), reason="no Node.js that runs TypeScript is installed"),
    ),
    pytest.param(
        f"go run {CLIENTS / 'client.go'}",
        id="go",
        marks=pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed"),
    ),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_template_agrees_in_every_case(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "third_protocol"))
    monkeypatch.chdir(tmp_path)
    arguments = ["conform", "--protocol", "pool_pack:PACK", "--client", command, "--wire-check", "--json"]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    (report,) = json.loads(result.stdout)
    assert (result.return_value, report["exit_code"], report["findings"]) == (0, 0, [])
    assert {case["verdict"] for case in report["cases"]} == {"AGREE"}
    assert {case["answer"] for case in report["cases"]} == {
        *("accepted", "NoSharesForAmount", "NotEnoughShares", "NotTheService", "InvalidFraction"),
    }


@pytest.mark.parametrize(
    ("right", "wrong", "aspect"),
    [
        ("// (self.stake + 1)", "// (self.stake + 2)", "returns"),
        ('raise Rejected("NotEnoughShares")', 'raise Rejected("NotEnough")', "reason"),
        ("if shares == 0:", "if False:", "outcome"),
        ("self.stake -= burned", "pass", "state"),
        ('"seq": request["seq"]', '"seq": "0"', "out of turn"),
        ("canonical(state).encode()", "canonical(state).encode() + b' '", "wrong digest"),
    ],
)
def test_a_template_with_a_mistake_is_found_out(
    right: str, wrong: str, aspect: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "third_protocol"))
    monkeypatch.chdir(tmp_path)
    source = (CLIENTS / "client.py").read_text()
    assert source.count(right) == 1
    client = tmp_path / "client.py"
    client.write_text(source.replace(right, wrong))
    arguments = ["conform", "--protocol", "pool_pack:PACK", "--client", f"{sys.executable} {client}", "--json"]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    (report,) = json.loads(result.stdout)
    assert result.return_value == 1
    assert aspect in {finding["in"] for finding in report["findings"]}
    assert all(finding["steps"] <= 3 for finding in report["findings"] if finding["verdict"] == "DIVERGES")


def test_the_digest_of_the_template_is_that_of_every_vector() -> None:
    module: dict[str, Any] = {"__name__": "client"}
    exec(compile((CLIENTS / "client.py").read_text(), "client.py", "exec"), module)
    assert [module["digest"](vector["value"]) for vector in DIGESTS] == [vector["digest"] for vector in DIGESTS]
    assert digest({}) == module["digest"]({})
