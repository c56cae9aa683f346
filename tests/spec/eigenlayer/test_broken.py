"""Seen to fail: the specification broken on purpose, one rule at a time, and the recorded traces must notice each."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "eigenlayer"

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
        "StakerShares(0, WAD)",
        "StakerShares(0, held.deposit_scaling_factor_wad)",
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
        "        CUMULATIVE_SCALED_SHARES.push(draft, of_operator, block, cumulative_scaled_shares)\n",
        "",
    ),
    "slashable window one block short": (
        "slashing.py",
        "draft.get(CONFIG, ONLY).min_withdrawal_delay_blocks - 1",
        "draft.get(CONFIG, ONLY).min_withdrawal_delay_blocks",
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
        "draft.get(CONFIG, ONLY).deallocation_delay_blocks + 1)",
        "draft.get(CONFIG, ONLY).deallocation_delay_blocks)",
    ),
    "cleared deallocation frees nothing": (
        "allocation.py",
        "    return encumbered_magnitude + allocation.pending_diff_magnitude\n",
        "    return encumbered_magnitude\n",
    ),
    "deregistered operator at once out of reach": (
        "opt_in.py",
        "Registration(False, slashable_until_block)",
        "Registration(False, 0)",
    ),
}

REPLAY_UNTIL_DIFFERENT = """
import sys
from pathlib import Path
import spec.machine
from harness.protocols import known_protocols
from harness.replay import replay
from harness.traces import find_traces, load_trace
assert spec.machine.__file__.startswith(sys.argv[1]), spec.machine.__file__
for path in find_traces([Path(sys.argv[2])]):
    if (mismatch := replay(*load_trace(path, known_protocols()))) is not None:
        print(path.name, mismatch.step, mismatch.differences[0].path)
        break
"""


def first_difference(package: Path) -> str:
    """What a fresh interpreter finds when the specification below `package` replays the traces."""
    command = [sys.executable, "-c", REPLAY_UNTIL_DIFFERENT, str(package), str(GOLDEN)]
    return subprocess.run(command, cwd=package, capture_output=True, text=True, check=True).stdout


def copy_of_source(destination: Path) -> Path:
    for room in ("spec", "harness"):
        shutil.copytree(ROOT / room, destination / room, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    return destination


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_caught(name: str, tmp_path: Path) -> None:
    file, right, wrong = BROKEN[name]
    path = copy_of_source(tmp_path) / "spec" / "eigenlayer" / file
    source = path.read_text()
    assert source.count(right) == 1, f"{name}: {file} no longer says {right!r} once"
    path.write_text(source.replace(right, wrong))
    assert first_difference(tmp_path) != ""


def test_the_unbroken_copy_is_not_caught(tmp_path: Path) -> None:
    assert first_difference(copy_of_source(tmp_path)) == ""
