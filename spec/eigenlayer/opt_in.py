"""AVSs and opt-ins: an AVS, its operator sets, their strategies and slashers, and the operators registered for them."""

from spec.eigenlayer.actions import (
    AddStrategiesToOperatorSet,
    CreateOperatorSets,
    CreateRedistributingOperatorSets,
    DeregisterFromOperatorSets,
    OperatorSetRequest,
    RegisterForOperatorSets,
    RemoveStrategiesFromOperatorSet,
    UpdateAvsMetadata,
    UpdateSlasher,
)
from spec.eigenlayer.allocation import is_operator_slashable
from spec.eigenlayer.clock import block_after, current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, BURN_ADDRESS, ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_state import OperatorSetCount
from spec.eigenlayer.shares import is_operator
from spec.eigenlayer.state import (
    AVSS,
    CONFIG,
    OPERATOR_SET_COUNTS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    REGISTRATIONS,
    SLASHERS,
    Avs,
    Membership,
    OperatorSet,
    OperatorSetDetails,
    Registration,
    Slasher,
)
from spec.machine import SINGLETON, Delta, Draft


def update_avs_metadata(draft: Draft, action: UpdateAvsMetadata) -> Delta | Reason:
    """Publish an AVS's metadata. The AVS may then create operator sets.

    Rejects: INVALID_PERMISSIONS unless the AVS calls. Source: AllocationManager.updateAVSMetadataURI.
    """
    if action.sender != action.avs:
        return Reason.INVALID_PERMISSIONS
    draft.put(AVSS, action.avs, Avs(has_metadata=True, has_registrar=draft.get(AVSS, action.avs).has_registrar))
    return draft.delta()


def create_operator_sets(draft: Draft, action: CreateOperatorSets) -> Delta | Reason:
    """Create operator sets whose slashed stake is burned.

    Rejects, in order: INVALID_PERMISSIONS unless the AVS calls, NONEXISTENT_AVS_METADATA; for each set
    INVALID_OPERATOR_SET if it exists, STRATEGY_ALREADY_IN_OPERATOR_SET if a strategy is listed twice,
    INPUT_ADDRESS_ZERO if its slasher is the zero address. Source: AllocationManager.createOperatorSets.
    """
    if action.sender != action.avs:
        return Reason.INVALID_PERMISSIONS
    if not draft.get(AVSS, action.avs).has_metadata:
        return Reason.NONEXISTENT_AVS_METADATA
    for request in action.requests:
        rejection = _create_operator_set(draft, action.avs, request, BURN_ADDRESS)
        if rejection is not None:
            return rejection
    return draft.delta()


def create_redistributing_operator_sets(draft: Draft, action: CreateRedistributingOperatorSets) -> Delta | Reason:
    """Create operator sets whose slashed stake goes to a recipient. The recipient never changes.

    Rejects, in order: INVALID_PERMISSIONS unless the AVS calls, INPUT_ARRAY_LENGTH_MISMATCH unless there is a recipient
    for each set, NONEXISTENT_AVS_METADATA; for each set INPUT_ADDRESS_ZERO or INVALID_REDISTRIBUTION_RECIPIENT if its
    recipient is the zero or the burn address, INVALID_OPERATOR_SET if it exists, INVALID_STRATEGY for native ETH,
    STRATEGY_ALREADY_IN_OPERATOR_SET if a strategy is listed twice, INPUT_ADDRESS_ZERO if its slasher is the zero
    address.
    Source: AllocationManager.createRedistributingOperatorSets.
    """
    if action.sender != action.avs:
        return Reason.INVALID_PERMISSIONS
    if len(action.requests) != len(action.recipients):
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    if not draft.get(AVSS, action.avs).has_metadata:
        return Reason.NONEXISTENT_AVS_METADATA
    for position in range(len(action.requests)):
        recipient = action.recipients[position]
        if recipient == ZERO_ADDRESS:
            return Reason.INPUT_ADDRESS_ZERO
        if recipient == BURN_ADDRESS:
            return Reason.INVALID_REDISTRIBUTION_RECIPIENT
        rejection = _create_operator_set(draft, action.avs, action.requests[position], recipient)
        if rejection is not None:
            return rejection
    return draft.delta()


