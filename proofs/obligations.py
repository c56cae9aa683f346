"""The goals that prove a law on a path of a call.

Take any state that satisfies every state law, let the call execute, and show that the law holds. The law's own
predicate is evaluated in the state after each path, at an arbitrary subject. A law that reads no table which the call
writes is kept without a goal.
"""

from collections.abc import Callable, Iterator
from typing import Any

import z3

from proofs.goals import Accepted, Obligation, demanded, left_out
from proofs.paths import Path, explore, path
from proofs.prover import Prover, answer_of
from proofs.shapes import fresh
from proofs.totals import groups_written


def state_goals(prover: Prover, law: Any, accepted: Accepted) -> Iterator[Obligation]:
    """The goals that a state law holds after an accepted path, at an arbitrary subject.

    A path of the law's predicate that reads no written row has the answer of the state before, and yields no goal. But
    if the call's path ends in the middle of a loop with replacement rows, all goals are yielded.
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
    """The goals that a state law holds in any state, at an arbitrary subject. The caller assumes the laws from which it
    follows.
    """
    subject = prover.subject(law)
    blank = Path(None, [], False)
    yield from goals_of(f"{law.law_id} follows", lambda: law.holds(prover.before, subject), blank, prunes=False)


def sum_goals(prover: Prover, total: Any, accepted: Accepted) -> Iterator[Obligation]:
    """The goals about a sum for the rows that an accepted path does not write: each keeps its group and its worth (what
    it adds), or has no worth before and after.

    If the sum declares `moves`, the worth changes by what the theory's `revalued` says. In a falling sum it may
    decrease, in a rising sum increase.
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
    """The goals that a step law holds of an accepted path. If the law does not apply to the step, the goal is trivially
    true.
    """
    before, after = prover.step(accepted.delta)
    step = prover.accepted_step(before, call, accepted.delta, after)

    def holds() -> Any:
        if law.applies_to is not None and not law.applies_to(step):
            path().is_concerned = False
            return True
        return law.holds(step)

    yield from goals_of(law.law_id, holds, accepted.here)


def time_goals(prover: Prover, accepted: Accepted) -> Iterator[Obligation]:
    """The goals that an accepted path does not decrease time. The trusted contract of histories needs this: no past
    push is later than now. There are none if the path does not write the clock, or the protocol has no histories.
    """

    def goes_on() -> Any:
        return prover.theory.now(prover.after(accepted.delta).rows) >= prover.theory.now(prover.before.rows)

    if prover.histories():
        for obligation in goals_of("time does not go back", goes_on, accepted.here):
            if obligation.here.sees_change:
                yield obligation


def rejection_goals(prover: Prover, law: Any, call: Any, here: Path, reason: Any) -> Iterator[Obligation]:
    """The goals that a rejection law holds of a path `here`, which rejects the call for `reason`. If the law does not
    apply to the call, the goal is trivially true.
    """
    rejection = prover.rejected_call(prover.before, call, reason)

    def holds() -> Any:
        if law.applies_to is not None and not law.applies_to(prover.before, call):
            path().is_concerned = False
            return True
        return law.holds(rejection)

    yield from goals_of(law.law_id, holds, here)


def protects(prover: Prover, law: Any, call: Any, here: Path) -> Iterator[Path]:
    """The continuations of a path on which a rejection law applies to the call, be it rejected or accepted."""
    for onward, outcome in explore(lambda: bool(law.applies_to(prover.before, call)), here):
        if outcome is True:
            yield onward


def goals_of(label: str, program: Callable[[], Any], base: Path, prunes: bool = True) -> Iterator[Obligation]:
    """The goals, named `label`, that a program returns true when it is run from the path `base`. There is one for each
    path, one for each of its demands, and one that the paths cover every case. For a path that raises, the goal is
    false. With `prunes`, impossible paths are skipped.
    """
    taken: list[Path] = []
    for here, outcome in explore(program, base, prunes, proves=True):
        taken.append(here)
        if isinstance(outcome, Exception):
            yield Obligation(f"{label} raises {outcome!r}", here, z3.BoolVal(False))
        else:
            yield Obligation(label, here, answer_of(outcome))
    yield from demanded(taken)
    yield from left_out(label, base, taken)
