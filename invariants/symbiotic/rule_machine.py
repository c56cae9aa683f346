"""Symbiotic as a Hypothesis state machine: a rule for each action, bundles for what actions create."""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, initialize, multiple, rule

from invariants.edges import SELDOM, Edge, amounts, exactly
from invariants.rule_machine import LawMachine
from invariants.symbiotic.walk import NETWORKS, OPERATORS, STAKERS, SUBNETWORKS, VAULT_NAMES, WALK
from invariants.walker import Walk, WalkReport
from spec.arithmetic import WAD
from spec.machine import Delta
from spec.symbiotic import actions
from spec.symbiotic.clock import current_epoch, current_timestamp, epoch_start_timestamp
from spec.symbiotic.config import COLLATERAL, VETO_SLASHER, ZERO_ADDRESS
from spec.symbiotic.slashing import resolver_at, slashable_stake
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    MAX_NETWORK_LIMITS,
    MIDDLEWARES,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    TOKEN_BALANCES,
    VAULTS,
    Subnetwork,
)
from spec.symbiotic.views import active_balance_of

Withdrawal = tuple[str, int, str]
"""A withdrawal: its vault, the epoch it leaves with, and who may claim it."""

SlashRequest = tuple[str, int]
"""A requested slash: its vault and its index there."""

ADMIN: Final = "admin0"
RESOLVERS: Final = ("resolver0", "resolver1", ZERO_ADDRESS)
SENDERS: Final = (
    *(*STAKERS, *OPERATORS, *NETWORKS),
    *("operator2", "outsider0", "middleware0", "middleware1", "resolver0", "resolver1", ADMIN),
)
"""Accounts that can call."""

STAKER: Final = st.sampled_from(STAKERS)
VAULT: Final = st.sampled_from(VAULT_NAMES)
SENDER: Final = st.sampled_from(SENDERS)
ACCOUNT: Final = st.sampled_from((*SENDERS, "burner0", VAULT_NAMES[0], ZERO_ADDRESS))
IDENTIFIER: Final = st.integers(0, 2)
AMOUNT: Final = amounts()
SECONDS_THAT_MATTER: Final = (1, 2, 5, 4, 6, 10, 14, 15, 16, 19, 20, 21, 0)
"""Up to the world's veto and epoch and what is left of one after the other, to the second before and after."""
SECONDS: Final = st.sampled_from(SECONDS_THAT_MATTER)
SHARES: Final = st.one_of(st.sampled_from((10, 1, 0, 19)).map(exactly), AMOUNT)


