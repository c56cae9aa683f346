"""When a call is refused: for every call its reasons in the contracts' order, each with the condition it stands for.

The conditions speak of the state before the call alone, in the words of the contracts' documentation, so that they are
a second account of the checks: a call is refused for the first of its reasons that is true, and accepted if none is.
A call over a list repeats its checks for each element in the state that the elements before it left; the laws speak of
such calls if no two elements are of the same subject, so that no element meets what another changed.

Products, sums and block numbers that do not fit their type are reasons like others, each in its place.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.eigenlayer.reading import (
    can_slash,
    can_slash_allocation,
    delay_in_force,
    due_magnitude,
    is_beyond_uint32,
    is_operator,
    paid_shares,
    settled_magnitudes,
    slasher_in_force,
)
from invariants.law import LivenessLaw, Refusal, Scope, StepLaw, Transition, View
from spec.arithmetic import UINT32_MAX, UINT64_MAX, UINT256_MAX, WAD, mul_div_floor
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    AddStrategiesToOperatorSet,
    Approval,
    BurnShares,
    ClearBurnOrRedistributableShares,
    ClearBurnOrRedistributableSharesByStrategy,
    ClearDeallocationQueue,
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    Completion,
    CreateOperatorSets,
    CreateRedistributingOperatorSets,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    MineBlocks,
    ModifyAllocations,
    ModifyOperatorDetails,
    OperatorSetRequest,
    QueueWithdrawals,
    Redelegate,
    RegisterAsOperator,
    RegisterForOperatorSets,
    RemoveStrategiesFromDepositWhitelist,
    RemoveStrategiesFromOperatorSet,
    SetAllocationDelay,
    SlashOperator,
    TransferToken,
    Undelegate,
    UpdateAvsMetadata,
    UpdateSlasher,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import (
    BALANCE_OFFSET,
    BURN_ADDRESS,
    MAX_STAKER_STRATEGY_LIST_LENGTH,
    MAX_TOTAL_SHARES,
    SHARES_OFFSET,
    ZERO_ADDRESS,
)
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import (
    ALLOWANCES,
    AVSS,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_DETAILS,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    REGISTRATIONS,
    SLASHED_SHARES,
    SLASHERS,
    SLASHES,
    SPENT_SALTS,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    WITHDRAWALS,
    OperatorSet,
)
from spec.machine import ONLY, Draft

MOST_REPORTABLE: Final = mul_div_floor(UINT256_MAX, 1, WAD)
"""The largest virtual balance whose exchange rate a strategy can report after a deposit or a payment."""


def lacks_balance(rows: Draft, token: str, account: str, amount: int) -> bool:
    """Whether an account has less of a token than an amount."""
    return rows.get(TOKEN_BALANCES, (token, account)).amount < amount


def paying(rows: Draft, strategy: str, shares: int, received_amount: int = 0) -> Reason | None:
    """Why shares of a strategy cannot be redeemed: there are not so many; their worth, or the rate that is left, has no
    number. `received_amount` is what the strategy got of its token earlier in the call.
    """
    pool = rows.get(STRATEGIES, strategy)
    if shares > pool.total_shares:
        return Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS
    held = rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount + received_amount
    virtual_balance = held + BALANCE_OFFSET
    if virtual_balance > UINT256_MAX or virtual_balance * shares > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    amount = mul_div_floor(virtual_balance, shares, pool.total_shares + SHARES_OFFSET)
    return Reason.ARITHMETIC_PANIC if virtual_balance - amount > MOST_REPORTABLE else None


def _joining(rows: Draft, staker: str, strategy: str, added_shares: int) -> Reason | None:
    """Why shares cannot join a staker: its operator has no magnitude left, or what all of them are worth, over that
    magnitude, is less than one part in WAD of them.
    """
    magnitude = MAX_MAGNITUDES.latest(rows, (rows.get(STAKERS, staker).delegated_to, strategy))
    if magnitude == 0:
        return Reason.FULLY_SLASHED
    held = rows.get(STAKER_SHARES, (staker, strategy))
    factor_wad = held.deposit_scaling_factor_wad
    if held.deposit_shares > 0:
        scaled = mul_div_floor(held.deposit_shares, factor_wad, WAD)
        worth_shares = mul_div_floor(scaled, magnitude, WAD) + added_shares
        factor_wad = mul_div_floor(worth_shares, WAD, held.deposit_shares + added_shares)
    is_nothing = mul_div_floor(factor_wad, WAD, magnitude) == 0
    return Reason.INVALID_DEPOSIT_SCALING_FACTOR if is_nothing else None


def _taking(rows: Draft, staker: str, strategy: str, shares: int) -> Reason | None:
    """Why deposit shares cannot be queued. An operator's shares cannot fall below zero: that is noticed first, whatever
    the staker itself has.
    """
    operator, held = rows.get(STAKERS, staker).delegated_to, rows.get(STAKER_SHARES, (staker, strategy))
    scaled = mul_div_floor(shares, held.deposit_scaling_factor_wad, WAD)
    if scaled > UINT256_MAX:
        return Reason.MUL_DIV_OVERFLOW
    if operator != ZERO_ADDRESS:
        if CUMULATIVE_SCALED_SHARES.latest(rows, (operator, strategy)) + scaled > UINT256_MAX:
            return Reason.ARITHMETIC_PANIC
        leaving_shares = mul_div_floor(scaled, MAX_MAGNITUDES.latest(rows, (operator, strategy)), WAD)
        if leaving_shares > rows.get(OPERATOR_SHARES, (operator, strategy)).shares:
            return Reason.ARITHMETIC_PANIC
    if shares == 0:
        return Reason.SHARES_AMOUNT_ZERO
    return Reason.SHARES_AMOUNT_TOO_HIGH if shares > held.deposit_shares else None


def _delegating(rows: Draft, operator: str, approval: Approval) -> Reason | None:
    """Whom a staker may delegate to, and with whose consent."""
    if not is_operator(rows, operator):
        return Reason.OPERATOR_NOT_REGISTERED
    approver = rows.get(OPERATOR_DETAILS, operator).delegation_approver
    if approver == ZERO_ADDRESS:
        return None
    if rows.get(SPENT_SALTS, (approver, approval.salt)).is_spent:
        return Reason.SALT_SPENT
    if approval.is_expired:
        return Reason.SIGNATURE_EXPIRED
    return None if approval.signer == approver else Reason.INVALID_SIGNATURE


def _leaving(rows: Draft, sender: str, staker: str) -> Reason | None:
    """Who may end a delegation: the staker, its operator, or the operator's approver; an operator's own never ends.
    Everything is queued, so nothing of it may overflow.
    """
    operator = rows.get(STAKERS, staker).delegated_to
    if operator == ZERO_ADDRESS:
        return Reason.NOT_ACTIVELY_DELEGATED
    if operator == staker:
        return Reason.OPERATORS_CANNOT_UNDELEGATE
    if sender not in (staker, operator, rows.get(OPERATOR_DETAILS, operator).delegation_approver):
        return Reason.CALLER_CANNOT_UNDELEGATE
    for strategy in rows.get(STAKERS, staker).strategy_list:
        reason = _taking(rows, staker, strategy, rows.get(STAKER_SHARES, (staker, strategy)).deposit_shares)
        if reason is not None:
            return reason
    return None


def _is_fully_slashed(rows: Draft, operator: str, strategy: str) -> bool:
    """Whether an operator has no magnitude left in a strategy; address zero always has all of it."""
    return MAX_MAGNITUDES.latest(rows, (operator, strategy)) == 0


def _holds_fully_slashed(rows: Draft, staker: str, operator: str) -> bool:
    """Whether a staker has shares of a strategy in which an operator has no magnitude left."""
    return any(_is_fully_slashed(rows, operator, held) for held in rows.get(STAKERS, staker).strategy_list)


def _deposit(rows: Draft, call: DepositIntoStrategy) -> Reason | None:
    pool = rows.get(STRATEGIES, call.strategy)
    if not pool.is_whitelisted:
        return Reason.STRATEGY_NOT_WHITELISTED
    if call.amount > 0 and not rows.get(ALLOWANCES, call.sender).is_infinite:
        return Reason.ERC20_INSUFFICIENT_ALLOWANCE
    if lacks_balance(rows, call.token, call.sender, call.amount):
        return Reason.ERC20_INSUFFICIENT_BALANCE
    if call.token != pool.underlying_token:
        return Reason.ONLY_UNDERLYING_TOKEN
    held = rows.get(TOKEN_BALANCES, (call.token, call.strategy)).amount
    virtual_balance = held + call.amount + BALANCE_OFFSET
    if virtual_balance > UINT256_MAX or call.amount * (pool.total_shares + SHARES_OFFSET) > UINT256_MAX:
        return Reason.ARITHMETIC_PANIC
    shares = mul_div_floor(call.amount, pool.total_shares + SHARES_OFFSET, held + BALANCE_OFFSET)
    if shares == 0:
        return Reason.NEW_SHARES_ZERO
    if pool.total_shares + shares > MAX_TOTAL_SHARES:
        return Reason.TOTAL_SHARES_EXCEEDS_MAX
    if virtual_balance > MOST_REPORTABLE:
        return Reason.ARITHMETIC_PANIC
    staker = rows.get(STAKERS, call.sender)
    if call.strategy not in staker.strategy_list and len(staker.strategy_list) >= MAX_STAKER_STRATEGY_LIST_LENGTH:
        return Reason.MAX_STRATEGIES_EXCEEDED
    return _joining(rows, call.sender, call.strategy, shares)


def _transfer(rows: Draft, call: TransferToken) -> Reason | None:
    if call.to == ZERO_ADDRESS:
        return Reason.ERC20_TRANSFER_TO_ZERO_ADDRESS
    is_short = lacks_balance(rows, call.token, call.sender, call.amount)
    return Reason.ERC20_INSUFFICIENT_BALANCE if is_short else None


def _change_whitelist(
    rows: Draft, call: AddStrategiesToDepositWhitelist | RemoveStrategiesFromDepositWhitelist
) -> Reason | None:
    is_allowed = call.sender == rows.get(CONFIG, ONLY).strategy_whitelister
    return None if is_allowed else Reason.ONLY_STRATEGY_WHITELISTER


def _register_as_operator(rows: Draft, call: RegisterAsOperator) -> Reason | None:
    if rows.get(STAKERS, call.sender).delegated_to != ZERO_ADDRESS:
        return Reason.ACTIVELY_DELEGATED
    return Reason.FULLY_SLASHED if _holds_fully_slashed(rows, call.sender, call.sender) else None


def _modify_operator_details(rows: Draft, call: ModifyOperatorDetails) -> Reason | None:
    if call.sender != call.operator:
        return Reason.INVALID_PERMISSIONS
    return None if is_operator(rows, call.operator) else Reason.OPERATOR_NOT_REGISTERED


def _delegate_to(rows: Draft, call: DelegateTo) -> Reason | None:
    if rows.get(STAKERS, call.sender).delegated_to != ZERO_ADDRESS:
        return Reason.ACTIVELY_DELEGATED
    reason = _delegating(rows, call.operator, call.approval)
    if reason is not None:
        return reason
    return Reason.FULLY_SLASHED if _holds_fully_slashed(rows, call.sender, call.operator) else None


def _undelegate(rows: Draft, call: Undelegate) -> Reason | None:
    return _leaving(rows, call.sender, call.staker)


def _redelegate(rows: Draft, call: Redelegate) -> Reason | None:
    """Who redelegates has queued everything by then, so that nothing of it can be at a fully slashed operator."""
    reason = _leaving(rows, call.sender, call.sender)
    return _delegating(rows, call.operator, call.approval) if reason is None else reason


def _queue(rows: Draft, call: QueueWithdrawals) -> Reason | None:
    for request in call.requests:
        if len(request.strategies) != len(request.deposit_shares):
            return Reason.INPUT_ARRAY_LENGTH_MISMATCH
        if len(request.strategies) == 0:
            return Reason.INPUT_ARRAY_LENGTH_ZERO
        for position, strategy in enumerate(request.strategies):
            reason = _taking(rows, call.sender, strategy, request.deposit_shares[position])
            if reason is not None:
                return reason
    return None


def _completing(
    rows: Draft, sender: str, completion: Completion, listed: tuple[str, ...]
) -> tuple[Reason | None, tuple[str, ...]]:
    """Why one withdrawal cannot be completed, and what its staker lists then, if it listed so much before."""
    staker, nonce = completion.staker, completion.nonce
    withdrawal = rows.get(WITHDRAWALS, (staker, nonce))
    if len(completion.tokens) != withdrawal.strategy_count:
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH, listed
    if sender != staker:
        return Reason.WITHDRAWER_NOT_CALLER, listed
    if completion.is_tampered or not withdrawal.is_pending:
        return Reason.WITHDRAWAL_NOT_QUEUED, listed
    last_block = withdrawal.start_block + rows.get(CONFIG, ONLY).min_withdrawal_delay_blocks
    if last_block > UINT32_MAX:
        return Reason.ARITHMETIC_PANIC, listed
    if current_block(rows) <= last_block:
        return Reason.WITHDRAWAL_DELAY_NOT_ELAPSED, listed
    for position, token in enumerate(completion.tokens):
        shares = paid_shares(rows, staker, nonce, position)
        strategy = rows.get(QUEUED_SHARES, (staker, nonce, position)).strategy
        if shares == 0:
            continue
        if not completion.receive_as_tokens:
            if strategy not in listed:
                if len(listed) >= MAX_STAKER_STRATEGY_LIST_LENGTH:
                    return Reason.MAX_STRATEGIES_EXCEEDED, listed
                listed = (*listed, strategy)
            reason = _joining(rows, staker, strategy, shares)
        elif token != rows.get(STRATEGIES, strategy).underlying_token:
            reason = Reason.ONLY_UNDERLYING_TOKEN
        else:
            reason = paying(rows, strategy, shares)
        if reason is not None:
            return reason, listed
    return None, listed


def _complete(rows: Draft, call: CompleteQueuedWithdrawal) -> Reason | None:
    listed = rows.get(STAKERS, call.completion.staker).strategy_list
    return _completing(rows, call.sender, call.completion, listed)[0]


def _complete_several(rows: Draft, call: CompleteQueuedWithdrawals) -> Reason | None:
    """All of them are the sender's own, so that there is one list which they lengthen."""
    listed = rows.get(STAKERS, call.sender).strategy_list
    for completion in call.completions:
        reason, listed = _completing(rows, call.sender, completion, listed)
        if reason is not None:
            return reason
    return None


