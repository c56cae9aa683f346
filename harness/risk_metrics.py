"""The verbs of `restake risk` about metrics: metrics, diff."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from harness.risk_documents import EXIT_CODES, JSON_OPTION, digest_of, show
from harness.risk_numbers import decimal
from harness.risk_sources import SOURCE_ARGUMENT, TERMS_OPTION, Source, along, as_source, find
from risk import network
from risk.metrics import METRICS, Sums, full, parts
from spec.codec import Json

Figures = dict[str, Fraction | int]

WHOLE = ("stake", "committed", "utilisation", "leverage", "over_slash", "hhi", "nakamoto")
"""The metrics of the whole network that fit in one line of text."""


def pair_argument(name: str, metavar: str) -> Callable[[Any], Any]:
    """The decorator that adds the command line argument `name` for one of two networks to compare; `metavar` is its
    name in the help.
    """
    return click.argument(name, metavar=f"{metavar}[@STEP]", callback=as_source)


@click.command(
    "metrics", epilog=EXIT_CODES, short_help="The standard metrics of a network, a trace's step, or all of them."
)
@SOURCE_ARGUMENT
@TERMS_OPTION
@click.option("--every-step", is_flag=True, help="Of a trace: the whole, after each step that changes it.")
@click.option("--define", is_flag=True, help="Say what each metric means, its unit and its source.")
@JSON_OPTION
def metrics_command(source: Source, terms_file: Path | None, every_step: bool, define: bool, as_json_: bool) -> int:
    """Show the metrics of SOURCE: of the whole, of each service, of each operator, and of each stake (a vault, or what
    an operator has in one strategy). All are exact.
    """
    if every_step:
        return _every_step(source, terms_file, as_json_)
    net = find(source, terms_file)
    sums = full(net.stakes, net.commitments, net.prices)
    subjects = {
        "the whole": sums.whole(),
        **{f"service {name}": _service(sums, net, name) for name in net.terms},
        **{f"operator {name}": _operator(sums, net, name) for name in sorted(sums.promised_by)},
        **{f"stake {name}": sums.of_stake(name) for name in sums.parts},
    }
    overlaps = {
        f"{one} and {two}": sums.overlap(one, two)
        for position, one in enumerate(net.terms)
        for two in [*net.terms][position + 1 :]
        if len(net.terms) <= MOST_OVERLAPS
    }
    text: list[str] = []
    for subject, figures in subjects.items():
        text.append(subject)
        text += [f"  {name}: {decimal(value)}" for name, value in figures.items()]
    text += [f"overlap of {pair}: {decimal(value)}" for pair, value in overlaps.items() if value]
    if define:
        text += [f"{m.name} ({m.unit}): {m.definition} [{m.source}]" for m in METRICS.values()]
    document: dict[str, Json] = {
        "digests": {"network": digest_of(net)},
        "how": "exact",
        "metrics": {subject: _written(figures) for subject, figures in subjects.items()},
        "overlap": _written(overlaps),
    }
    if define:
        document["definitions"] = {
            m.name: {"unit": m.unit, "definition": m.definition, "source": m.source} for m in METRICS.values()
        }
    show(as_json_, document, [*text, "all exact"])
    return 0


MOST_OVERLAPS = 40
"""The number of services up to which overlaps of pairs are reported; above it, pairs are too many to be useful."""


def _every_step(source: Source, terms_file: Path | None, as_json_: bool) -> int:
    """Print the metrics of the whole network after each step that changes it, updated from step to step. Returns the
    exit code 0; raises UsageError if the source names a single step.
    """
    if source.step is not None:
        raise click.UsageError("--every-step is of a whole trace, not of one step")
    sums, rows, text = Sums(), [], []
    for at in along(source.path, terms_file):
        net = at.network
        sums.follow(parts(net.stakes, net.commitments, net.prices))
        figures = sums.whole()
        rows.append({"step": at.step, "action": at.action, "metrics": _written(figures)})
        told = ", ".join(f"{name} {decimal(figures[name], 6)}" for name in WHOLE)
        text.append(f"{'start' if at.step is None else at.step} {at.action}: {told}")
    show(as_json_, {"how": "exact", "steps": rows}, [*text, f"{len(rows)} steps that change it; all exact"])
    return 0


def _written(figures: Mapping[str, Fraction | int]) -> dict[str, Json]:
    return {name: str(value) for name, value in figures.items()}


@click.command("diff", epilog=EXIT_CODES, short_help="What changed between two networks, and in every metric.")
@pair_argument("before_source", "BEFORE")
@pair_argument("after_source", "AFTER")
@TERMS_OPTION
@JSON_OPTION
def diff_command(before_source: Source, after_source: Source, terms_file: Path | None, as_json_: bool) -> int:
    """Show what differs between two networks: terms, and the metrics of the whole, of services and of operators.

    Exit code 0 if nothing does, 1 if something does.
    """
    before, after = find(before_source, terms_file), find(after_source, terms_file)
    changes = {
        subject: {
            name: (old.get(name), new.get(name)) for name in (*METRICS, "threshold") if old.get(name) != new.get(name)
        }
        for subject, old, new in _subjects(before, after)
    }
    changes = {subject: rows for subject, rows in changes.items() if rows}
    text = []
    for subject, rows in changes.items():
        text.append(subject)
        text += [f"  {name}: {_told(old)} -> {_told(new)}" for name, (old, new) in rows.items()]
    text.append(f"{len(changes)} subjects differ; all exact" if changes else "nothing differs")
    show(
        as_json_,
        {
            "digests": {"before": digest_of(before), "after": digest_of(after)},
            "how": "exact",
            "changes": {
                subject: {name: [None if v is None else str(v) for v in pair] for name, pair in rows.items()}
                for subject, rows in changes.items()
            },
        },
        text,
    )
    return 1 if changes else 0


def _subjects(before: network.Network, after: network.Network) -> list[tuple[str, Figures, Figures]]:
    """The whole network, every service and every operator of either network, with their metrics before and after."""
    old, new = (full(net.stakes, net.commitments, net.prices) for net in (before, after))
    services = [
        (f"service {service}", _service(old, before, service), _service(new, after, service))
        for service in sorted({*before.terms, *after.terms})
    ]
    operators = [
        (f"operator {operator}", _operator(old, before, operator), _operator(new, after, operator))
        for operator in sorted({*old.promised_by, *new.promised_by})
    ]
    return [("the whole", old.whole(), new.whole()), *services, *operators]


def _operator(sums: Sums, net: network.Network, operator: str) -> Figures:
    return sums.of_operator(operator, net.terms) if operator in sums.promised_by else {}


def _service(sums: Sums, net: network.Network, service: str) -> Figures:
    if service not in net.terms:
        return {}
    return {**sums.of_service(service, net.terms[service]), "threshold": net.terms[service].threshold}


def _told(value: Fraction | int | None) -> str:
    return "absent" if value is None else decimal(value)


COMMANDS = {"metrics": metrics_command, "diff": diff_command}
