"""The market on EigenLayer: its catalogue of laws, its walks and its bounded model."""

from typing import Any, Final, cast

from invariants.choices import Choices
from invariants.eigenlayer import bounded_model
from invariants.eigenlayer.laws import CATALOGUE as BASE_CATALOGUE
from invariants.eigenlayer.walk import OPERATORS, POOLS, SETS, STAKERS_, TOKENS
from invariants.eigenlayer.walk import WALK as BASE_WALK
from invariants.exploring import BoundedModel
from invariants.market.bounded import CHANNEL, FUND_TERMS, TERMS
from invariants.market.cast import Cast
from invariants.market.catalogue import market_catalogue
from invariants.market.chains_witnesses import chain_witnesses, leaving_witness
from invariants.market.insurance_witnesses import insurance_witnesses
from invariants.market.layered_walk import LayeredWalk, layered_walk
from invariants.market.mandates import MandateLaws
from invariants.market.mandates_walk import MANDATE, MANDATED
from invariants.market.mandates_witnesses import mandate_witnesses, waiting_witnesses
from invariants.market.moves import names_in
from invariants.market.receipts_walk import ACCOUNTS
from invariants.market.receipts_witnesses import receipt_witnesses, settling_witnesses
from invariants.market.witnesses import WITNESSES
from invariants.walker import Walk
from spec.arithmetic import WAD
from spec.codec import Json
from spec.eigenlayer import PROTOCOL as BASE
from spec.eigenlayer.actions import (
    AllocationRequest,
    DelegateTo,
    DepositIntoStrategy,
    DeregisterFromOperatorSets,
    MineBlocks,
    ModifyAllocations,
    SlashOperator,
    Undelegate,
)
from spec.eigenlayer.clock import current_block
from spec.eigenlayer.config import ZERO_ADDRESS
from spec.eigenlayer.formats import NO_APPROVAL
from spec.eigenlayer.opt_in import effective_slasher
from spec.eigenlayer.state import ALLOCATIONS, MAX_MAGNITUDES, REGISTRATIONS, SLASHERS, STAKERS, TOKEN_BALANCES
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
from spec.market.eigenlayer import AUTHORITY, CUSTODY, PORT, PROTOCOL
from spec.market.mandates_state import Cap, Target
from spec.market.port import Service
from spec.market.recourses.eigenlayer import RECOURSE
from spec.market.state import Risk
from spec.market.transition import ACCOUNT


