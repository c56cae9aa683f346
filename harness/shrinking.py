"""Shrinking: reduces a run that breaks a law to one, about as short as possible, that still breaks it.

The list of actions is reduced by delta debugging. Calls are dropped, in chunks and alone; waits, and calls that differ
in one amount, are merged; accounts are unified, amounts simplified, and lists shortened. If nothing helps any more,
every short sequence of the calls is tried, because a law that breaks at one exact amount lets no call be dropped.

Nothing here depends on a protocol: actions are taken apart by their fields. The same run always shrinks to the same
result. The effort is limited in executed steps, not in time.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from harness.simplifying import (
    Actions,
    cost,
    lowered,
    numbers,
    parts,
    renamings,
    replaced,
    simpler_amounts,
    sums,
    texts,
    variants,
)
from invariants.checking import Checker, Violation
from invariants.exploring import BoundedModel, Exploration, explore
from invariants.game import Game, Party, excess_of
from invariants.walker import Walk
from spec.machine import Delta, Draft, State
from spec.protocol import execute

STEPS = 1_000_000
"""The limit on executed steps while shrinking one run: seconds if compiled, a minute if interpreted."""

EXHAUSTED_STEPS = 50_000
EXHAUSTED_CALLS = 14
"""The limits on steps, and on different calls, when every short sequence is tried."""

ADJUSTED_CALLS = 3
PAIRED_ACTIONS = 60
"""The limits of two costly passes: the number of consecutive calls that are dropped while another call is adjusted, and
the longest run for which that, and every pair of actions, is tried.
"""


@attrs.frozen
class Break:
    """The place at which a run first shows what shrinking preserves, such as a broken law: the index of the action, and
    the violation if it is of a law.

    `accepted` says for each action up to it if it was accepted; rejected ones can be left out without a change.
    """

    position: int
    violation: Violation | None
    accepted: list[bool]


def first_break(walk: Walk, actions: Sequence[Any]) -> Break | None:
    """The first violation of one of the walk's laws in the run of these actions; None if there is none. Laws are
    checked incrementally at each action, and by a full scan at the end.
    """
    checker = Checker(walk.catalogue, walk.genesis())
    accepted: list[bool] = []
    violations: list[Violation] = []
    for action in actions:
        outcome = walk.protocol.transition(Draft(checker.state), action)
        accepted.append(isinstance(outcome, Delta))
        violations = checker.accept(action, outcome) if isinstance(outcome, Delta) else checker.reject(action, outcome)
        if violations:
            break
    violations = violations or checker.scan()
    return Break(len(accepted) - 1, violations[0], accepted) if violations and accepted else None


def shrink(walk: Walk, law_id: str, actions: Sequence[Any], stops: Callable[[], bool]) -> list[Any]:
    """The shortest run found that breaks the law `law_id`, derived from `actions`; `actions` itself if it does not
    break the law.

    Once `stops` returns true, the search ends with the best run so far.
    """
    alone = walk.only((law_id,))
    shrinker = _Shrinker(alone, lambda candidate: first_break(alone, candidate), tuple(actions), stops)
    shrinker.run(exhausts=True)
    return list(shrinker.shortest)


def shrink_by(
    walk: Walk, breaks: Callable[[Actions], Break | None], actions: Sequence[Any], stops: Callable[[], bool], steps: int
) -> list[Any]:
    """The shortest run found for which `breaks` returns a break, derived from `actions`.

    It serves conditions other than a law, such as a client's wrong answer. At most `steps` steps are executed, and none
    once `stops` returns true. Of the walk, only its world and its trace format are used.
    """
    shrinker = _Shrinker(walk, breaks, tuple(actions), stops, steps)
    shrinker.run(exhausts=False)
    return list(shrinker.shortest)


NEEDED_STEPS = 60_000
"""The limit on executed steps of `needed`, which drops the calls that a run's last call does not depend on."""


