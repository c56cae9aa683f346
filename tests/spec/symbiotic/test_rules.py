"""The contracts' behaviour beyond the recorded traces: order of checks, overflows, windows, rare combinations."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from spec.arithmetic import UINT48_MAX, UINT256_MAX
from spec.history import Checkpoint, History
from spec.symbiotic import views
from spec.symbiotic.actions import (
    Action,
    Claim,
    ClaimBatch,
    Deposit,
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
    VetoSlash,
    Withdraw,
)
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
    from tests.spec.symbiotic.conftest import World

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
) -> Slash:
    sender = "middleware" if subnetwork[0] == "network" else "neighbour middleware"
    return Slash(sender, vault, subnetwork, operator, amount, capture)


def request(amount: int, capture: int, subnetwork: Subnetwork = FIRST) -> RequestSlash:
    return RequestSlash("middleware", VETO, subnetwork, "operator", amount, capture)


def execute(slash_index: int) -> ExecuteSlash:
    return ExecuteSlash("middleware", VETO, slash_index)


def withdraw(amount: int, staker: str = "staker", vault: str = VAULT) -> Withdraw:
    return Withdraw(staker, vault, staker, amount)


def name_resolver(resolver: str) -> SetResolver:
    return SetResolver("network", VETO, 1, resolver)


def active(world: "World", vault: str = VAULT) -> tuple[int, int]:
    """A vault's active stake and active shares."""
    return ACTIVE_STAKE.latest(world.now, vault), ACTIVE_SHARES.latest(world.now, vault)


def bucket(world: "World", epoch: int, vault: str = VAULT) -> WithdrawalBucket:
    return world.now.get(WITHDRAWAL_BUCKETS, (vault, epoch))


def booked(world: "World", vault: str, subnetwork: Subnetwork, operator: str = "operator") -> int:
    return CUMULATIVE_SLASHES.latest(world.now, (vault, subnetwork, operator))


# The order of checks: each call fails for several reasons, if it can, and the contract names the first.


