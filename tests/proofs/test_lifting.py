"""A module that is lifted, loaded so that it runs on symbols, is compiled from the present source file, whatever Python
has cached of it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.source
def test_a_lifted_function_is_noted_also_where_python_has_cached_its_module(tmp_path: Path) -> None:
    """The engine notes each function that ran, even if Python has a cached module whose code does not report it.

    Two processes run the function. The first one writes the cache.
    """
    program = (
        "import spec.eigenlayer.strategies, spec.machine\n"
        "from proofs.call_task import run_call\n"
        "found = run_call('proofs.eigenlayer.theory:THEORY', 'TransferToken', ['CONS-01'], 1)\n"
        "print('spec.eigenlayer.strategies:transfer' in found['functions'])\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONPYCACHEPREFIX": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    said = [
        subprocess.run(
            [sys.executable, "-P", "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert said == ["True\n", "True\n"]
    assert list(tmp_path.rglob("strategies.*.pyc"))
