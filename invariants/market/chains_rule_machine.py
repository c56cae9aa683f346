"""Hypothesis rules for the calls about other chains, and a bundle for the tables of stake that were sent."""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, multiple, rule

from invariants.choices import Choices
from invariants.edges import SELDOM, Edge
from invariants.market.chains_walk import CHAINS, FAR, channel_terms
from invariants.market.shared_rule_machine import AMOUNT, CHOICES, SLACK, MarketRules
from spec.machine import Delta
from spec.market.chains import answered_by
from spec.market.chains_actions import CheckCertificate, DeliverTable, DisableTable, OpenChannel, SendTable
from spec.market.chains_state import CHANNELS, STAKE_TABLES, Channel, TableKey
from spec.market.mandates_state import Target

CHAIN: Final = st.sampled_from(CHAINS)


class ChainRules(MarketRules):
    """Hypothesis rules for other chains: send, deliver and disable tables of stake, check certificates around their
    last point, and let counted stake leave.
    """

    tables: Bundle[TableKey] = Bundle("tables")

    @rule(choices=CHOICES, chain=CHAIN)
    def open_channel(self, choices: Choices, chain: str) -> None:
        """Open a channel whose terms fill the slashing window to within a point. The call is rejected if the channel is
        open.

        For the chain FAR, tables are good for longer than the window.
        """
        service, pool = self.offer(choices)
        offered = channel_terms(choices, self.cast.recourse.window(self.rows, pool), is_far=chain == FAR)
        self.call(OpenChannel(service[0], service, pool, chain, offered))

    @rule(target=tables, choices=CHOICES, chain=CHAIN, is_twice=SELDOM)
    def send_table(self, choices: Choices, chain: str, is_twice: bool) -> Any:
        """Send a table of all operators or some of them, and rarely with one of them twice."""
        service, pool = self.offer(choices)
        names = sorted(self.cast.operators)
        operators = tuple(names if not choices.one_in(3) else names[: choices.below(len(names) + 1)])
        outcome = self.call(SendTable(service[0], service, pool, chain, operators + operators[:1] * is_twice))
        return ((service, pool, chain), outcome.returns) if isinstance(outcome, Delta) else multiple()

    @rule(table=tables, choices=CHOICES, slack=SLACK)
    def deliver_table(self, table: TableKey, choices: Choices, slack: int) -> None:
        """Deliver a table when its delay is over, one point earlier, or one later."""
        channel, point = table
        self.wait_until(point + self.rows.get(CHANNELS, channel).delay_points, slack)
        self.call(DeliverTable(self.anybody(choices), *channel, point))

    @rule(table=tables, choices=CHOICES, is_another=SELDOM)
    def disable_table(self, table: TableKey, choices: Choices, is_another: bool) -> None:
        """Disable a table, as its service or rarely from another account."""
        (service, pool, chain), point = table
        sender = self.anybody(choices) if is_another else service[0]
        self.call(DisableTable(sender, service, pool, chain, point))

    @rule(table=tables, choices=CHOICES, threshold=AMOUNT)
    def check_certificate(self, table: TableKey, choices: Choices, threshold: Edge) -> None:
        """Check a certificate over a table of stake. `threshold` computes the demanded stake from the most that the
        table can count.
        """
        channel, point = table
        self._check(choices, channel, point, threshold.of(self.rows.get(STAKE_TABLES, table).most))

    @rule(choices=CHOICES, chain=CHAIN, threshold=AMOUNT, slack=SLACK)
    def outlive(self, choices: Choices, chain: str, threshold: Edge, slack: int) -> None:
        """Play one certificate from beginning to end, unless its table cannot be sent.

        A table is sent and delivered, stake leaves, and a certificate is checked `slack` points from the last point at
        which it is good. The service slashes at the last point of its answer. `threshold` computes the stake that the
        certificate demands.
        """
        (service, pool), operator = self.first, choices.pick(self.cast.operators)
        channel: Channel = (service, pool, chain)
        sent = self.call(SendTable(service[0], *channel, tuple(sorted(self.cast.operators))))
        if not isinstance(sent, Delta):
            return
        point: Any = sent.returns
        terms = self.rows.get(CHANNELS, channel)
        self.call(self.cast.unsettle(choices, self.rows, Target(service, operator), pool))
        self.wait_until(point + terms.delay_points, 0)
        self.call(DeliverTable(operator, *channel, point))
        self.wait_until(point + terms.staleness_points, slack)
        self._check(choices, channel, point, threshold.of(self.rows.get(STAKE_TABLES, (channel, point)).most))
        self.wait_until(answered_by(terms, point + terms.staleness_points), 0)
        self.slash(choices, (service, pool), operator)

    def _check(self, choices: Choices, channel: Channel, point: int, threshold: int) -> None:
        """Check a certificate signed by all operators, or rarely by one, by none, or in the wrong order."""
        names = tuple(sorted(self.cast.operators))
        signers = choices.pick((names, names, names, names[:1], names[::-1], ()))
        self.call(CheckCertificate(self.anybody(choices), *channel, point, signers, threshold))
