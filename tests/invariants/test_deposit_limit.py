"""A deposit limit bounds the active stake only: the shortest run after which a vault holds more than the limit."""

from invariants.checking import Checker
from invariants.symbiotic.walk import VETOED, WALK
from spec.machine import Delta, Draft
from spec.symbiotic.actions import Deposit, Redeem, SetDepositLimit, SetIsDepositLimit
from spec.symbiotic.reasons import Reason
from spec.symbiotic.views import total_stake


def test_who_asks_to_leave_makes_room_at_once() -> None:
    checker = Checker(WALK.catalogue, WALK.genesis())

    def try_(action: object) -> object:
        outcome = WALK.protocol.transition(Draft(checker.state), action)
        if isinstance(outcome, Delta):
            assert checker.accept(action, outcome) == []
            return outcome.returns
        assert isinstance(outcome, Reason)
        assert checker.reject(action, outcome) == []
        return outcome

    for action in (*WALK.opening(), SetDepositLimit("admin0", VETOED, 10), SetIsDepositLimit("admin0", VETOED, True)):
        try_(action)
    assert try_(Deposit("staker0", VETOED, "staker0", 10)) == (10, 10)
    assert try_(Deposit("staker1", VETOED, "staker1", 1)) is Reason.DEPOSIT_LIMIT_REACHED
    for round_ in range(1, 5):
        assert total_stake(Draft(checker.state), VETOED) == 10 * round_
        assert try_(Redeem("staker0", VETOED, "staker0", 10)) == (10, 10)
        assert try_(Deposit("staker0", VETOED, "staker0", 10)) == (10, 10)
    assert total_stake(Draft(checker.state), VETOED) == 50
    assert checker.scan() == []
