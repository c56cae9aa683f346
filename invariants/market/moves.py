"""The moves of a rebalancing, as laws and witnesses compute them from rows of the base and of the mandate."""

from typing import Final, Protocol

from invariants.law import AcceptedStep
from spec.arithmetic import WAD, mul_wad_floor
from spec.machine import Draft, Write
from spec.market.actions import Rebalance
from spec.market.authority import Authority
from spec.market.mandates import account_of
from spec.market.mandates_state import MANDATES, WEIGHTS, Cap, Target
from spec.market.plans import in_force, plan_at
from spec.market.port import Port
from spec.market.transition import ACCOUNT


class Ground(Protocol):
    """The base's stake as laws of mandates see it, computed independently of the Authority that the rules use.

    In all methods `account` is the mandate's account, and `pool` holds the stake that it splits.
    """

    def whole(self, rows: Draft, account: str, pool: str) -> int:
        """The whole stake of the account in the pool, in the unit in which mandates split it."""

    def counted_on(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The amount of the account's stake that the target's service can count on, now or after a pending increase."""

    def backing(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The amount of the account's stake that the target's service can slash once all pending changes are
        in effect.
        """

    def is_its_own(self, account: str, pool: str, write: Write) -> bool:
        """True if the account may decide about the row of the base that was written."""


def is_member(cap: Cap, target: Target) -> bool:
    """True if the cap names the target's service or its operator."""
    return target.service in cap.services or target.operator in cap.operators


def names_in(key: object) -> list[object]:
    """All components of a key, nested tuples flattened."""
    if not isinstance(key, tuple):
        return [key]
    return [name for part in key for name in names_in(part)]


class Moves:
    """The moves of one rebalancing of a mandate, as lists with one entry for each target of its plan.

    `before` and `after` are the base's allocations, `had` and `has` the amounts on which the target's service can
    count. `had_backing` and `has_backing` are the amounts that it can slash. A goal is the part of the whole stake that
    a target's weight gives it.

    `step` is the largest amount that the rebalancing may take from targets, and the largest that it may give.
    """

    def __init__(self, port: Port, authority: Authority, ground: Ground, step: AcceptedStep[Rebalance]) -> None:
        before, after, mandate = step.before.rows, step.after.rows, step.action.mandate
        row, self.plan = before.get(MANDATES, mandate), plan_at(before, in_force(before, mandate))
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
        """For each cap, the indices of its targets, and its fraction in WAD. The first is on all targets: the whole."""

    def is_put_right(self) -> bool:
        """True if some target's service can slash more than before the rebalancing."""
        return any([has > had for had, has in zip(self.had_backing, self.has_backing, strict=True)])

    def moved(self) -> tuple[int, int]:
        """The total amount taken from targets, and the total amount given to targets."""
        gains = [has.amount - had.amount for had, has in zip(self.before, self.after, strict=True)]
        return -sum([min(gain, 0) for gain in gains]), sum([max(gain, 0) for gain in gains])
