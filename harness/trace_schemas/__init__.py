"""The JSON Schemas of trace files, derived from the formats of the readers, so that both agree.

A schema describes the form of fields. Only the reader checks relations: that a name is declared, that a block follows
the previous one, that an amount is below 2^256.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from spec.codec import (
    REVERT,
    ActionFormat,
    Amount,
    Flag,
    Format,
    Json,
    ListOf,
    MapOf,
    Name,
    Number,
    Record,
    SignedAmount,
    Text,
    ViewAnswer,
)

Schema = dict[str, Any]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_of(format: Format, others: Mapping[type[Format], Schema]) -> Schema:
    """The schema of a format; `others` has the schemas of a protocol's own formats. Raises TypeError for an unknown
    one.
    """
    if type(format) in others:
        return dict(others[type(format)])
    if isinstance(format, Amount):
        return amount(format.bits)
    if isinstance(format, ViewAnswer):
        reverts = [f"{REVERT}{error}" for error in format.errors]
        return {"anyOf": [amount(), {"enum": reverts}], "description": "a uint256, in decimal, or the view's error"}
    if isinstance(format, SignedAmount):
        digits = len(str(2 ** (format.bits - 1)))
        pattern = f"^(0|-?[1-9][0-9]{{0,{digits - 1}}})$"
        return {"type": "string", "pattern": pattern, "description": f"an int{format.bits}, in decimal"}
    if isinstance(format, Number):
        return {"type": "integer", "minimum": 0, "maximum": 2**format.bits - 1, "description": f"a uint{format.bits}"}
    if isinstance(format, Flag):
        return {"type": "boolean"}
    if isinstance(format, Text):
        return {"type": "string", "description": "any text in one line"}
    if isinstance(format, Name):
        of = ["string"] if format.null is None else ["string", "null"]
        article = "an" if format.kind[0] in "aeiou" else "a"
        return {"type": of[0] if len(of) == 1 else of, "description": f"the name of {article} {format.kind}"}
    if isinstance(format, ListOf):
        return {"type": "array", "items": schema_of(format.item, others)}
    if isinstance(format, MapOf):
        keys = {key: value for key, value in schema_of(format.key, others).items() if key != "type"}
        return {"type": "object", "propertyNames": keys, "additionalProperties": schema_of(format.item, others)}
    if isinstance(format, Record):
        fields = {name: schema_of(item, others) for name, _, item in format.fields}
        return record(fields, optional=tuple(format.optional))
    raise TypeError(f"no schema of {type(format).__name__}")


def amount(bits: int = 256) -> Schema:
    """The schema of an unsigned integer of this many bits, as a decimal string."""
    pattern = f"^(0|[1-9][0-9]{{0,{len(str(2**bits - 1)) - 1}}})$"
    return {"type": "string", "pattern": pattern, "description": f"a uint{bits}, in decimal"}


def record(fields: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    """The schema of an object with exactly these fields, some of them optional."""
    required = [name for name in fields if name not in optional]
    return {"type": "object", "properties": dict(fields), "required": required, "additionalProperties": False}


def said(schema: Schema, description: str) -> Schema:
    """A schema with the given description. The schema's own description follows in brackets."""
    form = schema.get("description")
    return {**schema, "description": description if form is None else f"{description} ({form})"}


def names(description: str) -> Schema:
    """The schema of a list of names, each of which the trace file must declare."""
    return {"type": "array", "items": {"type": "string"}, "description": description}


def calls(
    passes: str,
    args: Schema,
    formats: Mapping[str, ActionFormat],
    nothing: Schema,
    others: Mapping[type[Format], Schema],
) -> dict[str, tuple[Schema, Schema]]:
    """The schemas of each call's arguments and return values, by the call's name; a rejected call returns `nothing`.
    The first call is `passes`, in which only time passes, with the arguments `args`. `formats` has the others.
    """
    found = {passes: (args, nothing)}
    for name, format in formats.items():
        taken = format.arguments if format.carries is None else format.carries[1]
        returns = record({field: schema_of(item, others) for field, item in format.returns})
        found[name] = (schema_of(taken, others), {"oneOf": [returns, nothing]} if format.returns else nothing)
    return found


