"""Contracts of Symbiotic's calls for CrossHair: a fixed state of a few rows that hold any numbers.

Each function says whether a law holds after one call, or after a few. Names are fixed, and so is who holds what: a
vault, an operator that works for one subnetwork, a staker. Numbers are any that the preconditions allow; what else is
fixed for the sake of an answer is said with the contract.
"""

# mypy: disable-error-code="no-any-return"

from spec.machine import SINGLETON
from spec.symbiotic.actions import (
    AdvanceTime,
    Claim,
    ClaimOperatorRewards,
    ClaimStakerRewards,
    Deposit,
    DistributeOperatorRewards,
    DistributeStakerRewards,
    ExecuteSlash,
    Redeem,
    RequestSlash,
    Slash,
    VetoSlash,
    Withdraw,
)
from spec.symbiotic.config import (
    COLLATERAL,
    INSTANT_SLASHER,
    NETWORK_RESTAKE,
    OPERATOR_REWARDS,
    OPERATOR_SPECIFIC,
    VETO_SLASHER,
    VaultConfig,
)
from spec.symbiotic.reasons import Reason
from spec.symbiotic.staker_rewards import NO_HINT
from spec.symbiotic.state import (
    ACTIVE_SHARES,
    ACTIVE_SHARES_OF,
    ACTIVE_STAKE,
    ADMIN_FEES,
    ALLOWANCES,
    CLAIMABLE_ADMIN_FEES,
    CLOCK,
    CUMULATIVE_SLASHES,
    MIDDLEWARES,
    NETWORK_LIMITS,
    OPERATOR_NETWORK_OPT_INS,
    OPERATOR_NETWORK_SHARES,
    OPERATOR_VAULT_OPT_INS,
    RESOLVER_ORDINALS,
    RESOLVERS,
    SCHEMA,
    SLASH_REQUEST_COUNTS,
    SLASH_REQUESTS,
    STAKER_REWARDS,
    TOKEN_BALANCES,
    TOTAL_OPERATOR_NETWORK_SHARES,
    VAULTS,
    WITHDRAWAL_BUCKETS,
    WITHDRAWALS,
    AdminFee,
    Allowance,
    Clock,
    Middleware,
    Resolver,
    SlashRequest,
    SlashRequestCount,
    StakerRewards,
    TokenBalance,
    Withdrawal,
    WithdrawalBucket,
)
from spec.symbiotic.transition import transition
from tests.proofs.contract_chain import Chain

EPOCH_SECONDS, VETO_SECONDS = 100, 40
NOW = 1000
"""The first second of epoch 10."""
SUBNETWORK = ("network", 0)
OF_OPERATOR = ("vault", SUBNETWORK, "operator")


def small_chain(slasher: str = INSTANT_SLASHER, delegator: str = OPERATOR_SPECIFIC) -> Chain:
    """A chain with one vault, whose network the operator serves with up to 10**30 of stake. A staker has approved the
    vault.

    `slasher` and `delegator` are the vault's types of these contracts.
    """
    chain = Chain(SCHEMA, transition)
    operator = "operator" if delegator == OPERATOR_SPECIFIC else "zero"
    chain.put(
        VAULTS,
        "vault",
        VaultConfig(COLLATERAL, "burner", 0, EPOCH_SECONDS, delegator, operator, "zero", slasher, VETO_SECONDS),
    )
    chain.put(CLOCK, SINGLETON, Clock(NOW))
    chain.put(ALLOWANCES, (COLLATERAL, "staker", "vault"), Allowance(True))
    chain.put(MIDDLEWARES, "network", Middleware("middleware"))
    chain.put_since(OPERATOR_VAULT_OPT_INS, ("operator", "vault"), 0, 1)
    chain.put_since(OPERATOR_NETWORK_OPT_INS, ("operator", "network"), 0, 1)
    chain.put_since(NETWORK_LIMITS, ("vault", SUBNETWORK), 0, 10**30)
    return chain


