"""The port: the interface of the base protocol that the market uses.

A protocol implements it from its own views; `eigenlayer.py` and `symbiotic.py` do. A *service* can slash (an operator
set, a subnetwork). A *pool* holds the stake that it slashes (a strategy, a vault). A *group* is the holders who stand
behind an operator in a pool, and bear its slashes together, by weight. A *point* is a unit of the base's time: a block
or a timestamp.
"""

from typing import Final, Protocol

import attr

from spec.machine import Draft, Table, Write

Service = tuple[str, int]
"""A service: the account that acts for it, and its number among that account's services."""

Group = tuple[str, str]
"""A group of holders: an operator and a pool. The operator is ANY_OPERATOR if all holders of the pool bear the slashes
of every operator alike.
"""

ANY_OPERATOR: Final = ""

RowKey = tuple[str, object]
"""The key of one base row: the name of its table, and its key there."""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Slashable:
    """The stake of an operator in a pool that a service could slash for an offence now. The unit is the pool's own.

    All of `amount` can be slashed up to the point `until`; None if no end is scheduled. `lasting` is the part without
    pending withdrawals or deallocations: only a call can reduce it, not the passing of time. A point is a block or a
    timestamp.
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
    """One slash: the service, the operator, the pool, and the amount that the pool lost, in the pool's own unit."""

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
    """The base protocol, as the market sees it. No method writes; a payment is an action that the base executes."""

    def now(self, draft: Draft) -> int:
        """The current point: the block number, or the timestamp in seconds."""

    def slashable(self, draft: Draft, service: Service, operator: str, pool: str) -> Slashable:
        """The stake of an operator in a pool that a service can slash for an offence now.

        It is in the pool's unit. With it come the last point at which all of it can be slashed, and its lasting part.
        """

    def rows_of_stake(self, service: Service, operator: str, pool: str) -> tuple[RowKey, ...]:
        """The keys of all base rows on which the lasting part of `slashable` depends. It cannot fall unless a call
        writes one of these rows.
        """

    def group(self, operator: str, pool: str) -> Group:
        """The group (an operator and a pool) whose holders bear an operator's slashes in a pool."""

    def weight(self, draft: Draft, group: Group, holder: str) -> int:
        """The holder's weight in a group, by which the holders bear slashes and share fees. A slash of the group does
        not change it.

        It is 0 for a holder who is not in the group.
        """

    def rows_of_weight(self, group: Group, holder: str) -> tuple[RowKey, ...]:
        """The keys of all base rows on which a holder's `weight` depends."""

    def value(self, draft: Draft, group: Group, holder: str) -> int:
        """The current value of a holder's stake in a group, in the pool's own unit. Rounds down."""

    def slashes(self, before: Draft, after: Draft, writes: list[Write]) -> tuple[Slashed, ...]:
        """The slashes in `writes`, the rows that one base call wrote.

        `before` and `after` are the states around the call.
        """

    def payment(self, token: str, sender: str, recipient: str, amount: int) -> object:
        """The base action by which `sender` pays `recipient` an amount of a token."""

    def balance(self, draft: Draft, token: str, account: str) -> int:
        """An account's balance of a token."""

    def tables_of_stake(self) -> tuple[Table[object, object], ...]:
        """Every table of the base that `Port.slashable` reads."""

    def tables_of_slashes(self) -> tuple[Table[object, object], ...]:
        """Tables of the base of which every slash writes at least one row. If none of them is written, there is no
        slash.
        """

    def tables_of_weight(self) -> tuple[Table[object, object], ...]:
        """Every table of the base that `Port.weight` reads."""
