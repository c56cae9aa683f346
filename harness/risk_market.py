"""The verb `restake risk market`: the market at a step of a trace, its offers, funds and vaults of receipts."""

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
from risk.market import FundFigures, Market, OfferFigures, TableFigures, VaultFigures
from spec.arithmetic import WAD
from spec.codec import Json, MalformedTrace
from spec.machine import State
from spec.market.port import Service
from spec.market.transition import ACCOUNT

NONE: Final = "none"


@click.command("market", epilog=EXIT_CODES, short_help="Which offers pay for their risk, which funds could not pay.")
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
    """The market at a step of SOURCE, a trace of a market: counted from 0; without one it is the last.

    An offer carries its risk if its rate is no lower than the one at which its declared risk breaks even. A fund can
    pay if its capital is no less than what it owes once a slash has taken the part --psi of what stands behind every
    operator that it insures, all of them together. A table of stake on another chain is worth what it says if all of
    it can still be slashed at home, as long as a certificate of it is accepted. The exit code is 1 if an answer is NO.
    """
    if psi > 1:
        raise click.BadParameter("more than everything: expected a part from 0 to 1, as 1/10", param_hint="--psi")
    market, state, digest = _market_of(source)
    offers, funds, vaults = market.offers(state), market.funds(state, int(psi * WAD)), market.vaults(state)
    tables = market.tables(state)
    named = {
        "offers": {_offer_name(one): _of_offer(one) for one in offers},
        "funds": {_fund_name(one): _of_fund(one) for one in funds},
        "vaults": {one.vault: _of_vault(one) for one in vaults},
        "tables": {_table_name(one): _of_table(one) for one in tables},
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
    return 0 if holds and all(one.is_worth_it for one in tables) else 1


def _market_of(source: Source) -> tuple[Market, State, str]:
    """The market of a trace, its state after the requested step, and the digest of the trace. Raises Refused if the
    trace is malformed or has no market or no such step.
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
    return Market(base.PORT, base.CUSTODY, base.RECOURSE, ACCOUNT), reached, network.digest(document)


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
    """The rows of a receipt vault's figures, in the unit of the pool at the bottom."""
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


COMMANDS: Final[Mapping[str, click.Command]] = {"market": market_command}
