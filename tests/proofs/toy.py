"""A protocol of a few rules. Some calls are wrong on purpose, each in a way that a careless engine would not notice."""

from typing import Any, Final

import attr

from invariants.law import AnyStep, Catalogue, ReadingSum, Scope, StateLaw, StepLaw, Sum, View
from proofs.theory import Induction, OwnSums, Theory
from spec.history import HistoryTable
from spec.machine import SINGLETON, Delta, Draft, Rejection, Schema, Table
from spec.protocol import Protocol


class Reason(Rejection):
    """The reason for which this protocol rejects a call."""

    TOO_LITTLE = "TooLittle"


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Clock:
    block: Final[int]

    def __init__(self, block: int = 0) -> None:
        self.block = block


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Balance:
    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Move:
    """Moves tokens from one account to another, which may be the same account."""

    sender: Final[str]
    to: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, to: str, amount: int) -> None:
        self.sender = sender
        self.to = to
        self.amount = amount


class MoveBlindly(Move):
    """Wrong: reads both balances before it writes, so that a move to the sender itself makes tokens."""


class MoveThirteen(Move):
    """Wrong: credits 14 tokens if 13 are moved."""


class Hesitate(Move):
    """Right: reads the balance again if more than 1000 are moved. Both paths write the same rows."""


class Share(Move):
    """Wrong: moves `amount` thousandths of the balance, rounded up. If `amount` exceeds a thousand, it moves more than
    is held.
    """


class Divide(Move):
    """Wrong: moves the balance divided by `amount`, which may be zero."""


class Remember(Move):
    """Wrong: pushes the balance into its history one block late."""


class Pass(Move):
    """Advances the clock by one block. From block 100 on, the sum WORTH counts every balance as zero."""


class GoBack(Move):
    """Sets the clock back by one block, after which the sum WORTH may count balances again."""


class Print(Move):
    """Moves as many tokens as `amount` has digits. It formats the amount as text, of which the engine knows nothing."""


SCHEMA: Final = Schema()
CLOCK: Final[Table[str, Clock]] = SCHEMA.table("clock", Clock())
BALANCES: Final[Table[str, Balance]] = SCHEMA.table("balances", Balance())
PAST_BALANCES: Final[HistoryTable[str]] = HistoryTable(SCHEMA, "past_balances", 0)

WORTH: Final = ReadingSum(
    "worth",
    BALANCES,
    lambda _rows, _key, _row: "all",
    lambda rows, row: row.amount if rows.get(CLOCK, SINGLETON).block < 100 else 0,
    {},
    also_reads=(CLOCK,),
)
HELD: Final = Sum("held", BALANCES, lambda _rows, _key, _row: "all", lambda row: row.amount)


def _digits(amount: int) -> int:
    return len(f"{amount}")


