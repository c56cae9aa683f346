"""EigenLayer's laws of authority: for each row that a step writes, which sender and which call may write it.

These laws check the written rows and not the checks inside a call. So they also hold for calls not listed here.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.eigenlayer.model.rewards import SUBMITTING
from invariants.eigenlayer.state_queries import can_slash, is_operator, settled_magnitudes, slasher_in_force
from invariants.law import AnyStep, Scope, StepLaw
from spec.eigenlayer.actions import (
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    CreateOperatorSets,
    CreateRedistributingOperatorSets,
    DepositIntoStrategy,
    FundPod,
    PlantPodOwnerDepositShares,
    QueueWithdrawals,
    RecordBeaconChainEthBalanceUpdate,
    SlashOperator,
    TransferToken,
)
from spec.eigenlayer.config import BEACON_CHAIN_ETH, BURN_ADDRESS, ZERO_ADDRESS
from spec.eigenlayer.rewards_actions import ProcessClaim, ProcessClaims
from spec.eigenlayer.rewards_config import REWARDS_COORDINATOR
from spec.eigenlayer.state import (
    ALLOCATION_DELAYS,
    ALLOCATIONS,
    AVSS,
    BURNABLE_ETH,
    CONFIG,
    ETH_BALANCES,
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    POD_OWNERS,
    PODS,
    REGISTRATIONS,
    REWARDS_SETTINGS,
    SLASHED_SHARES,
    SLASHERS,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    OperatorSet,
)
from spec.machine import SINGLETON, Draft, Table

Allows = Callable[[AnyStep, Any, Any], bool]
"""A function of a step, its call and the key of a written row. It returns True if the call may write that row."""


Rights = dict[Table[Any, Any], Allows]


def _own(_step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key)


def _own_as_operator(step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key) and is_operator(step.after.rows, key)


def _own_or_no_more(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may write this allocation: the operator sends it, or the magnitude rises neither now nor by the
    pending change.

    Anybody may apply changes that are due, and a slash lowers magnitudes.
    """
    if call.sender == key[0]:
        return True
    magnitude_before, diff_before, _ = settled_magnitudes(step.before.rows, key[0], key[1], key[2])
    magnitude, diff, _ = settled_magnitudes(step.after.rows, key[0], key[1], key[2])
    return magnitude <= magnitude_before and magnitude + diff <= magnitude_before + diff_before


