"""Laws of the staking pool, a random walk through it, and a bounded model to exhaust.

restake check --protocol pool_laws:WALK
restake explore --protocol pool_laws:BOUNDED_MODEL
"""

from typing import Final

from staking_pool import POOL, PROTOCOL, SERVICE, STAKERS, Action, Deposit, Reason, Slash, Withdraw

from invariants.choices import Choices
from invariants.exploring import BoundedModel
from invariants.law import AnyRejection, AnyStep, Catalogue, RejectionLaw, Scope, StateLaw, StepLaw, Sum, View, Witness
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.codec import Json
from spec.machine import SINGLETON, Draft

HOLDERS: Final = ("staker0", "staker1")
HELD: Final = Sum("held", STAKERS, lambda _rows, _key, _row: SINGLETON, lambda row: row.shares)
"""All stakers' shares, in one group."""


def _shares_are_held(view: View, _subject: object) -> bool:
    return view.rows.get(POOL, SINGLETON).shares == view.total(HELD, SINGLETON)


def _shares_keep_their_worth(step: AnyStep) -> bool:
    before, after = step.before.rows.get(POOL, SINGLETON), step.after.rows.get(POOL, SINGLETON)
    return (before.stake + 1) * (after.shares + 1) <= (after.stake + 1) * (before.shares + 1)


def _is_refused_with_reason(refusal: AnyRejection) -> bool:
    return refusal.reason is not Reason.NOT_ENOUGH_SHARES


def _is_covered(view: View, action: Withdraw) -> bool:
    return action.shares <= view.rows.get(STAKERS, action.sender).shares


CATALOGUE: Final = Catalogue(
    sums=[HELD],
    state_laws=[
        StateLaw(
            "POOL-01",
            "The pool's shares are those of its stakers.",
            "docs/third_protocol",
            _shares_are_held,
            rows={POOL: lambda key: key},
            sums={HELD: lambda group: group},
        ),
    ],
    step_laws=[
        StepLaw(
            "POOL-02",
            "Only a slash lowers what a share is worth.",
            "docs/third_protocol",
            _shares_keep_their_worth,
            scope=Scope((Deposit, Withdraw)),
        ),
    ],
    rejection_laws=[
        RejectionLaw(
            "POOL-03",
            "Whoever holds shares can withdraw them at any time.",
            "docs/third_protocol",
            _is_refused_with_reason,
            Scope((Withdraw,)),
            _is_covered,
        ),
    ],
    witnesses=[
        Witness(
            "POOL-W1",
            "Everything is slashed, and shares are left that are worth nothing.",
            "docs/third_protocol",
            lambda step: step.after.rows.get(POOL, SINGLETON).stake == 0 < step.after.rows.get(POOL, SINGLETON).shares,
            Scope((Slash,)),
        ),
    ],
)


WORLD: Final[dict[str, Json]] = {"protocol": "staking_pool", "name": "walk", "stakers": [*HOLDERS]}
"""The head of a trace file: two stakers, and nothing in the pool."""


def opening() -> list[Action]:
    """The first staker is in."""
    return [Deposit(HOLDERS[0], 10)]


def next_action(choices: Choices, draft: Draft) -> Action:
    """Deposits, withdrawals of what is held or one more, and a slash now and then."""
    staker = choices.pick(HOLDERS)
    kind = choices.below(10)
    if kind < 4:
        return Deposit(staker, choices.pick((1, 2, 7, 10**18, 0)))
    if kind < 8:
        held = draft.get(STAKERS, staker).shares
        return Withdraw(staker, choices.pick((held, held >> 1, 1, held + 1)))
    return Slash(choices.pick((SERVICE, staker)), choices.pick((1, WAD >> 1, WAD, 0)))


CALLS: Final[list[Action]] = [
    Slash(SERVICE, WAD >> 1),
    Slash(SERVICE, WAD),
    *[Deposit(staker, 3) for staker in HOLDERS],
    *[Withdraw(staker, shares) for staker in HOLDERS for shares in (1, 5)],
]
"""Each kind of call, small."""

WALK: Final = Walk(PROTOCOL, CATALOGUE, WORLD, opening, next_action)
BOUNDED_MODEL: Final = BoundedModel(WALK, CALLS)
