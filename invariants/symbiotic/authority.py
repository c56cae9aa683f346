"""Who may change what: whose call a written row must be, whatever call it is, and who must not be refused.

These laws ask each row that a step writes, not each call for its checks: a call that nobody thought of obeys them too.
"""

from collections.abc import Callable
from typing import Any, Final, cast

from invariants.law import AcceptedStep, LivenessLaw, Refusal, Scope, StateLaw, StepLaw, Subject, Transition, View
from invariants.symbiotic.reading import (
    UINT48_MAX,
    UINT256_MAX,
    balance,
    epoch_of,
    held_shares,
    is_over,
    now,
    slashable,
)
from spec.history import HistoryTable
from spec.machine import Draft, Table
from spec.symbiotic.actions import (
    Claim,
    ClaimBatch,
    Deposit,
    ExecuteSlash,
    OptInNetwork,
    OptInVault,
    OptOutNetwork,
    OptOutVault,
    Redeem,
    RegisterNetwork,
    RegisterOperator,
    RequestSlash,
    SetDepositLimit,
    SetDepositorWhitelistStatus,
    SetDepositWhitelist,
    SetIsDepositLimit,
    SetMaxNetworkLimit,
    SetMiddleware,
    SetNetworkLimit,
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    Slash,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.config import (
    FULL_RESTAKE,
    INSTANT_SLASHER,
    NETWORK_RESTAKE,
    OPERATOR_NETWORK_SPECIFIC,
    VETO_SLASHER,
    ZERO_ADDRESS,
)
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    ALLOWANCES,
    CUMULATIVE_SLASHES,
    DEPOSIT_POLICIES,
    DEPOSITORS,
    LATEST_CAPTURES,
    MAX_NETWORK_LIMITS,
    MIDDLEWARES,
    NETWORK_LIMITS,
    NETWORK_REGISTRY,
    OPERATOR_NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_REGISTRY,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    RESOLVERS,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULT_FACTORY,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    Pair,
    VaultSubnetwork,
    VaultSubnetworkOperator,
)

Allows = Callable[[Transition, Any, Any], bool]
"""Given a step, its call and the key of a row that it wrote: whether the row may be written by this call."""


def _grown(step: Transition, history: HistoryTable[Any], key: Any) -> int:
    """By how much the latest value of a history grew."""
    return history.latest(step.after.rows, key) - history.latest(step.before.rows, key)


def _admins(step: Transition, call: Any, vault: str) -> bool:
    return bool(call.sender == step.before.rows.get(VAULTS, vault).admin)


def _of_its_admin(step: Transition, call: Any, key: Any) -> bool:
    return _admins(step, call, key[0])


def _admins_or_lowered_by_its_network(step: Transition, call: Any, key: Any) -> bool:
    return _admins(step, call, key[0]) or bool(call.sender == key[1][0] and _grown(step, NETWORK_LIMITS, key) < 0)


def _of_its_network(step: Transition, call: Any, key: Any) -> bool:
    return bool(call.sender == key[1][0]) and step.before.rows.get(NETWORK_REGISTRY, call.sender).is_entity


def _own_network(step: Transition, call: Any, key: Any) -> bool:
    return bool(call.sender == key) and step.before.rows.get(NETWORK_REGISTRY, key).is_entity


def _own(_step: Transition, call: Any, key: Any) -> bool:
    return bool(call.sender == key)


def _own_opt_in(_step: Transition, call: Any, key: Any) -> bool:
    return bool(call.sender == key[0])


def _of_its_middleware(step: Transition, call: Any, key: Any) -> bool:
    return bool(call.sender == step.before.rows.get(MIDDLEWARES, key[1][0]).account)


def _asked_by_its_middleware(step: Transition, call: Any, vault: Any) -> bool:
    """The request that the next index was given to."""
    request = step.after.rows.get(SLASH_REQUESTS, (vault, step.before.rows.get(SLASH_REQUEST_COUNTS, vault).count))
    return bool(call.sender == step.before.rows.get(MIDDLEWARES, request.subnetwork[0]).account)


