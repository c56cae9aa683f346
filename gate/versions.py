"""Versions of a repository, each copied into its own temporary folder: a revision from git, or the working tree.

The folders are deleted when the `with` block of `taken` ends, even by an exception. No git worktree is made.
"""

import hashlib
import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import attrs

WORKING_TREE: Final = "."
"""The name that stands for the working tree as a version: the current files, committed or not."""

OUR_OWN: Final = "gate"
"""The package that is never copied from a version: the installed gate judges all versions."""


class NoVersionError(Exception):
    """The exception for a revision that cannot be obtained; the message says why."""


@attrs.frozen
class Version:
    """A version: its name as requested, its commit (empty for the working tree), and the folder with its files."""

    name: str
    commit: str
    folder: Path

    @property
    def shown(self) -> str:
        """The version for display: `working tree`, or its name with the first 12 digits of the commit."""
        return "working tree" if self.name == WORKING_TREE else f"{self.name} ({self.commit[:12]})"

    def digests(self, suffix: str = ".py") -> dict[str, str]:
        """The SHA-256 digest of each file with this suffix, by its path relative to the folder."""
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob(f"*{suffix}"))
            if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts
        }


def root_of(folder: Path) -> Path:
    """The root of the repository that contains a folder. Raises NoVersionError if there is none."""
    return Path(_git(folder, "rev-parse", "--show-toplevel").decode().rstrip("\n"))


@contextmanager
def taken(repository: Path, *names: str) -> Iterator[list[Version]]:
    """A context manager that copies versions of a repository into temporary folders, and gives them in the order of
    `names`.

    A name is a revision of git, or `.` for the working tree. Raises NoVersionError if a version cannot be obtained.
    """
    with TemporaryDirectory(prefix="restake-gate-", ignore_cleanup_errors=True) as folder:
        yield [_take(repository, name, Path(folder) / f"version{number}") for number, name in enumerate(names)]


def _take(repository: Path, name: str, folder: Path) -> Version:
    folder.mkdir()
    if name == WORKING_TREE:
        _copy(repository, folder)
        return Version(name, "", folder)
    if name.startswith("-"):
        raise NoVersionError(f"{name}: no revision begins so")
    try:
        commit = _git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()
    except NoVersionError as error:
        raise NoVersionError(f"{name}: git knows no such revision here{_advice(repository)}") from error
    archived = _git(repository, "archive", "--format=tar", commit)
    try:
        with tarfile.open(fileobj=io.BytesIO(archived)) as archive:
            _unpack(archive, folder)
    except tarfile.ReadError as error:
        raise NoVersionError(f"{name}: there is no file in it") from error
    return Version(name, commit, folder)


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive, each symbolic link as a copy of the file that it leads to."""
    members = [member for member in archive.getmembers() if not _is_left_out(member.name)]
    archive.extractall(folder, [member for member in members if member.isfile() or member.isdir()], filter="data")
    for link in [member for member in members if member.issym()]:
        _put_as_file(link.name, folder / link.name, _linked(archive, link))


def _linked(archive: tarfile.TarFile, link: tarfile.TarInfo) -> bytes | None:
    """The content of the file to which a link in an archive leads. None if that is no file of the archive."""
    try:
        file = archive.extractfile(link)
    except (KeyError, RecursionError):
        return None
    return None if file is None else file.read()


def _put_as_file(name: str, path: Path, content: bytes | None) -> None:
    """Write a symbolic link as a regular file at `path` with the content of the file that it leads to.

    Raises NoVersionError if `content` is None: the link leads to no file of the version. `name` is the link's name for
    the message.
    """
    if content is None:
        raise NoVersionError(f"{name}: a symbolic link to what is no file of the version")
    path.write_bytes(content)


def _advice(repository: Path) -> str:
    """The likely cause of a missing revision on a build machine, as the end of a message; empty if unknown."""
    is_shallow = _git(repository, "rev-parse", "--is-shallow-repository").strip() == b"true"
    return "; only a part of the history was fetched" if is_shallow else ""


def _copy(repository: Path, folder: Path) -> None:
    """Copy the files that git tracks, and the untracked ones that it does not ignore."""
    listed = _git(repository, "ls-files", "-z", "--cached", "--others", "--exclude-standard").decode()
    for name in sorted({name for name in listed.split("\0") if name}):
        path = repository / name
        if _is_left_out(name) or not (path.is_file() or path.is_symlink()):
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            is_own = path.is_file() and path.resolve().is_relative_to(repository.resolve())
            _put_as_file(name, folder / name, path.read_bytes() if is_own else None)
        else:
            shutil.copyfile(path, folder / name)


def _is_left_out(name: str) -> bool:
    """True for files of the gate's own package, and for compiled Python files, which Python would import instead of
    source.
    """
    return Path(name).parts[:1] == (OUR_OWN,) or "__pycache__" in Path(name).parts


def _git(folder: Path, *words: str) -> bytes:
    """The output of a git command. Raises NoVersionError if it fails."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except OSError as error:
        raise NoVersionError(f"git cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="backslashreplace").strip().splitlines()
        raise NoVersionError(f"git {words[0]}: {said[-1] if said else f'exit code {done.returncode}'}")
    return done.stdout
