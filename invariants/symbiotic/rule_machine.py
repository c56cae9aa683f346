"""Symbiotic's Hypothesis state machine: a rule for each action, and bundles, from which rules draw, for the objects
that actions create.
"""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, initialize, multiple, precondition, rule

from invariants.edges import SELDOM, Edge, amounts, exactly
from invariants.rule_machine import LawMachine
from invariants.symbiotic.rewards_walk import HINTS, contract_of
from invariants.symbiotic.walk import NETWORKS, OPERATORS, STAKERS, SUBNETWORKS, VAULT_NAMES, WALK
from invariants.symbiotic.world import REWARD_TOKENS, TREES, rewarded
from invariants.walker import Walk, WalkReport
from spec.arithmetic import UINT256_MAX, WAD
from spec.machine import Delta
from spec.symbiotic import actions
from spec.symbiotic.clock import current_epoch, current_timestamp, epoch_start_timestamp
from spec.symbiotic.config import COLLATERAL, VETO_SLASHER, ZERO_ADDRESS, ZERO_ROOT
from spec.symbiotic.slashing import resolver_at, slashable_stake
from spec.symbiotic.staker_rewards import NO_HINT
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    ADMIN_FEES,
    CLAIMABLE_ADMIN_FEES,
    DISTRIBUTION_COUNTS,
    MAX_NETWORK_LIMITS,
    MIDDLEWARES,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    OPERATOR_ROOTS,
    REWARDS_DONE,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    STAKER_REWARDS,
    TOKEN_BALANCES,
    VAULTS,
    Subnetwork,
)
from spec.symbiotic.views import active_balance_of

Withdrawal = tuple[str, int, str]
"""A withdrawal, as (vault, epoch of its bucket, claimer)."""

SlashRequest = tuple[str, int]
"""A slash request, as (vault, index among that vault's requests)."""

ADMIN: Final = "admin0"
RESOLVERS: Final = ("resolver0", "resolver1", ZERO_ADDRESS)
SENDERS: Final = (
    *(*STAKERS, *OPERATORS, *NETWORKS),
    *("operator2", "outsider0", "middleware0", "middleware1", "resolver0", "resolver1", ADMIN),
)
"""The accounts that may send calls."""

STAKER: Final = st.sampled_from(STAKERS)
VAULT: Final = st.sampled_from(VAULT_NAMES)
SENDER: Final = st.sampled_from(SENDERS)
ACCOUNT: Final = st.sampled_from((*SENDERS, "burner0", VAULT_NAMES[0], ZERO_ADDRESS))
IDENTIFIER: Final = st.integers(0, 2)
AMOUNT: Final = amounts()
SECONDS_THAT_MATTER: Final = (1, 2, 5, 4, 6, 10, 14, 15, 16, 19, 20, 21, 0)
"""The seconds to wait, chosen around the world's veto duration, epoch, and their difference: as many, or one more or
fewer.
"""
SECONDS: Final = st.sampled_from(SECONDS_THAT_MATTER)
CONTRACT: Final = st.sampled_from([contract_of(vault) for vault in VAULT_NAMES])
NETWORK: Final = st.sampled_from(NETWORKS)
REWARD_TOKEN: Final = st.sampled_from(REWARD_TOKENS)
ROOT: Final = st.sampled_from((*TREES, ZERO_ROOT))
HINT: Final = st.one_of(st.just(NO_HINT), st.sampled_from(HINTS))
SHARES: Final = st.one_of(st.sampled_from((10, 1, 0, 19)).map(exactly), AMOUNT)


