"""The functions of `risk` that answer the numeric cases about elastic rewards, leverage and fees."""

import re
from collections.abc import Callable
from fractions import Fraction

from risk import base_layer, fees, leverage, pricing, rewards
from risk.concentration import Overlap, effective_number, gini, herfindahl, nakamoto
from risk.distribution import event
from risk.symmetric import Symmetric
from tests.risk.loss_answers import Answer, Inputs, number, table, vector

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


ANSWERS: dict[str, Callable[[Inputs], Answer]] = {
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
}
