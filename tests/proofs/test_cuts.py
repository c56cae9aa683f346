"""Canaries of the state after a loop over a list of any length. Each of these false statements was PROVED."""

import itertools
from pathlib import Path

import pytest

from proofs.paths import UnliftableError
from proofs.prover import Prover
from proofs.proving import CallProof

pytestmark = pytest.mark.source

LOOPS = Path(__file__).with_name("loops.py").read_text()
RULE = "def _pay_together(draft: Draft, action: Any) -> Delta | Reason:\n"
numbers = itertools.count()

MARK = "        draft.put(FLAGS, account, Flag(True))\n"
MAKE = "        _give(draft, POT, 1)\n    return draft.delta()\n"
WAITS = (
    "    if ({one} if draft.get(FLAGS, POT).is_set else {other}) + _marked(draft, action) > 0:\n"
    f"{MAKE}\n\n"
    f"def _marked(draft: Draft, action: Any) -> int:\n    for account in action.accounts:\n{MARK}    return 0\n"
)
CELL = "class Cell:\n    def __init__(self, value: Any) -> None:\n        self.value = value\n"
TICKET = """@attr.s(auto_attribs=True, init=False, eq=False)
class Ticket:
    kind: Final[int]

    def __init__(self, kind: int, more: int) -> None:
        self.kind = kind
        self.more = more
"""
ALL = "draft.get(LISTED, SINGLETON).accounts"
OUTER = (
    "    paid: list[int] = [0]\n    for {each} in {paid}:\n        if each == 1:\n            _give(draft, POT, 1)\n"
    "        else:\n            for account in action.accounts:\n                paid.append(1)\n"
    "    return draft.delta()\n"
)
KNOWN = """    folds={
            "_drop": Fold(holds=_is_to_be_dropped),
            "_pay_together": Fold(holds=lambda _rows, names: [True if names["any"] == POT else False]),
        }"""

