"""Games of the market: a coalition of a service, operators, holders and underwriters against one underwriter outside.

The underwriter outside has paid into a fund before the game. All other players are one coalition. Everything that the
coalition can withdraw at the end, from the market and from the base, is compared with its balances at the start. So no
price is needed: everybody leaves, and balances are compared.

Slashed stake goes to accounts of the base, the *takers*. If they are not in the coalition, slashed stake is lost to it.
If they are, slashes cost the coalition nothing, and all its gain comes from insurance.
"""

from typing import Any, Final

import attr

from invariants.choices import Choices
from invariants.game import Game, Party, execute
from invariants.market.cast import Cast
from invariants.market.layered_walk import LayeredWalk, layered_walk
from invariants.market.walk import open_for_insurance
from invariants.walker import Walk
from spec.arithmetic import WAD, div_floor
from spec.machine import Draft, State
from spec.market.actions import (
    AnnounceExit,
    BuyPolicy,
    ClaimFees,
    CountHolding,
    CountPosition,
    DeclareAffiliate,
    Exit,
    OpenFund,
    RedeemReceipts,
    ReleasePolicy,
    Settle,
    Underwrite,
)
from spec.market.insurance_state import FUND_TERMS, POLICIES, UNDERWRITERS, FundTerms
from spec.market.receipts_state import RECEIPT_VAULTS, RECEIPTS, REDEMPTIONS
from spec.market.state import HOLDINGS, METERS, POSITIONS
from spec.protocol import Protocol

SPONSOR: Final = "sponsor0"
"""The sponsor of the fund into which the underwriter outside pays. Insurance walks have a sponsor of this name."""

CAPITAL: Final = WAD
ANYBODY: Final = "anybody"
MOST_POINTS: Final = 10**5
"""The maximum number of points that a coalition waits at the end for fees that offers still pay."""


def game_walk(above: LayeredWalk) -> Walk:
    """The walk from which the games draw moves above a base's walk.

    Two thirds of the moves are calls of the insurance scenario, one third are of the whole walk through the market.
    """
    whole = layered_walk(above)
    insurance = whole.scenarios[0]

    def next_action(choices: Choices, draft: Draft) -> Any:
        return (whole if choices.one_in(3) else insurance).next_action(choices, draft)

    return Walk(whole.protocol, whole.catalogue, whole.world, whole.opening, next_action)


def _seldom_slashing(walk: Walk, slashing: tuple[type[Any], ...]) -> Walk:
    """A copy of a walk in which five of six slashes are replaced by another draw.

    A coalition that loses by slashes would not slash often. `slashing` has the classes of the slashing actions.
    """

    def next_action(choices: Choices, draft: Draft) -> Any:
        action = walk.next_action(choices, draft)
        if isinstance(action, slashing) and not choices.one_in(6):
            return walk.next_action(choices, draft)
        return action

    return Walk(walk.protocol, walk.catalogue, walk.world, walk.opening, next_action)


class Corner:
    """The part of the games that depends on the base: the accounts by role, and the way out of the base for a party.

    `outsider` is the underwriter outside, `coalition` the other players, `takers` the accounts that receive slashed
    stake.
    """

    cast: Cast
    outsider: str
    coalition: Party
    takers: Party
    slashing: tuple[type[Any], ...]
    """The classes of the base's actions that execute a slash."""

    def held(self, state: State, party: Party) -> int:
        """The fee tokens that all accounts of a party hold together in the base."""
        rows = Draft(state)
        return sum([self.cast.balance(rows, account) for account in party])

    def leave(self, protocol: Protocol, state: State, party: Party) -> None:
        """Let a party withdraw everything it can from the base, in `state` itself."""
        raise NotImplementedError

    def allowance(self, end: State, moves: list[Any]) -> int:
        """The fee tokens that a coalition may gain by the base's own rounding, after `moves` that led to the state
        `end`.

        It is 0 unless a base overrides it.
        """
        return 0


