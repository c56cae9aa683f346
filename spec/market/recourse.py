"""Recourse: all that tables of stake on other chains have to know of the base, beside the port.

What a service counts abroad at a point it has to be able to slash at home later. Both bases say from their own views
how long that is so, and what is left of it.
"""

from typing import Protocol

from spec.machine import Draft, Table, Write
from spec.market.port import Group, Service

Forgone = tuple[Service, str, str, int]
"""A service has given up what it counted of an operator, or of ANY_OPERATOR, in a pool before a point."""


class Recourse(Protocol):
    """The base, as to what can be slashed for an earlier point. Nothing here writes."""

    def window(self, draft: Draft, pool: str) -> int:
        """The points for which what lasts at a point can be slashed after it, that many included; 0: for none."""

    def reference(self, draft: Draft) -> int:
        """The last point of which no call can change any more what may be slashed for it."""

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The amount that a service can slash of an operator now, for what happened at a point."""

    def together(self, draft: Draft, pool: str, point: int, amount: int) -> int:
        """The most that slashes of several operators can take together now, if each alone makes up the amount."""

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The stake that a slash takes from: slashes of one purse leave less for one another, and for no other."""

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """The groups of which a Delta moves stake by a rounded number, each as often as it does."""

    def dust(self, roundings: int) -> int:
        """The most that so many roundings, and reading what is left, can have lost."""

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """The recourse that services have given up by a Delta."""

    def tables_of_recourse(self) -> tuple[Table[object, object], ...]:
        """Every table that `window`, `left` and `together` read."""
