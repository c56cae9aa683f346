"""All reads of laws and sums are declared, so the incremental check misses nothing, whatever rows are written."""

import pickle
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast

import attrs
import pytest

from harness.protocols import known_bounded_models, known_walks
from invariants.checking import Checker, Violation, compute_totals, scan
from invariants.choices import Seeded
from invariants.eigenlayer.solvency import ACTIVE, QUEUED_VALUE_WAD
from invariants.exploring import BoundedModel, explore
from invariants.law import Catalogue, NestedSum, StateLaw, Sum, UndeclaredError, View, undeclared
from invariants.walker import Walk, random_walk
from spec.arithmetic import WAD
from spec.eigenlayer.actions import MineBlocks, Undelegate
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.state import (
    CLOCK,
    MAX_MAGNITUDES,
    OPERATOR_SHARES,
    QUEUED_SHARES,
    STAKER_SHARES,
    STAKERS,
    Clock,
    StakerShares,
)
from spec.machine import SINGLETON, Delta, Draft, State, Table, Write
from spec.symbiotic.state import WITHDRAWAL_BUCKETS

STATES, CHANGES = 40, 60
"""The number of states of each protocol, and the number of changes of single rows that are made one after another from
each state.
"""

MOST_COUNTED = 5
"""The bound below which a changed count must stay, since laws loop as often as a count says."""

COUNTS = ("first", "end")
OF_RULES: dict[str, set[str]] = {"eigenlayer": {"VIEW-08"}, "symbiotic": set()}
"""For each protocol, the state laws that no arbitrary row can break, since they compare a view's rule with its
documentation.
"""

NAMED_ROW = re.compile(r"^(\S+) of \S+ reads (\w+)\[\S+\],")
"""A pattern for the beginning of the message of an UndeclaredError, if that names a subject and a row of another
subject.
"""

MANY = 33
"""The factor by which a changed list is lengthened, beyond any length that a law allows."""


def state_laws_of(walk: Walk) -> Catalogue:
    """The catalogue of a walk's state laws and sums only, none of them a known violation: the changes here are not
    steps of a rule.
    """
    return Catalogue(walk.catalogue.sums, walk.catalogue.state_laws, [], [], [])


def walked(walk: Walk, seed: int, steps: int) -> State:
    """The state after `steps` calls of the walk of a seed, in the world that the seed selects."""
    walk = walk.of(seed)
    state, choices = walk.genesis(), Seeded(seed)
    opening = walk.opening()
    for position in range(steps):
        draft = Draft(state)
        action = opening[position] if position < len(opening) else walk.next_action(choices, draft)
        outcome = walk.protocol.transition(draft, action)
        if isinstance(outcome, Delta):
            for write in outcome.writes:
                state.tables[write.table.index][write.key] = write.row
    return state


