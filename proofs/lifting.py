"""A private copy of the specification and its laws, loaded from their source to run on symbols.

The copy lives beside the modules that everybody else imports and shares nothing with them: its modules are executed
from their `.py` files, never from a compiled extension, with `max`, `isinstance` and the like as symbols need them, and
with the contract of histories in place of `spec.history.HistoryTable` (`proofs/contracts.py` proves that the class
keeps it).
"""

import ast
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

from proofs.folds import FOLDED_BUILTINS, Folding
from proofs.symbols import BUILTINS

LIFTED: Final = ("spec", "invariants", "proofs.theory")
"""The packages and modules of which the copy is made, beside the module of a protocol's theory."""


FOLDS: Final = "_folds"
"""What the module of a theory's folds is called, after that of the theory."""

RAN: Final = "_ran"
"""The name under which a lifted module finds what notes that one of its functions runs."""


class _Noting(ast.NodeTransformer):
    """Lets each function of a module begin by noting that it runs. The lines of all else stay what they are."""

    def __init__(self, module: str) -> None:
        self._module: Final = module
        self._within: Final[list[str]] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._within.append(node.name)
        self.generic_visit(node)
        self._within.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        name = f"{self._module}:{'.'.join([*self._within, node.name])}"
        note = ast.parse(f"{RAN}({name!r})").body[0]
        for part in ast.walk(note):
            ast.copy_location(part, node)
        node.body.insert(1 if ast.get_docstring(node, clean=False) is not None else 0, note)
        return node


class _Loader(SourceFileLoader):
    """Executes a source file with our builtins; then lets a module's contracts take the place of what it defines."""

    def __init__(
        self, name: str, file: str, contracts: Mapping[str, Callable[[ModuleType], None]], ran: set[str]
    ) -> None:
        super().__init__(name, file)
        self._contracts: Final = contracts
        self._ran: Final = ran

    def get_code(self, fullname: str) -> CodeType:
        """The code of the source, never what is cached of it, which notes nothing."""
        noting = _Noting(fullname).visit(ast.parse(self.get_data(self.path)))
        if not fullname.startswith("invariants"):
            noting = Folding(fullname).visit(noting)
        return compile(noting, self.path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update({**BUILTINS, **FOLDED_BUILTINS, RAN: self._ran.add})
        super().exec_module(module)
        if module.__name__ in self._contracts:
            self._contracts[module.__name__](module)


class _Finder(MetaPathFinder):
    """Finds the modules to lift, as source."""

    def __init__(self, roots: Sequence[str], contracts: Mapping[str, Callable[[ModuleType], None]]) -> None:
        self._roots: Final = roots
        self._contracts: Final = contracts
        self.ran: Final[set[str]] = set()

    def owns(self, name: str) -> bool:
        return any(name in (root, root + FOLDS) or name.startswith(root + ".") for root in self._roots)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not self.owns(fullname):
            return None
        last = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            for file in (Path(folder or ".") / last / "__init__.py", Path(folder or ".") / f"{last}.py"):
                if file.is_file():
                    loader = _Loader(fullname, str(file.resolve()), self._contracts, self.ran)
                    is_package = file.name == "__init__.py"
                    return importlib.util.spec_from_file_location(
                        fullname,
                        file,
                        loader=loader,
                        submodule_search_locations=[str(file.parent)] if is_package else None,
                    )
        return PathFinder.find_spec(fullname, path, target)


class World:
    """The lifted modules, by name; and which of their functions ran so far, as `module:qualified name`: since they were
    loaded, and to load them.
    """

    def __init__(self, modules: dict[str, ModuleType], ran: set[str], loaded: frozenset[str]) -> None:
        self.modules: Final = modules
        self.ran: Final = ran
        self.loaded: Final = loaded

    def get(self, module: str, attribute: str) -> Any:
        """Something that a lifted module defines."""
        return getattr(self.modules[module], attribute)

    def names(self) -> list[str]:
        """The names that the specification spells out: its modules' constants."""
        return sorted(
            {
                value
                for module in self.modules.values()
                if module.__name__.startswith("spec.")
                for name, value in vars(module).items()
                if name.isupper() and isinstance(value, str)
            }
        )


def lift(theory: str, contracts: Mapping[str, Callable[[ModuleType], None]]) -> World:
    """Load the lifted copy of everything that the module of a theory imports; what others imported stays as it is."""
    finder = _Finder([*LIFTED, theory], contracts)
    hidden = {name: module for name, module in sys.modules.items() if finder.owns(name)}
    for name in hidden:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        importlib.import_module(theory)
        lifted = {name: module for name, module in sys.modules.items() if finder.owns(name)}
    finally:
        sys.dont_write_bytecode = bytecode
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if finder.owns(name)]:
            del sys.modules[name]
        sys.modules.update(hidden)
    for name, module in lifted.items():
        if not str(module.__file__).endswith(".py"):
            raise ImportError(f"{name} was not lifted from source but from {module.__file__}")
        for value in vars(module).values():
            is_own = getattr(value, "__module__", None) == name and callable(value)
            if is_own and not isinstance(value, FunctionType | type) and not hasattr(value, "__dict__"):
                raise ImportError(f"{name} was not lifted from source: {value!r} is compiled")
    loaded = frozenset(finder.ran)
    finder.ran.clear()  # to be loaded is not to be run
    return World(lifted, finder.ran, loaded)
