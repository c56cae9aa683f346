"""When a call is refused: for every call its reasons in the contracts' order, each with the condition it stands for.

The conditions speak of the state before the call alone and divide next to nothing, so that they are a second account
of the checks: a call is refused for the first of its reasons that is true, and accepted if none is. That includes
numbers that do not fit 256 bits, which a vault meets when slashes leave shares without stake. Nowhere is a vault short
of what it owes: that no claim and no slash is refused for want of tokens is part of what the law says.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import LivenessLaw, Refusal, Scope, StepLaw, Transition
from invariants.symbiotic.reading import (
    UINT48_MAX,
    UINT256_MAX,
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
from spec.arithmetic import mul_div_floor
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
    SlashRequest,
    VaultSubnetwork,
    VaultSubnetworkOperator,
)

UINT256_END: Final = UINT256_MAX + 1
"""The first number that does not fit."""


def _joining(shares: int, assets: int, amount: int) -> Reason | None:
    """An amount joins a pool of shares and assets: its shares must fit, and so must all shares together."""
    if shares >= UINT256_MAX or assets >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    if amount * (shares + 1) >= UINT256_END * (assets + 1):
        return Reason.MUL_DIV_OVERFLOW
    if amount * (shares + 1) >= (UINT256_END - shares) * (assets + 1):
        return Reason.ARITHMETIC_PANIC
    return None


def _joining_the_next_bucket(rows: Draft, vault: str, amount: int) -> Reason | None:
    epoch = epoch_of(rows.get(VAULTS, vault), now(rows)) + 1
    bucket = rows.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    return _joining(bucket.shares, bucket.amount, amount)


def _transfer(rows: Draft, call: TransferCollateral) -> Reason | None:
    if call.to == ZERO_ADDRESS:
        return Reason.ERC20_INVALID_RECEIVER
    account: Pair = (call.collateral, call.sender)
    is_short = rows.get(TOKEN_BALANCES, account).amount < call.amount
    return Reason.ERC20_INSUFFICIENT_BALANCE if is_short else None


def _register_operator(rows: Draft, call: RegisterOperator) -> Reason | None:
    return Reason.OPERATOR_ALREADY_REGISTERED if rows.get(OPERATOR_REGISTRY, call.sender).is_entity else None


def _register_network(rows: Draft, call: RegisterNetwork) -> Reason | None:
    return Reason.NETWORK_ALREADY_REGISTERED if rows.get(NETWORK_REGISTRY, call.sender).is_entity else None


def _set_middleware(rows: Draft, call: SetMiddleware) -> Reason | None:
    if not rows.get(NETWORK_REGISTRY, call.sender).is_entity:
        return Reason.NOT_NETWORK
    return Reason.ALREADY_SET if rows.get(MIDDLEWARES, call.sender).account == call.middleware else None


def _opting_in(rows: Draft, opt_ins: HistoryTable[Pair], registry: Table[str, Entity], opt_in: Pair) -> Reason | None:
    """Who opts in is an operator, where it opts in is registered, and it is out."""
    if not rows.get(OPERATOR_REGISTRY, opt_in[0]).is_entity:
        return Reason.NOT_WHO
    if not rows.get(registry, opt_in[1]).is_entity:
        return Reason.NOT_WHERE_ENTITY
    return Reason.ALREADY_OPTED_IN if opt_ins.latest(rows, opt_in) != 0 else None


def _opting_out(rows: Draft, opt_ins: HistoryTable[Pair], opt_in: Pair) -> Reason | None:
    """Who opts out is in, and came in before this second."""
    if opt_ins.latest(rows, opt_in) == 0:
        return Reason.NOT_OPTED_IN
    return Reason.OPT_OUT_COOLDOWN if opt_ins.latest_point(rows, opt_in) == now(rows) else None


def _opt_in_vault(rows: Draft, call: OptInVault) -> Reason | None:
    return _opting_in(rows, OPERATOR_VAULT_OPT_INS, VAULT_FACTORY, (call.sender, call.vault))


def _opt_out_vault(rows: Draft, call: OptOutVault) -> Reason | None:
    return _opting_out(rows, OPERATOR_VAULT_OPT_INS, (call.sender, call.vault))


def _opt_in_network(rows: Draft, call: OptInNetwork) -> Reason | None:
    return _opting_in(rows, OPERATOR_NETWORK_OPT_INS, NETWORK_REGISTRY, (call.sender, call.network))


def _opt_out_network(rows: Draft, call: OptOutNetwork) -> Reason | None:
    return _opting_out(rows, OPERATOR_NETWORK_OPT_INS, (call.sender, call.network))


def _deposit(rows: Draft, call: Deposit) -> Reason | None:
    if call.on_behalf_of == ZERO_ADDRESS:
        return Reason.INVALID_ON_BEHALF_OF
    vault, amount = call.vault, call.amount
    policy = rows.get(DEPOSIT_POLICIES, vault)
    depositor: Pair = (vault, call.sender)
    if policy.deposit_whitelist and not rows.get(DEPOSITORS, depositor).is_whitelisted:
        return Reason.NOT_WHITELISTED_DEPOSITOR
    allowance: Pair = (rows.get(VAULTS, vault).collateral, call.sender, vault)
    if amount > 0 and not rows.get(ALLOWANCES, allowance).is_infinite:
        return Reason.ERC20_INSUFFICIENT_ALLOWANCE
    if balance(rows, vault, call.sender) < amount:
        return Reason.ERC20_INSUFFICIENT_BALANCE
    if amount == 0:
        return Reason.INSUFFICIENT_DEPOSIT
    stake = ACTIVE_STAKE.latest(rows, vault)
    if policy.is_deposit_limit and stake + amount > policy.deposit_limit:
        return Reason.DEPOSIT_LIMIT_REACHED
    return _joining(ACTIVE_SHARES.latest(rows, vault), stake, amount)


def _withdraw(rows: Draft, call: Withdraw) -> Reason | None:
    """The shares to burn, rounded up, must fit, before they are compared with what is held."""
    if call.claimer == ZERO_ADDRESS:
        return Reason.INVALID_CLAIMER
    if call.amount == 0:
        return Reason.INSUFFICIENT_WITHDRAWAL
    shares, stake = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    if shares >= UINT256_MAX or stake >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    worth = call.amount * (shares + 1)
    if worth >= UINT256_END * (stake + 1):
        return Reason.MUL_DIV_OVERFLOW
    if worth > UINT256_MAX * (stake + 1):
        return Reason.ARITHMETIC_PANIC
    if worth > held_shares(rows, call.vault, call.sender) * (stake + 1):
        return Reason.TOO_MUCH_WITHDRAW
    return _joining_the_next_bucket(rows, call.vault, call.amount)


def _redeem(rows: Draft, call: Redeem) -> Reason | None:
    if call.claimer == ZERO_ADDRESS:
        return Reason.INVALID_CLAIMER
    if call.shares > held_shares(rows, call.vault, call.sender):
        return Reason.TOO_MUCH_REDEEM
    shares, stake = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    if shares >= UINT256_MAX or stake >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    if call.shares * (stake + 1) < shares + 1:
        return Reason.INSUFFICIENT_REDEMPTION
    return _joining_the_next_bucket(rows, call.vault, mul_div_floor(call.shares, stake + 1, shares + 1))


def _claiming(rows: Draft, vault: str, epoch: int, account: str) -> Reason | None:
    """The epoch is over, the part is not claimed, and it does not round down to nothing."""
    if not is_over(rows, vault, epoch):
        return Reason.INVALID_EPOCH
    part, bucket = rows.get(WITHDRAWALS, (vault, epoch, account)), rows.get(WITHDRAWAL_BUCKETS, (vault, epoch))
    if part.is_claimed:
        return Reason.ALREADY_CLAIMED
    if bucket.shares >= UINT256_MAX or bucket.amount >= UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    return Reason.INSUFFICIENT_CLAIM if part.shares * (bucket.amount + 1) < bucket.shares + 1 else None


def _claim(rows: Draft, call: Claim) -> Reason | None:
    if call.recipient == ZERO_ADDRESS:
        return Reason.INVALID_RECIPIENT
    return _claiming(rows, call.vault, call.epoch, call.sender)


def _claim_batch(rows: Draft, call: ClaimBatch) -> Reason | None:
    """An epoch that stands twice is claimed already when its second turn comes."""
    if call.recipient == ZERO_ADDRESS:
        return Reason.INVALID_RECIPIENT
    if len(call.epochs) == 0:
        return Reason.INVALID_LENGTH_EPOCHS
    for position, epoch in enumerate(call.epochs):
        if epoch in call.epochs[:position]:
            return Reason.ALREADY_CLAIMED
        reason = _claiming(rows, call.vault, epoch, call.sender)
        if reason is not None:
            return reason
    return None


def _changing_policy(rows: Draft, sender: str, vault: str, is_same: bool) -> Reason | None:
    """The admin alone changes a vault's policies, and only to something else."""
    if sender != rows.get(VAULTS, vault).admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    return Reason.ALREADY_SET if is_same else None


