"""EigenLayer as the market sees it: a service is an operator set, a pool a strategy, a point a block.

The stakers who delegate to an operator bear its slashes in a strategy together, so they are a group. Amounts are shares
of the strategy. In some blocks every slash reverts by an arithmetic panic, as in the first blocks of a chain. `lasting`
ignores this: such a slash is possible some blocks later.
"""

from typing import Final, cast

from spec.arithmetic import mul_wad_floor
from spec.eigenlayer import PROTOCOL as BASE
from spec.eigenlayer.actions import (
    CompleteQueuedWithdrawal,
    Completion,
    DelegateTo,
    DepositIntoStrategy,
    QueueWithdrawals,
    TransferToken,
    WithdrawalRequest,
)
from spec.eigenlayer.allocation import is_operator_slashable, settled_allocation
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.opt_in import effective_slasher
from spec.eigenlayer.security import slashable_amounts, slashable_until
from spec.eigenlayer.shares import scaled_shares, slashed_shares
from spec.eigenlayer.state import (
    ALLOCATIONS,
    BURNABLE_ETH,
    CLOCK,
    CONFIG,
    CUMULATIVE_SCALED_SHARES,
    MAX_MAGNITUDES,
    OPERATOR_SET_STRATEGIES,
    OPERATOR_SETS,
    OPERATOR_SHARES,
    POD_OWNERS,
    REGISTRATIONS,
    SLASHED_SHARES,
    SLASHERS,
    STAKER_SHARES,
    STAKERS,
    STRATEGIES,
    TOKEN_BALANCES,
    OperatorSet,
)
from spec.eigenlayer.views import withdrawable_shares_of
from spec.machine import SINGLETON, Draft, Table, Write
from spec.market.authorities.eigenlayer import EigenLayerAuthority
from spec.market.codec import market_on
from spec.market.port import Group, RowKey, Service, Slashable, Slashed
from spec.market.recourses.eigenlayer import RECOURSE

NOTHING: Final = Slashable(amount=0, until=None, lasting=0)

TABLES_OF_STAKE: Final = (
    CLOCK,
    CONFIG,
    REGISTRATIONS,
    ALLOCATIONS,
    OPERATOR_SET_STRATEGIES,
    SLASHERS,
    MAX_MAGNITUDES.heads,
    MAX_MAGNITUDES.checkpoints,
    OPERATOR_SHARES,
    CUMULATIVE_SCALED_SHARES.heads,
    CUMULATIVE_SCALED_SHARES.checkpoints,
)
TABLES_OF_WEIGHT: Final = (STAKERS, STAKER_SHARES, POD_OWNERS)


