"""The proofs of a protocol, beside each other in processes; what the ledger knows is not proved again."""

import json
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, resource_tracker
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from harness.stopping import Stop
from proofs.ledger import Ledger, ledger_path, solver_version
from proofs.proving import TOTAL
from proofs.running import names_of, run_call
from proofs.second import ANSWERS, Opinions

THEORIES: Final = {"eigenlayer": "proofs.eigenlayer:THEORY", "symbiotic": "proofs.symbiotic:THEORY"}
"""Where the theory of each protocol that comes with this project is."""

COUNTEREXAMPLES: Final = Path(".restake")
"""Where counterexamples of refuted laws are kept."""

GOOD: Final = frozenset({"PROVED", "VACUOUS", "KNOWN FALSE"})
"""Verdicts that leave nothing open: a law that a call cannot concern is VACUOUS; of one that is KNOWN FALSE a finding
tells.
"""


POLL_SECONDS: Final = 0.2
"""How long an interruption may go unnoticed."""


class UnknownNameError(Exception):
    """A law, a call or a protocol that there is none of."""


class Proving:
    """What was asked to be proved of one protocol, and what came of it."""

    def __init__(
        self,
        protocol: str,
        place: str,
        laws: list[str],
        calls: list[str],
        everything: bool,
        effort: int,
        opinions: Opinions | None = None,
    ) -> None:
        self.protocol: Final = protocol
        self.place: Final = place
        self.effort: Final = effort
        self.opinions: Final = opinions
        known, known_laws = names_of(place)
        for what, asked, there in (("call", calls, known), ("law", laws, known_laws)):
            for name in asked:
                if name not in there:
                    raise UnknownNameError(f"{protocol} has no {what} {name!r}; it has {', '.join(sorted(there))}")
        self.laws: Final = laws
        self.path: Final = ledger_path(protocol)
        self.ledger: Final = Ledger.load(self.path)
        self.module: Final = place.partition(":")[0]
        self.asked: Final = [call for call in known if not calls or call in calls]
        self.due: Final = [call for call in self.asked if everything or self._is_due(call)]
        self.results: Final[dict[str, dict[str, dict[str, Any]]]] = {
            call: self.ledger.verdicts(call) for call in self.asked if call not in self.due
        }
        self.seconds: Final[dict[str, float]] = {}
        self.failures: Final[dict[str, str]] = {}
        self.disputed: Final[list[tuple[str, dict[str, str]]]] = []
        self._parts: Final[dict[str, dict[str, Any]]] = {}

    def _is_due(self, call: str) -> bool:
        if self.ledger.is_stale(call, self.module):
            return True
        verdicts = self.ledger.verdicts(call)
        if any(law not in verdicts for law in self.laws):
            return True
        return self.opinions is not None and not self._has_opinions(call, verdicts)

    def _has_opinions(self, call: str, verdicts: dict[str, dict[str, Any]]) -> bool:
        """Whether everybody who is asked now has been asked about each law of a call that needed a solver."""
        assert self.opinions is not None
        heard = self.ledger.opinions(call)
        asked = {law for law, verdict in verdicts.items() if "z3" in verdict["solvers"]} & set(self.laws or verdicts)
        return all(set(self.opinions.who) <= set(heard.get(law, ())) for law in asked)

    def known_steps(self, call: str) -> int:
        """How many solver steps a call took when last it was proved: the measure of what it will cost."""
        return sum(self.ledger.steps(call).values())

    def tasks(self, call: str, jobs: int) -> list[tuple[Any, ...]]:
        """What proves a call: a task; or, if it took many steps, one for each process, with its share of the laws."""
        parts: list[list[str] | None] = [[TOTAL, *self.laws] if self.laws else None]
        if not self.laws and self.known_steps(call) >= MANY_STEPS:
            parts = list(shared_out(dict.fromkeys(names_of(self.place)[1], 0) | self.ledger.steps(call), jobs))
        likely = self.ledger.solvers(call)
        return [(self.place, call, laws, self.effort, likely, self.opinions) for laws in parts]

    def finish(self, call: str, task: Future[Any], is_last: bool) -> None:
        """Take in what a task found; once the last of its call is there, the call is entered in the ledger."""
        try:
            result = task.result()
        except BrokenProcessPool:
            self.failures[call] = "a process of the proofs was killed"
            return
        except Exception as error:  # what cannot be lifted names its line; the other calls go on
            self.failures[call] = f"{type(error).__name__}: {error}"
            return
        self.disputed.extend([(call, question) for question in result["disputed"]])
        so_far = self._parts.setdefault(call, {"functions": [], "verdicts": {}, "opinions": {}, "seconds": 0.0})
        so_far["functions"] = sorted({*so_far["functions"], *result["functions"]})
        so_far["verdicts"].update(result["verdicts"])
        so_far["opinions"].update(result["opinions"] or {})
        so_far["seconds"] = round(so_far["seconds"] + result["seconds"], 1)
        if not is_last or call in self.failures:
            return
        self.results[call] = so_far["verdicts"]
        self.seconds[call] = so_far["seconds"]
        if so_far["verdicts"]:
            found = so_far["verdicts"], so_far["opinions"]
            self.ledger.record(call, so_far["functions"], result["modules"], self.module, *found)

    def save(self) -> list[Path]:
        """Write the ledger, and what was refuted or disputed each in a file of its own, whose paths are returned."""
        self.ledger.save(self.path)
        written: list[Path] = []
        for number, (call, question) in enumerate(self.disputed):
            COUNTEREXAMPLES.mkdir(exist_ok=True)
            path = COUNTEREXAMPLES / f"disputed_{self.protocol}_{question['law']}_{call}_{number}.smt2"
            path.write_text(question["text"])
            written.append(path)
        for call, verdicts in self.results.items():
            for law_id, verdict in verdicts.items():
                if call in self.due and verdict.get("counterexample"):
                    COUNTEREXAMPLES.mkdir(exist_ok=True)
                    path = COUNTEREXAMPLES / f"proof_{self.protocol}_{law_id}_{call}.json"
                    path.write_text(
                        json.dumps({"protocol": self.protocol, **verdict["counterexample"]}, indent=1) + "\n"
                    )
                    written.append(path)
        return written

    def rows(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        """Law, call, verdict and the rest, of everything that was asked."""
        return [
            (law_id, call, str(verdict["verdict"]), verdict)
            for call, verdicts in sorted(self.results.items())
            for law_id, verdict in sorted(verdicts.items())
            if not self.laws or law_id in self.laws
        ]

    def heard(self) -> dict[str, dict[str, int]]:
        """What others said of everything that was asked, by who said it."""
        total: dict[str, Counter[str]] = {}
        for call in self.asked:
            for law_id, by in self.ledger.opinions(call).items():
                for who, counts in by.items() if not self.laws or law_id in self.laws else ():
                    total.setdefault(who, Counter()).update(counts)
        return {who: {answer: counts[answer] for answer in ANSWERS.values()} for who, counts in sorted(total.items())}

    @property
    def exit_code(self) -> int:
        """0 if all is proved or known to be false, 1 if any is refuted or disputed, 2 if any is open, 5 if nothing was
        asked.
        """
        verdicts = {verdict for _, _, verdict, _ in self.rows()}
        if not verdicts and not self.failures:
            return 5
        if "REFUTED" in verdicts or self.disputed:
            return 1
        return 0 if verdicts <= GOOD and not self.failures else 2

    def as_json(self) -> dict[str, Any]:
        """Everything as one document."""
        return {
            "protocol": self.protocol,
            "solver": solver_version(),
            "proved_now": sorted(self.seconds),
            "seconds": self.seconds,
            "failures": self.failures,
            "disputed": [
                {"call": call, "law": question["law"], "who": question["who"]} for call, question in self.disputed
            ],
            "opinions": self.heard(),
            "verdicts": [
                {"law": law_id, "call": call, **{key: value for key, value in rest.items() if key != "counterexample"}}
                for law_id, call, _, rest in self.rows()
            ],
        }


MANY_STEPS: Final = 20_000_000
"""A call that takes so many solver steps, some ten seconds, is shared out among the processes, so that none waits for
another. Each of them follows the paths of the call again.
"""


def shared_out(steps: Mapping[str, int], shares: int) -> list[list[str]]:
    """Laws in so many shares that take about as many steps each: the dearest first, each to whoever has least."""
    found: list[list[str]] = [[] for _ in range(shares)]
    loads = [0] * shares
    for law_id in sorted(steps, key=lambda law_id: (-steps[law_id], law_id)):
        least = loads.index(min(loads))
        found[least].append(law_id)
        loads[least] += steps[law_id]
    return found


def run_together(provings: Sequence[Proving], jobs: int, stop: Stop, said: Callable[[str, int, int], None]) -> None:
    """Prove what is due of some protocols on so many processes, what costs most first; verdicts join the ledgers.

    When time is up, what was begun is finished; at an interruption it is ended, and what was finished stays.
    """
    due = [(proving, call) for proving in provings for call in proving.due]
    strangers = set(active_children())
    # Or it would be started with the first worker, and unblock what is blocked then.
    resource_tracker.ensure_running()
    # An interruption is this process's to handle. What is started while it is blocked never hears of it.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1)
    try:
        tasks = {
            pool.submit(run_call, *task): (proving, call)
            for proving, call in sorted(due, key=lambda each: each[0].known_steps(each[1]), reverse=True)
            for task in proving.tasks(call, jobs)
        }
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    try:
        running: set[Future[Any]] = set(tasks)
        parts_left = Counter(tasks.values())
        while running and not stop.is_interrupted:
            ended, running = wait(running, POLL_SECONDS, FIRST_COMPLETED)
            for task in ended:
                if not task.cancelled():
                    proving, call = tasks[task]
                    parts_left[tasks[task]] -= 1
                    proving.finish(call, task, is_last=parts_left[tasks[task]] == 0)
                    said(f"{proving.protocol} {call}", len(tasks) - len(running), len(tasks))
            if stop():
                for task in running:
                    task.cancel()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in set(active_children()) - strangers:
            worker.terminate()


def print_proving(console: Console, proving: Proving, written: list[Path]) -> None:
    """A line for each law with the calls of which it is proved; whatever is not proved in full."""
    laws: dict[str, Counter[str]] = {}
    scopes: dict[str, set[str]] = {}
    for law_id, _, verdict, rest in proving.rows():
        laws.setdefault(law_id, Counter())[verdict] += 1
        scopes.setdefault(law_id, set()).update(rest["scope"])
    console.print(f"{proving.protocol}, {solver_version()}", soft_wrap=True)
    for law_id, counts in sorted(laws.items()):
        said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        console.print(f"  {law_id:28} {said}", soft_wrap=True, highlight=False)
    words = sorted({scope for named in scopes.values() for scope in named})
    for scope in words:
        console.print(f"  scope: {scope}", soft_wrap=True, highlight=False, markup=False)
    for law_id, call, verdict, rest in proving.rows():
        if verdict in ("REFUTED", "UNKNOWN"):
            found = rest.get("counterexample")
            replays = "" if verdict == "UNKNOWN" else " (no state of the rows read alone)"
            if found:
                replays = " (replays)" if law_id in found["broken"] else " (does not break on the plain specification)"
            console.print(f"  {verdict}  {law_id}  {call}{replays}", soft_wrap=True, highlight=False, markup=False)
    findings = {(law_id, str(rest["finding"])) for law_id, _, _, rest in proving.rows() if "finding" in rest}
    for law_id, trace in sorted(findings):
        console.print(f"  KNOWN FALSE  {law_id}: docs/findings/{trace}", soft_wrap=True, highlight=False)
    for who, heard in proving.heard().items():
        agrees = f"agrees on {heard['agree']:,} of {sum(heard.values()):,} goals"
        knows = f"does not know {heard['no_answer']:,}, disputes {heard['disagree']:,}"
        console.print(f"  {who} {agrees}, {knows}", soft_wrap=True, highlight=False)
    for call, question in proving.disputed:
        disputed = f"  DISPUTED  {question['law']}  {call}  by {question['who']}"
        console.print(disputed, soft_wrap=True, highlight=False, markup=False)
    for call, failure in sorted(proving.failures.items()):
        console.print(f"  FAILED  {call}: {failure}", soft_wrap=True, highlight=False, markup=False)
    for path in written:
        console.print(f"  again: restake prove --replay {path}", soft_wrap=True, highlight=False, markup=False)
