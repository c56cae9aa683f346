"""Receipts: a vault issues receipts for deposits into it. Each receipt is worth an equal part of the vault's holdings,
and is redeemed for that part.

A vault holds a position in the base, under its own account, or receipts of a vault beneath it. A slash writes no row
here: the base's position loses value, and with it every receipt above it. A redemption enters the base's withdrawal
queue. A vault above another vault pays a redemption in receipts of that vault, at once.
"""

from spec.arithmetic import mul_div_floor
from spec.layer import Act
from spec.machine import Delta, Draft
from spec.market.actions import Give, Mint, OpenReceiptVault, RedeemReceipts, Revalue, Settle
from spec.market.custody import Custody
from spec.market.port import Port
from spec.market.premiums import shares_for, worth_of
from spec.market.reasons import Reason
from spec.market.receipts_state import (
    ISSUED,
    RECEIPT_VAULTS,
    RECEIPTS,
    RECEIPTS_OF_VAULTS,
    REDEMPTIONS,
    Receipt,
    Receipts,
    ReceiptVault,
    Redemption,
)


def account_of(account: str, vault: str) -> str:
    """The base account of a vault of receipts: `account/vault`, below the market's account `account`."""
    return account + "/" + vault


def open_vault(
    port: Port, custody: Custody, draft: Draft, action: OpenReceiptVault, act: Act, account: str
) -> Delta | Reason:
    """Open a vault of receipts, without receipts. Its configuration never changes, and it has no administrator.

    `custody` is the interface to stake in the base. `act` executes a base action of the vault's account: where holders
    choose operators, the account delegates to the operator that the vault names. `account` is the market's account.
    Rejects, in order: VAULT_IS_OPEN; INVALID_VAULT without a name, with a negative period, or unless it has exactly one
    of a pool and a vault beneath it, or if it has a vault beneath and an operator or a mark; NO_SUCH_VAULT if the vault
    beneath is not open; BASE_REFUSES if the base rejects the delegation.
    """
    if draft.get(RECEIPT_VAULTS, action.vault).is_open:
        return Reason.VAULT_IS_OPEN
    if action.vault == "" or action.mark_period_points < 0 or (action.pool == "") == (action.beneath == ""):
        return Reason.INVALID_VAULT
    if action.beneath != "":
        if action.operator != "" or action.mark_period_points > 0:
            return Reason.INVALID_VAULT
        if not draft.get(RECEIPT_VAULTS, action.beneath).is_open:
            return Reason.NO_SUCH_VAULT
    elif not _all(act, custody.delegation(draft, account_of(account, action.vault), action.operator)):
        return Reason.BASE_REFUSES
    draft.put(
        RECEIPT_VAULTS,
        action.vault,
        ReceiptVault(
            is_open=True,
            pool=action.pool,
            operator=action.operator,
            beneath=action.beneath,
            mark_period_points=action.mark_period_points,
        ),
    )
    draft.put(ISSUED, action.vault, Receipts(marked_point=port.now(draft)))
    return draft.delta()


def _all(act: Act, actions: tuple[object, ...]) -> bool:
    """Execute base actions in order. Returns False at the first that the base rejects."""
    return all(isinstance(act(action), Delta) for action in actions)


def _holds(custody: Custody, draft: Draft, vault: str, account: str) -> int:
    """The holdings of a vault: the units of its base position, or its receipts of the vault beneath it.

    `account` is the market's account.
    """
    row = draft.get(RECEIPT_VAULTS, vault)
    if row.beneath != "":
        return draft.get(RECEIPTS_OF_VAULTS, (row.beneath, vault)).amount
    return custody.position(draft, account_of(account, vault), row.pool)


def _put_in(
    custody: Custody, draft: Draft, act: Act, account: str, sender: str, vault: str, amount: int
) -> Reason | None:
    """Transfer `amount`, of tokens or of receipts of the vault beneath, from the sender into a vault's holdings.

    `account` is the market's account. Rejects: NOT_ENOUGH_RECEIPTS of the vault beneath, or BASE_REFUSES if the base
    rejects the payment or the deposit.
    """
    row = draft.get(RECEIPT_VAULTS, vault)
    if row.beneath == "":
        deposits = custody.deposits(draft, sender, account_of(account, vault), row.pool, amount)
        return None if _all(act, deposits) else Reason.BASE_REFUSES
    held = draft.get(RECEIPTS, (row.beneath, sender)).amount
    if amount > held:
        return Reason.NOT_ENOUGH_RECEIPTS
    draft.put(RECEIPTS, (row.beneath, sender), Receipt(held - amount))
    held_above = draft.get(RECEIPTS_OF_VAULTS, (row.beneath, vault)).amount
    draft.put(RECEIPTS_OF_VAULTS, (row.beneath, vault), Receipt(held_above + amount))
    return None


