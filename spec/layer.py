"""A layer: more tables and actions on top of a protocol (the base), which it reads and never changes.

A base action runs first, by the base's own transition. If it is accepted, the layer's *observer* sees the state before
it, and the rows that the base wrote. The observer writes the layer's rows alone, and never rejects. A layer's own
action runs by the layer's rule. The rule may execute base actions, sent by the layer's account or by the caller. These
run by the base's own transition, and are observed like any other.

So only the base's rules write base rows. The answer to a base call is the same with and without the layer. This is the
*frame*. Every state law of the base holds in every state of base and layer together. Proofs about the base's rules stay
valid. A layer that breaks the frame raises LayerError: at load if its declaration breaks it, otherwise at the call.
"""

from collections.abc import Callable
from typing import Any, Final

from spec.machine import Delta, Draft, Outcome, Schema, State, Table, Write

FIRST_LAYER_TABLE: Final = 64
"""The index of a layer's first table, above any base. Unused tables fill the gap, so that one declaration of a layer
fits every base.
"""

Act = Callable[[object], Outcome]
"""The callback of a layer's rule: executes a base action in the rule's draft, and calls the observer."""

Rule = Callable[[Draft, Any, Act], Outcome]
"""The transition of a layer's own actions: a base's transition with an `Act` callback as third argument."""

Observer = Callable[[Draft, Draft, list[Write]], None]
"""The callback after each accepted base call: (state before, draft after, base writes). It writes the layer's rows."""


class LayerError(Exception):
    """The exception for a layer that breaks the frame: one that writes base rows, or sends base actions for other
    accounts.

    The message names the layer and the action, sender, table or row at fault.
    """


def layer_schema() -> Schema:
    """A schema for a layer's tables. Placeholder tables fill the indices below FIRST_LAYER_TABLE."""
    schema = Schema()
    for index in range(FIRST_LAYER_TABLE):
        unused: Table[str, None] = schema.table(f"unused_{index}", None)
        assert unused.index == index
    return schema


def is_of_layer(write: Write) -> bool:
    """True if the written row is in a table of a layer, not in one of the base."""
    return write.table.index >= FIRST_LAYER_TABLE


def beneath(draft: Draft) -> Draft:
    """A draft of the state in which the call of `draft` began, without the writes of `draft`."""
    state = State(draft._tables)
    state.overlays = draft._overlays
    state.overlaid = draft._written_tables
    return Draft(state)


class Layer:
    """One layer: its tables (`schema`), its actions, the rule of its actions, and its observer (`observe`).

    `account` is the layer's own account in the base, which for instance holds its tokens. Accounts named `account/...`
    belong to the layer, too.
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

    Raises LayerError at load if the base has too many tables, or if both share an action or a table's name. Raises it
    also if a layer's table has the index of a base's table.
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
        """Execute one call: a base action by the base, with the observer after it; a layer's action by the layer's
        rule.
        """
        call = _Call(self, draft, action)
        if type(action) not in self._own:
            return call.of_base(action)
        outcome = self.layer.rule(draft, action, call.act)
        if isinstance(outcome, Delta):
            call.refuse_new_base_rows()
            return draft.delta(outcome.returns)
        return outcome


class _Call:
    """The context of one call: its draft, which collects the call's writes, and those writes that the base's transition
    made.
    """

    def __init__(self, layered: Layered, draft: Draft, action: object) -> None:
        self._layered: Final = layered
        self._draft: Final = draft
        self._sender: Final[object] = getattr(action, "sender", None)
        self._before: Final = beneath(draft)
        self._by_base: list[tuple[Write, object]] = []

    def act(self, action: object) -> Outcome:
        """Execute a base action whose sender is an account of the layer or the caller. Raises LayerError for another
        sender.
        """
        layer = self._layered.layer
        sender = getattr(action, "sender", None)
        if type(action) not in self._layered.base_actions:
            raise LayerError(f"{layer.name}: {type(action).__name__} is no action of the base")
        if not _is_of(layer.account, sender) and (sender is None or sender != self._sender):
            raise LayerError(f"{layer.name}: {sender!r} sends neither this call nor what the layer does")
        self.refuse_new_base_rows()
        return self.of_base(action)

    def of_base(self, action: object) -> Outcome:
        """Execute a base action by the base's transition. If it is accepted, call the layer's observer."""
        outcome = self._layered.base_transition(self._draft, action)
        if not isinstance(outcome, Delta):
            return outcome
        self._by_base = self._base_rows()
        self._layered.layer.observe(self._before, self._draft, [write for write, _ in self._by_base])
        self.refuse_new_base_rows()
        return self._draft.delta(outcome.returns)

    def refuse_new_base_rows(self) -> None:
        """Raise LayerError if a base row was written by the layer instead of the base's transition."""
        found = self._base_rows()
        if len(found) > len(self._by_base):
            raise LayerError(f"{self._layered.layer.name} writes the base row {found[len(self._by_base)][0]!r}")
        for (write, row), (_, by_base) in zip(found, self._by_base, strict=True):
            if row != by_base:
                raise LayerError(f"{self._layered.layer.name} writes the base row {write!r}")

    def _base_rows(self) -> list[tuple[Write, object]]:
        return [(write, write.row) for write in self._draft.delta().writes if not is_of_layer(write)]


def _is_of(account: str, sender: object) -> bool:
    """True if `sender` is the layer's account, or an account below it (`account/...`)."""
    return isinstance(sender, str) and (sender == account or sender.startswith(account + "/"))


def _joined(base: Schema, layer: Layer) -> Schema:
    """The schema with the tables of base and layer, each at its own index.

    Raises LayerError if two tables have one name, or if a table's index is not its place in its schema. Raises it also
    if the base has more than FIRST_LAYER_TABLE tables.
    """
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
