"""Symbiotic's laws of solvency: a vault holds what it owes, and totals of shares match their holders' shares."""

from typing import Final, cast

from invariants.law import AcceptedStep, Scope, StateLaw, StepLaw, Subject, Sum, View
from invariants.symbiotic.state_queries import epoch_of, grown, now, reach, stake_grown
from spec.symbiotic.actions import Claim, ClaimBatch, Deposit, ExecuteSlash, Redeem, Slash, Withdraw
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CLOCK,
    OPERATOR_NETWORK_SHARES,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULT_FACTORY,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    Pair,
    VaultSubnetwork,
)

HOLDERS_SHARES: Final = Sum(
    "holders_shares", ACTIVE_SHARES_OF.heads, lambda _rows, key, _row: key[0], lambda row: row.latest
)
"""A sum per vault: the active shares of all holders."""


BUCKET_SHARES: Final = Sum("bucket_shares", WITHDRAWALS, lambda _rows, key, _row: key[:2], lambda row: row.shares)
"""A sum per (vault, epoch): the withdrawal shares of all claimers."""


BUCKETED: Final = Sum("bucketed", WITHDRAWAL_BUCKETS, lambda _rows, key, _row: key[0], lambda row: row.amount)
"""A sum per vault: the amounts of all its withdrawal buckets, counted whether claimed or not."""


def _nothing_else_is_missing(
    step: AcceptedStep[Deposit | Withdraw | Redeem | Claim | ClaimBatch | Slash | ExecuteSlash],
) -> bool:
    """True if the vault's balance in excess of its active stake and all buckets falls only by claims.

    A claim paid to the vault itself changes nothing. A slash of a vault that is its own burner raises the excess.
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


def _holders_are_covered(view: View, vault: str) -> bool:
    """True if the worth of all active shares together, rounded down, is at most the active stake."""
    held, shares = view.total(HOLDERS_SHARES, vault), ACTIVE_SHARES.latest(view.rows, vault)
    stake_now = ACTIVE_STAKE.latest(view.rows, vault)
    return held * (stake_now + 1) < (stake_now + 1) * (shares + 1)


def _claimers_are_covered(view: View, bucket: tuple[str, int]) -> bool:
    """True if the worth of all shares of a withdrawal bucket together, rounded down, is at most the bucket's amount."""
    row = view.rows.get(WITHDRAWAL_BUCKETS, bucket)
    return view.total(BUCKET_SHARES, bucket) * (row.amount + 1) < (row.amount + 1) * (row.shares + 1)


def _same(key: Subject) -> Subject:
    return key


SUMS: Final[list[Sum]] = [BUCKETED, HOLDERS_SHARES, BUCKET_SHARES]


BALANCES: Final = Sum("balances", TOKEN_BALANCES, lambda _rows, key, _row: key[0], lambda row: row.amount)
"""A sum per token: the balances of all accounts."""


OPERATORS_SHARES: Final = Sum(
    "operators_shares", OPERATOR_NETWORK_SHARES.heads, lambda _rows, key, _row: key[:2], lambda row: row.latest
)
"""A sum per (vault, subnetwork): the shares of all its operators."""


def _active_shares_are_held(view: View, vault: str) -> bool:
    return ACTIVE_SHARES.latest(view.rows, vault) == view.total(HOLDERS_SHARES, vault)


def _bucket_shares_are_held(view: View, bucket: tuple[str, int]) -> bool:
    return view.rows.get(WITHDRAWAL_BUCKETS, bucket).shares == view.total(BUCKET_SHARES, bucket)


def _active_shares_are_as_many_as_stake(view: View, vault: str) -> bool:
    return ACTIVE_SHARES.latest(view.rows, vault) >= ACTIVE_STAKE.latest(view.rows, vault)


def _bucket_shares_are_as_many_as_amount(view: View, bucket: tuple[str, int]) -> bool:
    row = view.rows.get(WITHDRAWAL_BUCKETS, bucket)
    return row.shares >= row.amount


def _operators_shares_make_the_total(view: View, subject: VaultSubnetwork) -> bool:
    return TOTAL_OPERATOR_NETWORK_SHARES.latest(view.rows, subject) == view.total(OPERATORS_SHARES, subject)