def busy(world: "World") -> None:
    """The third epoch of the vaults, after slashes, a claim, and requests in every state of their life.

    The requests: 0 is too old; 1 took all that was slashable, and 2, which had no resolver, a part; 3 is open; 4 is
    vetoed.
    """
    for vault in (VAULT, SPECIFIC, UNSLASHABLE):
        world.secured(vault)
    world.opted_in(VETO)
    world.limited(VETO, FIRST, 300)
    world.limited(VETO, SECOND, 300)
    world.deposit(VETO, 1000)
    world.deposit(FULL, 1000)
    world.do(
        SetIsDepositLimit("admin", FULL, True),
        SetDepositWhitelist("admin", "operator_specific instant", True),
        name_resolver("resolver"),
        withdraw(100),
    )
    world.at(1101, request(10, 1100))
    world.at(1150, request(300, 1149), request(10, 1149, SECOND))
    world.at(1171, execute(1), execute(2))
    world.at(1200, request(5, 1199), request(5, 1199))
    world.at(1201, VetoSlash("resolver", VETO, 4), slash(100, 1200), Claim("staker", VAULT, "staker", 1))
    world.at(1205, OptOutVault("partner", VAULT), RegisterOperator("late"), OptInVault("late", VAULT))


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (RegisterOperator("operator"), Reason.OPERATOR_ALREADY_REGISTERED),
        (RegisterNetwork("network"), Reason.NETWORK_ALREADY_REGISTERED),
        (SetMiddleware("nobody", ZERO_ADDRESS), Reason.NOT_NETWORK),
        (SetMiddleware("network", "middleware"), Reason.ALREADY_SET),
        (OptInVault("nobody", "nowhere"), Reason.NOT_WHO),
        (OptInVault("network", VAULT), Reason.NOT_WHO),
        (OptInVault("operator", "nowhere"), Reason.NOT_WHERE_ENTITY),
        (OptInVault("operator", VAULT), Reason.ALREADY_OPTED_IN),
        (OptInNetwork("network", "nobody"), Reason.NOT_WHO),
        (OptInNetwork("operator", VAULT), Reason.NOT_WHERE_ENTITY),
        (OptInNetwork("operator", "network"), Reason.ALREADY_OPTED_IN),
        (OptOutVault("nobody", "nowhere"), Reason.NOT_OPTED_IN),
        (OptOutVault("partner", VAULT), Reason.NOT_OPTED_IN),
        (OptOutVault("late", VAULT), Reason.OPT_OUT_COOLDOWN),
        (OptOutNetwork("late", "network"), Reason.NOT_OPTED_IN),
        (TransferCollateral("nobody", ZERO_ADDRESS, 1), Reason.ERC20_INVALID_RECEIVER),
        (TransferCollateral("nobody", "nobody", 1), Reason.ERC20_INSUFFICIENT_BALANCE),
        (Deposit("nobody", "operator_specific instant", ZERO_ADDRESS, 0), Reason.INVALID_ON_BEHALF_OF),
        (Deposit("nobody", "operator_specific instant", "nobody", 0), Reason.NOT_WHITELISTED_DEPOSITOR),
        (Deposit("nobody", "operator_specific instant", "nobody", 1), Reason.NOT_WHITELISTED_DEPOSITOR),
        (Deposit("nobody", FULL, "nobody", 1), Reason.ERC20_INSUFFICIENT_ALLOWANCE),
        (Deposit("staker", FULL, "staker", 10**31), Reason.ERC20_INSUFFICIENT_BALANCE),
        (Deposit("nobody", FULL, "nobody", 0), Reason.INSUFFICIENT_DEPOSIT),
        (Deposit("staker", FULL, "staker", 1), Reason.DEPOSIT_LIMIT_REACHED),
        (SetDepositWhitelist("staker", VAULT, False), Reason.UNAUTHORIZED_ACCOUNT),
        (SetDepositWhitelist("admin", VAULT, False), Reason.ALREADY_SET),
        (SetDepositorWhitelistStatus("staker", VAULT, ZERO_ADDRESS, False), Reason.UNAUTHORIZED_ACCOUNT),
        (SetDepositorWhitelistStatus("admin", VAULT, ZERO_ADDRESS, False), Reason.INVALID_ACCOUNT),
        (SetDepositorWhitelistStatus("admin", VAULT, "staker", False), Reason.ALREADY_SET),
        (SetIsDepositLimit("staker", FULL, True), Reason.UNAUTHORIZED_ACCOUNT),
        (SetIsDepositLimit("admin", FULL, True), Reason.ALREADY_SET),
        (SetDepositLimit("staker", FULL, 0), Reason.UNAUTHORIZED_ACCOUNT),
        (SetDepositLimit("admin", FULL, 0), Reason.ALREADY_SET),
        (Withdraw("nobody", VAULT, ZERO_ADDRESS, 0), Reason.INVALID_CLAIMER),
        (Withdraw("nobody", VAULT, "nobody", 0), Reason.INSUFFICIENT_WITHDRAWAL),
        (Withdraw("nobody", VAULT, "nobody", UINT256_MAX), Reason.MUL_DIV_OVERFLOW),
        (Withdraw("nobody", VAULT, "nobody", 1), Reason.TOO_MUCH_WITHDRAW),
        (Redeem("nobody", VAULT, ZERO_ADDRESS, 1), Reason.INVALID_CLAIMER),
        (Redeem("nobody", VAULT, "nobody", 1), Reason.TOO_MUCH_REDEEM),
        (Redeem("nobody", VAULT, "nobody", 0), Reason.INSUFFICIENT_REDEMPTION),
        (Claim("nobody", VAULT, ZERO_ADDRESS, 2), Reason.INVALID_RECIPIENT),
        (Claim("nobody", VAULT, "nobody", 2), Reason.INVALID_EPOCH),
        (Claim("nobody", VAULT, "nobody", UINT256_MAX), Reason.INVALID_EPOCH),
        (Claim("staker", VAULT, "staker", 1), Reason.ALREADY_CLAIMED),
        (Claim("nobody", VAULT, "nobody", 1), Reason.INSUFFICIENT_CLAIM),
        (ClaimBatch("nobody", VAULT, ZERO_ADDRESS, ()), Reason.INVALID_RECIPIENT),
        (ClaimBatch("nobody", VAULT, "nobody", ()), Reason.INVALID_LENGTH_EPOCHS),
        (ClaimBatch("staker", VAULT, "staker", (0, 1, 2)), Reason.INSUFFICIENT_CLAIM),
        (ClaimBatch("staker", VAULT, "staker", (1, 2, 0)), Reason.ALREADY_CLAIMED),
        (ClaimBatch("staker", VAULT, "staker", (2, 0, 1)), Reason.INVALID_EPOCH),
        (SetMaxNetworkLimit("nobody", SPECIFIC, 1, 0), Reason.NOT_NETWORK),
        (SetMaxNetworkLimit("neighbour", SPECIFIC, 1, 0), Reason.ALREADY_SET),
        (SetMaxNetworkLimit("neighbour", SPECIFIC, 1, 1), Reason.INVALID_NETWORK),
        (SetNetworkLimit("nobody", SPECIFIC, NEIGHBOUR, 1), Reason.EMPTY_REVERT),
        (SetNetworkLimit("nobody", VAULT, NEIGHBOUR, 1), Reason.UNAUTHORIZED_ACCOUNT),
        (SetNetworkLimit("nobody", VAULT, NEIGHBOUR, 0), Reason.UNAUTHORIZED_ACCOUNT),
        (SetNetworkLimit("admin", VAULT, NEIGHBOUR, 1), Reason.EXCEEDS_MAX_NETWORK_LIMIT),
        (SetNetworkLimit("admin", VAULT, NEIGHBOUR, 0), Reason.ALREADY_SET),
        (SetOperatorNetworkShares("nobody", VETO, FIRST, "operator", 0), Reason.EMPTY_REVERT),
        (SetOperatorNetworkShares("nobody", VAULT, FIRST, "operator", 1), Reason.UNAUTHORIZED_ACCOUNT),
        (SetOperatorNetworkShares("admin", VAULT, FIRST, "operator", 1), Reason.ALREADY_SET),
        (SetOperatorNetworkShares("admin", VAULT, FIRST, "partner", UINT256_MAX), Reason.ARITHMETIC_PANIC),
        (SetOperatorNetworkLimit("nobody", VAULT, FIRST, "operator", 0), Reason.EMPTY_REVERT),
        (SetOperatorNetworkLimit("nobody", VETO, FIRST, "operator", 300), Reason.UNAUTHORIZED_ACCOUNT),
        (SetOperatorNetworkLimit("admin", VETO, FIRST, "operator", 300), Reason.ALREADY_SET),
        (Slash("nobody", VETO, FIRST, "nobody", 0, 1205), Reason.EMPTY_REVERT),
        (Slash("nobody", UNSLASHABLE, FIRST, "nobody", 0, 1205), Reason.EMPTY_REVERT),
        (Slash("nobody", VAULT, FIRST, "nobody", 0, 1205), Reason.NOT_NETWORK_MIDDLEWARE),
        (Slash("middleware", VAULT, NEIGHBOUR, "nobody", 0, 1104), Reason.NOT_NETWORK_MIDDLEWARE),
        (Slash("middleware", VAULT, FIRST, "nobody", 0, 1205), Reason.INVALID_CAPTURE_TIMESTAMP),
        (Slash("middleware", VAULT, FIRST, "nobody", 0, 1104), Reason.INVALID_CAPTURE_TIMESTAMP),
        (Slash("middleware", VAULT, FIRST, "operator", 0, 1204), Reason.INSUFFICIENT_SLASH),
        (Slash("middleware", VAULT, FIRST, "operator", 1, 1199), Reason.INSUFFICIENT_SLASH),
        (Slash("middleware", VAULT, FIRST, "nobody", 1, 1204), Reason.INSUFFICIENT_SLASH),
        (RequestSlash("nobody", VAULT, FIRST, "nobody", 0, 1205), Reason.EMPTY_REVERT),
        (RequestSlash("nobody", UNSLASHABLE, FIRST, "nobody", 0, 1205), Reason.EMPTY_REVERT),
        (RequestSlash("nobody", VETO, FIRST, "nobody", 0, 1205), Reason.NOT_NETWORK_MIDDLEWARE),
        (RequestSlash("middleware", VETO, FIRST, "nobody", 0, 1205), Reason.INVALID_CAPTURE_TIMESTAMP),
        (RequestSlash("middleware", VETO, FIRST, "nobody", 0, 1124), Reason.INVALID_CAPTURE_TIMESTAMP),
        (RequestSlash("middleware", VETO, FIRST, "operator", 1, 1148), Reason.INSUFFICIENT_SLASH),
        (RequestSlash("middleware", VETO, FIRST, "nobody", 1, 1204), Reason.INSUFFICIENT_SLASH),
        (ExecuteSlash("nobody", VAULT, 9), Reason.EMPTY_REVERT),
        (ExecuteSlash("nobody", VETO, 5), Reason.SLASH_REQUEST_NOT_EXIST),
        (ExecuteSlash("nobody", VETO, 0), Reason.NOT_NETWORK_MIDDLEWARE),
        (ExecuteSlash("nobody", VETO, 4), Reason.NOT_NETWORK_MIDDLEWARE),
        (ExecuteSlash("middleware", VETO, 4), Reason.VETO_PERIOD_NOT_ENDED),
        (ExecuteSlash("middleware", VETO, 0), Reason.SLASH_PERIOD_ENDED),
        (ExecuteSlash("middleware", VETO, 1), Reason.INSUFFICIENT_SLASH),
        (ExecuteSlash("middleware", VETO, 2), Reason.SLASH_REQUEST_COMPLETED),
        (VetoSlash("nobody", UNSLASHABLE, 9), Reason.EMPTY_REVERT),
        (VetoSlash("nobody", VETO, 5), Reason.SLASH_REQUEST_NOT_EXIST),
        (VetoSlash("nobody", VETO, 2), Reason.NO_RESOLVER),
        (VetoSlash("nobody", VETO, 1), Reason.NOT_RESOLVER),
        (VetoSlash("resolver", VETO, 1), Reason.VETO_PERIOD_ENDED),
        (VetoSlash("resolver", VETO, 4), Reason.SLASH_REQUEST_COMPLETED),
        (SetResolver("nobody", VAULT, 1, ZERO_ADDRESS), Reason.EMPTY_REVERT),
        (SetResolver("nobody", VETO, 1, ZERO_ADDRESS), Reason.NOT_NETWORK),
        (SetResolver("network", VETO, 2, ZERO_ADDRESS), Reason.ALREADY_SET),
        (SetResolver("network", VETO, 1, "resolver"), Reason.ALREADY_SET),
    ],
)
def test_the_first_failing_check_names_the_reason(world: "World", action: Action, reason: Reason) -> None:
    busy(world)
    before = world.state.copy()
    assert world.try_(action) is reason
    assert world.state.tables == before.tables


