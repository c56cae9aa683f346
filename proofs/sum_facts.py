"""Facts about totals: lower bounds from the rows that were read, and exact totals where no other rows exist."""

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import z3

from proofs.goals import Instance, Member, TotalRead, left_out
from proofs.paths import Path, Term, explore
from proofs.shapes import flatten, fresh, identity
from proofs.solving import Status
from proofs.symbols import term_of

if TYPE_CHECKING:
    from proofs.prover import Prover


class SumFacts:
    """Facts about the totals of sums, in one state of a prover.

    `never_negative` maps the name of a sum to the scopes in which it is proved that no row adds a negative value. It is
    None for a sum of which that is not proved.
    """

    def __init__(self, prover: "Prover", never_negative: dict[str, set[str] | None]) -> None:
        self._prover: Final = prover
        self.never_negative: Final = never_negative
        self._members: Final[dict[tuple[str, object], Member]] = {}
        self._shares: Final[dict[object, dict[int, Term]]] = {}

    def closed_world(self, here: Path, has_others: bool) -> tuple[list[Term], list[Any]]:
        """The hypotheses of a path in a state that has no rows but those that were read, and the list of these reads.
        With `has_others`, there is one more arbitrary row for each sum that was read.
        """
        hypotheses, _ = self._prover.hypotheses(here, [])
        noted = dict(here.touched)
        for item_id, item in here.touched.items():
            for instance in self._prover.reached(item_id, item):
                noted.update(instance.noted)
        asked = {item.total.name: item.total for item in noted.values() if isinstance(item, TotalRead)}
        for total in asked.values() if has_others else ():
            for other_id, other in self._another_row(total).items():
                noted[other_id] = other
                for instance in self._prover.reached(other_id, other):
                    hypotheses += [instance.formula, *instance.facts.values()]
                    noted.update(instance.noted)
        for instance in self._of_their_sums(list(noted.values())):
            unread = {item_id: item for item_id, item in instance.noted.items() if item_id not in noted}
            reached = [other for item_id, item in unread.items() for other in self._prover.reached(item_id, item)]
            for one in (instance, *reached):
                hypotheses += [one.formula, *one.facts.values()]
                noted.update(one.noted)
        for question in [item for item in noted.values() if isinstance(item, TotalRead)]:
            group, parts = flatten(question.group), []
            members = [
                self._member(question.total, item_id, item.key)
                for item_id, item in noted.items()
                if not isinstance(item, TotalRead) and item.past_of is None and item.table is question.total.table
            ]
            for position, member in enumerate(members):
                apart = [
                    z3.Or(*[left != right for left, right in zip(member.key, other.key, strict=True)])
                    for other in members[:position]
                ]
                parts.append(z3.If(z3.And(member.belongs(group), *apart), member.value, 0))
                hypotheses += member.facts
            whole = self._prover.totals.term(question.total, question.group)
            hypotheses.append(whole == (z3.Sum(*parts) if parts else z3.IntVal(0)))
        return hypotheses, list(noted.values())

    def _of_their_sums(self, noted: list[Any]) -> Iterator[Instance]:
        """The laws, as Instances, at the groups to which the rows that were read belong. Where no other rows exist,
        these are the whole of each sum.
        """
        for item in noted:
            if isinstance(item, TotalRead) or item.past_of is not None:
                continue
            for law in self._prover.laws:
                for total, find in law.sums.items():
                    if total.table is item.table:
                        for group in self.groups(total, item.key):
                            yield self._prover.instance(law, find(group))

    def _another_row(self, total: Any) -> dict[object, Any]:
        """The read of an arbitrary row in the table that a sum adds up."""
        key = self._prover.any_key(total.table, f"other.{total.name}")
        ((here, _),) = explore(lambda: self._prover.before.rows.get(total.table, key), prunes=False)
        return here.touched

    def groups(self, total: Any, key: Any) -> list[Any]:
        """The groups of a sum to which the row with the given key may belong. There is one for each path on which it
        belongs to any.
        """
        rows = self._prover.before.rows
        found = [
            group
            for _, group in explore(lambda: total.group(rows, key, rows.get(total.table, key)), prunes=False)
            if group is not None and not isinstance(group, Exception)
        ]
        return list({identity(group): group for group in found}.values())

    def of(self, noted: dict[object, Any]) -> dict[int, Term]:
        """Lower bounds of the totals among the reads in `noted`, by term number. A total is at least what any two rows
        of its group add together. Sums to which a row may add a negative value are left out.
        """
        facts: dict[int, Term] = {}
        asked = [item for item in noted.values() if isinstance(item, TotalRead) and self.is_never_negative(item.total)]
        for question in asked:
            table = question.total.table
            members = [
                self._member(question.total, item_id, item.key)
                for item_id, item in noted.items()
                if not isinstance(item, TotalRead) and item.past_of is None and item.table is table
            ]
            facts.update(self._share(question, None, None))
            for position, member in enumerate(members):
                facts.update(self._share(question, member, None))
                for other in members[:position]:
                    facts.update(self._share(question, member, other))
        return facts

    def _share(self, question: TotalRead, member: "Member | None", other: "Member | None") -> dict[int, Term]:
        """The formulas, by term number, that the total of a group is at least zero (if `member` is None), or what one
        row adds, or what two different rows add together. `question` is the read of the total.
        """
        place = (
            question.identity,
            None if member is None else member.item_id,
            None if other is None else other.item_id,
        )
        found = self._shares.get(place)
        if found is None:
            whole, group = self._prover.totals.term(question.total, question.group), flatten(question.group)
            if member is None:
                facts = [whole >= 0]
            elif other is None:
                facts = [z3.Implies(member.belongs(group), whole >= member.value), *member.facts]
            else:
                apart = z3.Or(*[left != right for left, right in zip(member.key, other.key, strict=True)])
                both = z3.And(member.belongs(group), other.belongs(group), apart)
                facts = [z3.simplify(z3.Implies(both, whole >= member.value + other.value))]
            found = self._shares[place] = {fact.get_id(): fact for fact in facts}
        return found

    def _member(self, total: Any, item_id: object, key: Any) -> "Member":
        """The row of a sum with the given key, as a Member: its group and what it adds, which may differ by path."""
        found = self._members.get((total.name, item_id))
        if found is None:

            def both() -> Any:
                view = self._prover.seen_in(total, key)
                row = view.rows.get(total.table, key)
                return total.group(view.rows, key, row), self._prover.worth(total, view, key, row)

            blank = self._prover.blank()
            blank.context = f"member!{next(_members)}"
            found = Member(item_id, key, list(explore(both, blank, prunes=False)))
            self._members[(total.name, item_id)] = found
        return found

    def is_never_negative(self, total: Any) -> bool:
        """True if it is proved that no row adds a negative value to a sum."""
        if total.name not in self.never_negative:
            self.never_negative[total.name] = None
            self.never_negative[total.name] = self._prove_never_negative(total)
        return self.never_negative[total.name] is not None

    def _prove_never_negative(self, total: Any) -> set[str] | None:
        key = fresh(self._prover.shapes[total.table.name], f"member.{total.name}")
        rows, name = self._prover.before.rows, f"SUM-{total.name}"
        paths = list(explore(lambda: self._prover.worth(total, self._prover.before, key, rows.get(total.table, key))))
        goals = [(here, term_of(outcome) >= 0) for here, outcome in paths if not isinstance(outcome, Exception)]
        if len(goals) < len(paths) or any(here.left_out for here, _ in paths):
            return None
        whole = left_out(name, Path(None, [], False), [here for here, _ in paths])
        goals += [(obligation.here, obligation.goal) for obligation in whole]
        for is_scoped in (False, True):
            asked = [(self._prover.hypotheses(here, [], is_scoped=is_scoped), goal) for here, goal in goals]
            answers = (self._prover.prove(name, [hypotheses], goal) for (hypotheses, _), goal in asked)
            if all(answer.status is Status.PROVED for answer in answers):
                return {scope for (_, scopes), _ in asked for scope in scopes}
        return None

    def scopes(self, noted: dict[object, Any]) -> set[str]:
        """The scopes, such as bounds on lists, within which the facts about the totals among the reads in `noted` are
        proved.
        """
        asked = [item.total.name for item in noted.values() if isinstance(item, TotalRead)]
        return {scope for name in asked for scope in self.never_negative.get(name) or ()}


class SignFacts(SumFacts):
    """Facts about totals that say only that they are not negative.

    They serve the proof that rows which nobody wrote add nothing. That a total is at least what a row adds would assume
    there what is to be proved.
    """

    def of(self, noted: dict[object, Any]) -> dict[int, Term]:
        """The formulas, by term number, that each total among the reads in `noted` is at least zero. Sums to which a
        row may add a negative value are left out.
        """
        facts: dict[int, Term] = {}
        for item in noted.values():
            if isinstance(item, TotalRead) and self.is_never_negative(item.total):
                facts.update(self._share(item, None, None))
        return facts


_members: Final = count()
"""The counter that makes names of arbitrary list elements unique in members of sums."""
