"""Concrete counterexamples: from a solver's model to a plain state and call, and to a file that reproduces the
violation.

The model determines the rows that a path read; every other row is its table's default. Sums are made to equal the
totals of these rows. The state satisfies the laws that the proof assumed of it, but perhaps no sequence of calls
reaches it. Then it shows that a lemma is missing, and nothing about the protocol.
"""

import importlib
import inspect
import sys
import typing
from collections.abc import Collection
from typing import Any, Final, cast

import attr
import z3

from invariants.checking import Checker, Violation, scan
from invariants.law import Catalogue, StateLaw
from proofs.goals import Obligation, TotalRead
from proofs.paths import Path, Term
from proofs.prover import Prover
from proofs.state import Touch
from proofs.symbols import NAMES, SymBool, SymInt, SymList, SymName, term_of
from proofs.theory import PastLaw
from spec.codec import Json, MalformedTrace, as_object, check_fields, shown
from spec.machine import Delta, Draft, State

CLOSING_STEPS: Final = 5_000_000
WISHING_STEPS: Final = 200_000
"""The solver steps to find a model without further rows, and for each wish about it."""


class Counterexample:
    """A counterexample: the id of a law, and a plain state and call that break it."""

    def __init__(self, law_id: str, action: Any, state: State) -> None:
        self.law_id: Final = law_id
        self.action: Final = action
        self.state: Final = state


