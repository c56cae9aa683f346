"""What each accepted call does to stake that comes and leaves, to the unit: a second account of the effects."""

from typing import Final, cast

from invariants.law import AcceptedStep, KnownFalse, Scope, StateLaw, StepLaw, Subject, Sum, Transition, View, written
from invariants.symbiotic.reading import (
    epoch_of,
    grown,
    held_shares,
    is_over,
    moved,
    now,
    reach,
    stake_grown,
    start_of,
)
from spec.arithmetic import mul_div_ceil, mul_div_floor
from spec.machine import Draft
from spec.symbiotic.actions import (
    Claim,
    ClaimBatch,
    Deposit,
    ExecuteSlash,
    Redeem,
    Slash,
    TransferCollateral,
    Withdraw,
)
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CLOCK,
    DEPOSIT_POLICIES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
)

HOLDERS_SHARES: Final = Sum(
    "holders_shares", ACTIVE_SHARES_OF.heads, lambda _rows, key, _row: key[0], lambda row: row.latest
)
"""Vault -> active shares of all its holders."""


BUCKET_SHARES: Final = Sum("bucket_shares", WITHDRAWALS, lambda _rows, key, _row: key[:2], lambda row: row.shares)
"""(vault, epoch) -> withdrawal shares of all claimers."""


BUCKETED: Final = Sum("bucketed", WITHDRAWAL_BUCKETS, lambda _rows, key, _row: key[0], lambda row: row.amount)
"""Vault -> what all its buckets hold, or held until it was claimed."""


def _shares_grown(step: Transition, vault: str) -> int:
    return ACTIVE_SHARES.latest(step.after.rows, vault) - ACTIVE_SHARES.latest(step.before.rows, vault)


def _held_grown(step: Transition, vault: str, account: str) -> int:
    return held_shares(step.after.rows, vault, account) - held_shares(step.before.rows, vault, account)


def _deposit_moves_its_amount(step: AcceptedStep[Deposit]) -> bool:
    call, rows = step.action, step.before.rows
    shares, stake_before = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    minted_shares = mul_div_floor(call.amount, shares + 1, stake_before + 1)
    return (
        step.delta.returns == (call.amount, minted_shares)
        and moved(step, rows.get(VAULTS, call.vault).collateral, call.sender, call.vault, call.amount)
        and stake_grown(step, call.vault) == call.amount
        and _shares_grown(step, call.vault) == minted_shares
        and _held_grown(step, call.vault, call.on_behalf_of) == minted_shares
    )


def _transfer_moves_its_amount(step: AcceptedStep[TransferCollateral]) -> bool:
    call = step.action
    return moved(step, call.collateral, call.sender, call.to, call.amount)


def _deposit_keeps_the_limit(step: AcceptedStep[Deposit]) -> bool:
    call = step.action
    policy = step.before.rows.get(DEPOSIT_POLICIES, call.vault)
    return ACTIVE_STAKE.latest(step.after.rows, call.vault) <= policy.deposit_limit


def _deposit_keeps_the_limit_in_all(step: AcceptedStep[Deposit]) -> bool:
    call, rows = step.action, step.before.rows
    total_stake = reach(step.after.rows, call.vault, epoch_of(rows.get(VAULTS, call.vault), now(rows)) - 1)
    return total_stake <= rows.get(DEPOSIT_POLICIES, call.vault).deposit_limit


def _is_limited(step: AcceptedStep[Deposit]) -> bool:
    return step.before.rows.get(DEPOSIT_POLICIES, step.action.vault).is_deposit_limit


def _next_bucket(rows: Draft, vault: str) -> tuple[str, int]:
    """The bucket of who asks to leave now: that of the epoch after this one."""
    return vault, epoch_of(rows.get(VAULTS, vault), now(rows)) + 1


