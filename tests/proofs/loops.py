"""A protocol whose calls loop over lists. Most calls are wrong on purpose, in ways that a list of one element does not
show.
"""

from typing import Any, Final

import attr

from invariants.law import Catalogue, StateLaw, Sum, View
from proofs.eigenlayer.listings import LISTS
from proofs.setup import Setup
from proofs.theory import Fold, Induction, Limits, Theory
from spec.eigenlayer.staking import without
from spec.machine import SINGLETON, Delta, Draft, Rejection, Schema, Table
from spec.protocol import Protocol

POT: Final = "pot"
"""The account from which all others are paid."""


class Reason(Rejection):
    """The reason for which this protocol rejects a call."""

    TOO_LITTLE = "TooLittle"


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Balance:
    amount: Final[int]

    def __init__(self, amount: int = 0) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Flag:
    is_set: Final[bool]

    def __init__(self, is_set: bool = False) -> None:
        self.is_set = is_set


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Listed:
    """The row that holds the listed accounts."""

    accounts: Final[tuple[str, ...]]

    def __init__(self, accounts: tuple[str, ...] = ()) -> None:
        self.accounts = accounts


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Group:
    """Several accounts that are paid together."""

    accounts: Final[tuple[str, ...]]

    def __init__(self, accounts: tuple[str, ...]) -> None:
        self.accounts = accounts


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Pay:
    """Pays one token from the pot to each account. If the pot runs empty, the whole call is rejected."""

    accounts: Final[tuple[str, ...]]

    def __init__(self, accounts: tuple[str, ...]) -> None:
        self.accounts = accounts


class PaySecond(Pay):
    """Wrong: pays as `Pay` does, and also makes a token out of nothing for each account but the first."""


class PayAfter(Pay):
    """Wrong: pays as `Pay` does, and also makes a token for each account that is paid after another one.

    The rule knows from a flag, which the iteration before wrote, that an account was paid.
    """


class PayTogether(Pay):
    """Right: pays all accounts, counts them, and takes that many tokens from the pot after the loop."""


class PayTogetherLess(Pay):
    """Wrong: as `PayTogether`, but takes one token too few from the pot if several accounts are paid."""


class PayOnce(Pay):
    """Wrong: checks that no listed account has tokens or a flag, then gives each a flag. An account that has its flag
    already, since it is listed twice, gets a token out of nothing.
    """


class PayAndStop(Pay):
    """Wrong: takes a token from the pot for each account, but ends at a rich account, other than the first, without
    paying it. So that token is lost.
    """


class PayGathered(Pay):
    """Wrong: pays nothing, but makes a token for each account but the first. The local list that the loop fills is not
    empty then.
    """


class PayAliased(Pay):
    """Wrong in the same way as `PayGathered`, but reads the local list by a second name."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Grant:
    """Wrong: makes tokens in the pot if the amount is negative."""

    amount: Final[int]

    def __init__(self, amount: int) -> None:
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PayGroups:
    """Pays one token to each account of each group."""

    groups: Final[tuple[Group, ...]]

    def __init__(self, groups: tuple[Group, ...]) -> None:
        self.groups = groups


class PayGroupsAfter(PayGroups):
    """Wrong: also makes a token for each group but the first. The rule knows from a flag that a group was
    paid before.
    """


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Drop:
    """Removes every account from the stored list, and clears the account's mark."""


class DropStale(Drop):
    """Wrong: removes each account from the list as it was before the call, so that all accounts but the last
    come back.
    """


class DropTwice(Drop):
    """Wrong: removes each account from the list twice."""


SCHEMA: Final = Schema()
BALANCES: Final[Table[str, Balance]] = SCHEMA.table("balances", Balance())
FLAGS: Final[Table[str, Flag]] = SCHEMA.table("flags", Flag())
MARKS: Final[Table[str, Flag]] = SCHEMA.table("marks", Flag())
LISTED: Final[Table[str, Listed]] = SCHEMA.table("listed", Listed())
HELD: Final = Sum("held", BALANCES, lambda _rows, _key, _row: "all", lambda row: row.amount)


def _give(draft: Draft, account: str, amount: int) -> None:
    draft.put(BALANCES, account, Balance(draft.get(BALANCES, account).amount + amount))


