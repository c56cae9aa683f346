"""Rewards in Symbiotic's traces: the declarations of a file, and the calls.

A file whose `extension` is `rewards-1` declares the reward tokens, and two middlewares' balances of each. It also
declares the rewards contract of each vault, and the trees of the roots that networks set. Any other file has none of
these.
"""

import sys
from collections.abc import Mapping
from typing import Final, cast

from spec.codec import (
    ActionFormat,
    Amount,
    Flag,
    Format,
    Json,
    ListOf,
    MalformedTrace,
    MapOf,
    Name,
    Names,
    Number,
    Record,
    Text,
    argument,
    as_object,
    check_fields,
    shown,
)
from spec.machine import State
from spec.symbiotic import actions
from spec.symbiotic.config import ADMIN_FEE_BASE_BIPS, OPERATOR_REWARDS, ZERO_ADDRESS, ZERO_ROOT
from spec.symbiotic.rewards_observation import CONTRACT_PREFIX, RewardsWorld, contract_of
from spec.symbiotic.staker_rewards import MALFORMED_HINT, NO_HINT
from spec.symbiotic.state import (
    ADMIN_FEES,
    ALLOWANCES,
    STAKER_REWARDS,
    TOKEN_BALANCES,
    AdminFee,
    Allowance,
    StakerRewards,
    TokenBalance,
)

EXTENSION: Final = "rewards-1"
HEAD: Final = ("extension", "trees")
CONFIG: Final = ("rewardTokens", "rewardBalances")
VAULT_CONFIG: Final = "rewards"
PAYERS: Final = ("middleware0", "middleware1")
"""The accounts that hold reward tokens at the start, and have approved every rewards contract."""

RECIPIENT: Final = "recipient0"
"""An account that every trace with rewards has in addition to those that it lists, as a recipient of rewards."""

TOKEN: Final = Name("reward token")
TREE: Final = Name("tree", null=ZERO_ROOT)
LEAF: Final = "leaf"
"""The key under which a trace's names hold those of all leaves. A leaf's name is its tree, row, account and amount,
separated by spaces.
"""


class ContractOf(Format):
    """A staker rewards contract, written as the name of its vault."""

    def read(self, value: Json, where: str, names: Names) -> object:
        return sys.intern(contract_of(cast(str, Name("vault").read(value, where, names))))

    def write(self, value: object) -> Json:
        return cast(str, value).removeprefix(CONTRACT_PREFIX)


class Hint(Format):
    """A hint: the position, from 0, of the checkpoint that a look-up will find. JSON null stands for no hint, and
    `short` for bytes that hold no uint32.

    In Python these two are NO_HINT and MALFORMED_HINT.
    """

    def read(self, value: Json, where: str, names: Names) -> object:
        if value is None:
            return NO_HINT
        if value == "short":
            return MALFORMED_HINT
        place = cast(int, Number(256).read(value, where, names))
        return place if place < NO_HINT else MALFORMED_HINT

    def write(self, value: object) -> Json:
        hint = cast(int, value)
        return None if hint == NO_HINT else "short" if hint > NO_HINT else hint


class OperatorClaim(ActionFormat):
    """The format of a claim of operator rewards: its arguments, with `proofHolds` instead of a Merkle proof.

    `proofHolds` is true if the proof proves the leaf under the current root, that of `tree`. A recording also has the
    proof itself. So a claim that is false only because the root has changed is read with the root of `tree`.
    """

    def read(self, sender: object, value: Json, where: str, names: Names) -> object:
        given = self.arguments.read_fields(value, where, names)
        names_given, total_claimable, tree = cast("list[str]", given[:3]), cast(int, given[3]), cast(str, given[4])
        holds, row, tamper = given[5:8]
        recipient, network, token = names_given
        caller = cast(str, sender)
        leaf = _leaf(tree, row, caller, total_claimable)
        proof_root = tree if holds or (tamper is None and leaf in names[LEAF]) else ZERO_ROOT
        return actions.ClaimOperatorRewards(caller, recipient, network, token, total_claimable, proof_root)

    def write(self, action: object) -> Json:
        claim = cast(actions.ClaimOperatorRewards, action)
        return {
            "recipient": claim.recipient,
            "network": claim.network,
            "token": claim.token,
            "totalClaimable": str(claim.total_claimable),
            "tree": TREE.write(claim.proof_root),
            "proofHolds": claim.proof_root != ZERO_ROOT,
        }


