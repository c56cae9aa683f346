"""Documents about losses: what they mean, and a malformed one is refused with the field that is wrong."""

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from risk import claims, delegation, hazards, network, obligations
from risk.commitments import Piece
from risk.dependence import Beta, Comonotone, Gaussian, Independent, StudentT
from risk.distribution import mixed
from risk.losses import distribution
from spec.codec import MalformedTrace

pytestmark = pytest.mark.source

ONE = Fraction(1)

NETWORK: dict[str, Any] = {
    "format": "restake-network",
    "version": 1,
    "sourced": {
        "origin": {"kind": "test"},
        "losses": "sum",
        "divisible": True,
        "operators": ["o", "p"],
        "stakes": [
            {"id": "u", "token": "x", "amount": "100"},
            {"id": "v", "token": "x", "amount": "60"},
            {"id": "w", "token": "y", "amount": "10"},
        ],
        "commitments": [
            {"stake": "u", "operator": "o", "service": "s", "amount": "80"},
            {"stake": "u", "operator": "o", "service": "t", "amount": "50"},
            {"stake": "v", "operator": "p", "service": "s", "amount": "60"},
            {"stake": "w", "operator": "p", "service": "t", "amount": "10"},
        ],
    },
    "declared": {
        "prices": {"x": "1", "y": "2"},
        "services": {
            "s": {"profit": "30", "threshold": "1/2", "slash": "1/2"},
            "t": {"profit": "20", "threshold": "1/3"},
        },
    },
}

HAZARDS: dict[str, Any] = {
    "format": "restake-hazards",
    "version": 1,
    "slashes": {"s": "1/10"},
    "shocks": [{"name": "client", "probability": "1/100", "services": ["t"], "operators": ["o"]}],
    "dependence": {"model": "independent"},
    "holdings": {"u": "50", "w": "10"},
    "levels": ["19/20"],
    "pricing": {"base_yield": "1/50", "fee": "1/100", "cost_of_capital": "1/10"},
}

DELEGATION: dict[str, Any] = {
    "format": "restake-delegation",
    "version": 1,
    "returns": {"o": "1/20", "p": "1/25"},
    "caps": {"o": "3/4"},
    "groups": [{"name": "both", "operators": ["o", "p"], "cap": "1"}],
    "level": "19/20",
    "minimum_return": "1/25",
}

BASE: dict[str, Any] = {
    "format": "restake-base",
    "version": 1,
    "total": "1000",
    "adversary": "100",
    "prize": "5",
    "ejected_at": "1/2",
    "tokens": ["x"],
    "operators": ["o"],
}

CLAIMS: dict[str, Any] = {
    "format": "restake-claims",
    "version": 1,
    "members": {"a": "10", "b": "1"},
    "claims": [{"from": "a", "to": "b", "amount": "8"}],
    "shock": {"a": "4"},
    "alpha": "1/2",
    "beta": "1",
}


def net() -> network.Network:
    return network.read(NETWORK)


def declared() -> hazards.Hazards:
    return hazards.read(HAZARDS, net())


def readings() -> dict[str, tuple[dict[str, Any], Callable[[Any], object]]]:
    return {
        "hazards": (HAZARDS, lambda document: hazards.read(document, net())),
        "delegation": (DELEGATION, lambda document: delegation.read(document, net(), declared(), 100, 0)),
        "base": (BASE, lambda document: obligations.read(document, net())),
        "claims": (CLAIMS, claims.read),
    }


def test_a_position_has_its_part_of_every_claim_and_nothing_without_a_cause() -> None:
    found = {piece.name: piece for piece in hazards.pieces(net(), declared())}
    assert {name: piece.amount for name, piece in found.items()} == {"u": 50, "v": 0, "w": 20}
    told = [(claim.service, set(claim.causes), claim.fraction) for claim in found["u"].claims]
    assert told == [("s", {"'o' at 's'"}, Fraction(2, 5)), ("t", {"client"}, Fraction(1, 2))]
    assert found["w"].claims == ()
    loss = distribution(list(found.values()), hazards.model(net(), declared(), list(found.values())))
    assert loss.mean() == Fraction(1, 10) * 20 + Fraction(1, 100) * 25