def _pay(draft: Draft, account: str) -> Reason | None:
    if draft.get(BALANCES, POT).amount < 1:
        return Reason.TOO_LITTLE
    _give(draft, POT, -1)
    _give(draft, account, 1)
    return None


def transition(draft: Draft, action: Any) -> Delta | Reason:
    """Executes a call. Returns its Delta, or the reason of its rejection."""
    if isinstance(action, Drop):
        return _drop(draft, action)
    if isinstance(action, Grant):
        _give(draft, POT, max(-action.amount, 0))
        return draft.delta()
    if isinstance(action, PayGroups):
        return _pay_groups(draft, action)
    if isinstance(action, PayTogether | PayTogetherLess):
        return _pay_together(draft, action)
    if isinstance(action, PayOnce):
        return _pay_once(draft, action)
    if isinstance(action, PayAndStop):
        return _pay_and_stop(draft, action)
    if isinstance(action, PayGathered | PayAliased):
        return _pay_gathered(draft, action)
    draft.put(FLAGS, SINGLETON, Flag(False))
    for position in range(len(action.accounts)):
        rejection = _pay(draft, action.accounts[position])
        if rejection is not None:
            return rejection
        if isinstance(action, PaySecond) and position > 0:
            _give(draft, action.accounts[position], 1)
        if isinstance(action, PayAfter):
            if draft.get(FLAGS, SINGLETON).is_set:
                _give(draft, action.accounts[position], 1)
            draft.put(FLAGS, SINGLETON, Flag(True))
    return draft.delta()


def _drop(draft: Draft, action: Drop) -> Delta | Reason:
    before = draft.get(LISTED, SINGLETON).accounts
    for account in before:
        draft.put(MARKS, account, Flag(False))
        left = draft.get(LISTED, SINGLETON).accounts
        for _ in range(2 if isinstance(action, DropTwice) else 1):
            left = without(before if isinstance(action, DropStale) else left, account)
        draft.put(LISTED, SINGLETON, Listed(left))
    return draft.delta(len(before))


def _pay_together(draft: Draft, action: Any) -> Delta | Reason:
    paid = 0
    for account in action.accounts:
        _give(draft, account, 1)
        paid += 1
    if isinstance(action, PayTogetherLess) and paid > 1:
        paid -= 1
    if draft.get(BALANCES, POT).amount < paid:
        return Reason.TOO_LITTLE
    _give(draft, POT, -paid)
    return draft.delta()


def _pay_once(draft: Draft, action: Any) -> Delta | Reason:
    for account in action.accounts:
        if draft.get(BALANCES, account).amount != 0 or draft.get(FLAGS, account).is_set:
            return Reason.TOO_LITTLE
    for account in action.accounts:
        if draft.get(FLAGS, account).is_set:
            _give(draft, account, 1)
        draft.put(FLAGS, account, Flag(True))
    return draft.delta()


def _pay_and_stop(draft: Draft, action: Any) -> Delta | Reason:
    for position in range(len(action.accounts)):
        if draft.get(BALANCES, POT).amount < 1:
            return Reason.TOO_LITTLE
        _give(draft, POT, -1)
        if position > 0 and draft.get(BALANCES, action.accounts[position]).amount > 1000:
            return draft.delta()
        _give(draft, action.accounts[position], 1)
    return draft.delta()


def _pay_gathered(draft: Draft, action: Any) -> Delta | Reason:
    paid: list[str] = []
    known = paid
    for account in action.accounts:
        if len(known if isinstance(action, PayAliased) else paid) > 0:
            _give(draft, account, 1)
        paid.append(account)
    return draft.delta()


def _pay_groups(draft: Draft, action: PayGroups) -> Delta | Reason:
    draft.put(FLAGS, SINGLETON, Flag(False))
    for group in action.groups:
        if isinstance(action, PayGroupsAfter) and draft.get(FLAGS, SINGLETON).is_set:
            _give(draft, POT, 1)
        draft.put(FLAGS, SINGLETON, Flag(True))
        for account in group.accounts:
            rejection = _pay(draft, account)
            if rejection is not None:
                return rejection
    return draft.delta()


def _paid_from_the_pot(rows: Draft, paid: Any) -> list[tuple[Any, Any, Any]]:
    return [(BALANCES, POT, Balance(rows.get(BALANCES, POT).amount - paid))]