def has_stake(chain: Chain, active_stake: int, withdrawals: int = 0, next_withdrawals: int = 0) -> None:
    """Gives the vault active stake since second 0, and withdrawals of epochs 10 and 11 at one share per unit."""
    chain.put_since(ACTIVE_STAKE, "vault", 0, active_stake)
    chain.put(WITHDRAWAL_BUCKETS, ("vault", 10), WithdrawalBucket(withdrawals, withdrawals))
    chain.put(WITHDRAWAL_BUCKETS, ("vault", 11), WithdrawalBucket(next_withdrawals, next_withdrawals))
    chain.put(TOKEN_BALANCES, (COLLATERAL, "vault"), TokenBalance(active_stake + withdrawals + next_withdrawals))


def has_shares(chain: Chain, active_shares: int, held_shares: int) -> None:
    chain.put_since(ACTIVE_SHARES, "vault", 0, active_shares)
    chain.put_since(ACTIVE_SHARES_OF, ("vault", "staker"), 0, held_shares)


def has_request(chain: Chain, amount: int, capture_timestamp: int, veto_deadline_timestamp: int) -> None:
    chain.put(SLASH_REQUEST_COUNTS, "vault", SlashRequestCount(1))
    request = SlashRequest(SUBNETWORK, "operator", amount, capture_timestamp, veto_deadline_timestamp)
    chain.put(SLASH_REQUESTS, ("vault", 0), request)


def has_resolver(chain: Chain) -> None:
    chain.put_since(RESOLVER_ORDINALS, ("vault", SUBNETWORK), 0, 1)
    chain.put(RESOLVERS, ("vault", SUBNETWORK, 1), Resolver("resolver"))


def balance(chain: Chain, account: str) -> int:
    return chain.get(TOKEN_BALANCES, (COLLATERAL, account)).amount


def bucket_amount(chain: Chain, epoch: int) -> int:
    return chain.get(WITHDRAWAL_BUCKETS, ("vault", epoch)).amount


def stake_and_withdrawals(chain: Chain) -> int:
    return chain.latest(ACTIVE_STAKE, "vault") + bucket_amount(chain, 10) + bucket_amount(chain, 11)


def deposit(amount: int) -> Deposit:
    return Deposit("staker", "vault", "staker", amount)


def withdraw(amount: int) -> Withdraw:
    return Withdraw("staker", "vault", "staker", amount)


def claim(epoch: int) -> Claim:
    return Claim("staker", "vault", "staker", epoch)


def slash(amount: int, capture_timestamp: int) -> Slash:
    return Slash("middleware", "vault", SUBNETWORK, "operator", amount, capture_timestamp)


def request_slash(amount: int, capture_timestamp: int) -> RequestSlash:
    return RequestSlash("middleware", "vault", SUBNETWORK, "operator", amount, capture_timestamp)


def execute(slash_index: int) -> ExecuteSlash:
    return ExecuteSlash("middleware", "vault", slash_index)


VETO = VetoSlash("resolver", "vault", 0)


def deposit_mints_shares_at_the_rate_before(amount: int, active_stake: int, active_shares: int, held: int) -> bool:
    """Shares are minted at the rate before the deposit, rounded down.

    pre: 0 < amount <= 10**30 and 0 <= active_stake <= 10**30 and 0 <= held <= active_shares <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, active_stake)
    has_shares(chain, active_shares, held)
    chain.put(TOKEN_BALANCES, (COLLATERAL, "staker"), TokenBalance(amount))
    deposited, minted = chain.do(deposit(amount))
    return (
        deposited == amount
        and minted * (active_stake + 1) <= amount * (active_shares + 1) < (minted + 1) * (active_stake + 1)
        and chain.latest(ACTIVE_STAKE, "vault") == balance(chain, "vault") == active_stake + amount
        and chain.latest(ACTIVE_SHARES, "vault") == active_shares + minted
        and chain.latest(ACTIVE_SHARES_OF, ("vault", "staker")) == held + minted
        and balance(chain, "staker") == 0
    )


def withdrawing_burns_shares_rounded_up(amount: int, active_stake: int, active_shares: int, held: int) -> bool:
    """A withdrawal burns shares, rounded up; an account with too few is rejected.

    pre: 0 < amount <= 10**30 and 0 <= active_stake <= 10**30 and 0 <= held <= active_shares <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, active_stake)
    has_shares(chain, active_shares, held)
    answer = chain.answer(withdraw(amount))
    if isinstance(answer, Reason):
        return answer == Reason.TOO_MUCH_WITHDRAW and amount * (active_shares + 1) > held * (active_stake + 1)
    burned, minted = answer
    return (
        (burned - 1) * (active_stake + 1) < amount * (active_shares + 1) <= burned * (active_stake + 1)
        and chain.latest(ACTIVE_SHARES_OF, ("vault", "staker")) == held - burned >= 0
        and chain.latest(ACTIVE_SHARES, "vault") == active_shares - burned
        and chain.latest(ACTIVE_STAKE, "vault") == active_stake - amount >= 0
        and chain.get(WITHDRAWAL_BUCKETS, ("vault", 11)) == WithdrawalBucket(amount, amount)
        and chain.get(WITHDRAWALS, ("vault", 11, "staker")) == Withdrawal(minted)
        and minted == amount
        and balance(chain, "vault") == active_stake
    )


