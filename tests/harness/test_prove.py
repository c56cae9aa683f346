"""`restake prove` as its user meets it: verdicts and scopes, the ledger, counterexamples, exit codes."""

import json
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from harness import prove
from harness.cli import cli
from harness.protocols import WALKS
from harness.stopping import Stop
from invariants.choices import Seeded
from invariants.law import StateLaw
from proofs.concrete import Counterexample, as_state_law, plain_theory, read, write
from proofs.ledger import Ledger
from spec.machine import Draft
from spec.protocol import execute


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


def alone(result: Result) -> dict[str, Any]:
    """What a run says of the one protocol that it was asked about."""
    (shown,) = json.loads(result.stdout)["protocols"]
    return dict(shown)


def test_what_is_proved_is_entered_in_the_ledger_and_not_proved_again(apart: Path) -> None:
    first = restake("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "1", "--json")
    assert first.return_value == 0
    shown = alone(first)
    assert shown["proved_now"] == ["TransferToken"]
    assert {verdict["verdict"] for verdict in shown["verdicts"] if verdict["law"] == "CONS-01"} == {"PROVED"}
    entry = Ledger.load(apart / "eigenlayer.json").document["calls"]["TransferToken"]
    assert "spec.eigenlayer.strategies:transfer" in entry["functions"]
    assert "spec.eigenlayer.slashing:slash_operator" not in entry["functions"]
    again = alone(restake("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "1", "--json"))
    assert again["proved_now"] == []
    assert again["verdicts"] == shown["verdicts"]


def test_what_changed_is_proved_again(apart: Path) -> None:
    restake("prove", "--protocol", "eigenlayer", "--action", "BurnShares", "--law", "CONS-01", "--jobs", "1")
    ledger = Ledger.load(apart / "eigenlayer.json")
    assert not ledger.is_stale("BurnShares", "proofs.eigenlayer")
    ledger.document["calls"]["BurnShares"]["source"] = "of yesterday"
    assert ledger.is_stale("BurnShares", "proofs.eigenlayer")
    ledger.save(apart / "eigenlayer.json")
    asked = ("--protocol", "eigenlayer", "--action", "BurnShares", "--law", "CONS-01", "--jobs", "1", "--json")
    assert alone(restake("prove", *asked))["proved_now"] == ["BurnShares"]


def test_a_call_that_is_proved_in_parts_has_the_same_verdicts(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "2", "--all", "--json")
    restake(*command)
    whole = Ledger.load(apart / "eigenlayer.json").document
    monkeypatch.setattr(prove, "MANY_STEPS", 8)
    shown = alone(restake(*command))
    assert shown["proved_now"] == ["TransferToken"]
    in_parts = Ledger.load(apart / "eigenlayer.json").document
    assert in_parts["calls"]["TransferToken"]["functions"] == whole["calls"]["TransferToken"]["functions"]
    found, expected = (document["calls"]["TransferToken"]["verdicts"] for document in (in_parts, whole))
    assert {law: verdict["verdict"] for law, verdict in found.items()} == {
        law: verdict["verdict"] for law, verdict in expected.items()
    }


def test_what_costs_most_is_shared_out_evenly() -> None:
    steps = {"A": 9, "B": 5, "C": 5, "D": 2, "E": 0}
    assert prove.shared_out(steps, 2) == [["A", "D"], ["B", "C", "E"]]
    assert prove.shared_out(steps, 1) == [["A", "B", "C", "D", "E"]]
    assert prove.shared_out({"A": 1}, 2) == [["A"], []]


def test_others_are_asked_about_what_is_proved_and_not_twice(apart: Path) -> None:
    pytest.importorskip("cvc5")
    command = ("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "1", "--second", "--json")
    shown = alone(restake(*command))
    assert [said["disagree"] for said in shown["opinions"].values()] == [0, 0]
    assert all(said["agree"] > 5 for said in shown["opinions"].values())
    again = alone(restake(*command))
    assert (again["proved_now"], again["opinions"]) == ([], shown["opinions"])
    restake("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "1", "--all")
    assert Ledger.load(apart / "eigenlayer.json").opinions("TransferToken")


def test_whoever_disputes_a_proof_makes_it_fail_and_the_question_is_kept(apart: Path) -> None:
    pytest.importorskip("cvc5")
    (apart / "z3").write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Z3 version 0.0.1 - 64 bit" || echo sat\n')
    (apart / "z3").chmod(0o755)
    command = ("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--law", "CONS-01", "--jobs", "1")
    result = restake(*command, "--second", "--z3", str(apart / "z3"))
    assert result.return_value == 1
    assert "DISPUTED  CONS-01  TransferToken  by z3 0.0.1" in result.stdout
    kept = sorted((apart / ".restake").glob("disputed_eigenlayer_CONS-01_TransferToken_*.smt2"))
    assert f"again: restake prove --replay .restake/{kept[0].name}" in result.stdout
    replayed = restake("prove", "--replay", str(kept[0]))
    assert replayed.return_value == 0
    assert [line.rpartition(": ")[2] for line in replayed.stdout.splitlines()] == ["unsat", "unsat"]


def test_what_is_not_there_is_said(apart: Path) -> None:
    with pytest.raises(click.UsageError, match="has no call 'Nothing'"):
        restake("prove", "--action", "Nothing")
    with pytest.raises(click.UsageError, match="has no law 'NONE-01'"):
        restake("prove", "--law", "NONE-01")
    assert not list(apart.glob(".restake/*"))


def test_a_law_that_is_known_to_be_false_is_neither_open_nor_proved() -> None:
    asked = ("prove", "--protocol", "symbiotic", "--action", "Deposit", "--law", "DEP-04", "--jobs", "1")
    result = restake(*asked, "--json")
    assert result.return_value == 0
    assert [(row["law"], row["verdict"], row["finding"]) for row in alone(result)["verdicts"]] == [
        ("DEP-04", "KNOWN FALSE", "symbiotic_deposit_limit_is_passed.json")
    ]
    assert "KNOWN FALSE  DEP-04: docs/findings/symbiotic_deposit_limit_is_passed.json" in restake(*asked).stdout


def document(call: dict[str, Any]) -> dict[str, Any]:
    return {"protocol": "eigenlayer", "law": "CONS-01", "call": call, "state": {}}


def test_a_counterexample_that_no_longer_breaks_anything_is_told_so(apart: Path) -> None:
    call = {"is": "spec.eigenlayer.actions.MineBlocks", "blocks": "1"}
    (apart / "counterexample.json").write_text(json.dumps(document(call)))
    result = restake("prove", "--replay", "counterexample.json")
    assert result.return_value == 0
    assert result.stdout.endswith("accepted; breaks nothing\n")


MINED = {"is": "spec.eigenlayer.actions.MineBlocks", "blocks": "1"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON at line 1, column 2"),
        ("[]", "expected an object, found []"),
        ("{}", "protocol: expected one of eigenlayer, symbiotic"),
        (json.dumps({**document(MINED), "law": 5, "more": 1}), "unknown field 'more'"),
        (
            json.dumps(document({"is": "os.system", "command": "touch here"})),
            "call.is: no call and no row is 'os.system'",
        ),
        (
            json.dumps(document({"is": "spec.eigenlayer.state.Clock", "block": "1"})),
            "call: expected a call",
        ),
        (json.dumps(document({**MINED, "blocks": "many"})), "call.blocks: expected int, found 'many'"),
        (
            json.dumps({**document(MINED), "state": {"clock": [["", MINED]]}}),
            "state.clock[0][1]: expected a row",
        ),
        (json.dumps({**document(MINED), "state": {"clock": [[""]]}}), "state.clock[0]: expected a key and a row"),
    ],
)
def test_a_file_that_is_no_counterexample_is_refused_and_runs_nothing(apart: Path, text: str, words: str) -> None:
    (apart / "bad.json").write_text(text)
    result = restake("prove", "--replay", "bad.json")
    assert result.return_value == 2
    assert result.stderr.startswith("malformed bad.json: ")
    assert words in result.stderr
    assert not (apart / "here").exists()


def test_who_names_no_protocol_means_those_that_have_the_call() -> None:
    shown = alone(restake("prove", "--action", "MineBlocks", "--law", "MAG-04", "--jobs", "1", "--json"))
    assert (shown["protocol"], [row["law"] for row in shown["verdicts"]]) == ("eigenlayer", ["MAG-04"])


def test_every_lemma_is_a_law_that_a_checker_takes() -> None:
    laws = [
        *plain_theory("proofs.eigenlayer:THEORY").state_laws(),
        *plain_theory("proofs.symbiotic:THEORY").state_laws(),
    ]
    assert any(not isinstance(law, StateLaw) for law in laws)
    assert all(isinstance(as_state_law(law), StateLaw) for law in laws)


@pytest.mark.parametrize("protocol", WALKS)
def test_any_call_and_any_state_can_be_written_and_read_again(protocol: str) -> None:
    way, place = WALKS[protocol], f"proofs.{protocol}:THEORY"
    state, choices = way.genesis(), Seeded(3)
    for action in way.opening():
        execute(way.protocol.transition, state, [action])
    calls: set[str] = set()
    for _ in range(200):
        action = way.next_action(choices, Draft(state))
        execute(way.protocol.transition, state, [action])
        if type(action).__name__ not in calls:
            calls.add(type(action).__name__)
            document = {"protocol": protocol, **write(Counterexample("CONS-01", action, state))}
            found = read(place, json.loads(json.dumps(document)))
            assert (found.law_id, found.action, found.state.tables) == ("CONS-01", action, state.tables)
    assert len(calls) > 12


def test_an_interruption_ends_what_is_running_and_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "MANY_STEPS", 1 << 60)
    proving = prove.Proving("eigenlayer", prove.THEORIES["eigenlayer"], [], ["TransferToken", "SlashOperator"], True, 1)
    stop = Stop()
    strangers = set(active_children())

    def interrupt(_call: str, _done: int, _of: int) -> None:
        stop.is_interrupted = True

    prove.run_together([proving], 2, stop, interrupt)
    assert (list(proving.results), proving.failures) == (["TransferToken"], {})
    for worker in set(active_children()) - strangers:
        worker.join(5)
    assert set(active_children()) <= strangers


def test_a_process_that_is_killed_fails_its_call_and_loses_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "MANY_STEPS", 1 << 60)
    proving = prove.Proving("eigenlayer", prove.THEORIES["eigenlayer"], [], ["TransferToken", "SlashOperator"], True, 1)
    strangers = set(active_children())

    def kill(_call: str, _done: int, _of: int) -> None:
        for worker in set(active_children()) - strangers:
            worker.kill()

    prove.run_together([proving], 2, Stop(), kill)
    assert list(proving.results) == ["TransferToken"]
    assert proving.failures == {"SlashOperator": "a process of the proofs was killed"}
    assert proving.exit_code == 2
