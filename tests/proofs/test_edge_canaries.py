"""Canaries of the edges of a proof. Each of these false statements was once PROVED.

Some run code while no path is followed. Some read the text of values that are no symbols. Others lose facts between the
proof of a part and the reported verdict.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

from proofs.call_task import run_call
from proofs.genesis import Beginning
from proofs.paths import UnliftableError
from proofs.prover import Prover
from proofs.setup import HISTORIES_ALONE
from tests.proofs.test_canaries import NEEDS, RULE, Break, free, status
from tests.proofs.test_canaries import theory as theory  # a fixture
from tests.proofs.test_cuts import LOOPS
from tests.proofs.test_engine_canaries import ANY_LAW, RISES, SCOPED, lemmas, state_law
from tests.proofs.test_python_canaries import CHARGES, NUMBERS

pytestmark = pytest.mark.source

Places = tuple[tuple[str, str], ...]

INIT = (
    "    def __init__(self, sender: str, amount: int) -> None:\n        self.sender = sender\n"
    "        self.amount = amount\n"
)
MATCHES = (
    "match amount:\n            case int():\n                self.extra = True\n            case _:\n"
    "                self.extra = False"
)
TRIES = (
    "try:\n            self.extra = len(str(amount)) == 1\n        except Exception:\n            self.extra = False"
)


def made(line: str) -> Places:
    """The replacements in the module `purse` by which the constructor of a call runs `line`. The payment is free if
    `line` set the field `extra`.
    """
    return ((INIT, f"{INIT}        {line}\n"), *free("action.extra"))


CYCLE = """class Obj:
    def __init__(self, links: list[Any], met: Any) -> None:
        self.links = links
        self.met = met


LINKS: Final[list[Any]] = []
OBJ: Final = Obj(LINKS, zip((3, 4)))
LINKS.append(OBJ)


def _dead() -> bool:
    return OBJ.met == 1


def _met() -> int:
    return len([one for one in LINKS[0].met])
"""
GOES_ROUND = (
    "seen = held.amount != held.amount and _dead() == True\nmet = _met()\nif action.amount != 7:\n    return False\n"
)
LISTED = ("limits=Limits(),", 'limits=Limits(lists={"Pay.numbers": 2}),')
TWICE = "seen = _charge(draft) is BANK or _charge(draft) == BANK\n"

REFUSED: dict[str, tuple[Places, str]] = {
    "the text of a list of a call": (
        (*free('str(action.numbers) == "()"'), NUMBERS, LISTED),
        "the text of a value of type SymList is not understood",
    ),
    "the text of a dictionary": (free('str({}) == "{}"'), "the text of a value of type SymDict is not understood"),
    "the text of a set": (free('str(set()) == "set()"'), "the text of a value of type SymSet is not understood"),
    "the text of a range": (
        free('str(range(action.amount)) == "range(0, 3)"'),
        "the text of a value of type SymRange is not understood",
    ),
    "the type of what a call is given": (
        made("self.extra = type(amount) is int"),
        "the type of a value of type SymInt",
    ),
    "the text of what a call is given": (made("self.extra = repr(sender) == \"'zoe'\""), "repr is not understood"),
    "a refusal that a call catches": (made(TRIES), "Try is not understood"),
    "a call that matches": (made(MATCHES), "Match is not understood"),
    "a call that asks for an attribute": (
        made("self.extra = hasattr(sender, 'upper')"),
        "whether a value of type SymName",
    ),
    "a call that holds more than it is given": (
        made("self.extra = amount == 7"),
        "a value of type Pay holds something else than it is given",
    ),
    "a call that decides": (
        (
            (INIT, f"{INIT}        if amount > 5:\n            self.amount = amount\n"),
            *free("action.amount > 5"),
        ),
        "a value of type Pay holds something else than it is given",
    ),
    "an identity that saves a call": (
        free("seen", needs=f"BANK: Final = 'bank'\n{CHARGES}", before=TWICE),
        "the identity of a value of type str is not understood",
    ),
    "a list that holds what holds it": (free("met > 0", needs=CYCLE, before=GOES_ROUND), "LINKS is not understood"),
    "a rule that asks if it is followed": (
        free("not is_followed()", needs="from proofs.paths import is_followed\n"),
        "proofs.paths is imported is not understood",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_followed_is_refused(name: str, theory: Break) -> None:
    places, refusal = REFUSED[name]
    with pytest.raises(UnliftableError) as refused:
        status(theory(*places))
    assert str(refused.value).startswith(refusal)


def test_the_text_of_a_list_of_any_length_is_refused(theory: Break, tmp_path: Path) -> None:
    theory()  # puts the folder on the path
    head = "    paid = 0\n    for account in action.accounts:\n        _give(draft, account, 1)\n"
    assert LOOPS.count(head) == 1
    text = LOOPS.replace(head, f"    if str(action.accounts) == '()':\n        _give(draft, POT, 1)\n{head}")
    (tmp_path / "loops_text.py").write_text(text.replace('"tests.proofs.loops"', '"loops_text"'))
    with pytest.raises(UnliftableError, match=r"^the text of a value of type \w+ is not understood"):
        run_call("loops_text:THEORY", "PayTogether", ["MADE"], 1)


@pytest.mark.parametrize(
    ("constants", "refusal"),
    [
        ("from pathlib import Path\n\nFREE = int(Path('fee.txt').read_text())\n", "Path while a module is loaded"),
        ("try:\n    _fold\n    FREE = 0\nexcept NameError:\n    FREE = 1\n", "Try while a module is loaded"),
    ],
)
def test_a_module_of_constants_is_asked_what_it_does(
    constants: str, refusal: str, theory: Break, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a module of which no function ran could read files or catch errors while it was loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "constants_beside", raising=False)
    (tmp_path / "fee.txt").write_text("0")
    (tmp_path / "constants_beside.py").write_text(constants)
    place = theory(
        ("LEMMAS: Final[list", "SETUP: Final = Setup(lifted=('constants_beside',))\nLEMMAS: Final[list"),
        (
            "from proofs.theory import Induction,",
            "from constants_beside import FREE\nfrom proofs.setup import Setup\nfrom proofs.theory import Induction,",
        ),
        *free("FREE == 1"),
    )
    with pytest.raises(UnliftableError) as refused:
        run_call(place, "Pay", ["GROWS"], 1)
    assert str(refused.value).startswith(refusal)


def said(place: str, law_id: str) -> tuple[Any, Any]:
    """The verdict on a law that a run reports for the call Pay, and the verdict's scope."""
    found = run_call(place, "Pay", [law_id], 1)["verdicts"][law_id]
    return found["verdict"], found["scope"]


