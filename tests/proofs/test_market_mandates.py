"""The laws of mandates are proved, call by call, on a base protocol of which only the port is known. Bugs are
refuted.
"""

import json
from functools import cache
from typing import Any

import pytest

from harness.mutants.mutant import Mutant, read_catalogue
from proofs.call_task import due_of, prove_laws
from tests.conftest import ROOT, SourceCopy, nightly

pytestmark = pytest.mark.source

PLACE = "proofs.market.theory:THEORY"
PLANS = ["LEMMA-plan", "LEMMA-target", "LEMMA-member", "LEMMA-latest", "LEMMA-earlier"]
ALLOCATION = ["ALC-11", "ALC-12", "ALC-13", "ALC-14", "ALC-15", "ALC-16", "ALC-17", "ALC-21", "ALC-22", "ALC-23"]
KEPT = {
    "genesis": ["ALC-01", "ALC-02", "ALC-03", "ALC-04", *PLANS],
    "OpenMandate": ["TOTAL", "ALC-04", "ALC-05"],
    "ProposePlan": ["TOTAL", "ALC-03", "ALC-04", "ALC-06", "ALC-09", *PLANS],
    "AdoptPlan": ["TOTAL", "ALC-04", "ALC-06", "ALC-07", "ALC-08", "ALC-09", "ALC-20", *PLANS],
    "EnrolMandate": ["TOTAL", "ALC-19", "FEE-01", "FEE-03", "FEE-04"],
    "Rebalance": ["TOTAL", "ALC-01", "ALC-02", "ALC-04", "ALC-10", *ALLOCATION, "LEMMA-split", "LEMMA-splits"],
}
"""For each call, some laws that it concerns: they read what the call writes, or are about the call. A nightly test
proves all laws of every call (`test_market.py`).
"""

BREAKS = {
    "MM-130": ("OpenMandate", "ALC-05"),
    "MM-125": ("ProposePlan", "ALC-06"),
    "MM-126": ("ProposePlan", "ALC-06"),
    "MM-132": ("ProposePlan", "ALC-03"),
    "MM-133": ("ProposePlan", "ALC-03"),
    "MM-124": ("AdoptPlan", "ALC-07"),
    "MM-129": ("AdoptPlan", "ALC-07"),
    "MM-152": ("EnrolMandate", "ALC-19"),
    "MM-153": ("EnrolMandate", "ALC-19"),
    "MM-147": ("Rebalance", "ALC-22"),
    "MM-139": ("Rebalance", "ALC-13"),
    "MM-140": ("Rebalance", "ALC-01"),
    "MM-141": ("Rebalance", "ALC-13"),
}
"""For each of some bugs of harness/mutants/market.toml: a call whose proof the bug spoils, and a law that is then
refuted by a state.
"""

FIRST = ("MM-130", "MM-125", "MM-124", "MM-152", "MM-147")
"""One bug for each call."""

HUNT = """
import json, sys
from proofs.refuting import Hunt
verdict, found = Hunt("proofs.market.theory:THEORY", sys.argv[1]).refute(sys.argv[2])
print(json.dumps([verdict, found and found["broken"]]))
"""

WHO_CALLS = """
import json
from proofs.call_task import prover_of
from proofs.goals import Accepted
from proofs.solving import terms_in
from proofs.state import flatten, held
from proofs.symbols import Symbol, term_of
from spec.market.actions import Rebalance

prover = prover_of("proofs.market.theory:THEORY", "Rebalance")
action = next(one for one in prover.protocol.actions if one.__name__ == "Rebalance")
call, base, paths = prover.paths(action)
known = {term.get_id() for term in [*base.conditions, *base.facts.values()]}
accepted, said = 0, []
for here, outcome in paths:
    said += [term for term in [*here.conditions, *here.facts.values()] if term.get_id() not in known]
    if prover.is_delta(outcome):
        accepted += 1
        said += [term_of(outcome.returns)]
        for write in outcome.writes:
            parts = [part for value in held(write.row).values() for part in flatten(value)]
            said += [*flatten(write.key), *parts]
names = any(term.eq(call.sender.term) for term in terms_in(said))
print(json.dumps([accepted > 0, names]))
"""
"""A program that follows every path of a rebalancing. It tells whether any path depends on the sender, or writes or
returns it.
"""


@cache
def bugs() -> dict[str, Mutant]:
    return {mutant.mutant_id: mutant for mutant in read_catalogue(ROOT / "harness" / "mutants" / "market.toml")}


def broken(copy: SourceCopy, bug: str) -> SourceCopy:
    (copy.folder / "spec" / bugs()[bug].file).write_text(bugs()[bug].text)
    return copy


def verdicts(call: str, laws: list[str]) -> dict[str, Any]:
    return {one["law"]: one["verdict"] for one in prove_laws(PLACE, call, laws, 1)}


@pytest.mark.parametrize(
    "call", ["ProposePlan", "AdoptPlan", *nightly("genesis", "OpenMandate", "EnrolMandate", "Rebalance")]
)
def test_a_call_keeps_the_laws_of_mandates(call: str) -> None:
    found = verdicts(call, KEPT[call])
    assert {law: verdict["verdict"] for law, verdict in found.items()} == dict.fromkeys(KEPT[call], "PROVED")
    if call == "ProposePlan":  # of states, for plans of any length; of the step, for short ones
        assert not [scope for scope in found["ALC-03"]["scope"] if "of length" in scope]
        assert "ProposePlan.targets of length <= 1" in found["ALC-06"]["scope"]


def test_every_law_of_mandates_but_one_has_a_verdict() -> None:
    """The exception is ALC-18, which compares two runs: no law in a proof may do that. The last test of this file shows
    that it holds.
    """
    due = {law for call in KEPT for law in due_of(PLACE)[call] if law.startswith("ALC-")}
    assert due == {f"ALC-{number:02}" for number in range(1, 24)} - {"ALC-18"}
    assert all(set(laws) <= set(due_of(PLACE)[call]) for call, laws in KEPT.items())


@pytest.mark.parametrize("bug", [*FIRST, *nightly(*sorted(BREAKS.keys() - FIRST))])
def test_a_bug_is_refuted_by_a_state_that_breaks_the_law(bug: str, source_copy: SourceCopy) -> None:
    call, law = BREAKS[bug]
    verdict, laws = json.loads(broken(source_copy, bug).run(HUNT, call, law))
    assert verdict == "REFUTED"
    assert law in laws


@pytest.mark.nightly
def test_no_path_of_a_rebalancing_depends_on_who_calls(source_copy: SourceCopy) -> None:
    """Law ALC-18, for plans of one target and one cap: conditions, written rows and returned values never name the
    sender.

    As a control, the rule of the mutant MM-137, by which an operator that calls itself weighs twice, does name it.
    """
    assert json.loads(source_copy.run(WHO_CALLS)) == [True, False]
    assert json.loads(broken(source_copy, "MM-137").run(WHO_CALLS)) == [True, True]
