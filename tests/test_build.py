"""The wheel is built with as many parallel C compilers as there are cores, and records what it compiled."""

import json
import os
import runpy
import sys
from hashlib import sha256
from importlib import import_module, util
from pathlib import Path
from threading import Barrier
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[1]


def loaded(name: str = "hatch_compilers") -> ModuleType:
    """The module of a build hook, loaded from its file, since it belongs to no package."""
    spec = util.spec_from_file_location(name, ROOT / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_files_of_a_library_are_compiled_together_and_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    import_module("setuptools")
    compiler: Any = import_module("distutils.ccompiler").CCompiler
    both_run = Barrier(2)

    def compiled(_: object, sources: list[str], folder: str, depends: str) -> list[str]:
        both_run.wait(10)
        return [f"{folder}/{source} {depends}" for source in sources]

    monkeypatch.setattr(compiler, "compile", compiled)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(sys, "argv", ["setup.py", "build_ext"])
    loaded().compile_together()
    made = compiler.compile(object(), ["b.c", "a.c"], "out", depends="no")
    assert made == ["out/b.c no", "out/a.c no"]
    assert sys.argv == ["setup.py", "build_ext", "--parallel=2"]


def test_the_wheel_has_digests_of_the_sources_that_were_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build hook is run as hatchling runs it, and the setup file that it changes, with a compiler that does
    nothing.
    """
    plugin, hooks = import_module("hatch_mypyc.plugin"), loaded("hatch_docstrings")
    monkeypatch.setattr(plugin, "construct_setup_file", lambda: "from mypyc.build import mypycify\n")
    monkeypatch.setattr(import_module("mypyc.build"), "mypycify", lambda _paths, **_options: [])
    monkeypatch.setattr(import_module("sys"), "path", [*sys.path])
    hook = hooks.DocstringHook(str(ROOT), {}, None, None, str(tmp_path), "wheel")
    included: dict[str, str] = {}
    hook.initialize("standard", {"force_include": included})
    (record,) = included
    assert included[record] == "harness/COMPILED.json"
    (tmp_path / "setup.py").write_text(plugin.construct_setup_file())
    monkeypatch.setitem(sys.modules, "hatch_compilers", SimpleNamespace(compile_together=lambda: None))
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(tmp_path / "setup.py"))["mypycify"](["--strict", "spec/machine.py"], opt_level="1")
    digest = sha256((ROOT / "spec" / "machine.py").read_bytes()).hexdigest()
    assert json.loads(Path(record).read_text()) == {"spec.machine": digest}
    hook.folder.cleanup()
