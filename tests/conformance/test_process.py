"""A client that is a process, and every way in which it can misbehave: in bounded time and memory, without orphans.

The bounds are those documented for clients: a time limit for an answer, a longest line, and the largest output to
standard error. Memory is measured: a line of a gigabyte costs no more than the longest allowed line.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.client import ClientFault
from conformance.messages import schema_check
from conformance.process import KEPT_STDERR_BYTES, NotStartedError, ProcessClient
from conformance.wire import MOST_LINE_BYTES

pytestmark = pytest.mark.source

ANSWERS = """
import os, sys, time
hello = b'{"seq":"0","wire":"1","name":"n","version":"","actions":null,"reasons":"typed","digests":[]}' + bytes([10])
out, err = sys.stdout.buffer, sys.stderr.buffer
def say(*lines):
    for line in lines:
        out.write(line + b"\\n")
        out.flush()
def heard():
    return sys.stdin.buffer.readline()
"""


def client(code: str, seconds: float = 20.0) -> ProcessClient:
    return ProcessClient([sys.executable, "-c", ANSWERS + code], seconds)


FAULTS = {
    "heard()\nsys.exit(3)": ("died", "ended with exit code 3 before it answered state"),
    "heard()\nos.kill(os.getpid(), 11)": ("died", "ended with signal 11 before it answered state"),
    "heard()\nout.write(b'{')\nout.flush()\nos._exit(0)": (
        "died",
        "ended with exit code 0 before it answered state, after '{'",
    ),
    "heard()\nsay(b'Segmentation fault')": (
        "garbage",
        "not JSON at column 1: Expecting value: 'Segmentation fault\\n'",
    ),
    "heard()\nsay(b'\\x1b[2J')": ("garbage", "not JSON at column 1: Expecting value: '\\x1b[2J\\n'"),
    'heard()\nsay(b\'{"seq":"0","state":1}\')': (
        "garbage",
        '\'1\' is a JSON number: integers are decimal strings here: \'{"seq":"0","state":1}\\n\'',
    ),
    'heard()\nsay(b\'{"seq":"0","states":null}\')': ("garbage", "missing field 'state'"),
    'heard()\nsay(b\'{"seq":"0","unsupported":[]}\')': ("garbage", "unsupported: expected a string, found []"),
    'heard()\nsay(b\'{"seq":"0","unsupported":"\' + b\'a\' * 4097 + b\'"}\')': (
        "garbage",
        "unsupported: longer than 4,096 characters",
    ),
    'heard()\nsay(b\'{"seq":"0","state":null,"state":{}}\')': (
        "garbage",
        'a field occurs twice in one object: \'{"seq":"0","state":null,"state":{}}\\n\'',
    ),
    'heard()\nsay(b\'{"seq":"0","state":NaN}\')': (
        "garbage",
        '\'NaN\' is a JSON number: integers are decimal strings here: \'{"seq":"0","state":NaN}\\n\'',
    ),
    'heard()\nsay(b\'{"seq":["0"],"state":null}\')': ("out of turn", "an answer to ['0'], where state 0 was asked"),
    'heard()\nsay(b\'{"seq":true,"state":null}\')': ("out of turn", "an answer to True, where state 0 was asked"),
    'heard()\nsay(b\'{"seq":"\\xef\\xbc\\x90","state":null}\')': (
        "out of turn",
        "an answer to '\uff10', where state 0 was asked",
    ),
    'heard()\nsay(b\'{"seq":"1","state":null}\')': ("out of turn", "an answer to '1', where state 0 was asked"),
    "heard()\nsay(b'{\"state\":null}')": ("out of turn", "an answer to None, where state 0 was asked"),
    'heard()\nout.write(b\'{"seq":"0","state":null}\\n\' * 2)': (
        "out of turn",
        'more than one answer to state: \'{"seq":"0","state":null}\\n\'',
    ),
    'heard()\nsay(b\'{"seq":"0","failed":"out of gas"}\')': ("failed", "out of gas"),
    'heard()\nsay(b\'{"seq":null,"failed":"what?"}\')': ("failed", "what?"),
    "heard()\nfor _ in range(1024): out.write(b'a' * 2**20)": ("flood", "more than 16,777,216 bytes for one answer"),
    "heard()\nwhile True: err.write(b'a' * 2**20)": ("flood", "more than 67,108,864 bytes on the standard error"),
}


HUGE = "heard()\nout.write(b'{\"seq\":\"0\",\"state\":' + b'9' * 10**7 + b'}')\nsay(b'')"


def test_a_huge_integer_is_refused_before_it_is_read() -> None:
    """Parsing an integer of ten million digits would take Python seconds, or exceed its limit on digits."""
    began = time.monotonic()
    with client(HUGE) as process, pytest.raises(ClientFault) as fault:
        process.state()
    assert fault.value.kind == "garbage"
    assert fault.value.detail.startswith("'99999999999")
    assert len(fault.value.detail) < 1_000
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("code", FAULTS, ids=range(len(FAULTS)))
def test_a_fault_is_named(code: str) -> None:
    with client(code) as process, pytest.raises(ClientFault) as fault:
        process.state()
    assert (fault.value.kind, fault.value.detail) == FAULTS[code]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("time.sleep(3600)", "late"),
        ("heard()\nwhile True:\n    out.write(b' ')\n    out.flush()\n    time.sleep(0.01)", "late"),
        ("heard()\nos.close(1)\ntime.sleep(3600)", "died"),
    ],
)
def test_who_never_answers_is_late_after_the_time_that_was_given(code: str, kind: str) -> None:
    with client(code, 0.3) as process:
        process._seconds = 0.3  # the first answer would have more time
        with pytest.raises(ClientFault) as fault:
            process.state()
    assert fault.value.kind == kind


def test_what_comes_before_it_is_asked_is_out_of_turn(tmp_path: Path) -> None:
    done = tmp_path / "done"
    with client(f"say(b'{{}}')\nopen({str(done)!r}, 'w').close()\nheard()") as process:
        while not done.exists():
            time.sleep(0.01)
        with pytest.raises(ClientFault) as fault:
            process.state()
    assert (fault.value.kind, fault.value.detail) == ("out of turn", "before it was asked anything: '{}\\n'")


def test_who_ends_while_it_is_written_to_has_died() -> None:
    """The request is larger than a pipe holds, so the test is still writing it when the client has ended."""
    with client("os.read(0, 1)\nos._exit(7)") as process, pytest.raises(ClientFault) as fault:
        process.reset({"a": "b" * 2**22})
    assert (fault.value.kind, fault.value.detail) == ("died", "ended with exit code 7 before it answered reset")


def test_who_does_not_read_what_is_sent_is_late() -> None:
    with client("time.sleep(3600)") as process:
        process._seconds = 0.3
        with pytest.raises(ClientFault) as fault:
            process.reset({"a": "b" * 2**22})
    assert fault.value.kind == "late"


def test_who_talks_while_it_is_written_to_blocks_nobody() -> None:
    code = 'err.write(b\'a\' * 2**22)\nheard()\nsay(b\'{"seq":"0","digest":null}\')\nheard()\nsay(b\'{"seq":"1"}\')'
    with client(code) as process:
        assert process.reset({"a": "b" * 2**22}) is None
        assert len(process.stderr) == KEPT_STDERR_BYTES
        process.bye()


def test_a_line_of_a_gigabyte_costs_no_more_memory_than_the_longest_line() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with client("heard()\nfor _ in range(1024): out.write(b'a' * 2**20)") as process, pytest.raises(ClientFault):
        process.state()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < 8 * MOST_LINE_BYTES


def test_bye_waits_for_the_end() -> None:
    with client('heard()\nsay(b\'{"seq":"0"}\')\nos.close(1)\nheard()\nsys.exit(0)') as process:
        process.bye()
    stays = 'heard()\nsay(b\'{"seq":"0"}\')\ntime.sleep(3600)'
    with client(stays, 1.0) as process, pytest.raises(ClientFault) as fault:
        process.bye()
    assert (fault.value.kind, fault.value.detail) == ("late", "still running 2 s after bye")


def test_nothing_that_a_client_started_is_left(tmp_path: Path) -> None:
    """A child process of the client that ignores signals and holds the pipes open is killed with the client's process
    group.
    """
    child = tmp_path / "child"
    code = f"""
import signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    open({str(child)!r} + ".part", "w").write(str(os.getpid()))
    os.rename({str(child)!r} + ".part", {str(child)!r})
    time.sleep(3600)
heard()
time.sleep(3600)
"""
    with client(code) as process:
        while not child.exists():
            time.sleep(0.01)
    number = int(child.read_text())
    deadline = time.monotonic() + 20
    while is_running(number) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(number)
    process.close()  # a second time, which does nothing


def is_running(number: int) -> bool:
    """True if a process runs. A zombie, which ended and was not waited for, does not count."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/nowhere/client --x", "No such file or directory"),
        ("/", "Permission denied"),
        ("'unclosed", "No closing quotation"),
        ("", "there is no command"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_a_command_that_cannot_be_started_is_no_client(command: str, reason: str) -> None:
    with pytest.raises(NotStartedError) as error:
        ProcessClient(command)
    assert str(error.value) == f"cannot start {command}: {reason}"


def test_what_the_schema_refuses_is_garbage_if_it_is_asked() -> None:
    code = 'heard()\nsay(b\'{"seq":"0","state":null,"more":null}\')'
    process = ProcessClient([sys.executable, "-c", ANSWERS + code], check=schema_check())
    with process, pytest.raises(ClientFault) as fault:
        process.state()
    assert fault.value.kind == "garbage"
    assert fault.value.detail.startswith("an answer to state that the schema refuses: ")


@pytest.mark.parametrize("protocol", ["eigenlayer", "symbiotic"])
def test_the_specification_as_a_process(protocol: str, serving: Callable[[str], str]) -> None:
    with ProcessClient(serving(protocol), check=schema_check()) as process:
        introduction = process.hello(protocol)
        assert (introduction.name, introduction.actions) == (f"restaking-spec {protocol}", None)
        with pytest.raises(ClientFault) as fault:
            process.state()
        assert fault.value.detail == "no history was begun: reset comes first"
        process.bye()
