"""EigenLayer's Hypothesis state machine: a rule for each action, and bundles, from which rules draw, for the objects
that actions create.
"""

from typing import Any, Final

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, initialize, multiple, rule

from invariants.edges import FRACTIONS_WAD, SELDOM, Edge, amounts
from invariants.eigenlayer.rewards_rule_machine import RewardsRules
from invariants.eigenlayer.state_queries import slasher_in_force
from invariants.eigenlayer.walk import (
    ACCOUNTS,
    APPROVER,
    OPERATORS,
    PARTIES,
    POOLS,
    SECONDS_PER_BLOCK,
    SETS,
    TOKENS,
    WALK,
)
from invariants.walker import Walk, WalkReport
from spec.arithmetic import INT256_MAX, WAD, div_floor
from spec.eigenlayer import actions
from spec.eigenlayer.config import BEACON_CHAIN_ETH, GWEI_TO_WEI, ZERO_ADDRESS
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.state import (
    ALLOCATIONS,
    CONFIG,
    ENCUMBERED_MAGNITUDES,
    MAX_MAGNITUDES,
    OPERATOR_SETS,
    POD_OWNERS,
    QUEUED_SHARES,
    STAKER_SHARES,
    STAKERS,
    TOKEN_BALANCES,
    WITHDRAWALS,
    OperatorSet,
)
from spec.machine import SINGLETON, Delta

Withdrawal = tuple[str, int]
"""A queued withdrawal, as (staker, nonce)."""

Slash = tuple[OperatorSet, int]
"""A slash, as (operator set, slash id in that set)."""

PARTY: Final = st.sampled_from(PARTIES)
ACCOUNT: Final = st.sampled_from(ACCOUNTS)
AVS: Final = st.sampled_from(("avs0", "avs1"))
POOL: Final = st.sampled_from(POOLS)
SOME_POOLS: Final = st.sampled_from((POOLS[:1], POOLS[1:], POOLS, POOLS[::-1], ()))
NUMBER: Final = st.integers(0, 3)
"""An operator set's number. Most of these numbers are in use."""
AMOUNT: Final = amounts()
MAGNITUDE: Final = amounts(2**64 - 1)
APPROVER_OR_NOBODY: Final = st.sampled_from((ZERO_ADDRESS, ZERO_ADDRESS, APPROVER))
APPROVAL: Final = st.one_of(
    st.just(NO_APPROVAL),
    st.builds(actions.Approval, st.sampled_from((APPROVER, ZERO_ADDRESS)), st.integers(0, 3), SELDOM),
)
BLOCKS: Final = st.sampled_from((1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 0))
"""A strategy for the number of blocks to mine: as many as one of the world's delays, one fewer, or one more."""
DELAY_BLOCKS: Final = st.sampled_from((0, 1, 2, 9, 2**32 - 1))