@pytest.mark.parametrize(
    ("dependence", "model"),
    [
        ({"model": "independent"}, Independent),
        ({"model": "beta", "alpha": "1", "beta": "9"}, Beta),
        ({"model": "gaussian", "correlation": "1/2"}, Gaussian),
        ({"model": "gaussian", "correlation": "0"}, Independent),
        ({"model": "gaussian", "correlation": "1"}, Comonotone),
        ({"model": "t", "correlation": "0", "freedom": "4"}, StudentT),
    ],
)
def test_dependence_names_its_model(dependence: dict[str, str], model: type) -> None:
    read = hazards.read({**HAZARDS, "dependence": dependence}, net())
    pieces = hazards.pieces(net(), read)
    assert isinstance(hazards.model(net(), read, pieces), model)


def test_a_unit_with_an_operator_is_slashed_in_proportion_to_all_it_has() -> None:
    question = delegation.read(DELEGATION, net(), declared(), 100, 0)
    losses = {loss for row in question.choice.scenarios.losses for loss in row}
    assert losses == {0, Fraction(2, 5), Fraction(1, 2), Fraction(9, 10), Fraction(60, 80) / 2}
    assert (question.minimum_return, question.shortfall_limit) == (Fraction(1, 25), None)
    assert question.choice.caps == (Fraction(3, 4), ONE)


def test_a_base_layer_counts_the_tokens_named_and_asks_about_the_operators_named() -> None:
    layer, shocks = obligations.read(BASE, net())
    assert layer.stakes == {"u": 100, "v": 60}
    assert layer.services["s"].allocations == {"u": 80, "v": 60}
    assert shocks == {"o": {"u": 100}}


def test_claims_are_cleared_after_their_shock() -> None:
    found = claims.read(CLAIMS)
    assert found.after_shock() == (Fraction(6), ONE)
    assert found.distress() == [1, 0]
    assert found.impacts() == [[0, Fraction(8, 9)], [0, 0]]


BAD: list[tuple[str, tuple[Any, ...], Any, str]] = [
    ("hazards", ("format",), "x", "format: expected"),
    ("hazards", ("version",), True, "version: expected"),
    ("hazards", ("slashes", "s"), "3/2", "slashes.s: expected at least 0 and at most 1"),
    ("hazards", ("slashes", "s"), "-1/2", "slashes.s: expected"),
    ("hazards", ("slashes", "s"), "1/0", "slashes.s: zero denominator"),
    ("hazards", ("slashes", "s"), 0.1, "slashes.s: expected whole digits"),
    ("hazards", ("slashes", "z"), "1/2", "slashes.z: unknown service"),
    ("hazards", ("levels",), [], "levels: expected at least one"),
    ("hazards", ("levels",), ["9" * 16 + "/1" + "0" * 16], r"levels\[0\]: nearer to 1 than 1/1000000000000000"),
    ("hazards", ("dependence",), {"model": "gaussian", "correlation": "9" * 10 + "/1" + "0" * 10}, "nearer to 1 than"),
    (
        "hazards",
        ("dependence",),
        {"model": "t", "correlation": "0", "freedom": "1/5"},
        "freedom: expected at least 1/4",
    ),
    ("hazards", ("levels", 0), "1", r"levels\[0\]: expected more than 0 and less than 1"),
    ("hazards", ("shocks", 0, "services"), ["z"], r"shocks\[0\].services\[0\]: unknown service"),
    ("hazards", ("shocks", 0, "operators"), ["z"], r"shocks\[0\].operators\[0\]: unknown operator"),
    ("hazards", ("shocks", 0, "name"), "'o' at 's'", r"shocks\[0\].name: \"'o' at 's'\" is the name of another cause"),
    ("hazards", ("shocks",), [{"name": "a", "probability": "0"}] * 101, "shocks: 101 shocks"),
    ("hazards", ("dependence",), {"model": "vine"}, "dependence.model: expected one of"),
    (
        "hazards",
        ("dependence",),
        {"model": "beta", "alpha": "0", "beta": "1"},
        "dependence.alpha: expected more than 0",
    ),
    ("hazards", ("dependence",), {"model": "gaussian"}, "dependence: missing field 'correlation'"),
    ("hazards", ("dependence",), {"model": "gaussian", "correlation": "2"}, "dependence.correlation: expected"),
    ("hazards", ("holdings", "u"), "101", "holdings.u: more than the stake"),
    ("hazards", ("holdings", "z"), "1", "holdings.z: unknown stake"),
    ("hazards", ("pricing", "fee"), "-1", "pricing.fee: negative"),
    ("hazards", ("surprise",), 1, "unknown field 'surprise'"),
    ("delegation", ("returns",), {}, "returns: 0 operators"),
    ("delegation", ("returns", "z"), "1", "returns.z: unknown operator"),
    ("delegation", ("caps", "z"), "1", "caps.z: 'z' is not among"),
    ("delegation", ("caps",), {"o": "1/4", "p": "1/4"}, "caps: together below 1"),
    ("delegation", ("shortfall_limit",), "1", "minimum_return: expected either"),
    ("delegation", ("groups", 0, "operators"), ["z"], r"groups\[0\].operators\[0\]: 'z' is not among"),
    ("delegation", ("level",), "0", "level: expected more than 0"),
    ("base", ("total",), "100", "total: less than the network's stake and the adversary's, 260"),
    ("base", ("total",), "0", "total: expected more than 0"),
    ("base", ("adversary",), "-1", "adversary: negative"),
    ("base", ("ejected_at",), "0", "ejected_at: expected more than 0"),
    ("base", ("tokens",), ["z"], "tokens: unknown token 'z'"),
    ("base", ("operators",), ["z"], "operators: unknown operator 'z'"),
    ("base", ("operators",), [], "operators: no operator has consensus weight"),
    ("claims", ("members", "a"), "-1", "members.a: negative"),
    ("claims", ("members",), {str(i): "1" for i in range(61)}, "members: 61 members"),
    ("claims", ("claims", 0, "to"), "z", r"claims\[0\].to: unknown member 'z'"),
    ("claims", ("claims", 0, "to"), "a", r"claims\[0\]: 'a' owes itself"),
    ("claims", ("shock", "a"), "11", "shock.a: more than it owns"),
    ("claims", ("shock", "z"), "1", "shock.z: unknown member"),
    ("claims", ("alpha",), "2", "alpha: expected"),
]


