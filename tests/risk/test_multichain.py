"""Stake that other chains know by late messages: the believed stake, the actual one, and the part a slash still
reaches.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import strategies as st

from risk import multichain
from risk.multichain import Chains, Event, Link, Service, View
from risk.network import Terms
from spec.codec import MalformedTrace
from tests.risk.canaries import breaks, holds

pytestmark = pytest.mark.source

HALF = Fraction(1, 2)
OLD_STAKE = {("eth", "a"): Fraction(70)}


def rational(number: int) -> Fraction:
    return Fraction(number)


TIMES = st.integers(0, 40).map(rational)


@st.composite
def worlds(draw: st.DrawFn) -> Chains:
    delays = {"eth": draw(TIMES), "arb": draw(TIMES)}
    link = Link(Fraction(draw(st.integers(1, 15))), draw(TIMES), draw(TIMES))
    service = Service("arb", Terms(Fraction(10), HALF), draw(TIMES))
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(["eth", "arb"]), st.sampled_from("ab"), TIMES, st.integers(0, 30)), max_size=5
        )
    )
    events = tuple(
        Event(chain, operator, "s", at, Fraction(amount))
        for chain, operator, at, amount in sorted(rows, key=lambda row: row[2])
    )
    return Chains(delays, {("eth", "arb"): link}, {"s": service}, events)


Believed = Callable[[Chains, Fraction], dict[tuple[str, str], Fraction]]


def seen_by_messages(believed: Believed) -> Callable[[Chains, Fraction], None]:
    """The believed stake is the stake in the last message that has arrived. The property simulates every message."""

    def prop(chains: Chains, now: Fraction) -> None:
        link = chains.links[("eth", "arb")]
        told: dict[tuple[str, str], Fraction] = {}
        sent = Fraction(0)
        while sent + link.latency <= now:
            told = {key: amount for key, amount in chains.held("s", sent).items() if key[0] == "eth"}
            sent += link.period
        own = {key: amount for key, amount in chains.held("s", now).items() if key[0] == "arb"}
        assert believed(chains, now) == {**told, **own}

    return prop


def test_a_service_believes_what_the_newest_message_said() -> None:
    holds(seen_by_messages(lambda chains, now: chains.believed("s", now)), worlds(), TIMES)
    breaks(seen_by_messages(lambda chains, now: chains.held("s", now)), worlds(), TIMES)


def test_views_change_at_the_moments_named_and_at_no_other() -> None:
    def prop(chains: Chains) -> None:
        moments = chains.moments()
        for low, high in pairwise(moments):
            views = [shape(chains.view("s", low + (high - low) * part / 4)) for part in range(4)]
            assert all(view == views[0] for view in views)

    holds(prop, worlds())


def shape(view: View) -> tuple[Any, ...]:
    return view.believed, view.actual, view.reachable, view.verdict


def one(reduction_at: int, amount: int) -> Chains:
    return Chains(
        {"eth": Fraction(100), "arb": Fraction(50)},
        {("eth", "arb"): Link(Fraction(60), Fraction(20), Fraction(30))},
        {"s": Service("arb", Terms(Fraction(40), HALF), Fraction(80))},
        (
            Event("eth", "a", "s", Fraction(0), Fraction(100)),
            Event("eth", "a", "s", Fraction(reduction_at), Fraction(amount)),
        ),
    )


def test_a_stale_view_believes_in_stake_that_has_left() -> None:
    chains = one(200, 30)
    view = chains.view("s", Fraction(210))
    assert view == View(
        "s", Fraction(210), Fraction(100), Fraction(30), Fraction(30), multichain.FALSELY_BELIEVED, OLD_STAKE
    )
    assert chains.view("s", Fraction(199)).verdict == multichain.FALSELY_BELIEVED
    assert chains.view("s", Fraction(150)).verdict == multichain.SECURED
    assert chains.view("s", Fraction(260)).verdict == multichain.NOT_SECURED
    assert {view.at for view in chains.falsely_believed()} == {Fraction(190), Fraction(200)}


def test_stake_that_leaves_before_a_slash_arrives_is_out_of_reach_before_it_leaves() -> None:
    """At 190 the stake is known and present. A slash decided then arrives at 300, after part of the stake was paid out
    at 200.
    """
    before, after = (one(200, 30).view("s", Fraction(moment)) for moment in (189, 190))
    assert (before.actual, before.reachable) == (Fraction(100), Fraction(100))
    assert (after.actual, after.reachable) == (Fraction(100), Fraction(30))


def test_all_chains_are_one_network_with_each_stake_once() -> None:
    chains = one(200, 30)
    network = chains.network(Fraction(190))
    assert [(stake.stake_id, stake.amount) for stake in network.stakes] == [("eth/a", Fraction(30))]
    assert chains.network(Fraction(190), reachable=False).stakes[0].amount == 100


def document() -> dict[str, Any]:
    return {
        "format": "restake-chains",
        "version": 1,
        "chains": {"eth": {"withdrawal_delay": "100"}, "arb": {"withdrawal_delay": "50"}},
        "links": [{"from": "eth", "to": "arb", "period": "60", "latency": "20", "back": "30"}],
        "services": {"s": {"chain": "arb", "profit": "40", "threshold": "1/2", "detection": "80"}},
        "events": [
            {"chain": "eth", "operator": "a", "service": "s", "at": "0", "amount": "100"},
            {"chain": "eth", "operator": "a", "service": "s", "at": "200", "amount": "30"},
        ],
    }


def test_a_document_reads_as_what_it_says() -> None:
    assert multichain.read(document()) == one(200, 30)


@pytest.mark.parametrize(
    ("where", "value", "problem"),
    [
        (("format",), "other", "format: expected"),
        (("version",), 2, "version: expected"),
        (("links", 0, "period"), "0", r"links\[0\].period: expected more than 0"),
        (("links", 0, "from"), "sol", r"links\[0\].from: unknown chain"),
        (("services", "s", "threshold"), "0", "services.s.threshold: expected more than 0"),
        (("services", "s", "threshold"), "3/2", "services.s.threshold: expected"),
        (("services", "s", "profit"), "-1", "services.s.profit: negative"),
        (("events", 0, "service"), "t", r"events\[0\].service: unknown service"),
        (("events", 0, "amount"), 5, r"events\[0\].amount: expected whole digits"),
        (("events", 0, "at"), "1/0", r"events\[0\].at: zero denominator"),
        (("events", 0, "at"), "300", r"events\[1\].at: before the event above it"),
        (("links",), [], r"events\[0\].chain: no link"),
    ],
)
def test_what_is_no_document_is_refused_with_its_field(where: tuple[Any, ...], value: Any, problem: str) -> None:
    changed: Any = document()
    inner = changed
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    with pytest.raises(MalformedTrace, match=problem):
        multichain.read(changed)
