"""The restaking obligations of a base layer: a network says which stakes secure which services, and a `restake-base`
document declares the consensus.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from risk.finality import SECONDS, BaseLayer, Consensus, Obligations, Service
from risk.hazards import not_negative, positive, probability
from risk.linear import ZERO
from risk.network import Network, fields, listed, text
from spec.codec import Json, MalformedTrace, shown

FORMAT: Final = "restake-base"
VERSION: Final = 1


def read(
    document: Json, network: Network, seconds: float = SECONDS
) -> tuple[BaseLayer, dict[str, dict[str, Fraction]]]:
    """The base layer under a network's obligations, and the loss of each stake if each operator is slashed.

    In the document, `tokens` lists the tokens whose stake is consensus weight. `operators` lists those whose slash is
    analysed. Both default to all. Raises MalformedTrace, with the field, if the document is malformed.
    """
    root = fields(
        document, "", ("format", "version", "total", "adversary", "prize"), ("ejected_at", "tokens", "operators")
    )
    if root["format"] != FORMAT:
        raise MalformedTrace("format", f"expected {FORMAT!r}, got {shown(root['format'])}")
    if root["version"] != VERSION or isinstance(root["version"], bool):
        raise MalformedTrace("version", f"expected {VERSION}, got {shown(root['version'])}")
    consensus = Consensus(
        positive(root["total"], "total"),
        not_negative(root["adversary"], "adversary"),
        not_negative(root["prize"], "prize"),
        probability(root.get("ejected_at", "1/2"), "ejected_at"),
    )
    if not consensus.ejected_at:
        raise MalformedTrace("ejected_at", "expected more than 0 and at most 1")
    tokens = _names(root, "tokens", {stake.token for stake in network.stakes})
    obligations = _obligations(network, tokens)
    held = sum(obligations.stakes.values(), ZERO)
    if held + consensus.adversary > consensus.total:
        raise MalformedTrace(
            "total", f"less than the network's stake and the adversary's, {held + consensus.adversary}"
        )
    operators = _names(root, "operators", {row.operator for row in network.commitments})
    shocks = {operator: shock for operator, shock in _shocks(network, obligations).items() if operator in operators}
    if not shocks:
        raise MalformedTrace("operators", "no operator has consensus weight that a service may slash")
    return BaseLayer(obligations, consensus, seconds), shocks


def _names(root: Mapping[str, Json], name: str, known: set[str]) -> set[str]:
    if name not in root:
        return known
    found = {text(value, f"{name}[{i}]") for i, value in enumerate(listed(root[name], name))}
    for unknown in sorted(found - known):
        raise MalformedTrace(name, f"unknown {name[:-1]} {shown(unknown)}")
    return found


def _obligations(network: Network, tokens: set[str]) -> Obligations:
    """The stakes in these tokens, and the amount of each that each service may slash, at most the stake."""
    values = network.values
    stakes = {stake.stake_id: values[stake.stake_id] for stake in network.stakes if stake.token in tokens}
    taken: dict[str, dict[str, Fraction]] = {service: {} for service in network.terms}
    for row, weight in zip(network.commitments, network.weights, strict=True):
        if row.stake_id in stakes and weight:
            before = taken[row.service].get(row.stake_id, ZERO)
            taken[row.service][row.stake_id] = min(stakes[row.stake_id], before + weight)
    services = {
        name: Service(terms.profit, terms.threshold, taken[name], terms.slash)
        for name, terms in network.terms.items()
        if taken[name]
    }
    return Obligations(stakes, services)


def _shocks(network: Network, obligations: Obligations) -> dict[str, dict[str, Fraction]]:
    """The loss of each stake, by operator, if all services slash that operator at once; at most the stake."""
    shocks: dict[str, dict[str, Fraction]] = {}
    for row, weight in zip(network.commitments, network.weights, strict=True):
        if row.stake_id in obligations.stakes and weight:
            shock = shocks.setdefault(row.operator, {})
            shock[row.stake_id] = min(obligations.stakes[row.stake_id], shock.get(row.stake_id, ZERO) + weight)
    return shocks
