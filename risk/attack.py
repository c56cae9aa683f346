"""Attacks on a network: the most profitable, the cheapest, the slack, and verdicts with their certificates.

Verdicts:
- SECURE: no attack pays, with a certificate.
- INSECURE: an attack pays, with that attack as the witness.
- EXACT: a number is the optimum, with a witness that attains it and a certificate that no attack is better.
- NOT-CERTIFIED: no certificate was found in time; an attack, if any, is the best one found.
- UNKNOWN: no attack was found to measure the requested number by.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, Literal

import attrs

from risk import cut
from risk.certificate import Grown, Tree
from risk.network import Network, digest, write
from risk.program import Claim, Program
from risk.solver import Relaxed, Solver
from risk.verify import Bounds, Problem, Refused, value_of

Word = Literal["SECURE", "INSECURE", "NOT-CERTIFIED", "UNKNOWN", "EXACT"]
Ties = Literal["strict", "weak"]
"""The rule for ties between profit and loss.

- `strict`: an attack pays if its profit exceeds its loss (Durvasula and Roughgarden).
- `weak`: an attack pays if its profit is at least its loss (Bar-Zur and Eyal).
"""

SECONDS: Final = 60.0
FIRST_LEAVES: Final = 200
"""The number of leaves that `security` grows in a certificate before it searches for an attack."""
VERDICT_FORMAT: Final = "restake-verdict"
VERDICT_VERSION: Final = 2


@attrs.frozen
class Use:
    """The use of one commitment in an attack; `part` is the used fraction of it, 1 if stakes are not divisible."""

    stake_id: str
    operator: str
    service: str
    part: Fraction = Fraction(1)


@attrs.frozen
class Attack:
    """An attack: the corrupted services, the commitments used, and the value of the attack under a claim.

    The value is the profit times the claim's factor, minus the loss. The factor is 1 + gamma, or 0 if profits do not
    count.
    """

    services: tuple[str, ...]
    uses: tuple[Use, ...]
    value: Fraction

    def as_json(self) -> dict[str, Any]:
        """The attack as JSON, in the format of a verdict's witness."""
        return {
            "services": list(self.services),
            "uses": [[use.stake_id, use.operator, use.service, str(use.part)] for use in self.uses],
            "value": str(self.value),
        }

    @property
    def stakes(self) -> tuple[str, ...]:
        """The ids of the stakes that the attack uses, without repetition."""
        return tuple(dict.fromkeys(use.stake_id for use in self.uses))


@attrs.frozen
class AttackVerdict:
    """A verdict on a claim about a network: its word, with a certificate, an attack as witness, or both.

    `network` is the digest of the network's document. `leaves` is the number of leaves of the certificate; 0 without
    one.
    """

    word: Word
    network: str
    claim: Claim
    certificate: Mapping[str, Any] | None = None
    attack: Attack | None = None
    leaves: int = 0

    def as_json(self) -> dict[str, Any]:
        """The verdict as a JSON document that `restake risk verify` checks."""
        return {
            "format": VERDICT_FORMAT,
            "version": VERDICT_VERSION,
            "network": self.network,
            "verdict": self.word,
            "claim": self.claim.as_json(),
            **({} if self.certificate is None else {"certificate": dict(self.certificate)}),
            **({} if self.attack is None else {"witness": self.attack.as_json()}),
        }


class Question:
    """A network with its JSON document and the document's digest. `problem` is the network as the checker reads it from
    the document.

    All are computed once.
    """

    def __init__(self, network: Network) -> None:
        self.network: Final = network
        self.document: Final = write(network)
        self.digest: Final = digest(self.document)
        self.problem: Final = Problem(self.document)

    def attack(self, claim: Claim, services: Iterable[str], uses: Sequence[Use]) -> Attack | None:
        """The attack on these services with these uses, with its value under the claim as the checker computes it.

        The value is the profit times the claim's factor, minus the loss. None if the checker refuses this as an attack.
        """
        witness = Attack(tuple(services), tuple(uses), Fraction(0))
        try:
            value = value_of(self.problem, claim.as_json(), witness.as_json())
        except Refused:
            return None
        return attrs.evolve(witness, value=value)


def _breaks(claim: Claim, attack: Attack) -> bool:
    return attack.value > claim.at_most or (claim.is_strict and attack.value == claim.at_most)


