"""The rules of rewards: every return value, every reason of rejection, and the roundings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from spec.arithmetic import UINT256_MAX
from spec.machine import Draft
from spec.symbiotic.actions import (
    ClaimAdminFee,
    ClaimOperatorRewards,
    ClaimStakerRewards,
    Deposit,
    DistributeOperatorRewards,
    DistributeStakerRewards,
    SetAdminFee,
    SetMiddleware,
    Slash,
    TransferReward,
    Withdraw,
)
from spec.symbiotic.config import OPERATOR_REWARDS, ZERO_ADDRESS, ZERO_ROOT
from spec.symbiotic.reasons import Reason
from spec.symbiotic.staker_rewards import MALFORMED_HINT, NO_HINT, admin_fee_of, claimable_rewards, reward_part
from spec.symbiotic.state import (
    ADMIN_FEES,
    ALLOWANCES,
    CACHED_SHARES,
    CLAIMABLE_ADMIN_FEES,
    DISTRIBUTION_COUNTS,
    DISTRIBUTIONS,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    OPERATOR_ROOTS,
    REWARDS_DONE,
    STAKER_REWARDS,
    TOKEN_BALANCES,
    AdminFee,
    Allowance,
    Distribution,
    RewardsDone,
    StakerRewards,
    TokenBalance,
)

if TYPE_CHECKING:
    from tests.spec.symbiotic.conftest import Chain

VAULT = "full_restake instant"
CONTRACT = "rewards"
LIST = (CONTRACT, "token", "network")


@dataclass
class Rewards:
    """A chain with a rewards contract at second 1010. Two stakers have shared its vault two to one since
    second 1000.
    """

    chain: "Chain"

    @property
    def now(self) -> Draft:
        return self.chain.now

    def held(self, account: str, token: str = "token") -> int:
        return self.now.get(TOKEN_BALANCES, (token, account)).amount

    def distribution(self, **other: Any) -> DistributeStakerRewards:
        usual = DistributeStakerRewards(
            "middleware", CONTRACT, "network", "token", 1000, 1005, 10_000, NO_HINT, NO_HINT
        )
        return evolve(usual, **other)

    def claim(self, **other: Any) -> ClaimStakerRewards:
        usual = ClaimStakerRewards("staker", CONTRACT, "recipient", "token", "network", UINT256_MAX, ())
        return evolve(usual, **other)


@pytest.fixture
def rewards(chain: "Chain") -> Rewards:
    chain.state.rows(STAKER_REWARDS)[CONTRACT] = StakerRewards(VAULT, "claimer", "setter")
    chain.state.rows(ADMIN_FEES)[CONTRACT] = AdminFee(1000)
    for payer in ("middleware", "neighbour middleware"):
        chain.state.rows(TOKEN_BALANCES)[("token", payer)] = TokenBalance(10_000)
        for contract in (CONTRACT, OPERATOR_REWARDS):
            chain.state.rows(ALLOWANCES)[("token", payer, contract)] = Allowance(True)
    chain.opted_in(VAULT)
    chain.limited(VAULT)
    chain.deposit(VAULT, 200)
    chain.deposit(VAULT, 100, "other")
    chain.at(1010)
    return Rewards(chain)


def test_kernels_round_down() -> None:
    assert (reward_part(1, 10, 3), reward_part(2, 10, 3), reward_part(3, 10, 3)) == (3, 6, 10)
    assert (admin_fee_of(9, 1000), admin_fee_of(10, 1000), admin_fee_of(7, 10_000)) == (0, 1, 7)


def test_a_reward_is_paid_in_and_the_admins_part_set_aside(rewards: Rewards) -> None:
    assert rewards.chain.do(rewards.distribution(amount=1009)) is None
    assert (rewards.held("middleware"), rewards.held(CONTRACT)) == (8991, 1009)
    assert rewards.now.get(CLAIMABLE_ADMIN_FEES, (CONTRACT, "token")).amount == 100
    assert rewards.now.get(DISTRIBUTIONS, (LIST, 0)) == Distribution(909, 1005)
    assert rewards.now.get(DISTRIBUTION_COUNTS, LIST).count == 1
    assert rewards.now.get(CACHED_SHARES, (CONTRACT, 1005)).shares == 300


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"contract": "nowhere"}, Reason.EMPTY_REVERT),
        ({"sender": "neighbour middleware", "timestamp": 1010}, Reason.NOT_NETWORK_MIDDLEWARE),
        ({"network": "operator"}, Reason.NOT_NETWORK_MIDDLEWARE),
        ({"timestamp": 1010, "max_admin_fee_bips": 0}, Reason.INVALID_REWARD_TIMESTAMP),
        ({"max_admin_fee_bips": 999, "timestamp": 1}, Reason.HIGH_ADMIN_FEE),
        ({"timestamp": 999, "amount": UINT256_MAX}, Reason.INVALID_REWARD_TIMESTAMP),
        ({"active_shares_hint": 1, "active_stake_hint": MALFORMED_HINT}, Reason.INDEX_PANIC),
        ({"active_shares_hint": MALFORMED_HINT, "active_stake_hint": 1}, Reason.EMPTY_REVERT),
        ({"active_stake_hint": 1, "timestamp": 1}, Reason.INDEX_PANIC),
        ({"active_stake_hint": 2**40}, Reason.EMPTY_REVERT),
        ({"token": "collateral"}, Reason.ERC20_INSUFFICIENT_ALLOWANCE),
        ({"amount": 10_001}, Reason.ERC20_INSUFFICIENT_BALANCE),
        ({"amount": 0}, Reason.INSUFFICIENT_REWARD),
        ({"amount": 0, "token": "collateral"}, Reason.INSUFFICIENT_REWARD),
    ],
)
def test_a_reward_is_refused(rewards: Rewards, other: dict[str, Any], reason: Reason) -> None:
    assert rewards.chain.try_(rewards.distribution(**other)) is reason


def test_a_hint_of_a_checkpoint_is_good_and_none_is_read_for_a_second_that_was_rewarded(rewards: Rewards) -> None:
    wrong = {"active_shares_hint": 7, "active_stake_hint": MALFORMED_HINT}
    rewards.chain.do(rewards.distribution(active_shares_hint=0, active_stake_hint=0), rewards.distribution(**wrong))
    assert rewards.now.get(DISTRIBUTION_COUNTS, LIST).count == 2
    assert rewards.chain.try_(rewards.distribution(timestamp=1006, **wrong)) is Reason.INDEX_PANIC


def test_at_a_fee_of_everything_no_reward_is_appended(rewards: Rewards) -> None:
    rewards.chain.do(SetAdminFee("setter", CONTRACT, 10_000), rewards.distribution())
    assert rewards.now.get(DISTRIBUTION_COUNTS, LIST).count == 0
    assert rewards.now.get(CLAIMABLE_ADMIN_FEES, (CONTRACT, "token")).amount == 1000


def test_a_second_after_a_slash_of_everything_is_never_rewarded(rewards: Rewards) -> None:
    rewards.chain.do(Slash("middleware", VAULT, ("network", 1), "operator", 300, 1009))
    rewards.chain.at(1020, Deposit("staker", VAULT, "staker", 5))
    rewards.chain.at(1021)
    assert rewards.chain.try_(rewards.distribution(timestamp=1015)) is Reason.INVALID_REWARD_TIMESTAMP
    assert rewards.chain.try_(rewards.distribution(timestamp=1020)) is None


def test_parts_are_by_shares_at_the_second_whatever_comes_after(rewards: Rewards) -> None:
    rewards.chain.do(Withdraw("staker", VAULT, "staker", 200))
    rewards.chain.deposit(VAULT, 10**6, "other")
    rewards.chain.do(rewards.distribution(), rewards.distribution(amount=500))
    assert claimable_rewards(rewards.now, LIST, "staker") == 600 + 300
    assert claimable_rewards(rewards.now, LIST, "other") == 300 + 150
    rewards.chain.do(rewards.claim(), rewards.claim(sender="other", recipient="other"))
    assert (rewards.held("recipient"), rewards.held("other"), rewards.held(CONTRACT)) == (900, 450, 150)
    assert rewards.now.get(REWARDS_DONE, (*LIST, "staker")) == RewardsDone(2, 900)


def test_a_claim_is_of_as_many_rewards_as_it_asks_for_each_rounded_down(rewards: Rewards) -> None:
    rewards.chain.do(SetAdminFee("setter", CONTRACT, 0), *[rewards.distribution(amount=10)] * 3)
    rewards.chain.do(rewards.claim(max_rewards=2))
    assert rewards.held("recipient") == 6 + 6
    rewards.chain.do(rewards.claim(max_rewards=2))
    assert rewards.held("recipient") == 6 + 6 + 6
    assert rewards.chain.try_(rewards.claim()) is Reason.NO_REWARDS_TO_CLAIM


def test_a_claim_worth_nothing_is_accepted_and_is_done(rewards: Rewards) -> None:
    rewards.chain.do(rewards.distribution(), rewards.claim(sender="outsider"))
    assert rewards.held("recipient") == 0
    assert rewards.now.get(REWARDS_DONE, (*LIST, "outsider")) == RewardsDone(1, 0)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"contract": "nowhere", "recipient": ZERO_ADDRESS}, Reason.EMPTY_REVERT),
        ({"recipient": ZERO_ADDRESS, "max_rewards": 0}, Reason.INVALID_RECIPIENT),
        ({"max_rewards": 0, "active_shares_of_hints": (9,)}, Reason.NO_REWARDS_TO_CLAIM),
        ({"token": "collateral"}, Reason.NO_REWARDS_TO_CLAIM),
        ({"active_shares_of_hints": (9,)}, Reason.INVALID_HINTS_LENGTH),
        ({"active_shares_of_hints": (9, 9, 9)}, Reason.INVALID_HINTS_LENGTH),
        ({"active_shares_of_hints": (NO_HINT, 1)}, Reason.INDEX_PANIC),
        ({"active_shares_of_hints": (0, MALFORMED_HINT)}, Reason.EMPTY_REVERT),
        ({"sender": "outsider", "active_shares_of_hints": (0, 0)}, Reason.INDEX_PANIC),
        ({"max_rewards": 1, "active_shares_of_hints": (0,)}, None),
        ({"active_shares_of_hints": (NO_HINT, 0)}, None),
    ],
)
def test_a_claim_is_refused(rewards: Rewards, other: dict[str, Any], reason: Reason | None) -> None:
    rewards.chain.do(rewards.distribution(), rewards.distribution())
    assert rewards.chain.try_(rewards.claim(**other)) is reason


def test_a_contract_that_lost_its_tokens_pays_nobody(rewards: Rewards) -> None:
    """No call can lead to this state, in which the contract's tokens are gone; it is written directly."""
    rewards.chain.do(rewards.distribution())
    rewards.chain.state.rows(TOKEN_BALANCES)[("token", CONTRACT)] = TokenBalance(0)
    assert rewards.chain.try_(rewards.claim()) is Reason.ERC20_INSUFFICIENT_BALANCE


