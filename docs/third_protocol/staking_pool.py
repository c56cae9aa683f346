"""A third protocol in one file: a staking pool that secures a single service, which may slash it.

It shows all that a protocol must bring to be checked by `restake`: rows and tables, actions, reasons, a transition, and
a codec for its traces. Nothing in the project knows of it; `restake check --protocol staking_pool:PROTOCOL` finds it by
name.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final, cast

import attr

from spec.arithmetic import WAD, mul_div_floor, mul_wad_ceil
from spec.codec import (
    ActionFormat,
    Amount,
    Flag,
    Json,
    ListOf,
    MalformedTrace,
    MapOf,
    Name,
    Record,
    Text,
    argument,
    as_object,
    check_fields,
)
from spec.machine import SINGLETON, Delta, Draft, Schema, State, Table, Transition
from spec.protocol import Protocol, Step, Trace, execute

SERVICE: Final = "service"
"""The one account that may slash."""


class Reason(Enum):
    """Reasons of rejection."""

    NO_SHARES_FOR_AMOUNT = "NoSharesForAmount"
    NOT_ENOUGH_SHARES = "NotEnoughShares"
    NOT_THE_SERVICE = "NotTheService"
    INVALID_FRACTION = "InvalidFraction"


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Pool:
    """The pool's tokens, and the shares that divide them."""

    stake: Final[int]
    shares: Final[int]

    def __init__(self, stake: int = 0, shares: int = 0) -> None:
        self.stake = stake
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Staker:
    """The shares of one staker."""

    shares: Final[int]

    def __init__(self, shares: int = 0) -> None:
        self.shares = shares


SCHEMA: Final = Schema()
POOL: Final[Table[str, Pool]] = SCHEMA.table("pool", Pool())
STAKERS: Final[Table[str, Staker]] = SCHEMA.table("stakers", Staker())


@attr.frozen
class Deposit:
    """Add stake, for shares."""

    sender: str
    amount: int


@attr.frozen
class Withdraw:
    """Take out what shares are worth."""

    sender: str
    shares: int


@attr.frozen
class Slash:
    """Burn a fraction of the pool."""

    sender: str
    wad_to_slash: int


Action = Deposit | Withdraw | Slash


def deposit(draft: Draft, action: Deposit) -> Delta | Reason:
    """Shares round down, for those already in the pool. Rejects: NO_SHARES_FOR_AMOUNT."""
    pool = draft.get(POOL, SINGLETON)
    shares = mul_div_floor(action.amount, pool.shares + 1, pool.stake + 1)
    if shares == 0:
        return Reason.NO_SHARES_FOR_AMOUNT
    draft.put(POOL, SINGLETON, Pool(pool.stake + action.amount, pool.shares + shares))
    draft.put(STAKERS, action.sender, Staker(draft.get(STAKERS, action.sender).shares + shares))
    return draft.delta(shares)


def withdraw(draft: Draft, action: Withdraw) -> Delta | Reason:
    """The amount rounds down, for those who stay. Rejects: NOT_ENOUGH_SHARES."""
    pool = draft.get(POOL, SINGLETON)
    held = draft.get(STAKERS, action.sender).shares
    if action.shares > held:
        return Reason.NOT_ENOUGH_SHARES
    amount = mul_div_floor(action.shares, pool.stake + 1, pool.shares + 1)
    draft.put(POOL, SINGLETON, Pool(pool.stake - amount, pool.shares - action.shares))
    draft.put(STAKERS, action.sender, Staker(held - action.shares))
    return draft.delta(amount)


def slash(draft: Draft, action: Slash) -> Delta | Reason:
    """A slash burns tokens, rounded up, against the stakers. Rejects, in order: NOT_THE_SERVICE, INVALID_FRACTION."""
    if action.sender != SERVICE:
        return Reason.NOT_THE_SERVICE
    if not 0 < action.wad_to_slash <= WAD:
        return Reason.INVALID_FRACTION
    pool = draft.get(POOL, SINGLETON)
    burned = mul_wad_ceil(pool.stake, action.wad_to_slash)
    draft.put(POOL, SINGLETON, Pool(pool.stake - burned, pool.shares))
    return draft.delta(burned)


def transition(draft: Draft, action: Action) -> Delta | Reason:
    """Every action, answered by its rule."""
    if isinstance(action, Deposit):
        return deposit(draft, action)
    if isinstance(action, Withdraw):
        return withdraw(draft, action)
    return slash(draft, action)


