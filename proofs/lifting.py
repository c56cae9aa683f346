"""A private copy of the specification and its laws, loaded from their source to run on symbols.

The copy lives beside the modules that everybody else imports and shares nothing with them: its modules are executed
from their `.py` files, never from a compiled extension, with `max`, `isinstance` and the like as symbols need them, and
with the contract of histories in place of `spec.history.HistoryTable` (`proofs/contracts.py` proves that the class
keeps it).
"""

import ast
import copy
import importlib.util
import linecache
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final

from proofs import python_subset as subset
from proofs.builtin import (
    BUILTINS,
    CALLED,
    lifted_both,
    lifted_dict,
    lifted_either,
    lifted_mod,
    lifted_not,
    lifted_own,
    lifted_same,
)
from proofs.folding import Folding
from proofs.folds import FOLDED_BUILTINS
from proofs.lasting import CONSTANTS, Lasting
from proofs.paths import (
    RUNS,
    TooEarlyError,
    UnliftableError,
    can_be_asked_again,
    current_run,
    is_followed,
    is_unsure,
    load,
    refuse,
)
from proofs.python_subset import (
    BEGINS,
    CHANGES,
    CLOSES,
    OF_DRAFTS,
    OF_SYMBOLS,
    READS,
    Untaught,
    asked_to_change,
    given_by,
    hidden_in,
    is_there,
    made_by,
    names_defined,
    names_of_engine,
    names_of_others,
    names_with_dots,
    reached_in,
    said_by_casts,
    untaught_loading,
    untaught_names,
    untaught_of_modules,
    untaught_syntax,
    untaught_when_loading,
)
from proofs.state import held
from proofs.symbols import Symbol, all_of

LIFTED: Final = ("spec", "invariants", "proofs.theory")
"""The packages and modules of which the copy is made, beside a protocol's theory and what that says."""

RAN: Final = "_lifted_ran"
SAME: Final = "_lifted_same"
DICT: Final = "_lifted_dict"
OWN: Final = "_lifted_own"
BOTH: Final = "_lifted_both"
EITHER: Final = "_lifted_either"
NOT: Final = "_lifted_not"
MOD: Final = "_lifted_mod"
ALL_OF: Final = "_lifted_all_of"
ATTRIBUTE: Final = "_lifted_attribute"
TEXT: Final = "_lifted_text"
WRITES: Final = "writes"
"""The names under which a lifted module finds what is told that one of its functions begins to run, what `is`, `%` and
a dictionary are, what refuses that a list is changed which a function has not made; what `and`, `or` and `not` within
them are; what `all` goes through first; an attribute that symbols have, too; and what is written
down.
"""

MACHINE: Final = "spec.machine"
HISTORIES: Final = "spec.history"

ENGINE: Final = ("proofs.paths", "proofs.symbols", "proofs.builtin", "proofs.folds", "proofs.state")
"""The modules that define substitutes for lifted modules; beside contracts."""


def refuse_at(file: str, untaught: Untaught) -> None:
    """Refuse what stands in a line of a file."""
    line, what = untaught
    refuse(f"{what} is not understood", f"{file}:{line}: {linecache.getline(file, line).strip()}")


class Site:
    """One function that is lifted: where it stands, and what its text says that is not understood."""

    def __init__(
        self, name: str, file: str, function: ast.FunctionDef | ast.Lambda, of_others: Mapping[str, str]
    ) -> None:
        self.name: Final = name
        self.file: Final = file
        self.untaught_when_loading: Final = untaught_when_loading(function, name, of_others)
        self.untaught: Final = untaught_syntax(function, name)
        self.asked_to_change: Final = asked_to_change(function)
        self.said: Final = said_by_casts(function)
        self.given: Final = given_by(function)
        self.asked: Final = names_with_dots(function)
        self.is_initialising: Final = isinstance(function, ast.FunctionDef) and function.name == "__init__"
        self.is_understood = False

    def refuse(self, untaught: Untaught) -> None:
        """Refuse what stands in a line."""
        refuse_at(self.file, untaught)


