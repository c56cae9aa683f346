"""Proof that `spec.history.HistoryTable` keeps the trusted contract that replaces it in all other proofs.

The class's own source runs on a history of any length that is well formed: its points rise, and its head repeats its
last value. Each loop is cut: its invariant is proved at its beginning, its variables become arbitrary values that
satisfy the invariant, the body runs once, and the invariant is proved again. The claims:

- a history begins without rows, and its value is then the default;
- a look-up returns the value of the last checkpoint at or before a point, or the default before the first; so it
  returns a checkpoint's value at the checkpoint's point, and the value of the one before just before it;
- if no checkpoint's point is later than now, the value from now on is the latest one;
- if so, a push at the current point leaves the history well formed, changes no earlier value, and sets the value from
  now on;
- one such push, or two in a row, write exactly the rows that the contract writes.

Together these are the contract in `proofs/state.py`: before now an unknown function that no step changes, from now on
the latest value. Pushes at later points, and pops, are proved in `proofs/history_write_contract.py`.
"""

import ast
from collections.abc import Callable
from pathlib import Path as File
from types import ModuleType
from typing import Any, Final

import z3

from proofs.goals import some_path_is_taken
from proofs.lifting import lift
from proofs.paths import Demand, Path, Term, explore, path
from proofs.shapes import flatten
from proofs.solving import Answer, Ask, Status, prove
from proofs.state import History, SymbolicRows, use_contract
from proofs.symbols import SymInt, SymName, term_of

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
"""For each loop in `value_at`, in order: the variables that it changes, its invariant, and its variant, which is
positive before each turn and decreases in it, so that the loop ends.
"""


class PathEnds(Exception):
    """The end of a path that has no goal: an assumption does not hold there, or the body of a loop replaced by its
    invariant has run once.
    """


class _CutLoops(ast.NodeTransformer):
    """Replaces each `while` loop by a demand of its invariant, arbitrary values for its variables, and its body under
    `if`. So one turn from any state stands for all turns.
    """

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
    """The functions that are called where a loop was replaced by its invariant. `number` is the loop's index in
    INVARIANTS, `values` are the local variables by name.
    """

    Ends = PathEnds

    def __init__(self, surroundings: Callable[[], dict[str, Any]]) -> None:
        self._surroundings: Final = surroundings
        self._havocs = 0
        self._path: Path | None = None
        self._left: Term = None

    def _holds(self, number: int, values: dict[str, Any]) -> Any:
        return eval(INVARIANTS[number][1], {}, _All({**values, **self._surroundings()}))

    def require(self, number: int, values: dict[str, Any]) -> None:
        """Demand that the loop's invariant is proved here, for each path of its evaluation. A path on which the
        invariant does not hold ends by PathEnds.
        """
        here = path()
        kept = len(here.conditions)
        if not bool(self._holds(number, values)):
            fails = z3.And(*here.conditions[kept:])
            here.required.append(Demand(f"invariant of loop {number}", z3.Not(fails), here.here()))
            raise PathEnds

    def any(self, number: int, values: dict[str, Any]) -> tuple[Any, ...]:
        """Arbitrary values of the loop's variables that satisfy its invariant. A path on which they do not satisfy it
        ends by PathEnds.
        """
        names = INVARIANTS[number][0]
        self._havocs = self._havocs + 1 if self._path is path() else 0
        self._path = path()
        found = {name: SymInt(z3.Int(f"{name}.{number}.{self._havocs}")) for name in names}
        if not bool(self._holds(number, {**values, **found})):
            raise PathEnds
        self._left = self._measure(number, {**values, **found})
        return tuple([found[name] for name in names])

    def falls(self, number: int, values: dict[str, Any]) -> None:
        """Demand a proof that the loop ends: its variant, an integer, was positive before the turn and has decreased in
        it.
        """
        path().require(f"loop {number} ends", z3.And(self._left > 0, self._measure(number, values) < self._left))

    def _measure(self, number: int, values: dict[str, Any]) -> Term:
        return term_of(eval(INVARIANTS[number][2], {}, values))


class _All(dict[str, Any]):
    """The local variables with which an invariant is evaluated: a `dict`, as `eval` needs one."""


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
    return names["value_at"]  # type: ignore[no-any-return]  # what exec defines has no type


