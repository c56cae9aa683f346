"""Lockstep: a version that fails to answer is never passed over."""

from collections.abc import Sequence

import pytest

from conformance.lockstep import Script
from gate import lockstep
from gate.lockstep import Walked
from gate.scripts import Aimed
from gate.starting import NotRunningError
from gate.verdicts import Kind
from spec.codec import Json

pytestmark = pytest.mark.source


def test_a_version_that_fails_after_a_known_difference_is_played_by_the_wire_protocol(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows of the first script part, and then a version is gone; the second script shows nothing new but that."""
    monkeypatch.setattr(lockstep, "ON_THE_WIRE", 0)
    played: list[int | None] = []
    monkeypatch.setattr(lockstep, "_play_on_the_wire", lambda *given: played.append(given[-1]))

    def parted(_head: Json, calls: Sequence[Json]) -> tuple[int, tuple[str, str], Kind] | None:
        if len(calls) < 2:
            raise NotRunningError("gone")
        return 0, ("accepted", "TooMuch"), "stricter"

    aimed = Aimed(Script("two calls", {}, [{}, {}]), ("Deposit", "Withdraw"))
    with lockstep.Pair(lambda _: pytest.fail("nothing is started")) as pair:
        walked: Walked = lockstep.walk(parted, pair, [aimed, aimed], ["Deposit"], lambda: False)
    assert (list(walked.met), played) == ([("Deposit", "stricter")], [None, None])
