"""Collects the evidence on laws: verdicts in the ledger, and verdicts proved in this run."""

import datetime
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

from harness.evidence import Evidence, ProofStatus
from harness.premises import RESTING_ON_NONE, Premises, rests_on, unproved
from harness.prove import GOOD, Proving, run_together
from harness.stopping import Stop
from proofs.call_task import findings_of
from proofs.digests import solver_version
from proofs.ledger import Ledger

How = Literal["ledger", "changed", "sample", "all"]
"""The extent of proving in a run: nothing, the verdicts missing for the current source, a sample of the others too, or
every verdict.
"""

SAMPLED: Final = 0.03
"""The fraction of all verdicts that a sample proves again."""

CALLS_SAMPLED: Final = 4
"""The number of calls over which a sample is spread; few, because the paths of each call must be explored first."""

KILLS: Final = Path(__file__).parent / "mutants" / "kills.json"
"""The file of mutants killed by each law, per protocol, as `restake mutate --kills` writes it."""


def gathered(
    ledgers: Sequence[Ledger],
    laws: Sequence[str],
    how: How,
    drawn_by: str,
    jobs: int,
    stop: Stop,
    said: Callable[[str, int, int], None],
) -> dict[str, Evidence]:
    """The evidence on the laws of each ledger's protocol, by protocol, after proving as much as `how` says. `laws`
    limits it to some laws; empty means all. `drawn_by` is the text that seeds the choice of a sample.

    Verdicts that the ledger already has are not written to it again. `said` is called at each proof task's end with its
    protocol and call, the number of tasks done, and that of all.
    """
    provings = [proving_of(ledger, laws, how, drawn_by) for ledger in ledgers]
    run_together(provings, jobs, stop, said)
    return {proving.protocol: _evidence(proving, drawn_by if how == "sample" else "") for proving in provings}


def proving_of(ledger: Ledger, laws: Sequence[str], how: How, drawn_by: str) -> Proving:
    """The proof run of one protocol: the verdicts due on `laws` (all if empty), and those to prove in this run. `how`
    decides: none ("ledger"), all, those missing or stale, or these and a random sample. `drawn_by` is the text that
    seeds the choice of the sample.
    """
    asked = {call: [law for law in due if not laws or law in laws] for call, due in ledger.due.items()}
    left = {call: [law for law in ledger.left(call) if law in asked[call]] for call in asked}
    to_prove: Mapping[str, Sequence[str]] = {"ledger": {}, "all": asked}.get(how, left)
    if how == "sample":
        known = [(call, law) for call in asked for law in asked[call] if law not in left[call]]
        drawn = sample(known, f"{ledger.protocol} {drawn_by}")
        to_prove = {call: [law for law in asked[call] if law in left[call] or (call, law) in drawn] for call in asked}
    return Proving(ledger, asked, to_prove, compares=True)


def rotation() -> str:
    """The default seed text of a sample: the commit checked out in the current folder, or else today's date in UTC."""
    try:
        asked = ["git", "rev-parse", "--short=12", "HEAD"]
        commit = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        commit = ""
    return f"commit {commit}" if commit else f"day {datetime.datetime.now(datetime.UTC).date()}"


def sample(verdicts: Collection[tuple[str, str]], drawn_by: str) -> set[tuple[str, str]]:
    """A random sample of verdicts, which are pairs of call and law. The text `drawn_by` is the seed.

    It takes about equally many verdicts from each of a few calls, at least one each. A verdict's chance to be drawn
    does not depend on its content.
    """
    random = Random(drawn_by)
    calls = sorted({call for call, _ in verdicts})
    chosen = random.sample(calls, min(CALLS_SAMPLED, len(calls)))
    drawn: set[tuple[str, str]] = set()
    for call in chosen:
        of_call = sorted(each for each in verdicts if each[0] == call)
        share = max(1, round(SAMPLED * len(verdicts) / len(chosen)))
        drawn |= set(random.sample(of_call, min(share, len(of_call))))
    return drawn