def test_the_admin_is_paid_what_was_set_aside_once(rewards: Rewards) -> None:
    claim = ClaimAdminFee("claimer", CONTRACT, "recipient", "token")
    assert rewards.chain.try_(evolve(claim, contract="nowhere")) is Reason.EMPTY_REVERT
    assert rewards.chain.try_(evolve(claim, sender="setter")) is Reason.UNAUTHORIZED_ACCOUNT
    assert rewards.chain.try_(evolve(claim, recipient=ZERO_ADDRESS)) is Reason.INSUFFICIENT_ADMIN_FEE
    rewards.chain.do(rewards.distribution())
    assert rewards.chain.try_(evolve(claim, recipient=ZERO_ADDRESS)) is Reason.ERC20_INVALID_RECEIVER
    rewards.chain.do(claim)
    assert rewards.held("recipient") == 100
    assert rewards.chain.try_(claim) is Reason.INSUFFICIENT_ADMIN_FEE


def test_the_admin_fee_changes_what_is_paid_in_later(rewards: Rewards) -> None:
    change = SetAdminFee("setter", CONTRACT, 500)
    assert rewards.chain.try_(evolve(change, contract="nowhere")) is Reason.EMPTY_REVERT
    assert rewards.chain.try_(evolve(change, sender="claimer")) is Reason.UNAUTHORIZED_ACCOUNT
    assert rewards.chain.try_(evolve(change, fee_bips=1000)) is Reason.ALREADY_SET
    assert rewards.chain.try_(evolve(change, fee_bips=10_001)) is Reason.INVALID_ADMIN_FEE
    rewards.chain.do(rewards.distribution(), change, rewards.distribution())
    assert [rewards.now.get(DISTRIBUTIONS, (LIST, index)).amount for index in (0, 1)] == [900, 950]


