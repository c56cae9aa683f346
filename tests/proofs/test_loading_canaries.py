"""Canaries of what a rule finds in other modules, and of what runs while modules are loaded. Each was once proved of
what is false.
"""

import re
from pathlib import Path

import pytest

from proofs.paths import UnliftableError
from tests.proofs.test_canaries import GONE, Break, free, status
from tests.proofs.test_canaries import theory as theory  # a fixture

pytestmark = pytest.mark.source

IMPORTS = "from proofs.theory import Induction,"
LEMMAS = "LEMMAS: Final[list"


def beside(name: str) -> tuple[tuple[str, str], ...]:
    """A purse replaced so that a module is lifted beside it."""
    return (
        (LEMMAS, f"SETUP: Final = Setup(lifted=('{name}',))\n{LEMMAS}"),
        (IMPORTS, f"import {name}\nfrom proofs.setup import Setup\n{IMPORTS}"),
    )


IN_MODULES = {
    "an iterator": ("met > 0", GONE.format("constants_1.MET"), "constants_1.MET"),
    "an order that hashes make": ('[one for one in constants_2.NAMES][0] == "a"', "", "constants_2.NAMES"),
    "a module in a list": ("[one.NAMES for one in (constants_3,)] == []", "", "constants_3"),
    "a module that a function knows": ("len(known.MET) == 0", "known = constants_4\n", "constants_4"),
}


@pytest.mark.parametrize("case", IN_MODULES)
def test_what_is_found_in_a_module_is_looked_at(case: str, theory: Break, tmp_path: Path) -> None:
    expression, before, refused = IN_MODULES[case]
    name = refused.partition(".")[0]
    text = "MET = zip((3, 4))\nNAMES = frozenset(('a', 'b'))\n"
    (tmp_path / f"{name}.py").write_text(text)
    with pytest.raises(UnliftableError, match=f"^{re.escape(refused)} is not understood"):
        status(theory(*free(expression, before=before), *beside(name)))


def test_a_constant_of_a_module_is_understood(theory: Break, tmp_path: Path) -> None:
    (tmp_path / "constants_5.py").write_text("FREE = 7\n")
    assert status(theory(*free("action.amount == constants_5.FREE"), *beside("constants_5"))) == "REFUTED"
    assert status(theory(*free("constants_5.FREE == 8"), *beside("constants_5"))) == "PROVED"
