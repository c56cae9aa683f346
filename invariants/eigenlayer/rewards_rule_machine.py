"""Hypothesis rules for the calls of the RewardsCoordinator."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from invariants.edges import SELDOM, Edge, amounts
from invariants.eigenlayer.rewards_walk import AVSS, BIPS, DELAYS, EARNED, EARNERS, LISTED, OPERATORS, SETS, TOKENS
from invariants.eigenlayer.world import PAYERS
from invariants.rule_machine import LawMachine
from spec.arithmetic import UINT32_MAX, remainder
from spec.eigenlayer import rewards_actions as actions
from spec.eigenlayer.actions import MineBlocks
from spec.eigenlayer.clock import current_timestamp
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.rewards_config import PROOF_EMPTY_ROOT, PROOF_OK, PROOFS, REWARDS_COORDINATOR
from spec.eigenlayer.state import (
    CLAIMERS,
    DISTRIBUTION,
    REWARDS_CONFIG,
    REWARDS_SETTINGS,
    ROOTS,
    TOKEN_BALANCES,
    OperatorSet,
)
from spec.machine import SINGLETON

AVS: Final = st.sampled_from(AVSS)
PAYER: Final = st.sampled_from((*PAYERS, "anybody"))
OPERATOR: Final = st.sampled_from((*OPERATORS, "staker0"))
EARNER: Final = st.sampled_from(EARNERS)
OPERATOR_SET: Final = st.sampled_from(SETS)
TOKEN: Final = st.sampled_from(TOKENS)
ACCOUNT: Final = st.sampled_from(("staker0", "operator0", "avs0", "owner", "updater", "claimer"))
OWNER: Final = st.sampled_from(("owner", "owner", "owner", "updater"))
BIPS_: Final = st.one_of(st.sampled_from(BIPS), st.integers(0, 10_001))
AMOUNT: Final = amounts()
STRATEGIES: Final = st.sampled_from((LISTED[:1], LISTED, LISTED[1:], LISTED, LISTED[::-1], ()))
INTERVALS: Final = st.sampled_from((1, 2, 3, 10, 0, 11))
AGO: Final = st.sampled_from((0, 1, -1, -3, -4, 7, 21))
RECIPIENT: Final = st.sampled_from(("recipient", "recipient", "fees", REWARDS_COORDINATOR, ZERO_ADDRESS))
PROOF: Final = st.one_of(st.just(PROOF_OK), st.just(PROOF_OK), st.sampled_from(PROOFS))
TREE: Final = st.sampled_from(tuple(EARNED))


class RewardsRules(LawMachine):
    """Hypothesis rules for all calls about rewards; they aim at whole intervals, at available amounts, and at edge
    cases.
    """

    def _submission(
        self, payer: str, strategies: tuple[str, ...], token: str, amount: Edge, ago: int, intervals: int
    ) -> actions.RewardsSubmission:
        start, duration = self._period(ago, intervals)
        has = self.rows.get(TOKEN_BALANCES, (token, payer)).amount
        return actions.RewardsSubmission(_weighed(strategies), token, amount.of(has), start, duration)

    def _period(self, ago: int, intervals: int) -> tuple[int, int]:
        """The start and duration, in seconds, of a period of `intervals` whole intervals that began `ago` intervals
        ago.
        """
        seconds = self.rows.get(REWARDS_CONFIG, SINGLETON).calculation_interval_seconds
        now = current_timestamp(self.rows)
        return max(now - remainder(now, seconds) - ago * seconds, 0), intervals * seconds

    @rule(seconds=st.sampled_from((1, 40, 41, 100, 2_000)))
    def seconds_pass(self, seconds: int) -> None:
        """Mine one block after this many seconds."""
        self.call(MineBlocks(1, seconds))

    @rule(payer=PAYER, strategies=STRATEGIES, token=TOKEN, amount=AMOUNT, ago=AGO, intervals=INTERVALS)
    def create_avs_rewards_submission(
        self, payer: str, strategies: tuple[str, ...], token: str, amount: Edge, ago: int, intervals: int
    ) -> None:
        """Call CreateAvsRewardsSubmission in the payer's own name, for `amount` of its balance.

        The period has `intervals` calculation intervals and began `ago` of them ago; a negative `ago` is in the future.
        """
        submission = self._submission(payer, strategies, token, amount, ago, intervals)
        self.call(actions.CreateAvsRewardsSubmission(payer, (submission,)))

    @rule(avs=AVS, strategies=STRATEGIES, token=TOKEN, amount=AMOUNT, ago=AGO, intervals=INTERVALS)
    def create_eigen_da_rewards_submission(
        self, avs: str, strategies: tuple[str, ...], token: str, amount: Edge, ago: int, intervals: int
    ) -> None:
        """Call CreateEigenDaRewardsSubmission from the emissions controller, in an AVS's name, for `amount` of the
        controller's balance.

        The period has `intervals` calculation intervals and began `ago` of them ago; a negative `ago` is in the future.
        """
        submission = self._submission("controller", strategies, token, amount, ago, intervals)
        self.call(actions.CreateEigenDaRewardsSubmission("controller", avs, (submission,)))

    @rule(token=TOKEN, amount=AMOUNT, ago=AGO, intervals=INTERVALS, are_earners=st.booleans())
    def create_rewards_for_all(self, token: str, amount: Edge, ago: int, intervals: int, are_earners: bool) -> None:
        """Permit a submitter, then submit rewards for all stakers or all earners from it, for `amount` of its balance.

        The period has `intervals` calculation intervals and began `ago` of them ago; a negative `ago` is in the future.
        """
        self.call(actions.SetRewardsForAllSubmitter("owner", "submitter", is_submitter=True))
        submission = self._submission("submitter", LISTED, token, amount, ago, intervals)
        if are_earners:
            self.call(actions.CreateRewardsForAllEarners("submitter", (submission,)))
        else:
            self.call(actions.CreateRewardsForAllSubmission("submitter", (submission,)))

    @rule(
        operator_set=OPERATOR_SET,
        strategies=STRATEGIES,
        amount=AMOUNT,
        ago=AGO,
        intervals=INTERVALS,
        is_unique=st.booleans(),
    )
    def create_stake_rewards_submission(
        self,
        operator_set: OperatorSet,
        strategies: tuple[str, ...],
        amount: Edge,
        ago: int,
        intervals: int,
        is_unique: bool,
    ) -> None:
        """Submit rewards by unique stake or by total stake of an operator set, for `amount` of its AVS's balance.

        The period has `intervals` calculation intervals and began `ago` of them ago; a negative `ago` is in the future.
        """
        payer = operator_set[0]
        submission = self._submission(payer, strategies, TOKENS[0], amount, ago, intervals)
        if is_unique:
            self.call(actions.CreateUniqueStakeRewardsSubmission(payer, operator_set, (submission,)))
        else:
            self.call(actions.CreateTotalStakeRewardsSubmission(payer, operator_set, (submission,)))

    @rule(
        operator_set=OPERATOR_SET,
        operators=st.sampled_from((OPERATORS, OPERATORS, OPERATORS[:1], OPERATORS[::-1], ())),
        amount=AMOUNT,
        intervals=INTERVALS,
        more=st.sampled_from((1, 1, 2, 0)),
        is_of_set=st.booleans(),
    )
    def create_operator_directed_rewards_submission(
        self,
        operator_set: OperatorSet,
        operators: tuple[str, ...],
        amount: Edge,
        intervals: int,
        more: int,
        is_of_set: bool,
    ) -> None:
        """Submit operator-directed rewards, for an operator set or its AVS, mostly for a period that is over.

        The period of `intervals` calculation intervals ended `more` of them ago. Each operator gets `amount` of half of
        the AVS's balance.
        """
        avs = operator_set[0]
        start, duration = self._period(intervals + more, intervals)
        part = amount.of(self.rows.get(TOKEN_BALANCES, (TOKENS[1], avs)).amount >> 1)
        rewards = tuple([actions.OperatorReward(operator, part) for operator in operators])
        submission = actions.OperatorDirectedRewardsSubmission(_weighed(LISTED), TOKENS[1], rewards, start, duration)
        if is_of_set:
            self.call(actions.CreateOperatorDirectedOperatorSetRewardsSubmission(avs, operator_set, (submission,)))
        else:
            self.call(actions.CreateOperatorDirectedAvsRewardsSubmission(avs, avs, (submission,)))

    @rule(tree=TREE, slack_seconds=st.integers(-1, 1), slack_of_delay=st.sampled_from((0, 0, 1, -1)))
    def submit_root(self, tree: str, slack_seconds: int, slack_of_delay: int) -> None:
        """Submit a root of `tree` for a period that ends about now, and wait about as long as the root's activation
        delay.

        The period ends one second ago, plus `slack_seconds`. The wait is the delay, but at most 50 seconds, plus
        `slack_of_delay` seconds.
        """
        updater = self.rows.get(REWARDS_SETTINGS, SINGLETON).rewards_updater
        self.call(actions.SubmitRoot(updater, tree, max(current_timestamp(self.rows) - 1 + slack_seconds, 0)))
        delay_seconds = min(self.rows.get(REWARDS_SETTINGS, SINGLETON).activation_delay_seconds, 50)
        self.call(MineBlocks(1, max(delay_seconds + slack_of_delay, 0)))

    @rule(earner=EARNER, token=TOKEN, tree=st.sampled_from(("tree0", "tree1", "tree2")), several=st.booleans())
    def pay_publish_and_claim(self, earner: str, token: str, tree: str, several: bool) -> None:
        """Pay more rewards than are claimed, submit a root of `tree`, wait for its activation, and claim from it.

        The claim is made by ProcessClaims if `several`, otherwise by ProcessClaim.
        """
        start, duration = self._period(0, 1)
        submission = actions.RewardsSubmission(_weighed(LISTED), token, 10**7, start, duration)
        self.call(actions.CreateAvsRewardsSubmission("avs0", (submission,)))
        settings = self.rows.get(REWARDS_SETTINGS, SINGLETON)
        self.call(MineBlocks(1, 2))
        self.call(actions.SubmitRoot(settings.rewards_updater, tree, current_timestamp(self.rows) - 1))
        self.call(MineBlocks(1, min(settings.activation_delay_seconds, 50)))
        number = max(self.rows.get(DISTRIBUTION, SINGLETON).root_count - 1, 0)
        shown = (actions.TokenClaim(token, EARNED[tree], PROOF_OK),)
        claim = actions.Claim(number, earner, PROOF_OK, shown, 1, 1)
        named = self.rows.get(CLAIMERS, earner).claimer
        sender = earner if named == ZERO_ADDRESS else named
        if several:
            self.call(actions.ProcessClaims(sender, (claim,), "recipient"))
        else:
            self.call(actions.ProcessClaim(sender, claim, "recipient"))

    @rule(tree=TREE, back=st.sampled_from((1, 1, 0, 2)))
    def disable_root(self, tree: str, back: int) -> None:
        """Submit a root of `tree`, and disable one of the last roots before its activation.

        `back` counts roots from the end of the list: 1 is the new root, 2 the one before; 0 stands for a root that does
        not exist.
        """
        updater = self.rows.get(REWARDS_SETTINGS, SINGLETON).rewards_updater
        self.call(MineBlocks(1, 2))
        self.call(actions.SubmitRoot(updater, tree, current_timestamp(self.rows) - 1))
        count = self.rows.get(DISTRIBUTION, SINGLETON).root_count
        self.call(actions.DisableRoot(updater, max(count - back, 0)))

    @rule(earner=EARNER, back=st.integers(0, 3), proof=PROOF, recipient=RECIPIENT, several=st.booleans(), more=SELDOM)
    def process_claim(self, earner: str, back: int, proof: str, recipient: str, several: bool, more: bool) -> None:
        """Claim from one of the last roots, possibly again. `back` counts roots from the end of the list: 1 is the last
        one, 0 does not exist.

        `proof` is the result of verifying each token's proof. If `more` is true, the claim has one token index too
        many. The claim is made by ProcessClaims if `several`, otherwise by ProcessClaim.
        """
        number = max(self.rows.get(DISTRIBUTION, SINGLETON).root_count - back, 0)
        tree = self.rows.get(ROOTS, number).tree
        shown = tuple([actions.TokenClaim(token, EARNED.get(tree, 1), proof) for token in TOKENS])
        of_earner = PROOF_EMPTY_ROOT if tree == "empty" else PROOF_OK
        claim = actions.Claim(number, earner, of_earner, shown, len(TOKENS) + more, len(TOKENS))
        named = self.rows.get(CLAIMERS, earner).claimer
        sender = earner if named == ZERO_ADDRESS else named
        if several:
            self.call(actions.ProcessClaims(sender, (claim,), recipient))
        else:
            self.call(actions.ProcessClaim(sender, claim, recipient))

    @rule(earner=EARNER, claimer=st.sampled_from((ZERO_ADDRESS, "claimer")), is_named=st.booleans())
    def set_claimer_for(self, earner: str, claimer: str, is_named: bool) -> None:
        """Set an earner's claimer, as the earner: by SetClaimerForEarner if `is_named`, otherwise by SetClaimerFor."""
        if is_named:
            self.call(actions.SetClaimerForEarner(earner, earner, claimer))
        else:
            self.call(actions.SetClaimerFor(earner, claimer))

    @rule(operator=OPERATOR, operator_set=OPERATOR_SET, split_bips=BIPS_, kind=st.integers(0, 2))
    def set_operator_split(self, operator: str, operator_set: OperatorSet, split_bips: int, kind: int) -> None:
        """Set an operator's split: for an AVS if `kind` is 0, for programmatic incentives if 1, for an operator set if
        2.
        """
        if kind == 0:
            self.call(actions.SetOperatorAvsSplit(operator, operator, operator_set[0], split_bips))
        elif kind == 1:
            self.call(actions.SetOperatorPiSplit(operator, operator, split_bips))
        else:
            self.call(actions.SetOperatorSetSplit(operator, operator, operator_set, split_bips))

    @rule(submitter=PAYER, is_opted_in=st.booleans())
    def set_opt_in_for_protocol_fee(self, submitter: str, is_opted_in: bool) -> None:
        """Opt the submitter in to the protocol fee, or out of it."""
        self.call(actions.SetOptInForProtocolFee(submitter, submitter, is_opted_in))

    @rule(owner=OWNER, delay_seconds=st.sampled_from((*DELAYS, 40, UINT32_MAX)))
    def set_activation_delay(self, owner: str, delay_seconds: int) -> None:
        """Set the activation delay, mostly as the owner."""
        self.call(actions.SetActivationDelay(owner, delay_seconds))

    @rule(owner=OWNER, split_bips=BIPS_)
    def set_default_operator_split(self, owner: str, split_bips: int) -> None:
        """Set the default operator split, mostly as the owner."""
        self.call(actions.SetDefaultOperatorSplit(owner, split_bips))

    @rule(owner=OWNER, recipient=RECIPIENT)
    def set_fee_recipient(self, owner: str, recipient: str) -> None:
        """Set the fee recipient, mostly as the owner."""
        self.call(actions.SetFeeRecipient(owner, recipient))

    @rule(owner=OWNER, updater=st.sampled_from(("updater", "updater", "owner")))
    def set_rewards_updater(self, owner: str, updater: str) -> None:
        """Set the rewards updater, mostly as the owner."""
        self.call(actions.SetRewardsUpdater(owner, updater))

    @rule(owner=OWNER, submitter=PAYER, is_submitter=st.booleans())
    def set_rewards_for_all_submitter(self, owner: str, submitter: str, is_submitter: bool) -> None:
        """Permit or forbid an account to submit rewards for all, mostly as the owner."""
        self.call(actions.SetRewardsForAllSubmitter(owner, submitter, is_submitter))


def _weighed(strategies: tuple[str, ...]) -> tuple[actions.StrategyAndMultiplier, ...]:
    return tuple([actions.StrategyAndMultiplier(strategy, 10**18) for strategy in strategies])
