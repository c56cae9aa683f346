"""The verbs of `restake risk` about losses: losses, clear, allocate, base, chains, diff.

Each reads documents, asks `risk`, and shows what it answers; what does not follow from the documents is not shown.
"""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

import click

from harness.risk_numbers import BOUND, SIMULATED, Number, Rows, as_json, decimal, lines, measured
from harness.traces import load_json
from risk import claims, delegation, hazards, multichain, network, obligations, pricing
from risk.allocation import least_shortfall, most_return
from risk.commitments import TooManyOutcomesError
from risk.contagion import clear, is_clearing
from risk.debtrank import debtrank, linear_debtrank
from risk.distribution import Distribution
from risk.ethereum import EPOCHS_PER_DAY, GWEI_PER_ETH, epochs_to_finality, exit_epochs
from risk.finality import Path as FailurePath
from risk.finality import is_path, shortest_path
from risk.losses import Sampled, Simulation, distribution, simulate
from risk.metrics import METRICS, Sums, full
from spec.codec import Json, MalformedTrace

DOCUMENT = click.Path(exists=True, dir_okay=False, path_type=Path)
JSON_OPTION = click.option("--json", "as_json_", is_flag=True, help="Write one JSON document instead of text.")
DRAWS_OPTION = click.option(
    "--draws",
    type=click.IntRange(1_000, 100_000_000),
    metavar="N",
    help="Simulate so many draws.  [default: only what cannot be computed, 200,000]",
)
SEED_OPTION = click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), metavar="N", help="The seed of the draws."
)
DEFAULT_DRAWS = 200_000

EXIT_CODES = """\b
Exit codes:
  0  answered
  1  what was asked does not hold, or could not be decided
  2  wrong usage, or a file that cannot be read
"""


class Refused(click.ClickException):
    """A document that is refused: one line with its file, the field and what is wrong there; exit code 2."""

    exit_code = 2

    def __init__(self, path: Path, problem: object) -> None:
        super().__init__(f"{path}: {problem}")


def refuse(path: Path, problem: object) -> NoReturn:
    """Refuse a document."""
    raise Refused(path, problem)


def load(path: Path) -> tuple[Json, str]:
    """A JSON document and its digest."""
    try:
        document = load_json(path)
    except MalformedTrace as error:
        refuse(path, error)
    return document, network.digest(document)


def load_network(path: Path) -> tuple[network.Network, str]:
    """A network and the digest of its document."""
    document, digest = load(path)
    try:
        return network.read(document), digest
    except MalformedTrace as error:
        refuse(path, error)


def show(as_json_: bool, document: Mapping[str, Json], text: Sequence[str]) -> None:
    """The answer, as one JSON document or as text."""
    click.echo(json.dumps(document, indent=2) if as_json_ else "\n".join(text))


@click.command("losses", epilog=EXIT_CODES, short_help="What a position may lose, and what bearing it should earn.")
@click.argument("network_file", metavar="NETWORK", type=DOCUMENT)
@click.argument("hazards_file", metavar="HAZARDS", type=DOCUMENT)
@DRAWS_OPTION
@SEED_OPTION
@JSON_OPTION
def losses_command(network_file: Path, hazards_file: Path, draws: int | None, seed: int, as_json_: bool) -> int:
    """Find the distribution of the loss of a position in NETWORK under what HAZARDS declares of slashing.

    Exact where probabilities are rational and cases few enough; computed by quadrature under a Gaussian or a t copula;
    else, or if --draws is given, simulated. Two services that may slash the same stake are not added up.
    """
    net, network_digest = load_network(network_file)
    document, hazards_digest = load(hazards_file)
    try:
        declared = hazards.read(document, net)
    except MalformedTrace as error:
        refuse(hazards_file, error)
    pieces = hazards.pieces(net, declared)
    model = hazards.model(net, declared, pieces)
    position = sum((piece.amount for piece in pieces), Fraction(0))
    notes: list[str] = []
    found: Distribution | Sampled | Simulation
    try:
        if draws is not None:
            found = simulate(pieces, model, draws, seed)
        else:
            try:
                found = distribution(pieces, model)
            except TooManyOutcomesError as error:
                notes.append(f"not exact: {error}; simulated instead")
                found = simulate(pieces, model, DEFAULT_DRAWS, seed)
    except OverflowError:
        refuse(network_file, "amounts are too large to be computed with in floats; declare prices in a larger unit")
    rows, curve = _loss_rows(found, declared.levels)
    if isinstance(found, Simulation):
        notes.append(f"{found.draws:,} draws from seed {found.seed}")
    rows = {"position": Number(position), **rows, **_priced(found, declared, position)}
    show(
        as_json_,
        {
            "digests": {"network": network_digest, "hazards": hazards_digest},
            "model": declared.dependence.model,
            "notes": notes,
            **as_json(rows),
            "exceeded": curve,
        },
        [*lines(rows), *notes],
    )
    return 0


