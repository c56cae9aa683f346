"""Recourse on Symbiotic: one epoch after the capture, less the time of a veto.

A slash names its capture timestamp, and takes from the vault's stake at that time: stake that has left since is still
in the withdrawal buckets. The slashable stake for a capture is the operator's stake at the end of that second.
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
    """Recourse on Symbiotic. A slash names the capture timestamp of the offence, and takes from the stake of that
    second.
    """

    def window(self, draft: Draft, pool: str) -> int:
        """The number of seconds after a second for which its stake can still be slashed: one epoch, less the veto
        duration of a veto slasher; 0 for a vault without a slasher.
        """
        config = draft.get(VAULTS, pool)
        if config.slasher == NO_SLASHER:
            return 0
        return config.epoch_duration_seconds - _veto_seconds(draft, pool)

    def reference(self, draft: Draft) -> int:
        """The last second whose slashable stake no further call can change: the previous second.

        The current second can still change, and is no valid capture yet.
        """
        return current_timestamp(draft) - 1

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The amount that a slash with the capture timestamp `point`, executed or requested now, could take from the
        vault.

        A middleware need not be set, because the network can set one. Source: Slasher.slash, VetoSlasher.requestSlash,
        Vault.onSlash.
        """
        epoch_seconds = draft.get(VAULTS, pool).epoch_duration_seconds
        if point + epoch_seconds < current_timestamp(draft) + _veto_seconds(draft, pool):
            return 0
        booked = slashable_stake(draft, pool, service, operator, point)
        return 0 if isinstance(booked, Reason) else min(booked, _held(draft, pool, point))

    def together(self, draft: Draft, pool: str, point: int, amount: int) -> int:
        """The most that slashes of several operators can take together: `amount`, the sum of their separate slashable
        amounts.

        It is at most the vault's slashable collateral, because operators of a subnetwork may share stake.
        """
        return min(amount, _held(draft, pool, point))

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The key of the stake from which a slash takes: the vault alone, because all slashes take from the vault's
        stake.
        """
        return ((ANY_OPERATOR, 0), ANY_OPERATOR, pool)

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """The groups whose stake the writes change by a rounded amount: none, because a vault's leaving stake is
        counted exactly.
        """
        return ()

    def dust(self, roundings: int) -> int:
        """The most collateral that is lost to `roundings` rounded changes: 0, because nothing is rounded."""
        return 0

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """The recourse that subnetworks give up by the written rows: one entry for each slash.

        After a slash of an operator, its earlier captures can no longer be slashed.
        """
        found: list[Forgone] = []
        for write in writes:
            if write.table.index == LATEST_CAPTURES.index:
                vault, subnetwork, operator = cast(VaultSubnetworkOperator, write.key)
                found.append((subnetwork, operator, vault, cast(LatestCapture, write.row).timestamp))
        return tuple(found)

    def tables_of_recourse(self) -> tuple[Table[object, object], ...]:
        """The tables of the base that `window`, `left` and `together` read: of stake at captures, of slashes since
        then, and of the vault's collateral.
        """
        parts = [part for history in HISTORIES for part in (history.heads, history.checkpoints)]
        return cast("tuple[Table[object, object], ...]", (CLOCK, VAULTS, LATEST_CAPTURES, WITHDRAWAL_BUCKETS, *parts))


def _veto_seconds(draft: Draft, vault: str) -> int:
    """The seconds for which a slash waits for a veto; 0 without a veto slasher."""
    config = draft.get(VAULTS, vault)
    return config.veto_duration_seconds if config.slasher == VETO_SLASHER else 0


def _held(draft: Draft, vault: str, capture_timestamp: int) -> int:
    """The vault's collateral that a slash with this capture timestamp could take. Source: Vault.onSlash."""
    config = draft.get(VAULTS, vault)
    epoch = epoch_at(config, current_timestamp(draft))
    held = ACTIVE_STAKE.latest(draft, vault) + draft.get(WITHDRAWAL_BUCKETS, (vault, epoch + 1)).amount
    if epoch_at(config, capture_timestamp) == epoch:
        return held
    return held + draft.get(WITHDRAWAL_BUCKETS, (vault, epoch)).amount


RECOURSE: Final = SymbioticRecourse()
