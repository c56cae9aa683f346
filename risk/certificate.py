"""The tree that proves a claim: it branches until the relaxation's multipliers prove the claim exactly at each leaf.

The solver proposes multipliers, and the checker's own bound accepts or rejects them. So a grown tree is a proof,
whatever the solver answers; its errors only cost additional leaves.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Any, Final

import attrs

from risk.program import Program
from risk.solver import Cut, Relaxed, Solver
from risk.verify import Bounds, Problem

Key = tuple[str, Any]
"""The object of a branch, as a pair in the checker's names.

It is ("service", name), ("commitment", index), or ("stake", id). The last decides if the stake is lost whole or by the
sum of its slashes.
"""
Row = tuple[str, set[int], Fraction]

CUT_ROUNDS: Final = 12
"""The largest number of rounds of cut generation before the first branching."""
MAX_CUTS: Final = 600
MAX_COVERED: Final = 120
"""The largest number of commitments that one cut may cover."""
DENOMINATORS: Final = (1_000, 1_000_000)
BITS: Final = 44
"""The number of binary places that multipliers are rounded to."""


@attrs.frozen
class Grown:
    """The result of growing a tree.

    `tree` is the complete tree, or None. `counterexample` is an attack that may break the claim, or None. It is given
    as the indices of its services and of its columns (uses of stakes). It comes from a solution in floats, so the
    caller values it exactly. `leaves` counts the leaves so far.
    """

    tree: list[list[Any]] | None
    counterexample: tuple[set[int], set[int]] | None
    leaves: int


class Tree:
    """The tree of a certificate, built depth first, in the order in which the checker reads it.

    A branch fixes a choice: a service falls or not, a commitment is used or not. A leaf has multipliers of rows, which
    prove the claim for all attacks with the choices fixed above it. A node that becomes a leaf is *closed*.
    """

    def __init__(self, program: Program, problem: Problem) -> None:
        self.program: Final = program
        self.deadline = 0.0
        self.solver: Final = Solver(program)
        self.bounds: Final = Bounds(problem, program.claim.as_json())
        self.nodes: Final[list[list[Any]]] = []
        self.leaves = 0
        self._bounded: dict[int, tuple[int, int]] = {}
        self._required: set[int] = set()
        self._stack: Final[list[dict[Key, int]]] = [{("service", service): 1 for service in program.claim.forced}]
        self._is_cut = False
        self._pool_of: Final = {
            stake.stake_id: pool for stake, pool in zip(program.network.stakes, program.pools, strict=True)
        }
        self._stake_of: Final = [
            stake for stake, (options, items) in self._pool_of.items() for _ in range(len(options) + len(items))
        ]
        """The id of the stake that each column uses, by the column's position."""
        ratio = Fraction(self.bounds.unit, program.unit)
        self._money: Final = float(ratio) * self.solver.scale
        """The factor from the solver's unit of money to the checker's."""

    def grow(self, seconds: float, most_leaves: int | None = None) -> Grown:
        """Grow the tree until it is complete or stuck. Another call continues where this one ended.

        It is stuck if an attack may break the claim, or if no choice is left to branch on. It is stuck, too, if the
        time or the number of leaves runs out.
        """
        self.deadline = time.monotonic() + seconds
        if not self._is_cut:
            self._cut()
            self._is_cut = True
        while self._stack:
            if time.monotonic() > self.deadline or (most_leaves is not None and self.leaves >= most_leaves):
                return Grown(None, None, self.leaves)
            fixed = self._stack.pop()
            proof, relaxed = self._leaf(fixed)
            if proof is not None:
                self.leaves += 1
                self.nodes.append(self._written(proof))
                continue
            key = self._branch(fixed, relaxed)
            if relaxed is not None and (key is None or (_is_whole(relaxed) and self._contradicts(relaxed))):
                return Grown(None, _taken(relaxed), self.leaves)
            if key is None:
                return Grown(None, None, self.leaves)
            self.nodes.append([*key])
            self._stack.extend([{**fixed, key: 0}, {**fixed, key: 1}])
        return Grown(self.nodes, None, self.leaves)

    def _relax(self, fixed: Mapping[Key, int]) -> Relaxed | None:
        wanted, required = self._limits(fixed)
        for position in self._bounded.keys() - wanted.keys():
            self.solver.fix(position, 0, 1)
        for position, (low, high) in wanted.items():
            if self._bounded.get(position) != (low, high):
                self.solver.fix(position, low, high)
        for pool in self._required ^ required:
            self.solver.require_one(pool, pool in required)
        self._bounded, self._required = wanted, required
        return self.solver.relax(self.deadline - time.monotonic())

    def _limits(self, fixed: Mapping[Key, int]) -> tuple[dict[int, tuple[int, int]], set[int]]:
        """The bounds (low, high) of the solver's variables under the fixed choices, by variable; and the pools with a
        required option.

        A pool is all columns (uses) of one stake: its options and its items. It is named by its first option.
        """
        program, first = self.program, self.solver.service_count
        wanted: dict[int, tuple[int, int]] = {}
        required: set[int] = set()
        touched: set[str] = set()
        for (kind, name), value in fixed.items():
            if kind == "service":
                wanted[program.services.index(name)] = (value, value)
            elif kind == "stake":
                wanted[first + self._pool_of[name][0][0]] = (value, value)
            elif program.network.losses == "sum":
                items = self._pool_of[program.commitments[name].stake_id][1]
                (item,) = [j for j in items if program.columns[j].rows == (name,)]
                wanted[first + item] = (value, value)
            else:
                touched.add(program.commitments[name].stake_id)
        for stake in touched:
            options, _ = self._pool_of[stake]
            left = self._left(stake, fixed)
            allowed = [j for j in options if {*program.columns[j].rows} in left]
            for j in options:
                if j not in allowed:
                    wanted[first + j] = (0, 0)
            if set() not in left and len(allowed) == 1:
                wanted[first + allowed[0]] = (1, 1)
            elif set() not in left:
                required.add(options[0])
        return wanted, required

    def _left(self, stake: str, fixed: Mapping[Key, int]) -> Collection[set[int]]:
        """The sets of a stake's commitments that the fixed choices still allow an attack to use. Not for losses that
        are summed.
        """
        out = {e for e in self.bounds.of[stake] if fixed.get(("commitment", e)) == 0}
        used = {e for e in self.bounds.of[stake] if fixed.get(("commitment", e)) == 1}
        return [these for _, these in self.bounds.choices[stake] if used <= these and not these & out]

    def _leaf(self, fixed: Mapping[Key, int]) -> tuple[list[Row] | None, Relaxed | None]:
        """The rows with multipliers that prove the claim for all attacks with these fixed choices. Also the optimum of
        the linear relaxation.

        The rows are None if no multipliers that were found prove the claim. The optimum is None if the relaxation is
        infeasible, failed, or was not needed.
        """
        if all(fixed.get(("service", s)) == 0 for s in self.program.services):
            return [], None
        relaxed = self._relax(fixed)
        if relaxed is None:
            for rows in self._blocked(fixed):
                if self._closes(fixed, rows):
                    return rows, None
        else:
            slack = 1.0 if not self.program.network.is_divisible else 0.0
            if relaxed.value <= float(self.program.limit) + slack + 1e-7 * self.solver.scale:
                for rows in self._rounded(relaxed):
                    if self._closes(fixed, rows):
                        return rows, relaxed
        if self._branch(fixed, None) is None:
            rows = self._settled(fixed)
            if self._closes(fixed, rows):
                return rows, relaxed
        return None, relaxed

    def _closes(self, fixed: Mapping[Key, int], rows: Sequence[Row]) -> bool:
        return self.bounds.closes(dict(fixed), list(rows))

    def _rounded(self, relaxed: Relaxed) -> list[list[Row]]:
        """The multipliers of the linear relaxation's optimum as rational rows, once for each of several roundings.

        A proof that fails with one rounding may be exact with a simpler one.
        """
        cuts: list[Cut] = [*self.solver.required, *self.solver.cuts]
        numbers = []
        for (service, covered), dual in zip(cuts, relaxed.multipliers, strict=True):
            if dual > 1e-12:
                name = self.program.services[service]
                rest, _ = self.bounds.row(name, {*covered})
                numbers.append((name, {*covered}, dual * (self._money / rest)))
        found: list[list[Row]] = [
            [(service, covered, Fraction(int(number * 2**BITS), 2**BITS)) for service, covered, number in numbers]
        ]
        found.extend(
            [(s, covered, Fraction(number).limit_denominator(most)) for s, covered, number in numbers]
            for most in DENOMINATORS
        )
        return found

    def _blocked(self, fixed: Mapping[Key, int]) -> list[list[Row]]:
        """Rows for each service that must fall by the fixed choices: its own row, with a multiplier as large as all
        profits.

        They prove the claim if the choices leave too little stake to corrupt the service.
        """
        most = sum(self.bounds.gain.values()) + abs(ceil(self.program.claim.at_most * self.bounds.unit)) + 2
        return [[(name, set(), Fraction(most))] for (kind, name), value in fixed.items() if kind == "service" and value]

    def _settled(self, fixed: Mapping[Key, int]) -> list[Row]:
        """The rows of a leaf at which all choices are fixed, for divisible stakes. Their multipliers are computed
        exactly.

        Only the used fractions of commitments are open there. A service's multiplier pays for the weight that it needs
        beyond its wholly lost stakes. The list is empty for networks with indivisible stakes.
        """
        if not self.program.network.is_divisible:
            return []
        rows: list[Row] = []
        for s, terms in self.program.network.terms.items():
            whole = sum(
                self.bounds.weight[e]
                for e in self.bounds.behind[s]
                if fixed.get(("stake", self.program.commitments[e].stake_id)) == 1
            )
            if fixed[("service", s)] and whole < self.bounds.need[s]:
                rest, _ = self.bounds.row(s, set())
                rows.append((s, set(), terms.slash * Fraction(self.bounds.need[s], rest)))
        return rows

    def _branch(self, fixed: Mapping[Key, int], relaxed: Relaxed | None) -> Key | None:
        """The next object to branch on; None if all choices are fixed. Fractional services of the relaxation come
        first, by gain times distance from 0 or 1. Stakes with fractional uses follow, then any other open choice.
        """
        program = self.program
        if relaxed is not None:
            broken = [
                (min(x, 1 - x) * program.gain[s], program.services[s])
                for s, x in enumerate(relaxed.services)
                if 1e-6 < x < 1 - 1e-6 and ("service", program.services[s]) not in fixed
            ]
            if broken:
                return "service", max(broken)[1]
            split = [
                (min(z, 1 - z) * program.columns[j].cost, j)
                for j, z in enumerate(relaxed.columns)
                if 1e-6 < z < 1 - 1e-6
            ]
            for _, j in sorted(split, reverse=True):
                key = self._open(self._stake_of[j], fixed, program.columns[j].rows)
                if key is not None:
                    return key
        for service in program.services:
            if ("service", service) not in fixed:
                return "service", service
        keys = (self._open(stake, fixed, ()) for stake in self._pool_of)
        return next((key for key in keys if key is not None), None)

    def _open(self, stake: str, fixed: Mapping[Key, int], preferred: Sequence[int]) -> Key | None:
        """A choice about a stake that is not fixed yet: about one of the `preferred` commitments if possible. None if
        all choices about the stake are fixed.
        """
        options, items = self._pool_of[stake]
        if self.program.network.losses == "sum":
            side = fixed.get(("stake", stake), 0 if not options else None)
            if side is None:
                return "stake", stake
            rows = [] if side or self.program.network.is_divisible else [self.program.columns[j].rows[0] for j in items]
            found = [e for e in rows if ("commitment", e) not in fixed]
        else:
            left = self._left(stake, fixed)
            # The commitment with the largest loss comes first: its choice decides those with smaller losses.
            found = sorted(
                {e for these in left for e in these if not all(e in other for other in left)},
                key=lambda e: -self.bounds.loss[e],
            )
        key = next((e for e in found if e in preferred), next(iter(found), None))
        return None if key is None else ("commitment", key)

    def _contradicts(self, relaxed: Relaxed) -> bool:
        """True if an integral solution of the relaxation is an attack that breaks the claim, in exact arithmetic. False
        for divisible stakes, and without services.
        """
        services, columns = _taken(relaxed)
        program = self.program
        if program.network.is_divisible or not services:
            return False
        for service in services:
            if sum(program.carriers[service].get(j, 0) for j in columns) < program.need[service]:
                return False
        value = sum(program.gain[s] for s in services) - sum(program.columns[j].cost for j in columns)
        return value > program.limit or (value == program.limit and program.claim.is_strict)

    def _cut(self) -> None:
        """Add cuts, rows that every attack obeys and the relaxation violates, for a few rounds. Networks with divisible
        stakes get none.
        """
        if self.program.network.is_divisible:
            return
        fixed: dict[Key, int] = {("service", service): 1 for service in self.program.claim.forced}
        seen: set[Cut] = set()
        for _ in range(CUT_ROUNDS):
            relaxed = self._relax(fixed)
            if relaxed is None or relaxed.value <= float(self.program.limit) or time.monotonic() > self.deadline:
                return
            new = [cut for cut in self._violated(relaxed) if cut not in seen]
            if not new or len(seen) > MAX_CUTS:
                return
            seen.update(new)
            for cut in new:
                self.solver.cut(cut)

    def _violated(self, relaxed: Relaxed) -> list[Cut]:
        """For each service, the cut that the relaxation's optimum violates most, if it violates any.

        A cut covers some of those commitments of the service that the optimum uses most.
        """
        program = self.program
        use = [0.0] * len(program.weight)
        for j, column in enumerate(program.columns):
            for e in column.rows:
                use[e] += relaxed.columns[j]
        found = []
        for service, x in enumerate(relaxed.services):
            if x < 0.02:
                continue
            rows = sorted(program.rows_of[service], key=lambda e: -use[e])
            covered: list[int] = []
            rest = program.need[service]
            best, best_cut = 1e-3, None
            used = [e for e in rows if use[e] > 0]
            for e in rows:
                covered.append(e)
                rest -= program.weight[e]
                if rest <= 0 or use[e] < x / 4 or len(covered) > MAX_COVERED:
                    break
                if len(covered) > 4 and len(covered) % (len(covered).bit_length() ** 2 // 4):
                    continue
                carried = sum(min(program.weight[o] / rest, 1.0) * use[o] for o in used[len(covered) :])
                if x - carried > best:
                    best, best_cut = x - carried, (service, frozenset(covered))
            if best_cut is not None:
                found.append(best_cut)
        return found

    def _written(self, rows: Sequence[Row]) -> list[Any]:
        return ["leaf", [[s, "without", sorted(covered), str(number)] for s, covered, number in rows if number]]


def _is_whole(relaxed: Relaxed) -> bool:
    return all(min(abs(n), abs(1 - n)) < 1e-6 for n in (*relaxed.services, *relaxed.columns))


def _taken(relaxed: Relaxed) -> tuple[set[int], set[int]]:
    """The indices of the services and of the columns (uses of stakes) whose variables exceed 1/2 in a solution."""
    services, columns = ({n for n, x in enumerate(found) if x > 0.5} for found in (relaxed.services, relaxed.columns))
    return services, columns
