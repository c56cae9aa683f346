"""The moves of a rebalancing, as laws and witnesses see them: from the base itself, and from the rows of mandates."""

from typing import Final, Protocol

from invariants.law import AcceptedStep
from spec.arithmetic import WAD, mul_wad_floor
from spec.machine import Draft, Write
from spec.market.actions import Rebalance
from spec.market.authority import Authority
from spec.market.mandates import account_of
from spec.market.mandates_state import MANDATES, PLANS, WEIGHTS, Cap, Target
from spec.market.port import Port
from spec.market.transition import ACCOUNT


class Ground(Protocol):
    """The base as laws of mandates see it, apart from the authority that the rules ask."""

    def whole(self, rows: Draft, account: str, pool: str) -> int:
        """All stake of the account's pool, in the unit in which it is split."""

    def counted_on(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The part of it that a target's service can count on, now or once what it was given has come."""

    def backing(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The part that the service can take, once all has come."""

    def is_its_own(self, account: str, pool: str, write: Write) -> bool:
        """True if a written row of the base is one that the account may decide."""


def is_member(cap: Cap, target: Target) -> bool:
    """True if a cap bounds a target."""
    return target.service in cap.services or target.operator in cap.operators


def names_in(key: object) -> list[object]:
    """All that a key is made of."""
    if not isinstance(key, tuple):
        return [key]
    return [name for part in key for name in names_in(part)]


class Moves:
    """The two sides of a rebalancing: each target before and after it, its goal, and every bound."""

    def __init__(self, port: Port, authority: Authority, ground: Ground, step: AcceptedStep[Rebalance]) -> None:
        before, after, mandate = step.before.rows, step.after.rows, step.action.mandate
        row, self.plan = before.get(MANDATES, mandate), before.get(PLANS, mandate)
        account, targets = account_of(ACCOUNT, mandate), self.plan.targets
        self.now: Final = port.now(before)
        self.whole: Final = ground.whole(after, account, row.pool)
        self.step: Final = mul_wad_floor(self.whole, self.plan.step_wad)
        self.before: Final = [authority.allocated(before, account, row.pool, target) for target in targets]
        self.after: Final = [authority.allocated(after, account, row.pool, target) for target in targets]
        self.had: Final = [ground.counted_on(before, account, row.pool, target) for target in targets]
        self.has: Final = [ground.counted_on(after, account, row.pool, target) for target in targets]
        self.had_backing: Final = [ground.backing(before, account, row.pool, target) for target in targets]
        self.has_backing: Final = [ground.backing(after, account, row.pool, target) for target in targets]
        self.weights: Final = [after.get(WEIGHTS, (mandate, place)).wad for place in range(len(targets))]
        self.goals: Final = [mul_wad_floor(self.whole, weight) for weight in self.weights]
        everywhere = list(range(len(targets)))
        members = [[place for place in everywhere if is_member(cap, targets[place])] for cap in self.plan.caps]
        self.caps: Final = [(everywhere, WAD), *zip(members, [cap.cap_wad for cap in self.plan.caps], strict=True)]
        """The places that each cap bounds, and by which part; the first is of everything."""

    def is_put_right(self) -> bool:
        """True if a service can take more than before."""
        return any([has > had for had, has in zip(self.had_backing, self.has_backing, strict=True)])

    def moved(self) -> tuple[int, int]:
        """All that was taken, and all that was given."""
        gains = [has.amount - had.amount for had, has in zip(self.before, self.after, strict=True)]
        return -sum([min(gain, 0) for gain in gains]), sum([max(gain, 0) for gain in gains])
