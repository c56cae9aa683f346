"""Loops over lists of any length: one element between those that are done and those to do, with the laws between.

A list that a call names has any length. Where a rule loops over it, the run is *cut*: what was written so far must keep
every state law, as if the call ended there. Then the state is any that satisfies the laws: of the tables that the loop
writes nothing else is known, the others are as they were written. From there the run goes on twice. Once with one
element, which is any: when the body comes to its end, the laws must hold again, and the path is over. And once as if
all elements were done: with what comes after the loop. So each path falls into *segments*, from one such state to the
next, and a call keeps a law if every segment does.

Where the laws do not hold of the state as it is in the middle, a theory gives a `Fold`: rows as if which they hold.

What a body carries from one element to the next, beside the draft, are local names that are bound before the loop: each
is any value of its kind at the beginning of an element, and after the loop. Which names these are is read from the
syntax tree.
"""

import ast
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attr
import z3

from proofs.builtin import SymDict, SymSet, lifted_range
from proofs.state import fresh, shape_of
from proofs.symbols import SymBool, SymInt, SymName, Term, UnliftableError, path, term_of

Names = Mapping[str, Any]
"""What the names of a function stand for; `done` is how many elements of a list are done."""

FOLD: Final = "_fold"
"""The name under which a lifted module finds what its loops over lists run through."""


TUPLE: Final = "_tuple"
"""The name under which it finds what a call of `tuple` calls, which is also the name of a type."""


class FoldedError(BaseException):
    """One element of a list is done: the path ends here. No rule catches it."""


class Items:
    """A list of any length, of which a position gives the element."""

    def __init__(self, name: str, length: Term, element: Callable[[SymInt], Any], terms: tuple[Term, ...]) -> None:
        self.name: Final = name
        self.terms: Final = terms
        """What tells the list from others of its name."""
        self.length: Final = length
        self.element: Final = element

    def __getitem__(self, position: Any) -> Any:
        index = term_of(position)
        if not path().decide(z3.And(index >= 0, index < self.length)):
            raise IndexError(f"no element of {self.name} may be there")
        return self.element(position if isinstance(position, SymInt) else SymInt(index))

    def __iter__(self) -> Iterator[Any]:
        raise UnliftableError(f"{self.name} is of any length, and gone through by more than a loop")

    def __len__(self) -> int:
        raise UnliftableError(f"{self.name} is of any length")

    def __contains__(self, item: object) -> bool:
        raise UnliftableError(f"{self.name} is of any length")

    def __eq__(self, other: object) -> bool:
        raise UnliftableError(f"{self.name} is of any length")

    def __hash__(self) -> int:
        raise UnliftableError("a list of any length is looked up by hash")


class Gathered:
    """A list to which each element may have added: nothing is known of it, but that it may be returned."""

    def append(self, item: object) -> None:
        """Add one more."""

    def __iter__(self) -> Iterator[Any]:
        raise UnliftableError("what a loop has gathered is gone through")

    def __eq__(self, other: object) -> bool:
        raise UnliftableError("what a loop has gathered is compared")

    def __hash__(self) -> int:
        raise UnliftableError("what a loop has gathered is looked up by hash")

    def __len__(self) -> int:
        raise UnliftableError("what a loop has gathered is counted")


def any_call(action: type[Any], facts: list[Term], name: str = "call", at: tuple[Term, ...] = ()) -> Any:
    """A call of which nothing is known, with lists of any length; `facts` takes what the types of arguments say."""
    hints = typing.get_type_hints(action.__init__)
    fields = [field.name for field in attr.fields(action)]
    return action(*[_any(hints[field], f"{name}.{field}", facts, at) for field in fields])


