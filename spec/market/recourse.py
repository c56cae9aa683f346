"""Recourse: the interface of the base that tables of stake on other chains use, in addition to `Port`.

Stake that a service counts on another chain at a point must be slashable at home later. Both bases compute from their
own views for how long it is, and how much of it is left.
"""

from typing import Protocol

from spec.machine import Draft, Table, Write
from spec.market.port import Group, Service

Forgone = tuple[Service, str, str, int]
"""A service's recourse that it gave up, as (service, operator or ANY_OPERATOR, pool, point): it can no longer slash for
points before `point`.
"""


class Recourse(Protocol):
    """The interface to stake that can be slashed for an earlier point. No method writes."""

    def window(self, draft: Draft, pool: str) -> int:
        """The number of points after a point for which its lasting stake can still be slashed, the last one included; 0
        if for none.

        Lasting stake is the part without pending withdrawals or deallocations.
        """

    def reference(self, draft: Draft) -> int:
        """The last point whose slashable stake no further call can change."""

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The amount that a service can slash from an operator now, for an offence at `point`. The slash takes from
        `pool`.
        """

    def together(self, draft: Draft, pool: str, point: int, amount: int) -> int:
        """The most that slashes of several operators in `pool`, for offences at `point`, can take together now.

        `amount` is the sum of the separate slashable amounts of these operators.
        """

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The key of the amount of stake from which a slash takes. A slash is by a service, of an operator, in a pool.

        Slashes with the same key leave less for each other; slashes with different keys do not.
        """

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """The groups whose stake the written rows change by a rounded amount, one entry for each such change.

        A rounded change may lose some stake, as `Recourse.dust` says.
        """

    def dust(self, roundings: int) -> int:
        """The most stake, in the pool's unit, that `roundings` rounded changes and the rounding in `Recourse.left` can
        lose together.
        """

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """The recourse that services give up by the rows that one base call wrote; empty for most calls."""

    def tables_of_recourse(self) -> tuple[Table[object, object], ...]:
        """Every table that `window`, `left` and `together` read."""