# A rule that makes a token, and what the refusal says, or None if it is not proved.
CUTS: dict[str, tuple[str, str | None]] = {
    "the last element": (
        f'    account = "nobody"\n    for account in action.accounts:\n{MARK}    if account != "nobody":\n{MAKE}',
        "the last element of a list of any length is compared",
    ),
    "a number that becomes a name": (
        "    last: Any = 0\n    for account in action.accounts:\n        last = account\n"
        f'    if last == "treasury":\n{MAKE}',
        "last is of another kind after an element",
    ),
    "a truth value that becomes a number": (
        f"    last: Any = False\n    for _ in action.accounts:\n        last = 7\n    if last == 7:\n{MAKE}",
        "last is of another kind after an element",
    ),
    "a name that is bound below, in an outer loop": (
        "    for kind in (0, 1):\n        for account in action.accounts:\n            if kind == 1:\n"
        f"                last = 1\n    {MARK}        if kind == 1 and last == 1:\n            _give(draft, POT, 1)\n"
        "        last = 0\n    return draft.delta()\n",
        None,
    ),
    "a local with the name of the engine's own symbol": (
        "    position = 0\n    for account in action.accounts:\n"
        "        if position < 0 or position >= len(action.accounts):\n            _give(draft, account, 1)\n"
        "        position = position - 1\n    return draft.delta()\n",
        None,
    ),
    "what is left of the arguments": (
        "    return _go(draft, action)\n\n\ndef _go(draft: Draft, action: Any, *met: int) -> Delta:\n"
        "    for account in action.accounts:\n        if len(met) > 0:\n            _give(draft, account, 1)\n"
        "        met = (1,)\n    return draft.delta()\n",
        "is carried from one element of a list to the next, and is no symbol",
    ),
    "a function that is defined anew": (
        "    def again() -> bool:\n        return False\n\n    for account in action.accounts:\n        if again():\n"
        "            _give(draft, account, 1)\n\n        def again() -> bool:\n            return True\n\n"
        "    return draft.delta()\n",
        "is carried from one element of a list to the next, and is no symbol",
    ),
    "the kind of a list of any length": (
        f"    if isinstance(action.accounts, tuple):\n{MAKE}",
        "whether a value of type Items is of a kind",
    ),
    "the kind of what a loop has gathered": (
        "    met = []\n    for account in action.accounts:\n        met.append(account)\n"
        f"    if isinstance(met, list):\n{MAKE}",
        "whether a value of type Gathered is of a kind",
    ),
    "the kind of the last element": (
        f"    account = POT\n    for account in action.accounts:\n{MARK}    if isinstance(account, str):\n{MAKE}",
        "whether a value of type Gone is of a kind",
    ),
    "a draft of its own": (
        "    mine = Draft(SCHEMA.empty_state())\n    for account in action.accounts:\n"
        "        if mine.get(FLAGS, POT).is_set:\n            _give(draft, account, 1)\n"
        "        mine.put(FLAGS, POT, Flag(True))\n    return draft.delta()\n",
        "a draft that a rule begins",
    ),
    "a range that takes steps": (
        "    for _ in range(0, len(action.accounts), 2):\n        _give(draft, POT, 1)\n    return draft.delta()\n",
        "a range between symbols that takes steps",
    ),
    "a last element that may not be there": (
        f"    last: Any = None\n    for last in action.accounts:\n        draft.put(FLAGS, last, Flag(True))\n"
        f"    if last is None:\n{MAKE}",
        "whether a value of type Gone is there",
    ),
    "an element from the end": (
        f"    if len(action.accounts) > 1 and action.accounts[-1] == POT:\n{MAKE}",
        "an element of call.accounts from its end",
    ),
    "a loop that `any` may not come to": (
        f"    if any(_asks(draft, action, k) for k in (0, 1)):\n{MAKE}\n\n"
        "def _asks(draft: Draft, action: Any, k: int) -> bool:\n    if k == 0:\n"
        "        return draft.get(FLAGS, POT).is_set\n"
        "    for account in action.accounts:\n        if account == POT:\n            return True\n    return False\n",
        "is a loop where `any`, `all`, `and` or `or` may have come to its end",
    ),
    "a key that waits while another is asked for": (
        f"    both = sorted([(draft, action, 0), (draft, action, 1)], key=_key)\n    if both[0][2] == 1:\n{MAKE}\n\n"
        "def _key(of: Any) -> int:\n    return _asks(of[0], of[1], of[2])\n\n\n"
        "def _asks(draft: Draft, action: Any, k: int) -> int:\n    if k == 0:\n"
        "        return 0 if draft.get(FLAGS, POT).is_set else 2\n"
        f"    for account in action.accounts:\n{MARK}    return 1\n",
        None,
    ),
    "a list within what another name stands for": (
        f"    paid: list[str] = []\n    known = (paid, 0)\n    for account in action.accounts:\n"
        f"        paid.append(account)\n    if len(known[0]) > 0:\n{MAKE}",
        "known holds a list, which may change in a loop unnoticed",
    ),
    "a list that a function has by default": (
        f"    paid: list[str] = []\n    known = lambda of=paid: len(of)\n    for account in action.accounts:\n"
        f"        paid.append(account)\n    if known() > 0:\n{MAKE}",
        "known holds a list, which may change in a loop unnoticed",
    ),
    "a list that a function has from where it stands": (
        f"    paid: list[str] = []\n    known = lambda: len(paid)\n    for account in action.accounts:\n"
        f"        paid.append(account)\n    if known() > 0:\n{MAKE}",
        "known holds a list, which may change in a loop unnoticed",
    ),
    "a list that an object holds": (
        f"    paid: list[str] = []\n    known = Cell(paid)\n    for account in action.accounts:\n"
        f"        paid.append(account)\n    if len(known.value) > 0:\n{MAKE}\n\n{CELL}",
        "known holds a Cell, which may change in a loop unnoticed",
    ),
    "a list by a method of its own": (
        f"    paid: list[str] = []\n    find = paid.index\n    for account in action.accounts:\n"
        f"        paid.append(account)\n    if find('a') > 0:\n{MAKE}",
        "find holds a builtin_function_or_method, which may change in a loop unnoticed",
    ),
    "a list by the method of an object": (
        f"    paid: list[str] = []\n    known = Cell(paid).size\n    for account in action.accounts:\n"
        f"        paid.append(account)\n    if known() > 0:\n{MAKE}\n\n{CELL}\n    def size(self) -> int:\n"
        "        return len(self.value)\n",
        "known holds a method, which may change in a loop unnoticed",
    ),
    "a list by the values of a dictionary": (
        f"    paid: list[str] = []\n    known = {{1: paid}}.values()\n    for account in action.accounts:\n"
        f"        paid.append(account)\n    for one in known:\n        if len(one) > 0:\n    {MAKE}",
        "known holds a DictView, which may change in a loop unnoticed",
    ),
    "a list by what a Delta returns": (
        f"    paid: list[str] = []\n    done = draft.delta(paid)\n    for account in action.accounts:\n"
        f"        paid.append(account)\n    if len(done.returns) > 0:\n{MAKE}",
        "done holds a list, which may change in a loop unnoticed",
    ),
    "what an object holds beside its fields": (
        "    ticket = Ticket(0, 1) if draft.get(FLAGS, POT).is_set else Ticket(0, 2)\n"
        f"    for account in action.accounts:\n{MARK}    if ticket.more == 2:\n{MAKE}\n\n{TICKET}",
        None,
    ),
    "what an object holds beside its fields, on the other path": (
        "    ticket = Ticket(0, 1) if draft.get(FLAGS, POT).is_set else Ticket(0, 2)\n"
        f"    for account in action.accounts:\n{MARK}    if ticket.more == 1:\n{MAKE}\n\n{TICKET}",
        None,
    ),
    "what was written before a loop": (
        f"    for account in action.accounts:\n{MARK}    if len(draft.delta().writes) > 0:\n{MAKE}",
        "what a call wrote before a loop over a list of any length is not known",
    ),
    "what was written, as it was said before a loop": (
        f"    said = draft.delta()\n    for account in action.accounts:\n{MARK}"
        "    _give(draft, POT, 1)\n    return said\n",
        "what a call says that it wrote is from before a loop",
    ),
    "which of two lists another name stands for": (
        "    paid: list[int] = []\n    other: list[int] = []\n"
        "    known = (paid, 0) if draft.get(FLAGS, POT).is_set else (other, 0)\n    _mark(draft, action)\n"
        f"    paid.append(1)\n    if len(known[0]) == 1:\n{MAKE}\n\n"
        f"def _mark(draft: Draft, action: Any) -> None:\n    for account in action.accounts:\n{MARK}",
        None,
    ),
    "which of two lists another name stands for, on the other path": (
        "    paid: list[int] = []\n    other: list[int] = []\n"
        "    known = (other, 0) if draft.get(FLAGS, POT).is_set else (paid, 0)\n    _mark(draft, action)\n"
        f"    paid.append(1)\n    if len(known[0]) == 1:\n{MAKE}\n\n"
        f"def _mark(draft: Draft, action: Any) -> None:\n    for account in action.accounts:\n{MARK}",
        None,
    ),
    "a count that is another on the other path": (
        "    for k in range(_many(draft)):\n        if k >= 3:\n            _give(draft, POT, 1)\n"
        "    return draft.delta()\n\n\n"
        "def _many(draft: Draft) -> int:\n    if draft.get(FLAGS, POT).is_set:\n"
        "        return min(draft.get(BALANCES, 'n').amount, 3)\n    return draft.get(BALANCES, 'n').amount\n",
        None,
    ),
    "a count that is another on the other path, in one expression": (
        "    for k in range(min(draft.get(BALANCES, 'n').amount, 3) if draft.get(FLAGS, POT).is_set"
        " else draft.get(BALANCES, 'n').amount):\n        if k >= 3:\n            _give(draft, POT, 1)\n"
        "    return draft.delta()\n",
        None,
    ),
    "a list that is another on the other path": (
        f"    for account in {ALL} if draft.get(FLAGS, POT).is_set else action.accounts:\n"
        "        if account == POT:\n            _give(draft, POT, 1)\n    return draft.delta()\n",
        None,
    ),
    "what is left of a list, on the path where nothing was taken out": (
        f"    listed = {ALL}\n    if POT in listed:\n        if len(without(listed, POT)) > 9:\n"
        "            return Reason.TOO_LITTLE\n    _give(draft, POT, max(1 - len(listed), 0))\n"
        "    return draft.delta()\n",
        None,
    ),
    "a list in a tuple that an outer loop goes through": (
        "    paid: list[str] = []\n    for one in (0, paid):\n        if one == 0:\n"
        "            for account in action.accounts:\n                paid.append(account)\n"
        "        elif len(one) > 0:\n            _give(draft, POT, 1)\n    return draft.delta()\n",
        "_loop1 holds a list, which may change in a loop unnoticed",
    ),
    "a list in a pair that an outer loop goes through": (
        "    paid: list[str] = []\n    for name, got in (('x', ()), ('y', paid)):\n        if name == 'x':\n"
        "            for account in action.accounts:\n                paid.append(account)\n"
        "        elif len(got) > 0:\n            _give(draft, POT, 1)\n    return draft.delta()\n",
        "_loop1 holds a list, which may change in a loop unnoticed",
    ),
    "a key that waits in a method of a list": (
        "    both = [(draft, action, 0), (draft, action, 1)]\n    both.sort(key=_key)\n"
        f"    if both[0][2] == 1:\n{MAKE}\n\ndef sort() -> None:\n    pass\n\n\n"
        "def _key(of: Any) -> int:\n    return _asks(of[0], of[1], of[2])\n\n\n"
        "def _asks(draft: Draft, action: Any, k: int) -> int:\n    if k == 0:\n"
        "        return 0 if draft.get(FLAGS, POT).is_set else 2\n"
        f"    for account in action.accounts:\n{MARK}    return 1\n",
        None,
    ),
    "numbers among names": (
        f"    if POT not in (*{ALL}, 0, 1, 2):\n{MAKE}",
        "a value of type int among names",
    ),
    "a list that an outer loop goes through": (
        OUTER.format(each="each", paid="paid"),
        "a list is gone through, which may change in this loop",
    ),
    "a list that an outer loop counts": (
        OUTER.format(each="_, each", paid="enumerate(paid)"),
        "a list is gone through, which may change in this loop",
    ),
    "a last element that is asked for its identity": (
        "    last: Any = Reason.TOO_LITTLE\n    for last in action.accounts:\n"
        "        draft.put(FLAGS, last, Flag(True))\n"
        f"    if len(action.accounts) == 0 and last is Reason.TOO_LITTLE:\n{MAKE}",
        "the identity of a value of type Gone",
    ),
    "the truth of a set": (f"    if not set({ALL}):\n{MAKE}", "__bool__ of a symbol is not understood"),
    "two sets": (f"    if set({ALL}) == set({ALL}):\n{MAKE}", "__eq__ of a symbol is not understood"),
    "two sets that are not the same": (
        f"    if set({ALL}) != set({ALL}):\n{MAKE}",
        "__ne__ of a symbol is not understood",
    ),
    "a value that waits for the loop": (WAITS.format(one=0, other=1), None),
    "a value that waits for the loop, on the other path": (WAITS.format(one=1, other=0), None),
}


