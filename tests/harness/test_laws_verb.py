"""`restake laws`: the list of all laws, and the explanation of one."""

import json

import click
import pytest
from click.testing import CliRunner, Result

from harness.cli import cli
from harness.declarations import declaration_of, notation_of
from harness.protocols import known_packs, pack_at
from harness.verbs.laws import told

PACK = "pool_pack:PACK"


def laws(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["laws", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_every_law_is_listed_once_with_its_sentence() -> None:
    listed = json.loads(laws("--json").stdout)
    known = [(name, each) for name, pack in known_packs().items() for each in told(pack)]
    assert [(law["protocol"], law["law"], law["sentence"], law["source"]) for law in listed] == [
        (name, each.law.law_id, each.law.sentence, each.law.source) for name, each in known
    ]
    assert {law["kind"] for law in listed} == {"state", "step", "rejection", "game", "witness"}
    assert {law["tier"] for law in listed} == {"property", "model", "known violation"}
    lines = laws("--protocol", "eigenlayer").stdout.splitlines()
    assert max(map(len, lines)) <= 120
    assert sum(line.startswith("eigenlayer ") for line in lines) == sum(name == "eigenlayer" for name, _ in known)


@pytest.mark.source
@pytest.mark.parametrize("name", known_packs())
def test_the_declaration_of_every_law_is_found(name: str) -> None:
    pack = known_packs()[name]
    for each in [each for each in told(pack) if each.kind != "witness"]:  # some of these are declared in a loop
        declared = declaration_of(pack, each.law.law_id)
        assert declared is not None, each.law.law_id
        assert f'"{each.law.law_id}"' in declared.text
        lines = declared.file.read_text().splitlines()[declared.line - 1 : declared.line + 1]
        assert f'"{each.law.law_id}"' in " ".join(lines)
    assert declaration_of(pack, "NONE-01") is None


@pytest.mark.usefixtures("example")
def test_a_law_is_explained_from_its_sentence_to_its_proof() -> None:
    pack = pack_at(PACK)
    walk = pack.walk
    assert walk is not None
    law = next(law for law in walk.catalogue.laws() if law.law_id == "POOL-02")
    said = laws("--protocol", PACK, "--explain", "POOL-02").stdout.splitlines()
    assert said[0] == f"staking_pool POOL-02: {law.sentence}"
    checked = "checked at every accepted call that it speaks of"
    assert f"  {checked}: restake check --protocol {PACK} --law POOL-02" in said
    assert any(line.startswith("  declared in pool_laws.py:") for line in said)
    named = laws("--protocol", "symbiotic", "--explain", "EXIT-02").stdout  # missed: four files are withdrawals.py
    assert "  declared in invariants/symbiotic/withdrawals.py:" in named
    (document,) = json.loads(laws("--protocol", PACK, "--explain", "POOL-02", "--json").stdout)
    assert (document["law"], document["kind"], document["mutants_killed"]) == ("POOL-02", "step", None)
    assert (document["proved"]["calls"], document["proved"]["stale"]) == ("0/2", 2)
    assert "def " in document["formula"]
    assert document["notation"] == notation_of(document["formula"]) != []
    assert [line.strip() for line in said[said.index("  where") + 1 :] if line] == document["notation"]


def test_symbols_of_a_sentence_are_explained_with_it() -> None:
    said = laws("--protocol", "eigenlayer", "--explain", "DELEG-01").stdout.splitlines()
    meanings = {name: known_packs()["eigenlayer"].symbols[name] for name in ("m", "O", "W")}
    assert f"  where {'; '.join([f'{name} is {meaning}' for name, meaning in meanings.items()])}" in said
    (document,) = json.loads(laws("--protocol", "eigenlayer", "--explain", "DELEG-01", "--json").stdout)
    assert document["symbols"] == meanings
    assert "eigenlayer: In DELEG-01: m is " in laws("--protocol", "eigenlayer").stdout


def test_a_known_violation_says_which_law_is_true_instead_and_what_shows_it() -> None:
    walk = known_packs()["symbiotic"].walk
    assert walk is not None
    law_id, known = next(iter(walk.catalogue.known_violations.items()))
    said = laws("--protocol", "symbiotic", "--explain", law_id).stdout
    assert f"  known violation: {known.meaning} True instead: {known.instead}.\n    reproduce: restake replay " in said
    assert f"{law_id}: " in said


def test_a_law_that_nobody_has_is_refused() -> None:
    with pytest.raises(
        click.UsageError, match=r"unknown law 'solv-01': did you mean SOLV-01, .*\? restake laws lists all"
    ):
        laws("--explain", "solv-01")
    with pytest.raises(click.UsageError, match=r"unknown law 'everything': restake laws lists all$"):
        laws("--explain", "everything")


def test_a_protocol_that_was_asked_for_by_name_has_the_law_or_is_told() -> None:
    """Regression: a protocol without laws, or without the law to explain, was left out without a word."""
    both = ("--protocol", "symbiotic", "--protocol", "eigenlayer")
    result = laws(*both, "--explain", "VETO-01", "--json")
    assert [(law["protocol"], law["law"]) for law in json.loads(result.stdout)] == [("symbiotic", "VETO-01")]
    assert (result.return_value, result.stderr) == (2, "no law VETO-01: eigenlayer\n")
    assert laws(*both, "--explain", "SOLV-01", "--json").return_value == 0
    assert laws("--explain", "VETO-01", "--json").return_value == 0
