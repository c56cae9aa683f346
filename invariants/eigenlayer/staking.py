"""EigenLayer's laws of staking: tokens are conserved, and a staker's strategy list matches its deposit shares."""

from typing import Final

from invariants.law import StateLaw, Sum, View
from spec.arithmetic import WAD
from spec.eigenlayer.config import MAX_STAKER_STRATEGY_LIST_LENGTH, MAX_TOTAL_SHARES
from spec.eigenlayer.state import STAKER_SHARES, STAKERS, STRATEGIES, TOKEN_BALANCES, Pair


def _listed_strategies_are_held(view: View, staker: str) -> bool:
    """True if a staker's strategy list has no duplicates, and the staker has deposit shares in each listed strategy.

    Native ETH is never listed.
    """
    listed = view.rows.get(STAKERS, staker).strategy_list
    return len(set(listed)) == len(listed) and all(
        view.rows.get(STAKER_SHARES, (staker, strategy)).deposit_shares > 0 for strategy in listed
    )


def _held_strategies_are_listed(view: View, subject: Pair) -> bool:
    """True if a strategy in which a staker has deposit shares is in its list, and one without shares has a scaling
    factor of WAD.
    """
    row = view.rows.get(STAKER_SHARES, subject)
    if row.deposit_shares == 0:
        return row.deposit_scaling_factor_wad == WAD
    return subject[1] in view.rows.get(STAKERS, subject[0]).strategy_list and row.deposit_shares > 0


def _shares_are_at_most_the_maximum(view: View, strategy: str) -> bool:
    return view.rows.get(STRATEGIES, strategy).total_shares <= MAX_TOTAL_SHARES


def _lists_no_more_than_the_maximum(view: View, staker: str) -> bool:
    return len(view.rows.get(STAKERS, staker).strategy_list) <= MAX_STAKER_STRATEGY_LIST_LENGTH


BALANCES: Final = Sum("balances", TOKEN_BALANCES, lambda _rows, key, _row: key[0], lambda row: row.amount)
"""A sum per token: the balances of all accounts."""


def _tokens_are_conserved(view: View, token: str) -> bool:
    return view.total(BALANCES, token) == view.total_at_start(BALANCES, token)


def _same(key: object) -> object:
    return key


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "CONS-01",
        "Tokens are conserved: deposited = held + withdrawn + burned + redistributed, to the wei.",
        "This project",
        _tokens_are_conserved,
        rows={},
        sums={BALANCES: _same},
    ),
    StateLaw(
        "DEP-03",
        "A strategy never has more than 10^38 - 1 shares, so that their products fit 256 bits.",
        "StrategyBase.MAX_TOTAL_SHARES",
        _shares_are_at_most_the_maximum,
        rows={STRATEGIES: lambda key: key},
    ),
    StateLaw(
        "LIST-01",
        "A staker's list names each strategy once, and the staker holds shares of each listed strategy.",
        "EigenLayer Certora: StrategyManager.spec, strategiesNotInListHaveZeroShares",
        _listed_strategies_are_held,
        rows={STAKERS: lambda key: key, STAKER_SHARES: lambda key: key[0]},
    ),
    StateLaw(
        "LIST-02",
        "Every strategy in which a staker holds shares is listed; without shares the deposit scaling factor is WAD.",
        "EigenLayer Certora: StrategyManager.spec; DelegationManager, reset of the scaling factor",
        _held_strategies_are_listed,
        rows={STAKER_SHARES: lambda key: key},
        also_reads=(STAKERS,),
    ),
    StateLaw(
        "LIST-03",
        "A staker's list has at most 32 strategies, so undelegation never grows too long for a block.",
        "StrategyManager.MAX_STAKER_STRATEGY_LIST_LENGTH",
        _lists_no_more_than_the_maximum,
        rows={STAKERS: lambda key: key},
    ),
]
