"""Loops over lists of any length, proved by induction: one arbitrary element, with the laws as the invariant.

A list in a call or in a row has any length. Where a rule loops over it, the run is *cut*: what was written so far must
keep every state law, as if the call ended there. Then the state is any that satisfies the laws; the tables that the
loop writes are unknown, the others are as written before. From there the run continues twice. Once with one arbitrary
element: at the end of the body the laws must hold again, and the path ends. And once with the code after the loop, as
if every element were done. So each path falls into *segments*, from one such state to the next, and a call keeps a law
if every segment does.

Where a state in the middle of a loop breaks laws, a theory gives a `Fold`: replacement rows with which they hold.

Beside the draft, a body may carry local variables from one element to the next, if they are bound before the loop. Each
has an arbitrary value of its type at the beginning of an element and after the loop. These variables are found in the
syntax tree.
"""

import inspect
import itertools
import sys
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from types import FunctionType, ModuleType, NoneType
from typing import Any, Final

import attr
import z3

from proofs.builtin import SymDict, SymSet, lifted_range
from proofs.folding import FOLD, SPREAD, TUPLE, WHILE
from proofs.paths import RUNS, Term, UnliftableError, path, refuse
from proofs.shapes import fresh, held, shape_of
from proofs.symbolic_calls import made
from proofs.symbols import Different, Listing, Symbol, SymBool, SymInt, SymList, SymName, Textless, number_of, term_of

Names = Mapping[str, Any]
"""The map from the names of a function's local variables to their values. Further keys are `done`, the number of
elements done, or `to_do`, a predicate of the names in a row's list that are still to do; `any`, an arbitrary name; and
`has`, the membership test of a row's list.
"""


