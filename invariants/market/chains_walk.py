"""Calls about other chains for walks above any base protocol: channels within the slashing window and beyond it, and
stake that leaves.
"""

from typing import Any, Final

from invariants.choices import Choices
from invariants.market.cast import Cast
from spec.machine import Draft
from spec.market.chains_actions import CheckCertificate, DeliverTable, DisableTable, OpenChannel, SendTable
from spec.market.chains_state import CHANNELS, STAKE_TABLES, Channel, ChannelTerms
from spec.market.mandates_state import Target

CHAINS: Final = ("rollup", "appchain")
FAR: Final = "appchain"
"""The chain whose channels are not bounded: its tables are good for longer than the window, or for ever."""

RECENT: Final = 48
"""The number of past points in which walks look for tables."""


def open_channels(cast: Cast) -> list[Any]:
    """Calls that open a channel of the first service for the first pool, whose tables are never stale."""
    service, pool = cast.services[0], cast.pools[0]
    return [OpenChannel(service[0], service, pool, FAR, _offered(1, 0, 1, is_bounded=False))]


def chains_action(cast: Cast, choices: Choices, draft: Draft) -> Any:
    """The walk's next call about other chains, mostly one that is accepted."""
    service, pool = cast.services[0], choices.pick((cast.pools[0], *cast.pools[:2]))
    if choices.one_in(16):
        service, pool = choices.pick(cast.services), choices.pick(cast.pools)
    channel: Channel = (service, pool, choices.pick(CHAINS))
    if choices.one_in(3 if draft.get(CHANNELS, channel).is_open else 9):
        return _spoilt(cast, choices, draft, channel)
    terms, now = draft.get(CHANNELS, channel), cast.now(draft)
    if not terms.is_open:
        offered = channel_terms(choices, cast.recourse.window(draft, pool), is_far=channel[2] == FAR)
        return OpenChannel(service[0], *channel, offered)
    good = RECENT if terms.staleness_points == 0 else terms.staleness_points
    sent = _recent(cast, draft, channel, good)
    there = [point for point in sent if draft.get(STAKE_TABLES, (channel, point)).has_arrived]
    counting = [point for point in sent if draft.get(STAKE_TABLES, (channel, point)).most > 0]
    if channel[2] == FAR and counting and choices.one_in(2):
        return _outlive(cast, choices, draft, channel, counting[-1])
    kind = choices.below(12)
    if not sent or kind == 0 or (kind < 3 and now > sent[0] + 1):
        names = sorted(cast.operators)
        operators = tuple(names if not choices.one_in(6) else names[: choices.below(len(names) + 1)])
        return SendTable(service[0], *channel, operators)
    if not there or (sent[0] != there[0] and kind < 6) or kind == 1:
        return DeliverTable(choices.pick(cast.holders), *channel, choices.pick((sent[0], sent[0], choices.pick(sent))))
    last = there[-1] + good
    if kind < 8 and now < last and not choices.one_in(3):
        return cast.wait(choices.pick((last - now, last - now, 1)))
    point = choices.pick((there[-1], there[0], choices.pick(there)))
    if kind == 8 and choices.one_in(2):
        return DisableTable(service[0], *channel, point)
    return _certificate(cast, choices, draft, channel, point)


def _outlive(cast: Cast, choices: Choices, draft: Draft, channel: Channel, point: int) -> Any:
    """The next call towards a certificate for stake that has left since its table was sent.

    The call lets stake leave, lets a whole slashing window pass, delivers the table, or checks the certificate. `point`
    is the table's.
    """
    service, pool, _ = channel
    kind = choices.below(6)
    if kind < 2:
        return cast.unsettle(choices, draft, Target(service, choices.pick(cast.operators)), pool)
    if kind == 2:
        window = cast.recourse.window(draft, pool)
        return cast.wait(choices.pick((window, window + 1)))
    if not draft.get(STAKE_TABLES, (channel, point)).has_arrived:
        return DeliverTable(choices.pick(cast.holders), *channel, point)
    return _certificate(cast, choices, draft, channel, point)


def is_busy(cast: Cast, draft: Draft) -> bool:
    """True if the first channel has sent a table that is not stale, so that more calls about other chains should
    follow.
    """
    channel: Channel = (cast.services[0], cast.pools[0], CHAINS[0])
    terms = draft.get(CHANNELS, channel)
    return terms.is_open and len(_recent(cast, draft, channel, terms.staleness_points)) > 0


