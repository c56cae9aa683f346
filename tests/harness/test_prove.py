"""`restake prove`, as its users run it: verdicts and scopes, the ledger, counterexamples, exit codes."""

import json
import os
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from harness import kept_proofs, prove
from harness.cli import cli
from harness.protocols import known_packs, known_walks
from harness.prove import Proving
from harness.stopping import Stop
from harness.verbs import prove as verb
from invariants.choices import Seeded
from invariants.law import StateLaw
from proofs import ledger as ledgers
from proofs.concrete import Counterexample, as_state_law, plain_theory, read, write
from proofs.digests import snapshot
from proofs.ledger import Ledger
from spec.machine import Draft
from spec.protocol import execute


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fixture for every test here: an empty working directory, which is returned, and an installed ledger without
    verdicts.
    """
    monkeypatch.chdir(tmp_path)
    installed = {Path(pack.ledgers) for pack in known_packs().values() if pack.ledgers is not None}

    def empty(name: str, place: str, folders: list[Path]) -> Ledger:
        return Ledger(name, place, [tmp_path / "installed" if folder in installed else folder for folder in folders])

    monkeypatch.setattr(prove, "Ledger", empty)
    monkeypatch.setattr(ledgers, "installed_ledgers", lambda: tmp_path / "installed")
    return tmp_path


def opened(protocol: str = "eigenlayer") -> Ledger:
    """The ledger of a protocol, read as the command reads it."""
    return prove.ledger_of(known_packs()[protocol])


def restake(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def alone(result: Result) -> dict[str, Any]:
    """The JSON results of a run on its only protocol."""
    (shown,) = json.loads(result.stdout)["protocols"]
    return dict(shown)


OTHERS = sorted(
    action.__name__ for action in known_walks()["eigenlayer"].protocol.actions if action.__name__ != "TransferToken"
)


@pytest.mark.source
def test_what_is_proved_is_entered_in_the_ledger_and_not_proved_again() -> None:
    first = restake("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "1", "--json")
    assert first.return_value == 2  # what is proved assumes laws that are proved of no other call here
    shown = alone(first)
    assert {"law": "TOTAL", "verdict": "MISSING", "calls": OTHERS} in shown["rests_on"]
    assert shown["proved_now"] == ["TransferToken"]
    assert {verdict["verdict"] for verdict in shown["verdicts"] if verdict["law"] == "CONS-01"} == {"PROVED"}
    functions = opened().functions("TransferToken")
    assert "spec.eigenlayer.strategies:transfer" in functions
    assert "spec.eigenlayer.slashing:slash_operator" not in functions
    again = alone(restake("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "1", "--json"))
    assert again["proved_now"] == []
    assert again["verdicts"] == shown["verdicts"]


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_a_call_that_is_proved_in_parts_has_the_same_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "2", "--all", "--json")
    restake(*command)
    whole = opened()
    monkeypatch.setattr(prove, "MANY_STEPS", 8)
    shown = alone(restake(*command))
    assert shown["proved_now"] == ["TransferToken"]
    in_parts = opened()
    assert in_parts.functions("TransferToken") == whole.functions("TransferToken")
    assert _without_steps(in_parts.verdicts("TransferToken")) == _without_steps(whole.verdicts("TransferToken"))


def _without_steps(verdicts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Verdicts by law, without the fields that depend on what the same process proved before."""
    kept = ("verdict", "goals", "digest", "scope")
    return {law_id: {key: verdict[key] for key in kept} for law_id, verdict in verdicts.items()}


def test_a_call_is_shared_out_only_where_processes_would_be_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    proving = prove.ProofQuestion(calls=["SlashOperator"]).of(opened())
    laws, many = proving.to_prove["SlashOperator"], prove.MANY_STEPS
    monkeypatch.setattr(prove.Proving, "known_steps", lambda *_: many)
    assert [task.laws for task in proving.tasks("SlashOperator", 2, 2 * many)] == [laws]
    of_steps, of_states = [task.laws for task in proving.tasks("SlashOperator", 2, many)]
    assert sorted([*of_steps, *of_states]) == sorted(laws)
    assert {"TOTAL", "SLASH-01", "CALL-01"} <= set(of_steps)
    assert {"SOLV-01", "LEMMA-debt"} <= set(of_states)


