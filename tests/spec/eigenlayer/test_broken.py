"""Seen to fail: the specification broken on purpose, one rule at a time, and the recorded traces must notice each."""

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
    "pending deallocation is not slashed": "TE-04",
    "slash forgets the encumbered magnitude": "EM-21",
    "membership checked before the operator set": "TE-05",
    "deallocation effective one block early": "EM-05",
    "cleared deallocation frees nothing": "TE-06",
    "deregistered operator at once out of reach": "TE-07",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_caught(name: str, source_copy: "SourceCopy") -> None:
    source_copy.plant(BROKEN[name])
    assert source_copy.first_difference("eigenlayer") != ""


def test_the_unbroken_copy_is_not_caught(source_copy: "SourceCopy") -> None:
    assert source_copy.first_difference("eigenlayer") == ""
