"""Actions of the market: one class for each call, `sender` being the account that calls.

Who needs no permission for a call says so: counting again only brings the books up to date.
"""

from typing import Final

import attr

from spec.market.chains_actions import CheckCertificate, DeliverTable, DisableTable, OpenChannel, SendTable
from spec.market.insurance_state import FundTerms
from spec.market.mandates_state import Cap, Target
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


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenFund:
    """A sponsor opens a fund that insures an offer's pool against slashes of its service, on terms fixed for good."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    offered_terms: Final[FundTerms]

    def __init__(self, sender: str, service: Service, pool: str, offered_terms: FundTerms) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.offered_terms = offered_terms


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Underwrite:
    """An underwriter adds `amount` of the fee token to the capital of a fund."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    sponsor: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, service: Service, pool: str, sponsor: str, amount: int) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.sponsor = sponsor
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class AnnounceExit:
    """An underwriter announces that some of its shares leave a fund: all that it announced waits from now on."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    sponsor: Final[str]
    shares: Final[int]

    def __init__(self, sender: str, service: Service, pool: str, sponsor: str, shares: int) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.sponsor = sponsor
        self.shares = shares


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Exit:
    """An underwriter takes out what it announced, once its cooldown is over, at what it is worth by then."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    sponsor: Final[str]

    def __init__(self, sender: str, service: Service, pool: str, sponsor: str) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.sponsor = sponsor


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class BuyPolicy:
    """A holder buys `cover` units of the fee token against slashes of an operator, at a bounded premium."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    sponsor: Final[str]
    operator: Final[str]
    cover: Final[int]
    term_points: Final[int]
    highest_premium: Final[int]

    def __init__(
        self,
        sender: str,
        service: Service,
        pool: str,
        sponsor: str,
        operator: str,
        cover: int,
        term_points: int,
        highest_premium: int,
    ) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.sponsor = sponsor
        self.operator = operator
        self.cover = cover
        self.term_points = term_points
        self.highest_premium = highest_premium


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ReleasePolicy:
    """Anybody lets go of the cover of a policy that has ended, or has paid all of it."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]
    place: Final[int]

    def __init__(self, sender: str, service: Service, pool: str, place: int) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool
        self.place = place


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class LimitCover:
    """A service limits the cover that is sold from now on to a fraction of its counted stake's worth."""

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
class DeclareAffiliate:
    """An operator declares an account to be its own, for good."""

    sender: Final[str]
    account: Final[str]

    def __init__(self, sender: str, account: str) -> None:
        self.sender = sender
        self.account = account


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenReceiptVault:
    """Anybody opens a vault that issues receipts: of a base position behind an operator, or of receipts of `beneath`.

    `beneath` is empty for a base position; `pool` and `operator` are empty otherwise. With `mark_period_points` the
    vault is priced by a mark, which may be stale; without, by what it holds.
    """

    sender: Final[str]
    vault: Final[str]
    pool: Final[str]
    operator: Final[str]
    beneath: Final[str]
    mark_period_points: Final[int]

    def __init__(
        self, sender: str, vault: str, pool: str, operator: str, beneath: str, mark_period_points: int = 0
    ) -> None:
        self.sender = sender
        self.vault = vault
        self.pool = pool
        self.operator = operator
        self.beneath = beneath
        self.mark_period_points = mark_period_points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Mint:
    """A holder puts tokens, or receipts of the vault beneath, into a vault, for no fewer than `least` receipts."""

    sender: Final[str]
    vault: Final[str]
    amount: Final[int]
    least: Final[int]

    def __init__(self, sender: str, vault: str, amount: int, least: int) -> None:
        self.sender = sender
        self.vault = vault
        self.amount = amount
        self.least = least


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Give:
    """Anybody puts `amount` into a vault for all of its holders, such as a reward."""

    sender: Final[str]
    vault: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, vault: str, amount: int) -> None:
        self.sender = sender
        self.vault = vault
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RedeemReceipts:
    """A holder gives receipts back for its part, no less than `least`: into the base's queue, or receipts beneath."""

    sender: Final[str]
    vault: Final[str]
    receipts: Final[int]
    least: Final[int]

    def __init__(self, sender: str, vault: str, receipts: int, least: int) -> None:
        self.sender = sender
        self.vault = vault
        self.receipts = receipts
        self.least = least


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Settle:
    """Anybody ends what a vault has in the base's queue under a number: a redemption, or what was sent away."""

    sender: Final[str]
    vault: Final[str]
    number: Final[int]

    def __init__(self, sender: str, vault: str, number: int) -> None:
        self.sender = sender
        self.vault = vault
        self.number = number


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Revalue:
    """Anybody lets a vault's mark be what its position is worth, a period after the last time."""

    sender: Final[str]
    vault: Final[str]

    def __init__(self, sender: str, vault: str) -> None:
        self.sender = sender
        self.vault = vault


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenMandate:
    """Anybody opens a mandate over the stake of a pool, and governs it: its plans wait for `delay_points`."""

    sender: Final[str]
    mandate: Final[str]
    pool: Final[str]
    delay_points: Final[int]

    def __init__(self, sender: str, mandate: str, pool: str, delay_points: int) -> None:
        self.sender = sender
        self.mandate = mandate
        self.pool = pool
        self.delay_points = delay_points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ProposePlan:
    """A governor announces another plan of its mandate; the last announcement counts."""

    sender: Final[str]
    mandate: Final[str]
    targets: Final[tuple[Target, ...]]
    caps: Final[tuple[Cap, ...]]
    step_wad: Final[int]
    period_points: Final[int]

    def __init__(
        self,
        sender: str,
        mandate: str,
        targets: tuple[Target, ...],
        caps: tuple[Cap, ...],
        step_wad: int,
        period_points: int,
    ) -> None:
        self.sender = sender
        self.mandate = mandate
        self.targets = targets
        self.caps = caps
        self.step_wad = step_wad
        self.period_points = period_points


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class AdoptPlan:
    """Anybody brings the announced plan of a mandate into force, once its delay is over."""

    sender: Final[str]
    mandate: Final[str]

    def __init__(self, sender: str, mandate: str) -> None:
        self.sender = sender
        self.mandate = mandate


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class EnrolMandate:
    """Anybody lets an offer count the stake of a mandate's own account, which keeps no commission."""

    sender: Final[str]
    mandate: Final[str]
    service: Final[Service]

    def __init__(self, sender: str, mandate: str, service: Service) -> None:
        self.sender = sender
        self.mandate = mandate
        self.service = service


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Rebalance:
    """Anybody has the stake of a mandate moved towards its plan, a period after the last time."""

    sender: Final[str]
    mandate: Final[str]

    def __init__(self, sender: str, mandate: str) -> None:
        self.sender = sender
        self.mandate = mandate


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
    | OpenFund
    | Underwrite
    | AnnounceExit
    | Exit
    | BuyPolicy
    | ReleasePolicy
    | LimitCover
    | DeclareAffiliate
    | OpenReceiptVault
    | Mint
    | Give
    | RedeemReceipts
    | Settle
    | Revalue
    | OpenMandate
    | ProposePlan
    | AdoptPlan
    | EnrolMandate
    | Rebalance
    | OpenChannel
    | SendTable
    | DeliverTable
    | DisableTable
    | CheckCertificate
)
