"""Symbiotic's laws. In sentences `A` is a vault's active stake and `S` its active shares."""

from typing import Final, cast

from invariants.law import Catalogue, LivenessLaw, Scope, StateLaw, StepLaw, Subject, Sum, Transition, View, written
from spec.machine import Delta
from spec.symbiotic.actions import Claim, ClaimBatch, ExecuteSlash, Slash
from spec.symbiotic.clock import current_epoch, current_timestamp
from spec.symbiotic.config import OPERATOR_NETWORK_SPECIFIC, ZERO_ADDRESS
from spec.symbiotic.slashing import slashable_stake
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CUMULATIVE_SLASHES,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_SHARES,
    SLASH_REQUESTS,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    Pair,
    VaultSubnetwork,
)
from spec.symbiotic.withdrawals import withdrawals_of

BALANCES: Final = Sum("balances", TOKEN_BALANCES, lambda _rows, key, _row: key[0], lambda row: row.amount)
"""Token -> what all accounts hold of it."""

HOLDERS_SHARES: Final = Sum(
    "holders_shares", ACTIVE_SHARES_OF.heads, lambda _rows, key, _row: key[0], lambda row: row.latest
)
"""Vault -> active shares of all its holders."""

BUCKET_SHARES: Final = Sum("bucket_shares", WITHDRAWALS, lambda _rows, key, _row: key[:2], lambda row: row.shares)
"""(vault, epoch) -> withdrawal shares of all claimers."""

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
    if action.epoch >= current_epoch(before.rows, action.vault):
        return False
    if before.rows.get(WITHDRAWALS, (action.vault, action.epoch, action.sender)).is_claimed:
        return False
    amount = withdrawals_of(before.rows, action.vault, action.epoch, action.sender)
    return isinstance(amount, int) and amount > 0


def _operators_shares_make_the_total(view: View, subject: VaultSubnetwork) -> bool:
    return TOTAL_OPERATOR_NETWORK_SHARES.latest(view.rows, subject) == view.total(OPERATORS_SHARES, subject)


def _limit_is_within_the_maximum(view: View, subject: VaultSubnetwork) -> bool:
    if view.rows.get(VAULTS, subject[0]).delegator == OPERATOR_NETWORK_SPECIFIC:
        return True
    return NETWORK_LIMITS.latest(view.rows, subject) <= MAX_NETWORK_LIMITS.latest(view.rows, subject)


def _vault_covers_what_it_owes(view: View, vault: str) -> bool:
    """The buckets that can still be slashed, and the active stake; what earlier buckets owe comes on top."""
    epoch = current_epoch(view.rows, vault)
    owed_amount = ACTIVE_STAKE.latest(view.rows, vault) + sum(
        view.rows.get(WITHDRAWAL_BUCKETS, (vault, bucket)).amount for bucket in (epoch, epoch + 1)
    )
    account: Pair = (view.rows.get(VAULTS, vault).collateral, vault)
    return owed_amount <= view.rows.get(TOKEN_BALANCES, account).amount


def _tokens_are_conserved(view: View, token: str) -> bool:
    return view.total(BALANCES, token) == view.total_at_start(BALANCES, token)


def _stake_of(view: View, vault: str) -> int:
    epoch = current_epoch(view.rows, vault)
    buckets = [view.rows.get(WITHDRAWAL_BUCKETS, (vault, bucket)).amount for bucket in (epoch, epoch + 1)]
    return ACTIVE_STAKE.latest(view.rows, vault) + sum(buckets)


def _slash_pays_what_left(step: Transition) -> bool:
    """What is paid is at most what is booked, is what active stake and buckets lost, and is what the vault sent."""
    action, (booked_amount, paid_amount) = step.action, _amounts(step.delta)
    assert isinstance(action, Slash | ExecuteSlash)
    account: Pair = (step.before.rows.get(VAULTS, action.vault).collateral, action.vault)
    sent_amount = (
        step.before.rows.get(TOKEN_BALANCES, account).amount - step.after.rows.get(TOKEN_BALANCES, account).amount
    )
    lost_amount = _stake_of(step.before, action.vault) - _stake_of(step.after, action.vault)
    return 0 <= paid_amount == lost_amount == sent_amount <= booked_amount


def _slash_is_within_the_slashable(step: Transition) -> bool:
    action, (booked_amount, _) = step.action, _amounts(step.delta)
    if isinstance(action, ExecuteSlash):
        request = step.before.rows.get(SLASH_REQUESTS, (action.vault, action.slash_index))
        asked = (request.subnetwork, request.operator, request.amount, request.capture_timestamp)
    else:
        assert isinstance(action, Slash)
        asked = (action.subnetwork, action.operator, action.amount, action.capture_timestamp)
    subnetwork, operator, amount, capture_timestamp = asked
    slashable = slashable_stake(step.before.rows, action.vault, subnetwork, operator, capture_timestamp)
    return booked_amount == min(amount, slashable) if isinstance(slashable, int) else False


def _amounts(delta: Delta) -> tuple[int, int]:
    """What a slash returned: the amount booked, and the amount that the vault paid."""
    return cast("tuple[int, int]", delta.returns)


