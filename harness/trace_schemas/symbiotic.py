"""The JSON Schema of Symbiotic's traces.

The fields of states and vaults depend on the file's declarations, which a schema cannot express; the reader checks
them.
"""

from typing import Final

from harness.trace_schemas import Schema, amount, calls, names, record, said, schema_of, step
from spec.codec import Flag, Format, Number
from spec.symbiotic.config import DELEGATORS, OPERATOR_NETWORK_SPECIFIC, OPERATOR_SPECIFIC, SLASHERS, VETO_SLASHER
from spec.symbiotic.formats import ACTION_FORMATS, ADVANCE_TIME
from spec.symbiotic.observation import SubnetworkName
from spec.symbiotic.reasons import Reason
from spec.symbiotic.rewards_codec import EXTENSION, ContractOf, Hint, OrNull

SUBNETWORK: Final[Schema] = {
    "type": "string",
    "pattern": "^.*/sub(0|[1-9][0-9]*)$",
    "description": "a subnetwork, network/subIdentifier",
}
HINT: Final[Schema] = {
    "oneOf": [{"type": "null"}, {"type": "integer", "minimum": 0}, {"const": "short"}],
    "description": "null, the place of a checkpoint, or `short` for bytes that hold none",
}
OTHERS: Final[dict[type[Format], Schema]] = {
    SubnetworkName: SUBNETWORK,
    ContractOf: {"type": "string", "description": "the name of a vault, whose rewards contract is meant"},
    Hint: HINT,
    OrNull: {"description": "of a recording: not needed"},
}
TIMESTAMP: Final = schema_of(Number(48), OTHERS)
FLAG: Final = schema_of(Flag(), OTHERS)
UNREAD: Final[Schema] = {"description": "for whoever recorded it: not read"}
NOTHING: Final = record({})

POST: Final[Schema] = {
    "type": "object",
    "required": ["timestamp", "balances", "registry", "optInNetwork", "vaults"],
    "description": "the whole state; its rows are those of what config declares",
}


CALLS: Final = calls(ADVANCE_TIME, NOTHING, ACTION_FORMATS, NOTHING, OTHERS)

STEP: Final = step(
    {
        "i": {"type": "integer", "minimum": 0, "description": "the step's position, from 0"},
        "timestamp": said(TIMESTAMP, "the second at which the step executes"),
        "ok": said(FLAG, "the call is accepted"),
        "error": {"type": ["string", "null"], "description": "the contract's error, if it is not"},
        "post": POST,
        "note": {"type": "string", "description": "for whoever reads it"},
    },
    CALLS,
    sorted([reason.value for reason in Reason]),
    (ADVANCE_TIME,),
)

ROLE: Final[Schema] = {"type": ["string", "null"]}
VAULT: Final[Schema] = record(
    {
        "delegator": {"enum": list(DELEGATORS), "description": "the type of its delegator"},
        "slasher": {"enum": list(SLASHERS), "description": "the type of its slasher"},
        "epochDuration": said(TIMESTAMP, "seconds"),
        "epochDurationInit": said(TIMESTAMP, "the second at which its first epoch begins"),
        "burner": {"type": "string", "description": "the account that slashed collateral goes to"},
        "isBurnerHook": said(FLAG, "slashes call the burner"),
        "depositWhitelist": said(FLAG, "only accounts on a whitelist deposit"),
        "isDepositLimit": said(FLAG, "deposits are limited"),
        "depositLimit": said(amount(), "the most active stake, in wei"),
        "vetoDuration": said(TIMESTAMP, "seconds in which a request can be vetoed; of a veto slasher only"),
        "resolverSetEpochsDelay": {
            "type": "integer",
            "minimum": 3,
            "description": "epochs until a new resolver is in force; of a veto slasher only",
        },
        "delegatorOperator": {"type": "string", "description": "its only operator; of two types of delegator only"},
        "delegatorNetwork": {"type": "string", "description": "its only network; of one type of delegator only"},
        "admin": {"type": "string", "description": "the account that holds every role; admin0 if left out"},
        "collateral": {"type": "string", "description": "its token; the one of all others if left out"},
        "rewards": record(
            {
                "adminFee": said(amount(), "of 10000, at most that"),
                "defaultAdmin": ROLE,
                "adminFeeClaimer": said(ROLE, "the account that claims the fee, or null"),
                "adminFeeSetter": said(ROLE, "the account that sets the fee, or null"),
            }
        ),
    },
    optional=(
        *("vetoDuration", "resolverSetEpochsDelay", "delegatorOperator", "delegatorNetwork", "admin", "collateral"),
        "rewards",
    ),
)


