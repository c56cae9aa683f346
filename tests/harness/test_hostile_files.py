"""Files and folders made to mislead: each is refused with its place, in bounded time, and no other file is skipped
because of it.
"""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from harness import traces
from harness.cli import cli, main
from harness.pack import UnknownProtocolError
from harness.replay import is_same
from harness.traces import find_traces, load_json
from spec.codec import MalformedTrace

ROOT = Path(__file__).parents[2]
SYMBIOTIC = min((ROOT / "tests" / "golden" / "symbiotic").glob("*.json.gz"))
FINDINGS = ROOT / "docs" / "findings"


def replayed(path: Path) -> tuple[int, str]:
    """The exit code of `restake replay` on a file, and the first line of its output."""
    result = CliRunner().invoke(cli, ["replay", str(path)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout.splitlines()[0].replace(f"{path}: ", "")


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """A fixture: a function that applies a change to the first three steps of a recorded trace, writes them to a file
    and returns its path.
    """

    def write(change: Callable[[dict[str, Any]], object]) -> Path:
        trace = json.loads(gzip.decompress(SYMBIOTIC.read_bytes()))
        trace["steps"] = trace["steps"][:3]
        change(trace)
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(trace))
        return path

    return write


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda trace: trace["genesis"]["post"].update(timestamp=float(trace["genesis"]["timestamp"])),
            "malformed genesis.post.timestamp: expected an integer, found ",
        ),
        (
            lambda trace: trace["steps"][0]["post"]["vaults"]["vault0"].update(depositWhitelist=0),
            "malformed steps[0].post.vaults.vault0.depositWhitelist: expected true or false, found 0",
        ),
        (lambda trace: trace.update(steps=[]), "malformed steps: there is none, so that there is nothing to compare"),
        (
            lambda trace: trace["steps"][2].update(timestamp=2**48 - 1),
            "malformed steps[2].timestamp: epoch ",
        ),
        (
            lambda trace: (
                trace["config"].update(genesisTimestamp=2**48 - 1),
                trace["genesis"].update(timestamp=2**48 - 1),
            ),
            "malformed config.genesisTimestamp: epoch ",
        ),
        (lambda trace: trace["config"].update(name="\x1b[2J"), r"malformed config.name: not printable: '\x1b[2J'"),
        (lambda trace: trace.update({"\x1b[2J": 1}), r"malformed unknown field '\x1b[2J'"),
    ],
    ids=["a float", "0 for false", "no steps", "a far time", "a far beginning", "an escape", "an escape in a field"],
)
def test_what_a_trace_cannot_say(
    change: Callable[[dict[str, Any]], object],
    words: str,
    changed: Callable[[Callable[[dict[str, Any]], object]], Path],
) -> None:
    code, line = replayed(changed(change))
    assert (code, line[: len(words)]) == (2, words)


def test_types_are_compared_wherever_they_stand() -> None:
    assert is_same({"a": [1, None, "x"]}, {"a": [1, None, "x"]})
    for one, other in [(1, True), (1, 1.0), (0, False), ([1], [True]), ({"a": 0}, {"a": False}), ({"a": 0}, {"b": 0})]:
        assert not is_same(one, other)


def test_a_file_is_bounded_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "MOST_BYTES", 1000)
    bomb = tmp_path / "bomb.json.gz"
    bomb.write_bytes(gzip.compress(b" " * 1001))
    with pytest.raises(MalformedTrace, match="larger than 0 MiB, unpacked"):
        load_json(bomb)
    bomb.write_bytes(gzip.compress(b"[]" + b" " * 998))
    assert load_json(bomb) == []


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    pipe, loop, good = tmp_path / "pipe.json", tmp_path / "loop.json", tmp_path / "good.json.gz"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    (tmp_path / "folder").symlink_to(tmp_path)
    good.write_bytes(SYMBIOTIC.read_bytes())
    assert list(find_traces([tmp_path])) == [good, loop, pipe]
    assert replayed(pipe) == (2, "malformed not a file")
    result = CliRunner().invoke(cli, ["replay", str(tmp_path)], standalone_mode=False)
    assert result.return_value == 2
    assert f"malformed {loop}: cannot be read: Too many levels of symbolic links" in result.stdout
    assert "1 agree, 0 differ, 2 malformed" in result.stdout


