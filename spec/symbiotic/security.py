"""The security graph of Symbiotic now: a stake is what a vault can lose, a service a subnetwork.

Stake is shared: limits and shares say how much of a vault each operator has at stake in each subnetwork, and together
that may be more than the vault holds. A vault then pays what is in reach, and no more. Amounts are of its collateral.
"""

from spec.machine import Draft, State
from spec.security import Commitment, Security, Stake
from spec.symbiotic.clock import current_epoch, current_timestamp
from spec.symbiotic.config import (
    FULL_RESTAKE,
    NETWORK_RESTAKE,
    NO_SLASHER,
    OPERATOR_SPECIFIC,
    VETO_SLASHER,
    ZERO_ADDRESS,
    VaultConfig,
)
from spec.symbiotic.delegation import stake_at
from spec.symbiotic.slashing import resolver_at
from spec.symbiotic.state import (
    ACTIVE_STAKE,
    MAX_NETWORK_LIMITS,
    MIDDLEWARES,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_SHARES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    Subnetwork,
    VaultSubnetworkOperator,
)


def service_name(subnetwork: Subnetwork) -> str:
    """A subnetwork as one name: its network and its identifier."""
    return f"{subnetwork[0]}/{subnetwork[1]}"


def security(state: State) -> Security:
    """Every operator's stake in a subnetwork that could be slashed for what it does now, and the vaults behind them.

    It can be slashed if the vault has a slasher and a burner and the network a middleware. What leaves the vault with
    the next epoch is in reach, what leaves with this one is not. A slash comes within an epoch, of a veto slasher after
    the veto. Source: BaseDelegator.stakeAt, Vault.onSlash.
    """
    draft = Draft(state)
    now = current_timestamp(draft)
    stakes: dict[str, Stake] = {}
    commitments: list[Commitment] = []
    for vault, subnetwork, operator in sorted(_entitled(state)):
        config = draft.get(VAULTS, vault)
        middleware = draft.get(MIDDLEWARES, subnetwork[0]).account
        if config.slasher == NO_SLASHER or config.burner == ZERO_ADDRESS or middleware == ZERO_ADDRESS:
            continue
        amount = stake_at(draft, vault, subnetwork, operator, now)
        if amount == 0:
            continue
        commitments.append(
            Commitment(
                stake_id=vault,
                operator=operator,
                service=service_name(subnetwork),
                amount=amount,
                slasher=middleware,
                until=now + config.epoch_duration_seconds,
                vetoer=_vetoer(draft, vault, config, subnetwork, now),
            )
        )
        leaving = draft.get(WITHDRAWAL_BUCKETS, (vault, current_epoch(draft, vault) + 1)).amount
        stakes[vault] = Stake(
            stake_id=vault, token=config.collateral, amount=ACTIVE_STAKE.latest(draft, vault) + leaving, leaving=leaving
        )
    services = sorted({service_name(subnetwork) for _, subnetwork in state.rows(MAX_NETWORK_LIMITS.heads)})
    return Security(
        stakes=tuple([stakes[vault] for vault in sorted(stakes)]),
        commitments=tuple(commitments),
        services=tuple(services),
    )


def _entitled(state: State) -> set[VaultSubnetworkOperator]:
    """Every operator that a vault's delegator gives, or once gave, stake in a subnetwork."""
    entitled: set[VaultSubnetworkOperator] = set()
    for vault, config in state.rows(VAULTS).items():
        if config.delegator == NETWORK_RESTAKE:
            entitled.update([key for key in state.rows(OPERATOR_NETWORK_SHARES.heads) if key[0] == vault])
        elif config.delegator == FULL_RESTAKE:
            entitled.update([key for key in state.rows(OPERATOR_NETWORK_LIMITS.heads) if key[0] == vault])
        else:
            limits = NETWORK_LIMITS if config.delegator == OPERATOR_SPECIFIC else MAX_NETWORK_LIMITS
            for key in state.rows(limits.heads):
                if key[0] == vault:
                    entitled.add((vault, key[1], config.delegator_operator))
    return entitled


def _vetoer(draft: Draft, vault: str, config: VaultConfig, subnetwork: Subnetwork, now: int) -> str | None:
    """The account that may veto a slash for what happens now; None if there is none, or no veto slasher."""
    if config.slasher != VETO_SLASHER:
        return None
    resolver = resolver_at(draft, vault, subnetwork, now)
    return None if resolver == ZERO_ADDRESS else resolver
