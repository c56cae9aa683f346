"""On which terms stake works: limits, opt-ins, switches, and the histories in which all of it is kept."""

from typing import Final, cast

from invariants.law import AcceptedStep, Scope, StateLaw, StepLaw, Subject, Transition, View, written
from invariants.symbiotic.reading import now, stake_of
from spec.history import HistoryTable
from spec.symbiotic.actions import (
    AdvanceTime,
    ExecuteSlash,
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
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    Slash,
)
from spec.symbiotic.config import OPERATOR_NETWORK_SPECIFIC
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
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
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULT_FACTORY,
    VAULTS,
    Pair,
    VaultSubnetwork,
    VaultSubnetworkOperator,
)
from spec.symbiotic.views import stake


def _limit_is_set(step: Transition) -> bool:
    """What is set holds from now on; a network that accepts less takes its limit down with it."""
    call, before, after = step.action, step.before.rows, step.after.rows
    if isinstance(call, SetMaxNetworkLimit):
        of_subnetwork: VaultSubnetwork = (call.vault, (call.sender, call.identifier))
        limit_before = NETWORK_LIMITS.latest(before, of_subnetwork)
        is_specific = before.get(VAULTS, call.vault).delegator == OPERATOR_NETWORK_SPECIFIC
        limit = limit_before if is_specific else min(limit_before, call.amount)
        return MAX_NETWORK_LIMITS.latest(after, of_subnetwork) == call.amount and (
            NETWORK_LIMITS.latest(after, of_subnetwork) == limit
        )
    if isinstance(call, SetNetworkLimit):
        return NETWORK_LIMITS.latest(after, (call.vault, call.subnetwork)) == call.amount
    if isinstance(call, SetOperatorNetworkLimit):
        return OPERATOR_NETWORK_LIMITS.latest(after, (call.vault, call.subnetwork, call.operator)) == call.amount
    shares_call = cast(SetOperatorNetworkShares, call)
    of_operator: VaultSubnetworkOperator = (shares_call.vault, shares_call.subnetwork, shares_call.operator)
    of_all: VaultSubnetwork = (shares_call.vault, shares_call.subnetwork)
    grown_shares = shares_call.shares - OPERATOR_NETWORK_SHARES.latest(before, of_operator)
    return OPERATOR_NETWORK_SHARES.latest(after, of_operator) == shares_call.shares and (
        TOTAL_OPERATOR_NETWORK_SHARES.latest(after, of_all)
        == TOTAL_OPERATOR_NETWORK_SHARES.latest(before, of_all) + grown_shares
    )


def _stake_is_what_the_delegator_gives(step: AcceptedStep[SetOperatorNetworkShares | SetOperatorNetworkLimit]) -> bool:
    """What the contracts say an operator has at stake is what its limits give, and what it had a second ago stays."""
    before, after, second = step.before.rows, step.after.rows, now(step.before.rows)
    call = step.action
    vault, subnetwork, operator = call.vault, call.subnetwork, call.operator
    return stake(after, vault, subnetwork, operator) == stake_of(after, vault, subnetwork, operator, second) and (
        stake_of(before, vault, subnetwork, operator, second - 1)
        == stake_of(after, vault, subnetwork, operator, second - 1)
    )


def _opted_in_to_a_vault(view: View, subject: Pair) -> bool:
    """Who is opted in to a vault is an operator, and the vault is one."""
    if OPERATOR_VAULT_OPT_INS.latest(view.rows, subject) == 0:
        return True
    return view.rows.get(OPERATOR_REGISTRY, subject[0]).is_entity and view.rows.get(VAULT_FACTORY, subject[1]).is_entity


def _opted_in_to_a_network(view: View, subject: Pair) -> bool:
    """Who is opted in to a network is an operator, and the network is one."""
    if OPERATOR_NETWORK_OPT_INS.latest(view.rows, subject) == 0:
        return True
    is_network = view.rows.get(NETWORK_REGISTRY, subject[1]).is_entity
    return view.rows.get(OPERATOR_REGISTRY, subject[0]).is_entity and is_network


def _opt_ins_alternate(step: Transition) -> bool:
    """In and out follow each other; going out has a second of its own, so that it never hides a coming in."""
    for history in (OPERATOR_VAULT_OPT_INS, OPERATOR_NETWORK_OPT_INS):
        for key in written(step.delta, history.heads):
            before, after = step.before.rows.get(history.heads, key), step.after.rows.get(history.heads, key)
            if after.latest != 1 - before.latest or (after.latest == 0 and after.count != before.count + 1):
                return False
    return True


def _switch_is_thrown(step: Transition) -> bool:
    """What a call switches on is on, what it switches off is off, and nothing else of the row changes."""
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


HISTORIES: Final[tuple[HistoryTable[object], ...]] = cast(
    "tuple[HistoryTable[object], ...]",
    (
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
    ),
)
"""All that is written at the current second only; resolvers alone are named for later."""


HISTORY_OF: Final[dict[int, HistoryTable[object]]] = {history.heads.index: history for history in HISTORIES}
"""The history that a head is of, by the index of its table."""

