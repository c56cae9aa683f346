"""EigenLayer's theory: what a call and the beginning may be, the induction, sums and scopes that its proofs need.

Lifted with the specification, see proofs/theory.py.
"""

from typing import Any, Final

from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.solvency import (
    FRACTIONS_LEFT,
    FRACTIONS_WAITING,
    QUEUED_OPEN,
    QUEUED_VALUE_WAD,
)
from proofs.eigenlayer.folds import FOLDS
from proofs.eigenlayer.lemmas import LEMMAS, NOT_LOST_WAD, UNSIGNED
from proofs.eigenlayer.listings import LISTS, prove_without
from proofs.eigenlayer.rewards import GENESIS_OF_REWARDS
from proofs.setup import Setup
from proofs.theory import Induction, Limits, OwnSums, Theory
from spec.arithmetic import WAD, is_multiple
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.actions import DepositIntoStrategy, FundPod, PlantPodOwnerDepositShares
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, BURN_ADDRESS, GWEI_TO_WEI, MAX_TOTAL_SHARES, ZERO_ADDRESS
from spec.eigenlayer.rewards_config import REWARDS_COORDINATOR
from spec.eigenlayer.state import (
    ALLOWANCES,
    AVSS,
    CLOCK,
    CONFIG,
    DEALLOCATION_QUEUES,
    MAX_MAGNITUDES,
    POD_OWNERS,
    STRATEGIES,
    TOKEN_BALANCES,
    QueuedShares,
    Strategy,
)
from spec.machine import SINGLETON, Draft


def _is_well_formed(rows: Draft, call: Any) -> bool:
    """True if a call is made by an ordinary account. That is not address zero, the burn address, the rewards
    coordinator, the beacon chain strategy, or any strategy. Nobody deposits into address zero or the sender.

    Calls without a sender are well formed, with two exceptions. A `FundPod` must add whole gwei to a pod. A planted
    deficit is only for stakers without positive native shares.
    """
    if isinstance(call, FundPod):
        return is_multiple(call.amount_wei, GWEI_TO_WEI)
    if isinstance(call, PlantPodOwnerDepositShares):
        return call.shares < 0 and rows.get(POD_OWNERS, call.staker).deposit_shares <= 0
    if not hasattr(call, "sender"):
        return True
    if isinstance(call, DepositIntoStrategy) and call.strategy in (call.sender, ZERO_ADDRESS):
        return False
    return (
        call.sender != ZERO_ADDRESS
        and call.sender != BURN_ADDRESS
        and call.sender != REWARDS_COORDINATOR
        and call.sender != BEACON_CHAIN_ETH
        and rows.get(STRATEGIES, call.sender).underlying_token == ""
    )


def _taken_from_a_position(before: Draft, after: Draft, row: QueuedShares, slashed: Any) -> int | None:
    """The change in the value of a row of QUEUED_SHARES that a slash makes, in shares times WAD. `slashed` is the
    (operator, strategy) of the slash; None if the row is of another.

    If the row's slashing window is open, it is minus the decrease of the magnitude times the row's scaled shares, else
    0.
    """
    if slashed != (row.operator, row.strategy):
        return None
    fallen_magnitude = MAX_MAGNITUDES.latest(before, slashed) - MAX_MAGNITUDES.latest(after, slashed)
    is_open = row.start_block + after.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks >= current_block(after)
    return -fallen_magnitude * row.scaled_shares if is_open and row.strategy else 0


def _fraction_of_a_position(before: Draft, after: Draft, row: QueuedShares, slashed: Any) -> int | None:
    """The change that a slash makes in the number of rows of QUEUED_SHARES queued from a slashed operator, as far as
    this row causes it. `slashed` is the (operator, strategy) of the slash; None if the row is of another.

    It is 1 if the row was queued in this block and the slash is the operator's first in the strategy, else 0. A
    magnitude that became whole again would give -1.
    """
    if slashed != (row.operator, row.strategy):
        return None
    was_whole, is_whole = MAX_MAGNITUDES.latest(before, slashed) == WAD, MAX_MAGNITUDES.latest(after, slashed) == WAD
    is_of_now = row.start_block == current_block(after) and row.strategy != "" and row.scaled_shares != 0
    if was_whole == is_whole or not is_of_now:
        return 0
    return 1 if was_whole else -1


def _is_short(row: Any) -> bool:
    return bool(row.end - row.first <= 1)


