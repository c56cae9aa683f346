"""The sums that laws may read, and the shapes of their groups. A sum that checkers add up in
another manner is refused.
"""

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, Final

from proofs.paths import UnliftableError, refuse
from proofs.shapes import shape_like

if TYPE_CHECKING:
    from proofs.prover import Prover


class SumGroups:
    """The sums of a protocol and its theory, and the shapes of their groups."""

    def __init__(self, prover: "Prover") -> None:
        self._prover: Final = prover
        self._known: Final[dict[str, tuple[Any, set[Hashable]]]] = {}
        """The map from the name of a sum to the sum and the shapes of its groups."""

    def learn(self, sums: Iterable[Any]) -> None:
        """Allow reads of these sums from now on. Raises UnliftableError if groups of a sum have several shapes."""
        self._known.update({total.name: (total, self._shapes_of_groups(total)) for total in sums})

    def refuse_others(self, total: Any, group: Any) -> None:
        """Refuse the read of a total, if the sum is unknown or checkers compute it in another manner than proofs. A
        group with another shape than the sum's groups is refused, too.
        """
        known, shapes = self._known.get(total.name, (None, set()))
        if known is not total:
            refuse(f"{total.name} is no sum of the protocol")
        if not self._is_counted_as_here(total):
            refuse(f"{total.name} is counted by checkers as it is not here")
        if shape_like(group) not in shapes:
            refuse(f"{total.name} is asked for a group of another kind")

    def _is_counted_as_here(self, total: Any) -> bool:
        """True if checkers compute what a row adds to a sum as proofs do."""
        laws, nested = self._prover.world.modules["invariants.law"], self._prover.theory.sums.nested.get(total)
        if nested is None:
            return type(total).counted is laws.Sum.counted
        is_nested = type(total).counted is laws.NestedSum.counted
        return is_nested and nested.inner is total.inner and nested.value is total.by_total

    def _shapes_of_groups(self, total: Any) -> set[Hashable]:
        """The shape of the groups to which a sum's rows belong, as a set of at most one. Raises UnliftableError for
        several.
        """
        shapes = {
            shape_like(group)
            for group in self._prover.sum_facts.groups(total, self._prover.any_key(total.table, "group"))
        }
        if len(shapes) > 1:
            raise UnliftableError(f"groups of {total.name} are of several kinds")
        return shapes
