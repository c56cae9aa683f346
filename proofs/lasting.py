"""Values that last longer than a path: what global names stand for, and all that these hold, however deep.

A program is run anew for each path. What it finds must not depend on the paths before: a list that grew, an iterator
that was gone through, a cache. So functions find constants, what lifted modules define, and objects made of such.
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
"""Of what is not lifted, the classes from which a lifted class may descend."""
SHAPES: Final = (int, str, bool)
"""Classes of Python's that say of what kind a key is."""
METHODS: Final = (property, staticmethod, classmethod)
NOBODYS: Final = ("proofs.paths", "proofs.symbols", "proofs.builtin", "proofs.folds", "proofs.state")
"""The modules of the engine whose functions tell that a path is followed: no rule or law may ask them."""
OF_CLASSES: Final = (MemberDescriptorType, MappingProxyType)
"""The attributes that Python itself keeps in classes."""
OF_ATTRS: Final = (
    "__ne__",
    "_make_order.",
    "_frozen_setattrs",
    "_frozen_delattrs",
    "_ClassBuilder._make_getstate_setstate.",
)
"""The prefixes of the functions that attrs keeps in classes."""

Is = Callable[[str], bool]
"""A predicate of modules."""


class Lasting:
    """The understood ones of lasting values; each is looked at once.

    `is_lifted` says of a module whether it is lifted, `is_engine` whether it is the engine's, which keeps no path.
    """

    def __init__(self, is_lifted: Is, is_engine: Is) -> None:
        self._is_lifted: Final = is_lifted
        self._is_engine: Final = is_engine
        self._known: Final[dict[int, tuple[Any, bool]]] = {}
        """With each value, so that no other has its identity."""
        self._looked_at: Final[list[int]] = []
        """Since the outermost look began."""

    def is_understood(self, value: Any) -> bool:
        """True if a value, and all that it holds, is the same on every path, and what symbols take it for."""
        if type(value) in CONSTANTS:
            return True
        found = self._known.get(id(value))
        return self._look(value) if found is None else found[1]

    def _look(self, value: Any) -> bool:
        """While what a value holds is looked at, which may hold it, it is taken for understood. If it is not, what was
        looked at on that condition is looked at again when it is asked for.
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
            return False  # the order of what else it has may be another in each process
        if type(value) in LISTS:
            return all([self.is_understood(part) for part in value])
        if type(value) is dict:
            return all([self.is_understood(part) for pair in value.items() for part in pair])
        if isinstance(value, ModuleType):
            return False  # what is found in it is asked for, by whom it is found
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
        """True if it is a value that the engine, or what is not lifted of a protocol, knows by a name of its own."""
        modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "proofs"]
        return any([value is known for module in modules for known in vars(module).values()])

    def _is_ours(self, module: str) -> bool:
        return self._is_lifted(module) or self._is_engine(module)

    def _is_of_library(self, value: Any) -> bool:
        return f"{value.__module__}.{value.__qualname__}" in _LIBRARY

    def _is_function_understood(self, function: FunctionType) -> bool:
        """Also of what it keeps from where it was made: defaults, and the names of a function around it."""
        if function.__module__ in NOBODYS:
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
    """True if Python or attrs keeps something in a class or an object that no function can ask for by its name."""
    is_theirs = name[:2] == name[-2:] == "__" and not callable(value)
    return is_theirs or isinstance(value, OF_CLASSES) or name in ("_abc_impl", "__annotate__", "__objclass__")


def _is_of_enumeration(name: str, value: Any) -> bool:
    """True if Python or attrs keeps something in an enumeration, which has no member whose name begins and ends with
    `_`.
    """
    return _is_of_python(name, value) or (name[:1] == name[-1:] == "_" and name != "_") or name == "__new__"


def _is_made_by_attrs(function: FunctionType) -> bool:
    """True if it is how attrs compares, copies or freezes the rows of a class."""
    return function.__module__ == "attr._make" and function.__qualname__.startswith(OF_ATTRS)


def _is_empty(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # asking is what raises
    except ValueError:
        return True
    return False


_LIBRARY: Final = LIBRARY.split()
