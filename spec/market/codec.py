"""Traces of the market on a base: the base's head, the market's settings, and calls of both.

    {"protocol": "market_on_...", "base": {the head of a base's trace},
     "market": {"fee_token": "token0", "commission_delay_points": 5},
     "steps": [{"action": "FundOffer", "args": {"sender": "avs0", ...}, "ok": true, "error": null, "returns": null,
                "post": {"base": {a base's post}, "market": {"market_meters": [[key, row], ...], ...}}}]}

A call of the base or of the market is its class name and its fields. Time that passes is a call of its own. Numbers are
decimal strings.
"""

import sys
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final, cast

import attr

from spec.codec import Amount, Flag, Json, MalformedTrace, Number, SignedAmount, Text, as_object, check_fields, shown
from spec.layer import FIRST_LAYER_TABLE, Layered
from spec.machine import SINGLETON, Delta, Draft, Outcome, Rejection, Schema, State, Table, Transition
from spec.market.authority import Authority
from spec.market.custody import Custody
from spec.market.mandates_state import (
    CAP_MEMBERS,
    CAPS,
    LATEST_PLANS,
    PENDING_PLANS,
    PLAN_PACES,
    PLANS_IN_FORCE,
    TARGET_PLACES,
    TARGETS,
    Plan,
)
from spec.market.plans import in_force, pending, plan_at
from spec.market.port import Port
from spec.market.reasons import Reason
from spec.market.recourse import Recourse
from spec.market.state import SETTINGS, Settings
from spec.market.transition import market_layer
from spec.protocol import Protocol, Step, Trace, execute

HEAD: Final = ("protocol", "base", "market")
STEP: Final = ("action", "args", "ok", "error", "returns", "post")
PLAIN: Final[Mapping[Any, str]] = {str: "name", bool: "flag", int: "number"}
SETTINGS_FIELDS: Final = ("fee_token", "commission_delay_points")
LISTS_OF_PLANS: Final = (TARGETS, CAPS, CAP_MEMBERS)
OF_PLANS: Final[tuple[Table[Any, Any], ...]] = (
    *(PLANS_IN_FORCE, PENDING_PLANS, LATEST_PLANS, PLAN_PACES, TARGET_PLACES),
    *[table for each in LISTS_OF_PLANS for table in (each.lengths, each.places)],
)
"""The tables of plans, which traces do not show row by row."""

PLANS_SHOWN: Final = ("market_plans", "market_pending_plans")
"""The names under which traces show whole plans by mandate: those in force, and those pending."""


def market_on(
    name: str, base: Protocol, port: Port, custody: Custody, authority: Authority, recourse: Recourse
) -> Protocol:
    """The protocol `name`: the market as a layer on `base`, with calls of both in its traces.

    The market uses the base through the other four parameters.
    """
    layered = Layered(base.schema, base.actions, base.transition, market_layer(port, custody, authority, recourse))
    codec = _Codec(name, base, layered)
    return Protocol(
        name=name,
        schema=layered.schema,
        actions=(*base.actions, *layered.layer.actions),
        reasons=_reasons_of(base),
        transition=layered.transition,
        read_trace=codec.read_trace,
        write_trace=codec.write_trace,
        observe=codec.observe,
        observe_final=lambda _state, _world: None,
        write_returns=codec.write_returns,
        check_post=codec.check_post,
        security=base.security,
    )


def _reasons_of(base: Protocol) -> type[Rejection]:
    """An enumeration of the reasons of the base and of the market, for callers that list or count them.

    A rule returns a member of the base's or of the market's own enumeration, not of this one.
    """
    return cast("type[Rejection]", Enum("Reason", [(reason.name, reason.value) for reason in (*base.reasons, *Reason)]))


def state_on(base: State, schema: Schema, settings: Settings) -> State:
    """A state with the base's rows, and above them an empty market with the given settings."""
    state = schema.empty_state()
    for index, rows in enumerate(base.tables):
        state.tables[index].update(rows)
    state.rows(SETTINGS)[SINGLETON] = settings
    return state


