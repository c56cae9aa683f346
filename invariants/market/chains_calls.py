"""Laws of the calls about other chains: the rows that each may write, and the calls that must not be rejected."""

from typing import Any, Final

from invariants.law import AcceptedStep, AnyRejection, AnyStep, RejectionLaw, Scope, StepLaw, View, written
from invariants.market.chains import NOTED, THERE, are_ordered, channel_of, fits, table_of
from spec.machine import Table
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
    Entry,
    Purse,
)
from spec.market.port import ANY_OPERATOR, Port
from spec.market.recourse import Recourse

CALLS: Final = (OpenChannel, SendTable, DeliverTable, DisableTable, CheckCertificate)
SENT: Final[tuple[Table[Any, Any], ...]] = (CHANNELS, CHANNEL_USES, STAKE_TABLES, ENTRIES, CERTIFICATES)


def _is_opened_by_its_service(step: AnyStep) -> bool:
    keys = written(step.delta, CHANNELS)
    is_its_service = isinstance(step.action, OpenChannel) and step.action.sender == step.action.service[0]
    return is_its_service and keys == [channel_of(step.action)] and not step.before.rows.get(CHANNELS, keys[0]).is_open


def _says_what_was_offered(step: AcceptedStep[OpenChannel]) -> bool:
    terms, offered = step.after.rows.get(CHANNELS, channel_of(step.action)), step.action.offered_terms
    found = (terms.delay_points, terms.staleness_points, terms.reaction_points, terms.is_bounded)
    return found == (
        offered.delay_points,
        offered.staleness_points,
        offered.reaction_points,
        offered.is_bounded,
    )


def _is_of_its_service(step: AcceptedStep[SendTable]) -> bool:
    """True if SendTable writes one new table of this channel, with each named operator once, sent by the service."""
    channel = channel_of(step.action)
    tables, entries = written(step.delta, STAKE_TABLES), written(step.delta, ENTRIES)
    named = [(tables[0], operator) for operator in step.action.operators]
    is_new = len(tables) == 1 and tables[0][0] == channel and not step.before.rows.get(STAKE_TABLES, tables[0]).is_sent
    is_fresh = not step.after.rows.get(STAKE_TABLES, tables[0]).has_arrived
    is_whole = len(entries) == len(named) and all([entry in named for entry in entries])
    return is_new and is_fresh and step.action.sender == channel[0][0] and is_whole


def _says_the_same(step: AnyStep) -> bool:
    """True if a table that was sent changes only by arriving or by being disabled, each once. Any other is sent now."""
    for table in written(step.delta, STAKE_TABLES):
        before, after = step.before.rows.get(STAKE_TABLES, table), step.after.rows.get(STAKE_TABLES, table)
        if not before.is_sent:
            if not isinstance(step.action, SendTable):
                return False
            continue
        if (before.operators, before.total_weight, before.most) != (after.operators, after.total_weight, after.most):
            return False
        if before.has_arrived != after.has_arrived and not isinstance(step.action, DeliverTable):
            return False
        is_its_service = isinstance(step.action, DisableTable) and step.action.sender == table[0][0][0]
        if before.is_disabled != after.is_disabled and (before.is_disabled or not is_its_service):
            return False
        if before.has_arrived and not after.has_arrived:
            return False
    entries = written(step.delta, ENTRIES)
    is_sent = isinstance(step.action, SendTable)
    return all([is_sent and not step.before.rows.get(STAKE_TABLES, entry[0]).is_sent for entry in entries])


def _is_call_of_chains(step: AnyStep) -> bool:
    return isinstance(step.action, CALLS)


