"""A system of claims as a `restake-claims` document: each member's external assets, and the debts between members."""

from fractions import Fraction
from typing import Final

import attrs

from risk.hazards import not_negative, probability
from risk.linear import ONE, ZERO
from risk.network import fields, listed, text
from spec.codec import Json, MalformedTrace, as_object, shown

FORMAT: Final = "restake-claims"
VERSION: Final = 1
MAX_MEMBERS: Final = 60
"""The largest number of members: exact rational clearing of more would take minutes."""


@attrs.frozen
class Claims:
    """A system of claims: members by name, their external assets, and the debts `owed[i][j]` of member i to member j.

    `shock[i]` is the loss of external assets of member i. A default leaves the fraction `external_recovery` of external
    assets, and `claim_recovery` of claims. These are alpha and beta of Rogers and Veraart.
    """

    members: tuple[str, ...]
    external: tuple[Fraction, ...]
    owed: tuple[tuple[Fraction, ...], ...]
    shock: tuple[Fraction, ...]
    external_recovery: Fraction
    claim_recovery: Fraction

    def after_shock(self) -> tuple[Fraction, ...]:
        """The external assets of each member after the shock, in the order of `members`."""
        return tuple(amount - loss for amount, loss in zip(self.external, self.shock, strict=True))

    def impacts(self) -> list[list[Fraction]]:
        """The input `impacts[j][i]` of DebtRank: member i's claim on member j, as a fraction of i's equity before the
        shock.

        It is at most 1. It is 0 without a claim, and 1 for a claim of a member without positive equity.
        """
        size = len(self.members)
        received = [sum((row[i] for row in self.owed), ZERO) for i in range(size)]
        equity = [self.external[i] + received[i] - sum(self.owed[i], ZERO) for i in range(size)]
        return [
            [ZERO if not row[i] else ONE if equity[i] <= 0 else min(ONE, row[i] / equity[i]) for i in range(size)]
            for row in self.owed
        ]

    def distress(self) -> list[Fraction]:
        """The fraction of each member's equity that the shock itself destroys, at most 1.

        It is 0 without a loss, and 1 for a member with a loss and no positive equity.
        """
        size = len(self.members)
        received = [sum((row[i] for row in self.owed), ZERO) for i in range(size)]
        equity = [self.external[i] + received[i] - sum(self.owed[i], ZERO) for i in range(size)]
        return [
            ZERO if not loss else ONE if equity[i] <= 0 else min(ONE, loss / equity[i])
            for i, loss in enumerate(self.shock)
        ]


def read(document: Json) -> Claims:
    """The system of claims of a `restake-claims` document. Raises MalformedTrace,
    with the field, if it is malformed.
    """
    root = fields(document, "", ("format", "version", "members", "claims"), ("shock", "alpha", "beta"))
    if root["format"] != FORMAT:
        raise MalformedTrace("format", f"expected {FORMAT!r}, got {shown(root['format'])}")
    if root["version"] != VERSION or isinstance(root["version"], bool):
        raise MalformedTrace("version", f"expected {VERSION}, got {shown(root['version'])}")
    external = {
        name: not_negative(value, f"members.{name}") for name, value in as_object(root["members"], "members").items()
    }
    if len(external) > MAX_MEMBERS:
        raise MalformedTrace("members", f"{len(external)} members; at most {MAX_MEMBERS} are cleared exactly")
    members = tuple(external)
    owed = {name: dict.fromkeys(members, ZERO) for name in members}
    for position, value in enumerate(listed(root["claims"], "claims")):
        place = f"claims[{position}]"
        row = fields(value, place, ("from", "to", "amount"))
        debtor, creditor = (text(row[key], f"{place}.{key}") for key in ("from", "to"))
        for key, name in (("from", debtor), ("to", creditor)):
            if name not in external:
                raise MalformedTrace(f"{place}.{key}", f"unknown member {shown(name)}")
        if debtor == creditor:
            raise MalformedTrace(place, f"{shown(debtor)} owes itself")
        owed[debtor][creditor] += not_negative(row["amount"], f"{place}.amount")
    shock = dict.fromkeys(members, ZERO)
    for name, value in as_object(root.get("shock", {}), "shock").items():
        if name not in external:
            raise MalformedTrace(f"shock.{name}", f"unknown member {shown(name)}")
        shock[name] = not_negative(value, f"shock.{name}")
        if shock[name] > external[name]:
            raise MalformedTrace(f"shock.{name}", "more than it owns outside")
    return Claims(
        members,
        tuple(external.values()),
        tuple(tuple(owed[debtor].values()) for debtor in members),
        tuple(shock.values()),
        probability(root.get("alpha", "1"), "alpha"),
        probability(root.get("beta", "1"), "beta"),
    )
