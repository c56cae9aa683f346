"""The verbs losses, allocate, clear, base, chains and diff of `restake risk`, as their users run them."""

import copy
import json
import re
import sys
import textwrap
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from harness.cli import cli
from harness.risk_numbers import Number, decimal
from harness.verbs.risk import VERBS
from risk import commitments
from tests.risk.test_documents import BASE, CLAIMS, DELEGATION, HAZARDS, NETWORK
from tests.risk.test_multichain import document as chains_document

pytestmark = pytest.mark.source

Write = Callable[[dict[str, Any]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A fixture: a function that writes a document to a new file and returns the path."""

    def write(document: dict[str, Any]) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        path.write_text(json.dumps(document))
        return path

    return write


def restake(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, ["risk", *(str(argument) for argument in arguments)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def answer(*arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(restake(*arguments, "--json").stdout)
    return found


def test_losses_are_exact_and_say_so(write: Write) -> None:
    found = answer("losses", write(NETWORK), write(HAZARDS))
    assert found["mean loss"] == {"value": "9/4", "how": "exact"}
    assert found["position"] == {"value": "70", "how": "exact"}
    assert set(found["digests"]) == {"network", "hazards"}
    text = restake("losses", write(NETWORK), write(HAZARDS)).stdout
    assert "mean loss                 2.25  exact\n" in text
    assert "expected shortfall 19/20" in text


def test_losses_under_a_copula_are_computed_with_an_error(write: Write) -> None:
    hazards = {**HAZARDS, "dependence": {"model": "gaussian", "correlation": "1/2"}}
    found = answer("losses", write(NETWORK), write(hazards))
    assert found["mean loss"]["how"] == "computed"
    assert abs(found["mean loss"]["value"] - 2.25) <= found["mean loss"]["error"] < 1e-9


def test_simulated_losses_say_their_seed_and_error(write: Write) -> None:
    files = write(NETWORK), write(HAZARDS)
    found = answer("losses", *files, "--draws", "20000", "--seed", "3")
    assert found["mean loss"] == {"value": "9/4", "how": "exact"}
    assert found["mean of the draws"]["how"] == "simulated"
    assert abs(found["mean of the draws"]["value"] - 2.25) <= 4 * found["mean of the draws"]["error"]
    assert found["notes"] == ["20,000 draws from seed 3"]
    assert found == answer("losses", *files, "--draws", "20000", "--seed", "3")


def test_losses_with_too_many_outcomes_are_simulated_and_not_called_exact(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commitments, "MOST_OUTCOMES", 1000)
    network = copy.deepcopy(NETWORK)
    names = [f"n{i}" for i in range(20)]
    network["sourced"] |= {
        "operators": names,
        "stakes": [{"id": name, "token": "x", "amount": str(2**i)} for i, name in enumerate(names)],
        "commitments": [{"stake": n, "operator": n, "service": "s", "amount": str(2**i)} for i, n in enumerate(names)],
    }
    hazards = {key: HAZARDS[key] for key in ("format", "version", "slashes", "levels")}
    found = answer("losses", write(network), write(hazards))
    assert found["expected shortfall 19/20"]["how"] == "simulated"
    assert found["mean loss"] == {"value": str(Fraction(2**20 - 1, 20)), "how": "exact"}
    assert found["notes"][0].startswith("not exact: more than 1,000 different losses")


def test_a_delegation_is_checked_and_bounded(write: Write) -> None:
    result = restake("allocate", write(NETWORK), write(HAZARDS), write(DELEGATION), "--json")
    found = json.loads(result.stdout)
    assert result.return_value == 0
    assert found["verdict"] in ("OPTIMAL", "CERTIFIED")
    least, bound = (Fraction(found[n]["value"]) for n in ("expected shortfall", "no delegation has less than"))
    assert 0 <= least - bound < Fraction(1, 10**9)
    assert sum(Fraction(row["weight"]) for row in found["weights"].values()) == 1
    assert sum(Fraction(row["adds_to_shortfall"]) for row in found["weights"].values()) == least


def test_what_no_delegation_does_is_exit_code_1(write: Write) -> None:
    impossible = {**DELEGATION, "minimum_return": "1/2"}
    result = restake("allocate", write(NETWORK), write(HAZARDS), write(impossible))
    assert result.return_value == 1
    assert "INFEASIBLE" in result.stdout


def test_claims_are_cleared_from_both_ends(write: Write) -> None:
    found = answer("clear", write(CLAIMS))
    assert found["greatest"]["payments"] == {"a": "3", "b": "0"}
    assert found["greatest"]["defaulted"] == ["a"]
    assert found["greatest"]["lost_in_default"] == "3"
    assert "a: pays 3 of 8, keeps 0" in restake("clear", write(CLAIMS)).stdout


def test_a_base_layer_fails_with_its_story(write: Write) -> None:
    exposed = {**BASE, "total": "300", "prize": "0"}
    result = restake("base", write(NETWORK), write(exposed))
    assert result.return_value == 1
    assert result.stdout.startswith("FAILS: ")
    assert "0. o is slashed: 100 lost" in result.stdout


def test_a_base_layer_that_holds_is_exit_code_0(write: Write) -> None:
    harmless = copy.deepcopy(NETWORK)
    for terms in harmless["declared"]["services"].values():
        terms["profit"] = "0"
    small = restake("base", write(harmless), write({**BASE, "prize": "0"}))
    large = restake(
        "base", write(harmless), write({**BASE, "total": "280", "adversary": "50", "prize": "0", "operators": ["p"]})
    )
    assert [small.return_value, large.return_value] == [0, 0]
    assert small.stdout.startswith("HOLDS: it does even if every service takes all that it may\n")
    assert large.stdout.startswith("HOLDS: after these falls no attack on any service gains, alone or together\n")


def test_a_stale_view_is_exit_code_1_and_named(write: Write) -> None:
    result = restake("chains", write(chains_document()))
    assert result.return_value == 1
    assert (
        "at 200 s: BELIEVED SECURED, IS NOT; believes 100, there is 30, in reach 30\n  eth/a: 70 short" in result.stdout
    )
    assert restake("chains", write(chains_document()), "--at", "100").return_value == 0


def test_a_difference_is_shown_in_every_metric_it_makes(write: Write) -> None:
    changed = copy.deepcopy(NETWORK)
    changed["sourced"]["commitments"][1]["amount"] = "20"
    result = restake("diff", write(NETWORK), write(changed))
    assert result.return_value == 1
    assert "the whole\n  committed: 210 -> 180\n  over_slash: 30 -> 0\n" in result.stdout
    same = restake("diff", write(NETWORK), write(NETWORK))
    assert (same.return_value, same.stdout) == (0, "nothing differs\n")


COMMANDS: dict[str, list[dict[str, Any]]] = {
    "losses": [NETWORK, HAZARDS],
    "allocate": [NETWORK, HAZARDS, DELEGATION],
    "clear": [CLAIMS],
    "base": [NETWORK, BASE],
    "chains": [chains_document()],
    "metrics": [NETWORK],
    "diff": [NETWORK, NETWORK],
}


@pytest.mark.parametrize(
    ("verb", "position"), [(verb, i) for verb, documents in COMMANDS.items() for i in range(len(documents))]
)
def test_a_document_that_is_none_is_one_line_and_exit_code_2(verb: str, position: int, write: Write) -> None:
    for wrong in ({**COMMANDS[verb][position], "format": "x"}, {**COMMANDS[verb][position], "surprise": 1}):
        files = [write(document) for document in COMMANDS[verb]]
        files[position] = write(wrong)
        with pytest.raises(click.ClickException) as refused:
            restake(verb, *files)
        assert refused.value.exit_code == 2
        assert str(files[position]) in refused.value.message
        assert "\n" not in refused.value.message


@pytest.mark.parametrize("content", ["", "{", "[NaN]", '{"format": 1e400}', '{"a": 1, "a": 2}', "[" * 100_000])
def test_what_is_no_json_is_one_line_and_exit_code_2(content: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(click.ClickException) as refused:
        restake("clear", path)
    assert refused.value.exit_code == 2
    assert "\n" not in refused.value.message


def test_amounts_too_large_for_floats_are_refused_where_floats_are_needed(write: Write) -> None:
    network = copy.deepcopy(NETWORK)
    network["declared"]["prices"] = {"x": "1" + "0" * 190, "y": "1"}
    network["sourced"]["stakes"][0]["amount"] = "1" + "0" * 190
    hazards = {**HAZARDS, "dependence": {"model": "gaussian", "correlation": "1/2"}, "holdings": {"u": "1" + "0" * 190}}
    with pytest.raises(click.ClickException, match="too large") as refused:
        restake("losses", write(network), write(hazards))
    assert refused.value.exit_code == 2


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    for name in [name for name in sys.modules if name.startswith(("harness.risk_", "risk."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(click.UsageError, match=r"restake risk needs numpy.*restaking-spec\[risk\]"):
        restake("clear", write(CLAIMS))


def test_every_verb_has_a_help_of_its_own() -> None:
    listed = restake("--help").stdout
    for verb in VERBS:
        assert f"\n  {verb} " in listed
        assert "Usage:" in restake(verb, "--help").stdout


def test_numbers_are_shown_in_decimals_without_floats() -> None:
    assert decimal(Fraction(1, 3), 5) == "0.33333"
    assert decimal(10**30) == "1" + "0" * 30
    assert decimal(Fraction(1, 10**40)) == "1E-40"
    assert Number(Fraction(1, 3)).as_json() == {"value": "1/3", "how": "exact"}


PAGE = Path(__file__).parents[2] / "docs" / "risk_losses.md"

ROW: dict[str, Any] = {
    "format": "restake-network",
    "version": 1,
    "sourced": {
        "origin": {"kind": "example"},
        "losses": "sum",
        "divisible": True,
        "operators": list("abcd"),
        "stakes": [{"id": name, "token": "ETH", "amount": "10"} for name in "abcd"],
        "commitments": [
            {"stake": name, "operator": name, "service": service, "amount": "10"}
            for service, pair in (("bridge", "ab"), ("oracle", "bc"), ("rollup", "cd"))
            for name in pair
        ],
    },
    "declared": {
        "prices": {"ETH": "1"},
        "services": {name: {"profit": "6", "threshold": "1/2"} for name in ("bridge", "oracle", "rollup")},
    },
}
"""A network of four operators in a row. Each pair of neighbours is behind one service."""


@pytest.mark.source
def test_the_examples_of_the_page_answer_as_it_says(write: Write) -> None:
    page = PAGE.read_text()
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    shown = {block["format"].removeprefix("restake-"): write(block) for block in blocks}
    (example,) = re.findall(r"```json\n(.*?)```", PAGE.with_name("risk.md").read_text(), re.DOTALL)
    network = write(json.loads(example))
    (story,) = re.findall(r"\n    FAILS: .*?\n\n", page, re.DOTALL)
    assert textwrap.dedent(story.strip("\n")) + "\n" in restake("base", write(ROW), shown["base"]).stdout
    assert restake("losses", network, shown["hazards"]).return_value == 0
    assert restake("allocate", network, shown["hazards"], shown["delegation"]).return_value == 0
    assert "lst: pays 70 of 100" in restake("clear", shown["claims"]).stdout
    assert restake("chains", shown["chains"]).return_value == 1


def test_a_decimal_is_rounded_once() -> None:
    # Its numerator rounded by itself would make it -0.6295.
    assert decimal(Fraction(-62956481, 100000001), 4) == "-0.6296"
    assert decimal(Fraction(10**13 - 5, 10**13 + 49), 12) == "0.999999999995"
