"""Releases of EigenLayer: a trace has exactly the fields of the release that it names."""

from copy import deepcopy
from typing import Any, cast

import pytest

from invariants.eigenlayer.world import WORLD, in_release
from spec.codec import MalformedTrace
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.config import Config
from spec.eigenlayer.presets import DELAYS, MAINNET, V1_12_0, V1_13_1
from spec.eigenlayer.state import CONFIG
from spec.machine import SINGLETON

OLD = in_release(WORLD, V1_12_0)


def written(head: dict[str, Any]) -> dict[str, Any]:
    return PROTOCOL.write_trace(deepcopy(head), [])


def config_of(document: dict[str, Any]) -> Config:
    return PROTOCOL.read_trace(document).genesis.rows(CONFIG)[SINGLETON]


def test_a_trace_that_names_no_release_is_of_the_oldest() -> None:
    old, new = written(OLD), written(WORLD)
    assert ("release" in old, new["release"]) == (False, "v1.13.1")
    assert config_of(old) == config_of(written({**OLD, "release": "v1.12.0"}))
    assert config_of(old) == Config(10, 8, 5, 5, "whitelister", 0, False)
    assert config_of(new) == Config(10, 8, 5, 5, "whitelister", 6, True)
    assert ("pending_slashes" in old["initial_state"], new["initial_state"]["pending_slashes"]) == (False, {})


@pytest.mark.parametrize(
    ("release", "changed", "problem"),
    [
        ("v1.14.0", {}, "release: unknown release 'v1.14.0': a known one is one of v1.12.0, v1.13.1"),
        (1, {}, "release: unknown release 1: a known one is one of v1.12.0, v1.13.1"),
        ("v1.12.0", {}, "config: unknown field 'slash_resolution_delay_blocks'"),
        (
            "v1.13.1",
            {"slash_resolution_delay_blocks": 0},
            "config.slash_resolution_delay_blocks: release v1.13.1 has a delay, found 0",
        ),
        (
            "v1.13.1",
            {"slash_resolution_delay_blocks": 2**32},
            "config.slash_resolution_delay_blocks: 4294967296 does not fit uint32",
        ),
    ],
)
def test_what_is_not_of_a_release_is_refused(release: Any, changed: dict[str, int], problem: str) -> None:
    config = {**cast("dict[str, Any]", WORLD["config"]), **changed}
    with pytest.raises(MalformedTrace) as refused:
        written({**WORLD, "release": release, "config": config})
    assert str(refused.value) == problem


def test_a_state_shows_resolution_blocks_if_its_release_has_them() -> None:
    for world, problem in ((OLD, "not a field of the trace's release"), (WORLD, "missing")):
        document = written(world)
        trace = PROTOCOL.read_trace(document)
        post = cast("dict[str, Any]", document["initial_state"])
        PROTOCOL.check_post(post, trace.world, "initial_state")
        if post.pop("pending_slashes", None) is None:
            post["pending_slashes"] = {}
        with pytest.raises(MalformedTrace) as refused:
            PROTOCOL.check_post(post, trace.world, "initial_state")
        assert str(refused.value) == f"initial_state.pending_slashes: {problem}"


def test_more_is_not_owed_than_a_strategy_has_issued() -> None:
    head = deepcopy(cast("dict[str, Any]", WORLD))
    strategy = head["genesis"]["strategies"]["strategy0"]
    head["genesis"]["token_balances"]["token0"]["strategy0"] = "9"
    strategy.update(legacy_burnable_shares="5", total_shares="9")
    assert written(head)["initial_state"]["strategies"]["strategy0"]["total_shares"] == "9"
    strategy.update(total_shares="4")
    with pytest.raises(MalformedTrace) as refused:
        written(head)
    where = "genesis.strategies.strategy0.total_shares"
    assert str(refused.value) == f"{where}: less than the 5 that are still to be burned"


def test_the_newest_release_is_what_runs_on_the_main_network() -> None:
    assert Config(100_800, 100_800, 126_000, 126_000, "whitelister", 50_400, True) == MAINNET
    assert CONFIG.default == MAINNET
    old = DELAYS["B"].of(V1_12_0, "owner")
    assert (old, DELAYS["B"].of(V1_13_1, "owner")) == (
        Config(6, 9, 3, 3, "owner", 0, False),
        Config(6, 9, 3, 3, "owner", 50_400, True),
    )
