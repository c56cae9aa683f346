"""The laws have teeth: each is seen to break when the specification is broken on purpose."""

from typing import TYPE_CHECKING

import pytest

from harness.protocols import WALKS

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

WALK_UNTIL_BROKEN = """
import sys
from harness.protocols import WALKS
from invariants.walker import walk
for seed in range(60):
    report = walk(WALKS[sys.argv[1]], seed, 400)
    if sys.argv[2] in {violation.law.law_id for violation in report.violations}:
        print("broken")
        break
"""

# (protocol, law that must break): (file, what stands there, what stands there instead)
BREAKS = {
    ("eigenlayer", "CONS-01"): (
        "strategies.py",
        "TokenBalance(recipient_balance + amount)",
        "TokenBalance(recipient_balance + amount + (amount > 10**18))",
    ),
    ("eigenlayer", "DELEG-01"): (
        "shares.py",
        "return mul_wad_floor(scaled_shares(deposit_shares, deposit_scaling_factor_wad), slashing_factor_wad)",
        "return mul_wad_floor(scaled_shares(deposit_shares, deposit_scaling_factor_wad), slashing_factor_wad) + 1",
    ),
    ("eigenlayer", "DELEG-02"): (
        "shares.py",
        "    if operator != ZERO_ADDRESS:\n        of_operator",
        "    if operator:\n        of_operator",
    ),
    ("eigenlayer", "EXIT-02"): (
        "withdrawals.py",
        "    if current_block(draft) <= slashable_until_block:\n",
        "    if current_block(draft) <= slashable_until_block + 1:\n",
    ),
    ("eigenlayer", "EXIT-01"): (
        "withdrawals.py",
        "    if current_block(draft) <= slashable_until_block:\n",
        "    if current_block(draft) < slashable_until_block:\n",
    ),
    ("eigenlayer", "MAG-01"): (
        "slashing.py",
        "EncumberedMagnitude(encumbered_magnitude - taken_magnitude)",
        "EncumberedMagnitude(encumbered_magnitude)",
    ),
    ("eigenlayer", "MAG-02"): (
        "allocation.py",
        "if encumbered_magnitude > MAX_MAGNITUDES.latest(draft, of_operator):",
        "if encumbered_magnitude > MAX_MAGNITUDES.default:",
    ),
    ("eigenlayer", "MAG-03"): (
        "slashing.py",
        "return pending_diff_magnitude + mul_wad_ceil(-pending_diff_magnitude, wad_to_slash)",
        "return pending_diff_magnitude",
    ),
    ("eigenlayer", "MAG-04"): (
        "slashing.py",
        "max_magnitude = max_magnitude_before - taken_magnitude",
        "max_magnitude = max_magnitude_before + taken_magnitude",
    ),
    ("eigenlayer", "ROUND-01"): (
        "strategies.py",
        "return mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET)",
        "return mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET) + 1",
    ),
    ("eigenlayer", "SLASH-01"): (
        "slashing.py",
        "return mul_wad_ceil(current_magnitude, wad_to_slash)",
        "return mul_wad_floor(current_magnitude, wad_to_slash)",
    ),
    ("eigenlayer", "SLASH-02"): (
        "shares.py",
        "return shares - mul_div_ceil(shares, max_magnitude_after, max_magnitude_before)",
        "return shares - mul_div_ceil(shares, max_magnitude_after, max_magnitude_before) + (shares > 3)",
    ),
    ("eigenlayer", "SLASH-03"): (
        "slashing.py",
        "    MAX_MAGNITUDES.push(draft, of_operator, block, max_magnitude)\n",
        "    MAX_MAGNITUDES.push(draft, of_operator, block, max_magnitude)\n"
        '    draft.put(ALLOCATIONS, (operator, ("avs9", 9), strategy), Allocation())\n',
    ),
    ("eigenlayer", "SOLV-01"): (
        "strategies.py",
        "with_total_shares(pool, pool.total_shares - shares)",
        "with_total_shares(pool, pool.total_shares - shares - shares)",
    ),
    ("symbiotic", "CONS-01"): (
        "collateral.py",
        "TokenBalance(sender_balance - amount)",
        "TokenBalance(sender_balance - amount + (amount > 10**18))",
    ),
    ("symbiotic", "EXIT-01"): (
        "withdrawals.py",
        "    if epoch >= current_epoch(draft, vault):\n",
        "    if epoch > current_epoch(draft, vault):\n",
    ),
    ("symbiotic", "EXIT-02"): (
        "withdrawals.py",
        "    if epoch >= current_epoch(draft, vault):\n",
        "    if epoch + 1 >= current_epoch(draft, vault):\n",
    ),
    ("symbiotic", "SHARE-04"): (
        "shares.py",
        "return mul_div_floor(assets, total_shares + 1, total_assets + 1)",
        "return mul_div_floor(assets, total_shares + 1, total_assets + 2)",
    ),
    ("symbiotic", "SHARE-05"): (
        "withdrawals.py",
        "preview_deposit(amount, bucket.shares, bucket.amount)",
        "preview_deposit(amount, bucket.shares, bucket.amount + 1)",
    ),
    ("symbiotic", "HIST-01"): (
        "staking.py",
        "ACTIVE_STAKE.push(draft, vault, now, active_stake + amount)",
        "ACTIVE_STAKE.push(draft, vault, now + 1, active_stake + amount)",
    ),
    ("symbiotic", "LIMIT-01"): (
        "delegation.py",
        "    elif NETWORK_LIMITS.latest(draft, of_subnetwork) > action.amount:\n",
        "    elif NETWORK_LIMITS.latest(draft, of_subnetwork) > action.amount + 10**30:\n",
    ),
    ("symbiotic", "ROUND-01"): (
        "shares.py",
        "return mul_div_floor(assets, total_shares + 1, total_assets + 1)",
        "return mul_div_ceil(assets, total_shares + 1, total_assets + 1)",
    ),
    ("symbiotic", "SHARE-01"): (
        "withdrawals.py",
        "ACTIVE_SHARES.latest(draft, vault) - burned_shares",
        "ACTIVE_SHARES.latest(draft, vault)",
    ),
    ("symbiotic", "SHARE-02"): (
        "withdrawals.py",
        "WithdrawalBucket(bucket.amount + amount, bucket.shares + minted_shares)",
        "WithdrawalBucket(bucket.amount + amount, bucket.shares + minted_shares + 1)",
    ),
    ("symbiotic", "SHARE-03"): (
        "delegation.py",
        "TOTAL_OPERATOR_NETWORK_SHARES.latest(draft, of_subnetwork) - shares_before + action.shares",
        "TOTAL_OPERATOR_NETWORK_SHARES.latest(draft, of_subnetwork) + action.shares",
    ),
    ("symbiotic", "SLASH-01"): (
        "slashing.py",
        "    slashed_amount = min(amount, slashable)\n",
        "    slashed_amount = amount\n",
    ),
    ("symbiotic", "SLASH-02"): (
        "slashing.py",
        "ACTIVE_STAKE.push(draft, vault, now, active_stake - active_slashed)",
        "ACTIVE_STAKE.push(draft, vault, now, active_stake - active_slashed + 1)",
    ),
    ("symbiotic", "SLASH-03"): (
        "slashing.py",
        "cumulative_slash = CUMULATIVE_SLASHES.latest(draft, of_operator) + slashed_amount",
        "cumulative_slash = CUMULATIVE_SLASHES.latest(draft, of_operator)",
    ),
    ("symbiotic", "SOLV-01"): (
        "slashing.py",
        "WithdrawalBucket(next_bucket.amount - next_withdrawals_slashed, next_bucket.shares)",
        "WithdrawalBucket(next_bucket.amount + next_withdrawals_slashed, next_bucket.shares)",
    ),
}


@pytest.mark.parametrize(("protocol", "law"), BREAKS)
def test_a_law_breaks_when_the_specification_does(protocol: str, law: str, source_copy: "SourceCopy") -> None:
    file, right, wrong = BREAKS[protocol, law]
    source_copy.replace(f"spec/{protocol}/{file}", right, wrong)
    assert source_copy.run(WALK_UNTIL_BROKEN, protocol, law) == "broken\n"


def test_every_law_is_seen_to_break() -> None:
    laws = {(protocol, law.law_id) for protocol, way in WALKS.items() for law in way.catalogue.laws()}
    assert set(BREAKS) == laws
