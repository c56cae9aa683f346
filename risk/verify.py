"""The checker of verdicts about a network. It imports only the standard library, and trusts no solver.

An attack corrupts at least one service with its threshold of the weight behind it, and loses stake. Its value is its
profit, times the claim's factor, minus its loss. SECURE and EXACT state an upper bound on the value of all attacks. The
proof is a tree of branchings, in preorder, with multipliers at each leaf. INSECURE and EXACT come with a witness.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations
from math import ceil, gcd, lcm, prod
from pathlib import Path
from typing import Any

Fixed = dict[tuple[str, Any], int]
"""The choices made on the path to a node of the tree, each 0 or 1:

- ("service", name): 1 if the service falls.
- ("commitment", position): 1 if the commitment is used.
- ("stake", name): 1 if the whole stake is lost, 0 if the sum of the slashes is lost.
"""
Rows = list[tuple[str, set[int], Fraction]]
"""The rows of a leaf: a service, its covered commitments (excluded from the row), and the row's multiplier."""


class Refused(Exception):
    """The exception for a verdict that is rejected as unproved; its message is the reason."""


def demand(condition: bool, otherwise: str) -> None:
    """Raise Refused, with the message `otherwise`, unless the condition holds."""
    if not condition:
        raise Refused(otherwise)


def number(text: Any, sign: str = "") -> Fraction:
    """The number in a document's string, an integer or "p/q". Raises Refused for anything else.

    Negative numbers are accepted only if `sign` is "-?".
    """
    known = isinstance(text, str) and re.fullmatch(sign + "[0-9]+(/0*[1-9][0-9]*)?", text)
    demand(bool(known), f"expected a number{'' if sign else ' of at least 0'} in a string, found {text!r:.60}")
    return Fraction(text)


class Problem:
    """A network document as numbers. Commitments of positive weight are named by their index among these.

    Raises Refused if the document is inconsistent.
    """

    def __init__(self, document: Any) -> None:
        stakes, services = document["sourced"]["stakes"], document["declared"]["services"]
        price = {row["id"]: number(document["declared"]["prices"][row["token"]]) for row in stakes}
        self.value = {row["id"]: number(row["amount"]) * price[row["id"]] for row in stakes}
        self.profit, threshold, slash = (
            {service: number({"slash": "1", **row}[name]) for service, row in services.items()}
            for name in ("profit", "threshold", "slash")
        )
        self.losses, self.divisible = document["sourced"]["losses"], document["sourced"]["divisible"]
        self.names, self.weight, self.loss = list[tuple[str, str, str]](), list[Fraction](), list[Fraction]()
        self.of = {stake: set[int]() for stake in self.value}
        self.behind = {service: set[int]() for service in services}
        for row in document["sourced"]["commitments"]:
            stake, service, weight = row["stake"], row["service"], number(row["amount"]) * price[row["stake"]]
            demand(weight <= self.value[stake], f"a commitment of more than {stake} has")
            if weight > 0:
                self.of[stake].add(len(self.names))
                self.behind[service].add(len(self.names))
                self.names.append((stake, row["operator"], service))
                self.weight.append(weight)
                self.loss.append(self.value[stake] if self.losses == "full" else weight * slash[service])
        self.need = {s: threshold[s] * sum(self.weight[e] for e in rows) for s, rows in self.behind.items()}
        demand(all(threshold.values()) and max([*threshold.values(), *slash.values()], default=0) <= 1, "no share")
        demand(len(self.value) == len(stakes) and len({*self.names}) == len(self.names), "a stake or commitment twice")
        demand(self.losses in ("full", "sum", "max", "product"), "unknown losses")
        demand(self.divisible is False or (self.divisible is True and self.losses == "sum"), "parts are not summed")

    def lost(self, stake: str, taken: Iterable[Fraction]) -> Fraction:
        """The loss of a stake when services slash these amounts of it; with full
        losses each amount is the whole stake.
        """
        if self.losses == "sum":
            return min(self.value[stake], sum(taken, Fraction(0)))
        if self.losses == "product":
            left = (1 - amount / self.value[stake] for amount in taken)
            return self.value[stake] * (1 - prod(left, start=Fraction(1)))
        return max(taken, default=Fraction(0))

    def choices(self, stake: str) -> list[tuple[Fraction, set[int]]]:
        """The choices of an attacker for a stake: its loss, and the set of commitments used for it.

        They cover every attack: for any set of commitments, some choice contains it and loses no more.
        """
        rows = self.of[stake]
        found = [{e for e in rows if self.loss[e] <= most} for most in {self.loss[e] for e in rows}]
        if self.losses == "product":
            found = [{*chosen} for size in range(1, len(rows) + 1) for chosen in combinations(rows, size)]
        return [(self.lost(stake, (self.loss[e] for e in these)), these) for these in [set[int](), *found]]


