"""The trace formats of the RewardsCoordinator's calls, and of its state."""

import json
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
    shown,
)
from spec.eigenlayer import rewards_actions as actions
from spec.eigenlayer.observation import ACCOUNT, STRATEGY, TOKEN, OperatorSetName
from spec.eigenlayer.rewards_config import KINDS, PROOF_OF_NO_ROOT, PROOFS

EMPTY_TREE: Final = "empty"
"""The name of the empty tree, whose root is 0. No claim can be proved against it."""

TREE: Final = Name("tree")
SECONDS: Final = Number(32)
BIPS: Final = Number(16)


class Proof(Format):
    """The result of verifying a Merkle proof, as a string of `PROOFS`; null if the claim's root does not exist."""

    def read(self, value: Json, where: str, names: Names) -> object:
        if value is None:
            return PROOF_OF_NO_ROOT
        if value not in PROOFS or value == PROOF_OF_NO_ROOT:
            raise MalformedTrace(where, f"no finding about a proof: {shown(value)}")
        return value

    def write(self, value: object) -> Json:
        return None if value == PROOF_OF_NO_ROOT else value


class Kind(Format):
    """The kind of a rewards submission, as a string of `KINDS`."""

    def read(self, value: Json, where: str, names: Names) -> object:
        if value not in KINDS:
            raise MalformedTrace(where, f"no kind of submission: {shown(value)}")
        return value

    def write(self, value: object) -> Json:
        return value


class TextOrNull(Format):
    """A string of printable characters on one line, or null, which is None in Python."""

    def read(self, value: Json, where: str, names: Names) -> object:
        return None if value is None else Text().read(value, where, names)

    def write(self, value: object) -> Json:
        return value


def values(*read: object) -> object:
    """The fields of a record as a tuple, in order: the constructor for records that are read only to check
    their form.
    """
    return read


LEAF: Final = Number(256)
EVIDENCE: Final = ("tree", "tamper", "earner_index", "earner_token_root", "earner_proof")
EVIDENCE_OF_TOKEN: Final = ("token_index", "proof")
TOKEN_CLAIM: Final = Record(
    values,
    [
        ("token_index", "", LEAF),
        ("token", "", TOKEN),
        ("cumulative_earnings", "", Amount()),
        ("proof", "", Text()),
        ("proof_status", "", Proof()),
    ],
    optional={"token_index": None, "proof": None},
)


class ClaimFormat(Record):
    """The format of a claim. Its Merkle proofs (the evidence) are kept as text. No rule reads them, so they may be left
    out as a whole.
    """

    def __init__(self) -> None:
        super().__init__(
            values,
            [
                ("root_index", "", Amount(32)),
                ("tree", "", TREE),
                ("tamper", "", TextOrNull()),
                ("earner", "", ACCOUNT),
                ("earner_index", "", LEAF),
                ("earner_token_root", "", Text()),
                ("earner_proof", "", Text()),
                ("tokens", "", ListOf(TOKEN_CLAIM)),
                ("token_indices", "", Number(32)),
                ("token_proofs", "", Number(32)),
                ("earner_proof_status", "", Proof()),
            ],
            optional=dict.fromkeys(EVIDENCE),
        )

    def read(self, value: Json, where: str, names: Names) -> object:
        root_index, tree, tamper, earner, index, token_root, proof, tokens, indices, proofs, finding = self.read_fields(
            value, where, names
        )
        claimed = cast("tuple[tuple[int | None, str, int, str | None, str], ...]", tokens)
        of_earner = [tree, index, token_root, proof]
        of_tokens = [part for token in claimed for part in (token[0], token[3])]
        is_shown = tree is not None
        if any([(part is not None) != is_shown for part in (*of_earner, *of_tokens)]):
            raise MalformedTrace(where, "the evidence is shown whole, or not at all")
        evidence = (
            json.dumps([tree, tamper, index, token_root, proof, [[token[0], token[3]] for token in claimed]])
            if is_shown
            else ""
        )
        return actions.Claim(
            cast(int, root_index),
            cast(str, earner),
            cast(str, finding),
            tuple([actions.TokenClaim(token[1], token[2], token[4]) for token in claimed]),
            cast(int, indices),
            cast(int, proofs),
            evidence,
        )

    def write(self, value: object) -> Json:
        claim = cast(actions.Claim, value)
        proof = Proof()
        tokens: list[dict[str, Json]] = [
            {
                "token": token.token,
                "cumulative_earnings": str(token.cumulative_earnings),
                "proof_status": proof.write(token.proof),
            }
            for token in claim.tokens
        ]
        written: dict[str, Json] = {
            "root_index": str(claim.root_index),
            "earner": claim.earner,
            "tokens": tokens,
            "token_indices": claim.token_index_count,
            "token_proofs": claim.token_proof_count,
            "earner_proof_status": proof.write(claim.earner_proof),
        }
        if claim.evidence:
            *of_earner, of_tokens = json.loads(claim.evidence)
            written.update(zip(EVIDENCE, of_earner, strict=True))
            written["tokens"] = [
                token | {"token_index": index, "proof": handed_in}
                for token, (index, handed_in) in zip(tokens, of_tokens, strict=True)
            ]
        return written


