"""Canaries of proofs that end early, are circular, or remember too much. Each of these false statements was PROVED."""

import gc
from pathlib import Path
from typing import Any

import pytest

from proofs.histories import EXACT
from proofs.paths import UnliftableError
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.setup import HISTORIES_ALONE, Contracts
from tests.proofs.test_canaries import GROWN, NEEDS, PAST_LAW, RULE, Break, free, law, purse_writer, status

pytestmark = pytest.mark.source


@pytest.fixture
def theory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Break:
    """A fixture: a function that writes a changed copy of the module `purse` into a temporary folder.

    It returns the place of the copy's theory, as `module:attribute`. A theory is what the engine is told: rules, laws
    and limits.
    """
    return purse_writer(tmp_path, monkeypatch)


# Python stops at the first: the bank alone is paid.

PAYS = """def _pay(draft: Draft, who: str, amount: int) -> bool:
    held = draft.get(PURSES, who)
    draft.put(PURSES, who, Purse(held.amount + 1, held.is_frozen))
    return {answer}
"""
PAYS_ALL = """    both = ("bank", action.sender)
    if action.sender != "bank" and {asked}(_pay(draft, who, action.amount) for who in both):
        return draft.delta()
"""


@pytest.mark.parametrize(
    ("asked", "answer", "refusal"),
    [
        ("any", "True", None),
        ("any", "amount >= 0", "a draft is written where `any` or `all` may have come to its end"),
        ("not all", "False", None),
        ("not all", "amount < 0", "a draft is written where `any` or `all` may have come to its end"),
    ],
)
def test_what_comes_after_the_end_does_not_run(asked: str, answer: str, refusal: str | None, theory: Break) -> None:
    """Regression: the engine ran the elements after the one at which `any` or `all` ends, with their writes."""
    place = theory((NEEDS, PAYS.format(answer=answer)), (RULE, PAYS_ALL.format(asked=asked) + RULE))
    if refusal is None:
        assert status(place) == "REFUTED"
        return
    with pytest.raises(UnliftableError, match=refusal):
        status(place)


ASKS = f"    if {{asked}}:\n        return draft.delta()\n{RULE}"


@pytest.mark.parametrize(
    ("asked", "verdicts"),
    [
        ('_pay(draft, "bank", 1) and action.amount > 5', ("REFUTED", "PROVED")),
        ('action.amount > 5 and _pay(draft, "bank", 1)', ("REFUTED", "PROVED")),
        ('action.amount < 6 or not _pay(draft, "bank", 1)', ("REFUTED", "PROVED")),
        ('action.amount > 5 and (held.is_frozen or _pay(draft, "bank", 1)) and held.is_frozen', ("REFUTED", "PROVED")),
        ('False and _pay(draft, "bank", 1)', ("PROVED", "PROVED")),
        ("held.amount > 0 and _part(action.amount, held.amount)", ("REFUTED", "PROVED")),
        ("held.amount > -1 and _part(action.amount, held.amount)", ("REFUTED", "REFUTED")),
        ("held.amount > 0 and _part(action.amount, 0)", ("PROVED", "REFUTED")),
    ],
)
def test_what_writes_or_fails_after_and_and_or_runs_where_python_runs_it(
    asked: str, verdicts: tuple[str, str], theory: Break
) -> None:
    """The right side of `and` and `or` writes or raises only where Python evaluates it.

    `verdicts` holds the verdict on the law GROWS, and that on TOTAL, which says that the rule never raises.
    """
    divides = "def _part(one: int, other: int) -> bool:\n    return one // other == 3\n"
    place = theory((NEEDS, PAYS.format(answer="True") + divides), (RULE, ASKS.format(asked=asked)))
    assert (status(place), status(place, "TOTAL")) == verdicts


@pytest.mark.parametrize(("answer", "expected"), [("True", [1, 1]), ("held.is_frozen", [1, 1, 1, 2])])
def test_a_draft_has_what_and_and_or_wrote_and_nothing_else(answer: str, expected: list[int], theory: Break) -> None:
    """`_pay`, which pays the bank, runs only where Python evaluates it. `expected` holds the number of rows written on
    each path.
    """
    asked = 'if action.amount > 5 and _pay(draft, "bank", 1):\n        return draft.delta()\n'
    prover = Prover(theory((NEEDS, PAYS.format(answer=answer)), (RULE, f"    {asked}{RULE}")), HISTORIES_ALONE)
    proof = CallProof(prover, prover.protocol.actions[0])
    assert sorted(len(accepted.delta.writes) for accepted in proof.accepted) == expected


