"""The current security graph of Symbiotic. A stake is a vault's slashable collateral; a service is a subnetwork.

Stake is shared. Limits and shares give each operator a stake in each subnetwork. The sum of these may exceed the
vault's collateral. A vault loses at most its slashable collateral. Amounts are of the vault's collateral.
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
    """A subnetwork as one name: `network/identifier`."""
    return f"{subnetwork[0]}/{subnetwork[1]}"


def security(state: State) -> Security:
    """The security graph: the operators' stakes in subnetworks that could be slashed for an offence now, and their
    vaults.

    The stake is slashable if the vault has a slasher and a burner, and the network a middleware. The next epoch's
    bucket is slashable for such an offence, the current epoch's bucket is not. A slash is possible for one epoch, with
    a veto slasher only after the veto. Services are all subnetworks that ever set a maximum limit. Source:
    BaseDelegator.stakeAt, Vault.onSlash.
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
    """The keys (vault, subnetwork, operator) to which a vault's delegator gives stake, or once gave it."""
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
    """The account that may veto a slash for an offence at `now`. None without a veto slasher or without a resolver."""
    if config.slasher != VETO_SLASHER:
        return None
    resolver = resolver_at(draft, vault, subnetwork, now)
    return None if resolver == ZERO_ADDRESS else resolver
