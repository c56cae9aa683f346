"""The worlds of Symbiotic's walks: vaults with each type of delegator, with an instant, a veto or no slasher."""

from collections.abc import Mapping
from typing import Final, cast

from invariants.choices import Choices, Seeded
from spec.codec import Json

VAULT: Final[dict[str, Json]] = {
    "epochDuration": 20,
    "epochDurationInit": 5,
    "burner": "burner0",
    "isBurnerHook": False,
    "depositWhitelist": False,
    "isDepositLimit": False,
    "depositLimit": "0",
}

WORLD: Final[dict[str, Json]] = {
    "protocol": "symbiotic",
    "source": {"made_by": "restaking-spec"},
    "config": {
        "name": "small world",
        "seed": None,
        "stakers": ["staker0", "staker1", "staker2"],
        "holders": ["staker0", "staker1", "staker2"],
        "operators": ["operator0", "operator1"],
        "networks": ["network0", "network1"],
        "subnetworks": ["network0/sub0", "network0/sub1", "network1/sub0"],
        "stakerBalance": str(10**24),
        "preRegistered": {"operators": ["operator0", "operator1"], "networks": ["network0", "network1"]},
        "genesisTimestamp": 10,
        "vaults": {
            "vault0": {**VAULT, "delegator": "network_restake", "slasher": "instant"},
            "vault1": {
                **VAULT,
                "delegator": "full_restake",
                "slasher": "veto",
                "vetoDuration": 5,
                "resolverSetEpochsDelay": 3,
            },
            "vault2": {
                **VAULT,
                "delegator": "operator_specific",
                "delegatorOperator": "operator0",
                "slasher": "veto",
                "vetoDuration": 19,
                "resolverSetEpochsDelay": 2**45,
            },
            "vault3": {
                **VAULT,
                "epochDuration": 7,
                "delegator": "operator_network_specific",
                "delegatorOperator": "operator0",
                "delegatorNetwork": "network0",
                "slasher": "instant",
            },
            "vault4": {**VAULT, "delegator": "full_restake", "slasher": "none"},
        },
    },
}
"""The ordinary world: the head of a trace file, as docs/traces.md describes it.

Timestamps are small, so that the window of a slash reaches back before 0, where the contracts' arithmetic underflows. A
change of the third vault's resolver would take effect at a timestamp beyond uint48, so it is rejected.
"""

TREES: Final = ("tree0", "tree1", "tree2")
REWARD_TOKENS: Final = ("reward0", "collateral")


def rewarded(world: Mapping[str, Json], choices: Choices | None = None) -> dict[str, Json]:
    """A copy of a world with a staker rewards contract for each vault. Fees and roles are drawn from `choices`, if
    given.

    No Merkle tree is built: a root is a name, and each claim itself says which amount the tree has for its claimer.
    """
    config = cast("dict[str, Json]", world["config"])
    vaults: dict[str, Json] = {}
    for vault, made in cast("dict[str, dict[str, Json]]", config["vaults"]).items():
        fee_bips = 1000 if choices is None else choices.pick((1000, 0, 1, 3333, 9999, 10_000))
        roles = "admin0" if choices is None else choices.pick(("admin0", "outsider0", None))
        vaults[vault] = {
            **made,
            "rewards": {
                "adminFee": str(fee_bips),
                "defaultAdmin": "admin0",
                "adminFeeClaimer": roles,
                "adminFeeSetter": roles,
            },
        }
    return {
        **world,
        "extension": "rewards-1",
        "trees": {tree: {"root": tree, "rows": []} for tree in TREES},
        "config": {
            **config,
            "vaults": vaults,
            "rewardTokens": [*REWARD_TOKENS],
            "rewardBalances": dict.fromkeys(REWARD_TOKENS, str(10**22)),
        },
    }


ADMINS: Final = ("admin0", "outsider0", "network1")
BURNERS: Final = ("burner0", "burner0", "outsider0", "operator1")


def drawn_world(number: int) -> dict[str, Json]:
    """A variant of the ordinary world, determined by its number.

    The variants differ in the clock, and in each vault's epochs, veto duration, burner, admin, collateral and
    allowances. Some clocks start so late that timestamps need more than 32 bits. Vaults have just been created, because
    a trace lists all epochs.
    """
    choices = Seeded(number)
    config = cast("dict[str, Json]", WORLD["config"])
    timestamp = choices.pick((10, 25, 1000, 1_700_000_000, 2**32 - 50, 2**40 + 3))
    vaults: dict[str, Json] = {}
    for vault, made in cast("dict[str, dict[str, Json]]", config["vaults"]).items():
        duration_seconds = cast(int, made["epochDuration"])
        if choices.one_in(2):
            duration_seconds += choices.pick((1, 6, 13))
        vaults[vault] = {
            **made,
            "epochDuration": duration_seconds,
            "epochDurationInit": timestamp - choices.pick((0, 5, 9)),
            "burner": choices.pick(BURNERS),
            "admin": choices.pick(ADMINS),
        }
        if "vetoDuration" in made:
            veto_seconds = choices.pick((cast(int, made["vetoDuration"]), 1, 7, duration_seconds - 1))
            vaults[vault] = {**cast("dict[str, Json]", vaults[vault]), "vetoDuration": veto_seconds}
    if choices.one_in(2):
        other = choices.pick(tuple(vaults))
        vaults[other] = {**cast("dict[str, Json]", vaults[other]), "collateral": "other collateral"}
    stakers = cast("list[str]", config["stakers"])
    without: dict[str, Json] = {}
    for staker in stakers:
        refused: list[Json] = [vault for vault in vaults if choices.one_in(8)]
        without[staker] = refused
    return {
        **WORLD,
        "config": {
            **config,
            "name": f"drawn world {number}",
            "genesisTimestamp": timestamp,
            "vaults": vaults,
            "noAllowance": without,
        },
    }
