"""Proof that `spec.history.HistoryTable` keeps the contract of `proofs/histories.py`: pushes at later points, and pops.

The contract runs beside the class's own source, on a history of any length that is well formed: its points rise, and
its head repeats its last value. The contract's unknown past is assumed to be what a look-up must return: the value of
the last checkpoint at or before a point. Of a call only the contract's demands are assumed: a push is at the last point
or later, a pop has a checkpoint to remove. Then for one or two pushes and pops in a row:

- both write equal rows;
- the history after them is well formed again, and the checkpoints at or before any point are determined;
- the contract returns the value of the last of these, at any point, past or future;
- that is the value pushed or, after a pop, that of the checkpoint before, from the point of the change on, else the old
  value;
- of other keys, no row and no value changes.

What the contract assumes of the past where it reads rows holds of any well-formed history, and an empty one is well
formed. So by induction over the changes the contract returns the last checkpoint's value whenever a step asks, and so
does the source: `proofs/contracts.py` proves of any well-formed history that a look-up finds it. The contract replaces
`push`, `pop` and `value_at`; everything else is the source itself, on equal rows.
"""

from collections.abc import Callable
from functools import partial
from itertools import product
from types import ModuleType
from typing import Any, Final

import z3

from proofs.contracts import AnyHistory, PathEnds
from proofs.goals import Obligation, Verdict
from proofs.histories import use_exact_contract
from proofs.paths import Path, Term
from proofs.prover import Prover
from proofs.solving import Answer, Ask, prove
from proofs.symbols import SymInt, SymName

REPLACED: Final = {"push", "pop", "value_at"}
"""The methods of `HistoryTable` that the exact contract replaces."""

CHANGES: Final = ("push", "pop")


