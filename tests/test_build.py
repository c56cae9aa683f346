"""The wheel is built with as many parallel C compilers as there are cores."""

import os
import sys
from importlib import import_module, util
from pathlib import Path
from threading import Barrier
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[1]


def loaded() -> ModuleType:
    """The module of the build hook, loaded from its file, since it belongs to no package."""
    spec = util.spec_from_file_location("hatch_compilers", ROOT / "hatch_compilers.py")
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
