"""Subprocesses of a version: they import packages from its folder first, and only `gate` from this installation."""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import Any, Final

from conformance.client import ClientFault, Introduction
from conformance.process import NotStartedError, ProcessClient
from spec.codec import MalformedTrace

HERE: Final = Path(__file__).parent

BOOT: Final = """
import sys, importlib.util
folder, here, module, *rest = sys.argv[1:]
sys.path.insert(0, folder)
sys.argv[1:] = rest
found = importlib.util.spec_from_file_location("gate", here + "/__init__.py", submodule_search_locations=[here])
sys.modules["gate"] = importlib.util.module_from_spec(found)
found.loader.exec_module(sys.modules["gate"])
sys.path.insert(1, here.rpartition("/")[0])
importlib.import_module(module).main()
"""
"""The start program of a version's subprocess: packages in the version's folder precede those of this installation."""

POLL_SECONDS: Final = 0.2
"""The seconds between two checks if the run was stopped."""


class NotRunningError(Exception):
    """The exception for a version that cannot be run: it fails to import, exits, or does not answer. The message says
    which of these.
    """


def command_of(folder: Path, module: str, arguments: Sequence[str]) -> list[str]:
    """The command that runs a module's `main` in a version, interpreted."""
    return [sys.executable, "-P", "-c", BOOT, str(folder), str(HERE), module, *arguments]


class Worker(ProcessClient):
    """A subprocess that runs `module` in the version in `folder` and answers questions about the version.

    Each question and each answer is one JSON object on one line. An answer may take `answer_seconds`.
    """

    def __init__(
        self,
        folder: Path,
        module: str,
        arguments: Sequence[str],
        answer_seconds: float,
        stops: Callable[[], bool] = lambda: False,
    ) -> None:
        self._told: Final = folder
        # In a version's subprocess, ProcessClient is that version's own class, which may take fewer arguments.
        super().__init__(command_of(folder, module, arguments), answer_seconds)
        self._stops = stops
        self._seconds = answer_seconds

    def _wait(self, deadline: float, op: str) -> None:
        """Wait for output, for at most POLL_SECONDS. Raises ClientFault if the run was stopped or
        the deadline is over.
        """
        if self._stops():
            raise ClientFault("late", "the run was ended")
        if deadline <= time.monotonic():
            super()._wait(deadline, op)
        self._turn(min(deadline - time.monotonic(), POLL_SECONDS))

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """The answer to the question `op`, whose fields must be JSON values. Raises NotRunningError if no
        answer comes.
        """
        try:
            answer = self._ask({"op": op, "question": json.dumps(fields)})
            return dict(json.loads(str(answer["answer"])))
        except ClientFault as fault:
            raise NotRunningError(why(fault, self.stderr, self._told)) from fault


def introduced(client: ProcessClient, protocol: str, folder: Path) -> Introduction:
    """The introduction of a version's server of the wire protocol. Raises NotRunningError if it does not answer."""
    try:
        return client.hello(protocol)
    except ClientFault as fault:
        raise NotRunningError(why(fault, client.stderr, folder)) from fault


def why(fault: ClientFault, stderr: str, folder: Path) -> str:
    """The reason why a version does not run, in one line, from the fault and the end of `stderr`.

    `stderr` is the version's standard error, and `folder` the version's folder. Paths are shown relative to that
    folder.
    """
    lines = [line.strip() for line in stderr.replace(f"{folder}/", "").splitlines() if line.strip()]
    places = [line for line in lines if line.startswith('File "') and "<string>" not in line]
    said = "; ".join([*places[-1:], *lines[-1:]])
    return f"{fault}{f' ({said})' if said else ''}"


def serving(folder: Path, place: str, answer_seconds: float) -> ProcessClient:
    """A client of a version that serves the wire protocol, as `restake serve` does. `place` is the place of the
    protocol's pack.
    """
    return ProcessClient(command_of(folder, "gate.serving", [place]), answer_seconds)


def end_with_parent() -> None:
    """Exit this process soon after its parent process is gone, even while a rule loops. A thread watches the parent."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def answer_questions(answer: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
    """The main loop of a worker: one question per line, until `bye` or the end of the input. Each answer is JSON inside
    a JSON string; for a MalformedTrace the message has `failed` instead.
    """
    end_with_parent()
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        asked = json.loads(line)
        said: dict[str, Any] = {"seq": asked["seq"]}
        if asked["op"] != "bye":
            try:
                said["answer"] = json.dumps(answer(asked["op"], json.loads(asked["question"])))
            except MalformedTrace as error:
                said["failed"] = f"{error}"
        out.write(json.dumps(said) + "\n")
        out.flush()
        if asked["op"] == "bye":
            return


def clean_environment() -> None:
    """Change the environment so that subprocesses import only from the places that they are given."""
    os.environ.pop("PYTHONPATH", None)
    os.environ["PYTHONSAFEPATH"] = "1"


__all__ = ["NotRunningError", "NotStartedError", "Worker", "clean_environment", "introduced", "serving"]
