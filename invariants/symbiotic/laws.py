"""Symbiotic's laws. In sentences `A` is a vault's active stake and `S` its active shares."""

from typing import Final

from invariants.law import Catalogue, LivenessLaw, Scope, StateLaw, StepLaw, Subject, Sum, Transition, View, written
from invariants.symbiotic import authority, calls, effects, frames, lemmas, slashes, terms, viewing
from invariants.symbiotic.effects import BUCKET_SHARES, HOLDERS_SHARES
from invariants.symbiotic.reading import UINT256_MAX, epoch_of, is_over, now, reach
from invariants.symbiotic.witnesses import WITNESSES
from spec.symbiotic.actions import Claim, ExecuteSlash, Slash
from spec.symbiotic.config import OPERATOR_NETWORK_SPECIFIC, ZERO_ADDRESS
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_STAKE,
    CLOCK,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
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

BALANCES: Final = Sum("balances", TOKEN_BALANCES, lambda _rows, key, _row: key[0], lambda row: row.amount)
"""Token -> what all accounts hold of it."""

OPERATORS_SHARES: Final = Sum(
    "operators_shares", OPERATOR_NETWORK_SHARES.heads, lambda _rows, key, _row: key[:2], lambda row: row.latest
)
"""(vault, subnetwork) -> shares of all its operators."""


def _active_shares_are_held(view: View, vault: str) -> bool:
    return ACTIVE_SHARES.latest(view.rows, vault) == view.total(HOLDERS_SHARES, vault)


def _bucket_shares_are_held(view: View, bucket: tuple[str, int]) -> bool:
    return view.rows.get(WITHDRAWAL_BUCKETS, bucket).shares == view.total(BUCKET_SHARES, bucket)


def _active_shares_are_as_many_as_stake(view: View, vault: str) -> bool:
    return ACTIVE_SHARES.latest(view.rows, vault) >= ACTIVE_STAKE.latest(view.rows, vault)


def _bucket_shares_are_as_many_as_amount(view: View, bucket: tuple[str, int]) -> bool:
    row = view.rows.get(WITHDRAWAL_BUCKETS, bucket)
    return row.shares >= row.amount


def _is_due_claim(before: View, action: object) -> bool:
    """Whether somebody claims, to an account, an epoch that is over, for the first time, and has something there."""
    if not isinstance(action, Claim) or action.recipient == ZERO_ADDRESS:
        return False
    if not is_over(before.rows, action.vault, action.epoch):
        return False
    part = before.rows.get(WITHDRAWALS, (action.vault, action.epoch, action.sender))
    bucket = before.rows.get(WITHDRAWAL_BUCKETS, (action.vault, action.epoch))
    if part.is_claimed or bucket.shares >= UINT256_MAX:
        return False
    return part.shares * (bucket.amount + 1) >= bucket.shares + 1


def _operators_shares_make_the_total(view: View, subject: VaultSubnetwork) -> bool:
    return TOTAL_OPERATOR_NETWORK_SHARES.latest(view.rows, subject) == view.total(OPERATORS_SHARES, subject)


def _limit_is_within_the_maximum(view: View, subject: VaultSubnetwork) -> bool:
    if view.rows.get(VAULTS, subject[0]).delegator == OPERATOR_NETWORK_SPECIFIC:
        return True
    return NETWORK_LIMITS.latest(view.rows, subject) <= MAX_NETWORK_LIMITS.latest(view.rows, subject)


def _vault_covers_what_it_owes(view: View, vault: str) -> bool:
    """The buckets that can still be slashed, and the active stake; what earlier buckets owe comes on top."""
    if not view.rows.get(VAULT_FACTORY, vault).is_entity:
        return True
    config = view.rows.get(VAULTS, vault)
    account: Pair = (config.collateral, vault)
    owed_amount = reach(view.rows, vault, epoch_of(config, now(view.rows)) - 1)
    return owed_amount <= view.rows.get(TOKEN_BALANCES, account).amount


def _tokens_are_conserved(view: View, token: str) -> bool:
    return view.total(BALANCES, token) == view.total_at_start(BALANCES, token)


def _rate_falls_by_slashes_alone(step: Transition) -> bool:
    for vault in written(step.delta, ACTIVE_STAKE.heads):
        before, after = step.before.rows, step.after.rows
        stake_before, stake_after = ACTIVE_STAKE.latest(before, vault) + 1, ACTIVE_STAKE.latest(after, vault) + 1
        shares_before, shares_after = ACTIVE_SHARES.latest(before, vault) + 1, ACTIVE_SHARES.latest(after, vault) + 1
        if stake_after * shares_before < stake_before * shares_after:
            return False
    return True