ACCOUNT: Final = Name("account")
ACTION_FORMATS: Final = {
    "deposit": ActionFormat(Deposit, [argument("amount", Amount())]),
    "withdraw": ActionFormat(Withdraw, [argument("shares", Amount())]),
    "slash": ActionFormat(Slash, [argument("wad_to_slash", Amount())]),
}
POST: Final = Record(
    lambda *fields: fields,
    [("stake", "stake", Amount()), ("shares", "shares", Amount()), ("stakers", "stakers", MapOf(ACCOUNT, Amount()))],
)
ERRORS: Final = [reason.value for reason in Reason]
HEAD: Final = ("protocol", "name", "stakers")


def read_trace(document: dict[str, Json]) -> Trace:
    """A trace file: the stakers there are, and the steps."""
    check_fields(document, (*HEAD, "steps"), "")
    name = cast(str, Text().read(document["name"], "name", {}))
    stakers = read_stakers(document)
    names = {"account": frozenset((*stakers, SERVICE))}
    if not isinstance(document["steps"], list):
        raise MalformedTrace("steps", "expected a list")
    steps = [read_step(value, f"steps[{position}]", names) for position, value in enumerate(document["steps"])]
    genesis = SCHEMA.empty_state()
    head = {field: document[field] for field in HEAD}
    return Trace(name, head, genesis, stakers, observe(genesis, stakers, None), steps, None)


def read_stakers(document: Mapping[str, Json]) -> tuple[str, ...]:
    """The stakers there are."""
    return cast("tuple[str, ...]", ListOf(Text()).read(document["stakers"], "stakers", {}))


def write_trace(transition: Transition[Any], head: Mapping[str, Json], actions: Sequence[Any]) -> dict[str, Json]:
    """A trace file of what the rules answer to the actions; `head` is a file without its steps."""
    check_fields(head, HEAD, "")
    state, stakers = SCHEMA.empty_state(), read_stakers(head)
    steps: list[Json] = []
    for action in actions:
        outcome = execute(transition, state, [action])
        name = next(name for name, format in ACTION_FORMATS.items() if format.make is type(action))
        steps.append(
            {
                "action": name,
                "sender": action.sender,
                "args": ACTION_FORMATS[name].write(action),
                "ok": isinstance(outcome, Delta),
                "error": None if isinstance(outcome, Delta) else outcome.value,
                "returns": str(outcome.returns) if isinstance(outcome, Delta) else None,
                "post": observe(state, stakers, None),
            }
        )
    return {**head, "steps": steps}


def read_step(value: Json, where: str, names: dict[str, frozenset[str]]) -> Step:
    """One step: who calls what, and what came of it."""
    fields = as_object(value, where)
    check_fields(fields, ("action", "sender", "args", "ok", "error", "returns", "post"), where)
    name = cast(str, Text().read(fields["action"], f"{where}.action", {}))
    if name not in ACTION_FORMATS:
        raise MalformedTrace(f"{where}.action", f"unknown action {name!r}")
    sender = cast(str, ACCOUNT.read(fields["sender"], f"{where}.sender", names))
    action = ACTION_FORMATS[name].read(sender, fields["args"], f"{where}.args", names)
    error = fields["error"]
    if error is not None and error not in ERRORS:
        raise MalformedTrace(f"{where}.error", f"unknown error {error!r}")
    if Flag().read(fields["ok"], f"{where}.ok", {}) != (error is None):
        raise MalformedTrace(f"{where}.ok", "a step is ok if and only if it has no error")
    return Step(name, sender, fields["args"], [action], error, fields["returns"], fields["post"])


def observe(state: State, world: object, _context: object) -> Json:
    """The whole state as a step's `post` shows it."""
    draft = Draft(state)
    pool = draft.get(POOL, SINGLETON)
    stakers = {staker: str(draft.get(STAKERS, staker).shares) for staker in cast("tuple[str, ...]", world)}
    return {"stake": str(pool.stake), "shares": str(pool.shares), "stakers": stakers}


def check_post(post: Json, world: object, where: str) -> None:
    """Refuse a `post` that is not of that shape."""
    POST.read(post, where, {"account": frozenset(cast("tuple[str, ...]", world))})


def beside(name: str) -> Path:
    """A folder beside this file: a function, since proofs lift this module, which may ask little while it is loaded."""
    return Path(__file__).parent / name


PROTOCOL: Final = Protocol(
    name="staking_pool",
    schema=SCHEMA,
    actions=(Deposit, Withdraw, Slash),
    reasons=Reason,
    transition=transition,
    read_trace=read_trace,
    write_trace=write_trace,
    observe=observe,
    observe_final=lambda _state, _world: None,
    write_returns=lambda _action, returns: str(returns),
    check_post=check_post,
    traces=beside("traces"),
)
