"""Lockstep of two versions: a version that fails to answer is never passed over."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.client import Accepted, ClientFault, Introduction
from conformance.lockstep import Script
from conformance.process import ProcessClient
from gate import lockstep
from gate.lockstep import Walked
from gate.scripts import Aimed
from gate.starting import NotRunningError, Worker
from gate.verdicts import DifferenceKind
from spec.codec import Json

pytestmark = pytest.mark.source


def test_a_version_that_fails_after_a_known_difference_is_played_by_the_wire_protocol(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both scripts show the same difference in their first call, and then a version ends. Both are played again over
    the wire protocol.
    """
    monkeypatch.setattr(lockstep, "ON_THE_WIRE", 0)
    played: list[int | None] = []
    monkeypatch.setattr(lockstep, "_play_on_the_wire", lambda *given: played.append(given[-1]))

    def parted(_head: Json, calls: Sequence[Json]) -> tuple[int, tuple[str, str], DifferenceKind] | None:
        if len(calls) < 2:
            raise NotRunningError("gone")
        return 0, ("accepted", "TooMuch"), "stricter"

    aimed = Aimed(Script("two calls", {}, [{}, {}]), ("Deposit", "Withdraw"))
    with lockstep.Pair(lambda _: pytest.fail("nothing is started")) as pair:
        walked: Walked = lockstep.walk(parted, pair, [aimed, aimed], ["Deposit"], lambda: False)
    assert (list(walked.met), played) == ([("Deposit", "stricter")], [None, None])


def test_scripts_are_played_on_until_every_kind_that_is_open_was_met() -> None:
    answers: list[tuple[int, tuple[str, str], DifferenceKind] | None] = [
        None,
        (0, ("TooEarly", "accepted"), "laxer"),
        None,
        (0, ("TooEarly", "TooMuch"), "reason"),
        None,
    ]

    def parted(_head: Json, calls: Sequence[Json]) -> tuple[int, tuple[str, str], DifferenceKind] | None:
        return answers.pop(0) if calls else None

    walked = Walked(scripts={"Complete": 1})
    scripts = [Aimed(Script(f"walk {seed}", {}, [{}]), ("Complete",)) for seed in range(5)]
    lockstep.walk_on(parted, scripts, "Complete", ("laxer", "reason"), ["Complete"], walked, lambda: False)
    assert list(walked.met) == [("Complete", "laxer"), ("Complete", "reason")]
    assert (walked.scripts, len(walked.played), answers) == ({"Complete": 5}, 4, [None])


class Version:
    """A version that accepts only some worlds and calls, and faults on any other."""

    def __init__(self, *known: Json) -> None:
        self.known = known

    def reset(self, head: Json) -> str:
        if head not in self.known:
            raise ClientFault("failed", f"unknown protocol {head}")
        return "digest"

    def apply(self, call: Json) -> Accepted:
        if call not in self.known:
            raise ClientFault("failed", f"unknown call {call}")
        return Accepted({}, "digest")

    def state(self) -> Json:
        return {}

    def close(self) -> None:
        pass


def test_a_world_that_the_base_does_not_know_is_left_out_and_one_that_the_head_does_not_is_a_fault() -> None:
    said = Introduction("version", "1", None, has_reasons=True, has_digest=True)
    versions: Any = [(Version("known"), said), (Version("new"), said)]
    walked = Walked()
    aimed = [Aimed(Script(f"trace of a {head} world", head, []), ("Deposit",)) for head in ("new", "known")]
    with lockstep.Pair(lambda number: versions[number]) as pair:
        lockstep._play_on_the_wire(pair, aimed[0], ["Deposit"], lambda: False, walked, None)
        assert (walked.unknown, walked.faults) == (["trace of a new world"], {})
        lockstep._play_on_the_wire(pair, aimed[1], ["Deposit"], lambda: False, walked, None)
    assert walked.faults == {"Deposit": "failed: unknown protocol known"}
    assert walked.unknown == ["trace of a new world"]


def test_a_call_that_the_base_does_not_know_is_left_out_and_one_that_the_head_does_not_is_a_fault() -> None:
    said = Introduction("version", "1", None, has_reasons=True, has_digest=True)
    old, new = {"action": "deposit"}, {"action": "flash_deposit"}
    scripts = [Aimed(Script(f"{calls}", "world", calls), ("Deposit", "Deposit")) for calls in ([old, new], [new, old])]
    walked = Walked()
    versions: Any = [(Version("world", old), said), (Version("world", old, new), said)]
    with lockstep.Pair(lambda number: versions[number]) as pair:
        lockstep._play_on_the_wire(pair, scripts[0], ["Deposit"], lambda: False, walked, None)
    assert (len(walked.unknown), walked.faults) == (1, {})
    with lockstep.Pair(lambda number: versions[1 - number]) as pair:
        lockstep._play_on_the_wire(pair, scripts[1], ["Deposit"], lambda: False, walked, None)
    assert (len(walked.unknown), list(walked.faults)) == (1, ["Deposit"])


def test_a_worker_asks_of_its_client_what_that_of_an_older_version_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: a worker passed its client an argument that the clients of older versions lack, so that no older
    version could be a base.
    """
    given: list[tuple[int, dict[str, Any]]] = []
    monkeypatch.setattr(ProcessClient, "__init__", lambda _, *words, **named: given.append((len(words), named)))
    worker = Worker(Path(), "gate.worker", [], 1.0, lambda: True)
    assert (given, worker._stops()) == ([(2, {})], True)


def test_nothing_is_played_on_when_the_run_is_to_end() -> None:
    walked = Walked()
    scripts = [Aimed(Script("walk", {}, [{}]), ("Complete",))]
    lockstep.walk_on(lambda *_: None, scripts, "Complete", ("laxer",), ["Complete"], walked, lambda: True)
    assert walked == Walked()
