"""The answers of `risk` to the numeric cases about losses, contagion, the base layer, prices and metrics.

Each function is given a case's inputs and the names of what is asked (`asked`: the keys of the answer, nested, without
any value), and answers with at least those. Several computations share one kind: which is meant, its inputs tell.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from risk import base_layer, contagion, copulas, debtrank, ethereum, fees, insurance, leverage, pricing, rewards
from risk.commitments import Claim, Piece
from risk.concentration import Overlap, effective_number, gini, herfindahl, nakamoto
from risk.dependence import Beta, Independent, gaussian
from risk.distribution import Distribution, event, independent_sum
from risk.losses import Sampled, distribution
from risk.symmetric import Symmetric

Inputs = Mapping[str, Any]
Query = Mapping[str, Any]
Answer = dict[str, Any]

ETH = ethereum.GWEI_PER_ETH


def number(value: Any) -> Fraction:
    """A number as cases write it: an integer, "p/q", a decimal, or a float meant as the decimal it prints as."""
    return Fraction(str(value))


def real(value: Any) -> float:
    return float(number(value))


def vector(values: Sequence[Any]) -> list[Fraction]:
    return [number(value) for value in values]


def table(rows: Sequence[Sequence[Any]]) -> list[list[Fraction]]:
    return [vector(row) for row in rows]


def level_of(digits: str) -> Fraction:
    """The level that a name such as ES_99 or ES_995 means."""
    return Fraction(int(digits), 10 ** len(digits))


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


# --- contagion ---


def clearing(inputs: Inputs) -> Answer:
    if "cross_holdings" in inputs:
        held = contagion.cross_holdings(
            table(inputs["cross_holdings"]),
            vector(inputs["primitive_assets"]),
            vector(inputs["thresholds"]),
            vector(inputs["failure_cost"]),
        )
        return {"market_values": held.market_values, "failed": held.failed, "rounds": held.rounds}
    cleared = contagion.clear(
        table(inputs["liabilities"]),
        vector(inputs["external"]),
        number(inputs.get("alpha", 1)),
        number(inputs.get("beta", 1)),
    )
    return {
        "payments": cleared.payments,
        "equity": cleared.equity,
        "defaulted": cleared.defaulted,
        "rounds": cleared.rounds,
    }


def distress(inputs: Inputs) -> Answer:
    impacts, shock, values = table(inputs["W"]), vector(inputs["h0"]), vector(inputs["v"])
    found = debtrank.debtrank(impacts, shock)
    linear = debtrank.linear_debtrank(impacts, shock)
    return {
        "h": found.levels,
        "h_original": found.levels,
        "h_linear_limit": linear,
        "R": debtrank.systemic_loss(shock, found.levels, values),
        "R_original": debtrank.systemic_loss(shock, found.levels, values),
        "R_linear": debtrank.systemic_loss(shock, linear, values),
        "steps": found.steps,
    }


# --- correlated slashing ---


def correlated(inputs: Inputs) -> Answer:
    rows = inputs["rows"]
    if isinstance(rows[0], Mapping):
        pairs = [(real(row["p1"]), real(row["p2"]), real(row["rho"])) for row in rows]
        joint = [copulas.gaussian_joint(*pair)[0] for pair in pairs]
        correlations = [copulas.indicator_correlation(p, q, both) for (p, q, _), both in zip(pairs, joint, strict=True)]
        return {"joint": joint, "indicator_correlation": correlations}
    triples = [tuple(real(value) for value in row) for row in rows]
    return {
        "quantile": [copulas.pool_quantile(*row) for row in triples],
        "ES": [copulas.pool_shortfall(*row)[0] for row in triples],
    }


def equal_pieces(count: int, amount: Fraction) -> list[Piece]:
    return [Piece(f"piece{i}", amount, [Claim("s", [f"cause{i}"], Fraction(1))], "sum") for i in range(count)]


def equal_chances(count: int, chance: Fraction) -> dict[str, Fraction]:
    return {f"cause{i}": chance for i in range(count)}


def tail(loss: Distribution | Sampled, count: int) -> Any:
    """P(at least so many), of a distribution of counts."""
    if isinstance(loss, Distribution):
        return 1 - loss.at_most(Fraction(count - 1))
    return sum(p for x, p in zip(loss.losses, loss.probabilities, strict=True) if x >= count)


def shortfall(loss: Distribution | Sampled, level: Fraction) -> Any:
    found = loss.expected_shortfall(level)
    return found if isinstance(found, Fraction) else found.value


def variance(loss: Distribution | Sampled) -> Any:
    found = loss.variance()
    return found if isinstance(found, Fraction) else found.value


def pmf(loss: Distribution | Sampled, count: int) -> list[Any]:
    if isinstance(loss, Distribution):
        known: dict[Fraction, Any] = dict(loss.atoms)
    else:
        known = dict(zip(loss.losses, loss.probabilities, strict=True))
    return [known.get(Fraction(i), Fraction(0)) for i in range(count + 1)]


def one_factor(inputs: Inputs, asked: Query) -> Answer:
    count, chance, rho = int(inputs["n"]), number(inputs["p"]), number(inputs["rho"])
    chances = equal_chances(count, chance)
    pieces = equal_pieces(count, Fraction(1))
    loss = distribution(pieces, gaussian(chances, rho))
    apart = distribution(pieces, Independent(chances))
    answer: Answer = {
        "pmf": pmf(loss, count),
        "variance": variance(loss),
        "ES": {level: shortfall(loss, number(level)) for level in asked.get("ES") or inputs["ES_levels"]},
    }
    for name in asked:
        if found := re.fullmatch(r"(independent_)?p_ge_(\d+)", name):
            answer[name] = tail(apart if found[1] else loss, int(found[2]))
    return answer


def t_copula(inputs: Inputs) -> Answer:
    return {
        "joint": [copulas.t_joint(*(real(row[n]) for n in (0, 0, 1, 2)))[0] for row in inputs["joint_rows"]],
        "tail_dependence": [copulas.t_tail_dependence(real(rho), real(free)) for rho, free in inputs["tail_rows"]],
        "gaussian_tail_dependence": 0.0,
    }


def basket(inputs: Inputs, asked: Query) -> Answer:
    count, chance, slash = int(inputs["operators"]), number(inputs["p"]), number(inputs["slash_fraction"])
    pieces = equal_pieces(count, slash / count)
    chances = equal_chances(count, chance)
    found = {
        str(rho): shortfall(distribution(pieces, gaussian(chances, number(rho))), number(inputs["level"]))
        for rho in inputs["rho"]
    }
    return {"mean_loss_fraction": chance * slash, **{name: found for name in asked if name.startswith("ES")}}


# --- elastic rewards ---


def capped(inputs: Inputs) -> Answer:
    offered = vector(inputs["service_rewards"])
    earned = rewards.capped_rewards(
        table(inputs["allocations"]), vector(inputs["stakes"]), offered, vector(inputs["max_degree"])
    )
    return {"rewards": earned, "paid": sum(earned), "unpaid": sum(offered) - sum(earned)}


def equilibrium(inputs: Inputs) -> Answer:
    stakes, offered, degree = vector(inputs["stakes"]), vector(inputs["service_rewards"]), number(inputs["degree"])
    allocations = rewards.equilibrium_allocations(stakes, offered, degree)
    earned = rewards.capped_rewards(allocations, stakes, offered, [degree] * len(offered))
    return {"allocations": allocations, "rewards": earned, "reward_per_stake": sum(earned) / sum(stakes)}


def split(inputs: Inputs) -> Answer:
    splits = rewards.split_by_cap(
        vector(inputs["degree_caps"]), vector(inputs["rewards"]), number(inputs["total_stake"])
    )
    return {"splits": [part for part, _ in splits], "allocation_per_unit_split": [row for _, row in splits]}


def synergy(inputs: Inputs) -> Answer:
    operators, services = int(inputs["validators"]), int(inputs["services"])
    theta, prize, base_prize = (number(inputs[name]) for name in ("theta", "prize", "base_prize"))

    def budget(stake: str, degree: Fraction, base: bool, byzantine: int) -> Fraction:
        own = base_prize if base else None
        return Symmetric(operators, services, theta, prize, number(inputs[stake]), degree, own).largest_budget(
            byzantine
        )

    budgets = {
        str(byzantine): {
            str(degree): {
                "no_base": budget("stake_no_base", number(degree), False, int(byzantine)),
                "with_base": budget("stake_combined", number(degree), True, int(byzantine)),
            }
            for degree in inputs["degree_excluding_base"]
        }
        for byzantine in inputs["byzantine"]
    }
    alone = Symmetric(operators, 0, theta, prize, number(inputs["base_only_stake"]), Fraction(0), base_prize)
    return {"max_budget": budgets, "base_only_budget": alone.largest_budget()}


# --- leverage, fees, metrics ---


def shares_or_loops(inputs: Inputs) -> Answer:
    rows = table(inputs["rows"])
    if len(rows[0]) == 4:
        shares = [base_layer.attacker_share(*row) for row in rows]
        return {
            "attacker_share": shares,
            "ge_one_third": [share >= base_layer.THIRD for share in shares],
            "ge_two_thirds": [share >= base_layer.TWO_THIRDS for share in shares],
        }
    loops = [leverage.looped(row[0], int(row[2]) if len(row) == 3 else None) for row in rows]
    return {
        "exposure": [loop.exposure for loop in loops],
        "debt": [loop.debt for loop in loops],
        "liquidation_price": [loop.liquidation_price(row[1]) for loop, row in zip(loops, rows, strict=True)],
    }


def amplification(inputs: Inputs) -> Answer:
    loop = leverage.looped(number(inputs["ltv"]), int(inputs["loops"]))
    return {
        "exposure": loop.exposure,
        "debt": loop.debt,
        "net_yield": loop.net_yield(number(inputs["asset_yield"]), number(inputs["borrow_rate"])),
        "equity_loss_from_slash": loop.equity_loss(number(inputs["slash"])),
    }


def rehypothecation(inputs: Inputs) -> Answer:
    overlap = Overlap({name: number(stake) for name, stake in inputs["stake"].items()}, inputs["opt_in"])
    profits = {name: number(profit) for name, profit in inputs["profit"].items()}
    services = list(profits)
    return {
        "total_stake": overlap.total,
        "secured": {service: overlap.secured(service) for service in services},
        "rehypothecation_ratio": overlap.rehypothecation(),
        "restaking_degree": overlap.degrees,
        "stake_weighted_degree": sum(overlap.stakes[o] * d for o, d in overlap.degrees.items()) / overlap.total,
        "weighted_jaccard": {
            f"{a}-{b}": overlap.jaccard(a, b) for i, a in enumerate(services) for b in services[i + 1 :]
        },
        "aggregate_profit_to_stake": sum(profits.values()) / overlap.total,
        "per_service_cover": {
            service: overlap.secured(service) / profits[service] if profits[service] else None for service in services
        },
    }


def concentration(inputs: Inputs) -> Answer:
    stakes = vector(inputs["stakes"])
    return {
        "HHI": herfindahl(stakes),
        "effective_operators": effective_number(stakes),
        "gini": gini(stakes),
        "nakamoto": {level: nakamoto(stakes, number(level)) for level in inputs["thresholds"]},
    }


def deposit_order(inputs: Inputs) -> Answer:
    answer: Answer = {}
    for name, slash_first in (("mint_then_slash", False), ("slash_then_mint", True)):
        found = leverage.deposit_around_slash(
            number(inputs["assets"]),
            number(inputs["shares"]),
            number(inputs["deposit"]),
            number(inputs["slash"]),
            slash_first,
        )
        answer[name] = {"minted": found.minted, "nav": found.price, "depositor_value": found.value}
    return answer


def bank_run(inputs: Inputs) -> Answer:
    assets, shares, price = (number(inputs[key]) for key in ("assets_true", "shares", "stale_nav"))
    run = leverage.run_on(assets, shares, price, vector(inputs["withdrawals"]))
    return {"paid": run.paid, "last_recovery": run.last_recovery, "fair_each": run.fair_each}


def fake_exponential(inputs: Inputs) -> Answer:
    factor, denominator = int(inputs["factor"]), int(inputs["denominator"])
    if "excess" in inputs:
        return {"fee": [fees.fake_exponential(factor, int(excess), denominator) for excess in inputs["excess"]]}
    return {"fee": fees.fake_exponential(factor, int(inputs["numerator"]), denominator)}


def base_fee(inputs: Inputs) -> Answer:
    return {
        "trace": fees.base_fee_trace(
            int(inputs["initial"]), int(inputs["target"]), [int(n) for n in inputs["used"]], int(inputs["denominator"])
        ),
    }


def kinked(inputs: Inputs) -> Answer:
    terms = [number(inputs[name]) for name in ("u_opt", "base", "slope1", "slope2")]
    return {"rate": [fees.kinked_rate(used, *terms) for used in vector(inputs["utilisation"])]}


def break_even(inputs: Inputs) -> Answer:
    (tail_name,) = [name for name in inputs if re.fullmatch(r"es\d+", name)]
    expected, worst, cost = (number(inputs[name]) for name in ("expected_loss", tail_name, "cost_of_capital"))
    base, fee = number(inputs["base_yield"]), number(inputs["fee"])
    return {
        "net_yield": pricing.net_yield(base, fee, expected, worst, cost),
        "break_even_fee_vs_base": pricing.break_even_fee(expected, worst, cost),
    }


def fair_fee(inputs: Inputs) -> Answer:
    loss = event(number(inputs["p"]), number(inputs["slash"]) * number(inputs["stake"]))
    return {"fair": loss.mean(), "loaded": pricing.expected_value_premium(loss, number(inputs["loading"]))}


# --- insurance and losses ---


def corruption_or_harm(inputs: Inputs) -> Answer:
    rows = inputs["rows"]
    if "rate_limit_X" in rows[0]:
        harm = [
            insurance.harm_before_redress(*(number(row[k]) for k in ("rate_limit_X", "window_T", "T_redeem")))
            for row in rows
        ]
        secure = [number(row["economic_security"]) >= most for row, most in zip(rows, harm, strict=True)]
        return {"max_harm": harm, "strongly_secure": secure}
    cost = [
        insurance.cost_of_corruption(*(number(row[k]) for k in ("stake", "accountable_fraction", "slash_fraction")))
        for row in rows
    ]
    safe = [insurance.is_safe(lost, number(row["profit"])) for row, lost in zip(rows, cost, strict=True)]
    return {"cost": cost, "safe": safe}


def layers(inputs: Inputs) -> Answer:
    paid, left = insurance.waterfall(
        number(inputs["loss"]), [(name, None if limit is None else number(limit)) for name, limit in inputs["layers"]]
    )
    return {"allocation": paid, "unallocated": left}


def policy(inputs: Inputs) -> Answer:
    terms = [number(inputs[name]) for name in ("deductible", "limit", "coinsurance")]
    return {"payout": [insurance.payout(loss, *terms) for loss in vector(inputs["losses"])]}


def operators_loss(inputs: Inputs) -> Distribution:
    return independent_sum(event(number(o["p"]), number(o["loss"])) for o in inputs["operators"])


def independent_losses(inputs: Inputs) -> Answer:
    loss = operators_loss(inputs)
    return {
        "mean": loss.mean(),
        "variance": loss.variance(),
        "p_zero": loss.at_most(Fraction(0)),
        "VaR": {level: loss.value_at_risk(number(level)) for level in inputs["levels"]},
        "ES": {level: loss.expected_shortfall(number(level)) for level in inputs["levels"]},
    }


def atom_trap(inputs: Inputs) -> Answer:
    loss = Distribution({number(x): number(p) for x, p in inputs["distribution"].items()})
    level = number(inputs["level"])
    value = loss.value_at_risk(level)

    def naive(at_least: bool) -> Fraction | None:
        """The wrong answers that the case names, recomputed to show that they are other numbers."""
        atoms = [(x, p) for x, p in loss.atoms if x > value or (at_least and x == value)]
        total = sum((p for _, p in atoms), Fraction(0))
        return sum((x * p for x, p in atoms), Fraction(0)) / total if total else None

    return {
        "VaR": value,
        "ES": loss.expected_shortfall(level),
        "naive_mean_of_L_ge_VaR": naive(True),
        "naive_mean_of_L_gt_VaR": naive(False),
    }


def premiums(inputs: Inputs) -> Answer:
    loss = operators_loss(inputs)
    return {
        "pure": loss.mean(),
        "expected_value": pricing.expected_value_premium(loss, number(inputs["loading_expected_value"])),
        "variance": pricing.variance_premium(loss, number(inputs["loading_variance"])),
        "std_dev": pricing.deviation_premium(loss, float(number(inputs["loading_sd"]))),
        "exponential": pricing.exponential_premium(loss, float(number(inputs["risk_aversion"]))),
        "wang": pricing.wang_premium(loss, float(number(inputs["wang_lambda"]))),
        "cost_of_capital_es": pricing.cost_of_capital_premium(
            loss, number(inputs["es_level"]), number(inputs["cost_of_capital"])
        ),
    }


def stop_loss(inputs: Inputs) -> Answer:
    loss = operators_loss(inputs)
    return {"stop_loss": [loss.stop_loss(retention) for retention in vector(inputs["retention"])]}


def fund(claims: Distribution, asked: Query) -> Answer:
    answer: Answer = {"mean": claims.mean(), "variance": claims.variance()}
    levels = asked.get("required_capital") or {}
    answer["required_capital"] = {level: pricing.fund_capital(claims, number(level)) for level in levels}
    for name in asked:
        if found := re.fullmatch(r"(ES|VaR)_(\d+)", name):
            level = level_of(found[2])
            answer[name] = claims.expected_shortfall(level) if found[1] == "ES" else claims.value_at_risk(level)
        if found := re.fullmatch(r"ruin_prob_with_capital_(\d+)", name):
            answer[name] = pricing.ruin_probability(claims, Fraction(found[1]))
    return answer


def fund_of_independent(inputs: Inputs, asked: Query) -> Answer:
    policies, chance, cover = int(inputs["policies"]), number(inputs["p"]), number(inputs["cover"])
    return fund(independent_sum(event(chance, cover) for _ in range(policies)), asked)


def fund_of_comonotone(inputs: Inputs, asked: Query) -> Answer:
    policies, chance, cover = int(inputs["policies"]), number(inputs["p"]), number(inputs["cover"])
    pieces = equal_pieces(policies, cover)
    loss = distribution(pieces, gaussian(equal_chances(policies, chance), Fraction(1)))
    assert isinstance(loss, Distribution)
    return fund(loss, asked)


def common_shock(inputs: Inputs, asked: Query) -> Answer:
    own, shock = number(inputs["idiosyncratic_p"]), number(inputs["shock_q"])
    amounts = vector(inputs["losses"])
    chances = {**equal_chances(len(amounts), own), "shock": shock}

    def pieces(amounts: Sequence[Fraction]) -> list[Piece]:
        return [
            Piece(f"piece{i}", amount, [Claim("s", [f"cause{i}", "shock"], Fraction(1))], "sum")
            for i, amount in enumerate(amounts)
        ]

    loss = distribution(pieces(amounts), Independent(chances))
    count = distribution(pieces([Fraction(1)] * len(amounts)), Independent(chances))
    pair = distribution(pieces([Fraction(1)] * 2), Independent(chances))
    assert isinstance(loss, Distribution)
    assert isinstance(pair, Distribution)
    marginal = pair.mean() / 2
    covariance = (1 - pair.at_most(Fraction(1))) - marginal**2
    answer = fund(loss, asked)
    answer |= {
        "marginal_p": marginal,
        "pairwise_correlation": covariance / (marginal * (1 - marginal)),
        "pmf_count": {str(i): p for i, p in enumerate(pmf(count, len(amounts)))},
    }
    return answer


def beta_binomial(inputs: Inputs, asked: Query) -> Answer:
    count, alpha, beta = int(inputs["n"]), number(inputs["alpha"]), number(inputs["beta"])
    pieces = equal_pieces(count, Fraction(1))
    loss = distribution(pieces, Beta(list(equal_chances(count, alpha)), alpha, beta))
    apart = distribution(pieces, Independent(equal_chances(count, alpha / (alpha + beta))))
    answer: Answer = {
        "pmf": pmf(loss, count),
        "mean": loss.mean(),
        "variance": variance(loss),
        "pairwise_correlation": 1 / (alpha + beta + 1),
    }
    for name in asked:
        if found := re.fullmatch(r"(binomial_)?p_ge_(\d+)", name):
            answer[name] = tail(apart if found[1] else loss, int(found[2]))
    return answer


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
    "contagion": clearing,
    "debtrank": distress,
    "correlated_slashing": correlated,
    "t_copula_pair_and_tail_dependence": t_copula,
    "elastic_rewards_degree_cap": capped,
    "elastic_equilibrium_allocation": equilibrium,
    "risk_aware_split": split,
    "elastic_base_service_synergy_budget": synergy,
    "leverage_fees_metrics": shares_or_loops,
    "leverage_yield_and_loss_amplification": amplification,
    "metrics_rehypothecation": rehypothecation,
    "metrics_concentration": concentration,
    "lrt_nav_slash_deposit_order": deposit_order,
    "lrt_bank_run_first_come": bank_run,
    "fee_fake_exponential_eip": fake_exponential,
    "fee_fake_exponential_blob": fake_exponential,
    "fee_eip1559_trace": base_fee,
    "fee_kinked_rate": kinked,
    "pricing_break_even_fee": break_even,
    "pricing_actuarially_fair_fee": fair_fee,
    "stakesure_insurance": corruption_or_harm,
    "ins_waterfall": layers,
    "ins_deductible_limit_coinsurance": policy,
    "risk_independent_loss_distribution": independent_losses,
    "risk_es_atom_trap": atom_trap,
    "ins_premium_principles": premiums,
    "ins_stop_loss_premium": stop_loss,
}
"""By kind, without what a kind says of its inputs after a colon."""

ASKED_ANSWERS: dict[str, Callable[[Inputs, Query], Answer]] = {
    "lrt_basket_cvar_vs_rho": basket,
    "gauss_one_factor": one_factor,
    "ins_fund_capital_iid": fund_of_independent,
    "ins_fund_capital_comonotone": fund_of_comonotone,
    "risk_common_shock": common_shock,
    "risk_beta_binomial": beta_binomial,
}
"""The same, where what is asked is in the names of the answers alone, such as `ES_99`."""