def _set_deposit_whitelist(rows: Draft, call: SetDepositWhitelist) -> Reason | None:
    is_same = rows.get(DEPOSIT_POLICIES, call.vault).deposit_whitelist == call.status
    return _changing_policy(rows, call.sender, call.vault, is_same)


def _set_depositor_whitelist_status(rows: Draft, call: SetDepositorWhitelistStatus) -> Reason | None:
    if call.sender != rows.get(VAULTS, call.vault).admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    if call.account == ZERO_ADDRESS:
        return Reason.INVALID_ACCOUNT
    depositor: Pair = (call.vault, call.account)
    return Reason.ALREADY_SET if rows.get(DEPOSITORS, depositor).is_whitelisted == call.status else None


def _set_is_deposit_limit(rows: Draft, call: SetIsDepositLimit) -> Reason | None:
    is_same = rows.get(DEPOSIT_POLICIES, call.vault).is_deposit_limit == call.status
    return _changing_policy(rows, call.sender, call.vault, is_same)


def _set_deposit_limit(rows: Draft, call: SetDepositLimit) -> Reason | None:
    is_same = rows.get(DEPOSIT_POLICIES, call.vault).deposit_limit == call.limit
    return _changing_policy(rows, call.sender, call.vault, is_same)


def _set_max_network_limit(rows: Draft, call: SetMaxNetworkLimit) -> Reason | None:
    if not rows.get(NETWORK_REGISTRY, call.sender).is_entity:
        return Reason.NOT_NETWORK
    of_subnetwork: VaultSubnetwork = (call.vault, (call.sender, call.identifier))
    if MAX_NETWORK_LIMITS.latest(rows, of_subnetwork) == call.amount:
        return Reason.ALREADY_SET
    config = rows.get(VAULTS, call.vault)
    is_anothers = config.delegator == OPERATOR_NETWORK_SPECIFIC and call.sender != config.delegator_network
    return Reason.INVALID_NETWORK if is_anothers else None


