"""Roots and claims: a Merkle root publishes all cumulative earnings, and a claim with a proof is paid from it.

Earnings are cumulative, so a claim pays the difference to the amount claimed before. The contract trusts every root of
the rewards updater: nothing checks that roots stay within the amounts paid in.
"""

from spec.arithmetic import UINT32_MAX
from spec.eigenlayer.clock import current_timestamp
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.rewards_actions import (
    Claim,
    DisableRoot,
    ProcessClaim,
    ProcessClaims,
    SetClaimerFor,
    SetClaimerForEarner,
    SubmitRoot,
)
from spec.eigenlayer.rewards_config import (
    PROOF_BAD_LENGTH,
    PROOF_EMPTY_ROOT,
    PROOF_INVALID_INDEX,
    PROOF_OK,
    REWARDS_COORDINATOR,
)
from spec.eigenlayer.rewards_state import Claimed, Claimer, Distribution, Root
from spec.eigenlayer.shares import is_operator
from spec.eigenlayer.state import (
    CLAIMED,
    CLAIMERS,
    DISTRIBUTION,
    OPERATOR_SET_COUNTS,
    REWARDS_SETTINGS,
    ROOTS,
)
from spec.eigenlayer.strategies import transfer
from spec.machine import SINGLETON, Delta, Draft


def submit_root(draft: Draft, action: SubmitRoot) -> Delta | Reason:
    """Publish a root. Claims against it are possible after the activation delay.

    Rejects, in order: UNAUTHORIZED_CALLER unless the rewards updater calls, NEW_ROOT_MUST_BE_FOR_NEW_CALCULATED_PERIOD
    unless its period ends after the last root's, REWARDS_END_TIMESTAMP_NOT_ELAPSED unless that end is past,
    ARITHMETIC_PANIC if the activation time is no uint32.
    Source: RewardsCoordinator.submitRoot.
    """
    settings = draft.get(REWARDS_SETTINGS, SINGLETON)
    if action.sender != settings.rewards_updater:
        return Reason.UNAUTHORIZED_CALLER
    distribution = draft.get(DISTRIBUTION, SINGLETON)
    now = current_timestamp(draft)
    if action.calculation_end_timestamp <= distribution.calculation_end_timestamp:
        return Reason.NEW_ROOT_MUST_BE_FOR_NEW_CALCULATED_PERIOD
    if action.calculation_end_timestamp >= now:
        return Reason.REWARDS_END_TIMESTAMP_NOT_ELAPSED
    activated_at_timestamp = now + settings.activation_delay_seconds
    if activated_at_timestamp > UINT32_MAX:
        return Reason.ARITHMETIC_PANIC
    draft.put(
        ROOTS,
        distribution.root_count,
        Root(
            tree=action.tree,
            calculation_end_timestamp=action.calculation_end_timestamp,
            activated_at_timestamp=activated_at_timestamp,
            is_disabled=False,
        ),
    )
    draft.put(DISTRIBUTION, SINGLETON, Distribution(distribution.root_count + 1, action.calculation_end_timestamp))
    return draft.delta()


def disable_root(draft: Draft, action: DisableRoot) -> Delta | Reason:
    """Disable a root before its activation. The period of a later root must still end after that of the disabled root.

    Rejects, in order: UNAUTHORIZED_CALLER unless the rewards updater calls, INVALID_ROOT_INDEX, ROOT_DISABLED,
    ROOT_ALREADY_ACTIVATED.
    Source: RewardsCoordinator.disableRoot.
    """
    if action.sender != draft.get(REWARDS_SETTINGS, SINGLETON).rewards_updater:
        return Reason.UNAUTHORIZED_CALLER
    if action.root_index >= draft.get(DISTRIBUTION, SINGLETON).root_count:
        return Reason.INVALID_ROOT_INDEX
    root = draft.get(ROOTS, action.root_index)
    if root.is_disabled:
        return Reason.ROOT_DISABLED
    if current_timestamp(draft) >= root.activated_at_timestamp:
        return Reason.ROOT_ALREADY_ACTIVATED
    draft.put(
        ROOTS,
        action.root_index,
        Root(
            tree=root.tree,
            calculation_end_timestamp=root.calculation_end_timestamp,
            activated_at_timestamp=root.activated_at_timestamp,
            is_disabled=True,
        ),
    )
    return draft.delta()


def set_claimer_for(draft: Draft, action: SetClaimerFor) -> Delta | Reason:
    """Set the account that may claim the sender's earnings, instead of the sender. The zero address stands for the
    sender.

    Source: RewardsCoordinator.setClaimerFor(claimer).
    """
    draft.put(CLAIMERS, action.sender, Claimer(action.claimer))
    return draft.delta()


def set_claimer_for_earner(draft: Draft, action: SetClaimerForEarner) -> Delta | Reason:
    """Set the account that may claim the earnings of an operator, or of an AVS with an operator set.

    Rejects, in order: INVALID_PERMISSIONS unless the earner calls, INVALID_EARNER if the earner is neither of these.
    Source: RewardsCoordinator.setClaimerFor(earner, claimer).
    """
    if action.sender != action.earner:
        return Reason.INVALID_PERMISSIONS
    if not is_operator(draft, action.earner) and draft.get(OPERATOR_SET_COUNTS, action.earner).count == 0:
        return Reason.INVALID_EARNER
    draft.put(CLAIMERS, action.earner, Claimer(action.claimer))
    return draft.delta()


