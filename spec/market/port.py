"""The port: all that the market has to know of the protocol beneath it.

A protocol gets the market by implementing it from its own views; `eigenlayer.py` and `symbiotic.py` do, for two. A
*service* may slash (an operator set, a subnetwork). A *pool* holds what it slashes (a strategy, a vault). A *group* is
who stands behind an operator in a pool and bears its slashes together, by weight. A *point* is a block or a timestamp,
whichever the base counts its time in.
"""

from typing import Final, Protocol

import attr

from spec.machine import Draft, Table, Write

Service = tuple[str, int]
"""A service: the account that speaks for it, and a number of its own."""

Group = tuple[str, str]
"""A group of holders: an operator, or ANY_OPERATOR where a pool's holders are slashed for each alike; and the pool."""

ANY_OPERATOR: Final = ""

RowKey = tuple[str, object]
"""One row of the base: the name of its table, and its key."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Slashable:
    """The stake of an operator in a pool that a service could take for what happens now, in the pool's own unit.

    All of `amount` can be taken up to the point `until`; None: no end is in sight. `lasting` is the part of it that is
    not on its way out: no point that comes makes it less, only a call does.
    """

    amount: Final[int]
    until: Final[int | None]
    lasting: Final[int]

    def __init__(self, amount: int, until: int | None, lasting: int) -> None:
        self.amount = amount
        self.until = until
        self.lasting = lasting


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Slashed:
    """The amount that one slash took of a pool, in the pool's own unit, and who slashed whom."""

    service: Final[Service]
    operator: Final[str]
    pool: Final[str]
    amount: Final[int]

    def __init__(self, service: Service, operator: str, pool: str, amount: int) -> None:
        self.service = service
        self.operator = operator
        self.pool = pool
        self.amount = amount


class Port(Protocol):
    """The base, as the market sees it. Nothing here writes; a payment is an action that the base itself executes."""

    def now(self, draft: Draft) -> int:
        """The point at which this call executes."""

    def slashable(self, draft: Draft, service: Service, operator: str, pool: str) -> Slashable:
        """The stake that a service may slash from an operator now, and until when."""

    def rows_of_stake(self, service: Service, operator: str, pool: str) -> tuple[RowKey, ...]:
        """Every row on which `slashable(...).lasting` depends: where none of them is written it does not fall."""

    def group(self, operator: str, pool: str) -> Group:
        """The group that bears an operator's slashes in a pool."""

    def weight(self, draft: Draft, group: Group, holder: str) -> int:
        """The part of a group's stake that is a holder's, against those of others; no slash of the group moves it."""

    def rows_of_weight(self, group: Group, holder: str) -> tuple[RowKey, ...]:
        """Every row on which `weight` depends."""

    def value(self, draft: Draft, group: Group, holder: str) -> int:
        """The worth of a holder's position now, in the pool's own unit."""

    def slashes(self, before: Draft, after: Draft, writes: list[Write]) -> tuple[Slashed, ...]:
        """The slashes in a Delta."""

    def payment(self, token: str, sender: str, recipient: str, amount: int) -> object:
        """The action by which an account pays another."""

    def balance(self, draft: Draft, token: str, account: str) -> int:
        """The amount of a token that an account has."""

    def tables_of_stake(self) -> tuple[Table[object, object], ...]:
        """Every table that `slashable` reads."""

    def tables_of_slashes(self) -> tuple[Table[object, object], ...]:
        """Tables of which every slash writes one: where none of them is written, there are no slashes."""

    def tables_of_weight(self) -> tuple[Table[object, object], ...]:
        """Every table that `weight` reads."""