JOINED = {
    "held.is_frozen and action.amount == 3 or not held.is_frozen and action.amount == 4": "REFUTED",
    "held.is_frozen and not held.is_frozen or held.amount + 1 < held.amount": "PROVED",
    "(held.amount or action.amount) == 7": "REFUTED",
    "(held.amount and action.amount) == 7": "REFUTED",
    "(0 and action.amount) == 7": "PROVED",
    "(0 or action.amount) == 7": "REFUTED",
    "True and held.is_frozen": "REFUTED",
    "False and held.is_frozen": "PROVED",
    "not (held.is_frozen or action.amount != 3) and held.is_frozen": "PROVED",
}
"""For each expression that makes a payment free: the verdict on the law that no payment is free."""


@pytest.mark.parametrize("asked", JOINED)
def test_and_and_or_are_what_they_are_in_python(asked: str, theory: Break) -> None:
    """`and` and `or` of booleans make one formula without a fork. Of other values they return the deciding operand."""
    assert status(theory(*free(asked))) == JOINED[asked]


LOOPS = "def _loops(n: int) -> bool:\n    for _ in range(n):\n        pass\n    return True\n"
STOPS = "\n\ndef _asks(held: Purse, k: int, n: int) -> bool:\n    return not held.is_frozen if k == 0 else _loops(n)\n"
IS_FOUR = "not held.is_frozen and action.amount == 4"


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        (IS_FOUR, "seen = held.is_frozen and _loops(action.amount)\n"),
        (IS_FOUR, "seen = any(_asks(held, k, action.amount) for k in (0, 1))\n"),
        ("held.amount > 2 and (held.is_frozen or not _loops(held.amount))", ""),
    ],
)
def test_a_scope_that_python_does_not_come_to_leaves_nothing_out(asked: str, before: str, theory: Break) -> None:
    """Regression: the engine assumed the limit of a loop that Python does not evaluate. So it missed a payment that is
    free.
    """
    assert status(theory(*free(asked, needs=LOOPS + STOPS, before=before))) == "REFUTED"


def test_a_scope_that_the_law_does_not_come_to_leaves_nothing_out(theory: Break) -> None:
    """Regression: a law that is false of some purses was PROVED. It loops only over other purses, but the loop's limit
    was assumed of all purses.
    """
    held = "step.before.rows.get(PURSES, sender)"
    grown = f"return {held}.amount <= 2 or (not {held}.is_frozen and _loops({held}.amount))"
    assert status(theory(*free("False", needs=LOOPS), (GROWN, grown))) == "REFUTED"


COUNTS = """def _counts(view: View, key: str) -> bool:
    n = 0
    for _ in range(view.rows.get(PURSES, key).amount):
        n += 1
    return n == view.rows.get(PURSES, key).amount or view.rows.get(PURSES, key).amount < 0


LEMMAS: Final[list[StateLaw | PastLaw]] = [
    StateLaw("COUNTS", "It can be counted.", "", _counts, rows={PURSES: lambda key: key})
]
"""


@pytest.mark.parametrize(
    "side",
    [
        "held.is_frozen and draft.get(PURSES, 'bank').amount == 7",
        "any(not held.is_frozen if k == 0 else draft.get(PURSES, 'bank').amount == 7 for k in (0, 1))",
    ],
)
def test_a_law_that_is_looked_up_in_a_side_is_the_law(side: str, theory: Break) -> None:
    """Regression: an assumed law was first read on a side of `and` that Python may skip. There the limit of the law's
    loop cut it, and the rest was assumed everywhere.
    """
    before = f"seen = {side}\nbank = draft.get(PURSES, 'bank')\n"
    ranges = ("    ranges=(),\n", '    ranges=("COUNTS",),\n')
    limits = ("limits=Limits(),", 'limits=Limits(lists={"range in _counts": 1}),')
    asked = free("not held.is_frozen and bank.amount == 2", before=before)
    assert status(theory(*asked, (PAST_LAW, COUNTS), ranges, limits)) != "PROVED"