class SymbioticMachine(LawMachine):
    """Every action of Symbiotic. Rules aim at what exists, at amounts that are there, and at edges."""

    operators: Bundle[str] = Bundle("operators")
    networks: Bundle[str] = Bundle("networks")
    subnetworks: Bundle[Subnetwork] = Bundle("subnetworks")
    withdrawals: Bundle[Withdrawal] = Bundle("withdrawals")
    slash_requests: Bundle[SlashRequest] = Bundle("slash_requests")

    def __init__(self, walk: Walk = WALK, runs: list[WalkReport] | None = None) -> None:
        super().__init__(walk, runs)

    def furnish(self) -> None:
        """Everybody has had stake in every vault for an epoch, and a part of it is on its way out."""
        for staker in STAKERS:
            for vault in VAULT_NAMES:
                self.call(actions.Deposit(staker, vault, staker, 10 * WAD))
        self.call(actions.AdvanceTime(max(SECONDS_THAT_MATTER)))
        for staker in STAKERS:
            for vault in VAULT_NAMES:
                self.call(actions.Withdraw(staker, vault, staker, WAD))

    @initialize(target=operators)
    def open_with_operators(self) -> MultipleResults[str]:
        """The operators of the opening."""
        self.begin()
        return multiple(*OPERATORS)

    @initialize(target=networks)
    def open_with_networks(self) -> MultipleResults[str]:
        """The networks of the opening."""
        self.begin()
        return multiple(*NETWORKS)

    @initialize(target=subnetworks)
    def open_with_subnetworks(self) -> MultipleResults[Subnetwork]:
        """The subnetworks of the opening."""
        self.begin()
        return multiple(*SUBNETWORKS)

    @rule(sender=st.one_of(st.none(), SENDER))
    def the_same_again(self, sender: str | None) -> None:
        """The last call once more, by the same account or by another."""
        self.call_again(sender)

    @rule(seconds=SECONDS)
    def advance_time(self, seconds: int) -> None:
        """Time passes."""
        self.call(actions.AdvanceTime(seconds))

    @rule(staker=STAKER, to=st.one_of(VAULT, ACCOUNT), amount=AMOUNT)
    def transfer_collateral(self, staker: str, to: str, amount: Edge) -> None:
        """Of what the staker has; to a vault it is a gift to nobody."""
        has = self.rows.get(TOKEN_BALANCES, (COLLATERAL, staker)).amount
        self.call(actions.TransferCollateral(staker, to, amount.of(has)))

    @rule(target=operators, sender=SENDER)
    def register_operator(self, sender: str) -> Any:
        """A new operator, unless it is one."""
        return sender if self.is_accepted(actions.RegisterOperator(sender)) else multiple()

    @rule(target=networks, sender=SENDER)
    def register_network(self, sender: str) -> Any:
        """A new network, unless it is one."""
        return sender if self.is_accepted(actions.RegisterNetwork(sender)) else multiple()

    @rule(network=networks, middleware=st.sampled_from(("middleware0", "middleware1", ZERO_ADDRESS)))
    def set_middleware(self, network: str, middleware: str) -> None:
        """By the network."""
        self.call(actions.SetMiddleware(network, middleware))

    @rule(operator=st.one_of(operators, SENDER), vault=st.one_of(VAULT, ACCOUNT))
    def opt_in_vault(self, operator: str, vault: str) -> None:
        """By an operator, or by somebody who may be none, to a vault, or to what is none."""
        self.call(actions.OptInVault(operator, vault))

    @rule(operator=operators, vault=VAULT)
    def opt_out_vault(self, operator: str, vault: str) -> None:
        """By an operator."""
        self.call(actions.OptOutVault(operator, vault))

    @rule(operator=st.one_of(operators, SENDER), network=st.one_of(networks, ACCOUNT))
    def opt_in_network(self, operator: str, network: str) -> None:
        """By an operator, or by somebody who may be none, to a network, or to what is none."""
        self.call(actions.OptInNetwork(operator, network))

    @rule(operator=operators, network=networks)
    def opt_out_network(self, operator: str, network: str) -> None:
        """By an operator."""
        self.call(actions.OptOutNetwork(operator, network))

    @rule(staker=STAKER, vault=VAULT, on_behalf_of=st.one_of(STAKER, ACCOUNT), amount=AMOUNT)
    def deposit(self, staker: str, vault: str, on_behalf_of: str, amount: Edge) -> None:
        """Of what the staker has."""
        has = self.rows.get(TOKEN_BALANCES, (COLLATERAL, staker)).amount
        self.call(actions.Deposit(staker, vault, on_behalf_of, amount.of(has)))

    @rule(staker=STAKER, vault=VAULT, shares=AMOUNT, slack_seconds=st.integers(-1, 1), in_a_batch=st.booleans())
    def leave(self, staker: str, vault: str, shares: Edge, slack_seconds: int, in_a_batch: bool) -> None:
        """With a part of the shares, right before, in or after the first second in which it can be claimed."""
        held = ACTIVE_SHARES_OF.latest(self.rows, (vault, staker))
        if self.is_accepted(actions.Redeem(staker, vault, staker, min(shares.of(held), held))):
            epoch = current_epoch(self.rows, vault) + 1
            ends = epoch_start_timestamp(self.rows.get(VAULTS, vault), epoch + 1)
            self.call(actions.AdvanceTime(ends - current_timestamp(self.rows) + slack_seconds))
            self.call(
                actions.ClaimBatch(staker, vault, staker, (epoch,))
                if in_a_batch
                else actions.Claim(staker, vault, staker, epoch)
            )

    @rule(vault=VAULT, subnetwork=subnetworks, operator=operators, resolver=st.sampled_from(RESOLVERS))
    def put_to_work(self, vault: str, subnetwork: Subnetwork, operator: str, resolver: str) -> None:
        """All limits of a subnetwork and an operator are raised, as far as the vault's delegator has them."""
        (network, identifier), most = subnetwork, 100 * WAD
        self.call(actions.SetMiddleware(network, "middleware0"))
        self.call(actions.OptInNetwork(operator, network))
        self.call(actions.OptInVault(operator, vault))
        self.call(actions.SetMaxNetworkLimit(network, vault, identifier, most))
        self.call(actions.SetNetworkLimit(ADMIN, vault, subnetwork, most))
        self.call(actions.SetOperatorNetworkLimit(ADMIN, vault, subnetwork, operator, most))
        self.call(actions.SetOperatorNetworkShares(ADMIN, vault, subnetwork, operator, 10))
        self.call(actions.SetResolver(network, vault, identifier, resolver))
        self.call(actions.AdvanceTime(1))

    @rule(vault=VAULT, status=SELDOM)
    def set_deposit_whitelist(self, vault: str, status: bool) -> None:
        """By the admin."""
        self.call(actions.SetDepositWhitelist(ADMIN, vault, status))

    @rule(vault=VAULT, account=st.one_of(STAKER, ACCOUNT), status=st.booleans())
    def set_depositor_whitelist_status(self, vault: str, account: str, status: bool) -> None:
        """By the admin."""
        self.call(actions.SetDepositorWhitelistStatus(ADMIN, vault, account, status))

    @rule(vault=VAULT, status=st.booleans())
    def set_is_deposit_limit(self, vault: str, status: bool) -> None:
        """By the admin."""
        self.call(actions.SetIsDepositLimit(ADMIN, vault, status))

    @rule(vault=VAULT, limit=AMOUNT)
    def set_deposit_limit(self, vault: str, limit: Edge) -> None:
        """By the admin: of what is in the vault."""
        self.call(actions.SetDepositLimit(ADMIN, vault, limit.of(ACTIVE_STAKE.latest(self.rows, vault))))

    @rule(target=withdrawals, staker=STAKER, vault=VAULT, claimer=st.one_of(STAKER, ACCOUNT), amount=AMOUNT)
    def withdraw(self, staker: str, vault: str, claimer: str, amount: Edge) -> Any:
        """Of what the staker's shares are worth."""
        worth = active_balance_of(self.rows, vault, staker)
        has = worth if isinstance(worth, int) else 0
        return self._leaving(actions.Withdraw(staker, vault, claimer, amount.of(has)))

    @rule(target=withdrawals, staker=STAKER, vault=VAULT, claimer=st.one_of(STAKER, ACCOUNT), shares=AMOUNT)
    def redeem(self, staker: str, vault: str, claimer: str, shares: Edge) -> Any:
        """Of the staker's shares."""
        has = ACTIVE_SHARES_OF.latest(self.rows, (vault, staker))
        return self._leaving(actions.Redeem(staker, vault, claimer, shares.of(has)))

    def _leaving(self, action: actions.Withdraw | actions.Redeem) -> Any:
        if not self.is_accepted(action):
            return multiple()
        return action.vault, current_epoch(self.rows, action.vault) + 1, action.claimer

    @rule(withdrawal=withdrawals, recipient=st.one_of(STAKER, ACCOUNT))
    def claim(self, withdrawal: Withdrawal, recipient: str) -> None:
        """A claim of a withdrawal, once or again, early or in time."""
        vault, epoch, claimer = withdrawal
        self.call(actions.Claim(_sender(claimer), vault, recipient, epoch))

    @rule(
        withdrawal=withdrawals,
        later=st.sampled_from(((0,), (0, 1), (1, 0), (0, 0), ())),
        recipient=st.one_of(STAKER, ACCOUNT),
    )
    def claim_batch(self, withdrawal: Withdrawal, later: tuple[int, ...], recipient: str) -> None:
        """The same for several epochs from then on, perhaps for one of them twice, or for none."""
        vault, epoch, claimer = withdrawal
        self.call(actions.ClaimBatch(_sender(claimer), vault, recipient, tuple([epoch + epochs for epochs in later])))

    @rule(target=subnetworks, network=st.one_of(networks, SENDER), identifier=IDENTIFIER, vault=VAULT, limit=AMOUNT)
    def set_max_network_limit(self, network: str, identifier: int, vault: str, limit: Edge) -> Any:
        """By a network, or by somebody who may be none: of what is in the vault."""
        amount = limit.of(ACTIVE_STAKE.latest(self.rows, vault))
        is_accepted = self.is_accepted(actions.SetMaxNetworkLimit(network, vault, identifier, amount))
        return (network, identifier) if is_accepted else multiple()

    @rule(vault=VAULT, subnetwork=subnetworks, limit=AMOUNT)
    def set_network_limit(self, vault: str, subnetwork: Subnetwork, limit: Edge) -> None:
        """By the admin: of what the network accepts."""
        most = MAX_NETWORK_LIMITS.latest(self.rows, (vault, subnetwork))
        self.call(actions.SetNetworkLimit(ADMIN, vault, subnetwork, limit.of(most)))

    @rule(vault=VAULT, subnetwork=subnetworks, operator=operators, shares=SHARES)
    def set_operator_network_shares(self, vault: str, subnetwork: Subnetwork, operator: str, shares: Edge) -> None:
        """By the admin."""
        amount = shares.of(ACTIVE_STAKE.latest(self.rows, vault))
        self.call(actions.SetOperatorNetworkShares(ADMIN, vault, subnetwork, operator, amount))

    @rule(vault=VAULT, subnetwork=subnetworks, operator=operators, limit=AMOUNT)
    def set_operator_network_limit(self, vault: str, subnetwork: Subnetwork, operator: str, limit: Edge) -> None:
        """By the admin: of what is in the vault."""
        amount = limit.of(ACTIVE_STAKE.latest(self.rows, vault))
        self.call(actions.SetOperatorNetworkLimit(ADMIN, vault, subnetwork, operator, amount))

    @rule(vault=VAULT, subnetwork=subnetworks, operator=operators, amount=AMOUNT, age_seconds=SECONDS)
    def slash(self, vault: str, subnetwork: Subnetwork, operator: str, amount: Edge, age_seconds: int) -> None:
        """By the middleware: of what is slashable with this capture."""
        capture, left = self._slashable(vault, subnetwork, operator, age_seconds)
        self.call(actions.Slash(self._middleware(subnetwork), vault, subnetwork, operator, amount.of(left), capture))

    @rule(
        target=slash_requests,
        vault=VAULT,
        subnetwork=subnetworks,
        operator=operators,
        amount=AMOUNT,
        age_seconds=SECONDS,
    )
    def request_slash(self, vault: str, subnetwork: Subnetwork, operator: str, amount: Edge, age_seconds: int) -> Any:
        """The same, to be vetoed or executed later."""
        capture, left = self._slashable(vault, subnetwork, operator, age_seconds)
        index = self.rows.get(SLASH_REQUEST_COUNTS, vault).count
        sender = self._middleware(subnetwork)
        outcome = self.call(actions.RequestSlash(sender, vault, subnetwork, operator, amount.of(left), capture))
        return (vault, index) if isinstance(outcome, Delta) else multiple()

    @rule(
        target=slash_requests,
        vault=VAULT,
        subnetwork=st.sampled_from((*SUBNETWORKS[:1], *SUBNETWORKS)),
        operator=st.sampled_from(OPERATORS),
        amount=AMOUNT,
        slack_seconds=st.integers(-1, 1),
        is_vetoed=st.booleans(),
    )
    def slash_by_either_way(
        self, vault: str, subnetwork: Subnetwork, operator: str, amount: Edge, slack_seconds: int, is_vetoed: bool
    ) -> Any:
        """As the vault's slasher does it: at once, or right before, at or after the end of the veto, or vetoed then."""
        config = self.rows.get(VAULTS, vault)
        if config.slasher != VETO_SLASHER:
            self.slash(vault, subnetwork, operator, amount, 1)
            return multiple()
        request = self.request_slash(vault, subnetwork, operator, amount, 1)
        if isinstance(request, MultipleResults):
            return request
        self.call(actions.AdvanceTime(config.veto_duration_seconds + slack_seconds))
        if is_vetoed:
            self.veto_slash(request, False)
        else:
            self.execute_slash(request, False)
        return request

    @rule(request=slash_requests, is_unknown=SELDOM)
    def execute_slash(self, request: SlashRequest, is_unknown: bool) -> None:
        """By the middleware, early or in time, once or again."""
        vault, index = request
        subnetwork = self.rows.get(SLASH_REQUESTS, request).subnetwork
        self.call(actions.ExecuteSlash(self._middleware(subnetwork), vault, index + 1_000 * is_unknown))

    @rule(request=slash_requests, is_unknown=SELDOM)
    def veto_slash(self, request: SlashRequest, is_unknown: bool) -> None:
        """By the resolver at the capture, early or in time, once or again."""
        vault, index = request
        asked = self.rows.get(SLASH_REQUESTS, request)
        resolver = resolver_at(self.rows, vault, asked.subnetwork, asked.capture_timestamp)
        self.call(actions.VetoSlash(_sender(resolver), vault, index + 1_000 * is_unknown))

    @rule(
        vault=VAULT,
        network=st.one_of(networks, SENDER),
        identifier=IDENTIFIER,
        resolver=st.sampled_from(RESOLVERS),
    )
    def set_resolver(self, vault: str, network: str, identifier: int, resolver: str) -> None:
        """By a network, or by somebody who may be none."""
        self.call(actions.SetResolver(network, vault, identifier, resolver))

    def _slashable(self, vault: str, subnetwork: Subnetwork, operator: str, age_seconds: int) -> tuple[int, int]:
        """A capture so long ago, and how much could be slashed with it."""
        capture = current_timestamp(self.rows) - age_seconds
        slashable = slashable_stake(self.rows, vault, subnetwork, operator, capture)
        return capture, slashable if isinstance(slashable, int) else 0

    def _middleware(self, subnetwork: Subnetwork) -> str:
        return _sender(self.rows.get(MIDDLEWARES, subnetwork[0]).account)


def _sender(account: str) -> str:
    """The account, if it is one that can call."""
    return account if account in SENDERS else SENDERS[0]
