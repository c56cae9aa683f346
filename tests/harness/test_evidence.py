"""Evidence on a law besides a run's checks: the ledger's verdicts, the verdicts proved again, and the mutants
killed.
"""

import io
import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest
from rich.console import Console

from harness import gathering
from harness.assumed import proved_whole
from harness.evidence import Evidence, ProofStatus
from harness.gathering import KILLS, gathered, proofs_by_law, rotation, sample
from harness.junit import junit
from harness.protocols import known_packs, load_walk
from harness.prove import Proving, ledger_of
from harness.report import judged, print_details
from harness.stopping import Stop
from harness.suite import SuiteReport, Summary
from harness.summary import print_block
from proofs import ledger as ledgers
from proofs.call_task import NOT_CONCERNED, due_of, findings_of, prove_laws
from proofs.digests import snapshot, solver_version
from proofs.ledger import Ledger

POOL = "pool_laws:WALK"
BOUNDED = "lists of length <= 1"
OTHER_BOUND = "sets of length <= 1"


def found(verdict: str, *scope: str) -> dict[str, Any]:
    answers = {"goals": 3, "digest": "0123abcd", "solvers": {"z3": 3}, "steps": 9, "most_steps": 4}
    return {"verdict": verdict, "scope": list(scope), **answers}


def test_verdicts_on_calls_are_put_together_by_law() -> None:
    rows = [
        ("ONE-01", "genesis", "PROVED", found("PROVED")),
        ("TWO-01", "genesis", "UNKNOWN", found("UNKNOWN")),
        ("ONE-01", "Deposit", "PROVED", found("PROVED", OTHER_BOUND, BOUNDED)),
        ("TWO-01", "Deposit", "REFUTED", found("REFUTED", BOUNDED)),
        ("ONE-01", "Slash", "VACUOUS", found("VACUOUS")),
        ("TWO-01", "Slash", "PROVED", found("PROVED")),
        ("TWO-01", "Claim", "MISSING", {"scope": []}),
        ("THREE-01", "Burn", "STALE", found("PROVED")),
        ("FOUR-01", "Claim", "STALE", found("PROVED")),
        ("FOUR-01", "Burn", "NOT CONCERNED", found("NOT CONCERNED")),
    ]
    assert proofs_by_law(rows, {"FOUR-01"}, {"ONE-01": "rests on TWO-01"}) == {
        "FOUR-01": ProofStatus(0, (), (), ("Claim",), (), True),
        "ONE-01": ProofStatus(2, (), (), (), (BOUNDED, OTHER_BOUND), doubt="rests on TWO-01"),
        "THREE-01": ProofStatus(0, (), (), ("Burn",), ()),
        "TWO-01": ProofStatus(1, ("genesis",), ("Deposit",), (), (BOUNDED,), False, ("Claim",)),
    }


def test_a_proof_in_short() -> None:
    assert [
        (proof.in_short, proof.is_whole)
        for proof in (
            ProofStatus(27, (), (), (), ()),
            ProofStatus(27, (), (), (), (BOUNDED,)),
            ProofStatus(25, ("Slash",), (), ("Burn",), ()),
            ProofStatus(27, (), ("Slash",), (), ()),
            ProofStatus(0, (), (), (), (), True),
            ProofStatus(0, (), (), (), ()),
            ProofStatus(26, (), (), (), (), False, ("Slash",)),
            ProofStatus(27, (), (), (), (BOUNDED,), doubt="rests on what is not proved"),
        )
    ] == [
        ("27/27", True),
        ("27/27*", True),
        ("25/27", False),
        ("refuted", False),
        ("false", False),
        ("-", False),
        ("26/27", False),
        ("27/27*?", False),
    ]


