"""The command as its user meets it: what it prints, on which stream, and how it exits."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner, Result

from harness import __version__, gathering
from harness.cli import VERBS, cli
from harness.commit import commit_here
from harness.display import live_display
from harness.explore import Search
from harness.job import replay_file
from harness.protocols import known_walks, select_bounded_models
from harness.stopping import Stop
from harness.verbs import how_built
from proofs.call_task import due_of

if TYPE_CHECKING:
    from tests.harness.conftest import Mistaken

pytestmark = pytest.mark.usefixtures("example")

POOL = "pool_laws:WALK"
EXAMPLE = Path(__file__).parents[2] / "docs" / "third_protocol"
GOLDEN = Path(__file__).parents[1] / "golden"
TRACE = GOLDEN / "eigenlayer" / "d_one_wei_everything.json.gz"


def restake(*arguments: str | Path) -> Result:
    """Run the command as its console script does; what it returns is its exit code."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(gzip.decompress(TRACE.read_bytes()))
    return loaded


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """A copy of a good trace, after one change."""

    def write(change: Callable[[dict[str, Any]], object]) -> Path:
        trace = document()
        change(trace)
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(trace))
        return path

    return write


def test_a_good_trace_agrees() -> None:
    result = restake("replay", TRACE)
    assert result.return_value == 0
    steps = len(document()["steps"])
    assert result.stdout.startswith(f"1 trace, {steps} steps: 1 agree, 0 differ, 0 malformed ({how_built()} spec")


def test_a_difference_is_shown_with_its_step_and_paths_and_the_next_trace_goes_on(
    changed: Callable[[Callable[[dict[str, Any]], object]], Path],
) -> None:
    def change(trace: dict[str, Any]) -> None:
        step = next(step for step in trace["steps"] if step["action"] == "deposit_into_strategy" and step["ok"])
        step["returns"]["shares"] = "12345"
        step["post"]["stakers"]["staker0"]["withdrawals_queued"] = "77"

    path = changed(change)
    result = restake("replay", path, TRACE)
    assert result.return_value == 1
    lines = result.stdout.splitlines()
    assert lines[0] == f"differs   {path}"
    assert lines[1].startswith("  step ")
    assert "deposit_into_strategy by staker" in lines[1]
    assert lines[2].startswith("  arguments {")
    rows = [line.split() for line in lines[4:6]]
    assert rows[0][:2] == ["post.stakers.staker0.withdrawals_queued", "77"]
    assert rows[1][:2] == ["returns.shares", "12345"]
    assert lines[6] == f"  reproduce: restake replay {path}"
    assert lines[7].startswith("2 traces, ")
    assert "1 agree, 1 differ, 0 malformed" in lines[7]
    assert len(lines) == 8


def test_final_histories_and_initial_state_are_compared_too(
    changed: Callable[[Callable[[dict[str, Any]], object]], Path],
) -> None:
    result = restake("replay", changed(lambda trace: trace["final_histories"].update(max_magnitude={})))
    assert result.return_value == 1
    assert "final state" in result.stdout
    result = restake(
        "replay", changed(lambda trace: trace["initial_state"]["strategies"]["strategy0"].update(whitelisted=False))
    )
    assert result.return_value == 1
    assert "initial state" in result.stdout
    assert "strategies.strategy0.whitelisted" in result.stdout


def first(trace: dict[str, Any], action: str) -> dict[str, Any]:
    found: dict[str, Any] = next(step for step in trace["steps"] if step["action"] == action)
    return found


