"""All checks that a call fails, in the rules' order; the specification itself answers only with the first.

The rules' source is rewritten so that each `if` that ends with a rejection records the reason and goes on. Code that
the check protects may then fail, for instance by a division by zero: the list ends there. Checks in the other branch of
a failed `if` are not evaluated, nor are those that need a value that does not exist.
"""

import ast
import builtins
import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from spec.machine import Draft, State, Transition

REASONS: Final = "Reason"
NOTE: Final = "__note__"


class FailingChecks:
    """A protocol's rules, rewritten to record every failed check of a call and go on."""

    def __init__(self, transition: Transition[Any]) -> None:
        self._noted: Final[list[str]] = []
        self._modules: Final[dict[str, ModuleType]] = {}
        place = transition.__module__
        self._sources: Final = _rules_of(place)
        self._transition: Final = getattr(self._module(place), transition.__name__)

    def of(self, state: State, action: Any) -> Sequence[str]:
        """The reasons of all checks that the call fails, in order and without repetition; empty if it is accepted."""
        self._noted.clear()
        try:
            outcome = self._transition(Draft(state), action)
        except Exception:  # past a failed check a rule may divide by zero or read a missing value: its list ends there
            outcome = None
        last = getattr(outcome, "value", None)
        return list(dict.fromkeys([*self._noted, *([last] if isinstance(last, str) else [])]))

    def _note(self, reason: Any) -> None:
        self._noted.append(reason.value)

    def _module(self, name: str) -> ModuleType:
        """The module with this name, rewritten if it belongs to the rules; any other module unchanged. A module is
        rewritten once.
        """
        if name not in self._sources:
            return importlib.import_module(name)
        if name not in self._modules:
            module = self._modules[name] = ModuleType(name)
            path, tree = self._sources[name]
            module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
            module.__dict__[NOTE] = self._note
            exec(compile(tree, str(path), "exec", dont_inherit=True), module.__dict__)
        return self._modules[name]

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        names: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        return (
            self._module(name)
            if names and not level
            else builtins.__import__(name, globals, locals, names or (), level)
        )


Source = tuple[Path, ast.Module]


def _rules_of(place: str) -> dict[str, Source]:
    """The sources of the rules by module name: the path and the rewritten syntax tree. They are the modules in the
    package of the transition's module `place` that contain a rejection, and those that import such a module.
    """
    found = importlib.util.find_spec(place)
    assert found is not None
    assert found.origin is not None
    package = place.rpartition(".")[0]
    sources = {
        f"{package}.{path.stem}": (path, ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(Path(found.origin).parent.glob("*.py"))
        if path.stem != "__init__"
    }
    goes_on = {name for name, (_, tree) in sources.items() if _GoesOn().changes(tree)}
    while more := {name for name, source in sources.items() if name not in goes_on and _imported(source[1]) & goes_on}:
        goes_on |= more
    for name in goes_on:
        ast.fix_missing_locations(sources[name][1])
    return {name: sources[name] for name in goes_on | {place}}


def _imported(tree: ast.Module) -> set[str]:
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module is not None}


class _GoesOn(ast.NodeTransformer):
    """Rewrites each `if` whose last statement returns a rejection: the reason is recorded, and execution goes on."""

    def __init__(self) -> None:
        self._has_changed = False

    def changes(self, tree: ast.Module) -> bool:
        """Rewrite a module in place. True if anything was rewritten."""
        self.visit(tree)
        return self._has_changed

    def visit_If(self, node: ast.If) -> ast.If:
        """Replace a final `return` of a rejection in an `if` by a call that records its reason."""
        self.generic_visit(node)
        last = node.body[-1]
        if isinstance(last, ast.Return) and _is_reason(last.value):
            assert last.value is not None
            noted = ast.Expr(ast.Call(ast.Name(NOTE, ast.Load()), [last.value], []))
            node.body[-1] = ast.copy_location(noted, last)
            self._has_changed = True
        return node


def _is_reason(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name) and value.value.id == REASONS
