"""Symbiotic's laws of rounding: in whose favour each division rounds, and by how much at most."""

from typing import Final, cast

from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw, written
from invariants.symbiotic.movements import amounts, capture_epoch, next_bucket
from invariants.symbiotic.state_queries import bucket_amount, epoch_of, now, reach, stake_grown
from spec.arithmetic import mul_div_floor
from spec.symbiotic.actions import Deposit, ExecuteSlash, Redeem, Slash, Withdraw
from spec.symbiotic.state import ACTIVE_SHARES, ACTIVE_STAKE, VAULTS, WITHDRAWAL_BUCKETS


def _is_worth(minted_shares: int, assets: int, shares: int, amount: int) -> bool:
    """True if minted shares of a pool are worth the amount paid for them, or one wei less.

    `assets` and `shares` are the totals of the pool.
    """
    return amount - 1 <= mul_div_floor(minted_shares, assets + 1, shares + 1) <= amount


def _deposit_costs_at_most_a_wei(step: AcceptedStep[Deposit]) -> bool:
    call, rows = step.action, step.after.rows
    minted_shares = cast("tuple[int, int]", step.delta.returns)[1]
    stake, shares = ACTIVE_STAKE.latest(rows, call.vault), ACTIVE_SHARES.latest(rows, call.vault)
    return _is_worth(minted_shares, stake, shares, call.amount)


def _leaving_costs_at_most_a_wei(step: AcceptedStep[Withdraw | Redeem]) -> bool:
    """True if the burned shares are worth the amount that leaves, and the shares of the bucket got for it are worth as
    much or one wei less.
    """
    call, before = step.action, step.before.rows
    first, minted_shares = cast("tuple[int, int]", step.delta.returns)
    amount, burned_shares = (call.amount, first) if isinstance(call, Withdraw) else (first, call.shares)
    stake, shares = ACTIVE_STAKE.latest(before, call.vault), ACTIVE_SHARES.latest(before, call.vault)
    if mul_div_floor(burned_shares, stake + 1, shares + 1) != amount:
        return False
    bucket = step.after.rows.get(WITHDRAWAL_BUCKETS, next_bucket(before, call.vault))
    return _is_worth(minted_shares, bucket.amount, bucket.shares, amount)


def _costs_at_most_a_wei(step: AnyStep) -> bool:
    if isinstance(step.action, Deposit):
        return _deposit_costs_at_most_a_wei(step)
    return _leaving_costs_at_most_a_wei(step)


def _buckets_lose_by_slashes_alone(step: AnyStep) -> bool:
    """True if the exchange rate of no written bucket falls. The rate is (W + 1) / (Ws + 1), for amount W and
    shares Ws.
    """
    for key in written(step.delta, WITHDRAWAL_BUCKETS):
        before, after = step.before.rows.get(WITHDRAWAL_BUCKETS, key), step.after.rows.get(WITHDRAWAL_BUCKETS, key)
        if (after.amount + 1) * (before.shares + 1) < (before.amount + 1) * (after.shares + 1):
            return False
    return True


def _slash_rounds_for_active_stake(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """True if a slash takes from active stake and the two buckets in proportion, up to rounding.

    Active stake pays at most its part, the next epoch's bucket at most one wei more, the current epoch's less than two
    wei more. None of them pays a whole wei less. A slash that pays nothing passes.
    """
    call, paid_amount = step.action, amounts(step)[1]
    before, after = step.before.rows, step.after.rows
    epoch = capture_epoch(step)
    total = reach(before, call.vault, epoch)
    stake_before = ACTIVE_STAKE.latest(before, call.vault)
    due = paid_amount * stake_before
    active_lost = -stake_grown(step, call.vault)
    if not active_lost * total <= due < (active_lost + 1) * total:
        return paid_amount == 0
    this = epoch_of(before.get(VAULTS, call.vault), now(before))
    for bucket in (epoch + 1, epoch + 2):
        amount = bucket_amount(before, call.vault, bucket)
        lost = amount - bucket_amount(after, call.vault, bucket)
        due = paid_amount * amount
        most = due + 2 * total - 1 if bucket == this else due + total
        if not due < (lost + 1) * total or lost * total > most or lost > amount:
            return False
    return True


SLASHES: Final = Scope((Slash, ExecuteSlash))


def _rate_falls_by_slashes_alone(step: AnyStep) -> bool:
    for vault in written(step.delta, ACTIVE_STAKE.heads):
        before, after = step.before.rows, step.after.rows
        stake_before, stake_after = ACTIVE_STAKE.latest(before, vault) + 1, ACTIVE_STAKE.latest(after, vault) + 1
        shares_before, shares_after = ACTIVE_SHARES.latest(before, vault) + 1, ACTIVE_SHARES.latest(after, vault) + 1
        if stake_after * shares_before < stake_before * shares_after:
            return False
    return True


def _is_slash(step: AnyStep) -> bool:
    return isinstance(step.action, Slash | ExecuteSlash)


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "ROUND-01",
        "Only a slash lowers the worth of an active share: (A + 1) / (S + 1) falls in no other step.",
        "ERC4626Math",
        _rate_falls_by_slashes_alone,
        scope=Scope(tables=(ACTIVE_STAKE.heads,)),
        applies_to=lambda step: not _is_slash(step),
    ),
    StepLaw(
        "ROUND-02",
        "A deposit, a withdrawal and a redemption cost their sender at most one wei for each issue of shares.",
        "This project; ERC4626Math, with SHARE-04 and SHARE-05",
        _costs_at_most_a_wei,
        Scope((Deposit, Withdraw, Redeem)),
    ),
    StepLaw(
        "ROUND-03",
        "Only a slash lowers the worth of a bucket share: (W + 1) / (Ws + 1) falls in no other step.",
        "ERC4626Math",
        _buckets_lose_by_slashes_alone,
        Scope((Withdraw, Redeem)),
    ),
    StepLaw(
        "ROUND-04",
        "In a slash, active stake never pays more than its part, the next bucket at most one wei more, this "
        "epoch's less than two. None pays a wei less.",
        "Vault.onSlash; Symbiotic test/vault/Vault: test_Slash",
        _slash_rounds_for_active_stake,
        SLASHES,
    ),
]
