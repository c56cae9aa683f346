"""Hypothesis rules for the calls about receipts."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from invariants.choices import Choices
from invariants.edges import SELDOM, Edge
from invariants.market.receipts_walk import ABOVE, HUGE, ON_POOLS, VAULT_NAMES
from invariants.market.shared_rule_machine import AMOUNT, CHOICES, SLACK, MarketRules
from spec.market.actions import Give, Mint, OpenReceiptVault, RedeemReceipts, Revalue, Settle
from spec.market.receipts_state import ISSUED, RECEIPT_VAULTS, RECEIPTS, REDEMPTIONS

VAULT: Final = st.sampled_from((*VAULT_NAMES, "nothing"))
PRICED_BY_MARK: Final = "marked"
NUMBERS: Final = 16
"""The number of redemptions of each vault among which a run chooses."""


class ReceiptRules(MarketRules):
    """Hypothesis rules for calls about receipts: vaults on a pool and on one another, and parts of the available
    amounts.
    """

    @rule(choices=CHOICES, vault=VAULT)
    def open_receipt_vault(self, choices: Choices, vault: str) -> None:
        """Open a vault on the first pool or on the vault beneath. The call is rejected if the vault is open."""
        beneath = ABOVE.get(vault, "")
        pool, operator = ("", "") if beneath else (self.cast.pools[0], choices.pick(self.cast.operators))
        period = 40 if vault == PRICED_BY_MARK else 0
        self.call(OpenReceiptVault(self.anybody(choices), vault, pool, operator, beneath, period))

    @rule(choices=CHOICES, vault=VAULT, amount=AMOUNT, is_greedy=SELDOM)
    def mint(self, choices: Choices, vault: str, amount: Edge, is_greedy: bool) -> None:
        """Mint receipts for part of the holder's tokens, or of its receipts of the vault beneath.

        If `is_greedy`, the holder demands more receipts than the vault can give.
        """
        holder = choices.pick(self.cast.payers)
        has = self._has_for(vault, holder)
        self.call(Mint(holder, vault, amount.of(has), HUGE if is_greedy else choices.pick((1, 0))))

    @rule(choices=CHOICES, vault=VAULT, amount=AMOUNT)
    def give(self, choices: Choices, vault: str, amount: Edge) -> None:
        """Give a vault part of the holder's tokens, or of its receipts of the vault beneath."""
        holder = choices.pick(self.cast.payers)
        self.call(Give(holder, vault, amount.of(self._has_for(vault, holder))))

    @rule(choices=CHOICES, vault=VAULT, amount=AMOUNT, is_greedy=SELDOM)
    def redeem_receipts(self, choices: Choices, vault: str, amount: Edge, is_greedy: bool) -> None:
        """Redeem part of the holder's receipts. If `is_greedy` is true, the holder demands more than is available."""
        holder = choices.pick(self.cast.payers)
        held = self.rows.get(RECEIPTS, (vault, holder)).amount
        self.call(RedeemReceipts(holder, vault, amount.of(held), HUGE if is_greedy else choices.pick((1, 0))))

    @rule(choices=CHOICES, vault=st.sampled_from(ON_POOLS), points=st.sampled_from((0, 1, 12, 30)))
    def settle(self, choices: Choices, vault: str, points: int) -> None:
        """Settle a pending redemption, at once or after some points. If none is pending, of any number."""
        waiting = [
            (name, number)
            for name in ON_POOLS
            for number in range(NUMBERS)
            if self.rows.get(REDEMPTIONS, (name, number)).holder
        ]
        self.wait(points)
        self.call(Settle(self.anybody(choices), *choices.pick(waiting or [(vault, choices.below(NUMBERS))])))

    @rule(choices=CHOICES, vault=st.sampled_from((PRICED_BY_MARK, *VAULT_NAMES)), slack=SLACK)
    def revalue(self, choices: Choices, vault: str, slack: int) -> None:
        """Record a vault's mark anew at the end of its period, or a point before or after."""
        period = self.rows.get(RECEIPT_VAULTS, vault).mark_period_points
        if period:
            self.wait_until(self.rows.get(ISSUED, vault).marked_point + period, slack)
        self.call(Revalue(self.anybody(choices), vault))

    @rule(choices=CHOICES, vault=st.sampled_from(VAULT_NAMES), amount=AMOUNT)
    def run_after_a_slash(self, choices: Choices, vault: str, amount: Edge) -> None:
        """Slash an operator, then let two holders redeem one after the other. `amount` computes the part of its
        receipts for each.
        """
        self.slash(choices, self.first, self.cast.operators[0])
        for holder in self.cast.payers[:2]:
            held = self.rows.get(RECEIPTS, (vault, holder)).amount
            self.call(RedeemReceipts(holder, vault, amount.of(held), 0))

    def _has_for(self, vault: str, holder: str) -> int:
        """The amount that a holder can put into a vault: tokens, or receipts of the vault beneath."""
        beneath = ABOVE.get(vault, "")
        return self.rows.get(RECEIPTS, (beneath, holder)).amount if beneath else self.has(holder)
