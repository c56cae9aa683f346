"""Properties as functions of the implementation that they test, so that each can be seen to fail on a broken one."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Property = Callable[..., None]


def holds(prop: Property, *strategies: SearchStrategy[Any], examples: int = 40, shrink: bool = True) -> None:
    """Checks that a property holds for all drawn examples. The draws are the same in every run."""
    phases = [Phase.generate, *([Phase.shrink] if shrink else [])]
    quiet = settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, report_multiple_bugs=False, phases=phases
    )

    def run(drawn: tuple[Any, ...]) -> None:
        prop(*drawn)

    quiet(given(st.tuples(*strategies))(run))()


def breaks(prop: Property, *strategies: SearchStrategy[Any], examples: int = 300) -> None:
    """Checks that a property fails for some drawn example, so that an error made on purpose is noticed."""
    with pytest.raises(AssertionError):
        holds(prop, *strategies, examples=examples, shrink=False)