def attack_of(question: Question, program: Program, wanted: set[int], chosen: set[int]) -> Attack | None:
    """The attack that makes the chosen uses of stakes (columns of the program), repaired until all wanted services are
    corrupted.

    None if the repair fails or the checker refuses the result. `wanted` holds indices of services, `chosen` indices of
    columns. The repair adds unused commitments, largest weight first, because solvers work to a tolerance. The attack
    also claims every other service that it corrupts.
    """
    carried = [0] * len(program.services)
    whole = {j for options, items in program.pools for j in options if j in chosen}
    if not program.network.is_divisible:
        whole |= chosen
    parts: dict[int, Fraction] = {}
    for j in whole:
        for e in program.columns[j].rows:
            parts[e] = Fraction(1)
    for e in parts:
        carried[program.service_of[e]] += program.weight[e]
    spare = [e for e in range(len(program.weight)) if e not in parts]
    # An excluded commitment is never spare: its stake already took an option, which uses all commitments of the stake.
    spare.sort(key=lambda e: -program.weight[e])
    for service in sorted(wanted):
        for e in spare:
            missing = program.need[service] - carried[service]
            if missing <= 0:
                break
            if program.service_of[e] == service and e not in parts:
                used = min(program.weight[e], missing) if program.network.is_divisible else program.weight[e]
                for other in _with(program, e):
                    if other not in parts:
                        part = Fraction(used, program.weight[e]) if other == e else Fraction(1)
                        parts[other] = part
                        carried[program.service_of[other]] += used if other == e else program.weight[other]
    falls = [s for s in range(len(program.services)) if carried[s] >= program.need[s]]
    if not set(falls) >= wanted:
        return None
    uses = []
    for e, part in sorted(parts.items()):
        row = program.commitments[e]
        uses.append(Use(row.stake_id, row.operator, row.service, part))
    return question.attack(program.claim, [program.services[s] for s in falls], uses)


def _with(program: Program, commitment: int) -> tuple[int, ...]:
    """The indices of the commitments that must be used together with `commitment`.

    They are all commitments of its stake if losses are full, otherwise only itself.
    """
    if program.network.losses != "full":
        return (commitment,)
    stake = program.commitments[commitment].stake_id
    return tuple(e for e, row in enumerate(program.commitments) if row.stake_id == stake)


def _proposed(question: Question, program: Program, relaxed: Relaxed) -> Attack | None:
    wanted = {s for s, x in enumerate(relaxed.services) if x > 0.5}
    return attack_of(question, program, wanted, {j for j, z in enumerate(relaxed.columns) if z > 0.5})


def search(question: Question, claim: Claim, seconds: float, is_enough: bool) -> tuple[Attack | None, bool]:
    """The attack of the largest value that the solver finds, valued exactly; and True if the solver calls it optimal.

    The value is the profit times the claim's factor, minus the loss. `is_enough`: stop at the first attack that breaks
    the claim. The attack is None if the solver finds none.
    """
    program = Program(question.network, claim)
    solver = Solver(program)
    for service in claim.forced:
        solver.fix(program.services.index(service), 1, 1)
    target = float(program.limit) + 1e-6 * solver.scale if is_enough else None
    found, is_best = solver.search(not claim.forced, seconds, target)
    return (None if found is None else _proposed(question, program, found)), is_best


class ClaimProof:
    """A claim and the certificate tree that is to prove it; the tree grows over several calls."""

    def __init__(self, question: Question, claim: Claim) -> None:
        self.question: Final = question
        self.claim: Final = claim
        self.program: Final = Program(question.network, claim)
        self.tree: Final = Tree(self.program, question.problem)

    def grow(self, seconds: float, most_leaves: int | None = None) -> tuple[Grown, Attack | None]:
        """The state of the tree after growing for at most `seconds`, and an attack that breaks the claim or None.

        `most_leaves` limits the number of leaves of the whole tree.
        """
        grown = self.tree.grow(seconds, most_leaves)
        if grown.counterexample is None:
            return grown, None
        attack = attack_of(self.question, self.program, *grown.counterexample)
        return grown, attack if attack is not None and _breaks(self.claim, attack) else None