def _is_of_an_enabled_table(step: AcceptedStep[CheckCertificate]) -> bool:
    """True if the certificate is stored under the channel's next number, and its table is not disabled.

    The stake that it counts must reach the requested threshold.
    """
    channel, rows = channel_of(step.action), step.before.rows
    number = rows.get(CHANNEL_USES, channel).certificates
    kept = step.after.rows.get(CERTIFICATES, (channel, number))
    is_kept = kept.is_accepted and kept.reference_point == step.action.reference_point
    is_as_signed = kept.signers == step.action.signers and are_ordered(kept.signers)
    is_enough = step.delta.returns == kept.counted >= step.action.threshold
    is_enabled = not rows.get(STAKE_TABLES, table_of(step.action)).is_disabled
    return (
        is_kept
        and is_as_signed
        and is_enough
        and is_enabled
        and written(step.delta, CERTIFICATES) == [(channel, number)]
    )


def _never_falls(step: AnyStep) -> bool:
    before, after = step.before.rows, step.after.rows
    for purse in written(step.delta, SLASHED_OF_PURSES):
        had, has = before.get(SLASHED_OF_PURSES, purse), after.get(SLASHED_OF_PURSES, purse)
        if has.amount < had.amount or not has.is_watched:
            return False
    for group in written(step.delta, ROUNDED_OF_GROUPS):
        had_moved, has_moved = before.get(ROUNDED_OF_GROUPS, group), after.get(ROUNDED_OF_GROUPS, group)
        if has_moved.roundings < had_moved.roundings or not has_moved.is_watched:
            return False
    return all(
        [
            after.get(FORGONE, key).before_point > before.get(FORGONE, key).before_point
            for key in written(step.delta, FORGONE)
        ]
    )


def _is_never_right(_rejection: AnyRejection) -> bool:
    return False


