"""Slashing: a network slashes a vault's collateral for an operator's offence at an earlier time, the capture timestamp.

The maximum is the operator's stake at the capture, less its slashes since then. A vault has an instant slasher, which
executes a slash immediately, or a veto slasher. There a slash is requested first, and a resolver that the network has
named may veto it. Slashes are possible until one epoch after the capture. Collateral that was withdrawn since the
capture is still in the vault until then, and slashable.

Stake that several networks or operators share is slashed for each of them in full, in the slasher's accounts. The vault
then loses less than the slasher records, once it has nothing left to lose.
"""

from spec.arithmetic import UINT48_MAX, UINT256_MAX, mul_div_floor
from spec.machine import Delta, Draft
from spec.symbiotic.actions import ExecuteSlash, RequestSlash, SetResolver, Slash, VetoSlash
from spec.symbiotic.clock import current_timestamp, epoch_at, epoch_start_timestamp
from spec.symbiotic.collateral import transfer
from spec.symbiotic.config import INSTANT_SLASHER, VETO_SLASHER, ZERO_ADDRESS, VaultConfig
from spec.symbiotic.delegation import stake_at
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    ACTIVE_STAKE,
    CUMULATIVE_SLASHES,
    LATEST_CAPTURES,
    MIDDLEWARES,
    NETWORK_REGISTRY,
    RESOLVER_ORDINALS,
    RESOLVERS,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    LatestCapture,
    Resolver,
    SlashRequest,
    SlashRequestCount,
    Subnetwork,
    VaultSubnetwork,
    VaultSubnetworkOperator,
    WithdrawalBucket,
)


def slashable_part(stake: int, slashed_since: int) -> int:
    """The part of a stake that its later slashes have left; 0 if they exceed the stake.

    Source: BaseSlasher._slashableStake.
    """
    return stake - min(slashed_since, stake)


def split_slash(
    slashed_amount: int, active_stake: int, withdrawals: int, next_withdrawals: int
) -> tuple[int, int, int]:
    """The parts of a slash: from the active stake, from the current epoch's bucket and from the next one's, in this
    order.

    `slashed_amount` is positive, and at most the sum of the three. It is divided in proportion to them. The parts of
    the active stake and of the next bucket round down. The current bucket bears the remainder, and the next bucket
    whatever exceeds the current one. `withdrawals` is 0 if the capture is in the current epoch, which cannot reach the
    current bucket: the next bucket then bears the whole remainder.
    Source: Vault.onSlash.
    """
    slashable = active_stake + withdrawals + next_withdrawals
    active_slashed = mul_div_floor(slashed_amount, active_stake, slashable)
    next_withdrawals_slashed = mul_div_floor(slashed_amount, next_withdrawals, slashable)
    withdrawals_slashed = slashed_amount - active_slashed - next_withdrawals_slashed
    if withdrawals_slashed > withdrawals:
        next_withdrawals_slashed += withdrawals_slashed - withdrawals
        withdrawals_slashed = withdrawals
    return active_slashed, withdrawals_slashed, next_withdrawals_slashed


def slashable_stake(
    draft: Draft, vault: str, subnetwork: Subnetwork, operator: str, capture_timestamp: int
) -> int | Reason:
    """The maximum amount of a slash with this capture timestamp now.

    0 if the capture is not in the past, or is more than one epoch ago. 0 as well if it is before a capture that was
    slashed already.
    Rejects: ARITHMETIC_PANIC if the current timestamp is below one epoch's duration.
    Source: BaseSlasher._slashableStake.
    """
    subnetwork_operator: VaultSubnetworkOperator = (vault, subnetwork, operator)
    now = current_timestamp(draft)
    earliest_capture_timestamp = now - draft.get(VAULTS, vault).epoch_duration_seconds
    if earliest_capture_timestamp < 0:
        return Reason.ARITHMETIC_PANIC
    if not earliest_capture_timestamp <= capture_timestamp < now:
        return 0
    if capture_timestamp < draft.get(LATEST_CAPTURES, subnetwork_operator).timestamp:
        return 0
    slashed_since = CUMULATIVE_SLASHES.latest(draft, subnetwork_operator) - CUMULATIVE_SLASHES.value_at(
        draft, subnetwork_operator, capture_timestamp
    )
    return slashable_part(stake_at(draft, vault, subnetwork, operator, capture_timestamp), slashed_since)


