"""The state of a deployment as a trace shows it, read by view functions, and from storage where there is none."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from harness.clients.abi import Reverted
from harness.clients.eigenlayer import storage
from harness.clients.eigenlayer.deployment import BEACON_CHAIN_ETH, Deployment, OperatorSet
from harness.clients.eigenlayer.operators import observe_operators
from spec.codec import Json

WAD: Final = 10**18
WITHDRAWAL: Final = "(address,address,address,uint256,uint32,address[],uint256[])"
WITHDRAWALS: Final = (f"{WITHDRAWAL}[]", "uint256[][]")


def observe(on: Deployment) -> Json:
    """The state of a deployment in the form of a trace's `post`, the state after a step. Integers that a trace has as
    JSON numbers stay numbers.
    """
    genesis = on.genesis
    parties = [*genesis["stakers"], *genesis["operators"]]
    observed: dict[str, Json] = {
        "block": on.block,
        "token_balances": {token: _balances(on, token) for token in on.tokens},
        "strategies": {name: _strategy(on, name) for name in on.strategies if name != BEACON_CHAIN_ETH},
        "stakers": {party: _staker(on, party) for party in parties},
        "queued_withdrawals": _withdrawals(on, dict.fromkeys([*parties, *on.pod_owners, *on.withdrawers])),
        "operators": observe_operators(on),
        "operator_sets": {f"{avs}/{number}": _operator_set(on, (avs, number)) for avs, number in on.operator_sets},
        "avs_metadata": {avs: _has_metadata(on, avs) for avs in genesis["avss"]},
        **_slashes(on),
    }
    if on.has_native_eth:
        observed.update(_pods(on))
    return observed


def _balances(on: Deployment, token: str) -> Json:
    """The balances of a token, by account; accounts without any are left out."""
    at = on.tokens[token]
    held = {name: on.asked(at, "balanceOf(address)", ["uint256"], address)[0] for name, address in on.addresses.items()}
    return {name: str(amount) for name, amount in held.items() if amount}


def _strategy(on: Deployment, name: str) -> Json:
    at = on.address(name)
    return {
        "total_shares": str(on.asked(at, "totalShares()", ["uint256"])[0]),
        "whitelisted": on.asked("strategies", "strategyIsWhitelistedForDeposit(address)", ["bool"], at)[0],
        "legacy_burnable_shares": str(on.asked("strategies", "getBurnableShares(address)", ["uint256"], at)[0]),
    }


def _staker(on: Deployment, party: str) -> Json:
    at = on.address(party)

    def asked(contract: str, signature: str, kind: str) -> Any:
        return on.asked(contract, signature, [kind], at)[0]

    listed: list[Json] = [
        on.name_at(each) for each in asked("strategies", "getStakerStrategyList(address)", "address[]")
    ]
    observed: dict[str, Json] = {
        "delegated_to": on.name_or_null(asked("delegation", "delegatedTo(address)", "address")),
        "withdrawals_queued": str(asked("delegation", "cumulativeWithdrawalsQueued(address)", "uint256")),
        "strategy_list": listed,
        "strategies": dict(_held(on, at)),
    }
    if on.has_native_eth:
        deposited = on.asked("delegation", "getDepositedShares(address)", ["address[]", "uint256[]"], at)[0]
        observed |= {
            "has_pod": asked("pods", "hasPod(address)", "bool"),
            "pod_owner_deposit_shares": str(asked("pods", "podOwnerDepositShares(address)", "int256")),
            "beacon_chain_slashing_factor": str(asked("pods", "beaconChainSlashingFactor(address)", "uint64")),
            "deposited_strategies": [on.name_at(each) for each in deposited],
        }
    return observed


def _held(on: Deployment, staker: str) -> Iterator[tuple[str, Json]]:
    """Each strategy in which a staker has something, with its deposit shares, scaling factor and withdrawable shares.
    Left out are strategies with no shares and the initial scaling factor.
    """
    strategies = tuple(on.address(name) for name in on.strategies)
    both = "getWithdrawableShares(address,address[])"
    try:
        withdrawable, deposited = on.asked("delegation", both, ["uint256[]"] * 2, staker, strategies)
    except Reverted:  # where one strategy makes the view revert, each is queried by itself
        withdrawable, deposited = zip(*[_one_by_one(on, staker, each) for each in strategies], strict=True)
    factor = "depositScalingFactor(address,address)"
    for name, at, shares, whole in zip(on.strategies, strategies, withdrawable, deposited, strict=True):
        (scaling,) = on.asked("delegation", factor, ["uint256"], staker, at)
        if whole or scaling != WAD or shares:
            yield (
                name,
                {
                    "deposit_shares": str(whole),
                    "deposit_scaling_factor": str(scaling),
                    "withdrawable_shares": str(shares),
                },
            )


def _one_by_one(on: Deployment, staker: str, strategy: str) -> tuple[Any, int]:
    """The withdrawable and the deposit shares of a staker in one strategy. If the view reverts, `revert:NAME` stands
    for the withdrawable ones.
    """
    both = "getWithdrawableShares(address,address[])"
    try:
        (shares,), (whole,) = on.asked("delegation", both, ["uint256[]"] * 2, staker, (strategy,))
    except Reverted as reverted:
        listed, amounts = on.asked("delegation", "getDepositedShares(address)", ["address[]", "uint256[]"], staker)
        return f"revert:{on.name_of(reverted)}", dict(zip(listed, amounts, strict=True)).get(strategy, 0)
    return shares, whole


def _withdrawals(on: Deployment, stakers: dict[str, None]) -> Json:
    """The queued withdrawals of all these stakers, sorted by staker and nonce, as a trace shows them. Each struct is
    also kept in `on.withdrawals`, for the call that completes it.
    """
    observed: list[tuple[tuple[str, int], Json]] = []
    for staker in stakers:
        for each, paid in _queued_by(on, on.address(staker)):
            key = (staker, each[3])
            on.withdrawals[key] = each
            observed.append((key, _withdrawal(on, key, each, paid)))
    return [withdrawal for _, withdrawal in sorted(observed, key=lambda each: each[0])]


def _queued_by(on: Deployment, staker: str) -> list[tuple[tuple[Any, ...], Sequence[Any]]]:
    """The queued withdrawals of a staker, each with the shares that it would pay. Where the view of these shares
    reverts, its error stands for them.
    """
    try:
        queued, shares = on.asked("delegation", "getQueuedWithdrawals(address)", WITHDRAWALS, staker)
    except Reverted:  # where one withdrawal makes the view revert, each is queried by itself
        (roots,) = on.asked("delegation", "getQueuedWithdrawalRoots(address)", ["bytes32[]"], staker)
        return [_queued_at(on, root) for root in roots]
    return list(zip(queued, shares, strict=True))


def _queued_at(on: Deployment, root: bytes) -> tuple[tuple[Any, ...], Sequence[Any]]:
    """The queued withdrawal with this root, and the shares that it would pay for each of its strategies. If that view
    reverts, `revert:NAME` stands for each number of shares.
    """
    try:
        queued, shares = on.asked("delegation", "getQueuedWithdrawal(bytes32)", [WITHDRAWAL, "uint256[]"], root)
    except Reverted as reverted:
        (queued,) = on.asked("delegation", "queuedWithdrawals(bytes32)", [WITHDRAWAL], root)
        return queued, [f"revert:{on.name_of(reverted)}"] * len(queued[5])
    return queued, shares


def _withdrawal(on: Deployment, key: tuple[str, int], queued: tuple[Any, ...], shares: Sequence[Any]) -> Json:
    return {
        "staker": key[0],
        "nonce": str(key[1]),
        "delegated_to": on.name_or_null(queued[1]),
        "start_block": queued[4],
        "strategies": [on.name_at(each) for each in queued[5]],
        "scaled_shares": [str(each) for each in queued[6]],
        "shares": [str(each) for each in shares],
    }


def _operator_set(on: Deployment, operator_set: OperatorSet) -> Json:
    at = (on.address(operator_set[0]), operator_set[1])

    def asked(signature: str, *kinds: str) -> tuple[Any, ...]:
        return on.asked("allocation", f"{signature}((address,uint32))", kinds, at)

    pending, effect_block = asked("getPendingSlasher", "address", "uint32")
    (slashes,) = on.asked("strategies", "getPendingSlashIds((address,uint32))", ["uint256[]"], at)
    return {
        "strategies": sorted(on.name_at(each) for each in asked("getStrategiesInOperatorSet", "address[]")[0]),
        "slasher": on.name_at(asked("getSlasher", "address")[0]),
        "pending_slasher": on.name_or_null(pending),
        "pending_slasher_effect_block": effect_block,
        "redistribution_recipient": on.name_at(asked("getRedistributionRecipient", "address")[0]),
        "slash_count": str(asked("getSlashCount", "uint256")[0]),
        "members": sorted(on.name_at(each) for each in asked("getMembers", "address[]")[0]),
        "pending_slash_ids": [str(each) for each in sorted(slashes)],
    }


def _has_metadata(on: Deployment, avs: str) -> bool:
    slot = storage.slot_of(storage.HAS_METADATA, storage.number(on.address(avs)))
    return bool(on.chain.word(on.core["allocation"], slot))


def _slashes(on: Deployment) -> dict[str, Json]:
    """The slashed shares that are not paid out yet. In releases with a delay, each comes with the block from which it
    can be paid out.
    """
    taken: dict[str, Json] = {}
    blocks: dict[str, Json] = {}
    one = "((address,uint32),uint256)"
    (pending,) = on.asked("strategies", "getPendingOperatorSets()", ["(address,uint32)[]"])
    for at in pending:
        name = f"{on.name_at(at[0])}/{at[1]}"
        by_id: dict[str, Json] = {}
        until: dict[str, Json] = {}
        (slashes,) = on.asked("strategies", "getPendingSlashIds((address,uint32))", ["uint256[]"], at)
        for slash in slashes:
            kinds = ["address[]", "uint256[]"]
            found = on.asked("strategies", f"getBurnOrRedistributableShares{one}", kinds, at, slash)
            by_id[str(slash)] = {on.name_at(each): str(shares) for each, shares in zip(*found, strict=True)}
            if on.delays_slashes:
                (block,) = on.asked("strategies", f"getSlashResolutionBlock{one}", ["uint32"], at, slash)
                until[str(slash)] = {"resolution_block": block}
        taken[name], blocks[name] = by_id, until
    observed: dict[str, Json] = {"burn_or_redistributable_shares": taken, "pending_operator_sets": sorted(taken)}
    return {**observed, "pending_slashes": blocks} if on.delays_slashes else observed


def _pods(on: Deployment) -> dict[str, Json]:
    pods = {owner: on.address(f"pod:{owner}") for owner in on.pod_owners}
    gwei = "withdrawableRestakedExecutionLayerGwei()"
    held = {name: on.chain.ether(address) for name, address in on.addresses.items() if name != "zero"}
    return {
        "num_pods": str(on.asked("pods", "numPods()", ["uint256"])[0]),
        "burnable_eth_shares": str(on.asked("pods", "burnableETHShares()", ["uint256"])[0]),
        "pods": {
            owner: {
                "withdrawable_gwei": str(on.asked(pod, gwei, ["uint64"])[0]),
                "eth_balance": str(on.chain.ether(pod)),
            }
            for owner, pod in pods.items()
        },
        "eth_balances": {name: str(amount) for name, amount in held.items() if amount},
    }
