"""The document of a network: reading inverts writing, and a meaningless document is refused with the field that is
wrong.
"""

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

from harness.protocols import known_protocols
from harness.traces import load_trace
from risk import network as networks
from risk.network import Network, read, write
from risk.sources import Declared, from_security, graph
from spec.codec import MalformedTrace
from spec.machine import Delta, Draft, commit

pytestmark = pytest.mark.source

ONE = Fraction(1)
DECLARED = Declared({}, {}, ONE, networks.Terms(Fraction(7, 3), Fraction(1, 3)))


def small() -> dict[str, Any]:
    found = graph({"a": Fraction(3), "b": Fraction(5, 2)}, {"x": (networks.Terms(ONE, Fraction(1, 2)), ["a", "b"])})
    document: dict[str, Any] = json.loads(json.dumps(write(found)))
    return document


def test_a_document_is_read_as_it_was_written() -> None:
    document = small()
    assert write(read(document)) == document
    assert networks.digest(document) == networks.digest(json.loads(json.dumps(document, indent=3)))


def put(place: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A function that sets one field of a document. `place` is the path to the field, separated by dots."""

    def change(document: Any) -> None:
        *path, last = [int(part) if part.isdigit() else part for part in place.split(".")]
        for part in path:
            document = document[part]
        document[last] = value

    return change


def repeat(place: str) -> Callable[[dict[str, Any]], None]:
    def change(document: Any) -> None:
        document["sourced"][place].append(copy.deepcopy(document["sourced"][place][0]))

    return change


BAD: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (put("format", "restake-trace"), "format: expected 'restake-network', found 'restake-trace'"),
    (put("version", 2), "version: expected 1, found 2"),
    (put("version", True), "version: expected 1, found True"),
    (put("surplus", 1), "unknown field 'surplus'"),
    (put("sourced.stakes.0.amount", "-3"), "sourced.stakes[0].amount: negative"),
    (
        put("sourced.stakes.0.amount", 3),
        'sourced.stakes[0].amount: expected whole digits or "p/q" in a string, found 3',
    ),
    (
        put("sourced.stakes.0.amount", "NaN"),
        "sourced.stakes[0].amount: expected whole digits or \"p/q\" in a string, found 'NaN'",
    ),
    (put("sourced.stakes.0.amount", "1/0"), "sourced.stakes[0].amount: zero denominator"),
    (put("sourced.stakes.0.token", "gold"), "declared.prices.gold: missing: stake is held in it"),
    (put("sourced.commitments.0.operator", "z"), "sourced.commitments[0].operator: unknown operator 'z'"),
    (put("sourced.commitments.0.stake", "z"), "sourced.commitments[0].stake: unknown stake 'z'"),
    (
        put("sourced.commitments.0.service", "z"),
        "sourced.commitments[0].service: unknown service 'z': it has no declared terms",
    ),
    (put("sourced.commitments.0.amount", "4"), "sourced.commitments[0].amount: more than the stake"),
    (put("sourced.commitments.0.amount", "-1"), "sourced.commitments[0].amount: negative"),
    (put("sourced.commitments.0.until", "1/2"), "sourced.commitments[0].until: expected a whole block or timestamp"),
    (put("sourced.losses", "half"), "sourced.losses: expected one of full, sum, max, product"),
    (put("sourced.divisible", 1), "sourced.divisible: expected true or false, found 1"),
    (
        put("sourced.divisible", True),
        "sourced.divisible: only losses that are summed can be of a part of a commitment",
    ),
    (put("sourced.stakes", {}), "sourced.stakes: expected a list, found {}"),
    (put("sourced.origin", []), "sourced.origin: expected an object, found []"),
    (put("declared.services.x.threshold", "0"), "declared.services.x.threshold: expected more than 0 and at most 1"),
    (put("declared.services.x.threshold", "5/4"), "declared.services.x.threshold: expected more than 0 and at most 1"),
    (put("declared.services.x.profit", "-1"), "declared.services.x.profit: negative"),
    (put("declared.services.x.slash", "2"), "declared.services.x.slash: expected at least 0 and at most 1"),
    (put("declared.prices.stake", "-1"), "declared.prices.stake: negative"),
    (repeat("stakes"), "sourced.stakes[2].id: 'a' is there twice"),
    (repeat("commitments"), "sourced.commitments[2]: the same stake, operator and service are there twice"),
    (
        lambda document: put("sourced.commitments", document["sourced"]["commitments"] * 500_000)(document),
        "sourced.commitments: 1,000,000 commitments; at most 100,000 are read",
    ),
]


@pytest.mark.parametrize(("change", "problem"), BAD, ids=[problem[:60] for _, problem in BAD])
def test_what_means_nothing_is_refused(change: Callable[[dict[str, Any]], None], problem: str) -> None:
    document = small()
    change(document)
    with pytest.raises(MalformedTrace) as refused:
        read(document)
    assert str(refused.value) == problem


def test_losses_that_multiply_are_of_few_commitments() -> None:
    many = graph({"a": ONE}, {f"s{position}": (networks.Terms(ONE, ONE), ["a"]) for position in range(11)})
    with pytest.raises(MalformedTrace, match="more than 10 commitments of one stake are not read"):
        attrs.evolve(many, losses="product")


def test_a_terms_file_must_declare_what_is_there() -> None:
    declared = Declared({}, {})
    with pytest.raises(MalformedTrace, match=r"prices\.gold: missing"):
        declared.price("gold")
    with pytest.raises(MalformedTrace, match=r"services\.x: missing"):
        declared.of("x")


def test_every_step_of_a_recorded_trace_is_a_network(golden_trace: Path) -> None:
    """The network has the commitments that the protocol reports as slashable; `test_security.py` compares these with
    the rules.
    """
    protocol, trace = load_trace(golden_trace, known_protocols())
    assert protocol.security is not None
    state = trace.genesis.copy()
    last: Network | None = None
    for step in trace.steps:
        for action in step.actions:
            outcome = protocol.transition(Draft(state), action)
            if isinstance(outcome, Delta):
                commit(state, outcome)
        secured = protocol.security(state)
        found = from_security(secured, DECLARED, {"kind": "trace"})
        assert [(r.stake_id, r.operator, r.service, r.amount) for r in found.commitments] == [
            (r.stake_id, r.operator, r.service, Fraction(r.amount)) for r in secured.commitments
        ]
        assert found.values == {stake.stake_id: stake.amount for stake in secured.stakes}
        assert set(found.terms) == set(secured.services)
        last = found
    assert last is not None
    assert read(json.loads(json.dumps(write(last)))) == last