def redeeming_pays_shares_rounded_down(shares: int, active_stake: int, active_shares: int, held: int) -> bool:
    """A redemption requests the stake that its shares are worth, rounded down.

    It is rejected if the account has too few shares, or if the shares are worth nothing.

    pre: 0 <= shares <= 10**30 and 0 <= active_stake <= 10**30 and 0 <= held <= active_shares <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, active_stake)
    has_shares(chain, active_shares, held)
    answer = chain.answer(Redeem("staker", "vault", "staker", shares))
    if shares > held:
        return answer == Reason.TOO_MUCH_REDEEM
    if isinstance(answer, Reason):
        return answer == Reason.INSUFFICIENT_REDEMPTION and shares * (active_stake + 1) < active_shares + 1
    amount, _ = answer
    return (
        amount * (active_shares + 1) <= shares * (active_stake + 1) < (amount + 1) * (active_shares + 1)
        and bucket_amount(chain, 11) == amount
        and chain.latest(ACTIVE_STAKE, "vault") == active_stake - amount >= 0
        and chain.latest(ACTIVE_SHARES_OF, ("vault", "staker")) == held - shares
    )


def claiming_pays_a_part_of_the_bucket_once(amount: int, shares: int, held: int) -> bool:
    """A claim pays the account's share of the bucket, rounded down, and only once.

    pre: 0 <= amount <= 10**30 and 0 <= held <= shares <= 10**30 and amount <= shares
    post: __return__
    """
    chain = small_chain()
    chain.put(WITHDRAWAL_BUCKETS, ("vault", 9), WithdrawalBucket(amount, shares))
    chain.put(WITHDRAWALS, ("vault", 9, "staker"), Withdrawal(held))
    chain.put(TOKEN_BALANCES, (COLLATERAL, "vault"), TokenBalance(amount))
    paid = chain.answer(claim(9))
    if isinstance(paid, Reason):
        return paid == Reason.INSUFFICIENT_CLAIM and held * (amount + 1) < shares + 1
    return (
        paid * (shares + 1) <= held * (amount + 1) < (paid + 1) * (shares + 1)
        and balance(chain, "staker") == paid
        and balance(chain, "vault") == amount - paid >= 0
        and chain.answer(claim(9)) == Reason.ALREADY_CLAIMED
    )


def claiming_waits_for_the_end_of_the_epoch(now: int, amount: int) -> bool:
    """A bucket is paid when its epoch is over, and not before. Time is any of three epochs.

    pre: 900 <= now < 1200 and 0 < amount <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, 0, amount)
    chain.put(CLOCK, SINGLETON, Clock(now))
    chain.put(WITHDRAWALS, ("vault", 10, "staker"), Withdrawal(amount))
    answer = chain.answer(claim(10))
    return answer == (Reason.INVALID_EPOCH if now < 1100 else amount)


