"""Other chains: tables of stake that are sent there, and certificates that are checked against them.

A table lists the stake of each operator that its service could slash at a *reference point*. The other chain trusts a
table until it is stale. A certificate there counts stake, which must stay slashable at home for long enough. The news
of the certificate has to return, and home has to react. `is_within` says for which terms that is so, and laws state
what follows.

The checks of a certificate are in the order of EigenLayer's ECDSACertificateVerifier, with mostly its names. Both
chains count time in the base's points.
"""

from spec.machine import Delta, Draft, Write
from spec.market.chains_actions import CheckCertificate, DeliverTable, DisableTable, OpenChannel, SendTable
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
    ForgoneSoFar,
    RoundedSoFar,
    SlashedSoFar,
    StakeTable,
    TableKey,
)
from spec.market.port import Group, Port, Slashed
from spec.market.reasons import Reason
from spec.market.recourse import Recourse


def answered_by(terms: ChannelTerms, point: int) -> int:
    """The last point at which home reacts to a certificate accepted at `point`: after the message home and the time to
    react.
    """
    return point + terms.delay_points + terms.reaction_points


def is_within(terms: ChannelTerms, window_points: int) -> bool:
    """True if home reacts to every certificate at most `window_points` after the reference point of its table.

    The last certificate is accepted `staleness_points` after that reference point. For a table that is never stale the
    answer is False.
    """
    staleness_points = terms.staleness_points
    return staleness_points > 0 and answered_by(terms, staleness_points) <= window_points


def open_channel(recourse: Recourse, draft: Draft, action: OpenChannel) -> Delta | Reason:
    """Open a channel from a service to another chain. A bounded channel is accepted only if its stake stays slashable
    for as long as it counts.

    Rejects, in order: NOT_THE_SERVICE, CHANNEL_IS_OPEN, INVALID_STALENESS_PERIOD unless messages take time, no number
    is negative, and a table is still valid at its earliest arrival; BEYOND_WINDOW for a bounded channel whose stake
    does not stay slashable.
    """
    channel: Channel = (action.service, action.pool, action.chain)
    offered = action.offered_terms
    if action.sender != action.service[0]:
        return Reason.NOT_THE_SERVICE
    if draft.get(CHANNELS, channel).is_open:
        return Reason.CHANNEL_IS_OPEN
    if offered.delay_points <= 0 or offered.reaction_points < 0:
        return Reason.INVALID_STALENESS_PERIOD
    if offered.staleness_points != 0 and offered.staleness_points < offered.delay_points:
        return Reason.INVALID_STALENESS_PERIOD
    if offered.is_bounded and not is_within(offered, recourse.window(draft, action.pool)):
        return Reason.BEYOND_WINDOW
    draft.put(
        CHANNELS,
        channel,
        ChannelTerms(
            is_open=True,
            delay_points=offered.delay_points,
            staleness_points=offered.staleness_points,
            reaction_points=offered.reaction_points,
            is_bounded=offered.is_bounded,
        ),
    )
    return draft.delta()


def _are_ordered(names: tuple[str, ...]) -> bool:
    """True if the names are strictly ascending, so that none occurs twice."""
    return all([names[position] < names[position + 1] for position in range(len(names) - 1)])


def send_table(port: Port, recourse: Recourse, draft: Draft, action: SendTable) -> Delta | Reason:
    """Send a table of the stake of each named operator that the service can slash, as of a reference point. Returns
    that point.

    The reference point is the last point whose slashable stake no further call can change. An operator's weight is its
    lasting stake that is still slashable for that point. `most` bounds the sum of the weights by the most that slashes
    of all operators could take together.
    Rejects, in order: NO_SUCH_CHANNEL, NOT_THE_SERVICE, TABLE_IS_SENT at this point, OPERATOR_IS_LISTED if one is named
    twice.
    """
    channel: Channel = (action.service, action.pool, action.chain)
    if not draft.get(CHANNELS, channel).is_open:
        return Reason.NO_SUCH_CHANNEL
    if action.sender != action.service[0]:
        return Reason.NOT_THE_SERVICE
    point = recourse.reference(draft)
    table: TableKey = (channel, point)
    if draft.get(STAKE_TABLES, table).is_sent:
        return Reason.TABLE_IS_SENT
    draft.put(STAKE_TABLES, table, StakeTable(is_sent=True))
    for operator in action.operators:
        if draft.get(ENTRIES, (table, operator)).is_listed:
            return Reason.OPERATOR_IS_LISTED
        _list_operator(port, recourse, draft, table, operator)
    sent = draft.get(STAKE_TABLES, table)
    most = recourse.together(draft, action.pool, point, sent.total_weight)
    draft.put(STAKE_TABLES, table, StakeTable(True, sent.operators, sent.total_weight, most))
    return draft.delta(point)


