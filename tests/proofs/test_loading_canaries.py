"""Canaries of names that a rule finds in other modules, and of code that runs while modules are loaded.

Each of these false statements was once PROVED.
"""

import importlib
import re
import sys
from pathlib import Path

import pytest

import proofs.theory
from harness.protocols import pack_at
from invariants.symbiotic.walk import WALK
from invariants.walker import random_walk
from proofs.call_task import prover_of, run_call
from proofs.paths import UnliftableError
from proofs.running_world import refuse_world_of
from tests.proofs.test_canaries import GONE, NEEDS, Break, free, status
from tests.proofs.test_canaries import theory as theory  # a fixture

pytestmark = pytest.mark.source

IMPORTS = "from proofs.theory import Induction,"
LEMMAS = "LEMMAS: Final[list"


def beside(name: str) -> tuple[tuple[str, str], ...]:
    """The replacements by which the copy of the module `purse` imports the module `name`.

    That module is lifted too: loaded to run on symbols.
    """
    return (
        (LEMMAS, f"SETUP: Final = Setup(lifted=('{name}',))\n{LEMMAS}"),
        (IMPORTS, f"import {name}\nfrom proofs.setup import Setup\n{IMPORTS}"),
    )


IN_MODULES = {
    "an iterator": ("met > 0", GONE.format("constants_1.MET"), "constants_1.MET"),
    "a module in a list": ("[one.NAMES for one in (constants_3,)] == []", "", "constants_3"),
    "a module that a function knows": ("len(known.MET) == 0", "known = constants_4\n", "constants_4"),
}


@pytest.mark.parametrize("case", IN_MODULES)
def test_what_is_found_in_a_module_is_looked_at(case: str, theory: Break, tmp_path: Path) -> None:
    expression, before, refused = IN_MODULES[case]
    name = refused.partition(".")[0]
    text = "MET = zip((3, 4))\nNAMES = ('a', 'b')\n"
    (tmp_path / f"{name}.py").write_text(text)
    with pytest.raises(UnliftableError, match=f"^{re.escape(refused)} is not understood"):
        status(theory(*free(expression, before=before), *beside(name)))


def test_a_constant_of_a_module_is_understood(theory: Break, tmp_path: Path) -> None:
    (tmp_path / "constants_5.py").write_text("FREE = 7\n")
    assert status(theory(*free("action.amount == constants_5.FREE"), *beside("constants_5"))) == "REFUTED"
    assert status(theory(*free("constants_5.FREE == 8"), *beside("constants_5"))) == "PROVED"


