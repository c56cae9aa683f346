"""Laws of receipts: nobody's part is diluted by others, the order of redemptions changes no claim, slashes
count once.
"""

from typing import Any, Final

from invariants.law import (
    AcceptedStep,
    AnyRejection,
    AnyStep,
    RejectionLaw,
    Scope,
    StateLaw,
    StepLaw,
    Subject,
    Sum,
    View,
    written,
)
from spec.layer import is_of_layer
from spec.machine import Draft, Table
from spec.market.actions import Give, Mint, OpenReceiptVault, RedeemReceipts, Revalue, Settle
from spec.market.custody import Custody
from spec.market.port import Port
from spec.market.receipts import account_of
from spec.market.receipts_state import (
    ISSUED,
    RECEIPT_VAULTS,
    RECEIPTS,
    RECEIPTS_OF_VAULTS,
    REDEMPTIONS,
    Held,
    Receipts,
    Redemption,
)
from spec.market.transition import ACCOUNT

THERE: Final = "This project, docs/receipts.md"
TABLES: Final[tuple[Table[Any, Any], ...]] = (RECEIPT_VAULTS, ISSUED, RECEIPTS, RECEIPTS_OF_VAULTS, REDEMPTIONS)
MOVING: Final = (Mint, Give, RedeemReceipts)


def _first(_rows: Draft, key: Any, _row: Any) -> object:
    return key[0]


def _same(key: Any) -> Subject:
    return key


def is_floor(found: int, numerator: int, denominator: int) -> bool:
    """True if `found` is `numerator / denominator`, rounded down."""
    return found * denominator <= numerator < (found + 1) * denominator


def _vault_is_whole(view: View, vault: str) -> bool:
    row, issued = view.rows.get(RECEIPT_VAULTS, vault), view.rows.get(ISSUED, vault)
    if not row.is_open:
        return issued == Receipts()
    stands = row.beneath == "" or (row.beneath != vault and view.rows.get(RECEIPT_VAULTS, row.beneath).is_open)
    is_marked = row.mark_period_points > 0 or issued.marked_worth == 0
    return stands and (row.beneath == "") != (row.pool == "") and is_marked and issued.marked_worth >= 0


def _holder_is_not_negative(view: View, held: Held) -> bool:
    return view.rows.get(RECEIPTS, held).amount >= 0


def _is_held_above(view: View, held: Held) -> bool:
    amount = view.rows.get(RECEIPTS_OF_VAULTS, held).amount
    return amount >= 0 and (amount == 0 or view.rows.get(RECEIPT_VAULTS, held[1]).beneath == held[0])


def _is_of_one_vault(step: AnyStep) -> bool:
    """True if only the called vault's receipts are issued or redeemed, and only for the sender.

    Receipts of the vault beneath may move between the sender and this vault.
    """
    vault, sender = step.action.vault, step.action.sender
    beneath = step.before.rows.get(RECEIPT_VAULTS, vault).beneath
    if any([issued != vault for issued in written(step.delta, ISSUED)]):
        return False
    if any([held not in ((vault, sender), (beneath, sender)) for held in written(step.delta, RECEIPTS)]):
        return False
    return all([held == (beneath, vault) for held in written(step.delta, RECEIPTS_OF_VAULTS)])


def _issued(step: AnyStep, vault: str) -> tuple[int, int]:
    return step.before.rows.get(ISSUED, vault).amount, step.after.rows.get(ISSUED, vault).amount


def _moves_its_senders(step: AnyStep) -> bool:
    """True if the sender's receipts change by the issued or redeemed number. Mint must issue at least the requested
    number.
    """
    held = (step.action.vault, step.action.sender)
    before, after = _issued(step, step.action.vault)
    gained = step.after.rows.get(RECEIPTS, held).amount - step.before.rows.get(RECEIPTS, held).amount
    if isinstance(step.action, Mint):
        return gained == after - before >= max(step.action.least, 1)
    return gained == after - before == (-step.action.receipts if isinstance(step.action, RedeemReceipts) else 0)


