"""An HTML page about the security of a network: picture, worst cascade, loss curve, and metrics over a trace's steps.

It is self-contained: pictures are inline, and nothing is loaded from elsewhere.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape
from typing import Final

import attrs

from harness.risk_numbers import brief
from harness.risk_pictures import Curve, loss_curve, network_picture, timeline, waterfall
from risk.attack import Attack
from risk.cascade import Strike
from risk.metrics import METRICS
from risk.network import Network

STYLE: Final = """
:root { --paper: #fff; --ink: #222; --faint: #5b6166; --line: #d5d8da; --stripe: #f4f4f2; --edge: #8a9aa8;
  --node: #3d5a80; --good: #23704f; --bad: #b3362b; --warn: #8a5f0a; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1c1e; --ink: #e2e2e0; --faint: #a8adb2; --line: #44484d;
  --stripe: #26282b; --edge: #66727d; --node: #86a9d4; --good: #58b58b; --bad: #ec7c70; --warn: #dda63f; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink);
  background: var(--paper); }
h1, code, .label { overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.4rem; } code, small { color: var(--faint); }
.word { color: var(--paper); border-radius: .3rem; padding: .1rem .5rem; font-weight: 600; white-space: nowrap;
  font-size: .85em; background: var(--faint); }
.word.SECURE { background: var(--good); } .word.INSECURE { background: var(--bad); }
.word.NOT-CERTIFIED { background: var(--warn); }
svg.wide { max-width: 40rem; width: 100%; height: auto; display: block; }
svg { font: 13px system-ui, sans-serif; } svg text { fill: var(--ink); } path { fill: none; opacity: .55; }
path.edge { stroke: var(--edge); } path.hit { stroke: var(--bad); opacity: .8; }
circle.node, .dot.node, .fill.node { fill: var(--node); background: var(--node); }
circle.hit, .dot.hit, .fill.hit, circle.INSECURE { fill: var(--bad); background: var(--bad); }
.dot.warn, .fill.warn, circle.NOT-CERTIFIED { fill: var(--warn); background: var(--warn); }
.fill.good, circle.SECURE { fill: var(--good); background: var(--good); } circle.UNKNOWN { fill: var(--faint); }
.dot { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%; }
.bars { display: grid; grid-template-columns: minmax(6rem, 16rem) 1fr 5.5rem; gap: .35rem .8rem; align-items: center; }
.bars .amount { text-align: right; font-variant-numeric: tabular-nums; } .fill { height: 1.3rem; min-width: 2px; }
.track { background: var(--stripe); }
.line, .grid { stroke: var(--line); } .curve { fill: none; stroke: var(--node); stroke-width: 2; opacity: 1; }
.mark { stroke-width: 2; stroke-dasharray: 5 3; } .mark.warn { stroke: var(--warn); } .mark.hit { stroke: var(--bad); }
.many { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem 1.6rem; }
figure { margin: 0; } figure svg { width: 100%; height: auto; } figcaption span { float: right; color: var(--faint); }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { text-align: left; padding: .25rem .5rem; white-space: nowrap; } td.n, th.n { text-align: right;
  font-variant-numeric: tabular-nums; } tr:nth-child(even) { background: var(--stripe); }
@media (max-width: 40rem) { .bars { grid-template-columns: 1fr 5.5rem; } .bars .track { grid-column: 1 / -1;
  grid-row: auto; order: 0; margin-bottom: .5rem; } .bars .label { grid-column: 1; } .bars { grid-auto-flow: dense; } }
"""

SHOWN: Final = (
    "stake",
    "committed",
    "over_slash",
    "utilisation",
    "leverage",
    "effective_operators",
    "nakamoto",
    "gini",
)
"""The metrics of the whole network that are drawn over the steps."""


@attrs.frozen
class Line:
    """One step's row on the page: its verdict, stake, slack and worst loss, and the whole network's metrics."""

    step: str
    action: str
    word: str
    stake: Fraction
    slack: Fraction | None
    worst: Fraction | None
    metrics: Mapping[str, Fraction | int]


def badge(word: str) -> str:
    """A verdict's word as a coloured HTML badge."""
    return f'<span class="word {escape(word)}">{escape(word)}</span>'


