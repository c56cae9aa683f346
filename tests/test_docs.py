"""The documentation is true: its examples run, its links resolve, and it names every law and every reason of
rejection.
"""

import contextlib
import io
import re
from pathlib import Path

import pytest

from harness.law_tables import written
from harness.protocols import known_protocols
from proofs.digests import modules_behind
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


NO_VERDICTS = {"concrete", "cross_check"}
"""Modules that the engine imports but that decide no verdict: one shows counterexamples, one asks a second solver."""


def test_the_engine_that_is_trusted_is_named_whole() -> None:
    """Regression: the list of trusted engine modules named a deleted file, lacked others, and counted 1,000 lines too
    few.
    """
    page = (ROOT / "docs" / "proofs.md").read_text()
    table = page[page.index("2. The engine") : page.index("   A function that symbols")]
    named = set(re.findall(r"`(\w+)\.py`", table))
    imported = {
        module.removeprefix("proofs.")
        for module in modules_behind("proofs.eigenlayer.theory:THEORY")
        if re.fullmatch(r"proofs\.\w+", module) and module.partition(".")[2] not in ("eigenlayer", "symbiotic")
    }
    assert imported - named == NO_VERDICTS
    lines = sum(len((ROOT / "proofs" / f"{name}.py").read_text().splitlines()) for name in named)
    files, about = re.findall(r"(\d+) files, about ([\d,]+) lines", table)[0]
    assert int(files) == len(named)
    assert abs(int(about.replace(",", "")) - lines) < 200


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


LAWS = (ROOT / "docs/laws.md").read_text(encoding="utf-8")


def test_the_tables_of_laws_are_those_of_the_declarations() -> None:
    assert written(LAWS) == LAWS, "make pages writes them"
    assert {protocol: LAWS.count(f"\n- model of {protocol}: ") for protocol in ("EigenLayer", "Symbiotic")} == {
        "EigenLayer": 1,
        "Symbiotic": 1,
    }


@pytest.mark.parametrize(
    ("declared", "drifted"),
    [
        (" An operator's max magnitude never grows. |", " An operator's max magnitude grows. |"),
        ("| This project; Vault._claim |", "| Vault |"),
        ("- model of Symbiotic: CALL-01, CALL-02,", "- model of Symbiotic: CALL-01,"),
        ("| GAME-03 | A staker of a vault whose curator gave a network nothing never", "| GAME-03 | A staker never"),
    ],
)
def test_a_table_that_has_drifted_is_written_anew(declared: str, drifted: str) -> None:
    assert LAWS.count(declared) == 1
    assert written(LAWS.replace(declared, drifted)) == LAWS


def test_what_the_design_says_to_open_is_there() -> None:
    """Every file in the table "asked | opened" of docs/design.md exists. A name without a folder is in the folder of
    the name before it.
    """
    table = (ROOT / "docs/design.md").read_text().split("| asked | opened |")[1].split("\n\n")[0]
    folder, places = ROOT, []
    for name in re.findall(r"`([a-z_/A-Z]+(?:\.py|\.toml|/))`", table):
        real = name.replace("NAME", "check").replace("PROTOCOL", "symbiotic")
        if "/" in real.rstrip("/"):
            folder = (ROOT / real).parent
            places.append(ROOT / real)
        else:
            places.append(folder / real)
    assert len(places) > 25
    assert [path for path in places if not path.exists()] == []
