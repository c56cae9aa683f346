"""The formats of trace files: small readers and writers, from which each protocol builds its codec.

Each format reads one kind of JSON value, and writes it back unchanged. On any other value it raises MalformedTrace,
which names the value's place in the file. Amounts are decimal strings. Block numbers and timestamps are JSON integers.
A record has exactly its declared fields.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

Json = object
"""A JSON value, as the standard library parses it."""

Names = Mapping[str, frozenset[str]]
"""The names that a trace declares, as a set for each kind of name: `account`, `token`, `strategy` and so on."""

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]*")


def printable(text: str) -> str:
    """Untrusted text, made safe to print in a terminal: each unprintable character becomes Python's escape sequence."""
    return text if text.isprintable() else "".join([c if c.isprintable() else repr(c)[1:-1] for c in text])


class MalformedTrace(Exception):
    """The exception for a file that is no valid trace. `where` is a path of fields and positions; `problem` says what
    is wrong.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(printable(f"{where}: {problem}" if where else problem))
        self.where: Final = where
        self.problem: Final = problem


def shown(value: Json) -> str:
    """A JSON value's repr for a message, cut to 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Format:
    """The reader and writer of one kind of JSON value in traces, such as an amount or a name."""

    def read(self, value: Json, where: str, names: Names) -> object:
        """The Python value of a JSON value. Raises MalformedTrace if the JSON value does not have this format.

        `where` is the value's place in the file, for the error's message. `names` are the names that the trace
        declares.
        """
        raise NotImplementedError

    def write(self, value: object) -> Json:
        """The JSON form of a value, such that `read` returns that value."""
        raise NotImplementedError


class Amount(Format):
    """A decimal string, without sign or leading zero, of an unsigned integer of at most `bits` bits."""

    def __init__(self, bits: int = 256) -> None:
        self.bits: Final = bits

    def read(self, value: Json, where: str, names: Names) -> object:
        if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:
            raise MalformedTrace(where, f"expected a decimal string, found {shown(value)}")
        # Python refuses to convert very long strings. The largest uint256 has 78 digits.
        if len(value) > 78 or int(value) >> self.bits:
            raise MalformedTrace(where, f"{shown(value)} does not fit uint{self.bits}")
        return int(value)

    def write(self, value: object) -> Json:
        return str(value)


REVERT: Final = "revert:"
"""The prefix of a reverting view's answer. The error's name follows it."""


class ViewAnswer(Format):
    """The answer of a view function: an amount, or `revert:` and one of `errors`. Python holds it as the string of the
    trace.
    """

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors: Final = tuple(errors)

    def read(self, value: Json, where: str, names: Names) -> object:
        if not (isinstance(value, str) and value.startswith(REVERT)):
            return str(Amount().read(value, where, names))
        if value.removeprefix(REVERT) not in self.errors:
            raise MalformedTrace(where, f"unknown error {shown(value)}")
        return value

    def write(self, value: object) -> Json:
        return str(value)


class SignedAmount(Format):
    """A decimal string, with a minus sign if negative, of a signed integer of at most `bits` bits."""

    def __init__(self, bits: int) -> None:
        self.bits: Final = bits

    def read(self, value: Json, where: str, names: Names) -> object:
        if not isinstance(value, str) or _DECIMAL.fullmatch(value.removeprefix("-")) is None or value == "-0":
            raise MalformedTrace(where, f"expected a decimal string, found {shown(value)}")
        if len(value) > 79 or not -(1 << (self.bits - 1)) <= int(value) < 1 << (self.bits - 1):
            raise MalformedTrace(where, f"{shown(value)} does not fit int{self.bits}")
        return int(value)

    def write(self, value: object) -> Json:
        return str(value)


class Number(Format):
    """A JSON integer of at most `bits` bits, unsigned: a block number, a timestamp or a delay."""

    def __init__(self, bits: int) -> None:
        self.bits: Final = bits

    def read(self, value: Json, where: str, names: Names) -> object:
        if isinstance(value, bool) or not isinstance(value, int):
            raise MalformedTrace(where, f"expected an integer, found {shown(value)}")
        if value < 0 or value >> self.bits:
            raise MalformedTrace(where, f"{shown(value)} does not fit uint{self.bits}")
        return value

    def write(self, value: object) -> Json:
        return value


class Flag(Format):
    """A JSON boolean, which is a bool in Python."""

    def read(self, value: Json, where: str, names: Names) -> object:
        if not isinstance(value, bool):
            raise MalformedTrace(where, f"expected true or false, found {shown(value)}")
        return value

    def write(self, value: object) -> Json:
        return value


class Text(Format):
    """A string of printable characters on one line."""

    def read(self, value: Json, where: str, names: Names) -> object:
        if not isinstance(value, str):
            raise MalformedTrace(where, f"expected a string, found {shown(value)}")
        if not value.isprintable():
            raise MalformedTrace(where, f"not printable: {shown(value)}")
        return value

    def write(self, value: object) -> Json:
        return value


class Name(Format):
    """A name of one kind, such as a vault, that the trace declares. If `null` is set, JSON null stands for the name
    `null`.
    """

    def __init__(self, kind: str, null: str | None = None) -> None:
        self.kind: Final = kind
        self.null: Final = null

    def read(self, value: Json, where: str, names: Names) -> object:
        if value is None and self.null is not None:
            return self.null
        if not isinstance(value, str):
            raise MalformedTrace(where, f"expected the name of a {self.kind}, found {shown(value)}")
        if value not in names[self.kind]:
            raise MalformedTrace(where, f"unknown {self.kind} {shown(value)}")
        return sys.intern(value)

    def write(self, value: object) -> Json:
        return None if value == self.null else value


