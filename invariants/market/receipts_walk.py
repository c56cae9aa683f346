"""Calls about receipts for walks above any base protocol: vaults on pools, vaults on vaults, and runs on them."""

from typing import Any, Final

from invariants.choices import Choices
from invariants.market.cast import Cast
from spec.machine import Draft
from spec.market.actions import Give, Mint, OpenReceiptVault, RedeemReceipts, Revalue, Settle
from spec.market.receipts import account_of
from spec.market.receipts_state import ISSUED, RECEIPT_VAULTS, RECEIPTS, REDEMPTIONS
from spec.market.transition import ACCOUNT

ON_POOLS: Final = ("liquid", "marked")
ABOVE: Final = {"above": "liquid", "higher": "above", "highest": "higher"}
VAULT_NAMES: Final = (*ON_POOLS, *ABOVE)
ACCOUNTS: Final = tuple(account_of(ACCOUNT, vault) for vault in ON_POOLS)
AMOUNTS: Final = (10**18, 10**17, 1000, 3, 10**18, 10**16 + 7, 1)
HUGE: Final = 10**40


def open_vaults(cast: Cast) -> list[Any]:
    """Calls that open a vault on the first pool, one with a mark, and three vaults stacked above the first."""
    pool, operator = cast.pools[0], cast.operators[0]
    return [
        OpenReceiptVault("anybody", "liquid", pool, operator, ""),
        OpenReceiptVault("anybody", "marked", pool, operator, "", 40),
        *[OpenReceiptVault("anybody", vault, "", "", beneath) for vault, beneath in ABOVE.items()],
    ]


def receipts_action(cast: Cast, choices: Choices, draft: Draft) -> Any:
    """The walk's next call about receipts, or a slash of stake that receipt vaults hold. Mostly accepted."""
    vault, holder = choices.pick(VAULT_NAMES), choices.pick(cast.payers[:2])
    if choices.one_in(20):
        return _spoilt(cast, choices, vault, holder)
    if cast.send_away is not None and choices.one_in(48):
        return cast.send_away(choices, draft, choices.pick(ACCOUNTS))
    row = draft.get(RECEIPT_VAULTS, vault)
    if not row.is_open:
        beneath = ABOVE.get(vault, "")
        pool, operator = (cast.pools[0], choices.pick(cast.operators)) if beneath == "" else ("", "")
        return OpenReceiptVault(holder, vault, pool, operator, beneath, 40 if vault == "marked" else 0)
    mine = draft.get(RECEIPTS, (vault, holder)).amount
    kind = choices.below(13)
    if kind < 4 or draft.get(ISSUED, vault).amount == 0:
        return Mint(holder, vault, _amount(choices, draft, row.beneath, holder), choices.pick((1, 0, 1, 1, HUGE, 1)))
    if kind < 5:
        return Give(holder, vault, _amount(choices, draft, row.beneath, holder))
    if kind < 9 and mine > 0:
        part = choices.pick((mine, mine >> 1, mine >> 3, 1, mine >> 1, mine + 1))
        return RedeemReceipts(holder, vault, max(part, 1), choices.pick((1, 0, 1, 1, HUGE, 1)))
    if kind < 10:
        return Revalue(holder, "marked")
    if kind < 11:
        return cast.slash(choices, draft, cast.services[0], choices.pick(cast.operators), cast.pools[0])
    return Settle(holder, choices.pick(ON_POOLS), _number(choices, draft))


def _amount(choices: Choices, draft: Draft, beneath: str, holder: str) -> int:
    """A drawn amount of tokens, or part of the holder's receipts of the vault beneath. It can be one more than it
    holds.
    """
    if beneath == "":
        return choices.pick(AMOUNTS)
    held = draft.get(RECEIPTS, (beneath, holder)).amount
    return max(choices.pick((held, held >> 1, held >> 1, held >> 4, held + 1)), 1)


def _number(choices: Choices, draft: Draft) -> int:
    """The number of a redemption: usually of a pending one of any vault, otherwise a random number below 12."""
    waiting = [
        number for number in range(40) for vault in ON_POOLS if draft.get(REDEMPTIONS, (vault, number)).holder != ""
    ]
    return choices.pick(tuple(waiting)) if waiting and not choices.one_in(3) else choices.below(12)


def _spoilt(cast: Cast, choices: Choices, vault: str, holder: str) -> Any:
    """A call that is mostly rejected: a missing vault, an amount of zero, or more than the account has."""
    calls: tuple[Any, ...] = (
        OpenReceiptVault(holder, vault, cast.pools[0], cast.operators[0], ""),
        OpenReceiptVault(holder, "crooked", "", "", ""),
        OpenReceiptVault(holder, "floating", "", "", "nothing"),
        OpenReceiptVault(holder, "stuck", cast.pools[0], "nobody", ""),
        Mint(holder, "nothing", 1, 0),
        Mint(holder, vault, 0, 0),
        Mint(holder, vault, HUGE, 0),
        Give(holder, "nothing", 1),
        Give(holder, vault, 0),
        Give(holder, vault, HUGE),
        RedeemReceipts("nobody", vault, 1, 0),
        Settle(holder, "above", 0),
        Settle(holder, "liquid", 1000),
        Revalue(holder, "liquid"),
    )
    return choices.pick(calls)
