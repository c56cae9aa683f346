"""The networks that the verbs of `restake risk` read: a network file, or a step of a trace under declared terms."""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import attrs
import click

from harness.protocols import readable_packs
from harness.risk_documents import EXIT_CODES, JSON_OPTION, load, refuse
from harness.traces import load_trace
from risk import network
from risk.network import Network
from risk.sources import Declared, from_security, read_operators, read_terms_file, sample, secured_only
from spec.codec import Json, MalformedTrace, as_object
from spec.machine import Delta, Draft, State, commit
from spec.protocol import Protocol, Trace

TERMS_OPTION = click.option(
    "--terms",
    "terms_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Declared prices, profits and thresholds, for a trace.",
)


SECURED_OPTION = click.option(
    "--secured-only", is_flag=True, help="Leave out services that nothing secures, which anybody can corrupt."
)


def as_rational(ctx: click.Context, param: click.Parameter, value: str) -> Fraction:
    """A command line option's number, written as "p/q" or in digits. Raises BadParameter if it is negative or no
    number.
    """
    try:
        number = network.rational(value, "")
    except MalformedTrace as error:
        raise click.BadParameter(error.problem.replace("in a string", "as 3 or 1/10"), ctx, param) from error
    if number < 0:
        raise click.BadParameter("negative", ctx, param)
    return number


@attrs.frozen
class Source:
    """The source of a network: a file, and the index of a step, counted from 0; None means the last step."""

    path: Path
    step: int | None


def as_source(ctx: click.Context, param: click.Parameter, value: str) -> Source:
    """The source named by `FILE`, or by `FILE@STEP` for a trace. Raises BadParameter if there is no such file."""
    if Path(value).is_file():
        return Source(Path(value), None)
    name, _, step = value.rpartition("@")
    if not Path(name).is_file() or not step.isdecimal():
        raise click.BadParameter(f"no file {value!r}, and no FILE@STEP", ctx, param)
    return Source(Path(name), int(step))


SOURCE_ARGUMENT = click.argument("source", metavar="SOURCE[@STEP]", callback=as_source)


@attrs.frozen
class Stepped:
    """The network after one step of a trace, or before the first step if `step` is None."""

    step: int | None
    action: str
    network: Network


def declared_in(terms_file: Path | None, path: Path) -> Declared:
    """The declarations in a terms file. Raises UsageError if there is no terms file for the trace at `path`, Refused if
    the file is malformed.
    """
    if terms_file is None:
        raise click.UsageError(f"{path} is a trace: prices, profits and thresholds are declared with --terms FILE")
    document, _ = load(terms_file)
    try:
        return read_terms_file(document)
    except MalformedTrace as error:
        refuse(terms_file, error)


def find(source: Source, terms_file: Path | None, secured: bool = False) -> Network:
    """The network of a source. If `secured` is true, services that nothing secures are left out. Raises Refused for a
    malformed file or a step that the trace lacks. Raises UsageError for missing terms, or for a step of a file that is
    no trace.
    """
    found = _find(source, terms_file)
    return secured_only(found) if secured else found


def _find(source: Source, terms_file: Path | None) -> Network:
    document, _ = load(source.path)
    if isinstance(document, dict) and "protocol" in document:
        declared = declared_in(terms_file, source.path)
        protocol, trace, digest = _trace(source.path, document)
        if source.step is not None and source.step >= len(trace.steps):
            refuse(source.path, f"has {len(trace.steps)} steps, counted from 0; there is no step {source.step}")
        last = len(trace.steps) - 1 if source.step is None else source.step
        for position, state in states(protocol, trace):
            if position == last or (not trace.steps and position is None):
                return _network(protocol, state, declared, terms_file, _origin(protocol, trace, digest, position))
    if source.step is not None:
        raise click.UsageError(f"{source.path} is no trace: it has no step {source.step}")
    try:
        return network.read(document)
    except MalformedTrace as error:
        refuse(source.path, error)