def test_the_deposit_limit_is_checked_before_the_shares_overflow(world: "World") -> None:
    world.secured(VAULT)
    world.give("staker", 2**255)
    world.at(1001, slash(1000, 1000), SetIsDepositLimit("admin", VAULT, True))
    deposit = Deposit("staker", VAULT, "staker", 2**255)
    assert world.try_(deposit) is Reason.DEPOSIT_LIMIT_REACHED
    world.do(SetIsDepositLimit("admin", VAULT, False))
    assert world.try_(deposit) is Reason.MUL_DIV_OVERFLOW


# Overflows and panics.


def test_each_deposit_after_a_slash_of_everything_multiplies_the_shares_until_they_overflow(world: "World") -> None:
    everything = 10**18
    world.secured(VAULT, everything)
    shares = everything
    for second in (1001, 1002, 1003):
        assert world.at(second, slash(everything, second - 1)) == (everything, everything)
        assert active(world) == (0, shares)
        assert world.deposit(VAULT, everything) == (everything, everything * (shares + 1))
        shares += everything * (shares + 1)
    world.at(1004, slash(everything, 1003))
    largest = UINT256_MAX // (shares + 1)
    assert world.try_(Deposit("staker", VAULT, "staker", largest + 1)) is Reason.MUL_DIV_OVERFLOW
    assert world.try_(Deposit("staker", VAULT, "staker", largest)) is Reason.ARITHMETIC_PANIC
    assert world.deposit(VAULT, largest - 1) == (largest - 1, (largest - 1) * (shares + 1))


def test_a_withdrawal_overflows_in_two_ways_before_it_is_too_much(world: "World") -> None:
    """(2^129 - 1)(2^129 + 1) / 4 is just over the maximum, and only because it is rounded up."""
    world.give("staker", 2**129)
    world.secured(VAULT, 2**129)
    world.at(1001, slash(2**129 - 3, 1000))
    assert active(world) == (3, 2**129)
    assert world.try_(withdraw(2**129)) is Reason.MUL_DIV_OVERFLOW
    assert world.try_(withdraw(2**129 - 1)) is Reason.ARITHMETIC_PANIC
    assert world.try_(withdraw(2**129 - 2)) is Reason.TOO_MUCH_WITHDRAW


def test_a_vault_that_ever_had_all_tokens_there_can_be_is_stuck(world: "World") -> None:
    world.give("other", 0)
    world.give("staker", UINT256_MAX)
    world.secured(VAULT, UINT256_MAX)
    assert active(world) == (UINT256_MAX, UINT256_MAX)
    assert world.at(1001, slash(UINT256_MAX, 1000)) == (UINT256_MAX, UINT256_MAX)
    world.do(TransferCollateral("burner", "staker", 1))
    assert active(world) == (0, UINT256_MAX)
    assert world.try_(Deposit("staker", VAULT, "staker", 1)) is Reason.ARITHMETIC_PANIC
    assert world.try_(withdraw(1)) is Reason.ARITHMETIC_PANIC
    assert world.try_(Redeem("staker", VAULT, "staker", 0)) is Reason.ARITHMETIC_PANIC
    assert views.active_balance_of(world.now, VAULT, "nobody") is Reason.ARITHMETIC_PANIC
    assert views.active_balance_of_at(world.now, VAULT, "staker", 1000) is Reason.ARITHMETIC_PANIC
    assert views.active_balance_of_at(world.now, VAULT, "staker", 999) == 0
    assert views.slashable_balance_of(world.now, VAULT, "staker") is Reason.ARITHMETIC_PANIC


def test_the_shares_of_a_slashed_bucket_overflow_in_two_ways(world: "World") -> None:
    """A bucket of two shares worth nothing mints three shares for each token."""
    world.secured(VAULT, 2)
    world.at(1001, withdraw(2))
    world.at(1002, slash(2, 1000))
    assert bucket(world, 1) == WithdrawalBucket(0, 2)
    third = UINT256_MAX // 3
    world.give("staker", third + 1)
    world.deposit(VAULT, third + 1)
    assert world.try_(withdraw(third + 1)) is Reason.MUL_DIV_OVERFLOW
    assert world.try_(withdraw(third)) is Reason.ARITHMETIC_PANIC
    assert world.do(withdraw(third - 1)) == (third - 1, UINT256_MAX - 3)


