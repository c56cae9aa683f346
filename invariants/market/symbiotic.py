"""The market on Symbiotic: its catalogue of laws, its walks and its bounded model."""

from typing import Any, Final, cast

from invariants.choices import Choices
from invariants.exploring import BoundedModel
from invariants.market.bounded import CHANNEL, FUND_TERMS, TERMS
from invariants.market.cast import Cast
from invariants.market.catalogue import market_catalogue
from invariants.market.chains_witnesses import chain_witnesses, sharing_witnesses
from invariants.market.insurance_witnesses import insurance_witnesses, redress_witness
from invariants.market.layered_walk import LayeredWalk, layered_walk
from invariants.market.mandates import MandateLaws
from invariants.market.mandates_walk import MANDATE, MANDATED
from invariants.market.mandates_witnesses import mandate_witnesses
from invariants.market.moves import names_in
from invariants.market.receipts_witnesses import receipt_witnesses
from invariants.market.witnesses import WITNESSES
from invariants.symbiotic import bounded_model
from invariants.symbiotic.laws import CATALOGUE as BASE_CATALOGUE
from invariants.symbiotic.walk import OPERATORS, SINGLE, STAKERS, SUBNETWORKS, UNSLASHED, VETOED
from invariants.symbiotic.walk import RESTAKING as SHARED
from invariants.symbiotic.walk import WALK as BASE_WALK
from invariants.walker import Walk
from spec.arithmetic import WAD, div_floor
from spec.codec import Json
from spec.machine import Draft, Write
from spec.market.actions import (
    AdoptPlan,
    AnnounceExit,
    BuyPolicy,
    ClaimFees,
    CountHolding,
    CountPosition,
    Enrol,
    Exit,
    FundOffer,
    Join,
    Mint,
    OpenFund,
    OpenMandate,
    OpenOffer,
    OpenReceiptVault,
    ProposePlan,
    Rebalance,
    RedeemReceipts,
    ReleasePolicy,
    StepRate,
    Underwrite,
)
from spec.market.chains_actions import CheckCertificate, DeliverTable, OpenChannel, SendTable
from spec.market.mandates_state import Cap, Target
from spec.market.port import Service
from spec.market.recourses.symbiotic import RECOURSE
from spec.market.state import Risk
from spec.market.symbiotic import AUTHORITY, CUSTODY, PORT, PROTOCOL
from spec.market.transition import ACCOUNT
from spec.symbiotic import PROTOCOL as BASE
from spec.symbiotic.actions import (
    AdvanceTime,
    Deposit,
    OptInVault,
    OptOutVault,
    Redeem,
    RequestSlash,
    SetMaxNetworkLimit,
    Slash,
    Withdraw,
)
from spec.symbiotic.clock import current_timestamp
from spec.symbiotic.config import FULL_RESTAKE, VETO_SLASHER
from spec.symbiotic.slashing import slashable_stake
from spec.symbiotic.state import (
    ACTIVE_STAKE,
    MIDDLEWARES,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_LIMITS,
    TOKEN_BALANCES,
    VAULTS,
)

LIMITS: Final = [
    part.index for limits in (NETWORK_LIMITS, OPERATOR_NETWORK_LIMITS) for part in (limits.heads, limits.checkpoints)
]