def names_in(value: Any) -> Iterator[str]:
    """All names within a key or a row, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from names_in(part)
    elif attrs.has(type(value)):
        yield from names_in(attrs.astuple(value, recurse=False))


class Changing:
    """A source of random changes of single rows of a state. A change gives any field of any table another value, or
    adds a row.
    """

    def __init__(self, state: State, tables: list[Table[Any, Any]], seed: int) -> None:
        self.tables = [table for table in tables if state.rows(table)]
        self.state = state
        self.source = random.Random(seed)
        self.names = sorted({name for table in tables for item in state.rows(table).items() for name in names_in(item)})
        self.changed: set[tuple[str, str]] = set()

    def write(self) -> Write:
        """The next change, as a write."""
        table = self.source.choice(self.tables)
        keys = sorted(self.state.rows(table), key=repr)
        key = self.source.choice(keys)
        row = self.state.rows(table)[key]
        if self.source.randrange(8) == 0:
            key = self._other(key, "")
        if self.source.randrange(8) == 0:
            return Write(table, key, table.default)
        fields = [field.name for field in attrs.fields(type(row))]
        field = self.source.choice(fields)
        self.changed.add((table.name, field))
        values = [self._other(getattr(row, name), name) if name == field else getattr(row, name) for name in fields]
        return Write(table, key, type(row)(*values))

    def _other(self, value: Any, field: str) -> Any:
        """Another value of the same type, for a field of a row or, if `field` is empty, for part of a key."""
        source = self.source
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            if field in COUNTS:
                return source.randrange(MOST_COUNTED)
            return value + source.choice((1, -1, -value, -value - 1, 10**40, WAD, 2**256))
        if isinstance(value, str):
            return "zero" if source.randrange(4) == 0 else source.choice(self.names)
        if isinstance(value, tuple):
            if not value:
                return (source.choice(self.names),) if field else value
            if field and source.randrange(2):
                return value * MANY if source.randrange(4) == 0 else value[:-1]
            position = source.randrange(len(value))
            return (*value[:position], self._other(value[position], ""), *value[position + 1 :])
        assert attrs.has(type(value)), f"a field of a kind that no change is known of: {value!r}"
        names = [part.name for part in attrs.fields(type(value))]
        chosen = source.choice(names)
        return attrs.evolve(value, **{chosen: self._other(getattr(value, chosen), chosen)})


def totals_of(catalogue: Catalogue, checker: Checker) -> list[dict[object, int]]:
    return [{g: n for g, n in checker.totals.groups(total).items() if n} for total in catalogue.sums]


def is_broken(violation: Violation, view: View) -> bool:
    assert isinstance(violation.law, StateLaw)
    return not violation.law.holds(view, violation.subject)


def follow_changes(catalogue: Catalogue, state: State, changing: Changing, changes: int) -> set[str]:
    """Apply random changes one by one to a strict checker. Each violation that the scan newly finds, the incremental
    check must find, and no other.

    Returns the ids of the laws that broke. A change at which a law or sum divides by zero is skipped.
    """
    checker = Checker(catalogue, state, is_strict=True)
    start = checker.totals
    known = {repr(violation): violation for violation in scan(catalogue, checker.state, start)}
    broken_before = set(known)
    found: set[str] = set()
    for _ in range(changes):
        changing.state = checker.state
        write = changing.write()
        after = checker.state.copy()
        after.tables[write.table.index][write.key] = write.row
        try:
            by_scan = scan(catalogue, after, start)
        except ZeroDivisionError:
            continue
        by_step = checker.accept(None, Delta([write], None))
        assert {repr(violation) for violation in by_scan} - broken_before <= {repr(violation) for violation in by_step}
        known |= {repr(violation): violation for violation in [*by_scan, *by_step]}
        from_nothing = compute_totals(catalogue, checker.state)
        assert totals_of(catalogue, checker) == [
            {g: n for g, n in from_nothing.groups(total).items() if n} for total in catalogue.sums
        ]
        from_nothing.begin_with(start)
        view = View(Draft(checker.state), from_nothing)
        broken_before = {name for name, violation in known.items() if is_broken(violation, view)}
        assert {repr(violation) for violation in by_step} <= broken_before
        found |= {violation.law.law_id for violation in by_scan}
    return found


@pytest.mark.source  # a compiled row refuses a value of another shape
@pytest.mark.parametrize("protocol", known_walks())
def test_both_checks_agree_whatever_is_written(protocol: str) -> None:
    walk = known_walks()[protocol]
    catalogue, found, changed = state_laws_of(walk), set(), set()
    readers: list[StateLaw | Sum] = [*catalogue.state_laws, *catalogue.sums]
    also_read = [part for reader in readers for part in reader.also_reads if isinstance(part, Table)]
    spoken_of = [table for law in catalogue.state_laws for table in law.rows]
    tables = [*dict.fromkeys([*also_read, *(total.table for total in catalogue.sums)]), *spoken_of, *spoken_of]
    scenarios = list(dict.fromkeys(walk.scenarios))
    for seed in range(STATES):
        state = walked(scenarios[seed // 2 % len(scenarios)] if seed % 2 else walk, seed, 250)
        if protocol == "eigenlayer":  # ETH-08 speaks of rows that nobody ever writes
            for staker in state.rows(STAKERS):
                state.tables[STAKER_SHARES.index][staker, BEACON_CHAIN_ETH] = STAKER_SHARES.default
        changing = Changing(state, tables, seed)
        found |= follow_changes(catalogue, state, changing, CHANGES)
        changed |= changing.changed
    assert found == {law.law_id for law in catalogue.state_laws} - OF_RULES[protocol]
    assert {table for table, _ in changed} >= {
        table.name for law in catalogue.state_laws for table in [*law.rows, *law.also_reads] if isinstance(table, Table)
    }


def eigenlayer_only(law_id: str) -> Walk:
    return known_walks()["eigenlayer"].only((law_id,))


def writes_only(right: Any, action_type: type[Any], table: Table[Any, Any]) -> Any:
    """A transition in which calls of one type write only their rows of one table; `right` is the correct transition.

    All other rows of such calls are dropped.
    """

    def wrong(draft: Draft, action: Any) -> Any:
        outcome = right(draft, action)
        if isinstance(outcome, Delta) and isinstance(action, action_type):
            return Delta([write for write in outcome.writes if write.table is table], outcome.returns)
        return outcome

    return wrong


def test_a_row_that_moves_to_another_group_without_being_written_is_seen_at_that_step() -> None:
    """An undelegation with a bug writes only the staker's row. Its shares then count for the operator and for the
    staker, and law SOLV-01 breaks at that step.
    """
    walk = eigenlayer_only("SOLV-01")
    rules = writes_only(walk.protocol.transition, Undelegate, STAKERS)
    broken = Walk(walk.protocol.with_transition(rules), walk.catalogue, walk.world, walk.opening, walk.next_action)
    reports = [report for seed in range(20) if (report := random_walk(broken, seed, 400)).violations]
    assert len(reports) > 3
    for report in reports:
        assert {violation.law.law_id for violation in report.violations} == {"SOLV-01"}
        assert type(report.actions[-1]) is Undelegate


def test_exploring_sees_it_too() -> None:
    small = known_bounded_models()["eigenlayer"]
    walk = small.walk.only(("SOLV-01",))
    rules = writes_only(walk.protocol.transition, Undelegate, STAKERS)
    broken = Walk(walk.protocol.with_transition(rules), walk.catalogue, walk.world, walk.opening, walk.next_action)
    calls = [*small.calls, Undelegate("staker0", "staker0"), Undelegate("staker1", "staker1")]
    report = explore(BoundedModel(broken, calls), 3, True, lambda _: True)
    assert report.is_complete
    assert list(report.broken) == ["SOLV-01"]
    assert type(report.broken["SOLV-01"].calls[-1]) is Undelegate


def without(law: StateLaw, part: Table[Any, Any] | Sum) -> StateLaw:
    """A copy of a law that does not declare `part`, one of its tables or sums.

    If the law declares it in `also_reads` and in `rows`, the declaration in `rows` stays.
    """
    rows = {table: find for table, find in law.rows.items() if table is not part or part in law.also_reads}
    sums = {total: find for total, find in law.sums.items() if total is not part}
    also_reads = tuple([other for other in law.also_reads if other is not part])
    return StateLaw(law.law_id, law.sentence, law.source, law.holds, rows, sums, also_reads)


def leads_where_a_sum_does(law: StateLaw, table: Any, state: State) -> bool:
    """True if each row of `table` belongs to the same subject by its key as by its group in one of the law's sums.

    Such a table is declared for proofs that read a row, though the law itself reads only the sum.
    """
    sums = [total for total in law.sums if total.table is table]
    return bool(sums) and all(
        law.rows[table](key) == law.sums[total](total.group(Draft(state), key, row))
        for total in sums
        for key, row in state.rows(table).items()
    )


DECLARED = [
    (protocol, law.law_id, getattr(part, "name", ""))
    for protocol, walk in known_walks().items()
    for law in walk.catalogue.state_laws
    for part in dict.fromkeys([*law.rows, *law.sums, *law.also_reads])
    if len(law.rows) + len(law.sums) > 1 or part in law.also_reads
]


@cache
def walked_states(protocol: str) -> list[State]:
    """The states after six ordinary walks, and after two walks of each scenario."""
    walk = known_walks()[protocol]
    states = [walked(walk, seed, 250) for seed in range(6)]
    states += [walked(scenario, seed, 250) for scenario in dict.fromkeys(walk.scenarios) for seed in (2, 3)]
    if protocol == "eigenlayer":  # DELEG-02 speaks of nobody else
        for state in states:
            for table in (OPERATOR_SHARES, MAX_MAGNITUDES.heads):
                state.tables[table.index]["zero", "strategy0"] = table.default
    return states


@pytest.mark.parametrize(("protocol", "law_id", "name"), DECLARED)
def test_nothing_that_is_declared_can_be_left_out(protocol: str, law_id: str, name: str) -> None:
    """If any one declaration of a law is removed, a scan raises UndeclaredError, which names the law and the table or
    sum.
    """
    walk = known_walks()[protocol]
    (law,) = [law for law in walk.catalogue.state_laws if law.law_id == law_id]
    (part,) = {part for part in [*law.rows, *law.sums, *law.also_reads] if part.name == name}
    catalogue = Catalogue(walk.catalogue.sums, [without(law, part)], [], [], [])
    what = f"sum {name}" if isinstance(part, Sum) else name
    refused, is_of_a_sum = set(), part in law.rows
    for state in walked_states(protocol):
        is_of_a_sum = is_of_a_sum and leads_where_a_sum_does(law, part, state)
        try:
            scan(catalogue, state)
        except UndeclaredError as error:
            refused.add(NAMED_ROW.sub(r"\1 reads \2,", str(error)))
    if refused or not is_of_a_sum:
        assert refused == {f"{law_id} reads {what}, which it does not declare (see also_reads in invariants/law.py)"}


def test_a_table_that_leads_elsewhere_than_its_sum_is_no_part_of_it() -> None:
    walk = known_walks()["symbiotic"]
    (law,) = [law for law in walk.catalogue.state_laws if law.law_id == "LEMMA-held"]
    wrong = StateLaw("TOY-01", "", "", law.holds, {WITHDRAWAL_BUCKETS: lambda bucket: bucket[1]}, law.sums)
    state = walked(walk, 0, 250)
    assert leads_where_a_sum_does(law, WITHDRAWAL_BUCKETS, state)
    assert not leads_where_a_sum_does(wrong, WITHDRAWAL_BUCKETS, state)


def test_a_sum_says_what_its_groups_depend_on() -> None:
    walk = known_walks()["eigenlayer"]
    wrong = Sum("active", STAKER_SHARES, ACTIVE.group, ACTIVE.value)
    with pytest.raises(UndeclaredError, match=r"^sum active reads stakers, which it does not declare"):
        compute_totals(Catalogue([wrong], [], [], [], []), walked(walk, 0, 100))


def test_what_is_undeclared_is_told_by_another_process() -> None:
    """Regression: an UndeclaredError could not be unpickled, so a proof process ended without giving the reason."""
    error = undeclared("TOY-01", "stakers")
    assert repr(pickle.loads(pickle.dumps(error))) == repr(error)


def test_a_key_leads_to_the_subject_that_reads_the_row() -> None:
    """A law that reads a row of another subject is refused, even if it declares the table."""
    walk = known_walks()["eigenlayer"]
    nobody = ("staker0", "strategy0")
    law = StateLaw(
        "TOY-01",
        "Nobody has more than staker0.",
        "",
        lambda view, subject: view.rows.get(STAKER_SHARES, nobody).deposit_shares >= 0 or subject is None,
        rows={STAKER_SHARES: lambda key: key},
    )
    catalogue, state = Catalogue([], [law], [], [], []), walked(walk, 0, 100)
    with pytest.raises(UndeclaredError, match=r"^TOY-01 of .* reads staker_shares\[\('staker0', 'strategy0'\)\]"):
        scan(catalogue, state)
    checker = Checker(catalogue, state, is_strict=True)
    write = Write(cast("Table[Any, Any]", STAKER_SHARES), ("staker1", "strategy0"), StakerShares(1, WAD))
    with pytest.raises(UndeclaredError, match=r"^TOY-01 of"):
        checker.accept(None, Delta([write], None))


def test_a_row_that_is_written_and_revalued_counts_once() -> None:
    """One step writes a row of QUEUED_SHARES and changes its operator's magnitude, which no rule does today."""
    walk = known_walks()["eigenlayer"]
    catalogue = walk.catalogue
    for seed in range(5):
        checker = Checker(state_laws_of(walk), walked(walk, seed, 250))
        rows = Draft(checker.state)
        key, row = next((k, r) for k, r in checker.state.rows(QUEUED_SHARES).items() if r.scaled_shares)
        magnitude = MAX_MAGNITUDES.latest(rows, (row.operator, row.strategy))
        MAX_MAGNITUDES.push(rows, (row.operator, row.strategy), current_block(rows), magnitude >> 1)
        rows.put(QUEUED_SHARES, key, type(row)(row.operator, row.strategy, current_block(rows), row.scaled_shares + 7))
        checker.accept(None, rows.delta())
        expected = compute_totals(catalogue, checker.state).groups(QUEUED_VALUE_WAD)
        assert {g: n for g, n in checker.totals.groups(QUEUED_VALUE_WAD).items() if n} == expected