CHECKPOINTS: Final[set[int]] = {history.checkpoints.index for history in HISTORIES}


def _only_now_is_written(step: Transition) -> bool:
    """A step adds one checkpoint to a history, now and after all others, or replaces the one that is there."""
    before, after, second = step.before.rows, step.after.rows, now(step.before.rows)
    heads, checkpoints = 0, 0
    for write in step.delta.writes:
        if write.table.index in CHECKPOINTS:
            checkpoints += 1
            continue
        history = HISTORY_OF.get(write.table.index)
        if history is None:
            continue
        heads += 1
        count = before.get(history.heads, write.key).count
        last_point = before.get(history.checkpoints, (write.key, count - 1)).point if count > 0 else -1
        head = after.get(history.heads, write.key)
        if last_point > second or head.count != (count if last_point == second else count + 1):
            return False
        last = after.get(history.checkpoints, (write.key, head.count - 1))
        if last.point != second or last.value != head.latest:
            return False
    return heads == checkpoints


def _look_ups_find_what_held(step: AcceptedStep[Slash | ExecuteSlash]) -> bool:
    """At a checkpoint its own value is found, a second earlier the one before it: near the end, and further back."""
    vault, rows = step.action.vault, step.after.rows
    count = rows.get(ACTIVE_STAKE.heads, vault).count
    for position in (count - 2, count - 6):
        if position >= 0:
            checkpoint = rows.get(ACTIVE_STAKE.checkpoints, (vault, position))
            value_before = rows.get(ACTIVE_STAKE.checkpoints, (vault, position - 1)).value if position else 0
            if ACTIVE_STAKE.value_at(rows, vault, checkpoint.point) != checkpoint.value:
                return False
            if ACTIVE_STAKE.value_at(rows, vault, checkpoint.point - 1) != value_before:
                return False
    return True


def _same(key: Subject) -> Subject:
    return key


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "OPT-01",
        "Who is opted in to a vault is an operator, and the vault comes from the factory.",
        "Symbiotic test/service/OptInService: test_OptInRevertNotEntity, test_OptInRevertNotWhereEntity",
        _opted_in_to_a_vault,
        rows={OPERATOR_VAULT_OPT_INS.heads: _same},
        also_reads=(OPERATOR_REGISTRY, VAULT_FACTORY),
    ),
    StateLaw(
        "OPT-02",
        "Who is opted in to a network is an operator, and the network is registered.",
        "Symbiotic test/service/OptInService: test_OptInRevertNotEntity, test_OptInRevertNotWhereEntity",
        _opted_in_to_a_network,
        rows={OPERATOR_NETWORK_OPT_INS.heads: _same},
        also_reads=(OPERATOR_REGISTRY, NETWORK_REGISTRY),
    ),
]

STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "LIMIT-02",
        "A limit or a number of shares that is set holds from now on; a network limit comes down with its maximum.",
        "Symbiotic test/delegator/: test_SetNetworkLimit, test_SetMaxNetworkLimit, test_SetOperatorNetworkSharesBoth",
        _limit_is_set,
        Scope((SetMaxNetworkLimit, SetNetworkLimit, SetOperatorNetworkShares, SetOperatorNetworkLimit)),
    ),
    StepLaw(
        "STAKE-01",
        "An operator's stake is what its limits give of the active stake; what it was a second ago no call changes.",
        "BaseDelegator.stakeAt, each delegator's _stakeAt; Certora, Symbiotic Core: P-08",
        _stake_is_what_the_delegator_gives,
        Scope((SetOperatorNetworkShares, SetOperatorNetworkLimit)),
    ),
    StepLaw(
        "OPT-03",
        "Opting in and out follow each other, and nobody goes out in the second in which it came in.",
        "OptInService._optOut: OptOutCooldown; Symbiotic test/service/OptInService: test_OptOutRevertNotOptedIn",
        _opt_ins_alternate,
        Scope((OptInVault, OptOutVault, OptInNetwork, OptOutNetwork)),
    ),
    StepLaw(
        "SET-01",
        "What a call switches is switched and nothing beside it, and time passes by what was let pass.",
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
    StepLaw(
        "TIME-01",
        "Time never goes back.",
        "block.timestamp",
        lambda step: now(step.after.rows) >= now(step.before.rows),
        Scope((AdvanceTime,)),
    ),
    StepLaw(
        "HIST-01",
        "No step rewrites the past: a history is written at the current second only, after all that it holds.",
        "Certora, Symbiotic Core: P-01, P-02, P-08: noCheckpointsInTheFuture",
        _only_now_is_written,
        Scope(tables=tuple([history.heads for history in HISTORIES])),
    ),
    StepLaw(
        "HIST-02",
        "A look-up finds the value that held: at a checkpoint its own, a second earlier the one before it.",
        "Certora, Symbiotic Core: P-03; Symbiotic test/libraries/Checkpoints",
        _look_ups_find_what_held,
        Scope((Slash, ExecuteSlash)),
    ),
]
