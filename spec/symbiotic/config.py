"""A vault's configuration, fixed at its creation: its collateral, epochs, delegator and slasher."""

from typing import Final

import attr

ZERO_ADDRESS: Final = "zero"
"""The zero address: no middleware or no resolver. As a burner, it makes every slash that moves tokens revert."""

COLLATERAL: Final = "collateral"
"""The name of the token that is a vault's collateral if its configuration names no other."""

NETWORK_RESTAKE: Final = "network_restake"
"""Delegator type 0: networks restake the same stake; the operators of one network divide it by shares."""

FULL_RESTAKE: Final = "full_restake"
"""Delegator type 1: networks and operators restake the same stake, each operator up to its own limit."""

OPERATOR_SPECIFIC: Final = "operator_specific"
"""Delegator type 2: networks restake the stake of one operator."""

OPERATOR_NETWORK_SPECIFIC: Final = "operator_network_specific"
"""Delegator type 3: one operator secures one network."""

DELEGATORS: Final = (NETWORK_RESTAKE, FULL_RESTAKE, OPERATOR_SPECIFIC, OPERATOR_NETWORK_SPECIFIC)

INSTANT_SLASHER: Final = "instant"
"""Slasher type 0: a slash is executed immediately."""

VETO_SLASHER: Final = "veto"
"""Slasher type 1: a slash is requested, a resolver may veto it for some time, and then it can be executed."""

NO_SLASHER: Final = "none"
"""No slasher, permanently: nothing in the vault can be slashed."""

SLASHERS: Final = (INSTANT_SLASHER, VETO_SLASHER, NO_SLASHER)

MIN_RESOLVER_SET_EPOCHS_DELAY: Final = 3
"""The minimum delay, in epochs, that a vault may set for a change of resolver. Source: VetoSlasher."""


OPERATOR_REWARDS: Final = "operatorRewards"
"""The account of DefaultOperatorRewards, the only contract that pays operators."""

ZERO_ROOT: Final = "zero root"
"""The root 0: no root is set. No proof hashes to it, so it also stands for the unknown root of an invalid proof."""

ADMIN_FEE_BASE_BIPS: Final = 10_000
"""An admin fee of one hundred percent. Source: DefaultStakerRewards.ADMIN_FEE_BASE."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class VaultConfig:
    """The configuration of one vault, its delegator and its slasher, as created.

    Epoch `n` begins `n * epoch_duration_seconds` after `epoch_duration_init_timestamp`; the duration is positive.
    `delegator_operator` and `delegator_network` are those of a specific delegator, else ZERO_ADDRESS. A veto slasher
    alone uses the veto duration and the resolver's delay; the veto duration is shorter than an epoch. `admin` holds
    every role of the vault and of its delegator.
    """

    collateral: Final[str]
    burner: Final[str]
    epoch_duration_init_timestamp: Final[int]
    epoch_duration_seconds: Final[int]
    delegator: Final[str]
    delegator_operator: Final[str]
    delegator_network: Final[str]
    slasher: Final[str]
    veto_duration_seconds: Final[int]
    resolver_set_epochs_delay: Final[int]
    admin: Final[str]

    def __init__(
        self,
        collateral: str = COLLATERAL,
        burner: str = ZERO_ADDRESS,
        epoch_duration_init_timestamp: int = 0,
        epoch_duration_seconds: int = 604_800,
        delegator: str = NETWORK_RESTAKE,
        delegator_operator: str = ZERO_ADDRESS,
        delegator_network: str = ZERO_ADDRESS,
        slasher: str = NO_SLASHER,
        veto_duration_seconds: int = 0,
        resolver_set_epochs_delay: int = MIN_RESOLVER_SET_EPOCHS_DELAY,
        admin: str = ZERO_ADDRESS,
    ) -> None:
        self.collateral = collateral
        self.burner = burner
        self.epoch_duration_init_timestamp = epoch_duration_init_timestamp
        self.epoch_duration_seconds = epoch_duration_seconds
        self.delegator = delegator
        self.delegator_operator = delegator_operator
        self.delegator_network = delegator_network
        self.slasher = slasher
        self.veto_duration_seconds = veto_duration_seconds
        self.resolver_set_epochs_delay = resolver_set_epochs_delay
        self.admin = admin