CELL = """class Cell:
    def __init__(self, value: int) -> None:
        self.value = value

    def get(self, value: int) -> bool:
        {again}
        return True


def _eat(each: Any) -> bool:
    return len(list(each)) == 3


def _reset(draft: Draft) -> bool:
    draft.__init__(draft)
    return True
"""
ADDS = """CLOCK: list[int] = []
def add() -> bool:
    CLOCK.append(1)
    return True
seen = held.is_frozen and add()
"""
EATS = "each = {each}\nseen = held.is_frozen and _eat(each)\n"
GETS = "one = Cell(0)\nseen = held.is_frozen and one.get(1)\n"


@pytest.mark.parametrize(
    ("asked", "before", "again", "refusal"),
    [
        (
            "len(list(each)) == 3",
            "each = (k for k in (1, 2, 3))\nseen = held.is_frozen and _eat(each)\n",
            "",
            "is kept",
        ),
        ("len(list(each)) == 3", EATS.format(each="zip((1, 2, 3))"), "", "is kept"),
        ("len(list(each)) == 2", "each = (k for k in (1, 2))\nseen = any(k == 1 for k in each)\n", "", "is kept"),
        ("_eat(k for k in (1, 2, 3))", "", "", "is kept, and may be gone through twice"),
        (
            "one.value == 0",
            "one = Cell(0)\nseen = held.is_frozen and one.get(1)\n",
            "self.__init__(value)",
            "begins an",
        ),
        (IS_FOUR, "if action.amount == 3:\n    held.__init__(held.amount, True)\n", "", "begins an object again"),
        (IS_FOUR, "seen = _reset(draft)\n", "", "draft.__init__ begins an object again"),
        ("not held.is_frozen", "getattr(held, '__init__')(0, True)\n", "", ".__init__ of a value of type Purse is not"),
        ("len(CLOCK) == 0", ADDS, "", "CLOCK is changed, which is a global by its name alone"),
    ],
)
def test_what_a_side_that_python_does_not_run_may_use_up_or_change_is_refused(
    asked: str, before: str, again: str, refusal: str, theory: Break
) -> None:
    """Regression: a side of `and` that Python may skip used up an iterator, or changed an object or a list of another
    function.
    """
    place = theory(*free(asked, needs=CELL.format(again=again or "pass"), before=before))
    with pytest.raises(UnliftableError, match=refusal):
        status(place)


WHO = "who = action.sender if held.is_frozen else 3\n"
LIMIT = "limit = held.amount if held.is_frozen else None\n"


@pytest.mark.parametrize(
    ("asked", "before", "verdict"),
    [
        ("held.is_frozen and action.amount > limit", LIMIT, "REFUTED"),
        ("held.is_frozen and not held.is_frozen and _is_low(action.sender)", "", "PROVED"),
        (
            "held.is_frozen and draft.get(PURSES, who).amount == 9",
            "who = action.sender if held.is_frozen else 3\n",
            "REFUTED",
        ),
        ("held.is_frozen and one == 1 and action.amount == 2", "if held.is_frozen:\n    one = 1\n", "REFUTED"),
    ],
)
def test_what_is_understood_where_python_asks_it_is_no_refusal(
    asked: str, before: str, verdict: str, theory: Break
) -> None:
    """Regression: a right side of `and` that raises, or that the engine does not understand, was refused even where
    Python never evaluates it.
    """
    needs = "def _is_low(who: str) -> bool:\n    return who < 'b'\n"
    assert status(theory(*free(asked, needs=needs, before=before))) == verdict


def test_and_and_or_do_not_fork(theory: Break) -> None:
    """One path pays, one is free, and one is rejected, however many conditions decide between them."""
    prover = Prover(theory(*free('held.is_frozen and action.amount < 3 or action.sender == "bank"')), HISTORIES_ALONE)
    proof = CallProof(prover, prover.protocol.actions[0])
    assert (len(proof.accepted), len(proof.rejected)) == (2, 1)


