"""Values that outlive a path: the values of globals, and everything that they hold, at any depth.

A program is run again for each path. What it reads must not depend on earlier paths: a list that grew, an iterator that
was consumed, a cache. So functions may read constants, definitions of lifted modules, and objects made of these.
"""

import sys
from collections.abc import Callable
from enum import Enum
from types import FunctionType, MappingProxyType, MemberDescriptorType, ModuleType
from typing import Any, Final, Generic

from proofs.python_subset import LIBRARY

CONSTANTS: Final = (int, str, bool, type(None))
LISTS: Final = (tuple, list, frozenset, set)
SETS: Final = (frozenset, set)
BASES: Final = (object, Enum, Generic, BaseException, Exception)
"""The classes outside lifted modules from which a lifted class may derive."""
SHAPES: Final = (int, str, bool)
"""The builtin classes that name the kind of a key."""
METHODS: Final = (property, staticmethod, classmethod)
ENGINE: Final = (
    "proofs.paths",
    "proofs.symbols",
    "proofs.builtin",
    "proofs.folds",
    "proofs.shapes",
    "proofs.state",
    "proofs.totals",
    "proofs.symbolic_calls",
)
"""The engine's modules that define replacements for what lifted modules use, beside the trusted contracts. Their
functions reveal that a path is followed: no rule or law may use them.
"""
OF_CLASSES: Final = (MemberDescriptorType, MappingProxyType)
"""The types of the attributes that Python itself keeps in classes."""
OF_ATTRS: Final = (
    "__ne__",
    "_make_order.",
    "_frozen_setattrs",
    "_frozen_delattrs",
    "_ClassBuilder._make_getstate_setstate.",
)
"""The prefixes of the qualified names of functions that attrs adds to classes."""

Is = Callable[[str], bool]
"""A predicate on the name of a module."""


class Lasting:
    """The check of values that outlive a path, such as globals and what they hold; each value is checked once.

    `is_lifted` is true of the name of a lifted module. `is_engine` is true of that of a module of the engine, which
    keeps nothing of a path.
    """

    def __init__(self, is_lifted: Is, is_engine: Is) -> None:
        self._is_lifted: Final = is_lifted
        self._is_engine: Final = is_engine
        self._known: Final[dict[int, tuple[Any, bool]]] = {}
        """The map from `id()` to the value, kept so that its id is not reused, and True if it is accepted."""
        self._looked_at: Final[list[int]] = []
        """The `id()` of each value checked since the outermost call of `_look` began."""

    def is_understood(self, value: Any) -> bool:
        """True if a value, and everything that it holds, is the same on every path and safe to read symbolically."""
        if type(value) in CONSTANTS:
            return True
        found = self._known.get(id(value))
        return self._look(value) if found is None else found[1]

    def _look(self, value: Any) -> bool:
        """True if a value is accepted. It counts as accepted while what it holds is checked, since that may hold the
        value again. If it is refused, answers that relied on it are forgotten and computed again when needed.
        """
        is_outermost = not self._looked_at
        self._looked_at.append(id(value))
        self._known[id(value)] = (value, True)
        is_understood = self._holds_what_is_understood(value)
        self._known[id(value)] = (value, is_understood)
        if is_outermost:
            for each in [] if is_understood else self._looked_at:
                if self._known[each][1]:
                    del self._known[each]
            self._looked_at.clear()
        return is_understood

    def _holds_what_is_understood(self, value: Any) -> bool:
        if not isinstance(value, FunctionType | type) and self._is_of_engine(value):
            return False
        if type(value) in SETS and not all([type(part) in (int, bool) for part in value]):
            return False  # the order of other elements may differ from process to process
        if type(value) in LISTS:
            return all([self.is_understood(part) for part in value])
        if type(value) is dict:
            return all([self.is_understood(part) for pair in value.items() for part in pair])
        if isinstance(value, ModuleType):
            return False  # names looked up in a module are checked by untaught_of_modules
        if isinstance(value, FunctionType):
            return self._is_of_library(value) or self._is_function_understood(value)
        if isinstance(value, type):
            return value in SHAPES or self._is_of_library(value) or self._is_class_understood(value)
        if isinstance(value, METHODS):
            parts = [getattr(value, name, None) for name in ("fget", "fset", "fdel", "__func__")]
            return all([self.is_understood(part) for part in parts])
        kind = type(value)
        return self._is_ours(kind.__module__) and self.is_understood(kind) and self._are_fields_understood(value)

    def _is_of_engine(self, value: Any) -> bool:
        """True if a value is bound to a name in some unlifted module of `proofs`, which is the engine's own."""
        modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "proofs"]
        return any([value is known for module in modules for known in vars(module).values()])

    def _is_ours(self, module: str) -> bool:
        return self._is_lifted(module) or self._is_engine(module)

    def _is_of_library(self, value: Any) -> bool:
        return f"{value.__module__}.{value.__qualname__}" in _LIBRARY

    def _is_function_understood(self, function: FunctionType) -> bool:
        """True if a function is accepted, with its defaults and the variables of outer functions that it captures."""
        if function.__module__ in ENGINE:
            return False
        if self._is_engine(function.__module__) or _is_made_by_attrs(function):
            return True
        kept = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        kept += [cell.cell_contents for cell in function.__closure__ or () if not _is_empty(cell)]
        return self._is_lifted(function.__module__) and all([self.is_understood(part) for part in kept])

    def _is_class_understood(self, kind: type) -> bool:
        if self._is_engine(kind.__module__):
            return True
        if not self._is_lifted(kind.__module__) or not all([self._may_be_base(base) for base in kind.__mro__]):
            return False
        of_python = _is_of_enumeration if issubclass(kind, Enum) else _is_of_python
        kept = [value for name, value in vars(kind).items() if not of_python(name, value)]
        return all([self.is_understood(value) for value in kept])

    def _may_be_base(self, base: type) -> bool:
        return base in BASES or self._is_ours(base.__module__)

    def _are_fields_understood(self, value: Any) -> bool:
        fields = dict(getattr(value, "__dict__", {}))
        for kind in type(value).__mro__:
            for name, slot in vars(kind).items():
                if isinstance(slot, MemberDescriptorType) and hasattr(value, name):
                    fields[name] = getattr(value, name)
        return all([self.is_understood(part) for name, part in fields.items() if not _is_of_python(name, part)])


def _is_of_python(name: str, value: Any) -> bool:
    """True if Python or attrs stores this attribute, so that no function can read it by its name."""
    is_theirs = name[:2] == name[-2:] == "__" and not callable(value)
    return is_theirs or isinstance(value, OF_CLASSES) or name in ("_abc_impl", "__annotate__", "__objclass__")


def _is_of_enumeration(name: str, value: Any) -> bool:
    """True if Python or attrs stores this attribute of an enumeration. No name of a member both begins and ends with
    `_`.
    """
    return _is_of_python(name, value) or (name[:1] == name[-1:] == "_" and name != "_") or name == "__new__"


def _is_made_by_attrs(function: FunctionType) -> bool:
    """True if attrs made a function to compare, copy or freeze the objects of a class."""
    return function.__module__ == "attr._make" and function.__qualname__.startswith(OF_ATTRS)


def _is_empty(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # asking is what raises
    except ValueError:
        return True
    return False


_LIBRARY: Final = LIBRARY.split()
