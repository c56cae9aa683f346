"""The model laws cover every call; each law is either a model law or a property."""

from typing import Any

import pytest

import invariants.eigenlayer.model.catalogue
import invariants.symbiotic.model.catalogue
from harness.protocols import known_walks
from invariants.eigenlayer.model import guards as eigenlayer_guards
from invariants.eigenlayer.model import write_sets as eigenlayer_write_sets
from invariants.symbiotic.model import guards as symbiotic_guards
from invariants.symbiotic.model import write_sets as symbiotic_write_sets

MODELS: dict[str, Any] = {
    "eigenlayer": (invariants.eigenlayer.model.catalogue, eigenlayer_guards, eigenlayer_write_sets),
    "symbiotic": (invariants.symbiotic.model.catalogue, symbiotic_guards, symbiotic_write_sets),
}


@pytest.mark.parametrize("protocol", MODELS)
def test_guards_and_write_sets_cover_every_call(protocol: str) -> None:
    _, guards, write_sets = MODELS[protocol]
    assert set(guards.REASONS) == set(write_sets.WRITE_SETS) == set(known_walks()[protocol].protocol.actions)


@pytest.mark.parametrize("protocol", MODELS)
def test_every_law_has_a_tier(protocol: str) -> None:
    catalogue = known_walks()[protocol].catalogue
    tiers = {law.law_id: catalogue.tier(law.law_id) for law in catalogue.laws()}
    assert {law_id for law_id, tier in tiers.items() if tier == "model"} == set(MODELS[protocol][0].IDS)
    assert {law_id for law_id, tier in tiers.items() if tier == "property"} == {
        law.law_id for law in catalogue.properties().laws()
    }
