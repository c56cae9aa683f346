"""The verb `restake risk report`: the security of a trace's steps, or of one network, as text or as an HTML page."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import attrs
import click

from harness.risk_attack import SECONDS_OPTION, shortened
from harness.risk_documents import DOCUMENT, EXIT_CODES, JSON_OPTION, load, show
from harness.risk_losses import found_losses, loss_rows, read_hazards
from harness.risk_numbers import EXACT, Number, brief, decimal
from harness.risk_page import Line, page
from harness.risk_pictures import Curve
from harness.risk_sources import SECURED_OPTION, TERMS_OPTION, Source, Stepped, along, as_rational, as_source, find
from risk.attack import AttackVerdict, gamma_eigenlayer, security
from risk.cascade import Cascades, Strike, TooLargeError
from risk.cascade_search import search
from risk.losses import Simulation
from risk.metrics import Sums, parts
from risk.network import Network
from spec.codec import Json


@attrs.frozen
class Row:
    """The report's row on the network after one step. It has the verdict, the total stake, the slack by EigenLayer's
    sufficient condition (`gamma_eigenlayer`) and the metrics.
    """

    at: Stepped
    verdict: AttackVerdict
    stake: Fraction
    gamma_eigenlayer: Fraction | None
    worst: Fraction | None
    """The largest fraction of all stake that a shock of at most `psi` and the attacks after it can destroy; None if the
    network is too large to try all.
    """
    metrics: Mapping[str, Fraction | int]

    @property
    def step(self) -> str:
        """The step's number, or "start" before the first step."""
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
            "metrics": {name: str(value) for name, value in self.metrics.items()},
            "attack": None if self.verdict.attack is None else self.verdict.attack.as_json(),
        }

    def text(self) -> str:
        """The row as one line of text."""
        said = f"{self.step:>5}  {self.at.action:<34} {self.verdict.word:<13} stake {decimal(self.stake, 6):>10}"
        said += f"  slack >= {'-' if self.gamma_eigenlayer is None else decimal(self.gamma_eigenlayer, 4):>9}"
        said += f"  worst {'-' if self.worst is None else decimal(self.worst, 4)}"
        attack = self.verdict.attack
        return said if attack is None else f"{said}  {shortened(attack.services)} for {decimal(attack.value, 4)}"


def row_of(at: Stepped, sums: Sums, psi: Fraction, seconds: float) -> Row:
    """The report's row on the network of one step, for a shock of at most the fraction `psi` of all stake.

    `sums` is updated to this network. `seconds` limits the search for a verdict.
    """
    net = at.network
    sums.follow(parts(net.stakes, net.commitments, net.prices))
    try:
        worst = Cascades(net).worst(psi).realised
    except TooLargeError:
        worst = None
    total = sum(net.values.values(), Fraction(0))
    return Row(at, security(net, seconds=seconds), total, gamma_eigenlayer(net), worst, sums.whole())


def told_cascade(net: Network, psi: Fraction, seconds: float) -> tuple[str, Sequence[str], Sequence[Strike]]:
    """The worst cascade after a shock of at most the fraction `psi` of all stake: as a sentence, its shock, and its
    attacks in order. For a network too large to try all, the worst that a search finds within `seconds`.
    """
    said = f"A shock of at most {decimal(psi)} of all stake costs"
    try:
        worst = Cascades(net).worst(psi)
    except TooLargeError:
        found = search(net, psi, seconds)
        return (
            f"{said} at least {decimal(found.at_least, 6)} of it: the best that was found, checked exactly.",
            found.shock,
            found.strikes,
        )
    said += f" {decimal(worst.realised, 6)} of it in the end (exact), if what is used in an attack is lost whole."
    return said, worst.shock, worst.strikes


def told_proof(verdict: AttackVerdict) -> str:
    """The basis of a verdict, as a phrase."""
    if verdict.word == "SECURE":
        return f"No attack pays: certified by a tree of {verdict.leaves} {'leaf' if verdict.leaves == 1 else 'leaves'}"
    if verdict.attack is not None:
        gain = brief(verdict.attack.value, 8)
        return f"An attack on {shortened(verdict.attack.services)} gains {gain}: exact, by its witness"
    return "No attack was found in time, and no proof that there is none"