def transition(draft: Draft, action: Move) -> Delta | Reason:
    """Executes a call. Returns its Delta, or the reason of its rejection."""
    block = draft.get(CLOCK, SINGLETON).block
    if isinstance(action, Pass | GoBack):
        draft.put(CLOCK, SINGLETON, Clock(block + 1 if isinstance(action, Pass) else block - 1))
        return draft.delta()
    held = draft.get(BALANCES, action.sender).amount
    amount = action.amount
    if isinstance(action, Share):
        amount = -(-(held * action.amount) // 1000)
    if isinstance(action, Divide):
        amount = held // action.amount
    if isinstance(action, Hesitate) and amount > 1000:
        held = draft.get(BALANCES, action.sender).amount
    if isinstance(action, Print):
        amount = _digits(action.amount)
    if isinstance(action, Remember):
        PAST_BALANCES.push(draft, action.sender, draft.get(CLOCK, SINGLETON).block + 1, held)
        return draft.delta()
    if held < amount and not isinstance(action, Share):
        return Reason.TOO_LITTLE
    received = draft.get(BALANCES, action.to).amount
    draft.put(BALANCES, action.sender, Balance(held - amount))
    if not isinstance(action, MoveBlindly):
        received = draft.get(BALANCES, action.to).amount
    if isinstance(action, MoveThirteen):
        amount = amount if amount != 13 else 14
    draft.put(BALANCES, action.to, Balance(received + amount))
    return draft.delta()


def _none_is_negative(view: View, account: str) -> bool:
    return view.rows.get(BALANCES, account).amount >= 0


def _all_is_as_it_was(view: View, _: str) -> bool:
    return view.total(HELD, "all") == view.total_at_start(HELD, "all")


def _worth_is_held(view: View, _: str) -> bool:
    return view.total(WORTH, "all") <= view.total_at_start(WORTH, "all")


def _no_more_than_at_the_start(view: View, _: str) -> bool:
    return view.total(HELD, "all") <= view.total_at_start(HELD, "all")


def _moves(step: AnyStep) -> bool:
    action: Any = step.action
    gained = step.after.rows.get(BALANCES, action.to).amount - step.before.rows.get(BALANCES, action.to).amount
    return bool(gained == action.amount)


def _step_knows_what_it_moves(step: AnyStep) -> bool:
    return step.before.moved(HELD, "all") == step.after.total(HELD, "all") - step.before.total(HELD, "all")


def _total_never_moves(step: AnyStep) -> bool:
    return step.before.moved(HELD, "all") == 0


def _shares_exactly(step: AnyStep) -> bool:
    action: Any = step.action
    held = step.before.rows.get(BALANCES, action.sender).amount
    left = step.after.rows.get(BALANCES, action.sender).amount
    return bool(action.sender == action.to or (held - left) * 1000 == held * action.amount)


CATALOGUE: Final = Catalogue(
    sums=[HELD],
    state_laws=[
        StateLaw("SIGN", "No balance is negative.", "", _none_is_negative, rows={BALANCES: lambda key: key}),
        StateLaw("SUM", "No token is made or lost.", "", _all_is_as_it_was, rows={}, sums={HELD: lambda group: group}),
    ],
    step_laws=[
        StepLaw("GAIN", "Who is sent an amount has it more: false of who sends to itself.", "", _moves, Scope((Move,))),
        StepLaw("MOVED", "A step knows by how much it moves a total.", "", _step_knows_what_it_moves),
        StepLaw("STILL", "No step moves the total.", "", _total_never_moves),
        StepLaw("EXACT", "A share is not rounded, which is false.", "", _shares_exactly, Scope((Share,))),
    ],
    rejection_laws=[],
    witnesses=[],
)
PROTOCOL: Final = Protocol(
    "toy",
    SCHEMA,
    (Move, MoveBlindly, MoveThirteen, Hesitate, Share, Divide, Remember, Pass, GoBack, Print),
    Reason,
    transition,
    *[lambda *_: None] * 6,  # type: ignore[arg-type]  # a codec that nobody asks
)
THEORY: Final = Theory(
    protocol=PROTOCOL,
    catalogue=CATALOGUE,
    state_module="tests.proofs.toy",
    now=lambda rows: rows.get(CLOCK, SINGLETON).block,
    is_well_formed=lambda _rows, _call: True,
    genesis={BALANCES: lambda _rows, _key, row: [row.amount >= 0]},
    induction=Induction(
        lemmas=[
            StateLaw(
                "WORTH",
                "Balances are worth no more than at the start.",
                "",
                _worth_is_held,
                rows={},
                sums={WORTH: lambda group: group},
            ),
            StateLaw(
                "NO-MORE", "SUM, and less.", "", _no_more_than_at_the_start, rows={}, sums={HELD: lambda group: group}
            ),
        ],
        ranges=("SIGN",),
        apart=("NO-MORE",),
        follows={"NO-MORE": ("SUM",)},
    ),
    sums=OwnSums(
        own=(WORTH,),
        falling=(WORTH,),
    ),
)
