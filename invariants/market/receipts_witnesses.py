"""Witnesses of receipts: situations that walks must reach."""

from typing import Final, cast

from invariants.law import AcceptedStep, AnyStep, Scope, Witness, written
from invariants.market.receipts import THERE, ReceiptLaws
from spec.market.actions import Give, Mint, OpenReceiptVault, RedeemReceipts, Revalue, Settle
from spec.market.custody import Custody
from spec.market.port import Port
from spec.market.receipts_state import ISSUED, RECEIPT_VAULTS, REDEMPTIONS

CALLS: Final = (OpenReceiptVault, Mint, Give, RedeemReceipts, Revalue)


class _Seen:
    """Conditions of witnesses that need a base's laws of receipts, and so the stake of that base."""

    def __init__(self, laws: ReceiptLaws) -> None:
        self._laws: Final = laws

    def is_deep(self, step: AcceptedStep[Mint]) -> bool:
        """True if the vault holds receipts of a vault that itself holds receipts of a third."""
        beneath = step.before.rows.get(RECEIPT_VAULTS, step.action.vault).beneath
        return beneath != "" and step.before.rows.get(RECEIPT_VAULTS, beneath).beneath != ""

    def is_below_par(self, step: AcceptedStep[Mint]) -> bool:
        """True if more receipts are minted than tokens were put in, as after a slash or at another share price of the
        base.
        """
        rows, vault = step.before.rows, step.action.vault
        before, after = rows.get(ISSUED, vault).amount, step.after.rows.get(ISSUED, vault).amount
        return before > 0 and rows.get(RECEIPT_VAULTS, vault).beneath == "" and after - before > step.action.amount

    def is_rounded(self, step: AcceptedStep[RedeemReceipts]) -> bool:
        """True if the redeemed part is rounded down, so that a remainder stays with the other holders."""
        rows, vault = step.before.rows, step.action.vault
        issued = rows.get(ISSUED, vault).amount
        part = self._laws.pieces(rows, vault) * step.action.receipts
        return (
            rows.get(RECEIPT_VAULTS, vault).mark_period_points == 0 and cast(int, step.delta.returns) * issued != part
        )

    def is_stale(self, step: AcceptedStep[RedeemReceipts]) -> bool:
        """True if a payment by an old mark costs all other holders together at least one percent of their claims."""
        rows, vault = step.before.rows, step.action.vault
        if rows.get(RECEIPT_VAULTS, vault).mark_period_points == 0:
            return False
        had, has = self._laws.pieces(rows, vault), self._laws.pieces(step.after.rows, vault)
        left = step.after.rows.get(ISSUED, vault).amount
        is_moved = not self._laws.keeps_other_claims(step)
        return left > 0 and is_moved and has * rows.get(ISSUED, vault).amount * 100 <= had * left * 99


def _is_paid(step: AcceptedStep[Settle]) -> bool:
    return len(written(step.delta, REDEMPTIONS)) > 0 and cast(int, step.delta.returns) > 0


def _comes_back(step: AnyStep) -> bool:
    return len(written(step.delta, REDEMPTIONS)) == 0


def receipt_witnesses(port: Port, custody: Custody) -> list[Witness]:
    """A witness for each call about receipts, and for the situations that their laws are about."""
    seen, redeeming, minting = _Seen(ReceiptLaws(port, custody)), Scope((RedeemReceipts,)), Scope((Mint,))
    return [
        *[
            Witness(f"RCP-W{number:02}", f"{action.__name__} is accepted.", THERE, lambda _step: True, Scope((action,)))
            for number, action in enumerate(CALLS, 1)
        ],
        Witness("RCP-W06", "A vault stands on a vault that stands on another.", THERE, seen.is_deep, minting),
        Witness("RCP-W07", "After a loss, more receipts are minted for the same.", THERE, seen.is_below_par, minting),
        Witness("RCP-W08", "A part is rounded, for those who stay.", THERE, seen.is_rounded, redeeming),
        Witness(
            "RCP-W09",
            "A vault that pays on a stale mark takes a hundredth of the claims of all others.",
            THERE,
            seen.is_stale,
            redeeming,
        ),
    ]


def settling_witnesses() -> list[Witness]:
    """The witnesses for withdrawals that a vault waits for, on a base where only the vault itself can hold them."""
    return [
        Witness("RCP-W10", "A redemption is settled.", THERE, _is_paid, Scope((Settle,))),
        Witness("RCP-W11", "What an operator sent away comes back.", THERE, _comes_back, Scope((Settle,))),
    ]