def slash_books_at_most_the_stake(amount: int, active_stake: int, limit: int, booked_before: int) -> bool:
    """A slash books the requested amount, up to the stake at the capture less the amount booked since.

    The vault loses exactly the booked amount. Without any such stake left the slash is rejected.

    pre: 0 < amount and 0 < active_stake <= 10**30 and 0 <= limit <= 10**30 and 0 <= booked_before <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, active_stake)
    chain.put_since(NETWORK_LIMITS, ("vault", SUBNETWORK), 0, limit)
    chain.put_since(CUMULATIVE_SLASHES, OF_OPERATOR, NOW - 50, booked_before)
    answer = chain.answer(slash(amount, NOW - 60))
    slashable = min(active_stake, limit) - booked_before
    if slashable <= 0:
        return answer == Reason.INSUFFICIENT_SLASH and stake_and_withdrawals(chain) == active_stake
    booked, lost = answer
    return (
        booked == lost == min(amount, slashable)
        and stake_and_withdrawals(chain) == balance(chain, "vault") == active_stake - lost >= 0
        and balance(chain, "burner") == lost
        and chain.latest(CUMULATIVE_SLASHES, OF_OPERATOR) == booked_before + booked
    )


def slash_is_shared_by_all_that_is_slashable(amount: int, active_stake: int, withdrawals: int, coming: int) -> bool:
    """A slash is shared out between active stake and the withdrawals of the current and of the next epoch.

    Active stake and the next epoch's bucket lose their proportion, rounded down. The current epoch's bucket loses the
    rest, up to all that it holds. Any excess falls on the next epoch's bucket.

    pre: 0 < amount <= active_stake <= 10**30 and 0 <= withdrawals <= 10**30 and 0 <= coming <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, active_stake, withdrawals, coming)
    slashable = active_stake + withdrawals + coming
    _, lost = chain.do(slash(amount, NOW - 60))
    active_lost = active_stake - chain.latest(ACTIVE_STAKE, "vault")
    withdrawals_lost = withdrawals - bucket_amount(chain, 10)
    coming_lost = coming - bucket_amount(chain, 11)
    return (
        lost == amount == active_lost + withdrawals_lost + coming_lost == balance(chain, "burner")
        and active_lost * slashable <= amount * active_stake < (active_lost + 1) * slashable
        and 0 <= withdrawals_lost <= withdrawals
        and 0 <= coming_lost <= coming
        and (coming_lost * slashable <= amount * coming or withdrawals_lost == withdrawals)
    )


def slash_by_shares_takes_a_part(amount: int, active_stake: int, shares: int, total_shares: int) -> bool:
    """An operator loses at most its share of the network's stake, rounded down.

    pre: 0 < amount and 0 < active_stake <= 10**30 and 0 < shares <= total_shares <= 10**30
    post: __return__
    """
    chain = small_chain(delegator=NETWORK_RESTAKE)
    has_stake(chain, active_stake)
    chain.put_since(OPERATOR_NETWORK_SHARES, OF_OPERATOR, 0, shares)
    chain.put_since(TOTAL_OPERATOR_NETWORK_SHARES, ("vault", SUBNETWORK), 0, total_shares)
    answer = chain.answer(slash(amount, NOW - 60))
    if isinstance(answer, Reason):
        return answer == Reason.INSUFFICIENT_SLASH and active_stake * shares < total_shares
    booked, lost = answer
    return booked == lost <= amount and lost * total_shares <= active_stake * shares


def slash_needs_a_capture_within_an_epoch(now: int, capture_timestamp: int, amount: int) -> bool:
    """A slash needs a capture in the past, at most one epoch ago. The time is any second of three epochs.

    pre: 900 <= now < 1200 and 0 <= capture_timestamp and 0 < amount <= 10**30
    post: __return__
    """
    chain = small_chain()
    chain.put(CLOCK, SINGLETON, Clock(now))
    has_stake(chain, 10**30)
    answer = chain.answer(slash(amount, capture_timestamp))
    if now - EPOCH_SECONDS <= capture_timestamp < now:
        return answer == (amount, amount)
    return answer == Reason.INVALID_CAPTURE_TIMESTAMP and stake_and_withdrawals(chain) == 10**30


def request_leaves_time_for_the_veto(now: int, capture_timestamp: int, amount: int) -> bool:
    """A slash can be requested if its veto period ends within one epoch of the capture.

    pre: 100 <= now < 2**48 - 40 and 0 <= capture_timestamp and 0 < amount <= 10**30
    post: __return__
    """
    chain = small_chain(VETO_SLASHER)
    chain.put(CLOCK, SINGLETON, Clock(now))
    has_stake(chain, 10**30)
    answer = chain.answer(request_slash(amount, capture_timestamp))
    stored = chain.get(SLASH_REQUESTS, ("vault", 0))
    if now + VETO_SECONDS - EPOCH_SECONDS <= capture_timestamp < now:
        return answer == 0 and stored == SlashRequest(
            SUBNETWORK, "operator", amount, capture_timestamp, now + VETO_SECONDS
        )
    return answer == Reason.INVALID_CAPTURE_TIMESTAMP and stored == SlashRequest()