def _booked_slashes_never_fall(step: Transition) -> bool:
    return all(
        CUMULATIVE_SLASHES.latest(step.before.rows, key) < CUMULATIVE_SLASHES.latest(step.after.rows, key)
        for key in written(step.delta, CUMULATIVE_SLASHES.heads)
    )


def _rate_falls_by_slashes_alone(step: Transition) -> bool:
    for vault in written(step.delta, ACTIVE_STAKE.heads):
        before, after = step.before.rows, step.after.rows
        stake_before, stake_after = ACTIVE_STAKE.latest(before, vault) + 1, ACTIVE_STAKE.latest(after, vault) + 1
        shares_before, shares_after = ACTIVE_SHARES.latest(before, vault) + 1, ACTIVE_SHARES.latest(after, vault) + 1
        if stake_after * shares_before < stake_before * shares_after:
            return False
    return True


def _claim_is_of_a_past_epoch_and_once(step: Transition) -> bool:
    for key in written(step.delta, WITHDRAWALS):
        before, after = step.before.rows.get(WITHDRAWALS, key), step.after.rows.get(WITHDRAWALS, key)
        if before.is_claimed or not after.is_claimed or before.shares != after.shares:
            return False
        if key[1] >= current_epoch(step.before.rows, key[0]):
            return False
    return True


def _history_is_not_rewritten(step: Transition) -> bool:
    """Every checkpoint of stake that a step writes stands at the current second."""
    now = current_timestamp(step.before.rows)
    return all(
        step.after.rows.get(ACTIVE_STAKE.checkpoints, key).point == now
        for key in written(step.delta, ACTIVE_STAKE.checkpoints)
    )


def _same(key: Subject) -> Subject:
    return key


def _first(key: Subject) -> Subject:
    return key[0]


def _is_slash(step: Transition) -> bool:
    return isinstance(step.action, Slash | ExecuteSlash)


CATALOGUE: Final = Catalogue(
    sums=[BALANCES, HOLDERS_SHARES, BUCKET_SHARES, OPERATORS_SHARES],
    state_laws=[
        StateLaw(
            "SOLV-01",
            "A vault holds its active stake and the two buckets that leave with this epoch and the next.",
            "Symbiotic test/invariant/VaultInvariants: invariant_Totals",
            _vault_covers_what_it_owes,
            rows={ACTIVE_STAKE.heads: _same, WITHDRAWAL_BUCKETS: _first},
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
            "Certora, Symbiotic Core: P-05",
            _active_shares_are_held,
            rows={ACTIVE_SHARES.heads: _same},
            sums={HOLDERS_SHARES: _same},
        ),
        StateLaw(
            "SHARE-02",
            "A withdrawal bucket's shares are those of its claimers.",
            "Certora, Symbiotic Core: P-05",
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
            "Certora, Symbiotic Core: P-08",
            _limit_is_within_the_maximum,
            rows={NETWORK_LIMITS.heads: _same, MAX_NETWORK_LIMITS.heads: _same},
        ),
    ],
    step_laws=[
        StepLaw(
            "SLASH-01",
            "A slash books the amount asked for or what was slashable, whichever is less.",
            "Certora, Symbiotic Core: P-10",
            _slash_is_within_the_slashable,
            scope=Scope((Slash, ExecuteSlash)),
        ),
        StepLaw(
            "SLASH-02",
            "The vault pays at most what is booked, and pays exactly what active stake and buckets lose.",
            "Vault.onSlash",
            _slash_pays_what_left,
            scope=Scope((Slash, ExecuteSlash)),
        ),
        StepLaw(
            "SLASH-03",
            "What is booked against an operator only grows.",
            "BaseSlasher._updateCumulativeSlash",
            _booked_slashes_never_fall,
            scope=Scope(tables=(CUMULATIVE_SLASHES.heads,)),
        ),
        StepLaw(
            "ROUND-01",
            "Only a slash lowers what an active share is worth: (A + 1) / (S + 1) falls in no other step.",
            "ERC4626Math",
            _rate_falls_by_slashes_alone,
            scope=Scope(tables=(ACTIVE_STAKE.heads,)),
            concerns=lambda step: not _is_slash(step),
        ),
        StepLaw(
            "EXIT-01",
            "A claim is of an epoch that is over, happens once, and leaves the claimer's shares as they were.",
            "Vault._claim",
            _claim_is_of_a_past_epoch_and_once,
            scope=Scope((Claim, ClaimBatch)),
        ),
        StepLaw(
            "HIST-01",
            "No step rewrites the past: stake is checkpointed at the current second only.",
            "Certora, Symbiotic Core: P-01 to P-04, P-08",
            _history_is_not_rewritten,
            scope=Scope(tables=(ACTIVE_STAKE.checkpoints,)),
        ),
    ],
    liveness_laws=[
        LivenessLaw(
            "EXIT-02",
            "Once its epoch is over, what a withdrawal is worth can always be claimed.",
            "This project; Vault._claim",
            lambda _refusal: False,
            scope=Scope((Claim,)),
            concerns=_is_due_claim,
        ),
    ],
    witnesses=[],
)
