"""Describes exceptions in code from outside, such as a user's module of laws, in one line with the file and line."""

import sysconfig
import traceback
from pathlib import Path

from harness.project import ENTRY_POINTS, announced, packages

OURS = tuple(str(Path(__file__).parents[1] / room) + "/" for room in packages())
"""The folders of this project's own code."""

LIBRARIES = sorted(
    {f"{sysconfig.get_path(kind)}/" for kind in ("stdlib", "platstdlib", "purelib", "platlib")}, key=len
)[::-1]
"""The folders of Python's own modules, and of installed packages."""


def explained(error: BaseException) -> str:
    """An exception as one line: its type and message, after the file and line of the user's own code that raised it.
    Without such code there is no file; a syntax error names the file that has it.
    """
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    said = f"exit code {error.code}" if isinstance(error, SystemExit) else f"{error}"
    problem = f"{type(error).__name__}: {said}" if said else type(error).__name__
    frame = _foreign_frame(error)
    return problem if frame is None else f"{frame.filename}:{frame.lineno}: {problem}"


def is_foreign(error: BaseException) -> bool:
    """True if an exception was raised in a user's own code that this project called, such as a pack or laws. Libraries
    and the standard library are not a user's code.
    """
    return _foreign_frame(error) is not None


def _foreign_frame(error: BaseException) -> traceback.FrameSummary | None:
    """The innermost stack frame of a user's own code, below a frame of this project; None if there is none. A frame of
    a library is not a user's.
    """
    frames = traceback.extract_tb(error.__traceback__)
    first = next((position for position, frame in enumerate(frames) if _is_ours(frame.filename)), len(frames))
    outside = [
        frame
        for frame in frames[first:]
        if Path(frame.filename).exists() and not _is_ours(frame.filename) and not _is_of_library(frame.filename)
    ]
    return outside[-1] if outside else None


def _is_ours(file: str) -> bool:
    """True if a file belongs to this project. Compiled modules give paths relative to the project's root."""
    return file.startswith(OURS) or (not Path(file).is_absolute() and Path(file).parts[0] in packages())


def _is_of_library(file: str) -> bool:
    """True if a file is Python's own or belongs to an installed package that announces no protocol."""
    folder = next((folder for folder in LIBRARIES if file.startswith(folder)), None)
    if folder is None:
        return False
    room = Path(file.removeprefix(folder)).parts[0].removesuffix(".py")
    return all([room != entry.value.partition(":")[0].partition(".")[0] for entry in announced(ENTRY_POINTS)])
