"""`restake replay`, as its users run it: differences, malformed files, kept counterexamples."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click import UsageError
from click.testing import Result

from harness.verbs import how_built
from tests.harness.commands import POOL, TRACE, restake

if TYPE_CHECKING:
    from tests.harness.conftest import Mistaken

pytestmark = pytest.mark.usefixtures("example")


def one_clear_line(result: Result, path: Path, problem: str) -> None:
    assert result.return_value == 2
    first_line, tally = result.stdout.splitlines()
    assert first_line.startswith(f"malformed {path}: ")
    assert problem in first_line
    assert tally.startswith("1 trace, ")
    assert "0 agree, 0 differ, 1 malformed" in tally


def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(gzip.decompress(TRACE.read_bytes()))
    return loaded


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """A fixture: a function that applies a change to a copy of a valid trace, writes it to a file and returns
    its path.
    """

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
        "protocol: unknown protocol 'x'; known are eigenlayer, market_on_eigenlayer, market_on_symbiotic, symbiotic",
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


def test_each_folder_and_protocol_that_is_named_must_have_a_trace(tmp_path: Path, example: Path) -> None:
    """Regression: beside traces that agree, an empty folder and a protocol without a trace were left out without a
    word, and so were yields that nobody computes.
    """
    with pytest.raises(UsageError) as raised:
        restake("replay", TRACE, tmp_path)
    assert raised.value.message == f"there is no trace in {tmp_path}"
    result = restake("replay", TRACE, "--protocol", "eigenlayer", "--protocol", "symbiotic")
    assert (result.return_value, result.stderr) == (2, "no trace of: symbiotic\n")
    (tmp_path / "a.json.gz").write_bytes(TRACE.read_bytes())
    (tmp_path / "disputed.smt2").write_text("(assert false)\n(check-sat)\n")
    result = restake("replay", tmp_path, "--protocol", "eigenlayer", "--protocol", "symbiotic")
    assert (result.return_value, result.stderr) == (2, "no trace of: symbiotic\n")
    of_pool = ("replay", example / "traces", "--protocol", POOL)
    assert (restake(*of_pool).return_value, restake(*of_pool).stderr) == (0, "")
    result = restake(*of_pool, "--yields")
    assert (result.return_value, result.stderr) == (2, "no yields are computed of: staking_pool\n")


def test_a_counterexample_is_told_step_by_step_until_it_no_longer_breaks(mistaken: "Mistaken") -> None:
    place = mistaken()
    restake("check", "--protocol", place, "--steps", "400", "--examples", "0", "--law", "POOL-01")
    (kept,) = Path(".restake").iterdir()
    result = restake("replay", kept, "--protocol", place)
    assert result.return_value == 1
    lines = result.stdout.splitlines()
    assert lines[:8] == [
        f"breaks  {kept}",
        "  POOL-01: The pool's shares are those of its stakers.",
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
