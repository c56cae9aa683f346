"""When a call is refused: for every call its reasons in the contracts' order, each with the condition it stands for.

The conditions speak of the state before the call alone and divide nothing, so that they are a second account of the
checks: a call is refused for the first of its reasons that is true, and accepted if none is. That includes numbers
that do not fit 256 bits, which a vault meets when slashes leave shares without stake. Nowhere is a vault short of what
it owes: that no claim and no slash is refused for want of tokens is part of what the law says.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from invariants.law import LivenessLaw, Refusal, Scope, StepLaw, Transition
from invariants.symbiotic.reading import (
    asked_by,
    balance,
    epoch_of,
    held_shares,
    is_over,
    now,
    reach,
    resolver_of,
    slashable,
    start_of,
)
from spec.arithmetic import UINT48_MAX, UINT256_MAX, mul_div_floor
from spec.history import HistoryTable
from spec.machine import Draft, Table
from spec.symbiotic.actions import (
    AdvanceTime,
    Claim,
    ClaimBatch,
    Deposit,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    OptOutNetwork,
    OptOutVault,
    Redeem,
    RegisterNetwork,
    RegisterOperator,
    RequestSlash,
    SetDepositLimit,
    SetDepositorWhitelistStatus,
    SetDepositWhitelist,
    SetIsDepositLimit,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    SetResolver,
    Slash,
    TransferCollateral,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.config import (
    FULL_RESTAKE,
    INSTANT_SLASHER,
    NETWORK_RESTAKE,
    OPERATOR_NETWORK_SPECIFIC,
    VETO_SLASHER,
    ZERO_ADDRESS,
)
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_STAKE,
    ALLOWANCES,
    CUMULATIVE_SLASHES,
    DEPOSIT_POLICIES,
    DEPOSITORS,
    MAX_NETWORK_LIMITS,
    MIDDLEWARES,
    NETWORK_LIMITS,
    NETWORK_REGISTRY,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_REGISTRY,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULT_FACTORY,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    Entity,
    Pair,
)

UINT256_END: Final = UINT256_MAX + 1
"""The first number that does not fit."""


class Check:
    """A reason, and the condition under which a call is refused for it."""

    def __init__(self, reason: Reason, is_true: Callable[[Draft, Any], bool]) -> None:
        self.reason: Final = reason
        self.is_true: Final = is_true


def _is_pool_full(shares: int, assets: int) -> bool:
    """Whether a pool cannot count its virtual share or asset any more."""
    return shares >= UINT256_MAX or assets >= UINT256_MAX


def _joining(reason: Reason, shares: int, assets: int, amount: int) -> bool:
    """Whether an amount that joins a pool meets this overflow: of a total, or of the new shares alone."""
    if reason is Reason.MUL_DIV_OVERFLOW:
        return amount * (shares + 1) >= UINT256_END * (assets + 1)
    return _is_pool_full(shares, assets) or amount * (shares + 1) >= (UINT256_END - shares) * (assets + 1)


def _deposit_overflows(reason: Reason) -> Check:
    def is_true(rows: Draft, call: Deposit) -> bool:
        shares, stake = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
        if reason is Reason.MUL_DIV_OVERFLOW and _is_pool_full(shares, stake):
            return False
        return _joining(reason, shares, stake, call.amount)

    return Check(reason, is_true)


def _leaving_amount(rows: Draft, call: Any) -> int:
    if isinstance(call, Withdraw):
        return call.amount
    stake, shares = ACTIVE_STAKE.latest(rows, call.vault), ACTIVE_SHARES.latest(rows, call.vault)
    return mul_div_floor(call.shares, stake + 1, shares + 1)


def _bucket_overflows(reason: Reason) -> Check:
    """What leaves joins the bucket of the next epoch."""

    def is_true(rows: Draft, call: Any) -> bool:
        epoch = epoch_of(rows.get(VAULTS, call.vault), now(rows)) + 1
        bucket = rows.get(WITHDRAWAL_BUCKETS, (call.vault, epoch))
        if reason is Reason.MUL_DIV_OVERFLOW and _is_pool_full(bucket.shares, bucket.amount):
            return False
        return _joining(reason, bucket.shares, bucket.amount, _leaving_amount(rows, call))

    return Check(reason, is_true)


def _is_vault_full(rows: Draft, call: Any) -> bool:
    return _is_pool_full(ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault))


def _burns_more_than(rows: Draft, call: Withdraw, shares: int) -> bool:
    """Whether an amount is worth more than so many active shares."""
    stake = ACTIVE_STAKE.latest(rows, call.vault)
    return call.amount * (ACTIVE_SHARES.latest(rows, call.vault) + 1) > shares * (stake + 1)


def _burns_too_much_to_divide(rows: Draft, call: Withdraw) -> bool:
    """Whether the shares to burn, rounded down, do not fit."""
    stake = ACTIVE_STAKE.latest(rows, call.vault)
    return call.amount * (ACTIVE_SHARES.latest(rows, call.vault) + 1) >= UINT256_END * (stake + 1)


def _releases_nothing(rows: Draft, call: Redeem) -> bool:
    stake = ACTIVE_STAKE.latest(rows, call.vault)
    return call.shares * (stake + 1) < ACTIVE_SHARES.latest(rows, call.vault) + 1


def _is_bucket_full(rows: Draft, vault: str, epoch: int) -> bool:
    bucket = rows.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    return _is_pool_full(bucket.shares, bucket.amount)


def _is_worth_nothing(rows: Draft, vault: str, epoch: int, account: str) -> bool:
    """Whether an account's part of a bucket rounds down to nothing."""
    bucket = rows.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    return rows.get(WITHDRAWALS, (vault, epoch, account)).shares * (bucket.amount + 1) < bucket.shares + 1


