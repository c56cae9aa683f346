"""Stake shared by networks and operators, and opting in and out, beyond the recorded traces."""

from typing import TYPE_CHECKING

import pytest

from spec.arithmetic import UINT256_MAX
from spec.history import Checkpoint, History
from spec.symbiotic import actions, views
from spec.symbiotic.delegation import stake_at
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import (
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    OPERATOR_VAULT_OPT_INS,
    TOTAL_OPERATOR_NETWORK_SHARES,
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
    VAULT,
    active,
    booked,
    bucket,
    slash,
    withdraw,
)

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
