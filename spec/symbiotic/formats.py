"""Symbiotic's formats of calls in traces: the name and the arguments of each, and its return value."""

from typing import Final

from spec.codec import (
    ActionFormat,
    Amount,
    Flag,
    Json,
    ListOf,
    argument,
)
from spec.symbiotic import actions, rewards_codec
from spec.symbiotic.actions import AdvanceTime
from spec.symbiotic.observation import (
    ACCOUNT,
    VAULT,
    SubnetworkName,
)

VAULT_ARG: Final = argument("vault", VAULT)
AMOUNT: Final = argument("amount", Amount())
STATUS: Final = argument("status", Flag())
IDENTIFIER: Final = argument("identifier", Amount(96))
SUBNETWORK: Final = argument("subnetwork", SubnetworkName())
OPERATOR: Final = argument("operator", ACCOUNT)
CAPTURE: Final = argument("captureTimestamp", Amount(48), "capture_timestamp")
SLASH_INDEX: Final = argument("slashIndex", Amount(), "slash_index")
SLASHED: Final = [("slashedAmount", Amount()), ("vaultSlashedAmount", Amount())]

ACTION_FORMATS: Final[dict[str, ActionFormat]] = {
    "register_operator": ActionFormat(actions.RegisterOperator, []),
    "register_network": ActionFormat(actions.RegisterNetwork, []),
    "set_middleware": ActionFormat(actions.SetMiddleware, [argument("middleware", ACCOUNT)]),
    "opt_in_vault": ActionFormat(actions.OptInVault, [argument("vault", ACCOUNT)]),
    "opt_out_vault": ActionFormat(actions.OptOutVault, [argument("vault", ACCOUNT)]),
    "opt_in_network": ActionFormat(actions.OptInNetwork, [argument("network", ACCOUNT)]),
    "opt_out_network": ActionFormat(actions.OptOutNetwork, [argument("network", ACCOUNT)]),
    "set_max_network_limit": ActionFormat(actions.SetMaxNetworkLimit, [VAULT_ARG, IDENTIFIER, AMOUNT]),
    "set_network_limit": ActionFormat(actions.SetNetworkLimit, [VAULT_ARG, SUBNETWORK, AMOUNT]),
    "set_operator_network_shares": ActionFormat(
        actions.SetOperatorNetworkShares, [VAULT_ARG, SUBNETWORK, OPERATOR, argument("shares", Amount())]
    ),
    "set_operator_network_limit": ActionFormat(
        actions.SetOperatorNetworkLimit, [VAULT_ARG, SUBNETWORK, OPERATOR, AMOUNT]
    ),
    "deposit": ActionFormat(
        actions.Deposit,
        [VAULT_ARG, argument("onBehalfOf", ACCOUNT, "on_behalf_of"), AMOUNT],
        [("depositedAmount", Amount()), ("mintedShares", Amount())],
    ),
    "withdraw": ActionFormat(
        actions.Withdraw,
        [VAULT_ARG, argument("claimer", ACCOUNT), AMOUNT],
        [("burnedShares", Amount()), ("mintedShares", Amount())],
    ),
    "redeem": ActionFormat(
        actions.Redeem,
        [VAULT_ARG, argument("claimer", ACCOUNT), argument("shares", Amount())],
        [("withdrawnAssets", Amount()), ("mintedShares", Amount())],
    ),
    "claim": ActionFormat(
        actions.Claim, [VAULT_ARG, argument("recipient", ACCOUNT), argument("epoch", Amount())], [("amount", Amount())]
    ),
    "claim_batch": ActionFormat(
        actions.ClaimBatch,
        [VAULT_ARG, argument("recipient", ACCOUNT), argument("epochs", ListOf(Amount()))],
        [("amount", Amount())],
    ),
    "slash": ActionFormat(actions.Slash, [VAULT_ARG, SUBNETWORK, OPERATOR, AMOUNT, CAPTURE], SLASHED),
    "request_slash": ActionFormat(
        actions.RequestSlash, [VAULT_ARG, SUBNETWORK, OPERATOR, AMOUNT, CAPTURE], [("slashIndex", Amount())]
    ),
    "execute_slash": ActionFormat(actions.ExecuteSlash, [VAULT_ARG, SLASH_INDEX], SLASHED),
    "veto_slash": ActionFormat(actions.VetoSlash, [VAULT_ARG, SLASH_INDEX]),
    "set_resolver": ActionFormat(actions.SetResolver, [VAULT_ARG, IDENTIFIER, argument("resolver", ACCOUNT)]),
    "set_deposit_whitelist": ActionFormat(actions.SetDepositWhitelist, [VAULT_ARG, STATUS]),
    "set_is_deposit_limit": ActionFormat(actions.SetIsDepositLimit, [VAULT_ARG, STATUS]),
    "set_depositor_whitelist_status": ActionFormat(
        actions.SetDepositorWhitelistStatus, [VAULT_ARG, argument("account", ACCOUNT), STATUS]
    ),
    "set_deposit_limit": ActionFormat(actions.SetDepositLimit, [VAULT_ARG, argument("limit", Amount())]),
    "transfer_collateral": ActionFormat(actions.TransferCollateral, [argument("to", ACCOUNT), AMOUNT]),
    **rewards_codec.ACTION_FORMATS,
}
"""The format of every call, by its name in traces. `advance_time` steps, which are no calls, have a format of their
own.
"""

ADVANCE_TIME: Final = "advance_time"
NAMES_BY_CLASS: Final[dict[object, str]] = {kind.make: name for name, kind in ACTION_FORMATS.items()}


def write_returns(action: object, returns: object) -> Json:
    """The return values of an accepted call as a JSON object; empty for AdvanceTime and for calls without any."""
    if isinstance(action, AdvanceTime):
        return {}
    return ACTION_FORMATS[NAMES_BY_CLASS[type(action)]].write_returns(returns, {})