def test_a_sample_is_a_part_of_what_is_due_whatever_a_ledger_says_of_it() -> None:
    """Regression: a ledger's number of goals influenced which verdicts were drawn. Now the sample depends only on the
    due verdicts and the seed.
    """
    verdicts = [(f"call {number}", f"law {law}") for number in range(9) for law in range(100)]
    for turn in range(50):
        drawn = sample(verdicts, f"commit {turn}")
        assert Counter(Counter(call for call, _ in drawn).values()) == {7: gathering.CALLS_SAMPLED}
    assert sample(verdicts, "commit 7") == sample(verdicts[::-1], "commit 7") != sample(verdicts, "commit 8")
    assert sample(verdicts[:1], "commit 7") == set(verdicts[:1])
    assert sample([], "commit 7") == set()


@pytest.mark.source
@pytest.mark.parametrize("protocol", known_packs())
def test_every_verdict_of_the_ledger_is_drawn_sooner_or_later_slashes_and_contracts_among_them(protocol: str) -> None:
    ledger = ledger_of(known_packs()[protocol])
    due = [(call, law) for call, laws in ledger.due.items() for law in laws]
    drawn: set[tuple[str, str]] = set()
    for turn in range(1000):
        drawn |= sample(due, f"commit {turn}")
    assert drawn == set(due)


def test_a_sample_rotates_by_commit_and_elsewhere_by_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert re.fullmatch(r"day \d{4}-\d\d-\d\d", rotation())
    for command in (
        ["init", "-q"],
        ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "a"],
    ):
        subprocess.run(["git", *command], check=True)
    assert re.fullmatch(r"commit [0-9a-f]{12}", rotation())


PLACE = "proofs.eigenlayer.theory:THEORY"


