"""The contract of histories is kept by their source, and a source that breaks it is noticed."""

from pathlib import Path

import pytest

from proofs import contracts
from proofs.contracts import prove_history
from proofs.solving import Status

pytestmark = pytest.mark.source


def statuses() -> dict[str, set[Status]]:
    return {part: {answer.status for _, answer in answers} for part, answers in prove_history().items()}


def test_the_history_keeps_its_contract() -> None:
    assert statuses() == {part: {Status.PROVED} for part in ("look-up", "push", "order")}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(key, middle)).point > point", "(key, middle)).point >= point"),
        ("(key, low)).point > point", "(key, low)).point < point"),
        ("low = middle + 1", "low = middle"),
        ("(key, low - 1)).value", "(key, low)).value"),
        ("if low == 0:", "if low == 1:"),
        ("low = max(low + 1, 0)", "low = max(low + 1, 1)"),
        ("(key, high)).point <= point", "(key, high)).point < point"),
    ],
)
def test_a_look_up_that_is_wrong_is_not_proved(right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        """The file, with one place of `value_at` wrong."""

        def __init__(self, file: str) -> None:
            self._file = Path(file)

        def read_text(self) -> str:
            source = self._file.read_text()
            assert source.count(right) == 1
            return source.replace(right, wrong)

    monkeypatch.setattr(contracts, "File", Broken)
    assert statuses()["look-up"] != {Status.PROVED}
