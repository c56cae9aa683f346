"""Symbiotic's contracts as a client: each call of a script is a transaction in a block of its own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from conformance.client import Accepted, Answer, Client, Introduction, Rejected, Unsupported
from conformance.wire import digest
from harness.clients.abi import ZERO, Reverted, words
from harness.clients.chain import Chain
from harness.clients.symbiotic.calls import ADDRESSES, CALLS, SLASHED
from harness.clients.symbiotic.deployment import Deployment, begins_at, bytecode
from harness.clients.symbiotic.view import observe
from spec.codec import Json

PROBED_CAPTURES: Final = 3


class SymbioticContracts(Client):
    """The contracts as a client, deployed anew for each script by `reset`, on a chain that `begin` creates at a
    timestamp. `node` is the chain's name in the introduction.
    """

    def __init__(self, core: Path, errors: tuple[str, ...], begin: Callable[[int], Chain], node: str) -> None:
        self._code = bytecode(core)
        self._errors = errors
        self._begin = begin
        self._node = node
        self._deployed: Deployment | None = None

    def hello(self, protocol: str) -> Introduction:
        """The introduction: name, release and capabilities. Every action except those of rewards is supported."""
        actions = frozenset([*CALLS, "advance_time"])
        return Introduction(f"@symbioticfi/core on {self._node}", "1.0.3", actions, has_reasons=True, has_digest=True)

    def reset(self, head: Json) -> str | Unsupported | None:
        """Deploy the world in a trace's head, and return the digest of its state; Unsupported if it has an
        extension.
        """
        extension = cast("dict[str, Any]", head).get("extension")
        if extension is not None:
            return Unsupported(f"the extension {extension}")
        self.bye()
        config = cast("dict[str, Any]", head)["config"]
        self._deployed = Deployment(self._code, self._errors, config, self._begin(begins_at(config)))
        return digest(self.state())

    def apply(self, call: Json) -> Answer:
        """Make one call as a transaction in a block of its own; `advance_time` only sets the timestamp, and is always
        accepted.
        """
        on, fields = self.deployed, cast("dict[str, Any]", call)
        on.set_time(int(fields["timestamp"]))
        if fields["action"] == "advance_time":
            return Accepted({}, digest(self.state()))
        try:
            returns = self._called(on, fields["action"], on.address(fields["sender"]), fields["args"])
        except Reverted as reverted:
            return Rejected(on.name_of(reverted), digest(self.state()))
        return Accepted(returns, digest(self.state()))

    def state(self) -> Json | Unsupported:
        """The whole state as JSON, read by the contracts' view functions."""
        return observe(self.deployed)

    def bye(self) -> None:
        """Shut down the chain of the script that is being played, if any."""
        if self._deployed is not None:
            self._deployed.chain.close()
            self._deployed = None

    @property
    def deployed(self) -> Deployment:
        """The contracts of the script that is being played. `reset` must have been called before."""
        assert self._deployed is not None
        return self._deployed

    def _called(self, on: Deployment, action: str, sender: str, args: Mapping[str, Any]) -> dict[str, Json]:
        contract, signature, names, returned = CALLS[action]
        if action in ("slash", "request_slash"):
            earlier = on.captures.setdefault(args["vault"], [])
            capture = int(args["captureTimestamp"])
            on.captures[args["vault"]] = [*[each for each in earlier if each != capture], capture][-PROBED_CAPTURES:]
        own = on.vaults.get(args.get("vault", ""), {})
        to = on.tokens["collateral"] if contract == "token" else on.core.get(contract) or own[contract]
        if to == ZERO:
            raise Reverted(b"")  # a caller in Solidity finds no code there
        output = on.chain.call(sender, to, signature, *[_argument(on, name, args) for name in names])
        returns: dict[str, Json] = dict(zip(returned, [str(word) for word in words(output)], strict=False))
        if returned == SLASHED:
            events = on.chain.logged(own["vault"], "OnSlash(uint256,uint48,uint256)")
            returns["vaultSlashedAmount"] = str(words(events[0])[2]) if events else "0"
        return returns


def _argument(on: Deployment, name: str, args: Mapping[str, Any]) -> Any:
    if not name:
        return b""
    value = args[name]
    if name in ADDRESSES:
        return on.address(value)
    if name == "subnetwork":
        return on.subnetwork(value)
    if isinstance(value, list):
        return tuple(int(item) for item in value)
    return value if isinstance(value, bool) else int(value)