def _loss_rows(found: Distribution | Sampled | Simulation, levels: Sequence[Fraction]) -> tuple[Rows, Json]:
    """Figures of a loss, and how likely each loss is exceeded."""
    rows: dict[str, Number | str] = {}
    if isinstance(found, Distribution):
        rows |= {"mean loss": Number(found.mean()), "variance": Number(found.variance())}
        rows["chance of none"] = Number(found.at_most(Fraction(0)))
        for level in levels:
            rows[f"value at risk {level}"] = Number(found.value_at_risk(level))
            rows[f"expected shortfall {level}"] = Number(found.expected_shortfall(level))
        return rows, [[str(low), str(above)] for low, _, above in found.exceedance()]
    if isinstance(found, Sampled):
        rows |= {"mean loss": measured(found.mean()), "variance": measured(found.variance())}
        for level in levels:
            value, is_certain = found.value_at_risk(level)
            rows[f"value at risk {level}"] = Number(value) if is_certain else Number(float(value), "computed", None)
            rows[f"expected shortfall {level}"] = measured(found.expected_shortfall(level))
        left = [max(0.0, 1 - float(below)) for below in found.probabilities.cumsum()]
        return rows, [[str(loss), above] for loss, above in zip(found.losses, left, strict=True)]
    rows["mean loss"] = measured(found.mean(), SIMULATED)
    for level in levels:
        value_, low, high = found.value_at_risk(level)
        rows[f"value at risk {level}"] = Number(value_, SIMULATED, (high - low) / 8)
        rows[f"expected shortfall {level}"] = measured(found.expected_shortfall(level), SIMULATED)
    return rows, []


def _priced(found: Distribution | Sampled | Simulation, declared: hazards.Hazards, position: Fraction) -> Rows:
    """What bearing the loss costs and earns, at the highest level; only where that is exact."""
    if declared.pricing is None or not isinstance(found, Distribution) or not position:
        return {}
    level = max(declared.levels)
    mean, worst = found.mean() / position, found.expected_shortfall(level) / position
    terms = declared.pricing
    return {
        "break-even fee": Number(pricing.break_even_fee(mean, worst, terms.cost_of_capital)),
        "return after risk": Number(pricing.net_yield(terms.base_yield, terms.fee, mean, worst, terms.cost_of_capital)),
        "fund capital": Number(pricing.fund_capital(found, level)),
    }


