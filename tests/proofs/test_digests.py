"""The digest of a verdict changes with every edit that could change the verdict, and is the same on every Python."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proofs import digests
from proofs.digests import canonical, digest, functions_of, modules_behind, snapshot, source_of

if TYPE_CHECKING:
    from tests.conftest import SourceCopy

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]
PLACES = ["proofs.eigenlayer.theory:THEORY", "proofs.symbiotic.theory:THEORY"]

SAMPLE = '''
"""Words."""
from typing import Final

@property
def f(a, /, b: int = 1, *rest, c="é\\u2028", **more) -> str:
    """More words."""
    def inner(): return None
    match a:
        case {"k": [1, *_]} if b: return f"{a!r:>{b}}" "tail" f"{b:}"
        case None | True: raise ValueError from None
    return [x := lambda: (yield), {**more}, a[1:], -2.5e-3, 1j, b"x", ..., None, False]

class C(int, metaclass=type):
    "words"
    x: Final = 1 if (not True) else "a" 'b'
    @staticmethod
    def g(): "only words"
    @f.setter
    def f(self, v): self.v = v
    @f.getter
    def f(self): return self.v
    async def h(self):
        async with a as b, c: await b
        try: pass
        except* OSError as e: del e
        finally: assert b, "c"
'''

FROZEN = {
    "": "2752abfa46ca0a5c2eabe30f3fa59673709e1b1c4f499db06988c59133c0ba74",
    "C.f": "7a002d2e7348dbf87d3957607e9839807370874ac03a05e4d06009ae9786f27d",
    "C.g": "1f04cb3ec33ce42ca99b7a98fc69f279875efcb68a05011b78faa5d9b2fe9ffb",
    "f": "39ae6b06a97412658b506f288bb0b4ccd7f402b93a7b7b63eeb3151d8c60f286",
}


def test_a_digest_of_a_sample_is_what_it_was_on_every_python() -> None:
    assert functions_of(SAMPLE) == FROZEN


def others() -> list[str]:
    """The paths of the installed Python interpreters of the other supported versions."""
    found: list[str] = []
    folders = [*map(str, Path.home().glob(".pyenv/versions/*/bin")), *os.environ.get("PATH", "").split(os.pathsep)]
    for minor in (11, 12, 13, 14):
        python = shutil.which(f"python3.{minor}", path=os.pathsep.join(folders))
        runs = (
            python is not None and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
        )
        if python is not None and runs and minor != sys.version_info.minor:
            found.append(python)
    return found


@pytest.mark.skipif(not others(), reason="there is no other Python here; the frozen digest is compared on each")
@pytest.mark.parametrize("python", others())
def test_another_python_comes_to_the_same_digests(python: str) -> None:
    """The digests of the sample and of every file of spec, invariants and proofs are the same on another Python."""
    program = (
        "import sys, types\n"
        "sys.modules['z3'] = types.ModuleType('z3')\n"
        "from pathlib import Path\n"
        "from proofs.digests import functions_of\n"
        "for path in sorted(Path('.').glob('*/**/*.py')):\n"
        "    if path.parts[0] in ('spec', 'invariants', 'proofs'):\n"
        "        print(path, sorted(functions_of(path.read_text('utf-8')).items()))\n"
        "print(sorted(functions_of(sys.stdin.read()).items()))\n"
    )
    said = {}
    for which in (sys.executable, python):
        environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
        done = subprocess.run(
            [which, "-c", program], cwd=ROOT, env=environment, input=SAMPLE, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        said[which] = done.stdout.splitlines()
    assert len(said[python]) > 80
    assert said[python] == said[sys.executable]


def test_fields_that_a_later_python_adds_change_nothing_while_they_are_empty() -> None:
    here = ast.parse("def f(): return f'{x:}b'\nclass C: pass")
    there = ast.parse("def f(): return f'{x:}b'\nclass C: pass")
    function, of_class = there.body
    assert isinstance(function, ast.FunctionDef)
    for node in (function, of_class):
        node.__class__ = type(type(node).__name__, (type(node),), {"_fields": (*node._fields, "type_params", "more")})
        vars(node).update(type_params=[], more=None)
    assert canonical(there) == canonical(here)
    vars(function).update(type_params=[ast.Name("T", ast.Load())])
    assert canonical(there) != canonical(here)


def test_texts_of_an_f_string_count_as_one_however_they_are_cut() -> None:
    x = ast.FormattedValue(ast.Name("x", ast.Load()), -1)
    one = ast.JoinedStr([ast.Constant("ab"), x, ast.Constant("")])
    other = ast.JoinedStr([ast.Constant("a"), ast.Constant(""), ast.Constant("b"), x])
    assert canonical(one) == canonical(other)
    assert canonical(one) != canonical(ast.JoinedStr([x, ast.Constant("ab")]))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("return 1", "return True"),
        ("return 1", "return 1.0"),
        ("return 1", "return '1'"),
        ("return None", "return"),
        ("return ()", "return []"),
        ("return {1: 2}", "return {**x}"),
        ("return a < b", "return a <= b"),
        ("return -1", "return 1"),
        ("return a, b", "return b, a"),
        ("return f'{a}'", "return f'{a!r}'"),
        ("return f'{a}b'", "return f'{a}{b}'"),
        ("a = 1", "a: int = 1"),
    ],
)
def test_what_means_something_else_has_another_digest(right: str, wrong: str) -> None:
    assert functions_of(f"def f(): {right}") != functions_of(f"def f(): {wrong}")


def test_words_and_lines_are_no_part_of_a_digest_and_decorators_and_defaults_are() -> None:
    plain = functions_of("def f(a=1): return a")
    assert functions_of('"""Words."""\n\n# more\ndef f(a=1):\n    "Words."\n    return a') == plain
    assert functions_of("def f(a=2): return a") != plain
    assert functions_of("@g\ndef f(a=1): return a") != plain


def test_functions_of_one_name_all_count() -> None:
    both = "class C:\n @property\n def f(self): return {}\n @f.setter\n def f(self, v): self.v = {}"
    assert set(functions_of(both.format(1, 1))) == {"", "C.f"}
    assert len({functions_of(both.format(a, b))["C.f"] for a in (1, 2) for b in (1, 2)}) == 4


@pytest.mark.parametrize("place", PLACES)
def test_every_module_that_is_loaded_to_prove_counts_and_no_list_of_them_is_kept(place: str) -> None:
    """The modules whose source a verdict's digest covers are exactly those that a fresh process loads to prove the
    theory.
    """
    program = (
        "import sys\n"
        "from proofs import call_task\n"
        f"call_task.plain_theory({place!r})\n"
        f"lifted = call_task.prover_of({place!r}, 'contracts').world.modules\n"
        f"list(call_task.prove_laws({place!r}, 'contracts', ['FACTS-quotients'], 1))\n"
        "print(*sorted({name for name in [*sys.modules, *lifted]"
        " if name.split('.')[0] in ('spec', 'invariants', 'proofs')}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stdout.split()
    assert {"proofs.call_task", "proofs.concrete", "proofs.trusted_contracts", "invariants.checking"} <= set(loaded)
    assert set(loaded) == set(modules_behind(place))


EDITS = {
    "how verdicts are made": (
        "proofs/call_task.py",
        "MOST_COUNTEREXAMPLES: Final = 6",
        "MOST_COUNTEREXAMPLES: Final = 0",
    ),
    "how a state is judged": ("proofs/concrete.py", "CLOSING_STEPS: Final = 5_000_000", "CLOSING_STEPS: Final = 0"),
    "how laws are checked on it": ("invariants/checking.py", "class Checker:", "FREE = 1\n\n\nclass Checker:"),
    "a law's helper": ("invariants/law.py", "class Catalogue:", "FREE = 1\n\n\nclass Catalogue:"),
    "what a module of rules says outside of functions": (
        "spec/arithmetic.py",
        "WAD: Final = 10**18",
        "WAD: Final = 10**17",
    ),
    "a function that ran": ("spec/arithmetic.py", "return x * y // denominator", "return x * y // (denominator + 1)"),
}


def test_what_is_imported_from_beside_a_module_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: the digest did not follow relative imports."""
    package = tmp_path / "spec" / "beside"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from . import here\nfrom .. import machine\n")
    (package / "here.py").write_text("from .there import NUMBER\nfrom ..history import History\n")
    (package / "there.py").write_text("NUMBER = 1\n")
    monkeypatch.setattr(sys.modules["spec"], "__path__", [*sys.modules["spec"].__path__, str(package.parent)])
    found = [set(digests._imported(module, digests.OURS)) for module in ("spec.beside", "spec.beside.here")]
    assert found[0] == {"spec", "spec.beside", "spec.beside.here", "spec.machine"}
    assert found[1] == {"spec", "spec.beside", "spec.beside.there", "spec.beside.there.NUMBER", "spec.history"} | {
        "spec.history.History"
    }
    source_of.cache_clear()


