"""Model laws of registrations and opt-ins: their guards, and the flags that they set."""

from collections.abc import Callable
from typing import Any, Final, cast

from invariants.law import AnyStep, Scope, StepLaw
from invariants.symbiotic.state_queries import now
from spec.history import HistoryTable
from spec.machine import Draft, Table
from spec.symbiotic.actions import (
    AdvanceTime,
    OptInNetwork,
    OptInVault,
    OptOutNetwork,
    OptOutVault,
    RegisterNetwork,
    RegisterOperator,
    SetDepositLimit,
    SetDepositorWhitelistStatus,
    SetDepositWhitelist,
    SetIsDepositLimit,
    SetMiddleware,
)
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    DEPOSIT_POLICIES,
    DEPOSITORS,
    MIDDLEWARES,
    NETWORK_REGISTRY,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_REGISTRY,
    OPERATOR_VAULT_OPT_INS,
    VAULT_FACTORY,
    Entity,
    Pair,
)


def _register_operator(rows: Draft, call: RegisterOperator) -> Reason | None:
    return Reason.OPERATOR_ALREADY_REGISTERED if rows.get(OPERATOR_REGISTRY, call.sender).is_entity else None


def _register_network(rows: Draft, call: RegisterNetwork) -> Reason | None:
    return Reason.NETWORK_ALREADY_REGISTERED if rows.get(NETWORK_REGISTRY, call.sender).is_entity else None


def _set_middleware(rows: Draft, call: SetMiddleware) -> Reason | None:
    if not rows.get(NETWORK_REGISTRY, call.sender).is_entity:
        return Reason.NOT_NETWORK
    return Reason.ALREADY_SET if rows.get(MIDDLEWARES, call.sender).account == call.middleware else None


def _opting_in(rows: Draft, opt_ins: HistoryTable[Pair], registry: Table[str, Entity], opt_in: Pair) -> Reason | None:
    """The first reason against opting in, or None. `opt_in` is the pair of operator and target, a vault or a network.

    The operator must be registered, the target must be in `registry`, and the operator must not be opted in.
    """
    if not rows.get(OPERATOR_REGISTRY, opt_in[0]).is_entity:
        return Reason.NOT_WHO
    if not rows.get(registry, opt_in[1]).is_entity:
        return Reason.NOT_WHERE_ENTITY
    return Reason.ALREADY_OPTED_IN if opt_ins.latest(rows, opt_in) != 0 else None


def _opting_out(rows: Draft, opt_ins: HistoryTable[Pair], opt_in: Pair) -> Reason | None:
    """The first reason against opting out, or None: the operator is opted in, and was so before this second.

    `opt_in` is the pair of operator and target, a vault or a network.
    """
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


def _switch_is_thrown(step: AnyStep) -> bool:
    """True if the flag or value that a call names is set as requested, and other fields of its row are unchanged.

    For AdvanceTime, the clock must advance by the given seconds.
    """
    call, before, rows = step.action, step.before.rows, step.after.rows
    if isinstance(call, AdvanceTime):
        return now(rows) == now(before) + call.seconds
    if isinstance(call, RegisterOperator):
        return rows.get(OPERATOR_REGISTRY, call.sender).is_entity
    if isinstance(call, RegisterNetwork):
        return rows.get(NETWORK_REGISTRY, call.sender).is_entity
    if isinstance(call, SetMiddleware):
        return rows.get(MIDDLEWARES, call.sender).account == call.middleware
    if isinstance(call, OptInVault | OptOutVault):
        return OPERATOR_VAULT_OPT_INS.latest(rows, (call.sender, call.vault)) == isinstance(call, OptInVault)
    if isinstance(call, OptInNetwork | OptOutNetwork):
        return OPERATOR_NETWORK_OPT_INS.latest(rows, (call.sender, call.network)) == isinstance(call, OptInNetwork)
    if isinstance(call, SetDepositorWhitelistStatus):
        return rows.get(DEPOSITORS, (call.vault, call.account)).is_whitelisted == call.status
    policy_call = cast("SetDepositWhitelist | SetIsDepositLimit | SetDepositLimit", call)
    old, new = before.get(DEPOSIT_POLICIES, policy_call.vault), rows.get(DEPOSIT_POLICIES, policy_call.vault)
    whitelist, is_limit, limit = old.deposit_whitelist, old.is_deposit_limit, old.deposit_limit
    if isinstance(policy_call, SetDepositWhitelist):
        whitelist = policy_call.status
    elif isinstance(policy_call, SetIsDepositLimit):
        is_limit = policy_call.status
    else:
        limit = policy_call.limit
    return (new.deposit_whitelist, new.is_deposit_limit, new.deposit_limit) == (whitelist, is_limit, limit)


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    RegisterOperator: _register_operator,
    RegisterNetwork: _register_network,
    SetMiddleware: _set_middleware,
    OptInVault: _opt_in_vault,
    OptOutVault: _opt_out_vault,
    OptInNetwork: _opt_in_network,
    OptOutNetwork: _opt_out_network,
}
"""For each of these actions, a function that returns the first reason to reject a call, or None to accept it."""

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "SET-01",
        "A flag that a call sets is set as asked and no other changes, and the clock moves by the time that passes.",
        "Vault, OptInService, NetworkMiddlewareService; Symbiotic test/vault/Vault: test_SetDepositWhitelist, ...",
        _switch_is_thrown,
        Scope(
            (
                AdvanceTime,
                RegisterOperator,
                RegisterNetwork,
                SetMiddleware,
                OptInVault,
                OptOutVault,
                OptInNetwork,
                OptOutNetwork,
                SetDepositWhitelist,
                SetDepositorWhitelistStatus,
                SetIsDepositLimit,
                SetDepositLimit,
            )
        ),
    ),
]
