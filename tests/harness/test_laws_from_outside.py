"""Laws from outside on a protocol of this project: checked, kept and replayed in the manner of its own laws."""

import importlib
from pathlib import Path

import pytest
from rich.progress import Progress

from harness.check import Check, Plan
from harness.pack import ProtocolPack, UnknownProtocolError
from harness.protocols import known_walks, load_walk, pack_at, select_packs
from harness.schedulers import Scheduler
from harness.source import fingerprint
from harness.stopping import Stop
from invariants.law import NestedSum, StateLaw
from invariants.walker import random_walk

PLACE = "symbiotic+my_laws:LAWS"

pytestmark = pytest.mark.usefixtures("example")


@pytest.fixture
def untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixture: the packs of protocols have no recorded traces, since replaying them takes long and other
    tests do it.
    """
    monkeypatch.setattr(ProtocolPack, "traces", Path("nowhere"))


@pytest.mark.usefixtures("untraced")
def test_they_are_checked_beside_ours_from_beginning_to_end() -> None:
    walk = load_walk(PLACE)
    ours = known_walks()["symbiotic"]
    assert [law.law_id for law in walk.catalogue.laws() if law not in ours.catalogue.laws()] == ["MY-01", "MY-02"]
    assert walk.catalogue.model == ours.catalogue.model
    assert len(walk.catalogue.sums) == len(ours.catalogue.sums) + 1
    assert {len(scenario.catalogue.laws()) for scenario in walk.scenarios} == {len(walk.catalogue.laws())}
    check = Check(select_packs([PLACE]), Plan(1_200, 0, laws=("MY-01", "MY-02")), Stop())
    with Progress(disable=True) as progress:
        check.run(Scheduler(), progress)
    suite = check.suites["symbiotic"]
    rows = {row.law: (row.verdict, row.on_walks > 0) for row in suite.rows()}
    assert rows == {"MY-01": ("held", True), "MY-02": ("held", True)}


@pytest.mark.usefixtures("untraced")
def test_one_that_breaks_is_kept_and_can_be_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "from invariants.law import Scope, StepLaw\n"
    lines += "from spec.symbiotic.actions import Deposit\n"
    lines += "LAWS = [StepLaw('MY-03', 'Nobody deposits.', '', lambda step: False, Scope((Deposit,)))]\n"
    (tmp_path / "mistaken_laws.py").write_text(lines)
    monkeypatch.syspath_prepend(str(tmp_path))
    place = "symbiotic+my_laws:LAWS+mistaken_laws:LAWS"
    report = random_walk(load_walk(place).only(("MY-03",)), 0, 400)
    assert [violation.law.law_id for violation in report.violations] == ["MY-03"]
    check = Check(select_packs([place]), Plan(400, 0, laws=("MY-03",)), Stop())
    with Progress(disable=True) as progress:
        check.run(Scheduler(), progress)
    finding = check.suites["symbiotic"].findings["MY-03"]
    assert finding.command == f"restake replay {finding.trace} --protocol {place}"
    assert len({fingerprint(each) for each in ("symbiotic", PLACE, place)}) == 3


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("symbiotic+my_laws:HELD", "'my_laws:HELD' is no list of laws"),
        ("symbiotic+my_laws:LAWS+my_laws:LAWS", "'my_laws:LAWS': two laws of one id: MY-01, MY-02"),
        ("symbiotic+nowhere:LAWS", "cannot load protocol 'nowhere:LAWS'"),
        ("staking_pool:PROTOCOL+my_laws:LAWS", "'staking_pool:PROTOCOL' brings no invariants.walker.Walk"),
        ("nothing+my_laws:LAWS", "unknown protocol 'nothing'"),
    ],
)
def test_what_cannot_be_had_is_said(place: str, problem: str) -> None:
    with pytest.raises(UnknownProtocolError) as raised:
        pack_at(place)
    assert str(raised.value).startswith(problem)


def test_a_sum_brings_the_one_that_it_is_made_of() -> None:
    held = importlib.import_module("my_laws").HELD
    nested = NestedSum("nested", held.table, lambda _rows, _key, _row: "", held, lambda _, total: total)
    law = StateLaw("MY-04", "", "", lambda _view, _: True, rows={held.table: lambda _: ""}, sums={nested: lambda _: ""})
    ours = known_walks()["symbiotic"]
    assert ours.with_laws([law]).catalogue.sums[-2:] == [held, nested]