MALFORMED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "unknown action": (lambda t: t["steps"][3].update(action="steal"), "steps[3].action: unknown action 'steal'"),
    "unknown protocol": (
        lambda t: t.update(protocol="x"),
        "protocol: unknown protocol 'x'; known are eigenlayer, symbiotic",
    ),
    "other version": (lambda t: t.update(format_version=2), "format_version: expected 1, found 2"),
    "missing field": (lambda t: t["steps"][3].pop("error"), "steps[3]: missing field 'error'"),
    "missing post": (lambda t: t["steps"][3].pop("post"), "steps[3]: missing field 'post'"),
    "unknown field": (lambda t: t["steps"][3].update(note=""), "steps[3]: unknown field 'note'"),
    "unknown account": (lambda t: t["steps"][3].update(sender="eve"), "steps[3].sender: unknown account 'eve'"),
    "unknown error": (
        lambda t: t["steps"][3].update(ok=False, error="Oops"),
        "steps[3].error: unknown error 'Oops'",
    ),
    "block out of step": (
        lambda t: t["steps"][3].update(block=7),
        "steps[3].block: expected 1004 after the step before",
    ),
    "float block": (lambda t: t["steps"][3].update(block=1.5), "steps[3].block: expected an integer, found 1.5"),
    "no steps": (lambda t: t.update(steps={}), "steps: expected a list, found {}"),
    "other WAD": (lambda t: t["config"].update(WAD="10"), "config.WAD: this specification is of 1000000000000000000"),
    "missing delay": (lambda t: t["config"].pop("DEALLOCATION_DELAY"), "config: missing field 'DEALLOCATION_DELAY'"),
    "balance without token": (
        lambda t: t["genesis"]["token_balances"].update(gold={}),
        "genesis.token_balances.gold: unknown token 'gold'",
    ),
    "malformed state": (
        lambda t: t["steps"][3]["post"]["strategies"]["strategy0"].update(total_shares="-1"),
        "steps[3].post.strategies.strategy0.total_shares: expected a decimal string, found '-1'",
    ),
    "state without a field": (
        lambda t: t["steps"][3]["post"].pop("operators"),
        "steps[3].post: missing field 'operators'",
    ),
}
AMOUNTS = {
    "negative": ("-1", "expected a decimal string, found '-1'"),
    "huge": (str(2**256), "does not fit uint256"),
    "endless": ("9" * 10_000, "does not fit uint256"),
    "number": (5, "expected a decimal string, found 5"),
    "leading zero": ("007", "expected a decimal string, found '007'"),
    "null": (None, "expected a decimal string, found None"),
}


def one_clear_line(result: Result, path: Path, problem: str) -> None:
    assert result.return_value == 2
    first_line, tally = result.stdout.splitlines()
    assert first_line.startswith(f"malformed {path}: ")
    assert problem in first_line
    assert tally.startswith("1 trace, ")
    assert "0 agree, 0 differ, 1 malformed" in tally


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_trace_gives_one_line_with_file_step_and_field(
    name: str, changed: Callable[[Callable[[dict[str, Any]], object]], Path]
) -> None:
    change, problem = MALFORMED[name]
    path = changed(change)
    one_clear_line(restake("replay", path), path, problem)


@pytest.mark.parametrize("name", AMOUNTS)
def test_a_number_that_is_none_gives_one_line(
    name: str, changed: Callable[[Callable[[dict[str, Any]], object]], Path]
) -> None:
    amount, problem = AMOUNTS[name]
    path = changed(lambda trace: first(trace, "deposit_into_strategy")["args"].update(amount=amount))
    position = document()["steps"].index(first(document(), "deposit_into_strategy"))
    result = restake("replay", path)
    one_clear_line(result, path, problem)
    assert f"steps[{position}].args.amount" in result.stdout


