"""EigenLayer's real contracts, in lockstep with the specification on an EVM in this process.

They run if `RESTAKE_EIGENLAYER` names a folder that their compiler wrote; the project contains no part of them. Tests
that do not need them run if the extra `evm` is installed.
"""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from conformance.client import Client, Unsupported
from conformance.lockstep import Script, play
from conformance.scripts import of_actions, of_trace, of_walk
from conformance.wire import to_wire
from harness.protocols import pack_at
from invariants.choices import Seeded
from invariants.eigenlayer.world import WORLD, with_native_eth
from invariants.walker import Walk
from spec.eigenlayer.actions import (
    AddStrategiesToDepositWhitelist,
    CreatePod,
    DepositIntoStrategy,
    FundPod,
    MineBlocks,
    QueueWithdrawals,
    RegisterAsOperator,
    RemoveStrategiesFromDepositWhitelist,
    Undelegate,
    WithdrawalRequest,
)
from spec.machine import Draft
from tests.conftest import GOLDEN

pytest.importorskip("pyrevm", reason="the extra `evm` is not installed")

from harness.clients.abi import ErrorNames, Reverted, first_word  # it cannot be imported without the extra
from harness.clients.chain import DEPLOYER  # as above
from harness.clients.eigenlayer import calls as contracts  # as above
from harness.clients.eigenlayer import storage, view  # as above
from harness.clients.eigenlayer.artifacts import (  # as above
    CONTRACTS,
    RESOLUTION_DELAY,
    Artifacts,
    ArtifactsError,
    read_artifacts,
)
from harness.clients.eigenlayer.chain import BlockChain, first_made_by  # as above
from harness.clients.eigenlayer.client import EigenLayerContracts  # as above
from harness.clients.eigenlayer.signing import address_of_key, sign  # as above
from harness.clients.eigenlayer.worlds import as_deployed, walk_as_deployed  # as above
from harness.clients.measuring import new_evm  # as above

FOLDER = os.environ.get("RESTAKE_EIGENLAYER")
# No registry has these contracts compiled, and their sources are not ours to keep: whoever has them names the folder.
needs_artifacts = pytest.mark.skipif(FOLDER is None, reason="RESTAKE_EIGENLAYER names no folder of compiled contracts")

PACK = pack_at("eigenlayer")
TRACES = {
    "v1.12.0": ("eigenlayer/d_one_wei_everything", "eigenlayer/native_eth/d_negative_shares_repaid"),
    "v1.13.1": ("eigenlayer/v13_d_clear_before_at_after", "eigenlayer/v13_d_redelegate_after_slash"),
}
SIX = "6008600c60003960086000f3" + "60065f5260205ff3"
"""Creation code of a contract that answers 6."""

CALLER = "6007600c60003960076000f3" + "335f5260205ff3"
"""Creation code of a contract that returns the address of its caller."""


@pytest.fixture(scope="module")
def artifacts() -> Artifacts:
    assert FOLDER is not None
    return read_artifacts(Path(FOLDER))


def parts(artifacts: Artifacts, reference: Client, script: Script) -> Any:
    client = EigenLayerContracts(artifacts)
    played = play(reference, client, client.hello("eigenlayer"), script)
    assert played.steps == len(script.calls) or played.divergence
    return played.divergence or played.fault or dict(played.unsupported - script.dropped) or None


def recorded(name: str) -> Script:
    path = GOLDEN / f"{name}.json.gz"
    return of_trace(PACK.calls, PACK.protocol.read_trace(json.loads(gzip.decompress(path.read_bytes()))), name)


@needs_artifacts
@pytest.mark.parametrize("number", [0, 1])
def test_what_was_recorded_agrees(artifacts: Artifacts, reference: Callable[[str], Client], number: int) -> None:
    script = recorded(TRACES[artifacts.release][number])
    assert parts(artifacts, reference("eigenlayer"), script) is None


@needs_artifacts
@pytest.mark.parametrize("seed", [0, 8])
def test_walks_agree(artifacts: Artifacts, reference: Callable[[str], Client], seed: int) -> None:
    assert PACK.walk is not None
    actions = EigenLayerContracts(artifacts).hello("eigenlayer").actions
    walk = walk_as_deployed(PACK.walk, seed, artifacts)
    assert parts(artifacts, reference("eigenlayer"), of_walk(PACK.calls, walk, seed, 90, actions)) is None