@pytest.mark.parametrize(("kind", "where", "value", "problem"), BAD, ids=lambda value: str(value)[:30])
def test_what_is_no_document_is_refused_with_its_field(
    kind: str, where: tuple[Any, ...], value: Any, problem: str
) -> None:
    document, read = readings()[kind]
    changed: Any = copy.deepcopy(document)
    inner = changed
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value
    with pytest.raises(MalformedTrace, match=problem):
        read(changed)


def test_every_document_reads_as_it_stands() -> None:
    for document, read in readings().values():
        assert read(document) is not None


def test_a_piece_loses_by_its_rule() -> None:
    pieces = hazards.pieces(net(), declared())
    (piece,) = [piece for piece in pieces if piece.name == "u"]
    both = {"'o' at 's'", "client"}
    lost = {rule: Piece("u", ONE, piece.claims, rule).loss(both) for rule in ("full", "sum", "max", "product")}
    assert lost == {"full": 1, "sum": Fraction(9, 10), "max": Fraction(1, 2), "product": Fraction(7, 10)}


def test_names_that_read_alike_are_causes_of_their_own() -> None:
    """Operator `a` at service `b at c` and operator `a at b` at service `c` are two separate causes of loss."""
    document = copy.deepcopy(NETWORK)
    document["sourced"] |= {
        "losses": "sum",
        "operators": ["a", "a at b"],
        "stakes": [{"id": name, "token": "ETH", "amount": "10"} for name in ("u", "v")],
        "commitments": [
            {"stake": "u", "operator": "a at b", "service": "c", "amount": "10"},
            {"stake": "v", "operator": "a", "service": "b at c", "amount": "10"},
        ],
    }
    document["declared"] = {
        "prices": {"ETH": "1"},
        "services": {name: {"profit": "1", "threshold": "1"} for name in ("c", "b at c")},
    }
    found_network = network.read(document)
    declared = {"format": "restake-hazards", "version": 1, "levels": ["1/2"], "slashes": {"c": "1/10", "b at c": "1/2"}}
    found = hazards.read(declared, found_network)
    pieces = hazards.pieces(found_network, found)
    assert distribution(pieces, hazards.model(found_network, found, pieces)) == mixed(
        [(Fraction(0), Fraction(9, 20)), (Fraction(10), Fraction(1, 2)), (Fraction(20), Fraction(1, 20))]
    )