def _spent_by_its_holder(step: Transition, call: Any, key: Any) -> bool:
    """Tokens leave an account by its own call; a vault, by a claim, or by a slash of what is in it; and a vault takes
    what it may.
    """
    before, after = step.before.rows, step.after.rows
    if after.get(TOKEN_BALANCES, key).amount >= before.get(TOKEN_BALANCES, key).amount:
        return True
    if isinstance(call, Claim | ClaimBatch | Slash | ExecuteSlash):
        return bool(key[1] == call.vault)
    if isinstance(call, Deposit):
        allowance: Pair = (key[0], key[1], call.vault)
        return key[1] == call.sender and before.get(ALLOWANCES, allowance).is_infinite
    return bool(key[1] == call.sender)


def _given_up_by_its_holder(step: Transition, call: Any, key: Any) -> bool:
    return bool(call.sender == key[1]) or _grown(step, ACTIVE_SHARES_OF, key) >= 0


def _claimed_by_its_owner(step: Transition, call: Any, key: Any) -> bool:
    """Nobody's part of a bucket shrinks, and nobody else claims it."""
    before, after = step.before.rows.get(WITHDRAWALS, key), step.after.rows.get(WITHDRAWALS, key)
    if after.shares < before.shares or (before.is_claimed and not after.is_claimed):
        return False
    return before.is_claimed == after.is_claimed or bool(call.sender == key[2])


def _terms_are_of_its_delegator(view: View, subject: VaultSubnetworkOperator) -> bool:
    """Operators' shares are network restake's, operators' limits full restake's; a delegator specific to one network
    has the maximum alone, of that network. What is a subnetwork's is looked at under address zero.
    """
    rows, of_subnetwork = view.rows, (subject[0], subject[1])
    config = rows.get(VAULTS, subject[0])
    if config.delegator != NETWORK_RESTAKE and OPERATOR_NETWORK_SHARES.latest(rows, subject) != 0:
        return False
    if config.delegator != FULL_RESTAKE and OPERATOR_NETWORK_LIMITS.latest(rows, subject) != 0:
        return False
    if subject[2] != ZERO_ADDRESS:
        return True
    total_shares = TOTAL_OPERATOR_NETWORK_SHARES.latest(rows, of_subnetwork)
    limit, largest_limit = NETWORK_LIMITS.latest(rows, of_subnetwork), MAX_NETWORK_LIMITS.latest(rows, of_subnetwork)
    if config.delegator != NETWORK_RESTAKE and total_shares != 0:
        return False
    if config.delegator != OPERATOR_NETWORK_SPECIFIC:
        return True
    return limit == 0 and (largest_limit == 0 or subject[1][0] == config.delegator_network)


def _has_veto(step: Transition, _call: Any, key: Any) -> bool:
    return step.before.rows.get(VAULTS, key[0]).slasher == VETO_SLASHER


def _counts_veto(step: Transition, _call: Any, vault: Any) -> bool:
    return step.before.rows.get(VAULTS, vault).slasher == VETO_SLASHER


def _is_slashed_in_its_way(step: Transition, call: Any, key: Any) -> bool:
    """At once where the slasher is instant; of a request, where there is a veto."""
    slasher = step.before.rows.get(VAULTS, key[0]).slasher
    return slasher == INSTANT_SLASHER if isinstance(call, Slash) else slasher == VETO_SLASHER


def _got_by_who_is_named(step: Transition, call: Any, key: Any) -> bool:
    """Tokens come to the recipient of a transfer or a claim, to the vault of a deposit, to the burner of a slash."""
    if step.after.rows.get(TOKEN_BALANCES, key).amount <= step.before.rows.get(TOKEN_BALANCES, key).amount:
        return True
    if isinstance(call, Claim | ClaimBatch):
        return bool(key[1] == call.recipient)
    if isinstance(call, Slash | ExecuteSlash):
        return bool(key[1] == step.before.rows.get(VAULTS, call.vault).burner)
    return bool(key[1] == (call.vault if isinstance(call, Deposit) else call.to))


