"""The small world of Symbiotic's walks: a vault of each type of delegator, slashed at once, after a veto, or never."""

from typing import Final

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
"""The head of a trace file, as docs/traces.md describes it.

Time is young, so that the window of a slash reaches back to before time began: then the contracts' clocks underflow.
A change of the third vault's resolver would take effect in more seconds than a timestamp can count: it is refused.
"""