def _same(key: Subject) -> Subject:
    return key


def _first(key: Subject) -> Subject:
    return key[0]


def _is_slash(step: Transition) -> bool:
    return isinstance(step.action, Slash | ExecuteSlash)


MODEL: Final = (
    "CALL-01",
    "CALL-02",
    "DEP-01",
    "DEP-02",
    "EXIT-03",
    "EXIT-04",
    "EXIT-05",
    "FRAME-01",
    "LIMIT-02",
    "SET-01",
    "SLASH-01",
    "SLASH-02",
    "SLASH-03",
    "SLASH-04",
    "STAKE-01",
    "VETO-01",
    "VIEW-05",
)
"""The laws that restate a rule at every call; all others are properties."""

CATALOGUE: Final = Catalogue(
    sums=[BALANCES, OPERATORS_SHARES, *effects.SUMS, *lemmas.SUMS],
    state_laws=[
        *authority.STATE_LAWS,
        *effects.STATE_LAWS,
        *slashes.STATE_LAWS,
        *lemmas.STATE_LAWS,
        *terms.STATE_LAWS,
        StateLaw(
            "SOLV-01",
            "A vault holds its active stake and the two buckets that leave with this epoch and the next.",
            "Symbiotic test/invariant/VaultInvariants: invariant_Totals",
            _vault_covers_what_it_owes,
            rows={ACTIVE_STAKE.heads: _same, WITHDRAWAL_BUCKETS: _first, TOKEN_BALANCES: lambda key: key[1]},
            also_reads=(CLOCK, VAULT_FACTORY, VAULTS),
        ),
        StateLaw(
            "CONS-01",
            "No token is made or lost: deposited = held + withdrawn + burned, to the wei.",
            "Symbiotic test/invariant/VaultInvariants: invariant_Totals",
            _tokens_are_conserved,
            rows={},
            sums={BALANCES: _same},
        ),
        StateLaw(
            "SHARE-01",
            "A vault's active shares are those of its holders.",
            "Vault.deposit, Vault._withdraw",
            _active_shares_are_held,
            rows={ACTIVE_SHARES.heads: _same},
            sums={HOLDERS_SHARES: _same},
        ),
        StateLaw(
            "SHARE-02",
            "A withdrawal bucket's shares are those of its claimers.",
            "Certora, Symbiotic Core: P-05, withdrawalSharesEqualsSumOf...",
            _bucket_shares_are_held,
            rows={WITHDRAWAL_BUCKETS: _same},
            sums={BUCKET_SHARES: _same},
        ),
        StateLaw(
            "SHARE-03",
            "A subnetwork's total operator shares are those of its operators.",
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
            "LIMIT-01",
            "No network limit is above the maximum that the network set.",
            "Certora, Symbiotic Core: P-08, networkLimitNotBreached",
            _limit_is_within_the_maximum,
            rows={NETWORK_LIMITS.heads: _same, MAX_NETWORK_LIMITS.heads: _same},
            also_reads=(VAULTS,),
        ),
    ],
    step_laws=[
        *authority.STEP_LAWS,
        *calls.STEP_LAWS,
        *frames.STEP_LAWS,
        *effects.STEP_LAWS,
        *slashes.STEP_LAWS,
        *terms.STEP_LAWS,
        *viewing.STEP_LAWS,
        StepLaw(
            "ROUND-01",
            "Only a slash lowers what an active share is worth: (A + 1) / (S + 1) falls in no other step.",
            "ERC4626Math",
            _rate_falls_by_slashes_alone,
            scope=Scope(tables=(ACTIVE_STAKE.heads,)),
            concerns=lambda step: not _is_slash(step),
        ),
    ],
    liveness_laws=[
        *authority.LIVENESS_LAWS,
        *calls.CALL_LAWS,
        *slashes.LIVENESS_LAWS,
        *viewing.LIVENESS_LAWS,
        LivenessLaw(
            "EXIT-02",
            "Once its epoch is over, what a withdrawal is worth can always be claimed.",
            "This project; Vault._claim",
            lambda _refusal: False,
            scope=Scope((Claim,)),
            concerns=_is_due_claim,
        ),
    ],
    witnesses=WITNESSES,
    known_false={**effects.KNOWN_FALSE, **slashes.KNOWN_FALSE},
    model=MODEL,
)
