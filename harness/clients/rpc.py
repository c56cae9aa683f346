"""A JSON-RPC node over HTTP. Its answers are accepted only if they are well-formed, in time, and to the request that
was sent.
"""

import base64
import http.client
import itertools
import json
import re
import time
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from harness.clients.abi import Reverted, calldata
from harness.mistakes import explained

MOST_BYTES: Final = 2**26
"""The most bytes of an answer."""

REVERTED: Final = 3
"""The JSON-RPC error code of a contract's revert, whose return data is in the error."""


class NodeError(Exception):
    """The exception for a node that does not answer as JSON-RPC requires: the method, and the problem."""


class Node:
    """A node at a URL, which gets one request at a time. Error messages name only the host: a URL may contain a key."""

    def __init__(self, url: str, seconds: float) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as error:
            raise NodeError(f"the URL of the node: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NodeError("the URL of the node: expected http://HOST or https://HOST")
        self.place: Final = f"{parts.scheme}://{parts.hostname}{'' if port is None else f':{port}'}"
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection: Final = kind(parts.hostname, port, timeout=seconds)
        self._path: Final = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers: Final = {"Content-Type": "application/json"}
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        self._seconds: Final = seconds
        self._ids: Final = itertools.count(1)

    def request(self, method: str, *params: Any) -> Any:
        """The result of a method. Raises Reverted for a contract's revert, and NodeError for any other failure."""
        number = next(self._ids)
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        answer = self._answer(method, body.encode())
        if (
            not isinstance(answer, dict)
            or answer.get("jsonrpc") != "2.0"
            or ("result" in answer) == ("error" in answer)
        ):
            raise self.error(method, "the answer is none of JSON-RPC 2.0")
        if answer.get("id") != number:
            raise self.error(method, "the answer is to another question")
        if "error" in answer:
            raise self._refused(method, answer["error"])
        return answer["result"]

    def error(self, method: str, problem: str) -> NodeError:
        """The exception for a problem with the answer to a method; its message names the node and the method."""
        return NodeError(f"{self.place}: {method}: {problem}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _refused(self, method: str, error: Any) -> Exception:
        """The exception for an error that a node answers to a method: Reverted with its data if a contract reverted,
        else NodeError.
        """
        fields = error if isinstance(error, dict) else {}
        data = fields.get("data")
        if method == "eth_call" and fields.get("code") == REVERTED and isinstance(data, str) and is_bytes(data):
            return Reverted(bytes.fromhex(data[2:]))
        return self.error(method, f"refused: {str(fields.get('message', error))[:200]!r}")

    def _answer(self, method: str, body: bytes) -> Any:
        try:
            text = self._exchanged(method, body)
        except TimeoutError as error:
            raise self.error(method, f"no answer within {self._seconds:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise self.error(method, explained(error)) from error
        try:
            return json.loads(text.decode())
        except (ValueError, RecursionError) as error:
            raise self.error(method, "the answer is no JSON") from error

    def _exchanged(self, method: str, body: bytes) -> bytes:
        """Send one request and return the body of its response. After a failure, the connection is closed."""
        until = time.monotonic() + self._seconds
        try:
            self._connection.request("POST", self._path, body, self._headers)
            response = self._connection.getresponse()
            length = response.length
            text = bytearray()
            while length is None or len(text) < length:
                part = response.read1(2**16 if length is None else min(length - len(text), 2**16))
                if not part:
                    break
                text += part
                if len(text) > MOST_BYTES:
                    raise self.error(method, f"an answer of more than {MOST_BYTES // 2**20} MiB")
                if time.monotonic() > until:
                    raise TimeoutError
            if length is not None and len(text) < length:
                raise http.client.IncompleteRead(bytes(text), length - len(text))
            response.close()  # the connection stays, for the next question
        except BaseException:
            self._connection.close()
            raise
        if response.status != http.client.OK:
            raise self.error(method, f"HTTP status {response.status}")
        return bytes(text)


def is_bytes(value: Any) -> bool:
    """True if a value is bytes in JSON-RPC's notation."""
    return isinstance(value, str) and re.fullmatch(r"0x(?:[0-9a-fA-F]{2})*", value) is not None


def is_quantity(value: Any) -> bool:
    """True if a value is a number in JSON-RPC's notation."""
    return isinstance(value, str) and re.fullmatch(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})", value) is not None


def call_of(node: Node, call: dict[str, str], *place: Any) -> bytes:
    """The return data of an `eth_call`. `place` are its further parameters, the block first. Raises Reverted if the
    contract reverts.
    """
    output = node.request("eth_call", call, *place)
    if not is_bytes(output):
        raise node.error("eth_call", "the result is no bytes")
    return bytes.fromhex(output[2:])


def data_of(signature: str, *arguments: Any) -> str:
    """The calldata of a function call, in JSON-RPC's notation."""
    return "0x" + calldata(signature, *arguments).hex()
