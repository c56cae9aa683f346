"""The HiGHS solver, which proposes attacks, and the multipliers in the leaves of certificates. Nothing relies on its
answers.

For numbers near 1, rows are divided by their service's need, and amounts of money by the largest amount.
"""

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import attrs
import highspy
import numpy as np

from risk.program import Program

Cut = tuple[int, frozenset[int]]
"""A row of the program, as the index of a service and the indices of the commitments that the row covers.

It says: if the service falls, its other commitments carry the weight that it needs beyond the covered ones.
"""


@attrs.frozen
class Relaxed:
    """A solution of the linear relaxation of a `Program`, or of the program itself.

    `value` is the objective. `services` and `columns` are the values of their variables, between 0 and 1. `multipliers`
    are the dual multipliers of the rows; empty for the result of `search`.
    """

    value: float
    services: Sequence[float]
    columns: Sequence[float]
    multipliers: Sequence[float]


@contextmanager
def silence() -> Iterator[None]:
    """A context manager that discards standard output: HiGHS prints a banner before it can be silenced. It does nothing
    outside POSIX.
    """
    if os.name != "posix":
        yield
        return
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # what C has not written yet goes the same way
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


class Solver:
    """A program in HiGHS. Its variables are the services, then the columns (uses of stakes).

    Its rows are, in order: one for each service with a need; those by which an option of a stake excludes the stake's
    other columns; cuts.
    """

    def __init__(self, program: Program) -> None:
        self.program: Final = program
        self.cuts: Final[list[Cut]] = []
        amounts = [*program.gain, *(column.cost for column in program.columns)]
        self.scale: Final = float(max([*amounts, 1]))
        with silence():
            self.highs: Final = highspy.Highs()
            for name, value in (
                ("output_flag", False),
                ("threads", 1),
                ("parallel", "off"),
                ("random_seed", 0),
            ):
                self.highs.setOptionValue(name, value)
        costs = [gain / self.scale for gain in program.gain]
        costs += [-(column.cost / self.scale) for column in program.columns]
        count = len(costs)
        self.highs.addVars(count, np.zeros(count), np.ones(count))
        self.highs.changeColsCost(count, np.arange(count, dtype=np.int32), np.array(costs))
        self.highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        self.service_count: Final = len(program.services)
        """The number of services, which is also the index of the first column's variable."""
        self.required: Final[list[Cut]] = [
            (service, frozenset()) for service in range(self.service_count) if self._add((service, frozenset()))
        ]
        """The rows of services with a positive need. Their multipliers come first in
        `Relaxed.multipliers`, before those of `cuts`.
        """
        self.one_of: Final[dict[int, int]] = {}
        """The index of the row that allows at most one option of a pool, by the pool's first option."""
        for options, items in program.pools:
            if len(options) > 1:
                self.one_of[options[0]] = int(self.highs.getNumRow())
                self._row(0, 1, [(self.service_count + j, 1.0) for j in options])
            for item in items if options else ():
                self._row(0, 1, [(self.service_count + j, 1.0) for j in (*options, item)])
        self.first_cut: Final = int(self.highs.getNumRow())

    def _row(self, low: float, high: float, entries: list[tuple[int, float]]) -> None:
        index = np.array([position for position, _ in entries], dtype=np.int32)
        self.highs.addRow(low, high, len(entries), index, np.array([number for _, number in entries]))

    def _add(self, cut: Cut) -> bool:
        """Add the row of a service with covered commitments. Returns False, and adds nothing, if the service needs no
        more weight than they have.
        """
        program = self.program
        service, covered = cut
        rest = program.need[service] - sum(program.weight[e] for e in covered)
        if rest <= 0:
            return False
        divisible = program.network.is_divisible
        entries = [(service, -1.0)]
        for j, weight in program.carriers[service].items():
            column = program.columns[j]
            hidden = sum(program.weight[e] for e in column.rows if e in covered) if covered else 0
            if weight > hidden:
                number = (weight - hidden) / rest
                entries.append((self.service_count + j, number if divisible else min(number, 1.0)))
        self._row(0, highspy.kHighsInf, entries)
        return True

    def cut(self, cut: Cut) -> None:
        """Add a cut: a row of a service that every attack obeys."""
        if self._add(cut):
            self.cuts.append(cut)

    def fix(self, position: int, low: float, high: float) -> None:
        """Bound the variable at this index, a service or a column, from `low` to `high`."""
        self.highs.changeColBounds(position, low, high)

    def require_one(self, pool: int, is_required: bool) -> None:
        """Require exactly one option of a pool (all columns of one stake), or lift that requirement. `pool` is the
        pool's first option.
        """
        self.highs.changeRowBounds(self.one_of[pool], 1.0 if is_required else 0.0, 1.0)

    def relax(self, seconds: float) -> Relaxed | None:
        """The optimum of the linear relaxation, with the present bounds and cuts. None if it is infeasible, or if the
        solver finds no optimum in time.
        """
        self._allow(seconds)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self.highs.getSolution()
        values, duals = list(solution.col_value), list(solution.row_dual)
        kept = [*range(len(self.required)), *range(self.first_cut, len(duals))]
        return Relaxed(
            self.highs.getInfo().objective_function_value * self.scale,
            values[: self.service_count],
            values[self.service_count :],
            [-duals[row] for row in kept],
        )

    def _allow(self, seconds: float) -> None:
        # HiGHS measures time from the creation of the object.
        self.highs.setOptionValue("time_limit", float(self.highs.getRunTime()) + max(seconds, 0.1))

    def search(self, at_least_one: bool, seconds: float, target: float | None = None) -> tuple[Relaxed | None, bool]:
        """The best attack that the solver finds in time, and True if the search is complete.

        It is complete if the solver calls the attack optimal, or proves that no attack exists. `at_least_one` requires
        an attack on one service or more. `target`: stop at an attack worth more than this, in units of the program. The
        attack is None if none was found.
        """
        highs, program = self.highs, self.program
        for position in range(self.service_count + len(program.columns)):
            if (
                position < self.service_count
                or program.columns[position - self.service_count].is_option
                or (not program.network.is_divisible)
            ):
                highs.changeColIntegrality(position, highspy.HighsVarType.kInteger)
        if at_least_one:
            self._row(1, highspy.kHighsInf, [(service, 1.0) for service in range(self.service_count)])
        self._allow(seconds)
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.setOptionValue("mip_abs_gap", 0.0)
        if target is not None:
            highs.setOptionValue("objective_target", float(target / self.scale))
        highs.run()
        status = highs.getModelStatus()
        info: Any = highs.getInfo()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None, True
        if info.primal_solution_status != 2:
            return None, False
        values = list(highs.getSolution().col_value)
        found = Relaxed(
            info.objective_function_value * self.scale,
            values[: self.service_count],
            values[self.service_count :],
            [],
        )
        return found, status == highspy.HighsModelStatus.kOptimal
