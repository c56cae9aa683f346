"""Proofs of a protocol's laws in parallel processes; verdicts that the ledger has are not proved again."""

import importlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import attrs
from rich.console import Console

from harness.closest import closest
from harness.compiled import another_source
from harness.exit_codes import exit_code
from harness.pack import ProtocolPack
from harness.premises import SHOWN, Premises, Unproved, rests_on, unproved
from harness.proof_workers import KILLED, ProofTask, run_tasks
from harness.protocols import is_ours
from harness.stopping import Stop
from harness.traces import KEPT
from invariants.law import StateLaw
from proofs.call_task import laws_named, laws_of, laws_of_longer_lists, speaks
from proofs.concrete import plain_theory
from proofs.cross_check import ANSWERS, Opinions
from proofs.digests import solver_version
from proofs.genesis import GENESIS
from proofs.isolation import EndedError, apart
from proofs.ledger import Ledger, LedgerError, SourceChangedError
from proofs.ledger_files import own_place
from proofs.running_world import AnotherWorldError, refuse_world_of

GOOD: Final = frozenset({"PROVED", "VACUOUS", "KNOWN FALSE", "NOT CONCERNED"})
"""The verdicts that leave nothing open. VACUOUS means that the call cannot concern the law; a known violation has a
kept finding.
"""


class UnknownNameError(Exception):
    """The exception for a requested law or call that does not exist."""


Wanted = Mapping[str, Sequence[str]]
"""The ids of laws, by call."""


def ledger_of(pack: ProtocolPack, folder: Path | None = None) -> Ledger:
    """The ledger of a protocol with a theory: the verdicts that come with it and those in the user's own cache, or only
    those in `folder`.

    Raises LedgerError if a ledger cannot be trusted, or if the theory is of another protocol or of other laws. It is
    also raised if what runs was compiled from another source than proofs read, or if a module of a pack from outside
    sets a value in one of the modules that are proved.
    """
    assert pack.theory_at is not None
    if differs := another_source():
        raise LedgerError(differs)
    _refuse_another_protocol(pack, pack.theory_at)
    if not is_ours(pack):
        _refuse_another_world(pack, pack.theory_at)
    own = own_place() / "ledgers"
    folders = [own] if pack.ledgers is None else [Path(pack.ledgers), own]
    return Ledger(pack.name, pack.theory_at, folders if folder is None else [folder])


def _refuse_another_protocol(pack: ProtocolPack, place: str) -> None:
    """Raise LedgerError if the theory at `place` is of another protocol than the pack's, or has another law under an id
    of the pack's. Its verdicts would be taken for those on the pack.
    """
    walk, theory = pack.walk, plain_theory(place)
    if theory.protocol is not pack.protocol:
        raise LedgerError(
            f"{place} is a theory of another protocol than {pack.protocol_at or pack.walk_at}: it proves nothing"
        )
    of_theory = {law.law_id: law for law in laws_of(theory)}
    for law in () if walk is None else walk.catalogue.laws():
        if of_theory.get(law.law_id, law) is not law:
            raise LedgerError(f"{law.law_id} of {pack.place or pack.name} is another law than that of {place}")


def _refuse_another_world(pack: ProtocolPack, place: str) -> None:
    """Raise LedgerError if the modules that a pack loads change the values of those that its theory proves. Verdicts
    are found without the pack: a theory does not import it. For this project's packs, a test does this.
    """
    for module in pack.rules:
        importlib.import_module(module)
    for each in ("games", "bounded_model", "rule_machine", "workload"):
        getattr(pack, each)
    try:
        apart(partial(refuse_world_of, place))
    except (AnotherWorldError, EndedError) as error:
        raise LedgerError(f"{pack.place or pack.name}: {error}") from error


def laws_without_theory(pack: ProtocolPack) -> dict[str, list[str]]:
    """The map from a call to the ids of those laws of the pack that need a verdict on it and are not in its theory."""
    assert pack.theory_at is not None
    if pack.walk is None:
        return {}
    of_theory = {law.law_id for law in laws_of(plain_theory(pack.theory_at))}
    laws = [law for law in pack.walk.catalogue.laws() if law.law_id not in of_theory]
    found = {action.__name__: [law.law_id for law in laws if speaks(law, action)] for action in pack.protocol.actions}
    found[GENESIS] = [law.law_id for law in laws if isinstance(law, StateLaw)]
    return {call: named for call, named in found.items() if named}