def slash(draft: Draft, action: Slash) -> Delta | Reason:
    """Slash immediately, by at most the slashable stake. Returns the amount recorded and the amount that the vault
    lost.

    Rejects, in order: EMPTY_REVERT without an instant slasher, NOT_NETWORK_MIDDLEWARE, ARITHMETIC_PANIC if the current
    timestamp is below one epoch's duration, INVALID_CAPTURE_TIMESTAMP unless the capture is past and at most one epoch
    ago, INSUFFICIENT_SLASH if nothing is slashable, ARITHMETIC_PANIC if the operator's cumulative slash exceeds
    uint256, ERC20_INVALID_RECEIVER if the vault has no burner, ERC20_INSUFFICIENT_BALANCE.
    Source: Slasher.slash.
    """
    config = draft.get(VAULTS, action.vault)
    if config.slasher != INSTANT_SLASHER:
        return Reason.EMPTY_REVERT
    if not _is_middleware(draft, action.subnetwork, action.sender):
        return Reason.NOT_NETWORK_MIDDLEWARE
    now = current_timestamp(draft)
    earliest_capture_timestamp = now - config.epoch_duration_seconds
    if earliest_capture_timestamp < 0:
        return Reason.ARITHMETIC_PANIC
    if not earliest_capture_timestamp <= action.capture_timestamp < now:
        return Reason.INVALID_CAPTURE_TIMESTAMP
    slashed_amount = _amount_to_slash(
        draft, action.vault, action.subnetwork, action.operator, action.amount, action.capture_timestamp
    )
    if isinstance(slashed_amount, Reason):
        return slashed_amount
    return _execute(draft, action.vault, action.subnetwork, action.operator, slashed_amount, action.capture_timestamp)


def request_slash(draft: Draft, action: RequestSlash) -> Delta | Reason:
    """Request a slash of at most the slashable stake. Its veto must end within one epoch of the capture.

    Returns the request's index. A request reserves nothing: a slash that is executed earlier may leave less for this
    one.
    Rejects, in order: EMPTY_REVERT without a veto slasher, NOT_NETWORK_MIDDLEWARE, ARITHMETIC_PANIC if the veto
    deadline is no uint48 or is below one epoch's duration, INVALID_CAPTURE_TIMESTAMP, ARITHMETIC_PANIC if the current
    timestamp is below one epoch's duration, INSUFFICIENT_SLASH if nothing is slashable.
    Source: VetoSlasher.requestSlash.
    """
    config = draft.get(VAULTS, action.vault)
    if config.slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if not _is_middleware(draft, action.subnetwork, action.sender):
        return Reason.NOT_NETWORK_MIDDLEWARE
    now = current_timestamp(draft)
    veto_deadline_timestamp = now + config.veto_duration_seconds
    earliest_capture_timestamp = veto_deadline_timestamp - config.epoch_duration_seconds
    if veto_deadline_timestamp > UINT48_MAX or earliest_capture_timestamp < 0:
        return Reason.ARITHMETIC_PANIC
    if not earliest_capture_timestamp <= action.capture_timestamp < now:
        return Reason.INVALID_CAPTURE_TIMESTAMP
    amount = _amount_to_slash(
        draft, action.vault, action.subnetwork, action.operator, action.amount, action.capture_timestamp
    )
    if isinstance(amount, Reason):
        return amount
    slash_index = draft.get(SLASH_REQUEST_COUNTS, action.vault).count
    draft.put(SLASH_REQUEST_COUNTS, action.vault, SlashRequestCount(slash_index + 1))
    draft.put(
        SLASH_REQUESTS,
        (action.vault, slash_index),
        SlashRequest(
            subnetwork=action.subnetwork,
            operator=action.operator,
            amount=amount,
            capture_timestamp=action.capture_timestamp,
            veto_deadline_timestamp=veto_deadline_timestamp,
            is_completed=False,
        ),
    )
    return draft.delta(slash_index)


