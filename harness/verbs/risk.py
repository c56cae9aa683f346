"""The group `restake risk`: its verbs, each imported only when it is used, since they need the extra `risk`."""

from collections.abc import Mapping
from typing import Any, Final

import click

from harness.display import heard_of
from harness.verbs import Verbs

VERBS: Final[Mapping[str, tuple[str, str]]] = {
    "attack": ("harness.risk_attack", "Whether an attack pays, with a certificate or a witness."),
    "cascade": ("harness.risk_attack", "The worst that a shock leads to, told attack by attack."),
    "verify": ("harness.risk_attack", "Check a verdict against its network, by the checker alone."),
    "network": ("harness.risk_sources", "Write the network of a trace's step, or of a list of operators."),
    "report": ("harness.risk_report", "Security along the steps of a trace, as text or as one page."),
    "losses": ("harness.risk_losses", "What a position may lose, and what bearing it should earn."),
    "allocate": ("harness.risk_losses", "To whom to delegate: least shortfall, or most return."),
    "clear": ("harness.risk_contagion", "Who pays what when an asset under claims is lost."),
    "base": ("harness.risk_contagion", "The shortest path from an operator's slash to a finality failure."),
    "market": ("harness.risk_market", "Which offers pay for their risk, which funds and mandates keep their bounds."),
    "chains": ("harness.risk_contagion", "Which services believe to be secured by other chains, and are not."),
    "metrics": ("harness.risk_metrics", "The standard metrics of a network, or of every step of a trace."),
    "diff": ("harness.risk_metrics", "What changed between two networks, and in every metric."),
}
"""The verbs by name: the module whose `COMMANDS` has the verb, and its one-line description."""


class RiskVerbs(Verbs):
    """The group of the verbs of `restake risk`."""

    verbs = VERBS
    libraries = (frozenset({"highspy", "numpy", "scipy"}), "risk")

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb, showing that a long one is still running."""
        with heard_of("working"):
            return super().invoke(ctx)


@click.command("risk", cls=RiskVerbs, short_help="What the stake secures, what may be lost, and what fails with what.")
def risk() -> None:
    """Risk of a network: what its stake secures, what an attack costs, what fails with what, and what may be lost.

    Every number says how it was found: exact, a bound, computed with an estimated error, or simulated with its standard
    error. docs/risk.md and docs/risk_losses.md describe the documents. Each takes seconds, but for a report on every
    step of a trace and for large networks, which take minutes.
    """


COMMANDS: Final[Mapping[str, click.Command]] = {"risk": risk}
