"""Messages of the wire protocol: readers and JSON Schema refuse the same ones, and every written message can
be read.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance.client import Accepted, Introduction, Rejected, Unsupported
from conformance.messages import (
    answer_message,
    introduction_message,
    read_answer,
    read_introduction,
    read_reset,
    read_state,
    reset_message,
    schema_check,
    state_message,
)
from spec.codec import MalformedTrace, check_fields

pytestmark = pytest.mark.source

DIGEST = "0123456789abcdef" * 4
Reader = Callable[[dict[str, Any]], object]


def read_bye(answer: dict[str, Any]) -> None:
    check_fields(answer, (), "")


GOOD: list[tuple[str, Reader, dict[str, Any], object]] = [
    *[
        ("hello", read_introduction, introduction_message(introduction), introduction)
        for introduction in (
            Introduction("a", "1.0", None, has_reasons=True, has_digest=True),
            Introduction("a", "", frozenset({"deposit", "claim"}), has_reasons=False, has_digest=False),
        )
    ],
    *[("reset", read_reset, reset_message(answer), answer) for answer in (DIGEST, None, Unsupported("no vetoes"))],
    *[
        ("apply", read_answer, answer_message(answer), answer)
        for answer in (
            Accepted({"shares": "1", "list": ["2", [], None, True]}, DIGEST),
            Accepted(None, None),
            Rejected("NotVault", DIGEST),
            Rejected(None, None),
            Unsupported("no batches"),
        )
    ],
    *[("state", read_state, state_message(answer), answer) for answer in ({"a": {"b": "1"}}, Unsupported("none"))],
    ("bye", read_bye, {}, None),
]

check = schema_check()


@pytest.mark.parametrize(("op", "read", "message", "meant"), GOOD)
def test_answers_are_read_as_they_were_written(op: str, read: Reader, message: dict[str, Any], meant: object) -> None:
    assert read(message) == meant
    assert check(f"answer_to_{op}", {"seq": "12", **message}) is None


def broken(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Variants of a message: with an extra field, with one field missing, or with one field's value of another type."""
    yield {**message, "more": "1"}
    for name, value in message.items():
        yield {field: kept for field, kept in message.items() if field != name}
        others: list[Any] = [True, [], {}, "\N{SNOWMAN}", ["1", True], None]
        for other in others:
            if type(other) is not type(value) or other != value:
                yield {**copy.deepcopy(message), name: other}


def is_read(read: Reader, message: dict[str, Any]) -> bool:
    try:
        read(message)
    except MalformedTrace:
        return False
    return True


@pytest.mark.parametrize(("op", "read", "message"), [entry[:3] for entry in GOOD])
def test_readers_and_schema_refuse_the_same(op: str, read: Reader, message: dict[str, Any]) -> None:
    tried = refused = 0
    for changed in broken(message):
        if "failed" not in changed:
            tried += 1
            refused += not is_read(read, changed)
            assert is_read(read, changed) is (check(f"answer_to_{op}", {"seq": "0", **changed}) is None), changed
    assert 0 < refused <= tried


def test_the_schema_names_what_is_wrong() -> None:
    assert check("request", {"op": "state", "seq": "0"}) is None
    assert check("request", {"op": "state", "seq": "00"}) is not None
    assert check("answer_to_bye", {"seq": "0", "why": ""}) is not None
    assert check("call", {"action": "mine", "sender": None, "args": {"blocks": "1"}, "block": "7"}) is None
    assert check("call", {"action": "mine", "sender": None, "args": {"blocks": 1}, "block": "7"}) is not None
    assert check("seq", {"seq": "1"}) == "{'seq': '1'} is not of type 'string'"
