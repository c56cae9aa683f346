"""Parallel C compilation: setuptools alone compiles the files of a library, and the libraries, one after the other."""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any


def compile_together() -> None:
    """Make setuptools, in this process, run as many compilers in parallel as there are cores."""
    import_module("setuptools")  # it provides distutils, which newer Python versions lack
    compiler: Any = import_module("distutils.ccompiler").CCompiler
    one_by_one = compiler.compile

    def together(self: Any, sources: Sequence[str], *rest: Any, **options: Any) -> list[str]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(lambda source: one_by_one(self, [source], *rest, **options), sources)
            return [each for objects in made for each in objects]

    compiler.compile = together
    sys.argv.append(f"--parallel={os.cpu_count()}")
