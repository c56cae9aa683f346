"""Opt-in: operators, networks and vaults that are opted in are registered, and come and go in turn."""

from typing import Final

from invariants.law import AnyStep, Scope, StateLaw, StepLaw, Subject, View, written
from spec.symbiotic.actions import OptInNetwork, OptInVault, OptOutNetwork, OptOutVault
from spec.symbiotic.state import (
    NETWORK_REGISTRY,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_REGISTRY,
    OPERATOR_VAULT_OPT_INS,
    VAULT_FACTORY,
    Pair,
)


def _opted_in_to_a_vault(view: View, subject: Pair) -> bool:
    """An account opted in to a vault is an operator, and the vault is a vault."""
    if OPERATOR_VAULT_OPT_INS.latest(view.rows, subject) == 0:
        return True
    return view.rows.get(OPERATOR_REGISTRY, subject[0]).is_entity and view.rows.get(VAULT_FACTORY, subject[1]).is_entity


def _opted_in_to_a_network(view: View, subject: Pair) -> bool:
    """An account opted in to a network is an operator, and the network is a network."""
    if OPERATOR_NETWORK_OPT_INS.latest(view.rows, subject) == 0:
        return True
    is_network = view.rows.get(NETWORK_REGISTRY, subject[1]).is_entity
    return view.rows.get(OPERATOR_REGISTRY, subject[0]).is_entity and is_network


def _opt_ins_alternate(step: AnyStep) -> bool:
    """In and out follow each other; going out has a second of its own, so that it never hides a coming in."""
    for history in (OPERATOR_VAULT_OPT_INS, OPERATOR_NETWORK_OPT_INS):
        for key in written(step.delta, history.heads):
            before, after = step.before.rows.get(history.heads, key), step.after.rows.get(history.heads, key)
            if after.latest != 1 - before.latest or (after.latest == 0 and after.count != before.count + 1):
                return False
    return True


def _same(key: Subject) -> Subject:
    return key


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "OPT-01",
        "An account opted in to a vault is an operator, and the vault comes from the factory.",
        "Symbiotic test/service/OptInService: test_OptInRevertNotEntity, test_OptInRevertNotWhereEntity",
        _opted_in_to_a_vault,
        rows={OPERATOR_VAULT_OPT_INS.heads: _same},
        also_reads=(OPERATOR_REGISTRY, VAULT_FACTORY),
    ),
    StateLaw(
        "OPT-02",
        "An account opted in to a network is an operator, and the network is registered.",
        "Symbiotic test/service/OptInService: test_OptInRevertNotEntity, test_OptInRevertNotWhereEntity",
        _opted_in_to_a_network,
        rows={OPERATOR_NETWORK_OPT_INS.heads: _same},
        also_reads=(OPERATOR_REGISTRY, NETWORK_REGISTRY),
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "OPT-03",
        "Opt-ins and opt-outs alternate, and no opt-out falls in the second of its opt-in.",
        "OptInService._optOut: OptOutCooldown; Symbiotic test/service/OptInService: test_OptOutRevertNotOptedIn",
        _opt_ins_alternate,
        Scope((OptInVault, OptOutVault, OptInNetwork, OptOutNetwork)),
    ),
]
