"""A client of the wire protocol in one file, without dependencies: copy it, and put your implementation in its place.

The class at the end implements the staking pool of `docs/third_protocol`. All else is the protocol, and stays as it is:

    restake conform --protocol staking_pool:PROTOCOL --client "python client.py"
"""

import hashlib
import json
import sys
from typing import Any

Json = Any


def canonical(value: Json) -> str:
    """RFC 8785 of a value without numbers: names sorted by UTF-16 code units, nothing escaped that need not be."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join([canonical(name) + ":" + canonical(value[name]) for name in names]) + "}"
    if isinstance(value, list):
        return "[" + ",".join([canonical(item) for item in value]) + "]"
    return json.dumps(value, ensure_ascii=False)


def digest(state: Json) -> str:
    """The digest of a state."""
    return hashlib.sha256(canonical(state).encode()).hexdigest()


class Rejected(Exception):
    """Raise it with the contract's error name, where a call is refused."""


class Unsupported(Exception):
    """Raise it with a reason, where your implementation cannot do what is asked."""


def answer(implementation: Any, request: Json) -> Json:
    """The answer to one request."""
    op = request["op"]
    if op == "hello":
        return {
            "wire": "1",
            "name": implementation.NAME,
            "version": implementation.VERSION,
            "actions": implementation.ACTIONS,
            "reasons": "typed",
            "digests": ["sha-256"],
        }
    try:
        if op == "reset":
            implementation.reset(request["head"])
            return {"digest": digest(implementation.state())}
        if op == "apply":
            try:
                said = {"returns": implementation.apply(request["call"])}
            except Rejected as rejected:
                said = {"rejected": str(rejected)}
            return {**said, "digest": digest(implementation.state())}
        if op == "state":
            return {"state": implementation.state()}
    except Unsupported as unsupported:
        return {"unsupported": str(unsupported)}
    return {}


def main(implementation: Any) -> None:
    """Answer until bye. Each answer is flushed: who waits for a full buffer waits for ever."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            said = answer(implementation, request)
        except Exception as error:  # a mistake of this client is said to be one, and is no rejection
            said = {"failed": repr(error)}
        sys.stdout.write(json.dumps({"seq": request["seq"], **said}, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        if request["op"] == "bye":
            return


class StakingPool:
    """The implementation: amounts come and go as decimal strings."""

    NAME, VERSION = "pool in Python", "1"
    ACTIONS = ("deposit", "withdraw", "slash")  # None for all

    def reset(self, head: Json) -> None:
        """Begin in the world that the head of a trace describes."""
        self.stake = self.total = 0
        self.shares = dict.fromkeys(head["stakers"], 0)

    def apply(self, call: Json) -> Json:
        """Make a call, and return what it returns; or raise Rejected, and change nothing."""
        sender, args = call["sender"], call["args"]
        if call["action"] == "deposit":
            amount = int(args["amount"])
            shares = amount * (self.total + 1) // (self.stake + 1)
            if shares == 0:
                raise Rejected("NoSharesForAmount")
            self.stake, self.total = self.stake + amount, self.total + shares
            self.shares[sender] = self.shares.get(sender, 0) + shares
            return str(shares)
        if call["action"] == "withdraw":
            shares = int(args["shares"])
            if shares > self.shares.get(sender, 0):
                raise Rejected("NotEnoughShares")
            amount = shares * (self.stake + 1) // (self.total + 1)
            self.stake, self.total = self.stake - amount, self.total - shares
            self.shares[sender] = self.shares.get(sender, 0) - shares
            return str(amount)
        if sender != "service":
            raise Rejected("NotTheService")
        wad = int(args["wad_to_slash"])
        if not 0 < wad <= 10**18:
            raise Rejected("InvalidFraction")
        burned = -(-self.stake * wad // 10**18)
        self.stake -= burned
        return str(burned)

    def state(self) -> Json:
        """The state as a trace shows it after a step."""
        shares = {staker: str(amount) for staker, amount in self.shares.items()}
        return {"stake": str(self.stake), "shares": str(self.total), "stakers": shares}


if __name__ == "__main__":
    main(StakingPool())
