"""Forged proofs: no tree proves a false claim, whatever its branches, cuts and multipliers."""

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import strategies as st

from risk.attack import ClaimProof, Question, cheapest, maximum, security
from risk.network import Commitment, Network, Stake, Terms, write
from risk.program import Claim
from risk.verify import Bounds, Problem, Refused, check, check_tree
from tests.risk import brute
from tests.risk.canaries import breaks, holds

pytestmark = pytest.mark.source  # nothing here is compiled

MakeBounds = Callable[[Problem, dict[str, object]], Bounds]


def odd(network: Network, chance: random.Random) -> Network:
    """The network with rare features: slashes of nothing, worthless tokens, empty stakes, services without a profit."""
    terms = {
        s: attrs.evolve(row, slash=Fraction(chance.choice([0, 1, 1, 2]), 2), profit=row.profit * chance.randint(0, 2))
        for s, row in network.terms.items()
    }
    extra = (Stake("nothing", "token", Fraction(0)), Stake("dust", "dust", Fraction(5)))
    service = next(iter(terms))
    rows = (Commitment("nothing", "o", service, Fraction(0)), Commitment("dust", "o", service, Fraction(5)))
    prices = {**network.prices, "dust": Fraction(0)}
    return attrs.evolve(
        network, terms=terms, stakes=(*network.stakes, *extra), commitments=(*network.commitments, *rows), prices=prices
    )


def false_claim(network: Network) -> tuple[dict[str, Any], Claim]:
    """A network, and the false claim that every attack is worth strictly less than the best one."""
    best = brute.best_value(network)
    return write(network), Claim(at_most=best, is_strict=True)


def drawn_tree(chance: random.Random, bounds: Bounds, depth: int) -> list[list[Any]]:
    """A random proof tree, with random cuts and multipliers at its leaves. `depth` limits its branching.

    `bounds` are the checker's bounds, whose services and commitments the tree may name.
    """
    keys = [("service", s) for s in bounds.gain]
    if bounds.is_whole:
        keys += [("commitment", e) for e in range(len(bounds.weight))]
    if bounds.sums:
        keys += [("stake", stake) for stake in bounds.of]
    if depth and chance.random() < 0.7:
        return [[*chance.choice(keys)], *(node for _ in "01" for node in drawn_tree(chance, bounds, depth - 1))]
    rows: list[list[Any]] = []
    for service, behind in bounds.behind.items():
        for _ in range(chance.randint(0, 3)):
            these = chance.sample(sorted(behind), chance.randint(0, min(2, len(behind))))
            factor = Fraction(chance.randint(0, 12), chance.choice([1, 2, 3, 6])) * max(bounds.gain[service], 1)
            rows.append([service, chance.choice(["without", "only"]), these, str(factor / chance.choice([1, 10, 100]))])
    return [["leaf", rows]]


def proves_nothing_false(make: MakeBounds) -> Callable[[str, int], None]:
    def prop(kind: str, seed: int) -> None:
        chance = random.Random(seed)
        network = odd(brute.draw(kind, seed), chance)
        document, claim = false_claim(network)
        bounds = make(Problem(document), claim.as_json())
        for _ in range(10):
            try:
                check_tree(bounds, drawn_tree(chance, bounds, chance.randint(0, 3)))
            except Refused:
                continue
            raise AssertionError("a false claim is proved")

    return prop


KINDS, SEEDS = st.sampled_from(brute.KINDS), st.integers(0, 2**32)


def test_no_tree_of_any_kind_proves_what_is_false() -> None:
    holds(proves_nothing_false(Bounds), KINDS, SEEDS, examples=50)


class Uncapped(Bounds):
    """A broken checker: a cut may take all commitments of a service, and still counts the stake it covers."""

    def row(self, service: str, covered: set[int]) -> tuple[int, dict[int, int]]:
        rest, carried = super().row(service, set())
        return rest, {e: n for e, n in carried.items() if e not in covered}