def _claiming(rows: Draft, vault: str, epoch: int, account: str) -> Reason | None:
    """The first reason against claiming one epoch's part."""
    if not is_over(rows, vault, epoch):
        return Reason.INVALID_EPOCH
    if rows.get(WITHDRAWALS, (vault, epoch, account)).is_claimed:
        return Reason.ALREADY_CLAIMED
    if _is_bucket_full(rows, vault, epoch):
        return Reason.ARITHMETIC_PANIC
    return Reason.INSUFFICIENT_CLAIM if _is_worth_nothing(rows, vault, epoch, account) else None


def _claiming_all(rows: Draft, call: ClaimBatch) -> Reason | None:
    """The first reason against claiming several: one that stands twice is claimed already when its turn comes."""
    for position, epoch in enumerate(call.epochs):
        if epoch in call.epochs[:position]:
            return Reason.ALREADY_CLAIMED
        reason = _claiming(rows, call.vault, epoch, call.sender)
        if reason is not None:
            return reason
    return None


def _claims(reason: Reason) -> Check:
    def is_true(rows: Draft, call: Any) -> bool:
        if isinstance(call, ClaimBatch):
            return _claiming_all(rows, call) is reason
        return _claiming(rows, call.vault, call.epoch, call.sender) is reason

    return Check(reason, is_true)


CLAIMING: Final = tuple(
    [
        _claims(reason)
        for reason in (
            Reason.INVALID_EPOCH,
            Reason.ALREADY_CLAIMED,
            Reason.ARITHMETIC_PANIC,
            Reason.INSUFFICIENT_CLAIM,
        )
    ]
)


def _lacks_allowance(rows: Draft, call: Deposit) -> bool:
    allowance: Pair = (rows.get(VAULTS, call.vault).collateral, call.sender, call.vault)
    return call.amount > 0 and not rows.get(ALLOWANCES, allowance).is_infinite


