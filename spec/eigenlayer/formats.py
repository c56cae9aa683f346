"""EigenLayer's formats of calls in traces: the name and the arguments of each, and its return value."""

from typing import Final, cast

from spec.arithmetic import is_multiple
from spec.codec import (
    ActionFormat,
    Amount,
    Flag,
    Format,
    Json,
    ListOf,
    MalformedTrace,
    Names,
    Record,
    SignedAmount,
    argument,
    shown,
)
from spec.eigenlayer import actions
from spec.eigenlayer.actions import Approval, Completion, MineBlocks, RecordBeaconChainEthBalanceUpdate
from spec.eigenlayer.config import (
    GWEI_TO_WEI,
    ZERO_ADDRESS,
)
from spec.eigenlayer.observation import (
    ACCOUNT,
    ACCOUNT_OR_NULL,
    PAID_TOKEN,
    STRATEGY,
    TOKEN,
    OperatorSetName,
)
from spec.eigenlayer.rewards_formats import REWARDS_FORMATS

NEVER: Final = 2**256 - 1
"""The expiry of a signature that never expires. The only other expiry in the format is 0: the signature has expired."""


class Expiry(Format):
    """The expiry of a signature: 2^256 - 1 (it never expires) or 0 (it has expired). Read as True if it has expired.

    Traces have no timestamps with which to compare any other expiry.
    """

    def read(self, value: Json, where: str, names: Names) -> object:
        expiry = Amount().read(value, where, names)
        if expiry not in (0, NEVER):
            raise MalformedTrace(where, f"an expiry is 0 or 2^256 - 1, found {shown(value)}")
        return expiry == 0

    def write(self, value: object) -> Json:
        return "0" if value else str(NEVER)


APPROVER: Final = "approver0"
"""The only account that signs approvals in traces. A valid approval has it as signer, an invalid one ZERO_ADDRESS."""


class Wei(Format):
    """An amount of wei that is a multiple of a gwei."""

    def read(self, value: Json, where: str, names: Names) -> object:
        amount = cast(int, Amount().read(value, where, names))
        if not is_multiple(amount, GWEI_TO_WEI):
            raise MalformedTrace(where, f"expected a multiple of a gwei, found {shown(value)}")
        return amount

    def write(self, value: object) -> Json:
        return str(value)


class Signer(Format):
    """The signer of an approval, written as a flag: true if the signature is valid."""

    def read(self, value: Json, where: str, names: Names) -> object:
        return APPROVER if Flag().read(value, where, names) else ZERO_ADDRESS

    def write(self, value: object) -> Json:
        return value == APPROVER


STRATEGY_LIST: Final = ListOf(STRATEGY)
NO_APPROVAL: Final = Approval(signer=ZERO_ADDRESS, salt=0, is_expired=False)

OPERATOR_SET_REQUEST: Final = Record(
    actions.OperatorSetRequest,
    [
        ("id", "operator_set_id", Amount(32)),
        ("strategies", "strategies", STRATEGY_LIST),
        ("slasher", "slasher", ACCOUNT),
    ],
)
APPROVAL: Final = Record(
    Approval, [("valid", "signer", Signer()), ("salt", "salt", Amount()), ("expiry", "is_expired", Expiry())]
)
WITHDRAWAL_REQUEST: Final = Record(
    actions.WithdrawalRequest,
    [("strategies", "strategies", STRATEGY_LIST), ("deposit_shares", "deposit_shares", ListOf(Amount()))],
)
ALLOCATION_REQUEST: Final = Record(
    actions.AllocationRequest,
    [
        ("operator_set", "operator_set", OperatorSetName()),
        ("strategies", "strategies", STRATEGY_LIST),
        ("new_magnitudes", "new_magnitudes", ListOf(Amount(64))),
    ],
)
COMPLETION: Final = Record(
    Completion,
    [
        ("staker", "staker", ACCOUNT),
        ("nonce", "nonce", Amount()),
        ("tokens", "tokens", ListOf(PAID_TOKEN)),
        ("receive_as_tokens", "receive_as_tokens", Flag()),
        ("tampered", "is_tampered", Flag()),
    ],
    optional={"tampered": False},
)


