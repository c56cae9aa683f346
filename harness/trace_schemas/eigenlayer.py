"""The JSON Schema of EigenLayer's traces."""

from typing import Final

from harness.trace_schemas import Schema, amount, calls, names, record, said, schema_of, step
from spec.codec import Flag, Format, Number
from spec.eigenlayer.codec import (
    ACTION_FORMATS,
    CONSTANTS,
    DELAYS,
    ERRORS,
    FORMAT_VERSION,
    MINE,
    NEVER,
    RESOLUTION_DELAY,
    Expiry,
    Signer,
)
from spec.eigenlayer.config import BURN_ADDRESS, ZERO_ADDRESS
from spec.eigenlayer.observation import POST, RESOLUTION_BLOCKS, OperatorSetName
from spec.eigenlayer.presets import RELEASES, UNNAMED

OPERATOR_SET: Final[Schema] = {
    "type": "string",
    "pattern": "^[^/]*/(0|[1-9][0-9]*)$",
    "description": "an operator set, avs/id",
}
OTHERS: Final[dict[type[Format], Schema]] = {
    OperatorSetName: OPERATOR_SET,
    Expiry: {"enum": ["0", str(NEVER)], "description": "0: has expired, 2^256 - 1: never"},
    Signer: {"type": "boolean", "description": "true: a valid signature"},
}
BLOCK: Final = schema_of(Number(32), OTHERS)
FLAG: Final = schema_of(Flag(), OTHERS)
TEXT: Final[Schema] = {"type": "string"}
AMOUNTS: Final[Schema] = {"type": "object", "additionalProperties": amount()}


CALLS: Final = calls("mine", schema_of(MINE, OTHERS), ACTION_FORMATS, {"type": "null"}, OTHERS)

STEP: Final = step(
    {
        "block": said(BLOCK, "the block in which the step executes"),
        "same_block": said(FLAG, "true: in the block of the step before; false: in a new one"),
        "ok": said(FLAG, "the call is accepted"),
        "error": {"type": ["string", "null"], "description": "the contract's error, if it is not"},
        "post": schema_of(POST, OTHERS),
    },
    CALLS,
    sorted(ERRORS),
    "mine",
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
    },
    optional=("cumulative_scaled_shares",),
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
"""The fields that a file has by its release alone."""

FIELDS: Final = record(
    {
        "protocol": {"const": "eigenlayer"},
        "format_version": {"const": FORMAT_VERSION},
        "release": {"enum": [*RELEASES], "description": f"the release of the contracts; {UNNAMED.name} if left out"},
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
                **{name: {"const": value, "description": "the code's constant"} for name, value in CONSTANTS.items()},
            },
            optional=(RESOLUTION_DELAY,),
        ),
        "genesis": GENESIS,
        "initial_state": {**schema_of(POST, OTHERS), "description": "the whole state before the first step, as `post`"},
        "steps": {"type": "array", "items": STEP, "minItems": 1, "description": "each call, in order"},
        "final_histories": {"type": "object", "description": "the histories after the last step"},
        "seed": {"description": "for whoever recorded it: not read"},
        "profile": {"description": "for whoever recorded it: not read"},
    },
    optional=("release", "seed", "profile"),
)
SCHEMA: Final[Schema] = {**FIELDS, **BY_RELEASE}
