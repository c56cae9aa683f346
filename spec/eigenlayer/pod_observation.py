"""Pods and native ETH as JSON in the states of traces."""

from typing import Final

from spec.codec import Amount, Flag, Format, Json, ListOf, Name, SignedAmount
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.state import BURNABLE_ETH, ETH_BALANCES, POD_OWNERS, PODS, STAKERS
from spec.eigenlayer.view_answers import withdrawable_shares_answer
from spec.machine import SINGLETON, Draft, State


def observe_pods(state: State, draft: Draft) -> dict[str, Json]:
    """The fields of a trace's state that show pods and native ETH, by name."""
    pods = {owner: pod for owner, pod in state.rows(PODS).items() if pod.exists}
    return {
        "num_pods": str(len(pods)),
        "burnable_eth_shares": str(draft.get(BURNABLE_ETH, SINGLETON).shares),
        "pods": {
            owner: {"withdrawable_gwei": str(pod.withdrawable_gwei), "eth_balance": str(pod.balance_wei)}
            for owner, pod in pods.items()
        },
        "eth_balances": {
            account: str(balance.amount_wei)
            for account, balance in state.rows(ETH_BALANCES).items()
            if balance.amount_wei
        },
    }


def observe_pod_owner(draft: Draft, party: str) -> dict[str, Json]:
    """The fields of the staker `party` in a trace's state that show its pod and native ETH, by name."""
    owner = draft.get(POD_OWNERS, party)
    listed: list[Json] = list(draft.get(STAKERS, party).strategy_list)
    return {
        "has_pod": draft.get(PODS, party).exists,
        "pod_owner_deposit_shares": str(owner.deposit_shares),
        "beacon_chain_slashing_factor": str(owner.beacon_chain_slashing_factor_wad),
        "deposited_strategies": [*listed, BEACON_CHAIN_ETH] if owner.deposit_shares > 0 else listed,
    }


def observe_native_shares(draft: Draft, party: str) -> dict[str, Json]:
    """A staker's native ETH as an entry of the field `strategies`; empty if it has no shares and the default scaling
    factor.
    """
    owner = draft.get(POD_OWNERS, party)
    default = POD_OWNERS.default
    shares = max(owner.deposit_shares, 0)
    if shares == 0 and owner.deposit_scaling_factor_wad == default.deposit_scaling_factor_wad:
        return {}
    return {
        BEACON_CHAIN_ETH: {
            "deposit_shares": str(shares),
            "deposit_scaling_factor": str(owner.deposit_scaling_factor_wad),
            "withdrawable_shares": withdrawable_shares_answer(draft, party, BEACON_CHAIN_ETH),
        }
    }


PODS_FIELDS: Final = ("num_pods", "burnable_eth_shares", "pods", "eth_balances")
"""The names of a state's fields that show pods and native ETH."""

POD_OWNER_FIELDS: Final[dict[str, Format]] = {
    "has_pod": Flag(),
    "pod_owner_deposit_shares": SignedAmount(256),
    "beacon_chain_slashing_factor": Amount(64),
    "deposited_strategies": ListOf(Name("strategy")),
}