OPERATOR: Final = argument("operator", ACCOUNT)
AVS: Final = argument("avs", ACCOUNT)
STRATEGIES_ARG: Final = argument("strategies", STRATEGY_LIST)
OPERATOR_SET: Final = argument("operator_set", OperatorSetName())
OPERATOR_SET_ID: Final = argument("operator_set_id", Amount(32))
OPERATOR_SET_IDS: Final = argument("operator_set_ids", ListOf(Amount(32)))
APPROVAL_ARG: Final = argument("approval", APPROVAL)
SLASH_ID: Final = argument("slash_id", Amount())
SETS: Final = argument("sets", ListOf(OPERATOR_SET_REQUEST), "requests")
WITHDRAWALS_QUEUED: Final = [("withdrawals", Amount())]

ACTION_FORMATS: Final[dict[str, ActionFormat]] = {
    "deposit_into_strategy": ActionFormat(
        actions.DepositIntoStrategy,
        [argument("strategy", STRATEGY), argument("token", TOKEN), argument("amount", Amount())],
        [("shares", Amount())],
    ),
    "transfer_token": ActionFormat(
        actions.TransferToken, [argument("token", TOKEN), argument("to", ACCOUNT), argument("amount", Amount())]
    ),
    "add_strategies_to_deposit_whitelist": ActionFormat(actions.AddStrategiesToDepositWhitelist, [STRATEGIES_ARG]),
    "remove_strategies_from_deposit_whitelist": ActionFormat(
        actions.RemoveStrategiesFromDepositWhitelist, [STRATEGIES_ARG]
    ),
    "register_as_operator": ActionFormat(
        actions.RegisterAsOperator,
        [
            argument("delegation_approver", ACCOUNT_OR_NULL),
            argument("allocation_delay", Amount(32), "allocation_delay_blocks"),
        ],
    ),
    "modify_operator_details": ActionFormat(
        actions.ModifyOperatorDetails, [OPERATOR, argument("delegation_approver", ACCOUNT_OR_NULL)]
    ),
    "delegate_to": ActionFormat(actions.DelegateTo, [OPERATOR, APPROVAL_ARG], optional={"approval": NO_APPROVAL}),
    "undelegate": ActionFormat(actions.Undelegate, [argument("staker", ACCOUNT)], WITHDRAWALS_QUEUED),
    "redelegate": ActionFormat(
        actions.Redelegate, [OPERATOR, APPROVAL_ARG], WITHDRAWALS_QUEUED, optional={"approval": NO_APPROVAL}
    ),
    "queue_withdrawals": ActionFormat(
        actions.QueueWithdrawals, [argument("withdrawals", ListOf(WITHDRAWAL_REQUEST), "requests")], WITHDRAWALS_QUEUED
    ),
    "complete_queued_withdrawal": ActionFormat(actions.CompleteQueuedWithdrawal, carries=("completion", COMPLETION)),
    "complete_queued_withdrawals": ActionFormat(
        actions.CompleteQueuedWithdrawals, [argument("withdrawals", ListOf(COMPLETION), "completions")]
    ),
    "update_avs_metadata": ActionFormat(actions.UpdateAvsMetadata, [AVS]),
    "create_operator_sets": ActionFormat(actions.CreateOperatorSets, [AVS, SETS]),
    "create_redistributing_operator_sets": ActionFormat(
        actions.CreateRedistributingOperatorSets, [AVS, SETS, argument("recipients", ListOf(ACCOUNT))]
    ),
    "add_strategies_to_operator_set": ActionFormat(
        actions.AddStrategiesToOperatorSet, [AVS, OPERATOR_SET_ID, STRATEGIES_ARG]
    ),
    "remove_strategies_from_operator_set": ActionFormat(
        actions.RemoveStrategiesFromOperatorSet, [AVS, OPERATOR_SET_ID, STRATEGIES_ARG]
    ),
    "update_slasher": ActionFormat(actions.UpdateSlasher, [OPERATOR_SET, argument("slasher", ACCOUNT)]),
    "register_for_operator_sets": ActionFormat(actions.RegisterForOperatorSets, [OPERATOR, AVS, OPERATOR_SET_IDS]),
    "deregister_from_operator_sets": ActionFormat(
        actions.DeregisterFromOperatorSets, [OPERATOR, AVS, OPERATOR_SET_IDS]
    ),
    "modify_allocations": ActionFormat(
        actions.ModifyAllocations, [OPERATOR, argument("params", ListOf(ALLOCATION_REQUEST), "requests")]
    ),
    "set_allocation_delay": ActionFormat(
        actions.SetAllocationDelay, [OPERATOR, argument("delay", Amount(32), "delay_blocks")]
    ),
    "clear_deallocation_queue": ActionFormat(
        actions.ClearDeallocationQueue,
        [OPERATOR, STRATEGIES_ARG, argument("num_to_clear", ListOf(Amount(16)), "numbers_to_clear")],
    ),
    "slash_operator": ActionFormat(
        actions.SlashOperator,
        [AVS, OPERATOR, OPERATOR_SET_ID, STRATEGIES_ARG, argument("wads_to_slash", ListOf(Amount()))],
        [("slash_id", Amount()), ("shares", ListOf(Amount()))],
    ),
    "clear_burn_or_redistributable_shares": ActionFormat(
        actions.ClearBurnOrRedistributableShares, [OPERATOR_SET, SLASH_ID], [("amounts_out", ListOf(Amount()))]
    ),
    "clear_burn_or_redistributable_shares_by_strategy": ActionFormat(
        actions.ClearBurnOrRedistributableSharesByStrategy,
        [OPERATOR_SET, SLASH_ID, argument("strategy", STRATEGY)],
        [("amount_out", Amount())],
    ),
    "burn_shares": ActionFormat(actions.BurnShares, [argument("strategy", STRATEGY)]),
    "create_pod": ActionFormat(actions.CreatePod),
    "record_beacon_chain_eth_balance_update": ActionFormat(
        RecordBeaconChainEthBalanceUpdate,
        [
            argument("pod_owner", ACCOUNT),
            argument("prev_restaked_balance_wei", Amount()),
            argument("balance_delta_wei", SignedAmount(256)),
        ],
    ),
    **REWARDS_FORMATS,
}
"""The format of every call, by its name in traces.

Steps that only mine blocks, and facts (events that are no contract calls), have formats of their own.
"""