def test_what_a_call_cannot_break_is_said_in_the_scope_of_all_paths(theory: Break) -> None:
    """Regression: a part of a proof held only within bounds, its scope, but the verdict put together from the parts had
    none.
    """
    rule, _ = SCOPED["a table that is never written"][1]
    never = state_law("ANY", "view.rows.get(CLOCK, SINGLETON).price != 5", "{CLOCK: lambda _: SINGLETON}")
    assert said(theory(rule, (ANY_LAW, never)), "ANY") == ("PROVED", ["range in transition of length <= 2"])


def test_what_a_law_reads_beyond_its_bound_is_said_in_the_scope_of_what_it_cannot_break(theory: Break) -> None:
    low = (
        "def _low(rows: Any, key: str) -> bool:\n    for k in range(rows.get(PURSES, key).amount):\n"
        "        if k == 2 and rows.get(CLOCK, SINGLETON).price > 1:\n            return False\n    return True\n"
    )
    law = state_law("ANY", "_low(view.rows, key)").replace(
        "rows={PURSES: lambda key: key}", "rows={PURSES: lambda key: key}, also_reads=(CLOCK,)"
    )
    assert said(theory((NEEDS, low), (ANY_LAW, law), (RULE, RISES + RULE)), "ANY") == (
        "PROVED",
        ["range in _low of length <= 2"],
    )


def test_a_law_of_refusals_is_asked_whatever_tables_its_scope_names(theory: Break) -> None:
    """Regression: a law on rejections was skipped as if it were a law on steps, since no call writes the table that its
    scope names.
    """
    place = theory(
        (
            "def _is_right(_refusal: AnyRejection) -> bool:\n    return True",
            "def _is_right(_refusal: AnyRejection) -> bool:\n    return False",
        ),
        ("_is_right, applies_to=_protects_nobody", "_is_right, scope=Scope(tables=(CLOCK,))"),
        ("import AnyRejection,", "import Scope, AnyRejection,"),
    )
    assert said(place, "NOBODY") == ("REFUTED", [])


def test_a_field_without_an_annotation_is_no_other_in_a_fold(theory: Break, tmp_path: Path) -> None:
    theory()
    text = LOOPS
    for right, wrong in (
        (
            "    def __init__(self, amount: int = 0) -> None:\n        self.amount = amount\n",
            "    def __init__(self, amount: int = 0, bonus: int = 0) -> None:\n        self.amount = amount\n"
            "        self.bonus = bonus\n",
        ),
        (
            '            StateLaw("MADE", ',
            '            StateLaw("BONUS", "x", "", lambda view, key: view.rows.get(BALANCES, key).bonus == 0,'
            ' {BALANCES: lambda key: key}),\n            StateLaw("MADE", ',
        ),
        (
            "    paid = 0\n    for account",
            "    draft.put(BALANCES, POT, Balance(draft.get(BALANCES, POT).amount, 7))\n    paid = 0\n    for account",
        ),
        (
            "    draft.put(BALANCES, account, Balance(draft.get(BALANCES, account).amount + amount))",
            "    held = draft.get(BALANCES, account)\n"
            "    draft.put(BALANCES, account, Balance(held.amount + amount, held.bonus))",
        ),
    ):
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    (tmp_path / "loops_bonus.py").write_text(text.replace('"tests.proofs.loops"', '"loops_bonus"'))
    found = run_call("loops_bonus:THEORY", "PayTogether", ["TOTAL"], 1)["verdicts"]["TOTAL"]
    assert found["verdict"] == "UNKNOWN"  # a fold gives back other rows than it was given


def test_a_deployment_chooses_no_row_of_a_history(theory: Break) -> None:
    """Regression: a theory could say that a deployment chooses a history's first value, but proofs assumed
    the default.
    """
    place = theory(
        lemmas(state_law("ZERO", "True")),
        (
            "genesis={PURSES: lambda _rows, _key, row: [row.amount >= 0]}",
            "genesis={PAST.heads: lambda _rows, _key, row: [row.count >= 0]}",
        ),
    )
    with pytest.raises(UnliftableError, match=r"^past: a deployment chooses rows of a history, which has no past$"):
        Beginning(Prover(place, HISTORIES_ALONE))
