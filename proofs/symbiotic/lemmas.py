"""Symbiotic's lemmas: state laws that only the proofs need, and laws about values of the past.

Lifted with the specification, see proofs/theory.py.
"""

from collections.abc import Callable
from typing import Any, Final

from invariants.law import StateLaw, Sum, View
from invariants.symbiotic.histories import HISTORIES
from invariants.symbiotic.lemmas import CLAIMED_SHARES
from invariants.symbiotic.state_queries import is_over, now
from proofs.symbiotic.rewards import (
    REWARDS_LEMMAS,
)
from proofs.theory import PastLaw
from spec.history import Checkpoint, HistoryTable
from spec.machine import Table
from spec.symbiotic.config import (
    DELEGATORS,
    MIN_RESOLVER_SET_EPOCHS_DELAY,
    SLASHERS,
    VETO_SLASHER,
    ZERO_ADDRESS,
    VaultConfig,
)
from spec.symbiotic.state import (
    ADMIN_FEES,
    CACHED_SHARES,
    CLAIMABLE_ADMIN_FEES,
    CLOCK,
    CUMULATIVE_SLASHES,
    DEPOSIT_POLICIES,
    DISTRIBUTION_COUNTS,
    DISTRIBUTIONS,
    LATEST_CAPTURES,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_REWARD_BALANCES,
    OPERATOR_REWARDS_CLAIMED,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    RESOLVERS,
    REWARDS_DONE,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULT_FACTORY,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
)


def _same(key: Any) -> Any:
    return key


def _lemma(
    law_id: str,
    sentence: str,
    source: str,
    holds: Callable[[View, Any], bool],
    table: Any,
    also_reads: tuple[Table[Any, Any] | Sum, ...] = (),
) -> StateLaw:
    """A lemma about each row of one table, with the other tables and sums that it reads. Its id is "LEMMA-" and
    `law_id`.
    """
    return StateLaw(f"LEMMA-{law_id}", sentence, source, holds, rows={table: _same}, also_reads=also_reads)


def _unsigned(table: Table[Any, Any], *fields: str) -> StateLaw:
    """The law that the named fields of a table's rows are never negative."""

    def holds(view: View, key: Any) -> bool:
        row = view.rows.get(table, key)
        return all([getattr(row, field) >= 0 for field in fields])

    return StateLaw(
        f"UINT-{table.name}",
        f"No number of a row of {table.name} is negative.",
        "Solidity's unsigned types",
        holds,
        rows={table: _same},
    )


def _never_negative(history: HistoryTable[Any]) -> PastLaw:
    """The law that no value of a history, past or present, is negative."""
    return PastLaw(
        f"UINT-{history.heads.name}-past",
        f"No value that {history.heads.name} had was negative.",
        "Solidity's unsigned types",
        lambda view, subject: history.value_at(view.rows, subject[0], subject[1]) >= 0,
        (history,),
    )


def _of_the_past(history: HistoryTable[Any]) -> StateLaw:
    """The law that a history's last checkpoint is not later than now and holds the latest value; without one, the
    latest value is the default.
    """

    def holds(view: View, key: Any) -> bool:
        count = view.rows.get(history.heads, key).count
        if count == 0:
            return history.latest(view.rows, key) == history.default
        last = view.rows.get(history.checkpoints, (key, count - 1))
        return last.point <= now(view.rows) and last.value == history.latest(view.rows, key)

    return _lemma(
        history.heads.name,
        f"The last checkpoint of {history.heads.name} holds its latest value, and is not to come.",
        "HIST-01",
        holds,
        history.heads,
        (CLOCK, history.checkpoints),
    )


ALL_HISTORIES: Final[list[HistoryTable[Any]]] = [*HISTORIES, RESOLVER_ORDINALS]

UNSIGNED: Final = [
    _unsigned(CLOCK, "timestamp"),
    _unsigned(TOKEN_BALANCES, "amount"),
    _unsigned(DEPOSIT_POLICIES, "deposit_limit"),
    _unsigned(WITHDRAWAL_BUCKETS, "amount", "shares"),
    _unsigned(WITHDRAWALS, "shares"),
    _unsigned(LATEST_CAPTURES, "timestamp"),
    _unsigned(SLASH_REQUEST_COUNTS, "count"),
    _unsigned(SLASH_REQUESTS, "amount", "capture_timestamp", "veto_deadline_timestamp"),
    _unsigned(ADMIN_FEES, "fee_bips"),
    _unsigned(CLAIMABLE_ADMIN_FEES, "amount"),
    _unsigned(DISTRIBUTION_COUNTS, "count"),
    _unsigned(DISTRIBUTIONS, "amount", "timestamp"),
    _unsigned(REWARDS_DONE, "count", "paid_amount"),
    _unsigned(CACHED_SHARES, "shares"),
    _unsigned(OPERATOR_REWARD_BALANCES, "amount"),
    _unsigned(OPERATOR_REWARDS_CLAIMED, "amount"),
    *[_unsigned(history.heads, "count", "latest") for history in ALL_HISTORIES],
    *[_unsigned(history.checkpoints, "point", "value") for history in ALL_HISTORIES],
]


