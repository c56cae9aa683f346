"""Symbiotic's bounded model: one vault that two networks share, and one vault with a veto slasher."""

from typing import Final

from invariants.choices import Choices
from invariants.exploring import BoundedModel
from invariants.symbiotic.laws import CATALOGUE
from invariants.symbiotic.rewards_walk import contract_of
from invariants.symbiotic.world import TREES, rewarded
from invariants.symbiotic.world import VAULT as WALKED_VAULT
from invariants.walker import Walk
from spec.codec import Json
from spec.machine import Draft
from spec.symbiotic import PROTOCOL
from spec.symbiotic.actions import (
    Action,
    AdvanceTime,
    Claim,
    ClaimOperatorRewards,
    ClaimStakerRewards,
    Deposit,
    DistributeOperatorRewards,
    DistributeStakerRewards,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    OptOutVault,
    Redeem,
    RequestSlash,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    SetResolver,
    Slash,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.staker_rewards import NO_HINT

START: Final = 1_000
EPOCH_SECONDS: Final = 4
STAKERS: Final = ("staker0", "staker1")
NETWORKS: Final = ("network0", "network1")
MIDDLEWARES: Final = {"network0": "middleware0", "network1": "middleware1"}
SHARED: Final = "vault0"
VETOED: Final = "vault1"
VAULT_NAMES: Final = (SHARED, VETOED)


VAULT: Final[dict[str, Json]] = {**WALKED_VAULT, "epochDuration": EPOCH_SECONDS, "epochDurationInit": START}
_BARE: Final[dict[str, Json]] = {
    "protocol": "symbiotic",
    "source": {"made_by": "restaking-spec"},
    "config": {
        "name": "smallest world",
        "seed": None,
        "stakers": [*STAKERS],
        "holders": [*STAKERS],
        "operators": ["operator0"],
        "networks": [*NETWORKS],
        "subnetworks": ["network0/sub0", "network1/sub0"],
        "stakerBalance": "10",
        "preRegistered": {"operators": ["operator0"], "networks": [*NETWORKS]},
        "genesisTimestamp": START,
        "vaults": {
            SHARED: {**VAULT, "delegator": "full_restake", "slasher": "instant"},
            VETOED: {
                **VAULT,
                "delegator": "network_restake",
                "slasher": "veto",
                "vetoDuration": 2,
                "resolverSetEpochsDelay": 3,
            },
        },
    },
}
WORLD: Final = rewarded(_BARE)
"""The world: two vaults with epochs of four seconds and rewards contracts, one operator and two networks, all
registered, and two stakers with 10 tokens each.
"""


def opening() -> list[Action]:
    """The opening calls of the model: both networks may slash all of each vault's stake; each staker deposits three in
    the shared vault.

    The first staker also deposits three in the vault with a veto slasher.
    """
    actions: list[Action] = []
    for network in NETWORKS:
        actions += [SetMiddleware(network, MIDDLEWARES[network]), OptInNetwork("operator0", network)]
    for vault in VAULT_NAMES:
        actions.append(OptInVault("operator0", vault))
        for network in NETWORKS:
            actions.append(SetMaxNetworkLimit(network, vault, 0, 10))
            actions.append(SetNetworkLimit("admin0", vault, (network, 0), 10))
    for network in NETWORKS:
        actions.append(SetOperatorNetworkLimit("admin0", SHARED, (network, 0), "operator0", 10))
        actions.append(SetOperatorNetworkShares("admin0", VETOED, (network, 0), "operator0", 1))
    return [
        *actions,
        SetResolver("network0", VETOED, 0, "resolver0"),
        Deposit("staker0", SHARED, "staker0", 3),
        Deposit("staker1", SHARED, "staker1", 3),
        Deposit("staker0", VETOED, "staker0", 3),
        AdvanceTime(1),
    ]


def _slash(network: str, amount: int, capture_timestamp: int) -> Action:
    return Slash(MIDDLEWARES[network], SHARED, (network, 0), "operator0", amount, capture_timestamp)


TOKEN: Final = "reward0"
CALLS: Final[list[Action]] = [
    AdvanceTime(1),
    AdvanceTime(EPOCH_SECONDS),
    Deposit("staker0", SHARED, "staker0", 2),
    Redeem("staker0", SHARED, "staker0", 3),
    Withdraw("staker1", SHARED, "staker1", 1),
    Claim("staker0", SHARED, "staker0", 1),
    Claim("staker1", SHARED, "staker1", 1),
    _slash("network0", 2, START),
    _slash("network1", 10, START),
    _slash("network0", 10, START + EPOCH_SECONDS),
    SetNetworkLimit("admin0", SHARED, ("network0", 0), 1),
    OptOutVault("operator0", SHARED),
    SetOperatorNetworkShares("admin0", VETOED, ("network0", 0), "operator0", 0),
    Redeem("staker0", VETOED, "staker0", 2),
    Claim("staker0", VETOED, "staker0", 1),
    RequestSlash("middleware0", VETOED, ("network0", 0), "operator0", 2, START),
    VetoSlash("resolver0", VETOED, 0),
    ExecuteSlash("middleware0", VETOED, 0),
    DistributeStakerRewards("middleware0", contract_of(SHARED), "network0", TOKEN, 7, START, 10_000, NO_HINT, NO_HINT),
    ClaimStakerRewards("staker0", contract_of(SHARED), "staker0", TOKEN, "network0", 2, ()),
    DistributeOperatorRewards("middleware0", "network0", TOKEN, 3, TREES[0]),
    ClaimOperatorRewards("operator0", "operator0", "network0", TOKEN, 2, TREES[0]),
]
"""The calls of the model: one or two of every kind that moves stake, and one of most kinds for rewards."""


def next_action(choices: Choices, _draft: Draft) -> Action:
    """One of the model's calls, drawn at random."""
    return choices.pick(CALLS)


BOUNDED_MODEL: Final = BoundedModel(Walk(PROTOCOL, CATALOGUE, WORLD, opening, next_action), CALLS)
