"""The contracts' behaviour beyond the recorded traces: order of checks, overflows, windows, rare combinations."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from spec.arithmetic import UINT48_MAX, UINT256_MAX
from spec.history import Checkpoint, History
from spec.symbiotic import actions, views
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.delegation import stake_at
from spec.symbiotic.reasons import Reason
from spec.symbiotic.slashing import resolver_at, slashable_stake, split_slash
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    CUMULATIVE_SLASHES,
    DEPOSIT_POLICIES,
    LATEST_CAPTURES,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    RESOLVERS,
    SLASH_REQUESTS,
    TOTAL_OPERATOR_NETWORK_SHARES,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    DepositPolicy,
    LatestCapture,
    Resolver,
    SlashRequest,
    Subnetwork,
    Withdrawal,
    WithdrawalBucket,
)
from spec.symbiotic.withdrawals import withdrawals_of

if TYPE_CHECKING:
    from tests.spec.symbiotic.conftest import Chain

VAULT = "network_restake instant"
FULL = "full_restake instant"
VETO = "full_restake veto"
SPECIFIC = "operator_network_specific instant"
UNSLASHABLE = "operator_specific none"

FIRST: Subnetwork = ("network", 1)
SECOND: Subnetwork = ("network", 2)
NEIGHBOUR: Subnetwork = ("neighbour", 1)


def slash(
    amount: int, capture: int, vault: str = VAULT, subnetwork: Subnetwork = FIRST, operator: str = "operator"
) -> actions.Slash:
    sender = "middleware" if subnetwork[0] == "network" else "neighbour middleware"
    return actions.Slash(sender, vault, subnetwork, operator, amount, capture)


def request(amount: int, capture: int, subnetwork: Subnetwork = FIRST) -> actions.RequestSlash:
    return actions.RequestSlash("middleware", VETO, subnetwork, "operator", amount, capture)


def execute(slash_index: int) -> actions.ExecuteSlash:
    return actions.ExecuteSlash("middleware", VETO, slash_index)


def withdraw(amount: int, staker: str = "staker", vault: str = VAULT) -> actions.Withdraw:
    return actions.Withdraw(staker, vault, staker, amount)


def name_resolver(resolver: str) -> actions.SetResolver:
    return actions.SetResolver("network", VETO, 1, resolver)


def active(chain: "Chain", vault: str = VAULT) -> tuple[int, int]:
    """A vault's active stake and active shares."""
    return ACTIVE_STAKE.latest(chain.now, vault), ACTIVE_SHARES.latest(chain.now, vault)


def bucket(chain: "Chain", epoch: int, vault: str = VAULT) -> WithdrawalBucket:
    return chain.now.get(WITHDRAWAL_BUCKETS, (vault, epoch))


def booked(chain: "Chain", vault: str, subnetwork: Subnetwork, operator: str = "operator") -> int:
    return CUMULATIVE_SLASHES.latest(chain.now, (vault, subnetwork, operator))


# The order of checks: each call fails for several reasons, if it can, and the contract names the first.