class Running:
    """The listener to each lifted function that begins to run: notes it, and refuses what is not understood of it."""

    def __init__(self, is_lifted: Callable[[str], bool], contracts: Collection[str]) -> None:
        self.ran: Final[set[str]] = set()
        self.sites: Final[list[Site]] = []
        self.loading: Final[dict[str, list[Untaught]]] = {}
        """By file, what a module does while it is loaded that is not understood."""
        self.is_loading = True
        """Until all modules are loaded: what runs before is run as Python."""
        self.hidden: Final[set[str]] = set()
        """The names by which modules know what is not lifted and none may find in another."""
        self.of_engine: Final[dict[str, set[str]]] = {}
        """By file, the names that a module imports of the engine."""
        self.reached: Final[dict[str, list[Untaught]]] = {}
        """By file, the names that a module asks of others."""
        self.defined: Final[set[str]] = set()
        """The names that lifted modules define, of fields and methods among others."""
        self.rows: Final[dict[int, Any]] = {}
        """By identity of each table of the protocol, what its rows are; empty if there is no protocol."""
        self.of_histories: Final[set[int]] = set()
        """The identities of the tables that hold histories."""
        self.defined_by: Final[dict[str, set[str]]] = {}
        """By file, the names that it defines."""
        self._is_lifted: Final = is_lifted
        self._engine: Final = {*ENGINE, *contracts}
        self.lasting: Final = Lasting(is_lifted, self._engine.__contains__)
        self.given: Final[dict[str, Any]] = {
            **BUILTINS,
            **FOLDED_BUILTINS,
            **{f"_lifted_{name}": called for name, called in CALLED.items()},
            RAN: self.begins,
            SAME: lifted_same,
            DICT: lifted_dict,
            OWN: lifted_own,
            BOTH: lifted_both,
            EITHER: lifted_either,
            NOT: lifted_not,
            MOD: self.mod,
            TEXT: self.text,
            ALL_OF: all_of,
            ATTRIBUTE: self.attribute,
        }
        """The names that every lifted module finds."""

    def begins(self, number: int) -> None:
        """A function begins to run."""
        site = self.sites[number]
        if not site.name.endswith(":"):
            self.ran.add(site.name)
        if self.is_loading:
            for untaught in site.untaught_when_loading:
                site.refuse(untaught)
        if not is_followed():
            return
        frame = sys._getframe(1)
        if site.is_initialising:
            self._begins_once(site, frame)
        if site.name in (READS, CHANGES) and self.rows and id(frame.f_locals["table"]) not in self.rows:
            refuse(f"{frame.f_locals['table'].name} is no table of the protocol")
        if site.name == CHANGES and id(frame.f_locals["table"]) in self.of_histories:
            writer = "" if frame.f_back is None else str(frame.f_back.f_globals.get("__name__"))
            if writer != HISTORIES and not writer.startswith("proofs."):
                refuse(f"{frame.f_locals['table'].name} is written, which histories write themselves")
        if site.name in (BEGINS, CHANGES):
            self._of_drafts(site, frame.f_locals)
        if site.name in OF_DRAFTS and (frame.f_back is None or _name_of(frame.f_back) not in (CHANGES, CLOSES)):
            refuse("what a step writes is made by no draft, which names each row once")
        if site.is_understood:
            return
        names = untaught_names(frame, self.given, self.defined, self.defined_by[site.file], self.lasting.is_understood)
        code = frame.f_code
        for line, name in site.asked_to_change:
            if name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars, *site.given):
                site.refuse((line, f"{name} is changed, which is a global by its name alone"))
            if not self._is_known(type(frame.f_globals.get(name)).__module__):
                site.refuse((line, f"{name} outlives this function, and to change it"))
        for line, name in site.asked:
            root = name.partition(".")[0]
            if root in self.of_engine[site.file] and root not in site.given and root in frame.f_globals:
                site.refuse((line, f"{root} of the engine"))
        for line, name in site.said:
            if not is_there(name, frame):
                site.refuse((line, f"a cast to {name}"))
        names += untaught_of_modules(frame, site.asked, self.lasting.is_understood)
        for untaught in [*site.untaught, *names]:
            site.refuse(untaught)
        site.is_understood = True

    def refuse_loading(self) -> None:
        """Refuse what any module does while it is loaded: its constants, and those of others, may hang on it."""
        for file, found in self.loading.items():
            for untaught in found:
                refuse_at(file, untaught)
        for file, found in self.reached.items():
            for line, name in found:
                if name in self.hidden:
                    refuse_at(file, (line, f"{name} of another module"))
        self.is_loading = False

    def attribute(self, value: Any, name: str) -> Any:
        """An attribute whose name symbols use, or the writes of a draft, of what lifted modules define: what a symbol
        stands for has none.
        """
        owner = value if isinstance(value, type) else type(value)
        if name == WRITES and RUNS and RUNS[-1].is_cut:
            refuse("what a call wrote before a loop over a list of any length is not known")
        asking = sys._getframe(1).f_globals.get("__name__")
        if name.startswith("_"):
            if is_followed() and not any(kind.__module__ == asking for kind in owner.__mro__):
                refuse(f".{name} of a value of type {owner.__name__}, which is for its own module")
        elif is_followed() and not self._is_lifted(owner.__module__):
            refuse(f".{name} of a value of type {owner.__name__} is not understood")
        return getattr(value, name)

    def text(self, value: Any) -> Any:
        """A value that is written as text: nothing of which the engine has another text than Python."""
        is_read = self.is_loading or is_followed()
        if is_read and not isinstance(value, Symbol) and type(value) not in CONSTANTS:
            refuse(f"the text of a value of type {type(value).__name__} is not understood")
        return value

    def mod(self, left: Any, right: Any) -> Any:
        """`%` of numbers; of a text it writes the other side down, also while a module is loaded."""
        if self.is_loading and isinstance(left, str):
            refuse("the text of a value is not understood")
        return lifted_mod(left, right)

    def _begins_once(self, site: Site, frame: FrameType) -> None:
        """An object begins once: its `__init__` finds none of its fields, but where it is asked by that of what it is
        derived from.
        """
        caller = frame.f_back
        if caller is None or not self._is_lifted(caller.f_globals.get("__name__", "")):
            return
        if site.name == BEGINS:
            refuse("a draft that a rule begins is not understood")
        first = frame.f_locals[frame.f_code.co_varnames[0]]
        asks = caller.f_code.co_name == "__init__" and caller.f_locals.get(caller.f_code.co_varnames[0]) is first
        if not asks and held(first):
            refuse(f"a value of type {type(first).__name__} begins again")

    def _of_drafts(self, site: Site, given: Mapping[str, Any]) -> None:
        """A draft takes rows on the path alone on which it began, and began with none: it is nobody else's."""
        own = vars(given["self"])
        if site.name == BEGINS:
            own["_lifted_run"] = current_run() if given["writes"] is None else None
        elif own.get("_lifted_run") is not current_run():
            refuse("a draft is written that others know")
        elif can_be_asked_again():
            raise TooEarlyError("a draft is written where `and` or `or` may have come to its end")
        elif is_unsure():
            refuse("a draft is written where `any` or `all` may have come to its end")
        if site.name == CHANGES and self.rows:
            self.rows[id(given["table"])].refuse_unlike(given["key"], given["row"])

    def _is_known(self, module: str) -> bool:
        return self._is_lifted(module) or module in self._engine