def test_a_list_that_grows_while_it_is_asked_is_refused(theory: Break) -> None:
    """Regression: an `any` whose elements append to a list appended all of them, where Python stops at the first."""
    before = "met: list[int] = []\nif any(met.append(k) is None for k in (1, 2, 3)):\n    met.append(4)\n"
    with pytest.raises(UnliftableError, match=r"met\.append within what `any` or `all` may not go through"):
        status(theory(*free("len(met) == 2", before=before)))


# What leans on itself.

LOSES = "Purse(held.amount + 1, held.is_frozen))"
LEMMAS = """LEMMAS: Final[list[StateLaw | PastLaw]] = [
    StateLaw(
        "EQUAL", "A total is its row.", "",
        lambda view, key: view.total(HELD, key) == view.rows.get(PURSES, key).amount,
        rows={PURSES: lambda key: key}, sums={HELD: lambda group: group},
    ),
    StateLaw(
        "SIGN", "No purse is negative.", "",
        lambda view, key: view.rows.get(PURSES, key).amount >= 0,
        rows={PURSES: lambda key: key}, sums={HELD: lambda group: group},
    ),
]
"""


def test_what_follows_is_not_what_it_follows_from(theory: Break) -> None:
    """Regression: two laws proved each other. A total was taken not to be negative because no purse is, and no purse
    because each equals a total.
    """
    place = theory(
        (LOSES, "Purse(held.amount - 1, held.is_frozen))"),
        ('HELD: Final = Sum("held", PURSES, lambda _rows, _key, _row: "all"', SUM_OF_ONE),
        (PAST_LAW, LEMMAS),
        ("    ranges=(),\n", '    ranges=(),\n    follows={"SIGN": ("EQUAL",)},\n'),
    )
    assert [status(place, law_id) for law_id in ("EQUAL", "SIGN")] == ["PROVED", "REFUTED"]


SUM_OF_ONE = 'HELD: Final = Sum("held", PURSES, lambda _rows, key, _row: key'

SEVEN = """LEMMAS: Final[list[StateLaw | PastLaw]] = [
    StateLaw("SEVEN", "All have seven.", "", lambda view, key: {seven} == 7, rows={{{table}: lambda key: key}})
]
"""


@pytest.mark.parametrize(
    ("table", "seven"),
    [("PURSES", "view.rows.get(PURSES, key).amount"), ("PAST.heads", "view.rows.get(PAST.heads, key).latest")],
)
def test_nothing_is_assumed_because_a_contract_is_said_to_keep_it(table: str, seven: str, theory: Break) -> None:
    """Regression: a lemma listed under `by_contract`, for laws of histories, was assumed, whatever it said of rows or
    of a history's head.
    """
    place = theory(
        (PAST_LAW, SEVEN.format(table=table, seven=seven)),
        ("    ranges=(),\n", '    ranges=(),\n    by_contract=("SEVEN",),\n'),
        (GROWN, f"return bool({seven.replace('view.', 'step.before.').replace('key', 'sender')} == 7)"),
    )
    assert status(place) == "REFUTED"


@pytest.mark.parametrize("named", ["leans", "follows"])
def test_what_a_law_leans_on_is_proved(named: str, theory: Break) -> None:
    """Regression: the proof of a law could assume a lemma listed under `by_contract`, which nothing proves."""
    seven = SEVEN.format(table="PAST.heads", seven="view.rows.get(PAST.heads, key).latest")
    by_contract = f'    ranges=(),\n    by_contract=("SEVEN",),\n    {named}={{"ANY": ("SEVEN",)}},\n'
    with pytest.raises(UnliftableError, match=r"^ANY \w+ \w+ SEVEN, which is no state law that is proved"):
        Prover(theory((PAST_LAW, seven), ("    ranges=(),\n", by_contract)))


def test_laws_that_follow_from_each_other_are_refused(theory: Break) -> None:
    circle = '    ranges=(),\n    follows={"EQUAL": ("SIGN",), "SIGN": ("EQUAL",)},\n'
    with pytest.raises(UnliftableError, match="in a circle, these follow from each other: EQUAL, SIGN"):
        Prover(theory((PAST_LAW, LEMMAS), ("    ranges=(),\n", circle)))


