"""Checks of a theory before any proof: duplicate names, laws that rest on unproved laws, and values that the engine
does not accept. Each raises UnliftableError.
"""

import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import attr

from proofs.lifting import LiftedModules
from proofs.paths import UnliftableError

MACHINE: Final = "spec.machine"
WATCHED: Final = "invariants.watching"
"""The module that defines the drafts of checkers. No rule creates such a draft."""

RESERVED: Final = (
    *("sum", "call", "subject", "member", "other", "stake"),
    *("TOTAL", "WHOLE", "FACTS-quotients", "genesis", "contracts"),
)
"""The names that the engine uses for its own symbols and verdicts."""


def refuse_protocol(protocol: Any, world: LiftedModules) -> None:
    """Raise UnliftableError for a protocol whose names, tables, rows or values the engine would take for others.
    `world` are the lifted modules. The gate also checks its changed version of the rules by this.
    """
    refuse_another_machine(protocol, world)
    _refuse_names(
        {
            "table": [table.name for table in protocol.schema.tables],
            "call": [action.__name__ for action in protocol.actions],
        }
    )
    _refuse_values(
        {"the transition": [protocol.transition], "a table": protocol.schema.tables, "a call": protocol.actions}, world
    )
    for what, found in (
        ("rows", [type(table.default) for table in protocol.schema.tables]),
        ("calls", [kind for action in protocol.actions for kind in _kinds_in(action)]),
    ):
        for each in found:
            if not any("__eq__" in vars(kind) for kind in each.__mro__[:-1]):
                raise UnliftableError(f"{what} of type {each.__name__} have no equality of their own")


def refuse_names_given_twice(theory: Any) -> None:
    """Raise UnliftableError for duplicate, malformed or reserved names of sums and laws. Equal names would become one
    symbol of the solver.
    """
    catalogue = theory.catalogue
    laws = [*catalogue.state_laws, *catalogue.step_laws, *catalogue.rejection_laws, *theory.induction.lemmas]
    sums = dict.fromkeys([*catalogue.sums, *theory.sums.own, *theory.sums.nested])
    _refuse_names({"sum": [total.name for total in sums], "law": [law.law_id for law in laws]})


def _refuse_names(names: Mapping[str, Sequence[str]]) -> None:
    """Raise UnliftableError for a duplicate, malformed or reserved name. `names` maps a word such as "table" to the
    names of that kind.
    """
    for kind, given in names.items():
        for name in given:
            if given.count(name) > 1:
                raise UnliftableError(f"two are called {kind} {name}")
            if not name.replace("-", "_").isidentifier() or name in RESERVED or name.startswith(("SUM-", "CONTRACT-")):
                raise UnliftableError(f"no {kind} can be called {name}")


def refuse_another_machine(protocol: Any, world: LiftedModules) -> None:
    """Raise UnliftableError for tables whose index is not their place in the protocol's list of tables. Also raise it
    for classes derived from those of `spec.machine`, since the engine assumes how the originals behave.
    """
    for place, table in enumerate(protocol.schema.tables):
        if table.index != place or table.bit != 1 << place:
            raise UnliftableError(f"table {table.name} stands at {place}, and says that it stands at {table.index}")
    machine = world.modules[MACHINE]
    whole = [getattr(machine, name) for name in ("Draft", "Delta", "Write", "Table", "State", "Schema")]
    for module in world.modules.values():
        for value in vars(module).values():
            if not isinstance(value, type) or not issubclass(value, tuple(whole)):
                continue
            if not any(value is one for one in whole) and value.__module__ != WATCHED:
                raise UnliftableError(f"{value.__module__}:{value.__name__} is derived from what stores rows")


def refuse_what_nothing_proves(theory: Any) -> None:
    """Raise UnliftableError for a law that rests on something else than proved state laws, or on a law proved of short
    lists alone. Also raise it for laws that follow from each other in a cycle.
    """
    proved = {law.law_id for law in theory.state_laws()} - set(theory.induction.by_contract)
    used = [*theory.induction.ranges, *chain(*theory.induction.leans.values(), *theory.induction.follows.values())]
    for law_id in theory.induction.bounded:
        if law_id in used:
            raise UnliftableError(f"{law_id} is proved of short lists alone, and others are proved by means of it")
    for kind, of in (("leans on", theory.induction.leans), ("follows from", theory.induction.follows)):
        for law_id, others in of.items():
            for other in others:
                if other not in proved:
                    raise UnliftableError(f"{law_id} {kind} {other}, which is no state law that is proved")
    left = {
        law_id: set(others) & theory.induction.follows.keys() for law_id, others in theory.induction.follows.items()
    }
    while left:
        last = [law_id for law_id, others in left.items() if not others & left.keys()]
        if not last:
            raise UnliftableError(f"in a circle, these follow from each other: {', '.join(sorted(left))}")
        for law_id in last:
            del left[law_id]