def _worth(custody: Custody, draft: Draft, vault: str, account: str) -> int:
    """The value of a vault's base position, in the unit of its pool. `account` is the market's account."""
    return custody.worth(draft, account_of(account, vault), draft.get(RECEIPT_VAULTS, vault).pool)


def mint(port: Port, custody: Custody, draft: Draft, action: Mint, act: Act, account: str) -> Delta | Reason:
    """Pay an amount from the sender into a vault, for new receipts. Returns the number of new receipts.

    New receipts divided by issued receipts are the added holdings divided by the earlier holdings, rounded down. The
    first receipts are one for each unit paid in. In a vault with a mark, the value that the position gains is divided
    by the mark instead. `account` is the market's account. Rejects, in order: NO_SUCH_VAULT, VAULT_IS_LOST if there are
    receipts without holdings or with a mark of zero, NOTHING_TO_PAY_IN, NOT_ENOUGH_RECEIPTS of the vault beneath or
    BASE_REFUSES for the deposit, TOO_LITTLE if the amount buys no receipt, or fewer than `least`.
    """
    vault = action.vault
    issued = draft.get(ISSUED, vault)
    row = draft.get(RECEIPT_VAULTS, vault)
    if not row.is_open:
        return Reason.NO_SUCH_VAULT
    is_marked = row.mark_period_points > 0
    held = _holds(custody, draft, vault, account)
    priced = issued.marked_worth if is_marked else held
    if issued.amount > 0 and (priced == 0 or held == 0):
        return Reason.VAULT_IS_LOST
    if action.amount <= 0:
        return Reason.NOTHING_TO_PAY_IN
    worth = _worth(custody, draft, vault, account) if is_marked else 0
    rejection = _put_in(custody, draft, act, account, action.sender, vault, action.amount)
    if rejection is not None:
        return rejection
    gained_worth = _worth(custody, draft, vault, account) - worth if is_marked else 0
    gained = gained_worth if is_marked else _holds(custody, draft, vault, account) - held
    receipts = action.amount if issued.amount == 0 else shares_for(max(gained, 0), priced, issued.amount)
    if receipts == 0 or receipts < action.least:
        return Reason.TOO_LITTLE
    mine = draft.get(RECEIPTS, (vault, action.sender)).amount
    draft.put(RECEIPTS, (vault, action.sender), Receipt(mine + receipts))
    draft.put(
        ISSUED,
        vault,
        Receipts(
            amount=issued.amount + receipts,
            marked_worth=worth + gained_worth if issued.amount == 0 else issued.marked_worth + gained_worth,
            marked_point=port.now(draft) if issued.amount == 0 else issued.marked_point,
        ),
    )
    return draft.delta(receipts)


def give(custody: Custody, draft: Draft, action: Give, act: Act, account: str) -> Delta | Reason:
    """Pay an amount from the sender into a vault, for no receipts. All issued receipts gain value.

    A mark does not include the gift before the next revaluation. `account` is the market's account. Rejects, in order:
    NO_SUCH_VAULT, NOTHING_TO_PAY_IN, NOT_ENOUGH_RECEIPTS of the vault beneath or BASE_REFUSES for the deposit,
    TOO_LITTLE if the vault's holdings do not grow.
    """
    if not draft.get(RECEIPT_VAULTS, action.vault).is_open:
        return Reason.NO_SUCH_VAULT
    if action.amount <= 0:
        return Reason.NOTHING_TO_PAY_IN
    held = _holds(custody, draft, action.vault, account)
    rejection = _put_in(custody, draft, act, account, action.sender, action.vault, action.amount)
    if rejection is not None:
        return rejection
    if _holds(custody, draft, action.vault, account) <= held:
        return Reason.TOO_LITTLE
    return draft.delta()


