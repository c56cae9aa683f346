"""Stake tables on other chains: every result of the rules, and for how long the counted stake can be slashed."""

import pytest

from spec.eigenlayer import actions as el
from spec.eigenlayer.config import BEACON_CHAIN_ETH
from spec.market.chains import answered_by, is_within
from spec.market.chains_actions import CheckCertificate, DeliverTable, DisableTable, OpenChannel, SendTable
from spec.market.chains_state import (
    CERTIFICATES,
    CHANNEL_USES,
    CHANNELS,
    ENTRIES,
    FORGONE,
    ROUNDED_OF_GROUPS,
    SLASHED_OF_PURSES,
    STAKE_TABLES,
    Certificate,
    Channel,
    ChannelTerms,
    ChannelUse,
    Entry,
    ForgoneSoFar,
    RoundedSoFar,
    SlashedSoFar,
    StakeTable,
)
from spec.market.port import ANY_OPERATOR
from spec.market.reasons import Reason
from spec.market.recourses.eigenlayer import RECOURSE as EL
from spec.market.recourses.symbiotic import RECOURSE as SYM
from spec.symbiotic import actions as sym
from spec.symbiotic.config import ZERO_ADDRESS
from tests.spec.market.conftest import VAULT, WAD, Chain

SET, SUBNETWORK = ("avs", 1), ("network", 1)
ON_SYMBIOTIC: Channel = (SUBNETWORK, VAULT, "rollup")
ON_EIGENLAYER: Channel = (SET, "strategy0", "rollup")
VETOED = "full_restake veto"
SHARED_PURSE = (("", 0), "", VAULT)


def channel_terms(delay: int = 3, staleness: int = 60, reaction: int = 37, is_bounded: bool = True) -> ChannelTerms:
    """Terms of a channel, in points. With `is_bounded` they must fit the window.

    `delay` is that of a table's delivery, `staleness` the time for which a table is fresh. `reaction` is the home
    chain's time to react.
    """
    return ChannelTerms(False, delay, staleness, reaction, is_bounded)


def is_opened(terms: ChannelTerms) -> ChannelTerms:
    return ChannelTerms(True, terms.delay_points, terms.staleness_points, terms.reaction_points, terms.is_bounded)


def opened(chain: Chain, terms: ChannelTerms) -> int:
    """Opens a channel of the subnetwork and sends a table with its one operator. Returns the table's point."""
    chain.do(OpenChannel("network", *ON_SYMBIOTIC, terms))
    point = chain.do(SendTable("network", *ON_SYMBIOTIC, ("operator",)))
    assert isinstance(point, int)
    return point


def certificate(point: int, signers: tuple[str, ...] = ("operator",), threshold: int = 1) -> CheckCertificate:
    return CheckCertificate("anybody", *ON_SYMBIOTIC, point, signers, threshold)