class _Ground:
    """Symbiotic's stake as laws of mandates see it: a mandate's account is a vault's curator, which splits its stake by
    limits.

    In all methods `account` is that curator, and `pool` the vault.
    """

    def whole(self, rows: Draft, account: str, pool: str) -> int:
        """The active stake of the vault."""
        return ACTIVE_STAKE.latest(rows, pool)

    def counted_on(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The operator's limit for the target's subnetwork, which bounds the stake that the network can count on."""
        return OPERATOR_NETWORK_LIMITS.latest(rows, (pool, target.service, target.operator))

    def backing(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The lower of the subnetwork's limit and the operator's limit."""
        limit = NETWORK_LIMITS.latest(rows, (pool, target.service))
        return min(limit, self.counted_on(rows, account, pool, target))

    def is_its_own(self, account: str, pool: str, write: Write) -> bool:
        """True if the row is of a network limit or operator limit in the vault."""
        return write.table.index in LIMITS and pool in names_in(write.key)


MANDATES: Final = MandateLaws(PORT, AUTHORITY, BASE.transition, _Ground())
ALL_WITNESSES: Final = [
    *WITNESSES,
    *insurance_witnesses(PORT),
    redress_witness(PORT),
    *receipt_witnesses(PORT, CUSTODY),
    *mandate_witnesses(MANDATES),
    *chain_witnesses(PORT, RECOURSE),
    *sharing_witnesses(PORT, RECOURSE),
]
IDLE: Final = ("ALC-19", "RCP-15")
"""The ids of the laws about EnrolMandate and Settle, which are never checked on Symbiotic.

No operator is a mandate's account there, and holders claim their withdrawals from the vault themselves.
"""

CATALOGUE: Final = market_catalogue(
    BASE_CATALOGUE, BASE.actions, PORT, CUSTODY, MANDATES, RECOURSE, TOKEN_BALANCES, ALL_WITNESSES, IDLE
)


def _slash(choices: Choices, draft: Draft, service: Service, operator: str, pool: str) -> Any:
    """A slash of a part, or rarely of all, of the stake of one second ago. In a vault with a veto slasher, a request
    for it.
    """
    capture = max(current_timestamp(draft) - 1, 0)
    most = slashable_stake(draft, pool, service, operator, capture)
    part = 1 if choices.one_in(12) else choices.pick((3, 10, 20))
    amount = max(div_floor(most if isinstance(most, int) else 0, part), 1)
    middleware = draft.get(MIDDLEWARES, service[0]).account
    if draft.get(VAULTS, pool).slasher == VETO_SLASHER:
        return RequestSlash(middleware, pool, service, operator, amount, capture)
    return Slash(middleware, pool, service, operator, amount, capture)


def _stake(_draft: Draft, holder: str, _operator: str, pool: str) -> Any:
    """A deposit into the vault on behalf of the holder. The operator is ignored, as vaults are not delegated."""
    return Deposit(STAKERS[0], pool, holder, 10**18)


def _unsettle(choices: Choices, _draft: Draft, target: Target, pool: str) -> Any:
    """A call that changes the maximum limit of the target's network, or withdraws stake."""
    network, identifier = target.service
    if choices.one_in(3):
        staker = choices.pick(STAKERS[:2])
        return Withdraw(staker, pool, staker, choices.pick((10**17, 10**16 + 1)))
    return SetMaxNetworkLimit(network, pool, identifier, choices.pick((10**22, 10**17, 10**22, 10**18, 0)))


CAST: Final = Cast(
    services=SUBNETWORKS[:2],
    pools=(SHARED, VETOED, SHARED, UNSLASHED),
    operators=OPERATORS,
    holders=STAKERS,
    payers=STAKERS,
    port=PORT,
    slash=_slash,
    stake=_stake,
    wait=AdvanceTime,
    mandated=UNSLASHED,
    targets=tuple(Target(subnetwork, operator) for subnetwork in SUBNETWORKS for operator in OPERATORS),
    unsettle=_unsettle,
    recourse=RECOURSE,
)


def head(base: dict[str, Json], delay: int) -> dict[str, Json]:
    """The head of a trace of the market, whose fee token is the collateral. `base` is the world of Symbiotic, as JSON.

    `delay` is the delay of commissions, in seconds. A mandate's account becomes curator of the vault without slasher.
    """
    return {
        "protocol": PROTOCOL.name,
        "base": _curated(base, UNSLASHED),
        "market": {"fee_token": "collateral", "commission_delay_points": delay},
    }


def prelude() -> list[Any]:
    """Calls that follow the base's opening: two stakers deposit in four vaults, and networks set their maximum limits
    in the vault of the mandate.
    """
    vaults = (SHARED, VETOED, SINGLE, UNSLASHED)
    return [
        *[Deposit(staker, vault, staker, 10**18) for staker in STAKERS[:2] for vault in vaults],
        *[SetMaxNetworkLimit(network, UNSLASHED, identifier, 10**22) for network, identifier in SUBNETWORKS],
    ]


def _redressed(world: dict[str, Json]) -> dict[str, Json]:
    """A copy of a world in which the market's account is the burner of the shared vault.

    The account is declared as an operator, because a world only knows accounts by their roles; it never registers.
    """
    config = cast("dict[str, Json]", world["config"])
    vaults = cast("dict[str, dict[str, Json]]", config["vaults"])
    redressed: dict[str, Json] = {**vaults, SHARED: {**vaults[SHARED], "burner": ACCOUNT, "isBurnerHook": False}}
    accounts = [*cast("list[Json]", config["operators"]), ACCOUNT]
    return {**world, "config": {**config, "operators": accounts, "vaults": redressed}}


def _curated(world: dict[str, Json], vault: str) -> dict[str, Json]:
    """A copy of a world in which the account of a mandate is the admin of `vault`, and an operator, and the vault has a
    full-restake delegator. A world without this vault is returned as it is.
    """
    config = cast("dict[str, Json]", world["config"])
    vaults = cast("dict[str, dict[str, Json]]", config["vaults"])
    accounts = cast("list[Json]", config["operators"])
    if vault not in vaults:
        return world
    curated: dict[str, Json] = {**vaults, vault: {**vaults[vault], "admin": MANDATED, "delegator": FULL_RESTAKE}}
    named = accounts if MANDATED in accounts else [*accounts, MANDATED]
    return {**world, "config": {**config, "operators": named, "vaults": curated}}


def _mandated(world: dict[str, Json]) -> dict[str, Json]:
    """A copy of a world in which the account of a mandate is the curator of the shared vault."""
    return _curated(world, SHARED)


LAYERED: Final = LayeredWalk(PROTOCOL, CATALOGUE, CAST, BASE_WALK, head, prelude, _redressed, _mandated)
WALK: Final = layered_walk(LAYERED)

SERVICE: Final = ("network0", 0)
VAULT: Final = bounded_model.SHARED
GROUP: Final = PORT.group("operator0", VAULT)
CURATED: Final = "vault2"
SPLIT: Final = (Target(SERVICE, "operator0"), Target(("network1", 0), "operator0"))


def curated_world() -> dict[str, Json]:
    """The base's bounded world with one more vault, whose curator is the account of a mandate."""
    config = cast("dict[str, Json]", bounded_model.WORLD["config"])
    vaults = cast("dict[str, Json]", config["vaults"])
    curated: dict[str, Json] = {**cast("dict[str, Json]", vaults[VAULT]), "admin": MANDATED}
    accounts = [*cast("list[Json]", config["operators"]), MANDATED]
    more: dict[str, Json] = {"operators": accounts, "vaults": {**vaults, CURATED: curated}, "stakerBalance": "20"}
    return {**bounded_model.WORLD, "config": {**config, **more}}


SENT_POINT: Final = bounded_model.START
"""The reference point of the table of stake that the opening of the bounded model sends."""


def small_opening() -> list[Any]:
    """The opening calls of the bounded model.

    After the base's own opening they make an offer and a fund with three units of collateral each, and a receipt vault
    with three of stake. Then follow a mandate with a pending plan, and a table of stake that arrives on another chain.
    """
    return [
        *bounded_model.opening(),
        OpenOffer("network0", SERVICE, VAULT, TERMS, Risk(unit_price_wad=WAD)),
        FundOffer("staker0", SERVICE, VAULT, 3),
        OpenFund("sponsor", SERVICE, VAULT, FUND_TERMS),
        Underwrite("staker1", SERVICE, VAULT, "sponsor", 3),
        OpenReceiptVault("anybody", "liquid", VAULT, "", ""),
        Mint("staker1", "liquid", 3, 3),
        OptInVault("operator0", CURATED),
        SetMaxNetworkLimit("network0", CURATED, 0, 10),
        SetMaxNetworkLimit("network1", CURATED, 0, 10),
        Deposit("staker0", CURATED, "staker0", 4),
        OpenOffer("network0", SERVICE, CURATED, TERMS, Risk(unit_price_wad=WAD)),
        FundOffer("staker0", SERVICE, CURATED, 3),
        OpenMandate("governor", MANDATE, CURATED, 1),
        ProposePlan("governor", MANDATE, SPLIT, (Cap((SERVICE,), (), WAD // 2),), WAD // 4, 2),
        OpenChannel("network0", SERVICE, VAULT, "rollup", CHANNEL),
        SendTable("network0", SERVICE, VAULT, "rollup", ("operator0",)),
        AdvanceTime(1),
        DeliverTable("staker0", SERVICE, VAULT, "rollup", SENT_POINT),
    ]


CALLS: Final[list[Any]] = [
    AdvanceTime(1),
    AdvanceTime(3),
    Enrol("operator0", SERVICE, VAULT, WAD // 3),
    Join("staker0", GROUP),
    Join("staker1", GROUP),
    StepRate("staker0", SERVICE, VAULT),
    CountPosition("staker0", SERVICE, VAULT, "operator0"),
    CountHolding("staker1", GROUP, "staker0"),
    ClaimFees("staker0"),
    ClaimFees("operator0"),
    BuyPolicy("staker0", SERVICE, VAULT, "sponsor", "operator0", 2, 2, 1),
    ReleasePolicy("staker1", SERVICE, VAULT, 0),
    AnnounceExit("staker1", SERVICE, VAULT, "sponsor", 3 * WAD),
    Exit("staker1", SERVICE, VAULT, "sponsor"),
    Mint("staker0", "liquid", 2, 1),
    RedeemReceipts("staker1", "liquid", 2, 1),
    AdoptPlan("staker0", MANDATE),
    Rebalance("staker1", MANDATE),
    SendTable("network0", SERVICE, VAULT, "rollup", ("operator0",)),
    CheckCertificate("staker0", SERVICE, VAULT, "rollup", SENT_POINT, ("operator0",), 1),
    Withdraw("staker0", CURATED, "staker0", 1),
    Redeem("staker0", VAULT, "staker0", 2),
    OptOutVault("operator0", VAULT),
    Slash("middleware0", VAULT, SERVICE, "operator0", 2, bounded_model.START),
]
"""The calls among which the bounded model chooses: one or two for fees, insurance, receipts, plans, certificates, and
leaving stake.
"""


def _any_call(choices: Choices, _draft: Draft) -> Any:
    """One of the bounded model's calls, drawn at random."""
    return choices.pick(CALLS)


BOUNDED_MODEL: Final = BoundedModel(
    Walk(PROTOCOL, CATALOGUE, head(curated_world(), 2), small_opening, _any_call), CALLS
)
