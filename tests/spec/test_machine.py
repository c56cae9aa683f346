from hypothesis import given
from hypothesis import strategies as st

from spec.machine import (
    INDEXED_WRITES,
    MARKS,
    OVERLAID_ROWS,
    Delta,
    Draft,
    Outcome,
    Rejection,
    Schema,
    State,
    Table,
    apply,
    commit,
    run,
    step,
)


class Reason(Rejection):
    NEGATIVE = "Negative"


SCHEMA = Schema()
BALANCES: Table[str, int] = SCHEMA.table("balances", 0)
UNTOUCHED: Table[str, int] = SCHEMA.table("untouched", 7)


def add(draft: Draft, action: tuple[str, int]) -> Outcome:
    """Adds to one balance, which must not become negative. Returns the balance before."""
    account, amount = action
    before = draft.get(BALANCES, account)
    draft.put(BALANCES, account, before + amount)
    if before + amount < 0:
        return Reason.NEGATIVE
    return draft.delta(before)


def balances(state: State) -> dict[str, int]:
    return dict(state.rows(BALANCES))


ACTIONS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-3, 5)))


def test_a_row_never_written_reads_as_its_default() -> None:
    draft = Draft(SCHEMA.empty_state())
    assert draft.get(BALANCES, "a") == 0
    assert draft.get(UNTOUCHED, "a") == 7


def test_a_draft_reads_its_own_writes_and_names_each_row_once() -> None:
    state = SCHEMA.empty_state()
    draft = Draft(state)
    draft.put(BALANCES, "a", 1)
    draft.put(UNTOUCHED, "a", 2)
    draft.put(BALANCES, "a", 3)
    assert (draft.get(BALANCES, "a"), draft.get(UNTOUCHED, "a")) == (3, 2)
    writes = draft.delta("returned").writes
    assert [(write.table.name, write.key, write.row) for write in writes] == [
        ("balances", "a", 3),
        ("untouched", "a", 2),
    ]
    assert balances(state) == {}


@given(st.lists(st.tuples(st.integers(0, 3 * INDEXED_WRITES), st.integers())))
def test_a_draft_of_many_writes_is_the_dictionary_of_its_puts(puts: list[tuple[int, int]]) -> None:
    draft = Draft(SCHEMA.empty_state())
    expected: dict[str, int] = {}
    for key, row in puts:
        assert draft.get(BALANCES, str(key)) == expected.get(str(key), 0)
        draft.put(BALANCES, str(key), row)
        expected[str(key)] = row
    assert {write.key: write.row for write in draft.delta().writes} == expected


def test_a_step_leaves_its_state_alone_and_shares_what_it_does_not_touch() -> None:
    state = SCHEMA.empty_state()
    after, outcome = step(add, state, ("a", 5))
    assert isinstance(outcome, Delta)
    assert outcome.returns == 0
    assert (balances(state), balances(after)) == ({}, {"a": 5})
    assert after.rows(UNTOUCHED) is state.rows(UNTOUCHED)
    rejected, reason = step(add, after, ("a", -6))
    assert rejected is after
    assert reason is Reason.NEGATIVE


@given(ACTIONS)
def test_run_is_step_repeated(actions: list[tuple[str, int]]) -> None:
    genesis = SCHEMA.empty_state()
    state, accepted, rejected = genesis, 0, 0
    for action in actions:
        state, outcome = step(add, state, action)
        accepted += isinstance(outcome, Delta)
        rejected += outcome is Reason.NEGATIVE
    ended = run(add, genesis, actions)
    assert balances(ended.state) == balances(state)
    assert (ended.accepted, ended.rejected) == (accepted, {Reason.NEGATIVE: rejected} if rejected else {})
    assert balances(genesis) == {}


def test_commit_stores_in_place_what_apply_stores_in_a_copy() -> None:
    state = SCHEMA.empty_state()
    draft = Draft(state)
    draft.put(BALANCES, "a", 1)
    delta = draft.delta()
    applied = apply(state, delta)
    assert balances(state) == {}
    commit(state, delta)
    assert balances(state) == balances(applied) == {"a": 1}


MANY = Schema()
TABLES: list[Table[int, int]] = [MANY.table(f"table_{index}", index) for index in range(2 * MARKS + 2)]
SHARING = [TABLES[index] for index in (0, 1, MARKS, MARKS + 1, 2 * MARKS)]
ROWS = st.lists(st.tuples(st.sampled_from(SHARING), st.integers(0, OVERLAID_ROWS + 1), st.integers()), max_size=8)


@given(steps=st.lists(ROWS, max_size=5), merged=st.sampled_from([None, *SHARING]))
def test_tables_with_one_mark_keep_their_rows_apart(
    steps: list[list[tuple[Table[int, int], int, int]]], merged: Table[int, int] | None
) -> None:
    assert SHARING[0].mark == SHARING[2].mark == SHARING[4].mark
    state = MANY.empty_state()
    rows = {(table, key): 0 for table in SHARING[:3] for key in range(OVERLAID_ROWS + 1)}
    for table, key in rows:
        state.rows(table)[key] = 0  # enough rows for overlays
    for writes in steps:
        draft, before = Draft(state), dict(rows)
        for table, key, row in writes:
            draft.put(table, key, row)
            rows[table, key] = row
        state, old = apply(state, draft.delta()), state
        if merged is not None:
            assert state.rows(merged) == {key: row for (table, key), row in rows.items() if table is merged}
        for read, expected in ((draft, rows), (Draft(state), rows), (Draft(old), before)):
            for table in SHARING:
                for key in range(OVERLAID_ROWS + 2):
                    assert read.get(table, key) == expected.get((table, key), table.default)
