"""Write sets of the calls of the RewardsCoordinator."""

from collections.abc import Callable
from typing import Any, Final

from invariants.eigenlayer.model.rewards import CLAIMING, COORDINATOR, SUBMITTING, account_of, claims_of
from spec.eigenlayer.rewards_actions import (
    DisableRoot,
    SetActivationDelay,
    SetClaimerFor,
    SetClaimerForEarner,
    SetDefaultOperatorSplit,
    SetFeeRecipient,
    SetOperatorAvsSplit,
    SetOperatorPiSplit,
    SetOperatorSetSplit,
    SetOptInForProtocolFee,
    SetRewardsForAllSubmitter,
    SetRewardsUpdater,
    SubmitRoot,
)
from spec.eigenlayer.state import (
    CLAIMED,
    CLAIMERS,
    DISTRIBUTION,
    OPERATOR_AVS_SPLITS,
    OPERATOR_PI_SPLITS,
    OPERATOR_SET_SPLITS,
    OPTED_IN_FOR_PROTOCOL_FEE,
    REWARDED_OPERATORS,
    REWARDED_STRATEGIES,
    REWARDS_FOR_ALL_SUBMITTERS,
    REWARDS_SETTINGS,
    ROOTS,
    SUBMISSION_COUNT,
    SUBMISSION_NONCES,
    SUBMISSIONS,
    TOKEN_BALANCES,
)
from spec.machine import SINGLETON, Draft, Table

Owns = Callable[[Draft, Any, Any], bool]
WriteSet = dict[Table[Any, Any], Owns]


def _one(_rows: Draft, _call: Any, key: Any) -> bool:
    return bool(key == SINGLETON)


def _of(field: str) -> Owns:
    return lambda _rows, call, key: key == getattr(call, field)


def _pays_in(rows: Draft, call: Any, key: Any) -> bool:
    """True if a call that submits rewards may write this token balance.

    The token must be one that the call names, the account the sender, the RewardsCoordinator or the fee recipient.
    """
    recipient = rows.get(REWARDS_SETTINGS, SINGLETON).fee_recipient
    return key[1] in (call.sender, COORDINATOR, recipient) and key[0] in [each.token for each in call.submissions]


def _booked(_rows: Draft, call: Any, key: Any) -> bool:
    return bool(key[0] == account_of(call))


SUBMITS: Final[WriteSet] = {
    TOKEN_BALANCES: _pays_in,
    SUBMISSION_COUNT: _one,
    SUBMISSION_NONCES: lambda _rows, call, key: key == account_of(call),
    SUBMISSIONS: _booked,
    REWARDED_STRATEGIES: _booked,
    REWARDED_OPERATORS: _booked,
}


def _shows(call: Any, earner: Any, token: Any) -> bool:
    for claim in claims_of(call):
        if claim.earner == earner or earner is None:
            for shown in claim.tokens:
                if shown.token == token:
                    return True
    return False


CLAIMS: Final[WriteSet] = {
    CLAIMED: lambda _rows, call, key: _shows(call, key[0], key[1]),
    TOKEN_BALANCES: lambda _rows, call, key: key[1] in (COORDINATOR, call.recipient) and _shows(call, None, key[0]),
}
SETTINGS: Final[WriteSet] = {REWARDS_SETTINGS: _one}

REWARDS_WRITE_SETS: Final[dict[type[Any], WriteSet]] = {
    **dict.fromkeys(SUBMITTING, SUBMITS),
    **dict.fromkeys(CLAIMING, CLAIMS),
    SubmitRoot: {
        ROOTS: lambda rows, _call, key: key == rows.get(DISTRIBUTION, SINGLETON).root_count,
        DISTRIBUTION: _one,
    },
    DisableRoot: {ROOTS: _of("root_index")},
    SetClaimerFor: {CLAIMERS: _of("sender")},
    SetClaimerForEarner: {CLAIMERS: _of("earner")},
    SetOperatorAvsSplit: {OPERATOR_AVS_SPLITS: lambda _rows, call, key: key == (call.operator, call.avs)},
    SetOperatorPiSplit: {OPERATOR_PI_SPLITS: _of("operator")},
    SetOperatorSetSplit: {OPERATOR_SET_SPLITS: lambda _rows, call, key: key == (call.operator, call.operator_set)},
    SetOptInForProtocolFee: {OPTED_IN_FOR_PROTOCOL_FEE: _of("submitter")},
    SetActivationDelay: SETTINGS,
    SetDefaultOperatorSplit: SETTINGS,
    SetFeeRecipient: SETTINGS,
    SetRewardsUpdater: SETTINGS,
    SetRewardsForAllSubmitter: {REWARDS_FOR_ALL_SUBMITTERS: _of("submitter")},
}
"""For each call of the RewardsCoordinator, the tables that it may write, and a test of the keys that it may write."""
