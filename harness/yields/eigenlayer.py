"""The yields of EigenLayer: for each token, the payments into the RewardsCoordinator and the claims from it.

A root says what an earner may claim in total, not from which service. Payments of several accounts in one token are
therefore combined.
"""

from collections import Counter
from typing import Any, Final

from harness.yields import Earning, Payment, Yields
from spec.eigenlayer import PROTOCOL
from spec.eigenlayer.rewards_config import REWARDS_COORDINATOR
from spec.eigenlayer.state import CLAIMED, SUBMISSIONS
from spec.machine import Delta, State
from spec.protocol import Trace, execute

SEVERAL: Final = "several"
"""The service of a token that more than one account paid in."""


def yields_of(trace: Trace) -> Yields:
    """The claims of all earners over a trace, as earnings that are all claimed, and all payments by token.

    `unassigned` is the part of payments that is left for later claims. It is negative if roots let earners claim more
    than was paid in. The excess came out of tokens that the pool was given otherwise.
    """
    state, paid_in = _followed(trace)
    booked: Counter[str] = Counter()
    payers: dict[str, set[str]] = {}
    for (account, _), row in state.rows(SUBMISSIONS).items():
        booked[row.token] += row.amount
        payers.setdefault(row.token, set()).add(account)
    services = {token: next(iter(names)) if len(names) == 1 else SEVERAL for token, names in payers.items()}
    claimed: Counter[str] = Counter()
    earnings: list[Earning] = []
    for key, claim in state.rows(CLAIMED).items():
        amount = claim.cumulative_amount
        claimed[key[1]] += amount
        earnings.append(Earning(key[0], services.get(key[1], SEVERAL), key[1], amount, amount))
    payments = [
        Payment(
            services[token],
            REWARDS_COORDINATOR,
            token,
            paid_in[token],
            paid_in[token] - booked[token],
            claimed[token],
            booked[token] - claimed[token],
            0,
        )
        for token in booked
    ]
    return Yields(tuple(earnings), tuple(payments))


def _followed(trace: Trace) -> tuple[State, Counter[str]]:
    """The state after the trace, and the amounts that submissions paid in by token, before fees."""
    state = trace.genesis.copy()
    paid_in: Counter[str] = Counter()
    for step in trace.steps:
        call: Any = step.actions[-1]
        if isinstance(execute(PROTOCOL.transition, state, step.actions), Delta):
            for submission in getattr(call, "submissions", ()):
                named = getattr(submission, "operator_rewards", None)
                amount = submission.amount if named is None else sum(reward.amount for reward in named)
                paid_in[submission.token] += amount
    return state, paid_in
