"""What stands for a law beside the checks of a run: what the ledger says, what is proved again, what was killed."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness import evidence, prove
from harness.evidence import KILLS, Evidence, Proof, gathered, proofs_by_law, sample
from harness.junit import junit
from harness.protocols import load_walk
from harness.report import print_suite
from harness.stopping import Stop
from harness.suite import SuiteReport, Summary
from proofs.ledger import digest, ledger_path, solver_version
from proofs.running import names_of

POOL = "pool_laws:WALK"
BOUNDED = "lists of length <= 1"
OTHER_BOUND = "sets of length <= 1"


def found(verdict: str, *scope: str) -> dict[str, Any]:
    return {"verdict": verdict, "scope": list(scope), "goals": 3, "solvers": {}, "steps": 0, "most_steps": 0}


def test_verdicts_on_calls_are_put_together_by_law() -> None:
    verdicts = {
        "genesis": {"ONE-01": found("PROVED"), "TWO-01": found("UNKNOWN")},
        "Deposit": {"ONE-01": found("PROVED", OTHER_BOUND, BOUNDED), "TWO-01": found("REFUTED", BOUNDED)},
        "Slash": {"ONE-01": found("VACUOUS"), "TWO-01": found("PROVED")},
        "Burn": {"THREE-01": found("PROVED")},
        "Claim": {"FOUR-01": found("KNOWN FALSE")},
    }
    assert proofs_by_law(verdicts, {"Burn"}) == {
        "FOUR-01": Proof(0, (), (), (), (), True),
        "ONE-01": Proof(2, (), (), (), (BOUNDED, OTHER_BOUND)),
        "THREE-01": Proof(0, (), (), ("Burn",), ()),
        "TWO-01": Proof(1, ("genesis",), ("Deposit",), (), (BOUNDED,)),
    }


def test_a_proof_in_short() -> None:
    assert [
        (proof.in_short, proof.is_whole)
        for proof in (
            Proof(27, (), (), (), ()),
            Proof(27, (), (), (), (BOUNDED,)),
            Proof(25, ("Slash",), (), ("Burn",), ()),
            Proof(27, (), ("Slash",), (), ()),
            Proof(0, (), (), (), (), True),
            Proof(0, (), (), (), ()),
        )
    ] == [("27/27", True), ("27/27*", True), ("25/27", False), ("refuted", False), ("false", False), ("-", False)]


def test_a_sample_has_a_tenth_of_the_goals_at_most_and_everything_that_still_fits() -> None:
    goals = {"a": 500, "b": 60, "c": 30, "d": 300, "e": 9, "f": 101}
    drawn = {tuple(sample(goals, str(seed))) for seed in range(50)}
    assert {frozenset(each) for each in drawn} == {frozenset("bce")}
    assert len(drawn) == 6
    assert sample(goals, "7") == sample(goals, "7")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger in which one law and one lemma are proved of every call, as the source is today."""
    module = "proofs.eigenlayer"
    verdicts = {"CONS-01": found("PROVED"), "LEMMA-due": found("PROVED", BOUNDED)}
    entry = {"functions": [], "modules": [], "source": digest([], [], module), "verdicts": verdicts}
    calls, _ = names_of("proofs.eigenlayer:THEORY")
    path = tmp_path / "ledger.json"
    path.write_text(json.dumps({"solver": "z3 0", "modules": [], "calls": dict.fromkeys(calls, entry)}))
    monkeypatch.setattr(prove, "ledger_path", lambda _protocol: path)
    return path


def weighed(how: evidence.How, *laws: str) -> Evidence:
    return gathered(["eigenlayer"], laws, how, 0, 1, Stop(), lambda *_: None)["eigenlayer"]


@pytest.mark.usefixtures("ledger")
def test_the_ledger_alone_is_shown_without_proving_anything() -> None:
    kills = json.loads(KILLS.read_text())["eigenlayer"]
    assert weighed("ledger") == Evidence(
        "z3 0",
        {"CONS-01": Proof(30, (), (), (), ()), "LEMMA-due": Proof(30, (), (), (), (BOUNDED,))},
        60,
        (),
        0,
        (),
        kills["laws"],
        kills["mutants"],
    )
    assert list(weighed("ledger", "CONS-01").proofs) == ["CONS-01"]


