"""The world that runs, compared with the one that is proved: each lifted module has the values of its original."""

import builtins
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from enum import Enum
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Final, get_args, get_origin

from proofs.lifting import LIFTED, lift, owns
from proofs.paths import UnliftableError
from proofs.places import Place
from proofs.setup import setup_of

CONSTANTS: Final = (int, str, bytes, float, type(None))
FUNCTIONS: Final = (FunctionType, BuiltinFunctionType)
WRAPPERS: Final = (staticmethod, classmethod)
MISSING: Final = "missing"
"""The constant in place of an attribute that only the other of two values has."""


class AnotherWorldError(UnliftableError):
    """The exception for a value that a lifted module does not have where it runs."""


def refuse_world_of(theory: str) -> None:
    """Lift a theory, at the place `module:attribute`, and raise AnotherWorldError if a module that runs differs from
    its lifted copy. A theory that cannot be lifted is passed over.
    """
    setup = setup_of(theory)
    try:
        lifted = lift(theory.partition(":")[0], setup.contracts, setup.lifted).modules
    except (UnliftableError, ImportError):
        return  # nothing can be proved by it, as every proof says
    refuse_another_world(lifted)


def refuse_another_world(lifted: Mapping[str, ModuleType]) -> None:
    """Raise AnotherWorldError if a global of a lifted module differs from the one in the module that runs, or if that
    module has a builtin's name for something of its own.

    A package's `__init__` may set a value of its module, or a module may fill another's registry. That takes part in
    what runs but, where it is not lifted, not in what is proved. Modules that were not imported are not compared:
    nothing runs them.
    """
    comparison = _Comparison(lifted)
    for name, module in lifted.items():
        original = vars(sys.modules[name]) if name in sys.modules else {}
        for key, value in vars(module).items():
            is_given = hasattr(builtins, key) and getattr(value, "__module__", None) not in lifted
            if (
                key in original
                and not key.startswith("__")
                and (is_given or not comparison.is_same(value, original[key]))
            ):
                raise AnotherWorldError(f"{name}.{key} has another value where it runs than where it is proved")


class _Comparison:
    """The comparison of values in `lifted` modules with their originals, which the modules that run hold."""

    def __init__(self, lifted: Mapping[str, ModuleType]) -> None:
        self._lifted: Final = lifted
        self._begun: Final[dict[tuple[int, int], tuple[Any, Any]]] = {}
        """Each value and original whose parts were compared, or are being compared, by their `id()`s."""

    def is_same(self, value: Any, original: Any) -> bool:
        """True if a value is like its original. Constants are equal; functions and classes have one name, one place in
        their file, and like parts; collections, and other objects, are of one class and have like parts.

        Private attributes of objects are not compared, since some keep there what they once found; nor are attributes
        of this project's objects, nor what is compiled.
        """
        if isinstance(value, Enum):
            return isinstance(original, Enum) and value.name == original.name and self._is_one_class(value, original)
        if isinstance(value, CONSTANTS) or isinstance(original, CONSTANTS):
            return type(value) is type(original) and bool(value == original)
        if isinstance(value, ModuleType):
            return isinstance(original, ModuleType) and value.__name__ == original.__name__
        if isinstance(value, Place):
            return isinstance(original, Path)
        if value is original or (id(value), id(original)) in self._begun or _is_compiled(original):
            return True
        self._begun[id(value), id(original)] = value, original
        if isinstance(value, FUNCTIONS):
            return isinstance(original, FUNCTIONS) and self._is_same_function(value, original)
        if isinstance(value, type):
            return isinstance(original, type) and self._is_same_class(value, original)
        return self._is_one_class(value, original) and self._has_same_parts(value, original)

    def _is_one_class(self, value: Any, original: Any) -> bool:
        return self.is_same(type(value), type(original))

    def _is_same_function(self, value: Any, original: Any) -> bool:
        if value.__module__ not in self._lifted and original.__module__ in self._lifted:
            return True  # a trusted contract stands for it
        if _name_of(value) != _name_of(original) or hasattr(value, "__wrapped__") != hasattr(original, "__wrapped__"):
            return False
        if not (isinstance(value, FunctionType) and isinstance(original, FunctionType)):
            return True
        is_one_place = value.__code__.co_firstlineno == original.__code__.co_firstlineno
        return is_one_place and self._are_same(_bound_in(value), _bound_in(original))

    def _is_same_class(self, value: type, original: type) -> bool:
        if value.__module__ not in self._lifted and original.__module__ in self._lifted:
            return True  # a trusted contract stands for it
        names = {name for name in (*vars(value), *vars(original)) if not name.startswith("__")}
        names |= {name for name in vars(value) if isinstance(vars(value)[name], FUNCTIONS)}
        names |= {name for name in vars(original) if isinstance(vars(original)[name], FUNCTIONS)}
        parts = [[vars(kind).get(name, MISSING) for name in sorted(names)] for kind in (value, original)]
        return _name_of(value) == _name_of(original) and self._are_same(*parts)

    def _has_same_parts(self, value: Any, original: Any) -> bool:
        if isinstance(value, Mapping):
            return self._are_same([*value], [*original]) and self._are_same([*value.values()], [*original.values()])
        if isinstance(value, Set):
            return len(value) == len(original) and _constants_in(value) == _constants_in(original)
        if isinstance(value, Sequence):
            return self._are_same(value, original)
        if isinstance(value, WRAPPERS):
            return self.is_same(value.__func__, original.__func__)
        if isinstance(value, property):
            return self._are_same([value.fget], [original.fget])
        if isinstance(value, MethodType):
            return self._are_same([value.__func__, value.__self__], [original.__func__, original.__self__])
        if get_origin(value) is not None:  # an annotation that names lifted classes
            return self._are_same(*([get_origin(each), *get_args(each)] for each in (value, original)))
        if owns(LIFTED, type(value).__module__):  # such as a sum, which a catalogue numbers
            return True
        names = sorted({*_attributes_of(value), *_attributes_of(original)})
        if not names and type(value) is type(original) and _defines_equality(type(value)):
            return bool(value == original)
        return self._are_same(*([getattr(each, name, MISSING) for name in names] for each in (value, original)))

    def _are_same(self, values: Sequence[Any], originals: Sequence[Any]) -> bool:
        return len(values) == len(originals) and all(map(self.is_same, values, originals))


def _name_of(value: Any) -> tuple[str, str]:
    return value.__module__, value.__qualname__


def _is_compiled(original: Any) -> bool:
    """True of a compiled function or class, and of an object of a compiled class: nothing sets its parts."""
    named = original if isinstance(original, (*FUNCTIONS, type)) else type(original)
    file = getattr(sys.modules.get(named.__module__), "__file__", None)
    return file is not None and not file.endswith(".py")


def _defines_equality(kind: type) -> bool:
    return any("__eq__" in vars(base) for base in kind.__mro__[:-1])


def _attributes_of(value: Any) -> list[str]:
    """The names of an object's public attributes, in its dictionary or in slots."""
    slots = [name for kind in type(value).__mro__ for name in vars(kind).get("__slots__", ())]
    return [name for name in (*getattr(value, "__dict__", ()), *slots) if not name.startswith("_")]


def _bound_in(function: Callable[..., Any]) -> list[Any]:
    """The values that a function has beside its code: defaults, and the variables of the functions around it."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *cells]


def _constants_in(values: Set[Any]) -> set[Any]:
    return {part for part in values if isinstance(part, CONSTANTS)}
