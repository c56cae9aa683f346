"""The command `restake` for its users, whatever the verb: usage, exit codes, and its time to start."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from harness.cli import VERBS
from harness.verbs import how_built
from tests.harness.commands import EXAMPLE, TRACE, process, restake

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.usefixtures("example")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--law", "SOLV-99"], "unknown law 'SOLV-99': did you mean SOLV-0"),
        (["--protocol", "nothing"], "unknown protocol 'nothing'"),
        (["--protocol", "json:dumps"], "'json:dumps' is function, not a spec.protocol.Protocol or a walk through one"),
        (["--profile", "huge"], "'huge' is not one of 'ci', 'dev', 'audit'"),
        (["--budget", "0"], "0.0 is not in the range x>0"),
        (["--jobs", "0"], "0 is not in the range 1<=x<=1024"),
        (["--junit", "nowhere/report.xml"], "No such file or directory"),
        (["--scheduler", "nowhere"], "no Dask scheduler at 'nowhere'"),
    ],
)
def test_wrong_usage_is_one_clear_message(arguments: list[str], words: str) -> None:
    with pytest.raises(click.ClickException) as raised:
        restake("check", *arguments)
    assert words in raised.value.format_message()


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
    """A law that reads an undeclared table ends a check or a search with one line. The incremental check could not know
    when to check that law again.
    """
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
    """Regression: each shell completion ended in an error about code from outside."""
    for name, value in (("_RESTAKE_COMPLETE", "bash_complete"), ("COMP_WORDS", "restake ch"), ("COMP_CWORD", "1")):
        monkeypatch.setenv(name, value)
    done = process()
    assert (done.returncode, done.stdout, done.stderr) == (0, "plain,check\n", "")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_how_long_it_takes(verb: str) -> None:
    said = " ".join(restake(verb, "--help").stdout.split("Options:")[0].split())
    assert re.search(r"\b(?:takes?|took)\b[^.;]*\b(seconds?|minutes?|min|milliseconds)\b", said), said


@pytest.mark.parametrize(
    "arguments",
    [
        ["explore", "--depth", "1" + "0" * 30],
        ["new-trace", "symbiotic", "--steps", "1" + "0" * 30],
        ["check", "--jobs", "1" + "0" * 30],
        ["conform", "--client", "x", "--jobs", "1" + "0" * 30],
    ],
)
def test_a_number_that_no_machine_can_do_is_refused(arguments: list[str]) -> None:
    """Regression: a depth of thirty digits ended in a traceback, reported as a mistake of restake."""
    with pytest.raises(click.BadParameter, match="is not in the range 1<=x<=1"):
        restake(*arguments)
