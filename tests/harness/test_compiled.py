"""A compiled module whose source was edited beside it: the verbs that read ledgers refuse."""

import json
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import compiled, prove
from harness.cli import cli
from harness.protocols import known_packs
from proofs.ledger import LedgerError

TEXT = b'"""A module."""\n'


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A fixture: the folder of a package with two modules, one of them compiled, and `record.json`, which lists what
    was compiled.
    """
    folder = tmp_path / "spec"
    (folder / "pool").mkdir(parents=True)
    (folder / "plain.py").write_bytes(TEXT)
    (folder / "pool" / "rules.py").write_bytes(TEXT)
    (folder / "pool" / f"rules{EXTENSION_SUFFIXES[0]}").write_bytes(b"compiled")
    (folder / "pool" / "rules.cpython-27-other.so.old").write_bytes(b"of another Python")
    (tmp_path / "record.json").write_text(json.dumps({"spec.pool.rules": sha256(TEXT).hexdigest()}))
    return folder


def test_a_compiled_module_is_of_the_source_beside_it_or_refused(package: Path) -> None:
    record = package.parent / "record.json"
    assert compiled.problem([package], record) is None
    (package / "plain.py").write_text("edited = True\n")
    assert compiled.problem([package], record) is None
    source = package / "pool" / "rules.py"
    source.write_text("edited = True\n")
    told = f"spec.pool.rules is compiled from another source than {source}: install the package again"
    assert compiled.problem([package], record) == told
    source.unlink()
    assert compiled.problem([package], record) == told


@pytest.mark.parametrize("text", ["{}", None])
def test_a_compiled_module_of_which_no_build_tells_is_refused(package: Path, text: str | None) -> None:
    record = package.parent / "record.json"
    record.unlink()
    if text is not None:
        record.write_text(text)
    told = "spec.pool.rules is compiled, and no build says from which source: install the package again"
    assert compiled.problem([package], record) == told


def test_what_runs_here_is_of_the_sources_that_proofs_read() -> None:
    assert compiled.another_source() is None


def test_verbs_that_read_ledgers_refuse_another_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "another_source", lambda: "spec.pool is compiled from another source")
    with pytest.raises(LedgerError, match="compiled from another source"):
        prove.ledger_of(known_packs()["symbiotic"])
    for verb in (["prove"], ["check", "--steps", "0", "--examples", "0"], ["laws", "--explain", "DEP-01"]):
        result = CliRunner().invoke(cli, [*verb, "--protocol", "symbiotic"])
        assert (result.exit_code != 0, "spec.pool is compiled from another source" in result.output) == (True, True)
