"""Every path that the engine follows through a rule is taken by the plain rules in some state, or excluded by the laws.

Together the paths run through every line of the rules.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from proofs.call_task import beginning_of, foundations_of, prover_of
from proofs.concrete import outcome_of_a_witness, plain_theory
from proofs.isolation import apart, the_same_everywhere
from proofs.prover import Prover
from proofs.proving import CallProof
from proofs.trusted_contracts import CONTRACTS, foundations

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[2]

IN_PLAIN_HISTORIES = {
    # A plain state is given the checkpoints that were looked up, not those that a path asked the head or the list for.
    "OptOutVault": {"accepted": 1},
    "OptOutNetwork": {"accepted": 1},
    "SetResolver": {"accepted": 2},
    # Hints are compared with the number of checkpoints; a rewarded second is looked up in the same histories.
    "DistributeStakerRewards": {
        "EMPTY_REVERT": 1,
        "ERC20_INSUFFICIENT_ALLOWANCE": 2,
        "ERC20_INSUFFICIENT_BALANCE": 2,
        "INDEX_PANIC": 2,
        "INSUFFICIENT_REWARD": 2,
        "INVALID_REWARD_TIMESTAMP": 5,
    },
    "ClaimStakerRewards": {"accepted": 5, "EMPTY_REVERT": 1, "ERC20_INSUFFICIENT_BALANCE": 2},
}

IN_A_CLOSED_WORLD = {
    # These need a history whose values are not those of the rows that were read: often no state is found in time.
    "Deposit": {"ARITHMETIC_PANIC": 8},
    "Withdraw": {"ARITHMETIC_PANIC": 4, "MUL_DIV_OVERFLOW": 1},
    "Redeem": {"ARITHMETIC_PANIC": 2, "MUL_DIV_OVERFLOW": 1},
}

WITH_A_STAKE = {
    # A stake is an unknown function there (`proofs/symbiotic/stake.py`), and no rows of a plain state amount to it.
    "RequestSlash": {"accepted": 1},
}

NOT_LOOKED_FOR = ("Slash", "ExecuteSlash")
"""The calls whose paths are followed without a search for a state that takes them. They all read a stake, and the
search would take minutes.
"""

UNWITNESSED: dict[str, dict[str, dict[str, int]]] = {
    "eigenlayer": {},
    "symbiotic": {**IN_PLAIN_HISTORIES, **IN_A_CLOSED_WORLD, **WITH_A_STAKE},
}
"""By protocol, call and outcome: the highest number of paths for which the solver finds no state that takes them when
the call is replayed.

As far as the laws tell, all these paths are possible. The state that a solver finds depends on earlier questions, so a
new process asks (`explored`).
"""

NOT_RULES = (
    *(
        "codec.py",
        "trace_head.py",
        "formats.py",
        "observation.py",
        "view_answers.py",
        "views.py",
        "security.py",
        "rewards_calculation.py",
    ),
    *("actions.py", "state.py", "reasons.py", "__init__.py"),
)
"""Endings of the names of files without rules: declarations of calls and states, their readers, and the calculation of
rewards.

