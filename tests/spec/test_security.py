"""The stake reported as slashable is exactly what a slash takes, at every step of every recorded trace."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from harness.protocols import known_protocols
from harness.traces import load_trace
from spec.arithmetic import UINT256_MAX, WAD
from spec.eigenlayer.actions import SlashOperator
from spec.eigenlayer.security import service_name as operator_set_name
from spec.eigenlayer.state import ALLOCATIONS
from spec.eigenlayer.transition import transition as eigenlayer
from spec.eigenlayer.views import slasher_of
from spec.machine import Delta, Draft, State, apply
from spec.security import Commitment, Security
from spec.symbiotic.actions import AdvanceTime, ExecuteSlash, RequestSlash, Slash
from spec.symbiotic.clock import current_timestamp
from spec.symbiotic.config import VETO_SLASHER, ZERO_ADDRESS
from spec.symbiotic.security import service_name as subnetwork_name
from spec.symbiotic.state import MAX_NETWORK_LIMITS, MIDDLEWARES, OPERATOR_REGISTRY, VAULTS
from spec.symbiotic.transition import transition as symbiotic

GOLDEN = Path(__file__).parents[1] / "golden"

Taken = dict[tuple[str, str, str], int]
"""By stake, operator and service: the amount that a slash of everything takes."""


def states(path: Path) -> Iterator[tuple[Callable[[State], Security], State]]:
    protocol, trace = load_trace(path, known_protocols())
    assert protocol.security is not None
    state = trace.genesis
    yield protocol.security, state
    for step in trace.steps:
        for action in step.actions:
            outcome = protocol.transition(Draft(state), action)
            if isinstance(outcome, Delta):
                state = apply(state, outcome)
        yield protocol.security, state


def taken_in_eigenlayer(state: State) -> Taken:
    """The shares that a slash of each whole allocation takes. Each slash starts from the same state."""
    taken: Taken = {}
    for operator, operator_set, strategy in state.rows(ALLOCATIONS):
        draft = Draft(state)
        sender = slasher_of(draft, operator_set)
        action = SlashOperator(sender, operator_set[0], operator, operator_set[1], (strategy,), (WAD,))
        outcome = eigenlayer(draft, action)
        if isinstance(outcome, Delta):
            _, (shares,) = cast(tuple[int, tuple[int]], outcome.returns)
            if shares:
                taken[(f"{operator}/{strategy}", operator, operator_set_name(operator_set))] = shares
    return taken


def after(state: State, action: AdvanceTime | RequestSlash) -> State | None:
    outcome = symbiotic(Draft(state), action)
    return apply(state, outcome) if isinstance(outcome, Delta) else None


def taken_in_symbiotic(state: State) -> Taken:
    """The amounts that a slash of every operator in every subnetwork takes one second later, for a capture now.

    In vaults with a veto the slash is executed after the veto period. Each slash starts from the same state.
    """
    taken: Taken = {}
    now = current_timestamp(Draft(state))
    later = after(state, AdvanceTime(1))
    assert later is not None
    for vault, config in state.rows(VAULTS).items():
        for subnetwork in sorted({key[1] for key in state.rows(MAX_NETWORK_LIMITS.heads)}):
            middleware = state.rows(MIDDLEWARES).get(subnetwork[0])
            if middleware is None or middleware.account == ZERO_ADDRESS:
                continue
            for operator in state.rows(OPERATOR_REGISTRY):
                if config.slasher == VETO_SLASHER:
                    asked = after(
                        later, RequestSlash(middleware.account, vault, subnetwork, operator, UINT256_MAX, now)
                    )
                    waited = asked and after(asked, AdvanceTime(config.veto_duration_seconds))
                    if waited is None:
                        continue
                    index = symbiotic(
                        Draft(later), RequestSlash(middleware.account, vault, subnetwork, operator, UINT256_MAX, now)
                    )
                    assert isinstance(index, Delta)
                    assert isinstance(index.returns, int)
                    outcome = symbiotic(Draft(waited), ExecuteSlash(middleware.account, vault, index.returns))
                else:
                    outcome = symbiotic(
                        Draft(later), Slash(middleware.account, vault, subnetwork, operator, UINT256_MAX, now)
                    )
                if isinstance(outcome, Delta):
                    booked, lost = cast(tuple[int, int], outcome.returns)
                    assert booked == lost
                    taken[(vault, operator, subnetwork_name(subnetwork))] = lost
    return taken


RULES = {"eigenlayer": taken_in_eigenlayer, "symbiotic": taken_in_symbiotic}


def said(commitments: tuple[Commitment, ...]) -> Taken:
    return {(row.stake_id, row.operator, row.service): row.amount for row in commitments}


def test_what_is_said_to_be_slashable_is_what_a_slash_takes(golden_trace: Path) -> None:
    take = RULES[golden_trace.relative_to(GOLDEN).parts[0]]
    for security, state in states(golden_trace):
        secured = security(state)
        assert said(secured.commitments) == take(state)
        amounts = {stake.stake_id: stake.amount for stake in secured.stakes}
        assert set(amounts) == {row.stake_id for row in secured.commitments}
        assert all(row.amount <= amounts[row.stake_id] for row in secured.commitments)
        assert {row.service for row in secured.commitments} <= set(secured.services)
        if golden_trace.relative_to(GOLDEN).parts[0] == "eigenlayer":
            for stake in secured.stakes:
                unique = sum(row.amount for row in secured.commitments if row.stake_id == stake.stake_id)
                assert unique <= stake.amount


def seen(path: Path) -> list[Security]:
    return [security(state) for security, state in states(path)]


def test_recorded_traces_have_stake_that_leaves_ends_of_reach_and_vetoes() -> None:
    windows = seen(GOLDEN / "eigenlayer/d_slash_at_withdrawal_boundary.json.gz")
    assert any(0 < stake.leaving < stake.amount for secured in windows for stake in secured.stakes)
    left = seen(GOLDEN / "eigenlayer/d_deregister_then_slash_in_window.json.gz")
    assert any(row.until is not None for secured in left for row in secured.commitments)
    vetoes = seen(GOLDEN / "symbiotic/directed_veto_flow_0.json.gz")
    assert any(row.vetoer == "resolver0" for secured in vetoes for row in secured.commitments)
    shared = seen(GOLDEN / "symbiotic/directed_overslash_full_restake_0.json.gz")
    assert any(
        sum(row.amount for row in secured.commitments) > sum(stake.amount for stake in secured.stakes)
        for secured in shared
    )
