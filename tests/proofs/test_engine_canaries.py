"""Canaries of the engine itself. Each of these false statements was once PROVED.

They concern lost scopes, mixed types, default rows that were counted, and several runs taken for one. Some concern
modules that can tell, while they are loaded, that they are lifted: loaded to run on symbols.
"""

import re
from pathlib import Path

import pytest

from proofs.call_task import run_call
from proofs.digests import digest
from proofs.genesis import GENESIS, Beginning
from proofs.goals import Verdict
from proofs.paths import UnliftableError
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.setup import HISTORIES_ALONE
from tests.proofs.test_canaries import GROWN, NEEDS, PAST_LAW, RULE, Break, free, law, status
from tests.proofs.test_canaries import theory as theory  # a fixture

pytestmark = pytest.mark.source

Places = tuple[tuple[str, str], ...]

COUNTED = "    n = 0\n    for _ in range(held.amount):\n        n += 1\n"
TWO = "range in transition of length <= 2"
RANGES = "    ranges=(),\n"
HELD = 'HELD: Final = Sum("held", PURSES, lambda _rows, _key, _row: "all", lambda row: row.amount)\n'
SUMS = "    sums=[HELD],"
ANY_LAW = 'StateLaw("ANY", "Nothing is said.", "", _is_any, rows={PURSES: lambda key: key})'
RISES = "    draft.put(CLOCK, SINGLETON, Clock(draft.get(CLOCK, SINGLETON).block, 5))\n    return draft.delta()\n"


def lemmas(*laws: str) -> tuple[str, str]:
    """The replacement in the module `purse` that gives its theory these lemmas. Each argument is the source text of one
    law.
    """
    return (
        PAST_LAW,
        "LEMMAS: Final[list[StateLaw | PastLaw]] = [\n" + "".join(f"    {one},\n" for one in laws) + "]\n",
    )


def state_law(law_id: str, holds: str, rows: str = "{PURSES: lambda key: key}") -> str:
    """The source text of a state law. `holds` and `rows` are source text, too: an expression of a view and a key, and a
    dictionary.
    """
    return f"StateLaw({law_id!r}, 'x', '', lambda view, key: {holds}, rows={rows})"


def verdict(place: str, law_id: str) -> Verdict:
    """The engine's verdict on a law, or on TOTAL, for the only call of a theory."""
    prover = Prover(place, HISTORIES_ALONE)
    proof = CallProof(prover, prover.protocol.actions[0])
    return proof.total() if law_id == "TOTAL" else proof.verdict(law(prover, law_id))


SCOPED: dict[str, tuple[str, Places]] = {
    "what is never raised": (
        "TOTAL",
        ((RULE, f"{COUNTED}    if 1 // (3 - n) < 0:\n        return Reason.CLOSED\n{RULE}"),),
    ),
    "a table that is never written": (
        "P",
        (
            (RULE, f"{COUNTED}    if n == 3:\n    {RISES.splitlines()[0]}\n{RULE}"),
            lemmas(state_law("P", "view.rows.get(CLOCK, SINGLETON).price != 5", "{CLOCK: lambda _: SINGLETON}")),
        ),
    ),
    "a call that is never refused": (
        "NOBODY",
        (
            ("    if draft.get(CLOCK, SINGLETON).block > 9000:\n        return Reason.CLOSED\n", ""),
            (RULE, f"{COUNTED}    if n == 3:\n        return Reason.CLOSED\n{RULE}"),
            (
                "def _is_right(_refusal: AnyRejection) -> bool:\n    return True",
                "def _is_right(_refusal: AnyRejection) -> bool:\n    return False",
            ),
            ("_is_right, applies_to=_protects_nobody", "_is_right"),
        ),
    ),
}


@pytest.mark.parametrize("name", SCOPED)
def test_what_no_path_is_asked_is_said_in_the_scope_of_all_paths(name: str, theory: Break) -> None:
    law_id, places = SCOPED[name]
    found = verdict(theory(*places), law_id)
    assert (found.status, found.scopes) == ("PROVED", {TWO})


