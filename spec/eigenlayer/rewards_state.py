"""The rows of the RewardsCoordinator's state. `state.py` declares their tables.

Timestamps and durations are seconds, amounts a token's smallest unit, splits hundredths of a percent (bips).
"""

from typing import Final

import attr

from spec.eigenlayer.config import ZERO_ADDRESS

OperatorSet = tuple[str, int]
"""An operator set's identity, as in `state.py`: its AVS and its id."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardsSettings:
    """The owner's settings: the account that publishes roots, the recipient of protocol fees, an activation delay and a
    default split.

    Roots and splits become active after the activation delay. The default split is that of operators that have not set
    one.
    """

    rewards_updater: Final[str]
    fee_recipient: Final[str]
    activation_delay_seconds: Final[int]
    default_operator_split_bips: Final[int]

    def __init__(
        self,
        rewards_updater: str = ZERO_ADDRESS,
        fee_recipient: str = ZERO_ADDRESS,
        activation_delay_seconds: int = 0,
        default_operator_split_bips: int = 0,
    ) -> None:
        self.rewards_updater = rewards_updater
        self.fee_recipient = fee_recipient
        self.activation_delay_seconds = activation_delay_seconds
        self.default_operator_split_bips = default_operator_split_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class AddressRank:
    """The position of an account, from 0, if the world's accounts are sorted by address."""

    rank: Final[int]

    def __init__(self, rank: int = 0) -> None:
        self.rank = rank


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Permission:
    """A permission of one account: `is_given` is True if it has it. The table says which: an infinite allowance to the
    coordinator, the right to submit rewards for all, or the opt-in to the protocol fee.
    """

    is_given: Final[bool]

    def __init__(self, is_given: bool = False) -> None:
        self.is_given = is_given


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OperatorSetCount:
    """The number of operator sets that an AVS has created."""

    count: Final[int]

    def __init__(self, count: int = 0) -> None:
        self.count = count


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SubmissionCount:
    """The number of all submissions accepted so far."""

    count: Final[int]

    def __init__(self, count: int = 0) -> None:
        self.count = count


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SubmissionNonce:
    """The number of submissions made for one account, of all kinds. It is the next submission's nonce."""

    next_nonce: Final[int]

    def __init__(self, next_nonce: int = 0) -> None:
        self.next_nonce = next_nonce


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Submission:
    """An accepted submission: its position in the order of all submissions, its kind, its token, and its amount.

    The amount is net of fees, in the token's smallest unit. Rewards are for the `duration_seconds` from
    `start_timestamp`. `operator_set` is `("", 0)` for kinds that name none. The counts are the numbers of strategies
    and of operators that the submission names.
    """

    position: Final[int]
    kind: Final[str]
    token: Final[str]
    amount: Final[int]
    operator_set: Final[OperatorSet]
    start_timestamp: Final[int]
    duration_seconds: Final[int]
    strategy_count: Final[int]
    operator_count: Final[int]

    def __init__(
        self,
        position: int = 0,
        kind: str = "",
        token: str = "",
        amount: int = 0,
        operator_set: OperatorSet = ("", 0),
        start_timestamp: int = 0,
        duration_seconds: int = 0,
        strategy_count: int = 0,
        operator_count: int = 0,
    ) -> None:
        self.position = position
        self.kind = kind
        self.token = token
        self.amount = amount
        self.operator_set = operator_set
        self.start_timestamp = start_timestamp
        self.duration_seconds = duration_seconds
        self.strategy_count = strategy_count
        self.operator_count = operator_count


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardedStrategy:
    """A strategy of a submission, and its `multiplier`: the weight of one of its shares when rewards are divided."""

    strategy: Final[str]
    multiplier: Final[int]

    def __init__(self, strategy: str = "", multiplier: int = 0) -> None:
        self.strategy = strategy
        self.multiplier = multiplier


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardedOperator:
    """An operator that a submission names, and its amount net of fees."""

    operator: Final[str]
    amount: Final[int]

    def __init__(self, operator: str = ZERO_ADDRESS, amount: int = 0) -> None:
        self.operator = operator
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Split:
    """An operator's split: the part of rewards that it keeps, before and from `activated_at_timestamp`.

    `old_split_bips` of NEVER_SET_BIPS stands for the current default split.
    """

    old_split_bips: Final[int]
    new_split_bips: Final[int]
    activated_at_timestamp: Final[int]

    def __init__(self, old_split_bips: int = 0, new_split_bips: int = 0, activated_at_timestamp: int = 0) -> None:
        self.old_split_bips = old_split_bips
        self.new_split_bips = new_split_bips
        self.activated_at_timestamp = activated_at_timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Distribution:
    """The number of published roots, and the end of the last root's period as a timestamp; both are 0 at first."""

    root_count: Final[int]
    calculation_end_timestamp: Final[int]

    def __init__(self, root_count: int = 0, calculation_end_timestamp: int = 0) -> None:
        self.root_count = root_count
        self.calculation_end_timestamp = calculation_end_timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Root:
    """A published Merkle root: the name of its tree, the end of its period, and its activation time. Rewards cannot be
    claimed from a disabled root.
    """

    tree: Final[str]
    calculation_end_timestamp: Final[int]
    activated_at_timestamp: Final[int]
    is_disabled: Final[bool]

    def __init__(
        self,
        tree: str = "",
        calculation_end_timestamp: int = 0,
        activated_at_timestamp: int = 0,
        is_disabled: bool = False,
    ) -> None:
        self.tree = tree
        self.calculation_end_timestamp = calculation_end_timestamp
        self.activated_at_timestamp = activated_at_timestamp
        self.is_disabled = is_disabled


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Claimer:
    """The account that may claim an earner's earnings (ZERO_ADDRESS: the earner itself)."""

    claimer: Final[str]

    def __init__(self, claimer: str = ZERO_ADDRESS) -> None:
        self.claimer = claimer


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Claimed:
    """The total amount ever claimed for an earner in one token."""

    cumulative_amount: Final[int]

    def __init__(self, cumulative_amount: int = 0) -> None:
        self.cumulative_amount = cumulative_amount
