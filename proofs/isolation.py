"""Work in a forked process, which starts from this one's state and leaves no trace in it.

What a solver learns for one law changes the numbers of later terms, and so which paths it shows impossible in the next
proof. So each part is proved from one common state of an exploration, independent of what was proved before.
"""

import gc
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, Final, TypeVar

Found = TypeVar("Found")

ENDED: Final = b"."
"""The mark after the complete output of a process."""


class EndedError(Exception):
    """The exception for a process that ended before its output was complete."""


def apart(work: Callable[[], Found]) -> Found:
    """The result of `work` in a forked process. Raises the exception that it raised there, or EndedError if the process
    was killed.
    """
    reader, writer = os.pipe()
    watched, alive = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.close(alive)
        _work(work, writer, watched)
    os.close(writer)
    os.close(watched)
    try:
        with os.fdopen(reader, "rb") as pipe:
            said = pipe.read()
    finally:
        os.close(alive)
        os.waitpid(child, 0)
    if not said.endswith(ENDED):
        raise EndedError("a process was ended")
    is_found, found = pickle.loads(said[: -len(ENDED)])
    if not is_found:
        raise found
    return found  # type: ignore[no-any-return]  # it is what the work came to


def _work(work: Callable[[], Any], writer: int, watched: int) -> None:
    """Run `work` in the child process, write its pickled result to the pipe `writer`, and exit. The process also ends
    with its parent, which holds the other end of `watched`.
    """
    try:
        Thread(target=_end_with_parent, args=(watched,), daemon=True).start()
        try:
            said = pickle.dumps((True, work()))
        except Exception as error:  # it is raised where the work was asked for
            said = pickle.dumps((False, error))
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(said + ENDED)
    finally:
        os._exit(0)


def _end_with_parent(watched: int) -> None:
    """Exit when the parent is gone: reading the pipe returns once the parent's end is closed."""
    os.read(watched, 1)
    os._exit(1)


@contextmanager
def the_same_everywhere() -> Iterator[None]:
    """A context without garbage collection. The time of a collection depends on everything that ran before, and it
    frees the numbers of terms.
    """
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
