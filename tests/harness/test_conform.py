"""`restake conform`: verdicts, findings that are kept and shrunk, expected failures, reports and exit codes."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from conformance import lockstep
from conformance.cases import read_cases
from conformance.lockstep import ACCEPTED, play
from conformance.process import ProcessClient
from conformance.scripts import of_trace
from conformance.wire import digest
from harness import conform_findings, conform_plan
from harness.cli import cli
from harness.conform import Conformance
from harness.conform_findings import Keeper
from harness.conform_plan import LANES, Lane, Plan
from harness.conform_report import read_expected
from harness.protocols import known_packs, pack_at
from harness.traces import load_trace
from tests.harness.commands import TRACE

PROTOCOL = "eigenlayer"

CATALOGUE = Path(__file__).parents[2] / "harness" / "mutants" / "canaries.toml"


def conform(*arguments: str | Path) -> Result:
    """The result of `restake conform` with a time limit of 300 seconds for each answer, enough for a busy machine."""
    given = ["conform", "--timeout", "300", *map(str, arguments)]
    result = CliRunner().invoke(cli, given, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def canary(name: str, protocol: str = PROTOCOL) -> str:
    return f"{sys.executable} -P -m harness.canaries {protocol} '{name}'"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A fixture: the lanes, sizes of a run, have few scripts. The working directory is empty, and is returned."""
    paths = [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(LANES, "smoke", Lane("little", False, 1, 1, 0))
    monkeypatch.setattr(conform_plan, "WALK_STEPS", 30)
    monkeypatch.setattr(conform_findings, "SHRINKING_STARTS", 6)
    monkeypatch.setattr(conform_plan, "read_cases", lambda path: list(read_cases(path))[:16])
    return tmp_path


def test_the_specification_conforms_to_itself(few: Path, serving: Callable[[str], str]) -> None:
    junit = few / "report.xml"
    result = conform("--client", serving(PROTOCOL), "--protocol", PROTOCOL, "--wire-check", "--junit", junit, "--json")
    (report,) = json.loads(result.stdout)
    assert result.return_value == report["exit_code"] == 0
    assert {case["verdict"] for case in report["cases"]} == {"AGREE"}
    assert report["steps"] == sum(case["agreed"] for case in report["cases"] if case["action"] != "reset")
    assert (report["findings"], report["stale"], report["harness_fault"]) == ([], [], None)
    assert report["client"]["name"] == f"restaking-spec {PROTOCOL}"
    root = ElementTree.parse(junit).getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == (str(1 + len(report["cases"])), "0", "0")


@pytest.mark.source
def test_a_divergence_is_kept_shrunk_and_shown_again(few: Path) -> None:
    """The kept trace can be read as a trace of the specification, and playing it alone shows the divergence again."""
    bug = canary("eigenlayer-order-of-checks")
    arguments = ("--client", bug, "--protocol", PROTOCOL, "--out", few / "out")
    result = conform(*arguments, "--trace", _trace_with(few, "modify_operator_details", "InvalidPermissions"), "--json")
    (report,) = json.loads(result.stdout)
    (finding,) = report["findings"]
    assert result.return_value == report["exit_code"] == 1
    assert (finding["verdict"], finding["in"], finding["action"]) == ("DIVERGES", "reason", "modify_operator_details")
    assert (finding["expected"], finding["actual"]) == (
        {"rejected": "InvalidPermissions"},
        {"rejected": "OperatorNotRegistered"},
    )
    assert (finding["steps"], finding["steps_before_shrinking"]) == (1, 4)
    folder = Path(finding["folder"])
    assert sorted(path.name for path in folder.iterdir()) == [
        "full.json",
        "reproduce.sh",
        "result.json",
        "stderr.txt",
        "trace.json",
    ]
    assert json.loads((folder / "result.json").read_text()) == finding
    protocols = {PROTOCOL: pack_at(PROTOCOL).protocol}
    assert len(load_trace(folder / "full.json", protocols)[1].steps) == 4
    assert len(load_trace(folder / "trace.json", protocols)[1].steps) == 1
    again = conform(*arguments, "--trace", folder / "trace.json")
    assert again.return_value == 1
    assert "DIVERGES in reason: modify_operator_details" in again.stdout
    assert (folder / "reproduce.sh").read_text() == f"{finding['reproduce']}\n"


def _trace_with(folder: Path, action: str, answer: str) -> Path:
    """The path of a trace file that ends with a case's script, after three other calls that do not matter for the case.

    The case is the one in which `action` gets this answer.
    """
    pack = pack_at(PROTOCOL)
    assert pack.cases is not None
    assert pack.walk is not None
    script = next(script for case, script in read_cases(Path(pack.cases)) if case == (action, answer))
    history = pack.calls.begin(script.head)
    actions = [action for call in script.calls for action in history.read(call, "call")[0]]
    before = pack.walk.opening()[:3]
    path = folder / "long.json"
    document = pack.protocol.write_trace(pack.calls.head(script.head), [*before, *actions])
    path.write_text(json.dumps(document))
    return path


@pytest.mark.source  # the driver is the same in either build, which others of this file try
def test_an_expected_failure_passes_until_it_no_longer_fails(few: Path) -> None:
    arguments = ("--client", canary("opaque reasons"), "--protocol", PROTOCOL)
    assert conform(*arguments).return_value == 2
    expected = few / "expected.txt"
    cases = json.loads(conform(*arguments, "--json").stdout)[0]["cases"]
    failing = [f"{PROTOCOL}/{case['action']}/{case['answer']}" for case in cases if case["verdict"] != "AGREE"]
    assert failing
    expected.write_text("\n".join(["# reasons are opaque", *failing, "symbiotic/*/* # not here"]))
    report = conform(*arguments, "--expected-failures", expected)
    assert (report.return_value, "UNSUPPORTED" in report.stdout) == (0, True)
    expected.write_text("\n".join([*failing, "eigenlayer/burn_shares/accepted"]))
    report = conform(*arguments, "--expected-failures", expected)
    assert report.return_value == 1
    assert "stale: eigenlayer/burn_shares/accepted is expected to fail, and does not" in report.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"eigenlayer/deposit\n", ":1: expected protocol/action/answer, found 'eigenlayer/deposit'"),
        (b"eigen/deposit/accepted\n", ":1: 'eigen' is no protocol that is known"),
        (b"\xff", ": not UTF-8 at byte 0"),
    ],
)
def test_a_file_of_expected_failures_that_is_none(few: Path, content: bytes, said: str) -> None:
    expected = few / "expected.txt"
    expected.write_bytes(content)
    result = CliRunner().invoke(cli, ["conform", "--client", "true", "--expected-failures", str(expected)])
    assert result.exit_code == 2
    assert f"{expected}{said}" in result.stderr