def test_a_bucket_whose_shares_fill_uint256_is_never_paid(world: "World") -> None:
    world.secured(VAULT, 1)
    world.at(1001, withdraw(1))
    world.at(1002, slash(1, 1000))
    world.give("staker", 2**255)
    world.deposit(VAULT, 2**255)
    assert world.do(withdraw(2**255 - 1)) == (2**255 - 1, UINT256_MAX - 1)
    assert bucket(world, 1) == WithdrawalBucket(2**255 - 1, UINT256_MAX)
    assert views.slashable_balance_of(world.now, VAULT, "staker") is Reason.ARITHMETIC_PANIC
    assert world.try_(withdraw(1)) is Reason.ARITHMETIC_PANIC
    world.at(1200)
    assert world.try_(Claim("staker", VAULT, "staker", 1)) is Reason.ARITHMETIC_PANIC
    assert world.try_(ClaimBatch("nobody", VAULT, "nobody", (1,))) is Reason.ARITHMETIC_PANIC
    assert world.do(withdraw(1)) == (1, 1)


def test_what_is_booked_against_an_operator_has_a_maximum(world: "World") -> None:
    half = 2**255
    world.give("staker", half)
    world.secured(VAULT, half)
    world.at(1001, withdraw(half))
    assert world.at(1002, slash(half, 1000)) == (half, half)
    world.at(1100, TransferCollateral("burner", "staker", half))
    assert world.deposit(VAULT, half) == (half, half)
    world.at(1101, withdraw(half))
    world.at(1102)
    assert world.try_(slash(half, 1100)) is Reason.ARITHMETIC_PANIC
    assert world.do(slash(half - 1, 1100)) == (half - 1, half - 1)
    assert booked(world, VAULT, FIRST) == UINT256_MAX


def test_nothing_can_be_slashed_until_an_epoch_after_time_began(make_world: "Callable[..., World]") -> None:
    world = make_world(start=50)
    world.secured(VAULT)
    world.secured(VETO)
    world.at(79)
    assert world.try_(Slash("nobody", VAULT, FIRST, "operator", 1, 78)) is Reason.NOT_NETWORK_MIDDLEWARE
    assert world.try_(slash(1, 79)) is Reason.ARITHMETIC_PANIC
    assert world.try_(request(1, 79)) is Reason.ARITHMETIC_PANIC
    world.at(80)
    assert world.try_(request(1, 80)) is Reason.INVALID_CAPTURE_TIMESTAMP
    assert world.try_(request(1, 79)) is Reason.ARITHMETIC_PANIC
    world.at(99)
    assert slashable_stake(world.now, VAULT, FIRST, "operator", 98) is Reason.ARITHMETIC_PANIC
    assert world.at(100, slash(1, 99)) == (1, 1)
    assert world.do(request(1, 99)) == 0


def test_a_veto_must_end_before_timestamps_do(make_world: "Callable[..., World]") -> None:
    world = make_world(start=UINT48_MAX - 30)
    world.secured(VETO)
    assert world.at(UINT48_MAX - 20, request(1, UINT48_MAX - 30)) == 0
    world.at(UINT48_MAX - 19)
    assert world.try_(request(1, UINT48_MAX)) is Reason.ARITHMETIC_PANIC


# Epochs.


def test_a_withdrawal_leaves_with_the_epoch_after_the_one_it_was_asked_for_in(world: "World") -> None:
    world.secured(VAULT)
    assert world.at(1099, withdraw(100)) == (100, 100)
    assert world.at(1100, withdraw(200)) == (200, 200)
    assert (bucket(world, 1), bucket(world, 2)) == (WithdrawalBucket(100, 100), WithdrawalBucket(200, 200))
    world.at(1199)
    assert world.try_(Claim("staker", VAULT, "staker", 1)) is Reason.INVALID_EPOCH
    assert world.at(1200, Claim("staker", VAULT, "staker", 1)) == 100
    world.at(1299)
    assert world.try_(Claim("staker", VAULT, "staker", 2)) is Reason.INVALID_EPOCH
    assert world.at(1300, Claim("staker", VAULT, "staker", 2)) == 200


def test_a_slash_reaches_a_bucket_only_from_a_capture_before_the_buckets_epoch(world: "World") -> None:
    world.secured(VAULT)
    world.do(withdraw(500))
    assert world.at(1199, slash(100, 1099)) == (100, 100)
    assert (active(world), bucket(world, 1)) == ((450, 500), WithdrawalBucket(450, 500))
    assert world.do(slash(100, 1100)) == (100, 100)
    assert (active(world), bucket(world, 1)) == ((350, 500), WithdrawalBucket(450, 500))
    assert world.at(1200, slash(100, 1100)) == (100, 100)
    assert (active(world), bucket(world, 1)) == ((250, 500), WithdrawalBucket(450, 500))


def test_a_capture_in_the_current_epoch_reaches_the_next_bucket(world: "World") -> None:
    world.secured(VAULT)
    world.do(withdraw(500))
    assert world.at(1001, slash(101, 1000)) == (101, 101)
    assert (active(world), bucket(world, 1)) == ((450, 500), WithdrawalBucket(449, 500))
    assert views.total_stake(world.now, VAULT) == 899
    assert views.slashable_balance_of(world.now, VAULT, "staker") == 450 + 449


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


def test_the_rest_of_a_slash_empties_this_bucket_and_goes_on_to_the_next(world: "World") -> None:
    world.secured(VAULT, 5)
    world.do(withdraw(1))
    world.at(1100, withdraw(2))
    assert world.at(1101, slash(2, 1099)) == (2, 2)
    assert (active(world), bucket(world, 1), bucket(world, 2)) == (
        (2, 2),
        WithdrawalBucket(0, 1),
        WithdrawalBucket(1, 2),
    )
    assert world.balance("burner") == 2


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
def test_a_slash_looks_back_one_epoch_and_not_at_this_second(world: "World", capture: int, answer: object) -> None:
    world.secured(VAULT)
    world.at(1200)
    assert slashable_stake(world.now, VAULT, FIRST, "operator", capture) == (1000 if answer == (1, 1) else 0)
    assert world.try_(slash(1, capture)) == answer


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
def test_a_request_looks_back_one_epoch_less_the_veto(world: "World", capture: int, answer: object) -> None:
    world.secured(VETO)
    world.at(1200)
    assert world.try_(request(1, capture)) == answer


