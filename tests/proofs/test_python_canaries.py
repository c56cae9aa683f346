"""Canaries of Python that symbols misread. Each makes a payment free, and the opposite was once PROVED.

The lifter refuses most of them when it reads the source; the others are refuted. `test_canaries.py` explains the module
`purse`.
"""

import inspect
import re

import pytest

from proofs.builtin import STANDS_FOR, DictView, SymRange
from proofs.folds import Gathered, Items
from proofs.paths import UnliftableError
from proofs.python_subset import OF_SYMBOLS
from proofs.symbols import Different
from tests.proofs.test_canaries import GROWN, NEEDS, Break, free, status
from tests.proofs.test_canaries import theory as theory  # a fixture

CELL = "class Cell:\n    def __init__(self, value: int) -> None:\n        self.value = value\n"
ADDS = "def _add(met: list) -> bool:\n    {}\n    return True\n"
RESETS = "cell = Cell(0)\nseen = held.is_frozen and {}\n"
pytestmark = pytest.mark.source

Case = tuple[tuple[tuple[str, str], ...], str]


CHARGES = """
def _charge(draft: Draft) -> str:
    held = draft.get(PURSES, "bank")
    draft.put(PURSES, "bank", Purse(held.amount - 1, held.is_frozen))
    return "bank"
"""

KEPT: dict[str, Case] = {
    "a method under another name": (
        free("len(met) == 0", before="met = []\nadd = met.append\nseen = held.is_frozen and add(1)\n"),
        "met.append is kept",
    ),
    "a method of a list that outlives a call": (
        free("len(SEEN) == 99", needs="SEEN: Final[list[int]] = []", before="add = SEEN.append\nadd(1)\n"),
        "SEEN.append is kept",
    ),
    "a method as a key": (
        free("len(met) == 2", before="met = []\nseen = sorted((1, 2), key=met.append)\n"),
        "met.append is kept",
    ),
    "an item that is changed in place": (
        free(
            "len(met) == 0",
            needs=ADDS.format("box = [met]\n    box[0] += [1]"),
            before="met = []\nseen = held.is_frozen and _add(met)\n",
        ),
        "a list that this function has not made is changed",
    ),
    "a place that a call finds": (
        free("len(spent) == 2", needs=CHARGES, before="spent = {'bank': 1}\nspent[_charge(draft)] += 1\n"),
        re.escape("spent[_charge(draft)] is changed in place, and may be found twice"),
    ),
    "a place that a call finds, for what is left": (
        free("len(spent) == 2", needs=CHARGES, before="spent = {'bank': 1}\nspent[_charge(draft)] %= 7\n"),
        re.escape("spent[_charge(draft)] is changed in place, and may be found twice"),
    ),
    "a cast that calls something": (
        free("seen == 7", needs=f"from typing import cast\n{CHARGES}", before="seen = cast(_charge(draft), 7)\n"),
        re.escape("a cast to _charge(draft)"),
    ),
    "a cast to what is not there": (
        free("seen == 7", needs="from typing import cast\n", before="seen = cast(Nobodys, 7)\n"),
        "a cast to Nobodys is not understood",
    ),
    "a cast to what is not there yet": (
        free("seen == 7", needs="from typing import cast\n", before="seen = cast(kind, 7)\nkind = 1\n"),
        "a cast to kind is not understood",
    ),
    "a cast to what another module has not": (
        free(
            "seen == 7",
            needs="import spec.machine\nfrom typing import cast\n",
            before="seen = cast(spec.machine.Nobodys, 7)\n",
        ),
        re.escape("a cast to spec.machine.Nobodys is not understood"),
    ),
    "a field that is changed in place": (
        free(
            "len(met) == 0",
            needs="class Box:\n    def __init__(self, met: list) -> None:\n        self.met = met\n"
            "        self.met += [1]\n        self.ok = True\n",
            before="met = []\nseen = held.is_frozen and Box(met).ok\n",
        ),
        "a list that this function has not made is changed",
    ),
}

