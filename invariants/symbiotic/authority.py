"""Symbiotic's laws of authority: for each row that a step writes, which sender and which call may write it.

These laws check the written rows and not the checks inside a call. So they also hold for calls not listed here.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AcceptedStep, AnyStep, Scope, StepLaw
from spec.history import HistoryTable
from spec.machine import Table
from spec.symbiotic.actions import (
    Claim,
    ClaimAdminFee,
    ClaimBatch,
    ClaimOperatorRewards,
    ClaimStakerRewards,
    Deposit,
    DistributeOperatorRewards,
    DistributeStakerRewards,
    ExecuteSlash,
    Slash,
)
from spec.symbiotic.config import INSTANT_SLASHER, OPERATOR_REWARDS, VETO_SLASHER, ZERO_ADDRESS
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    ADMIN_FEES,
    ALLOWANCES,
    CACHED_SHARES,
    CLAIMABLE_ADMIN_FEES,
    CUMULATIVE_SLASHES,
    DEPOSIT_POLICIES,
    DEPOSITORS,
    DISTRIBUTION_COUNTS,
    DISTRIBUTIONS,
    LATEST_CAPTURES,
    MAX_NETWORK_LIMITS,
    MIDDLEWARES,
    NETWORK_LIMITS,
    NETWORK_REGISTRY,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_REGISTRY,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    OPERATOR_ROOTS,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    RESOLVERS,
    REWARDS_DONE,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    STAKER_REWARDS,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    WITHDRAWALS,
    Pair,
)

Allows = Callable[[AnyStep, Any, Any], bool]
"""A function of a step, its call and the key of a written row. It returns True if the call may write that row."""


def _grown(step: AnyStep, history: HistoryTable[Any], key: Any) -> int:
    """The increase of a history's latest value in a step; negative if it falls."""
    return history.latest(step.after.rows, key) - history.latest(step.before.rows, key)


def _admins(step: AnyStep, call: Any, vault: str) -> bool:
    return bool(call.sender == step.before.rows.get(VAULTS, vault).admin)


def _of_its_admin(step: AnyStep, call: Any, key: Any) -> bool:
    return _admins(step, call, key[0])


def _admins_or_lowered_by_its_network(step: AnyStep, call: Any, key: Any) -> bool:
    return _admins(step, call, key[0]) or bool(call.sender == key[1][0] and _grown(step, NETWORK_LIMITS, key) < 0)


def _of_its_network(step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key[1][0]) and step.before.rows.get(NETWORK_REGISTRY, call.sender).is_entity


def _own_network(step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key) and step.before.rows.get(NETWORK_REGISTRY, key).is_entity


def _own(_step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key)


def _own_opt_in(_step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key[0])


def _of_its_middleware(step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == step.before.rows.get(MIDDLEWARES, key[1][0]).account)


def _asked_by_its_middleware(step: AnyStep, call: Any, vault: Any) -> bool:
    """True if the slash request that this call makes is in the name of a network, and that network's middleware sent
    the call.
    """
    request = step.after.rows.get(SLASH_REQUESTS, (vault, step.before.rows.get(SLASH_REQUEST_COUNTS, vault).count))
    return bool(call.sender == step.before.rows.get(MIDDLEWARES, request.subnetwork[0]).account)