class EigenLayerPort:
    """The market's interface (`Port`) to EigenLayer, computed from EigenLayer's own views."""

    def now(self, draft: Draft) -> int:
        """The current point, which is the block number."""
        return current_block(draft)

    def slashable(self, draft: Draft, service: Service, operator: str, pool: str) -> Slashable:
        """The shares behind an allocation that its operator set can slash now, including shares in the withdrawal
        queue.

        `lasting` are the delegated shares behind the magnitude that remains after a pending deallocation; 0 for an
        operator that is not registered. Each division rounds down.
        Source: AllocationManager.slashOperator.
        """
        block = current_block(draft)
        if (
            not is_operator_slashable(draft, operator, service)
            or not draft.get(OPERATOR_SET_STRATEGIES, (service, pool)).is_member
            or effective_slasher(draft.get(SLASHERS, service), block) == ZERO_ADDRESS
        ):
            return NOTHING
        registration = draft.get(REGISTRATIONS, (operator, service))
        allocation = settled_allocation(draft.get(ALLOCATIONS, (operator, service, pool)), block)
        delegated, queued = slashable_amounts(draft, operator, pool, allocation.current_magnitude)
        lasting_magnitude = allocation.current_magnitude + min(allocation.pending_diff_magnitude, 0)
        return Slashable(
            amount=delegated + queued,
            until=slashable_until(registration, allocation),
            lasting=_delegated(draft, operator, pool, lasting_magnitude) if registration.is_registered else 0,
        )

    def rows_of_stake(self, service: Service, operator: str, pool: str) -> tuple[RowKey, ...]:
        """The keys of the base rows on which an operator's lasting stake depends: its registration for the set, its
        allocation, the set's strategy and slasher, and the operator's max magnitude and shares.
        """
        return (
            (REGISTRATIONS.name, (operator, service)),
            (ALLOCATIONS.name, (operator, service, pool)),
            (OPERATOR_SET_STRATEGIES.name, (service, pool)),
            (SLASHERS.name, service),
            (MAX_MAGNITUDES.heads.name, (operator, pool)),
            (OPERATOR_SHARES.name, (operator, pool)),
        )

    def group(self, operator: str, pool: str) -> Group:
        """The group of the stakers delegated to an operator, in one strategy."""
        return (operator, pool)

    def weight(self, draft: Draft, group: Group, holder: str) -> int:
        """A staker's weight in its group: its deposit shares times the deposit scaling factor, rounded down.

        For native ETH the product also has the beacon chain slashing factor. It excludes the operator's max magnitude,
        by which slashes lower all weights alike. 0 for a staker that is delegated to another operator. Source:
        SlashingLib.scaleForQueueWithdrawal.
        """
        operator, strategy = group[0], group[1]
        if draft.get(STAKERS, holder).delegated_to != operator:
            return 0
        if strategy == BEACON_CHAIN_ETH:
            owner = draft.get(POD_OWNERS, holder)
            shares = scaled_shares(max(owner.deposit_shares, 0), owner.deposit_scaling_factor_wad)
            return mul_wad_floor(shares, owner.beacon_chain_slashing_factor_wad)
        held = draft.get(STAKER_SHARES, (holder, strategy))
        return scaled_shares(held.deposit_shares, held.deposit_scaling_factor_wad)

    def rows_of_weight(self, group: Group, holder: str) -> tuple[RowKey, ...]:
        """The keys of the base rows on which a staker's weight depends: the row of its operator, and that of its
        shares.
        """
        shares: RowKey = (STAKER_SHARES.name, (holder, group[1]))
        if group[1] == BEACON_CHAIN_ETH:
            shares = (POD_OWNERS.name, holder)
        return ((STAKERS.name, holder), shares)

    def value(self, draft: Draft, group: Group, holder: str) -> int:
        """The shares that a staker could withdraw if it queued them now; 0 if it is not delegated to the group's
        operator.

        Source: DelegationManager.
        """
        if draft.get(STAKERS, holder).delegated_to != group[0]:
            return 0
        return withdrawable_shares_of(draft, holder, group[1])

    def slashes(self, before: Draft, after: Draft, writes: list[Write]) -> tuple[Slashed, ...]:
        """The slashes in the rows that one call wrote. A call contains at most one slash, with one entry here for each
        strategy.

        Strategies without allocation are skipped. For native ETH the amount is the growth of the burnable shares.
        """
        found: list[Slashed] = []
        for write in writes:
            if write.table.index != ALLOCATIONS.index:
                continue
            operator, service, strategy = cast("tuple[str, OperatorSet, str]", write.key)
            slash_id = after.get(OPERATOR_SETS, service).slash_count
            if slash_id == before.get(OPERATOR_SETS, service).slash_count:
                continue
            shares = after.get(SLASHED_SHARES, (service, slash_id, strategy)).shares
            if strategy == BEACON_CHAIN_ETH:
                shares = after.get(BURNABLE_ETH, SINGLETON).shares - before.get(BURNABLE_ETH, SINGLETON).shares
            found.append(Slashed(service, operator, strategy, shares))
        return tuple(found)

    def payment(self, token: str, sender: str, recipient: str, amount: int) -> object:
        """The base action by which `sender` pays `recipient` an amount of a token: EigenLayer's `TransferToken`."""
        return TransferToken(sender, token, recipient, amount)

    def balance(self, draft: Draft, token: str, account: str) -> int:
        """The account's balance of the token."""
        return draft.get(TOKEN_BALANCES, (token, account)).amount

    def tables_of_stake(self) -> tuple[Table[object, object], ...]:
        """The tables that `EigenLayerPort.slashable` reads."""
        return cast("tuple[Table[object, object], ...]", TABLES_OF_STAKE)

    def tables_of_slashes(self) -> tuple[Table[object, object], ...]:
        """The table of which every slash writes a row: that of each operator set's number of slashes."""
        return cast("tuple[Table[object, object], ...]", (OPERATOR_SETS,))

    def tables_of_weight(self) -> tuple[Table[object, object], ...]:
        """The tables that `EigenLayerPort.weight` reads: those of stakers' shares and of their operators."""
        return cast("tuple[Table[object, object], ...]", TABLES_OF_WEIGHT)


