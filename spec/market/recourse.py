"""Recourse: the interface of the base that tables of stake on other chains use, in addition to `Port`.

Stake that a service counts on another chain at a point must be slashable at home later. Both bases compute from their
own views for how long that is so, and how much is left.
"""

from typing import Protocol

from spec.machine import Draft, Table, Write
from spec.market.port import Group, Service

Forgone = tuple[Service, str, str, int]
"""(service, operator or ANY_OPERATOR, pool, point): the service gave up its recourse for all points before `point`."""


class Recourse(Protocol):
    """The base, as to what can be slashed for an earlier point. No method writes."""

    def window(self, draft: Draft, pool: str) -> int:
        """The number of points for which stake of the pool that is lasting at a point can still be slashed after that
        point, the last one included; 0 if it cannot.
        """

    def reference(self, draft: Draft) -> int:
        """The last point whose slashable stake no further call can change."""

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The amount that a service can slash from an operator now, for an offence at `point`. `pool` is the pool from
        which the slash takes.
        """

    def together(self, draft: Draft, pool: str, point: int, amount: int) -> int:
        """The most that slashes of several operators can take together now. `amount` is the sum of their separate
        amounts. They are slashes in the pool for an offence at `point`.
        """

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The key of the stake that a slash by this service of this operator in this pool takes from. Slashes with the
        same key leave less for each other; slashes with different keys do not.
        """

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """The groups whose stake a Delta changes by a rounded amount, one entry for each such change."""

    def dust(self, roundings: int) -> int:
        """The most stake, in the pool's unit, that is lost to `roundings` rounded changes together with the rounding in
        the answer of `left`.
        """

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """The recourse that services give up by the rows that one base call wrote; empty for most calls."""

    def tables_of_recourse(self) -> tuple[Table[object, object], ...]:
        """Every table that `window`, `left` and `together` read."""
