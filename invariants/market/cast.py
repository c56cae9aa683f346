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
"""A function (choices, state, service, operator, pool) that draws a call of the base.

By the call the service slashes the operator in the pool, or requests the slash where it can be vetoed.
"""

Staking = Callable[[Draft, str, str, str], Any]
"""A function (state, holder, operator, pool) that returns a call of the base.

The call puts stake of the holder behind the operator in the pool, or prepares this.
"""

Unsettling = Callable[[Choices, Draft, Target, str], Any]
"""A function (choices, state, target, pool) that draws a call of the base.

The call changes the stake that the target can have in the pool.
"""

Waiting = Callable[[int], Any]
"""A function that returns the call of the base by which a number of points pass."""


Leaving = Callable[[Choices, Draft, str], Any]
"""A function (choices, state, account) that draws a call of the base.

The call ends the account's delegation to its operator.
"""


class Cast:
    """The accounts and names that a walk uses.

    They are services, pools, operators, holders of stake, and payers, who pay fees and underwrite. A mandate splits the
    stake of the pool `mandated` among `targets`, pairs of a service and an operator.

    The functions `slash`, `stake`, `wait`, `unsettle` and `send_away` make calls of the base. `send_away` is None if
    the base has no such call.
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
        """The current value of a holder's stake in a group, in the unit of the pool's stake. Rounds down."""
        return self._port.value(draft, group, holder)

    def now(self, draft: Draft) -> int:
        """The point at which the next call executes."""
        return self._port.now(draft)

    def balance(self, draft: Draft, account: str) -> int:
        """The balance of the fee token of an account, in the token's smallest unit."""
        return self._port.balance(draft, draft.get(SETTINGS, SINGLETON).fee_token, account)
