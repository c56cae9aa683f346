"""Symbiotic's laws of views: withdrawable amounts, stake, opt-ins and resolvers as reported agree with the rules.

No rule calls a view, so nothing else in the specification would notice a wrong one. Each law compares a view with the
effect of a call, or with an independent query in `state_queries.py`.
"""

from typing import Final, cast

from invariants.law import AcceptedStep, AnyRejection, AnyStep, RejectionLaw, Scope, StepLaw, View
from invariants.symbiotic.movements import claimed_epochs
from invariants.symbiotic.state_queries import UINT48_MAX, held_shares, now, resolver_of
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
    SetOperatorNetworkLimit,
    SetOperatorNetworkShares,
    SetResolver,
    Slash,
    Withdraw,
)
from spec.symbiotic.reasons import Reason
from spec.symbiotic.state import ACTIVE_STAKE, RESOLVER_ORDINALS, Subnetwork
from spec.symbiotic.views import (
    active_balance_of,
    active_balance_of_at,
    is_opted_in_network,
    is_opted_in_vault,
    pending_resolver,
    resolver,
    slashable_balance_of,
    stake,
    total_stake,
)
from spec.symbiotic.withdrawals import withdrawals_of


def _active_balance_is_what_can_leave(step: AcceptedStep[Withdraw | Redeem]) -> bool:
    """True if no withdrawal or redemption exceeds the reported active balance, and redeeming all shares gives exactly
    that balance.
    """
    call, before = step.action, step.before.rows
    worth = active_balance_of(before, call.vault, call.sender)
    if isinstance(call, Withdraw):
        return isinstance(worth, int) and call.amount <= worth
    amount = cast("tuple[int, int]", step.delta.returns)[0]
    if call.shares == held_shares(before, call.vault, call.sender):
        return isinstance(worth, int) and amount == worth
    return isinstance(worth, int) and amount <= worth


def _is_within_active_balance(before: View, action: Withdraw) -> bool:
    """True if the sender withdraws at most the active balance that the view reports."""
    call = action
    worth = active_balance_of(before.rows, call.vault, call.sender)
    return isinstance(worth, int) and call.amount <= worth


def _is_not_too_much(rejection: AnyRejection) -> bool:
    return rejection.reason is not Reason.TOO_MUCH_WITHDRAW


def _active_balance_was_what_it_is(step: AcceptedStep[Deposit | Withdraw | Redeem]) -> bool:
    """True if the view activeBalanceOfAt, asked for the current second, equals activeBalanceOf.

    Its answer for the previous second must be unchanged.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    account, second = (call.on_behalf_of if isinstance(call, Deposit) else call.sender), now(step.before.rows)
    return active_balance_of_at(after, call.vault, account, second) == active_balance_of(
        after, call.vault, account
    ) and (
        active_balance_of_at(after, call.vault, account, second - 1)
        == active_balance_of_at(before, call.vault, account, second - 1)
    )


def _total_stake_moves_by_what_comes_and_is_slashed(
    step: AcceptedStep[Deposit | Withdraw | Redeem | Claim | ClaimBatch | Slash | ExecuteSlash],
) -> bool:
    """True if the view totalStake grows by a deposit's amount, falls by the amount that a slash pays, and is otherwise
    unchanged.
    """
    call = step.action
    grown = total_stake(step.after.rows, call.vault) - total_stake(step.before.rows, call.vault)
    if isinstance(call, Deposit):
        return grown == call.amount
    if isinstance(call, Slash | ExecuteSlash):
        return grown == -cast("tuple[int, int]", step.delta.returns)[1]
    return grown == 0


def _slashable_balance_moves_by_what_comes(step: AcceptedStep[Deposit | Withdraw | Redeem]) -> bool:
    """True if the view slashableBalanceOf changes by the amount that the call moves, up to rounding.

    A deposit adds its amount or one wei less. A withdrawal to oneself loses at most two wei. A withdrawal to another
    claimer adds its amount to the claimer's balance, give or take one wei. If the view was rejected before or after the
    step, it must be rejected with ARITHMETIC_PANIC after the step.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    account = call.on_behalf_of if isinstance(call, Deposit) else call.claimer
    was, said = slashable_balance_of(before, call.vault, account), slashable_balance_of(after, call.vault, account)
    if isinstance(was, Reason) or isinstance(said, Reason):
        return said is Reason.ARITHMETIC_PANIC
    if isinstance(call, Deposit):
        return call.amount - 1 <= said - was <= call.amount
    first = cast("tuple[int, int]", step.delta.returns)[0]
    amount = call.amount if isinstance(call, Withdraw) else first
    if call.claimer == call.sender:
        return -2 <= said - was <= 0
    return amount - 1 <= said - was <= amount + 1


def _claim_pays_what_was_seen(step: AcceptedStep[Claim | ClaimBatch]) -> bool:
    """True if a claim pays what the view withdrawalsOf reported for its epochs, each of them a positive amount."""
    call, rows = step.action, step.before.rows
    total_amount = 0
    for epoch in claimed_epochs(call):
        amount = withdrawals_of(rows, call.vault, epoch, call.sender)
        if isinstance(amount, Reason) or amount == 0:
            return False
        total_amount += amount
    return step.delta.returns == total_amount