def _list_operator(port: Port, recourse: Recourse, draft: Draft, table: TableKey, operator: str) -> None:
    """Write an operator's entry of a table, and add its weight to the total. Slashes of its stake are tracked from now
    on.
    """
    channel, point = table
    service, pool = channel[0], channel[1]
    weight = min(
        port.slashable(draft, service, operator, pool).lasting, recourse.left(draft, service, operator, pool, point)
    )
    purse, group = recourse.purse(service, operator, pool), port.group(operator, pool)
    slashed, rounded = draft.get(SLASHED_OF_PURSES, purse), draft.get(ROUNDED_OF_GROUPS, group)
    draft.put(ENTRIES, (table, operator), Entry(True, weight, slashed.amount, rounded.roundings))
    draft.put(SLASHED_OF_PURSES, purse, SlashedSoFar(True, slashed.amount))
    draft.put(ROUNDED_OF_GROUPS, group, RoundedSoFar(True, rounded.roundings))
    sent = draft.get(STAKE_TABLES, table)
    draft.put(STAKE_TABLES, table, StakeTable(True, sent.operators + 1, sent.total_weight + weight))


def deliver_table(port: Port, draft: Draft, action: DeliverTable) -> Delta | Reason:
    """Deliver a sent table to the other chain. A table that has arrived already changes nothing.

    Rejects, in order: NO_SUCH_TABLE if none was sent, or it is disabled; TOO_EARLY before the table's reference
    point plus the channel's delay; TABLE_UPDATE_FOR_PAST_TIMESTAMP if a newer one has arrived.
    Source: OperatorTableUpdater.updateOperatorTable.
    """
    channel: Channel = (action.service, action.pool, action.chain)
    table: TableKey = (channel, action.reference_point)
    sent = draft.get(STAKE_TABLES, table)
    if not sent.is_sent or sent.is_disabled:
        return Reason.NO_SUCH_TABLE
    if sent.has_arrived:
        return draft.delta()
    if port.now(draft) < action.reference_point + draft.get(CHANNELS, channel).delay_points:
        return Reason.TOO_EARLY
    use = draft.get(CHANNEL_USES, channel)
    if action.reference_point < use.newest_point:
        return Reason.TABLE_UPDATE_FOR_PAST_TIMESTAMP
    draft.put(CHANNEL_USES, channel, ChannelUse(action.reference_point, use.certificates))
    draft.put(STAKE_TABLES, table, _table(sent, has_arrived=True, is_disabled=False))
    return draft.delta()


def _table(sent: StakeTable, has_arrived: bool, is_disabled: bool) -> StakeTable:
    return StakeTable(
        is_sent=True,
        operators=sent.operators,
        total_weight=sent.total_weight,
        most=sent.most,
        has_arrived=has_arrived,
        is_disabled=is_disabled,
    )


def disable_table(draft: Draft, action: DisableTable) -> Delta | Reason:
    """Disable a sent table, whether it has arrived or not. Certificates that were accepted before stay accepted.

    Rejects, in order: NOT_THE_SERVICE, NO_SUCH_TABLE if none was sent, or it is disabled.
    Source: OperatorTableUpdater.disableRoot.
    """
    table: TableKey = ((action.service, action.pool, action.chain), action.reference_point)
    sent = draft.get(STAKE_TABLES, table)
    if action.sender != action.service[0]:
        return Reason.NOT_THE_SERVICE
    if not sent.is_sent or sent.is_disabled:
        return Reason.NO_SUCH_TABLE
    draft.put(STAKE_TABLES, table, _table(sent, has_arrived=sent.has_arrived, is_disabled=True))
    return draft.delta()


