"""The paths that a program takes when it asks about symbols.

A program is run on symbols as it is written. Where it needs to know whether a condition holds, it *forks*: the run goes
on as if the condition held, and later the program is run again as if it did not. `explore` gives every such path, with
the conditions under which it is taken. Both sides of a fork are followed unless the solver shows that one cannot be.
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
"""A term of z3, which has no types of its own."""

FEASIBILITY_STEPS: Final = 8_000
"""Solver steps to decide whether a side of a fork can be taken. One that stays open is taken, which is always sound."""

MAX_PATHS: Final = 50_000
MAX_DECISIONS: Final = 2_000
"""The most questions that one path may decide: a loop that symbols never end is refused."""

IMPOSSIBLE: Final = (ZeroDivisionError, IndexError, KeyError, ValueError, AssertionError)
"""The exceptions that a lifted program might raise by itself: on a state that satisfies the laws it must be proved that
it does not.
"""


UNFOLLOWED: Final = (
    *(TypeError, AttributeError, NameError, LookupError, ArithmeticError, RuntimeError, MemoryError, BufferError),
    *(ImportError, OSError, StopIteration, StopAsyncIteration, SyntaxError, ArgumentError, z3.Z3Exception),
)
"""Other exceptions that a program may raise: it is refused where it does. `ArgumentError` hides that it asks itself for
ever.
"""

HERE: Final = File(__file__).parent
"""The folder of the engine. Its files' lines are no lines of the source, but for those that theories are made of."""


class UnliftableError(Exception):
    """The source does what symbols cannot follow. The message names the line."""


class TooEarlyError(Exception):
    """Something runs that may not run in Python, and is asked again where it does."""


class Refused(BaseException):
    """The exception raised while a path is followed, so that nothing lifted can catch it: an UnliftableError to be."""

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(what)
        self.what: Final = what
        self.place = place

    def locate(self, trace: TracebackType | None) -> None:
        """Note where the source does it, unless that is known."""
        self.place = self.place or place_in(trace)

    def as_error(self) -> UnliftableError:
        """The same for those who asked for a proof."""
        return UnliftableError(f"{self.what}\n  {self.place}" if self.place else self.what)


def place_in(trace: TracebackType | None) -> str:
    """The last line of the source that something came from."""
    frames = extract_tb(trace) if trace is not None else []
    lines = [f"{frame.filename}:{frame.lineno}: {frame.line}" for frame in frames if not _is_engine(frame.filename)]
    return lines[-1] if lines else ""


def load(module: str) -> ModuleType:
    """A module; what fails in it is refused where it does."""
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
    """End the proof: the source does what symbols cannot follow. Where Python may not do it, it is asked again."""
    if is_followed() and can_be_asked_again():
        raise TooEarlyError(what)
    refused = Refused(what, place)
    raise refused if is_followed() else refused.as_error()


def is_followed() -> bool:
    """True if a path is being followed."""
    return bool(_paths)


def _is_engine(file: str) -> bool:
    place = File(file)
    if place.parts[-2:] == ("spec", "machine.py"):
        return True  # who asks a draft is meant, not what all of them ask
    if file.startswith("<") or place.parent == File(z3.__file__).parent:
        return True  # Python's own, or the solver's
    is_of_theory = place.name == "theory.py" or (place.name == "folds.py" and place.parent != HERE)
    return HERE in place.parents and not is_of_theory


class Demand:
    """A condition that must hold wherever the program comes to a point, and the path up to there."""

    def __init__(self, label: str, condition: Term, at: "Path") -> None:
        self.label: Final = label
        self.condition: Final = condition
        self.at: Final = at

    @property
    def identity(self) -> object:
        """The same for one demand of several paths that part later."""
        known = [*self.at.conditions, *self.at.facts.values()]
        return (self.label, self.condition.get_id(), frozenset(term.get_id() for term in known))