def _set_network_limit(rows: Draft, call: SetNetworkLimit) -> Reason | None:
    config = rows.get(VAULTS, call.vault)
    if config.delegator == OPERATOR_NETWORK_SPECIFIC:
        return Reason.EMPTY_REVERT
    if call.sender != config.admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    of_subnetwork: VaultSubnetwork = (call.vault, call.subnetwork)
    if call.amount > MAX_NETWORK_LIMITS.latest(rows, of_subnetwork):
        return Reason.EXCEEDS_MAX_NETWORK_LIMIT
    return Reason.ALREADY_SET if NETWORK_LIMITS.latest(rows, of_subnetwork) == call.amount else None


def _set_operator_network_shares(rows: Draft, call: SetOperatorNetworkShares) -> Reason | None:
    config = rows.get(VAULTS, call.vault)
    if config.delegator != NETWORK_RESTAKE:
        return Reason.EMPTY_REVERT
    if call.sender != config.admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    shares = OPERATOR_NETWORK_SHARES.latest(rows, (call.vault, call.subnetwork, call.operator))
    if shares == call.shares:
        return Reason.ALREADY_SET
    others = TOTAL_OPERATOR_NETWORK_SHARES.latest(rows, (call.vault, call.subnetwork)) - shares
    return Reason.ARITHMETIC_PANIC if others + call.shares > UINT256_MAX else None


def _set_operator_network_limit(rows: Draft, call: SetOperatorNetworkLimit) -> Reason | None:
    config = rows.get(VAULTS, call.vault)
    if config.delegator != FULL_RESTAKE:
        return Reason.EMPTY_REVERT
    if call.sender != config.admin:
        return Reason.UNAUTHORIZED_ACCOUNT
    limit = OPERATOR_NETWORK_LIMITS.latest(rows, (call.vault, call.subnetwork, call.operator))
    return Reason.ALREADY_SET if limit == call.amount else None


def _booking(rows: Draft, of_operator: VaultSubnetworkOperator, amount: int, capture_timestamp: int) -> Reason | None:
    """What is booked must fit with all that was, and if there is anything in reach to pay, somebody must be paid."""
    if CUMULATIVE_SLASHES.latest(rows, of_operator) + amount > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    vault = of_operator[0]
    config = rows.get(VAULTS, vault)
    if config.burner != ZERO_ADDRESS or reach(rows, vault, epoch_of(config, capture_timestamp)) == 0:
        return None
    return Reason.ERC20_INVALID_RECEIVER