@click.command("clear", epilog=EXIT_CODES, short_help="Who pays what when an asset under claims is lost.")
@click.argument("claims_file", metavar="CLAIMS", type=DOCUMENT)
@JSON_OPTION
def clear_command(claims_file: Path, as_json_: bool) -> int:
    """Clear CLAIMS after their shock, exactly: the greatest and the least payments, who defaults, in how many waves;
    and the distress before anybody defaults.
    """
    document, digest = load(claims_file)
    try:
        found = claims.read(document)
    except MalformedTrace as error:
        refuse(claims_file, error)
    external = found.after_shock()
    terms = (found.owed, external, found.external_recovery, found.claim_recovery)
    answers = {"greatest": clear(*terms), "least": clear(*terms, greatest=False)}
    assert all(is_clearing(answer.payments, *terms) for answer in answers.values())
    impacts, distress = found.impacts(), found.distress()
    spread, linear = debtrank(impacts, distress).levels, linear_debtrank(impacts, distress)
    text: list[str] = []
    for name, answer in answers.items():
        if name == "greatest" or answer.payments != answers["greatest"].payments:
            fallen = ", ".join(found.members[i] for i in answer.defaulted) or "nobody"
            text.append(f"{name} clearing: {fallen} in default, {answer.rounds} waves, all exact")
            text += [
                f"  {member}: pays {decimal(paid)} of {decimal(sum(owed, Fraction(0)))}, keeps {decimal(kept)}"
                for member, paid, owed, kept in zip(
                    found.members, answer.payments, found.owed, answer.equity, strict=True
                )
            ]
            text.append(f"  lost in default itself: {decimal(answer.lost_in_default)}")
    text.append("distress, as a part of equity: handed on once (DebtRank), and whenever it grows (linear)")
    text += [
        f"  {member}: {decimal(once)}, {decimal(always)}"
        for member, once, always in zip(found.members, spread, linear, strict=True)
    ]
    show(
        as_json_,
        {
            "digests": {"claims": digest},
            "how": "exact",
            **{
                name: {
                    "payments": dict(zip(found.members, map(str, answer.payments), strict=True)),
                    "equity": dict(zip(found.members, map(str, answer.equity), strict=True)),
                    "defaulted": [found.members[i] for i in answer.defaulted],
                    "waves": answer.rounds,
                    "lost_in_default": str(answer.lost_in_default),
                }
                for name, answer in answers.items()
            },
            "debtrank": dict(zip(found.members, map(str, spread), strict=True)),
            "linear_debtrank": dict(zip(found.members, map(str, linear), strict=True)),
        },
        text,
    )
    return 0


@click.command("allocate", epilog=EXIT_CODES, short_help="To whom to delegate: least shortfall, or most return.")
@click.argument("network_file", metavar="NETWORK", type=DOCUMENT)
@click.argument("hazards_file", metavar="HAZARDS", type=DOCUMENT)
@click.argument("question_file", metavar="QUESTION", type=DOCUMENT)
@click.option(
    "--draws",
    default=2_000,
    show_default=True,
    type=click.IntRange(100, 20_000),
    metavar="N",
    help="Scenarios to draw where they cannot be enumerated.",
)
@SEED_OPTION
@JSON_OPTION
def allocate_command(
    network_file: Path, hazards_file: Path, question_file: Path, draws: int, seed: int, as_json_: bool
) -> int:
    """Find the delegation among operators of NETWORK that QUESTION asks for, under HAZARDS.

    The weights shown respect every constraint, and their shortfall is computed in rationals; the bound is what no
    delegation can beat. On drawn scenarios both are exact of the draws, and estimates of what they were drawn from.
    """
    net, network_digest = load_network(network_file)
    hazards_document, hazards_digest = load(hazards_file)
    question_document, question_digest = load(question_file)
    try:
        declared = hazards.read(hazards_document, net)
    except MalformedTrace as error:
        refuse(hazards_file, error)
    try:
        question = delegation.read(question_document, net, declared, draws, seed)
    except MalformedTrace as error:
        refuse(question_file, error)
    choice = question.choice
    if question.minimum_return is not None:
        found = least_shortfall(choice, question.minimum_return)
        name, bound_name = "expected shortfall", "no delegation has less than"
    else:
        assert question.shortfall_limit is not None
        found = most_return(choice, question.shortfall_limit)
        name, bound_name = "return", "no delegation has more than"
    if found.verdict == "INFEASIBLE":
        bound_name = "most return possible" if question.minimum_return is not None else "no shortfall is less than"
    drawn = choice.scenarios.seed is not None
    notes = [f"of {len(choice.scenarios.probabilities):,} scenarios"]
    if drawn:
        notes = [f"of {draws:,} scenarios drawn from seed {seed}: an estimate of the model's"]
    rows: dict[str, Number | str] = {"verdict": found.verdict}
    if found.bound is not None:
        rows[bound_name] = Number(found.bound, BOUND)
    weights: dict[str, Json] = {}
    text: list[str] = []
    if found.weights is not None and found.value is not None:
        assert choice.is_allowed(found.weights)
        rows[name] = Number(found.value)
        rows["mean loss"] = Number(choice.loss(found.weights).mean())
        if name == "return":
            rows["expected shortfall"] = Number(choice.shortfall(found.weights))
        else:
            rows["return"] = Number(choice.mean_return(found.weights))
        adds = choice.contributions(found.weights)
        for operator, weight, more in zip(choice.operators, found.weights, adds, strict=True):
            weights[operator] = {"weight": str(weight), "adds_to_shortfall": str(more)}
            if weight:
                text.append(f"  {operator}: {decimal(weight)}, adds {decimal(more)} to the shortfall")
    show(
        as_json_,
        {
            "digests": {"network": network_digest, "hazards": hazards_digest, "question": question_digest},
            "notes": notes,
            **as_json(rows),
            "weights": weights,
        },
        [*lines(rows), *text, *notes],
    )
    return 0 if found.weights is not None else 1


