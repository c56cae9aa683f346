"""The market in one state: which offers pay for their risk, which funds could pay, which vaults are priced rightly, and
which tables of stake on other chains are worth what they say.

Everything is read from the market's tables, and exact: counts are integers, the rest rationals. The declared risk of an
offer is its service's word. docs/risk_losses.md says what each figure means.
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
    """An offer now. Rates are grains for each unit of stake and point; the least that carries its risk rounds up.

    `slashable_stake` is what the service may take of all enrolled operators now, `lasting_stake` what of it no point
    that comes makes less. `yearly_yield` is the fee of a year as a part of the stake's worth; None if it has no worth.
    `paid_points` is for how long the budget pays the counted stake at this rate; None if nothing is earned.
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
        """True if the rate is no lower than the one at which a unit of stake breaks even."""
        return self.rate >= self.break_even_rate


@attrs.frozen
class FundFigures:
    """A fund now. `utilisation` is the part of all that it may cover that it does; None if it has no capital."""

    fund: Fund
    terms: FundTerms
    capital: Capital
    assets_grains: int
    utilisation: Fraction | None
    owed: tuple[tuple[str, int], ...]
    """By operator with policies in force: the grains owed if a slash took the fraction that was asked for."""

    @property
    def owed_together_grains(self) -> int:
        """The grains owed if every such operator is slashed by that fraction."""
        return sum(grains for _, grains in self.owed)

    @property
    def unpaid_grains(self) -> int:
        """The part of that which the fund has not got."""
        return max(self.owed_together_grains - self.assets_grains, 0)


@attrs.frozen
class VaultFigures:
    """A vault of receipts now. `worth` is what its position, or its receipts of the vault beneath, are worth.

    `first_gain` is what a receipt pays at the mark beyond its worth, as a part of the worth; None without a mark.
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
        """The worth of a receipt; None if there is none."""
        return self.worth / self.issued if self.issued else None


@attrs.frozen
class TableFigures:
    """The newest table of stake that has arrived through a channel.

    `says` is what it counts, `left` what its service can still slash at home for it. `is_good` is True as long as a
    certificate of it is accepted. `is_within_window` is True if whatever is accepted is answered in time.
    """

    channel: Channel
    reference_point: int
    is_good: bool
    is_within_window: bool
    says: int
    left: int

    @property
    def is_worth_it(self) -> bool:
        """True if nothing is counted that is not there."""
        return not self.is_good or self.left >= self.says


class Market:
    """A market on one base, by its port, its custody and its recourse. `account` is the market's own."""

    def __init__(self, port: Port, custody: Custody, recourse: Recourse, account: str) -> None:
        self._port: Final = port
        self._custody: Final = custody
        self._recourse: Final = recourse
        self._account: Final = account

    def now(self, state: State) -> int:
        """The point at which the next call executes."""
        return self._port.now(Draft(state))

    def offers(self, state: State) -> tuple[OfferFigures, ...]:
        """Every open offer."""
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
        """Every open fund, if slashes take a fraction of what stands behind an operator."""
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
        """By operator: the grains that a fund owes for a slash of a fraction. Each holder's loss rounds down, and what
        a base may bring to the market of slashed funds is not counted.
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
        """Every open vault of receipts, by name."""
        draft = Draft(state)
        return tuple([self._vault(draft, vault) for vault in sorted(state.rows(RECEIPT_VAULTS))])

    def tables(self, state: State) -> tuple[TableFigures, ...]:
        """The newest table of every channel through which one has arrived."""
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
        """The worth of all that a vault holds, looked through to the base's position."""
        row = draft.get(RECEIPT_VAULTS, vault)
        if row.beneath == "":
            return Fraction(self._custody.worth(draft, account_of(self._account, vault), row.pool))
        issued = draft.get(ISSUED, row.beneath).amount
        held = draft.get(RECEIPTS_OF_VAULTS, (row.beneath, vault)).amount
        return self._worth(draft, row.beneath) * Fraction(held, issued) if issued else Fraction(0)