def execution_waits_for_the_veto_and_no_longer_than_an_epoch(now: int, capture: int, deadline: int) -> bool:
    """A request with a resolver is executed after the veto period, at most one epoch after the capture.

    The time is any second of three epochs.

    pre: 900 <= now < 1200 and 0 <= capture < now and capture < deadline
    post: __return__
    """
    chain = small_chain(VETO_SLASHER)
    chain.put(CLOCK, SINGLETON, Clock(now))
    has_stake(chain, 10**30)
    has_resolver(chain)
    has_request(chain, 7, capture, deadline)
    answer = chain.answer(execute(0))
    if now < deadline:
        return answer == Reason.VETO_PERIOD_NOT_ENDED
    if now > capture + EPOCH_SECONDS:
        return answer == Reason.SLASH_PERIOD_ENDED
    return answer == (7, 7)


def veto_is_in_time_or_refused(now: int, deadline: int) -> bool:
    """A request can be vetoed before its veto deadline only.

    pre: 0 < now < 2**48 and 0 <= deadline
    post: __return__
    """
    chain = small_chain(VETO_SLASHER)
    chain.put(CLOCK, SINGLETON, Clock(now))
    has_resolver(chain)
    has_request(chain, 7, 0, deadline)
    answer = chain.answer(VETO)
    is_completed = chain.get(SLASH_REQUESTS, ("vault", 0)).is_completed
    if now < deadline:
        return answer is None and is_completed
    return answer == Reason.VETO_PERIOD_ENDED and not is_completed


def who_leaves_takes_no_more_than_it_brought(amount: int, leaving: int, active_stake: int, active_shares: int) -> bool:
    """A staker deposits, withdraws, waits two epochs, claims, and is paid no more than it deposited.

    The vault has other shareholders.

    pre: 0 < amount <= 10**30 and 0 < leaving <= 10**30 and 0 <= active_stake <= 10**30 and 0 <= active_shares <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, active_stake)
    has_shares(chain, active_shares, 0)
    chain.put(TOKEN_BALANCES, (COLLATERAL, "staker"), TokenBalance(amount))
    chain.do(deposit(amount))
    if chain.answer(withdraw(leaving)) == Reason.TOO_MUCH_WITHDRAW:
        return True
    chain.do(AdvanceTime(2 * EPOCH_SECONDS))
    paid = chain.do(claim(11))
    return paid == leaving == balance(chain, "staker") <= amount


def slashes_of_one_capture_take_no_more_than_the_stake(first: int, second: int, active_stake: int, limit: int) -> bool:
    """Two slashes for one capture take together at most the operator's stake at that time.

    pre: 0 < first and 0 < second and 0 < active_stake <= 10**30 and 0 < limit <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, active_stake)
    chain.put_since(NETWORK_LIMITS, ("vault", SUBNETWORK), 0, limit)
    stake = min(active_stake, limit)
    chain.do(slash(first, NOW - 60))
    answer = chain.answer(slash(second, NOW - 60))
    if first >= stake:
        return answer == Reason.INSUFFICIENT_SLASH and balance(chain, "burner") == stake
    return balance(chain, "burner") == min(first + second, stake)


