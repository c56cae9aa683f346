"""Seen to fail: the specification broken on purpose, one rule at a time, and the recorded traces must notice each."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

# name: (file, what stands there, what stands there instead)
BROKEN = {
    "slashed shares round up": (
        "shares.py",
        "shares - mul_div_ceil(shares, max_magnitude_after, max_magnitude_before)",
        "mul_div_ceil(shares, max_magnitude_before - max_magnitude_after, max_magnitude_before)",
    ),
    "slashed magnitude rounds down": (
        "slashing.py",
        "return mul_wad_ceil(current_magnitude, wad_to_slash)",
        "return mul_wad_floor(current_magnitude, wad_to_slash)",
    ),
    "withdrawable shares in one division": (
        "shares.py",
        "return mul_wad_floor(scaled_shares(deposit_shares, deposit_scaling_factor_wad), slashing_factor_wad)",
        "return deposit_shares * deposit_scaling_factor_wad * slashing_factor_wad // 10**36",
    ),
    "deposit scaling factor ignores what is held": (
        "shares.py",
        "    if deposit_shares_before == 0:\n",
        "    if deposit_shares_before >= 0:\n",
    ),
    "deposit scaling factor survives a full exit": (
        "staking.py",
        "    draft.put(STAKER_SHARES, staker_strategy, StakerShares(deposit_shares=0, deposit_scaling_factor_wad=WAD))",
        "    draft.put(\n"
        "        STAKER_SHARES,\n"
        "        staker_strategy,\n"
        "        StakerShares(deposit_shares=0, deposit_scaling_factor_wad=held.deposit_scaling_factor_wad),\n"
        "    )",
    ),
    "new shares at the rate after the deposit": (
        "strategies.py",
        "new_shares_for(amount, pool.total_shares, token_balance - amount)",
        "new_shares_for(amount, pool.total_shares, token_balance)",
    ),
    "payout without virtual shares": (
        "strategies.py",
        "shares, total_shares + SHARES_OFFSET)",
        "shares, total_shares)",
    ),
    "withdrawal completable one block early": (
        "withdrawals.py",
        "if current_block(draft) <= slashable_until_block:",
        "if current_block(draft) < slashable_until_block:",
    ),
    "withdrawal paid at today's magnitude": (
        "withdrawals.py",
        "MAX_MAGNITUDES.value_at(draft, (queued.operator, strategy), slashable_until_block)",
        "MAX_MAGNITUDES.latest(draft, (queued.operator, strategy))",
    ),
    "queue does not enter the slashable window": (
        "withdrawals.py",
        "        CUMULATIVE_SCALED_SHARES.push(draft, operator_strategy, block, cumulative_scaled_shares)\n",
        "",
    ),
    "slashable window one block short": (
        "slashing.py",
        "draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks - 1",
        "draft.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks",
    ),
    "pending deallocation is not slashed": (
        "slashing.py",
        "    if pending_diff_magnitude >= 0:\n",
        "    if pending_diff_magnitude >= 0 or wad_to_slash:\n",
    ),
    "slash forgets the encumbered magnitude": (
        "slashing.py",
        "EncumberedMagnitude(encumbered_magnitude - taken_magnitude)",
        "EncumberedMagnitude(encumbered_magnitude)",
    ),
    "membership checked before the operator set": (
        "slashing.py",
        "    if not details.exists:\n        return Reason.INVALID_OPERATOR_SET\n    if not is_operator_slashable",
        "    if not is_operator_slashable(draft, action.operator, operator_set):\n"
        "        return Reason.OPERATOR_NOT_SLASHABLE\n"
        "    if not details.exists:\n        return Reason.INVALID_OPERATOR_SET\n    if not is_operator_slashable",
    ),
    "deallocation effective one block early": (
        "allocation.py",
        "draft.get(CONFIG, SINGLETON).deallocation_delay_blocks + 1)",
        "draft.get(CONFIG, SINGLETON).deallocation_delay_blocks)",
    ),
    "cleared deallocation frees nothing": (
        "allocation.py",
        "    return encumbered_magnitude + allocation.pending_diff_magnitude\n",
        "    return encumbered_magnitude\n",
    ),
    "deregistered operator at once out of reach": (
        "opt_in.py",
        "Registration(is_registered=False, slashable_until_block=slashable_until_block)",
        "Registration(is_registered=False, slashable_until_block=0)",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_caught(name: str, source_copy: "SourceCopy") -> None:
    file, right, wrong = BROKEN[name]
    source_copy.replace(f"spec/eigenlayer/{file}", right, wrong)
    assert source_copy.first_difference("eigenlayer") != ""


def test_the_unbroken_copy_is_not_caught(source_copy: "SourceCopy") -> None:
    assert source_copy.first_difference("eigenlayer") == ""