def plain_theory(place: str) -> Any:
    """The theory at `place` (`module:attribute`), as imported by Python, not lifted: its rules run on plain values."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def concretise(prover: Prover, place: str, law_id: str, call: Any, obligation: Obligation) -> Counterexample | None:
    """The plain state and call that refute a goal (`obligation`). None if no model is found in which only rows that
    were read exist. `call` is the symbolic call, `place` the theory's `module:attribute`.
    """
    closed = closed_model(prover, obligation)
    if closed is None:
        return None
    model, noted = closed
    theory = plain_theory(place)
    return Counterexample(law_id, _plain(call, model), _state(prover, theory, model, noted))


def closed_model(prover: Prover, obligation: Obligation) -> tuple[Any, list[Any]] | None:
    """A model of a refuted goal in which only the rows that were read exist, or one more for each sum; and the list of
    these reads. None if none is found.
    """
    for has_others in (False, True):
        hypotheses, noted = prover.sum_facts.closed_world(obligation.here, has_others)
        solver = z3.Solver()
        solver.set("rlimit", CLOSING_STEPS)
        solver.add(*hypotheses, z3.Not(obligation.goal))
        if solver.check() == z3.sat:
            return _best_model(prover, solver, noted), noted
    return None


def _best_model(prover: Prover, solver: Any, noted: list[Any]) -> Any:
    """A model of the solver's formulas that satisfies as many of the optional conditions of `_wishes` as possible,
    tried in order. `noted` are the reads.
    """
    model = solver.model()
    solver.set("rlimit", WISHING_STEPS)
    for wish in _wishes(prover, noted):
        solver.push()
        solver.add(wish)
        if solver.check() == z3.sat:
            model = solver.model()
        else:
            solver.pop()
    return model


def _wishes(prover: Prover, noted: list[Any]) -> list[Term]:
    """Optional conditions on a counterexample, which make it more likely to be valid when it runs. `noted` are the
    reads.

    The rows should be within the scopes of the proof, such as bounds on lists: laws were assumed only within these.
    Each history should have one small value at all times, since the checkpoints between the points that were read are
    invented.
    """
    wishes: list[Term] = []
    with Path(None, [], False):
        wishes += prover.scoped([touch for touch in noted if not isinstance(touch, TotalRead)])
        for touch in noted:
            if not isinstance(touch, TotalRead) and touch.past_of is not None:
                past = term_of(touch.past_of._past(*touch.key))
                latest = term_of(prover.before.rows.get(touch.past_of.heads, touch.key[0]).latest)
                wishes += [past == latest, latest <= 1]
    return wishes


def _value(term: Term, model: Any) -> Any:
    value = model.eval(term, model_completion=True)
    return z3.is_true(value) if z3.is_bool(value) else int(value.as_long())


def _plain(value: Any, model: Any) -> Any:
    """The plain value that a model gives to a symbol, list, key, row or call."""
    if isinstance(value, SymInt | SymBool):
        return _value(value.term, model)
    if isinstance(value, SymName):
        return NAMES.name(_value(value.term, model))
    if isinstance(value, SymList):
        return tuple([_plain(element, model) for element in value.elements(lambda term: _value(term, model))])
    if isinstance(value, tuple):
        return tuple([_plain(part, model) for part in value])
    if attr.has(type(value)):
        kind = getattr(importlib.import_module(type(value).__module__), type(value).__name__)
        return kind(*[_plain(getattr(value, name), model) for name in inspect.signature(kind).parameters])
    return value


def _state(prover: Prover, theory: Any, model: Any, noted: list[Any]) -> State:
    """The plain state that a model gives, with the rows that were read (`noted`). A history gets a checkpoint at each
    point where its past was read.
    """
    state: State = theory.protocol.schema.empty_state()
    points: dict[tuple[int, Any], dict[int, int]] = {}
    with Path(None, [], False):
        for touch in noted:
            if isinstance(touch, TotalRead):
                continue
            key = _plain(touch.key, model)
            if touch.past_of is not None:
                value = _plain(touch.past_of._past(*touch.key), model)
                points.setdefault((touch.past_of.heads.index, key[0]), {})[key[1]] = value
            elif not _is_checkpoint(prover, touch):
                state.tables[touch.table.index][key] = _plain(prover.tables[touch.table.index].get(touch.key), model)
    now = theory.now(Draft(state))
    for head in prover.histories():
        for key, row in list(state.tables[head.heads.index].items()):
            _lay(
                state,
                theory,
                head,
                key,
                points.pop((head.heads.index, key), {}),
                int(typing.cast(Any, row).latest),
                now,
            )
    return state


def _is_checkpoint(prover: Prover, touch: Touch) -> bool:
    return any(touch.table.index == history.checkpoints.index for history in prover.histories())


def _lay(state: State, theory: Any, history: Any, key: Any, past: dict[int, int], latest: int, now: int) -> None:
    """Write a history as checkpoints: one at each past point that was read, and one at the current point for its latest
    value.
    """
    heads, checkpoints = (theory.protocol.schema.tables[t.index] for t in (history.heads, history.checkpoints))
    laid = [(point, value) for point, value in sorted(past.items()) if 0 <= point < now]
    if (laid[-1][1] if laid else heads.default.latest) != latest:
        laid.append((now, latest))
    for position, (point, value) in enumerate(laid):
        state.tables[checkpoints.index][(key, position)] = type(checkpoints.default)(point, value)
    state.tables[heads.index][key] = type(heads.default)(len(laid), laid[-1][1] if laid else latest)


class Replayed:
    """The replay of a counterexample on plain rules and laws: the ids of the laws broken before the call, the outcome
    of the call, and the ids of the laws that it breaks. The outcome is `accepted`, `refused: REASON` or `raises ERROR`.
    """

    def __init__(self, before: list[str], outcome: str, broken: list[str]) -> None:
        self.before: Final = before
        self.outcome: Final = outcome
        self.broken: Final = broken


def as_state_law(law: Any) -> StateLaw:
    """The same law as an instance of StateLaw itself, since a compiled checker accepts no other class."""
    if isinstance(law, PastLaw):
        return StateLaw(law.law_id, law.sentence, law.source, law.holds, law.rows, law.sums, law.also_reads)
    return cast(StateLaw, law)


def _speaks_of(law: Any, sums: Collection[Any]) -> bool:
    return any(total in sums for total in getattr(law, "sums", ()))


def scan_nested(theory: Any, state: State) -> list[Violation]:
    """The violations in a state of a theory's laws about nested sums (built from totals of other sums). Every subject
    is checked, with all sums recomputed.
    """
    laws = [as_state_law(law) for law in theory.state_laws() if _speaks_of(law, theory.sums.nested)]
    return scan(Catalogue([*theory.catalogue.sums, *theory.sums.own], laws, [], [], []), state)


def replay(place: str, found: Counterexample) -> Replayed:
    """Execute the counterexample's call in its state by the plain specification, and check the plain laws before and
    after. If the rules raise an exception, TOTAL counts as broken and no other law is checked.
    """
    theory = plain_theory(place)
    catalogue = Catalogue(
        [*theory.catalogue.sums, *theory.sums.own],
        [as_state_law(law) for law in theory.state_laws() if not _speaks_of(law, theory.sums.nested)],
        theory.catalogue.step_laws,
        theory.catalogue.rejection_laws,
        [],
    )
    before = [*scan(catalogue, found.state), *scan_nested(theory, found.state)]
    checker = Checker(catalogue, found.state)
    try:
        outcome = theory.protocol.transition(Draft(found.state), found.action)
    except Exception as error:  # any exception of a rule breaks TOTAL, whatever it is
        return Replayed([v.law.law_id for v in before], f"raises {error!r}", ["TOTAL"])
    if isinstance(outcome, Delta):
        # A scan alone computes the totals of a theory's own sums: nothing says how a step moves them.
        broken = [v for v in checker.accept(found.action, outcome) if not _speaks_of(v.law, theory.sums.own)]
        known = {(v.law.law_id, repr(v.subject)) for v in before}
        broken += [
            v
            for v in [*checker.scan(), *scan_nested(theory, checker.state)]
            if (v.law.law_id, repr(v.subject)) not in known
        ]
        answer = "accepted"
    else:
        broken = checker.reject(found.action, outcome)
        answer = f"refused: {outcome.value}"
    return Replayed([v.law.law_id for v in before], answer, sorted({v.law.law_id for v in broken}))


def write(place: str, found: Counterexample) -> dict[str, Json]:
    """A counterexample as JSON: the id of the law, the call, and every row that the state stores, by table."""
    names = [table.name for table in plain_theory(place).protocol.schema.tables]
    return {
        "law": found.law_id,
        "call": _json(found.action),
        "state": {
            names[index]: [[_json(key), _json(row)] for key, row in rows.items()]
            for index, rows in enumerate(found.state.tables)
            if rows
        },
    }


def _json(value: Any) -> Json:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return [_json(part) for part in value]
    return {
        "is": f"{type(value).__module__}.{type(value).__name__}",
        **{name: _json(getattr(value, name)) for name in inspect.signature(type(value)).parameters},
    }


def read(place: str, document: dict[str, Json]) -> Counterexample:
    """The counterexample in a JSON document. Raises MalformedTrace if it is not one.

    The file is not trusted: it may name calls and rows of its protocol, and no other class is ever looked up.
    """
    protocol = plain_theory(place).protocol
    state: State = protocol.schema.empty_state()
    kinds = _kinds([*protocol.actions, *[type(table.default) for table in protocol.schema.tables]])
    check_fields(document, ["protocol", "law", "call", "state", *OUTCOME], "", optional=OUTCOME)
    rows = as_object(document["state"], "state")
    names = [table.name for table in protocol.schema.tables]
    check_fields(rows, names, "state", optional=names)
    for table in protocol.schema.tables:
        for position, pair in enumerate(_items(rows.get(table.name, []), f"state.{table.name}")):
            where = f"state.{table.name}[{position}]"
            if not isinstance(pair, list) or len(pair) != 2:
                raise MalformedTrace(where, f"expected a key and a row, found {shown(pair)}")
            row = _read(pair[1], f"{where}[1]", kinds)
            if type(row) is not type(table.default):
                raise MalformedTrace(f"{where}[1]", f"expected a row of {table.name}, found {shown(pair[1])}")
            state.tables[table.index][_read(pair[0], f"{where}[0]", kinds)] = row
    call = _read(document["call"], "call", kinds)
    if type(call) not in protocol.actions:
        raise MalformedTrace("call", f"expected a call of {protocol.name}, found {shown(document['call'])}")
    return Counterexample(str(document["law"]), call, state)


OUTCOME: Final = ("outcome", "broken_before", "broken", "is_known_to_be_reachable")
"""The fields of a stored counterexample that are for readers only and are not read back."""


def _kinds(roots: list[type[Any]]) -> dict[str, type[Any]]:
    """The classes with fields in the modules that define `roots`, by the name under which a file refers to them."""
    there = [value for module in {kind.__module__ for kind in roots} for value in vars(sys.modules[module]).values()]
    records = [value for value in there if isinstance(value, type) and attr.has(value)]
    return {f"{kind.__module__}.{kind.__name__}": kind for kind in records}


def _items(value: Json, where: str) -> list[Json]:
    if not isinstance(value, list):
        raise MalformedTrace(where, f"expected a list, found {shown(value)}")
    return value


def _read(value: Json, where: str, kinds: dict[str, type[Any]]) -> Any:
    if isinstance(value, dict):
        name = value.get("is")
        kind = kinds.get(name) if isinstance(name, str) else None
        if kind is None:
            raise MalformedTrace(f"{where}.is", f"no call and no row is {shown(name)}")
        hints = typing.get_type_hints(kind)
        fields = [field.name for field in attr.fields(kind)]
        check_fields(value, ["is", *fields], where)
        parts: list[Any] = []
        for field in fields:
            part = _read(value[field], f"{where}.{field}", kinds)
            # The compiler keeps the bare type of a declaration, without Final.
            is_final = typing.get_origin(hints[field]) is Final
            declared = typing.get_args(hints[field])[0] if is_final else hints[field]
            if declared in (int, str, bool) and type(part) is not declared:
                raise MalformedTrace(f"{where}.{field}", f"expected {declared.__name__}, found {shown(value[field])}")
            parts.append(part)
        return kind(*parts)
    if isinstance(value, list):
        return tuple([_read(part, f"{where}[{i}]", kinds) for i, part in enumerate(value)])
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise MalformedTrace(where, f"expected a name, a number as a string, or a record, found {shown(value)}")
    return int(value) if value.removeprefix("-").isdecimal() and value.isascii() else value


def outcome_of_a_witness(prover: Prover, place: str, call: Any, here: Path) -> str | None:
    """The plain rules' outcome in some state in which a call takes the path `here`: `accepted`, or the name of the
    reason. None if no such state is found.
    """
    found = concretise(prover, place, "", call, Obligation("a path is taken", here, z3.BoolVal(False)))
    if found is None:
        return None
    outcome = plain_theory(place).protocol.transition(Draft(found.state), found.action)
    return "accepted" if isinstance(outcome, Delta) else cast(str, outcome.name)
