"""The lifter: it loads a private copy of the specification and its laws from source, to run on symbolic values.

The copy exists beside the modules that everybody else imports and shares nothing with them. Its modules are executed
from their `.py` files, never from a compiled extension. `max`, `isinstance` and other builtins are replaced by versions
that accept symbols. A trusted contract replaces `spec.history.HistoryTable` (`proofs/contracts.py` proves that the
class keeps it).
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

from proofs.folding import Folding
from proofs.listener import Listener
from proofs.loading_subset import (
    hidden_in,
    names_defined,
    names_of_engine,
    names_of_others,
    reached_in,
    untaught_loading,
)
from proofs.paths import UnliftableError, load
from proofs.rewriting import Rewriting

LIFTED: Final = ("spec", "invariants", "proofs.theory")
"""The packages and modules that are copied, beside a protocol's theory and the modules that its `Setup` lists."""


def owns(roots: Sequence[str], name: str) -> bool:
    """True if a module is one of `roots` or below one of them."""
    return any(name == root or name.startswith(root + ".") for root in roots)


class _Loader(SourceFileLoader):
    """A loader that executes a source file with the lifter's builtins, then lets trusted contracts replace what the
    module defines.
    """

    def __init__(
        self,
        name: str,
        file: str,
        contracts: Mapping[str, Callable[[ModuleType], None]],
        listener: Listener,
        is_lifted: Callable[[str], bool],
    ) -> None:
        super().__init__(name, file)
        self._contracts: Final = contracts
        self._listener: Final = listener
        self._is_lifted: Final = is_lifted

    def get_code(self, fullname: str) -> CodeType:
        """The code of the source, rewritten for symbols. Python's bytecode cache is never used, because its code does
        not report to the listener.
        """
        tree = ast.parse(self.get_data(self.path), self.path)
        self._listener.loading[self.path] = untaught_loading(tree, self._is_lifted)
        self._listener.defined_by[self.path] = names_defined(tree)
        self._listener.defined.update(self._listener.defined_by[self.path])
        self._listener.hidden.update(hidden_in(tree, self._is_lifted))
        self._listener.reached[self.path] = reached_in(tree, self._is_lifted)
        self._listener.of_engine[self.path] = names_of_engine(tree, self._is_lifted)
        of_others = names_of_others(tree, self._is_lifted)
        noting = Rewriting(fullname, self.path, self._listener, of_others).visit(tree)
        noting = Folding(fullname, not fullname.startswith("invariants")).visit(noting)
        return compile(ast.fix_missing_locations(noting), self.path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update(self._listener.given)
        super().exec_module(module)
        for name, value in self._listener.given.items():
            if module.__dict__.get(name) is not value:
                raise UnliftableError(f"{module.__name__} gives {name} another meaning")
        if module.__name__ in self._contracts:
            self._contracts[module.__name__](module)


class _Finder(MetaPathFinder):
    """A finder that loads modules below `roots` from their source; all others are left to Python."""

    def __init__(self, roots: Sequence[str], contracts: Mapping[str, Callable[[ModuleType], None]]) -> None:
        self._roots: Final = roots
        self._contracts: Final = contracts
        self.listener: Final = Listener(self.owns, {contract.__module__ for contract in contracts.values()})

    def owns(self, name: str) -> bool:
        return owns(self._roots, name)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not self.owns(fullname):
            return None
        last = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            for file in (Path(folder or ".") / last / "__init__.py", Path(folder or ".") / f"{last}.py"):
                if file.is_file():
                    loader = _Loader(fullname, str(file.resolve()), self._contracts, self.listener, self.owns)
                    is_package = file.name == "__init__.py"
                    return importlib.util.spec_from_file_location(
                        fullname,
                        file,
                        loader=loader,
                        submodule_search_locations=[str(file.parent)] if is_package else None,
                    )
        return PathFinder.find_spec(fullname, path, target)


def _restore_attributes(owns: Callable[[str], bool], hidden: Mapping[str, ModuleType]) -> None:
    """Undo in packages that are not lifted what the import of lifted modules did. It had made each an attribute of its
    package, which `from package import module` reads. `hidden` are the modules that were there before.
    """
    for name, package in list(sys.modules.items()):
        for key, value in list(getattr(package, "__dict__", {}).items()) if not owns(name) else ():
            whole = f"{name}.{key}"
            if isinstance(value, ModuleType) and owns(whole) and value.__name__ == whole:
                if whole in hidden:
                    setattr(package, key, hidden[whole])
                else:
                    delattr(package, key)


class LiftedModules:
    """The lifted modules by name: they run on symbols. Two sets have functions, as `module:qualified name`: `loaded`
    those that ran while the modules were loaded, and `ran` those that have run since.

    `rows` maps the `id()` of each table to its SymbolicRows. `of_histories` has the `id()` of each table that stores a
    history.
    """

    def __init__(self, modules: dict[str, ModuleType], listener: Listener, loaded: frozenset[str]) -> None:
        self.modules: Final = modules
        self.ran: Final = listener.ran
        self.loaded: Final = loaded
        self.rows: Final = listener.rows
        self.of_histories: Final = listener.of_histories
        self.is_understood: Final = listener.lasting.is_understood
        """A predicate, True of a value that outlives a path if it is the same on every path and safe to read
        symbolically.
        """

    def get(self, module: str, attribute: str) -> Any:
        """The value of an attribute of a lifted module. Raises KeyError for a module that was not lifted."""
        return getattr(self.modules[module], attribute)


def lift(
    theory: str, contracts: Mapping[str, Callable[[ModuleType], None]], beside: tuple[str, ...] = ()
) -> LiftedModules:
    """The lifted copy of a theory's module, and of all modules that it imports below `LIFTED` and `beside`. `theory` is
    the module's name. `contracts` maps a module to the function that applies a trusted contract to it.

    Modules imported before stay as they are. Raises ImportError if a module is not loaded from source, and
    UnliftableError if import-time code is not accepted.
    """
    finder = _Finder([*LIFTED, theory, *beside], contracts)
    hidden = {name: module for name, module in sys.modules.items() if finder.owns(name)}
    for name in hidden:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        load(theory)
        lifted = {name: module for name, module in sys.modules.items() if finder.owns(name)}
    finally:
        sys.dont_write_bytecode = bytecode
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if finder.owns(name)]:
            del sys.modules[name]
        sys.modules.update(hidden)
        _restore_attributes(finder.owns, hidden)
    for name, module in lifted.items():
        if not str(module.__file__).endswith(".py"):
            raise ImportError(f"{name} was not lifted from source but from {module.__file__}")
        for value in vars(module).values():
            is_own = getattr(value, "__module__", None) == name and callable(value)
            if is_own and not isinstance(value, FunctionType | type) and not hasattr(value, "__dict__"):
                raise ImportError(f"{name} was not lifted from source: {value!r} is compiled")
    finder.listener.refuse_loading()
    loaded = frozenset(finder.listener.ran)
    finder.listener.ran.clear()  # loading a module does not count as running its functions
    return LiftedModules(lifted, finder.listener, loaded)