def only(field: str, values: list[str], names: tuple[str, ...]) -> Schema:
    """The schema of a vault that has the fields `names` exactly if its field `field` has one of the `values`."""
    there = {"properties": {field: {"enum": values}}}
    return {"if": there, "then": {"required": list(names)}, "else": {"properties": dict.fromkeys(names, False)}}


VAULT["allOf"] = [
    only("slasher", [VETO_SLASHER], ("vetoDuration", "resolverSetEpochsDelay")),
    only("delegator", [OPERATOR_SPECIFIC, OPERATOR_NETWORK_SPECIFIC], ("delegatorOperator",)),
    only("delegator", [OPERATOR_NETWORK_SPECIFIC], ("delegatorNetwork",)),
]

CONFIG: Final = record(
    {
        "name": {"type": "string", "description": "what the trace is called"},
        "seed": UNREAD,
        "stakers": names("accounts that own collateral and have approved every vault"),
        "holders": names("accounts whose shares are observed"),
        "operators": names("accounts that are, or become, operators"),
        "networks": names("accounts that are, or become, networks"),
        "subnetworks": {"type": "array", "items": SUBNETWORK, "description": "subnetworks that are observed"},
        "stakerBalance": said(amount(), "wei of each collateral that each staker owns"),
        "preRegistered": record(
            {"operators": names("registered from the start"), "networks": names("registered from the start")}
        ),
        "genesisTimestamp": said(TIMESTAMP, "the second before the first step"),
        "vaults": {
            "type": "object",
            "additionalProperties": VAULT,
            "description": "each vault by its name, as created",
        },
        "valueScale": UNREAD,
        "directedSteps": UNREAD,
        "noAllowance": {
            "type": "object",
            "additionalProperties": names("vaults"),
            "description": "vaults that a staker has not approved, by staker",
        },
        "rewardTokens": names("tokens that rewards are paid in; with rewards only"),
        "rewardBalances": {
            "type": "object",
            "additionalProperties": amount(),
            "description": "what each of two middlewares owns, by reward token; with rewards only",
        },
    },
    optional=("valueScale", "directedSteps", "noAllowance", "rewardTokens", "rewardBalances"),
)

TREE: Final = record(
    {
        "root": {"type": "string", "description": "for whoever recorded it"},
        "rows": {
            "type": "array",
            "items": record({"account": {"type": "string"}, "totalClaimable": amount()}),
            "description": "its leaves",
        },
    }
)

SCHEMA: Final = record(
    {
        "protocol": {"const": "symbiotic"},
        "extension": {"const": EXTENSION, "description": "there are rewards"},
        "source": UNREAD,
        "config": CONFIG,
        "trees": {
            "type": "object",
            "additionalProperties": TREE,
            "description": "the roots that networks set for operators, by name; with rewards only",
        },
        "genesis": record({"timestamp": said(TIMESTAMP, "that of config"), "post": POST}),
        "steps": {"type": "array", "items": STEP, "minItems": 1, "description": "each call, in order"},
    },
    optional=("extension", "trees"),
)
SCHEMA["if"] = {"required": ["extension"]}
SCHEMA["then"] = {
    "required": ["trees"],
    "properties": {
        "config": {
            "required": ["rewardTokens", "rewardBalances"],
            "properties": {"vaults": {"additionalProperties": {"required": ["rewards"]}}},
        }
    },
}
SCHEMA["else"] = {
    "properties": {
        "trees": False,
        "config": {
            "properties": {
                "rewardTokens": False,
                "rewardBalances": False,
                "vaults": {"additionalProperties": {"properties": {"rewards": False}}},
            }
        },
    }
}
