"""Integrals by composite Gauss-Legendre rules, refined until two refinements agree; their difference is the error.

The error is an estimate, not a bound. Results that depend on it are called computed, never exact.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NODES: Final = 20
"""The number of nodes of the Gauss-Legendre rule on each panel, that is, each equal part of the interval."""

TOLERANCE: Final = 1e-13
FLOOR: Final = 4e-15
"""The smallest error that is reported: some units in the last place."""


@lru_cache(maxsize=64)
def rule(low: float, high: float, panels: int) -> tuple[Floats, Floats]:
    """The nodes and weights of the composite Gauss-Legendre rule on `[low, high]` with this many panels."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(low, high, panels + 1)
    half = (edges[1:] - edges[:-1]) / 2
    middle = (edges[1:] + edges[:-1]) / 2
    return (middle[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * weights).ravel()


def refined(compute: Callable[[int], Any], start: int, most: int) -> tuple[Any, float]:
    """The limit of `compute(panels)`, an array or a float, and the summed difference of the last two refinements.

    The number of panels doubles from `start` up to `most`, until that difference is below the tolerance.
    """
    panels = start
    value = compute(panels)
    while True:
        panels *= 2
        finer = compute(panels)
        error = float(np.sum(np.abs(np.asarray(finer) - np.asarray(value))))
        if error <= TOLERANCE or panels >= most:
            return finer, max(error, FLOOR)
        value = finer


def integral(function: Callable[[Floats], Floats], low: float, high: float) -> tuple[float, float]:
    """The integral of a smooth function over `[low, high]`, and its estimated error."""

    def compute(panels: int) -> float:
        nodes, weights = rule(low, high, panels)
        return float(weights @ function(nodes))

    return refined(compute, 1, 1024)
