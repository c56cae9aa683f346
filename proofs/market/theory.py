"""The theory of the market's parts, on a base of which only the port is known.

Of the states that all calls reach, its laws are proved with lists of any length: each loop is cut (`proofs/folds.py`),
and every law holds in its middle. But a rebalancing, which weighs all targets of a plan together, is proved of plans of
at most SPLIT_BETWEEN targets, and a slash of offers with at most one policy.
"""

from typing import Any, Final, get_args

from proofs.market.contracts import CONTRACTS, SUMS, prove_sums
from proofs.market.countermodels import COUNTERMODELS
from proofs.market.folds import FOLDS
from proofs.market.free import AUTHORITY, CUSTODY, PORT, RECOURSE, act_in, base_transition
from proofs.market.free_actions import (
    ChangeReach,
    ChangeStake,
    ChangeValue,
    ChangeWeight,
    Forgo,
    OpenVault,
    PassTime,
    Pay,
    TakeStake,
)
from proofs.market.free_state import (
    ALLOTTED,
    BALANCES,
    GAINS,
    LEAVING,
    NOW,
    QUEUES,
    SCHEMA,
    SETTINGS,
    STAKED,
    VALUES,
    WAITING,
)
from proofs.market.laws import CATALOGUE, OF_SIGNERS, SPLIT_BETWEEN
from proofs.market.lemmas import FOLLOWS, LATER_WEIGHTS, LEMMAS
from proofs.setup import Setup
from proofs.theory import Induction, Limits, OwnSums, Theory
from spec.machine import SINGLETON, Draft, Outcome
from spec.market.actions import (
    Action,
    AdoptPlan,
    EnrolMandate,
    FundOffer,
    Give,
    Mint,
    OpenMandate,
    OpenOffer,
    OpenReceiptVault,
    ProposePlan,
    Rebalance,
    RedeemReceipts,
)
from spec.market.chains_actions import CheckCertificate, DeliverTable, DisableTable, OpenChannel, SendTable
from spec.market.reasons import Reason
from spec.market.transition import ACCOUNT, Market
from spec.protocol import Protocol

BASE_ACTIONS: Final = (PassTime, Pay, ChangeReach, TakeStake, ChangeStake, ChangeWeight, ChangeValue, Forgo)
MANDATES: Final = (OpenMandate, ProposePlan, AdoptPlan, EnrolMandate, Rebalance)
CHAINS: Final = (OpenChannel, SendTable, DeliverTable, DisableTable, CheckCertificate)

MARKET: Final = Market(PORT, CUSTODY, AUTHORITY, RECOURSE)


def transition(draft: Draft, action: Any) -> Outcome:
    """The outcome of a call on a draft, be it one of the free base or of the market."""
    if isinstance(action, BASE_ACTIONS):
        return base_transition(draft, action)
    if isinstance(action, OpenVault):
        return MARKET.rule(draft, action.call(), act_in(draft))
    return MARKET.rule(draft, action, act_in(draft))


def _nothing(*_arguments: Any) -> Any:
    return None


ACTIONS: Final = (*BASE_ACTIONS, *[OpenVault if each is OpenReceiptVault else each for each in get_args(Action)])

PROTOCOL: Final = Protocol(
    name="market_on_anything",
    schema=SCHEMA,
    actions=ACTIONS,
    reasons=Reason,
    transition=transition,
    read_trace=_nothing,
    write_trace=_nothing,
    observe=_nothing,
    observe_final=_nothing,
    write_returns=_nothing,
    check_post=_nothing,
)


def _is_well_formed(_rows: Draft, call: Any) -> bool:
    """True if a call's numbers are not negative, as in traces, and its sender is no account of the market's: neither
    its own nor the vault's, which has the vault's name.
    """
    if isinstance(call, PassTime):
        return call.points >= 0
    if isinstance(call, ChangeStake | ChangeWeight | ChangeReach | TakeStake | Forgo):
        return call.amount >= 0
    if isinstance(call, ChangeValue):
        return call.numerator >= 0 and call.denominator > 0
    if call.sender == ACCOUNT:
        return False
    if isinstance(call, Mint | Give | RedeemReceipts) and call.sender == call.vault:
        return False
    if isinstance(call, Pay | FundOffer):
        return call.amount >= 0
    if isinstance(call, OpenOffer):
        risk = call.risk
        parts = (risk.expected_loss_wad, risk.shortfall_wad, risk.capital_cost_wad, risk.unit_price_wad)
        return all([part >= 0 for part in parts])
    return True


SERVICE: Final = (str, int)
STAKE: Final = (SERVICE, str, str)
THEORY: Final = Theory(
    protocol=PROTOCOL,
    catalogue=CATALOGUE,
    state_module="proofs.market.free_state",
    now=lambda rows: rows.get(NOW, SINGLETON).point,
    is_well_formed=_is_well_formed,
    genesis={
        SETTINGS: lambda _rows, _key, _row: [],
        NOW: lambda _rows, _key, row: [row.point >= 0],
        BALANCES: lambda _rows, _key, row: [row.amount >= 0],
        GAINS: lambda _rows, _key, row: [row.amount >= 0],
        STAKED: lambda _rows, _key, row: [row.amount >= 0],
        QUEUES: lambda _rows, _key, _row: [],
        LEAVING: lambda _rows, _key, row: [row.amount >= 0],
        VALUES: lambda _rows, _key, row: [row.numerator >= 0, row.denominator > 0],
        WAITING: lambda _rows, _key, row: [row.pieces >= 0],
        ALLOTTED: lambda _rows, _key, row: [
            row.missing_amount >= 0,
            row.missing_amount <= row.amount,
            row.waiting_amount >= 0,
            row.room_amount >= 0,
            any([row.waiting_amount == 0, row.is_fixed]),
            any([row.room_amount == 0, row.is_stuck == False]),  # noqa: E712  # a symbol: `not` would decide it
        ],
    },
    limits=Limits(
        lists={
            "range in targets_of": SPLIT_BETWEEN,
            "range in caps_of": 1,
            "range in members_of": 1,
            "range in members": 1,
            "range in settle_group": 1,
            "range in _settle_groups": 1,
            "range in _count_positions": 1,
            "range in _count_holdings": 1,
            "range in _free_place": 1,
            "market_certificates.signers": 2,
            "CheckCertificate.signers": 2,
            "SendTable.operators": 2,
        },
        signed=(
            "OpenMandate.delay_points",
            "ProposePlan.step_wad",
            "ProposePlan.period_points",
            "ProposePlan.loss_rate",
            "ProposePlan.cap_wad",
        ),
    ),
    induction=Induction(
        lemmas=LEMMAS,
        ranges=("LEMMA-now", "LEMMA-terms", "LEMMA-kinds"),
        follows=FOLLOWS,
        bounded=(*OF_SIGNERS, "LEMMA-signers"),
    ),
    sums=OwnSums(own=(LATER_WEIGHTS,)),
    keys={
        "market_positions_by_row": ((str, STAKE), int),
        "market_positions_by_row_lengths": (str, STAKE),
        "market_holdings_by_row": ((str, STAKE), int),
        "market_holdings_by_row_lengths": (str, STAKE),
    },
    folds=FOLDS,
)


SETUP: Final = Setup(
    contracts=CONTRACTS,
    foundations={SUMS: prove_sums},
    countermodels=COUNTERMODELS,
    lifted=(
        "proofs.market.folds",
        "proofs.market.free",
        "proofs.market.free_actions",
        "proofs.market.free_state",
        "proofs.market.laws",
        "proofs.market.lemmas",
    ),
)
