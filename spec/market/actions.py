"""Actions of the market: one class for each call, `sender` being the account that calls.

Who needs no permission for a call says so: counting again only brings the books up to date.
"""

from typing import Final

import attr

from spec.market.port import Group, Service
from spec.market.state import Risk, Terms


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenOffer:
    """A service offers fees for its operators' stake in a pool, on terms that it fixes for good."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    offered_terms: Final[Terms]
    risk: Final[Risk]

    def __init__(self, sender: str, service: Service, pool: str, offered_terms: Terms, risk: Risk) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.offered_terms = offered_terms
        self.risk = risk


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class FundOffer:
    """Anybody adds `amount` of the fee token to the budget of an offer."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, service: Service, pool: str, amount: int) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class StepRate:
    """Anybody lets the rate of an offer take its next step, once its period is over."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]

    def __init__(self, sender: str, service: Service, pool: str) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Enrol:
    """An operator lets an offer count its stake, and says which fraction of the fees it keeps."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    commission_wad: Final[int]

    def __init__(self, sender: str, service: Service, pool: str, commission_wad: int) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.commission_wad = commission_wad


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CountPosition:
    """Anybody has a position settled, and its stake counted as it is now."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    operator: Final[str]

    def __init__(self, sender: str, service: Service, pool: str, operator: str) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.operator = operator


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ProposeCommission:
    """An operator announces another commission of a position; the last announcement counts."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    fraction_wad: Final[int]

    def __init__(self, sender: str, service: Service, pool: str, fraction_wad: int) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.fraction_wad = fraction_wad


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ApplyCommission:
    """Anybody lets an announced commission take effect, once its delay is over."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    operator: Final[str]

    def __init__(self, sender: str, service: Service, pool: str, operator: str) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.operator = operator


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Join:
    """A holder lets its weight in a group be counted, to share the fees of those who are slashed with it."""

    sender: Final[str]
    group: Final[Group]

    def __init__(self, sender: str, group: Group) -> None:
        self.sender = sender
        self.group = group


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CountHolding:
    """Anybody has a holding settled, and its weight counted as it is now."""

    sender: Final[str]
    group: Final[Group]
    holder: Final[str]

    def __init__(self, sender: str, group: Group, holder: str) -> None:
        self.sender = sender
        self.group = group
        self.holder = holder


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ClaimFees:
    """An account is paid the whole units of what it has been credited with."""

    sender: Final[str]

    def __init__(self, sender: str) -> None:
        self.sender = sender


Action = (
    OpenOffer
    | FundOffer
    | StepRate
    | Enrol
    | CountPosition
    | ProposeCommission
    | ApplyCommission
    | Join
    | CountHolding
    | ClaimFees
)