def folded(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *places: tuple[str, str], of: str = "MADE"
) -> str:
    monkeypatch.syspath_prepend(str(tmp_path))
    begin, end = LOOPS.index("def _pay_together"), LOOPS.index("def _pay_once")
    source = f"{LOOPS[:begin]}{RULE}{rule}\n\n{LOOPS[end:]}".replace('{"_pay_together": fold}', "{}")
    for right, wrong in places:
        assert source.count(right) == 1, right
        source = source.replace(right, wrong)
    name = f"cut_{next(numbers)}"
    (tmp_path / f"{name}.py").write_text(source.replace('"tests.proofs.loops"', repr(name)))
    prover = Prover(f"{name}:THEORY")
    proof = CallProof(prover, next(kind for kind in prover.protocol.actions if kind.__name__ == "PayTogether"))
    assert proof.folded is not None
    return proof.folded.state_law(next(law for law in prover.theory.state_laws() if law.law_id == of)).status


@pytest.mark.parametrize("name", CUTS)
def test_what_a_loop_leaves_behind_is_not_what_was_before(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, refusal = CUTS[name]
    if refusal is None:
        assert folded(rule, tmp_path, monkeypatch) == "UNKNOWN"
        return
    with pytest.raises(UnliftableError, match=refusal):
        folded(rule, tmp_path, monkeypatch)


def test_a_sum_that_reads_another_row_of_its_table_is_asked_for_all_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: after a loop over a list of any length, writes to a sum's table seemed to change the values of the
    written rows alone.

    Here other rows of the sum read the written row, so their values change as well.
    """
    held = 'HELD: Final = Sum("held", BALANCES, lambda _rows, _key, _row: "all", lambda row: row.amount)'
    reads = (
        'HELD: Final = ReadingSum("held", BALANCES, lambda _rows, key, _row: "all" if key != POT else None,\n'
        "    lambda rows, _row: rows.get(BALANCES, POT).amount, {})"
    )
    imports = ("import Catalogue, StateLaw, Sum, View", "import Catalogue, ReadingSum, StateLaw, View")
    rule = "    _give(draft, POT, 1)\n    return draft.delta()\n"
    assert folded(rule, tmp_path, monkeypatch, (held, reads), imports) == "UNKNOWN"


def test_what_is_known_of_some_names_is_not_known_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: a condition that held on the path of one name in a list was assumed of all names."""
    rule = f"    for account in action.accounts:\n{MARK}    _give(draft, POT, 1)\n    return draft.delta()\n"
    place = ('    folds={"_drop": Fold(holds=_is_to_be_dropped), **({} if fold is None else {})}', KNOWN)
    place = (place[0].replace("    folds", "folds"), place[1].replace("    folds", "folds", 1))
    with pytest.raises(UnliftableError, match="what is known of any name is known of some only"):
        folded(rule, tmp_path, monkeypatch, place)


@pytest.mark.parametrize("paid", ["1", "0 - 1"], ids=["one path", "the other"])
def test_what_a_fold_says_of_one_path_is_not_said_of_the_other(
    paid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a fold states a loop's effect, and its condition `holds` may fork. What it says on one side was
    assumed on merged paths without the fork.
    """
    rule = (
        f"    paid = 0\n    down = draft.get(FLAGS, POT).is_set\n    for account in action.accounts:\n"
        f"        paid = paid + (0 - 1 if down else 1)\n    _give(draft, POT, paid if {paid} > 0 else 0 - paid)\n"
        "    return draft.delta()\n"
    )
    fold = (
        '_pay_together": Fold(holds=lambda rows, names: [names["paid"] <= 0 if names["down"] else names["paid"] >= 0]),'
        '\n            "_drop": Fold('
    )
    assert folded(rule, tmp_path, monkeypatch, ('_drop": Fold(', fold)) == "UNKNOWN"


ANYBODYS = "rows.get(BALANCES, names['any']).amount"


@pytest.mark.parametrize(
    "known", [f"{ANYBODYS} // 2 * 2 <= {ANYBODYS}", f"{ANYBODYS} % 2 < 2", f"max({ANYBODYS}, 0) >= {ANYBODYS}"]
)
def test_what_is_known_of_every_name_has_no_number_that_is_one_for_all(
    known: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: in a condition on the balance of any name, the quotient of that balance was one symbol for all names.
    So all balances became nearly equal.
    """
    rule = f"    for account in action.accounts:\n{MARK}    _give(draft, POT, 1)\n    return draft.delta()\n"
    fold = f'_pay_together": Fold(holds=lambda rows, names: [{known}]),\n            "_drop": Fold('
    with pytest.raises(UnliftableError, match="what is known of any name is known of some only"):
        folded(rule, tmp_path, monkeypatch, ('_drop": Fold(', fold))


LEFT = f"len({ALL}) != 1 or 'zoe' not in without({ALL}, 'nobody')".replace("draft", "rows")


@pytest.mark.parametrize(
    "place",
    [
        ("is_well_formed=lambda _rows, _call: True", f"is_well_formed=lambda rows, _call: {LEFT}"),
        (
            "            lemmas=[\n",
            "            ranges=('LEFT',),\n            lemmas=[\n                StateLaw('LEFT', 'x', '',"
            f" lambda view, _: {LEFT.replace('rows', 'view.rows')}, {{LISTED: lambda key: key}}),\n",
        ),
    ],
    ids=["a call", "a law"],
)
def test_what_is_assumed_demands_nothing(
    place: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: the rule `without` demands that the removed name is in the list. Where it was used within an
    assumption, nobody proved that.
    """
    rule = f"    if 'zoe' in {ALL}:\n        return draft.delta()\n    _give(draft, POT, 1)\n    return draft.delta()\n"
    with pytest.raises(UnliftableError, match="has what is taken out: this is demanded where nothing proves it"):
        folded(rule, tmp_path, monkeypatch, place)


CLUBS = """

@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Club:
    owner: Final[str]
    accounts: Final[tuple[str, ...]]

    def __init__(self, owner: str = "", accounts: tuple[str, ...] = ()) -> None:
        self.owner = owner
        self.accounts = accounts


CLUBS: Final[Table[str, Club]] = SCHEMA.table("clubs", Club())


def _free(row: Any) -> int:
    if row.owner == "":
        return 0
    return 1 if all(one != row.owner for one in row.accounts) else 0


FREE: Final = Sum("free", CLUBS, lambda _rows, _key, _row: "all", _free)
"""


def test_any_name_of_one_rows_list_is_no_name_of_anothers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: two rows of a sum have lists of names. One symbol stood for an arbitrary name in both lists."""
    held = 'HELD: Final = Sum("held", BALANCES, lambda _rows, _key, _row: "all", lambda row: row.amount)\n'
    said = (
        "            StateLaw('T', 'x', '', lambda view, key: key != POT or view.rows.get(BALANCES, key).amount == 0"
        " or view.total(FREE, 'all') >= 1, {BALANCES: lambda key: key}, {FREE: lambda _: POT}),\n"
        '            StateLaw("MADE", '
    )
    places = (
        (held, held + CLUBS),
        ("        [HELD],\n", "        [HELD, FREE],\n"),
        ('            StateLaw("MADE", ', said),
        ('"listed.accounts": 1', '"listed.accounts": 1, "clubs.accounts": 1'),
    )
    rule = (
        "    one, two = draft.get(CLUBS, 'zoe'), draft.get(CLUBS, 'bob')\n"
        "    if one.owner != '' and two.owner != '' and one.owner != two.owner:\n        _give(draft, POT, 1)\n"
        "    return draft.delta()\n"
    )
    assert folded(rule, tmp_path, monkeypatch, *places, of="T") != "PROVED"


COUNTS = """def _counts(view: View, key: str) -> bool:
    n = 0
    for _ in range(view.rows.get(BALANCES, key).amount):
        n += 1
    return n == view.rows.get(BALANCES, key).amount or view.rows.get(BALANCES, key).amount < 0


def _theory("""


@pytest.mark.parametrize("known", ["        return draft.delta()\n", "        pass\n"])
def test_a_loop_of_a_law_is_no_part_of_the_call(known: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: a law that is read while a call runs has a loop. The engine took it for a loop of the call."""
    rule = f"    if draft.get(BALANCES, 'b').amount > 3:\n{known}    _give(draft, POT, 1)\n    return draft.delta()\n"
    law = '                StateLaw("COUNT", "It is counted.", "", _counts, {BALANCES: lambda key: key}),\n'
    ranges = f'            ranges=("COUNT",),\n            lemmas=[\n{law}'
    places = (("def _theory(", COUNTS), ("            lemmas=[\n", ranges))
    assert folded(rule, tmp_path, monkeypatch, *places) == "UNKNOWN"


@pytest.mark.parametrize("counted", ["len([one for one in {}]) == 1", "sum([1 for one in {}]) < 2"])
def test_a_list_of_any_length_is_gone_through_by_all_alone(
    counted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: within an `all`, a comprehension over a list of any length seemed to have one element."""
    listed = "view.rows.get(LISTED, SINGLETON).accounts"
    flags = f"    return all(view.rows.get(MARKS, account).is_set for account in {listed})"
    once = f"    return all({counted.format(listed)} for _ in (0,))"
    rule = (
        "    draft.put(LISTED, SINGLETON, Listed((*draft.get(LISTED, SINGLETON).accounts, 'x')))\n"
        "    draft.put(MARKS, 'x', Flag(True))\n    return draft.delta()\n"
    )
    with pytest.raises(
        UnliftableError, match=r"listed.accounts is of any length, and gone through by more than a loop"
    ):
        folded(rule, tmp_path, monkeypatch, (flags, once), ('follows={"FLAGS": ("FLAG",)},', ""), of="FLAGS")


CHARGE = """    if not all(_charge(draft, one) for one in draft.get(LISTED, SINGLETON).accounts):
        return Reason.TOO_LITTLE
    _give(draft, POT, 1)
    return draft.delta()


def _charge(draft: Draft, one: str) -> bool:
    if draft.get(BALANCES, one).amount < 1:
        return False
    _give(draft, one, -1)
    return True
"""


def test_all_over_a_rows_list_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: an `all` whose elements write rows was run for one name of a list, where Python writes for each."""
    with pytest.raises(UnliftableError, match=r"^a draft is written where `any` or `all` may have come to its end"):
        folded(CHARGE, tmp_path, monkeypatch, of="LOST")


SEEN_MORE = """

def _less(draft: Draft, names: Any, _left: Any) -> Any:
    return [(BALANCES, "x", Balance(draft.get(BALANCES, "x").amount - names["{0}"]))]
"""
FEW = (
    'StateLaw("MADE", "No token is made.", "", _no_more_than_at_the_start, {}, {HELD: lambda group: group})',
    'StateLaw("MADE", "x", "", lambda view, key: view.rows.get(BALANCES, "x").amount <= 1, '
    "{BALANCES: lambda key: key})",
)


def seen(known: str) -> tuple[tuple[str, str], ...]:
    """The replacements by which the law MADE says that "x" has at most one token. In the middle of the loop, the law
    sees the rows that `_less` returns.

    `known` holds further arguments of the fold.
    """
    fold = f"""'_pay_together': Fold({known}seen=Seen(_less, {{"MADE": lambda one: one}}, {{}})), "_drop": Fold("""
    return FEW, ('"_drop": Fold(', fold), ("import Fold, Induction,", "import Fold, Seen, Induction,")


def test_laws_see_the_same_rows_in_a_loop_as_after_each_element(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: the rows that laws see in the middle of a loop were computed from variables as they were before the
    loop.
    """
    rule = (
        "    paid = 0\n    for account in action.accounts:\n        _give(draft, 'x', 1)\n        paid += 1\n"
        f"    return draft.delta()\n{SEEN_MORE.format('paid')}"
    )
    known = seen('holds=lambda _rows, names: [names["paid"] >= 0], ')
    with pytest.raises(UnliftableError, match=r"^paid, which a loop may change, decides the rows that laws see"):
        folded(rule, tmp_path, monkeypatch, *known)


def test_paths_on_which_laws_see_other_rows_are_not_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: on merged paths, laws saw the rows that the first path's variables gave."""
    rule = (
        "    more = 0 if draft.get(FLAGS, SINGLETON).is_set else 5\n    for account in action.accounts:\n"
        "        draft.put(FLAGS, account, Flag(True))\n    _give(draft, 'x', more)\n"
        f"    return draft.delta()\n{SEEN_MORE.format('more').replace('- names', '+ names')}"
    )
    assert folded(rule, tmp_path, monkeypatch, *seen("")) == "UNKNOWN"