def test_a_folder_that_cannot_be_listed_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    scandir, listdir = os.scandir, os.listdir

    def refuse(as_before: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def ask(path: Any) -> Any:
            if Path(path) == closed:
                raise PermissionError(13, "Permission denied", str(path))
            return as_before(path)

        return ask

    monkeypatch.setattr(os, "scandir", refuse(scandir))
    monkeypatch.setattr(os, "listdir", refuse(listdir))
    assert list(find_traces([tmp_path])) == [closed]
    with pytest.raises(MalformedTrace, match="cannot be read: Permission denied"):
        load_json(closed)


def test_a_finding_of_the_documentation_is_told_and_judged() -> None:
    result = CliRunner().invoke(cli, ["replay", "--json", str(FINDINGS)], standalone_mode=False)
    told = [
        (trace["verdict"], trace["finding"]["law"], trace["finding"]["breaks_at"])
        for trace in json.loads(result.stdout)["traces"]
    ]
    assert told == [
        ("known violation", "RWD-21", 4),
        ("known violation", "SOLV-02", 9),
        ("known violation", "ETH-09", 10),
        ("known violation", "SOLV-02", 10),
        ("known violation", "DEP-04", 2),
        ("known violation", "SLASH-10", 9),
    ]
    assert result.return_value == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"party": []}, "finding.party: expected one of "),
        ({"party": ["nobody"]}, "finding.party: expected one of "),
        ({"party": ["staker0"], "begins": 99}, "finding.begins: there are 3 actions, found 99"),
    ],
)
def test_a_lost_game_says_who_moved(
    change: dict[str, Any], words: str, changed: Callable[[Callable[[dict[str, Any]], object]], Path]
) -> None:
    finding = {"law": "GAME-01", "subject": "", "found_by": "a test", **change}
    code, line = replayed(changed(lambda trace: trace.update(finding=finding)))
    assert code == 2
    assert words in line


HOSTILE = ("threading.py", "selectors.py", "random.py", "types.py", "z3.py")


@pytest.mark.parametrize(
    "verb", [("check", "--steps", "200", "--examples", "0", "--jobs", "2"), ("explore", "--depth", "1")]
)
def test_modules_of_the_current_folder_are_not_run(verb: tuple[str, ...], tmp_path: Path) -> None:
    for name in HOSTILE:
        (tmp_path / name).write_text("raise SystemExit('taken from the current folder')\n")
    place = "pool_laws:WALK" if verb[0] == "check" else "pool_laws:BOUNDED_MODEL"
    script = tmp_path / "bin" / "restake"
    script.parent.mkdir()
    script.write_text("from harness.cli import main\n\nif __name__ == '__main__':\n    main()\n")
    paths = [str(ROOT / "docs" / "third_protocol"), *[path for path in sys.path if path and path != str(tmp_path)]]
    done = subprocess.run(
        [sys.executable, script, *verb, "--protocol", place],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, "current folder" in done.stdout + done.stderr) == (0, False), done.stderr


PROGRAM = "from harness.cli import main; main()"


@pytest.mark.parametrize("arguments", [("--help",), ("replay", str(FINDINGS)), ("replay", "--json", str(FINDINGS))])
def test_a_full_disk_is_no_success(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-c", PROGRAM, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "Error: cannot write: No space left on device\n")


def test_a_narrow_encoding_loses_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "\u00fc.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, "replay", str(tmp_path)],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, b"")
    assert b"\\xfc.json: missing field 'protocol'" in done.stdout


def test_a_closed_pipe_is_what_it_is() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, "Error: cannot write: Broken pipe\n")


def test_a_budget_is_a_number() -> None:
    with pytest.raises(click.BadParameter, match="nan is no number"):
        CliRunner().invoke(cli, ["explore", "--budget", "nan"], standalone_mode=False, catch_exceptions=False)


def test_a_mistake_that_nobody_foresaw_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(**_: object) -> int:
        raise SystemExit(0)

    def lose(**_: object) -> int:
        raise FileNotFoundError(2, "No such file or directory", "ledger.json")

    def lack(**_: object) -> int:
        raise UnknownProtocolError("cannot load protocol 'nowhere:GAMES'")

    raised = [(lose, "Error: ledger.json: No such file"), (lack, "Error: cannot load protocol 'nowhere:GAMES'")]
    # int takes no such argument, so that the line that calls it is what fails.
    for fails, words in [*raised, (int, "Please report it"), (end, "code from outside ended the run with exit code 0")]:
        monkeypatch.setattr(cli, "main", fails)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert words in capsys.readouterr().err
    os.environ.pop("PYTHONSAFEPATH", None)
