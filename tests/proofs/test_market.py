"""The laws of the market's accounts are proved call by call, on a base protocol about which only the promises of its
port are assumed.

The laws that are left out are named.
"""

import json
from typing import TYPE_CHECKING

import pytest

from harness.mutants.mutant import read_catalogue
from harness.protocols import pack_at
from invariants.market.symbiotic import CATALOGUE as WHOLE
from proofs.call_task import due_of, prove_laws
from proofs.market.free_actions import ChangeReach, ChangeStake, ChangeWeight, TakeStake
from proofs.market.laws import CATALOGUE
from proofs.market.theory import CHAINS, MANDATES, PROTOCOL, THEORY
from tests.conftest import ROOT, nightly

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

PLACE = "proofs.market.theory:THEORY"
BOOKS = ["FEE-01", "FEE-02", "FEE-03", "FEE-04", "FEE-06", "FEE-07", "FEE-08", "FEE-11", "FEE-12"]


@pytest.mark.parametrize(
    "call",
    ["OpenOffer", "ClaimFees", "ChangeStake", "ChangeWeight", *nightly("genesis", "FundOffer", "Enrol", "Join")],
)
def test_a_call_keeps_the_books(call: str) -> None:
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, BOOKS, 1)}
    assert found == dict.fromkeys(BOOKS, "PROVED")


@pytest.mark.parametrize("call", ["Exit", "ReleasePolicy", "BuyPolicy", *nightly("AnnounceExit", "TakeStake")])
def test_a_call_keeps_funds_solvent(call: str) -> None:
    """A fully collateralised fund can pay every policy, and its totals of shares and cover are right."""
    laws = ["INS-01", "INS-04", "INS-05"]
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, laws, 1)}
    assert found == dict.fromkeys(laws, "PROVED")


@pytest.mark.parametrize("call", ["Mint", *nightly("Give", "OpenVault", "Revalue", "Settle")])
def test_a_call_keeps_receipts_somebodys(call: str) -> None:
    laws = ["TOTAL", "RCP-01", "RCP-02", "RCP-03", "RCP-04", "RCP-05", "RCP-06", "RCP-07", "RCP-14"]
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, laws, 1)}
    assert found == dict.fromkeys(laws, "PROVED")


@pytest.mark.parametrize("call", ["SendTable", "CheckCertificate", *nightly("TakeStake")])
def test_a_call_keeps_what_tables_count_within_reach(call: str) -> None:
    """If the base protocol keeps its promise, the stake in a table of stake can be slashed until the window ends.

    Certificates are answered before that if the terms fit the window.
    """
    laws = ["CHN-02", "CHN-03", "CHN-04", "CHN-08"]
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, laws, 1)}
    assert found == dict.fromkeys(laws, "PROVED")


BOUNDED = {"TakeStake": ["members"], "Rebalance": ["targets_of", "caps_of", "members_of"]}
"""For some calls, the functions whose loops are bounded in the proofs of state laws."""


@pytest.mark.nightly
@pytest.mark.parametrize("call", sorted({*due_of(PLACE)} - {"contracts"}))
def test_a_call_keeps_every_law(call: str) -> None:
    found = {one["law"]: one["verdict"] for one in prove_laws(PLACE, call, due_of(PLACE)[call], 1)}
    unproved = {law_id: verdict["verdict"] for law_id, verdict in found.items() if verdict["verdict"] != "PROVED"}
    assert unproved == {}
    of_states = {law.law_id for law in THEORY.state_laws()} - {*THEORY.induction.bounded}
    scopes = {scope for law_id in of_states for scope in found[law_id]["scope"] if "length" in scope}
    assert scopes == {f"range in {name} of length <= 1" for name in BOUNDED.get(call, ())}


MUTANTS = ROOT / "harness" / "mutants" / "market.toml"
PROGRAM = """
import json, sys
from proofs.refuting import Hunt
status, found = Hunt(sys.argv[1], sys.argv[2], False).refute(sys.argv[3])
print(json.dumps([status, found and found["broken_before"], found and sys.argv[3] in found["broken"]]))
"""

BUGS = {
    "MM-02": ("ChangeStake", "FEE-03"),
    "MM-11": ("ChangeWeight", "FEE-04"),
    "MM-84": ("BuyPolicy", "INS-01"),
    "MM-43": ("TakeStake", "INS-06"),
    "MM-06": ("CountPosition", "FEE-19"),
    "MM-14": ("Join", "FEE-17"),
    "MM-19": ("FundOffer", "FEE-16"),
    "MM-22": ("StepRate", "FEE-14"),
    "MM-76": ("Exit", "INS-13"),
    "MM-49": ("TakeStake", "INS-25"),
    "MM-45": ("TakeStake", "INS-26"),
    "MM-56": ("TakeStake", "INS-27"),
    "MM-60": ("TakeStake", "INS-28"),
    "MM-59": ("TakeStake", "INS-29"),
    "MM-53": ("TakeStake", "INS-30"),
    "MM-97": ("Mint", "RCP-10"),
    "MM-98": ("Mint", "RCP-09"),
    "MM-101": ("RedeemReceipts", "RCP-12"),
    "MM-103": ("RedeemReceipts", "RCP-08"),
    "MM-109": ("RedeemReceipts", "RCP-11"),
    "MM-110": ("RedeemReceipts", "RCP-13"),
    "MM-112": ("Settle", "RCP-15"),
    "MM-114": ("Settle", "RCP-14"),
    "MM-115": ("Revalue", "RCP-18"),
    "MM-116": ("RedeemReceipts", "RCP-16"),
    "MM-118": ("Mint", "RCP-17"),
    "MM-119": ("OpenVault", "RCP-05"),
    "MM-173": ("OpenChannel", "CHN-26"),
    "MM-175": ("OpenChannel", "CHN-12"),
    "MM-179": ("CheckCertificate", "CHN-23"),
    "MM-183": ("CheckCertificate", "CHN-18"),
    "MM-184": ("CheckCertificate", "CHN-05"),
    "MM-186": ("CheckCertificate", "CHN-18"),
    "MM-188": ("SendTable", "CHN-15"),
    "MM-194": ("SendTable", "CHN-14"),
    "MM-196": ("DeliverTable", "CHN-17"),
    "MM-200": ("DisableTable", "CHN-16"),
    "MM-202": ("Forgo", "CHN-20"),
    "MM-203": ("Forgo", "CHN-01"),
    "MM-01": ("ChangeStake", "FEE-06"),
    "MM-03": ("ChangeWeight", "FEE-07"),
    "MM-26": ("Enrol", "FEE-11"),
    "MM-27": ("ClaimFees", "FEE-02"),
    "MM-28": ("CountPosition", "LEMMA-meter"),
}
"""For each bug: a call, and the law that the bug breaks there. Laws of states, of steps and
of rejections are among them.
"""

