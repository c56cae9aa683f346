"""What stands for a law beside the checks of a run: its proofs, as the ledger has them, and the mutants it killed."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import attrs

from harness.prove import THEORIES, Proving, run_together
from harness.stopping import Stop

How = Literal["ledger", "changed", "sample", "all"]
"""How much is proved in a run: nothing, what the ledger does not know of today's source, some of the rest, all."""

SAMPLED: Final = 0.1
"""Which part of the ledger's goals a sample proves again, at most."""

KILLS: Final = Path(__file__).parent / "mutants" / "kills.json"
"""Which law killed how many mutants of each protocol, as `restake mutate --kills` wrote it."""


@attrs.frozen
class Proof:
    """What is proved of one law: of how many of the calls that could break it, and within which bounds.

    Of `open_calls` it is neither proved nor refuted; the source of `stale_calls` has changed since. A law that is known
    to be false is checked, and not proved.
    """

    proved: int
    open_calls: tuple[str, ...]
    refuted_calls: tuple[str, ...]
    stale_calls: tuple[str, ...]
    scopes: tuple[str, ...]
    is_known_false: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it is proved of every call that could break it."""
        unproved = self.open_calls or self.refuted_calls or self.stale_calls or self.is_known_false
        return self.proved > 0 and not unproved

    @property
    def in_short(self) -> str:
        """`27/27` where all is proved; a star says that bounds go with it."""
        if self.refuted_calls or self.is_known_false:
            return "refuted" if self.refuted_calls else "false"
        calls = self.proved + len(self.open_calls) + len(self.stale_calls)
        return f"{self.proved}/{calls}{'*' if self.scopes else ''}" if calls else "-"


@attrs.frozen
class Evidence:
    """Proofs by law; which calls were proved in this run, how many verdicts that gave, and where they are not what the
    ledger says; how many mutants there were, and how many of them each law killed.
    """

    solver: str
    proofs: Mapping[str, Proof]
    verdicts: int
    proved_now: tuple[str, ...]
    verdicts_now: int
    differing: tuple[str, ...]
    kills: Mapping[str, int]
    mutants: int


def gathered(
    protocols: Sequence[str],
    laws: Sequence[str],
    how: How,
    seed: int,
    jobs: int,
    stop: Stop,
    said: Callable[[str, int, int], None],
) -> dict[str, Evidence]:
    """The evidence on some laws of protocols of ours, or on all, after proving as much as is asked for."""
    written = {name: Proving(name, THEORIES[name], [], [], everything=False, effort=1) for name in protocols}
    due = {name: _due(ledger, how, seed) for name, ledger in written.items()}
    now = {
        name: Proving(name, THEORIES[name], [], calls, everything=True, effort=1)
        for name, calls in due.items()
        if calls
    }
    if now:
        run_together(list(now.values()), jobs, stop, said)
    return {name: _evidence(written[name], now.get(name), laws) for name in protocols}


def _due(written: Proving, how: How, seed: int) -> list[str]:
    """The calls that are to be proved."""
    if how == "ledger":
        return []
    if how == "all":
        return written.asked
    known = {call: written.ledger.verdicts(call).values() for call in written.asked if call not in written.due}
    goals = {call: sum([int(verdict["goals"]) for verdict in verdicts]) for call, verdicts in known.items()}
    return written.due + (sample(goals, f"{written.protocol} {seed}") if how == "sample" else [])


def _evidence(written: Proving, now: Proving | None, laws: Sequence[str]) -> Evidence:
    """What the ledger says, and what was found now, which comes before it."""
    ledger = {call: written.ledger.verdicts(call) for call in written.asked}
    results: dict[str, dict[str, dict[str, Any]]] = {} if now is None else dict(now.results)
    failures = {} if now is None else now.failures
    differing = [f"{call} cannot be proved: {problem}" for call, problem in failures.items()]
    for call, verdicts in results.items():
        for law_id, found in verdicts.items():
            before = ledger[call].get(law_id, found)["verdict"]
            if call not in written.due and before != found["verdict"]:
                differing.append(f"{law_id} of {call} is {found['verdict']}, in the ledger {before}")
    kills = json.loads(KILLS.read_text())[written.protocol]
    proofs = proofs_by_law({**ledger, **results}, set(written.due) - set(results))
    return Evidence(
        written.ledger.document["solver"],
        {law_id: proof for law_id, proof in proofs.items() if not laws or law_id in laws},
        sum(len(verdicts) for verdicts in ledger.values()),
        tuple(results),
        sum(len(verdicts) for verdicts in results.values()),
        tuple(differing),
        kills["laws"],
        kills["mutants"],
    )


def sample(goals: Mapping[str, int], seed: str) -> list[str]:
    """Some calls, drawn by a seed, with at most a tenth of all goals together; each that still fits is taken."""
    left = SAMPLED * sum(goals.values())
    drawn: list[str] = []
    for call in Random(seed).sample(sorted(goals), len(goals)):
        if goals[call] <= left:
            left -= goals[call]
            drawn.append(call)
    return drawn


def proofs_by_law(verdicts: Mapping[str, Mapping[str, Any]], stale: set[str]) -> dict[str, Proof]:
    """The verdicts on every call, put together by law. A call that cannot concern a law does not count."""
    calls: dict[str, dict[str, list[str]]] = {}
    scopes: dict[str, set[str]] = {}
    for call, by_law in verdicts.items():
        for law_id, found in by_law.items():
            verdict = "STALE" if call in stale else found["verdict"]
            calls.setdefault(law_id, {}).setdefault(verdict, []).append(call)
            scopes.setdefault(law_id, set()).update(found["scope"])
    return {
        law_id: Proof(
            len(found.get("PROVED", ())),
            tuple(found.get("UNKNOWN", ())),
            tuple(found.get("REFUTED", ())),
            tuple(found.get("STALE", ())),
            tuple(sorted(scopes[law_id])),
            "KNOWN FALSE" in found,
        )
        for law_id, found in sorted(calls.items())
    }