def execute_slash(draft: Draft, action: ExecuteSlash) -> Delta | Reason:
    """Execute a requested slash, by at most the slashable stake. Returns the amount recorded and the amount that the
    vault lost.

    Without a resolver at the capture, or one second ago, the call need not wait for the veto deadline.
    Rejects, in order: EMPTY_REVERT without a veto slasher, SLASH_REQUEST_NOT_EXIST, NOT_NETWORK_MIDDLEWARE,
    VETO_PERIOD_NOT_ENDED, SLASH_PERIOD_ENDED if the capture is more than one epoch ago, ARITHMETIC_PANIC if the current
    timestamp is below one epoch's duration, INSUFFICIENT_SLASH if nothing is slashable any more,
    SLASH_REQUEST_COMPLETED, ARITHMETIC_PANIC if the operator's cumulative slash exceeds uint256, ERC20_INVALID_RECEIVER
    if the vault has no burner, ERC20_INSUFFICIENT_BALANCE. Source: VetoSlasher.executeSlash.
    """
    vault = action.vault
    config = draft.get(VAULTS, vault)
    if config.slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if action.slash_index >= draft.get(SLASH_REQUEST_COUNTS, vault).count:
        return Reason.SLASH_REQUEST_NOT_EXIST
    request = draft.get(SLASH_REQUESTS, (vault, action.slash_index))
    if not _is_middleware(draft, request.subnetwork, action.sender):
        return Reason.NOT_NETWORK_MIDDLEWARE
    now = current_timestamp(draft)
    if (
        resolver_at(draft, vault, request.subnetwork, request.capture_timestamp) != ZERO_ADDRESS
        and resolver_at(draft, vault, request.subnetwork, now - 1) != ZERO_ADDRESS
        and request.veto_deadline_timestamp > now
    ):
        return Reason.VETO_PERIOD_NOT_ENDED
    if now - request.capture_timestamp > config.epoch_duration_seconds:
        return Reason.SLASH_PERIOD_ENDED
    slashed_amount = _amount_to_slash(
        draft, vault, request.subnetwork, request.operator, request.amount, request.capture_timestamp
    )
    if isinstance(slashed_amount, Reason):
        return slashed_amount
    if request.is_completed:
        return Reason.SLASH_REQUEST_COMPLETED
    draft.put(SLASH_REQUESTS, (vault, action.slash_index), _completed(request))
    return _execute(draft, vault, request.subnetwork, request.operator, slashed_amount, request.capture_timestamp)


def veto_slash(draft: Draft, action: VetoSlash) -> Delta | Reason:
    """Veto a requested slash. Only the resolver at the capture may do so, and only if some resolver was set one second
    ago.

    Rejects, in order: EMPTY_REVERT without a veto slasher, SLASH_REQUEST_NOT_EXIST, NO_RESOLVER, NOT_RESOLVER,
    VETO_PERIOD_ENDED from the veto deadline on, SLASH_REQUEST_COMPLETED.
    Source: VetoSlasher.vetoSlash.
    """
    vault = action.vault
    if draft.get(VAULTS, vault).slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if action.slash_index >= draft.get(SLASH_REQUEST_COUNTS, vault).count:
        return Reason.SLASH_REQUEST_NOT_EXIST
    request = draft.get(SLASH_REQUESTS, (vault, action.slash_index))
    now = current_timestamp(draft)
    capture_resolver = resolver_at(draft, vault, request.subnetwork, request.capture_timestamp)
    if capture_resolver == ZERO_ADDRESS or resolver_at(draft, vault, request.subnetwork, now - 1) == ZERO_ADDRESS:
        return Reason.NO_RESOLVER
    if action.sender != capture_resolver:
        return Reason.NOT_RESOLVER
    if request.veto_deadline_timestamp <= now:
        return Reason.VETO_PERIOD_ENDED
    if request.is_completed:
        return Reason.SLASH_REQUEST_COMPLETED
    draft.put(SLASH_REQUESTS, (vault, action.slash_index), _completed(request))
    return draft.delta()


def _is_middleware(draft: Draft, subnetwork: Subnetwork, account: str) -> bool:
    """True if the account is the middleware of the subnetwork's network.

    Source: BaseSlasher._checkNetworkMiddleware.
    """
    return account == draft.get(MIDDLEWARES, subnetwork[0]).account


