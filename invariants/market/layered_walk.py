"""The walk through the market above any base's walk: calls of the base, with the market's calls between them."""

from collections.abc import Callable
from typing import Any, Final

from invariants.choices import Choices
from invariants.law import Catalogue
from invariants.market.cast import Cast
from invariants.market.chains_walk import chains_action, is_busy, open_channels
from invariants.market.mandates_walk import MANDATED, mandates_action, open_for_mandates
from invariants.market.receipts_walk import open_vaults, receipts_action
from invariants.market.walk import insured_action, market_action, open_for_insurance
from invariants.walker import Walk
from spec.codec import Json
from spec.machine import Draft
from spec.protocol import Protocol

DELAY_POINTS: Final = 20
"""The delay of a commission in the worlds of walks, in points."""

Drawing = Callable[[Choices, Draft], Any]
"""A function that draws the next action of a walk."""


class LayeredWalk:
    """The parts that a walk through the market needs of its base: a cast of accounts, the base's own walk, and further
    calls.

    `prelude` gives the calls after the base's opening. `head` makes the head of a trace from the base's head and the
    delay of commissions in points.

    `redressed` makes a world of the base in which the market's account receives slashed stake. Every second drawn world
    is one. `mandated` makes a world in which a mandate's account has its authority, if this needs a special world.
    """

    def __init__(
        self,
        protocol: Protocol,
        catalogue: Catalogue,
        cast: Cast,
        base: Walk,
        head: Callable[[dict[str, Json], int], dict[str, Json]],
        prelude: Callable[[], list[Any]],
        redressed: Callable[[dict[str, Json]], dict[str, Json]] | None = None,
        mandated: Callable[[dict[str, Json]], dict[str, Json]] | None = None,
    ) -> None:
        self.protocol: Final = protocol
        self.catalogue: Final = catalogue
        self.cast: Final = cast
        self.base: Final = base
        self.head: Final = head
        self.prelude: Final = prelude
        self.redressed: Final = redressed
        self.mandated: Final = mandated


def layered_walk(above: LayeredWalk) -> Walk:
    """The ordinary walk above a base's walk. It has one scenario each for insurance, receipts, mandates and other
    chains.
    """
    cast, world = above.cast, above.base.world

    def insurance(choices: Choices, draft: Draft) -> Any:
        if choices.one_in(24):
            return above.base.next_action(choices, draft)
        return insured_action(cast, choices, draft)

    def receipts(choices: Choices, draft: Draft) -> Any:
        kind = choices.below(16)
        if kind == 0:
            return above.base.next_action(choices, draft)
        if kind == 1:
            return cast.wait(choices.pick((1, 3, 12, 30)))
        if kind == 2:
            return cast.slash(choices, draft, cast.services[0], cast.operators[0], cast.pools[0])
        return receipts_action(cast, choices, draft)

    def mandates(choices: Choices, draft: Draft) -> Any:
        if choices.one_in(16):
            return base_action(above, above.base, cast.pools[0], choices, draft)
        return mandates_action(cast, choices, draft, cast.pools[0])

    def chains(choices: Choices, draft: Draft) -> Any:
        kind = choices.below(16)
        if kind < 4:
            return base_action(above, above.base, cast.mandated, choices, draft)
        if kind < 8:
            return cast.wait(choices.pick((1, 1, 2, 3, 5, 8)))
        if kind == 8 and choices.one_in(3):
            return cast.slash(choices, draft, cast.services[0], choices.pick(cast.operators), cast.pools[0])
        return chains_action(cast, choices, draft)

    mandated = world if above.mandated is None else above.mandated(world)
    scenarios = (
        _walk(above, world, above.base, lambda: [open_for_insurance(cast)], insurance),
        _walk(above, world, above.base, lambda: open_vaults(cast), receipts),
        _walk(above, mandated, above.base, lambda: open_for_mandates(cast), mandates),
        _walk(above, world, above.base, lambda: open_channels(cast), chains),
    )
    ordinary = _ordinary(above, world, above.base)
    return Walk(
        ordinary.protocol,
        ordinary.catalogue,
        ordinary.world,
        ordinary.opening,
        ordinary.next_action,
        scenarios,
        lambda number: _drawn(above, number),
    )


def _drawn(above: LayeredWalk, number: int) -> Walk:
    """The walk in the base's drawn world with this number.

    If the number is odd and the base allows it, the market's account receives slashed stake in this world.
    """
    assert above.base.worlds is not None
    drawn = above.base.worlds(number)
    if above.redressed is None or number & 1 == 0:
        return _ordinary(above, drawn.world, drawn)
    return _ordinary(above, above.redressed(drawn.world), drawn)


def _ordinary(above: LayeredWalk, world: dict[str, Json], base: Walk) -> Walk:
    """The ordinary walk in a world of the base: calls of the base, with the market's calls between them."""
    cast = above.cast

    def next_action(choices: Choices, draft: Draft) -> Any:
        kind = choices.below(25)
        if kind < 2:
            return receipts_action(cast, choices, draft)
        if kind > 22 or (kind > 17 and is_busy(cast, draft)):
            return chains_action(cast, choices, draft)
        if kind < 12:
            return market_action(cast, choices, draft)
        if kind < 14:
            return mandates_action(cast, choices, draft, cast.mandated)
        return base_action(above, base, cast.mandated, choices, draft)

    return _walk(above, world, base, list, next_action)


def base_action(above: LayeredWalk, base: Walk, pool: str, choices: Choices, draft: Draft) -> Any:
    """A call of the base's walk.

    If its sender is a mandate's account, which sends no calls itself, it is replaced by a call about mandates over
    `pool`.
    """
    action = base.next_action(choices, draft)
    if getattr(action, "sender", None) == MANDATED:
        return mandates_action(above.cast, choices, draft, pool)
    return action


def _walk(
    above: LayeredWalk, world: dict[str, Json], base: Walk, more: Callable[[], list[Any]], next_action: Drawing
) -> Walk:
    """A walk in a world of the base. It opens with the base's opening, the prelude and the calls of `more`."""

    def opening() -> list[Any]:
        return [*base.opening(), *above.prelude(), *more()]

    return Walk(above.protocol, above.catalogue, above.head(world, DELAY_POINTS), opening, next_action)
