"""Changes of the code that stores a call's writes, which no proof runs in full, and new versions of which no proof can
be made.
"""

from pathlib import Path

import pytest

from gate.proving import prove
from proofs.paths import UnliftableError
from tests.proofs.test_canaries import NEEDS, PURSE

MACHINE = (Path(__file__).parents[2] / "spec" / "machine.py").read_text()
FORGETS = (
    "def apply(state: State, delta: Delta) -> State:",
    "def apply(state: State, delta: Delta) -> State:\n    delta = delta if len(delta.writes) < 64 else Delta([], None)",
)


LOSES = (
    "        if self._index is not None:\n            self._index[(table.index, key)] = write\n",
    "        if self._index is not None:\n            pass\n",
)
WORDED = ('"""Store the rows of a Delta', '"""Put down the rows of a Delta')


@pytest.mark.parametrize(
    ("changed", "refused"),
    [(FORGETS, "apply"), (LOSES, "Draft.put"), (WORDED, None), (("", ""), None)],
    ids=["a function that no proof runs", "a branch that no proof follows", "a docstring", "the same"],
)
def test_another_way_to_store_what_is_written_is_no_part_of_a_proof(
    changed: tuple[str, str], refused: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a new version forgot rows of a large table, in a function that no proof runs, and was judged
    EQUIVALENT. So was one that lost writes after the first 24, in a branch of `Draft.put` that no proof follows.
    """
    assert not changed[0] or MACHINE.count(changed[0]) == 1
    name = f"machine_{len(changed[1])}"
    for side, text in (("base", MACHINE), ("head", MACHINE.replace(*changed) if changed[0] else MACHINE)):
        (tmp_path / side / "spec").mkdir(parents=True)
        (tmp_path / side / "spec" / "machine.py").write_text(text)
        (tmp_path / side / f"{name}.py").write_text(PURSE)
    monkeypatch.syspath_prepend(str(tmp_path / "base"))
    folders = (str(tmp_path / "base"), str(tmp_path / "head"))
    if refused is not None:
        with pytest.raises(
            UnliftableError, match=rf"^spec\.machine:{refused} differs, and no proof runs all that stores"
        ):
            prove(f"{name}:THEORY", f"{name}:PROTOCOL", *folders, "Pay")
    else:
        assert set(prove(f"{name}:THEORY", f"{name}:PROTOCOL", *folders, "Pay")["kinds"]["answers"]) == {"PROVED"}


OVERLAY = (Path(__file__).parents[2] / "spec" / "overlay.py").read_text()
KEEPS = "        return cast(Rows, node).get(key)\n"


def test_another_way_to_keep_rows_is_no_part_of_a_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: two versions were not compared in the modules that `spec.machine` imports, which no proof runs
    either.
    """
    assert OVERLAY.count(KEEPS) == 1
    for side, text in (("base", OVERLAY), ("head", OVERLAY.replace(KEEPS, "        return None\n"))):
        (tmp_path / side / "spec").mkdir(parents=True)
        (tmp_path / side / "spec" / "machine.py").write_text(MACHINE)
        (tmp_path / side / "spec" / "overlay.py").write_text(text)
        (tmp_path / side / "kept_rows.py").write_text(PURSE)
    monkeypatch.syspath_prepend(str(tmp_path / "base"))
    folders = (str(tmp_path / "base"), str(tmp_path / "head"))
    with pytest.raises(UnliftableError, match=r"^spec\.overlay:\S+ differs, and no proof runs all that stores"):
        prove("kept_rows:THEORY", "kept_rows:PROTOCOL", *folders, "Pay")


PUT = "        draft.put(PURSES, action.sender, Purse(held.amount + 1, held.is_frozen))\n    return draft.delta()\n"
HEADS = {
    "two tables of one name": (
        (
            (NEEDS, 'SAVED: Final[Table[str, Purse]] = SCHEMA.table("purses", Purse())\n'),
            (PUT, PUT.replace("PURSES", "SAVED")),
        ),
        "^two are called table purses",
    ),
    "rows without equality": (
        (
            (
                "@attr.s(auto_attribs=True, init=False, unsafe_hash=True)\nclass Purse:",
                "@attr.s(auto_attribs=True, init=False, eq=False)\nclass Purse:",
            ),
        ),
        "^rows of type Purse have no equality of their own",
    ),
    "two tables of one place": (
        ((NEEDS, "TWO: Final[Table[str, Purse]] = Table('two', 1, Purse())\nSCHEMA.tables.append(TWO)\n"),),
        "^table two stands at 4, and says that it stands at 1",
    ),
}


@pytest.mark.parametrize("case", HEADS)
def test_the_head_is_asked_what_the_base_is(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: a protocol was checked in the base version only. A new version with two tables of one name passed,
    and proofs took both for one.
    """
    places, refusal = HEADS[case]
    head = PURSE
    for right, wrong in places:
        assert head.count(right) == 1
        head = head.replace(right, wrong)
    name = f"head_{len(case)}"
    for side, text in (("base", PURSE), ("head", head)):
        (tmp_path / side).mkdir()
        (tmp_path / side / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path / "base"))
    folders = (str(tmp_path / "base"), str(tmp_path / "head"))
    with pytest.raises(UnliftableError, match=refusal):
        prove(f"{name}:THEORY", f"{name}:PROTOCOL", *folders, "Pay")
