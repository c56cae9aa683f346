"""The numeric cases of the market, with their fractions as integers scaled by 10^18."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

WAD = 10**18
CASES: dict[str, Any] = {
    case["name"]: case for case in json.loads((Path(__file__).parents[2] / "risk/cases.json").read_text())["cases"]
}


def case(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return CASES[name]["inputs"], CASES[name]["expected"]


def in_wad(text: str) -> int:
    value = Fraction(text) * WAD
    assert value.denominator == 1
    return int(value)
