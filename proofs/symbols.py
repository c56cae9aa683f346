"""Integers, truth values and names that stand for any, and the paths that a program takes when it asks about them.

A program is run on symbols as it is written. Where it needs to know whether a condition holds, it *forks*: the run goes
on as if the condition held, and later the program is run again as if it did not. `explore` gives every such path, with
the conditions under which it is taken. Both sides of a fork are followed unless the solver shows that one cannot be.

A floor division makes a fresh quotient and remainder, constrained by what division means, never the solver's own `div`.
A name (an account, a strategy, a token) is an integer that is only ever compared: two names are the same or they are
not.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path as File
from traceback import extract_tb
from types import TracebackType
from typing import Any, Final, Self

import z3

Term = Any
"""A term of z3, which has no types of its own."""

FEASIBILITY_STEPS: Final = 8_000
"""Solver steps to decide whether a side of a fork can be taken. One that stays open is taken, which is always sound."""

MAX_PATHS: Final = 50_000

IMPOSSIBLE: Final = (ZeroDivisionError, IndexError, KeyError, ValueError, AssertionError)
"""What a lifted program might raise by itself: on a state that satisfies the laws it must be proved that it does not.
"""


ENGINE: Final = ("symbols", "state", "obligations", "proving", "folds", "segments")
"""The files whose lines are no lines of the source."""


class UnliftableError(Exception):
    """The source does what symbols cannot follow. The message names the line."""


def unliftable(what: str, trace: TracebackType | None = None) -> UnliftableError:
    """The error that says what cannot be lifted, and where the source does it."""
    frames = extract_tb(trace) if trace is not None else []
    lines = [f"{frame.filename}:{frame.lineno}: {frame.line}" for frame in frames if not _is_engine(frame.filename)]
    return UnliftableError(f"{what}\n  {lines[-1]}" if lines else what)


def _is_engine(file: str) -> bool:
    place = File(file)
    return place.parent == File(__file__).parent and place.stem in ENGINE


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
        """What was learnt since the example was found, so that it may be none any more."""
        self.conditions: Final[list[Term]] = []
        self.facts: Final[dict[int, Term]] = {}
        self.required: Final[list[tuple[str, Term]]] = []
        self.touched: Final[dict[object, Any]] = {}
        self.scopes: Final[set[str]] = set()
        self.sees_change = False
        self.reader: Callable[[Any], None] | None = None
        """What is told of look-ups of the past, if not who is told of all others."""
        self._known: Final[dict[int, bool]] = {}
        if base is not None:
            for condition in base.conditions:
                self.learn(condition)
            self.facts.update(base.facts)
            self.touched.update(base.touched)
            self.scopes.update(base.scopes)
            self.reader = base.reader
            self._known.update(base._known)
            self._example = base._example
            self._unchecked[:] = base._unchecked

    def __enter__(self) -> Self:
        _paths.append(self)
        return self

    def here(self) -> "Path":
        """What holds and was read up to now, as a path of its own."""
        copy = Path(None, [], self.prunes)
        copy.conditions.extend(self.conditions)
        copy.facts.update(self.facts)
        copy.touched.update(self.touched)
        copy.scopes.update(self.scopes)
        copy.required.extend(self.required)
        copy._known.update(self._known)
        copy.reader = self.reader
        return copy

    @property
    def given(self) -> tuple[bool, ...]:
        """The answers that led here: the same for all paths that had come the same way up to here."""
        return tuple(self._given)

    def __exit__(self, *_: object) -> None:
        _paths.pop()
        if self._solver is not None and self._base is not None:
            self._solver.pop()
            self._solver = None

    def decide(self, condition: Term) -> bool:
        """Whether the condition holds on this path, which may end here and begin twice."""
        condition = z3.simplify(condition)
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
        self.learn(condition if answer else z3.Not(condition))
        self._known[condition.get_id()] = answer
        if self._answers and self._asked == len(self._answers):
            self._example = self._next_example
            self._unchecked.clear()
        return answer

    def _choose(self, condition: Term) -> bool:
        """Whether to go on as if the condition held. If both sides can be taken, the other is kept for later."""
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
        """Whether a condition holds in an example of what is known here, None without an example."""
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

    def learn(self, condition: Term) -> None:
        """Let a condition hold: from here on, this is a path on which it does."""
        self.conditions.append(condition)
        self._known[condition.get_id()] = True
        self._unchecked.append(condition)
        if self._solver is not None:
            assert_all(self._solver, [condition])

    def require(self, label: str, condition: Term) -> None:
        """Demand that the condition is proved of every state in which the program comes to this point."""
        self.required.append((label, z3.simplify(condition)))

    def _can(self, condition: Term) -> tuple[bool, Term]:
        """Whether a condition can hold, as far as the solver sees; and an example if it finds one."""
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
                inherited = {condition.get_id() for condition in self._base.conditions} | self._base.facts.keys()
                own = [*self.conditions, *self.facts.values()]
                assert_all(self._solver, [term for term in own if term.get_id() not in inherited])
        return self._solver

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


def explore(program: Callable[[], Any], base: Path | None = None, prunes: bool = True) -> Iterator[tuple[Path, Any]]:
    """Every path of a program, with what it returned there, or the exception that it raised if it is one of IMPOSSIBLE.

    With `prunes`, sides of forks that cannot be taken are left out as soon as the solver sees it.
    """
    pending: list[tuple[list[bool], Term]] = [([], None)]
    paths = 0
    while pending:
        answers, example = pending.pop()
        here = Path(base, answers, prunes, example)
        with here:
            try:
                outcome = program()
            except IMPOSSIBLE as error:
                outcome = error
            except (TypeError, AttributeError, NotImplementedError) as error:
                raise unliftable(f"{type(error).__name__}: {error}", error.__traceback__) from error
            except UnliftableError as error:
                raise unliftable(str(error), error.__traceback__) from error
        pending += here.alternatives
        paths += 1
        if paths > MAX_PATHS:
            raise UnliftableError(f"more than {MAX_PATHS} paths")
        yield here, outcome


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
    return here


def term_of(value: Any) -> Term:
    """The solver's term for an integer, a truth value or a name, symbolic or not."""
    if isinstance(value, SymInt | SymBool | SymName):
        return value.term
    if isinstance(value, bool):
        return z3.BoolVal(value)
    if isinstance(value, int):
        return z3.IntVal(value)
    if isinstance(value, str):
        return z3.IntVal(NAMES.number(value))
    raise UnliftableError(f"no term stands for {value!r}")