def test_files_that_are_no_json_give_one_line(tmp_path: Path) -> None:
    whole = TRACE.read_bytes()
    files = {
        "cut.json.gz": (whole[: len(whole) // 2], "not a whole gzip file"),
        "plain.json.gz": (b"{}", "not a whole gzip file"),
        "cut.json": (gzip.decompress(whole)[:5000], "not JSON at line 1, column"),
        "empty.json": (b"", "not JSON at line 1, column 1"),
        "bytes.json": (b'"\xff"', "not UTF-8 at byte 1"),
        "list.json": (b"[]", "expected an object, found []"),
        "other.json": (b"{}", "missing field 'protocol'"),
        "twice.json": (b'{"a": 1, "a": 2}', "field 'a' occurs twice in one object"),
        "nan.json": (b'{"a": NaN}', "NaN is no number"),
        "long.json": (b'{"a": ' + b"9" * 5000 + b"}", "not a trace: "),
        "deep.json": (b"[" * 100_000, "nested too deeply"),
    }
    for name, (content, problem) in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        one_clear_line(restake("replay", path), path, problem)


def test_a_malformed_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json.gz").write_bytes(TRACE.read_bytes())
    (tmp_path / "notes.txt").write_text("not a trace, and not looked at")
    result = restake("replay", tmp_path)
    assert result.return_value == 2
    assert "1 agree, 0 differ, 1 malformed" in result.stdout


def test_a_folder_without_traces_is_not_a_success(tmp_path: Path) -> None:
    result = restake("replay", tmp_path)
    assert result.return_value == 5
    assert result.stdout.startswith("0 traces, 0 steps")


NOT_MET_BY_TEN_WALKS = {"eigenlayer": ["ETH-15"], "symbiotic": []}
"""Native ETH is slashed in recorded traces, and in a scenario that no seed takes before the 39th."""


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
    """The verdict, what was checked, proved and found, what was not reached; then each law in a line of the width."""
    result = restake("check", "--protocol", POOL, "--steps", "2000", "--examples", "0")
    assert result.return_value == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "restake check: holds"
    commit = f" (commit {commit_here()})" if commit_here() else ""
    assert lines[1] == f"  restake {__version__}{commit}, {how_built()} specification, no solver; profile ci, seed 0"
    assert lines[2].startswith("  2,000 steps drawn, ")
    assert lines[3].startswith("  1 trace, 6 steps: 1 agree, 0 differ, 0 malformed")
    again = f"reproduce: restake check --protocol {POOL} --steps 2000 --examples 0"
    assert re.fullmatch(rf"  begun \d{{4}}-\d\d-\d\d \d\d:\d\d UTC; {again}", lines[4])
    assert lines[5:13] == [
        "",
        "staking_pool: holds",
        "  checked      1 recorded traces, 6 calls; 5 random walks, 2,000 calls",
        "  laws         3 held",
        "  proved       no law: the protocol has no theory",
        "  found        nothing",
        "",
        f"{'law':9}{'staking_pool: properties':87}{'checked  proved  verdict'}".rstrip(),
    ]
    sentence = "The pool's shares are those of its stakers."
    assert lines[14] == f"{'POOL-01':9}{sentence:87}  1,366       -  held"
    assert lines[-1] == "restake check -v shows the figures of each method, of each action and each reason."
    assert max(len(line) for line in lines) <= 120
    assert "\x1b" not in result.output


def test_a_law_that_is_known_to_be_false_does_not_hold() -> None:
    result = restake("check", "--protocol", "symbiotic", "--law", "DEP-04", "--steps", "0", "--examples", "0")
    lines = result.stdout.splitlines()
    (sentence,) = [law.sentence for law in known_walks()["symbiotic"].catalogue.laws() if law.law_id == "DEP-04"]
    assert (result.return_value, lines[0]) == (0, "restake check: known violation")
    assert ", --law DEP-04, seed 0" in lines[1]
    assert "symbiotic: known violation" in lines
    found = next(position for position, line in enumerate(lines) if line.startswith("  found "))
    assert lines[found] == f"  found        DEP-04 is a known violation: {sentence}"
    assert lines[found + 1].startswith("                 true instead: DEP-03. reproduce: restake replay ")
    asked = "restake check --protocol symbiotic --law DEP-04 --steps 0 --examples 0"
    assert re.fullmatch(rf"  begun \d{{4}}-\d\d-\d\d \d\d:\d\d UTC; reproduce: {asked}", lines[4])


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
    assert result.stdout.splitlines()[:4] == [
        "violated  staking_pool POOL-01 of ''",
        "  The pool's shares are those of its stakers.",
        "  2 steps, found by walk of seed 0; broken in 18 runs",
        f"  reproduce: {again}",
    ]
    assert "POOL-02" not in result.stdout
    assert restake(*again.split()[1:]).return_value == 1


def test_a_counterexample_is_told_step_by_step_until_it_no_longer_breaks(mistaken: "Mistaken") -> None:
    place = mistaken()
    restake("check", "--protocol", place, "--steps", "400", "--examples", "0", "--law", "POOL-01")
    (kept,) = Path(".restake").iterdir()
    result = restake("replay", kept, "--protocol", place)
    assert result.return_value == 1
    lines = result.stdout.splitlines()
    assert lines[:8] == [
        f"breaks  {kept}",
        "  POOL-01 of '': The pool's shares are those of its stakers.",
        "  found by walk of seed 0",
        "  step 0: deposit by staker0",
        '    arguments {"amount": "10"}',
        '    returns "10"',
        "    pool.stake                 0 -> 10",
        "    pool.shares                0 -> 10",
    ]
    assert lines[-2] == "  step 1 breaks POOL-01 of '': The pool's shares are those of its stakers."
    assert lines[-1].startswith("1 trace, 2 steps: 0 agree, 0 differ, 0 malformed, 1 still breaking a law (")
    fixed = restake("replay", kept, "--protocol", POOL)
    assert fixed.return_value == 0
    assert fixed.stdout.splitlines()[0] == f"no longer breaks  {kept}"
    assert "  step 1 breaks" not in fixed.stdout
    assert "1 no longer breaking one" in fixed.stdout.splitlines()[-1]
    (told,) = json.loads(restake("replay", "--json", kept, "--protocol", place).stdout)["traces"]
    assert (told["verdict"], told["finding"]["breaks_at"], told["finding"]["law"]) == ("breaks", 1, "POOL-01")
    assert told["finding"]["steps"][1]["changes"][0] == {
        "row": "pool",
        "field": "stake",
        "before": "10",
        "after": "9",
    }


def test_a_counterexample_whose_laws_are_not_known_is_not_judged(mistaken: "Mistaken") -> None:
    restake("check", "--protocol", mistaken(), "--steps", "400", "--examples", "0", "--law", "POOL-01")
    (kept,) = Path(".restake").iterdir()
    one_clear_line(restake("replay", kept, "--protocol", "staking_pool:PROTOCOL"), kept, "finding: the laws of staking")
    kept.write_text(kept.read_text().replace('"POOL-01"', '"POOL-9"'))
    one_clear_line(
        restake("replay", kept, "--protocol", POOL), kept, "finding.law: unknown law 'POOL-9' of staking_pool"
    )


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


@pytest.mark.serial
def test_a_budget_stops_the_run_and_what_was_checked_counts() -> None:
    result = restake("check", "--protocol", POOL, "--steps", "1000000000", "--budget", "8", "--jobs", "2")
    assert result.return_value == 2
    drawn, _, _, stopped = result.stdout.splitlines()[2:6]
    assert 0 < int(drawn.split()[0].replace(",", "")) < 1_000_000_000
    assert stopped == "  stopped before everything was done"
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
    assert "  stopped before everything was done" in result.stdout.splitlines()
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--law", "SOLV-99"], "unknown law 'SOLV-99': did you mean SOLV-0"),
        (["--protocol", "nothing"], "unknown protocol 'nothing'"),
        (["--protocol", "json:dumps"], "'json:dumps' is function, not a spec.protocol.Protocol or a walk through one"),
        (["--profile", "huge"], "'huge' is not one of 'ci', 'dev', 'audit'"),
        (["--budget", "0"], "0.0 is not in the range x>0"),
        (["--jobs", "0"], "0 is not in the range x>=1"),
        (["--junit", "nowhere/report.xml"], "No such file or directory"),
        (["--scheduler", "nowhere"], "no Dask scheduler at 'nowhere'"),
    ],
)
def test_wrong_usage_is_one_clear_message(arguments: list[str], words: str) -> None:
    with pytest.raises(click.ClickException) as raised:
        restake("check", *arguments)
    assert words in raised.value.format_message()