class Standing(Mapping[str, Any]):
    """The local variables that are the same in the middle of a loop and after each element, and `to_do`. A read of any
    other variable is refused.

    What is assumed in the middle of a loop is proved after an element, so both may depend on these variables only.
    """

    def __init__(self, names: Names) -> None:
        self._names: Final = names

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            refuse(f"{name}, which a loop may change, decides the rows that laws see in its middle")
        return self._names[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names or refuse(f"it is asked if {name!r} is a variable in a loop")

    def __iter__(self) -> Iterator[str]:
        return refuse("the names of a loop's variables are gone through")

    def __len__(self) -> int:
        return refuse("the names of a loop's variables are counted")


class FoldedError(BaseException):
    """The exception that ends a path after one element of a list, or before a loop at which the run is cut. It derives
    from BaseException, so that no rule catches it.
    """


class Items(Textless):
    """A list of any length in a call, or a range between symbols. `element` returns the element at an index. Only a
    loop may iterate over it.
    """

    def __init__(self, name: str, length: Term, element: Callable[[SymInt], Any], terms: tuple[Term, ...]) -> None:
        self.listed_as: Final = name
        self.terms: Final = terms
        """The terms that identify the list among those with its name: its indices in the lists that contain it."""
        self.length: Final = length
        self.element: Final = element

    def any_item(self) -> Any:
        """The element at index 0, which shows the type of all elements, even if the list is empty."""
        return self.element(SymInt(z3.IntVal(0)))

    def __getitem__(self, position: Any) -> Any:
        index = number_of(position)
        if path().decide(index < 0):
            refuse(f"an element of {self.listed_as} from its end is not understood")
        if not path().decide(z3.And(index >= 0, index < self.length)):
            raise IndexError(f"no element of {self.listed_as} may be there")
        return self.element(position if isinstance(position, SymInt) else SymInt(index))

    def __iter__(self) -> Iterator[Any]:
        raise UnliftableError(f"{self.listed_as} is of any length, and gone through by more than a loop")

    def __len__(self) -> int:
        raise UnliftableError(f"{self.listed_as} is of any length")

    def __contains__(self, item: object) -> bool:
        raise UnliftableError(f"{self.listed_as} is of any length")

    def __eq__(self, other: object) -> bool:
        raise UnliftableError(f"{self.listed_as} is of any length")

    def __hash__(self) -> int:
        raise UnliftableError("a list of any length is looked up by hash")


class Gathered(Textless):
    """A list to which a loop's body may have appended at each element. Nothing is known of its items. It may be
    returned; any other use is refused.
    """

    def append(self, item: object) -> None:
        """Do nothing: nothing is known of the list's items, so one more changes nothing."""

    def __iter__(self) -> Iterator[Any]:
        raise UnliftableError("what a loop has gathered is gone through")

    def __eq__(self, other: object) -> bool:
        raise UnliftableError("what a loop has gathered is compared")

    def __hash__(self) -> int:
        raise UnliftableError("what a loop has gathered is looked up by hash")

    def __len__(self) -> int:
        raise UnliftableError("what a loop has gathered is counted")


def any_call(
    action: type[Any],
    facts: list[Term],
    signed: Collection[str] = (),
    name: str = "call",
    at: tuple[Term, ...] = (),
    within: str = "",
) -> Any:
    """A symbolic call with lists of any length. Appends to `facts` that its numbers are not negative and its names not
    empty. The `signed` numbers, each "ACTION.field", may be negative.

    It may also be a record within a call: then `name` is the path to it, `within` is the name of the call's class, and
    `at` are its indices in the lists that contain it.
    """
    hints, owner = typing.get_type_hints(action.__init__), within or action.__name__
    fields = inspect.signature(action).parameters
    return made(action, [_any(hints[field], f"{name}.{field}", facts, at, owner, signed) for field in fields])


def _any(
    annotation: Any, name: str, facts: list[Term], at: tuple[Term, ...], owner: str, signed: Collection[str]
) -> Any:
    """An arbitrary value of the annotated type, as a function of its indices `at` in the lists that contain it. Appends
    to `facts` that numbers are not negative, except the `signed` ones, and names not empty.
    """
    arguments = typing.get_args(annotation)
    if arguments[1:] == (Ellipsis,):
        length = _function(f"{name}!length", at, z3.IntSort())
        facts.append(length >= 0)

        def element(position: SymInt) -> Any:
            of_element: list[Term] = []
            value = _any(arguments[0], f"{name}!element", of_element, (*at, position.term), owner, signed)
            for fact in of_element:
                path().assume(fact)
            return value

        return Items(name, length, element, at)
    if attr.has(annotation):
        return any_call(annotation, facts, signed, name, at, owner)
    value = fresh(shape_of(annotation), name) if not at else _applied(shape_of(annotation), name, at)
    is_signed = f"{owner}.{name.rpartition('.')[2].removesuffix('!element')}" in signed
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, SymInt):
            facts.extend([] if is_signed else [part.term >= 0])
        elif isinstance(part, SymName):
            facts.append(part.term != term_of(""))
    return value


def _applied(shape: Any, name: str, at: tuple[Term, ...]) -> Any:
    if isinstance(shape, tuple):
        return tuple([_applied(part, f"{name}.{number}", at) for number, part in enumerate(shape)])
    sort = z3.BoolSort() if shape is bool else z3.IntSort()
    return {bool: SymBool, int: SymInt, str: SymName}[shape](_function(name, at, sort))


def _function(name: str, at: tuple[Term, ...], sort: Term) -> Term:
    return z3.Function(name, *[z3.IntSort()] * len(at), sort)(*at) if at else z3.Const(name, sort)


# Replacements in lifted modules for loops, `len`, `range` and others.


class _Plain(Textless):
    """A loop over anything but a list of any length, which runs as in Python."""

    def __init__(self, items: Any) -> None:
        self._items: Final = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    is_cut = False

    def may_go_through(self, values: list[Any]) -> bool:
        """True if this loop may iterate over a list, dictionary or set that is among `values`, so that changing one
        would change the iteration.
        """
        lists = [value for value in values if isinstance(value, LISTS)]
        is_fixed = isinstance(self._items, tuple | str | range)
        is_another = isinstance(self._items, list) and all([each is not self._items for each in lists])
        return bool(lists) and not is_fixed and not is_another

    def carries(self, _name: str) -> bool:
        """False: a loop that runs as in Python gives no variable an arbitrary value."""
        return False


