"""The engine on a toy protocol: true laws are proved, and false ones refuted by a state that replays.

An engine that was made unsound on purpose is noticed.
"""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import z3

from proofs import builtin, genesis, goals, obligations, paths, solving, sum_facts, symbols, theory_checks
from proofs import prover as prover_module
from proofs.concrete import concretise, replay
from proofs.genesis import base_case
from proofs.paths import Path, UnliftableError
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.solving import Status
from proofs.symbols import SymInt

pytestmark = pytest.mark.source
TOY = "tests.proofs.toy:THEORY"


def call_proof(action: str) -> CallProof:
    prover = Prover(TOY)
    return CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == action))


def law(proof: CallProof, law_id: str) -> Any:
    theory = proof.prover.theory
    return next(law for law in [*theory.induction.lemmas, *theory.catalogue.laws()] if law.law_id == law_id)


def status(action: str, law_id: str) -> str:
    proof = call_proof(action)
    return proof.total().status if law_id == "TOTAL" else proof.verdict(law(proof, law_id)).status


TRUE = [
    ("Move", "SIGN"),
    ("Move", "SUM"),
    ("Move", "TOTAL"),
    ("MoveBlindly", "SIGN"),
    ("Hesitate", "SUM"),
    ("Hesitate", "TOTAL"),
    ("Share", "SUM"),
    ("Share", "TOTAL"),
    ("MoveThirteen", "MOVED"),
    ("Move", "STILL"),
]
FALSE = [
    ("Move", "GAIN"),
    ("MoveBlindly", "SUM"),
    ("MoveThirteen", "SUM"),
    ("MoveThirteen", "STILL"),
    ("Share", "SIGN"),
    ("Share", "EXACT"),
]
IMPOSSIBLE = [("Divide", "TOTAL"), ("Remember", "TOTAL")]


@pytest.mark.parametrize(("action", "law_id"), TRUE)
def test_what_is_true_is_proved(action: str, law_id: str) -> None:
    assert status(action, law_id) == "PROVED"


@pytest.mark.parametrize(("action", "law_id"), FALSE)
def test_what_is_false_is_refuted_by_a_state_that_replays(action: str, law_id: str) -> None:
    proof = call_proof(action)
    verdict = proof.verdict(law(proof, law_id))
    assert verdict.status == "REFUTED"
    refuted = [obligation for obligation, answer in verdict.answers if answer.status is Status.REFUTED]
    found = concretise(proof.prover, TOY, law_id, proof.call, refuted[0])
    assert found is not None
    said = replay(TOY, found)
    assert (said.before, said.outcome) == ([], "accepted")
    assert law_id in said.broken


@pytest.mark.parametrize(("action", "law_id"), IMPOSSIBLE)
def test_what_may_raise_or_breaks_a_contract_is_refuted(action: str, law_id: str) -> None:
    assert status(action, law_id) == "REFUTED"


def test_what_cannot_be_lifted_names_its_line() -> None:
    with pytest.raises(UnliftableError, match=r'toy\.py:\d+: return len\(f"\{amount\}"\)'):
        call_proof("Print")


def test_the_beginning_satisfies_the_laws() -> None:
    prover = Prover(TOY)
    assert [(v.law_id, v.status) for v in base_case(prover, prover.theory.state_laws())] == [
        ("SIGN", "PROVED"),
        ("SUM", "PROVED"),
        ("WORTH", "PROVED"),
        ("NO-MORE", "PROVED"),
        ("SUM-held", "PROVED"),
        ("SUM-worth", "PROVED"),
    ]


def test_rows_that_are_not_written_may_fall_and_not_rise() -> None:
    assert [status(action, "WORTH") for action in ("Pass", "GoBack", "Move")] == ["PROVED", "REFUTED", "PROVED"]


