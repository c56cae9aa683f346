"""The report of `restake check` as one HTML page that loads nothing from elsewhere; all its texts are escaped."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from harness.findings import Retelling
from harness.junit import differences_of
from harness.outcome import RunOutcome
from harness.report import told_lines
from harness.suite import ActionRow, counted
from harness.summary import (
    COLUMNS,
    LAW_HEADINGS,
    MOST_DIFFERENCES,
    MOST_TRACES,
    blocks,
    in_parts,
    law_cells,
    legend_of,
    made_by,
    tiers,
)

COLOURS: Final = {
    **dict.fromkeys(("holds", "held", "reached", "PROVED"), "good"),
    **dict.fromkeys(("FAILED", "VIOLATED", "VACUOUS", "REFUTED"), "bad"),
    **dict.fromkeys(("not finished", "nothing was checked", "NOT REACHED", "UNKNOWN", "STALE", "MISSING"), "warn"),
    **dict.fromkeys(("known violation", "KNOWN FALSE"), "warn"),
}
"""The CSS class of each verdict; any other verdict has none."""

CELLS: Final = {**COLOURS, "VACUOUS": ""}
"""The CSS class of each cell in the matrix of laws by calls. VACUOUS means there that the call cannot concern the law,
which is no failure.
"""

LETTERS: Final = {
    "PROVED": "P",
    "VACUOUS": "V",
    "NOT CONCERNED": "V",
    "UNKNOWN": "?",
    "REFUTED": "R",
    "KNOWN FALSE": "F",
    "STALE": "s",
    "MISSING": "-",
}
"""The letter of each verdict in the matrix of laws by calls."""


def environment_of_pages() -> Environment:
    """The environment of page templates: every text is escaped, and an undefined name is an error."""
    folder = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined)


def as_page(outcome: RunOutcome, stories: Mapping[str, Retelling]) -> str:
    """The report of `restake check` as one HTML page. `stories` retells each kept finding, by the path of its trace."""
    environment = environment_of_pages()
    environment.filters |= {
        "blocks": blocks,
        "calls": _calls,
        "cells": law_cells,
        "counted": counted,
        "colour": lambda word: COLOURS.get(word, ""),
        "differences": lambda mismatch: differences_of(mismatch, MOST_DIFFERENCES),
        "legend": legend_of,
        "parts": in_parts,
        "cell": lambda word: CELLS.get(word, ""),
        "letter": lambda word: LETTERS.get(word, ""),
        "most": _most,
        "story": _story,
        "tiers": tiers,
    }
    template = environment.get_template("check.html")
    return template.render(
        outcome=outcome,
        made_by=made_by(outcome),
        stories=stories,
        headings=LAW_HEADINGS,
        columns=COLUMNS,
        most=MOST_TRACES,
    )


def _calls(by_call: Mapping[str, Mapping[str, str]]) -> list[str]:
    return sorted({call for verdicts in by_call.values() for call in verdicts})


def _most(rows: Collection[ActionRow]) -> int:
    """The number of calls of the most frequent action, which is the length of the longest bar; at least 1."""
    return max([row.accepted + row.rejected for row in rows], default=0) or 1


def _story(told: Retelling) -> str:
    lines: list[str] = []
    for position, step in enumerate(told.steps):
        lines += told_lines(position, step)
        if position == told.breaks_at:
            lines += [f"  step {position} breaks {violation}" for violation in step.violations]
    return "\n".join(lines)