def test_a_request_with_the_earliest_capture_can_be_executed_in_one_second_only(world: "World") -> None:
    world.secured(VETO)
    world.do(name_resolver("resolver"))
    world.at(1200, request(5000, 1120), request(7, 1120), request(8, 1120))
    assert world.now.get(SLASH_REQUESTS, (VETO, 0)) == SlashRequest(FIRST, "operator", 1000, 1120, 1220, False)
    world.at(1219, VetoSlash("resolver", VETO, 1))
    assert world.try_(execute(0)) is Reason.VETO_PERIOD_NOT_ENDED
    world.at(1220)
    assert world.try_(VetoSlash("resolver", VETO, 0)) is Reason.VETO_PERIOD_ENDED
    assert world.try_(execute(1)) is Reason.SLASH_REQUEST_COMPLETED
    assert world.do(execute(0)) == (1000, 1000)
    assert world.now.get(SLASH_REQUESTS, (VETO, 0)) == SlashRequest(FIRST, "operator", 1000, 1120, 1220, True)
    assert world.now.get(SLASH_REQUESTS, (VETO, 1)) == SlashRequest(FIRST, "operator", 7, 1120, 1220, True)
    world.at(1221)
    assert world.try_(execute(2)) is Reason.SLASH_PERIOD_ENDED


def test_requests_set_nothing_aside(world: "World") -> None:
    world.secured(VETO)
    world.at(1010, request(600, 1005), request(600, 1005), request(600, 1009))
    assert world.at(1011, execute(0)) == (600, 600)
    assert world.do(execute(1)) == (400, 400)
    assert world.try_(execute(2)) is Reason.INSUFFICIENT_SLASH
    assert booked(world, VETO, FIRST) == 1000


def test_a_later_capture_closes_the_earlier_ones(world: "World") -> None:
    world.secured(VAULT)
    world.at(1010, slash(10, 1005))
    assert world.try_(slash(10, 1004)) is Reason.INSUFFICIENT_SLASH
    assert world.do(slash(10, 1005)) == (10, 10)
    assert world.do(slash(10, 1009)) == (10, 10)
    assert world.try_(slash(10, 1008)) is Reason.INSUFFICIENT_SLASH
    assert world.now.get(LATEST_CAPTURES, (VAULT, FIRST, "operator")) == LatestCapture(1009)
    assert world.now.get(LATEST_CAPTURES, (VAULT, FIRST, "partner")) == LatestCapture(0)


def test_slashes_of_one_second_add_up_and_count_for_a_capture_in_that_second(world: "World") -> None:
    world.secured(VAULT)
    assert world.at(1001, slash(300, 1000)) == (300, 300)
    assert world.do(slash(300, 1000)) == (300, 300)
    subnetwork_operator = (VAULT, FIRST, "operator")
    assert world.now.get(CUMULATIVE_SLASHES.heads, subnetwork_operator) == History(1, 600)
    assert world.now.get(CUMULATIVE_SLASHES.checkpoints, (subnetwork_operator, 0)) == Checkpoint(1001, 600)
    world.at(1002)
    assert slashable_stake(world.now, VAULT, FIRST, "operator", 1000) == 400
    assert slashable_stake(world.now, VAULT, FIRST, "operator", 1001) == 400
    world.deposit(VAULT, 500, "other")
    assert world.do(slash(1000, 1001)) == (400, 400)
    assert slashable_stake(world.now, VAULT, FIRST, "operator", 1001) == 0


# Resolvers.


def test_every_change_of_resolver_but_the_first_waits_for_the_start_of_an_epoch(world: "World") -> None:
    world.at(1050, name_resolver("resolver"))
    assert resolver_at(world.now, VETO, FIRST, 1049) == ZERO_ADDRESS
    assert views.resolver(world.now, VETO, FIRST) == "resolver"
    world.at(1199, name_resolver("successor"))
    assert (views.resolver(world.now, VETO, FIRST), views.pending_resolver(world.now, VETO, FIRST)) == (
        "resolver",
        "successor",
    )
    assert resolver_at(world.now, VETO, FIRST, 1399) == "resolver"
    assert resolver_at(world.now, VETO, FIRST, 1400) == "successor"
    world.at(1400)
    assert world.try_(name_resolver("successor")) is Reason.ALREADY_SET
    world.do(name_resolver("resolver"))
    assert resolver_at(world.now, VETO, FIRST, 1699) == "successor"
    assert resolver_at(world.now, VETO, FIRST, 1700) == "resolver"


def test_naming_the_pending_resolver_again_restarts_its_delay(world: "World") -> None:
    world.do(name_resolver("resolver"), name_resolver("successor"))
    assert resolver_at(world.now, VETO, FIRST, 1300) == "successor"
    world.at(1299, name_resolver("successor"))
    assert resolver_at(world.now, VETO, FIRST, 1300) == "resolver"
    assert resolver_at(world.now, VETO, FIRST, 1500) == "successor"


def test_naming_the_resolver_in_office_cancels_a_change_and_a_new_name_replaces_it(world: "World") -> None:
    vault_subnetwork = (VETO, FIRST)
    world.do(name_resolver("resolver"), name_resolver("successor"))
    world.at(1010, name_resolver("resolver"))
    assert world.now.get(RESOLVER_ORDINALS.heads, vault_subnetwork) == History(1, 1)
    assert world.now.get(RESOLVERS, (VETO, FIRST, 2)) == Resolver()
    assert views.pending_resolver(world.now, VETO, FIRST) == "resolver"
    assert world.try_(name_resolver("resolver")) is Reason.ALREADY_SET
    world.do(name_resolver("successor"))
    world.at(1100, name_resolver("third"))
    assert world.now.get(RESOLVER_ORDINALS.heads, vault_subnetwork) == History(2, 2)
    assert world.now.get(RESOLVER_ORDINALS.checkpoints, (vault_subnetwork, 1)) == Checkpoint(1400, 2)
    assert world.now.get(RESOLVERS, (VETO, FIRST, 2)) == Resolver("third")
    assert views.pending_resolver(world.now, VETO, SECOND) == ZERO_ADDRESS


