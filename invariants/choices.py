"""Sources of a random walk's decisions: a seed, or bytes that the caller supplies.

A walk only requests numbers below a bound. So the same walk can run from a seed, for volume, or from bytes that
Hypothesis draws, and can then be steered and shrunk. When the bytes run out, each decision takes its first option.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

Option = TypeVar("Option")


class Choices:
    """The interface of a source of decisions for a walk."""

    def below(self, bound: int) -> int:
        """A number from 0 to `bound` - 1; `bound` is between 1 and 2^16."""
        raise NotImplementedError

    def pick(self, options: Sequence[Option]) -> Option:
        """One of the options. When a run is shrunk, the first option counts as the simplest."""
        return options[self.below(len(options))]

    def one_in(self, count: int) -> bool:
        """True with probability 1 in `count`. When a run is shrunk, False counts as simpler."""
        return self.below(count) == count - 1


WORD: Final = 0xFFFFFFFF


class Seeded(Choices):
    """Decisions from a seed: Marsaglia's 32-bit xorshift, with equal results on every machine and in every build."""

    def __init__(self, seed: int) -> None:
        # Neighbouring seeds must not begin alike. Zero must not occur, as it is the generator's only fixed point.
        self._word = (seed * 0x9E3779B1 + 0x85EBCA6B) & WORD or 1
        for _ in range(8):
            self.below(1)

    def below(self, bound: int) -> int:
        """A number below `bound`, from the high bits of the generator's next word, which are more random than the low
        ones.
        """
        word = self._word
        word ^= (word << 13) & WORD
        word ^= word >> 17
        word ^= (word << 5) & WORD
        self._word = word
        return (word >> 8) % bound


class Drawn(Choices):
    """Decisions from bytes: one byte for a bound up to 256, two for a larger one, and zeros after the last byte."""

    def __init__(self, drawn: bytes) -> None:
        self._drawn: Final = drawn
        self._position = 0

    def __repr__(self) -> str:
        return f"Drawn({self._drawn!r})"

    def below(self, bound: int) -> int:
        """A number below `bound`, from the next byte, or from the next two if `bound` exceeds 256."""
        value = self._next()
        if bound > 256:
            value = (value << 8) | self._next()
        return value % bound

    def _next(self) -> int:
        position = self._position
        if position >= len(self._drawn):
            return 0
        self._position = position + 1
        return self._drawn[position]