class AnyHistory:
    """An arbitrary well-formed history: facts about its rows, the result that a look-up must have, and proofs about
    both.

    `contract` replaces `HistoryTable` in its module, or leaves it; `history` is an object of the class found there
    afterwards. `source` is always the original class. `ask` is the function that decides a goal.
    """

    def __init__(self, ask: Ask, contract: Callable[[ModuleType], None] = lambda _module: None) -> None:
        self._ask: Final = ask
        world = lift("spec.history", {})
        machine, self.module = world.modules["spec.machine"], world.modules["spec.history"]
        self.source: Final = self.module.HistoryTable
        contract(self.module)
        self.machine: Final = machine
        self.schema: Final = machine.Schema()
        self.history: Final = self.module.HistoryTable(self.schema, "history", SymInt(z3.Int("default")))
        self.key: Final = SymName(z3.Int("key"))
        shapes = {self.history.heads.name: str, self.history.checkpoints.name: (str, int)}
        tables = [SymbolicRows(table, shapes[table.name], {}, self.note) for table in self.schema.tables]
        self.state: Final = machine.State(tables)
        self.draft: Final = machine.Draft
        self.before: Final = machine.Draft(self.state)
        self.point: Final = SymInt(z3.Int("point"))

    def note(self, touch: Any) -> None:
        """Record a read on the current path, if it is of a checkpoint of this history. `touch` is the read."""
        if touch.table is self.history.checkpoints and touch.past_of is None:
            path().touched[touch.identity] = touch

    @property
    def count(self) -> Any:
        """The number of checkpoints in the history."""
        return self.before.get(self.history.heads, self.key).count

    def point_of(self, position: Any, rows: Any = None) -> Any:
        """The point of the checkpoint at index `position`, read in the draft `rows` or, by default, in the state
        before.
        """
        return (rows or self.before).get(self.history.checkpoints, (self.key, position)).point

    def value_of(self, position: Any, rows: Any = None) -> Any:
        """The value of the checkpoint at index `position`, read in the draft `rows` or, by default, in the state
        before.
        """
        return (rows or self.before).get(self.history.checkpoints, (self.key, position)).value

    def is_sound(self, here: Path) -> list[Term]:
        """The facts that the history is well formed, at the indices of those checkpoints that the path `here` read:
        points rise, and the head repeats the last value.
        """
        count, known = term_of(self.count), self.positions(here)
        facts = [count >= 0]
        last = self.value_of(SymInt(count - 1)).term
        latest = self.before.get(self.history.heads, self.key).latest.term
        facts.append(latest == z3.If(count == 0, term_of(self.history.default), last))
        for one in known:
            for other in known:
                rise = self.point_of(SymInt(one)).term < self.point_of(SymInt(other)).term
                facts.append(z3.Implies(z3.And(one >= 0, one < other, other < count), rise))
        return facts

    def positions(self, here: Path) -> list[Term]:
        """The indices, as terms, of those checkpoints of this history that the path `here` read, and of the last one;
        each once.
        """
        read = [touch.key for touch in here.touched.values()] + [(self.key, self.count - 1)]
        own = [flatten(key)[1] for key in read if flatten(key)[0].eq(self.key.term)]
        return list({term.get_id(): term for term in own}.values())

    def keeps_order(self, rows: Any) -> Any:
        """True if the history in the draft `rows` is well formed: points rise, and the head repeats the last value. Two
        checkpoints with arbitrary indices stand for all.
        """
        one, other = SymInt(z3.Int("one")), SymInt(z3.Int("other"))
        head = rows.get(self.history.heads, self.key)
        if head.count < 0:
            return False
        if head.latest != (self.history.default if head.count == 0 else self.value_of(head.count - 1, rows)):
            return False
        if 0 <= one < other < head.count:
            return self.point_of(one, rows) < self.point_of(other, rows)
        return True

    def is_split(self, position: Any, rows: Any) -> Any:
        """True if the index `position` splits the checkpoints at `self.point`: exactly those below it are at or before
        that arbitrary point. `rows` is the draft to read.
        """
        count = rows.get(self.history.heads, self.key).count
        return (
            0 <= position <= count
            and (position == 0 or self.point_of(position - 1, rows) <= self.point)
            and (position == count or self.point_of(position, rows) > self.point)
        )

    def answer_at(self, split: Any, rows: Any) -> Any:
        """The value that a look-up at `self.point` must return: that of the checkpoint below the index `split`, or the
        default if `split` is 0. `split` must satisfy `is_split`.
        """
        return self.history.default if split == 0 else self.value_of(split - 1, rows)

    def ask(
        self,
        program: Callable[[], Any],
        known: Callable[[Path], list[Term]] = lambda _here: [],
        is_of_contract: bool = False,
    ) -> list[tuple[Term, Answer]]:
        """Prove that a program returns true on every path, for any well-formed history that satisfies `known`. Returns
        each goal with its answer.

        Facts that a path assumed are hypotheses, and its demands are goals. If `is_of_contract` it is the other way
        round: the demands of the contract on a call are hypotheses, and its assumptions about the past are goals.

        A further goal is that the paths cover every case. If no path is possible, a goal that cannot be proved is
        added. A path that is limited by a list's length counts as failed.
        """
        answers: list[tuple[Term, Answer]] = []
        taken: list[Path] = []
        can_be = False

        def run() -> Any:
            try:
                return program()
            except PathEnds:
                return None

        for here, outcome in explore(run, proves=True):
            taken.append(here)
            facts, required = [*here.facts.values()], [demand.condition for demand in here.required]
            granted, wanted = (required, facts) if is_of_contract else (facts, required)
            with Path(here, [], False) as at_end:
                given = [*here.conditions, *granted, *known(here), *self.is_sound(at_end)]
            is_asked, fails = outcome is not None, isinstance(outcome, Exception) or bool(here.scopes)
            goal = z3.BoolVal(not fails) if fails or not is_asked else term_of(outcome)
            answers += [(goal, self._ask([given], goal)) for goal in [goal, *wanted]]
            can_be = can_be or (is_asked and prove([given], z3.BoolVal(False)).status is Status.REFUTED)
        whole = some_path_is_taken("", Path(None, [], False), taken)
        answers.append((whole.goal, self._ask([[] if is_of_contract else [*whole.here.facts.values()]], whole.goal)))
        return answers if can_be else [*answers, (z3.BoolVal(False), Answer(Status.UNKNOWN, "", 0))]


