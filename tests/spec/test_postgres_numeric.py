"""PostgreSQL's division: known results, and a comparison with a real server if one is installed."""

import os
import random

import pytest

from spec.postgres_numeric import Numeric, add, divide, floor, multiply, quotient_scale
from tests.spec.postgres_server import Pair, programs, server

RANDOM_PAIRS = int(os.environ.get("RESTAKE_POSTGRES_PAIRS", "5000"))
"""The number of random pairs; 100,000 in the nightly run."""


def read(text: str) -> Numeric:
    """The decimal that a text denotes."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, fraction = digits.partition(".")
    return Numeric(sign * int(whole + fraction), len(fraction))


def written(value: Numeric) -> str:
    """The text of a decimal as the server writes it."""
    digits = str(abs(value.unscaled)).rjust(value.scale + 1, "0")
    whole, fraction = digits[: len(digits) - value.scale], digits[len(digits) - value.scale :]
    return ("-" if value.unscaled < 0 else "") + whole + (f".{fraction}" if fraction else "")


@pytest.mark.parametrize(
    ("a", "b", "quotient"),
    [
        ("1", "3", "0.33333333333333333333"),
        ("2", "3", "0.66666666666666666667"),
        ("10", "3", "3.3333333333333333"),
        ("1", "1", "1.00000000000000000000"),
        ("-1", "8", "-0.12500000000000000000"),
        ("0", "7", "0.00000000000000000000"),
        ("100000000000000000", "7", "14285714285714286"),
        ("1000000000000000000000", "7", "142857142857142857143"),
        ("1.50", "2", "0.75000000000000000000"),
    ],
)
def test_quotients_that_are_known(a: str, b: str, quotient: str) -> None:
    assert written(divide(read(a), read(b))) == quotient


def test_sums_products_and_floors_are_exact() -> None:
    assert add(read("1.5"), read("0.25")) == read("1.75")
    assert multiply(read("-1.5"), read("0.25")) == read("-0.375")
    assert [floor(read(text)) for text in ("1.9", "-1.1", "2", "0.0")] == [1, -2, 2, 0]
    assert quotient_scale(read("9999"), read("9999")) == 20


def test_the_floor_of_a_quotient_is_not_the_quotient_rounded_down() -> None:
    """The server rounds a seventh of 10^17 up before the floor is taken, so that seven times it exceeds 10^17 by 2."""
    assert 7 * floor(divide(Numeric(10**17), Numeric(7))) == 10**17 + 2


def directed() -> list[Pair]:
    """A thousand pairs at edges: powers of ten, one more and one less, halves, scales and signs."""
    powers = (0, 1, 3, 4, 5, 8, 12, 16, 17, 20, 38)
    edges = sorted({max(10**power + more, 1) for power in powers for more in (-1, 0, 1)})
    pairs = [(str(a), str(b)) for a in edges for b in edges]
    pairs += [(f"{a}.{fraction}", b) for a in ("0", "1", "9999", "10000") for fraction in FRACTIONS for b in DIVISORS]
    pairs += [(f"-{a}", b) for a, b in pairs[:40]]
    return pairs[:1000]


FRACTIONS = ("5", "50", "0001", "00001", "99999999", "123456789012345678901234567890")
DIVISORS = ("2", "3", "0.5", "0.00010", "10000", "9999.9999", "7", "123456789012345678901234567890")


def drawn(count: int) -> list[Pair]:
    """Random pairs of numbers with up to 78 digits, a third of them with a fraction; `count` pairs."""
    numbers = random.Random(20)

    def number() -> str:
        digits = str(numbers.randrange(1, 10 ** numbers.randrange(1, 79)))
        if numbers.randrange(3):
            return digits
        scale = numbers.randrange(1, 30)
        padded = digits.rjust(scale + 1, "0")
        return f"{padded[:-scale]}.{padded[-scale:]}"

    return [(number(), number()) for _ in range(count)]


@pytest.mark.serial
@pytest.mark.source
def test_a_real_server_divides_alike() -> None:
    if programs() is None:
        pytest.skip("no PostgreSQL server on this machine: Debian's package is `postgresql`")
    pairs = [*directed(), *drawn(RANDOM_PAIRS)]
    assert len(pairs) == 1_000 + RANDOM_PAIRS
    ours = [written(divide(read(a), read(b))) for a, b in pairs]
    with server() as running:
        theirs = running.quotients(pairs)
    assert [difference for difference in zip(pairs, ours, theirs, strict=True) if difference[1] != difference[2]] == []
    broken = [written(divide(read(a), Numeric(read(b).unscaled + 1, read(b).scale))) for a, b in pairs]
    assert broken != theirs
