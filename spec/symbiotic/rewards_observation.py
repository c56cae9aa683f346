"""Rewards as JSON in the states of traces: balances in every reward token, and the accounts of the
rewards contracts.
"""

from collections.abc import Iterable
from typing import Final

from spec.codec import Amount, Format, Json, ListOf, MapOf, Name, Number, Record
from spec.machine import Draft, State
from spec.symbiotic.config import OPERATOR_REWARDS, ZERO_ROOT
from spec.symbiotic.staker_rewards import claimable_rewards
from spec.symbiotic.state import (
    ADMIN_FEES,
    CACHED_SHARES,
    CLAIMABLE_ADMIN_FEES,
    DISTRIBUTION_COUNTS,
    DISTRIBUTIONS,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    OPERATOR_ROOTS,
    REWARDS_DONE,
    TOKEN_BALANCES,
    RewardList,
)

CONTRACT_PREFIX: Final = "stakerRewards:"
FIXED_HOLDERS: Final = ("middleware0", "middleware1", "admin0", "recipient0")
"""The accounts whose reward balances states show, beside holders, operators and contracts."""


def contract_of(vault: str) -> str:
    """The name of a vault's staker rewards contract in traces."""
    return CONTRACT_PREFIX + vault


class RewardsWorld:
    """The rewards that a trace declares: each vault's staker rewards contract, and the reward tokens."""

    def __init__(self, contracts: dict[str, str], tokens: tuple[str, ...]) -> None:
        self.contracts: Final = contracts
        self.tokens: Final = tokens


Nest = dict[str, Json]


def observe_rewards(
    state: State,
    rewards: RewardsWorld,
    holders: tuple[str, ...],
    operators: tuple[str, ...],
    networks: tuple[str, ...],
) -> Nest:
    """The fields rewardBalances, stakerRewards and operatorRewards of a state in a trace.

    Balances, claims and caches leave out entries that are 0 or empty.
    """
    draft = Draft(state)
    accounts = dict.fromkeys([*holders, *operators, *FIXED_HOLDERS, *rewards.contracts.values(), OPERATOR_REWARDS])
    return {
        "rewardBalances": {
            token: _sparse([(account, draft.get(TOKEN_BALANCES, (token, account)).amount) for account in accounts])
            for token in rewards.tokens
        },
        "stakerRewards": {
            vault: _observe_contract(state, contract, rewards.tokens, holders, networks)
            for vault, contract in rewards.contracts.items()
        },
        "operatorRewards": {
            "root": {
                network: {token: _tree(draft.get(OPERATOR_ROOTS, (network, token)).root) for token in rewards.tokens}
                for network in networks
            },
            "balance": {
                network: {
                    token: str(draft.get(OPERATOR_REWARD_BALANCES, (network, token)).amount) for token in rewards.tokens
                }
                for network in networks
            },
            "claimed": _nested(
                [
                    (key, str(row.amount))
                    for key, row in state.rows(OPERATOR_REWARDS_CLAIMED).items()
                    if row.amount and key[0] in networks
                ]
            ),
        },
    }


def _tree(root: str) -> Json:
    return None if root == ZERO_ROOT else root


def _sparse(amounts: Iterable[tuple[str, int]]) -> Nest:
    return {name: str(amount) for name, amount in amounts if amount}


def _nested(items: Iterable[tuple[tuple[str, ...], Json]]) -> Nest:
    """Nested JSON objects, from pairs of a key, which is a tuple of names, and a value. Each name of the key is a field
    one level deeper.
    """
    outermost: Nest = {}
    for key, value in items:
        inner = outermost
        for name in key[:-1]:
            inner = inner.setdefault(name, {})  # type: ignore[assignment]  # what stands there was put there by this loop
        inner[key[-1]] = value
    return outermost


def _observe_contract(
    state: State, contract: str, tokens: tuple[str, ...], holders: tuple[str, ...], networks: tuple[str, ...]
) -> Json:
    draft = Draft(state)
    lists: list[RewardList] = [(contract, token, network) for token in tokens for network in networks]
    counts = {rewards: draft.get(DISTRIBUTION_COUNTS, rewards).count for rewards in lists}
    of_holders = [(holder, rewards) for holder in holders for rewards in lists]
    done = [(holder, rewards, draft.get(REWARDS_DONE, (*rewards, holder)).count) for holder, rewards in of_holders]
    claimable = [(holder, rewards, claimable_rewards(draft, rewards, holder)) for holder, rewards in of_holders]
    return {
        "adminFee": str(draft.get(ADMIN_FEES, contract).fee_bips),
        "claimableAdminFee": {
            token: str(draft.get(CLAIMABLE_ADMIN_FEES, (contract, token)).amount) for token in tokens
        },
        "rewards": _nested(
            [
                (rewards[1:], [_observe_reward(draft, rewards, index) for index in range(count)])
                for rewards, count in counts.items()
                if count
            ]
        ),
        "lastUnclaimedReward": _nested(
            [((holder, *rewards[1:]), str(count)) for holder, rewards, count in done if count]
        ),
        "claimable": _nested(
            [((holder, *rewards[1:]), str(amount)) for holder, rewards, amount in claimable if amount]
        ),
        "activeSharesCache": {
            str(key[1]): str(row.shares)
            for key, row in state.rows(CACHED_SHARES).items()
            if key[0] == contract and row.shares
        },
    }


def _observe_reward(draft: Draft, rewards: RewardList, index: int) -> Json:
    reward = draft.get(DISTRIBUTIONS, (rewards, index))
    return {"amount": str(reward.amount), "timestamp": reward.timestamp}


def rewards_formats(rewards: RewardsWorld, networks: tuple[str, ...]) -> dict[str, Format]:
    """The formats of the fields rewardBalances, stakerRewards and operatorRewards of a state in a trace, by name."""

    def of(names: Iterable[str], item: Format) -> Format:
        return _shape(dict.fromkeys(names, item))

    token, network, account = Name("reward token"), Name("account"), Name("account")
    by_holder = MapOf(account, MapOf(token, MapOf(network, Amount())))
    contract = _shape(
        {
            "adminFee": Amount(),
            "claimableAdminFee": of(rewards.tokens, Amount()),
            "rewards": MapOf(token, MapOf(network, ListOf(_shape({"amount": Amount(), "timestamp": Number(48)})))),
            "lastUnclaimedReward": by_holder,
            "claimable": by_holder,
            "activeSharesCache": MapOf(Amount(48), Amount()),
        }
    )
    by_token = of(rewards.tokens, Amount())
    operators = _shape(
        {
            "root": of(networks, of(rewards.tokens, Name("tree", null=ZERO_ROOT))),
            "balance": of(networks, by_token),
            "claimed": MapOf(network, MapOf(token, MapOf(account, Amount()))),
        }
    )
    return {
        "rewardBalances": of(rewards.tokens, MapOf(account, Amount())),
        "stakerRewards": of(rewards.contracts, contract),
        "operatorRewards": operators,
    }


def _shape(fields: dict[str, Format]) -> Record:
    return Record(lambda *_: None, [(name, name, item) for name, item in fields.items()])