FIRST = ("MM-02", "MM-11", "MM-84", "MM-59", "MM-101", "MM-202")
"""The bugs that are tried with every change."""


@pytest.mark.parametrize("bug", [*FIRST, *nightly(*[bug for bug in BUGS if bug not in FIRST])])
def test_a_bug_is_refuted(bug: str, source_copy: "SourceCopy") -> None:
    """The bug is refuted by a state that satisfies all laws. There the rules with the bug break the named law when they
    are run.
    """
    call, law_id = BUGS[bug]
    mutant = next(each for each in read_catalogue(MUTANTS) if each.mutant_id == bug)
    (source_copy.folder / "spec" / mutant.file).write_text(mutant.text)
    assert json.loads(source_copy.run(PROGRAM, PLACE, call, law_id)) == ["REFUTED", [], True]


IN_NO_CATALOGUE = {
    "FEE-12": ("Join", "counting.py", "        HOLDINGS_BY_ROW.append(draft, row, ListedHolding(holding))\n", ""),
    "FEE-23": (
        "ClaimFees",
        "fees.py",
        "payable(draft.get(CLAIMABLES, action.sender).grains)",
        "1 + payable(draft.get(CLAIMABLES, action.sender).grains)",
    ),
}
"""For each law that no bug of the catalogue breaks in one step: a call, a file, and a text of it and what a bug puts in
its place.
"""


@pytest.mark.parametrize("law_id", ["FEE-23", *nightly("FEE-12")])
def test_a_bug_of_no_catalogue_is_refuted(law_id: str, source_copy: "SourceCopy") -> None:
    call, name, right, wrong = IN_NO_CATALOGUE[law_id]
    file = source_copy.folder / "spec" / "market" / name
    assert file.read_text().count(right) == 1
    file.write_text(file.read_text().replace(right, wrong))
    assert json.loads(source_copy.run(PROGRAM, PLACE, call, law_id)) == ["REFUTED", [], True]


STEPS = {
    "CountPosition": ["FEE-14", "FEE-16", "FEE-17", "FEE-19", "FEE-20", "FEE-24"],
    "Exit": ["INS-10", "INS-13"],
    "TakeStake": [f"INS-{number}" for number in range(25, 31)],
    "Mint": ["RCP-07", "RCP-08", "RCP-09", "RCP-10", "RCP-14", "RCP-17", "RCP-21"],
    "RedeemReceipts": ["RCP-07", "RCP-08", "RCP-09", "RCP-11", "RCP-12", "RCP-13", "RCP-14", "RCP-16", "RCP-19"],
    "Settle": ["RCP-07", "RCP-14", "RCP-15"],
    "Revalue": ["RCP-18", "RCP-20"],
    "OpenChannel": ["CHN-12", "CHN-13", "CHN-26"],
    "SendTable": ["CHN-14", "CHN-15", "CHN-16", "CHN-21", "CHN-25"],
    "DeliverTable": ["CHN-16", "CHN-17", "CHN-24"],
    "CheckCertificate": ["CHN-01", "CHN-05", "CHN-18", "CHN-23"],
    "Forgo": ["CHN-01", "CHN-19", "CHN-20", "CHN-21", "CHN-22"],
}


@pytest.mark.parametrize(
    "call",
    [
        "CountPosition",
        "RedeemReceipts",
        "SendTable",
        *nightly(*sorted(STEPS.keys() - {"CountPosition", "RedeemReceipts", "SendTable"})),
    ],
)
def test_steps_of_a_call_are_lawful(call: str) -> None:
    found = {one["law"]: one["verdict"]["verdict"] for one in prove_laws(PLACE, call, STEPS[call], 1)}
    assert found == dict.fromkeys(STEPS[call], "PROVED")


PARTS = ("FEE-", "INS-", "RCP-", "CHN-", "ALC-")
LEFT_OUT = {
    "ALC-18",
    "INS-16",
}
"""The ids of the market's laws that are not proved, as docs/market.md says."""


def test_no_call_is_left_out() -> None:
    assert len(PROTOCOL.actions) == 42
    assert {*CHAINS, *MANDATES, ChangeReach, TakeStake, ChangeStake, ChangeWeight} < set(PROTOCOL.actions)
    whole = {law.law_id for law in WHOLE.laws() if law.law_id.startswith(PARTS)}
    assert whole - {law.law_id for law in CATALOGUE.laws()} == LEFT_OUT
    assert pack_at("harness.packs.market.anything:PACK").theory_at == PLACE
