"""The shortest history known in which EigenLayer's rounding leaves the last staker one share short."""

from invariants.checking import Checker
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.walk import WALK
from spec.eigenlayer.actions import (
    Action,
    AllocationRequest,
    Approval,
    ClearBurnOrRedistributableShares,
    CompleteQueuedWithdrawal,
    Completion,
    DelegateTo,
    DepositIntoStrategy,
    MineBlocks,
    ModifyAllocations,
    QueueWithdrawals,
    SlashOperator,
    WithdrawalRequest,
)
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.reasons import Reason
from spec.eigenlayer.state import STRATEGIES
from spec.eigenlayer.transition import transition
from spec.machine import Delta, Draft

WAD = 10**18
NO_APPROVAL = Approval(ZERO_ADDRESS, 0, False)


def deposit(staker: str, amount: int) -> Action:
    return DepositIntoStrategy(staker, "strategy0", "token0", amount)


def queue(staker: str, shares: int) -> Action:
    return QueueWithdrawals(staker, (WithdrawalRequest(("strategy0",), (shares,)),))


def slash(fraction_wad: int) -> Action:
    return SlashOperator("avs0", "avs0", "operator0", 1, ("strategy0",), (fraction_wad,))


def test_the_last_exit_is_one_share_short_and_one_share_mends_it() -> None:
    checker = Checker(CATALOGUE, WALK.genesis())

    def try_(action: Action) -> object:
        outcome = transition(Draft(checker.state), action)
        if isinstance(outcome, Delta):
            assert checker.accept(action, outcome) == []
            return outcome.returns
        assert isinstance(outcome, Reason)
        assert checker.refuse(action, outcome) == []
        return outcome

    for action in WALK.opening():
        try_(action)
    try_(ModifyAllocations("operator0", "operator0", (AllocationRequest(("avs0", 1), ("strategy0",), (WAD,)),)))
    for staker in ("staker0", "staker1"):
        try_(DelegateTo(staker, "operator0", NO_APPROVAL))
        assert try_(deposit(staker, 3)) == 3
    assert try_(deposit("staker2", 10)) == 10

    assert try_(slash(WAD // 2)) == (1, (3,))
    try_(queue("staker0", 3))
    try_(queue("staker1", 3))
    assert try_(slash(WAD)) == (2, (4,))
    assert try_(ClearBurnOrRedistributableShares("anybody", ("avs0", 1), 1)) == (3,)
    assert try_(ClearBurnOrRedistributableShares("anybody", ("avs0", 1), 2)) == (4,)
    assert Draft(checker.state).get(STRATEGIES, "strategy0").total_shares == 9

    try_(queue("staker2", 10))
    try_(MineBlocks(11))
    leave = CompleteQueuedWithdrawal("staker2", Completion("staker2", 0, ("token0",), True))
    assert try_(leave) is Reason.WITHDRAWAL_AMOUNT_EXCEEDS_TOTAL_DEPOSITS
    assert try_(deposit("operator1", 1)) == 1
    assert try_(leave) is None
    assert checker.scan() == []