class OrNull(Format):
    """JSON null, which is None in Python, or a value of the format `item`."""

    def __init__(self, item: Format) -> None:
        self.item: Final = item

    def read(self, value: Json, where: str, names: Names) -> object:
        return None if value is None else self.item.read(value, where, names)

    def write(self, value: object) -> Json:
        return None if value is None else self.item.write(value)


def _leaf(tree: str, row: object, account: str, total_claimable: int) -> str:
    return f"{tree} {row} {account} {total_claimable}"


ACCOUNT: Final = Name("account")
CONTRACT: Final = argument("vault", ContractOf(), "contract")
RECIPIENT_ARG: Final = argument("recipient", ACCOUNT)
NETWORK: Final = argument("network", ACCOUNT)
TOKEN_ARG: Final = argument("token", TOKEN)
AMOUNT: Final = argument("amount", Amount())

ACTION_FORMATS: Final[dict[str, ActionFormat]] = {
    "transfer_reward": ActionFormat(actions.TransferReward, [TOKEN_ARG, argument("to", ACCOUNT), AMOUNT]),
    "distribute_staker_rewards": ActionFormat(
        actions.DistributeStakerRewards,
        [
            CONTRACT,
            NETWORK,
            TOKEN_ARG,
            AMOUNT,
            argument("timestamp", Number(48)),
            argument("maxAdminFee", Amount(), "max_admin_fee_bips"),
            argument("activeSharesHint", Hint(), "active_shares_hint"),
            argument("activeStakeHint", Hint(), "active_stake_hint"),
        ],
    ),
    "claim_staker_rewards": ActionFormat(
        actions.ClaimStakerRewards,
        [
            CONTRACT,
            RECIPIENT_ARG,
            TOKEN_ARG,
            NETWORK,
            argument("maxRewards", Amount(), "max_rewards"),
            argument("activeSharesOfHints", ListOf(Hint()), "active_shares_of_hints"),
        ],
    ),
    "claim_admin_fee": ActionFormat(actions.ClaimAdminFee, [CONTRACT, RECIPIENT_ARG, TOKEN_ARG]),
    "set_admin_fee": ActionFormat(actions.SetAdminFee, [CONTRACT, argument("adminFee", Amount(), "fee_bips")]),
    "distribute_operator_rewards": ActionFormat(
        actions.DistributeOperatorRewards, [NETWORK, TOKEN_ARG, AMOUNT, argument("tree", TREE, "root")]
    ),
    "claim_operator_rewards": OperatorClaim(
        actions.ClaimOperatorRewards,
        [
            RECIPIENT_ARG,
            NETWORK,
            TOKEN_ARG,
            argument("totalClaimable", Amount(), "total_claimable"),
            argument("tree", TREE, "proof_root"),
            argument("proofHolds", Flag()),
            argument("row", OrNull(Number(32))),
            argument("tamper", OrNull(Text())),
            argument("proof", ListOf(Text())),
        ],
        [("amount", Amount())],
        optional={"row": None, "tamper": None, "proof": ()},
    ),
}
"""The format of every call about rewards, by its name in traces."""

LEAF_ROW: Final = Record(
    lambda account, total: (account, total), [("account", "", Text()), ("totalClaimable", "", Amount())]
)
TREES: Final = MapOf(Text(), Record(lambda _root, rows: rows, [("root", "", Text()), ("rows", "", ListOf(LEAF_ROW))]))
ROLES: Final = Record(
    lambda *roles: roles,
    [
        ("adminFee", "", Amount()),
        ("defaultAdmin", "", Name("sender", null=ZERO_ADDRESS)),
        ("adminFeeClaimer", "", Name("sender", null=ZERO_ADDRESS)),
        ("adminFeeSetter", "", Name("sender", null=ZERO_ADDRESS)),
    ],
)