def value_of(problem: Problem, claim: Any, witness: Any) -> Fraction:
    """The value of an attack: its profit times the claim's factor, minus its loss. `claim` and `witness`, the attack,
    are JSON of a verdict. Raises Refused if the witness is no attack.
    """
    index, parts = {names: e for e, names in enumerate(problem.names)}, dict[int, Fraction]()
    for *names, part in witness["uses"]:
        demand(tuple(names) in index and index[tuple(names)] not in parts, f"no such commitment, or twice: {names}")
        demand(0 < number(part) <= 1 and (problem.divisible or part == "1"), f"no such part of {names}: {part}")
        parts[index[tuple(names)]] = number(part)
    services = witness["services"]
    demand(len({*services}) == len(services) > 0, "no service, or one twice")
    demand({*claim["forced"]} <= {*services}, "not the services that were asked for")
    for service in services:
        weight = sum(problem.weight[e] * parts[e] for e in problem.behind[service] & parts.keys())
        demand(weight >= problem.need[service], f"{service} is not corrupted: {weight} of {problem.need[service]}")
    profit = number(claim["profits"]) * sum(problem.profit[service] for service in services)
    taken = {e: problem.loss[e] * part for e, part in parts.items()}
    return profit - sum(problem.lost(v, [taken[e] for e in rows & taken.keys()]) for v, rows in problem.of.items())


