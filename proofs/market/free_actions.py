"""The calls of the free base."""

from typing import Final

import attr

from spec.market.actions import OpenReceiptVault
from spec.market.port import Service


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PassTime:
    """Let a number of points of the base's time pass."""

    points: Final[int]

    def __init__(self, points: int) -> None:
        self.points = points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Pay:
    """Pay an amount of a token from the sender to the account `to`."""

    sender: Final[str]
    token: Final[str]
    to: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, token: str, to: str, amount: int) -> None:
        self.sender = sender
        self.token = token
        self.to = to
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ChangeStake:
    """Set the stake in a pool that a service can slash of an operator to any amount."""

    service: Final[Service]
    operator: Final[str]
    pool: Final[str]
    amount: Final[int]

    def __init__(self, service: Service, operator: str, pool: str, amount: int) -> None:
        self.service = service
        self.operator = operator
        self.pool = pool
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ChangeReach:
    """Set the amount that a service can slash of an operator for an earlier point, as if nothing had been slashed. It
    may grow at any time, and may become anything once the pool's window for that point is over.
    """

    service: Final[Service]
    operator: Final[str]
    pool: Final[str]
    reached_point: Final[int]
    amount: Final[int]

    def __init__(self, service: Service, operator: str, pool: str, reached_point: int, amount: int) -> None:
        self.service = service
        self.operator = operator
        self.pool = pool
        self.reached_point = reached_point
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TakeStake:
    """Slash an amount of an operator's stake in a pool, for a service.

    The worth of each holder's position may change to anything, for which `price` stands. An amount `redress` of a token
    goes to the market's account.
    """

    service: Final[Service]
    operator: Final[str]
    pool: Final[str]
    amount: Final[int]
    price: Final[int]
    token: Final[str]
    redress: Final[int]

    def __init__(
        self, service: Service, operator: str, pool: str, amount: int, price: int, token: str, redress: int
    ) -> None:
        self.service = service
        self.operator = operator
        self.pool = pool
        self.amount = amount
        self.price = price
        self.token = token
        self.redress = redress


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Forgo:
    """Give up what a service could slash for points before `before_point`: of an operator, of which it slashes an
    amount by this call, or of all operators of a pool.
    """

    service: Final[Service]
    operator: Final[str]
    pool: Final[str]
    amount: Final[int]
    before_point: Final[int]
    is_of_all: Final[bool]

    def __init__(
        self, service: Service, operator: str, pool: str, amount: int, before_point: int, is_of_all: bool
    ) -> None:
        self.service = service
        self.operator = operator
        self.pool = pool
        self.amount = amount
        self.before_point = before_point
        self.is_of_all = is_of_all


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ChangeWeight:
    """Set the weight of a holder in the group of an operator in a pool to any amount."""

    operator: Final[str]
    pool: Final[str]
    holder: Final[str]
    amount: Final[int]

    def __init__(self, operator: str, pool: str, holder: str, amount: int) -> None:
        self.operator = operator
        self.pool = pool
        self.holder = holder
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ChangeValue:
    """Set what a unit of a position in a pool is worth to any fraction, as a slash does."""

    pool: Final[str]
    numerator: Final[int]
    denominator: Final[int]

    def __init__(self, pool: str, numerator: int, denominator: int) -> None:
        self.pool = pool
        self.numerator = numerator
        self.denominator = denominator


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class PutIn:
    """Deposit a sender's tokens into an account's position, which grows by the amount that the base chooses."""

    sender: Final[str]
    account: Final[str]
    pool: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, account: str, pool: str, amount: int) -> None:
        self.sender = sender
        self.account = account
        self.pool = pool
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class TakeOut:
    """Withdraw a number of pieces of the sender's position in a pool, for a holder."""

    sender: Final[str]
    pool: Final[str]
    pieces: Final[int]
    holder: Final[str]

    def __init__(self, sender: str, pool: str, pieces: int, holder: str) -> None:
        self.sender = sender
        self.pool = pool
        self.pieces = pieces
        self.holder = holder


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Complete:
    """Complete a withdrawal of the sender's queue, in tokens or back into its position."""

    sender: Final[str]
    pool: Final[str]
    number: Final[int]
    in_tokens: Final[bool]

    def __init__(self, sender: str, pool: str, number: int, in_tokens: bool) -> None:
        self.sender = sender
        self.pool = pool
        self.number = number
        self.in_tokens = in_tokens


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Allot:
    """Set the amount that a mandate allocates to a target, which is a service and an operator. The sender is the
    mandate's account.
    """

    sender: Final[str]
    pool: Final[str]
    service: Final[Service]
    operator: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, pool: str, service: Service, operator: str, amount: int) -> None:
        self.sender = sender
        self.pool = pool
        self.service = service
        self.operator = operator
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenVault:
    """Open a receipt vault, as the market's `OpenReceiptVault`: on the pool if `is_on_pool`, else on the vault beneath;
    without an operator unless `is_delegated`.

    The names of a proved call are never empty, so these two flags say which names count.
    """

    sender: Final[str]
    vault: Final[str]
    pool: Final[str]
    operator: Final[str]
    beneath: Final[str]
    mark_period_points: Final[int]
    is_on_pool: Final[bool]
    is_delegated: Final[bool]

    def __init__(
        self,
        sender: str,
        vault: str,
        pool: str,
        operator: str,
        beneath: str,
        mark_period_points: int,
        is_on_pool: bool,
        is_delegated: bool,
    ) -> None:
        self.sender = sender
        self.vault = vault
        self.pool = pool
        self.operator = operator
        self.beneath = beneath
        self.mark_period_points = mark_period_points
        self.is_on_pool = is_on_pool
        self.is_delegated = is_delegated

    def call(self) -> OpenReceiptVault:
        """The market's call `OpenReceiptVault` for which this one stands."""
        return OpenReceiptVault(
            self.sender,
            self.vault,
            self.pool if self.is_on_pool else "",
            self.operator if self.is_delegated else "",
            "" if self.is_on_pool else self.beneath,
            self.mark_period_points,
        )