def _minted_for_who_is_named(step: Transition, call: Any, key: Any) -> bool:
    return _grown(step, ACTIVE_SHARES_OF, key) <= 0 or bool(key[1] == call.on_behalf_of)


def _waits_for_who_is_named(step: Transition, call: Any, key: Any) -> bool:
    before, after = step.before.rows.get(WITHDRAWALS, key), step.after.rows.get(WITHDRAWALS, key)
    return after.shares <= before.shares or bool(key[2] == call.claimer)


def _is_of_somebody(_step: Transition, _call: Any, key: Any) -> bool:
    return bool(key[1] != ZERO_ADDRESS)


def _waits_for_somebody(_step: Transition, _call: Any, key: Any) -> bool:
    return bool(key[2] != ZERO_ADDRESS)


Rights = dict[Table[Any, Any], Allows]

ADMINS: Final[Rights] = {
    DEPOSIT_POLICIES: _admins,
    DEPOSITORS: _of_its_admin,
    NETWORK_LIMITS.heads: _admins_or_lowered_by_its_network,
    TOTAL_OPERATOR_NETWORK_SHARES.heads: _of_its_admin,
    OPERATOR_NETWORK_SHARES.heads: _of_its_admin,
    OPERATOR_NETWORK_LIMITS.heads: _of_its_admin,
}
NETWORKS: Final[Rights] = {
    NETWORK_REGISTRY: _own,
    MIDDLEWARES: _own_network,
    MAX_NETWORK_LIMITS.heads: _of_its_network,
    RESOLVER_ORDINALS.heads: _of_its_network,
    RESOLVERS: _of_its_network,
}
OPERATORS: Final[Rights] = {
    OPERATOR_REGISTRY: _own,
    OPERATOR_VAULT_OPT_INS.heads: _own_opt_in,
    OPERATOR_NETWORK_OPT_INS.heads: _own_opt_in,
}
SLASHERS: Final[Rights] = {
    CUMULATIVE_SLASHES.heads: _of_its_middleware,
    LATEST_CAPTURES: _of_its_middleware,
    SLASH_REQUEST_COUNTS: _asked_by_its_middleware,
}
HOLDERS: Final[Rights] = {
    TOKEN_BALANCES: _spent_by_its_holder,
    ACTIVE_SHARES_OF.heads: _given_up_by_its_holder,
    WITHDRAWALS: _claimed_by_its_owner,
}
GAINERS: Final[Rights] = {
    TOKEN_BALANCES: _got_by_who_is_named,
    ACTIVE_SHARES_OF.heads: _minted_for_who_is_named,
    WITHDRAWALS: _waits_for_who_is_named,
}
SOMEBODY: Final[Rights] = {
    TOKEN_BALANCES: _is_of_somebody,
    ACTIVE_SHARES_OF.heads: _is_of_somebody,
    DEPOSITORS: _is_of_somebody,
    WITHDRAWALS: _waits_for_somebody,
}
KINDS: Final[Rights] = {
    CUMULATIVE_SLASHES.heads: _is_slashed_in_its_way,
    SLASH_REQUEST_COUNTS: _counts_veto,
    SLASH_REQUESTS: _has_veto,
    RESOLVER_ORDINALS.heads: _has_veto,
}


def _right(law_id: str, sentence: str, source: str, rights: Rights) -> StepLaw:
    """The law that each row which a step writes to one of the tables may be written by its call."""

    def holds(step: Transition) -> bool:
        for write in step.delta.writes:
            allows = rights.get(write.table)
            if allows is not None and not allows(step, step.action, write.key):
                return False
        return True

    return StepLaw(law_id, sentence, source, holds, Scope(tables=tuple(rights)))


def _lets_in(step: AcceptedStep[Deposit]) -> bool:
    """Whether the depositor is on the whitelist, while that is on."""
    call, rows = step.action, step.before.rows
    depositor: Pair = (call.vault, call.sender)
    return rows.get(DEPOSITORS, depositor).is_whitelisted


