"""Risk figures of a market in one state: offers, insurance funds, vaults of receipts, and tables of stake.

They answer four questions. Does an offer's rate cover its risk? Can a fund pay its claims? Is a vault's mark right? Is
a table on another chain backed by slashable stake? All figures are exact: counts are integers, the rest rationals. An
offer's risk is its service's own declaration. docs/risk_losses.md defines each figure.
"""

from fractions import Fraction
from typing import Final

import attrs

from spec.arithmetic import WAD, mul_wad_floor
from spec.machine import Draft, State
from spec.market.chains import is_within
from spec.market.chains_state import CHANNEL_USES, CHANNELS, ENTRIES, STAKE_TABLES, Channel
from spec.market.counting import advance
from spec.market.custody import Custody
from spec.market.insurance_state import FUND_TERMS, FUNDS, POLICIES, Capital, Fund, FundTerms
from spec.market.losses import claims_on
from spec.market.port import Port
from spec.market.rates import break_even_rate, break_even_wad
from spec.market.receipts import account_of
from spec.market.receipts_state import ISSUED, RECEIPT_VAULTS, RECEIPTS_OF_VAULTS
from spec.market.recourse import Recourse
from spec.market.state import POSITIONS, RISKS, TERMS, Offer


@attrs.frozen
class OfferFigures:
    """The figures of an open offer. Rates are in grains (10^-18 of the fee token) per unit of stake and point.

    `break_even_rate` is the least rate that covers the declared risk, rounded up. `slashable_stake` is the stake that
    the service may slash now, over all enrolled operators. `lasting_stake` is the part of it that stays slashable at
    later points. `yearly_yield` is a year's fee divided by the worth of the stake; None if the stake has no worth.
    `paid_points` is the number of points that the budget pays for at this rate; None if nothing is earned.
    """

    offer: Offer
    rate: int
    break_even_rate: int
    target_stake: int
    counted_stake: int
    slashable_stake: int
    lasting_stake: int
    budget_grains: int
    yearly_yield: Fraction | None
    paid_points: int | None

    @property
    def carries_its_risk(self) -> bool:
        """True if the rate is at least the break-even rate of the declared risk."""
        return self.rate >= self.break_even_rate


@attrs.frozen
class FundFigures:
    """The figures of an open insurance fund. `assets_grains` is its whole capital, of which some may be leaving.

    `utilisation` is the cover sold divided by the largest cover that its capital and leverage allow; None without
    capital.
    """

    fund: Fund
    terms: FundTerms
    capital: Capital
    assets_grains: int
    utilisation: Fraction | None
    owed: tuple[tuple[str, int], ...]
    """The grains owed for each operator with policies in force, if a slash takes a fraction of its stake.

    The fraction is the argument of `Market.funds`.
    """

    @property
    def owed_together_grains(self) -> int:
        """The grains owed if all operators in `owed` are slashed by that fraction at once."""
        return sum(grains for _, grains in self.owed)

    @property
    def unpaid_grains(self) -> int:
        """The part of `owed_together_grains` that exceeds the fund's assets; 0 if the assets suffice."""
        return max(self.owed_together_grains - self.assets_grains, 0)


@attrs.frozen
class VaultFigures:
    """The figures of an open vault of receipts.

    `worth` is the worth of its base position, or of its receipts of the vault beneath. `marked_worth` is its mark, the
    worth that it last declared, adjusted for later deposits and withdrawals; None without a mark. `first_gain` is the
    fraction by which redeeming at the mark pays more than the receipt's worth; None without a mark or without worth.
    """

    vault: str
    beneath: str
    pool: str
    issued: int
    worth: Fraction
    marked_worth: int | None
    first_gain: Fraction | None

    @property
    def receipt_worth(self) -> Fraction | None:
        """The worth of one receipt; None if no receipt is issued."""
        return self.worth / self.issued if self.issued else None


@attrs.frozen
class TableFigures:
    """The figures of the newest table of stake that arrived through a channel.

    `says` is the stake that the table counts. `left` is the part of it that the service can still slash on the home
    chain. `is_good` is true as long as a certificate of the table is accepted. `is_within_window` is true if every
    accepted certificate can be answered in time.
    """

    channel: Channel
    reference_point: int
    is_good: bool
    is_within_window: bool
    says: int
    left: int

    @property
    def is_worth_it(self) -> bool:
        """True if all stake that the table counts can still be slashed, or if its certificates are no longer
        accepted.
        """
        return not self.is_good or self.left >= self.says