class ListOf(Format):
    """A JSON list whose items all have one format. Python holds it as a tuple."""

    def __init__(self, item: Format) -> None:
        self.item: Final = item

    def read(self, value: Json, where: str, names: Names) -> object:
        if not isinstance(value, list):
            raise MalformedTrace(where, f"expected a list, found {shown(value)}")
        return tuple([self.item.read(item, f"{where}[{position}]", names) for position, item in enumerate(value)])

    def write(self, value: object) -> Json:
        return [self.item.write(item) for item in cast("tuple[object, ...]", value)]


class MapOf(Format):
    """A JSON object whose keys all have one format, and whose values have another. Any set of keys is allowed."""

    def __init__(self, key: Format, item: Format) -> None:
        self.key: Final = key
        self.item: Final = item

    def read(self, value: Json, where: str, names: Names) -> object:
        fields = as_object(value, where)
        return {
            self.key.read(key, f"{where}.{key}", names): self.item.read(item, f"{where}.{key}", names)
            for key, item in fields.items()
        }

    def write(self, value: object) -> Json:
        items = cast("dict[object, object]", value)
        return {cast(str, self.key.write(key)): self.item.write(item) for key, item in items.items()}


class Record(Format):
    """A JSON object with exactly the declared fields. `make` receives their values in order, as positional arguments.

    Each field is its name in JSON, the attribute of the record, and its format. A field in `optional` may be absent:
    its value is then the default there, and `write` leaves out a field that equals its default.
    """

    def __init__(
        self,
        make: Callable[..., object],
        fields: Sequence[tuple[str, str, Format]],
        optional: Mapping[str, object] | None = None,
    ) -> None:
        self.make: Final = make
        self.fields: Final = fields
        self.optional: Final = optional or {}

    def read(self, value: Json, where: str, names: Names) -> object:
        return self.make(*self.read_fields(value, where, names))

    def read_fields(self, value: Json, where: str, names: Names) -> list[object]:
        """The fields' values in order, as the positional arguments of `make`."""
        present = as_object(value, where)
        check_fields(present, [name for name, _, _ in self.fields], where, list(self.optional))
        return [
            format.read(present[name], f"{where}.{name}" if where else name, names)
            if name in present
            else self.optional[name]
            for name, _, format in self.fields
        ]

    def write(self, value: object) -> Json:
        written: dict[str, Json] = {}
        for name, attribute, format in self.fields:
            item = cast(object, getattr(value, attribute))
            if name not in self.optional or item != self.optional[name]:
                written[name] = format.write(item)
        return written


def argument(name: str, format: Format, attribute: str = "") -> tuple[str, str, Format]:
    """A `Record` field for one argument of an action, as a tuple: its name in traces, its attribute, its format.

    `attribute` defaults to `name`.
    """
    return (name, attribute or name, format)


class ActionFormat:
    """The JSON form of one action: its class (`make`), its arguments after the sender, and the call's return values.
    `optional` maps each argument that may be absent to its default.

    `carries` is for an action whose only argument is a record: the attribute that holds the record, and its format. The
    trace then writes the record's fields as the arguments.
    """

    def __init__(
        self,
        make: Callable[..., object],
        arguments: Sequence[tuple[str, str, Format]] = (),
        returns: Sequence[tuple[str, Format]] = (),
        optional: Mapping[str, object] | None = None,
        carries: tuple[str, Record] | None = None,
    ) -> None:
        self.make: Final = make
        self.arguments: Final = Record(make, arguments, optional)
        self.returns: Final = returns
        self.carries: Final = carries

    def read(self, sender: object, value: Json, where: str, names: Names) -> object:
        """The action of `sender` with the arguments in the JSON object `value`.

        Raises MalformedTrace if a field is wrong.
        """
        if self.carries is not None:
            return self.make(sender, self.carries[1].read(value, where, names))
        return self.make(sender, *self.arguments.read_fields(value, where, names))

    def write(self, action: object) -> Json:
        """The JSON object of an action's arguments, without its sender.

        If the action carries a record, the object has the record's fields.
        """
        if self.carries is not None:
            attribute, record = self.carries
            return record.write(getattr(action, attribute))
        return self.arguments.write(action)

    def write_returns(self, value: object, nothing: Json) -> Json:
        """The JSON object of a call's return values, by name; `nothing` if the action has no return values."""
        if not self.returns:
            return nothing
        values = cast("tuple[object, ...]", value) if len(self.returns) > 1 else (value,)
        return {name: format.write(item) for (name, format), item in zip(self.returns, values, strict=True)}


def as_object(value: Json, where: str) -> dict[str, Json]:
    """`value` as a JSON object. Raises MalformedTrace if it is none."""
    if not isinstance(value, dict):
        raise MalformedTrace(where, f"expected an object, found {shown(value)}")
    return value


def check_fields(present: Mapping[str, Json], fields: Sequence[str], where: str, optional: Sequence[str] = ()) -> None:
    """Raise MalformedTrace at the first missing or unknown field. Fields in `optional` may be missing."""
    for name in fields:
        if name not in present and name not in optional:
            raise MalformedTrace(where, f"missing field {name!r}")
    for name in present:
        if name not in fields:
            raise MalformedTrace(where, f"unknown field {shown(name)}")
