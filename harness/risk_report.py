"""The verb `restake risk report`: security along the steps of a trace."""

from fractions import Fraction
from pathlib import Path

import attrs
import click

from harness.risk_attack import SECONDS_OPTION, shortened
from harness.risk_documents import EXIT_CODES, JSON_OPTION, show
from harness.risk_numbers import decimal
from harness.risk_sources import SECURED_OPTION, TERMS_OPTION, Source, Stepped, along, as_rational, as_source
from risk.attack import Verdict, gamma_eigenlayer, security
from risk.cascade import Cascades, TooLargeError
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


@click.command("report", epilog=EXIT_CODES, short_help="Security along the steps of a trace.")
@click.argument("source", metavar="TRACE", callback=as_source)
@TERMS_OPTION
@SECURED_OPTION
@click.option("--psi", default="1/10", show_default=True, callback=as_rational, help="The shock: a part of all stake.")
@SECONDS_OPTION
@JSON_OPTION
def report_command(
    source: Source, terms_file: Path | None, secured_only: bool, psi: Fraction, seconds: float, as_json_: bool
) -> int:
    """Say of every step of TRACE that changes what secures what: the verdict, the slack, and the worst after a shock.

    Exit code 1 unless every step is SECURE.
    """
    if source.step is not None:
        raise click.UsageError("report is about all steps")
    rows = [row_of(at, psi, seconds) for at in along(source.path, terms_file, secured_only)]
    words = [row.verdict.word for row in rows]
    counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    show(
        as_json_,
        {"psi": str(psi), "steps": [row.as_json() for row in rows]},
        [*(row.text() for row in rows), f"{len(rows)} steps change what secures what: {counts}"],
    )
    return 0 if set(words) == {"SECURE"} else 1


COMMANDS = {"report": report_command}