def _name_of(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__')}:{frame.f_code.co_qualname}"


class _Noting(ast.NodeTransformer):
    """Lets each function of a module begin by noting that it runs. The lines of all else stay what they are."""

    def __init__(self, module: str, file: str, running: Running, of_others: Mapping[str, str]) -> None:
        self._of_others: Final = of_others
        self._module: Final = module
        self._file: Final = file
        self._running: Final = running
        self._within: Final[list[str]] = []
        self._function = ""
        self._made: Final[list[set[str]]] = []
        """Of each function that this is within, the lists that it makes."""
        self._shortcuts: Final[set[int]] = set()

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._within.append(node.name)
        self.generic_visit(node)
        self._within.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer = self._function
        self._function = outer or f"{self._module}:{'.'.join([*self._within, node.name])}"
        note = ast.copy_location(ast.Expr(self._note(node)), node)
        self._made.append(made_by(node))
        self.generic_visit(node)
        self._made.pop()
        self._function = outer
        node.body.insert(1 if ast.get_docstring(node, clean=False) is not None else 0, note)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        note = self._note(node)
        self._made.append(made_by(node))
        self.generic_visit(node)
        self._made.pop()
        node.body = ast.copy_location(ast.BoolOp(ast.Or(), [note, node.body]), node.body)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """An attribute that a symbol would answer."""
        self.generic_visit(node)
        is_private = node.attr.startswith("_") and not node.attr.startswith("__") and self._module != MACHINE
        is_asked = is_private or node.attr in (WRITES, *OF_SYMBOLS.split())
        if not self._made or not isinstance(node.ctx, ast.Load) or not is_asked:
            return node
        call = ast.Call(ast.Name(ATTRIBUTE, ast.Load()), [node.value, ast.Constant(node.attr)], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """The type that a value is said to have says nothing when it runs; types and sets are our own."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in CALLED and self._made:
            node.func.id = f"_lifted_{node.func.id}"
        if isinstance(node.func, ast.Name) and node.func.id == "str":
            node.args = [self._text(each) for each in node.args]
            for keyword in node.keywords:
                keyword.value = self._text(keyword.value)
        is_of_all = isinstance(node.func, ast.Name) and node.func.id == "all" and bool(self._made)
        if is_of_all and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            first = node.args[0].generators[0]
            first.iter = ast.copy_location(ast.Call(_named(ALL_OF, first.iter), [first.iter], []), first.iter)
        if isinstance(node.func, ast.Name) and node.func.id == "cast" and node.args:
            node.args[0] = ast.copy_location(ast.Constant(None), node.args[0])
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        """A value within a text."""
        self.generic_visit(node)
        node.value = self._text(node.value)
        return node

    def _text(self, value: ast.expr) -> ast.expr:
        """A value that is written down."""
        return ast.copy_location(ast.Call(_named(TEXT, value), [value], []), value)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """One truth value of all sides, where each can be asked. An `is` that only saves the `==` after it is left
        out.
        """
        for one, other in pairwise(node.values):
            if isinstance(node.op, ast.Or) and isinstance(one, ast.Compare) and isinstance(other, ast.Compare):
                is_shortcut = isinstance(one.ops[0], ast.Is) and isinstance(other.ops[0], ast.Eq)
                if is_shortcut and _sides(one) == _sides(other) and not _calls(one):
                    self._shortcuts.add(id(one))
        is_joined = bool(self._made) and all(can_be_asked(value) for value in node.values)
        self.generic_visit(node)
        return joined(node) if is_joined else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`is`."""
        self.generic_visit(node)
        if not isinstance(node.ops[0], ast.Is | ast.IsNot) or id(node) in self._shortcuts:
            return node
        call = ast.Call(ast.Name(SAME, ast.Load()), [node.left, *node.comparators], [])
        asked = ast.UnaryOp(ast.Not(), call) if isinstance(node.ops[0], ast.IsNot) else call
        return ast.copy_location(asked, node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """A list that is changed in place is one that the function has made."""
        self.generic_visit(node)
        is_made = isinstance(node.target, ast.Name) and bool(self._made) and node.target.id in self._made[-1]
        if not self._made:
            return node
        known = copy.deepcopy(node.target)
        known.ctx = ast.Load()
        changed: ast.expr
        if isinstance(node.op, ast.Mod):
            changed = ast.Call(ast.Name(MOD, ast.Load()), [known, node.value], [])
        elif is_made:
            return node
        else:
            changed = ast.BinOp(ast.Call(ast.Name(OWN, ast.Load()), [known], []), node.op, node.value)
        return ast.fix_missing_locations(ast.copy_location(ast.Assign([node.target], changed), node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """`%`, which of a text is another operator."""
        self.generic_visit(node)
        if not isinstance(node.op, ast.Mod):
            return node
        return ast.copy_location(ast.Call(_named(MOD, node), [node.left, node.right], []), node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        """A dictionary that a function writes down."""
        self.generic_visit(node)
        keys = [key for key in node.keys if key is not None]
        if not self._made or len(keys) < len(node.keys):
            return node
        pairs = [ast.Tuple([key, value], ast.Load()) for key, value in zip(keys, node.values, strict=True)]
        return self._dict(node, ast.List(list[ast.expr](pairs), ast.Load()))

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        """A dictionary that a function makes of what it goes through."""
        self.generic_visit(node)
        if not self._made:
            return node
        return self._dict(node, ast.ListComp(ast.Tuple([node.key, node.value], ast.Load()), node.generators))

    def _dict(self, node: ast.expr, items: ast.expr) -> ast.AST:
        call = ast.Call(ast.Name(DICT, ast.Load()), [items], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def _note(self, node: ast.FunctionDef | ast.Lambda) -> ast.Call:
        name = self._function or f"{self._module}:"
        self._running.sites.append(Site(name, self._file, node, self._of_others))
        note = ast.Call(ast.Name(RAN, ast.Load()), [ast.Constant(len(self._running.sites) - 1)], [])
        for part in ast.walk(note):
            ast.copy_location(part, node)
        return note


def _named(name: str, node: ast.AST) -> ast.Name:
    """A name of the lifter's at a place of the source."""
    return ast.copy_location(ast.Name(name, ast.Load()), node)


_ASKED: Final = (
    *(ast.Name, ast.Attribute, ast.Constant, ast.Load, ast.Tuple, ast.BoolOp, ast.And, ast.Or, ast.Not, ast.UnaryOp),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.USub),
)
_FOUND_OUT: Final = frozenset([*subset.BUILTINS.split(), *CALLED])
"""Python's own functions, which look at a value more closely than a comparison does."""


def can_be_asked(node: ast.expr) -> bool:
    """True if an expression may be asked where Python has stopped before it: it compares rows, fields and what
    functions of lifted modules answer. If it fails or writes there, it is asked again where Python asks it.
    """
    return all(
        isinstance(part, _ASKED)
        or (isinstance(part, ast.Compare) and len(part.ops) == 1)
        or (isinstance(part, ast.Call) and not part.keywords and _is_question(part.func))
        for part in ast.walk(node)
    )


def _is_question(called: ast.expr) -> bool:
    """True if it is a function by its name, or the row of a key."""
    if isinstance(called, ast.Name):
        return called.id not in _FOUND_OUT
    return isinstance(called, ast.Attribute) and called.attr == "get"


def joined(node: ast.BoolOp) -> ast.Call:
    """`and` or `or` that does not fork: all sides but the first are functions."""
    first, *others = [_joined_not(value) for value in node.values]
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    asked = [ast.copy_location(ast.Lambda(nothing, other), other) for other in others]
    name = ast.Name(BOTH if isinstance(node.op, ast.And) else EITHER, ast.Load())
    return ast.fix_missing_locations(ast.copy_location(ast.Call(name, [first, *asked], []), node))


def _joined_not(value: ast.expr) -> ast.expr:
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        return ast.copy_location(ast.Call(ast.Name(NOT, ast.Load()), [value.operand], []), value)
    return value


def _calls(compare: ast.Compare) -> bool:
    """True if a side is what a function answers, which asked twice may be another."""
    return any(isinstance(part, ast.Call) for part in ast.walk(compare))


def _sides(compare: ast.Compare) -> list[str]:
    return [ast.dump(side) for side in (compare.left, *compare.comparators)]


class _Loader(SourceFileLoader):
    """Executes a source file with our builtins; then lets a module's contracts take the place of what it defines."""

    def __init__(
        self,
        name: str,
        file: str,
        contracts: Mapping[str, Callable[[ModuleType], None]],
        running: Running,
        is_lifted: Callable[[str], bool],
    ) -> None:
        super().__init__(name, file)
        self._contracts: Final = contracts
        self._running: Final = running
        self._is_lifted: Final = is_lifted

    def get_code(self, fullname: str) -> CodeType:
        """The code of the source, never what is cached of it, which notes nothing."""
        tree = ast.parse(self.get_data(self.path), self.path)
        self._running.loading[self.path] = untaught_loading(tree, self._is_lifted)
        self._running.defined_by[self.path] = names_defined(tree)
        self._running.defined.update(self._running.defined_by[self.path])
        self._running.hidden.update(hidden_in(tree, self._is_lifted))
        self._running.reached[self.path] = reached_in(tree, self._is_lifted)
        self._running.of_engine[self.path] = names_of_engine(tree, self._is_lifted)
        of_others = names_of_others(tree, self._is_lifted)
        noting = _Noting(fullname, self.path, self._running, of_others).visit(tree)
        noting = Folding(fullname, not fullname.startswith("invariants")).visit(noting)
        return compile(ast.fix_missing_locations(noting), self.path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update(self._running.given)
        super().exec_module(module)
        for name, value in self._running.given.items():
            if module.__dict__.get(name) is not value:
                raise UnliftableError(f"{module.__name__} gives {name} another meaning")
        if module.__name__ in self._contracts:
            self._contracts[module.__name__](module)


class _Finder(MetaPathFinder):
    """Finds the modules to lift, as source."""

    def __init__(self, roots: Sequence[str], contracts: Mapping[str, Callable[[ModuleType], None]]) -> None:
        self._roots: Final = roots
        self._contracts: Final = contracts
        self.running: Final = Running(self.owns, {contract.__module__ for contract in contracts.values()})

    def owns(self, name: str) -> bool:
        return any(name == root or name.startswith(root + ".") for root in self._roots)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not self.owns(fullname):
            return None
        last = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            for file in (Path(folder or ".") / last / "__init__.py", Path(folder or ".") / f"{last}.py"):
                if file.is_file():
                    loader = _Loader(fullname, str(file.resolve()), self._contracts, self.running, self.owns)
                    is_package = file.name == "__init__.py"
                    return importlib.util.spec_from_file_location(
                        fullname,
                        file,
                        loader=loader,
                        submodule_search_locations=[str(file.parent)] if is_package else None,
                    )
        return PathFinder.find_spec(fullname, path, target)


class LiftedModules:
    """The lifted modules, by name; and which of their functions ran so far, as `module:qualified name`: since they were
    loaded, and to load them.
    """

    def __init__(self, modules: dict[str, ModuleType], running: Running, loaded: frozenset[str]) -> None:
        self.modules: Final = modules
        self.ran: Final = running.ran
        self.loaded: Final = loaded
        self.rows: Final = running.rows
        self.of_histories: Final = running.of_histories
        self.is_understood: Final = running.lasting.is_understood
        """True if a value that lasts longer than a path is what symbols take it for."""

    def get(self, module: str, attribute: str) -> Any:
        """Something that a lifted module defines."""
        return getattr(self.modules[module], attribute)


def lift(
    theory: str, contracts: Mapping[str, Callable[[ModuleType], None]], beside: tuple[str, ...] = ()
) -> LiftedModules:
    """Load the lifted copy of everything that the module of a theory imports, of our own packages and of modules
    beside it; what others imported stays as it is.
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
    for name, module in lifted.items():
        if not str(module.__file__).endswith(".py"):
            raise ImportError(f"{name} was not lifted from source but from {module.__file__}")
        for value in vars(module).values():
            is_own = getattr(value, "__module__", None) == name and callable(value)
            if is_own and not isinstance(value, FunctionType | type) and not hasattr(value, "__dict__"):
                raise ImportError(f"{name} was not lifted from source: {value!r} is compiled")
    finder.running.refuse_loading()
    loaded = frozenset(finder.running.ran)
    finder.running.ran.clear()  # to be loaded is not to be run
    return LiftedModules(lifted, finder.running, loaded)