def test_a_resolver_that_goes_can_veto_for_one_more_second(world: "World") -> None:
    world.secured(VETO)
    world.do(name_resolver("resolver"), name_resolver(ZERO_ADDRESS))
    world.at(1290, request(5, 1280), request(6, 1280))
    world.at(1300)
    assert views.resolver(world.now, VETO, FIRST) == ZERO_ADDRESS
    assert world.try_(execute(0)) is Reason.VETO_PERIOD_NOT_ENDED
    world.do(VetoSlash("resolver", VETO, 1))
    world.at(1301)
    assert world.try_(VetoSlash("resolver", VETO, 0)) is Reason.NO_RESOLVER
    assert world.do(execute(0)) == (5, 5)
    assert world.try_(execute(1)) is Reason.SLASH_REQUEST_COMPLETED


def test_only_the_resolver_of_the_capture_vetoes_even_when_another_is_in_office(world: "World") -> None:
    world.secured(VETO)
    world.do(name_resolver("resolver"), name_resolver("successor"))
    world.at(1301, request(5, 1299), request(6, 1300))
    world.at(1302)
    assert world.try_(VetoSlash("successor", VETO, 0)) is Reason.NOT_RESOLVER
    assert world.try_(VetoSlash("resolver", VETO, 1)) is Reason.NOT_RESOLVER
    world.do(VetoSlash("resolver", VETO, 0), VetoSlash("successor", VETO, 1))


def test_without_a_resolver_at_the_capture_a_request_is_executed_at_once(world: "World") -> None:
    world.secured(VETO)
    world.at(1050, name_resolver("resolver"), request(5, 1049))
    assert world.do(execute(0)) == (5, 5)
    world.at(1051, request(5, 1049), request(5, 1050))
    assert world.try_(VetoSlash("resolver", VETO, 1)) is Reason.NO_RESOLVER
    assert world.try_(execute(2)) is Reason.VETO_PERIOD_NOT_ENDED
    assert world.do(execute(1)) == (5, 5)


