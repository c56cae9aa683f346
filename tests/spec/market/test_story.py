"""The market's page is true: its story runs, and its laws are those of the catalogue."""

import re
from pathlib import Path

from harness.mutants.mutant import read_catalogue
from harness.pack import ProtocolPack
from harness.protocols import pack_at
from invariants.eigenlayer.laws import CATALOGUE as BASE_CATALOGUE
from invariants.market.eigenlayer import CATALOGUE
from spec.machine import SINGLETON
from spec.market.chains_state import CHANNEL_USES, ChannelUse
from spec.market.mandates_state import PACES, Pace, Target
from spec.market.receipts_state import ISSUED, Receipts
from spec.market.recourses.symbiotic import RECOURSE
from spec.market.state import TREASURY, Treasury
from spec.market.symbiotic import AUTHORITY
from tests.spec.market.conftest import MANDATED, VAULT, Chain

DOCS = Path(__file__).parents[3] / "docs"
PAGE, INSURANCE, RECEIPTS, ALLOCATION, CHAINS = [
    (DOCS / f"{name}.md").read_text() for name in ("market", "insurance", "receipts", "allocation", "chains")
]
NAMES = """
from spec.market.actions import ClaimFees, CountHolding, CountPosition, Enrol, FundOffer, Join, OpenOffer, StepRate
from spec.market.reasons import Reason
from spec.market.rates import BASE_FEE
from spec.market.state import CLAIMABLES, METERS, Risk, Terms
from spec.symbiotic.actions import AdvanceTime, Deposit, Slash
WAD = 10**18
"""
OF_INSURANCE = """
from spec.market.actions import AnnounceExit, BuyPolicy, Exit, OpenFund, ReleasePolicy, Underwrite
from spec.market.insurance_state import FUNDS, FundTerms
"""
OF_RECEIPTS = """
from spec.market.actions import Mint, OpenReceiptVault, RedeemReceipts
from spec.symbiotic.actions import Claim
"""
OF_MANDATES = """
from spec.market.actions import AdoptPlan, OpenMandate, ProposePlan, Rebalance
from spec.market.mandates_state import Cap, Target
"""
OF_CHAINS = """
from spec.market.chains_actions import CheckCertificate, DeliverTable, DisableTable, OpenChannel, SendTable
from spec.market.chains_state import ChannelTerms
from spec.symbiotic.actions import Redeem
"""


def helpers() -> str:
    """The Python definitions with which the market's pages begin, and which their stories use."""
    firsts: list[str] = [re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0] for page in (PAGE, INSURANCE)]
    return "".join(firsts)


def test_the_story_runs(on_symbiotic: Chain) -> None:
    _, story, _ = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(NAMES + OF_INSURANCE + helpers() + story, "docs/market.md", "exec"), {"chain": on_symbiotic})
    assert on_symbiotic.now.get(TREASURY, SINGLETON) == Treasury(funded=100, paid=10)


def test_the_story_of_the_insurance_runs(on_symbiotic: Chain) -> None:
    _, story = re.findall(r"```python\n(.*?)```", INSURANCE, re.DOTALL)
    exec(compile(NAMES + OF_INSURANCE + helpers() + story, "docs/insurance.md", "exec"), {"chain": on_symbiotic})
    assert on_symbiotic.now.get(TREASURY, SINGLETON) == Treasury(funded=1019, paid=1019)


def test_the_story_of_receipts_runs(on_symbiotic: Chain) -> None:
    (story,) = re.findall(r"```python\n(.*?)```", RECEIPTS, re.DOTALL)
    exec(compile(NAMES + OF_RECEIPTS + story, "docs/receipts.md", "exec"), {"chain": on_symbiotic})
    assert [on_symbiotic.now.get(ISSUED, vault) for vault in ("liquid", "lender")] == [Receipts(0, 0, 1000)] * 2


