"""Few states, for the search for a counterexample; no proof uses them.

The account of a mandate has its name in it, so one mandate is searched, and so is one vault of receipts. The value of a
position is the price of its group, as in the plain rules, which know a pool's window, too. The price of a policy is a
product of four numbers, of which solvers find no model. A search may restrict itself to funds that ask for the expected
loss alone, to an expected loss of one part in WAD in a year of one point, and to terms of one point.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from proofs.market.contracts import CONTRACTS
from proofs.paths import path
from proofs.setup import Contracts
from proofs.symbols import term_of


def _price_is_low(module: ModuleType) -> None:
    of_rule = module.__dict__["premium_of"]

    def yearly_premium_wad(terms: Any, risk: Any, *_others: Any) -> int:
        """A yearly premium of one part in WAD. It is assumed that the fund asks for the expected loss alone, that this
        is one part in WAD, and that a year is one point.
        """
        nothing = (terms.slope_wad, terms.steep_slope_wad, terms.loading_wad)
        for condition in (*[part == 0 for part in nothing], risk.expected_loss_wad == 1, risk.points_per_year == 1):
            path().assume(term_of(condition))
        return 1

    def premium_of(cover_grains: Any, yearly_wad: Any, term_points: Any, points_per_year: Any) -> Any:
        """The premium of a policy for one point, where a year is one point long, too."""
        for number in (term_points, points_per_year):
            path().assume(term_of(number == 1))
        return of_rule(cover_grains, yearly_wad, 1, 1)

    module.__dict__["yearly_premium_wad"] = yearly_premium_wad
    module.__dict__["premium_of"] = premium_of


def _account_of_main(_account: Any, mandate: Any) -> str:
    """The account of the mandate "main", as plain rules name it. It is assumed that the mandate is this one."""
    path().assume(term_of(mandate) == term_of("main"))
    return "market/mandates/main"


def _mandate_is_main(module: ModuleType) -> None:
    module.__dict__["account_of"] = _account_of_main


_OF_MANDATES: Final[Contracts] = {**CONTRACTS, "spec.market.mandates": _mandate_is_main}


def _account_of_liquid(_account: Any, vault: Any) -> str:
    """The account of one vault under its real name, as plain rules have it."""
    path().assume(term_of(vault) == term_of("liquid"))
    return "market/liquid"


def _vault_is_liquid(module: ModuleType) -> None:
    module.__dict__["account_of"] = _account_of_liquid


_OF_RECEIPTS: Final[Contracts] = {**CONTRACTS, "spec.market.receipts": _vault_is_liquid}


def _value_is_the_price(module: ModuleType) -> None:
    of_rule = module.__dict__["any_value"]
    CONTRACTS["proofs.market.free"](module)
    module.__dict__["any_value"] = of_rule


_OF_VALUES: Final[Contracts] = {"proofs.market.free": _value_is_the_price}


def _window_is_known(module: ModuleType) -> None:
    of_rule = module.__dict__["any_window"]
    CONTRACTS["proofs.market.free"](module)
    module.__dict__["any_window"] = of_rule


_OF_WINDOWS: Final[Contracts] = {**CONTRACTS, "proofs.market.free": _window_is_known}

COUNTERMODELS: Final[Mapping[str, Contracts]] = {
    "BuyPolicy": {**CONTRACTS, **_OF_VALUES, "spec.market.policies": _price_is_low},
    "CheckCertificate": _OF_WINDOWS,
    "EnrolMandate": _OF_MANDATES,
    "Give": _OF_RECEIPTS,
    "Mint": _OF_RECEIPTS,
    "OpenChannel": _OF_WINDOWS,
    "OpenVault": _OF_RECEIPTS,
    "Rebalance": _OF_MANDATES,
    "RedeemReceipts": _OF_RECEIPTS,
    "Revalue": _OF_RECEIPTS,
    "Settle": _OF_RECEIPTS,
    "TakeStake": {**CONTRACTS, **_OF_VALUES},
}
"""The map from call to the trusted contracts used in the search for a counterexample."""