class ChainCallLaws:
    """The step and rejection laws of the calls about other chains above one base protocol.

    The port is the base's interface to stake, the recourse its interface to slashes for earlier points.
    """

    def __init__(self, port: Port, recourse: Recourse) -> None:
        self._port: Final = port
        self._recourse: Final = recourse

    def _weighs_what_lasts(self, step: AcceptedStep[SendTable]) -> bool:
        """True if each operator's weight is its lasting stake, as far as it can be slashed for the table's point.

        Lasting stake has no pending withdrawal or deallocation. The call must return the table's point. From then on,
        slashes and roundings of each operator must be recorded.
        """
        service, pool, _ = channel_of(step.action)
        before, after = step.before.rows, step.after.rows
        for table, operator in written(step.delta, ENTRIES):
            lasting = self._port.slashable(before, service, operator, pool).lasting
            left = self._recourse.left(before, service, operator, pool, table[1])
            purse, group = self._recourse.purse(service, operator, pool), self._port.group(operator, pool)
            slashed, rounded = after.get(SLASHED_OF_PURSES, purse), after.get(ROUNDED_OF_GROUPS, group)
            expected = Entry(
                is_listed=True,
                weight=min(lasting, left),
                slashed_before=slashed.amount,
                roundings_before=rounded.roundings,
            )
            is_watched = slashed.is_watched and rounded.is_watched
            is_now = table[1] == self._recourse.reference(before) == step.delta.returns
            if after.get(ENTRIES, (table, operator)) != expected or not is_watched or not is_now:
                return False
        table = (channel_of(step.action), self._recourse.reference(before))
        row = after.get(STAKE_TABLES, table)
        return row.most == self._recourse.together(before, pool, table[1], row.total_weight)

    def _slashed(self, step: AnyStep) -> list[tuple[Purse, int]]:
        """The amount of each slash of a step, with the key of the stake that it takes from."""
        slashes = self._port.slashes(step.before.rows, step.after.rows, step.delta.writes)
        return [(self._recourse.purse(one.service, one.operator, one.pool), one.amount) for one in slashes]

    def _notes_slashes(self, step: AnyStep) -> bool:
        """True if recorded slashed amounts grow by exactly the amounts that the step slashes, and no others change.

        They are recorded for each service, operator and pool whose stake a table counts.
        """
        slashed = self._slashed(step)
        purses = [*[one[0] for one in slashed], *written(step.delta, SLASHED_OF_PURSES)]
        for purse in purses:
            before = step.before.rows.get(SLASHED_OF_PURSES, purse)
            after = step.after.rows.get(SLASHED_OF_PURSES, purse)
            amount = sum([one[1] for one in slashed if one[0] == purse]) if before.is_watched else 0
            if after.amount - before.amount != amount:
                return False
        return True

    def _forgoes_by_its_own_slash(self, step: AnyStep) -> bool:
        """True if a service gives up the right to slash only as it may.

        It may give up a whole pool. For one operator, it must slash that operator in this step. It may never give up
        points after the current one.
        """
        slashes = self._port.slashes(step.before.rows, step.after.rows, step.delta.writes)
        slashed = [(one.service, one.operator, one.pool) for one in slashes]
        for service, operator, pool in written(step.delta, FORGONE):
            before_point = step.after.rows.get(FORGONE, (service, operator, pool)).before_point
            is_no_later = before_point <= self._port.now(step.before.rows) + (1 if operator == ANY_OPERATOR else 0)
            if not is_no_later or (operator != ANY_OPERATOR and (service, operator, pool) not in slashed):
                return False
        return True

    def _arrives_in_time(self, step: AcceptedStep[DeliverTable]) -> bool:
        """True if a table arrives after its delay, and is newer than any that has arrived.

        Also true if the table had arrived already, and nothing is written.
        """
        channel, point = table_of(step.action)
        tables, rows = written(step.delta, STAKE_TABLES), step.before.rows
        if not tables:
            return rows.get(STAKE_TABLES, (channel, point)).has_arrived and step.delta.writes == []
        is_due = self._port.now(rows) >= point + rows.get(CHANNELS, channel).delay_points
        is_newest = point > rows.get(CHANNEL_USES, channel).newest_point
        was_sent = rows.get(STAKE_TABLES, (channel, point)).is_sent and tables == [(channel, point)]
        return is_due and is_newest and was_sent and step.after.rows.get(CHANNEL_USES, channel).newest_point == point

    def _must_be_accepted(self, view: View, action: CheckCertificate) -> bool:
        rows, table = view.rows, table_of(action)
        terms, there = rows.get(CHANNELS, table[0]), rows.get(STAKE_TABLES, table)
        is_fresh = terms.staleness_points == 0 or self._port.now(rows) <= table[1] + terms.staleness_points
        entries = [rows.get(ENTRIES, (table, signer)) for signer in action.signers]
        is_signed = len(entries) > 0 and are_ordered(action.signers) and all([entry.is_listed for entry in entries])
        is_enough = min(sum([entry.weight for entry in entries]), there.most) >= action.threshold
        return is_fresh and there.has_arrived and not there.is_disabled and is_signed and is_enough

    def _can_arrive(self, view: View, action: DeliverTable) -> bool:
        rows, table = view.rows, table_of(action)
        there = rows.get(STAKE_TABLES, table)
        is_due = self._port.now(rows) >= table[1] + rows.get(CHANNELS, table[0]).delay_points
        is_newest = table[1] > rows.get(CHANNEL_USES, table[0]).newest_point
        return there.is_sent and not there.is_disabled and (there.has_arrived or (is_due and is_newest))

    def _can_be_sent(self, view: View, action: SendTable) -> bool:
        channel, rows = channel_of(action), view.rows
        is_first = not rows.get(STAKE_TABLES, (channel, self._recourse.reference(rows))).is_sent
        is_its_service = action.sender == action.service[0] and rows.get(CHANNELS, channel).is_open
        return is_first and is_its_service and len(set(action.operators)) == len(action.operators)

    def _can_be_opened(self, view: View, action: OpenChannel) -> bool:
        channel, offered = channel_of(action), action.offered_terms
        is_new = action.sender == action.service[0] and not view.rows.get(CHANNELS, channel).is_open
        is_possible = 0 < offered.delay_points <= offered.staleness_points and offered.reaction_points >= 0
        return is_new and is_possible and fits(offered, self._recourse.window(view.rows, channel[1]))

    def step_laws(self) -> list[StepLaw]:
        """The step laws of the calls about other chains."""
        sending = Scope((SendTable,))
        slashing: tuple[Table[Any, Any], ...] = (SLASHED_OF_PURSES, *self._port.tables_of_slashes())
        return [
            StepLaw(
                "CHN-12",
                "A channel is opened once, by its service.",
                THERE,
                _is_opened_by_its_service,
                Scope(tables=(CHANNELS,)),
            ),
            StepLaw(
                "CHN-13",
                "A channel has the terms that were offered.",
                THERE,
                _says_what_was_offered,
                Scope((OpenChannel,)),
            ),
            StepLaw(
                "CHN-14", "A service sends one table at a time, of whom it names.", THERE, _is_of_its_service, sending
            ),
            StepLaw(
                "CHN-15",
                "An operator weighs what lasts of its stake and can be slashed for the table's point.",
                THERE,
                lambda step: self._weighs_what_lasts(step),
                sending,
            ),
            StepLaw(
                "CHN-16",
                "A table that was sent says the same for ever; it arrives once, and is disabled by its service.",
                THERE,
                _says_the_same,
                Scope(tables=(STAKE_TABLES, ENTRIES)),
            ),
            StepLaw(
                "CHN-17",
                "A table arrives after its delay, if none that is newer has.",
                THERE,
                lambda step: self._arrives_in_time(step),
                Scope((DeliverTable,)),
            ),
            StepLaw(
                "CHN-18",
                "A certificate is of a table that is not disabled, and counts the threshold.",
                THERE,
                _is_of_an_enabled_table,
                Scope((CheckCertificate,)),
            ),
            StepLaw(
                "CHN-19",
                "No call of a base, and none but those of other chains, writes what was sent.",
                THERE,
                _is_call_of_chains,
                Scope(tables=SENT),
            ),
            StepLaw(
                "CHN-20",
                "What is slashed of stake that a table counts is noted, once and to the unit.",
                THERE,
                lambda step: self._notes_slashes(step),
                Scope(tables=slashing),
            ),
            StepLaw(
                "CHN-21",
                "What was noted of slashes, roundings and recourse never falls.",
                THERE,
                _never_falls,
                Scope(tables=NOTED),
            ),
            StepLaw(
                "CHN-22",
                "A service forgoes what it counts of an operator by its own slash, of no later points.",
                THERE,
                lambda step: self._forgoes_by_its_own_slash(step),
                Scope(tables=(FORGONE,)),
            ),
        ]

    def rejection_laws(self) -> list[RejectionLaw]:
        """The rejection laws of the calls about other chains."""
        return [
            RejectionLaw(
                "CHN-23",
                "A certificate of a fresh table whose signers count the threshold is accepted.",
                THERE,
                _is_never_right,
                Scope((CheckCertificate,)),
                lambda before, action: self._must_be_accepted(before, action),
            ),
            RejectionLaw(
                "CHN-24",
                "The newest table can be delivered by anybody once its delay is over.",
                THERE,
                _is_never_right,
                Scope((DeliverTable,)),
                lambda before, action: self._can_arrive(before, action),
            ),
            RejectionLaw(
                "CHN-25",
                "A service can send a table at any point.",
                THERE,
                _is_never_right,
                Scope((SendTable,)),
                lambda before, action: self._can_be_sent(before, action),
            ),
            RejectionLaw(
                "CHN-26",
                "A channel whose staleness, delay and reaction fit the window can be opened.",
                THERE,
                _is_never_right,
                Scope((OpenChannel,)),
                lambda before, action: self._can_be_opened(before, action),
            ),
        ]