class Coalition(Game):
    """The game of a coalition of everybody but one underwriter, who has capital in a fund.

    `bars` is True if this fund bars self-insurance. `is_declared` is True if each operator has declared all accounts of
    the coalition to be its own.
    """

    def __init__(
        self,
        law_id: str,
        sentence: str,
        source: str,
        walk: Walk,
        history_steps: int,
        parties: tuple[Party, ...],
        corner: Corner,
        bars: bool = True,
        is_declared: bool = False,
    ) -> None:
        super().__init__(law_id, sentence, source, walk, history_steps, parties)
        self.corner: Final = corner
        self.bars: Final = bars
        self.is_declared: Final = is_declared

    def along(self, walk: Walk) -> "Game":
        """A copy of this game whose world and moves come from another walk."""
        told = (self.law_id, self.sentence, self.source, walk, self.history_steps, self.parties)
        return type(self)(*told, self.corner, self.bars, self.is_declared)

    def scene(self, choices: Choices) -> list[Any]:
        """The opening calls of the game: the walk's own, an insurable offer, and the fund of the underwriter outside.

        If `is_declared`, the operators' declarations of affiliates follow.
        """
        cast, offer = self.corner.cast, (self.corner.cast.services[0], self.corner.cast.pools[0])
        terms = FundTerms(cooldown_points=40, kink_wad=WAD >> 1, bars_self_insurance=self.bars)
        return [
            *self.walk.opening(),
            open_for_insurance(cast),
            OpenFund(SPONSOR, *offer, terms),
            Underwrite(self.corner.outsider, *offer, SPONSOR, CAPITAL),
            *[
                DeclareAffiliate(operator, account)
                for operator in cast.operators
                for account in self.corner.coalition
                if self.is_declared
            ],
        ]

    def allows(self, party: Party, action: Any) -> bool:
        """True for every call that the coalition may make.

        It may not make calls of the underwriter outside or of takers outside of the coalition. Calls that name this
        underwriter as an argument are barred too, as they may give something away.
        """
        names = [getattr(action, field.name) for field in attr.fields(type(action))]
        others = [self.corner.outsider, *[taker for taker in self.corner.takers if taker not in party]]
        return self.corner.outsider not in names and getattr(action, "sender", ANYBODY) not in others

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The coalition's gain in fee tokens since genesis, less the dust that the base allows.

        One more unit is deducted for each pair of a slash and an insured holder, as the value of its stake is rounded.
        This is left out if operators have declared the coalition's accounts.
        """
        start, end = self.walk.genesis(), after.copy()
        self._leave(end, party)
        slashes = len([move for move in moves if isinstance(move, self.corner.slashing)])
        insured = len({move.sender for move in moves if isinstance(move, BuyPolicy)})
        roundings = self.corner.allowance(end, moves) + (0 if self.is_declared else slashes * insured)
        return self.corner.held(end, party) - self.corner.held(start, party) - roundings

    def _leave(self, state: State, party: Party) -> None:
        """Let a party withdraw everything it can, from the market and then from the base, in `state` itself."""
        leave_market(self.walk.protocol, self.corner.cast, state, party)
        self.corner.leave(self.walk.protocol, state, party)


class Unharmed(Coalition):
    """The coalition's game with another measure: the loss of the underwriter outside."""

    def excess(self, party: Party, before: State, after: State, moves: list[Any]) -> int:
        """The loss of the underwriter outside since genesis, in fee tokens, less one for rounding.

        This underwriter withdraws after the coalition.
        """
        start, end, alone = self.walk.genesis(), after.copy(), (self.corner.outsider,)
        self._leave(end, party)
        self._leave(end, alone)
        return self.corner.held(start, alone) - self.corner.held(end, alone) - 1