@pytest.mark.source  # the driver is the same in either build, which others of this file try
@pytest.mark.usefixtures("few")
def test_a_client_at_fault_is_asked_three_times() -> None:
    result = conform("--client", canary("crashes"), "--protocol", PROTOCOL, "--json")
    (report,) = json.loads(result.stdout)
    assert (result.return_value, report["is_cut_short"]) == (1, True)
    assert {(finding["in"], finding["is_shown_again"]) for finding in report["findings"]} == {("died", False)}
    assert report["scripts"] > 3, "it is at the third call of a process, whichever that is"


@pytest.mark.source  # the driver is the same in either build, which others of this file try
def test_a_fault_is_shrunk_as_far_as_a_new_client_shows_it(few: Path) -> None:
    trace = _trace_with(few, "modify_operator_details", "InvalidPermissions")
    result = conform("--client", canary("crashes"), "--protocol", PROTOCOL, "--trace", trace, "--json")
    (finding,) = json.loads(result.stdout)[0]["findings"]
    assert (finding["steps"], finding["at"], finding["is_shown_again"]) == (3, 2, True)
    assert finding["detail"] == "ended with exit code 3 before it answered apply"


@pytest.mark.usefixtures("few")
def test_who_supports_nothing_is_not_green() -> None:
    result = conform("--client", canary("no actions"), "--protocol", PROTOCOL, "--json")
    (report,) = json.loads(result.stdout)
    assert result.return_value == 2
    assert {case["verdict"] for case in report["cases"]} == {"AGREE", "NOT REACHED", "UNSUPPORTED"}
    assert [case["action"] for case in report["cases"] if case["verdict"] == "AGREE"] == ["reset"]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--client'."),
        (("--client", ""), "--client: cannot start : there is no command"),
        (("--client", "/nowhere"), "--client: cannot start /nowhere: No such file or directory"),
        (
            ("--client", "true", "--trace", str(CATALOGUE)),
            f"{CATALOGUE}: not JSON at line 1, column 1: Expecting value",
        ),
        (("--client", "true", "--protocol", "none"), "unknown protocol 'none'"),
        (("--client", "true", "--self-test"), "--self-test runs canaries alone, so that --client means nothing beside"),
        (("--client", "true", "--trace", str(TRACE), "--lane", "ci"), "so that --lane means nothing beside it."),
        (("--client", "true", "--trace", str(TRACE), "--trace", "."), "--trace: there is none in ."),
        (
            ("--client", "true", "--trace", str(TRACE), "--protocol", "symbiotic", "--protocol", "eigenlayer"),
            "--trace: there is none of symbiotic",
        ),
    ],
)
def test_wrong_usage_is_a_line(arguments: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(cli, ["conform", *arguments])
    assert (result.exit_code, said in result.stderr, "Traceback" in result.stderr) == (2, True, False)


@pytest.mark.source  # the driver is the same in either build, which others of this file try
@pytest.mark.usefixtures("few")
def test_several_clients_come_to_the_same_as_one() -> None:
    def cases(jobs: str) -> Any:
        result = conform("--client", canary("sound"), "--protocol", PROTOCOL, "--jobs", jobs, "--json")
        return json.loads(result.stdout)[0]["cases"]

    assert cases("1") == cases("3")


@pytest.mark.source
@pytest.mark.parametrize("protocol", known_packs())
def test_every_case_that_is_known_is_reached_by_its_script(protocol: str) -> None:
    """Each script in the file of cases ends with its case. In the cases every action is accepted once, and every reason
    is given.
    """
    pack = pack_at(protocol)
    assert pack.cases is not None
    known = list(read_cases(Path(pack.cases)))
    cases = [case for case, _ in known]
    assert len(cases) == len(set(cases)) > 115
    transition = pack.protocol.transition
    for case, script in known:
        history = pack.calls.begin(script.head)
        state, answer = history.genesis.copy(), ""
        for call in script.calls:
            answer = _executed(transition, state, history.read(call, "call")[0])
        assert (script.calls[-1]["action"], answer) == case  # type: ignore[index]  # a call is an object
    accepted = {action for action, answer in cases if answer == ACCEPTED}
    assert len(accepted) == len(pack.protocol.actions)
    assert {answer for _, answer in cases} - {ACCEPTED} == {reason.value for reason in pack.protocol.reasons}


def _executed(transition: Any, state: Any, actions: list[object]) -> str:
    from spec.machine import Delta
    from spec.protocol import execute

    outcome = execute(transition, state, actions)
    return ACCEPTED if isinstance(outcome, Delta) else str(outcome.value)


@pytest.mark.source
def test_a_plan_is_the_same_every_time_and_another_by_another_seed() -> None:
    pack = pack_at(PROTOCOL)
    lane = Lane("little", False, 2, 2, 2)
    scripts = [list(Plan(pack, lane, seed).scripts(None)) for seed in (0, 0, 1)]
    assert scripts[0] == scripts[1]
    known = len(Plan(pack, lane, 0).required)
    assert scripts[0][: known + 2] == scripts[2][: known + 2]
    assert scripts[0][known + 2] != scripts[2][known + 2]
    sources = [script.source for script in scripts[0][known + 2 :]]
    assert sources[:3] == ["walk of seed 0", "walk of seed 1", "example 0 of seed 0"]


def test_a_client_that_says_nothing_right_is_blamed_for_no_call(few: Path) -> None:
    result = conform("--protocol", PROTOCOL, "--client", "cat", "--timeout", "1", "--out", few)
    assert result.return_value == 1
    said = result.stdout.splitlines()
    assert said[1] == "  CLIENT-FAULT in garbage: hello, before any call (0 calls)"
    assert not [line for line in said if "just started" in line]


@pytest.mark.source
def test_a_client_is_asked_about_no_run_that_comes_to_another_case(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: while a finding was shrunk, runs that no longer reach its case were played to the client, and used up
    the effort.
    """
    asked: list[list[str]] = []

    def listening(*arguments: Any) -> Any:
        asked.append([call["action"] for call in arguments[3].calls])
        return play(*arguments)

    monkeypatch.setattr("harness.conform_findings.play", listening)
    bug = canary("eigenlayer-order-of-checks")
    trace = _trace_with(few, "modify_operator_details", "InvalidPermissions")
    conform("--client", bug, "--protocol", PROTOCOL, "--trace", trace, "--json")
    assert asked
    assert {actions[-1] for actions in asked} == {"modify_operator_details"}


HOSTILE = """
import json, os, sys
STATE = "\\x1b]0;owned\\x07" + "a" * int(sys.argv[1])
reasons = "opaque" if len(sys.argv) > 2 and os.path.exists(sys.argv[2]) else "typed"
if len(sys.argv) > 2:
    open(sys.argv[2], "w").close()
for line in sys.stdin:
    asked = json.loads(line)
    said = {
        "hello": dict(wire="1", name="[bold]red", version="", actions=None, reasons=reasons, digests=[]),
        "state": {"state": STATE},
        "reset": {"digest": None},
    }.get(asked["op"], {})
    if asked["op"] == "reset" and len(sys.argv) > 2:
        os._exit(3)
    print(json.dumps({"seq": asked["seq"], **said}), flush=True)
"""


def hostile(folder: Path, *arguments: object) -> str:
    (folder / "hostile.py").write_text(HOSTILE)
    return " ".join(map(str, (sys.executable, folder / "hostile.py", *arguments)))


@pytest.mark.source  # the driver is the same in either build, which others of this file try
def test_what_a_client_says_controls_no_terminal(few: Path) -> None:
    """Regression: a client's state was printed unchanged, with escape sequences that control a terminal."""
    result = conform("--protocol", PROTOCOL, "--client", hostile(few, 10), "--out", few / "out")
    assert result.return_value == 1
    assert "\x1b" not in result.stdout
    assert "[bold]red" in result.stdout
    assert r"..., is \x1b]0;owned\x07aaaaaaaaaa" in result.stdout
    assert "DIVERGES in state: reset" in result.stdout


@pytest.mark.source
def test_a_client_that_differs_again_and_again_in_long_states_takes_no_more_memory(few: Path) -> None:
    """Regression: each of hundreds of scripts kept the client's state in memory. Of a long state, only the digest is
    kept now.
    """
    pack = pack_at(PROTOCOL)
    length = lockstep.MOST_STATE + 1
    command = hostile(few, length)
    run = Conformance(pack, lambda: ProcessClient(command, 60.0), {}, lambda: False)
    assert run.introduce() is not None
    run.run(iter([script for _, script in read_cases(Path(str(pack.cases)))][:3]), 1)
    (row,) = [row for row in run.rows() if row.found]
    assert (row.case, len(row.found), run.scripts) == (("reset", ACCEPTED), 1, 3)
    assert isinstance(row.found[0].what, lockstep.Divergence)
    assert row.found[0].what.actual == digest("\x1b]0;owned\x07" + "a" * length)


@pytest.mark.source
def test_a_client_that_is_started_again_is_who_it_was(few: Path) -> None:
    """Regression: the introduction of a client's first process was used for all, even if a later process declared
    something else.
    """
    result = conform("--protocol", PROTOCOL, "--client", hostile(few, 1, few / "was here"), "--out", few / "out")
    assert result.return_value == 1
    assert "CLIENT-FAULT in died: reset" in result.stdout
    assert "it introduces itself otherwise than it did when it was first started" in result.stdout


def test_a_file_of_expected_failures_from_an_editor_that_marks_it_as_utf_8(few: Path) -> None:
    expected = few / "expected.txt"
    expected.write_bytes("\ufeff# one\r\neigenlayer/deposit_into_strategy/*\r\n".encode())
    assert read_expected(expected, [PROTOCOL]) == ["eigenlayer/deposit_into_strategy/*"]


@pytest.mark.source
def test_a_finding_of_several_worlds_is_kept_in_that_of_the_shortest_trace(
    few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a finding was kept in the first world that met it, even if its trace could be shorter in another."""
    bug = canary("eigenlayer-order-of-checks")
    trace = _trace_with(few, "modify_operator_details", "InvalidPermissions")
    document = json.loads(trace.read_text())
    protocols = {PROTOCOL: pack_at(PROTOCOL).protocol}
    pack, calls = pack_at(PROTOCOL), [of_trace(pack_at(PROTOCOL).calls, load_trace(trace, protocols)[1], "a trace")]
    other = {**document, "genesis": {**document["genesis"], "others": [*document["genesis"]["others"], "somebody"]}}
    trace.write_text(json.dumps({**other, "steps": other["steps"][-1:]}))
    run = Conformance(pack, lambda: ProcessClient(bug, 60.0), {}, lambda: False)
    said = run.introduce()
    run.run(iter([*calls, *calls, of_trace(pack.calls, load_trace(trace, protocols)[1], "another")]), 1)
    (found,) = run.findings()
    assert [each.script.source for each in run.others(found)] == ["another"]
    monkeypatch.setattr(conform_findings, "SHRINKING_CALLS", 0)
    monkeypatch.setattr("harness.conform_findings.needed", lambda _walk, _genesis, actions, _stops: actions)
    keeper = Keeper(pack, run.start, few / "kept", bug, lambda: False)
    kept = keeper.keep(found, said, run.others(found))
    assert (kept.steps, kept.found.script.source) == (1, "another")
    assert [kept.folder] == list((few / "kept").iterdir())
    assert keeper.keep(found, said).steps == 4
