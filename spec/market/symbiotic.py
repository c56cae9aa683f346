"""Symbiotic as the market sees it: a service is a subnetwork, a pool a vault, a point a second.

The holders of a vault's active shares bear its slashes together. They are one group, for all operators. Amounts are of
the vault's collateral. Withdrawals in progress are no stake here, although they are still slashable.
"""

from typing import Final, cast

from spec.machine import Draft, Table, Write
from spec.market.authorities.symbiotic import SymbioticAuthority
from spec.market.codec import market_on
from spec.market.port import ANY_OPERATOR, Group, RowKey, Service, Slashable, Slashed
from spec.market.recourses.symbiotic import RECOURSE
from spec.symbiotic import PROTOCOL as BASE
from spec.symbiotic.actions import Deposit, Redeem, TransferReward
from spec.symbiotic.clock import current_timestamp
from spec.symbiotic.config import NO_SLASHER, ZERO_ADDRESS
from spec.symbiotic.delegation import stake_at
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CLOCK,
    CUMULATIVE_SLASHES,
    MAX_NETWORK_LIMITS,
    MIDDLEWARES,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_VAULT_OPT_INS,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    VaultSubnetworkOperator,
)
from spec.symbiotic.views import active_balance_of

NOTHING: Final = Slashable(amount=0, until=None, lasting=0)

HISTORIES_OF_STAKE: Final = (
    ACTIVE_STAKE,
    NETWORK_LIMITS,
    MAX_NETWORK_LIMITS,
    TOTAL_OPERATOR_NETWORK_SHARES,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_VAULT_OPT_INS,
    OPERATOR_NETWORK_OPT_INS,
)


class SymbioticPort:
    """The market's interface (`Port`) to Symbiotic, computed from Symbiotic's own views."""

    def now(self, draft: Draft) -> int:
        """The current point, which is the timestamp in seconds."""
        return current_timestamp(draft)

    def slashable(self, draft: Draft, service: Service, operator: str, pool: str) -> Slashable:
        """The stake that a subnetwork can slash for an offence now: the operator's stake in the subnetwork; 0 without a
        slasher, a burner or a middleware.

        A slash for an offence now is possible for one epoch. The whole stake is lasting: only a call reduces it. Each
        division rounds down.
        Source: BaseDelegator.stakeAt, Vault.onSlash.
        """
        config = draft.get(VAULTS, pool)
        if (
            config.slasher == NO_SLASHER
            or config.burner == ZERO_ADDRESS
            or draft.get(MIDDLEWARES, service[0]).account == ZERO_ADDRESS
        ):
            return NOTHING
        now = current_timestamp(draft)
        amount = stake_at(draft, pool, service, operator, now)
        if amount == 0:
            return NOTHING
        return Slashable(amount=amount, until=now + config.epoch_duration_seconds, lasting=amount)

    def rows_of_stake(self, service: Service, operator: str, pool: str) -> tuple[RowKey, ...]:
        """The keys of the base rows on which an operator's lasting stake depends: those of the vault's active stake, of
        all limits and shares, of both opt-ins, and of the network's middleware.
        """
        return (
            (MIDDLEWARES.name, service[0]),
            (ACTIVE_STAKE.heads.name, pool),
            (NETWORK_LIMITS.heads.name, (pool, service)),
            (MAX_NETWORK_LIMITS.heads.name, (pool, service)),
            (TOTAL_OPERATOR_NETWORK_SHARES.heads.name, (pool, service)),
            (OPERATOR_NETWORK_SHARES.heads.name, (pool, service, operator)),
            (OPERATOR_NETWORK_LIMITS.heads.name, (pool, service, operator)),
            (OPERATOR_VAULT_OPT_INS.heads.name, (operator, pool)),
            (OPERATOR_NETWORK_OPT_INS.heads.name, (operator, service[0])),
        )

    def group(self, operator: str, pool: str) -> Group:
        """The group that bears an operator's slashes in a vault: all holders of the vault, whatever the operator is."""
        return (ANY_OPERATOR, pool)

    def weight(self, draft: Draft, group: Group, holder: str) -> int:
        """A holder's weight in the group of a vault: its active shares. Source: Vault.activeSharesOf."""
        return ACTIVE_SHARES_OF.latest(draft, (group[1], holder))

    def rows_of_weight(self, group: Group, holder: str) -> tuple[RowKey, ...]:
        """The key of the one base row on which a holder's weight depends: that of its active shares."""
        return ((ACTIVE_SHARES_OF.heads.name, (group[1], holder)),)

    def value(self, draft: Draft, group: Group, holder: str) -> int:
        """The current value, in the vault's collateral, of a holder's active shares; 0 where the contract's view would
        revert. Rounds down.
        """
        balance = active_balance_of(draft, group[1], holder)
        return 0 if isinstance(balance, Reason) else balance

    def slashes(self, before: Draft, after: Draft, writes: list[Write]) -> tuple[Slashed, ...]:
        """The slash, at most one, in the rows that one call wrote. Its amount is the vault's loss.

        The loss may be less than the amount that the slasher recorded.
        """
        found: list[Slashed] = []
        for write in writes:
            if write.table.index != CUMULATIVE_SLASHES.heads.index:
                continue
            vault, subnetwork, operator = cast(VaultSubnetworkOperator, write.key)
            lost = _held(before, vault, writes) - _held(after, vault, writes)
            found.append(Slashed(subnetwork, operator, vault, lost))
        return tuple(found)

    def payment(self, token: str, sender: str, recipient: str, amount: int) -> object:
        """The base action by which `sender` pays `recipient` an amount of a token: Symbiotic's `TransferReward`, which
        transfers any token.
        """
        return TransferReward(sender, token, recipient, amount)

    def balance(self, draft: Draft, token: str, account: str) -> int:
        """The account's balance of the token."""
        return draft.get(TOKEN_BALANCES, (token, account)).amount

    def tables_of_stake(self) -> tuple[Table[object, object], ...]:
        """The tables that `SymbioticPort.slashable` reads."""
        histories = [part for history in HISTORIES_OF_STAKE for part in (history.heads, history.checkpoints)]
        return cast("tuple[Table[object, object], ...]", (CLOCK, VAULTS, MIDDLEWARES, *histories))

    def tables_of_slashes(self) -> tuple[Table[object, object], ...]:
        """The table of which every slash writes a row: that of the cumulative slashes of operators."""
        return cast("tuple[Table[object, object], ...]", (CUMULATIVE_SLASHES.heads,))

    def tables_of_weight(self) -> tuple[Table[object, object], ...]:
        """The table that `SymbioticPort.weight` reads: that of holders' active shares."""
        return cast("tuple[Table[object, object], ...]", (ACTIVE_SHARES_OF.heads,))


