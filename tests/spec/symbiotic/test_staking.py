"""Deposits, withdrawals, redemptions and claims beyond the recorded traces."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from spec.symbiotic import actions, views
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    DEPOSIT_POLICIES,
    SLASH_REQUESTS,
    WITHDRAWALS,
    DepositPolicy,
    SlashRequest,
    Withdrawal,
    WithdrawalBucket,
)
from spec.symbiotic.withdrawals import withdrawals_of

if TYPE_CHECKING:
    from tests.spec.symbiotic.conftest import Chain
from tests.spec.symbiotic.calls import FIRST, VAULT, VETO, active, booked, bucket, execute, request, slash, withdraw

# Deposits, redemptions and claims.


def test_the_deposit_limit_is_on_active_stake_and_includes_itself(chain: "Chain") -> None:
    chain.do(actions.SetDepositLimit("admin", VAULT, 100), actions.SetIsDepositLimit("admin", VAULT, True))
    assert chain.now.get(DEPOSIT_POLICIES, VAULT) == DepositPolicy(False, True, 100)
    assert chain.try_(actions.Deposit("staker", VAULT, "staker", 101)) is Reason.DEPOSIT_LIMIT_REACHED
    assert chain.deposit(VAULT, 100) == (100, 100)
    assert chain.try_(actions.Deposit("other", VAULT, "other", 1)) is Reason.DEPOSIT_LIMIT_REACHED
    chain.do(withdraw(40))
    assert chain.try_(actions.Deposit("other", VAULT, "other", 41)) is Reason.DEPOSIT_LIMIT_REACHED
    assert chain.deposit(VAULT, 40, "other") == (40, 40)
    chain.do(actions.SetDepositLimit("admin", VAULT, 10))
    assert chain.do(withdraw(60)) == (60, 60)


def test_the_whitelist_asks_who_sends_a_deposit_not_who_gets_the_shares(chain: "Chain") -> None:
    chain.do(
        actions.SetDepositWhitelist("admin", VAULT, True),
        actions.SetDepositorWhitelistStatus("admin", VAULT, "staker", True),
    )
    assert chain.do(actions.Deposit("staker", VAULT, "other", 10)) == (10, 10)
    assert chain.try_(actions.Deposit("other", VAULT, "staker", 10)) is Reason.NOT_WHITELISTED_DEPOSITOR
    chain.do(actions.SetDepositorWhitelistStatus("admin", VAULT, "staker", False))
    assert chain.try_(actions.Deposit("staker", VAULT, "other", 10)) is Reason.NOT_WHITELISTED_DEPOSITOR
    assert chain.do(withdraw(10, "other")) == (10, 10)


def test_a_gift_to_a_vault_moves_no_rate_and_cannot_be_slashed(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.do(actions.TransferCollateral("staker", VAULT, 10**6))
    assert chain.deposit(VAULT, 500, "other") == (500, 500)
    assert chain.balance(VAULT) == 10**6 + 1500
    assert views.total_stake(chain.now, VAULT) == 1500
    assert chain.do(actions.Redeem("other", VAULT, "other", 500)) == (500, 500)
    assert chain.at(1001, slash(10**9, 1000)) == (1000, 1000)
    assert chain.balance(VAULT) == 10**6 + 500


def test_shares_that_are_worth_nothing_cannot_be_redeemed(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.at(1001, slash(999, 1000))
    assert views.active_balance_of(chain.now, VAULT, "staker") == 1
    assert chain.try_(actions.Redeem("staker", VAULT, "staker", 500)) is Reason.INSUFFICIENT_REDEMPTION
    assert chain.do(actions.Redeem("staker", VAULT, "staker", 501)) == (1, 1)
    assert active(chain) == (0, 499)


def test_a_withdrawal_burns_shares_rounded_up(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.at(1001, slash(998, 1000))
    assert chain.do(withdraw(1)) == (334, 1)
    assert active(chain) == (1, 666)
    assert bucket(chain, 1) == WithdrawalBucket(1, 1)


def test_those_who_leave_with_one_epoch_share_what_a_slash_leaves(chain: "Chain") -> None:
    chain.secured(VAULT, 800)
    chain.deposit(VAULT, 200, "other")
    chain.do(withdraw(100), withdraw(200, "other"))
    assert chain.at(1001, slash(503, 1000)) == (503, 503)
    assert (active(chain), bucket(chain, 1)) == ((348, 700), WithdrawalBucket(149, 300))
    assert chain.at(1200, actions.Claim("staker", VAULT, "friend", 1)) == 49
    assert chain.do(actions.Claim("other", VAULT, "other", 1)) == 99
    assert chain.balance("friend") == 49
    assert chain.balance(VAULT) == 1000 - 503 - 49 - 99
    assert chain.now.get(WITHDRAWALS, (VAULT, 1, "staker")) == Withdrawal(100, True)
    assert bucket(chain, 1) == WithdrawalBucket(149, 300)
    assert withdrawals_of(chain.now, VAULT, 1, "staker") == 49


def test_a_part_that_is_worth_nothing_is_not_claimed(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.at(1001, withdraw(1000))
    assert chain.at(1002, slash(1000, 1000)) == (1000, 1000)
    chain.deposit(VAULT, 1, "other")
    assert chain.do(withdraw(1, "other")) == (1, 1001)
    chain.at(1200)
    assert chain.try_(actions.Claim("staker", VAULT, "staker", 1)) is Reason.INSUFFICIENT_CLAIM
    assert chain.now.get(WITHDRAWALS, (VAULT, 1, "staker")) == Withdrawal(1000, False)
    assert chain.do(actions.Claim("other", VAULT, "other", 1)) == 1


def test_a_batch_of_claims_pays_all_or_nothing_and_each_epoch_once(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.do(actions.Withdraw("staker", VAULT, "friend", 10))
    chain.at(1100, actions.Withdraw("staker", VAULT, "friend", 20), actions.Withdraw("staker", VAULT, "friend", 5))
    chain.at(1300)
    assert chain.try_(actions.ClaimBatch("friend", VAULT, "heir", (1, 2, 1))) is Reason.ALREADY_CLAIMED
    assert chain.try_(actions.ClaimBatch("friend", VAULT, "heir", (1, 2, 3))) is Reason.INVALID_EPOCH
    assert chain.try_(actions.ClaimBatch("staker", VAULT, "heir", (1, 2))) is Reason.INSUFFICIENT_CLAIM
    assert chain.balance("heir") == 0
    assert chain.do(actions.ClaimBatch("friend", VAULT, "heir", (2, 1))) == 35
    assert chain.balance("heir") == 35
    assert chain.try_(actions.Claim("friend", VAULT, "heir", 2)) is Reason.ALREADY_CLAIMED


def test_without_a_burner_no_slash_can_move_tokens(make_chain: "Callable[..., Chain]") -> None:
    chain = make_chain(burner=ZERO_ADDRESS)
    chain.secured(VAULT)
    chain.secured(VETO)
    chain.at(1002, request(5, 1001))
    assert chain.try_(slash(5, 1001)) is Reason.ERC20_INVALID_RECEIVER
    assert chain.try_(execute(0)) is Reason.ERC20_INVALID_RECEIVER
    assert chain.now.get(SLASH_REQUESTS, (VETO, 0)) == SlashRequest(FIRST, "operator", 5, 1001, 1022, False)
    assert (booked(chain, VAULT, FIRST), booked(chain, VETO, FIRST)) == (0, 0)
