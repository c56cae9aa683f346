"""Mistakes in a user's own module: reported on one line with file and line, exit code 2, and no traceback."""

import importlib
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import mistakes, protocols
from harness.cli import cli
from harness.mistakes import explained, is_foreign
from harness.pack import UnknownProtocolError, load
from harness.project import ENTRY_POINTS, announced
from harness.verbs import check, unless_left_out

EXAMPLE = Path(__file__).parents[2] / "docs" / "third_protocol"


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("mistake_of_syntax", "\ndef broken(:\n", "mistake_of_syntax.py:2: SyntaxError: invalid syntax"),
        (
            "mistake_raised",
            "def f():\n    return 1 / 0\nf()\n",
            "mistake_raised.py:2: ZeroDivisionError: division by zero",
        ),
        ("mistake_that_exits", "import sys\nsys.exit(0)\n", "mistake_that_exits.py:2: SystemExit: exit code 0"),
        (
            "mistake_of_import",
            "import nowhere_at_all\n",
            "mistake_of_import.py:1: ModuleNotFoundError: No module named",
        ),
        ("mistake_of_name", "", "AttributeError: module 'mistake_of_name' has no attribute 'WALK'"),
    ],
)
def test_a_module_that_cannot_be_loaded(
    name: str, source: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UnknownProtocolError) as refused:
        load(f"{name}:WALK")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("verb", "attribute"),
    [
        (("check", "--steps", "200", "--examples", "0", "--jobs", "1"), "WALK"),
        (("check", "--steps", "0", "--examples", "5", "--jobs", "2"), "WALK"),
        (("explore", "--depth", "2"), "BOUNDED_MODEL"),
    ],
)
def test_a_law_that_raises_is_named_by_its_line(verb: tuple[str, ...], attribute: str, tmp_path: Path) -> None:
    laws = (EXAMPLE / "pool_laws.py").read_text()
    held = "    return view.rows.get(POOL, SINGLETON).shares == view.total(HELD, SINGLETON)\n"
    assert laws.count(held) == 1
    (tmp_path / "raising_laws.py").write_text(laws.replace(held, "    return bool({}['no such key'])\n"))
    line = laws[: laws.index(held)].count("\n") + 1
    paths = [str(tmp_path), str(EXAMPLE), *[path for path in sys.path if path]]
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            "from harness.cli import main; main()",
            *verb,
            "--protocol",
            f"raising_laws:{attribute}",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith(f"raising_laws.py:{line}: KeyError: 'no such key'")
    assert "Traceback" not in done.stdout + done.stderr


def test_a_mistake_of_ours_is_none_from_outside() -> None:
    with pytest.raises(UnknownProtocolError) as refused:
        load("harness.pack:no_such_attribute")
    mistake = refused.value.__cause__
    assert mistake is not None
    assert not is_foreign(mistake)
    assert explained(mistake) == "AttributeError: module 'harness.pack' has no attribute 'no_such_attribute'"


def test_a_compiled_module_of_ours_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled modules name their source file relative to the project's root. In a checkout that file exists, and still
    counts as this project's.
    """
    monkeypatch.chdir(EXAMPLE.parents[1])
    program = compile("def fail():\n    raise IndexError\n", "spec/machine.py", "exec")
    names: dict[str, object] = {}
    exec(program, names)
    monkeypatch.setattr(mistakes, "OURS", (str(Path(__file__)), *mistakes.OURS))
    with pytest.raises(IndexError) as raised:
        names["fail"]()  # type: ignore[operator]  # what exec defines has no type
    assert not is_foreign(raised.value)


def test_an_installed_pack_is_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "installed_laws.py").write_text("def fail():\n    raise IndexError\n")
    monkeypatch.setattr(mistakes, "LIBRARIES", [f"{tmp_path}/"])
    monkeypatch.setattr(mistakes, "OURS", (str(Path(__file__)), *mistakes.OURS))
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(IndexError) as raised:
        importlib.import_module("installed_laws").fail()
    assert not is_foreign(raised.value)
    entry = EntryPoint("theirs", "installed_laws:WALK", ENTRY_POINTS)
    monkeypatch.setattr(mistakes, "announced", lambda _group: [entry])
    assert is_foreign(raised.value)


def test_a_broken_entry_point_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = EntryPoint("broken", "no_such_package:PACK", ENTRY_POINTS)
    monkeypatch.setattr(protocols, "announced", lambda group: [broken, *announced(group)])
    known = set(protocols.known_packs())
    assert {"eigenlayer", "symbiotic"} <= known
    assert "left out: entry point broken: cannot load protocol 'no_such_package:PACK'" in capsys.readouterr().err
    problem = protocols.left_out()[0]
    assert problem.startswith("entry point broken: cannot load protocol 'no_such_package:PACK'")
    assert protocols.left_out(["eigenlayer"]) == []
    assert [unless_left_out(code, ()) for code in (0, 1, 2, 5)] == [2, 1, 2, 2]
    assert [unless_left_out(code, ("eigenlayer",)) for code in (0, 1, 2, 5)] == [0, 1, 2, 5]
    with pytest.MonkeyPatch.context() as nothing:
        nothing.setattr(check, "packs_asked", lambda _: {})
        result = CliRunner().invoke(cli, ["check", "--steps", "0", "--examples", "0"], standalone_mode=False)
    assert result.return_value == 2
    said = "restake check: not finished\n  took 0.0 s; exit code 2: not all was checked: left out: entry point broken:"
    assert result.stdout.startswith(said)
    assert problem in " ".join(result.stdout.split())