def what_leaves_can_still_be_slashed(amount: int, leaving: int, active_stake: int, waited_seconds: int) -> bool:
    """A slash for a capture just before a withdrawal takes its full amount, up to one epoch later.

    The withdrawal comes halfway through an epoch.

    pre: 0 < amount <= active_stake <= 10**30 and 0 < leaving <= active_stake and 0 <= waited_seconds < 100
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, active_stake)
    has_shares(chain, active_stake, active_stake)
    chain.do(AdvanceTime(50))
    chain.do(withdraw(leaving))
    chain.do(AdvanceTime(waited_seconds))
    _, lost = chain.do(slash(amount, NOW + 49))
    return lost == amount and stake_and_withdrawals(chain) == balance(chain, "vault") == active_stake - amount


def vetoed_request_is_never_executed(amount: int, waited_seconds: int) -> bool:
    """A vetoed request cannot be executed, however long one waits.

    pre: 0 < amount <= 10**30 and 0 <= waited_seconds
    post: __return__
    """
    chain = small_chain(VETO_SLASHER)
    has_stake(chain, 10**30)
    has_resolver(chain)
    chain.do(request_slash(amount, NOW - 1))
    chain.do(VETO)
    chain.do(AdvanceTime(waited_seconds))
    answer = chain.answer(execute(0))
    if waited_seconds < VETO_SECONDS:
        return answer == Reason.VETO_PERIOD_NOT_ENDED
    if waited_seconds < EPOCH_SECONDS:
        return answer == Reason.SLASH_REQUEST_COMPLETED
    return answer == Reason.SLASH_PERIOD_ENDED


def requests_of_one_capture_take_no_more_than_the_stake(first: int, second: int, active_stake: int) -> bool:
    """Of two executed requests for one capture, the second takes only stake that the first left.

    Neither is executed twice.

    pre: 0 < first and 0 < second and 0 < active_stake <= 10**30
    post: __return__
    """
    chain = small_chain(VETO_SLASHER)
    has_stake(chain, active_stake)
    chain.do(request_slash(first, NOW - 1))
    chain.do(request_slash(second, NOW - 1))
    first_answer = chain.do(execute(0))
    second_answer = chain.answer(execute(1))
    if first >= active_stake:
        return first_answer == (active_stake, active_stake) and second_answer == Reason.INSUFFICIENT_SLASH
    taken = min(second, active_stake - first)
    again = Reason.SLASH_REQUEST_COMPLETED if first + second < active_stake else Reason.INSUFFICIENT_SLASH
    return (
        first_answer == (first, first)
        and second_answer == (taken, taken)
        and chain.answer(execute(0)) == chain.answer(execute(1)) == again
        and balance(chain, "burner") == first + taken
    )


def can_pay_rewards(chain: Chain, contract: str) -> None:
    chain.put(TOKEN_BALANCES, (COLLATERAL, "middleware"), TokenBalance(10**30))
    chain.put(ALLOWANCES, (COLLATERAL, "middleware", contract), Allowance(True))


def reward_is_the_admins_or_the_stakers(amount: int) -> bool:
    """A reward is paid to the only shareholder, but for the admin fee of a tenth, rounded down.

    One account had all three shares in the second that the reward is for.

    pre: 0 < amount <= 10**30
    post: __return__
    """
    chain = small_chain()
    has_stake(chain, 3)
    has_shares(chain, 3, 3)
    can_pay_rewards(chain, "rewards")
    chain.put(STAKER_REWARDS, "rewards", StakerRewards("vault"))
    chain.put(ADMIN_FEES, "rewards", AdminFee(1000))
    paid = ("network", COLLATERAL, amount, NOW - 1, 1000, NO_HINT, NO_HINT)
    chain.do(DistributeStakerRewards("middleware", "rewards", *paid))
    fee = chain.get(CLAIMABLE_ADMIN_FEES, ("rewards", COLLATERAL)).amount
    if fee == amount:
        return False
    chain.do(ClaimStakerRewards("staker", "rewards", "staker", COLLATERAL, "network", 1, ()))
    is_tenth = fee * 10 <= amount < fee * 10 + 10
    return is_tenth and balance(chain, "staker") == amount - fee and balance(chain, "rewards") == fee


def operator_is_paid_its_total_once(first: int, second: int, paid_in: int) -> bool:
    """An operator that claims two totals under one root is paid the larger one in all.

    A second claim of the same total is rejected.

    pre: 0 < first < second <= paid_in <= 10**30
    post: __return__
    """
    chain = small_chain()
    can_pay_rewards(chain, OPERATOR_REWARDS)
    chain.do(DistributeOperatorRewards("middleware", "network", COLLATERAL, paid_in, "root"))

    def claimed(total: int) -> ClaimOperatorRewards:
        return ClaimOperatorRewards("operator", "operator", "network", COLLATERAL, total, "root")

    return (
        chain.do(claimed(first)) == first
        and chain.do(claimed(second)) == second - first
        and chain.answer(claimed(second)) == Reason.INSUFFICIENT_TOTAL_CLAIMABLE
        and balance(chain, "operator") == second
    )
