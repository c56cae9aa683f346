"""A pack from outside can have laws, Hypothesis rules, proofs and mutants, though no file of the project names it."""

import importlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.progress import Progress

from harness.check import Check, Plan
from harness.cli import cli
from harness.mutants.fate import Effort
from harness.mutants.run import Choice, Mutation
from harness.pack import UnknownProtocolError
from harness.protocols import pack_at, select_packs
from harness.prove import laws_of_no_call, ledger_of
from harness.schedulers import Scheduler
from harness.stopping import Stop
from proofs.call_task import prove_laws
from proofs.ledger import LedgerError

pytestmark = [pytest.mark.source, pytest.mark.usefixtures("example")]

PLACE = "pool_pack:PACK"
ROOT = Path(__file__).parents[2]


def test_a_pack_names_its_parts_and_where_they_stand(example: Path) -> None:
    pack = pack_at(PLACE)
    assert (pack.name, pack.place, pack.traces) == ("staking_pool", PLACE, example / "traces")
    assert pack.modules == ("staking_pool", "pool_laws", "pool_machine", "pool_theory", "pool_pack")
    assert (pack.games, pack.workload) == ((), None)
    assert pack.protocol.name == pack.name
    for room in ("spec", "invariants", "proofs", "harness"):
        for path in (ROOT / room).rglob("*.py"):
            assert pack.name not in path.read_text(), path


def test_it_is_drawn_by_its_own_rules() -> None:
    check = Check(select_packs([PLACE]), Plan(400, 4), Stop())
    assert {task.method for task in check.tasks(1)} == {"walk", "rules", "bytes"}
    with Progress(disable=True) as progress:
        check.run(Scheduler(), progress)
    suite = check.suites["staking_pool"]
    assert (suite.by_hypothesis.runs, suite.failures()) == (8, [])
    assert suite.by_hypothesis.accepted["Withdraw"] > 0


def test_its_bugs_are_killed_by_its_laws_and_refuted_by_its_proofs() -> None:
    """First, one law is proved of one call, into the user's own ledger. Then a mutant is killed by the laws, and
    refuted by that proof.
    """
    pack = pack_at(PLACE)
    ledger = ledger_of(pack)
    for found in prove_laws("pool_theory:THEORY", "Withdraw", ["POOL-01"], 1):
        ledger.record("Withdraw", found["functions"], found["source"], {found["law"]: found["verdict"]})
        assert found["verdict"]["verdict"] == "PROVED"
        assert "staking_pool:withdraw" in found["functions"]
    packs = {pack.name: pack}
    (bug,) = Choice(packs=packs, ids=("PM-01",)).mutants()
    mutation = Mutation([bug], Effort(walks=1, depth=1), Stop(), packs=packs)
    laws, properties = mutation.judge("laws", bug, ())
    assert (laws.outcome, laws.by, properties.outcome) == ("killed", ("POOL-01", "POOL-02"), "killed")
    (proofs,) = mutation.judge("proofs", bug, laws.by)
    assert (proofs.outcome, proofs.by, proofs.method) == ("killed", ("POOL-01",), "Withdraw")
    assert {mutant.file for mutant in Choice(packs=packs, written=False).mutants()} >= {"staking_pool.py"}


def test_what_is_proved_of_it_is_asked_by_the_place_of_its_pack() -> None:
    asked = ["prove", "--protocol", PLACE, "--action", "nothing", "--json"]
    result = CliRunner().invoke(cli, asked)
    assert (result.exit_code, "Deposit, Slash, Withdraw" in result.output) == (2, True)
    none = CliRunner().invoke(cli, ["prove", "--protocol", "staking_pool:PROTOCOL", "--json"])
    assert (none.exit_code, "no theory" in none.output) == (2, True)