Parts of a protocol have such files of their own, such as `rewards_codec.py` beside `codec.py`.
"""

NOT_RUN: dict[str, set[str]] = {
    "eigenlayer": {
        # Lists of a call and of a staker have at most one element.
        "rewards_submissions.py: return Reason.OPERATORS_NOT_IN_ASCENDING_ORDER",
        "slashing.py: return Reason.STRATEGIES_MUST_BE_IN_ASCENDING_ORDER",
        "slashing.py: return draft.get(STRATEGIES, strategy).address_rank < "
        "draft.get(STRATEGIES, next_strategy).address_rank",
        "staking.py: return Reason.MAX_STRATEGIES_EXCEEDED",
        "staking.py: return deposit_shares_before",
        "withdrawals.py: return deposit_shares_before",
        # Readers of traces ask a release this, and no rule does.
        "presets.py: return self.slash_resolution_delay_blocks > 0",
    },
    "symbiotic": {
        # A view, which no call asks.
        "staker_rewards.py: holder: Pair = (draft.get(STAKER_REWARDS, rewards[0]).vault, account)",
        "staker_rewards.py: done = draft.get(REWARDS_DONE, (*rewards, account)).count",
        "staker_rewards.py: count = draft.get(DISTRIBUTION_COUNTS, rewards).count",
        "staker_rewards.py: return sum([_part_of(draft, holder, rewards, index) for index in range(done, count)])",
    },
}


class Explored:
    """All paths of all calls of a protocol.

    It holds the lines of the rules that ran. It counts the paths for which a state was found, and those without by call
    and outcome.
    """

    def __init__(self, protocol: str) -> None:
        self._place = f"proofs.{protocol}.theory:THEORY"
        self._rules = str(ROOT / "spec" / protocol)
        self.lines: set[tuple[str, int]] = set()
        self.witnessed = 0
        self.unwitnessed: dict[str, dict[str, int]] = {}
        provers: dict[tuple[str, str], Prover] = {}
        for call in [action.__name__ for action in plain_theory(self._place).protocol.actions]:
            beginning = beginning_of(self._place, call)
            prover = provers[beginning] = provers.get(beginning) or prover_of(self._place, call)
            lines, witnessed, unwitnessed = apart(partial(self._of_call, prover, call))
            self.lines |= lines
            self.witnessed += witnessed
            if unwitnessed:
                self.unwitnessed[call] = unwitnessed
        self._explore(lambda: foundations(prover_of(self._place, CONTRACTS), foundations_of(self._place)))

    def _of_call(self, prover: Prover, call: str) -> tuple[set[tuple[str, int]], int, dict[str, int]]:
        """For one call: the lines of rules that ran, the number of paths with a state that takes them, and the number
        without, by outcome.
        """
        kind = next(kind for kind in prover.protocol.actions if kind.__name__ == call)
        proof = self._explore(partial(CallProof, prover, kind))
        paths = [(accepted.here, "accepted") for accepted in proof.accepted]
        paths += [(here, reason.name) for here, reason in proof.rejected]
        witnessed, unwitnessed = 0, dict[str, int]()
        for here, outcome in paths if call not in NOT_LOOKED_FOR else ():
            if outcome_of_a_witness(prover, self._place, proof.call, here) == outcome:
                witnessed += 1
            else:
                unwitnessed[outcome] = unwitnessed.get(outcome, 0) + 1
        return self.lines, witnessed, unwitnessed

    def _explore(self, program: Callable[[], Any]) -> Any:
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            return program()
        finally:
            sys.settrace(before)

    def _trace(self, frame: FrameType, _event: str, _argument: object) -> Any:
        return self._line if frame.f_code.co_filename.startswith(self._rules) else None

    def _line(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            self.lines.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
        return self._line

    def not_run(self) -> set[str]:
        """The lines within functions of the rules that did not run, each as "file: line"."""
        missing: set[str] = set()
        for file in Path(self._rules).glob("*.py"):
            if not file.name.endswith(NOT_RULES):
                text = file.read_text()
                ran = {line for name, line in self.lines if name == file.name}
                for line in function_lines(compile(text, str(file), "exec")) - ran:
                    missing.add(f"{file.name}: {text.splitlines()[line - 1].strip()}")
        return missing


def explored(protocol: str) -> tuple[int, dict[str, dict[str, int]], set[str]]:
    """For all calls of a protocol: the number of paths with a state that takes them, the number without such a state,
    by call and outcome, and the lines of rules that never ran.

    It has to be called in a new process, since earlier questions to the solver change the states that it finds.
    """
    with the_same_everywhere():
        found = Explored(protocol)
        return found.witnessed, found.unwitnessed, found.not_run()


def function_lines(code: CodeType) -> set[int]:
    """The line numbers of all functions in a module's code object, without the lines of their `def`."""
    lines: set[int] = set()
    for inner in [constant for constant in code.co_consts if isinstance(constant, CodeType)]:
        lines |= function_lines(inner)
        if inner.co_flags & 0x2:  # a function, and no class
            lines |= {line for _, _, line in inner.co_lines() if line is not None} - {inner.co_firstlineno}
    return lines


@pytest.mark.nightly
@pytest.mark.parametrize("protocol", ["eigenlayer", "symbiotic"])
def test_every_path_has_a_state_that_takes_it_and_every_line_of_the_rules_ran(protocol: str) -> None:
    """Both statements are in one test since both need all paths of a protocol, which takes minutes."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as new_process:
        witnessed, unwitnessed, not_run = new_process.submit(explored, protocol).result()
    assert witnessed > 100
    known = UNWITNESSED[protocol]
    more = {
        (call, outcome): count
        for call, counts in unwitnessed.items()
        for outcome, count in counts.items()
        if count > known.get(call, {}).get(outcome, 0)
    }
    assert more == {}
    assert not_run == NOT_RUN[protocol]