def _has_a_whitelist(step: AcceptedStep[Deposit]) -> bool:
    return step.before.rows.get(DEPOSIT_POLICIES, step.action.vault).deposit_whitelist


def _changes_something(step: Transition) -> bool:
    """Whether a row says after the call what it did not before; of a history, its latest value."""
    before = step.before.rows
    for write in step.delta.writes:
        table = write.table
        old = before.get(table, write.key)
        if table.index in LATEST:
            if cast(Any, old).latest != cast(Any, write.row).latest:
                return True
        elif table.index not in PASTS and old != write.row:
            return True
    return False


_HISTORIES: Final[tuple[HistoryTable[Any], ...]] = (
    ACTIVE_STAKE,
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    OPERATOR_VAULT_OPT_INS,
    OPERATOR_NETWORK_OPT_INS,
    MAX_NETWORK_LIMITS,
    NETWORK_LIMITS,
    TOTAL_OPERATOR_NETWORK_SHARES,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_NETWORK_LIMITS,
    CUMULATIVE_SLASHES,
    RESOLVER_ORDINALS,
)
LATEST: Final[set[int]] = {history.heads.index for history in _HISTORIES}
PASTS: Final[set[int]] = {history.checkpoints.index for history in _HISTORIES}


def _fits(history: HistoryTable[Any]) -> Callable[[View, Subject], bool]:
    def holds(view: View, subject: Subject) -> bool:
        return history.latest(view.rows, subject) <= UINT256_MAX

    return holds


def _bucket_fits(view: View, bucket: tuple[str, int]) -> bool:
    row = view.rows.get(WITHDRAWAL_BUCKETS, bucket)
    return row.shares <= UINT256_MAX and row.amount <= UINT256_MAX


YOUNG: Final = 2**127
"""Below this, no product of an amount and a pool's shares overflows."""


def _is_young(rows: Draft, vault: str) -> bool:
    """Whether a vault's numbers, and those of its next bucket, are far from overflowing."""
    bucket = rows.get(WITHDRAWAL_BUCKETS, (vault, epoch_of(rows.get(VAULTS, vault), now(rows)) + 1))
    shares, stake = ACTIVE_SHARES.latest(rows, vault), ACTIVE_STAKE.latest(rows, vault)
    return shares < YOUNG and stake < YOUNG and bucket.shares < YOUNG and bucket.amount < YOUNG


def _may_deposit(before: View, action: Deposit) -> bool:
    """Whether somebody deposits what it has, where it is let in, below the limit."""
    call, rows = action, before.rows
    policy = rows.get(DEPOSIT_POLICIES, call.vault)
    depositor: Pair = (call.vault, call.sender)
    allowance: Pair = (rows.get(VAULTS, call.vault).collateral, call.sender, call.vault)
    if policy.deposit_whitelist and not rows.get(DEPOSITORS, depositor).is_whitelisted:
        return False
    if policy.is_deposit_limit and ACTIVE_STAKE.latest(rows, call.vault) + call.amount > policy.deposit_limit:
        return False
    return (
        call.on_behalf_of != ZERO_ADDRESS
        and 0 < call.amount < YOUNG
        and call.amount <= balance(rows, call.vault, call.sender)
        and rows.get(ALLOWANCES, allowance).is_infinite
        and _is_young(rows, call.vault)
    )


def _may_leave(before: View, action: Withdraw | Redeem) -> bool:
    """Whether somebody asks for no more than what its shares are worth, and for something."""
    call, rows = action, before.rows
    held = held_shares(rows, call.vault, call.sender)
    shares, stake = ACTIVE_SHARES.latest(rows, call.vault), ACTIVE_STAKE.latest(rows, call.vault)
    if call.claimer == ZERO_ADDRESS or not _is_young(rows, call.vault):
        return False
    if isinstance(call, Withdraw):
        return call.amount > 0 and call.amount * (shares + 1) <= held * (stake + 1)
    return call.shares <= held and call.shares * (stake + 1) >= shares + 1