def test_a_table_that_a_law_reads_beyond_its_bound_is_within_its_scope(theory: Break) -> None:
    low = (
        "def _low(rows: Any, key: str) -> bool:\n    for k in range(rows.get(PURSES, key).amount):\n"
        "        if k == 2 and rows.get(CLOCK, SINGLETON).price > 1:\n            return False\n    return True\n"
    )
    place = theory((NEEDS, low), (ANY_LAW, state_law("ANY", "_low(view.rows, key)")), (RULE, RISES + RULE))
    found = verdict(place, "ANY")
    assert (found.status, found.scopes) == ("PROVED", {"range in _low of length <= 2"})


def test_what_follows_is_said_in_the_scopes_of_what_it_follows_from(theory: Break) -> None:
    counts = (
        "def _n(rows: Any, key: str) -> int:\n    n = 0\n    for _ in range(rows.get(PURSES, key).amount):\n"
        "        n += 1\n    return n\n"
    )
    price = state_law("P", "view.rows.get(CLOCK, SINGLETON).price >= 1")
    places = ((NEEDS, counts), lemmas(price, state_law("F", "_n(view.rows, key) <= 2")))
    found = verdict(theory(*places, (RANGES, RANGES + '    follows={"F": ("P",)},\n')), "F")
    assert "range in _n of length <= 2" in found.scopes


def test_what_follows_leans_on_no_law_that_is_assumed_where_rows_are_read(theory: Break) -> None:
    few = "view.rows.get(PURSES, key).amount <= 2"
    same = state_law("SAME", "view.rows.get(PURSES, key).amount == view.rows.get(PURSES, key).amount")
    follows = (RANGES, '    ranges=("G",),\n    follows={"F": ("SAME",)},\n')
    place = theory(lemmas(state_law("F", few), state_law("G", few), same), follows)
    assert (verdict(place, "F").status, verdict(place, "G").status) == ("REFUTED", "REFUTED")


