"""The symbols in the sentences of laws: each one is explained, and no word of a sentence is taken for a symbol."""

import re

import pytest

from harness.protocols import known_packs
from harness.symbols import explained_symbols, legend, symbols_in
from harness.verbs.laws import told

MEANINGS = {"A": "all", "As": "also", "S": "some", "WAD": "one"}


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("A slash falls.", {}),
        ("As a slash falls, S is left.", {}),
        ("A + 1 is more.", {"A": "all"}),
        ("(S+1)/(A + 1) falls; two parts in WAD.", {"S": "some", "A": "all", "WAD": "one"}),
        ("x <= As * 2.", {"As": "also"}),
        ("WADs and BAS * 2.", {}),
    ],
)
def test_a_symbol_stands_beside_an_operator(sentence: str, found: dict[str, str]) -> None:
    assert (symbols_in(sentence, MEANINGS), list(symbols_in(sentence, MEANINGS))) == (found, list(found))


def test_laws_with_the_same_symbols_share_a_line() -> None:
    laws = [("L-1", "A * 2."), ("L-2", "S * A."), ("L-3", "A + 1."), ("L-4", "A law."), ("L-5", "A / 1.")]
    assert legend(laws, MEANINGS) == ["In L-1, L-3 and L-5: A is all.", "In L-2: S is some; A is all."]
    assert explained_symbols("A law.", MEANINGS) == ""


BESIDE = re.compile(r"(?:(?<=[*/+<>=(] )|(?<=\())([A-Za-z]{1,2})\b|\b([A-Za-z]{1,2})(?= (?:[*/+]|<=))")


@pytest.mark.parametrize("name", known_packs())
def test_every_symbol_in_a_sentence_is_explained(name: str) -> None:
    """Regression: reports did not explain the symbols m, O and W."""
    pack = known_packs()[name]
    used: set[str] = set()
    for each in told(pack):
        sentence = each.law.sentence
        there = {first or second for first, second in BESIDE.findall(sentence)}
        there |= set(re.findall(r"\bWAD\b", sentence))
        assert there == set(each.symbols), each.law.law_id
        used |= there
    assert used == set(pack.symbols)
