"""Docstrings of what is compiled: mypyc drops them, so they are written into its C files before these are compiled.

The build hook of hatch-mypyc runs a setup file of its own, in a process of its own. `DocstringHook`, which stands
before it in pyproject.toml, has that file call the `mypycify` of this module instead of mypyc's.
"""

import ast
import re
from inspect import cleandoc
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

Documented = ast.Module | ast.ClassDef | ast.FunctionDef

FILLER = "/* 'mypyc filler docstring' */"
"""mypyc's mark at the docstring of a class that C code makes by calling its metaclass, such as an enumeration."""


class DocstringHook(BuildHookInterface[Any]):
    """Puts docstrings into what the hook after this one compiles."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Replace the import in the setup file of hatch-mypyc."""
        # Here, since only a build has it; it comes without types, so that mypy cannot look into it.
        import hatch_mypyc.plugin as plugin  # type: ignore[import-untyped]

        plain = plugin.construct_setup_file
        ours = f"import sys; sys.path.append({self.root!r}); from {Path(__file__).stem} import mypycify"

        def construct_setup_file(*args: Any, **options: Any) -> str:
            asked: str = plain(*args, **options)
            return asked.replace("from mypyc.build import mypycify", ours)

        plugin.construct_setup_file = construct_setup_file


def mypycify(paths: list[str], **options: Any) -> Any:
    """The extensions of mypyc, with docstrings in their C files, which several compilers take."""
    from mypyc.build import mypycify as compile_to_c

    from hatch_compilers import compile_together

    compile_together()
    extensions = compile_to_c(paths, **options)
    sources = {path[:-3].replace("\\", "/").replace("/", "."): Path(path) for path in paths if path.endswith(".py")}
    for extension in extensions:
        for file in map(Path, extension.sources):
            module = file.stem.removeprefix("__native_").replace("___", ".")
            if file.stem.startswith("__native_") and module in sources:
                tree = ast.parse(sources[module].read_text(encoding="utf-8"))
                file.write_text(documented(file.read_text(encoding="utf-8"), tree), encoding="utf-8")
    return extensions


def documented(c_source: str, tree: ast.Module) -> str:
    """The C file of a module, with the docstrings of the module, its functions, classes and methods."""
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
            lines[index] = f"    NULL, {c_string(_signed(read))}, NULL}},"  # of a property
        elif owner and (stands := re.search(r'PyDoc_STR\((".*?\\n--\\n\\n"|NULL)\)', line)):
            documents = owner if ".tp_doc" in line else _function(owner, name)
            if documents:
                signature = stands[1].replace("NULL", "")  # mypyc writes none where a default is no literal
                said = f"PyDoc_STR({signature}{c_string(_signed(documents))})"
                lines[index] = line[: stands.start()] + said + line[stands.end() :]
    return "\n".join(lines)


def _class_of(table: str, classes: dict[str, ast.ClassDef]) -> ast.ClassDef | None:
    """The class of a table of methods, whose name is the module's and the class's."""
    named = [name for name in classes if table.endswith(f"___{name}_")]
    return classes[max(named, key=len)] if named else None


def _class_at(lines: list[str], classes: dict[str, ast.ClassDef]) -> ast.ClassDef | None:
    """The class whose line stands in C code, for the traceback if making it fails."""
    at = re.search(r'"<module>", (\d+),', "\n".join(lines))
    if at is None:
        return None
    starts = {
        line: node for node in classes.values() for line in (node.lineno, *(d.lineno for d in node.decorator_list))
    }
    return starts.get(int(at[1]))


def _function(owner: ast.Module | ast.ClassDef, name: str) -> ast.FunctionDef | None:
    """The function of a module, or the method of a class, under its name."""
    return next((node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def _meaning(node: Documented) -> str:
    return cleandoc(ast.get_docstring(node) or "")


def _signed(node: Documented) -> str:
    """The docstring below the signature with its types; of a class without a constructor it is above the fields."""
    meaning = _meaning(node)
    if isinstance(node, ast.FunctionDef):
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"{node.name}({ast.unparse(node.args)}){returns}\n\n{meaning}".strip()
    if isinstance(node, ast.ClassDef) and (made := _function(node, "__init__")):
        return f"{node.name}({re.sub('^self(, )?', '', ast.unparse(made.args))})\n\n{meaning}".strip()
    fields = [f"\n    {ast.unparse(item)}" for item in node.body if isinstance(item, ast.AnnAssign)]
    return f"{meaning}\n\nFields:{''.join(fields)}" if fields else meaning


def c_string(text: str) -> str:
    """A literal of C, in UTF-8, of characters that mean themselves to every compiler."""
    plain = {*range(0x20, 0x7F)} - {*b'"\\?'}
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode()) + '"'
