"""CrossHair, a second way to run the source on symbols, agrees with the engine and notices broken rules."""

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
    """The conditions in one module that CrossHair checks, as `subject.name`: its functions with a postcondition."""
    tree = ast.parse((Path(__file__).parent / f"{subject}_contracts.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [f"{subject}.{function.name}" for function in functions if "post: " in (ast.get_docstring(function) or "")]


def crosshair(contract: str, folder: Path = ROOT) -> list[str]:
    """CrossHair's verdicts on one condition, named as `subject.name`. Only "Confirmed over all paths" counts: finding
    no error is not enough.

    The time limits are many times what any condition takes, so that a busy machine gives the same verdict. Each
    condition runs in its own process, since earlier questions to the solver would slow some of them down.
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
    ("kernel.ceils", "TC-01"),
    (
        "eigenlayer.deposit_issues_shares_at_the_rate_before",
        "EM-78",
    ),
    (
        "eigenlayer.slash_takes_the_fraction_of_one_allocation",
        "EM-17",
    ),
    (
        "eigenlayer.slash_takes_shares_in_proportion",
        "EM-43",
    ),
    (
        "eigenlayer.slash_reaches_a_deallocation_that_waits",
        "TE-09",
    ),
    (
        "eigenlayer.allocation_needs_magnitude_that_is_free",
        "TE-22",
    ),
    (
        "eigenlayer.deallocation_is_freed_after_the_delay",
        "EM-05",
    ),
    (
        "eigenlayer.delegating_keeps_what_is_withdrawable",
        "EM-40",
    ),
    (
        "eigenlayer.queueing_takes_what_was_withdrawable",
        "TE-23",
    ),
    (
        "eigenlayer.completing_waits_for_the_delay",
        "EM-44",
    ),
    (
        "eigenlayer.who_leaves_takes_no_more_than_it_brought",
        "TE-24",
    ),
    (
        "eigenlayer.slash_reaches_a_withdrawal_through_its_delay",
        "EM-45",
    ),
    (
        "eigenlayer.two_slashes_take_no_more_than_was_allocated",
        "TE-25",
    ),
    (
        "symbiotic.reward_is_the_admins_or_the_stakers",
        "SM-157",
    ),
    (
        "symbiotic.operator_is_paid_its_total_once",
        "SM-173",
    ),
    (
        "symbiotic.deposit_mints_shares_at_the_rate_before",
        "SM-49",
    ),
    (
        "symbiotic.withdrawing_burns_shares_rounded_up",
        "TS-34",
    ),
    (
        "symbiotic.redeeming_pays_shares_rounded_down",
        "SM-47",
    ),
    (
        "symbiotic.claiming_pays_a_part_of_the_bucket_once",
        "TS-23",
    ),
    (
        "symbiotic.claiming_waits_for_the_end_of_the_epoch",
        "SM-31",
    ),
    (
        "symbiotic.slash_books_at_most_the_stake",
        "TS-35",
    ),
    (
        "symbiotic.slash_is_shared_by_all_that_is_slashable",
        "TS-36",
    ),
    (
        "symbiotic.slash_by_shares_takes_a_part",
        "TS-37",
    ),
    (
        "symbiotic.slash_needs_a_capture_within_an_epoch",
        "TS-04",
    ),
    (
        "symbiotic.request_leaves_time_for_the_veto",
        "SM-07",
    ),
    (
        "symbiotic.execution_waits_for_the_veto_and_no_longer_than_an_epoch",
        "SM-09",
    ),
    (
        "symbiotic.veto_is_in_time_or_refused",
        "SM-13",
    ),
    (
        "symbiotic.who_leaves_takes_no_more_than_it_brought",
        "SM-44",
    ),
    (
        "symbiotic.slashes_of_one_capture_take_no_more_than_the_stake",
        "TS-38",
    ),
    (
        "symbiotic.what_leaves_can_still_be_slashed",
        "SM-22",
    ),
    (
        "symbiotic.vetoed_request_is_never_executed",
        "TS-39",
    ),
    (
        "symbiotic.requests_of_one_capture_take_no_more_than_the_stake",
        "TS-40",
    ),
]
"""Pairs of a condition and the bug that CrossHair must notice by it."""


@pytest.mark.nightly  # all of them together
@pytest.mark.parametrize(("contract", "bug"), BROKEN_RULES, ids=[rule[0] for rule in BROKEN_RULES])
def test_crosshair_refutes_a_contract_whose_rule_is_broken(contract: str, bug: str, source_copy: "SourceCopy") -> None:
    shutil.copytree(ROOT / "tests" / "proofs", source_copy.folder / "tests" / "proofs")
    source_copy.plant(bug)
    (said,) = crosshair(contract, source_copy.folder)
    assert " when calling " in said


def test_every_contract_of_a_call_is_tried_on_a_broken_rule() -> None:
    contracts = {contract for contract, _ in BROKEN_RULES}
    assert contracts == {"kernel.ceils", *contracts_of("eigenlayer"), *contracts_of("symbiotic")}
