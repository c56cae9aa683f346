"""Mutants: the catalogue fits the source, the generator makes the intended mutants, and judges run the mutant and not
the original.
"""

import ast
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import attrs
import click
import pytest
from click.testing import CliRunner, Result
from rich.progress import Progress

from harness.cli import cli
from harness.mutants import judge as judging
from harness.mutants import run as running
from harness.mutants.fate import Effort, Fate, Trial
from harness.mutants.generator import OPERATORS, Known, generated, generated_from, rule_files
from harness.mutants.mutant import Mutant, catalogue, equivalents, read_source
from harness.mutants.report import left_in_words, rate
from harness.mutants.run import BARS, Choice, Judged, JudgeError, Mutation, UnknownMutantError, judge
from harness.protocols import known_packs, known_walks, select_packs
from harness.stopping import Stop
from proofs.concrete import read, replay
from proofs.ledger import Ledger

ROOT = Path(__file__).parents[2]
SYMBIOTIC = "proofs.symbiotic.theory:THEORY"
QUICK = Effort(walks=3, depth=1, plays=1)


def mutant_of(mutant_id: str) -> Mutant:
    return next(mutant for mutant in catalogue() if mutant.mutant_id == mutant_id)


def fate_of(mutant: Mutant, effort: Effort = QUICK) -> Fate:
    fate, _ = judge("laws", mutant, effort, (), Stop())
    return fate


def proofs_on(mutant: Mutant, *suspects: str) -> Fate:
    (fate,) = judge("proofs", mutant, QUICK, suspects, Stop())
    return fate


def test_the_catalogue_has_bugs_of_both_protocols_and_each_fits_the_source() -> None:
    mutants = catalogue()
    assert len(mutants) == len({mutant.mutant_id for mutant in mutants}) >= 60
    assert min(Counter(mutant.protocols for mutant in mutants).values()) >= 10
    for mutant in mutants:
        text = read_source(mutant.file)
        for right, wrong in ((mutant.right, mutant.wrong), *mutant.more):
            text = text.replace(right, wrong)
        assert mutant.text == text
        compile(mutant.text, mutant.mutant_id, "exec")
        assert mutant.bug.endswith("."), mutant.mutant_id
        assert mutant.source, mutant.mutant_id
    assert len({mutant.text for mutant in mutants}) == len(mutants)


@pytest.mark.source  # a judge loads everything from source in either build, which others of this file try
def test_a_mutant_is_killed_by_the_law_that_speaks_of_its_bug() -> None:
    """A judge runs walks until a law breaks on the mutant. It works in either build, since it loads the specification
    and the laws from source.
    """
    fate = fate_of(mutant_of("EM-17"))
    assert (fate.outcome, fate.method, fate.note) == ("killed", "walk", "")
    assert "SLASH-01" in fate.by
    assert fate.steps >= (fate.step or 0) > 0
    assert fate_of(mutant_of("EM-17")) == fate
    assert "EXIT-01" in fate_of(mutant_of("SM-31"), Effort()).by


def test_a_bug_in_what_both_protocols_share_faces_the_laws_of_both() -> None:
    fate = fate_of(mutant_of("CM-08"))
    assert fate.outcome == "killed"


def test_what_changes_nothing_survives_everything_that_is_tried() -> None:
    same = attrs.evolve(mutant_of("EM-17"), text=read_source("eigenlayer/slashing.py") + "\n")
    fate = fate_of(same)
    assert (fate.outcome, fate.by, fate.method, fate.note) == ("survived", (), None, "")
    assert fate.steps > 3 * QUICK.steps


@pytest.mark.source  # a judge loads everything from source in either build, which others of this file try
@pytest.mark.parametrize(
    ("wrong", "outcome", "note"),
    [
        ("return 1 // 0", "crashed", "ZeroDivisionError in spec: slashed_magnitude: "),
        ("return (", "unviable", "SyntaxError in spec: "),
        ("while True: pass", "crashed", "a run that does not end"),
    ],
)
def test_what_raises_or_does_not_end_is_noticed_but_not_by_a_law(wrong: str, outcome: str, note: str) -> None:
    mutant = mutant_of("EM-17")
    text = read_source(mutant.file).replace(mutant.right.strip(), wrong)
    fate = fate_of(attrs.evolve(mutant, text=text), Effort(walks=1, depth=1, plays=1))
    assert (fate.outcome, fate.by) == (outcome, ())
    assert fate.note.startswith(note)


