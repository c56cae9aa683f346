"""Hypothesis strategies for edge amounts: 0, 1, all that is left, one more than that, fractions of WAD, overflows."""

from collections.abc import Callable
from typing import Final

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from spec.arithmetic import UINT256_MAX, WAD


@attrs.frozen(repr=False)
class Edge:
    """An amount of a call, given by a function: `of` computes it from what is available, such as a balance, when the
    call is made. `name` is its repr.
    """

    name: str
    of: Callable[[int], int]

    def __repr__(self) -> str:
        return self.name


def exactly(amount: int) -> Edge:
    """An Edge with a fixed amount, whatever is available."""
    return Edge(f"exactly({amount})", lambda _left: amount)


EDGES: Final = (
    exactly(1),
    Edge("all_that_is_left", lambda left: left),
    Edge("half_of_it", lambda left: left >> 1),
    Edge("all_but_one", lambda left: max(left - 1, 0)),
    Edge("one_more", lambda left: left + 1),
    *[exactly(amount) for amount in (0, 2, 3, 7, 10, 999, 10**6, WAD - 1, WAD, WAD + 1, 123456789012345678901)],
)


def amounts(most: int = UINT256_MAX) -> SearchStrategy[Edge]:
    """A Hypothesis strategy for the amount of an argument, as an Edge, of three kinds. They are: the fixed list EDGES,
    simplest first; any amount up to 10 WAD; and `most`, the largest number of the argument's type.
    """
    return st.one_of(st.sampled_from((*EDGES, exactly(most))), st.integers(0, 10 * WAD).map(exactly))


FRACTIONS_WAD: Final = st.one_of(st.sampled_from((WAD >> 1, 1, 10**9, WAD - 1, WAD, 0, WAD + 1)), st.integers(1, WAD))
"""A Hypothesis strategy for the fraction that a slash takes, in WAD. Most draws are valid; some are at the bounds 0 and
WAD, or just above WAD.
"""

SELDOM: Final = st.tuples(st.booleans(), st.booleans(), st.booleans()).map(all)
"""A Hypothesis strategy for booleans: True about once in eight draws, for arguments that are to be wrong on purpose."""
