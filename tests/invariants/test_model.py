"""The model covers every call, and a law is of the model or a property."""

from harness.protocols import known_walks
from invariants.eigenlayer.laws import CATALOGUE
from invariants.eigenlayer.model import catalogue, guards, write_sets
from spec.eigenlayer import PROTOCOL


def test_guards_and_write_sets_cover_every_call() -> None:
    assert set(guards.REASONS) == set(write_sets.FRAMES) == set(PROTOCOL.actions)


def test_every_law_has_a_tier() -> None:
    assert {law.law_id for law in CATALOGUE.laws() if CATALOGUE.tier(law.law_id) == "model"} == set(catalogue.IDS)
    for way in known_walks().values():
        tiers = [way.catalogue.tier(law.law_id) for law in way.catalogue.laws()]
        assert set(tiers) == {"model", "property"}
        assert tiers.count("property") == len(way.catalogue.properties().laws())
