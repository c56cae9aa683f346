"""Time windows of captures and vetoes, epochs, and changes of resolvers, beyond the recorded traces."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from spec.arithmetic import UINT48_MAX, UINT256_MAX
from spec.history import Checkpoint, History
from spec.symbiotic import actions, views
from spec.symbiotic.config import ZERO_ADDRESS
from spec.symbiotic.reasons import Reason
from spec.symbiotic.slashing import resolver_at, slashable_stake, split_slash
from spec.symbiotic.state import (
    CUMULATIVE_SLASHES,
    LATEST_CAPTURES,
    RESOLVER_ORDINALS,
    RESOLVERS,
    SLASH_REQUESTS,
    LatestCapture,
    Resolver,
    SlashRequest,
    WithdrawalBucket,
)

if TYPE_CHECKING:
    from tests.spec.symbiotic.conftest import Chain
from tests.spec.symbiotic.calls import (
    FIRST,
    SECOND,
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
