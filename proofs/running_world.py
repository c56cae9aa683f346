"""The world that runs, compared with the one that is proved: each lifted module has the constants of its original."""

import sys
from collections.abc import Collection, Mapping, Set
from enum import Enum
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from proofs.paths import UnliftableError
from proofs.shapes import held

CONSTANTS: Final = (int, str, bytes, float, type(None))
NAMED: Final = (FunctionType, BuiltinFunctionType, ModuleType, type)
"""The types of values compared by name, since each world has its own."""


def refuse_another_world(lifted: Mapping[str, ModuleType]) -> None:
    """Raise UnliftableError if a global of a lifted module has another value in the module that runs.

    A package's `__init__` that sets a constant of its module, or a module that fills another's registry, takes part in
    what runs. Where it is not lifted, it takes no part in what is proved. Modules that were not imported are not
    compared: nothing runs them.
    """
    compared = _Compared(lifted)
    for name, module in lifted.items():
        original = vars(sys.modules[name]) if name in sys.modules else {}
        for key, value in vars(module).items():
            if not key.startswith("__") and key in original and not compared.is_same(value, original[key]):
                raise UnliftableError(f"{name}.{key} has another value where it runs than where it is proved")


class _Compared:
    """Values compared so far, each once. `lifted` are the lifted modules by name."""

    def __init__(self, lifted: Collection[str]) -> None:
        self._lifted: Final = lifted
        self._pairs: Final[set[tuple[int, int]]] = set()

    def is_same(self, value: Any, original: Any) -> bool:
        """True if a value of the lifted copy is like its original. A pair under comparison counts as like.

        Functions and classes that no lifted module defines stand for others by a trusted contract. Objects of different
        classes are not compared: a trusted contract, or the compiler, replaces a class.
        """
        if isinstance(value, Enum):
            return isinstance(original, Enum) and value.name == original.name and value.value == original.value
        if isinstance(value, CONSTANTS):
            return type(value) is type(original) and bool(value == original)
        if isinstance(value, NAMED):
            is_own = value.__module__ in self._lifted if hasattr(value, "__module__") else True
            return not is_own or not isinstance(original, NAMED) or value.__name__ == original.__name__
        pair = (id(value), id(original))
        if pair in self._pairs:
            return True
        self._pairs.add(pair)
        if isinstance(value, list | tuple | Mapping | Set):
            return type(value) is type(original) and len(value) == len(original) and self._have_same(value, original)
        if _class_of(value) != _class_of(original):
            return True
        return all([self.is_same(part, getattr(original, name, part)) for name, part in held(value).items()])

    def _have_same(self, values: Any, originals: Any) -> bool:
        """True if two collections of one type and length have like parts. Sets are compared by their text."""
        if isinstance(values, Set):
            return {repr(part) for part in values} == {repr(part) for part in originals}
        if isinstance(values, Mapping) and not all(map(self.is_same, values.values(), originals.values())):
            return False
        return all(map(self.is_same, values, originals))


def _class_of(value: Any) -> tuple[str, str]:
    return type(value).__module__, type(value).__qualname__
