"""The JSON Schema of EigenLayer's traces."""

from typing import Final

from harness.trace_schemas import Schema, amount, calls, names, record, said, schema_of, step
from spec.codec import Flag, Format, Number
from spec.eigenlayer.codec import ERRORS
from spec.eigenlayer.config import BEACON_CHAIN_ETH, BURN_ADDRESS, ZERO_ADDRESS
from spec.eigenlayer.formats import ACTION_FORMATS, FACT_FORMATS, MINE, NEVER, Expiry, Signer, Wei
from spec.eigenlayer.observation import POST, RESOLUTION_BLOCKS, OperatorSetName
from spec.eigenlayer.presets import RELEASES, UNNAMED
from spec.eigenlayer.rewards_codec import LENGTHS, REWARDS_CONSTANTS
from spec.eigenlayer.rewards_config import KINDS, ONE_HUNDRED_IN_BIPS, PROOF_OF_NO_ROOT, PROOFS
from spec.eigenlayer.rewards_formats import REWARDS_POST, AmountOrNull, Kind, Proof, TextOrNull
from spec.eigenlayer.trace_head import CONSTANTS, DELAYS, EXTENSION, FORMAT_VERSION, NATIVE_CONSTANTS, RESOLUTION_DELAY

OPERATOR_SET: Final[Schema] = {
    "type": "string",
    "pattern": "^[^/]*/(0|[1-9][0-9]*)$",
    "description": "an operator set, avs/id",
}
OTHERS: Final[dict[type[Format], Schema]] = {
    OperatorSetName: OPERATOR_SET,
    Expiry: {"enum": ["0", str(NEVER)], "description": "0: has expired, 2^256 - 1: never"},
    Signer: {"type": "boolean", "description": "true: a valid signature"},
    Wei: {**amount(), "description": "wei, a multiple of a gwei"},
    Proof: {
        "enum": [*[proof for proof in PROOFS if proof != PROOF_OF_NO_ROOT], None],
        "description": "what the contract finds; null: no such root",
    },
    Kind: {"enum": [*KINDS], "description": "a kind of submission"},
    TextOrNull: {"type": ["string", "null"], "description": "any text in one line, or null"},
    AmountOrNull: {**amount(), "type": ["string", "null"]},
}
BLOCK: Final = schema_of(Number(32), OTHERS)
FLAG: Final = schema_of(Flag(), OTHERS)
TEXT: Final[Schema] = {"type": "string"}
AMOUNTS: Final[Schema] = {"type": "object", "additionalProperties": amount()}


SECONDS: Final = schema_of(Number(32), OTHERS)
STATE: Final = schema_of(POST, OTHERS)
STATE["properties"]["rewards"] = said(
    schema_of(REWARDS_POST, OTHERS), "the RewardsCoordinator, where genesis has it: every row, and every view"
)

CALLS: Final = calls("mine", schema_of(MINE, OTHERS), {**FACT_FORMATS, **ACTION_FORMATS}, {"type": "null"}, OTHERS)

STEP: Final = step(
    {
        "block": said(BLOCK, "the block in which the step executes"),
        "same_block": said(FLAG, "true: in the block of the step before; false: in a new one"),
        "ok": said(FLAG, "the call is accepted"),
        "error": {"type": ["string", "null"], "description": "the contract's error, if it is not"},
        "post": STATE,
    },
    CALLS,
    sorted(ERRORS),
    ("mine", *FACT_FORMATS),
)

STRATEGY: Final = record(
    {
        "underlying_token": {"type": "string", "description": "the token that is deposited"},
        "whitelisted": said(FLAG, "deposits are allowed"),
        "total_shares": said(amount(), "shares that it has issued; nobody but the burn address has a claim on them"),
        "legacy_burnable_shares": said(amount(), "shares owed to the burn address from before slashes had ids"),
    },
    optional=("total_shares", "legacy_burnable_shares"),
)

REWARDS_MEANING: Final = {
    "CALCULATION_INTERVAL_SECONDS": "seconds of which starts and durations are multiples; not zero",
    "MAX_REWARDS_DURATION": "seconds that a submission pays for at most",
    "MAX_RETROACTIVE_LENGTH": "seconds that a submission may begin ago",
    "MAX_FUTURE_LENGTH": "seconds that a submission may begin ahead",
    "GENESIS_REWARDS_TIMESTAMP": "the first timestamp of which rewards are paid",
}

REWARDS: Final = record(
    {
        "timestamp": said(SECONDS, "the timestamp before the first step"),
        "config": record(
            {
                **{name: said(SECONDS, REWARDS_MEANING[name]) for name in LENGTHS},
                **{name: {"const": value, "description": "a constant"} for name, value in REWARDS_CONSTANTS.items()},
            }
        ),
        "owner": {**TEXT, "description": "the owner of the RewardsCoordinator"},
        "emissions_controller": {**TEXT, "description": "the account that pays for others"},
        "beacon_chain_eth_strategy": {
            "type": ["string", "null"],
            "description": "the strategy that needs no listing, or null",
        },
        "rewards_updater": {**TEXT, "description": "the account that publishes roots"},
        "fee_recipient": {**TEXT, "description": "the account that gets protocol fees"},
        "activation_delay": said(SECONDS, "seconds that roots and splits wait"),
        "default_operator_split_bips": {
            "type": "integer",
            "minimum": 0,
            "maximum": ONE_HUNDRED_IN_BIPS,
            "description": "the split of operators that set none, in hundredths of a percent",
        },
        "infinite_allowance_to_rewards_coordinator": names("accounts that approved the coordinator; others did not"),
        "address_order": names("accounts in the order of their addresses; those left out follow as declared"),
        "trees": names("Merkle trees, whose roots may be published"),
    }
)

