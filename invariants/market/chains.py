"""State laws of other chains: stake that a certificate counts can be slashed on the home chain while the certificate is
good.
"""

from typing import Any, Final

from invariants.law import (
    StateLaw,
    Subject,
    Sum,
    View,
)
from spec.machine import Draft, Table
from spec.market.chains_state import (
    CERTIFICATES,
    CHANNEL_USES,
    CHANNELS,
    ENTRIES,
    FORGONE,
    ROUNDED_OF_GROUPS,
    SLASHED_OF_PURSES,
    STAKE_TABLES,
    Certificate,
    Channel,
    ChannelTerms,
    ChannelUse,
    Entry,
    Purse,
    StakeTable,
    TableKey,
)
from spec.market.port import ANY_OPERATOR, Group, Port
from spec.market.recourse import Recourse

THERE: Final = "This project, docs/chains.md"
NOTED: Final[tuple[Table[Any, Any], ...]] = (SLASHED_OF_PURSES, ROUNDED_OF_GROUPS, FORGONE)


def _first(_rows: Draft, key: Any, _row: Any) -> object:
    return key[0]


def _same(key: Any) -> Subject:
    return key


def fits(terms: ChannelTerms, window_points: int) -> bool:
    """True if staleness, message delay and reaction time together fit the slashing window, and tables do become stale.

    `window_points` is the number of points for which stake can still be slashed.
    """
    longest = terms.staleness_points + terms.delay_points + terms.reaction_points
    return terms.staleness_points > 0 and longest <= window_points


def last_point(terms: ChannelTerms, certificate: Certificate) -> int:
    """The last point at which the home chain may answer a certificate: message delay and reaction time after its
    acceptance.
    """
    return certificate.point + terms.delay_points + terms.reaction_points


def channel_of(action: Any) -> Channel:
    """The channel (service, pool, chain) that a call names."""
    return (action.service, action.pool, action.chain)


def table_of(action: Any) -> TableKey:
    """The key (channel, point) of the table of stake that a call names."""
    return (channel_of(action), action.reference_point)


def is_forgone(rows: Draft, table: TableKey, operator: str) -> bool:
    """True if the service has given up the right to slash an operator's stake for the table's point."""
    (service, pool, _), point = table
    keys: tuple[Purse, ...] = ((service, ANY_OPERATOR, pool), (service, operator, pool))
    return any([point < rows.get(FORGONE, key).before_point for key in keys])


def are_ordered(names: tuple[str, ...]) -> bool:
    """True if the names are in strictly ascending order."""
    return all([names[place] < names[place + 1] for place in range(len(names) - 1)])


def signers_of(certificate: Certificate) -> tuple[str, ...]:
    """The signers of a certificate, in ascending order. Proofs know a few of them at most."""
    return certificate.signers


def _terms_are_possible(view: View, channel: Any) -> bool:
    terms = view.rows.get(CHANNELS, channel)
    if not terms.is_open:
        return terms == ChannelTerms() and view.rows.get(CHANNEL_USES, channel) == ChannelUse()
    is_fresh_on_arrival = terms.staleness_points == 0 or terms.delay_points <= terms.staleness_points
    return terms.delay_points > 0 and terms.reaction_points >= 0 and is_fresh_on_arrival


def _entry_is_listed(view: View, key: Any) -> bool:
    entry = view.rows.get(ENTRIES, key)
    return entry == Entry() if not entry.is_listed else entry.weight >= 0


def _is_no_newer(view: View, table: Any) -> bool:
    channel, point = table
    return (
        not view.rows.get(STAKE_TABLES, table).has_arrived or point <= view.rows.get(CHANNEL_USES, channel).newest_point
    )


def _was_fresh(view: View, key: Any) -> bool:
    certificate = view.rows.get(CERTIFICATES, key)
    if not certificate.is_accepted:
        return True
    terms, point = view.rows.get(CHANNELS, key[0]), certificate.reference_point
    has_arrived = view.rows.get(STAKE_TABLES, (key[0], point)).has_arrived
    is_fresh = terms.staleness_points == 0 or certificate.point <= point + terms.staleness_points
    return has_arrived and is_fresh and point + terms.delay_points <= certificate.point


