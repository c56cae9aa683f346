"""A stub of a JSON-RPC node: a server on a loopback port that answers for one vault, right or wrong on purpose."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from harness.clients.abi import selector, topic
from harness.clients.block import WHERE_AM_I

NUMBER: Final = 25_000
TIMESTAMP: Final = 1_700_000_500
HASH: Final = "0x" + "ab" * 32

AT: Final = {
    name: f"0x{position:040x}"
    for position, name in enumerate(
        ("vaults", "operators", "networks", "middlewares", "vault_opt_in", "network_opt_in", "vault", "delegator"), 1
    )
}
SLASHER, TOKEN, BURNER, ALICE, NETWORK, OPERATOR = (f"0x{number:040x}" for number in range(0x51, 0x57))
SUBNETWORK: Final = f"0x{int(NETWORK, 16):040x}{7:024x}"

ADDRESSES: Final[dict[str, Any]] = {
    "protocol": "symbiotic",
    "core": {name: AT[name] for name in list(AT)[:6]},
    "vaults": {"vault0": AT["vault"]},
    "accounts": {"alice": ALICE},
}

ANSWERS: Final[dict[str, int | str]] = {
    "isEntity(address)": 1,
    "version()": 1,
    "delegator()": AT["delegator"],
    "slasher()": SLASHER,
    "collateral()": TOKEN,
    "burner()": BURNER,
    "VAULT_FACTORY()": AT["vaults"],
    "NETWORK_REGISTRY()": AT["networks"],
    "OPERATOR_VAULT_OPT_IN_SERVICE()": AT["vault_opt_in"],
    "OPERATOR_NETWORK_OPT_IN_SERVICE()": AT["network_opt_in"],
    "NETWORK_MIDDLEWARE_SERVICE()": AT["middlewares"],
    "epochDuration()": 1_000,
    "epochDurationInit()": TIMESTAMP - 500,
    "activeStake()": 100,
    "activeShares()": 100,
    "totalStake()": 100,
}
"""The answer of every contract to a function, by signature, whatever the arguments; functions not listed answer 0."""

OF_ALICE: Final = ("activeSharesOf(address)", "activeBalanceOf(address)", "slashableBalanceOf(address)")
"""The functions that answer 100 for the account ALICE, and 0 for any other account."""

EVENTS: Final = (
    (AT["vault"], [topic("Deposit(address,address,uint256,uint256)"), ALICE, ALICE], 19_999),
    (AT["delegator"], [topic("SetMaxNetworkLimit(bytes32,uint256)"), SUBNETWORK], NUMBER),
    (AT["vault_opt_in"], [topic("OptIn(address,address)"), OPERATOR, AT["vault"]], 12),
)

Change = Callable[[str, list[Any], Any], Any]
"""A function that makes a stub node answer wrongly. It gets a method, the parameters and the right answer, and returns
what the node answers instead.
"""


def word(value: int | str) -> str:
    """A value as a 32-byte word of return data: 64 hexadecimal digits."""
    return f"{int(value, 16) if isinstance(value, str) else value:064x}"


class StubNode(ThreadingHTTPServer):
    """A stub of a JSON-RPC node. `change` may alter an answer, `send` sends it, and `held` is the amount of tokens that
    the vault holds.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.change: Change = lambda _method, _params, answer: answer
        self.send: Callable[[BaseHTTPRequestHandler, str, bytes], None] = whole
        self.answers = dict(ANSWERS)
        self.held = 100
        self.asked: list[tuple[str, list[Any]]] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def right(self, method: str, params: list[Any]) -> Any:
        """The right result of a JSON-RPC method with these parameters."""
        if method == "eth_chainId":
            return "0x1"
        if method == "eth_getBlockByNumber":
            return {"number": hex(NUMBER), "timestamp": hex(TIMESTAMP), "hash": HASH}
        if method == "eth_getCode":
            return "0x00"
        if method == "eth_getLogs":
            return self._logs(params[0])
        assert (method, params[1]) == ("eth_call", {"blockHash": HASH, "requireCanonical": True})
        if params[0] == {"data": WHERE_AM_I}:
            return "0x" + word(TIMESTAMP) + word(NUMBER)
        return "0x" + word(self._answer(params[0]["to"], params[0]["data"]))

    def _answer(self, to: str, data: str) -> int | str:
        if to == TOKEN:
            return self.held if data[-40:] == AT["vault"][2:] else 0
        for function in OF_ALICE:
            if data.startswith("0x" + selector(function).hex()):
                return 100 if data[-40:] == ALICE[2:] else 0
        answers = {"0x" + selector(function).hex(): value for function, value in self.answers.items()}
        return answers.get(data[:10], 0)

    def _logs(self, asked: dict[str, Any]) -> list[Any]:
        """The events that match a filter `asked` of `eth_getLogs`, in the form in which a node answers."""
        found = []
        for address, topics, number in EVENTS:
            first = asked["topics"][0]
            is_asked = topics[0] in (first if isinstance(first, list) else [first]) and address in asked["address"]
            if is_asked and int(asked["fromBlock"], 16) <= number <= int(asked["toBlock"], 16):
                padded = [topics[0], *[each if len(each) == 66 else "0x" + word(each) for each in topics[1:]]]
                at = HASH if number == NUMBER else "0x" + "cd" * 32
                found.append({"address": address, "topics": padded, "blockNumber": hex(number), "blockHash": at})
        return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one packet

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, StubNode)
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        method, params = asked["method"], asked["params"]
        server.asked.append((method, params))
        right = {"jsonrpc": "2.0", "id": asked["id"], "result": server.right(method, params)}
        server.send(self, method, json.dumps(server.change(method, params, right)).encode())

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing, where the base class would log each request."""


def whole(handler: BaseHTTPRequestHandler, _method: str, body: bytes, status: int = 200) -> None:
    """Send a complete HTTP answer."""
    begin(handler, len(body), status)
    handler.wfile.write(body)


def begin(handler: BaseHTTPRequestHandler, length: int, status: int = 200) -> None:
    """Send the status and headers of an answer, which announce a body of `length` bytes."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()


def drop_by_drop(handler: BaseHTTPRequestHandler, _method: str, body: bytes) -> None:
    """Send an answer byte by byte, so slowly that no single read times out but the whole answer is late."""
    begin(handler, len(body))
    for byte in body:
        try:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
        except OSError:
            return  # nobody waits any more
        time.sleep(0.05)


def cut_off(handler: BaseHTTPRequestHandler, _method: str, body: bytes) -> None:
    """Announce ten bytes more than are sent, then close the connection."""
    begin(handler, len(body) + 10)
    handler.wfile.write(body)
    handler.close_connection = True