def laws_of_no_call(pack: ProtocolPack) -> list[str]:
    """The ids of the laws of a pack and its theory that speak of no call of the protocol, so that no verdict is due.
    Laws of histories, which hold by contract, are left out.
    """
    assert pack.theory_at is not None
    theory, walk = plain_theory(pack.theory_at), pack.walk
    laws = [*laws_of(theory), *([] if walk is None else walk.catalogue.laws())]
    idle = {law.law_id for law in laws if not any(speaks(law, action) for action in pack.protocol.actions)}
    return sorted(idle.difference(theory.induction.by_contract))


class Proving:
    """The proof run of one protocol: the requested verdicts, and the results. Verdicts enter the ledger as
    they arrive.
    """

    def __init__(
        self,
        ledger: Ledger,
        asked: Wanted,
        to_prove: Wanted,
        effort: int = 1,
        opinions: Opinions | None = None,
        compares: bool = False,
        without_theory: Wanted = MappingProxyType({}),
        without_call: Sequence[str] = (),
    ) -> None:
        """`asked` are the laws whose verdicts are reported, `to_prove` those to prove now. If `compares` is true,
        verdicts that the ledger has already are proved again for comparison and not written to it. `without_theory` are
        laws that are reported as MISSING, since they are no part of the theory; `without_call` those that speak of no
        call.
        """
        self.ledger: Final = ledger
        self.protocol: Final = ledger.protocol
        self.asked: Final = {call: [*laws, *without_theory.get(call, ())] for call, laws in asked.items()}
        self.without_theory: Final = sorted({law_id for laws in without_theory.values() for law_id in laws})
        self.without_call: Final = list(without_call)
        self.to_prove: Final = {call: list(laws) for call, laws in to_prove.items() if laws}
        self.results: Final[dict[str, dict[str, dict[str, Any]]]] = {}
        """The verdicts of this run, by call and law."""
        self.failures: Final[dict[str, str]] = {}
        """The calls of which nothing can be proved, with the reasons."""
        self.undone: Final[dict[str, str]] = {}
        """The calls left without a verdict because processes were killed or files changed, with the reasons."""
        self.differing: Final[list[str]] = []
        """The differences of this run's verdicts from the ledger's."""
        self.disputed: Final[list[tuple[str, dict[str, str]]]] = []
        self.written: Final[list[Path]] = []
        """The files written for refuted laws and disputed queries."""
        self.unkept: Final[list[str]] = []
        """The files that could not be written, with the reasons."""
        self._effort: Final = effort
        self._opinions: Final = opinions
        self._known: Final = {
            (call, law_id): ledger.verdicts(call)[law_id]
            for call, laws in (self.to_prove.items() if compares else ())
            for law_id in laws
            if ledger.is_fresh(call, law_id)
        }

    def known_steps(self, call: str) -> int:
        """The solver steps that a call's laws to prove took when they were last proved: an estimate of their cost."""
        steps = self.ledger.steps(call)
        return sum([steps.get(law_id, 0) for law_id in self.to_prove[call]])

    def tasks(self, call: str, jobs: int, steps_of_all: int) -> list[ProofTask]:
        """The worker tasks that prove a call: one, or several that share its laws. They are shared if the call took
        `MANY_STEPS` steps or more, and more than an even share of `steps_of_all` among `jobs`. Each task explores the
        call's paths again, which costs more in total.
        """
        laws, of_call = self.to_prove[call], self.known_steps(call)
        shares = [laws]
        if of_call >= MANY_STEPS and of_call * jobs > steps_of_all:
            longer = laws_of_longer_lists(self.ledger.place, call)
            steps = {law_id: self.ledger.steps(call).get(law_id, 0) for law_id in laws if law_id not in longer}
            shares = [[law_id for law_id in laws if law_id in longer]] if longer else []
            shares += shared_out(steps, jobs - len(shares))
        likely = self.ledger.solvers(call)
        return [
            ProofTask(self.protocol, self.ledger.place, call, share, self._effort, likely, self._opinions)
            for share in shares
            if share
        ]

    def hear(self, call: str, found: list[dict[str, Any]]) -> None:
        """Take in verdicts of a call, and write them to the ledger at once. Verdicts of source that has changed
        meanwhile are dropped, and failures to write are recorded.
        """
        for each in found:
            law_id, verdict = each["law"], each["verdict"]
            self.results.setdefault(call, {})[law_id] = self.ledger.shown(law_id, verdict)
            for question in each["disputed"]:
                self.disputed.append((call, question))
                name = f"disputed_{self.protocol}_{question['law']}_{call}_{len(self.disputed) - 1}.smt2"
                self._write(name, question["text"])
            if verdict.get("counterexample"):
                document = {"protocol": self.protocol, **verdict["counterexample"]}
                self._write(f"proof_{self.protocol}_{law_id}_{call}.json", json.dumps(document, indent=1) + "\n")
            if (call, law_id) in self._known:
                self._compare(call, each)
        new = [each for each in found if (call, each["law"]) not in self._known]
        if not new:
            return
        verdicts = {each["law"]: each["verdict"] for each in new}
        opinions = {each["law"]: each["opinions"] for each in new}
        try:
            ran = {name for each in new for name in each["functions"]}
            self.ledger.record(call, ran, new[-1]["source"], verdicts, opinions)
        except SourceChangedError as error:
            self.undone[call] = str(error)
            for each in new:
                del self.results[call][each["law"]]
            if not self.results[call]:
                del self.results[call]
        except OSError as error:
            said = f"{error.filename}: {error.strerror}"
            self.unkept.extend([said] if said not in self.unkept else [])

    def _compare(self, call: str, found: Mapping[str, Any]) -> None:
        """Record a difference if a proof of a call differs from the ledger's: in its verdict, its scope, its goals, or
        the functions that it runs through. The goals do not depend on what else is proved, in which process or in which
        order.
        """
        law_id, now, before = found["law"], found["verdict"], self._known[call, found["law"]]
        unnamed = sorted(set(found["functions"]) - self.ledger.functions(call, law_id))
        if now["verdict"] != before["verdict"]:
            self.differing.append(f"{law_id} of {call} is {now['verdict']}, in the ledger {before['verdict']}")
        elif wider := sorted(set(now["scope"]) - set(before["scope"])):
            self.differing.append(
                f"{law_id} of {call} is {now['verdict']} for {wider[0]}, which the ledger does not say"
            )
        elif unnamed:
            self.differing.append(f"{law_id} of {call} runs through {unnamed[0]}, which the ledger does not name")
        elif now["digest"] != before["digest"]:
            self.differing.append(f"{law_id} of {call} is {now['verdict']} by other goals than in the ledger")

    def _write(self, name: str, text: str) -> None:
        """Write a file to the folder of counterexamples or, failing that, to the user's own folder."""
        for folder in (KEPT, own_place() / "counterexamples"):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text)
            except OSError as error:
                problem = f"{folder / name}: {error.strerror}"
                continue
            self.written.append(folder / name)
            return
        self.unkept.append(problem)

    def end(self, call: str, problem: str | None) -> None:
        """Record why a task of a call could not be done; `problem` is None if it was done."""
        if problem is not None:
            (self.undone if problem == KILLED else self.failures)[call] = problem

    def left(self) -> list[tuple[str, str]]:
        """The pairs of call and law that this run was to prove and did not; calls that failed are left out."""
        return [
            (call, law_id)
            for call, laws in self.to_prove.items()
            for law_id in laws
            if law_id not in self.results.get(call, {}) and call not in self.failures
        ]

    def rows(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        """The rows of law, call, verdict and further fields, for everything requested. The verdict is STALE if the only
        one is of other source, MISSING if there is none.
        """
        return self._rows(self.asked)

    def _rows(self, asked: Wanted) -> list[tuple[str, str, str, dict[str, Any]]]:
        found: list[tuple[str, str, str, dict[str, Any]]] = []
        for call, laws in sorted(asked.items()):
            known = {**self.ledger.verdicts(call), **self.results.get(call, {})}
            for law_id in sorted(laws):
                rest = known.get(law_id, {"scope": []})
                word = str(rest.get("verdict", "MISSING"))
                if (
                    law_id not in self.results.get(call, {})
                    and law_id in known
                    and not self.ledger.is_fresh(call, law_id)
                ):
                    word = "STALE"
                found.append((law_id, call, word, rest))
        return found

    def words(self) -> dict[tuple[str, str], str]:
        """The word of every required verdict, such as PROVED or STALE, by call and law, requested or not. A verdict of
        this run replaces the ledger's.
        """
        return {(call, law_id): word for law_id, call, word, _ in self._rows(self.ledger.due)}

    def unproved(self) -> Unproved:
        """The unproved verdicts on which the requested verdicts that are proved rest. Those that were themselves
        requested are left out.
        """
        shown = {law_id for law_id, _, word, _ in self.rows() if word in SHOWN}
        asked = {(call, law_id) for call, laws in self.asked.items() for law_id in laws}
        claims = Premises(self.ledger).behind(shown) - asked
        return unproved(claims, self.words()) if claims else {}

    def heard(self) -> dict[str, dict[str, int]]:
        """The counts of other solvers' answers to all queries, by solver."""
        total: dict[str, Counter[str]] = {}
        for _, _, who, counts in self._opinions_kept():
            total.setdefault(who, Counter()).update(counts)
        return {who: {answer: counts[answer] for answer in ANSWERS.values()} for who, counts in sorted(total.items())}

    def disputes(self) -> list[tuple[str, str, str]]:
        """The disputed verdicts among those requested, as law, call and disputing solver: from this run, or from an
        earlier one as the ledger has it, unless proved again since.
        """
        of_this_run = [(question["law"], call, question["who"]) for call, question in self.disputed]
        kept = [(law_id, call, who) for law_id, call, who, counts in self._opinions_kept() if counts.get("disagree")]
        return sorted({*of_this_run, *kept})

    def _opinions_kept(self) -> Iterator[tuple[str, str, str, Mapping[str, int]]]:
        """The other solvers' answers that the ledger keeps: law, call, solver, and the number of goals per answer."""
        for call, laws in self.asked.items():
            for law_id, by in self.ledger.opinions(call).items():
                for who, counts in by.items() if law_id in laws else ():
                    yield law_id, call, who, counts

    @property
    def exit_code(self) -> int:
        """The exit code. It is 1 if anything is refuted or disputed. It is 2 if anything is open, undone or unwritten,
        or rests on what is not proved. It is 5 if nothing was requested, and 0 if everything is proved or a known
        violation.
        """
        verdicts = {verdict for _, _, verdict, _ in self.rows()}
        return exit_code(
            failed="REFUTED" in verdicts or bool(self.disputes()),
            is_open=not verdicts <= GOOD
            or bool(self.without_call or self.failures or self.left() or self.unkept or self.unproved()),
            is_empty=not verdicts,
        )

    def as_json(self) -> dict[str, Any]:
        """The results as one JSON document."""
        return {
            "protocol": self.protocol,
            "solver": solver_version(),
            "proved_now": sorted(self.results),
            "failures": self.failures,
            "undone": [{"law": law_id, "call": call} for call, law_id in self.left()],
            "unkept": self.unkept,
            "without_theory": self.without_theory,
            "without_call": self.without_call,
            "rests_on": [
                {"law": law_id, "verdict": word, "calls": list(calls)}
                for (law_id, word), calls in self.unproved().items()
            ],
            "disputed": [{"call": call, "law": law_id, "who": who} for law_id, call, who in self.disputes()],
            "opinions": self.heard(),
            "verdicts": [
                {
                    **{key: value for key, value in rest.items() if key != "counterexample"},
                    "law": law_id,
                    "call": call,
                    "verdict": verdict,
                }
                for law_id, call, verdict, rest in self.rows()
            ],
        }


@attrs.frozen
class ProofQuestion:
    """A request for proofs: laws and calls, where empty means all. `everything` includes verdicts that the ledger has.

    `effort` multiplies the solvers' steps; `opinions` asks other solvers as well.
    """

    laws: Sequence[str] = ()
    calls: Sequence[str] = ()
    everything: bool = False
    effort: int = 1
    opinions: Opinions | None = None

    def of(self, ledger: Ledger, pack: ProtocolPack | None = None) -> Proving:
        """The proof run for one protocol's ledger, in which laws of the `pack` that are no part of the theory are
        MISSING. Raises UnknownNameError if the protocol has no such law or call.
        """
        without_theory = {} if pack is None else laws_without_theory(pack)
        calls_by = f"restake new-trace {ledger.protocol} --fields"
        for what, names, there, all_by in (
            ("call", self.calls, set(ledger.due), calls_by),
            ("law", self.laws, _laws_known(ledger, pack), "restake laws"),
        ):
            for name in names:
                if name not in there:
                    like = closest(name, there, all_by)
                    raise UnknownNameError(f"{ledger.protocol} has no {what} {name!r}: {like}")
        asked = {
            call: [law_id for law_id in due if not self.laws or law_id in self.laws]
            for call, due in ledger.due.items()
            if not self.calls or call in self.calls
        }
        to_prove = {
            call: [law_id for law_id in laws if self.everything or self._is_due(ledger, call, law_id)]
            for call, laws in asked.items()
        }
        missing = {
            call: [law_id for law_id in laws if not self.laws or law_id in self.laws]
            for call, laws in without_theory.items()
            if call in asked
        }
        idle = [] if pack is None else laws_of_no_call(pack)
        idle = [law_id for law_id in idle if law_id in self.laws or not (self.laws or self.calls)]
        return Proving(ledger, asked, to_prove, self.effort, self.opinions, without_theory=missing, without_call=idle)

    def _is_due(self, ledger: Ledger, call: str, law_id: str) -> bool:
        """True if a verdict is to be proved: it is missing or stale, is UNKNOWN and more effort is allowed, or lacks
        the answer of a requested solver.
        """
        if not ledger.is_fresh(call, law_id):
            return True
        verdict = ledger.verdicts(call)[law_id]
        if verdict["verdict"] == "UNKNOWN" and self.effort > 1:
            return True
        if self.opinions is None or not any(name.startswith("z3") for name in verdict["solvers"]):
            return False
        return not set(self.opinions.who) <= set(ledger.opinions(call).get(law_id, {}))


def _laws_known(ledger: Ledger, pack: ProtocolPack | None) -> set[str]:
    """The ids of the laws that a protocol's theory or its pack has."""
    if pack is None:
        return laws_named(ledger.place)
    return laws_named(ledger.place).union(laws_of_no_call(pack), *laws_without_theory(pack).values())


def provings_of(
    question: ProofQuestion, ledgers: Sequence[tuple[Ledger, ProtocolPack]], are_asked: bool
) -> list[Proving]:
    """The proof runs of several protocols. If these were asked for by name (`are_asked`), each must have every law and
    call of the request. Else each answers for those that it has, and one that has none of the laws or none of the calls
    is left out.

    Raises UnknownNameError, with the lines of all protocols, for a law or call that none has, or none that must.
    """
    laws = [(ledger, pack, _laws_known(ledger, pack)) for ledger, pack in ledgers]
    found: list[Proving] = []
    problems: list[str] = []
    everywhere = set[str]().union(*[known for _, _, known in laws]), set[str]().union(*[one.due for one, _ in ledgers])
    strange = attrs.evolve(
        question,
        laws=[name for name in question.laws if name not in everywhere[0]],
        calls=[name for name in question.calls if name not in everywhere[1]],
    )
    is_strange = bool(strange.laws or strange.calls)
    for ledger, pack, known in laws:
        limited = attrs.evolve(
            question,
            laws=[name for name in question.laws if name in known] or question.laws,
            calls=[name for name in question.calls if name in ledger.due] or question.calls,
        )
        try:
            found.append((strange if is_strange else question if are_asked else limited).of(ledger, pack))
        except UnknownNameError as error:
            problems.append(str(error))
    if problems and (are_asked or not found):
        raise UnknownNameError("; ".join(problems))
    return found


MANY_STEPS: Final = 20_000_000
"""The solver steps, about ten seconds, from which a call's laws are shared among processes, so that none has to wait
for another. Each process explores the call's paths again.
"""


def shared_out(steps: Mapping[str, int], shares: int) -> list[list[str]]:
    """The laws in `shares` lists of about equal steps: the most expensive law first, each to the list with
    least steps.
    """
    found: list[list[str]] = [[] for _ in range(shares)]
    loads = [0] * shares
    for law_id in sorted(steps, key=lambda law_id: (-steps[law_id], law_id)):
        least = loads.index(min(loads))
        found[least].append(law_id)
        loads[least] += steps[law_id]
    return found


def run_together(provings: Sequence[Proving], jobs: int, stop: Stop, said: Callable[[str, int, int], None]) -> None:
    """Prove the laws of several protocols in `jobs` processes; each verdict enters the ledger as it arrives. `said` is
    called at each task's end with its protocol and call, the number of tasks done, and that of all.

    The most expensive calls come first, so that no process runs long after the others. If time is limited, they come
    last, so that many are done in time. When time is up, or at an interruption, running proofs are ended.
    """
    by_name = {proving.protocol: proving for proving in provings}
    calls = [(proving, call) for proving in provings for call in proving.to_prove]
    calls.sort(key=lambda each: each[0].known_steps(each[1]), reverse=not stop.is_limited)
    steps = sum([proving.known_steps(call) for proving, call in calls])
    tasks = [task for proving, call in calls for task in proving.tasks(call, jobs, steps)]
    left = len(tasks)

    def ended(task: ProofTask, problem: str | None) -> None:
        nonlocal left
        left -= 1
        by_name[task.protocol].end(task.call, problem)
        said(f"{task.protocol} {task.call}", len(tasks) - left, len(tasks))

    run_tasks(tasks, jobs, stop, lambda task, found: by_name[task.protocol].hear(task.call, found), ended)


def print_proving(console: Console, proving: Proving) -> None:
    """Print a line for each law with its verdicts, and whatever is not fully proved."""
    laws: dict[str, Counter[str]] = {}
    scopes: dict[str, set[str]] = {}
    for law_id, _, verdict, rest in proving.rows():
        laws.setdefault(law_id, Counter())[verdict] += 1
        scopes.setdefault(law_id, set()).update(rest["scope"])
    console.print(f"{proving.protocol}, {solver_version()}", soft_wrap=True)
    for law_id, counts in sorted(laws.items()):
        said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        console.print(f"  {law_id:28} {said}", soft_wrap=True, highlight=False)
    if said := rests_on(proving.unproved()):
        console.print(f"  what is PROVED {said}", soft_wrap=True, highlight=False, markup=False)
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
    for law_id in proving.without_theory:
        console.print(f"  MISSING  {law_id}: it is no part of {proving.ledger.place}", soft_wrap=True, highlight=False)
    for law_id in proving.without_call:
        console.print(f"  MISSING  {law_id}: no call of the protocol is in its scope", soft_wrap=True, highlight=False)
    findings = {(law_id, str(rest["finding"])) for law_id, _, _, rest in proving.rows() if "finding" in rest}
    for law_id, trace in sorted(findings):
        console.print(f"  KNOWN VIOLATION  {law_id}: docs/findings/{trace}", soft_wrap=True, highlight=False)
    for who, heard in proving.heard().items():
        agrees = f"agrees on {heard['agree']:,} of {sum(heard.values()):,} goals"
        knows = f"does not know {heard['no_answer']:,}, disputes {heard['disagree']:,}"
        console.print(f"  {who} {agrees}, {knows}", soft_wrap=True, highlight=False)
    for law_id, call, who in proving.disputes():
        console.print(f"  DISPUTED  {law_id}  {call}  by {who}", soft_wrap=True, highlight=False, markup=False)
    for call, failure in sorted(proving.failures.items()):
        console.print(f"  FAILED  {call}: {failure}", soft_wrap=True, highlight=False, markup=False)
    undone = Counter(call for call, _ in proving.left())
    for call, count in sorted(undone.items()):
        why = f": {proving.undone[call]}" if call in proving.undone else ""
        console.print(f"  UNDONE  {call}: {count} verdicts{why}", soft_wrap=True, highlight=False, markup=False)
    for problem in proving.unkept:
        console.print(f"  NOT KEPT  {problem}", soft_wrap=True, highlight=False, markup=False)
    for path in proving.written:
        console.print(f"  reproduce: restake replay {path}", soft_wrap=True, highlight=False, markup=False)
