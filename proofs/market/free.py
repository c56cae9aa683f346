"""The free base: a base in which time passes, and any call may set any stake and any weight to any amount.

It stands for every base that keeps what docs/market.md says is assumed. The port's answers are rows of their own, and
the market observes the calls that write them.
"""

from typing import Any, Final

import attr

from proofs.market.free_actions import (
    Allot,
    ChangeReach,
    ChangeStake,
    ChangeValue,
    Complete,
    Forgo,
    PassTime,
    Pay,
    PutIn,
    TakeOut,
    TakeStake,
)
from proofs.market.free_state import (
    ALLOTTED,
    BALANCES,
    CHANGED,
    GAINS,
    GIVEN_UP,
    LASTING,
    LEAVING,
    NOW,
    OWED,
    PRICES,
    QUEUES,
    REACHED,
    STAKED,
    TAKEN,
    VALUES,
    WAITING,
    WEIGHTS,
    Allotment,
    Amount,
    Moment,
    Queue,
    Quotient,
    Stake,
    Waiting,
)
from spec.layer import Act
from spec.machine import SINGLETON, Delta, Draft, Table, Write
from spec.market.authority import Allocated
from spec.market.chains import note_slash, observe_stake
from spec.market.counting import observe_rows
from spec.market.losses import observe_slashes
from spec.market.mandates_state import (
    Target,
)
from spec.market.port import ANY_OPERATOR, Group, RowKey, Service, Slashable, Slashed
from spec.market.reasons import Reason
from spec.market.recourse import Forgone
from spec.market.transition import ACCOUNT


@attr.s(auto_attribs=True, init=False, eq=False)
class Earlier:
    """The state before a slash, as far as the market reads it: what was slashed of a stake, the price of a group, and
    the market's balance of a token. Any other row is read from the draft, with what the slash has written meanwhile.
    """

    rows: Final[Draft]
    stake: Final[Stake]
    taken: Final[Amount]
    group: Final[Group]
    price: Final[Amount]
    token: Final[str]
    held: Final[Amount]

    def __init__(
        self, rows: Draft, stake: Stake, taken: Amount, group: Group, price: Amount, token: str, held: Amount
    ) -> None:
        self.rows = rows
        self.stake = stake
        self.taken = taken
        self.group = group
        self.price = price
        self.token = token
        self.held = held

    def get(self, table: Table[Any, Any], key: Any) -> Any:
        """The row of a key: the three rows from before the slash, any other row from the draft."""
        if table is TAKEN and key == self.stake:
            return self.taken
        if table is PRICES and key == self.group:
            return self.price
        if table is BALANCES and key == (self.token, ACCOUNT):
            return self.held
        return self.rows.get(table, key)


def any_value(_holder: str, _weight: int, price: int) -> int:
    """The value of a position; a trusted contract replaces this by an unknown function (`contracts.py`)."""
    return price


def any_window(_pool: str) -> int:
    """The window of a pool; a trusted contract replaces this by an unknown function (`contracts.py`)."""
    return 100


def weight_key(group: Group, holder: str) -> Stake:
    """The key, in the table WEIGHTS, of a holder's weight in a group."""
    return ((holder, 0), group[0], group[1])


# attrs declares that these objects have no fields: else a loop over a list of any length would refuse them.


