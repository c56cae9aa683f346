"""The clock: the block's timestamp in seconds. Each vault counts epochs from its own creation.

Only `advance_time` advances the clock. Every other call executes at the current timestamp. Timestamps are uint48.
"""

from spec.arithmetic import div_floor
from spec.machine import SINGLETON, Delta, Draft
from spec.symbiotic.actions import AdvanceTime
from spec.symbiotic.config import VaultConfig
from spec.symbiotic.state import CLOCK, VAULTS, Clock


def current_timestamp(draft: Draft) -> int:
    """The timestamp at which this call executes."""
    return draft.get(CLOCK, SINGLETON).timestamp


def epoch_at(config: VaultConfig, timestamp: int) -> int:
    """The number, from 0, of the vault's epoch at a timestamp, which is not before the first epoch. Rounds down.

    Source: VaultStorage.epochAt.
    """
    return div_floor(timestamp - config.epoch_duration_init_timestamp, config.epoch_duration_seconds)


def current_epoch(draft: Draft, vault: str) -> int:
    """The vault's current epoch. Source: VaultStorage.currentEpoch."""
    return epoch_at(draft.get(VAULTS, vault), current_timestamp(draft))


def epoch_start_timestamp(config: VaultConfig, epoch: int) -> int:
    """The first timestamp of an epoch. Source: VaultStorage.currentEpochStart."""
    return config.epoch_duration_init_timestamp + epoch * config.epoch_duration_seconds


def advance_time(draft: Draft, action: AdvanceTime) -> Delta:
    """Advance the clock. Nothing else is written.

    Changes that become effective with time take effect when they are read.
    """
    draft.put(CLOCK, SINGLETON, Clock(current_timestamp(draft) + action.seconds))
    return draft.delta()