BEGUN: dict[str, Case] = {
    "a function that has the name of a beginning": (
        free(
            "held.amount == 3",
            needs="def __init__(cell: Any) -> bool:\n    cell.amount = 0\n    return True\n",
            before="seen = held.is_frozen and __init__(held)\n",
        ),
        "another meaning of __init__",
    ),
    "what begins that is given another value": (
        free(
            "cell.value == 0",
            needs=f"{CELL}\n\nclass Set:\n    def __init__(self, cell: Cell) -> None:\n        self.ok = True\n"
            "        self = cell\n        self.value = 1\n",
            before=RESETS.format("Set(cell).ok"),
        ),
        "another value of self",
    ),
    "what begins that stands before a slash": (
        free(
            "cell.value == 0",
            needs=f"{CELL}\n\nclass Set:\n    def __init__(self, /, cell: Cell) -> None:\n        self.ok = True\n"
            "        cell.value = 1\n",
            before=RESETS.format("Set(cell).ok"),
        ),
        "cell.value is changed",
    ),
    "a method that begins what it is derived from": (
        free(
            "cell.value == 0",
            needs=CELL.replace("Cell", "Base") + "\n\nclass Cell(Base):\n    def get(self, value: int) -> bool:\n"
            "        super().__init__(value)\n        return True\n",
            before=RESETS.format("cell.get(1)"),
        ),
        re.escape("super().__init__ begins an object again"),
    ),
    "a function that begins what it is given": (
        free(
            "cell.value == 0",
            needs=f"{CELL}\n\ndef _reset(cell: Cell) -> bool:\n    super(Cell, cell).__init__(1)\n    return True\n",
            before=RESETS.format("_reset(cell)"),
        ),
        re.escape("super(Cell, cell).__init__ begins an object again"),
    ),
    "a beginning by another name": (
        free("cell.value == 0", needs=f"{CELL}\n    begin = __init__\n", before=RESETS.format("cell.begin(1)")),
        "__init__ is not understood",
    ),
    "a beginning that is found while a module is loaded": (
        free(
            "cell.value == 0",
            needs=f"{CELL}\n\nBEGIN = getattr(Cell, '__init__')\n\n\ndef _set(cell: Cell) -> bool:\n"
            "    BEGIN(cell, 1)\n    return True\n",
            before=RESETS.format("_set(cell)"),
        ),
        "getattr is not understood",
    ),
}

FAKE = """
@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Fake:
    amount: Final[int]
    is_frozen: Final[bool]
    stands_for = Purse

    def __init__(self, amount: int = 0, is_frozen: bool = False) -> None:
        self.amount = amount
        self.is_frozen = is_frozen
"""
PUTS = "draft.put(PURSES, action.sender, Purse(held.amount + 1, held.is_frozen))"

NAMED: dict[str, Case] = {
    name: (free(expression, needs=needs, before=before), refusal)
    for name, expression, needs, before, refusal in (
        (
            "a cast of one's own",
            "cast(action.amount, 0)",
            "def cast(one: int, other: int) -> bool:\n    return one == 3\n",
            "",
            "another meaning of cast",
        ),
        ("a type of one's own", "type(held)", "", "type = lambda x: x.amount == 3\n", "another meaning of type"),
        ("a tuple of one's own", "tuple((action.amount,)) == 3", "", "tuple = lambda x: x[0]\n", "another meaning of"),
        (
            "a range of one's own",
            "range(action.amount)",
            "def range(n: int) -> bool:\n    return n == 3\n",
            "",
            "gives range another meaning",
        ),
        (
            "an argument that has a name of Python's",
            "_is(action.amount)",
            "def _is(sum: int) -> bool:\n    return sum == 3\n",
            "",
            "another meaning of sum",
        ),
        (
            "what notes that a function runs",
            "len(SEEN) == 99",
            "SEEN: Final[list[int]] = []\n_lifted_ran = bool\n",
            "SEEN.append(1)\n",
            "gives _lifted_ran another meaning",
        ),
        (
            "a loop of the lifter's",
            "isinstance(_loop1, int)",
            "",
            "_loop1 = 3\nfor k in (1, 2):\n    pass\n",
            "another meaning of _loop1",
        ),
        (
            "what makes tuples",
            "tuple([action.amount]) == (3,)",
            "def _tuple(one: Any) -> Any:\n    return (7,)\n",
            "",
            "gives _tuple another meaning",
        ),
        (
            "functions of Python's for all",
            "abs(0 - action.amount) == 3",
            "__builtins__ = {'abs': lambda x: 3}\n",
            "",
            "another meaning of __builtins__",
        ),
    )
}

OBJECTS: dict[str, Case] = {
    "an equality of one's own": (
        free(
            "box is box or box == box",
            needs="class Box:\n    def __eq__(self, other: object) -> bool:\n        return False\n",
            before="box = Box()\n",
        ),
        "another meaning of __eq__",
    ),
    "an equality that is given later": (
        free("held == Purse(3, True)", needs="Purse.__eq__ = lambda one, other: False\n"),
        re.escape("Purse.__eq__ while a module is loaded"),
    ),
    "an equality that is given by its class": (
        free("held == Purse(3, True)", needs="type.__setattr__(Purse, '__eq__', lambda one, other: False)\n"),
        re.escape("type.__setattr__ while a module is loaded"),
    ),
    "a truth of one's own": (
        free("Box()", needs="class Box:\n    def __bool__(self) -> bool:\n        return False\n"),
        "another meaning of __bool__",
    ),
    "a field that no other module knows": (
        free("draft._tables[PURSES.index].get('nobody') is None"),
        r"\._tables of a value of type Draft, which is for its own module",
    ),
    "what only a symbol has": (
        free("action.amount.term == 3", needs="class Has:\n    def __init__(self) -> None:\n        self.term = 3\n"),
        r"\.term of a value of type SymInt is not understood",
    ),
    "functions of Python's, changed": (
        free("abs(0 - action.amount) == 3", needs="import sys\n\nMODULES: Final = sys.modules\n"),
        "sys.modules while a module is loaded",
    ),
    "a module in another": (
        free("abs(0 - action.amount) == 3", needs="from enum import sys as s\n"),
        "sys is imported",
    ),
}

