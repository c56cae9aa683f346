"""`restake observe` and `check --state`: the whole state at one block or nothing, and laws judged on the
observed rows.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli import cli
from harness.observed import _judged
from invariants.law import Catalogue, StateLaw
from tests.proofs.loops import (
    BALANCES,
    HELD,
    SCHEMA,
    Balance,
    _no_less_than_at_the_start,
    _no_more_than_at_the_start,
)

pytestmark = [pytest.mark.source, pytest.mark.serial]

pytest.importorskip("eth_abi", reason="the extra `evm` is not installed")

from harness.clients import rpc  # noqa: E402  # it cannot be imported without the extra
from harness.clients.block import WHERE_AM_I  # noqa: E402  # as above
from tests.harness import stub_node  # noqa: E402  # as above
from tests.harness.stub_node import (  # noqa: E402  # as above
    ADDRESSES,
    ALICE,
    AT,
    BURNER,
    HASH,
    NETWORK,
    NUMBER,
    OPERATOR,
    TIMESTAMP,
    StubNode,
)

SUBNETWORK = f"{NETWORK}/sub7"


@pytest.fixture
def node() -> Iterator[StubNode]:
    with StubNode() as server:
        yield server
        server.shutdown()


def observed(node: StubNode, folder: Path, *more: str, addresses: Any = None) -> Result:
    file = folder / "addresses.json"
    file.write_text(json.dumps(ADDRESSES if addresses is None else addresses))
    command = ["observe", "--rpc", node.url, "--addresses", str(file), "--out", str(folder / "state.json")]
    return CliRunner().invoke(cli, [*command, *more], standalone_mode=False)


def refused(result: Result) -> str:
    assert result.exception is not None
    assert type(result.exception).__name__ == "UsageError"
    assert getattr(result.exception, "exit_code", None) == 2
    return str(result.exception)


def test_all_that_the_vaults_and_their_events_name_is_read_at_one_block(node: StubNode, tmp_path: Path) -> None:
    result = observed(node, tmp_path, "--block", str(NUMBER))
    assert (result.exception, result.return_value) == (None, 0)
    document = json.loads((tmp_path / "state.json").read_text())
    assert document["source"]["chain"] == 1
    assert document["source"]["block"] == {"number": NUMBER, "hash": HASH, "timestamp": TIMESTAMP}
    config, vault = document["config"], document["state"]["vaults"]["vault0"]
    assert (config["holders"], config["operators"], config["networks"]) == (["alice"], [OPERATOR], [NETWORK])
    assert (config["subnetworks"], config["stakers"]) == ([SUBNETWORK], ["alice", "burner0", NETWORK, OPERATOR])
    assert config["vaults"]["vault0"]["slasher"] == "instant"
    assert (vault["activeStake"], vault["activeSharesOf"], vault["collateral"]) == ("100", {"alice": "100"}, "100")
    assert document["source"]["addresses"]["burner0"] == BURNER
    # Each part of the chain is asked for its events once, and every other question names the block.
    logs = [params[0] for method, params in node.asked if method == "eth_getLogs"]
    ranges = {(each["fromBlock"], each["toBlock"]) for each in logs}
    assert ranges == {("0x0", "0x270f"), ("0x2710", "0x4e1f"), ("0x4e20", hex(NUMBER))}


LATE = "eth_chainId: no answer within 0.4 s"


def in_answer_to(method: str, **fields: Any) -> stub_node.Change:
    """A fault of the stub node: its answers to one method get these fields; a field given as None is left out."""

    def change(asked: str, _params: list[Any], answer: Any) -> Any:
        merged = {**answer, **fields} if asked == method else answer
        return {name: value for name, value in merged.items() if value is not None}

    return change


def with_result(method: str, result: Callable[[Any], Any], nth: int = 0) -> stub_node.Change:
    """A fault of the stub node: its answers to one method get the result that `result` computes, after the first `nth`
    answers.
    """
    seen = [0]

    def change(asked: str, _params: list[Any], answer: Any) -> Any:
        if asked != method:
            return answer
        seen[0] += 1
        return {**answer, "result": result(answer["result"])} if seen[0] > nth else answer

    return change


def where_am_i(result: str) -> stub_node.Change:
    def change(_asked: str, params: list[Any], answer: Any) -> Any:
        return {**answer, "result": result} if params[:1] == [{"data": WHERE_AM_I}] else answer

    return change


def event(**fields: Any) -> stub_node.Change:
    return with_result("eth_getLogs", lambda found: [{**log, **fields} for log in found])


def reverting(_method: str, params: list[Any], answer: Any) -> Any:
    """A fault of the stub node: every view of a contract reverts without data."""
    if "to" not in (params or [""])[0]:
        return answer
    return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": 3, "message": "reverted", "data": "0x"}}


OTHER = "0x" + "ef" * 32

WRONG: dict[str, tuple[stub_node.Change, str]] = {
    "of another question": (in_answer_to("eth_chainId", id=99), "eth_chainId: the answer is to another question"),
    "no JSON-RPC": (in_answer_to("eth_chainId", jsonrpc="1.0"), "eth_chainId: the answer is none of JSON-RPC 2.0"),
    "neither": (in_answer_to("eth_chainId", result=None), "eth_chainId: the answer is none of JSON-RPC 2.0"),
    "both": (in_answer_to("eth_chainId", error={}), "eth_chainId: the answer is none of JSON-RPC 2.0"),
    "a list": (lambda _method, _params, _answer: [], "eth_chainId: the answer is none of JSON-RPC 2.0"),
    "no number": (in_answer_to("eth_chainId", result="1"), "eth_chainId: the result is no number"),
    "refused": (
        in_answer_to("eth_getLogs", result=None, error={"code": -32005, "message": "too many blocks"}),
        "eth_getLogs: refused: 'too many blocks'",
    ),
    "a block that is not known": (
        in_answer_to("eth_call", result=None, error={"code": -32001, "message": "header not found"}),
        "eth_call: refused: 'header not found'",
    ),
    "an error without a form": (in_answer_to("eth_call", result=None, error="no"), "eth_call: refused: 'no'"),
    "no block": (with_result("eth_getBlockByNumber", lambda _: None), "there is no block latest"),
    "half a block": (with_result("eth_getBlockByNumber", lambda _: {"number": "0x1"}), "the result is no block"),
    "a view of no bytes": (with_result("eth_call", lambda _: "100", 1), "eth_call: the result is no bytes"),
    "a view without an answer": (with_result("eth_call", lambda _: "0x", 1), "answered 0 bytes, which are no words"),
    "half a word": (with_result("eth_call", lambda _: "0x00", 1), "answered 1 bytes, which are no words"),
    "a view that reverts": (
        reverting,
        "isEntity(address) of 0x0000000000000000000000000000000000000001 reverts with EmptyRevert",
    ),
    "no contract": (
        with_result("eth_getCode", lambda _: "0x"),
        f"block {NUMBER}: there is no contract at {AT['vaults']}, vaults",
    ),
    "another block than asked by its hash": (
        where_am_i("0x" + f"{TIMESTAMP:064x}{NUMBER + 1:064x}"),
        "asked of it by its hash, the node answers of another one",
    ),
    "another block in between": (
        with_result("eth_getBlockByNumber", lambda found: {**found, "hash": OTHER}, 1),
        "another block has taken its place while it was read: nothing of it is kept",
    ),
    "an event of another block in its place": (event(blockHash=OTHER), "an event is of another block in its place"),
    "an event that was taken back": (event(removed=True), "an event is of another block in its place"),
    "an event of other blocks": (event(blockNumber=hex(NUMBER + 1)), "something else than the events"),
    "an event without topics": (event(topics=[]), "something else than the events"),
    "events that are none": (with_result("eth_getLogs", lambda _: "0x"), "eth_getLogs: the result is no list"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_node_that_answers_wrong_is_a_clear_error_and_no_state(node: StubNode, tmp_path: Path, name: str) -> None:
    change, said = WRONG[name]
    node.change = change
    assert said in refused(observed(node, tmp_path))
    assert not (tmp_path / "state.json").exists()


def test_a_block_of_another_number_is_refused(node: StubNode, tmp_path: Path) -> None:
    said = refused(observed(node, tmp_path, "--block", "24999"))
    assert said.endswith(f"block {NUMBER}: asked for block 24999, it answers with {NUMBER}")


Send = Callable[[Any, str, bytes], None]


SENT: dict[str, tuple[Send, str]] = {
    "drop by drop": (stub_node.drop_by_drop, LATE),
    "late": (lambda *_: time.sleep(1), LATE),
    "cut off": (stub_node.cut_off, "IncompleteRead"),
    "no JSON": (lambda handler, method, _: stub_node.whole(handler, method, b"<html>"), "the answer is no JSON"),
    "no UTF-8": (lambda handler, method, _: stub_node.whole(handler, method, b"\xff"), "the answer is no JSON"),
    "nested": (lambda handler, method, _: stub_node.whole(handler, method, b"[" * 10**5), "the answer is no JSON"),
    "an error of HTTP": (lambda handler, method, body: stub_node.whole(handler, method, body, 502), "HTTP status 502"),
    "nothing": (lambda handler, _method, _: setattr(handler, "close_connection", True), "RemoteDisconnected"),
    "too much": (lambda handler, method, _: stub_node.whole(handler, method, b" " * 2000), "an answer of more than"),
}


@pytest.mark.parametrize("name", SENT)
def test_a_node_that_sends_no_answer_in_time_is_a_clear_error(
    node: StubNode, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc, "MOST_BYTES", 1000 if name == "too much" else 2**26)
    node.send, said = SENT[name]
    seconds = "0.4" if said == LATE else "20"
    assert said in refused(observed(node, tmp_path, "--timeout", seconds))
    assert not (tmp_path / "state.json").exists()


def test_nobody_who_listens_and_no_url_are_clear_errors_that_tell_no_key(node: StubNode, tmp_path: Path) -> None:
    node.server_close()
    node.shutdown()
    assert "ConnectionRefusedError" in refused(observed(node, tmp_path))
    for url in ("ftp://host/secret", "http://:1/secret", "http://host:x/secret"):
        file = tmp_path / "addresses.json"
        command = ["observe", "--rpc", url, "--addresses", str(file), "--out", str(tmp_path / "state.json")]
        said = refused(CliRunner().invoke(cli, command, standalone_mode=False))
        assert said.startswith("the URL of the node: ")
        assert "secret" not in said


ZERO = "0x" + "00" * 20

FILES: dict[str, tuple[dict[str, Any], str]] = {
    "another protocol": ({"protocol": "eigenlayer"}, "protocol: observed can be symbiotic; found 'eigenlayer'"),
    "an unknown field": ({"more": 1}, "unknown field 'more'"),
    "no vault": ({"vaults": {}}, "vaults: there is none"),
    "no address": ({"vaults": {"vault0": "0x12"}}, "vaults.vault0: expected an address of 20 bytes"),
    "a core contract too few": ({"core": {"vaults": AT["vaults"]}}, "core: missing field 'operators'"),
    "an address with two names": ({"accounts": {"alice": ALICE, "bob": ALICE}}, "accounts.bob: "),
    "a name twice": ({"accounts": {"vault0": ALICE}}, "accounts.vault0: "),
    "a subnetwork of nobody": ({"subnetworks": ["carol/sub0"]}, "subnetworks[0]: no subnetwork of a named account"),
    "a block to begin at that is to come": ({"fromBlock": NUMBER + 1}, "fromBlock: expected a block up to 25000"),
    "another core": ({"core": {**ADDRESSES["core"], "networks": ALICE}}, "core.networks: the delegator of vault0 has"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_addresses_that_says_something_else_is_refused(node: StubNode, tmp_path: Path, name: str) -> None:
    fields, said = FILES[name]
    assert said in refused(observed(node, tmp_path, addresses={**ADDRESSES, **fields}))


UNKNOWN: dict[str, tuple[dict[str, int | str], str]] = {
    "from no factory": ({"isEntity(address)": 0}, "does not come from the factory of vaults"),
    "a later version": ({"version()": 2}, "a vault of version 2: the specification is of 1"),
    "no delegator": ({"delegator()": 0}, "it has no delegator yet"),
    "a hook": ({"hook()": ALICE}, "its delegator has a hook"),
    "a delegator of another type": ({"TYPE()": 4}, "a delegator of type 4"),
    "a slasher of another type": ({"TYPE()": 2}, "a slasher of type 2"),
    "another service of middlewares": ({"NETWORK_MIDDLEWARE_SERVICE()": ALICE}, "core.middlewares: the slasher of"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_deployment_that_the_specification_does_not_know_is_refused(
    node: StubNode, tmp_path: Path, name: str
) -> None:
    answers, said = UNKNOWN[name]
    node.answers |= answers
    assert said in refused(observed(node, tmp_path))


def checked(file: Path, *more: str) -> Result:
    return CliRunner().invoke(cli, ["check", "--state", str(file), *more], standalone_mode=False)


def test_the_laws_are_judged_on_an_observed_state(node: StubNode, tmp_path: Path) -> None:
    assert observed(node, tmp_path).return_value == 0
    result = checked(tmp_path / "state.json", "--json")
    laws = {law["law"]: law["verdict"] for law in json.loads(result.stdout)["laws"]}
    assert result.return_value == 0
    assert (laws["SHARE-01"], laws["SOLV-01"], laws["CONS-01"]) == ("held", "held", "of two states")
    assert set(laws.values()) == {"held", "of nothing", "of two states"}


def test_a_vault_that_does_not_hold_what_it_owes_is_seen(node: StubNode, tmp_path: Path) -> None:
    node.held = 99
    assert observed(node, tmp_path).return_value == 0
    result = checked(tmp_path / "state.json", "--law", "SOLV-01", "--law", "SHARE-01")
    assert result.return_value == 1
    assert "broken of 'vault0'" in result.stdout
    assert result.stdout.endswith("symbiotic, 1 held, 1 VIOLATED\n")


def test_a_law_of_what_is_not_observed_is_not_judged_and_that_is_no_pass(node: StubNode, tmp_path: Path) -> None:
    node.answers["TYPE()"] = 1  # a full-restake delegator and a veto slasher
    node.answers |= {"vetoDuration()": 10, "resolverSetEpochsDelay()": 3}
    assert observed(node, tmp_path).return_value == 0
    result = checked(tmp_path / "state.json", "--law", "RES-01")
    assert (result.return_value, "not observed: resolver_ordinals" in result.stdout) == (2, True)
    assert checked(tmp_path / "state.json", "--law", "SOLV-01").return_value == 0
    assert checked(tmp_path / "state.json", "--law", "SOLV-03").return_value == 5


def test_a_law_that_compares_with_the_beginning_is_not_held_of_one_state() -> None:
    """Regression: a law that totals which begin with nothing satisfy was called held."""
    laws = {"LOST": _no_less_than_at_the_start, "MADE": _no_more_than_at_the_start, "SOME": lambda *_: True}
    of_states = [StateLaw(name, name, "", holds, {}, {HELD: lambda group: group}) for name, holds in laws.items()]
    catalogue, state = Catalogue([HELD], of_states, [], [], []), SCHEMA.empty_state()
    state.tables[BALANCES.index]["a"] = Balance(5)
    verdicts = [_judged(law, catalogue, state, frozenset(SCHEMA.tables)).verdict for law in of_states]
    assert verdicts == ["of two states", "of two states", "held"]


def test_each_law_that_is_named_must_be_judged_on_a_state(node: StubNode, tmp_path: Path) -> None:
    """Regression: of two named laws one had no subject in the state, and the exit code was 0. A protocol that the state
    is not of was left out without a word.
    """
    assert observed(node, tmp_path).return_value == 0
    file = tmp_path / "state.json"
    result = checked(file, "--law", "SOLV-01", "--law", "CONS-01", "--json")
    report = json.loads(result.stdout)
    assert (result.return_value, report["exit_code"]) == (2, 2)
    assert {law["law"]: law["verdict"] for law in report["laws"]} == {"CONS-01": "of two states", "SOLV-01": "held"}
    assert checked(file, "--law", "SOLV-01", "--law", "CONS-01").return_value == 2
    others = ("--protocol", "eigenlayer", "--protocol", "symbiotic")
    assert refused(checked(file, *others)) == f"--protocol: {file} is a state of symbiotic, not of eigenlayer"


BROKEN: dict[str, tuple[Callable[[Any], object], str]] = {
    "a view that the rows do not give": (
        lambda state: state["vaults"]["vault0"].update(totalStake="101"),
        "state.vaults.vault0.totalStake: observed is '101', of the rows it would be '100'",
    ),
    "a field too few": (lambda state: state.pop("balances"), "state: missing field 'balances'"),
    "another time": (lambda state: state.update(timestamp=TIMESTAMP + 1), "state.timestamp: another than"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_state_that_does_not_fit_together_is_refused(node: StubNode, tmp_path: Path, name: str) -> None:
    change, said = BROKEN[name]
    assert observed(node, tmp_path).return_value == 0
    file = tmp_path / "state.json"
    document = json.loads(file.read_text())
    change(document["state"])
    file.write_text(json.dumps(document))
    assert said in refused(checked(file))


def test_options_of_the_main_job_mean_nothing_beside_one_state(node: StubNode, tmp_path: Path) -> None:
    assert observed(node, tmp_path).return_value == 0
    file = tmp_path / "state.json"
    assert refused(checked(file, "--steps", "5")).endswith("so that --steps means nothing beside it.")
    assert refused(checked(file, "--law", "SLASH-01")) == "--law: SLASH-01: no law of states of symbiotic"
