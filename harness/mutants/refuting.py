"""The judge that runs proofs on one mutant, in a process of its own: `python -m harness.mutants.refuting` reads a
trial, which contains the mutant, and prints the verdict, a fate, as JSON.

All source that proofs use is copied to a temporary folder with the mutant installed, and imported from there, so that
proofs run on the mutant and counterexamples are replayed on it. For each call that runs through the changed code,
proved laws are proved again, until one is refuted by a state and a call that break it on the running mutant.
"""

import ast
import importlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs

from harness import source
from harness.mutants.fate import Fate, FateOutcome, Trial
from harness.mutants.judge import Endless, answer, described, read_trial
from harness.protocols import pack_at
from harness.source import copy_source

ROOMS = (*source.ROOMS, "proofs")

HISTORIES = "spec.history"
"""The module whose functions proofs replace by trusted contracts; a bug in it shows only in the contract's
own proof.
"""

CPU_SECONDS = 300.0
"""The limit in CPU seconds of one law of one call, and of exploring the call's paths. The longest takes a
tenth of it.
"""


@attrs.frozen(order=True)
class RefutingTask:
    """A law that the ledger has as proved of a call. Tasks sort by their fields: laws that killed the mutant in runs
    first, then cheap calls, then laws that were cheap to prove.

    `place` is the theory's place, the call, and True if the proof allows longer lists than proofs of state laws.
    `is_framed` is true if its proof had no goals. `price` is the solver steps that it took.
    """

    is_unsuspected: bool
    is_framed: bool
    goals_of_call: int
    place: tuple[str, str, bool]
    price: int
    law_id: str

    @property
    def call(self) -> str:
        """The name of the call that the law is proved of."""
        return self.place[1]


def refuted(trial: Trial, right: str) -> Fate:
    """The fate of a mutant, after proving laws again until one is refuted or the limit on goals is reached. `right` is
    the unchanged source of the mutant's module.

    The mutant is killed if a law is refuted. The fate is open if a law is no longer proved, or if the limit ended the
    search. Otherwise it is crashed if an exception was raised, else survived.
    """
    tasks = sorted(task for protocol in trial.protocols for task in tasks_of(protocol, trial, right))
    hunts: dict[tuple[str, str, bool], Any] = {}
    unliftable: set[tuple[str, str, bool]] = set()
    opened, crash = "", ""
    if not tasks:
        return by_contract(trial, 0)
    for task in tasks:
        if task.place in unliftable:
            continue
        tried = sum(hunt.goals for hunt in hunts.values())
        if tried >= trial.effort.goals:
            opened = opened or f"stopped after {tried:,} goals"
            break
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
        try:
            hunt = hunts.get(task.place) or importlib.import_module("proofs.refuting").Hunt(*task.place)
            hunts[task.place] = hunt
            status, found = hunt.refute(task.law_id)
        except Endless:
            crash = crash or f"{task.call}: a proof that does not end"
            continue
        except Exception as error:  # what cannot be lifted is refused loudly: noticed, but not by a law
            crash = crash or f"{task.call}: {described(error)}"
            unliftable |= {task.place} - hunts.keys()
            continue
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if found is not None:
            tried = sum(hunt.goals for hunt in hunts.values())
            return Fate("proofs", "killed", (task.law_id,), task.call, None, None, tried, crash, found)
        if status != "PROVED":
            opened = opened or f"{task.law_id} of {task.call} is no longer proved"
    tried = sum(hunt.goals for hunt in hunts.values())
    if trial.module == HISTORIES and not opened:
        return by_contract(trial, tried)
    outcome: FateOutcome = "open" if opened else "crashed" if crash else "survived"
    return Fate("proofs", outcome, (), None, None, None, tried, opened or crash)