def process_claim(draft: Draft, action: ProcessClaim) -> Delta | Reason:
    """Pay one claim to the recipient: for each token, its cumulative earnings less the amount claimed before.

    Rejects, in order: a reason of `_check_claim` for a wrong root, list or proof; UNAUTHORIZED_CALLER unless the sender
    is the earner's claimer; for each token EARNINGS_NOT_GREATER_THAN_CLAIMED, ERC20_TRANSFER_TO_ZERO_ADDRESS,
    ERC20_INSUFFICIENT_BALANCE. Source: RewardsCoordinator.processClaim.
    """
    rejection = _process(draft, action.sender, action.claim, action.recipient)
    return draft.delta() if rejection is None else rejection


def process_claims(draft: Draft, action: ProcessClaims) -> Delta | Reason:
    """Pay several claims in order to one recipient, all or none.

    Rejects, for each claim: the reasons of `process_claim`. Source: RewardsCoordinator.processClaims.
    """
    for claim in action.claims:
        rejection = _process(draft, action.sender, claim, action.recipient)
        if rejection is not None:
            return rejection
    return draft.delta()


def _process(draft: Draft, sender: str, claim: Claim, recipient: str) -> Reason | None:
    """Check a claim, then pay, for each token, its cumulative earnings less the amount claimed before.

    Rejects, in order: a reason of `_check_claim` for a wrong root, list or proof; UNAUTHORIZED_CALLER unless the sender
    is the earner's claimer; for each token EARNINGS_NOT_GREATER_THAN_CLAIMED, ERC20_TRANSFER_TO_ZERO_ADDRESS,
    ERC20_INSUFFICIENT_BALANCE.
    Source: RewardsCoordinator._processClaim.
    """
    rejection = _check_claim(draft, claim)
    if rejection is not None:
        return rejection
    claimer = draft.get(CLAIMERS, claim.earner).claimer
    if sender != (claim.earner if claimer == ZERO_ADDRESS else claimer):
        return Reason.UNAUTHORIZED_CALLER
    for shown in claim.tokens:
        claimed_amount = draft.get(CLAIMED, (claim.earner, shown.token)).cumulative_amount
        if shown.cumulative_earnings <= claimed_amount:
            return Reason.EARNINGS_NOT_GREATER_THAN_CLAIMED
        draft.put(CLAIMED, (claim.earner, shown.token), Claimed(shown.cumulative_earnings))
        unpaid = transfer(
            draft, shown.token, REWARDS_COORDINATOR, recipient, shown.cumulative_earnings - claimed_amount
        )
        if unpaid is not None:
            return unpaid
    return None


def _check_claim(draft: Draft, claim: Claim) -> Reason | None:
    """Check a claim's root, the lengths of its lists, the earner's proof, and then each token's proof.

    Rejects, in order: INDEX_PANIC if there is no such root, ROOT_DISABLED, ROOT_NOT_ACTIVATED,
    INPUT_ARRAY_LENGTH_MISMATCH unless the lists of tokens, token indices and token proofs are equally long; for the
    earner's proof INVALID_EARNER_LEAF_INDEX, EMPTY_ROOT, INVALID_PROOF_LENGTH, INVALID_CLAIM_PROOF; for each token's
    proof INVALID_TOKEN_LEAF_INDEX, EMPTY_ROOT, INVALID_PROOF_LENGTH, INVALID_CLAIM_PROOF.
    Source: RewardsCoordinator._checkClaim, _verifyEarnerClaimProof, _verifyTokenClaimProof.
    """
    if claim.root_index >= draft.get(DISTRIBUTION, SINGLETON).root_count:
        return Reason.INDEX_PANIC
    root = draft.get(ROOTS, claim.root_index)
    if root.is_disabled:
        return Reason.ROOT_DISABLED
    if current_timestamp(draft) < root.activated_at_timestamp:
        return Reason.ROOT_NOT_ACTIVATED
    if claim.token_index_count != claim.token_proof_count or claim.token_proof_count != len(claim.tokens):
        return Reason.INPUT_ARRAY_LENGTH_MISMATCH
    if claim.earner_proof == PROOF_INVALID_INDEX:
        return Reason.INVALID_EARNER_LEAF_INDEX
    rejection = _refuted(claim.earner_proof)
    if rejection is not None:
        return rejection
    for shown in claim.tokens:
        if shown.proof == PROOF_INVALID_INDEX:
            return Reason.INVALID_TOKEN_LEAF_INDEX
        refuted = _refuted(shown.proof)
        if refuted is not None:
            return refuted
    return None


def _refuted(proof: str) -> Reason | None:
    """The reason why a proof's verification fails, or None for a valid proof. `proof` is the result of the
    verification, one of `PROOFS`.

    Rejects: EMPTY_ROOT, INVALID_PROOF_LENGTH, INVALID_CLAIM_PROOF. Source: Merkle.verifyInclusionKeccak.
    """
    if proof == PROOF_OK:
        return None
    if proof == PROOF_EMPTY_ROOT:
        return Reason.EMPTY_ROOT
    if proof == PROOF_BAD_LENGTH:
        return Reason.INVALID_PROOF_LENGTH
    return Reason.INVALID_CLAIM_PROOF