def _stake_is_within_its_limits(step: AnyStep) -> bool:
    """True if the reported stake of an operator is at most the limit that the call sets.

    If the call sets operator shares, the stake must be at most the active stake, and 0 without shares.
    """
    call, after = step.action, step.after.rows
    if isinstance(call, SetOperatorNetworkLimit):
        return stake(after, call.vault, call.subnetwork, call.operator) <= call.amount
    shared = cast(SetOperatorNetworkShares, call)
    said = stake(after, shared.vault, shared.subnetwork, shared.operator)
    return said <= ACTIVE_STAKE.latest(after, shared.vault) and (shared.shares > 0 or said == 0)


def _opt_in_is_seen(step: AnyStep) -> bool:
    """True if the view reports an opt-in or opt-out exactly from its call on."""
    call, before, after = step.action, step.before.rows, step.after.rows
    if isinstance(call, OptInVault | OptOutVault):
        was, said = (
            is_opted_in_vault(before, call.sender, call.vault),
            is_opted_in_vault(after, call.sender, call.vault),
        )
        return said == isinstance(call, OptInVault) and was != said
    to_network = cast("OptInNetwork | OptOutNetwork", call)
    was = is_opted_in_network(before, to_network.sender, to_network.network)
    said = is_opted_in_network(after, to_network.sender, to_network.network)
    return said == isinstance(call, OptInNetwork) and was != said


def _resolver_is_seen(step: AcceptedStep[SetResolver]) -> bool:
    """True if the views report the right resolvers after SetResolver.

    The resolver set last is reported as pending. The current one stays in office, unless the new one is the first.
    """
    call, before, after = step.action, step.before.rows, step.after.rows
    subnetwork: Subnetwork = (call.sender, call.identifier)
    is_first = RESOLVER_ORDINALS.is_empty(before, (call.vault, subnetwork))
    in_office = call.resolver if is_first else resolver_of(before, call.vault, subnetwork, now(before))
    return pending_resolver(after, call.vault, subnetwork) == call.resolver and (
        resolver(after, call.vault, subnetwork) == in_office
    )


def _time_fits(step: AnyStep) -> bool:
    """True if the timestamp before the step is at most the largest uint48. Later, no call that reads the time can
    succeed.
    """
    return now(step.before.rows) <= UINT48_MAX


LEAVES: Final = Scope((Withdraw, Redeem))


STEP_LAWS: Final[list[StepLaw]] = [
    StepLaw(
        "VIEW-01",
        "No account withdraws more than activeBalanceOf reports, and redeeming all shares withdraws all of it.",
        "Vault.activeBalanceOf",
        _active_balance_is_what_can_leave,
        LEAVES,
    ),
    StepLaw(
        "VIEW-03",
        "activeBalanceOfAt of the current second is activeBalanceOf, and no call changes that of a second ago.",
        "Vault.activeBalanceOfAt",
        _active_balance_was_what_it_is,
        Scope((Deposit, Withdraw, Redeem)),
    ),
    StepLaw(
        "VIEW-04",
        "totalStake grows by deposits, falls by slashes, and is unchanged by withdrawals and claims.",
        "Vault.totalStake",
        _total_stake_moves_by_what_comes_and_is_slashed,
        Scope((Deposit, Withdraw, Redeem, Claim, ClaimBatch, Slash, ExecuteSlash)),
    ),
    StepLaw(
        "VIEW-06",
        "slashableBalanceOf grows by a deposit, less at most a wei, and a withdrawal changes it by at most two wei.",
        "Vault.slashableBalanceOf",
        _slashable_balance_moves_by_what_comes,
        Scope((Deposit, Withdraw, Redeem)),
    ),
    StepLaw(
        "VIEW-07",
        "isOptedIn is true exactly from an opt-in to the next opt-out.",
        "OptInService.isOptedIn",
        _opt_in_is_seen,
        Scope((OptInVault, OptOutVault, OptInNetwork, OptOutNetwork)),
    ),
    StepLaw(
        "VIEW-08",
        "resolver is the resolver in office, and resolverAt of the end of time the one named last.",
        "VetoSlasher.resolver, VetoSlasher.resolverAt",
        _resolver_is_seen,
        Scope((SetResolver,)),
        applies_to=_time_fits,
    ),
    StepLaw(
        "VIEW-09",
        "A claim pays what withdrawalsOf reported for each of its epochs, and no claim is spent for nothing.",
        "Vault.withdrawalsOf, Vault.claim",
        _claim_pays_what_was_seen,
        Scope((Claim, ClaimBatch)),
    ),
    StepLaw(
        "VIEW-10",
        "stake is at most the active stake and the operator's limit, from the second in which these change.",
        "BaseDelegator.stake",
        _stake_is_within_its_limits,
        Scope((SetOperatorNetworkLimit, SetOperatorNetworkShares)),
    ),
]
REJECTION_LAWS: Final[list[RejectionLaw]] = [
    RejectionLaw(
        "VIEW-02",
        "No withdrawal of at most activeBalanceOf is rejected as too much.",
        "Vault.activeBalanceOf, Vault.withdraw",
        _is_not_too_much,
        Scope((Withdraw,)),
        applies_to=_is_within_active_balance,
    ),
]