@attr.s(init=False, eq=False)
class FreePort:
    """The port of the free base, a base of which nothing is assumed. Its answers are rows that calls may set to
    anything.
    """

    def now(self, draft: Draft) -> int:
        """The point of time at which this call executes, from the table NOW."""
        return draft.get(NOW, SINGLETON).point

    def slashable(self, draft: Draft, service: Service, operator: str, pool: str) -> Slashable:
        """The operator's amounts in the tables LASTING and LEAVING. All of both can still be slashed."""
        stake = (service, operator, pool)
        lasting = draft.get(LASTING, stake).amount
        return Slashable(lasting + draft.get(LEAVING, stake).amount, None, lasting)

    def rows_of_stake(self, service: Service, operator: str, pool: str) -> tuple[RowKey, ...]:
        """The (table, key) of the one row that holds the stake, in the table LASTING."""
        return ((LASTING.name, (service, operator, pool)),)

    def group(self, operator: str, pool: str) -> Group:
        """The group of those who stand behind an operator in a pool, named by the pair (operator, pool)."""
        return (operator, pool)

    def weight(self, draft: Draft, group: Group, holder: str) -> int:
        """The weight of a holder in a group, its amount in the table WEIGHTS."""
        return draft.get(WEIGHTS, weight_key(group, holder)).amount

    def rows_of_weight(self, group: Group, holder: str) -> tuple[RowKey, ...]:
        """The (table, key) of the one row that holds the weight, in the table WEIGHTS."""
        return ((WEIGHTS.name, weight_key(group, holder)),)

    def value(self, draft: Draft, group: Group, holder: str) -> int:
        """The value of a holder's position, as an arbitrary function of the holder's weight and the price of
        its group.
        """
        return any_value(holder, self.weight(draft, group, holder), draft.get(PRICES, group).amount)

    def slashes(self, before: Draft, after: Draft, writes: list[Write]) -> tuple[Slashed, ...]:
        """The slashes among some writes, which are those of the table TAKEN. The amount of each is by how much its row
        has grown.
        """
        taken: list[Any] = [write.key for write in writes if write.table is TAKEN]
        return tuple(
            [
                Slashed(key[0], key[1], key[2], after.get(TAKEN, key).amount - before.get(TAKEN, key).amount)
                for key in taken
            ]
        )

    def payment(self, token: str, sender: str, recipient: str, amount: int) -> object:
        """The action by which the sender pays an amount of a token to the recipient."""
        return Pay(sender, token, recipient, amount)

    def balance(self, draft: Draft, token: str, account: str) -> int:
        """The account's balance of a token, its amount in the table BALANCES."""
        return draft.get(BALANCES, (token, account)).amount

    def tables_of_stake(self) -> tuple[Table[Any, Any], ...]:
        """The tables that `slashable` reads: LASTING and LEAVING."""
        return (LASTING, LEAVING)

    def tables_of_slashes(self) -> tuple[Table[Any, Any], ...]:
        """The one table that every slash writes: TAKEN."""
        return (TAKEN,)

    def tables_of_weight(self) -> tuple[Table[Any, Any], ...]:
        """The one table that `weight` reads: WEIGHTS."""
        return (WEIGHTS,)


@attr.s(init=False, eq=False)
class FreeCustody:
    """The custody of the free base, of which nothing is assumed: a deposit by the market adds any amount to a
    position.
    """

    def deposits(self, draft: Draft, sender: str, account: str, pool: str, amount: int) -> tuple[object, ...]:
        """The one action for a deposit of `amount`: the sender pays the pool, and the account's position grows."""
        return (PutIn(sender, account, pool, amount),)

    def delegation(self, draft: Draft, account: str, operator: str) -> tuple[object, ...]:
        """No actions: the free base has no delegation, so nothing has to be done for it."""
        return ()

    def position(self, draft: Draft, account: str, pool: str) -> int:
        """The account's position in a pool, its amount in the table STAKED."""
        return draft.get(STAKED, (account, pool)).amount

    def pieces(self, draft: Draft, account: str, pool: str) -> int:
        """The account's position in pieces, in which it is withdrawn. A piece is one unit of the position."""
        return draft.get(STAKED, (account, pool)).amount

    def worth(self, draft: Draft, account: str, pool: str) -> int:
        """The worth of a position, by the value of a unit of its pool. Rounds down."""
        value = draft.get(VALUES, pool)
        return draft.get(STAKED, (account, pool)).amount * value.numerator // value.denominator

    def withdrawal(self, account: str, pool: str, pieces: int, holder: str) -> object:
        """The action that withdraws pieces of the account's position in a pool, for the holder."""
        return TakeOut(account, pool, pieces, holder)

    def number(self, draft: Draft, account: str) -> int | None:
        """The number of the account's last withdrawal; None if the base pays the holder itself."""
        queue = draft.get(QUEUES, account)
        return queue.latest if queue.is_kept else None

    def settlement(self, draft: Draft, account: str, pool: str, number: int, in_tokens: bool) -> object | None:
        """The action that completes a withdrawal of the account; None if the base pays the holder itself."""
        return Complete(account, pool, number, in_tokens) if draft.get(QUEUES, account).is_kept else None

    def token(self, draft: Draft, pool: str) -> str:
        """The token of a pool, which has the pool's name."""
        return pool


