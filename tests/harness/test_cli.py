"""The command as its user meets it: what it prints, on which stream, and how it exits."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli import cli, how_built
from harness.suite import WALKS, laws_on_walks
from invariants.law import Catalogue, StepLaw, Transition
from invariants.walker import Walk

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
    assert lines[6] == f"  again: restake replay {path}"
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


def test_check_replays_everything_and_checks_every_law() -> None:
    result = restake("check", "--json", "--steps", "4000")
    assert result.return_value == 0
    report = json.loads(result.stdout)
    assert report["built"] == how_built()
    assert len(report["traces"]) == len(list(GOLDEN.rglob("*.json.gz"))) > 120
    assert {trace["verdict"] for trace in report["traces"]} == {"agrees"}
    assert sorted(report["suites"]) == sorted(WALKS)
    for protocol, suite in report["suites"].items():
        assert [law["law"] for law in suite["laws"]] == [law.law_id for law in WALKS[protocol].catalogue.laws()]
        assert {law["verdict"] for law in suite["laws"]} == {"held"}
        assert all(law["checked_on_traces"] and law["checked_on_walks"] for law in suite["laws"])
        assert (suite["findings"], suite["steps_on_walks"]) == ([], 4000)


def with_law(law: StepLaw) -> Walk:
    """EigenLayer's walk with one more law in its catalogue."""
    way = WALKS["eigenlayer"]
    known = way.catalogue
    catalogue = Catalogue(known.sums, known.state_laws, [*known.step_laws, law], known.liveness_laws, [])
    return Walk(way.protocol, catalogue, way.world, way.opening, way.next_action)


def test_a_broken_law_is_shown_with_the_command_that_shows_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    false = StepLaw("TEST-01", "Nobody ever slashes.", "a test", lambda _: False, concerns=is_slash)
    monkeypatch.setitem(WALKS, "eigenlayer", with_law(false))
    result = restake("check", "--protocol", "eigenlayer", "--steps", "400", "--seed", "3")
    assert result.return_value == 1
    lines = result.stdout.splitlines()
    found = next(position for position, line in enumerate(lines) if line.startswith("  walk 3, step "))
    assert lines[found - 2] == "violated  TEST-01"
    assert lines[found - 1] == "  Nobody ever slashes."
    assert ": SlashOperator(sender=" in lines[found]
    assert lines[found + 1] == "  again: restake check --protocol eigenlayer --seed 3 --steps 400"
    assert any("TEST-01" in line and "VIOLATED" in line for line in lines)


def test_a_law_that_was_never_checked_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = StepLaw("TEST-01", "Unicorns are fed.", "a test", lambda _: True, concerns=lambda _: False)
    monkeypatch.setitem(WALKS, "eigenlayer", with_law(idle))
    result = restake("check", "--protocol", "eigenlayer", "--steps", "400")
    assert result.return_value == 1
    assert any("TEST-01" in line and "VACUOUS" in line for line in result.stdout.splitlines())


def is_slash(step: Transition) -> bool:
    return type(step.action).__name__ == "SlashOperator"


def test_walks_do_not_depend_on_how_many_processes_make_them() -> None:
    alone = [summary for seed in range(25) for (summary,) in laws_on_walks("symbiotic", seed, 400)]
    together = [summary for summaries in laws_on_walks("symbiotic", 0, 25 * 400) for summary in summaries]
    assert alone == together


def test_json_holds_all_that_the_text_says(changed: Callable[[Callable[[dict[str, Any]], object]], Path]) -> None:
    path = changed(lambda trace: first(trace, "deposit_into_strategy")["returns"].update(shares="12345"))
    result = restake("replay", "--json", path)
    assert result.return_value == 1
    (report,) = json.loads(result.stdout)["traces"]
    step = first(document(), "deposit_into_strategy")
    assert report == {
        "trace": str(path),
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
    }


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as the console script starts it, with the same specification as here."""
    command = [sys.executable, "-P", "-c", "from harness.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"NO_COLOR": "1"})


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--version"], 0, f"restake 0.1.0 ({how_built()} specification)"),
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


def test_an_interruption_says_what_was_found_and_exits_with_2() -> None:
    command = [sys.executable, "-P", "-u", "-c", "from harness.cli import main; main()", "replay", str(GOLDEN)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        running.wait(timeout=1.5)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 2
    assert "agree" in out
    assert "interrupted" in err
    assert "Traceback" not in err