def test_the_story_of_allocation_runs(curated: Chain) -> None:
    (story,) = re.findall(r"```python\n(.*?)```", ALLOCATION, re.DOTALL)

    def limits(*targets: Target) -> tuple[int, ...]:
        return tuple(AUTHORITY.allocated(curated.now, MANDATED, VAULT, target).amount for target in targets)

    names = {"chain": curated, "vault": VAULT, "limits": limits}
    exec(compile(NAMES + OF_MANDATES + story, "docs/allocation.md", "exec"), names)
    assert curated.now.get(PACES, "main") == Pace(reserve_wad=0, next_point=1100)


def test_the_story_of_other_chains_runs(on_symbiotic: Chain) -> None:
    (story,) = re.findall(r"```python\n(.*?)```", CHAINS, re.DOTALL)

    def slashable_for(point: int) -> int:
        return RECOURSE.left(on_symbiotic.now, ("network", 1), "operator", VAULT, point)

    names = {"chain": on_symbiotic, "slashable_for": slashable_for}
    exec(compile(NAMES + OF_CHAINS + story, "docs/chains.md", "exec"), names)
    used = [on_symbiotic.now.get(CHANNEL_USES, (("network", 1), VAULT, f"{name} rollup")) for name in ("strict", "lax")]
    assert used == [ChannelUse(1099, 1), ChannelUse(1099, 2)]


def test_the_story_through_all_five_parts_runs(mandated: Chain) -> None:
    _, _, story = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    def limits(*targets: Target) -> tuple[int, ...]:
        return tuple(AUTHORITY.allocated(mandated.now, MANDATED, VAULT, target).amount for target in targets)

    def slashable_for(point: int) -> int:
        return RECOURSE.left(mandated.now, ("network", 1), "operator", VAULT, point)

    names = {"chain": mandated, "vault": VAULT, "limits": limits, "slashable_for": slashable_for}
    words = NAMES + OF_INSURANCE + OF_RECEIPTS + OF_MANDATES + OF_CHAINS + helpers()
    exec(compile(words + story, "docs/market.md", "exec"), names)
    assert mandated.now.get(ISSUED, "liquid") == Receipts(0, 0, 1030)
    assert mandated.now.get(CHANNEL_USES, (("network", 1), VAULT, "rollup")) == ChannelUse(1039, 1)


def test_the_pages_have_every_law_of_the_market() -> None:
    base = {law.law_id for law in BASE_CATALOGUE.laws()}
    laws = [(law.law_id, law.sentence) for law in CATALOGUE.laws() if law.law_id not in base]
    found = re.findall(r"^\| (ALC-\d\d) \| (.*) \|$", ALLOCATION, re.MULTILINE)
    assert found == sorted([law for law in laws if law[0] < "CHN"])
    found = re.findall(r"^\| (CHN-\d\d) \| (.*) \|$", CHAINS, re.MULTILINE)
    assert found == sorted([law for law in laws if "CHN" < law[0] < "FEE"])
    found = re.findall(r"^\| (FEE-\d\d) \| (.*) \|$", PAGE, re.MULTILINE)
    assert found == [law for law in laws if "FEE" < law[0] < "INS"]
    found = re.findall(r"^\| (INS-\d\d) \| (.*) \|$", INSURANCE, re.MULTILINE)
    assert found == sorted([law for law in laws if "INS" < law[0] < "RCP"])
    found = re.findall(r"^\| (RCP-\d\d) \| (.*) \|$", RECEIPTS, re.MULTILINE)
    assert found == sorted([law for law in laws if law[0] > "RCP"])


def test_the_page_counts_the_bugs() -> None:
    packs: list[ProtocolPack] = [pack_at(f"harness.packs.market.{base}:PACK") for base in ("eigenlayer", "symbiotic")]
    assert packs[0].mutants is not None
    bugs = read_catalogue(Path(packs[0].mutants), packs)
    assert f"has {len(bugs)} bugs" in PAGE
    assert {bug.protocols for bug in bugs} == {
        ("market_on_eigenlayer", "market_on_symbiotic"),
        ("market_on_eigenlayer",),
        ("market_on_symbiotic",),
    }
