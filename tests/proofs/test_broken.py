"""The specification is broken on purpose, and a law is refuted by a state that replays on the broken rules."""

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

PROGRAM = """
import json, sys
from proofs.running import run_call
result = run_call("proofs.eigenlayer.theory:THEORY", sys.argv[1], [sys.argv[2]], 1)
verdict = result["verdicts"][sys.argv[2]]
print(json.dumps([verdict["verdict"], verdict.get("counterexample", {}).get("broken", [])]))
"""

# The file, what is right there, what is wrong; the call and the law whose proof must fail.
BREAKS = {
    "slash takes shares rounded up": (
        "spec/eigenlayer/shares.py",
        "return shares - mul_div_ceil(shares, max_magnitude_after, max_magnitude_before)",
        "return shares - shares * max_magnitude_after // max_magnitude_before",
        "SlashOperator",
        "SLASH-02",
    ),
    "slashed magnitude rounds down": (
        "spec/eigenlayer/slashing.py",
        "return mul_wad_ceil(current_magnitude, wad_to_slash)",
        "return mul_wad_floor(current_magnitude, wad_to_slash)",
        "SlashOperator",
        "SLASH-01",
    ),
    "slash forgets the encumbered magnitude": (
        "spec/eigenlayer/slashing.py",
        "EncumberedMagnitude(encumbered_magnitude - taken_magnitude)",
        "EncumberedMagnitude(encumbered_magnitude)",
        "SlashOperator",
        "MAG-01",
    ),
    "pending deallocation is not slashed": (
        "spec/eigenlayer/slashing.py",
        "return pending_diff_magnitude + mul_wad_ceil(-pending_diff_magnitude, wad_to_slash)",
        "return pending_diff_magnitude",
        "SlashOperator",
        "SLASH-05",
    ),
    "payment rounds up": (
        "spec/eigenlayer/strategies.py",
        "return mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET)",
        "return -(-(token_balance + BALANCE_OFFSET) * shares // (total_shares + SHARES_OFFSET))",
        "ClearBurnOrRedistributableSharesByStrategy",
        "ROUND-01",
    ),
    "transfer does not see that it pays itself": (
        "spec/eigenlayer/strategies.py",
        "recipient_balance = draft.get(TOKEN_BALANCES, of_recipient).amount",
        "recipient_balance = sender_balance if sender == recipient else draft.get(TOKEN_BALANCES, of_recipient).amount",
        "TransferToken",
        "CONS-01",
    ),
    "withdrawal can be completed again": (
        "spec/eigenlayer/withdrawals.py",
        "Withdrawal(strategy_count=withdrawal.strategy_count, start_block=withdrawal.start_block, is_pending=False),",
        "Withdrawal(strategy_count=withdrawal.strategy_count, start_block=withdrawal.start_block, is_pending=True),",
        "CompleteQueuedWithdrawal",
        "EXIT-01",
    ),
    "withdrawal can be completed one block early": (
        "spec/eigenlayer/withdrawals.py",
        "if current_block(draft) <= slashable_until_block:",
        "if current_block(draft) < slashable_until_block:",
        "CompleteQueuedWithdrawal",
        "EXIT-01",
    ),
    "scaling factor is not reset": (
        "spec/eigenlayer/staking.py",
        "    draft.put(STAKER_SHARES, staker_strategy, StakerShares(deposit_shares=0, deposit_scaling_factor_wad=WAD))",
        "    draft.put(\n"
        "        STAKER_SHARES,\n"
        "        staker_strategy,\n"
        "        StakerShares(deposit_shares=0, deposit_scaling_factor_wad=held.deposit_scaling_factor_wad),\n"
        "    )",
        "QueueWithdrawals",
        "LIST-02",
    ),
    "deposit ignores earlier slashes": (
        "spec/eigenlayer/shares.py",
        "return div_wad_floor(deposit_scaling_factor_wad, slashing_factor_wad)",
        "return deposit_scaling_factor_wad",
        "DepositIntoStrategy",
        "DEP-01",
    ),
    "operator keeps shares that were queued": (
        "spec/eigenlayer/withdrawals.py",
        "OperatorShares(operator_shares - leaving_shares)",
        "OperatorShares(operator_shares)",
        "QueueWithdrawals",
        "QUEUE-01",
    ),
    "allocation exceeds the max magnitude": (
        "spec/eigenlayer/allocation.py",
        "if encumbered_magnitude > MAX_MAGNITUDES.latest(draft, operator_strategy):",
        "if encumbered_magnitude > MAX_MAGNITUDES.latest(draft, operator_strategy) + 1:",
        "ModifyAllocations",
        "MAG-02",
    ),
    "history is written one block late": (
        "spec/eigenlayer/slashing.py",
        "MAX_MAGNITUDES.push(draft, operator_strategy, block, max_magnitude)",
        "MAX_MAGNITUDES.push(draft, operator_strategy, block + 1, max_magnitude)",
        "SlashOperator",
        "TOTAL",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_rule_is_refuted(name: str, source_copy: "SourceCopy") -> None:
    file, right, wrong, action, law_id = BREAKS[name]
    source_copy.replace(file, right, wrong)
    verdict, broken = json.loads(source_copy.run(PROGRAM, action, law_id))
    assert verdict == "REFUTED"
    assert broken if law_id == "TOTAL" else law_id in broken


def test_the_unbroken_copy_is_proved(source_copy: "SourceCopy") -> None:
    assert json.loads(source_copy.run(PROGRAM, "TransferToken", "CONS-01"))[0] == "PROVED"