def _vault_covers_what_it_owes(view: View, vault: str) -> bool:
    """True if the vault's balance covers its active stake and the two withdrawal buckets that can still be slashed.

    Amounts owed by earlier buckets are not included.
    """
    if not view.rows.get(VAULT_FACTORY, vault).is_entity:
        return True
    config = view.rows.get(VAULTS, vault)
    account: Pair = (config.collateral, vault)
    owed_amount = reach(view.rows, vault, epoch_of(config, now(view.rows)) - 1)
    return owed_amount <= view.rows.get(TOKEN_BALANCES, account).amount


def _tokens_are_conserved(view: View, token: str) -> bool:
    return view.total(BALANCES, token) == view.total_at_start(BALANCES, token)


def _first(key: Subject) -> Subject:
    return key[0]


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "CONS-01",
        "Tokens are conserved: deposited = held + withdrawn + burned, to the wei.",
        "Symbiotic test/invariant/VaultInvariants: invariant_Totals",
        _tokens_are_conserved,
        rows={},
        sums={BALANCES: _same},
    ),
    StateLaw(
        "SHARE-01",
        "A vault's active shares are the sum of its holders'.",
        "Vault.deposit, Vault._withdraw",
        _active_shares_are_held,
        rows={ACTIVE_SHARES.heads: _same},
        sums={HOLDERS_SHARES: _same},
    ),
    StateLaw(
        "SHARE-02",
        "A withdrawal bucket's shares are the sum of its claimers'.",
        "Certora, Symbiotic Core: P-05, withdrawalSharesEqualsSumOf...",
        _bucket_shares_are_held,
        rows={WITHDRAWAL_BUCKETS: _same},
        sums={BUCKET_SHARES: _same},
    ),
    StateLaw(
        "SHARE-03",
        "A subnetwork's total operator shares are the sum of its operators'.",
        "NetworkRestakeDelegator.setOperatorNetworkShares",
        _operators_shares_make_the_total,
        rows={TOTAL_OPERATOR_NETWORK_SHARES.heads: _same},
        sums={OPERATORS_SHARES: _same},
    ),
    StateLaw(
        "SHARE-04",
        "A vault has at least as many active shares as active stake.",
        "This project; ERC4626Math",
        _active_shares_are_as_many_as_stake,
        rows={ACTIVE_SHARES.heads: _same, ACTIVE_STAKE.heads: _same},
    ),
    StateLaw(
        "SHARE-05",
        "A withdrawal bucket has at least as many shares as collateral.",
        "This project; ERC4626Math",
        _bucket_shares_are_as_many_as_amount,
        rows={WITHDRAWAL_BUCKETS: _same},
    ),
    StateLaw(
        "SOLV-01",
        "A vault holds its active stake and the two buckets of this epoch and the next.",
        "Symbiotic test/invariant/VaultInvariants: invariant_Totals",
        _vault_covers_what_it_owes,
        rows={ACTIVE_STAKE.heads: _same, WITHDRAWAL_BUCKETS: _first, TOKEN_BALANCES: lambda key: key[1]},
        also_reads=(CLOCK, VAULT_FACTORY, VAULTS),
    ),
    StateLaw(
        "SOLV-02",
        "All holders together can redeem at most the active stake.",
        "Symbiotic test/invariant/VaultInvariants: invariant_Totals; Certora, Symbiotic Core: P-07",
        _holders_are_covered,
        rows={ACTIVE_SHARES.heads: _same, ACTIVE_STAKE.heads: _same},
        sums={HOLDERS_SHARES: _same},
    ),
    StateLaw(
        "SOLV-03",
        "All claimers of one epoch together can claim at most what its bucket holds.",
        "Symbiotic test/invariant/VaultInvariants: invariant_Totals",
        _claimers_are_covered,
        rows={WITHDRAWAL_BUCKETS: _same},
        sums={BUCKET_SHARES: _same},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "SOLV-04",
        "A vault's balance beside its active stake and its two buckets falls by claims alone.",
        "Symbiotic test/invariant/VaultInvariants: invariant_Totals",
        _nothing_else_is_missing,
        Scope((Deposit, Withdraw, Redeem, Claim, ClaimBatch, Slash, ExecuteSlash)),
    ),
]