def by_contract(trial: Trial, tried: int) -> Fate:
    """The fate from proofs that belong to no single call: the contract of histories, on which all calls' proofs rely.
    `tried` is the number of goals tried before.

    The failure of that contract gives no counterexample, so it leaves the fate open. A mutant of any other module
    survives.
    """
    if trial.module != HISTORIES:
        note = "no call runs through it that anything is proved of"
        return Fate("proofs", "survived", (), None, None, None, tried, note)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    try:
        parts = {
            **importlib.import_module("proofs.contracts").prove_history(),
            **importlib.import_module("proofs.history_write_contract").prove_changes(),
        }
    except Endless:
        return Fate("proofs", "open", (), None, None, None, tried, "the contract of histories: a proof without an end")
    except Exception as error:  # as above
        return Fate("proofs", "crashed", (), None, None, None, tried, described(error))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    broken = [part for part, answers in parts.items() if {answer.status.name for _, answer in answers} != {"PROVED"}]
    if not broken:
        return Fate("proofs", "survived", (), None, None, None, tried, "histories keep their contract")
    note = f"histories do not keep their contract: {', '.join(broken)}"
    return Fate("proofs", "open", (), None, None, None, tried, note)


def tasks_of(place: str, trial: Trial, right: str) -> Iterator[RefutingTask]:
    """A task for every law that the ledger has as proved of a call that runs through the changed code. `place` is that
    of the protocol's pack, and `right` is the unchanged source of the mutant's module.
    """
    digests = importlib.import_module("proofs.digests")
    pack = pack_at(place)
    theory = pack.theory_at
    if theory is None:
        return
    ledger = importlib.import_module("harness.prove").ledger_of(pack)
    plain = importlib.import_module("proofs.concrete").plain_theory(theory)
    setup = importlib.import_module("proofs.setup").setup_of(theory)
    of_states = {law.law_id for law in plain.state_laws()}
    changed = set(changed_functions(digests.functions_of(right), digests.functions_of(trial.text)))
    for call in ledger.due:
        if call in (
            importlib.import_module("proofs.genesis").GENESIS,
            importlib.import_module("proofs.trusted_contracts").CONTRACTS,
        ):
            continue
        functions = [*ledger.functions(call), *setup.runs.get(call, ())]
        if not is_concerned(functions, trial.module, changed):
            continue
        verdicts = ledger.verdicts(call)
        whole = sum(verdict["goals"] for verdict in verdicts.values())
        for law_id, verdict in verdicts.items():
            if verdict["verdict"] == "PROVED":
                where = (theory, call, call in plain.limits.longer and law_id not in of_states)
                yield RefutingTask(
                    law_id not in trial.suspects, verdict["goals"] == 0, whole, where, verdict["steps"], law_id
                )


def changed_functions(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """The names of a module's functions that differ; "" if code outside functions differs."""
    for name in before | after:
        if before.get(name) != after.get(name):
            yield name


def is_concerned(functions: list[str], module: str, changed: set[str]) -> bool:
    """True if a call that ran through these functions ("module:name") ran through changed code of the module. `changed`
    are the names of its changed functions, with "" for code outside functions.
    """
    ran = {name.partition(":")[2].partition(".<locals>")[0] for name in functions if name.startswith(f"{module}:")}
    return bool(ran & changed) or ("" in changed and bool(ran))


def main() -> None:
    """Read one trial, judge its mutant by proofs, and print the fate. The process has not imported the specification
    before.
    """
    trial = read_trial()
    with TemporaryDirectory() as name:
        modules = [module for place in trial.protocols for module in pack_at(place).modules]
        roots = {module.partition(".")[0] for module in modules} - {"harness"}
        copy_source(dict.fromkeys([*ROOMS, *sorted(roots)]), Path(name))
        file = Path(name, *trial.module.split(".")).with_suffix(".py")
        right = file.read_text(encoding="utf-8")
        file.write_text(trial.text, encoding="utf-8")
        sys.path.insert(0, name)
        try:
            ast.parse(trial.text)
            fate = refuted(trial, right)
        except SyntaxError as error:
            fate = Fate("proofs", "unviable", (), None, None, None, 0, described(error))
        fate = attrs.evolve(fate, note=" ".join(fate.note.replace(f"{name}/", "").split()))
        answer([fate])


if __name__ == "__main__":
    main()
