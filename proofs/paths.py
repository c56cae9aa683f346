"""Path exploration: a program is run on symbols once for each path through its branches.

The program is run as it is written. Where it needs the truth value of a symbolic condition, it *forks*: the run
continues as if the condition held, and the program is later run again as if it did not. `explore` yields each path with
the conditions under which it is taken. Both sides of a fork are followed unless the solver shows that one is
impossible.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import ArgumentError
from functools import cache
from importlib import import_module
from pathlib import Path as File
from traceback import extract_tb
from types import ModuleType, TracebackType
from typing import Any, Final, NoReturn, Self

import z3

Term = Any
"""A term of z3, whose Python interface is untyped."""

FEASIBILITY_STEPS: Final = 8_000
"""The step limit of the solver for deciding if one side of a fork is possible. If it gives up, the side is followed,
which is always sound.
"""

MAX_PATHS: Final = 50_000
MAX_DECISIONS: Final = 2_000
"""The maximum number of forks on one path. A program that exceeds it, such as an endless loop over
symbols, is refused.
"""

IMPOSSIBLE: Final = (ZeroDivisionError, IndexError, KeyError, ValueError, AssertionError)
"""The exceptions that a lifted program may raise by itself. It must be proved that none is raised in a state that
satisfies the laws.
"""


UNFOLLOWED: Final = (
    *(TypeError, AttributeError, NameError, LookupError, ArithmeticError, RuntimeError, MemoryError, BufferError),
    *(ImportError, OSError, StopIteration, StopAsyncIteration, SyntaxError, ArgumentError, z3.Z3Exception),
)
"""All other exceptions that a program may raise: the program is refused at the line that raised it. `ArgumentError` is
listed because ctypes turns an infinite recursion into it.
"""

HERE: Final = File(__file__).parent
"""The folder of the engine. In messages its files do not count as places in the source, except those that define
theories.
"""


class UnliftableError(Exception):
    """The exception for source that does something which symbolic execution cannot follow. The message names file and
    line.
    """


class TooEarlyError(Exception):
    """The exception for an operand of `and` or `or` that is refused while it is evaluated ahead of Python. The operand
    is evaluated again where Python reaches it.
    """


class Refused(BaseException):
    """The exception for a refusal while a program runs on symbols. It derives from BaseException, so that lifted code
    cannot catch it. Once no path is followed any more, it becomes an UnliftableError.
    """

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(what)
        self.what: Final = what
        self.place = place

    def locate(self, trace: TracebackType | None) -> None:
        """Record the line of the source that caused the refusal, found in a traceback, unless one is recorded."""
        self.place = self.place or place_in(trace)

    def as_error(self) -> UnliftableError:
        """This refusal as an UnliftableError, to be raised once no path is followed any more."""
        return UnliftableError(f"{self.what}\n  {self.place}" if self.place else self.what)


def place_in(trace: TracebackType | None) -> str:
    """The innermost frame of a traceback that belongs to the source and not to the engine, as "file:line: text". Empty
    if no frame does, or if there is no traceback.
    """
    frames = extract_tb(trace) if trace is not None else []
    lines = [f"{frame.filename}:{frame.lineno}: {frame.line}" for frame in frames if not _is_engine(frame.filename)]
    return lines[-1] if lines else ""


def load(module: str) -> ModuleType:
    """The module, imported now. Raises UnliftableError, with the place, for any exception during the import."""
    try:
        return import_module(module)
    except UnliftableError:
        raise
    except Exception as error:  # whatever a module does while it is loaded
        place = place_in(error.__traceback__)
        if isinstance(error, SyntaxError):
            place = f"{error.filename}:{error.lineno}"
        raise UnliftableError(f"{type(error).__name__}: {error}\n  {place}") from error


def refuse(what: str, place: str = "") -> NoReturn:
    """Raise a refusal: the source does something that symbolic execution cannot follow. Outside of a path this is an
    UnliftableError.

    It is a TooEarlyError where Python might not get to this point and the operand can be evaluated again.
    """
    if is_followed() and can_be_asked_again():
        raise TooEarlyError(what)
    refused = Refused(what, place)
    raise refused if is_followed() else refused.as_error()


def is_followed() -> bool:
    """True if a path is being followed, that is, if the program runs on symbols. False in plain Python."""
    return bool(_paths)


def _is_engine(file: str) -> bool:
    place = File(file)
    if place.parts[-2:] == ("spec", "machine.py"):
        return True  # a refusal names the line that uses the draft, not the draft's own
    if file.startswith("<") or place.parent == File(z3.__file__).parent:
        return True  # Python's own code, or the solver's
    is_of_theory = place.name == "theory.py" or (place.name == "folds.py" and place.parent != HERE)
    return HERE in place.parents and not is_of_theory


class Demand:
    """A condition that must be proved at a point of the program; `at` is the path up to that point. `label` names it in
    verdicts.
    """

    def __init__(self, label: str, condition: Term, at: "Path") -> None:
        self.label: Final = label
        self.condition: Final = condition
        self.at: Final = at

    @property
    def identity(self) -> object:
        """A key that is equal for one demand met on several paths, which part only after it."""
        known = [*self.at.conditions, *self.at.facts.values()]
        return (self.label, self.condition.get_id(), frozenset(term.get_id() for term in known))


class Path:
    """One path through a program: the answers given at forks so far, and everything known under them.

    `base` is an earlier path whose conditions hold here too. `answers` are those to give at the first forks. `prunes`
    says if sides of forks that the solver shows impossible are skipped. `example` is a model of what is known after the
    last of `answers`, if one was found. A condition that is true in it is possible without asking a solver.
    """

    def __init__(self, base: "Path | None", answers: Sequence[bool], prunes: bool, example: Term = None) -> None:
        self._base: Final = base
        self._answers: Final = answers
        self._asked = 0
        self._solver: Term = None
        self._shared: Term = None
        self._given: Final[list[bool]] = []
        self.prunes: Final = prunes
        self.alternatives: Final[list[tuple[list[bool], Term]]] = []
        """The sides of forks not taken, still to be explored: the answers that lead to each, and an example or None."""
        self._example: Term = None
        self._next_example: Final[Term] = example
        self._unchecked: Final[list[Term]] = []
        """The conditions and facts added since the example was found, which it may not satisfy."""
        self.conditions: Final[list[Term]] = []
        self.facts: Final[dict[int, Term]] = {}
        self.required: Final[list[Demand]] = []
        self.touched: Final[dict[object, Any]] = {}
        self.scopes: Final[set[str]] = set()
        self.is_run = False
        """True if `explore` runs a program on this path."""
        self.left_out: Final[list[Term]] = []
        """The cases left out by this path: each reaches a limit and lies beyond it."""
        self._limits: Final[dict[int, Term]] = {}
        self.sees_change = False
        self.reader: Callable[[Any], None] | None = None
        """The callback for look-ups of a history's past on this path, if not the default."""
        self.is_concerned = True
        """False if the law that is evaluated does not apply on this path."""
        self.context = ""
        """The prefix for the names of constants that stand for arbitrary list elements."""
        self.quantified = 0
        self._known: Final[dict[int, bool]] = {}
        self._by_number: Final[dict[int, Term]] = {}
        self._inherited = 0
        """The number of conditions inherited from the base path."""
        if base is not None:
            self._by_number.update(base.by_number())
            self._inherited = len(base.conditions)
            self.conditions.extend(base.conditions)
            self._known.update(dict.fromkeys(self._by_number, True))
            self.facts.update(base.facts)
            self.touched.update(base.touched)
            self.scopes.update(base.scopes)
            self.reader = base.reader
            self.left_out.extend(base.left_out)
            self._limits.update(base._limits)
            self.context = base.context
            self.quantified = base.quantified
            self._known.update(base._known)
            self._example = base._example
            self._unchecked[:] = base._unchecked

    def __enter__(self) -> Self:
        _paths.append(self)
        return self

    def here(self) -> "Path":
        """A copy of what is known and read up to this point, as an independent path."""
        copy = Path(None, [], self.prunes)
        copy.conditions.extend(self.conditions)
        copy.facts.update(self.facts)
        copy.touched.update(self.touched)
        copy.scopes.update(self.scopes)
        copy.left_out.extend(self.left_out)
        copy._limits.update(self._limits)
        copy.required.extend(self.required)
        copy._known.update(self._known)
        copy.reader = self.reader
        copy.quantified = self.quantified
        return copy

    @property
    def given(self) -> tuple[bool, ...]:
        """The answers at forks so far, in order, which identify the path up to this point."""
        return tuple(self._given)

    def __exit__(self, _kind: object = None, error: object = None, trace: TracebackType | None = None) -> None:
        del _paths[_paths.index(self) :]
        if self._solver is not None and self._base is not None:
            self._solver.pop()
            self._solver = None
        if isinstance(error, Refused):
            error.locate(trace)
            if not _paths:
                raise error.as_error() from error

    def by_number(self) -> dict[int, Term]:
        """The conditions of the path, by the numbers of their terms. Conditions are never removed."""
        for condition in self.conditions[len(self._by_number) :]:
            self._by_number[condition.get_id()] = condition
        return self._by_number

    def decide(self, condition: Term) -> bool:
        """The truth value to go on with where the program branches on a condition. If both are possible, or without
        `prunes`, it is the next answer to replay. Without one it is True, and the other side is kept for later.
        """
        condition = simplified(condition)
        if z3.is_true(condition):
            return True
        if z3.is_false(condition):
            return False
        known = self._known.get(condition.get_id())
        if known is not None:
            return known
        if self._asked < len(self._answers):
            answer = self._answers[self._asked]
        elif not self.prunes:
            self.alternatives.append(([*self._given, False], None))
            answer = True
        else:
            answer = self._choose(condition)
        self._asked += 1
        self._given.append(answer)
        if self._asked > MAX_DECISIONS:
            refuse(f"more than {MAX_DECISIONS} decisions on one path")
        self.learn(condition if answer else z3.Not(condition))
        if self._answers and self._asked == len(self._answers):
            self._example = self._next_example
            self._unchecked.clear()
        return answer

    def _choose(self, condition: Term) -> bool:
        """The truth value to go on with at a fork that has no answer to replay. If both sides are possible it is True,
        and the other is kept in `alternatives`.
        """
        opposite = z3.Not(condition)
        holds_in_example = self._holds_in_example(condition)
        if holds_in_example:
            can, other = self._can(opposite)
            if can:
                self.alternatives.append(([*self._given, False], other))
            return True
        example = self._example
        can, one = self._can(condition)
        if not can:
            return False
        if holds_in_example is None:
            can, example = self._can(opposite)
            if not can:
                self._take(one)
                return True
        self.alternatives.append(([*self._given, False], example))
        self._take(one)
        return True

    def _holds_in_example(self, condition: Term) -> bool | None:
        """The truth value of a condition in the example, which is a model of the path. None if there is no example or
        it does not decide.
        """
        if self._example is None:
            return None
        if self._unchecked:
            known = self._example.eval(z3.And(*self._unchecked), model_completion=True)
            self._unchecked.clear()
            if not z3.is_true(known):
                self._example = None
                return None
        value = self._example.eval(condition, model_completion=True)
        return True if z3.is_true(value) else False if z3.is_false(value) else None

    def _take(self, example: Term) -> None:
        self._example = example
        self._unchecked.clear()

    def assume(self, fact: Term) -> None:
        """Add a fact that does not come from the program: a definition, or a law of the state before the call."""
        if fact.get_id() not in self.facts:
            self.facts[fact.get_id()] = fact
            self._unchecked.append(fact)
            if self._solver is not None:
                assert_all(self._solver, [fact])

    def limit(self, bound: Term, words: str) -> None:
        """Restrict this path to a bound, such as on a list's length. It becomes a condition, and a scope of the proof,
        described by `words`. Where Python may not reach this point, the bound applies only to the states in which it
        does.
        """
        self.scopes.add(words)
        bound = z3.simplify(z3.Implies(z3.And(*UNSURE), bound) if UNSURE else bound)
        if z3.is_true(bound) or bound.get_id() in self._limits:
            return
        self._limits[bound.get_id()] = bound
        self.left_out.append(z3.And(*self.conditions, z3.Not(bound)))
        self.learn(bound)

    def learn(self, condition: Term) -> None:
        """Add a condition under which this path is taken; the solver and later forks take it as true."""
        self.conditions.append(condition)
        self._know(condition, True)
        self._unchecked.append(condition)
        if self._solver is not None:
            assert_all(self._solver, [condition])

    def _know(self, condition: Term, holds: bool) -> None:
        """Record that a condition holds or does not, so that no solver is asked for it again. The same is recorded of
        the parts of a conjunction that holds or a disjunction that does not.
        """
        self._known[condition.get_id()] = holds
        kind = condition.decl().kind() if z3.is_app(condition) else None
        if kind == z3.Z3_OP_NOT:
            self._know(condition.arg(0), not holds)
        elif kind == (z3.Z3_OP_AND if holds else z3.Z3_OP_OR):
            for part in condition.children():
                self._know(part, holds)

    def require(self, label: str, condition: Term) -> None:
        """Demand a proof that the condition holds in every state in which the program reaches this point. Only what is
        known here may be used: later assumptions may hold only because the condition does.
        """
        self.required.append(Demand(label, z3.simplify(condition), self.here()))

    def _can(self, condition: Term) -> tuple[bool, Term]:
        """False if the solver shows that the condition is impossible here, else True. The second value is a model, if
        it finds one.
        """
        solver = self._solver_here()
        result = solver.check(condition)
        return result != z3.unsat, solver.model() if result == z3.sat else None

    def _solver_here(self) -> Term:
        """A solver that holds everything known here. It is the base path's, on which this path's formulas are pushed
        until the path ends.
        """
        if self._solver is None:
            if self._base is None:
                self._solver = _new_solver([*self.conditions, *self.facts.values()])
            else:
                self._solver = self._base._shared_solver()
                self._solver.push()
                inherited = self._base.by_number().keys() | self._base.facts.keys()
                own = {term.get_id(): term for term in self.conditions[self._inherited :]} | self.facts
                assert_all(self._solver, [term for number, term in own.items() if number not in inherited])
        return self._solver

    def forget(self) -> None:
        """Discard the solver that paths from here share. One that has learnt from another program would prune more: a
        program's paths would depend on which ran before.
        """
        self._shared = None

    def _shared_solver(self) -> Term:
        """The solver with everything that holds on this path, shared by the paths that start from its end."""
        if self._shared is None:
            self._shared = _new_solver([*self.conditions, *self.facts.values()])
        return self._shared


