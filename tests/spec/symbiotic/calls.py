"""Abbreviations of calls to the vaults of a chain, and of reads of their state."""

from typing import TYPE_CHECKING

from spec.symbiotic import actions
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_STAKE,
    CUMULATIVE_SLASHES,
    WITHDRAWAL_BUCKETS,
    Subnetwork,
    WithdrawalBucket,
)

if TYPE_CHECKING:
    from tests.spec.symbiotic.conftest import Chain

VAULT = "network_restake instant"
FULL = "full_restake instant"
VETO = "full_restake veto"
SPECIFIC = "operator_network_specific instant"
UNSLASHABLE = "operator_specific none"

FIRST: Subnetwork = ("network", 1)
SECOND: Subnetwork = ("network", 2)
NEIGHBOUR: Subnetwork = ("neighbour", 1)


def slash(
    amount: int, capture: int, vault: str = VAULT, subnetwork: Subnetwork = FIRST, operator: str = "operator"
) -> actions.Slash:
    sender = "middleware" if subnetwork[0] == "network" else "neighbour middleware"
    return actions.Slash(sender, vault, subnetwork, operator, amount, capture)


def request(amount: int, capture: int, subnetwork: Subnetwork = FIRST) -> actions.RequestSlash:
    return actions.RequestSlash("middleware", VETO, subnetwork, "operator", amount, capture)


def execute(slash_index: int) -> actions.ExecuteSlash:
    return actions.ExecuteSlash("middleware", VETO, slash_index)


def withdraw(amount: int, staker: str = "staker", vault: str = VAULT) -> actions.Withdraw:
    return actions.Withdraw(staker, vault, staker, amount)


def name_resolver(resolver: str) -> actions.SetResolver:
    return actions.SetResolver("network", VETO, 1, resolver)


def active(chain: "Chain", vault: str = VAULT) -> tuple[int, int]:
    """A vault's active stake and active shares."""
    return ACTIVE_STAKE.latest(chain.now, vault), ACTIVE_SHARES.latest(chain.now, vault)


def bucket(chain: "Chain", epoch: int, vault: str = VAULT) -> WithdrawalBucket:
    return chain.now.get(WITHDRAWAL_BUCKETS, (vault, epoch))


def booked(chain: "Chain", vault: str, subnetwork: Subnetwork, operator: str = "operator") -> int:
    return CUMULATIVE_SLASHES.latest(chain.now, (vault, subnetwork, operator))