def _spent_by_its_holder(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may lower this token balance, or does not lower it.

    An account's balance falls by its own call; a deposit or a payment of rewards also needs an allowance. A vault pays
    claims and slashes, and a rewards contract pays claims.
    """
    before, after = step.before.rows, step.after.rows
    if after.get(TOKEN_BALANCES, key).amount >= before.get(TOKEN_BALANCES, key).amount:
        return True
    if isinstance(call, Claim | ClaimBatch | Slash | ExecuteSlash):
        return bool(key[1] == call.vault)
    if isinstance(call, ClaimStakerRewards | ClaimAdminFee):
        return bool(key[1] == call.contract)
    if isinstance(call, ClaimOperatorRewards):
        return bool(key[1] == OPERATOR_REWARDS)
    if isinstance(call, Deposit | DistributeStakerRewards | DistributeOperatorRewards):
        allowance: Pair = (key[0], key[1], _taker(call))
        return key[1] == call.sender and before.get(ALLOWANCES, allowance).is_infinite
    return bool(key[1] == call.sender)


def _taker(call: Deposit | DistributeStakerRewards | DistributeOperatorRewards) -> str:
    """The contract that receives the tokens of a deposit or of a payment of rewards."""
    if isinstance(call, Deposit):
        return call.vault
    return call.contract if isinstance(call, DistributeStakerRewards) else OPERATOR_REWARDS


def _given_up_by_its_holder(step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key[1]) or _grown(step, ACTIVE_SHARES_OF, key) >= 0


def _claimed_by_its_owner(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may write this withdrawal: its shares do not fall, and only its claimer marks it as claimed."""
    before, after = step.before.rows.get(WITHDRAWALS, key), step.after.rows.get(WITHDRAWALS, key)
    if after.shares < before.shares or (before.is_claimed and not after.is_claimed):
        return False
    return before.is_claimed == after.is_claimed or bool(call.sender == key[2])


def _has_veto(step: AnyStep, _call: Any, key: Any) -> bool:
    return step.before.rows.get(VAULTS, key[0]).slasher == VETO_SLASHER


def _counts_veto(step: AnyStep, _call: Any, vault: Any) -> bool:
    return step.before.rows.get(VAULTS, vault).slasher == VETO_SLASHER


def _is_slashed_in_its_way(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call matches the slasher of the vault, the first part of `key`: Slash for an instant slasher, any
    other call for a veto slasher.
    """
    slasher = step.before.rows.get(VAULTS, key[0]).slasher
    return slasher == INSTANT_SLASHER if isinstance(call, Slash) else slasher == VETO_SLASHER


def _got_by_who_is_named(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the call may raise this token balance, or does not raise it.

    It may pay these accounts: the recipient of a transfer or a claim, the vault of a deposit, the contract that
    receives rewards, and the burner of a slashed vault.
    """
    if step.after.rows.get(TOKEN_BALANCES, key).amount <= step.before.rows.get(TOKEN_BALANCES, key).amount:
        return True
    if isinstance(call, Claim | ClaimBatch | ClaimStakerRewards | ClaimAdminFee | ClaimOperatorRewards):
        return bool(key[1] == call.recipient)
    if isinstance(call, Slash | ExecuteSlash):
        return bool(key[1] == step.before.rows.get(VAULTS, call.vault).burner)
    if isinstance(call, Deposit | DistributeStakerRewards | DistributeOperatorRewards):
        return bool(key[1] == _taker(call))
    return bool(key[1] == call.to)


def _minted_for_who_is_named(step: AnyStep, call: Any, key: Any) -> bool:
    return _grown(step, ACTIVE_SHARES_OF, key) <= 0 or bool(key[1] == call.on_behalf_of)


def _waits_for_who_is_named(step: AnyStep, call: Any, key: Any) -> bool:
    before, after = step.before.rows.get(WITHDRAWALS, key), step.after.rows.get(WITHDRAWALS, key)
    return after.shares <= before.shares or bool(key[2] == call.claimer)


def _is_of_somebody(_step: AnyStep, _call: Any, key: Any) -> bool:
    return bool(key[1] != ZERO_ADDRESS)


def _waits_for_somebody(_step: AnyStep, _call: Any, key: Any) -> bool:
    return bool(key[2] != ZERO_ADDRESS)


def _of_its_networks_middleware(step: AnyStep, call: Any, key: Any) -> bool:
    """True if the network's middleware raises this balance of operator rewards, or a claim lowers it."""
    was, is_now = (
        step.before.rows.get(OPERATOR_REWARD_BALANCES, key),
        step.after.rows.get(OPERATOR_REWARD_BALANCES, key),
    )
    if isinstance(call, ClaimOperatorRewards):
        return is_now.amount <= was.amount
    return is_now.amount >= was.amount and _root_of_its_network(step, call, key)


def _root_of_its_network(step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.network == key[0] and call.sender == step.before.rows.get(MIDDLEWARES, key[0]).account)


def _list_of_its_network(step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.network == key[2] and call.sender == step.before.rows.get(MIDDLEWARES, key[2]).account)


def _reward_of_its_network(step: AnyStep, call: Any, key: Any) -> bool:
    return _list_of_its_network(step, call, key[0])


def _second_of_a_middleware(step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.contract == key[0] and call.sender == step.before.rows.get(MIDDLEWARES, call.network).account)


def _set_by_its_setter(step: AnyStep, call: Any, contract: Any) -> bool:
    return bool(call.sender == step.before.rows.get(STAKER_REWARDS, contract).admin_fee_setter)


def _emptied_by_its_claimer(step: AnyStep, call: Any, key: Any) -> bool:
    """True if this claimable admin fee falls only by a call of the contract's fee claimer."""
    is_less = (
        step.after.rows.get(CLAIMABLE_ADMIN_FEES, key).amount < step.before.rows.get(CLAIMABLE_ADMIN_FEES, key).amount
    )
    return not is_less or bool(call.sender == step.before.rows.get(STAKER_REWARDS, key[0]).admin_fee_claimer)


def _claimed_for_itself(_step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key[3])


def _claimed_by_itself(_step: AnyStep, call: Any, key: Any) -> bool:
    return bool(call.sender == key[2])


Rights = dict[Table[Any, Any], Allows]


ADMINS: Final[Rights] = {
    DEPOSIT_POLICIES: _admins,
    DEPOSITORS: _of_its_admin,
    NETWORK_LIMITS.heads: _admins_or_lowered_by_its_network,
    TOTAL_OPERATOR_NETWORK_SHARES.heads: _of_its_admin,
    OPERATOR_NETWORK_SHARES.heads: _of_its_admin,
    OPERATOR_NETWORK_LIMITS.heads: _of_its_admin,
}


NETWORKS: Final[Rights] = {
    NETWORK_REGISTRY: _own,
    MIDDLEWARES: _own_network,
    MAX_NETWORK_LIMITS.heads: _of_its_network,
    RESOLVER_ORDINALS.heads: _of_its_network,
    RESOLVERS: _of_its_network,
}


OPERATORS: Final[Rights] = {
    OPERATOR_REGISTRY: _own,
    OPERATOR_VAULT_OPT_INS.heads: _own_opt_in,
    OPERATOR_NETWORK_OPT_INS.heads: _own_opt_in,
}


SLASHERS: Final[Rights] = {
    CUMULATIVE_SLASHES.heads: _of_its_middleware,
    LATEST_CAPTURES: _of_its_middleware,
    SLASH_REQUEST_COUNTS: _asked_by_its_middleware,
}


HOLDERS: Final[Rights] = {
    TOKEN_BALANCES: _spent_by_its_holder,
    ACTIVE_SHARES_OF.heads: _given_up_by_its_holder,
    WITHDRAWALS: _claimed_by_its_owner,
}


GAINERS: Final[Rights] = {
    TOKEN_BALANCES: _got_by_who_is_named,
    ACTIVE_SHARES_OF.heads: _minted_for_who_is_named,
    WITHDRAWALS: _waits_for_who_is_named,
}


SOMEBODY: Final[Rights] = {
    TOKEN_BALANCES: _is_of_somebody,
    ACTIVE_SHARES_OF.heads: _is_of_somebody,
    DEPOSITORS: _is_of_somebody,
    WITHDRAWALS: _waits_for_somebody,
}


KINDS: Final[Rights] = {
    CUMULATIVE_SLASHES.heads: _is_slashed_in_its_way,
    SLASH_REQUEST_COUNTS: _counts_veto,
    SLASH_REQUESTS: _has_veto,
    RESOLVER_ORDINALS.heads: _has_veto,
}


REWARDS: Final[Rights] = {
    DISTRIBUTION_COUNTS: _list_of_its_network,
    DISTRIBUTIONS: _reward_of_its_network,
    CACHED_SHARES: _second_of_a_middleware,
    OPERATOR_ROOTS: _root_of_its_network,
    OPERATOR_REWARD_BALANCES: _of_its_networks_middleware,
    ADMIN_FEES: _set_by_its_setter,
    CLAIMABLE_ADMIN_FEES: _emptied_by_its_claimer,
    REWARDS_DONE: _claimed_for_itself,
    OPERATOR_REWARDS_CLAIMED: _claimed_by_itself,
}


def _right(law_id: str, sentence: str, source: str, rights: Rights) -> StepLaw:
    """A step law with this id, sentence and source: each row that a step writes to a table of `rights` must pass that
    table's test.

    The test says if the call may write the row.
    """

    def holds(step: AnyStep) -> bool:
        for write in step.delta.writes:
            allows = rights.get(write.table)
            if allows is not None and not allows(step, step.action, write.key):
                return False
        return True

    return StepLaw(law_id, sentence, source, holds, Scope(tables=tuple(rights)))


def _lets_in(step: AcceptedStep[Deposit]) -> bool:
    """True if the depositor is on the vault's deposit whitelist."""
    call, rows = step.action, step.before.rows
    depositor: Pair = (call.vault, call.sender)
    return rows.get(DEPOSITORS, depositor).is_whitelisted


def _has_a_whitelist(step: AcceptedStep[Deposit]) -> bool:
    return step.before.rows.get(DEPOSIT_POLICIES, step.action.vault).deposit_whitelist


STEP_LAWS: Final[list[StepLaw]] = [
    _right(
        "AUTH-01",
        "Only a vault's admin changes its policies and limits; the network of a limit may lower it.",
        "AccessControl; Symbiotic test/vault/Vault and test/delegator/: test_...RevertUnauthorized...",
        ADMINS,
    ),
    _right(
        "AUTH-02",
        "Only a network changes the stake that it accepts, its middleware and its resolvers.",
        "NetworkMiddlewareService, BaseDelegator.setMaxNetworkLimit, VetoSlasher.setResolver: msg.sender",
        NETWORKS,
    ),
    _right(
        "AUTH-03",
        "An operator is registered, opted in and opted out only by its own calls.",
        "OperatorRegistry, OptInService: msg.sender",
        OPERATORS,
    ),
    _right(
        "AUTH-04",
        "Only a network's middleware slashes, or requests a slash, in its name.",
        "BaseSlasher.onlyNetworkMiddleware; Symbiotic test/slasher/: test_...RevertNotNetworkMiddleware",
        SLASHERS,
    ),
    _right(
        "AUTH-05",
        "An account loses tokens, active shares or a withdrawal only by its own call; a vault pays out only "
        "claims and slashes, a rewards contract only claims.",
        "ERC-20; Vault: msg.sender",
        HOLDERS,
    ),
    _right(
        "AUTH-06",
        "Address zero receives nothing: no tokens, no shares, no withdrawal, no place on a whitelist.",
        "ERC-20; Symbiotic test/vault/Vault: test_...RevertInvalid...",
        SOMEBODY,
    ),
    _right(
        "AUTH-07",
        "A vault is slashed at once, or after a request that can be vetoed, or never, by its type of slasher.",
        "Slasher, VetoSlasher",
        KINDS,
    ),
    StepLaw(
        "AUTH-08",
        "While a vault's whitelist is on, only accounts on it deposit.",
        "Vault.deposit; Symbiotic test/vault/Vault: test_DepositWhitelistRevert...",
        _lets_in,
        Scope((Deposit,)),
        applies_to=_has_a_whitelist,
    ),
    _right(
        "AUTH-09",
        "A call benefits only accounts that it names: the recipient, the beneficiary of a deposit, the claimer, "
        "the burner.",
        "ERC-20; Vault: onBehalfOf, claimer, recipient",
        GAINERS,
    ),
    _right(
        "AUTH-10",
        "Only a network's middleware pays in rewards in its name and sets its roots; only the holder of a role sets or "
        "claims the admin fee; only an account itself claims its rewards.",
        "INetworkMiddlewareService.middleware, AccessControl; DefaultStakerRewards, DefaultOperatorRewards: msg.sender",
        REWARDS,
    ),
]
