"""A protocol of one call, with places into which tests write Python that an engine might misread.

A payment adds one to the sender's purse, unless the payment is free: then nothing is written. The law GROWS, that a
payment adds one, is therefore false as soon as any payment is free. Each canary, a false statement that must not be
proved, writes an expression that makes some payment free.
"""

from typing import Any, Final

import attr

from invariants.law import AnyRejection, AnyStep, Catalogue, ReadingSum, RejectionLaw, StateLaw, StepLaw, Sum, View
from proofs.theory import Induction, Limits, OwnSums, PastLaw, Theory
from spec.history import History, HistoryTable
from spec.machine import SINGLETON, Delta, Draft, Rejection, Schema, Table
from spec.protocol import Protocol


class Reason(Rejection):
    """The reason for which this protocol rejects a call."""

    CLOSED = "Closed"


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Clock:
    block: Final[int]
    price: Final[int]

    def __init__(self, block: int = 0, price: int = 1) -> None:
        self.block = block
        self.price = price


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Purse:
    amount: Final[int]
    is_frozen: Final[bool]

    def __init__(self, amount: int = 0, is_frozen: bool = False) -> None:
        self.amount = amount
        self.is_frozen = is_frozen


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Pay:
    sender: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, amount: int) -> None:
        self.sender = sender
        self.amount = amount


SCHEMA: Final = Schema()
CLOCK: Final[Table[str, Clock]] = SCHEMA.table("clock", Clock())
PURSES: Final[Table[str, Purse]] = SCHEMA.table("purses", Purse())
PAST: Final[HistoryTable[str]] = HistoryTable(SCHEMA, "past", 0)

HELD: Final = Sum("held", PURSES, lambda _rows, _key, _row: "all", lambda row: row.amount)
WORTH: Final = ReadingSum(
    "worth",
    PURSES,
    lambda _rows, _key, _row: "all",
    lambda rows, row: row.amount * rows.get(CLOCK, SINGLETON).price,
    {
        CLOCK: lambda before, rows, _key: [
            (
                "all",
                before.total(HELD, "all")
                * (rows.get(CLOCK, SINGLETON).price - before.rows.get(CLOCK, SINGLETON).price),
            )
        ]
    },
    also_reads=(CLOCK,),
)


# Here a canary defines what it needs.


def is_free(draft: Draft, action: Pay) -> bool:
    """True if a payment is free. Tests replace the expression, which is never true here."""
    held = draft.get(PURSES, action.sender)
    return held.amount < held.amount  # a canary


def transition(draft: Draft, action: Pay) -> Delta | Reason:
    """Add one to the sender's purse, whatever the amount; a free payment writes nothing. Rejects: CLOSED after block
    9000.
    """
    held = draft.get(PURSES, action.sender)
    if draft.get(CLOCK, SINGLETON).block > 9000:
        return Reason.CLOSED
    if not is_free(draft, action):
        draft.put(PURSES, action.sender, Purse(held.amount + 1, held.is_frozen))
    return draft.delta()


def _grows(step: AnyStep) -> bool:
    sender = getattr(step.action, "sender")  # noqa: B009  # an action is any object to a law
    return bool(step.after.rows.get(PURSES, sender).amount == step.before.rows.get(PURSES, sender).amount + 1)


def _is_any(_view: View, _key: Any) -> bool:
    return True


def _worth_moves(step: AnyStep) -> bool:
    moved = step.before.moved(HELD, "all") * step.after.rows.get(CLOCK, SINGLETON).price
    risen = step.after.rows.get(CLOCK, SINGLETON).price - step.before.rows.get(CLOCK, SINGLETON).price
    return step.before.moved(WORTH, "all") == moved + step.before.total(HELD, "all") * risen


def _never(_step: AnyStep) -> bool:
    return False


def _protects_nobody(_view: View, _call: Any) -> bool:
    return False


def _is_right(_refusal: AnyRejection) -> bool:
    return True


CATALOGUE: Final = Catalogue(
    sums=[HELD],
    state_laws=[StateLaw("ANY", "Nothing is said.", "", _is_any, rows={PURSES: lambda key: key})],
    step_laws=[
        StepLaw("GROWS", "Who pays has one more.", "", _grows),
        StepLaw("MOVES", "A total moves by its rows.", "", _worth_moves),
        StepLaw("IDLE", "Said of no step.", "", _grows, applies_to=_never),
    ],
    rejection_laws=[RejectionLaw("NOBODY", "Said of no call.", "", _is_right, applies_to=_protects_nobody)],
    witnesses=[],
)
PROTOCOL: Final = Protocol(
    "purse",
    SCHEMA,
    (Pay,),
    Reason,
    transition,
    *[lambda *_: None] * 6,  # type: ignore[arg-type]  # a codec that nobody asks
)
LEMMAS: Final[list[StateLaw | PastLaw]] = []
THEORY: Final = Theory(
    protocol=PROTOCOL,
    catalogue=CATALOGUE,
    state_module=__name__,
    now=lambda rows: rows.get(CLOCK, SINGLETON).block,
    is_well_formed=lambda _rows, _call: True,
    genesis={PURSES: lambda _rows, _key, row: [row.amount >= 0]},
    induction=Induction(
        lemmas=LEMMAS,
        ranges=(),
    ),
    limits=Limits(),
    sums=OwnSums(
        own=(WORTH,),
        revalued={
            WORTH: lambda before, after, row, _key: (
                row.amount * (after.get(CLOCK, SINGLETON).price - before.get(CLOCK, SINGLETON).price)
            )
        },
    ),
)
NOBODY: Final = History(0, 0)