def _evidence(proving: Proving, drawn_by: str) -> Evidence:
    """The evidence on a protocol's laws. A verdict of this run replaces the ledger's."""
    ledger, rows = proving.ledger, proving.rows()
    whose = Counter(
        f"{ledger.solver(call, law)}, {'proved here' if ledger.is_own(call, law) else 'installed'}"
        for law, call, word, _ in rows
        if word not in ("STALE", "MISSING") and ledger.is_fresh(call, law)
    )
    by_call: dict[str, dict[str, str]] = {}
    for law, call, word, _ in sorted(rows, key=lambda row: row[:2]):
        by_call.setdefault(law, {})[call] = word
    premises = Premises(ledger)
    doubts = doubts_of(proving, by_call)
    # A protocol from outside this project has no table of kills.
    kills = json.loads(KILLS.read_text()).get(ledger.protocol, {"laws": {}, "mutants": 0})
    return Evidence(
        solver_version(),
        proofs_by_law(rows, findings_of(ledger.place), doubts),
        len(rows),
        dict(sorted(whose.items())),
        tuple(proving.results),
        sum(len(verdicts) for verdicts in proving.results.values()),
        drawn_by,
        tuple(proving.differing),
        tuple([f"{law} of {call}" for call, law in proving.left()]),
        kills["laws"],
        kills["mutants"],
        tuple([f"{call} ({why})" for call, why in proving.failures.items()]),
        tuple(
            [
                f"{law} of {call}"
                for call, verdicts in proving.results.items()
                for law, verdict in verdicts.items()
                if verdict["verdict"] == "UNKNOWN"
            ]
        ),
        tuple([str(path) for path in proving.written]),
        tuple(proving.unkept),
        by_call,
        tuple(sorted(premises.assumed)),
        {law: tuple(sorted(leans)) for law in by_call if (leans := premises.leans(law))},
    )


def doubts_of(proving: Proving, laws: Collection[str]) -> dict[str, str]:
    """The reasons why proofs of some laws do not show them, by law: a text that names the unproved verdicts on which
    the proof rests. Laws whose proofs rest on none are left out.

    Only the ledger and this run's verdicts are looked up: nothing is proved.
    """
    premises, words = Premises(proving.ledger), proving.words()
    if all(word in GOOD for word in words.values()):
        return {}
    found: dict[str, str] = {}
    said: dict[frozenset[str], str] = {}
    for law in set(laws) - RESTING_ON_NONE - findings_of(proving.ledger.place).keys():
        leans = premises.leans(law)
        if leans not in said:
            said[leans] = rests_on(unproved(premises.behind([law]), words))
        if said[leans]:
            found[law] = said[leans]
    return found


def proofs_by_law(
    rows: Sequence[tuple[str, str, str, Mapping[str, Any]]],
    known_violations: Collection[str],
    doubts: Mapping[str, str],
) -> dict[str, ProofStatus]:
    """The proof status of each law. `rows` have law, call, verdict and further fields; `doubts` gives for a law why its
    proof does not show it, as `doubts_of` finds it. Calls that cannot concern a law are not counted.
    """
    calls: dict[str, dict[str, list[str]]] = {}
    scopes: dict[str, set[str]] = {}
    for law_id, call, verdict, rest in rows:
        calls.setdefault(law_id, {}).setdefault(verdict, []).append(call)
        scopes.setdefault(law_id, set()).update(rest["scope"])
    return {
        law_id: ProofStatus(
            len(found.get("PROVED", ())),
            tuple(found.get("UNKNOWN", ())),
            tuple(found.get("REFUTED", ())),
            tuple(found.get("STALE", ())),
            tuple(sorted(scopes[law_id])),
            law_id in known_violations,
            tuple(found.get("MISSING", ())),
            doubts.get(law_id, ""),
        )
        for law_id, found in sorted(calls.items())
    }