def needed(walk: Walk, genesis: State, actions: Sequence[Any], stops: Callable[[], bool]) -> list[Any]:
    """The run from the state `genesis` without the calls that its last call does not depend on: the last call gets the
    same answer and writes the same rows. Once `stops` returns true, the search ends.
    """

    def answered(run: Actions) -> Any:
        outcome: Any = execute(walk.protocol.transition, genesis.copy(), run)
        if not isinstance(outcome, Delta):
            return outcome
        return [(write.table.name, write.key, write.row) for write in outcome.writes], outcome.returns

    def is_same(candidate: Actions) -> Break | None:
        is_of_it = candidate and candidate[-1] == actions[-1] and answered(candidate) == expected
        return Break(len(candidate) - 1, None, [True] * len(candidate)) if is_of_it else None

    expected = answered(tuple(actions))
    shrinker = _Shrinker(walk, is_same, tuple(actions), stops, NEEDED_STEPS)
    shrinker.drop()
    return list(shrinker.shortest)


@attrs.frozen
class MovesBegin:
    """The marker that separates the moves of a game from the steps before them, so that shrinking can shorten both."""


def lost(game: Game, party: Party, run: Actions) -> Break | None:
    """The break of a game's law in a run, located at the run's end. None if the party's moves do not break it, or if
    the run does not have the marker between earlier steps and moves exactly once.
    """
    if run.count(MovesBegin()) != 1:
        return None
    begins = run.index(MovesBegin())
    excess, accepted = excess_of(game, party, run[:begins], run[begins + 1 :])
    accepted.insert(begins, True)
    return Break(len(run) - 1, Violation(game, party), accepted) if excess > 0 else None


def shrink_game(
    game: Game, party: Party, history: Sequence[Any], moves: Sequence[Any], stops: Callable[[], bool]
) -> tuple[list[Any], list[Any]]:
    """The shortest steps before the moves (`history`), and the shortest moves of a party, found that lose a game. They
    are derived from those given. Once `stops` returns true, the search ends.
    """
    run = (*history, MovesBegin(), *moves)
    shrinker = _Shrinker(game.walk, lambda candidate: lost(game, party, candidate), run, stops)
    shrinker.run(exhausts=False)
    begins = shrinker.shortest.index(MovesBegin())
    return list(shrinker.shortest[:begins]), list(shrinker.shortest[begins + 1 :])


class _Enough(Exception):
    """The exception that ends a search: its effort is spent, or it was told to stop."""


