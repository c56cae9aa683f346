"""The security graph, in terms that every protocol shares: stakes, services, and the slashable amount of each stake.

Each protocol computes it in its own `security.py`. The computation reads whole tables, so it is no rule: no transition
uses it, only reports do.
"""

from typing import Final

import attr


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Stake:
    """One slashable amount of one token, in the token's smallest unit, under the unique name `stake_id`.

    `leaving` is the part of `amount` in pending withdrawals that a slash still reaches.
    """

    stake_id: Final[str]
    token: Final[str]
    amount: Final[int]
    leaving: Final[int]

    def __init__(self, stake_id: str, token: str, amount: int, leaving: int) -> None:
        self.stake_id = stake_id
        self.token = token
        self.amount = amount
        self.leaving = leaving


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Commitment:
    """The amount of one stake that a service can slash for an offence that an operator commits now.

    `slasher` is the account that can request the slash. `until` is the last block or timestamp at which all of `amount`
    can be slashed; None if no end is scheduled. `vetoer` is the account that can veto the slash; None if there is no
    veto.
    """

    stake_id: Final[str]
    operator: Final[str]
    service: Final[str]
    amount: Final[int]
    slasher: Final[str]
    until: Final[int | None]
    vetoer: Final[str | None]

    def __init__(
        self,
        stake_id: str,
        operator: str,
        service: str,
        amount: int,
        slasher: str,
        until: int | None,
        vetoer: str | None,
    ) -> None:
        self.stake_id = stake_id
        self.operator = operator
        self.service = service
        self.amount = amount
        self.slasher = slasher
        self.until = until
        self.vetoer = vetoer


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Security:
    """All stakes that secure a service, all commitments of these stakes, and all services. Stakes and commitments are
    sorted by name.

    The slashes of several commitments of one stake add up, to at most the stake. This holds for all protocols here.
    """

    stakes: Final[tuple[Stake, ...]]
    commitments: Final[tuple[Commitment, ...]]
    services: Final[tuple[str, ...]]

    def __init__(
        self, stakes: tuple[Stake, ...], commitments: tuple[Commitment, ...], services: tuple[str, ...]
    ) -> None:
        self.stakes = stakes
        self.commitments = commitments
        self.services = services
