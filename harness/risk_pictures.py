"""Pictures of a network's security as self-contained SVG and HTML: network, waterfall of a cascade, loss curve, and
metrics over a trace's steps.

Floats are used only for positions on the page. Colours are CSS classes of the page, so they follow its light or dark
scheme.
"""

from collections.abc import Sequence
from fractions import Fraction
from html import escape
from itertools import pairwise
from math import floor, log10, sqrt
from typing import Final

import attrs

from harness.risk_numbers import brief, decimal
from risk.attack import Attack
from risk.cascade import Strike
from risk.network import Network

MOST_SHOWN: Final = 40
"""The most stakes, and the most services, that are drawn: the largest ones. The page says how many are left out."""
LEFT, WIDTH = 52, 412
"""The left edge and the width of the loss axis, in SVG units."""
MOST_POINTS: Final = 400
"""The most points of a loss curve that are drawn."""


def network_picture(net: Network, attack: Attack | None) -> str:
    """The HTML of a picture of stakes on the left, services on the right and commitments between them; those that the
    attack uses are highlighted.
    """
    values, behind = net.values, net.secured_by
    stakes = sorted(values, key=lambda stake: -values[stake])[:MOST_SHOWN]
    services = sorted(behind, key=lambda service: -behind[service])[:MOST_SHOWN]
    if not stakes and not services:
        return "<p>There is neither a stake nor a service.</p>"
    height = 24 * max(len(stakes), len(services), 2) + 16
    at = {("stake", stake): height * (n + 0.5) / len(stakes) for n, stake in enumerate(stakes)}
    at |= {("service", s): height * (n + 0.5) / len(services) for n, s in enumerate(services)}
    most = float(max([*values.values(), *behind.values(), Fraction(1)]))
    left = 20 + 8 * max((len(shortened(name)) for name in stakes), default=0)
    right = left + 220
    middle, width = (left + right) // 2, right + 20 + 8 * max((len(shortened(name)) for name in services), default=0)
    used = {(use.stake_id, use.service) for use in attack.uses} if attack else set()
    parts = []
    for row, weight in zip(net.commitments, net.weights, strict=True):
        if ("stake", row.stake_id) in at and ("service", row.service) in at and weight:
            y1, y2 = at[("stake", row.stake_id)], at[("service", row.service)]
            kind = "hit" if (row.stake_id, row.service) in used else "edge"
            said = escape(f"{row.operator} for {row.service}: {decimal(weight, 6)}")
            parts.append(
                f'<path class="{kind}" d="M{left} {y1:.1f} C{middle} {y1:.1f} {middle} {y2:.1f} {right} {y2:.1f}" '
                f'stroke-width="{0.5 + 6 * sqrt(float(weight) / most):.2f}"><title>{said}</title></path>'
            )
    taken: set[tuple[str, str]] = set()
    if attack is not None:
        taken = {*(("stake", stake) for stake in attack.stakes), *(("service", s) for s in attack.services)}
    for (kind, name), y in at.items():
        worth = values[name] if kind == "stake" else behind[name]
        x, anchor, dx = (left, "end", -13) if kind == "stake" else (right, "start", 13)
        radius = 2 + 7 * sqrt(float(worth) / most)
        parts.append(
            f'<circle class="{"hit" if (kind, name) in taken else "node"}" cx="{x}" cy="{y:.1f}" r="{radius:.1f}">'
            f"<title>{escape(name)}: {decimal(worth, 8)}</title></circle>"
            f'<text x="{x + dx}" y="{y + 4:.1f}" text-anchor="{anchor}">{escape(shortened(name))}</text>'
        )
    others = len(values) - len(stakes) + len(behind) - len(services)
    note = f"<p>{others} smaller stakes and services are not drawn.</p>" if others else ""
    key = '<p><span class="dot hit"></span> used by the attack of the witness</p>' if taken else ""
    return (
        f'<svg class="wide" viewBox="0 0 {width} {height}" role="img" aria-label="Stakes, services and commitments">'
        f"{''.join(parts)}</svg>{key}{note}"
    )


def shortened(name: str) -> str:
    """A name shortened to at most 18 characters, so that it fits beside its node; its middle is left out."""
    return name if len(name) <= 18 else name[:9] + "…" + name[-8:]


def waterfall(net: Network, shock: Sequence[str], strikes: Sequence[Strike]) -> str:
    """The HTML of a waterfall chart: all stake, the loss of the stakes named by `shock`, the loss of each attack in
    order, and the rest.
    """
    values = net.values
    total = sum(values.values(), Fraction(0))
    if not total:
        return "<p>There is no stake.</p>"
    losses = [("the shock", sum((values[stake] for stake in shock), Fraction(0)), "warn")]
    for position, strike in enumerate(strikes, start=1):
        lost = sum((values[stake] for stake in strike.stakes), Fraction(0))
        losses.append((f"{position}. {', '.join(strike.services)}", lost, "hit"))
    left = Fraction(1)
    bars = [_bar("all stake", Fraction(0), left, "node")]
    for name, lost, kind in losses:
        left -= lost / total
        bars.append(_bar(name, left, lost / total, kind))
    bars.append(_bar("left", Fraction(0), left, "good"))
    return f'<div class="bars">{"".join(bars)}</div>'


