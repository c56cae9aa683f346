"""The symbols in the sentences of laws, such as W, with the meanings that a protocol's pack gives them."""

import re
from collections.abc import Iterable, Mapping

NEXT_TO = r"[-+*/<>=()]"
"""The characters beside which a symbol of one or two letters must stand. Elsewhere a word such as "A" is no symbol.

Longer symbols are found as whole words.
"""


def symbols_in(sentence: str, symbols: Mapping[str, str]) -> dict[str, str]:
    """The meaning of each symbol in the sentence, in order of occurrence."""
    places = {symbol: _place_of(symbol, sentence) for symbol in symbols}
    found = sorted([(place, symbol) for symbol, place in places.items() if place is not None])
    return {symbol: symbols[symbol] for _, symbol in found}


def explained_symbols(sentence: str, symbols: Mapping[str, str]) -> str:
    """The symbols of a sentence with their meanings, as text; empty if there are none."""
    return "; ".join([f"{symbol} is {meaning}" for symbol, meaning in symbols_in(sentence, symbols).items()])


def legend(sentences: Iterable[tuple[str, str]], symbols: Mapping[str, str]) -> list[str]:
    """The legend of some laws, as lines "LAW and LAW: SYMBOL is MEANING", one for all laws with the same symbols.

    `sentences` are pairs of id and sentence; `symbols` maps each symbol to its meaning. Laws without symbols are left
    out.
    """
    laws: dict[str, list[str]] = {}
    for law_id, sentence in sentences:
        said = explained_symbols(sentence, symbols)
        if said:
            laws.setdefault(said, []).append(law_id)
    return [f"In {_listed(ids)}: {said}." for said, ids in laws.items()]


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _place_of(symbol: str, sentence: str) -> int | None:
    name = re.escape(symbol)
    if len(symbol) > 2:
        found = re.search(rf"\b{name}\b", sentence)
    else:
        found = re.search(rf"(?<={NEXT_TO}) ?\b{name}\b|\b{name}\b(?= ?{NEXT_TO})", sentence)
        found = found or re.search(rf"(?<={NEXT_TO} )\b{name}\b", sentence)
    return None if found is None else found.start()