def test_what_costs_most_is_shared_out_evenly() -> None:
    steps = {"A": 9, "B": 5, "C": 5, "D": 2, "E": 0}
    assert prove.shared_out(steps, 2) == [["A", "D"], ["B", "C", "E"]]
    assert prove.shared_out(steps, 1) == [["A", "B", "C", "D", "E"]]
    assert prove.shared_out({"A": 1}, 2) == [["A"], []]


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_others_are_asked_about_what_is_proved_and_not_twice() -> None:
    pytest.importorskip("cvc5")
    about = ("--protocol", "eigenlayer", "--action", "TransferToken")
    command = ("prove", *about, "--jobs", "1", "--cross-check", "--json")
    shown = alone(restake(*command))
    assert [said["disagree"] for said in shown["opinions"].values()] == [0, 0]
    assert all(said["agree"] > 5 for said in shown["opinions"].values())
    again = alone(restake(*command))
    assert (again["proved_now"], again["opinions"]) == ([], shown["opinions"])
    restake("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--jobs", "1", "--all")
    assert set(opened().opinions("TransferToken")) == set(opened().due["TransferToken"])


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_whoever_disputes_a_proof_makes_it_fail_and_the_question_is_kept(apart: Path) -> None:
    pytest.importorskip("cvc5")
    (apart / "z3").write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Z3 version 0.0.1 - 64 bit" || echo sat\n')
    (apart / "z3").chmod(0o755)
    command = ("prove", "--protocol", "eigenlayer", "--action", "TransferToken", "--law", "CONS-01", "--jobs", "1")
    result = restake(*command, "--cross-check", "--z3", str(apart / "z3"))
    assert result.return_value == 1
    assert "DISPUTED  CONS-01  TransferToken  by z3 0.0.1" in result.stdout
    kept = sorted((apart / ".restake").glob("disputed_eigenlayer_CONS-01_TransferToken_*.smt2"))
    assert f"reproduce: restake replay .restake/{kept[0].name}" in result.stdout
    replayed = restake("replay", str(kept[0]))
    assert replayed.return_value == 0
    assert [line.rpartition(": ")[2] for line in replayed.stdout.splitlines()] == ["unsat", "unsat"]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (("unsat", "unsat"), 0),
        (("sat", "sat"), 0),
        (("sat", "unsat"), 1),
        (("unsat", "not installed"), 2),
        (("unknown", "unsat"), 2),
        (("unknown", "not installed"), 2),
    ],
)
def test_a_question_is_settled_by_two_who_say_the_same(
    answers: tuple[str, str], code: int, apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a disputed question counted as settled if no solver answered when it was asked again. Two equal
    answers settle it.
    """
    (apart / "kept.smt2").write_text("")
    monkeypatch.setattr(kept_proofs, "ask_everybody", lambda _: dict(zip(("z3 0", "cvc5 0"), answers, strict=True)))
    result = restake("replay", "kept.smt2")
    assert (result.return_value, result.stdout) == (code, f"z3 0: {answers[0]}\ncvc5 0: {answers[1]}\n")


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
    assert "KNOWN VIOLATION  DEP-04: docs/findings/symbiotic_deposit_limit_is_passed.json" in restake(*asked).stdout


MINED = {"is": "spec.eigenlayer.actions.MineBlocks", "blocks": "1", "seconds": "12"}


def document(call: dict[str, Any]) -> dict[str, Any]:
    return {"protocol": "eigenlayer", "law": "CONS-01", "call": call, "state": {}}


def test_a_counterexample_that_no_longer_breaks_anything_is_told_so(apart: Path) -> None:
    (apart / "proof_x.json").write_text(json.dumps(document(MINED)))
    result = restake("replay", "proof_x.json")
    assert result.return_value == 0
    assert result.stdout.endswith("accepted; breaks nothing\n")


def test_what_a_proof_kept_is_replayed_like_any_other(apart: Path) -> None:
    """Regression: `restake replay` called the file of a refuted law a malformed trace."""
    kept = apart / ".restake"
    kept.mkdir()
    (kept / "proof_eigenlayer_CONS-01_MineBlocks.json").write_text(json.dumps(document(MINED)))
    alone = restake("replay", ".restake")
    assert (alone.return_value, alone.stdout.splitlines()[-1]) == (0, "accepted; breaks nothing")
    with pytest.raises(click.UsageError, match="--json is of recorded traces"):
        restake("replay", ".restake", "--json")
    (kept / "proof_bad.json").write_text("{}")
    (kept / "eigenlayer-x.json").write_text("{}")
    together = restake("replay", ".restake")
    assert together.return_value == 2
    assert "malformed .restake/proof_bad.json: protocol: expected one of" in together.stderr
    assert "1 trace, 0 steps: 0 agree, 0 differ, 1 malformed" in together.stdout


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
            json.dumps(document({"is": "spec.eigenlayer.state.Clock", "block": "1", "timestamp": "12"})),
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
    (apart / "proof_bad.json").write_text(text)
    result = restake("replay", "proof_bad.json")
    assert result.return_value == 2
    assert result.stderr.startswith("malformed proof_bad.json: ")
    assert words in result.stderr
    assert not (apart / "here").exists()


def test_who_names_no_protocol_means_those_that_have_the_call() -> None:
    shown = alone(restake("prove", "--action", "MineBlocks", "--law", "MAG-04", "--jobs", "1", "--json"))
    assert (shown["protocol"], [row["law"] for row in shown["verdicts"]]) == ("eigenlayer", ["MAG-04"])


def test_what_was_asked_for_by_name_is_answered_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: beside what there is a proof of, a protocol without a theory, a law of one protocol alone, and a law
    without a verdict of its own were left out without a word.
    """
    monkeypatch.setattr(verb, "run_together", lambda *_: None)
    with pytest.raises(click.UsageError, match=r"^no theory, so that nothing can be proved: market_on_symbiotic$"):
        restake("prove", "--protocol", "symbiotic", "--protocol", "market_on_symbiotic")
    both = json.loads(restake("prove", "--law", "EXIT-02", "--law", "SHARE-02", "--json").stdout)["protocols"]
    assert [{row["law"] for row in shown["verdicts"]} for shown in both] == [{"EXIT-02"}, {"EXIT-02", "SHARE-02"}]
    with pytest.raises(click.UsageError, match=r"^eigenlayer has no law 'NONE-01'.*; symbiotic has no law 'NONE-01'"):
        restake("prove", "--law", "EXIT-02", "--law", "NONE-01")
    by_contract = ("prove", "--protocol", "symbiotic", "--law", "HIST-02")
    assert restake(*by_contract).return_value == 5
    monkeypatch.setattr(Proving, "exit_code", 0)
    result = restake(*by_contract, "--law", "EXIT-02")
    assert (result.return_value, result.stderr) == (2, "no verdict is due, though asked for by name: HIST-02\n")
    assert restake("prove", "--protocol", "symbiotic", "--law", "EXIT-02").return_value == 0


def test_every_lemma_is_a_law_that_a_checker_takes() -> None:
    laws = [
        *plain_theory("proofs.eigenlayer.theory:THEORY").state_laws(),
        *plain_theory("proofs.symbiotic.theory:THEORY").state_laws(),
    ]
    assert any(not isinstance(law, StateLaw) for law in laws)
    assert all(isinstance(as_state_law(law), StateLaw) for law in laws)


@pytest.mark.parametrize("protocol", known_walks())
def test_any_call_and_any_state_can_be_written_and_read_again(protocol: str) -> None:
    walk, place = known_walks()[protocol], f"proofs.{protocol}.theory:THEORY"
    state, choices = walk.genesis(), Seeded(3)
    for action in walk.opening():
        execute(walk.protocol.transition, state, [action])
    calls: set[str] = set()
    for _ in range(200):
        action = walk.next_action(choices, Draft(state))
        execute(walk.protocol.transition, state, [action])
        if type(action).__name__ not in calls:
            calls.add(type(action).__name__)
            document = {"protocol": protocol, **write(place, Counterexample("CONS-01", action, state))}
            found = read(place, json.loads(json.dumps(document)))
            assert (found.law_id, found.action, found.state.tables) == ("CONS-01", action, state.tables)
    assert len(calls) > 12


SLASH, TRANSFER = "SlashOperator", "TransferToken"


def asked_of(*calls: str) -> prove.Proving:
    return prove.ProofQuestion(calls=calls, everything=True).of(opened())


@pytest.mark.source
def test_an_interruption_ends_what_is_running_and_keeps_what_is_done() -> None:
    proving, stop, strangers = asked_of(TRANSFER, SLASH), Stop(), set(active_children())

    def interrupt(_call: str, _done: int, _of: int) -> None:
        stop.is_interrupted = True

    prove.run_together([proving], 2, stop, interrupt)
    assert (set(proving.results[TRANSFER]), proving.failures) == (set(opened().due[TRANSFER]), {})
    assert {call for call, _ in proving.left()} == {SLASH}
    assert set(active_children()) <= strangers
    assert opened().left(TRANSFER) == []


@pytest.mark.source
@pytest.mark.serial
def test_time_that_is_up_begins_nothing_and_says_so() -> None:
    proving = asked_of(TRANSFER)
    prove.run_together([proving], 1, Stop(0.0), lambda *_: None)
    assert (proving.results, len(proving.left()), proving.exit_code) == ({}, len(opened().due[TRANSFER]), 2)
    result = restake("prove", "--protocol", "eigenlayer", "--action", SLASH, "--budget", "0.5", "--jobs", "1")
    assert result.return_value == 2
    assert result.stderr == "stopped when its time was up\n"
    assert f"  UNDONE  SlashOperator: {len(opened().due[SLASH])} verdicts\n" in result.stdout


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_where_time_is_limited_cheap_calls_come_first() -> None:
    limited, proving = Stop(60.0), asked_of(TRANSFER, "SetAllocationDelay", SLASH)
    ends: list[str] = []

    def note(call: str, done: int, _of: int) -> None:
        ends.append(call.split()[1])
        limited.is_interrupted = done == 2

    prove.run_together([proving], 1, limited, note)
    assert sorted(ends) == ["SetAllocationDelay", TRANSFER]


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_a_process_that_is_killed_is_no_verdict_and_its_laws_are_proved_by_another() -> None:
    proving, strangers = asked_of(TRANSFER), set(active_children())
    killed: list[Any] = []

    class Killing(Stop):
        def __call__(self) -> bool:
            for worker in set(active_children()) - strangers - set(killed):
                if not killed:
                    killed.append(worker)
                    worker.kill()
            return False

    prove.run_together([proving], 1, Killing(), lambda *_: None)
    assert len(killed) == 1
    assert (proving.left(), proving.undone, {word for _, _, word, _ in proving.rows()} <= prove.GOOD) == ([], {}, True)


def test_what_kills_every_process_stays_undone_and_is_not_called_refuted() -> None:
    proving, strangers = asked_of(TRANSFER), set(active_children())

    class Killing(Stop):
        def __call__(self) -> bool:
            for worker in set(active_children()) - strangers:
                worker.kill()
            return False

    prove.run_together([proving], 1, Killing(), lambda *_: None)
    assert (proving.results, proving.failures) == ({}, {})
    assert proving.undone == {TRANSFER: "its process was killed"}
    assert proving.exit_code == 2


@pytest.mark.source
def test_the_installed_ledger_is_never_written_but_by_name(apart: Path, own_cache: Path) -> None:
    asked = ("prove", "--protocol", "eigenlayer", "--action", "MineBlocks", "--law", "MAG-04", "--jobs", "1")
    restake(*asked)
    assert not (apart / "installed").exists()
    assert [path.name for path in own_cache.glob("ledgers/eigenlayer/*.json")] == ["MineBlocks.json"]
    result = restake(*asked, "--write-ledger", "installed", "--json")
    assert alone(result)["proved_now"] == ["MineBlocks"]
    assert [path.name for path in apart.glob("installed/eigenlayer/*.json")] == ["MineBlocks.json"]


def test_nothing_to_prove_writes_nothing(own_cache: Path) -> None:
    asked = ("prove", "--protocol", "eigenlayer", "--action", "MineBlocks", "--law", "MAG-04", "--jobs", "1")
    restake(*asked)
    file = own_cache / "ledgers" / "eigenlayer" / "MineBlocks.json"
    before = file.stat()
    assert restake(*asked).return_value == 2  # it rests on verdicts that nobody proved here
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.source
def test_a_law_that_cannot_concern_a_call_is_not_proved_of_it_again_and_again() -> None:
    asked = ("prove", "--protocol", "eigenlayer", "--action", TRANSFER, "--jobs", "1", "--json")
    assert alone(restake(*asked))["proved_now"] == [TRANSFER]
    outside = alone(restake(*asked, "--law", "SLASH-01"))
    assert (outside["proved_now"], outside["verdicts"]) == ([], [])
    known_violations = alone(restake(*asked, "--law", "SOLV-02"))
    assert known_violations["proved_now"] == []
    assert [row["verdict"] for row in known_violations["verdicts"]] == ["NOT CONCERNED"]


@pytest.mark.source
def test_a_place_that_cannot_be_written_loses_no_verdict(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (apart / "file").write_text("")
    monkeypatch.setenv("RESTAKE_CACHE", str(apart / "file"))
    monkeypatch.setattr(prove.Proving, "unproved", lambda _: {})  # these alone would make the exit code 2
    asked = ("prove", "--protocol", "eigenlayer", "--action", "MineBlocks", "--law", "MAG-04", "--jobs", "1")
    result = restake(*asked)
    assert (result.return_value, result.stderr) == (2, "not all that was proved could be written\n")
    assert "  MAG-04                       1 PROVED\n" in result.stdout
    assert f"  NOT KEPT  {apart / 'file' / 'ledgers'}" in result.stdout
    assert restake(*asked, "--write-ledger", str(apart / "file" / "x")).return_value == 2


def heard(law_id: str, **more: Any) -> dict[str, Any]:
    """The output of a proof process that refuted a law; `more` replaces fields of the output or adds some."""
    answers = {"goals": 1, "digest": "0123abcd", "solvers": {"z3": 1}, "steps": 9, "most_steps": 9, "scope": []}
    refuted = {"verdict": "REFUTED", **answers, "counterexample": {"law": law_id, "broken": [law_id]}}
    rest = {"opinions": {}, "disputed": [], "functions": [], "source": snapshot("proofs.eigenlayer.theory:THEORY")}
    return {"law": law_id, "verdict": refuted, **rest, **more}


def test_a_counterexample_is_kept_as_it_is_found_and_elsewhere_where_it_cannot_be(
    apart: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"proof_eigenlayer_CONS-01_{TRANSFER}.json"
    first = asked_of(TRANSFER)
    first.hear(TRANSFER, [heard("CONS-01")])
    assert json.loads((apart / ".restake" / name).read_text())["broken"] == ["CONS-01"]
    assert (opened().verdicts(TRANSFER)["CONS-01"]["verdict"], first.exit_code) == ("REFUTED", 1)
    (apart / "elsewhere").mkdir()
    monkeypatch.chdir(apart / "elsewhere")
    (apart / "elsewhere" / ".restake").write_text("")
    second = asked_of(TRANSFER)
    second.hear(TRANSFER, [heard("CONS-01")])
    assert second.written == [own_cache / "counterexamples" / name]
    monkeypatch.setenv("RESTAKE_CACHE", str(apart / "elsewhere" / ".restake"))
    third = asked_of(TRANSFER)
    third.hear(TRANSFER, [heard("CONS-01")])
    assert (third.written, len(third.unkept), third.exit_code) == ([], 2, 1)


def test_a_file_that_was_edited_while_it_was_proved_leaves_the_call_undone() -> None:
    proving = asked_of(TRANSFER)
    proving.hear(TRANSFER, [heard("CONS-01", source="another")])
    assert proving.as_json()["proved_now"] == []
    assert (proving.results, proving.undone) == (
        {},
        {TRANSFER: "a file was edited while it was proved: ask again"},
    )
    assert (opened().verdicts(TRANSFER), proving.exit_code) == ({}, 2)


@pytest.mark.source
@pytest.mark.serial
def test_no_process_outlives_whoever_asked_it() -> None:
    """A proof process ends when its parent is killed, although the parent cannot end it."""
    program = (
        "import time\n"
        "from multiprocessing import active_children\n"
        "from harness import proof_workers\n"
        "from harness.stopping import Stop\n"
        "class Telling(Stop):\n"
        "    def __call__(self):\n"
        "        for child in active_children(): print(child.pid, flush=True)\n"
        "        return False\n"
        "if __name__ == '__main__':\n"
        "    place = 'proofs.eigenlayer.theory:THEORY'\n"
        "    task = proof_workers.ProofTask('eigenlayer', place, 'SlashOperator', ['TOTAL'])\n"
        "    proof_workers.run_tasks([task], 1, Telling(), print, print)\n"
    )
    Path("asking.py").write_text(program)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    asking = subprocess.Popen([sys.executable, "asking.py"], stdout=subprocess.PIPE, text=True, env=environment)
    assert asking.stdout is not None
    child = int(asking.stdout.readline())
    asking.kill()
    asking.wait()
    asking.stdout.close()
    for _ in range(600):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").exists() and ") Z " in Path(f"/proc/{child}/stat").read_text():
            return
        time.sleep(0.1)
    pytest.fail("the process goes on alone")


def test_a_ledger_that_was_cut_off_is_one_line_and_exit_code_2(own_cache: Path) -> None:
    folder = own_cache / "ledgers" / "eigenlayer"
    folder.mkdir(parents=True)
    (folder / "MineBlocks.json").write_text('{\n "call": "MineBl')
    said = f"{folder / 'MineBlocks.json'}: not JSON at line 2, column 10: Unterminated string starting at"
    for command in (["prove", "--action", "MineBlocks"], ["check", "--steps", "0"]):
        with pytest.raises(click.ClickException) as refused:
            restake(*command)
        assert refused.value.message == said
    mutated = restake("mutate", "--proofs", "--mutant", "EM-17")
    assert (mutated.return_value, mutated.stderr) == (2, f"{said}\n")
