"""The shapes of keys and fields: nested tuples of the types of their parts, and values made or compared by shape."""

import typing
from collections.abc import Callable, Hashable, Mapping
from types import MemberDescriptorType, ModuleType
from typing import Any, Final

import attr
import z3

from proofs.paths import Term, refuse
from proofs.symbols import SymBool, SymInt, SymName, term_of

Shape = Any


def flatten(key: Any) -> list[Term]:
    """The solver's terms of a key's parts, in order; nested keys are flattened."""
    if isinstance(key, tuple):
        return [term for part in key for term in flatten(part)]
    return [term_of(key)]


def identity(key: Any) -> tuple[int, ...]:
    """A hashable value, equal for two keys if they are written with identical terms. The caller must keep the key
    alive, so that term numbers are not reused.
    """
    return tuple([term.get_id() for term in flatten(key)])


_slots: Final[dict[type[Any], list[str]]] = {}
"""The map from class to the names of its slots."""


def _slots_of(kind: type[Any]) -> list[str]:
    if kind not in _slots:
        held_by = [(each, name) for each in kind.__mro__ if each.__module__ != "builtins" for name in vars(each)]
        _slots[kind] = [name for each, name in held_by if isinstance(vars(each)[name], MemberDescriptorType)]
    return _slots[kind]


def held(value: Any) -> dict[str, Any]:
    """The values that an object holds by attribute name, both in its `__dict__` and in its slots."""
    slots = {name: getattr(value, name) for name in _slots_of(type(value)) if hasattr(value, name)}
    return {**getattr(value, "__dict__", {}), **slots}


def likeness(value: Any) -> Hashable:
    """A hashable value, equal for two values only if they are written with identical terms. The caller must keep the
    values alive, so that term numbers are not reused.
    """
    if isinstance(value, tuple):
        return tuple([likeness(part) for part in value])
    if isinstance(value, SymInt | SymBool | SymName):
        return (type(value), value.term.get_id())
    if attr.has(type(value)):
        parts = [(name, likeness(part)) for name, part in held(value).items()]
        return (type(value), *parts)
    return (type(value), value) if isinstance(value, str | int | bool | None) else (type(value), id(value))


def shaped(shape: Shape, leaf: Callable[[type], Any]) -> Any:
    """A value of a shape, which is a type or a tuple of shapes. Each part is the result of `leaf`, called with the
    part's type.
    """
    if isinstance(shape, tuple):
        return tuple([shaped(part, leaf) for part in shape])
    return leaf(shape)


def has_shape(shape: Shape, value: Any) -> bool:
    """True if a value has a shape. Numbers and names differ, although the solver represents both as integers."""
    if isinstance(shape, tuple):
        parts = value if isinstance(value, tuple) else ()
        return len(shape) == len(parts) and all([has_shape(*pair) for pair in zip(shape, parts, strict=True)])
    kinds: dict[type, tuple[type, ...]] = {str: (str, SymName), int: (int, SymInt), bool: (bool, SymBool)}
    return isinstance(value, kinds[shape])


def shape_like(value: Any) -> Hashable:
    """The shape of a key or a group: the value itself, with each part replaced by the type for which it stands."""
    if isinstance(value, tuple):
        return tuple([shape_like(part) for part in value])
    kinds = {SymName: str, SymBool: bool, SymInt: int}
    return kinds.get(type(value), type(value))


def fresh(shape: Shape, name: str) -> Any:
    """A key of a shape, whose parts are new unknown constants. Equal names give equal constants, so `name` must be
    unique.
    """
    numbers = iter(range(100))
    return shaped(shape, lambda kind: _constant(kind, f"{name}.{next(numbers)}"))


def _constant(kind: type, name: str) -> Any:
    if kind is str:
        return SymName(z3.Int(name))
    if kind is bool:
        return SymBool(z3.Bool(name))
    if kind is int:
        return SymInt(z3.Int(name))
    return refuse(f"{name} is of type {kind!r}, of which there are no symbols")


def shape_of(annotation: Any) -> Shape:
    """The shape described by the annotation of a key or a field. Anything but `str`, `int`, `bool` and tuples of these
    is refused.
    """
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple and Ellipsis not in arguments:
        return tuple([shape_of(argument) for argument in arguments])
    if annotation in (str, int, bool):
        return annotation
    return refuse(f"no shape is known for {annotation!r}")


def key_shapes(module: ModuleType, given: Mapping[str, Shape]) -> dict[str, Shape]:
    """The map from the name of each table that a module declares to the shape of its keys, taken from `given` or else
    from annotations. A key `tuple[str, ...]` counts as a pair of names.
    """
    shapes: dict[str, Shape] = {}
    for name, annotation in module.__annotations__.items():
        declared: Any = getattr(module, name, None)
        inner = typing.get_args(annotation)[0] if typing.get_args(annotation) else None
        kind = typing.get_origin(inner)
        if kind is None or not (hasattr(declared, "name") or hasattr(declared, "heads")):
            continue
        key = typing.get_args(inner)[0]
        table = str(declared.heads.name if hasattr(declared, "heads") else declared.name)
        if table in given:
            shapes[table] = given[table]
        elif typing.get_args(key)[1:] == (Ellipsis,):
            shapes[table] = (str, str)
        else:
            shapes[table] = shape_of(key)
        if hasattr(declared, "heads"):
            shapes[declared.heads.name] = shapes[table]
            shapes[declared.checkpoints.name] = (shapes[table], int)
    return shapes
