"""For each rule that is broken on purpose, some recorded trace no longer replays."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

# name: the bug, by its id
BROKEN = {
    "slashed shares round up": "EM-43",
    "slashed magnitude rounds down": "EM-17",
    "withdrawable shares in one division": "TE-01",
    "deposit scaling factor ignores what is held": "TE-02",
    "deposit scaling factor survives a full exit": "EM-57",
    "new shares at the rate after the deposit": "EM-78",
    "payout without virtual shares": "TE-03",
    "withdrawal completable one block early": "EM-44",
    "withdrawal paid at today's magnitude": "EM-45",
    "queue does not enter the slashable window": "EM-26",
    "slashable window one block short": "EM-24",
    "pending deallocation is not slashed": "TE-09",
    "slash forgets the encumbered magnitude": "EM-21",
    "membership checked before the operator set": "TE-05",
    "deallocation effective one block early": "EM-05",
    "cleared deallocation frees nothing": "TE-06",
    "deregistered operator at once out of reach": "TE-07",
    "the slashing factor of native ETH rounds up": "EM-301",
    "the beacon chain slashing factor is ignored": "EM-302",
    "the beacon chain slashing factor rounds up": "EM-303",
    "a pod reports over a deficit": "EM-304",
    "a loss of a part of a gwei": "EM-305",
    "any pod reports for any owner": "EM-306",
    "a loss leaves the operator its shares": "EM-307",
    "shares that repay a deficit count for the operator": "EM-309",
    "delegating brings what was lost": "EM-310",
    "burnable ETH is overwritten": "EM-313",
    "slashed ETH waits to be paid out": "EM-314",
    "what repays a deficit is paid, too": "EM-324",
    "a full exit forgives losses": "EM-319",
    "a pod pays wei below a gwei": "EM-320",
    "a payment repays no deficit": "EM-323",
    "a withdrawal is paid without later losses": "EM-325",
    "leaving keeps native ETH": "EM-326",
    "a set redistributes native ETH": "EM-327",
    "the count of queued ETH has 256 bits": "EM-330",
}

OF_REWARDS = {
    "fee by the account's choice": "ER-01",
    "fee on rewards for everybody": "ER-02",
    "fee of all named operators at once": "ER-04",
    "amount times fee may overflow": "ER-05",
    "native stake has to be listed": "ER-06",
    "strategy counts twice": "ER-07",
    "period that ends now is over": "ER-08",
    "nonce used again": "ER-10",
    "operator named twice": "ER-12",
    "fee rounds up": "ER-13",
    "split changed in its first second": "ER-16",
    "split a second late": "ER-17",
    "split before the last applies": "ER-18",
    "root a second late": "ER-21",
    "disabled root pays": "ER-22",
    "claim pays twice": "ER-23",
    "more indices than proofs": "ER-27",
}


# The same of what v1.13.1 brought, which the traces of that release alone can notice.
BROKEN_V1_13_1 = {
    "paid in the resolution block": "EM-186",
    "a whole slash is paid at once": "EM-187",
    "one strategy of a slash is paid at once": "EM-188",
    "a strategy that is not in the slash is answered before the delay": "EM-189",
    "every strategy moves the resolution block": "EM-190",
    "a slash of no shares is not delayed": "EM-191",
    "a resolution block beyond uint32 wraps around": "EM-192",
    "a slash waits as long as a deallocation": "EM-193",
    "a partial payment takes the resolution block away": "EM-194",
    "a partial payment moves the resolution block": "EM-195",
    "all scaled shares count for slashes": "EM-198",
    "what counts for slashes is rounded up": "EM-199",
    "whole shares count for slashes unscaled": "EM-201",
    "a withdrawal queues what counts for slashes": "EM-202",
    "only an operator that is gone counts nothing": "EM-203",
}


@pytest.mark.parametrize("name", BROKEN_V1_13_1)
def test_a_rule_broken_in_the_newest_release_is_caught(name: str, source_copy: "SourceCopy") -> None:
    source_copy.plant(BROKEN_V1_13_1[name])
    assert source_copy.first_difference("eigenlayer", "v13_d_*") != ""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_caught(name: str, source_copy: "SourceCopy") -> None:
    source_copy.plant(BROKEN[name])
    assert source_copy.first_difference("eigenlayer") != ""


@pytest.mark.parametrize("name", OF_REWARDS)
def test_a_broken_rule_of_rewards_is_caught(name: str, source_copy: "SourceCopy") -> None:
    """The recorded traces of rewards alone notice the broken rule."""
    source_copy.plant(OF_REWARDS[name])
    assert source_copy.first_difference("eigenlayer/rewards") != ""


def test_the_unbroken_copy_is_not_caught(source_copy: "SourceCopy") -> None:
    assert source_copy.first_difference("eigenlayer") == ""
