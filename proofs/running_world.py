"""The world that runs, compared with the one that is proved: each lifted module has the values of its original."""

import sys
from collections.abc import Callable, Mapping, Sequence, Set
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Final, get_args, get_origin

import attr

from proofs.lifting import LIFTED, lift, owns
from proofs.paths import UnliftableError
from proofs.setup import setup_of

CONSTANTS: Final = (int, str, bytes, float, type(None))
FUNCTIONS: Final = (FunctionType, BuiltinFunctionType)
WRAPPERS: Final = (staticmethod, classmethod)


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
    """Raise AnotherWorldError if a global of a lifted module differs from the one in the module that runs.

    A package's `__init__` may set a value of its module, or a module may fill another's registry. That takes part in
    what runs but, where it is not lifted, not in what is proved. A function or class that no lifted module defines is
    not compared: it stands for another by a trusted contract. Modules that were not imported are not compared either:
    nothing runs them.
    """
    comparison = _Comparison(lifted)
    for name, module in lifted.items():
        original = vars(sys.modules[name]) if name in sys.modules else {}
        for key, value in vars(module).items():
            if not key.startswith("__") and key in original and not comparison.is_same(value, original[key]):
                raise AnotherWorldError(f"{name}.{key} has another value where it runs than where it is proved")


class _Comparison:
    """The comparison of values in `lifted` modules with their originals, which the modules that run hold."""

    def __init__(self, lifted: Mapping[str, ModuleType]) -> None:
        self._lifted: Final = lifted
        self._begun: Final[set[tuple[int, int]]] = set()
        """The `id()`s of each value and original whose parts were compared, or are being compared."""

    def is_same(self, value: Any, original: Any) -> bool:
        """True if a value is like its original. Constants are equal; functions and classes have one name, and like
        parts; collections, and other objects, are of one class and have like parts.

        Private attributes are not compared, since some objects keep there what they once found; nor those of objects
        of this project's classes, nor what is compiled, beyond its name.
        """
        if isinstance(value, Enum):
            return isinstance(original, Enum) and value.name == original.name and self._is_one_class(value, original)
        if isinstance(value, CONSTANTS) or isinstance(original, CONSTANTS):
            return type(value) is type(original) and bool(value == original)
        if isinstance(value, ModuleType):
            return isinstance(original, ModuleType) and value.__name__ == original.__name__
        if (id(value), id(original)) in self._begun:
            return True
        self._begun.add((id(value), id(original)))
        if isinstance(value, FUNCTIONS):
            return isinstance(original, FUNCTIONS) and self._is_same_function(value, original)
        if isinstance(value, type):
            return isinstance(original, type) and self._is_same_class(value, original)
        return self._is_one_class(value, original) and self._has_same_parts(value, original)

    def _is_one_class(self, value: Any, original: Any) -> bool:
        return type(value) is type(original) or self.is_same(type(value), type(original))

    def _is_same_function(self, value: Any, original: Any) -> bool:
        if value.__module__ not in self._lifted:
            return True
        if not isinstance(original, FunctionType):
            return bool(value.__name__ == original.__name__)
        if _name_of(value) != _name_of(original) or hasattr(value, "__wrapped__") != hasattr(original, "__wrapped__"):
            return False
        return self._are_same(_bound_in(value), _bound_in(original))

    def _is_same_class(self, value: type, original: type) -> bool:
        if value.__module__ not in self._lifted:
            return True
        if _is_compiled(original):
            return value.__name__ == original.__name__
        return _name_of(value) == _name_of(original) and self._have_same_attributes(vars(value), vars(original))

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
        if attr.has(type(value)):
            names = [field.name for field in attr.fields(type(value))]
            return self._are_same(*([getattr(each, name) for name in names] for each in (value, original)))
        if get_origin(value) is not None:  # an annotation that names lifted classes
            return self._are_same(*([get_origin(each), *get_args(each)] for each in (value, original)))
        if type(value) is type(original) and _defines_equality(type(value)):
            return bool(value == original)
        if owns(LIFTED, type(value).__module__):  # such as a sum, which a catalogue numbers
            return True
        return self._have_same_attributes(getattr(value, "__dict__", {}), getattr(original, "__dict__", {}))

    def _have_same_attributes(self, values: Mapping[str, Any], originals: Mapping[str, Any]) -> bool:
        return all(
            self.is_same(value, originals[name])
            for name, value in values.items()
            if not name.startswith("_") and name in originals
        )

    def _are_same(self, values: Sequence[Any], originals: Sequence[Any]) -> bool:
        return len(values) == len(originals) and all(map(self.is_same, values, originals))


def _name_of(value: Any) -> tuple[str, str]:
    return value.__module__, value.__qualname__


def _is_compiled(kind: type) -> bool:
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return file is not None and not file.endswith(".py")


def _defines_equality(kind: type) -> bool:
    return any("__eq__" in vars(base) for base in kind.__mro__[:-1])


def _bound_in(function: Callable[..., Any]) -> list[Any]:
    """The values that a function has beside its code: defaults, and the variables of the functions around it."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *cells]


def _constants_in(values: Set[Any]) -> set[Any]:
    return {part for part in values if isinstance(part, CONSTANTS)}