def _held(draft: Draft, vault: str, writes: list[Write]) -> int:
    """The vault's active stake, plus those of its withdrawal buckets whose rows `writes` contain."""
    buckets = [
        draft.get(WITHDRAWAL_BUCKETS, cast("tuple[str, int]", write.key)).amount
        for write in writes
        if write.table.index == WITHDRAWAL_BUCKETS.index and cast("tuple[str, int]", write.key)[0] == vault
    ]
    return ACTIVE_STAKE.latest(draft, vault) + sum(buckets)


class SymbioticCustody:
    """Custody of base positions on Symbiotic. A base position is active shares: a slash changes their value, never
    their number.
    """

    def deposits(self, draft: Draft, sender: str, account: str, pool: str, amount: int) -> tuple[object, ...]:
        """The action that deposits the sender's tokens as a base position of `account`: a `Deposit` by the sender, on
        behalf of the account.
        """
        return (Deposit(sender, pool, account, amount),)

    def delegation(self, draft: Draft, account: str, operator: str) -> tuple[object, ...]:
        """The actions that delegate the account's base positions to an operator: none, because the vault's own
        delegator gives stake to operators.
        """
        return ()

    def position(self, draft: Draft, account: str, pool: str) -> int:
        """The account's base position in a vault: the number of its active shares."""
        return ACTIVE_SHARES_OF.latest(draft, (pool, account))

    def pieces(self, draft: Draft, account: str, pool: str) -> int:
        """The number of pieces (units of withdrawal) in the account's base position: each active share is one."""
        return ACTIVE_SHARES_OF.latest(draft, (pool, account))

    def worth(self, draft: Draft, account: str, pool: str) -> int:
        """The current value of the account's base position, in the vault's collateral; 0 where the contract's view
        would revert. Rounds down.
        """
        balance = active_balance_of(draft, pool, account)
        return 0 if isinstance(balance, Reason) else balance

    def withdrawal(self, account: str, pool: str, pieces: int, holder: str) -> object:
        """The action that queues `pieces` active shares for withdrawal: a `Redeem` of the account with `holder` as
        claimer.

        The holder then claims from the vault itself.
        """
        return Redeem(account, pool, holder, pieces)

    def number(self, draft: Draft, account: str) -> int | None:
        """The number of the account's last withdrawal: None, because the vault records withdrawals under the
        claimer.
        """
        return None

    def settlement(self, draft: Draft, account: str, pool: str, number: int, in_tokens: bool) -> object | None:
        """The action that completes a queued withdrawal: None, because the vault pays the claimer itself."""
        return None

    def token(self, draft: Draft, pool: str) -> str:
        """The vault's collateral."""
        return draft.get(VAULTS, pool).collateral


PORT: Final = SymbioticPort()
CUSTODY: Final = SymbioticCustody()
AUTHORITY: Final = SymbioticAuthority()
PROTOCOL: Final = market_on("market_on_symbiotic", BASE, PORT, CUSTODY, AUTHORITY, RECOURSE)
