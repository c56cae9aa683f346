"""Cases are drawn from walks, each with a short run that ends with it, and written a line each."""

import json
from pathlib import Path

import pytest

from conformance.cases import accepted_until, write_cases
from harness.drawing_cases import draw_cases, with_known, written
from harness.protocols import known_packs, pack_at

pytestmark = pytest.mark.source


@pytest.mark.parametrize("protocol", known_packs())
def test_a_file_of_cases_is_written_as_it_is_read(protocol: str) -> None:
    cases = pack_at(protocol).cases
    assert cases is not None
    text = Path(cases).read_text(encoding="utf-8")
    assert written(json.loads(text)) == text


def test_each_case_that_walks_meet_has_a_run_that_ends_with_it() -> None:
    pack = pack_at("eigenlayer")
    assert pack.walk is not None
    drawn = draw_cases(pack.calls, pack.walk, seeds=1, steps=12)
    assert len(drawn) == len({each.case for each in drawn}) > 3
    for each in drawn:
        accepted = accepted_until(pack.calls, each.walk, each.case, each.actions)
        assert accepted is not None
        assert len(accepted) == len(each.actions)
    document = json.loads(written(write_cases(pack.calls, drawn)))
    assert [(case["action"], case["answer"]) for case in document["cases"]] == sorted(each.case for each in drawn)


def test_a_case_of_the_file_stays_while_its_script_ends_with_it(tmp_path: Path) -> None:
    calls = pack_at("symbiotic").calls
    cases = pack_at("symbiotic").cases
    assert cases is not None
    known = json.loads(Path(cases).read_text(encoding="utf-8"))
    right, wrong = known["cases"][0], {**known["cases"][1], "answer": "of no rule"}
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({**known, "cases": [right, wrong]}))
    assert with_known(calls, {"worlds": [], "cases": []}, file) == {
        "worlds": [known["worlds"][right["world"]]],
        "cases": [{**right, "world": 0}],
    }
    assert with_known(calls, {"worlds": [], "cases": [{**right, "world": 0, "calls": []}]}, file) == {
        "worlds": [],
        "cases": [{**right, "world": 0, "calls": []}],
    }
