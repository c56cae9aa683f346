"""Ethereum's penalties, queues and periods, in its own integers: Gwei and epochs, with the specification's rounding.

Source: ethereum/consensus-specs; each function names its source there. An epoch is 32 slots of 12 seconds; a day has
225 epochs.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import isqrt
from types import MappingProxyType
from typing import Final

GWEI_PER_ETH: Final = 10**9
INCREMENT_GWEI: Final = 10**9
EPOCHS_PER_DAY: Final = 225
WITHDRAWABILITY_DELAY_EPOCHS: Final = 256
EJECTION_BALANCE_GWEI: Final = 16 * 10**9

SLASHING_PENALTY_QUOTIENT: Final[Mapping[str, int]] = MappingProxyType(
    {"phase0": 128, "altair": 64, "bellatrix": 32, "electra": 4096}
)
"""The divisor of the effective balance in the initial penalty of a slashed validator, by fork."""

CORRELATION_MULTIPLIER: Final[Mapping[str, int]] = MappingProxyType(
    {"phase0": 1, "altair": 2, "bellatrix": 3, "electra": 3}
)
"""The multiplier of the slashed fraction of all stake in the correlation penalty, by fork."""


def initial_penalty_gwei(effective_balance_gwei: int, fork: str) -> int:
    """The initial penalty of a slashed validator with this effective balance, in Gwei, rounded down. `fork` names the
    rules.

    Source: slash_validator.
    """
    return effective_balance_gwei // SLASHING_PENALTY_QUOTIENT[fork]


def correlation_penalty_gwei(
    effective_balance_gwei: int, slashed_gwei: int, total_gwei: int, multiplier: int, by_increment: bool
) -> int:
    """The correlation penalty of one validator, in Gwei, halfway through the withdrawability delay.

    `slashed_gwei` is all stake slashed around that time, of `total_gwei`. `multiplier` is the fork's of
    CORRELATION_MULTIPLIER. Before Electra the whole penalty is rounded down to an increment, so an isolated slashing
    costs nothing. From Electra on (`by_increment`), the penalty per increment is rounded down. Source:
    process_slashings.
    """
    adjusted = min(slashed_gwei * multiplier, total_gwei)
    increments = effective_balance_gwei // INCREMENT_GWEI
    if by_increment:
        return adjusted // (total_gwei // INCREMENT_GWEI) * increments
    return increments * adjusted // total_gwei * INCREMENT_GWEI


def correlation_penalty(effective_balance: Fraction, slashed: Fraction, total: Fraction, power: int = 1) -> Fraction:
    """The unrounded penalty `balance * (3 slashed / total)^power`, at most the balance; power 2 is a proposal.

    Source: Neuder and Monnot, ethresear.ch 16509, for the quadratic form.
    """
    return effective_balance * min(Fraction(1), 3 * slashed / total) ** power


def full_slash_fraction(multiplier: int) -> Fraction:
    """The fraction of all stake that must be slashed together for each validator to lose its whole balance, for a
    multiplier of CORRELATION_MULTIPLIER.
    """
    return Fraction(1, multiplier)


def base_reward_per_increment_gwei(total_gwei: int) -> int:
    """The base reward per increment and epoch, in Gwei, rounded down, for this much active stake. Source: altair,
    get_base_reward_per_increment.
    """
    return INCREMENT_GWEI * 64 // isqrt(total_gwei)


def missed_attestation_gwei(effective_balance_gwei: int, total_gwei: int) -> int:
    """The cost of a missed attestation of one validator in an epoch, in Gwei: source and target votes, weights 14 and
    26 of 64, each rounded down.

    `total_gwei` is all active stake. Source: altair.
    """
    reward = effective_balance_gwei // INCREMENT_GWEI * base_reward_per_increment_gwei(total_gwei)
    return reward * 14 // 64 + reward * 26 // 64


def leak(balance_gwei: int, updating: bool = True) -> Iterator[tuple[int, int]]:
    """The balance and the effective balance, in Gwei, of an offline validator after each epoch of an inactivity leak.

    It pays the inactivity penalty alone: penalties for missed attestations are not counted. `balance_gwei` is also the
    first effective balance, and so a whole number of ETH. Each epoch the validator's inactivity score rises by 4; then
    it pays `effective balance * score / (4 * 2^24)`. Then, if `updating`, the effective balance follows the balance
    with hysteresis. The iterator is infinite. Source: process_inactivity_updates, get_inactivity_penalty_deltas of
    bellatrix, process_effective_balance_updates.
    """
    effective, score = balance_gwei, 0
    while True:
        score += 4
        balance_gwei = max(0, balance_gwei - effective * score // (4 * 2**24))
        if updating and balance_gwei + INCREMENT_GWEI // 4 < effective:
            effective = balance_gwei - balance_gwei % INCREMENT_GWEI
        yield balance_gwei, effective


def leaked_gwei(balance_gwei: int, epochs: int, updating: bool = True) -> int:
    """The loss of an offline validator with this balance, in Gwei, in this number of epochs of an inactivity leak.
    If `updating`, the effective balance follows the balance with hysteresis; otherwise it stays as it is.
    """
    after = leak(balance_gwei, updating)
    left = balance_gwei
    for _ in range(epochs):
        left, _ = next(after)
    return balance_gwei - left


def epochs_to_ejection(balance_gwei: int, ejection_gwei: int = EJECTION_BALANCE_GWEI) -> tuple[int, int]:
    """The epoch of an inactivity leak in which an offline validator is ejected, and its balance then, in Gwei.

    It is ejected when its effective balance reaches `ejection_gwei`. `balance_gwei` is its balance at first; the epoch
    is 0 if that is low enough.
    """
    if balance_gwei <= ejection_gwei:
        return 0, balance_gwei
    for epoch, (balance, effective) in enumerate(leak(balance_gwei), start=1):
        if effective <= ejection_gwei:
            return epoch, balance
    raise AssertionError("a leak has no end")


def epochs_to_finality(offline: Fraction, balance_gwei: int, ejection_gwei: int = EJECTION_BALANCE_GWEI) -> int:
    """The first epoch of an inactivity leak in which the online validators have two thirds again; 0 if they have them
    from the start.

    All validators begin with `balance_gwei`, and the fraction `offline` of them stays offline. Offline validators at
    the ejection balance no longer count: the exit queue is ignored.
    """
    online = (1 - offline) * balance_gwei
    if online * 3 >= 2 * balance_gwei:
        return 0
    for epoch, (_, effective) in enumerate(leak(balance_gwei), start=1):
        counted = offline * effective if effective > ejection_gwei else Fraction(0)
        if online * 3 >= 2 * (online + counted):
            return epoch
    raise AssertionError("a leak has no end")


def churn_limit_eth(total_eth: int) -> int:
    """The ETH that may enter or leave the validator set per epoch, of `total_eth` active, before the cap of
    `exit_churn_limit_eth`.

    Source: electra, get_balance_churn_limit.
    """
    return max(128, total_eth // 65536)


def exit_churn_limit_eth(total_eth: int) -> int:
    """The ETH that activations and exits may move per epoch. Source: electra, get_activation_exit_churn_limit."""
    return min(256, churn_limit_eth(total_eth))


def exit_epochs(total_eth: int, leaving_eth: Fraction) -> int:
    """The epochs that the exit queue takes for `leaving_eth` of `total_eth` active, rounded up.

    The churn limit is taken as constant meanwhile.
    """
    return -((-leaving_eth) // exit_churn_limit_eth(total_eth))


def weak_subjectivity_epochs(total_eth: int, safety_decay_percent: int) -> int:
    """The weak subjectivity period, in epochs, for `total_eth` of active stake and a safety decay of
    `safety_decay_percent`. Source: electra, compute_weak_subjectivity_period.
    """
    churn = churn_limit_eth(total_eth)
    return WITHDRAWABILITY_DELAY_EPOCHS + safety_decay_percent * total_eth // (2 * churn * 100)


def weak_subjectivity_epochs_phase0(average_eth: int, validators: int, safety_decay_percent: int = 10) -> int:
    """The weak subjectivity period before Electra, in epochs, for this many active validators with a mean balance of
    `average_eth`. Source: phase0, compute_weak_subjectivity_period.
    """
    most_eth, deposits = 32, 16 * 32
    churn = max(4, validators // 65536)
    low, high = 200 + 3 * safety_decay_percent, 200 + 12 * safety_decay_percent
    if most_eth * low < average_eth * high:
        by_churn = validators * (average_eth * high - most_eth * low) // (600 * churn * (2 * average_eth + most_eth))
        by_deposits = validators * low // (600 * deposits)
        return WITHDRAWABILITY_DELAY_EPOCHS + max(by_churn, by_deposits)
    top_ups = 3 * validators * safety_decay_percent * average_eth // (200 * deposits * (most_eth - average_eth))
    return WITHDRAWABILITY_DELAY_EPOCHS + top_ups


def correlated_miss_trace(
    missing: Sequence[int], total: int, net_excess: int, adjustment: int = 4096, most: int = 4
) -> list[tuple[int, int]]:
    """The penalty factor of each slot, and the net excess after it. A missed attestation costs more if more validators
    miss it.

    `missing` is the amount that misses in each slot, in the unit of `total`, the whole amount. The net excess is the
    sum of earlier factors, less one for each slot, at least 0. `net_excess` is its value before the first slot. Factors
    are rounded down, and at most `most`. `adjustment` scales the factors.
    Source: EIP-7716 as posted at ethresear.ch 19341.
    """
    trace: list[tuple[int, int]] = []
    for amount in missing:
        factor = min(amount * adjustment // (net_excess * total + 1), most)
        net_excess = max(1, net_excess + factor) - 1
        trace.append((factor, net_excess))
    return trace
