"""The accounts and base calls that walks through the market use."""

from collections.abc import Callable
from typing import Any, Final

from invariants.choices import Choices
from spec.machine import SINGLETON, Draft
from spec.market.mandates_state import Target
from spec.market.port import Group, Port, Service
from spec.market.recourse import Recourse
from spec.market.state import SETTINGS

Slashing = Callable[[Choices, Draft, Service, str, str], Any]
"""A function that draws a call of the base by which a service slashes an operator in a pool, or a step towards it."""

Staking = Callable[[Draft, str, str, str], Any]
"""A function that returns a call of the base by which a holder puts stake behind an operator, or a step towards it."""

Unsettling = Callable[[Choices, Draft, Target, str], Any]
"""A function that draws a call of the base that changes the stake which a target can have in a pool."""

Waiting = Callable[[int], Any]
"""A function that returns the call of the base by which a number of points pass."""


Leaving = Callable[[Choices, Draft, str], Any]
"""A function that draws a call of the base that ends an account's stake behind its operator, or a step towards it."""


class Cast:
    """The accounts and names that a walk uses.

    These are services, pools, operators, holders, and payers, who also underwrite. `targets` are the services and
    operators among which a mandate splits stake: in ordinary walks, the stake of the pool `mandated`.
    """

    def __init__(
        self,
        services: tuple[Service, ...],
        pools: tuple[str, ...],
        operators: tuple[str, ...],
        holders: tuple[str, ...],
        payers: tuple[str, ...],
        port: Port,
        slash: Slashing,
        stake: Staking,
        wait: Waiting,
        mandated: str,
        targets: tuple[Target, ...],
        unsettle: Unsettling,
        recourse: Recourse,
        send_away: Leaving | None = None,
    ) -> None:
        self.services: Final = services
        self.pools: Final = pools
        self.operators: Final = operators
        self.holders: Final = holders
        self.payers: Final = payers
        self.slash: Final = slash
        self.stake: Final = stake
        self.wait: Final = wait
        self.mandated: Final = mandated
        self.targets: Final = targets
        self.unsettle: Final = unsettle
        self.recourse: Final = recourse
        self.send_away: Final = send_away
        self._port: Final = port

    def group(self, operator: str, pool: str) -> Group:
        """The group of holders behind an operator in a pool."""
        return self._port.group(operator, pool)

    def value(self, draft: Draft, group: Group, holder: str) -> int:
        """The value of a holder's position in a group."""
        return self._port.value(draft, group, holder)

    def now(self, draft: Draft) -> int:
        """The point at which the next call executes."""
        return self._port.now(draft)

    def balance(self, draft: Draft, account: str) -> int:
        """The amount of the fee token that an account holds."""
        return self._port.balance(draft, draft.get(SETTINGS, SINGLETON).fee_token, account)