COUNTS: dict[str, Places] = {
    "rows that are counted": (
        (HELD, f'{HELD}COUNT: Final = Sum("count", PURSES, lambda _rows, _key, _row: "all", lambda row: 1)\n'),
        (SUMS, "    sums=[HELD, COUNT],"),
    ),
    "rows that are worth something later": (
        (
            HELD,
            f"{HELD}NOTES: Final[Table[str, Clock]] = SCHEMA.table('notes', Clock())\n"
            "COUNT: Final = ReadingSum('count', NOTES, lambda _rows, _key, _row: 'all',\n"
            "    lambda rows, _row: rows.get(CLOCK, SINGLETON).price - 1, {}, also_reads=(CLOCK,))\n",
        ),
        (SUMS, "    sums=[HELD, COUNT],"),
    ),
    "rows that are worth what is in another sum": (
        (
            HELD,
            HELD.replace('_key, _row: "all"', "key, _row: key")
            + (
                "BOXES: Final[Table[str, Clock]] = SCHEMA.table('boxes', Clock())\n"
                "COUNT: Final = Sum('count', BOXES, lambda _rows, _key, _row: 'all', lambda _row: 0)\n"
            ),
        ),
        (
            "        own=(WORTH,),",
            "        own=(WORTH,),\n        nested={COUNT: Nested(HELD, lambda row, total: row.price * total)},",
        ),
        ("from proofs.theory import Induction,", "from proofs.theory import Nested, Induction,"),
        ("genesis={PURSES: lambda _rows, _key, row: [row.amount >= 0]}", "genesis={}"),
    ),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_row_that_nobody_has_written_adds_nothing_in_any_state(name: str, theory: Break) -> None:
    beginning = Beginning(Prover(theory(*COUNTS[name]), HISTORIES_ALONE))
    assert beginning.verdict("SUM-count").status in ("REFUTED", "UNKNOWN")


def test_what_is_said_of_the_beginning_allows_rows_that_nobody_has_written(theory: Break) -> None:
    place = theory(("[row.amount >= 0]}", "[row.amount >= 5]}"))
    with pytest.raises(UnliftableError, match="what the theory says of the beginning excludes default rows of purses"):
        Beginning(Prover(place, HISTORIES_ALONE))


CAST = "from typing import cast\n"
OTHERS = "OTHERS: Final = Schema()\nNOTES: Final[Table[str, Clock]] = OTHERS.table('notes', Clock(0, 9))\n"
PUT = "    draft.put(PURSES, 'bank', {})\n" + RULE
GOLD = "class Gold(Purse):\n    pass\n"
REFUSED: dict[str, tuple[Places, str]] = {
    "a subject of another kind": (
        (lemmas(state_law("KIND", "key != 5", "{PURSES: lambda key: key, CLOCK: lambda _: 5}")),),
        "KIND is asked of a subject of another kind",
    ),
    "a subject of two parts": (
        (lemmas(state_law("KIND", "key != 'c'", "{PURSES: lambda key: (key, key), CLOCK: lambda _: 'c'}")),),
        "KIND is asked of a subject of another kind",
    ),
    "groups that are numbers": (
        (
            (HELD, HELD.replace('_row: "all", lambda row: row.amount', "row: row.amount, lambda row: 1")),
            (GROWN, "return bool(step.before.total(HELD, 'zoe') == 0)"),
        ),
        "held is asked for a group of another kind",
    ),
    "groups of two kinds": (
        ((HELD, HELD.replace('_key, _row: "all"', "key, row: key if row.amount > 0 else 5")),),
        "groups of held are of several kinds",
    ),
    "a group of another kind, at the start": (
        ((GROWN, "return bool(step.before.total_at_start(HELD, 1) == 0)"),),
        "held is asked for a group of another kind",
    ),
    "a sum that has another's name": (
        (
            (HELD, HELD + HELD.replace("HELD", "FAKE").replace("row.amount)", "9 * row.amount)")),
            (GROWN, "return bool(step.before.total(FAKE, 'all') == 0)"),
        ),
        "held is no sum of the protocol",
    ),
    "a table of another schema that is read": (
        free("draft.get(NOTES, 'nobody').price == 9", needs=OTHERS),
        "notes is no table of the protocol",
    ),
    "a table of another schema that is written": (
        ((NEEDS, OTHERS), (RULE, f"    draft.put(NOTES, SINGLETON, Clock(1, 1))\n{RULE}")),
        "notes is no table of the protocol",
    ),
    "a row of another table": (((RULE, PUT.format("Clock(1, 2)")),), "a row of type Clock in purses"),
    "a row of a class by descent": (((NEEDS, GOLD), (RULE, PUT.format("Gold(1)"))), "a row of type Gold in purses"),
    "no row": (((RULE, PUT.format("cast(Purse, None)")), (NEEDS, CAST)), "a row of type NoneType in purses"),
    "a truth value in the place of a number": (
        ((RULE, PUT.format("Purse(held.is_frozen)")),),
        "purses.amount is given a value of another kind",
    ),
    "a key that is a number": (
        ((NEEDS, CAST), (RULE, f"    draft.put(PURSES, cast(str, action.amount), Purse(1))\n{RULE}")),
        "a row of purses is written by a key of another kind",
    ),
    "a row that holds something else": (
        (
            (
                "        self.amount = amount\n        self.is_frozen",
                "        self.amount = 0 if amount < 0 else amount\n        self.is_frozen",
            ),
        ),
        "a row of purses holds something else than it is given",
    ),
    "a row that holds something more": (
        (
            (
                "        self.is_frozen = is_frozen\n",
                "        self.is_frozen = is_frozen\n        self.size = 2 if amount > 1 else 1\n",
            ),
        ),
        "a row of purses holds something else than it is given",
    ),
    "the kind of a number": (free("isinstance(action.amount, bool)"), "whether a number is a truth value"),
    "what only a substitute has": (
        ((RULE, f"    if PAST.now < 0:\n        return Reason.CLOSED\n{RULE}"),),
        "no attribute 'now'|.now is not understood",
    ),
    "the order of a set": (
        free("[name for name in SEEN][0] == 'c'", needs="SEEN: Final = frozenset(('a', 'b', 'c'))"),
        "a set of other values than numbers, while a module is loaded, is not understood",
    ),
    "a default that runs while a module is loaded": (
        free("FREE", needs="FREE = True\n\n\ndef _never(x: Any = globals()) -> None:\n    pass\n"),
        "globals is not understood",
    ),
    "a default of a lambda": (
        free("FREE", needs="FREE = True\nX = lambda a=globals(): 0\n"),
        "globals is not understood",
    ),
    "an annotation that runs while a module is loaded": (
        free("FREE", needs="FREE = True\n\n\ndef _never(x: globals()) -> None:\n    pass\n"),
        re.escape("globals() in an annotation"),
    ),
    "an annotation of a name": (
        free("FREE", needs="FREE = True\nX: globals() = 1\n"),
        re.escape("globals() in an annotation"),
    ),
    "a name of the lifter's": (
        free("FREE", needs="try:\n    FREE = _fold is None\nexcept NameError:\n    FREE = True\n"),
        "Try while a module is loaded is not understood",
    ),
    "a function of Python's as a value": (
        free("FREE", needs="FREE = isinstance(range, type)\n"),
        "isinstance is not understood|range is not understood",
    ),
    "the text of a function of Python's": (
        free("FREE", needs="FREE = 'built-in' in str(max)\n"),
        "the text of a value of type function is not understood",
    ),
    "a file": (
        free("FREE == 3", needs="from pathlib import Path\nFREE = int(Path('fee.txt').read_text())\n"),
        "while a module is loaded is not understood",
    ),
    "what a process was started with": (
        free("FREE == 3", needs="from sys import argv\nFREE = len(argv)\n"),
        "argv is imported|len is not",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_of_another_kind_is_refused(
    name: str, theory: Break, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places, refusal = REFUSED[name]
    (tmp_path / "fee.txt").write_text("3")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnliftableError, match=refusal):
        status(theory(*places))


def test_nothing_leans_on_a_law_of_short_lists(theory: Break) -> None:
    few = state_law("FEW", "view.rows.get(PURSES, key).amount <= 2")
    bounded = '    bounded=("FEW",),\n'
    for uses in ('    leans={"GROWS": ("FEW",)},\n', '    follows={"ANY": ("FEW",)},\n'):
        with pytest.raises(UnliftableError, match="FEW is proved of short lists alone, and others are proved by means"):
            Prover(theory(lemmas(few), (RANGES, RANGES + bounded + uses)))
    with pytest.raises(UnliftableError, match="FEW is proved of short lists alone, and others are proved by means"):
        Prover(theory(lemmas(few), (RANGES, '    ranges=("FEW",),\n' + bounded)))
    with pytest.raises(UnliftableError, match="FEW goes through no list, and is not proved of short ones alone"):
        Prover(theory(lemmas(few), (RANGES, RANGES + bounded)))


def test_two_theories_of_one_module_have_two_digests() -> None:
    """Regression: a recorded verdict of one theory counted as fresh for another theory of the same module."""
    assert digest([], "tests.proofs.loops:THEORY") != digest([], "tests.proofs.loops:WITHOUT")


TWICE = (
    "class Twice(Sum):\n    def counted(self, _view: Any, _key: Any, row: Any) -> int:\n"
    "        return 2 * self.value(row)\n"
)
OTHERWISE: dict[str, Places] = {
    "a sum that counts each row twice": ((HELD, TWICE + "\n\n" + HELD.replace("Sum(", "Twice(")),),
    "a sum of another sum that checkers count otherwise": (
        (
            HELD,
            HELD.replace('_key, _row: "all"', "key, _row: key")
            + "def _priced(row: Clock, total: int) -> int:\n    return row.price * total\n\n\n"
            "BOXES: Final[Table[str, Clock]] = SCHEMA.table('boxes', Clock())\n"
            "COUNT: Final = NestedSum('count', BOXES, lambda _rows, _key, _row: 'all', HELD, lambda _row, _total: 0)\n",
        ),
        ("        own=(WORTH,),", "        own=(WORTH,),\n        nested={COUNT: Nested(HELD, _priced)},"),
        ("from proofs.theory import Induction,", "from proofs.theory import Nested, Induction,"),
        ("import AnyRejection,", "import NestedSum, AnyRejection,"),
    ),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_sum_is_what_checkers_count(name: str, theory: Break) -> None:
    """Regression: proofs and checkers computed a sum by different methods, which a subclass could make differ."""
    asked = "HELD" if "twice" in name else "COUNT"
    grown = (GROWN, f"return bool(step.after.total({asked}, 'all') == step.before.total({asked}, 'all') + 1)")
    with pytest.raises(UnliftableError, match="is counted by checkers as it is not here"):
        status(theory(*OTHERWISE[name], grown))


OWN_CLASSES: dict[str, Places] = {
    "Mine is a class of the theory's own": (
        (
            "LEMMAS: Final[list",
            "class Mine(Theory):\n    def assumed(self) -> Any:\n        return self.catalogue.state_laws\n\n\n"
            "LEMMAS: Final[list",
        ),
        ("THEORY: Final = Theory(", "THEORY: Final = Mine("),
    ),
    "Said is a class of the theory's own": (
        (HELD, HELD + "\n\nclass Said(StateLaw):\n    pass\n"),
        ('state_laws=[StateLaw("ANY"', 'state_laws=[Said("ANY"'),
    ),
    "held has a group of its own": (
        (
            HELD,
            "class Held(Sum):\n    def group(self, *_: Any) -> Any:\n        return None\n\n\n"
            + HELD.replace("Sum(", "Held("),
        ),
    ),
}


@pytest.mark.parametrize("refusal", OWN_CLASSES)
def test_a_theory_is_said_in_words_that_mean_what_they_mean(refusal: str, theory: Break) -> None:
    """Regression: a theory could use its own subclass of a law or a sum, and so change the meaning of the statement
    that is assumed.
    """
    with pytest.raises(UnliftableError, match=refusal):
        status(theory(*free("False"), *OWN_CLASSES[refusal]))


def test_rows_that_nobody_wrote_are_in_no_sum(theory: Break) -> None:
    """Regression: to show that default rows add nothing to a sum, the engine used a bound of the total that holds only
    if they are counted.
    """
    count = (
        "NOTES: Final[Table[str, Clock]] = SCHEMA.table('notes', Clock())\n"
        'COUNT: Final = ReadingSum("count", NOTES, lambda _rows, _key, _row: "all",\n'
        "    lambda rows, _row: rows.get(CLOCK, SINGLETON).price - 1, {}, also_reads=(CLOCK,))\n"
    )
    price = "{NOTES: lambda key: 'all', CLOCK: lambda _: 'all'}, sums={COUNT: lambda group: group}"
    place = theory(
        (HELD, HELD + count),
        (SUMS, "    sums=[HELD, COUNT],"),
        lemmas(
            state_law("DEAR", "view.rows.get(CLOCK, SINGLETON).price >= 1", "{CLOCK: lambda _: SINGLETON}"),
            state_law("FREE", "view.total(COUNT, 'all') <= 0", price),
        ),
        (
            "genesis={PURSES: lambda _rows, _key, row: [row.amount >= 0]}",
            "genesis={CLOCK: lambda _rows, _key, row: [row.price >= 1]}",
        ),
    )
    assert run_call(place, GENESIS, ["SUM-count"], 1)["verdicts"]["SUM-count"]["verdict"] == "REFUTED"
