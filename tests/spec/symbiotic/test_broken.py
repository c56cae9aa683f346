"""For each rule that is broken on purpose, some recorded trace no longer replays."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

# name: the bug, by its id
BROKEN = {
    "minted shares round up": "SM-45",
    "burned shares round down": "SM-46",
    "redeemed assets round up": "SM-47",
    "overflow of burned shares found late": "TS-01",
    "operator's part rounds up": "TS-02",
    "network limit stays above its maximum": "SM-56",
    "maximum compared before the network is": "TS-03",
    "opt-in read as of today": "SM-61",
    "network limit read as of today": "SM-67",
    "total of operators' shares keeps the old ones": "SM-58",
    "cumulative slash not booked": "SM-05",
    "latest capture not updated": "SM-02",
    "one slash for each capture": "SM-93",
    "slashes before the capture counted again": "SM-03",
    "capture window one second short": "TS-04",
    "capture window one second long": "TS-05",
    "capture may be this second": "TS-06",
    "request leaves no time for the veto": "SM-07",
    "capture checked before the middleware": "TS-07",
    "active stake's part rounds up": "TS-08",
    "rest of a split falls on the next bucket": "TS-09",
    "what a bucket does not have is lost": "TS-10",
    "withdrawals before this epoch always within reach": "SM-21",
    "veto still possible at its deadline": "SM-13",
    "execution not yet possible at the veto's deadline": "SM-09",
    "slash period one second short": "SM-101",
    "completion checked before what is slashable": "TS-11",
    "executed request not completed": "SM-15",
    "vetoed by who is resolver today": "SM-12",
    "execution looks at this second's resolver": "SM-98",
    "resolver's delay one epoch short": "SM-30",
    "resolver's delay counted from now": "SM-106",
    "pending resolver not cancelled": "SM-29",
    "deposit limit excludes itself": "SM-80",
    "deposit at the rate after it": "SM-49",
    "whitelist of beneficiaries": "SM-51",
    "nothing deposited noticed before it is sent": "TS-12",
    "withdrawal leaves with this epoch": "SM-34",
    "withdrawal shares go to the sender": "TS-13",
    "bucket claimable before it is over": "SM-31",
    "claim leaves no mark": "SM-32",
    "opt-out in the second of the opt-in": "SM-68",
    "opt-out holds from the next second on": "SM-69",
    "where checked before who": "TS-14",
    "epoch begins a second late": "TS-15",
}
OF_REWARDS = {
    "rewards claimed twice": "SM-149",
    "part of a reward rounds up": "SM-150",
    "part of a reward by today's shares": "SM-151",
    "reward for a second that is not over": "SM-152",
    "reward for a second without stake": "SM-153",
    "reward divided by today's shares": "SM-154",
    "admin fee above what was agreed to": "SM-155",
    "admin fee claimed twice": "SM-156",
    "admin's part rounds up": "SM-157",
    "admin's part paid to stakers, too": "SM-158",
    "operator paid its total again": "SM-173",
    "operator paid from another network's balance": "SM-174",
    "root that was replaced still good": "SM-175",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_caught(name: str, source_copy: "SourceCopy") -> None:
    source_copy.plant(BROKEN[name])
    assert source_copy.first_difference("symbiotic") != ""


@pytest.mark.parametrize("name", OF_REWARDS)
def test_a_broken_rule_of_rewards_is_caught(name: str, source_copy: "SourceCopy") -> None:
    """The recorded traces of rewards alone notice the broken rule."""
    source_copy.plant(OF_REWARDS[name])
    assert source_copy.first_difference("symbiotic", "rewards_*") != ""


def test_the_unbroken_copy_is_not_caught(source_copy: "SourceCopy") -> None:
    assert source_copy.first_difference("symbiotic") == ""