def _its_own_avs(_rows: Draft, call: UpdateAvsMetadata) -> Reason | None:
    return None if call.sender == call.avs else Reason.INVALID_PERMISSIONS


def _creating(rows: Draft, avs: str, request: OperatorSetRequest) -> Reason | None:
    if rows.get(OPERATOR_SETS, (avs, request.operator_set_id)).exists:
        return Reason.INVALID_OPERATOR_SET
    if len(set(request.strategies)) != len(request.strategies):
        return Reason.STRATEGY_ALREADY_IN_OPERATOR_SET
    return Reason.INPUT_ADDRESS_ZERO if request.slasher == ZERO_ADDRESS else None


def _create_operator_sets(rows: Draft, call: CreateOperatorSets) -> Reason | None:
    if call.sender != call.avs:
        return Reason.INVALID_PERMISSIONS
    if not rows.get(AVSS, call.avs).has_metadata:
        return Reason.NONEXISTENT_AVS_METADATA
    for request in call.requests:
        reason = _creating(rows, call.avs, request)
        if reason is not None:
            return reason
    return None


def _create_redistributing_operator_sets(rows: Draft, call: CreateRedistributingOperatorSets) -> Reason | None:
    if call.sender != call.avs:
        return Reason.INVALID_PERMISSIONS
    if len(call.requests) != len(call.recipients):
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    if not rows.get(AVSS, call.avs).has_metadata:
        return Reason.NONEXISTENT_AVS_METADATA
    for position, request in enumerate(call.requests):
        recipient = call.recipients[position]
        if recipient == ZERO_ADDRESS:
            return Reason.INPUT_ADDRESS_ZERO
        if recipient == BURN_ADDRESS:
            return Reason.INVALID_REDISTRIBUTION_RECIPIENT
        reason = _creating(rows, call.avs, request)
        if reason is not None:
            return reason
    return None


