"""The verbs of `restake risk` about losses of a position by slashing: losses, allocate."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import click

from harness.risk_documents import DOCUMENT, EXIT_CODES, JSON_OPTION, SEED_OPTION, digest_of, load, refuse, show
from harness.risk_numbers import BOUND, COMPUTED, SIMULATED, Number, Rows, as_json, decimal, lines, measured
from harness.risk_sources import SOURCE_ARGUMENT, TERMS_OPTION, Source, find
from risk import delegation, hazards, pricing
from risk.allocation import least_shortfall, most_return
from risk.commitments import Piece, TooManyOutcomesError
from risk.dependence import Independent, Model
from risk.distribution import Distribution
from risk.grid import Bounded
from risk.losses import Sampled, Simulation, distribution, exact_mean, simulate
from risk.network import Network
from spec.codec import Json, MalformedTrace

DEFAULT_DRAWS = 200_000
DRAWS_OPTION = click.option(
    "--draws",
    type=click.IntRange(1_000, 100_000_000),
    metavar="N",
    help="Simulate so many draws.  [default: only what cannot be computed, 200,000]",
)


@click.command("losses", epilog=EXIT_CODES, short_help="What a position may lose, and what bearing it should earn.")
@SOURCE_ARGUMENT
@click.argument("hazards_file", metavar="HAZARDS", type=DOCUMENT)
@TERMS_OPTION
@DRAWS_OPTION
@SEED_OPTION
@JSON_OPTION
def losses_command(
    source: Source, terms_file: Path | None, hazards_file: Path, draws: int | None, seed: int, as_json_: bool
) -> int:
    """Find the distribution of the loss of a position in SOURCE under what HAZARDS declares of slashing.

    Exact where probabilities are rational and cases few enough; computed by quadrature under a Gaussian or a t copula;
    else, or if --draws is given, simulated. Two services that may slash the same stake are not added up.
    """
    net = find(source, terms_file)
    declared, hazards_digest = read_hazards(hazards_file, net)
    found, notes = found_losses(net, declared, draws, seed, source.path)
    pieces = hazards.pieces(net, declared)
    model = hazards.model(net, declared, pieces)
    position = sum((piece.amount for piece in pieces), Fraction(0))
    rows, curve = loss_rows(found, declared.levels)
    if isinstance(found, Simulation):
        notes.append(f"{found.draws:,} draws from seed {found.seed}")
        mean = exact_mean(pieces, model)
        rows = rows if mean is None else {**rows, "mean loss": Number(mean), "mean of the draws": rows["mean loss"]}
        rows = {**rows, **(bounded_rows(pieces, model, declared.levels) if draws is None else {})}
    rows = {"position": Number(position), **rows, **_priced(found, declared, position)}
    show(
        as_json_,
        {
            "digests": {"network": digest_of(net), "hazards": hazards_digest},
            "model": declared.dependence.model,
            "notes": notes,
            **as_json(rows),
            "exceeded": [[str(loss), str(n) if isinstance(n, Fraction) else n] for loss, n in curve],
        },
        [*lines(rows), *notes],
    )
    return 0


def read_hazards(path: Path, net: Network) -> tuple[hazards.Hazards, str]:
    """The slashing hazards that a file declares for a network, and the digest of its document. Raises Refused if
    malformed.
    """
    document, digest = load(path)
    try:
        return hazards.read(document, net), digest
    except MalformedTrace as error:
        refuse(path, error)


Found = Distribution | Sampled | Simulation


def found_losses(
    net: Network, declared: hazards.Hazards, draws: int | None, seed: int, path: Path
) -> tuple[Found, list[str]]:
    """The distribution of the loss of the declared stake (the position), and notes on how it was computed.

    It is exact or computed by quadrature if possible; simulated if `draws` is given, or if there are too many outcomes.
    Raises Refused, with `path`, if amounts are too large for floats.
    """
    pieces = hazards.pieces(net, declared)
    model = hazards.model(net, declared, pieces)
    try:
        if draws is not None:
            return simulate(pieces, model, draws, seed), []
        try:
            return distribution(pieces, model), []
        except TooManyOutcomesError as error:
            return simulate(pieces, model, DEFAULT_DRAWS, seed), [f"not exact: {error}; simulated instead"]
    except OverflowError:
        refuse(path, "amounts are too large to be computed with in floats; declare prices in a larger unit")


def loss_rows(found: Found, levels: Sequence[Fraction]) -> tuple[Rows, list[tuple[Fraction, Fraction | float]]]:
    """The figures of a loss as rows, with value at risk and expected shortfall at each of the confidence levels; and
    its exceedance curve, pairs of a loss and the probability of a greater one.

    The curve is empty for a simulation.
    """
    rows: dict[str, Number | str] = {}
    if isinstance(found, Distribution):
        rows |= {"mean loss": Number(found.mean()), "variance": Number(found.variance())}
        rows["chance of none"] = Number(found.at_most(Fraction(0)))
        for level in levels:
            rows[f"value at risk {level}"] = Number(found.value_at_risk(level))
            rows[f"expected shortfall {level}"] = Number(found.expected_shortfall(level))
        return rows, [(low, above) for low, _, above in found.exceedance()]
    if isinstance(found, Sampled):
        rows |= {"mean loss": measured(found.mean()), "variance": measured(found.variance())}
        for level in levels:
            value, is_certain = found.value_at_risk(level)
            rows[f"value at risk {level}"] = Number(float(value), COMPUTED, 0.0 if is_certain else None)
            rows[f"expected shortfall {level}"] = measured(found.expected_shortfall(level))
        left = [max(0.0, 1 - float(below)) for below in found.probabilities.cumsum()]
        return rows, list(zip(found.losses, left, strict=True))
    rows["mean loss"] = measured(found.mean(), SIMULATED)
    for level in levels:
        value_, low, high = found.value_at_risk(level)
        rows[f"value at risk {level}"] = Number(value_, SIMULATED, (high - low) / 8)
        rows[f"expected shortfall {level}"] = measured(found.expected_shortfall(level), SIMULATED)
    return rows, []


def bounded_rows(pieces: Sequence[Piece], model: Model, levels: Sequence[Fraction]) -> Rows:
    """Bounds of value at risk and expected shortfall at each confidence level, as rows. They are for losses with too
    many outcomes to enumerate. Empty if bounding takes too long as well, or if causes are not independent.
    """
    if not isinstance(model, Independent):
        return {}
    try:
        found = Bounded(pieces, model)
    except TooManyOutcomesError:
        return {}
    rows: dict[str, Number | str] = {}
    for level in levels:
        for name, between in (
            ("value at risk", found.value_at_risk(level)),
            ("expected shortfall", found.expected_shortfall(level)),
        ):
            rows[f"{name} {level} at least"] = Number(between.at_least, BOUND)
            rows[f"{name} {level} at most"] = Number(between.at_most, BOUND)
    return rows


def _priced(found: Found, declared: hazards.Hazards, position: Fraction) -> Rows:
    """The fee, yield and fund capital that compensate the loss, at the highest declared level. Empty unless the loss is
    exact, pricing is declared, and the value of the stake (`position`) is not 0.
    """
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


@click.command("allocate", epilog=EXIT_CODES, short_help="To whom to delegate: least shortfall, or most return.")
@SOURCE_ARGUMENT
@click.argument("hazards_file", metavar="HAZARDS", type=DOCUMENT)
@click.argument("question_file", metavar="QUESTION", type=DOCUMENT)
@TERMS_OPTION
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
    source: Source,
    terms_file: Path | None,
    hazards_file: Path,
    question_file: Path,
    draws: int,
    seed: int,
    as_json_: bool,
) -> int:
    """Find the delegation among operators of SOURCE that QUESTION asks for, under HAZARDS.

    The weights shown respect every constraint, and their shortfall is computed in rationals. No delegation can have
    less than the bound shown. On drawn scenarios both numbers are exact for the draws, and estimates for the
    distribution.
    """
    net = find(source, terms_file)
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
            "digests": {"network": digest_of(net), "hazards": hazards_digest, "question": question_digest},
            "notes": notes,
            **as_json(rows),
            "weights": weights,
        },
        [*lines(rows), *text, *notes],
    )
    return 0 if found.weights is not None else 1


COMMANDS = {"losses": losses_command, "allocate": allocate_command}
