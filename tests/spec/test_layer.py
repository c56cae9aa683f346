"""A layer reads its base and never changes the base's rows. A violation is refused when the module loads or at the
call.
"""

from typing import Any

import attr
import pytest

from spec.layer import FIRST_LAYER_TABLE, Act, Layer, Layered, LayerError, Observer, Rule, beneath, layer_schema
from spec.machine import Delta, Draft, Outcome, Rejection, Schema, State, Table, Write, apply


class No(Rejection):
    NO = "No"


BASE = Schema()
HELD: Table[str, int] = BASE.table("held", 0)
LAYER = layer_schema()
SEEN: Table[str, int] = LAYER.table("seen", 0)


@attr.frozen
class Give:
    sender: str
    to: str
    amount: int


@attr.frozen
class Pay:
    """A call of the layer. It pays from the layer's account or from the caller's."""

    sender: str
    payer: str


def give(draft: Draft, action: Give) -> Outcome:
    held = draft.get(HELD, action.sender)
    if action.amount > held:
        return No.NO
    draft.put(HELD, action.sender, held - action.amount)
    draft.put(HELD, action.to, draft.get(HELD, action.to) + action.amount)
    return draft.delta(action.amount)


def pay(draft: Draft, action: Pay, act: Act) -> Outcome:
    outcome = act(Give(action.payer, "shop", 2))
    return draft.delta("paid") if isinstance(outcome, Delta) else outcome


def count(before: Draft, draft: Draft, writes: list[Write]) -> None:
    for write in writes:
        key: Any = write.key
        draft.put(SEEN, key, draft.get(SEEN, key) + draft.get(HELD, key) - before.get(HELD, key))


def layered(rule: Rule = pay, observe: Observer = count, schema: Schema = LAYER) -> Layered:
    return Layered(BASE, (Give,), give, Layer("shop", schema, (Pay,), rule, observe, "till"))


def state() -> State:
    begun = layered().schema.empty_state()
    begun.rows(HELD).update({"ann": 10, "till": 3})
    return begun


def step(one: Layered, action: object) -> dict[str, dict[Any, Any]] | object:
    outcome = one.transition(Draft(state()), action)
    if not isinstance(outcome, Delta):
        return outcome
    after = apply(state(), outcome)
    return {"held": after.rows(HELD), "seen": after.rows(SEEN), "returns": {"": outcome.returns}}


def test_a_base_call_is_answered_by_the_base_and_observed() -> None:
    assert step(layered(), Give("ann", "bob", 4)) == {
        "held": {"ann": 6, "bob": 4, "till": 3},
        "seen": {"ann": -4, "bob": 4},
        "returns": {"": 4},
    }
    assert step(layered(), Give("ann", "bob", 11)) is No.NO


def test_a_layers_call_has_the_base_act_for_its_account_or_for_the_caller() -> None:
    assert step(layered(), Pay("ann", "till")) == {
        "held": {"ann": 10, "till": 1, "shop": 2},
        "seen": {"till": -2, "shop": 2},
        "returns": {"": "paid"},
    }
    assert step(layered(), Pay("bob", "bob")) is No.NO
    with pytest.raises(LayerError, match=r"^shop: 'ann' sends neither this call nor what the layer does$"):
        step(layered(), Pay("bob", "ann"))


def steals(_before: Draft, draft: Draft, _writes: list[Write]) -> None:
    draft.put(HELD, "till", 100)


def rewrites(_before: Draft, draft: Draft, _writes: list[Write]) -> None:
    draft.put(HELD, "ann", 100)


def prints_money(draft: Draft, _action: Any, _act: Act) -> Outcome:
    draft.put(HELD, "till", 100)
    return draft.delta()


def prints_after_paying(draft: Draft, action: Pay, act: Act) -> Outcome:
    pay(draft, action, act)
    draft.put(HELD, "shop", 100)
    return draft.delta()


def prints_before_paying(draft: Draft, action: Pay, act: Act) -> Outcome:
    draft.put(HELD, "till", 100)
    return pay(draft, action, act)


def acts_as_itself(_draft: Draft, action: Pay, act: Act) -> Outcome:
    return act(action)


@pytest.mark.parametrize(
    ("one", "action", "said"),
    [
        (layered(observe=steals), Give("ann", "bob", 1), r"^shop writes the base row held\['till'\] = 100$"),
        (layered(observe=rewrites), Give("ann", "bob", 1), r"^shop writes the base row held\['ann'\] = 100$"),
        (layered(rule=prints_money), Pay("ann", "ann"), r"^shop writes the base row held\['till'\] = 100$"),
        (layered(rule=prints_after_paying), Pay("ann", "ann"), r"^shop writes the base row held\['shop'\] = 100$"),
        (layered(rule=prints_before_paying), Pay("ann", "ann"), r"^shop writes the base row held\['till'\] = 100$"),
        (layered(rule=acts_as_itself), Pay("ann", "ann"), "^shop: Pay is no action of the base$"),
    ],
)
def test_who_writes_a_base_row_is_refused_at_the_call(one: Layered, action: object, said: str) -> None:
    with pytest.raises(LayerError, match=said):
        step(one, action)


def test_what_a_declaration_shows_is_refused_at_load() -> None:
    large = Schema()
    for number in range(FIRST_LAYER_TABLE + 1):
        large.table(f"table{number}", 0)
    with pytest.raises(LayerError, match=r"^shop: the base has 65 tables, more than 64$"):
        Layered(large, (), give, Layer("shop", LAYER, (Pay,), pay, count, "till"))
    with pytest.raises(LayerError, match=r"^shop: Give is an action of the base$"):
        Layered(BASE, (Give,), give, Layer("shop", LAYER, (Pay, Give), pay, count, "till"))
    twice = layer_schema()
    twice.table("held", 0)
    with pytest.raises(LayerError, match=r"^shop: two tables are called held$"):
        layered(schema=twice)
    low = Schema()
    low.table("low", 0)
    low.table("lower", 0)
    low.tables.reverse()
    with pytest.raises(LayerError, match=r"^shop: the table low has the place 0, not 1$"):
        layered(schema=low)


def test_beneath_a_draft_is_what_it_began_with() -> None:
    begun = state()
    draft = Draft(apply(begun, Draft(begun, [Write(HELD, "ann", 7)]).delta()))  # type: ignore[arg-type]  # any table
    draft.put(HELD, "ann", 8)
    assert (draft.get(HELD, "ann"), beneath(draft).get(HELD, "ann"), Draft(begun).get(HELD, "ann")) == (8, 7, 10)
    for number in range(200):
        begun.rows(HELD)[f"name{number}"] = number
    overlaid = apply(begun, Draft(begun, [Write(HELD, "ann", 9)]).delta())  # type: ignore[arg-type]  # any table
    draft = Draft(overlaid)
    draft.put(HELD, "name3", 1)
    assert (beneath(draft).get(HELD, "ann"), beneath(draft).get(HELD, "name3")) == (9, 3)


def test_a_layers_tables_stand_behind_those_of_any_base() -> None:
    tables = layered().schema.tables
    assert [table.index for table in tables] == list(range(FIRST_LAYER_TABLE + 1))
    assert (tables[0], tables[1].name, tables[-1]) == (HELD, "unused_1", SEEN)