@attr.s(init=False, eq=False)
class FreeAuthority:
    """The authority of the free base, of which nothing is assumed: any account may split its position in any pool among
    targets.
    """

    def opening(self, draft: Draft, account: str, pool: str) -> tuple[object, ...] | None:
        """No actions, since every account may split its position without a preparation."""
        return ()

    def can_target(self, account: str, operator: str) -> bool:
        """True: in the free base an account may allocate to every operator."""
        return True

    def preparations(self, account: str, pool: str) -> tuple[object, ...]:
        """No actions: the free base has no pending changes to apply before a split."""
        return ()

    def whole(self, draft: Draft, account: str, pool: str) -> int:
        """The amount that an account can split in a pool: its whole position."""
        return draft.get(STAKED, (account, pool)).amount

    def allocated(self, draft: Draft, account: str, pool: str, target: Target) -> Allocated:
        """The part of an account's stake in a pool that a target (a service and an operator) has, from the table
        ALLOTTED.
        """
        row = draft.get(ALLOTTED, (target.service, target.operator, pool))
        return Allocated(
            amount=row.amount,
            exposed=row.amount + row.waiting_amount,
            highest=row.amount + row.room_amount,
            is_fixed=row.is_fixed,
            is_backed=row.missing_amount == 0 or row.is_stuck,
        )

    def changes(self, draft: Draft, account: str, pool: str, target: Target, amount: int) -> tuple[object, ...]:
        """The one action that sets the target's allocation to `amount`."""
        return (Allot(account, pool, target.service, target.operator, amount),)


