"""Canaries of objects that belong to one place. Each of these false statements was once PROVED.

Demands belong to the point at which they are made, writes to drafts, rows to their histories, and private fields to
their module.
"""

from pathlib import Path

import pytest

from proofs.call_task import run_call
from proofs.paths import UnliftableError
from tests.proofs.test_canaries import NEEDS, RULE, Break, free, status
from tests.proofs.test_canaries import theory as theory  # a fixture
from tests.proofs.test_cuts import LOOPS
from tests.proofs.test_engine_canaries import ANY_LAW, HELD, SUMS

pytestmark = pytest.mark.source

Places = tuple[tuple[str, str], ...]

ENDS = "    return draft.delta()\n\n\ndef _grows"
PUTS = "        draft.put(PURSES, action.sender, Purse(held.amount + 1, held.is_frozen))\n    return draft.delta()\n"
MINE = (
    "from spec.machine import Write\n\n\nclass Mine(Delta):\n"
    "    def __init__(self, writes: Any, returns: Any) -> None:\n"
    "        self.writes = writes\n        self.returns = returns\n"
)
TWICE = "    done = draft.delta()\n    return Mine([*done.writes, *done.writes], None)"
TWO = "TWO: Final[Table[str, Purse]] = Table('two', 1, Purse())\nSCHEMA.tables.append(TWO)\n"
HIDDEN = "class Hidden:\n    def __init__(self) -> None:\n        self._tables = 1\n"
PAST_ROWS = "    draft.put(PAST.checkpoints, (action.sender, 0), Checkpoint(0, 99))\n"

REFUSED: dict[str, tuple[Places, str]] = {
    "a Delta that no draft made": (
        ((NEEDS, MINE), (PUTS, PUTS.replace("    return draft.delta()", TWICE))),
        r"^\w+:Mine is derived from what stores rows",
    ),
    "two tables of one place": (
        ((NEEDS, TWO), (ENDS, f"    draft.put(TWO, action.sender, Purse(77))\n{ENDS}")),
        "^table two stands at 4, and says that it stands at 1",
    ),
    "a private field that the rule's module names too": (
        free('draft._tables[PURSES.index].get("nobody") is None', needs=HIDDEN),
        "^._tables of a value of type Draft, which is for its own module",
    ),
    "a row of a history that a rule writes": (
        ((NEEDS, "from spec.history import Checkpoint\n"), (RULE, PAST_ROWS + RULE)),
        "^past_checkpoints is written, which histories write themselves",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_belongs_to_another_is_refused(name: str, theory: Break) -> None:
    places, refusal = REFUSED[name]
    with pytest.raises(UnliftableError, match=refusal):
        status(theory(*places))


AMOUNTS = "*(draft.get(PURSES, s).amount for s in (action.sender,))"
ZEROES = "def _set(draft: Draft, who: str) -> int:\n    draft.put(PURSES, who, Purse(0))\n    return 1\n"


@pytest.mark.parametrize(
    "places",
    [
        free(
            "(*(draft.get(PURSES, s).amount for s in (action.sender,)), _set(draft, action.sender))[0] == 3",
            needs=ZEROES,
        ),
        free("len((*met, met.append(2))) == 2", before="met = [1]\n"),
    ],
    ids=["a row before it is written", "a list before it grows"],
)
def test_all_of_another_is_gone_through_before_the_next_element(places: Places, theory: Break) -> None:
    """Regression: a starred element of a tuple display was evaluated after the elements that follow it."""
    assert status(theory(*places)) == "REFUTED"


def test_a_demand_is_proved_by_what_was_known_before_it(theory: Break, tmp_path: Path) -> None:
    """Regression: what the engine knows of `without` says that the removed name was in the list. This was assumed in
    the proof of just that demand.
    """
    theory()  # puts the folder on the path
    head = "    paid = 0\n    for account in action.accounts:\n        _give(draft, account, 1)\n"
    takes = (
        "    listed = draft.get(LISTED, SINGLETON).accounts\n    if len(listed) == 0:\n"
        "        left = without(listed, 'a')\n        if len(left) < 9:\n            _give(draft, POT, 1)\n"
    )
    assert LOOPS.count(head) == 1
    text = LOOPS.replace(head, takes + head).replace('"tests.proofs.loops"', '"loops_demand"')
    (tmp_path / "loops_demand.py").write_text(text)
    found = run_call("loops_demand:THEORY", "PayTogether", ["TOTAL"], 1)["verdicts"]["TOTAL"]
    assert found["verdict"] == "REFUTED"


DEAR = """
def _dear(rows: Any, row: Any) -> int:
    for k in range(row.amount):
        if k == 2 and rows.get(CLOCK, SINGLETON).price == 5:
            return 1
    return 0


DEAR: Final = ReadingSum("dear", PURSES, lambda _rows, _key, _row: "all", _dear, {}, also_reads=(CLOCK,))
"""


def test_what_a_sum_reads_beyond_its_bound_is_said_in_the_scope_of_what_cannot_move_it(theory: Break) -> None:
    """Regression: the scope of a law did not name the limits of the loops that its own sums go through."""
    said = "lambda view, _: view.total(DEAR, 'all') == 0"
    law = f"StateLaw('ANY', 'Nothing is dear.', '', {said}, rows={{}}, sums={{DEAR: lambda group: group}})"
    rises = "    draft.put(CLOCK, SINGLETON, Clock(draft.get(CLOCK, SINGLETON).block, 5))\n    return draft.delta()\n"
    place = theory((HELD, HELD + DEAR), (SUMS, "    sums=[HELD, DEAR],"), (ANY_LAW, law), (RULE + PUTS, rises))
    found = run_call(place, "Pay", ["ANY"], 1)["verdicts"]["ANY"]
    assert (found["verdict"], found["scope"]) == ("PROVED", ["range in _dear of length <= 2"])