@needs_artifacts
def test_eth_does_not_arrive_at_a_pod_that_is_not_there_yet(
    artifacts: Artifacts, reference: Callable[[str], Client]
) -> None:
    calls = [FundPod("operator0", 10**9), CreatePod("operator0"), FundPod("operator0", 10**9)]
    script = of_actions(PACK.calls, as_deployed(with_native_eth(WORLD), artifacts), calls, "calls")
    assert parts(artifacts, reference("eigenlayer"), script) is None


@needs_artifacts
@pytest.mark.parametrize(
    ("right", "wrong", "calls"),
    [
        (
            "remove_strategies_from_deposit_whitelist",
            "add_strategies_to_deposit_whitelist",
            [RemoveStrategiesFromDepositWhitelist("whitelister", ("strategy0",))],
        ),
        ("undelegate", "burn_shares", [RegisterAsOperator("operator0", "zero", 1), Undelegate("staker0", "operator0")]),
    ],
)
def test_another_call_than_the_one_that_is_meant_is_noticed(
    artifacts: Artifacts,
    reference: Callable[[str], Client],
    monkeypatch: pytest.MonkeyPatch,
    right: str,
    wrong: str,
    calls: list[Any],
) -> None:
    assert PACK.walk is not None
    script = of_actions(PACK.calls, as_deployed(PACK.walk.world, artifacts), calls, "calls")
    assert parts(artifacts, reference("eigenlayer"), script) is None
    other = contracts.CALLS[wrong]
    changed = contracts.ContractCall(other.contract, other.signature, contracts.CALLS[right].values)
    monkeypatch.setattr(contracts, "CALLS", {**contracts.CALLS, right: changed})
    monkeypatch.setattr("harness.clients.eigenlayer.client.CALLS", contracts.CALLS)
    found = parts(artifacts, reference("eigenlayer"), script)
    assert (found.case[0], found.position) == (right, len(calls) - 1)


LAST_BLOCKS = [
    AddStrategiesToDepositWhitelist("whitelister", ("strategy0",)),
    DepositIntoStrategy("staker0", "strategy0", "token0", 2_000),
    QueueWithdrawals("staker0", (WithdrawalRequest(("strategy0",), (5,)),)),
    MineBlocks(2**32 - 1_008),
    QueueWithdrawals("staker0", (WithdrawalRequest(("strategy0", "strategy0"), (7, 9)),)),
]
"""Calls that queue two withdrawals. The slashing window of one ends in a block number beyond uint32, that of the other
does not.
"""


@needs_artifacts
def test_a_withdrawal_whose_window_leaves_the_block_numbers_is_shown_as_the_view_that_reverts(
    artifacts: Artifacts, reference: Callable[[str], Client]
) -> None:
    """Regression: for a withdrawal whose slashing window ends beyond uint32, the view of all withdrawals of a staker
    reverted, and the client ended. The state shows the revert instead.
    """
    script = of_actions(PACK.calls, as_deployed(WORLD, artifacts), LAST_BLOCKS, "calls")
    known = reference("eigenlayer")
    assert parts(artifacts, known, script) is None
    shown: Any = known.state()
    assert [each["shares"] for each in shown["queued_withdrawals"]] == [["5"], ["revert:Panic(0x11)"] * 2]


