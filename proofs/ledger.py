"""The ledger of verdicts: what was proved, by which solver, of which source; and what has changed since.

A proof about a call depends on the functions that its paths and the laws ran through, on everything that their modules
say outside of functions, on the laws, the theory and the engine. The ledger names the functions, and keeps a digest of
all of these; where the digest of today differs, the verdicts on that call are STALE.
"""

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import z3

ENGINE: Final = (
    "symbols",
    "state",
    "lifting",
    "obligations",
    "solving",
    "proving",
    "genesis",
    "theory",
    "histories",
    "stake",
    "folds",
    "segments",
    "quotients",
    "kernels",
    "contracts",
    "pushes",
    "foundations",
)


def ledger_path(protocol: str) -> Path:
    """Where the ledger of a protocol that comes with this project is kept."""
    return Path(__file__).parent / "ledgers" / f"{protocol}.json"


def solver_version() -> str:
    """Which solver decides here."""
    return f"z3 {z3.get_version_string()}"


@cache
def _functions(module: str) -> dict[str, str]:
    """What is in a module, wherever it is installed; nothing if it is not."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        return {}
    place = Path(found.origin)
    return functions_of(
        (place if place.suffix == ".py" else place.with_name(place.name.split(".")[0] + ".py")).read_text()
    )


def functions_of(source: str) -> dict[str, str]:
    """The source of each function by its qualified name, and under "" everything else, of the source of a module."""
    functions: dict[str, str] = {}

    class Cut(ast.NodeTransformer):
        within: list[str] = []  # noqa: RUF012

        def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
            self.within.append(node.name)
            self.generic_visit(node)
            self.within.pop()
            return node

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            functions[".".join([*self.within, node.name])] = ast.unparse(_without_words(node))
            node.body = [ast.Pass()]
            return node

    rest = Cut().visit(ast.parse(source))
    functions[""] = ast.unparse(_without_words(rest))
    return functions


def names_in(module: str) -> list[str]:
    """All functions of a module, as a digest names them."""
    return [f"{module}:{name}" for name in _functions(module) if name]


def _without_words(node: Any) -> Any:
    """The same without docstrings, which change nothing that is proved."""
    for inner in ast.walk(node):
        body = getattr(inner, "body", None)
        if isinstance(body, list):
            kept = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
            inner.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return node


def digest(functions: Iterable[str], modules: Iterable[str], theory_module: str) -> str:
    """The digest of some functions ("module:name"), of what modules of `spec` say outside of functions, and of all that
    judges them: laws, theory, engine and solver.
    """
    total = hashlib.sha256(solver_version().encode())
    for name in sorted(modules):
        if name.startswith("spec"):
            total.update(_functions(name).get("", "").encode())
        else:
            total.update(json.dumps(_functions(name), sort_keys=True).encode())
    for name in [theory_module, f"{theory_module}_folds", *[f"proofs.{part}" for part in ENGINE]]:
        total.update(json.dumps(_functions(name), sort_keys=True).encode())
    for function in sorted(functions):
        module, _, name = function.partition(":")
        total.update(f"{function}\n{_functions(module).get(name, '')}".encode())
    return total.hexdigest()[:16]


class Ledger:
    """The verdicts of one protocol: for each call what its proofs ran through, a digest, and a verdict for each law."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document: Final = document

    @classmethod
    def load(cls, place: Path) -> "Ledger":
        """The ledger in a file; an empty one if there is none."""
        if place.is_file():
            return cls(json.loads(place.read_text()))
        return cls({"solver": solver_version(), "modules": [], "calls": {}})

    def save(self, place: Path) -> None:
        """Write the ledger, in an order that does not depend on what was proved when."""
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(self.document, indent=1, sort_keys=True) + "\n")

    def is_stale(self, call: str, theory_module: str) -> bool:
        """Whether anything that the verdicts on a call depend on has changed, or there are none."""
        entry = self.document["calls"].get(call)
        return entry is None or entry["source"] != digest(entry["functions"], entry["modules"], theory_module)

    def verdicts(self, call: str) -> dict[str, dict[str, Any]]:
        """The verdicts on a call, by law."""
        return dict(self.document["calls"].get(call, {}).get("verdicts", {}))

    def steps(self, call: str) -> dict[str, int]:
        """How many steps the solvers took for each law when last they were asked, of whatever source."""
        return {law_id: int(verdict["steps"]) for law_id, verdict in self.verdicts(call).items()}

    def solvers(self, call: str) -> dict[str, list[str]]:
        """Which solvers knew the answers about each law when last they were asked, of whatever source."""
        return {law_id: sorted(verdict["solvers"]) for law_id, verdict in self.verdicts(call).items()}

    def opinions(self, call: str) -> dict[str, dict[str, dict[str, int]]]:
        """What others said of the goals of a call: by law and by who said it, how many they agreed on or did not know.

        They are those of the verdicts: where these are stale, so are they.
        """
        return dict(self.document["calls"].get(call, {}).get("opinions", {}))

    def record(
        self,
        call: str,
        functions: list[str],
        modules: list[str],
        theory_module: str,
        verdicts: dict[str, dict[str, Any]],
        opinions: dict[str, dict[str, dict[str, int]]] | None = None,
    ) -> None:
        """Enter the verdicts on a call, and opinions if others were asked; those of laws that were not asked stay if
        they are not stale.
        """
        is_stale = self.is_stale(call, theory_module)
        known, heard = ({}, {}) if is_stale else (self.verdicts(call), self.opinions(call))
        self.document["solver"] = solver_version()
        entry = {
            "functions": sorted(functions),
            "modules": sorted(modules),
            "source": digest(functions, modules, theory_module),
            "verdicts": {**known, **verdicts},
        }
        if heard or opinions:
            entry["opinions"] = {**heard, **(opinions or {})}
        self.document["calls"][call] = entry
