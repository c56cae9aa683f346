"""Symbiotic's real contracts, in lockstep with the specification: on an EVM in this process, and on an anvil node.

They run if the extra `evm` and the npm packages of tests/npm are installed, as `make test` does where npm exists. The
project contains no part of them.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cases import read_cases
from conformance.client import Client
from conformance.lockstep import Played, Script, play
from conformance.scripts import of_walk
from harness.cli import cli
from harness.protocols import pack_at
from tests.harness.npm import ANVIL, CORE, needs

pytest.importorskip("pyrevm", reason="the extra `evm` is not installed")

from harness.clients.anvil import AnvilChain  # it cannot be imported without the extra
from harness.clients.chain import Chain  # as above
from harness.clients.evm import EvmChain  # as above
from harness.clients.rpc import NodeError  # as above
from harness.clients.symbiotic import calls as contracts  # as above
from harness.clients.symbiotic.client import SymbioticContracts  # as above
from harness.clients.symbiotic.deployment import DELEGATORS  # as above
from harness.clients.symbiotic.observed import CORE as CORE_CONTRACTS  # as above

pytestmark = [pytest.mark.source, needs(CORE)]

PACK = pack_at("symbiotic")
ERRORS = tuple(reason.value for reason in PACK.protocol.reasons)


def on_evm(_timestamp: int) -> Chain:
    return EvmChain()


def played(reference: Client, scripts: Any, begin: Callable[[int], Chain] = on_evm) -> list[Played]:
    client = SymbioticContracts(CORE, ERRORS, begin, "test")
    found = [play(reference, client, client.hello("symbiotic"), script) for script in scripts]
    client.bye()
    return found


KNOWN = frozenset([*contracts.CALLS, "advance_time"])


def actions_of(script: Script) -> set[str]:
    calls: Any = script.calls
    return {call["action"] for call in calls}


def walk(seed: int, steps: int) -> Script:
    assert PACK.walk is not None
    return of_walk(PACK.calls, PACK.walk, seed, steps, KNOWN)


def test_every_case_that_is_short_agrees(reference: Callable[[str], Client]) -> None:
    assert PACK.cases is not None
    cases = [script for _, script in read_cases(Path(PACK.cases)) if len(script.calls) <= 3]
    scripts = [script for script in cases if actions_of(script) <= KNOWN]
    found = played(reference("symbiotic"), scripts)
    assert len(found) > 40
    assert [(each.divergence, each.fault) for each in found] == [(None, None)] * len(found)
    assert sum(each.steps for each in found) == sum(len(script.calls) for script in scripts)


@pytest.mark.parametrize("seeds", [(0, 9, 19, 29, 39, 49), (3, 59, 69, 79, 89, 99)], ids=str)
def test_a_thousand_steps_of_walks_agree(seeds: tuple[int, ...], reference: Callable[[str], Client]) -> None:
    """Contracts and specification agree on more than a thousand steps for each list of seeds. The first walk's world
    has all four delegators and both slashers.
    """
    scripts = [walk(seeds[0], 90), *[walk(seed, 250) for seed in seeds[1:]]]  # the first world is a slow one
    head: Any = scripts[0].head
    vaults = head["config"]["vaults"].values()
    assert {vault["delegator"] for vault in vaults} == set(DELEGATORS)
    assert {vault["slasher"] for vault in vaults} == {"instant", "veto", "none"}
    found = played(reference("symbiotic"), scripts)
    assert [(each.divergence, each.fault) for each in found] == [(None, None)] * len(seeds)
    assert sum(each.steps for each in found) > 1_000


@pytest.mark.parametrize(
    ("action", "wrong", "aspect"),
    [
        ("withdraw", ("vault", "redeem(address,uint256)", ("claimer", "amount"), ("burnedShares", "mintedShares")), ""),
        ("set_deposit_limit", ("vault", "setIsDepositLimit(bool)", ("limit",), ()), ""),
        ("opt_out_vault", ("vault_opt_in", "optIn(address)", ("vault",), ()), "outcome"),
    ],
)
def test_another_call_than_the_one_that_is_meant_is_noticed(
    action: str, wrong: Any, aspect: str, reference: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(contracts.CALLS, action, wrong)
    assert PACK.cases is not None
    scripts = [script for case, script in read_cases(Path(PACK.cases)) if case[0] == action]
    found = [each.divergence for each in played(reference("symbiotic"), scripts) if each.divergence]
    assert found
    assert {each.case[0] for each in found} == {action}
    assert aspect in ("", *(each.aspect for each in found))


needs_anvil = needs(ANVIL)


@needs_anvil
def test_a_node_agrees_and_is_ended(reference: Callable[[str], Client]) -> None:
    begun: list[AnvilChain] = []

    def on_node(timestamp: int) -> Chain:
        begun.append(AnvilChain(ANVIL, timestamp))
        return begun[-1]

    scripts = [walk(9, 20), walk(19, 20)]
    found = played(reference("symbiotic"), scripts, on_node)
    assert [(each.divergence, each.fault) for each in found] == [(None, None)] * 2
    assert sum(each.steps for each in found) == sum(len(script.calls) for script in scripts) > 24
    assert [chain.is_ended for chain in begun] == [True, True]


@needs_anvil
def test_the_node_is_a_client_by_its_command(tmp_path: Path) -> None:
    command = f"{sys.executable} -m harness.clients.symbiotic --core {CORE} --anvil {ANVIL}"
    assert PACK.cases is not None
    _, script = next(iter(read_cases(Path(PACK.cases))))
    trace = tmp_path / "trace.json"
    history = PACK.calls.begin(script.head)
    actions = [action for call in script.calls for action in history.read(call, "call")[0]]
    trace.write_text(json.dumps(PACK.protocol.write_trace(PACK.calls.head(script.head), actions)))
    arguments = ["conform", "--protocol", "symbiotic", "--client", command, "--trace", str(trace), "--timeout", "60"]
    result = CliRunner().invoke(cli, [*arguments, "--json", "--out", str(tmp_path / "found")], standalone_mode=False)
    (report,) = json.loads(result.stdout)
    assert (result.return_value, report["findings"]) == (0, [])
    assert {case["verdict"] for case in report["cases"]} == {"AGREE"}


def test_a_program_that_is_no_node_is_ended_and_told(tmp_path: Path) -> None:
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\necho no such option\n")
    program.chmod(0o755)
    with pytest.raises(NodeError) as error:
        AnvilChain(program, 0)
    assert str(error.value) == "anvil did not start: 'no such option'"


@needs_anvil
def test_the_state_that_is_observed_over_json_rpc_is_the_state_of_the_specification(tmp_path: Path) -> None:
    """After a walk on an anvil node, every observed amount is that of the specification, and every law that can be
    judged on the observed rows holds.
    """
    script = walk(0, 80)
    begun: list[AnvilChain] = []

    def on_node(timestamp: int) -> Chain:
        begun.append(AnvilChain(ANVIL, timestamp))
        return begun[-1]

    client = SymbioticContracts(CORE, ERRORS, on_node, "test")
    client.state = dict  # type: ignore[method-assign]  # which would be asked for after every call
    client.reset(script.head)
    for call in script.calls:
        client.apply(call)
    on = client.deployed
    begun[0].mine()
    addresses = {
        "protocol": "symbiotic",
        "core": {name: on.core[name] for name in CORE_CONTRACTS},
        "vaults": {name: parts["vault"] for name, parts in on.vaults.items()},
        "accounts": {name: at for name, at in on.addresses.items() if name != "zero" and name not in on.vaults},
    }
    (tmp_path / "addresses.json").write_text(json.dumps(addresses))
    state = tmp_path / "state.json"
    command = ["observe", "--rpc", begun[0].url, "--addresses", str(tmp_path / "addresses.json"), "--out", str(state)]
    result = CliRunner().invoke(cli, command, standalone_mode=False)
    client.bye()
    assert (result.exception, result.return_value) == (None, 0)

    history = PACK.calls.begin(script.head)
    actions = [action for call in script.calls for action in history.read(call, "call")[0]]
    written: Any = PACK.protocol.write_trace(PACK.calls.head(script.head), actions)
    expected = written["steps"][-1]["post"]
    found = json.loads(state.read_text())["state"]
    assert compared(expected, found) > 200
    report = CliRunner().invoke(cli, ["check", "--state", str(state), "--json"], standalone_mode=False)
    verdicts = {law["law"]: law["verdict"] for law in json.loads(report.stdout)["laws"]}
    assert (report.return_value, verdicts["RES-01"]) == (2, "not judged")
    assert set(verdicts.values()) == {"held", "of nothing", "of two states", "not judged"}
    assert [verdicts[law] for law in ("SHARE-01", "SOLV-01", "SHARE-03", "LIMIT-01")] == ["held"] * 4


def compared(expected: Any, found: Any) -> int:
    """The number of leaves that two JSON states share, after asserting that each pair is equal. Values of the past are
    left out.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        shared = [name for name in expected if name in found and name != "probes"]
        return sum(compared(expected[name], found[name]) for name in shared)
    assert expected == found
    return 1
