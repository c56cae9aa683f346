"""Cases, calls with their expected answers, are drawn from walks. Each gets a short run that ends with it, and is
written on one line.
"""

import json
from pathlib import Path

import pytest

from conformance.cases import accepted_until, read_cases, survey, write_cases
from harness.drawing_cases import draw_cases, with_known, written
from harness.protocols import known_packs, pack_at
from invariants.walker import Walk
from spec.codec import as_object
from spec.symbiotic.rewards_codec import ACTION_FORMATS

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


def test_a_client_without_rewards_meets_every_case_that_is_not_of_rewards() -> None:
    """Regression: the shortest run to a case was kept even if its world has rewards contracts, which a client without
    rewards cannot play.
    """
    cases = pack_at("symbiotic").cases
    assert cases is not None
    extended = {case[0] for case, script in read_cases(Path(cases)) if "extension" in as_object(script.head, "world")}
    assert extended <= set(ACTION_FORMATS)


def test_a_world_without_an_extension_goes_before_a_shorter_run() -> None:
    pack = pack_at("symbiotic")
    assert pack.walk is not None
    plain = pack.walk
    extended = next(walk for walk in map(plain.of, range(64)) if "extension" in walk.world)
    walk = Walk(plain.protocol, plain.catalogue, extended.world, extended.opening, extended.next_action, (plain,))
    met = [survey(pack.calls, walk, seeds, 12) for seeds in (9, 10)]
    assert {"extension" in each.walk.world for each in met[0].values()} == {True}
    opened = ("set_middleware", "accepted")
    assert ["extension" in each[opened].walk.world for each in met] == [True, False]
    assert len(met[1][opened].actions) >= len(met[0][opened].actions)


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