def _new_solver(formulas: list[Term]) -> Term:
    solver = z3.SimpleSolver()
    solver.set("rlimit", FEASIBILITY_STEPS)
    assert_all(solver, formulas)
    return solver


_simplified: Final[dict[int, tuple[Term, Term]]] = {}
"""The map from term number to the term and its simplified form. The term is kept so that its number is not reused."""


def simplified(term: Term) -> Term:
    """The simplified form of a term, cached for all paths."""
    found = _simplified.get(term.get_id())
    if found is None:
        found = _simplified[term.get_id()] = (term, z3.simplify(term))
    return found[1]


@cache
def numeral(number: int) -> Term:
    """The numeral for a number. It is kept forever, so that its term number is not reused for another term."""
    return z3.IntVal(number)


def assert_all(solver: Term, formulas: list[Term]) -> None:
    """Assert formulas without the conversions that z3's own `add` tries on each."""
    for formula in formulas:
        z3.Z3_solver_assert(solver.ctx.ref(), solver.solver, formula.as_ast())


_paths: Final[list[Path]] = []


def path() -> Path:
    """The path that is being followed. Raises UnliftableError if there is none."""
    if not _paths:
        raise UnliftableError("symbols are asked outside of any path")
    return _paths[-1]


def current_run() -> Path | None:
    """The innermost path on which `explore` runs a program, or None. Drafts that the program makes belong to
    that path.
    """
    return next((one for one in reversed(_paths) if one.is_run), None)


