"""Several C compilers at a time: setuptools compiles the files of a library one after the other, and so libraries."""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any


def compile_together() -> None:
    """Have the setup file that runs in this process start as many compilers as there are cores."""
    import_module("setuptools")  # brings distutils, which newer Pythons have not
    compiler: Any = import_module("distutils.ccompiler").CCompiler
    one_by_one = compiler.compile

    def together(self: Any, sources: Sequence[str], *rest: Any, **options: Any) -> list[str]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(lambda source: one_by_one(self, [source], *rest, **options), sources)
            return [each for objects in made for each in objects]

    compiler.compile = together
    sys.argv.append(f"--parallel={os.cpu_count()}")