def started(*arguments: str) -> subprocess.Popen[str]:
    """The command in a process of its own that has just begun: on a busy machine, imports alone can take seconds."""
    verb = f"import harness.verbs.{arguments[0]}"
    program = f"{verb}; from harness.cli import main; print('begins', flush=True); main()"
    pipe = subprocess.PIPE
    command = [sys.executable, "-P", "-c", program, *arguments]
    running = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "begins\n"
    return running


@pytest.mark.serial
def test_an_interruption_of_walks_says_what_was_found_and_exits_with_2() -> None:
    options = ["--protocol", POOL, "--steps", "1000000000", "--examples", "0", "--jobs", "2"]
    running = started("check", *options)
    time.sleep(6)
    # As a terminal does it: everybody hears of it, workers too.
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (2, "interrupted\n")
    drawn = next(line for line in out.splitlines() if " steps drawn, " in line)
    assert int(drawn.split()[0].replace(",", "")) > 0
    assert any(line.startswith("POOL-01") and line.rstrip().endswith("held") for line in out.splitlines())


def test_explore_counts_everything_in_a_small_world() -> None:
    result = restake("explore", "--protocol", "pool_laws:BOUNDED_MODEL", "--depth", "4")
    assert result.return_value == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["4", "1,512", "357"] in lines
    assert ["1,789", "478"] in lines
    assert max(len(line) for line in result.stdout.splitlines()) <= 120
    assert "3 of 3 laws checked" in result.stdout
    report = json.loads(restake("explore", "--protocol", "pool_laws:BOUNDED_MODEL", "--depth", "4", "--json").stdout)
    (world,) = report["models"]
    assert (world["sequences"], world["states"]) == ([1, 6, 37, 233, 1512], [1, 6, 25, 89, 357])
    whole = restake("explore", "--protocol", "pool_laws:BOUNDED_MODEL", "--depth", "4", "--json", "--no-prune")
    (unpruned,) = json.loads(whole.stdout)["models"]
    assert (unpruned["sequences"], unpruned["states"]) == (world["sequences"], world["states"])
    assert unpruned["steps"] > world["steps"]


