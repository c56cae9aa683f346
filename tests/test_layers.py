"""The architecture's rules: permitted imports, and the modules in which amounts may be divided."""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.project import packages
from harness.protocols import known_packs

pytestmark = pytest.mark.source

ROOT = Path(__file__).parent.parent
ROOMS = packages()


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported_roots(module: ast.AST) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module.split(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_imports_only_go_down(room: str) -> None:
    forbidden = set(ROOMS[ROOMS.index(room) + 1 :])
    assert modules(room)
    for path in modules(room):
        assert not forbidden & set(imported_roots(ast.parse(path.read_text()))), path


def test_risk_sees_nothing_of_the_project_but_the_specification() -> None:
    for path in modules("risk"):
        assert not {"invariants", "proofs", "harness", "tests"} & set(imported_roots(ast.parse(path.read_text()))), path


def test_who_checks_verdicts_imports_the_standard_library_alone() -> None:
    found = set(imported_roots(ast.parse((ROOT / "risk/verify.py").read_text())))
    assert found <= set(sys.stdlib_module_names)


def test_spec_imports_itself_the_standard_library_and_attrs() -> None:
    allowed = {"spec", "attr", "attrs"} | set(sys.stdlib_module_names)
    for path in modules("spec"):
        assert set(imported_roots(ast.parse(path.read_text()))) <= allowed, path


def protocols_named(source: str, protocols: set[str]) -> set[str]:
    """The protocols that a module imports from, or names in a string that is no docstring."""
    module, found = ast.parse(source), set[str]()
    for node in ast.walk(module):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
            names = [] if " " in node.value else [node.value]
        found |= {part for name in names for part in re.split(r"\W", name)} & protocols
    return found


def test_nothing_shared_knows_a_protocol() -> None:
    """Only modules in a folder or file named after a protocol may name one. The benchmark is the exception."""
    protocols = set(known_packs())
    assert protocols_named("from proofs.symbiotic.stake import prove_stake", protocols) == {"symbiotic"}
    assert protocols_named("X = {'eigenlayer': 3}", protocols) == {"eigenlayer"}
    assert protocols_named("place = 'proofs.eigenlayer.theory:THEORY'", protocols) == {"eigenlayer"}
    shared = [path for room in ROOMS for path in modules(room) if not protocols & {*path.parts, path.stem}]
    assert len(shared) > 120
    known = {path.relative_to(ROOT).as_posix(): protocols_named(path.read_text(), protocols) for path in shared}
    assert {path for path, names in known.items() if names} == {"harness/bench.py"}


def violations(source: str) -> list[int]:
    """The line numbers of floor divisions, true divisions, remainders and calls of divmod."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.FloorDiv | ast.Div | ast.Mod))
        or (isinstance(node, ast.Name) and node.id == "divmod")
    ]


def test_amounts_are_divided_in_arithmetic_alone() -> None:
    assert violations((ROOT / "spec/arithmetic.py").read_text())
    assert violations("x = a // b\ny %= c\nz = divmod(x, y)") == [2, 1, 3]
    for path in modules("spec"):
        if path.name not in ("arithmetic.py", "machine.py"):  # the machine numbers tables, and holds no amounts
            assert violations(path.read_text()) == [], path


def test_transitions_hold_nothing_that_cannot_be_lifted() -> None:
    """Rules raise and catch no exceptions, and neither convert amounts nor ask for their type."""
    rules = [path for path in modules("spec") if path.parent != ROOT / "spec" and path.name not in NOT_RULES]
    assert len(rules) >= 10
    for path in rules:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, ast.Raise | ast.Try | ast.Assert | ast.Global | ast.Nonlocal), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("int", "float", "str", "hash", "type", "id", "eval", "print"), path


NOT_RULES = {
    "codec.py",
    "formats.py",
    "trace_head.py",
    "observation.py",
    "view_answers.py",
    "pod_observation.py",
    "__init__.py",
    "rewards_codec.py",
    "rewards_formats.py",
    "rewards_observation.py",
}


def without_reason(source: str) -> list[int]:
    """The line numbers at which a linter or the type checker is silenced without a reason."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    silenced = re.compile(r"# (?:type: ignore(?:\[[^]]*\])?|noqa(?:: ?[A-Z0-9, ]+)?)\s*(?:# *)?(.*)$")
    found = [(token.start[0], silenced.search(token.string)) for token in comments]
    return [line for line, match in found if match is not None and not match[1].strip()]


def test_whatever_silences_a_check_has_its_reason_beside_it() -> None:
    canary = (
        "a = 1  # type: ignore[misc]\nb = 1  # noqa: E712\nc = 1  # noqa\nd = 1  # noqa: E712  # why\ne = '# noqa'\n"
    )
    assert without_reason(canary) == [1, 2, 3]
    paths = [path for room in (*ROOMS, "tests", "docs") for path in modules(room)]
    assert len(paths) > 300
    assert {str(path.relative_to(ROOT)): lines for path in paths if (lines := without_reason(path.read_text()))} == {}


def test_every_bug_of_the_tests_is_planted_by_one() -> None:
    sources = "".join(path.read_text() for path in modules("tests"))
    written = re.findall(r'^id = "(.*)"$', (ROOT / "tests/mutants.toml").read_text(), re.MULTILINE)
    assert written
    assert [bug for bug in written if f'"{bug}"' not in sources] == []


QUESTION_WORDS = {"who", "whom", "whose", "what", "whether", "that", "where", "how", "which", "when", "why"}
GLOSSARY = (ROOT / "docs/glossary.md").read_text()


def docstrings(module: ast.Module) -> Iterator[str]:
    """The docstrings of a module, of its classes and functions, and those below assignments."""
    for node in ast.walk(module):
        body = getattr(node, "body", None)
        body = body if isinstance(body, list) else []
        for before, statement in zip([node, *body], body, strict=False):
            documented = isinstance(before, ast.Assign | ast.AnnAssign) or before is node
            if documented and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                yield str(statement.value.value)


def names(module: ast.Module) -> set[str]:
    """The names that a module defines, reads, or passes as keywords."""
    found: set[str] = set()
    for node in ast.walk(module):
        found |= {str(getattr(node, field)) for field in ("id", "arg", "attr", "name") if getattr(node, field, None)}
    return found


def refused_words() -> tuple[set[str], list[str]]:
    """The names and the phrases that the glossary lists as not used."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", GLOSSARY.split("## Words that are not used")[1], re.MULTILINE)
    cells = [cell for row in rows[1:] for cell in row.split(", ") if "beginning of a docstring" not in row]
    return {cell.strip("`") for cell in cells if "`" in cell}, [cell for cell in cells if "`" not in cell]


def wrong_words(source: str) -> list[str]:
    """The refused names in a module, and its docstrings that begin with a question word or contain a refused phrase."""
    module = ast.parse(source)
    refused, phrases = refused_words()
    wrong = sorted(names(module) & refused)
    for text in docstrings(module):
        plain = " ".join(text.lower().split())
        asks = plain.split(" ")[0].strip(",.:;") in QUESTION_WORDS
        leans = re.match(r"the same(,| of| by| with| without| as| where| before) ", plain)
        if asks or leans or any(re.search(rf"\b{phrase}\b", plain) for phrase in phrases):
            wrong.append(text)
    return wrong


@pytest.mark.parametrize("room", [*ROOMS, "tests", "docs"])
def test_one_word_for_one_thing_and_no_docstring_asks(room: str) -> None:
    canary = '"""Whose shares."""\nway = 1\n"""A known\nfalse law."""\ndef f(detours: int): "Fine."'
    assert wrong_words(canary) == ["detours", "way", "Whose shares.", "A known\nfalse law."]
    assert wrong_words('def f(): "The same of a game."\ndef g(): "The same walk."') == ["The same of a game."]
    for path in modules(room):
        assert not (wrong := wrong_words(path.read_text())), (path, wrong)


def test_the_glossary_says_where_each_term_is() -> None:
    places = re.findall(r"^\| ([^|]+) \| [^|]+ \| `([^`]+)`: `(\w+)` \|$", GLOSSARY, re.MULTILINE)
    used = GLOSSARY.split("## Words that are not used")[0]
    assert len(places) == used.count("\n| ") - used.count("\n| term |")
    terms = [term for term, _, _ in places]
    assert terms == list(dict.fromkeys(terms))
    for term, path, name in places:
        assert name in names(ast.parse((ROOT / path).read_text())), (term, path, name)


HOMES = {
    "Verdict": ["proofs/goals.py"],
    "Outcome": ["spec/machine.py"],
    "Effort": ["harness/mutants/fate.py"],
    "Kind": ["spec/eigenlayer/rewards_formats.py"],
    "Proof": ["spec/eigenlayer/rewards_formats.py"],
}
"""For words that have one meaning in the project: the only module that may define a class or alias of this name."""


def defined(module: ast.Module) -> set[str]:
    """The names of the classes and type aliases that a module defines."""
    found = {node.name for node in module.body if isinstance(node, ast.ClassDef)}
    assigned = [node for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    for node in assigned:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_a_short_word_is_defined_once() -> None:
    """Regression: `Verdict` had four definitions, `Kind` four, `Outcome` three and `Effort` two."""
    assert defined(ast.parse("Kind = str\nclass Effort: ...\nVerdict: int = 1")) == {"Kind", "Effort", "Verdict"}
    homes: dict[str, list[str]] = {word: [] for word in HOMES}
    for path in [path for room in ROOMS for path in modules(room)]:
        for word in defined(ast.parse(path.read_text())) & set(HOMES):
            homes[word].append(str(path.relative_to(ROOT)))
    assert homes == HOMES
