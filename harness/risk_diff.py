"""The verb `restake risk diff`: what changed between two networks."""

from fractions import Fraction
from pathlib import Path

import click

from harness.risk_documents import DOCUMENT, EXIT_CODES, JSON_OPTION, load_network, show
from harness.risk_numbers import decimal
from risk import network
from risk.metrics import METRICS, Sums, full


@click.command("diff", epilog=EXIT_CODES, short_help="What changed between two networks, and in every metric.")
@click.argument("before_file", metavar="BEFORE", type=DOCUMENT)
@click.argument("after_file", metavar="AFTER", type=DOCUMENT)
@JSON_OPTION
def diff_command(before_file: Path, after_file: Path, as_json_: bool) -> int:
    """Show what differs between two networks: terms, and the metrics of the whole, of services and of operators.

    Exit code 0 if nothing does, 1 if something does.
    """
    (before, before_digest), (after, after_digest) = load_network(before_file), load_network(after_file)
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
            "digests": {"before": before_digest, "after": after_digest},
            "how": "exact",
            "changes": {
                subject: {name: [None if v is None else str(v) for v in pair] for name, pair in rows.items()}
                for subject, rows in changes.items()
            },
        },
        text,
    )
    return 1 if changes else 0


Figures = dict[str, Fraction | int]


def _subjects(before: network.Network, after: network.Network) -> list[tuple[str, Figures, Figures]]:
    """The whole, every service and every operator of either network, with their metrics in both."""
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


COMMANDS = {"diff": diff_command}
