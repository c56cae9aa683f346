"""Symbiotic's witnesses: situations that runs must reach, so that no law holds vacuously."""

from typing import Final

from invariants.law import AcceptedStep, AnyStep, Scope, Witness, written
from invariants.symbiotic.movements import amounts, capture_epoch, claimed_epochs
from invariants.symbiotic.slashing import is_overbooked
from invariants.symbiotic.state_queries import (
    booked_since,
    bucket_amount,
    epoch_of,
    is_opted_in_at,
    now,
    reach,
    resolver_of,
    stake_grown,
    stake_of,
    terms_of,
)
from spec.arithmetic import mul_div_floor
from spec.symbiotic.actions import (
    Claim,
    ClaimBatch,
    Deposit,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    Redeem,
    RequestSlash,
    SetMaxNetworkLimit,
    SetNetworkLimit,
    SetResolver,
    Slash,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_STAKE,
    DEPOSIT_POLICIES,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    Pair,
    SlashRequest,
)

SLASHES: Final = Scope((Slash, ExecuteSlash))


def _vault_of(step: AcceptedStep[Slash | ExecuteSlash]) -> str:
    return step.action.vault


def _request_of(step: AcceptedStep[ExecuteSlash | VetoSlash]) -> SlashRequest:
    call = step.action
    return step.before.rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))


def _lost(step: AnyStep) -> tuple[int, int, int]:
    """The amounts that a slash took: from the active stake, from the current epoch's bucket and from the next
    epoch's.
    """
    vault, before, after = _vault_of(step), step.before.rows, step.after.rows
    this = epoch_of(before.get(VAULTS, vault), now(before))
    return (
        -stake_grown(step, vault),
        bucket_amount(before, vault, this) - bucket_amount(after, vault, this),
        bucket_amount(before, vault, this + 1) - bucket_amount(after, vault, this + 1),
    )


def _takes_everything(step: AnyStep) -> bool:
    return amounts(step)[1] > 0 and reach(step.after.rows, _vault_of(step), capture_epoch(step)) == 0


def _pays_nothing(step: AnyStep) -> bool:
    return amounts(step)[1] == 0


def _hits_all_three(step: AnyStep) -> bool:
    return min(_lost(step)) > 0


def _carries_the_rest(step: AnyStep) -> bool:
    """True if the current epoch's bucket cannot pay the remainder left by rounding, so that the next epoch's pays more
    than its part.
    """
    vault, paid_amount = _vault_of(step), amounts(step)[1]
    epoch, rows = capture_epoch(step), step.before.rows
    this = epoch_of(rows.get(VAULTS, vault), now(rows))
    if paid_amount == 0 or epoch == this:
        return False
    part = mul_div_floor(paid_amount, bucket_amount(rows, vault, this + 1), reach(rows, vault, epoch))
    return _lost(step)[2] > part


def _is_in_its_last_second(step: AnyStep) -> bool:
    asked = terms_of(step.before.rows, step.action)
    age_seconds = now(step.before.rows) - asked.capture_timestamp
    return age_seconds == step.before.rows.get(VAULTS, asked.vault).epoch_duration_seconds


def _is_not_the_first_for_its_capture(step: AnyStep) -> bool:
    asked = terms_of(step.before.rows, step.action)
    return booked_since(step.before.rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp) > 0


def _is_of_who_opted_out(step: AnyStep) -> bool:
    asked, rows = terms_of(step.before.rows, step.action), step.before.rows
    return not is_opted_in_at(rows, asked.vault, asked.subnetwork[0], asked.operator, now(rows))


def _books_more_than_the_stake_of_now(step: AnyStep) -> bool:
    asked, rows = terms_of(step.before.rows, step.action), step.before.rows
    return amounts(step)[0] > stake_of(rows, asked.vault, asked.subnetwork, asked.operator, now(rows))


def _hits_newcomers(step: AnyStep) -> bool:
    """True if the slash pays, and the active stake is larger than at the capture, so that those who deposited later pay
    too.
    """
    asked, rows = terms_of(step.before.rows, step.action), step.before.rows
    stake_then = ACTIVE_STAKE.value_at(rows, asked.vault, asked.capture_timestamp)
    return amounts(step)[1] > 0 and ACTIVE_STAKE.latest(rows, asked.vault) > stake_then


def _is_executed_as_the_veto_ends(step: AnyStep) -> bool:
    return now(step.before.rows) == _request_of(step).veto_deadline_timestamp


def _is_executed_before_the_veto_ends(step: AnyStep) -> bool:
    return now(step.before.rows) < _request_of(step).veto_deadline_timestamp


def _books_less_than_requested(step: AnyStep) -> bool:
    return amounts(step)[0] < _request_of(step).amount


def _is_vetoed(_step: AnyStep) -> bool:
    return True


def _is_vetoed_by_who_left_office(step: AcceptedStep[VetoSlash]) -> bool:
    call = step.action
    in_office = resolver_of(step.before.rows, call.vault, _request_of(step).subnetwork, now(step.before.rows))
    return call.sender != in_office