VALUES: dict[str, Case] = {
    "a dictionary that grows while it is gone through": (
        free("False", before="d = {1: 1}\nfor k in d:\n    if k < 5:\n        d[k + 1] = 1\n"),
        "a dictionary that grows while it is gone through",
    ),
    "values that are compared": (
        free("{1: action.amount}.values() != [action.amount]"),
        "to compare what a dictionary holds",
    ),
    "the kind of what a dictionary holds": (
        free("not isinstance({1: 1}.values(), list)"),
        "type DictView is of a kind",
    ),
    "a key without a hash": (free("len({key: 1}) == 2", before="key = [action.amount]\n"), "type list as a key"),
    "a range that is no tuple": (
        free("action.amount == 0 and range(action.amount) != ()"),
        "to compare a range between symbols",
    ),
    "a part of a range": (free("range(action.amount)[1:] != (1,)"), "a part of a range between symbols"),
    "the kind of a range": (free("not isinstance(range(action.amount), tuple)"), "type SymRange is of a kind"),
    "a text that writes a symbol down": (free("'abc' % action.amount == 'x'"), "the text of a value"),
    "a text that writes a symbol down, in place": (
        free("said == 'x'", before="said = 'abc'\nsaid %= action.amount\n"),
        "the text of a value",
    ),
    "a number in the place of a name": (
        free(
            "bank.amount == 2 and draft.get(PURSES, cast(str, 0)) == Purse(0, False)",
            needs="from typing import cast\n",
            before="bank = draft.get(PURSES, 'bank')\n",
        ),
        "is asked for by a key of another kind",
    ),
    "a number in the place of a name, in the past": (
        free(
            "draft.get(CLOCK, SINGLETON).block > 4 and PAST.value_at(draft, 'bank', 1) == 5"
            " and PAST.value_at(draft, cast(str, 0), 1) == 0",
            needs="from typing import cast\n",
        ),
        "a value of past is asked for by a key of another kind",
    ),
    "a row that says that it is another": (
        (
            (NEEDS, FAKE),
            (PUTS, PUTS.replace("Purse(", "Fake(")),
            free("held != Purse(held.amount, held.is_frozen)")[1],
        ),
        "a row of type Fake in purses is not understood",
    ),
    "a law that asks what a step wrote": (
        (*free("False"), (GROWN, "return len(step.after.rows.delta().writes) == 1")),
        "a law asks what a draft wrote",
    ),
    "a group of another kind": (
        (*free("False"), (GROWN, "return bool(step.before.total(HELD, 'all') == step.before.total(HELD, 1))")),
        "held is asked for a group of another kind",
    ),
}


CASES = {**KEPT, **BEGUN, **NAMED, **OBJECTS, **VALUES}


@pytest.mark.parametrize("name", CASES)
def test_what_python_takes_otherwise_is_refused(name: str, theory: Break) -> None:
    places, refusal = CASES[name]
    with pytest.raises(UnliftableError, match=refusal):
        status(theory(*places))