def _leaves_with_the_next_epoch(step: Transition, vault: str, claimer: str, amount: int, burned_shares: int) -> int:
    """How many shares of the next epoch's bucket a claimer got for an amount that left active stake; -1 if anything is
    not as it should be.
    """
    before, after, config = step.before.rows, step.after.rows, step.before.rows.get(VAULTS, vault)
    key = _next_bucket(before, vault)
    if not start_of(config, key[1] - 1) <= now(before) < start_of(config, key[1]):
        return -1
    bucket, bucket_after = before.get(WITHDRAWAL_BUCKETS, key), after.get(WITHDRAWAL_BUCKETS, key)
    minted_shares = mul_div_floor(amount, bucket.shares + 1, bucket.amount + 1)
    part, part_after = before.get(WITHDRAWALS, (*key, claimer)), after.get(WITHDRAWALS, (*key, claimer))
    is_right = (
        stake_grown(step, vault) == -amount
        and _shares_grown(step, vault) == -burned_shares
        and bucket_after.amount == bucket.amount + amount
        and bucket_after.shares == bucket.shares + minted_shares
        and part_after.shares == part.shares + minted_shares
        and not part_after.is_claimed
    )
    return minted_shares if is_right else -1


def _withdrawal_burns_what_it_is_worth(step: AcceptedStep[Withdraw]) -> bool:
    call, rows = step.action, step.before.rows
    shares, stake_before = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    burned_shares = mul_div_ceil(call.amount, shares + 1, stake_before + 1)
    minted_shares = _leaves_with_the_next_epoch(step, call.vault, call.claimer, call.amount, burned_shares)
    return step.delta.returns == (burned_shares, minted_shares) and (
        _held_grown(step, call.vault, call.sender) == -burned_shares
    )


def _redemption_releases_what_it_is_worth(step: AcceptedStep[Redeem]) -> bool:
    call, rows = step.action, step.before.rows
    shares, stake_before = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    amount = mul_div_floor(call.shares, stake_before + 1, shares + 1)
    minted_shares = _leaves_with_the_next_epoch(step, call.vault, call.claimer, amount, call.shares)
    return step.delta.returns == (amount, minted_shares) and (
        _held_grown(step, call.vault, call.sender) == -call.shares
    )


def claimed_epochs(call: Claim | ClaimBatch) -> tuple[int, ...]:
    """The epochs that a claim is of."""
    if isinstance(call, Claim):
        return (call.epoch,)
    return call.epochs


def _claim_pays_exactly(step: AcceptedStep[Claim | ClaimBatch]) -> bool:
    call, rows = step.action, step.before.rows
    total_amount = 0
    for epoch in claimed_epochs(call):
        bucket = rows.get(WITHDRAWAL_BUCKETS, (call.vault, epoch))
        shares = rows.get(WITHDRAWALS, (call.vault, epoch, call.sender)).shares
        total_amount += mul_div_floor(shares, bucket.amount + 1, bucket.shares + 1)
    return step.delta.returns == total_amount and moved(
        step, rows.get(VAULTS, call.vault).collateral, call.vault, call.recipient, total_amount
    )


def _claim_is_of_a_past_epoch_and_once(step: AcceptedStep[Claim | ClaimBatch]) -> bool:
    call = step.action
    epochs = claimed_epochs(call)
    for position, epoch in enumerate(epochs):
        key = (call.vault, epoch, call.sender)
        before, after = step.before.rows.get(WITHDRAWALS, key), step.after.rows.get(WITHDRAWALS, key)
        if before.is_claimed or not after.is_claimed or before.shares != after.shares or epoch in epochs[:position]:
            return False
        if not is_over(step.before.rows, call.vault, epoch):
            return False
    return True


def _no_bucket_lies_further_ahead(view: View, bucket: tuple[str, int]) -> bool:
    """A bucket that holds anything is of the next epoch or of an earlier one."""
    row = view.rows.get(WITHDRAWAL_BUCKETS, bucket)
    config = view.rows.get(VAULTS, bucket[0])
    return (row.amount == 0 and row.shares == 0) or now(view.rows) >= start_of(config, bucket[1] - 1)


def _nothing_else_is_missing(
    step: AcceptedStep[Deposit | Withdraw | Redeem | Claim | ClaimBatch | Slash | ExecuteSlash],
) -> bool:
    """What a vault holds beside its stake and its buckets falls by what is claimed, and by nothing else.

    It grows by what is slashed of a vault that is its own burner.
    """
    call = step.action
    vault, config = call.vault, step.before.rows.get(VAULTS, call.vault)
    stood_for = stake_grown(step, vault) + step.after.total(BUCKETED, vault) - step.before.total(BUCKETED, vault)
    beside_grown = 0
    if isinstance(call, Claim | ClaimBatch) and call.recipient != vault:
        beside_grown = -cast(int, step.delta.returns)
    elif isinstance(call, Slash | ExecuteSlash) and config.burner == vault:
        beside_grown = cast("tuple[int, int]", step.delta.returns)[1]
    return grown(step, config.collateral, vault) - stood_for == beside_grown