class EigenLayerMachine(RewardsRules):
    """Hypothesis rules for every action of EigenLayer; they aim at existing objects, at available amounts, and at edge
    cases.
    """

    operators: Bundle[str] = Bundle("operators")
    operator_sets: Bundle[OperatorSet] = Bundle("operator_sets")
    withdrawals: Bundle[Withdrawal] = Bundle("withdrawals")
    slashes: Bundle[Slash] = Bundle("slashes")

    def __init__(self, walk: Walk = WALK, runs: list[WalkReport] | None = None) -> None:
        super().__init__(walk, runs)

    def furnish(self) -> None:
        """Let every account deposit in both strategies, and each operator allocate a quarter of its magnitude to each
        operator set.

        Two accounts delegate, and three have pods with ETH.
        """
        for party in PARTIES:
            for strategy in POOLS:
                self.call(actions.DepositIntoStrategy(party, strategy, TOKENS[strategy], 10 * WAD))
        self.call(actions.DelegateTo(PARTIES[0], OPERATORS[0], NO_APPROVAL))
        self.call(actions.DelegateTo(PARTIES[1], OPERATORS[1], NO_APPROVAL))
        for party in (PARTIES[0], PARTIES[1], OPERATORS[0]):
            self.call(actions.CreatePod(party))
            self.call(actions.FundPod(party, 32 * 10**9 * GWEI_TO_WEI))
            self.call(
                actions.RecordBeaconChainEthBalanceUpdate(party, party, 0, 32 * 10**9 * GWEI_TO_WEI, is_from_pod=True)
            )
        self.call(actions.MineBlocks(1))
        for operator in OPERATORS:
            requests = [actions.AllocationRequest(operator_set, POOLS, (WAD >> 2, WAD >> 2)) for operator_set in SETS]
            self.call(actions.ModifyAllocations(operator, operator, tuple(requests)))

    @initialize(target=operators)
    def open_with_operators(self) -> MultipleResults[str]:
        """Make the walk's opening calls. Returns the operators that they register, from which rules draw operators."""
        self.begin()
        return multiple(*OPERATORS)

    @initialize(target=operator_sets)
    def open_with_operator_sets(self) -> MultipleResults[OperatorSet]:
        """Make the walk's opening calls. Returns the operator sets that they create, from which rules draw operator
        sets.
        """
        self.begin()
        return multiple(*SETS)

    @rule(sender=st.one_of(st.none(), ACCOUNT))
    def the_same_again(self, sender: str | None) -> None:
        """Repeat the last call: from `sender` or, if that is None, from the account that sent it."""
        self.call_again(sender)

    @rule(blocks=BLOCKS)
    def mine_blocks(self, blocks: int) -> None:
        """Mine some blocks of 12 seconds each."""
        self.call(actions.MineBlocks(blocks, blocks * SECONDS_PER_BLOCK))

    @rule(party=PARTY, strategy=POOL, amount=AMOUNT, wrong_token=SELDOM)
    def deposit_into_strategy(self, party: str, strategy: str, amount: Edge, wrong_token: bool) -> None:
        """Deposit part of the account's balance, seldom naming the wrong token."""
        token = TOKENS[POOLS[0] if wrong_token else strategy]
        has = self.rows.get(TOKEN_BALANCES, (token, party)).amount
        self.call(actions.DepositIntoStrategy(party, strategy, token, amount.of(has)))

    @rule(party=PARTY, strategy=POOL, to=st.one_of(POOL, ACCOUNT), amount=AMOUNT)
    def transfer_token(self, party: str, strategy: str, to: str, amount: Edge) -> None:
        """Transfer part of the account's balance; a transfer to a strategy is a donation."""
        token = TOKENS[strategy]
        has = self.rows.get(TOKEN_BALANCES, (token, party)).amount
        self.call(actions.TransferToken(party, token, to, amount.of(has)))

    @rule(party=PARTY, operator=operators, amount=AMOUNT)
    def stake(self, party: str, operator: str, amount: Edge) -> None:
        """Deposit part of the account's balances in both strategies, and delegate to the operator."""
        for strategy, token in TOKENS.items():
            has = self.rows.get(TOKEN_BALANCES, (token, party)).amount
            self.call(actions.DepositIntoStrategy(party, strategy, token, amount.of(has)))
        self.call(actions.DelegateTo(party, operator, NO_APPROVAL))

    @rule(party=PARTY, shares=AMOUNT, slack_blocks=st.integers(-1, 1), as_tokens=st.booleans())
    def leave(self, party: str, shares: Edge, slack_blocks: int, as_tokens: bool) -> None:
        """Queue part of the account's shares in every strategy, and complete the withdrawal, if it could be queued.

        It is paid in tokens if `as_tokens`, otherwise in shares. The completion is `slack_blocks` after the first block
        that allows it: in that block, one earlier, or one later.
        """
        strategies = self.rows.get(STAKERS, party).strategy_list
        held = [self.rows.get(STAKER_SHARES, (party, strategy)).deposit_shares for strategy in strategies]
        nonce = self.rows.get(STAKERS, party).withdrawals_queued
        request = actions.WithdrawalRequest(strategies, tuple([min(shares.of(each), each) for each in held]))
        if self.is_accepted(actions.QueueWithdrawals(party, (request,))):
            self.call(
                actions.MineBlocks(self.rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks + 1 + slack_blocks)
            )
            completion = self._completion((party, nonce), as_tokens, wrong_tokens=False, is_tampered=False)
            self.call(actions.CompleteQueuedWithdrawal(party, completion))

    @rule(strategies=SOME_POOLS)
    def add_strategies_to_deposit_whitelist(self, strategies: tuple[str, ...]) -> None:
        """Whitelist strategies for deposits, as the whitelister."""
        self.call(actions.AddStrategiesToDepositWhitelist("whitelister", strategies))

    @rule(strategies=SOME_POOLS)
    def remove_strategies_from_deposit_whitelist(self, strategies: tuple[str, ...]) -> None:
        """Remove strategies from the whitelist, as the whitelister."""
        self.call(actions.RemoveStrategiesFromDepositWhitelist("whitelister", strategies))

    @rule(target=operators, party=PARTY, approver=APPROVER_OR_NOBODY, delay_blocks=DELAY_BLOCKS)
    def register_as_operator(self, party: str, approver: str, delay_blocks: int) -> Any:
        """Register the account as operator, with a delegation approver and an allocation delay.

        The call is rejected if the account is an operator already.
        """
        return party if self.is_accepted(actions.RegisterAsOperator(party, approver, delay_blocks)) else multiple()

    @rule(operator=operators, approver=APPROVER_OR_NOBODY)
    def modify_operator_details(self, operator: str, approver: str) -> None:
        """Set an operator's delegation approver to an account or to none."""
        self.call(actions.ModifyOperatorDetails(operator, operator, approver))

    @rule(party=PARTY, operator=st.one_of(operators, PARTY), approval=APPROVAL)
    def delegate_to(self, party: str, operator: str, approval: actions.Approval) -> None:
        """Delegate to an operator, or to an account that may be no operator, with this approval."""
        self.call(actions.DelegateTo(party, operator, approval))

    @rule(party=PARTY)
    def undelegate(self, party: str) -> None:
        """End the account's delegation, as the account itself."""
        self.call(actions.Undelegate(party, party))

    @rule(party=PARTY, sender=st.one_of(st.just(APPROVER), ACCOUNT))
    def undelegate_by_its_operator(self, party: str, sender: str) -> None:
        """End the account's delegation as its operator. If it has no operator, `sender` tries the call."""
        operator = self.rows.get(STAKERS, party).delegated_to
        self.call(actions.Undelegate(sender if operator == ZERO_ADDRESS else operator, party))

    @rule(party=PARTY, operator=operators, approval=APPROVAL)
    def redelegate(self, party: str, operator: str, approval: actions.Approval) -> None:
        """Redelegate the account to an operator, with this approval."""
        self.call(actions.Redelegate(party, operator, approval))

    @rule(
        target=withdrawals,
        party=PARTY,
        parts=st.lists(st.tuples(SOME_POOLS, AMOUNT), min_size=1, max_size=2),
    )
    def queue_withdrawals(self, party: str, parts: list[tuple[tuple[str, ...], Edge]]) -> Any:
        """Queue one or two withdrawals of the account's shares.

        `parts` has, for each withdrawal, its strategies and the amount of each. Returns the withdrawals, none if the
        call is rejected.
        """
        requests: list[actions.WithdrawalRequest] = []
        for strategies, shares in parts:
            held = [self.rows.get(STAKER_SHARES, (party, strategy)).deposit_shares for strategy in strategies]
            requests.append(actions.WithdrawalRequest(strategies, tuple([shares.of(each) for each in held])))
        first = self.rows.get(STAKERS, party).withdrawals_queued
        if not self.is_accepted(actions.QueueWithdrawals(party, tuple(requests))):
            return multiple()
        return multiple(*[(party, first + position) for position in range(len(requests))])

    @rule(withdrawal=withdrawals, as_tokens=st.booleans(), wrong_tokens=SELDOM, is_tampered=SELDOM)
    def complete_queued_withdrawal(
        self, withdrawal: Withdrawal, as_tokens: bool, wrong_tokens: bool, is_tampered: bool
    ) -> None:
        """Complete a withdrawal that was queued, once or again, in tokens or in shares.

        If `wrong_tokens` or `is_tampered`, the call names too few tokens, or withdrawal data that were tampered with.
        """
        completion = self._completion(withdrawal, as_tokens, wrong_tokens, is_tampered)
        self.call(actions.CompleteQueuedWithdrawal(withdrawal[0], completion))

    @rule(several=st.lists(withdrawals, max_size=3), as_tokens=st.booleans())
    def complete_queued_withdrawals(self, several: list[Withdrawal], as_tokens: bool) -> None:
        """Complete up to three withdrawals, those in `several`, in one call: perhaps of different stakers, or one of
        them twice.
        """
        sender = several[0][0] if several else PARTIES[0]
        completions = [
            self._completion(withdrawal, as_tokens, wrong_tokens=False, is_tampered=False) for withdrawal in several
        ]
        self.call(actions.CompleteQueuedWithdrawals(sender, tuple(completions)))

    def _completion(
        self, withdrawal: Withdrawal, as_tokens: bool, wrong_tokens: bool, is_tampered: bool
    ) -> actions.Completion:
        party, nonce = withdrawal
        count = self.rows.get(WITHDRAWALS, withdrawal).strategy_count
        strategies = [self.rows.get(QUEUED_SHARES, (party, nonce, position)).strategy for position in range(count)]
        tokens = [TOKENS.get(strategy, TOKENS[POOLS[0]]) for strategy in strategies]
        return actions.Completion(party, nonce, tuple(tokens[1:] if wrong_tokens else tokens), as_tokens, is_tampered)

    @rule(avs=AVS)
    def update_avs_metadata(self, avs: str) -> None:
        """Update an AVS's metadata once more."""
        self.call(actions.UpdateAvsMetadata(avs, avs))

    @rule(target=operator_sets, avs=AVS, number=NUMBER, strategies=SOME_POOLS, slasher=st.one_of(AVS, ACCOUNT))
    def create_operator_sets(self, avs: str, number: int, strategies: tuple[str, ...], slasher: str) -> Any:
        """Create an operator set of the AVS with these strategies and this slasher; the call is rejected if the set
        exists.
        """
        requests = (actions.OperatorSetRequest(number, strategies, slasher),)
        return (avs, number) if self.is_accepted(actions.CreateOperatorSets(avs, avs, requests)) else multiple()

    @rule(
        target=operator_sets,
        avs=AVS,
        number=NUMBER,
        strategies=SOME_POOLS,
        recipient=st.one_of(st.just("recipient"), ACCOUNT),
    )
    def create_redistributing_operator_sets(
        self, avs: str, number: int, strategies: tuple[str, ...], recipient: str
    ) -> Any:
        """Create an operator set of the AVS with these strategies and a redistribution recipient.

        The call is rejected if the set exists.
        """
        requests = (actions.OperatorSetRequest(number, strategies, avs),)
        action = actions.CreateRedistributingOperatorSets(avs, avs, requests, (recipient,))
        return (avs, number) if self.is_accepted(action) else multiple()

    @rule(operator_set=operator_sets, strategies=SOME_POOLS)
    def add_strategies_to_operator_set(self, operator_set: OperatorSet, strategies: tuple[str, ...]) -> None:
        """Add strategies to an operator set, as its AVS."""
        avs, number = operator_set
        self.call(actions.AddStrategiesToOperatorSet(avs, avs, number, strategies))

    @rule(operator_set=operator_sets, strategies=SOME_POOLS)
    def remove_strategies_from_operator_set(self, operator_set: OperatorSet, strategies: tuple[str, ...]) -> None:
        """Remove strategies from an operator set, as its AVS."""
        avs, number = operator_set
        self.call(actions.RemoveStrategiesFromOperatorSet(avs, avs, number, strategies))

    @rule(operator_set=operator_sets, slasher=st.one_of(AVS, ACCOUNT))
    def update_slasher(self, operator_set: OperatorSet, slasher: str) -> None:
        """Propose a slasher for an operator set, as its AVS."""
        self.call(actions.UpdateSlasher(operator_set[0], operator_set, slasher))

    @rule(operator=st.one_of(operators, PARTY), operator_set=operator_sets)
    def register_for_operator_sets(self, operator: str, operator_set: OperatorSet) -> None:
        """Register an operator, or an account that may be none, for an operator set."""
        avs, number = operator_set
        self.call(actions.RegisterForOperatorSets(operator, operator, avs, (number,)))

    @rule(operator=operators, operator_set=operator_sets, sender_is_avs=st.booleans())
    def deregister_from_operator_sets(self, operator: str, operator_set: OperatorSet, sender_is_avs: bool) -> None:
        """Deregister an operator from an operator set, as the operator or as the AVS."""
        avs, number = operator_set
        self.call(actions.DeregisterFromOperatorSets(avs if sender_is_avs else operator, operator, avs, (number,)))

    @rule(operator=operators, operator_set=operator_sets, strategies=SOME_POOLS, magnitude=MAGNITUDE)
    def allocate(self, operator: str, operator_set: OperatorSet, strategies: tuple[str, ...], magnitude: Edge) -> None:
        """Raise an operator's allocation in each of some strategies by a part of the strategy's free magnitude."""
        wanted: list[int] = []
        for strategy in strategies:
            allocated = self.rows.get(ALLOCATIONS, (operator, operator_set, strategy)).current_magnitude
            encumbered = self.rows.get(ENCUMBERED_MAGNITUDES, (operator, strategy)).magnitude
            left = max(MAX_MAGNITUDES.latest(self.rows, (operator, strategy)) - encumbered, 0)
            wanted.append(min(allocated + magnitude.of(left), 2**64 - 1))
        request = actions.AllocationRequest(operator_set, strategies, tuple(wanted))
        self.call(actions.ModifyAllocations(operator, operator, (request,)))

    @rule(operator=operators, operator_set=operator_sets, strategy=POOL, magnitude=MAGNITUDE)
    def deallocate(self, operator: str, operator_set: OperatorSet, strategy: str, magnitude: Edge) -> None:
        """Set an allocation to a part of its current magnitude."""
        allocated = self.rows.get(ALLOCATIONS, (operator, operator_set, strategy)).current_magnitude
        request = actions.AllocationRequest(operator_set, (strategy,), (magnitude.of(allocated),))
        self.call(actions.ModifyAllocations(operator, operator, (request,)))

    @rule(operator=operators, delay_blocks=DELAY_BLOCKS)
    def set_allocation_delay(self, operator: str, delay_blocks: int) -> None:
        """Set an operator's allocation delay, as the operator."""
        self.call(actions.SetAllocationDelay(operator, operator, delay_blocks))

    @rule(operator=operators, strategies=SOME_POOLS, number=NUMBER)
    def clear_deallocation_queue(self, operator: str, strategies: tuple[str, ...], number: int) -> None:
        """Clear up to `number` deallocations from each strategy's queue of an operator, as an unrelated account."""
        self.call(actions.ClearDeallocationQueue("anybody", operator, strategies, (number,) * len(strategies)))

    @rule(
        target=slashes,
        operator=operators,
        operator_set=operator_sets,
        strategies=SOME_POOLS,
        fraction_wad=FRACTIONS_WAD,
    )
    def slash_operator(
        self, operator: str, operator_set: OperatorSet, strategies: tuple[str, ...], fraction_wad: int
    ) -> Any:
        """Slash an operator in these strategies, each by the same fraction, as the slasher in force."""
        avs, number = operator_set
        sender = slasher_in_force(self.rows, operator_set)
        slash_id = self.rows.get(OPERATOR_SETS, operator_set).slash_count + 1
        fractions = (fraction_wad,) * len(strategies)
        outcome = self.call(actions.SlashOperator(sender, avs, operator, number, strategies, fractions))
        return (operator_set, slash_id) if isinstance(outcome, Delta) else multiple()

    @rule(slash=slashes)
    def clear_burn_or_redistributable_shares(self, slash: Slash) -> None:
        """Pay out a slash in all strategies, once or again, as an unrelated account."""
        self.call(actions.ClearBurnOrRedistributableShares("anybody", slash[0], slash[1]))

    @rule(slash=slashes, strategy=POOL)
    def clear_burn_or_redistributable_shares_by_strategy(self, slash: Slash, strategy: str) -> None:
        """Pay out a slash in one strategy, once or again, as an unrelated account."""
        self.call(actions.ClearBurnOrRedistributableSharesByStrategy("anybody", slash[0], slash[1], strategy))

    @rule(strategy=POOL)
    def burn_shares(self, strategy: str) -> None:
        """Burn a strategy's legacy burnable shares, as an unrelated account."""
        self.call(actions.BurnShares("anybody", strategy))

    @rule(party=PARTY)
    def create_pod(self, party: str) -> None:
        """Create a pod; the call is rejected if the party has one."""
        self.call(actions.CreatePod(party))

    @rule(party=PARTY, amount=AMOUNT)
    def fund_pod(self, party: str, amount: Edge) -> None:
        """Send ETH to the account's pod: whole gwei, the part of 32 ETH that `amount` computes."""
        self.call(actions.FundPod(party, amount.of(32 * GWEI_TO_WEI) * GWEI_TO_WEI))

    @rule(party=PARTY, amount=AMOUNT, is_loss=st.booleans(), wei=st.sampled_from((0, 0, 0, 0, 0, 1)), sender=ACCOUNT)
    def record_beacon_chain_eth_balance_update(
        self, party: str, amount: Edge, is_loss: bool, wei: int, sender: str
    ) -> None:
        """Report a gain, or a loss of a part of the owner's shares, by the owner's pod. Then report the same by
        `sender`'s pod; if that is the owner, by the owner itself.

        `wei` is added to the change, which is otherwise whole gwei. A change beyond int256 is not reported.
        """
        held_wei = max(self.rows.get(POD_OWNERS, party).deposit_shares, 0)
        gwei = amount.of(max(div_floor(held_wei, GWEI_TO_WEI), 32)) if is_loss else amount.of(32 * GWEI_TO_WEI)
        delta_wei = (-gwei if is_loss else gwei) * GWEI_TO_WEI + wei
        if -INT256_MAX <= delta_wei <= INT256_MAX:
            report = actions.RecordBeaconChainEthBalanceUpdate(party, party, held_wei, delta_wei, is_from_pod=True)
            self.call(report)
            self.call(attrs.evolve(report, sender=sender, is_from_pod=sender != party))

    @rule(party=PARTY, shares=AMOUNT)
    def plant_pod_owner_deposit_shares(self, party: str, shares: Edge) -> None:
        """Plant a deficit for an account, unless it has native shares."""
        if self.rows.get(POD_OWNERS, party).deposit_shares <= 0:
            self.call(actions.PlantPodOwnerDepositShares(party, -min(shares.of(GWEI_TO_WEI), INT256_MAX)))

    @rule(party=PARTY, shares=AMOUNT, losses=st.booleans(), as_tokens=st.booleans())
    def leave_with_native_eth(self, party: str, shares: Edge, losses: bool, as_tokens: bool) -> None:
        """Queue part of the account's native shares and complete the withdrawal after the delay, if it could be queued.
        If `losses`, the pod reports a loss in between.
        """
        held = max(self.rows.get(POD_OWNERS, party).deposit_shares, 0)
        nonce = self.rows.get(STAKERS, party).withdrawals_queued
        request = actions.WithdrawalRequest((BEACON_CHAIN_ETH,), (shares.of(held),))
        if self.is_accepted(actions.QueueWithdrawals(party, (request,))):
            self.call(actions.MineBlocks(self.rows.get(CONFIG, SINGLETON).min_withdrawal_delay_blocks + 1))
            if losses:
                self.call(
                    actions.RecordBeaconChainEthBalanceUpdate(
                        party, party, 3 * GWEI_TO_WEI, -GWEI_TO_WEI, is_from_pod=True
                    )
                )
            completion = actions.Completion(party, nonce, (ZERO_ADDRESS,), as_tokens)
            self.call(actions.CompleteQueuedWithdrawal(party, completion))