class PushProof(AnyHistory):
    """The exact contract of histories and the source of `HistoryTable`, compared on one history. In the methods,
    `changes` are "push" or "pop", in the order in which they are made.
    """

    def __init__(self, ask: Ask, contract: Callable[[ModuleType], None] = use_exact_contract) -> None:
        super().__init__(ask, contract)
        type(self.history)._reads = staticmethod(self.note)
        self.split: Final = SymInt(z3.Int("split"))

    def replaced(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that the exact contract replaces only those methods of `HistoryTable`
        that are compared here, and inherits the rest.
        """
        both = set(vars(self.source)) & set(vars(type(self.history)))
        replaced = {name for name in both if not name.startswith("__")}
        return self.ask(lambda: replaced == REPLACED and type(self.history).__base__ is self.source)

    def beginning(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that a history without rows is well formed, and has no checkpoint at or
        before any point.
        """

        def program() -> Any:
            rows = self.draft(self.schema.empty_state())
            head = rows.get(self.history.heads, "anybody")
            return head.count == 0 and head.latest == self.history.default

        return self.ask(program)

    def past(self) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that the exact contract's assumptions about earlier values hold. Before
        any change, its look-up returns those values.
        """

        def program() -> Any:
            self._suppose_the_past()
            past = self.history._past(self.key, self.point)
            return self.history.value_at(self.before, self.key, self.point) == past

        return self.ask(program, is_of_contract=True)

    def rows(self, changes: tuple[str, ...]) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that the exact contract and the source of `HistoryTable` write equal
        rows: the head, and the checkpoint with any index. `changes` are the pushes and pops, in order.
        """
        position = SymInt(z3.Int("position"))

        def program() -> Any:
            by_contract, by_source, _ = self._change(changes)
            one, other = (rows.get(self.history.heads, self.key) for rows in (by_contract, by_source))
            if one.count != other.count or one.latest != other.latest:
                return False
            if self.point_of(position, by_contract) != self.point_of(position, by_source):
                return False
            return self.value_of(position, by_contract) == self.value_of(position, by_source)

        return self.ask(program, is_of_contract=True)

    def order(self, changes: tuple[str, ...]) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that the source of `HistoryTable` keeps a history well formed: its
        points rise, and its head repeats its last value. `changes` are the pushes and pops, in order.
        """
        return self.ask(lambda: self.keeps_order(self._change(changes)[1]), is_of_contract=True)

    def answers(self, changes: tuple[str, ...]) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that the exact contract's look-up is right after some changes. At any
        point it returns the value of the last checkpoint at or before, as the source left them.
        """

        def program() -> Any:
            self._suppose_the_past()
            by_contract, by_source, split = self._change(changes)
            answer = self.history.value_at(by_contract, self.key, self.point)
            return self.is_split(split, by_source) and answer == self.answer_at(split, by_source)

        return self.ask(program, is_of_contract=True)

    def meaning(self, change: str) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that the source of `HistoryTable` alone gives "push" and "pop" their
        documented meaning. From the point of a push on, the value is the one pushed. From the point of a popped
        checkpoint on, it is that of the checkpoint before. Earlier values stay.
        """
        point, value, last = SymInt(z3.Int("pushed_at")), SymInt(z3.Int("pushed")), self.count - 1

        def program() -> Any:
            if not self.is_split(self.split, self.before):
                raise PathEnds
            after, was = self.draft(self.state), self.answer_at(self.split, self.before)
            if change == "push":
                if self.count > 0 and self.point_of(last) > point:
                    raise PathEnds
                self.source.push(self.history, after, self.key, point, value)
                begins, wanted = point, value
            else:
                if self.count <= 0:
                    raise PathEnds
                self.source.pop(self.history, after, self.key)
                begins, wanted = self.point_of(last), self.answer_at(last, self.before)
            is_later = self.point >= begins
            split = after.get(self.history.heads, self.key).count if is_later else self.split
            answer = self.answer_at(split, after)
            return answer == (wanted if is_later else was) and self.is_split(split, after)

        return self.ask(program)

    def others(self, change: str) -> list[tuple[Term, Answer]]:
        """The goals, with answers, of the claim that a "push" or "pop" of one key leaves every row and value of another
        key as it was.
        """
        other, position = SymName(z3.Int("other_key")), SymInt(z3.Int("position"))
        head, checkpoint = (self.history.heads, self.key), (self.history.checkpoints, (self.key, position))

        def program() -> Any:
            if other == self.key:
                raise PathEnds
            self._suppose_the_past()
            by_contract, by_source, _ = self._change((change,), other)
            for rows in (by_contract, by_source):
                if any(rows.get(*place) is not self.before.get(*place) for place in (head, checkpoint)):
                    return False
            return self.history.value_at(by_contract, self.key, self.point) == self.history._past(self.key, self.point)

        return self.ask(program, is_of_contract=True)

    def _suppose_the_past(self) -> None:
        """Assume that the contract's unknown past value is what a look-up must return in the history before the
        changes. Ends a path on which it is not.
        """
        if not self.is_split(self.split, self.before):
            raise PathEnds
        if self.history._past(self.key, self.point) != self.answer_at(self.split, self.before):
            raise PathEnds

    def _change(self, changes: tuple[str, ...], key: Any = None) -> tuple[Any, Any, Any]:
        """The drafts after some pushes and pops, by the contract and by the source. The third value is an index: the
        checkpoints below it are those at or before `self.point` after the changes.
        """
        key = self.key if key is None else key
        by_contract, by_source, split = self.draft(self.state), self.draft(self.state), self.split
        for number, change in enumerate(changes):
            if change == "push":
                point, value = SymInt(z3.Int(f"pushed_at.{number}")), SymInt(z3.Int(f"pushed.{number}"))
                self.history.push(by_contract, key, point, value)
                self.source.push(self.history, by_source, key, point, value)
            else:
                point = self.source.latest_point(self.history, by_source, key)
                self.history.pop(by_contract, key)
                self.source.pop(self.history, by_source, key)
            if self.point >= point:
                split = by_source.get(self.history.heads, key).count
        return by_contract, by_source, split


def prove_changes(
    ask: Ask = prove, contract: Callable[[ModuleType], None] = use_exact_contract
) -> dict[str, list[tuple[Term, Answer]]]:
    """The goals and answers of each part of the claim that the source of `HistoryTable` keeps the exact contract, by
    the part's name. `ask` is the function that decides a goal; `contract` applies the contract to a module.
    """
    proof = PushProof(ask, contract)
    parts = {"replaced": proof.replaced(), "beginning": proof.beginning(), "past": proof.past()}
    for changes in [*product(CHANGES), *product(CHANGES, CHANGES)]:
        named = ", ".join(changes)
        parts[f"rows after {named}"] = proof.rows(changes)
        parts[f"order after {named}"] = proof.order(changes)
        parts[f"answers after {named}"] = proof.answers(changes)
    for change in CHANGES:
        parts[f"meaning of {change}"] = proof.meaning(change)
        parts[f"others after {change}"] = proof.others(change)
    return parts


def prove_pushes(prover: Prover, law_id: str) -> Verdict:
    """The verdict, under the id `law_id`, on the claim that the source of `HistoryTable` keeps the exact trusted
    contract of histories, which replaces it in Symbiotic's proofs.
    """
    verdict = Verdict(law_id, "contracts")
    for part, answers in prove_changes(partial(prover.prove, law_id)).items():
        verdict.answers.extend([(Obligation(part, Path(None, [], False), goal), answer) for goal, answer in answers])
    verdict.is_reachable = True
    return verdict
