"""Write sets of Symbiotic's calls: the tables that each call may write, and the keys that it may write in each."""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AnyStep, Scope, StepLaw
from invariants.symbiotic.state_queries import epoch_of, now, terms_of
from spec.history import HistoryTable
from spec.machine import Draft, Table
from spec.symbiotic.actions import (
    AdvanceTime,
    Claim,
    ClaimAdminFee,
    ClaimBatch,
    ClaimOperatorRewards,
    ClaimStakerRewards,
    Deposit,
    DistributeOperatorRewards,
    DistributeStakerRewards,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    OptOutNetwork,
    OptOutVault,
    Redeem,
    RegisterNetwork,
    RegisterOperator,
    RequestSlash,
    SetAdminFee,
    SetDepositLimit,
    SetDepositorWhitelistStatus,
    SetDepositWhitelist,
    SetIsDepositLimit,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    SetResolver,
    Slash,
    TransferCollateral,
    TransferReward,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.config import OPERATOR_REWARDS
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    ADMIN_FEES,
    CACHED_SHARES,
    CLAIMABLE_ADMIN_FEES,
    CLOCK,
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
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
)

Owns = Callable[[Draft, Any, Any], bool]
"""The type of a function that returns True if a call may write a row's key. It reads the state before the call."""


WriteSet = dict[Table[Any, Any], Owns]


def _any(_rows: Draft, _call: Any, _key: Any) -> bool:
    return True


def _of_sender(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key == call.sender)


def _of_vault(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key == call.vault)


def _of_sender_in_vault(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.vault and key[1] == call.sender)


def _own_subnetwork(_rows: Draft, call: Any, key: Any) -> bool:
    """True if the key is (vault, subnetwork), with the call's vault and the subnetwork of the sender that the call
    names.
    """
    return bool(key[0] == call.vault and key[1] == (call.sender, call.identifier))


def _subnetwork(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.vault and key[1] == call.subnetwork)


def _operator(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.vault and key[1] == call.subnetwork and key[2] == call.operator)


def _history(history: HistoryTable[Any], owns: Owns) -> dict[Table[Any, Any], Owns]:
    """For the two tables of a history, its heads and its checkpoints, the tests of the keys that a call may write.

    `owns` is the test of a head's key. A checkpoint's key is (key of the history, number of the checkpoint).
    """
    return {history.heads: owns, history.checkpoints: lambda rows, call, key: owns(rows, call, key[0])}


def _depositor_or_vault(rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == rows.get(VAULTS, call.vault).collateral and key[1] in (call.sender, call.vault))


def _recipient_or_vault(rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == rows.get(VAULTS, call.vault).collateral and key[1] in (call.recipient, call.vault))


def _burner_or_vault(rows: Draft, call: Any, key: Any) -> bool:
    config = rows.get(VAULTS, call.vault)
    return bool(key[0] == config.collateral and key[1] in (config.burner, call.vault))


def _beneficiary(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.vault and key[1] == call.on_behalf_of)


def _next_bucket(rows: Draft, call: Any, key: Any) -> bool:
    """True if the key is of the next epoch's withdrawal bucket in the call's vault, or of an account's shares in that
    bucket.
    """
    return bool(key[0] == call.vault and key[1] == epoch_of(rows.get(VAULTS, call.vault), now(rows)) + 1)


def _claimers_part(rows: Draft, call: Any, key: Any) -> bool:
    return _next_bucket(rows, call, key) and bool(key[2] == call.claimer)


def _claimed_part(_rows: Draft, call: Any, key: Any) -> bool:
    epochs = call.epochs if isinstance(call, ClaimBatch) else (call.epoch,)
    return bool(key[0] == call.vault and key[1] in epochs and key[2] == call.sender)


def _slashed_operator(rows: Draft, call: Any, key: Any) -> bool:
    asked = terms_of(rows, call)
    return bool(key[0] == asked.vault and key[1] == asked.subnetwork and key[2] == asked.operator)


def _bucket_in_reach(rows: Draft, call: Any, key: Any) -> bool:
    """True if the key is of one of the two withdrawal buckets that the slash can reach: those of exits in the capture's
    epoch or the next one.
    """
    asked = terms_of(rows, call)
    epoch = epoch_of(rows.get(VAULTS, asked.vault), asked.capture_timestamp)
    return bool(key[0] == asked.vault and key[1] in (epoch + 1, epoch + 2))


def _request(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.vault and key[1] == call.slash_index)


def _opt_in_to_vault(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.sender and key[1] == call.vault)


def _opt_in_to_network(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.sender and key[1] == call.network)


def _reward_payer_or_contract(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.token and key[1] in (call.sender, call.contract))


def _reward_recipient_or_contract(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.token and key[1] in (call.recipient, call.contract))


def _of_contract(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key == call.contract)


def _fees(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.contract and key[1] == call.token)


def _reward_list(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.contract and key[1] == call.token and key[2] == call.network)


def _appended(rows: Draft, call: Any, key: Any) -> bool:
    return _reward_list(rows, call, key[0]) and bool(key[1] == rows.get(DISTRIBUTION_COUNTS, key[0]).count)


def _rewarded_second(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.contract and key[1] == call.timestamp)


def _claimers_rewards(rows: Draft, call: Any, key: Any) -> bool:
    return _reward_list(rows, call, key) and bool(key[3] == call.sender)


def _purse(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.network and key[1] == call.token)


def _payer_or_operators_contract(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.token and key[1] in (call.sender, OPERATOR_REWARDS))


def _recipient_or_operators_contract(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == call.token and key[1] in (call.recipient, OPERATOR_REWARDS))


def _claimed_by_operator(rows: Draft, call: Any, key: Any) -> bool:
    return _purse(rows, call, key) and bool(key[2] == call.sender)


