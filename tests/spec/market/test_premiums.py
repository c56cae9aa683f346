"""The arithmetic of insurance: the numeric cases in integers, and the stated direction of each rounding."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import comb

from spec.market.premiums import (
    claim_of,
    loaded_wad,
    premium_of,
    pro_rata,
    shares_for,
    two_slopes_wad,
    utilisation_wad,
    worth_of,
)
from spec.market.rates import break_even_wad
from tests.spec.market.cases import WAD, case, in_wad


def test_ins_waterfall() -> None:
    """The operator's bond is the deductible of both policies. The delegators bear the loss that bond and policies
    leave.
    """
    for name in ("ins_waterfall_mid", "ins_waterfall_tail"):
        inputs, expected = case(name)
        sizes: dict[str, int] = dict(inputs["layers"][:-1])
        assert [*sizes] == ["operator_self_bond", "insurance_fund", "reinsurance"]
        bond, left = sizes["operator_self_bond"], inputs["loss"]
        paid = dict[str, int]()
        for layer in ("insurance_fund", "reinsurance"):
            paid[layer] = claim_of(left, bond, WAD, sizes[layer])
            left -= paid[layer]
        found = {"operator_self_bond": min(left, bond), **paid, "delegators": left - min(left, bond)}
        assert {layer: str(amount) for layer, amount in found.items()} == expected["allocation"]
        assert sum(found.values()) == inputs["loss"]


def test_ins_deductible_limit_coinsurance() -> None:
    """The cover, the most that a policy pays, is the limit of the case times its coinsurance."""
    inputs, expected = case("ins_deductible_limit_coinsurance")
    coinsurance_wad = in_wad(inputs["coinsurance"])
    cover = inputs["limit"] * coinsurance_wad
    found = [claim_of(loss * WAD, inputs["deductible"] * WAD, coinsurance_wad, cover) for loss in inputs["losses"]]
    assert found == [in_wad(payout) for payout in expected["payout"]]


def test_ins_premium_principles() -> None:
    """The premium principles of the market: the pure premium, the loaded one, and the break-even of the risk bearer.

    The case's other principles, on variances and distortions, are not computed in integers.
    """
    inputs, expected = case("ins_premium_principles")
    operators = [(Fraction(operator["p"]), operator["loss"]) for operator in inputs["operators"]]
    pure = sum([chance * loss for chance, loss in operators])
    assert float(pure) == expected["pure"]
    loading_wad = in_wad(inputs["loading_expected_value"])
    assert loaded_wad(in_wad(str(pure)), loading_wad) == in_wad(str(expected["expected_value"]))
    level = 1 - Fraction(inputs["es_level"])
    shortfall = tail_mean([*outcomes(operators)], level)
    found = break_even_wad(in_wad(str(pure)), round(shortfall * WAD), in_wad(inputs["cost_of_capital"]))
    assert abs(Fraction(found, WAD) - Fraction(str(expected["cost_of_capital_es"]))) <= Fraction(1, 10**6)


def outcomes(operators: list[tuple[Fraction, int]]) -> Iterator[tuple[Fraction, int]]:
    """Every outcome of independent losses: its probability, and its total loss.

    `operators` are the probability and the amount of each loss.
    """
    for happens in product((False, True), repeat=len(operators)):
        chance, loss = Fraction(1), 0
        for is_lost, (p, amount) in zip(happens, operators, strict=True):
            chance *= p if is_lost else 1 - p
            loss += amount if is_lost else 0
        yield chance, loss


def tail_mean(distribution: list[tuple[Fraction, int]], level: Fraction) -> Fraction:
    """The mean loss of the worst outcomes with total probability `level`. An outcome on the boundary is split.

    `distribution` are pairs of a probability and a loss.
    """
    left, total = level, Fraction(0)
    for chance, loss in sorted(distribution, key=lambda outcome: -outcome[1]):
        part = min(chance, left)
        total += part * loss
        left -= part
    return total / level


def test_ins_stop_loss_premium() -> None:
    """The expected payment of a policy without a limit, over all outcomes."""
    inputs, expected = case("ins_stop_loss_premium")
    operators = [(Fraction(operator["p"]), operator["loss"]) for operator in inputs["operators"]]
    found = [
        sum([chance * claim_of(loss, retention, WAD, 10**9) for chance, loss in outcomes(operators)])
        for retention in inputs["retention"]
    ]
    assert found == [Fraction(premium) for premium in expected["stop_loss"]]


def unpaid(claims: int, cover: int, capital: int) -> int:
    """The amount that a fund with this capital cannot pay of this number of claims, each for `cover`."""
    return claims * cover - claims * pro_rata(cover, capital, claims * cover) if claims else 0


def binomial(trials: int, chance: Fraction) -> list[tuple[Fraction, int]]:
    return [(comb(trials, n) * chance**n * (1 - chance) ** (trials - n), n) for n in range(trials + 1)]


def required_capital(counts: list[tuple[Fraction, int]], cover: int, level: Fraction) -> int:
    """The least multiple of the cover with which a fund pays every claim in full with probability `level`.

    `counts` are pairs of a probability and a number of claims, each for the whole `cover`.
    """
    for capital in range(0, 10**4, cover):
        if sum([chance for chance, count in counts if unpaid(count, cover, capital) == 0]) >= level:
            return capital
    raise AssertionError("no capital is enough")


def test_ins_fund_capital_iid() -> None:
    """A leveraged fund that has sold eight policies and pays pro rata, with independent losses."""
    inputs, expected = case("ins_fund_capital_iid")
    counts = binomial(inputs["policies"], Fraction(inputs["p"]))
    cover = inputs["cover"]
    assert {level: str(required_capital(counts, cover, Fraction(level))) for level in inputs["levels"]} == expected[
        "required_capital"
    ]
    ruin = sum([chance for chance, count in counts if unpaid(count, cover, 10) > 0])
    assert str(ruin) == expected["ruin_prob_with_capital_10"]
    claims = [(chance, count * cover) for chance, count in counts]
    assert str(tail_mean(claims, Fraction(1, 100))) == expected["ES_99"]


def test_ins_fund_capital_comonotone() -> None:
    """All eight policies lose at once, as those on one operator do. The mean is unchanged, and diversification gains
    nothing.
    """
    inputs, expected = case("ins_fund_capital_comonotone")
    chance, cover = Fraction(inputs["p"]), inputs["cover"]
    counts = [(1 - chance, 0), (chance, inputs["policies"])]
    claims = [(part, count * cover) for part, count in counts]
    assert str(sum([part * claim for part, claim in claims])) == expected["mean"]
    levels = expected["required_capital"]
    assert {level: str(required_capital(counts, cover, Fraction(level))) for level in levels} == levels
    assert str(tail_mean(claims, Fraction(1, 20))) == expected["ES_95"]
    assert str(tail_mean(claims, Fraction(1, 100))) == expected["ES_99"]


def test_fee_kinked_rate() -> None:
    """The base rate of the case is the expected loss that the service declares."""
    inputs, expected = case("fee_kinked_rate")
    kink_wad, base_wad = in_wad(inputs["u_opt"]), in_wad(inputs["base"])
    slopes = (in_wad(inputs["slope1"]), in_wad(inputs["slope2"]))
    found = [base_wad + two_slopes_wad(in_wad(used), kink_wad, *slopes) for used in inputs["utilisation"]]
    assert found == [in_wad(rate) for rate in expected["rate"]]


def test_two_slopes_meet_at_the_kink_and_round_up() -> None:
    found = [two_slopes_wad(used, 4, 10, 100) for used in range(6)]
    assert found == [0, 3, 5, 8, 10, 11]
    assert two_slopes_wad(WAD, WAD // 2, 7, 70) == 77


def test_every_other_rounding_is_as_it_states() -> None:
    assert utilisation_wad(1, 3, WAD) == WAD // 3 + 1
    assert utilisation_wad(3, 3, WAD) == WAD
    assert utilisation_wad(3, 3, 2 * WAD) == WAD // 2
    assert loaded_wad(1, 1) == 2
    assert premium_of(WAD, WAD, 1, 3) == 1
    assert premium_of(3 * WAD, WAD, 1, 3) == 1
    assert premium_of(3 * WAD + 1, WAD, 1, 3) == 2
    assert claim_of(11, 10, WAD // 2, 9) == 0
    assert [pro_rata(1, available, 3) for available in range(5)] == [0, 0, 0, 1, 1]
    assert shares_for(5, 0, 0) == 5
    assert shares_for(5, 3, 2) == 3
    assert worth_of(2, 5, 3) == 3
