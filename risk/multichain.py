"""Networks joined by operators that stake on several chains: what a service believes of stake it sees only by messages.

A service on one chain counts stake that stands on others. Messages leave each chain at fixed times and take a while, so
what is counted is what was there; and a slash that answers what happens now arrives later still, when stake that was
leaving has left. Three numbers for each service and moment follow: the stake it believes in, the stake that is there,
and the stake that a slash will still reach. Times are seconds of one common clock.
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
    """Messages from one chain to another: one every `period`, each `latency` under way; a slash takes `back`."""

    period: Fraction
    latency: Fraction
    back: Fraction

    def seen_at(self, now: Fraction) -> Fraction | None:
        """The moment of which the newest message that has arrived tells; None before the first has."""
        sent = (now - self.latency) // self.period
        return sent * self.period if sent >= 0 else None


@attrs.frozen
class Event:
    """From `at` on, an operator's stake on a chain that counts for a service is `amount`.

    What a reduction takes away can still be slashed for the chain's withdrawal delay.
    """

    chain: str
    operator: str
    service: str
    at: Fraction
    amount: Fraction


@attrs.frozen
class Service:
    """A service: its chain, what corrupting it is worth, its threshold, and how long until a fault is noticed."""

    chain: str
    terms: Terms
    detection: Fraction


@attrs.frozen
class View:
    """A service at a moment: stake believed, stake there, stake in reach of a slash for what happens now, verdict.

    `short` names what is believed but not in reach, by chain and operator.
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
    """Chains with their withdrawal delays, links between them, services, and the history of stake."""

    delays: Mapping[str, Fraction]
    links: Mapping[tuple[str, str], Link]
    services: Mapping[str, Service]
    events: tuple[Event, ...]

    def held(self, service: str, now: Fraction) -> dict[tuple[str, str], Fraction]:
        """The stake of each chain and operator that counts for a service at a moment: the last event's."""
        held: dict[tuple[str, str], Fraction] = {}
        for event in self.events:
            if event.service == service and event.at <= now:
                held[(event.chain, event.operator)] = event.amount
        return held

    def believed(self, service: str, now: Fraction) -> dict[tuple[str, str], Fraction]:
        """The stake as the service's chain knows it: of its own now, of others as of the newest message."""
        home = self.services[service].chain
        believed: dict[tuple[str, str], Fraction] = {}
        for chain in self.delays:
            link = self.links.get((chain, home))
            seen = now if chain == home else link.seen_at(now) if link else None
            if seen is not None:
                believed |= {key: amount for key, amount in self.held(service, seen).items() if key[0] == chain}
        return believed

    def reachable(self, service: str, now: Fraction) -> dict[tuple[str, str], Fraction]:
        """The part of the stake there now that a slash for what happens now still finds.

        It arrives after detection and, on another chain, the way back. Stake reduced before it arrives is in reach for
        the withdrawal delay from its reduction on; of several reductions each for itself.
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
        """The stake that a service believes in at a moment, and the true one. It is secured if corrupting it costs at
        least its profit: its threshold of the stake.
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
        """Moments at which an answer can change: stake changes, news of it arrives, or a slash now comes too late.

        Between two of them every service's view is the same.
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
        """Every view, at every moment where one begins, in which a service believes to be secured and is not."""
        views = [self.view(service, moment) for moment in self.moments() for service in self.services]
        return [view for view in views if view.verdict == FALSELY_BELIEVED]

    def network(self, now: Fraction, reachable: bool = True) -> Network:
        """All chains as one network at a moment, for questions about attacks on several services at once.

        A stake is what an operator has on one chain: the most that any service counts of it there.
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
    """Chains from their document; MalformedTrace with the field if they are none."""
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
