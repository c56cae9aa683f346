"""The bounded model of other chains on Symbiotic: stake leaves the vault, or its operator opts out."""

from typing import Any

from invariants.exploring import BoundedModel
from invariants.market.chains_models import model_on
from invariants.market.symbiotic import head
from invariants.symbiotic.bounded_model import SHARED, START, WORLD, opening
from spec.market.chains_actions import CheckCertificate, DeliverTable, OpenChannel, SendTable
from spec.market.chains_state import ChannelTerms
from spec.market.recourses.symbiotic import RECOURSE
from spec.market.symbiotic import PORT, PROTOCOL
from spec.symbiotic.actions import AdvanceTime, OptOutVault, Redeem, Slash


def calls_of(reaction: int) -> tuple[list[Any], list[Any]]:
    """The model's opening calls, and the calls among which it chooses. `reaction` is the home chain's reaction time, in
    seconds.

    The opening sends a table of the vault's whole stake as of one second before.
    """
    service, pool, chain, start = ("network0", 0), SHARED, "rollup", START
    terms = ChannelTerms(delay_points=1, staleness_points=2, reaction_points=reaction, is_bounded=False)
    beginning = [
        *opening(),
        OpenChannel("network0", service, pool, chain, terms),
        SendTable("network0", service, pool, chain, ("operator0",)),
    ]
    calls = [
        AdvanceTime(1),
        AdvanceTime(1 + reaction),
        Redeem("staker0", pool, "staker0", 3),
        OptOutVault("operator0", pool),
        Slash("middleware0", pool, service, "operator0", 2, start),
        DeliverTable("anybody", service, pool, chain, start),
        CheckCertificate("anybody", service, pool, chain, start, ("operator0",), 1),
    ]
    return beginning, calls


def on_symbiotic(reaction: int) -> BoundedModel:
    """The bounded model on Symbiotic, with a window of one epoch of four seconds.

    `reaction` is the reaction time of the home chain, in seconds.
    """
    world = head(WORLD, 2)
    beginning, calls = calls_of(reaction)
    return model_on(PROTOCOL, PORT, RECOURSE, world, beginning, calls)