class Names:
    """The names that the source spells out, each with a number that no other has."""

    def __init__(self) -> None:
        self._numbers: Final[dict[str, int]] = {}
        self._is_complete = False

    def number(self, name: str) -> int:
        """The number of a name."""
        if name not in self._numbers:
            if self._is_complete:
                raise UnliftableError(f"the name {name!r} occurs only after names were looked up by hash")
            self._numbers[name] = len(self._numbers)
        return self._numbers[name]

    def admit(self, names: Iterable[str]) -> None:
        """Give numbers to the names of a specification that is lifted, which may be another than the one before."""
        for name in names:
            self._numbers.setdefault(name, len(self._numbers))

    def name(self, number: int) -> str:
        """The name that has a number, or one that is made up for it."""
        for name, known in self._numbers.items():
            if known == number:
                return name
        return f"name{number}"

    def all(self) -> list[str]:
        """Every name that the source spells out. None may be added from now on."""
        self._is_complete = True
        return list(self._numbers)


NAMES: Final = Names()


class Symbol:
    """What all symbols share: none can be turned into text or into a plain Python value unnoticed."""

    term: Term

    def __repr__(self) -> str:
        return f"<{self.term}>"

    def __str__(self) -> str:
        raise UnliftableError("a symbol is made into text")

    def __format__(self, specification: str) -> str:
        raise UnliftableError("a symbol is made into text")


class SymBool(Symbol):
    """A truth value; to branch on it forks."""

    def __init__(self, term: Term) -> None:
        self.term = term

    def __bool__(self) -> bool:
        return path().decide(self.term)

    def __eq__(self, other: object) -> Any:
        return SymBool(self.term == term_of(other)) if isinstance(other, bool | SymBool) else False

    def __ne__(self, other: object) -> Any:
        return SymBool(self.term != term_of(other)) if isinstance(other, bool | SymBool) else True

    def __and__(self, other: object) -> "SymBool":
        return SymBool(z3.And(self.term, term_of(other)))

    def __or__(self, other: object) -> "SymBool":
        return SymBool(z3.Or(self.term, term_of(other)))

    def __ge__(self, other: Any) -> "SymBool":
        return SymBool(z3.If(self.term, 1, 0) >= term_of(other))

    __rand__ = __and__
    __ror__ = __or__

    def __hash__(self) -> int:
        raise UnliftableError("a symbolic truth value is looked up by hash")


