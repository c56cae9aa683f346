"""JSON Schemas of traces, and first traces to continue from: no trace that a schema refuses agrees in a replay."""

import copy
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from harness.cli import cli
from harness.protocols import known_packs
from harness.replay import replay
from harness.traces import read_kept
from spec.codec import MalformedTrace
from spec.protocol import Protocol

ROOT = Path(__file__).parents[2]

RELATIONS = re.compile(
    r"unknown (account|sender|token|strategy|vault|registered operator|registered network) "
    r"|it must name each strategy once|unknown field 'rewards'$|^genesis\.post\.|declared twice"
    r"|expected \d+ after the step before|it goes with the extension"
)
"""A pattern of those of the reader's problems that a schema cannot express: names that are not declared, and rows that
must follow from declarations.
"""


def new_trace(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["new-trace", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def validator(name: str) -> Draft202012Validator:
    schema = json.loads(new_trace(name, "--schema").stdout)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def agrees(protocol: Protocol, document: dict[str, Any]) -> bool:
    """True if a replay agrees with a trace. Raises MalformedTrace if the document is not a valid trace."""
    return replay(*read_kept(copy.deepcopy(document), {protocol.name: protocol})[:2]) is None


@pytest.mark.source
@pytest.mark.parametrize("name", known_packs())
def test_the_pages_are_what_is_written(name: str) -> None:
    assert (ROOT / "docs" / f"traces_{name}.md").read_text() == new_trace(name, "--fields").stdout


@pytest.mark.source
@pytest.mark.parametrize("name", known_packs())
def test_recorded_traces_and_new_ones_are_as_the_schema_says(name: str) -> None:
    schema, pack = validator(name), known_packs()[name]
    recorded = min(pack.traces.glob("*.json.gz"), key=lambda path: path.stat().st_size)
    first = json.loads(new_trace(name, "--steps", "6", "--seed", "1").stdout)
    assert agrees(pack.protocol, first)
    for document in (first, json.loads(gzip.decompress(recorded.read_bytes()))):
        assert [error.message for error in schema.iter_errors(document)] == []


@pytest.mark.usefixtures("example")
def test_a_protocol_from_outside_gets_a_first_trace_and_has_no_schema() -> None:
    document = json.loads(new_trace("pool_pack:PACK").stdout)
    assert (document["protocol"], len(document["steps"])) == ("staking_pool", 3)
    with pytest.raises(click.UsageError, match="staking_pool has no schema of its traces"):
        new_trace("pool_pack:PACK", "--schema")
    with pytest.raises(click.UsageError, match="brings no invariants"):
        new_trace("staking_pool:PROTOCOL")


def places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a JSON document, each as the keys and indices that lead to the value. Of a list, only
    the last item is visited.
    """
    if where:
        yield where
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*where, key))
    elif isinstance(value, list) and value:
        yield from places(value[-1], (*where, len(value) - 1))


def at(document: dict[str, Any], where: tuple[Any, ...]) -> Any:
    """The value at a path in a document; None if it is missing."""
    found: Any = document
    for key in where[:-1]:
        found = found[key]
    return found.get(where[-1]) if isinstance(found, dict) else None


def changed(document: dict[str, Any], where: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    """Variants of a document: with another value at a path, mostly of another type, and one without the value."""
    was: Any = document
    for key in where:
        was = was[key]
    equal = float(was) if isinstance(was, int) else 1 if was is True else "x"
    for value in (None, -1, equal, 1.5, "-1", "01", "x" * 90, [], {}, {"more": 1}, [1], True):
        other = copy.deepcopy(document)
        inside: Any = other
        for key in where[:-1]:
            inside = inside[key]
        if type(inside[where[-1]]) is not type(value) or inside[where[-1]] != value:
            inside[where[-1]] = value
            yield other
    without = copy.deepcopy(document)
    inside = without
    for key in where[:-1]:
        inside = inside[key]
    del inside[where[-1]]
    yield without


@pytest.mark.source
@pytest.mark.parametrize("name", known_packs())
def test_schema_and_reader_refuse_the_same_forms(name: str) -> None:
    """Each value in the head, in a call and in its arguments is replaced in turn by values that are not
    allowed there.
    """
    protocol = known_packs()[name].protocol
    schema = json.loads(new_trace(name, "--schema").stdout)
    for call in schema["properties"]["steps"]["items"]["allOf"][0]["oneOf"]:
        call["properties"]["post"] = {}  # states are as the schema says above; here they would only cost time
    schema["properties"].pop("initial_state", {})
    schema["additionalProperties"] = True
    document = json.loads(new_trace(name, "--steps", "2").stdout)
    refused = 0
    for where in [where for where in places(document) if not {"post", "initial_state", "final_histories"} & {*where}]:
        for other in changed(document, where):
            is_refused, problem, is_same = not Draft202012Validator(schema).is_valid(other), "", False
            try:
                is_same = agrees(protocol, other)
            except MalformedTrace as error:
                problem = str(error)
            # JSON Schema takes 1.0 for an integer, the reader does not.
            assert not (is_refused and is_same), (where, other)
            assert is_refused or not problem or isinstance(at(other, where), float) or RELATIONS.search(problem), (
                problem
            )
            refused += is_refused
    assert refused > 300
