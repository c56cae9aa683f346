"""The subprocess that proves that both versions answer a call alike, in the base's folder, with the base's laws.

It answers in plain values: the goals by status, the assumptions, and for each kind of difference a state and a call
that show it. State and call come from the solver: nothing may rely on them before both versions have been run on them.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from gate.closures import Closures, Name
from gate.equivalence import ENGINE, HISTORIES, Goal, OtherVersion, goals_of, longest, with_lists
from gate.starting import answer_questions
from proofs.concrete import concretise, read, replay, write
from proofs.digests import functions_of, storing
from proofs.isolation import the_same_everywhere
from proofs.paths import UnliftableError
from proofs.prover import Prover
from proofs.setup import Contracts, setup_of
from proofs.solving import Status

MOST_TRIED: Final = 8
"""The largest number of goals of one kind for which a concrete state is computed."""


def main() -> None:
    """Answer the questions of the parent process, each for the proof of one action (`prove`)."""
    answer_questions(_answer)


def _answer(_op: str, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        with the_same_everywhere():
            return prove(**asked)
    except (UnliftableError, ImportError) as error:
        return {"unlifted": f"{error}".replace(f"{asked['head']}/", "").replace(f"{asked['base']}/", "")}


def prove(theory: str, protocol_at: str, base: str, head: str, action: str, length: int = 1) -> dict[str, Any]:
    """The result of proving that both versions answer a call alike, as JSON; `_Run.answer` names its fields.

    Lists in rows have any length, unless a rule iterates over one; then they are bounded. Bounded lists, and lists of
    the call, have the lengths that the theory declares, at least `length`. If `length` is above one, lists of the call
    have the lengths that the theory declares for step laws. Raises UnliftableError if a version cannot be lifted.
    """
    refuse_another_machine(base, head)
    setup = setup_of(theory)
    closures = [Closures(Path(folder), protocol_at) for folder in (base, head)]
    contracts = kept_alike(setup.contracts_of.get(action, setup.contracts), setup.contracts, closures)
    asked = (theory, protocol_at, Path(head), action)
    try:
        run = _Run(*asked, contracts, length, is_any_length=True)
        goals = run.goals()
    except UnliftableError:  # a rule iterates over a list in a row
        run = _Run(*asked, contracts, length)
        goals = run.goals()
    found = run.answer(goals)
    missing = {kind for kind, by in found["kinds"].items() if by.get("REFUTED") and kind not in found["shown"]}
    others = setup.countermodels.get(action, contracts if run.is_any_length else None)
    if missing and others is not None:
        again = _Run(*asked, others, length)
        found["shown"].update(again.shown(again.goals(), missing))
    return found


def kept_alike(contracts: Contracts, plainer: Contracts, closures: list[Closures]) -> Contracts:
    """The trusted contracts (stand-ins for functions in proofs) that hold for both versions.

    These are the ones whose replaced functions, and all that these reach, are equal in both. `closures` are those of
    base and head. If one of `contracts` is dropped, those in `plainer` are used instead, filtered by the same rule.
    Raises UnliftableError if `spec.history` differs.
    """
    same = {module: contract for module, contract in contracts.items() if _is_alike(module, contract, closures)}
    if HISTORIES not in same:
        raise UnliftableError(f"{HISTORIES} differs, by whose contract both versions would be lifted")
    if len(same) == len(contracts) or contracts is plainer:
        return same
    return kept_alike(plainer, plainer, closures)


def _is_alike(module: str, contract: Callable[[ModuleType], None], closures: list[Closures]) -> bool:
    """True if the functions that a trusted contract replaces reach equal definitions in both versions.

    A contract for a module of laws is always kept, because laws come from the base only.
    """
    source = closures[0].sources.module(module)
    if source is None or module.partition(".")[0] == "invariants":
        return True
    names: list[Name] = [(module, name) for name in source.definitions if name and name in _replaced(module, contract)]
    return closures[0].reach(names) == closures[1].reach(names)


def _replaced(module: str, contract: Callable[[ModuleType], None]) -> set[str]:
    """The names that a trusted contract replaces in a module. The contract is applied to a copy of the module's
    names.
    """
    import importlib

    real = importlib.import_module(module)
    trial = ModuleType(module)
    trial.__dict__.update({name: value for name, value in vars(real).items() if not name.startswith("__")})
    before = dict(vars(trial))
    contract(trial)
    return {name for name, value in vars(trial).items() if before.get(name) is not value}


def _file_of(module: str, folder: Path) -> Path | None:
    """The file of a module below a folder; None if there is none."""
    place = folder.joinpath(*module.split("."))
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def refuse_another_machine(base: str, head: str) -> None:
    """Raise UnliftableError if `spec/machine.py`, or a module that it imports, differs in more than docstrings and
    comments.

    A proof runs some of these functions, but not each of their branches. For example, a draft with few writes keeps no
    index. Further imports of the head show as a difference of the importing module.
    """
    for module in storing():
        files = [_file_of(module, Path(folder)) for folder in (base, head)]
        old, new = [{} if file is None else functions_of(file.read_text(encoding="utf-8")) for file in files]
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                raise UnliftableError(f"{module}:{name or 'module'} differs, and no proof runs all that stores writes")


class _Run:
    """One symbolic execution of a call under both versions."""

    def __init__(
        self,
        theory: str,
        protocol_at: str,
        head: Path,
        action: str,
        contracts: Contracts,
        length: int,
        is_any_length: bool = False,
    ) -> None:
        self.is_any_length: Final = is_any_length
        self._theory: Final = theory
        whole = Prover(theory, contracts)
        limits = whole.theory.limits
        lists = {place: max(length, bound) for place, bound in limits.lists.items() if place[0].islower()}
        self._prover: Final = whole.of_any_length() if is_any_length else with_lists(whole, lists)
        self._other: Final = OtherVersion(self._prover, protocol_at, head, contracts, None if is_any_length else lists)
        kinds = {kind.__name__: kind for kind in self._prover.protocol.actions}
        self._action: Final = kinds[action]
        longer = limits.longer.get(action, {}) if length > 1 else {}
        self._bounds: Final = longest(self._action, length, {**limits.lists, **longer})
        self._call: Final = self._prover.call(self._action, self._bounds)[0]
        self._apart: Final = self._prover.laws_of(self._prover.theory.induction.apart)
        self._scopes: Final[set[str]] = set()

    def goals(self) -> list[Goal]:
        """All goals, generated before the solver decides the first one."""
        return list(goals_of(self._prover, self._other, self._action, self._bounds))

    def answer(self, goals: list[Goal]) -> dict[str, Any]:
        """The results of all goals, in plain values, by field.

        `kinds` has the statuses of the goals, counted by kind of difference, and `labels` the unproved goals, by kind.
        `scope` and `laws` are the bounds and the laws that the proof assumes, and `steps` the solver's effort. `shown`
        is the result of the method of that name; empty for lists of any length.
        """
        kinds: dict[str, Counter[str]] = {}
        labels: dict[str, set[str]] = {}
        steps = 0
        refuted: list[Goal] = []
        for goal in goals:
            here = goal.obligation.here
            self._scopes.update(here.scopes)
            # A kind stays open after one unproved goal. Its other goals are still worth a short attempt, to find a
            # state that shows it.
            is_open = bool(labels.get(goal.kind)) and goal.kind != ENGINE
            ask = self._prover.prove_quickly if is_open else self._prover.prove
            answer = ask("GATE", [*self._prover.levels(here, [], self._scopes)], goal.obligation.goal)
            if answer.status is not Status.PROVED and self._apart:
                more, scopes = self._prover.hypotheses(here, self._prover.at(self._apart, here))
                self._scopes.update(scopes)
                answer = ask("GATE", [more], goal.obligation.goal)
            steps += answer.steps
            kinds.setdefault(goal.kind, Counter())[answer.status.name] += 1
            if answer.status is Status.REFUTED or (answer.status is Status.UNKNOWN and not is_open):
                labels.setdefault(goal.kind, set()).add(goal.obligation.label)
            if answer.status is Status.REFUTED and goal.kind != ENGINE:
                refuted.append(goal)
        laws = [law.law_id for law in self._prover.theory.assumed()] + [law.law_id for law in self._apart]
        return {
            "kinds": {kind: dict(by) for kind, by in kinds.items()},
            "labels": {kind: sorted(of) for kind, of in labels.items()},
            "scope": sorted(self._scopes),
            "laws": sorted(laws),
            "steps": steps,
            "shown": {} if self.is_any_length else self.shown(refuted, {goal.kind for goal in refuted}),
        }

    def shown(self, goals: list[Goal], kinds: set[str]) -> dict[str, Any]:
        """For each of `kinds`, a state and a call that violate a goal of the kind.

        With them come the goal's label and the solver's question. All laws hold in the state. The first MOST_TRIED
        goals of a kind are tried. A kind for which the solver finds no state has no entry.
        """
        found: dict[str, Any] = {}
        for kind in sorted(kinds):
            for goal, document in self._states([goal for goal in goals if goal.kind == kind]):
                found[kind] = {"label": goal.obligation.label, **document}
                break
        return found

    def _states(self, goals: list[Goal]) -> Iterator[tuple[Goal, dict[str, Any]]]:
        for goal in goals[:MOST_TRIED]:
            found = concretise(self._prover, self._theory, "GATE", self._call, goal.obligation)
            if found is None:
                continue
            document = write(self._theory, found)
            if not replay(self._theory, read(self._theory, {"protocol": "", **document})).before:
                yield goal, {**document, "question": self._question(goal)}

    def _question(self, goal: Goal) -> str:
        """The solver's question for a goal, in SMT-LIB."""
        import z3

        solver = z3.Solver()
        solver.add(*self._prover.hypotheses(goal.obligation.here, [])[0], z3.Not(goal.obligation.goal))
        return str(solver.to_smt2())
