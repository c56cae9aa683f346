"""Operators that stake on several chains: what a service believes of stake on other chains, which it knows by messages.

A service counts stake on other chains. Messages leave each chain periodically and arrive late, so the counted stake is
out of date. A slash for a fault now arrives even later, when leaving stake may have been withdrawn. So each service has
three numbers at each moment: the believed stake, the actual stake, and the stake that a slash can still reach. Times
are seconds of one common clock.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import attrs

from risk.hazards import not_negative, positive, probability
from risk.linear import ZERO
from risk.network import Commitment, Network, Stake, Terms, fields, listed, text
from spec.codec import Json, MalformedTrace, as_object, shown

FORMAT: Final = "restake-chains"
VERSION: Final = 1
MAX_EVENTS: Final = 20_000

SECURED: Final = "SECURED"
FALSELY_BELIEVED: Final = "BELIEVED SECURED, IS NOT"
FALSELY_DOUBTED: Final = "BELIEVED NOT SECURED, IS"
NOT_SECURED: Final = "NOT SECURED"


@attrs.frozen
class Link:
    """Messages from one chain to another: one every `period` seconds, each `latency` seconds under way.

    A slash takes `back` seconds in the opposite direction.
    """

    period: Fraction
    latency: Fraction
    back: Fraction

    def seen_at(self, now: Fraction) -> Fraction | None:
        """The time of the state in the newest message that has arrived by the time `now`; None before the first
        arrives.
        """
        sent = (now - self.latency) // self.period
        return sent * self.period if sent >= 0 else None


@attrs.frozen
class Event:
    """A change of stake: from `at` on, the stake of an operator on a chain that counts for a service is `amount`.

    The stake that a reduction removes can still be slashed for the chain's withdrawal delay.
    """

    chain: str
    operator: str
    service: str
    at: Fraction
    amount: Fraction


@attrs.frozen
class Service:
    """A service: its chain, its profit and threshold, and the seconds until a fault is detected."""

    chain: str
    terms: Terms
    detection: Fraction


@attrs.frozen
class View:
    """The view of a service at one moment: the believed, actual and reachable stake, and the verdict.

    Reachable stake is what a slash for a fault now can still take. `short` is the stake that is believed but not
    reachable, by chain and operator.
    """

    service: str
    at: Fraction
    believed: Fraction
    actual: Fraction
    reachable: Fraction
    verdict: str
    short: Mapping[tuple[str, str], Fraction]


@attrs.frozen
class Chains:
    """Chains with their withdrawal delays, the links between them by (from, to), and the services.

    `events` are all changes of stake, in the order of time.
    """

    delays: Mapping[str, Fraction]
    links: Mapping[tuple[str, str], Link]
    services: Mapping[str, Service]
    events: tuple[Event, ...]

    def held(self, service: str, now: Fraction) -> dict[tuple[str, str], Fraction]:
        """The actual stake that counts for a service at the time `now`, by (chain, operator): the amount of the latest
        event.
        """
        held: dict[tuple[str, str], Fraction] = {}
        for event in self.events:
            if event.service == service and event.at <= now:
                held[(event.chain, event.operator)] = event.amount
        return held

    def believed(self, service: str, now: Fraction) -> dict[tuple[str, str], Fraction]:
        """The stake that a service believes in, by (chain, operator): on its own chain now, on others as of the newest
        message.
        """
        home = self.services[service].chain
        believed: dict[tuple[str, str], Fraction] = {}
        for chain in self.delays:
            link = self.links.get((chain, home))
            seen = now if chain == home else link.seen_at(now) if link else None
            if seen is not None:
                believed |= {key: amount for key, amount in self.held(service, seen).items() if key[0] == chain}
        return believed

    def reachable(self, service: str, now: Fraction) -> dict[tuple[str, str], Fraction]:
        """The part of the actual stake, by (chain, operator), that a slash for a fault now can still reach.

        The slash arrives after detection and, for another chain, the time back. Stake that is reduced meanwhile stays
        reachable for the withdrawal delay; several reductions each have their own delay.
        """
        about = self.services[service]
        reachable: dict[tuple[str, str], Fraction] = {}
        for key, amount in self.held(service, now).items():
            arrival = now + about.detection + (ZERO if key[0] == about.chain else self._link(key[0], about.chain).back)
            lowest = amount
            for event in self.events:
                is_later = (event.chain, event.operator, event.service) == (*key, service) and event.at > now
                if is_later and event.at + self.delays[key[0]] <= arrival:
                    lowest = min(lowest, event.amount)
            reachable[key] = lowest
        return reachable

    def view(self, service: str, now: Fraction) -> View:
        """The view of a service at the time `now`, with its verdict.

        A service is secured if its threshold times its stake is at least its profit. The verdict says if it is secured
        by the believed stake, and if it is secured by the reachable stake.
        """
        terms = self.services[service].terms
        believed, actual = self.believed(service, now), self.held(service, now)
        reachable = self.reachable(service, now)
        counted, there, in_reach = (sum(rows.values(), ZERO) for rows in (believed, actual, reachable))
        thinks, holds = (terms.threshold * amount >= terms.profit for amount in (counted, in_reach))
        verdict = {
            (True, True): SECURED,
            (True, False): FALSELY_BELIEVED,
            (False, True): FALSELY_DOUBTED,
            (False, False): NOT_SECURED,
        }[(thinks, holds)]
        missing = {key: amount - reachable.get(key, ZERO) for key, amount in believed.items()}
        short = {key: amount for key, amount in sorted(missing.items()) if amount > 0}
        return View(service, now, counted, there, in_reach, verdict, short)

    def moments(self) -> list[Fraction]:
        """The moments at which a view can change, sorted: stake changes, a message
        arrives, or a slash becomes too late.

        Between two of these moments every view is constant.
        """
        moments: set[Fraction] = set()
        for event in self.events:
            moments.add(event.at)
            about = self.services[event.service]
            back = ZERO
            if event.chain != about.chain:
                link = self._link(event.chain, about.chain)
                moments.add(-(-event.at // link.period) * link.period + link.latency)
                back = link.back
            late = event.at + self.delays[event.chain] - about.detection - back
            moments.update({max(ZERO, late)} if late <= event.at else ())
        return sorted(moments)

    def falsely_believed(self) -> list[View]:
        """The views, one per moment of change, in which a service is secured by the believed stake alone.

        By the reachable stake it is not secured.
        """
        views = [self.view(service, moment) for moment in self.moments() for service in self.services]
        return [view for view in views if view.verdict == FALSELY_BELIEVED]

    def network(self, now: Fraction, reachable: bool = True) -> Network:
        """All chains as one network at a moment, for analyses of attacks on several services.

        A stake is an operator's stake on one chain: the largest amount that any service counts there. `reachable`
        selects the reachable stake instead of the actual stake.
        """
        amounts: dict[tuple[str, str], Fraction] = {}
        rows: list[tuple[tuple[str, str], str, Fraction]] = []
        for service in self.services:
            for key, amount in (self.reachable if reachable else self.held)(service, now).items():
                amounts[key] = max(amounts.get(key, ZERO), amount)
                rows.append((key, service, amount))
        return Network(
            {"kind": "chains", "at": str(now)},
            "sum",
            is_divisible=False,
            stakes=tuple(
                Stake(f"{chain}/{operator}", "stake", amount) for (chain, operator), amount in sorted(amounts.items())
            ),
            commitments=tuple(Commitment("/".join(key), key[1], service, amount) for key, service, amount in rows),
            prices={"stake": Fraction(1)},
            terms={name: service.terms for name, service in self.services.items()},
        )

    def _link(self, chain: str, home: str) -> Link:
        return self.links[(chain, home)]


def read(document: Json) -> Chains:
    """The chains of a `restake-chains` document. Raises MalformedTrace, with the
    field, if the document is malformed.
    """
    root = fields(document, "", ("format", "version", "chains", "links", "services", "events"))
    if root["format"] != FORMAT:
        raise MalformedTrace("format", f"expected {FORMAT!r}, got {shown(root['format'])}")
    if root["version"] != VERSION or isinstance(root["version"], bool):
        raise MalformedTrace("version", f"expected {VERSION}, got {shown(root['version'])}")
    delays: dict[str, Fraction] = {}
    for name, value in as_object(root["chains"], "chains").items():
        row = fields(value, f"chains.{name}", ("withdrawal_delay",))
        delays[name] = not_negative(row["withdrawal_delay"], f"chains.{name}.withdrawal_delay")
    links: dict[tuple[str, str], Link] = {}
    for position, value in enumerate(listed(root["links"], "links")):
        place = f"links[{position}]"
        row = fields(value, place, ("from", "to", "period", "latency", "back"))
        pair = _chain(row["from"], f"{place}.from", delays), _chain(row["to"], f"{place}.to", delays)
        if pair in links:
            raise MalformedTrace(place, "the same chains are linked twice")
        links[pair] = Link(
            positive(row["period"], f"{place}.period"),
            not_negative(row["latency"], f"{place}.latency"),
            not_negative(row["back"], f"{place}.back"),
        )
    services = {
        name: _read_service(value, f"services.{name}", delays)
        for name, value in as_object(root["services"], "services").items()
    }
    events = listed(root["events"], "events")
    if len(events) > MAX_EVENTS:
        raise MalformedTrace("events", f"{len(events):,} events; at most {MAX_EVENTS:,} are read")
    return Chains(delays, links, services, _read_events(events, delays, links, services))


def _read_service(value: Json, place: str, delays: Mapping[str, Fraction]) -> Service:
    row = fields(value, place, ("chain", "profit", "threshold", "detection"))
    threshold = probability(row["threshold"], f"{place}.threshold")
    if not threshold:
        raise MalformedTrace(f"{place}.threshold", "expected more than 0 and at most 1")
    return Service(
        _chain(row["chain"], f"{place}.chain", delays),
        Terms(not_negative(row["profit"], f"{place}.profit"), threshold),
        not_negative(row["detection"], f"{place}.detection"),
    )


def _read_events(
    values: Sequence[Json],
    delays: Mapping[str, Fraction],
    links: Mapping[tuple[str, str], Link],
    services: Mapping[str, Service],
) -> tuple[Event, ...]:
    events: list[Event] = []
    for position, value in enumerate(values):
        place = f"events[{position}]"
        row = fields(value, place, ("chain", "operator", "service", "at", "amount"))
        chain, service = _chain(row["chain"], f"{place}.chain", delays), text(row["service"], f"{place}.service")
        if service not in services:
            raise MalformedTrace(f"{place}.service", f"unknown service {shown(service)}")
        home = services[service].chain
        if chain != home and (chain, home) not in links:
            raise MalformedTrace(f"{place}.chain", f"no link from {shown(chain)} to {shown(home)}")
        at = not_negative(row["at"], f"{place}.at")
        if events and at < events[-1].at:
            raise MalformedTrace(f"{place}.at", "before the event above it")
        amount = not_negative(row["amount"], f"{place}.amount")
        events.append(Event(chain, text(row["operator"], f"{place}.operator"), service, at, amount))
    return tuple(events)


def _chain(value: Json, place: str, delays: Mapping[str, Fraction]) -> str:
    name = text(value, place)
    if name not in delays:
        raise MalformedTrace(place, f"unknown chain {shown(name)}")
    return name
