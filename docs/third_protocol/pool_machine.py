"""The staking pool as a Hypothesis state machine: a rule for each action."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from pool_laws import HOLDERS
from staking_pool import SERVICE, STAKERS, Deposit, Slash, Withdraw

from invariants.rule_machine import LawMachine
from spec.arithmetic import WAD


class PoolMachine(LawMachine):
    """Deposits, withdrawals of what is held or of one more, and slashes, mostly by the service."""

    @initialize()
    def open(self) -> None:
        """The walk's opening."""
        self.begin()

    @rule(staker=st.sampled_from(HOLDERS), amount=st.integers(0, 10**18))
    def deposit(self, staker: str, amount: int) -> None:
        """A deposit; of nothing, it is rejected."""
        self.begin()
        self.call(Deposit(staker, amount))

    @rule(staker=st.sampled_from(HOLDERS), data=st.data())
    def withdraw(self, staker: str, data: Any) -> None:
        """A withdrawal of up to one share more than there is."""
        self.begin()
        self.call(Withdraw(staker, data.draw(st.integers(0, self.rows.get(STAKERS, staker).shares + 1))))

    @rule(sender=st.sampled_from((SERVICE, SERVICE, HOLDERS[0])), wad_to_slash=st.integers(0, WAD + 1))
    def slash(self, sender: str, wad_to_slash: int) -> None:
        """A slash, now and then by somebody else."""
        self.begin()
        self.call(Slash(sender, wad_to_slash))
