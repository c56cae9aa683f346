"""Authority over the stake of a vault of Symbiotic, of which an account of the market's is the curator.

The vault has a FullRestakeDelegator, and its admin, who holds every role there, is the account. A target is a
subnetwork and an operator; its part is the operator's limit. As all limits of a plan together are no more than the
vault's active stake, no unit of it stands behind two of them, which this delegator would allow.
"""

from spec.machine import Draft
from spec.market.authority import Allocated
from spec.market.mandates_state import Target
from spec.symbiotic.actions import SetNetworkLimit, SetOperatorNetworkLimit
from spec.symbiotic.config import FULL_RESTAKE
from spec.symbiotic.staking import has_role
from spec.symbiotic.state import ACTIVE_STAKE, MAX_NETWORK_LIMITS, NETWORK_LIMITS, OPERATOR_NETWORK_LIMITS, VAULTS


class SymbioticAuthority:
    """Authority, by limits."""

    def opening(self, draft: Draft, account: str, pool: str) -> tuple[object, ...] | None:
        """None to be done, where the vault was made with the account as its curator."""
        if draft.get(VAULTS, pool).delegator != FULL_RESTAKE or not has_role(draft, pool, account):
            return None
        return ()

    def can_target(self, account: str, operator: str) -> bool:
        """True of every operator."""
        return True

    def preparations(self, account: str, pool: str) -> tuple[object, ...]:
        """None: limits hold at once."""
        return ()

    def whole(self, draft: Draft, account: str, pool: str) -> int:
        """The vault's active stake."""
        return ACTIVE_STAKE.latest(draft, pool)

    def allocated(self, draft: Draft, account: str, pool: str, target: Target) -> Allocated:
        """The operator's limit. It can be raised to what the network accepts."""
        amount = OPERATOR_NETWORK_LIMITS.latest(draft, (pool, target.service, target.operator))
        accepted = MAX_NETWORK_LIMITS.latest(draft, (pool, target.service))
        limit = NETWORK_LIMITS.latest(draft, (pool, target.service))
        return Allocated(
            amount=amount,
            exposed=amount,
            highest=max(amount, accepted),
            is_fixed=False,
            is_backed=limit >= min(amount, accepted),
        )

    def changes(self, draft: Draft, account: str, pool: str, target: Target, amount: int) -> tuple[object, ...]:
        """A change of the operator's limit; unless it is lowered, the subnetwork's becomes what the network accepts."""
        service = target.service
        change = SetOperatorNetworkLimit(account, pool, service, target.operator, amount)
        accepted = MAX_NETWORK_LIMITS.latest(draft, (pool, service))
        current = OPERATOR_NETWORK_LIMITS.latest(draft, (pool, service, target.operator))
        is_accepted = NETWORK_LIMITS.latest(draft, (pool, service)) == accepted
        before = () if is_accepted or amount < current else (SetNetworkLimit(account, pool, service, accepted),)
        return before if amount == current else (*before, change)
