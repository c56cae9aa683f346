"""What stands for a law beside the checks of a run: its proofs, as the ledger has them, and the mutants it killed."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import attrs

from harness.prove import THEORIES, Proving
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
    protocol: str,
    laws: Sequence[str],
    how: How,
    seed: int,
    jobs: int,
    stop: Stop,
    said: Callable[[str, int, int], None],
) -> Evidence:
    """The evidence on some laws of a protocol of ours, or on all, after proving as much as is asked for."""
    place = THEORIES[protocol]
    written = Proving(protocol, place, [], [], everything=False, effort=1)
    ledger = {call: written.ledger.verdicts(call) for call in written.asked}
    stale = set(written.due)
    due: list[str] = []
    if how != "ledger":
        due = [call for call in written.asked if how == "all" or call in stale]
    if how == "sample":
        due += sample({call: _goals(ledger[call]) for call in written.asked if call not in stale}, f"{protocol} {seed}")
    results: dict[str, dict[str, dict[str, Any]]] = {}
    failures: dict[str, str] = {}
    if due:
        now = Proving(protocol, place, [], due, everything=True, effort=1)
        now.run(jobs, stop, said)
        results, failures = {call: now.results[call] for call in due if call in now.results}, now.failures
    differing = [f"{call} cannot be proved: {problem}" for call, problem in failures.items()]
    for call, verdicts in results.items():
        for law_id, found in verdicts.items():
            before = ledger[call].get(law_id, found)["verdict"]
            if call not in stale and before != found["verdict"]:
                differing.append(f"{law_id} of {call} is {found['verdict']}, in the ledger {before}")
    kills = json.loads(KILLS.read_text())[protocol]
    proofs = proofs_by_law({**ledger, **results}, stale - set(results))
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


def _goals(verdicts: Mapping[str, Any]) -> int:
    return sum(found["goals"] for found in verdicts.values())