def test_a_file_is_read_as_python_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: the encoding that a file declares was ignored, so that a statement in UTF-7 looked like a comment."""
    (tmp_path / "coded.py").write_bytes(b"# coding: utf-7\n# +AAo-NUMBER = 2\n")
    monkeypatch.setattr(sys.modules["spec"], "__path__", [*sys.modules["spec"].__path__, str(tmp_path)])
    assert source_of("spec.coded") == "# coding: utf-7\n# \nNUMBER = 2\n"
    source_of.cache_clear()


def test_whatever_a_proof_runs_through_makes_it_stale(source_copy: "SourceCopy") -> None:
    program = (
        "from proofs.digests import digest\n"
        "print(digest(['spec.arithmetic:mul_div_floor'], 'proofs.eigenlayer.theory:THEORY'), end='')"
    )
    seen = [source_copy.run(program)]
    for file, right, wrong in EDITS.values():
        source_copy.replace(file, right, wrong)
        seen.append(source_copy.run(program))
    assert len(set(seen)) == len(seen)
    source_copy.replace("spec/arithmetic.py", "return -(-(x * y_wad) // WAD)", "return -(-(x * y_wad) // WAD) + 1")
    assert source_copy.run(program) == seen[-1], "a function that did not run is no part of it"


def test_what_stores_rows_counts_as_a_whole(source_copy: "SourceCopy") -> None:
    """Regression: an edit of `spec/overlay.py`, which `spec.machine` imports but no proof lifts, left all verdicts
    fresh.
    """
    program = (
        "from proofs.digests import digest\nprint(digest(['spec.machine:Draft.get'], 'proofs.symbiotic.theory:THEORY'))"
    )
    before = source_copy.run(program)
    source_copy.replace("spec/overlay.py", "        return cast(Rows, node).get(key)\n", "        return None\n")
    assert source_copy.run(program) != before


def test_a_snapshot_knows_words_too(source_copy: "SourceCopy") -> None:
    program = "from proofs.digests import snapshot\nprint(snapshot('proofs.eigenlayer.theory:THEORY'), end='')"
    before = source_copy.run(program)
    assert before == snapshot("proofs.eigenlayer.theory:THEORY")
    source_copy.replace("spec/arithmetic.py", "WAD: Final = 10**18", "WAD: Final = 10**18  # a word")
    assert source_copy.run(program) != before


def test_what_is_edited_after_a_ledger_was_opened_is_not_what_it_is_of(source_copy: "SourceCopy") -> None:
    """Regression: a ledger without fresh verdicts read the sources only when the first verdict was recorded. An edit
    since the ledger was opened went unnoticed.
    """
    program = (
        "from pathlib import Path\nfrom proofs.ledger import Ledger\nfrom proofs.digests import snapshot\n"
        "Ledger('eigenlayer', 'proofs.eigenlayer.theory:THEORY', [Path('nothing')])\n"
        "with Path('spec/arithmetic.py').open('a') as file:\n    file.write('# edited meanwhile')\n"
        "print(snapshot('proofs.eigenlayer.theory:THEORY'), end='')"
    )
    assert source_copy.run(program) == snapshot("proofs.eigenlayer.theory:THEORY")


def test_a_digest_names_what_it_is_of() -> None:
    place = PLACES[0]
    assert digest(["spec.arithmetic:gone"], place) != digest([], place)
    assert digest([], PLACES[0]) != digest([], PLACES[1])
    assert digests.names_in("spec.nothing") == []
