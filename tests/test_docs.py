"""The documentation stays true: its examples run, its links lead somewhere, and it names every rule and every error."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from harness.protocols import known_games, known_protocols, known_walks
from spec.protocol import Protocol

pytestmark = pytest.mark.source

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_examples_of_the_readme_print_what_they_say() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})
    promised = re.findall(r"print\(.*?\) +# (.*?)(?:;.*)?$", example, re.MULTILINE)
    assert printed.getvalue().splitlines() == promised


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("protocol", known_protocols().values(), ids=lambda protocol: protocol.name)
def test_every_rule_is_documented(protocol: Protocol) -> None:
    page = (ROOT / "docs" / f"{protocol.name}.md").read_text()
    rules = {snake_case(action.__name__) for action in protocol.actions}
    assert {rule for rule in rules if f"`{rule}`" not in page and f": {rule}`" not in page} == set()


@pytest.mark.parametrize("protocol", known_protocols().values(), ids=lambda protocol: protocol.name)
def test_every_rejection_stands_in_the_docstring_of_a_rule(protocol: Protocol) -> None:
    paths = (ROOT / "spec" / protocol.name).glob("*.py")
    sources = "".join(path.read_text() for path in paths if path.name != "reasons.py")
    docstrings = " ".join(re.findall(r'"""(.*?)"""', sources, re.DOTALL))
    assert [reason.name for reason in protocol.reasons if reason.name not in docstrings] == []
    assert [reason.name for reason in protocol.reasons if f"Reason.{reason.name}" not in sources] == []


@pytest.mark.parametrize("protocol", known_walks())
def test_every_law_is_documented_in_its_own_words(protocol: str) -> None:
    section = (ROOT / "docs/laws.md").read_text().split(f"## {protocol.title().replace('layer', 'Layer')}\n")[1]
    rows = re.findall(r"^\| ([A-Z]+-[a-z\d]+) \| (.*?) \|", section.split("\n## ")[0], re.MULTILINE)
    laws = [*known_walks()[protocol].catalogue.laws(), *known_games()[protocol]]
    assert rows == [(law.law_id, law.sentence) for law in laws]


@pytest.mark.parametrize("protocol", known_walks())
def test_the_laws_that_restate_the_rules_are_named(protocol: str) -> None:
    name = protocol.title().replace("layer", "Layer")
    named = re.findall(rf"^- model of {name}: (.*?)\.$", (ROOT / "docs/laws.md").read_text(), re.MULTILINE | re.DOTALL)
    assert [text.replace(",", "").split() for text in named] == [list(known_walks()[protocol].catalogue.model)]
