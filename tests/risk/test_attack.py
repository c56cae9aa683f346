"""Attacks and verdicts: brute force agrees, errors in published texts are reproduced, tampered certificates are
refused.
"""

import copy
import json
import os
import random
from collections.abc import Callable
from fractions import Fraction
from math import log
from pathlib import Path
from typing import Any

import attrs
import networkx
import pytest

from risk import cut
from risk.attack import (
    AttackVerdict,
    Question,
    Use,
    best_attack,
    cheapest,
    gamma_eigenlayer,
    security,
    slack,
)
from risk.cascade import Cascades
from risk.network import Network, Terms, digest, read, write
from risk.program import Claim
from risk.sources import graph, read_operators, sample
from risk.verify import Refused, check
from tests.risk import brute

pytestmark = pytest.mark.source  # nothing here is compiled

COUNT = int(os.environ.get("RESTAKE_RISK_NETWORKS", "280"))
"""The number of random small networks; 2,100 in the nightly run."""


def proves(network: Network, verdict: AttackVerdict) -> str:
    """The checker's answer to a network and a verdict after both were written to JSON and read back."""
    return check(json.loads(json.dumps(write(network))), json.loads(json.dumps(verdict.as_json())))


@pytest.mark.parametrize("kind", brute.KINDS)
def test_brute_force_agrees(kind: str) -> None:
    seen = set()
    for seed in range(COUNT // len(brute.KINDS)):
        network = brute.draw(kind, seed)
        best, least = brute.best_value(network), brute.gamma(network)
        strict = security(network)
        assert strict.word == ("INSECURE" if best > 0 else "SECURE"), seed
        assert proves(network, strict).startswith(strict.word)
        weak = security(network, "weak", budget=Fraction(seed % 3))
        assert weak.word == ("INSECURE" if best >= -(seed % 3) else "SECURE"), seed
        assert proves(network, weak).startswith(weak.word)
        attack = best_attack(network)
        assert attack.attack is not None
        assert (attack.word, attack.attack.value) == ("EXACT", best), seed
        assert proves(network, attack).startswith("EXACT")
        found, verdict = slack(network)
        assert (found, verdict.word) == (least, "EXACT"), seed
        sufficient = gamma_eigenlayer(network)
        # P1: what the sufficient condition certifies is never more than there is. It does not see what is free.
        if least is not None and least > -1 and sufficient is not None:
            assert sufficient <= least, seed
        seen |= {strict.word, weak.word}
    assert seen == {"SECURE", "INSECURE"}


def graph_of(stakes: list[Any], services: dict[str, tuple[Any, Any, str]]) -> Network:
    """A graph of validators a, b, … with these stakes. A service has a profit, a threshold, and its validators'
    letters.
    """
    return graph(
        {chr(ord("a") + position): Fraction(stake) for position, stake in enumerate(stakes)},
        {
            s: (Terms(Fraction(profit), Fraction(threshold)), list(names))
            for s, (profit, threshold, names) in services.items()
        },
    )


def word(network: Network) -> str:
    return security(network).word


def test_security_is_not_monotone_in_stake_nor_in_opting_in() -> None:
    before = graph_of([5, 5], {"x": (9, "3/5", "ab")})
    after = graph_of([8, 5], {"x": (9, "3/5", "ab")})
    assert (word(before), word(after)) == ("SECURE", "INSECURE")
    sufficient = [gamma_eigenlayer(network) for network in (before, after)]
    assert sufficient == [Fraction(-1, 3), Fraction(-2, 15)], "what the sufficient condition certifies only grows"
    apart = graph_of([60, 20], {"x": (30, "2/3", "a"), "y": (13, "2/3", "b"), "z": (13, "2/3", "b")})
    together = graph_of([60, 20], {"x": (40, "2/3", "a"), "y": (13, "2/3", "ab"), "z": (13, "2/3", "ab")})
    assert (word(apart), word(together)) == ("INSECURE", "INSECURE")


def test_a_tie_is_an_attack_by_the_weak_convention_alone() -> None:
    network = graph_of([3, 3], {"x": (6, 1, "ab")})
    assert security(network, "strict").word == "SECURE"
    assert security(network, "weak").word == "INSECURE"


def test_what_nothing_secures_is_free_and_what_is_worthless_is_no_prize() -> None:
    free = graph_of([5], {"x": (1, "1/2", ""), "y": (1, 1, "a")})
    assert word(free) == "INSECURE"
    assert slack(free)[0] == -1
    assert word(graph_of([5], {"x": (0, "1/2", "")})) == "SECURE"
    assert slack(graph_of([5], {"x": (0, "1/2", "a")}))[0] is None
    assert word(graph_of([0, 5], {"x": (1, "1/2", "a"), "y": (1, "1/2", "b")})) == "INSECURE"


# --- published errors (negative tests) ---


def test_the_third_theorem_as_a_blog_has_it_is_not_tight() -> None:
    """A blog's example of the theorem puts all three validators behind the service. Its slack is then not the claimed
    one.
    """
    right = graph_of([1, "99/10", "891/10"], {"x": ("109/11", 1, "ab")})
    assert slack(right)[0] == Fraction(1, 10)
    misprinted = graph_of([1, "99/10", "891/10"], {"x": ("109/11", 1, "abc")})
    assert slack(misprinted)[0] != Fraction(1, 10)


def test_the_shares_of_the_splitting_attack_are_not_those_posted() -> None:
    """Two validators' shares of all stake are 1/12 and 5/6; the post has 1/10 and 9/10. Its conclusion still holds."""
    shares = {"1": Fraction(1, 12), "4": Fraction(5, 6)}
    stakes = {"1": Fraction(70), "2": Fraction(70), "4": Fraction(700)}
    total = sum(stakes.values())
    assert {name: stakes[name] / total for name in shares} == shares, "not 1/10 and 9/10"


def test_the_shifting_attack_is_impossible_where_the_condition_holds() -> None:
    """A post's attack needs two of four stakers to corrupt services with three, at a threshold of two thirds.

    The post states a threshold of 3/4, at which the sufficient condition for security holds and no such attack exists.
    With the chosen profits the condition holds from 5/7 on, as in the post.
    """

    def posted(threshold: str) -> Network:
        behind = {"1": "abcd", "2": "abd", "3": "abc", "4": "abc"}
        return graph_of([7] * 4, {task: (4, threshold, names) for task, names in behind.items()})

    def attackers(threshold: str, task: str) -> int:
        verdict = cheapest(posted(threshold), [task])
        assert verdict.word == "EXACT"
        assert verdict.attack is not None
        return len(verdict.attack.stakes)

    assert [gamma_eigenlayer(posted(threshold)) for threshold in ("2/3", "5/7", "3/4")] == [
        Fraction(-1, 15),
        Fraction(0),
        Fraction(1, 20),
    ]
    assert {attackers("2/3", task) for task in "234"} == {2}, "there is such an attack, where the condition fails"
    for threshold in ("5/7", "3/4"):
        assert {attackers(threshold, task) for task in "1234"} == {3}, "and none where it holds"
        assert word(posted(threshold)) == "SECURE"


def test_the_length_of_a_cascade_as_a_blog_bounds_it_is_exceeded() -> None:
    """Theorem 7 bounds the length of a cascade by the least stake. A blog has the total stake instead.

    Here a cascade of four attacks exceeds the blog's bound, but not the theorem's.
    """
    stakes = [Fraction(16), Fraction(8), Fraction(4), Fraction(2), Fraction(1)]
    profits = {f"x{n}": (stakes[n + 1] * Fraction(9, 8), 1, "abcde"[n : n + 2]) for n in range(4)}
    network = graph_of(stakes, profits)
    gamma, psi, depth = slack(network)[0], Fraction(16, 31), 1
    assert gamma == Fraction(113, 135)

    def most(least_stake: Fraction) -> float:
        return depth * (1 + log(psi * sum(stakes) / (least_stake * gamma), 1 + gamma))

    length = Cascades(network).longest(psi)
    assert length == 4
    assert length < most(min(stakes))
    assert length > most(sum(stakes, Fraction(0)))


def test_a_clearly_secure_network_is_not_called_insecure() -> None:
    """The published program for elastic networks returned the opposite of its result."""
    network = graph_of([100, 100], {"x": (1, "1/2", "ab")})
    assert word(network) == "SECURE"
    assert word(network.with_terms(x=Terms(Fraction(1000), Fraction(1, 2)))) == "INSECURE"


def test_an_attack_costs_what_it_loses_not_what_misbehaving_services_would_take() -> None:
    """The threshold counts: at a threshold of 1/2, half of the stake suffices, and only that half is lost."""
    network = graph_of([10, 10], {"x": (5, "1/2", "ab")})
    assert cheapest(network, ["x"]).as_json()["witness"]["value"] == "-10"


def test_the_best_choice_of_services_in_the_case_at_scale_is_none_and_so_it_is_secure() -> None:
    """The case says `secure: false`, although the best attack on any service loses 729. No attack pays."""
    cases = json.loads((Path(__file__).parent / "cases.json").read_text())["cases"]
    (inputs,) = [case["inputs"] for case in cases if case["name"] == "scale_alpha1_60x25"]
    network = graph(
        {name: Fraction(stake) for name, stake in inputs["validators"].items()},
        {
            s: (Terms(Fraction(row["pi"]), Fraction(row["alpha"])), row["validators"])
            for s, row in inputs["services"].items()
        },
    )
    verdict = security(network)
    assert verdict.word == "SECURE"
    assert proves(network, verdict).startswith("SECURE: no attack is worth more than 0")
    assert best_attack(network).as_json()["witness"]["value"] == "-729"


# --- properties of graphs ---


def random_graph(chance: random.Random, size: int = 5) -> Network:
    names = "abcdefgh"[:size]
    services = {
        f"s{position}": (
            chance.randint(1, 15),
            chance.choice(["1/3", "1/2", "2/3", "1"]),
            "".join(v for v in names if chance.random() < 0.6),
        )
        for position in range(3)
    }
    return graph_of([chance.randint(1, 15) for _ in names], services)


@pytest.mark.parametrize("scale", ["7/10", "2"])
def test_without_time_nothing_is_claimed(scale: str) -> None:
    network = real(scale)
    verdict = security(network, seconds=1e-6)
    assert verdict.word in ("NOT-CERTIFIED", "INSECURE")
    assert verdict.word == "NOT-CERTIFIED" or proves(network, verdict)


def test_minimum_cuts_are_attacks_and_the_library_finds_the_same() -> None:
    """With all thresholds at 1, our minimum cut, that of networkx, and brute force give the same best gain."""
    for seed in range(COUNT // 14):
        network = random_graph(random.Random(seed))
        network = network.with_terms(**{s: attrs.evolve(t, threshold=Fraction(1)) for s, t in network.terms.items()})
        services, _ = cut.best_attack(network)
        other = networkx.DiGraph()
        other.add_nodes_from(["source", "sink"])
        for stake, value in network.values.items():
            other.add_edge(("stake", stake), "sink", capacity=int(value))
        for s, row in network.terms.items():
            other.add_edge("source", ("service", s), capacity=int(row.profit))
        for edge in network.commitments:
            other.add_edge(("service", edge.service), ("stake", edge.stake_id))
        left = networkx.minimum_cut_value(other, "source", "sink")
        gain = sum(int(t.profit) for t in network.terms.values()) - left
        assert gain == max(0, brute.best_value(network)) == (0 if not services else gain)
        assert (word(network) == "SECURE") == (gain == 0)
        assert proves(network, security(network))


# --- who lies is found out ---


OPERATORS = Path(__file__).parent / "data" / "eigenlayer_operators.json"


def real(scale: str) -> Network:
    origin, operators = read_operators(json.loads(OPERATORS.read_text()))
    return sample(operators, origin, 30, seed=16, scale=Fraction(scale))


@pytest.fixture(scope="module")
def proved() -> tuple[dict[str, Any], dict[str, Any]]:
    """A fixture: a network, and its verdict whose proof tree has several leaves, some with cuts."""
    network = real("7/10")
    verdict = security(network).as_json()
    assert verdict["verdict"] == "SECURE"
    assert len(verdict["certificate"]["tree"]) > 10
    assert any(row[2] for node in verdict["certificate"]["tree"] if node[0] == "leaf" for row in node[1])
    return json.loads(json.dumps(write(network))), json.loads(json.dumps(verdict))


def leaf_of(verdict: Any) -> Any:
    return next(node for node in verdict["certificate"]["tree"] if node[0] == "leaf" and node[1])


def change_multipliers(verdict: Any) -> None:
    for node in verdict["certificate"]["tree"]:
        if node[0] == "leaf":
            node[1] = [[*row, str(Fraction(number) / 2)] for *row, number in node[1]]


def negate_multiplier(verdict: Any) -> None:
    row = leaf_of(verdict)[1][0]
    row[3] = "-" + row[3]


def drop_last_leaf(verdict: Any) -> None:
    verdict["certificate"]["tree"].pop()


def add_leaf(verdict: Any) -> None:
    verdict["certificate"]["tree"].append(leaf_of(verdict))


def only_first_leaf(verdict: Any) -> None:
    verdict["certificate"]["tree"] = [leaf_of(verdict)]


def empty_leaf(verdict: Any) -> None:
    leaf_of(verdict)[1] = []


def swap_branch(verdict: Any) -> None:
    verdict["certificate"]["tree"][0] = ["service", "no such service"]


def branch_twice(verdict: Any) -> None:
    verdict["certificate"]["tree"][1] = verdict["certificate"]["tree"][0]


def cut_of(verdict: Any) -> Any:
    return next(row for node in verdict["certificate"]["tree"] if node[0] == "leaf" for row in node[1] if row[2])


def cut_through_another(verdict: Any) -> None:
    cut = cut_of(verdict)
    cut[0] = "service1" if cut[0] == "service0" else "service0"


def cut_of_everything(verdict: Any) -> None:
    cut_of(verdict)[1:3] = ["only", []]


def cut_of_what_is_not_there(verdict: Any) -> None:
    cut_of(verdict)[2].append(-1)


def unknown_row(verdict: Any) -> None:
    cut_of(verdict)[1] = "beside"


def branch_on_how_a_stake_is_lost(verdict: Any) -> None:
    stake = "a stake that is lost whole, whatever takes it"
    verdict["certificate"]["tree"][0] = ["stake", stake]


def multiplier_in_floats(verdict: Any) -> None:
    cut_of(verdict)[3] = 1e30


def multiplier_with_an_exponent(verdict: Any) -> None:
    cut_of(verdict)[3] = "1e9"


def weaker_claim(verdict: Any) -> None:
    verdict["claim"]["at_most"] = "1000000000000000000000000000"


def without_profits(verdict: Any) -> None:
    verdict["claim"]["profits"] = "0"


def larger_slack(verdict: Any) -> None:
    verdict["claim"]["profits"] = "2"


def asked_for_a_service(verdict: Any) -> None:
    verdict["claim"]["forced"] = ["service0"]


def another_network(verdict: Any) -> None:
    verdict["network"] = "0" * 64


def another_word(verdict: Any) -> None:
    verdict["verdict"] = "NOT-CERTIFIED"


TAMPERINGS: list[Callable[[Any], None]] = [
    change_multipliers,
    negate_multiplier,
    drop_last_leaf,
    add_leaf,
    only_first_leaf,
    empty_leaf,
    swap_branch,
    branch_twice,
    cut_through_another,
    cut_of_everything,
    cut_of_what_is_not_there,
    unknown_row,
    branch_on_how_a_stake_is_lost,
    multiplier_in_floats,
    multiplier_with_an_exponent,
    asked_for_a_service,
    weaker_claim,
    without_profits,
    larger_slack,
    another_network,
    another_word,
]


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: str(tamper.__name__))
def test_a_tampered_certificate_is_refused(
    proved: tuple[dict[str, Any], dict[str, Any]], tamper: Callable[[Any], None]
) -> None:
    network, verdict = proved
    assert check(network, verdict).startswith("SECURE")
    broken = copy.deepcopy(verdict)
    tamper(broken)
    with pytest.raises(Refused):
        check(network, broken)


def test_a_network_with_one_number_changed_is_another(proved: tuple[dict[str, Any], dict[str, Any]]) -> None:
    network, verdict = copy.deepcopy(proved)
    network["declared"]["services"]["service0"]["profit"] += "0"
    with pytest.raises(Refused, match="another network"):
        check(network, verdict)


def test_a_witness_with_one_thing_changed_is_refused() -> None:
    network = real("2")
    document = json.loads(json.dumps(write(network)))
    verdict = json.loads(json.dumps(security(network).as_json()))
    assert check(document, verdict).startswith("INSECURE")

    def refused(change: Callable[[Any], None]) -> bool:
        broken = copy.deepcopy(verdict)
        change(broken["witness"])
        try:
            check(document, broken)
        except (Refused, KeyError):
            return True
        return False

    def says(name: str, value: Any) -> Callable[[Any], None]:
        return lambda witness: witness.update({name: value})

    value, services, uses = (verdict["witness"][name] for name in ("value", "services", "uses"))
    absent = next((s for s in document["declared"]["services"] if s not in services), "no such service")
    assert refused(says("value", str(Fraction(value) + 1)))
    assert refused(says("services", [*services, absent]))
    assert refused(says("services", services[1:])), "its value is another"
    assert refused(says("services", [*services, services[0]]))
    assert refused(says("uses", uses[len(uses) // 2 :]))
    assert refused(says("uses", [*uses, uses[0]]))
    assert refused(says("uses", [[*uses[0][:3], "1/2"], *uses[1:]])), "a stake that cannot be divided"
    assert refused(says("uses", [[*uses[0][:2], "service999", "1"], *uses[1:]]))
    assert refused(says("services", []))


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (("declared", "services", "x", "threshold"), "0", "no share"),
        (("declared", "services", "x", "threshold"), "3/2", "no share"),
        (("declared", "services", "x", "slash"), "2", "no share"),
        (("declared", "services", "x", "profit"), "-1", "at least 0"),
        (("declared", "services", "x", "profit"), 5, "in a string"),
        (("declared", "services", "x", "profit"), "1e9", "at least 0"),
        (("declared", "services", "x", "profit"), "5/0", "at least 0"),
        (("declared", "prices", "stake"), "-1", "at least 0"),
        (("sourced", "commitments", 0, "amount"), "-4", "at least 0"),
        (
            ("sourced", "commitments", 1),
            {"stake": "a", "operator": "a", "service": "x", "amount": "1"},
            "commitment twice",
        ),
        (("sourced", "stakes"), [{"id": name, "token": "stake", "amount": "4"} for name in "abb"], "stake or"),
        (("sourced", "losses"), "half", "unknown losses"),
        (("sourced", "divisible"), True, "not summed"),
        (("sourced", "divisible"), 0, "not summed"),
        (("sourced", "stakes", 0, "amount"), "1", "more than a has"),
    ],
)
def test_the_checker_by_itself_refuses_a_network_that_means_nothing(place: Any, value: Any, problem: str) -> None:
    network = graph_of([4, 4], {"x": (5, "3/4", "ab")})
    verdict = security(network).as_json()
    document: Any = json.loads(json.dumps(write(network)))
    inner = document
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    with pytest.raises(Refused, match=problem):
        check(document, {**verdict, "network": digest(document)})


def test_a_flow_that_was_tampered_with_is_refused() -> None:
    """With a threshold of 1 each commitment has its own row, and the multipliers are a flow. A changed flow proves
    nothing.
    """
    network = graph_of([4, 4], {"x": (5, 1, "ab")})
    verdict = security(network).as_json()
    document = write(network)
    assert check(document, verdict).startswith("SECURE")

    def flow(a: str, b: str) -> list[Any]:
        return [["leaf", [["x", "only", [0], a], ["x", "only", [1], b]]]]

    assert check(document, {**verdict, "certificate": {"tree": flow("4", "1")}}).startswith("SECURE")
    for a, b in (("4", "0"), ("5", "0"), ("6", "-1"), ("0", "5")):
        with pytest.raises(Refused):
            check(document, {**verdict, "certificate": {"tree": flow(a, b)}})
    other = graph_of([4, 4], {"x": (5, "1/2", "ab")})
    with pytest.raises(Refused, match="proves nothing"):
        check(write(other), {**verdict, "network": Question(other).digest, "certificate": {"tree": flow("4", "1")}})


def test_a_solver_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that reports no attack, an attack on everything, or arbitrary multipliers causes no wrong verdict."""
    from risk import certificate, solver

    insecure, secure = real("2"), real("3/10")
    true_relax, true_search = solver.Solver.relax, solver.Solver.search

    def nothing(self: Any, at_least_one: bool, _: float, target: float | None = None) -> Any:
        found, _ = true_search(self, at_least_one, 0.01, target)
        return (None if found is None else attrs.evolve(found, columns=[0.0] * len(found.columns))), True

    monkeypatch.setattr(solver.Solver, "search", nothing)
    assert security(insecure, seconds=3).word in ("NOT-CERTIFIED", "INSECURE")

    def everything(self: Any, at_least_one: bool, seconds: float, target: float | None = None) -> Any:  # noqa: ARG001  # it stands in for a method with these names
        count = len(self.program.columns)
        return solver.Relaxed(1e30, [1.0] * self.service_count, [0.0] * (count - 1) + [1.0], []), True

    monkeypatch.setattr(solver.Solver, "search", everything)

    def small(self: Any, seconds: float) -> Any:
        found = true_relax(self, seconds)
        lie = [number * 0.3 for number in found.multipliers] if found else []
        return found and attrs.evolve(found, value=-1.0, multipliers=lie)

    monkeypatch.setattr(solver.Solver, "relax", small)
    verdict = security(secure, seconds=2)
    assert verdict.word in ("NOT-CERTIFIED", "SECURE")
    assert verdict.word == "NOT-CERTIFIED" or proves(secure, verdict)
    assert certificate.BITS


def test_a_tree_grown_for_a_false_claim_ends_in_an_attack() -> None:
    network = graph_of([5, 5], {"x": (11, 1, "ab")})
    verdict = security(network)
    assert verdict.word == "INSECURE"
    assert verdict.attack is not None
    assert Question(network).attack(Claim(), ["x"], [Use("a", "a", "x")]) is None, "half of it is no attack"


@pytest.mark.parametrize("scale", ["3/10", "1/2", "7/10", "4/5", "9/10", "1", "3/2"])
def test_real_operators_get_a_verdict_with_its_proof(scale: str) -> None:
    network = real(scale)
    assert (len(network.stakes), len(network.terms), len(network.commitments)) == (132, 30, 970)
    verdict = security(network, seconds=600)
    assert verdict.word == ("INSECURE" if scale == "3/2" else "SECURE")
    assert proves(network, verdict).startswith(verdict.word)


def test_a_network_is_read_as_it_was_written() -> None:
    network = real("1")
    assert read(json.loads(json.dumps(write(network)))) == network


def test_a_service_that_is_free_to_corrupt_leaves_no_slack() -> None:
    free = Terms(Fraction(5), Fraction(1))
    network = attrs.evolve(brute.draw("full", 1), terms={**brute.draw("full", 1).terms, "self": free})
    assert network.with_terms(self=free) == network
    assert gamma_eigenlayer(network) == slack(network)[0] == -1


@pytest.mark.parametrize("kind", brute.KINDS)
def test_a_service_that_slashes_nothing_leaves_no_slack_unless_stakes_are_lost_whole(kind: str) -> None:
    drawn = brute.draw(kind, 1)
    whole = drawn.with_terms(**{s: attrs.evolve(t, profit=Fraction(5)) for s, t in drawn.terms.items()})
    network = whole.with_terms(**{s: attrs.evolve(t, slash=Fraction(0)) for s, t in whole.terms.items()})
    gamma = brute.gamma(network)
    assert gamma == slack(network)[0]
    assert (gamma == -1) == (kind != "full")
    assert gamma_eigenlayer(network) == (-1 if kind != "full" else gamma_eigenlayer(whole))
