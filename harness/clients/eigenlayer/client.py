"""EigenLayer's contracts as a client: each call of a script is a transaction in its block."""

from collections.abc import Callable
from typing import Any, Final, cast

from conformance.client import Accepted, Answer, Client, Introduction, Rejected, Unsupported
from conformance.wire import digest, to_wire
from harness.clients.abi import Reverted
from harness.clients.eigenlayer import storage
from harness.clients.eigenlayer.artifacts import Artifacts
from harness.clients.eigenlayer.calls import CALLS
from harness.clients.eigenlayer.chain import BlockChain
from harness.clients.eigenlayer.deployment import Deployment
from harness.clients.eigenlayer.view import observe
from spec.codec import Json

GWEI: Final = 10**9
FACTS: Final = ("mine", "fund_pod", "plant_pod_owner_deposit_shares")
"""The actions of a script that are not contract calls: time that passes, ETH that arrives in a pod, and negative
deposit shares from before the script.
"""

UNNAMED: Final = "v1.12.0"
RESOLUTION_DELAY: Final = "slash_resolution_delay_blocks"


class EigenLayerContracts(Client):
    """The contracts as a client, deployed anew for each script by `reset`, on a chain that `begin` creates."""

    def __init__(self, artifacts: Artifacts, begin: Callable[[], BlockChain] = BlockChain) -> None:
        self._artifacts = artifacts
        self._begin = begin
        self._deployed: Deployment | None = None

    def hello(self, protocol: str) -> Introduction:
        """The introduction: name, release and capabilities. Every action except those of rewards is supported."""
        actions = frozenset([*CALLS, *FACTS])
        name = "eigenlayer-contracts on revm"
        return Introduction(name, self._artifacts.release, actions, has_reasons=True, has_digest=True)

    def reset(self, head: Json) -> str | Unsupported | None:
        """Deploy the world in a trace's head, and return the digest of its state; Unsupported if the contracts cannot
        be deployed in this world.
        """
        fields = cast("dict[str, Any]", head)
        why = self._rejection(fields)
        if why is not None:
            return Unsupported(why)
        self._deployed = Deployment(self._artifacts, fields, self._begin())
        return digest(observe(self.deployed))

    def apply(self, call: Json) -> Answer:
        """Make one call as a transaction in its block. Actions of FACTS, such as time that passes, are no contract
        calls: they are written to storage and always accepted.
        """
        on, fields = self.deployed, cast("dict[str, Any]", call)
        action, args = str(fields["action"]), fields["args"]
        on.set_block(int(fields["block"]))
        if action in FACTS:
            _let_happen(on, action, args)
            return Accepted(None, digest(observe(self.deployed)))
        try:
            output, returns = _called(on, action, fields["sender"], args)
        except Reverted as reverted:
            return Rejected(on.name_of(reverted), digest(observe(self.deployed)))
        return Accepted(returns(output), digest(observe(self.deployed)))

    def state(self) -> Json | Unsupported:
        """The whole state as JSON, in the form of the wire protocol."""
        return to_wire(observe(self.deployed))

    def bye(self) -> None:
        """End the script that is being played. There is nothing to shut down: the chain is memory of this process."""
        self._deployed = None

    @property
    def deployed(self) -> Deployment:
        """The contracts of the script that is being played. `reset` must have been called before."""
        assert self._deployed is not None
        return self._deployed

    def _rejection(self, head: dict[str, Any]) -> str | None:
        """The reason why the world of a trace's head cannot be deployed, as text, or None if it can."""
        if head["protocol"] != "eigenlayer":
            return f"a world of {head['protocol']}"
        release, config = head.get("release", UNNAMED), head["config"]
        if release != self._artifacts.release:
            return f"release {release}: the artifacts are of {self._artifacts.release}"
        if "rewards" in head["genesis"]:
            return "rewards"
        if config["SLASHER_CONFIGURATION_DELAY"] != config["ALLOCATION_CONFIGURATION_DELAY"]:
            return "SLASHER_CONFIGURATION_DELAY is ALLOCATION_CONFIGURATION_DELAY in the contracts"
        delay = self._artifacts.resolution_delay_blocks
        if delay and int(config[RESOLUTION_DELAY]) != delay:
            return f"{RESOLUTION_DELAY} is a constant of the contracts, {delay}"
        return None


def _called(
    on: Deployment, action: str, sender: str, args: dict[str, Any]
) -> tuple[bytes, Callable[[bytes], dict[str, Json] | None]]:
    """Make the contract call of an action. Returns the return data, and the function that converts it to a trace's
    `returns`. New operator sets, pod owners and withdrawers are recorded on the deployment.
    """
    line, caller = CALLS[action], on.address(sender)
    to = on.tokens[args["token"]] if line.contract == "token" else on.core[line.contract]
    output = on.chain.call(caller, to, line.signature, *line.values(on, args, caller))
    if action in ("create_operator_sets", "create_redistributing_operator_sets"):
        on.operator_sets.extend((args["avs"], int(each["id"])) for each in args["sets"])
    if action == "create_pod":
        on.pod_owners.append(sender)
    if action == "queue_withdrawals":
        on.withdrawers[sender] = None
    return output, line.returns


def _let_happen(on: Deployment, action: str, args: dict[str, Any]) -> None:
    """Write to storage what no call can produce: ETH in a pod, credited as a checkpoint would, or deposit shares that a
    pod owner had before the script. Does nothing for "mine", or for a pod that does not exist.
    """
    if action == "fund_pod" and args["pod_owner"] in on.pod_owners:
        pod, amount_wei = on.address(f"pod:{args['pod_owner']}"), int(args["amount_wei"])
        on.chain.plant_ether(pod, on.chain.ether(pod) + amount_wei)
        word = on.chain.word(pod, storage.WITHDRAWABLE_GWEI)
        counted = (storage.part(word, 0, 64) + amount_wei // GWEI) % 2**64
        on.chain.plant_word(pod, storage.WITHDRAWABLE_GWEI, word >> 64 << 64 | counted)
    elif action == "plant_pod_owner_deposit_shares":
        slot = storage.slot_of(storage.POD_OWNER_DEPOSIT_SHARES, storage.number(on.address(args["staker"])))
        on.chain.plant_word(on.core["pods"], slot, int(args["shares"]) % 2**256)
