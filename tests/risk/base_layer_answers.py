"""The functions of `risk` that answer the numeric cases about the base layer."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from risk import base_layer, ethereum
from tests.risk.loss_answers import ETH, Answer, Inputs, number, vector

# --- the base layer ---


def correlation_penalty(inputs: Inputs) -> Answer:
    balance, slashed, total = (int(inputs[k]) for k in ("effective_balance_eth", "slashed_sum_eth", "total_active_eth"))
    multiplier = int(inputs["multiplier"])
    penalty = [
        ethereum.correlation_penalty_gwei(balance * ETH, slashed * ETH, total * ETH, multiplier, by_increment)
        for by_increment in (False, True)
    ]
    exact = balance * ETH * min(Fraction(1), Fraction(multiplier * slashed, total))
    return {"penalty_gwei_bellatrix": penalty[0], "penalty_gwei_electra": penalty[1], "real_valued_gwei": exact}


def initial_penalty(inputs: Inputs) -> Answer:
    def by_fork(balance: int) -> Answer:
        return {fork: ethereum.initial_penalty_gwei(balance, fork) for fork in ethereum.SLASHING_PENALTY_QUOTIENT}

    return {f"gwei_{int(balance) // ETH}": by_fork(int(balance)) for balance in inputs.values()}


def full_slash_threshold(inputs: Inputs) -> Answer:
    fractions = {fork: ethereum.full_slash_fraction(int(m)) for fork, m in inputs["multipliers"].items()}
    return {"full_slash_fraction": fractions}


def quadratic_penalty(inputs: Inputs) -> Answer:
    balance, total = number(inputs["effective_balance_eth"]), number(inputs["total_eth"])
    return {
        name: [
            ethereum.correlation_penalty(balance, slashed, total, power) for slashed in vector(inputs["slashable_eth"])
        ]
        for name, power in (("linear_eth", 1), ("quadratic_eth", 2))
    }


def attestation_penalty(inputs: Inputs) -> Answer:
    total, balance = int(inputs["total_active_eth"]) * ETH, int(inputs["effective_balance_eth"]) * ETH
    missed = ethereum.missed_attestation_gwei(balance, total)
    return {
        "base_reward_per_increment_gwei": ethereum.base_reward_per_increment_gwei(total),
        "per_epoch_gwei": missed,
        "total_gwei": missed * int(inputs["epochs"]),
    }


def leak_losses(inputs: Inputs) -> Answer:
    balance = int(inputs["effective_balance_eth"]) * ETH
    return {
        name: {str(epochs): ethereum.leaked_gwei(balance, int(epochs), updating) for epochs in inputs["leak_epochs"]}
        for name, updating in (("loss_gwei_constant_eb", False), ("loss_gwei_with_eb_updates", True))
    }


def leak_to_ejection(inputs: Inputs) -> Answer:
    limit = int(inputs["ejection_balance_eth"])
    epoch, balance = ethereum.epochs_to_ejection(int(inputs["effective_balance_eth"]) * ETH, limit * ETH)
    return {f"first_epoch_effective_balance_le_{limit}": epoch, "balance_gwei_then": balance}


def leak_to_finality(inputs: Inputs) -> Answer:
    balance = int(inputs["balance_eth"]) * ETH
    epochs = {part: ethereum.epochs_to_finality(number(part), balance) for part in inputs["offline_fraction"]}
    return {"first_epoch_online_ge_two_thirds": epochs}


def weak_subjectivity(inputs: Inputs) -> Answer:
    decay = int(inputs["safety_decay_percent"])
    return {"ws_period_epochs": [ethereum.weak_subjectivity_epochs(int(t), decay) for t in inputs["total_active_eth"]]}


def weak_subjectivity_phase0(inputs: Inputs) -> Answer:
    periods = [ethereum.weak_subjectivity_epochs_phase0(int(average), int(count)) for average, count in inputs["rows"]]
    return {"ws_period_epochs": periods}


def exit_queue(inputs: Inputs) -> Answer:
    answer: Answer = {}
    for case in inputs["cases"]:
        total, part = case.split(":")
        epochs = ethereum.exit_epochs(int(total), int(total) * number(part))
        answer[case] = {
            "churn_eth": ethereum.exit_churn_limit_eth(int(total)),
            "epochs": epochs,
            "days": Fraction(epochs, ethereum.EPOCHS_PER_DAY),
        }
    return answer


def removal(inputs: Inputs) -> Answer:
    return {
        "removal": {
            share: {level: base_layer.removal_until(number(share), number(level)) for level in inputs["thresholds"]}
            for share in inputs["attacker_share"]
        }
    }


def finality(inputs: Inputs) -> Answer:
    rows = zip(*(vector(inputs[name]) for name in ("total", "offline", "removed")), strict=True)
    return {"finalises": [base_layer.finalises(*row) for row in rows]}


def accountable(inputs: Inputs) -> Answer:
    rows = zip(vector(inputs["quorum"]), vector(inputs["set_drift"]), strict=True)
    return {"min_slashable_fraction": [base_layer.slashable_overlap(*row) for row in rows]}


def rehypothecated_cost(inputs: Inputs) -> Answer:
    weights = [int(weight) for weight in inputs["consensus_weight"]]
    residual = [w * (1 - e) for w, e in zip(weights, vector(inputs["encumbered_fraction"]), strict=True)]
    need = {level: base_layer.weight_needed(weights, number(level)) for level in inputs["thresholds"]}

    def cheapest(costs: Sequence[Fraction]) -> Answer:
        found = {level: base_layer.cheapest_coalition(weights, costs, needed) for level, needed in need.items()}
        return {
            level: coalition.cost if coalition and coalition.is_exact else None for level, coalition in found.items()
        }

    return {
        "total": sum(weights),
        "need": need,
        "min_cost_unencumbered": cheapest([Fraction(weight) for weight in weights]),
        "min_cost_residual": cheapest(residual),
    }


def correlated_misses(inputs: Inputs) -> Answer:
    names = ("total_active_balance", "initial_net_excess_penalties", "penalty_adjustment_factor", "max_penalty_factor")
    missed = [int(count) for count in inputs["non_attesting"]]
    trace = ethereum.correlated_miss_trace(missed, *(int(inputs[name]) for name in names))
    return {"trace_factor_and_net": trace}


ANSWERS: dict[str, Callable[[Inputs], Answer]] = {
    "eth_correlation_penalty": correlation_penalty,
    "eth_initial_slashing_penalty": initial_penalty,
    "eth_full_slash_threshold_by_fork": full_slash_threshold,
    "eth_quadratic_correlation_proposal": quadratic_penalty,
    "eth_attestation_penalty_while_slashed": attestation_penalty,
    "eth_inactivity_leak_loss_table": leak_losses,
    "eth_leak_epochs_to_ejection": leak_to_ejection,
    "eth_leak_epochs_to_refinalise": leak_to_finality,
    "eth_weak_subjectivity_electra_table": weak_subjectivity,
    "eth_weak_subjectivity_phase0_table": weak_subjectivity_phase0,
    "base_layer": exit_queue,
    "bft_removal_until_attacker_threshold": removal,
    "bft_finality_liveness_boundary": finality,
    "bft_accountable_safety_overlap": accountable,
    "base_cost_of_corruption_rehypothecated": rehypothecated_cost,
    "eip7716_penalty_factor_trace": correlated_misses,
}
