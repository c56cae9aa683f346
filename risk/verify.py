"""Check a verdict about a network, and trust nobody who found it. The standard library is all that is imported.

An attack corrupts services, each with at least its threshold of the weight behind it, and loses stake. A verdict claims
that its value, (1 + gamma) profit - loss, is at most a number in every attack (SECURE), or is more in one (INSECURE).
SECURE is proved by a tree of branchings, in preorder: at every leaf, multipliers show that no attack left has more.
"""

import hashlib
import json
import sys
from fractions import Fraction
from itertools import combinations
from math import ceil, lcm, prod
from typing import Any


class Refused(Exception):
    """Why a verdict is not proved."""


def demand(condition: bool, otherwise: str) -> None:
    """Refused, unless."""
    if not condition:
        raise Refused(otherwise)


class Problem:
    """A network document as numbers: stakes, commitments of positive weight, services."""

    def __init__(self, document: Any) -> None:
        sourced, declared = document["sourced"], document["declared"]
        price = {token: Fraction(number) for token, number in declared["prices"].items()}
        unit = {row["id"]: price[row["token"]] for row in sourced["stakes"]}
        self.losses, self.divisible = sourced["losses"], sourced["divisible"]
        self.value = {row["id"]: Fraction(row["amount"]) * unit[row["id"]] for row in sourced["stakes"]}
        self.profit = {name: Fraction(row["profit"]) for name, row in declared["services"].items()}
        self.need = dict.fromkeys(self.profit, Fraction(0))
        self.rows: list[tuple[str, str, str, Fraction, Fraction]] = []  # stake, operator, service, weight, loss
        for row in sourced["commitments"]:
            terms = declared["services"][row["service"]]
            weight = Fraction(row["amount"]) * unit[row["stake"]]
            self.need[row["service"]] += weight * Fraction(terms["threshold"])
            if weight > 0:
                loss = weight * Fraction(terms.get("slash", "1"))
                self.rows.append((row["stake"], row["operator"], row["service"], weight, loss))
        numbers = [*self.value.values(), *self.profit.values(), *(n for row in self.rows for n in row[3:])]
        demand(min(numbers, default=Fraction(0)) >= 0, "a negative amount")
        shares = [Fraction(row["threshold"]) for row in declared["services"].values()]
        demand(all(0 < share <= 1 for share in shares), "a threshold that is no share")
        demand(self.losses in ("full", "sum", "max", "product"), "unknown losses")
        demand(self.losses == "sum" or self.divisible is False, "a part of what is not summed")
        demand(all(row[4] <= row[3] <= self.value[row[0]] for row in self.rows), "more than there is")
        self.of_stake: dict[str, list[int]] = {stake: [] for stake in self.value}
        for position, (stake, *_) in enumerate(self.rows):
            self.of_stake[stake].append(position)

    def lost(self, stake: str, used: dict[int, Fraction]) -> Fraction:
        """What a stake loses when these parts of its commitments attack."""
        value, parts = self.value[stake], [self.rows[e][4] * part for e, part in used.items() if part > 0]
        if not parts or value == 0:
            return Fraction(0)
        if self.losses == "sum":
            return min(value, sum(parts, Fraction(0)))
        if self.losses == "max":
            return max(parts)
        return value if self.losses == "full" else value * (1 - prod(1 - part / value for part in parts))

    def columns(self) -> list[tuple[list[tuple[Fraction, tuple[int, ...]]], list[tuple[Fraction, tuple[int, ...]]]]]:
        """For each stake its options, of which an attack takes one at most, and the items that it may add up instead:
        what each loses, and the commitments that it uses.
        """
        found = []
        for stake, rows in self.of_stake.items():
            choices: list[tuple[int, ...]] = [tuple(rows)] if rows else []
            items: list[tuple[Fraction, tuple[int, ...]]] = []
            if self.losses == "sum":
                items = [(self.rows[e][4], (e,)) for e in rows]
            if self.losses == "sum" and sum(cost for cost, _ in items) <= self.value[stake]:
                choices = []
            elif self.losses == "max":
                levels = sorted({self.rows[e][4] for e in rows})
                choices = [tuple(e for e in rows if self.rows[e][4] <= level) for level in levels]
            elif self.losses == "product":
                choices = [chosen for size in range(1, len(rows) + 1) for chosen in combinations(rows, size)]
            options = [(self.lost(stake, {e: Fraction(1) for e in chosen}), chosen) for chosen in choices]
            found.append((options, items))
        return found