def _counts_its_signers(view: View, key: Any) -> bool:
    certificate = view.rows.get(CERTIFICATES, key)
    if not certificate.is_accepted:
        return True
    table = (key[0], certificate.reference_point)
    entries = [view.rows.get(ENTRIES, (table, signer)) for signer in signers_of(certificate)]
    most = view.rows.get(STAKE_TABLES, table).most
    is_sum = certificate.counted == min(sum([entry.weight for entry in entries]), most)
    return is_sum and all([entry.is_listed for entry in entries]) and len(entries) > 0


class ChainLaws:
    """The state laws of other chains above one base protocol.

    The port is the base's interface to stake, the recourse its interface to slashes for earlier points.
    """

    def __init__(self, port: Port, recourse: Recourse) -> None:
        self._port: Final = port
        self._recourse: Final = recourse
        self._listed: Final = Sum("operators_of_tables", ENTRIES, _first, lambda row: 1 if row.is_listed else 0)
        self._weights: Final = Sum("weights_of_tables", ENTRIES, _first, lambda row: row.weight)
        self._accepted: Final = Sum(
            "certificates_of_channels", CERTIFICATES, _first, lambda row: 1 if row.is_accepted else 0
        )
        self.sums: Final = [self._listed, self._weights, self._accepted]

    def lost(self, rows: Draft, table: TableKey, operators: tuple[str, ...]) -> int:
        """The amount slashed of these operators' stake since the table was sent, plus the most that rounding
        can lose.
        """
        service, pool, _ = table[0]
        purses: dict[Purse, int] = {}
        groups: dict[Group, int] = {}
        for operator in operators:
            entry = rows.get(ENTRIES, (table, operator))
            purses[self._recourse.purse(service, operator, pool)] = entry.slashed_before
            groups[self._port.group(operator, pool)] = entry.roundings_before
        slashed = sum([rows.get(SLASHED_OF_PURSES, purse).amount - before for purse, before in purses.items()])
        return slashed + sum(
            [
                self._recourse.dust(rows.get(ROUNDED_OF_GROUPS, group).roundings - before)
                for group, before in groups.items()
            ]
        )

    def left(self, rows: Draft, table: TableKey, operators: tuple[str, ...]) -> int:
        """The largest amount that the service can now slash of these operators together, for an offence at the table's
        point.
        """
        (service, pool, _), point = table
        amounts = [self._recourse.left(rows, service, operator, pool, point) for operator in operators]
        return self._recourse.together(rows, pool, point, sum(amounts))

    def is_backed(self, rows: Draft, table: TableKey, operators: tuple[str, ...], counted: int) -> bool:
        """True if the counted amount can be slashed from these operators now, or was slashed since the table was sent.

        Also true if the service has given up the right to slash one of them for the table's point.
        """
        if any([is_forgone(rows, table, operator) for operator in operators]):
            return True
        return self.left(rows, table, operators) + self.lost(rows, table, operators) >= counted

    def is_backed_by_any(self, rows: Draft, table: TableKey, operators: tuple[str, ...], counted: int) -> bool:
        """True if `is_backed`, or if a slash for an offence at a later point could take the counted amount instead."""
        if self.is_backed(rows, table, operators, counted):
            return True
        points = range(table[1] + 1, self._recourse.reference(rows) + 1)
        left = max([self.left(rows, (table[0], point), operators) for point in points], default=0)
        return left + self.lost(rows, table, operators) >= counted

    def _window(self, rows: Draft, channel: Channel) -> int:
        return self._recourse.window(rows, channel[1])

    def _certificate_is_backed(self, view: View, key: Any) -> bool:
        channel, rows = key[0], view.rows
        certificate, terms = rows.get(CERTIFICATES, key), rows.get(CHANNELS, channel)
        if not certificate.is_accepted or not fits(terms, self._window(rows, channel)):
            return True
        if self._port.now(rows) > last_point(terms, certificate):
            return True
        table = (channel, certificate.reference_point)
        return self.is_backed(rows, table, signers_of(certificate), certificate.counted)

    def _entry_is_backed(self, view: View, key: Any) -> bool:
        (channel, point), operator = key
        entry = view.rows.get(ENTRIES, key)
        if not entry.is_listed or self._port.now(view.rows) > point + self._window(view.rows, channel):
            return True
        return self.is_backed(view.rows, (channel, point), (operator,), entry.weight)

    def _is_answered_in_time(self, view: View, key: Any) -> bool:
        certificate, terms = view.rows.get(CERTIFICATES, key), view.rows.get(CHANNELS, key[0])
        window = self._window(view.rows, key[0])
        if not certificate.is_accepted or not fits(terms, window):
            return True
        return last_point(terms, certificate) <= certificate.reference_point + window

    def _bounded_is_within(self, view: View, channel: Any) -> bool:
        terms = view.rows.get(CHANNELS, channel)
        return not terms.is_bounded or fits(terms, self._window(view.rows, channel))

    def _adds_up(self, view: View, table: Any) -> bool:
        row = view.rows.get(STAKE_TABLES, table)
        operators, weight = view.total(self._listed, table), view.total(self._weights, table)
        if not row.is_sent:
            return row == StakeTable() and operators == 0 and weight == 0
        is_whole = row.operators == operators and row.total_weight == weight
        return is_whole and 0 <= row.most <= row.total_weight and view.rows.get(CHANNELS, table[0]).is_open

    def _use_is_right(self, view: View, channel: Any) -> bool:
        use = view.rows.get(CHANNEL_USES, channel)
        is_there = use.newest_point == -1 or view.rows.get(STAKE_TABLES, (channel, use.newest_point)).has_arrived
        return is_there and use.certificates == view.total(self._accepted, channel)

    def state_laws(self) -> list[StateLaw]:
        """The state laws of other chains."""
        also = (*self._recourse.tables_of_recourse(), *self._port.tables_of_stake(), *NOTED)
        return [
            StateLaw(
                "CHN-01",
                "What a certificate counts can be slashed at home until it is answered, where staleness, delay and "
                "reaction fit the window; but for what was slashed or given up since.",
                THERE,
                lambda view, subject: self._certificate_is_backed(view, subject),
                rows={CERTIFICATES: _same},
                also_reads=(CHANNELS, ENTRIES, *also),
            ),
            StateLaw(
                "CHN-02",
                "What a table counts of an operator can be slashed until the window after its point is over; but for "
                "what was slashed or given up since.",
                THERE,
                lambda view, subject: self._entry_is_backed(view, subject),
                rows={ENTRIES: _same},
                also_reads=also,
            ),
            StateLaw(
                "CHN-03",
                "Where staleness, delay and reaction fit the window, every certificate is answered within it.",
                THERE,
                lambda view, subject: self._is_answered_in_time(view, subject),
                rows={CERTIFICATES: _same},
                also_reads=(CHANNELS, *also),
            ),
            StateLaw(
                "CHN-04",
                "A certificate was accepted after its table had arrived, and before it was stale.",
                THERE,
                _was_fresh,
                rows={CERTIFICATES: _same},
                also_reads=(CHANNELS, STAKE_TABLES),
            ),
            StateLaw(
                "CHN-05",
                "A certificate counts what its signers weigh in its table, and no more than all could lose together.",
                THERE,
                _counts_its_signers,
                rows={CERTIFICATES: _same},
                also_reads=(STAKE_TABLES, ENTRIES),
            ),
            StateLaw(
                "CHN-06",
                "A bounded channel's staleness, delay and reaction fit the window.",
                THERE,
                lambda view, subject: self._bounded_is_within(view, subject),
                rows={CHANNELS: _same},
                also_reads=also,
            ),
            StateLaw(
                "CHN-07",
                "Messages of an open channel take time, and arrive before they are stale.",
                THERE,
                _terms_are_possible,
                rows={CHANNELS: _same, CHANNEL_USES: _same},
            ),
            StateLaw(
                "CHN-08",
                "A table adds up its operators' weights, and together they lose no more than that.",
                THERE,
                lambda view, subject: self._adds_up(view, subject),
                rows={STAKE_TABLES: _same},
                sums={self._listed: _same, self._weights: _same},
                also_reads=(CHANNELS,),
            ),
            StateLaw("CHN-09", "No operator weighs less than nothing.", THERE, _entry_is_listed, {ENTRIES: _same}),
            StateLaw(
                "CHN-10",
                "A channel counts its certificates, and its newest table has arrived.",
                THERE,
                lambda view, subject: self._use_is_right(view, subject),
                rows={CHANNEL_USES: _same},
                sums={self._accepted: _same},
                also_reads=(STAKE_TABLES,),
            ),
            StateLaw(
                "CHN-11",
                "No table that has arrived is newer than the newest.",
                THERE,
                _is_no_newer,
                rows={STAKE_TABLES: _same},
                also_reads=(CHANNEL_USES,),
            ),
        ]