def well_made(config: VaultConfig) -> list[bool]:
    """The conditions on a vault's configuration, which no call writes; all must be true."""
    return [
        config.epoch_duration_init_timestamp >= 0,
        config.epoch_duration_seconds > 0,
        config.veto_duration_seconds >= 0,
        config.veto_duration_seconds < config.epoch_duration_seconds,
        config.resolver_set_epochs_delay >= MIN_RESOLVER_SET_EPOCHS_DELAY,
        any([config.delegator == delegator for delegator in DELEGATORS]),
        any([config.slasher == slasher for slasher in SLASHERS]),
    ]


def _vault_is_well_made(view: View, vault: str) -> bool:
    return all(well_made(view.rows.get(VAULTS, vault)))


def _vault_was_made_before(view: View, vault: str) -> bool:
    return view.rows.get(VAULTS, vault).epoch_duration_init_timestamp <= now(view.rows)


def _nobody_is_no_entity(view: View, vault: str) -> bool:
    return vault != ZERO_ADDRESS or not view.rows.get(VAULT_FACTORY, vault).is_entity


def _is_in_or_out(history: HistoryTable[Any]) -> StateLaw:
    def holds(view: View, key: Any) -> bool:
        return 0 <= history.latest(view.rows, key) <= 1

    return _lemma(f"{history.heads.name}-switch", "In or out.", "OptInService", holds, history.heads)


def _was_in_or_out(history: HistoryTable[Any]) -> PastLaw:
    return PastLaw(
        f"LEMMA-{history.heads.name}-past",
        "An operator was in or out.",
        "OptInService",
        lambda view, subject: 0 <= history.value_at(view.rows, subject[0], subject[1]) <= 1,
        (history,),
    )


def _checkpoints_are_in_order(view: View, place: Any) -> bool:
    key, position = place
    if position < 1 or position >= view.rows.get(RESOLVER_ORDINALS.heads, key).count:
        return True
    before: Checkpoint = view.rows.get(RESOLVER_ORDINALS.checkpoints, (key, position - 1))
    this: Checkpoint = view.rows.get(RESOLVER_ORDINALS.checkpoints, place)
    return before.point < this.point


def _ordinal_is_its_place(view: View, place: Any) -> bool:
    key, position = place
    if position < 0 or position >= view.rows.get(RESOLVER_ORDINALS.heads, key).count:
        return True
    this: Checkpoint = view.rows.get(RESOLVER_ORDINALS.checkpoints, place)
    return bool(this.value == position + 1)


def _no_resolver_beyond_the_last(view: View, place: Any) -> bool:
    vault, subnetwork, ordinal = place
    if 0 < ordinal <= RESOLVER_ORDINALS.latest(view.rows, (vault, subnetwork)):
        return True
    return view.rows.get(RESOLVERS, place).account == ZERO_ADDRESS


def _ordinal_was_given_before(view: View, subject: Any) -> bool:
    key, point = subject
    ordinal = RESOLVER_ORDINALS.value_at(view.rows, key, point)
    begun = view.rows.get(RESOLVER_ORDINALS.checkpoints, (key, ordinal - 1)).point <= point
    count = view.rows.get(RESOLVER_ORDINALS.heads, key).count
    return all([ordinal >= 0, ordinal <= count, any([ordinal == 0, begun])])


def _booked_was_no_more(view: View, subject: Any) -> bool:
    key, point = subject
    return CUMULATIVE_SLASHES.value_at(view.rows, key, point) <= CUMULATIVE_SLASHES.latest(view.rows, key)


def _operator_had_no_more_than_all(view: View, subject: Any) -> bool:
    key, point = subject
    return OPERATOR_NETWORK_SHARES.value_at(view.rows, key, point) <= TOTAL_OPERATOR_NETWORK_SHARES.value_at(
        view.rows, key[:2], point
    )


def _request_is_numbered(view: View, request: tuple[str, int]) -> bool:
    row = view.rows.get(SLASH_REQUESTS, request)
    return row.amount == 0 or request[1] < view.rows.get(SLASH_REQUEST_COUNTS, request[0]).count


def _request_is_of_the_past(view: View, request: tuple[str, int]) -> bool:
    row = view.rows.get(SLASH_REQUESTS, request)
    return row.amount == 0 or row.capture_timestamp < now(view.rows)


def _requests_are_of_veto_slashers(view: View, vault: str) -> bool:
    has_none = view.rows.get(SLASH_REQUEST_COUNTS, vault).count == 0
    return has_none or view.rows.get(VAULTS, vault).slasher == VETO_SLASHER


UNCLAIMED_SHARES: Final = Sum(
    "unclaimed_shares", WITHDRAWALS, lambda _rows, key, _row: key[:2], lambda row: 0 if row.is_claimed else row.shares
)
"""The sum, by (vault, epoch), of the withdrawal shares that are not claimed yet."""


