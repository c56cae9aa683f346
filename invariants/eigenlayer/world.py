"""The worlds of EigenLayer's walks: every party has tokens, two strategies are whitelisted, nobody is
registered yet.
"""

from typing import Final, cast

from invariants.choices import Seeded
from spec.arithmetic import WAD
from spec.codec import Json
from spec.eigenlayer.config import (
    BALANCE_OFFSET,
    BEACON_CHAIN_ETH,
    GWEI_TO_WEI,
    MAX_STAKER_STRATEGY_LIST_LENGTH,
    MAX_TOTAL_SHARES,
    SHARES_OFFSET,
)
from spec.eigenlayer.presets import NEWEST, UNNAMED, Release
from spec.eigenlayer.rewards_config import MAX_REWARDS_AMOUNT, ONE_HUNDRED_IN_BIPS, PROTOCOL_FEE_BIPS
from spec.eigenlayer.trace_head import EXTENSION, RESOLUTION_DELAY

TOKENS: Final[dict[str, Json]] = {
    party: str(10**24) for party in ("staker0", "staker1", "staker2", "operator0", "operator1")
}

PAYERS: Final[dict[str, Json]] = {payer: str(10**20) for payer in ("avs0", "avs1", "submitter", "controller")}
"""For each account that pays for rewards, its balance in each token."""


def rewards_world(timestamp: int, beacon_chain_eth_strategy: str | None = None) -> dict[str, Json]:
    """The genesis of the RewardsCoordinator, as JSON of a trace's head, at a timestamp. Delays are short, and all
    payers have given allowances.

    `beacon_chain_eth_strategy` is the strategy of native ETH, or None in a world without native ETH.
    """
    return {
        "timestamp": timestamp,
        "config": {
            "CALCULATION_INTERVAL_SECONDS": 100,
            "MAX_REWARDS_DURATION": 1_000,
            "MAX_RETROACTIVE_LENGTH": 2_000,
            "MAX_FUTURE_LENGTH": 300,
            "GENESIS_REWARDS_TIMESTAMP": 1_600,
            "MAX_REWARDS_AMOUNT": str(MAX_REWARDS_AMOUNT),
            "ONE_HUNDRED_IN_BIPS": ONE_HUNDRED_IN_BIPS,
            "PROTOCOL_FEE_BIPS": PROTOCOL_FEE_BIPS,
        },
        "owner": "owner",
        "emissions_controller": "controller",
        "beacon_chain_eth_strategy": beacon_chain_eth_strategy,
        "rewards_updater": "updater",
        "fee_recipient": "fees",
        "activation_delay": 40,
        "default_operator_split_bips": 1_000,
        "infinite_allowance_to_rewards_coordinator": [*PAYERS],
        "address_order": [],
        "trees": ["tree0", "tree1", "tree2", "greedy"],
    }


WORLD: Final[dict[str, Json]] = {
    "protocol": "eigenlayer",
    "format_version": 1,
    "release": NEWEST.name,
    "name": "small world",
    "kind": "walk",
    "source": {"made_by": "restaking-spec"},
    "config": {
        "name": "short delays",
        "MIN_WITHDRAWAL_DELAY_BLOCKS": 10,
        "DEALLOCATION_DELAY": 8,
        "ALLOCATION_CONFIGURATION_DELAY": 5,
        "SLASHER_CONFIGURATION_DELAY": 5,
        RESOLUTION_DELAY: 6,
        "WAD": str(WAD),
        "SHARES_OFFSET": str(SHARES_OFFSET),
        "BALANCE_OFFSET": str(BALANCE_OFFSET),
        "MAX_TOTAL_SHARES": str(MAX_TOTAL_SHARES),
        "MAX_STAKER_STRATEGY_LIST_LENGTH": MAX_STAKER_STRATEGY_LIST_LENGTH,
    },
    "genesis": {
        "block": 1000,
        "stakers": ["staker0", "staker1", "staker2"],
        "operators": ["operator0", "operator1"],
        "avss": ["avs0", "avs1", "avs2"],
        "others": [
            *("recipient", "approver0", "whitelister", "anybody"),
            *("owner", "updater", "controller", "submitter", "fees", "claimer"),
        ],
        "burn_address_name": "burn",
        "zero_address_name": "zero",
        "tokens": ["token0", "token1"],
        "strategies": {
            "strategy0": {"underlying_token": "token0", "whitelisted": True},
            "strategy1": {"underlying_token": "token1", "whitelisted": True},
        },
        "strategy_address_order": ["strategy0", "strategy1"],
        "operator_set_universe": ["avs0/1", "avs0/2", "avs1/1"],
        "token_balances": {"token0": {**TOKENS, **PAYERS}, "token1": {**TOKENS, **PAYERS}},
        "infinite_allowance_to_strategy_manager": [*TOKENS],
        "avs_registrar_accepts_everything": ["avs0", "avs1"],
        "whitelister": "whitelister",
        "rewards": rewards_world(5_037),
    },
}
"""The ordinary world: the head of a trace file, as docs/traces.md describes it."""


