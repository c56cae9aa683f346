"""Lemmas for the proofs of other laws, declared as laws so that walks check them too."""

from typing import Final

from invariants.law import NestedSum, StateLaw, Sum, View
from invariants.symbiotic.state_queries import balance, is_over
from spec.arithmetic import mul_div_floor
from spec.symbiotic.state import (
    ACTIVE_STAKE,
    CLOCK,
    TOKEN_BALANCES,
    VAULT_FACTORY,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    WithdrawalBucket,
)

CLAIMED_SHARES: Final = Sum(
    "claimed_shares", WITHDRAWALS, lambda _rows, key, _row: key[:2], lambda row: row.shares if row.is_claimed else 0
)
"""A sum per (vault, epoch): the withdrawal shares of the epoch's bucket that have been claimed."""


def still_owed(bucket: WithdrawalBucket, claimed_shares: int) -> int:
    """The amount that a withdrawal bucket still owes: its amount less the worth of all claimed shares together, rounded
    down.
    """
    return bucket.amount - mul_div_floor(claimed_shares, bucket.amount + 1, bucket.shares + 1)


STILL_OWED: Final = NestedSum(
    "still_owed", WITHDRAWAL_BUCKETS, lambda _rows, key, _row: key[0], CLAIMED_SHARES, still_owed
)
"""A sum per vault: the amounts that its withdrawal buckets still owe."""


def _only_what_is_over_is_claimed(view: View, part: tuple[str, int, str]) -> bool:
    return not view.rows.get(WITHDRAWALS, part).is_claimed or is_over(view.rows, part[0], part[1])


def _part_is_still_owed(view: View, part: tuple[str, int, str]) -> bool:
    row, bucket = view.rows.get(WITHDRAWALS, part), view.rows.get(WITHDRAWAL_BUCKETS, part[:2])
    worth = mul_div_floor(row.shares, bucket.amount + 1, bucket.shares + 1)
    return row.is_claimed or worth <= still_owed(bucket, view.total(CLAIMED_SHARES, part[:2]))


def _vault_holds_all_that_it_owes(view: View, vault: str) -> bool:
    if not view.rows.get(VAULT_FACTORY, vault).is_entity:
        return True
    return ACTIVE_STAKE.latest(view.rows, vault) + view.total(STILL_OWED, vault) <= balance(view.rows, vault, vault)


SUMS: Final[list[Sum]] = [CLAIMED_SHARES, STILL_OWED]
STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "LEMMA-claimed",
        "What is claimed is of an epoch that is over.",
        "EXIT-01",
        _only_what_is_over_is_claimed,
        rows={WITHDRAWALS: lambda part: part},
        also_reads=(CLOCK, VAULTS),
        harmless={CLOCK: lambda before, after: after.timestamp >= before.timestamp},
    ),
    StateLaw(
        "LEMMA-owed",
        "What a part of a bucket is worth that is not claimed is still owed.",
        "SOLV-03, of one part beside all that are claimed",
        _part_is_still_owed,
        rows={WITHDRAWALS: lambda part: part},
        also_reads=(WITHDRAWAL_BUCKETS, CLAIMED_SHARES),
    ),
    StateLaw(
        "LEMMA-held",
        "A vault holds its active stake, and of every bucket at least what is not claimed.",
        "SOLV-01, of all buckets; SOLV-04, added up",
        _vault_holds_all_that_it_owes,
        rows={ACTIVE_STAKE.heads: lambda vault: vault, WITHDRAWAL_BUCKETS: lambda bucket: bucket[0]},
        sums={STILL_OWED: lambda vault: vault},
        also_reads=(TOKEN_BALANCES, VAULT_FACTORY, VAULTS),
    ),
]