def along(path: Path, terms_file: Path | None, secured: bool = False) -> Iterator[Stepped]:
    """The network before the first step of a trace, and after each step that changes its stakes or commitments. A
    change of nothing but the point until which commitments can be slashed does not count. If `secured` is true,
    services that nothing secures are left out.
    """
    document, _ = load(path)
    protocol, trace, digest = _trace(path, document)
    declared = declared_in(terms_file, path)
    before: tuple[object, object] | None = None
    for position, state in states(protocol, trace):
        found = _network(protocol, state, declared, terms_file, _origin(protocol, trace, digest, position))
        shape = (found.stakes, tuple(attrs.evolve(row, until=None) for row in found.commitments))
        if shape != before:
            before = shape
            action = "" if position is None else trace.steps[position].action_name
            yield Stepped(position, action, secured_only(found) if secured else found)


def states(protocol: Protocol, trace: Trace) -> Iterator[tuple[int | None, State]]:
    """The states of a trace before its first step (None) and after each step, by number. The same object is yielded
    each time, changed in place.
    """
    state = trace.genesis.copy()
    yield None, state
    for position, step in enumerate(trace.steps):
        for action in step.actions:
            outcome = protocol.transition(Draft(state), action)
            if isinstance(outcome, Delta):
                commit(state, outcome)
        yield position, state


def _trace(path: Path, document: Json) -> tuple[Protocol, Trace, str]:
    try:
        protocol, trace = load_trace(path, {name: pack.protocol for name, pack in readable_packs().items()})
    except MalformedTrace as error:
        refuse(path, error)
    if protocol.security is None:
        refuse(path, f"{protocol.name} does not say what secures what")
    return protocol, trace, network.digest(document)


def _origin(protocol: Protocol, trace: Trace, digest: str, step: int | None) -> dict[str, Json]:
    return {
        "kind": "trace",
        "protocol": protocol.name,
        "trace": trace.name,
        "trace_sha256": digest,
        "step": "before the first" if step is None else str(step),
    }


def _network(
    protocol: Protocol, state: State, declared: Declared, terms_file: Path | None, origin: dict[str, Json]
) -> Network:
    assert protocol.security is not None, "looked at before"
    assert terms_file is not None, "looked at before"
    try:
        return from_security(protocol.security(state), declared, origin)
    except MalformedTrace as error:
        refuse(terms_file, error)


@click.command("network", epilog=EXIT_CODES, short_help="Write the network of a trace's step, or of real operators.")
@SOURCE_ARGUMENT
@TERMS_OPTION
@SECURED_OPTION
@click.option("--services", default=30, show_default=True, type=click.IntRange(1, 1000), help="Of a list: how many.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of a list: what draws the edges.")
@click.option("--scale", default="1", show_default=True, callback=as_rational, help="Of a list: of all profits.")
@JSON_OPTION
def network_command(
    source: Source,
    terms_file: Path | None,
    secured_only: bool,
    services: int,
    seed: int,
    scale: Fraction,
    as_json_: bool,
) -> int:
    """Write the network of SOURCE: a step of a trace under declared --terms, or a list of operators.

    A list gives only the number of services of each operator. Edges, thresholds and profits are then sampled, and the
    network records the seed. Steps count from 0; the default is the last.
    """
    document, _ = load(source.path)
    if isinstance(document, dict) and document.get("format") == "restake-operators":
        try:
            origin, operators = read_operators(as_object(document, ""))
            found = sample(operators, origin, services, seed, scale)
        except MalformedTrace as error:
            refuse(source.path, error)
    else:
        found = find(source, terms_file, secured_only)
    written = network.write(found)
    click.echo(json.dumps(written, indent=None if len(found.commitments) > 200 else 1))
    if not as_json_:
        click.echo(
            f"{len(found.stakes)} stakes, {len(found.commitments)} commitments, {len(found.terms)} services; "
            f"digest {network.digest(written)}",
            err=True,
        )
    return 0


COMMANDS = {"network": network_command}
