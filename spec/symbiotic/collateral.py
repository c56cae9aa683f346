"""The tokens of vaults and rewards contracts: plain ERC-20 without fees on transfers.

Source: OpenZeppelin 5.0 ERC20.
"""

from spec.machine import Delta, Draft
from spec.symbiotic.actions import TransferCollateral, TransferReward
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import ALLOWANCES, TOKEN_BALANCES, Pair, TokenBalance


def transfer(draft: Draft, token: str, sender: str, recipient: str, amount: int) -> Reason | None:
    """Transfer tokens between two accounts.

    Rejects, in order: ERC20_INVALID_RECEIVER, ERC20_INSUFFICIENT_BALANCE. Source: ERC20._transfer.
    """
    if recipient == ZERO_ADDRESS:
        return Reason.ERC20_INVALID_RECEIVER
    of_sender: Pair = (token, sender)
    sender_balance = draft.get(TOKEN_BALANCES, of_sender).amount
    if sender_balance < amount:
        return Reason.ERC20_INSUFFICIENT_BALANCE
    draft.put(TOKEN_BALANCES, of_sender, TokenBalance(sender_balance - amount))
    of_recipient: Pair = (token, recipient)
    recipient_balance = draft.get(TOKEN_BALANCES, of_recipient).amount
    draft.put(TOKEN_BALANCES, of_recipient, TokenBalance(recipient_balance + amount))
    return None


def transfer_from(draft: Draft, token: str, owner: str, spender: str, amount: int) -> Reason | None:
    """Transfer an owner's tokens to `spender` itself, if the owner has approved it. An infinite allowance does not
    shrink.

    Rejects, in order: ERC20_INSUFFICIENT_ALLOWANCE unless the amount is 0, ERC20_INVALID_RECEIVER,
    ERC20_INSUFFICIENT_BALANCE. Source: ERC20.transferFrom.
    """
    allowance: Pair = (token, owner, spender)
    if amount > 0 and not draft.get(ALLOWANCES, allowance).is_infinite:
        return Reason.ERC20_INSUFFICIENT_ALLOWANCE
    return transfer(draft, token, owner, spender, amount)


def transfer_collateral(draft: Draft, action: TransferCollateral) -> Delta | Reason:
    """Transfer the sender's own tokens. A transfer to a vault does not change its exchange rate.

    Rejects, in order: ERC20_INVALID_RECEIVER, ERC20_INSUFFICIENT_BALANCE. Source: ERC20.transfer.
    """
    rejection = transfer(draft, action.collateral, action.sender, action.to, action.amount)
    return draft.delta() if rejection is None else rejection


def transfer_reward(draft: Draft, action: TransferReward) -> Delta | Reason:
    """Transfer the sender's own reward tokens. A transfer to a rewards contract is credited to no account, and its
    tokens stay there.

    Rejects, in order: ERC20_INVALID_RECEIVER, ERC20_INSUFFICIENT_BALANCE. Source: ERC20.transfer.
    """
    rejection = transfer(draft, action.token, action.sender, action.to, action.amount)
    return draft.delta() if rejection is None else rejection
