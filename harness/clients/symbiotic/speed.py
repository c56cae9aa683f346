"""The cost of the lockstep: `python -m harness.clients.symbiotic.speed --core FOLDER` plays walks to the real contracts
beside the specification, then sends the same messages to a bare EVM, and says how long each took.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import pyrevm

from conformance.lockstep import play
from conformance.reference import Reference
from conformance.scripts import of_walk
from harness import __version__
from harness.clients.chain import DEPLOYER, Chain
from harness.clients.evm import EvmChain
from harness.clients.symbiotic.client import SymbioticContracts
from harness.protocols import pack_at

WALK_STEPS: Final = 250

Message = Callable[[pyrevm.EVM], object]


class RecordingChain(EvmChain):
    """A chain that keeps every message to its EVM."""

    def __init__(self, messages: list[Message]) -> None:
        super().__init__()
        self._messages: Final = messages

    def set_time(self, timestamp: int) -> None:
        """Let the next call be in a block of this time."""
        super().set_time(timestamp)
        block = pyrevm.BlockEnv(number=self._number, timestamp=timestamp)
        self._messages.append(lambda evm: evm.set_block_env(block))

    def create(self, code: bytes) -> str:
        """Deploy a contract by its creation code; its address."""
        self._messages.append(lambda evm: evm.deploy(DEPLOYER, code))
        return super().create(code)

    def _call(self, sender: str, to: str, data: bytes, is_static: bool) -> bytes:
        self._messages.append(lambda evm: evm.message_call(sender, to, calldata=data, is_static=is_static))
        return super()._call(sender, to, data, is_static)


def bare_seconds(messages: list[Message]) -> float:
    """The CPU time that messages take on an EVM to which nobody listens."""
    evm = pyrevm.EVM(spec_id="CANCUN")
    started = time.process_time()
    for message in messages:
        try:
            message(evm)
        except RuntimeError:  # a call that reverts, as it did before
            continue
    return time.process_time() - started


def _recording(messages: list[Message]) -> Callable[[int], Chain]:
    return lambda _timestamp: RecordingChain(messages)


@click.command()
@click.option(
    "--core", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="@symbioticfi/core"
)
@click.option("--steps", default=2_000, show_default=True, type=click.IntRange(1), help="Steps at least.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The first walk.")
def main(core: Path, steps: int, seed: int) -> None:
    """Play walks until so many steps agree; stop at the first divergence."""
    pack = pack_at("symbiotic")
    assert pack.walk is not None
    errors = tuple(str(reason.value) for reason in pack.protocol.reasons)
    done, lockstep, bare = 0, 0.0, 0.0
    while done < steps:
        messages: list[Message] = []
        client = SymbioticContracts(core, errors, _recording(messages), "revm")
        said = client.hello(pack.name)
        script = of_walk(pack.calls, pack.walk, seed, WALK_STEPS, said.actions)
        started = time.process_time()
        played: Any = play(Reference(pack.calls, __version__), client, said, script)
        lockstep += time.process_time() - started
        bare += bare_seconds(messages)
        done += played.steps
        if played.divergence is not None or played.fault is not None:
            click.echo(f"walk {seed}: {played.divergence or played.fault}", err=True)
            sys.exit(1)
        seed += 1
    click.echo(
        f"{done:,} steps agree, walks up to seed {seed - 1}: {done / lockstep:.0f} steps a second, "
        f"{done / bare:.0f} of the same messages on the bare EVM: {lockstep / bare:.2f} times as long"
    )


if __name__ == "__main__":
    main()