def _is_never_right(_rejection: AnyRejection) -> bool:
    return False


class ReceiptLaws:
    """The laws of receipts above one base protocol.

    The port is the base's interface to stake, the custody its interface to deposits and withdrawals of a receipt vault.
    `opening` is the class of the call that opens a vault.
    """

    def __init__(self, port: Port, custody: Custody, opening: type[Any] = OpenReceiptVault) -> None:
        self._port: Final = port
        self._custody: Final = custody
        self._opening: Final = opening
        self._calls: Final = (opening, Mint, Give, RedeemReceipts, Settle, Revalue)
        self._of_holders: Final = Sum("receipts_of_holders", RECEIPTS, _first, lambda row: row.amount)
        self._of_vaults: Final = Sum("receipts_of_vaults", RECEIPTS_OF_VAULTS, _first, lambda row: row.amount)
        self.sums: Final = [self._of_holders, self._of_vaults]

    def _adds_up(self, view: View, vault: str) -> bool:
        issued = view.rows.get(ISSUED, vault).amount
        return issued == view.total(self._of_holders, vault) + view.total(self._of_vaults, vault)

    def holds(self, rows: Draft, vault: str) -> int:
        """The exact holdings of a vault: its position in the base, or its receipts of the vault beneath it."""
        row = rows.get(RECEIPT_VAULTS, vault)
        if row.beneath != "":
            return rows.get(RECEIPTS_OF_VAULTS, (row.beneath, vault)).amount
        return self._custody.position(rows, account_of(ACCOUNT, vault), row.pool)

    def pieces(self, rows: Draft, vault: str) -> int:
        """The most that a vault can pay: its position in *pieces*, or its receipts of the vault beneath it.

        A piece is the base's unit of withdrawals.
        """
        row = rows.get(RECEIPT_VAULTS, vault)
        if row.beneath != "":
            return rows.get(RECEIPTS_OF_VAULTS, (row.beneath, vault)).amount
        return self._custody.pieces(rows, account_of(ACCOUNT, vault), row.pool)

    def worth(self, rows: Draft, vault: str) -> int:
        """The value of a vault's position in the base, in the unit of its pool."""
        return self._custody.worth(rows, account_of(ACCOUNT, vault), rows.get(RECEIPT_VAULTS, vault).pool)

    def _is_fixed(self, step: AnyStep) -> bool:
        vaults = written(step.delta, RECEIPT_VAULTS)
        is_opened = isinstance(step.action, self._opening)
        return all([is_opened and not step.before.rows.get(RECEIPT_VAULTS, vault).is_open for vault in vaults])

    def _is_fresh(self, step: AnyStep) -> bool:
        return step.before.rows.get(RECEIPT_VAULTS, step.action.vault).mark_period_points == 0

    def _is_shared(self, step: AnyStep) -> bool:
        """True for a vault without a mark that has issued receipts: else nobody can be diluted."""
        return self._is_fresh(step) and step.before.rows.get(ISSUED, step.action.vault).amount > 0

    def _is_marked(self, step: AnyStep) -> bool:
        return not self._is_fresh(step)

    def is_not_diluted(self, step: AnyStep) -> bool:
        """True if each receipt stands for at least as much of the vault's holdings as before."""
        vault = step.action.vault
        before, after = _issued(step, vault)
        return self.holds(step.after.rows, vault) * before >= self.holds(step.before.rows, vault) * after

    def _mints_its_part(self, step: AcceptedStep[Mint]) -> bool:
        vault = step.action.vault
        before, after = _issued(step, vault)
        if before == 0:
            return after == step.action.amount
        held = self.holds(step.before.rows, vault)
        came = self.holds(step.after.rows, vault) - held
        return is_floor(after - before, came * before, held)

    def _mints_at_its_worth(self, step: AcceptedStep[Mint]) -> bool:
        """True if the other holders lose at most two units of worth, and gain at most two units and one receipt's
        worth.

        The two units allow for two roundings of the base.
        """
        vault = step.action.vault
        before, after = _issued(step, vault)
        had, has = self.worth(step.before.rows, vault), self.worth(step.after.rows, vault)
        return -2 * after <= has * before - had * after <= has + 2 * after

    def _is_shared_and_of_a_pool(self, step: AcceptedStep[Mint]) -> bool:
        return self._is_shared(step) and step.before.rows.get(RECEIPT_VAULTS, step.action.vault).beneath == ""

    def _paid(self, step: AcceptedStep[RedeemReceipts]) -> int:
        return self.pieces(step.before.rows, step.action.vault) - self.pieces(step.after.rows, step.action.vault)

    def _pays_its_part(self, step: AcceptedStep[RedeemReceipts]) -> bool:
        before, _ = _issued(step, step.action.vault)
        paid, had = self._paid(step), self.pieces(step.before.rows, step.action.vault)
        is_asked = paid >= max(step.action.least, 1) and paid == step.delta.returns
        return is_asked and is_floor(paid, step.action.receipts * had, before)

    def keeps_other_claims(self, step: AcceptedStep[RedeemReceipts]) -> bool:
        """True if the claims of all other holders together do not fall, and grow by less than one piece (see
        `pieces`).
        """
        before, after = _issued(step, step.action.vault)
        had, has = self.pieces(step.before.rows, step.action.vault), self.pieces(step.after.rows, step.action.vault)
        return 0 <= has * before - had * after < before

    def _goes_to_its_holder(self, step: AcceptedStep[RedeemReceipts]) -> bool:
        """True if the redeemed part belongs to its holder.

        Receipts of the vault beneath are the sender's at once. A withdrawal of the vault's own account is noted as the
        sender's. Any other withdrawal is a row of the base with the sender in its key.
        """
        rows, vault, sender = step.after.rows, step.action.vault, step.action.sender
        row = rows.get(RECEIPT_VAULTS, vault)
        if row.beneath != "":
            held = (row.beneath, sender)
            return rows.get(RECEIPTS, held).amount - step.before.rows.get(RECEIPTS, held).amount == self._paid(step)
        number = self._custody.number(rows, account_of(ACCOUNT, vault))
        if number is None:
            keys = [write.key for write in step.delta.writes if not is_of_layer(write)]
            return any([isinstance(key, tuple) and sender in key for key in keys])
        return written(step.delta, REDEMPTIONS) == [(vault, number)] and rows.get(
            REDEMPTIONS, (vault, number)
        ) == Redemption(sender)

    def _gained(self, step: AnyStep, account: str) -> int:
        """The tokens that an account has gained by a step, of the pool that the vault stands on; 0 if there is none."""
        before, after = step.before.rows, step.after.rows
        pool = after.get(RECEIPT_VAULTS, step.action.vault).pool
        if pool == "":
            return 0
        token = self._custody.token(after, pool)
        return self._port.balance(after, token, account) - self._port.balance(before, token, account)

    def _keeps_no_tokens(self, step: AnyStep) -> bool:
        return self._gained(step, account_of(ACCOUNT, step.action.vault)) == 0

    def _settles_its_holder(self, step: AcceptedStep[Settle]) -> bool:
        """True if a redemption is paid to its holder, and is over. A withdrawal without a holder returns to the vault's
        position.
        """
        vault, number = step.action.vault, step.action.number
        before, after = step.before.rows, step.after.rows
        holder = before.get(REDEMPTIONS, (vault, number)).holder
        had, has = self.pieces(before, vault), self.pieces(after, vault)
        if holder == "":
            return step.delta.returns == 0 and has >= had
        paid = self._gained(step, holder)
        is_ended = after.get(REDEMPTIONS, (vault, number)) == Redemption()
        return is_ended and paid == step.delta.returns and has == had

    def pays_its_mark(self, step: AcceptedStep[RedeemReceipts]) -> bool:
        """True if the payment is worth the redeemed part of the mark, rounded down, or is all that the vault has.

        A mark is the worth of the vault as last recorded.
        """
        rows, vault = step.before.rows, step.action.vault
        issued, pieces, worth = rows.get(ISSUED, vault), self.pieces(rows, vault), self.worth(rows, vault)
        marked = issued.marked_worth - step.after.rows.get(ISSUED, vault).marked_worth
        is_part = is_floor(marked, step.action.receipts * issued.marked_worth, issued.amount)
        paid = self._paid(step)
        is_all = paid == pieces and marked >= worth
        return is_part and (is_all or is_floor(paid, marked * pieces, worth))

    def _mints_at_its_mark(self, step: AcceptedStep[Mint]) -> bool:
        vault = step.action.vault
        before, after = step.before.rows.get(ISSUED, vault), step.after.rows.get(ISSUED, vault)
        if before.amount == 0:
            return after == Receipts(step.action.amount, self.worth(step.after.rows, vault), after.marked_point)
        gained = self.worth(step.after.rows, vault) - self.worth(step.before.rows, vault)
        is_part = is_floor(after.amount - before.amount, gained * before.amount, before.marked_worth)
        return is_part and after.marked_worth - before.marked_worth == gained

    def _is_set_in_time(self, step: AcceptedStep[Revalue]) -> bool:
        vault = step.action.vault
        before, now = step.before.rows.get(ISSUED, vault), self._port.now(step.before.rows)
        period = step.before.rows.get(RECEIPT_VAULTS, vault).mark_period_points
        expected = Receipts(before.amount, self.worth(step.before.rows, vault), now)
        is_due = now >= before.marked_point + period > before.marked_point
        return is_due and step.after.rows.get(ISSUED, vault) == expected

    def _can_redeem(self, view: View, action: RedeemReceipts) -> bool:
        """True if the sender has the receipts, and their part is at least one unit and the requested minimum.

        The vault must have no mark. A part of a position in the base must be worth enough for the base to accept its
        withdrawal.
        """
        rows, vault = view.rows, action.vault
        row, issued = rows.get(RECEIPT_VAULTS, vault), rows.get(ISSUED, vault).amount
        if row.mark_period_points > 0 or not 0 < action.receipts <= rows.get(RECEIPTS, (vault, action.sender)).amount:
            return False
        pieces = self.pieces(rows, vault)
        if pieces * action.receipts < max(action.least, 1) * issued:
            return False
        if row.beneath != "":
            return True
        return (pieces * action.receipts - issued) * self.worth(rows, vault) >= pieces * issued

    def _is_due(self, view: View, action: Revalue) -> bool:
        period = view.rows.get(RECEIPT_VAULTS, action.vault).mark_period_points
        marked_point = view.rows.get(ISSUED, action.vault).marked_point
        return period > 0 and self._port.now(view.rows) >= marked_point + period

    def state_laws(self) -> list[StateLaw]:
        """The state laws of receipts."""
        return [
            StateLaw(
                "RCP-01",
                "The receipts of a vault are those of its holders and of the vaults above it: exactly.",
                THERE,
                lambda view, subject: self._adds_up(view, subject),
                rows={ISSUED: _same},
                sums={self._of_holders: _same, self._of_vaults: _same},
            ),
            StateLaw(
                "RCP-02",
                "A vault stands on a pool or on another that is open; it has a mark of no less than nothing, or none.",
                THERE,
                _vault_is_whole,
                rows={RECEIPT_VAULTS: _same, ISSUED: _same},
                also_reads=(RECEIPT_VAULTS,),
            ),
            StateLaw(
                "RCP-03", "No holder has less than no receipts.", THERE, _holder_is_not_negative, {RECEIPTS: _same}
            ),
            StateLaw(
                "RCP-04",
                "A vault holds receipts of the one beneath it, and of no other.",
                THERE,
                _is_held_above,
                rows={RECEIPTS_OF_VAULTS: _same},
                also_reads=(RECEIPT_VAULTS,),
            ),
        ]

    def step_laws(self) -> list[StepLaw]:
        """The step laws of the calls about receipts."""
        of_actions: Final = Scope(MOVING)
        redeeming, minting = Scope((RedeemReceipts,)), Scope((Mint,))
        return [
            StepLaw(
                "RCP-05",
                "What a vault is, is written once.",
                THERE,
                lambda step: self._is_fixed(step),
                Scope(tables=(RECEIPT_VAULTS,)),
            ),
            StepLaw(
                "RCP-06",
                "No call of a base, and none but those of receipts, writes a receipt: a slash reaches each level once.",
                THERE,
                lambda step: isinstance(step.action, self._calls),
                Scope(tables=TABLES),
            ),
            StepLaw(
                "RCP-07", "Receipts of one vault move, and of one holder.", THERE, _is_of_one_vault, Scope(self._calls)
            ),
            StepLaw(
                "RCP-08",
                "A holder has more by what is issued to it, and less by what it gives back, and by nothing else.",
                THERE,
                _moves_its_senders,
                of_actions,
            ),
            StepLaw(
                "RCP-09",
                "No receipt is diluted by minting, giving or redeeming, at any rounding.",
                THERE,
                lambda step: self.is_not_diluted(step),
                of_actions,
                lambda step: self._is_shared(step),
            ),
            StepLaw(
                "RCP-10",
                "Receipts are minted for the part that comes, rounded down.",
                THERE,
                lambda step: self._mints_its_part(step),
                minting,
                lambda step: self._is_fresh(step),
            ),
            StepLaw(
                "RCP-11",
                "Receipts are redeemed for their part, rounded down.",
                THERE,
                lambda step: self._pays_its_part(step),
                redeeming,
                lambda step: self._is_fresh(step),
            ),
            StepLaw(
                "RCP-12",
                "A redemption moves the claims of all others by less than a piece: a run's order changes nobody's.",
                THERE,
                lambda step: self.keeps_other_claims(step),
                redeeming,
                lambda step: self._is_fresh(step),
            ),
            StepLaw(
                "RCP-13",
                "What is redeemed is on its way to its holder.",
                THERE,
                lambda step: self._goes_to_its_holder(step),
                redeeming,
            ),
            StepLaw(
                "RCP-14",
                "A vault keeps no tokens beside its position.",
                THERE,
                lambda step: self._keeps_no_tokens(step),
                Scope(self._calls),
            ),
            StepLaw(
                "RCP-15",
                "A settled redemption is paid to its holder, once; what nobody redeemed is the vault's again.",
                THERE,
                lambda step: self._settles_its_holder(step),
                Scope((Settle,)),
            ),
            StepLaw(
                "RCP-16",
                "A vault with a mark pays the mark's part, or all that it has.",
                THERE,
                lambda step: self.pays_its_mark(step),
                redeeming,
                lambda step: self._is_marked(step),
            ),
            StepLaw(
                "RCP-17",
                "A vault with a mark mints at the mark, and adds to it what came.",
                THERE,
                lambda step: self._mints_at_its_mark(step),
                minting,
                lambda step: self._is_marked(step),
            ),
            StepLaw(
                "RCP-18",
                "A mark is set to what the position is worth, a period after the last one.",
                THERE,
                lambda step: self._is_set_in_time(step),
                Scope((Revalue,)),
            ),
            StepLaw(
                "RCP-21",
                "Minting moves the worth of all others' receipts by less than a receipt, and what the base rounds.",
                THERE,
                lambda step: self._mints_at_its_worth(step),
                minting,
                lambda step: self._is_shared_and_of_a_pool(step),
            ),
        ]

    def rejection_laws(self) -> list[RejectionLaw]:
        """The rejection laws of the calls about receipts."""
        return [
            RejectionLaw(
                "RCP-19",
                "Whoever has receipts that are worth a unit can redeem them at any time.",
                THERE,
                _is_never_right,
                Scope((RedeemReceipts,)),
                lambda before, action: self._can_redeem(before, action),
            ),
            RejectionLaw(
                "RCP-20",
                "A mark can be set by anybody once its period is over.",
                THERE,
                _is_never_right,
                Scope((Revalue,)),
                lambda before, action: self._is_due(before, action),
            ),
        ]
