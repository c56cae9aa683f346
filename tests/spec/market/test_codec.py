"""Traces of the market: a malformed file is refused with the place of the error."""

import copy
from typing import Any

import pytest

from invariants.market.symbiotic import WALK
from spec.codec import MalformedTrace
from spec.market.actions import FundOffer
from spec.market.symbiotic import PROTOCOL

SERVICE = ("network0", 0)
ACTIONS = [*WALK.opening()[:2], FundOffer("staker0", SERVICE, "vault0", 5)]


def document() -> Any:
    return copy.deepcopy(PROTOCOL.write_trace(WALK.world, ACTIONS))


def test_a_trace_says_what_was_called_and_what_came_of_it() -> None:
    step = document()["steps"][-1]
    assert {name: step[name] for name in ("action", "args", "ok", "error", "returns")} == {
        "action": "FundOffer",
        "args": {"sender": "staker0", "service": ["network0", "0"], "pool": "vault0", "amount": "5"},
        "ok": False,
        "error": "NoSuchOffer",
        "returns": None,
    }
    assert set(step["post"]) == {"base", "market"}


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("protocol",), "symbiotic", "protocol: expected 'market_on_symbiotic', found 'symbiotic'"),
        (("more",), 1, "unknown field 'more'"),
        (("market", "fee_token"), 1, "market.fee_token: expected a string, found 1"),
        (("market", "commission_delay_points"), "5", "market.commission_delay_points: expected an integer, found '5'"),
        (("steps",), {}, "steps: expected a list, found {}"),
        (("steps", 2, "action"), "Steal", "steps[2].action: unknown action 'Steal'"),
        (("steps", 2, "error"), "Bad", "steps[2].error: unknown error 'Bad'"),
        (("steps", 2, "ok"), True, "steps[2].ok: a step is ok if and only if it has no error"),
        (("steps", 2, "args", "amount"), "five", "steps[2].args.amount: expected a number, found 'five'"),
        (("steps", 2, "args", "amount"), True, "steps[2].args.amount: expected a number, found True"),
        (("steps", 2, "args", "sender"), ["a"], "steps[2].args.sender: expected a name, found ['a']"),
        (("steps", 2, "args", "sender"), {"is": "Thief"}, "steps[2].args.sender.is: no record is 'Thief'"),
        (("steps", 2, "args", "more"), "1", "steps[2].args: unknown field 'more'"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(place: tuple[Any, ...], value: object, said: str) -> None:
    whole = document()
    inner = whole
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    with pytest.raises(MalformedTrace) as raised:
        PROTOCOL.read_trace(whole)
    assert str(raised.value) == said


def test_a_state_of_another_shape_is_refused() -> None:
    whole = document()
    trace, post = PROTOCOL.read_trace(whole), whole["steps"][0]["post"]
    PROTOCOL.check_post(post, trace.world, "post")
    del post["market"]["market_terms"]
    with pytest.raises(MalformedTrace, match=r"^post\.market: missing field 'market_terms'$"):
        PROTOCOL.check_post(post, trace.world, "post")