def _change_strategies(
    rows: Draft, sender: str, operator_set: OperatorSet, strategies: tuple[str, ...], are_members: bool
) -> Reason | None:
    """An AVS changes its own sets: strategies join that are no members, and leave that are."""
    if sender != operator_set[0]:
        return Reason.INVALID_PERMISSIONS
    if not rows.get(OPERATOR_SETS, operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    for strategy in strategies:
        if rows.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member != are_members:
            return Reason.STRATEGY_NOT_IN_OPERATOR_SET if are_members else Reason.STRATEGY_ALREADY_IN_OPERATOR_SET
    return None


def _add_strategies(rows: Draft, call: AddStrategiesToOperatorSet) -> Reason | None:
    return _change_strategies(rows, call.sender, (call.avs, call.operator_set_id), call.strategies, False)


def _remove_strategies(rows: Draft, call: RemoveStrategiesFromOperatorSet) -> Reason | None:
    return _change_strategies(rows, call.sender, (call.avs, call.operator_set_id), call.strategies, True)


def _update_slasher(rows: Draft, call: UpdateSlasher) -> Reason | None:
    if call.sender != call.operator_set[0]:
        return Reason.INVALID_PERMISSIONS
    if not rows.get(OPERATOR_SETS, call.operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    if call.slasher == ZERO_ADDRESS:
        return Reason.INPUT_ADDRESS_ZERO
    row = rows.get(SLASHERS, call.operator_set)
    is_proposed_already = call.slasher == row.pending_slasher and current_block(rows) < row.effect_block
    delay_blocks = rows.get(CONFIG, ONLY).slasher_configuration_delay_blocks
    is_late = not is_proposed_already and is_beyond_uint32(rows, delay_blocks + 1)
    return Reason.ARITHMETIC_PANIC if is_late else None


def _join_sets(rows: Draft, call: RegisterForOperatorSets) -> Reason | None:
    if call.sender != call.operator:
        return Reason.INVALID_PERMISSIONS
    if not is_operator(rows, call.operator):
        return Reason.INVALID_OPERATOR
    for number in call.operator_set_ids:
        if not rows.get(OPERATOR_SETS, (call.avs, number)).exists:
            return Reason.INVALID_OPERATOR_SET
        if can_slash(rows, (call.avs, number), call.operator):
            return Reason.ALREADY_MEMBER_OF_SET
    return None if rows.get(AVSS, call.avs).has_registrar else Reason.EMPTY_REVERT


def _leave_sets(rows: Draft, call: DeregisterFromOperatorSets) -> Reason | None:
    if call.sender not in (call.operator, call.avs):
        return Reason.INVALID_CALLER
    for number in call.operator_set_ids:
        if not rows.get(OPERATOR_SETS, (call.avs, number)).exists:
            return Reason.INVALID_OPERATOR_SET
        if not rows.get(REGISTRATIONS, (call.operator, (call.avs, number))).is_registered:
            return Reason.NOT_MEMBER_OF_SET
        if is_beyond_uint32(rows, rows.get(CONFIG, ONLY).deallocation_delay_blocks):
            return Reason.ARITHMETIC_PANIC
    return None if rows.get(AVSS, call.avs).has_registrar else Reason.EMPTY_REVERT


def _set_allocation_delay(rows: Draft, call: SetAllocationDelay) -> Reason | None:
    if call.sender != call.operator:
        return Reason.INVALID_PERMISSIONS
    if not is_operator(rows, call.operator):
        return Reason.INVALID_OPERATOR
    delay_blocks = rows.get(CONFIG, ONLY).allocation_configuration_delay_blocks
    return Reason.ARITHMETIC_PANIC if is_beyond_uint32(rows, delay_blocks + 1) else None


def _modify_allocations(rows: Draft, call: ModifyAllocations) -> Reason | None:
    """More may be allocated up to the max magnitude; what is due to be freed is free. No effect block beyond uint32."""
    operator = call.operator
    if call.sender != operator:
        return Reason.INVALID_PERMISSIONS
    delay_blocks = delay_in_force(rows, operator)
    if delay_blocks is None:
        return Reason.UNINITIALIZED_ALLOCATION_DELAY
    for request in call.requests:
        if len(request.strategies) != len(request.new_magnitudes):
            return Reason.INPUT_ARRAY_LENGTH_MISMATCH
        if not rows.get(OPERATOR_SETS, request.operator_set).exists:
            return Reason.INVALID_OPERATOR_SET
        for position, strategy in enumerate(request.strategies):
            magnitude, _, is_pending = settled_magnitudes(rows, operator, request.operator_set, strategy)
            if is_pending:
                return Reason.MODIFICATION_ALREADY_PENDING
            added_magnitude = request.new_magnitudes[position] - magnitude
            if added_magnitude == 0:
                return Reason.SAME_MAGNITUDE
            if added_magnitude > 0:
                encumbered_magnitude = rows.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude
                encumbered_magnitude += added_magnitude - due_magnitude(rows, operator, strategy)
                if encumbered_magnitude > UINT64_MAX:
                    return Reason.UINT64_OVERFLOW
                if encumbered_magnitude > MAX_MAGNITUDES.latest(rows, (operator, strategy)):
                    return Reason.INSUFFICIENT_MAGNITUDE
                if is_beyond_uint32(rows, delay_blocks):
                    return Reason.ARITHMETIC_PANIC
            elif can_slash_allocation(rows, operator, request.operator_set, strategy, magnitude) and (
                is_beyond_uint32(rows, rows.get(CONFIG, ONLY).deallocation_delay_blocks + 1)
            ):
                return Reason.ARITHMETIC_PANIC
    return None


def _clear_deallocations(_rows: Draft, call: ClearDeallocationQueue) -> Reason | None:
    is_matched = len(call.strategies) == len(call.numbers_to_clear)
    return None if is_matched else Reason.INPUT_ARRAY_LENGTH_MISMATCH


def _slash(rows: Draft, call: SlashOperator) -> Reason | None:
    """In the first blocks of a chain nothing that is allocated can be slashed: the window of withdrawals reaches back
    beyond its beginning.
    """
    operator_set = (call.avs, call.operator_set_id)
    if len(call.strategies) != len(call.wads_to_slash):
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    if not rows.get(OPERATOR_SETS, operator_set).exists:
        return Reason.INVALID_OPERATOR_SET
    if not can_slash(rows, operator_set, call.operator):
        return Reason.OPERATOR_NOT_SLASHABLE
    if call.sender != slasher_in_force(rows, operator_set):
        return Reason.INVALID_CALLER
    last_rank = -1
    for position, strategy in enumerate(call.strategies):
        rank = rows.get(STRATEGIES, strategy).address_rank
        if position > 0 and rank <= last_rank:
            return Reason.STRATEGIES_MUST_BE_IN_ASCENDING_ORDER
        last_rank = rank
        if not 1 <= call.wads_to_slash[position] <= WAD:
            return Reason.INVALID_WAD_TO_SLASH
        if not rows.get(OPERATOR_SET_STRATEGIES, (operator_set, strategy)).is_member:
            return Reason.STRATEGY_NOT_IN_OPERATOR_SET
        is_hit = settled_magnitudes(rows, call.operator, operator_set, strategy)[0] != 0
        if is_hit and current_block(rows) <= rows.get(CONFIG, ONLY).min_withdrawal_delay_blocks:
            return Reason.ARITHMETIC_PANIC
    return None


def _clear(
    rows: Draft,
    call: ClearBurnOrRedistributableShares | ClearBurnOrRedistributableSharesByStrategy,
    strategies: tuple[str, ...],
) -> Reason | None:
    """A slash is paid out if every strategy asked for can pay. A set may redistribute to a strategy, which has the more
    of its token then.
    """
    recipient = rows.get(OPERATOR_SETS, call.operator_set).redistribution_recipient
    paid: list[tuple[str, int]] = []
    for strategy in strategies:
        shares = rows.get(SLASHED_SHARES, (call.operator_set, call.slash_id, strategy)).shares
        if shares == 0:
            continue
        pool = rows.get(STRATEGIES, strategy)
        is_recipient = recipient == strategy
        received = sum([amount for token, amount in paid if is_recipient and token == pool.underlying_token])
        reason = paying(rows, strategy, shares, received)
        if reason is not None:
            return reason
        virtual_balance = rows.get(TOKEN_BALANCES, (pool.underlying_token, strategy)).amount + received + BALANCE_OFFSET
        amount = mul_div_floor(virtual_balance, shares, pool.total_shares + SHARES_OFFSET)
        paid.append((pool.underlying_token, amount))
    return None


def _clear_slash(rows: Draft, call: ClearBurnOrRedistributableShares) -> Reason | None:
    return _clear(rows, call, rows.get(SLASHES, (call.operator_set, call.slash_id)).strategies)


def _clear_strategy(rows: Draft, call: ClearBurnOrRedistributableSharesByStrategy) -> Reason | None:
    is_listed = call.strategy in rows.get(SLASHES, (call.operator_set, call.slash_id)).strategies
    return _clear(rows, call, (call.strategy,)) if is_listed else None


def _burn(rows: Draft, call: BurnShares) -> Reason | None:
    shares = rows.get(STRATEGIES, call.strategy).legacy_burnable_shares
    return paying(rows, call.strategy, shares) if shares > 0 else None


def _always(_rows: Draft, _call: MineBlocks) -> Reason | None:
    return None


REASONS: Final[dict[type[Any], Callable[[Draft, Any], Reason | None]]] = {
    MineBlocks: _always,
    TransferToken: _transfer,
    AddStrategiesToDepositWhitelist: _change_whitelist,
    RemoveStrategiesFromDepositWhitelist: _change_whitelist,
    DepositIntoStrategy: _deposit,
    RegisterAsOperator: _register_as_operator,
    ModifyOperatorDetails: _modify_operator_details,
    DelegateTo: _delegate_to,
    Undelegate: _undelegate,
    Redelegate: _redelegate,
    QueueWithdrawals: _queue,
    CompleteQueuedWithdrawal: _complete,
    CompleteQueuedWithdrawals: _complete_several,
    UpdateAvsMetadata: _its_own_avs,
    CreateOperatorSets: _create_operator_sets,
    CreateRedistributingOperatorSets: _create_redistributing_operator_sets,
    AddStrategiesToOperatorSet: _add_strategies,
    RemoveStrategiesFromOperatorSet: _remove_strategies,
    UpdateSlasher: _update_slasher,
    RegisterForOperatorSets: _join_sets,
    DeregisterFromOperatorSets: _leave_sets,
    SetAllocationDelay: _set_allocation_delay,
    ModifyAllocations: _modify_allocations,
    ClearDeallocationQueue: _clear_deallocations,
    SlashOperator: _slash,
    ClearBurnOrRedistributableShares: _clear_slash,
    ClearBurnOrRedistributableSharesByStrategy: _clear_strategy,
    BurnShares: _burn,
}
"""For each call the reason for which it must be refused, or None if it must be accepted."""


def _queued_strategies(_rows: Draft, call: QueueWithdrawals) -> list[object]:
    return [strategy for request in call.requests for strategy in request.strategies]


def _allocated_strategies(_rows: Draft, call: ModifyAllocations) -> list[object]:
    return [strategy for request in call.requests for strategy in request.strategies]


def _completed_strategies(rows: Draft, call: CompleteQueuedWithdrawal | CompleteQueuedWithdrawals) -> list[object]:
    completions = call.completions if isinstance(call, CompleteQueuedWithdrawals) else (call.completion,)
    return [
        rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        for completion in completions
        for position in range(len(completion.tokens))
    ]


def _named_sets(_rows: Draft, call: RegisterForOperatorSets | DeregisterFromOperatorSets) -> list[object]:
    return list(call.operator_set_ids)


def _named_strategies(_rows: Draft, call: AddStrategiesToOperatorSet | RemoveStrategiesFromOperatorSet) -> list[object]:
    return [*call.strategies]


def _created_sets(_rows: Draft, call: CreateOperatorSets | CreateRedistributingOperatorSets) -> list[object]:
    return [request.operator_set_id for request in call.requests]


SUBJECTS: Final[dict[type[Any], Callable[[Draft, Any], list[object]]]] = {
    QueueWithdrawals: _queued_strategies,
    ModifyAllocations: _allocated_strategies,
    CompleteQueuedWithdrawal: _completed_strategies,
    CompleteQueuedWithdrawals: _completed_strategies,
    RegisterForOperatorSets: _named_sets,
    DeregisterFromOperatorSets: _named_sets,
    CreateOperatorSets: _created_sets,
    CreateRedistributingOperatorSets: _created_sets,
    AddStrategiesToOperatorSet: _named_strategies,
    RemoveStrategiesFromOperatorSet: _named_strategies,
}
"""What each element of a call is about, of those calls in which one element can change what a later one meets."""


def are_elements_apart(before: View, call: Any) -> bool:
    """Whether no two elements of the call are of the same subject."""
    find = SUBJECTS.get(type(call))
    if find is None:
        return True
    subjects = find(before.rows, call)
    # Compared, and not looked up by hash: a set's number is an unknown integer where this is proved.
    return all(subject not in subjects[:position] for position, subject in enumerate(subjects))


def _is_refused_for_the_first_reason(refusal: Refusal) -> bool:
    action = refusal.action
    return refusal.reason == REASONS[type(action)](refusal.before.rows, action)


def _no_reason_is_true(step: Transition) -> bool:
    return REASONS[type(step.action)](step.before.rows, step.action) is None


CALL_LAWS: Final[list[LivenessLaw]] = [
    LivenessLaw(
        "CALL-01",
        "A call is refused only for the first of its reasons, in the contracts' order, that is true.",
        "EigenLayer docs/core; the NatSpec of each contract's functions",
        _is_refused_for_the_first_reason,
        Scope(tuple(REASONS)),
        concerns=are_elements_apart,
    )
]
STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "CALL-02",
        "No call is accepted against which a reason is true: who calls, what exists, what is held, what time it is.",
        "EigenLayer docs/core, docs/permissions; Certora: canOnlyDelegateWithSpecificFunctions",
        _no_reason_is_true,
        Scope(tuple([action for action in REASONS if action is not MineBlocks])),
        concerns=lambda step: are_elements_apart(step.before, step.action),
    )
]