class Path:
    """One way through a program: the answers given so far, and everything that is known while they hold.

    `base` is a path that came before and whose conditions hold here too. `example` is a model of what is known where
    the last of the `answers` is given, if one was found: what holds in an example is possible, without a solver.
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
        """Other ways that can be taken: the answers that lead there, and an example of each."""
        self._example: Term = None
        self._next_example: Final[Term] = example
        self._unchecked: Final[list[Term]] = []
        """The conditions learnt since the example was found, so that it may be none any more."""
        self.conditions: Final[list[Term]] = []
        self.facts: Final[dict[int, Term]] = {}
        self.required: Final[list[Demand]] = []
        self.touched: Final[dict[object, Any]] = {}
        self.scopes: Final[set[str]] = set()
        self.is_run = False
        """True if a program runs on this path, which is explored."""
        self.left_out: Final[list[Term]] = []
        """The cases left out of this path: what led to a limit, and lies beyond it."""
        self._limits: Final[dict[int, Term]] = {}
        self.sees_change = False
        self.reader: Callable[[Any], None] | None = None
        """The listener to look-ups of the past, if it is not that of all others."""
        self.is_concerned = True
        """True if the law that is asked speaks of this path."""
        self.context = ""
        """The prefix of the names that stand for any of a list."""
        self.quantified = 0
        self._known: Final[dict[int, bool]] = {}
        self._by_number: Final[dict[int, Term]] = {}
        self._inherited = 0
        """The number of conditions that hold on the path before."""
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
        """The facts and reads up to now, as a path of its own."""
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
        """The answers that led here: the same for all paths that had come the same way up to here."""
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
        """The conditions, by the number that each has as a term. None is ever taken back."""
        for condition in self.conditions[len(self._by_number) :]:
            self._by_number[condition.get_id()] = condition
        return self._by_number

    def decide(self, condition: Term) -> bool:
        """True if the condition holds on this path, which may end here and begin twice."""
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
        """True if to go on as if the condition held. If both sides can be taken, the other is kept for later."""
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
        """True if a condition holds in an example of what is known here, None without an example."""
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
        """Let a fact hold that does not come from the program: a definition, or a law of the state before."""
        if fact.get_id() not in self.facts:
            self.facts[fact.get_id()] = fact
            self._unchecked.append(fact)
            if self._solver is not None:
                assert_all(self._solver, [fact])

    def limit(self, bound: Term, words: str) -> None:
        """Speak only of what is within a bound from here on: a condition of this path, and a scope of the proof. Where
        Python may not come to this point, it is a condition of those states alone in which it does.
        """
        self.scopes.add(words)
        bound = z3.simplify(z3.Implies(z3.And(*UNSURE), bound) if UNSURE else bound)
        if z3.is_true(bound) or bound.get_id() in self._limits:
            return
        self._limits[bound.get_id()] = bound
        self.left_out.append(z3.And(*self.conditions, z3.Not(bound)))
        self.learn(bound)

    def learn(self, condition: Term) -> None:
        """Let a condition hold: from here on, this is a path on which it does."""
        self.conditions.append(condition)
        self._know(condition, True)
        self._unchecked.append(condition)
        if self._solver is not None:
            assert_all(self._solver, [condition])

    def _know(self, condition: Term, holds: bool) -> None:
        """Note that a condition holds or does not, and what that says of its parts: no solver is asked for them."""
        self._known[condition.get_id()] = holds
        kind = condition.decl().kind() if z3.is_app(condition) else None
        if kind == z3.Z3_OP_NOT:
            self._know(condition.arg(0), not holds)
        elif kind == (z3.Z3_OP_AND if holds else z3.Z3_OP_OR):
            for part in condition.children():
                self._know(part, holds)

    def require(self, label: str, condition: Term) -> None:
        """Demand that the condition is proved of every state in which the program comes to this point, by what is known
        here: what is assumed later may hold only because the condition does.
        """
        self.required.append(Demand(label, z3.simplify(condition), self.here()))

    def _can(self, condition: Term) -> tuple[bool, Term]:
        """True if a condition can hold, as far as the solver sees; and an example if it finds one."""
        solver = self._solver_here()
        result = solver.check(condition)
        return result != z3.unsat, solver.model() if result == z3.sat else None

    def _solver_here(self) -> Term:
        """A solver that knows all that holds here: that of the path before, with more on top until this one is left."""
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
        """Begin with a new solver: one that has learnt from another program would see more that cannot be, and the
        paths of a program would depend on which came before it.
        """
        self._shared = None

    def _shared_solver(self) -> Term:
        """A solver that knows all that holds on this path, for the paths that begin where it ended."""
        if self._shared is None:
            self._shared = _new_solver([*self.conditions, *self.facts.values()])
        return self._shared


def _new_solver(formulas: list[Term]) -> Term:
    solver = z3.SimpleSolver()
    solver.set("rlimit", FEASIBILITY_STEPS)
    assert_all(solver, formulas)
    return solver


_simplified: Final[dict[int, tuple[Term, Term]]] = {}
"""By number, terms and what they are simplified. A term that is kept keeps its number."""


def simplified(term: Term) -> Term:
    """A term, simplified: once for all paths that ask."""
    found = _simplified.get(term.get_id())
    if found is None:
        found = _simplified[term.get_id()] = (term, z3.simplify(term))
    return found[1]


@cache
def numeral(number: int) -> Term:
    """The term for a number, which is kept: what is told apart by numbers of terms would be mixed up otherwise."""
    return z3.IntVal(number)


def assert_all(solver: Term, formulas: list[Term]) -> None:
    """Assert truth values as they are, without the conversions that z3's own method tries on each of them."""
    for formula in formulas:
        z3.Z3_solver_assert(solver.ctx.ref(), solver.solver, formula.as_ast())


