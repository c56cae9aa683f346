"""`restake gate` as its users run it: on a repository with a protocol from outside, and in every form of its report."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import attrs
import jsonschema
import pytest
from click import BadParameter

from gate.changes import Change
from gate.decisions import Ruling
from gate.impact import told
from gate.verdicts import ActionReport, CallProof, Difference, ProtocolReport, Shown, ShownRun, Word
from harness.gate_files import FINGERPRINT_KEY, annotations, as_junit, as_sarif
from harness.gate_outcome import GateOutcome
from harness.gate_page import as_page
from harness.gate_text import as_markdown, as_text
from harness.verbs.gate import _refuse_unknown

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]
POOL = ROOT / "docs" / "third_protocol"
SCHEMA = json.loads((ROOT / "harness" / "gate.schema.json").read_text())

CHANGE = Change(("spec.pool", "deposit"), "spec/pool.py", 12, 20, ("1", "2"))
ROW = ["pool", "", {"is": "p.Pool", "stake": "0"}, {"is": "p.Pool", "stake": "1"}]
STEP = {
    "call": {"is": "p.Deposit", "sender": "<script>", "amount": "1"},
    "base": {"answer": "accepted", "returns": "1", "rows": [ROW]},
    "head": {"answer": "TooLittle", "returns": None, "rows": []},
}
WITNESS = ShownRun({"protocol": "p"}, ({"action": "deposit"},), ("accepted", "TooLittle"), "a walk", "none", (STEP,))
SHOWN = Shown({"pool": []}, {"is": "p.Deposit"}, ("Panic", "TooLittle"), "(check-sat)")
STRICTER = ActionReport(
    "p",
    "Deposit",
    "STRICTER",
    changes=[CHANGE],
    differences=[
        Difference("stricter", "accepted -> TooLittle", WITNESS, None),
        Difference("reason", "Panic -> TooLittle", None, SHOWN),
    ],
    proof=CallProof(3, ("stricter",), ("lists of length <= 2",), ("L-1",), 0.5),
    scripts=2,
    calls=9,
    impact={
        "gains": {
            "shortest": [
                {
                    "token": "t",
                    "accounts": {"a": [1, 0]},
                    "made": -1,
                    "is_liquidated": True,
                    "lines": ["a: 1 -> 0 (-1)"],
                }
            ]
        },
        "broken": ["LIVE-01"],
        "vacuous": [],
        "traces": ["x.json.gz"],
        "proofs": {"Deposit": 3},
        "nanoseconds": [10, 20],
    },
)
EQUIVALENT = ActionReport("p", "Withdraw", "EQUIVALENT", changes=[CHANGE], proof=CallProof(2, laws=("L-1",)))


def outcome(*actions: ActionReport, **others: Any) -> GateOutcome:
    report = ProtocolReport(
        "p", list(actions), interface=["reason added: TooLittle"], matrix={"L-1": {"Deposit": "STALE"}}
    )
    return GateOutcome("main (0)", "working tree", [report], Ruling((), ()), 1.5, **others)


WHOLE = outcome(STRICTER, EQUIVALENT, ActionReport("p", "Slash", "SAME"))


@pytest.mark.parametrize(
    ("word", "code"),
    [("SAME", 0), ("EQUIVALENT", 0), ("STRICTER", 1), ("LAXER", 1), ("DIFFERS", 1), ("ADDED", 1), ("REMOVED", 1)],
)
def test_what_nobody_accepted_fails(word: Word, code: int) -> None:
    action = ActionReport("p", "Deposit", word)
    assert outcome(action).exit_code == code
    assert outcome(attrs.evolve(action, accepted_by="x.toml")).exit_code == 0
    assert outcome(action, is_interrupted=True).exit_code == (1 if code else 2)
    assert (outcome(action, is_interrupted=True).verdict in ("SAME", "EQUIVALENT")) is False
    assert attrs.evolve(outcome(action), ruling=Ruling(("stale",), ())).exit_code == 1


def test_what_is_not_decided_is_never_green() -> None:
    unknown = ActionReport("p", "Deposit", "UNKNOWN")
    assert outcome(unknown).exit_code == 2
    assert outcome(attrs.evolve(unknown, accepted_by="x.toml")).exit_code == 2
    assert outcome(unknown, STRICTER).exit_code == 1
    assert outcome().exit_code == 5
    broken = ProtocolReport("p", problem="cannot be run")
    assert attrs.evolve(outcome(), protocols=[broken]).exit_code == 2
    assert attrs.evolve(outcome(), protocols=[broken]).verdict == "UNKNOWN"


def test_each_protocol_that_is_named_has_an_action_to_judge() -> None:
    """Regression: a protocol without the action of `--only` was left out without a word, beside one that has it."""
    reports = [ProtocolReport("p", [STRICTER]), ProtocolReport("q")]
    _refuse_unknown(("Deposit",), reports, are_asked=False)
    with pytest.raises(BadParameter) as raised:
        _refuse_unknown(("Deposit",), reports, are_asked=True)
    assert raised.value.message == "q: has none of Deposit"


def test_the_document_is_as_its_schema_says() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    document = json.loads(json.dumps(WHOLE.as_json()))
    validator.validate(document)
    assert (document["verdict"], document["exit_code"]) == ("STRICTER", 1)
    assert document["protocols"][0]["actions"][0]["fingerprint"] == STRICTER.fingerprint
    document["protocols"][0]["actions"][0]["verdict"] = "FINE"
    assert not validator.is_valid(document)


def test_sarif_has_all_that_its_schema_requires() -> None:
    """The SARIF report has the fields that version 2.1.0 requires of the objects that it uses; `wrong_in`
    checks them.
    """
    document = as_sarif(WHOLE)
    assert wrong_in(document) == []
    (result,) = document["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("gate/STRICTER", "error")
    assert result["partialFingerprints"] == {FINGERPRINT_KEY: STRICTER.fingerprint}
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("spec/pool.py", {"startLine": 12, "endLine": 20})
    (flow,) = result["codeFlows"][0]["threadFlows"]
    assert [each["location"]["message"]["text"] for each in flow["locations"]] == [
        "Deposit(sender=<script>, amount=1): accepted | TooLittle"
    ]
    accepted = as_sarif(outcome(attrs.evolve(STRICTER, accepted_by="x.toml")))
    assert accepted["runs"][0]["results"][0]["suppressions"] == [{"kind": "external", "justification": "x.toml"}]
    del result["message"]
    assert wrong_in(document) == ["runs[0].results[0]: message is missing"]


def wrong_in(document: dict[str, Any]) -> list[str]:
    """The violations of SARIF 2.1.0 in a document, one line each: missing required fields, wrong levels and wrong line
    numbers.
    """
    required = {
        "": ("version", "runs"),
        "runs": ("tool",),
        "tool": ("driver",),
        "driver": ("name",),
        "rules": ("id",),
        "results": ("message",),
        "invocations": ("executionSuccessful",),
        "toolExecutionNotifications": ("message",),
        "codeFlows": ("threadFlows",),
        "threadFlows": ("locations",),
        "suppressions": ("kind",),
        "message": ("text",),
        "shortDescription": ("text",),
    }
    wrong = [] if document.get("version") == "2.1.0" else ["version is another"]

    def look(value: Any, name: str, where: str) -> None:
        if isinstance(value, list):
            for position, item in enumerate(value):
                look(item, name, f"{where}[{position}]")
        elif isinstance(value, dict):
            wrong.extend(f"{where}: {field} is missing" for field in required.get(name, ()) if field not in value)
            for field, item in value.items():
                look(item, field, f"{where}.{field}" if where else field)
        elif name == "level" and value not in ("none", "note", "warning", "error"):
            wrong.append(f"{where}: no level is {value}")
        elif name in ("startLine", "endLine") and not (isinstance(value, int) and value >= 1):
            wrong.append(f"{where}: no line is {value}")

    look(document, "", "")
    return wrong


def test_junit_has_a_case_for_each_action() -> None:
    root = ElementTree.fromstring(as_junit(WHOLE))
    cases = {case.get("name"): [each.tag for each in case] for case in root.iter("testcase")}
    assert cases == {"is finished": [], "decisions": [], "Deposit": ["failure"], "Withdraw": [], "Slash": []}
    assert (root.get("tests"), root.get("failures")) == ("5", "1")


def test_annotations_stand_at_the_changed_lines() -> None:
    (line,) = annotations(WHOLE)
    assert line.startswith(
        "::error file=spec/pool.py,line=12,title=p Deposit%3A STRICTER::stricter: accepted -> TooLittle"
    )
    (line,) = annotations(outcome(attrs.evolve(STRICTER, accepted_by="x.toml")))
    assert line.startswith("::notice ")


def test_the_text_names_the_evidence_and_the_next_command() -> None:
    text = "\n".join(as_text(WHOLE))
    for part in (
        "restake gate: main (0) -> working tree: STRICTER",
        "proved alike but for: stricter, on every state that satisfies 1 laws; lists of length <= 2 (3 goals, 0.5 s)",
        "stricter: accepted -> TooLittle, by 1 calls; none",
        "reason: Panic -> TooLittle, in a state that is not known to be reachable: Deposit()",
        "base pool[]: stake 0 -> 1",
        "shortest, t: a: 1 -> 0 (-1)",
        f"accept it: restake gate accept {STRICTER.fingerprint} --why '...'",
    ):
        assert part in text
    assert "Slash" not in text


def test_holdings_after_many_runs_are_told_of_the_first() -> None:
    impact = {"gains": {f"run {number}": STRICTER.impact["gains"]["shortest"] for number in range(5)}}
    runs = [f"run {number}, t: a: 1 -> 0 (-1)" for number in range(5)]
    assert told(impact) == runs
    assert told(impact, 3) == [*runs[:3], "holdings differ after 2 more runs (--verbose)"]
    assert told(impact, 5) == runs


class Read(HTMLParser):
    """A parser for the tags of a page and the ids of its elements. `led` has the target of every link and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.led: list[str] = []
        self.places: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.led += [str(value) for name, value in attrs if name in ("src", "href", "onload", "onclick")]
        self.places |= {str(value) for name, value in attrs if name == "id"}


