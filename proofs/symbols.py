"""Symbolic integers, truth values, names and lists, each of which stands for any value of its kind.

A floor division makes a fresh quotient and remainder, constrained by the definition of division; the solver's own `div`
is never used. A name (an account, a strategy, a token) is an integer term that is only compared for equality. Where a
program branches on a condition over symbols, its path forks (`proofs/paths.py`).
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final

import z3

from proofs.paths import GUARDS, Term, UnliftableError, is_followed, numeral, path, reached_if, refuse, unsure


def term_of(value: Any) -> Term:
    """The solver's term for an integer, a truth value or a name, symbolic or concrete."""
    if isinstance(value, SymInt | SymBool | SymName):
        return value.term
    if isinstance(value, bool):
        return z3.BoolVal(value)
    if isinstance(value, int):
        return numeral(value)
    if isinstance(value, str):
        return numeral(NAMES.number(value))
    return refuse(f"no term stands for a value of type {type(value).__name__}")


def number_of(value: Any) -> Term:
    """The solver's term for a number or a truth value, which counts as 1 or 0. A name is refused."""
    if isinstance(value, SymInt):
        return value.term
    if isinstance(value, SymBool):
        return z3.If(value.term, z3.IntVal(1), z3.IntVal(0))
    if isinstance(value, int):
        return numeral(int(value))
    return refuse(f"a symbol stands beside a value of type {type(value).__name__}, which is no integer")


def truth_of(value: Any) -> Term:
    """The solver's term for a truth value. Anything else is refused."""
    if isinstance(value, SymBool):
        return value.term
    if isinstance(value, bool):
        return z3.BoolVal(value)
    return refuse(f"a symbolic truth value stands beside a value of type {type(value).__name__}")


class Names:
    """The names that occur in the source as strings, each with a unique number, by which the solver knows it."""

    def __init__(self) -> None:
        self._numbers: Final[dict[str, int]] = {}

    def number(self, name: str) -> int:
        """The number of a name, assigned on the first call."""
        return self._numbers.setdefault(name, len(self._numbers))

    def name(self, number: int) -> str:
        """The name that has a number. For a number that no name in the source has, it is an invented one such as
        `name7`.
        """
        for name, known in self._numbers.items():
            if known == number:
                return name
        return f"name{number}"


NAMES: Final = Names()

Operation = Callable[..., Any]


def _of_numbers(make: Callable[[Term, Term], Term], kind: Callable[[Term], Any]) -> Operation:
    return lambda self, other: kind(make(number_of(self), number_of(other)))


def _refusing(name: str) -> Operation:
    return lambda *_: refuse(f"{name} of a symbol is not understood")


def _compares(of_names: bool, is_equal: bool) -> Operation:
    """The method for `==` (if `is_equal`) or `!=` of a symbol, which is a name if `of_names`, else a number. A number
    and a name, or a symbol and None, a tuple, a list or an enumeration are unequal, as in Python. Other types are
    refused.
    """

    def compare(self: Any, other: Any) -> Any:
        if isinstance(other, SymName | str):
            equal = self.term == term_of(other) if of_names else None
        elif isinstance(other, SymInt | SymBool | int):
            equal = None if of_names else number_of(self) == number_of(other)
        elif other is None or isinstance(other, tuple | list | Enum | SymList):
            equal = None
        else:
            refuse(f"a symbol is compared with a value of type {type(other).__name__}")
        if equal is None:
            return not is_equal
        return SymBool(equal if is_equal else z3.Not(equal))

    return compare


IN_PLACE_OF: Final[dict[type[Any], type[Any]]] = {}
"""The map from a class that a trusted contract puts in the place of one of the specification's to
the replaced class.
"""


class Textless:
    """The base class of the engine's lists, dictionaries and sets: their `repr` is refused while the program runs on
    symbols.
    """

    def __repr__(self) -> str:
        if is_followed():
            refuse(f"the text of a value of type {type(self).__name__} is not understood")
        return object.__repr__(self)