def test_explore_shows_the_shortest_sequence_that_breaks_a_law(mistaken: "Mistaken") -> None:
    module = mistaken().partition(":")[0]
    imports = f"from {module} import WALK\nfrom pool_laws import CALLS\nfrom invariants.exploring import BoundedModel\n"
    Path("mistaken_world.py").write_text(imports + "WORLD = BoundedModel(WALK, CALLS)")
    result = restake("explore", "--protocol", "mistaken_world:WORLD", "--depth", "3")
    assert result.return_value == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "violated  staking_pool POOL-01 of ''"
    assert lines[2] == "  2 steps, found by exhausting a bounded model"
    assert restake(*lines[3].split()[2:]).return_value == 1
    assert any("broken: POOL-01" in line for line in lines)


def test_what_a_search_found_is_kept_before_it_ends(mistaken: "Mistaken") -> None:
    """Missed: it was kept when its world was exhausted, and until then an end lost it."""
    module = mistaken().partition(":")[0]
    imports = f"from {module} import WALK\nfrom pool_laws import CALLS\nfrom invariants.exploring import BoundedModel\n"
    Path("mistaken_world.py").write_text(imports + "WORLD = BoundedModel(WALK, CALLS)")

    class Killed(Stop):
        def __call__(self) -> bool:
            if Path(".restake").exists():
                raise KeyboardInterrupt
            return False

    search = Search(select_bounded_models(["mistaken_world:WORLD"]), 30, True, Killed())
    with pytest.raises(KeyboardInterrupt), live_display() as progress:
        search.run(progress)
    ((finding,),) = [report.findings for report in search.reports]
    assert (finding.law, [str(path) for path in Path(".restake").iterdir()]) == ("POOL-01", [finding.trace])
    assert search.exit_code == 1


def test_explore_can_be_stopped_and_says_so() -> None:
    result = restake("explore", "--protocol", "pool_laws:BOUNDED_MODEL", "--depth", "30", "--budget", "1")
    assert result.return_value == 2
    assert "  Stopped before all were tried." in result.stdout.splitlines()
    with pytest.raises(click.UsageError, match="brings no invariants"):
        restake("explore", "--protocol", POOL)


def test_json_holds_all_that_the_text_says(changed: Callable[[Callable[[dict[str, Any]], object]], Path]) -> None:
    path = changed(lambda trace: first(trace, "deposit_into_strategy")["returns"].update(shares="12345"))
    result = restake("replay", "--json", path)
    assert result.return_value == 1
    (report,) = json.loads(result.stdout)["traces"]
    step = first(document(), "deposit_into_strategy")
    assert report == {
        "trace": str(path),
        "place": "changed.json",
        "verdict": "differs",
        "steps": len(document()["steps"]),
        "mismatch": {
            "step": document()["steps"].index(step),
            "action": "deposit_into_strategy",
            "sender": step["sender"],
            "arguments": step["args"],
            "differences": [{"path": "returns.shares", "expected": "12345", "actual": step["returns"]["shares"]}],
        },
        "malformed": None,
        "finding": None,
    }


