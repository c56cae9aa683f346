"""Every docstring in the source is found by `help`, in both builds."""

import ast
import inspect
import pydoc
import re
from collections.abc import Iterator
from importlib import import_module, util
from pathlib import Path

import pytest

from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.slashing import slashed_magnitude
from spec.machine import Delta

ROOT = Path(__file__).parent.parent
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for room in ("spec", "invariants")
    for path in sorted((ROOT / room).rglob("*.py"))
    if path.name != "__init__.py"
]


def undocumented(name: str) -> Iterator[str]:
    """The names in a module whose docstring in the source is not the one that `help` shows."""
    module = import_module(name)
    tree = ast.parse(ROOT.joinpath(*name.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
    pairs: list[tuple[str, object, ast.Module | ast.ClassDef | ast.FunctionDef]] = [(name, module, tree)]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            pairs.append((f"{name}.{node.name}", getattr(module, node.name), node))
        if isinstance(node, ast.ClassDef):
            held = vars(getattr(module, node.name))
            parts = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            pairs += [(f"{name}.{node.name}.{part.name}", held.get(part.name), part) for part in parts]
    for called, what, documented in pairs:
        if (ast.get_docstring(documented) or "") not in (inspect.getdoc(what) or ""):
            yield called


def test_every_docstring_is_where_help_looks() -> None:
    assert len(MODULES) > 100
    assert [name for module in MODULES for name in undocumented(module)] == []


def test_help_shows_the_signature_with_its_types_and_the_meaning() -> None:
    shown = pydoc.plain(pydoc.render_doc(slashed_magnitude))
    signature = "slashed_magnitude(current_magnitude: int, wad_to_slash: int) -> int"
    assert signature in shown
    assert "The fraction `wad_to_slash` of an allocation. Rounds up, against the operator." in shown
    assert list(inspect.signature(slashed_magnitude).parameters) == ["current_magnitude", "wad_to_slash"]


def test_help_of_a_class_shows_its_fields_and_of_reasons_their_meaning() -> None:
    assert "All reasons for which a call can be rejected. The value" in pydoc.plain(pydoc.render_doc(Reason))
    assert "mypyc" not in (Reason.__doc__ or "")
    assert re.search(r"Delta\(writes: list\[.*Write\], returns: object\)", pydoc.plain(pydoc.render_doc(Delta)))


C_SOURCE = r"""
     NULL, NULL},
static PyGetSetDef rates___Rate_getseters[] = {
    {"wad",
     (getter)rates___Rate_get_wad,
    NULL, NULL, NULL},
static PyMethodDef rates___Rate_methods[] = {
    {"of",
     (PyCFunction)of,
     METH_KEYWORDS, PyDoc_STR("of($self, x)\n--\n\n")},
    .tp_name = "Rate",
    .tp_doc = PyDoc_STR("Rate()\n--\n\n"),
static PyMethodDef ratesmodule_methods[] = {
    {"half", (PyCFunction)half, PyDoc_STR("half(x)\n--\n\n") /* docstring */},
    {"bare", (PyCFunction)bare, PyDoc_STR(NULL) /* docstring */},
    NULL, /* docstring */
    cpy_r_r1 = CPyStatics[4]; /* 'mypyc filler docstring' */
        CPy_AddTraceback("rates.py", "<module>", 12, CPyStatic_rates___globals);
"""
PYTHON_SOURCE = '''"""Rates."""
class Rate:
    """A rate."""
    def __init__(self, parts: int) -> None: ...
    @property
    def wad(self) -> int:
        """The rate in WAD."""
    def of(self, x: int) -> int:
        """A part of x, "up"."""
def half(x: int):
    """½ of x."""
class Kind(Enum):
    """A kind."""
def bare() -> None: ...
'''
DOCUMENTED = r"""
     NULL, NULL},
static PyGetSetDef rates___Rate_getseters[] = {
    {"wad",
     (getter)rates___Rate_get_wad,
    NULL, "wad(self) -> int\012\012The rate in WAD.", NULL},
static PyMethodDef rates___Rate_methods[] = {
    {"of",
     (PyCFunction)of,
     METH_KEYWORDS, PyDoc_STR("of($self, x)\n--\n\n""of(self, x: int) -> int\012\012A part of x, \042up\042.")},
    .tp_name = "Rate",
    .tp_doc = PyDoc_STR("Rate()\n--\n\n""Rate(parts: int)\012\012A rate."),
static PyMethodDef ratesmodule_methods[] = {
    {"half", (PyCFunction)half, PyDoc_STR("half(x)\n--\n\n""half(x: int)\012\012\302\275 of x.") /* docstring */},
    {"bare", (PyCFunction)bare, PyDoc_STR("bare() -> None") /* docstring */},
    "Rates.", /* docstring */
    cpy_r_r1 = PyUnicode_FromString("A kind.");
        CPy_AddTraceback("rates.py", "<module>", 12, CPyStatic_rates___globals);
"""


@pytest.mark.source
def test_docstrings_are_written_into_the_c_file_of_a_module() -> None:
    place = util.spec_from_file_location("hatch_docstrings", ROOT / "hatch_docstrings.py")
    assert place is not None
    assert place.loader is not None
    hook = util.module_from_spec(place)
    place.loader.exec_module(hook)
    assert hook.documented(C_SOURCE, ast.parse(PYTHON_SOURCE)) == DOCUMENTED
