"""The world that runs, compared with the one that is proved: each lifted module has the constants of its original."""

import sys
from collections.abc import Collection, Mapping, Set
from enum import Enum
from functools import partial
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from proofs.paths import UnliftableError

CONSTANTS: Final = (int, str, bytes, float, type(None))
NAMED: Final = (FunctionType, BuiltinFunctionType, type)
"""The types of values compared by name, since each world has its own."""


def refuse_another_world(lifted: Mapping[str, ModuleType]) -> None:
    """Raise UnliftableError if a global of a lifted module differs from the one in the module that runs. Compared are
    constants, the names of functions and classes, and collections of these.

    A package's `__init__` may set a constant of its module, or a module may fill another's registry. That takes part in
    what runs but, where it is not lifted, not in what is proved. A function that no lifted module defines is not
    compared: it stands for another by a trusted contract. Nor are other objects, since some keep what they once found.
    Modules that were not imported are not compared either: nothing runs them.
    """
    is_same = partial(_is_same, lifted)
    for name, module in lifted.items():
        original = vars(sys.modules[name]) if name in sys.modules else {}
        for key, value in vars(module).items():
            if not key.startswith("__") and key in original and not is_same(value, original[key]):
                raise UnliftableError(f"{name}.{key} has another value where it runs than where it is proved")


def _is_same(lifted: Collection[str], value: Any, original: Any) -> bool:
    """False if a value in a lifted module differs from `original`, that of the module that runs. Constants must be
    equal, functions and classes have equal names, and collections equal lengths and such parts. Anything else counts as
    the same. `lifted` are the names of the lifted modules.
    """
    if isinstance(value, Enum):
        return isinstance(original, Enum) and value.name == original.name
    if isinstance(value, CONSTANTS) or isinstance(original, CONSTANTS):
        return type(value) is type(original) and bool(value == original)
    if isinstance(value, NAMED) and isinstance(original, NAMED):
        return value.__module__ not in lifted or value.__name__ == original.__name__
    if not isinstance(value, list | tuple | Mapping | Set):
        return True
    return type(value) is type(original) and len(value) == len(original) and _have_same(lifted, value, original)


def _have_same(lifted: Collection[str], values: Any, originals: Any) -> bool:
    if isinstance(values, Mapping):
        keys = _have_same(lifted, [*values], [*originals])
        return keys and _have_same(lifted, [*values.values()], [*originals.values()])
    if isinstance(values, Set):
        return _constants_in(values) == _constants_in(originals)
    return all(map(partial(_is_same, lifted), values, originals))


def _constants_in(values: Set[Any]) -> set[Any]:
    return {part for part in values if isinstance(part, CONSTANTS)}
