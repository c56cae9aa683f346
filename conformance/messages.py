"""The messages of the wire protocol: requests, readers of answers, and the JSON Schema of both.

An answer must have exactly the defined fields. Anything else is refused, with the name of the wrong field.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from conformance.client import DIGEST, Accepted, Answer, Introduction, Rejected, Unsupported
from conformance.wire import WIRE_VERSION
from spec.codec import Json, ListOf, MalformedTrace, Text, check_fields, shown

Message = dict[str, Json]

SCHEMA_FILE: Final = Path(__file__).parent / "wire.schema.json"
"""The file with the JSON Schema of all messages, part of the package."""

DIGEST_LENGTH: Final = 64

MOST_TEXT: Final = 4_096
"""The maximum length in characters of a text that is kept and displayed.

Such a text is a name, a version, a reason, or an explanation of why something is unsupported.
"""


def hello_request(protocol: str) -> Message:
    """The request for the client's introduction, still without the field `seq`. `protocol` is the name of the protocol
    to implement.
    """
    return {"op": "hello", "wire": WIRE_VERSION, "protocol": protocol}


def introduction_message(introduction: Introduction) -> Message:
    """The message that answers `hello` with an introduction."""
    return {
        "wire": WIRE_VERSION,
        "name": introduction.name,
        "version": introduction.version,
        "actions": None if introduction.actions is None else sorted(introduction.actions),
        "reasons": "typed" if introduction.has_reasons else "opaque",
        "digests": [DIGEST] if introduction.has_digest else [],
    }


def read_introduction(answer: Message) -> Introduction:
    """The introduction in an answer to `hello`. Raises MalformedTrace, which names the wrong field."""
    check_fields(answer, ("wire", "name", "version", "actions", "reasons", "digests"), "")
    if answer["wire"] != WIRE_VERSION:
        raise MalformedTrace("wire", f"expected {WIRE_VERSION!r}, found {shown(answer['wire'])}")
    if answer["reasons"] not in ("typed", "opaque"):
        raise MalformedTrace("reasons", f"expected 'typed' or 'opaque', found {shown(answer['reasons'])}")
    texts = ListOf(Text())
    name, version = _text(answer, "name"), _text(answer, "version")
    actions = None if answer["actions"] is None else texts.read(answer["actions"], "actions", {})
    if answer["digests"] not in ([], [DIGEST]):
        raise MalformedTrace("digests", f"expected [{DIGEST!r}] or [], found {shown(answer['digests'])}")
    return Introduction(
        name,
        version,
        None if actions is None else frozenset(cast("tuple[str, ...]", actions)),
        answer["reasons"] == "typed",
        answer["digests"] == [DIGEST],
    )


def reset_message(answer: str | Unsupported | None) -> Message:
    """The message that answers `reset`: the digest of the genesis state (None: no digest), or the reason for not
    supporting the world.
    """
    return {"unsupported": answer.why} if isinstance(answer, Unsupported) else {"digest": answer}


def read_reset(answer: Message) -> str | Unsupported | None:
    """The digest of the genesis state in an answer to `reset`. None if the client gives none, Unsupported if it does
    not support the world.

    Raises MalformedTrace, which names the wrong field.
    """
    if "unsupported" in answer:
        return _read_unsupported(answer)
    check_fields(answer, ("digest",), "")
    return _read_digest(answer)


def answer_message(answer: Answer) -> Message:
    """The message that answers `apply` with the outcome of a call."""
    if isinstance(answer, Unsupported):
        return {"unsupported": answer.why}
    if isinstance(answer, Rejected):
        return {"rejected": answer.reason, "digest": answer.digest}
    return {"returns": answer.returns, "digest": answer.digest}


def read_answer(answer: Message) -> Answer:
    """The outcome of a call in an answer to `apply`. Raises MalformedTrace, which names the wrong field."""
    if "unsupported" in answer:
        return _read_unsupported(answer)
    if "rejected" in answer:
        check_fields(answer, ("rejected", "digest"), "")
        reason = None if answer["rejected"] is None else _text(answer, "rejected")
        return Rejected(reason, _read_digest(answer))
    check_fields(answer, ("returns", "digest"), "")
    return Accepted(answer["returns"], _read_digest(answer))


def state_message(answer: Json | Unsupported) -> Message:
    """The message that answers `state`, with the whole state or the reason for not showing it."""
    return {"unsupported": answer.why} if isinstance(answer, Unsupported) else {"state": answer}


def read_state(answer: Message) -> Json | Unsupported:
    """The whole state in an answer to `state`, or Unsupported if the client cannot show it. Raises MalformedTrace,
    which names the wrong field.
    """
    if "unsupported" in answer:
        return _read_unsupported(answer)
    check_fields(answer, ("state",), "")
    return answer["state"]


def _read_unsupported(answer: Message) -> Unsupported:
    check_fields(answer, ("unsupported",), "")
    return Unsupported(_text(answer, "unsupported"))


def _text(answer: Message, field: str) -> str:
    text = cast(str, Text().read(answer[field], field, {}))
    if len(text) > MOST_TEXT:
        raise MalformedTrace(field, f"longer than {MOST_TEXT:,} characters")
    return text


def _read_digest(answer: Message) -> str | None:
    value = answer["digest"]
    is_digest = isinstance(value, str) and len(value) == DIGEST_LENGTH and not value.strip("0123456789abcdef")
    if value is not None and not is_digest:
        raise MalformedTrace("digest", f"expected {DIGEST_LENGTH} hexadecimal digits, found {shown(value)}")
    return cast("str | None", value)


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of the wire protocol."""
    found: Mapping[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return found


def schema_check() -> Callable[[str, Message], str | None]:
    """A function that validates a message against a definition of the schema, given the definition's name and the
    message.

    It returns the error, or None. The names are `request` and `answer_to_OP`, with the request's `op`. Raises
    ModuleNotFoundError if the package `jsonschema` is not installed.
    """
    from jsonschema import Draft202012Validator  # an optional dependency that only this function needs

    document = schema()
    validators = {
        name: Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": document["$defs"]})
        for name in document["$defs"]
    }

    def check(name: str, message: Message) -> str | None:
        error = next(validators[name].iter_errors(message), None)
        if error is None:
            return None
        where = error.json_path.removeprefix("$").removeprefix(".")
        return f"{where}: {error.message[:200]}" if where else error.message[:200]

    return check
