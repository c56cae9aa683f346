"""Model law of views: the part of an account's stake that a slash can reach."""

from typing import Final, cast

from invariants.law import AnyStep, Scope, StepLaw
from invariants.symbiotic.state_queries import UINT256_MAX, epoch_of, held_shares, now
from spec.arithmetic import mul_div_floor
from spec.machine import Draft
from spec.symbiotic.actions import Claim, ClaimBatch, Deposit, Redeem, Withdraw
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import ACTIVE_SHARES, ACTIVE_STAKE, VAULTS, WITHDRAWAL_BUCKETS, WITHDRAWALS
from spec.symbiotic.views import slashable_balance_of


def _worth(shares: int, assets: int, total_shares: int) -> int:
    return mul_div_floor(shares, assets + 1, total_shares + 1)


def _part(rows: Draft, vault: str, epoch: int, account: str) -> int:
    bucket = rows.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    return _worth(rows.get(WITHDRAWALS, (vault, epoch, account)).shares, bucket.amount, bucket.shares)


def _slashable_balance_is_all_that_a_slash_reaches(step: AnyStep) -> bool:
    """True if the view slashableBalanceOf is the worth of an account's active shares and of its shares of two
    withdrawal buckets.

    The buckets are those of the current and the next epoch, which a slash can reach. If the active stake, the active
    shares or a bucket's shares are UINT256_MAX, the view must instead be rejected with ARITHMETIC_PANIC.
    """
    call, rows = step.action, step.after.rows
    if isinstance(call, Deposit):
        vault, account = call.vault, call.on_behalf_of
    elif isinstance(call, Withdraw | Redeem):
        vault, account = call.vault, call.claimer
    else:
        claim = cast("Claim | ClaimBatch", call)
        vault, account = claim.vault, claim.sender
    epoch = epoch_of(rows.get(VAULTS, vault), now(rows))
    stake_now, shares = ACTIVE_STAKE.latest(rows, vault), ACTIVE_SHARES.latest(rows, vault)
    buckets = [rows.get(WITHDRAWAL_BUCKETS, (vault, of)) for of in (epoch, epoch + 1)]
    said = slashable_balance_of(rows, vault, account)
    if stake_now >= UINT256_MAX or shares >= UINT256_MAX or any([bucket.shares >= UINT256_MAX for bucket in buckets]):
        return said is Reason.ARITHMETIC_PANIC
    active = _worth(held_shares(rows, vault, account), stake_now, shares)
    return said == active + _part(rows, vault, epoch, account) + _part(rows, vault, epoch + 1, account)


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "VIEW-05",
        "slashableBalanceOf is the part of an account's stake in reach of a slash: active, or leaving with this "
        "epoch or the next.",
        "Vault.slashableBalanceOf; symbioticfi/core pull request 40",
        _slashable_balance_is_all_that_a_slash_reaches,
        Scope((Deposit, Withdraw, Redeem, Claim, ClaimBatch)),
    ),
]
