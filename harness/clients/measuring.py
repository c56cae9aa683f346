"""Walks in lockstep with contracts on an EVM in this process: the steps that agree, the cases covered, and the cost.

The cost is the time of a step relative to the same messages on a bare EVM without a client.
"""

import json
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import click
import pyrevm

from conformance.client import Answer, Client, ClientFault, HarnessFault, Introduction, Stopped, Unsupported
from conformance.lockstep import ACCEPTED, BEGINNING, Case, Divergence, Fault, Script, play
from conformance.reference import Reference
from conformance.scripts import of_walk
from harness import __version__
from harness.mistakes import explained
from harness.pack import ProtocolPack
from harness.replay import differences
from invariants.walker import Walk
from spec.codec import REVERT, Json

WALK_STEPS: Final = 250
MOST_UNSUPPORTED: Final = 64
BEGUN: Final[Case] = (BEGINNING, ACCEPTED)

Told = TypeVar("Told")

Message = tuple[str, tuple[Any, ...], dict[str, Any]]
MakeClient = Callable[[Callable[[], Any]], Client]
"""A function that makes a client; its argument is the function that creates the client's EVMs."""


class RecordingEvm:
    """An EVM that records every message to it, so that the messages can be sent again to a bare EVM."""

    def __init__(self, messages: list[Message]) -> None:
        self._evm: Final = new_evm()
        self._messages: Final = messages

    @property
    def result(self) -> Any:
        """The result of the last message."""
        return self._evm.result

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def send(*arguments: Any, **named: Any) -> Any:
            self._messages.append((name, arguments, named))
            return getattr(self._evm, name)(*arguments, **named)

        return send


class Guarded(Client):
    """A client that runs in this process, as if in a process of its own. An exception in `reset`, `apply` or `state`
    becomes a ClientFault, which does not end the run. `trace` has the last traceback as text.
    """

    def __init__(self, client: Client) -> None:
        self._client: Final = client
        self.trace: str = ""

    def hello(self, protocol: str) -> Introduction:
        """The client's introduction: its name, version and capabilities."""
        return self._client.hello(protocol)

    def reset(self, head: Json) -> str | Unsupported | None:
        """Begin a script in the world of a trace's head. Returns what the client returns; an exception becomes
        ClientFault.
        """
        return self._asked(lambda: self._client.reset(head))

    def apply(self, call: Json) -> Answer:
        """The client's answer to a call; an exception becomes ClientFault."""
        return self._asked(lambda: self._client.apply(call))

    def state(self) -> Json | Unsupported:
        """The client's whole state; an exception becomes ClientFault."""
        return self._asked(self._client.state)

    def bye(self) -> None:
        """End the client, whose exceptions here are not turned into a ClientFault."""
        self._client.bye()

    def _asked(self, ask: Callable[[], Told]) -> Told:
        try:
            return ask()
        except (ClientFault, HarnessFault, Stopped):
            raise
        except Exception as error:  # a client in its own process would have died of it: a client fault, too
            self.trace = "".join(traceback.format_exception(error))
            raise ClientFault("failed", explained(error)) from error


def new_evm() -> Any:
    """A fresh EVM."""
    return pyrevm.EVM(spec_id="CANCUN")


def bare_seconds(messages: list[Message]) -> float:
    """The CPU seconds that messages take on a bare EVM."""
    evm = new_evm()
    started = time.process_time()
    for name, arguments, named in messages:
        try:
            getattr(evm, name)(*arguments, **named)
        except RuntimeError:  # a call that reverts, as it did before
            continue
    return time.process_time() - started


@attrs.define
class Measured:
    """The figures of a run: its steps, the cases covered, the walks that diverged, and CPU seconds.

    `unsupported` counts walks in worlds that the contracts cannot be deployed in. `parted` has the walks that diverge
    or end in a client fault, by seed. `reverting` has walks whose last state differs only in contract views that
    revert, where the specification has a number. `seconds` is the time of all walks. `compared_seconds` and
    `bare_seconds` are for walks timed twice: against the client, and on a bare EVM.
    """

    steps: int = 0
    walks: int = 0
    unsupported: int = 0
    seconds: float = 0.0
    compared_seconds: float = 0.0
    bare_seconds: float = 0.0
    cases: Counter[Case] = attrs.field(factory=Counter)
    parted: dict[str, Any] = attrs.field(factory=dict)
    reverting: dict[str, Any] = attrs.field(factory=dict)

    @property
    def sentence(self) -> str:
        """A sentence that reports the run: its steps and walks, the divergences, the cases covered, and the cost."""
        accepted = sum(count for case, count in self.cases.items() if case[1] == ACCEPTED)
        agreed = sum(self.cases.values())
        if not self.steps or not self.bare_seconds:
            return f"no steps in {self.walks} walks: these contracts have none of their worlds"
        return (
            f"{self.steps:,} steps in {self.walks} walks: {len(self.parted)} part, {len(self.reverting)} end where a "
            f"view reverts, {self.unsupported} are in worlds that these contracts do not have. "
            f"{len(self.cases)} cases agree: {agreed - accepted:,} refusals among "
            f"{agreed:,} answers. {self.steps / self.seconds:.0f} steps a second, "
            f"{self.compared_seconds / self.bare_seconds:.2f} times as long as the bare EVM takes"
        )

    def as_json(self) -> dict[str, Any]:
        """The figures of the run as JSON."""
        counts = {f"{action}/{answer}": count for (action, answer), count in sorted(self.cases.items())}
        figures = attrs.asdict(self, filter=lambda field, _: field.name != "cases")
        return {"sentence": self.sentence, **figures, "cases": counts}