def _any(annotation: Any, name: str, facts: list[Term], at: tuple[Term, ...]) -> Any:
    """Any value, a function of the positions in the lists that it is in."""
    arguments = typing.get_args(annotation)
    if arguments[1:] == (Ellipsis,):
        length = _function(f"{name}!length", at, z3.IntSort())
        facts.append(length >= 0)

        def element(position: SymInt) -> Any:
            of_element: list[Term] = []
            value = _any(arguments[0], f"{name}!element", of_element, (*at, position.term))
            for fact in of_element:
                path().assume(fact)
            return value

        return Items(name, length, element, at)
    if attr.has(annotation):
        return any_call(annotation, facts, name, at)
    value = fresh(shape_of(annotation), name) if not at else _applied(shape_of(annotation), name, at)
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, SymInt):
            facts.append(part.term >= 0)
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


# What lifted modules find in the place of loops, of `len` and of `range`.


class _Plain:
    """A loop over what is no list of any length: as it is."""

    def __init__(self, items: Any) -> None:
        self._items: Final = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def carried(self, _name: str, value: Any) -> Any:
        """What a name that is carried from one element to the next stands for."""
        return value


class Loop:
    """A loop over a list of any length, which cuts the run."""

    def __init__(self, items: Items, site: str, names: tuple[str, ...]) -> None:
        self.items: Final = items
        self.site: Final = site
        self._names: Final = names
        self._values: dict[str, Any] = {}
        self.number = 0

    def __iter__(self) -> Iterator[Any]:
        run = running()
        before = dict(sys._getframe(1).f_locals)
        for name, value in before.items():
            if isinstance(value, list | dict | set | SymDict | SymSet) and name not in self._names:
                raise UnliftableError(f"{self.site}: {name} may change in a loop unnoticed")
        number = self.number = run.cut(self, {**before, "done": 0})
        self._values = {name: _any_like(before[name], f"{self.site}.{name}@{number}") for name in self._names}
        position = SymInt(z3.Int(f"{self.site}.position@{number}"))
        is_element = z3.And(position.term >= 0, position.term < self.items.length)
        if path().decide(is_element):
            run.begin(self, {**before, **self._values, "done": position}, is_element)
            yield self.items.element(position)
            run.end(self, {**sys._getframe(1).f_locals, "done": position + 1})
        run.leave(self, {**before, **self._values, "done": SymInt(self.items.length)}, z3.Not(is_element))

    def carried(self, name: str, _value: Any) -> Any:
        """What a name that is carried from one element to the next stands for: any value of its kind."""
        return self._values[name]


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
    """What a cut does to the run in which it happens; see `proofs/segments.py`."""

    def cut(self, loop: Loop, names: Names) -> int:
        """End a segment before a loop. Returns a number that no other cut has."""
        raise NotImplementedError

    def begin(self, loop: Loop, names: Names, when: Term) -> None:
        """Begin a segment with one element; `when` says that there is one."""
        raise NotImplementedError

    def end(self, loop: Loop, names: Names) -> None:
        """End a segment after one element, and the path."""
        raise NotImplementedError

    def leave(self, loop: Loop, names: Names, when: Term) -> None:
        """Begin a segment after the loop; `when` says that it is over."""
        raise NotImplementedError


RUNS: Final[list[Running]] = []
"""The run that goes on, if any: outside of one, no list is of any length."""


def running() -> Running:
    """The run that goes on."""
    if not RUNS:
        raise UnliftableError("a list of any length is gone through outside of a call")
    return RUNS[-1]


def fold(items: Any, site: str, *names: str) -> "_Plain | Loop":
    """What a loop over `items` runs through; `names` are those that its body carries from one element to the next."""
    return Loop(items, site, names) if isinstance(items, Items) else _Plain(items)


def any_length(value: Any) -> Any:
    """`len`, of a list of any length too."""
    return SymInt(value.length) if isinstance(value, Items) else len(value)


def any_tuple(*values: Any) -> Any:
    """`tuple`, of what a loop has gathered too."""
    return values[0] if values and isinstance(values[0], Gathered) else tuple(*values)