CLAIM: Final = ClaimFormat()
STRATEGIES_AND_MULTIPLIERS: Final = argument(
    "strategies_and_multipliers",
    ListOf(Record(actions.StrategyAndMultiplier, [argument("strategy", STRATEGY), argument("multiplier", Amount(96))])),
)
START: Final = argument("start_timestamp", SECONDS)
DURATION: Final = argument("duration", SECONDS, "duration_seconds")
SUBMISSION: Final = Record(
    actions.RewardsSubmission,
    [STRATEGIES_AND_MULTIPLIERS, argument("token", TOKEN), argument("amount", Amount()), START, DURATION],
)
OPERATOR_REWARD: Final = Record(actions.OperatorReward, [argument("operator", ACCOUNT), argument("amount", Amount())])
DIRECTED_SUBMISSION: Final = Record(
    actions.OperatorDirectedRewardsSubmission,
    [
        STRATEGIES_AND_MULTIPLIERS,
        argument("token", TOKEN),
        argument("operator_rewards", ListOf(OPERATOR_REWARD)),
        START,
        DURATION,
        argument("description", Text()),
    ],
)

SUBMISSIONS: Final = argument("submissions", ListOf(SUBMISSION))
DIRECTED_SUBMISSIONS: Final = argument("submissions", ListOf(DIRECTED_SUBMISSION))
AVS: Final = argument("avs", ACCOUNT)
OPERATOR: Final = argument("operator", ACCOUNT)
SUBMITTER: Final = argument("submitter", ACCOUNT)
OPERATOR_SET: Final = argument("operator_set", OperatorSetName())
SPLIT_BIPS: Final = argument("split_bips", BIPS)
RECIPIENT: Final = argument("recipient", ACCOUNT)

REWARDS_FORMATS: Final[dict[str, ActionFormat]] = {
    "create_avs_rewards_submission": ActionFormat(actions.CreateAvsRewardsSubmission, [SUBMISSIONS]),
    "create_eigenda_rewards_submission": ActionFormat(actions.CreateEigenDaRewardsSubmission, [AVS, SUBMISSIONS]),
    "create_rewards_for_all_submission": ActionFormat(actions.CreateRewardsForAllSubmission, [SUBMISSIONS]),
    "create_rewards_for_all_earners": ActionFormat(actions.CreateRewardsForAllEarners, [SUBMISSIONS]),
    "create_operator_directed_avs_rewards_submission": ActionFormat(
        actions.CreateOperatorDirectedAvsRewardsSubmission, [AVS, DIRECTED_SUBMISSIONS]
    ),
    "create_operator_directed_operator_set_rewards_submission": ActionFormat(
        actions.CreateOperatorDirectedOperatorSetRewardsSubmission, [OPERATOR_SET, DIRECTED_SUBMISSIONS]
    ),
    "create_unique_stake_rewards_submission": ActionFormat(
        actions.CreateUniqueStakeRewardsSubmission, [OPERATOR_SET, SUBMISSIONS]
    ),
    "create_total_stake_rewards_submission": ActionFormat(
        actions.CreateTotalStakeRewardsSubmission, [OPERATOR_SET, SUBMISSIONS]
    ),
    "submit_root": ActionFormat(
        actions.SubmitRoot,
        [
            argument("tree", TREE),
            argument("rewards_calculation_end_timestamp", SECONDS, "calculation_end_timestamp"),
        ],
    ),
    "disable_root": ActionFormat(actions.DisableRoot, [argument("root_index", Amount(32))]),
    "set_claimer_for": ActionFormat(actions.SetClaimerFor, [argument("claimer", ACCOUNT)]),
    "set_claimer_for_earner": ActionFormat(
        actions.SetClaimerForEarner, [argument("earner", ACCOUNT), argument("claimer", ACCOUNT)]
    ),
    "set_operator_avs_split": ActionFormat(actions.SetOperatorAvsSplit, [OPERATOR, AVS, SPLIT_BIPS]),
    "set_operator_pi_split": ActionFormat(actions.SetOperatorPiSplit, [OPERATOR, SPLIT_BIPS]),
    "set_operator_set_split": ActionFormat(actions.SetOperatorSetSplit, [OPERATOR, OPERATOR_SET, SPLIT_BIPS]),
    "set_opt_in_for_protocol_fee": ActionFormat(
        actions.SetOptInForProtocolFee, [SUBMITTER, argument("value", Flag(), "is_opted_in")]
    ),
    "process_claim": ActionFormat(actions.ProcessClaim, [argument("claim", CLAIM), RECIPIENT]),
    "process_claims": ActionFormat(actions.ProcessClaims, [argument("claims", ListOf(CLAIM)), RECIPIENT]),
    "set_activation_delay": ActionFormat(
        actions.SetActivationDelay, [argument("activation_delay", SECONDS, "activation_delay_seconds")]
    ),
    "set_default_operator_split": ActionFormat(actions.SetDefaultOperatorSplit, [SPLIT_BIPS]),
    "set_fee_recipient": ActionFormat(actions.SetFeeRecipient, [argument("fee_recipient", ACCOUNT)]),
    "set_rewards_updater": ActionFormat(actions.SetRewardsUpdater, [argument("rewards_updater", ACCOUNT)]),
    "set_rewards_for_all_submitter": ActionFormat(
        actions.SetRewardsForAllSubmitter, [SUBMITTER, argument("value", Flag(), "is_submitter")]
    ),
}
"""The format of every call of the RewardsCoordinator, by its name in traces."""