NONE_WRITTEN = """LEMMAS: Final[list[StateLaw | PastLaw]] = [
    StateLaw(
        "NONE", "No checkpoint is written.", "",
        lambda view, key: view.rows.get(PAST.checkpoints, key).value == 0, rows={PAST.checkpoints: lambda key: key},
    )
]
"""
PUSH = (RULE, f"    PAST.push(draft, action.sender, draft.get(CLOCK, SINGLETON).block, 7)\n{RULE}")


def test_no_law_is_proved_of_rows_in_whose_place_is_a_contract(theory: Break) -> None:
    """Regression: proofs replace the source of histories by a trusted contract, in which a push writes no checkpoint.
    So every call seemed to keep a law on checkpoints.
    """
    place = theory((PAST_LAW, NONE_WRITTEN), PUSH)
    with pytest.raises(UnliftableError, match="a row of past_checkpoints is read, where a contract stands for all"):
        status(place, "NONE")
    assert status(place, "NONE", EXACT) == "REFUTED"


@pytest.mark.parametrize("contracts", [HISTORIES_ALONE, EXACT])
@pytest.mark.parametrize(("later", "verdict"), [("- 5", "REFUTED"), ("+ action.amount", "PROVED")])
def test_time_does_not_go_back(later: str, verdict: str, contracts: Contracts, theory: Break) -> None:
    """Regression: a trusted contract assumes that no history holds a point later than now, but no call had to keep
    this.
    """
    moves = f"    draft.put(CLOCK, SINGLETON, Clock(draft.get(CLOCK, SINGLETON).block {later}, 1))\n{RULE}"
    assert status(theory((RULE, moves)), "TOTAL", contracts) == verdict


# What a rule answers.

TWICE = """    return Delta(
        [
            Write(PURSES, action.sender, Purse(held.amount + 1, held.is_frozen)),
            Write(PURSES, action.sender, Purse(0, False)),
        ],
        None,
    )


def _grows"""


def test_what_a_step_writes_is_made_by_a_draft(theory: Break) -> None:
    """Regression: of two writes to one key, laws saw the first, whereas a state keeps the last."""
    place = theory(
        ("    return draft.delta()\n\n\ndef _grows", TWICE),
        ("import SINGLETON, Delta,", "import SINGLETON, Write, Delta,"),
    )
    with pytest.raises(UnliftableError, match="what a step writes is made by no draft"):
        status(place)


@pytest.mark.parametrize("answer", ["None", "True", "action"])
def test_a_rule_answers_with_a_delta_or_a_reason(answer: str, theory: Break) -> None:
    """Regression: any result of a rule other than a Delta counted as a rejection."""
    assert status(theory(("        return Reason.CLOSED\n", f"        return {answer}\n")), "TOTAL") == "REFUTED"


def test_a_call_that_nobody_can_make_is_not_proved(theory: Break) -> None:
    """Regression: if no arguments of a call are well formed, every verdict was VACUOUS, which no report treats as an
    error.
    """
    nobody = ("is_well_formed=lambda _rows, _call: True", "is_well_formed=lambda _rows, _call: False")
    assert [status(theory(nobody), law_id) for law_id in ("GROWS", "TOTAL")] == ["VACUOUS", "UNKNOWN"]


# What is remembered.


def test_what_is_known_of_a_path_is_known_of_no_other(theory: Break) -> None:
    """Regression: results were remembered by the identity of a path object, which Python gives to a new object after
    the old one is freed.
    """
    prover = Prover(theory())
    proof = CallProof(prover, prover.protocol.actions[0])
    assert proof.verdict(law(prover, "GROWS")).status == "PROVED"
    seen: set[int] = set()
    for _ in range(20):
        verdict = proof.verdict(law(prover, "MOVES"))
        paths = [obligation.here for obligation, _ in verdict.answers]
        assert all(proof.is_reachable(here) for here in paths)
        remembered: dict[int, Any] = proof._reachable
        assert all(remembered[id(here)][0] is here for here in paths)
        seen |= {id(here) for here in paths}
        del verdict, paths
        gc.collect()
    assert all(id(known) == number for number, (known, _) in proof._reachable.items())
