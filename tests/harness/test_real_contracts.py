"""Symbiotic's real contracts, in lockstep with the specification.

They run where the extra `evm` is installed and RESTAKE_SYMBIOTIC_CORE names the folder of the npm package
`@symbioticfi/core`; nothing of it comes with this project.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.cases import read_cases
from conformance.client import Client
from conformance.lockstep import Played, play
from conformance.scripts import of_walk
from harness.protocols import pack_at

pytestmark = pytest.mark.source

pytest.importorskip("pyrevm", reason="the extra `evm` is not installed")

CORE = os.environ.get("RESTAKE_SYMBIOTIC_CORE")
if CORE is None:
    pytest.skip("RESTAKE_SYMBIOTIC_CORE names no folder of @symbioticfi/core", allow_module_level=True)

from harness.clients.symbiotic import client as contracts  # noqa: E402  # it cannot be imported without the extra
from harness.clients.symbiotic.client import SymbioticContracts  # noqa: E402  # as above

PACK = pack_at("symbiotic")
ERRORS = tuple(reason.value for reason in PACK.protocol.reasons)


def played(reference: Client, scripts: Any) -> list[Played]:
    client = SymbioticContracts(Path(str(CORE)), ERRORS)
    return [play(reference, client, client.hello("symbiotic"), script) for script in scripts]


def test_every_case_that_is_short_agrees(reference: Callable[[str], Client]) -> None:
    assert PACK.cases is not None
    scripts = [script for _, script in read_cases(Path(PACK.cases)) if len(script.calls) <= 3]
    found = played(reference("symbiotic"), scripts)
    assert len(found) > 40
    assert [(each.divergence, each.fault) for each in found] == [(None, None)] * len(found)
    assert sum(each.steps for each in found) == sum(len(script.calls) for script in scripts)


def test_walks_agree(reference: Callable[[str], Client]) -> None:
    assert PACK.walk is not None
    scripts = [of_walk(PACK.calls, PACK.walk, seed, 60) for seed in (0, 9)]
    found = played(reference("symbiotic"), scripts)
    assert [(each.divergence, each.fault) for each in found] == [(None, None)] * 2


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
