"""Draws orders of checks. An order is an action and two reasons, shown by a short script whose last call fails for
both, so that the answer shows which check comes first.

Many are met by walks. At each call of a walk its variants are tried as well, in the same state: the call with another
name or number in one or two places. Variants do not change the state, since only rejected ones count.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from conformance.calls import Calls
from conformance.cases import Order, can_be_said
from conformance.lockstep import Script
from harness.failing_checks import FailingChecks
from harness.shrinking import Break, shrink_by
from harness.simplifying import numbers, renamings, replaced, texts
from invariants.choices import Seeded
from invariants.walker import Walk
from spec.codec import MalformedTrace
from spec.machine import Delta, Draft, State, commit
from spec.protocol import execute

SEEDS: Final = 120
STEPS: Final = 250
SHRINKING_STEPS: Final = 20_000

RECENT_NAMES: Final = 10
"""The number of the walk's latest names that are substituted in variants."""

DOUBLE: Final = 12
"""The number of variants with two substitutions that are tried at each call."""

OTHER_NUMBERS: Final = (0, 1, 10**9, 2**100, 2**256 - 1)

Met = dict[Order, tuple[Walk, tuple[Any, ...]]]


def draw_orders(
    calls: Calls, walk: Walk, seeds: int = SEEDS, steps: int = STEPS
) -> dict[Order, tuple[Walk, Sequence[Any]]]:
    """Every order of checks that walks meet, with a walk's world and the shortest run found that shows the order. An
    order is an action and two reasons for which its call fails; the first is the answer. The walks are those of the
    first `seeds` seeds, with `steps` steps each.

    Walks of different seeds may be in different worlds. The run is moved to the world of `walk` if it shows the order
    there.
    """
    failing = FailingChecks(calls.protocol.transition)
    return {
        order: _shortened(calls, failing, order, walk, *found)
        for order, found in sorted(_survey(calls, failing, walk, seeds, steps).items())
    }


def orders_shown(failing: FailingChecks, name: str, state: State, action: Any) -> Iterator[Order]:
    """The orders of checks that a call shows in a state, as triples: the action's `name`, the call's answer, and each
    other reason for which it also fails.
    """
    first, *others = failing.of(state, action) or [""]
    for other in others:
        yield name, first, other


def shows(calls: Calls, failing: FailingChecks, order: Order, script: Script) -> bool:
    """True if the last call of the script still fails both checks of an order under the current rules, with the first
    as its answer. False if the script can no longer be read.
    """
    history = calls.begin(script.head)
    state = history.genesis.copy()
    try:
        for call in script.calls[:-1]:
            execute(calls.protocol.transition, state, history.read(call, "")[0])
        *waits, action = history.read(script.calls[-1], "")[0]
    except MalformedTrace:
        return False
    for wait in waits:
        execute(calls.protocol.transition, state, [wait])
    return order in orders_shown(failing, calls.name_of(calls.head(script.head), action), state, action)


def _survey(calls: Calls, failing: FailingChecks, walk: Walk, seeds: int, steps: int) -> Met:
    found: Met = {}
    for seed in range(seeds):
        taken, choices, others = walk.of(seed), Seeded(seed), Seeded(~seed)
        state, opening = taken.genesis(), taken.opening()
        actions: list[Any] = []
        names: dict[str, None] = {}
        senders: set[str] = set()
        for position in range(steps):
            draft = Draft(state)
            action = opening[position] if position < len(opening) else taken.next_action(choices, draft)
            outcome = taken.protocol.transition(draft, action)
            name = calls.name_of(taken.world, action)
            names.update(dict.fromkeys(texts(action)))
            senders.add(getattr(action, "sender", ""))
            for tried in [action, *_variants(action, list(names)[-RECENT_NAMES:], others)]:
                if getattr(tried, "sender", "") not in senders:
                    continue
                for order in orders_shown(failing, name, state, tried):
                    is_better = order not in found or len(actions) + 1 < len(found[order][1])
                    if is_better and _can_be_said(calls, taken, [*actions, tried]):
                        found[order] = (taken, (*actions, tried))
            if isinstance(outcome, Delta):
                actions.append(action)
                commit(state, outcome)
    return found


def _variants(action: Any, names: Sequence[str], choices: Seeded) -> list[Any]:
    """The variants of a call: every one with a single name or number replaced, and some with two replaced."""
    once = _once(action, names)
    twice = [_once(choices.pick(once), names) for _ in range(DOUBLE)] if once else []
    return [*once, *[choices.pick(each) for each in twice if each]]


def _once(action: Any, names: Sequence[str]) -> list[Any]:
    renamed = [each for name in names for each in renamings(action, name)]
    amounts = {amount for _, amount in numbers(action)}
    return renamed + [
        replaced(action, amount, other) for amount in sorted(amounts) for other in OTHER_NUMBERS if other != amount
    ]


def _shortened(
    calls: Calls, failing: FailingChecks, order: Order, first: Walk, taken: Walk, actions: Sequence[Any]
) -> tuple[Walk, Sequence[Any]]:
    for walk in (first, taken):
        meets = _meets(calls, failing, walk, order)
        if _can_be_said(calls, walk, actions) and meets(tuple(actions)) is not None:
            return walk, shrink_by(walk, meets, actions, lambda: False, SHRINKING_STEPS)
    return taken, actions


def _meets(calls: Calls, failing: FailingChecks, walk: Walk, order: Order) -> Callable[[tuple[Any, ...]], Break | None]:
    def meets(actions: tuple[Any, ...]) -> Break | None:
        if not actions or calls.name_of(walk.world, actions[-1]) != order[0]:
            return None
        state = walk.genesis()
        accepted: list[bool] = []
        for action in actions[:-1]:
            outcome = walk.protocol.transition(Draft(state), action)
            accepted.append(isinstance(outcome, Delta))
            if isinstance(outcome, Delta):
                commit(state, outcome)
        is_met = order in orders_shown(failing, order[0], state, actions[-1])
        return Break(len(actions) - 1, None, [*accepted, False]) if is_met else None

    return meets


def _can_be_said(calls: Calls, walk: Walk, actions: Sequence[Any]) -> bool:
    """True if a trace can express these actions. False also if the writer of traces raises an exception, since a
    variant of a call need not be a valid action.
    """
    try:
        return can_be_said(calls, walk, actions)
    except Exception:  # shrinking may put an amount in the place of a name, and each writer fails in its own way
        return False
