"""The lockstep of two clients: where they diverge, what could not be compared, and which side is at fault."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from conformance.client import (
    Accepted,
    Answer,
    Client,
    ClientFault,
    HarnessFault,
    Introduction,
    Rejected,
    Unsupported,
)
from conformance.lockstep import Case, Divergence, Fault, Played, Script, play
from conformance.wire import digest
from spec.codec import Json


class Counter(Client):
    """A client of a protocol with one number. `add` is rejected if the sum exceeds nine; `take` returns the number and
    sets it to 0.

    `changes` replaces right answers. Its keys are the indices of calls, and -1 and "state" for `reset` and `state`. A
    value is other fields, another answer, or an exception to raise.
    """

    def __init__(self, changes: dict[Any, Any] | None = None, introduction: Introduction | None = None) -> None:
        self.changes = changes or {}
        self.introduction = introduction or Introduction("counter", "1", None, has_reasons=True, has_digest=True)
        self.asked: list[str] = []
        self.number = 0
        self.position = 0

    def hello(self, protocol: str) -> Introduction:
        return self.introduction

    def reset(self, head: Json) -> str | Unsupported | None:
        self.number = 0
        self.position = 0
        changed: str | Unsupported | None = self.changes.get(-1, self.digest())
        return changed

    def apply(self, call: Json) -> Answer:
        assert isinstance(call, dict)
        before = self.number
        answer: Answer
        if call["action"] == "add" and before + int(str(call["by"])) > 9:
            answer = Rejected("TooMany", self.digest())
        else:
            self.number = 0 if call["action"] == "take" else before + int(str(call["by"]))
            answer = Accepted({"number": str(before)} if call["action"] == "take" else None, self.digest())
        change = self.changes.get(self.position)
        self.position += 1
        if isinstance(change, Exception):
            raise change
        if isinstance(change, dict):
            return attrs.evolve(answer, **change)
        changed: Answer = answer if change is None else change
        return changed

    def state(self) -> Json | Unsupported:
        self.asked.append("state")
        state: Json | Unsupported = self.changes.get("state", {"number": str(self.number)})
        return state

    def bye(self) -> None:
        """Do nothing: there is no process to end."""

    def digest(self) -> str | None:
        return digest({"number": str(self.number)}) if self.introduction.has_digest else None


ADD = ("add", "accepted")
TOO_MANY = ("add", "TooMany")
TAKE = ("take", "accepted")
RESET = ("reset", "accepted")
CALLS: list[Json] = [
    {"action": "add", "by": "7"},
    {"action": "add", "by": "3"},
    {"action": "take"},
    {"action": "add", "by": "9"},
]
SCRIPT = Script("a test", {}, CALLS)
OTHER = digest("another")


def played(client: Client, introduction: Introduction | None = None) -> Played:
    return play(Counter(), client, introduction or client.hello(""), SCRIPT)


def test_who_is_the_same_agrees_in_every_case() -> None:
    client = Counter()
    found = played(client)
    assert (found.steps, found.divergence, found.fault) == (4, None, None)
    assert found.agreed == {RESET: 1, ADD: 2, TOO_MANY: 1, TAKE: 1}
    assert not found.unsupported + found.partly
    assert client.asked == ["state"], "whole states travel once, at the end"


DIVERGING: dict[str, tuple[dict[Any, Any], int | None, Case, Json, Json]] = {
    "outcome": ({1: Accepted(None, digest({"number": "7"}))}, 1, TOO_MANY, {"rejected": "TooMany"}, {"returns": None}),
    "outcome too": ({2: Rejected("No", None)}, 2, TAKE, {"returns": {"number": "7"}}, {"rejected": "No"}),
    "reason": ({1: {"reason": "Paused"}}, 1, TOO_MANY, {"rejected": "TooMany"}, {"rejected": "Paused"}),
    "returns": ({2: {"returns": {"number": "8"}}}, 2, TAKE, {"returns": {"number": "7"}}, {"returns": {"number": "8"}}),
    "returns too": ({0: {"returns": {}}}, 0, ADD, {"returns": None}, {"returns": {}}),
    "state": ({0: {"digest": OTHER}, "state": {"number": "8"}}, 0, ADD, {"number": "7"}, {"number": "8"}),
    "state that is not shown": ({0: {"digest": OTHER}, "state": Unsupported("no")}, 0, ADD, {"number": "7"}, OTHER),
    "state at the beginning": ({-1: OTHER, "state": {"number": "1"}}, None, RESET, {"number": "0"}, {"number": "1"}),
}


@pytest.mark.parametrize("name", DIVERGING)
def test_the_first_difference_ends_the_script(name: str) -> None:
    changes, position, case, expected, actual = DIVERGING[name]
    found = played(Counter(changes))
    aspect: Any = name.split(" ")[0]
    assert found.divergence == Divergence(aspect, position, case, expected, actual)
    assert found.fault is None
    assert found.steps == (0 if position is None else position + 1)
    assert sum(found.agreed.values()) == (0 if position is None else position + 1)


def said(**changes: Any) -> Introduction:
    return attrs.evolve(Counter().introduction, **changes)


NO_REASON = "rejected: null, from a client that says that its reasons are typed"
NO_DIGEST = "digest: null, from a client that says that it gives one"
COPIED = "the one expected, where its state is another"
FALSE = f"{OTHER}, where that of its state is {digest({'number': '9'})}"

FAULTY: dict[str, tuple[dict[Any, Any], Fault]] = {
    "raises": ({2: ClientFault("late", "no answer")}, Fault("late", "no answer", 2, TAKE)),
    "no reason": ({1: {"reason": None}}, Fault("garbage", NO_REASON, 1, TOO_MANY)),
    "no digest": ({1: {"digest": None}}, Fault("garbage", NO_DIGEST, 1, TOO_MANY)),
    "a false digest": ({3: {"digest": OTHER}}, Fault("wrong digest", FALSE, 3, ADD)),
    "a copied digest": ({"state": {}}, Fault("wrong digest", COPIED, 3, ADD)),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_client_at_fault(name: str) -> None:
    changes, fault = FAULTY[name]
    found = played(Counter(changes))
    assert (found.fault, found.divergence) == (fault, None)


def test_without_digests_every_state_is_asked_for() -> None:
    client = Counter(introduction=said(has_digest=False))
    assert played(client).agreed == {RESET: 1, ADD: 2, TOO_MANY: 1, TAKE: 1}
    assert len(client.asked) == 5
    wrong = Counter({"state": {"number": "0"}}, said(has_digest=False))
    assert played(wrong).divergence == Divergence("state", 0, ADD, {"number": "7"}, {"number": "0"})


def test_what_cannot_be_compared_does_not_agree() -> None:
    opaque = played(Counter({1: {"reason": None}}, said(has_reasons=False)))
    assert (opaque.agreed, opaque.partly) == ({RESET: 1, ADD: 2, TAKE: 1}, {TOO_MANY: 1})
    assert opaque.whys == {TOO_MANY: "its reasons are opaque"}
    blind = played(Counter({"state": Unsupported("no views")}, said(has_digest=False)))
    assert (blind.agreed, blind.partly) == ({}, {RESET: 1, ADD: 2, TOO_MANY: 1, TAKE: 1})
    assert blind.whys[TAKE] == "its state cannot be seen: no views"


def test_what_is_not_supported_ends_the_script_and_is_counted() -> None:
    asked = played(Counter({2: Unsupported("not yet")}))
    assert (asked.steps, asked.unsupported, asked.whys[TAKE]) == (3, {TAKE: 1}, "not yet")
    declared = played(Counter(introduction=said(actions=frozenset({"add"}))))
    assert (declared.steps, declared.unsupported) == (2, {TAKE: 1})
    world = played(Counter({-1: Unsupported("no vetoes")}))
    assert (world.steps, world.agreed, world.unsupported) == (0, {}, {RESET: 1})


def test_a_fault_of_the_reference_is_no_verdict() -> None:
    for reference in (Counter({-1: Unsupported("")}), Counter({0: Unsupported("")})):
        with pytest.raises(HarnessFault):
            play(reference, Counter(), said(), SCRIPT)


def test_two_specifications_agree(reference: Callable[[str], Client]) -> None:
    from conformance.scripts import of_walk
    from harness.protocols import known_packs

    for name, pack in known_packs().items():
        assert pack.walk is not None
        script = of_walk(pack.calls, pack.walk, 3, 40)
        subject = reference(name)
        found = play(reference(name), subject, subject.hello(name), script)
        assert (found.steps, found.divergence, found.fault) == (len(script.calls), None, None)
        fewer = of_walk(pack.calls, pack.walk, 3, 40, {"deposit", "deposit_into_strategy", "advance_time", "mine"})
        assert sum(fewer.dropped.values()) > 10
        found = play(reference(name), subject, subject.hello(name), fewer)
        assert found.unsupported == fewer.dropped


def test_a_run_that_is_over_waits_for_no_script_to_end() -> None:
    client = Counter()
    left = iter([False, False, True])
    found = play(Counter(), client, client.hello(""), SCRIPT, lambda: next(left))
    assert (found.steps, found.agreed) == (2, {RESET: 1, ADD: 1, TOO_MANY: 1})
    assert client.asked == []
