import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from spec.machine import OVERLAID_ROWS, Delta, Draft, Outcome, Schema, State, Table, apply, commit, run, step
from spec.overlay import LEAF_ROWS, Overlay

SCHEMA = Schema()
MANY: Table[object, int] = SCHEMA.table("many", 0)
FEW: Table[object, int] = SCHEMA.table("few", 0)

Puts = list[tuple[int, int]]
PUTS = st.lists(st.tuples(st.integers(0, 2 * OVERLAID_ROWS), st.integers(1, 9)), min_size=1, max_size=4)


class Alike:
    """A key with the hash of every other such key."""

    def __init__(self, name: int) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and other.name == self.name

    def __hash__(self) -> int:
        return 7


def genesis() -> State:
    state = SCHEMA.empty_state()
    for key in range(OVERLAID_ROWS + 6):
        state.rows(MANY)[key] = -1
    return state


def delta_of(state: State, puts: Puts) -> Delta:
    draft = Draft(state)
    for key, row in puts:
        draft.put(MANY, key, row)
        draft.put(FEW, key % 5, row)
        assert (draft.get(MANY, key), draft.get(FEW, key % 5)) == (row, row)
    return draft.delta()


def after(rows: dict[object, int], puts: Puts) -> dict[object, int]:
    return {**rows, **dict(puts)}


def shown(state: State) -> list[tuple[object, int]]:
    """The rows of the large table as (key, value) pairs. They are read by a draft, which does not merge the overlay."""
    draft = Draft(state)
    return [(key, draft.get(MANY, key)) for key in range(2 * OVERLAID_ROWS + 1)]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), PUTS, st.booleans()), max_size=20))
def test_every_state_of_a_tree_of_steps_stays_what_it_was(steps: list[tuple[int, Puts, bool]]) -> None:
    """Several steps may start from one state. Each state keeps the rows, in order, of a dictionary of its own."""
    states, models = [genesis()], [dict(genesis().rows(MANY))]
    for place, puts, is_asked in steps:
        place = min(place, len(states) - 1)
        states.append(apply(states[place], delta_of(states[place], puts)))
        models.append(after(models[place], puts))
        if is_asked:
            assert list(states[place].rows(MANY).items()) == list(models[place].items())
    for state, model in zip(states, models, strict=True):
        assert shown(state) == [(key, model.get(key, 0)) for key in range(2 * OVERLAID_ROWS + 1)]
    for state, model in zip(states, models, strict=True):
        assert list(state.copy().rows(MANY).items()) == list(state.rows(MANY).items()) == list(model.items())
        assert [dict(rows) for rows in state.tables] == [model, dict(state.rows(FEW))]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2), PUTS), max_size=6))
def test_a_commit_is_seen_in_no_state_that_shares_rows(steps: list[tuple[int, Puts]]) -> None:
    first = genesis()
    second = apply(first, delta_of(first, [(1, 1), (100, 2)]))
    third = apply(second, delta_of(second, [(2, 3)]))
    states, models = [first, second, third], [dict(first.rows(MANY))]
    models += [after(models[0], [(1, 1), (100, 2)])]
    models += [after(models[1], [(2, 3)])]
    for place, puts in steps:
        commit(states[place], delta_of(states[place], puts))
        models[place] = after(models[place], puts)
        assert [dict(shown(state)) for state in states] == [
            {key: model.get(key, 0) for key in range(2 * OVERLAID_ROWS + 1)} for model in models
        ]
    assert [list(state.rows(MANY).items()) for state in states] == [list(model.items()) for model in models]


def test_a_draft_that_was_open_while_rows_were_asked_for_reads_the_same() -> None:
    state = apply(genesis(), delta_of(genesis(), [(1, 5), (120, 6)]))
    draft = Draft(state)
    before = [draft.get(MANY, key) for key in (0, 1, 120, 121)]
    assert state.rows(MANY)[120] == 6
    assert [draft.get(MANY, key) for key in (0, 1, 120, 121)] == before == [-1, 5, 6, 0]


def test_keys_of_one_hash_are_told_apart() -> None:
    overlay = Overlay({}, {}, None)
    names = sys.getrecursionlimit() + 2 * LEAF_ROWS
    for name in range(names):
        overlay = overlay.put(Alike(name), name)
    assert [overlay.get(Alike(name)) for name in range(names + 1)] == [*range(names), None]
    assert [key.name for key in overlay.flat() if isinstance(key, Alike)] == list(range(names))


def test_every_overlay_stays_what_it_was() -> None:
    rows: dict[object, object] = dict.fromkeys(range(0, 400, 2), -1)
    overlays, models = [Overlay(rows, {}, None)], [dict(rows)]
    for turn in range(400):
        key = turn * 7 % 300
        overlays.append(overlays[-1].put(key, turn))
        models.append({**models[-1], key: turn})
    assert [list(overlay.flat().items()) for overlay in overlays] == [list(model.items()) for model in models]
    assert [overlays[-1].get(key) for key in range(300)] == [models[-1].get(key) for key in range(300)]


def test_a_long_history_of_new_rows_is_kept_and_let_go() -> None:
    overlay = Overlay({-1: -1}, {}, None)
    for key in range(10_000):
        overlay = overlay.put(key, key)
    assert list(overlay.flat()) == [-1, *range(10_000)]
    del overlay


def test_run_from_a_state_with_overlays_leaves_it_alone() -> None:
    def put(draft: Draft, action: int) -> Outcome:
        draft.put(MANY, action, action)
        return draft.delta()

    state = genesis()
    for action in range(1, 200):
        state, _ = step(put, state, action)
    ended = run(put, state, range(200, 300))
    assert list(ended.state.rows(MANY)) == [*range(OVERLAID_ROWS + 6), *range(OVERLAID_ROWS + 6, 300)]
    assert Draft(state).get(MANY, 250) == 0