def _slash(rows: Draft, call: Slash) -> Reason | None:
    config = rows.get(VAULTS, call.vault)
    if config.slasher != INSTANT_SLASHER:
        return Reason.EMPTY_REVERT
    if call.sender != rows.get(MIDDLEWARES, call.subnetwork[0]).account:
        return Reason.NOT_NETWORK_MIDDLEWARE
    if now(rows) < config.epoch_duration_seconds:
        return Reason.ARITHMETIC_PANIC
    if not 0 < now(rows) - call.capture_timestamp <= config.epoch_duration_seconds:
        return Reason.INVALID_CAPTURE_TIMESTAMP
    of_operator: VaultSubnetworkOperator = (call.vault, call.subnetwork, call.operator)
    left = slashable(rows, call.vault, call.subnetwork, call.operator, call.capture_timestamp)
    if left == 0 or call.amount == 0:
        return Reason.INSUFFICIENT_SLASH
    return _booking(rows, of_operator, min(call.amount, left), call.capture_timestamp)


def _request_slash(rows: Draft, call: RequestSlash) -> Reason | None:
    """The veto must end within an epoch of the capture, which is in the past."""
    config = rows.get(VAULTS, call.vault)
    if config.slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if call.sender != rows.get(MIDDLEWARES, call.subnetwork[0]).account:
        return Reason.NOT_NETWORK_MIDDLEWARE
    deadline_timestamp = now(rows) + config.veto_duration_seconds
    if deadline_timestamp > UINT48_MAX or deadline_timestamp < config.epoch_duration_seconds:
        return Reason.ARITHMETIC_PANIC
    last_timestamp = call.capture_timestamp + config.epoch_duration_seconds
    if call.capture_timestamp >= now(rows) or last_timestamp < deadline_timestamp:
        return Reason.INVALID_CAPTURE_TIMESTAMP
    if now(rows) < config.epoch_duration_seconds:
        return Reason.ARITHMETIC_PANIC
    left = slashable(rows, call.vault, call.subnetwork, call.operator, call.capture_timestamp)
    return Reason.INSUFFICIENT_SLASH if left == 0 or call.amount == 0 else None


def vetoer_of(rows: Draft, vault: str, request: SlashRequest) -> str:
    """Who may veto a request: the resolver at its capture, as long as anybody was in office a second ago."""
    if resolver_of(rows, vault, request.subnetwork, now(rows) - 1) == ZERO_ADDRESS:
        return ZERO_ADDRESS
    return resolver_of(rows, vault, request.subnetwork, request.capture_timestamp)


def _execute_slash(rows: Draft, call: ExecuteSlash) -> Reason | None:
    """A request that is completed already is noticed after all else."""
    config = rows.get(VAULTS, call.vault)
    if config.slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if call.slash_index >= rows.get(SLASH_REQUEST_COUNTS, call.vault).count:
        return Reason.SLASH_REQUEST_NOT_EXIST
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    if call.sender != rows.get(MIDDLEWARES, request.subnetwork[0]).account:
        return Reason.NOT_NETWORK_MIDDLEWARE
    if now(rows) < request.veto_deadline_timestamp and vetoer_of(rows, call.vault, request) != ZERO_ADDRESS:
        return Reason.VETO_PERIOD_NOT_ENDED
    if now(rows) > request.capture_timestamp + config.epoch_duration_seconds:
        return Reason.SLASH_PERIOD_ENDED
    if now(rows) < config.epoch_duration_seconds:
        return Reason.ARITHMETIC_PANIC
    of_operator: VaultSubnetworkOperator = (call.vault, request.subnetwork, request.operator)
    left = slashable(rows, call.vault, request.subnetwork, request.operator, request.capture_timestamp)
    if left == 0 or request.amount == 0:
        return Reason.INSUFFICIENT_SLASH
    if request.is_completed:
        return Reason.SLASH_REQUEST_COMPLETED
    return _booking(rows, of_operator, min(request.amount, left), request.capture_timestamp)


