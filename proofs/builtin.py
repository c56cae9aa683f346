"""Replacements for Python's builtins in lifted modules, which accept symbols or refuse.

Each returns what Python's builtin returns for the values that the symbols stand for. Where a symbol does not decide
that, the call is refused.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

import attr
import z3

from proofs.paths import IMPOSSIBLE, UNFOLLOWED, Term, TooEarlyError, UnliftableError, is_followed, path, refuse, unsure
from proofs.symbols import (
    IN_PLACE_OF,
    Different,
    Listing,
    Symbol,
    SymBool,
    SymInt,
    SymList,
    SymName,
    Textless,
    gone_through,
    number_of,
    term_of,
)

UNROLLED: Final = 2
"""The maximum length of a range between symbols, unless the theory gives another; it is a scope of the proof."""

RANGE_IN: Final = "range in "

_bounds: Final[dict[str, int]] = {}
"""The map from "range in FUNCTION" to the maximum length that a theory gives."""


def bound_ranges(lists: Mapping[str, int]) -> None:
    """Set the maximum lengths of ranges whose bounds are symbols. `lists` maps "range in FUNCTION" to the length.
    Raises UnliftableError if two theories disagree.
    """
    for name, bound in lists.items():
        if name.startswith(RANGE_IN) and _bounds.setdefault(name, bound) != bound:
            raise UnliftableError(f"{name} has two bounds: {bound} and {_bounds[name]}")


def lifted_range(*bounds: Any, where: str = "") -> Any:
    """The builtin `range`. Between symbols it is a symbolic list of at most UNROLLED elements, or as many as the theory
    allows. `where` names the function whose limit applies, by default the caller.
    """
    if not any(isinstance(bound, Symbol) for bound in bounds):
        return range(*bounds)
    if len(bounds) > 2 or any(isinstance(bound, SymBool | SymName) for bound in bounds):
        refuse("a range between symbols that takes steps, or is not between integers, is not understood")
    first, end = bounds if len(bounds) == 2 else (0, bounds[0])
    length = z3.simplify(number_of(end) - number_of(first))
    where = where or sys._getframe(1).f_code.co_name
    bound = _bounds.get(f"{RANGE_IN}{where}", UNROLLED)
    return SymRange(f"{RANGE_IN}{where}", z3.If(length < 0, 0, length), bound, lambda position: first + position)


class SymRange(SymList):
    """A range whose bounds are symbols. It can be iterated over, counted and indexed; slices and comparisons are
    refused.
    """

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            refuse("a part of a range between symbols is not understood")
        return super().__getitem__(index)

    def any_item(self) -> Any:
        """Refuse the request for a representative element. It is made only of lists that are stored in rows, and a
        range may not be stored.
        """
        refuse("a range between symbols that is kept is not understood")

    def __eq__(self, other: object) -> Any:
        refuse("to compare a range between symbols is not understood")

    __hash__ = None  # type: ignore[assignment]  # Python says so that a class has no hash


def merged_max(*values: Any) -> Any:
    """The builtin `max`. Of symbolic integers it does not split the path: the result is a new symbol, which a fact of
    the path defines.
    """
    return _merged(values, max, lambda left, right: left >= right)


def merged_min(*values: Any) -> Any:
    """The builtin `min`. Of symbolic integers it does not split the path: the result is a new symbol, which a fact of
    the path defines.
    """
    return _merged(values, min, lambda left, right: left <= right)


def _merged(values: tuple[Any, ...], plain: Callable[..., Any], wins: Callable[[Term, Term], Term]) -> Any:
    items: Sequence[Any] = values if len(values) > 1 else list(values[0])
    if not any(isinstance(item, SymInt) for item in items):
        return plain(items)
    best = _number_among(items[0])
    for item in items[1:]:
        best = z3.If(wins(best, _number_among(item)), best, _number_among(item))
    return _named(z3.simplify(best))


def _number_among(item: Any) -> Term:
    """The term of a number among the arguments of `max` or `min`. Truth values are refused, since the result would lose
    its type.
    """
    if isinstance(item, bool | SymBool):
        refuse("the larger or the smaller of truth values and numbers is not understood")
    return number_of(item)


_names_of_merged: Final[dict[int, tuple[Term, Term]]] = {}


def _named(value: Term) -> SymInt:
    """A new symbol for a value, defined by a fact of the path. Solvers find products of one constant easier than
    products of case distinctions.
    """
    known = _names_of_merged.get(value.get_id())
    if known is None:
        known = (value, z3.Int(f"merged!{len(_names_of_merged)}"))
        _names_of_merged[value.get_id()] = known
    path().assume(known[1] == value)
    return SymInt(known[1])


def merged_all(values: Any) -> Any:
    """The builtin `all`, which does not split the path. Over a list of names of any length, the condition is stated of
    one arbitrary name.
    """
    items, guards = gone_through(values, False)
    if len(guards) > 1:
        refuse("a law that speaks of all names of several lists at once is not understood")
    if guards:
        return SymBool(z3.Implies(guards[0], z3.And(*[term_of(item) for item in items])))
    if not any(isinstance(item, SymBool) for item in items):
        return all(items)
    return SymBool(z3.And(*[term_of(item) for item in items]))


def merged_any(values: Any) -> Any:
    """The builtin `any`, which does not split the path. A list of names of any length is refused."""
    items, guards = gone_through(values, True)
    if guards:
        refuse("a law that speaks of some name of a list of any length is not understood")
    if not any(isinstance(item, SymBool) for item in items):
        return any(items)
    return SymBool(z3.Or(*[term_of(item) for item in items]))


def _refuse_as_key(key: Any) -> None:
    """Refuse a dictionary key or set element that has no hash, or whose hash in Python may disagree with symbolic
    equality.
    """
    if isinstance(key, tuple):
        for part in key:
            _refuse_as_key(part)
    elif not (key is None or isinstance(key, int | str | Enum | SymInt | SymBool | SymName)):
        refuse(f"a value of type {type(key).__name__} as a key is not understood")


class DictView(Textless):
    """The keys, values or pairs of a dictionary, read when iterated over, as in Python. `part` returns the key, the
    value or the pair of an item. Comparing views is refused.
    """

    def __init__(self, items: list[list[Any]], part: Callable[[list[Any]], Any]) -> None:
        self._items: Final = items
        self._part: Final = part

    def __iter__(self) -> Iterator[Any]:
        size = len(self._items)
        for item in self._items:
            yield self._part(item)
            if len(self._items) != size:
                refuse("a dictionary that grows while it is gone through is not understood")

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        refuse("to compare what a dictionary holds is not understood")

    __hash__ = None  # type: ignore[assignment]  # Python says so that a class has no hash


class SymDict(Textless):
    """A dictionary made by a function: keys are compared by `==` and kept in insertion order."""

    def __init__(self, items: Iterable[tuple[Any, Any]]) -> None:
        self._items: Final[list[list[Any]]] = []
        for key, value in items:
            self[key] = value

    def _find(self, key: Any) -> list[Any] | None:
        _refuse_as_key(key)
        for item in self._items:
            if item[0] == key:
                return item
        return None

    def __setitem__(self, key: Any, value: Any) -> None:
        found = self._find(key)
        if found is None:
            self._items.append([key, value])
        else:
            found[1] = value

    def __getitem__(self, key: Any) -> Any:
        found = self._find(key)
        if found is None:
            raise KeyError("a key that is not there")
        return found[1]

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key, or the default if the dictionary has no equal key. Comparing symbolic keys may split the
        path.
        """
        found = self._find(key)
        return default if found is None else found[1]

    def __contains__(self, key: object) -> bool:
        return self._find(key) is not None

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def keys(self) -> DictView:
        """The view of the keys, in insertion order. A dictionary that grows during the iteration is refused."""
        return DictView(self._items, lambda item: item[0])

    def values(self) -> DictView:
        """The view of the values, in insertion order of their keys. A dictionary that grows during the iteration is
        refused.
        """
        return DictView(self._items, lambda item: item[1])

    def items(self) -> DictView:
        """The view of the (key, value) pairs, in insertion order. A dictionary that grows during the iteration is
        refused.
        """
        return DictView(self._items, tuple)

    def __eq__(self, other: object) -> bool:
        refuse("to compare dictionaries is not understood")

    __hash__ = None  # type: ignore[assignment]  # Python says so that a class has no hash


