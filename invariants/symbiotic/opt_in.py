"""Symbiotic's laws of opt-in: only operators opt in, only to registered vaults and networks, and opt-ins and opt-outs
alternate.
"""

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
    """True if the account is not opted in to the vault, or is an operator and the vault comes from the factory."""
    if OPERATOR_VAULT_OPT_INS.latest(view.rows, subject) == 0:
        return True
    return view.rows.get(OPERATOR_REGISTRY, subject[0]).is_entity and view.rows.get(VAULT_FACTORY, subject[1]).is_entity


def _opted_in_to_a_network(view: View, subject: Pair) -> bool:
    """True if the account is not opted in to the network, or is an operator and the network is registered."""
    if OPERATOR_NETWORK_OPT_INS.latest(view.rows, subject) == 0:
        return True
    is_network = view.rows.get(NETWORK_REGISTRY, subject[1]).is_entity
    return view.rows.get(OPERATOR_REGISTRY, subject[0]).is_entity and is_network


def _opt_ins_alternate(step: AnyStep) -> bool:
    """True if opt-ins and opt-outs alternate, and an opt-out adds a checkpoint to the history of opt-ins.

    So an opt-out never overwrites the opt-in of the same second.
    """
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
