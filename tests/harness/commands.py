"""Runs the command `restake` for tests: in this process, or in one of its own."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from click.testing import CliRunner, Result

from harness.cli import cli

POOL = "pool_laws:WALK"
EXAMPLE = Path(__file__).parents[2] / "docs" / "third_protocol"
GOLDEN = Path(__file__).parents[1] / "golden"
TRACE = GOLDEN / "eigenlayer" / "d_one_wei_everything.json.gz"


def restake(*arguments: str | Path) -> Result:
    """Run the command `restake` as its console script does. `return_value` of the result is its exit code."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def python_client(*words: str | Path) -> str:
    """The command line that runs a Python file as a client; the first word is the file."""
    return shlex.join([sys.executable, *map(str, words)])


def started(*arguments: str, until: str = "") -> subprocess.Popen[str]:
    """Start the command `restake` in a process of its own, and return once its imports are done, which can take
    seconds.

    If `until` is given, wait also for a progress line that matches this pattern.
    """
    verb = f"import harness.verbs.{arguments[0]}; from harness import display; display.HEARTBEAT_SECONDS = 0.2"
    program = f"{verb}; from harness.cli import main; print('begins', flush=True); main()"
    pipe = subprocess.PIPE
    command = [sys.executable, "-P", "-c", program, *arguments]
    running = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    assert running.stdout is not None
    assert running.stderr is not None
    assert running.stdout.readline() == "begins\n"
    while until and not re.match(until, said := running.stderr.readline()):
        assert said, "it has ended"
    return running


def process(*arguments: str, paths: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
    """The finished process of a command `restake`, run as the console script runs it, with the same specification as
    here.

    `paths` are put first on the module search path.
    """
    command = [sys.executable, "-P", "-c", "from harness.cli import main; main()", *arguments]
    environment = os.environ | {"NO_COLOR": "1"}
    if paths:
        environment["PYTHONPATH"] = os.pathsep.join([*map(str, paths), environment.get("PYTHONPATH", "")])
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
