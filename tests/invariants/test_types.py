"""The action types in the signatures of laws are those of their scope; compiled code would raise for any other type."""

import types
import typing
from typing import Any

import pytest

from harness.protocols import known_walks
from invariants.law import AcceptedStep, RejectedCall, Scope

pytestmark = pytest.mark.source


def types_in(hint: Any) -> set[Any]:
    """The members of a union type, or the one type itself."""
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return set(typing.get_args(hint)) if is_union else {hint}


def actions_declared(function: Any, known: set[Any]) -> list[set[Any]]:
    """The action types that each parameter of a function declares, directly or within AcceptedStep or RejectedCall."""
    hints = [hint for name, hint in typing.get_type_hints(function).items() if name != "return"]
    within = [
        typing.get_args(hint)[0] if typing.get_origin(hint) in (AcceptedStep, RejectedCall) else hint for hint in hints
    ]
    return [declared for hint in within if (declared := types_in(hint)) and declared <= known]


def left_out(function: Any, scope: Scope, known: set[Any]) -> set[Any]:
    """The actions in a law's scope that the type of some parameter does not include."""
    asked = set(scope.actions) or known
    return {action for declared in actions_declared(function, known) for action in asked - declared}


@pytest.mark.parametrize("protocol", ["eigenlayer", "symbiotic"])
def test_a_law_takes_every_action_of_its_scope(protocol: str) -> None:
    walk = known_walks()[protocol]
    known, catalogue = set(walk.protocol.actions), walk.catalogue
    laws: list[Any] = [*catalogue.step_laws, *catalogue.rejection_laws, *catalogue.witnesses]
    checked = [
        (law.law_id, left_out(function, law.scope, known), bool(actions_declared(function, known)))
        for law in laws
        for name in ("holds", "applies_to", "seen")
        if isinstance(function := getattr(law, name, None), types.FunctionType) and function.__name__ != "<lambda>"
    ]
    assert {law_id: missing for law_id, missing, _ in checked if missing} == {}
    assert sum(declares for _, _, declares in checked) > 30


def test_an_action_that_is_left_out_is_seen() -> None:
    actions = known_walks()["symbiotic"].protocol.actions

    def takes_one(step: Any, action: Any) -> bool:
        return bool(step) and bool(action)

    takes_one.__annotations__ = {"step": AcceptedStep[actions[0]], "action": actions[0] | actions[1]}  # type: ignore[valid-type]  # made here
    assert left_out(takes_one, Scope(tuple(actions[:2])), set(actions)) == {actions[1]}