def _may_claim_all(before: View, action: ClaimBatch) -> bool:
    """Whether somebody claims several epochs that are over, each once and for the first time, and has something in
    each.
    """
    call, rows = action, before.rows
    if call.recipient == ZERO_ADDRESS or len(call.epochs) == 0:
        return False
    for position, epoch in enumerate(call.epochs):
        bucket, part = (
            rows.get(WITHDRAWAL_BUCKETS, (call.vault, epoch)),
            rows.get(WITHDRAWALS, (call.vault, epoch, call.sender)),
        )
        if epoch in call.epochs[:position] or part.is_claimed or not is_over(rows, call.vault, epoch):
            return False
        if bucket.shares >= YOUNG or part.shares * (bucket.amount + 1) < bucket.shares + 1:
            return False
    return True


def _may_opt_out(before: View, action: OptOutVault | OptOutNetwork) -> bool:
    """Whether an operator ends what began before this second."""
    call, rows = action, before.rows
    opt_ins = OPERATOR_VAULT_OPT_INS if isinstance(call, OptOutVault) else OPERATOR_NETWORK_OPT_INS
    opt_in: Pair = (call.sender, call.vault if isinstance(call, OptOutVault) else call.network)
    return opt_ins.latest(rows, opt_in) == 1 and opt_ins.latest_point(rows, opt_in) < now(rows)


def _may_opt_in(before: View, action: OptInVault | OptInNetwork) -> bool:
    """Whether an operator that is out begins with a vault of the factory, or with a network."""
    call, rows = action, before.rows
    opt_ins = OPERATOR_VAULT_OPT_INS if isinstance(call, OptInVault) else OPERATOR_NETWORK_OPT_INS
    opt_in: Pair = (call.sender, call.vault if isinstance(call, OptInVault) else call.network)
    is_known = (
        rows.get(VAULT_FACTORY, call.vault).is_entity
        if isinstance(call, OptInVault)
        else rows.get(NETWORK_REGISTRY, call.network).is_entity
    )
    return is_known and rows.get(OPERATOR_REGISTRY, call.sender).is_entity and opt_ins.latest(rows, opt_in) == 0


def _may_take_back(before: View, action: SetNetworkLimit | SetOperatorNetworkShares | SetOperatorNetworkLimit) -> bool:
    """Whether a network, or a vault's admin, gives less than it does."""
    rows = before.rows
    if isinstance(action, SetMaxNetworkLimit):
        subnetwork = (action.sender, action.identifier)
        is_network = rows.get(NETWORK_REGISTRY, action.sender).is_entity
        return is_network and 0 <= action.amount < MAX_NETWORK_LIMITS.latest(rows, (action.vault, subnetwork))
    call = action
    if call.sender != rows.get(VAULTS, call.vault).admin:
        return False
    if isinstance(call, SetNetworkLimit):
        return call.amount < NETWORK_LIMITS.latest(rows, (call.vault, call.subnetwork))
    of_operator = (call.vault, call.subnetwork, call.operator)
    if isinstance(call, SetOperatorNetworkShares):
        return call.shares < OPERATOR_NETWORK_SHARES.latest(rows, of_operator)
    return call.amount < OPERATOR_NETWORK_LIMITS.latest(rows, of_operator)


def _may_ask_for_a_slash(before: View, action: RequestSlash) -> bool:
    """Whether a network's middleware asks for a slash of something, whose veto ends within an epoch of the capture."""
    call, rows = action, before.rows
    config, second = rows.get(VAULTS, call.vault), now(rows)
    earliest_timestamp = second + config.veto_duration_seconds - config.epoch_duration_seconds
    return (
        config.slasher == VETO_SLASHER
        and call.sender == rows.get(MIDDLEWARES, call.subnetwork[0]).account
        and call.amount > 0
        and earliest_timestamp >= 0
        and config.epoch_duration_seconds <= second
        and second + config.veto_duration_seconds <= UINT48_MAX
        and earliest_timestamp <= call.capture_timestamp < second
        and slashable(rows, call.vault, call.subnetwork, call.operator, call.capture_timestamp) > 0
    )