def page(
    title: str,
    digest: str,
    net: Network,
    attack: Attack | None,
    proof: str,
    cascade: tuple[str, Sequence[str], Sequence[Strike]],
    curve: Curve | None,
    lines: Sequence[Line],
    shown: Line,
) -> str:
    """The HTML page about the network `net`. `proof` says what the verdict rests on, and `lines` are the rows of all
    steps. `cascade` has its description, the shock, and the attacks in order. `curve` is None if no slashing
    probabilities are declared. `shown` is the line of the step that the page is about.
    """
    said, shock, strikes = cascade
    no_curve = "<p>No slashing probabilities are declared: <code>--hazards FILE</code> declares them.</p>"
    after = f"After step {shown.step}, {shown.action}. " if shown.action else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)} {badge(shown.word)}</h1>"
        f"<p>{escape(after + proof)}. Stakes and commitments are sourced; prices, profits, thresholds and "
        f"probabilities are declared.</p><p><small>Network <code>{digest}</code></small></p>"
        f"<h2>Who secures what</h2>{network_picture(net, attack)}"
        f"<h2>The worst cascade</h2><p>{escape(said)}</p>{waterfall(net, shock, strikes)}"
        f"<h2>What may be lost</h2>{no_curve if curve is None else loss_curve(curve)}"
        f"{_metrics(lines)}{_steps(lines) if len(lines) > 1 else ''}</body></html>\n"
    )


def _metrics(lines: Sequence[Line]) -> str:
    """The metrics as HTML: drawn over the steps of a trace, or as a table for a single network."""
    if len(lines) == 1:
        figures = [(name.replace("_", " "), value, METRICS[name].unit) for name, value in lines[0].metrics.items()]
        extra = [("slack at least", lines[0].slack), ("worst loss after the shock, of all stake", lines[0].worst)]
        figures += [(name, value, "ratio") for name, value in extra if value is not None]
        rows = "".join(
            f'<tr><td>{name}</td><td class="n">{brief(value, 7)}</td><td>{unit}</td></tr>'
            for name, value, unit in figures
        )
        return (
            '<h2>Metrics</h2><p>All are exact.</p><div class="table"><table><tr><th>metric</th><th class="n">value</th>'
            f"<th>unit</th></tr>{rows}</table></div>"
        )
    steps, words = [f"step {line.step} {line.action}".strip() for line in lines], [line.word for line in lines]
    drawn = [timeline(name.replace("_", " "), [line.metrics[name] for line in lines], steps, words) for name in SHOWN]
    drawn.append(timeline("slack at least", [line.slack for line in lines], steps, words))
    drawn.append(timeline("worst loss after the shock", [line.worst for line in lines], steps, words))
    return (
        "<h2>Metrics over the steps that change what secures what</h2><p>All are exact. "
        f"{' '.join(badge(word) for word in dict.fromkeys(words))} colours the steps.</p>"
        f'<div class="many">{"".join(drawn)}</div>'
    )


def _steps(lines: Sequence[Line]) -> str:
    rows = "".join(
        f"<tr><td>{escape(line.step)}</td><td>{escape(line.action)}</td><td>{badge(line.word)}</td>"
        f'<td class="n">{brief(line.stake, 6)}</td>'
        f'<td class="n">{"-" if line.slack is None else brief(line.slack, 4)}</td>'
        f'<td class="n">{"-" if line.worst is None else brief(line.worst, 4)}</td></tr>'
        for line in lines
    )
    return (
        "<h2>Steps</h2><p>SECURE is certified, INSECURE has a witness; stake, slack (by the sufficient condition) and "
        "the worst loss are exact, <q>-</q> is not computed.</p>"
        '<div class="table"><table><tr><th>step</th><th>call</th>'
        '<th>verdict</th><th class="n">stake</th><th class="n">slack at least</th><th class="n">worst loss</th></tr>'
        f"{rows}</table></div>"
    )
