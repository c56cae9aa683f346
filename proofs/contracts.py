"""Proves that `spec.history.HistoryTable` keeps the contract that stands for it in all other proofs.

The class's own source runs on a history of any length, of which is known that its points rise, that none is later than
now, and that its head repeats its last value. A loop of unknown length is cut: its invariant is proved where it begins,
then its variables are any that satisfy the invariant, the body runs once, and the invariant is proved again. That is:

- a look-up answers with the value of the last checkpoint at or before a point, or the default before the first;
- a push at the point that is now keeps the history as it has to be, changes no answer for an earlier point, and is the
  answer for now and later.

Together these are the contract in `proofs/state.py`: before now an unknown function that no step changes, from now on
the latest value.
"""

import ast
from collections.abc import Callable
from pathlib import Path as File
from types import ModuleType
from typing import Any, Final

import z3

from proofs.lifting import lift
from proofs.solving import Answer, Ask, prove
from proofs.state import SymbolicRows, flatten
from proofs.symbols import Path, SymInt, SymName, Term, explore, path, term_of

INVARIANTS: Final[list[tuple[tuple[str, ...], str, str]]] = [
    (
        ("high", "low", "stride"),
        "0 <= high <= count and low < high and stride >= 1 and (high == count or point_of(high) > point)",
        "low + 1",
    ),
    (
        ("low", "high"),
        "0 <= low <= high <= count and (low == 0 or point_of(low - 1) <= point)"
        " and (high == count or point_of(high) > point)",
        "high - low",
    ),
]
"""Of each loop in `value_at`, in order: the variables that it changes, what holds of them whenever it is asked, and
what falls each time it runs, and is positive before, so that it ends.
"""


class _PathEnds(Exception):
    """The body of a cut loop has run once: what comes after is the path on which the loop ends."""


class _CutLoops(ast.NodeTransformer):
    """Puts the proof of its invariant before each loop, any values after it, and makes of the loop a branch."""

    def __init__(self) -> None:
        self._loops = 0

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        number, names = self._loops, INVARIANTS[self._loops][0]
        self._loops += 1
        called = f"({', '.join(names)})"
        before = ast.parse(f"_cut.require({number}, locals())\n{called} = _cut.any({number}, locals())").body
        after = ast.parse(f"_cut.require({number}, locals())\n_cut.falls({number}, locals())\nraise _cut.Ends").body
        return [*before, ast.If(test=node.test, body=[*node.body, *after], orelse=[])]


class _Cut:
    """What a cut loop calls."""

    Ends = _PathEnds

    def __init__(self, surroundings: Callable[[], dict[str, Any]]) -> None:
        self._surroundings: Final = surroundings
        self._havocs = 0
        self._left: Term = None

    def _holds(self, number: int, values: dict[str, Any]) -> Any:
        return eval(INVARIANTS[number][1], {}, _All({**values, **self._surroundings()}))

    def require(self, number: int, values: dict[str, Any]) -> None:
        """Demand the invariant, one path of it after the other."""
        here = path()
        kept = len(here.conditions)
        if not bool(self._holds(number, values)):
            here.required.append((f"invariant of loop {number}", z3.Not(z3.And(*here.conditions[kept:]))))
            raise _PathEnds

    def any(self, number: int, values: dict[str, Any]) -> tuple[Any, ...]:
        """Any values of the loop's variables that satisfy the invariant."""
        names = INVARIANTS[number][0]
        self._havocs += 1
        found = {name: SymInt(z3.Int(f"{name}.{number}.{self._havocs}")) for name in names}
        if not bool(self._holds(number, {**values, **found})):
            raise _PathEnds
        self._left = self._measure(number, {**values, **found})
        return tuple([found[name] for name in names])

    def falls(self, number: int, values: dict[str, Any]) -> None:
        """Demand that what falls has fallen, and was positive."""
        path().require(f"loop {number} ends", z3.And(self._left > 0, self._measure(number, values) < self._left))

    def _measure(self, number: int, values: dict[str, Any]) -> Term:
        return term_of(eval(INVARIANTS[number][2], {}, values))


class _All(dict[str, Any]):
    """Names for an invariant."""


def _cut_value_at(history: ModuleType, cut: _Cut) -> Callable[..., Any]:
    file = str(history.__file__)
    tree = ast.parse(File(file).read_text())
    function = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "value_at")
    function.returns = None
    for argument in function.args.args:
        argument.annotation = None
    module = ast.fix_missing_locations(ast.Module(body=[_CutLoops().visit(function)], type_ignores=[]))
    names: dict[str, Any] = {**vars(history), "_cut": cut}
    exec(compile(module, file, "exec"), names)
    return names["value_at"]  # type: ignore[no-any-return]


