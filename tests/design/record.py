"""Writes the traces of the market's design from the specification: python -P -m tests.design.record."""

import gzip
import json
from pathlib import Path
from typing import Any, Final

from harness.protocols import pack_at
from invariants.choices import Seeded
from invariants.game import execute
from invariants.market.eigenlayer import CAST as ON_EIGENLAYER
from invariants.market.symbiotic import CAST as ON_SYMBIOTIC
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.codec import Json
from spec.machine import Draft
from spec.market.actions import (
    ApplyCommission,
    ClaimFees,
    CountHolding,
    CountPosition,
    Enrol,
    FundOffer,
    Join,
    Mint,
    ProposeCommission,
    RedeemReceipts,
    Settle,
)

HERE: Final = Path(__file__).parent
CASTS: Final = {"eigenlayer": ON_EIGENLAYER, "symbiotic": ON_SYMBIOTIC}
PARTS: Final = ("fees", "insurance", "receipts", "mandates", "chains")
DRAWN: Final = {"fees": 45, "insurance": 60, "receipts": 50, "mandates": 50, "chains": 50}
SEEDS: Final = {
    "eigenlayer": {"fees": 20, "insurance": 38, "receipts": 33, "mandates": 30, "chains": 25},
    "symbiotic": {"fees": 18, "insurance": 27, "receipts": 4, "mandates": 30, "chains": 5},
}
"""For each base protocol and part of the market, the seed of its walk. It was chosen to reach most calls and reasons
that no other part's walk reaches.
"""


def tail(base: str, part: str) -> list[Any]:
    """The calls appended to the drawn calls of a part of the market: those that a walk of this length hardly reaches.
    Most parts have none.
    """
    cast = CASTS[base]
    offer, operator, holder = (cast.services[1], cast.pools[0]), cast.operators[0], cast.holders[0]
    group = cast.group(operator, offer[1])
    if part == "fees":
        return [
            FundOffer(holder, *offer, 10**20),
            Enrol(operator, *offer, WAD // 10),
            Join(holder, group),
            cast.wait(2),
            CountPosition(holder, *offer, operator),
            CountHolding(holder, group, holder),
            ClaimFees(operator),
            ClaimFees(holder),
            ProposeCommission(operator, *offer, WAD // 3),
            cast.wait(20),
            ApplyCommission(holder, *offer, operator),
        ]
    if part == "receipts":
        redeemed = [Mint(holder, "liquid", 10**6, 1), RedeemReceipts(holder, "liquid", 10**5, 1)]
        return [*redeemed, cast.wait(30), *[Settle(holder, "liquid", number) for number in range(4)]]
    return []


def document(base: str, part: str) -> dict[str, Json]:
    """The trace, as a JSON document, of one part of the market on a base."""
    whole = pack_at(f"market_on_{base}").walk
    assert whole is not None
    walk: Walk = dict(zip(PARTS, (whole, *whole.scenarios), strict=True))[part]
    choices, state, actions = Seeded(SEEDS[base][part]), walk.genesis(), list(walk.opening())
    for action in actions:
        execute(walk.protocol, state, action)
    for _ in range(DRAWN[part]):
        actions.append(walk.next_action(choices, Draft(state)))
        execute(walk.protocol, state, actions[-1])
    return walk.protocol.write_trace(walk.world, [*actions, *tail(base, part)])


def main() -> None:
    """Write all traces of the market's design again."""
    for base, seeds in SEEDS.items():
        (HERE / base).mkdir(exist_ok=True)
        for part in seeds:
            text = json.dumps(document(base, part), separators=(",", ":"))
            packed = gzip.compress(text.encode(), mtime=0)
            (HERE / base / f"{part}.json.gz").write_bytes(packed)


if __name__ == "__main__":
    main()