def process(*arguments: str, paths: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as the console script starts it, with the same specification as here."""
    command = [sys.executable, "-P", "-c", "from harness.cli import main; main()", *arguments]
    environment = os.environ | {"NO_COLOR": "1"}
    if paths:
        environment["PYTHONPATH"] = os.pathsep.join([*map(str, paths), environment.get("PYTHONPATH", "")])
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--version"], 0, f"restake 0.1.0 ({how_built()} specification"),
        (["--help"], 0, "Exit codes"),
        (["replay", "--help"], 0, "TRACE"),
        ([], 2, "Usage"),
        (["replay"], 2, "Missing argument"),
        (["replay", "nowhere.json"], 2, "does not exist"),
        (["repaly"], 2, "No such command"),
        (["replay", str(TRACE)], 0, "1 agree"),
    ],
)
def test_exit_codes_of_the_process(arguments: list[str], code: int, words: str) -> None:
    done = process(*arguments)
    assert done.returncode == code
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["check", "explore"])
def test_a_law_that_reads_what_it_does_not_declare_is_one_clear_line(command: str, tmp_path: Path) -> None:
    """In a walk, in a recorded trace or in a search: nobody could know when to check it again."""
    laws = (EXAMPLE / "pool_laws.py").read_text()
    declared = "            rows={POOL: lambda key: key},\n"
    assert laws.count(declared) == 1
    (tmp_path / "careless_laws.py").write_text(laws.replace(declared, "            rows={},\n"))
    place = f"careless_laws:{'WALK' if command == 'check' else 'BOUNDED_MODEL'}"
    arguments = ["--steps", "400", "--examples", "0", "--jobs", "1"] if command == "check" else ["--depth", "2"]
    done = process(command, "--protocol", place, *arguments, paths=[tmp_path, EXAMPLE])
    assert done.returncode == 2
    assert "POOL-01 reads pool, which it does not declare" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_shell_completes_verbs_and_hears_of_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missed: each completion ended in an error about code from outside."""
    for name, value in (("_RESTAKE_COMPLETE", "bash_complete"), ("COMP_WORDS", "restake ch"), ("COMP_CWORD", "1")):
        monkeypatch.setenv(name, value)
    done = process()
    assert (done.returncode, done.stdout, done.stderr) == (0, "plain,check\n", "")


def test_an_output_that_cannot_be_written_loses_no_other() -> None:
    """Missed: a full disk for the one was an empty standard output."""
    result = restake(
        "check", "--protocol", POOL, "--steps", "8000", "--examples", "0", "--json", "--junit", "/dev/full"
    )
    assert (result.return_value, result.stderr) == (2, "cannot write /dev/full: No space left on device\n")
    assert json.loads(result.stdout)["suites"]["staking_pool"]["holds"]


@pytest.mark.serial
def test_an_interruption_says_what_was_found_and_exits_with_2() -> None:
    running = started("replay", str(GOLDEN))
    time.sleep(4)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 2
    assert "agree" in out
    assert "interrupted" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_how_long_it_takes(verb: str) -> None:
    said = " ".join(restake(verb, "--help").stdout.split("Options:")[0].split())
    assert re.search(r"\btakes?\b[^.;]*\b(seconds?|minutes?|milliseconds)\b", said), said


def test_an_interruption_waits_for_the_end_of_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missed: now and then a compiled replay was aborted, since the exception came in the midst of a multiplication."""

    def interrupted(path: Path, packs: Any, compares: bool = True) -> Any:
        signal.raise_signal(signal.SIGINT)
        return replay_file(path, packs, compares)

    monkeypatch.setattr("harness.job.replay_file", interrupted)
    first, *others = sorted((GOLDEN / "symbiotic").glob("*.json.gz"))[:3]
    result = CliRunner().invoke(cli, ["replay", str(first), *map(str, others)], standalone_mode=False)
    assert (type(result.exception), len(others)) == (click.Abort, 2)
    assert "1 trace, " in result.stdout
    assert ": 1 agree, 0 differ, 0 malformed" in result.stdout