@click.command(
    "base", epilog=EXIT_CODES, short_help="The shortest path from an operator's slash to a finality failure."
)
@click.argument("network_file", metavar="NETWORK", type=DOCUMENT)
@click.argument("base_file", metavar="BASE", type=DOCUMENT)
@JSON_OPTION
def base_command(network_file: Path, base_file: Path, as_json_: bool) -> int:
    """Answer what happens when the base layer is compromised by the weight of its own secondary obligations.

    NETWORK's stake carries the consensus that BASE describes. An operator is slashed, services that are now cheaper to
    corrupt than it is worth fall, each takes what it may of everybody's stake, until consensus fails or nothing pays
    any more. FAILS comes with the shortest path, every step exact and checked anew; HOLDS means that no attack gains
    once everything has fallen that can. Exit code 0 only for HOLDS.
    """
    net, network_digest = load_network(network_file)
    document, base_digest = load(base_file)
    try:
        layer, shocks = obligations.read(document, net)
    except MalformedTrace as error:
        refuse(base_file, error)
    operator, path = shortest_path(layer, shocks)
    assert path.verdict != "FAILS" or is_path(layer, path)
    text = [
        f"{path.verdict}: {path.why or 'nothing is broken'}" + ("" if path.shortest else "; not shown to be shortest")
    ]
    text += _story(operator, path)
    offline = path.conditions[-1].offline
    total = layer.consensus.total
    if path.verdict == "FAILS" and offline:
        queue = exit_epochs(int(total), offline)
        text.append(f"leaving takes {queue:,} epochs ({queue / EPOCHS_PER_DAY:,.1f} days) of the exit queue, if in ETH")
        if "liveness" in path.conditions[-1].broken and offline < total:
            again = epochs_to_finality(offline / total, 32 * GWEI_PER_ETH)
            text.append(
                f"an inactivity leak finalises again after {again:,} epochs ({again / EPOCHS_PER_DAY:,.1f} days)"
            )
    show(
        as_json_,
        {
            "digests": {"network": network_digest, "base": base_digest},
            "how": "exact",
            "verdict": path.verdict,
            "why": path.why,
            "shortest": path.shortest,
            "operator": operator,
            "steps": [
                {
                    "services": list(step.services),
                    "cost": str(step.cost),
                    "profit": str(step.profit),
                    "lost": {stake: str(amount) for stake, amount in step.lost.items()},
                    "offline": str(condition.offline),
                    "adversary_share": str(condition.adversary_share),
                    "third_costs": str(condition.third_costs),
                    "broken": list(condition.broken),
                }
                for step, condition in zip(path.steps, path.conditions, strict=True)
            ],
        },
        text,
    )
    return 0 if path.verdict == "HOLDS" else 1


