"""Registration of operators and networks, networks' middlewares, and operators' opt-ins to vaults and networks."""

from spec.history import HistoryTable
from spec.machine import Delta, Draft, Table
from spec.symbiotic.actions import (
    OptInNetwork,
    OptInVault,
    OptOutNetwork,
    OptOutVault,
    RegisterNetwork,
    RegisterOperator,
    SetMiddleware,
)
from spec.symbiotic.clock import current_timestamp
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    MIDDLEWARES,
    NETWORK_REGISTRY,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_REGISTRY,
    OPERATOR_VAULT_OPT_INS,
    VAULT_FACTORY,
    Entity,
    Middleware,
    Pair,
)


def register_operator(draft: Draft, action: RegisterOperator) -> Delta | Reason:
    """Register the sender as an operator.

    Rejects: OPERATOR_ALREADY_REGISTERED. Source: OperatorRegistry.registerOperator.
    """
    if draft.get(OPERATOR_REGISTRY, action.sender).is_entity:
        return Reason.OPERATOR_ALREADY_REGISTERED
    draft.put(OPERATOR_REGISTRY, action.sender, Entity(is_entity=True))
    return draft.delta()


def register_network(draft: Draft, action: RegisterNetwork) -> Delta | Reason:
    """Register the sender as a network.

    Rejects: NETWORK_ALREADY_REGISTERED. Source: NetworkRegistry.registerNetwork.
    """
    if draft.get(NETWORK_REGISTRY, action.sender).is_entity:
        return Reason.NETWORK_ALREADY_REGISTERED
    draft.put(NETWORK_REGISTRY, action.sender, Entity(is_entity=True))
    return draft.delta()


def set_middleware(draft: Draft, action: SetMiddleware) -> Delta | Reason:
    """Change the account that slashes for the sender's network, with immediate effect in every vault.

    Rejects, in order: NOT_NETWORK, ALREADY_SET. Source: NetworkMiddlewareService.setMiddleware.
    """
    if not draft.get(NETWORK_REGISTRY, action.sender).is_entity:
        return Reason.NOT_NETWORK
    if draft.get(MIDDLEWARES, action.sender).account == action.middleware:
        return Reason.ALREADY_SET
    draft.put(MIDDLEWARES, action.sender, Middleware(action.middleware))
    return draft.delta()


def opt_in_vault(draft: Draft, action: OptInVault) -> Delta | Reason:
    """Opt the sender, an operator, in to a vault, from now on.

    Rejects, in order: NOT_WHO unless the sender is a registered operator, NOT_WHERE_ENTITY if there is no such vault,
    ALREADY_OPTED_IN. Source: OptInService.optIn.
    """
    return _opt_in(draft, OPERATOR_VAULT_OPT_INS, VAULT_FACTORY, action.sender, action.vault)


def opt_out_vault(draft: Draft, action: OptOutVault) -> Delta | Reason:
    """Opt the sender, an operator, out of a vault, from now on.

    Rejects, in order: NOT_OPTED_IN, OPT_OUT_COOLDOWN in the second of the opt-in. Source: OptInService.optOut.
    """
    return _opt_out(draft, OPERATOR_VAULT_OPT_INS, action.sender, action.vault)


def opt_in_network(draft: Draft, action: OptInNetwork) -> Delta | Reason:
    """Opt the sender, an operator, in to a network, from now on.

    Rejects, in order: NOT_WHO unless the sender is a registered operator, NOT_WHERE_ENTITY if there is no such network,
    ALREADY_OPTED_IN. Source: OptInService.optIn.
    """
    return _opt_in(draft, OPERATOR_NETWORK_OPT_INS, NETWORK_REGISTRY, action.sender, action.network)


def opt_out_network(draft: Draft, action: OptOutNetwork) -> Delta | Reason:
    """Opt the sender, an operator, out of a network, from now on.

    Rejects, in order: NOT_OPTED_IN, OPT_OUT_COOLDOWN in the second of the opt-in. Source: OptInService.optOut.
    """
    return _opt_out(draft, OPERATOR_NETWORK_OPT_INS, action.sender, action.network)


def _opt_in(
    draft: Draft, opt_ins: HistoryTable[Pair], where_registry: Table[str, Entity], operator: str, where: str
) -> Delta | Reason:
    """Opt an operator in to `where`, a vault or a network, from now on. `opt_ins` is the history of opt-ins to vaults
    or networks.

    Rejects, in order: NOT_WHO unless `operator` is registered, NOT_WHERE_ENTITY if `where_registry` lacks `where`,
    ALREADY_OPTED_IN.
    Source: OptInService._optIn.
    """
    opt_in: Pair = (operator, where)
    if not draft.get(OPERATOR_REGISTRY, operator).is_entity:
        return Reason.NOT_WHO
    if not draft.get(where_registry, where).is_entity:
        return Reason.NOT_WHERE_ENTITY
    if opt_ins.latest(draft, opt_in) == 1:
        return Reason.ALREADY_OPTED_IN
    opt_ins.push(draft, opt_in, current_timestamp(draft), 1)
    return draft.delta()


def _opt_out(draft: Draft, opt_ins: HistoryTable[Pair], operator: str, where: str) -> Delta | Reason:
    """Opt an operator out of `where`, a vault or a network, from now on. It can still be slashed for earlier captures.

    An opt-out in the second of the opt-in is rejected, so that no opt-in checkpoint is ever overwritten.
    Rejects, in order: NOT_OPTED_IN, OPT_OUT_COOLDOWN. Source: OptInService._optOut.
    """
    opt_in: Pair = (operator, where)
    now = current_timestamp(draft)
    if opt_ins.latest(draft, opt_in) == 0:
        return Reason.NOT_OPTED_IN
    if opt_ins.latest_point(draft, opt_in) == now:
        return Reason.OPT_OUT_COOLDOWN
    opt_ins.push(draft, opt_in, now, 0)
    return draft.delta()
