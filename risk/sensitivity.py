"""Sensitivity of a verdict to the declared terms: the profit and the threshold of each service.

Profits from corruption are known only roughly. So each verdict comes with the profits and thresholds at which it
would change, other things equal.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Final

import attrs

from risk.attack import SECONDS, AttackVerdict, Question, maximum, security
from risk.network import Network, Terms
from risk.program import Claim, Program

ROUNDS: Final = 16
"""The largest number of verdicts that a search for a threshold requests."""


@attrs.frozen
class ProfitLimit:
    """The profit above which an attack on the service pays; `is_exact` is true if that is proved.

    A negative limit means that an attack pays even without any profit from this service.
    """

    limit: Fraction
    is_exact: bool
    verdict: AttackVerdict


@attrs.frozen
class ThresholdLimit:
    """The thresholds of one service between which the verdict changes. None means at no threshold.

    The network is insecure up to the threshold `insecure`, and secure from `secure` on. Both are proved. `is_exact` is
    true if no threshold between the two could give another attack.
    """

    insecure: Fraction | None
    secure: Fraction | None
    is_exact: bool


def profit_limit(network: Network, service: str, seconds: float = SECONDS) -> ProfitLimit | None:
    """The largest profit of a service at which no attack on it pays; None if no attack is found in time.

    An attack that corrupts the service loses stake, and gains the profits of the other services that fall. The limit is
    the least loss minus these profits. `seconds` is the approximate limit of each search and each proof.
    """
    verdict = maximum(Question(network), Claim(forced=(service,)), seconds)
    if verdict.attack is None:
        return None
    return ProfitLimit(network.terms[service].profit - verdict.attack.value, verdict.word == "EXACT", verdict)


def threshold_limit(network: Network, service: str, seconds: float = SECONDS) -> ThresholdLimit | None:
    """The least threshold of a service at which no attack pays, as an interval between two proved verdicts.

    None if the service has no weight, or if a verdict is not certified in time. Found by bisection: a profitable attack
    holds some share of the service, and pays at every threshold up to that share. `seconds` is the approximate limit of
    each verdict.
    """
    terms = network.terms[service]
    behind = network.secured_by[service]
    if behind == 0:
        return None
    grain = Fraction(1, int(behind * Program(network, Claim()).unit))

    def ask(threshold: Fraction) -> tuple[str, Fraction]:
        changed = network.with_terms(**{service: Terms(terms.profit, threshold, terms.slash)})
        verdict = security(changed, seconds=seconds)
        return verdict.word, threshold if verdict.attack is None else max(threshold, _share(changed, verdict, service))

    return _bisect(ask, grain, exactly=not network.is_divisible)


def _share(network: Network, verdict: AttackVerdict, service: str) -> Fraction:
    """The share of the service's weight that the attack of a verdict holds; 1 if the attack does not corrupt this
    service, or pays without its profit.
    """
    assert verdict.attack is not None
    loss_without = verdict.attack.value - network.terms[service].profit
    if service not in verdict.attack.services or loss_without > 0:
        return Fraction(1)
    weight = {
        (row.stake_id, row.operator, row.service): w
        for row, w in zip(network.commitments, network.weights, strict=True)
    }
    used = [use for use in verdict.attack.uses if use.service == service]
    held = sum((weight[(use.stake_id, use.operator, service)] * use.part for use in used), Fraction(0))
    return held / network.secured_by[service]


def _bisect(ask: Callable[[Fraction], tuple[str, Fraction]], grain: Fraction, exactly: bool) -> ThresholdLimit | None:
    insecure: Fraction | None = None
    secure: Fraction | None = None
    for turn in range(ROUNDS):
        if insecure == 1:
            return ThresholdLimit(insecure, None, is_exact=True)
        low = insecure or Fraction(0)
        # Alternate between the next threshold at which the verdict could change, and the middle.
        is_next = turn % 2 == 0 or secure is None
        threshold = min(low + grain, Fraction(1)) if is_next else (low + (secure or Fraction(1))) / 2
        if secure is not None and threshold >= secure:
            return ThresholdLimit(insecure, secure, exactly)
        word, reached = ask(threshold)
        if word == "SECURE":
            secure = threshold
            if is_next:
                return ThresholdLimit(insecure, secure, exactly)
        elif word == "INSECURE":
            insecure = reached
            if secure is None:
                word, reached = ask(Fraction(1))
                if word == "SECURE":
                    secure = Fraction(1)
                elif word == "INSECURE":
                    return ThresholdLimit(reached, None, is_exact=True)
                else:
                    return None
        else:
            return None
    return ThresholdLimit(insecure, secure, is_exact=False)