def check_certificate(port: Port, draft: Draft, action: CheckCertificate) -> Delta | Reason:
    """Accept a certificate if the stake that its table counts of its signers reaches the threshold. Returns that stake.

    Rejects, in order: CERTIFICATE_STALE, REFERENCE_TIMESTAMP_DOES_NOT_EXIST if the table has not arrived,
    TABLE_IS_DISABLED, INVALID_SIGNATURE_LENGTH without signers, SIGNERS_NOT_ORDERED, OPERATOR_COUNT_ZERO,
    VERIFICATION_FAILED if a signer is not in the table, THRESHOLD_NOT_MET where the contract returns false.
    Source: ECDSACertificateVerifier.verifyCertificateNominal.
    """
    channel: Channel = (action.service, action.pool, action.chain)
    table: TableKey = (channel, action.reference_point)
    terms, there = draft.get(CHANNELS, channel), draft.get(STAKE_TABLES, table)
    now = port.now(draft)
    if terms.staleness_points != 0 and now > action.reference_point + terms.staleness_points:
        return Reason.CERTIFICATE_STALE
    if not there.has_arrived:
        return Reason.REFERENCE_TIMESTAMP_DOES_NOT_EXIST
    if there.is_disabled:
        return Reason.TABLE_IS_DISABLED
    if len(action.signers) == 0:
        return Reason.INVALID_SIGNATURE_LENGTH
    if not _are_ordered(action.signers):
        return Reason.SIGNERS_NOT_ORDERED
    if there.operators == 0:
        return Reason.OPERATOR_COUNT_ZERO
    weight = 0
    for signer in action.signers:
        entry = draft.get(ENTRIES, (table, signer))
        if not entry.is_listed:
            return Reason.VERIFICATION_FAILED
        weight += entry.weight
    counted = min(weight, there.most)
    if counted < action.threshold:
        return Reason.THRESHOLD_NOT_MET
    use = draft.get(CHANNEL_USES, channel)
    draft.put(
        CERTIFICATES,
        (channel, use.certificates),
        Certificate(
            is_accepted=True,
            reference_point=action.reference_point,
            point=now,
            counted=counted,
            signers=action.signers,
        ),
    )
    draft.put(CHANNEL_USES, channel, ChannelUse(use.newest_point, use.certificates + 1))
    return draft.delta(counted)


def observe_stake(port: Port, recourse: Recourse, before: Draft, draft: Draft, writes: list[Write]) -> None:
    """Record a base call's effects on stake that tables count: slashes, rounded changes, and recourse that services
    gave up.

    `before` is the state before the call, and `writes` are the rows that the base wrote.
    """
    groups = [*recourse.rounded(writes)]
    for slashed in port.slashes(before, draft, writes):
        note_slash(recourse, draft, slashed)
        groups.append(port.group(slashed.operator, slashed.pool))
    for group in groups:
        _note_rounding(draft, group)
    for service, operator, pool, before_point in recourse.forgone(draft, writes):
        forgone = draft.get(FORGONE, (service, operator, pool))
        if before_point > forgone.before_point:
            draft.put(FORGONE, (service, operator, pool), ForgoneSoFar(before_point))


def note_slash(recourse: Recourse, draft: Draft, slashed: Slashed) -> None:
    """Record the amount of a slash, if a table counts the stake from which the slash took. Otherwise nothing is
    recorded.
    """
    purse = recourse.purse(slashed.service, slashed.operator, slashed.pool)
    so_far = draft.get(SLASHED_OF_PURSES, purse)
    if so_far.is_watched:
        draft.put(SLASHED_OF_PURSES, purse, SlashedSoFar(True, so_far.amount + slashed.amount))


def _note_rounding(draft: Draft, group: Group) -> None:
    """Count one rounded change of a group's stake, if a table counts that stake. Otherwise nothing is recorded."""
    so_far = draft.get(ROUNDED_OF_GROUPS, group)
    if so_far.is_watched:
        draft.put(ROUNDED_OF_GROUPS, group, RoundedSoFar(True, so_far.roundings + 1))
