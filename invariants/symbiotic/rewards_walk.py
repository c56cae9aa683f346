"""Calls about rewards for random walks: payments, claims and settings, now and then with a wrong argument."""

from typing import Any, Final

import attr

from invariants.choices import Choices
from invariants.symbiotic.world import REWARD_TOKENS, TREES
from spec.arithmetic import UINT256_MAX
from spec.machine import Draft
from spec.symbiotic.actions import (
    Action,
    ClaimAdminFee,
    ClaimOperatorRewards,
    ClaimStakerRewards,
    DistributeOperatorRewards,
    DistributeStakerRewards,
    SetAdminFee,
    TransferReward,
)
from spec.symbiotic.clock import current_timestamp
from spec.symbiotic.config import OPERATOR_REWARDS, ZERO_ADDRESS, ZERO_ROOT
from spec.symbiotic.staker_rewards import MALFORMED_HINT, NO_HINT
from spec.symbiotic.state import (
    ADMIN_FEES,
    CLAIMABLE_ADMIN_FEES,
    DISTRIBUTION_COUNTS,
    MIDDLEWARES,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    OPERATOR_ROOTS,
    REWARDS_DONE,
    STAKER_REWARDS,
    RewardList,
)

STAKERS: Final = ("staker0", "staker1", "staker2")
NETWORKS: Final = ("network0", "network1")
PAID: Final = ("operator0", "operator1", "staker0")
VAULT_NAMES: Final = ("vault0", "vault1", "vault0", "vault1", "vault2", "vault3", "vault4")
SENDERS: Final = (*STAKERS, "operator0", "outsider0", "middleware0", "middleware1", "admin0", "recipient0")
RECIPIENTS: Final = (*STAKERS, "recipient0", "vault0", "stakerRewards:vault0", OPERATOR_REWARDS, ZERO_ADDRESS)
AMOUNTS: Final = (10**18, 1, 2, 3, 7, 10, 999, 10**6, 123456789012345678901, 0)
AGES: Final = (1, 1, 1, 2, 2, 3, 5, 8, 13, 20, 40, 0)
"""The seconds between a rewarded timestamp and now, as walks draw them."""
FEES: Final = (1000, 0, 1, 3333, 9999, 10_000, 10_001)
HINTS: Final = (0, 1, 2, 3, 40, NO_HINT, MALFORMED_HINT)

SPOILT: Final[dict[str, tuple[Any, ...]]] = {
    "sender": SENDERS,
    "contract": ("stakerRewards:vault4", "stakerRewards:vault0"),
    "network": (*NETWORKS, "outsider0"),
    "token": REWARD_TOKENS,
    "recipient": RECIPIENTS,
    "to": RECIPIENTS,
    "amount": (0, 1, UINT256_MAX),
    "timestamp": (0, 2**47, 9),
    "max_admin_fee_bips": (0, 999, UINT256_MAX),
    "active_shares_hint": HINTS,
    "active_stake_hint": HINTS,
    "max_rewards": (0, 1, 2, UINT256_MAX),
    "active_shares_of_hints": (
        (0,),
        (1,),
        (NO_HINT, 0),
        (MALFORMED_HINT,),
        (50,),
        (NO_HINT, MALFORMED_HINT),
        (0, 9, 0),
    ),
    "fee_bips": FEES,
    "root": (*TREES, ZERO_ROOT),
    "proof_root": (*TREES, ZERO_ROOT),
    "total_claimable": (0, 1, UINT256_MAX),
}
"""For each field of a call, by name, wrong values for it."""


def contract_of(vault: str) -> str:
    """The name of a vault's staker rewards contract in traces."""
    return "stakerRewards:" + vault


def reward_action(choices: Choices, draft: Draft) -> Action:
    """A call about rewards; one in eight has a wrong argument."""
    action: Any = _drawn(choices, draft)
    if choices.one_in(8):
        name = choices.pick([field.name for field in attr.fields(type(action))])
        action = attr.evolve(action, **{name: choices.pick(SPOILT[name])})
    return action  # type: ignore[no-any-return]  # a call of the same class


