"""EigenLayer's laws of opt-in: operator sets, their slashers, strategies and members."""

from typing import Any, Final

from invariants.eigenlayer.authority import Rights, right
from invariants.eigenlayer.state_queries import can_slash, slasher_in_force
from invariants.law import AcceptedStep, AnyStep, Scope, StateLaw, StepLaw, View, written
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    DeregisterFromOperatorSets,
    RegisterForOperatorSets,
    RemoveStrategiesFromDepositWhitelist,
    UpdateSlasher,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.state import (
    AVSS,
    CONFIG,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    REGISTRATIONS,
    SLASHERS,
    STRATEGIES,
    OperatorSet,
)
from spec.machine import SINGLETON


def _slasher_changes_later(step: AcceptedStep[UpdateSlasher]) -> bool:
    """True if a proposed slasher takes effect after the configuration delay, and the old slasher stays in force until
    then.

    Proposing the pending slasher again must change nothing.
    """
    call = step.action
    block = current_block(step.before.rows)
    before, after = step.before.rows.get(SLASHERS, call.operator_set), step.after.rows.get(SLASHERS, call.operator_set)
    if before.pending_slasher == call.slasher and block < before.effect_block:
        return not step.delta.writes
    delay_blocks = step.before.rows.get(CONFIG, SINGLETON).slasher_configuration_delay_blocks
    return (
        slasher_in_force(step.after.rows, call.operator_set) == slasher_in_force(step.before.rows, call.operator_set)
        and after.pending_slasher == call.slasher
        and after.effect_block == block + delay_blocks + 1
    )


def _membership_changes_now(step: AcceptedStep[RegisterForOperatorSets | DeregisterFromOperatorSets]) -> bool:
    """True if a registration, or its end, takes effect at once.

    A registered operator is a member at once. One that deregisters stays slashable for the deallocation delay, up to
    and including its last block.
    """
    call = step.action
    joins = isinstance(call, RegisterForOperatorSets)
    until_block = current_block(step.before.rows) + step.before.rows.get(CONFIG, SINGLETON).deallocation_delay_blocks
    for number in call.operator_set_ids:
        row = step.after.rows.get(REGISTRATIONS, (call.operator, (call.avs, number)))
        if row.is_registered != joins or (not joins and row.slashable_until_block != until_block):
            return False
    return True


def _fixed_fields_stay(step: AnyStep) -> bool:
    """True if fields that must never change have not changed.

    These are a strategy's token and address rank, an AVS's registrar, and an existing set's redistribution recipient. A
    strategy's whitelisting may change only by the two whitelist calls.
    """
    before, after = step.before.rows, step.after.rows
    for strategy in written(step.delta, STRATEGIES):
        old, new = before.get(STRATEGIES, strategy), after.get(STRATEGIES, strategy)
        if (old.underlying_token, old.address_rank) != (new.underlying_token, new.address_rank):
            return False
        if old.is_whitelisted != new.is_whitelisted and not isinstance(
            step.action, AddStrategiesToDepositWhitelist | RemoveStrategiesFromDepositWhitelist
        ):
            return False
    for avs in written(step.delta, AVSS):
        if before.get(AVSS, avs).has_registrar != after.get(AVSS, avs).has_registrar:
            return False
    for operator_set in written(step.delta, OPERATOR_SETS):
        details = before.get(OPERATOR_SETS, operator_set)
        recipient = after.get(OPERATOR_SETS, operator_set).redistribution_recipient
        if details.exists and details.redistribution_recipient != recipient:
            return False
    return True


def _has_a_slasher(view: View, operator_set: OperatorSet) -> bool:
    if not view.rows.get(OPERATOR_SETS, operator_set).exists:
        return True
    row = view.rows.get(SLASHERS, operator_set)
    return row.slasher != ZERO_ADDRESS and row.pending_slasher != ZERO_ADDRESS


def _zero_means_that_no_slasher_changes(view: View, operator_set: OperatorSet) -> bool:
    row = view.rows.get(SLASHERS, operator_set)
    return row.effect_block > 0 or row.pending_slasher == row.slasher


def _comes_or_goes(step: AnyStep, _call: Any, key: Any) -> bool:
    """True if the call may write this registration: an operator that joins the set could not be slashed by it before,
    and one that leaves was registered.

    The operator set must exist.
    """
    before, after = step.before.rows.get(REGISTRATIONS, key), step.after.rows.get(REGISTRATIONS, key)
    if not step.before.rows.get(OPERATOR_SETS, key[1]).exists:
        return False
    return not can_slash(step.before.rows, key[1], key[0]) if after.is_registered else before.is_registered


def _is_added_or_removed(step: AnyStep, _call: Any, key: Any) -> bool:
    """True if the operator set of the key exists, and the strategy's membership in it has changed."""
    is_member = step.before.rows.get(OPERATOR_SET_STRATEGIES, key).is_member
    is_changed = step.after.rows.get(OPERATOR_SET_STRATEGIES, key).is_member != is_member
    return is_changed and step.after.rows.get(OPERATOR_SETS, key[0]).exists


CHANGES: Final[Rights] = {REGISTRATIONS: _comes_or_goes, OPERATOR_SET_STRATEGIES: _is_added_or_removed}


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "SET-04",
        "An operator set has a slasher, now and after every pending change.",
        "AllocationManager._updateSlasher, InputAddressZero",
        _has_a_slasher,
        rows={SLASHERS: lambda key: key, OPERATOR_SETS: lambda key: key},
    ),
    StateLaw(
        "TIME-05",
        "An effect block of zero means that no change of a slasher is pending.",
        "AllocationManager.getSlasher",
        _zero_means_that_no_slasher_changes,
        rows={SLASHERS: lambda key: key},
    ),
]
STEP_LAWS: Final[list[StepLaw]] = [
    right(
        "OPT-01",
        "Operators and strategies join only sets that they are not in, and leave only sets that they are in. No "
        "operator joins a set that can still slash it.",
        "AllocationManager: AlreadyMemberOfSet, NotMemberOfSet, StrategyAlreadyInOperatorSet, StrategyNotInOperatorSet",
        CHANGES,
    ),
    StepLaw(
        "SET-03",
        "A strategy's token and address, an AVS's registrar and a set's recipient never change.",
        "EigenLayer Certora: AllocationManagerRules, redistribution recipient",
        _fixed_fields_stay,
        Scope(tables=(STRATEGIES, AVSS, OPERATOR_SETS)),
    ),
    StepLaw(
        "TIME-02",
        "A slasher changes after the configuration delay, and the old one may slash until then.",
        "AllocationManager.updateSlasher",
        _slasher_changes_later,
        Scope((UpdateSlasher,)),
    ),
    StepLaw(
        "TIME-03",
        "An operator that registers is slashable at once; one that leaves stays slashable for the deallocation delay.",
        "AllocationManager.deregisterFromOperatorSets",
        _membership_changes_now,
        Scope((RegisterForOperatorSets, DeregisterFromOperatorSets)),
    ),
]