class Gone(Textless):
    """The value of the loop variable after a loop over a list of any length: any use of it is refused."""

    def __eq__(self, other: object) -> bool:
        raise UnliftableError("the last element of a list of any length is compared")

    def __hash__(self) -> int:
        raise UnliftableError("the last element of a list of any length is looked up by hash")

    def __bool__(self) -> bool:
        raise UnliftableError("the last element of a list of any length is asked for its truth")


GONE: Final = Gone()


LISTS: Final = (list, dict, set, SymDict, SymSet)
CONSTANTS: Final = (int, str, bytes, NoneType)
MACHINES: Final = ("spec.machine", "spec.history")
HOLDERS: Final = ("Draft", "Delta", "Table", "HistoryTable")
"""The classes that hold lists which no rule can reach: drafts, tables, histories, and a Delta except for its return
value.
"""


class Loop(Textless):
    """A loop over a list of any length. It cuts the run: what was written must keep the laws, and the run goes on from
    any state that satisfies them.
    """

    def __init__(self, items: "Items | Listing", site: str, names: tuple[str, ...]) -> None:
        self.items: Final = items
        self.site: Final = site
        self._names = names
        self._values: dict[str, Any] = {}
        self.number = 0
        self.fixed: dict[str, Any] = {}
        """The local variables where the loop begins that its body does not carry."""
        self.is_seen_otherwise = False
        """True if some laws are evaluated with other rows in the middle of the loop (`Seen`)."""

    def __iter__(self) -> Iterator[Any]:
        run = running()
        before = self.names_before(sys._getframe(1).f_locals)
        if isinstance(self.items, Listing):
            path().require(f"{self.site}: each is listed once", (self.items.length() == self.items.different()).term)
            number = self.number = run.cut(self, {**before, "to_do": self.items.has})
            to_do, goes_on = still_to_do(self.site, number)
            element: Any = SymName(z3.Int(f"{self.site}!element@{number}"))
            path().assume(z3.Implies(goes_on, z3.And(to_do(element).term, self.items.has(element).term)))
            is_element = goes_on
            at_begin: dict[str, Any] = {"to_do": to_do}
            at_end: dict[str, Any] = {
                "to_do": lambda name: SymBool(z3.And(to_do(name).term, term_of(name) != element.term))
            }
            at_last: dict[str, Any] = {"to_do": to_do}
        else:
            number = self.number = run.cut(self, {**before, "done": 0})
            position = SymInt(z3.Int(f"{self.site}!position@{number}"))
            is_element = z3.And(position.term >= 0, position.term < self.items.length)
            at_begin, at_end = {"done": position}, {"done": position + 1}
            at_last = {"done": SymInt(self.items.length)}
        self._values = self.any_values(before)
        if path().decide(is_element):
            run.begin(self, {**before, **self._values, **at_begin}, is_element)
            yield element if isinstance(self.items, Listing) else self.items.element(position)
            run.end(self, {**self.names_after(before, sys._getframe(1).f_locals), **at_end})
        run.leave(self, {**before, **self._values, **at_last}, z3.Not(is_element))

    def names_before(self, names: Names) -> dict[str, Any]:
        """The local variables where the loop begins, which are the frame's `names`. Raises UnliftableError if the loop
        may change one of them under another name.
        """
        for name, value in names.items():
            if isinstance(value, LISTS) and name not in self._names:
                raise UnliftableError(f"{self.site}: {name} may change in a loop unnoticed")
            if isinstance(value, _Plain) and value.may_go_through(
                [names[each] for each in self._names if each in names]
            ):
                raise UnliftableError(f"{self.site}: a list is gone through, which may change in this loop")
            if (part := _unknown_part(value, name in self._names)) is not None:
                kind = type(part).__name__
                raise UnliftableError(f"{self.site}: {name} holds a {kind}, which may change in a loop unnoticed")
        self._names = tuple([name for name in self._names if name in names])
        self.fixed = {name: value for name, value in names.items() if name not in self._names}
        return dict(names)

    def names_after(self, before: Names, names: Names) -> Names:
        """The local variables `names` after an element, once each carried one is checked against `before`, where the
        loop begins. Raises UnliftableError if the type of one has changed.
        """
        for name in self._names:
            if _kind(names[name]) is not _kind(before[name]):
                raise UnliftableError(f"{self.site}: {name} is of another kind after an element")
        return names

    def any_values(self, before: Names) -> dict[str, Any]:
        """An arbitrary value of each variable that the body carries from one element to the next, of the type that it
        has in `before`.
        """
        return {name: _any_like(before[name], f"{self.site}.{name}@{self.number}") for name in self._names}

    is_cut = True
    gone = GONE

    def carries(self, name: str) -> bool:
        """True if the body carries a variable from one element to the next, and it was bound where the loop began."""
        return name in self._names

    def carried(self, name: str) -> Any:
        """The arbitrary value of a variable that the body carries from one element to the next."""
        return self._values[name]


