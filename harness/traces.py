"""Trace files: finding them, loading JSON, and reading them with the protocol that they name."""

import gzip
import json
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import attrs

from spec.codec import Json, ListOf, MalformedTrace, Number, Record, Text, as_object, shown
from spec.protocol import Protocol, Trace

KEPT = Path(".restake")
"""The folder below the working directory in which counterexamples are kept."""

SUFFIXES = (".json", ".json.gz")

MOST_BYTES: Final = 2**26
"""The most bytes of an unpacked file, about thirty times the largest recorded trace."""


def bundled_traces() -> Path:
    """The folder of recorded traces that comes with the project, with a subfolder for each protocol."""
    here = Path(__file__).parent
    installed = here / "golden"
    return installed if installed.is_dir() else here.parent / "tests" / "golden"


def bundled_findings() -> Path:
    """The folder of traces that each show a known violation: installed with the package, or docs/findings in a
    checkout.
    """
    here = Path(__file__).parent
    installed = here / "findings_shown"
    return installed if installed.is_dir() else here.parent / "docs" / "findings"


def place_of(path: Path) -> str:
    """The place of a trace, independent of the machine: its path relative to the folder of bundled traces or to the
    current folder; else its name and that of its folder.
    """
    for root in (bundled_traces(), Path.cwd()):
        if path.absolute().is_relative_to(root):
            return path.absolute().relative_to(root).as_posix()
    return "/".join(path.parts[-2:])


def find_traces(places: Iterable[Path], suffixes: tuple[str, ...] = SUFFIXES) -> Iterator[Path]:
    """Every file in `places`, and every file with one of the suffixes in or below every folder in it; each once, in
    order.

    A folder that cannot be listed is yielded itself, so that reading it reports the error. Symbolic links to folders
    are not followed below a folder.
    """
    seen: set[str] = set()
    for place in places:
        for path in _in_folder(place, suffixes) if place.is_dir() else [place]:
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                yield path


def empty_folders(places: Iterable[Path], suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
    """The folders in `places` in or below which there is no file with one of the suffixes."""
    return [place for place in places if place.is_dir() and not any(find_traces([place], suffixes))]


def _in_folder(place: Path, suffixes: tuple[str, ...]) -> list[Path]:
    closed: list[Path] = []
    files = [
        Path(folder, name)
        for folder, _, names in os.walk(place, onerror=lambda error: closed.append(Path(error.filename)))
        for name in names
        if name.endswith(suffixes)
    ]
    return sorted([*files, *closed])


@attrs.frozen
class Claim:
    """The claim of a kept counterexample: the law that it breaks, the subject, and the run that found it. For a lost
    game also the party that moved, and the index of the first move.
    """

    law: str
    subject: str
    found_by: str
    party: tuple[str, ...] = ()
    begins: int = 0


CLAIM: Final = Record(
    Claim,
    [
        *[(name, name, Text()) for name in ("law", "subject", "found_by")],
        ("party", "party", ListOf(Text())),
        ("begins", "begins", Number(32)),
    ],
    optional={"party": (), "begins": 0},
)
"""The format of the field `finding`, in which a kept counterexample has its claim."""


def load_trace(path: Path, protocols: Mapping[str, Protocol]) -> tuple[Protocol, Trace]:
    """The trace in a file, with its protocol. Raises MalformedTrace if the file is no trace, for any reason."""
    protocol, trace, _ = load_kept(path, protocols)
    return protocol, trace


def load_kept(path: Path, protocols: Mapping[str, Protocol]) -> tuple[Protocol, Trace, Claim | None]:
    """The trace in a file, with its protocol, and its claim if it is a kept counterexample, else None. Raises
    MalformedTrace if the file is no trace, for any reason.
    """
    return read_kept(load_json(path), protocols)


def read_kept(found: Json, protocols: Mapping[str, Protocol]) -> tuple[Protocol, Trace, Claim | None]:
    """The trace in a JSON document, with its protocol, and its claim if it is a kept counterexample, else None. Raises
    MalformedTrace if the document is no trace of one of these protocols, or has no steps.
    """
    document = as_object(found, "")
    claim = cast(Claim, CLAIM.read(document.pop("finding"), "finding", {})) if "finding" in document else None
    if "protocol" not in document:
        raise MalformedTrace("", "missing field 'protocol'")
    name = document["protocol"]
    protocol = protocol_of(name, protocols) if isinstance(name, str) else None
    if protocol is None:
        raise MalformedTrace("protocol", f"unknown protocol {shown(name)}; known are {', '.join(sorted(protocols))}")
    trace = protocol.read_trace(document)
    if not trace.steps:
        raise MalformedTrace("steps", "there is none, so that there is nothing to compare")
    return protocol, trace, claim


def protocol_of(name: str, protocols: Mapping[str, Protocol]) -> Protocol | None:
    """The protocol with this name, or else the first one that has a family of traces with this name; None if there is
    none.
    """
    of_family = [protocol for protocol in protocols.values() if name in protocol.families]
    return protocols.get(name) or (of_family[0] if of_family else None)


def load_json(path: Path) -> Json:
    """The value in a JSON file, gzipped or not. Raises MalformedTrace if it cannot be read, or is ambiguous by repeated
    fields.
    """
    try:
        content = _content(path)
        return json.loads(content.decode(), object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise MalformedTrace("", f"not a whole gzip file: {error}") from error
    except OSError as error:
        raise MalformedTrace("", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MalformedTrace("", f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise MalformedTrace("", f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise MalformedTrace("", "not a trace: nested too deeply") from error
    except ValueError as error:
        raise MalformedTrace("", f"not a trace: {error}") from error


def _content(path: Path) -> bytes:
    """The bytes of a file, unpacked. Raises MalformedTrace for anything but a regular file, and for one that is too
    large.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        if path.is_dir():
            os.listdir(path)  # for the error that says why it cannot be listed
        raise MalformedTrace("", "not a file")
    with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise MalformedTrace("", f"larger than {MOST_BYTES // 2**20} MiB, unpacked")
    return content


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"field {shown(twice)} occurs twice in one object")
    return fields


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
