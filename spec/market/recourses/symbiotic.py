"""Recourse on Symbiotic: for an epoch after the capture, less the time that a veto takes.

A slash names the second for which it is, the capture, and takes of what the vault had then: whatever has left since
is still in its buckets. What may be slashed for a capture is what its operator's stake was in the end of that second.
"""

from typing import Final, cast

from spec.machine import Draft, Table, Write
from spec.market.port import ANY_OPERATOR, Group, Service
from spec.market.recourse import Forgone
from spec.symbiotic.clock import current_timestamp, epoch_at
from spec.symbiotic.config import NO_SLASHER, VETO_SLASHER
from spec.symbiotic.reasons import Reason
from spec.symbiotic.slashing import slashable_stake
from spec.symbiotic.state import (
    ACTIVE_STAKE,
    CLOCK,
    CUMULATIVE_SLASHES,
    LATEST_CAPTURES,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_VAULT_OPT_INS,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    LatestCapture,
    VaultSubnetworkOperator,
)

HISTORIES: Final = (
    ACTIVE_STAKE,
    CUMULATIVE_SLASHES,
    NETWORK_LIMITS,
    MAX_NETWORK_LIMITS,
    TOTAL_OPERATOR_NETWORK_SHARES,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_VAULT_OPT_INS,
    OPERATOR_NETWORK_OPT_INS,
)


class SymbioticRecourse:
    """Recourse, by captures."""

    def window(self, draft: Draft, pool: str) -> int:
        """An epoch; where slashes can be vetoed, the veto ends within it. None of a vault without a slasher."""
        config = draft.get(VAULTS, pool)
        if config.slasher == NO_SLASHER:
            return 0
        return config.epoch_duration_seconds - _veto_seconds(draft, pool)

    def reference(self, draft: Draft) -> int:
        """The last second: this one can still change, and is no capture yet."""
        return current_timestamp(draft) - 1

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The amount that a slash with this capture could take of the vault, executed or requested now.

        Whoever the middleware is: the network names it. Source: Slasher.slash, VetoSlasher.requestSlash, Vault.onSlash.
        """
        epoch_seconds = draft.get(VAULTS, pool).epoch_duration_seconds
        if point + epoch_seconds < current_timestamp(draft) + _veto_seconds(draft, pool):
            return 0
        booked = slashable_stake(draft, pool, service, operator, point)
        return 0 if isinstance(booked, Reason) else min(booked, _held(draft, pool, point))

    def together(self, draft: Draft, pool: str, point: int, amount: int) -> int:
        """No more than the vault has: operators of a subnetwork may have the same stake."""
        return min(amount, _held(draft, pool, point))

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The vault, whoever slashes whom."""
        return ((ANY_OPERATOR, 0), ANY_OPERATOR, pool)

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """None: what leaves is counted to the unit."""
        return ()

    def dust(self, roundings: int) -> int:
        """None."""
        return 0

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """A slash with a later capture: no earlier one of that operator can be slashed any more."""
        found: list[Forgone] = []
        for write in writes:
            if write.table.index == LATEST_CAPTURES.index:
                vault, subnetwork, operator = cast(VaultSubnetworkOperator, write.key)
                found.append((subnetwork, operator, vault, cast(LatestCapture, write.row).timestamp))
        return tuple(found)

    def tables_of_recourse(self) -> tuple[Table[object, object], ...]:
        """The tables of stake at captures, of what was slashed since, and of what the vault has."""
        parts = [part for history in HISTORIES for part in (history.heads, history.checkpoints)]
        return cast("tuple[Table[object, object], ...]", (CLOCK, VAULTS, LATEST_CAPTURES, WITHDRAWAL_BUCKETS, *parts))


def _veto_seconds(draft: Draft, vault: str) -> int:
    """The seconds that a slash has to wait for a veto."""
    config = draft.get(VAULTS, vault)
    return config.veto_duration_seconds if config.slasher == VETO_SLASHER else 0


def _held(draft: Draft, vault: str, capture_timestamp: int) -> int:
    """All that a slash with this capture could take of the vault. Source: Vault.onSlash."""
    config = draft.get(VAULTS, vault)
    epoch = epoch_at(config, current_timestamp(draft))
    held = ACTIVE_STAKE.latest(draft, vault) + draft.get(WITHDRAWAL_BUCKETS, (vault, epoch + 1)).amount
    if epoch_at(config, capture_timestamp) == epoch:
        return held
    return held + draft.get(WITHDRAWAL_BUCKETS, (vault, epoch)).amount


RECOURSE: Final = SymbioticRecourse()
