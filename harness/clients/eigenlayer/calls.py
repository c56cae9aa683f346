"""The contract calls for EigenLayer's actions: the contract, the function, its arguments, and its return values."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from harness.clients.abi import ZERO, decoded
from harness.clients.eigenlayer.deployment import APPROVER, APPROVERS_KEY, Deployment
from harness.clients.eigenlayer.signing import sign
from spec.codec import Json

Args = Mapping[str, Any]
Values = tuple[Any, ...]


@attrs.frozen
class ContractCall:
    """The contract call for an action. `values` computes its arguments, from a deployment, the arguments in the trace
    and the sender's address. `returns` converts return data to a trace's `returns`.
    """

    contract: str
    signature: str
    values: Callable[[Deployment, Args, str], Values]
    returns: Callable[[bytes], dict[str, Json] | None] = lambda _: None


def _addresses(on: Deployment, names: list[str]) -> Values:
    return tuple(on.address(name) for name in names)


def _numbers(values: list[str]) -> Values:
    return tuple(int(value) for value in values)


def _operator_set(on: Deployment, name: str) -> Values:
    avs, _, operator_set_id = name.partition("/")
    return on.address(avs), int(operator_set_id)


def _account_or_nobody(on: Deployment, name: str | None) -> str:
    return ZERO if name is None else on.address(name)


def _approved(on: Deployment, args: Args, sender: str) -> Values:
    """The arguments of a delegation: operator, approver's signature with its expiry, and salt. The signature is over
    the digest that the contract computes; it is empty if the trace has no approval or an invalid one.
    """
    operator, approval = on.address(args["operator"]), args.get("approval")
    if approval is None:
        return operator, (b"", 2**256 - 1), bytes(32)
    salt, expiry = int(approval["salt"]).to_bytes(32, "big"), int(approval["expiry"])
    if not approval["valid"]:
        return operator, (b"", expiry), salt
    signature = "calculateDelegationApprovalDigestHash(address,address,address,bytes32,uint256)"
    signed = sender, operator, on.address(APPROVER), salt, expiry
    (digest,) = on.asked("delegation", signature, ["bytes32"], *signed)
    return operator, (sign(APPROVERS_KEY, digest), expiry), salt


def _completion(on: Deployment, args: Args) -> tuple[Values, Values, bool]:
    """The arguments that complete a withdrawal: the struct as it was queued, its tokens, and True if it is paid in
    tokens.

    For a withdrawal that was never queued, a struct is made up. If the trace calls the withdrawal tampered, the struct
    has one share more for each strategy.
    """
    key = (args["staker"], int(args["nonce"]))
    known = on.withdrawals.get(key)
    if known is None:
        staker = on.address(key[0])
        known = (staker, ZERO, staker, key[1], 0, (on.address(on.strategies[0]),), (1,))
    if args.get("tampered"):
        known = (*known[:6], tuple(shares + 1 for shares in known[6]))
    tokens = tuple(on.tokens.get(token, ZERO) for token in args["tokens"])
    return known, tokens, args["receive_as_tokens"]


def _requests(on: Deployment, args: Args) -> Values:
    return tuple(
        (int(each["id"]), _addresses(on, each["strategies"]), on.address(each["slasher"])) for each in args["sets"]
    )


def _count(name: str) -> Callable[[bytes], dict[str, Json]]:
    return lambda output: {name: str(len(decoded(("bytes32[]",), output)[0]))}


def _number(name: str) -> Callable[[bytes], dict[str, Json]]:
    return lambda output: {name: str(decoded(("uint256",), output)[0])}


def _amounts(name: str) -> Callable[[bytes], dict[str, Json]]:
    return lambda output: {name: [str(amount) for amount in decoded(("uint256[]",), output)[0]]}


def _slashed(output: bytes) -> dict[str, Json]:
    slash_id, shares = decoded(("uint256", "uint256[]"), output)
    return {"slash_id": str(slash_id), "shares": [str(amount) for amount in shares]}


WITHDRAWAL: Final = "(address,address,address,uint256,uint32,address[],uint256[])"
APPROVED: Final = "(address,(bytes,uint256),bytes32)"

CALLS: Final[Mapping[str, ContractCall]] = {
    "deposit_into_strategy": ContractCall(
        "strategies",
        "depositIntoStrategy(address,address,uint256)",
        lambda on, args, _: (on.address(args["strategy"]), on.tokens[args["token"]], int(args["amount"])),
        _number("shares"),
    ),
    "transfer_token": ContractCall(
        "token", "transfer(address,uint256)", lambda on, args, _: (on.address(args["to"]), int(args["amount"]))
    ),
    "add_strategies_to_deposit_whitelist": ContractCall(
        "strategies",
        "addStrategiesToDepositWhitelist(address[])",
        lambda on, args, _: (_addresses(on, args["strategies"]),),
    ),
    "remove_strategies_from_deposit_whitelist": ContractCall(
        "strategies",
        "removeStrategiesFromDepositWhitelist(address[])",
        lambda on, args, _: (_addresses(on, args["strategies"]),),
    ),
    "register_as_operator": ContractCall(
        "delegation",
        "registerAsOperator(address,uint32,string)",
        lambda on, args, _: (_account_or_nobody(on, args["delegation_approver"]), int(args["allocation_delay"]), ""),
    ),
    "modify_operator_details": ContractCall(
        "delegation",
        "modifyOperatorDetails(address,address)",
        lambda on, args, _: (on.address(args["operator"]), _account_or_nobody(on, args["delegation_approver"])),
    ),
    "delegate_to": ContractCall("delegation", f"delegateTo{APPROVED}", _approved),
    "redelegate": ContractCall("delegation", f"redelegate{APPROVED}", _approved, _count("withdrawals")),
    "undelegate": ContractCall(
        "delegation",
        "undelegate(address)",
        lambda on, args, _: (on.address(args["staker"]),),
        _count("withdrawals"),
    ),
    "queue_withdrawals": ContractCall(
        "delegation",
        "queueWithdrawals((address[],uint256[],address)[])",
        lambda on, args, sender: (
            tuple(
                (_addresses(on, each["strategies"]), _numbers(each["deposit_shares"]), sender)
                for each in args["withdrawals"]
            ),
        ),
        _count("withdrawals"),
    ),
    "complete_queued_withdrawal": ContractCall(
        "delegation",
        f"completeQueuedWithdrawal({WITHDRAWAL},address[],bool)",
        lambda on, args, _: _completion(on, args),
    ),
    "complete_queued_withdrawals": ContractCall(
        "delegation",
        f"completeQueuedWithdrawals({WITHDRAWAL}[],address[][],bool[])",
        lambda on, args, _: (
            tuple(tuple(each) for each in zip(*[_completion(on, one) for one in args["withdrawals"]], strict=True))
            or ((), (), ())
        ),
    ),
    "update_avs_metadata": ContractCall(
        "allocation", "updateAVSMetadataURI(address,string)", lambda on, args, _: (on.address(args["avs"]), "")
    ),
    "create_operator_sets": ContractCall(
        "allocation",
        "createOperatorSets(address,(uint32,address[],address)[])",
        lambda on, args, _: (on.address(args["avs"]), _requests(on, args)),
    ),
    "create_redistributing_operator_sets": ContractCall(
        "allocation",
        "createRedistributingOperatorSets(address,(uint32,address[],address)[],address[])",
        lambda on, args, _: (on.address(args["avs"]), _requests(on, args), _addresses(on, args["recipients"])),
    ),
    **{
        action: ContractCall(
            "allocation",
            f"{function}(address,uint32,address[])",
            lambda on, args, _: (
                on.address(args["avs"]),
                int(args["operator_set_id"]),
                _addresses(on, args["strategies"]),
            ),
        )
        for action, function in (
            ("add_strategies_to_operator_set", "addStrategiesToOperatorSet"),
            ("remove_strategies_from_operator_set", "removeStrategiesFromOperatorSet"),
        )
    },
    "update_slasher": ContractCall(
        "allocation",
        "updateSlasher((address,uint32),address)",
        lambda on, args, _: (_operator_set(on, args["operator_set"]), on.address(args["slasher"])),
    ),
    "register_for_operator_sets": ContractCall(
        "allocation",
        "registerForOperatorSets(address,(address,uint32[],bytes))",
        lambda on, args, _: (
            on.address(args["operator"]),
            (on.address(args["avs"]), _numbers(args["operator_set_ids"]), b""),
        ),
    ),
    "deregister_from_operator_sets": ContractCall(
        "allocation",
        "deregisterFromOperatorSets((address,address,uint32[]))",
        lambda on, args, _: (
            (on.address(args["operator"]), on.address(args["avs"]), _numbers(args["operator_set_ids"])),
        ),
    ),
    "modify_allocations": ContractCall(
        "allocation",
        "modifyAllocations(address,((address,uint32),address[],uint64[])[])",
        lambda on, args, _: (
            on.address(args["operator"]),
            tuple(
                (
                    _operator_set(on, each["operator_set"]),
                    _addresses(on, each["strategies"]),
                    _numbers(each["new_magnitudes"]),
                )
                for each in args["params"]
            ),
        ),
    ),
    "set_allocation_delay": ContractCall(
        "allocation",
        "setAllocationDelay(address,uint32)",
        lambda on, args, _: (on.address(args["operator"]), int(args["delay"])),
    ),
    "clear_deallocation_queue": ContractCall(
        "allocation",
        "clearDeallocationQueue(address,address[],uint16[])",
        lambda on, args, _: (
            on.address(args["operator"]),
            _addresses(on, args["strategies"]),
            _numbers(args["num_to_clear"]),
        ),
    ),
    "slash_operator": ContractCall(
        "allocation",
        "slashOperator(address,(address,uint32,address[],uint256[],string))",
        lambda on, args, _: (
            on.address(args["avs"]),
            (
                on.address(args["operator"]),
                int(args["operator_set_id"]),
                _addresses(on, args["strategies"]),
                _numbers(args["wads_to_slash"]),
                "",
            ),
        ),
        _slashed,
    ),
    "clear_burn_or_redistributable_shares": ContractCall(
        "strategies",
        "clearBurnOrRedistributableShares((address,uint32),uint256)",
        lambda on, args, _: (_operator_set(on, args["operator_set"]), int(args["slash_id"])),
        _amounts("amounts_out"),
    ),
    "clear_burn_or_redistributable_shares_by_strategy": ContractCall(
        "strategies",
        "clearBurnOrRedistributableSharesByStrategy((address,uint32),uint256,address)",
        lambda on, args, _: (
            _operator_set(on, args["operator_set"]),
            int(args["slash_id"]),
            on.address(args["strategy"]),
        ),
        _number("amount_out"),
    ),
    "burn_shares": ContractCall(
        "strategies", "burnShares(address)", lambda on, args, _: (on.address(args["strategy"]),)
    ),
    "create_pod": ContractCall("pods", "createPod()", lambda _on, _args, _: ()),
    "record_beacon_chain_eth_balance_update": ContractCall(
        "pods",
        "recordBeaconChainETHBalanceUpdate(address,uint256,int256)",
        lambda on, args, _: (
            on.address(args["pod_owner"]),
            int(args["prev_restaked_balance_wei"]),
            int(args["balance_delta_wei"]),
        ),
    ),
}
"""The contract call for each action, by the action's name in traces."""
