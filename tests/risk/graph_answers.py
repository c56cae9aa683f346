"""The functions of `risk` that answer the numeric cases about graphs, attacks, cascades, elastic stake and EigenLayer.

Some questions have several right answers, such as a best attack or a worst shock. Their answer is a `Witness`, which
decides whether the expected answer is also right.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import attrs

from risk import cut, elastic, moving
from risk.attack import (
    AttackVerdict,
    Question,
    Use,
    best_attack,
    cheapest,
    gamma_eigenlayer,
    greatest_ratio,
    ratios,
    security,
    slack,
)
from risk.cascade import Cascades, Worst, bound
from risk.network import Network, Terms, write
from risk.program import Claim, loss
from risk.sources import elastic as elastic_network
from risk.sources import graph
from risk.symmetric import Symmetric
from risk.verify import check
from spec.arithmetic import WAD, mul_div_floor, mul_wad_floor
from spec.eigenlayer.shares import deposit_scaling_factor_after, slashed_shares, withdrawable_shares
from spec.eigenlayer.slashing import slashed_magnitude

SECONDS = 600.0
"""The time limit of one answer, in seconds: long, so that a busy machine gives the same answer."""

Inputs = Mapping[str, Any]
Query = Mapping[str, Any]
Answer = dict[str, Any]


@attrs.frozen
class Witness:
    """One of several right answers. `accepts` is true of another right answer."""

    accepts: Callable[[Any], bool]


def number(value: Any) -> Fraction:
    return Fraction(str(value))


def vector(values: Sequence[Any]) -> list[Fraction]:
    return [number(value) for value in values]


def proved(network: Network, verdict: AttackVerdict) -> AttackVerdict:
    """The verdict, which must be SECURE, INSECURE or EXACT, after the checker has accepted its certificate or attack.
    One with neither, such as that of a network without profits, is returned unchecked.
    """
    assert verdict.word in ("SECURE", "INSECURE", "EXACT"), verdict.word
    if verdict.certificate is not None or verdict.attack is not None:
        check(write(network), verdict.as_json())
    return verdict


def graph_of(inputs: Inputs) -> Network:
    return graph(
        {name: number(stake) for name, stake in inputs["validators"].items()},
        {
            name: (Terms(number(row["pi"]), number(row["alpha"])), row["validators"])
            for name, row in inputs["services"].items()
        },
    )


def only(network: Network, services: Sequence[str]) -> Network:
    return attrs.evolve(
        network,
        commitments=tuple(row for row in network.commitments if row.service in services),
        terms={name: terms for name, terms in network.terms.items() if name in services},
    )


def gamma_of(network: Network) -> Fraction | None:
    gamma, verdict = slack(network, SECONDS)
    proved(network, verdict)
    return gamma


def best_profit(network: Network) -> Fraction:
    attack = proved(network, best_attack(network, SECONDS)).attack
    assert attack is not None
    return attack.value


def least_cost(network: Network, services: Sequence[str]) -> Fraction:
    attack = proved(network, cheapest(network, services, SECONDS)).attack
    assert attack is not None
    return -attack.value


def value_of(network: Network, services: Sequence[str], stakes: Sequence[str]) -> Fraction | None:
    """The gain of an attack on the named services that uses whole stakes. None if these do not corrupt the services."""
    uses = [Use(row.stake_id, row.operator, row.service) for row in network.commitments if row.stake_id in stakes]
    attack = Question(network).attack(Claim(), services, uses)
    return None if attack is None else attack.value


class Graph:
    """A restaking graph. Each method answers the question of its name."""

    def __init__(self, inputs: Inputs, network: Network) -> None:
        self.inputs = inputs
        self.network = network

    def psi(self, name: str) -> Fraction:
        found = re.search(r"_psi_(\d+)_(\d+)$", name)
        return Fraction(int(found[1]), int(found[2])) if found else number(self.inputs["psi"])

    def worst(self, psi: Fraction) -> Worst:
        return Cascades(self.network).worst(psi)

    def by_psi(self, asked: Any, answer: Callable[[Worst], Fraction]) -> Any:
        if asked is None:
            return answer(self.worst(number(self.inputs["psi"])))
        return {psi: answer(self.worst(number(psi))) for psi in asked}

    def answer(self, name: str, asked: Any) -> Any:
        """The answer to the question of this name. `asked` holds the names of the requested parts, or None."""
        if found := re.fullmatch(r"max_cascade_length(_psi_\d+_\d+)?", name):
            return Cascades(self.network).longest(self.psi(name))
        if found := re.fullmatch(r"gamma_(.+)_alone", name):
            return gamma_of(only(self.network, [found[1]]))
        if found := re.fullmatch(r"R\d*_local_(.+)_(stable|all)", name):
            coalition = [found[1]] if found[1] in self.network.terms else self.inputs["coalition_C"]
            return Cascades(self.network).local(coalition, number(self.inputs["psi"]), found[2] == "stable")
        return getattr(self, name)(asked)

    def secure(self, _: Any) -> bool:
        return proved(self.network, security(self.network, seconds=SECONDS)).word == "SECURE"

    def eigenlayer_condition(self, _: Any) -> bool:
        return greatest_ratio(self.network) <= 1

    eigenlayer = eigenlayer_condition

    def eigenlayer_T(self, _: Any) -> dict[str, Fraction]:  # noqa: N802 # as cases name it
        return ratios(self.network)

    def eigenlayer_T_all(self, _: Any) -> Fraction:  # noqa: N802  # as cases name it
        (ratio,) = set(ratios(self.network).values())
        return ratio

    def max_T(self, _: Any) -> Fraction:  # noqa: N802  # as cases name it
        return greatest_ratio(self.network)

    def gamma_exact(self, _: Any) -> Fraction | None:
        return gamma_of(self.network)

    gamma = gamma_exact

    def gamma_eigenlayer(self, _: Any) -> Fraction | None:
        return gamma_eigenlayer(self.network)

    def best_profit(self, _: Any) -> Fraction:
        return best_profit(self.network)

    def R_paper(self, asked: Any) -> Any:  # noqa: N802  # as cases name it
        return self.by_psi(asked, lambda worst: worst.paper)

    def R_realised(self, asked: Any) -> Any:  # noqa: N802  # as cases name it
        return self.by_psi(asked, lambda worst: worst.realised)

    def R0_local(self, asked: Any) -> Any:  # noqa: N802  # as cases name it
        cascades = Cascades(self.network)
        return {name: cascades.local(name.split("+"), Fraction(0)) for name in asked}

    def bound(self, _: Any) -> Fraction | None:
        gamma, psi = gamma_of(self.network), number(self.inputs["psi"])
        return psi if gamma is None else bound(gamma, psi)  # nothing can be gained: nothing follows a shock

    def max_pi_over_sigma(self, _: Any) -> Fraction:
        values = self.network.values
        rows = [row for row in self.network.commitments if values[row.stake_id]]
        return max((self.network.terms[row.service].profit / values[row.stake_id] for row in rows), default=Fraction(0))

    def min_cost(self, asked: Any) -> dict[str, Fraction]:
        return {name: least_cost(self.network, name.split("+")) for name in asked}

    def sum_of_single_costs(self, _: Any) -> Fraction:
        return sum((least_cost(self.network, [service]) for service in self.network.terms), Fraction(0))

    def reuse_discount(self, _: Any) -> Fraction:
        return self.sum_of_single_costs(None) - least_cost(self.network, list(self.network.terms))

    def a_best_attack(self, _: Any) -> Witness:
        best = best_profit(self.network)
        return Witness(lambda said: value_of(self.network, said["services"], said["validators"]) == best)

    def attacker(self, _: Any) -> Witness:
        best = best_profit(self.network)

        def is_best(said: Any) -> bool:
            cascades = Cascades(self.network)
            mask = sum(1 << cascades.masks.stakes.index(stake) for stake in said)
            falls = cascades.masks.service_names(cascades.fallen(0, mask))
            return value_of(self.network, falls, said) == best

        return Witness(is_best)

    def services_corrupted(self, _: Any) -> Witness:
        best = best_profit(self.network)

        def is_best(said: Any) -> bool:
            profit = sum((self.network.terms[service].profit for service in said), Fraction(0))
            return profit - least_cost(self.network, said) == best

        return Witness(is_best)

    def worst_shock(self, _: Any) -> Witness:
        psi = number(self.inputs["psi"])
        worst = self.worst(psi)

        def is_worst(said: Any) -> bool:
            cascades = Cascades(self.network)
            mask = sum(1 << cascades.masks.stakes.index(stake) for stake in said)
            return mask in cascades.shocks(psi) and worst.realised == max(
                Fraction(cascades.value[mask | attackers], cascades.total)
                for attackers in range(len(cascades.value))
                if not attackers & mask
                and cascades.profits[cascades.fallen(mask, attackers)] > cascades.value[attackers]
            )

        return Witness(is_worst)

    def worst_attack(self, _: Any) -> Witness:
        worst = self.worst(number(self.inputs["psi"]))
        return Witness(
            lambda said: (
                self.follows(list(worst.shock), [said])
                and self.part([*worst.shock, *said["validators"]]) == worst.realised
            )
        )

    def part(self, stakes: Sequence[str]) -> Fraction:
        values = self.network.values
        return sum((values[stake] for stake in stakes), Fraction(0)) / sum(values.values(), Fraction(0))

    def follows(self, shock: list[str], attacks: Sequence[Any]) -> bool:
        """True if each attack of a sequence after a shock is profitable on the stakes left by then.

        No service may be attacked, and no stake used, more than once. `shock` names the stakes that are lost first.
        """
        gone, used = list(shock), set[str]()
        for attack in attacks:
            left = attrs.evolve(
                self.network,
                stakes=tuple(stake for stake in self.network.stakes if stake.stake_id not in gone),
                commitments=tuple(row for row in self.network.commitments if row.stake_id not in gone),
            )
            value = value_of(left, attack["services"], attack["validators"])
            if value is None or value <= 0 or used & set(attack["services"]) or set(gone) & set(attack["validators"]):
                return False
            gone += attack["validators"]
            used |= set(attack["services"])
        return True

    def cascade(self, _: Any) -> Witness:
        longest = Cascades(self.network).longest(number(self.inputs["psi"]))
        return Witness(lambda said: len(said) == longest and self.follows(self.inputs["shock"], said))

    def single_union_attack_is_valid(self, _: Any) -> bool:
        """True if all attacks of the worst cascade, made as one attack after the shock, would still be profitable."""
        cascades = Cascades(self.network)
        removed = sum(1 << cascades.masks.stakes.index(stake) for stake in self.inputs["shock"])
        worst = self.worst(number(self.inputs["psi"]))
        union = sum(1 << cascades.masks.stakes.index(stake) for strike in worst.strikes for stake in strike.stakes)
        return not union & removed and cascades.profits[cascades.fallen(removed, union)] > cascades.value[union]


class Closed(Graph):
    """A graph for cases in which attacking no service at all is also a choice, worth 0.

    In these cases `secure` means that every choice loses. The empty choice never loses, so that no network is secure in
    this sense. By the usual definition of an attack it may be secure: `test_attack.py` shows so for the given network.
    """

    def secure(self, _: Any) -> bool:
        return self.best_profit(None) < 0

    def best_profit(self, _: Any) -> Fraction:
        return max(Fraction(0), best_profit(self.network))

    def services_in_an_optimum(self, _: Any) -> Witness:
        best = self.best_profit(None)

        def is_best(said: Any) -> bool:
            profit = sum((self.network.terms[service].profit for service in said), Fraction(0))
            return (profit - least_cost(self.network, said) if said else Fraction(0)) == best

        if cut.applies(self.network):
            assert is_best(cut.best_attack(self.network)[0])
        return Witness(is_best)


def answer_graph(inputs: Inputs, asked: Query) -> Answer:
    shape = Closed if "services_in_an_optimum" in asked else Graph
    found = shape(inputs, graph_of(inputs))
    if not any(name.endswith(("_before", "_after")) for name in asked):
        return {name: found.answer(name, inner) for name, inner in asked.items()}
    return before_and_after(inputs, graph_of(inputs), graph_of(changed(inputs)), asked)


def changed(inputs: Inputs) -> Inputs:
    """The graph of a case after the change that its inputs describe."""
    validators = dict(inputs["validators"])
    services = {name: dict(row) for name, row in inputs["services"].items()}
    for name, value in inputs.items():
        if name.startswith("reduced_stake_of_"):
            validators[name.removeprefix("reduced_stake_of_")] = value
        elif name == "deposit":
            validators.update({v: number(validators[v]) + number(amount) for v, amount in value.items()})
        elif name == "after_opt_in":
            for service, names in value.items():
                services[service]["validators"] = names
        else:
            assert name in ("validators", "services", "psi"), f"unknown input {name}"
    return {"validators": validators, "services": services}


def before_and_after(inputs: Inputs, before: Network, after: Network, asked: Query) -> Answer:
    sides = {"before": Graph(inputs, before), "after": Graph(inputs, after)}
    answer: Answer = {}
    for name, inner in asked.items():
        question, _, side = name.rpartition("_")
        answer[name] = sides[side].answer(question, inner)
    return answer


def answer_split(inputs: Inputs, asked: Query) -> Answer:
    return before_and_after(inputs, graph_of(inputs["before"]), graph_of(inputs["after"]), asked)


def answer_bound(inputs: Inputs, _: Query) -> Answer:
    return {"bound": bound(number(inputs["gamma"]), number(inputs["psi"]))}


def answer_moving(inputs: Inputs, _: Query) -> Answer:
    others, thresholds = vector(inputs["others_stake"]), vector(inputs["alpha"])
    found = moving.attempts(others, thresholds, vector(inputs["profit"]))
    best = max(found, key=lambda attempt: attempt.profit)
    return {
        "A": moving.least_stakes(others, thresholds),
        "order_tasks_1_based": [task + 1 for task in found[-1].tasks],
        "E": [attempt.profit for attempt in found],
        "best_C": best.stake,
        "best_profit": best.profit,
        "attacked_tasks_1_based": sorted(task + 1 for task in best.tasks),
    }


def answer_rules(inputs: Inputs, _: Query) -> Answer:
    stake = number(inputs["stake"])
    parts = [stake * number(part) for part in inputs["slash_fractions"].values()]
    return {
        "max_rule": loss("max", stake, parts),
        "multiplicative": loss("product", stake, parts),
        "additive_capped": loss("sum", stake, parts),
        "full_slash_DR": loss("full", stake, parts),
    }


# --- elastic stake ---


def elastic_of(inputs: Inputs) -> elastic.Elastic:
    return elastic.Elastic(
        tuple(vector(inputs["stakes"])),
        tuple(vector(inputs["prizes"])),
        tuple(vector(inputs["thresholds"])),
        tuple(tuple(vector(row)) for row in inputs["allocations"]),
    )


def certified(network: elastic.Elastic) -> Network:
    return elastic_network(network.stakes, network.allocations, network.prizes, network.thresholds)


def best_elastic(network: elastic.Elastic) -> elastic.Best:
    """The best elastic attack by enumeration, after the solver has certified the same profit."""
    best = elastic.best_attack(network)
    assert best_profit(certified(network)) == best.profit
    return best


def positions(names: Sequence[Any], letter: str) -> list[int]:
    return [int(str(name).removeprefix(letter)) for name in names]


def answer_elastic(inputs: Inputs, asked: Query) -> Answer:
    network = elastic_of(inputs)
    best = best_elastic(network)
    everything = [f"s{s}" for s in range(len(network.prizes))]
    answer: Answer = {"best_profit": best.profit}
    for name, inner in asked.items():
        if name == "min_attack_cost":
            answer[name] = {names: least_cost(certified(network), names.split("+")) for names in inner}
        elif name.startswith("min_cost_all"):
            answer[name] = least_cost(certified(network), everything)
        elif name == "attacked":
            answer[name] = Witness(
                lambda said: elastic.profit_with(network, best.all_in, positions(said, "s")).profit == best.profit
            )
        elif name == "all_in_validators":
            answer[name] = Witness(
                lambda said: elastic.profit_with(network, positions(said, "v")).profit == best.profit
            )
        elif name == "robustness":
            budgets = inner if "weight" not in inner else None
            answer[name] = (
                robust(network, number(inputs.get("budget", 0)))
                if budgets is None
                else {budget: robust(network, number(budget)) for budget in budgets}
            )
    return answer


def robust(network: elastic.Elastic, budget: Fraction) -> Answer:
    found = elastic.robustness(network, budget)

    def is_as_small(said: Any) -> bool:
        chosen = positions(said, "s")
        weights = [prize / threshold for prize, threshold in zip(network.prizes, network.thresholds, strict=True)]
        return sum((weights[s] for s in chosen), Fraction(0)) == found.weight * sum(weights, Fraction(0))

    return {"weight": found.weight, "byzantine": Witness(is_as_small), "byzantine_count": len(found.byzantine)}


def answer_symmetric(inputs: Inputs, _: Query) -> Answer:
    base = inputs.get("base_service_prize")
    network = Symmetric(
        int(inputs["validators"]),
        int(inputs["services"]),
        number(inputs["theta"]),
        number(inputs["prize"]),
        Fraction(1),
        number(inputs["degree"] if "degree" in inputs else inputs["degree_excluding_base"]),
        None if base is None else number(base),
    )
    return {"min_stake_per_validator": network.least_stake(int(inputs["byzantine"]), number(inputs["budget"]))}


def answer_stretch(inputs: Inputs, _: Query) -> Answer:
    stakes, allocations = vector(inputs["stakes"]), [vector(row) for row in inputs["allocations"]]
    left, kept = elastic.stretch(stakes, allocations, [int(s) for s in inputs["byzantine"]])

    def degrees(stakes: Sequence[Fraction], rows: Sequence[Sequence[Fraction]]) -> list[Fraction]:
        return [
            sum(row, Fraction(0)) / stake if stake else Fraction(0) for stake, row in zip(stakes, rows, strict=True)
        ]

    return {
        "remaining_stake": left,
        "remaining_allocations": kept,
        "degree": degrees(stakes, allocations),
        "degree_after": degrees(left, kept),
    }


def answer_equivalence(inputs: Inputs, _: Query) -> Answer:
    answer: Answer = {}
    for shape in ("atomic", "spread"):
        rows = [vector(row) for row in inputs[shape]]
        count = len(rows[0])
        network = elastic.Elastic(
            (number(inputs["stake"]),) * len(rows),
            (number(inputs["prize"]),) * count,
            (number(inputs["theta"]),) * count,
            tuple(tuple(row) for row in rows),
        )
        answer[f"best_profit_{shape}"] = best_elastic(network).profit
    return answer


# --- EigenLayer's accounts, by the specification's own kernels ---


def wad(value: Any) -> int:
    return int(number(value) * WAD)


def answer_round_up(inputs: Inputs, _: Query) -> Answer:
    magnitude, fraction = int(inputs["current_magnitude"]), int(inputs["wads_to_slash"])
    taken = slashed_magnitude(magnitude, fraction)
    return {
        "slashed_magnitude": taken,
        "floor_would_be": mul_wad_floor(magnitude, fraction),
        "remaining": magnitude - taken,
    }


def answer_decrement(inputs: Inputs, _: Query) -> Answer:
    shares = int(inputs["operator_shares"])
    taken = slashed_shares(shares, int(inputs["prev_max_magnitude"]), int(inputs["new_max_magnitude"]))
    return {"shares_slashed": taken, "remaining": shares - taken}


def answer_sequence(inputs: Inputs, _: Query) -> Answer:
    magnitude = WAD
    for proportion in inputs["proportions"]:
        magnitude -= slashed_magnitude(magnitude, wad(proportion))
    return {
        "max_magnitude": magnitude,
        "withdrawable": withdrawable_shares(int(inputs["deposit_shares"]), WAD, magnitude),
        "total_slashed_fraction": Fraction(WAD - magnitude, WAD),
    }


def answer_unique(inputs: Inputs, _: Query) -> Answer:
    before = wad(inputs["max_magnitude"])
    allocations = {name: wad(part) for name, part in inputs["allocations"].items()}
    slashed, shares = inputs["slash"]["set"], int(inputs["delegated_shares"])
    others = [name for name in allocations if name != slashed]
    answer: Answer = {
        f"slashable_by_{name}_before": slashed_shares(shares, before, before - allocations[name]) for name in others
    }
    taken = slashed_magnitude(allocations[slashed], wad(inputs["slash"]["proportion"]))
    after = before - taken
    allocations[slashed] -= taken
    shares -= slashed_shares(shares, before, after)
    answer |= {f"allocation_{name}": Fraction(part, WAD) for name, part in allocations.items()}
    answer |= {
        f"slashable_by_{name}_after": slashed_shares(shares, after, after - allocations[name]) for name in others
    }
    return answer | {
        "max_magnitude": Fraction(after, WAD),
        "operator_shares": shares,
        "allocatable": Fraction(after - sum(allocations.values()), WAD),
    }


def answer_dual(inputs: Inputs, _: Query) -> Answer:
    """Answers about a stake that an operator set slashes and that also loses on the beacon chain.

    The beacon chain loss comes after a second validator deposits (A) or before (B).
    """
    deposit, second = int(inputs["deposit_eth"]) * WAD, int(inputs["second_validator_eth"]) * WAD
    lost, magnitude = int(inputs["beacon_chain_slash_eth"]) * WAD, wad(inputs["max_magnitude"])
    late = mul_div_floor(WAD, deposit + second - lost, deposit + second)
    early = mul_div_floor(WAD, deposit - lost, deposit)
    both = mul_wad_floor(magnitude, early)
    scaled = deposit_scaling_factor_after(WAD, deposit, second, magnitude)
    scaled_twice = deposit_scaling_factor_after(WAD, deposit, second, both)
    return {
        "after_avs_slash_wei": withdrawable_shares(deposit, WAD, magnitude),
        "A": {
            "dsf": scaled,
            "before_checkpoint_wei": withdrawable_shares(deposit + second, scaled, magnitude),
            "bcsf": Fraction(late, WAD),
            "after_checkpoint_wei": withdrawable_shares(deposit + second, scaled, mul_wad_floor(magnitude, late)),
        },
        "B": {
            "bcsf": Fraction(early, WAD),
            "after_checkpoint_wei": withdrawable_shares(deposit, WAD, both),
            "dsf": scaled_twice,
            "after_second_validator_wei": withdrawable_shares(deposit + second, scaled_twice, both),
        },
    }


ANSWERS: dict[str, Callable[[Inputs, Query], Answer]] = {
    "graph": answer_graph,
    "durvasula_roughgarden": answer_graph,
    "trap_security_not_monotone_in_stake": answer_graph,
    "kz_splitting_attack": answer_graph,
    "kz_profit_detection_table": answer_moving,
    "dr_bound_gamma": answer_bound,
    "metamorphic_validator_split": answer_split,
    "partial_slashing_aggregation_rules": answer_rules,
    "elastic": answer_elastic,
    "elastic_sym_min_stake_n": answer_symmetric,
    "elastic_sym_byz_n15_d": answer_symmetric,
    "elastic_stretch": answer_stretch,
    "elastic_atomic_equivalence": answer_equivalence,
    "el_slash_magnitude_round_up": answer_round_up,
    "el_operator_shares_decrement": answer_decrement,
    "el_sequential_slashes_multiply": answer_sequence,
    "el_unique_stake_allocation_slash": answer_unique,
    "el_dual_slashing_scenarios": answer_dual,
}
"""The function for each kind of case, named without any detail after a colon. No function sees the expected values."""