def _is_never_right(_refusal: Refusal) -> bool:
    return False


def _same(key: Subject) -> Subject:
    return key


def _of_no_operator(key: VaultSubnetwork) -> Subject:
    return (key[0], key[1], ZERO_ADDRESS)


STATE_LAWS: Final[list[StateLaw]] = [
    StateLaw(
        "LIMIT-03",
        "A vault's limits and operators' shares are those of its type of delegator.",
        "NetworkRestakeDelegator, FullRestakeDelegator, OperatorSpecificDelegator, OperatorNetworkSpecificDelegator",
        _terms_are_of_its_delegator,
        rows={
            OPERATOR_NETWORK_SHARES.heads: _same,
            OPERATOR_NETWORK_LIMITS.heads: _same,
            TOTAL_OPERATOR_NETWORK_SHARES.heads: _of_no_operator,
            NETWORK_LIMITS.heads: _of_no_operator,
            MAX_NETWORK_LIMITS.heads: _of_no_operator,
        },
        also_reads=(VAULTS,),
    ),
    StateLaw(
        "FIT-01",
        "A vault's active shares fit 256 bits.",
        "Solidity's checked arithmetic",
        _fits(ACTIVE_SHARES),
        rows={ACTIVE_SHARES.heads: _same},
    ),
    StateLaw(
        "FIT-02",
        "What a withdrawal bucket holds, and its shares, fit 256 bits.",
        "Solidity's checked arithmetic",
        _bucket_fits,
        rows={WITHDRAWAL_BUCKETS: _same},
    ),
    StateLaw(
        "FIT-03",
        "The shares of all operators of a subnetwork fit 256 bits.",
        "Solidity's checked arithmetic",
        _fits(TOTAL_OPERATOR_NETWORK_SHARES),
        rows={TOTAL_OPERATOR_NETWORK_SHARES.heads: _same},
    ),
    StateLaw(
        "FIT-04",
        "What was booked against an operator fits 256 bits.",
        "Solidity's checked arithmetic",
        _fits(CUMULATIVE_SLASHES),
        rows={CUMULATIVE_SLASHES.heads: _same},
    ),
    StateLaw(
        "FIT-05",
        "Nobody has fewer tokens than none.",
        "ERC-20",
        lambda view, account: view.rows.get(TOKEN_BALANCES, account).amount >= 0,
        rows={TOKEN_BALANCES: _same},
    ),
]