def marked(number: Number) -> str:
    """A number next to a curve's mark, with its error and its origin."""
    error = "" if number.error is None else f" +- {number.error:.1g}"
    return f"{brief(number.value, 7)}{error}, {number.how}"


def curve_of(net: Network, hazards_file: Path) -> Curve:
    """The loss curve of the stake that the hazards declare, with value at risk and expected shortfall as marks."""
    declared, _ = read_hazards(hazards_file, net)
    found, notes = found_losses(net, declared, None, 0, hazards_file)
    rows, exceeded = loss_rows(found, declared.levels)
    marks = [
        (name, float(row.value), f"{name}: {marked(row)}")
        for name, row in rows.items()
        if isinstance(row, Number) and name.startswith(("value at risk", "expected shortfall"))
    ]
    if isinstance(found, Simulation):
        ranks = range(0, found.draws, max(1, found.draws // 400))
        steps = [(float(found.drawn[n]), 1 - (n + 1) / found.draws) for n in ranks]
        how = f"simulated, {found.draws:,} draws from seed {found.seed}; {'; '.join(notes)}"
    else:
        steps = [(float(low), float(above)) for low, above in exceeded]
        is_exact = all(not isinstance(row, Number) or row.how == EXACT for row in rows.values())
        how = "exact" if is_exact else "computed, by quadrature"
    return Curve(steps, marks, how)


@click.command("report", epilog=EXIT_CODES, short_help="Security along the steps of a trace, as text or as one page.")
@click.argument("source", metavar="SOURCE", callback=as_source)
@TERMS_OPTION
@SECURED_OPTION
@click.option("--psi", default="1/10", show_default=True, callback=as_rational, help="The shock: a part of all stake.")
@SECONDS_OPTION
@click.option(
    "--hazards",
    "hazards_file",
    metavar="FILE",
    type=DOCUMENT,
    help="With --html: declared slashing probabilities, for the loss curve.",
)
@click.option(
    "--html",
    "html_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write one page with pictures: the network, the cascade, the loss curve, the metrics over the steps.",
)
@JSON_OPTION
def report_command(
    source: Source,
    terms_file: Path | None,
    secured_only: bool,
    psi: Fraction,
    seconds: float,
    hazards_file: Path | None,
    html_file: Path | None,
    as_json_: bool,
) -> int:
    """Report for every step of a trace that changes stakes or commitments: the verdict, the slack, and the worst loss
    after a shock.

    For a network file, report the same in one line. Pictures of a trace show the last step at which anything is
    secured. Exit code 1 unless every verdict is SECURE.
    """
    if source.step is not None:
        raise click.UsageError("report is about all steps")
    if hazards_file is not None and html_file is None:
        raise click.UsageError("--hazards draws the loss curve of a page: it needs --html")
    document, _ = load(source.path)
    if isinstance(document, dict) and "protocol" in document:
        steps = list(along(source.path, terms_file, secured_only))
    else:
        steps = [Stepped(None, "", find(source, terms_file, secured_only))]
    sums = Sums()
    rows = [row_of(at, sums, psi, seconds) for at in steps]
    words = [row.verdict.word for row in rows]
    counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
    text = [row.text() for row in rows]
    text += [f"{len(rows)} steps change what secures what: {counts}"] if len(rows) > 1 else []
    if html_file is not None:
        shown = next((row for row in reversed(rows) if row.at.network.commitments), rows[-1])
        net, verdict = shown.at.network, shown.verdict
        told = told_cascade(net, psi, seconds)
        lines = [
            Line(row.step, row.at.action, row.verdict.word, row.stake, row.gamma_eigenlayer, row.worst, row.metrics)
            for row in rows
        ]
        curve = None if hazards_file is None else curve_of(net, hazards_file)
        html_file.write_text(
            page(
                source.path.name,
                verdict.network,
                net,
                verdict.attack,
                told_proof(verdict),
                told,
                curve,
                lines,
                lines[rows.index(shown)],
            ),
            encoding="utf-8",
        )
        text.append(f"written to {html_file}")
    show(as_json_, {"psi": str(psi), "steps": [row.as_json() for row in rows]}, text)
    return 0 if set(words) == {"SECURE"} else 1


COMMANDS = {"report": report_command}
