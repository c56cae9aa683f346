"""The base's own laws in states that a market stands on: state laws as they are, the others of the base's calls alone.

A law of a base call sees what the base wrote and nothing that the market added: the step that the base made.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AcceptedStep, AnyStep, Catalogue, RejectionLaw, Scope, StateLaw, StepLaw, Sum, Witness
from spec.layer import is_of_layer
from spec.machine import Delta


class _BasePart:
    """The base's part of the step that is being checked, made once for all laws that ask."""

    def __init__(self) -> None:
        self._step: AnyStep | None = None
        self._part: AnyStep | None = None

    def of(self, step: AnyStep) -> AnyStep:
        """The same step without the rows of a layer."""
        part = self._part
        if part is None or step != self._step:
            writes = [write for write in step.delta.writes if not is_of_layer(write)]
            part = AcceptedStep(step.before, step.action, Delta(writes, step.delta.returns), step.after)
            self._step, self._part = step, part
        return part


def _of_base(holds: Callable[[AnyStep], bool], part: _BasePart) -> Callable[[AnyStep], bool]:
    return lambda step: holds(part.of(step))


def with_base_laws(
    base: Catalogue,
    base_actions: tuple[type[Any], ...],
    sums: list[Sum],
    state_laws: list[StateLaw],
    step_laws: list[StepLaw],
    rejection_laws: list[RejectionLaw],
    witnesses: list[Witness],
) -> Catalogue:
    """The laws of a layer, and those of its base. The base's witnesses are its own walk's to reach."""
    part: Final = _BasePart()
    of_base = [
        StepLaw(
            law.law_id,
            law.sentence,
            law.source,
            _of_base(law.holds, part),
            _narrowed(law.scope, base_actions),
            None if law.applies_to is None else _of_base(law.applies_to, part),
        )
        for law in base.step_laws
    ]
    refused = [
        RejectionLaw(
            law.law_id, law.sentence, law.source, law.holds, _narrowed(law.scope, base_actions), law.applies_to
        )
        for law in base.rejection_laws
    ]
    return Catalogue(
        sums=[*base.sums, *sums],
        state_laws=[*base.state_laws, *state_laws],
        step_laws=[*of_base, *step_laws],
        rejection_laws=[*refused, *rejection_laws],
        witnesses=witnesses,
        known_violations=base.known_violations,
        model=base.model,
    )


def _narrowed(scope: Scope, base_actions: tuple[type[Any], ...]) -> Scope:
    """The scope, of the base's actions alone."""
    return Scope(scope.actions or base_actions, scope.tables)
