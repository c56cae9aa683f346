"""Bounded models of other chains on each base: one table of stake, and calls that change the stake that it counts.

Each model requires that the counted stake can be slashed until the certificate is answered, even if staleness, delay
and reaction time do not fit the slashing window. A search shows that this holds where they fit, and how soon it fails
elsewhere.
"""

from typing import Any

from invariants.choices import Choices
from invariants.exploring import BoundedModel
from invariants.law import Catalogue, StateLaw, View
from invariants.market.chains import NOTED, THERE, ChainLaws, last_point
from invariants.market.chains_calls import ChainCallLaws
from invariants.walker import Walk
from spec.codec import Json
from spec.machine import Draft, Table
from spec.market.chains_state import CERTIFICATES, CHANNELS, ENTRIES
from spec.market.port import Port
from spec.market.recourse import Recourse
from spec.protocol import Protocol


def demanded(port: Port, recourse: Recourse) -> StateLaw:
    """The law that, in any channel, the stake that a certificate counts can be slashed until the certificate is
    answered.

    Stake slashed or given up since then does not count as missing. A slash for a later point counts, see
    `is_backed_by_any`.
    """
    laws = ChainLaws(port, recourse)

    def holds(view: View, key: Any) -> bool:
        certificate, terms = view.rows.get(CERTIFICATES, key), view.rows.get(CHANNELS, key[0])
        if not certificate.is_accepted or port.now(view.rows) > last_point(terms, certificate):
            return True
        table = (key[0], certificate.reference_point)
        return laws.is_backed_by_any(view.rows, table, certificate.signers, certificate.counted)

    also: tuple[Table[Any, Any], ...] = (
        CHANNELS,
        ENTRIES,
        *recourse.tables_of_recourse(),
        *port.tables_of_stake(),
        *NOTED,
    )
    sentence = "What a certificate counts can be slashed until it is answered."
    return StateLaw("CHN-ANY", sentence, THERE, holds, rows={CERTIFICATES: lambda key: key}, also_reads=also)


def model_on(
    protocol: Protocol, port: Port, recourse: Recourse, world: dict[str, Json], opening: list[Any], calls: list[Any]
) -> BoundedModel:
    """A bounded model above one base protocol, with the laws of other chains and the law `demanded`.

    `world` is the head of a trace. `opening` and `calls` are actions of the base and of the market.
    """
    laws, of_calls = ChainLaws(port, recourse), ChainCallLaws(port, recourse)
    state_laws = [*laws.state_laws(), demanded(port, recourse)]
    catalogue = Catalogue(laws.sums, state_laws, of_calls.step_laws(), of_calls.rejection_laws(), [])

    def any_call(choices: Choices, _draft: Draft) -> Any:
        return choices.pick(calls)

    return BoundedModel(Walk(protocol, catalogue, world, lambda: opening, any_call), calls)