def in_release(world: dict[str, Json], release: Release) -> dict[str, Json]:
    """A copy of a world for another release of EigenLayer, without the configuration that the release does not have."""
    config = cast("dict[str, Json]", world["config"])
    if not release.delays_slashes:
        config = {name: value for name, value in config.items() if name != RESOLUTION_DELAY}
    changed: dict[str, Json] = {**world, "release": release.name, "config": config}
    if release is UNNAMED:
        del changed["release"]
    return changed


def with_native_eth(head: dict[str, Json]) -> dict[str, Json]:
    """A copy of a world with native ETH, whose strategy stands second in the order of addresses."""
    config, genesis = cast("dict[str, Json]", head["config"]), cast("dict[str, Json]", head["genesis"])
    first, *others = cast("list[str]", genesis["strategy_address_order"])
    return {
        **head,
        "extension": EXTENSION,
        "config": {**config, "GWEI_TO_WEI": str(GWEI_TO_WEI)},
        "genesis": {
            **genesis,
            "beacon_chain_eth_strategy": BEACON_CHAIN_ETH,
            "strategy_address_order": [first, BEACON_CHAIN_ETH, *others],
        },
    }


LEGACY: Final = {"strategy0": 10**18 + 7, "strategy1": 7}
"""For each strategy, its legacy burnable shares: slashed before slashes had ids. The strategy holds 1.5 tokens for
each.
"""

LAST_BLOCK: Final = 2**32 - 1


def world_with_a_past(name: str, block: int, delay_blocks: int, cumulative_scaled_shares: int) -> dict[str, Json]:
    """A copy of the ordinary world with another name, block and withdrawal delay, and with a past.

    The past is legacy burnable shares, and for each operator a count of scaled shares queued before.
    """
    held = {strategy: str(shares + (shares >> 1)) for strategy, shares in LEGACY.items()}
    config, genesis = cast("dict[str, Json]", WORLD["config"]), cast("dict[str, Json]", WORLD["genesis"])
    strategies = {
        strategy: {"underlying_token": token, "whitelisted": True, "legacy_burnable_shares": str(LEGACY[strategy])}
        for strategy, token in (("strategy0", "token0"), ("strategy1", "token1"))
    }
    queued = dict.fromkeys(LEGACY, str(cumulative_scaled_shares))
    return {
        **WORLD,
        "name": name,
        "config": {**config, "MIN_WITHDRAWAL_DELAY_BLOCKS": delay_blocks, RESOLUTION_DELAY: 40},
        "genesis": {
            **genesis,
            "block": block,
            "strategies": strategies,
            "token_balances": {
                "token0": {**TOKENS, **PAYERS, "strategy0": held["strategy0"]},
                "token1": {**TOKENS, **PAYERS, "strategy1": held["strategy1"]},
            },
            "cumulative_scaled_shares": {"operator0": queued, "operator1": queued},
        },
    }


STRATEGIES: Final = ("strategy0", "strategy1")
MINIMUM_PARTIES: Final = 3
"""The least number of accounts that have approved the StrategyManager in a drawn world."""


def drawn_world(number: int) -> dict[str, Json]:
    """A variant of the ordinary world, determined by its number.

    The variants differ in delays, clock, address order, whitelisting, and allowances to the StrategyManager. In some,
    one account has almost no tokens.
    """
    choices = Seeded(number)
    config, genesis = cast("dict[str, Json]", WORLD["config"]), cast("dict[str, Json]", WORLD["genesis"])
    delay_blocks = choices.pick((5, 2, 7, 9))
    order = STRATEGIES[::-1] if choices.one_in(2) else STRATEGIES
    parties = [*TOKENS]
    approving = [party for party in parties if not choices.one_in(5)]
    if len(approving) < MINIMUM_PARTIES:
        approving = parties[:MINIMUM_PARTIES]
    poor = choices.pick(parties)
    is_closed = choices.one_in(6)
    return {
        **WORLD,
        "name": f"drawn world {number}",
        "config": {
            **config,
            "MIN_WITHDRAWAL_DELAY_BLOCKS": choices.pick((10, 10, 7, 3, 12)),
            "DEALLOCATION_DELAY": choices.pick((8, 8, 3, 11, 14)),
            "ALLOCATION_CONFIGURATION_DELAY": delay_blocks,
            "SLASHER_CONFIGURATION_DELAY": choices.pick([other for other in (4, 3, 8, 11) if other != delay_blocks]),
            RESOLUTION_DELAY: 1 + number % 13,
        },
        "genesis": {
            **genesis,
            "block": choices.pick((1000, 15, 2**20, 2**31 - 100, 2**31 + 7, 2**32 - 10**6)),
            "strategies": {
                strategy: {
                    "underlying_token": f"token{rank}",
                    "whitelisted": not (is_closed and strategy == "strategy0"),
                }
                for rank, strategy in enumerate(STRATEGIES)
            },
            "strategy_address_order": [*order],
            "token_balances": {
                token: {**TOKENS, **PAYERS, poor: "5"} if choices.one_in(3) else {**TOKENS, **PAYERS}
                for token in ("token0", "token1")
            },
            "infinite_allowance_to_strategy_manager": [*approving],
        },
    }
