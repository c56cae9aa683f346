"""Recourse on EigenLayer: stake stays slashable until deallocations and deregistrations take effect, and in the queue.

Lasting stake can leave in two ways. Magnitude stays slashable for DEALLOCATION_DELAY blocks after a deallocation, and
after a deregistration. Shares stay slashable for MIN_WITHDRAWAL_DELAY_BLOCKS after they were queued. So the window is
the shorter of the two delays.
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
    """Recourse on EigenLayer. A slash takes from the stake of its own block, whenever the offence was."""

    def window(self, draft: Draft, pool: str) -> int:
        """The number of blocks after a block for which its lasting stake can still be slashed.

        It is the shorter of the deallocation delay and the withdrawal delay. It is 0 for native ETH: losses on the
        beacon chain reduce its shares without a slash.
        """
        if pool == BEACON_CHAIN_ETH:
            return 0
        config = draft.get(CONFIG, SINGLETON)
        return min(config.deallocation_delay_blocks, config.min_withdrawal_delay_blocks)

    def reference(self, draft: Draft) -> int:
        """The last block whose slashable stake no further call can change: the current block.

        Stake that leaves in the current block stays slashable for the delays after it.
        """
        return current_block(draft)

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The shares that a service can slash from an operator now: the delegated and the queued ones behind its
        allocation.

        The block of the offence does not matter. A slasher need not be set, because the service can set one. Source:
        AllocationManager.slashOperator.
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
        """The most that slashes of several operators can take together: `amount`, the sum of their separate slashable
        amounts.

        No two operators have the same shares.
        """
        return amount

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The key of the stake from which a slash takes: the service, the operator and the pool. Each operator set
        slashes its own magnitude.
        """
        return (service, operator, pool)

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """The groups whose stake the writes change by a rounded amount: one for each strategy of a queued withdrawal.
        From v1.13.1 on queued shares count as scaled shares, which are rounded down.
        """
        found: list[Group] = []
        for write in writes:
            if write.table.index == QUEUED_SHARES.index:
                queued = cast(QueuedShares, write.row)
                if queued.scaled_shares > 0:
                    found.append((queued.operator, queued.strategy))
        return tuple(found)

    def dust(self, roundings: int) -> int:
        """The most shares that are lost to `roundings` rounded changes and to the rounding in `left`: two for each of
        them.

        Delegated and queued shares round separately.
        """
        return 2 * roundings + 2

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """The recourse that operator sets give up by the written rows: one entry for each strategy that is removed from
        a set.

        The set can then no longer slash the strategy. The allocations there end without delay. So the set gives up its
        recourse for all blocks up to the current one.
        """
        found: list[Forgone] = []
        for write in writes:
            if write.table.index == OPERATOR_SET_STRATEGIES.index and not cast(Membership, write.row).is_member:
                service, strategy = cast("tuple[OperatorSet, str]", write.key)
                found.append((service, ANY_OPERATOR, strategy, current_block(draft) + 1))
        return tuple(found)

    def tables_of_recourse(self) -> tuple[Table[object, object], ...]:
        """The tables of the base that `window`, `left` and `together` read."""
        return cast("tuple[Table[object, object], ...]", TABLES)


RECOURSE: Final = EigenLayerRecourse()
