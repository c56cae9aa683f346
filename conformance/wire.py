"""The encoding of the wire protocol: how lines are read and written, and the digest of a state.

A line is one JSON object in UTF-8. It contains no JSON numbers: every integer is a decimal string, so that no parser
can round it. The digest of a value is the SHA-256 of its canonical text by RFC 8785.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from spec.codec import Json, shown

WIRE_VERSION: Final = "1"
"""The version of the wire protocol. It changes whenever clients of the previous version would be misunderstood."""

MOST_LINE_BYTES: Final = 2**24
"""The maximum length of a line in bytes, including its newline."""

MOST_DEPTH: Final = 64
"""The maximum nesting depth of lists and objects in a line."""


class WireError(Exception):
    """The exception for a line that violates the wire protocol; the message says how."""


def to_wire(value: Json) -> Json:
    """A trace's value in wire form: every integer becomes a decimal string, everything else stays."""
    if isinstance(value, dict):  # most values are strings; skipping the call for them saves time
        return {name: item if type(item) is str else to_wire(item) for name, item in value.items()}
    if isinstance(value, list):
        return [to_wire(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def canonical(value: Json) -> bytes:
    """The canonical text of a wire value by RFC 8785, with names sorted by their UTF-16 code units.

    Integers of a trace are written as decimal strings, as on the wire.
    """
    text = _compact(to_wire(value), sort_keys=True)
    if not text.isascii():  # sorting by code points may differ from sorting by UTF-16 code units
        text = _compact(_in_utf16_order(to_wire(value)), sort_keys=False)
    return text.encode()


def digest(value: Json) -> str:
    """The SHA-256 of a value's canonical text, in lower-case hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def write_line(message: Mapping[str, Json]) -> bytes:
    """A message as a line with its newline. Raises WireError if it is too long."""
    line = _compact(dict(message), sort_keys=False).encode() + b"\n"
    if len(line) > MOST_LINE_BYTES:
        raise WireError(f"a line of {len(line):,} bytes; the longest has {MOST_LINE_BYTES:,}")
    return line


def read_line(line: bytes) -> dict[str, Json]:
    """The JSON object in a line. Raises WireError for anything else, for numbers, for duplicate fields, and for too
    deep nesting.
    """
    if len(line) > MOST_LINE_BYTES:
        raise WireError(f"a line of more than {MOST_LINE_BYTES:,} bytes")
    try:
        value = json.loads(
            line.decode(),
            object_pairs_hook=_distinct,
            parse_int=_refuse_number,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
        if _depth(value) > MOST_DEPTH:
            raise WireError(f"nested more than {MOST_DEPTH} deep")
        _compact(value, sort_keys=False).encode()
    except UnicodeDecodeError as error:
        raise WireError(f"not UTF-8 at byte {error.start}") from error
    except UnicodeEncodeError as error:
        raise WireError("half of a surrogate pair, which is no text") from error
    except json.JSONDecodeError as error:
        raise WireError(f"not JSON at column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise WireError(f"nested more than {MOST_DEPTH} deep") from error
    if not isinstance(value, dict):
        raise WireError(f"expected an object, found {shown(value)}")
    return value


def _compact(value: Json, sort_keys: bool) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys, allow_nan=False)


def _in_utf16_order(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _in_utf16_order(value[name]) for name in sorted(value, key=lambda name: name.encode("utf-16-be"))}
    return [_in_utf16_order(item) for item in value] if isinstance(value, list) else value


def _depth(value: Json) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, items), default=0) if isinstance(value, dict | list) else 0


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise WireError("a field occurs twice in one object")
    return fields


def _refuse_number(number: str) -> NoReturn:
    raise WireError(f"{shown(number)} is a JSON number: integers are decimal strings here")
