"""The report as Markdown and as an HTML page: both contain what the text report contains, and no text is taken for
markup.
"""

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from harness.evidence import Evidence, ProofStatus
from harness.exit_codes import MEANINGS
from harness.findings import Retelling, Told
from harness.markdown import as_markdown
from harness.outcome import RunOutcome
from harness.page import as_page
from harness.protocols import known_packs, known_walks, load_walk
from harness.replay import Difference, Mismatch
from harness.report import TraceReport
from harness.report_schema import REPORT
from harness.suite import Finding, SuiteReport, Summary
from harness.summary import in_parts, print_laws, print_outcome
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


def page_of(*given: Any) -> str:
    """The HTML page of a report. The commands in it are plain text again, without the tags around their words."""
    return re.sub(r"<span>([^<]*)</span>", r"\1", as_page(*given))


class Read(HTMLParser):
    """A parser for the texts and tags of a page. `loaded` has every attribute that loads something, links somewhere or
    runs code.
    """

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
    """The reports of a run in which a law broke and a trace differs. Their texts contain characters that are markup in
    Markdown or HTML.
    """
    walk = load_walk("pool_laws:WALK")
    proofs = {"POOL-01": ProofStatus(1, ("Deposit",), (), (), ())}
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
    page = Read(page_of(outcome(*failing()), {"kept.json": STORY}))
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
        "# restake check: FAILED\n\n"
        "- took 1.0 s; exit code 1: something differs or is violated, or a law was never checked\n"
        "- restake 0 (commit unknown), compiled specification, z3; profile ci, seed 0\n"
    )
    assert page.tags.count("table") == 3  # what is said of the protocol, properties, witnesses
    as_in_issues = Read(MarkdownIt("commonmark", {"html": True}).enable("table").render(document))
    assert (as_in_issues.tags.count("table"), as_in_issues.tags.count("details")) == (3, 3)  # one is the run
    assert {"b", "u", "em"} & set(page.tags) == set()
    for text in ("Only <script>alert(1)</script> | a *slash*.", "interrupted", "restake replay 'a'b'", "a'<u>.json"):
        assert text in page.texts, text
    assert "step 0 breaks POOL-02: <i>worth</i>" in " ".join(page.texts)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("protocol", ["eigenlayer", "symbiotic"])
def test_a_line_of_a_law_fits_the_width_and_still_says_something(protocol: str, width: int) -> None:
    """Regression: at a width of 80 columns, no room was left for the laws' sentences."""
    walk = known_walks()[protocol]
    said = io.StringIO()
    print_laws(Console(file=said, width=width), SuiteReport(walk.protocol, walk.catalogue, on_walks=Summary(1, 1, 1)))
    lines = said.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    for law in walk.catalogue.laws():
        (line,) = [line for line in lines if line.split()[:1] == [law.law_id]]
        assert law.sentence[:30] in line


KILLS = Evidence("z3", {}, 0, {}, (), 0, "", (), (), {"DELEG-01": 3}, 9)


def in_every_form(told: RunOutcome) -> tuple[str, str, str, str]:
    """A run's report in four forms: text with single spaces, Markdown, the texts of the page, and JSON, which must fit
    its schema.
    """
    text = io.StringIO()
    print_outcome(Console(file=text, width=120), told, False)
    document = json.loads(told.dumped())
    jsonschema.validate(document, REPORT)
    page = " ".join(Read(page_of(told, {})).texts)
    return " ".join(text.getvalue().split()), as_markdown(told, {}), page, json.dumps(document)


def test_every_form_says_how_long_it_took_and_what_the_exit_code_means() -> None:
    """Regression: the duration stood among the traces, and no report showed the exit code."""
    told = attrs.evolve(outcome([], []), code=2, unfinished="stopped before everything was done")
    told = attrs.evolve(told, made_by=attrs.evolve(told.made_by, seconds=162.4))
    text, markdown, page, document = in_every_form(told)
    for said in (text, markdown, page):
        assert "took 2 min 42 s; exit code 2: not all was checked: stopped before everything was done" in said
    means = json.loads(document)
    assert (means["exit_code"], means["made_by"]["seconds"]) == (2, 162.4)
    assert means["exit_code_in_words"] == "not all was checked: stopped before everything was done"
    assert [attrs.evolve(told, code=code).code_in_words for code in (0, 1, 5)] == [MEANINGS[code] for code in (0, 1, 5)]


def test_every_form_has_a_legend_where_a_formula_stands_and_names_laws_that_kill_nothing() -> None:
    """Regression: reports did not explain the symbols m, O and W, nor name the laws that kill no mutant."""
    walk, pack = known_walks()["eigenlayer"].only(("DELEG-01", "MAG-04")), known_packs()["eigenlayer"]
    met = Summary(1, 9, checked={"DELEG-01": 5, "MAG-04": 4})
    suite = SuiteReport(walk.protocol, walk.catalogue, on_walks=met, evidence=KILLS, symbols=pack.symbols)
    text, markdown, page, document = in_every_form(outcome([], [suite]))
    meanings = {name: pack.symbols[name] for name in ("m", "O", "W")}
    legend = "In DELEG-01: " + "; ".join([f"{name} is {meaning}" for name, meaning in meanings.items()]) + "."
    for said in (text, markdown, page):
        assert legend in said
        assert "kill none: MAG-04" in said
    laws = {law["law"]: law for law in json.loads(document)["suites"]["eigenlayer"]["laws"]}
    assert {law: (row["symbols"], row["kills"]) for law, row in laws.items()} == {
        "DELEG-01": (meanings, 3),
        "MAG-04": ({}, 0),
    }
    assert re.search(r"DELEG-01 An operator's .* 5 - 3 held", text)
    assert "| MAG-04 | An operator's max magnitude never grows. | 4 | - | 0 | held |" in markdown


