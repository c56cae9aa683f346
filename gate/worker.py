"""The subprocess that answers questions about one version's rules, in the version's folder.

It describes the version, answers calls in a given state, plays scripts, and enumerates short sequences of calls. Each
line is one JSON object: a question with `op` and `seq`, or an answer with the same `seq`.
"""

import hashlib
import inspect
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from operator import attrgetter
from typing import Any, Final, cast

import attr

from gate.starting import answer_questions
from spec.codec import MalformedTrace
from spec.machine import Delta, Draft, State, apply

Answer = dict[str, Any]

MOST_STATES: Final = 400_000
"""The largest number of distinct states that a search keeps."""


def main() -> None:
    """Answer questions from standard input until it ends.

    The command's arguments are places (`module:attribute`): of the pack, of the protocol, of its calls, and of the
    function by which all accounts withdraw. The pack is loaded first, as by every command: it may fill a registry.
    """
    place, *places = sys.argv[1:]
    # imported by name, because packs are in a room above this package
    import_module("harness.protocols").pack_at(place)
    questions = _Questions(*places)

    def answer(op: str, fields: dict[str, Any]) -> Answer:
        answered: Answer = getattr(questions, f"on_{op}")(**fields)
        return answered

    answer_questions(answer)


def _at(place: str) -> Any:
    module, _, name = place.partition(":")
    return attrgetter(name)(import_module(module))


