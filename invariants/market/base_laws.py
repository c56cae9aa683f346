"""The laws of a base protocol, as they hold when a market stands above it.

State laws are checked unchanged. Step and rejection laws apply to calls of the base only. A step law sees only the rows
that the base wrote, without those of the market.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import AcceptedStep, AnyStep, Catalogue, RejectionLaw, Scope, StateLaw, StepLaw, Sum, Witness
from spec.layer import is_of_layer
from spec.machine import Delta


class _BasePart:
    """A cache of the base's part of the step that is being checked. All laws share it."""

    def __init__(self) -> None:
        self._step: AnyStep | None = None
        self._part: AnyStep | None = None

    def of(self, step: AnyStep) -> AnyStep:
        """A copy of the step without the writes to tables of the layer above the base."""
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
    """The catalogue of a layer's laws together with the laws of its base. A layer is a protocol, as the market, above
    another.

    The base's witnesses are left out, since the base's own walk has to reach them.
    """
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
    """A copy of the scope, limited to actions of the base."""
    return Scope(scope.actions or base_actions, scope.tables)
