"""`restake explore`, as its users run it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from harness.display import live_display
from harness.explore import Search
from harness.protocols import select_bounded_models
from harness.stopping import Stop
from tests.harness.commands import POOL, restake

if TYPE_CHECKING:
    from tests.harness.conftest import Mistaken

pytestmark = pytest.mark.usefixtures("example")


STILL = """
from pool_laws import WALK
from invariants.exploring import BoundedModel

MODEL = BoundedModel(WALK, [])
"""


def test_explore_counts_everything_in_a_small_world() -> None:
    result = restake("explore", "--protocol", "pool_laws:BOUNDED_MODEL", "--depth", "4")
    assert result.return_value == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["4", "1,512", "357"] in lines
    assert ["1,789", "478"] in lines
    assert max(len(line) for line in result.stdout.splitlines()) <= 120
    assert "3 of 3 laws checked" in result.stdout
    report = json.loads(restake("explore", "--protocol", "pool_laws:BOUNDED_MODEL", "--depth", "4", "--json").stdout)
    (world,) = report["models"]
    assert (world["sequences"], world["states"]) == ([1, 6, 37, 233, 1512], [1, 6, 25, 89, 357])
    whole = restake("explore", "--protocol", "pool_laws:BOUNDED_MODEL", "--depth", "4", "--json", "--no-prune")
    (unpruned,) = json.loads(whole.stdout)["models"]
    assert (unpruned["sequences"], unpruned["states"]) == (world["sequences"], world["states"])
    assert unpruned["steps"] > world["steps"]


def test_a_model_without_calls_that_was_asked_for_by_name_is_told() -> None:
    """Regression: beside another, a model in which nothing can be tried was a success."""
    Path("mistaken_still.py").write_text(STILL)
    still = ("explore", "--protocol", "mistaken_still:MODEL", "--depth", "2", "--json")
    assert (restake(*still).return_value, restake(*still).stderr) == (5, "")
    result = restake(*still, "--protocol", "pool_laws:BOUNDED_MODEL")
    assert (result.return_value, result.stderr) == (2, "no call was tried: staking_pool\n")


def test_explore_shows_the_shortest_sequence_that_breaks_a_law(mistaken: "Mistaken") -> None:
    module = mistaken().partition(":")[0]
    imports = f"from {module} import WALK\nfrom pool_laws import CALLS\nfrom invariants.exploring import BoundedModel\n"
    Path("mistaken_world.py").write_text(imports + "WORLD = BoundedModel(WALK, CALLS)")
    result = restake("explore", "--protocol", "mistaken_world:WORLD", "--depth", "3")
    assert result.return_value == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "violated  staking_pool POOL-01"
    assert lines[2] == "  2 steps, found by exhausting a bounded model"
    assert restake(*lines[3].split()[2:]).return_value == 1
    assert any("broken: POOL-01" in line for line in lines)


def test_what_a_search_found_is_kept_before_it_ends(mistaken: "Mistaken") -> None:
    """Regression: a finding was kept only once its model was searched completely; an interruption lost it."""
    module = mistaken().partition(":")[0]
    imports = f"from {module} import WALK\nfrom pool_laws import CALLS\nfrom invariants.exploring import BoundedModel\n"
    Path("mistaken_world.py").write_text(imports + "WORLD = BoundedModel(WALK, CALLS)")

    class Killed(Stop):
        def __call__(self) -> bool:
            if Path(".restake").exists():
                raise KeyboardInterrupt
            return False

    search = Search(select_bounded_models(["mistaken_world:WORLD"]), 30, True, Killed())
    with pytest.raises(KeyboardInterrupt), live_display() as progress:
        search.run(progress)
    ((finding,),) = [report.findings for report in search.reports]
    assert (finding.law, [str(path) for path in Path(".restake").iterdir()]) == ("POOL-01", [finding.trace])
    assert search.exit_code == 1


def test_explore_can_be_stopped_and_says_so() -> None:
    result = restake("explore", "--protocol", "pool_laws:BOUNDED_MODEL", "--depth", "30", "--budget", "1")
    assert result.return_value == 2
    assert "  Stopped before all were tried." in result.stdout.splitlines()
    with pytest.raises(click.UsageError, match="brings no invariants"):
        restake("explore", "--protocol", POOL)