def toy(harmless: Any) -> Catalogue:
    """A catalogue with one law that the passing of time can break. `harmless` is its test for changes of the clock that
    cannot break it.
    """
    law = StateLaw(
        "TOY-01",
        "Nobody holds shares after block 1100.",
        "",
        lambda view, key: (
            view.rows.get(CLOCK, SINGLETON).block < 1100 or view.rows.get(OPERATOR_SHARES, key).shares == 0
        ),
        rows={OPERATOR_SHARES: lambda key: key},
        also_reads=(CLOCK,),
        harmless={CLOCK: harmless},
    )
    return Catalogue([], [law], [], [], [])


def test_what_is_called_harmless_and_is_not_does_not_pass() -> None:
    """If a law calls a change harmless that can break it, `follow_changes` fails: the scan finds a violation that the
    incremental check misses.
    """
    state = walked(known_walks()["eigenlayer"], 0, 250)
    state.rows(CLOCK)[SINGLETON] = Clock(1000)

    def follow(harmless: Callable[[Clock, Clock], bool]) -> list[set[str]]:
        return [
            follow_changes(toy(harmless), state, Changing(state, [CLOCK, OPERATOR_SHARES], seed), 100)
            for seed in range(10)
        ]

    assert all(follow(lambda _, __: False))
    with pytest.raises(AssertionError):
        follow(lambda before, after: after.block >= before.block)


