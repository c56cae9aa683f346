"""The transition of Symbiotic: it dispatches each action to its rule."""

from spec.machine import Delta, Draft
from spec.symbiotic.actions import (
    Action,
    AdvanceTime,
    Claim,
    ClaimAdminFee,
    ClaimBatch,
    ClaimOperatorRewards,
    ClaimStakerRewards,
    Deposit,
    DistributeOperatorRewards,
    DistributeStakerRewards,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    OptOutNetwork,
    OptOutVault,
    Redeem,
    RegisterNetwork,
    RegisterOperator,
    RequestSlash,
    SetDepositLimit,
    SetDepositorWhitelistStatus,
    SetDepositWhitelist,
    SetIsDepositLimit,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    SetResolver,
    Slash,
    TransferCollateral,
    TransferReward,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.clock import advance_time
from spec.symbiotic.collateral import transfer_collateral, transfer_reward
from spec.symbiotic.delegation import (
    set_max_network_limit,
    set_network_limit,
    set_operator_network_limit,
    set_operator_network_shares,
)
from spec.symbiotic.operator_rewards import claim_operator_rewards, distribute_operator_rewards
from spec.symbiotic.opt_in import (
    opt_in_network,
    opt_in_vault,
    opt_out_network,
    opt_out_vault,
    register_network,
    register_operator,
    set_middleware,
)
from spec.symbiotic.reasons import Reason
from spec.symbiotic.slashing import execute_slash, request_slash, set_resolver, slash, veto_slash
from spec.symbiotic.staker_rewards import (
    claim_admin_fee,
    claim_staker_rewards,
    distribute_staker_rewards,
    set_admin_fee,
)
from spec.symbiotic.staking import (
    deposit,
    set_deposit_limit,
    set_deposit_whitelist,
    set_depositor_whitelist_status,
    set_is_deposit_limit,
)
from spec.symbiotic.withdrawals import claim, claim_batch, redeem, withdraw


def transition(draft: Draft, action: Action) -> Delta | Reason:
    """Execute one call at the current timestamp. Returns its Delta, or the reason of the first failed check."""
    if isinstance(action, Deposit):
        return deposit(draft, action)
    if isinstance(action, Withdraw):
        return withdraw(draft, action)
    if isinstance(action, Redeem):
        return redeem(draft, action)
    if isinstance(action, Claim):
        return claim(draft, action)
    if isinstance(action, Slash):
        return slash(draft, action)
    if isinstance(action, AdvanceTime):
        return advance_time(draft, action)
    if isinstance(action, RequestSlash):
        return request_slash(draft, action)
    if isinstance(action, ExecuteSlash):
        return execute_slash(draft, action)
    if isinstance(action, VetoSlash):
        return veto_slash(draft, action)
    if isinstance(action, ClaimBatch):
        return claim_batch(draft, action)
    if isinstance(action, TransferCollateral):
        return transfer_collateral(draft, action)
    if isinstance(action, SetMaxNetworkLimit):
        return set_max_network_limit(draft, action)
    if isinstance(action, SetNetworkLimit):
        return set_network_limit(draft, action)
    if isinstance(action, SetOperatorNetworkShares):
        return set_operator_network_shares(draft, action)
    if isinstance(action, SetOperatorNetworkLimit):
        return set_operator_network_limit(draft, action)
    if isinstance(action, OptInVault):
        return opt_in_vault(draft, action)
    if isinstance(action, OptOutVault):
        return opt_out_vault(draft, action)
    if isinstance(action, OptInNetwork):
        return opt_in_network(draft, action)
    if isinstance(action, OptOutNetwork):
        return opt_out_network(draft, action)
    if isinstance(action, SetResolver):
        return set_resolver(draft, action)
    if isinstance(action, SetMiddleware):
        return set_middleware(draft, action)
    if isinstance(action, RegisterOperator):
        return register_operator(draft, action)
    if isinstance(action, RegisterNetwork):
        return register_network(draft, action)
    if isinstance(action, SetDepositWhitelist):
        return set_deposit_whitelist(draft, action)
    if isinstance(action, SetDepositorWhitelistStatus):
        return set_depositor_whitelist_status(draft, action)
    if isinstance(action, SetIsDepositLimit):
        return set_is_deposit_limit(draft, action)
    if isinstance(action, SetDepositLimit):
        return set_deposit_limit(draft, action)
    if isinstance(action, DistributeStakerRewards):
        return distribute_staker_rewards(draft, action)
    if isinstance(action, ClaimStakerRewards):
        return claim_staker_rewards(draft, action)
    if isinstance(action, DistributeOperatorRewards):
        return distribute_operator_rewards(draft, action)
    if isinstance(action, ClaimOperatorRewards):
        return claim_operator_rewards(draft, action)
    if isinstance(action, TransferReward):
        return transfer_reward(draft, action)
    if isinstance(action, ClaimAdminFee):
        return claim_admin_fee(draft, action)
    return set_admin_fee(draft, action)