class _Shrinker:
    """One search: the shortest run so far, and the effort spent. Each of its passes returns True if it improved that
    run.
    """

    def __init__(
        self,
        walk: Walk,
        breaks: Callable[[Actions], Break | None],
        actions: Actions,
        stops: Callable[[], bool],
        most_steps: int | None = None,
    ) -> None:
        self._walk = walk
        self._breaks = breaks
        self._origin = actions
        self._stops = stops
        self._most_steps = STEPS if most_steps is None else most_steps
        self._steps = 0
        self._tried: set[Actions] = set()
        self.shortest = actions
        self._cost = cost(actions)

    def run(self, exhausts: bool) -> None:
        """Improve the run until no pass helps or the effort is spent. If `exhausts`, also try every short sequence of
        its calls.
        """
        passes = (
            self._drop_chunks,
            self._drop_pairs,
            self._drop_and_renumber,
            self._drop_and_adjust,
            self._merge,
            self._renumber,
            self._rename,
            self._simplify,
        )
        self._improve(passes, exhausts)

    def drop(self) -> None:
        """Shorten the run by dropping calls, alone or in pairs, and by merging calls; the remaining calls are
        unchanged.
        """
        self._improve((self._drop_chunks, self._drop_pairs, self._merge), exhausts=False)

    def _improve(self, passes: Sequence[Callable[[], bool]], exhausts: bool) -> None:
        try:
            if self._attempt(self.shortest, is_forced=True):
                while any([improve() for improve in passes]) or (exhausts and self._exhaust()):
                    pass
        except _Enough:
            pass

    def _attempt(self, candidate: Actions, is_forced: bool = False, saves_a_call: bool = False) -> bool:
        """Take a candidate as the shortest run if it still breaks the law and costs less; True if it was taken.

        `is_forced` takes it whatever it costs, and `saves_a_call` only if it has fewer calls. What comes after the
        violation is cut off, and so are rejected calls before it, which change nothing. Raises _Enough if the effort is
        spent.
        """
        if candidate in self._tried:
            return False
        self._tried.add(candidate)
        if self._steps >= self._most_steps or self._stops():
            raise _Enough
        self._steps += len(candidate)
        found = self._break_of(candidate)
        if found is None:
            return False
        until = found.position
        kept = tuple(action for action, accepted in zip(candidate[:until], found.accepted, strict=False) if accepted)
        shorter = (*kept, candidate[until])
        price = cost(shorter)
        if price >= self._cost and not is_forced:
            return False
        if saves_a_call and len(shorter) >= len(self.shortest):
            return False
        if not {*shorter} <= {*self.shortest} and not self._can_be_written(shorter):
            return False
        self.shortest, self._cost = shorter, price
        return True

    def _break_of(self, candidate: Actions) -> Break | None:
        try:
            return self._breaks(candidate)
        except Exception:  # a mutated rule may raise on a run that its author did not foresee: that is another bug
            return None

    def _can_be_written(self, candidate: Actions) -> bool:
        """True if a trace can express the run. It cannot if an account replaces a strategy, or half of a pair the pair.
        The writer of traces may fail on an invalid action with any exception.
        """
        protocol = self._walk.protocol
        actions = [action for action in candidate if not isinstance(action, MovesBegin)]
        try:
            trace = protocol.read_trace(protocol.write_trace(self._walk.world, actions))
        except Exception:  # shrinking may give a writer an account for a strategy, and each fails in its own way
            return False
        return [action for step in trace.steps for action in step.actions] == actions

    def _drop_chunks(self) -> bool:
        """Drop chunks of calls: a half, a quarter, down to single calls; from the end, since later calls depend on
        earlier ones.
        """
        improved = False
        size = max(len(self.shortest) // 2, 1)
        while size:
            end = len(self.shortest)
            while end > 0:
                start = max(end - size, 0)
                improved |= self._attempt(self.shortest[:start] + self.shortest[end:])
                end = min(start, len(self.shortest))
            size //= 2
        return improved

    def _drop_pairs(self) -> bool:
        """Drop two calls at once, for pairs that cannot be dropped one by one."""
        return self._over_pairs(lambda run, i, j: [run[:i] + run[i + 1 : j] + run[j + 1 :]])

    def _drop_and_renumber(self) -> bool:
        """Drop a call and lower the numbers in one field of later calls. They are lowered by one, as for ids, or by the
        amount of a dropped wait, as for times.
        """
        improved = False
        position = 0
        while position < len(self.shortest):
            run = self.shortest
            dropped, later = run[position], run[position + 1 :]
            kinds = sorted({field for action in later for field, _ in numbers(action)})
            amounts = sorted({1, *[amount for _, amount in numbers(dropped) if not hasattr(dropped, "sender")]})
            for kind in kinds:
                for amount in amounts:
                    renumbered = tuple(lowered(action, kind, amount) for action in later)
                    improved |= self._attempt(run[:position] + renumbered)
            position += 1
        return improved

    def _drop_and_adjust(self) -> bool:
        """Drop up to three consecutive calls, and simplify a later call in one place, as it may need less
        without them.
        """
        improved = False
        for size in range(1, ADJUSTED_CALLS + 1):
            start = 0
            while start + size < len(self.shortest) <= PAIRED_ACTIONS:
                run = self.shortest
                rest = (*run[:start], *run[start + size :])
                for position in range(start, len(rest)):
                    for variant in variants(rest[position]):
                        if run is self.shortest:
                            improved |= self._attempt((*rest[:position], variant, *rest[position + 1 :]))
                start += 1
        return improved

    def _merge(self) -> bool:
        """Merge two calls that differ in one amount only into one with the sum. The merged call takes the place of the
        first or of the second.
        """
        return self._over_pairs(
            lambda run, i, j: [
                candidate
                for merged in sums(run[i], run[j])
                for candidate in (
                    (*run[:i], merged, *run[i + 1 : j], *run[j + 1 :]),
                    (*run[:i], *run[i + 1 : j], merged, *run[j + 1 :]),
                )
            ]
        )

    def _renumber(self) -> bool:
        """Replace an account everywhere by one of the same kind with a lower number."""
        improved = False
        for old in sorted({name for action in self.shortest for name in texts(action)}):
            stem, number = parts(old)
            for lower in range(number):
                if self._attempt(tuple(replaced(action, old, f"{stem}{lower}") for action in self.shortest)):
                    improved = True
                    break
        return improved

    def _rename(self) -> bool:
        """Replace one account by another: everywhere, or in one place of one call if that saves a call."""
        improved = False
        names = sorted({name for action in self.shortest for name in texts(action)})
        known = sorted({name for action in self._origin for name in texts(action)} - {*names})
        for old in names:
            for new in (*names, *[name for name in known if parts(name)[0] == parts(old)[0]]):
                if old != new:
                    improved |= self._detour(tuple(replaced(action, old, new) for action in self.shortest))
        for position in range(len(self.shortest)):
            for name in names:
                if position < len(self.shortest):
                    run = self.shortest
                    for renamed in renamings(run[position], name):
                        improved |= self._attempt((*run[:position], renamed, *run[position + 1 :]), saves_a_call=True)
        return improved

    def _detour(self, candidate: Actions) -> bool:
        """Continue from `candidate`, which is no shorter than the present run, by dropping calls. True if that leads to
        a shorter run; else the previous run is restored.
        """
        before = self.shortest, self._cost
        if self._attempt(candidate, is_forced=True):
            self._drop_chunks()
            self._drop_pairs()
        if len(self.shortest) < len(before[0]):
            return True
        self.shortest, self._cost = before
        return False

    def _simplify(self) -> bool:
        """Simplify amounts, everywhere or in one call, with later times moved forward accordingly; shorten lists."""
        improved = False
        for amount in sorted({amount for action in self.shortest for _, amount in numbers(action)}):
            for simpler in simpler_amounts(amount):
                if self._attempt(tuple(replaced(action, amount, simpler) for action in self.shortest)):
                    improved = True
                    break
        position = 0
        while position < len(self.shortest):
            simpler = any([self._replace(position, variant) for variant in variants(self.shortest[position])])
            if simpler or self._sooner(position):
                improved = True
            else:
                position += 1
        return improved

    def _sooner(self, position: int) -> bool:
        """Shorten the wait at index `position`, and lower the numbers of one field in later calls by the difference.
        True if the shorter run was taken; False for any action that is no wait.
        """
        run = self.shortest
        wait = run[position]
        if hasattr(wait, "sender"):
            return False
        later = run[position + 1 :]
        for field, amount in numbers(wait):
            for simpler in simpler_amounts(amount):
                if simpler < amount:
                    shorter = attrs.evolve(wait, **{field: simpler})
                    for kind in sorted({field for action in later for field, _ in numbers(action)}):
                        earlier = tuple(lowered(action, kind, amount - simpler) for action in later)
                        if self._attempt((*run[:position], shorter, *earlier)):
                            return True
        return False

    def _exhaust(self) -> bool:
        """Try every shorter sequence of the run's calls and of those most frequent in the original run."""
        often = [action for action, _ in Counter(self._origin).most_common(EXHAUSTED_CALLS)]
        calls = list(dict.fromkeys([*self.shortest, *often]))[:EXHAUSTED_CALLS]
        bare = Walk(self._walk.protocol, self._walk.catalogue, self._walk.world, list, self._walk.next_action)
        left = EXHAUSTED_STEPS
        for depth in range(1, len(self.shortest)):
            try:
                met = explore(BoundedModel(bare, calls), depth, prunes=True, goes_on=self._until(left))
            except Exception:  # as above
                return False
            for broken in met.broken.values():
                return self._attempt(tuple(broken.calls))
            if not met.is_complete:
                break
            left -= met.steps
        return False

    def _until(self, steps: int) -> Callable[[Exploration], bool]:
        return lambda met: met.steps < steps and not self._stops()

    def _replace(self, position: int, action: Any) -> bool:
        run = self.shortest
        return position < len(run) and self._attempt((*run[:position], action, *run[position + 1 :]))

    def _over_pairs(self, candidates: Callable[[Actions, int, int], list[Actions]]) -> bool:
        """Try the candidates that a function makes of every pair of actions, if the run is short enough. True if one
        was taken.
        """
        improved = False
        later = 1
        while later < len(self.shortest) <= PAIRED_ACTIONS:
            for earlier in range(later):
                while later < len(self.shortest) and any(
                    [self._attempt(candidate) for candidate in candidates(self.shortest, earlier, later)]
                ):
                    improved = True
            later += 1
        return improved
