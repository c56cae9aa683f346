"""`restake check` as its user meets it: the first screen, findings, and runs that are cut short."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from click import UsageError

from harness import __version__, gathering
from harness.commit import commit_here
from harness.protocols import known_walks
from harness.verbs import how_built
from proofs.call_task import due_of
from tests.harness.commands import GOLDEN, POOL, restake

if TYPE_CHECKING:
    from tests.harness.conftest import Mistaken

pytestmark = pytest.mark.usefixtures("example")


NOT_MET_BY_TEN_WALKS = {"eigenlayer": ["ETH-15"], "symbiotic": []}
"""For each protocol, the laws that the walks of the first ten seeds never check. The one of EigenLayer is about a slash
of native ETH, which is in recorded traces, and in a scenario that no seed before 39 takes.
"""


@pytest.mark.installed
def test_check_replays_everything_and_checks_every_law() -> None:
    result = restake("check", "--json", "--steps", "4000", "--examples", "0")
    assert result.return_value == 0
    report = json.loads(result.stdout)
    assert (report["schema"], report["verdict"], report["exit_code"]) == ("restake check 1", "holds", 0)
    assert (report["made_by"]["built"], report["made_by"]["seed"]) == (how_built(), 0)
    assert len(report["traces"]) == len(list(GOLDEN.rglob("*.json.gz"))) > 120
    assert {trace["verdict"] for trace in report["traces"]} == {"agrees"}
    assert sorted(report["suites"]) == sorted(known_walks())
    for protocol, suite in report["suites"].items():
        catalogue = known_walks()[protocol].catalogue
        laws = [law for law in suite["laws"] if law["kind"] not in ("game", "witness")]
        games = [law for law in suite["laws"] if law["kind"] == "game"]
        assert [(game["law"], game["in_games"], game["verdict"]) for game in games] == [
            (f"GAME-0{number}", 4, "held") for number in (1, 2, 3)
        ]
        assert [law["law"] for law in laws] == [law.law_id for law in catalogue.laws()]
        assert len(suite["laws"]) == len(laws) + len(games) + len(catalogue.witnesses)
        assert {law["law"]: law["verdict"] for law in laws} == {
            law.law_id: "known violation" if law.law_id in catalogue.known_violations else "held"
            for law in catalogue.laws()
        }
        assert [law["law"] for law in laws if not law["on_traces"]] == []
        assert [law["law"] for law in laws if not law["on_walks"]] == NOT_MET_BY_TEN_WALKS[protocol]
        assert (suite["findings"], suite["on_walks"]["steps"], suite["on_walks"]["runs"]) == ([], 4000, 10)
        assert all(law["scanned"] == 10 + suite["on_traces"]["runs"] for law in laws if law["kind"] == "state")
        assert [row["action"] for row in suite["actions"] if not row["accepted_on_traces"] + row["accepted"]] == []


def test_the_first_screen_of_a_check_answers() -> None:
    """The report shows the verdict, then what was checked, proved, found and not reached, then each law on one line of
    at most 120 columns.
    """
    result = restake("check", "--protocol", POOL, "--steps", "2000", "--examples", "0")
    assert result.return_value == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "restake check: holds"
    commit = f" (commit {commit_here() or 'unknown'})"
    assert re.fullmatch(r"  took \d+\.\d s; exit code 0: everything that was checked holds", lines[1])
    assert lines[2] == f"  restake {__version__}{commit}, {how_built()} specification, no solver; profile ci, seed 0"
    assert lines[3].startswith("  2,000 steps drawn, ")
    assert lines[4] == "  1 trace, 6 steps: 1 agree, 0 differ, 0 malformed"
    again = f"reproduce: restake check --protocol {POOL} --steps 2000 --examples 0"
    assert re.fullmatch(r"  time: (traces \d+\.\d s, )?drawing \d+\.\d s", lines[5])
    assert re.fullmatch(rf"  begun \d{{4}}-\d\d-\d\d \d\d:\d\d UTC; {again}", lines[6])
    assert lines[7:15] == [
        "",
        "staking_pool: holds",
        "  checked      1 recorded trace, 6 calls; 5 random walks, 2,000 calls",
        "  laws         3 held",
        "  proved       no law: the protocol has no theory",
        "  found        nothing",
        "",
        f"{'law':9}{'staking_pool: properties':80}{'checked  proved  kills  verdict'}".rstrip(),
    ]
    sentence = "The pool's shares are those of its stakers."
    assert lines[16] == f"{'POOL-01':9}{sentence:80}  1,366       -      -  held"
    assert lines[-2] == "restake check -v shows the figures of each method, of each action and each reason."
    assert lines[-1].startswith("restake laws --explain ID says all of one law: ")
    assert max(len(line) for line in lines) <= 120
    assert "\x1b" not in result.output


def test_a_law_that_is_known_to_be_false_does_not_hold() -> None:
    result = restake("check", "--protocol", "symbiotic", "--law", "DEP-04", "--steps", "0", "--examples", "0")
    lines = result.stdout.splitlines()
    (sentence,) = [law.sentence for law in known_walks()["symbiotic"].catalogue.laws() if law.law_id == "DEP-04"]
    assert (result.return_value, lines[0]) == (0, "restake check: known violation")
    assert ", --law DEP-04, seed 0" in lines[2]
    assert "symbiotic: known violation" in lines
    found = next(position for position, line in enumerate(lines) if line.startswith("  found "))
    assert " ".join(lines[found : found + 2]).split() == f"found DEP-04 is a known violation: {sentence}".split()
    assert lines[found + 2].startswith("                 true instead: DEP-03. reproduce: restake replay ")
    asked = "restake check --protocol symbiotic --law DEP-04 --steps 0 --examples 0"
    assert re.fullmatch(rf"  begun \d{{4}}-\d\d-\d\d \d\d:\d\d UTC; reproduce: {asked}", lines[6])


def test_witnesses_alone_are_no_known_violation() -> None:
    result = restake("check", "--protocol", POOL, "--law", "POOL-W1", "--steps", "2000", "--examples", "0")
    assert (result.return_value, result.stdout.splitlines()[0]) == (0, "restake check: holds")
    assert "laws" not in [line.split()[0] for line in result.stdout.splitlines()[6:9] if line]


def test_check_prints_a_matrix_that_can_be_pasted() -> None:
    result = restake("check", "-v", "--protocol", POOL, "--steps", "2000", "--examples", "0")
    assert result.return_value == 0
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert max(len(line) for line in lines) <= 120
    assert "\x1b" not in result.output
    assert result.stderr == ""
    heading = lines.index("staking_pool: laws by how they were checked") + 2
    assert lines[heading - 1].split() == ["states", "checked", "checked", "checked", "by"]
    assert lines[heading].split() == [
        "law",
        "what",
        "must",
        "hold",
        *["scanned", "on", "traces", "on", "walks", "Hypothesis", "verdict"],
    ]
    assert lines[heading + 2].split()[-5:] == ["6", "4", "1,362", "0", "held"]
    assert any(line.split()[:4] == ["all", "laws:", "3", "held"] for line in lines)
    assert any(line.startswith("POOL-W1") and line.endswith("reached") for line in lines)
    assert any(line.split() == ["Slash", "1", "1", "158", "245", "39.2%"] for line in lines)
    assert any(line.split() == ["NotEnoughShares", "1", "228"] for line in lines)


def test_a_broken_law_is_shown_with_the_command_that_shows_it_again(mistaken: "Mistaken") -> None:
    place = mistaken()
    result = restake("check", "--protocol", place, "--steps", "9600", "--examples", "0", "--law", "POOL-01")
    assert result.return_value == 1
    (kept,) = Path(".restake").iterdir()
    again = f"restake replay {kept} --protocol {place}"
    lines = result.stdout.splitlines()
    assert lines[:2] == ["restake check: FAILED", lines[1]]
    assert lines[1].endswith("; exit code 1: something differs or is violated, or a law was never checked")
    broken = lines.index("violated  staking_pool POOL-01")
    assert lines[broken - 1 : broken + 4] == [
        "",
        "violated  staking_pool POOL-01",
        "  The pool's shares are those of its stakers.",
        "  2 steps, found by walk of seed 0; broken in 18 runs",
        f"  reproduce: {again}",
    ]
    assert "POOL-02" not in result.stdout
    assert restake(*again.split()[1:]).return_value == 1


IDLE = """
from pool_laws import PROTOCOL, WORLD, next_action, opening
from invariants.law import Catalogue, StepLaw
from invariants.walker import Walk