def _story(operator: str, path: FailurePath) -> list[str]:
    """The path, a line for what happens and a line for how consensus then stands."""
    text: list[str] = []
    for number, (step, condition) in enumerate(zip(path.steps, path.conditions, strict=True)):
        lost = decimal(sum(step.lost.values(), Fraction(0)))
        if not step.services:
            text.append(f"{number}. {operator} is slashed: {lost} lost")
        else:
            names = " and ".join(step.services)
            text.append(
                f"{number}. {names} falls: costs {decimal(step.cost)}, is worth {decimal(step.profit)}, takes {lost}"
            )
        text.append(
            f"   offline {decimal(condition.offline)}, adversary's share once that has left "
            f"{decimal(condition.adversary_share, 6)}, a third of all weight has {decimal(condition.third_costs)} to lose"
            + (f": {', '.join(condition.broken)} lost" if condition.broken else "")
        )
    return text


@click.command(
    "chains", epilog=EXIT_CODES, short_help="Which services believe to be secured by other chains, and are not."
)
@click.argument("chains_file", metavar="CHAINS", type=DOCUMENT)
@click.option(
    "--at", metavar="TIME", help="Only at this moment.  [default: at every moment at which an answer changes]"
)
@JSON_OPTION
def chains_command(chains_file: Path, at: str | None, as_json_: bool) -> int:
    """Compare what services on CHAINS believe of stake they see through messages with what a slash will still reach.

    Exit code 1 if any of them believes to be secured and is not.
    """
    document, digest = load(chains_file)
    try:
        chains = multichain.read(document)
        moments = chains.moments() if at is None else [hazards.not_negative(at, "--at")]
    except MalformedTrace as error:
        refuse(chains_file, error)
    views = [chains.view(service, moment) for moment in moments for service in chains.services]
    wrong = [view for view in views if view.verdict == multichain.FALSELY_BELIEVED]
    text = []
    for view in views if at is not None else wrong:
        text.append(
            f"at {decimal(view.at)} {view.service}: {view.verdict}; believes {decimal(view.believed)}, "
            f"there is {decimal(view.actual)}, in reach {decimal(view.reachable)}"
        )
        text += [f"  {chain}/{operator}: {decimal(amount)} short" for (chain, operator), amount in view.short.items()]
    text.append(f"{len(views)} views at {len(moments)} moments, {len(wrong)} falsely believed; all exact")
    show(
        as_json_,
        {
            "digests": {"chains": digest},
            "how": "exact",
            "views": [
                {
                    "service": view.service,
                    "at": str(view.at),
                    "believed": str(view.believed),
                    "actual": str(view.actual),
                    "reachable": str(view.reachable),
                    "verdict": view.verdict,
                    "short": {"/".join(key): str(amount) for key, amount in view.short.items()},
                }
                for view in views
            ],
        },
        text,
    )
    return 1 if wrong else 0


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
    rows = [("the whole", old.whole(), new.whole())]
    for service in sorted({*before.terms, *after.terms}):
        rows.append((f"service {service}", _service(old, before, service), _service(new, after, service)))
    for operator in sorted({*old.promised_by, *new.promised_by}):
        rows.append(
            (
                f"operator {operator}",
                old.of_operator(operator, before.terms) if operator in old.promised_by else {},
                new.of_operator(operator, after.terms) if operator in new.promised_by else {},
            )
        )
    return rows


def _service(sums: Sums, net: network.Network, service: str) -> Figures:
    if service not in net.terms:
        return {}
    return {**sums.of_service(service, net.terms[service]), "threshold": net.terms[service].threshold}


def _told(value: Fraction | int | None) -> str:
    return "absent" if value is None else decimal(value)


COMMANDS = (losses_command, clear_command, allocate_command, base_command, chains_command, diff_command)
