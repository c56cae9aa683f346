"""The laws have teeth: each is seen to break when the specification is broken on purpose."""

from typing import TYPE_CHECKING

import pytest

from harness.protocols import known_walks

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

WALK_UNTIL_BROKEN = """
import sys
from harness.protocols import known_walks
from invariants.walker import random_walk
walk = known_walks()[sys.argv[1]].only((sys.argv[2],))
for seed in range(100):
    if random_walk(walk, seed, 400).violations:
        print("broken")
        break
"""

# (protocol, law that must break): (file, what stands there, what stands there instead)
BREAKS = {
    ("eigenlayer", "CALL-01"): (
        "allocation.py",
        "return Reason.SAME_MAGNITUDE",
        "return Reason.INSUFFICIENT_MAGNITUDE",
    ),
    ("eigenlayer", "CALL-02"): (
        "slashing.py",
        "if action.sender != effective_slasher(draft.get(SLASHERS, operator_set), current_block(draft)):",
        "if not effective_slasher(draft.get(SLASHERS, operator_set), current_block(draft)):",
    ),
    ("eigenlayer", "FRAME-01"): (
        "slashing.py",
        "    MAX_MAGNITUDES.push(draft, operator_strategy, block, max_magnitude)\n",
        "    MAX_MAGNITUDES.push(draft, operator_strategy, block, max_magnitude)\n"
        '    draft.put(ALLOCATIONS, (operator, ("avs9", 9), strategy), Allocation())\n',
    ),
    ("eigenlayer", "AUTH-01"): (
        "delegation.py",
        "    if not is_operator(draft, action.operator):\n        return Reason.OPERATOR_NOT_REGISTERED\n    draft.put",
        "    draft.put",
    ),
    ("eigenlayer", "AUTH-02"): (
        "opt_in.py",
        "        return Reason.NONEXISTENT_AVS_METADATA\n    for position in",
        "        pass\n    for position in",
    ),
    ("eigenlayer", "AUTH-03"): (
        "opt_in.py",
        "    if not is_operator(draft, action.operator):\n        return Reason.INVALID_OPERATOR\n",
        "",
    ),
    ("eigenlayer", "AUTH-04"): (
        "slashing.py",
        "            return Reason.STRATEGY_NOT_IN_OPERATOR_SET\n",
        "            pass\n",
    ),
    ("eigenlayer", "AUTH-05"): ("withdrawals.py", "    if sender != staker:\n", "    if not sender:\n"),
    ("eigenlayer", "AUTH-06"): (
        "delegation.py",
        "    if sender not in (staker, operator, draft.get(OPERATOR_DETAILS, operator).delegation_approver):\n",
        "    if not sender:\n",
    ),
    ("eigenlayer", "AUTH-07"): (
        "opt_in.py",
        "OperatorSetDetails(exists=True, redistribution_recipient=redistribution_recipient)",
        "OperatorSetDetails(exists=True, redistribution_recipient=BURN_ADDRESS)",
    ),
    ("eigenlayer", "AUTH-08"): ("staking.py", "        return Reason.STRATEGY_NOT_WHITELISTED\n", "        pass\n"),
    ("eigenlayer", "DELEG-13"): (
        "delegation.py",
        "        if approval.is_expired:\n            return Reason.SIGNATURE_EXPIRED\n",
        "",
    ),
    ("eigenlayer", "EXIT-07"): (
        "withdrawals.py",
        "    for completion in action.completions:\n",
        "    for completion in action.completions[:1]:\n",
    ),
    ("eigenlayer", "OPT-01"): (
        "opt_in.py",
        "draft.put(OPERATOR_SET_STRATEGIES, (operator_set, strategy), Membership(is_member=False))",
        "draft.put(OPERATOR_SET_STRATEGIES, (operator_set, strategy), Membership(is_member=True))",
    ),
    ("eigenlayer", "LIST-03"): (
        "staking.py",
        "len(row.strategy_list) >= MAX_STAKER_STRATEGY_LIST_LENGTH",
        "len(row.strategy_list) > MAX_STAKER_STRATEGY_LIST_LENGTH",
    ),
    ("eigenlayer", "SET-04"): ("opt_in.py", "    if action.slasher == ZERO_ADDRESS:\n", "    if not action.slasher:\n"),
    ("eigenlayer", "ROUND-05"): (
        "strategies.py",
        "    if token_balance + BALANCE_OFFSET - amount > MAX_REPORTABLE_BALANCE:\n",
        "    if not token_balance + BALANCE_OFFSET:\n",
    ),
    ("eigenlayer", "LIVE-01"): (
        "delegation.py",
        "draft.get(OPERATOR_DETAILS, operator).delegation_approver):",
        "draft.get(OPERATOR_DETAILS, staker).delegation_approver):",
    ),
    ("eigenlayer", "LIVE-02"): (
        "opt_in.py",
        "    if action.sender not in (action.operator, action.avs):\n",
        "    if action.sender != action.operator:\n",
    ),
    ("eigenlayer", "LIVE-03"): (
        "allocation.py",
        "effect_block=0,",
        "effect_block=allocation.effect_block,",
    ),
    ("eigenlayer", "LIVE-04"): (
        "slashing.py",
        "    if allocation.current_magnitude == 0:\n        return 0\n",
        "    if allocation.current_magnitude == 0:\n        return Reason.INVALID_WAD_TO_SLASH\n",
    ),
    ("eigenlayer", "DELEG-11"): (
        "shares.py",
        "    if factor_wad == 0:\n        return Reason.INVALID_DEPOSIT_SCALING_FACTOR\n",
        "\n",
    ),
    ("eigenlayer", "SLASH-09"): (
        "strategies.py",
        "        Strategy(\n"
        "            underlying_token=pool.underlying_token,\n"
        "            address_rank=pool.address_rank,\n"
        "            is_whitelisted=pool.is_whitelisted,\n"
        "            total_shares=pool.total_shares,\n"
        "        ),\n",
        "        pool,\n",
    ),
    ("eigenlayer", "SLASH-10"): (
        "strategies.py",
        "        legacy_burnable_shares=pool.legacy_burnable_shares,\n",
        "",
    ),
    ("eigenlayer", "SLASH-11"): (
        "slashing.py",
        "    if before_window_block < 0:\n        return Reason.ARITHMETIC_PANIC\n",
        "    before_window_block = max(before_window_block, 0)\n",
    ),
    ("eigenlayer", "ROUND-04"): (
        "strategies.py",
        "(token_balance + BALANCE_OFFSET) * shares > UINT256_MAX",
        "token_balance > UINT256_MAX",
    ),
    ("eigenlayer", "MAG-09"): (
        "allocation.py",
        "DeallocationQueue(first=queue.first, end=queue.end + 1))\n",
        "DeallocationQueue(first=queue.first, end=queue.end + 2))\n"
        "        again = (operator, strategy, queue.end + 1)\n"
        "        draft.put(QUEUED_DEALLOCATIONS, again, QueuedDeallocation(operator_set))\n",
    ),
    ("eigenlayer", "MAG-10"): (
        "slashing.py",
        "effect_block=allocation.effect_block,",
        "effect_block=0,",
    ),
    ("eigenlayer", "QUEUE-04"): (
        "withdrawals.py",
        "        if leaving_shares > operator_shares:\n",
        "        if leaving_shares >= operator_shares > 0:\n",
    ),
    ("eigenlayer", "VIEW-01"): (
        "views.py",
        "held.deposit_scaling_factor_wad, MAX_MAGNITUDES.latest(draft, (operator, strategy))",
        "held.deposit_scaling_factor_wad, MAX_MAGNITUDES.default",
    ),
    ("eigenlayer", "VIEW-03"): (
        "views.py",
        "    return mul_wad_floor(scaled_shares, MAX_MAGNITUDES.latest(draft, (operator, strategy)))\n",
        "    return scaled_shares\n",
    ),
    ("eigenlayer", "VIEW-04"): (
        "views.py",
        "    return mul_wad_floor(shares, div_wad_floor(current_magnitude, max_magnitude))\n",
        "    return mul_wad_floor(shares, current_magnitude)\n",
    ),
    ("eigenlayer", "VIEW-05"): (
        "views.py",
        "(operator, strategy)) - encumbered_magnitude_of(draft, operator, strategy)",
        "(operator, strategy)) - draft.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude",
    ),
    ("eigenlayer", "VIEW-06"): (
        "views.py",
        "        if current_block(draft) < stored.effect_block:\n            break\n        encumbered_magnitude",
        "        encumbered_magnitude",
    ),
    ("eigenlayer", "VIEW-07"): (
        "views.py",
        "        if current_block(draft) < stored.effect_block:\n            break\n        encumbered_magnitude",
        "        encumbered_magnitude",
    ),
    ("eigenlayer", "DELEG-12"): (
        "delegation.py",
        "    if operator == staker:\n",
        "    if operator == sender == ZERO_ADDRESS:\n",
    ),
    ("eigenlayer", "VIEW-02"): (
        "views.py",
        "value_at(draft, (queued.operator, queued.strategy)",
        "value_at(draft, (draft.get(STAKERS, staker).delegated_to, queued.strategy)",
    ),
    ("eigenlayer", "DEP-03"): (
        "strategies.py",
        "    if total_shares > MAX_TOTAL_SHARES:\n",
        "    if total_shares > 2 * MAX_TOTAL_SHARES:\n",
    ),
    ("eigenlayer", "TIME-04"): (
        "allocation.py",
        "effect_block=effect_block,",
        "effect_block=0,",
    ),
    ("eigenlayer", "TIME-05"): (
        "opt_in.py",
        "Slasher(slasher=effective_slasher(stored, block), pending_slasher=action.slasher, effect_block=effect_block),",
        "Slasher(slasher=effective_slasher(stored, block), pending_slasher=action.slasher, effect_block=0),",
    ),
    ("eigenlayer", "LIST-01"): (
        "staking.py",
        "(*row.strategy_list, strategy)",
        "(*row.strategy_list, strategy, strategy)",
    ),
    ("eigenlayer", "LIST-02"): (
        "staking.py",
        "    draft.put(STAKER_SHARES, staker_strategy, StakerShares(deposit_shares=0, deposit_scaling_factor_wad=WAD))",
        "    draft.put(\n"
        "        STAKER_SHARES,\n"
        "        staker_strategy,\n"
        "        StakerShares(deposit_shares=0, deposit_scaling_factor_wad=held.deposit_scaling_factor_wad + 1),\n"
        "    )",
    ),
    ("eigenlayer", "DELEG-03"): (
        "shares.py",
        "        return div_wad_floor(deposit_scaling_factor_wad, slashing_factor_wad)\n",
        "        return div_wad_floor(deposit_scaling_factor_wad, slashing_factor_wad) + 10**17\n",
    ),
    ("eigenlayer", "DELEG-04"): (
        "shares.py",
        "OperatorShares(shares + added_shares)",
        "OperatorShares(shares + added_shares + 1)",
    ),
    ("eigenlayer", "DELEG-05"): (
        "delegation.py",
        "draft.put(SPENT_SALTS, (approver, approval.salt), SpentSalt(is_spent=True))",
        "draft.put(SPENT_SALTS, (approver, approval.salt), SpentSalt(is_spent=False))",
    ),
    ("eigenlayer", "DELEG-06"): ("delegation.py", "return len(row.strategy_list)", "return len(row.strategy_list) + 1"),
    ("eigenlayer", "DELEG-09"): (
        "shares.py",
        "div_wad_floor(current_shares + added_shares, deposit_shares_before + added_shares), slashing_factor_wad",
        "div_wad_floor(current_shares + added_shares, deposit_shares_before + added_shares) - 1, slashing_factor_wad",
    ),
    ("eigenlayer", "DELEG-10"): (
        "delegation.py",
        "draft.put(OPERATOR_DETAILS, action.operator, OperatorDetails(action.delegation_approver))",
        "draft.put(OPERATOR_DETAILS, action.operator, OperatorDetails(draft.get(OPERATOR_DETAILS, action.operator)"
        ".delegation_approver))",
    ),
    ("eigenlayer", "MAG-05"): (
        "allocation.py",
        "deallocation_delay_blocks + 1)",
        "deallocation_delay_blocks + 1 - 3 * (draft.get(DEALLOCATION_QUEUES, operator_strategy).end & 1))",
    ),
    ("eigenlayer", "MAG-06"): ("allocation.py", "deallocation_delay_blocks + 1)", "deallocation_delay_blocks)"),
    ("eigenlayer", "MAG-07"): ("allocation.py", "        first += 1\n", "        first += 2\n"),
    ("eigenlayer", "MAG-08"): (
        "allocation.py",
        "settled_allocation(stored, block))\n    return True",
        "Allocation(stored.current_magnitude, 0, 0))\n    return True",
    ),
    ("eigenlayer", "DEP-01"): (
        "strategies.py",
        "mul_div_floor(amount, total_shares + SHARES_OFFSET, token_balance + BALANCE_OFFSET)",
        "mul_div_floor(amount, total_shares + SHARES_OFFSET, token_balance + BALANCE_OFFSET + 1)",
    ),
    ("eigenlayer", "DEP-02"): (
        "strategies.py",
        "TokenBalance(sender_balance - amount)",
        "TokenBalance(sender_balance)",
    ),
    ("eigenlayer", "QUEUE-01"): (
        "withdrawals.py",
        "QueuedShares(operator=operator, strategy=strategy, start_block=block, scaled_shares=scaled),",
        "QueuedShares(operator=operator, strategy=strategy, start_block=block + 1, scaled_shares=scaled),",
    ),
    ("eigenlayer", "EXIT-03"): (
        "withdrawals.py",
        "MAX_MAGNITUDES.value_at(draft, (queued.operator, strategy), slashable_until_block)",
        "MAX_MAGNITUDES.latest(draft, (queued.operator, strategy))",
    ),
    ("eigenlayer", "SLASH-04"): ("slashing.py", "SlashedShares(taken_shares)", "SlashedShares(taken_shares + 1)"),
    ("eigenlayer", "SLASH-05"): (
        "slashing.py",
        "pending_diff_magnitude + mul_wad_ceil(",
        "pending_diff_magnitude + mul_wad_floor(",
    ),
    ("eigenlayer", "SLASH-06"): ("slashing.py", "SlashedShares(0)", "SlashedShares(shares)"),
    ("eigenlayer", "TIME-01"): (
        "allocation.py",
        "allocation_configuration_delay_blocks + 1)",
        "allocation_configuration_delay_blocks)",
    ),
    ("eigenlayer", "TIME-02"): (
        "opt_in.py",
        "slasher_configuration_delay_blocks + 1)",
        "slasher_configuration_delay_blocks)",
    ),
    ("eigenlayer", "TIME-03"): (
        "opt_in.py",
        "Registration(is_registered=False, slashable_until_block=slashable_until_block),",
        "Registration(is_registered=False, slashable_until_block=slashable_until_block + 1),",
    ),
    ("eigenlayer", "SET-01"): (
        "opt_in.py",
        "Slasher(slasher=request.slasher, pending_slasher=request.slasher, effect_block=current_block(draft)),",
        "Slasher(slasher=request.slasher, pending_slasher=ZERO_ADDRESS, effect_block=current_block(draft)),",
    ),
    ("eigenlayer", "SET-02"): (
        "opt_in.py",
        "draft.put(OPERATOR_SET_STRATEGIES, (operator_set, strategy), Membership(is_member=False))",
        "draft.put(OPERATOR_SET_STRATEGIES, (operator_set, strategy), Membership(is_member=True))",
    ),
    ("eigenlayer", "SET-03"): (
        "strategies.py",
        "        underlying_token=pool.underlying_token,\n        address_rank=pool.address_rank,\n",
        "        underlying_token=pool.underlying_token,\n        address_rank=pool.address_rank + 1,\n",
    ),
    ("eigenlayer", "HIST-01"): (
        "slashing.py",
        "MAX_MAGNITUDES.push(draft, operator_strategy, block, max_magnitude)",
        "MAX_MAGNITUDES.push(draft, operator_strategy, block - 1, max_magnitude)",
    ),
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
        "    if operator != ZERO_ADDRESS:\n        operator_strategy",
        "    if operator:\n        operator_strategy",
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
        "if encumbered_magnitude > MAX_MAGNITUDES.latest(draft, operator_strategy):",
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
        "    MAX_MAGNITUDES.push(draft, operator_strategy, block, max_magnitude)\n",
        "    MAX_MAGNITUDES.push(draft, operator_strategy, block, max_magnitude)\n"
        '    draft.put(ALLOCATIONS, (operator, ("avs9", 9), strategy), Allocation())\n',
    ),
    ("eigenlayer", "SOLV-01"): (
        "strategies.py",
        "with_total_shares(pool, pool.total_shares - shares)",
        "with_total_shares(pool, pool.total_shares - shares - shares)",
    ),
    ("eigenlayer", "SOLV-03"): (
        "slashing.py",
        "return taken_shares + slashed_shares(queued_shares, max_magnitude_before, max_magnitude)",
        "return taken_shares",
    ),
    ("eigenlayer", "DELEG-07"): (
        "shares.py",
        "OperatorShares(shares + added_shares)",
        "OperatorShares(shares + added_shares + 1000)",
    ),
    ("eigenlayer", "DELEG-08"): (
        "staking.py",
        "    draft.put(STAKER_SHARES, staker_strategy, StakerShares(deposit_shares=0, deposit_scaling_factor_wad=WAD))",
        "    draft.put(\n"
        "        STAKER_SHARES,\n"
        "        staker_strategy,\n"
        "        StakerShares(deposit_shares=0, deposit_scaling_factor_wad=held.deposit_scaling_factor_wad),\n"
        "    )",
    ),
    ("eigenlayer", "SLASH-07"): (
        "allocation.py",
        "if encumbered_magnitude > MAX_MAGNITUDES.latest(draft, operator_strategy):",
        "if encumbered_magnitude > MAX_MAGNITUDES.default:",
    ),
    ("eigenlayer", "SLASH-08"): (
        "shares.py",
        "return shares - mul_div_ceil(shares, max_magnitude_after, max_magnitude_before)",
        "return shares - mul_div_ceil(shares, max_magnitude_after, max_magnitude_before) + (shares > 3)",
    ),
    ("eigenlayer", "EXIT-04"): (
        "slashing.py",
        "MAX_MAGNITUDES.push(draft, operator_strategy, block, max_magnitude)",
        "MAX_MAGNITUDES.push(draft, operator_strategy, block - 1, max_magnitude)",
    ),
    ("eigenlayer", "QUEUE-02"): (
        "withdrawals.py",
        "CUMULATIVE_SCALED_SHARES.latest(draft, operator_strategy) + scaled",
        "CUMULATIVE_SCALED_SHARES.latest(draft, operator_strategy) + deposit_shares",
    ),
    ("eigenlayer", "EXIT-05"): (
        "withdrawals.py",
        "for completion in action.completions:",
        "for completion in action.completions[:1]:",
    ),
    ("eigenlayer", "QUEUE-03"): (
        "withdrawals.py",
        "operator, strategies[position], deposit_shares[position]",
        "operator, strategies[position], deposit_shares[0]",
    ),
    ("eigenlayer", "ROUND-02"): (
        "strategies.py",
        "mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET)",
        "mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET + 1)",
    ),
    ("eigenlayer", "ROUND-03"): (
        "withdrawals.py",
        "QueuedShares(operator=operator, strategy=strategy, start_block=block, scaled_shares=scaled),",
        "QueuedShares(operator=operator, strategy=strategy, start_block=block, scaled_shares=scaled >> 1),",
    ),
    ("symbiotic", "CALL-01"): (
        "withdrawals.py",
        "        return Reason.INSUFFICIENT_CLAIM\n",
        "        return Reason.INVALID_EPOCH\n",
    ),
    ("symbiotic", "CALL-02"): (
        "slashing.py",
        "return account == draft.get(MIDDLEWARES, subnetwork[0]).account",
        "return account != draft.get(MIDDLEWARES, ZERO_ADDRESS).account",
    ),
    ("symbiotic", "FRAME-01"): (
        "withdrawals.py",
        "    epoch = current_epoch(draft, vault) + 1\n",
        "    epoch = current_epoch(draft, vault) + 1\n"
        '    draft.put(WITHDRAWALS, (vault, epoch, "nobody"), Withdrawal())\n',
    ),
    ("symbiotic", "DEP-01"): (
        "staking.py",
        "return draft.delta((amount, minted_shares))",
        "return draft.delta((amount, minted_shares + 1))",
    ),
    ("symbiotic", "DEP-02"): (
        "collateral.py",
        "TokenBalance(recipient_balance + amount)",
        "TokenBalance(recipient_balance + amount - (amount == 7))",
    ),
    ("symbiotic", "DEP-03"): (
        "staking.py",
        "active_stake + amount > policy.deposit_limit",
        "active_stake > policy.deposit_limit",
    ),
    ("symbiotic", "EXIT-03"): (
        "shares.py",
        "return mul_div_ceil(assets, total_shares + 1, total_assets + 1)",
        "return mul_div_floor(assets, total_shares + 1, total_assets + 1)",
    ),
    ("symbiotic", "EXIT-04"): (
        "shares.py",
        "return mul_div_floor(shares, total_assets + 1, total_shares + 1)",
        "return mul_div_floor(shares, total_assets, total_shares + 1)",
    ),
    ("symbiotic", "EXIT-05"): (
        "withdrawals.py",
        "(vault, epoch, account)).shares, bucket.amount, bucket.shares)",
        "(vault, epoch, account)).shares, bucket.amount, bucket.shares + 1)",
    ),
    ("symbiotic", "EXIT-06"): (
        "withdrawals.py",
        "epoch = current_epoch(draft, vault) + 1",
        "epoch = current_epoch(draft, vault) + 2",
    ),
    ("symbiotic", "SOLV-02"): (
        "staking.py",
        "ACTIVE_SHARES_OF.latest(draft, holder) + minted_shares",
        "ACTIVE_SHARES_OF.latest(draft, holder) + minted_shares + 1",
    ),
    ("symbiotic", "SOLV-03"): (
        "withdrawals.py",
        "Withdrawal(shares=withdrawal.shares + minted_shares, is_claimed=withdrawal.is_claimed),",
        "Withdrawal(shares=withdrawal.shares + minted_shares + 1, is_claimed=withdrawal.is_claimed),",
    ),
    ("symbiotic", "SOLV-04"): (
        "slashing.py",
        "transfer(draft, config.collateral, vault, config.burner, slashed_amount)",
        "transfer(draft, config.collateral, vault, config.burner, slashed_amount - 1)",
    ),
    ("symbiotic", "ROUND-02"): (
        "withdrawals.py",
        "preview_deposit(amount, bucket.shares, bucket.amount)",
        "preview_deposit(amount - amount % 4, bucket.shares, bucket.amount)",
    ),
    ("symbiotic", "ROUND-03"): (
        "withdrawals.py",
        "WithdrawalBucket(amount=bucket.amount + amount, shares=bucket.shares + minted_shares),",
        "WithdrawalBucket(amount=bucket.amount + amount - 1, shares=bucket.shares + minted_shares),",
    ),
    ("symbiotic", "ROUND-04"): (
        "slashing.py",
        "active_slashed = mul_div_floor(slashed_amount, active_stake, slashable)",
        "active_slashed = -(-slashed_amount * active_stake // slashable)",
    ),
    ("symbiotic", "SLASH-04"): (
        "slashing.py",
        "next_withdrawals_slashed = mul_div_floor(slashed_amount, next_withdrawals, slashable)",
        "next_withdrawals_slashed = mul_div_floor(slashed_amount, next_withdrawals, slashable) >> 1",
    ),
    ("symbiotic", "SLASH-05"): (
        "slashing.py",
        "withdrawals = 0 if epoch_at(config, capture_timestamp) == epoch else bucket.amount",
        "withdrawals = bucket.amount",
    ),
    ("symbiotic", "SLASH-06"): (
        "withdrawals.py",
        "epoch = current_epoch(draft, vault) + 1",
        "epoch = current_epoch(draft, vault)",
    ),
    ("symbiotic", "SLASH-07"): (
        "slashing.py",
        "return stake - min(slashed_since, stake)",
        "return stake",
    ),
    ("symbiotic", "SLASH-08"): (
        "slashing.py",
        "slashed_amount = min(amount, active_stake + withdrawals + next_bucket.amount)",
        "slashed_amount = min(amount, active_stake + next_bucket.amount)",
    ),
    ("symbiotic", "SLASH-09"): (
        "slashing.py",
        "    if not earliest_capture_timestamp <= action.capture_timestamp < now:\n"
        "        return Reason.INVALID_CAPTURE_TIMESTAMP\n"
        "    slashed_amount",
        "    if not earliest_capture_timestamp < action.capture_timestamp < now:\n"
        "        return Reason.INVALID_CAPTURE_TIMESTAMP\n"
        "    slashed_amount",
    ),
    ("symbiotic", "VETO-01"): (
        "slashing.py",
        "veto_deadline_timestamp = now + config.veto_duration_seconds",
        "veto_deadline_timestamp = now + config.veto_duration_seconds - 1",
    ),
    ("symbiotic", "VETO-02"): (
        "slashing.py",
        "is_completed=True,",
        "is_completed=False,",
    ),
    ("symbiotic", "VETO-03"): (
        "slashing.py",
        "        and request.veto_deadline_timestamp > now\n",
        "        and request.veto_deadline_timestamp > now + 1\n",
    ),
    ("symbiotic", "VETO-04"): (
        "slashing.py",
        "if action.sender != capture_resolver:",
        "if action.sender == ZERO_ADDRESS:",
    ),
    ("symbiotic", "VETO-05"): (
        "slashing.py",
        "if request.veto_deadline_timestamp <= now:",
        "if request.veto_deadline_timestamp <= now + 2:",
    ),
    ("symbiotic", "RES-01"): (
        "slashing.py",
        "        _cancel(draft, action.vault, subnetwork)\n",
        "        pass\n",
    ),
    ("symbiotic", "RES-02"): (
        "slashing.py",
        "epoch_at(config, now) + config.resolver_set_epochs_delay)",
        "epoch_at(config, now) + config.resolver_set_epochs_delay - 1)",
    ),
    ("symbiotic", "LIMIT-02"): (
        "delegation.py",
        "OPERATOR_NETWORK_LIMITS.push(draft, subnetwork_operator, current_timestamp(draft), action.amount)",
        "OPERATOR_NETWORK_LIMITS.push(draft, subnetwork_operator, current_timestamp(draft), action.amount + 1)",
    ),
    ("symbiotic", "STAKE-01"): (
        "delegation.py",
        "return min(subnetwork_stake, OPERATOR_NETWORK_LIMITS",
        "return min(active_stake, OPERATOR_NETWORK_LIMITS",
    ),
    ("symbiotic", "OPT-01"): (
        "opt_in.py",
        "    if not draft.get(OPERATOR_REGISTRY, operator).is_entity:\n",
        "    if not operator:\n",
    ),
    ("symbiotic", "OPT-02"): (
        "opt_in.py",
        "    if not draft.get(where_registry, where).is_entity:\n",
        "    if not where:\n",
    ),
    ("symbiotic", "OPT-03"): (
        "opt_in.py",
        "    if opt_ins.latest_point(draft, opt_in) == now:\n",
        "    if opt_ins.latest_point(draft, opt_in) > now:\n",
    ),
    ("symbiotic", "SET-01"): ("staking.py", "Depositor(action.status)", "Depositor(True)"),
    ("symbiotic", "HIST-02"): (
        "../history.py",
        "            if draft.get(self.checkpoints, (key, middle)).point > point:\n",
        "            if draft.get(self.checkpoints, (key, middle)).point >= point:\n",
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
        "    elif NETWORK_LIMITS.latest(draft, vault_subnetwork) > action.amount:\n",
        "    elif NETWORK_LIMITS.latest(draft, vault_subnetwork) > action.amount + 10**30:\n",
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
        "WithdrawalBucket(amount=bucket.amount + amount, shares=bucket.shares + minted_shares),",
        "WithdrawalBucket(amount=bucket.amount + amount, shares=bucket.shares + minted_shares + 1),",
    ),
    ("symbiotic", "SHARE-03"): (
        "delegation.py",
        "TOTAL_OPERATOR_NETWORK_SHARES.latest(draft, vault_subnetwork) - shares_before + action.shares",
        "TOTAL_OPERATOR_NETWORK_SHARES.latest(draft, vault_subnetwork) + action.shares",
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
        "cumulative_slash = CUMULATIVE_SLASHES.latest(draft, subnetwork_operator) + slashed_amount",
        "cumulative_slash = CUMULATIVE_SLASHES.latest(draft, subnetwork_operator)",
    ),
    ("eigenlayer", "LEMMA-due"): (
        "allocation.py",
        "deallocation_delay_blocks + 1)",
        "deallocation_delay_blocks + 2)",
    ),
    ("eigenlayer", "LEMMA-factor"): (
        "shares.py",
        "        return div_wad_floor(deposit_scaling_factor_wad, slashing_factor_wad)\n",
        "        return div_wad_floor(deposit_scaling_factor_wad, slashing_factor_wad) + 10**17\n",
    ),
    ("eigenlayer", "LEMMA-backed"): (
        "strategies.py",
        "    total_shares = pool.total_shares + shares\n",
        "    total_shares = pool.total_shares + shares + 1\n",
    ),
    ("eigenlayer", "LEMMA-count"): (
        "withdrawals.py",
        "CUMULATIVE_SCALED_SHARES.latest(draft, operator_strategy) + scaled\n",
        "scaled\n",
    ),
    ("symbiotic", "LEMMA-claimed"): (
        "withdrawals.py",
        "    if epoch >= current_epoch(draft, vault):\n",
        "    if epoch > current_epoch(draft, vault):\n",
    ),
    ("symbiotic", "LEMMA-owed"): (
        "withdrawals.py",
        "shares=bucket.shares + minted_shares)",
        "shares=bucket.shares)",
    ),
    ("symbiotic", "LEMMA-held"): (
        "slashing.py",
        "WithdrawalBucket(amount=next_bucket.amount - next_withdrawals_slashed, shares=next_bucket.shares),",
        "WithdrawalBucket(amount=next_bucket.amount + next_withdrawals_slashed, shares=next_bucket.shares),",
    ),
    ("symbiotic", "SOLV-01"): (
        "slashing.py",
        "WithdrawalBucket(amount=next_bucket.amount - next_withdrawals_slashed, shares=next_bucket.shares),",
        "WithdrawalBucket(amount=next_bucket.amount + next_withdrawals_slashed, shares=next_bucket.shares),",
    ),
    ("symbiotic", "AUTH-01"): ("staking.py", "return account == draft.get(VAULTS, vault).admin", "return True"),
    ("symbiotic", "AUTH-02"): (
        "opt_in.py",
        "    if not draft.get(NETWORK_REGISTRY, action.sender).is_entity:\n",
        "    if not action.sender:\n",
    ),
    ("symbiotic", "AUTH-03"): (
        "opt_in.py",
        "_opt_in(draft, OPERATOR_VAULT_OPT_INS, VAULT_FACTORY, action.sender, action.vault)",
        '_opt_in(draft, OPERATOR_VAULT_OPT_INS, VAULT_FACTORY, "operator0", action.vault)',
    ),
    ("symbiotic", "AUTH-04"): (
        "slashing.py",
        "return account == draft.get(MIDDLEWARES, subnetwork[0]).account",
        "return True",
    ),
    ("symbiotic", "AUTH-05"): (
        "withdrawals.py",
        "    holder: Pair = (vault, sender)\n",
        "    holder: Pair = (vault, claimer)\n",
    ),
    ("symbiotic", "AUTH-06"): ("staking.py", "    if action.on_behalf_of == ZERO_ADDRESS:\n", "    if not vault:\n"),
    ("symbiotic", "AUTH-07"): (
        "slashing.py",
        "    if config.slasher != INSTANT_SLASHER:\n",
        '    if config.slasher == "none":\n',
    ),
    ("symbiotic", "AUTH-08"): ("staking.py", "    if policy.deposit_whitelist and not", "    if not vault and not"),
    ("symbiotic", "AUTH-09"): (
        "withdrawals.py",
        "return _pay(draft, action.vault, action.recipient, amount)",
        "return _pay(draft, action.vault, action.sender, amount)",
    ),
    ("symbiotic", "EFFECT-01"): (
        "staking.py",
        "    if amount == 0:\n        return Reason.INSUFFICIENT_DEPOSIT\n",
        "",
    ),
    ("symbiotic", "FIT-01"): (
        "staking.py",
        "    if active_shares + minted_shares > UINT256_MAX:\n        return Reason.ARITHMETIC_PANIC\n",
        "",
    ),
    ("symbiotic", "FIT-02"): (
        "withdrawals.py",
        "    if bucket.shares + minted_shares > UINT256_MAX:\n        return Reason.ARITHMETIC_PANIC\n",
        "",
    ),
    ("symbiotic", "FIT-03"): (
        "delegation.py",
        "    if total_shares > UINT256_MAX:\n        return Reason.ARITHMETIC_PANIC\n",
        "",
    ),
    ("symbiotic", "FIT-04"): (
        "slashing.py",
        "+ slashed_amount\n    if cumulative_slash > UINT256_MAX:\n",
        "+ slashed_amount * 2**256\n    if cumulative_slash < 0:\n",
    ),
    ("symbiotic", "FIT-05"): (
        "collateral.py",
        "    if sender_balance < amount:\n        return Reason.ERC20_INSUFFICIENT_BALANCE\n",
        "",
    ),
    ("symbiotic", "LIMIT-03"): (
        "delegation.py",
        "    if draft.get(VAULTS, action.vault).delegator != NETWORK_RESTAKE:\n",
        "    if not action.vault:\n",
    ),
    ("symbiotic", "LIVE-01"): (
        "staking.py",
        "active_stake + amount > policy.deposit_limit",
        "active_stake + amount >= policy.deposit_limit",
    ),
    ("symbiotic", "LIVE-02"): (
        "withdrawals.py",
        "    if action.shares > ACTIVE_SHARES_OF.latest(draft, holder):\n",
        "    if action.shares >= ACTIVE_SHARES_OF.latest(draft, holder):\n",
    ),
    ("symbiotic", "LIVE-03"): (
        "withdrawals.py",
        "    if len(action.epochs) == 0:\n",
        "    if len(action.epochs) < 2:\n",
    ),
    ("symbiotic", "LIVE-04"): (
        "opt_in.py",
        "    if opt_ins.latest_point(draft, opt_in) == now:\n",
        "    if opt_ins.latest_point(draft, opt_in) >= now - 2:\n",
    ),
    ("symbiotic", "LIVE-05"): (
        "delegation.py",
        "    if action.amount > MAX_NETWORK_LIMITS.latest(draft, vault_subnetwork):\n",
        "    if action.amount != MAX_NETWORK_LIMITS.latest(draft, vault_subnetwork):\n",
    ),
    ("symbiotic", "LIVE-06"): (
        "slashing.py",
        "    earliest_capture_timestamp = veto_deadline_timestamp - config.epoch_duration_seconds\n",
        "    earliest_capture_timestamp = veto_deadline_timestamp - config.epoch_duration_seconds + 1\n",
    ),
    ("symbiotic", "LIVE-07"): (
        "opt_in.py",
        "    if opt_ins.latest(draft, opt_in) == 1:\n",
        "    if not opt_ins.is_empty(draft, opt_in):\n",
    ),
    ("symbiotic", "SLASH-11"): (
        "slashing.py",
        "        draft.put(LATEST_CAPTURES, subnetwork_operator, LatestCapture(capture_timestamp))\n",
        "        pass\n",
    ),
    ("symbiotic", "TIME-01"): (
        "clock.py",
        "Clock(current_timestamp(draft) + action.seconds)",
        "Clock(current_timestamp(draft) + 7 - action.seconds)",
    ),
    ("symbiotic", "VETO-06"): (
        "slashing.py",
        "    earliest_capture_timestamp = veto_deadline_timestamp - config.epoch_duration_seconds\n",
        "    earliest_capture_timestamp = veto_deadline_timestamp - config.epoch_duration_seconds - 1\n",
    ),
    ("symbiotic", "VIEW-01"): (
        "views.py",
        "ACTIVE_SHARES_OF.latest(draft, holder), ACTIVE_STAKE.latest(draft, vault),",
        "ACTIVE_SHARES_OF.latest(draft, holder), ACTIVE_STAKE.latest(draft, vault) >> 1,",
    ),
    ("symbiotic", "VIEW-02"): (
        "withdrawals.py",
        "    if burned_shares > ACTIVE_SHARES_OF.latest(draft, holder):\n",
        "    if burned_shares >= ACTIVE_SHARES_OF.latest(draft, holder):\n",
    ),
    ("symbiotic", "VIEW-03"): (
        "views.py",
        "ACTIVE_STAKE.value_at(draft, vault, timestamp)",
        "ACTIVE_STAKE.latest(draft, vault)",
    ),
    ("symbiotic", "VIEW-04"): (
        "views.py",
        "return ACTIVE_STAKE.latest(draft, vault) + withdrawals + next_withdrawals",
        "return ACTIVE_STAKE.latest(draft, vault) + next_withdrawals",
    ),
    ("symbiotic", "VIEW-05"): (
        "views.py",
        "return active_balance + withdrawals + next_withdrawals",
        "return active_balance + next_withdrawals",
    ),
    ("symbiotic", "VIEW-06"): (
        "views.py",
        "return active_balance + withdrawals + next_withdrawals",
        "return withdrawals + next_withdrawals",
    ),
    ("symbiotic", "VIEW-07"): (
        "views.py",
        "return OPERATOR_NETWORK_OPT_INS.latest(draft, opt_in) == 1",
        "return not OPERATOR_NETWORK_OPT_INS.is_empty(draft, opt_in)",
    ),
    ("symbiotic", "VIEW-08"): (
        "views.py",
        "resolver_at(draft, vault, subnetwork, current_timestamp(draft))",
        "resolver_at(draft, vault, subnetwork, UINT48_MAX)",
    ),
    ("symbiotic", "VIEW-10"): (
        "views.py",
        "stake_at(draft, vault, subnetwork, operator, current_timestamp(draft))",
        "stake_at(draft, vault, subnetwork, operator, current_timestamp(draft) - 1)",
    ),
    ("symbiotic", "VIEW-09"): (
        "withdrawals.py",
        "    if amount == 0:\n        return Reason.INSUFFICIENT_CLAIM\n",
        "",
    ),
}


@pytest.mark.parametrize(("protocol", "law"), BREAKS)
def test_a_law_breaks_when_the_specification_does(protocol: str, law: str, source_copy: "SourceCopy") -> None:
    file, right, wrong = BREAKS[protocol, law]
    source_copy.replace(f"spec/{protocol}/{file}", right, wrong)
    assert source_copy.run(WALK_UNTIL_BROKEN, protocol, law) == "broken\n"


def test_every_law_is_seen_to_break() -> None:
    """But for those that are broken as it is."""
    laws = {
        (protocol, law.law_id)
        for protocol, walk in known_walks().items()
        for law in walk.catalogue.laws()
        if law.law_id not in walk.catalogue.known_violations
    }
    assert set(BREAKS) == laws
