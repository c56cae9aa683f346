"""Every law after every rule: what a Hypothesis state machine needs to follow a run as a walk does.

A protocol's machine has a rule for each action, in `invariants/<protocol>/rule_machine.py`. `restake check` uses it,
and anybody from pytest, as any state machine of Hypothesis:

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
    """A run broke a law; says which, and of what."""


class LawMachine(RuleBasedStateMachine):
    """A run through one protocol, beginning with the walk's opening. The first violation of a law ends it.

    `runs` is where its report goes when it is over.
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
        """The walk whose world the rules are at home in: this one, unless they need more than its world has."""
        return walk

    @property
    def rows(self) -> Draft:
        """The state reached so far, to be read only."""
        return Draft(self._checker.state)

    @property
    def last_action(self) -> Any:
        """The call made last."""
        return self._actions[-1]

    def begin(self) -> None:
        """Make the calls of the walk's opening and furnish the world, once, whichever rule comes first."""
        if not self._actions:
            for action in self.walk.opening():
                self.call(action)
            self.furnish()

    def furnish(self) -> None:
        """Make the calls after which most rules find something to work on."""

    def call(self, action: Any) -> Outcome:
        """Execute an action, and check every law that it could have broken. LawBroken if one is."""
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
            report.violations = checker.refuse(action, outcome)
        if report.steps % STEPS_BETWEEN_SCANS == 0:
            report.scans += 1
            report.violations = report.violations or checker.scan()
        if report.violations:
            raise LawBroken("; ".join([repr(violation) for violation in report.violations]))
        return outcome

    def is_accepted(self, action: Any) -> bool:
        """Make a call. True if it was accepted."""
        return isinstance(self.call(action), Delta)

    def call_again(self, sender: str | None) -> None:
        """Make the last call once more, by the same account or by another; time does not pass again by itself."""
        if hasattr(self.last_action, "sender"):
            self.call(self.last_action if sender is None else attrs.evolve(self.last_action, sender=sender))

    def teardown(self) -> None:
        """Hand over the report."""
        report = self._report
        report.checked.update(self._checker.checked)
        report.seen.update(self._checker.seen)
        report.known_broken.update(self._checker.known_broken)
        if report.violations:
            report.actions = list(self._actions)
        self._runs.append(report)