def _is_not_whitelisted(rows: Draft, call: Deposit) -> bool:
    depositor: Pair = (call.vault, call.sender)
    return (
        rows.get(DEPOSIT_POLICIES, call.vault).deposit_whitelist and not rows.get(DEPOSITORS, depositor).is_whitelisted
    )


def _passes_the_limit(rows: Draft, call: Deposit) -> bool:
    policy = rows.get(DEPOSIT_POLICIES, call.vault)
    return policy.is_deposit_limit and ACTIVE_STAKE.latest(rows, call.vault) + call.amount > policy.deposit_limit


def _lacks_tokens(rows: Draft, call: TransferCollateral) -> bool:
    account: Pair = (call.collateral, call.sender)
    return rows.get(TOKEN_BALANCES, account).amount < call.amount


def _opting_in(opt_ins: HistoryTable[Pair], registry: Table[str, Entity], where: str) -> tuple[Check, ...]:
    return (
        Check(Reason.NOT_WHO, lambda rows, call: not rows.get(OPERATOR_REGISTRY, call.sender).is_entity),
        Check(Reason.NOT_WHERE_ENTITY, lambda rows, call: not rows.get(registry, getattr(call, where)).is_entity),
        Check(
            Reason.ALREADY_OPTED_IN, lambda rows, call: opt_ins.latest(rows, (call.sender, getattr(call, where))) != 0
        ),
    )


def _opting_out(opt_ins: HistoryTable[Pair], where: str) -> tuple[Check, ...]:
    return (
        Check(Reason.NOT_OPTED_IN, lambda rows, call: opt_ins.latest(rows, (call.sender, getattr(call, where))) == 0),
        Check(
            Reason.OPT_OUT_COOLDOWN,
            lambda rows, call: opt_ins.latest_point(rows, (call.sender, getattr(call, where))) == now(rows),
        ),
    )


def _has_no_slasher_of(kind: str) -> Check:
    return Check(Reason.EMPTY_REVERT, lambda rows, call: rows.get(VAULTS, call.vault).slasher != kind)


def _has_no_delegator_of(kind: str) -> Check:
    return Check(Reason.EMPTY_REVERT, lambda rows, call: rows.get(VAULTS, call.vault).delegator != kind)


def _slashes_for_another(rows: Draft, call: Any) -> bool:
    network = asked_by(rows, call).subnetwork[0]
    return bool(call.sender != rows.get(MIDDLEWARES, network).account)


def _is_before_the_first_epoch_of_time(rows: Draft, call: Any) -> bool:
    """Whether less time has passed since 1970 than an epoch takes."""
    return now(rows) < rows.get(VAULTS, call.vault).epoch_duration_seconds


def _is_outside_the_window(rows: Draft, call: Slash) -> bool:
    age_seconds = now(rows) - call.capture_timestamp
    return age_seconds <= 0 or age_seconds > rows.get(VAULTS, call.vault).epoch_duration_seconds


def _has_impossible_deadline(rows: Draft, call: RequestSlash) -> bool:
    config = rows.get(VAULTS, call.vault)
    deadline_timestamp = now(rows) + config.veto_duration_seconds
    return deadline_timestamp > UINT48_MAX or deadline_timestamp < config.epoch_duration_seconds


def _cannot_be_vetoed_in_time(rows: Draft, call: RequestSlash) -> bool:
    """Whether the capture is not in the past, or its epoch ends before its veto would."""
    config = rows.get(VAULTS, call.vault)
    end_timestamp = call.capture_timestamp + config.epoch_duration_seconds
    return call.capture_timestamp >= now(rows) or end_timestamp < now(rows) + config.veto_duration_seconds


def _slashes_nothing(rows: Draft, call: Any) -> bool:
    asked = asked_by(rows, call)
    return asked.amount == 0 or (
        slashable(rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp) == 0
    )