def _create_operator_set(
    draft: Draft, avs: str, request: OperatorSetRequest, redistribution_recipient: str
) -> Reason | None:
    """Create one operator set. Its slasher is effective at once.

    Rejects, in order: INVALID_OPERATOR_SET if it exists; INVALID_STRATEGY for native ETH if the set redistributes,
    STRATEGY_ALREADY_IN_OPERATOR_SET if a strategy is listed twice; INPUT_ADDRESS_ZERO if the slasher is zero.
    Source: AllocationManager._createOperatorSet.
    """
    operator_set = (avs, request.operator_set_id)
    if draft.get(OPERATOR_SETS, operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    draft.put(
        OPERATOR_SETS, operator_set, OperatorSetDetails(exists=True, redistribution_recipient=redistribution_recipient)
    )
    for strategy in request.strategies:
        rejection = _add_strategy(draft, operator_set, strategy)
        if rejection is not None:
            return rejection
    if request.slasher == ZERO_ADDRESS:
        return Reason.INPUT_ADDRESS_ZERO
    draft.put(
        SLASHERS,
        operator_set,
        Slasher(slasher=request.slasher, pending_slasher=request.slasher, effect_block=current_block(draft)),
    )
    draft.put(OPERATOR_SET_COUNTS, avs, OperatorSetCount(draft.get(OPERATOR_SET_COUNTS, avs).count + 1))
    return None


def add_strategies_to_operator_set(draft: Draft, action: AddStrategiesToOperatorSet) -> Delta | Reason:
    """Add strategies that an operator set may slash, with immediate effect. Earlier allocations become slashable, too.

    Rejects, in order: INVALID_PERMISSIONS unless the AVS calls, INVALID_OPERATOR_SET unless the set exists; for each
    strategy INVALID_STRATEGY if it is native ETH and the set redistributes, STRATEGY_ALREADY_IN_OPERATOR_SET.
    Source: AllocationManager.addStrategiesToOperatorSet.
    """
    operator_set = (action.avs, action.operator_set_id)
    if action.sender != action.avs:
        return Reason.INVALID_PERMISSIONS
    if not draft.get(OPERATOR_SETS, operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    for strategy in action.strategies:
        rejection = _add_strategy(draft, operator_set, strategy)
        if rejection is not None:
            return rejection
    return draft.delta()


def _add_strategy(draft: Draft, operator_set: OperatorSet, strategy: str) -> Reason | None:
    """Add one strategy to an operator set. A redistributing operator set cannot have native ETH.

    Rejects, in order: INVALID_STRATEGY for native ETH if the set redistributes, STRATEGY_ALREADY_IN_OPERATOR_SET.
    Source: AllocationManager._addStrategyToOperatorSet.
    """
    if strategy == BEACON_CHAIN_ETH:
        recipient = draft.get(OPERATOR_SETS, operator_set).redistribution_recipient
        if recipient != BURN_ADDRESS:
            return Reason.INVALID_STRATEGY
    if draft.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member:
        return Reason.STRATEGY_ALREADY_IN_OPERATOR_SET
    draft.put(OPERATOR_SET_STRATEGIES, (operator_set, strategy), Membership(is_member=True))
    return None


def remove_strategies_from_operator_set(draft: Draft, action: RemoveStrategiesFromOperatorSet) -> Delta | Reason:
    """Remove strategies that an operator set may slash, with immediate effect. Allocations stay as they are.

    Rejects, in order: INVALID_PERMISSIONS unless the AVS calls, INVALID_OPERATOR_SET unless the set exists,
    STRATEGY_NOT_IN_OPERATOR_SET.
    Source: AllocationManager.removeStrategiesFromOperatorSet.
    """
    operator_set = (action.avs, action.operator_set_id)
    if action.sender != action.avs:
        return Reason.INVALID_PERMISSIONS
    if not draft.get(OPERATOR_SETS, operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    for strategy in action.strategies:
        if not draft.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member:
            return Reason.STRATEGY_NOT_IN_OPERATOR_SET
        draft.put(OPERATOR_SET_STRATEGIES, (operator_set, strategy), Membership(is_member=False))
    return draft.delta()


def effective_slasher(slasher: Slasher, block: int) -> str:
    """The account that may slash in `block`: the pending slasher from its effect block on, else the stored one.

    Source: AllocationManager.getSlasher.
    """
    if slasher.effect_block != 0 and block >= slasher.effect_block:
        return slasher.pending_slasher
    return slasher.slasher


def update_slasher(draft: Draft, action: UpdateSlasher) -> Delta | Reason:
    """Change an operator set's slasher, effective SLASHER_CONFIGURATION_DELAY + 1 blocks from now.

    A call that proposes a slasher that is already pending changes nothing.
    Rejects, in order: INVALID_PERMISSIONS unless the AVS calls, INVALID_OPERATOR_SET unless the set exists,
    INPUT_ADDRESS_ZERO, ARITHMETIC_PANIC if the effect block is no uint32.
    Source: AllocationManager.updateSlasher, _updateSlasher.
    """
    if action.sender != action.operator_set[0]:
        return Reason.INVALID_PERMISSIONS
    if not draft.get(OPERATOR_SETS, action.operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    if action.slasher == ZERO_ADDRESS:
        return Reason.INPUT_ADDRESS_ZERO
    block = current_block(draft)
    stored = draft.get(SLASHERS, action.operator_set)
    if action.slasher == stored.pending_slasher and block < stored.effect_block:
        return draft.delta()
    effect_block = block_after(block, draft.get(CONFIG, SINGLETON).slasher_configuration_delay_blocks + 1)
    if isinstance(effect_block, Reason):
        return effect_block
    draft.put(
        SLASHERS,
        action.operator_set,
        Slasher(slasher=effective_slasher(stored, block), pending_slasher=action.slasher, effect_block=effect_block),
    )
    return draft.delta()


def register_for_operator_sets(draft: Draft, action: RegisterForOperatorSets) -> Delta | Reason:
    """Register an operator for operator sets of one AVS. The AVS's registrar contract is assumed to accept every
    operator.

    Rejects, in order: INVALID_PERMISSIONS unless the operator calls, INVALID_OPERATOR unless it is registered; for each
    set INVALID_OPERATOR_SET unless the set exists, ALREADY_MEMBER_OF_SET if the operator is still slashable there;
    EMPTY_REVERT if the AVS has no registrar.
    Source: AllocationManager.registerForOperatorSets.
    """
    if action.sender != action.operator:
        return Reason.INVALID_PERMISSIONS
    if not is_operator(draft, action.operator):
        return Reason.INVALID_OPERATOR
    for operator_set_id in action.operator_set_ids:
        operator_set = (action.avs, operator_set_id)
        if not draft.get(OPERATOR_SETS, operator_set).exists:
            return Reason.INVALID_OPERATOR_SET
        if is_operator_slashable(draft, action.operator, operator_set):
            return Reason.ALREADY_MEMBER_OF_SET
        slashable_until_block = draft.get(REGISTRATIONS, (action.operator, operator_set)).slashable_until_block
        draft.put(
            REGISTRATIONS,
            (action.operator, operator_set),
            Registration(is_registered=True, slashable_until_block=slashable_until_block),
        )
    return draft.delta() if draft.get(AVSS, action.avs).has_registrar else Reason.EMPTY_REVERT


def deregister_from_operator_sets(draft: Draft, action: DeregisterFromOperatorSets) -> Delta | Reason:
    """Deregister an operator from operator sets. The caller is the operator or the AVS.

    The operator stays slashable for DEALLOCATION_DELAY.
    Rejects, in order: INVALID_CALLER for any other caller; for each set INVALID_OPERATOR_SET unless the set exists,
    NOT_MEMBER_OF_SET, ARITHMETIC_PANIC if the end of that delay is no uint32; EMPTY_REVERT if the AVS has no registrar.
    Source: AllocationManager.deregisterFromOperatorSets.
    """
    if action.sender not in (action.operator, action.avs):
        return Reason.INVALID_CALLER
    for operator_set_id in action.operator_set_ids:
        operator_set = (action.avs, operator_set_id)
        if not draft.get(OPERATOR_SETS, operator_set).exists:
            return Reason.INVALID_OPERATOR_SET
        if not draft.get(REGISTRATIONS, (action.operator, operator_set)).is_registered:
            return Reason.NOT_MEMBER_OF_SET
        slashable_until_block = block_after(
            current_block(draft), draft.get(CONFIG, SINGLETON).deallocation_delay_blocks
        )
        if isinstance(slashable_until_block, Reason):
            return slashable_until_block
        draft.put(
            REGISTRATIONS,
            (action.operator, operator_set),
            Registration(is_registered=False, slashable_until_block=slashable_until_block),
        )
    return draft.delta() if draft.get(AVSS, action.avs).has_registrar else Reason.EMPTY_REVERT