def security(
    network: Network, ties: Ties = "strict", budget: Fraction = Fraction(0), seconds: float = SECONDS
) -> AttackVerdict:
    """The verdict on whether any attack pays, for an attacker that accepts a loss of up to `budget`: SECURE, INSECURE,
    or NOT-CERTIFIED if neither was shown in time.

    With strict ties and no budget, minimum cuts decide the networks that they apply to (`risk.cut`). Otherwise: a small
    tree, then a search for an attack, then a larger tree. `seconds` is the approximate time limit.
    """
    question = Question(network)
    claim = Claim(at_most=-budget, is_strict=ties == "weak")
    if cut.applies(network) and claim == Claim():
        return _by_cut(question)
    proof = ClaimProof(question, claim)
    grown, attack = proof.grow(seconds / 5, FIRST_LEAVES)
    if grown.tree is None and attack is None:
        attack, _ = search(question, claim, seconds / 2, is_enough=True)
        if attack is not None and not _breaks(claim, attack):
            attack = None
        if attack is None:
            grown, attack = proof.grow(seconds / 2)
    if attack is not None:
        return AttackVerdict("INSECURE", question.digest, claim, attack=attack)
    if grown.tree is not None:
        return AttackVerdict("SECURE", question.digest, claim, {"tree": grown.tree}, leaves=grown.leaves)
    return AttackVerdict("NOT-CERTIFIED", question.digest, claim)


def _by_cut(question: Question) -> AttackVerdict:
    services, flow = cut.best_attack(question.network)
    if not services:
        return AttackVerdict(
            "SECURE", question.digest, Claim(), {"tree": [["leaf", _flow_rows(question, flow)]]}, leaves=1
        )
    attack = _everything_behind(question, Claim(), services)
    assert attack is not None, "a cut is an attack"
    return AttackVerdict("INSECURE", question.digest, Claim(), attack=attack)


def _flow_rows(question: Question, flow: Mapping[str, Mapping[str, Fraction]]) -> list[list[Any]]:
    """The rows of a certificate leaf from a maximum flow: one for each service and stake.

    A row says that the service falls only with a commitment of the stake. Its multiplier is the flow from the service
    to the stake.
    """
    problem, unit = question.problem, Bounds(question.problem, Claim().as_json()).unit
    # Any one of several commitments of a stake will do: one alone loses the whole stake.
    first = {(service, stake): e for e, (stake, _, service) in reversed([*enumerate(problem.names)])}
    pairs = {pair: amount for pair, e in first.items() if (amount := flow[pair[0]].get(pair[1], Fraction(0)))}
    return [[service, "only", [first[service, stake]], str(n * unit)] for (service, stake), n in pairs.items()]


def _everything_behind(question: Question, claim: Claim, services: Sequence[str]) -> Attack | None:
    network = question.network
    used = {
        row.stake_id
        for row, w in zip(network.commitments, network.weights, strict=True)
        if w and row.service in services
    }
    uses = [
        Use(row.stake_id, row.operator, row.service)
        for row, w in zip(network.commitments, network.weights, strict=True)
        if w and row.stake_id in used
    ]
    return question.attack(claim, services, uses)


def maximum(question: Question, measure: Claim, seconds: float = SECONDS) -> AttackVerdict:
    """The verdict on the most valuable attack, with its value under the claim `measure`; `measure.at_most` is ignored.

    EXACT with a certificate that no attack is better; NOT-CERTIFIED if the time is up; UNKNOWN if no attack is found.
    `seconds` is the approximate limit of each search and each proof.
    """
    attack, _ = search(question, measure, seconds / 2, is_enough=False)
    grown = Grown(None, None, 0)
    while attack is not None:
        claim = attrs.evolve(measure, at_most=attack.value, is_strict=False)
        grown, better = ClaimProof(question, claim).grow(seconds)
        if better is None:
            break
        attack = better
    if attack is None:
        return AttackVerdict("UNKNOWN", question.digest, measure)
    claim = attrs.evolve(measure, at_most=attack.value, is_strict=False)
    if grown.tree is None:
        return AttackVerdict("NOT-CERTIFIED", question.digest, claim, attack=attack)
    return AttackVerdict("EXACT", question.digest, claim, {"tree": grown.tree}, attack, grown.leaves)