PATH = "from pathlib import Path\nfrom typing import Any\n"
LOADED = {
    "a file": (f"{PATH}\n\ndef _fee() -> int:\n    return int(Path('fee').read_text())\n\n\n", "Path('fee').read_text"),
    "a file beside the module": (
        f"{PATH}\n\ndef _fee() -> int:\n    return int((Path(__file__).parent / 'fee').read_text())\n\n\n",
        "(Path(__file__).parent / 'fee').read_text",
    ),
    "another module": (
        "def _fee() -> int:\n    from fees import FEE\n    return FEE\n\n\n",
        "ImportFrom in a function",
    ),
    "a class that is handed on": (
        f"{PATH}\n\ndef _fee(of: Any = Path) -> int:\n    return int(of('fee').read_text())\n\n\n",
        "what Path finds while a module is loaded",
    ),
    "the text of what the lifter replaces": ("def _fee() -> int:\n    return len(str(max))\n\n\n", "max"),
    "a field of what the lifter replaces": (
        "def _fee() -> int:\n    return int(hasattr(PAST, '_now'))\n\n\n",
        "hasattr",
    ),
    "what another module knows": (
        "import spec.codec\n\n\ndef _fee() -> int:\n    return len(spec.codec.sys.argv)\n\n\n",
        "sys of another module",
    ),
    "what another module knows, by its name": (
        "from spec.codec import sys as known\n\n\ndef _fee() -> int:\n    return len(known.argv)\n\n\n",
        "sys of another module",
    ),
    "what is caught": (
        "try:\n    from fees import FEE\nexcept ImportError:\n    pass\n\n\ndef _fee() -> int:\n    return 3\n\n\n",
        "Try while a module is loaded",
    ),
    "the text of the place of a module": (
        f"{PATH}\n\ndef _fee() -> int:\n    return len(str(Path(__file__).parents[0] / 'a'))\n\n\n",
        "the text of a value of type Place",
    ),
    "the place of a module, compared": (
        f"{PATH}\n\ndef _fee() -> int:\n    return 3 if Path(__file__) == Path(__file__).parent else 4\n\n\n",
        "what the place of a module is, while a module is loaded,",
    ),
    "the order of a set": (
        "def _fee() -> int:\n    return len(tuple({'a', 'bc'})[0])\n\n\n",
        "a set of other values than numbers",
    ),
    "the order of a set that a function makes": (
        "def _fee() -> int:\n    return len(list(set(('a', 'bc')))[0])\n\n\n",
        "a set of other values than numbers",
    ),
    "the order of a frozenset": (
        "NAMES: Final = frozenset(name for name in ('a', 'bc'))\n\n\n"
        "def _fee() -> int:\n    return len([name for name in NAMES][0])\n\n\n",
        "a set of other values than numbers",
    ),
    "the order of a set of keys": (
        "def _fee() -> int:\n    return len(tuple({'a': 1, 'bc': 2}.keys() & {'a': 1, 'bc': 3}.keys())[0])\n\n\n",
        "{'a': 1, 'bc': 2}.keys() & {'a': 1, 'bc': 3}.keys()",
    ),
    "the order of a set by a method": (
        "def _fee() -> int:\n    return tuple({1}.union((2, 3)))[0]\n\n\n",
        "{1}.union",
    ),
    "a text that a name fills in": (
        "T: Final = '{}'\n\n\ndef _fee() -> int:\n    return len(T.format(PAST))\n\n\n",
        "T.format",
    ),
    "a text that the class fills in": ("def _fee() -> int:\n    return len(str.format('{}', PAST))\n\n\n", "str"),
    "what is sorted by its text": (
        "def _fee() -> int:\n    return 1 if sorted((PAST, '<r'), key=str)[0] == '<r' else 0\n\n\n",
        "str as a value",
    ),
    "what attrs does to fields": (
        "@attr.frozen(field_transformer=lambda _of, fields: fields)\nclass Note:\n    of: int = 3\n\n\n"
        "def _fee() -> int:\n    return Note().of\n\n\n",
        "field_transformer of attr.frozen",
    ),
}


