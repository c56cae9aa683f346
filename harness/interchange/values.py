"""The lossless conversion of JSON values in traces to values of the Informal Trace Format, and back.

A decimal string becomes a big integer, a JSON integer a number, null the variant None of the unit. An object whose keys
have only letters and underscores becomes a record, any other a map. Unknown forms are refused, with their place.
"""

import re
from typing import Final

from spec.codec import Json, MalformedTrace, as_object, check_fields, shown

MOST_NUMBER: Final = 2**53 - 1
"""The largest JSON number in the format, which every reader represents exactly."""

MOST_DEEP: Final = 64
"""The deepest nesting of values that is read."""

UNIT: Final[Json] = {"#tup": []}
"""The unit, a tuple without components."""

_DECIMAL: Final = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
_FIELD: Final = re.compile(r"[A-Za-z_]+", re.ASCII)
_VARIANT: Final = {"tag", "value"}
_MOST_DIGITS: Final = 80
"""The most digits of a decimal string that counts as an integer; 256-bit integers have fewer."""


def variant(tag: str, value: Json) -> Json:
    """A value of a sum type in the Informal Trace Format (ITF): a tag with its value."""
    return {"tag": tag, "value": value}


def to_itf(value: Json, where: str) -> Json:
    """A value of a trace, converted to the Informal Trace Format. Raises MalformedTrace, with the place `where`, if the
    format cannot express it.
    """
    if value is None:
        return variant("None", UNIT)
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"#bigint": value} if _is_integer(value) else value
    if isinstance(value, int):
        if abs(value) > MOST_NUMBER:
            raise MalformedTrace(where, f"{shown(value)} is a JSON number above 2^53 - 1")
        return value
    if isinstance(value, list):
        return [to_itf(item, f"{where}[{position}]") for position, item in enumerate(value)]
    if isinstance(value, dict):
        items = {key: to_itf(item, f"{where}.{key}") for key, item in value.items()}
        if items and all(_FIELD.fullmatch(key) for key in items) and set(items) != _VARIANT:
            return items
        return {"#map": [[to_itf(key, where), item] for key, item in items.items()]}
    raise MalformedTrace(where, f"{shown(value)} has no form in the Informal Trace Format")


def from_itf(value: Json, where: str, depth: int = 0) -> Json:
    """The trace's value for a value of the Informal Trace Format, which is nested `depth` deep. Raises MalformedTrace,
    with the place `where`, if there is none.
    """
    if depth > MOST_DEEP:
        raise MalformedTrace(where, f"nested deeper than {MOST_DEEP}")
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > MOST_NUMBER:
            raise MalformedTrace(where, f"{shown(value)} is a JSON number above 2^53 - 1: expected a #bigint")
        return value
    if isinstance(value, list):
        return [from_itf(item, f"{where}[{position}]", depth + 1) for position, item in enumerate(value)]
    fields = as_object(value, where)
    special = [key for key in fields if key.startswith("#")]
    if special:
        if len(fields) != 1:
            raise MalformedTrace(where, f"{shown(special[0])} stands alone in its object")
        return _special(special[0], fields[special[0]], where, depth)
    if set(fields) == _VARIANT:
        if fields != variant("None", UNIT):
            raise MalformedTrace(where, "the only variant inside a value is None of the unit")
        return None
    return {key: from_itf(item, f"{where}.{key}", depth + 1) for key, item in fields.items()}


def from_variant(value: Json, where: str) -> tuple[str, Json]:
    """The tag of a tagged value of the Informal Trace Format (a variant), and its value, not yet converted. Raises
    MalformedTrace, with the place `where`, if it is no variant.
    """
    fields = as_object(value, where)
    check_fields(fields, ("tag", "value"), where)
    tag = fields["tag"]
    if not isinstance(tag, str):
        raise MalformedTrace(f"{where}.tag", f"expected a string, found {shown(tag)}")
    return tag, fields["value"]


def _is_integer(text: str) -> bool:
    return len(text) <= _MOST_DIGITS and _DECIMAL.fullmatch(text) is not None


def _special(kind: str, value: Json, where: str, depth: int) -> Json:
    if kind == "#bigint":
        if not isinstance(value, str) or not _is_integer(value):
            raise MalformedTrace(where, f"expected a decimal string of 256 bits in #bigint, found {shown(value)}")
        return value
    if kind == "#map":
        return _map(value, where, depth)
    if kind == "#set":
        raise MalformedTrace(where, "a #set has no order, and every list of a trace has one")
    if kind == "#tup":
        raise MalformedTrace(where, "a trace has no tuple but that of None")
    raise MalformedTrace(where, f"unknown kind of value {shown(kind)}")


def as_list(value: Json, where: str) -> list[Json]:
    """The value itself, if it is a list. Raises MalformedTrace, with the place `where`, otherwise."""
    if not isinstance(value, list):
        raise MalformedTrace(where, f"expected a list, found {shown(value)}")
    return value


def _map(value: Json, where: str, depth: int) -> Json:
    if not isinstance(value, list):
        raise MalformedTrace(where, f"expected a list of pairs in #map, found {shown(value)}")
    items: dict[str, Json] = {}
    for position, pair in enumerate(value):
        place = f"{where}[{position}]"
        if not isinstance(pair, list) or len(pair) != 2:
            raise MalformedTrace(place, f"expected a pair of key and value, found {shown(pair)}")
        key = from_itf(pair[0], place, depth + 1)
        if not isinstance(key, str):
            raise MalformedTrace(place, f"expected a string or a #bigint as the key, found {shown(key)}")
        if key in items:
            raise MalformedTrace(place, f"the key {shown(key)} occurs twice")
        items[key] = from_itf(pair[1], f"{where}.{key}", depth + 1)
    return items