def step(
    fields: Mapping[str, Schema],
    calls: Mapping[str, tuple[Schema, Schema]],
    errors: list[str],
    facts: tuple[str, ...],
) -> Schema:
    """The schema of a step: the common `fields`, then the arguments and return values by the call's name, as `calls`
    gives them. `errors` are the names of all errors.

    `facts` are steps that no account calls, such as passing time.
    """
    account: Schema = {"type": "string", "description": "the account that calls"}
    nobody: Schema = {"type": "null", "description": "nobody calls"}
    of_call = [
        # The action comes first, so that validators reject the other alternatives at once.
        record(
            {
                "action": {"const": name},
                "sender": nobody if name in facts else account,
                **fields,
                "args": args,
                "returns": returns,
            },
            optional=("note",),
        )
        for name, (args, returns) in calls.items()
    ]
    accepted = {"properties": {"ok": {"const": True}, "error": {"type": "null"}}}
    rejected = {"properties": {"ok": {"const": False}, "error": {"enum": errors}}}
    return {"allOf": [{"oneOf": of_call}, {"oneOf": [accepted, rejected]}]}


def markdown(protocol: str, schema: Schema, calls: Mapping[str, tuple[Schema, Schema]]) -> str:
    """The documentation page on a protocol's traces: every field of the schema with its form and its meaning, then
    every call.
    """
    lines = [f"# Traces of {protocol}, field by field", ""]
    lines += [f"Written by `restake new-trace {protocol} --fields`; [traces.md](traces.md) says the rest.", ""]
    steps = schema["properties"]["steps"]["items"]["allOf"][0]["oneOf"][-1]
    left = ("action", "args", "returns", "post")
    of_step = {name: field for name, field in steps["properties"].items() if name not in left}
    for title, fields in (("File", schema), ("Step", {**steps, "properties": of_step})):
        lines += [f"## {title}", "", "| field | form | meaning |", "|---|---|---|"]
        lines += [f"| `{where}` | {form} | {meaning} |" for where, form, meaning in _fields(fields, "")] + [""]
    lines += ["A step has four more: `action`, `args` and `returns`, as below, and `post`, the whole state after it."]
    lines += ["", "## Calls", "", "| `action` | `args` | `returns` |", "|---|---|---|"]
    lines += [f"| `{name}` | {_inline(args)} | {_inline(returns)} |" for name, (args, returns) in calls.items()]
    return "\n".join(lines) + "\n"


def _fields(schema: Schema, where: str) -> Iterator[tuple[str, str, str]]:
    """The fields of an object at a path, with all nested ones: path, form and meaning."""
    for name, field in schema.get("properties", {}).items():
        place = f"{where}.{name}" if where else name
        optional = "" if name in schema["required"] else ", may be left out"
        yield place, f"{_form(field)}{optional}", field.get("description", "")
        if place != "steps":
            yield from _fields(field, place)
            if isinstance(more := field.get("additionalProperties"), dict) and "properties" in more:
                yield from _fields(more, f"{place}.NAME")


def _form(schema: Schema) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_form(schema['items'])}"
    if kind == "string" and "in decimal" in schema.get("description", ""):
        return "decimal string"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _inline(schema: Schema) -> str:
    """The fields of arguments or return values, each with its form, as one line."""
    if "oneOf" in schema:
        return _inline(schema["oneOf"][0])
    fields = schema.get("properties", {})
    left = set(fields) - set(schema.get("required", ()))
    shown = [f"`{name}`{'?' if name in left else ''}: {_briefly(field)}" for name, field in fields.items()]
    return ", ".join(shown) or "none"


def _briefly(schema: Schema) -> str:
    if schema.get("type") == "array":
        return f"list of {_briefly(schema['items'])}"
    if schema.get("type") == "object" and "properties" in schema:
        return f"{{{_inline(schema)}}}"
    return str(schema.get("description") or _form(schema))


def plain(schema: Schema) -> Json:
    """The schema as a JSON Schema document, with the version of the standard."""
    return {"$schema": DRAFT, **schema}
