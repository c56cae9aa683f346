"""Rewards of operators: a network pays in, and a Merkle root states the total that each account may claim.

One contract serves all networks. Each network has its own balance in every token, and its roots pay from that balance
alone. The amounts that accounts have claimed persist when a new root replaces the old one.
"""

from spec.machine import Delta, Draft
from spec.symbiotic.actions import ClaimOperatorRewards, DistributeOperatorRewards
from spec.symbiotic.collateral import transfer, transfer_from
from spec.symbiotic.config import OPERATOR_REWARDS, ZERO_ROOT
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    MIDDLEWARES,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    OPERATOR_ROOTS,
    Pair,
    RewardAmount,
    RewardRoot,
)


def distribute_operator_rewards(draft: Draft, action: DistributeOperatorRewards) -> Delta | Reason:
    """Collect an amount, which may be 0, from a network's middleware, and replace the network's root.

    Rejects, in order: NOT_NETWORK_MIDDLEWARE; ERC20_INSUFFICIENT_ALLOWANCE, ERC20_INSUFFICIENT_BALANCE.
    Source: DefaultOperatorRewards.distributeRewards.
    """
    if draft.get(MIDDLEWARES, action.network).account != action.sender:
        return Reason.NOT_NETWORK_MIDDLEWARE
    purse: Pair = (action.network, action.token)
    if action.amount > 0:
        rejection = transfer_from(draft, action.token, action.sender, OPERATOR_REWARDS, action.amount)
        if rejection is not None:
            return rejection
        balance = draft.get(OPERATOR_REWARD_BALANCES, purse).amount
        draft.put(OPERATOR_REWARD_BALANCES, purse, RewardAmount(balance + action.amount))
    draft.put(OPERATOR_ROOTS, purse, RewardRoot(action.root))
    return draft.delta()


def claim_operator_rewards(draft: Draft, action: ClaimOperatorRewards) -> Delta | Reason:
    """Pay the sender's total under the current root, less the amount that it has claimed. Returns the amount paid.

    Rejects, in order: ROOT_NOT_SET, INVALID_PROOF, INSUFFICIENT_TOTAL_CLAIMABLE if nothing is left to pay,
    INSUFFICIENT_BALANCE if the network paid in too little, ERC20_INVALID_RECEIVER, ERC20_INSUFFICIENT_BALANCE.
    Source: DefaultOperatorRewards.claimRewards.
    """
    purse: Pair = (action.network, action.token)
    root = draft.get(OPERATOR_ROOTS, purse).root
    if root == ZERO_ROOT:
        return Reason.ROOT_NOT_SET
    if action.proof_root != root:
        return Reason.INVALID_PROOF
    of_sender = (action.network, action.token, action.sender)
    claimed = draft.get(OPERATOR_REWARDS_CLAIMED, of_sender).amount
    if action.total_claimable <= claimed:
        return Reason.INSUFFICIENT_TOTAL_CLAIMABLE
    amount = action.total_claimable - claimed
    balance = draft.get(OPERATOR_REWARD_BALANCES, purse).amount
    if amount > balance:
        return Reason.INSUFFICIENT_BALANCE
    draft.put(OPERATOR_REWARD_BALANCES, purse, RewardAmount(balance - amount))
    draft.put(OPERATOR_REWARDS_CLAIMED, of_sender, RewardAmount(action.total_claimable))
    rejection = transfer(draft, action.token, OPERATOR_REWARDS, action.recipient, amount)
    return draft.delta(amount) if rejection is None else rejection
