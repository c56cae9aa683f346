"""One self-contained page about security: the network, the cascade as a waterfall, and the steps of a trace.

Pictures are SVG in the page; nothing is loaded from elsewhere. Floats place things on the page, and nothing else.
"""

from collections.abc import Sequence
from fractions import Fraction
from html import escape
from math import sqrt
from typing import Final

import attrs

from harness.risk_numbers import decimal
from risk.attack import Attack
from risk.cascade import Strike
from risk.network import Network

MOST_SHOWN: Final = 40
"""Of stakes, and of services: the largest; the page says how many are not shown."""

COLOURS: Final = {"SECURE": "#2a7f62", "INSECURE": "#b3362b", "NOT-CERTIFIED": "#a8740f", "UNKNOWN": "#666"}

STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; } code { font-size: .85em; color: #555; }
.word { color: #fff; border-radius: .3rem; padding: .1rem .5rem; font-weight: 600; }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; } svg text { fill: #333; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } td, th { text-align: left; padding: .2rem .6rem; }
tr:nth-child(even) { background: #f5f5f3; } td.n { text-align: right; font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) {
  body { background: #1b1c1e; color: #ddd; } svg text { fill: #ccc; } tr:nth-child(even) { background: #242629; }
  code { color: #aaa; }
}
"""


@attrs.frozen
class Line:
    """What the page shows of one step."""

    step: str
    action: str
    word: str
    stake: Fraction
    slack: Fraction | None
    worst: Fraction | None


def badge(word: str) -> str:
    """A verdict's word in its colour."""
    return f'<span class="word" style="background:{COLOURS.get(word, "#666")}">{escape(word)}</span>'


def network_picture(net: Network, attack: Attack | None) -> str:
    """Stakes on the left, services on the right, commitments between them; what an attack uses is red."""
    values, behind = net.values, net.secured_by
    stakes = sorted(values, key=lambda stake: -values[stake])[:MOST_SHOWN]
    services = sorted(behind, key=lambda service: -behind[service])[:MOST_SHOWN]
    height = 26 * max(len(stakes), len(services), 2) + 20
    at = {("stake", stake): height * (n + 0.5) / max(len(stakes), 1) for n, stake in enumerate(stakes)}
    at |= {("service", s): height * (n + 0.5) / max(len(services), 1) for n, s in enumerate(services)}
    most = float(max([*values.values(), *behind.values(), Fraction(1)]))
    used = {(use.stake_id, use.service) for use in attack.uses} if attack else set()
    parts = []
    for row, weight in zip(net.commitments, net.weights, strict=True):
        if ("stake", row.stake_id) in at and ("service", row.service) in at and weight:
            y1, y2 = at[("stake", row.stake_id)], at[("service", row.service)]
            colour = COLOURS["INSECURE"] if (row.stake_id, row.service) in used else "#8a9aa8"
            width = 0.5 + 7 * sqrt(float(weight) / most)
            said = escape(f"{row.operator} for {row.service}: {decimal(weight, 6)}")
            parts.append(
                f'<path d="M300 {y1:.1f} C500 {y1:.1f} 500 {y2:.1f} 700 {y2:.1f}" fill="none" stroke="{colour}" '
                f'stroke-width="{width:.2f}" opacity="0.55"><title>{said}</title></path>'
            )
    taken: set[tuple[str, str]] = set()
    if attack is not None:
        taken = {*(("stake", stake) for stake in attack.stakes), *(("service", s) for s in attack.services)}
    for (kind, name), y in at.items():
        worth = values[name] if kind == "stake" else behind[name]
        x, anchor, dx = (300, "end", -14) if kind == "stake" else (700, "start", 14)
        colour = COLOURS["INSECURE"] if (kind, name) in taken else "#3d5a80"
        label = escape(name if len(name) <= 30 else name[:14] + "…" + name[-12:])
        radius = 2 + 8 * sqrt(float(worth) / most)
        parts.append(
            f'<circle cx="{x}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}"><title>{escape(name)}: {decimal(worth, 8)}'
            f'</title></circle><text x="{x + dx}" y="{y + 4:.1f}" text-anchor="{anchor}">{label}</text>'
        )
    left = len(values) - len(stakes) + len(behind) - len(services)
    note = f"<p>{left} smaller stakes and services are not drawn.</p>" if left else ""
    return f'<svg viewBox="0 0 1000 {height}" role="img">{"".join(parts)}</svg>{note}'


def waterfall(net: Network, shock: Sequence[str], strikes: Sequence[Strike]) -> str:
    """All stake, what the shock destroys, what each attack loses in turn, and what is left."""
    values = net.values
    total = sum(values.values(), Fraction(0))
    if not total:
        return "<p>There is no stake.</p>"
    losses = [("shock", sum((values[stake] for stake in shock), Fraction(0)), "#a8740f")]
    for position, strike in enumerate(strikes, start=1):
        lost = sum((values[stake] for stake in strike.stakes), Fraction(0))
        losses.append((f"{position}. {', '.join(strike.services)}", lost, COLOURS["INSECURE"]))
    left = Fraction(1)
    bars = [_bar(0, "all stake", Fraction(0), left, "#3d5a80")]
    for row, (name, lost, colour) in enumerate(losses, start=1):
        left -= lost / total
        bars.append(_bar(row, name, left, lost / total, colour))
    bars.append(_bar(len(bars), "left", Fraction(0), left, COLOURS["SECURE"]))
    return f'<svg viewBox="0 0 1010 {30 * len(bars) + 20}" role="img">{"".join(bars)}</svg>'


def _bar(row: int, name: str, start: Fraction, part: Fraction, colour: str) -> str:
    """One bar of the waterfall, from `start` on; both are parts of all stake."""
    x, y, width = 260 + 700 * float(start), 12 + 30 * row, max(700 * float(part), 1.0)
    label, said = escape(name if len(name) <= 38 else name[:37] + "…"), f"{decimal(part * 100, 4)} %"
    return (
        f'<text x="250" y="{y + 15}" text-anchor="end">{label}</text>'
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="22" fill="{colour}">'
        f"<title>{escape(name)}: {said}</title></rect>"
        f'<text x="{min(x + width + 5, 962):.1f}" y="{y + 15}">{said}</text>'
    )


def timeline(lines: Sequence[Line]) -> str:
    """Stake over the steps, each dot in the colour of its verdict."""
    most = float(max([line.stake for line in lines], default=Fraction(0))) or 1.0
    points = [
        (40 + 930 * n / max(len(lines) - 1, 1), 170 - 140 * float(line.stake) / most) for n, line in enumerate(lines)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{COLOURS.get(line.word, "#666")}"><title>'
        f"{escape(f'{line.step} {line.action}: {line.word}, stake {decimal(line.stake, 6)}')}</title></circle>"
        for (x, y), line in zip(points, lines, strict=True)
    )
    axis = '<line x1="40" y1="170" x2="970" y2="170" stroke="#999"/>'
    return (
        f'<svg viewBox="0 0 1000 190" role="img">{axis}<polyline points="{path}" fill="none" stroke="#8a9aa8" '
        f'stroke-width="2"/>{dots}</svg>'
    )


def page(
    title: str,
    digest: str,
    net: Network,
    attack: Attack | None,
    cascade: tuple[str, Sequence[str], Sequence[Strike]],
    lines: Sequence[Line],
) -> str:
    """The page; `cascade` is what is said of it, the shock, and the attacks in order."""
    rows = "".join(
        f"<tr><td>{escape(line.step)}</td><td>{escape(line.action)}</td><td>{badge(line.word)}</td>"
        f'<td class="n">{decimal(line.stake, 6)}</td>'
        f'<td class="n">{"-" if line.slack is None else decimal(line.slack, 4)}</td>'
        f'<td class="n">{"-" if line.worst is None else decimal(line.worst, 4)}</td></tr>'
        for line in lines
    )
    declared = escape("prices, profits and thresholds are declared; stakes and commitments are sourced")
    said, shock, strikes = cascade
    steps = f"<h2>Stake over the steps that change what secures what</h2>{timeline(lines)}" if len(lines) > 1 else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)} {badge(lines[-1].word)}</h1>"
        f"<p>Network <code>{digest}</code>; {declared}.</p>"
        f"<h2>Who secures what</h2>{network_picture(net, attack)}"
        f"<h2>The worst cascade</h2><p>{escape(said)}</p>{waterfall(net, shock, strikes)}{steps}"
        "<h2>Steps</h2><table><tr><th>step</th><th>call</th><th>verdict</th><th>stake</th><th>slack at least</th>"
        f"<th>worst loss</th></tr>{rows}</table></body></html>\n"
    )