VARIANTS = """
import attrs
from invariants.law import Scope, StateLaw, StepLaw
from invariants.walker import Walk
from pool_laws import CATALOGUE, WALK, WORLD, next_action, opening
from pool_pack import PACK
from staking_pool import POOL, PROTOCOL, Deposit

SECOND = PROTOCOL.with_transition(lambda draft, action: PROTOCOL.transition(draft, action))
SECOND_WALK = Walk(SECOND, CATALOGUE, WORLD, opening, next_action)
OTHER_LAW = StepLaw("POOL-02", "Anything may be.", "here", lambda step: True)
OTHER_LAW_WALK = WALK.only(("POOL-01", "POOL-03")).with_laws([OTHER_LAW])
OF_LEMMA = [StateLaw("UINT-pool", "A pool is anything.", "here", lambda view, key: True, rows={POOL: lambda key: key})]
LAWS = [
    StateLaw("MY-01", "The pool is anything.", "here", lambda view, key: True, rows={POOL: lambda key: key}),
    StepLaw("MY-02", "A deposit does anything.", "here", lambda step: True, Scope((Deposit,))),
]
IDLE = [StepLaw("MY-03", "Nobody is spoken of.", "here", lambda step: True, Scope((int,)))]
ANOTHER_PROTOCOL = attrs.evolve(PACK, protocol_at="pool_variants:SECOND")
ANOTHER_WALK = attrs.evolve(PACK, protocol_at=None, walk_at="pool_variants:SECOND_WALK")
BOTH = attrs.evolve(PACK, protocol_at="pool_variants:SECOND", walk_at="pool_variants:SECOND_WALK")
ANOTHER_LAW = attrs.evolve(PACK, walk_at="pool_variants:OTHER_LAW_WALK")
RENAMED = attrs.evolve(PACK, protocol_at="pool_laws:WALK.protocol", specifies="the same in other words")
"""


@pytest.fixture
def variants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixture: the module `pool_variants` can be imported. Its packs differ from the worked example's in one part or
    two.
    """
    folder = tmp_path / "variants"
    folder.mkdir()
    (folder / "pool_variants.py").write_text(VARIANTS)
    monkeypatch.syspath_prepend(str(folder))


@pytest.mark.usefixtures("variants")
@pytest.mark.parametrize(
    ("place", "kind", "problem"),
    [
        (
            "pool_variants:ANOTHER_PROTOCOL",
            UnknownProtocolError,
            "'pool_laws:WALK' is no walk through the protocol 'pool_variants:SECOND'",
        ),
        (
            "pool_variants:ANOTHER_WALK",
            LedgerError,
            "pool_theory:THEORY is a theory of another protocol than pool_variants:SECOND_WALK: it proves nothing",
        ),
        (
            "pool_variants:BOTH",
            LedgerError,
            "pool_theory:THEORY is a theory of another protocol than pool_variants:SECOND: it proves nothing",
        ),
        (
            "pool_variants:ANOTHER_LAW",
            LedgerError,
            "POOL-02 of pool_variants:ANOTHER_LAW is another law than that of pool_theory:THEORY",
        ),
        (
            "pool_pack:PACK+pool_variants:OF_LEMMA",
            LedgerError,
            "UINT-pool of pool_pack:PACK+pool_variants:OF_LEMMA is another law than that of pool_theory:THEORY",
        ),
    ],
)
def test_a_theory_of_another_protocol_or_law_proves_nothing_of_a_pack(
    place: str, kind: type[Exception], problem: str
) -> None:
    """Regression: verdicts on the pool were shown as those of a variant with other rules."""
    with pytest.raises(kind) as refused:
        ledger_of(pack_at(place))
    assert str(refused.value) == problem
    for verb in (["prove"], ["check", "--steps", "0", "--examples", "0"]):
        result = CliRunner().invoke(cli, [*verb, "--protocol", place])
        assert problem in result.output + str(result.exception)
        assert (result.exit_code != 0, "PROVED" in result.output) == (True, False)


def test_a_pack_that_changes_the_rules_as_it_is_loaded_has_no_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: a module that a pack imports could fill a list of the rules. Proofs load the theory without it."""
    pack = pack_at(PLACE)
    monkeypatch.setattr(importlib.import_module("staking_pool"), "SERVICE", "another")
    problem = "pool_pack:PACK: staking_pool.SERVICE has another value where it runs than where it is proved"
    with pytest.raises(LedgerError) as refused:
        ledger_of(pack)
    assert str(refused.value) == problem
    result = CliRunner().invoke(cli, ["prove", "--protocol", PLACE])
    assert (result.exit_code != 0, "PROVED" in result.output, problem in result.output) == (True, False, True)