@pytest.mark.source
def test_a_judge_leaves_the_source_as_it_is() -> None:
    def files() -> dict[Path, float]:
        return {path: path.stat().st_mtime for room in ("spec", "invariants") for path in (ROOT / room).rglob("*")}

    before = files()
    fate_of(mutant_of("EM-17"))
    assert files() == before


SMALL = '''
def rule(draft, action):
    """Not 1 of these words."""
    row = draft.get(POOLS, action.pool)
    if row.shares < 1 and action.amount:
        return Reason.EMPTY
    draft.put(POOLS, action.pool, Pool(row.stake + action.amount, row.shares))
    return mul_div_floor(row.stake, max(row.shares, action.amount), 7)
'''


def test_every_operator_changes_what_it_should_and_nothing_else() -> None:
    known = Known(
        {"Pool": ["int", "int"], "mul_div_floor": ["int", "int", "int"]},
        {"Pool": {"stake": "int", "shares": "int"}},
        {"POOLS": "Pool"},
    )
    made = [
        (m.mutant_id.removeprefix("arithmetic.rule."), m.bug) for m in generated_from("arithmetic.py", SMALL, known)
    ]
    assert made == [
        ("negate.1", "row.shares < 1 and action.amount became not (row.shares < 1 and action.amount)"),
        ("unchecked.1", "row.shares < 1 and action.amount became False"),
        ("join.1", "row.shares < 1 and action.amount became (row.shares < 1 or action.amount)"),
        ("join.2", "row.shares < 1 and action.amount became (action.amount)"),
        ("join.3", "row.shares < 1 and action.amount became (row.shares < 1)"),
        ("compare.1", "row.shares < 1 became row.shares <= 1"),
        ("field.1", "row.shares became row.stake"),
        ("constant.1", "1 became 2"),
        ("constant.2", "1 became 0"),
        ("unwritten.1", "draft.put(POOLS, action.pool, Pool(row.stake + action.amount, row.shares)) became pass"),
        (
            "swap.1",
            "Pool(row.stake + action.amount, row.shares) became Pool(row.shares, row.stake + action.amount)",
        ),
        ("sign.1", "row.stake + action.amount became row.stake - action.amount"),
        ("field.2", "row.shares became row.stake"),
        (
            "round.1",
            "mul_div_floor(row.stake, max(row.shares, action.amount), 7) became "
            "(-mul_div_floor(-(row.stake), max(row.shares, action.amount), 7))",
        ),
        (
            "swap.2",
            "mul_div_floor(row.stake, max(row.shares, action.amount), 7) became "
            "mul_div_floor(row.stake, 7, max(row.shares, action.amount))",
        ),
        ("bound.1", "max became min"),
        ("field.3", "row.shares became row.stake"),
        ("constant.3", "7 became 8"),
        ("constant.4", "7 became 6"),
    ]
    assert {name.partition(".")[0] for name, _ in made} == set(OPERATORS)


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_generated_mutants_are_the_same_every_time_and_each_compiles() -> None:
    mutants = generated()
    assert len({mutant.mutant_id for mutant in mutants}) == len(mutants) > 1_000
    files = rule_files(known_packs().values())
    assert {mutant.file for mutant in mutants} == set(files)
    assert generated() == mutants
    assert len({mutant.text for mutant in mutants} | {read_source(file) for file in files}) == len(mutants) + len(files)
    for mutant in mutants:
        ast.parse(mutant.text, mutant.mutant_id)


def test_a_rate_below_a_bar_is_not_rounded_to_it() -> None:
    assert [rate(478, 488), rate(49, 50), rate(1, 1), rate(0, 0)] == ["97.9%", "98.0%", "100.0%", "-"]


def test_what_is_called_equivalent_is_a_mutant_and_argued_for() -> None:
    known = {(mutant.mutant_id, mutant.wrong) for mutant in generated()}
    for key, reason in equivalents().items():
        assert key in known, f"{key} is no longer generated"
        assert len(reason.split()) >= 5
        assert reason.endswith(".")