def redeem(custody: Custody, draft: Draft, action: RedeemReceipts, act: Act, account: str) -> Delta | Reason:
    """Burn receipts of the sender, and pay the fraction of the vault's holdings that they are of all issued receipts.
    Rounds down.

    Pieces of a base position enter the base's withdrawal queue; receipts of the vault beneath are paid at once. Returns
    the number of pieces or receipts paid. A vault with a mark pays the receipts' fraction of the mark, at most its
    whole position. `account` is the market's account. Rejects, in order: NOT_ENOUGH_RECEIPTS, also for a number that is
    not positive; TOO_LITTLE if the payment is 0, or less than `least`; BASE_REFUSES if the base rejects the withdrawal.
    """
    vault = action.vault
    issued = draft.get(ISSUED, vault)
    row = draft.get(RECEIPT_VAULTS, vault)
    mine = draft.get(RECEIPTS, (vault, action.sender)).amount
    if not 0 < action.receipts <= mine:
        return Reason.NOT_ENOUGH_RECEIPTS
    of_vault = account_of(account, vault)
    held = draft.get(RECEIPTS_OF_VAULTS, (row.beneath, vault)).amount
    if row.beneath == "":
        held = custody.pieces(draft, of_vault, row.pool)
    paid_worth = worth_of(action.receipts, issued.marked_worth, issued.amount)
    if row.mark_period_points > 0:
        paid = pieces_worth(paid_worth, held, custody.worth(draft, of_vault, row.pool))
    else:
        paid = worth_of(action.receipts, held, issued.amount)
    if paid == 0 or paid < action.least:
        return Reason.TOO_LITTLE
    draft.put(RECEIPTS, (vault, action.sender), Receipt(mine - action.receipts))
    draft.put(
        ISSUED,
        vault,
        Receipts(
            amount=issued.amount - action.receipts,
            marked_worth=issued.marked_worth - paid_worth,
            marked_point=issued.marked_point,
        ),
    )
    if row.beneath != "":
        draft.put(RECEIPTS_OF_VAULTS, (row.beneath, vault), Receipt(held - paid))
        beneath = draft.get(RECEIPTS, (row.beneath, action.sender)).amount
        draft.put(RECEIPTS, (row.beneath, action.sender), Receipt(beneath + paid))
        return draft.delta(paid)
    if not isinstance(act(custody.withdrawal(of_vault, row.pool, paid, action.sender)), Delta):
        return Reason.BASE_REFUSES
    number = custody.number(draft, of_vault)
    if number is not None:
        draft.put(REDEMPTIONS, (vault, number), Redemption(action.sender))
    return draft.delta(paid)


def pieces_worth(worth: int, pieces: int, worth_of_all: int) -> int:
    """The number of pieces with the value `worth`, if `pieces` pieces are worth `worth_of_all`. At most `pieces`.

    Rounds down, in favour of the remaining holders. The result is 0 if all pieces together are worth 0.
    """
    return 0 if worth_of_all == 0 else min(mul_div_floor(worth, pieces, worth_of_all), pieces)


def settle(port: Port, custody: Custody, draft: Draft, action: Settle, act: Act, account: str) -> Delta | Reason:
    """Complete a withdrawal of a vault's account. Returns the amount of tokens paid; 0 if it was no redemption.

    The tokens of a redemption go to its holder. Any other withdrawal, as after an undelegation by the operator, becomes
    a base position of the vault again. `account` is the market's account. Rejects, in order: NO_SUCH_VAULT if the vault
    has no base position, NO_SUCH_REDEMPTION if the base pays holders itself, BASE_REFUSES if there is no such
    withdrawal, or it cannot be completed yet.
    """
    vault = action.vault
    row = draft.get(RECEIPT_VAULTS, vault)
    if not row.is_open or row.beneath != "":
        return Reason.NO_SUCH_VAULT
    of_vault = account_of(account, vault)
    holder = draft.get(REDEMPTIONS, (vault, action.number)).holder
    settlement = custody.settlement(draft, of_vault, row.pool, action.number, holder != "")
    if settlement is None:
        return Reason.NO_SUCH_REDEMPTION
    token = custody.token(draft, row.pool)
    had = port.balance(draft, token, of_vault)
    if not isinstance(act(settlement), Delta):
        return Reason.BASE_REFUSES
    if holder == "":
        return draft.delta(0)
    amount = port.balance(draft, token, of_vault) - had
    if not isinstance(act(port.payment(token, of_vault, holder, amount)), Delta):
        return Reason.BASE_REFUSES
    draft.put(REDEMPTIONS, (vault, action.number), Redemption())
    return draft.delta(amount)


def revalue(port: Port, custody: Custody, draft: Draft, action: Revalue, account: str) -> Delta | Reason:
    """Set the mark of a vault, by which it pays, to the current value of its base position. Returns the mark.

    `account` is the market's account. Rejects, in order: NO_SUCH_VAULT if it has no mark, TOO_EARLY until its period
    since the last mark is over.
    """
    row = draft.get(RECEIPT_VAULTS, action.vault)
    if row.mark_period_points == 0:
        return Reason.NO_SUCH_VAULT
    issued = draft.get(ISSUED, action.vault)
    now = port.now(draft)
    if now < issued.marked_point + row.mark_period_points:
        return Reason.TOO_EARLY
    worth = _worth(custody, draft, action.vault, account)
    draft.put(ISSUED, action.vault, Receipts(amount=issued.amount, marked_worth=worth, marked_point=now))
    return draft.delta(worth)
