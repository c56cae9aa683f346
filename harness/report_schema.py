"""The JSON Schema of the report of `restake check --format json`, derived from the classes that are written to it."""

import types
from collections.abc import Mapping
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from harness.evidence import Evidence
from harness.outcome import SCHEMA, Provenance
from harness.suite import ActionRow, Finding, ReasonRow, Row

Schema = dict[str, Any]

PLAIN: Final[dict[Any, str]] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}

TEXT: Final[Schema] = {"type": "string"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
FLAG: Final[Schema] = {"type": "boolean"}


def of_type(kind: Any) -> Schema:
    """The schema of a type that occurs in a report. Raises TypeError for any other type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [of_type(each) for each in arguments]}
    if origin is tuple and arguments[1:] == (...,):
        return {"type": "array", "items": of_type(arguments[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": of_type(arguments[1])}
    if attrs.has(kind):
        return of_class(kind)
    raise TypeError(f"no schema of {kind}")


def of_class(kind: type[Any]) -> Schema:
    """The schema of an attrs class as `attrs.asdict` writes it."""
    hints = get_type_hints(kind)
    return record({field.name: of_type(hints[field.name]) for field in attrs.fields(kind)})


def record(fields: Mapping[str, Schema]) -> Schema:
    """The schema of an object with exactly these fields."""
    return {"type": "object", "properties": dict(fields), "required": list(fields), "additionalProperties": False}


def optional(schema: Schema) -> Schema:
    """The schema of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def many(item: Schema) -> Schema:
    """The schema of an array of items."""
    return {"type": "array", "items": item}


VOLUME: Final = record({"runs": COUNT, "steps": COUNT, "accepted": COUNT, "scans": COUNT})

ACTION: Final = of_class(ActionRow)
ACTION["properties"]["acceptance_rate"] = of_type(float | None)
ACTION["required"].append("acceptance_rate")

SUITE: Final = record(
    {
        "specifies": TEXT,
        "verdict": TEXT,
        "holds": FLAG,
        "failures": TEXTS,
        "unfinished": TEXTS,
        "is_cut_short": FLAG,
        "judges_coverage": FLAG,
        **dict.fromkeys(("on_traces", "on_walks", "by_hypothesis", "in_games"), VOLUME),
        "laws": many(of_class(Row)),
        "actions": many(ACTION),
        "reasons": many(of_class(ReasonRow)),
        "gaps": {"type": "object", "additionalProperties": TEXTS},
        "rechecked": COUNT,
        "differing": TEXTS,
        "unread": TEXTS,
        "unjudged": TEXTS,
        "assumed": TEXTS,
        "out_of_reach": {"type": "object", "additionalProperties": TEXT},
        "findings": many(of_class(Finding)),
        "evidence": optional(of_class(Evidence)),
    }
)

TRACE: Final = record(
    {
        "trace": TEXT,
        "place": TEXT,
        "verdict": TEXT,
        "steps": COUNT,
        "mismatch": {"type": ["object", "null"]},
        "malformed": {"type": ["object", "null"]},
        "finding": {"type": ["object", "null"]},
    }
)

REPORT: Final[Schema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "restake check --format json",
    **record(
        {
            "schema": {"const": SCHEMA},
            "verdict": TEXT,
            "exit_code": {"enum": [0, 1, 2, 5]},
            "exit_code_in_words": TEXT,
            "problem": optional(TEXT),
            "unfinished": optional(TEXT),
            "left_out": TEXTS,
            "made_by": of_class(Provenance),
            "traces": many(TRACE),
            "suites": {"type": "object", "additionalProperties": SUITE},
        }
    ),
}
