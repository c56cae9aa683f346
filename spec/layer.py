"""A layer on a Delta: more tables and more actions on top of a protocol, which it sees and never changes.

A base action runs first, through the base's own transition. If it is accepted, the layer's *observer* sees the state
before and the rows that the base wrote, and adds rows to the layer's tables alone: it never rejects. A layer's own
action runs by the layer's rule, which may hand base actions to the base: executed by the base's own transition, with
the layer's account or the caller as sender, and observed like any other.

So a base row is written by the base's rules alone, and a base call is answered as it would be without the layer. That
is the frame: every state law of the base holds in every state of the two together, and what was proved of its rules
stays proved, as they are the same. A layer that breaks the frame is refused: at load where its declaration shows it,
and at the call otherwise (LayerError).
"""

from collections.abc import Callable
from typing import Any, Final

from spec.machine import Delta, Draft, Outcome, Schema, State, Table, Write

FIRST_LAYER_TABLE: Final = 64
"""The index of a layer's first table above any base. Unused tables stand between: so a layer is declared once."""

Act = Callable[[object], Outcome]
"""The door from a layer's rule to the base: executes a base action in the rule's draft, and has it observed."""

Rule = Callable[[Draft, Any, Act], Outcome]
"""A layer's transition: like a base's, with the door as a third argument."""

Observer = Callable[[Draft, Draft, list[Write]], None]
"""Given the state before a base call, the draft after it, and the base rows that were written: what a layer notes."""


class LayerError(Exception):
    """A layer that breaks the frame; the message says by what."""


def layer_schema() -> Schema:
    """A schema for a layer's tables, which stand behind those of any base."""
    schema = Schema()
    for index in range(FIRST_LAYER_TABLE):
        unused: Table[str, None] = schema.table(f"unused_{index}", None)
        assert unused.index == index
    return schema


def is_of_layer(write: Write) -> bool:
    """True if a row is of a layer's table."""
    return write.table.index >= FIRST_LAYER_TABLE


def beneath(draft: Draft) -> Draft:
    """The state that a draft began with, without what the draft has written."""
    state = State(draft._tables)
    state.overlays = draft._overlays
    state.overlaid = draft._written_tables
    return Draft(state)


class Layer:
    """One layer: its tables, its actions, the rule that answers them, and its observer. `account` is its own account
    in the base, such as the one that holds its tokens; so is every account whose name begins with it and a slash.
    """

    def __init__(
        self, name: str, schema: Schema, actions: tuple[type[object], ...], rule: Rule, observe: Observer, account: str
    ) -> None:
        self.name: Final = name
        self.schema: Final = schema
        self.actions: Final = actions
        self.rule: Final = rule
        self.observe: Final = observe
        self.account: Final = account


class Layered:
    """A layer on a base: one schema, and one transition for the actions of both.

    LayerError at load: a base with too many tables, an action or the name of a table that both have, a layer's table in
    the place of a base's.
    """

    def __init__(
        self,
        base_schema: Schema,
        base_actions: tuple[type[object], ...],
        base_transition: Callable[[Draft, Any], Outcome],
        layer: Layer,
    ) -> None:
        self.layer: Final = layer
        self.base_actions: Final = base_actions
        self.base_transition: Final = base_transition
        self.schema: Final = _joined(base_schema, layer)
        shared = {*base_actions} & {*layer.actions}
        if shared:
            raise LayerError(f"{layer.name}: {min([kind.__name__ for kind in shared])} is an action of the base")
        self._own: Final = frozenset(layer.actions)

    def transition(self, draft: Draft, action: Any) -> Outcome:
        """Execute one call: a base action by the base, then observed; a layer's by its rule."""
        call = _Call(self, draft, action)
        if type(action) not in self._own:
            return call.of_base(action)
        outcome = self.layer.rule(draft, action, call.act)
        if isinstance(outcome, Delta):
            call.refuse_new_base_rows()
            return draft.delta(outcome.returns)
        return outcome


class _Call:
    """One call: its draft, and the base rows in it that the base itself has written."""

    def __init__(self, layered: Layered, draft: Draft, action: object) -> None:
        self._layered: Final = layered
        self._draft: Final = draft
        self._sender: Final[object] = getattr(action, "sender", None)
        self._before: Final = beneath(draft)
        self._by_base: list[tuple[Write, object]] = []

    def act(self, action: object) -> Outcome:
        """Execute a base action for an account of the layer's or for the caller."""
        layer = self._layered.layer
        sender = getattr(action, "sender", None)
        if type(action) not in self._layered.base_actions:
            raise LayerError(f"{layer.name}: {type(action).__name__} is no action of the base")
        if not _is_of(layer.account, sender) and (sender is None or sender != self._sender):
            raise LayerError(f"{layer.name}: {sender!r} sends neither this call nor what the layer does")
        self.refuse_new_base_rows()
        return self.of_base(action)

    def of_base(self, action: object) -> Outcome:
        """Execute a base action by the base's transition, and let the layer observe it."""
        outcome = self._layered.base_transition(self._draft, action)
        if not isinstance(outcome, Delta):
            return outcome
        self._by_base = self._base_rows()
        self._layered.layer.observe(self._before, self._draft, [write for write, _ in self._by_base])
        self.refuse_new_base_rows()
        return self._draft.delta(outcome.returns)

    def refuse_new_base_rows(self) -> None:
        """LayerError if a base row was written, and not by the base."""
        found = self._base_rows()
        if len(found) > len(self._by_base):
            raise LayerError(f"{self._layered.layer.name} writes the base row {found[len(self._by_base)][0]!r}")
        for (write, row), (_, by_base) in zip(found, self._by_base, strict=True):
            if row != by_base:
                raise LayerError(f"{self._layered.layer.name} writes the base row {write!r}")

    def _base_rows(self) -> list[tuple[Write, object]]:
        return [(write, write.row) for write in self._draft.delta().writes if not is_of_layer(write)]


def _is_of(account: str, sender: object) -> bool:
    """True if a sender is a layer's account, or one of those that it has beneath it."""
    return isinstance(sender, str) and (sender == account or sender.startswith(account + "/"))


def _joined(base: Schema, layer: Layer) -> Schema:
    """The schema that has the tables of both, each in its own place."""
    if len(base.tables) > FIRST_LAYER_TABLE:
        raise LayerError(f"{layer.name}: the base has {len(base.tables)} tables, more than {FIRST_LAYER_TABLE}")
    joined = Schema()
    joined.tables.extend([*base.tables, *layer.schema.tables[len(base.tables) :]])
    names = [table.name for table in joined.tables]
    for index, table in enumerate(joined.tables):
        if table.index != index:
            raise LayerError(f"{layer.name}: the table {table.name} has the place {table.index}, not {index}")
        if names.count(table.name) > 1:
            raise LayerError(f"{layer.name}: two tables are called {table.name}")
    return joined