FACT_FORMATS: Final[dict[str, ActionFormat]] = {
    "fund_pod": ActionFormat(actions.FundPod, [argument("pod_owner", ACCOUNT), argument("amount_wei", Wei())]),
    "plant_pod_owner_deposit_shares": ActionFormat(
        actions.PlantPodOwnerDepositShares, [argument("staker", ACCOUNT), argument("shares", SignedAmount(256))]
    ),
}
"""The format of every fact, by its name in traces. A fact is an event that is no contract call, such as ETH that a
checkpoint counted. It takes a block like a call, but has no sender.
"""

MINE: Final = Record(
    MineBlocks, [argument("blocks", Amount(32)), argument("seconds", Amount(32))], optional={"seconds": 0}
)
FORMATS: Final[dict[str, ActionFormat]] = {**ACTION_FORMATS, **FACT_FORMATS}
NAMES_BY_CLASS: Final[dict[object, str]] = {kind.make: name for name, kind in FORMATS.items()}
POD_OF: Final = "pod:"
"""The prefix of a pod's name; the owner's name follows it. A pod occurs only as a sender."""


def write_returns(action: object, returns: object) -> Json:
    """The return value of an accepted call as traces write it; None for MineBlocks and for calls without one."""
    if isinstance(action, MineBlocks):
        return None
    return FORMATS[NAMES_BY_CLASS[type(action)]].write_returns(returns, None)