class Dear(Bounds):
    """A broken checker: a stake counts as lost although no part of it is used."""

    def best(self, stake: str, worth: list[int], scale: int, fixed: Any) -> int | None:
        found = super().best(stake, worth, scale, fixed)
        return None if found is None else min(found, sum(worth[e] for e in self.of[stake]) - self.value[stake] * scale)


class Unfallen(Bounds):
    """A broken checker: a leaf is closed if any one service is not corrupted, rather than all."""

    def closes(self, fixed: Any, rows: Any) -> bool:
        return any(fixed.get(("service", s)) == 0 for s in self.gain) or super().closes(fixed, rows)


def proofs_end_where_truth_does(make: MakeBounds) -> Callable[[str, int], None]:
    def prop(kind: str, seed: int) -> None:
        """A true claim gets a proof tree that the checker accepts. A false claim gets an attack that refutes it, and no
        tree.
        """
        network = odd(brute.draw(kind, seed), random.Random(seed))
        question = Question(network)
        document, false = false_claim(network)
        true = attrs.evolve(false, is_strict=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("risk.certificate.Bounds", make)
            proofs = ClaimProof(question, false).grow(60), ClaimProof(question, true).grow(60)
        (forged, attack), (grown, no_attack) = proofs
        assert (forged.tree, no_attack) == (None, None)
        assert attack is not None
        assert grown.tree is not None
        assert check_tree(Bounds(Problem(document), true.as_json()), grown.tree)

    return prop


def test_what_is_true_and_only_that_grows_a_tree() -> None:
    holds(proofs_end_where_truth_does(Bounds), KINDS, SEEDS, examples=50)


@pytest.mark.parametrize(
    ("prop", "broken"),
    [
        (proves_nothing_false, Uncapped),
        (proves_nothing_false, Dear),
        (proofs_end_where_truth_does, Unfallen),
    ],
)
def test_a_checker_that_proves_too_much_is_noticed(
    prop: Callable[[MakeBounds], Callable[[str, int], None]], broken: MakeBounds
) -> None:
    breaks(prop(broken), KINDS, SEEDS)


def test_stake_that_two_services_share_is_lost_once() -> None:
    """The simplest false proof counts 20 for one stake of 10 that two services may each take whole."""
    stake, terms = (Stake("a", "token", Fraction(10)),), Terms(Fraction(8), Fraction(1))
    rows = tuple(Commitment("a", "o", service, Fraction(10)) for service in "xy")
    network = Network({}, "sum", False, stake, rows, {"token": Fraction(1)}, {"x": terms, "y": terms})
    claim = Claim().as_json()
    paid = [[service, "without", [], "8"] for service in "xy"]
    summed, whole = ["leaf", paid], ["leaf", []]
    bounds = Bounds(Problem(write(network)), claim)
    assert bounds.closes({("stake", "a"): 0}, [(service, set(), Fraction(8)) for service in "xy"])
    for tree in ([summed], [["stake", "a"], summed, summed], [["stake", "a"], summed, whole], [["stake", "a"], summed]):
        with pytest.raises(Refused):
            check_tree(bounds, tree)
    assert security(network).word == "INSECURE"


def test_what_is_proved_by_another_measure_says_so() -> None:
    """A true proof about losses alone says nothing about security, and the checker's answer must not read as if
    it did.
    """
    network = brute.draw("full", 3)
    services = list(network.terms)
    assert brute.best_value(network) > 0
    for verdict, said in (
        (maximum(Question(network), Claim(counts_profits=False)), "profits count 0 times"),
        (cheapest(network, services), f"profits count 0 times; of attacks on all of {', '.join(services)}"),
        (security(network, "weak", Fraction(5)), "by an attacker that may lose 5"),
    ):
        assert check(write(network), verdict.as_json()).endswith(said)
    lie = {**maximum(Question(network), Claim(counts_profits=False)).as_json(), "verdict": "SECURE"}
    with pytest.raises(Refused, match="too weak"):
        check(write(network), lie)