def best_attack(network: Network, seconds: float = SECONDS) -> AttackVerdict:
    """The verdict on the attack with the largest profit minus loss, even if that is negative. An attack corrupts at
    least one service.

    `seconds` is the approximate limit of each search and each proof.
    """
    return maximum(Question(network), Claim(), seconds)


def cheapest(network: Network, services: Sequence[str], seconds: float = SECONDS) -> AttackVerdict:
    """The verdict on the attack on all of these services that loses least; the attack's value is minus its loss.
    `seconds` is the approximate limit of each search and each proof.
    """
    return maximum(Question(network), Claim(counts_profits=False, forced=tuple(services)), seconds)


def gamma_eigenlayer(network: Network) -> Fraction | None:
    """The largest slack that Durvasula and Roughgarden's sufficient condition for security certifies: 1 / max T - 1.
    None if no service has a profit.

    T is the ratio of earnings to loss when a stake is used; a unit of weight earns profit / (threshold * weight behind
    the service). The result is -1 if a service with a profit can be corrupted for free (no weight or no slash). Source:
    Durvasula and Roughgarden, Claim 1 and Corollary 2; for losses other than `full`, with the same multipliers.
    """
    for service, weight in network.secured_by.items():
        terms = network.terms[service]
        if terms.profit and not (weight and (terms.slash or network.losses == "full")):
            return Fraction(-1)
    ratio = greatest_ratio(network)
    return None if ratio == 0 else 1 / ratio - 1


def greatest_ratio(network: Network) -> Fraction:
    """The largest ratio of earnings to loss (T in `gamma_eigenlayer`) over all uses of all stakes; 0 if no use has a
    loss.
    """
    return max(ratios(network).values(), default=Fraction(0))


def ratios(network: Network) -> dict[str, Fraction]:
    """The largest ratio of earnings to loss over all uses of a stake, by stake id.

    A unit of weight earns profit / (threshold * weight behind the service). Uses without a loss are ignored.
    """
    program = Program(network, Claim())
    need = {service: network.terms[service].threshold * total for service, total in network.secured_by.items()}
    rate = [network.terms[s].profit / need[s] if need[s] else Fraction(0) for s in program.services]
    found: dict[str, Fraction] = {}
    for stake, (options, items) in zip(network.stakes, program.pools, strict=True):
        for j in (*options, *items):
            column = program.columns[j]
            if column.cost:
                earned = sum((rate[program.service_of[e]] * program.weight[e] for e in column.rows), Fraction(0))
                found[stake.stake_id] = max(found.get(stake.stake_id, Fraction(0)), earned / column.cost)
    return found


def slack(network: Network, seconds: float = SECONDS) -> tuple[Fraction | None, AttackVerdict]:
    """The slack gamma, with its verdict: the largest number such that every attack loses at least (1 + gamma) * profit.

    Gamma is negative if an attack pays, and None if no service has a profit. EXACT: one attack loses exactly this much,
    and a certificate proves that none loses less. NOT-CERTIFIED: the attack loses this much, so gamma is only an upper
    bound of the slack. Computed by Dinkelbach's method. `seconds` is the approximate limit of each search and each
    proof.
    """
    question = Question(network)
    services = [service for service, terms in network.terms.items() if terms.profit > 0]
    if not services:
        return None, AttackVerdict("EXACT", question.digest, Claim())
    attack = _everything_behind(question, Claim(), services)
    assert attack is not None, "with everything behind them, services fall"
    while True:
        profit = sum((network.terms[service].profit for service in attack.services), Fraction(0))
        gamma = (profit - attack.value) / profit - 1
        claim = Claim(gamma=gamma)
        attack = question.attack(claim, attack.services, attack.uses)
        assert attack is not None, "it was one before"
        better, _ = search(question, claim, seconds / 2, is_enough=False)
        grown = Grown(None, None, 0)
        if better is None or better.value <= 0:
            grown, better = ClaimProof(question, claim).grow(seconds)
        if better is None or better.value <= 0:
            break
        attack = question.attack(Claim(), better.services, better.uses)
        assert attack is not None, "it was one by another measure"
    if grown.tree is None:
        return gamma, AttackVerdict("NOT-CERTIFIED", question.digest, claim, attack=attack)
    return gamma, AttackVerdict("EXACT", question.digest, claim, {"tree": grown.tree}, attack, grown.leaves)