def _follows_one_that_expired(step: AcceptedStep[RequestSlash]) -> bool:
    """True if the previous request expired, neither executed nor vetoed."""
    call, rows = step.action, step.before.rows
    count = rows.get(SLASH_REQUEST_COUNTS, call.vault).count
    if count == 0:
        return False
    request = rows.get(SLASH_REQUESTS, (call.vault, count - 1))
    last_timestamp = request.capture_timestamp + rows.get(VAULTS, call.vault).epoch_duration_seconds
    return not request.is_completed and now(rows) > last_timestamp


def _is_requested_before_the_resolver_changes(step: AcceptedStep[RequestSlash]) -> bool:
    call = step.action
    return RESOLVER_ORDINALS.latest_point(step.before.rows, (call.vault, call.subnetwork)) > now(step.before.rows)


def _replaces_a_change(step: AcceptedStep[SetResolver]) -> bool:
    """True if a pending change of resolver is replaced or cancelled."""
    call = step.action
    vault_subnetwork = (call.vault, (call.sender, call.identifier))
    return RESOLVER_ORDINALS.latest_point(step.before.rows, vault_subnetwork) > now(step.before.rows)


def _limit_falls_below_stake(step: AcceptedStep[SetNetworkLimit]) -> bool:
    call, rows = step.action, step.before.rows
    limit_before = NETWORK_LIMITS.latest(rows, (call.vault, call.subnetwork))
    return call.amount < min(limit_before, ACTIVE_STAKE.latest(rows, call.vault))


def _maximum_takes_the_limit_down(step: AnyStep) -> bool:
    return len(written(step.delta, NETWORK_LIMITS.heads)) > 0


def _deposit_follows_a_slash_of_everything(step: AcceptedStep[Deposit]) -> bool:
    vault, rows = step.action.vault, step.before.rows
    return ACTIVE_STAKE.latest(rows, vault) == 0 and ACTIVE_SHARES.latest(rows, vault) > 0


def _deposit_fills_the_limit(step: AcceptedStep[Deposit]) -> bool:
    vault, rows = step.action.vault, step.before.rows
    policy = rows.get(DEPOSIT_POLICIES, vault)
    return policy.is_deposit_limit and ACTIVE_STAKE.latest(step.after.rows, vault) == policy.deposit_limit


def _deposit_is_of_who_is_whitelisted(step: AcceptedStep[Deposit]) -> bool:
    return step.before.rows.get(DEPOSIT_POLICIES, step.action.vault).deposit_whitelist


def _everybody_leaves(step: AcceptedStep[Withdraw | Redeem]) -> bool:
    vault = step.action.vault
    return ACTIVE_SHARES.latest(step.after.rows, vault) == 0


def _claim_is_of_a_slashed_bucket(step: AcceptedStep[Claim | ClaimBatch]) -> bool:
    """True if a claimed bucket was slashed: it has more shares than collateral. Until a slash they are equal."""
    call, rows = step.action, step.before.rows
    buckets = [rows.get(WITHDRAWAL_BUCKETS, (call.vault, epoch)) for epoch in claimed_epochs(call)]
    return any(bucket.amount < bucket.shares for bucket in buckets)


def _claim_is_of_several_epochs(step: AcceptedStep[ClaimBatch]) -> bool:
    return len(step.action.epochs) > 1


def _comes_back_in_the_second_in_which_it_left(step: AcceptedStep[OptInVault | OptInNetwork]) -> bool:
    call, rows = step.action, step.before.rows
    opt_ins = OPERATOR_VAULT_OPT_INS if isinstance(call, OptInVault) else OPERATOR_NETWORK_OPT_INS
    opt_in: Pair = (call.sender, call.vault if isinstance(call, OptInVault) else call.network)
    return not opt_ins.is_empty(rows, opt_in) and opt_ins.latest_point(rows, opt_in) == now(rows)


