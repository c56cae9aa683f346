"""Witnesses of other chains: situations that walks must reach."""

from typing import Final

from invariants.law import AcceptedStep, AnyStep, Scope, Witness, written
from invariants.market.chains import THERE, ChainLaws, channel_of, table_of
from invariants.market.chains_calls import CALLS
from spec.market.chains import answered_by
from spec.market.chains_actions import CheckCertificate
from spec.market.chains_state import CHANNELS, ENTRIES, FORGONE, SLASHED_OF_PURSES
from spec.market.port import ANY_OPERATOR, Port
from spec.market.recourse import Recourse


class _Seen:
    """Conditions of witnesses that need the base's port and recourse, its interfaces to stake and to slashes."""

    def __init__(self, port: Port, recourse: Recourse) -> None:
        self._port: Final = port
        self._recourse: Final = recourse
        self._laws: Final = ChainLaws(port, recourse)

    def _weight(self, step: AcceptedStep[CheckCertificate]) -> int:
        table = table_of(step.action)
        return sum([step.after.rows.get(ENTRIES, (table, signer)).weight for signer in step.action.signers])

    def is_last(self, step: AcceptedStep[CheckCertificate]) -> bool:
        """True if the last point at which the certificate can be answered is the last point of the slashing window."""
        rows, table = step.after.rows, table_of(step.action)
        last = table[1] + self._recourse.window(rows, step.action.pool)
        return self._weight(step) > 0 and answered_by(rows.get(CHANNELS, table[0]), self._port.now(rows)) == last

    def is_leaving(self, step: AcceptedStep[CheckCertificate]) -> bool:
        """True if part of the counted stake is about to leave, and all of it can still be slashed."""
        rows, table = step.after.rows, table_of(step.action)
        service, pool, _ = channel_of(step.action)
        lasting = [self._port.slashable(rows, service, signer, pool).lasting for signer in step.action.signers]
        counted = self._weight(step)
        return sum(lasting) < counted <= self._laws.left(rows, table, step.action.signers)

    def is_worth_less(self, step: AcceptedStep[CheckCertificate]) -> bool:
        """True if part of the counted stake can no longer be slashed, and was neither slashed nor given up."""
        rows, table, signers = step.after.rows, table_of(step.action), step.action.signers
        returned = step.delta.returns
        return isinstance(returned, int) and not self._laws.is_backed_by_any(rows, table, signers, returned)

    def is_slashed(self, step: AcceptedStep[CheckCertificate]) -> bool:
        """True if more of the counted stake than rounding explains has been slashed since the table was sent."""
        return self._laws.lost(step.after.rows, table_of(step.action), step.action.signers) > self._recourse.dust(0)

    def counts_once(self, step: AcceptedStep[CheckCertificate]) -> bool:
        """True if the signers' weights add up to more than they can lose together, so that less is counted."""
        returned = step.delta.returns
        return isinstance(returned, int) and returned < self._weight(step)


def _takes_counted(step: AnyStep) -> bool:
    before, after = step.before.rows, step.after.rows
    purses = written(step.delta, SLASHED_OF_PURSES)
    return any([after.get(SLASHED_OF_PURSES, one).amount > before.get(SLASHED_OF_PURSES, one).amount for one in purses])


def _is_an_operators(step: AnyStep) -> bool:
    return any([operator != ANY_OPERATOR for _, operator, _ in written(step.delta, FORGONE)])


def _is_a_pools(step: AnyStep) -> bool:
    return any([operator == ANY_OPERATOR for _, operator, _ in written(step.delta, FORGONE)])


def chain_witnesses(port: Port, recourse: Recourse) -> list[Witness]:
    """A witness for each call about other chains, and for the situations that their laws are about."""
    seen, checking = _Seen(port, recourse), Scope((CheckCertificate,))
    return [
        *[
            Witness(f"CHN-W{number:02}", f"{action.__name__} is accepted.", THERE, lambda _step: True, Scope((action,)))
            for number, action in enumerate(CALLS, 1)
        ],
        Witness("CHN-W06", "A certificate is answered in the last point of the window.", THERE, seen.is_last, checking),
        Witness("CHN-W07", "A certificate counts what is on its way out.", THERE, seen.is_leaving, checking),
        Witness(
            "CHN-W08",
            "Beyond the window a certificate counts what can be slashed no longer.",
            THERE,
            seen.is_worth_less,
            checking,
        ),
        Witness("CHN-W09", "What a certificate counts was slashed since.", THERE, seen.is_slashed, checking),
        Witness(
            "CHN-W10",
            "A slash takes what a table counts.",
            THERE,
            _takes_counted,
            Scope(tables=(SLASHED_OF_PURSES,)),
        ),
    ]


def sharing_witnesses(port: Port, recourse: Recourse) -> list[Witness]:
    """The witnesses for a base whose operators share stake, and whose slashes name the point of the offence."""
    seen = _Seen(port, recourse)
    return [
        Witness(
            "CHN-W11",
            "Signers weigh more than they could lose together.",
            THERE,
            seen.counts_once,
            Scope((CheckCertificate,)),
        ),
        Witness("CHN-W12", "A later slash forgoes earlier points.", THERE, _is_an_operators, Scope(tables=(FORGONE,))),
    ]


def leaving_witness() -> Witness:
    """The witness for a base whose services can give up the right to slash a whole pool."""
    return Witness("CHN-W13", "A service lets a pool go.", THERE, _is_a_pools, Scope(tables=(FORGONE,)))
