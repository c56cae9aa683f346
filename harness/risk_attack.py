"""The verbs of `restake risk` about attacks: attack, cascade, verify."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import click

from harness.risk_documents import DOCUMENT, EXIT_CODES, JSON_OPTION, load, load_network, refuse, show
from harness.risk_numbers import decimal
from harness.risk_sources import SECURED_OPTION, SOURCE_ARGUMENT, TERMS_OPTION, Source, as_rational, find
from risk import network
from risk.attack import Attack, AttackVerdict, Ties, cheapest, gamma_eigenlayer, security, slack
from risk.cascade import Cascades, Strike, TooLargeError, bound
from risk.cascade_search import search
from risk.network import Network
from risk.sensitivity import profit_limit, threshold_limit
from risk.verify import Refused, check
from spec.codec import Json, MalformedTrace

SECONDS_OPTION = click.option(
    "--seconds", default=60.0, show_default=True, type=click.FloatRange(0, min_open=True), help="For each question."
)
OUT_OPTION = click.option(
    "--out",
    "out_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the verdict, which `restake risk verify` checks.",
)


def services_of(net: Network, names: str | None) -> list[str]:
    """The services in a comma-separated list; none if `names` is None. Raises UsageError for a name that the network
    does not have.
    """
    chosen = [] if names is None else names.split(",")
    for name in chosen:
        if name not in net.terms:
            raise click.UsageError(f"unknown service {name!r}: known are {', '.join(net.terms) or 'none'}")
    return chosen


@click.command("attack", epilog=EXIT_CODES, short_help="Whether an attack pays, with a certificate or a witness.")
@SOURCE_ARGUMENT
@TERMS_OPTION
@SECURED_OPTION
@click.option(
    "--ties",
    default="strict",
    show_default=True,
    type=click.Choice(["strict", "weak"]),
    help="An attack pays if its profit is more than its loss (strict), or as much (weak).",
)
@click.option("--budget", default="0", show_default=True, callback=as_rational, help="What an attacker may lose on it.")
@click.option("--services", "names", metavar="A,B", help="The cheapest attack on all of these, whatever it gains.")
@click.option("--slack", "with_slack", is_flag=True, help="Also how far profits are from paying, exactly.")
@click.option("--limits", "with_limits", is_flag=True, help="Also how large each profit may be, how small a threshold.")
@SECONDS_OPTION
@OUT_OPTION
@JSON_OPTION
def attack_command(
    source: Source,
    terms_file: Path | None,
    secured_only: bool,
    ties: Ties,
    budget: Fraction,
    names: str | None,
    with_slack: bool,
    with_limits: bool,
    seconds: float,
    out_file: Path | None,
    as_json_: bool,
) -> int:
    """Say whether any attack on the network of SOURCE pays: SECURE with a certificate, INSECURE with a witness.

    NOT-CERTIFIED: no attack was found in time, and no proof that there is none.
    SOURCE is a network file, or a step of a trace under declared --terms. Exit code 0 only if it is SECURE; with
    --services if the cheapest attack is EXACT.
    """
    net = find(source, terms_file, secured_only)
    chosen = services_of(net, names)
    verdict = cheapest(net, chosen, seconds) if chosen else security(net, ties, budget, seconds)
    text = told(verdict, net)
    answer: dict[str, Json] = {"digest": verdict.network, "verdict": verdict.word, "claim": verdict.claim.as_json()}
    if verdict.attack is not None:
        answer["attack"] = verdict.attack.as_json()
    if not chosen:
        sufficient = gamma_eigenlayer(net)
        answer["gamma_eigenlayer"] = None if sufficient is None else str(sufficient)
        text.append(f"slack by the sufficient condition: {number(sufficient)}  exact")
    if with_slack:
        gamma, exact = slack(net, seconds)
        answer["gamma"] = {"value": None if gamma is None else str(gamma), "how": exact.word}
        text.append(f"slack: {number(gamma)}  {'exact, certified' if exact.word == 'EXACT' else 'at most'}")
    if with_limits:
        rows, lines = limits(net, seconds)
        answer["limits"] = rows
        text += lines
    if out_file is not None:
        out_file.write_text(json.dumps(verdict.as_json()))
        text.append(f"written to {out_file}")
    show(as_json_, answer, text)
    return 0 if verdict.word in ("SECURE", "EXACT") else 1


def number(value: Fraction | None) -> str:
    """A number in decimals, as text; None gives "unbounded"."""
    return "unbounded" if value is None else decimal(value)


def told(verdict: AttackVerdict, net: Network) -> list[str]:
    """The lines of text that report a verdict on attacks."""
    text = [f"{verdict.word}  network {verdict.network[:16]}"]
    if verdict.word == "SECURE":
        text.append(f"no attack pays: proved by a tree of {verdict.leaves} leaves")
    if verdict.word == "NOT-CERTIFIED":
        text.append("no better attack was found, and no proof that there is none")
    if verdict.attack is not None:
        text += told_attack(verdict.attack, net)
    return text


def told_attack(attack: Attack, net: Network) -> list[str]:
    """The lines of text that describe an attack: its services and profit, its operators and stakes, and
    what they lose.
    """
    profit = sum((net.terms[service].profit for service in attack.services), Fraction(0))
    operators = dict.fromkeys(use.operator for use in attack.uses)
    return [
        f"corrupts {shortened(attack.services)}: profit {decimal(profit)}",
        f"by {shortened(tuple(operators))} with {shortened(attack.stakes)}; worth {decimal(attack.value)}",
    ]


def shortened(names: Sequence[str]) -> str:
    """A list of names as text: at most six, and the number of the others."""
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "") if names else "nothing"


def limits(net: Network, seconds: float) -> tuple[dict[str, Json], list[str]]:
    """For each service, the profit above which an attack on it pays, and the threshold from which the network is
    secure: as JSON rows by service and as lines of text. `seconds` limits each question.
    """
    rows: dict[str, Json] = {}
    text = []
    for service, terms in net.terms.items():
        row: dict[str, Json] = {"profit": str(terms.profit), "threshold": str(terms.threshold)}
        most, least = profit_limit(net, service, seconds), threshold_limit(net, service, seconds)
        said = [f"{service}: profit {decimal(terms.profit)}, threshold {decimal(terms.threshold)}"]
        if most is not None:
            row["attack_pays_above_profit"] = {"value": str(most.limit), "how": most.verdict.word}
            how = "certified" if most.is_exact else "or less"
            said.append(
                f"an attack on it pays above a profit of {decimal(most.limit)} ({how})"
                if most.limit >= 0
                else f"an attack on it pays even without its profit ({how})"
            )
        if least is not None:
            low, high = least.insecure, least.secure
            row["insecure_up_to_threshold"] = None if low is None else str(low)
            row["secure_from_threshold"] = None if high is None else str(high)
            row["nothing_between"] = least.is_exact
            if high is None:
                said.append("at no threshold of its own is the network secure")
            else:
                said.append(
                    "insecure at no threshold" if low is None else f"insecure up to a threshold of {decimal(low)}"
                )
                said.append(f"secure from {decimal(high)}")
        rows[service] = row
        text.append("; ".join(said))
    return rows, text


@click.command("cascade", epilog=EXIT_CODES, short_help="The worst that a shock leads to, told attack by attack.")
@SOURCE_ARGUMENT
@TERMS_OPTION
@SECURED_OPTION
@click.option("--psi", required=True, callback=as_rational, help="The most of all stake that the shock destroys.")
@click.option("--coalition", "names", metavar="A,B", help="What a local shock leads to in these services alone.")
@click.option("--search", "searches", is_flag=True, help="Search, even where everything could be tried.")
@SECONDS_OPTION
@JSON_OPTION
def cascade_command(
    source: Source,
    terms_file: Path | None,
    secured_only: bool,
    psi: Fraction,
    names: str | None,
    searches: bool,
    seconds: float,
    as_json_: bool,
) -> int:
    """Find the worst loss after a shock that destroys a part PSI of all stake: shock, attacks in order, and the bound.

    On small networks every cascade is tried, which is exact. On others a solver searches: its find is checked exactly,
    and the worst loss may be larger. Every stake that is used in an attack counts as lost whole.
    """
    net = find(source, terms_file, secured_only)
    chosen = services_of(net, names)
    if psi > 1:
        raise click.UsageError("--psi: a part of all stake is at most 1")
    if chosen and searches:
        raise click.UsageError("--search: what a shock leads to in a coalition is not searched for, but tried")
    digest = network.digest(network.write(net))
    gamma = gamma_eigenlayer(net.whole()) if all(net.secured_by.values()) else None
    limit = None if gamma is None else bound(gamma, psi)
    answer: dict[str, Json] = {"digest": digest, "psi": str(psi), "bound": None if limit is None else str(limit)}
    text = [f"network {digest[:16]}, shock of at most {decimal(psi)} of all stake"]
    try:
        if chosen:
            part = Cascades(net).local(chosen, psi)
            answer["local"] = {"value": str(part), "how": "exact"}
            text.append(f"local loss of {shortened(chosen)}: {decimal(part)} of exclusive stake  exact")
            show(as_json_, answer, text)
            return 0
        if searches:
            raise TooLargeError("a search was asked for")
        worst = Cascades(net).worst(psi)
        answer |= {"how": "exact", "paper": str(worst.paper), "realised": str(worst.realised)}
        text.append(f"worst loss: {decimal(worst.realised)} of all stake  exact")
        text.append(f"as the literature counts it: {decimal(worst.paper)}  exact")
        shock, strikes = worst.shock, worst.strikes
    except TooLargeError as error:
        if chosen:
            refuse(source.path, error)
        found = search(net, psi, seconds)
        answer |= {"how": "at least", "realised": str(found.at_least)}
        text.append(f"worst loss: at least {decimal(found.at_least)} of all stake ({error})")
        shock, strikes = found.shock, found.strikes
    answer |= {"shock": list(shock), "attacks": [_strike(strike) for strike in strikes]}
    text.append(f"shock: {shortened(shock)}")
    for position, strike in enumerate(strikes, start=1):
        text.append(f"{position}. {shortened(strike.stakes)} corrupt {shortened(strike.services)}")
    text.append(f"attacks that follow, each of which pays when its turn comes: {len(strikes)}")
    text.append(f"bound (1 + 1/gamma) psi: {'none, without slack' if limit is None else decimal(limit)}")
    show(as_json_, answer, text)
    return 0


def _strike(strike: Strike) -> Json:
    return {"services": list(strike.services), "stakes": list(strike.stakes)}


@click.command("verify", epilog=EXIT_CODES, short_help="Check a verdict against its network, by the checker alone.")
@click.argument("network_file", metavar="NETWORK", type=DOCUMENT)
@click.argument("verdict_file", metavar="VERDICT", type=DOCUMENT)
@JSON_OPTION
def verify_command(network_file: Path, verdict_file: Path, as_json_: bool) -> int:
    """Check the certificate or the witness of VERDICT against NETWORK. No solver is asked.

    The checker is risk/verify.py, which imports nothing but Python's standard library and runs by itself, too.
    """
    net, _ = load_network(network_file)
    (document, _), (verdict, _) = load(network_file), load(verdict_file)
    try:
        row = network.fields(
            verdict, "", ["format", "version", "network", "verdict", "claim"], ["certificate", "witness"]
        )
    except MalformedTrace as error:
        refuse(verdict_file, error)
    # A verdict names its network by the digest of its canonical form; a file may write numerals or defaults otherwise.
    written = network.write(net)
    if row["network"] == network.digest(written):
        document = written
    try:
        said = check(document, verdict)
    except Refused as problem:
        text = str(problem)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as problem:
        text = f"not in the form of a verdict: {type(problem).__name__}: {problem}"
    else:
        show(as_json_, {"verdict": said.split(":")[0], "proves": said}, [said])
        return 0
    show(as_json_, {"verdict": "REFUSED", "problem": text}, [f"REFUSED: {text}"])
    return 1


COMMANDS = {"attack": attack_command, "cascade": cascade_command, "verify": verify_command}