def _recent(cast: Cast, draft: Draft, channel: Channel, good: int) -> tuple[int, ...]:
    """The points of the tables that a channel sent in the last `good` points, newest first. Looks back at most RECENT
    points.
    """
    now = cast.now(draft)
    points = range(now, max(now - min(good, RECENT), 0) - 1, -1)
    return tuple([point for point in points if draft.get(STAKE_TABLES, (channel, point)).is_sent])


def _certificate(cast: Cast, choices: Choices, draft: Draft, channel: Channel, point: int) -> Any:
    """A certificate signed by all operators or one, mostly with a threshold of at most their weight."""
    names = sorted(cast.operators)
    signers = tuple(names if not choices.one_in(3) else [choices.pick(names)])
    most = draft.get(STAKE_TABLES, (channel, point)).most
    threshold = choices.pick((0, 1, most, most >> 1, most, most + 1))
    return CheckCertificate(choices.pick(cast.holders), *channel, point, signers, threshold)


def _offered(delay: int, staleness: int, reaction: int, is_bounded: bool) -> ChannelTerms:
    return ChannelTerms(delay_points=delay, staleness_points=staleness, reaction_points=reaction, is_bounded=is_bounded)


def channel_terms(choices: Choices, window: int, is_far: bool) -> ChannelTerms:
    """Channel terms that use the slashing window of `window` points exactly, one point less, or one more.

    If `is_far`, tables are good for longer than the window, or for ever.
    """
    delay = choices.pick((1, 1, 2))
    if is_far:
        return _offered(delay, choices.pick((2 * window, window + 1, 0)), 1, is_bounded=False)
    reaction = choices.below(max(window >> 1, 1))
    staleness = window - delay - reaction + choices.pick((0, 0, -1, 1))
    return _offered(delay, staleness, reaction, is_bounded=not choices.one_in(3))


def _spoilt(cast: Cast, choices: Choices, draft: Draft, channel: Channel) -> Any:
    """A call that is mostly rejected: another sender, the wrong order, or a channel, table or signer that does not
    exist.
    """
    service, pool = channel[0], channel[1]
    outsider, now = choices.pick(cast.payers), cast.now(draft)
    names = tuple(sorted(cast.operators))
    sent = _recent(cast, draft, channel, RECENT)
    point = sent[0] if sent else now
    tables = [(one, draft.get(STAKE_TABLES, (channel, one))) for one in sent]
    there = [*[one for one, table in tables if table.has_arrived and not table.is_disabled], point][0]
    disabled = [*[one for one, table in tables if table.is_disabled], point][0]
    late = [*[one for one, table in tables if one < there and not table.has_arrived], point][0]
    fits = channel_terms(choices, cast.recourse.window(draft, pool), is_far=False)
    refused = (
        OpenChannel(outsider, service, pool, "moon", fits),
        OpenChannel(service[0], *channel, fits),
        OpenChannel(service[0], service, pool, "moon", _offered(0, 5, 1, is_bounded=False)),
        OpenChannel(service[0], service, pool, "moon", _offered(3, 2, 1, is_bounded=False)),
        OpenChannel(service[0], service, pool, "moon", _offered(1, 10**9, 1, is_bounded=True)),
        SendTable(service[0], service, pool, "moon", names),
        SendTable(outsider, *channel, names),
        SendTable(service[0], *channel, (names[0], names[0])),
        SendTable(service[0], *channel, (names[0], names[0])),
        SendTable(service[0], *channel, ()),
        SendTable(service[0], *channel, names),
        DeliverTable(outsider, *channel, now + 1),
        DeliverTable(outsider, *channel, point),
        DisableTable(outsider, *channel, point),
        DisableTable(service[0], *channel, now + 1),
        CheckCertificate(outsider, *channel, max(now - RECENT, 0), names, 0),
        CheckCertificate(outsider, *channel, point, names, 0),
    )
    odd = (
        DeliverTable(outsider, *channel, late),
        DeliverTable(outsider, *channel, late),
        DeliverTable(outsider, *channel, disabled),
        DisableTable(service[0], *channel, point),
        DisableTable(outsider, *channel, there),
        OpenChannel(service[0], *channel, fits),
        SendTable(service[0], *channel, names[:1]),
        CheckCertificate(outsider, *channel, there, (), 0),
        CheckCertificate(outsider, *channel, there, names[::-1], 0),
        CheckCertificate(outsider, *channel, there, (names[0], names[0]), 0),
        CheckCertificate(outsider, *channel, there, ("nobody",), 0),
        CheckCertificate(outsider, *channel, disabled, names, 0),
        CheckCertificate(outsider, *channel, disabled, names, 0),
    )
    return choices.pick(odd) if sent and not choices.one_in(3) else choices.pick(refused)