def leave_market(protocol: Protocol, cast: Cast, state: State, party: Party) -> None:
    """Lets a party withdraw everything it can from the market, in `state` itself.

    Receipts of the highest vaults are redeemed first. Capital leaves after the cooldown, queued withdrawals of receipt
    vaults are settled, and fees are counted and claimed.
    """
    for vault, holder in sorted(_receipts(state, party), key=lambda held: -_height(state, held[0])):
        amount = Draft(state).get(RECEIPTS, (vault, holder)).amount
        execute(protocol, state, RedeemReceipts(holder, vault, amount, 0))
    leaving = [key for key, row in state.rows(UNDERWRITERS).items() if key[1] in party and row.shares > 0]
    for (offer, sponsor), account in leaving:
        shares = Draft(state).get(UNDERWRITERS, ((offer, sponsor), account)).shares
        execute(protocol, state, AnnounceExit(account, *offer, sponsor, shares))
    cooldowns = [terms.cooldown_points for terms in state.rows(FUND_TERMS).values()]
    execute(protocol, state, cast.wait(max([1, *cooldowns]) + 1))
    for offer in {fund[0]: None for fund in state.rows(FUND_TERMS)}:
        for place in range(POLICIES.size(Draft(state), offer)):
            execute(protocol, state, ReleasePolicy(ANYBODY, *offer, place))
    for (offer, sponsor), account in list(state.rows(UNDERWRITERS)):
        if account in party:
            execute(protocol, state, Exit(account, *offer, sponsor))
    for vault, number in list(state.rows(REDEMPTIONS)):
        execute(protocol, state, Settle(ANYBODY, vault, number))
    execute(protocol, state, cast.wait(_points_until_budgets_are_empty(state)))
    for offer, operator in list(state.rows(POSITIONS)):
        execute(protocol, state, CountPosition(ANYBODY, *offer, operator))
    for group, holder in list(state.rows(HOLDINGS)):
        execute(protocol, state, CountHolding(ANYBODY, group, holder))
    for account in party:
        execute(protocol, state, ClaimFees(account))


def _points_until_budgets_are_empty(state: State) -> int:
    """The largest number of points for which any offer's budget can pay its counted stake, at least 1 and at most
    MOST_POINTS.
    """
    points = [
        div_floor(row.budget_grains, row.rate * row.stake)
        for row in state.rows(METERS).values()
        if row.rate > 0 and row.stake > 0
    ]
    return min(max([1, *points]), MOST_POINTS)


def _receipts(state: State, party: Party) -> list[tuple[str, str]]:
    return [key for key, row in state.rows(RECEIPTS).items() if key[1] in party and row.amount > 0]


def _height(state: State, vault: str) -> int:
    """The number of receipt vaults stacked below this vault."""
    beneath = Draft(state).get(RECEIPT_VAULTS, vault).beneath
    return 0 if beneath == "" else 1 + _height(state, beneath)


SOURCE: Final = "This project"


def games_on(corner: Corner, walk: Walk, dust: str) -> tuple[Game, ...]:
    """The games on one base. `dust` is the part of their sentences that names the gain by rounding that the base
    allows.
    """
    lost, back = (corner.coalition,), ((*corner.coalition, *corner.takers),)
    return (
        Coalition(
            "COAL-01",
            "A coalition of services, operators, holders, sponsors and underwriters takes out of the market and the "
            "base no more than it put in, where slashed stake is lost, but for a unit for each slash and insured "
            f"holder{dust}.",
            SOURCE,
            _seldom_slashing(walk, corner.slashing),
            0,
            lost,
            corner,
        ),
        Coalition(
            "COAL-02",
            "A coalition whose operators have declared all of its accounts takes out no more than it put in, even if "
            f"slashed stake comes back to it, where the fund of everybody else bars self-insurance{dust}.",
            SOURCE,
            walk,
            0,
            back,
            corner,
            is_declared=True,
        ),
        Unharmed(
            "COAL-03",
            "An underwriter of a fund that bars self-insurance loses nothing, but for less than a unit, to a coalition "
            "whose operators have declared all of its accounts.",
            SOURCE,
            walk,
            0,
            back,
            corner,
            is_declared=True,
        ),
    )