class _Ground:
    """EigenLayer's stake as laws of mandates see it: a mandate's account is an operator, which splits its magnitude
    among sets.

    In all methods `account` is that operator, and `pool` a strategy.
    """

    def whole(self, rows: Draft, account: str, pool: str) -> int:
        """The max magnitude of the mandate's operator in the strategy."""
        return MAX_MAGNITUDES.latest(rows, (account, pool))

    def counted_on(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The magnitude that `account`, as an operator, allocates to the target's operator set in a strategy.

        A pending increase is included at once; a pending decrease is deducted only from its effect block on.
        """
        stored = rows.get(ALLOCATIONS, (account, target.service, pool))
        has_come = current_block(rows) >= stored.effect_block or stored.pending_diff_magnitude > 0
        return stored.current_magnitude + (stored.pending_diff_magnitude if has_come else 0)

    def backing(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The allocated magnitude with pending changes, or 0 if the operator is not registered for the set."""
        stored = rows.get(ALLOCATIONS, (account, target.service, pool))
        is_registered = rows.get(REGISTRATIONS, (account, target.service)).is_registered
        return stored.current_magnitude + stored.pending_diff_magnitude if is_registered else 0

    def is_its_own(self, account: str, pool: str, write: Write) -> bool:
        """True if the row's key contains the mandate's operator."""
        return account in names_in(write.key)


MANDATES: Final = MandateLaws(PORT, AUTHORITY, BASE.transition, _Ground())
ALL_WITNESSES: Final = [
    *WITNESSES,
    *insurance_witnesses(PORT),
    *receipt_witnesses(PORT, CUSTODY),
    *settling_witnesses(),
    *mandate_witnesses(MANDATES),
    *waiting_witnesses(MANDATES),
    *chain_witnesses(PORT, RECOURSE),
    leaving_witness(),
]
CATALOGUE: Final = market_catalogue(
    BASE_CATALOGUE, BASE.actions, PORT, CUSTODY, MANDATES, RECOURSE, TOKEN_BALANCES, ALL_WITNESSES
)


def _slash(choices: Choices, draft: Draft, service: Service, operator: str, pool: str) -> Any:
    """A slash of a third, a tenth or a twentieth of an allocation, or rarely of all of it, by the slasher in force."""
    slasher = effective_slasher(draft.get(SLASHERS, service), current_block(draft))
    fraction_wad = WAD if choices.one_in(12) else choices.pick((WAD // 3, WAD // 10, WAD // 20))
    return SlashOperator(slasher, service[0], operator, service[1], (pool,), (fraction_wad,))


def _stake(draft: Draft, holder: str, operator: str, pool: str) -> Any:
    """A call that delegates to the operator, or deposits if the holder is delegated already."""
    if draft.get(STAKERS, holder).delegated_to == ZERO_ADDRESS:
        return DelegateTo(holder, operator, NO_APPROVAL)
    return DepositIntoStrategy(holder, pool, TOKENS[pool], 10**18)


def _send_away(_choices: Choices, draft: Draft, account: str) -> Any:
    """A call by which an account's operator ends the account's delegation."""
    return Undelegate(draft.get(STAKERS, account).delegated_to, account)


def _unsettle(_choices: Choices, _draft: Draft, target: Target, _pool: str) -> Any:
    """A call by which the target's AVS removes the operator from its set."""
    avs, number = target.service
    return DeregisterFromOperatorSets(avs, target.operator, avs, (number,))


CAST: Final = Cast(
    services=SETS[:2],
    pools=POOLS,
    operators=OPERATORS,
    holders=STAKERS_,
    payers=("avs0", *STAKERS_),
    port=PORT,
    slash=_slash,
    stake=_stake,
    wait=MineBlocks,
    send_away=_send_away,
    mandated=POOLS[0],
    targets=tuple(Target(each, MANDATED) for each in SETS),
    unsettle=_unsettle,
    recourse=RECOURSE,
)


def head(base: dict[str, Json], delay: int) -> dict[str, Json]:
    """The head of a trace of the market, whose fee token is the first token. The base's world gets the market's
    accounts.

    `base` is the world of EigenLayer, as JSON. `delay` is the delay of commissions, in blocks.
    """
    genesis = cast("dict[str, Json]", base["genesis"])
    others = [*cast("list[Json]", genesis["others"]), ACCOUNT, *ACCOUNTS, MANDATED]
    field = "infinite_allowance_to_strategy_manager"
    approving = [*cast("list[Json]", genesis[field]), *ACCOUNTS]
    return {
        "protocol": PROTOCOL.name,
        "base": {**base, "genesis": {**genesis, "others": others, field: approving}},
        "market": {"fee_token": "token0", "commission_delay_points": delay},
    }


def prelude() -> list[Any]:
    """Calls that follow the base's opening: stakers deposit and delegate, and each operator allocates to two operator
    sets.
    """
    actions: list[Any] = [MineBlocks(6)]
    for operator, staker in zip(OPERATORS, STAKERS_, strict=False):
        actions += [DepositIntoStrategy(staker, pool, TOKENS[pool], 10**18) for pool in POOLS]
        requests = tuple([AllocationRequest(each, POOLS, (WAD // 4, WAD // 4)) for each in SETS[:2]])
        actions += [DelegateTo(staker, operator, NO_APPROVAL), ModifyAllocations(operator, operator, requests)]
    return [*actions, MineBlocks(2)]


LAYERED: Final = LayeredWalk(PROTOCOL, CATALOGUE, CAST, BASE_WALK, head, prelude)
WALK: Final = layered_walk(LAYERED)

SERVICE: Final = bounded_model.BURNING
POOL: Final = bounded_model.STRATEGY
GROUP: Final = PORT.group("operator0", POOL)
SPLIT: Final = (Target(SERVICE, MANDATED), Target(bounded_model.REDISTRIBUTING, MANDATED))


SENT_POINT: Final = 102
"""The block in which the opening of the bounded model sends its table of stake."""


def small_opening() -> list[Any]:
    """The opening calls of the bounded model.

    After the base's own opening they make an offer and a fund with three tokens each, and a receipt vault with three
    tokens of stake. Then follow a mandate with a pending plan, and a table of stake that arrives on another chain.
    """
    return [
        *bounded_model.opening(),
        OpenOffer("avs0", SERVICE, POOL, TERMS, Risk(unit_price_wad=WAD)),
        FundOffer("staker1", SERVICE, POOL, 3),
        OpenFund("sponsor", SERVICE, POOL, FUND_TERMS),
        Underwrite("staker1", SERVICE, POOL, "sponsor", 3),
        OpenReceiptVault("anybody", "liquid", POOL, "operator0", ""),
        Mint("staker0", "liquid", 3, 3),
        OpenMandate("governor", MANDATE, POOL, 1),
        ProposePlan("governor", MANDATE, SPLIT, (Cap((SERVICE,), (), WAD // 2),), WAD // 4, 2),
        OpenChannel("avs0", SERVICE, POOL, "rollup", CHANNEL),
        SendTable("avs0", SERVICE, POOL, "rollup", ("operator0",)),
        MineBlocks(1, 12),
        DeliverTable("staker0", SERVICE, POOL, "rollup", SENT_POINT),
    ]


CALLS: Final[list[Any]] = [
    MineBlocks(1, 12),
    MineBlocks(3, 41),
    Enrol("operator0", SERVICE, POOL, WAD // 3),
    Join("staker0", GROUP),
    Join("staker1", GROUP),
    StepRate("staker0", SERVICE, POOL),
    CountPosition("staker0", SERVICE, POOL, "operator0"),
    CountHolding("staker1", GROUP, "staker0"),
    ClaimFees("staker0"),
    ClaimFees("operator0"),
    BuyPolicy("staker0", SERVICE, POOL, "sponsor", "operator0", 2, 2, 1),
    ReleasePolicy("staker1", SERVICE, POOL, 0),
    AnnounceExit("staker1", SERVICE, POOL, "sponsor", 3 * WAD),
    Exit("staker1", SERVICE, POOL, "sponsor"),
    Mint("staker1", "liquid", 1, 1),
    RedeemReceipts("staker0", "liquid", 2, 1),
    AdoptPlan("staker0", MANDATE),
    Rebalance("staker1", MANDATE),
    SendTable("avs0", SERVICE, POOL, "rollup", ("operator0",)),
    CheckCertificate("staker0", SERVICE, POOL, "rollup", SENT_POINT, ("operator0",), 1),
    DelegateTo("staker1", "operator0", NO_APPROVAL),
    Undelegate("staker0", "staker0"),
    SlashOperator("avs0", "avs0", "operator0", 1, (POOL,), (WAD >> 1,)),
]
"""The calls among which the bounded model chooses: one or two for fees, insurance, receipts, plans, certificates, and
leaving stake.
"""


def _any_call(choices: Choices, _draft: Draft) -> Any:
    """One of the bounded model's calls, drawn at random."""
    return choices.pick(CALLS)


BOUNDED_MODEL: Final = BoundedModel(
    Walk(PROTOCOL, CATALOGUE, head(bounded_model.WORLD, 2), small_opening, _any_call), CALLS
)