def _unknown_part(value: Any, is_carried: bool) -> Any:
    """The first part of a value whose type may hide a list; None if there is none. Through a hidden list, the loop
    might change a list under another name. `is_carried` is true of a variable that the loop may change.
    """
    found: dict[int, Any] = {}
    pending = list(_parts(value)) if is_carried and isinstance(value, LISTS) else [value]
    while pending:
        part = pending.pop()
        if id(part) not in found:
            found[id(part)] = part
            if not _is_known(part):
                return part
            pending += _parts(part)
    return None


def _is_known(value: Any) -> bool:
    """True if `_parts` returns all parts of a value that can be reached from it."""
    if isinstance(value, (*CONSTANTS, type, Enum, ModuleType, tuple, FunctionType)):
        return True
    if isinstance(value, Symbol | SymList | Items | Loop | _Plain | Gone):
        return True
    kind = type(value)
    return attr.has(kind) or (kind.__module__ in MACHINES and kind.__name__ in HOLDERS)


def _parts(value: Any) -> list[Any]:
    """The values within a value that a function can reach, one level deep."""
    if isinstance(value, tuple | list | set):
        return list(value)
    if type(value).__module__ in MACHINES and type(value).__name__ == "Delta":
        return [value.returns]
    if isinstance(value, _Plain):
        return list(value._items) if isinstance(value._items, tuple | list) else []
    if isinstance(value, FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *cells]
    return [*held(value).values()] if attr.has(type(value)) and not isinstance(value, type) else []


class Endless(Loop):
    """A `while` loop, as a loop that only `break` in its body ends; it cuts the run as well."""

    def __init__(self, site: str, names: tuple[str, ...]) -> None:
        super().__init__(Items(site, z3.IntVal(0), lambda _position: None, ()), site, names)

    def __iter__(self) -> Iterator[Any]:
        run = running()
        before = self.names_before(sys._getframe(1).f_locals)
        self.number = run.cut(self, before)
        self._values = self.any_values(before)
        run.begin(self, {**before, **self._values}, z3.BoolVal(True))
        yield None
        run.end(self, self.names_after(before, sys._getframe(1).f_locals))


def still_to_do(site: str, number: int) -> tuple[Callable[[Any], SymBool], Term]:
    """The names left to do in the middle of a loop over a row's list. The first value is a predicate, true of each such
    name; the second a term, true if there is one. `number` is that of the loop's cut.
    """
    goes_on = z3.Bool(f"{site}!goes_on@{number}")
    is_left = z3.Function(f"{site}!to_do@{number}", z3.IntSort(), z3.BoolSort())
    return lambda name: SymBool(z3.And(goes_on, is_left(term_of(name)))), goes_on


def _kind(value: Any) -> type:
    """The Python type for which a symbol may stand; for other values their own type."""
    kinds = {SymBool: bool, SymInt: int, SymName: str, Gathered: list}
    return kinds.get(type(value), type(value))