@pytest.fixture
def ledger(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fixture: the folder of a ledger in which every law but the known violations is proved of every call, with the
    current source.
    """
    monkeypatch.setattr(ledgers, "installed_ledgers", lambda: own_cache / "installed")
    there = Ledger("eigenlayer", PLACE, [own_cache / "installed"])
    false = findings_of(PLACE)
    for call, laws in there.due.items():
        verdicts = {law: NOT_CONCERNED if law in false else found("PROVED") for law in laws}
        verdicts["LEMMA-due"] = found("PROVED", BOUNDED) if "LEMMA-due" in laws else found("PROVED")
        there.record(call, [], snapshot(PLACE), verdicts)
    return own_cache / "installed" / "eigenlayer"


def weighed(how: gathering.How, *laws: str, stop: Stop | None = None) -> Evidence:
    opened = [Ledger("eigenlayer", PLACE)]
    return gathered(opened, laws, how, "commit 0", 1, stop or Stop(), lambda *_: None)["eigenlayer"]


def due() -> int:
    return sum(len(laws) for laws in due_of(PLACE).values())


CALLS = 1 + len(load_walk("eigenlayer").protocol.actions)
"""The number of calls of which a state law is proved: genesis and all actions."""


@pytest.mark.usefixtures("ledger")
def test_the_ledger_alone_is_shown_without_proving_anything() -> None:
    kills = json.loads(KILLS.read_text())["eigenlayer"]
    shown = weighed("ledger")
    assert (shown.proofs["CONS-01"], shown.proofs["LEMMA-due"]) == (
        ProofStatus(CALLS, (), (), (), ()),
        ProofStatus(CALLS, (), (), (), (BOUNDED,)),
    )
    assert sum([len(calls) for calls in shown.by_call.values()]) == due()
    assert {"CONS-01", "LEMMA-due"} <= {*shown.assumed}
    assert (set(shown.assumed) & {"EXIT-02", "LEMMA-debt"}, shown.leans["EXIT-02"]) == (set(), ("LEMMA-debt",))
    rest = attrs.evolve(shown, proofs={}, by_call={}, assumed=(), leans={})
    whose = {f"{solver_version()}, installed": due()}
    assert rest == Evidence(solver_version(), {}, due(), whose, (), 0, "", (), (), kills["laws"], kills["mutants"])
    assert list(weighed("ledger", "CONS-01").proofs) == ["CONS-01"]


def of_another_source(file: Path, *only: str) -> None:
    """Make verdicts in a ledger's file stale, as if their source had changed: those on the laws `only`, or all."""
    entries = ledgers.read("eigenlayer", file.stem, file.read_text())
    basis = attrs.evolve(next(iter(entries.values())).basis, source="of yesterday")
    stale = {law: attrs.evolve(entry, basis=basis) for law, entry in entries.items() if not only or law in only}
    file.write_text(ledgers.written("eigenlayer", file.stem, {**entries, **stale}))


def as_told(ledger: Path, call: str, law: str, **told: Any) -> Evidence:
    """The evidence on all laws, after the ledger got another verdict on one law of a call. `told` has the verdict's
    fields.
    """
    Ledger("eigenlayer", PLACE, [ledger.parent]).record(call, [], snapshot(PLACE), {law: found(**told)})
    return weighed("ledger")


SLASH_REFUTED = "rests on 1 verdict that is not proved here: LEMMA-due REFUTED of 1 call"


@pytest.mark.parametrize(
    ("call", "law", "verdict", "doubt"),
    [
        ("SlashOperator", "LEMMA-due", "REFUTED", SLASH_REFUTED),
        ("SlashOperator", "TOTAL", "UNKNOWN", "rests on 1 verdict that is not proved here: TOTAL UNKNOWN of 1 call"),
        ("genesis", "CONS-01", "UNKNOWN", "rests on 1 verdict that is not proved here: CONS-01 UNKNOWN of 1 call"),
        (
            "contracts",
            "CONTRACT-history",
            "UNKNOWN",
            "rests on 1 verdict that is not proved here: CONTRACT-history UNKNOWN of 1 call",
        ),
    ],
)
def test_a_law_is_in_doubt_while_what_its_proof_assumes_is_not_proved(
    ledger: Path, call: str, law: str, verdict: str, doubt: str
) -> None:
    """Regression: a law counted as proved by its own verdicts alone, although its proof assumes others."""
    told = as_told(ledger, call, law, verdict=verdict)
    of_steps = told.proofs["DELEG-02"]
    assert (of_steps.is_whole, of_steps.doubt) == (False, doubt)
    assert weighed("ledger", "DELEG-02").proofs["DELEG-02"] == of_steps
    foundations = {"CONTRACT-history", "FACTS-quotients"}
    false = findings_of(PLACE).keys()
    assert {each for each, proof in told.proofs.items() if not proof.doubt} == {*foundations, *false}
    assert proved_whole(Ledger("eigenlayer", PLACE)) == tuple(sorted(foundations - {law}))


def test_only_laws_that_lean_on_a_law_are_in_doubt_with_it(ledger: Path) -> None:
    proofs = as_told(ledger, "SlashOperator", "LEMMA-debt", verdict="UNKNOWN").proofs
    assert {law for law, proof in proofs.items() if proof.doubt} == {"EXIT-02", "LEMMA-debt", "SOLV-01"}
    as_told(ledger, "SlashOperator", "LEMMA-debt", verdict="PROVED")
    proofs = as_told(ledger, "SlashOperator", "EXIT-02", verdict="UNKNOWN").proofs  # which no proof assumes
    assert {law for law, proof in proofs.items() if proof.doubt} == set()


def test_what_cannot_concern_a_law_casts_no_doubt(ledger: Path) -> None:
    told = as_told(ledger, "SlashOperator", "CONS-01", verdict="VACUOUS")
    assert {proof.doubt for proof in told.proofs.values()} == {""}


@pytest.mark.source
def test_what_changed_is_stale_until_it_is_proved(ledger: Path) -> None:
    of_another_source(ledger / "TransferToken.json")
    before = attrs.evolve(weighed("ledger").proofs["CONS-01"], doubt="")
    assert before == ProofStatus(CALLS - 1, (), (), ("TransferToken",), ())
    now = weighed("changed")
    assert (now.proved_now, now.differing, now.undone) == (("TransferToken",), (), ())
    assert now.proofs["CONS-01"].stale_calls == ()
    assert now.proofs["CONS-01"].proved == CALLS
    assert now.verdicts_now == len(due_of(PLACE)["TransferToken"])
    assert now.verdicts == {
        f"{solver_version()}, installed": due() - now.verdicts_now,
        f"{solver_version()}, proved here": now.verdicts_now,
    }
    assert weighed("changed").proved_now == ()


@pytest.mark.source
def test_a_verdict_that_is_not_there_is_missing_and_due(ledger: Path) -> None:
    (ledger / "TransferToken.json").unlink()
    before = weighed("ledger", "CONS-01")
    proof = before.proofs["CONS-01"]
    assert (proof.in_short, proof.missing_calls) == (f"{CALLS - 1}/{CALLS}?", ("TransferToken",))
    # Laws that the proof assumes are missing still.
    assert weighed("changed", "CONS-01").proofs["CONS-01"].in_short == f"{CALLS}/{CALLS}?"


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_a_verdict_that_does_not_come_out_again_fails_the_run(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = Ledger("eigenlayer", PLACE, [ledger.parent])
    for honest in prove_laws(PLACE, "TransferToken", ["CONS-01", "DEP-02"], 1):
        lie = {"verdict": "REFUTED"} if honest["law"] == "CONS-01" else {}
        said = {honest["law"]: {**honest["verdict"], **lie}}
        there.record("TransferToken", honest["functions"], snapshot(PLACE), said)
    bounded = next(prove_laws(PLACE, "CreateOperatorSets", ["FRAME-01"], 1))
    there.record("CreateOperatorSets", bounded["functions"], snapshot(PLACE), {"FRAME-01": found("PROVED")})
    drawn = {("TransferToken", "CONS-01"), ("TransferToken", "DEP-02"), ("CreateOperatorSets", "FRAME-01")}
    monkeypatch.setattr(gathering, "sample", lambda _goals, _drawn_by: drawn)
    now = weighed("sample")
    assert sorted(now.differing) == [
        "CONS-01 of TransferToken is PROVED, in the ledger REFUTED",
        f"FRAME-01 of CreateOperatorSets is PROVED for {bounded['verdict']['scope'][0]}, which the ledger does not say",
    ]
    assert now.drawn_by == "commit 0"
    walk = load_walk("eigenlayer")
    suite = SuiteReport(walk.protocol, walk.catalogue, evidence=now, is_cut_short=True)
    assert suite.failures() == [f"proved otherwise than in the ledger: {', '.join(now.differing)}"]
    assert weighed("sample").differing == now.differing


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_a_proof_that_runs_through_what_the_ledger_does_not_name_fails_the_run(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Ledger("eigenlayer", PLACE, [ledger.parent])
    honest = next(prove_laws(PLACE, "TransferToken", ["CONS-01"], 1))
    there.record("TransferToken", [], snapshot(PLACE), {"CONS-01": honest["verdict"]})
    monkeypatch.setattr(gathering, "sample", lambda _goals, _drawn_by: {("TransferToken", "CONS-01")})
    (ledger / "TransferToken.json").write_text(beside(ledger / "TransferToken.json", honest["functions"]))
    (said,) = weighed("sample").differing
    assert said.startswith("CONS-01 of TransferToken runs through spec.")
    assert said.endswith(", which the ledger does not name")


@pytest.mark.source  # proofs read the source in either build, which others of this file try
def test_a_proof_by_other_goals_than_the_ledger_says_fails_the_run(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: the goals of a proof depended on what was proved before, so they could not be compared with the
    ledger's.
    """
    there = Ledger("eigenlayer", PLACE, [ledger.parent])
    law_ids = ["CONS-01", "DEP-02"]
    for found_now in prove_laws(PLACE, "TransferToken", law_ids, 1):
        digest = found_now["verdict"]["digest"] if found_now["law"] == "DEP-02" else "0123abcd"
        said = {found_now["law"]: {**found_now["verdict"], "digest": digest}}
        there.record("TransferToken", found_now["functions"], snapshot(PLACE), said)
    monkeypatch.setattr(gathering, "sample", lambda *_: {("TransferToken", law_id) for law_id in law_ids})
    assert weighed("sample").differing == ("CONS-01 of TransferToken is PROVED by other goals than in the ledger",)


def beside(file: Path, functions: list[str]) -> str:
    """The text of a ledger's file in which the verdict on law DEP-02 is stale and rests on the given functions.

    Regression: another verdict in the file was then taken to rest on these functions as well.
    """
    entries = ledgers.read("eigenlayer", file.stem, file.read_text())
    basis = ledgers.Basis(solver_version(), "of yesterday", frozenset(functions))
    stale = attrs.evolve(entries["DEP-02"], basis=basis)
    return ledgers.written("eigenlayer", file.stem, {**entries, "DEP-02": stale})


def test_proofs_that_time_cuts_short_are_said_to_be_undone(ledger: Path) -> None:
    for file in ledger.glob("*.json"):
        file.unlink()
    found_then = weighed("all", "CONS-01", stop=Stop(0.0))
    assert (found_then.verdicts_now, len(found_then.undone)) == (0, CALLS)
    assert found_then.proofs["CONS-01"].in_short == f"0/{CALLS}"


EVIDENCE = Evidence(
    "z3 0",
    {
        "LEMMA-here": ProofStatus(4, (), (), (), ()),
        "LEMMA-there": ProofStatus(3, ("Slash",), (), (), ()),
        "POOL-01": ProofStatus(4, (), (), (), (BOUNDED, OTHER_BOUND, "nothing overflows")),
        "POOL-02": ProofStatus(2, (), ("Slash",), ("Deposit",), ()),
    },
    15,
    {"z3 0, installed": 10, "z3 0, proved here": 4},
    ("Deposit", "Slash"),
    8,
    "commit 123",
    (),
    (),
    {"POOL-01": 12},
    20,
)


def pool(found: Evidence) -> SuiteReport:
    walk = load_walk(POOL)
    checked = {"POOL-01": 5, "POOL-02": 4, "POOL-03": 1}
    return SuiteReport(walk.protocol, walk.catalogue, on_walks=Summary(1, 9, 2, checked=checked), evidence=found)


@pytest.mark.usefixtures("example")
def test_the_matrix_shows_proofs_and_kills_and_their_bounds() -> None:
    said = io.StringIO()
    print_details(Console(file=said, width=120), pool(EVIDENCE))
    matrix, _, _ = said.getvalue().partition("staking_pool: calls by action")
    assert (
        matrix
        == """
staking_pool: laws by how they were checked
                                                 states    checked   checked  checked by    proved  mutants
law      what must hold                         scanned  on traces  on walks  Hypothesis  of calls   killed  verdict
────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
POOL-01  The pool's shares are those of its           2          0         5           0      4/4*       12  held
         stakers.
POOL-02  Only a slash lowers what a share is          -          0         4           0   refuted        0  held
         worth.
POOL-03  Whoever holds shares can withdraw            -          0         1           0         -        0  held
         them at any time.

         all laws: 3 held                             2          0        10           0   1 whole       12

POOL-W1  Everything is slashed, and shares are        -          0         0           0         -        -  NOT REACHED
         left that are worth nothing.

         all witnesses: 1 NOT REACHED                 -          0         0           0         -        -
Proved: by induction, of so many of the calls that could break it, for any number of accounts, rows and
steps, and integers of any size. docs/proofs.md says what that leans on.
1 of 2 lemmas that these proofs lean on are proved in the same walk.
*: within bounds (restake prove --law ID says which go with a law):
  of length <= 1: lists, sets
  nothing overflows
refuted: POOL-02 of Slash
stale: POOL-02 of Deposit
open: LEMMA-there of Slash
The ledger holds 14 of 15 verdicts: 10 by z3 0, installed, 4 by z3 0, proved here.
Verdicts of another source or solver are stale: here is z3 0.
8 were proved in this run, of Deposit, Slash.
What was proved again was drawn by commit 123 (--drawn-by).
Mutants killed: the bugs, of 20, at which the law broke (docs/mutants.md).
"""
    )


@pytest.mark.usefixtures("example")
def test_a_law_that_is_violated_is_not_proved_in_the_same_report_nor_is_what_assumes_it() -> None:
    """Regression: one report called a law violated, and proved of every call."""
    whole = {law: ProofStatus(4, (), (), (), ()) for law in ("POOL-01", "POOL-02", "POOL-03", "LEMMA-here")}
    evidence = attrs.evolve(EVIDENCE, proofs=whole, assumed=("POOL-01", "LEMMA-here"), leans={"POOL-03": ("POOL-02",)})
    walk = load_walk(POOL)

    def seen_broken(law: str) -> SuiteReport:
        checked = Summary(1, 9, 2, checked={"POOL-01": 5, "POOL-02": 4, "POOL-03": 1}, broken={law: 1})
        return SuiteReport(walk.protocol, walk.catalogue, on_walks=checked, evidence=evidence)

    doubted = {row.law: row.proof.doubt for row in seen_broken("POOL-02").rows() if row.proof is not None}
    assert doubted == {
        "POOL-01": "",
        "POOL-02": "is of a law that is violated in this run",
        "POOL-03": "rests on POOL-02, violated in this run",
    }
    assert {proof.doubt for proof in seen_broken("POOL-01").proofs().values()} == {
        "is of a law that is violated in this run",
        "rests on POOL-01, violated in this run",
    }
    said = io.StringIO()
    print_block(Console(file=said, width=400), seen_broken("POOL-02"))
    assert "1 of 3 laws, of every call" in said.getvalue()
    assert "marked ?: POOL-02: the proof is of a law that is violated in this run" in said.getvalue()
    document = json.loads(json.dumps(seen_broken("POOL-02").as_json()))
    assert document["evidence"]["proofs"]["POOL-02"]["doubt"] == "is of a law that is violated in this run"


@pytest.mark.usefixtures("example")
def test_a_refuted_law_fails_in_every_form_of_the_report() -> None:
    suite = pool(EVIDENCE)
    laws = json.loads(json.dumps(suite.as_json()))["laws"]
    assert [row["proof"] for row in laws][:2] == [
        {
            "proved": 4,
            "open_calls": [],
            "refuted_calls": [],
            "stale_calls": [],
            "scopes": [BOUNDED, OTHER_BOUND, "nothing overflows"],
            "is_known_violation": False,
            "missing_calls": [],
            "doubt": "",
        },
        {
            "proved": 2,
            "open_calls": [],
            "refuted_calls": ["Slash"],
            "stale_calls": ["Deposit"],
            "scopes": [],
            "is_known_violation": False,
            "missing_calls": [],
            "doubt": "",
        },
    ]
    assert '<failure message="POOL-02 of Slash">POOL-02 of Slash</failure>' in junit([], [suite], None)


def test_the_kills_that_are_shown_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "mutants.md").read_text()
    table = re.findall(r"^\| (\w+) ([A-Z]+-\w+) \| (\d+) \| \d+ \|$", page, re.MULTILINE)
    kills = json.loads(KILLS.read_text())
    assert {(protocol, law): int(count) for protocol, law, count in table} == {
        (protocol, law): count for protocol, of in kills.items() for law, count in of["laws"].items()
    }


@pytest.mark.usefixtures("example")
def test_a_run_whose_proofs_were_cut_short_does_not_hold() -> None:
    walk = load_walk(POOL)
    checked = Summary(1, 9, 2, checked={"POOL-01": 5, "POOL-02": 4, "POOL-03": 1})
    undone = attrs.evolve(EVIDENCE, proofs={}, undone=("POOL-02 of Slash",))
    suite = SuiteReport(walk.protocol, walk.catalogue, on_walks=checked, evidence=undone, is_cut_short=True)
    said = io.StringIO()
    print_block(Console(file=said, width=400), suite)
    lines = said.getvalue().splitlines()
    assert lines[1] == "staking_pool: not finished"
    assert "1 verdicts were to be proved in this run and were not, POOL-02 of Slash the first" in said.getvalue()
    assert '<error message="not proved, and was to be: POOL-02 of Slash">' in junit([], [suite], None)


def test_what_could_not_be_kept_proved_or_lifted_reaches_the_report(
    ledger: Path, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: the report did not name a verdict that could not be written, nor the file of a counterexample."""
    monkeypatch.chdir(tmp_path)
    of_another_source(ledger / "TransferToken.json")
    (own_cache / "ledgers").write_text("a file where a folder should be")

    def hear(provings: list[Proving], *_: object) -> None:
        said = {"opinions": {}, "disputed": [], "functions": [], "source": snapshot(PLACE)}
        refuted = {**found("REFUTED"), "counterexample": {"law": "CONS-01", "broken": ["CONS-01"]}}
        verdicts = {"CONS-01": refuted, "DEP-02": found("UNKNOWN")}
        (proving,) = provings
        proving.hear("TransferToken", [{"law": law, "verdict": verdict, **said} for law, verdict in verdicts.items()])
        proving.end("SlashOperator", "line 3: not lifted")

    monkeypatch.setattr(gathering, "run_together", hear)
    now = weighed("changed")
    assert (now.failing, now.unknown_now, now.differing) == (
        ("SlashOperator (line 3: not lifted)",),
        ("DEP-02 of TransferToken",),
        (),
    )
    file = ".restake/proof_eigenlayer_CONS-01_TransferToken.json"
    assert now.counterexamples == (file,)
    assert [problem.startswith(str(own_cache / "ledgers")) for problem in now.unkept] == [True]
    walk = load_walk("eigenlayer")
    suite = SuiteReport(walk.protocol, walk.catalogue, on_walks=Summary(1, 9), evidence=now, is_cut_short=True)
    assert suite.failures() == ["refuted by proof: CONS-01 of TransferToken"]
    assert suite.unfinished() == [
        "nothing can be proved of: SlashOperator (line 3: not lifted)",
        "neither proved nor refuted in this run: DEP-02 of TransferToken",
    ]
    said = io.StringIO()
    print_details(Console(file=said, width=120), suite)
    for line in (
        "nothing can be proved of SlashOperator (line 3: not lifted)",
        "unknown in this run: DEP-02 of TransferToken",
        f"not kept: {now.unkept[0]}",
        f"again: restake replay {file}",
    ):
        assert line in said.getvalue().splitlines()


@pytest.mark.usefixtures("example")
def test_unknown_is_not_green_where_it_was_to_be_proved_in_the_run() -> None:
    stale = attrs.evolve(EVIDENCE, proofs={"POOL-02": ProofStatus(2, ("Slash",), (), ("Deposit",), ())})
    unknown = attrs.evolve(stale, unknown_now=("POOL-02 of Slash",))
    assert [judged([], [pool(evidence)]) for evidence in (stale, unknown)] == [0, 2]
    assert pool(unknown).unfinished() == ["neither proved nor refuted in this run: POOL-02 of Slash"]
    assert '<error message="not proved, and was to be: POOL-02 of Slash">' in junit([], [pool(unknown)], None)


@pytest.mark.source
def test_a_workflow_proves_everything_every_week_with_the_solver_that_is_pinned() -> None:
    root = Path(__file__).parents[2]
    weekly = (root / ".github" / "workflows" / "weekly.yml").read_text()
    assert re.search(r'- cron: "\d+ \d+ \* \* \d"', weekly)
    assert "run: .venv/bin/restake check --proofs all" in weekly
    pinned = re.search(r'"z3-solver==([\d.]+)\.\d+"', (root / "pyproject.toml").read_text())
    assert pinned is not None
    assert solver_version() == f"z3 {pinned[1]}"
