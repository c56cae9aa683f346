"""A client that is a process: it reads requests on its standard input and answers on its standard output.

The process is not trusted. Every answer has a deadline, a line has a longest length, and what is kept of the standard
error is bounded; so neither time nor memory depends on what it does. It leads a process group of its own, which is
ended with it, so that nothing it started is left.
"""

import contextlib
import fcntl
import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Final, NoReturn, Self, TypeVar

from conformance.client import Answer, Client, ClientFault, HarnessFault, Introduction, Stopped, Unsupported
from conformance.messages import (
    Message,
    hello_request,
    read_answer,
    read_introduction,
    read_reset,
    read_state,
)
from conformance.wire import MOST_LINE_BYTES, WireError, read_line, write_line
from spec.codec import Json, MalformedTrace, Text, check_fields, printable, shown

ANSWER_SECONDS: Final = 10.0
"""The time limit of an answer, if nothing else is said."""

FIRST_SECONDS: Final = 30.0
"""The deadline of the first answer, before which a process has to start."""

LAST_SECONDS: Final = 2.0
"""The least time that a process may take to end after bye; it has as long as for an answer."""

STOPPED_SECONDS: Final = 1.0
"""The time that an answer may take once the run is to stop."""

POLL_SECONDS: Final = 0.2
"""The delay with which that is noticed."""

KEPT_STDERR_BYTES: Final = 2**16
"""The bytes kept of the end of the standard error."""

MOST_STDERR_BYTES: Final = 2**26
"""The most bytes that a process may write to its standard error between two answers; more is a flood."""

CHUNK: Final = 2**16

PIPE_BYTES: Final = 2**20
"""The bytes that each output of a client holds unread, where the system allows it: a long line takes fewer turns."""

Check = Callable[[str, Message], str | None]

Read = TypeVar("Read")


_LIVE: Final[set["ProcessClient"]] = set()
"""The clients of this process that were not closed."""


def end_all() -> None:
    """End every client of this process, which is about to end itself."""
    for client in list(_LIVE):
        client.kill()


class NotStartedError(Exception):
    """A command that cannot be started at all, so that there is no client."""