def test_what_changed_is_stale_until_it_is_proved(ledger: Path) -> None:
    document = json.loads(ledger.read_text())
    document["calls"]["TransferToken"] = {**document["calls"]["TransferToken"], "source": "of yesterday"}
    ledger.write_text(json.dumps(document))
    assert weighed("ledger").proofs["CONS-01"] == Proof(29, (), (), ("TransferToken",), ())
    now = weighed("changed")
    assert (now.proved_now, now.differing) == (("TransferToken",), ())
    assert now.proofs["CONS-01"].stale_calls == ()
    assert now.proofs["CONS-01"].proved == 30
    assert now.verdicts_now > 50


def test_a_verdict_that_does_not_come_out_again_fails_the_run(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(ledger.read_text())
    verdicts = {"CONS-01": found("REFUTED"), "DEP-02": found("UNKNOWN")}
    document["calls"]["TransferToken"] = {**document["calls"]["TransferToken"], "verdicts": verdicts}
    ledger.write_text(json.dumps(document))
    monkeypatch.setattr(evidence, "sample", lambda _goals, _seed: ["TransferToken"])
    now = weighed("sample")
    assert now.differing == (
        "CONS-01 of TransferToken is PROVED, in the ledger REFUTED",
        "DEP-02 of TransferToken is PROVED, in the ledger UNKNOWN",
    )
    way = load_walk("eigenlayer")
    suite = SuiteReport(way.protocol, way.catalogue, evidence=now, is_cut_short=True)
    assert suite.failures() == [f"proved otherwise than in the ledger: {', '.join(now.differing)}"]


EVIDENCE = Evidence(
    "z3 0",
    {
        "LEMMA-here": Proof(4, (), (), (), ()),
        "LEMMA-there": Proof(3, ("Slash",), (), (), ()),
        "POOL-01": Proof(4, (), (), (), (BOUNDED, OTHER_BOUND, "nothing overflows")),
        "POOL-02": Proof(2, (), ("Slash",), ("Deposit",), ()),
    },
    15,
    ("Deposit", "Slash"),
    8,
    (),
    {"POOL-01": 12},
    20,
)


def pool(found: Evidence) -> SuiteReport:
    way = load_walk(POOL)
    checked = {"POOL-01": 5, "POOL-02": 4, "POOL-03": 1}
    return SuiteReport(way.protocol, way.catalogue, on_walks=Summary(1, 9, 2, checked=checked), evidence=found)


@pytest.mark.usefixtures("example")
def test_the_matrix_shows_proofs_and_kills_and_their_bounds() -> None:
    said = io.StringIO()
    print_suite(Console(file=said, width=120), pool(EVIDENCE), shows_coverage=False)
    assert (
        said.getvalue()
        == """
staking_pool: every law at every step of
          0 recorded traces with 0 calls
          1 random walks with 9 calls
          0 examples of Hypothesis with 0 calls
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
Proved: by induction with z3 0, of so many of the calls that could break it, for any number of
accounts, rows and steps, and integers of any size. docs/proofs.md says what that leans on.
1 of 2 lemmas that these proofs lean on are proved in the same way.
*: within bounds (restake prove --law ID says which go with a law):
  of length <= 1: lists, sets
  nothing overflows
refuted: POOL-02 of Slash
stale: POOL-02 of Deposit
open: LEMMA-there of Slash
The ledger holds 15 verdicts; 8 were proved in this run, of Deposit, Slash.
Mutants killed: the bugs, of 20, at which the law broke (docs/mutants.md).
staking_pool: FAILED
  refuted by proof: POOL-02 of Slash
"""
    )


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
            "is_known_false": False,
        },
        {
            "proved": 2,
            "open_calls": [],
            "refuted_calls": ["Slash"],
            "stale_calls": ["Deposit"],
            "scopes": [],
            "is_known_false": False,
        },
    ]
    assert '<failure message="POOL-02 of Slash">POOL-02 of Slash</failure>' in junit([], [suite], None)


def test_the_kills_that_are_shown_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "mutants.md").read_text()
    table = re.findall(r"^\| (\w+) ([A-Z]+-\d+) \| (\d+) \| \d+ \|$", page, re.MULTILINE)
    kills = json.loads(KILLS.read_text())
    assert {(protocol, law): int(count) for protocol, law, count in table} == {
        (protocol, law): count for protocol, of in kills.items() for law, count in of["laws"].items()
    }


def test_the_ledger_names_its_solver() -> None:
    assert json.loads(ledger_path("eigenlayer").read_text())["solver"] == solver_version()