class Symbol:
    """The base class of all symbols: every operator and attribute is refused unless a subclass defines it."""

    term: Term

    def __repr__(self) -> str:
        if is_followed():
            refuse("the text of a symbol is not understood")
        return f"<{self.term}>"

    def __getattr__(self, name: str) -> Any:
        if is_followed():
            refuse(f".{name} of a symbol is not understood")
        raise AttributeError(name)


REFUSED: Final = (
    "abs add aiter and anext await bytes call ceil complex contains copy deepcopy delitem divmod enter exit float "
    "floor floordiv format fspath ge getitem gt hash iadd iand idivmod ifloordiv ilshift imatmul imod imul index "
    "int invert ior ipow irshift isub iter itruediv ixor le len length_hint lshift lt matmul missing mod mul neg "
    "next or pos pow radd rand rdivmod reversed rfloordiv rlshift rmatmul rmod rmul ror round rpow rrshift rshift "
    "rsub rtruediv rxor setitem str sub truediv trunc xor"
)
"""The operators that Python looks up in a value's type, beside those that every type has. Each is defined below or
refused.
"""
IN_PLACE: Final = frozenset(name for name in REFUSED.split() if name.startswith("i") and name[1:] in REFUSED.split())
"""The in-place operators, for which Python falls back to the plain operator if a type does not define them."""

for _name in {*REFUSED.split(), "bool", "eq", "ne"} - IN_PLACE:
    setattr(Symbol, f"__{_name}__", _refusing(f"__{_name}__"))


class SymBool(Symbol):
    """A symbolic truth value; branching on it splits the path. In comparisons it is the number 1 or 0, as in Python."""

    def __init__(self, term: Term) -> None:
        self.term = term

    def __bool__(self) -> bool:
        return path().decide(self.term)

    def __and__(self, other: object) -> "SymBool":
        return SymBool(z3.And(self.term, truth_of(other)))

    def __or__(self, other: object) -> "SymBool":
        return SymBool(z3.Or(self.term, truth_of(other)))

    __rand__ = __and__
    __ror__ = __or__
    __eq__ = _compares(of_names=False, is_equal=True)
    __ne__ = _compares(of_names=False, is_equal=False)
    __lt__ = _of_numbers(lambda one, other: one < other, lambda term: SymBool(term))
    __le__ = _of_numbers(lambda one, other: one <= other, lambda term: SymBool(term))
    __gt__ = _of_numbers(lambda one, other: one > other, lambda term: SymBool(term))
    __ge__ = _of_numbers(lambda one, other: one >= other, lambda term: SymBool(term))
    __hash__ = Symbol.__hash__


class SymName(Symbol):
    """A symbolic name, which may equal any other name; branching on its equality splits the path."""

    def __init__(self, term: Term) -> None:
        self.term = term

    def __bool__(self) -> bool:
        return path().decide(self.term != term_of(""))

    __eq__ = _compares(of_names=True, is_equal=True)
    __ne__ = _compares(of_names=True, is_equal=False)
    __hash__ = Symbol.__hash__


class SymInt(Symbol):
    """A symbolic integer of any size."""

    def __init__(self, term: Term) -> None:
        self.term = term

    def __bool__(self) -> bool:
        return path().decide(self.term != 0)

    __eq__ = _compares(of_names=False, is_equal=True)
    __ne__ = _compares(of_names=False, is_equal=False)
    __lt__ = _of_numbers(lambda one, other: one < other, SymBool)
    __le__ = _of_numbers(lambda one, other: one <= other, SymBool)
    __gt__ = _of_numbers(lambda one, other: one > other, SymBool)
    __ge__ = _of_numbers(lambda one, other: one >= other, SymBool)
    __add__ = _of_numbers(lambda one, other: one + other, lambda term: SymInt(term))
    __radd__ = _of_numbers(lambda one, other: other + one, lambda term: SymInt(term))
    __sub__ = _of_numbers(lambda one, other: one - other, lambda term: SymInt(term))
    __rsub__ = _of_numbers(lambda one, other: other - one, lambda term: SymInt(term))
    __mul__ = _of_numbers(lambda one, other: one * other, lambda term: SymInt(term))
    __rmul__ = _of_numbers(lambda one, other: other * one, lambda term: SymInt(term))
    __hash__ = Symbol.__hash__

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

    def __rshift__(self, bits: Any) -> "SymInt":
        if isinstance(bits, bool) or not isinstance(bits, int):
            refuse("a shift by anything but a number that is known is not understood")
        return divide(self, 1 << bits)[0]


