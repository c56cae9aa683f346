"""The report as Markdown and as a page: both say what the text says, and nothing in them is taken for markup."""

import io
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from harness.evidence import Evidence, Proof
from harness.findings import Retelling, Told
from harness.markdown import as_markdown
from harness.page import as_page
from harness.protocols import known_walks, load_walk
from harness.replay import Difference, Mismatch
from harness.report import TraceReport
from harness.suite import Finding, SuiteReport, Summary
from harness.summary import print_laws
from tests.harness.test_github import outcome

pytestmark = pytest.mark.usefixtures("example")

STORY = Retelling(
    "POOL-02",
    "",
    "",
    "walk",
    (Told("slash", "service", {"a": "```<b>"}, None, None, (), ("POOL-02: <i>worth</i>",)),),
    0,
)


class Read(HTMLParser):
    """The texts and the tags of a page, and everything in it that would be loaded from elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [f"{name}={value}" for name, value in attrs if name in ("src", "href", "onload", "onclick")]

    def handle_data(self, data: str) -> None:
        self.texts.append(" ".join(data.split()))


def failing() -> tuple[list[TraceReport], list[SuiteReport]]:
    """A run in which a law broke and a trace differs; both say things that would be markup."""
    walk = load_walk("pool_laws:WALK")
    proofs = {"POOL-01": Proof(1, ("Deposit",), (), (), ())}
    evidence = Evidence("z3", proofs, 2, {"z3": 2}, (), 0, "", (), (), {}, 0)
    evidence = attrs.evolve(evidence, by_call={"POOL-01": {"Deposit": "UNKNOWN", "Slash": "PROVED"}})
    met = Summary(
        1, 9, checked={"POOL-01": 5, "POOL-02": 4, "POOL-03": 1}, accepted={"Slash": 3}, broken={"POOL-02": 1}
    )
    suite = SuiteReport(walk.protocol, walk.catalogue, on_walks=met, evidence=evidence)
    sentence = "Only <script>alert(1)</script> | a *slash*."
    suite.findings["POOL-02"] = Finding(
        "POOL-02", sentence, "('a`', 1)", "walk", 1, "kept.json", "restake replay 'a`b'"
    )
    mismatch = Mismatch(2, "slash", "service", {}, (Difference("post.stake", "<b>", "2"),))
    return [TraceReport(Path("a`<u>.json"), 3, mismatch)], [suite]


def test_the_page_says_what_the_text_says_loads_nothing_and_escapes_everything() -> None:
    page = Read(as_page(outcome(*failing()), {"kept.json": STORY}))
    assert page.loaded == []
    assert {"script", "b", "u", "link", "img"} & set(page.tags) == set()
    for text in (
        "FAILED",
        "violated: POOL-02",
        "Only <script>alert(1)</script> | a *slash*.",
        "restake replay 'a`b'",
        "step 2: slash post.stake: expected <b>, is 2",
        'step 0: slash by service arguments {"a": "```<b>"} step 0 breaks POOL-02: <i>worth</i>',
    ):
        assert text in page.texts, text
    cells = page.texts[page.texts.index("Slash") : page.texts.index("coverage: calls by action")]
    assert [text for text in cells if text] == ["Slash", "POOL-01", "?", "P"]


def test_markdown_renders_as_tables_and_stories_and_nothing_in_it_is_markup() -> None:
    document = as_markdown(outcome(*failing(), "interrupted"), {"kept.json": STORY})
    page = Read(MarkdownIt("commonmark", {"html": False}).enable("table").render(document))
    assert document.startswith(
        "# restake check: FAILED\n\n- restake 0, compiled specification, z3; profile ci, seed 0\n"
    )
    assert page.tags.count("table") == 3  # what is said of the protocol, properties, witnesses
    assert {"b", "u", "em"} & set(page.tags) == set()
    for text in ("Only <script>alert(1)</script> | a *slash*.", "interrupted", "restake replay 'a'b'", "a'<u>.json"):
        assert text in page.texts, text
    assert "step 0 breaks POOL-02: <i>worth</i>" in " ".join(page.texts)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("protocol", ["eigenlayer", "symbiotic"])
def test_a_line_of_a_law_fits_the_width_and_still_says_something(protocol: str, width: int) -> None:
    """Missed: at 80 columns the column of sentences had no width."""
    walk = known_walks()[protocol]
    said = io.StringIO()
    print_laws(Console(file=said, width=width), SuiteReport(walk.protocol, walk.catalogue, on_walks=Summary(1, 1, 1)))
    lines = said.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    for law in walk.catalogue.laws():
        (line,) = [line for line in lines if line.split()[:1] == [law.law_id]]
        assert law.sentence[:30] in line