LAW = StepLaw("IDLE-01", "Unicorns are fed.", "a test", lambda _: True, applies_to=lambda _: False)
WALK = Walk(PROTOCOL, Catalogue([], [], [LAW], [], []), WORLD, opening, next_action)
"""


def test_a_law_that_was_never_checked_does_not_hold() -> None:
    Path("mistaken_idle.py").write_text(IDLE)
    result = restake("check", "--protocol", "mistaken_idle:WALK", "--steps", "400", "--examples", "0")
    assert result.return_value == 1
    assert any(line.startswith("IDLE-01") and line.endswith("VACUOUS") for line in result.stdout.splitlines())


def test_a_law_that_was_asked_for_by_name_and_never_checked_does_not_hold() -> None:
    """Regression: a law that is left to the walks of the protocol beneath was called held though it was the only one
    that was asked for.
    """
    few = ("--steps", "60", "--examples", "0", "--jobs", "1", "--json")
    result = restake("check", "--protocol", "market_on_symbiotic", "--law", "SLASH-02", *few)
    (suite,) = json.loads(result.stdout)["suites"].values()
    assert (result.return_value, suite["failures"]) == (1, ["never checked: SLASH-02"])


ADDED = """
from invariants.law import StateLaw
from staking_pool import POOL

LAWS = [StateLaw("MY-1", "A pool is a pool.", "a test", lambda _view, _key: True, {POOL: lambda key: key})]
"""


def test_a_protocol_that_was_asked_for_by_name_is_not_left_out(example: Path) -> None:
    """Regression: beside another protocol, one without laws, without the law asked for, or without a theory for the
    proofs asked for, was left out without a word.
    """
    Path("mistaken_untraced.py").write_bytes(
        (example / "staking_pool.py").read_bytes().replace(b'"staking_pool"', b'"untraced"')
    )
    few = ("--steps", "400", "--examples", "0", "--jobs", "1")
    both = ("check", "--protocol", POOL, "--protocol", "mistaken_untraced:PROTOCOL", *few)
    result = restake(*both)
    assert result.return_value == 2
    assert "not all was checked: left out: untraced: it brings neither laws nor recorded traces" in result.stdout
    with pytest.raises(UsageError) as raised:
        restake(*both, "--law", "POOL-01")
    assert raised.value.message == "--law: untraced: has none of POOL-01"
    with pytest.raises(UsageError) as raised:
        restake(*both, "--proofs", "all")
    assert raised.value.message == ("--proofs all: staking_pool, untraced: no theory, so that nothing can be proved")


@pytest.mark.source
def test_a_law_that_no_theory_has_is_not_passed_over_where_proofs_are_asked_for() -> None:
    place = "pool_pack:PACK+mistaken_added:LAWS"
    Path("mistaken_added.py").write_text(ADDED)
    asked = ("check", "--protocol", place, "--law", "MY-1", "--steps", "400", "--examples", "0", "--jobs", "1")
    assert restake(*asked).return_value == 0
    result = restake(*asked, "--proofs", "all", "--json")
    (suite,) = json.loads(result.stdout)["suites"].values()
    said = "nothing can be proved of: MY-1 (it is no part of pool_theory:THEORY)"
    assert (result.return_value, suite["unfinished"]) == (2, [said])


@pytest.mark.serial
def test_a_budget_stops_the_run_and_what_was_checked_counts() -> None:
    result = restake("check", "--protocol", POOL, "--steps", "1000000000", "--budget", "15", "--jobs", "2")
    assert result.return_value == 2
    took, _, drawn = result.stdout.splitlines()[1:4]
    assert 0 < int(drawn.split()[0].replace(",", "")) < 1_000_000_000
    assert took.endswith("; exit code 2: not all was checked: stopped before everything was done")
    assert "staking_pool: not finished" in result.stdout.splitlines()
    assert "staking_pool: holds" not in result.stdout
    assert restake("check", "--protocol", POOL, "--budget", "0.000001").return_value == 2


@pytest.mark.serial
def test_a_budget_that_cuts_traces_short_is_no_success() -> None:
    result = restake(
        "check", "--protocol", "eigenlayer", "--steps", "0", "--examples", "0", "--budget", "0.5", "--junit", "j"
    )
    assert result.return_value == 2
    assert "eigenlayer: holds" not in result.stdout
    assert 'message="stopped before everything was done"' in Path("j").read_text()


@pytest.mark.installed
def test_proofs_that_were_asked_for_and_not_done_are_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "run_together", lambda *_: None)
    asked = ("--law", "MAG-04", "--steps", "400", "--examples", "0", "--jobs", "1")
    result = restake("check", "--protocol", "eigenlayer", *asked, "--proofs", "all")
    assert result.return_value == 2
    assert "eigenlayer: not finished" in result.stdout.splitlines()
    due = [call for call, laws in due_of("proofs.eigenlayer.theory:THEORY").items() if "MAG-04" in laws]
    said = f"{len(due)} verdicts were to be proved in this run and were not, MAG-04 of {due[0]} the first"
    assert said in result.stdout
    assert "exit code 2: not all was checked: stopped before everything was done" in result.stdout
    assert restake("check", "--protocol", "eigenlayer", *asked).return_value == 0


def test_nothing_to_check_is_not_a_success(example: Path) -> None:
    nothing = ("--steps", "0", "--examples", "0")
    assert restake("check", "--protocol", POOL, *nothing).return_value == 0, "a trace is checked"
    Path("mistaken_untraced.py").write_bytes((example / "staking_pool.py").read_bytes())
    assert restake("check", "--protocol", "mistaken_untraced:PROTOCOL", *nothing).return_value == 5


def test_json_and_junit_are_of_the_same_run(tmp_path: Path, mistaken: "Mistaken") -> None:
    path = tmp_path / "report.xml"
    chosen = ("--protocol", mistaken(), "--steps", "4000", "--examples", "0", "--jobs", "1")
    result = restake("check", *chosen, "--json", "--junit", path)
    assert result.return_value == 1
    report = json.loads(result.stdout)
    assert (report["made_by"]["built"], report["problem"]) == (how_built(), None)
    (suite,) = report["suites"].values()
    broken = {law["law"] for law in suite["laws"] if law["verdict"] == "VIOLATED"}
    assert broken == {finding["law"] for finding in suite["findings"]} == {"POOL-01", "POOL-02"}
    cases = ElementTree.parse(path).getroot().iter("testcase")
    assert {case.get("name") for case in cases if case.find("failure") is not None} == broken


def test_an_output_that_cannot_be_written_loses_no_other() -> None:
    """Regression: if the file of --junit could not be written, standard output stayed empty, too."""
    result = restake(
        "check", "--protocol", POOL, "--steps", "8000", "--examples", "0", "--json", "--junit", "/dev/full"
    )
    assert (result.return_value, result.stderr) == (2, "cannot write /dev/full: No space left on device\n")
    assert json.loads(result.stdout)["suites"]["staking_pool"]["holds"]
