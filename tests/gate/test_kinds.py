"""Versions that differ in the type of a result, or in rows that no call writes. The gate once proved each pair
equivalent.
"""

import sys
from pathlib import Path

import pytest

from gate.proving import prove
from proofs.paths import UnliftableError
from tests.proofs.test_canaries import NEEDS, PURSE, RULE

pytestmark = pytest.mark.source

Places = list[tuple[str, str]]

ACCEPTS = "        draft.put(PURSES, action.sender, Purse(held.amount + 1, held.is_frozen))\n    return draft.delta()\n"
OWN = """

@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Own:
    owner: Final[{kind}]

    def __init__(self, owner: {kind} = {default}) -> None:
        self.owner = owner


OWNS: Final[Table[str, Own]] = SCHEMA.table('owns', Own())
"""


def returns(value: str) -> Places:
    return [(ACCEPTS, ACCEPTS.replace("draft.delta()", f"draft.delta({value})"))]


def owns(kind: str, default: str, value: str) -> Places:
    own = OWN.format(kind=kind, default=default)
    return [(NEEDS, own), (RULE, f"    draft.put(OWNS, action.sender, Own({value}))\n{RULE}")]


PAST = returns("PAST.value_at(draft, action.sender, action.amount)")

CASES: dict[str, tuple[Places, Places]] = {
    "a name, and a number": (returns("''"), returns("0")),
    "a truth value, and a number": (returns("True"), returns("1")),
    "a tuple, and a list": (returns("(1,)"), returns("[1]")),
    "another row by default": ([], [('"purses", Purse()', '"purses", Purse(5)')]),
    "another past by default": (PAST, [*PAST, ('"past", 0)', '"past", 5)')]),
}


def open_kinds(base: Places, head: Places, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """The kinds of difference that the proof of the call Pay leaves open between two versions of the test protocol in
    `purse.py`, sorted.

    `base` and `head` are the replacements that make the versions.
    """
    folders = []
    for side, places in (("base", base), ("head", head)):
        text = PURSE
        for right, wrong in places:
            assert text.count(right) == 1, right
            text = text.replace(right, wrong)
        (folder / side).mkdir()
        (folder / side / f"{name}.py").write_text(text)
        folders.append(str(folder / side))
    monkeypatch.syspath_prepend(folders[0])
    monkeypatch.delitem(sys.modules, name, raising=False)
    kinds = prove(f"{name}:THEORY", f"{name}:PROTOCOL", folders[0], folders[1], "Pay")["kinds"]
    return sorted([kind for kind, answers in kinds.items() if set(answers) - {"PROVED"}])


def test_the_same_version_answers_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_kinds(PAST, PAST, tmp_path, monkeypatch, "kinds_same") == []


@pytest.mark.parametrize("name", CASES)
def test_what_differs_in_kind_or_by_default_is_not_proved_alike(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"kinds_{list(CASES).index(name)}"
    assert open_kinds(*CASES[name], tmp_path, monkeypatch, place) == ["answers"]


@pytest.mark.parametrize(
    ("base", "head"),
    [(("str", "''", "''"), ("int", "0", "0")), (("bool", "False", "True"), ("int", "0", "1"))],
)
def test_fields_of_another_kind_are_refused(
    base: tuple[str, str, str], head: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnliftableError, match=r"^the fields of owns are of other kinds$"):
        open_kinds(owns(*base), owns(*head), tmp_path, monkeypatch, f"kinds_of_{base[0]}")