class _Quotients:
    """The quotient and the remainder of each division so far, as fresh symbols, with the formula that defines them.
    Equal divisions share them.
    """

    def __init__(self) -> None:
        self.known: Final[dict[tuple[int, int], tuple[Term, Term, Term]]] = {}
        self.by_id: Final[dict[int, tuple[Term, Term]]] = {}
        """The map from the term number of a quotient to its dividend and divisor."""

    def of(self, dividend: Term, divisor: Term) -> tuple[Term, Term, Term]:
        """The quotient, the remainder, and the formula that defines both wherever the divisor is positive."""
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
    """The quotient, rounded down, and the remainder. Raises ZeroDivisionError where the divisor may be zero or
    negative, which must be proved impossible.
    """
    over, under = number_of(dividend), number_of(divisor)
    if not path().decide(under > 0):
        raise ZeroDivisionError("a divisor may be zero or negative")
    quotient, remainder, meaning = QUOTIENTS.of(over, under)
    path().assume(meaning)
    return SymInt(quotient), SymInt(remainder)


class SymList(Textless):
    """A symbolic list with at most `bound` elements. A read of it splits the path by its length. `name` is its place,
    such as "table.field", in the proof's scope. `element` returns the element at an index.

    The bound is a scope: a proof that uses the list holds only where it is no longer than this.
    """

    def __init__(self, name: str, length: Term, bound: int, element: Callable[[int], Any]) -> None:
        self._name: Final = name
        self._length: Final = length
        self._bound: Final = bound
        self._element: Final = element

    def resolve(self) -> tuple[Any, ...]:
        """The list as a tuple of symbols, after the path has decided its length. The path is limited to lengths up to
        the bound.
        """
        here = path()
        here.assume(self._length >= 0)
        here.limit(self._length <= self._bound, f"{self._name} of length <= {self._bound}")
        for length in range(self._bound):
            if here.decide(self._length == length):
                return tuple([self._element(position) for position in range(length)])
        here.decide(self._length == self._bound)
        return tuple([self._element(position) for position in range(self._bound)])

    def any_item(self) -> Any:
        """The element at index 0, which shows the type of all elements, even if the list is empty."""
        return self._element(0)

    def mapped(self, change: Callable[[Any], Any]) -> "SymList":
        """A list of equal length, with `change` applied to each element."""
        return SymList(self._name, self._length, self._bound, lambda position: change(self._element(position)))

    def elements(self, value: Callable[[Term], int]) -> list[Any]:
        """The elements of the list in a model. `value` returns the integer of a term in that model."""
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


def _name_term(item: Any) -> Term:
    """The term of a name. Elements of other types are refused: a list of any length holds names only."""
    if not isinstance(item, SymName | str):
        refuse(f"a value of type {type(item).__name__} among names is not understood")
    return term_of(item)