def _bar(name: str, start: Fraction, part: Fraction, kind: str) -> str:
    """One bar of the waterfall, from `start` on with length `part`; both are fractions of all stake."""
    label = escape(name if len(name) <= 60 else name[:59] + "…")
    return (
        f'<div class="label" title="{escape(name)}">{label}</div><div class="track"><div class="fill {kind}" '
        f'style="margin-left:{float(start) * 100:.2f}%;width:{float(part) * 100:.2f}%"></div></div>'
        f'<div class="amount">{decimal(part * 100, 4)} %</div>'
    )


@attrs.frozen
class Curve:
    """A loss exceedance curve and its marks. A step is a loss and the probability of a greater one; a mark is a name, a
    loss and its description. `how` says if the curve is exact, computed or simulated.
    """

    steps: Sequence[tuple[float, float]]
    marks: Sequence[tuple[str, float, str]]
    how: str


def loss_curve(curve: Curve) -> str:
    """The HTML of a chart of the probability of exceeding each loss, on a logarithmic scale, with the marks as vertical
    lines.
    """
    steps = [(loss, chance) for loss, chance in curve.steps if chance > 0]
    most = max([loss for loss, _ in curve.steps] + [loss for _, loss, _ in curve.marks], default=0.0)
    if not steps or most <= 0:
        return "<p>Nothing can be lost.</p>"
    if len(steps) > MOST_POINTS:
        steps = [steps[n * (len(steps) - 1) // (MOST_POINTS - 1)] for n in range(MOST_POINTS)]
    lowest = min(-1, max(-9, floor(log10(min(chance for _, chance in steps)) - 0.2)))

    def place(loss: float, chance: float) -> tuple[float, float]:
        return LEFT + WIDTH * loss / most, 20 + 220 * min(1.0, log10(max(chance, 1e-300)) / lowest)

    parts = []
    for power in range(0, lowest - 1, -1 if lowest > -6 else -2):
        _, y = place(0, 10.0**power)
        label = f"{10.0**power:g}" if power > -5 else f"1e{power}"
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + WIDTH}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    ticks = next(step for power in (1, 2, 5, 10) if most / (step := power * 10.0 ** floor(log10(most))) <= 5)
    parts += [
        f'<text x="{LEFT + WIDTH * number * ticks / most:.1f}" y="258" text-anchor="middle">'
        f"{brief(number * ticks, 3)}</text>"
        for number in range(int(most / ticks) + 1)
    ]
    points = [place(*steps[0])]
    for (_, before), (loss, chance) in pairwise(steps):
        points += [place(loss, before), place(loss, chance)]
    points += [place(most, steps[-1][1]), (LEFT + WIDTH, 240.0)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline class="curve" points="{line}"/>')
    written = 0.0
    for number, (name, loss, _) in sorted(enumerate(curve.marks), key=lambda mark: mark[1][1]):
        x = LEFT + WIDTH * loss / most
        kind = "warn" if name.startswith("value") else "hit"
        parts.append(
            f'<line class="mark {kind}" x1="{x:.1f}" y1="20" x2="{x:.1f}" y2="240"><title>{escape(name)}</title></line>'
            f'<text x="{(written := max(x, written + 15)):.1f}" y="14" text-anchor="middle">{number + 1}</text>'
        )
    key = "".join(
        f'<li><span class="dot {"warn" if name.startswith("value") else "hit"}"></span> {escape(said)}</li>'
        for name, _, said in curve.marks
    )
    return (
        '<svg class="wide" viewBox="0 0 480 280" role="img" aria-label="Chance of losing more, by the loss">'
        f'{"".join(parts)}<text x="{LEFT + WIDTH / 2}" y="276" text-anchor="middle">loss</text></svg>'
        "<p>Upwards, by powers of ten: the chance that more is lost than what is written below it; "
        f"{escape(curve.how)}.</p><ol>{key}</ol>"
    )


def timeline(name: str, values: Sequence[Fraction | int | None], steps: Sequence[str], words: Sequence[str]) -> str:
    """The HTML figure of one metric over the steps, with dots coloured by each step's verdict in `words`. Steps whose
    value is None are left out, and interrupt the line.
    """
    known = [(n, Fraction(value)) for n, value in enumerate(values) if value is not None]
    if not known:
        return f'<figure><figcaption>{escape(name)}<span>-</span></figcaption><svg viewBox="0 0 280 80"></svg></figure>'
    high, low = max(value for _, value in known), min(Fraction(0), *(value for _, value in known))
    span = (high - low) or Fraction(1)
    points = [(8 + 264 * n / max(len(values) - 1, 1), 72 - 64 * float((v - low) / span), n, v) for n, v in known]
    # A missing value interrupts the line.
    moves = ["L" if i and points[i - 1][2] == n - 1 else "M" for i, (_, _, n, _) in enumerate(points)]
    path = " ".join(f"{move}{x:.1f} {y:.1f}" for move, (x, y, _, _) in zip(moves, points, strict=True))
    dots = "".join(
        f'<circle class="{words[n]}" cx="{x:.1f}" cy="{y:.1f}" r="{4 if len(points) < 60 else 2}">'
        f"<title>{escape(f'{steps[n]}: {words[n]}, {decimal(v, 8)}')}</title></circle>"
        for x, y, n, v in points
    )
    zero = 72 - 64 * float(-low / span)
    return (
        f"<figure><figcaption>{escape(name)}<span>most {brief(high)}</span></figcaption>"
        f'<svg viewBox="0 0 280 80" role="img" aria-label="{escape(name)} over the steps">'
        f'<line class="grid" x1="4" y1="{zero:.1f}" x2="276" y2="{zero:.1f}"/>'
        f'<path class="curve" d="{path}"/>{dots}</svg></figure>'
    )