@attr.s(init=False, eq=False)
class FreeGround:
    """The free base, of which nothing is assumed, as laws of mandates see it. It reads the rows that `FreeAuthority`
    reads.
    """

    def whole(self, rows: Draft, account: str, pool: str) -> int:
        """The account's whole position in the pool."""
        return rows.get(STAKED, (account, pool)).amount

    def counted_on(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The amount that a target may count on: what it has, and what was taken from it and can still be slashed."""
        row = rows.get(ALLOTTED, (target.service, target.operator, pool))
        return row.amount + row.waiting_amount

    def backing(self, rows: Draft, account: str, pool: str, target: Target) -> int:
        """The part of a target's amount that its service can slash now."""
        row = rows.get(ALLOTTED, (target.service, target.operator, pool))
        return row.amount - row.missing_amount

    def is_its_own(self, account: str, pool: str, write: Write) -> bool:
        """True if a write is to the row of some allocation in the pool, whichever account's."""
        key: Any = write.key
        return write.table.index == ALLOTTED.index and key[2] == pool


@attr.s(init=False, eq=False)
class FreeRecourse:
    """The recourse of the free base: what can be slashed later for an earlier point. Nothing is known of it but that it
    does not fall within a pool's window, unless something is slashed.
    """

    def window(self, draft: Draft, pool: str) -> int:
        """The window of a pool: any number of points, which does not change over time."""
        return any_window(pool)

    def reference(self, draft: Draft) -> int:
        """The last point whose slashable stake no further call can change: here the point at which
        this call executes.
        """
        return draft.get(NOW, SINGLETON).point

    def left(self, draft: Draft, service: Service, operator: str, pool: str, point: int) -> int:
        """The amount that a service can slash from an operator now, for an offence at `point`: that of the table
        REACHED less all that was slashed, and at least 0.
        """
        stake = (service, operator, pool)
        return max(draft.get(REACHED, (stake, point)).amount - draft.get(TAKEN, stake).amount, 0)

    def together(self, draft: Draft, pool: str, point: int, amount: int) -> int:
        """The most that slashes of several operators can take together. It is `amount`, the whole sum of what each can
        lose.
        """
        return amount

    def purse(self, service: Service, operator: str, pool: str) -> tuple[Service, str, str]:
        """The key of the stake that a slash takes from: service, operator and pool, so no two stakes share one."""
        return (service, operator, pool)

    def rounded(self, writes: list[Write]) -> tuple[Group, ...]:
        """The groups whose stake some writes change by a rounded amount: none in the free base."""
        return ()

    def dust(self, roundings: int) -> int:
        """Zero: the free base rounds nothing, so no rounding loses anything."""
        return 0

    def forgone(self, draft: Draft, writes: list[Write]) -> tuple[Forgone, ...]:
        """The recourse that services give up by the written rows, those of the table GIVEN_UP."""
        given: list[Any] = [write for write in writes if write.table is GIVEN_UP]
        return tuple([(write.key[0], write.key[1], write.key[2], write.row.amount) for write in given])

    def tables_of_recourse(self) -> tuple[Table[Any, Any], ...]:
        """The tables that `left` reads, and the clock."""
        return (NOW, REACHED, TAKEN)


PORT: Final = FreePort()
CUSTODY: Final = FreeCustody()
AUTHORITY: Final = FreeAuthority()
GROUND: Final = FreeGround()
RECOURSE: Final = FreeRecourse()


def pay(draft: Draft, action: Pay) -> Delta | Reason:
    """Move tokens from the sender to another account. Rejects, if the sender has too few: PAYMENT_FAILED."""
    held = draft.get(BALANCES, (action.token, action.sender)).amount
    if action.amount > held:
        return Reason.PAYMENT_FAILED
    draft.put(BALANCES, (action.token, action.sender), Amount(held - action.amount))
    received = draft.get(BALANCES, (action.token, action.to)).amount
    draft.put(BALANCES, (action.token, action.to), Amount(received + action.amount))
    return draft.delta()


def put_in(draft: Draft, action: PutIn) -> Delta | Reason:
    """Take the sender's payment for a deposit and add the amount in the table GAINS to the account's position. The
    tokens are the base's from then on, and no account's. Rejects, if the sender has too few: PAYMENT_FAILED.
    """
    held = draft.get(BALANCES, (action.pool, action.sender)).amount
    if action.amount > held:
        return Reason.PAYMENT_FAILED
    draft.put(BALANCES, (action.pool, action.sender), Amount(held - action.amount))
    key = (action.account, action.pool)
    draft.put(STAKED, key, Amount(draft.get(STAKED, key).amount + draft.get(GAINS, key).amount))
    return draft.delta()


def take_out(draft: Draft, action: TakeOut) -> Delta | Reason:
    """Take pieces out of the sender's position, and into its queue, or owe them to the holder where there is none.
    Rejects, unless there are so many and at least one: NOT_ENOUGH_SHARES.
    """
    key = (action.sender, action.pool)
    held = draft.get(STAKED, key).amount
    if not 0 < action.pieces <= held:
        return Reason.NOT_ENOUGH_SHARES
    draft.put(STAKED, key, Amount(held - action.pieces))
    queue = draft.get(QUEUES, action.sender)
    if queue.is_kept:
        draft.put(QUEUES, action.sender, Queue(True, queue.latest + 1))
        draft.put(WAITING, (action.sender, queue.latest + 1), Waiting(True, action.pieces))
    else:
        owed = draft.get(OWED, (action.holder, action.pool)).amount
        draft.put(OWED, (action.holder, action.pool), Amount(owed + action.pieces))
    return draft.delta()


def complete(draft: Draft, action: Complete) -> Delta | Reason:
    """Complete a withdrawal of the sender's queue: in tokens, the sender gets the amount in the table GAINS, else its
    position has the pieces again. Rejects, if there is no such withdrawal: BASE_REFUSES.
    """
    row = draft.get(WAITING, (action.sender, action.number))
    if not row.is_waiting:
        return Reason.BASE_REFUSES
    draft.put(WAITING, (action.sender, action.number), Waiting())
    if action.in_tokens:
        held = draft.get(BALANCES, (action.pool, action.sender)).amount
        paid = draft.get(GAINS, (action.sender, action.pool)).amount
        draft.put(BALANCES, (action.pool, action.sender), Amount(held + paid))
    else:
        key = (action.sender, action.pool)
        draft.put(STAKED, key, Amount(draft.get(STAKED, key).amount + row.pieces))
    return draft.delta()


def allot(draft: Draft, action: Allot) -> Delta | Reason:
    """Set what a target has, and let its service slash all of it unless it is lowered. Rejects an amount that the base
    does not allow now: BASE_REFUSES.
    """
    key = (action.service, action.operator, action.pool)
    row = draft.get(ALLOTTED, key)
    if row.is_fixed or action.amount < 0 or action.amount > row.amount + row.room_amount:
        return Reason.BASE_REFUSES
    taken = row.amount - action.amount
    if taken > 0:
        after = Allotment(
            amount=action.amount,
            waiting_amount=row.waiting_amount + taken if row.has_delays else row.waiting_amount,
            missing_amount=min(row.missing_amount, action.amount),
            room_amount=row.room_amount if row.has_delays or row.is_stuck else row.room_amount + taken,
            is_fixed=row.has_delays,
            is_stuck=row.is_stuck,
            has_delays=row.has_delays,
        )
    else:
        after = Allotment(
            amount=action.amount,
            waiting_amount=max(row.waiting_amount + taken, 0),
            missing_amount=row.missing_amount if row.is_stuck else 0,
            room_amount=row.room_amount + taken,
            is_fixed=row.has_delays and taken < 0,
            is_stuck=row.is_stuck,
            has_delays=row.has_delays,
        )
    draft.put(ALLOTTED, key, after)
    return draft.delta()


def change_reach(draft: Draft, action: ChangeReach) -> Delta | Reason:
    """Set the amount that could be slashed for an earlier point, if nothing had been slashed. Until the pool's window
    for that point is over, it may not fall, but for what the service has given up: this is the promise of a base.
    Rejects: TOO_EARLY.
    """
    stake, of_all = (action.service, action.operator, action.pool), (action.service, ANY_OPERATOR, action.pool)
    key = (stake, action.reached_point)
    is_over = draft.get(NOW, SINGLETON).point > action.reached_point + any_window(action.pool)
    given_up = max(draft.get(GIVEN_UP, stake).amount, draft.get(GIVEN_UP, of_all).amount)
    if not is_over and action.reached_point >= given_up and action.amount < draft.get(REACHED, key).amount:
        return Reason.TOO_EARLY
    draft.put(REACHED, key, Amount(action.amount))
    return draft.delta()


def take_stake(draft: Draft, action: TakeStake) -> Delta:
    """Slash an operator, which reduces for every point alike what can still be slashed. The market pays what it
    insures, and notes the slash for stake tables.
    """
    stake, group = (action.service, action.operator, action.pool), (action.operator, action.pool)
    held, taken = draft.get(BALANCES, (action.token, ACCOUNT)), draft.get(TAKEN, stake)
    before: Any = Earlier(draft, stake, taken, group, draft.get(PRICES, group), action.token, held)
    draft.put(TAKEN, stake, Amount(taken.amount + action.amount))
    draft.put(PRICES, group, Amount(action.price))
    draft.put(BALANCES, (action.token, ACCOUNT), Amount(held.amount + action.redress))
    writes = [*draft.delta().writes]
    observe_slashes(PORT, before, draft, writes, ACCOUNT)
    note_slash(RECOURSE, draft, Slashed(action.service, action.operator, action.pool, action.amount))
    return draft.delta()


def forgo(draft: Draft, action: Forgo) -> Delta | Reason:
    """Give up all recourse for earlier points: of a whole pool, or of an operator that is slashed by the same call.
    Rejects, if a point is not over then: TOO_EARLY.
    """
    operator = ANY_OPERATOR if action.is_of_all else action.operator
    stake, of_all = (action.service, action.operator, action.pool), (action.service, operator, action.pool)
    if action.before_point > draft.get(NOW, SINGLETON).point + (1 if action.is_of_all else 0):
        return Reason.TOO_EARLY
    taken = draft.get(TAKEN, stake)
    before: Any = Earlier(draft, stake, taken, (action.operator, action.pool), Amount(), "", Amount())
    if not action.is_of_all:
        draft.put(TAKEN, stake, Amount(taken.amount + action.amount))
    draft.put(GIVEN_UP, of_all, Amount(max(draft.get(GIVEN_UP, of_all).amount, action.before_point)))
    observe_stake(PORT, RECOURSE, before, draft, [*draft.delta().writes])
    return draft.delta()


def base_transition(draft: Draft, action: Any) -> Delta | Reason:
    """The transition of the base's calls, which executes one on a draft and returns its outcome. The market observes a
    change of stake or weight, and a slash.
    """
    if isinstance(action, Pay):
        return pay(draft, action)
    if isinstance(action, PutIn):
        return put_in(draft, action)
    if isinstance(action, TakeOut):
        return take_out(draft, action)
    if isinstance(action, Complete):
        return complete(draft, action)
    if isinstance(action, Allot):
        return allot(draft, action)
    if isinstance(action, PassTime):
        draft.put(NOW, SINGLETON, Moment(draft.get(NOW, SINGLETON).point + action.points))
        return draft.delta()
    if isinstance(action, ChangeValue):
        draft.put(VALUES, action.pool, Quotient(action.numerator, action.denominator))
        return draft.delta()
    if isinstance(action, ChangeReach):
        return change_reach(draft, action)
    if isinstance(action, Forgo):
        return forgo(draft, action)
    if isinstance(action, TakeStake):
        return take_stake(draft, action)
    if isinstance(action, ChangeStake):
        stake = (action.service, action.operator, action.pool)
        draft.put(LASTING, stake, Amount(action.amount))
    else:
        stake = weight_key((action.operator, action.pool), action.holder)
        draft.put(WEIGHTS, stake, Amount(action.amount))
    writes = [*draft.delta().writes]
    draft.put(CHANGED, stake, Amount(action.amount))
    observe_rows(PORT, draft, writes)
    return draft.delta()


def act_in(draft: Draft) -> Act:
    """The function by which the market executes actions of the base on one call's draft. It returns each action's
    outcome.
    """
    return lambda action: base_transition(draft, action)