SPLIT: Final = Record(
    values,
    [
        ("old_split_bips", "", BIPS),
        ("new_split_bips", "", BIPS),
        ("activated_at", "", SECONDS),
        ("split_bips", "", BIPS),
    ],
)
SHOWN_SUBMISSION: Final = Record(
    values,
    [
        ("kind", "", Kind()),
        ("account", "", ACCOUNT),
        ("nonce", "", Amount()),
        ("token", "", TOKEN),
        ("amount", "", Amount()),
        ("operator_rewards", "", ListOf(OPERATOR_REWARD)),
        ("operator_set", "", OperatorSetName()),
    ],
    optional={"amount": None, "operator_rewards": None, "operator_set": None},
)
ROOT: Final = Record(
    values,
    [
        ("tree", "", TREE),
        ("rewards_calculation_end_timestamp", "", SECONDS),
        ("activated_at", "", SECONDS),
        ("disabled", "", Flag()),
    ],
)


class AmountOrNull(Amount):
    """An amount as a decimal string, or null, which is None in Python."""

    def read(self, value: Json, where: str, names: Names) -> object:
        return None if value is None else super().read(value, where, names)

    def write(self, value: object) -> Json:
        return None if value is None else super().write(value)


REWARDS_FIELDS: Final[list[tuple[str, str, Format]]] = [
    ("timestamp", "", SECONDS),
    ("rewards_updater", "", ACCOUNT),
    ("fee_recipient", "", ACCOUNT),
    ("activation_delay", "", SECONDS),
    ("default_operator_split_bips", "", BIPS),
    ("rewards_for_all_submitters", "", ListOf(ACCOUNT)),
    ("opted_in_for_protocol_fee", "", ListOf(ACCOUNT)),
    ("submission_nonces", "", MapOf(ACCOUNT, Amount())),
    ("submissions", "", ListOf(SHOWN_SUBMISSION)),
    ("operator_pi_splits", "", MapOf(ACCOUNT, SPLIT)),
    ("operator_avs_splits", "", MapOf(ACCOUNT, MapOf(ACCOUNT, SPLIT))),
    ("operator_set_splits", "", MapOf(ACCOUNT, MapOf(OperatorSetName(), SPLIT))),
    ("curr_rewards_calculation_end_timestamp", "", SECONDS),
    ("roots", "", ListOf(ROOT)),
    ("current_claimable_root_index", "", AmountOrNull()),
    ("claimers", "", MapOf(ACCOUNT, ACCOUNT)),
    ("cumulative_claimed", "", MapOf(ACCOUNT, MapOf(TOKEN, Amount()))),
]
"""The fields of the RewardsCoordinator's state in traces: the name of each, an unused attribute, and the format."""

REWARDS_POST: Final = Record(values, REWARDS_FIELDS)