@pytest.mark.usefixtures("variants")
def test_a_variant_of_the_same_protocol_and_laws_keeps_its_proofs() -> None:
    assert set(ledger_of(pack_at("pool_variants:RENAMED")).due) == set(ledger_of(pack_at(PLACE)).due)
    assert ledger_of(pack_at("eigenlayer@v1_12_0")).due == ledger_of(pack_at("eigenlayer")).due


@pytest.mark.usefixtures("variants")
def test_laws_that_are_added_are_missing_from_what_is_proved() -> None:
    """Regression: laws that a user adds to a pack, as in `PACK+LAWS`, were in no line of the output, and the exit code
    was 0.
    """
    asked = ["prove", "--protocol", f"{PLACE}+pool_variants:LAWS", "--law", "MY-01", "--law", "MY-02", "--json"]
    result = CliRunner().invoke(cli, asked, standalone_mode=False)
    assert result.return_value == 2
    (shown,) = json.loads(result.stdout)["protocols"]
    assert shown["without_theory"] == ["MY-01", "MY-02"]
    assert [(row["law"], row["call"], row["verdict"]) for row in shown["verdicts"]] == [
        ("MY-01", "Deposit", "MISSING"),
        ("MY-02", "Deposit", "MISSING"),
        ("MY-01", "Slash", "MISSING"),
        ("MY-01", "Withdraw", "MISSING"),
        ("MY-01", "genesis", "MISSING"),
    ]
    said = CliRunner().invoke(cli, asked[:-1], standalone_mode=False).stdout
    assert "  MISSING  MY-02: it is no part of pool_theory:THEORY\n" in said


@pytest.mark.usefixtures("variants")
def test_a_law_that_speaks_of_no_call_is_missing_from_what_is_proved() -> None:
    """Regression: a law whose scope names no action of the protocol was in no line, and the exit code was 0."""
    asked = ["prove", "--protocol", f"{PLACE}+pool_variants:IDLE", "--law", "MY-03"]
    result = CliRunner().invoke(cli, asked, standalone_mode=False)
    assert (result.return_value, result.stderr) == (2, "")
    assert result.stdout.splitlines()[1:] == ["  MISSING  MY-03: no call of the protocol is in its scope"]
    (shown,) = json.loads(CliRunner().invoke(cli, [*asked, "--json"], standalone_mode=False).stdout)["protocols"]
    assert (shown["without_call"], shown["without_theory"], shown["verdicts"]) == (["MY-03"], [], [])
    assert [laws_of_no_call(pack_at(name)) for name in (PLACE, "eigenlayer", "symbiotic")] == [[], [], []]


def test_one_law_is_not_said_to_be_proved_before_all_that_its_proof_assumes() -> None:
    """Regression: the exit code was 0 for a law whose lemmas were not proved yet, or were refuted."""
    asked = ["prove", "--protocol", PLACE, "--jobs", "1"]
    alone = CliRunner().invoke(cli, [*asked, "--law", "POOL-02"], standalone_mode=False)
    assert (alone.return_value, "  POOL-02                      2 PROVED\n" in alone.stdout) == (2, True)
    (line,) = [line for line in alone.stdout.splitlines() if "rests on" in line]
    assert line.startswith(
        "  what is PROVED rests on 18 verdicts that are not proved here: POOL-01 MISSING of 4 calls, "
    )
    shown = CliRunner().invoke(cli, [*asked, "--law", "POOL-02", "--json"], standalone_mode=False)
    (document,) = json.loads(shown.stdout)["protocols"]
    calls = ["Deposit", "Slash", "Withdraw"]
    assert {"law": "UINT-pool", "verdict": "MISSING", "calls": [*calls, "genesis"]} in document["rests_on"]
    assert {"law": "TOTAL", "verdict": "MISSING", "calls": calls} in document["rests_on"]
    contracts = CliRunner().invoke(cli, [*asked, "--action", "contracts"], standalone_mode=False)
    assert (contracts.return_value, "rests on" in contracts.stdout) == (0, False)
    for more in ([], ["--law", "POOL-02"], ["--action", "Withdraw"]):
        known = CliRunner().invoke(cli, [*asked, *more], standalone_mode=False)
        assert (known.return_value, "rests on" in known.stdout) == (0, False)