def _any_like(value: Any, name: str) -> Any:
    if isinstance(value, bool | SymBool):
        return SymBool(z3.Bool(name))
    if isinstance(value, int | SymInt):
        return SymInt(z3.Int(name))
    if isinstance(value, str | SymName):
        return SymName(z3.Int(name))
    if isinstance(value, list | Gathered):
        return Gathered()
    raise UnliftableError(f"{name} is carried from one element of a list to the next, and is no symbol: {value!r}")


class Running:
    """The interface by which a loop tells the run of a call that it begins, goes on or ends. `proofs/segments.py`
    implements it.
    """

    def cut(self, loop: Loop, names: Names) -> int:
        """End a segment before a loop, with the local variables `names`. Returns the unique number of this cut, if the
        run is to go on after it.
        """
        raise NotImplementedError

    def begin(self, loop: Loop, names: Names, when: Term) -> None:
        """Begin a segment with one element of a loop, under the condition `when` that there is one. `names` are the
        local variables.
        """
        raise NotImplementedError

    def end(self, loop: Loop, names: Names) -> None:
        """End a segment after one element of a loop, and with it the path. `names` are the local variables."""
        raise NotImplementedError

    def leave(self, loop: Loop, names: Names, when: Term) -> None:
        """Begin a segment after a loop, under the condition `when` that all elements are done. `names` are the local
        variables.
        """
        raise NotImplementedError


def running() -> Running:
    """The run of a call that is in progress, which loops may cut. Raises UnliftableError outside of a call."""
    if not RUNS:
        raise UnliftableError("a list of any length is gone through outside of a call")
    run: Running = RUNS[-1]
    return run


def fold(items: Any, site: str, *names: str) -> "_Plain | Loop":
    """The iterable for a loop over `items`. For a list of any length it cuts the run; else the loop runs as in Python.
    `site` is the loop's place, "module:function" or "module:function#2". `names` are the variables that its body may
    carry.
    """
    return Loop(items, site, names) if isinstance(items, Items | Listing) else _Plain(items)


def any_length(value: Any) -> Any:
    """The builtin `len`. Of a list of any length, or of the set of its names, it is a symbolic integer."""
    if isinstance(value, Items):
        return SymInt(value.length)
    if isinstance(value, Listing):
        return value.length()
    return value.listing.different() if isinstance(value, Different) else len(value)


def any_spread(listed: Any, *items: Any) -> Any:
    """The tuple `(*listed, *items)`. If `listed` is a list of any length, so is the result."""
    if not isinstance(listed, Listing):
        return (*listed, *items)
    for item in items:
        listed = listed.appended(item)
    return listed


def endless(site: str, *names: str) -> "_Plain | Loop":
    """The iterable for a `while` loop: it cuts the run if a call is in progress, else it is endless as in Python.
    `site` is the loop's place, "module:function" or "module:function#2". `names` are the variables that its body may
    carry.
    """
    return Endless(site, names) if RUNS else _Plain(itertools.repeat(None))


def any_tuple(*values: Any) -> Any:
    """The builtin `tuple`. A list that a loop has appended to is returned as it is."""
    return values[0] if values and isinstance(values[0], Gathered) else tuple(*values)


def any_range(*bounds: Any) -> Any:
    """The builtin `range`. Between symbols it has any length during the run of a call, and else that of `lifted_range`.
    During a run, a step between symbols is refused.
    """
    if not RUNS or not any(isinstance(bound, SymInt) for bound in bounds):
        return lifted_range(*bounds, where=sys._getframe(1).f_code.co_name)
    if len(bounds) > 2:
        refuse("a range between symbols that takes steps is not understood")
    first, end = bounds if len(bounds) == 2 else (0, bounds[0])
    length = z3.simplify(number_of(end) - number_of(first))
    return Items(
        "range", z3.simplify(z3.If(length < 0, 0, length)), lambda position: position + first, (term_of(first), length)
    )


FOLDED_BUILTINS: Final[dict[str, Any]] = {
    FOLD: fold,
    WHILE: endless,
    TUPLE: any_tuple,
    SPREAD: any_spread,
    "len": any_length,
    "range": any_range,
}