class Bounds:
    """Upper bounds on the value of an attack (profit times the claim's factor, minus loss), after some choices are
    fixed.
    """

    def __init__(self, problem: Problem, claim: Any) -> None:
        self.claim, self.sums, self.is_whole = claim, problem.losses == "sum", not problem.divisible
        self.of, self.behind = problem.of, problem.behind
        profit = {service: number(claim["profits"]) * n for service, n in problem.profit.items()}
        choices = {stake: [] if self.sums else problem.choices(stake) for stake in problem.of}
        amounts = [*profit.values(), *problem.value.values(), *problem.weight, *problem.loss]
        amounts += [cost for found in choices.values() for cost, _ in found]
        amounts += [] if self.is_whole else problem.need.values()
        # From here on all amounts are integers in units of 1/`unit`. Indivisible commitments are used whole, so needs
        # are rounded up.
        self.unit = unit = lcm(*(n.denominator for n in amounts))
        self.gain, self.need, self.value = (
            {name: ceil(n * unit) for name, n in found.items()} for found in (profit, problem.need, problem.value)
        )
        self.weight, self.loss = [int(n * unit) for n in problem.weight], [int(n * unit) for n in problem.loss]
        self.choices = {stake: [(int(cost * unit), e) for cost, e in found] for stake, found in choices.items()}

    def row(self, service: str, covered: set[int]) -> tuple[int, dict[int, int]]:
        """A linear row that every attack on the service obeys: its other commitments carry the weight needed beyond the
        covered ones.

        The result is that needed weight, and the weight that each other commitment contributes. The latter is capped at
        the need if stakes are indivisible. Both are divided by their common divisor. Raises Refused if the covered
        commitments do not give a valid row.
        """
        rest = self.need[service] - sum(self.weight[e] for e in covered)
        proves = covered <= self.behind[service] and (not covered or (rest > 0 and self.is_whole))
        demand(proves, f"a cut of {service} that proves nothing")
        carried = {e: self.weight[e] for e in self.behind[service] - covered}
        if self.is_whole:
            carried = {e: min(n, rest) for e, n in carried.items()}
        step = gcd(rest, *carried.values()) or 1
        return rest // step, {e: n // step for e, n in carried.items()}

    def best(self, stake: str, worth: list[int], scale: int, fixed: Fixed) -> int | None:
        """The largest value of using one stake: the summed `worth` of the used commitments, minus `scale` times its
        loss.

        None if the fixed choices leave no use of this stake possible.
        """
        rows = {e for e in self.of[stake] if fixed.get(("commitment", e)) != 0}
        used = {e for e in rows if fixed.get(("commitment", e)) == 1}
        if self.sums:
            whole = sum(worth[e] for e in rows) - self.value[stake] * scale
            apart = [(worth[e] - self.loss[e] * scale, e in used) for e in rows]
            summed = sum(n for n, is_used in apart if n > 0 or is_used)
            return {None: max(whole, summed), 1: whole, 0: summed}[fixed.get(("stake", stake))]
        found = [(cost, these) for cost, these in self.choices[stake] if used <= these <= rows]
        return max((sum(worth[e] for e in these) - cost * scale for cost, these in found), default=None)

    def closes(self, fixed: Fixed, rows: Rows) -> bool:
        """True if the rows, times their multipliers, prove the claim for all attacks with these fixed choices.

        True as well if there is no such attack.
        """
        scale, worth = lcm(*(factor.denominator for _, _, factor in rows)), [0] * len(self.weight)
        left = {service: n * scale for service, n in self.gain.items()}
        for service, covered, factor in rows:
            (rest, carried), multiplier = self.row(service, covered), int(factor * scale)
            left[service] -= multiplier * rest
            for e, n in carried.items():
                worth[e] += multiplier * n
        found = [self.best(stake, worth, scale, fixed) for stake in self.of]
        if None in found or all(fixed.get(("service", service)) == 0 for service in left):
            return True  # there is no such attack
        total = sum(filter(None, found)) + sum(n * fixed.get(("service", s), n > 0) for s, n in left.items())
        most = Fraction(total // scale if self.is_whole else Fraction(total, scale)) / self.unit
        return most < (limit := number(self.claim["at_most"], "-?")) or (most == limit and not self.claim["strict"])


def check_tree(bounds: Bounds, tree: list[Any]) -> int:
    """The number of leaves of the tree. The tree must cover every attack, and each leaf must prove the claim.

    Raises Refused otherwise.
    """
    leaves, stack = 0, [Fixed({("service", service): 1 for service in bounds.claim["forced"]})]
    keys = {"service": {*bounds.gain}, "stake": {*bounds.of} if bounds.sums else set()}
    keys["commitment"] = {*range(len(bounds.weight))} if bounds.is_whole else set()
    for kind, what in tree:
        demand(len(stack) > 0, "a node that nothing branches to")
        fixed = stack.pop()
        if kind in keys:
            demand(what in keys[kind] and (kind, what) not in fixed, f"no choice, or made twice: {kind} {what}")
            stack += [{**fixed, (kind, what): 0}, {**fixed, (kind, what): 1}]
        else:
            rows: Rows = []
            for service, how, these, factor in what:
                demand(how in ("without", "only"), f"no row: {how}")
                covered = {*these} if how == "without" else bounds.behind[service] - {*these}
                rows.append((service, covered, number(factor)))
            leaves += 1
            demand(bounds.closes(fixed, rows), f"leaf {leaves} allows more")
    demand(not stack, "a branch without an end")
    return leaves


def check(network: Any, verdict: Any) -> str:
    """The statement that the verdict proves about the network, in one line; both are JSON documents. Raises Refused or
    another exception if it proves nothing.
    """
    text = json.dumps(network, sort_keys=True, separators=(",", ":"))
    demand(verdict["format"] == "restake-verdict" and verdict["version"] == 2, "not a verdict of version 2")
    demand(verdict["network"] == hashlib.sha256(text.encode()).hexdigest(), "a verdict about another network")
    problem, claim, word, said = Problem(network), verdict["claim"], verdict["verdict"], list[str]()
    limit, counted = number(claim["at_most"], "-?"), number(claim["profits"])
    demand(isinstance(claim["strict"], bool) and {*claim["forced"]} <= {*problem.profit}, "no claim about services")
    demand(word in ("SECURE", "INSECURE", "EXACT"), f"{word} proves nothing")
    plain = counted == 1 or (counted > 1 and word == "SECURE")
    demand(word == "EXACT" or (plain and not claim["forced"] and limit <= 0), "a claim too weak")
    if word != "INSECURE":
        leaves = check_tree(Bounds(problem, claim), verdict["certificate"]["tree"])
        said.append(f"no attack is worth {'as much as' if claim['strict'] else 'more than'} {limit} ({leaves} leaves)")
    if word != "SECURE":
        value = value_of(problem, claim, verdict["witness"])
        reached = value == limit if word == "EXACT" else value > limit or (value == limit and claim["strict"])
        demand(reached and value == number(verdict["witness"]["value"], "-?"), f"the attack is worth {value}")
        said.append(f"one attack is worth {value}")
    # The statement names the measure, because it proves nothing about other measures.
    said += [f"profits count {counted} times"] if counted != 1 else []
    said += [f"of attacks on all of {', '.join(claim['forced'])}"] if claim["forced"] else []
    said += [f"by an attacker that may lose {-limit}"] if limit < 0 and word != "EXACT" else []
    return f"{word}: {'; '.join(said)}"


def main(*paths: str) -> int:
    """Check a verdict file against a network file, given as two paths. Returns the exit code: 0 if proved, else 1."""
    try:
        network, verdict = (json.loads(Path(path).read_text(encoding="utf-8")) for path in paths)
        print(check(network, verdict))  # noqa: T201 # this file is also a program
    except Exception as problem:  # whatever it is, nothing is proved
        print(f"REFUSED: {type(problem).__name__}: {problem}", file=sys.stderr)  # noqa: T201  # this file is also a program
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