def refuse_what_is_not_understood(theory: Any, world: LiftedModules) -> None:
    """Raise UnliftableError for laws or a theory that hold values which may change between paths. Also raise it for
    instances of the theory's own classes, and for laws made by an unlifted copy of a module.
    """
    catalogue = theory.catalogue
    begun = {
        "a sum": [*catalogue.sums, *theory.sums.own, *theory.sums.nested.items()],
        "a law": [*catalogue.state_laws, *catalogue.step_laws, *catalogue.rejection_laws, *theory.induction.lemmas],
        "the theory": [value for name, value in vars(theory).items() if name not in ("protocol", "catalogue")],
    }
    _refuse_values(begun, world)
    refuse_what_is_not_lifted(theory, world)
    refuse_classes_of_its_own(theory, world)


def _refuse_values(begun: Mapping[str, Iterable[Any]], world: LiftedModules) -> None:
    """Raise UnliftableError for a value that may change between paths. `begun` maps a description such as "a law" to
    the values of that kind.
    """
    for kind, values in begun.items():
        for value in values:
            if not world.is_understood(value):
                name = getattr(value, "law_id", getattr(value, "name", getattr(value, "__name__", "")))
                raise UnliftableError(f"{kind} {name} holds what is not understood")


def _kinds_in(annotation: Any) -> Iterator[type[Any]]:
    """The classes with fields within an annotation: a call's class, and those of its arguments."""
    if attr.has(annotation):
        yield annotation
        for name, hint in typing.get_type_hints(annotation.__init__).items():
            yield from () if name == "return" else _kinds_in(hint)
    for part in typing.get_args(annotation):
        yield from _kinds_in(part)


def refuse_classes_of_its_own(theory: Any, world: LiftedModules) -> None:
    """Raise UnliftableError for instances of subclasses that the theory makes of laws, scopes and the like. Sums are
    excepted, if their class defines `worth` and `counted` only.
    """
    catalogue = theory.catalogue
    laws = [*catalogue.state_laws, *catalogue.step_laws, *catalogue.rejection_laws, *theory.induction.lemmas]
    said = [theory, theory.induction, theory.limits, theory.sums, catalogue, *theory.folds.values()]
    said += [*laws, *[law.scope for law in laws if hasattr(law, "scope")], *theory.sums.nested.values()]
    words = [vars(world.modules[module]).values() for module in ("proofs.theory", "invariants.law")]
    for value in said:
        if not any(type(value) is word for word in chain(*words)):
            raise UnliftableError(f"{type(value).__name__} is a class of the theory's own")
    for total in [*catalogue.sums, *theory.sums.own, *theory.sums.nested]:
        for kind in type(total).__mro__[:-1]:
            own = {name for name in vars(kind) if not name.startswith("__")} - {"worth", "counted"}
            if own and not any(kind is word for word in chain(*words)):
                raise UnliftableError(f"{total.name} has a {min(own)} of its own")


def refuse_what_is_not_lifted(theory: Any, world: LiftedModules) -> None:
    """Raise UnliftableError for laws and sums made by a copy of their module that is not lifted. They name tables of
    another state, so proofs would read nothing, and nothing would assume them.

    `from package import module` returns that copy if the package itself is not lifted.
    """
    catalogue, made_by = theory.catalogue, world.modules
    laws = [*catalogue.state_laws, *catalogue.step_laws, *catalogue.rejection_laws, *theory.induction.lemmas]
    of_laws = [made_by["invariants.law"].__dict__[kind] for kind in ("StateLaw", "StepLaw", "RejectionLaw")]
    of_laws.append(made_by["proofs.theory"].PastLaw)
    sums = [*catalogue.sums, *theory.sums.own, *theory.sums.nested]
    for values, kinds in ((laws, of_laws), (sums, [made_by["invariants.law"].Sum])):
        for value in values:
            if not isinstance(value, tuple(kinds)):
                name = getattr(value, "law_id", None) or value.name
                raise UnliftableError(f"{name} is not lifted: import it by name from the module that makes it")