def test_exploring_scans_every_new_state() -> None:
    """If a law calls a change harmless that can break it, a search still finds the violation by a shortest sequence,
    since it scans each new state.
    """
    small = known_bounded_models()["eigenlayer"]
    walk = small.walk
    late = Walk(walk.protocol, toy(lambda _, __: True), walk.world, walk.opening, walk.next_action)
    report = explore(BoundedModel(late, [*small.calls, MineBlocks(2000)]), 3, True, lambda _: True)
    assert [type(call).__name__ for call in report.broken["TOY-01"].calls][-1] == "MineBlocks"
    assert len(report.broken["TOY-01"].calls) <= 2


@pytest.mark.source
def test_a_sum_of_totals_moves_with_them() -> None:
    """A sum whose rows add a total of another sum: an operator's shares and those of its stakers. Both checks agree on
    it.
    """
    walk = known_walks()["eigenlayer"]
    nested = NestedSum("nested", OPERATOR_SHARES, lambda _r, key, _row: key[1], ACTIVE, lambda row, n: row.shares + n)
    catalogue = Catalogue([ACTIVE, nested], [], [], [], [])
    for seed in range(10):
        state = walked(walk, seed, 250)
        follow_changes(catalogue, state, Changing(state, walk.protocol.schema.tables, seed), 60)


def test_two_laws_have_two_ids_and_a_law_asks_for_sums_of_its_catalogue() -> None:
    walk = known_walks()["eigenlayer"]
    laws = walk.catalogue.state_laws
    with pytest.raises(ValueError, match=r"^two laws of one id: " + laws[0].law_id):
        Catalogue(walk.catalogue.sums, [laws[0], laws[0]], [], [], [])
    asking = next(law for law in laws if law.sums)
    with pytest.raises(ValueError, match=f"^{asking.law_id} asks for sum "):
        Catalogue([], [asking], [], [], [])