def _drawn(choices: Choices, draft: Draft) -> Action:
    kind = choices.below(20)
    contract, network, token = (
        contract_of(choices.pick(VAULT_NAMES)),
        choices.pick(NETWORKS),
        choices.pick(REWARD_TOKENS),
    )
    middleware = draft.get(MIDDLEWARES, network).account
    payer = middleware if middleware in SENDERS else "middleware0"
    if kind < 6:
        return _distribution(choices, draft, (contract, token, network), payer)
    if kind < 13:
        return _claim(choices, draft, (contract, token, network))
    if kind == 13:
        fees = [name for name in REWARD_TOKENS if draft.get(CLAIMABLE_ADMIN_FEES, (contract, name)).amount]
        claimer = draft.get(STAKER_REWARDS, contract).admin_fee_claimer
        sender = "admin0" if claimer == ZERO_ADDRESS else claimer
        return ClaimAdminFee(sender, contract, choices.pick(RECIPIENTS), choices.pick(fees or [token]))
    if kind == 14:
        setter = draft.get(STAKER_REWARDS, contract).admin_fee_setter
        return SetAdminFee("admin0" if setter == ZERO_ADDRESS else setter, contract, choices.pick(FEES))
    if kind < 17:
        root = choices.pick((*TREES, *TREES, ZERO_ROOT))
        return DistributeOperatorRewards(payer, network, token, choices.pick(AMOUNTS), root)
    if kind < 19:
        return _operator_claim(choices, draft, network, token)
    return TransferReward(choices.pick((*STAKERS, payer)), token, choices.pick(RECIPIENTS), choices.pick(AMOUNTS))


def _distribution(choices: Choices, draft: Draft, rewards: RewardList, payer: str) -> Action:
    """A payment of staker rewards for a recent timestamp, mostly without hints, and mostly accepting any admin fee."""
    contract, token, network = rewards
    fee_bips = draft.get(ADMIN_FEES, contract).fee_bips
    hints = (NO_HINT, NO_HINT) if not choices.one_in(5) else (choices.pick(HINTS), choices.pick(HINTS))
    return DistributeStakerRewards(
        payer,
        contract,
        network,
        token,
        choices.pick(AMOUNTS),
        max(current_timestamp(draft) - choices.pick(AGES), 0),
        choices.pick((10_000, 10_000, fee_bips, max(fee_bips - 1, 0))) if choices.one_in(3) else 10_000,
        *hints,
    )


def _claim(choices: Choices, draft: Draft, rewards: RewardList) -> Action:
    """A claim of all or a few rewards from a list with unclaimed ones.

    `rewards` is tried first, then up to four random lists. If none has unclaimed rewards, the claim is from the last of
    them.
    """
    staker = choices.pick((*STAKERS, *STAKERS, "outsider0"))
    left = 0
    for _ in range(4):
        done = draft.get(REWARDS_DONE, (*rewards, staker)).count
        left = draft.get(DISTRIBUTION_COUNTS, rewards).count - done
        if left > 0:
            break
        contract = contract_of(choices.pick(VAULT_NAMES))
        rewards = (contract, choices.pick(REWARD_TOKENS), choices.pick(NETWORKS))
    contract, token, network = rewards
    most = choices.pick((UINT256_MAX, 1, 2, 1, left))
    count = min(most, left)
    hints: tuple[int, ...] = ()
    if choices.one_in(4):
        hints = (choices.pick(HINTS),) * count if choices.one_in(2) else (NO_HINT,) * min(count, 20)
    recipient = choices.pick((staker, staker, "recipient0", choices.pick(RECIPIENTS)))
    return ClaimStakerRewards(staker, contract, recipient, token, network, most, hints)


def _operator_claim(choices: Choices, draft: Draft, network: str, token: str) -> Action:
    """A claim of operator rewards for a total up to the network's balance or just above; seldom with another root."""
    sender = choices.pick(PAID)
    claimed = draft.get(OPERATOR_REWARDS_CLAIMED, (network, token, sender)).amount
    left = draft.get(OPERATOR_REWARD_BALANCES, (network, token)).amount
    root = draft.get(OPERATOR_ROOTS, (network, token)).root
    total = claimed + choices.pick((left, left >> 1, left >> 2, 1, 0, left + 1))
    proof_root = root if not choices.one_in(8) else choices.pick((*TREES, ZERO_ROOT))
    return ClaimOperatorRewards(sender, choices.pick((sender, *RECIPIENTS)), network, token, total, proof_root)
