"""Lists of any length in rows, known by membership, length and the number of distinct names.

Rules and state laws query nothing else: if a name is listed, the length, and if each name is listed once. A name is
appended or removed. Iteration is a loop, which is cut (`proofs/folds.py`), or a law about all names, evaluated at an
arbitrary one.

A trusted contract replaces `without` of EigenLayer's staking; `prove_without` proves that the source keeps it.
"""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

import z3

from proofs.goals import Obligation, Verdict, left_out
from proofs.paths import Path, Term, UnliftableError, explore
from proofs.prover import Prover
from proofs.setup import HISTORIES_ALONE, Contracts
from proofs.symbols import Listing, SymName, term_of


def use_meaning(module: ModuleType) -> None:
    """Replace `without` in a lifted `spec.eigenlayer.staking` by a trusted contract: the removal of a name from a list
    of any length.
    """
    source: Callable[[Any, Any], Any] = module.__dict__["without"]

    def without(listed: Any, removed: Any) -> Any:
        return listed.without(removed) if isinstance(listed, Listing) else source(listed, removed)

    module.__dict__.update(without=without, without_by_source=source)


LISTS: Final[Contracts] = {**HISTORIES_ALONE, "spec.eigenlayer.staking": use_meaning}
"""The trusted contracts for a theory whose rows have lists."""


class _Sequence:
    """A sequence of names with a symbolic length. The source of `without` runs on it in the place of a tuple."""

    def __init__(self, names: Callable[[Term], Term], length: Term) -> None:
        self.names: Final = names
        self.length: Final = length

    def __getitem__(self, index: Any) -> Any:
        if index == -1:
            return SymName(self.names(self.length - 1))
        if index == slice(None, -1):
            return _Sequence(self.names, self.length - 1)
        raise UnliftableError(f"a list is asked for {index!r}")

    def __iter__(self) -> Iterator[Any]:
        """The iterator over one name, that at the arbitrary index `PLACE`. A tuple made from it stands for any tuple
        with this name there.
        """
        yield SymName(self.names(PLACE))


PLACE: Final = z3.Int("place")


def prove_without(prover: Prover, law_id: str = "CONTRACT-lists") -> Verdict:
    """The verdict on the claim that `without` removes one listed name from a list that has each name once. Every other
    name is left, each once.
    """
    without = prover.world.get("spec.eigenlayer.staking", "without_by_source")
    verdict = Verdict(law_id, "any")
    verdict.is_reachable = True
    name = z3.Function("listed", z3.IntSort(), z3.IntSort())
    length, where = z3.Int("length"), z3.Int("where")
    removed = name(where)
    base = Path(None, [], False)
    base.learn(z3.And(where >= 0, where < length))
    one, other = z3.Int("one"), z3.Int("other")
    inside = z3.And(one >= 0, one < other, other < length)
    base.learn(z3.ForAll([one, other], z3.Implies(inside, name(one) != name(other))))

    made, shorter = removed, length
    paths = list(explore(lambda: without(_Sequence(name, length), SymName(removed)), base))
    for here, left in paths:
        if isinstance(left, _Sequence):
            names, many = left.names(PLACE), left.length
        elif isinstance(left, tuple) and len(left) == 1:
            names, many = term_of(left[0]), length - 1
        else:
            raise UnliftableError(f"`without` leaves {left!r}")
        when = z3.And(*here.conditions[len(base.conditions) :])
        made, shorter = z3.If(when, names, made), z3.If(when, many, shorter)

    def at(place: Term) -> Term:
        return z3.substitute(made, (PLACE, place))

    def within(place: Term) -> Term:
        return z3.And(place >= 0, place < shorter)

    is_there = z3.Or(z3.And(within(one), at(one) == name(one)), z3.And(within(where), at(where) == name(one)))
    goals = {
        "it is one shorter": shorter == length - 1,
        "the name is gone": z3.Implies(within(one), at(one) != removed),
        "each is one of the list": z3.Implies(within(one), z3.Or(at(one) == name(one), at(one) == name(length - 1))),
        "each other is there": z3.Implies(z3.And(one >= 0, one < length, name(one) != removed), is_there),
        "each is there once": z3.Implies(z3.And(within(one), within(other), one != other), at(one) != at(other)),
    }
    asked = [Obligation(label, base, goal) for label, goal in goals.items()]
    for one in [*asked, *left_out("a list", base, [here for here, _ in paths])]:
        verdict.answers.append((one, prover.prove(law_id, [base.conditions], one.goal)))
    return verdict
