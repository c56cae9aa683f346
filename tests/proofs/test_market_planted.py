"""Bugs for laws of receipts and of other chains that no bug of harness/mutants/market.toml breaks in a proof."""

import json
from typing import TYPE_CHECKING

import pytest

from tests.proofs.test_market import PLACE, PROGRAM

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = [pytest.mark.source, pytest.mark.nightly]

RATES = "from spec.market.rates import"
MINTED = "else shares_for(max(gained, 0), priced, issued.amount)"
COUNTED = "        settle_position(port, draft, position)\n        recount_position(port, draft, position)\n"
NOTED = "        draft.put(SLASHED_OF_PURSES, purse, SlashedSoFar(True, so_far.amount + slashed.amount))\n"
PLANTED = {
    "RCP-06": (
        "ChangeStake",
        "counting.py",
        {
            RATES: "from spec.market.receipts_state import ISSUED\n" + RATES,
            COUNTED: COUNTED + "        draft.put(ISSUED, position[1], draft.get(ISSUED, position[1]))\n",
        },
    ),
    "RCP-07": (
        "Mint",
        "receipts.py",
        {"(vault, action.sender), Receipt(mine + receipts)": "(vault, row.operator), Receipt(mine + receipts)"},
    ),
    "RCP-19": ("RedeemReceipts", "receipts.py", {"    if paid == 0 or": "    if paid <= 1 or"}),
    "RCP-20": (
        "Revalue",
        "receipts.py",
        {"    if now < issued.marked_point +": "    if now <= issued.marked_point +"},
    ),
    "RCP-21": ("Mint", "receipts.py", {MINTED: MINTED + " + 4"}),
    "CHN-13": (
        "OpenChannel",
        "chains.py",
        {"            reaction_points=offered.reaction_points,\n": "            reaction_points=0,\n"},
    ),
    "CHN-19": (
        "Forgo",
        "chains.py",
        {NOTED: NOTED + "        draft.put(CHANNEL_USES, (purse[0], purse[2], purse[1]), ChannelUse())\n"},
    ),
    "CHN-21": ("Forgo", "chains.py", {"RoundedSoFar(True, so_far.roundings + 1)": "RoundedSoFar(True, 0)"}),
    "CHN-22": ("Forgo", "chains.py", {"ForgoneSoFar(before_point))": "ForgoneSoFar(before_point + 1))"}),
    "CHN-24": (
        "DeliverTable",
        "chains.py",
        {"reference_point < use.newest_point:": "reference_point <= use.newest_point + 1:"},
    ),
    "CHN-25": (
        "SendTable",
        "chains.py",
        {"(table, operator)).is_listed:": "(table, operator)).is_listed or operator == action.sender:"},
    ),
}
"""For each law: a call, a file of the market's rules, and what stands there once, with what stands there in the bug."""


@pytest.mark.parametrize("law_id", sorted(PLANTED))
def test_a_planted_bug_is_refuted(law_id: str, source_copy: "SourceCopy") -> None:
    """The law is broken by the rules with the bug, in a state that satisfies all laws."""
    call, file, changes = PLANTED[law_id]
    rules = source_copy.folder / "spec" / "market" / file
    for right, wrong in changes.items():
        text = rules.read_text()
        assert text.count(right) == 1
        rules.write_text(text.replace(right, wrong))
    assert json.loads(source_copy.run(PROGRAM, PLACE, call, law_id)) == ["REFUTED", [], True]