def measure(
    pack: ProtocolPack,
    make: MakeClient,
    walk_of: Callable[[int], Walk],
    steps: int,
    seed: int,
    every: int,
    out: Path | None,
) -> Measured:
    """Play walks until at least `steps` steps were made: that of `walk_of(seed)`, then those of the next seeds, each
    with a new client by `make`. Every `every`-th walk is also timed on a bare EVM. `out` is a folder for the report and
    for walks that diverge.

    The run ends early if the client supports none of the worlds of the first `MOST_UNSUPPORTED` walks.
    """
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    measured = Measured()
    while measured.steps < steps and (measured.steps or measured.unsupported < MOST_UNSUPPORTED):
        client = Guarded(make(new_evm))
        said = client.hello(pack.name)
        script = of_walk(pack.calls, walk_of(seed), seed, WALK_STEPS, said.actions)
        started = time.process_time()
        played = play(Reference(pack.calls, __version__), client, said, script)
        spent = time.process_time() - started
        measured.seconds += spent
        if measured.walks % every == 0:
            measured.compared_seconds += spent
            measured.bare_seconds += bare_seconds(_messages_of(pack, make, script))
        measured.steps += played.steps
        measured.walks += 1
        measured.cases += played.agreed
        measured.unsupported += BEGUN in played.unsupported
        parted = played.divergence or played.fault
        if parted is not None:
            _keep(measured, seed, script, parted, client.trace, out)
        if out is not None:
            (out / "report.json").write_text(json.dumps(measured.as_json(), indent=1))
        seed += 1
    return measured


def _messages_of(pack: ProtocolPack, make: MakeClient, script: Script) -> list[Message]:
    """The EVM messages of a script, recorded while it is played a second time, because recording takes time, too."""
    messages: list[Message] = []
    client = Guarded(make(partial(RecordingEvm, messages)))
    play(Reference(pack.calls, __version__), client, client.hello(pack.name), script)
    return messages


def _keep(
    measured: Measured, seed: int, script: Script, parted: Divergence | Fault, trace: str, out: Path | None
) -> None:
    """Record where the walk of a seed diverges (`parted`). Its calls up to there are written to a file in the folder
    `out`, if one is given. `trace` is the traceback of a client's exception.
    """
    end = 0 if parted.position is None else parted.position + 1
    found = attrs.asdict(parted)
    noted = {name: value for name, value in found.items() if name not in ("expected", "actual")}
    views = reverting_views(parted)
    if views:
        measured.reverting[str(seed)] = {**noted, "views": views}
    else:
        measured.parted[str(seed)] = noted
    if out is not None:
        kept = {"found": found, "traceback": trace, "head": script.head, "calls": list(script.calls[:end])}
        (out / f"walk-{seed}.json").write_text(json.dumps(kept, indent=1))


def reverting_views(parted: Divergence | Fault) -> dict[str, str]:
    """The text of each contract view that reverts, by its path in the state. Empty unless `parted` is a divergence of
    two states that differ in nothing else.
    """
    if not isinstance(parted, Divergence) or parted.aspect != "state":
        return {}
    found = {each.path: each.actual for each in differences(parted.expected, parted.actual)}
    said = {path: actual for path, actual in found.items() if isinstance(actual, str) and actual.startswith(REVERT)}
    return said if len(said) == len(found) else {}


Command = Callable[..., None]


def measuring_options(command: Command) -> Command:
    """The command line options of a measurement, added to a protocol's command."""
    folder = click.Path(file_okay=False, path_type=Path)
    for option in (
        click.option("--steps", default=2_000, show_default=True, type=click.IntRange(1), help="Steps at least."),
        click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The first walk."),
        click.option(
            "--every", default=1, show_default=True, type=click.IntRange(1), help="Time one of so many on the bare EVM."
        ),
        click.option("--out", type=folder, help="A folder for the report, and for walks that part."),
    ):
        command = option(command)
    return command


def finish(measured: Measured) -> int:
    """Print the result of a measurement. Returns the exit code: 1 if a walk diverged or no step was made, else 0."""
    click.echo(measured.sentence)
    for seed, found in measured.reverting.items():
        click.echo(f"walk {seed}, where a view reverts: {found}", err=True)
    for seed, found in measured.parted.items():
        click.echo(f"walk {seed}: {found}", err=True)
    return 1 if measured.parted or not measured.steps else 0
