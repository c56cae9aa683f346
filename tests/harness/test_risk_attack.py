"""The verbs of `restake risk` about attacks, as their users run them: output and exit codes."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli import cli
from harness.risk_page import SHOWN

pytestmark = pytest.mark.source

GOLDEN = Path(__file__).parents[1] / "golden"
OPERATORS = Path(__file__).parents[1] / "risk" / "data" / "eigenlayer_operators.json"
TRACE = GOLDEN / "eigenlayer" / "d_one_wei_everything.json.gz"
VAULTS = GOLDEN / "symbiotic" / "directed_overslash_full_restake_0.json.gz"


def restake(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["risk", *(str(argument) for argument in arguments)])


def code(result: Result) -> int:
    """The exit code of a result: the command's return value, or that of click's error."""
    returned = result.return_value if result.exception is None else result.exit_code
    assert isinstance(returned, int)
    return returned


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A fixture: the file of a network with two validators behind one service, which only both together can corrupt."""
    path = tmp_path / "network.json"
    path.write_text(json.dumps(document()))
    return path


def document() -> dict[str, Any]:
    names = ("a", "b")
    return {
        "format": "restake-network",
        "version": 1,
        "sourced": {
            "origin": {"kind": "file"},
            "losses": "full",
            "divisible": False,
            "operators": list(names),
            "stakes": [{"id": name, "token": "stake", "amount": "5"} for name in names],
            "commitments": [{"stake": name, "operator": name, "service": "x", "amount": "5"} for name in names],
        },
        "declared": {"prices": {"stake": "1"}, "services": {"x": {"profit": "9", "threshold": "3/5"}}},
    }


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    path = tmp_path / "terms.json"
    path.write_text(json.dumps({"other_price": "1", "other_services": {"profit": "1", "threshold": "1/2"}}))
    return path


def test_a_secure_network_its_limits_and_its_certificate(network: Path, tmp_path: Path) -> None:
    verdict = tmp_path / "verdict.json"
    result = CliRunner().invoke(
        cli, ["risk", "attack", str(network), "--slack", "--limits", "--out", str(verdict)], standalone_mode=False
    )
    assert code(result) == 0
    lines = result.output.splitlines()
    assert lines[0].startswith("SECURE  network ")
    assert lines[1:4] == [
        "no attack pays: proved by a tree of 1 leaves",
        "slack by the sufficient condition: -0.333333333333  exact",
        "slack: 0.111111111111  exact, certified",
    ]
    assert lines[4] == (
        "x: profit 9, threshold 0.6; an attack on it pays above a profit of 10 (certified); "
        "insecure up to a threshold of 0.5; secure from 0.6"
    )
    checked = CliRunner().invoke(cli, ["risk", "verify", str(network), str(verdict)], standalone_mode=False)
    assert (checked.return_value, checked.output) == (0, "SECURE: no attack is worth more than 0 (1 leaves)\n")


def test_an_insecure_network_and_its_witness(network: Path, tmp_path: Path) -> None:
    changed = document()
    changed["declared"]["services"]["x"]["profit"] = "11"
    network.write_text(json.dumps(changed))
    verdict = tmp_path / "verdict.json"
    result = CliRunner().invoke(
        cli, ["risk", "attack", str(network), "--out", str(verdict), "--json"], standalone_mode=False
    )
    assert code(result) == 1
    answer = json.loads(result.output)
    assert answer["verdict"] == "INSECURE"
    assert answer["attack"] == {
        "services": ["x"],
        "uses": [["a", "a", "x", "1"], ["b", "b", "x", "1"]],
        "value": "1",
    }
    changed = json.loads(verdict.read_text())
    changed["witness"]["value"] = "2"
    verdict.write_text(json.dumps(changed))
    checked = CliRunner().invoke(cli, ["risk", "verify", str(network), str(verdict)], standalone_mode=False)
    assert (checked.return_value, checked.output) == (1, "REFUSED: the attack is worth 1\n")


def test_ties_budgets_and_the_cheapest_attack(network: Path) -> None:
    run = CliRunner()
    for options, expected, said in [
        (["--budget", "1", "--ties", "weak"], 1, "INSECURE"),
        (["--budget", "1"], 0, "SECURE"),
        (["--services", "x"], 0, "EXACT"),
    ]:
        result = run.invoke(cli, ["risk", "attack", str(network), *options], standalone_mode=False)
        assert (code(result), result.output.split()[0]) == (expected, said)
        if said == "EXACT":
            assert "by a, b with a, b; worth -10" in result.output


