"""Symbiotic's law of effects: every accepted call changes something."""

from typing import Any, Final, cast

from invariants.law import AnyStep, Scope, StepLaw
from spec.history import HistoryTable
from spec.symbiotic.actions import (
    Claim,
    ClaimAdminFee,
    ClaimBatch,
    ClaimOperatorRewards,
    ClaimStakerRewards,
    Deposit,
    DistributeStakerRewards,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    OptOutNetwork,
    OptOutVault,
    Redeem,
    RegisterNetwork,
    RegisterOperator,
    RequestSlash,
    SetAdminFee,
    SetDepositLimit,
    SetDepositorWhitelistStatus,
    SetDepositWhitelist,
    SetIsDepositLimit,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    Slash,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CUMULATIVE_SLASHES,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    TOTAL_OPERATOR_NETWORK_SHARES,
)


def _changes_something(step: AnyStep) -> bool:
    """True if at least one written row differs from its old value. A history differs if its latest value does."""
    before = step.before.rows
    for write in step.delta.writes:
        table = write.table
        old = before.get(table, write.key)
        if table.index in LATEST:
            if cast(Any, old).latest != cast(Any, write.row).latest:
                return True
        elif table.index not in PASTS and old != write.row:
            return True
    return False


_HISTORIES: Final[tuple[HistoryTable[Any], ...]] = (
    ACTIVE_STAKE,
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    OPERATOR_VAULT_OPT_INS,
    OPERATOR_NETWORK_OPT_INS,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    TOTAL_OPERATOR_NETWORK_SHARES,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_NETWORK_LIMITS,
    CUMULATIVE_SLASHES,
    RESOLVER_ORDINALS,
)


LATEST: Final[set[int]] = {history.heads.index for history in _HISTORIES}


PASTS: Final[set[int]] = {history.checkpoints.index for history in _HISTORIES}


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "EFFECT-01",
        "Every accepted call changes the state.",
        "AlreadySet, AlreadyOptedIn, AlreadyClaimed, Insufficient...: each contract's own",
        _changes_something,
        Scope(
            (
                RegisterOperator,
                RegisterNetwork,
                SetMiddleware,
                OptInVault,
                OptOutVault,
                OptInNetwork,
                OptOutNetwork,
                Deposit,
                SetDepositWhitelist,
                SetDepositorWhitelistStatus,
                SetIsDepositLimit,
                SetDepositLimit,
                Withdraw,
                Redeem,
                Claim,
                ClaimBatch,
                SetMaxNetworkLimit,
                SetNetworkLimit,
                SetOperatorNetworkShares,
                SetOperatorNetworkLimit,
                Slash,
                RequestSlash,
                ExecuteSlash,
                VetoSlash,
                DistributeStakerRewards,
                ClaimStakerRewards,
                ClaimAdminFee,
                SetAdminFee,
                ClaimOperatorRewards,
            )
        ),
    ),
]