SOUND: Final = Fold(
    lambda rows, names: _paid_from_the_pot(rows, names["paid"]),
    lambda rows, names: _paid_from_the_pot(rows, -names["paid"]),
    lambda _rows, names: [names["paid"] >= 0],
)
FORGETFUL: Final = Fold(SOUND.as_if, lambda rows, names: _paid_from_the_pot(rows, -names["paid"] + 1), SOUND.holds)
"""A wrong fold (the effect of a loop as the engine is told). The rows that it restores after the loop have one token
more than before.
"""
HASTY: Final = Fold(SOUND.as_if, SOUND.really, lambda _rows, names: [names["paid"] <= 1])
"""A wrong fold (the effect of a loop as the engine is told). Its condition, at most one account paid, holds after one
iteration but not after two.
"""

ACTIONS: Final = (
    Pay,
    PaySecond,
    PayAfter,
    PayTogether,
    PayTogetherLess,
    PayOnce,
    PayAndStop,
    PayGathered,
    PayAliased,
    PayGroups,
    PayGroupsAfter,
    Drop,
    DropStale,
    DropTwice,
    Grant,
)
PROTOCOL: Final = Protocol(
    "loops",
    SCHEMA,
    ACTIONS,
    Reason,
    transition,
    *[lambda *_: None] * 6,  # type: ignore[arg-type]  # a codec that nobody asks
)


def _no_more_than_at_the_start(view: View, _: str) -> bool:
    return view.total(HELD, "all") <= view.total_at_start(HELD, "all")


def _no_less_than_at_the_start(view: View, _: str) -> bool:
    return view.total(HELD, "all") >= view.total_at_start(HELD, "all")


def _who_is_listed_has_a_flag(view: View, account: str) -> bool:
    return view.rows.get(MARKS, account).is_set or account not in view.rows.get(LISTED, SINGLETON).accounts


def _each_is_listed_once(view: View, key: str) -> bool:
    listed = view.rows.get(LISTED, key).accounts
    return len(set(listed)) == len(listed)


def _all_listed_have_flags(view: View, _: str) -> bool:
    return all(view.rows.get(MARKS, account).is_set for account in view.rows.get(LISTED, SINGLETON).accounts)


def _is_to_be_dropped(rows: Draft, names: Any) -> list[Any]:
    listed = rows.get(LISTED, SINGLETON).accounts
    return [names["has"](listed, names["any"]) == names["to_do"](names["any"])]


def _theory(fold: Fold | None, **longest: int) -> Theory:
    catalogue = Catalogue(
        [HELD],
        [
            StateLaw("MADE", "No token is made.", "", _no_more_than_at_the_start, {}, {HELD: lambda group: group}),
            StateLaw("LOST", "No token is lost.", "", _no_less_than_at_the_start, {}, {HELD: lambda group: group}),
        ],
        [],
        [],
        [],
    )
    return Theory(
        protocol=PROTOCOL,
        catalogue=catalogue,
        state_module="tests.proofs.loops",
        now=lambda _rows: 0,
        is_well_formed=lambda _rows, _call: True,
        genesis={},
        induction=Induction(
            lemmas=[
                StateLaw("FLAG", "Who is listed has a mark.", "", _who_is_listed_has_a_flag, {MARKS: lambda key: key}),
                StateLaw("ONCE", "Each is listed once.", "", _each_is_listed_once, {LISTED: lambda key: key}),
                StateLaw(
                    "FLAGS", "All who are listed have marks.", "", _all_listed_have_flags, {LISTED: lambda key: key}
                ),
            ],
            follows={"FLAGS": ("FLAG",)},
        ),
        limits=Limits(
            lists={"listed.accounts": 1, **{f"{action}.accounts": length for action, length in longest.items()}},
            signed=("Grant.amount",),
        ),
        folds={"_drop": Fold(holds=_is_to_be_dropped), **({} if fold is None else {"_pay_together": fold})},
    )


SETUP: Final = Setup(LISTS)
THEORY: Final = _theory(SOUND)
OF_TWO: Final = _theory(SOUND, PayAfter=2)
WITHOUT: Final = _theory(None)
FORGETTING: Final = _theory(FORGETFUL)
HASTENING: Final = _theory(HASTY)
