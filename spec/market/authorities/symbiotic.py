"""Authority over stake on Symbiotic: a mandate's account is the curator of a vault.

The vault has a FullRestakeDelegator, and the account is its admin, which holds every role. A target is a subnetwork and
an operator, and its part is the operator's limit. This delegator would allow limits that share stake. The limits of a
plan together are at most the vault's active stake, so its targets share none.
"""

from spec.machine import Draft
from spec.market.authority import Allocated
from spec.market.mandates_state import Target
from spec.symbiotic.actions import SetNetworkLimit, SetOperatorNetworkLimit
from spec.symbiotic.config import FULL_RESTAKE
from spec.symbiotic.staking import has_role
from spec.symbiotic.state import ACTIVE_STAKE, MAX_NETWORK_LIMITS, NETWORK_LIMITS, OPERATOR_NETWORK_LIMITS, VAULTS


class SymbioticAuthority:
    """Authority on Symbiotic: a curator's limits for operators in subnetworks."""

    def opening(self, draft: Draft, account: str, pool: str) -> tuple[object, ...] | None:
        """The actions that give an account authority over a vault's stake: none are needed if the vault has a
        FullRestakeDelegator and the account is its admin. Otherwise None, because the account cannot get it.
        """
        if draft.get(VAULTS, pool).delegator != FULL_RESTAKE or not has_role(draft, pool, account):
            return None
        return ()

    def can_target(self, account: str, operator: str) -> bool:
        """True if a mandate may have targets with this operator: always, since a curator can set any
        operator's limit.
        """
        return True

    def preparations(self, account: str, pool: str) -> tuple[object, ...]:
        """The actions that run before a split: none, because limits take effect at once."""
        return ()

    def whole(self, draft: Draft, account: str, pool: str) -> int:
        """The total that the account can split: the vault's active stake, in units of its collateral."""
        return ACTIVE_STAKE.latest(draft, pool)

    def allocated(self, draft: Draft, account: str, pool: str, target: Target) -> Allocated:
        """The part that a target has: its operator's limit in its subnetwork. The limit can be raised to the maximum
        that the network accepts.
        """
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
        """The actions that change the limit of the target's operator to `amount`.

        Unless the amount is lowered, the subnetwork's limit is first set to the maximum that the network accepts.
        Without a change of the amount, that is all.
        """
        service = target.service
        change = SetOperatorNetworkLimit(account, pool, service, target.operator, amount)
        accepted = MAX_NETWORK_LIMITS.latest(draft, (pool, service))
        current = OPERATOR_NETWORK_LIMITS.latest(draft, (pool, service, target.operator))
        is_accepted = NETWORK_LIMITS.latest(draft, (pool, service)) == accepted
        before = () if is_accepted or amount < current else (SetNetworkLimit(account, pool, service, accepted),)
        return before if amount == current else (*before, change)
