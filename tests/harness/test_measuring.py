"""Walks in lockstep with a client on an EVM, and their cost relative to a bare EVM."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from conformance.client import Answer, Client, Introduction, Rejected, Unsupported
from conformance.reference import Reference
from harness import __version__
from harness.protocols import pack_at
from spec.codec import Json

pytest.importorskip("pyrevm", reason="the extra `evm` is not installed")

from harness.clients import measuring  # not without the extra
from harness.clients.measuring import Measured, RecordingEvm, bare_seconds, finish, measure

PACK = pack_at("symbiotic")
ACCOUNT = "0x" + "01" * 20


class OnAnEvm(Reference):
    """The specification as a client that sends one message to an EVM for each call.

    At the call with the number `refused` it answers wrongly: it rejects, alters a view in the state, or raises an
    exception. With `worldless` it supports no world.
    """

    def __init__(
        self, begin: Callable[[], Any], refused: int | None, worldless: bool, view: str | None, raises: bool
    ) -> None:
        super().__init__(PACK.calls, __version__)
        self._evm = begin()
        self._left = refused
        self._worldless = worldless
        self._view = view
        self._raises = raises

    def hello(self, protocol: str) -> Introduction:
        """The introduction, under the name "on an EVM"."""
        said = super().hello(protocol)
        return Introduction("on an EVM", said.version, None, has_reasons=True, has_digest=True)

    def reset(self, head: Json) -> str | Unsupported | None:
        """The digest of the first state, or Unsupported if the client is `worldless`."""
        return Unsupported("no worlds") if self._worldless else super().reset(head)

    def apply(self, call: Json) -> Answer:
        """The specification's answer, except at the call with the number `refused`."""
        self._evm.set_balance(ACCOUNT, 7)
        answer = super().apply(call)
        if self._left is not None:
            self._left -= 1
        if self._left != 0 or isinstance(answer, Unsupported):
            return answer
        if self._raises:
            raise KeyError("nobody")
        return Rejected("Nope", answer.digest) if self._view is None else attrs.evolve(answer, digest="f" * 64)

    def state(self) -> Json | Unsupported:
        """The specification's state, with one view replaced if the client has a `view`."""
        state = super().state()
        if self._view is not None:
            cast("Any", state)["vaults"]["vault0"]["totalStake"] = self._view
        return state


def run(
    steps: int,
    out: Path | None = None,
    refused: int | None = None,
    worldless: bool = False,
    view: str | None = None,
    raises: bool = False,
) -> Measured:
    def make(begin: Callable[[], Any]) -> Client:
        return OnAnEvm(begin, refused, worldless, view, raises)

    walk = PACK.walk
    assert walk is not None
    return measure(PACK, make, lambda _: walk, steps, seed=4, every=2, out=out)


def test_walks_that_agree_are_counted_and_timed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "WALK_STEPS", 20)
    found = run(30, tmp_path)
    assert (found.walks, found.parted, found.unsupported) == (2, {}, 0)
    assert sum(found.cases.values()) == found.steps + found.walks  # the beginning of each is a case, too
    assert 0 < found.compared_seconds < found.seconds  # the first walk alone was timed beside the EVM
    assert found.bare_seconds > 0
    assert json.loads((tmp_path / "report.json").read_text())["cases"] == {
        f"{action}/{answer}": count for (action, answer), count in sorted(found.cases.items())
    }
    assert finish(found) == 0
    said = f"{found.steps} steps in 2 walks: 0 part, 0 end where a view reverts, 0 are in worlds that these"
    assert capsys.readouterr().out.startswith(said)


def test_a_client_that_has_no_worlds_ends_the_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "WALK_STEPS", 5)
    monkeypatch.setattr(measuring, "MOST_UNSUPPORTED", 3)
    found = run(3, worldless=True)
    assert (found.steps, found.walks, found.unsupported, found.parted) == (0, 3, 3, {})
    assert finish(found) == 1
    assert capsys.readouterr().out == "no steps in 3 walks: these contracts have none of their worlds\n"


def test_a_walk_that_parts_is_kept_up_to_there(tmp_path: Path) -> None:
    found = run(3, tmp_path, refused=3)
    assert (found.steps, found.walks, list(found.parted)) == (3, 1, ["4"])
    assert (found.parted["4"]["position"], found.parted["4"]["aspect"]) == (2, "outcome")
    kept = json.loads((tmp_path / "walk-4.json").read_text())
    assert len(kept["calls"]) == 3
    assert kept["found"]["actual"] == {"rejected": "Nope"}
    assert finish(found) == 1


def test_a_view_that_reverts_is_no_parting_and_any_other_answer_of_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(3, tmp_path, refused=3, view="revert:Panic(0x11)")
    assert (found.steps, found.parted) == (3, {})
    case = json.loads((tmp_path / "walk-4.json").read_text())["found"]["case"]
    assert found.reverting == {
        "4": {
            "aspect": "state",
            "position": 2,
            "case": tuple(case),
            "views": {"vaults.vault0.totalStake": "revert:Panic(0x11)"},
        }
    }
    assert finish(found) == 0
    assert capsys.readouterr().err == f"walk 4, where a view reverts: {found.reverting['4']}\n"
    other = run(3, refused=3, view="77")
    assert (list(other.parted), other.reverting) == (["4"], {})
    assert finish(other) == 1


def test_an_exception_of_a_client_ends_a_walk_and_not_the_run(tmp_path: Path) -> None:
    """Regression: a view of EigenLayer's contracts that reverts ended a whole run of 61,283 steps."""
    found = run(4, tmp_path, refused=3, raises=True)
    assert (found.steps, found.walks, list(found.parted)) == (4, 2, ["4", "5"])
    assert (found.parted["4"]["position"], found.parted["4"]["kind"]) == (2, "failed")
    kept = json.loads((tmp_path / "walk-4.json").read_text())
    assert kept["found"]["detail"].endswith("KeyError: 'nobody'")
    assert 'raise KeyError("nobody")' in kept["traceback"]
    assert finish(found) == 1


def test_messages_are_kept_and_sent_again() -> None:
    kept: list[Any] = []
    evm = RecordingEvm(kept)
    evm.set_balance(ACCOUNT, 5)
    assert evm.get_balance(ACCOUNT) == 5
    with pytest.raises(RuntimeError):
        evm.message_call(ACCOUNT, ACCOUNT, value=6)
    assert [(name, arguments, named) for name, arguments, named in kept] == [
        ("set_balance", (ACCOUNT, 5), {}),
        ("get_balance", (ACCOUNT,), {}),
        ("message_call", (ACCOUNT, ACCOUNT), {"value": 6}),
    ]
    assert bare_seconds(kept) > 0
    assert evm.result is None or not evm.result.is_success
