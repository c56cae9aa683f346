"""Traces in the Informal Trace Format (ITF) of Quint and Apalache, and back.

Each field of a state is a variable. One more variable, `step`, is a variant tagged by the action, with the call and its
answer. Everything else in a trace file is in the ITF file's `#meta`.
"""

from collections.abc import Mapping
from typing import Any, Final

from harness.interchange.values import UNIT, as_list, from_itf, from_variant, to_itf, variant
from spec.codec import Json, MalformedTrace, as_object, check_fields, shown
from spec.protocol import Trace

STEP: Final = "step"
"""The variable that has the call and its answer."""

INIT: Final = "Init"
"""The tag of the variable `step` in the state before the first step."""

DESCRIPTION: Final = "https://apalache-mc.org/docs/adr/015adr-trace.html"


def write_itf(document: Mapping[str, Json], trace: Trace) -> dict[str, Json]:
    """A trace file in ITF, given as JSON and as the trace read from it. Raises MalformedTrace if ITF cannot
    express it.
    """
    rest, initial = _without(document, trace.initial_field.split("."))
    states: list[Json] = []
    names = list(as_object(trace.initial, trace.initial_field))
    if STEP in names:
        raise MalformedTrace(f"{trace.initial_field}.{STEP}", "this variable holds the call")
    states.append(_state(0, variant(INIT, UNIT), trace.initial, trace.initial_field, names))
    for position, found in enumerate(as_list(rest.pop("steps"), "steps")):
        where = f"steps[{position}]"
        fields = as_object(found, where).copy()
        post, action = fields.pop("post"), str(fields.pop("action"))
        if action == INIT:
            raise MalformedTrace(f"{where}.action", f"{INIT!r} stands for the beginning")
        record = {key: to_itf(value, f"{where}.{key}") for key, value in fields.items()}
        states.append(_state(position + 1, variant(action, record), post, f"{where}.post", names))
    return {
        "#meta": {
            "format": "ITF",
            "format-description": DESCRIPTION,
            "description": f"{trace.name}, written by restake export",
            "trace": rest,
            "initial_field": trace.initial_field if initial else None,
        },
        "vars": [STEP, *names],
        "states": states,
    }


def read_itf(found: Json) -> dict[str, Json]:
    """The trace file in an ITF file that `restake export` wrote. Raises MalformedTrace if it is not one. The trace's
    content is not checked here.
    """
    fields = as_object(found, "")
    check_fields(fields, ("#meta", "vars", "states", "params", "loop"), "", ("params", "loop"))
    if fields.get("params", []) != [] or "loop" in fields:
        raise MalformedTrace("", "a trace has neither parameters nor a loop")
    meta = as_object(fields["#meta"], "#meta")
    for name in ("trace", "initial_field"):
        if name not in meta:
            raise MalformedTrace("#meta", f"missing field {name!r}: only a file of restake export is a trace")
    document = as_object(meta["trace"], "#meta.trace")
    if "steps" in document:
        raise MalformedTrace("#meta.trace.steps", "steps are in states")
    names, states = fields["vars"], fields["states"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise MalformedTrace("vars", f"expected a list of names, found {shown(names)}")
    if len({*names}) != len(names) or STEP not in names:
        raise MalformedTrace("vars", f"expected each once, and {STEP!r} among them")
    if not isinstance(states, list) or not states:
        raise MalformedTrace("states", f"expected a list with at least one state, found {shown(states)}")
    read = [_read_state(state, position, names) for position, state in enumerate(states)]
    (tag, nothing), initial = read[0]
    if (tag, nothing) != (INIT, UNIT):
        raise MalformedTrace(f"states[0].{STEP}", f"expected the variant {INIT} of the unit, found {shown(tag)}")
    if meta["initial_field"] is not None:
        _put(document, meta["initial_field"], initial)
    document["steps"] = [_read_step(step, post, index + 1) for index, (step, post) in enumerate(read[1:])]
    return document


def _without(document: Mapping[str, Json], path: list[str]) -> tuple[dict[str, Json], bool]:
    """The document without the value at a path, and True if there was one."""
    rest = dict(document)
    if path[0] not in rest:
        return rest, False
    if len(path) == 1:
        del rest[path[0]]
        return rest, True
    rest[path[0]], was_there = _without(as_object(rest[path[0]], path[0]), path[1:])
    return rest, was_there


def _put(document: dict[str, Json], field: Json, value: Json) -> None:
    where = "#meta.initial_field"
    if not isinstance(field, str):
        raise MalformedTrace(where, f"expected the path of a field or null, found {shown(field)}")
    *parents, last = field.split(".")
    for name in parents:
        if name not in document:
            raise MalformedTrace(where, f"#meta.trace has no {shown(name)}")
        document = as_object(document[name], f"#meta.trace.{name}")
    if last in document:
        raise MalformedTrace(where, f"#meta.trace has a {shown(last)} already")
    document[last] = value


def _state(index: int, step: Json, post: Json, where: str, names: list[str]) -> Json:
    fields = as_object(post, where)
    check_fields(fields, names, where)
    values = {name: to_itf(fields[name], f"{where}.{name}") for name in names}
    return {"#meta": {"index": index}, STEP: step, **values}


def _read_state(found: Json, index: int, names: list[str]) -> tuple[tuple[str, Json], Json]:
    """The tag and the value of the step that led to the state at `index`, and the values of the state's other
    variables.
    """
    where = f"states[{index}]"
    fields = as_object(found, where)
    check_fields(fields, ("#meta", *names), where, ("#meta",))
    step = from_variant(fields[STEP], f"{where}.{STEP}")
    return step, {name: from_itf(fields[name], f"{where}.{name}") for name in names if name != STEP}


def _read_step(step: tuple[str, Json], post: Json, index: int) -> dict[str, Any]:
    action, record = step
    where = f"states[{index}].{STEP}.value"
    fields = {key: from_itf(value, f"{where}.{key}") for key, value in as_object(record, where).items()}
    for name in ("action", "post"):
        if name in fields:
            raise MalformedTrace(f"{where}.{name}", "it is said elsewhere: by the tag, and by the variables")
    return {"action": action, **fields, "post": post}
