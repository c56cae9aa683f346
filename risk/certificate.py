"""Growing the tree that proves a claim: branch until the multipliers of a relaxation show each leaf, exactly.

The solver proposes multipliers, the checker's own bound decides. Whatever the solver says, a tree that was grown is
proved; a solver that errs costs leaves.
"""

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import attrs

from risk.program import Program
from risk.solver import Cut, Relaxed, Solver
from risk.verify import Bounds, Problem

Key = str | int
"""What is branched on: a service by its name, a column by its number."""
Row = tuple[str, set[int], Fraction]

CUT_ROUNDS: Final = 12
"""So often cuts are sought before the first branching."""
MAX_CUTS: Final = 600
MAX_COVERED: Final = 120
"""No cut covers more commitments."""
DENOMINATORS: Final = (1_000, 1_000_000)
BITS: Final = 44
"""Multipliers are rounded to this many binary places."""


@attrs.frozen
class Grown:
    """What came of growing: the tree, if it is whole; or choices of an attack that the claim does not allow."""

    tree: list[list[Any]] | None
    counterexample: Mapping[Key, int] | None
    leaves: int


class Tree:
    """A tree that grows, depth first, and in the order in which it is checked."""

    def __init__(self, program: Program, problem: Problem) -> None:
        self.program: Final = program
        self.deadline = 0.0
        self.solver: Final = Solver(program)
        self.bounds: Final = Bounds(problem, program.claim.as_json())
        self.nodes: Final[list[list[Any]]] = []
        self.leaves = 0
        self._bounded: dict[int, int] = {}
        self._stack: Final[list[dict[Key, int]]] = [dict.fromkeys(program.claim.forced, 1)]
        self._is_cut = False

    def grow(self, seconds: float, most_leaves: int | None = None) -> Grown:
        """Grow on until the tree is whole, an attack contradicts the claim, or time (or the number of leaves) is up."""
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
            where = self._branch(fixed, relaxed)
            if where is None:
                return Grown(None, fixed, self.leaves)
            if relaxed is not None and _is_whole(relaxed) and self._contradicts(relaxed):
                return Grown(None, self._choices(relaxed), self.leaves)
            self.nodes.append(["branch", where])
            self._stack.extend([{**fixed, where: 0}, {**fixed, where: 1}])
        return Grown(self.nodes, None, self.leaves)

    def _position(self, key: Key) -> int:
        return self.program.services.index(key) if isinstance(key, str) else self.solver.service_count + key

    def _relax(self, fixed: Mapping[Key, int]) -> Relaxed | None:
        wanted = {self._position(key): value for key, value in fixed.items()}
        for position in self._bounded.keys() - wanted.keys():
            self.solver.fix(position, 0, 1)
        for position, value in wanted.items():
            if self._bounded.get(position) != value:
                self.solver.fix(position, value, value)
        self._bounded = wanted
        return self.solver.relax(self.deadline - time.monotonic())

    def _leaf(self, fixed: Mapping[Key, int]) -> tuple[list[Row] | None, Relaxed | None]:
        """The rows whose multipliers close this node, or what the relaxation says if none do."""
        if self.program.claim.is_nonempty and all(fixed.get(s) == 0 for s in self.program.services):
            return [], None
        relaxed = self._relax(fixed)
        if relaxed is None:
            blocked = self._blocked(fixed)
            if blocked is not None and self._closes(fixed, blocked):
                return blocked, None
        else:
            slack = 1.0 if not self.program.network.is_divisible else 0.0
            if relaxed.value <= float(self.program.limit) + slack + 1e-7 * self.solver.scale:
                for rows in self._rounded(relaxed):
                    if self._closes(fixed, rows):
                        return rows, relaxed
        if self._is_settled(fixed):
            rows = self._settled(fixed)
            if self._closes(fixed, rows):
                return rows, relaxed
        return None, relaxed

    def _closes(self, fixed: Mapping[Key, int], rows: Sequence[Row]) -> bool:
        return self.bounds.closes(dict(fixed), list(rows))

    def _rounded(self, relaxed: Relaxed) -> list[list[Row]]:
        """The relaxation's multipliers as rationals, in several ways: the simplest may be the exact ones."""
        program = self.program
        cuts: list[Cut] = [*self.solver.required, *self.solver.cuts]
        numbers = []
        for (service, covered), dual in zip(cuts, relaxed.multipliers, strict=True):
            if dual > 1e-12:
                rest = program.need[service] - sum(program.weight[e] for e in covered)
                numbers.append((program.services[service], set(covered), dual * (self.solver.scale / rest)))
        found: list[list[Row]] = [
            [(service, covered, Fraction(int(number * 2**BITS), 2**BITS)) for service, covered, number in numbers]
        ]
        found.extend(
            [(s, covered, Fraction(number).limit_denominator(most)) for s, covered, number in numbers]
            for most in DENOMINATORS
        )
        return found

    def _carried(self, fixed: Mapping[Key, int], service: int, only_fixed: bool = False) -> int:
        """The most weight that can still be behind a service, or what the choices made put there already."""
        program = self.program
        total = 0
        weights = program.carriers[service]
        for options, items in program.pools:
            taken = [j for j in options if fixed.get(j) == 1]
            if taken:
                total += weights.get(taken[0], 0)
            elif only_fixed:
                total += sum(weights.get(j, 0) for j in items if fixed.get(j) == 1)
            else:
                free = [weights.get(j, 0) for j in options if fixed.get(j) != 0]
                added = any(fixed.get(j) == 1 for j in items)
                summed = sum(weights.get(j, 0) for j in items if fixed.get(j) != 0)
                total += max([summed, *([] if added else free)])
        return total

    def _blocked(self, fixed: Mapping[Key, int]) -> list[Row] | None:
        """Multipliers that show that a service asked for can no longer be corrupted; None if none is seen."""
        for key, value in fixed.items():
            if isinstance(key, str) and value == 1:
                service = self.program.services.index(key)
                missing = self.program.need[service] - self._carried(fixed, service)
                if missing > 0:
                    return [(key, set(), Fraction(sum(self.program.gain) + abs(int(self.program.limit)) + 2, missing))]
        return None

    def _is_settled(self, fixed: Mapping[Key, int]) -> bool:
        """Whether every choice is made that is no matter of degree."""
        return all(service in fixed for service in self.program.services) and self.bounds.whole <= fixed.keys()

    def _settled(self, fixed: Mapping[Key, int]) -> list[Row]:
        """Exact multipliers once only degrees are open: a service then pays for the weight that it still needs."""
        if not self.program.network.is_divisible:
            return []
        rows: list[Row] = []
        for position, service in enumerate(self.program.services):
            if fixed[service] and self._carried(fixed, position, only_fixed=True) < self.program.need[position]:
                rows.append((service, set(), self.program.network.terms[service].slash))
        return rows

    def _branch(self, fixed: Mapping[Key, int], relaxed: Relaxed | None) -> Key | None:
        """What to branch on next: services before columns, the least settled first; None if all is settled."""
        program = self.program
        if relaxed is not None:
            broken = [
                (min(x, 1 - x) * program.gain[s], program.services[s])
                for s, x in enumerate(relaxed.services)
                if 1e-6 < x < 1 - 1e-6 and program.services[s] not in fixed
            ]
            if broken:
                return max(broken)[1]
            split = [
                (min(z, 1 - z) * program.columns[j].cost, j)
                for j, z in enumerate(relaxed.columns)
                if 1e-6 < z < 1 - 1e-6 and j in self.bounds.whole and j not in fixed
            ]
            if split:
                return max(split)[1]
        for service in program.services:
            if service not in fixed:
                return service
        return min((j for j in self.bounds.whole if j not in fixed), default=None)

    def _choices(self, relaxed: Relaxed) -> dict[Key, int]:
        found: dict[Key, int] = {s: round(relaxed.services[p]) for p, s in enumerate(self.program.services)}
        found.update({j: round(relaxed.columns[j]) for j in self.bounds.whole})
        return found

    def _contradicts(self, relaxed: Relaxed) -> bool:
        """Whether a whole solution is an attack that the claim does not allow, in exact numbers."""
        choices = self._choices(relaxed)
        if self.program.claim.is_nonempty and not any(choices[s] for s in self.program.services):
            return False
        program = self.program
        if program.network.is_divisible:
            return False
        for position, service in enumerate(program.services):
            if choices[service] and self._carried(choices, position, only_fixed=True) < program.need[position]:
                return False
        value = sum(program.gain[p] for p, s in enumerate(program.services) if choices[s])
        value -= sum(column.cost for j, column in enumerate(program.columns) if choices[j])
        return value > program.limit or (value == program.limit and program.claim.is_strict)

    def _cut(self) -> None:
        """Seek rows that every attack obeys and the relaxation breaks, a few times."""
        if self.program.network.is_divisible:
            return
        fixed: dict[Key, int] = dict.fromkeys(self.program.claim.forced, 1)
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
        """For each service the cut that its most used commitments cover and that is broken most, if any is."""
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
        plain = {service: str(number) for service, covered, number in rows if not covered and number}
        cuts = [[service, sorted(covered), str(number)] for service, covered, number in rows if covered and number]
        return ["leaf", plain, cuts]


def _is_whole(relaxed: Relaxed) -> bool:
    return all(min(abs(n), abs(1 - n)) < 1e-6 for n in (*relaxed.services, *relaxed.columns))