class SymName(Symbol):
    """A name that may be any, also one that stands elsewhere: to compare it forks."""

    def __init__(self, term: Term) -> None:
        self.term = term

    def __eq__(self, other: object) -> Any:
        return SymBool(self.term == term_of(other)) if isinstance(other, str | SymName) else False

    def __ne__(self, other: object) -> Any:
        return SymBool(self.term != term_of(other)) if isinstance(other, str | SymName) else True

    def __bool__(self) -> bool:
        return path().decide(self.term != term_of(""))

    def __hash__(self) -> int:
        """Of the name that it is on this path, or one for all that the source does not spell out: `==` decides then."""
        for name in NAMES.all():
            if path().decide(self.term == term_of(name)):
                return hash(name)
        return hash(SymName)


class SymInt(Symbol):
    """An integer of any size."""

    def __init__(self, term: Term) -> None:
        self.term = term

    def __eq__(self, other: object) -> Any:
        return SymBool(self.term == term_of(other)) if isinstance(other, int | SymInt) else False

    def __ne__(self, other: object) -> Any:
        return SymBool(self.term != term_of(other)) if isinstance(other, int | SymInt) else True

    def __lt__(self, other: Any) -> SymBool:
        return SymBool(self.term < term_of(other))

    def __le__(self, other: Any) -> SymBool:
        return SymBool(self.term <= term_of(other))

    def __gt__(self, other: Any) -> SymBool:
        return SymBool(self.term > term_of(other))

    def __ge__(self, other: Any) -> SymBool:
        return SymBool(self.term >= term_of(other))

    def __bool__(self) -> bool:
        return path().decide(self.term != 0)

    def __add__(self, other: Any) -> "SymInt":
        return SymInt(self.term + term_of(other))

    def __radd__(self, other: Any) -> "SymInt":
        return SymInt(term_of(other) + self.term)

    def __sub__(self, other: Any) -> "SymInt":
        return SymInt(self.term - term_of(other))

    def __rsub__(self, other: Any) -> "SymInt":
        return SymInt(term_of(other) - self.term)

    def __mul__(self, other: Any) -> "SymInt":
        return SymInt(self.term * term_of(other))

    def __rmul__(self, other: Any) -> "SymInt":
        return SymInt(term_of(other) * self.term)

    def __neg__(self) -> "SymInt":
        return SymInt(-self.term)

    def __abs__(self) -> "SymInt":
        return SymInt(z3.If(self.term < 0, -self.term, self.term))

    def __floordiv__(self, other: Any) -> "SymInt":
        return divide(self, other)[0]

    def __rfloordiv__(self, other: Any) -> "SymInt":
        return divide(other, self)[0]

    def __mod__(self, other: Any) -> "SymInt":
        return divide(self, other)[1]

    def __rmod__(self, other: Any) -> "SymInt":
        return divide(other, self)[1]

    def __rshift__(self, bits: int) -> "SymInt":
        return divide(self, 1 << bits)[0]

    def __index__(self) -> int:
        raise UnliftableError("a symbolic integer is used as an index or a length")

    def __hash__(self) -> int:
        raise UnliftableError("a symbolic integer is looked up by hash")


class _Quotients:
    """The quotient and the remainder of each division so far, with what they mean: the same division has the same."""

    def __init__(self) -> None:
        self.known: Final[dict[tuple[int, int], tuple[Term, Term, Term]]] = {}
        self.by_id: Final[dict[int, tuple[Term, Term]]] = {}
        """From a quotient's term: the dividend and the divisor."""

    def of(self, dividend: Term, divisor: Term) -> tuple[Term, Term, Term]:
        """Quotient, remainder, and the fact that makes them what they are whenever the divisor is positive."""
        dividend, divisor = z3.simplify(dividend), z3.simplify(divisor)
        key = (dividend.get_id(), divisor.get_id())
        found = self.known.get(key)
        if found is None:
            number = len(self.known)
            quotient, remainder = z3.Int(f"quotient!{number}"), z3.Int(f"remainder!{number}")
            meaning = z3.And(dividend == quotient * divisor + remainder, remainder >= 0, remainder < divisor)
            if not z3.is_int_value(divisor):
                meaning = z3.Implies(divisor > 0, meaning)
            found = (quotient, remainder, meaning)
            self.known[key] = found
            self.by_id[quotient.get_id()] = (dividend, divisor)
        return found


QUOTIENTS: Final = _Quotients()


def divide(dividend: Any, divisor: Any) -> tuple[SymInt, SymInt]:
    """Quotient, rounded down, and remainder. By zero or a negative number is an exception that must be impossible."""
    over, under = term_of(dividend), term_of(divisor)
    if not path().decide(under > 0):
        raise ZeroDivisionError("a divisor may be zero or negative")
    quotient, remainder, meaning = QUOTIENTS.of(over, under)
    path().assume(meaning)
    return SymInt(quotient), SymInt(remainder)