def _books_too_much(rows: Draft, call: Any) -> bool:
    """Whether what is booked in all would not fit."""
    asked = asked_by(rows, call)
    booked = CUMULATIVE_SLASHES.latest(rows, (asked.vault, asked.subnetwork, asked.operator))
    if booked + asked.amount <= UINT256_MAX:
        return False
    left = slashable(rows, asked.vault, asked.subnetwork, asked.operator, asked.capture_timestamp)
    return booked + min(asked.amount, left) > UINT256_MAX


def _pays_nobody(rows: Draft, call: Any) -> bool:
    """Whether there is something to pay, and nobody to pay it to."""
    config = rows.get(VAULTS, call.vault)
    if config.burner != ZERO_ADDRESS:
        return False
    return reach(rows, call.vault, epoch_of(config, asked_by(rows, call).capture_timestamp)) > 0


SLASHING: Final = (
    Check(Reason.ARITHMETIC_PANIC, _books_too_much),
    Check(Reason.ERC20_INVALID_RECEIVER, _pays_nobody),
)


def _is_no_request(rows: Draft, call: Any) -> bool:
    return bool(call.slash_index >= rows.get(SLASH_REQUEST_COUNTS, call.vault).count)


def _is_completed(rows: Draft, call: Any) -> bool:
    return rows.get(SLASH_REQUESTS, (call.vault, call.slash_index)).is_completed


def _can_be_vetoed_by(rows: Draft, call: Any) -> str:
    """Who may veto a request: the resolver at its capture, as long as anybody was in office a second ago."""
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    if resolver_of(rows, call.vault, request.subnetwork, now(rows) - 1) == ZERO_ADDRESS:
        return ZERO_ADDRESS
    return resolver_of(rows, call.vault, request.subnetwork, request.capture_timestamp)


def _may_still_be_vetoed(rows: Draft, call: ExecuteSlash) -> bool:
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    return request.veto_deadline_timestamp > now(rows) and _can_be_vetoed_by(rows, call) != ZERO_ADDRESS


def _is_too_late(rows: Draft, call: ExecuteSlash) -> bool:
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    return now(rows) > request.capture_timestamp + rows.get(VAULTS, call.vault).epoch_duration_seconds


def _is_named_already(rows: Draft, call: SetResolver) -> bool:
    """Whether the last resolver named is in office, and named again; nobody, where nobody was ever named."""
    of_subnetwork = (call.vault, (call.sender, call.identifier))
    if RESOLVER_ORDINALS.is_empty(rows, of_subnetwork):
        return call.resolver == ZERO_ADDRESS
    is_pending = RESOLVER_ORDINALS.latest_point(rows, of_subnetwork) > now(rows)
    return not is_pending and call.resolver == resolver_of(rows, *of_subnetwork, now(rows))


def appointment_timestamp(rows: Draft, call: SetResolver) -> int:
    """When a resolver takes office that is named now: at once if it is the first, or in office already."""
    of_subnetwork = (call.vault, (call.sender, call.identifier))
    if RESOLVER_ORDINALS.is_empty(rows, of_subnetwork) or call.resolver == resolver_of(rows, *of_subnetwork, now(rows)):
        return now(rows)
    config = rows.get(VAULTS, call.vault)
    return start_of(config, epoch_of(config, now(rows)) + config.resolver_set_epochs_delay)


def _is_not_admin(rows: Draft, call: Any) -> bool:
    return bool(call.sender != rows.get(VAULTS, call.vault).admin)


def _total_shares_overflow(rows: Draft, call: SetOperatorNetworkShares) -> bool:
    of_subnetwork = (call.vault, call.subnetwork)
    others = TOTAL_OPERATOR_NETWORK_SHARES.latest(rows, of_subnetwork) - OPERATOR_NETWORK_SHARES.latest(
        rows, (call.vault, call.subnetwork, call.operator)
    )
    return others + call.shares > UINT256_MAX


def _is_specific_to_another_network(rows: Draft, call: SetMaxNetworkLimit) -> bool:
    config = rows.get(VAULTS, call.vault)
    return config.delegator == OPERATOR_NETWORK_SPECIFIC and call.sender != config.delegator_network


