"""Chains with a market: the test chain of a base protocol, with the market's tables added to its state."""

from typing import Any

import attr
import pytest

from spec.eigenlayer.actions import MineBlocks
from spec.eigenlayer.state import CLOCK, TokenBalance
from spec.eigenlayer.state import TOKEN_BALANCES as TOKENS
from spec.machine import SINGLETON, Delta, Draft, State, commit
from spec.market.actions import BuyPolicy, FundOffer, OpenFund, OpenOffer, Underwrite
from spec.market.codec import state_on
from spec.market.eigenlayer import PROTOCOL as ON_EIGENLAYER
from spec.market.insurance_state import FundTerms
from spec.market.rates import BASE_FEE
from spec.market.state import Risk, Settings, Terms
from spec.market.symbiotic import PROTOCOL as ON_SYMBIOTIC
from spec.protocol import Protocol
from spec.symbiotic.actions import SetMaxNetworkLimit
from spec.symbiotic.config import COLLATERAL
from spec.symbiotic.state import VAULTS
from tests.spec.eigenlayer.conftest import Chain as EigenLayerChain
from tests.spec.symbiotic.conftest import Chain as SymbioticChain

WAD = 10**18
VAULT = "full_restake instant"
DELAY = 50


class Chain:
    """A state on which actions are executed. `now` reads it, `do` demands acceptance, and `try_` allows a rejection."""

    def __init__(self, protocol: Protocol, state: State, fee_token: str) -> None:
        self.protocol = protocol
        self.state = state_on(state, protocol.schema, Settings(fee_token, DELAY))

    @property
    def now(self) -> Draft:
        return Draft(self.state)

    def try_(self, action: object) -> object:
        """Executes a call. Returns the reason of its rejection, or the return value of an accepted call.

        It checks that the transition changes no row by itself.
        """
        before = self.state.copy()
        outcome = self.protocol.transition(Draft(self.state), action)
        assert self.state.tables == before.tables
        if isinstance(outcome, Delta):
            commit(self.state, outcome)
            return outcome.returns
        return outcome

    def do(self, *actions: object) -> object:
        returned: object = None
        for action in actions:
            outcome = self.protocol.transition(Draft(self.state), action)
            assert isinstance(outcome, Delta), (action, outcome)
            commit(self.state, outcome)
            returned = outcome.returns
        return returned


def terms(curve: str = BASE_FEE, target_stake: int = 2000, **changed: int) -> Terms:
    """Terms of an offer with a rate of a thousandth of a fee unit for each unit of stake and point.

    `curve` names the rule by which the rate moves, at most by a tenth every ten points.
    """
    numbers = {"divisor": 8, "floor_rate": WAD // 1000, "cap_rate": WAD // 250, "max_step_wad": WAD // 10}
    return Terms(False, curve, target_stake, **{**numbers, "period_points": 10, **changed})


NO_RISK = Risk()


@pytest.fixture
def on_symbiotic() -> Chain:
    """A fixture: a vault with 1000 from one staker, all slashable by subnetwork ("network", 1) from "operator"."""
    base = SymbioticChain()
    base.secured(VAULT)
    base.give("network", 10**6)
    return Chain(ON_SYMBIOTIC, base.state, COLLATERAL)


@pytest.fixture
def on_eigenlayer() -> Chain:
    """A fixture: one staker's 1000 shares behind "operator", whose whole magnitude operator set ("avs", 1)
    can slash.
    """
    base = EigenLayerChain()
    base.secured()
    base.state.rows(TOKENS)[("token2", "avs")] = TokenBalance(10**6)
    chain = Chain(ON_EIGENLAYER, base.state, "token2")
    chain.do(MineBlocks(9))  # a new allocation takes effect, and the slashable window fits the chain
    assert chain.now.get(CLOCK, SINGLETON).block == 1009
    return chain


SERVICE = ("network", 1)
OFFER = (SERVICE, VAULT)
FUND = (OFFER, "sponsor")
PRICED = Risk(0, 0, 0, WAD, 100)
"""Declared risk: a unit of stake is worth one unit of the fee token, a year has 100 points, no loss is expected."""


def fund_terms(**changed: Any) -> FundTerms:
    """Terms of a fully collateralised fund without deductible, whose policies begin at once.

    The premium is a tenth of the cover a year at the kink, which is at four fifths of the capacity. A loading adds half
    of the premium.
    """
    numbers = {"leverage_wad": WAD, "deductible_grains": 0, "coinsurance_wad": WAD, "wait_points": 0}
    numbers |= {"cooldown_points": 50, "kink_wad": WAD * 4 // 5, "slope_wad": WAD // 10, "steep_slope_wad": WAD}
    asked: dict[str, Any] = {**numbers, "loading_wad": WAD // 2, **changed}
    return FundTerms(is_open=False, **asked)


def insured(chain: Chain, cover: int, capital: int = 1000, **changed: int) -> None:
    """Opens an offer and the sponsor's fund on the network's service and vault. The network underwrites it with
    `capital`.

    If `cover` is positive, the staker buys a policy for that cover. `changed` replaces terms of the fund.
    """
    chain.do(
        OpenOffer("network", SERVICE, VAULT, terms(), PRICED),
        OpenFund("sponsor", SERVICE, VAULT, fund_terms(**changed)),
        Underwrite("network", SERVICE, VAULT, "sponsor", capital),
    )
    if cover > 0:
        chain.do(BuyPolicy("staker", SERVICE, VAULT, "sponsor", "operator", cover, 40, 10**6))


MANDATED = "market/mandates/main"
NEIGHBOUR = ("neighbour", 1)


@pytest.fixture
def mandated() -> Chain:
    """A fixture: a vault with 1000, whose curator is the mandate's account.

    Each of two networks accepts all of the stake, and has two operators.
    """
    base = SymbioticChain()
    row = base.now.get(VAULTS, VAULT)
    base.state.rows(VAULTS)[VAULT] = attr.evolve(row, admin=MANDATED)
    base.opted_in(VAULT)
    base.deposit(VAULT, 1000)
    for network, _ in (SERVICE, NEIGHBOUR):
        base.give(network, 10**6)
        base.do(SetMaxNetworkLimit(network, VAULT, 1, 10**6))
    return Chain(ON_SYMBIOTIC, base.state, COLLATERAL)


@pytest.fixture
def curated(mandated: Chain) -> Chain:
    """A fixture: the mandated vault with a funded offer of each network."""
    for service in (SERVICE, NEIGHBOUR):
        offer = OpenOffer(service[0], service, VAULT, terms(), Risk())
        mandated.do(offer, FundOffer(service[0], service, VAULT, 1000))
    return mandated
