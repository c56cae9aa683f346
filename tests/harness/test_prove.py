"""`restake prove` as its user meets it: verdicts and scopes, the ledger, counterexamples, exit codes."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from harness import prove
from harness.cli import cli
from proofs.ledger import Ledger

pytestmark = pytest.mark.source


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, and a ledger of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(prove, "ledger_path", lambda protocol: tmp_path / f"{protocol}.json")
    return tmp_path


def restake(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_what_is_proved_is_entered_in_the_ledger_and_not_proved_again(apart: Path) -> None:
    first = restake("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "1", "--json")
    assert first.return_value == 0
    shown = json.loads(first.stdout)
    assert shown["proved_now"] == ["TransferToken"]
    assert {verdict["verdict"] for verdict in shown["verdicts"] if verdict["law"] == "CONS-01"} == {"PROVED"}
    entry = Ledger.load(apart / "eigenlayer.json").document["calls"]["TransferToken"]
    assert "spec.eigenlayer.strategies:transfer" in entry["functions"]
    assert "spec.eigenlayer.slashing:slash_operator" not in entry["functions"]
    again = json.loads(
        restake("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "1", "--json").stdout
    )
    assert again["proved_now"] == []
    assert again["verdicts"] == shown["verdicts"]


def test_what_changed_is_proved_again(apart: Path) -> None:
    restake("prove", "--protocol", "eigenlayer", "--action", "BurnShares", "--law", "CONS-01", "--jobs", "1")
    ledger = Ledger.load(apart / "eigenlayer.json")
    assert not ledger.is_stale("BurnShares", "proofs.eigenlayer")
    ledger.document["calls"]["BurnShares"]["source"] = "of yesterday"
    assert ledger.is_stale("BurnShares", "proofs.eigenlayer")
    ledger.save(apart / "eigenlayer.json")
    shown = json.loads(
        restake(
            "prove", "--protocol", "eigenlayer", "--action", "BurnShares", "--law", "CONS-01", "--jobs", "1", "--json"
        ).stdout
    )
    assert shown["proved_now"] == ["BurnShares"]


def test_what_is_not_there_is_said(apart: Path) -> None:
    with pytest.raises(click.UsageError, match="has no call 'Nothing'"):
        restake("prove", "--action", "Nothing")
    with pytest.raises(click.UsageError, match="has no law 'NONE-01'"):
        restake("prove", "--law", "NONE-01")
    assert not list(apart.glob(".restake/*"))


def document(call: dict[str, Any]) -> dict[str, Any]:
    return {"protocol": "eigenlayer", "law": "CONS-01", "call": call, "state": {}}


def test_a_counterexample_that_no_longer_breaks_anything_is_told_so(apart: Path) -> None:
    call = {"is": "spec.eigenlayer.actions.MineBlocks", "blocks": "1"}
    (apart / "counterexample.json").write_text(json.dumps(document(call)))
    result = restake("prove", "--replay", "counterexample.json")
    assert result.return_value == 0
    assert result.stdout.endswith("accepted; breaks nothing\n")
