from fractions import Fraction
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from spec.arithmetic import WAD, div_wad_floor, mul_div_ceil, mul_div_floor, mul_wad_ceil, mul_wad_floor

AMOUNTS = st.integers(0, 2**256 - 1) | st.sampled_from([0, 1, WAD - 1, WAD, WAD + 1, 2**256 - 1])
POSITIVE = AMOUNTS.map(lambda amount: amount or 1)


@given(AMOUNTS, AMOUNTS, POSITIVE)
def test_every_quotient_rounds_as_its_name_says(x: int, y: int, denominator: int) -> None:
    exact = Fraction(x * y, denominator)
    assert mul_div_floor(x, y, denominator) == floor(exact)
    assert mul_div_ceil(x, y, denominator) == ceil(exact)
    assert mul_wad_floor(x, y) == floor(Fraction(x * y, WAD))
    assert mul_wad_ceil(x, y) == ceil(Fraction(x * y, WAD))
    assert div_wad_floor(x, denominator) == floor(Fraction(x * WAD, denominator))