class SymbioticMachine(LawMachine):
    """Hypothesis rules for every action of Symbiotic; they aim at existing objects, at available amounts, and at edge
    cases.
    """

    operators: Bundle[str] = Bundle("operators")
    networks: Bundle[str] = Bundle("networks")
    subnetworks: Bundle[Subnetwork] = Bundle("subnetworks")
    withdrawals: Bundle[Withdrawal] = Bundle("withdrawals")
    slash_requests: Bundle[SlashRequest] = Bundle("slash_requests")

    def __init__(self, walk: Walk = WALK, runs: list[WalkReport] | None = None) -> None:
        super().__init__(walk, runs)

    @classmethod
    def home(cls, walk: Walk) -> Walk:
        """The walk itself if its world has rewards contracts. Otherwise a copy in whose world each vault has a rewards
        contract.
        """
        if "extension" in walk.world:
            return walk
        return Walk(walk.protocol, walk.catalogue, rewarded(walk.world), walk.opening, walk.next_action)

    def has_rewards(self) -> bool:
        """True if the world has rewards contracts."""
        return "extension" in self.walk.world

    def furnish(self) -> None:
        """Let every staker have stake in every vault, part of it in a pending withdrawal. If there are rewards
        contracts, pay rewards to each.
        """
        for staker in STAKERS:
            for vault in VAULT_NAMES:
                self.call(actions.Deposit(staker, vault, staker, 10 * WAD))
        self.call(actions.AdvanceTime(max(SECONDS_THAT_MATTER)))
        for staker in STAKERS:
            for vault in VAULT_NAMES:
                self.call(actions.Withdraw(staker, vault, staker, WAD))
        if self.has_rewards():
            second = current_timestamp(self.rows) - 1
            for number, vault in enumerate(VAULT_NAMES):
                network = NETWORKS[number & 1]
                payer = _sender(self.rows.get(MIDDLEWARES, network).account)
                for token in REWARD_TOKENS:
                    paid = (payer, contract_of(vault), network, token, 1000 + number, second, 10_000, NO_HINT, NO_HINT)
                    self.call(actions.DistributeStakerRewards(*paid))

    @initialize(target=operators)
    def open_with_operators(self) -> MultipleResults[str]:
        """Make the walk's opening calls. Returns the operators that they name, from which rules draw operators."""
        self.begin()
        return multiple(*OPERATORS)

    @initialize(target=networks)
    def open_with_networks(self) -> MultipleResults[str]:
        """Make the walk's opening calls. Returns the networks that they name, from which rules draw networks."""
        self.begin()
        return multiple(*NETWORKS)

    @initialize(target=subnetworks)
    def open_with_subnetworks(self) -> MultipleResults[Subnetwork]:
        """Make the walk's opening calls. Returns the subnetworks that they name, from which rules draw subnetworks."""
        self.begin()
        return multiple(*SUBNETWORKS)

    @rule(sender=st.one_of(st.none(), SENDER))
    def the_same_again(self, sender: str | None) -> None:
        """Repeat the last call: from `sender` or, if that is None, from the account that sent it."""
        self.call_again(sender)

    @rule(seconds=SECONDS)
    def advance_time(self, seconds: int) -> None:
        """Let some seconds pass."""
        self.call(actions.AdvanceTime(seconds))

    @rule(staker=STAKER, to=st.one_of(VAULT, ACCOUNT), amount=AMOUNT)
    def transfer_collateral(self, staker: str, to: str, amount: Edge) -> None:
        """Transfer part of the staker's collateral; a transfer to a vault is a donation."""
        has = self.rows.get(TOKEN_BALANCES, (COLLATERAL, staker)).amount
        self.call(actions.TransferCollateral(staker, to, amount.of(has)))

    @rule(target=operators, sender=SENDER)
    def register_operator(self, sender: str) -> Any:
        """Register an operator; the call is rejected if the sender is one already."""
        return sender if self.is_accepted(actions.RegisterOperator(sender)) else multiple()

    @rule(target=networks, sender=SENDER)
    def register_network(self, sender: str) -> Any:
        """Register a network; the call is rejected if the sender is one already."""
        return sender if self.is_accepted(actions.RegisterNetwork(sender)) else multiple()

    @rule(network=networks, middleware=st.sampled_from(("middleware0", "middleware1", ZERO_ADDRESS)))
    def set_middleware(self, network: str, middleware: str) -> None:
        """Set a network's middleware, as the network."""
        self.call(actions.SetMiddleware(network, middleware))

    @rule(operator=st.one_of(operators, SENDER), vault=st.one_of(VAULT, ACCOUNT))
    def opt_in_vault(self, operator: str, vault: str) -> None:
        """Opt in to a vault; the sender may be no operator, and the name may be that of no vault."""
        self.call(actions.OptInVault(operator, vault))

    @rule(operator=operators, vault=VAULT)
    def opt_out_vault(self, operator: str, vault: str) -> None:
        """Opt an operator out of a vault."""
        self.call(actions.OptOutVault(operator, vault))

    @rule(operator=st.one_of(operators, SENDER), network=st.one_of(networks, ACCOUNT))
    def opt_in_network(self, operator: str, network: str) -> None:
        """Opt in to a network; the sender may be no operator, and the name may be that of no network."""
        self.call(actions.OptInNetwork(operator, network))

    @rule(operator=operators, network=networks)
    def opt_out_network(self, operator: str, network: str) -> None:
        """Opt an operator out of a network."""
        self.call(actions.OptOutNetwork(operator, network))

    @rule(staker=STAKER, vault=VAULT, on_behalf_of=st.one_of(STAKER, ACCOUNT), amount=AMOUNT)
    def deposit(self, staker: str, vault: str, on_behalf_of: str, amount: Edge) -> None:
        """Deposit part of the staker's collateral for `on_behalf_of`."""
        has = self.rows.get(TOKEN_BALANCES, (COLLATERAL, staker)).amount
        self.call(actions.Deposit(staker, vault, on_behalf_of, amount.of(has)))

    @rule(staker=STAKER, vault=VAULT, shares=AMOUNT, slack_seconds=st.integers(-1, 1), in_a_batch=st.booleans())
    def leave(self, staker: str, vault: str, shares: Edge, slack_seconds: int, in_a_batch: bool) -> None:
        """Redeem part of the staker's shares, and claim the withdrawal around the end of its epoch: by ClaimBatch if
        `in_a_batch`.

        The claim is in the first second that allows it, one second earlier, or one later.
        """
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
        """Let the subnetwork slash the vault's stake through the operator: opt the operator in, raise all limits, give
        it shares, and set a resolver.

        Calls that do not fit the vault's delegator or slasher are rejected.
        """
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
        """Turn a vault's deposit whitelist on or off, as its admin."""
        self.call(actions.SetDepositWhitelist(ADMIN, vault, status))

    @rule(vault=VAULT, account=st.one_of(STAKER, ACCOUNT), status=st.booleans())
    def set_depositor_whitelist_status(self, vault: str, account: str, status: bool) -> None:
        """Put an account on a vault's deposit whitelist, or take it off, as its admin."""
        self.call(actions.SetDepositorWhitelistStatus(ADMIN, vault, account, status))

    @rule(vault=VAULT, status=st.booleans())
    def set_is_deposit_limit(self, vault: str, status: bool) -> None:
        """Turn a vault's deposit limit on or off, as its admin."""
        self.call(actions.SetIsDepositLimit(ADMIN, vault, status))

    @rule(vault=VAULT, limit=AMOUNT)
    def set_deposit_limit(self, vault: str, limit: Edge) -> None:
        """Set a vault's deposit limit to a part of its active stake, as its admin."""
        self.call(actions.SetDepositLimit(ADMIN, vault, limit.of(ACTIVE_STAKE.latest(self.rows, vault))))

    @rule(target=withdrawals, staker=STAKER, vault=VAULT, claimer=st.one_of(STAKER, ACCOUNT), amount=AMOUNT)
    def withdraw(self, staker: str, vault: str, claimer: str, amount: Edge) -> Any:
        """Withdraw part of what the staker's shares are worth. Returns the withdrawal, or none if the call is
        rejected.
        """
        worth = active_balance_of(self.rows, vault, staker)
        has = worth if isinstance(worth, int) else 0
        return self._leaving(actions.Withdraw(staker, vault, claimer, amount.of(has)))

    @rule(target=withdrawals, staker=STAKER, vault=VAULT, claimer=st.one_of(STAKER, ACCOUNT), shares=AMOUNT)
    def redeem(self, staker: str, vault: str, claimer: str, shares: Edge) -> Any:
        """Redeem part of the staker's shares. Returns the withdrawal, or none if the call is rejected."""
        has = ACTIVE_SHARES_OF.latest(self.rows, (vault, staker))
        return self._leaving(actions.Redeem(staker, vault, claimer, shares.of(has)))

    def _leaving(self, action: actions.Withdraw | actions.Redeem) -> Any:
        if not self.is_accepted(action):
            return multiple()
        return action.vault, current_epoch(self.rows, action.vault) + 1, action.claimer

    @rule(withdrawal=withdrawals, recipient=st.one_of(STAKER, ACCOUNT))
    def claim(self, withdrawal: Withdrawal, recipient: str) -> None:
        """Claim a withdrawal, once or again, too early or in time."""
        vault, epoch, claimer = withdrawal
        self.call(actions.Claim(_sender(claimer), vault, recipient, epoch))

    @rule(
        withdrawal=withdrawals,
        later=st.sampled_from(((0,), (0, 1), (1, 0), (0, 0), ())),
        recipient=st.one_of(STAKER, ACCOUNT),
    )
    def claim_batch(self, withdrawal: Withdrawal, later: tuple[int, ...], recipient: str) -> None:
        """Claim several epochs in one call; perhaps one of them twice, or none.

        `later` has the number of each epoch, counted from the withdrawal's epoch.
        """
        vault, epoch, claimer = withdrawal
        self.call(actions.ClaimBatch(_sender(claimer), vault, recipient, tuple([epoch + epochs for epochs in later])))

    @rule(target=subnetworks, network=st.one_of(networks, SENDER), identifier=IDENTIFIER, vault=VAULT, limit=AMOUNT)
    def set_max_network_limit(self, network: str, identifier: int, vault: str, limit: Edge) -> Any:
        """Set a network's maximum limit to a part of the vault's stake; the sender may be no network."""
        amount = limit.of(ACTIVE_STAKE.latest(self.rows, vault))
        is_accepted = self.is_accepted(actions.SetMaxNetworkLimit(network, vault, identifier, amount))
        return (network, identifier) if is_accepted else multiple()

    @rule(vault=VAULT, subnetwork=subnetworks, limit=AMOUNT)
    def set_network_limit(self, vault: str, subnetwork: Subnetwork, limit: Edge) -> None:
        """Set a network's limit to a part of its maximum, as the vault's admin."""
        most = MAX_NETWORK_LIMITS.latest(self.rows, (vault, subnetwork))
        self.call(actions.SetNetworkLimit(ADMIN, vault, subnetwork, limit.of(most)))

    @rule(vault=VAULT, subnetwork=subnetworks, operator=operators, shares=SHARES)
    def set_operator_network_shares(self, vault: str, subnetwork: Subnetwork, operator: str, shares: Edge) -> None:
        """Set an operator's shares for a subnetwork to `shares`, computed from the vault's active stake, as the vault's
        admin.
        """
        amount = shares.of(ACTIVE_STAKE.latest(self.rows, vault))
        self.call(actions.SetOperatorNetworkShares(ADMIN, vault, subnetwork, operator, amount))

    @rule(vault=VAULT, subnetwork=subnetworks, operator=operators, limit=AMOUNT)
    def set_operator_network_limit(self, vault: str, subnetwork: Subnetwork, operator: str, limit: Edge) -> None:
        """Set an operator's limit for a subnetwork to a part of the vault's stake, as the vault's admin."""
        amount = limit.of(ACTIVE_STAKE.latest(self.rows, vault))
        self.call(actions.SetOperatorNetworkLimit(ADMIN, vault, subnetwork, operator, amount))

    @rule(vault=VAULT, subnetwork=subnetworks, operator=operators, amount=AMOUNT, age_seconds=SECONDS)
    def slash(self, vault: str, subnetwork: Subnetwork, operator: str, amount: Edge, age_seconds: int) -> None:
        """Slash part of the slashable stake for a capture `age_seconds` ago, as the network's middleware."""
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
        """Request a slash of part of the slashable stake, for a capture `age_seconds` ago, as the network's middleware.

        Returns the request, or none if the call is rejected.
        """
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
        """Slash by the vault's own slasher, for a capture one second ago.

        An instant slasher slashes at once. With a veto slasher the slash is requested. Then it is vetoed if
        `is_vetoed`, otherwise executed, `slack_seconds` after the veto's end.
        """
        config = self.rows.get(VAULTS, vault)
        if config.slasher != VETO_SLASHER:
            self.slash(vault, subnetwork, operator, amount, 1)
            return multiple()
        request = self.request_slash(vault, subnetwork, operator, amount, 1)
        if isinstance(request, MultipleResults):
            return request
        self.call(actions.AdvanceTime(config.veto_duration_seconds + slack_seconds))
        if is_vetoed:
            self.veto_slash(request, is_unknown=False)
        else:
            self.execute_slash(request, is_unknown=False)
        return request

    @rule(request=slash_requests, is_unknown=SELDOM)
    def execute_slash(self, request: SlashRequest, is_unknown: bool) -> None:
        """Execute a slash request as the network's middleware, too early or in time, once or again.

        If `is_unknown`, the call names a request that does not exist.
        """
        vault, index = request
        subnetwork = self.rows.get(SLASH_REQUESTS, request).subnetwork
        self.call(actions.ExecuteSlash(self._middleware(subnetwork), vault, index + 1_000 * is_unknown))

    @rule(request=slash_requests, is_unknown=SELDOM)
    def veto_slash(self, request: SlashRequest, is_unknown: bool) -> None:
        """Veto a slash request as the resolver at its capture, in time or too late, once or again.

        If `is_unknown`, the call names a request that does not exist.
        """
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
        """Set a subnetwork's resolver; the sender may be no network."""
        self.call(actions.SetResolver(network, vault, identifier, resolver))

    @precondition(has_rewards)
    @rule(payer=st.one_of(STAKER, SENDER), token=REWARD_TOKEN, to=st.one_of(CONTRACT, ACCOUNT), amount=AMOUNT)
    def transfer_reward(self, payer: str, token: str, to: str, amount: Edge) -> None:
        """Transfer part of the account's reward tokens; a transfer to a rewards contract is a donation."""
        has = self.rows.get(TOKEN_BALANCES, (token, payer)).amount
        self.call(actions.TransferReward(payer, token, to, amount.of(has)))

    @precondition(has_rewards)
    @rule(
        contract=CONTRACT,
        network=NETWORK,
        token=REWARD_TOKEN,
        amount=AMOUNT,
        age_seconds=SECONDS,
        slack_bips=st.sampled_from((0, 10_000, -1)),
        hints=st.tuples(HINT, HINT),
    )
    def distribute_staker_rewards(
        self,
        contract: str,
        network: str,
        token: str,
        amount: Edge,
        age_seconds: int,
        slack_bips: int,
        hints: tuple[int, int],
    ) -> None:
        """Pay staker rewards for a past timestamp, as the network's middleware, with its own tokens.

        The accepted admin fee is the current one plus `slack_bips`: the same, a much higher one, or one just below.
        `hints` are those for active shares and active stake.
        """
        payer = _sender(self.rows.get(MIDDLEWARES, network).account)
        has = self.rows.get(TOKEN_BALANCES, (token, payer)).amount
        most_bips = max(self.rows.get(ADMIN_FEES, contract).fee_bips + slack_bips, 0)
        second = max(current_timestamp(self.rows) - age_seconds, 0)
        self.call(
            actions.DistributeStakerRewards(
                payer, contract, network, token, min(amount.of(has), UINT256_MAX), second, most_bips, *hints
            )
        )

    @precondition(has_rewards)
    @rule(
        staker=st.one_of(STAKER, SENDER),
        contract=CONTRACT,
        recipient=ACCOUNT,
        token=REWARD_TOKEN,
        network=NETWORK,
        most=st.sampled_from((UINT256_MAX, 1, 2, 0)),
        hint=st.one_of(st.none(), HINT),
    )
    def claim_staker_rewards(
        self, staker: str, contract: str, recipient: str, token: str, network: str, most: int, hint: int | None
    ) -> None:
        """Claim up to `most` of a list's remaining rewards, with `hint` for each reward. If `hint` is None, the claim
        has no hints.
        """
        left = self.rows.get(DISTRIBUTION_COUNTS, (contract, token, network)).count
        left -= self.rows.get(REWARDS_DONE, (contract, token, network, staker)).count
        hints = () if hint is None else (hint,) * min(most, left)
        self.call(actions.ClaimStakerRewards(staker, contract, recipient, token, network, most, hints))

    @precondition(has_rewards)
    @rule(contract=CONTRACT, recipient=ACCOUNT, token=REWARD_TOKEN, is_another=SELDOM)
    def claim_admin_fee(self, contract: str, recipient: str, token: str, is_another: bool) -> None:
        """Claim the admin fee as its claimer, seldom from another account. The token is one with a fee, if there is
        one.
        """
        fees = [name for name in REWARD_TOKENS if self.rows.get(CLAIMABLE_ADMIN_FEES, (contract, name)).amount]
        claimer = SENDERS[0] if is_another else _sender(self.rows.get(STAKER_REWARDS, contract).admin_fee_claimer)
        self.call(actions.ClaimAdminFee(claimer, contract, recipient, fees[0] if fees else token))

    @precondition(has_rewards)
    @rule(contract=CONTRACT, fee_bips=st.sampled_from((1000, 0, 1, 9999, 10_000, 10_001)), is_another=SELDOM)
    def set_admin_fee(self, contract: str, fee_bips: int, is_another: bool) -> None:
        """Set the admin fee as its setter, seldom from another account."""
        setter = SENDERS[0] if is_another else _sender(self.rows.get(STAKER_REWARDS, contract).admin_fee_setter)
        self.call(actions.SetAdminFee(setter, contract, fee_bips))

    @precondition(has_rewards)
    @rule(network=NETWORK, token=REWARD_TOKEN, amount=AMOUNT, root=ROOT)
    def distribute_operator_rewards(self, network: str, token: str, amount: Edge, root: str) -> None:
        """Pay operator rewards with a new root, as the network's middleware, with its own tokens."""
        payer = _sender(self.rows.get(MIDDLEWARES, network).account)
        has = self.rows.get(TOKEN_BALANCES, (token, payer)).amount
        self.call(actions.DistributeOperatorRewards(payer, network, token, min(amount.of(has), UINT256_MAX), root))

    @precondition(has_rewards)
    @rule(
        operator=st.sampled_from(OPERATORS),
        recipient=ACCOUNT,
        network=NETWORK,
        token=REWARD_TOKEN,
        more=AMOUNT,
        other_root=st.one_of(st.none(), ROOT),
    )
    def claim_operator_rewards(
        self, operator: str, recipient: str, network: str, token: str, more: Edge, other_root: str | None
    ) -> None:
        """Claim operator rewards up to about the network's balance, under `other_root`. If that is None, the call names
        the root in force.
        """
        root = self.rows.get(OPERATOR_ROOTS, (network, token)).root if other_root is None else other_root
        left = self.rows.get(OPERATOR_REWARD_BALANCES, (network, token)).amount
        total = self.rows.get(OPERATOR_REWARDS_CLAIMED, (network, token, operator)).amount + more.of(left)
        self.call(actions.ClaimOperatorRewards(operator, recipient, network, token, min(total, UINT256_MAX), root))

    def _slashable(self, vault: str, subnetwork: Subnetwork, operator: str, age_seconds: int) -> tuple[int, int]:
        """The capture timestamp of `age_seconds` ago, and the stake that is slashable for this capture; 0 if the view
        is rejected.
        """
        capture = current_timestamp(self.rows) - age_seconds
        slashable = slashable_stake(self.rows, vault, subnetwork, operator, capture)
        return capture, slashable if isinstance(slashable, int) else 0

    def _middleware(self, subnetwork: Subnetwork) -> str:
        return _sender(self.rows.get(MIDDLEWARES, subnetwork[0]).account)


def _sender(account: str) -> str:
    """The account itself if it may send calls, otherwise the first of the SENDERS."""
    return account if account in SENDERS else SENDERS[0]
