"""Lines and digests of the wire protocol: the published test vectors, and what a line must not contain."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.wire import MOST_LINE_BYTES, WireError, canonical, digest, read_line, to_wire, write_line

pytestmark = pytest.mark.source

VECTORS: list[dict[str, Any]] = json.loads((Path(conformance.__file__).parent / "digests.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_digest_of_every_published_vector(vector: dict[str, Any]) -> None:
    text = vector["canonical"]
    assert canonical(vector["value"]).decode() == text
    assert hashlib.sha256(text.encode()).hexdigest() == vector["digest"] == digest(vector["value"])
    assert json.loads(text) == vector["value"]


def test_names_are_sorted_by_utf_16_which_is_not_the_order_of_code_points() -> None:
    assert canonical({"\ufb33": "", "\U0001f600": ""}) == '{"\U0001f600":"","\ufb33":""}'.encode()


def test_integers_of_a_trace_have_the_digest_of_their_decimal_strings() -> None:
    state = {"block": 2**70, "is_paid": True, "rows": [1, "1", None]}
    assert to_wire(state) == {"block": str(2**70), "is_paid": True, "rows": ["1", "1", None]}
    assert digest(state) == digest(to_wire(state))


def test_a_line_is_read_as_it_was_written() -> None:
    message = {"seq": "0", "state": {"é": ["\U0001f600", True, None, {}]}}
    assert read_line(write_line(message)) == message


REFUSED = {
    b"\n": "not JSON at column 1: Expecting value",
    b"{": "not JSON at column 2: Expecting property name enclosed in double quotes",
    b"[]": "expected an object, found []",
    b'"seq"': "expected an object, found 'seq'",
    b'{"seq":1}': "'1' is a JSON number: integers are decimal strings here",
    b'{"seq":1e999}': "'1e999' is a JSON number: integers are decimal strings here",
    b'{"seq":NaN}': "'NaN' is a JSON number: integers are decimal strings here",
    b'{"a":"1","a":"2"}': "a field occurs twice in one object",
    b'{"a":"\xff"}': "not UTF-8 at byte 6",
    rb'{"a":"\ud800"}': "half of a surrogate pair, which is no text",
    b'{"a":' + b"[" * 64 + b"]" * 64 + b"}": "nested more than 64 deep",
    b'{"a":' + b"[" * 10**6: "nested more than 64 deep",
    b'{"a":' + b'{"a":' * 10**5: "nested more than 64 deep",
    b"{" + b"1" * 10**6: "not JSON at column 2: Expecting property name enclosed in double quotes",
    b'{"a":' + b"9" * 10**6 + b"}": f"'{'9' * 56}... is a JSON number",
}


@pytest.mark.parametrize("line", REFUSED, ids=lambda line: repr(line[:20]))
def test_what_no_line_may_hold(line: bytes) -> None:
    with pytest.raises(WireError) as error:
        read_line(line)
    assert str(error.value).startswith(REFUSED[line])


def test_no_line_is_longer_than_the_longest() -> None:
    value = "a" * (MOST_LINE_BYTES - len(b'{"a":""}\n'))
    assert read_line(write_line({"a": value})) == {"a": value}
    with pytest.raises(WireError, match="the longest has"):
        write_line({"a": value + "a"})
    with pytest.raises(WireError, match="more than 16,777,216 bytes"):
        read_line(b" " * (MOST_LINE_BYTES + 1))
