"""The world that runs, compared with the one that is proved: each lifted module has the constants of its original."""

import sys
from collections.abc import Mapping, Set
from enum import Enum
from types import ModuleType
from typing import Any, Final

from proofs.paths import UnliftableError

CONSTANTS: Final = (int, str, bytes, float, type(None))


def refuse_another_world(lifted: Mapping[str, ModuleType]) -> None:
    """Raise UnliftableError if a constant of a lifted module, or a collection, differs in the module that runs.

    A package's `__init__` that sets a constant of its module, or a module that fills another's registry, takes part in
    what runs. Where it is not lifted, it takes no part in what is proved. Functions, classes and other objects are not
    compared: trusted contracts and the compiler replace some, and some keep what they once found. Modules that were not
    imported are not compared either: nothing runs them.
    """
    for name, module in lifted.items():
        original = vars(sys.modules[name]) if name in sys.modules else {}
        for key, value in vars(module).items():
            if not key.startswith("_") and key in original and not _is_same(value, original[key]):
                raise UnliftableError(f"{name}.{key} has another value where it runs than where it is proved")


def _is_same(value: Any, original: Any) -> bool:
    """True unless two values are different constants, or collections of another length or of different constants."""
    if isinstance(value, Enum):
        return isinstance(original, Enum) and value.name == original.name
    if isinstance(value, CONSTANTS) or isinstance(original, CONSTANTS):
        return type(value) is type(original) and bool(value == original)
    if not isinstance(value, list | tuple | Mapping | Set):
        return True
    return type(value) is type(original) and len(value) == len(original) and _have_same(value, original)


def _have_same(values: Any, originals: Any) -> bool:
    if isinstance(values, Mapping):
        return _have_same([*values], [*originals]) and _have_same([*values.values()], [*originals.values()])
    if isinstance(values, Set):
        return _constants_in(values) == _constants_in(originals)
    return all(map(_is_same, values, originals))


def _constants_in(values: Set[Any]) -> set[Any]:
    return {part for part in values if isinstance(part, CONSTANTS)}
