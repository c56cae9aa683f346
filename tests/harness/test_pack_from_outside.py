"""A pack from outside can have laws, Hypothesis rules, proofs and mutants, though no file of the project names it."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.progress import Progress

from harness.check import Check, Plan
from harness.cli import cli
from harness.mutants.fate import Effort
from harness.mutants.run import Choice, Mutation
from harness.protocols import pack_at, select_packs
from harness.prove import ledger_of
from harness.schedulers import Scheduler
from harness.stopping import Stop
from proofs.call_task import prove_laws

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
    """One law is proved of one call first, into the user's own ledger. Then a mutant is killed by the laws and refuted
    by the proof.
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
