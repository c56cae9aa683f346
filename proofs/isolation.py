"""Work in a process of its own, which begins as this one is now and leaves nothing behind in it.

What one law has a solver find out changes the numbers of terms, and so which paths are seen to be impossible in the
proof of the next. So each is proved from the same state of an exploration, whatever was asked before it.
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
"""The mark after all output of a process that came to its end."""


class EndedError(Exception):
    """A process was ended before it had said anything: nobody knows what it would have said."""


def apart(work: Callable[[], Found]) -> Found:
    """The result of some work, or its exception. EndedError if somebody ends it."""
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
    """Do the work, say what came of it, and end."""
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
    """Nobody hears a process whose parent is gone: then nobody holds the other end of a pipe."""
    os.read(watched, 1)
    os._exit(1)


@contextmanager
def the_same_everywhere() -> Iterator[None]:
    """No collection of what is left over, whose time depends on all that ran before: it frees numbers of terms."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