def test_the_verdict_comes_first_and_only_some_traces_are_shown_in_full() -> None:
    """Regression: 64 differing traces were printed before the verdict, with all their paths. Their commands lacked
    --protocol, so as printed they passed.
    """
    (trace,), (suite,) = failing()
    traces = [attrs.evolve(trace, path=Path(f"{number}.json"), rules_at="pool_laws:WALK") for number in range(9)]
    suite.differing.extend([str(each.path) for each in traces])
    text = io.StringIO()
    told = outcome(traces, [suite])
    print_outcome(Console(file=text, width=120), told, False)
    lines = text.getvalue().splitlines()
    assert lines[0] == "restake check: FAILED"
    assert "  failure      traces that differ: 0.json, 1.json, 2.json, 3.json, 4.json, 5.json and 3 more" in lines
    assert lines.index("violated  staking_pool POOL-02 of ('a`', 1)") < lines.index("differs   0.json")
    assert [line for line in lines if line.startswith("differs ")] == [
        *[f"differs   {number}.json" for number in range(3)],
        *[f"differs   restake replay {number}.json --protocol pool_laws:WALK" for number in range(3, 9)],
    ]
    assert lines.count("  reproduce: restake replay 2.json --protocol pool_laws:WALK") == 1
    markdown, page = as_markdown(told, {}), page_of(told, {})
    for document in (markdown, page):
        assert document.count("--protocol pool_laws:WALK") == 9
    assert (page.count("<details open><summary><span"), page.count("<details><summary><span")) == (3, 6)
    assert markdown.count("step 2: slash") == 3
    assert "- differs: `restake replay 8.json --protocol pool_laws:WALK`\n" in markdown


def test_a_command_can_be_copied_from_every_form() -> None:
    told = outcome([], [])
    assert "- begun 2026-01-01 00:00 UTC; reproduce: `restake check`\n" in as_markdown(told, {})
    assert "reproduce: <code><span>restake</span> <span>check</span></code></li>" in as_page(told, {})
    assert in_parts("no command") == ("no command", "")
    assert in_parts("true. reproduce: restake replay a_b") == ("true. reproduce: ", "restake replay a_b")


def test_every_form_begins_a_protocol_with_why_it_failed_and_says_what_is_specified() -> None:
    """Regression: the reason of a failure stood last, and a broken law had no sentence there. The specified release,
    the time of each part and the meaning of the columns were missing.
    """
    reports, (suite,) = failing()
    suite.specifies, suite.judges_coverage = "core contracts v9", False
    told = outcome(reports, [suite])
    told = attrs.evolve(
        told, made_by=attrs.evolve(told.made_by, parts={"traces": 72.04, "drawing": 3.0, "proofs": 0.0})
    )
    text, markdown, page, document = in_every_form(told)
    for said in (text, markdown, page):
        places = [said.index(words) for words in ("violated: POOL-02", "core contracts v9", "1 random walk, 9 calls")]
        assert places == sorted(places)
        for words in ("time: traces 1 min 12 s, drawing 3.0 s", "POOL-02 is violated: Only", "kills: how many mutants"):
            assert words in said, words
    means = json.loads(document)
    assert means["made_by"]["parts"] == {"traces": 72.04, "drawing": 3.0, "proofs": 0.0}
    assert means["suites"]["staking_pool"]["specifies"] == "core contracts v9"


def test_games_are_named_among_what_is_checked_and_never_proved() -> None:
    """Regression: games were missing in the list of what is never proved, so the numbers in the report did not
    add up.
    """
    pack, walk = known_packs()["symbiotic"], known_walks()["symbiotic"].only(("AUTH-01",))
    evidence = attrs.evolve(KILLS, proofs={"AUTH-01": ProofStatus(1, ("Deposit",), (), (), ())})
    met = Summary(1, 9, checked={"AUTH-01": 5})
    games = SuiteReport(walk.protocol, walk.catalogue, pack.games, on_walks=met, evidence=evidence)
    assert "checked and never proved: GAME-01, GAME-02, GAME-03" in in_every_form(outcome([], [games]))[0]


def test_of_a_trace_some_differences_are_shown_and_the_others_counted() -> None:
    """Regression: three differing traces took eighty lines between the findings and the table of laws."""
    (trace,), _ = failing()
    many = tuple([Difference(f"post.{name}", "1", "2") for name in range(20)])
    assert trace.mismatch is not None
    trace = attrs.evolve(trace, mismatch=attrs.evolve(trace.mismatch, differences=many))
    text, markdown, page, document = in_every_form(outcome([trace], []))
    for said in (text, markdown, page):
        assert ("post.11" in said, "post.12" in said, "and 8 more" in said) == (True, False, True)
    assert len(json.loads(document)["traces"][0]["mismatch"]["differences"]) == 20


def test_a_law_that_a_call_cannot_concern_is_not_red_in_the_matrix() -> None:
    """Regression: in the matrix of laws and calls, VACUOUS cells, where the law says nothing of the call, were as red
    as a refuted law.
    """
    reports, (suite,) = failing()
    assert suite.evidence is not None
    by_call = {"POOL-01": {"Deposit": "VACUOUS", "Slash": "REFUTED", "Withdraw": "PROVED"}}
    suite.evidence = attrs.evolve(suite.evidence, by_call=by_call)
    page = page_of(outcome(reports, [suite]), {})
    assert re.findall(r'<td class="(\w*)" title="POOL-01 of (\w+)', page) == [
        ("", "Deposit"),
        ("bad", "Slash"),
        ("good", "Withdraw"),
    ]
