"""A client that is a subprocess: it reads requests from its standard input and writes answers to its standard output.

The subprocess is not trusted. Each answer has a deadline, lines have a maximum length, and only the end of standard
error is kept. So it cannot cost unlimited time or memory. It runs in a process group of its own. The group is killed
with it, so that none of its children remain.
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
"""The default time limit of an answer, in seconds."""

FIRST_SECONDS: Final = 30.0
"""The minimum time limit of the first answer, in seconds, since the process has to start first."""

LAST_SECONDS: Final = 2.0
"""The minimum time that a process is given to exit after `bye`, in seconds. If the time limit of an answer is longer,
it gets that.
"""

STOPPED_SECONDS: Final = 1.0
"""The seconds, counted from when it was sent, that a pending request may take once the run is asked to stop."""

POLL_SECONDS: Final = 0.2
"""The seconds between two checks of the request to stop the run, while an answer is awaited."""

KEPT_STDERR_BYTES: Final = 2**16
"""The number of bytes kept from the end of standard error."""

MOST_STDERR_BYTES: Final = 2**26
"""The maximum number of bytes on standard error from one request to the next; more is a "flood" fault."""

CHUNK: Final = 2**16

PIPE_BYTES: Final = 2**20
"""The capacity of each output pipe in bytes, where the system allows setting it: long lines then need fewer reads."""

Check = Callable[[str, Message], str | None]

Read = TypeVar("Read")


_LIVE: Final[set["ProcessClient"]] = set()
"""The clients of this Python process that are not closed."""


def end_all() -> None:
    """Kill every open client of this Python process, which is about to exit."""
    for client in list(_LIVE):
        client.kill()


class NotStartedError(Exception):
    """The exception for a command that could not be started, so that there is no client."""


class ProcessClient(Client):
    """A subprocess that speaks the wire protocol. Use it in a `with` block, which ends the process in any case.

    `command` is a list of words, or one line that is split as a shell would, without running a shell. Raises
    NotStartedError if it cannot be started. `answer_seconds` is the time limit of each answer; that of the first is at
    least FIRST_SECONDS. `check` validates every message in both directions, see `conformance.messages.schema_check`.
    Once `stops` returns True, a slow answer raises Stopped.
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
            # ValueError: unclosed quotes, or a null character
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
            with contextlib.suppress(OSError, AttributeError):  # only Linux has F_SETPIPE_SZ, and it limits the total
                fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            self._selector.register(file, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def stderr(self) -> str:
        """The last KEPT_STDERR_BYTES bytes of the process's standard error, as text."""
        return self._stderr.decode(errors="backslashreplace")

    def hello(self, protocol: str) -> Introduction:
        """Request the client's introduction, and return it. From then on an answer's time limit is `answer_seconds`."""
        introduction = self._read(read_introduction, self._ask(hello_request(protocol)))
        self._seconds = self._answer_seconds
        return introduction

    def reset(self, head: Json) -> str | Unsupported | None:
        """Request a new start at the genesis that a trace's `head` declares. Returns the digest of the genesis state,
        None if the client gives none, or Unsupported.
        """
        return self._read(read_reset, self._ask({"op": "reset", "head": head}))

    def apply(self, call: Json) -> Answer:
        """Request the execution of a call, and return its outcome, or Unsupported."""
        return self._read(read_answer, self._ask({"op": "apply", "call": call}))

    def state(self) -> Json | Unsupported:
        """Request the whole state, and return it, or Unsupported if the client cannot show it."""
        return self._read(read_state, self._ask({"op": "state"}))

    def bye(self) -> None:
        """Announce the end and wait until the process exits. Raises ClientFault if it does not exit in time, or if it
        writes anything after its answer.
        """
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
        """Kill the process and its group, and release all resources. Does nothing the second time."""
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
        """Kill the process and its process group. The process is reaped only by `close`: until then no other group can
        get its id.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self, read: Callable[[Message], Read], answer: Message) -> Read:
        try:
            return read(answer)
        except MalformedTrace as error:
            raise ClientFault("garbage", str(error)) from error

    def _ask(self, request: Message) -> Message:
        """Send a request and return the answer to it, without its field `seq`. Raises ClientFault unless exactly one
        valid answer comes in time.
        """
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
        """Write a request, and read output meanwhile, so that neither side blocks the other.

        `line` is the request, `deadline` the time by which it must be written, and `op` the request's name for
        messages.
        """
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
        """The next line of output, with its newline. `op` is the request's name for messages. Raises ClientFault if the
        process ends first or the deadline passes, and Stopped if the run is stopped.
        """
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
        """Read the process's available output, waiting at most `seconds` for some. Raises ClientFault if an answer
        exceeds MOST_LINE_BYTES, or standard error MOST_STDERR_BYTES since the last request.
        """
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
                if len(self._buffer) > MOST_LINE_BYTES:  # with a newline in it, it is more than one answer
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
        """True if the process has ended. The check does not reap the process, so its process id cannot be reused."""
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
    """The beginning of a line, with control characters escaped for a terminal."""
    return shown(line[:200].decode(errors="backslashreplace"))