def _is_worth(minted_shares: int, assets: int, shares: int, amount: int) -> bool:
    """Whether shares that were made of a pool are worth the amount they were made for, or a wei less."""
    return amount - 1 <= mul_div_floor(minted_shares, assets + 1, shares + 1) <= amount


def _deposit_costs_at_most_a_wei(step: AcceptedStep[Deposit]) -> bool:
    call, rows = step.action, step.after.rows
    minted_shares = cast("tuple[int, int]", step.delta.returns)[1]
    stake, shares = ACTIVE_STAKE.latest(rows, call.vault), ACTIVE_SHARES.latest(rows, call.vault)
    return _is_worth(minted_shares, stake, shares, call.amount)


def _leaving_costs_at_most_a_wei(step: AcceptedStep[Withdraw | Redeem]) -> bool:
    """What leaves is what the shares burned are worth, and the shares of the bucket are worth that, or a wei less."""
    call, before = step.action, step.before.rows
    first, minted_shares = cast("tuple[int, int]", step.delta.returns)
    amount, burned_shares = (call.amount, first) if isinstance(call, Withdraw) else (first, call.shares)
    stake, shares = ACTIVE_STAKE.latest(before, call.vault), ACTIVE_SHARES.latest(before, call.vault)
    if mul_div_floor(burned_shares, stake + 1, shares + 1) != amount:
        return False
    bucket = step.after.rows.get(WITHDRAWAL_BUCKETS, _next_bucket(before, call.vault))
    return _is_worth(minted_shares, bucket.amount, bucket.shares, amount)


def _costs_at_most_a_wei(step: Transition) -> bool:
    if isinstance(step.action, Deposit):
        return _deposit_costs_at_most_a_wei(step)
    return _leaving_costs_at_most_a_wei(step)


def _buckets_lose_by_slashes_alone(step: Transition) -> bool:
    """(W + 1) / (Ws + 1) falls in no step but a slash."""
    for key in written(step.delta, WITHDRAWAL_BUCKETS):
        before, after = step.before.rows.get(WITHDRAWAL_BUCKETS, key), step.after.rows.get(WITHDRAWAL_BUCKETS, key)
        if (after.amount + 1) * (before.shares + 1) < (before.amount + 1) * (after.shares + 1):
            return False
    return True


def _holders_are_covered(view: View, vault: str) -> bool:
    """What all holders' active shares are worth together is below the active stake and one: at most that stake."""
    held, shares = view.total(HOLDERS_SHARES, vault), ACTIVE_SHARES.latest(view.rows, vault)
    stake_now = ACTIVE_STAKE.latest(view.rows, vault)
    return held * (stake_now + 1) < (stake_now + 1) * (shares + 1)


def _claimers_are_covered(view: View, bucket: tuple[str, int]) -> bool:
    """What all parts of a bucket are worth together is less than what it holds and one, so at most that."""
    row = view.rows.get(WITHDRAWAL_BUCKETS, bucket)
    return view.total(BUCKET_SHARES, bucket) * (row.amount + 1) < (row.amount + 1) * (row.shares + 1)


def _same(key: Subject) -> Subject:
    return key


CLAIMS: Final = Scope((Claim, ClaimBatch))

SUMS: Final[list[Sum]] = [BUCKETED, HOLDERS_SHARES, BUCKET_SHARES]

STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "SOLV-02",
        "All holders together can redeem no more than the active stake.",
        "Symbiotic test/invariant/VaultInvariants: invariant_Totals; Certora, Symbiotic Core: P-07",
        _holders_are_covered,
        rows={ACTIVE_SHARES.heads: _same, ACTIVE_STAKE.heads: _same},
        sums={HOLDERS_SHARES: _same},
    ),
    StateLaw(
        "SOLV-03",
        "All who leave with one epoch together can claim no more than its bucket holds.",
        "Symbiotic test/invariant/VaultInvariants: invariant_Totals",
        _claimers_are_covered,
        rows={WITHDRAWAL_BUCKETS: _same},
        sums={BUCKET_SHARES: _same},
    ),
    StateLaw(
        "EXIT-06",
        "Nothing leaves with an epoch after the next.",
        "Certora, Symbiotic Core: P-05, noWithdrawalsInFarFuture",
        _no_bucket_lies_further_ahead,
        rows={WITHDRAWAL_BUCKETS: _same},
        also_reads=(CLOCK, VAULTS),
        harmless={CLOCK: lambda before, after: after.timestamp >= before.timestamp},
    ),
]

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "DEP-01",
        "A deposit moves its amount from sender to vault, for exactly the active shares of the rate before, rounded "
        "down, of whom it was made for.",
        "Vault.deposit, ERC4626Math.previewDeposit; Symbiotic test/vault/Vault: test_DepositTwice",
        _deposit_moves_its_amount,
        Scope((Deposit,)),
    ),
    StepLaw(
        "DEP-02",
        "A token transfer moves its amount from the sender to the recipient; given to a vault, it changes no stake.",
        "ERC-20; Vault.deposit counts what it was entrusted with",
        _transfer_moves_its_amount,
        Scope((TransferCollateral,)),
    ),
    StepLaw(
        "DEP-03",
        "While the deposit limit is on, no deposit lifts the active stake above it.",
        "Vault.deposit; Certora, Symbiotic Core: P-06, of active stake alone",
        _deposit_keeps_the_limit,
        Scope((Deposit,)),
        concerns=_is_limited,
    ),
    StepLaw(
        "DEP-04",
        "While the deposit limit is on, no deposit lifts all that a vault can lose above it.",
        "Certora, Symbiotic Core: P-06, stakeLimitCannotBeBreached",
        _deposit_keeps_the_limit_in_all,
        Scope((Deposit,)),
        concerns=_is_limited,
    ),
    StepLaw(
        "EXIT-01",
        "A claim is of an epoch that is over, happens once, and leaves the claimer's shares as they were.",
        "Vault._claim; Symbiotic test/vault/Vault: test_ClaimRevertInvalidEpoch, test_ClaimRevertAlreadyClaimed",
        _claim_is_of_a_past_epoch_and_once,
        CLAIMS,
    ),
    StepLaw(
        "EXIT-03",
        "A withdrawal burns the active shares that its amount is worth, rounded up, and makes shares of the next "
        "epoch's bucket, rounded down.",
        "Vault.withdraw, ERC4626Math.previewWithdraw; Symbiotic test/vault/Vault: test_WithdrawTwice",
        _withdrawal_burns_what_it_is_worth,
        Scope((Withdraw,)),
    ),
    StepLaw(
        "EXIT-04",
        "A redemption lets leave what its active shares are worth, rounded down, for shares of the next epoch's "
        "bucket, rounded down.",
        "Vault.redeem, ERC4626Math.previewRedeem; Symbiotic test/vault/Vault: test_RedeemTwice",
        _redemption_releases_what_it_is_worth,
        Scope((Redeem,)),
    ),
    StepLaw(
        "EXIT-05",
        "A claim pays exactly what its parts of the buckets are worth, each rounded down, to its recipient.",
        "Vault._claim, Vault.withdrawalsOf; Symbiotic test/vault/Vault: test_Claim, test_ClaimBatch",
        _claim_pays_exactly,
        CLAIMS,
    ),
    StepLaw(
        "SOLV-04",
        "What a vault holds beside its active stake and its buckets falls by what is claimed, and by nothing else.",
        "Symbiotic test/invariant/VaultInvariants: invariant_Totals",
        _nothing_else_is_missing,
        Scope((Deposit, Withdraw, Redeem, Claim, ClaimBatch, Slash, ExecuteSlash)),
    ),
    StepLaw(
        "ROUND-02",
        "A deposit, a withdrawal and a redemption cost their maker at most one wei, each time shares are made.",
        "This project; ERC4626Math, with SHARE-04 and SHARE-05",
        _costs_at_most_a_wei,
        Scope((Deposit, Withdraw, Redeem)),
    ),
    StepLaw(
        "ROUND-03",
        "Only a slash lowers what a share of a bucket is worth: (W + 1) / (Ws + 1) falls in no other step.",
        "ERC4626Math",
        _buckets_lose_by_slashes_alone,
        Scope((Withdraw, Redeem)),
    ),
]
KNOWN_FALSE: Final[dict[str, KnownFalse]] = {
    "DEP-04": KnownFalse(
        "DEP-03",
        "symbiotic_deposit_limit_is_passed.json",
        "A vault can hold any multiple of its deposit limit, of which no more than the limit works for networks.",
    )
}