class Listing(Symbol):
    """A list of names of any length, known by its length, its number of distinct names, and a membership function.
    `given` is the condition under which facts about it are assumed. It says that each removal took a listed name, from
    a list that has each name once.
    """

    def __init__(
        self,
        name: str,
        has: Callable[[Term], Term],
        length: Term,
        different: Term,
        made: "tuple[Term, tuple[tuple[str, Term], ...]] | None" = None,
        given: Term = None,
    ) -> None:
        self._given: Final = z3.BoolVal(True) if given is None else given
        self.listed_as: Final = name
        self.made: Final = (length, ()) if made is None else made
        """The length of the original list, which identifies it, and the changes since, in order."""
        self._has: Final = has
        self._length: Final = length
        self._different: Final = different
        self.term = length

    def _know(self) -> None:
        path().assume(z3.Implies(self._given, z3.And(self._different >= 0, self._different <= self._length)))
        path().assume(z3.Implies(self._given, (self._different == 0) == (self._length == 0)))

    def has(self, item: Any) -> SymBool:
        """True (a symbolic truth value) if a name is in the list. Asking for it does not split the path."""
        self._know()
        inside = self._has(_name_term(item))
        path().assume(z3.Implies(z3.And(self._given, inside), self._different > 0))
        return SymBool(inside)

    def length(self) -> SymInt:
        """The length of the list, as a symbolic integer."""
        self._know()
        return SymInt(self._length)

    def different(self) -> SymInt:
        """The number of distinct names in the list, as a symbolic integer."""
        self._know()
        return SymInt(self._different)

    def appended(self, item: Any) -> "Listing":
        """A list with one more name, which may be in it already. The original is unchanged."""
        name = _name_term(item)
        more = z3.If(self._has(name), 0, 1)
        return Listing(
            self.listed_as,
            lambda one: z3.Or(self._has(one), one == name),
            self._length + 1,
            self._different + more,
            (self.made[0], (*self.made[1], ("appended", name))),
            self._given,
        )

    def without(self, item: Any) -> "Listing":
        """The list without one of its names. Demands a proof that the list has the name, and has no name twice."""
        name = _name_term(item)
        self._know()
        path().require(f"{self.listed_as} has what is taken out", self._has(name))
        path().require(f"{self.listed_as} has each name once", self._different == self._length)
        return Listing(
            self.listed_as,
            lambda one: z3.And(self._has(one), one != name),
            self._length - 1,
            self._different - 1,
            (self.made[0], (*self.made[1], ("without", name))),
            z3.And(self._given, self._has(name), self._different == self._length),
        )

    def __contains__(self, item: object) -> bool:
        return bool(self.has(item))

    def __eq__(self, other: object) -> Any:
        if other == ():
            return self.length() == 0
        raise UnliftableError(f"{self.listed_as} is compared")

    def __iter__(self) -> Iterator[Any]:
        raise UnliftableError(f"{self.listed_as} is of any length, and gone through by more than a loop")

    def __len__(self) -> int:
        raise UnliftableError(f"{self.listed_as} is of any length")

    def __getitem__(self, index: object) -> Any:
        raise UnliftableError(f"{self.listed_as} is of any length, and has no order")

    def __hash__(self) -> int:
        raise UnliftableError(f"{self.listed_as} is looked up by hash")


def all_of(values: Any) -> Any:
    """The argument itself, the first iterable of an `all`. For a list of any length it is an iterator over one
    arbitrary name of the list, which stands for each.
    """
    return _any_of(values) if isinstance(values, Listing) else values


def _any_of(listing: Listing) -> Iterator[Any]:
    if not GUARDS or GUARDS[-1]:
        raise UnliftableError(f"{listing.listed_as} is gone through by more than one `all`")
    here = path()
    here.quantified += 1
    item = SymName(z3.Int(f"some.{here.context}.{here.quantified}"))
    inside = listing.has(item).term
    GUARDS[-1].append(inside)
    # One name stands for each: what is done for it Python does as often as there are names, or never.
    reached_if(inside)
    yield item


class Different(Symbol):
    """The set of the distinct names in a list of any length: only its size may be read."""

    def __init__(self, listing: Listing) -> None:
        self.listing: Final = listing


def gone_through(values: Any, last: bool) -> tuple[list[Any], list[Term]]:
    """The truth values that `all` or `any` iterates over. The second list has the conditions that the arbitrary names,
    of lists of any length, are members of these lists.

    Iteration stops at an item that is `last` (False for `all`, True for `any`). Python may stop at a symbolic item;
    here it continues, and what follows is marked unsure.
    """
    GUARDS.append([])
    try:
        with unsure() as goes_on:
            items: list[Any] = []
            for item in values:
                truth = item if isinstance(item, bool | SymBool) else bool(item)
                items.append(truth)
                if truth is last:
                    break
                if isinstance(truth, SymBool):
                    goes_on(z3.Not(truth.term) if last else truth.term, False)
            return items, GUARDS[-1]
    finally:
        GUARDS.pop()
