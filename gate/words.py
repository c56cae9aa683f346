"""Names with a meaning for the analysis of source. Some can find, change or make any definition, or read a file; others
do none of these.
"""

import os.path
import sys
from pathlib import Path, PurePath
from typing import Final

DOORS: Final = frozenset(
    {"eval", "exec", "globals", "vars", "__import__", "importlib", "import_module", "modules", "builtins"}
    | {"__builtins__", "__globals__", "__subclasses__", "_getframe", "currentframe", "resolve_name", "runpy"}
    | {"locals", "inspect", "get_type_hints", "get_annotations", "__annotations__", "ForwardRef", "resolve_types"}
    | {"gc", "ctypes", "pickle", "marshal", "shelve", "copyreg", "FunctionType", "__self__", "__spec__", "__loader__"}
    | {"_convert_"}
)
"""Names and attributes that can find any definition by a string. A definition that reads one reaches everything."""

CLASS_MAKERS: Final = frozenset({"make_class", "make_dataclass", "new_class"})
"""Functions that make a class without a class statement, so that its bases and members are not declared. `type` can do
so, too.
"""

RECORD_MAKERS: Final = frozenset({"namedtuple"})
"""Functions that make a class whose fields have no declared types."""

FIELD_MAKERS: Final = frozenset({"ib", "attrib", "field"})
"""Functions that declare a field of a class. An annotation, or the keyword `type`, declares the field's type."""

GETTERS: Final = frozenset({"getattr", "attrgetter", "methodcaller", "__getattribute__"})
"""Functions that find a member of an object by a string."""

SETTERS: Final = DOORS | {"setattr", "delattr", "setitem", "delitem", "__setattr__", "__delattr__", "__dict__"}
"""Names that can rebind another definition. Assignments to attributes and items can do so too."""

CHANGERS: Final = frozenset(
    {"__setitem__", "add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove"}
    | {"difference_update", "intersection_update", "symmetric_difference_update", "reverse", "setdefault", "sort"}
    | {"update", "appendleft", "extendleft", "popleft", "rotate", "move_to_end", "subtract", "register"}
    | {"__delitem__", "__iadd__", "__iand__", "__imul__", "__ior__", "__isub__", "__ixor__", "__next__", "send"}
    | {"throw", "__set__", "__delete__", "__setstate__", "_add_alias_", "_add_value_alias_"}
)
"""Methods that mutate a collection, or register an implementation of a generic function. Code that calls such a method,
or passes it on, may change a definition.
"""

BUILDERS: Final = frozenset({"__init__", "__attrs_pre_init__", "__attrs_post_init__"})
"""Constructor methods: nothing else refers to their `self` yet, so they may assign to it."""

PLAIN_METHODS: Final = BUILDERS | {"__new__", "__slots__", "__match_args__", "__doc__"}
"""Members with two underscores that only code that names the class can reach."""

MAKERS: Final = frozenset({"bytearray", "defaultdict", "deque", "dict", "list", "set", "sorted"})
"""Functions that return a new collection, to which nothing else refers."""

VALUE_MAKERS: Final = frozenset(
    {"abs", "bool", "bytes", "float", "frozenset", "int", "len", "ord", "range", "round", "str", "tuple"}
)
"""Functions that return a value that nothing can change in place."""

_PLACES: Final = frozenset(
    {"absolute", "abspath", "basename", "commonpath", "commonprefix", "cwd", "dirname", "expanduser", "expandvars"}
    | {"home", "isabs", "join", "normcase", "normpath", "realpath", "relpath", "resolve", "split", "splitdrive"}
    | {"splitext", "splitroot"}
)
"""Functions of `os.path` and methods of `Path` that only say where a file would be, and not what is there."""

_OF_PATHS: Final = {name for name in dir(Path) if name not in dir(PurePath) and not name.startswith("_")}
_OF_TEXTS: Final = {name for name in os.path.__all__ if callable(getattr(os.path, name))}
_AT_FILES: Final = frozenset(_OF_PATHS | _OF_TEXTS) - _PLACES

CALLED_OPENERS: Final = _AT_FILES & {"exists", "owner", "rename", "walk"}
"""Methods that look at a file, and whose names are also those of ordinary fields. They count where they are called, and
anywhere in a module that imports FILE_MODULES. A method with a computed name counts in such a module alone.
"""

PATH_OPENERS: Final = _AT_FILES & {"group", "replace"}
"""Methods of a path that look at a file, and whose names are also those of methods of a match and of a string. They
count anywhere in a module that imports FILE_MODULES, and nowhere else.
"""