GENESIS: Final = record(
    {
        "block": said(BLOCK, "the block before the first step"),
        "stakers": names("accounts that stake"),
        "operators": names("accounts that are, or become, operators"),
        "avss": names("accounts that are AVSs"),
        "others": names("accounts of any other kind"),
        "burn_address_name": {"const": BURN_ADDRESS, "description": "the name of the burn address"},
        "zero_address_name": {"const": ZERO_ADDRESS, "description": "the name of address zero"},
        "tokens": names("ERC-20 tokens"),
        "strategies": {"type": "object", "additionalProperties": STRATEGY, "description": "each strategy by its name"},
        "beacon_chain_eth_strategy": {"const": BEACON_CHAIN_ETH, "description": "the strategy of native ETH"},
        "strategy_address_order": names("the strategies in the order of their addresses"),
        "operator_set_universe": {
            "type": "array",
            "items": OPERATOR_SET,
            "description": "operator sets that the recorder watched",
        },
        "token_balances": {
            "type": "object",
            "additionalProperties": AMOUNTS,
            "description": "wei, by token, then by account",
        },
        "infinite_allowance_to_strategy_manager": names("accounts that approved the StrategyManager; others did not"),
        "avs_registrar_accepts_everything": names("AVSs with a registrar; it refuses nobody"),
        "whitelister": {"type": "string", "description": "the account that whitelists strategies"},
        "cumulative_scaled_shares": {
            "type": "object",
            "additionalProperties": AMOUNTS,
            "description": "scaled shares queued and completed before, by operator, then by strategy",
        },
        "rewards": {**REWARDS, "description": "the RewardsCoordinator; without it no call of a trace is about rewards"},
    },
    optional=("beacon_chain_eth_strategy", "cumulative_scaled_shares", "rewards"),
)

MEANING: Final = {
    "MIN_WITHDRAWAL_DELAY_BLOCKS": "blocks from queueing a withdrawal to completing it",
    "DEALLOCATION_DELAY": "blocks until a deallocation takes effect",
    "ALLOCATION_CONFIGURATION_DELAY": "blocks until an allocation delay takes effect",
    "SLASHER_CONFIGURATION_DELAY": "blocks until a new slasher takes effect",
}

WITH_DELAY: Final = [name for name, release in RELEASES.items() if release.delays_slashes]
BY_RELEASE: Final[Schema] = {
    "if": {"properties": {"release": {"enum": WITH_DELAY}}, "required": ["release"]},
    "then": {
        "properties": {
            "config": {"required": [RESOLUTION_DELAY]},
            "initial_state": {"required": [RESOLUTION_BLOCKS]},
            "steps": {"items": {"properties": {"post": {"required": [RESOLUTION_BLOCKS]}}}},
        }
    },
    "else": {
        "properties": {
            "config": {"properties": {RESOLUTION_DELAY: False}},
            "initial_state": {"properties": {RESOLUTION_BLOCKS: False}},
            "steps": {"items": {"properties": {"post": {"properties": {RESOLUTION_BLOCKS: False}}}}},
        }
    },
}
"""The fields that a trace file has depending on its release."""

FIELDS: Final = record(
    {
        "protocol": {"const": "eigenlayer"},
        "format_version": {"const": FORMAT_VERSION},
        "release": {"enum": [*RELEASES], "description": f"the release of the contracts; {UNNAMED.name} if left out"},
        "extension": {"const": EXTENSION, "description": "native ETH: the states show pods"},
        "name": {**TEXT, "description": "what the trace is called"},
        "kind": {"description": "for whoever recorded it: not read"},
        "source": {"description": "for whoever recorded it: not read"},
        "config": record(
            {
                "name": {"description": "for whoever recorded it: not read"},
                **{name: said(BLOCK, MEANING[name]) for name in DELAYS},
                RESOLUTION_DELAY: {
                    **said(BLOCK, "blocks until a slash is paid, if the release has them"),
                    "minimum": 1,
                },
                **{
                    name: {"const": value, "description": "the code's constant"}
                    for name, value in NATIVE_CONSTANTS.items()
                },
            },
            optional=(RESOLUTION_DELAY, *[name for name in NATIVE_CONSTANTS if name not in CONSTANTS]),
        ),
        "genesis": GENESIS,
        "initial_state": {**STATE, "description": "the whole state before the first step, as `post`"},
        "steps": {"type": "array", "items": STEP, "minItems": 1, "description": "each call, in order"},
        "final_histories": {"type": "object", "description": "the histories after the last step"},
        "seed": {"description": "for whoever recorded it: not read"},
        "profile": {"description": "for whoever recorded it: not read"},
    },
    optional=("extension", "release", "seed", "profile"),
)
SCHEMA: Final[Schema] = {**FIELDS, **BY_RELEASE}