def test_an_object_that_begins_again_is_noticed_when_it_does(theory: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeated call of `__init__` is refused twice: at loading, and when it runs. With the first check switched off,
    the second still refuses it.
    """
    monkeypatch.setattr("proofs.loading_subset._NOT_AT_LOADING", frozenset())
    places, _ = BEGUN["a beginning that is found while a module is loaded"]
    with pytest.raises(UnliftableError, match="a value of type Cell begins again"):
        status(theory(*places))


def test_values_of_a_dictionary_are_those_of_now(theory: Break) -> None:
    """Regression: `values()` of a dictionary was a copy, and did not show later entries."""
    assert status(theory(*free("len(seen) == 2", before="d = {1: 1}\nseen = d.values()\nd[2] = 2\n"))) == "REFUTED"


def test_an_object_that_begins_what_it_is_derived_from_is_understood(theory: Break) -> None:
    """An object's `__init__` may call that of its base class once."""
    needs = (
        f"{CELL}\n\nclass Both(Cell):\n    def __init__(self, value: int) -> None:\n"
        "        self.twice = value + value\n        super().__init__(value)\n"
    )
    place = theory(*free("both.value == 3 and both.twice == 6", needs=needs, before="both = Both(action.amount)\n"))
    assert status(place) == "REFUTED"
    place = theory(*free("both.value + both.value != both.twice", needs=needs, before="both = Both(action.amount)\n"))
    assert status(place) == "PROVED"


BOX = "class Box:\n    def __init__(self, term: int) -> None:\n        self.term = term\n"
"""A class whose field has the name of an attribute of the engine's symbols."""


def test_a_field_of_the_name_of_a_symbols_attribute_is_understood(theory: Break) -> None:
    """Regression: the engine refused any source whose fields have the names of its symbols' attributes."""
    boxed = "box = Box(action.amount)\n"
    assert status(theory(*free("box.term != action.amount", needs=BOX, before=boxed))) == "PROVED"
    assert status(theory(*free("box.term == 7", needs=BOX, before=boxed))) == "REFUTED"


@pytest.mark.parametrize(("asked", "kind"), [("action.amount", "SymInt"), ("held.is_frozen", "SymBool"), ("7", "int")])
def test_no_symbol_is_asked_for_its_own_attribute(asked: str, kind: str, theory: Break) -> None:
    place = theory(*free(f"({asked}).term == 7", needs=BOX))
    with pytest.raises(UnliftableError, match=rf"\.term of a value of type {kind} is not understood"):
        status(place)


VALUES_OF_PATHS = {**STANDS_FOR, SymRange: range, Items: tuple, Gathered: list, Different: set, DictView: list}


@pytest.mark.parametrize("kind", VALUES_OF_PATHS, ids=lambda kind: kind.__name__)
def test_every_attribute_of_a_symbol_is_pythons_or_in_the_list(kind: type) -> None:
    named = {*dir(kind), *re.findall(r"self\.(\w+)(?=:| =)", inspect.getsource(kind))}
    own = {name for name in named if not name.startswith("_") and name not in dir(VALUES_OF_PATHS[kind])}
    assert own <= set(OF_SYMBOLS.split())


NAMES = """
@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Names:
    all_of: Final[tuple[str, ...]]

    def __init__(self, all_of: tuple[str, ...] = ()) -> None:
        self.all_of = all_of


NAMES: Final[Table[str, Names]] = SCHEMA.table("names", Names())
"""
NUMBERS = (
    "    amount: Final[int]\n\n    def __init__(self, sender: str, amount: int) -> None:\n",
    "    amount: Final[int]\n    numbers: Final[tuple[int, ...]]\n\n"
    "    def __init__(self, sender: str, amount: int, numbers: tuple[int, ...]) -> None:\n"
    "        self.numbers = numbers\n",
)
LIMITS = ("limits=Limits(),", 'limits=Limits(lists={"names.all_of": 2, "Pay.numbers": 2}),')


@pytest.mark.parametrize("listed", ["action.numbers", "[]", "{}", "range(action.amount)", "set()"])
def test_a_list_of_a_row_is_of_its_items(listed: str, theory: Break) -> None:
    """Regression: a list of numbers, or a value that is no tuple, could be stored in a row's field that is a tuple of
    names.
    """
    met = f"draft.put(NAMES, SINGLETON, Names({listed}))\n"
    with pytest.raises(UnliftableError, match=r"names\.all_of is given a value of another kind|that is kept"):
        status(theory(*free("5 in draft.get(NAMES, SINGLETON).all_of", needs=NAMES, before=met), NUMBERS, LIMITS))


def test_calls_have_an_equality_of_their_own(theory: Break) -> None:
    """Regression: two calls of a class that Python compares by identity became equal as symbols."""
    declared = "@attr.s(auto_attribs=True, init=False, {})\nclass Pay:"
    of_nobody = (declared.format("unsafe_hash=True"), declared.format("eq=False"))
    with pytest.raises(UnliftableError, match="calls of type Pay have no equality of their own"):
        status(theory(*free("action == action"), of_nobody))


def test_what_calls_hold_has_an_equality_of_its_own(theory: Break) -> None:
    note = "@attr.s(auto_attribs=True, init=False, eq=False)\nclass Note:\n    def __init__(self, of: int) -> None:\n"
    places = tuple([text.replace("tuple[int, ...]", "tuple[Note, ...]") for text in NUMBERS])
    notes = ("class Reason(Rejection):", f"{note}        self.of = of\n\n\nclass Reason(Rejection):")
    with pytest.raises(UnliftableError, match="calls of type Note have no equality of their own"):
        status(theory(*free("action.numbers[0] == action.numbers[1]"), (places[0], places[1]), notes, LIMITS))