def _shares_are_claimed_or_not(view: View, bucket: tuple[str, int]) -> bool:
    claimed, unclaimed = view.total(CLAIMED_SHARES, bucket), view.total(UNCLAIMED_SHARES, bucket)
    return view.rows.get(WITHDRAWAL_BUCKETS, bucket).shares == claimed + unclaimed


def _nothing_is_claimed_before_the_end(view: View, bucket: tuple[str, int]) -> bool:
    return view.total(CLAIMED_SHARES, bucket) == 0 or is_over(view.rows, bucket[0], bucket[1])


PAST: Final = [
    *[_never_negative(history) for history in ALL_HISTORIES],
    _was_in_or_out(OPERATOR_VAULT_OPT_INS),
    _was_in_or_out(OPERATOR_NETWORK_OPT_INS),
]

LEMMAS: Final[list[StateLaw | PastLaw]] = [
    *UNSIGNED,
    *PAST,
    *REWARDS_LEMMAS,
    _lemma(
        "vault",
        "A vault's epochs are of some length, its veto is shorter, and its delegator and slasher are of a known type.",
        "Vault.initialize, VetoSlasher.initialize",
        _vault_is_well_made,
        VAULTS,
    ),
    _lemma(
        "vault-made", "A vault's first epoch has begun.", "Vault.initialize", _vault_was_made_before, VAULTS, (CLOCK,)
    ),
    _lemma("entity", "Address zero is no vault.", "VaultFactory", _nobody_is_no_entity, VAULT_FACTORY),
    StateLaw(
        "LEMMA-parts",
        "The shares of a bucket are claimed or not.",
        "SHARE-02",
        _shares_are_claimed_or_not,
        rows={WITHDRAWAL_BUCKETS: _same},
        sums={CLAIMED_SHARES: _same, UNCLAIMED_SHARES: _same},
    ),
    StateLaw(
        "LEMMA-unclaimed",
        "Until its epoch is over, nothing of a bucket is claimed.",
        "EXIT-01",
        _nothing_is_claimed_before_the_end,
        rows={WITHDRAWAL_BUCKETS: _same},
        sums={CLAIMED_SHARES: _same},
        also_reads=(CLOCK, VAULTS),
    ),
    *[_of_the_past(history) for history in HISTORIES],
    _is_in_or_out(OPERATOR_VAULT_OPT_INS),
    _is_in_or_out(OPERATOR_NETWORK_OPT_INS),
    _lemma(
        "order",
        "Each resolver's time begins after that of the one before.",
        "RES-01",
        _checkpoints_are_in_order,
        RESOLVER_ORDINALS.checkpoints,
        (RESOLVER_ORDINALS.heads, RESOLVER_ORDINALS.checkpoints),
    ),
    _lemma(
        "ordinal",
        "Resolvers are counted from 1.",
        "RES-01",
        _ordinal_is_its_place,
        RESOLVER_ORDINALS.checkpoints,
        (RESOLVER_ORDINALS.heads,),
    ),
    _lemma(
        "resolver",
        "Nobody has an ordinal that was not given.",
        "RES-01",
        _no_resolver_beyond_the_last,
        RESOLVERS,
        (RESOLVER_ORDINALS.heads,),
    ),
    _lemma(
        "request",
        "Requests are numbered in order.",
        "VetoSlasher.requestSlash",
        _request_is_numbered,
        SLASH_REQUESTS,
        (SLASH_REQUEST_COUNTS,),
    ),
    _lemma(
        "veto",
        "Slashes are requested of veto slashers alone.",
        "VetoSlasher.requestSlash",
        _requests_are_of_veto_slashers,
        SLASH_REQUEST_COUNTS,
        (VAULTS,),
    ),
    _lemma(
        "request-past",
        "What is asked for is of the past.",
        "VetoSlasher.requestSlash",
        _request_is_of_the_past,
        SLASH_REQUESTS,
        (CLOCK,),
    ),
    PastLaw(
        "LEMMA-ordinal-past",
        "Who is in office at any time is one who was named, from the time on for which it was.",
        "RES-01",
        _ordinal_was_given_before,
        (RESOLVER_ORDINALS,),
    ),
    PastLaw(
        "LEMMA-booked-past",
        "What was booked only grows.",
        "SLASH-03",
        _booked_was_no_more,
        (CUMULATIVE_SLASHES,),
    ),
    PastLaw(
        "LEMMA-shares-past",
        "No operator had more shares than all of its subnetwork.",
        "SHARE-03",
        _operator_had_no_more_than_all,
        (OPERATOR_NETWORK_SHARES,),
        rows={OPERATOR_NETWORK_SHARES.heads: lambda key: (key, 0)},
        also_reads=(TOTAL_OPERATOR_NETWORK_SHARES.heads, TOTAL_OPERATOR_NETWORK_SHARES.checkpoints),
    ),
]