def explore(
    program: Callable[[], Any], base: Path | None = None, prunes: bool = True, proves: bool = False
) -> Iterator[tuple[Path, Any]]:
    """The paths of a program, each with the return value, or with the exception raised if it is one of IMPOSSIBLE. Any
    other exception is refused.

    With `prunes`, sides of forks are skipped as soon as the solver shows them impossible. With `proves`, the caller
    proves the paths' demands, which are conditions to be proved. Without it, a demand is refused.
    """
    pending: list[tuple[list[bool], Term]] = [([], None)]
    paths = 0
    if base is not None:
        base.forget()
    while pending:
        answers, example = pending.pop()
        here = Path(base, answers, prunes, example)
        here.is_run = True
        with here:
            try:
                with of_its_own():
                    outcome = program()
            except IMPOSSIBLE as error:
                outcome = error
            except (*UNFOLLOWED, UnliftableError) as error:
                words = str(error) if isinstance(error, UnliftableError) else f"{type(error).__name__}: {error}"
                raise _refused(words, error) from error
        if here.required and not proves:
            refuse(f"{here.required[0].label}: this is demanded where nothing proves it")
        pending += here.alternatives
        paths += 1
        if paths > MAX_PATHS:
            refuse(f"more than {MAX_PATHS} paths")
        yield here, outcome