class Market:
    """A market on one base, read through the base's port, custody and recourse.
    `account` is the market's own account.
    """

    def __init__(self, port: Port, custody: Custody, recourse: Recourse, account: str) -> None:
        self._port: Final = port
        self._custody: Final = custody
        self._recourse: Final = recourse
        self._account: Final = account

    def now(self, state: State) -> int:
        """The point at which the next call executes: a block of EigenLayer, a second of Symbiotic."""
        return self._port.now(Draft(state))

    def offers(self, state: State) -> tuple[OfferFigures, ...]:
        """The figures of every open offer, sorted by service and pool."""
        return tuple([self._offer(state, offer) for offer in sorted(state.rows(TERMS))])

    def _offer(self, state: State, offer: Offer) -> OfferFigures:
        draft, (service, pool) = Draft(state), offer
        risk, meter = draft.get(RISKS, offer), advance(self._port, draft, offer)
        enrolled = [key[1] for key, row in state.rows(POSITIONS).items() if key[0] == offer and row.is_counted]
        stakes = [self._port.slashable(draft, service, operator, pool) for operator in enrolled]
        fee_wad = break_even_wad(risk.expected_loss_wad, risk.shortfall_wad, risk.capital_cost_wad)
        spent_grains = meter.rate * meter.stake
        has_worth = risk.unit_price_wad > 0
        return OfferFigures(
            offer=offer,
            rate=meter.rate,
            break_even_rate=break_even_rate(fee_wad, risk.unit_price_wad, risk.points_per_year),
            target_stake=draft.get(TERMS, offer).target_stake,
            counted_stake=meter.stake,
            slashable_stake=sum(stake.amount for stake in stakes),
            lasting_stake=sum(stake.lasting for stake in stakes),
            budget_grains=meter.budget_grains,
            yearly_yield=Fraction(meter.rate * risk.points_per_year, risk.unit_price_wad) if has_worth else None,
            paid_points=meter.budget_grains // spent_grains if spent_grains else None,
        )

    def funds(self, state: State, fraction_wad: int) -> tuple[FundFigures, ...]:
        """The figures of every open fund, if slashes take the fraction `fraction_wad` (in
        WAD) of each operator's stake.
        """
        draft, found = Draft(state), []
        for fund in sorted(state.rows(FUND_TERMS)):
            terms, capital = draft.get(FUND_TERMS, fund), draft.get(FUNDS, fund)
            assets_grains = capital.staying_grains + capital.leaving_grains
            room = assets_grains * terms.leverage_wad
            found.append(
                FundFigures(
                    fund=fund,
                    terms=terms,
                    capital=capital,
                    assets_grains=assets_grains,
                    utilisation=Fraction(capital.cover_grains * WAD, room) if room else None,
                    owed=tuple(self._owed(draft, fund, fraction_wad)),
                )
            )
        return tuple(found)

    def _owed(self, draft: Draft, fund: Fund, fraction_wad: int) -> list[tuple[str, int]]:
        """The grains that a fund owes for each operator if a fraction of the operator's stake is slashed.

        Each holder's loss rounds down. Slashed funds that a base might pay to the market are not counted.
        """
        (service, pool), sponsor = fund
        offer, now = (service, pool), self._port.now(draft)
        price_wad, policies = draft.get(RISKS, offer).unit_price_wad, POLICIES.members(draft, offer)
        owed = []
        for operator in sorted({policy.operator for policy in policies if policy.sponsor == sponsor}):
            group = self._port.group(operator, pool)
            losses = {
                policy.holder: price_wad * mul_wad_floor(self._port.value(draft, group, policy.holder), fraction_wad)
                for policy in policies
            }
            claims = claims_on(draft, now, offer, operator, losses)
            grains = [grains for place, grains in claims.items() if policies[place].sponsor == sponsor]
            if grains:
                owed.append((operator, sum(grains)))
        return owed

    def vaults(self, state: State) -> tuple[VaultFigures, ...]:
        """The figures of every open vault of receipts, sorted by name."""
        draft = Draft(state)
        return tuple([self._vault(draft, vault) for vault in sorted(state.rows(RECEIPT_VAULTS))])

    def tables(self, state: State) -> tuple[TableFigures, ...]:
        """The figures of the newest table of each channel that has received one, sorted by channel."""
        draft = Draft(state)
        arrived = [channel for channel, use in state.rows(CHANNEL_USES).items() if use.newest_point >= 0]
        return tuple([self._table(state, draft, channel) for channel in sorted(arrived)])

    def _table(self, state: State, draft: Draft, channel: Channel) -> TableFigures:
        service, pool, _ = channel
        point = draft.get(CHANNEL_USES, channel).newest_point
        terms, table = draft.get(CHANNELS, channel), draft.get(STAKE_TABLES, (channel, point))
        is_fresh = terms.staleness_points == 0 or self._port.now(draft) <= point + terms.staleness_points
        listed = [(key[1], row.weight) for key, row in state.rows(ENTRIES).items() if key[0] == (channel, point)]
        left = [min(weight, self._recourse.left(draft, service, operator, pool, point)) for operator, weight in listed]
        return TableFigures(
            channel=channel,
            reference_point=point,
            is_good=is_fresh and not table.is_disabled,
            is_within_window=is_within(terms, self._recourse.window(draft, pool)),
            says=min(table.total_weight, table.most),
            left=self._recourse.together(draft, pool, point, sum(left)),
        )

    def _vault(self, draft: Draft, vault: str) -> VaultFigures:
        row, issued = draft.get(RECEIPT_VAULTS, vault), draft.get(ISSUED, vault)
        worth = self._worth(draft, vault)
        is_marked = row.mark_period_points > 0 and worth > 0
        return VaultFigures(
            vault=vault,
            beneath=row.beneath,
            pool=row.pool,
            issued=issued.amount,
            worth=worth,
            marked_worth=issued.marked_worth if row.mark_period_points > 0 else None,
            first_gain=Fraction(issued.marked_worth) / worth - 1 if is_marked else None,
        )

    def _worth(self, draft: Draft, vault: str) -> Fraction:
        """The worth of everything that a vault of receipts holds, in the unit of the pool beneath it.

        Receipts of other vaults count by the base position at the bottom.
        """
        row = draft.get(RECEIPT_VAULTS, vault)
        if row.beneath == "":
            return Fraction(self._custody.worth(draft, account_of(self._account, vault), row.pool))
        issued = draft.get(ISSUED, row.beneath).amount
        held = draft.get(RECEIPTS_OF_VAULTS, (row.beneath, vault)).amount
        return self._worth(draft, row.beneath) * Fraction(held, issued) if issued else Fraction(0)
