"""The source text that declares a law, with the functions that it names, for `restake laws --explain`.

It is read from source files, so it is available in a compiled build, too.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from harness.pack import ProtocolPack
from harness.source import files_of

NOTATION: Final = {
    r"\brows\.get\(": "rows.get(TABLE, key) is the row of a table at a key",
    r"\.total\(": "view.total(SUM, group) is that sum over the rows of a group",
    r"\.latest\(": "HISTORY.latest(rows, key) is its last value",
    r"\bstep\.before\b": "step.before is the state before the call",
    r"\bstep\.after\b": "step.after is the state after it",
    r"\bstep\.action\b": "step.action is the call",
    r"\bwritten\(": "written(delta, TABLE) are the keys of the rows that the call writes",
    r"\bScope\(": "Scope names the calls or tables that the law speaks of",
    r"\brows=\{": "rows= names the tables whose rows concern a subject",
    r"\bsums=\{": "sums= names the sums that it needs",
}
"""Explanations of the notation in laws' formulas, by the pattern in the source that shows its use."""


def notation_of(text: str) -> list[str]:
    """The explanations of the notation that a declaration uses."""
    return [meaning for pattern, meaning in NOTATION.items() if re.search(pattern, text)]


@attrs.frozen
class Declaration:
    """The declaration of a law: its file and line, and its text, which begins with the functions that it names."""

    file: Path
    line: int
    text: str

    @property
    def place(self) -> str:
        """The file and line, as `package/module.py:12`, from the outermost package on."""
        root = self.file.parent
        while (root / "__init__.py").is_file():
            root = root.parent
        return f"{self.file.relative_to(root).as_posix()}:{self.line}"


def declaration_of(pack: ProtocolPack, law_id: str) -> Declaration | None:
    """The declaration of a law or game of a pack. None if no source file beside the pack's catalogue or
    games has it.
    """
    for file in _files(pack):
        source = file.read_text(encoding="utf-8")
        if f'"{law_id}"' in source:
            tree = ast.parse(source)
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and node.args and _is(node.args[0], law_id):
                    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
                    functions = [part for part in tree.body if isinstance(part, ast.FunctionDef) and part.name in names]
                    parts = [_segment(source, part) for part in (*functions, node)]
                    return Declaration(file, node.lineno, "\n\n\n".join(parts))
    return None


def _files(pack: ProtocolPack) -> Iterator[Path]:
    """The source files in the packages of the pack's catalogue and games. A module outside any package counts alone."""
    places = [place.partition(":")[0] for place in (pack.walk_at, pack.games_at, *pack.laws_at) if place]
    for name in dict.fromkeys([place.rpartition(".")[0] or place for place in places]):
        yield from files_of(name)


def _is(node: ast.expr, law_id: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == law_id


def _segment(source: str, node: ast.AST) -> str:
    """The source text of a syntax node, with its indentation removed."""
    lines = (ast.get_source_segment(source, node, padded=True) or "").splitlines()
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join([line[margin:] if not line[:margin].strip() else line for line in lines])
