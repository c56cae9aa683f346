"""EigenLayer as the market sees it: a service is an operator set, a pool a strategy, a point a block.

The stakers who delegate to an operator bear its slashes in a strategy together: they are a group. Amounts are shares of
the strategy. A slash that would revert for its arithmetic alone, as in the first blocks of a chain, counts in `lasting`
as possible: no more than blocks are missing.
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
from spec.eigenlayer.codec import NO_APPROVAL
from spec.eigenlayer.config import BEACON_CHAIN_ETH, ZERO_ADDRESS
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
    """The port, from EigenLayer's own views."""

    def now(self, draft: Draft) -> int:
        """The block in which this call executes."""
        return current_block(draft)

    def slashable(self, draft: Draft, service: Service, operator: str, pool: str) -> Slashable:
        """The shares behind an allocation that its operator set can slash now; those in the withdrawal queue included.

        Lasting are the delegated ones behind the magnitude that a pending deallocation leaves, of an operator that is
        registered. Each division rounds down. Source: AllocationManager.slashOperator.
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
        """The registration, the allocation, the set's strategy and slasher, the operator's magnitude and shares."""
        return (
            (REGISTRATIONS.name, (operator, service)),
            (ALLOCATIONS.name, (operator, service, pool)),
            (OPERATOR_SET_STRATEGIES.name, (service, pool)),
            (SLASHERS.name, service),
            (MAX_MAGNITUDES.heads.name, (operator, pool)),
            (OPERATOR_SHARES.name, (operator, pool)),
        )

    def group(self, operator: str, pool: str) -> Group:
        """The stakers delegated to an operator, in one strategy."""
        return (operator, pool)

    def weight(self, draft: Draft, group: Group, holder: str) -> int:
        """Deposit shares times the scaling factor, rounded down: of native ETH also times the beacon chain's factor.

        The operator's magnitude, by which slashes lower all of them alike, is no part of it. None of who delegates to
        somebody else. Source: SlashingLib.scaleForQueueWithdrawal.
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
        """The staker's operator, and its shares."""
        shares: RowKey = (STAKER_SHARES.name, (holder, group[1]))
        if group[1] == BEACON_CHAIN_ETH:
            shares = (POD_OWNERS.name, holder)
        return ((STAKERS.name, holder), shares)

    def value(self, draft: Draft, group: Group, holder: str) -> int:
        """The shares that a staker could withdraw if it queued them now. Source: DelegationManager."""
        if draft.get(STAKERS, holder).delegated_to != group[0]:
            return 0
        return withdrawable_shares_of(draft, holder, group[1])

    def slashes(self, before: Draft, after: Draft, writes: list[Write]) -> tuple[Slashed, ...]:
        """The strategies of the one slash that a Delta can hold, in its order; those in which nothing was allocated are
        passed over. Native ETH, which is booked apart, is what that book grew by.
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
        """A transfer of tokens."""
        return TransferToken(sender, token, recipient, amount)

    def balance(self, draft: Draft, token: str, account: str) -> int:
        """The account's balance."""
        return draft.get(TOKEN_BALANCES, (token, account)).amount

    def tables_of_stake(self) -> tuple[Table[object, object], ...]:
        """The tables of all that decides what can be slashed."""
        return cast("tuple[Table[object, object], ...]", TABLES_OF_STAKE)

    def tables_of_slashes(self) -> tuple[Table[object, object], ...]:
        """The table that has a set's count of slashes."""
        return cast("tuple[Table[object, object], ...]", (OPERATOR_SETS,))

    def tables_of_weight(self) -> tuple[Table[object, object], ...]:
        """The tables of what stakers hold and to whom they delegate."""
        return cast("tuple[Table[object, object], ...]", TABLES_OF_WEIGHT)


def _delegated(draft: Draft, operator: str, strategy: str, magnitude: int) -> int:
    """Delegated shares that taking `magnitude` off the operator's max magnitude takes. Rounds down.

    Source: SlashingLib.calcSlashedAmount.
    """
    max_magnitude = MAX_MAGNITUDES.latest(draft, (operator, strategy))
    if max_magnitude == 0:
        return 0
    return slashed_shares(
        draft.get(OPERATOR_SHARES, (operator, strategy)).shares, max_magnitude, max_magnitude - magnitude
    )


class EigenLayerCustody:
    """Custody, by deposit shares times the scaling factor: a slash lowers the operator's magnitude, and neither."""

    def deposits(self, draft: Draft, sender: str, account: str, pool: str, amount: int) -> tuple[object, ...]:
        """A transfer to the account, and its deposit."""
        token = self.token(draft, pool)
        return (TransferToken(sender, token, account, amount), DepositIntoStrategy(account, pool, token, amount))

    def delegation(self, draft: Draft, account: str, operator: str) -> tuple[object, ...]:
        """The account's delegation, without a signature: of operators that ask for none."""
        return (DelegateTo(account, operator, NO_APPROVAL),)

    def position(self, draft: Draft, account: str, pool: str) -> int:
        """Deposit shares times the scaling factor, before it is rounded."""
        held = draft.get(STAKER_SHARES, (account, pool))
        return held.deposit_shares * held.deposit_scaling_factor_wad

    def pieces(self, draft: Draft, account: str, pool: str) -> int:
        """Deposit shares."""
        return draft.get(STAKER_SHARES, (account, pool)).deposit_shares

    def worth(self, draft: Draft, account: str, pool: str) -> int:
        """The shares that the account could withdraw if it queued them now."""
        return withdrawable_shares_of(draft, account, pool)

    def withdrawal(self, account: str, pool: str, pieces: int, holder: str) -> object:
        """A withdrawal of the account's: none but itself can be paid."""
        return QueueWithdrawals(account, (WithdrawalRequest((pool,), (pieces,)),))

    def number(self, draft: Draft, account: str) -> int | None:
        """The nonce before the account's next one."""
        return draft.get(STAKERS, account).withdrawals_queued - 1

    def settlement(self, draft: Draft, account: str, pool: str, number: int, in_tokens: bool) -> object | None:
        """A completion, in tokens or in shares."""
        completion = Completion(account, number, (self.token(draft, pool),), in_tokens)
        return CompleteQueuedWithdrawal(account, completion)

    def token(self, draft: Draft, pool: str) -> str:
        """The strategy's underlying token."""
        return draft.get(STRATEGIES, pool).underlying_token


PORT: Final = EigenLayerPort()
CUSTODY: Final = EigenLayerCustody()
AUTHORITY: Final = EigenLayerAuthority()
PROTOCOL: Final = market_on("market_on_eigenlayer", BASE, PORT, CUSTODY, AUTHORITY, RECOURSE)