class HistoryProof:
    """The class on a history that stands for any."""

    def __init__(self, ask: Ask) -> None:
        self._ask: Final = ask
        world = lift("spec.history", {})
        machine, module = world.modules["spec.machine"], world.modules["spec.history"]
        schema = machine.Schema()
        self.history: Final = module.HistoryTable(schema, "history", 0)
        self.history.default = SymInt(z3.Int("default"))
        self.key: Final = SymName(z3.Int("key"))
        shapes = {self.history.heads.name: str, self.history.checkpoints.name: (str, int)}
        tables = [SymbolicRows(table, shapes[table.name], {}, self._note) for table in schema.tables]
        self.state: Final = machine.State(tables)
        self.before: Final = machine.Draft(self.state)
        self._draft: Final = machine.Draft
        self.now: Final = SymInt(z3.Int("now"))
        self.point: Final = SymInt(z3.Int("point"))
        cut = _Cut(lambda: {"count": self.count, "point": self.point, "point_of": self.point_of})
        self._value_at: Final = _cut_value_at(module, cut)

    def _note(self, touch: Any) -> None:
        if touch.table is self.history.checkpoints:
            path().touched[touch.identity] = touch

    @property
    def count(self) -> Any:
        """How many checkpoints there are."""
        return self.before.get(self.history.heads, self.key).count

    def point_of(self, position: Any, rows: Any = None) -> Any:
        """The point of a checkpoint."""
        return (rows or self.before).get(self.history.checkpoints, (self.key, position)).point

    def value_of(self, position: Any, rows: Any = None) -> Any:
        """The value of a checkpoint."""
        return (rows or self.before).get(self.history.checkpoints, (self.key, position)).value

    def is_sound(self, here: Path) -> list[Term]:
        """What is known of the history, at the positions that a path read."""
        positions = {term.get_id(): term for touch in here.touched.values() for term in flatten(touch.key)[1:]}
        count, now, known = term_of(self.count), self.now.term, list(positions.values())
        facts = [count >= 0]
        last = self.point_of(SymInt(count - 1)).term, self.value_of(SymInt(count - 1)).term
        latest = self.before.get(self.history.heads, self.key).latest.term
        facts.append(latest == z3.If(count == 0, term_of(self.history.default), last[1]))
        for one in known:
            at_one = self.point_of(SymInt(one)).term
            facts.append(z3.Implies(z3.And(one >= 0, one < count), at_one <= now))
            for other in known:
                at_other = self.point_of(SymInt(other)).term
                facts.append(z3.Implies(z3.And(one >= 0, one < other, other < count), at_one < at_other))
        return facts

    def is_split(self, position: Any, rows: Any) -> Any:
        """Whether the checkpoints before a position are those at or before the point, and no others."""
        count = rows.get(self.history.heads, self.key).count
        return (
            0 <= position <= count
            and (position == 0 or self.point_of(position - 1, rows) <= self.point)
            and (position == count or self.point_of(position, rows) > self.point)
        )

    def answer_at(self, split: Any, rows: Any) -> Any:
        """The value that a look-up has to give."""
        return self.history.default if split == 0 else self.value_of(split - 1, rows)

    def look_up(self) -> list[tuple[Term, Answer]]:
        """That `value_at` finds the last checkpoint at or before a point."""
        split = SymInt(z3.Int("split"))

        def program() -> Any:
            if not self.is_split(split, self.before):
                raise _PathEnds
            wanted = self.answer_at(split, self.before)
            return self._value_at(self.history, self.before, self.key, self.point) == wanted

        return self._prove(program)

    def push(self) -> list[tuple[Term, Answer]]:
        """That `push` changes no answer for a point before now, and is the answer from now on."""
        split, split_after = SymInt(z3.Int("split")), SymInt(z3.Int("split_after"))
        value = SymInt(z3.Int("value"))

        def program() -> Any:
            draft = self._draft(self.state)
            self.history.push(draft, self.key, self.now, value)
            after = self._draft(self.state, list(draft.delta().writes))
            if not self.is_split(split, self.before) or not self.is_split(split_after, after):
                raise _PathEnds
            if self.point < self.now:
                return self.answer_at(split_after, after) == self.answer_at(split, self.before)
            return self.answer_at(split_after, after) == value

        return self._prove(program)

    def order(self) -> list[tuple[Term, Answer]]:
        """That `push` keeps points rising, none later than now, and the head the last value."""
        one, other = SymInt(z3.Int("one")), SymInt(z3.Int("other"))

        def program() -> Any:
            draft = self._draft(self.state)
            self.history.push(draft, self.key, self.now, SymInt(z3.Int("value")))
            after = self._draft(self.state, list(draft.delta().writes))
            head = after.get(self.history.heads, self.key)
            if head.latest != self.value_of(head.count - 1, after):
                return False
            if 0 <= one < head.count and self.point_of(one, after) > self.now:
                return False
            if 0 <= one < other < head.count:
                return self.point_of(one, after) < self.point_of(other, after)
            return True

        return self._prove(program)

    def _prove(self, program: Callable[[], Any]) -> list[tuple[Term, Answer]]:
        answers: list[tuple[Term, Answer]] = []

        def run() -> Any:
            try:
                return program()
            except _PathEnds:
                return True

        for here, outcome in explore(run):
            with Path(here, [], False) as at_end:
                known = [*here.conditions, *here.facts.values(), *self.is_sound(at_end)]
            goal = z3.BoolVal(False) if isinstance(outcome, Exception) else term_of(outcome)
            answers += [(goal, self._ask([known], goal)) for goal in [goal, *[wanted for _, wanted in here.required]]]
        return answers


def prove_history(ask: Ask = prove) -> dict[str, list[tuple[Term, Answer]]]:
    """The goals of each part of the contract, and what came of them."""
    proof = HistoryProof(ask)
    return {"look-up": proof.look_up(), "push": proof.push(), "order": proof.order()}
