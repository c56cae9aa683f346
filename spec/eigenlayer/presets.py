"""Presets, as data: the parameters in which releases of the contracts differ, and the delays of known deployments."""

from collections.abc import Mapping
from typing import Final

from spec.eigenlayer.config import Config


class Release:
    """One release of the contracts: its name, and its values of the parameters in which releases differ, see `Config`.

    `slash_resolution_delay_blocks` is the contract's constant, or zero if the release has none. A test world may have a
    shorter delay, but has one exactly if its release does. `source` names the repository and commit.
    """

    def __init__(
        self, name: str, slash_resolution_delay_blocks: int, queue_counts_whole_shares: bool, source: str
    ) -> None:
        self.name: Final = name
        self.slash_resolution_delay_blocks: Final = slash_resolution_delay_blocks
        self.queue_counts_whole_shares: Final = queue_counts_whole_shares
        self.source: Final = source

    @property
    def delays_slashes(self) -> bool:
        """True if the release pays slashed shares only after a delay."""
        return self.slash_resolution_delay_blocks > 0


V1_12_0: Final = Release(
    "v1.12.0",
    slash_resolution_delay_blocks=0,
    queue_counts_whole_shares=False,
    source="Layr-Labs/eigenlayer-contracts, tag v1.12.0 = commit f84a515 in src/contracts",
)
V1_13_1: Final = Release(
    "v1.13.1",
    slash_resolution_delay_blocks=50_400,
    queue_counts_whole_shares=True,
    source="v1.12.0 with StrategyManager of commit 29c4632 (v1.13.0, ELIP-016) and the change that ELIP-019 prints",
)
RELEASES: Final[Mapping[str, Release]] = {release.name: release for release in (V1_12_0, V1_13_1)}
"""Every specified release, by its name in traces, oldest first."""

UNNAMED: Final = V1_12_0
"""The release of a trace that does not name its release."""

NEWEST: Final = V1_13_1


class Delays:
    """The four delays of one deployment, in blocks, and the source of these numbers."""

    def __init__(
        self,
        min_withdrawal_delay_blocks: int,
        deallocation_delay_blocks: int,
        allocation_configuration_delay_blocks: int,
        slasher_configuration_delay_blocks: int,
        source: str,
    ) -> None:
        self.min_withdrawal_delay_blocks: Final = min_withdrawal_delay_blocks
        self.deallocation_delay_blocks: Final = deallocation_delay_blocks
        self.allocation_configuration_delay_blocks: Final = allocation_configuration_delay_blocks
        self.slasher_configuration_delay_blocks: Final = slasher_configuration_delay_blocks
        self.source: Final = source

    def of(self, release: Release, strategy_whitelister: str) -> Config:
        """The configuration of a deployment of `release` with these delays."""
        return Config(
            min_withdrawal_delay_blocks=self.min_withdrawal_delay_blocks,
            deallocation_delay_blocks=self.deallocation_delay_blocks,
            allocation_configuration_delay_blocks=self.allocation_configuration_delay_blocks,
            slasher_configuration_delay_blocks=self.slasher_configuration_delay_blocks,
            strategy_whitelister=strategy_whitelister,
            slash_resolution_delay_blocks=release.slash_resolution_delay_blocks,
            queue_counts_whole_shares=release.queue_counts_whole_shares,
        )


RECORDED: Final = "the small world of recorded traces, chosen by their recorder"
DELAYS: Final[Mapping[str, Delays]] = {
    "mainnet": Delays(
        100_800,
        100_800,
        126_000,
        126_000,
        "Ethereum mainnet: 14 days, 14 days, 17.5 days, 17.5 days, at twelve seconds a block",
    ),
    "A": Delays(10, 8, 5, 5, RECORDED),
    "B": Delays(6, 9, 3, 3, RECORDED),
    "C": Delays(3, 2, 1, 1, RECORDED),
}
"""The known deployments, by name. The names A, B and C are `config.name` of recorded traces with short delays."""

MAINNET: Final = DELAYS["mainnet"].of(NEWEST, strategy_whitelister="whitelister")
"""The configuration of the newest release with the delays of Ethereum mainnet."""