class OfViews:
    """A stand-in for deployed contracts: `answers` maps (function, arguments) to the view's answer, or to None for a
    revert.
    """

    def __init__(self, answers: dict[tuple[Any, ...], Any]) -> None:
        self.answers = answers
        self.withdrawals: dict[tuple[str, int], Any] = {}

    def asked(self, _contract: str, signature: str, _types: Any, *arguments: Any) -> Any:
        answer = self.answers[(signature.partition("(")[0], *arguments)]
        if answer is None:
            raise Reverted(bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big"))
        return answer

    def name_of(self, reverted: Reverted) -> str:
        return ErrorNames(()).name_of(reverted)

    def address(self, name: str) -> str:
        return name

    name_at = name_or_null = address


def test_a_withdrawal_is_shown_where_the_view_of_all_reverts_for_another() -> None:
    def queued(nonce: int, shares: tuple[int, ...]) -> tuple[Any, ...]:
        return ("staker0", "operator0", "staker0", nonce, 6, ["strategy0"] * len(shares), shares)

    on = OfViews(
        {
            ("getQueuedWithdrawals", "staker0"): None,
            ("getQueuedWithdrawalRoots", "staker0"): ([b"1", b"2"],),
            ("getQueuedWithdrawal", b"1"): (queued(0, (5,)), (4,)),
            ("getQueuedWithdrawal", b"2"): None,
            ("queuedWithdrawals", b"2"): (queued(1, (7, 9)),),
        }
    )
    shown: Any = view._withdrawals(cast("Any", on), {"staker0": None})  # the rest needs contracts
    assert [(each["nonce"], each["scaled_shares"], each["shares"]) for each in shown] == [
        ("0", ["5"], ["4"]),
        ("1", ["7", "9"], ["revert:Panic(0x11)"] * 2),
    ]
    assert on.withdrawals == {("staker0", 0): queued(0, (5,)), ("staker0", 1): queued(1, (7, 9))}


def fake(folder: Path, delay: bool, **changed: str) -> Path:
    for name in CONTRACTS:
        abi: list[dict[str, Any]] = [{"type": "error", "name": "Nope", "inputs": []}]
        if delay and name == "StrategyManager":
            abi.append({"type": "function", "name": RESOLUTION_DELAY, "inputs": []})
        text = changed.get(name, json.dumps({"abi": abi, "bytecode": {"object": f"0x{SIX}"}}))
        (folder / f"{name}.sol").mkdir()
        (folder / f"{name}.sol" / f"{name}.json").write_text(text)
    return folder


@pytest.mark.parametrize(("delay", "expected"), [(False, ("v1.12.0", 0)), (True, ("v1.13.1", 6))])
def test_a_folder_is_read_with_its_release(tmp_path: Path, delay: bool, expected: tuple[str, int]) -> None:
    found = read_artifacts(fake(tmp_path, delay))
    assert (found.release, found.resolution_delay_blocks) == expected
    assert found.errors == ("Nope()",)
    assert found.code == dict.fromkeys(CONTRACTS, bytes.fromhex(SIX))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "EigenPod.json is no JSON: "),
        ("[]", "EigenPod.json has no abi"),
        ('{"abi": []}', "EigenPod has no creation code"),
        (
            '{"abi": [], "bytecode": {"object": "0x60__$1"}}',
            "EigenPod has creation code that is not linked, or no hexa",
        ),
    ],
)
def test_a_folder_that_has_not_what_it_must_have_is_told(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ArtifactsError) as error:
        read_artifacts(fake(tmp_path, False, EigenPod=text))
    assert problem in str(error.value)


def test_a_contract_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArtifactsError) as error:
        read_artifacts(tmp_path)
    assert str(error.value) == f"no PermissionController.sol/PermissionController.json in {tmp_path}"


def test_what_solc_writes_is_read_as_what_foundry_does(tmp_path: Path) -> None:
    written = json.dumps({"abi": [], "evm": {"bytecode": {"object": SIX}}})
    assert read_artifacts(fake(tmp_path, False, EigenPod=written)).code["EigenPod"] == bytes.fromhex(SIX)


def test_a_world_that_cannot_be_deployed_is_unsupported_and_one_made_for_it_is_not() -> None:
    assert PACK.walk is not None
    of = {name: Artifacts({}, (), name, delay) for name, delay in (("v1.12.0", 0), ("v1.13.1", 50_400))}

    def refusal(world: Any, artifacts: Artifacts) -> str | None:
        try:
            said = EigenLayerContracts(artifacts).reset(to_wire(world))
        except KeyError:  # there are no contracts to deploy
            return None
        assert isinstance(said, Unsupported)
        return said.why

    world: Any = PACK.walk.world
    assert refusal(world, of["v1.12.0"]) == "release v1.13.1: the artifacts are of v1.12.0"
    assert refusal(world, of["v1.13.1"]) == "rewards"
    assert refusal({**world, "protocol": "eigenlayer_rewards"}, of["v1.13.1"]) == "a world of eigenlayer_rewards"
    for artifacts in of.values():
        deployed: Any = as_deployed(PACK.walk.of(3).world, artifacts)
        assert refusal(deployed, artifacts) is None
        deployed["config"]["SLASHER_CONFIGURATION_DELAY"] += 1
        assert str(refusal(deployed, artifacts)).startswith("SLASHER_CONFIGURATION_DELAY is")
    deployed = as_deployed(world, of["v1.13.1"])
    deployed["config"]["slash_resolution_delay_blocks"] = 6
    assert refusal(deployed, of["v1.13.1"]) == "slash_resolution_delay_blocks is a constant of the contracts, 50400"