class _Codec:
    """The reader and writer of traces of the market on one base."""

    def __init__(self, name: str, base: Protocol, layered: Layered) -> None:
        self._name: Final = name
        self._base: Final = base
        self._schema: Final = layered.schema
        self._kinds: Final = {kind.__name__: kind for kind in (*base.actions, *layered.layer.actions)}
        self._own: Final = layered.layer.actions
        self._records: Final = _records((*base.actions, *layered.layer.actions))
        self._errors: Final = frozenset([reason.value for reason in (*base.reasons, *Reason)])

    def read_trace(self, document: dict[str, Json]) -> Trace:
        """Parse a trace file: its starting state, and its steps. Raises MalformedTrace if it violates the format."""
        check_fields(document, (*HEAD, "steps"), "")
        if document["protocol"] != self._name:
            raise MalformedTrace("protocol", f"expected {self._name!r}, found {shown(document['protocol'])}")
        base_head = as_object(document["base"], "base")
        base = self._base.read_trace(self._base.write_trace(base_head, []))
        fields = as_object(document["market"], "market")
        check_fields(fields, SETTINGS_FIELDS, "market")
        token = cast(str, Text().read(fields["fee_token"], "market.fee_token", {}))
        delay = cast(int, Number(48).read(fields["commission_delay_points"], "market.commission_delay_points", {}))
        genesis = state_on(base.genesis, self._schema, Settings(token, delay))
        steps = document["steps"]
        if not isinstance(steps, list):
            raise MalformedTrace("steps", f"expected a list, found {shown(steps)}")
        read = [self._read_step(step, f"steps[{position}]") for position, step in enumerate(steps)]
        head = {field: document[field] for field in HEAD}
        return Trace(self._name, head, genesis, base.world, self.observe(genesis, base.world, None), read, None, "base")

    def write_trace(
        self, transition: Transition[Any], head: Mapping[str, Json], actions: Sequence[Any]
    ) -> dict[str, Json]:
        """A trace file with the rules' outcome of each action. `head` is a trace file's JSON without its steps."""
        check_fields(head, HEAD, "")
        trace = self.read_trace({**head, "steps": []})
        state, steps = trace.genesis, list[Json]()
        for action in actions:
            outcome = execute(transition, state, [action])
            step = {"action": type(action).__name__, "args": _fields(action), **self._answer(action, outcome)}
            steps.append({**step, "post": self.observe(state, trace.world, {})})
        return {**head, "steps": steps}

    def _answer(self, action: object, outcome: Outcome) -> dict[str, Json]:
        is_ok = isinstance(outcome, Delta)
        return {
            "ok": is_ok,
            "error": None if isinstance(outcome, Delta) else outcome.value,
            "returns": self.write_returns(action, outcome.returns) if isinstance(outcome, Delta) else None,
        }

    def _read_step(self, value: Json, where: str) -> Step:
        fields = as_object(value, where)
        check_fields(fields, STEP, where)
        name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
        if name not in self._kinds:
            raise MalformedTrace(f"{where}.action", f"unknown action {shown(name)}")
        action = _read_record(self._kinds[name], fields["args"], f"{where}.args", self._records)
        error = fields["error"]
        if error is not None and error not in self._errors:
            raise MalformedTrace(f"{where}.error", f"unknown error {shown(error)}")
        if cast(bool, Flag().read(fields["ok"], f"{where}.ok", {})) != (error is None):
            raise MalformedTrace(f"{where}.ok", "a step is ok if and only if it has no error")
        sender = cast("str | None", getattr(action, "sender", None))
        return Step(
            name, sender, fields["args"], [action], cast("str | None", error), fields["returns"], fields["post"], {}
        )

    def observe(self, state: State, world: object, _context: object) -> Json:
        """The whole state: the base's as its traces show it, and every written row of the market.

        The rows of plans are shown as one plan in force and one pending plan for each mandate.
        """
        rows: dict[str, Json] = {
            table.name: [[_write(key), _fields(row)] for key, row in sorted(state.rows(table).items(), key=repr)]
            for table in self._plain_tables()
        }
        return {"base": self._base.observe(state, world, {}), "market": {**rows, **_plans(state)}}

    def _plain_tables(self) -> list[Table[Any, Any]]:
        """The tables of the market whose rows traces show one by one: all but those of plans."""
        return [table for table in self._schema.tables[FIRST_LAYER_TABLE:] if table not in OF_PLANS]

    def check_post(self, post: Json, world: object, where: str) -> None:
        """Raise MalformedTrace if a recorded state violates the format.

        In the market's part, only the names of its tables are checked.
        """
        fields = as_object(post, where)
        check_fields(fields, ("base", "market"), where)
        self._base.check_post(fields["base"], world, f"{where}.base")
        names = [*[table.name for table in self._plain_tables()], *PLANS_SHOWN]
        check_fields(as_object(fields["market"], f"{where}.market"), names, f"{where}.market")

    def write_returns(self, action: object, returns: object) -> Json:
        """The JSON of an accepted call's return value. A base call's has the base's own format, a market call's is a
        decimal string.
        """
        if isinstance(action, self._own):
            return None if returns is None else _write(returns)
        return self._base.write_returns(action, returns)