class SymSet(Textless):
    """A set made by a function: elements are compared by `==`. Iteration is refused, because a set has no order."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._values: Final[list[Any]] = []
        for value in values:
            if value not in self:
                self._values.append(value)

    def __contains__(self, value: object) -> bool:
        _refuse_as_key(value)
        return any([bool(value == other) for other in self._values])

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SymSet):
            refuse("to compare a set with anything but a set is not understood")
        return len(self) == len(other) and all([value in other for value in self._values])

    def __iter__(self) -> Iterator[Any]:
        refuse("to go through a set is not understood")

    __hash__ = None  # type: ignore[assignment]  # Python says so that a class has no hash


def lifted_dict(items: Iterable[tuple[Any, Any]]) -> Any:
    """The value of a dictionary display or comprehension: a SymDict while the program runs on symbols, else a
    `dict`.
    """
    return SymDict(items) if is_followed() else dict(items)


def lifted_set(values: Iterable[Any] = ()) -> Any:
    """The builtin `set`, whose elements may be symbols. Of a list of any length, only the number of distinct names is
    known.
    """
    if isinstance(values, Listing):
        return Different(values)
    return SymSet(values) if is_followed() else set(values)


def lifted_own(value: Any) -> Any:
    """The argument itself, which is about to be changed in place. While the program runs on symbols, a list, dictionary
    or set that others may hold is refused.
    """
    if is_followed() and isinstance(value, list | dict | set | SymDict | SymSet):
        refuse("a list that this function has not made is changed")
    return value


def lifted_same(left: Any, right: Any) -> bool:
    """The operator `is`, for values with a unique identity, such as tables and reasons. While the program runs on
    symbols, numbers, names and rows are refused. `value is None` is answered for any value, except those of the
    engine's loops.
    """
    if right is None and is_followed():
        if type(left).__module__ == "proofs.folds":
            refuse(f"whether a value of type {type(left).__name__} is there is not understood")
        return left is None
    for value in (left, right):
        kind = type(value)
        is_one = value is None or isinstance(value, Enum) or not (kind.__module__ in SHARED or attr.has(kind))
        if is_followed() and not is_one:
            refuse(f"the identity of a value of type {kind.__name__} is not understood")
    return left is right


def lifted_both(first: Any, *others: Callable[[], Any]) -> Any:
    """The operator `and`, which does not split the path where every operand can be evaluated. The operands after the
    first are passed as functions.
    """
    return _joined(first, others, z3.And, False)


def lifted_either(first: Any, *others: Callable[[], Any]) -> Any:
    """The operator `or`, which does not split the path where every operand can be evaluated. The operands after the
    first are passed as functions.
    """
    return _joined(first, others, z3.Or, True)


def _joined(value: Any, others: Sequence[Callable[[], Any]], join: Callable[..., Term], end: bool) -> Any:
    """The value of `and` (`join` is conjunction, `end` False) or of `or` (disjunction, True). `value` is the first
    operand, and `others` return the further ones.

    The operands are evaluated together if all are truth values. If one is none, raises, or writes where Python may have
    stopped, they are evaluated as in Python, which stops at the first operand equal to `end`.
    """
    if not others:
        return value
    if isinstance(value, SymBool):
        try:
            with unsure() as goes_on:
                goes_on(z3.Not(value.term) if end else value.term, True)
                rest = _joined(others[0](), others[1:], join, end)
        except (RecursionError, MemoryError):
            raise
        except (*IMPOSSIBLE, *UNFOLLOWED, TooEarlyError):
            rest = None
        if isinstance(rest, bool | SymBool):
            return SymBool(join(value.term, term_of(rest)))
    return value if bool(value) is end else _joined(others[0](), others[1:], join, end)


def lifted_not(value: Any) -> Any:
    """The operator `not` within `and` or `or`, which does not split the path."""
    return SymBool(z3.Not(value.term)) if isinstance(value, SymBool) else not value


def lifted_mod(left: Any, right: Any) -> Any:
    """The operator `%` on numbers. On a `str` it would format text, which is refused."""
    if is_followed() and isinstance(left, str):
        refuse("the text of a value is not understood")
    return left % right


SHARED: Final = ("builtins", "proofs.paths", "proofs.symbols", "proofs.builtin", "proofs.folds")
"""The modules whose values may be equal without being identical, so that `is` on them is refused."""

STANDS_FOR: Final = {
    SymInt: int,
    SymBool: bool,
    SymName: str,
    SymList: tuple,
    Listing: tuple,
    SymDict: dict,
    SymSet: set,
}


def lifted_isinstance(value: Any, classes: Any) -> bool:
    """The builtin `isinstance`, where a symbol counts as the type that it stands for."""
    plain = STANDS_FOR.get(type(value))
    if plain is None and type(value).__module__.startswith("proofs.") and not attr.has(type(value)):
        refuse(f"whether a value of type {type(value).__name__} is of a kind is not understood")
    if plain is int and isinstance(True, classes) and not isinstance(0, classes):
        refuse("whether a number is a truth value is not understood")
    return isinstance(value, classes) if plain is None else isinstance(plain(), classes)


def lifted_hasattr(value: Any, name: str) -> bool:
    """The builtin `hasattr`, for calls, rows and their declared fields. While the program runs on symbols anything else
    is refused. So is a property, whose evaluation may raise.
    """
    of_class = [vars(kind)[name] for kind in type(value).__mro__ if name in vars(kind)]
    is_asked = any([isinstance(each, property) for each in of_class])
    if is_followed() and (not attr.has(type(value)) or name.startswith("_") or is_asked):
        refuse(f"whether a value of type {type(value).__name__} has .{name} is not understood")
    return hasattr(value, name)


def lifted_getattr(value: Any, name: str) -> Any:
    """The builtin `getattr`, for calls, rows and their declared fields. Anything else is refused while the program runs
    on symbols.
    """
    if is_followed() and (not attr.has(type(value)) or name.startswith("_")):
        refuse(f".{name} of a value of type {type(value).__name__} is not understood")
    return getattr(value, name)


def lifted_type(value: Any) -> type[Any]:
    """The builtin `type`, for calls and rows; anything else is refused while the program runs on symbols. A class by
    which a trusted contract replaces another counts as the replaced one.
    """
    if is_followed() and not attr.has(type(value)):
        refuse(f"the type of a value of type {type(value).__name__} is not understood")
    return IN_PLACE_OF.get(type(value), type(value))


BUILTINS: Final[dict[str, Any]] = {
    "max": merged_max,
    "min": merged_min,
    "all": merged_all,
    "any": merged_any,
    "isinstance": lifted_isinstance,
    "hasattr": lifted_hasattr,
    "getattr": lifted_getattr,
    "range": lifted_range,
}
"""The functions that replace Python's builtins in every lifted module, by the builtin's name."""

CALLED: Final[dict[str, Any]] = {"set": lifted_set, "type": lifted_type}
"""The replacements used when a builtin is called whose name also denotes a type."""
