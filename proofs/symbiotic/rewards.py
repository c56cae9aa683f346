"""The lemmas about rewards: rewards contracts are no other contracts, and a reward is divided by the vault's past
active shares.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import StateLaw, View
from invariants.symbiotic.state_queries import now
from spec.machine import Draft, Table
from spec.symbiotic.config import ADMIN_FEE_BASE_BIPS, OPERATOR_REWARDS, ZERO_ADDRESS
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_STAKE,
    ADMIN_FEES,
    CACHED_SHARES,
    CLOCK,
    DISTRIBUTION_COUNTS,
    DISTRIBUTIONS,
    STAKER_REWARDS,
    VAULT_FACTORY,
)


def _same(key: Any) -> Any:
    return key


def contract_is_apart(rows: Draft, contract: str) -> bool:
    """True if an account is no staker rewards contract, or one that is apart from all others. It is then neither
    address zero, nor the operator rewards contract, nor a vault, and the vault that it serves exists.
    """
    vault = rows.get(STAKER_REWARDS, contract).vault
    if vault == ZERO_ADDRESS:
        return True
    return (
        contract != ZERO_ADDRESS
        and contract != OPERATOR_REWARDS
        and not rows.get(VAULT_FACTORY, contract).is_entity
        and rows.get(VAULT_FACTORY, vault).is_entity
    )


def operators_contract_is_no_vault(rows: Draft, vault: str) -> bool:
    """True unless the account `vault` is both the operator rewards contract and a vault."""
    return vault != OPERATOR_REWARDS or not rows.get(VAULT_FACTORY, vault).is_entity


def _fee_is_a_part(view: View, contract: str) -> bool:
    return 0 <= view.rows.get(ADMIN_FEES, contract).fee_bips <= ADMIN_FEE_BASE_BIPS


def _kept_shares_are_those_of_the_past(view: View, second: tuple[str, int]) -> bool:
    shares = view.rows.get(CACHED_SHARES, second).shares
    if shares == 0:
        return True
    vault = view.rows.get(STAKER_REWARDS, second[0]).vault
    if vault == ZERO_ADDRESS or second[1] >= now(view.rows):
        return False
    is_staked = ACTIVE_STAKE.value_at(view.rows, vault, second[1]) > 0
    return is_staked and shares == ACTIVE_SHARES.value_at(view.rows, vault, second[1])


def _reward_has_its_divisor(view: View, place: Any) -> bool:
    rewards, index = place
    if index < 0 or index >= view.rows.get(DISTRIBUTION_COUNTS, rewards).count:
        return True
    reward = view.rows.get(DISTRIBUTIONS, place)
    return reward.amount > 0 and view.rows.get(CACHED_SHARES, (rewards[0], reward.timestamp)).shares > 0


REWARDS_LEMMAS: Final[list[StateLaw]] = [
    StateLaw(
        "LEMMA-rewards",
        "A rewards contract of stakers is no vault and not the operators' contract, and serves a vault.",
        "DefaultStakerRewards.initialize: NotVault",
        lambda view, contract: contract_is_apart(view.rows, contract),
        rows={STAKER_REWARDS: _same},
        also_reads=(VAULT_FACTORY,),
    ),
    StateLaw(
        "LEMMA-operator-rewards",
        "The operators' contract is no vault.",
        "DefaultOperatorRewardsFactory",
        lambda view, vault: operators_contract_is_no_vault(view.rows, vault),
        rows={VAULT_FACTORY: _same},
    ),
    StateLaw(
        "LEMMA-fee",
        "The admin fee is at most everything.",
        "DefaultStakerRewards: InvalidAdminFee",
        _fee_is_a_part,
        rows={ADMIN_FEES: _same},
    ),
    StateLaw(
        "LEMMA-kept",
        "The shares kept for a second are all active shares at it, of some stake, and it is over.",
        "PAY-06, PAY-07",
        _kept_shares_are_those_of_the_past,
        rows={CACHED_SHARES: _same},
        also_reads=(
            *(CLOCK, STAKER_REWARDS, ACTIVE_SHARES.heads, ACTIVE_SHARES.checkpoints),
            *(ACTIVE_STAKE.heads, ACTIVE_STAKE.checkpoints),
        ),
    ),
    StateLaw(
        "LEMMA-reward",
        "A reward in a list is of something, and its second is kept.",
        "PAY-05, PAY-06",
        _reward_has_its_divisor,
        rows={DISTRIBUTIONS: _same},
        also_reads=(DISTRIBUTION_COUNTS, CACHED_SHARES),
    ),
]

REWARDS_GENESIS: Final[dict[Table[Any, Any], Callable[[Draft, Any, Any], list[Any]]]] = {
    STAKER_REWARDS: lambda rows, contract, row: [
        any(
            [
                row.vault == ZERO_ADDRESS,
                all(
                    [
                        contract != ZERO_ADDRESS,
                        contract != OPERATOR_REWARDS,
                        rows.get(VAULT_FACTORY, contract).is_entity == False,  # noqa: E712  # a symbol: `not` would decide it
                        rows.get(VAULT_FACTORY, row.vault).is_entity,
                    ]
                ),
            ]
        )
    ],
    ADMIN_FEES: lambda _rows, _contract, row: [row.fee_bips >= 0, row.fee_bips <= ADMIN_FEE_BASE_BIPS],
}
"""The rows that a deployment chooses, with their conditions: the vault of each rewards contract, and the admin fees."""