def has_rewards(head: Mapping[str, Json]) -> bool:
    """True if a file has the extension for rewards. Raises MalformedTrace if it has only a part of it."""
    if not set(HEAD) & set(head):
        return False
    check_fields({name: head[name] for name in HEAD if name in head}, HEAD, "")
    if head["extension"] != EXTENSION:
        raise MalformedTrace("extension", f"unknown extension {shown(head['extension'])}")
    return True


def declare(head: Mapping[str, Json], config: Mapping[str, Json], names: dict[str, frozenset[str]]) -> None:
    """Add the tokens, trees, leaves and accounts that a file with rewards declares to `names`."""
    names.update({TOKEN.kind: frozenset(), TREE.kind: frozenset(), LEAF: frozenset()})
    if not has_rewards(head):
        return
    tokens = cast("tuple[str, ...]", ListOf(Text()).read(config["rewardTokens"], "config.rewardTokens", {}))
    trees = cast("dict[str, tuple[tuple[str, int], ...]]", TREES.read(head["trees"], "trees", {}))
    if ZERO_ROOT in trees:
        raise MalformedTrace("trees", f"{ZERO_ROOT!r} is the name of no tree")
    contracts = {contract_of(vault) for vault in names["vault"]} | {OPERATOR_REWARDS}
    if contracts & names["account"] or RECIPIENT in names["account"]:
        raise MalformedTrace("config", "an account is declared twice")
    names["sender"] |= {RECIPIENT}
    names["account"] |= contracts | {RECIPIENT}
    names[TOKEN.kind] = frozenset(tokens)
    names[TREE.kind] = frozenset(trees)
    names[LEAF] = frozenset(
        [_leaf(tree, row, *leaf) for tree, leaves in trees.items() for row, leaf in enumerate(leaves)]
    )


def create(state: State, config: Mapping[str, Json], names: Names) -> RewardsWorld:
    """Add rewards to the starting state. Returns the contracts and tokens that the trace's states show."""
    tokens = cast("tuple[str, ...]", ListOf(TOKEN).read(config["rewardTokens"], "config.rewardTokens", names))
    where = "config.rewardBalances"
    given = as_object(config["rewardBalances"], where)
    check_fields(given, tokens, where)
    balances = {token: cast(int, Amount().read(given[token], f"{where}.{token}", names)) for token in tokens}
    contracts = {}
    for vault, value in as_object(config["vaults"], "config.vaults").items():
        contracts[vault] = sys.intern(contract_of(vault))
        place = f"config.vaults.{vault}.{VAULT_CONFIG}"
        roles = ROLES.read(as_object(value, f"config.vaults.{vault}")[VAULT_CONFIG], place, names)
        fee_bips, _, claimer, setter = cast("tuple[int, str, str, str]", roles)
        if fee_bips > ADMIN_FEE_BASE_BIPS:
            raise MalformedTrace(f"{place}.adminFee", f"it is at most {ADMIN_FEE_BASE_BIPS}")
        state.rows(STAKER_REWARDS)[contracts[vault]] = StakerRewards(vault, claimer, setter)
        state.rows(ADMIN_FEES)[contracts[vault]] = AdminFee(fee_bips)
    for token, balance in balances.items():
        for payer in PAYERS:
            held = state.rows(TOKEN_BALANCES).get((token, payer), TokenBalance()).amount
            state.rows(TOKEN_BALANCES)[(token, payer)] = TokenBalance(held + balance)
            for contract in (*contracts.values(), OPERATOR_REWARDS):
                state.rows(ALLOWANCES)[(token, payer, contract)] = Allowance(is_infinite=True)
    return RewardsWorld(contracts, tokens)