def test_a_sum_that_is_not_said_to_fall_must_not(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = call_proof("Pass")
    monkeypatch.setattr(proof.prover.theory.sums, "falling", ())
    assert proof.verdict(law(proof, "WORTH")).status == "REFUTED"


def test_what_follows_holds_where_what_it_follows_from_does() -> None:
    assert [status(action, "NO-MORE") for action in ("Move", "MoveThirteen")] == ["PROVED", "REFUTED"]


def test_what_does_not_follow_is_refuted() -> None:
    proof = call_proof("Move")
    proof.prover.theory.induction.follows["WORTH"] = ("SUM",)
    assert proof.verdict(law(proof, "SUM")).status == "PROVED"
    assert proof.verdict(law(proof, "WORTH")).status == "REFUTED"


def test_every_accepted_path_has_a_state_that_takes_it() -> None:
    for action in ("Move", "MoveBlindly", "MoveThirteen", "Share"):
        proof = call_proof(action)
        assert len(proof.accepted) >= 2
        assert all(proof.is_reachable(accepted.here) for accepted in proof.accepted), action


def test_paths_that_come_to_the_same_are_proved_as_one() -> None:
    proof, straight = call_proof("Hesitate"), call_proof("Move")
    assert len(proof.accepted) == 2 * len(straight.accepted) == 4
    assert len(proof.outcomes) == len(straight.outcomes) == 2


def canaries() -> set[str]:
    """The false statements that the engine proves now: empty for a sound engine."""
    return {f"{action} {law_id}" for action, law_id in [*FALSE, *IMPOSSIBLE] if status(action, law_id) == "PROVED"}


def test_no_canary_is_proved() -> None:
    assert canaries() == set()


def first_side_only(patch: pytest.MonkeyPatch) -> None:
    """An unsound engine: follows only the first side of each fork."""
    explore = paths.explore

    def without_alternatives(*arguments: Any, **options: Any) -> Any:
        for position, found in enumerate(explore(*arguments, **options)):
            if position == 0:
                yield found

    for module in (obligations, prover_module, sum_facts):
        patch.setattr(module, "explore", without_alternatives)


def names_always_differ(patch: pytest.MonkeyPatch) -> None:
    """An unsound engine: takes two different symbols for names to be two different names, and never the same one."""
    patch.setattr(symbols.SymName, "__eq__", lambda self, other: self is other)


def goal_is_assumed(patch: pytest.MonkeyPatch) -> None:
    """An unsound engine: assumes the goal that it is to prove."""
    prove = solving.prove

    def credulous(levels: Any, goal: Any, *rest: Any) -> Any:
        is_open = not z3.is_false(z3.simplify(goal))
        return prove([[*level, goal] if is_open else level for level in levels], goal, *rest)

    patch.setattr(prover_module, "prove", credulous)


def contradiction_is_assumed(patch: pytest.MonkeyPatch) -> None:
    """An unsound engine: assumes a contradiction, from which anything follows."""
    hypotheses = Prover.hypotheses

    def contradictory(self: Prover, here: Path, *rest: Any) -> Any:
        found, scopes = hypotheses(self, here, *rest)
        return [*found, z3.BoolVal(False)], scopes

    patch.setattr(Prover, "hypotheses", contradictory)


def division_is_exact(patch: pytest.MonkeyPatch) -> None:
    """An unsound engine: assumes that every division has remainder zero."""
    of = symbols._Quotients.of

    def exact(self: Any, dividend: Any, divisor: Any) -> Any:
        quotient, remainder, meaning = of(self, dividend, divisor)
        return quotient, remainder, z3.And(meaning, remainder == 0)

    patch.setattr(symbols._Quotients, "of", exact)


def all_outcomes_are_alike(patch: pytest.MonkeyPatch) -> None:
    """An unsound engine: takes the outcomes of all paths for equal, and checks only one of them."""
    patch.setattr(goals, "likeness", lambda _value: 0)


def one_way_to_an_outcome(patch: pytest.MonkeyPatch) -> None:
    """An unsound engine: of several paths with equal outcomes, it follows only the first."""
    patch.setattr(goals, "either", lambda _base, paths: paths[0])


def no_exceptions(patch: pytest.MonkeyPatch) -> None:
    """An unsound engine: drops the paths that raise an exception."""
    paths = Prover.paths

    def without(self: Prover, action: type[Any], bounds: Any) -> Any:
        call, base, found = paths(self, action, bounds)
        return call, base, [(here, outcome) for here, outcome in found if not isinstance(outcome, Exception)]

    patch.setattr(Prover, "paths", without)


@pytest.mark.parametrize("sabotage", [names_always_differ, goal_is_assumed, division_is_exact, all_outcomes_are_alike])
def test_an_unsound_engine_proves_a_canary(
    sabotage: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage(monkeypatch)
    assert canaries() != set()


@pytest.mark.parametrize("sabotage", [first_side_only, no_exceptions])
def test_a_path_that_is_skipped_is_noticed_by_the_engine_itself(
    sabotage: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage(monkeypatch)
    assert {status("Move", "TOTAL"), status("Divide", "TOTAL")} & {"REFUTED", "UNKNOWN"}
    assert status("MoveThirteen", "TOTAL") == "REFUTED" or sabotage is no_exceptions


def first_path(*arguments: Any, **options: Any) -> Any:
    return itertools.islice(paths.explore(*arguments, **options), 1)


@pytest.mark.parametrize("explore", [first_path, lambda *_, **__: iter(())])
def test_one_path_is_not_taken_for_all(explore: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: the engine did not prove that the paths it followed cover every case."""
    monkeypatch.setattr(obligations, "explore", explore)
    goals = obligations.goals_of("a law", lambda: SymInt(z3.Int("amount")) > 3 or True, Path(None, [], True))
    (whole,) = [goal for goal in goals if goal.label == "a law: some path is taken"]
    assert solving.prove([[]], whole.goal).status is Status.REFUTED


def test_a_path_that_is_lost_of_a_law_that_is_assumed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: an assumed law was read off the paths that the engine followed, even if some were lost."""
    prover = Prover(TOY)
    monkeypatch.setattr(prover_module, "explore", first_path)
    with pytest.raises(UnliftableError, match="some paths were not followed, or some twice"):
        prover.formula(lambda: SymInt(z3.Int("amount")) > 3 and False)


def test_a_path_that_is_lost_of_a_sum_leaves_open_whether_it_is_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: one path through a sum's value was enough for the engine to conclude that the sum is never
    negative.
    """
    prover = Prover(TOY)
    (worth,) = prover.theory.sums.own
    assert prover.sum_facts.is_never_negative(worth)
    again = Prover(TOY)
    monkeypatch.setattr(sum_facts, "explore", lambda *asked, **options: first_pruned(*asked, **options))
    assert not again.sum_facts.is_never_negative(again.theory.sums.own[0])


def first_pruned(program: Any, base: Any = None, prunes: bool = True) -> Any:
    found = paths.explore(program, base, prunes)
    return itertools.islice(found, 1) if prunes else found


def test_a_path_that_is_lost_of_the_beginning_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: the proof about the genesis state did not check that all its paths were followed."""
    prover = Prover(TOY)
    (sign,) = prover.laws_of(["SIGN"])
    prover.theory.genesis.clear()
    monkeypatch.setattr(sign, "holds", lambda _view, subject: subject == "anybody" or True)
    assert base_case(prover, [sign])[0].status == "PROVED"
    monkeypatch.setattr(genesis, "explore", first_pruned)
    assert base_case(prover, [sign])[0].status == "REFUTED"


def test_a_way_to_an_outcome_that_is_skipped_is_noticed_by_the_engine_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    one_way_to_an_outcome(monkeypatch)
    assert status("Hesitate", "TOTAL") == "REFUTED"


def test_contradictory_hypotheses_are_vacuous(monkeypatch: pytest.MonkeyPatch) -> None:
    contradiction_is_assumed(monkeypatch)
    assert status("Move", "SIGN") == "VACUOUS"


def test_names_that_stand_for_any_of_a_list_are_new_after_paths_became_one() -> None:
    """Regression: a symbol stands for any name of a list. After a merge of paths, a law was asked of one about which
    only one path knew something.
    """
    base = Path(None, [], True)
    parts = [Path(base, [], True) for _ in range(2)]
    parts[1].quantified = 3
    assert paths.either(base, parts).quantified == 3


def test_a_range_is_as_long_as_its_theory_says_and_the_verdict_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "_bounds", {})
    builtin.bound_ranges({"range in shorter": 1, "Call.accounts": 3})
    found = {}
    for function, longest in (("shorter", 1), ("another", builtin.UNROLLED)):
        length = SymInt(z3.Int(function))
        ways = list(paths.explore(lambda: len(builtin.lifted_range(length, where=function))))  # noqa: B023  # called before the next round
        assert sorted(many for _, many in ways) == list(range(longest + 1))
        found[function] = {scope for here, _ in ways for scope in here.scopes}
    assert found == {
        "shorter": {"range in shorter of length <= 1"},
        "another": {"range in another of length <= 2"},
    }
    with pytest.raises(UnliftableError, match="range in shorter has two bounds: 2 and 1"):
        builtin.bound_ranges({"range in shorter": 2})


@pytest.mark.parametrize("place", ["lemma", "sum"])
def test_what_another_copy_of_a_module_made_is_refused(place: str) -> None:
    """A lemma or sum from another copy of a module is refused. It names the tables of that copy, so no proof would use
    it.
    """
    prover = Prover(TOY)
    theory, copied = prover.theory, Prover(TOY).theory
    kept = theory.induction.lemmas if place == "lemma" else theory.catalogue.sums
    others = copied.induction.lemmas if place == "lemma" else copied.catalogue.sums
    theory_checks.refuse_what_is_not_lifted(theory, prover.world)
    kept[:] = others
    with pytest.raises(UnliftableError, match=r"is not lifted: import it by name"):
        theory_checks.refuse_what_is_not_lifted(theory, prover.world)