def value_of(problem: Problem, claim: Any, witness: Any) -> Fraction:
    """What an attack is worth by the claim's measure; Refused if it is no attack."""
    index = {row[:3]: position for position, row in enumerate(problem.rows)}
    used: dict[int, Fraction] = {}
    for stake, operator, service, part in witness["uses"]:
        demand((stake, operator, service) in index, f"no such commitment: {stake}, {operator}, {service}")
        position = index[(stake, operator, service)]
        demand(position not in used and 0 < Fraction(part) <= 1, f"{stake}, {operator}, {service} is used wrongly")
        demand(problem.divisible or Fraction(part) == 1, "a part of a commitment that cannot be divided")
        used[position] = Fraction(part)
    services = witness["services"]
    demand(len(set(services)) == len(services) > 0, "no service, or one twice")
    demand(set(claim["forced"]) <= set(services), "not the services that were asked for")
    for service in services:
        weight = sum(
            (problem.rows[e][3] * part for e, part in used.items() if problem.rows[e][2] == service), Fraction()
        )
        demand(weight >= problem.need[service], f"{service} is not corrupted: {weight} of {problem.need[service]}")
    lost = sum(problem.lost(stake, {e: used[e] for e in rows if e in used}) for stake, rows in problem.of_stake.items())
    profit = sum((problem.profit[s] for s in services), Fraction(0)) if claim["profits"] else Fraction(0)
    return (1 + Fraction(claim["gamma"])) * profit - lost