FILE_MODULES: Final = frozenset({"os", "pathlib"})
"""The HARMLESS modules, with those above them, that have functions that look at files."""

OPENERS: Final = (
    frozenset(
        {"open", "read_bytes", "read_text", "get_data", "resources", "fileinput", "linecache", "runpy", "mmap"}
        | {"ConfigParser", "RawConfigParser", "ZipFile", "ElementTree", "sqlite3", "subprocess", "popen", "system"}
        | {"listdir", "scandir", "iterdir", "glob", "rglob", "is_file", "is_dir", "stat", "getsize"}
        | {"FileIO", "open_code", "fromfile", "fdopen", "file_digest"}
        | {"__doc__", "__code__", "__loader__", "__spec__", "inspect", "pydoc", "tokenize", "traceback", "tb_lineno"}
        | {"f_lineno", "get_source", "get_code"}
    )
    | _AT_FILES
) - (CALLED_OPENERS | PATH_OPENERS)
"""Names that can read files, docstrings or line numbers; the latter two are not part of the compared syntax trees.

All that `pathlib` and `os.path` have to look at files is among these three, but `resolve` and `realpath` unless they
are strict. If a version reads one file, all its files count.
"""

LIBRARY: Final = sys.stdlib_module_names - {"test"} | {"attr", "attrs", "z3"}
"""Top-level modules that a version may not define, because Python would import them instead of the library's
modules.
"""

HARMLESS: Final = frozenset(
    {"__future__", "abc", "attr", "attrs", "base64", "binascii", "bisect", "cmath", "collections", "contextlib", "copy"}
    | {"dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq.merge", "itertools"}
    | {"heapq.nlargest", "heapq.nsmallest", "json", "keyword", "math", "numbers", "operator", "os.path", "pathlib"}
    | {"re", "statistics", "string", "struct", "sys.byteorder", "sys.intern", "sys.maxsize", "textwrap", "types"}
    | {"conformance.calls", "harness.pack.ProtocolPack", "hypothesis", "invariants", "proofs.setup", "proofs.theory"}
    | {"spec", "tomllib", "typing", "typing_extensions", "unicodedata", "zlib"}
)
"""Modules, and members of modules, that change nothing that they are given, apart from HARMFUL and CHANGERS.

They belong to libraries, or to this package where a version imports an installed one.
"""

HARMFUL: Final = frozenset(
    {"attr.resolve_types", "attr.set_run_validators", "attr.validators.set_disabled", "attrs.resolve_types"}
    | {"attrs.validators.set_disabled", "bisect.insort", "bisect.insort_left", "bisect.insort_right"}
    | {"decimal.getcontext", "decimal.localcontext", "decimal.setcontext", "enum.global_enum"}
    | {"functools.update_wrapper"}
    | {"operator.call", "operator.delitem", "operator.iadd", "operator.iand", "operator.iconcat", "operator.ifloordiv"}
    | {"operator.ilshift", "operator.imatmul", "operator.imod", "operator.imul", "operator.ior", "operator.ipow"}
    | {"operator.irshift", "operator.isub", "operator.itruediv", "operator.ixor", "operator.methodcaller"}
    | {"operator.setitem", "spec.machine.commit", "struct.pack_into"}
)
"""Members of HARMLESS modules that can change their arguments, or settings that all code uses."""

FILELESS: Final = frozenset(
    {"array", "ast", "calendar", "contextvars", "graphlib", "heapq", "io.BytesIO", "io.StringIO", "ipaddress", "queue"}
    | {"importlib.import_module", "random", "sys.modules", "threading", "time", "weakref"}
)
"""Modules, and members of modules, that read no file, although they are not HARMLESS."""


def is_harmless(name: str) -> bool:
    """True if a member of a library, such as `heapq.merge`, changes nothing that it is given.

    False for a module that has a member that changes its arguments.
    """
    parts = name.split(".")
    heads = {".".join(parts[: length + 1]) for length in range(len(parts))}
    may_harm = any(each.startswith(f"{name}.") for each in HARMFUL)
    return not HARMLESS.isdisjoint(heads) and HARMFUL.isdisjoint(heads) and not may_harm


def is_fileless(name: str) -> bool:
    """True if a member of a library, such as `heapq.heappush`, reads no file: only known ones count."""
    parts = name.split(".")
    heads = {".".join(parts[: length + 1]) for length in range(len(parts))}
    return not heads.isdisjoint(HARMLESS | FILELESS) and (OPENERS | CALLED_OPENERS).isdisjoint(parts)
