"""Values of a module that code may change in place, and the code that changes them: what a call leaves there, another
call may read. The analysis reads source text only.
"""

import ast
from collections.abc import Iterable, Iterator

from gate.words import MAKERS, VALUE_MAKERS

_DISPLAYS = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp | ast.GeneratorExp


def changed_names(parts: Iterable[ast.AST]) -> frozenset[str]:
    """The names of which nodes change the value, a part of it, or what they are bound to: `SEEN` of `SEEN[0] += 1`.

    A member that is accessed directly is named, too, such as `module.SEEN`. Names of parameters and variables count.
    Calls of methods do not: they change only what `is_changeable`, or an object of a class that changes itself.
    """
    found: set[str] = set()
    for part in parts:
        if isinstance(part, ast.Global):
            found.update(part.names)
        elif isinstance(part, ast.AugAssign):
            found.update(_roots(part.target))
        elif isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            found.update(_roots(part))
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "next":
            found.update(name for each in part.args for name in _roots(each))
    return frozenset(found)


def _roots(node: ast.expr) -> Iterator[str]:
    """The name from which an expression takes a part, and the first member that it accesses: `a` and `a.b` of
    `a.b[0].c`.
    """
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute | ast.Subscript | ast.Call):
        above = inner.func if isinstance(inner, ast.Call) else inner.value
        if isinstance(above, ast.Name) and isinstance(inner, ast.Attribute):
            yield f"{above.id}.{inner.attr}"
        inner = above
    if isinstance(inner, ast.Name):
        yield inner.id


def is_changeable(node: ast.stmt) -> bool:
    """True if a statement binds a name to a value that has a collection, or makes one for all calls of a function.

    A class has one among its attributes, a function among the defaults of its parameters.
    """
    if isinstance(node, ast.ClassDef):
        return any(is_changeable(each) for each in node.body)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return any(_has_collection(each) for each in (*node.args.defaults, *node.args.kw_defaults) if each is not None)
    return isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _has_collection(node.value)


def _has_collection(node: ast.expr) -> bool:
    """True if an expression makes a collection that is no part of a value that nothing can change."""
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, _DISPLAYS):
            return True
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            if part.func.id in MAKERS:
                return True
            if part.func.id in VALUE_MAKERS:
                continue
        if not isinstance(part, ast.Lambda):
            pending.extend(ast.iter_child_nodes(part))
    return False
