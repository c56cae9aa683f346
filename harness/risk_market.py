"""The verb `restake risk market`: the market at a step of a trace, offers, funds, vaults of receipts and mandates."""

import importlib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

import click

from harness.protocols import readable_packs
from harness.risk_documents import EXIT_CODES, JSON_OPTION, load, refuse, show
from harness.risk_numbers import Number, Rows, as_json, lines
from harness.risk_sources import SOURCE_ARGUMENT, Source, as_rational, states
from harness.traces import load_trace
from risk import network
from risk.mandates import CapFigures, MandateFigures, Mandates
from risk.market import FundFigures, Market, OfferFigures, TableFigures, VaultFigures
from spec.arithmetic import WAD
from spec.codec import Json, MalformedTrace
from spec.machine import State
from spec.market.port import Service
from spec.market.transition import ACCOUNT

NONE: Final = "none"


@click.command(
    "market",
    epilog=EXIT_CODES,
    short_help="Which offers pay for their risk, which funds and mandates keep their bounds.",
)
@SOURCE_ARGUMENT
@click.option(
    "--psi",
    default="1",
    show_default=True,
    callback=as_rational,
    help="The part of what stands behind an operator that a slash takes.",
)
@JSON_OPTION
def market_command(source: Source, psi: Fraction, as_json_: bool) -> int:
    """Show the market at a step of SOURCE, a trace of a market. Steps count from 0; the default is the last.

    An offer carries its risk if its rate is at least the break-even rate of its declared risk. A fund can pay if its
    capital covers what it owes after one slash. That slash takes the fraction --psi of the stake of all operators that
    it insures. A table of stake on another chain is worth what it says if its certificates are accepted only while all
    of that stake can be slashed at home. A mandate is within its caps if no group of services can count on more than
    its cap. The exit code is 1 if an answer is NO.
    """
    if psi > 1:
        raise click.BadParameter("more than everything: expected a part from 0 to 1, as 1/10", param_hint="--psi")
    market, governed, state, digest = _market_of(source)
    offers, funds, vaults = market.offers(state), market.funds(state, int(psi * WAD)), market.vaults(state)
    tables, mandates = market.tables(state), governed.figures(state)
    named = {
        "offers": {_offer_name(one): _of_offer(one) for one in offers},
        "funds": {_fund_name(one): _of_fund(one) for one in funds},
        "vaults": {one.vault: _of_vault(one) for one in vaults},
        "tables": {_table_name(one): _of_table(one) for one in tables},
        "mandates": {one.name: _of_mandate(one) for one in mandates},
    }
    taken = "all" if psi == 1 else f"the part {psi}"
    answered: dict[str, Json] = {
        kind: {name: as_json(rows) for name, rows in found.items()} for kind, found in named.items()
    }
    show(
        as_json_,
        {"digests": {"trace": digest}, "point": str(market.now(state)), "psi": str(psi), **answered},
        [f"point {market.now(state)}; a slash takes {taken} of what stands behind an operator", *_told(named)],
    )
    holds = all(one.carries_its_risk for one in offers) and all(one.unpaid_grains == 0 for one in funds)
    holds = holds and all(one.is_worth_it for one in tables)
    return 0 if holds and all(one.is_within_caps for one in mandates) else 1


def _market_of(source: Source) -> tuple[Market, Mandates, State, str]:
    """The market of a trace, its mandates, its state after the requested step, and the digest of the trace. Raises
    Refused if the trace is malformed or has no market or no such step.
    """
    document, _ = load(source.path)
    packs = readable_packs()
    try:
        protocol, trace = load_trace(source.path, {name: pack.protocol for name, pack in packs.items()})
    except MalformedTrace as error:
        refuse(source.path, error)
    place = packs[protocol.name].market_at
    if place is None:
        having = ", ".join(sorted(name for name, pack in packs.items() if pack.market_at is not None))
        refuse(source.path, f"protocol: {protocol.name} has no market; {having} have one")
    if source.step is not None and source.step >= len(trace.steps):
        refuse(source.path, f"has {len(trace.steps)} steps, counted from 0; there is no step {source.step}")
    last = len(trace.steps) - 1 if source.step is None else source.step
    reached = next(state for position, state in states(protocol, trace) if position == last)
    base = importlib.import_module(place)
    market = Market(base.PORT, base.CUSTODY, base.RECOURSE, ACCOUNT)
    mandates = Mandates(protocol, base.PORT, base.AUTHORITY, ACCOUNT)
    return market, mandates, reached, network.digest(document)


def _told(named: Mapping[str, Mapping[str, Rows]]) -> Iterator[str]:
    for kind, found in named.items():
        if not found:
            yield f"{kind}: none"
        for name, rows in found.items():
            yield f"{kind.removesuffix('s')} {name}"
            yield from lines(rows, "  ")


