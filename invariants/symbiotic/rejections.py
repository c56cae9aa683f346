"""Symbiotic's rejection laws: calls that must never be rejected, whatever other accounts did."""

from typing import Final

from invariants.law import AnyRejection, RejectionLaw, Scope, View
from invariants.symbiotic.state_queries import UINT48_MAX, balance, epoch_of, held_shares, is_over, now, slashable
from spec.machine import Draft
from spec.symbiotic.actions import (
    ClaimBatch,
    Deposit,
    OptInNetwork,
    OptInVault,
    OptOutNetwork,
    OptOutVault,
    Redeem,
    RequestSlash,
    SetMaxNetworkLimit,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    Withdraw,
)
from spec.symbiotic.config import VETO_SLASHER, ZERO_ADDRESS
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_STAKE,
    ALLOWANCES,
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
    VAULT_FACTORY,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    Pair,
)

YOUNG: Final = 2**127
"""The bound for amounts, stake and shares below which no product of two of them overflows 256 bits."""


def _is_young(rows: Draft, vault: str) -> bool:
    """True if the stake and shares of a vault, and of its next withdrawal bucket, are too small to overflow."""
    bucket = rows.get(WITHDRAWAL_BUCKETS, (vault, epoch_of(rows.get(VAULTS, vault), now(rows)) + 1))
    shares, stake = ACTIVE_SHARES.latest(rows, vault), ACTIVE_STAKE.latest(rows, vault)
    return shares < YOUNG and stake < YOUNG and bucket.shares < YOUNG and bucket.amount < YOUNG


def _may_deposit(before: View, action: Deposit) -> bool:
    """True if a permitted depositor deposits tokens that it has and has approved, within the deposit limit.

    The amount and the vault's numbers must be too small to overflow.
    """
    call, rows = action, before.rows
    policy = rows.get(DEPOSIT_POLICIES, call.vault)
    depositor: Pair = (call.vault, call.sender)
    allowance: Pair = (rows.get(VAULTS, call.vault).collateral, call.sender, call.vault)
    if policy.deposit_whitelist and not rows.get(DEPOSITORS, depositor).is_whitelisted:
        return False
    if policy.is_deposit_limit and ACTIVE_STAKE.latest(rows, call.vault) + call.amount > policy.deposit_limit:
        return False
    return (
        call.on_behalf_of != ZERO_ADDRESS
        and 0 < call.amount < YOUNG
        and call.amount <= balance(rows, call.vault, call.sender)
        and rows.get(ALLOWANCES, allowance).is_infinite
        and _is_young(rows, call.vault)
    )


def _may_leave(before: View, action: Withdraw | Redeem) -> bool:
    """True if a holder withdraws or redeems a positive amount, at most what its shares are worth.

    The vault's numbers must be too small to overflow.
    """
    call, rows = action, before.rows
    held = held_shares(rows, call.vault, call.sender)
    shares, stake = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    if call.claimer == ZERO_ADDRESS or not _is_young(rows, call.vault):
        return False
    if isinstance(call, Withdraw):
        return call.amount > 0 and call.amount * (shares + 1) <= held * (stake + 1)
    return call.shares <= held and call.shares * (stake + 1) >= shares + 1


def _may_claim_all(before: View, action: ClaimBatch) -> bool:
    """True if an account claims one or more past epochs, each once and for the first time, and each worth a positive
    amount.
    """
    call, rows = action, before.rows
    if call.recipient == ZERO_ADDRESS or len(call.epochs) == 0:
        return False
    for position, epoch in enumerate(call.epochs):
        bucket, part = (
            rows.get(WITHDRAWAL_BUCKETS, (call.vault, epoch)),
            rows.get(WITHDRAWALS, (call.vault, epoch, call.sender)),
        )
        if epoch in call.epochs[:position] or part.is_claimed or not is_over(rows, call.vault, epoch):
            return False
        if bucket.shares >= YOUNG or part.shares * (bucket.amount + 1) < bucket.shares + 1:
            return False
    return True


def _may_opt_out(before: View, action: OptOutVault | OptOutNetwork) -> bool:
    """True if an operator opts out of a vault or network to which it opted in before the current second."""
    call, rows = action, before.rows
    opt_ins = OPERATOR_VAULT_OPT_INS if isinstance(call, OptOutVault) else OPERATOR_NETWORK_OPT_INS
    opt_in: Pair = (call.sender, call.vault if isinstance(call, OptOutVault) else call.network)
    return opt_ins.latest(rows, opt_in) == 1 and opt_ins.latest_point(rows, opt_in) < now(rows)


