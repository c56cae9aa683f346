"""From a solver's model to a plain state and a plain call, and from these to a file that shows the violation again.

A model says what the rows that a path read are; every other row is its table's default. Sums are closed over the rows
that were read, so that the state is whole. Such a state satisfies the laws that the proof assumed of it, but it may be
one that no history reaches: then it says which lemma is missing, and nothing about the protocol.
"""

import importlib
import inspect
import typing
from typing import Any, Final

import attr
import z3

from invariants.checking import Checker, scan
from invariants.law import Catalogue
from proofs.obligations import Asked, Obligation, Prover
from proofs.state import Touch
from proofs.symbols import NAMES, Path, SymBool, SymInt, SymList, SymName, Term
from spec.codec import Json
from spec.machine import Delta, Draft, State

CLOSING_STEPS: Final = 5_000_000


class Counterexample:
    """A plain state and call, and what was said of them: which law they break, at which subject."""

    def __init__(self, law_id: str, action: Any, state: State) -> None:
        self.law_id: Final = law_id
        self.action: Final = action
        self.state: Final = state


def plain_module(place: str) -> Any:
    """The module of a theory as everybody else imports it: nothing lifted."""
    return importlib.import_module(place.partition(":")[0])


def plain_theory(place: str) -> Any:
    """The theory as everybody else imports it: nothing lifted."""
    return getattr(plain_module(place), place.partition(":")[2])


def concretise(prover: Prover, place: str, law_id: str, call: Any, obligation: Obligation) -> Counterexample | None:
    """A plain state and call for a goal that was refuted, or None if no state of the rows that were read is one."""
    closed = closed_model(prover, obligation)
    if closed is None:
        return None
    model, noted = closed
    theory = plain_theory(place)
    return Counterexample(law_id, _plain(call, model), _state(prover, theory, model, noted))


def closed_model(prover: Prover, obligation: Obligation) -> tuple[Any, list[Any]] | None:
    """A model in which no rows exist but those that were read, and what was read."""
    hypotheses, noted = prover.closed_world(obligation.here)
    solver = z3.Solver()
    solver.set("rlimit", CLOSING_STEPS)
    solver.add(*hypotheses, z3.Not(obligation.goal))
    if solver.check() != z3.sat:
        return None
    return solver.model(), noted


def _value(term: Term, model: Any) -> Any:
    value = model.eval(term, model_completion=True)
    return z3.is_true(value) if z3.is_bool(value) else int(value.as_long())


def _plain(value: Any, model: Any) -> Any:
    """What a symbol, a list, a key, a row or a call is in a model."""
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
    """The state whose rows are those that were read; histories get a checkpoint wherever their past was looked up."""
    state: State = theory.protocol.schema.empty_state()
    points: dict[tuple[int, Any], dict[int, int]] = {}
    with Path(None, [], False):
        for touch in noted:
            if isinstance(touch, Asked):
                continue
            key = _plain(touch.key, model)
            if touch.past_of is not None:
                value = _plain(touch.past_of.past(*touch.key), model)
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
    """Write a history as checkpoints: one where its past was looked up, one now for its latest value."""
    heads, checkpoints = (theory.protocol.schema.tables[t.index] for t in (history.heads, history.checkpoints))
    laid = [(point, value) for point, value in sorted(past.items()) if 0 <= point < now]
    if (laid[-1][1] if laid else heads.default.latest) != latest:
        laid.append((now, latest))
    for position, (point, value) in enumerate(laid):
        state.tables[checkpoints.index][(key, position)] = type(checkpoints.default)(point, value)
    state.tables[heads.index][key] = type(heads.default)(len(laid), laid[-1][1] if laid else latest)


class Replayed:
    """What plain rules and plain laws say of a counterexample: laws broken before the call, what it answered, and laws
    broken by it.
    """

    def __init__(self, before: list[str], outcome: str, broken: list[str]) -> None:
        self.before: Final = before
        self.outcome: Final = outcome
        self.broken: Final = broken


def replay(place: str, found: Counterexample) -> Replayed:
    """Let the plain specification execute the call in the state, and the plain laws judge both."""
    theory = plain_theory(place)
    catalogue = Catalogue(
        theory.catalogue.sums,
        theory.state_laws(),
        theory.catalogue.step_laws,
        theory.catalogue.liveness_laws,
        [],
    )
    before = scan(catalogue, found.state)
    checker = Checker(catalogue, found.state)
    try:
        outcome = theory.protocol.transition(Draft(found.state), found.action)
    except Exception as error:
        return Replayed([v.law.law_id for v in before], f"raises {error!r}", ["TOTAL"])
    if isinstance(outcome, Delta):
        broken = checker.accept(found.action, outcome)
        known = {(v.law.law_id, repr(v.subject)) for v in before}
        broken += [v for v in checker.scan() if (v.law.law_id, repr(v.subject)) not in known]
        answer = "accepted"
    else:
        broken = checker.refuse(found.action, outcome)
        answer = f"refused: {outcome.value}"
    return Replayed([v.law.law_id for v in before], answer, sorted({v.law.law_id for v in broken}))


def write(found: Counterexample) -> dict[str, Json]:
    """A counterexample as JSON: the call, and every row that is not its table's default."""
    names = [table.name for table in _schema(found)]
    return {
        "law": found.law_id,
        "call": _json(found.action),
        "state": {
            names[index]: [[_json(key), _json(row)] for key, row in rows.items()]
            for index, rows in enumerate(found.state.tables)
            if rows
        },
    }


def _schema(found: Counterexample) -> list[Any]:
    module = type(found.action).__module__.rpartition(".")[0]
    return list(importlib.import_module(module).PROTOCOL.schema.tables)


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


def read(place: str, document: dict[str, Any]) -> Counterexample:
    """The counterexample that was written."""
    theory = plain_theory(place)
    state: State = theory.protocol.schema.empty_state()
    for table in theory.protocol.schema.tables:
        for key, row in document["state"].get(table.name, []):
            state.tables[table.index][_read_key(key)] = _read(row)
    return Counterexample(document["law"], _read(document["call"]), state)


def _read_key(value: Any) -> Any:
    if isinstance(value, list):
        return tuple([_read_key(part) for part in value])
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        module, _, name = value["is"].rpartition(".")
        kind = getattr(importlib.import_module(module), name)
        return kind(*[_read(value[field]) for field in inspect.signature(kind).parameters])
    if isinstance(value, list):
        return tuple([_read(part) for part in value])
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value
