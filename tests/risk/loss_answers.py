"""The functions of `risk` that answer the numeric cases about losses, contagion and prices.

Each gets the inputs of a case, and some also `asked`: the nested names of the requested values, without the values.
Several computations share one kind, and the inputs tell which of them is meant.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from risk import contagion, copulas, debtrank, ethereum, insurance, pricing
from risk.commitments import Claim, Piece
from risk.dependence import Beta, Independent, gaussian
from risk.distribution import Distribution, event, independent_sum
from risk.losses import Sampled, distribution

Inputs = Mapping[str, Any]
Query = Mapping[str, Any]
Answer = dict[str, Any]

ETH = ethereum.GWEI_PER_ETH


def number(value: Any) -> Fraction:
    """A number as the cases write it: an integer, "p/q", a decimal, or a float, which means the decimal that it prints
    as.
    """
    return Fraction(str(value))


def real(value: Any) -> float:
    return float(number(value))


def vector(values: Sequence[Any]) -> list[Fraction]:
    return [number(value) for value in values]


def table(rows: Sequence[Sequence[Any]]) -> list[list[Fraction]]:
    return [vector(row) for row in rows]


def level_of(digits: str) -> Fraction:
    """The level of a tail by its digits: "99" is 99/100, "995" is 995/1000."""
    return Fraction(int(digits), 10 ** len(digits))


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
    """The probability that at least `count` events happen. `loss` is the distribution of their number."""
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
        """A wrong expected shortfall, to show that it differs from the right one: the mean of the losses above value at
        risk.

        With `at_least`, losses equal to value at risk count too. None if no loss counts.
        """
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
    "contagion": clearing,
    "debtrank": distress,
    "correlated_slashing": correlated,
    "t_copula_pair_and_tail_dependence": t_copula,
    "stakesure_insurance": corruption_or_harm,
    "ins_waterfall": layers,
    "ins_deductible_limit_coinsurance": policy,
    "risk_independent_loss_distribution": independent_losses,
    "risk_es_atom_trap": atom_trap,
    "ins_premium_principles": premiums,
    "ins_stop_loss_premium": stop_loss,
}
"""The function for each kind of case, named without any detail after a colon."""

ASKED_ANSWERS: dict[str, Callable[[Inputs, Query], Answer]] = {
    "lrt_basket_cvar_vs_rho": basket,
    "gauss_one_factor": one_factor,
    "ins_fund_capital_iid": fund_of_independent,
    "ins_fund_capital_comonotone": fund_of_comonotone,
    "risk_common_shock": common_shock,
    "risk_beta_binomial": beta_binomial,
}
"""The functions for kinds whose question is stated only by the names of the requested values, such as `ES_99`."""
