"""The arithmetic of allocation: the numeric cases in integers, and the rule of the split for all small numbers."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest

from spec.market.splits import CapOn, room_of, score_of, split
from tests.spec.market.cases import WAD, case, in_wad


def test_risk_aware_split() -> None:
    """Services with the same degree cap form a group. Stake is split among groups by their total rewards.

    Within a group it is split by the services' own rewards, up to the cap. Each result is within one unit of the exact
    one.
    """
    inputs, expected = case("risk_aware_split_a")
    rewards, degrees = inputs["rewards"], inputs["degree_caps"]
    groups = {degree: [place for place, one in enumerate(degrees) if one == degree] for degree in degrees}
    of_groups = [sum(rewards[place] for place in places) for places in groups.values()]
    found = split(in_wad(inputs["total_stake"]), of_groups, [])
    assert sum(found) == WAD
    assert all(abs(part - Fraction(exact) * WAD) < 1 for part, exact in zip(found, expected["splits"], strict=True))
    for (degree, places), exact in zip(groups.items(), expected["allocation_per_unit_split"], strict=True):
        scores = [rewards[place] if place in places else 0 for place in range(len(rewards))]
        each = [([place], WAD) for place in range(len(rewards))]
        assert split(in_wad(degree), scores, each) == [in_wad(part) for part in exact]


def test_elastic_equilibrium_allocation() -> None:
    """A unit of stake earns the same in every service, as no cap binds."""
    inputs, expected = case("elastic_equilibrium_allocation")
    rewards = [int(reward) for reward in inputs["service_rewards"]]
    for stake, exact in zip(inputs["stakes"], expected["allocations"], strict=True):
        whole = Fraction(stake) * in_wad(inputs["degree"])
        assert split(int(whole), rewards, []) == [in_wad(part) for part in exact]


def follows_the_rule(whole: int, scores: list[int], caps: list[CapOn], parts: list[int]) -> bool:
    """True if the parts of `whole` satisfy every cap and each member with a score is stopped by a full cap, up to
    rounding.

    A member is an index of `scores` and `parts`. A cap lists members and limits their sum; `whole` is a cap on all
    members. A member without a score has nothing. In the cap that stops a member, no other has more for its score.

    Rounding may cost one unit for each member, and one more.
    """
    count = len(scores)
    bounds = [(list(range(count)), whole), *caps]
    if any(sum(parts[place] for place in places) > limit for places, limit in bounds) or min(parts) < 0:
        return False

    def is_stopped(place: int, places: list[int], limit: int) -> bool:
        is_full = limit - sum(parts[one] for one in places) < max(count, 1)
        most = [(parts[place] + count + 1) * scores[one] >= (parts[one] - 1) * scores[place] for one in places]
        return place in places and is_full and all(most)

    return all(
        any(is_stopped(place, *bound) for bound in bounds) if scores[place] > 0 else parts[place] == 0
        for place in range(count)
    )


def test_every_small_split_follows_the_rule() -> None:
    for whole, scores in product(range(8), product(range(4), repeat=3)):
        for members, limit in product(([0], [0, 1], [1, 2]), (0, 1, 3)):
            caps = [(members, limit), ([0, 2], 2)]
            assert follows_the_rule(whole, list(scores), caps, split(whole, list(scores), caps)), (whole, scores, caps)


def test_large_splits_follow_the_rule() -> None:
    random = Random(5)
    for _ in range(500):
        count = random.randint(1, 8)
        scores = [random.choice((0, 1, 7, random.randint(1, 10**18))) for _ in range(count)]
        sizes = [random.randint(1, count) for _ in range(random.randint(0, 5))]
        caps = [(sorted(random.sample(range(count), size)), random.randint(0, WAD)) for size in sizes]
        assert follows_the_rule(WAD, scores, caps, split(WAD, scores, caps)), (scores, caps)


def test_the_rule_is_seen_to_fail() -> None:
    assert follows_the_rule(10, [1, 1], [], [5, 5])
    assert not follows_the_rule(10, [1, 1], [], [6, 5])
    assert not follows_the_rule(10, [1, 1], [], [8, 2])
    assert not follows_the_rule(10, [1, 1], [], [4, 4])
    assert not follows_the_rule(10, [1, 0], [], [9, 1])
    assert not follows_the_rule(10, [1, 1], [([0], 3)], [4, 6])


@pytest.mark.parametrize(
    ("whole", "scores", "caps", "parts"),
    [
        (10, [1, 1, 1], [], [4, 3, 3]),  # the largest remainder, and of equals the first
        (11, [1, 1, 1], [], [4, 4, 3]),
        (10, [5, 3, 1], [], [6, 3, 1]),  # 5.6, 3.3 and 1.1
        (10, [1, 1, 1], [([0], 2)], [2, 4, 4]),  # what a cap takes from one goes to the others
        (10, [1, 1, 2], [([0, 1], 3)], [2, 1, 7]),  # a group that is capped together
        (10, [1, 1, 1], [([0], 2), ([1, 2], 5)], [2, 3, 2]),  # what no cap lets go stays back
        (1, [1, 1, 1], [([0, 1], 0)], [0, 0, 1]),
        (10, [0, 0], [], [0, 0]),
        (0, [1, 2], [], [0, 0]),
        (5, [], [], []),
    ],
)
def test_a_split(whole: int, scores: list[int], caps: list[CapOn], parts: list[int]) -> None:
    assert split(whole, scores, caps) == parts


def test_a_unit_goes_by_remainder_to_whom_every_cap_has_room_for() -> None:
    """Units left by rounding down go to the largest remainders, where every cap has room.

    Six units for four equal members are one and a half each. If the first two share a cap, the first and third get the
    extra unit.
    """
    assert split(6, [1, 1, 1, 1], []) == [2, 2, 1, 1]
    assert split(6, [1, 1, 1, 1], [([0, 1], 3)]) == [2, 1, 2, 1]
    assert split(8, [1, 1, 1], []) == [3, 3, 2]
    assert split(8, [1, 1, 1], [([1], 2)]) == [3, 2, 3]
    assert split(2, [1, 1, 1, 1, 1], [([0, 1, 2], 1)]) == [1, 0, 0, 1, 0]


def test_scores_and_room() -> None:
    assert [score_of(10, 3, 4), score_of(10, 4, 3), score_of(10, 11, 0)] == [6, 6, 0]
    assert room_of(0, [4, 3], [([0, 1], 10), ([0], 3)]) == -1
    assert room_of(1, [4, 3], [([0, 1], 10), ([0], 3)]) == 3
