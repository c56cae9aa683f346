"""The subject of each element of a call's list, such as its strategy or token; two elements with one subject may affect
each other.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import View
from spec.eigenlayer.actions import (
    AddStrategiesToOperatorSet,
    CompleteQueuedWithdrawal,
    CompleteQueuedWithdrawals,
    CreateOperatorSets,
    CreateRedistributingOperatorSets,
    DeregisterFromOperatorSets,
    ModifyAllocations,
    QueueWithdrawals,
    RegisterForOperatorSets,
    RemoveStrategiesFromOperatorSet,
)
from spec.eigenlayer.rewards_actions import (
    CreateAvsRewardsSubmission,
    CreateEigenDaRewardsSubmission,
    CreateOperatorDirectedAvsRewardsSubmission,
    CreateOperatorDirectedOperatorSetRewardsSubmission,
    CreateRewardsForAllEarners,
    CreateRewardsForAllSubmission,
    CreateTotalStakeRewardsSubmission,
    CreateUniqueStakeRewardsSubmission,
    ProcessClaim,
    ProcessClaims,
)
from spec.eigenlayer.state import QUEUED_SHARES
from spec.machine import Draft


def _queued_strategies(_rows: Draft, call: QueueWithdrawals) -> list[object]:
    return [strategy for request in call.requests for strategy in request.strategies]


def _allocated_strategies(_rows: Draft, call: ModifyAllocations) -> list[object]:
    return [strategy for request in call.requests for strategy in request.strategies]


def _completed_strategies(rows: Draft, call: CompleteQueuedWithdrawal | CompleteQueuedWithdrawals) -> list[object]:
    completions = call.completions if isinstance(call, CompleteQueuedWithdrawals) else (call.completion,)
    return [
        rows.get(QUEUED_SHARES, (completion.staker, completion.nonce, position)).strategy
        for completion in completions
        for position in range(len(completion.tokens))
    ]


def _named_sets(_rows: Draft, call: RegisterForOperatorSets | DeregisterFromOperatorSets) -> list[object]:
    return list(call.operator_set_ids)


def _named_strategies(_rows: Draft, call: AddStrategiesToOperatorSet | RemoveStrategiesFromOperatorSet) -> list[object]:
    return [*call.strategies]


def _created_sets(_rows: Draft, call: CreateOperatorSets | CreateRedistributingOperatorSets) -> list[object]:
    return [request.operator_set_id for request in call.requests]


def _paid_tokens(_rows: Draft, call: Any) -> list[object]:
    return [submission.token for submission in call.submissions]


def _claimed_tokens(_rows: Draft, call: ProcessClaim | ProcessClaims) -> list[object]:
    claims = call.claims if isinstance(call, ProcessClaims) else (call.claim,)
    return [shown.token for claim in claims for shown in claim.tokens]


SUBJECTS: Final[dict[type[Any], Callable[[Draft, Any], list[object]]]] = {
    QueueWithdrawals: _queued_strategies,
    ModifyAllocations: _allocated_strategies,
    CompleteQueuedWithdrawal: _completed_strategies,
    CompleteQueuedWithdrawals: _completed_strategies,
    RegisterForOperatorSets: _named_sets,
    DeregisterFromOperatorSets: _named_sets,
    CreateOperatorSets: _created_sets,
    CreateRedistributingOperatorSets: _created_sets,
    AddStrategiesToOperatorSet: _named_strategies,
    RemoveStrategiesFromOperatorSet: _named_strategies,
    ProcessClaim: _claimed_tokens,
    ProcessClaims: _claimed_tokens,
    CreateAvsRewardsSubmission: _paid_tokens,
    CreateEigenDaRewardsSubmission: _paid_tokens,
    CreateRewardsForAllSubmission: _paid_tokens,
    CreateRewardsForAllEarners: _paid_tokens,
    CreateUniqueStakeRewardsSubmission: _paid_tokens,
    CreateTotalStakeRewardsSubmission: _paid_tokens,
    CreateOperatorDirectedAvsRewardsSubmission: _paid_tokens,
    CreateOperatorDirectedOperatorSetRewardsSubmission: _paid_tokens,
}
"""For each action over a list, a function of a draft and a call. It returns the subject of each element of the list,
such as its strategy.

Only actions in which one element can change the state that a later element meets have an entry.
"""


def are_elements_apart(before: View, call: Any) -> bool:
    """True if no two elements of the call's list have the same subject, or if the action is not in SUBJECTS."""
    find = SUBJECTS.get(type(call))
    if find is None:
        return True
    subjects = find(before.rows, call)
    # Compared by equality, not by hash: in proofs an operator set's number is a symbolic integer.
    return all(subject not in subjects[:position] for position, subject in enumerate(subjects))