def test_a_signature_is_what_the_evm_recovers_its_address_from() -> None:
    assert address_of_key(1) == "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
    evm = new_evm()
    for key in (1, 2**200 + 7):
        for digest in (bytes(31) + b"\x01", b"\xff" * 32):
            signed = sign(key, digest)
            said = digest + bytes(31) + signed[64:] + signed[:64]
            recovered = evm.message_call(DEPLOYER, "0x" + "00" * 19 + "01", calldata=said)
            assert f"0x{bytes(recovered).hex()[24:]}" == address_of_key(key)
            assert int.from_bytes(signed[32:64], "big") < 2**255


def test_a_contract_can_call_and_has_its_code_again() -> None:
    chain = BlockChain()
    first, second = (chain.create_by(deployer, bytes.fromhex(CALLER)) for deployer in (DEPLOYER, "0x" + "01" * 20))
    assert (first, second) == (first_made_by(DEPLOYER), first_made_by("0x" + "01" * 20))
    chain.plant_ether(first, 7)
    assert first_word(chain.call(first, second, "who()")) == int(first, 16)
    assert first_word(chain.call(second, first, "who()")) == int(second, 16)
    assert (chain.ether(first), chain.ether(second)) == (7, 0)


def test_storage_is_found_where_a_compiler_lays_it_out() -> None:
    """The computed storage slots are those of values in mappings, of array elements, of parts of a word, and of a queue
    that grew at its front.
    """
    chain = BlockChain()
    at = chain.create(bytes.fromhex(CALLER))
    entry = storage.slot_of(5, 9)
    assert storage.slot_of(5, 9, 8) == storage.slot_of(entry, 8) != storage.slot_of(5, 8, 9)
    assert storage.latest(chain, at, entry) == 0
    chain.plant_word(at, entry, 2)
    chain.plant_word(at, storage.elements_of(entry) + 1, 77 << 32 | 5)
    assert storage.latest(chain, at, entry) == 77
    chain.plant_word(at, 3, 1 << 128 | (2**128 - 1))  # from -1 to before 1
    chain.plant_word(at, storage.slot_of(4, 2**256 - 1), 11)
    chain.plant_word(at, storage.slot_of(4, 0), 12)
    assert storage.queue(chain, at, 3) == [11, 12]
    assert storage.signed(storage.part(0xFE_01, 1, 8), 8) == -2


def test_a_message_that_a_contract_reverts_with_is_the_name_of_the_error() -> None:
    names = ErrorNames(("Nope()", "Told(uint256)", "Bare"))
    words = (32).to_bytes(32, "big") + (2).to_bytes(32, "big") + b"no".ljust(32, b"\0")
    assert names.name_of(Reverted(bytes.fromhex("08c379a0") + words)) == "Error(no)"
    assert names.name_of(Reverted(b"")) == "EmptyRevert"


def test_walks_leave_out_calls_that_nobody_can_make() -> None:
    """Regression: ten of 71 walks diverged at a call from the zero address, which no account can send."""
    drawn = PACK.walk
    assert drawn is not None
    turns = iter([CreatePod("zero"), CreatePod("zero"), MineBlocks(1), CreatePod("staker0")])
    walk = Walk(drawn.protocol, drawn.catalogue, drawn.world, drawn.opening, lambda _choices, _draft: next(turns))
    deployed = walk_as_deployed(walk, 0, Artifacts({}, (), "v1.12.0", 0))
    draft = Draft(deployed.genesis())
    found = [deployed.next_action(Seeded(0), draft) for _ in range(2)]
    assert found == [MineBlocks(1), CreatePod("staker0")]