class _Questions:
    """The handlers of questions: `on_NAME` answers the question NAME, as a JSON object."""

    def __init__(self, protocol_at: str, calls_at: str = "", leaving_at: str = "") -> None:
        self._protocol: Final = _at(protocol_at)
        self._leaving_at: Final = leaving_at
        if calls_at:
            self._calls = _at(calls_at)
        else:
            self._calls = import_module("conformance.calls").Calls(self._protocol)
        self._search: _Search | None = None

    def on_describe(self) -> Answer:
        """The description of the version's interface, in three entries.

        `actions` maps each action to the names of its fields. `tables` maps each table to the names of its row's
        fields. `reasons` lists the names of all reasons, sorted.
        """
        return {
            "actions": {kind.__name__: _fields(kind) for kind in self._protocol.actions},
            "reasons": sorted(str(reason.value) for reason in self._protocol.reasons),
            "tables": {table.name: _fields(type(table.default)) for table in self._protocol.schema.tables},
        }

    def on_execute(self, state: Any, call: Any) -> Answer:
        """The answer to a call in a state. State and call are in the JSON form of `proofs.concrete.write`.

        `answer` is `accepted`, the reason, or `raises ERROR`. `returns` is the return value, and `rows` has every row
        that the call changes, before and after.
        """
        kinds = self._kinds()
        given: State = self._protocol.schema.empty_state()
        names = {table.name: table for table in self._protocol.schema.tables}
        for name, rows in state.items():
            for key, row in rows:
                given.tables[names[name].index][_read(key, kinds)] = _read(row, kinds)
        return _told(given, _guarded(self._protocol.transition, given, _read(call, kinds)))

    def on_play(self, head: Any, calls: Any, fields: Any) -> Answer:
        """The answers to the calls of a script, each as a list of three texts.

        The first is `accepted`, the reason, or `raises ERROR`. The second is the return value. The third is a digest of
        the rows that the call changes. It covers only `fields`, the fields by table that both versions have.
        """
        history = self._calls.begin(head)
        state = history.genesis.copy()
        answers = []
        for call in calls:
            writes = {}
            for action in history.read(call, "call")[0]:
                outcome = _guarded(self._protocol.transition, state, action)
                if isinstance(outcome, Delta):
                    writes.update(_written(state, outcome, fields))
                    state = apply(state, outcome)
            answers.append([_word(outcome), _returns(outcome), _digest(sorted(writes.items()))])
        return {"answers": answers}

    def on_trace(self, head: Any, calls: Any) -> Answer:
        """The trace document of a script (`trace`), with this version's answers to its calls."""
        history = self._calls.begin(head)
        actions = [action for call in calls for action in history.read(call, "call")[0]]
        return {"trace": self._protocol.write_trace(self._calls.head(head), actions)}

    def on_story(self, head: Any, calls: Any) -> Answer:
        """The steps of a script: each action with its answer, and every row that it changes, before and after."""
        run = _Run(self._protocol, self._calls.begin(head))
        return {"steps": [{"call": written(action), **_told(*step)} for _, action, *step in run.steps(calls)]}

    def on_holdings(self, head: Any, calls: Any) -> Answer:
        """The balances by token and account after a script (`at_once`), and after all accounts withdrew (`liquidated`).

        `liquidated` is None if the accounts cannot withdraw in this version.
        """
        state = _Run(self._protocol, self._calls.begin(head)).end(calls)
        at_once = self._balances(state)
        if not self._leaving_at:
            return {"at_once": at_once, "liquidated": None}
        state = state.copy()
        accounts = tuple(sorted({name for rows in at_once.values() for name in rows}))
        try:
            _at(self._leaving_at)(self._protocol, state, accounts)
        except Exception:  # a changed rule may fail in any way; balances are then compared as they stand
            return {"at_once": at_once, "liquidated": None}
        return {"at_once": at_once, "liquidated": self._balances(state)}

    def _balances(self, state: State) -> dict[str, dict[str, str]]:
        """The token balances by token and account: the rows of the table
        `token_balances`, keyed by (token, account).
        """
        found: dict[str, dict[str, str]] = {}
        for table in self._protocol.schema.tables:
            if table.name == "token_balances":
                for key, row in state.rows(table).items():
                    token, account = cast("tuple[str, str]", key)
                    found.setdefault(token, {})[account] = str(cast(Any, row).amount)
        return found

    def on_laws(self, walk_at: str, head: Any, calls: Any) -> Answer:
        """The ids of this version's laws that a script breaks, and the number of times that each law was checked.

        `walk_at` is the place of the walk that has the laws. Calls whose rule raises are left out.
        """
        from invariants.checking import Checker

        history = self._calls.begin(head)
        checker = Checker(_at(walk_at).catalogue, history.genesis.copy())
        broken: set[str] = set()
        for call in calls:
            for action in history.read(call, "call")[0]:
                outcome = _guarded(self._protocol.transition, checker.state, action)
                if isinstance(outcome, _Raised):
                    continue
                violations = (
                    checker.accept(action, outcome) if isinstance(outcome, Delta) else checker.reject(action, outcome)
                )
                broken |= {violation.law.law_id for violation in violations}
        broken |= {violation.law.law_id for violation in checker.scan()}
        return {"broken": sorted(broken), "checked": dict(checker.checked)}

    def on_speed(self, head: Any, calls: Any, positions: Any, times: int) -> Answer:
        """The time of each call of a script whose index is in `positions`, by index, in nanoseconds (`nanoseconds`).

        The time is the minimum of `times` measurements.
        """
        transition = self._protocol.transition
        steps = _Run(self._protocol, self._calls.begin(head)).steps(calls)
        return {
            "nanoseconds": {
                str(position): _nanoseconds(transition, state, action, times)
                for position, action, state, _ in steps
                if position in positions
            }
        }

    def on_search(self, head: Any, calls: Any, alphabet: Any, fields: Any) -> Answer:
        """Start a search of all sequences of the calls in `alphabet`, from the state after a script. The answer is
        empty; `on_level` asks for the results.

        `fields` are the row fields, by table, that distinguish states and answers.
        """
        state = _Run(self._protocol, self._calls.begin(head)).end(calls)
        kinds = self._kinds()
        self._search = _Search(self._protocol, state, [_read(each, kinds) for each in alphabet], fields)
        return {}

    def on_level(self) -> Answer:
        """The digests of the search's next level, as one string (`digests`): one for every call in every state of the
        level.

        The next level has the sequences with one more call. `is_full` is True if the search holds too many states to go
        on.
        """
        assert self._search is not None
        return {"digests": self._search.level(), "is_full": self._search.is_full}

    def on_found(self, index: int) -> Answer:
        """The sequence of calls that has the digest with index `index` in the last answer of `on_level`.

        It is given as indices in the alphabet (`calls`), with the answer to the last call.
        """
        assert self._search is not None
        return self._search.told(index)

    def _kinds(self) -> dict[str, type[Any]]:
        """Every record class in the modules of the actions and rows, by `module.class`."""
        roots = [*self._protocol.actions, *[type(table.default) for table in self._protocol.schema.tables]]
        modules = {kind.__module__ for kind in roots}
        there = [value for module in modules for value in vars(sys.modules[module]).values()]
        return {
            f"{value.__module__}.{value.__name__}": value
            for value in there
            if isinstance(value, type) and attr.has(value)
        }


