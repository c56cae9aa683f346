"""From a law and a path of a call to what has to be proved.

For a call and a law the question is always the same: take any state that satisfies every state law, let the call
execute, and show that the law holds. The law's own predicate is evaluated on the state after each path, at a subject
that is any. A law that reads no table which a call writes is kept by it without further question.
"""

from collections.abc import Callable, Iterator
from typing import Any

import z3

from proofs.goals import Accepted, Obligation, demanded, left_out
from proofs.paths import Path, explore, path
from proofs.prover import Prover, answer_of
from proofs.state import fresh, groups_written


def state_goals(prover: Prover, law: Any, accepted: Accepted) -> Iterator[Obligation]:
    """The goals of a state law after an accepted path, at any subject.

    Where the law comes to its answer without meeting a row that was written, it answers as it did before the step.
    """
    subject = prover.subject(law)
    prover.instance(law, subject)

    def holds() -> Any:
        after = prover.after(accepted.delta, prover.seen_by(law, subject), accepted.seen_by(law, subject))
        return law.holds(after, subject)

    for obligation in goals_of(law.law_id, holds, accepted.here):
        if obligation.here.sees_change or accepted.seen is not None:
            yield obligation


def implication_goals(prover: Prover, law: Any) -> Iterator[Obligation]:
    """The goals of a state law in any state, at any subject; what it follows from is assumed in its hypotheses, by
    who asks.
    """
    subject = prover.subject(law)
    blank = Path(None, [], False)
    yield from goals_of(f"{law.law_id} follows", lambda: law.holds(prover.before, subject), blank, prunes=False)


def sum_goals(prover: Prover, total: Any, accepted: Accepted) -> Iterator[Obligation]:
    """Claim: rows of a sum which a path does not write keep their group and their worth, or add nothing.

    Where the sum says how a write moves it, the worth of a row moves by what the theory says of one row; rows of a
    falling sum may be worth less, those of a rising one more.
    """
    moves, may_fall = prover.theory.sums.revalued.get(total), total in prover.theory.sums.falling
    may_rise = total in prover.theory.sums.rising
    key = fresh(prover.shapes[total.table.name], f"member.{total.name}")

    def keeps() -> Any:
        before = prover.seen_in(total, key)
        view_after = prover.after(accepted.delta, before, accepted.seen_in(total, key))
        rows, after = before.rows, view_after.rows
        row = rows.get(total.table, key)
        parts = [write.key for write in accepted.delta.writes if write.table is total.table]
        if total in prover.theory.sums.nested:
            parts += groups_written(prover.theory.sums.nested[total].inner, rows, after, accepted.delta)
        for part in parts:
            if part == key:
                return True
        by = 0
        for write in accepted.delta.writes:
            if moves is not None and write.table in total.moves:
                moved = moves(rows, after, row, write.key)
                by = by if moved is None else by + moved
        group, group_after = total.group(rows, key, row), total.group(after, key, row)
        worth = 0 if group is None else prover.worth(total, before, key, row)
        worth_after = 0 if group_after is None else prover.worth(total, view_after, key, row)
        if may_fall:
            return worth_after <= worth and (worth_after == 0 or group == group_after)
        if may_rise:
            return worth <= worth_after and (worth == 0 or group == group_after)
        if worth_after != worth + by:
            return False
        return (worth == 0 and worth_after == 0) or group == group_after

    yield from goals_of(f"rows of {total.name} that are not written stay", keeps, accepted.here)


def step_goals(prover: Prover, law: Any, call: Any, accepted: Accepted) -> Iterator[Obligation]:
    """The goals of a step law on an accepted path."""
    before, after = prover.step(accepted.delta)
    step = prover.accepted_step(before, call, accepted.delta, after)

    def holds() -> Any:
        if law.applies_to is not None and not law.applies_to(step):
            path().is_concerned = False
            return True
        return law.holds(step)

    yield from goals_of(law.law_id, holds, accepted.here)


def time_goals(prover: Prover, accepted: Accepted) -> Iterator[Obligation]:
    """Claim: time does not go back, as the contract of histories takes it: nothing was pushed later than now."""

    def goes_on() -> Any:
        return prover.theory.now(prover.after(accepted.delta).rows) >= prover.theory.now(prover.before.rows)

    if prover.histories():
        for obligation in goals_of("time does not go back", goes_on, accepted.here):
            if obligation.here.sees_change:
                yield obligation


def refusal_goals(prover: Prover, law: Any, call: Any, here: Path, reason: Any) -> Iterator[Obligation]:
    """The goals of a rejection law on a path that rejects the call."""
    refusal = prover.rejected_call(prover.before, call, reason)

    def holds() -> Any:
        if law.applies_to is not None and not law.applies_to(prover.before, call):
            path().is_concerned = False
            return True
        return law.holds(refusal)

    yield from goals_of(law.law_id, holds, here)


def protects(prover: Prover, law: Any, call: Any, here: Path) -> Iterator[Path]:
    """The ways on from a path on which a rejection law protects a call, refused or not."""
    for onward, outcome in explore(lambda: bool(law.applies_to(prover.before, call)), here):
        if outcome is True:
            yield onward


def goals_of(label: str, program: Callable[[], Any], base: Path, prunes: bool = True) -> Iterator[Obligation]:
    """The goals of a program that answers as a law does, path by path, and that no case is left out."""
    taken: list[Path] = []
    for here, outcome in explore(program, base, prunes, proves=True):
        taken.append(here)
        if isinstance(outcome, Exception):
            yield Obligation(f"{label} raises {outcome!r}", here, z3.BoolVal(False))
        else:
            yield Obligation(label, here, answer_of(outcome))
    yield from demanded(taken)
    yield from left_out(label, base, taken)
