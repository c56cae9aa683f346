"""The rows of tables of stake on other chains.

A *channel* connects a service's stake in a pool to one other chain. A *table of stake* is sent through it. It lists the
stake of each operator that the service could slash at a *reference point*. A *certificate* is a message that operators
signed on the other chain.
"""

from typing import Final

import attr

from spec.machine import Table
from spec.market.port import Group, Service
from spec.market.state import SCHEMA

Channel = tuple[Service, str, str]
"""A channel's identity: the service, the pool of its stake, and the name of the other chain."""

TableKey = tuple[Channel, int]
"""The key of a table of stake: its channel, and its reference point."""

EntryKey = tuple[TableKey, str]
"""The key of an operator's entry in a table of stake."""

Purse = tuple[Service, str, str]
"""The key of an amount of stake from which several slashes may take. Two slashes have one purse if each leaves less for
the other.

The key is a service, an operator and a pool; on Symbiotic the first two are empty. In the table FORGONE it is a
service, an operator (or ANY_OPERATOR) and a pool.
"""


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ChannelTerms:
    """A channel's terms, fixed when it is opened.

    A message takes at least `delay_points` in either direction. A table is valid for `staleness_points` after its
    reference point, or forever if that is 0. Home reacts to a message within `reaction_points`. `is_bounded` requires
    that the counted stake stays slashable until home has reacted; otherwise the channel is not opened.
    """

    is_open: Final[bool]
    delay_points: Final[int]
    staleness_points: Final[int]
    reaction_points: Final[int]
    is_bounded: Final[bool]

    def __init__(
        self,
        is_open: bool = False,
        delay_points: int = 0,
        staleness_points: int = 0,
        reaction_points: int = 0,
        is_bounded: bool = False,
    ) -> None:
        self.is_open = is_open
        self.delay_points = delay_points
        self.staleness_points = staleness_points
        self.reaction_points = reaction_points
        self.is_bounded = is_bounded


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ChannelUse:
    """The use of a channel: the newest reference point of a table that has arrived (-1 for none), and the number of
    accepted certificates.
    """

    newest_point: Final[int]
    certificates: Final[int]

    def __init__(self, newest_point: int = -1, certificates: int = 0) -> None:
        self.newest_point = newest_point
        self.certificates = certificates


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class StakeTable:
    """A table of stake: its number of operators, their total weight, and the most that all of them could lose together.

    `most` is this largest loss, in the unit of the weights. `is_sent` is False for the default row, which stands for no
    table. A table is valid on the other chain from its arrival until it is disabled.
    """

    is_sent: Final[bool]
    operators: Final[int]
    total_weight: Final[int]
    most: Final[int]
    has_arrived: Final[bool]
    is_disabled: Final[bool]

    def __init__(
        self,
        is_sent: bool = False,
        operators: int = 0,
        total_weight: int = 0,
        most: int = 0,
        has_arrived: bool = False,
        is_disabled: bool = False,
    ) -> None:
        self.is_sent = is_sent
        self.operators = operators
        self.total_weight = total_weight
        self.most = most
        self.has_arrived = has_arrived
        self.is_disabled = is_disabled


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Entry:
    """An operator's entry in a table of stake: its weight, which is the stake that the table counts of it.

    `slashed_before` is the total of slashes of this stake when the table was sent. `roundings_before` is the number of
    rounded changes of its group's stake at that time.
    """

    is_listed: Final[bool]
    weight: Final[int]
    slashed_before: Final[int]
    roundings_before: Final[int]

    def __init__(
        self, is_listed: bool = False, weight: int = 0, slashed_before: int = 0, roundings_before: int = 0
    ) -> None:
        self.is_listed = is_listed
        self.weight = weight
        self.slashed_before = slashed_before
        self.roundings_before = roundings_before


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Certificate:
    """An accepted certificate: its table's reference point, the point of acceptance, its signers, and their counted
    stake.
    """

    is_accepted: Final[bool]
    reference_point: Final[int]
    point: Final[int]
    counted: Final[int]
    signers: Final[tuple[str, ...]]

    def __init__(
        self,
        is_accepted: bool = False,
        reference_point: int = 0,
        point: int = 0,
        counted: int = 0,
        signers: tuple[str, ...] = (),
    ) -> None:
        self.is_accepted = is_accepted
        self.reference_point = reference_point
        self.point = point
        self.counted = counted
        self.signers = signers


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class SlashedSoFar:
    """The total that slashes have taken from a stake since a table first counted it. `is_watched` is True if a table
    has counted it.
    """

    is_watched: Final[bool]
    amount: Final[int]

    def __init__(self, is_watched: bool = False, amount: int = 0) -> None:
        self.is_watched = is_watched
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RoundedSoFar:
    """The number of rounded changes of a group's stake since a table first counted it. `is_watched` is True if a table
    has counted it.
    """

    is_watched: Final[bool]
    roundings: Final[int]

    def __init__(self, is_watched: bool = False, roundings: int = 0) -> None:
        self.is_watched = is_watched
        self.roundings = roundings


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ForgoneSoFar:
    """The part of its recourse that a service has given up: it can no longer slash for points before `before_point`.

    `before_point` is 0 if the service has given up nothing.
    """

    before_point: Final[int]

    def __init__(self, before_point: int = 0) -> None:
        self.before_point = before_point


# Keys: channel, twice; channel and reference point; that and operator; channel and number.
CHANNELS: Final[Table[Channel, ChannelTerms]] = SCHEMA.table("market_channels", ChannelTerms())
CHANNEL_USES: Final[Table[Channel, ChannelUse]] = SCHEMA.table("market_channel_uses", ChannelUse())
STAKE_TABLES: Final[Table[TableKey, StakeTable]] = SCHEMA.table("market_stake_tables", StakeTable())
ENTRIES: Final[Table[EntryKey, Entry]] = SCHEMA.table("market_entries", Entry())
CERTIFICATES: Final[Table[tuple[Channel, int], Certificate]] = SCHEMA.table("market_certificates", Certificate())

# Keys: purse; group; service, operator or any, and pool.
SLASHED_OF_PURSES: Final[Table[Purse, SlashedSoFar]] = SCHEMA.table("market_slashed_of_purses", SlashedSoFar())
ROUNDED_OF_GROUPS: Final[Table[Group, RoundedSoFar]] = SCHEMA.table("market_rounded_of_groups", RoundedSoFar())
FORGONE: Final[Table[Purse, ForgoneSoFar]] = SCHEMA.table("market_forgone", ForgoneSoFar())
