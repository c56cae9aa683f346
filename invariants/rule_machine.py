"""The base class of a protocol's Hypothesis state machine, which checks the laws after each rule as a walk does.

Each protocol's machine has a rule for each action, in `invariants/<protocol>/rule_machine.py`. `restake check` runs it.
It also runs under pytest, like any Hypothesis state machine:

TestEigenLayer = EigenLayerMachine.TestCase
"""

from typing import Any, Final

import attrs
from hypothesis.stateful import RuleBasedStateMachine

from invariants.checking import Checker
from invariants.walker import Walk, WalkReport
from spec.machine import Delta, Draft, Outcome

STEPS_BETWEEN_SCANS: Final = 25


class LawBroken(AssertionError):
    """Raised when a run breaks a law; the message names the law and the subject, if it has one."""


class LawMachine(RuleBasedStateMachine):
    """A Hypothesis run through one protocol, which begins with the walk's opening calls and ends at the first
    violation.

    At its end, the report of the run is appended to `runs`.
    """

    def __init__(self, walk: Walk, runs: list[WalkReport] | None = None) -> None:
        super().__init__()
        self.walk: Final = walk
        self._runs: Final[list[WalkReport]] = [] if runs is None else runs
        self._checker: Final = Checker(walk.catalogue, walk.genesis())
        self._report: Final = WalkReport(0)
        self._actions: Final[list[Any]] = []

    @classmethod
    def home(cls, walk: Walk) -> Walk:
        """The walk in whose world this machine's rules work: `walk` itself, unless a subclass needs a richer world."""
        return walk

    @property
    def rows(self) -> Draft:
        """A draft of the run's current state, for reading only."""
        return Draft(self._checker.state)

    @property
    def last_action(self) -> Any:
        """The action of the most recent call."""
        return self._actions[-1]

    def begin(self) -> None:
        """Make the walk's opening calls and call `furnish`, unless this run has made a call already. The machine's
        initialization rules call this method.
        """
        if not self._actions:
            for action in self.walk.opening():
                self.call(action)
            self.furnish()

    def furnish(self) -> None:
        """Make the calls that give most rules something to work on, such as deposits. A protocol's machine overrides
        this method; here it does nothing.
        """

    def call(self, action: Any) -> Outcome:
        """Put an action to the protocol's rules, and check every law that the call could break. Raises LawBroken if one
        breaks.

        Every STEPS_BETWEEN_SCANS calls, the whole state is scanned too.
        """
        report, checker = self._report, self._checker
        self._actions.append(action)
        outcome = self.walk.protocol.transition(Draft(checker.state), action)
        report.steps += 1
        name = type(action).__name__
        if isinstance(outcome, Delta):
            report.accepted[name] = report.accepted.get(name, 0) + 1
            report.violations = checker.accept(action, outcome)
        else:
            reasons = report.rejected.setdefault(name, {})
            reasons[outcome.value] = reasons.get(outcome.value, 0) + 1
            report.violations = checker.reject(action, outcome)
        if report.steps % STEPS_BETWEEN_SCANS == 0:
            report.scans += 1
            report.violations = report.violations or checker.scan()
        if report.violations:
            raise LawBroken("; ".join([repr(violation) for violation in report.violations]))
        return outcome

    def is_accepted(self, action: Any) -> bool:
        """Put an action to the protocol's rules, and check the laws. True if the action was accepted."""
        return isinstance(self.call(action), Delta)

    def call_again(self, sender: str | None) -> None:
        """Repeat the last call: from `sender` or, if that is None, from the account that sent it.

        An action without a sender, such as time, is not repeated.
        """
        if hasattr(self.last_action, "sender"):
            self.call(self.last_action if sender is None else attrs.evolve(self.last_action, sender=sender))

    def teardown(self) -> None:
        """Complete the run's report and append it to `runs`."""
        report = self._report
        report.checked.update(self._checker.checked)
        report.seen.update(self._checker.seen)
        report.known_broken.update(self._checker.known_broken)
        if report.violations:
            report.actions = list(self._actions)
        self._runs.append(report)