def any_range(*bounds: Any) -> Any:
    """`range`; within a call, between symbols, of any length."""
    if not RUNS or not any(isinstance(bound, SymInt) for bound in bounds):
        return lifted_range(*bounds, where=sys._getframe(1).f_code.co_name)
    first, end = bounds if len(bounds) == 2 else (0, bounds[0])
    length = z3.simplify(term_of(end) - term_of(first))
    return Items(
        "range", z3.simplify(z3.If(length < 0, 0, length)), lambda position: position + first, (term_of(first), length)
    )


FOLDED_BUILTINS: Final[dict[str, Any]] = {FOLD: fold, TUPLE: any_tuple, "len": any_length, "range": any_range}


class Folding(ast.NodeTransformer):
    """Lets each loop of a module run through `fold`, which hears which names the body carries.

    for item in items:          loop = _fold(items, "module:function:line", "total")
        total += item    ->     for item in loop:
                                    total = loop.carried("total", total)
                                    total += item
                                else:
                                    total = loop.carried("total", total)
    """

    def __init__(self, module: str) -> None:
        self._module: Final = module
        self._functions: Final[list[ast.FunctionDef]] = []
        self._loops: Final[dict[str, int]] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A function, whose loops are counted."""
        self._functions.append(node)
        self.generic_visit(node)
        self._functions.pop()
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`tuple(...)`, which may be of what a loop has gathered."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "tuple":
            node.func = ast.copy_location(ast.Name(TUPLE, ast.Load()), node.func)
        return node

    def visit_For(self, node: ast.For) -> Any:
        """A loop, and before it what it runs through."""
        if not self._functions:
            return node
        function = self._functions[-1]
        names = sorted(changed_in(node.body) & bound_before(function, node))
        number = self._loops[function.name] = self._loops.get(function.name, 0) + 1
        site = f"{self._module}:{function.name}" + ("" if number == 1 else f"#{number}")
        self.generic_visit(node)
        loop = f"_loop{number}"
        begin = ast.parse(f"{loop} = {FOLD}(None, {', '.join(map(repr, [site, *names]))})").body[0]
        assert isinstance(begin, ast.Assign)
        assert isinstance(begin.value, ast.Call)
        begin.value.args[0] = node.iter
        node.iter = ast.Name(loop, ast.Load())
        carry = [f"{name} = {loop}.carried({name!r}, {name})" for name in names]
        if names and node.orelse:
            raise UnliftableError(f"{site}, line {node.lineno}: a loop with `else` carries {', '.join(names)}")
        node.body = [*ast.parse("\n".join(carry)).body, *node.body]
        node.orelse = node.orelse or ast.parse("\n".join(carry)).body
        for part in (begin, *node.body[: len(carry)], *node.orelse[: len(carry)]):
            for inner in ast.walk(part):
                if not hasattr(inner, "lineno") and "lineno" in getattr(inner, "_attributes", ()):
                    ast.copy_location(inner, node)
        return [ast.fix_missing_locations(ast.copy_location(begin, node)), ast.fix_missing_locations(node)]


def changed_in(body: list[ast.stmt]) -> set[str]:
    """The names that statements bind, or whose value they may change: by a method, an item or an attribute."""
    names: set[str] = set()
    for part in (part for statement in body for part in ast.walk(statement)):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
            names.add(part.id)
        elif isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store | ast.Del):
            names.add(_root(part))
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in MUTATING:
            names.add(_root(part.func))
    return names - {""}


MUTATING: Final = frozenset(
    "append extend insert remove pop clear sort reverse update setdefault add discard popitem".split()  # noqa: SIM905
)
"""Methods of Python's containers that change them."""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def bound_before(function: ast.FunctionDef, loop: ast.stmt) -> set[str]:
    """The names of a function that may be bound where a loop begins: its arguments, and what it binds above."""
    arguments = function.args
    names = {each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    for part in ast.walk(function):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.lineno < loop.lineno:
            names.add(part.id)
    return names