def busy(chain: "Chain") -> None:
    """The third epoch of the vaults, after slashes, a claim, and requests in every state of their life.

    The requests: 0 is too old; 1 took all that was slashable, and 2, which had no resolver, a part; 3 is open; 4 is
    vetoed.
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
    """(2^129 - 1)(2^129 + 1) / 4 is just over the maximum, and only because it is rounded up."""
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
    """A bucket of two shares worth nothing mints three shares for each token."""
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


# Epochs.


def test_a_withdrawal_leaves_with_the_epoch_after_the_one_it_was_asked_for_in(chain: "Chain") -> None:
    chain.secured(VAULT)
    assert chain.at(1099, withdraw(100)) == (100, 100)
    assert chain.at(1100, withdraw(200)) == (200, 200)
    assert (bucket(chain, 1), bucket(chain, 2)) == (WithdrawalBucket(100, 100), WithdrawalBucket(200, 200))
    chain.at(1199)
    assert chain.try_(actions.Claim("staker", VAULT, "staker", 1)) is Reason.INVALID_EPOCH
    assert chain.at(1200, actions.Claim("staker", VAULT, "staker", 1)) == 100
    chain.at(1299)
    assert chain.try_(actions.Claim("staker", VAULT, "staker", 2)) is Reason.INVALID_EPOCH
    assert chain.at(1300, actions.Claim("staker", VAULT, "staker", 2)) == 200


def test_a_slash_reaches_a_bucket_only_from_a_capture_before_the_buckets_epoch(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.do(withdraw(500))
    assert chain.at(1199, slash(100, 1099)) == (100, 100)
    assert (active(chain), bucket(chain, 1)) == ((450, 500), WithdrawalBucket(450, 500))
    assert chain.do(slash(100, 1100)) == (100, 100)
    assert (active(chain), bucket(chain, 1)) == ((350, 500), WithdrawalBucket(450, 500))
    assert chain.at(1200, slash(100, 1100)) == (100, 100)
    assert (active(chain), bucket(chain, 1)) == ((250, 500), WithdrawalBucket(450, 500))


def test_a_capture_in_the_current_epoch_reaches_the_next_bucket(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.do(withdraw(500))
    assert chain.at(1001, slash(101, 1000)) == (101, 101)
    assert (active(chain), bucket(chain, 1)) == ((450, 500), WithdrawalBucket(449, 500))
    assert views.total_stake(chain.now, VAULT) == 899
    assert views.slashable_balance_of(chain.now, VAULT, "staker") == 450 + 449


@pytest.mark.parametrize(
    ("slashed_amount", "pool", "parts"),
    [
        (1, (1, 1, 1), (0, 1, 0)),
        (5, (3, 3, 3), (1, 3, 1)),
        (8, (3, 3, 3), (2, 3, 3)),
        (9, (3, 3, 3), (3, 3, 3)),
        (2, (2, 1, 2), (0, 1, 1)),
        (1, (1, 0, 1), (0, 0, 1)),
        (3, (3, 0, 3), (1, 0, 2)),
        (1, (5, 0, 0), (1, 0, 0)),
        (1, (0, 5, 0), (0, 1, 0)),
        (1, (0, 0, 5), (0, 0, 1)),
    ],
)
def test_what_rounding_leaves_falls_on_this_bucket_and_then_on_the_next(
    slashed_amount: int, pool: tuple[int, int, int], parts: tuple[int, int, int]
) -> None:
    assert split_slash(slashed_amount, *pool) == parts


def test_the_rest_of_a_slash_empties_this_bucket_and_goes_on_to_the_next(chain: "Chain") -> None:
    chain.secured(VAULT, 5)
    chain.do(withdraw(1))
    chain.at(1100, withdraw(2))
    assert chain.at(1101, slash(2, 1099)) == (2, 2)
    assert (active(chain), bucket(chain, 1), bucket(chain, 2)) == (
        (2, 2),
        WithdrawalBucket(0, 1),
        WithdrawalBucket(1, 2),
    )
    assert chain.balance("burner") == 2


# Windows of captures and vetoes.


@pytest.mark.parametrize(
    ("capture", "answer"),
    [
        (1099, Reason.INVALID_CAPTURE_TIMESTAMP),
        (1100, (1, 1)),
        (1199, (1, 1)),
        (1200, Reason.INVALID_CAPTURE_TIMESTAMP),
        (1201, Reason.INVALID_CAPTURE_TIMESTAMP),
    ],
)
def test_a_slash_looks_back_one_epoch_and_not_at_this_second(chain: "Chain", capture: int, answer: object) -> None:
    chain.secured(VAULT)
    chain.at(1200)
    assert slashable_stake(chain.now, VAULT, FIRST, "operator", capture) == (1000 if answer == (1, 1) else 0)
    assert chain.try_(slash(1, capture)) == answer


@pytest.mark.parametrize(
    ("capture", "answer"),
    [
        (1119, Reason.INVALID_CAPTURE_TIMESTAMP),
        (1120, 0),
        (1199, 0),
        (1200, Reason.INVALID_CAPTURE_TIMESTAMP),
        (1201, Reason.INVALID_CAPTURE_TIMESTAMP),
    ],
)
def test_a_request_looks_back_one_epoch_less_the_veto(chain: "Chain", capture: int, answer: object) -> None:
    chain.secured(VETO)
    chain.at(1200)
    assert chain.try_(request(1, capture)) == answer


def test_a_request_with_the_earliest_capture_can_be_executed_in_one_second_only(chain: "Chain") -> None:
    chain.secured(VETO)
    chain.do(name_resolver("resolver"))
    chain.at(1200, request(5000, 1120), request(7, 1120), request(8, 1120))
    assert chain.now.get(SLASH_REQUESTS, (VETO, 0)) == SlashRequest(FIRST, "operator", 1000, 1120, 1220, False)
    chain.at(1219, actions.VetoSlash("resolver", VETO, 1))
    assert chain.try_(execute(0)) is Reason.VETO_PERIOD_NOT_ENDED
    chain.at(1220)
    assert chain.try_(actions.VetoSlash("resolver", VETO, 0)) is Reason.VETO_PERIOD_ENDED
    assert chain.try_(execute(1)) is Reason.SLASH_REQUEST_COMPLETED
    assert chain.do(execute(0)) == (1000, 1000)
    assert chain.now.get(SLASH_REQUESTS, (VETO, 0)) == SlashRequest(FIRST, "operator", 1000, 1120, 1220, True)
    assert chain.now.get(SLASH_REQUESTS, (VETO, 1)) == SlashRequest(FIRST, "operator", 7, 1120, 1220, True)
    chain.at(1221)
    assert chain.try_(execute(2)) is Reason.SLASH_PERIOD_ENDED


def test_requests_set_nothing_aside(chain: "Chain") -> None:
    chain.secured(VETO)
    chain.at(1010, request(600, 1005), request(600, 1005), request(600, 1009))
    assert chain.at(1011, execute(0)) == (600, 600)
    assert chain.do(execute(1)) == (400, 400)
    assert chain.try_(execute(2)) is Reason.INSUFFICIENT_SLASH
    assert booked(chain, VETO, FIRST) == 1000


def test_a_later_capture_closes_the_earlier_ones(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.at(1010, slash(10, 1005))
    assert chain.try_(slash(10, 1004)) is Reason.INSUFFICIENT_SLASH
    assert chain.do(slash(10, 1005)) == (10, 10)
    assert chain.do(slash(10, 1009)) == (10, 10)
    assert chain.try_(slash(10, 1008)) is Reason.INSUFFICIENT_SLASH
    assert chain.now.get(LATEST_CAPTURES, (VAULT, FIRST, "operator")) == LatestCapture(1009)
    assert chain.now.get(LATEST_CAPTURES, (VAULT, FIRST, "partner")) == LatestCapture(0)


def test_slashes_of_one_second_add_up_and_count_for_a_capture_in_that_second(chain: "Chain") -> None:
    chain.secured(VAULT)
    assert chain.at(1001, slash(300, 1000)) == (300, 300)
    assert chain.do(slash(300, 1000)) == (300, 300)
    subnetwork_operator = (VAULT, FIRST, "operator")
    assert chain.now.get(CUMULATIVE_SLASHES.heads, subnetwork_operator) == History(1, 600)
    assert chain.now.get(CUMULATIVE_SLASHES.checkpoints, (subnetwork_operator, 0)) == Checkpoint(1001, 600)
    chain.at(1002)
    assert slashable_stake(chain.now, VAULT, FIRST, "operator", 1000) == 400
    assert slashable_stake(chain.now, VAULT, FIRST, "operator", 1001) == 400
    chain.deposit(VAULT, 500, "other")
    assert chain.do(slash(1000, 1001)) == (400, 400)
    assert slashable_stake(chain.now, VAULT, FIRST, "operator", 1001) == 0


# Resolvers.


def test_every_change_of_resolver_but_the_first_waits_for_the_start_of_an_epoch(chain: "Chain") -> None:
    chain.at(1050, name_resolver("resolver"))
    assert resolver_at(chain.now, VETO, FIRST, 1049) == ZERO_ADDRESS
    assert views.resolver(chain.now, VETO, FIRST) == "resolver"
    chain.at(1199, name_resolver("successor"))
    assert (views.resolver(chain.now, VETO, FIRST), views.pending_resolver(chain.now, VETO, FIRST)) == (
        "resolver",
        "successor",
    )
    assert resolver_at(chain.now, VETO, FIRST, 1399) == "resolver"
    assert resolver_at(chain.now, VETO, FIRST, 1400) == "successor"
    chain.at(1400)
    assert chain.try_(name_resolver("successor")) is Reason.ALREADY_SET
    chain.do(name_resolver("resolver"))
    assert resolver_at(chain.now, VETO, FIRST, 1699) == "successor"
    assert resolver_at(chain.now, VETO, FIRST, 1700) == "resolver"


def test_naming_the_pending_resolver_again_restarts_its_delay(chain: "Chain") -> None:
    chain.do(name_resolver("resolver"), name_resolver("successor"))
    assert resolver_at(chain.now, VETO, FIRST, 1300) == "successor"
    chain.at(1299, name_resolver("successor"))
    assert resolver_at(chain.now, VETO, FIRST, 1300) == "resolver"
    assert resolver_at(chain.now, VETO, FIRST, 1500) == "successor"


def test_naming_the_resolver_in_office_cancels_a_change_and_a_new_name_replaces_it(chain: "Chain") -> None:
    vault_subnetwork = (VETO, FIRST)
    chain.do(name_resolver("resolver"), name_resolver("successor"))
    chain.at(1010, name_resolver("resolver"))
    assert chain.now.get(RESOLVER_ORDINALS.heads, vault_subnetwork) == History(1, 1)
    assert chain.now.get(RESOLVERS, (VETO, FIRST, 2)) == Resolver()
    assert views.pending_resolver(chain.now, VETO, FIRST) == "resolver"
    assert chain.try_(name_resolver("resolver")) is Reason.ALREADY_SET
    chain.do(name_resolver("successor"))
    chain.at(1100, name_resolver("third"))
    assert chain.now.get(RESOLVER_ORDINALS.heads, vault_subnetwork) == History(2, 2)
    assert chain.now.get(RESOLVER_ORDINALS.checkpoints, (vault_subnetwork, 1)) == Checkpoint(1400, 2)
    assert chain.now.get(RESOLVERS, (VETO, FIRST, 2)) == Resolver("third")
    assert views.pending_resolver(chain.now, VETO, SECOND) == ZERO_ADDRESS


def test_a_resolver_that_goes_can_veto_for_one_more_second(chain: "Chain") -> None:
    chain.secured(VETO)
    chain.do(name_resolver("resolver"), name_resolver(ZERO_ADDRESS))
    chain.at(1290, request(5, 1280), request(6, 1280))
    chain.at(1300)
    assert views.resolver(chain.now, VETO, FIRST) == ZERO_ADDRESS
    assert chain.try_(execute(0)) is Reason.VETO_PERIOD_NOT_ENDED
    chain.do(actions.VetoSlash("resolver", VETO, 1))
    chain.at(1301)
    assert chain.try_(actions.VetoSlash("resolver", VETO, 0)) is Reason.NO_RESOLVER
    assert chain.do(execute(0)) == (5, 5)
    assert chain.try_(execute(1)) is Reason.SLASH_REQUEST_COMPLETED


def test_only_the_resolver_of_the_capture_vetoes_even_when_another_is_in_office(chain: "Chain") -> None:
    chain.secured(VETO)
    chain.do(name_resolver("resolver"), name_resolver("successor"))
    chain.at(1301, request(5, 1299), request(6, 1300))
    chain.at(1302)
    assert chain.try_(actions.VetoSlash("successor", VETO, 0)) is Reason.NOT_RESOLVER
    assert chain.try_(actions.VetoSlash("resolver", VETO, 1)) is Reason.NOT_RESOLVER
    chain.do(actions.VetoSlash("resolver", VETO, 0), actions.VetoSlash("successor", VETO, 1))


def test_without_a_resolver_at_the_capture_a_request_is_executed_at_once(chain: "Chain") -> None:
    chain.secured(VETO)
    chain.at(1050, name_resolver("resolver"), request(5, 1049))
    assert chain.do(execute(0)) == (5, 5)
    chain.at(1051, request(5, 1049), request(5, 1050))
    assert chain.try_(actions.VetoSlash("resolver", VETO, 1)) is Reason.NO_RESOLVER
    assert chain.try_(execute(2)) is Reason.VETO_PERIOD_NOT_ENDED
    assert chain.do(execute(1)) == (5, 5)


def test_a_change_of_resolver_must_take_effect_before_timestamps_end(make_chain: "Callable[..., Chain]") -> None:
    chain = make_chain(resolver_set_epochs_delay=(UINT48_MAX - 1000) // 100)
    chain.do(name_resolver("resolver"), name_resolver("successor"))
    chain.at(1100)
    assert chain.try_(name_resolver("successor")) is Reason.UINT48_OVERFLOW
    assert views.pending_resolver(chain.now, VETO, FIRST) == "successor"
    chain.do(name_resolver("resolver"))
    assert views.pending_resolver(chain.now, VETO, FIRST) == "resolver"
    assert chain.try_(name_resolver("resolver")) is Reason.ALREADY_SET


@pytest.mark.parametrize(
    ("delay", "reason"),
    [
        (UINT256_MAX // 100 - 10, Reason.UINT48_OVERFLOW),
        (UINT256_MAX // 100, Reason.ARITHMETIC_PANIC),
        (UINT256_MAX, Reason.ARITHMETIC_PANIC),
    ],
)
def test_a_delay_may_be_too_long_even_to_compute(
    make_chain: "Callable[..., Chain]", delay: int, reason: Reason
) -> None:
    chain = make_chain(resolver_set_epochs_delay=delay)
    chain.do(name_resolver("resolver"))
    assert chain.try_(name_resolver("successor")) is reason


# Stake that is shared.


@pytest.mark.parametrize(
    ("vault", "stakes"),
    [
        (VAULT, (200, 400)),
        (FULL, (600, 600)),
        ("operator_specific instant", (600, 0)),
        (SPECIFIC, (600, 0)),
    ],
)
def test_each_delegator_gives_operators_their_own_kind_of_stake(
    chain: "Chain", vault: str, stakes: tuple[int, int]
) -> None:
    chain.opted_in(vault)
    chain.limited(vault, FIRST, 600, (1, 2))
    chain.deposit(vault, 1000)
    assert tuple(views.stake(chain.now, vault, FIRST, operator) for operator in ("operator", "partner")) == stakes
    assert views.stake(chain.now, vault, NEIGHBOUR, "operator") == 0
    assert stake_at(chain.now, vault, FIRST, "operator", 999) == 0


def test_each_network_is_booked_in_full_but_the_vault_pays_once(chain: "Chain") -> None:
    chain.opted_in(FULL)
    chain.limited(FULL, FIRST)
    chain.limited(FULL, NEIGHBOUR)
    chain.deposit(FULL, 1000)
    assert chain.at(1001, slash(600, 1000, FULL)) == (600, 600)
    assert chain.do(slash(600, 1000, FULL, NEIGHBOUR)) == (600, 400)
    assert chain.do(slash(1000, 1000, FULL)) == (400, 0)
    assert (booked(chain, FULL, FIRST), booked(chain, FULL, NEIGHBOUR)) == (1000, 600)
    assert (active(chain, FULL), chain.balance("burner")) == ((0, 1000), 1000)


def test_a_newcomer_pays_for_a_capture_before_it_came(chain: "Chain") -> None:
    chain.opted_in(FULL)
    chain.limited(FULL, FIRST)
    chain.limited(FULL, NEIGHBOUR)
    chain.deposit(FULL, 1000)
    chain.at(1001, slash(1000, 1000, FULL))
    assert chain.deposit(FULL, 50, "other") == (50, 50 * 1001)
    assert chain.do(slash(1000, 1000, FULL, NEIGHBOUR)) == (1000, 50)
    assert active(chain, FULL) == (0, 1000 + 50 * 1001)
    assert views.active_balance_of(chain.now, FULL, "other") == 0


def test_operators_with_full_restake_are_booked_each_for_the_whole_stake(chain: "Chain") -> None:
    chain.opted_in(FULL)
    chain.limited(FULL)
    chain.deposit(FULL, 1000)
    assert chain.at(1001, slash(1000, 1000, FULL)) == (1000, 1000)
    assert chain.do(slash(1000, 1000, FULL, FIRST, "partner")) == (1000, 0)


def test_operators_of_one_network_split_the_stake_and_dust_is_nobodys(chain: "Chain") -> None:
    chain.opted_in(VAULT)
    chain.limited(VAULT, FIRST, UINT256_MAX, (1, 2))
    chain.deposit(VAULT, 1000)
    assert chain.at(1001, slash(1000, 1000, VAULT, FIRST, "partner")) == (666, 666)
    assert views.stake(chain.now, VAULT, FIRST, "operator") == 111
    assert chain.do(slash(1000, 1000)) == (333, 333)
    assert active(chain) == (1, 1000)


def test_new_shares_and_limits_of_operators_do_not_reach_back_to_a_capture(chain: "Chain") -> None:
    for vault in (VAULT, FULL):
        chain.opted_in(vault)
        chain.limited(vault, FIRST, UINT256_MAX, (1, 2))
        chain.deposit(vault, 1000)
    chain.at(
        1001,
        actions.SetOperatorNetworkShares("admin", VAULT, FIRST, "operator", 4),
        actions.SetOperatorNetworkLimit("admin", FULL, FIRST, "operator", 100),
    )
    assert TOTAL_OPERATOR_NETWORK_SHARES.latest(chain.now, (VAULT, FIRST)) == 6
    assert [views.stake(chain.now, VAULT, FIRST, operator) for operator in ("operator", "partner")] == [666, 333]
    assert views.stake(chain.now, FULL, FIRST, "operator") == 100
    assert chain.do(slash(1000, 1000)) == (333, 333)
    assert chain.do(slash(1000, 1000, FULL)) == (1000, 1000)


def test_vaults_that_share_a_network_share_its_middleware_and_nothing_else(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.secured(FULL)
    assert chain.at(1001, slash(400, 1000)) == (400, 400)
    assert (active(chain, VAULT), active(chain, FULL)) == ((600, 1000), (1000, 1000))
    assert (booked(chain, VAULT, FIRST), booked(chain, FULL, FIRST)) == (400, 0)
    chain.do(actions.SetMiddleware("network", "new middleware"))
    for vault in (VAULT, FULL):
        assert chain.try_(slash(1, 1000, vault)) is Reason.NOT_NETWORK_MIDDLEWARE
    assert chain.do(actions.Slash("new middleware", FULL, FIRST, "operator", 1000, 1000)) == (1000, 1000)
    chain.at(1002, actions.OptOutNetwork("operator", "network"))
    assert [views.stake(chain.now, vault, FIRST, "operator") for vault in (VAULT, FULL)] == [0, 0]
    assert stake_at(chain.now, VAULT, FIRST, "operator", 1001) == 600


def test_a_lower_maximum_lowers_the_network_limit_from_now_on_and_a_higher_one_does_not_raise_it(
    chain: "Chain",
) -> None:
    vault_subnetwork = (VAULT, FIRST)
    chain.secured(VAULT)
    chain.at(1001, actions.SetMaxNetworkLimit("network", VAULT, 1, 400))
    assert chain.now.get(NETWORK_LIMITS.heads, vault_subnetwork) == History(2, 400)
    assert chain.now.get(NETWORK_LIMITS.checkpoints, (vault_subnetwork, 1)) == Checkpoint(1001, 400)
    assert views.stake(chain.now, VAULT, FIRST, "operator") == 400
    chain.at(
        1002, actions.SetMaxNetworkLimit("network", VAULT, 1, 900), actions.SetMaxNetworkLimit("network", VAULT, 1, 400)
    )
    assert chain.now.get(NETWORK_LIMITS.heads, vault_subnetwork) == History(2, 400)
    assert chain.try_(actions.SetNetworkLimit("admin", VAULT, FIRST, 401)) is Reason.EXCEEDS_MAX_NETWORK_LIMIT
    assert chain.do(slash(1000, 1000)) == (1000, 1000)


def test_a_maximum_without_a_network_limit_writes_none(chain: "Chain") -> None:
    chain.do(actions.SetMaxNetworkLimit("network", VAULT, 1, 5), actions.SetMaxNetworkLimit("network", VAULT, 1, 0))
    assert NETWORK_LIMITS.is_empty(chain.now, (VAULT, FIRST))


def test_where_the_delegator_has_one_network_the_maximum_itself_is_the_limit(chain: "Chain") -> None:
    chain.secured(SPECIFIC)
    chain.limited(SPECIFIC, SECOND, 700)
    chain.at(1001, actions.SetMaxNetworkLimit("network", SPECIFIC, 1, 400))
    assert NETWORK_LIMITS.is_empty(chain.now, (SPECIFIC, FIRST))
    assert chain.now.get(MAX_NETWORK_LIMITS.heads, (SPECIFIC, FIRST)) == History(2, 400)
    assert views.stake(chain.now, SPECIFIC, FIRST, "operator") == 400
    assert views.stake(chain.now, SPECIFIC, SECOND, "operator") == 700
    assert chain.do(slash(1000, 1000, SPECIFIC)) == (1000, 1000)


# Opting in and out, and checkpoints of one second.


def test_an_operator_that_left_is_slashed_for_what_it_did_before(chain: "Chain") -> None:
    chain.secured(VAULT)
    assert chain.try_(actions.OptOutVault("operator", VAULT)) is Reason.OPT_OUT_COOLDOWN
    assert chain.try_(actions.OptOutNetwork("operator", "network")) is Reason.OPT_OUT_COOLDOWN
    chain.at(1010, actions.OptOutVault("operator", VAULT))
    chain.at(1011)
    assert chain.try_(slash(5, 1010)) is Reason.INSUFFICIENT_SLASH
    assert chain.do(slash(5, 1009)) == (5, 5)


def test_an_opt_in_in_the_second_of_the_opt_out_takes_it_back(chain: "Chain") -> None:
    opt_in = ("operator", VAULT)
    chain.secured(VAULT)
    chain.at(1001, actions.OptOutVault("operator", VAULT))
    assert chain.now.get(OPERATOR_VAULT_OPT_INS.heads, opt_in) == History(2, 0)
    assert not views.is_opted_in_vault(chain.now, "operator", VAULT)
    chain.do(actions.OptInVault("operator", VAULT))
    assert chain.now.get(OPERATOR_VAULT_OPT_INS.heads, opt_in) == History(2, 1)
    assert chain.now.get(OPERATOR_VAULT_OPT_INS.checkpoints, (opt_in, 1)) == Checkpoint(1001, 1)
    assert chain.try_(actions.OptOutVault("operator", VAULT)) is Reason.OPT_OUT_COOLDOWN
    assert chain.at(1002, slash(5, 1001)) == (5, 5)


def test_only_the_last_stake_of_a_second_counts_for_a_capture_in_it(chain: "Chain") -> None:
    chain.secured(VAULT)
    chain.do(withdraw(400), actions.Deposit("other", VAULT, "other", 50))
    assert chain.now.get(ACTIVE_STAKE.heads, VAULT) == History(1, 650)
    assert chain.now.get(ACTIVE_SHARES_OF.heads, (VAULT, "staker")) == History(1, 600)
    assert chain.at(1001, slash(1000, 1000)) == (650, 650)
    chain.at(1002)
    assert chain.try_(slash(1, 1000)) is Reason.INSUFFICIENT_SLASH
    assert (active(chain), bucket(chain, 1)) == ((650 - 402, 650), WithdrawalBucket(400 - 248, 400))


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