_paths: Final[list[Path]] = []


def path() -> Path:
    """The path that is being followed."""
    if not _paths:
        raise UnliftableError("symbols are asked outside of any path")
    return _paths[-1]


def current_run() -> Path | None:
    """The path on which the innermost program runs that is explored: it alone knows what that program has made."""
    return next((one for one in reversed(_paths) if one.is_run), None)


def explore(
    program: Callable[[], Any], base: Path | None = None, prunes: bool = True, proves: bool = False
) -> Iterator[tuple[Path, Any]]:
    """Every path of a program, with what it returned there, or the exception that it raised if it is one of IMPOSSIBLE.

    With `prunes`, sides of forks that cannot be taken are left out as soon as the solver sees it. Who `proves` what the
    paths require says so; else nothing may be required.
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
    """The refusal of what ended in an exception, at its place."""
    refused = Refused(words)
    refused.locate(error.__traceback__)
    return refused


def either(base: Path, paths: Sequence[Path]) -> Path:
    """A path on which one of some paths is taken, all from one base.

    What any of them read was read on it, and what was assumed on any holds: definitions, laws of the state before and
    scopes are true whichever path is taken.
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
"""For each `all`, `any`, `and` or `or` that goes on where Python may have come to its end, the condition under which it
goes on, too.
"""
GUARDS: Final[list[list[Term]]] = []
"""For each `all` or `any` that goes on, what holds of the names of lists that it has gone through."""

RUNS: Final[list[Any]] = []
"""The run of a call that goes on, if any (`proofs/folds.py`): outside of one, no list is of any length."""

_asked_again: Final[list[bool]] = []
"""For each, True if it can be asked again, as Python does."""


def is_unsure() -> bool:
    """True if what runs now may not run in Python, so that nothing may be changed by it."""
    return bool(UNSURE)


def can_be_asked_again() -> bool:
    """True if it may not, and is asked again where it does."""
    return bool(UNSURE) and all(_asked_again)


@contextmanager
def unsure() -> Iterator[Callable[[Term, bool], None]]:
    """Go on with an `all`, `any`, `and` or `or`. What is given is told each condition under which Python goes on, and
    whether the rest can be asked again.
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


@contextmanager
def of_its_own() -> Iterator[None]:
    """Begin a program of its own, a law say: it runs, whatever Python may not run of the one that asks, and it is no
    part of a call, so that its loops cut none.
    """
    kept = UNSURE[:], _asked_again[:], GUARDS[:], RUNS[:]
    for each in (UNSURE, _asked_again, GUARDS, RUNS):
        each.clear()
    try:
        yield
    finally:
        UNSURE[:], _asked_again[:], GUARDS[:], RUNS[:] = kept
