"""Actions of the RewardsCoordinator: one class for each call. `sender` is the account that calls.

Only the account itself has permission to act for itself. Merkle proofs are not hashed: a claim states the result of
each proof's verification, as an approval states its signer. Timestamps and durations are seconds, splits hundredths of
a percent (bips).
"""

from typing import Final

import attr

from spec.eigenlayer.rewards_state import OperatorSet


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class StrategyAndMultiplier:
    """A strategy whose stake earns rewards, and its `multiplier`: the weight of one of its shares when rewards are
    divided.
    """

    strategy: Final[str]
    multiplier: Final[int]

    def __init__(self, strategy: str, multiplier: int) -> None:
        self.strategy = strategy
        self.multiplier = multiplier


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OperatorReward:
    """The reward amount of one operator in an operator-directed submission."""

    operator: Final[str]
    amount: Final[int]

    def __init__(self, operator: str, amount: int) -> None:
        self.operator = operator
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RewardsSubmission:
    """Rewards of one token for a period, divided by stake. Source: IRewardsCoordinatorTypes.RewardsSubmission."""

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
    """Rewards of one token for a period, with one amount for each operator.

    Source: IRewardsCoordinatorTypes.OperatorDirectedRewardsSubmission.
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
    """Submit rewards for the operators of the sender, an AVS, and their stakers.

    Source: RewardsCoordinator.createAVSRewardsSubmission.
    """

    sender: Final[str]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateEigenDaRewardsSubmission:
    """Submit rewards on behalf of an AVS. The emissions controller sends and pays.

    Source: RewardsCoordinator.createEigenDARewardsSubmission.
    """

    sender: Final[str]
    avs: Final[str]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, avs: str, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.avs = avs
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateRewardsForAllSubmission:
    """Submit rewards for all stakers. Source: RewardsCoordinator.createRewardsForAllSubmission."""

    sender: Final[str]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateRewardsForAllEarners:
    """Submit rewards for the operators of all AVSs, and their stakers.

    Source: RewardsCoordinator.createRewardsForAllEarners.
    """

    sender: Final[str]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CreateOperatorDirectedAvsRewardsSubmission:
    """Submit rewards for named operators of an AVS, and their stakers, for a past period.

    Source: RewardsCoordinator.createOperatorDirectedAVSRewardsSubmission.
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
    """Submit rewards for named operators of an operator set, and their stakers, for a past period.

    Source: RewardsCoordinator.createOperatorDirectedOperatorSetRewardsSubmission.
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
    """Submit rewards for an operator set's operators, divided by the stake that they allocate to it.

    Source: RewardsCoordinator.createUniqueStakeRewardsSubmission.
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
    """Submit rewards for an operator set's operators, divided by their total stake.

    Source: RewardsCoordinator.createTotalStakeRewardsSubmission.
    """

    sender: Final[str]
    operator_set: Final[OperatorSet]
    submissions: Final[tuple[RewardsSubmission, ...]]

    def __init__(self, sender: str, operator_set: OperatorSet, submissions: tuple[RewardsSubmission, ...]) -> None:
        self.sender = sender
        self.operator_set = operator_set
        self.submissions = submissions


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SubmitRoot:
    """Publish the Merkle root of all cumulative earnings up to a timestamp. `tree` is the name of the Merkle tree in
    the trace.

    Source: RewardsCoordinator.submitRoot.
    """

    sender: Final[str]
    tree: Final[str]
    calculation_end_timestamp: Final[int]

    def __init__(self, sender: str, tree: str, calculation_end_timestamp: int) -> None:
        self.sender = sender
        self.tree = tree
        self.calculation_end_timestamp = calculation_end_timestamp


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class DisableRoot:
    """Disable a root before its activation. `root_index` counts published roots from 0. Source:
    RewardsCoordinator.disableRoot.
    """

    sender: Final[str]
    root_index: Final[int]

    def __init__(self, sender: str, root_index: int) -> None:
        self.sender = sender
        self.root_index = root_index


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetClaimerFor:
    """Set the account that may claim the sender's earnings. Source: RewardsCoordinator.setClaimerFor(claimer)."""

    sender: Final[str]
    claimer: Final[str]

    def __init__(self, sender: str, claimer: str) -> None:
        self.sender = sender
        self.claimer = claimer


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetClaimerForEarner:
    """Set the account that may claim the earnings of an operator or an AVS.

    Source: RewardsCoordinator.setClaimerFor(earner, claimer).
    """

    sender: Final[str]
    earner: Final[str]
    claimer: Final[str]

    def __init__(self, sender: str, earner: str, claimer: str) -> None:
        self.sender = sender
        self.earner = earner
        self.claimer = claimer


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetOperatorAvsSplit:
    """Change an operator's split of an AVS's rewards, the part that it keeps, after a delay.

    Source: RewardsCoordinator.setOperatorAVSSplit.
    """

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
    """Change an operator's split of rewards for all earners, the part that it keeps, after a delay.

    Source: RewardsCoordinator.setOperatorPISplit.
    """

    sender: Final[str]
    operator: Final[str]
    split_bips: Final[int]

    def __init__(self, sender: str, operator: str, split_bips: int) -> None:
        self.sender = sender
        self.operator = operator
        self.split_bips = split_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetOperatorSetSplit:
    """Change an operator's split of an operator set's rewards, the part that it keeps, after a delay.

    Source: RewardsCoordinator.setOperatorSetSplit.
    """

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
    """Opt a submitter in to the protocol fee on its submissions, or out.

    Source: RewardsCoordinator.setOptInForProtocolFee.
    """

    sender: Final[str]
    submitter: Final[str]
    is_opted_in: Final[bool]

    def __init__(self, sender: str, submitter: str, is_opted_in: bool) -> None:
        self.sender = sender
        self.submitter = submitter
        self.is_opted_in = is_opted_in


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TokenClaim:
    """The cumulative earnings in one token that a claim asserts, and the result of its proof's verification."""

    token: Final[str]
    cumulative_earnings: Final[int]
    proof: Final[str]

    def __init__(self, token: str, cumulative_earnings: int, proof: str) -> None:
        self.token = token
        self.cumulative_earnings = cumulative_earnings
        self.proof = proof


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Claim:
    """A claim of cumulative earnings against a root. Source: IRewardsCoordinatorTypes.RewardsMerkleClaim.

    `earner_proof`, and `proof` of each token, are the results of the proofs' verification. `evidence` has the proofs
    themselves; no rule reads it. The counts are the lengths of the lists of token indices and of token proofs.
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
    """Pay one claim's earnings that are not paid yet. Source: RewardsCoordinator.processClaim."""

    sender: Final[str]
    claim: Final[Claim]
    recipient: Final[str]

    def __init__(self, sender: str, claim: Claim, recipient: str) -> None:
        self.sender = sender
        self.claim = claim
        self.recipient = recipient


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ProcessClaims:
    """Pay several claims, all or none. Source: RewardsCoordinator.processClaims."""

    sender: Final[str]
    claims: Final[tuple[Claim, ...]]
    recipient: Final[str]

    def __init__(self, sender: str, claims: tuple[Claim, ...], recipient: str) -> None:
        self.sender = sender
        self.claims = claims
        self.recipient = recipient


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetActivationDelay:
    """Change the activation delay of future roots and splits. Source: RewardsCoordinator.setActivationDelay."""

    sender: Final[str]
    activation_delay_seconds: Final[int]

    def __init__(self, sender: str, activation_delay_seconds: int) -> None:
        self.sender = sender
        self.activation_delay_seconds = activation_delay_seconds


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetDefaultOperatorSplit:
    """Change the split of operators that have not set one: the part of rewards that they keep.

    Source: RewardsCoordinator.setDefaultOperatorSplit.
    """

    sender: Final[str]
    split_bips: Final[int]

    def __init__(self, sender: str, split_bips: int) -> None:
        self.sender = sender
        self.split_bips = split_bips


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetFeeRecipient:
    """Change the recipient of protocol fees. Source: RewardsCoordinator.setFeeRecipient."""

    sender: Final[str]
    fee_recipient: Final[str]

    def __init__(self, sender: str, fee_recipient: str) -> None:
        self.sender = sender
        self.fee_recipient = fee_recipient


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetRewardsUpdater:
    """Change the account that publishes roots. Source: RewardsCoordinator.setRewardsUpdater."""

    sender: Final[str]
    rewards_updater: Final[str]

    def __init__(self, sender: str, rewards_updater: str) -> None:
        self.sender = sender
        self.rewards_updater = rewards_updater


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SetRewardsForAllSubmitter:
    """Allow or forbid an account to submit rewards for all stakers or earners.

    Source: RewardsCoordinator.setRewardsForAllSubmitter.
    """

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
"""All actions of the RewardsCoordinator."""
