"""A catalogue of mutants from outside: judged in the manner of this project's own, and refused at its first invalid
entry.
"""

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from harness.cli import cli
from harness.mutants.mutant import MutantError, read_catalogue, read_source

pytestmark = pytest.mark.source

FROM_OUTSIDE = """
[[mutant]]
id = "X-1"
file = "symbiotic/withdrawals.py"
right = "    if epoch >= current_epoch(draft, vault):\\n"
wrong = "    if epoch > current_epoch(draft, vault):\\n"
right2 = "        return Reason.INVALID_EPOCH\\n"
wrong2 = "        return Reason.INVALID_EPOCH  # late\\n"
bug = "This epoch's withdrawals can be claimed."
source = "A test"
"""
RIGHT = 'right = "    if epoch >= current_epoch(draft, vault):\\n"'
RIGHT2 = 'right2 = "        return Reason.INVALID_EPOCH\\n"'
WITHDRAWALS = "spec.symbiotic.withdrawals says"


def restake(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["mutate", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def written(folder: Path, text: str) -> Path:
    path = folder / "MUTANTS.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.source  # a judge loads everything from source in either build, which others of test_mutants.py try
def test_it_is_judged_as_ours_is(tmp_path: Path) -> None:
    path = written(tmp_path, FROM_OUTSIDE)
    (mutant,) = read_catalogue(path)
    assert mutant.text == read_source(mutant.file).replace(mutant.right, mutant.wrong).replace(*mutant.more[0])
    arguments = ("--file", str(path), "--walks", "5", "--plays", "0", "--json")
    first, second = restake(*arguments, "--jobs", "1"), restake(*arguments, "--jobs", "2")
    assert (first.return_value, first.stdout) == (0, second.stdout)
    (found,) = json.loads(first.stdout)["mutants"]
    assert (found["mutant_id"], found["fates"][0]["outcome"]) == ("X-1", "killed")
    assert restake("--file", str(path), "--list").stdout == "X-1  This epoch's withdrawals can be claimed.\n"
    with pytest.raises(click.UsageError, match="unknown mutant 'EM-17'"):
        restake("--file", str(path), "--mutant", "EM-17")
    with pytest.raises(click.UsageError, match="what is generated stands in no file"):
        restake("--file", str(path), "--generated")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[mutant]]", "[[mutant]", "Expected ']]' at the end of an array declaration (at line 2, "),
        (FROM_OUTSIDE, "", "mutant: expected one or more [[mutant]]"),
        (FROM_OUTSIDE, "mutant = 3", "mutant: expected one or more [[mutant]]"),
        ("[[mutant]]", "seed = 3\n[[mutant]]", "seed: unknown; a catalogue has [[mutant]] alone"),
        ('id = "X-1"', "", "mutant number 1: id: missing"),
        ('id = "X-1"', "id = 3", "mutant number 1: id: expected text"),
        ('id = "X-1"', 'id = ""', "mutant number 1: id: empty"),
        ('bug = "This', 'bug = " " # "', "mutant 'X-1': bug: empty"),
        ('source = "A test"', "", "mutant 'X-1': source: missing"),
        ("source =", "sources = 'x'\nsource =", "mutant 'X-1': sources: unknown field"),
        ("wrong2 =", "wrong3 =", "mutant 'X-1': wrong2: missing"),
        (RIGHT2, "", "mutant 'X-1': right2: missing"),
        ("withdrawals.py", "x.py", "mutant 'X-1': file: no file of the specification: 'symbiotic/x.py'"),
        ("symbiotic/w", "../spec/w", "mutant 'X-1': file: no file of the specification: '../spec/withdrawals.py'"),
        ("if epoch >= c", "if epoch >> c", f"mutant 'X-1': right: {WITHDRAWALS} 0 times, not once: '    if epoch >> "),
        (RIGHT, 'right = "epoch"', f"mutant 'X-1': right: {WITHDRAWALS} "),
        (RIGHT2, 'right2 = ""', f"mutant 'X-1': right2: {WITHDRAWALS} 0 times, not once: ''"),
        (RIGHT2, 'right2 = "if epoch >= "', "mutant 'X-1': right: overlaps with what stands after it"),
    ],
)
def test_the_first_thing_that_is_not_right_is_named_by_file_mutant_and_field(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    assert old in FROM_OUTSIDE
    path = written(tmp_path, FROM_OUTSIDE.replace(old, new))
    with pytest.raises(click.ClickException) as raised:
        restake("--file", str(path))
    assert raised.value.message.startswith(f"{path}: {said}")
    assert "\n" not in raised.value.message


def test_an_id_given_twice_and_a_bug_that_is_none_are_refused(tmp_path: Path) -> None:
    one = "".join(line for line in FROM_OUTSIDE.splitlines(keepends=True) if "2 =" not in line)
    with pytest.raises(MutantError, match="mutant 'X-1': id: given twice"):
        read_catalogue(written(tmp_path, one + one))
    with pytest.raises(MutantError, match="mutant 'X-1': wrong: the same as right"):
        read_catalogue(written(tmp_path, one.replace("epoch > current", "epoch >= current")))
    with pytest.raises(MutantError, match="No such file"):
        read_catalogue(tmp_path / "NOWHERE.toml")


def test_a_source_that_is_not_there_is_named_by_its_module() -> None:
    """Regression: the message about a module from outside said that it is below `spec`."""
    with pytest.raises(MutantError, match=r"^the source of nowhere\.rules is not installed here"):
        read_source("nowhere/rules.py")


NO_PYTHON = """
[[mutant]]
id = "X-2"
file = "symbiotic/withdrawals.py"
right = "    if epoch >= current_epoch(draft, vault):\\n"
wrong = "    if epoch = current_epoch(draft, vault):\\n"
bug = "A slip of whoever wrote it."
source = "A test"
"""


def test_a_bug_that_cannot_be_loaded_is_named_with_its_file_and_is_no_success(tmp_path: Path) -> None:
    """Regression: it was counted nowhere, and the run was a success."""
    path = written(tmp_path, FROM_OUTSIDE + NO_PYTHON)
    result = restake("--file", str(path), "--walks", "5", "--plays", "0", "--jobs", "1", "--json")
    report = json.loads(result.stdout)
    lines = result.stderr.splitlines()
    assert (result.return_value, report["failures"], report["unloaded"]) == (2, [], lines)
    assert report["rates"]["catalogue"] == {"killed": 1, "counted": 1, "killed_by_properties": 1}
    (line,) = lines
    said = f"{re.escape(str(path))}: mutant 'X-2': cannot be loaded: SyntaxError .*"
    assert re.fullmatch(rf"{said}\(withdrawals\.py, line \d+\)", line)


def test_a_mutant_that_was_asked_for_by_its_id_is_not_left_out_of_what_is_judged() -> None:
    """Regression: a mutant of another protocol was left out without a word, beside one that was judged."""
    with pytest.raises(click.UsageError) as raised:
        restake("--mutant", "SM-31", "--mutant", "EM-17", "--protocol", "symbiotic", "--list")
    assert raised.value.message == "EM-17: no mutant of symbiotic"
    both = ("--protocol", "eigenlayer", "--protocol", "symbiotic")
    with pytest.raises(click.UsageError) as raised:
        restake("--mutant", "SM-31", *both, "--list")
    assert raised.value.message == "eigenlayer: none of the mutants asked for is of it"
    assert restake("--mutant", "SM-31", "--mutant", "EM-17", *both, "--list").return_value == 0
    with pytest.raises(click.UsageError) as raised:
        restake("--protocol", "symbiotic", "--protocol", "market_on_symbiotic", "--proofs")
    assert raised.value.message == "--proofs: market_on_symbiotic: no theory, so that nothing can be proved"
