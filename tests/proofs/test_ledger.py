"""A ledger records each verdict with the source that it rests on. A verdict that was edited, cut out or moved is
noticed.
"""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from proofs import call_task, ledger_files
from proofs import ledger as ledgers
from proofs.call_task import KNOWN_FALSE, NOT_CONCERNED, due_of, findings_of, prove_laws
from proofs.digests import modules_behind, snapshot
from proofs.isolation import EndedError, apart
from proofs.ledger import Entry, Ledger, LedgerError, SourceChangedError, read, written
from proofs.paths import UnliftableError, refuse
from tests.conftest import nightly

PLACE = "proofs.eigenlayer.theory:THEORY"
CALL = "TransferToken"
RAN = ["spec.eigenlayer.strategies:transfer"]


def verdict(word: str = "PROVED", **more: Any) -> dict[str, Any]:
    said = {"goals": 3, "digest": "0123abcd", "solvers": {"z3": 3}, "steps": 9, "most_steps": 4}
    return {"verdict": word, "scope": ["lists of length <= 1"], **said, **more}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fixture: the folder of a ledger with one call. Most laws are proved, one is open, and known violations are
    marked as such.
    """
    known = findings_of(PLACE)
    of_call = {law_id: KNOWN_FALSE if law_id in known else verdict() for law_id in due_of(PLACE)[CALL]}
    of_call["MAG-01"] = verdict("UNKNOWN", solvers={"z3": 2, "": 1})
    opened(tmp_path).record(CALL, RAN, snapshot(PLACE), of_call, {"CONS-01": {"cvc5 0": {"agree": 3}}})
    return tmp_path


def opened(*folders: Path) -> Ledger:
    return Ledger("eigenlayer", PLACE, folders)


def file_of(folder: Path, call: str = CALL) -> Path:
    return folder / "eigenlayer" / f"{call}.json"


def entries_of(folder: Path) -> dict[str, Entry]:
    return read("eigenlayer", CALL, file_of(folder).read_text())


def sealed(folder: Path, **changed: dict[str, Any]) -> None:
    """Writes the ledger's file again with the verdicts in `changed`, as a forger would who knows how its seals are
    computed.
    """
    entries = entries_of(folder)
    for name, verdicts in changed.items():
        law_id = name.replace("_", "-")
        entries[law_id] = attrs.evolve(next(iter(entries.values())), verdict=verdicts)
    file_of(folder).write_text(written("eigenlayer", CALL, entries))


def make_stale(folder: Path) -> None:
    entries = entries_of(folder)
    basis = attrs.evolve(entries["CONS-01"].basis, source="of yesterday")
    of_yesterday = {law_id: attrs.evolve(entry, basis=basis) for law_id, entry in entries.items()}
    file_of(folder).write_text(written("eigenlayer", CALL, of_yesterday))


def test_what_is_recorded_is_read_again_and_a_file_is_the_same_however_it_came_about(folder: Path) -> None:
    ledger = opened(folder)
    assert ledger.left(CALL) == []
    assert ledger.verdicts(CALL)["CONS-01"] == verdict()
    assert ledger.verdicts(CALL)["SOLV-02"] == {
        **KNOWN_FALSE,
        "finding": "eigenlayer_v1_13_1_last_exit_one_share_short.json",
    }
    assert ledger.opinions(CALL) == {"CONS-01": {"cvc5 0": {"agree": 3}}}
    assert ledger.functions(CALL) == set(RAN)
    before = file_of(folder).read_text()
    for law_id, entry in reversed(entries_of(folder).items()):
        ledger.record(CALL, RAN, snapshot(PLACE), {law_id: entry.verdict}, {law_id: entry.opinions})
    assert file_of(folder).read_text() == before
    assert len(before.splitlines()) < len(due_of(PLACE)[CALL]) + 20


# What is due follows from the catalogue alone.


def test_what_is_due_is_said_by_the_catalogue_and_by_no_ledger(folder: Path, tmp_path: Path) -> None:
    assert opened(tmp_path / "nothing").due == opened(folder).due == due_of(PLACE)
    assert opened(tmp_path / "nothing").left(CALL) == list(due_of(PLACE)[CALL])
    due = due_of(PLACE)
    assert "TOTAL" in due[CALL]
    assert "TOTAL" not in due["genesis"]
    assert {"CONTRACT-history", "CONTRACT-lists", "FACTS-quotients"} == set(due["contracts"])
    assert [law_id for law_id in due["genesis"] if law_id.startswith("SUM-")]
    assert "SLASH-01" in due["SlashOperator"]
    assert "SLASH-01" not in due[CALL]


@pytest.mark.source  # proofs read the source in either build, which others of this file try
@pytest.mark.parametrize("call", ["TransferToken", *nightly("genesis", "MineBlocks")])
def test_a_proof_says_exactly_what_is_due(call: str) -> None:
    assert [found["law"] for found in prove_laws(PLACE, call, due_of(PLACE)[call], 1)] == list(due_of(PLACE)[call])


@pytest.mark.source
def test_what_ran_to_load_a_module_is_what_a_proof_ran_through() -> None:
    found = next(prove_laws(PLACE, CALL, ["CONS-01"], 1))
    assert {"spec.machine:Schema.__init__", "spec.eigenlayer.strategies:transfer"} <= set(found["functions"])


@pytest.mark.source
def test_a_module_that_no_import_leads_to_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    known = tuple(name for name in modules_behind(PLACE) if name != "spec.eigenlayer.views")
    monkeypatch.setattr(call_task, "modules_behind", lambda _place: known)
    with pytest.raises(UnliftableError, match=r"^spec\.eigenlayer\.views decides verdicts, and no import"):
        next(prove_laws(PLACE, CALL, ["CONS-01"], 1))


def test_a_verdict_that_is_taken_out_is_due_again(folder: Path) -> None:
    lines = file_of(folder).read_text().splitlines(keepends=True)
    file_of(folder).write_text("".join(line for line in lines if '"CONS-01"' not in line))
    assert opened(folder).left(CALL) == ["CONS-01"]
    file_of(folder).unlink()
    assert opened(folder).left(CALL) == list(due_of(PLACE)[CALL])


# Freshness belongs to each verdict.


def test_proving_one_law_of_a_stale_call_neither_loses_nor_refreshes_another(folder: Path) -> None:
    make_stale(folder)
    assert opened(folder).left(CALL) == list(due_of(PLACE)[CALL])
    opened(folder).record(CALL, RAN, snapshot(PLACE), {"CONS-01": verdict()})
    again = opened(folder)
    assert again.left(CALL) == [law_id for law_id in due_of(PLACE)[CALL] if law_id != "CONS-01"]
    assert set(again.verdicts(CALL)) == set(due_of(PLACE)[CALL])


def test_a_partial_proof_takes_nothing_from_what_the_others_rest_on(folder: Path) -> None:
    other = "spec.eigenlayer.shares:scaled_shares"
    opened(folder).record(CALL, [other], snapshot(PLACE), {"CONS-01": verdict()})
    assert {entry.basis.functions for entry in entries_of(folder).values()} == {frozenset([*RAN, other])}
    assert opened(folder).left(CALL) == []


def test_a_proof_of_files_that_were_edited_meanwhile_is_of_nothing(folder: Path) -> None:
    before = file_of(folder).read_text()
    with pytest.raises(SourceChangedError):
        opened(folder).record(CALL, RAN, "another snapshot", {"CONS-01": verdict()})
    assert file_of(folder).read_text() == before


def test_another_solver_makes_stale(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "solver_version", lambda: "z3 0.0")
    ledgers._is_of_today.cache_clear()
    assert opened(folder).left(CALL) == list(due_of(PLACE)[CALL])
    assert opened(folder).solver(CALL, "CONS-01") != "z3 0.0"
    monkeypatch.undo()
    ledgers._is_of_today.cache_clear()


# What an editor does by hand.

EDITS: dict[str, tuple[str, str]] = {
    "known false to proved": ('"verdict": "KNOWN FALSE"', '"verdict": "PROVED"'),
    "open to proved": ('"verdict": "UNKNOWN"', '"verdict": "PROVED"'),
    "what is not known by any solver": ('"by": {"": 1, "z3": 2}', '"by": {"z3": 3}'),
    "fewer goals": ('"CONS-01": {"by": {"z3": 3}', '"CONS-01": {"by": {"z3": 1}'),
    "a scope taken out": ('"goals": "0123abcd", "heard"', '"goals": "0123abcd", "scope": [], "heard"'),
    "a wider scope": ('"lists of length <= 1"', '"lists of length <= 9"'),
    "a function that ran taken out": ('"spec.eigenlayer.strategies": ["transfer"]', '"spec.eigenlayer.strategies": []'),
    "another digest": ('"source": "', '"source": "0'),
    "another solver": ('"solver": "z3', '"solver": "z4'),
    "a verdict for another law": ('"CONS-01":', '"DELEG-99":'),
    "an opinion": ('{"agree": 3}', '{"agree": 4}'),
    "a call": ('"call": "TransferToken"', '"call": "BurnShares"'),
    "a protocol": ('"protocol": "eigenlayer"', '"protocol": "symbiotic"'),
    "a field that nobody knows": ('"protocol":', '"more": 1,\n "protocol":'),
    "a verdict twice": ('"CONS-01":', '"CONS-01": {},\n  "CONS-01":'),
    "a word that is none": ('"verdict": "UNKNOWN"', '"verdict": "FINE"'),
    "no number": ('"steps": [9, 4], "verdict": "UNKNOWN"', '"steps": "many", "verdict": "UNKNOWN"'),
    "no basis": ('"proof": 0, "scope": [0], "seal"', '"proof": 7, "scope": [0], "seal"'),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_ledger_that_was_edited_is_refused_with_file_and_place(folder: Path, edit: str) -> None:
    right, wrong = EDITS[edit]
    text = file_of(folder).read_text()
    assert right in text
    file_of(folder).write_text(text.replace(right, wrong, 1))
    with pytest.raises(LedgerError, match=re.escape(f"{file_of(folder)}: ")) as refused:
        opened(folder)
    assert "\n" not in str(refused.value)


def test_a_line_of_another_call_is_refused(folder: Path) -> None:
    line = next(line for line in file_of(folder).read_text().splitlines() if '"CONS-01"' in line)
    opened(folder).record("BurnShares", RAN, snapshot(PLACE), {"CONS-01": verdict(steps=7), "SOLV-02": NOT_CONCERNED})
    there = file_of(folder, "BurnShares").read_text()
    own = next(line for line in there.splitlines() if '"CONS-01"' in line)
    file_of(folder, "BurnShares").write_text(there.replace(own, line))
    with pytest.raises(LedgerError, match=r"BurnShares\.json: verdicts\.CONS-01: not as it was entered"):
        opened(folder)


@pytest.mark.parametrize(
    ("law", "verdicts", "words"),
    [
        ("SOLV_02", verdict(), "verdicts.SOLV-02: PROVED, but the catalogue knows the law to be false"),
        ("CONS_01", KNOWN_FALSE, "verdicts.CONS-01: KNOWN FALSE, but the catalogue does not know the law to be false"),
        ("CONS_01", NOT_CONCERNED, "verdicts.CONS-01: NOT CONCERNED, but the catalogue does not know"),
        ("SLASH_01", verdict(), "verdicts.SLASH-01: there is no such law of TransferToken"),
        ("CONS_01", verdict(solvers={"": 3}), "verdicts.CONS-01: no proof comes to PROVED by {'': 3}"),
        ("CONS_01", verdict(solvers={}, digest="", goals=0) | {"verdict": "REFUTED"}, "no proof comes to REFUTED"),
        ("CONS_01", verdict(digest=""), "no proof comes to PROVED"),
        ("CONS_01", verdict(solvers={"z3": -3}), "no proof comes to PROVED"),
        ("CONS_01", verdict(solvers={"z3": 3.0}), "no proof comes to PROVED"),
        ("CONS_01", verdict(steps=-9), "no proof comes to PROVED"),
        ("CONS_01", verdict(digest=7), "no proof comes to PROVED"),
    ],
)
def test_what_no_proof_can_have_said_is_refused_though_it_is_sealed(
    folder: Path, law: str, verdicts: dict[str, Any], words: str
) -> None:
    sealed(folder, **{law: verdicts})
    with pytest.raises(LedgerError, match=re.escape(words)):
        opened(folder)


# What happens to files.


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON at line 1, column 1"),
        (b"[]", "not a ledger"),
        (b"{}", "not a ledger"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b"[" * 100_000, "not a ledger"),
        (b'{"protocol": "eigenlayer", "call": "TransferToken", "proofs": 5, "verdicts": {}}', "not a ledger"),
    ],
)
def test_a_file_that_is_no_ledger_is_one_line(folder: Path, content: bytes, words: str) -> None:
    file_of(folder).write_bytes(content)
    with pytest.raises(LedgerError) as refused:
        opened(folder)
    assert str(refused.value).startswith(f"{file_of(folder)}: {words}")
    assert "\n" not in str(refused.value)


def test_every_cut_of_a_file_is_refused(folder: Path) -> None:
    whole = file_of(folder).read_text()
    for length in range(0, len(whole), 97):
        with pytest.raises(LedgerError):
            read("eigenlayer", CALL, whole[:length])


def test_whoever_is_killed_while_writing_leaves_the_file_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file_of(folder).read_text()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        opened(folder).record(CALL, RAN, snapshot(PLACE), {"CONS-01": verdict()})
    assert file_of(folder).read_text() == before
    assert sorted(path.name for path in file_of(folder).parent.iterdir()) == [".lock", "TransferToken.json"]
    (file_of(folder).parent / ".TransferToken.json.unfinished").write_text("{")
    assert opened(folder).left(CALL) == []


def _record(folder: Path, laws: list[str], start: Any) -> None:
    ledger = opened(folder)
    start.wait()
    for law_id in laws:
        ledger.record(CALL, RAN, snapshot(PLACE), {law_id: verdict()})


@pytest.mark.source  # its processes import this very file
def test_two_proofs_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    known = findings_of(PLACE)
    laws = [law_id for law_id in due_of(PLACE)[CALL] if law_id not in known]
    start = context.Barrier(2)
    both = [context.Process(target=_record, args=(tmp_path, laws[part::2], start)) for part in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert opened(tmp_path).left(CALL) == [law_id for law_id in due_of(PLACE)[CALL] if law_id in known]


# Whose verdict it is.


def test_what_a_user_proved_goes_before_what_is_installed_unless_it_is_stale(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    opened(own).record(CALL, RAN, snapshot(PLACE), {"MAG-01": verdict(steps=77)})
    both = opened(folder, own)
    assert both.verdicts(CALL)["MAG-01"] == verdict(steps=77)
    assert (both.is_own(CALL, "MAG-01"), both.is_own(CALL, "CONS-01")) == (True, False)
    installed = file_of(folder).read_text()
    both.record(CALL, RAN, snapshot(PLACE), {"CONS-01": verdict(steps=55)})
    assert file_of(folder).read_text() == installed
    make_stale(own)
    assert opened(folder, own).verdicts(CALL)["MAG-01"]["verdict"] == "UNKNOWN"
    make_stale(folder)
    opened(own).record(CALL, RAN, snapshot(PLACE), {"MAG-01": verdict()})
    assert opened(folder, own).left(CALL) == [law_id for law_id in due_of(PLACE)[CALL] if law_id != "MAG-01"]


def test_where_a_users_verdicts_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTAKE_CACHE", "/a")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    monkeypatch.setenv("HOME", "/c")
    found = [ledger_files.own_place()]
    monkeypatch.delenv("RESTAKE_CACHE")
    found.append(ledger_files.own_place())
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    found.append(ledger_files.own_place())
    monkeypatch.setattr(Path, "expanduser", no_home)
    found.append(ledger_files.own_place())
    assert found == [Path("/a"), Path("/b/restake"), Path("/c/.cache/restake"), Path("/dev/null/restake")]


def no_home(_path: Path) -> Path:
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.source
@pytest.mark.parametrize("protocol", ["eigenlayer", "symbiotic"])
def test_the_installed_ledger_has_a_file_for_each_call_and_no_other(protocol: str) -> None:
    folder = ledger_files.installed_ledgers() / protocol
    due = due_of(f"proofs.{protocol}.theory:THEORY")
    assert sorted(path.stem for path in folder.glob("*.json")) == sorted(due)
    for path in folder.glob("*.json"):
        assert json.loads(path.read_text())["call"] == path.stem


def _goals(laws: list[str]) -> dict[str, str]:
    found = prove_laws("proofs.symbiotic.theory:THEORY", "Claim", laws, 1)
    return {each["law"]: each["verdict"]["digest"] for each in found}


@pytest.mark.source
@pytest.mark.nightly
def test_the_goals_of_a_law_are_the_same_whatever_is_proved_before_it() -> None:
    """Regression: EXIT-02 had 15 goals alone, but 17 after CALL-01. Here each run begins in a fork of this process."""
    alone, after = apart(lambda: _goals(["EXIT-02"])), apart(lambda: _goals(["CALL-01", "EXIT-02"]))
    assert alone == {"EXIT-02": after["EXIT-02"]}


@pytest.mark.source
def test_a_process_that_is_ended_says_nothing_and_what_it_raises_is_raised() -> None:
    with pytest.raises(EndedError):
        apart(lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(UnliftableError, match="no shape"):
        apart(lambda: refuse("no shape"))
    assert apart(lambda: 7) == 7


@pytest.mark.source
def test_a_process_does_not_outlive_the_one_that_asked_it() -> None:
    """The parent is killed while its child sleeps. Soon after, the pipe that the child inherited is closed, so the
    child has ended.
    """
    reader, writer = os.pipe()
    program = "from proofs.isolation import apart\nimport time\nprint('.', flush=True)\napart(lambda: time.sleep(600))"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, pass_fds=[writer]) as asking:
        os.close(writer)
        assert asking.stdout is not None
        assert asking.stdout.readline() == b".\n"
        asking.kill()
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b""
