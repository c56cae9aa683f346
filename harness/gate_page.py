"""The report of `restake gate` as one HTML page, styled like that of `restake check`."""

from typing import Final

from gate.impact import told
from gate.verdicts import MEANINGS
from harness.gate_outcome import GateOutcome
from harness.gate_text import call, headline, rows, said, told_beside
from harness.page import LETTERS, environment_of_pages

COLOURS: Final = {
    **dict.fromkeys(("SAME", "EQUIVALENT", "PROVED"), "good"),
    **dict.fromkeys(("DIFFERS", "LAXER", "STRICTER", "REMOVED", "REFUTED", "VACUOUS"), "bad"),
    **dict.fromkeys(("UNKNOWN", "ADDED", "STALE", "MISSING", "KNOWN FALSE"), "warn"),
}
"""The CSS class of each verdict; any other verdict has none."""


def as_page(outcome: GateOutcome) -> str:
    """The report of `restake gate` as one HTML page, which loads nothing from elsewhere."""
    environment = environment_of_pages()
    environment.filters |= {
        "beside": told_beside,
        "call": call,
        "colour": lambda word: COLOURS.get(word, ""),
        "headline": headline,
        "impact": told,
        "letter": lambda word: LETTERS.get(word, ""),
        "meaning": lambda word: MEANINGS[word],
        "rows": lambda step: "\n".join(rows(step["base"], step["head"])),
        "said": said,
    }
    return environment.get_template("gate.html").render(outcome=outcome)
