"""Every numeric case holds. The function for its kind answers it. `RESTAKE_CASES=FILE` runs another file of cases.

A function gets a case's inputs and the names of the requested values, never the expected values.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.risk import base_layer_answers, fee_answers, graph_answers, loss_answers

CASES = Path(os.environ.get("RESTAKE_CASES", Path(__file__).parent / "cases.json"))

Answerer = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]


def without_asking(answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Answerer:
    return lambda inputs, _: answer(inputs)


ANSWERERS: dict[str, Answerer] = {
    **{
        kind: without_asking(answer)
        for module in (base_layer_answers, fee_answers, loss_answers)
        for kind, answer in module.ANSWERS.items()
    },
    **loss_answers.ASKED_ANSWERS,
    **graph_answers.ANSWERS,
}


def answerer(kind: str) -> Answerer | None:
    """The function for a kind of case. Numbers in the kind, and any detail after a colon, do not matter. None if
    unknown.
    """
    sizeless = {re.sub(r"\d+", "", known): answer for known, answer in ANSWERERS.items()}
    kind = kind.split(":")[0]
    return ANSWERERS.get(kind) or sizeless.get(re.sub(r"\d+", "", kind))


def names(expected: Any) -> Any:
    """The nested names of the expected values, without the values."""
    return {name: names(value) for name, value in expected.items()} if isinstance(expected, dict) else None


def differences(answer: Any, expected: Any, tolerance: float | None, where: str = "") -> list[str]:
    """The differences between an answer and the expected one, each with its place below `where`.

    Numbers must be equal, or within the tolerance if there is one.
    """
    if isinstance(answer, graph_answers.Witness):
        return [] if answer.accepts(expected) else [f"{where}: {expected!r} is not right"]
    if isinstance(expected, dict):
        if not isinstance(answer, Mapping):
            return [f"{where}: {answer!r} is no object"]
        missing = [f"{where}.{name}: no answer" for name in expected if name not in answer]
        shared = [name for name in expected if name in answer]
        return missing + [d for n in shared for d in differences(answer[n], expected[n], tolerance, f"{where}.{n}")]
    if isinstance(expected, list):
        if isinstance(answer, str) or not hasattr(answer, "__len__") or len(answer) != len(expected):
            return [f"{where}: {answer!r} instead of {expected!r}"]
        pairs = enumerate(zip(answer, expected, strict=True))
        return [d for i, (a, e) in pairs for d in differences(a, e, tolerance, f"{where}[{i}]")]
    return [] if same(answer, expected, tolerance) else [f"{where}: {answer!r} instead of {expected!r}"]


def same(answer: Any, expected: Any, tolerance: float | None) -> bool:
    if answer is None or expected is None or isinstance(answer, bool) or isinstance(expected, bool):
        return answer is expected
    if tolerance is not None:
        return abs(float(answer) - float(Fraction(str(expected)))) <= tolerance
    if isinstance(expected, str) and not expected.replace("/", "").replace("-", "").replace(".", "").isdigit():
        return bool(answer == expected)
    return isinstance(answer, int | Fraction) and answer == Fraction(str(expected))


def cases() -> list[Any]:
    found: list[Any] = json.loads(CASES.read_text())["cases"]
    return found


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case["name"]))
def test_case(case: dict[str, Any]) -> None:
    answer = answerer(case["kind"])
    assert answer is not None, f"nothing answers the kind {case['kind']}"
    found = answer(case["inputs"], names(case["expected"]))
    assert differences(found, case["expected"], None if case["exact"] else case["tolerance"]) == []


def rewritten(value: Any) -> Any:
    """The same inputs with every number as a string: "3" for 3, "3/10" for 0.3."""
    if isinstance(value, dict):
        return {name: rewritten(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [rewritten(inner) for inner in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(Fraction(str(value))) if is_number else value


@pytest.mark.source
@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case["name"]))
def test_how_a_number_is_written_does_not_matter(case: dict[str, Any]) -> None:
    answer, inputs = answerer(case["kind"]), rewritten(case["inputs"])
    if inputs == case["inputs"]:
        return  # it has no number that is not in a string, as all graphs
    assert answer is not None
    found = answer(inputs, names(case["expected"]))
    assert differences(found, case["expected"], None if case["exact"] else case["tolerance"]) == []


def test_a_difference_is_noticed() -> None:
    """A wrong number, a float for an exact number, a missing answer and a list that is too short are differences."""
    expected = {"a": "1/3", "b": [1, 2], "c": True, "d": {"x": 1}}
    right = {"a": Fraction(1, 3), "b": [1, 2], "c": True, "d": {"x": 1}}
    assert differences(right, expected, None) == []
    wrongs: list[dict[str, Any]] = [{"a": Fraction(1, 2)}, {"a": 1 / 3}, {"b": [1]}, {"b": [1, 3]}, {"c": 1}]
    for wrong in (*wrongs, {"d": {}}, {"d": None}):
        assert len(differences({**right, **wrong}, expected, None)) == 1
    assert differences({"a": 0.5 + 1e-7}, {"a": 0.5}, 1e-6) == []
    assert len(differences({"a": 0.5 + 1e-5}, {"a": 0.5}, 1e-6)) == 1