class _Run:
    """A script run under this version's rules, from its genesis."""

    def __init__(self, protocol: Any, history: Any) -> None:
        self._transition: Final = protocol.transition
        self._history: Final = history
        self._state: State = history.genesis.copy()

    def steps(self, calls: Any) -> Iterator[tuple[int, Any, State, Any]]:
        """Each action of the calls, with its call's index, the state before it, and its outcome."""
        for position, call in enumerate(calls):
            for action in self._history.read(call, "call")[0]:
                before = self._state
                outcome = _guarded(self._transition, before, action)
                if isinstance(outcome, Delta):
                    self._state = apply(before, outcome)
                yield position, action, before, outcome

    def end(self, calls: Any) -> State:
        """The state after `calls`, which are executed after all calls that the run has executed before."""
        for _ in self.steps(calls):
            pass
        return self._state


class _Search:
    """A breadth-first search of all sequences of the calls in `alphabet`, which visits each distinct state once.

    Two versions search in the same order as long as all their answers are equal.
    """

    def __init__(self, protocol: Any, state: State, alphabet: Sequence[Any], fields: dict[str, list[str]]) -> None:
        self._transition: Final = protocol.transition
        self._alphabet: Final = alphabet
        self._fields: Final = fields
        self._met: Final = {self._fingerprint(0, state, Delta([], None))}
        self._last: list[tuple[State, int, tuple[int, ...]]] = []
        self._next: list[tuple[State, int, tuple[int, ...]]] = [(state, 0, ())]
        self.is_full = False

    def level(self) -> str:
        """The digests of all results in the next level, 16 hexadecimal digits each, concatenated.

        There is one for every call of the alphabet in every state of the level. It covers the answer, the return value
        and the state after the call.
        """
        self._last, self._next = self._next, []
        digests = []
        for state, mark, path in self._last:
            for number, action in enumerate(self._alphabet):
                outcome = _guarded(self._transition, state, action)
                after = mark
                if isinstance(outcome, Delta):
                    after = self._fingerprint(mark, state, outcome)
                    if after not in self._met and len(self._met) < MOST_STATES:
                        self._met.add(after)
                        self._next.append((apply(state, outcome), after, (*path, number)))
                digests.append(_digest([_word(outcome), _returns(outcome), after])[:16])
        self.is_full = len(self._met) >= MOST_STATES
        return "".join(digests)

    def told(self, index: int) -> Answer:
        """The sequence of calls that has the digest with this index in the last level. Also the answer to its last
        call.

        The calls are given as indices in the alphabet.
        """
        state, _, path = self._last[index // len(self._alphabet)]
        number = index % len(self._alphabet)
        outcome = _guarded(self._transition, state, self._alphabet[number])
        return {"calls": [*path, number], **_told(state, outcome)}

    def _fingerprint(self, mark: int, state: State, delta: Delta) -> int:
        """The fingerprint of a state: the XOR of a hash of each row that is not its table's default, over `fields`
        only.

        It is updated from `mark`, the fingerprint of the state before `delta`.
        """
        draft = Draft(state)
        for write in delta.writes:
            for row in (draft.get(write.table, write.key), write.row):
                mark ^= self._number(write.table, write.key, row)
        return mark

    def _number(self, table: Any, key: Any, row: Any) -> int:
        names = self._fields.get(table.name, [])
        values = [getattr(row, name) for name in names]
        if values == [getattr(table.default, name) for name in names]:
            return 0
        said = repr((table.name, key, values)).encode()
        return int.from_bytes(hashlib.sha256(said).digest()[:12], "big")


def _written(state: State, delta: Delta, fields: dict[str, list[str]]) -> dict[tuple[str, str], str]:
    """The rows that a delta changes, by table and key, restricted to `fields`."""
    draft = Draft(state)
    found = {}
    for write in delta.writes:
        names = fields.get(write.table.name, [])
        before, after = draft.get(write.table, write.key), write.row
        if [getattr(before, name) for name in names] != [getattr(after, name) for name in names]:
            found[write.table.name, repr(write.key)] = repr([getattr(after, name) for name in names])
    return found


class _Raised:
    """The answer of a rule that raised an exception. A correct rule never raises."""

    def __init__(self, error: Exception) -> None:
        self.value: Final = f"raises {type(error).__name__}: {error}"


def _guarded(transition: Callable[[Draft, Any], Any], state: State, action: Any) -> Any:
    try:
        return transition(Draft(state), action)
    except Exception as error:  # any exception of a wrong rule is its answer
        return _Raised(error)


def _nanoseconds(transition: Callable[[Draft, Any], Any], state: State, action: Any, times: int) -> int:
    least = 0
    for _ in range(times):
        begun = time.perf_counter_ns()
        _guarded(transition, state, action)
        spent = time.perf_counter_ns() - begun
        least = spent if not least else min(least, spent)
    return least


def _word(outcome: Any) -> str:
    return "accepted" if isinstance(outcome, Delta) else str(outcome.value)


def _returns(outcome: Any) -> str:
    return repr(outcome.returns) if isinstance(outcome, Delta) else ""


def _told(state: State, outcome: Any) -> Answer:
    """The answer to a call as JSON: `accepted`, the reason or `raises ERROR` (`answer`), the return value (`returns`),
    and every changed row, before and after (`rows`).
    """
    draft = Draft(state)
    rows = [
        [write.table.name, written(write.key), written(draft.get(write.table, write.key)), written(write.row)]
        for write in (outcome.writes if isinstance(outcome, Delta) else [])
    ]
    changed = [row for row in rows if row[2] != row[3]]
    returns = written(outcome.returns) if isinstance(outcome, Delta) else None
    return {"answer": _word(outcome), "returns": returns, "rows": sorted(changed, key=json.dumps)}


def _fields(kind: type[Any]) -> list[str]:
    return list(inspect.signature(kind).parameters)


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def written(value: Any) -> Any:
    """A value as JSON: integers as decimal strings, tuples as lists, records with their class name in `is`. None, truth
    values and strings are kept; anything else becomes its text.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple | list):
        return [written(part) for part in value]
    if attr.has(type(value)):
        kind = type(value)
        fields = {name: written(getattr(value, name)) for name in _fields(kind)}
        return {"is": f"{kind.__module__}.{kind.__name__}", **fields}
    return str(value)


def _read(value: Any, kinds: dict[str, type[Any]]) -> Any:
    """A value from its JSON form. An object with `is` becomes a record of that class in `kinds`, a list a tuple, and
    digits an integer.

    Raises MalformedTrace for an unknown class or wrong fields.
    """
    if isinstance(value, dict):
        kind = kinds.get(value["is"])
        if kind is None:
            raise MalformedTrace("is", f"no call and no row is {value['is']}")
        try:
            return kind(**{name: _read(part, kinds) for name, part in value.items() if name != "is"})
        except TypeError as error:
            raise MalformedTrace(value["is"], str(error)) from error
    if isinstance(value, list):
        return tuple([_read(part, kinds) for part in value])
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdecimal():
        return int(value)
    return value
