"""The independent implementation of Symbiotic, in JavaScript: it agrees, and bugs seeded in it are found.

It runs if Node.js is installed. RESTAKE_EVERY_SEEDED_BUG=1 seeds all twenty bugs, each in the lane that finds it;
otherwise one is seeded, which the smallest lane finds.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.lockstep import play
from conformance.process import ProcessClient
from conformance.reference import Reference
from conformance.scripts import of_actions
from harness.cli import cli
from harness.protocols import pack_at
from spec.symbiotic.actions import (
    AdvanceTime,
    Deposit,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    RequestSlash,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetResolver,
    Slash,
    Withdraw,
)
from spec.symbiotic.rewards_codec import ACTION_FORMATS
from spec.symbiotic.state import Subnetwork
from tests.harness.seeded_bugs import BUGS, CLIENT, SeededBug

pytestmark = pytest.mark.source

OLDEST_NODE = 18
MOST = 1.5
"""The largest allowed ratio of a found trace's length to the length of the shortest known one."""

IN_CI = ("withdrawal_waits_an_epoch_less",)
EVERY = os.environ.get("RESTAKE_EVERY_SEEDED_BUG") == "1"


def node_is_new_enough() -> bool:
    """True if a Node.js is installed that has every feature that the client uses."""
    node = shutil.which("node")
    if node is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.strip().lstrip("v").partition(".")[0]) >= OLDEST_NODE


needs_node = pytest.mark.skipif(not node_is_new_enough(), reason=f"no Node.js from {OLDEST_NODE} on is installed")


def conform(client: Path, lane: str, folder: Path) -> tuple[int, dict[str, Any]]:
    command = ["conform", "--protocol", "symbiotic", "--client", f"node {client}", "--lane", lane]
    arguments = [*command, "--timeout", "120", "--out", str(folder / "found"), "--json"]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    (report,) = json.loads(result.stdout)
    return result.return_value, report


@needs_node
def test_every_action_but_rewards_agrees(tmp_path: Path) -> None:
    code, report = conform(CLIENT / "client.mjs", "smoke", tmp_path)
    assert (code, report["exit_code"], report["findings"]) == (2, 2, [])
    verdicts = {case["action"]: case["verdict"] for case in report["cases"]}
    assert {action for action, verdict in verdicts.items() if verdict != "AGREE"} == {"reset", *ACTION_FORMATS}
    assert verdicts["reset"] == "UNSUPPORTED"
    assert {verdicts[action] for action in ACTION_FORMATS} == {"NOT REACHED"}


@needs_node
@pytest.mark.parametrize("bug", [bug for bug in BUGS if EVERY or bug.name in IN_CI], ids=lambda bug: bug.name)
def test_a_seeded_bug_is_found_with_a_short_trace(bug: SeededBug, tmp_path: Path) -> None:
    code, report = conform(bug.seeded(tmp_path), bug.lane, tmp_path)
    found = [finding for finding in report["findings"] if finding["verdict"] == "DIVERGES"]
    assert code == 1
    assert found
    assert all(finding["is_shown_again"] for finding in found)
    assert min(finding["steps"] for finding in found) <= MOST * bug.shortest_calls


NETWORK0: Subnetwork = ("network0", 0)


def _opened(vault: str) -> list[Any]:
    """The calls that must precede a slash in a vault, besides a deposit and the limits of its delegator."""
    return [
        OptInNetwork("operator0", "network0"),
        OptInVault("operator0", vault),
        SetMaxNetworkLimit("network0", vault, 0, 10),
        SetMiddleware("network0", "middleware0"),
    ]


SHORTEST: dict[str, list[Any]] = {
    "capture_of_this_very_second": [
        SetMiddleware("network0", "middleware0"),
        AdvanceTime(10),
        Slash("middleware0", "vault0", NETWORK0, "operator0", 0, 20),
    ],
    "execution_in_the_last_second_of_the_veto": [
        *_opened("vault2"),
        SetNetworkLimit("admin0", "vault2", NETWORK0, 10),
        SetResolver("network0", "vault2", 0, "resolver0"),
        Deposit("staker0", "vault2", "staker0", 7),
        AdvanceTime(10),
        RequestSlash("middleware0", "vault2", NETWORK0, "operator0", 1, 19),
        AdvanceTime(19),
        ExecuteSlash("middleware0", "vault2", 0),
    ],
    "slash_spares_this_epochs_bucket": [
        *_opened("vault3"),
        Deposit("staker0", "vault3", "staker0", 7),
        Withdraw("staker0", "vault3", "staker0", 2),
        AdvanceTime(7),
        Slash("middleware0", "vault3", NETWORK0, "operator0", 3, 10),
    ],
    "slash_takes_the_next_bucket_first": [
        *_opened("vault3"),
        Deposit("staker0", "vault3", "staker0", 7),
        Withdraw("staker0", "vault3", "staker0", 2),
        AdvanceTime(7),
        Withdraw("staker0", "vault3", "staker0", 1),
        Slash("middleware0", "vault3", NETWORK0, "operator0", 3, 10),
    ],
}
"""The shortest known trace for each of four seeded bugs, in the first world of the walks. They show that the lengths
counted by hand can be played.
"""


@needs_node
@pytest.mark.parametrize("name", SHORTEST)
def test_the_shortest_trace_known_shows_the_bug_with_its_last_call(name: str, tmp_path: Path) -> None:
    bug = next(bug for bug in BUGS if bug.name == name)
    pack = pack_at("symbiotic")
    assert pack.walk is not None
    script = of_actions(pack.calls, pack.walk.world, SHORTEST[name], "by hand")
    with ProcessClient(["node", str(bug.seeded(tmp_path))], 60.0) as client:
        played = play(Reference(pack.calls, "1"), client, client.hello("symbiotic"), script)
    assert played.divergence is not None
    assert (played.divergence.position, len(script.calls)) == (bug.shortest_calls - 1, bug.shortest_calls)


def test_there_are_twenty_bugs_each_of_a_text_that_stands_once(tmp_path: Path) -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) == 20
    assert len({(bug.file, bug.right, bug.wrong) for bug in BUGS}) == 20
    assert set(IN_CI) <= {bug.name for bug in BUGS if bug.lane == "smoke"}
    for bug in BUGS:
        client = bug.seeded(tmp_path)
        assert (client.parent / bug.file).read_text(encoding="utf-8") != (CLIENT / bug.file).read_text(encoding="utf-8")