def test_only_its_service_opens_a_channel_once(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    terms = channel_terms()
    assert chain.try_(OpenChannel("operator", *ON_SYMBIOTIC, terms)) is Reason.NOT_THE_SERVICE
    for refused in (
        channel_terms(delay=0),
        channel_terms(reaction=-1),
        channel_terms(delay=3, staleness=2),
        channel_terms(staleness=-1),
    ):
        assert chain.try_(OpenChannel("network", *ON_SYMBIOTIC, refused)) is Reason.INVALID_STALENESS_PERIOD
    assert chain.try_(OpenChannel("network", *ON_SYMBIOTIC, channel_terms(reaction=38))) is Reason.BEYOND_WINDOW
    assert chain.try_(OpenChannel("network", *ON_SYMBIOTIC, channel_terms(staleness=0))) is Reason.BEYOND_WINDOW
    chain.do(OpenChannel("network", *ON_SYMBIOTIC, terms))
    assert chain.now.get(CHANNELS, ON_SYMBIOTIC) == is_opened(terms)
    assert chain.try_(OpenChannel("network", *ON_SYMBIOTIC, terms)) is Reason.CHANNEL_IS_OPEN
    never_stale = channel_terms(staleness=0, is_bounded=False)
    chain.do(OpenChannel("network", SUBNETWORK, VAULT, "other rollup", never_stale))
    assert chain.now.get(CHANNELS, (SUBNETWORK, VAULT, "other rollup")) == is_opened(never_stale)


def test_a_table_says_what_lasts_and_all_together_have(on_symbiotic: Chain) -> None:
    """Each of two operators has all stake of a vault that operators share. The table's total for both counts
    it once.
    """
    chain = on_symbiotic
    assert chain.try_(SendTable("network", *ON_SYMBIOTIC, ())) is Reason.NO_SUCH_CHANNEL
    chain.do(
        sym.SetOperatorNetworkLimit("admin", VAULT, SUBNETWORK, "partner", 700),
        sym.AdvanceTime(5),
        OpenChannel("network", *ON_SYMBIOTIC, channel_terms()),
    )
    both = ("operator", "partner")
    assert chain.try_(SendTable("operator", *ON_SYMBIOTIC, both)) is Reason.NOT_THE_SERVICE
    twice = ("operator", "partner", "operator")
    assert chain.try_(SendTable("network", *ON_SYMBIOTIC, twice)) is Reason.OPERATOR_IS_LISTED
    assert chain.do(SendTable("network", *ON_SYMBIOTIC, both[::-1])) == 1004
    table = (ON_SYMBIOTIC, 1004)
    assert chain.now.get(STAKE_TABLES, table) == StakeTable(True, 2, 1700, 1000)
    assert [chain.now.get(ENTRIES, (table, name)) for name in both] == [Entry(True, 1000), Entry(True, 700)]
    assert chain.try_(SendTable("network", *ON_SYMBIOTIC, twice)) is Reason.TABLE_IS_SENT
    chain.do(sym.AdvanceTime(3), DeliverTable("anybody", *ON_SYMBIOTIC, 1004))
    assert chain.do(certificate(1004, both)) == 1000
    assert chain.do(certificate(1004, ("partner",))) == 700


def test_what_changes_in_a_second_is_of_no_table_yet(on_symbiotic: Chain) -> None:
    """A table holds the stake of the previous second, as far as it is still there in this one."""
    chain = on_symbiotic
    chain.do(OpenChannel("network", *ON_SYMBIOTIC, channel_terms()), sym.AdvanceTime(5))
    chain.do(sym.Withdraw("staker", VAULT, "staker", 300), sym.Deposit("other", VAULT, "other", 50))
    chain.do(SendTable("network", *ON_SYMBIOTIC, ("operator",)))
    table = (ON_SYMBIOTIC, 1004)
    assert chain.now.get(ENTRIES, (table, "operator")) == Entry(True, 750)
    chain.do(sym.Deposit("other", VAULT, "other", 500), sym.AdvanceTime(1))
    chain.do(sym.Deposit("other", VAULT, "other", 500))
    chain.do(SendTable("network", *ON_SYMBIOTIC, ("operator",)))
    assert chain.now.get(ENTRIES, ((ON_SYMBIOTIC, 1005), "operator")) == Entry(True, 1250)


def test_a_table_arrives_after_its_delay_and_never_after_a_newer_one(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    first = opened(chain, channel_terms())
    assert first == 999
    assert chain.try_(DeliverTable("anybody", *ON_SYMBIOTIC, 998)) is Reason.NO_SUCH_TABLE
    chain.do(sym.AdvanceTime(1), SendTable("network", *ON_SYMBIOTIC, ("operator",)))
    chain.do(sym.AdvanceTime(2))
    assert chain.do(DeliverTable("anybody", *ON_SYMBIOTIC, 1000)) is None
    assert chain.now.get(CHANNEL_USES, ON_SYMBIOTIC) == ChannelUse(1000, 0)
    refused = Reason.TABLE_UPDATE_FOR_PAST_TIMESTAMP
    assert chain.try_(DeliverTable("anybody", *ON_SYMBIOTIC, first)) is refused
    chain.do(SendTable("network", *ON_SYMBIOTIC, ("operator",)))
    assert chain.try_(DeliverTable("anybody", *ON_SYMBIOTIC, 1002)) is Reason.TOO_EARLY
    before = chain.state.copy()
    chain.do(DeliverTable("anybody", *ON_SYMBIOTIC, 1000))  # it is there already
    assert chain.state.tables == before.tables


def test_the_checks_of_a_certificate_stand_in_their_order(on_symbiotic: Chain) -> None:
    """Each call passes one check more than the call before it."""
    chain = on_symbiotic
    chain.do(OpenChannel("network", *ON_SYMBIOTIC, channel_terms()))
    point = chain.do(SendTable("network", *ON_SYMBIOTIC, ()))
    assert isinstance(point, int)
    unordered = ("partner", "operator")
    chain.do(sym.AdvanceTime(61))
    assert chain.try_(certificate(point, (), 2000)) is Reason.CERTIFICATE_STALE
    point = chain.do(SendTable("network", *ON_SYMBIOTIC, ()))
    assert isinstance(point, int)
    chain.do(sym.AdvanceTime(3))
    assert chain.try_(certificate(point, (), 2000)) is Reason.REFERENCE_TIMESTAMP_DOES_NOT_EXIST
    chain.do(DeliverTable("anybody", *ON_SYMBIOTIC, point))
    assert chain.try_(certificate(point, (), 2000)) is Reason.INVALID_SIGNATURE_LENGTH
    assert chain.try_(certificate(point, unordered, 2000)) is Reason.SIGNERS_NOT_ORDERED
    assert chain.try_(certificate(point, ("operator", "partner"), 2000)) is Reason.OPERATOR_COUNT_ZERO
    assert chain.try_(DisableTable("anybody", *ON_SYMBIOTIC, point)) is Reason.NOT_THE_SERVICE
    assert chain.try_(DisableTable("network", *ON_SYMBIOTIC, point + 1)) is Reason.NO_SUCH_TABLE
    chain.do(DisableTable("network", *ON_SYMBIOTIC, point))
    assert chain.now.get(STAKE_TABLES, (ON_SYMBIOTIC, point)) == StakeTable(True, 0, 0, 0, True, True)
    assert chain.try_(DisableTable("network", *ON_SYMBIOTIC, point)) is Reason.NO_SUCH_TABLE
    assert chain.try_(DeliverTable("anybody", *ON_SYMBIOTIC, point)) is Reason.NO_SUCH_TABLE
    assert chain.try_(certificate(point, (), 2000)) is Reason.TABLE_IS_DISABLED
    point = chain.do(SendTable("network", *ON_SYMBIOTIC, ("operator",)))
    assert isinstance(point, int)
    chain.do(sym.AdvanceTime(59), DeliverTable("anybody", *ON_SYMBIOTIC, point))
    assert chain.try_(certificate(point, ("operator", "partner"), 2000)) is Reason.VERIFICATION_FAILED
    assert chain.try_(certificate(point, ("operator",), 1001)) is Reason.THRESHOLD_NOT_MET
    assert chain.do(certificate(point, ("operator",), 1000)) == 1000  # in the last second in which it is fresh
    assert chain.now.get(CERTIFICATES, (ON_SYMBIOTIC, 0)) == Certificate(True, point, point + 60, 1000, ("operator",))
    assert chain.now.get(CHANNEL_USES, ON_SYMBIOTIC) == ChannelUse(point, 1)
    chain.do(sym.AdvanceTime(1))
    assert chain.try_(certificate(point)) is Reason.CERTIFICATE_STALE


def test_a_table_without_staleness_is_never_stale(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(sym.AdvanceTime(1))
    point = opened(chain, channel_terms(staleness=0, is_bounded=False))
    chain.do(sym.AdvanceTime(10**6), DeliverTable("anybody", *ON_SYMBIOTIC, point))
    assert chain.do(certificate(point)) == 1000
    assert SYM.left(chain.now, SUBNETWORK, "operator", VAULT, point) == 0


@pytest.mark.parametrize("reaction", [37, 38])
def test_on_symbiotic_the_bound_is_the_epoch(on_symbiotic: Chain, reaction: int) -> None:
    """A certificate is backed at the bound, and not one point beyond it.

    The staker leaves at once. In the last second allowed by the terms, 1000 can be slashed at the bound and nothing
    beyond.
    """
    chain = on_symbiotic
    terms = channel_terms(reaction=reaction, is_bounded=False)
    chain.do(sym.AdvanceTime(150))
    point = opened(chain, terms)
    chain.do(sym.Redeem("staker", VAULT, "staker", 1000), sym.AdvanceTime(59))
    chain.do(DeliverTable("anybody", *ON_SYMBIOTIC, point))
    assert chain.do(certificate(point, threshold=1000)) == 1000
    assert is_within(terms, SYM.window(chain.now, VAULT)) is (reaction == 37)
    now = SYM.reference(chain.now) + 1
    chain.do(sym.AdvanceTime(answered_by(terms, now) - now))
    slash = sym.Slash("middleware", VAULT, SUBNETWORK, "operator", 1000, point)
    if reaction == 37:
        assert SYM.left(chain.now, SUBNETWORK, "operator", VAULT, point) == 1000
        assert chain.do(slash) == (1000, 1000)
    else:
        assert SYM.left(chain.now, SUBNETWORK, "operator", VAULT, point) == 0
        assert repr(chain.try_(slash)) == "<Reason.INVALID_CAPTURE_TIMESTAMP: 'InvalidCaptureTimestamp'>"


@pytest.mark.parametrize("leaves", ["magnitude", "shares", "registration"])
@pytest.mark.parametrize("reaction", [1, 2])
def test_on_eigenlayer_the_bound_is_the_shorter_delay(on_eigenlayer: Chain, leaves: str, reaction: int) -> None:
    """Magnitude can leave after 8 blocks and shares after 10. One block past 8, magnitude is no longer slashable but
    shares are.
    """
    chain = on_eigenlayer
    terms = channel_terms(delay=2, staleness=5, reaction=reaction, is_bounded=False)
    chain.do(OpenChannel("avs", *ON_EIGENLAYER, terms))
    point = chain.do(SendTable("avs", *ON_EIGENLAYER, ("operator",)))
    assert point == 1009
    chain.do(
        {
            "magnitude": el.ModifyAllocations(
                "operator", "operator", (el.AllocationRequest(SET, ("strategy0",), (0,)),)
            ),
            "shares": el.QueueWithdrawals("staker", (el.WithdrawalRequest(("strategy0",), (1000,)),)),
            "registration": el.DeregisterFromOperatorSets("operator", "operator", "avs", (1,)),
        }[leaves]
    )
    chain.do(el.MineBlocks(5), DeliverTable("anybody", *ON_EIGENLAYER, point))
    assert chain.do(CheckCertificate("anybody", *ON_EIGENLAYER, point, ("operator",), 1000)) == 1000
    assert is_within(terms, EL.window(chain.now, "strategy0")) is (reaction == 1)
    chain.do(el.MineBlocks(2 + reaction))
    expected = 0 if reaction == 2 and leaves != "shares" else 1000
    assert EL.left(chain.now, SET, "operator", "strategy0", point) == expected
    slashed = chain.try_(el.SlashOperator("slasher", "avs", "operator", 1, ("strategy0",), (WAD,)))
    if leaves == "registration" and reaction == 2:
        assert repr(slashed) == "<Reason.OPERATOR_NOT_SLASHABLE: 'OperatorNotSlashable'>"
    else:
        assert slashed == (1, (expected,))


def test_shares_in_the_queue_are_slashable_for_the_longer_delay_and_no_block_more(on_eigenlayer: Chain) -> None:
    chain = on_eigenlayer
    chain.do(el.QueueWithdrawals("staker", (el.WithdrawalRequest(("strategy0",), (1000,)),)), el.MineBlocks(10))
    assert EL.left(chain.now, SET, "operator", "strategy0", 1009) == 1000
    chain.do(el.MineBlocks(1))
    assert EL.left(chain.now, SET, "operator", "strategy0", 1009) == 0


def test_a_veto_takes_its_time_of_the_window(on_symbiotic: Chain) -> None:
    """The last executable request comes one veto period before the end of the epoch, and is executed at that end."""
    chain = on_symbiotic
    chain.do(
        sym.OptInVault("operator", VETOED),
        sym.SetMaxNetworkLimit("network", VETOED, 1, 10**6),
        sym.SetNetworkLimit("admin", VETOED, SUBNETWORK, 10**6),
        sym.SetOperatorNetworkLimit("admin", VETOED, SUBNETWORK, "operator", 10**6),
        sym.SetResolver("network", VETOED, 1, "resolver"),
        sym.Deposit("staker", VETOED, "staker", 1000),
        sym.AdvanceTime(10),
    )
    assert SYM.window(chain.now, VETOED) == 80
    vetoed: Channel = (SUBNETWORK, VETOED, "rollup")
    terms = channel_terms(delay=1, staleness=60, reaction=20)
    assert chain.try_(OpenChannel("network", *vetoed, terms)) is Reason.BEYOND_WINDOW
    chain.do(OpenChannel("network", *vetoed, channel_terms(delay=1, staleness=60, reaction=19)))
    assert chain.do(SendTable("network", *vetoed, ("operator",))) == 1009
    chain.do(sym.Redeem("staker", VETOED, "staker", 1000), sym.AdvanceTime(79))
    assert SYM.left(chain.now, SUBNETWORK, "operator", VETOED, 1009) == 1000
    chain.do(sym.RequestSlash("middleware", VETOED, SUBNETWORK, "operator", 1000, 1009), sym.AdvanceTime(20))
    assert chain.do(sym.ExecuteSlash("middleware", VETOED, 0)) == (1000, 1000)


def test_no_window_where_nothing_can_be_slashed_or_shares_go_without_a_slash(
    on_symbiotic: Chain, on_eigenlayer: Chain
) -> None:
    assert SYM.window(on_symbiotic.now, VAULT) == 100
    assert SYM.window(on_symbiotic.now, "full_restake none") == 0
    assert EL.window(on_eigenlayer.now, "strategy0") == 8
    assert EL.window(on_eigenlayer.now, BEACON_CHAIN_ETH) == 0


def test_slashes_of_what_is_counted_are_noted(on_symbiotic: Chain) -> None:
    """The market notes the slashed amount of the vault. An operator's slash makes its earlier captures unslashable."""
    chain = on_symbiotic
    chain.do(sym.AdvanceTime(1), sym.Slash("middleware", VAULT, SUBNETWORK, "operator", 10, 1000))
    assert chain.now.get(SLASHED_OF_PURSES, SHARED_PURSE) == SlashedSoFar()  # nobody counts it yet
    chain.do(sym.AdvanceTime(1))
    point = opened(chain, channel_terms())
    chain.do(sym.AdvanceTime(5), sym.Slash("middleware", VAULT, SUBNETWORK, "operator", 100, point))
    assert chain.now.get(SLASHED_OF_PURSES, SHARED_PURSE) == SlashedSoFar(True, 100)
    assert chain.now.get(FORGONE, (SUBNETWORK, "operator", VAULT)) == ForgoneSoFar(point)
    assert SYM.left(chain.now, SUBNETWORK, "operator", VAULT, point) == 890
    chain.do(sym.Slash("middleware", VAULT, SUBNETWORK, "operator", 90, point + 1))
    assert chain.now.get(FORGONE, (SUBNETWORK, "operator", VAULT)) == ForgoneSoFar(point + 1)
    assert SYM.left(chain.now, SUBNETWORK, "operator", VAULT, point) == 0  # a later capture was slashed
    assert chain.now.get(SLASHED_OF_PURSES, SHARED_PURSE) == SlashedSoFar(True, 190)


def test_slashes_and_withdrawals_are_noted_on_eigenlayer(on_eigenlayer: Chain) -> None:
    chain = on_eigenlayer
    group, purse = ("operator", "strategy0"), (SET, "operator", "strategy0")
    queue = el.QueueWithdrawals("staker", (el.WithdrawalRequest(("strategy0",), (100,)),))
    chain.do(queue, OpenChannel("avs", *ON_EIGENLAYER, channel_terms(1, 2, 3)))
    assert chain.now.get(ROUNDED_OF_GROUPS, group) == RoundedSoFar()
    chain.do(SendTable("avs", *ON_EIGENLAYER, ("operator",)))
    assert chain.now.get(ENTRIES, ((ON_EIGENLAYER, 1009), "operator")) == Entry(True, 900)
    chain.do(queue, el.SlashOperator("slasher", "avs", "operator", 1, ("strategy0",), (WAD // 2,)))
    assert chain.now.get(SLASHED_OF_PURSES, purse) == SlashedSoFar(True, 500)
    assert chain.now.get(ROUNDED_OF_GROUPS, group) == RoundedSoFar(True, 2)


def test_a_set_that_lets_a_strategy_go_forgoes_it(on_eigenlayer: Chain) -> None:
    """After an operator set removes a strategy, an allocation can end at once. Adding the strategy again restores no
    slashable stake.
    """
    chain = on_eigenlayer
    chain.do(OpenChannel("avs", *ON_EIGENLAYER, channel_terms(1, 2, 3)))
    chain.do(SendTable("avs", *ON_EIGENLAYER, ("operator",)), el.MineBlocks(1))
    chain.do(
        el.RemoveStrategiesFromOperatorSet("avs", "avs", 1, ("strategy0",)),
        el.ModifyAllocations("operator", "operator", (el.AllocationRequest(SET, ("strategy0",), (0,)),)),
    )
    assert EL.left(chain.now, SET, "operator", "strategy0", 1009) == 0
    chain.do(el.AddStrategiesToOperatorSet("avs", "avs", 1, ("strategy0",)))
    assert EL.left(chain.now, SET, "operator", "strategy0", 1009) == 0
    assert chain.now.get(FORGONE, (SET, ANY_OPERATOR, "strategy0")) == ForgoneSoFar(1011)


def test_a_service_without_a_middleware_counts_nothing(on_symbiotic: Chain) -> None:
    chain = on_symbiotic
    chain.do(sym.AdvanceTime(1), sym.SetMiddleware("network", ZERO_ADDRESS))
    assert SYM.left(chain.now, SUBNETWORK, "operator", VAULT, 1000) == 1000
    point = opened(chain, channel_terms())
    assert chain.now.get(STAKE_TABLES, (ON_SYMBIOTIC, point)) == StakeTable(True, 1, 0, 0)