class ProcessClient(Client):
    """A process that speaks the wire protocol. Use it in a `with` block, which ends the process whatever happens.

    The command is a line as for a shell, of which no shell makes anything, or its words. NotStartedError if it cannot
    be started. `check` is asked of every message in both directions: `conformance.messages.schema_check`. Once `stops`
    says that the run is over, an answer that takes long is not waited for: Stopped.
    """

    def __init__(
        self,
        command: str | Sequence[str],
        answer_seconds: float = ANSWER_SECONDS,
        check: Check | None = None,
        stops: Callable[[], bool] = lambda: False,
    ) -> None:
        self.stderr_bytes = 0
        self._answer_seconds = answer_seconds
        self._seconds = max(answer_seconds, FIRST_SECONDS)
        self._check = check
        self._stops = stops
        self._asked = 0.0
        self._seq = 0
        self._buffer = bytearray()
        self._searched = 0
        self._stderr = bytearray()
        self._is_closed = False
        try:
            words = shlex.split(command) if isinstance(command, str) else command
            if not words:
                raise ValueError("there is no command")
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                bufsize=0,
            )
        except (OSError, ValueError) as error:
            # ValueError: quotes that are not closed, a null character.
            reason = error.strerror if isinstance(error, OSError) else error
            raise NotStartedError(f"cannot start {command if isinstance(command, str) else words}: {reason}") from error
        _LIVE.add(self)
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._in, self._out, self._err = (
            stream.fileno() for stream in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        self._selector = selectors.DefaultSelector()
        for file in (self._in, self._out, self._err):
            os.set_blocking(file, False)
        for file in (self._out, self._err):
            with contextlib.suppress(OSError, AttributeError):  # Linux alone has it, and not for any number of pipes
                fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            self._selector.register(file, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def stderr(self) -> str:
        """The end of what the process wrote to its standard error."""
        return self._stderr.decode(errors="backslashreplace")

    def hello(self, protocol: str) -> Introduction:
        """Ask who the client is."""
        introduction = self._read(read_introduction, self._ask(hello_request(protocol)))
        self._seconds = self._answer_seconds
        return introduction

    def reset(self, head: Json) -> str | Unsupported | None:
        """Let it begin a history."""
        return self._read(read_reset, self._ask({"op": "reset", "head": head}))

    def apply(self, call: Json) -> Answer:
        """Let it make a call."""
        return self._read(read_answer, self._ask({"op": "apply", "call": call}))

    def state(self) -> Json | Unsupported:
        """Ask for the whole state."""
        return self._read(read_state, self._ask({"op": "state"}))

    def bye(self) -> None:
        """Say that it is over; the process has to end by itself then."""
        self._read(lambda answer: check_fields(answer, (), ""), self._ask({"op": "bye"}))
        self._unregister(self._in)
        assert self._process.stdin is not None
        self._process.stdin.close()
        seconds = max(self._answer_seconds, LAST_SECONDS)
        deadline = time.monotonic() + seconds
        while not self._has_ended():
            if time.monotonic() >= deadline:
                raise ClientFault("late", f"still running {seconds:g} s after bye")
            self._turn(0.02)
        if self._buffer:
            raise ClientFault("out of turn", f"something after bye: {self._start_of_buffer()}")

    def close(self) -> None:
        """End the process, and whatever it started in its group."""
        if self._is_closed:
            return
        self._is_closed = True
        _LIVE.discard(self)
        self.kill()
        with contextlib.suppress(OSError, ClientFault):
            self._turn(0)
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()
        self._process.wait()

    def kill(self) -> None:
        """Kill the process, and whatever it started in its group. It is not reaped before `close`, so that the group
        cannot be another's.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self, read: Callable[[Message], Read], answer: Message) -> Read:
        try:
            return read(answer)
        except MalformedTrace as error:
            raise ClientFault("garbage", str(error)) from error

    def _ask(self, request: Message) -> Message:
        """Send a request, and wait for the answer to it."""
        seq = str(self._seq)
        self._seq += 1
        op = str(request["op"])
        message: Message = {"op": op, "seq": seq, **request}
        if self._check is not None and (wrong := self._check("request", message)) is not None:
            raise HarnessFault(f"a request that the schema refuses: {wrong}")
        try:
            line = write_line(message)
        except WireError as error:
            raise HarnessFault(f"{op} cannot be sent: {error}") from error
        self._turn(0)
        if self._buffer:
            raise ClientFault("out of turn", f"before it was asked anything: {self._start_of_buffer()}")
        self.stderr_bytes = 0
        self._asked = time.monotonic()
        deadline = self._asked + self._seconds
        self._send(line, deadline, op)
        answer = self._parsed(self._receive(deadline, op))
        if self._buffer:
            raise ClientFault("out of turn", f"more than one answer to {op}: {self._start_of_buffer()}")
        answered = answer.get("seq")
        if answered != seq:
            if answered is None and "failed" in answer:
                self._raise_failed(answer)
            raise ClientFault("out of turn", f"an answer to {shown(answered)}, where {op} {seq} was asked")
        if self._check is not None and (wrong := self._check(f"answer_to_{op}", answer)) is not None:
            raise ClientFault("garbage", f"an answer to {op} that the schema refuses: {printable(wrong)}")
        if "failed" in answer:
            self._raise_failed(answer)
        return {name: value for name, value in answer.items() if name != "seq"}

    def _raise_failed(self, answer: Message) -> NoReturn:
        check = self._read(lambda message: Text().read(message["failed"], "failed", {}), answer)
        raise ClientFault("failed", str(check)[:500])

    def _parsed(self, line: bytes) -> Message:
        try:
            return read_line(line)
        except WireError as error:
            raise ClientFault("garbage", f"{error}: {_shown(line)}") from error

    def _send(self, line: bytes, deadline: float, op: str) -> None:
        """Write a request, while whatever comes is read, so that neither side waits for the other for ever."""
        rest = memoryview(line)
        self._selector.register(self._in, selectors.EVENT_WRITE)
        try:
            while rest:
                try:
                    rest = rest[os.write(self._in, rest[:CHUNK]) :]
                except BlockingIOError:
                    self._wait(deadline, op)
                except BrokenPipeError:
                    self._raise_died(op)
        finally:
            self._unregister(self._in)

    def _receive(self, deadline: float, op: str) -> bytes:
        """The next line."""
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if end >= 0:
                line = bytes(self._buffer[: end + 1])
                del self._buffer[: end + 1]
                self._searched = 0
                return line
            self._searched = len(self._buffer)
            if self._out not in self._selector.get_map():
                self._raise_died(op)
            self._wait(deadline, op)

    def _wait(self, deadline: float, op: str) -> None:
        now = time.monotonic()
        left = deadline - now
        if left <= 0:
            raise ClientFault("late", f"no answer to {op} within {self._seconds:g} s")
        if self._stops() and now - self._asked >= STOPPED_SECONDS:
            raise Stopped(op)
        self._turn(min(left, POLL_SECONDS))

    def _turn(self, seconds: float) -> None:
        """Read what has come, once something has or the time is over."""
        for key, _ in self._selector.select(seconds):
            if key.fd == self._in:
                continue
            try:
                chunk = os.read(key.fd, PIPE_BYTES)
            except BlockingIOError:
                continue
            if not chunk:
                self._unregister(key.fd)
            elif key.fd == self._out:
                self._buffer += chunk
                if len(self._buffer) > MOST_LINE_BYTES:  # with a newline in it, that is more than one answer
                    raise ClientFault("flood", f"more than {MOST_LINE_BYTES:,} bytes for one answer")
            else:
                self._stderr += chunk
                del self._stderr[:-KEPT_STDERR_BYTES]
                self.stderr_bytes += len(chunk)
                if self.stderr_bytes > MOST_STDERR_BYTES:
                    raise ClientFault("flood", f"more than {MOST_STDERR_BYTES:,} bytes on the standard error")

    def _unregister(self, file: int) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(file)

    def _has_ended(self) -> bool:
        """True if the process has ended; it is not reaped, so that its number stays its own."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _raise_died(self, op: str) -> NoReturn:
        deadline = time.monotonic() + LAST_SECONDS
        while not self._has_ended() and time.monotonic() < deadline:
            self._turn(0.02) if self._selector.get_map() else time.sleep(0.02)
        ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None:
            raise ClientFault("died", f"closed its input or output before it answered {op}")
        how = "exit code" if ended.si_code == os.CLD_EXITED else "signal"
        rest = f", after {self._start_of_buffer()}" if self._buffer else ""
        raise ClientFault("died", f"ended with {how} {ended.si_status} before it answered {op}{rest}")

    def _start_of_buffer(self) -> str:
        return _shown(bytes(self._buffer[:200]))


def _shown(line: bytes) -> str:
    """The beginning of a line, unable to control a terminal."""
    return shown(line[:200].decode(errors="backslashreplace"))