WITNESSES: Final[list[Witness]] = [
    Witness("SEEN-01", "A slash takes everything in its reach.", "Vault.onSlash", _takes_everything, SLASHES),
    Witness(
        "SEEN-02",
        "A slash books more than the vault pays, since others took the shared stake before.",
        "Vault.onSlash, whose answer the slashers ignore",
        is_overbooked,
        SLASHES,
    ),
    Witness(
        "SEEN-03",
        "A slash is booked, and there is nothing left to pay it from.",
        "Vault.onSlash",
        _pays_nothing,
        SLASHES,
    ),
    Witness(
        "SEEN-04",
        "A slash hits active stake and both buckets.",
        "Symbiotic test/vault/Vault: test_Slash",
        _hits_all_three,
        SLASHES,
    ),
    Witness(
        "SEEN-05",
        "This epoch's bucket has less than rounding leaves to it, and the next one pays.",
        "Vault.onSlash",
        _carries_the_rest,
        SLASHES,
    ),
    Witness(
        "SEEN-06",
        "A slash is executed in the last second in which it can be.",
        "BaseSlasher._slashableStake",
        _is_in_its_last_second,
        SLASHES,
    ),
    Witness(
        "SEEN-07",
        "An operator is slashed again for a capture since which something is booked.",
        "BaseSlasher._slashableStake",
        _is_not_the_first_for_its_capture,
        SLASHES,
    ),
    Witness(
        "SEEN-08",
        "An operator that has opted out is slashed for an earlier capture.",
        "BaseDelegator.stakeAt",
        _is_of_who_opted_out,
        SLASHES,
    ),
    Witness(
        "SEEN-09",
        "A slash books more than the operator has at stake now.",
        "BaseDelegator.stakeAt",
        _books_more_than_the_stake_of_now,
        SLASHES,
    ),
    Witness(
        "SEEN-10",
        "Who deposited after the capture pays for it.",
        "Vault.onSlash",
        _hits_newcomers,
        SLASHES,
    ),
    Witness(
        "SEEN-11",
        "A request is executed in the second in which its veto ends.",
        "VetoSlasher.executeSlash",
        _is_executed_as_the_veto_ends,
        Scope((ExecuteSlash,)),
    ),
    Witness(
        "SEEN-12",
        "A request is executed before its veto ends, since nobody can veto it.",
        "Symbiotic test/slasher/VetoSlasher: test_ExecuteSlashWithoutResolver1",
        _is_executed_before_the_veto_ends,
        Scope((ExecuteSlash,)),
    ),
    Witness(
        "SEEN-13",
        "A request is executed for less than it asked, since another was executed in between.",
        "VetoSlasher.executeSlash",
        _books_less_than_requested,
        Scope((ExecuteSlash,)),
    ),
    Witness(
        "SEEN-14",
        "A request is vetoed.",
        "Symbiotic test/slasher/VetoSlasher: test_VetoSlash",
        _is_vetoed,
        Scope((VetoSlash,)),
    ),
    Witness(
        "SEEN-15",
        "A request is vetoed by who was resolver at its capture and is no longer.",
        "VetoSlasher.vetoSlash",
        _is_vetoed_by_who_left_office,
        Scope((VetoSlash,)),
    ),
    Witness(
        "SEEN-16",
        "A request follows one that expired, neither executed nor vetoed.",
        "VetoSlasher.executeSlash",
        _follows_one_that_expired,
        Scope((RequestSlash,)),
    ),
    Witness(
        "SEEN-17",
        "A slash is requested while a change of resolver waits.",
        "VetoSlasher.setResolver",
        _is_requested_before_the_resolver_changes,
        Scope((RequestSlash,)),
    ),
    Witness(
        "SEEN-18",
        "A change of resolver that waits is replaced or cancelled.",
        "Symbiotic test/slasher/VetoSlasher: test_SetResolver",
        _replaces_a_change,
        Scope((SetResolver,)),
    ),
    Witness(
        "SEEN-19",
        "A network limit is lowered below the active stake.",
        "Symbiotic test/delegator/: test_SetNetworkLimit",
        _limit_falls_below_stake,
        Scope((SetNetworkLimit,)),
    ),
    Witness(
        "SEEN-20",
        "A network accepts less, and its limit comes down with it.",
        "BaseDelegator.setMaxNetworkLimit",
        _maximum_takes_the_limit_down,
        Scope((SetMaxNetworkLimit,)),
    ),
    Witness(
        "SEEN-21",
        "Somebody deposits into a vault with shares and no stake.",
        "ERC4626Math",
        _deposit_follows_a_slash_of_everything,
        Scope((Deposit,)),
    ),
    Witness(
        "SEEN-22",
        "A deposit fills a vault up to its limit exactly.",
        "Vault.deposit",
        _deposit_fills_the_limit,
        Scope((Deposit,)),
    ),
    Witness(
        "SEEN-23",
        "Somebody on the whitelist deposits while it is in force.",
        "Symbiotic test/vault/Vault: test_SetDepositWhitelist",
        _deposit_is_of_who_is_whitelisted,
        Scope((Deposit,)),
    ),
    Witness(
        "SEEN-24",
        "The last holder leaves a vault.",
        "Vault.redeem",
        _everybody_leaves,
        Scope((Withdraw, Redeem)),
    ),
    Witness(
        "SEEN-25",
        "Somebody claims from a bucket that was slashed.",
        "Vault.withdrawalsOf",
        _claim_is_of_a_slashed_bucket,
        Scope((Claim, ClaimBatch)),
    ),
    Witness(
        "SEEN-26",
        "Several epochs are claimed at once.",
        "Symbiotic test/vault/Vault: test_ClaimBatch",
        _claim_is_of_several_epochs,
        Scope((ClaimBatch,)),
    ),
    Witness(
        "SEEN-27",
        "An operator comes back in the second in which it left, as if it had never left.",
        "OptInService._optIn",
        _comes_back_in_the_second_in_which_it_left,
        Scope((OptInVault, OptInNetwork)),
    ),
]
