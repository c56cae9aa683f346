"""A server that exposes a client over the wire protocol. It reads requests from one stream and writes answers to
another, one line each.

It serves any object with the five methods of a `Client`. Every request gets an answer with its `seq`, never a
traceback: input that cannot be read is reported in the answer.
"""

from collections.abc import Callable
from typing import BinaryIO, cast

from conformance.client import Client
from conformance.messages import (
    Message,
    answer_message,
    introduction_message,
    reset_message,
    state_message,
)
from conformance.reference import NothingBegunError
from conformance.wire import MOST_LINE_BYTES, WIRE_VERSION, WireError, read_line, write_line
from spec.codec import Json, MalformedTrace, Text, check_fields, printable, shown

FIELDS = {
    "hello": ("wire", "protocol"),
    "reset": ("head",),
    "apply": ("call",),
    "state": (),
    "bye": (),
}
"""The fields of each request, besides `op` and `seq`."""


def serve(client: Client, requests: BinaryIO, answers: BinaryIO, protocol: str) -> bool:
    """Answer requests until `bye`, the end of the stream, or an unreadable line without a newline. Returns True if
    `bye` was answered.

    `protocol` is the name that `hello` must ask for.
    """
    while line := requests.readline(MOST_LINE_BYTES + 1):
        message, is_over = answer_to(client, line, protocol)
        try:
            line = write_line(message)
        except WireError as error:
            line = write_line({"seq": message["seq"], "failed": f"the answer is {error}"})
        answers.write(line)
        answers.flush()
        if is_over:
            return "failed" not in message
    return False


def answer_to(client: Client, line: bytes, protocol: str) -> tuple[Message, bool]:
    """The answer to one request, and True if no more requests are read.

    That is so after a valid `bye`, and after an unreadable line without a newline.
    """
    seq: Json = None
    try:
        request = read_line(line)
        seq = _seq(request)
        return {"seq": seq, **_answer(client, request, protocol)}, request["op"] == "bye"
    except (MalformedTrace, WireError, NothingBegunError) as error:
        return {"seq": seq, "failed": printable(str(error))}, not line.endswith(b"\n")


def _seq(request: Message) -> str:
    seq = request.get("seq")
    if not isinstance(seq, str) or not seq.isascii() or not seq.isdigit() or len(seq) > 18:
        raise MalformedTrace("seq", f"expected a decimal string, found {shown(seq)}")
    return seq


def _answer(client: Client, request: Message, protocol: str) -> Message:
    op = request.get("op")
    if not isinstance(op, str) or op not in FIELDS:
        raise MalformedTrace("op", f"expected one of {', '.join(FIELDS)}, found {shown(op)}")
    check_fields(request, ("op", "seq", *FIELDS[op]), "")
    return ANSWERS[op](client, request, protocol)


def _hello(client: Client, request: Message, protocol: str) -> Message:
    if request["wire"] != WIRE_VERSION:
        raise MalformedTrace("wire", f"expected {WIRE_VERSION!r}, found {shown(request['wire'])}")
    asked = cast(str, Text().read(request["protocol"], "protocol", {}))
    if asked != protocol:
        raise MalformedTrace("protocol", f"expected {protocol!r}, found {shown(asked)}")
    return introduction_message(client.hello(asked))


def _bye(client: Client, _request: Message, _protocol: str) -> Message:
    client.bye()
    return {}


ANSWERS: dict[str, Callable[[Client, Message, str], Message]] = {
    "hello": _hello,
    "reset": lambda client, request, _protocol: reset_message(client.reset(request["head"])),
    "apply": lambda client, request, _protocol: answer_message(client.apply(request["call"])),
    "state": lambda client, _request, _protocol: state_message(client.state()),
    "bye": _bye,
}