def _delegated(draft: Draft, operator: str, strategy: str, magnitude: int) -> int:
    """The delegated shares that a slash of `magnitude` from the operator's max magnitude takes. Rounds down.

    Source: SlashingLib.calcSlashedAmount.
    """
    max_magnitude = MAX_MAGNITUDES.latest(draft, (operator, strategy))
    if max_magnitude == 0:
        return 0
    return slashed_shares(
        draft.get(OPERATOR_SHARES, (operator, strategy)).shares, max_magnitude, max_magnitude - magnitude
    )


class EigenLayerCustody:
    """Custody of base positions on EigenLayer. A base position is deposit shares times the scaling factor, which a
    slash does not change.
    """

    def deposits(self, draft: Draft, sender: str, account: str, pool: str, amount: int) -> tuple[object, ...]:
        """The actions that deposit `amount` of the sender's tokens as a base position of `account`.

        The sender transfers them to the account, which deposits them into the strategy.
        """
        token = self.token(draft, pool)
        return (TransferToken(sender, token, account, amount), DepositIntoStrategy(account, pool, token, amount))

    def delegation(self, draft: Draft, account: str, operator: str) -> tuple[object, ...]:
        """The action that delegates the account's shares to an operator: a `DelegateTo` without a signature.

        EigenLayer accepts it for operators without approver.
        """
        return (DelegateTo(account, operator, NO_APPROVAL),)

    def position(self, draft: Draft, account: str, pool: str) -> int:
        """The account's base position in a strategy: its deposit shares times the scaling factor, not divided by WAD.

        So nothing is rounded.
        """
        held = draft.get(STAKER_SHARES, (account, pool))
        return held.deposit_shares * held.deposit_scaling_factor_wad

    def pieces(self, draft: Draft, account: str, pool: str) -> int:
        """The number of pieces (units of withdrawal) in the account's base position: its deposit shares in the
        strategy.
        """
        return draft.get(STAKER_SHARES, (account, pool)).deposit_shares

    def worth(self, draft: Draft, account: str, pool: str) -> int:
        """The current value of the account's base position: the shares that it could withdraw if it queued them now."""
        return withdrawable_shares_of(draft, account, pool)

    def withdrawal(self, account: str, pool: str, pieces: int, holder: str) -> object:
        """The action that queues `pieces` deposit shares for withdrawal: a `QueueWithdrawals` of the account itself.

        EigenLayer pays no other account, so `holder` is not used.
        """
        return QueueWithdrawals(account, (WithdrawalRequest((pool,), (pieces,)),))

    def number(self, draft: Draft, account: str) -> int | None:
        """The nonce of the account's last queued withdrawal; -1 if it has queued none."""
        return draft.get(STAKERS, account).withdrawals_queued - 1

    def settlement(self, draft: Draft, account: str, pool: str, number: int, in_tokens: bool) -> object | None:
        """The action that completes the account's withdrawal with nonce `number`, in tokens or back into shares: a
        `CompleteQueuedWithdrawal`.
        """
        completion = Completion(account, number, (self.token(draft, pool),), in_tokens)
        return CompleteQueuedWithdrawal(account, completion)

    def token(self, draft: Draft, pool: str) -> str:
        """The strategy's underlying token."""
        return draft.get(STRATEGIES, pool).underlying_token


PORT: Final = EigenLayerPort()
CUSTODY: Final = EigenLayerCustody()
AUTHORITY: Final = EigenLayerAuthority()
PROTOCOL: Final = market_on("market_on_eigenlayer", BASE, PORT, CUSTODY, AUTHORITY, RECOURSE)
