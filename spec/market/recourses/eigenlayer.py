"""Recourse on EigenLayer: until a deallocation or a deregistration takes effect, and while withdrawals are queued.

What is delegated at a block and behind magnitude that no deallocation waits for can leave in two ways. The magnitude
is slashable for DEALLOCATION_DELAY blocks after its operator has asked for it, as the operator is after it has left.
Shares are for MIN_WITHDRAWAL_DELAY_BLOCKS after they were queued. So the window is the shorter of the two.
"""

from typing import Final, cast

from spec.eigenlayer.allocation import is_operator_slashable, settled_allocation
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.security import slashable_amounts
from spec.eigenlayer.state import (
    ALLOCATIONS,
    CLOCK,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    REGISTRATIONS,
    Membership,
    OperatorSet,
    QueuedShares,
)
from spec.machine import SINGLETON, Draft, Table, Write
from spec.market.port import ANY_OPERATOR, Group, Service
from spec.market.recourse import Forgone

TABLES: Final = (
    CLOCK,
    CONFIG,
    REGISTRATIONS,
    ALLOCATIONS,
    OPERATOR_SET_STRATEGIES,
    MAX_MAGNITUDES.heads,
    MAX_MAGNITUDES.checkpoints,
    OPERATOR_SHARES,
    CUMULATIVE_SCALED_SHARES.heads,
    CUMULATIVE_SCALED_SHARES.checkpoints,
)


class EigenLayerRecourse:
    """Recourse, from EigenLayer's own views: a slash takes of what is there in its block, whatever it is for."""

    def window(self, draft: Draft, pool: str) -> int:
        """The shorter delay. None of native ETH, of which the beacon chain takes shares without a slash."""
        if pool == BEACON_CHAIN_ETH:
            return 0
        config = draft.get(CONFIG, SINGLETON)
        return min(config.deallocation_delay_blocks, config.min_withdrawal_delay_blocks)

    def reference(self, draft: Draft) -> int:
        """This block: whatever leaves in it is slashable for the delays after it."""
        return current_block(draft)

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The shares behind the allocation that can be slashed now, delegated and queued.

        Whoever the slasher is: the service names it. Source: AllocationManager.slashOperator.
        """
        if (
            not is_operator_slashable(draft, operator, service)
            or not draft.get(OPERATOR_SET_STRATEGIES, (service, pool)).is_member
        ):
            return 0
        allocation = settled_allocation(draft.get(ALLOCATIONS, (operator, service, pool)), current_block(draft))
        delegated, queued = slashable_amounts(draft, operator, pool, allocation.current_magnitude)
        return delegated + queued

    def together(self, draft: Draft, pool: str, point: int, amount: int) -> int:
        """All of it: no two operators have the same shares."""
        return amount

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The allocation: other sets have magnitude of their own."""
        return (service, operator, pool)

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """The group of each strategy that is queued: since v1.13.1 its shares count scaled, and rounded down."""
        found: list[Group] = []
        for write in writes:
            if write.table.index == QUEUED_SHARES.index:
                queued = cast(QueuedShares, write.row)
                if queued.scaled_shares > 0:
                    found.append((queued.operator, queued.strategy))
        return tuple(found)

    def dust(self, roundings: int) -> int:
        """Two shares for each, for delegated and queued ones round apart, and two for the reading."""
        return 2 * roundings + 2

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """A strategy that leaves its set: the set can slash none of it at once, and allocations end without delay."""
        found: list[Forgone] = []
        for write in writes:
            if write.table.index == OPERATOR_SET_STRATEGIES.index and not cast(Membership, write.row).is_member:
                service, strategy = cast("tuple[OperatorSet, str]", write.key)
                found.append((service, ANY_OPERATOR, strategy, current_block(draft) + 1))
        return tuple(found)

    def tables_of_recourse(self) -> tuple[Table[object, object], ...]:
        """The tables of what can be slashed now."""
        return cast("tuple[Table[object, object], ...]", TABLES)


RECOURSE: Final = EigenLayerRecourse()