def test_a_cascade_is_told(network: Path) -> None:
    result = CliRunner().invoke(cli, ["risk", "cascade", str(network), "--psi", "1/2"], standalone_mode=False)
    assert code(result) == 0
    assert result.output.splitlines()[1:] == [
        "worst loss: 1 of all stake  exact",
        "as the literature counts it: 1  exact",
        "shock: a",
        "1. b corrupt x",
        "attacks that follow, each of which pays when its turn comes: 1",
        "bound (1 + 1/gamma) psi: none, without slack",
    ]
    found = json.loads(
        CliRunner()
        .invoke(cli, ["risk", "cascade", str(network), "--psi", "1/2", "--search", "--json"], standalone_mode=False)
        .output
    )
    assert (found["how"], found["realised"]) == ("at least", "1")
    local = CliRunner().invoke(
        cli, ["risk", "cascade", str(network), "--psi", "0", "--coalition", "x", "--json"], standalone_mode=False
    )
    assert json.loads(local.output)["local"] == {"value": "0", "how": "exact"}


@pytest.mark.parametrize("trace", [TRACE, VAULTS], ids=["eigenlayer", "symbiotic"])
def test_any_step_of_a_trace_is_a_network(trace: Path, terms: Path, tmp_path: Path) -> None:
    run = CliRunner()
    made = run.invoke(cli, ["risk", "network", f"{trace}@20", "--terms", str(terms), "--json"], standalone_mode=False)
    assert code(made) == 0
    written = tmp_path / "made.json"
    written.write_text(made.output)
    assert json.loads(made.output)["sourced"]["origin"]["step"] == "20"
    by_file = run.invoke(cli, ["risk", "attack", str(written), "--json"], standalone_mode=False)
    by_trace = run.invoke(
        cli, ["risk", "attack", f"{trace}@20", "--terms", str(terms), "--json"], standalone_mode=False
    )
    assert by_file.output == by_trace.output
    report = run.invoke(cli, ["risk", "report", str(trace), "--terms", str(terms)], standalone_mode=False)
    assert code(report) in (0, 1)
    assert "steps change what secures what" in report.output.splitlines()[-1]


def test_a_list_of_operators_is_a_network_that_says_what_was_sampled() -> None:
    result = CliRunner().invoke(
        cli, ["risk", "network", str(OPERATORS), "--services", "5", "--seed", "3", "--json"], standalone_mode=False
    )
    origin = json.loads(result.output)["sourced"]["origin"]
    assert (origin["edges"], origin["profits"], origin["seed"]) == ("sampled", "sampled", "3")
    assert origin["licence"] == "Apache-2.0"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d["sourced"]["stakes"][0].update(amount="-5"), "sourced.stakes[0].amount: negative"),
        (
            lambda d: d["sourced"]["commitments"][0].update(operator="z"),
            "sourced.commitments[0].operator: unknown operator 'z'",
        ),
        (
            lambda d: d["declared"]["services"]["x"].update(threshold="0"),
            "declared.services.x.threshold: expected more than 0 and at most 1",
        ),
        (
            lambda d: d["declared"]["services"]["x"].update(threshold="1/0"),
            "declared.services.x.threshold: zero denominator",
        ),
        (
            lambda d: d["declared"]["services"]["x"].update(profit=float("nan")),
            "not a trace: NaN is no number",
        ),
        (
            lambda d: d["sourced"].update(commitments=d["sourced"]["commitments"] * 50_001),
            "sourced.commitments: 100,002 commitments; at most 100,000 are read",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["attack", "cascade", "verify"])
def test_a_bad_network_is_refused_in_one_line(network: Path, verb: str, change: Any, problem: str) -> None:
    bad = document()
    change(bad)
    network.write_text(json.dumps(bad))
    more: dict[str, list[str | Path]] = {"attack": [], "cascade": ["--psi", "1/2"], "verify": [network]}
    result = restake(verb, network, *more[verb])
    assert (result.exit_code, result.stderr) == (2, f"Error: {network}: {problem}\n")