def test_a_choice_is_by_protocol_by_id_or_by_lot() -> None:
    symbiotic = Choice(generated=False, packs=select_packs(["symbiotic"])).mutants()
    assert {mutant.protocols for mutant in symbiotic} == {("symbiotic",), ("eigenlayer", "symbiotic")}
    assert [mutant.mutant_id for mutant in Choice(ids=("SM-02", "EM-01")).mutants()] == ["EM-01", "SM-02"]
    sample = Choice(sample=20, seed=7).mutants()
    assert sample == Choice(sample=20, seed=7).mutants() != Choice(sample=20, seed=8).mutants()
    assert len({mutant.mutant_id for mutant in sample}) == 20
    with pytest.raises(UnknownMutantError, match="unknown mutant 'EM-999'"):
        Choice(ids=("EM-999",)).mutants()


def judged(operator: str, outcome: str, equivalent: str | None = None) -> Judged:
    mutant = attrs.evolve(mutant_of("EM-17"), operator=operator)
    fates = [Fate(judge, outcome, (), None, None, None, 0, "") for judge in ("laws", "properties")]  # type: ignore[arg-type]  # names of judges are literals
    return Judged(mutant, equivalent, tuple(fates))


@pytest.mark.parametrize(
    ("operator", "killed", "lived", "fails"),
    [("catalogue", 49, 1, False), ("catalogue", 48, 1, True), ("sign", 17, 3, False), ("sign", 16, 3, True)],
)
def test_the_bars_are_98_and_85_percent(
    operator: str, killed: int, lived: int, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BARS == {True: 0.98, False: 0.85}
    mutation = Mutation([], QUICK, Stop())
    noise = [judged("sign", "unviable"), judged("sign", "survived", "it changes nothing.")]
    found = [*[judged(operator, "killed")] * killed, *[judged(operator, "crashed")] * lived, *noise]
    monkeypatch.setattr(Mutation, "judged", property(lambda _: found))
    assert mutation.rate(operator == "catalogue") == (killed, killed + lived)
    assert bool(mutation.failures()) is fails


def test_what_was_written_or_asked_for_and_cannot_be_loaded_is_no_success() -> None:
    """Regression: a written mutant with a slip in it counted for nothing. A generated one may be no bug, but for one
    that was asked for by its id.
    """
    none = Mutation([], QUICK, Stop())
    for operator, ids, lines in (("catalogue", (), 1), ("sign", (), 0), ("sign", ("EM-17",), 1)):
        mutation = Mutation([mutant_of("EM-17")], QUICK, Stop(), ids=ids)
        mutation._judged["EM-17"] = judged(operator, "unviable")
        assert (len(mutation.unloaded()), mutation.exit_code) == (lines, 2 * lines)
        assert (mutation.failures(), none.unloaded()) == ([], [])


def test_what_is_called_equivalent_must_not_be_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    mutation = Mutation([], QUICK, Stop())
    monkeypatch.setattr(Mutation, "judged", property(lambda _: [judged("sign", "killed", "it changes nothing.")]))
    assert mutation.failures() == ["called equivalent, but killed: EM-17"]


def test_what_proofs_refute_is_told_apart_from_what_laws_kill() -> None:
    lives = judged("sign", "survived")
    proved = attrs.evolve(lives, fates=(*lives.fates, Fate("proofs", "killed", ("MAG-02",), None, None, None, 0, "")))
    assert [(one.is_killed, one.is_refuted) for one in (lives, proved)] == [(False, False), (False, True)]


@pytest.mark.source  # a judge loads everything from source in either build, which others of this file try
def test_proofs_refute_a_mutant_by_a_state_that_breaks_the_law_on_it() -> None:
    mutant = mutant_of("SM-31")
    fate = proofs_on(mutant, "EXIT-01")
    assert (fate.judge, fate.outcome, fate.by, fate.method) == ("proofs", "killed", ("EXIT-01",), "Claim")
    assert fate.counterexample is not None
    found = dict(fate.counterexample)
    assert (found["call"]["is"], found["broken_before"]) == ("spec.symbiotic.actions.Claim", [])
    assert "EXIT-01" in found["broken"]
    assert proofs_on(mutant, "EXIT-01") == fate
    # It is the mutant that breaks it: of the specification as it is, the same law is proved.
    replayed = replay(SYMBIOTIC, read(SYMBIOTIC, {"protocol": "symbiotic", **found}))
    assert replayed.broken == []


@pytest.mark.source  # a judge loads everything from source in either build, which others of this file try
def test_proofs_begin_with_what_is_suspected_and_try_whatever_else_is_proved() -> None:
    assert proofs_on(mutant_of("SM-31")).by == ("EXIT-01",)
    fate = proofs_on(mutant_of("EM-82"), "DEP-02")
    assert (fate.outcome, fate.method) == ("killed", "TransferToken")


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_a_mutant_of_what_is_replaced_by_contract_is_put_before_the_proof_of_the_contract() -> None:
    fate = proofs_on(mutant_of("CM-03"))
    assert (fate.outcome, fate.by) == ("open", ())
    assert fate.note.startswith("histories do not keep their contract: order, rows, rows after push, order after push")


AVS_ANNOUNCED = "    if action.sender != action.avs:\n        return Reason.INVALID_PERMISSIONS\n    draft.put(AVSS"


def announced(wrong: str) -> Mutant:
    """A mutant of UpdateAvsMetadata, the call with least to prove. The text `wrong` replaces its check of the
    sender.
    """
    text = read_source("eigenlayer/opt_in.py")
    assert text.count(AVS_ANNOUNCED) == 1
    other = AVS_ANNOUNCED.replace("action.sender != action.avs", wrong)
    return attrs.evolve(mutant_of("EM-72"), text=text.replace(AVS_ANNOUNCED, other))


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_proofs_of_what_changes_nothing_stay_proved() -> None:
    fate = proofs_on(announced("action.avs != action.sender"))
    assert (fate.outcome, fate.by, fate.note, fate.counterexample) == ("survived", (), "", None)
    assert fate.steps > 0


@pytest.mark.source  # a judge loads everything from source in either build, which others of this file try
@pytest.mark.parametrize(
    ("wrong", "outcome", "note"),
    [
        ("action.sender + action.avs == ''", "crashed", "UpdateAvsMetadata: UnliftableError"),
        ("action.sender != (", "unviable", "SyntaxError"),
    ],
)
def test_what_cannot_be_lifted_is_noticed_but_not_refuted(wrong: str, outcome: str, note: str) -> None:
    fate = proofs_on(announced(wrong))
    assert (fate.outcome, fate.by) == (outcome, ())
    assert fate.note.startswith(note)


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_the_effort_of_proofs_is_bounded_in_goals() -> None:
    mutant = mutant_of("EM-82")
    (fate,) = judge(
        "proofs", attrs.evolve(mutant, text=read_source(mutant.file)), attrs.evolve(QUICK, goals=0), (), Stop()
    )
    assert (fate.outcome, fate.note) == ("survived", "no call runs through it that anything is proved of")
    (fate,) = judge("proofs", mutant, attrs.evolve(QUICK, goals=0), (), Stop())
    assert (fate.outcome, fate.note) == ("open", "stopped after 0 goals")


@pytest.mark.source  # a judge loads everything from source in either build, which others of this file try
def test_the_properties_alone_judge_again_what_only_the_model_killed() -> None:
    """If a new operator's approver is not stored, a model law breaks and no property does. So only the properties are
    run again, and the mutant survives them.
    """
    model, properties = judge("laws", mutant_of("SM-31"), Effort(walks=3, depth=1, plays=0), (), Stop())
    assert (model.judge, properties.judge) == ("laws", "properties")
    assert set(properties.by) == set(model.by) - set(known_walks()["symbiotic"].catalogue.model)
    model, properties = judge("laws", mutant_of("EM-108"), Effort(walks=10, depth=1, plays=0), (), Stop())
    assert (model.outcome, model.by) == ("killed", ("DELEG-10",))
    assert "DELEG-10" in known_walks()["eigenlayer"].catalogue.model
    assert (properties.outcome, properties.by) == ("survived", ())
    assert properties.steps > model.steps


def test_walks_take_an_ordinary_world_and_a_scenario_by_turns() -> None:
    assert judging.by_turns(0) == []
    assert judging.by_turns(3) == [0, 1, 2]
    assert judging.by_turns(13) == [0, 9, 1, 19, 2, 3, 4, 5, 6, 7, 8, 10, 11]
    assert [len(set(judging.by_turns(walks))) for walks in range(40)] == list(range(40))


@pytest.mark.parametrize("protocol", known_walks())
def test_the_walks_of_a_judge_take_every_scenario(protocol: str) -> None:
    walk, seeds = known_walks()[protocol], judging.by_turns(Effort().walks)
    assert len(set(seeds)) == Effort().walks
    assert [walk.of(seed) in walk.scenarios for seed in seeds[:4]] == [False, True] * 2
    assert {walk.of(seed) for seed in seeds} >= set(walk.scenarios)


@pytest.mark.parametrize(("raising", "again"), [(None, [2, 3]), (0, [0, 1, 2, 3])])
def test_properties_are_not_run_again_where_no_law_broke(
    raising: int | None, again: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs in which no law broke are skipped when the properties are run alone. A run that raised is repeated: the
    exception may come from a law that is left out.
    """
    ran: list[int] = []

    def suite_in_which(breaks: dict[int, str], raises: int | None) -> judging.Suite:
        def walked(seed: int) -> judging.Ran:
            ran.append(seed)
            if seed == raises:
                raise ValueError(seed)
            laws = (breaks[seed],) if seed in breaks else ()
            return 10, 7, laws, tuple(law for law in laws if law == "PROPERTY")

        return lambda _protocols, effort: (("walk", seed, lambda s=seed: walked(s)) for seed in range(effort.walks))

    monkeypatch.setattr(judging, "runs", suite_in_which({2: "MODEL", 3: "PROPERTY"}, raising))
    monkeypatch.setattr(judging, "property_runs", suite_in_which({3: "PROPERTY"}, None))
    by_all, by_properties = judging.judged(Trial("", "", (), Effort(walks=5), ""))
    note = "" if raising is None else "ValueError: 0"
    steps = 30 if raising is None else 20
    assert by_all == Fate("laws", "killed", ("MODEL",), "walk", 2, 7, steps, note)
    assert by_properties == Fate("properties", "killed", ("PROPERTY",), "walk", 3, 7, 40, "")
    assert ran == [0, 1, 2, *again]


def restake(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["mutate", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_the_command_prints_the_kill_table() -> None:
    result = restake("--mutant", "EM-43", "--mutant", "SM-31", "--walks", "20", "--plays", "0")
    assert result.return_value == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["mutant", "the", "bug", "killed", "by", "laws", "how", "by", "properties"]
    assert any(line.startswith("EM-43") for line in lines)
    assert result.stdout.count("EXIT-01") == 2
    assert lines[-1].startswith("2 of 2 mutants judged in ")
    assert max(len(line) for line in lines) <= 120


@pytest.mark.source  # a judge loads everything from source in either build, which others of this file try
def test_the_report_is_the_same_on_any_number_of_processes() -> None:
    arguments = ("--catalogue", "--sample", "4", "--seed", "3", "--walks", "5", "--plays", "0", "--json")
    first, second = restake(*arguments, "--jobs", "1"), restake(*arguments, "--jobs", "3")
    assert first.stdout == second.stdout
    report = json.loads(first.stdout)
    assert len(report["mutants"]) == report["rates"]["catalogue"]["counted"] == 4
    assert report["effort"] == {"walks": 5, "steps": 400, "depth": 3, "plays": 0, "moves": 80, "goals": 3000}


def test_a_mutant_that_lives_fails_the_run_and_nothing_to_judge_is_5(monkeypatch: pytest.MonkeyPatch) -> None:
    fates = tuple(Fate(judge, "survived", (), None, None, None, 9, "") for judge in ("laws", "properties"))
    monkeypatch.setattr(running, "judge", lambda *_: fates)
    lives = restake("--mutant", "EM-17")
    assert lives.return_value == 1
    assert "  reproduce: restake mutate --mutant EM-17" in lives.stdout.splitlines()
    again = restake("--mutant", "EM-17", "--walks", "5", "--plays", "0").stdout.splitlines()
    assert "  reproduce: restake mutate --walks 5 --plays 0 --mutant EM-17" in again
    assert "0 of 1 of the catalogue killed by laws: the bar is 98%" in lives.stdout.splitlines()
    assert "0 of 1 of the catalogue killed by properties alone: the bar is 85%" in lives.stdout.splitlines()
    monkeypatch.undo()
    assert restake("--mutant", "EM-17", "--budget", "0.000001").return_value == 5
    assert restake("--mutant", "EM-17", "--list").stdout.startswith("EM-17  A slash rounds")
    assert restake("--mutant", "EM-17", "--protocol", "symbiotic", "--list").return_value == 5


@pytest.mark.source  # a judge loads everything from source in either build, which others of this file try
def test_the_command_puts_mutants_before_the_proofs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "left", lambda *_: [])
    arguments = ("--mutant", "SM-31", "--walks", "20", "--plays", "0", "--proofs")
    result = restake(*arguments)
    assert result.return_value == 0
    lines = result.stdout.splitlines()
    assert any(line.startswith("SM-31") and "Claim; " in line for line in lines)
    said = "Of 1 mutants of the catalogue that break a proved law, the proofs refute 1: 100.0%. The bar is 90%."
    assert said in lines
    report = json.loads(restake(*arguments, "--json").stdout)
    assert report["proofs"] == {"refuted": 1, "counted": 1}
    (found,) = report["mutants"]
    assert [fate["judge"] for fate in found["fates"]] == ["laws", "properties", "proofs"]
    assert found["fates"][2]["counterexample"]["broken"]


def test_a_ledger_that_is_stale_refutes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "left", lambda *_: ["MAG-01"])
    result = restake("--mutant", "SM-31", "--proofs")
    said = "what is proved of symbiotic is stale: `restake prove --protocol symbiotic` first\n"
    assert (result.return_value, result.stderr) == (2, said)


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_proofs_that_refute_too_few_fail_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    mutation = Mutation([], QUICK, Stop(), proves=True)
    mutation._proved = {"eigenlayer": {"MAG-02"}}
    broken = [Fate(judge, "killed", ("MAG-02",), "walk", 0, 1, 1, "") for judge in ("laws", "properties")]
    found = [
        Judged(mutant_of("EM-17"), None, (*broken, Fate("proofs", outcome, (), None, None, None, 0, "")))  # type: ignore[arg-type]  # an outcome is a literal
        for outcome in ["killed"] * 8 + ["open", "survived"]
    ]
    monkeypatch.setattr(Mutation, "judged", property(lambda _: found))
    assert mutation.failures() == ["8 of 10 that break a proved law refuted by proofs: the bar is 90%"]


@pytest.mark.source
def test_a_mutant_that_is_not_there_is_wrong_usage() -> None:
    with pytest.raises(click.UsageError, match="unknown mutant 'EM-999'"):
        restake("--mutant", "EM-999")


def test_laws_that_break_without_a_mutant_judge_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "judge", lambda *_: (Fate("laws", "killed", ("MAG-01",), "walk", 0, 1, 1, ""),))
    result = restake("--mutant", "EM-17", "--jobs", "1")
    assert (result.return_value, result.stderr) == (2, "without any mutant, MAG-01 breaks\n")


def test_an_edit_during_a_run_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "fingerprint", lambda _: "0.0 (source abcdef)")
    with pytest.raises(JudgeError, match=r"the source has changed: asked for is 0\.0 \(source abcdef\), here is "):
        judge("laws", mutant_of("EM-17"), QUICK, (), Stop())


def test_a_judge_that_fails_ends_the_run_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(JudgeError, match=r"the judge of EM-17 \(laws\) failed"):
        judge("laws", mutant_of("EM-17"), QUICK, (), Stop())
    assert restake("--mutant", "EM-17", "--jobs", "1").return_value == 2


KILLED = """#!/bin/sh
echo killed >> {folder}/deaths
[ $(wc -l < {folder}/deaths) -gt {deaths} ] && exec {python} "$@"
kill -9 $$
"""
"""The source of a program that poses as Python: it is killed the first few times, and then runs as Python."""


def dying(folder: Path, deaths: int, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "python"
    program.write_text(KILLED.format(folder=folder, deaths=deaths, python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


def test_a_judge_that_is_killed_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying(tmp_path, 2, monkeypatch)
    assert judge("laws", mutant_of("EM-17"), QUICK, (), Stop())[0].outcome == "killed"
    assert len((tmp_path / "deaths").read_text().split()) == 3


def test_a_judge_that_is_always_killed_leaves_its_mutant_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying(tmp_path, 1000, monkeypatch)
    result = restake("--mutant", "EM-17", "--jobs", "1")
    assert (result.return_value, result.stderr) == (
        2,
        "not judged, since their judges were killed: unchanged, EM-17\n",
    )
    assert "0 of 1 mutants judged" in result.stdout
    assert len((tmp_path / "deaths").read_text().split()) == 6


def test_a_run_in_which_some_are_not_judged_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    lives = tuple(Fate(judge, "killed", ("MAG-01",), "walk", 0, 1, 1, "") for judge in ("laws", "properties"))
    as_it_is = (Fate("laws", "survived", (), None, None, None, 1, ""),)
    answers = {"unchanged": as_it_is, "EM-17": lives, "EM-02": ()}
    monkeypatch.setattr(running, "judge", lambda _name, mutant, *_: answers[mutant.mutant_id])
    result = restake("--mutant", "EM-17", "--mutant", "EM-02", "--jobs", "1")
    assert (result.return_value, result.stderr) == (2, "not judged, since their judges were killed: EM-02\n")


def test_an_interruption_keeps_what_is_known() -> None:
    stop = Stop()
    lives = (Fate("laws", "survived", (), None, None, None, 9, ""),)

    def judge_two(
        _judge: str, mutant: Mutant, _effort: Effort, _suspects: tuple[str, ...], _stop: Stop, _places: tuple[str, ...]
    ) -> tuple[Fate, ...]:
        if stop():
            return ()
        stop.is_interrupted = mutant.mutant_id == "EM-02"
        return lives

    mutation = Mutation(catalogue()[:5], QUICK, stop)
    with pytest.MonkeyPatch.context() as patched, Progress(disable=True) as progress:
        patched.setattr(running, "judge", judge_two)
        mutation.run(1, progress)
    assert [judged.mutant.mutant_id for judged in mutation.judged] == ["EM-01", "EM-02"]
    assert mutation.is_cut_short
    said = "3 of 5 mutants are not judged, and count nowhere on this page."
    assert left_in_words(mutation)[0].startswith(said)
    assert left_in_words(mutation)[2] == "EM-03, EM-04, EM-05."
    assert left_in_words(Mutation([], QUICK, stop)) == []


@pytest.mark.source
@pytest.mark.serial
def test_an_interruption_ends_the_judges_and_exits_with_2() -> None:
    command = [
        sys.executable,
        "-P",
        "-c",
        "from harness.cli import main; main()",
        "mutate",
        "--catalogue",
    ]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    for _ in range(600):  # until a judge runs: on a busy machine the command alone takes seconds to start
        found = [children.read_text() for children in Path(f"/proc/{process.pid}/task").glob("*/children")]
        if any("harness.mutants" in Path(f"/proc/{pid}/cmdline").read_text() for pid in " ".join(found).split()):
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    # Before that: an empty line, where nothing is judged yet, and how far the run is.
    assert (process.returncode, err.splitlines()[-1]) == (2, "interrupted")
    assert "Traceback" not in err
    known, _, rest = out.splitlines()[-1].partition(" of ")
    assert 0 <= int(known) < len(catalogue())
    assert rest.startswith(f"{len(catalogue())} mutants judged in ")


@pytest.mark.source
def test_the_kill_table_in_the_documentation_lists_exactly_the_catalogue() -> None:
    page = (ROOT / "docs" / "mutants.md").read_text()
    section = page.split("## The catalogue\n")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    assert [(row[0].removeprefix("| "), row[1], row[2], row[3]) for row in rows] == [
        (mutant.mutant_id, mutant.file, mutant.bug, mutant.source) for mutant in catalogue()
    ]