def _refused(words: str, error: Exception) -> Refused:
    """The refusal for a program that ended in an exception, with the line that raised it."""
    refused = Refused(words)
    refused.locate(error.__traceback__)
    return refused


def either(base: Path, paths: Sequence[Path]) -> Path:
    """The disjunction of some paths from one base, as one path.

    Reads, facts and scopes of each path are kept: definitions, laws of the state before, and scopes are true on
    whichever path is taken.
    """
    here = Path(base, [], True)
    conditions = [{term.get_id(): term for term in one.conditions} for one in paths]
    common = set(conditions[0]).intersection(*conditions[1:]) - {term.get_id() for term in base.conditions}
    for key, term in conditions[0].items():
        if key in common:
            here.learn(term)
    given = {term.get_id() for term in here.conditions}
    here.learn(z3.Or(*[z3.And(*[term for key, term in one.items() if key not in given]) for one in conditions]))
    for one in paths:
        for fact in one.facts.values():
            here.assume(fact)
        here.touched.update(one.touched)
        here.scopes.update(one.scopes)
        here.left_out.extend(one.left_out)
        here.quantified = max(here.quantified, one.quantified)
    return here


UNSURE: Final[list[Term]] = []
"""For each `all`, `any`, `and` or `or` in progress where Python might have stopped, the condition under which Python
continues.
"""
GUARDS: Final[list[list[Term]]] = []
"""For each `all` or `any` in progress, the membership conditions of the list elements that it iterates over."""

