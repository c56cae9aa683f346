"""The verbs of `restake risk` about contagion of losses: clear, base, chains."""

from fractions import Fraction
from pathlib import Path

import click

from harness.risk_attack import SECONDS_OPTION
from harness.risk_documents import DOCUMENT, EXIT_CODES, JSON_OPTION, digest_of, load, refuse, show
from harness.risk_numbers import decimal
from harness.risk_sources import SOURCE_ARGUMENT, TERMS_OPTION, Source, find
from risk import claims, hazards, multichain, obligations
from risk.contagion import clear, is_clearing
from risk.debtrank import debtrank, linear_debtrank
from risk.ethereum import EPOCHS_PER_DAY, GWEI_PER_ETH, epochs_to_finality, exit_epochs
from risk.finality import Path as FailurePath
from risk.finality import is_path, shortest_path
from spec.codec import MalformedTrace


@click.command("clear", epilog=EXIT_CODES, short_help="Who pays what when an asset under claims is lost.")
@click.argument("claims_file", metavar="CLAIMS", type=DOCUMENT)
@JSON_OPTION
def clear_command(claims_file: Path, as_json_: bool) -> int:
    """Compute the clearing of CLAIMS after their shock, exactly: the greatest and the least payments, who defaults, and
    in how many waves; and the distress before anybody defaults.
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


@click.command(
    "base", epilog=EXIT_CODES, short_help="The shortest path from an operator's slash to a finality failure."
)
@SOURCE_ARGUMENT
@click.argument("base_file", metavar="BASE", type=DOCUMENT)
@TERMS_OPTION
@SECONDS_OPTION
@JSON_OPTION
def base_command(source: Source, base_file: Path, terms_file: Path | None, seconds: float, as_json_: bool) -> int:
    """Show the effect on the base layer if the stake that secures it is slashed for its other obligations.

    SOURCE's stake carries the consensus that BASE describes. An operator is slashed. A service that now costs less to
    corrupt than its corruption pays falls, and takes all the stake that it may slash. This ends when consensus fails or
    no attack pays. FAILS comes with the shortest path, every step exact and checked anew. HOLDS means that no attack
    gains once every service that can fall has fallen. The exit code is 0 only for HOLDS.
    """
    net = find(source, terms_file)
    document, base_digest = load(base_file)
    try:
        layer, shocks = obligations.read(document, net, seconds)
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
            "digests": {"network": digest_of(net), "base": base_digest},
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
    """The failure path as text: one line for each event, and one for the state of consensus after it."""
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
            f"{decimal(condition.adversary_share, 6)}, a third of all weight has "
            f"{decimal(condition.third_costs)} to lose"
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
    """Compare the stake that services on CHAINS see through messages with the stake that a slash can still reach.

    Exit code 1 if the stake that a service sees would secure it, and the stake that a slash can reach does not.
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


COMMANDS = {"clear": clear_command, "base": base_command, "chains": chains_command}