def _amount_to_slash(
    draft: Draft, vault: str, subnetwork: Subnetwork, operator: str, amount: int, capture_timestamp: int
) -> int | Reason:
    """The requested amount, or the slashable stake if that is less.

    Rejects, in order: ARITHMETIC_PANIC if the current timestamp is below one epoch's duration, INSUFFICIENT_SLASH if
    the result is 0.
    """
    slashable = slashable_stake(draft, vault, subnetwork, operator, capture_timestamp)
    if isinstance(slashable, Reason):
        return slashable
    slashed_amount = min(amount, slashable)
    return Reason.INSUFFICIENT_SLASH if slashed_amount == 0 else slashed_amount


def _execute(
    draft: Draft, vault: str, subnetwork: Subnetwork, operator: str, slashed_amount: int, capture_timestamp: int
) -> Delta | Reason:
    """Record a slash against the operator, and take it from the vault. Returns the amount recorded and the vault's
    loss.

    The delegator's and the burner's hooks, which the contracts call here and whose failure they ignore, do nothing.
    Rejects, in order: ARITHMETIC_PANIC if the operator's cumulative slash exceeds uint256, ERC20_INVALID_RECEIVER if
    the vault has no burner, ERC20_INSUFFICIENT_BALANCE.
    Source: the end that Slasher.slash and VetoSlasher.executeSlash have in common.
    """
    subnetwork_operator: VaultSubnetworkOperator = (vault, subnetwork, operator)
    if draft.get(LATEST_CAPTURES, subnetwork_operator).timestamp < capture_timestamp:
        draft.put(LATEST_CAPTURES, subnetwork_operator, LatestCapture(capture_timestamp))
    cumulative_slash = CUMULATIVE_SLASHES.latest(draft, subnetwork_operator) + slashed_amount
    if cumulative_slash > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    CUMULATIVE_SLASHES.push(draft, subnetwork_operator, current_timestamp(draft), cumulative_slash)
    vault_slashed_amount = _slash_vault(draft, vault, slashed_amount, capture_timestamp)
    if isinstance(vault_slashed_amount, Reason):
        return vault_slashed_amount
    return draft.delta((slashed_amount, vault_slashed_amount))


def _slash_vault(draft: Draft, vault: str, amount: int, capture_timestamp: int) -> int | Reason:
    """Take up to `amount` from the vault, and send it to the burner. Returns the amount taken.

    If the capture is in the current epoch, the current epoch's bucket cannot be slashed. The contract rejects captures
    before the previous epoch, and before the vault had stake. No slasher passes such a capture, so there is no check
    here.
    Rejects, if the amount taken is positive: ERC20_INVALID_RECEIVER if the vault has no burner,
    ERC20_INSUFFICIENT_BALANCE. Source: Vault.onSlash.
    """
    config = draft.get(VAULTS, vault)
    now = current_timestamp(draft)
    epoch = epoch_at(config, now)
    active_stake = ACTIVE_STAKE.latest(draft, vault)
    bucket = draft.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    next_bucket = draft.get(WITHDRAWAL_BUCKETS, (vault, epoch + 1))
    withdrawals = 0 if epoch_at(config, capture_timestamp) == epoch else bucket.amount
    slashed_amount = min(amount, active_stake + withdrawals + next_bucket.amount)
    if slashed_amount == 0:
        return 0
    active_slashed, withdrawals_slashed, next_withdrawals_slashed = split_slash(
        slashed_amount, active_stake, withdrawals, next_bucket.amount
    )
    ACTIVE_STAKE.push(draft, vault, now, active_stake - active_slashed)
    if withdrawals_slashed > 0:
        draft.put(
            WITHDRAWAL_BUCKETS,
            (vault, epoch),
            WithdrawalBucket(amount=bucket.amount - withdrawals_slashed, shares=bucket.shares),
        )
    draft.put(
        WITHDRAWAL_BUCKETS,
        (vault, epoch + 1),
        WithdrawalBucket(amount=next_bucket.amount - next_withdrawals_slashed, shares=next_bucket.shares),
    )
    rejection = transfer(draft, config.collateral, vault, config.burner, slashed_amount)
    return slashed_amount if rejection is None else rejection


def _completed(request: SlashRequest) -> SlashRequest:
    return SlashRequest(
        subnetwork=request.subnetwork,
        operator=request.operator,
        amount=request.amount,
        capture_timestamp=request.capture_timestamp,
        veto_deadline_timestamp=request.veto_deadline_timestamp,
        is_completed=True,
    )