def _service(service: Service) -> str:
    return f"{service[0]}:{service[1]}"


def _offer_name(found: OfferFigures) -> str:
    service, pool = found.offer
    return f"{_service(service)} for {pool}"


def _fund_name(found: FundFigures) -> str:
    (service, pool), sponsor = found.fund
    return f"{sponsor} on {_service(service)} for {pool}"


def _maybe(value: Fraction | int | None) -> Number | str:
    return NONE if value is None else Number(value)


def _of_offer(found: OfferFigures) -> Rows:
    """The rows of an offer's figures. Money is in units of the fee token."""
    return {
        "carries its risk": "yes" if found.carries_its_risk else "NO",
        "rate": Number(Fraction(found.rate, WAD)),
        "break-even rate": Number(Fraction(found.break_even_rate, WAD)),
        "yearly yield": _maybe(found.yearly_yield),
        "stake wanted": Number(found.target_stake),
        "stake counted": Number(found.counted_stake),
        "stake slashable": Number(found.slashable_stake),
        "of it lasting": Number(found.lasting_stake),
        "budget": Number(Fraction(found.budget_grains, WAD)),
        "points paid for": _maybe(found.paid_points),
    }


def _of_fund(found: FundFigures) -> Rows:
    """The rows of a fund's figures. Money is in units of the fee token."""
    return {
        "can pay": "yes" if found.unpaid_grains == 0 else "NO",
        "capital": Number(Fraction(found.assets_grains, WAD)),
        "of it leaving": Number(Fraction(found.capital.leaving_grains, WAD)),
        "cover in force or sold": Number(Fraction(found.capital.cover_grains, WAD)),
        "utilisation": _maybe(found.utilisation),
        **{f"owed for {operator}": Number(Fraction(grains, WAD)) for operator, grains in found.owed},
        "owed for all of them": Number(Fraction(found.owed_together_grains, WAD)),
        "unpaid": Number(Fraction(found.unpaid_grains, WAD)),
    }


def _of_vault(found: VaultFigures) -> Rows:
    """The rows of a receipt vault's figures, in the unit of the pool in which the lowest vault beneath it holds a
    position.
    """
    return {
        "stands on": found.beneath or f"pool {found.pool}",
        "issued": Number(found.issued),
        "worth": Number(found.worth),
        "worth of a receipt": _maybe(found.receipt_worth),
        "mark": _maybe(found.marked_worth),
        "gain of the first to leave": _maybe(found.first_gain),
    }


def _table_name(found: TableFigures) -> str:
    service, pool, chain = found.channel
    return f"of {_service(service)} for {pool} on {chain}"


def _of_table(found: TableFigures) -> Rows:
    """The rows of the figures of a table of stake, in the pool's unit."""
    return {
        "worth what it says": ("yes" if found.is_worth_it else "NO") if found.is_good else "counts no longer",
        "as of point": Number(found.reference_point),
        "still accepted": "yes" if found.is_good else "no",
        "answered within the window": "yes" if found.is_within_window else "no",
        "says": Number(found.says),
        "can be slashed at home": Number(found.left),
    }


def _of_mandate(found: MandateFigures) -> Rows:
    """The rows of a mandate's figures, in the unit in which the base splits its pool's stake."""
    waits = NONE if found.waits_until is None else Number(found.waits_until)
    rows: dict[str, Number | str] = {
        "within its caps": "yes" if found.is_within_caps else "NO",
        "governed by": found.mandate.governor,
        "splits": f"pool {found.mandate.pool}",
        "all there is": Number(found.whole),
        "plan in force": "yes" if found.targets else NONE,
        "a plan waits until point": waits,
        "part kept back": Number(Fraction(found.reserve_wad, WAD)),
        "next rebalancing from point": Number(found.next_point),
        "it would move": found.rejected_for or _maybe(found.moved),
    }
    for one in found.targets:
        name = f"{_service(one.target.service)} by {one.target.operator}"
        rows[f"{name} has"] = Number(one.amount)
        if one.exposed != one.amount:
            rows[f"{name} is counted on for"] = Number(one.exposed)
        if not one.is_backed:
            rows[f"{name} is backed"] = "no"
        rows[f"{name} would have"] = Number(one.next_amount)
    for cap in found.beyond:
        rows[f"{_cap_name(cap)} may have"] = Number(cap.allowed)
        rows[f"{_cap_name(cap)} is counted on for"] = Number(cap.exposed)
    return rows


def _cap_name(found: CapFigures) -> str:
    if found.cap is None:
        return "everything"
    return " and ".join([*[_service(service) for service in found.cap.services], *found.cap.operators])


COMMANDS: Final[Mapping[str, click.Command]] = {"market": market_command}