def test_pages_and_markdown_take_nothing_for_markup_and_load_nothing() -> None:
    read = Read(as_page(WHOLE))
    assert "script" not in read.tags
    assert read.led == ["#p-Deposit", "#p-Withdraw"]
    assert {"p-Deposit", "p-Withdraw"} <= read.places
    assert "| Deposit | STRICTER | accepted -\\> TooLittle" in as_markdown(WHOLE)


PROBE = """<script>
window.onerror = (said) => { document.title = "ERROR " + said; };
window.onload = () => {
  const link = document.querySelector("td a"), place = document.querySelector(link.hash);
  link.click();
  const trace = place.parentElement.querySelector("details[open] pre");
  const fits = document.body.scrollWidth <= innerWidth + 1;
  document.title = ["PROBE", location.hash, trace.checkVisibility(), fits].join(" ");
};
</script></body>"""
"""A script for a browser test: it clicks on the first verdict. It reports where the link leads, if a trace shows, and
if anything is wider than the window.
"""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.serial
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed, with which the page would be looked at")
def test_a_browser_shows_the_page_and_leads_from_a_verdict_to_its_trace(tmp_path: Path) -> None:
    page = tmp_path / "gate.html"
    page.write_text(as_page(WHOLE).replace("</body>", PROBE))
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--window-size=500,800", "--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    assert "<title>PROBE #p-Deposit true true</title>" in done.stdout
    assert "CONSOLE" not in done.stderr
    printed = tmp_path / "gate.pdf"
    command[-1] = f"--print-to-pdf={printed}"
    subprocess.run([*command, page.as_uri()], capture_output=True, timeout=120, check=True)
    assert printed.read_bytes().startswith(b"%PDF")


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A fixture: a git repository with the worked example as its protocol."""
    folder = tmp_path / "repository"
    shutil.copytree(POOL, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pyproject.toml").write_text('[project]\nname = "pool"\nversion = "1.0"\n')
    (folder / ".gitignore").write_text(".restake\n__pycache__\n")
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "the pool"]):
        named = ["-c", "user.email=a@b.c", "-c", "user.name=n", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *named, *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def run(repository: Path, tmp_path: Path) -> Run:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from harness.cli import main; main()"

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-P", "-c", program, "gate", *words],
            cwd=repository,
            env={**os.environ, "TMPDIR": str(temporary)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert list(temporary.iterdir()) == []
        return done

    return command


GATE = ("--base", "HEAD", "--protocol", "pool_pack:PACK")


def change(repository: Path, before: str, after: str) -> None:
    path = repository / "staking_pool.py"
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))


def test_documentation_changes_nothing(repository: Path, run: Run) -> None:
    change(repository, '"""A slash burns tokens, rounded up', '"""Tokens are burned by a slash, rounded up')
    done = run(*GATE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "staking_pool: SAME (3 SAME)" in done.stdout


def test_a_difference_is_told_explained_accepted_and_then_missed(repository: Path, run: Run) -> None:
    change(repository, "    if shares == 0:", "    if shares <= 1:")
    done = run(*GATE, "--json")
    report = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    (found,) = [action for action in report["protocols"][0]["actions"] if action["verdict"] != "SAME"]
    assert (done.returncode, found["action"], found["verdict"]) == (1, "Deposit", "STRICTER")
    assert (found["proof"]["open_kinds"], found["proof"]["why"]) == (["stricter"], "")
    (difference,) = found["differences"]
    assert (difference["label"], difference["is_reachable"]) == ("accepted -> NoSharesForAmount", True)
    assert [call["action"] for call in difference["trace"]["calls"]] == ["deposit"]
    print_ = found["fingerprint"]

    told = run("explain", print_, "--smt")
    assert told.returncode == 0
    for part in ("0. Deposit(sender=staker0, amount=1): accepted | NoSharesForAmount", "(check-sat)"):
        assert part in told.stdout

    assert run("accept", print_, "--why", "agreed", "--until", "2.0").returncode == 0
    done = run(*GATE, "--only", "Deposit")
    assert (done.returncode, f"accepted by {print_}.toml" in done.stdout) == (0, True)

    change(repository, "    if shares <= 1:", "    if shares == 0:")
    done = run(*GATE)
    assert done.returncode == 1
    assert f"decision {print_}.toml: matches no difference any more" in done.stdout
    assert run("explain", print_).returncode == 1

    (repository / "decisions" / f"{print_}.toml").write_text("why\n")
    done = run(*GATE)
    assert (done.returncode, f"{print_}.toml: " in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--base", "nothing"), "nothing: git knows no such revision here"),
        (("accept", "0" * 12, "--why", "x"), "no difference of this fingerprint is kept here"),
        ((*GATE, "--only", "Deposti"), "no protocol has an action Deposti"),
        (("explain", "../secret"), "no difference of this fingerprint is kept here"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False)


@pytest.mark.serial
def test_an_interruption_is_told_and_leaves_nothing(repository: Path, tmp_path: Path) -> None:
    change(repository, "    if shares == 0:", "    while True:\n        pass\n    if shares == 0:")
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from harness.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program, "gate", *GATE],
        cwd=repository,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not list(tmp_path.glob("restake-gate-*")):
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (2, False)
    assert "interrupted: what is not told was not judged" in out
    assert "staking_pool: UNKNOWN" in out
    assert list(tmp_path.glob("restake-gate-*")) == []
