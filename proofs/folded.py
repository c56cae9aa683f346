"""The proof that a call keeps every state law for lists of any length.

`proofs/folds.py` explains how loops cut a run into segments. Each segment begins in a state of its own: a `Prover` of
the protocol whose tables are new unknown functions where a loop may have written, and elsewhere hold what was written
before.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import Any, Final

import attr
import z3

from proofs.dependencies import tables_of_sum
from proofs.folds import FoldedError, Items, Loop, Names, Standing, any_call, still_to_do
from proofs.goals import Accepted, Obligation, TotalRead, Verdict, demanded, some_path_is_taken
from proofs.parts import ANY_LENGTH, TOTAL, Exploration, Goal, put_together
from proofs.paths import RUNS, Path, Term, UnliftableError, explore, path
from proofs.prover import Prover
from proofs.segments import Arrival, BetweenRows, GrownError, Middle, Run, Segment
from proofs.shapes import held
from proofs.solving import Answer, Status, terms_in
from proofs.state import Touch
from proofs.totals import Totals


class FoldedProof(Exploration):
    """All paths of one call with lists of any length, and the proofs about them. The paths are cut into segments at
    loops over such lists.
    """

    def __init__(self, prover: Prover, action: type[Any]) -> None:
        super().__init__(prover.of_any_length(), action, ANY_LENGTH, ANY_LENGTH)
        prover = self.prover
        self._written: Final[dict[str, set[int]]] = {}
        """The map from loop site to the indices of the tables that its body writes."""
        arguments: list[Term] = []
        self.call: Final = any_call(action, arguments, prover.theory.limits.signed)
        self._base: Final = prover.base(self.call, arguments)
        self._of_all: Final[dict[int, tuple[Term, bool]]] = {}
        """The map from term number to the formula, and True if it contains a quantifier."""
        self.segments: Final[list[Segment]] = []
        self._raised: Final[list[tuple[Prover, Path, Exception]]] = []
        self._demanding: Final[list[tuple[Prover, Path]]] = []
        self._ends: Final[list[Segment]] = []
        self._taken: Final[list[tuple[Path, list[Path]]]] = []
        """For each state in which runs continue, its path and the paths taken from there."""
        self._arrivals: Final[list[Arrival]] = []
        self._middles: Final[list[Middle]] = []
        for here, outcome, run in self._follow():
            self._scopes.update(here.scopes)
            self._demanding.append((run.prover, here))
            if self._excludes(run.prover, here):
                continue
            self.segments.extend(run.segments)
            if isinstance(outcome, Exception):
                self._raised.append((run.prover, here, outcome))
            elif prover.is_delta(outcome):
                self._ends.append(run.segments[-1])
        alike: dict[object, list[Segment]] = {}
        for segment in self.segments:
            alike.setdefault(segment.likeness(), []).append(segment)
        self.segments[:] = [Segment.either(parts[0].base, parts) for parts in alike.values()]
        self.writes.update([write.table.index for each in self.segments for write in each.accepted.delta.writes])

    # Following paths.

    def _follow(self) -> list[tuple[Path, Any, Run]]:
        """Every path, with its outcome and its run. The outcome is None if the path ended before a loop (at a cut) or
        after one element. Starts again when a loop is found to write a further table.
        """
        while True:
            self._taken.clear()
            self._middles.clear()
            try:
                return list(self._all_paths())
            except GrownError:
                continue

    def _all_paths(self) -> Iterator[tuple[Path, Any, Run]]:
        pending: list[list[Middle]] = [[]]
        while pending:
            through = pending.pop()
            base = through[-1].here if through else self._base
            self._arrivals.clear()
            taken: list[Path] = []
            for here, outcome, run in self._from(through, base):
                taken.append(here)
                for segment in run.segments:
                    segment.base = base
                yield here, outcome, run
            self._taken.append((base, taken))
            pending += [[*through, middle] for middle in self._meet(base)]

    def _from(self, through: list[Middle], base: Path) -> Iterator[tuple[Path, Any, Run]]:
        """Every path of the call that goes on after the cuts in `through`, with its outcome and its run. A cut is the
        point before a loop over a list of any length. `base` is the path up to the last of these cuts.
        """
        runs: list[Run] = []

        def transition_in_run() -> Any:
            run = Run(self, through)
            runs.append(run)
            RUNS.append(run)
            run.start()
            try:
                outcome = self.prover.transition(run.draft, self.call)
                if self.prover.is_delta(outcome):
                    run.finish(outcome)
                return outcome
            except FoldedError:
                return None
            finally:
                run.stop()
                RUNS.pop()

        for here, outcome in explore(transition_in_run, base, proves=True):
            yield here, outcome, runs[-1]

    def arrive(self, run: Run, loop: Loop, segment: Segment, names: Names, standing: Hashable) -> None:
        """Record that a run came to a cut, the point before a loop over a list of any length. `names` are the local
        variables there. `standing` is the place in the code, with the variables of all functions in progress.
        """
        run.segments.append(segment)
        self._arrivals.append(Arrival(names, loop, segment, path().given, (segment.likeness(), standing)))

    def _meet(self, base: Path) -> list[Middle]:
        """The states in which runs continue after the cuts just reached. Runs with equal place in the code, variables
        and writes share one state.
        """
        together: dict[Hashable, list[Arrival]] = {}
        for arrival in self._arrivals:
            together.setdefault(arrival.standing, []).append(arrival)
        return [self._middle(base, arrivals) for arrivals in together.values()]

    def _middle(self, base: Path, arrivals: "list[Arrival]") -> Middle:
        first = arrivals[0]
        segment = Segment.either(base, [each.segment for each in arrivals])
        number = len(self._middles) + 1
        here = segment.accepted.here.here()
        formulas, scopes = segment.prover.hypotheses(here, [], 1)
        # A condition of this path is no fact: as one, it would exclude all other paths.
        own = {condition.get_id() for condition in here.conditions}
        for formula in formulas:
            if formula.get_id() not in own:
                here.assume(formula)
        here.scopes.update(scopes)
        here.touched.clear()
        here.required.clear()
        prover = self._state_between(segment.prover, segment, first.loop, f"@{number}")
        here.reader = prover.note_read
        rule = self.rule(first.loop)
        if rule is not None and rule.seen is not None:
            names = Standing({**first.loop.fixed, "to_do": still_to_do(first.loop.site, number)[0]})
            prover.seen = (rule.seen, lambda draft, left: rule.seen.rows(draft, names, left))
        self._middles.append(Middle(base, first.answers, prover, number, here))
        return self._middles[-1]

    def note_written(self, sites: list[str], tables: set[int]) -> None:
        """Record that the loops at these sites write these tables, given by index. Raises GrownError if any table is
        new for a loop.
        """
        is_new = False
        for site in sites:
            known = self._written.setdefault(site, set())
            is_new = is_new or not tables <= known
            known |= tables
        if is_new:
            raise GrownError

    def rule(self, loop: Loop) -> Any:
        """The theory's `Fold` for a loop: rows that replace the actual ones in the middle of the loop, where laws are
        evaluated. None if the theory has none: all laws then hold of the actual rows.
        """
        return self.prover.theory.folds.get(loop.site.rpartition(":")[2])

    def _state_between(self, before: Prover, segment: Segment, loop: Loop, suffix: str) -> Prover:
        root, writes = self.prover, segment.accepted.delta.writes
        unknown = self._written.get(loop.site, set())
        unknown = unknown | segment.as_if
        changed = unknown | {write.table.index for write in writes}
        self._refuse_histories(changed)
        sums = [*root.theory.catalogue.sums, *root.theory.sums.own, *root.theory.sums.nested]
        suffixes = {
            total.name: suffix if tables_of_sum(root, total) & changed else before.totals.suffixes.get(total.name, "")
            for total in sums
        }

        def tables(reads: Callable[[Touch], None]) -> list[Any]:
            made: list[Any] = []
            for table, old in zip(root.protocol.schema.tables, before.tables, strict=True):
                if table.index in unknown:
                    made.append(BetweenRows(root.unknown_rows(table, suffix), [], table, reads))
                    continue
                newest = [(write.key, write.row) for write in reversed(writes) if write.table is table]
                under = old.unknown if isinstance(old, BetweenRows) else root.unknown_rows(table, "")
                below: list[tuple[Any, Any]] = old.written if isinstance(old, BetweenRows) else []
                made.append(BetweenRows(under, [*newest, *below], table, reads))
            return made

        return root.in_state(tables, lambda asked: Totals(asked, suffixes))

    def _refuse_histories(self, tables: set[int]) -> None:
        """Raise UnliftableError if a call writes the clock, or a history with the exact trusted contract, before or in
        a loop that is cut. The states after a cut assume that these do not change.
        """
        exact = [history for history in self.prover.histories() if hasattr(history, "_value_before")]
        fixed = {table.index for history in exact for table in (history.heads, history.checkpoints)}
        clock = Path(None, [], False)
        with clock:
            self.prover.theory.now(self.prover.before.rows)
        fixed |= {touch.table.index for touch in clock.touched.values() if not isinstance(touch, TotalRead)}
        if fixed & tables:
            raise UnliftableError("a loop over a list of any length writes time, or a history that reaches further")

    # Verdicts.

    def ends(self) -> Iterator[tuple[Prover, Accepted]]:
        """The ends of all segments (parts of runs between cuts). Each comes with the prover of the state in which its
        segment begins.
        """
        return ((segment.prover, segment.accepted) for segment in self.segments)

    def state_law(self, law: Any) -> Verdict:
        """The verdict on the claim that the call keeps a state law, at any subject, for lists of any length."""
        return put_together(lambda part: self.part(part[1]), (self.name, law.law_id))

    def total(self) -> Verdict:
        """The verdict on the claim that the call never raises. It must also meet the demands (conditions to be proved)
        of trusted contracts and of the theory's folds.
        """
        return self.part(TOTAL)

    def _prove_part(self, name: str) -> Verdict:
        return self._total() if name == TOTAL else super()._prove_part(name)

    def _total(self) -> Verdict:
        verdict = Verdict(TOTAL, self.action.__name__)
        verdict.answers.extend(self._excluded)
        goals: list[Goal] = []
        for prover, here, error in self._raised:
            goals.append((prover, Obligation(f"raises {error!r}", here, z3.BoolVal(False)), []))
        goals += [(prover, one, []) for prover, here in self._demanding for one in demanded([here])]
        for base, taken in self._taken:
            goals.append((self.prover, some_path_is_taken(TOTAL, base, taken), []))
        goals += self.of_time()
        self.settle(verdict, goals, [(end.prover, end.accepted.here) for end in self._ends])
        return verdict

    def _prove(self, law_id: str, levels: list[list[Term]], goal: Term) -> Answer:
        """The answer to a goal. Few steps are tried first, then more without the quantified hypotheses, which few goals
        need, then all. Without quantified hypotheses, or for a trivial goal, it is proved once.
        """
        plain = [[formula for formula in level if not self._says_of_all(formula)] for level in levels]
        if len(plain[-1]) == len(levels[-1]) or z3.is_true(z3.simplify(goal)):
            return self.prover.prove(law_id, levels, goal)
        answer = self.prover.prove_quickly(law_id, levels, goal)
        for hypotheses in (plain, levels):
            if answer.status is not Status.PROVED:
                answer = self.prover.prove(law_id, hypotheses, goal)
        return answer

    def _says_of_all(self, formula: Term) -> bool:
        found = self._of_all.get(formula.get_id())
        if found is None:
            found = self._of_all[formula.get_id()] = (formula, _is_of_all(formula))
        return found[1]

    def _answer(self, verdict: Verdict, prover: Prover, obligation: Obligation, extra: list[tuple[Any, Any]]) -> None:
        """Prove a goal, and add the answer to the verdict. A refutation counts as UNKNOWN: its model may be a state in
        the middle of a loop, which is no counterexample.
        """
        here = obligation.here
        verdict.scopes.update(here.scopes, self._scopes)
        on_path = [[*here.conditions, *here.facts.values()]] if obligation.is_of_engine else []
        levels = [*on_path, *prover.levels(here, extra, verdict.scopes)]
        answer = self._prove(verdict.law_id, levels, obligation.goal)
        if answer.status is Status.REFUTED:
            answer = Answer(Status.UNKNOWN, answer.solver, answer.steps, answer.model)
        verdict.answers.append((obligation, answer))


def _is_of_all(formula: Term) -> bool:
    """True if a formula contains a quantifier, that is, if it speaks of all names."""
    return any(z3.is_quantifier(term) for term in terms_in([formula]))


def has_lists(prover: Prover, action: type[Any]) -> bool:
    """True if a call of this class has a list, or if the theory's limits name a list in some row of the protocol."""
    tables = {table.name for table in prover.protocol.schema.tables}
    return _holds_list(any_call(action, [])) or any(
        place.partition(".")[0] in tables for place in prover.theory.limits.lists
    )


def _holds_list(value: Any) -> bool:
    if isinstance(value, Items):
        return True
    return attr.has(type(value)) and any(_holds_list(part) for part in held(value).values())