NOT_ADMIN: Final = Check(Reason.UNAUTHORIZED_ACCOUNT, _is_not_admin)
NOT_NETWORK: Final = Check(Reason.NOT_NETWORK, lambda rows, call: not rows.get(NETWORK_REGISTRY, call.sender).is_entity)
NOT_MIDDLEWARE: Final = Check(Reason.NOT_NETWORK_MIDDLEWARE, _slashes_for_another)
TOO_EARLY_IN_TIME: Final = Check(Reason.ARITHMETIC_PANIC, _is_before_the_first_epoch_of_time)
NOTHING_TO_SLASH: Final = Check(Reason.INSUFFICIENT_SLASH, _slashes_nothing)
NO_REQUEST: Final = Check(Reason.SLASH_REQUEST_NOT_EXIST, _is_no_request)
COMPLETED: Final = Check(Reason.SLASH_REQUEST_COMPLETED, _is_completed)
NO_CLAIMER: Final = Check(Reason.INVALID_CLAIMER, lambda _, call: call.claimer == ZERO_ADDRESS)
NO_RECIPIENT: Final = Check(Reason.INVALID_RECIPIENT, lambda _, call: call.recipient == ZERO_ADDRESS)
VAULT_FULL: Final = Check(Reason.ARITHMETIC_PANIC, _is_vault_full)
BUCKET: Final = (_bucket_overflows(Reason.MUL_DIV_OVERFLOW), _bucket_overflows(Reason.ARITHMETIC_PANIC))

