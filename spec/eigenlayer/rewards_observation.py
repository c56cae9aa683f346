"""States of the RewardsCoordinator as JSON in traces: every stored row, and each view's answer at the current
timestamp.
"""

from collections.abc import Iterable
from typing import Final

from spec.codec import Json, Name
from spec.eigenlayer.clock import current_timestamp
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.rewards_config import OPERATOR_DIRECTED_AVS, OPERATOR_DIRECTED_OPERATOR_SET
from spec.eigenlayer.rewards_splits import split_in_force
from spec.eigenlayer.rewards_state import Permission, Split, Submission
from spec.eigenlayer.state import (
    CLAIMED,
    CLAIMERS,
    CLOCK,
    DISTRIBUTION,
    OPERATOR_AVS_SPLITS,
    OPERATOR_PI_SPLITS,
    OPERATOR_SET_SPLITS,
    OPTED_IN_FOR_PROTOCOL_FEE,
    REWARDED_OPERATORS,
    REWARDS_FOR_ALL_SUBMITTERS,
    REWARDS_SETTINGS,
    ROOTS,
    SUBMISSION_NONCES,
    SUBMISSIONS,
    OperatorSet,
)
from spec.machine import SINGLETON, Draft, State, Table

ACCOUNT: Final = Name("account")
OPERATOR_DIRECTED: Final = (OPERATOR_DIRECTED_AVS, OPERATOR_DIRECTED_OPERATOR_SET)


def observe_rewards(state: State, accounts: Iterable[str], operators: Iterable[str]) -> dict[str, Json]:
    """The RewardsCoordinator's state as JSON. Lists are in the order of `accounts`. Splits are shown of `operators`
    alone.
    """
    draft = Draft(state)
    settings = draft.get(REWARDS_SETTINGS, SINGLETON)
    shown = frozenset(operators)
    listed = list(accounts)
    return {
        "timestamp": state.rows(CLOCK)[SINGLETON].timestamp,
        "rewards_updater": settings.rewards_updater,
        "fee_recipient": settings.fee_recipient,
        "activation_delay": settings.activation_delay_seconds,
        "default_operator_split_bips": settings.default_operator_split_bips,
        "rewards_for_all_submitters": _given(state, REWARDS_FOR_ALL_SUBMITTERS, listed),
        "opted_in_for_protocol_fee": _given(state, OPTED_IN_FOR_PROTOCOL_FEE, listed),
        "submission_nonces": {
            account: str(row.next_nonce) for account, row in state.rows(SUBMISSION_NONCES).items() if row.next_nonce
        },
        "submissions": _submissions(state),
        "operator_pi_splits": {
            operator: _split(draft, split)
            for operator, split in state.rows(OPERATOR_PI_SPLITS).items()
            if operator in shown and split != OPERATOR_PI_SPLITS.default
        },
        "operator_avs_splits": _nested(
            [
                (key[0], key[1], _split(draft, split))
                for key, split in state.rows(OPERATOR_AVS_SPLITS).items()
                if key[0] in shown and split != OPERATOR_AVS_SPLITS.default
            ],
        ),
        "operator_set_splits": _nested(
            [
                (operator, set_name(operator_set), _split(draft, split))
                for (operator, operator_set), split in state.rows(OPERATOR_SET_SPLITS).items()
                if operator in shown and split != OPERATOR_SET_SPLITS.default
            ],
        ),
        **_distribution(draft),
        "claimers": {
            earner: row.claimer for earner, row in state.rows(CLAIMERS).items() if row.claimer != ZERO_ADDRESS
        },
        "cumulative_claimed": _nested(
            [
                (key[0], key[1], str(row.cumulative_amount))
                for key, row in state.rows(CLAIMED).items()
                if row.cumulative_amount
            ],
        ),
    }


def set_name(operator_set: OperatorSet) -> str:
    """An operator set as the string `avs/id`."""
    return f"{operator_set[0]}/{operator_set[1]}"


def _given(state: State, table: Table[str, Permission], accounts: list[str]) -> Json:
    rows = state.rows(table)
    return [account for account in accounts if account in rows and rows[account].is_given]


def _nested(rows: Iterable[tuple[str, str, Json]]) -> Json:
    """Nested JSON objects, from rows of an outer name, an inner name and a value."""
    found: dict[str, dict[str, Json]] = {}
    for outer, inner, value in rows:
        found.setdefault(outer, {})[inner] = value
    return found


def _split(draft: Draft, split: Split) -> Json:
    return {
        "old_split_bips": split.old_split_bips,
        "new_split_bips": split.new_split_bips,
        "activated_at": split.activated_at_timestamp,
        "split_bips": split_in_force(draft, split),
    }


def _submissions(state: State) -> Json:
    """All submissions in the order of their acceptance, with amounts net of fees."""
    rows = sorted(state.rows(SUBMISSIONS).items(), key=lambda item: item[1].position)
    return [_submission(state, account, nonce, row) for (account, nonce), row in rows if row.kind]


def _submission(state: State, account: str, nonce: int, row: Submission) -> Json:
    shown: dict[str, Json] = {"kind": row.kind, "account": account, "nonce": str(nonce), "token": row.token}
    if row.kind in OPERATOR_DIRECTED:
        rewards = [state.rows(REWARDED_OPERATORS)[(account, nonce, place)] for place in range(row.operator_count)]
        shown["operator_rewards"] = [{"operator": each.operator, "amount": str(each.amount)} for each in rewards]
    else:
        shown["amount"] = str(row.amount)
    if row.operator_set[0]:
        shown["operator_set"] = set_name(row.operator_set)
    return shown


def _distribution(draft: Draft) -> dict[str, Json]:
    distribution = draft.get(DISTRIBUTION, SINGLETON)
    roots = [draft.get(ROOTS, number) for number in range(distribution.root_count)]
    now = current_timestamp(draft)
    claimable = [
        number for number, root in enumerate(roots) if not root.is_disabled and now >= root.activated_at_timestamp
    ]
    return {
        "curr_rewards_calculation_end_timestamp": distribution.calculation_end_timestamp,
        "roots": [
            {
                "tree": root.tree,
                "rewards_calculation_end_timestamp": root.calculation_end_timestamp,
                "activated_at": root.activated_at_timestamp,
                "disabled": root.is_disabled,
            }
            for root in roots
        ],
        "current_claimable_root_index": str(claimable[-1]) if claimable else None,
    }