class Bounds:
    """How much an attack can be worth at most, by the claim's measure, once some choices are made."""

    def __init__(self, problem: Problem, claim: Any) -> None:
        pools, self.problem, self.claim = problem.columns(), problem, claim
        profit = {s: (1 + Fraction(claim["gamma"])) * claim["profits"] * number for s, number in problem.profit.items()}
        weights = [row[3] for row in problem.rows]
        numbers = [*profit.values(), *weights, *(cost for pool in pools for part in pool for cost, _ in part)]
        unit = lcm(*(n.denominator for n in [*numbers, *(problem.need.values() if problem.divisible else ())]))
        # Integers from here on. What cannot be divided is used whole: so needs round up, and what is worth less, down.
        self.gain, self.limit = {s: int(n * unit) for s, n in profit.items()}, Fraction(claim["at_most"]) * unit
        self.weight, self.need = [int(w * unit) for w in weights], {s: ceil(n * unit) for s, n in problem.need.items()}
        self.columns: list[tuple[int, tuple[int, ...]]] = []
        self.groups: list[tuple[range, range]] = []
        for options, items in pools:
            start, middle = len(self.columns), len(self.columns) + len(options)
            self.groups.append((range(start, middle), range(middle, middle + len(items))))
            self.columns += [(int(cost * unit), rows) for cost, rows in [*options, *items]]
        self.uses: dict[str, dict[int, list[int]]] = {s: {} for s in self.gain}
        for j, (_, rows) in enumerate(self.columns):
            for e in rows:
                self.uses[problem.rows[e][2]].setdefault(j, []).append(e)
        self.whole = {j for group in self.groups for part in group[: 2 - problem.divisible] for j in part}

    def most(self, fixed: dict[Any, int], rows: list[tuple[str, set[int], Fraction]]) -> Fraction | None:
        """The most, by multipliers of rows: that a service needs what its commitments carry beyond the covered ones.
        None if there is no such attack.
        """
        scale, whole = lcm(*(factor.denominator for _, _, factor in rows)), not self.problem.divisible
        left, worth = {s: n * scale for s, n in self.gain.items()}, [-cost * scale for cost, _ in self.columns]
        for s, covered, factor in rows:
            multiplier, rest = int(factor * scale), self.need[s] - sum(self.weight[e] for e in covered)
            demand(
                multiplier >= 0 and (not covered or (rest > 0 and whole)), "a multiplier or a cut that proves nothing"
            )
            demand(all(self.problem.rows[e][2] == s for e in covered), "a cut through another service")
            left[s] -= multiplier * rest
            for j, used in self.uses[s].items():
                carried = sum(self.weight[e] for e in used if e not in covered)
                worth[j] += multiplier * (min(carried, rest) if whole else carried)
        total = sum(number * fixed[s] if s in fixed else max(0, number) for s, number in left.items())
        for options, items in self.groups:
            taken, adds = [j for j in options if fixed.get(j) == 1], any(fixed.get(j) == 1 for j in items)
            if len(taken) + adds > 1:
                return None
            choices = [worth[j] for j in (taken or options) if not adds and fixed.get(j) != 0]
            if not taken:
                choices.append(sum(worth[j] * fixed[j] if j in fixed else max(0, worth[j]) for j in items))
            total += max(choices)
        return Fraction(total // scale) if whole else Fraction(total, scale)

    def closes(self, fixed: dict[Any, int], rows: list[tuple[str, set[int], Fraction]]) -> bool:
        """Whether the claim holds of every attack with these choices, as the multipliers show."""
        if self.claim["nonempty"] and all(fixed.get(s) == 0 for s in self.gain):
            return True
        most = self.most(fixed, rows)
        return most is None or most < self.limit or (most == self.limit and not self.claim["strict"])


def check_tree(problem: Problem, claim: Any, tree: list[Any]) -> int:
    """Check that the tree covers every attack and that no leaf allows more than the claim; how many leaves it has."""
    bounds, leaves = Bounds(problem, claim), 0
    stack: list[dict[Any, int]] = [dict.fromkeys(claim["forced"], 1)]
    for kind, where, *cuts in tree:
        demand(bool(stack), "a node that nothing branches to")
        fixed = stack.pop()
        if kind == "branch":
            known = where in (bounds.gain if isinstance(where, str) else bounds.whole)
            demand(known and where not in fixed, f"no choice to branch on: {where}")
            stack += [{**fixed, where: 0}, {**fixed, where: 1}]
        else:
            leaves += 1
            rows = [(s, [], n) for s, n in where.items()] + [tuple(cut) for cut in cuts[0]]
            closed = bounds.closes(fixed, [(s, set(covered), Fraction(n)) for s, covered, n in rows])
            demand(closed, f"leaf {leaves} allows more")
    demand(not stack, "a branch without an end")
    return leaves


def check_flow(problem: Problem, claim: Any, flow: Any) -> int:
    """Check that profits are spread over stakes which every attack on them must lose: no attack gains then."""
    given = {(row[2], row[0]) for row in problem.rows}
    demand(problem.losses == "full" and not claim["strict"] and Fraction(claim["at_most"]) >= 0, "no claim of a flow's")
    weights = dict.fromkeys(problem.need, Fraction(0))
    for _, _, service, weight, _ in problem.rows:
        weights[service] += weight
    demand(weights == problem.need, "a threshold below 1")
    amounts = {(s, stake): Fraction(n) for s, row in flow.items() for stake, n in row.items()}
    demand(
        all(pair in given and n >= 0 for pair, n in amounts.items()), "a flow along no commitment, or a negative one"
    )
    for stake, value in problem.value.items():
        demand(sum(n for (_, to), n in amounts.items() if to == stake) <= value, f"more than {stake} is worth")
    for s, profit in problem.profit.items():
        spread = sum(n for (of, _), n in amounts.items() if of == s)
        demand(spread >= (1 + Fraction(claim["gamma"])) * claim["profits"] * profit, f"{s}: not all profit is spread")
    return len(amounts)


def check(network: Any, verdict: Any) -> str:
    """What the verdict proves, in one line. Refused, or another exception, if it proves nothing."""
    text = json.dumps(network, sort_keys=True, separators=(",", ":"))
    demand(verdict["format"] == "restake-verdict" and verdict["version"] == 1, "not a verdict of version 1")
    demand(verdict["network"] == hashlib.sha256(text.encode()).hexdigest(), "a verdict about another network")
    problem, claim, word = Problem(network), verdict["claim"], verdict["verdict"]
    demand(isinstance(claim["profits"], bool) and Fraction(claim["gamma"]) >= -1, "no claim")
    demand(all(isinstance(claim[name], bool) for name in ("strict", "nonempty")), "no claim")
    demand(set(claim["forced"]) <= set(problem.profit), "an unknown service")
    if word in ("SECURE", "INSECURE"):
        plain = claim["profits"] and not claim["forced"] and Fraction(claim["at_most"]) <= 0
        demand(
            plain and Fraction(claim["gamma"]) >= 0 and (word == "SECURE" or Fraction(claim["gamma"]) == 0),
            "a claim too weak",
        )
    demand(word in ("SECURE", "INSECURE", "EXACT", "BOUND"), f"{word} proves nothing")
    said, limit = [], Fraction(claim["at_most"])
    if word != "INSECURE":
        found = verdict["certificate"]
        by_flow = "flow" in found
        how = "as much as" if claim["strict"] else "more than"
        steps = check_flow(problem, claim, found["flow"]) if by_flow else check_tree(problem, claim, found["tree"])
        said.append(f"no attack is worth {how} {limit} ({steps} {'flows' if by_flow else 'leaves'})")
    if word in ("INSECURE", "EXACT"):
        value = value_of(problem, claim, verdict["witness"])
        reached = value == limit if word == "EXACT" else value > limit or (value == limit and claim["strict"])
        demand(reached and value == Fraction(verdict["witness"]["value"]), f"the attack is worth {value}")
        said.append(f"one attack is worth {value}")
    return f"{word}: {'; '.join(said)}"


def main(network_path: str, verdict_path: str) -> int:
    """Check one verdict file against one network file: exit code 0 if it is proved."""
    with open(network_path, encoding="utf-8") as network, open(verdict_path, encoding="utf-8") as verdict:
        try:
            print(check(json.load(network), json.load(verdict)))  # noqa: T201 # this file is also a program
        except (Refused, KeyError, TypeError, ValueError, ArithmeticError, AttributeError, IndexError) as problem:
            print(f"REFUSED: {type(problem).__name__}: {problem}", file=sys.stderr)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