def _may_opt_in(before: View, action: OptInVault | OptInNetwork) -> bool:
    """True if an operator that is not opted in opts in to a vault of the factory, or to a registered network."""
    call, rows = action, before.rows
    opt_ins = OPERATOR_VAULT_OPT_INS if isinstance(call, OptInVault) else OPERATOR_NETWORK_OPT_INS
    opt_in: Pair = (call.sender, call.vault if isinstance(call, OptInVault) else call.network)
    is_known = (
        rows.get(VAULT_FACTORY, call.vault).is_entity
        if isinstance(call, OptInVault)
        else rows.get(NETWORK_REGISTRY, call.network).is_entity
    )
    return is_known and rows.get(OPERATOR_REGISTRY, call.sender).is_entity and opt_ins.latest(rows, opt_in) == 0


def _may_take_back(
    before: View, action: SetMaxNetworkLimit | SetNetworkLimit | SetOperatorNetworkShares | SetOperatorNetworkLimit
) -> bool:
    """True if a network lowers its maximum limit, or a vault's admin lowers a limit or operator shares."""
    rows = before.rows
    if isinstance(action, SetMaxNetworkLimit):
        subnetwork = (action.sender, action.identifier)
        is_network = rows.get(NETWORK_REGISTRY, action.sender).is_entity
        return is_network and 0 <= action.amount < MAX_NETWORK_LIMITS.latest(rows, (action.vault, subnetwork))
    call = action
    if call.sender != rows.get(VAULTS, call.vault).admin:
        return False
    if isinstance(call, SetNetworkLimit):
        return call.amount < NETWORK_LIMITS.latest(rows, (call.vault, call.subnetwork))
    subnetwork_operator = (call.vault, call.subnetwork, call.operator)
    if isinstance(call, SetOperatorNetworkShares):
        return call.shares < OPERATOR_NETWORK_SHARES.latest(rows, subnetwork_operator)
    return call.amount < OPERATOR_NETWORK_LIMITS.latest(rows, subnetwork_operator)


def _may_ask_for_a_slash(before: View, action: RequestSlash) -> bool:
    """True if a network's middleware requests a slash of slashable stake, and the veto ends within an epoch of the
    capture.
    """
    call, rows = action, before.rows
    config, second = rows.get(VAULTS, call.vault), now(rows)
    earliest_timestamp = second + config.veto_duration_seconds - config.epoch_duration_seconds
    return (
        config.slasher == VETO_SLASHER
        and call.sender == rows.get(MIDDLEWARES, call.subnetwork[0]).account
        and call.amount > 0
        and earliest_timestamp >= 0
        and config.epoch_duration_seconds <= second
        and second + config.veto_duration_seconds <= UINT48_MAX
        and earliest_timestamp <= call.capture_timestamp < second
        and slashable(rows, call.vault, call.subnetwork, call.operator, call.capture_timestamp) > 0
    )


def _is_never_right(_rejection: AnyRejection) -> bool:
    return False


REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "LIVE-01",
        "A permitted depositor can always deposit tokens that it has, up to the limit.",
        "Vault.deposit",
        _is_never_right,
        Scope((Deposit,)),
        applies_to=_may_deposit,
    ),
    RejectionLaw(
        "LIVE-02",
        "A holder of active shares can always withdraw or redeem them for what they are worth.",
        "Vault.withdraw, Vault.redeem",
        _is_never_right,
        Scope((Withdraw, Redeem)),
        applies_to=_may_leave,
    ),
    RejectionLaw(
        "LIVE-03",
        "Several epochs that are over can be claimed together.",
        "Vault.claimBatch",
        _is_never_right,
        Scope((ClaimBatch,)),
        applies_to=_may_claim_all,
    ),
    RejectionLaw(
        "LIVE-04",
        "An operator can always opt out of what it joined before the current second.",
        "OptInService.optOut",
        _is_never_right,
        Scope((OptOutVault, OptOutNetwork)),
        applies_to=_may_opt_out,
    ),
    RejectionLaw(
        "LIVE-05",
        "An account that gave a limit, or operator shares, can always lower them.",
        "BaseDelegator.setMaxNetworkLimit, setNetworkLimit, setOperatorNetworkShares, setOperatorNetworkLimit",
        _is_never_right,
        Scope((SetMaxNetworkLimit, SetNetworkLimit, SetOperatorNetworkShares, SetOperatorNetworkLimit)),
        applies_to=_may_take_back,
    ),
    RejectionLaw(
        "LIVE-06",
        "A network can request a slash of slashable stake if the veto would end within an epoch of the capture.",
        "VetoSlasher.requestSlash",
        _is_never_right,
        Scope((RequestSlash,)),
        applies_to=_may_ask_for_a_slash,
    ),
    RejectionLaw(
        "LIVE-07",
        "An operator can always opt in to a vault of the factory, or to a network, that it is not in.",
        "OptInService.optIn",
        _is_never_right,
        Scope((OptInVault, OptInNetwork)),
        applies_to=_may_opt_in,
    ),
]
