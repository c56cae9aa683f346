"""A PostgreSQL server for one test: in a temporary folder, run by an unprivileged user, and stopped after the test."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

Pair = tuple[str, str]

DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """The folder of the newest server's programs; None if there is no server on this machine."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])) if DEBIAN.is_dir() else []
    named = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(named).resolve().parent if named else None


class Server:
    """A running server, reached by a socket in its folder."""

    def __init__(self, bin_folder: Path, folder: Path, user: str) -> None:
        self._command = [
            str(bin_folder / "psql"),
            *("-h", str(folder), "-U", user, "-d", "postgres", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
        ]

    def quotients(self, pairs: Sequence[Pair]) -> list[str]:
        """The quotient of each pair as the server's text, by one query on one table."""
        rows = "".join([f"{position}\t{a}\t{b}\n" for position, (a, b) in enumerate(pairs)])
        script = (
            "CREATE TEMP TABLE pairs (position int, a numeric, b numeric);\n"
            f"COPY pairs FROM STDIN;\n{rows}\\.\n"
            "SELECT a / b FROM pairs ORDER BY position;\n"
        )
        done = subprocess.run(self._command, input=script, capture_output=True, text=True, check=True)
        return done.stdout.split()


LONGEST_FOLDER = 60
"""The most characters of a folder for temporary files below which a server's socket may stand: its path holds 107."""


@contextmanager
def server() -> Iterator[Server]:
    """A context manager: a running server in a temporary folder that only its user can enter."""
    bin_folder = programs()
    assert bin_folder is not None
    is_root = os.geteuid() == 0
    user = "nobody" if is_root else pwd.getpwuid(os.geteuid()).pw_name
    above = "/tmp" if len(gettempdir()) > LONGEST_FOLDER else None
    with TemporaryDirectory(prefix="restaking-postgres-", dir=above, ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        if is_root:
            # A server refuses to run as root.
            os.chown(place, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        data = place / "data"
        control = [str(bin_folder / "pg_ctl"), "-D", str(data), "-w", "-s"]

        def run(command: list[str]) -> None:
            kept = {"check": True, "stdout": subprocess.DEVNULL, "cwd": place}
            subprocess.run(command, **kept, **({"user": user} if is_root else {}))  # type: ignore[call-overload]  # keywords by name

        run([str(bin_folder / "initdb"), "-D", str(data), "-A", "trust", "-U", user, "--no-sync"])
        options = f"-c listen_addresses='' -c unix_socket_directories='{place}' -c fsync=off"
        run([*control, "-l", str(place / "log"), "-o", options, "start"])
        try:
            yield Server(bin_folder, place, user)
        finally:
            run([*control, "-m", "immediate", "stop"])
