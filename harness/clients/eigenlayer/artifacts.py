"""The contracts' artifacts, as a compiler wrote them: creation code, and signatures of errors."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import click
from eth_abi.abi import encode

from harness.clients.abi import first_word
from harness.clients.evm import EvmChain

CONTRACTS: Final = (
    *("PermissionController", "StrategyManager", "DelegationManager", "AllocationManager", "AllocationManagerView"),
    *("EigenPodManager", "EigenPod", "StrategyBase"),
    *("TransparentUpgradeableProxy", "UpgradeableBeacon", "ERC20PresetFixedSupply"),
)
"""The contracts that are deployed: EigenLayer's own, and OpenZeppelin's on which they build."""

RESOLUTION_DELAY: Final = "SLASH_RESOLUTION_DELAY_BLOCKS"
"""The constant that tells releases apart: since v1.13, slashed funds are paid out after a delay."""


class ArtifactsError(Exception):
    """The exception for a folder in which an artifact is missing or unreadable."""


@attrs.frozen
class Artifacts:
    """The creation code of each contract by name, the signatures of their errors, and their release.

    `resolution_delay_blocks` is a constant of the contracts: the delay in blocks until slashed funds are paid out; 0 in
    a release that pays at once.
    """

    code: Mapping[str, bytes]
    errors: tuple[str, ...]
    release: str
    resolution_delay_blocks: int


def read_artifacts(folder: Path) -> Artifacts:
    """The artifacts in a folder: `NAME.sol/NAME.json` or `NAME.json` for each contract. Raises ArtifactsError if one is
    missing or malformed.
    """
    read = {name: _read(folder, name) for name in CONTRACTS}
    errors = {_signature(item) for each in read.values() for item in each["abi"] if item["type"] == "error"}
    code = {name: _code(each, name) for name, each in read.items()}
    views = {item.get("name") for item in read["StrategyManager"]["abi"]}
    if RESOLUTION_DELAY not in views:
        return Artifacts(code, tuple(sorted(errors)), "v1.12.0", 0)
    return Artifacts(code, tuple(sorted(errors)), "v1.13.1", _resolution_delay(code["StrategyManager"]))


def _resolution_delay(code: bytes) -> int:
    """The contracts' constant SLASH_RESOLUTION_DELAY_BLOCKS, read from a StrategyManager that is deployed alone on a
    fresh EVM. `code` is its creation code.
    """
    chain = EvmChain()
    arguments = encode(["address"] * 3 + ["string"], ["0x" + "01" * 20] * 3 + ["v1.0.0"])
    return first_word(chain.ask(chain.create(code + arguments), f"{RESOLUTION_DELAY}()"))


def _read(folder: Path, name: str) -> dict[str, Any]:
    for place in (folder / f"{name}.sol" / f"{name}.json", folder / f"{name}.json"):
        if place.is_file():
            try:
                found = json.loads(place.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ArtifactsError(f"{place} is no JSON: {error}") from error
            if isinstance(found, dict) and isinstance(found.get("abi"), list):
                return found
            raise ArtifactsError(f"{place} has no abi")
    raise ArtifactsError(f"no {name}.sol/{name}.json in {folder}")


def _code(artifact: Mapping[str, Any], name: str) -> bytes:
    """The creation code in an artifact: Foundry writes it under `bytecode`, solc under `evm.bytecode`. Raises
    ArtifactsError, with the contract's `name`, if there is none or it is not linked.
    """
    found = artifact.get("bytecode") or artifact.get("evm", {}).get("bytecode") or {}
    code = found.get("object", "") if isinstance(found, dict) else found
    try:
        read = bytes.fromhex(str(code).removeprefix("0x"))
    except ValueError as error:
        raise ArtifactsError(f"{name} has creation code that is not linked, or no hexadecimal") from error
    if not read:
        raise ArtifactsError(f"{name} has no creation code")
    return read


def _signature(item: Mapping[str, Any]) -> str:
    return f"{item['name']}({','.join(_type(each) for each in item['inputs'])})"


def _type(value: Mapping[str, Any]) -> str:
    name = str(value["type"])
    if not name.startswith("tuple"):
        return name
    return f"({','.join(_type(each) for each in value['components'])}){name.removeprefix('tuple')}"


def _asked(_context: click.Context, _option: click.Parameter, folder: Path) -> Artifacts:
    try:
        return read_artifacts(folder)
    except ArtifactsError as error:
        raise click.UsageError(str(error)) from error


ARTIFACTS_OPTION: Final = click.option(
    "--artifacts",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    callback=_asked,
    help="A folder that the contracts' compiler wrote, such as Foundry's out.",
)
"""The option of commands that need the contracts. Raises UsageError if the folder lacks any of them."""