def test_wrong_usage_is_one_line(network: Path, terms: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    usages: list[tuple[list[str | Path], str]] = [
        (["attack", missing], f"Invalid value for 'SOURCE[@STEP]': no file '{missing}', and no FILE@STEP"),
        (["attack", f"{network}@3"], f"{network} is no trace: it has no step 3"),
        (["attack", TRACE], f"{TRACE} is a trace: prices, profits and thresholds are declared with --terms FILE"),
        (["attack", network, "--services", "y"], "unknown service 'y': known are x"),
        (["cascade", network, "--psi", "1/0"], "Invalid value for '--psi': zero denominator"),
        (["cascade", network, "--psi", "-1"], "Invalid value for '--psi': negative"),
        (["cascade", network, "--psi", "2"], "--psi: a part of all stake is at most 1"),
        (
            ["cascade", network, "--psi", "nan"],
            """Invalid value for '--psi': expected whole digits or "p/q" as 3 or 1/10, found 'nan'""",
        ),
        (["attack", f"{TRACE}@100000", "--terms", terms], "there is no step 100000"),
    ]
    for arguments, problem in usages:
        result = restake(*arguments)
        assert result.exit_code == 2, arguments
        assert problem in result.stderr


@pytest.mark.parametrize(
    ("verdict", "problem"),
    [
        ("null", "expected an object"),
        ("[]", "expected an object"),
        ("{}", "missing field 'format'"),
        ('{"format": 1, "version": 2, "network": "", "verdict": "SECURE", "claim": {}, "x": 1}', "unknown field 'x'"),
        ('{"format": "a", "format": "b"}', "format"),
        ("[" * 100_000, "nested"),
        ("NaN", "NaN"),
    ],
)
def test_what_is_no_verdict_is_refused_in_one_line(network: Path, tmp_path: Path, verdict: str, problem: str) -> None:
    file = tmp_path / "verdict.json"
    file.write_text(verdict)
    result = CliRunner().invoke(cli, ["risk", "verify", str(network), str(file)])
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert str(file) in line
    assert problem in line


def test_a_verdict_of_the_right_fields_and_wrong_types_proves_nothing(network: Path, tmp_path: Path) -> None:
    file = tmp_path / "verdict.json"
    assert (
        code(CliRunner().invoke(cli, ["risk", "attack", str(network), "--out", str(file)], standalone_mode=False)) == 0
    )
    right = json.loads(file.read_text())
    wrong: list[dict[str, Any]] = [
        {"claim": None},
        {"claim": {**right["claim"], "forced": 7}},
        {"claim": {**right["claim"], "at_most": "9" * 5000}},
        {"claim": {**right["claim"], "at_most": "1e99999999"}},
        {"certificate": {"tree": [["leaf"]]}},
        {"certificate": {"tree": [["leaf", [["x", "without", [10**30], "1"]]]]}},
        {"certificate": {"tree": [[["leaf"], []]]}},
        {"certificate": []},
    ]
    for change in wrong:
        file.write_text(json.dumps({**right, **change}))
        result = CliRunner().invoke(cli, ["risk", "verify", str(network), str(file)], standalone_mode=False)
        assert (code(result), result.output.startswith("REFUSED: ")) == (1, True), change
        assert len(result.output.splitlines()) == 1


class Parsed(HTMLParser):
    """A parser that asserts that a page's tags are closed in order and that it loads nothing from elsewhere. It counts
    circles and collects the text.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.circles = 0
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href"} & {name for name, _ in attrs}
        self.circles += tag == "circle"
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href"} & {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_report_is_one_page(network: Path, tmp_path: Path) -> None:
    hostile = json.loads(network.read_text().replace('"x"', '"<b>x"'))
    hostile["declared"]["services"]["<b>x"]["profit"] = "11"
    network.write_text(json.dumps(hostile))
    page = tmp_path / "page.html"
    result = CliRunner().invoke(
        cli, ["risk", "report", str(network), "--psi", "1/2", "--html", str(page)], standalone_mode=False
    )
    assert code(result) == 1
    parsed = Parsed()
    parsed.feed(page.read_text())
    assert parsed.open == []
    assert parsed.circles == 3, "two stakes and a service"
    assert ">INSECURE</span>" in page.read_text()
    assert "<b>x" in parsed.text
    assert "A shock of at most 0.5 of all stake costs 1 of it in the end (exact)" in parsed.text
    assert "No slashing probabilities are declared" in parsed.text


def test_the_page_has_the_loss_curve_and_says_how_each_mark_was_found(network: Path, tmp_path: Path) -> None:
    hazards, page = tmp_path / "hazards.json", tmp_path / "page.html"
    declared = {"slashes": {"x": "1/10"}, "dependence": {"model": "independent"}, "levels": ["9/10", "19/20"]}
    hazards.write_text(json.dumps({"format": "restake-hazards", "version": 1, **declared}))
    command = ["risk", "report", str(network), "--hazards", str(hazards)]
    assert code(CliRunner().invoke(cli, [*command, "--html", str(page)], standalone_mode=False)) == 0
    parsed = Parsed()
    parsed.feed(page.read_text())
    # Each of two stakes of 5 is lost by itself, with a chance of a tenth.
    for said in ("value at risk 9/10: 5, exact", "expected shortfall 9/10: 5.5, exact", "shortfall 19/20: 6, exact"):
        assert said in parsed.text
    assert page.read_text().count('class="mark') == 4
    assert ">SECURE</span>" in page.read_text()
    assert CliRunner().invoke(cli, command).exit_code == 2, "a curve needs a page"


def test_the_page_of_a_trace_has_its_metrics_over_the_steps(tmp_path: Path) -> None:
    trace, page = GOLDEN / "eigenlayer" / "d_deregister_then_slash_in_window.json.gz", tmp_path / "page.html"
    terms = tmp_path / "terms.json"
    terms.write_text('{"other_price": "1", "other_services": {"profit": "20000000000", "threshold": "1/2"}}')
    command = ["risk", "report", str(trace), "--terms", str(terms), "--secured-only", "--html", str(page)]
    assert code(CliRunner().invoke(cli, command, standalone_mode=False)) == 1
    parsed = Parsed()
    parsed.feed(page.read_text())
    assert parsed.open == []
    assert page.read_text().count("<figure>") == len(SHOWN) + 2
    assert "After step 26, deregister_from_operator_sets. An attack on avs0/2 gains 6666666700: exact" in parsed.text
    # Nine steps, each a dot; those without stake have no slack.
    assert parsed.circles == 2 + 9 * (len(SHOWN) + 1) + 6


PAGE = Path(__file__).parents[2] / "docs" / "risk.md"


def shown() -> list[tuple[list[str], str | None, str]]:
    """Each command shown on the documentation page, as a triple: its arguments, the file to which it writes or None,
    and its output.
    """
    found = []
    for block in re.findall(r"(?:^    .*\n)+", PAGE.read_text(), re.MULTILINE):
        lines = [line[4:] for line in block.splitlines()]
        if lines[0].startswith("$ restake risk "):
            command, _, target = lines[0].removeprefix("$ restake ").partition(" > ")
            found.append((command.split(), target or None, "\n".join(lines[1:]) + "\n"))
    return found


@pytest.mark.source
def test_the_page_about_risk_shows_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in (OPERATORS, GOLDEN / "eigenlayer" / "d_deregister_then_slash_in_window.json.gz"):
        copy = tmp_path / ("tests/risk/data" if file == OPERATORS else "") / file.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    (example,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "network.json").write_text(example)
    (terms,) = re.findall(r"`terms.json`\n`(.*?)`", PAGE.read_text())
    (tmp_path / "terms.json").write_text(terms)
    commands = [command for command in shown() if command[0][1] in ("network", "attack", "verify", "report", "cascade")]
    assert len(commands) == 6
    for arguments, target, printed in commands:
        result = CliRunner().invoke(cli, arguments, standalone_mode=False)
        assert result.exception is None, arguments
        if target is not None:
            (tmp_path / target).write_text(result.stdout)
            assert result.stderr == printed
        else:
            # How many leaves a tree has is the solver's affair.
            assert re.sub(r"\d+ leaves", "leaves", result.output) == re.sub(r"\d+ leaves", "leaves", printed), arguments


def test_a_network_written_otherwise_is_the_one_that_a_verdict_names(network: Path, tmp_path: Path) -> None:
    written = document()
    written["sourced"]["operators"] = ["b", "a", "idle"]
    written["sourced"]["stakes"][0]["amount"] = "010/2"
    written["declared"]["services"]["x"]["slash"] = "1"
    network.write_text(json.dumps(written))
    verdict = tmp_path / "verdict.json"
    assert restake("attack", network, "--out", verdict).exit_code == 0
    assert restake("verify", network, verdict).stdout.startswith("SECURE: ")
    written["declared"]["services"]["x"]["profit"] = "8"
    network.write_text(json.dumps(written))
    result = restake("verify", network, verdict)
    assert (result.exit_code, result.stdout) == (0, "REFUSED: a verdict about another network\n")