def test_operators_are_paid_what_the_root_names_beyond_what_they_have(rewards: Rewards) -> None:
    paid = DistributeOperatorRewards("middleware", "network", "token", 100, "first")
    claim = ClaimOperatorRewards("operator", "recipient", "network", "token", 60, "first")
    assert rewards.chain.try_(claim) is Reason.ROOT_NOT_SET
    assert rewards.chain.try_(evolve(paid, sender="operator")) is Reason.NOT_NETWORK_MIDDLEWARE
    assert rewards.chain.try_(evolve(paid, token="collateral")) is Reason.ERC20_INSUFFICIENT_ALLOWANCE
    assert rewards.chain.try_(evolve(paid, amount=10_001)) is Reason.ERC20_INSUFFICIENT_BALANCE
    assert rewards.chain.do(paid, claim) == 60
    assert rewards.chain.try_(claim) is Reason.INSUFFICIENT_TOTAL_CLAIMABLE
    assert rewards.chain.try_(evolve(claim, total_claimable=101)) is Reason.INSUFFICIENT_BALANCE
    assert rewards.chain.try_(evolve(claim, total_claimable=70, proof_root="second")) is Reason.INVALID_PROOF
    assert rewards.chain.do(evolve(paid, amount=0, root="second"), evolve(paid, amount=0, root="third")) is None
    assert rewards.chain.try_(evolve(claim, total_claimable=70)) is Reason.INVALID_PROOF
    last = evolve(claim, total_claimable=100, proof_root="third")
    assert rewards.chain.try_(evolve(last, recipient=ZERO_ADDRESS)) is Reason.ERC20_INVALID_RECEIVER
    assert rewards.chain.do(last) == 40
    assert rewards.now.get(OPERATOR_REWARDS_CLAIMED, ("network", "token", "operator")).amount == 100
    assert (rewards.held("recipient"), rewards.held(OPERATOR_REWARDS)) == (100, 0)
    rewards.chain.do(evolve(paid, amount=0, root=ZERO_ROOT))
    assert rewards.chain.try_(evolve(last, total_claimable=200)) is Reason.ROOT_NOT_SET
    assert rewards.now.get(OPERATOR_ROOTS, ("network", "token")).root == ZERO_ROOT