def _veto_slash(rows: Draft, call: VetoSlash) -> Reason | None:
    if rows.get(VAULTS, call.vault).slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if call.slash_index >= rows.get(SLASH_REQUEST_COUNTS, call.vault).count:
        return Reason.SLASH_REQUEST_NOT_EXIST
    request = rows.get(SLASH_REQUESTS, (call.vault, call.slash_index))
    vetoer = vetoer_of(rows, call.vault, request)
    if vetoer == ZERO_ADDRESS:
        return Reason.NO_RESOLVER
    if call.sender != vetoer:
        return Reason.NOT_RESOLVER
    if now(rows) >= request.veto_deadline_timestamp:
        return Reason.VETO_PERIOD_ENDED
    return Reason.SLASH_REQUEST_COMPLETED if request.is_completed else None


def appointment_timestamp(rows: Draft, call: SetResolver) -> int:
    """When a resolver takes office that is named now: at once if it is the first, or in office already."""
    of_subnetwork: VaultSubnetwork = (call.vault, (call.sender, call.identifier))
    if RESOLVER_ORDINALS.is_empty(rows, of_subnetwork):
        return now(rows)
    if call.resolver == resolver_of(rows, call.vault, of_subnetwork[1], now(rows)):
        return now(rows)
    config = rows.get(VAULTS, call.vault)
    return start_of(config, epoch_of(config, now(rows)) + config.resolver_set_epochs_delay)


def _set_resolver(rows: Draft, call: SetResolver) -> Reason | None:
    """Nobody is named where nobody ever was, nor who is in office while nobody is to come."""
    if rows.get(VAULTS, call.vault).slasher != VETO_SLASHER:
        return Reason.EMPTY_REVERT
    if not rows.get(NETWORK_REGISTRY, call.sender).is_entity:
        return Reason.NOT_NETWORK
    of_subnetwork: VaultSubnetwork = (call.vault, (call.sender, call.identifier))
    if RESOLVER_ORDINALS.is_empty(rows, of_subnetwork):
        return Reason.ALREADY_SET if call.resolver == ZERO_ADDRESS else None
    due_timestamp = appointment_timestamp(rows, call)
    if due_timestamp == now(rows):
        return Reason.ALREADY_SET if RESOLVER_ORDINALS.latest_point(rows, of_subnetwork) <= now(rows) else None
    if due_timestamp > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    return Reason.UINT48_OVERFLOW if due_timestamp > UINT48_MAX else None


def _always(_rows: Draft, _call: AdvanceTime) -> Reason | None:
    return None


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    AdvanceTime: _always,
    TransferCollateral: _transfer,
    RegisterOperator: _register_operator,
    RegisterNetwork: _register_network,
    SetMiddleware: _set_middleware,
    OptInVault: _opt_in_vault,
    OptOutVault: _opt_out_vault,
    OptInNetwork: _opt_in_network,
    OptOutNetwork: _opt_out_network,
    Deposit: _deposit,
    SetDepositWhitelist: _set_deposit_whitelist,
    SetDepositorWhitelistStatus: _set_depositor_whitelist_status,
    SetIsDepositLimit: _set_is_deposit_limit,
    SetDepositLimit: _set_deposit_limit,
    Withdraw: _withdraw,
    Redeem: _redeem,
    Claim: _claim,
    ClaimBatch: _claim_batch,
    SetMaxNetworkLimit: _set_max_network_limit,
    SetNetworkLimit: _set_network_limit,
    SetOperatorNetworkShares: _set_operator_network_shares,
    SetOperatorNetworkLimit: _set_operator_network_limit,
    Slash: _slash,
    RequestSlash: _request_slash,
    ExecuteSlash: _execute_slash,
    VetoSlash: _veto_slash,
    SetResolver: _set_resolver,
}
"""For each call the reason for which it must be refused, or None if it must be accepted."""


def _is_refused_for_the_first_reason(refusal: Refusal) -> bool:
    return refusal.reason is REASONS[type(refusal.action)](refusal.before.rows, refusal.action)


def _no_reason_is_true(step: Transition) -> bool:
    return REASONS[type(step.action)](step.before.rows, step.action) is None


CALL_LAWS: Final[list[LivenessLaw]] = [
    LivenessLaw(
        "CALL-01",
        "A call is refused only for the first of its reasons, in the contracts' order, that is true.",
        "The NatSpec of each contract's functions; Symbiotic test/: test_...Revert...",
        _is_refused_for_the_first_reason,
        Scope(tuple(REASONS)),
    )
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "CALL-02",
        "No call is accepted against which a reason is true: who calls, what exists, what is held, what time it is.",
        "The NatSpec of each contract's functions; Symbiotic test/: test_...Revert...",
        _no_reason_is_true,
        Scope(tuple([action for action in REASONS if action is not AdvanceTime])),
    )
]
