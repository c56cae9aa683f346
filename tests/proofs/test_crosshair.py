"""A second way of running the source on symbols, CrossHair's, agrees with the engine, and notices what is broken."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source
ROOT = Path(__file__).parents[2]
SUBJECTS = ("kernel", "eigenlayer", "symbiotic")


def contracts_of(subject: str) -> list[str]:
    """The functions that promise something: `subject.name` for each."""
    tree = ast.parse((Path(__file__).parent / f"{subject}_contracts.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [f"{subject}.{function.name}" for function in functions if "post: " in (ast.get_docstring(function) or "")]


def crosshair(contract: str, folder: Path = ROOT) -> list[str]:
    """The verdict of CrossHair on a contract. To find nothing wrong is not enough: only `Confirmed` counts.

    The seconds are many times what any contract takes, so that a busy machine says the same. Each has a process of its
    own: what a solver was asked before would make some slower.
    """
    pytest.importorskip("crosshair")
    subject, name = contract.split(".")
    options = ["--report_all", "--analysis_kind=PEP316", "--per_condition_timeout=300", "--per_path_timeout=60"]
    command = [sys.executable, "-m", "crosshair", "check", *options, f"tests.proofs.{subject}_contracts.{name}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return re.findall(r"^.+:\d+: \w+: (.+)$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("contract", [contract for subject in SUBJECTS for contract in contracts_of(subject)])
def test_crosshair_confirms_a_contract(contract: str) -> None:
    assert crosshair(contract) == ["Confirmed over all paths."]


BROKEN_RULES = [
    ("kernel.ceils", "arithmetic.py", "return -(-(x * y) // denominator)", "return x * y // denominator"),
    (
        "eigenlayer.deposit_issues_shares_at_the_rate_before",
        "eigenlayer/strategies.py",
        "token_balance - amount)",
        "token_balance)",
    ),
    (
        "eigenlayer.slash_takes_the_fraction_of_one_allocation",
        "eigenlayer/slashing.py",
        "return mul_wad_ceil(current_magnitude, wad_to_slash)",
        "return mul_wad_floor(current_magnitude, wad_to_slash)",
    ),
    (
        "eigenlayer.slash_takes_shares_in_proportion",
        "eigenlayer/shares.py",
        "return shares - mul_div_ceil(shares, max_magnitude_after, max_magnitude_before)",
        "return mul_div_ceil(shares, max_magnitude_before - max_magnitude_after, max_magnitude_before)",
    ),
    (
        "eigenlayer.slash_reaches_a_deallocation_that_waits",
        "eigenlayer/slashing.py",
        "return pending_diff_magnitude + mul_wad_ceil(-pending_diff_magnitude, wad_to_slash)",
        "return pending_diff_magnitude",
    ),
    (
        "eigenlayer.allocation_needs_magnitude_that_is_free",
        "eigenlayer/allocation.py",
        "if encumbered_magnitude > MAX_MAGNITUDES",
        "if new_magnitude > MAX_MAGNITUDES",
    ),
    (
        "eigenlayer.deallocation_is_freed_after_the_delay",
        "eigenlayer/allocation.py",
        ".deallocation_delay_blocks + 1)",
        ".deallocation_delay_blocks)",
    ),
    (
        "eigenlayer.delegating_keeps_what_is_withdrawable",
        "eigenlayer/shares.py",
        "return div_wad_floor(deposit_scaling_factor_wad, slashing_factor_wad)",
        "return deposit_scaling_factor_wad",
    ),
    (
        "eigenlayer.queueing_takes_what_was_withdrawable",
        "eigenlayer/withdrawals.py",
        "leaving_shares = withdrawable_shares(deposit_shares, factor_wad, slashing_factor_wad)",
        "leaving_shares = scaled",
    ),
    (
        "eigenlayer.completing_waits_for_the_delay",
        "eigenlayer/withdrawals.py",
        "if current_block(draft) <= slashable_until_block",
        "if current_block(draft) < slashable_until_block",
    ),
    (
        "eigenlayer.who_leaves_takes_no_more_than_it_brought",
        "eigenlayer/strategies.py",
        "return mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET)",
        "return 1 + mul_div_floor(token_balance + BALANCE_OFFSET, shares, total_shares + SHARES_OFFSET)",
    ),
    (
        "eigenlayer.slash_reaches_a_withdrawal_through_its_delay",
        "eigenlayer/withdrawals.py",
        "MAX_MAGNITUDES.value_at(draft, (queued.operator, strategy), slashable_until_block)",
        "MAX_MAGNITUDES.latest(draft, (queued.operator, strategy))",
    ),
    (
        "eigenlayer.two_slashes_take_no_more_than_was_allocated",
        "eigenlayer/slashing.py",
        "allocation.current_magnitude - taken_magnitude,",
        "allocation.current_magnitude,",
    ),
    (
        "symbiotic.deposit_mints_shares_at_the_rate_before",
        "symbiotic/staking.py",
        "preview_deposit(amount, active_shares, active_stake)",
        "preview_deposit(amount, active_shares, active_stake + amount)",
    ),
    (
        "symbiotic.withdrawing_burns_shares_rounded_up",
        "symbiotic/shares.py",
        "return mul_div_ceil(assets, total_shares + 1, total_assets + 1)",
        "return 1 + mul_div_floor(assets, total_shares, total_assets + 1)",
    ),
    (
        "symbiotic.redeeming_pays_shares_rounded_down",
        "symbiotic/shares.py",
        "return mul_div_floor(shares, total_assets + 1, total_shares + 1)",
        "return mul_div_ceil(shares, total_assets + 1, total_shares + 1)",
    ),
    (
        "symbiotic.claiming_pays_a_part_of_the_bucket_once",
        "symbiotic/withdrawals.py",
        "draft.put(WITHDRAWALS, (vault, epoch, account), Withdrawal(shares=withdrawal.shares, is_claimed=True))",
        "draft.put(WITHDRAWALS, (vault, epoch, account), Withdrawal(shares=withdrawal.shares, is_claimed=False))",
    ),
    (
        "symbiotic.claiming_waits_for_the_end_of_the_epoch",
        "symbiotic/withdrawals.py",
        "if epoch >= current_epoch(draft, vault)",
        "if epoch > current_epoch(draft, vault)",
    ),
    (
        "symbiotic.slash_books_at_most_the_stake",
        "symbiotic/slashing.py",
        "return stake - min(slashed_since, stake)",
        "return stake",
    ),
    (
        "symbiotic.slash_is_shared_by_all_that_is_slashable",
        "symbiotic/slashing.py",
        "if withdrawals_slashed > withdrawals:",
        "if withdrawals_slashed > slashable:",
    ),
    (
        "symbiotic.slash_by_shares_takes_a_part",
        "symbiotic/delegation.py",
        "return mul_div_floor(operator_shares, subnetwork_stake, total_shares)",
        "return 1 + mul_div_floor(operator_shares, subnetwork_stake, total_shares)",
    ),
    (
        "symbiotic.slash_needs_a_capture_within_an_epoch",
        "symbiotic/slashing.py",
        "earliest_capture_timestamp = now - config.epoch_duration_seconds",
        "earliest_capture_timestamp = now - config.epoch_duration_seconds + 1",
    ),
    (
        "symbiotic.request_leaves_time_for_the_veto",
        "symbiotic/slashing.py",
        "earliest_capture_timestamp = veto_deadline_timestamp - config.epoch_duration_seconds",
        "earliest_capture_timestamp = now - config.epoch_duration_seconds",
    ),
    (
        "symbiotic.execution_waits_for_the_veto_and_no_longer_than_an_epoch",
        "symbiotic/slashing.py",
        "and request.veto_deadline_timestamp > now",
        "and request.veto_deadline_timestamp >= now",
    ),
    (
        "symbiotic.veto_is_in_time_or_refused",
        "symbiotic/slashing.py",
        "if request.veto_deadline_timestamp <= now",
        "if request.veto_deadline_timestamp < now",
    ),
    (
        "symbiotic.who_leaves_takes_no_more_than_it_brought",
        "symbiotic/withdrawals.py",
        "WithdrawalBucket(amount=bucket.amount + amount, shares=bucket.shares + minted_shares),",
        "WithdrawalBucket(amount=bucket.amount + burned_shares, shares=bucket.shares + minted_shares),",
    ),
    (
        "symbiotic.slashes_of_one_capture_take_no_more_than_the_stake",
        "symbiotic/slashing.py",
        "current_timestamp(draft), cumulative_slash)",
        "current_timestamp(draft), slashed_amount - 1)",
    ),
    (
        "symbiotic.what_leaves_can_still_be_slashed",
        "symbiotic/slashing.py",
        "0 if epoch_at(config, capture_timestamp) == epoch else bucket.amount",
        "0",
    ),
    (
        "symbiotic.vetoed_request_is_never_executed",
        "symbiotic/slashing.py",
        "_completed(request))\n    return draft.delta()",
        "request)\n    return draft.delta()",
    ),
    (
        "symbiotic.requests_of_one_capture_take_no_more_than_the_stake",
        "symbiotic/slashing.py",
        "_completed(request))\n    return _execute",
        "request)\n    return _execute",
    ),
]
"""For each contract of a call, one rule to break: in which file of `spec`, what it says, and what it says then."""


@pytest.mark.parametrize(("contract", "file", "right", "wrong"), BROKEN_RULES, ids=[rule[0] for rule in BROKEN_RULES])
def test_crosshair_refutes_a_contract_whose_rule_is_broken(
    contract: str, file: str, right: str, wrong: str, source_copy: "SourceCopy"
) -> None:
    shutil.copytree(ROOT / "tests" / "proofs", source_copy.folder / "tests" / "proofs")
    source_copy.replace(f"spec/{file}", right, wrong)
    (said,) = crosshair(contract, source_copy.folder)
    assert " when calling " in said


def test_every_contract_of_a_call_is_tried_on_a_broken_rule() -> None:
    contracts = {contract for contract, _, _, _ in BROKEN_RULES}
    assert contracts == {"kernel.ceils", *contracts_of("eigenlayer"), *contracts_of("symbiotic")}
