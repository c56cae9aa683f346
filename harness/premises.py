"""The premises of proofs: the verdicts that must be PROVED, too, before a proof of one law says that it holds.

A proof of a call assumes laws of the state before, which their own verdicts on every call and on the beginning show. It
also rests on TOTAL, which says that nothing raises, and on the verdicts on sums and on contracts.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from proofs.concrete import plain_theory
from proofs.genesis import GENESIS
from proofs.ledger import Ledger
from proofs.parts import TOTAL
from proofs.trusted_contracts import CONTRACTS, HISTORY, QUOTIENTS

SHOWN: Final = frozenset({"PROVED", "VACUOUS"})
"""The verdicts that show a claim: that it holds, or that what it concerns is impossible."""

RESTING_ON_NONE: Final = frozenset({HISTORY, QUOTIENTS})
"""The claims that are known to be proved alone, without any other."""

Claim = tuple[str, str]
"""A call, and the id of a law or another claim that needs a verdict on it."""

Unproved = Mapping[tuple[str, str], Sequence[str]]
"""Verdicts that are not proved: the calls, by law and verdict."""

WORST_FIRST: Final = ("REFUTED", "UNKNOWN", "STALE", "MISSING")

MOST_SHOWN: Final = 4
"""The number of laws that a line names before it counts the others."""


class Premises:
    """The premises of the proofs of one theory: the verdicts that must be PROVED, too, before a proof shows its law.
    `assumed` are the laws that every proof of a call assumes.
    """

    def __init__(self, ledger: Ledger) -> None:
        theory = plain_theory(ledger.place)
        induction = theory.induction
        self._due: Final = ledger.due
        self._further: Final = {
            law_id: (*induction.leans.get(law_id, ()), *induction.follows.get(law_id, ()))
            for law_id in (*induction.leans, *induction.follows)
        }
        self._of_themselves: Final[frozenset[str]] = frozenset(induction.apart) - induction.follows.keys()
        """The laws that no other proof assumes, and each proof of their own does: of the state before the call."""
        self.assumed: Final = self._closed({law.law_id for law in theory.assumed()})

    def _closed(self, law_ids: Collection[str]) -> frozenset[str]:
        """The given laws, with all laws that their proofs assume by the theory's `leans` or from which they follow,
        however deep.
        """
        found, pending = set(law_ids), [*law_ids]
        while pending:
            further = set(self._further.get(pending.pop(), ())) - found
            found |= further
            pending += further
        return frozenset(found)

    def leans(self, law_id: str) -> frozenset[str]:
        """The laws that the proof of a law assumes, however deep, besides those that every proof assumes. The law is
        among them if its own proofs alone assume it of the state before.
        """
        return self._closed(self._further.get(law_id, ())) - self.assumed | {law_id} & self._of_themselves

    def behind(self, laws: Collection[str]) -> set[Claim]:
        """The (call, law) pairs whose verdicts must be PROVED for the proofs of these laws to show that they hold."""
        named = set(laws) - RESTING_ON_NONE
        if not named:
            return set()
        rests_on = self.assumed.union(*[self.leans(law_id) for law_id in named])
        return {
            (call, law_id)
            for call, due in self._due.items()
            for law_id in due
            if law_id in rests_on or law_id == TOTAL or call == CONTRACTS or (call, law_id[:4]) == (GENESIS, "SUM-")
        }


def unproved(claims: Collection[Claim], words: Mapping[Claim, str]) -> Unproved:
    """The calls of those claims, which are (call, law) pairs, whose verdict does not show them; grouped by law and
    verdict. `words` has the verdict on each claim; a claim without one is MISSING. The worst verdicts come first, then
    those of most calls.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for call, law_id in sorted(claims):
        word = words.get((call, law_id), "MISSING")
        if word not in SHOWN:
            found.setdefault((law_id, word), []).append(call)
    order = sorted(found, key=lambda each: (*_rank(each[1]), -len(found[each]), each[0]))
    return {each: found[each] for each in order}


def _rank(word: str) -> tuple[int, str]:
    return WORST_FIRST.index(word) if word in WORST_FIRST else len(WORST_FIRST), word


def rests_on(found: Unproved) -> str:
    """A phrase that says on which unproved verdicts a proof rests; empty if there are none."""
    if not found:
        return ""
    count = sum(map(len, found.values()))
    parts = [
        f"{law_id} {word} of {len(calls)} call{'' if len(calls) == 1 else 's'}"
        for (law_id, word), calls in found.items()
    ]
    more = f" and {len(parts) - MOST_SHOWN} more" if len(parts) > MOST_SHOWN else ""
    verdicts = "verdict that is" if count == 1 else "verdicts that are"
    return f"rests on {count:,} {verdicts} not proved here: {', '.join(parts[:MOST_SHOWN])}{more}"