LEAVES: Final[WriteSet] = {
    **_history(ACTIVE_SHARES_OF, _of_sender_in_vault),
    **_history(ACTIVE_SHARES, _of_vault),
    **_history(ACTIVE_STAKE, _of_vault),
    WITHDRAWAL_BUCKETS: _next_bucket,
    WITHDRAWALS: _claimers_part,
}


CLAIMS: Final[WriteSet] = {WITHDRAWALS: _claimed_part, TOKEN_BALANCES: _recipient_or_vault}


SLASHES: Final[WriteSet] = {
    LATEST_CAPTURES: _slashed_operator,
    **_history(CUMULATIVE_SLASHES, _slashed_operator),
    **_history(ACTIVE_STAKE, _of_vault),
    WITHDRAWAL_BUCKETS: _bucket_in_reach,
    TOKEN_BALANCES: _burner_or_vault,
}


POLICY: Final[WriteSet] = {DEPOSIT_POLICIES: _of_vault}


WRITE_SETS: Final[dict[type[Any], WriteSet]] = {
    AdvanceTime: {CLOCK: _any},
    TransferCollateral: {
        TOKEN_BALANCES: lambda _, call, key: key[0] == call.collateral and key[1] in (call.sender, call.to)
    },
    RegisterOperator: {OPERATOR_REGISTRY: _of_sender},
    RegisterNetwork: {NETWORK_REGISTRY: _of_sender},
    SetMiddleware: {MIDDLEWARES: _of_sender},
    OptInVault: _history(OPERATOR_VAULT_OPT_INS, _opt_in_to_vault),
    OptOutVault: _history(OPERATOR_VAULT_OPT_INS, _opt_in_to_vault),
    OptInNetwork: _history(OPERATOR_NETWORK_OPT_INS, _opt_in_to_network),
    OptOutNetwork: _history(OPERATOR_NETWORK_OPT_INS, _opt_in_to_network),
    Deposit: {
        TOKEN_BALANCES: _depositor_or_vault,
        **_history(ACTIVE_STAKE, _of_vault),
        **_history(ACTIVE_SHARES, _of_vault),
        **_history(ACTIVE_SHARES_OF, _beneficiary),
    },
    SetDepositWhitelist: POLICY,
    SetDepositorWhitelistStatus: {
        DEPOSITORS: lambda _, call, key: key[0] == call.vault and key[1] == call.account,
    },
    SetIsDepositLimit: POLICY,
    SetDepositLimit: POLICY,
    Withdraw: LEAVES,
    Redeem: LEAVES,
    Claim: CLAIMS,
    ClaimBatch: CLAIMS,
    SetMaxNetworkLimit: {
        **_history(MAX_NETWORK_LIMITS, _own_subnetwork),
        **_history(NETWORK_LIMITS, _own_subnetwork),
    },
    SetNetworkLimit: _history(NETWORK_LIMITS, _subnetwork),
    SetOperatorNetworkShares: {
        **_history(TOTAL_OPERATOR_NETWORK_SHARES, _subnetwork),
        **_history(OPERATOR_NETWORK_SHARES, _operator),
    },
    SetOperatorNetworkLimit: _history(OPERATOR_NETWORK_LIMITS, _operator),
    Slash: SLASHES,
    RequestSlash: {
        SLASH_REQUEST_COUNTS: _of_vault,
        SLASH_REQUESTS: lambda rows, call, key: (
            key[0] == call.vault and key[1] == rows.get(SLASH_REQUEST_COUNTS, call.vault).count
        ),
    },
    ExecuteSlash: {**SLASHES, SLASH_REQUESTS: _request},
    VetoSlash: {SLASH_REQUESTS: _request},
    SetResolver: {**_history(RESOLVER_ORDINALS, _own_subnetwork), RESOLVERS: _own_subnetwork},
    TransferReward: {TOKEN_BALANCES: lambda _, call, key: key[0] == call.token and key[1] in (call.sender, call.to)},
    DistributeStakerRewards: {
        TOKEN_BALANCES: _reward_payer_or_contract,
        CLAIMABLE_ADMIN_FEES: _fees,
        CACHED_SHARES: _rewarded_second,
        DISTRIBUTIONS: _appended,
        DISTRIBUTION_COUNTS: _reward_list,
    },
    ClaimStakerRewards: {TOKEN_BALANCES: _reward_recipient_or_contract, REWARDS_DONE: _claimers_rewards},
    ClaimAdminFee: {TOKEN_BALANCES: _reward_recipient_or_contract, CLAIMABLE_ADMIN_FEES: _fees},
    SetAdminFee: {ADMIN_FEES: _of_contract},
    DistributeOperatorRewards: {
        TOKEN_BALANCES: _payer_or_operators_contract,
        OPERATOR_REWARD_BALANCES: _purse,
        OPERATOR_ROOTS: _purse,
    },
    ClaimOperatorRewards: {
        TOKEN_BALANCES: _recipient_or_operators_contract,
        OPERATOR_REWARD_BALANCES: _purse,
        OPERATOR_REWARDS_CLAIMED: _claimed_by_operator,
    },
}


def _writes_its_own_rows(step: AnyStep) -> bool:
    write_set = WRITE_SETS[type(step.action)]
    for write in step.delta.writes:
        owns = write_set.get(write.table)
        if owns is None or not owns(step.before.rows, step.action, write.key):
            return False
    return True


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "FRAME-01",
        "A call writes only rows of its own subject: no other account, operator, subnetwork or vault is touched.",
        "This project; Vault, BaseDelegator, BaseSlasher: msg.sender and the arguments are all they index by",
        _writes_its_own_rows,
        Scope(tuple(WRITE_SETS)),
    ),
]
