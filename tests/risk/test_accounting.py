"""Property P17: after any sequence of calls, an operator's shares cover all that its stakers can withdraw."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.protocols import known_protocols
from harness.traces import bundled_traces, load_trace
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.state import OPERATOR_SHARES, STAKER_SHARES, STAKERS
from spec.eigenlayer.views import withdrawable_shares_of
from spec.machine import Delta, Draft, State, commit

Withdrawable = Callable[[Draft, str, str], int]

TRACES = sorted((bundled_traces() / "eigenlayer").glob("*slash*.json.gz"))


def uncovered(state: State, withdrawable: Withdrawable) -> dict[tuple[str, str], int]:
    """By operator and strategy: the withdrawable shares of its stakers in excess of its own shares, where there is an
    excess.
    """
    draft = Draft(state)
    claimed: dict[tuple[str, str], int] = {}
    for staker, strategy in state.rows(STAKER_SHARES):
        operator = draft.get(STAKERS, staker).delegated_to
        if operator != ZERO_ADDRESS:
            key = (operator, strategy)
            claimed[key] = claimed.get(key, 0) + withdrawable(draft, staker, strategy)
    held = {key: draft.get(OPERATOR_SHARES, key).shares for key in claimed}
    return {key: amount - held[key] for key, amount in claimed.items() if amount > held[key]}


def along(path: Path, withdrawable: Withdrawable) -> bool:
    protocol, trace = load_trace(path, known_protocols())
    state = trace.genesis.copy()
    for step in trace.steps:
        for action in step.actions:
            outcome = protocol.transition(Draft(state), action)
            if isinstance(outcome, Delta):
                commit(state, outcome)
        if uncovered(state, withdrawable):
            return False
    return True


@pytest.mark.parametrize("path", TRACES, ids=[path.name for path in TRACES])
def test_p17_an_operator_has_what_its_stakers_could_withdraw(path: Path) -> None:
    assert along(path, withdrawable_shares_of)


def test_rounding_the_other_way_is_noticed() -> None:
    """With one more withdrawable share for each staker, as if rounded up, some operator's shares do not suffice."""

    def rounded_up(draft: Draft, staker: str, strategy: str) -> int:
        return withdrawable_shares_of(draft, staker, strategy) + 1

    assert not all(along(path, rounded_up) for path in TRACES[:5])