PROVED_HERE: Final = {"latest", "push", "value_at"}
"""The methods that the trusted contract of histories defines, beside the tables that it declares. The proofs of this
module are about them.
"""


class HistoryProof(AnyHistory):
    """The claims about look-ups in any history, and about pushes at the current point."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        self.now: Final = SymInt(z3.Int("now"))
        cut = _Cut(lambda: {"count": self.count, "point": self.point, "point_of": self.point_of})
        self._value_at: Final = _cut_value_at(self.module, cut)

    def _look_up(self) -> Any:
        return self._value_at(self.history, self.before, self.key, self.point)

    def _is_past(self, here: Path) -> list[Term]:
        """The facts that no checkpoint's point is later than now, at the indices of those checkpoints that the path
        `here` read.
        """
        count = term_of(self.count)
        return [
            z3.Implies(z3.And(one >= 0, one < count), self.point_of(SymInt(one)).term <= self.now.term)
            for one in self.positions(here)
        ]

    def look_up(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that `HistoryTable.value_at` finds the last checkpoint at or before a
        point. It returns that checkpoint's value, or the default if there is none.
        """
        split = SymInt(z3.Int("split"))

        def program() -> Any:
            if not self.is_split(split, self.before):
                raise PathEnds
            wanted = self.answer_at(split, self.before)
            return self._look_up() == wanted

        return self.ask(program)

    def beginning(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that a history without rows is well formed, and that its value is the
        default, now and at any point.

        So the trusted contract's first value is right, and the facts about rows hold from the beginning on.
        """

        def program() -> Any:
            rows = self.draft(self.schema.empty_state())
            head = rows.get(self.history.heads, "anybody")
            latest, found = (self.history.latest(rows, "anybody"), self.history.value_at(rows, "anybody", self.point))
            default = self.history.default
            return head.count == 0 and head.latest == default and latest == default and found == default

        return self.ask(program)

    def _contract(self) -> Any:
        """A history of the class by which the trusted contract replaces `HistoryTable`. It has a schema of its own, and
        its current point is `self.now`.
        """
        own_class = self.module.__dict__["HistoryTable"]
        use_contract(self.module)
        contract, self.module.__dict__["HistoryTable"] = self.module.__dict__["HistoryTable"], own_class
        contract._now = self.now
        return contract(self.machine.Schema(), "history", self.history.default)

    def replaced(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that the trusted contract of histories declares the same tables as
        `HistoryTable`, with equal default rows. It also replaces only the methods that are proved here.
        """
        stands = self._contract()

        def program() -> Any:
            for own, other in ((self.history.heads, stands.heads), (self.history.checkpoints, stands.checkpoints)):
                if (own.name, own.index) != (other.name, other.index) or own.default != other.default:
                    return False
            both = {name for name in vars(self.source) if name in vars(History) and not name.startswith("__")}
            return both == PROVED_HERE

        return self.ask(program)

    def split(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that a point splits the checkpoints at one index only: those below it
        are at or before the point, the others later.
        """
        one, other = SymInt(z3.Int("split")), SymInt(z3.Int("other_split"))

        def program() -> Any:
            if not self.is_split(one, self.before) or not self.is_split(other, self.before):
                raise PathEnds
            return one == other

        return self.ask(program)

    def checkpoints(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that `HistoryTable.value_at` returns a checkpoint's value at the
        checkpoint's point. Just before that point it returns the value of the checkpoint before.
        """
        position = SymInt(z3.Int("position"))

        def program() -> Any:
            if not 0 <= position < self.count:
                raise PathEnds
            if self.point == self.point_of(position):
                return self._look_up() == self.value_of(position)
            if self.point == self.point_of(position) - 1:
                return self._look_up() == self.answer_at(position, self.before)
            raise PathEnds

        return self.ask(program)

    def present(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that a history's value from now on is its latest value, if no
        checkpoint is later than now.
        """

        def program() -> Any:
            if self.point < self.now:
                raise PathEnds
            return self._look_up() == self.history.latest(self.before, self.key)

        return self.ask(program, known=self._is_past)

    def push(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that a `push` at the current point changes no value at an earlier
        point, and sets the value from now on.
        """
        split, value = SymInt(z3.Int("split")), SymInt(z3.Int("value"))

        def program() -> Any:
            draft = self.draft(self.state)
            self.history.push(draft, self.key, self.now, value)
            after = self.draft(self.state, list(draft.delta().writes))
            if not self.is_split(split, self.before):
                raise PathEnds
            if self.point < self.now:
                same = self.answer_at(split, after) == self.answer_at(split, self.before)
                return same and self.is_split(split, after)
            count = after.get(self.history.heads, self.key).count
            return self.answer_at(count, after) == value and self.is_split(count, after)

        return self.ask(program, known=self._is_past)

    def order(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that a history is well formed after a `push` at the current point. Its
        points rise, none is later than now, and its head repeats the last value.
        """
        one = SymInt(z3.Int("one"))

        def program() -> Any:
            draft = self.draft(self.state)
            self.history.push(draft, self.key, self.now, SymInt(z3.Int("value")))
            after = self.draft(self.state, list(draft.delta().writes))
            if 0 <= one < after.get(self.history.heads, self.key).count and self.point_of(one, after) > self.now:
                return False
            return self.keeps_order(after)

        return self.ask(program, known=self._is_past)

    def rows(self, pushes: int) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that some `pushes` at the current point write, row by row, what the
        trusted contract of histories writes. The contract's unknown index of the checkpoint is assumed to be that of
        the source.
        """
        stands, position = self._contract(), SymInt(z3.Int("position"))

        def program() -> Any:
            last = self.count - 1
            place = last if last >= 0 and self.point_of(last) == self.now else self.count
            if self.count < 0 or stands._place(self.key) != place:
                raise PathEnds
            by_contract, by_source = self.draft(self.state), self.draft(self.state)
            for number in range(pushes):
                value = SymInt(z3.Int(f"pushed.{number}"))
                stands.push(by_contract, self.key, self.now, value)
                self.history.push(by_source, self.key, self.now, value)
            written = self._is_written(by_source, self.history, position)
            return self._is_written(by_contract, stands, position) == written

        return self.ask(program, known=self._is_past, is_of_contract=True)

    def _is_written(self, draft: Any, history: Any, position: Any) -> tuple[Any, ...]:
        """The writes of a draft to a history: the tables' indices, the head, and the checkpoint at index `position`.
        False stands for a row that is not written.
        """
        checkpoint = draft._written(history.checkpoints, (self.key, position))
        head = draft._written(history.heads, self.key)
        return (
            sorted([write.table.index for write in draft.delta().writes]),
            head is not None and (head.row.count, head.row.latest),
            checkpoint is not None and (checkpoint.row.point, checkpoint.row.value),
        )


def prove_history(ask: Ask = prove) -> dict[str, list[tuple[Term, Answer]]]:
    """The goals and answers of each part of the proof that the source of `HistoryTable` keeps its trusted contract, by
    the part's name. `ask` is the function that decides a goal.
    """
    proof = HistoryProof(ask)
    return {
        "beginning": proof.beginning(),
        "replaced": proof.replaced(),
        "look-up": proof.look_up(),
        "split": proof.split(),
        "checkpoints": proof.checkpoints(),
        "present": proof.present(),
        "push": proof.push(),
        "order": proof.order(),
        "rows": [*proof.rows(1), *proof.rows(2)],
    }
