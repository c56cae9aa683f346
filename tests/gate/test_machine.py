"""A change of what stores the writes of a call: no proof runs it, so none answers for it."""

from pathlib import Path

import pytest

from gate.proving import prove
from proofs.paths import UnliftableError
from tests.proofs.test_canaries import PURSE

MACHINE = (Path(__file__).parents[2] / "spec" / "machine.py").read_text()
FORGETS = (
    "def apply(state: State, delta: Delta) -> State:",
    "def apply(state: State, delta: Delta) -> State:\n    delta = delta if len(delta.writes) < 64 else Delta([], None)",
)


@pytest.mark.parametrize(("changed", "is_refused"), [(FORGETS, True), (("", ""), False)], ids=["another", "the same"])
def test_another_way_to_store_what_is_written_is_no_part_of_a_proof(
    changed: tuple[str, str], is_refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missed: the head forgot rows of a large table, in a function that no call runs, and was EQUIVALENT."""
    assert MACHINE.count(FORGETS[0]) == 1
    name = f"machine_{is_refused}"
    for side, text in (("base", MACHINE), ("head", MACHINE.replace(*changed) if is_refused else MACHINE)):
        (tmp_path / side / "spec").mkdir(parents=True)
        (tmp_path / side / "spec" / "machine.py").write_text(text)
        (tmp_path / side / f"{name}.py").write_text(PURSE)
    monkeypatch.syspath_prepend(str(tmp_path / "base"))
    folders = (str(tmp_path / "base"), str(tmp_path / "head"))
    if is_refused:
        with pytest.raises(UnliftableError, match=r"^spec\.machine:apply differs, and no proof runs what stores"):
            prove(f"{name}:THEORY", f"{name}:PROTOCOL", *folders, "Pay")
    else:
        assert set(prove(f"{name}:THEORY", f"{name}:PROTOCOL", *folders, "Pay")["kinds"]["answers"]) == {"PROVED"}
