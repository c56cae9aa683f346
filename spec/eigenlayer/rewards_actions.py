"""Actions of the RewardsCoordinator: one class for each call, `sender` being the account that calls.

Only an account itself acts for itself. Merkle proofs are facts, as signatures are: a claim says of each proof what the
contract finds when it hashes it. Timestamps and durations are seconds, splits hundredths of a percent (bips).
"""

from typing import Final

import attr

from spec.eigenlayer.rewards_state import OperatorSet


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class StrategyAndMultiplier:
    """A strategy whose stake earns rewards, and the weight of one share of it."""

    strategy: Final[str]
    multiplier: Final[int]

    def __init__(self, strategy: str, multiplier: int) -> None:
        self.strategy = strategy
        self.multiplier = multiplier


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OperatorReward:
    """The amount that a submission names for one operator."""

    operator: Final[str]
    amount: Final[int]

    def __init__(self, operator: str, amount: int) -> None:
        self.operator = operator
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardsSubmission:
    """Rewards of one token over a duration, to be divided by stake. IRewardsCoordinatorTypes.RewardsSubmission."""

    strategies_and_multipliers: Final[tuple[StrategyAndMultiplier, ...]]
    token: Final[str]
    amount: Final[int]
    start_timestamp: Final[int]
    duration_seconds: Final[int]

    def __init__(
        self,
        strategies_and_multipliers: tuple[StrategyAndMultiplier, ...],
        token: str,
        amount: int,
        start_timestamp: int,
        duration_seconds: int,
    ) -> None:
        self.strategies_and_multipliers = strategies_and_multipliers
        self.token = token
        self.amount = amount
        self.start_timestamp = start_timestamp
        self.duration_seconds = duration_seconds


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OperatorDirectedRewardsSubmission:
    """Rewards of one token over a duration, with an amount for each operator.
    IRewardsCoordinatorTypes.OperatorDirectedRewardsSubmission.
    """

    strategies_and_multipliers: Final[tuple[StrategyAndMultiplier, ...]]
    token: Final[str]
    operator_rewards: Final[tuple[OperatorReward, ...]]
    start_timestamp: Final[int]
    duration_seconds: Final[int]
    description: Final[str]

    def __init__(
        self,
        strategies_and_multipliers: tuple[StrategyAndMultiplier, ...],
        token: str,
        operator_rewards: tuple[OperatorReward, ...],
        start_timestamp: int,
        duration_seconds: int,
        description: str = "",
    ) -> None:
        self.strategies_and_multipliers = strategies_and_multipliers
        self.token = token
        self.operator_rewards = operator_rewards
        self.start_timestamp = start_timestamp
        self.duration_seconds = duration_seconds
        self.description = description


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateAvsRewardsSubmission:
    """Pay the stakers and operators of the sender, an AVS. RewardsCoordinator.createAVSRewardsSubmission."""

    sender: Final[str]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateEigenDaRewardsSubmission:
    """Pay for an AVS, by the emissions controller. RewardsCoordinator.createEigenDARewardsSubmission."""

    sender: Final[str]
    avs: Final[str]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, avs: str, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.avs = avs
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateRewardsForAllSubmission:
    """Pay all stakers. RewardsCoordinator.createRewardsForAllSubmission."""

    sender: Final[str]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateRewardsForAllEarners:
    """Pay all operators of any AVS, and their stakers. RewardsCoordinator.createRewardsForAllEarners."""

    sender: Final[str]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateOperatorDirectedAvsRewardsSubmission:
    """Pay named operators of an AVS, and their stakers, for time that has passed.
    RewardsCoordinator.createOperatorDirectedAVSRewardsSubmission.
    """

    sender: Final[str]
    avs: Final[str]
    submissions: Final[tuple[OperatorDirectedRewardsSubmission, ...]]

    def __init__(self, sender: str, avs: str, submissions: tuple[OperatorDirectedRewardsSubmission, ...]) -> None:
        self.sender = sender
        self.avs = avs
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateOperatorDirectedOperatorSetRewardsSubmission:
    """Pay named operators of an operator set, and their stakers, for time that has passed.
    RewardsCoordinator.createOperatorDirectedOperatorSetRewardsSubmission.
    """

    sender: Final[str]
    operator_set: Final[OperatorSet]
    submissions: Final[tuple[OperatorDirectedRewardsSubmission, ...]]

    def __init__(
        self,
        sender: str,
        operator_set: OperatorSet,
        submissions: tuple[OperatorDirectedRewardsSubmission, ...],
    ) -> None:
        self.sender = sender
        self.operator_set = operator_set
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateUniqueStakeRewardsSubmission:
    """Pay the operators of a set by what they have allocated to it.
    RewardsCoordinator.createUniqueStakeRewardsSubmission.
    """

    sender: Final[str]
    operator_set: Final[OperatorSet]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, operator_set: OperatorSet, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.operator_set = operator_set
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateTotalStakeRewardsSubmission:
    """Pay the operators of a set by all their stake. RewardsCoordinator.createTotalStakeRewardsSubmission."""

    sender: Final[str]
    operator_set: Final[OperatorSet]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, operator_set: OperatorSet, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.operator_set = operator_set
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SubmitRoot:
    """Publish who earned how much so far, as a Merkle tree. RewardsCoordinator.submitRoot."""

    sender: Final[str]
    tree: Final[str]
    calculation_end_timestamp: Final[int]

    def __init__(self, sender: str, tree: str, calculation_end_timestamp: int) -> None:
        self.sender = sender
        self.tree = tree
        self.calculation_end_timestamp = calculation_end_timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DisableRoot:
    """Withdraw a root before it is active. RewardsCoordinator.disableRoot."""

    sender: Final[str]
    root_index: Final[int]

    def __init__(self, sender: str, root_index: int) -> None:
        self.sender = sender
        self.root_index = root_index


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetClaimerFor:
    """Let another account claim for the sender. RewardsCoordinator.setClaimerFor(claimer)."""

    sender: Final[str]
    claimer: Final[str]

    def __init__(self, sender: str, claimer: str) -> None:
        self.sender = sender
        self.claimer = claimer


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetClaimerForEarner:
    """Let another account claim for an operator or an AVS. RewardsCoordinator.setClaimerFor(earner, claimer)."""

    sender: Final[str]
    earner: Final[str]
    claimer: Final[str]

    def __init__(self, sender: str, earner: str, claimer: str) -> None:
        self.sender = sender
        self.earner = earner
        self.claimer = claimer


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetOperatorAvsSplit:
    """Change an operator's part of what an AVS pays, after a delay. RewardsCoordinator.setOperatorAVSSplit."""

    sender: Final[str]
    operator: Final[str]
    avs: Final[str]
    split_bips: Final[int]

    def __init__(self, sender: str, operator: str, avs: str, split_bips: int) -> None:
        self.sender = sender
        self.operator = operator
        self.avs = avs
        self.split_bips = split_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetOperatorPiSplit:
    """Change an operator's part of rewards for all earners, after a delay. RewardsCoordinator.setOperatorPISplit."""

    sender: Final[str]
    operator: Final[str]
    split_bips: Final[int]

    def __init__(self, sender: str, operator: str, split_bips: int) -> None:
        self.sender = sender
        self.operator = operator
        self.split_bips = split_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetOperatorSetSplit:
    """Change an operator's part of what an operator set pays, after a delay. RewardsCoordinator.setOperatorSetSplit."""

    sender: Final[str]
    operator: Final[str]
    operator_set: Final[OperatorSet]
    split_bips: Final[int]

    def __init__(self, sender: str, operator: str, operator_set: OperatorSet, split_bips: int) -> None:
        self.sender = sender
        self.operator = operator
        self.operator_set = operator_set
        self.split_bips = split_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetOptInForProtocolFee:
    """Pay the protocol fee on submissions, or stop. RewardsCoordinator.setOptInForProtocolFee."""

    sender: Final[str]
    submitter: Final[str]
    is_opted_in: Final[bool]

    def __init__(self, sender: str, submitter: str, is_opted_in: bool) -> None:
        self.sender = sender
        self.submitter = submitter
        self.is_opted_in = is_opted_in


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TokenClaim:
    """The cumulative earnings in one token that a claim shows, and what its proof turns out to be."""

    token: Final[str]
    cumulative_earnings: Final[int]
    proof: Final[str]

    def __init__(self, token: str, cumulative_earnings: int, proof: str) -> None:
        self.token = token
        self.cumulative_earnings = cumulative_earnings
        self.proof = proof


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Claim:
    """A claim of cumulative earnings against a root. `earner_proof` and the proof of each token say what the contract
    finds; `evidence` is what was handed in for it, which no rule reads. The counts are of the lists of indices and
    proofs. IRewardsCoordinatorTypes.RewardsMerkleClaim.
    """

    root_index: Final[int]
    earner: Final[str]
    earner_proof: Final[str]
    tokens: Final[tuple[TokenClaim, ...]]
    token_index_count: Final[int]
    token_proof_count: Final[int]
    evidence: Final[str]

    def __init__(
        self,
        root_index: int,
        earner: str,
        earner_proof: str,
        tokens: tuple[TokenClaim, ...],
        token_index_count: int,
        token_proof_count: int,
        evidence: str = "",
    ) -> None:
        self.root_index = root_index
        self.earner = earner
        self.earner_proof = earner_proof
        self.tokens = tokens
        self.token_index_count = token_index_count
        self.token_proof_count = token_proof_count
        self.evidence = evidence


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ProcessClaim:
    """Pay what one claim shows and was not claimed before. RewardsCoordinator.processClaim."""

    sender: Final[str]
    claim: Final[Claim]
    recipient: Final[str]

    def __init__(self, sender: str, claim: Claim, recipient: str) -> None:
        self.sender = sender
        self.claim = claim
        self.recipient = recipient


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ProcessClaims:
    """Pay several claims, all or none. RewardsCoordinator.processClaims."""

    sender: Final[str]
    claims: Final[tuple[Claim, ...]]
    recipient: Final[str]

    def __init__(self, sender: str, claims: tuple[Claim, ...], recipient: str) -> None:
        self.sender = sender
        self.claims = claims
        self.recipient = recipient


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetActivationDelay:
    """Change how long roots and splits wait. RewardsCoordinator.setActivationDelay."""

    sender: Final[str]
    activation_delay_seconds: Final[int]

    def __init__(self, sender: str, activation_delay_seconds: int) -> None:
        self.sender = sender
        self.activation_delay_seconds = activation_delay_seconds


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetDefaultOperatorSplit:
    """Change the split of operators that set none. RewardsCoordinator.setDefaultOperatorSplit."""

    sender: Final[str]
    split_bips: Final[int]

    def __init__(self, sender: str, split_bips: int) -> None:
        self.sender = sender
        self.split_bips = split_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetFeeRecipient:
    """Change who gets protocol fees. RewardsCoordinator.setFeeRecipient."""

    sender: Final[str]
    fee_recipient: Final[str]

    def __init__(self, sender: str, fee_recipient: str) -> None:
        self.sender = sender
        self.fee_recipient = fee_recipient


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetRewardsUpdater:
    """Change who publishes roots. RewardsCoordinator.setRewardsUpdater."""

    sender: Final[str]
    rewards_updater: Final[str]

    def __init__(self, sender: str, rewards_updater: str) -> None:
        self.sender = sender
        self.rewards_updater = rewards_updater


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetRewardsForAllSubmitter:
    """Let an account pay everybody, or no longer. RewardsCoordinator.setRewardsForAllSubmitter."""

    sender: Final[str]
    submitter: Final[str]
    is_submitter: Final[bool]

    def __init__(self, sender: str, submitter: str, is_submitter: bool) -> None:
        self.sender = sender
        self.submitter = submitter
        self.is_submitter = is_submitter


RewardsAction = (
    CreateAvsRewardsSubmission
    | CreateEigenDaRewardsSubmission
    | CreateRewardsForAllSubmission
    | CreateRewardsForAllEarners
    | CreateOperatorDirectedAvsRewardsSubmission
    | CreateOperatorDirectedOperatorSetRewardsSubmission
    | CreateUniqueStakeRewardsSubmission
    | CreateTotalStakeRewardsSubmission
    | SubmitRoot
    | DisableRoot
    | SetClaimerFor
    | SetClaimerForEarner
    | SetOperatorAvsSplit
    | SetOperatorPiSplit
    | SetOperatorSetSplit
    | SetOptInForProtocolFee
    | ProcessClaim
    | ProcessClaims
    | SetActivationDelay
    | SetDefaultOperatorSplit
    | SetFeeRecipient
    | SetRewardsUpdater
    | SetRewardsForAllSubmitter
)
"""The calls of the RewardsCoordinator."""
