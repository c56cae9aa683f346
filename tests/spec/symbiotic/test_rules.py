"""The contracts' behaviour beyond the recorded traces: order of checks, and overflows."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from spec.arithmetic import UINT48_MAX, UINT256_MAX
from spec.symbiotic import actions, views
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.slashing import slashable_stake
from spec.symbiotic.state import (
    WithdrawalBucket,
)

if TYPE_CHECKING:
    from tests.spec.symbiotic.conftest import Chain
from tests.spec.symbiotic.calls import (
    FIRST,
    FULL,
    NEIGHBOUR,
    SECOND,
    SPECIFIC,
    UNSLASHABLE,
    VAULT,
    VETO,
    active,
    booked,
    bucket,
    execute,
    name_resolver,
    request,
    slash,
    withdraw,
)

# The order of checks: each call fails for several reasons, if it can, and the contract names the first.


def busy(chain: "Chain") -> None:
    """Brings the vaults to their third epoch, with slashes, a claim, and a slash request in each possible state.

    Request 0 is too old. Request 1 took all slashable stake; request 2 had no resolver and took some. Request 3 is
    open, and request 4 is vetoed.
    """
    for vault in (VAULT, SPECIFIC, UNSLASHABLE):
        chain.secured(vault)
    chain.opted_in(VETO)
    chain.limited(VETO, FIRST, 300)
    chain.limited(VETO, SECOND, 300)
    chain.deposit(VETO, 1000)
    chain.deposit(FULL, 1000)
    chain.do(
        actions.SetIsDepositLimit("admin", FULL, True),
        actions.SetDepositWhitelist("admin", "operator_specific instant", True),
        name_resolver("resolver"),
        withdraw(100),
    )
    chain.at(1101, request(10, 1100))
    chain.at(1150, request(300, 1149), request(10, 1149, SECOND))
    chain.at(1171, execute(1), execute(2))
    chain.at(1200, request(5, 1199), request(5, 1199))
    chain.at(
        1201, actions.VetoSlash("resolver", VETO, 4), slash(100, 1200), actions.Claim("staker", VAULT, "staker", 1)
    )
    chain.at(
        1205, actions.OptOutVault("partner", VAULT), actions.RegisterOperator("late"), actions.OptInVault("late", VAULT)
    )


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (actions.RegisterOperator("operator"), Reason.OPERATOR_ALREADY_REGISTERED),
        (actions.RegisterNetwork("network"), Reason.NETWORK_ALREADY_REGISTERED),
        (actions.SetMiddleware("nobody", ZERO_ADDRESS), Reason.NOT_NETWORK),
        (actions.SetMiddleware("network", "middleware"), Reason.ALREADY_SET),
        (actions.OptInVault("nobody", "nowhere"), Reason.NOT_WHO),
        (actions.OptInVault("network", VAULT), Reason.NOT_WHO),
        (actions.OptInVault("operator", "nowhere"), Reason.NOT_WHERE_ENTITY),
        (actions.OptInVault("operator", VAULT), Reason.ALREADY_OPTED_IN),
        (actions.OptInNetwork("network", "nobody"), Reason.NOT_WHO),
        (actions.OptInNetwork("operator", VAULT), Reason.NOT_WHERE_ENTITY),
        (actions.OptInNetwork("operator", "network"), Reason.ALREADY_OPTED_IN),
        (actions.OptOutVault("nobody", "nowhere"), Reason.NOT_OPTED_IN),
        (actions.OptOutVault("partner", VAULT), Reason.NOT_OPTED_IN),
        (actions.OptOutVault("late", VAULT), Reason.OPT_OUT_COOLDOWN),
        (actions.OptOutNetwork("late", "network"), Reason.NOT_OPTED_IN),
        (actions.TransferCollateral("nobody", ZERO_ADDRESS, 1), Reason.ERC20_INVALID_RECEIVER),
        (actions.TransferCollateral("nobody", "nobody", 1), Reason.ERC20_INSUFFICIENT_BALANCE),
        (actions.Deposit("nobody", "operator_specific instant", ZERO_ADDRESS, 0), Reason.INVALID_ON_BEHALF_OF),
        (actions.Deposit("nobody", "operator_specific instant", "nobody", 0), Reason.NOT_WHITELISTED_DEPOSITOR),
        (actions.Deposit("nobody", "operator_specific instant", "nobody", 1), Reason.NOT_WHITELISTED_DEPOSITOR),
        (actions.Deposit("nobody", FULL, "nobody", 1), Reason.ERC20_INSUFFICIENT_ALLOWANCE),
        (actions.Deposit("staker", FULL, "staker", 10**31), Reason.ERC20_INSUFFICIENT_BALANCE),
        (actions.Deposit("nobody", FULL, "nobody", 0), Reason.INSUFFICIENT_DEPOSIT),
        (actions.Deposit("staker", FULL, "staker", 1), Reason.DEPOSIT_LIMIT_REACHED),
        (actions.SetDepositWhitelist("staker", VAULT, False), Reason.UNAUTHORIZED_ACCOUNT),
        (actions.SetDepositWhitelist("admin", VAULT, False), Reason.ALREADY_SET),
        (actions.SetDepositorWhitelistStatus("staker", VAULT, ZERO_ADDRESS, False), Reason.UNAUTHORIZED_ACCOUNT),
        (actions.SetDepositorWhitelistStatus("admin", VAULT, ZERO_ADDRESS, False), Reason.INVALID_ACCOUNT),
        (actions.SetDepositorWhitelistStatus("admin", VAULT, "staker", False), Reason.ALREADY_SET),
        (actions.SetIsDepositLimit("staker", FULL, True), Reason.UNAUTHORIZED_ACCOUNT),
        (actions.SetIsDepositLimit("admin", FULL, True), Reason.ALREADY_SET),
        (actions.SetDepositLimit("staker", FULL, 0), Reason.UNAUTHORIZED_ACCOUNT),
        (actions.SetDepositLimit("admin", FULL, 0), Reason.ALREADY_SET),
        (actions.Withdraw("nobody", VAULT, ZERO_ADDRESS, 0), Reason.INVALID_CLAIMER),
        (actions.Withdraw("nobody", VAULT, "nobody", 0), Reason.INSUFFICIENT_WITHDRAWAL),
        (actions.Withdraw("nobody", VAULT, "nobody", UINT256_MAX), Reason.MUL_DIV_OVERFLOW),
        (actions.Withdraw("nobody", VAULT, "nobody", 1), Reason.TOO_MUCH_WITHDRAW),
        (actions.Redeem("nobody", VAULT, ZERO_ADDRESS, 1), Reason.INVALID_CLAIMER),
        (actions.Redeem("nobody", VAULT, "nobody", 1), Reason.TOO_MUCH_REDEEM),
        (actions.Redeem("nobody", VAULT, "nobody", 0), Reason.INSUFFICIENT_REDEMPTION),
        (actions.Claim("nobody", VAULT, ZERO_ADDRESS, 2), Reason.INVALID_RECIPIENT),
        (actions.Claim("nobody", VAULT, "nobody", 2), Reason.INVALID_EPOCH),
        (actions.Claim("nobody", VAULT, "nobody", UINT256_MAX), Reason.INVALID_EPOCH),
        (actions.Claim("staker", VAULT, "staker", 1), Reason.ALREADY_CLAIMED),
        (actions.Claim("nobody", VAULT, "nobody", 1), Reason.INSUFFICIENT_CLAIM),
        (actions.ClaimBatch("nobody", VAULT, ZERO_ADDRESS, ()), Reason.INVALID_RECIPIENT),
        (actions.ClaimBatch("nobody", VAULT, "nobody", ()), Reason.INVALID_LENGTH_EPOCHS),
        (actions.ClaimBatch("staker", VAULT, "staker", (0, 1, 2)), Reason.INSUFFICIENT_CLAIM),
        (actions.ClaimBatch("staker", VAULT, "staker", (1, 2, 0)), Reason.ALREADY_CLAIMED),
        (actions.ClaimBatch("staker", VAULT, "staker", (2, 0, 1)), Reason.INVALID_EPOCH),
        (actions.SetMaxNetworkLimit("nobody", SPECIFIC, 1, 0), Reason.NOT_NETWORK),
        (actions.SetMaxNetworkLimit("neighbour", SPECIFIC, 1, 0), Reason.ALREADY_SET),
        (actions.SetMaxNetworkLimit("neighbour", SPECIFIC, 1, 1), Reason.INVALID_NETWORK),
        (actions.SetNetworkLimit("nobody", SPECIFIC, NEIGHBOUR, 1), Reason.EMPTY_REVERT),
        (actions.SetNetworkLimit("nobody", VAULT, NEIGHBOUR, 1), Reason.UNAUTHORIZED_ACCOUNT),
        (actions.SetNetworkLimit("nobody", VAULT, NEIGHBOUR, 0), Reason.UNAUTHORIZED_ACCOUNT),
        (actions.SetNetworkLimit("admin", VAULT, NEIGHBOUR, 1), Reason.EXCEEDS_MAX_NETWORK_LIMIT),
        (actions.SetNetworkLimit("admin", VAULT, NEIGHBOUR, 0), Reason.ALREADY_SET),
        (actions.SetOperatorNetworkShares("nobody", VETO, FIRST, "operator", 0), Reason.EMPTY_REVERT),
        (actions.SetOperatorNetworkShares("nobody", VAULT, FIRST, "operator", 1), Reason.UNAUTHORIZED_ACCOUNT),
        (actions.SetOperatorNetworkShares("admin", VAULT, FIRST, "operator", 1), Reason.ALREADY_SET),
        (actions.SetOperatorNetworkShares("admin", VAULT, FIRST, "partner", UINT256_MAX), Reason.ARITHMETIC_PANIC),
        (actions.SetOperatorNetworkLimit("nobody", VAULT, FIRST, "operator", 0), Reason.EMPTY_REVERT),
        (actions.SetOperatorNetworkLimit("nobody", VETO, FIRST, "operator", 300), Reason.UNAUTHORIZED_ACCOUNT),
        (actions.SetOperatorNetworkLimit("admin", VETO, FIRST, "operator", 300), Reason.ALREADY_SET),
        (actions.Slash("nobody", VETO, FIRST, "nobody", 0, 1205), Reason.EMPTY_REVERT),
        (actions.Slash("nobody", UNSLASHABLE, FIRST, "nobody", 0, 1205), Reason.EMPTY_REVERT),
        (actions.Slash("nobody", VAULT, FIRST, "nobody", 0, 1205), Reason.NOT_NETWORK_MIDDLEWARE),
        (actions.Slash("middleware", VAULT, NEIGHBOUR, "nobody", 0, 1104), Reason.NOT_NETWORK_MIDDLEWARE),
        (actions.Slash("middleware", VAULT, FIRST, "nobody", 0, 1205), Reason.INVALID_CAPTURE_TIMESTAMP),
        (actions.Slash("middleware", VAULT, FIRST, "nobody", 0, 1104), Reason.INVALID_CAPTURE_TIMESTAMP),
        (actions.Slash("middleware", VAULT, FIRST, "operator", 0, 1204), Reason.INSUFFICIENT_SLASH),
        (actions.Slash("middleware", VAULT, FIRST, "operator", 1, 1199), Reason.INSUFFICIENT_SLASH),
        (actions.Slash("middleware", VAULT, FIRST, "nobody", 1, 1204), Reason.INSUFFICIENT_SLASH),
        (actions.RequestSlash("nobody", VAULT, FIRST, "nobody", 0, 1205), Reason.EMPTY_REVERT),
        (actions.RequestSlash("nobody", UNSLASHABLE, FIRST, "nobody", 0, 1205), Reason.EMPTY_REVERT),
        (actions.RequestSlash("nobody", VETO, FIRST, "nobody", 0, 1205), Reason.NOT_NETWORK_MIDDLEWARE),
        (actions.RequestSlash("middleware", VETO, FIRST, "nobody", 0, 1205), Reason.INVALID_CAPTURE_TIMESTAMP),
        (actions.RequestSlash("middleware", VETO, FIRST, "nobody", 0, 1124), Reason.INVALID_CAPTURE_TIMESTAMP),
        (actions.RequestSlash("middleware", VETO, FIRST, "operator", 1, 1148), Reason.INSUFFICIENT_SLASH),
        (actions.RequestSlash("middleware", VETO, FIRST, "nobody", 1, 1204), Reason.INSUFFICIENT_SLASH),
        (actions.ExecuteSlash("nobody", VAULT, 9), Reason.EMPTY_REVERT),
        (actions.ExecuteSlash("nobody", VETO, 5), Reason.SLASH_REQUEST_NOT_EXIST),
        (actions.ExecuteSlash("nobody", VETO, 0), Reason.NOT_NETWORK_MIDDLEWARE),
        (actions.ExecuteSlash("nobody", VETO, 4), Reason.NOT_NETWORK_MIDDLEWARE),
        (actions.ExecuteSlash("middleware", VETO, 4), Reason.VETO_PERIOD_NOT_ENDED),
        (actions.ExecuteSlash("middleware", VETO, 0), Reason.SLASH_PERIOD_ENDED),
        (actions.ExecuteSlash("middleware", VETO, 1), Reason.INSUFFICIENT_SLASH),
        (actions.ExecuteSlash("middleware", VETO, 2), Reason.SLASH_REQUEST_COMPLETED),
        (actions.VetoSlash("nobody", UNSLASHABLE, 9), Reason.EMPTY_REVERT),
        (actions.VetoSlash("nobody", VETO, 5), Reason.SLASH_REQUEST_NOT_EXIST),
        (actions.VetoSlash("nobody", VETO, 2), Reason.NO_RESOLVER),
        (actions.VetoSlash("nobody", VETO, 1), Reason.NOT_RESOLVER),
        (actions.VetoSlash("resolver", VETO, 1), Reason.VETO_PERIOD_ENDED),
        (actions.VetoSlash("resolver", VETO, 4), Reason.SLASH_REQUEST_COMPLETED),
        (actions.SetResolver("nobody", VAULT, 1, ZERO_ADDRESS), Reason.EMPTY_REVERT),
        (actions.SetResolver("nobody", VETO, 1, ZERO_ADDRESS), Reason.NOT_NETWORK),
        (actions.SetResolver("network", VETO, 2, ZERO_ADDRESS), Reason.ALREADY_SET),
        (actions.SetResolver("network", VETO, 1, "resolver"), Reason.ALREADY_SET),
    ],
)
def test_the_first_failing_check_names_the_reason(chain: "Chain", action: actions.Action, reason: Reason) -> None:
    busy(chain)
    before = chain.state.copy()
    assert chain.try_(action) is reason
    assert chain.state.tables == before.tables


def test_the_deposit_limit_is_checked_before_the_shares_overflow(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.give("staker", 2**255)
    chain.at(1001, slash(1000, 1000), actions.SetIsDepositLimit("admin", VAULT, True))
    deposit = actions.Deposit("staker", VAULT, "staker", 2**255)
    assert chain.try_(deposit) is Reason.DEPOSIT_LIMIT_REACHED
    chain.do(actions.SetIsDepositLimit("admin", VAULT, False))
    assert chain.try_(deposit) is Reason.MUL_DIV_OVERFLOW


# Overflows and panics.


def test_each_deposit_after_a_slash_of_everything_multiplies_the_shares_until_they_overflow(chain: "Chain") -> None:
    everything = 10**18
    chain.secured(VAULT, everything)
    shares = everything
    for second in (1001, 1002, 1003):
        assert chain.at(second, slash(everything, second - 1)) == (everything, everything)
        assert active(chain) == (0, shares)
        assert chain.deposit(VAULT, everything) == (everything, everything * (shares + 1))
        shares += everything * (shares + 1)
    chain.at(1004, slash(everything, 1003))
    largest = UINT256_MAX // (shares + 1)
    assert chain.try_(actions.Deposit("staker", VAULT, "staker", largest + 1)) is Reason.MUL_DIV_OVERFLOW
    assert chain.try_(actions.Deposit("staker", VAULT, "staker", largest)) is Reason.ARITHMETIC_PANIC
    assert chain.deposit(VAULT, largest - 1) == (largest - 1, (largest - 1) * (shares + 1))


def test_a_withdrawal_overflows_in_two_ways_before_it_is_too_much(chain: "Chain") -> None:
    """The shares to burn, (2^129 - 1)(2^129 + 1) / 4, exceed 2^256 - 1 only by rounding up."""
    chain.give("staker", 2**129)
    chain.secured(VAULT, 2**129)
    chain.at(1001, slash(2**129 - 3, 1000))
    assert active(chain) == (3, 2**129)
    assert chain.try_(withdraw(2**129)) is Reason.MUL_DIV_OVERFLOW
    assert chain.try_(withdraw(2**129 - 1)) is Reason.ARITHMETIC_PANIC
    assert chain.try_(withdraw(2**129 - 2)) is Reason.TOO_MUCH_WITHDRAW


def test_a_vault_that_ever_had_all_tokens_there_can_be_is_stuck(chain: "Chain") -> None:
    chain.give("other", 0)
    chain.give("staker", UINT256_MAX)
    chain.secured(VAULT, UINT256_MAX)
    assert active(chain) == (UINT256_MAX, UINT256_MAX)
    assert chain.at(1001, slash(UINT256_MAX, 1000)) == (UINT256_MAX, UINT256_MAX)
    chain.do(actions.TransferCollateral("burner", "staker", 1))
    assert active(chain) == (0, UINT256_MAX)
    assert chain.try_(actions.Deposit("staker", VAULT, "staker", 1)) is Reason.ARITHMETIC_PANIC
    assert chain.try_(withdraw(1)) is Reason.ARITHMETIC_PANIC
    assert chain.try_(actions.Redeem("staker", VAULT, "staker", 0)) is Reason.ARITHMETIC_PANIC
    assert views.active_balance_of(chain.now, VAULT, "nobody") is Reason.ARITHMETIC_PANIC
    assert views.active_balance_of_at(chain.now, VAULT, "staker", 1000) is Reason.ARITHMETIC_PANIC
    assert views.active_balance_of_at(chain.now, VAULT, "staker", 999) == 0
    assert views.slashable_balance_of(chain.now, VAULT, "staker") is Reason.ARITHMETIC_PANIC


def test_the_shares_of_a_slashed_bucket_overflow_in_two_ways(chain: "Chain") -> None:
    """A withdrawal into a bucket with two shares and no stake mints three shares per token."""
    chain.secured(VAULT, 2)
    chain.at(1001, withdraw(2))
    chain.at(1002, slash(2, 1000))
    assert bucket(chain, 1) == WithdrawalBucket(0, 2)
    third = UINT256_MAX // 3
    chain.give("staker", third + 1)
    chain.deposit(VAULT, third + 1)
    assert chain.try_(withdraw(third + 1)) is Reason.MUL_DIV_OVERFLOW
    assert chain.try_(withdraw(third)) is Reason.ARITHMETIC_PANIC
    assert chain.do(withdraw(third - 1)) == (third - 1, UINT256_MAX - 3)


def test_a_bucket_whose_shares_fill_uint256_is_never_paid(chain: "Chain") -> None:
    chain.secured(VAULT, 1)
    chain.at(1001, withdraw(1))
    chain.at(1002, slash(1, 1000))
    chain.give("staker", 2**255)
    chain.deposit(VAULT, 2**255)
    assert chain.do(withdraw(2**255 - 1)) == (2**255 - 1, UINT256_MAX - 1)
    assert bucket(chain, 1) == WithdrawalBucket(2**255 - 1, UINT256_MAX)
    assert views.slashable_balance_of(chain.now, VAULT, "staker") is Reason.ARITHMETIC_PANIC
    assert chain.try_(withdraw(1)) is Reason.ARITHMETIC_PANIC
    chain.at(1200)
    assert chain.try_(actions.Claim("staker", VAULT, "staker", 1)) is Reason.ARITHMETIC_PANIC
    assert chain.try_(actions.ClaimBatch("nobody", VAULT, "nobody", (1,))) is Reason.ARITHMETIC_PANIC
    assert chain.do(withdraw(1)) == (1, 1)


def test_what_is_booked_against_an_operator_has_a_maximum(chain: "Chain") -> None:
    half = 2**255
    chain.give("staker", half)
    chain.secured(VAULT, half)
    chain.at(1001, withdraw(half))
    assert chain.at(1002, slash(half, 1000)) == (half, half)
    chain.at(1100, actions.TransferCollateral("burner", "staker", half))
    assert chain.deposit(VAULT, half) == (half, half)
    chain.at(1101, withdraw(half))
    chain.at(1102)
    assert chain.try_(slash(half, 1100)) is Reason.ARITHMETIC_PANIC
    assert chain.do(slash(half - 1, 1100)) == (half - 1, half - 1)
    assert booked(chain, VAULT, FIRST) == UINT256_MAX


def test_nothing_can_be_slashed_until_an_epoch_after_time_began(make_chain: "Callable[..., Chain]") -> None:
    chain = make_chain(start=50)
    chain.secured(VAULT)
    chain.secured(VETO)
    chain.at(79)
    assert chain.try_(actions.Slash("nobody", VAULT, FIRST, "operator", 1, 78)) is Reason.NOT_NETWORK_MIDDLEWARE
    assert chain.try_(slash(1, 79)) is Reason.ARITHMETIC_PANIC
    assert chain.try_(request(1, 79)) is Reason.ARITHMETIC_PANIC
    chain.at(80)
    assert chain.try_(request(1, 80)) is Reason.INVALID_CAPTURE_TIMESTAMP
    assert chain.try_(request(1, 79)) is Reason.ARITHMETIC_PANIC
    chain.at(99)
    assert slashable_stake(chain.now, VAULT, FIRST, "operator", 98) is Reason.ARITHMETIC_PANIC
    assert chain.at(100, slash(1, 99)) == (1, 1)
    assert chain.do(request(1, 99)) == 0


def test_a_veto_must_end_before_timestamps_do(make_chain: "Callable[..., Chain]") -> None:
    chain = make_chain(start=UINT48_MAX - 30)
    chain.secured(VETO)
    assert chain.at(UINT48_MAX - 20, request(1, UINT48_MAX - 30)) == 0
    chain.at(UINT48_MAX - 19)
    assert chain.try_(request(1, UINT48_MAX)) is Reason.ARITHMETIC_PANIC
