"""Actions of the market: one class for each call. `sender` is the account that calls.

Calls that need no permission say so ("any account"). To *count* a position or a holding is to store its present stake
or weight. It earns fees by this amount from then on. To *settle* it is to credit its earnings since it was settled
last.
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
    """A service opens an offer to pay fees for its operators' stake in a pool, on terms that never change.

    `risk` is the service's own declaration of the yearly loss by its slashes.
    """

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
    """Any account adds `amount` units of the fee token to the budget of an offer."""

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
    """Any account moves the rate of an offer by one step of its curve. It is possible once per period of the offer."""

    sender: Final[str]
    service: Final[Service]
    pool: Final[str]

    def __init__(self, sender: str, service: Service, pool: str) -> None:
        self.sender = sender
        self.service = service
        self.pool = pool


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Enrol:
    """An operator enrols in an offer, which counts its stake from then on. The operator keeps the fraction
    `commission_wad` of the fees.
    """

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
    """Any account settles an operator's position in an offer: its fees up to now are credited, and its counted stake is
    updated.
    """

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
    """An operator announces a new commission of its position: the fraction `fraction_wad` of the fees. A later
    announcement replaces this one.
    """

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
    """Any account applies an operator's announced commission, once its delay is over."""

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
    """A holder joins a group, which counts its weight from then on. The holder shares the fees of the operators whose
    slashes the group bears.
    """

    sender: Final[str]
    group: Final[Group]

    def __init__(self, sender: str, group: Group) -> None:
        self.sender = sender
        self.group = group


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class CountHolding:
    """Any account settles a holder's holding in a group: its fees up to now are credited, and its counted weight is
    updated.
    """

    sender: Final[str]
    group: Final[Group]
    holder: Final[str]

    def __init__(self, sender: str, group: Group, holder: str) -> None:
        self.sender = sender
        self.group = group
        self.holder = holder


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class ClaimFees:
    """An account is paid the fees that are credited to it, in whole units of the fee token."""

    sender: Final[str]

    def __init__(self, sender: str) -> None:
        self.sender = sender


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenFund:
    """A sponsor opens a fund, on terms that never change. It insures an offer's pool against slashes of the offer's
    service.
    """

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
    """An underwriter adds `amount` units of the fee token to the capital of a fund, which `sponsor` opened."""

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
    """An underwriter announces the exit of some of its shares of a fund. The cooldown restarts for all shares that it
    has announced.
    """

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
    """An underwriter takes its announced shares out of a fund after the cooldown, at their value at that time."""

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
    """A holder buys a policy of a fund: a cover of `cover` units of the fee token against slashes of an operator.

    The policy lasts for `term_points` after the fund's waiting time. Its premium may be at most `highest_premium` units
    of the fee token.
    """

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
    """Any account releases the policy at index `place` of an offer's list. The policy must have ended or paid its whole
    cover.
    """

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
    """A service limits the total cover of an offer to the fraction `fraction_wad` of the value of its counted stake.
    The limit holds for later sales.
    """

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
    """An operator declares an account to be its own, permanently."""

    sender: Final[str]
    account: Final[str]

    def __init__(self, sender: str, account: str) -> None:
        self.sender = sender
        self.account = account


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenReceiptVault:
    """Any account opens a vault that issues receipts for one holding: a base position behind an operator, or receipts
    of another vault, `beneath`.

    `beneath` is empty for a base position; otherwise `pool` and `operator` are empty. A positive `mark_period_points`
    means that a mark, which may be stale, prices the vault. With 0, the vault's holdings price it.
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
    """A holder pays `amount` into a vault for at least `least` new receipts. It pays tokens, or receipts of the vault
    beneath.
    """

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
    """Any account pays `amount` into a vault without getting receipts, so that all issued receipts gain value. A reward
    is an example.
    """

    sender: Final[str]
    vault: Final[str]
    amount: Final[int]

    def __init__(self, sender: str, vault: str, amount: int) -> None:
        self.sender = sender
        self.vault = vault
        self.amount = amount


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class RedeemReceipts:
    """A holder redeems receipts for its part of the vault: at least `least`, in pieces of the base position or in
    receipts of the vault beneath.

    A base position is paid through the base's withdrawal queue, receipts of the vault beneath at once.
    """

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
    """Any account completes the withdrawal with number `number` that a vault has in the base's queue.

    The withdrawal is a redemption, or the vault did not request it, as after an undelegation by the operator.
    """

    sender: Final[str]
    vault: Final[str]
    number: Final[int]

    def __init__(self, sender: str, vault: str, number: int) -> None:
        self.sender = sender
        self.vault = vault
        self.number = number


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Revalue:
    """Any account sets a vault's mark, the price of its receipts, to the value of its position.

    It is possible once per period of the vault.
    """

    sender: Final[str]
    vault: Final[str]

    def __init__(self, sender: str, vault: str) -> None:
        self.sender = sender
        self.vault = vault


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class OpenMandate:
    """Any account opens a mandate over the stake of a pool, and becomes its governor. A proposed plan waits for
    `delay_points`.
    """

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
    """A governor proposes a new plan of its mandate, given by the fields of a `Plan`. A later proposal replaces this
    one.
    """

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
    """Any account adopts the proposed plan of a mandate, after its delay."""

    sender: Final[str]
    mandate: Final[str]

    def __init__(self, sender: str, mandate: str) -> None:
        self.sender = sender
        self.mandate = mandate


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class EnrolMandate:
    """Any account enrols the account of a mandate, as an operator, in a service's offer for the mandate's pool. The
    account keeps no commission.
    """

    sender: Final[str]
    mandate: Final[str]
    service: Final[Service]

    def __init__(self, sender: str, mandate: str, service: Service) -> None:
        self.sender = sender
        self.mandate = mandate
        self.service = service


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Rebalance:
    """Any account moves the stake of a mandate towards the parts of its plan. It is possible once per period of the
    plan.
    """

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
