"""Certificates are backed until they are answered if the terms fit the window. If the reaction takes one point longer,
they are not.
"""

from typing import Any

import pytest

from invariants.exploring import BoundedModel, explore, opened
from invariants.market.chains_models.eigenlayer import on_eigenlayer
from invariants.market.chains_models.symbiotic import on_symbiotic
from spec.eigenlayer import actions as el
from spec.machine import Delta, Draft, commit
from spec.market.chains_actions import CheckCertificate, DeliverTable
from spec.market.chains_state import CERTIFICATES, STAKE_TABLES, Certificate, StakeTable
from spec.market.recourses.eigenlayer import RECOURSE as EL
from spec.market.recourses.symbiotic import RECOURSE as SYM
from spec.symbiotic import actions as sym

ON = {"eigenlayer": on_eigenlayer, "symbiotic": on_symbiotic}
AT_THE_BOUND, ONE_POINT_BEYOND = 1, 2
"""Two reaction times of the home chain, in points: the longest that fits the window, and one point more.

Staleness and delay are fixed in both models.
"""


def shortest(base: str) -> list[Any]:
    """The shortest calls that leave a certificate unbacked, in the model of a base protocol.

    Stake leaves, the table of stake arrives, and a certificate is accepted at the last point allowed. Then time passes
    to the last point at which the home chain may react to it.
    """
    leaves: dict[str, list[Any]] = {
        "eigenlayer": [
            el.ModifyAllocations("operator0", "operator0", (el.AllocationRequest(("avs0", 1), ("strategy0",), (0,)),)),
            el.MineBlocks(1, 12),
        ],
        "symbiotic": [sym.Redeem("staker0", "vault0", "staker0", 3), sym.AdvanceTime(1)],
    }
    service, pool, point = {
        "eigenlayer": (("avs0", 1), "strategy0", 106),
        "symbiotic": (("network0", 0), "vault0", 1000),
    }[base]
    there: list[Any] = [
        DeliverTable("anybody", service, pool, "rollup", point),
        CheckCertificate("anybody", service, pool, "rollup", point, ("operator0",), 1),
    ]
    last: dict[str, Any] = {"eigenlayer": el.MineBlocks(3, 36), "symbiotic": sym.AdvanceTime(3)}
    return [*leaves[base], *there, last[base]]


@pytest.mark.parametrize("base", ON)
def test_at_the_bound_no_sequence_of_five_calls_breaks_a_law(base: str) -> None:
    report = explore(ON[base](AT_THE_BOUND), 5, True, lambda _: True)
    assert (report.is_complete, report.broken) == (True, {})
    assert report.checked["CHN-01"] > 50  # of certificates that have to be backed
    assert report.checked["CHN-ANY"] > 50


@pytest.mark.parametrize("base", ON)
def test_one_point_beyond_it_the_shortest_sequence_that_does_has_five_calls(base: str) -> None:
    report = explore(ON[base](ONE_POINT_BEYOND), 5, True, lambda _: True)
    assert report.is_complete
    assert {law: broken.calls for law, broken in report.broken.items()} == {"CHN-ANY": shortest(base)}


def replayed(model: BoundedModel, calls: list[Any]) -> Draft:
    state = opened(model)
    for call in calls:
        outcome = model.walk.protocol.transition(Draft(state), call)
        assert isinstance(outcome, Delta), (call, outcome)
        commit(state, outcome)
    return Draft(state)


def test_what_the_shortest_sequence_leaves_on_eigenlayer() -> None:
    """A certificate counts five shares. In the last block in which the home chain may react, none of them can be
    slashed.
    """
    channel = (("avs0", 1), "strategy0", "rollup")
    rows = replayed(on_eigenlayer(ONE_POINT_BEYOND), shortest("eigenlayer"))
    assert rows.get(CERTIFICATES, (channel, 0)) == Certificate(True, 106, 107, 5, ("operator0",))
    assert EL.left(rows, channel[0], "operator0", "strategy0", 106) == 0
    before = replayed(on_eigenlayer(ONE_POINT_BEYOND), [*shortest("eigenlayer")[:-1], el.MineBlocks(2, 24)])
    assert EL.left(before, channel[0], "operator0", "strategy0", 106) == 5  # a block earlier it is all there


def test_what_the_shortest_sequence_leaves_on_symbiotic() -> None:
    """A certificate counts a stake of six. At its last point, three can be slashed, and only for a later capture."""
    channel = (("network0", 0), "vault0", "rollup")
    rows = replayed(on_symbiotic(ONE_POINT_BEYOND), shortest("symbiotic"))
    assert rows.get(CERTIFICATES, (channel, 0)) == Certificate(True, 1000, 1002, 6, ("operator0",))
    assert rows.get(STAKE_TABLES, (channel, 1000)) == StakeTable(True, 1, 6, 6, True)
    assert SYM.left(rows, channel[0], "operator0", "vault0", 1000) == 0
    assert [SYM.left(rows, channel[0], "operator0", "vault0", point) for point in range(1001, 1005)] == [3] * 4
    before = replayed(on_symbiotic(ONE_POINT_BEYOND), [*shortest("symbiotic")[:-1], sym.AdvanceTime(2)])
    assert SYM.left(before, channel[0], "operator0", "vault0", 1000) == 6  # a second earlier it is all there