def _only_slashed_shares_are_left(rows: Draft, strategy: str, row: Strategy) -> list[Any]:
    """The conditions on a strategy at genesis: it has no stakers, and each of its shares is backed by at least one
    token.

    Shares that were slashed before slashes had ids may still be owed.
    """
    held = rows.get(TOKEN_BALANCES, (row.underlying_token, strategy)).amount
    return [
        row.legacy_burnable_shares >= 0,
        row.legacy_burnable_shares <= row.total_shares,
        row.total_shares <= MAX_TOTAL_SHARES,
        row.total_shares <= held,
        strategy != REWARDS_COORDINATOR or (row.underlying_token == "" and row.legacy_burnable_shares == 0),
        strategy != BEACON_CHAIN_ETH or (row.underlying_token == "" and row.total_shares == 0),
    ]


LISTS_OF_TWO: Final = (
    "AddStrategiesToDepositWhitelist.strategies",
    "RemoveStrategiesFromDepositWhitelist.strategies",
    "CreateOperatorSets.requests",
    "CreateOperatorSets.strategies",
    "CreateRedistributingOperatorSets.requests",
    "CreateRedistributingOperatorSets.recipients",
    "CreateRedistributingOperatorSets.strategies",
    "AddStrategiesToOperatorSet.strategies",
    "RemoveStrategiesFromOperatorSet.strategies",
    "RegisterForOperatorSets.operator_set_ids",
    "DeregisterFromOperatorSets.operator_set_ids",
    "ClearDeallocationQueue.strategies",
    "ClearDeallocationQueue.numbers_to_clear",
)
"""The lists in calls with up to two elements. In other calls they have at most one, since proofs with two take minutes
each.
"""

ONE_TURN: Final = {"range in _report_raises_no_payout": 1}
"""The ranges proved for one iteration only: withdrawals that list one strategy. With two there would be 3,000 paths."""

LONGER: Final = {"SlashOperator": {"SlashOperator.strategies": 2, "SlashOperator.wads_to_slash": 2}}


THEORY: Final = Theory(
    protocol=PROTOCOL,
    catalogue=CATALOGUE,
    state_module="spec.eigenlayer.state",
    now=current_block,
    is_well_formed=_is_well_formed,
    genesis={
        CONFIG: lambda _rows, _key, row: [
            row.min_withdrawal_delay_blocks >= 0,
            row.deallocation_delay_blocks >= 0,
            row.allocation_configuration_delay_blocks >= 0,
            row.slasher_configuration_delay_blocks >= 0,
            row.slash_resolution_delay_blocks >= 0,
        ],
        CLOCK: lambda _rows, key, row: [any([key != SINGLETON, row.block > 0]), row.block >= 0, row.timestamp >= 0],
        TOKEN_BALANCES: lambda _rows, _key, row: [row.amount >= 0],
        STRATEGIES: _only_slashed_shares_are_left,
        POD_OWNERS: lambda _rows, _key, row: [
            row.deposit_shares <= 0,
            row.deposit_scaling_factor_wad == WAD,
            row.beacon_chain_slashing_factor_wad == WAD,
        ],
        ALLOWANCES: lambda _rows, _key, _row: [],
        AVSS: lambda _rows, _key, _row: [],
        **GENESIS_OF_REWARDS,
    },
    induction=Induction(
        lemmas=LEMMAS,
        ranges=(*[law.law_id for law in UNSIGNED], "LEMMA-fraction", "LEMMA-interval"),
        apart=("SOLV-01", "LEMMA-debt"),
        leans={"EXIT-02": ("LEMMA-debt",)},
        follows={
            "SOLV-01": ("LEMMA-debt",),
            "LIST-01": ("LEMMA-once", "LEMMA-listed", "LEMMA-unlisted"),
            "SLASH-07": ("MAG-01", "MAG-02", "UINT-operator_shares"),
        },
        by_contract=("HIST-01", "LEMMA-count"),
        bounded=("MAG-05", "MAG-09", "LEMMA-queued"),
    ),
    limits=Limits(
        lists={"stakers.strategy_list": 1, "slashes.strategies": 1, **ONE_TURN, **dict.fromkeys(LISTS_OF_TWO, 2)},
        longer=LONGER,
        signed=("RecordBeaconChainEthBalanceUpdate.balance_delta_wei", "PlantPodOwnerDepositShares.shares"),
        scopes={DEALLOCATION_QUEUES: ("at most one queued deallocation", _is_short)},
    ),
    sums=OwnSums(
        own=(NOT_LOST_WAD,),
        falling=(NOT_LOST_WAD, QUEUED_OPEN),
        rising=(FRACTIONS_LEFT,),
        revalued={
            QUEUED_VALUE_WAD: _taken_from_a_position,
            FRACTIONS_WAITING: _fraction_of_a_position,
        },
    ),
    folds=FOLDS,
)

SETUP: Final = Setup(
    LISTS,
    foundations={"CONTRACT-lists": prove_without},
    lifted=("proofs.eigenlayer.folds", "proofs.eigenlayer.lemmas", "proofs.eigenlayer.rewards"),
)
