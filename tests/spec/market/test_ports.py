"""The port as each base protocol implements it: whole results, and the rows on which they depend."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.protocols import known_protocols
from harness.traces import load_trace
from spec.eigenlayer import actions as el
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.eigenlayer.state import POD_OWNERS, STAKERS, PodOwner, Staker
from spec.machine import Delta, Draft, State, apply
from spec.market.eigenlayer import PORT as EL
from spec.market.port import ANY_OPERATOR, Port, Service, Slashable, Slashed
from spec.market.symbiotic import PORT as SYM
from spec.symbiotic import actions as sym
from spec.symbiotic.config import ZERO_ADDRESS
from tests.spec.market.conftest import VAULT, WAD, Chain

GOLDEN = Path(__file__).parents[2] / "golden"
SET, SUBNETWORK = ("avs", 1), ("network", 1)


def test_slashable_on_eigenlayer(on_eigenlayer: Chain) -> None:
    chain = on_eigenlayer

    def slashable() -> Slashable:
        return EL.slashable(chain.now, SET, "operator", "strategy0")

    assert slashable() == Slashable(amount=1000, until=None, lasting=1000)
    assert EL.slashable(chain.now, SET, "operator", "strategy1") == Slashable(0, None, 0)
    assert EL.slashable(chain.now, SET, "operator", "strategy2") == Slashable(0, None, 0)
    assert EL.slashable(chain.now, ("avs", 2), "operator", "strategy0") == Slashable(0, None, 0)
    chain.do(el.QueueWithdrawals("staker", (el.WithdrawalRequest(("strategy0",), (400,)),)))
    assert slashable() == Slashable(amount=1000, until=None, lasting=600)
    request = el.AllocationRequest(SET, ("strategy0",), (WAD // 2,))
    chain.do(el.ModifyAllocations("operator", "operator", (request,)))
    assert slashable() == Slashable(amount=1000, until=1017, lasting=300)
    chain.do(el.DeregisterFromOperatorSets("operator", "operator", "avs", (1,)))
    assert slashable() == Slashable(amount=1000, until=1017, lasting=0)
    chain.do(el.MineBlocks(9))
    assert slashable() == Slashable(0, None, 0)


def test_slashable_on_symbiotic(on_symbiotic: Chain) -> None:
    chain = on_symbiotic

    def slashable() -> Slashable:
        return SYM.slashable(chain.now, SUBNETWORK, "operator", VAULT)

    assert slashable() == Slashable(amount=1000, until=1100, lasting=1000)
    assert SYM.slashable(chain.now, ("network", 2), "operator", VAULT) == Slashable(0, None, 0)
    assert SYM.slashable(chain.now, SUBNETWORK, "outsider", VAULT) == Slashable(0, None, 0)
    chain.do(sym.AdvanceTime(5), sym.Withdraw("staker", VAULT, "staker", 300))
    assert slashable() == Slashable(amount=700, until=1105, lasting=700)
    chain.do(sym.SetMiddleware("network", ZERO_ADDRESS))
    assert slashable() == Slashable(0, None, 0)


def test_weights_and_values_on_eigenlayer(on_eigenlayer: Chain) -> None:
    """A slash lowers the value of a holder's stake, but not the weight of one holder relative to others."""
    chain, group = on_eigenlayer, EL.group("operator", "strategy0")
    assert group == ("operator", "strategy0")
    assert (EL.weight(chain.now, group, "staker"), EL.value(chain.now, group, "staker")) == (1000, 1000)
    chain.do(el.SlashOperator("slasher", "avs", "operator", 1, ("strategy0",), (WAD // 4,)))
    assert (EL.weight(chain.now, group, "staker"), EL.value(chain.now, group, "staker")) == (1000, 750)
    assert (EL.weight(chain.now, group, "other"), EL.value(chain.now, group, "other")) == (0, 0)
    native = ("operator", BEACON_CHAIN_ETH)
    chain.state.rows(STAKERS)["other"] = Staker("operator")
    chain.state.rows(POD_OWNERS)["other"] = PodOwner(100, WAD // 2, WAD // 5)
    assert (EL.weight(chain.now, native, "other"), EL.value(chain.now, native, "other")) == (10, 10)
    chain.state.rows(POD_OWNERS)["other"] = PodOwner(-100)
    assert (EL.weight(chain.now, native, "other"), EL.value(chain.now, native, "other")) == (0, 0)
    assert EL.rows_of_weight(native, "other") == (("stakers", "other"), ("pod_owners", "other"))


def test_weights_and_values_on_symbiotic(on_symbiotic: Chain) -> None:
    chain, group = on_symbiotic, SYM.group("operator", VAULT)
    assert group == SYM.group("partner", VAULT) == (ANY_OPERATOR, VAULT)
    chain.do(sym.AdvanceTime(5), sym.Slash("middleware", VAULT, SUBNETWORK, "operator", 250, 1004))
    assert (SYM.weight(chain.now, group, "staker"), SYM.value(chain.now, group, "staker")) == (1000, 750)
    assert (SYM.weight(chain.now, group, "other"), SYM.value(chain.now, group, "other")) == (0, 0)


@pytest.mark.parametrize(("port", "name"), [(EL, "on_eigenlayer"), (SYM, "on_symbiotic")])
def test_a_payment_is_the_bases_own(port: Port, name: str, request: pytest.FixtureRequest) -> None:
    chain: Chain = request.getfixturevalue(name)
    token, payer = {"on_eigenlayer": ("token2", "avs"), "on_symbiotic": ("collateral", "network")}[name]
    chain.do(port.payment(token, payer, "shop", 7))
    assert (port.balance(chain.now, token, payer), port.balance(chain.now, token, "shop")) == (10**6 - 7, 7)


Taken = Callable[[object, Delta], list[Slashed]]


def taken_on_eigenlayer(action: object, delta: Delta) -> list[Slashed]:
    """The amounts that a call slashed, from the call and its return value. Empty for other calls."""
    if not isinstance(action, el.SlashOperator):
        return []
    returned: tuple[int, tuple[int, ...]] = delta.returns  # type: ignore[assignment]  # what a slash returns
    service = (action.avs, action.operator_set_id)
    slashed = [Slashed(service, action.operator, *pair) for pair in zip(action.strategies, returned[1], strict=True)]
    return [one for one in slashed if one.amount > 0]


def taken_on_symbiotic(action: object, delta: Delta) -> list[Slashed]:
    """The amount that the vault lost by a slash, from the call and its return value. Empty for other calls."""
    if not isinstance(action, sym.Slash):
        return []
    returned: tuple[int, int] = delta.returns  # type: ignore[assignment]  # what a slash returns
    return [Slashed(action.subnetwork, action.operator, action.vault, returned[1])]


@pytest.mark.parametrize(
    ("port", "taken", "path", "slashes"),
    [
        (EL, taken_on_eigenlayer, "eigenlayer/r003_slashy_cfgA.json.gz", 5),
        (EL, taken_on_eigenlayer, "eigenlayer/d_redistribution_and_clearing.json.gz", 2),
        (SYM, taken_on_symbiotic, "symbiotic/directed_overslash_full_restake_0.json.gz", 2),
        (SYM, taken_on_symbiotic, "symbiotic/random_0.json.gz", 2),
    ],
)
def test_slashes_in_a_delta_are_those_that_calls_return(port: Port, taken: Taken, path: str, slashes: int) -> None:
    protocol, trace = load_trace(GOLDEN / path, known_protocols())
    state, count = trace.genesis, 0
    for step in trace.steps:
        for action in step.actions:
            outcome = protocol.transition(Draft(state), action)
            if isinstance(outcome, Delta):
                after = apply(state, outcome)
                found = port.slashes(Draft(state), Draft(after), outcome.writes)
                expected = taken(action, outcome)
                if not isinstance(action, sym.ExecuteSlash):
                    assert [one for one in found if one.amount > 0] == [one for one in expected if one.amount > 0]
                assert not found or {write.table for write in outcome.writes} & {*port.tables_of_slashes()}
                count += len(found)
                state = after
    assert count >= slashes


def lasting(
    port: Port, state: State, services: list[Service], operators: list[str], pools: list[str]
) -> dict[str, int]:
    return {
        repr((service, operator, pool)): port.slashable(Draft(state), service, operator, pool).lasting
        for service in services
        for operator in operators
        for pool in pools
    }


@pytest.mark.parametrize(
    ("port", "path"),
    [
        (EL, "eigenlayer/r023_alloc_cfgA.json.gz"),
        (EL, "eigenlayer/r003_slashy_cfgA.json.gz"),
        (SYM, "symbiotic/random_0.json.gz"),
        (SYM, "symbiotic/directed_veto_flow_0.json.gz"),
    ],
)
def test_lasting_stake_is_slashable_and_falls_only_where_a_row_of_it_is_written(port: Port, path: str) -> None:
    """Lasting stake never exceeds slashable stake, unless none is slashable yet. It falls only if one of its rows is
    written.

    Both hold on recorded traces.
    """
    protocol, trace = load_trace(GOLDEN / path, known_protocols())
    world, state, falls = trace.head, trace.genesis, 0
    genesis: dict[str, list[str]] = world.get("genesis") or world["config"]  # type: ignore[assignment]  # lists of names
    names = genesis.get("operator_set_universe") or genesis["subnetworks"]
    services = [(name.split("/")[0], int(name.split("/")[1].removeprefix("sub"))) for name in names]
    pools = [*(genesis.get("strategies") or genesis["vaults"])]
    before = lasting(port, state, services, genesis["operators"], pools)
    for step in trace.steps:
        for action in step.actions:
            outcome = protocol.transition(Draft(state), action)
            if not isinstance(outcome, Delta):
                continue
            state = apply(state, outcome)
            after = lasting(port, state, services, genesis["operators"], pools)
            written = {(write.table.name, write.key) for write in outcome.writes}
            for service in services:
                for operator in genesis["operators"]:
                    for pool in pools:
                        key = repr((service, operator, pool))
                        if after[key] < before[key]:
                            assert written & {*port.rows_of_stake(service, operator, pool)}, (action, key)
                            falls += 1
                        amount = port.slashable(Draft(state), service, operator, pool).amount
                        assert after[key] <= amount or amount == 0
            before = after
    assert falls > 0