CHECKS: Final[Mapping[type[Any], tuple[Check, ...]]] = {
    AdvanceTime: (),
    TransferCollateral: (
        Check(Reason.ERC20_INVALID_RECEIVER, lambda _, call: call.to == ZERO_ADDRESS),
        Check(Reason.ERC20_INSUFFICIENT_BALANCE, _lacks_tokens),
    ),
    RegisterOperator: (
        Check(
            Reason.OPERATOR_ALREADY_REGISTERED, lambda rows, call: rows.get(OPERATOR_REGISTRY, call.sender).is_entity
        ),
    ),
    RegisterNetwork: (
        Check(Reason.NETWORK_ALREADY_REGISTERED, lambda rows, call: rows.get(NETWORK_REGISTRY, call.sender).is_entity),
    ),
    SetMiddleware: (
        NOT_NETWORK,
        Check(
            Reason.ALREADY_SET,
            lambda rows, call: rows.get(MIDDLEWARES, call.sender).account == call.middleware,
        ),
    ),
    OptInVault: _opting_in(OPERATOR_VAULT_OPT_INS, VAULT_FACTORY, "vault"),
    OptOutVault: _opting_out(OPERATOR_VAULT_OPT_INS, "vault"),
    OptInNetwork: _opting_in(OPERATOR_NETWORK_OPT_INS, NETWORK_REGISTRY, "network"),
    OptOutNetwork: _opting_out(OPERATOR_NETWORK_OPT_INS, "network"),
    Deposit: (
        Check(Reason.INVALID_ON_BEHALF_OF, lambda _, call: call.on_behalf_of == ZERO_ADDRESS),
        Check(Reason.NOT_WHITELISTED_DEPOSITOR, _is_not_whitelisted),
        Check(Reason.ERC20_INSUFFICIENT_ALLOWANCE, _lacks_allowance),
        Check(
            Reason.ERC20_INSUFFICIENT_BALANCE, lambda rows, call: balance(rows, call.vault, call.sender) < call.amount
        ),
        Check(Reason.INSUFFICIENT_DEPOSIT, lambda _, call: call.amount == 0),
        Check(Reason.DEPOSIT_LIMIT_REACHED, _passes_the_limit),
        _deposit_overflows(Reason.MUL_DIV_OVERFLOW),
        _deposit_overflows(Reason.ARITHMETIC_PANIC),
    ),
    SetDepositWhitelist: (
        NOT_ADMIN,
        Check(
            Reason.ALREADY_SET,
            lambda rows, call: rows.get(DEPOSIT_POLICIES, call.vault).deposit_whitelist == call.status,
        ),
    ),
    SetDepositorWhitelistStatus: (
        NOT_ADMIN,
        Check(Reason.INVALID_ACCOUNT, lambda _, call: call.account == ZERO_ADDRESS),
        Check(
            Reason.ALREADY_SET,
            lambda rows, call: rows.get(DEPOSITORS, (call.vault, call.account)).is_whitelisted == call.status,
        ),
    ),
    SetIsDepositLimit: (
        NOT_ADMIN,
        Check(
            Reason.ALREADY_SET,
            lambda rows, call: rows.get(DEPOSIT_POLICIES, call.vault).is_deposit_limit == call.status,
        ),
    ),
    SetDepositLimit: (
        NOT_ADMIN,
        Check(
            Reason.ALREADY_SET, lambda rows, call: rows.get(DEPOSIT_POLICIES, call.vault).deposit_limit == call.limit
        ),
    ),
    Withdraw: (
        NO_CLAIMER,
        Check(Reason.INSUFFICIENT_WITHDRAWAL, lambda _, call: call.amount == 0),
        VAULT_FULL,
        Check(Reason.MUL_DIV_OVERFLOW, _burns_too_much_to_divide),
        Check(Reason.ARITHMETIC_PANIC, lambda rows, call: _burns_more_than(rows, call, UINT256_MAX)),
        Check(
            Reason.TOO_MUCH_WITHDRAW,
            lambda rows, call: _burns_more_than(rows, call, held_shares(rows, call.vault, call.sender)),
        ),
        *BUCKET,
    ),
    Redeem: (
        NO_CLAIMER,
        Check(Reason.TOO_MUCH_REDEEM, lambda rows, call: call.shares > held_shares(rows, call.vault, call.sender)),
        VAULT_FULL,
        Check(Reason.INSUFFICIENT_REDEMPTION, _releases_nothing),
        *BUCKET,
    ),
    Claim: (NO_RECIPIENT, *CLAIMING),
    ClaimBatch: (
        NO_RECIPIENT,
        Check(Reason.INVALID_LENGTH_EPOCHS, lambda _, call: len(call.epochs) == 0),
        *CLAIMING,
    ),
    SetMaxNetworkLimit: (
        NOT_NETWORK,
        Check(
            Reason.ALREADY_SET,
            lambda rows, call: (
                MAX_NETWORK_LIMITS.latest(rows, (call.vault, (call.sender, call.identifier))) == call.amount
            ),
        ),
        Check(Reason.INVALID_NETWORK, _is_specific_to_another_network),
    ),
    SetNetworkLimit: (
        Check(
            Reason.EMPTY_REVERT, lambda rows, call: rows.get(VAULTS, call.vault).delegator == OPERATOR_NETWORK_SPECIFIC
        ),
        NOT_ADMIN,
        Check(
            Reason.EXCEEDS_MAX_NETWORK_LIMIT,
            lambda rows, call: call.amount > MAX_NETWORK_LIMITS.latest(rows, (call.vault, call.subnetwork)),
        ),
        Check(
            Reason.ALREADY_SET,
            lambda rows, call: NETWORK_LIMITS.latest(rows, (call.vault, call.subnetwork)) == call.amount,
        ),
    ),
    SetOperatorNetworkShares: (
        _has_no_delegator_of(NETWORK_RESTAKE),
        NOT_ADMIN,
        Check(
            Reason.ALREADY_SET,
            lambda rows, call: (
                OPERATOR_NETWORK_SHARES.latest(rows, (call.vault, call.subnetwork, call.operator)) == call.shares
            ),
        ),
        Check(Reason.ARITHMETIC_PANIC, _total_shares_overflow),
    ),
    SetOperatorNetworkLimit: (
        _has_no_delegator_of(FULL_RESTAKE),
        NOT_ADMIN,
        Check(
            Reason.ALREADY_SET,
            lambda rows, call: (
                OPERATOR_NETWORK_LIMITS.latest(rows, (call.vault, call.subnetwork, call.operator)) == call.amount
            ),
        ),
    ),
    Slash: (
        _has_no_slasher_of(INSTANT_SLASHER),
        NOT_MIDDLEWARE,
        TOO_EARLY_IN_TIME,
        Check(Reason.INVALID_CAPTURE_TIMESTAMP, _is_outside_the_window),
        NOTHING_TO_SLASH,
        *SLASHING,
    ),
    RequestSlash: (
        _has_no_slasher_of(VETO_SLASHER),
        NOT_MIDDLEWARE,
        Check(Reason.ARITHMETIC_PANIC, _has_impossible_deadline),
        Check(Reason.INVALID_CAPTURE_TIMESTAMP, _cannot_be_vetoed_in_time),
        TOO_EARLY_IN_TIME,
        NOTHING_TO_SLASH,
    ),
    ExecuteSlash: (
        _has_no_slasher_of(VETO_SLASHER),
        NO_REQUEST,
        NOT_MIDDLEWARE,
        Check(Reason.VETO_PERIOD_NOT_ENDED, _may_still_be_vetoed),
        Check(Reason.SLASH_PERIOD_ENDED, _is_too_late),
        TOO_EARLY_IN_TIME,
        NOTHING_TO_SLASH,
        COMPLETED,
        *SLASHING,
    ),
    VetoSlash: (
        _has_no_slasher_of(VETO_SLASHER),
        NO_REQUEST,
        Check(Reason.NO_RESOLVER, lambda rows, call: _can_be_vetoed_by(rows, call) == ZERO_ADDRESS),
        Check(Reason.NOT_RESOLVER, lambda rows, call: call.sender != _can_be_vetoed_by(rows, call)),
        Check(
            Reason.VETO_PERIOD_ENDED,
            lambda rows, call: (
                rows.get(SLASH_REQUESTS, (call.vault, call.slash_index)).veto_deadline_timestamp <= now(rows)
            ),
        ),
        COMPLETED,
    ),
    SetResolver: (
        _has_no_slasher_of(VETO_SLASHER),
        NOT_NETWORK,
        Check(Reason.ALREADY_SET, _is_named_already),
        Check(Reason.ARITHMETIC_PANIC, lambda rows, call: appointment_timestamp(rows, call) > UINT256_MAX),
        Check(Reason.UINT48_OVERFLOW, lambda rows, call: appointment_timestamp(rows, call) > UINT48_MAX),
    ),
}


def first_reason(rows: Draft, call: Any) -> Reason | None:
    """The reason for which a call must be refused, or None if it must be accepted."""
    for check in CHECKS[type(call)]:
        if check.is_true(rows, call):
            return check.reason
    return None


def _is_refused_for_the_first_reason(refusal: Refusal) -> bool:
    return refusal.reason is first_reason(refusal.before.rows, refusal.action)


def _no_reason_is_true(step: Transition) -> bool:
    return first_reason(step.before.rows, step.action) is None


CALL_LAWS: Final = [
    LivenessLaw(
        "CALL-01",
        "A call is refused only for the first of its reasons, in the contracts' order, that is true.",
        "The NatSpec of each contract's functions; Symbiotic test/: test_...Revert...",
        _is_refused_for_the_first_reason,
        Scope(tuple(CHECKS)),
    )
]
STEP_LAWS: Final = [
    StepLaw(
        "CALL-02",
        "No call is accepted against which a reason is true: who calls, what exists, what is held, what time it is.",
        "The NatSpec of each contract's functions; Symbiotic test/: test_...Revert...",
        _no_reason_is_true,
        Scope(tuple([action for action, checks in CHECKS.items() if checks])),
    )
]