def _plans(state: State) -> dict[str, Json]:
    """The JSON of the plan in force and the pending plan of each mandate."""
    draft = Draft(state)
    adopted = [
        [name, _fields(plan_at(draft, in_force(draft, name)))] for name in sorted(state.rows(PLANS_IN_FORCE), key=repr)
    ]
    proposed: list[Json] = []
    for name in sorted(state.rows(PENDING_PLANS), key=repr):
        row = draft.get(PENDING_PLANS, name)
        plan = plan_at(draft, pending(draft, name)) if row.is_pending else Plan()
        fields = {"is_pending": row.is_pending, "plan": _write(plan), "effect_point": _write(row.effect_point)}
        proposed.append([name, fields])
    return dict(zip(PLANS_SHOWN, (adopted, proposed), strict=True))


def _fields(value: object) -> dict[str, Json]:
    """The JSON of a call or a row: an object of its fields."""
    fields = cast("tuple[attr.Attribute[object], ...]", attr.fields(cast(Any, type(value))))
    return {field.name: _write(getattr(value, field.name)) for field in fields}


def _write(value: object) -> Json:
    """The JSON of a value in a call or a row: a decimal string for an integer, a list for a tuple.

    Strings and flags stay as they are. A record is an object of its fields and `is`, the name of its class.
    """
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return [_write(part) for part in value]
    return {"is": type(value).__name__, **_fields(value)}


Kinds = Mapping[str, Any]
"""The map from the name of a record's class to the class."""


def _records(actions: tuple[type[object], ...]) -> dict[str, Any]:
    """The map from its name to each record class that calls may contain.

    These are all attrs classes that the modules of the calls define or import.
    """
    modules = [sys.modules[name] for name in dict.fromkeys([kind.__module__ for kind in actions])]
    there = [getattr(module, name) for module in modules for name in dir(module)]
    return {kind.__name__: kind for kind in there if isinstance(kind, type) and attr.has(kind)}


def _read_record(kind: Any, value: Json, where: str, kinds: Kinds) -> Any:
    """A record of class `kind`, from the JSON object of its fields. `kinds` maps names to the classes of nested
    records.

    Raises MalformedTrace for a missing or unknown field. Raises it also for a value that does not fit a field of type
    str, bool or int.
    """
    fields = as_object(value, where)
    hints = typing.get_type_hints(kind)
    names = [field.name for field in attr.fields(kind)]
    check_fields(fields, names, where)
    parts: list[Any] = []
    for name in names:
        hint = hints[name]
        plain = typing.get_args(hint)[0] if typing.get_origin(hint) == Final else hint
        part = _read(plain, fields[name], f"{where}.{name}", kinds)
        if plain in PLAIN and PLAIN.get(type(part)) != PLAIN[plain]:
            raise MalformedTrace(f"{where}.{name}", f"expected a {PLAIN[plain]}, found {shown(fields[name])}")
        parts.append(part)
    return kind(*parts)


def _read(hint: Any, value: Json, where: str, kinds: Kinds) -> Any:
    """A value in a call, from its JSON. A list becomes a tuple, an object the record of its class `is`.

    A text of digits is a number, unless `hint`, the type of the field, is str. Raises MalformedTrace for any other
    value.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return tuple([_read(None, item, f"{where}[{position}]", kinds) for position, item in enumerate(value)])
    if isinstance(value, dict):
        kind = kinds.get(cast(str, value.get("is")))
        if kind is None:
            raise MalformedTrace(f"{where}.is", f"no record is {shown(value.get('is'))}")
        return _read_record(kind, {name: item for name, item in value.items() if name != "is"}, where, kinds)
    text = cast(str, Text().read(value, where, {}))
    if PLAIN.get(hint) == "name" or not text.removeprefix("-").isdecimal():
        return text
    return (SignedAmount(256) if text.startswith("-") else Amount()).read(value, where, {})