STEP_LAWS: Final[list[StepLaw]] = [
    _right(
        "AUTH-01",
        "A vault's policies and limits are changed by its admin alone, or lowered by the network that they are of.",
        "AccessControl; Symbiotic test/vault/Vault and test/delegator/: test_...RevertUnauthorized...",
        ADMINS,
    ),
    _right(
        "AUTH-02",
        "What a network accepts, who slashes for it and who may veto is changed by that network alone.",
        "NetworkMiddlewareService, BaseDelegator.setMaxNetworkLimit, VetoSlasher.setResolver: msg.sender",
        NETWORKS,
    ),
    _right(
        "AUTH-03",
        "An operator is registered, opted in and opted out by itself alone.",
        "OperatorRegistry, OptInService: msg.sender",
        OPERATORS,
    ),
    _right(
        "AUTH-04",
        "A network's middleware alone slashes, or asks for a slash, in its name.",
        "BaseSlasher.onlyNetworkMiddleware; Symbiotic test/slasher/: test_...RevertNotNetworkMiddleware",
        SLASHERS,
    ),
    _right(
        "AUTH-05",
        "Nobody loses tokens, active shares or a withdrawal but by an own call; a vault pays claims and slashes of it.",
        "ERC-20; Vault: msg.sender",
        HOLDERS,
    ),
    _right(
        "AUTH-06",
        "Nothing is given to address zero: no tokens, no shares, no withdrawal, no place on a whitelist.",
        "ERC-20; Symbiotic test/vault/Vault: test_...RevertInvalid...",
        SOMEBODY,
    ),
    _right(
        "AUTH-07",
        "A vault is slashed at once, or after a request that can be vetoed, or never, as its slasher is made.",
        "Slasher, VetoSlasher",
        KINDS,
    ),
    StepLaw(
        "AUTH-08",
        "While a vault's whitelist is on, only who is on it deposits.",
        "Vault.deposit; Symbiotic test/vault/Vault: test_DepositWhitelistRevert...",
        _lets_in,
        Scope((Deposit,)),
        concerns=_has_a_whitelist,
    ),
    _right(
        "AUTH-09",
        "Nobody gains by a call but whom it names: the recipient, for whom is deposited, the claimer, the burner.",
        "ERC-20; Vault: onBehalfOf, claimer, recipient",
        GAINERS,
    ),
    StepLaw(
        "EFFECT-01",
        "No call is accepted that changes nothing.",
        "AlreadySet, AlreadyOptedIn, AlreadyClaimed, Insufficient...: each contract's own",
        _changes_something,
        Scope(
            (
                RegisterOperator,
                RegisterNetwork,
                SetMiddleware,
                OptInVault,
                OptOutVault,
                OptInNetwork,
                OptOutNetwork,
                Deposit,
                SetDepositWhitelist,
                SetDepositorWhitelistStatus,
                SetIsDepositLimit,
                SetDepositLimit,
                Withdraw,
                Redeem,
                Claim,
                ClaimBatch,
                SetMaxNetworkLimit,
                SetNetworkLimit,
                SetOperatorNetworkShares,
                SetOperatorNetworkLimit,
                Slash,
                RequestSlash,
                ExecuteSlash,
                VetoSlash,
            )
        ),
    ),
]

LIVENESS_LAWS: Final[list[LivenessLaw]] = [
    LivenessLaw(
        "LIVE-01",
        "Who is let in can deposit what it has, up to the limit.",
        "Vault.deposit",
        _is_never_right,
        Scope((Deposit,)),
        concerns=_may_deposit,
    ),
    LivenessLaw(
        "LIVE-02",
        "Who holds active shares can always ask for what they are worth.",
        "Vault.withdraw, Vault.redeem",
        _is_never_right,
        Scope((Withdraw, Redeem)),
        concerns=_may_leave,
    ),
    LivenessLaw(
        "LIVE-03",
        "Several epochs that are over can be claimed together.",
        "Vault.claimBatch",
        _is_never_right,
        Scope((ClaimBatch,)),
        concerns=_may_claim_all,
    ),
    LivenessLaw(
        "LIVE-04",
        "An operator can always leave what it joined before this second.",
        "OptInService.optOut",
        _is_never_right,
        Scope((OptOutVault, OptOutNetwork)),
        concerns=_may_opt_out,
    ),
    LivenessLaw(
        "LIVE-05",
        "Who gave stake a limit, or an operator shares, can always give less.",
        "BaseDelegator.setMaxNetworkLimit, setNetworkLimit, setOperatorNetworkShares, setOperatorNetworkLimit",
        _is_never_right,
        Scope((SetMaxNetworkLimit, SetNetworkLimit, SetOperatorNetworkShares, SetOperatorNetworkLimit)),
        concerns=_may_take_back,
    ),
    LivenessLaw(
        "LIVE-06",
        "A network can ask for a slash of what is slashable while its veto would end within an epoch of the capture.",
        "VetoSlasher.requestSlash",
        _is_never_right,
        Scope((RequestSlash,)),
        concerns=_may_ask_for_a_slash,
    ),
    LivenessLaw(
        "LIVE-07",
        "An operator can join any vault of the factory and any network that it is not with.",
        "OptInService.optIn",
        _is_never_right,
        Scope((OptInVault, OptInNetwork)),
        concerns=_may_opt_in,
    ),
]
