"""The `Listener`, which every lifted function calls first: it records the function as run, and refuses it if the
function uses Python that the lifter does not accept.
"""

import ast
import linecache
import sys
from collections.abc import Callable, Collection, Mapping
from types import FrameType
from typing import Any, Final

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
from proofs.folds import FOLDED_BUILTINS
from proofs.lasting import CONSTANTS, ENGINE, Lasting
from proofs.loading_subset import untaught_when_loading
from proofs.paths import RUNS, TooEarlyError, can_be_asked_again, current_run, is_followed, is_unsure, refuse
from proofs.places import Place
from proofs.python_subset import (
    BEGINS,
    CHANGES,
    CLOSES,
    OF_DRAFTS,
    READS,
    asked_to_change,
    is_there,
    names_with_dots,
    said_by_casts,
    untaught_names,
    untaught_of_modules,
    untaught_syntax,
)
from proofs.shapes import held
from proofs.symbols import Symbol, all_of
from proofs.syntax import Untaught, given_by

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
UNORDERED: Final = "_lifted_unordered"
PLACE: Final = "_lifted_place"
WRITES: Final = "writes"
"""The names under which a lifted module finds the lifter's helpers.

`RAN` is called as a function begins. `SAME` replaces `is`, `DICT` dictionary displays and `MOD` the operator `%`. `OWN`
refuses an in-place change of a list that the function did not make. `BOTH`, `EITHER` and `NOT` replace `and`, `or`, and
`not` within them. `ALL_OF` wraps the iterable of `all`, `ATTRIBUTE` reads an attribute whose name symbols have too,
`TEXT` wraps a value that is turned into text, `UNORDERED` a set. `PLACE` replaces
`Path(__file__)`. `WRITES` is the name of a Delta's and a draft's rows.
"""
MACHINE: Final = "spec.machine"
HISTORIES: Final = "spec.history"


def refuse_at(file: str, untaught: Untaught) -> None:
    """Raise the refusal of a construct that is not accepted. `untaught` is its line in the file and its description;
    the message quotes the line.
    """
    line, what = untaught
    refuse(f"{what} is not understood", f"{file}:{line}: {linecache.getline(file, line).strip()}")


class Site:
    """A lifted function: its name and file, and the constructs in its source that the engine does not accept."""

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
        """Raise the refusal of a construct of this function that is not accepted. `untaught` is its line and its
        description.
        """
        refuse_at(self.file, untaught)


class Listener:
    """The object that every lifted function calls first. It records which functions run, and refuses those that use
    Python which the engine does not accept on symbols.
    """

    def __init__(self, is_lifted: Callable[[str], bool], contracts: Collection[str]) -> None:
        self.ran: Final[set[str]] = set()
        self.sites: Final[list[Site]] = []
        self.loading: Final[dict[str, list[Untaught]]] = {}
        """The map from file to the (line, description) of import-time code that is not accepted."""
        self.is_loading = True
        """True until all modules are loaded. Functions that run before are executed as plain Python."""
        self.hidden: Final[set[str]] = set()
        """The names of modules that are not lifted, and of what they provide, that no other module may look up."""
        self.of_engine: Final[dict[str, set[str]]] = {}
        """The map from file to the names that the module imports from the engine."""
        self.reached: Final[dict[str, list[Untaught]]] = {}
        """The map from file to the (line, name) of what the module reads from other modules."""
        self.defined: Final[set[str]] = set()
        """The names that lifted modules define, fields and methods included."""
        self.rows: Final[dict[int, Any]] = {}
        """The map from `id()` of each table of the protocol to its `SymbolicRows`; empty if no protocol is loaded."""
        self.of_histories: Final[set[int]] = set()
        """The `id()` of each table of the protocol that stores a history's heads or checkpoints."""
        self.defined_by: Final[dict[str, set[str]]] = {}
        """The map from file to the names that the module defines."""
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
            UNORDERED: self.unordered,
            PLACE: Place,
        }
        """The names that the lifter injects into every lifted module."""

    def begins(self, number: int) -> None:
        """Record that a function begins to run, and refuse it if it is not accepted. `number` is the index of its
        `Site`.
        """
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
        """Refuse the import-time code of any module that is not accepted, since constants may depend on it. Ends
        loading: functions may run on symbols from then on.
        """
        for file, found in self.loading.items():
            for untaught in found:
                refuse_at(file, untaught)
        for file, found in self.reached.items():
            for line, name in found:
                if name in self.hidden:
                    refuse_at(file, (line, f"{name} of another module"))
        self.is_loading = False

    def attribute(self, value: Any, name: str) -> Any:
        """The value of an attribute that symbols have too, that is private, or that is called `writes`. While the
        program runs on symbols, some are refused.

        A private one is refused unless the reading module defines a class of the value. Any other is refused unless a
        lifted module defines the value's type. `writes` is refused after a loop over a list of any length.
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
        """The argument itself, which is about to become text. It is refused if its text under the engine may differ
        from Python's.
        """
        is_read = self.is_loading or is_followed()
        if is_read and not isinstance(value, Symbol) and type(value) not in CONSTANTS:
            refuse(f"the text of a value of type {type(value).__name__} is not understood")
        return value

    def unordered(self, value: Any) -> Any:
        """The argument itself, a set. While modules are imported, it is refused if it holds anything but numbers: only
        their order is equal in every process.
        """
        if self.is_loading and not all(type(part) in (int, bool) for part in value):
            frame = sys._getframe(1)
            what = "a set of other values than numbers, while a module is loaded,"
            refuse_at(frame.f_code.co_filename, (frame.f_lineno, what))
        return value

    def mod(self, left: Any, right: Any) -> Any:
        """The operator `%` on numbers. A `str` on its left, which it would format, is refused at import time and on
        paths.
        """
        if self.is_loading and isinstance(left, str):
            refuse("the text of a value is not understood")
        return lifted_mod(left, right)

    def _begins_once(self, site: Site, frame: FrameType) -> None:
        """Refuse an `__init__` that runs again on an object which has fields already. A call by a derived class's
        `__init__` is accepted.
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
        """Refuse the writing of a draft on another path than the one that created it, of one that began with writes, or
        where Python may have stopped evaluating. `given` are the local variables of the draft's method.
        """
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
