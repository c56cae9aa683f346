"""The verb `restake risk report`: security along the steps of a trace, or of one network, as text or as a page."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import attrs
import click

from harness.risk_attack import SECONDS_OPTION, shortened
from harness.risk_documents import EXIT_CODES, JSON_OPTION, load, show
from harness.risk_numbers import decimal
from harness.risk_page import Line, page
from harness.risk_sources import SECURED_OPTION, TERMS_OPTION, Source, Stepped, along, as_rational, as_source, find
from risk.attack import Verdict, gamma_eigenlayer, security
from risk.cascade import Cascades, Strike, TooLargeError
from risk.cascade_search import search
from risk.network import Network
from spec.codec import Json


@attrs.frozen
class Row:
    """What is said of the network after one step."""

    at: Stepped
    verdict: Verdict
    stake: Fraction
    gamma_eigenlayer: Fraction | None
    worst: Fraction | None
    """The part of all stake that is lost to the worst shock and what follows; None: too large to try."""

    @property
    def step(self) -> str:
        """The step's number."""
        return "start" if self.at.step is None else str(self.at.step)

    def as_json(self) -> dict[str, Json]:
        """The row as JSON."""
        return {
            "step": self.at.step,
            "action": self.at.action,
            "digest": self.verdict.network,
            "verdict": self.verdict.word,
            "stake": str(self.stake),
            "gamma_eigenlayer": None if self.gamma_eigenlayer is None else str(self.gamma_eigenlayer),
            "worst": None if self.worst is None else str(self.worst),
            "attack": None if self.verdict.attack is None else self.verdict.attack.as_json(),
        }

    def text(self) -> str:
        """The row as a line."""
        said = f"{self.step:>5}  {self.at.action:<34} {self.verdict.word:<13} stake {decimal(self.stake, 6):>10}"
        said += f"  slack >= {'-' if self.gamma_eigenlayer is None else decimal(self.gamma_eigenlayer, 4):>9}"
        said += f"  worst {'-' if self.worst is None else decimal(self.worst, 4)}"
        attack = self.verdict.attack
        return said if attack is None else f"{said}  {shortened(attack.services)} for {decimal(attack.value, 4)}"


def row_of(at: Stepped, psi: Fraction, seconds: float) -> Row:
    """Everything that is said of one step's network."""
    net = at.network
    try:
        worst = Cascades(net).worst(psi).realised
    except TooLargeError:
        worst = None
    total = sum(net.values.values(), Fraction(0))
    return Row(at, security(net, seconds=seconds), total, gamma_eigenlayer(net), worst)


def told_cascade(net: Network, psi: Fraction, seconds: float) -> tuple[str, Sequence[str], Sequence[Strike]]:
    """The worst cascade in words, its shock, and its attacks."""
    said = f"A shock of at most {decimal(psi)} of all stake costs"
    try:
        worst = Cascades(net).worst(psi)
    except TooLargeError:
        found = search(net, psi, seconds)
        return f"{said} at least {decimal(found.at_least, 6)} of it (searched).", found.shock, found.strikes
    return f"{said} {decimal(worst.realised, 6)} of it in the end (exact).", worst.shock, worst.strikes


@click.command("report", epilog=EXIT_CODES, short_help="Security along the steps of a trace, as text or as one page.")
@click.argument("source", metavar="SOURCE", callback=as_source)
@TERMS_OPTION
@SECURED_OPTION
@click.option("--psi", default="1/10", show_default=True, callback=as_rational, help="The shock: a part of all stake.")
@SECONDS_OPTION
@click.option(
    "--html",
    "html_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write one page with pictures: the network, the cascade, the steps.",
)
@JSON_OPTION
def report_command(
    source: Source,
    terms_file: Path | None,
    secured_only: bool,
    psi: Fraction,
    seconds: float,
    html_file: Path | None,
    as_json_: bool,
) -> int:
    """Say of every step of a trace that changes what secures what: the verdict, the slack, and the worst after a shock.

    Of a network file the same in one line. Pictures of a trace are of its last step. Exit code 1 unless all is SECURE.
    """
    if source.step is not None:
        raise click.UsageError("report is about all steps")
    document, _ = load(source.path)
    if isinstance(document, dict) and "protocol" in document:
        steps = list(along(source.path, terms_file, secured_only))
    else:
        steps = [Stepped(None, "", find(source, terms_file, secured_only))]
    rows = [row_of(at, psi, seconds) for at in steps]
    words = [row.verdict.word for row in rows]
    counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    text = [*(row.text() for row in rows), f"{len(rows)} steps change what secures what: {counts}"]
    if html_file is not None:
        last = rows[-1]
        told = told_cascade(last.at.network, psi, seconds)
        lines = [
            Line(row.step, row.at.action, row.verdict.word, row.stake, row.gamma_eigenlayer, row.worst) for row in rows
        ]
        html_file.write_text(
            page(source.path.name, last.verdict.network, last.at.network, last.verdict.attack, told, lines),
            encoding="utf-8",
        )
        text.append(f"written to {html_file}")
    show(as_json_, {"psi": str(psi), "steps": [row.as_json() for row in rows]}, text)
    return 0 if set(words) == {"SECURE"} else 1


COMMANDS = {"report": report_command}