def resolver_at(draft: Draft, vault: str, subnetwork: Subnetwork, timestamp: int) -> str:
    """The resolver at a timestamp, which may be in the future; ZERO_ADDRESS if there is none.

    Source: VetoSlasher.resolverAt.
    """
    vault_subnetwork: VaultSubnetwork = (vault, subnetwork)
    ordinal = RESOLVER_ORDINALS.value_at(draft, vault_subnetwork, timestamp)
    return draft.get(RESOLVERS, (vault, subnetwork, ordinal)).account


def set_resolver(draft: Draft, action: SetResolver) -> Delta | Reason:
    """Set the resolver, which may veto the slashes of a subnetwork of the sender; ZERO_ADDRESS for none.

    The first resolver is effective at once. A later change is effective at the start of an epoch,
    `resolver_set_epochs_delay` epochs after the current one. It replaces a pending change; a call with the current
    resolver only cancels that change.
    Rejects, in order: EMPTY_REVERT without a veto slasher, NOT_NETWORK, ALREADY_SET; if the start of a later change is
    no uint256, ARITHMETIC_PANIC, and if it is no uint48, UINT48_OVERFLOW.
    Source: VetoSlasher.setResolver.
    """
    config = draft.get(VAULTS, action.vault)
    subnetwork: Subnetwork = (action.sender, action.identifier)
    vault_subnetwork: VaultSubnetwork = (action.vault, subnetwork)
    now = current_timestamp(draft)
    if config.slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if not draft.get(NETWORK_REGISTRY, action.sender).is_entity:
        return Reason.NOT_NETWORK
    if RESOLVER_ORDINALS.is_empty(draft, vault_subnetwork):
        if action.resolver == ZERO_ADDRESS:
            return Reason.ALREADY_SET
        _appoint(draft, action.vault, subnetwork, now, action.resolver)
        return draft.delta()
    if RESOLVER_ORDINALS.latest_point(draft, vault_subnetwork) > now:
        _cancel(draft, action.vault, subnetwork)
    elif action.resolver == resolver_at(draft, action.vault, subnetwork, now):
        return Reason.ALREADY_SET
    if action.resolver != resolver_at(draft, action.vault, subnetwork, now):
        start_timestamp = _resolver_start_timestamp(config, now)
        if isinstance(start_timestamp, Reason):
            return start_timestamp
        _appoint(draft, action.vault, subnetwork, start_timestamp, action.resolver)
    return draft.delta()


def _resolver_start_timestamp(config: VaultConfig, now: int) -> int | Reason:
    """The timestamp at which a change of resolver made now takes effect.

    Rejects, in order: ARITHMETIC_PANIC if that is no uint256, UINT48_OVERFLOW if it is no uint48.
    """
    start_timestamp = epoch_start_timestamp(config, epoch_at(config, now) + config.resolver_set_epochs_delay)
    if start_timestamp > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    return Reason.UINT48_OVERFLOW if start_timestamp > UINT48_MAX else start_timestamp


def _appoint(draft: Draft, vault: str, subnetwork: Subnetwork, timestamp: int, resolver: str) -> None:
    """Set a resolver from `timestamp` on. The timestamp is later than the start of every earlier resolver."""
    vault_subnetwork: VaultSubnetwork = (vault, subnetwork)
    ordinal = RESOLVER_ORDINALS.latest(draft, vault_subnetwork) + 1
    draft.put(RESOLVERS, (vault, subnetwork, ordinal), Resolver(resolver))
    RESOLVER_ORDINALS.push(draft, vault_subnetwork, timestamp, ordinal)


def _cancel(draft: Draft, vault: str, subnetwork: Subnetwork) -> None:
    """Remove the last resolver, whose term has not started. Source: Checkpoints.pop."""
    vault_subnetwork: VaultSubnetwork = (vault, subnetwork)
    ordinal = RESOLVER_ORDINALS.latest(draft, vault_subnetwork)
    draft.put(RESOLVERS, (vault, subnetwork, ordinal), Resolver())
    RESOLVER_ORDINALS.pop(draft, vault_subnetwork)
