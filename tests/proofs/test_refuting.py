"""A broken rule is refuted by a whole state, one whose sums and stakes agree with its rows."""

import json
from typing import TYPE_CHECKING

import pytest

from proofs.refuting import Hunt

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

EIGENLAYER = "proofs.eigenlayer.theory:THEORY"
SYMBIOTIC = "proofs.symbiotic.theory:THEORY"

PROGRAM = """
import json, sys
from proofs.refuting import Hunt
hunt = Hunt(sys.argv[1], sys.argv[2])
status, found = hunt.refute(sys.argv[3])
assumed = {law.law_id for law in hunt.prover.theory.assumed()}
print(json.dumps([status, [law_id for law_id in found["broken_before"] if law_id in assumed], found["broken"]]))
"""

# What a state needs beside what the call reads: the bug, theory, call and law.
BREAKS = {
    "the sum that an allocation is part of": (
        "EM-10",
        EIGENLAYER,
        "ClearDeallocationQueue",
        "MAG-07",
    ),
    "a history that laws find nothing wrong with": (
        "SM-13",
        SYMBIOTIC,
        "VetoSlash",
        "VETO-04",
    ),
    "a stake": (
        "SM-01",
        SYMBIOTIC,
        "Slash",
        "SLASH-03",
    ),
    "a stake of every kind": (
        "SM-61",
        SYMBIOTIC,
        "RequestSlash",
        "CALL-02",
    ),
}


@pytest.mark.parametrize("needed", BREAKS)
def test_a_state_is_found_that_breaks_this_law_alone(needed: str, source_copy: "SourceCopy") -> None:
    """The state satisfies every assumed law, and the call breaks the named one. The solver's state may break other laws
    as well.
    """
    bug, place, call, law_id = BREAKS[needed]
    source_copy.plant(bug)
    status, before, broken = json.loads(source_copy.run(PROGRAM, place, call, law_id))
    assert (status, before) == ("REFUTED", [])
    assert law_id in broken


def test_what_is_right_is_proved_or_left_open_where_only_some_states_were_looked_at() -> None:
    hunt = Hunt(EIGENLAYER, "TransferToken")
    assert hunt.refute("CONS-01") == ("PROVED", None)
    assert hunt.goals > 0
    assert Hunt(SYMBIOTIC, "RequestSlash").refute("TOTAL") == ("UNKNOWN", None)