@pytest.mark.parametrize("case", LOADED)
def test_what_runs_while_a_module_is_loaded_is_read(
    case: str, theory: Break, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fee").write_text("3")
    (tmp_path / "fees.py").write_text("FEE = 3\n")
    needs, refused = LOADED[case]
    with pytest.raises(UnliftableError, match=f"^{re.escape(refused)}.*is not understood"):
        status(theory(*free("FEE == 4", needs=f"{needs}FEE: Final = _fee()")))


def test_a_constant_that_a_function_finds_is_understood(theory: Break) -> None:
    fee = "def _fee(by: int) -> int:\n    fees = [n * by for n in range(3)]\n    return max(fees)\n"
    fee += "\n\nFEE: Final = _fee(2)"
    assert status(theory(*free("FEE == 4", needs=fee))) == "REFUTED"
    assert status(theory(*free("FEE == 5", needs=fee))) == "PROVED"


def test_sets_of_numbers_and_sorted_sets_are_understood(theory: Break) -> None:
    fee = "FEE: Final = sorted({'bc', 'a'})[0]\nSIZES: Final = frozenset((1, 2))"
    assert status(theory(*free("FEE == action.sender and 2 in SIZES", needs=fee))) == "REFUTED"


@pytest.mark.parametrize("name", ["__debug__", "__doc__", "__file__", "__package__", "__cached__"])
def test_what_python_says_of_a_module_is_refused(name: str, theory: Break) -> None:
    """Regression: a rule could read names that Python sets, such as `__file__`. Their values depend on the file's place
    or Python's options.
    """
    with pytest.raises(UnliftableError, match=rf"^{name}, which Python sets, is not understood"):
        status(theory(*free(f"not {name}")))


def test_the_present_is_one_in_all_states(theory: Break) -> None:
    """Regression: a theory's function `now` forked, and its first side was taken for the present time in all states."""
    now = "now=lambda rows: rows.get(CLOCK, SINGLETON).block,"
    other = now.replace(".block,", ".block if rows.get(CLOCK, SINGLETON).price > 0 else 10000,")
    with pytest.raises(UnliftableError, match=r"^the theory's `now` is another in other states"):
        status(theory((now, other)))


def test_where_a_module_stands_is_nothing_that_it_knows(theory: Break) -> None:
    """Regression: a constant computed from the module's path was proved to have the value that it has in the prover's
    folder.
    """
    fee = f"{PATH}\n\ndef _fee() -> int:\n    return len(Path(__file__).parent.name)\n\n\nFEE: Final = _fee()"
    with pytest.raises(UnliftableError, match=r"^AttributeError: 'Place' object has no attribute 'name'"):
        status(theory(*free("FEE == 4", needs=fee)))


def test_the_place_of_a_module_may_be_handed_on(theory: Break) -> None:
    """A module may compute another path from its own, as a protocol pack does for its traces. No rule may read the
    result.
    """
    needs = f"{PATH}\n\ndef _beside(name: str) -> Path:\n    return Path(__file__).parent / name\n\n\n"
    assert status(theory(*free("action.amount == 7", needs=f"{needs}TRACES: Final = _beside('traces')"))) == "REFUTED"
    with pytest.raises(UnliftableError, match=r"^TRACES is not understood"):
        status(theory(*free("TRACES is None", needs=f"{needs}TRACES: Final = _beside('traces')")))


def test_no_function_is_awaited(theory: Break) -> None:
    """Regression: the engine did not note that an asynchronous function ran, so its source was not checked."""
    needs = "async def _f(n: int) -> int:\n    return n\n\n\ndef cr_frame() -> None:\n    pass\n"
    needs += "\n\ndef f_globals() -> None:\n    pass"
    with pytest.raises(UnliftableError, match=r"^AsyncFunctionDef is not understood"):
        status(theory(*free("'_fold' in _f(1).cr_frame.f_globals", needs=needs)))


ADDS = "def _add(box: Any) -> bool:\n    got = [PURSES.append(9) for PURSES in (box,)]\n    return True\n"
ROW = "        self.amount = amount\n        self.is_frozen = is_frozen\n"
SIZE = (ROW, f"{ROW}\n    size = property(lambda self: len({{1: self.amount}}.copy()))\n")
TOLD = {
    "the text of a function": (free("'built-in' in str(max)"), "max as a value"),
    "the text of a history": (free("'spec.history' in str(PAST)"), "the text of a value of type HistoryTable"),
    "the text of a class": (free("'spec.history' in str(HistoryTable)"), "the text of a value of type type"),
    "a class that writes down": (free("'spec.history' in of(PAST)", before="of = str\n"), "str as a value"),
    "a text that is filled in": (
        free("'spec' in '{}'.format(PAST)", needs="def format() -> None:\n    pass"),
        "'{}'.format",
    ),
    "a text that was filled in": (
        free("'spec' in SAID", needs="def _said() -> str:\n    return f'{PAST}'\n\n\nSAID: Final = _said()"),
        "the text of a value of type HistoryTable",
    ),
    "a text that is filled in later": (
        free("'spec' in fill(PAST)", needs="def format() -> None:\n    pass", before="fill = '{}'.format\n"),
        "'{}'.format",
    ),
    "what is sorted by its text": (free("sorted((PAST, 1), key=str)[0] == 1"), "str as a value"),
    "a property that fails": ((SIZE, *free("hasattr(held, 'size')")), "whether a value of type Purse has .size"),
    "a comprehension that names a list like a table": (
        free("len(met) == 0", needs=ADDS, before="met = []\nseen = held.is_frozen and _add(met)\n"),
        "PURSES is changed",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_tells_a_symbol_from_a_value_is_refused(case: str, theory: Break) -> None:
    places, refused = TOLD[case]
    with pytest.raises(UnliftableError, match=f"^{re.escape(refused)}.*is not understood"):
        status(theory(*places))


def test_texts_of_numbers_and_names_are_understood(theory: Break) -> None:
    assert status(theory(*free("str(7) == action.sender"))) == "REFUTED"


def test_no_rule_asks_the_engine(theory: Break) -> None:
    """Regression: a rule could read a list of the engine that is empty unless a path is being followed."""
    places = free("len(RUNS) == 0", needs="from proofs.paths import RUNS")
    with pytest.raises(UnliftableError, match=r"^proofs\.paths is imported is not understood"):
        status(theory(*places))
    places = free("len(LISTS) == 0", needs="from proofs.eigenlayer.listings import LISTS")
    with pytest.raises(UnliftableError, match=r"^LISTS of the engine is not understood"):
        status(theory(*places))
    places = free("len(KNOWN) == 0", needs="from proofs.eigenlayer.listings import LISTS\n\nKNOWN = LISTS")
    with pytest.raises(UnliftableError, match=r"^KNOWN is not understood"):
        status(theory(*places))


NESTED = {
    "a default of a lambda": ("len(SEEN) == 3", "never = lambda x=SEEN.append(1): 0\n", "SEEN outlives this function"),
    "a default of a function": (
        "len(SEEN) == 3",
        "def never(x=SEEN.append(1)):\n    return x\n",
        "SEEN outlives this function",
    ),
    "a decorator": (
        "len(SEEN) == 3",
        "@_keep(SEEN.append(1))\ndef never():\n    return 0\n",
        "SEEN outlives this function",
    ),
    "a decorator that keeps an iterator": (
        "len(list(each)) == 3",
        "@_keep(zip((1, 2, 3)))\ndef each():\n    return 0\n",
        "zip((1, 2, 3)) is kept",
    ),
}


@pytest.mark.parametrize("case", NESTED)
def test_what_a_function_evaluates_for_one_within_it_is_looked_at(case: str, theory: Break) -> None:
    """Regression: defaults and decorators of a function within a function were read only when that one ran."""
    expression, before, refused = NESTED[case]
    needs = "SEEN: Final[list[int]] = []\n\n\ndef _keep(of: Any) -> Any:\n    return lambda _function: of"
    with pytest.raises(UnliftableError, match=f"^{re.escape(refused)}"):
        status(theory(*free(expression, needs=needs, before=before)))


def proved_call(place: str) -> str:
    return str(run_call(place, "Pay", ["GROWS"], 1)["verdicts"]["GROWS"]["verdict"])


def imported(constant: str, *, lifted: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The replacements by which a payment is free if its amount and `FREE`, a constant of a lifted module, are related
    by `constant`: `==` or `in`.
    """
    module = lifted[0]
    return (
        (LEMMAS, f"SETUP: Final = Setup(lifted={lifted!r})\n{LEMMAS}"),
        (IMPORTS, f"from {module} import FREE\nfrom proofs.setup import Setup\n{IMPORTS}"),
        *free(f"action.amount {constant} FREE"),
    )


SET = {
    "a constant": ("consts.FREE = 7", "FREE"),
    "a private constant": ("consts._ALSO = 7", "_ALSO"),
    "a constant that becomes an object": ("consts.FREE = consts.Settings()", "FREE"),
    "a function": ("consts.fee = consts.other_fee", "fee"),
    "the code of a function": ("consts.fee.__code__ = consts.other_fee.__code__", "fee"),
    "a name of a builtin": ("consts.max = lambda *amounts: 0", "max"),
    "lambdas that change places": (
        "consts.FEES['any'], consts.FEES['none'] = consts.FEES['none'], consts.FEES['any']",
        "FEES",
    ),
    "an object with slots": ("consts.SLOTTED.free = 7", "SLOTTED"),
    "a method that attrs made": ("consts.Settings.__init__ = lambda self: None", "Settings"),
    "a truth value": ("consts.Plain.__bool__ = lambda self: False", "Plain"),
    "an attribute that is gone": ("del consts.Plain.also", "Plain"),
    "an attribute that is new": ("consts.PLAIN.extra = 7", "PLAIN"),
    "a function of the same name": (
        "def fee() -> int:\n    return 0\n\n\nconsts.fee = fee",
        "fee",
    ),
    "a wrapped function": (
        "import functools\n\n\n@functools.wraps(consts.fee)\ndef free() -> int:\n    return 0\n\n\nconsts.fee = free",
        "fee",
    ),
    "a function with an argument bound": (
        "import functools\n\nconsts.fee = functools.partial(consts.other_fee)",
        "fee",
    ),
    "a default of a function": ("consts.fee.__defaults__ = (7,)", "fee"),
    "a variable around a function": ("consts.around = consts.within(7)", "around"),
    "an entry of a table of functions": ("consts.FEES['all'] = consts.other_fee", "FEES"),
    "a lambda in a table": ("consts.FEES['any'] = lambda: 0", "FEES"),
    "an object with settings": ("consts.SETTINGS = consts.Settings(7)", "SETTINGS"),
    "a plain object with settings": ("consts.PLAIN.free = 7", "PLAIN"),
    "an attribute of a class": ("consts.Plain.also = 7", "Plain"),
    "a class": ("consts.Plain = type('Plain', (), {'also': -1})", "Plain"),
    "a method of a class": ("consts.Plain.fee = lambda self: 0", "Plain"),
    "a static method": ("consts.Plain.none = staticmethod(consts.other_fee)", "Plain"),
    "a property": ("consts.Plain.size = property(consts.other_fee)", "Plain"),
    "a method of another object": ("other = consts.Plain()\nother.free = 7\nconsts.charge = other.fee", "charge"),
    "a member of an enumeration": ("consts.LEVEL = consts.Level.HIGH", "LEVEL"),
    "a tuple with fields": ("consts.TERMS = consts.TERMS._replace(free=7)", "TERMS"),
    "a set": ("consts.ALL.add(7)", "ALL"),
}
CONSTS = """
from enum import Enum
from typing import NamedTuple

import attr

FREE = -1
_ALSO = -1


def fee(extra: int = 0) -> int:
    return 1


def other_fee() -> int:
    return 0


def within(amount: int):
    def around() -> int:
        return amount

    return around


@attr.s(auto_attribs=True, frozen=True)
class Settings:
    free: int = -1


class Plain:
    also = -1

    def __init__(self) -> None:
        self.free = -1

    def fee(self) -> int:
        return 1

    @staticmethod
    def none() -> int:
        return 0

    @property
    def size(self) -> int:
        return 1


class Slotted:
    __slots__ = ("free",)

    def __init__(self) -> None:
        self.free = -1


class Level(Enum):
    LOW = 0
    HIGH = 1


class Terms(NamedTuple):
    free: int


around = within(1)
FEES = {
    "all": fee,
    "any": lambda: 1,
    "none": lambda: 0,
}
SLOTTED = Slotted()
SETTINGS, PLAIN, LEVEL, TERMS, ALL = Settings(), Plain(), Level.LOW, Terms(-1), {1}
charge = PLAIN.fee
"""


@pytest.mark.parametrize("case", SET)
def test_a_package_sets_nothing_of_a_lifted_module(case: str, theory: Break, tmp_path: Path) -> None:
    """Regression: a value that a package's `__init__` set in a module was there when the module ran, but not in proofs.

    Proofs lift the module, that is load it to run on symbols, but not the package's `__init__`.
    """
    sets, name = SET[case]
    place = theory(*imported("==", lifted=(package_that(tmp_path, f"sets_{list(SET).index(case)}", sets),)))
    with pytest.raises(UnliftableError, match=rf"^sets_\d+\.consts\.{name} has another value where it runs"):
        proved_call(place)


def test_a_package_that_sets_nothing_is_proved(theory: Break, tmp_path: Path) -> None:
    assert proved_call(theory(*imported("==", lifted=(package_that(tmp_path, "sets_nothing", ""),)))) == "PROVED"


def package_that(folder: Path, package: str, sets: str) -> str:
    """The name of a module with values of every kind, in a new package whose `__init__` has the source `sets`."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text(f"from {package} import consts\n\n{sets}\n")
    (folder / package / "consts.py").write_text(CONSTS)
    return f"{package}.consts"


def test_a_world_that_has_run_is_the_one_that_is_proved() -> None:
    """Regression: every proof was refused after a walk in the same process, since catalogues and schemas cache what
    they have looked up.
    """
    random_walk(WALK, seed=0, steps=50)
    prover_of("proofs.symbiotic.theory:THEORY", "Slash")


@pytest.mark.parametrize("name", ["eigenlayer", "symbiotic"])
def test_what_a_pack_of_ours_loads_changes_no_rule(name: str) -> None:
    """Commands ask this of packs from outside alone, since it takes seconds."""
    pack = pack_at(name)
    assert all([pack.walk, pack.games, pack.bounded_model, pack.rule_machine, pack.workload])
    refuse_world_of(f"proofs.{name}.theory:THEORY")


def test_a_module_that_the_theory_does_not_import_fills_no_registry(theory: Break, tmp_path: Path) -> None:
    """Regression: a pack imported a module that filled a list of a lifted one. The theory did not import it, so proofs
    had an empty list.
    """
    (tmp_path / "core_1.py").write_text("FREE: list[int] = []\n")
    (tmp_path / "extra_1.py").write_text("from core_1 import FREE\n\nFREE.append(7)\n")
    place = theory(*imported("in", lifted=("core_1", "extra_1")))
    importlib.import_module("extra_1")
    with pytest.raises(UnliftableError, match=r"^core_1\.FREE has another value where it runs"):
        proved_call(place)


def test_a_lifted_module_is_no_attribute_of_a_package_that_runs(theory: Break, tmp_path: Path) -> None:
    """Regression: after a module was lifted, `from package import module` gave the lifted copy to all code."""
    (tmp_path / "gives_1").mkdir()
    (tmp_path / "gives_1" / "__init__.py").write_text("")
    (tmp_path / "gives_1" / "consts.py").write_text("FREE = -1\n")
    assert status(theory(*imported("==", lifted=("gives_1.consts",)))) == "PROVED"
    assert importlib.import_module("gives_1").consts is sys.modules["gives_1.consts"]
    assert proofs.theory is sys.modules["proofs.theory"]


@pytest.mark.parametrize("name", ["genesis", "contracts"])
def test_no_call_has_the_name_of_another_part_of_the_ledger(name: str, theory: Break) -> None:
    """Regression: a ledger has a part for the base case, genesis. The laws of a call with that name were due in its
    place.
    """
    with pytest.raises(UnliftableError, match=f"^no call can be called {name}$"):
        status(theory(("    (Pay,),\n", f"    ({name},),\n"), (NEEDS, f"class {name}(Pay):\n    pass\n")))
