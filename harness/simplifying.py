"""Actions taken apart by their fields: the complexity of an action, and simpler actions in its place.

Nothing here depends on a protocol. A leaf of an action is a number, a name or a boolean, at any depth.
"""

from collections.abc import Callable, Iterator
from typing import Any

import attrs

Actions = tuple[Any, ...]
Cost = tuple[int, ...]


def cost(actions: Actions) -> Cost:
    """The cost that shrinking lowers, compared in order: the number of actions, the number of leaves, the complexity of
    amounts, and the numbers in account names.
    """
    leaves = [leaf for action in actions for leaf in _leaves(action)]
    keys = [_complexity(leaf) for leaf in leaves if isinstance(leaf, int)]
    numbered = sum([parts(leaf)[1] for leaf in leaves if isinstance(leaf, str)])
    return (len(actions), len(leaves), sum([key[0] for key in keys]), sum([key[1] + key[2] for key in keys]), numbered)


def parts(name: str) -> tuple[str, int]:
    """The kind and the number in a name, such as ("operator", 3); the number is 0 if the name has none."""
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0)


def _complexity(amount: int) -> tuple[int, int, int]:
    """The complexity of an amount: its digits before trailing zeros, all its digits, and its value."""
    digits = str(abs(amount))
    return len(digits.rstrip("0")), len(digits), amount


def simpler_amounts(amount: int) -> list[int]:
    """Amounts simpler than the given one, the simplest first: small ones, powers of ten, and the amount rounded down,
    halved, or lowered by one.
    """
    digits = len(str(amount))
    tens = 10 ** max(digits - 1, 0)
    tried = {0, 1, 2, 3, 10, tens, tens // 10, amount // tens * tens, amount // 2, amount - 1, amount // 10}
    return sorted([each for each in tried if each >= 0 and _complexity(each) < _complexity(amount)], key=_complexity)


def _fields(value: Any) -> list[str]:
    return [field.name for field in attrs.fields(type(value))] if attrs.has(type(value)) else []


def _leaves(value: Any) -> Iterator[Any]:
    """The leaves of an action, at any depth."""
    if isinstance(value, tuple):
        for item in value:
            yield from _leaves(item)
    elif attrs.has(type(value)):
        for name in _fields(value):
            yield from _leaves(getattr(value, name))
    else:
        yield value


def texts(action: Any) -> list[str]:
    """The names in an action, at any depth, in order and with repetitions."""
    return [leaf for leaf in _leaves(action) if isinstance(leaf, str)]


def numbers(action: Any) -> list[tuple[str, int]]:
    """The amounts in an action, each with the name of its field."""
    found: list[tuple[str, int]] = []
    for name in _fields(action):
        value = getattr(action, name)
        if attrs.has(type(value)):
            found += numbers(value)
        else:
            found += [(name, leaf) for leaf in _leaves(value) if type(leaf) is int]
    return found


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value with `change` applied to each of its leaves."""
    if isinstance(value, tuple):
        return tuple(_changed(item, change) for item in value)
    if attrs.has(type(value)):
        return attrs.evolve(value, **{name: _changed(getattr(value, name), change) for name in _fields(value)})
    return change(value)


def replaced(action: Any, old: Any, new: Any) -> Any:
    """An action with every leaf equal to `old`, and of its type, replaced by `new`."""
    return _changed(action, lambda leaf: new if type(leaf) is type(old) and leaf == old else leaf)


def lowered(action: Any, kind: str, amount: int) -> Any:
    """An action with the numbers in the fields named `kind` lowered by `amount`, where they are at least as large."""
    if not attrs.has(type(action)):
        return action
    fields: dict[str, Any] = {}
    for name in _fields(action):
        value = getattr(action, name)
        if name == kind:
            fields[name] = _changed(value, lambda leaf: leaf - amount if type(leaf) is int and leaf >= amount else leaf)
        elif attrs.has(type(value)):
            fields[name] = lowered(value, kind, amount)
    return attrs.evolve(action, **fields)


def sums(first: Any, second: Any) -> list[Any]:
    """The calls that merge two calls of one class that differ in at most one amount, which is added; empty if they
    differ in more.
    """
    if type(first) is not type(second):
        return []
    names = _fields(first)
    differing = [name for name in names if getattr(first, name) != getattr(second, name)]
    amounts = [name for name in names if type(getattr(first, name)) is int]
    return [
        attrs.evolve(first, **{name: getattr(first, name) + getattr(second, name)})
        for name in amounts
        if differing in ([], [name])
    ]


def renamings(value: Any, name: str) -> list[Any]:
    """The variants of a value in which one of its names is replaced by `name`."""
    if isinstance(value, str):
        return [name] if value != name else []
    if isinstance(value, tuple):
        return [
            (*value[:i], changed, *value[i + 1 :]) for i, item in enumerate(value) for changed in renamings(item, name)
        ]
    return [
        attrs.evolve(value, **{field: changed})
        for field in _fields(value)
        for changed in renamings(getattr(value, field), name)
    ]


def variants(value: Any) -> list[Any]:
    """The variants of a value that are simpler in one place: a simpler amount, False for True, or an item less."""
    if isinstance(value, bool):
        return [False] if value else []
    if isinstance(value, int):
        return list(simpler_amounts(value))
    if isinstance(value, tuple):
        shorter = [value[:i] + value[i + 1 :] for i in range(len(value))] if _is_list(value) else []
        return shorter + [
            (*value[:i], simpler, *value[i + 1 :]) for i, item in enumerate(value) for simpler in variants(item)
        ]
    return [
        *_without_an_item(value),
        *[
            attrs.evolve(value, **{name: simpler})
            for name in _fields(value)
            for simpler in variants(getattr(value, name))
        ],
    ]


def _is_list(value: Any) -> bool:
    """True if a tuple is a list of values, and not a name with several parts, such as an operator set."""
    return isinstance(value, tuple) and len({type(item) for item in value}) <= 1


def _without_an_item(value: Any) -> list[Any]:
    """The variants of a record with one item less. Lists of equal length belong together, so the items at one index are
    removed from all of them.
    """
    lists = {name: getattr(value, name) for name in _fields(value) if _is_list(getattr(value, name))}
    found: list[Any] = []
    for length in sorted({len(items) for items in lists.values()}):
        together = {name: items for name, items in lists.items() if len(items) == length}
        if len(together) > 1:
            found += [
                attrs.evolve(value, **{name: items[:i] + items[i + 1 :] for name, items in together.items()})
                for i in range(length)
            ]
    return found