class SymList:
    """A list whose length is any up to a bound: to ask for it forks over the lengths. `element` gives each element.

    The bound is a scope: what is proved is proved of lists no longer than this.
    """

    def __init__(self, name: str, length: Term, bound: int, element: Callable[[int], Any]) -> None:
        self._name: Final = name
        self._length: Final = length
        self._bound: Final = bound
        self._element: Final = element

    def resolve(self) -> tuple[Any, ...]:
        """The list as a tuple, once its length is decided."""
        here = path()
        here.scopes.add(f"{self._name} of length <= {self._bound}")
        here.assume(z3.And(self._length >= 0, self._length <= self._bound))
        for length in range(self._bound):
            if here.decide(self._length == length):
                return tuple([self._element(position) for position in range(length)])
        here.decide(self._length == self._bound)
        return tuple([self._element(position) for position in range(self._bound)])

    def elements(self, value: Callable[[Term], int]) -> list[Any]:
        """The elements that the list has where `value` gives what terms are."""
        return [self._element(position) for position in range(value(self._length))]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.resolve())

    def __len__(self) -> int:
        return len(self.resolve())

    def __getitem__(self, index: Any) -> Any:
        return self.resolve()[index]

    def __contains__(self, item: object) -> bool:
        return item in self.resolve()

    def __eq__(self, other: object) -> Any:
        if isinstance(other, SymList):
            other = other.resolve()
        return self.resolve() == other

    def __hash__(self) -> int:
        raise UnliftableError("a symbolic list is looked up by hash")


UNROLLED: Final = 2
"""How long a range between symbols may be: another scope."""


def lifted_range(*bounds: Any, where: str = "") -> Any:
    """`range`; between symbols it is a list of any length up to UNROLLED."""
    if not any(isinstance(bound, SymInt) for bound in bounds):
        return range(*bounds)
    first, end = bounds if len(bounds) == 2 else (0, bounds[0])
    length = z3.simplify(term_of(end) - term_of(first))
    where = where or sys._getframe(1).f_code.co_name
    return SymList(f"range in {where}", z3.If(length < 0, 0, length), UNROLLED, lambda position: first + position)


def merged_max(*values: Any) -> Any:
    """`max` without a fork."""
    return _merged(values, max, lambda left, right: left >= right)


def merged_min(*values: Any) -> Any:
    """`min` without a fork."""
    return _merged(values, min, lambda left, right: left <= right)


def _merged(values: tuple[Any, ...], plain: Callable[..., Any], wins: Callable[[Term, Term], Term]) -> Any:
    items: Sequence[Any] = values if len(values) > 1 else list(values[0])
    if not any(isinstance(item, SymInt) for item in items):
        return plain(items)
    best = term_of(items[0])
    for item in items[1:]:
        best = z3.If(wins(best, term_of(item)), best, term_of(item))
    return _named(z3.simplify(best))


_names_of_merged: Final[dict[int, tuple[Term, Term]]] = {}


def _named(value: Term) -> SymInt:
    """A name for a value, defined by a fact: products of a name are easier than products of alternatives."""
    known = _names_of_merged.get(value.get_id())
    if known is None:
        known = (value, z3.Int(f"merged!{len(_names_of_merged)}"))
        _names_of_merged[value.get_id()] = known
    path().assume(known[1] == value)
    return SymInt(known[1])


def merged_all(values: Any) -> Any:
    """`all` of a list without a fork."""
    items = list(values)
    if not any(isinstance(item, SymBool) for item in items):
        return all(items)
    return SymBool(z3.And(*[term_of(_truth(item)) for item in items]))


def merged_any(values: Any) -> Any:
    """`any` of a list without a fork."""
    items = list(values)
    if not any(isinstance(item, SymBool) for item in items):
        return any(items)
    return SymBool(z3.Or(*[term_of(_truth(item)) for item in items]))


def _truth(item: Any) -> Any:
    return item if isinstance(item, bool | SymBool) else bool(item)


STANDS_FOR: Final = {SymInt: int, SymBool: bool, SymName: str, SymList: tuple}


def lifted_isinstance(value: Any, classes: Any) -> bool:
    """`isinstance`, where a symbol is what it stands for."""
    plain = STANDS_FOR.get(type(value))
    return isinstance(value, classes) if plain is None else isinstance(plain(), classes)


BUILTINS: Final[dict[str, Any]] = {
    "max": merged_max,
    "min": merged_min,
    "all": merged_all,
    "any": merged_any,
    "isinstance": lifted_isinstance,
    "range": lifted_range,
}
"""What lifted modules find under these names."""
