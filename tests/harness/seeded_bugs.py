"""Twenty bugs to seed in the independent client: each replaces a text in one of its files.

`shortest_calls` is the number of calls with which a person can show the bug, counted by hand in a world of the walks.
"""

from pathlib import Path
from shutil import copytree
from typing import Final

import attrs

import harness.clients

CLIENT: Final = Path(harness.clients.__file__).parent / "independent"


@attrs.frozen
class SeededBug:
    """One bug to seed in the independent client: the file, the right and the wrong text, and `lane`, the smallest run
    that finds it.
    """

    name: str
    file: str
    right: str
    wrong: str
    shortest_calls: int
    lane: str = "smoke"

    def seeded(self, folder: Path) -> Path:
        """Copy the client, with the bug, to a new folder in `folder`. Returns the path of its program."""
        copy = folder / self.name
        copytree(CLIENT, copy)
        source = (copy / self.file).read_text(encoding="utf-8")
        assert source.count(self.right) == 1, (self.name, source.count(self.right))
        (copy / self.file).write_text(source.replace(self.right, self.wrong), encoding="utf-8")
        return copy / "client.mjs"


BUGS: Final = (
    SeededBug(
        "deposit_limit_is_never_reached_exactly",
        "vault.mjs",
        "add(stake, deposited) > this.depositLimit",
        "add(stake, deposited) >= this.depositLimit",
        3,
        "ci",
    ),
    SeededBug(
        "whitelist_asks_for_the_receiver",
        "vault.mjs",
        "!this.whitelisted.has(sender)",
        "!this.whitelisted.has(onBehalfOf)",
        3,
        "ci",
    ),
    SeededBug(
        "deposit_is_credited_to_the_sender",
        "vault.mjs",
        "this.activeSharesOf.set(onBehalfOf, this.activeSharesOf.get(onBehalfOf) + minted);",
        "this.activeSharesOf.set(sender, this.activeSharesOf.get(sender) + minted);",
        1,
        "ci",
    ),
    SeededBug(
        "withdrawal_waits_an_epoch_less",
        "vault.mjs",
        "const epoch = this.epoch() + 1n;",
        "const epoch = this.epoch();",
        2,
    ),
    SeededBug(
        "withdrawal_rounds_down",
        "arithmetic.mjs",
        "return mulDivUp(assets, add(totalShares, 1n), add(totalAssets, 1n));",
        "return mulDivDown(assets, add(totalShares, 1n), add(totalAssets, 1n));",
        7,
        "ci",
    ),
    SeededBug(
        "redemption_rounds_up",
        "arithmetic.mjs",
        "return mulDivDown(shares, add(totalAssets, 1n), add(totalShares, 1n));",
        "return mulDivUp(shares, add(totalAssets, 1n), add(totalShares, 1n));",
        6,
    ),
    SeededBug(
        "claim_of_an_epoch_that_is_not_over",
        "vault.mjs",
        "if (epoch >= this.epoch())",
        "if (epoch > this.epoch())",
        1,
        "ci",
    ),
    SeededBug(
        "claim_twice_in_one_batch",
        "vault.mjs",
        "this.claimed.has(key) || now.has(key)",
        "this.claimed.has(key)",
        3,
        "ci",
    ),
    SeededBug(
        "slash_spares_this_epochs_bucket",
        "vault.mjs",
        "this.epochAt(capture) === epoch ? 0n : this.withdrawals.get(epoch)",
        "0n",
        7,
        "ci",
    ),
    SeededBug(
        "slash_takes_the_next_bucket_first",
        "vault.mjs",
        "let ofNext = mulDivDown(slashed, next, total);",
        "let ofNext = min(next, slashed - ofActive);",
        8,
        "ci",
    ),
    SeededBug(
        "network_limit_outlives_the_maximum",
        "delegator.mjs",
        "min(history.latest(), limit)",
        "history.latest()",
        3,
        "ci",
    ),
    SeededBug(
        "total_shares_keep_what_was_replaced",
        "delegator.mjs",
        "add(sub(total.latest(), history.latest()), after)",
        "add(total.latest(), after)",
        2,
        "ci",
    ),
    SeededBug(
        "full_restake_forgets_the_operators_limit",
        "delegator.mjs",
        "return min(limited, this.operatorNetworkLimit.get(pair(subnetwork, operator)).at(timestamp));",
        "return limited;",
        5,
        "ci",
    ),
    SeededBug(
        "operator_specific_takes_any_operator",
        "delegator.mjs",
        "return operator === this.operator ? limited : 0n;",
        "return limited;",
        5,
        "ci",
    ),
    SeededBug(
        "opting_out_in_the_second_of_opting_in",
        "symbiotic.mjs",
        'if (history.last().timestamp === this.now) throw new Rejected("OptOutCooldown");',
        "",
        2,
        "ci",
    ),
    SeededBug(
        "capture_of_this_very_second",
        "slasher.mjs",
        'capture < sub(now, this.vault.epochDuration) || capture >= now) throw new Rejected("Inv',
        'capture < sub(now, this.vault.epochDuration) || capture > now) throw new Rejected("Inv',
        2,
        "ci",
    ),
    SeededBug(
        "slashed_stake_is_slashable_again",
        "slasher.mjs",
        "return stake - min(booked.latest() - booked.at(capture), stake);",
        "return stake;",
        6,
    ),
    SeededBug(
        "execution_in_the_last_second_of_the_veto",
        "slasher.mjs",
        "if (resolved && now < request.vetoDeadline)",
        "if (resolved && now <= request.vetoDeadline)",
        9,
        "ci",
    ),
    SeededBug(
        "completion_is_checked_before_the_amount",
        "slasher.mjs",
        """    if (slashed === 0n) throw new Rejected("InsufficientSlash");
    if (completed) throw new Rejected("SlashRequestCompleted");
""",
        """    if (completed) throw new Rejected("SlashRequestCompleted");
    if (slashed === 0n) throw new Rejected("InsufficientSlash");
""",
        9,
        "ci",
    ),
    SeededBug(
        "new_resolver_waits_from_now",
        "slasher.mjs",
        "const from = this.vault.epochStart() +",
        "const from = now +",
        3,
        "ci",
    ),
)
