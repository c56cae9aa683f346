"""The security graph, in terms that every protocol shares: stakes, services, and the slashable amount of each stake.

Each protocol says it once, in its own `security.py`. It looks at whole tables, and so is no rule: it answers people.
"""

from typing import Final

import attr


@attr.s(auto_attribs=True, init=False, unsafe_hash=True)
class Stake:
    """One amount of one token that can be lost, named `stake_id`, in the token's own unit.

    `leaving` is the part of it on its way out that a slash still reaches.
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
    """The amount of one stake that a service may take for what an operator does now.

    `slasher` asks for it. `until` is the last block or timestamp in which all of `amount` can be taken; None: no end is
    in sight. `vetoer` may forbid it; None: nobody may.
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
    """All stakes that secure something, all commitments of them (both in order of their names), and every service.

    What several commitments of one stake take is added up, and never more than the stake: all protocols here do that.
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