RUNS: Final[list[Any]] = []
"""The run of the call in progress (`proofs/folds.py`), or nothing outside of a call. Without a run every list is
bounded.
"""

_asked_again: Final[list[bool]] = []
"""For each entry of `UNSURE`: True if the operand can be evaluated again where Python reaches it."""


def is_unsure() -> bool:
    """True if Python might not reach the current point, because an `and`, `or`, `all` or `any` may have stopped.
    Nothing may be changed there.
    """
    return bool(UNSURE)


def can_be_asked_again() -> bool:
    """True if Python might not reach the current point, and the same code is evaluated again where Python does."""
    return bool(UNSURE) and all(_asked_again)


@contextmanager
def unsure() -> Iterator[Callable[[Term, bool], None]]:
    """A context in which operands of `all`, `any`, `and` or `or` are evaluated although Python may have stopped before
    them.

    It yields a callback, to be called with each condition under which Python continues. Its second argument is True if
    what follows can be evaluated again.
    """
    before = len(UNSURE)

    def goes_on(condition: Term, is_asked_again: bool) -> None:
        UNSURE.append(condition)
        _asked_again.append(is_asked_again)

    try:
        yield goes_on
    finally:
        del UNSURE[before:]
        del _asked_again[before:]


def reached_if(condition: Term) -> None:
    """Declare, within a context of `unsure`, that Python reaches what follows only under a condition. What follows is
    not evaluated again.
    """
    UNSURE.append(condition)
    _asked_again.append(False)


@contextmanager
def of_its_own() -> Iterator[None]:
    """A context for a separate program, such as a law, that starts during another. It runs as if Python surely reaches
    it, and outside of any call, so that no loop cuts a run.
    """
    kept = UNSURE[:], _asked_again[:], GUARDS[:], RUNS[:]
    for each in (UNSURE, _asked_again, GUARDS, RUNS):
        each.clear()
    try:
        yield
    finally:
        UNSURE[:], _asked_again[:], GUARDS[:], RUNS[:] = kept