def test_a_network_pays_from_its_own_balance_and_gifts_are_not_in_it(rewards: Rewards) -> None:
    neighbours = DistributeOperatorRewards("neighbour middleware", "neighbour", "token", 500, "theirs")
    own = DistributeOperatorRewards("middleware", "network", "token", 0, "ours")
    gift = TransferReward("middleware", "token", OPERATOR_REWARDS, 50)
    claim = ClaimOperatorRewards("operator", "operator", "network", "token", 1, "ours")
    rewards.chain.do(neighbours, own, gift)
    assert rewards.chain.try_(claim) is Reason.INSUFFICIENT_BALANCE
    assert rewards.now.get(OPERATOR_REWARD_BALANCES, ("neighbour", "token")).amount == 500
    assert rewards.held(OPERATOR_REWARDS) == 550


def test_whoever_is_middleware_now_pays_in(rewards: Rewards) -> None:
    rewards.chain.do(SetMiddleware("network", "neighbour middleware"))
    assert rewards.chain.try_(rewards.distribution()) is Reason.NOT_NETWORK_MIDDLEWARE
    assert rewards.chain.try_(rewards.distribution(sender="neighbour middleware")) is None


def test_reward_tokens_are_moved_by_their_holder(rewards: Rewards) -> None:
    gift = TransferReward("middleware", "token", CONTRACT, 7)
    assert rewards.chain.try_(evolve(gift, to=ZERO_ADDRESS)) is Reason.ERC20_INVALID_RECEIVER
    assert rewards.chain.try_(evolve(gift, amount=10_001)) is Reason.ERC20_INSUFFICIENT_BALANCE
    rewards.chain.do(gift)
    assert (rewards.held(CONTRACT), rewards.held("middleware")) == (7, 9993)
    assert rewards.chain.try_(rewards.claim()) is Reason.NO_REWARDS_TO_CLAIM
