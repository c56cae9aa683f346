"""The tables of laws in docs/laws.md and their legends, generated from the laws' declarations by `make pages`."""

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from harness.protocols import known_games, known_packs, known_walks
from harness.symbols import legend

PAGE: Final = Path("docs/laws.md")
LAWS: Final = "| id | what must hold | source |\n|---|---|---|\n"
GAMES: Final = "| id | what must hold |\n|---|---|\n"


def written(page: str) -> str:
    """The text of docs/laws.md, with its generated parts made anew from declarations. These are each protocol's tables
    of laws and games, and its list of model laws.
    """
    for protocol, walk in known_walks().items():
        title = protocol.title().replace("layer", "Layer")
        before, section = page.split(f"\n## {title}\n")
        section, *after = re.split(r"(?m)^(?=## )", section, maxsplit=1)
        laws = [(law.law_id, law.sentence, law.source) for law in walk.catalogue.laws()]
        games = [(game.law_id, game.sentence) for game in known_games()[protocol]]
        section = _with_rows(_with_rows(section, LAWS, laws), GAMES, games)
        told = legend([(law_id, sentence) for law_id, sentence, _ in laws], known_packs()[protocol].symbols)
        section = _with_legend(section, told)
        model = textwrap.fill(
            f"- model of {title}: {', '.join(walk.catalogue.model)}.",
            124,
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
        before = re.sub(rf"(?ms)^- model of {title}: .*?\.$", model, before)
        page = f"{before}\n## {title}\n{section}{''.join(after)}"
    return page


def _with_rows(section: str, heading: str, rows: Iterable[tuple[str, ...]]) -> str:
    """The section of a page with the rows of the table under `heading` replaced by `rows`."""
    before, after = section.split(heading)
    rest = re.sub(r"^(\|.*\n)*", "", after)
    return before + heading + "".join([f"| {' | '.join(row)} |\n" for row in rows]) + rest


def _with_legend(section: str, told: Iterable[str]) -> str:
    """The section of a page with the legend below the table of laws replaced by the lines `told`."""
    before, after = section.split(LAWS)
    rows = re.match(r"(\|.*\n)*", after)
    assert rows is not None
    rest = re.sub(r"\A\n(In [A-Z]+-.*\n)+", "", after[rows.end() :])
    lines = "".join([f"{line}\n" for line in told])
    return before + LAWS + rows.group() + (f"\n{lines}" if lines else "") + rest


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