def _own_set_or_counted(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may write this operator set: its AVS, which must have metadata, sends the call, or the call is a
    slash.

    A slash must leave the set's redistribution recipient unchanged.
    """
    before, after = step.before.rows.get(OPERATOR_SETS, key), step.after.rows.get(OPERATOR_SETS, key)
    if isinstance(call, SlashOperator):
        return before.exists and after.redistribution_recipient == before.redistribution_recipient
    return bool(call.sender == key[0]) and step.before.rows.get(AVSS, key[0]).has_metadata


def _own_sets(_step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key[0])


def _own_sets_strategy(_step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key[0][0])


def _joins_itself(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may write this registration: the operator registers itself, or the operator or the AVS
    deregisters it.
    """
    if step.after.rows.get(REGISTRATIONS, key).is_registered:
        return bool(call.sender == key[0]) and is_operator(step.before.rows, key[0])
    return bool(call.sender == key[0]) or bool(call.sender == key[1][0])


def _slashes(rows: Draft, call: Any, operator_set: OperatorSet) -> bool:
    """True if the call is a SlashOperator for this operator set, sent by the slasher in force."""
    if not isinstance(call, SlashOperator):
        return False
    is_of_set = bool((call.avs, call.operator_set_id) == operator_set)
    return is_of_set and bool(call.sender == slasher_in_force(rows, operator_set))


def _slashed_by_its_set(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may write this max magnitude: it is a slash by an operator set with that right.

    The set's slasher in force must send it, and the strategy must be of the set. The set must be able to slash the
    operator: a member, or one that recently left.
    """
    if not isinstance(call, SlashOperator):
        return False
    operator_set: OperatorSet = (call.avs, call.operator_set_id)
    rows = step.before.rows
    is_listed = rows.get(OPERATOR_SET_STRATEGIES, (operator_set, key[1])).is_member
    return _slashes(rows, call, operator_set) and is_listed and can_slash(rows, operator_set, key[0])


def _counted_by_its_slasher(step: AnyStep, call: Any, key: Any) -> bool:
    before, after = step.before.rows.get(OPERATOR_SETS, key), step.after.rows.get(OPERATOR_SETS, key)
    return before.slash_count == after.slash_count or _slashes(step.before.rows, call, key)


def _booked_by_its_slasher(step: AnyStep, call: Any, key: Any) -> bool:
    before, after = step.before.rows.get(SLASHED_SHARES, key), step.after.rows.get(SLASHED_SHARES, key)
    return after.shares <= before.shares or _slashes(step.before.rows, call, key[0])


def _spent_by_its_holder(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may lower this token balance, or does not lower it.

    An account's balance falls by its own call. A strategy pays out its underlying token, and the rewards coordinator
    pays claims.
    """
    before, after = step.before.rows.get(TOKEN_BALANCES, key), step.after.rows.get(TOKEN_BALANCES, key)
    if after.amount >= before.amount:
        return True
    if isinstance(call, SUBMITTING):
        return bool(call.sender == key[1])
    if isinstance(call, ProcessClaim | ProcessClaims):
        return bool(key[1] == REWARDS_COORDINATOR)
    if not isinstance(call, TransferToken | DepositIntoStrategy):
        return bool(step.before.rows.get(STRATEGIES, key[1]).underlying_token == key[0])
    return bool(call.sender == key[1])


def _may_end_delegation(rows: Draft, sender: str, staker: str) -> bool:
    """True if the sender is the staker, its operator, or that operator's delegation approver."""
    operator = rows.get(STAKERS, staker).delegated_to
    approver = rows.get(OPERATOR_DETAILS, operator).delegation_approver
    return sender == staker or (operator != ZERO_ADDRESS and sender in (operator, approver))


def _queued_by_its_holder(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may lower this staker's deposit shares in a strategy, or does not lower them.

    QueueWithdrawals must be sent by the staker and remove at most the shares that it names. Any other call must come
    from a sender who may end the staker's delegation, and may remove all shares.
    """
    before, after = step.before.rows.get(STAKER_SHARES, key), step.after.rows.get(STAKER_SHARES, key)
    lost_shares = before.deposit_shares - after.deposit_shares
    if lost_shares <= 0:
        return True
    if not isinstance(call, QueueWithdrawals):
        return _may_end_delegation(step.before.rows, call.sender, key[0])
    named_shares = 0
    for request in call.requests:
        for position, strategy in enumerate(request.strategies):
            if strategy == key[1]:
                named_shares += request.deposit_shares[position]
    return bool(call.sender == key[0]) and lost_shares <= named_shares


def _completed_by_its_staker(step: AnyStep, call: Any, key: Any) -> bool:
    before, after = step.before.rows.get(WITHDRAWALS, key), step.after.rows.get(WITHDRAWALS, key)
    return not before.is_pending or after.is_pending or bool(call.sender == key[0])


def _delegated_by_itself(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may change this staker's operator, or does not change it.

    A staker joins an operator only by its own call. A staker leaves by its own call, or by one of its operator or that
    operator's delegation approver.
    """
    operator_before = step.before.rows.get(STAKERS, key).delegated_to
    operator = step.after.rows.get(STAKERS, key).delegated_to
    if operator == operator_before:
        return True
    if operator_before != ZERO_ADDRESS and not _may_end_delegation(step.before.rows, call.sender, key):
        return False
    return operator == ZERO_ADDRESS or (bool(call.sender == key) and is_operator(step.after.rows, operator))


def _got_by_who_is_named(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may raise this token balance, or does not raise it.

    It may pay these accounts: the recipient of a transfer or a claim, the strategy of a deposit, the burn address, an
    operator set's redistribution recipient, the rewards coordinator and its fee recipient. Any other call may only pay
    its sender.
    """
    if step.after.rows.get(TOKEN_BALANCES, key).amount <= step.before.rows.get(TOKEN_BALANCES, key).amount:
        return True
    if isinstance(call, TransferToken):
        return bool(key[1] == call.to)
    if isinstance(call, DepositIntoStrategy):
        return bool(key[1] == call.strategy)
    if isinstance(call, BurnShares):
        return bool(key[1] == BURN_ADDRESS)
    if isinstance(call, ClearBurnOrRedistributableShares | ClearBurnOrRedistributableSharesByStrategy):
        return bool(key[1] == step.before.rows.get(OPERATOR_SETS, call.operator_set).redistribution_recipient)
    if isinstance(call, ProcessClaim | ProcessClaims):
        return bool(key[1] == call.recipient)
    if isinstance(call, SUBMITTING):
        return key[1] in (REWARDS_COORDINATOR, step.before.rows.get(REWARDS_SETTINGS, SINGLETON).fee_recipient)
    return bool(key[1] == call.sender)


def _shares_come_to_the_caller(step: AnyStep, call: Any, key: Any) -> bool:
    before, after = step.before.rows.get(STAKER_SHARES, key), step.after.rows.get(STAKER_SHARES, key)
    return after.deposit_shares <= before.deposit_shares or bool(call.sender == key[0])


def _pays_who_is_named(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the redistribution recipient of this operator set is the one of its creation, and never changes.

    A new set has the recipient named for it, neither the burn address nor the zero address. A set created without
    redistribution has the burn address.
    """
    before, after = step.before.rows.get(OPERATOR_SETS, key), step.after.rows.get(OPERATOR_SETS, key)
    recipient = after.redistribution_recipient
    if before.exists:
        return recipient == before.redistribution_recipient
    if isinstance(call, CreateOperatorSets):
        return recipient == BURN_ADDRESS
    if not isinstance(call, CreateRedistributingOperatorSets) or recipient in (BURN_ADDRESS, ZERO_ADDRESS):
        return False
    for position, request in enumerate(call.requests):
        if request.operator_set_id == key[1] and call.recipients[position] != recipient:
            return False
    return True


def _opened_by_the_whitelister(step: AnyStep, call: Any, key: Any) -> bool:
    """True if only the whitelister changes this strategy's whitelisting, and a strategy issues shares only while
    whitelisted.
    """
    before, after = step.before.rows.get(STRATEGIES, key), step.after.rows.get(STRATEGIES, key)
    if before.is_whitelisted != after.is_whitelisted:
        return bool(call.sender == step.before.rows.get(CONFIG, SINGLETON).strategy_whitelister)
    return after.total_shares <= before.total_shares or before.is_whitelisted


def _pod_of_its_owner(_step: AnyStep, call: Any, key: Any) -> bool:
    """True if a pod's row is written by a call of its owner, or by FundPod, with which ETH arrives."""
    return isinstance(call, FundPod) or bool(call.sender == key)


def _native_eth_queued_by_its_holder(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may lower this pod owner's native deposit shares, or does not lower them.

    QueueWithdrawals must be sent by the owner and remove at most the shares that it names. Any other call must come
    from a sender who may end the owner's delegation. PlantPodOwnerDepositShares, which sets a deficit from before the
    slashing release, is exempt.
    """
    before, after = step.before.rows.get(POD_OWNERS, key), step.after.rows.get(POD_OWNERS, key)
    lost_shares = before.deposit_shares - after.deposit_shares
    if lost_shares <= 0 or isinstance(call, PlantPodOwnerDepositShares):
        return True
    if not isinstance(call, QueueWithdrawals):
        return _may_end_delegation(step.before.rows, call.sender, key)
    named_shares = 0
    for request in call.requests:
        for position, strategy in enumerate(request.strategies):
            if strategy == BEACON_CHAIN_ETH:
                named_shares += request.deposit_shares[position]
    return bool(call.sender == key) and lost_shares <= named_shares


def _native_eth_comes_to_the_caller(step: AnyStep, call: Any, key: Any) -> bool:
    """True if this pod owner's native deposit shares grow only by the owner's call: its pod's report, or a completed
    withdrawal.

    PlantPodOwnerDepositShares is exempt.
    """
    before, after = step.before.rows.get(POD_OWNERS, key), step.after.rows.get(POD_OWNERS, key)
    is_fact = isinstance(call, PlantPodOwnerDepositShares)
    return is_fact or after.deposit_shares <= before.deposit_shares or bool(call.sender == key)


def _lost_by_its_pod(step: AnyStep, call: Any, key: Any) -> bool:
    """True if this pod owner's beacon chain slashing factor changes only by a balance report that its own pod sends."""
    before, after = step.before.rows.get(POD_OWNERS, key), step.after.rows.get(POD_OWNERS, key)
    if before.beacon_chain_slashing_factor_wad == after.beacon_chain_slashing_factor_wad:
        return True
    return isinstance(call, RecordBeaconChainEthBalanceUpdate) and call.is_from_pod and bool(call.sender == key)


def _burnable_by_a_slash(step: AnyStep, call: Any, _key: Any) -> bool:
    return isinstance(call, SlashOperator) and _slashes(step.before.rows, call, (call.avs, call.operator_set_id))


PODS_: Final[Rights] = {PODS: _pod_of_its_owner, POD_OWNERS: _lost_by_its_pod}


OPERATORS: Final[Rights] = {
    OPERATOR_DETAILS: _own_as_operator,
    ALLOCATION_DELAYS: _own_as_operator,
    ALLOCATIONS: _own_or_no_more,
}


SERVICES: Final[Rights] = {
    AVSS: _own,
    OPERATOR_SETS: _own_set_or_counted,
    SLASHERS: _own_sets,
    OPERATOR_SET_STRATEGIES: _own_sets_strategy,
}


MEMBERS: Final[Rights] = {REGISTRATIONS: _joins_itself}


SLASHED: Final[Rights] = {
    MAX_MAGNITUDES.heads: _slashed_by_its_set,
    OPERATOR_SETS: _counted_by_its_slasher,
    SLASHED_SHARES: _booked_by_its_slasher,
    BURNABLE_ETH: _burnable_by_a_slash,
}


HOLDERS: Final[Rights] = {
    TOKEN_BALANCES: _spent_by_its_holder,
    STAKER_SHARES: _queued_by_its_holder,
    POD_OWNERS: _native_eth_queued_by_its_holder,
    WITHDRAWALS: _completed_by_its_staker,
}


DELEGATIONS: Final[Rights] = {STAKERS: _delegated_by_itself}


GAINERS: Final[Rights] = {
    TOKEN_BALANCES: _got_by_who_is_named,
    STAKER_SHARES: _shares_come_to_the_caller,
    POD_OWNERS: _native_eth_comes_to_the_caller,
    ETH_BALANCES: _own,
    OPERATOR_SETS: _pays_who_is_named,
}


POOLS: Final[Rights] = {STRATEGIES: _opened_by_the_whitelister}


def right(law_id: str, sentence: str, source: str, rights: Rights) -> StepLaw:
    """A step law with this id, sentence and source: each row that a step writes to a table of `rights` must pass that
    table's test.

    The test says if the call may write the row.
    """

    def holds(step: AnyStep) -> bool:
        for write in step.delta.writes:
            allows = rights.get(write.table)
            if allows is not None and not allows(step, step.action, write.key):
                return False
        return True

    return StepLaw(law_id, sentence, source, holds, Scope(tables=tuple(rights)))


STEP_LAWS: Final[list[StepLaw]] = [
    right(
        "AUTH-01",
        "Only an operator changes its delay, its approver and its allocations; others may only settle or slash them.",
        "PermissionController: checkCanCall; AllocationManager, DelegationManager: msg.sender",
        OPERATORS,
    ),
    right(
        "AUTH-02",
        "A registered AVS creates its operator sets; it alone changes them, their strategies and their slashers.",
        "PermissionController: checkCanCall; AllocationManager.createOperatorSets, NonexistentAVSMetadata",
        SERVICES,
    ),
    right(
        "AUTH-03",
        "An operator joins a set by its own call, and leaves by its own or the AVS's.",
        "AllocationManager.registerForOperatorSets, deregisterFromOperatorSets",
        MEMBERS,
    ),
    right(
        "AUTH-04",
        "Only the slasher in force slashes, only operators slashable by its set, only in strategies of the set.",
        "AllocationManager.slashOperator; ELIP-002",
        SLASHED,
    ),
    right(
        "AUTH-05",
        "An account loses tokens, deposit shares or a withdrawal only by its own call, and at most the shares "
        "that the call names; ending a delegation queues all shares.",
        "ERC-20; StrategyManager, DelegationManager: msg.sender",
        HOLDERS,
    ),
    right(
        "AUTH-06",
        "A staker joins an operator by its own call, and leaves by its own, the operator's or the approver's.",
        "EigenLayer Certora: canOnlyDelegateWithSpecificFunctions; DelegationManager.undelegate",
        DELEGATIONS,
    ),
    right(
        "AUTH-07",
        "A call benefits only accounts that it names: recipient, depositor, the completing staker, a set's recipient.",
        "ERC-20; AllocationManager.createRedistributingOperatorSets",
        GAINERS,
    ),
    right(
        "AUTH-08",
        "Only whitelisted strategies issue shares, and only the whitelister changes the whitelist.",
        "StrategyManager.onlyStrategyWhitelister, onlyStrategiesWhitelistedForDeposit",
        POOLS,
    ),
    right(
        "AUTH-12",
        "A pod is made and emptied by its owner's call, and only a report of that pod changes the owner's beacon chain "
        "slashing factor.",
        "EigenPodManager.onlyEigenPod; EigenPod.onlyEigenPodManager",
        PODS_,
    ),
]