def test_a_change_of_resolver_must_take_effect_before_timestamps_end(make_world: "Callable[..., World]") -> None:
    world = make_world(resolver_set_epochs_delay=(UINT48_MAX - 1000) // 100)
    world.do(name_resolver("resolver"), name_resolver("successor"))
    world.at(1100)
    assert world.try_(name_resolver("successor")) is Reason.UINT48_OVERFLOW
    assert views.pending_resolver(world.now, VETO, FIRST) == "successor"
    world.do(name_resolver("resolver"))
    assert views.pending_resolver(world.now, VETO, FIRST) == "resolver"
    assert world.try_(name_resolver("resolver")) is Reason.ALREADY_SET


@pytest.mark.parametrize(
    ("delay", "reason"),
    [
        (UINT256_MAX // 100 - 10, Reason.UINT48_OVERFLOW),
        (UINT256_MAX // 100, Reason.ARITHMETIC_PANIC),
        (UINT256_MAX, Reason.ARITHMETIC_PANIC),
    ],
)
def test_a_delay_may_be_too_long_even_to_compute(
    make_world: "Callable[..., World]", delay: int, reason: Reason
) -> None:
    world = make_world(resolver_set_epochs_delay=delay)
    world.do(name_resolver("resolver"))
    assert world.try_(name_resolver("successor")) is reason


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
    world: "World", vault: str, stakes: tuple[int, int]
) -> None:
    world.opted_in(vault)
    world.limited(vault, FIRST, 600, (1, 2))
    world.deposit(vault, 1000)
    assert tuple(views.stake(world.now, vault, FIRST, operator) for operator in ("operator", "partner")) == stakes
    assert views.stake(world.now, vault, NEIGHBOUR, "operator") == 0
    assert stake_at(world.now, vault, FIRST, "operator", 999) == 0


def test_each_network_is_booked_in_full_but_the_vault_pays_once(world: "World") -> None:
    world.opted_in(FULL)
    world.limited(FULL, FIRST)
    world.limited(FULL, NEIGHBOUR)
    world.deposit(FULL, 1000)
    assert world.at(1001, slash(600, 1000, FULL)) == (600, 600)
    assert world.do(slash(600, 1000, FULL, NEIGHBOUR)) == (600, 400)
    assert world.do(slash(1000, 1000, FULL)) == (400, 0)
    assert (booked(world, FULL, FIRST), booked(world, FULL, NEIGHBOUR)) == (1000, 600)
    assert (active(world, FULL), world.balance("burner")) == ((0, 1000), 1000)


def test_a_newcomer_pays_for_a_capture_before_it_came(world: "World") -> None:
    world.opted_in(FULL)
    world.limited(FULL, FIRST)
    world.limited(FULL, NEIGHBOUR)
    world.deposit(FULL, 1000)
    world.at(1001, slash(1000, 1000, FULL))
    assert world.deposit(FULL, 50, "other") == (50, 50 * 1001)
    assert world.do(slash(1000, 1000, FULL, NEIGHBOUR)) == (1000, 50)
    assert active(world, FULL) == (0, 1000 + 50 * 1001)
    assert views.active_balance_of(world.now, FULL, "other") == 0


def test_operators_with_full_restake_are_booked_each_for_the_whole_stake(world: "World") -> None:
    world.opted_in(FULL)
    world.limited(FULL)
    world.deposit(FULL, 1000)
    assert world.at(1001, slash(1000, 1000, FULL)) == (1000, 1000)
    assert world.do(slash(1000, 1000, FULL, FIRST, "partner")) == (1000, 0)


def test_operators_of_one_network_split_the_stake_and_dust_is_nobodys(world: "World") -> None:
    world.opted_in(VAULT)
    world.limited(VAULT, FIRST, UINT256_MAX, (1, 2))
    world.deposit(VAULT, 1000)
    assert world.at(1001, slash(1000, 1000, VAULT, FIRST, "partner")) == (666, 666)
    assert views.stake(world.now, VAULT, FIRST, "operator") == 111
    assert world.do(slash(1000, 1000)) == (333, 333)
    assert active(world) == (1, 1000)


def test_new_shares_and_limits_of_operators_do_not_reach_back_to_a_capture(world: "World") -> None:
    for vault in (VAULT, FULL):
        world.opted_in(vault)
        world.limited(vault, FIRST, UINT256_MAX, (1, 2))
        world.deposit(vault, 1000)
    world.at(
        1001,
        SetOperatorNetworkShares("admin", VAULT, FIRST, "operator", 4),
        SetOperatorNetworkLimit("admin", FULL, FIRST, "operator", 100),
    )
    assert TOTAL_OPERATOR_NETWORK_SHARES.latest(world.now, (VAULT, FIRST)) == 6
    assert [views.stake(world.now, VAULT, FIRST, operator) for operator in ("operator", "partner")] == [666, 333]
    assert views.stake(world.now, FULL, FIRST, "operator") == 100
    assert world.do(slash(1000, 1000)) == (333, 333)
    assert world.do(slash(1000, 1000, FULL)) == (1000, 1000)


def test_vaults_that_share_a_network_share_its_middleware_and_nothing_else(world: "World") -> None:
    world.secured(VAULT)
    world.secured(FULL)
    assert world.at(1001, slash(400, 1000)) == (400, 400)
    assert (active(world, VAULT), active(world, FULL)) == ((600, 1000), (1000, 1000))
    assert (booked(world, VAULT, FIRST), booked(world, FULL, FIRST)) == (400, 0)
    world.do(SetMiddleware("network", "new middleware"))
    for vault in (VAULT, FULL):
        assert world.try_(slash(1, 1000, vault)) is Reason.NOT_NETWORK_MIDDLEWARE
    assert world.do(Slash("new middleware", FULL, FIRST, "operator", 1000, 1000)) == (1000, 1000)
    world.at(1002, OptOutNetwork("operator", "network"))
    assert [views.stake(world.now, vault, FIRST, "operator") for vault in (VAULT, FULL)] == [0, 0]
    assert stake_at(world.now, VAULT, FIRST, "operator", 1001) == 600


def test_a_lower_maximum_lowers_the_network_limit_from_now_on_and_a_higher_one_does_not_raise_it(
    world: "World",
) -> None:
    vault_subnetwork = (VAULT, FIRST)
    world.secured(VAULT)
    world.at(1001, SetMaxNetworkLimit("network", VAULT, 1, 400))
    assert world.now.get(NETWORK_LIMITS.heads, vault_subnetwork) == History(2, 400)
    assert world.now.get(NETWORK_LIMITS.checkpoints, (vault_subnetwork, 1)) == Checkpoint(1001, 400)
    assert views.stake(world.now, VAULT, FIRST, "operator") == 400
    world.at(1002, SetMaxNetworkLimit("network", VAULT, 1, 900), SetMaxNetworkLimit("network", VAULT, 1, 400))
    assert world.now.get(NETWORK_LIMITS.heads, vault_subnetwork) == History(2, 400)
    assert world.try_(SetNetworkLimit("admin", VAULT, FIRST, 401)) is Reason.EXCEEDS_MAX_NETWORK_LIMIT
    assert world.do(slash(1000, 1000)) == (1000, 1000)


def test_a_maximum_without_a_network_limit_writes_none(world: "World") -> None:
    world.do(SetMaxNetworkLimit("network", VAULT, 1, 5), SetMaxNetworkLimit("network", VAULT, 1, 0))
    assert NETWORK_LIMITS.is_empty(world.now, (VAULT, FIRST))


def test_where_the_delegator_has_one_network_the_maximum_itself_is_the_limit(world: "World") -> None:
    world.secured(SPECIFIC)
    world.limited(SPECIFIC, SECOND, 700)
    world.at(1001, SetMaxNetworkLimit("network", SPECIFIC, 1, 400))
    assert NETWORK_LIMITS.is_empty(world.now, (SPECIFIC, FIRST))
    assert world.now.get(MAX_NETWORK_LIMITS.heads, (SPECIFIC, FIRST)) == History(2, 400)
    assert views.stake(world.now, SPECIFIC, FIRST, "operator") == 400
    assert views.stake(world.now, SPECIFIC, SECOND, "operator") == 700
    assert world.do(slash(1000, 1000, SPECIFIC)) == (1000, 1000)


# Opting in and out, and checkpoints of one second.


def test_an_operator_that_left_is_slashed_for_what_it_did_before(world: "World") -> None:
    world.secured(VAULT)
    assert world.try_(OptOutVault("operator", VAULT)) is Reason.OPT_OUT_COOLDOWN
    assert world.try_(OptOutNetwork("operator", "network")) is Reason.OPT_OUT_COOLDOWN
    world.at(1010, OptOutVault("operator", VAULT))
    world.at(1011)
    assert world.try_(slash(5, 1010)) is Reason.INSUFFICIENT_SLASH
    assert world.do(slash(5, 1009)) == (5, 5)


def test_an_opt_in_in_the_second_of_the_opt_out_takes_it_back(world: "World") -> None:
    opt_in = ("operator", VAULT)
    world.secured(VAULT)
    world.at(1001, OptOutVault("operator", VAULT))
    assert world.now.get(OPERATOR_VAULT_OPT_INS.heads, opt_in) == History(2, 0)
    assert not views.is_opted_in_vault(world.now, "operator", VAULT)
    world.do(OptInVault("operator", VAULT))
    assert world.now.get(OPERATOR_VAULT_OPT_INS.heads, opt_in) == History(2, 1)
    assert world.now.get(OPERATOR_VAULT_OPT_INS.checkpoints, (opt_in, 1)) == Checkpoint(1001, 1)
    assert world.try_(OptOutVault("operator", VAULT)) is Reason.OPT_OUT_COOLDOWN
    assert world.at(1002, slash(5, 1001)) == (5, 5)


def test_only_the_last_stake_of_a_second_counts_for_a_capture_in_it(world: "World") -> None:
    world.secured(VAULT)
    world.do(withdraw(400), Deposit("other", VAULT, "other", 50))
    assert world.now.get(ACTIVE_STAKE.heads, VAULT) == History(1, 650)
    assert world.now.get(ACTIVE_SHARES_OF.heads, (VAULT, "staker")) == History(1, 600)
    assert world.at(1001, slash(1000, 1000)) == (650, 650)
    world.at(1002)
    assert world.try_(slash(1, 1000)) is Reason.INSUFFICIENT_SLASH
    assert (active(world), bucket(world, 1)) == ((650 - 402, 650), WithdrawalBucket(400 - 248, 400))


# Deposits, redemptions and claims.


def test_the_deposit_limit_is_on_active_stake_and_includes_itself(world: "World") -> None:
    world.do(SetDepositLimit("admin", VAULT, 100), SetIsDepositLimit("admin", VAULT, True))
    assert world.now.get(DEPOSIT_POLICIES, VAULT) == DepositPolicy(False, True, 100)
    assert world.try_(Deposit("staker", VAULT, "staker", 101)) is Reason.DEPOSIT_LIMIT_REACHED
    assert world.deposit(VAULT, 100) == (100, 100)
    assert world.try_(Deposit("other", VAULT, "other", 1)) is Reason.DEPOSIT_LIMIT_REACHED
    world.do(withdraw(40))
    assert world.try_(Deposit("other", VAULT, "other", 41)) is Reason.DEPOSIT_LIMIT_REACHED
    assert world.deposit(VAULT, 40, "other") == (40, 40)
    world.do(SetDepositLimit("admin", VAULT, 10))
    assert world.do(withdraw(60)) == (60, 60)


def test_the_whitelist_asks_who_sends_a_deposit_not_who_gets_the_shares(world: "World") -> None:
    world.do(SetDepositWhitelist("admin", VAULT, True), SetDepositorWhitelistStatus("admin", VAULT, "staker", True))
    assert world.do(Deposit("staker", VAULT, "other", 10)) == (10, 10)
    assert world.try_(Deposit("other", VAULT, "staker", 10)) is Reason.NOT_WHITELISTED_DEPOSITOR
    world.do(SetDepositorWhitelistStatus("admin", VAULT, "staker", False))
    assert world.try_(Deposit("staker", VAULT, "other", 10)) is Reason.NOT_WHITELISTED_DEPOSITOR
    assert world.do(withdraw(10, "other")) == (10, 10)


def test_a_gift_to_a_vault_moves_no_rate_and_cannot_be_slashed(world: "World") -> None:
    world.secured(VAULT)
    world.do(TransferCollateral("staker", VAULT, 10**6))
    assert world.deposit(VAULT, 500, "other") == (500, 500)
    assert world.balance(VAULT) == 10**6 + 1500
    assert views.total_stake(world.now, VAULT) == 1500
    assert world.do(Redeem("other", VAULT, "other", 500)) == (500, 500)
    assert world.at(1001, slash(10**9, 1000)) == (1000, 1000)
    assert world.balance(VAULT) == 10**6 + 500


def test_shares_that_are_worth_nothing_cannot_be_redeemed(world: "World") -> None:
    world.secured(VAULT)
    world.at(1001, slash(999, 1000))
    assert views.active_balance_of(world.now, VAULT, "staker") == 1
    assert world.try_(Redeem("staker", VAULT, "staker", 500)) is Reason.INSUFFICIENT_REDEMPTION
    assert world.do(Redeem("staker", VAULT, "staker", 501)) == (1, 1)
    assert active(world) == (0, 499)


def test_a_withdrawal_burns_shares_rounded_up(world: "World") -> None:
    world.secured(VAULT)
    world.at(1001, slash(998, 1000))
    assert world.do(withdraw(1)) == (334, 1)
    assert active(world) == (1, 666)
    assert bucket(world, 1) == WithdrawalBucket(1, 1)


def test_those_who_leave_with_one_epoch_share_what_a_slash_leaves(world: "World") -> None:
    world.secured(VAULT, 800)
    world.deposit(VAULT, 200, "other")
    world.do(withdraw(100), withdraw(200, "other"))
    assert world.at(1001, slash(503, 1000)) == (503, 503)
    assert (active(world), bucket(world, 1)) == ((348, 700), WithdrawalBucket(149, 300))
    assert world.at(1200, Claim("staker", VAULT, "friend", 1)) == 49
    assert world.do(Claim("other", VAULT, "other", 1)) == 99
    assert world.balance("friend") == 49
    assert world.balance(VAULT) == 1000 - 503 - 49 - 99
    assert world.now.get(WITHDRAWALS, (VAULT, 1, "staker")) == Withdrawal(100, True)
    assert bucket(world, 1) == WithdrawalBucket(149, 300)
    assert withdrawals_of(world.now, VAULT, 1, "staker") == 49


def test_a_part_that_is_worth_nothing_is_not_claimed(world: "World") -> None:
    world.secured(VAULT)
    world.at(1001, withdraw(1000))
    assert world.at(1002, slash(1000, 1000)) == (1000, 1000)
    world.deposit(VAULT, 1, "other")
    assert world.do(withdraw(1, "other")) == (1, 1001)
    world.at(1200)
    assert world.try_(Claim("staker", VAULT, "staker", 1)) is Reason.INSUFFICIENT_CLAIM
    assert world.now.get(WITHDRAWALS, (VAULT, 1, "staker")) == Withdrawal(1000, False)
    assert world.do(Claim("other", VAULT, "other", 1)) == 1


def test_a_batch_of_claims_pays_all_or_nothing_and_each_epoch_once(world: "World") -> None:
    world.secured(VAULT)
    world.do(Withdraw("staker", VAULT, "friend", 10))
    world.at(1100, Withdraw("staker", VAULT, "friend", 20), Withdraw("staker", VAULT, "friend", 5))
    world.at(1300)
    assert world.try_(ClaimBatch("friend", VAULT, "heir", (1, 2, 1))) is Reason.ALREADY_CLAIMED
    assert world.try_(ClaimBatch("friend", VAULT, "heir", (1, 2, 3))) is Reason.INVALID_EPOCH
    assert world.try_(ClaimBatch("staker", VAULT, "heir", (1, 2))) is Reason.INSUFFICIENT_CLAIM
    assert world.balance("heir") == 0
    assert world.do(ClaimBatch("friend", VAULT, "heir", (2, 1))) == 35
    assert world.balance("heir") == 35
    assert world.try_(Claim("friend", VAULT, "heir", 2)) is Reason.ALREADY_CLAIMED


def test_without_a_burner_no_slash_can_move_tokens(make_world: "Callable[..., World]") -> None:
    world = make_world(burner=ZERO_ADDRESS)
    world.secured(VAULT)
    world.secured(VETO)
    world.at(1002, request(5, 1001))
    assert world.try_(slash(5, 1001)) is Reason.ERC20_INVALID_RECEIVER
    assert world.try_(execute(0)) is Reason.ERC20_INVALID_RECEIVER
    assert world.now.get(SLASH_REQUESTS, (VETO, 0)) == SlashRequest(FIRST, "operator", 5, 1001, 1022, False)
    assert (booked(world, VAULT, FIRST), booked(world, VETO, FIRST)) == (0, 0)
