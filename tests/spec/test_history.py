from hypothesis import given
from hypothesis import strategies as st

from spec.history import HistoryTable
from spec.machine import Draft, Schema, State, apply

SCHEMA = Schema()
VALUES: HistoryTable[str] = HistoryTable(SCHEMA, "values", 9)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99))), st.integers(0, 60))
def test_a_history_is_the_last_push_at_or_before(pushes: list[tuple[int, int]], asked: int) -> None:
    """A history agrees with a plain list of its pushes, whose value is that of the last push at or before the point."""
    state: State = SCHEMA.empty_state()
    point, recorded = 0, []
    for wait, value in pushes:
        point += wait
        draft = Draft(state)
        VALUES.push(draft, "key", point, value)
        state = apply(state, draft.delta())
        recorded.append((point, value))
    draft = Draft(state)
    assert VALUES.value_at(draft, "key", asked) == next((v for p, v in reversed(recorded) if p <= asked), 9)
    assert VALUES.latest(draft, "key") == (recorded[-1][1] if recorded else 9)
    assert VALUES.latest(draft, "other") == 9
    assert draft.get(VALUES.heads, "key").count == len({p for p, _ in recorded})


def test_a_push_writes_two_rows_however_long_the_history() -> None:
    state = SCHEMA.empty_state()
    for point in range(100):
        draft = Draft(state)
        VALUES.push(draft, "key", point, point)
        delta = draft.delta()
        assert len(delta.writes) == 2
        state = apply(state, delta)
