"""Docstrings of compiled modules: mypyc drops them, so this hook writes them into the C files before compilation. It
also records digests of the compiled sources, by which proofs notice that another source lies beside a module.

The build hook of hatch-mypyc runs its own setup file in a subprocess. `DocstringHook`, which precedes it in
pyproject.toml, makes that file call `mypycify` of this module instead of mypyc's.
"""

import ast
import json
import re
import tempfile
from hashlib import sha256
from inspect import cleandoc
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

Documented = ast.Module | ast.ClassDef | ast.FunctionDef

RECORD = "harness/COMPILED.json"
"""The path of the record in a wheel; `harness/compiled.py` reads it."""

FILLER = "/* 'mypyc filler docstring' */"
"""The marker that mypyc writes for the docstring of a class whose metaclass C code calls, such as an enumeration."""


class DocstringHook(BuildHookInterface[Any]):
    """The hook that makes the build hook after it compile with docstrings, and record what it compiles."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Replace the import of `mypycify` in the setup file of hatch-mypyc. The record goes into the wheel."""
        # imported here, because only a build environment has it; it has no types, so mypy cannot check it
        import hatch_mypyc.plugin as plugin  # type: ignore[import-untyped]

        plain = plugin.construct_setup_file
        self.folder = tempfile.TemporaryDirectory()
        record = Path(self.folder.name, "COMPILED.json")
        record.write_text("{}", encoding="utf-8")
        build_data["force_include"][str(record)] = RECORD
        ours = (
            f"import functools, sys; sys.path.append({self.root!r}); import {Path(__file__).stem} as ours; "
            f"mypycify = functools.partial(ours.mypycify, {str(record)!r})"
        )

        def construct_setup_file(*args: Any, **options: Any) -> str:
            asked: str = plain(*args, **options)
            return asked.replace("from mypyc.build import mypycify", ours)

        plugin.construct_setup_file = construct_setup_file


def mypycify(record: str, paths: list[str], **options: Any) -> Any:
    """The extensions that mypyc makes, with docstrings in their C files; several compilers run in parallel. Digests of
    the sources, by module, are written to the file `record`.
    """
    from mypyc.build import mypycify as compile_to_c

    from hatch_compilers import compile_together

    compile_together()
    sources = {path[:-3].replace("\\", "/").replace("/", "."): Path(path) for path in paths if path.endswith(".py")}
    digests = {module: sha256(path.read_bytes()).hexdigest() for module, path in sorted(sources.items())}
    Path(record).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
    extensions = compile_to_c(paths, **options)
    for extension in extensions:
        for file in map(Path, extension.sources):
            module = file.stem.removeprefix("__native_").replace("___", ".")
            if file.stem.startswith("__native_") and module in sources:
                tree = ast.parse(sources[module].read_text(encoding="utf-8"))
                file.write_text(documented(file.read_text(encoding="utf-8"), tree), encoding="utf-8")
    return extensions


def documented(c_source: str, tree: ast.Module) -> str:
    """The C source of a module, with the docstrings of the module, its functions, classes and methods inserted."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    owner: ast.Module | ast.ClassDef | None = None
    name = ""
    lines = c_source.split("\n")
    for index, line in enumerate(lines):
        if table := re.match(r"static Py\w+Def (\w+)(?:methods|getseters)\[\]", line):
            owner = tree if table[1].endswith("module_") else _class_of(table[1], classes)
        elif named := re.match(r'    \.tp_name = "(\w+)"', line):
            owner = classes.get(named[1])
        elif named := re.match(r'    \{"(\w+)",', line):
            name = named[1]
        if "NULL, /* docstring */" in line:
            lines[index] = line.replace("NULL,", f"{c_string(_meaning(tree))},")
        elif FILLER in line and (made := _class_at(lines[index : index + 8], classes)):
            lines[index] = f"{line.split('=')[0]}= PyUnicode_FromString({c_string(_meaning(made))});"
        elif owner and line == "    NULL, NULL, NULL}," and (read := _function(owner, name)):
            lines[index] = f"    NULL, {c_string(_signed(read))}, NULL}},"  # a property
        elif owner and (stands := re.search(r'PyDoc_STR\((".*?\\n--\\n\\n"|NULL)\)', line)):
            documents = owner if ".tp_doc" in line else _function(owner, name)
            if documents:
                signature = stands[1].replace("NULL", "")  # mypyc writes no signature if a default is not a literal
                said = f"PyDoc_STR({signature}{c_string(_signed(documents))})"
                lines[index] = line[: stands.start()] + said + line[stands.end() :]
    return "\n".join(lines)


def _class_of(table: str, classes: dict[str, ast.ClassDef]) -> ast.ClassDef | None:
    """The class whose methods a C table lists; the table's name ends in that of the class."""
    named = [name for name in classes if table.endswith(f"___{name}_")]
    return classes[max(named, key=len)] if named else None


def _class_at(lines: list[str], classes: dict[str, ast.ClassDef]) -> ast.ClassDef | None:
    """The class whose line number occurs in this C code, which mypyc writes for tracebacks."""
    at = re.search(r'"<module>", (\d+),', "\n".join(lines))
    if at is None:
        return None
    starts = {
        line: node for node in classes.values() for line in (node.lineno, *(d.lineno for d in node.decorator_list))
    }
    return starts.get(int(at[1]))


def _function(owner: ast.Module | ast.ClassDef, name: str) -> ast.FunctionDef | None:
    """The function of a module, or the method of a class, with this name; None if there is none."""
    return next((node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def _meaning(node: Documented) -> str:
    return cleandoc(ast.get_docstring(node) or "")


def _signed(node: Documented) -> str:
    """A docstring below its signature with types; for a class without a constructor,
    its fields follow the docstring.
    """
    meaning = _meaning(node)
    if isinstance(node, ast.FunctionDef):
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"{node.name}({ast.unparse(node.args)}){returns}\n\n{meaning}".strip()
    if isinstance(node, ast.ClassDef) and (made := _function(node, "__init__")):
        return f"{node.name}({re.sub('^self(, )?', '', ast.unparse(made.args))})\n\n{meaning}".strip()
    fields = [f"\n    {ast.unparse(item)}" for item in node.body if isinstance(item, ast.AnnAssign)]
    return f"{meaning}\n\nFields:{''.join(fields)}" if fields else meaning


def c_string(text: str) -> str:
    """A C string literal for a text, as UTF-8; special and non-ASCII bytes are octal escapes."""
    plain = {*range(0x20, 0x7F)} - {*b'"\\?'}
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode()) + '"'
