"""The judgement of what changed in a protocol between two versions.

The steps, each skipped if an earlier one decides: comparison of text and syntax; cases, recorded traces, walks and
examples in lockstep; the proof; the shortest run.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import attrs

from conformance.client import ClientFault, HarnessFault, Introduction
from conformance.lockstep import Script
from conformance.process import NotStartedError, ProcessClient
from gate.changes import Change, changes
from gate.closures import Closures, NotReadError
from gate.elsewhere import refuse_elsewhere
from gate.equivalence import ENGINE
from gate.impact import gains, laws, ledger_matrix, speed, stale_proofs
from gate.lockstep import Met, Pair, Walked, walk, walk_on
from gate.packs import Places, places_in, worker_arguments
from gate.scripts import Aimed, aimed_at, further_at
from gate.shortest import Fields, Shrink, Versions, kind_between, shortest
from gate.sources import Sources
from gate.starting import NotRunningError, Worker, introduced, serving
from gate.subject import Subject
from gate.verdicts import (
    KINDS,
    ActionReport,
    CallProof,
    Difference,
    DifferenceKind,
    ProtocolReport,
    Shown,
    ShownRun,
    verdict_of,
)
from gate.versions import Version
from proofs.lifting import LIFTED, owns
from spec.codec import Json, MalformedTrace

ANSWER_SECONDS: Final = 20.0
"""The default limit, in seconds, of a version's answer to one question."""

LONGER_SECONDS: Final = 40.0
"""The seconds for a second proof with longer lists, after the proof with short lists succeeded."""

SETTLED_SECONDS: Final = 60.0
"""The seconds that a proof still gets after the lockstep has settled the verdict."""

MOST_LOOKED_AT: Final = 40
"""The largest number of scripts of an action that serve to check laws, or to find a call to measure."""

Prove = Callable[[Subject, Version, Version, str, int, float, Callable[[], bool]], dict[str, Any]]
"""The type of the function that proves one action. It has the parameters of `prove_apart`.

The result is that of `gate.proving.prove`, or has only `unlifted` with a reason.
"""


@attrs.frozen
class Budget:
    """The limits of a run: the seconds for one protocol, the number of parallel processes, and the seconds for one
    answer.

    `stops` returns True if the run must stop at once.
    """

    seconds: float
    jobs: int
    stops: Callable[[], bool]
    answer_seconds: float = ANSWER_SECONDS


def prove_apart(
    subject: Subject, base: Version, head: Version, action: str, length: int, seconds: float, stops: Callable[[], bool]
) -> dict[str, Any]:
    """The result of proving one action in a subprocess: the value of `gate.proving.prove`.

    If the proof fails, or takes more than `seconds`, the result has only `unlifted` with the reason. The call's lists
    may have up to `length` elements, or more if the theory says so.
    """
    if subject.theory_at is None:
        return {"unlifted": "the protocol brings no theory"}
    try:
        with Worker(base.folder, "gate.proving", [], seconds, stops) as worker:
            found: dict[str, Any] = worker.ask(
                "prove",
                theory=subject.theory_at,
                protocol_at=subject.places.protocol_at,
                base=str(base.folder),
                head=str(head.folder),
                action=action,
                length=length,
            )
            return found
    except (NotRunningError, NotStartedError) as error:
        return {"unlifted": f"{error}"}


class Judge:
    """The judge of one protocol under two versions, base and head. `shrink` shortens runs, `prove`
    proves one action.
    """

    def __init__(
        self,
        subject: Subject,
        base: Version,
        head: Version,
        budget: Budget,
        shrink: Shrink,
        prove: Prove = prove_apart,
    ) -> None:
        self._subject: Final = subject
        self._versions: Final = (base, head)
        self._budget: Final = budget
        self._shrink: Final = shrink
        self._prove: Final = prove
        self._end: Final = time.monotonic() + budget.seconds
        self._places = (subject.places, subject.places)
        self._unprovable: Final[dict[str, str]] = {}
        """The reasons why no proof is made, by action."""
        self._settled_at: Final[dict[str, float]] = {}
        """The time, by action, at which the lockstep settled the verdict."""

    def stops(self) -> bool:
        """True if the run must stop, or if its time is up."""
        return self._budget.stops() or time.monotonic() >= self._end

    def report(self, only: frozenset[str] = frozenset()) -> ProtocolReport:
        """The verdicts on all actions, or only on those in `only` if it is not empty.

        If a version cannot be read, run or compared, the report's `problem` says why.
        """
        report = ProtocolReport(self._subject.name)
        try:
            self._places = (self._subject.places, self._places_of_head())
            base, head = (
                Closures(version.folder, of.protocol_at, of.rules, of.loaded)
                for version, of in zip(self._versions, self._places, strict=True)
            )
            refuse_elsewhere((base, head), self._versions)
            self._judge(report, base, head, only)
        except NotReadError as error:
            report.problem = f"cannot be read: {error}"
        except (NotRunningError, NotStartedError) as error:
            report.problem = f"cannot be run: {error}"
        except (HarnessFault, MalformedTrace) as error:
            report.problem = f"cannot be compared: {error}"
        report.is_cut_short = self._budget.stops()
        return report

    def _places_of_head(self) -> Places:
        """The places that the head's own pack names. Raises NotReadError if its modules are not those of the base."""
        base, head = self._versions
        found = places_in(head, self._subject.place, self._budget.answer_seconds, self._budget.stops)
        for module in {*found.loaded, *self._subject.places.loaded}:
            there = [Sources(version.folder).module(module) is not None for version in (base, head)]
            if there[0] != there[1]:
                raise NotReadError(f"{module}: a module of the pack, in one version alone")
        return found

    def _judge(self, report: ProtocolReport, base: Closures, head: Closures, only: frozenset[str]) -> None:
        is_one_text = self._versions[0].digests() == self._versions[1].digests()
        is_one_text = is_one_text and base.is_same_as(head) and self._places[0] == self._places[1]
        switched = self._switched()
        everything = [] if is_one_text else changes(base, head, base.everything(), head.everything())
        everything = [*switched, *everything]
        with Versions(self._subject, self._worker) as versions:
            there = versions.ask(0, "describe")
            if not everything:
                names = [name for name in there["actions"] if not only or name in only]
                report.actions = [ActionReport(report.protocol, name, "SAME") for name in names]
                return
            here = versions.ask(1, "describe")
            report.interface = list(interface(there, here))
            changed: dict[str, list[Change]] = {}
            for name in dict.fromkeys([*there["actions"], *here["actions"]]):
                if only and name not in only:
                    continue
                if name not in here["actions"]:
                    report.actions.append(ActionReport(report.protocol, name, "REMOVED", changes=everything))
                elif name not in there["actions"]:
                    found = changes(base, head, {}, head.of(name))
                    report.actions.append(ActionReport(report.protocol, name, "ADDED", changes=found))
                elif differing := [*switched, *changes(base, head, base.of(name), head.of(name))]:
                    changed[name] = differing
                    self._unprovable.update({name: why} if (why := self._why_unprovable(base, head, differing)) else {})
                else:
                    report.actions.append(ActionReport(report.protocol, name, "SAME"))
            reached = {change.name for differing in changed.values() for change in differing}
            if not only:  # with `only`, other actions may reach the remaining changes
                report.outside = [change for change in everything if change.name not in reached]
            versions.fields = {
                name: [field for field in of if field in here["tables"][name]]
                for name, of in there["tables"].items()
                if name in here["tables"]
            }
            all_changed = [change for differing in changed.values() for change in differing]
            report.matrix = ledger_matrix(self._versions[0].folder, report.protocol, all_changed)
            report.actions += self._compared(report, versions, changed)
            report.actions.sort(key=lambda each: each.action)

    def _switched(self) -> list[Change]:
        """A change of the place of the rules, if the head's pack names another one than the base's."""
        places = (self._places[0].protocol_at, self._places[1].protocol_at)
        return [] if places[0] == places[1] else [Change(("pack", "place of the rules"), "", 1, 1, places)]

    def _why_unprovable(self, base: Closures, head: Closures, differing: Sequence[Change]) -> str:
        """The reason why no proof is made of an action with these changes; empty if one can be made."""
        if self._places[0].protocol_at != self._places[1].protocol_at:
            return f"the head's pack names other rules: {self._places[1].protocol_at}"
        modules = {change.name[0] for change in differing}
        modules = {name for name in modules if base.has_module(name) or head.has_module(name)}
        if of_pack := sorted(modules & (base.of_pack | head.of_pack)):
            return f"only the pack loads what was changed: {', '.join(of_pack)}"
        lifted = (*LIFTED, self._places[0].protocol_at.partition(":")[0])
        unlifted = sorted([module for module in modules if not owns(lifted, module)])
        return f"none runs what was changed: {', '.join(unlifted)}" if unlifted else ""

    def _compared(
        self, report: ProtocolReport, versions: Versions, changed: Mapping[str, list[Change]]
    ) -> Iterator[ActionReport]:
        """The reports on the actions in `changed`, which maps each action with a changed closure to its changes.

        Proofs run in parallel with the scripts.
        """
        with ThreadPoolExecutor(max(self._budget.jobs - 1, 1)) as pool:
            proofs = {name: pool.submit(self._timed, name) for name in changed}
            try:
                with Pair(self._start) as pair:
                    left_out: list[str] = []
                    scripts = aimed_at(self._subject, changed, left_out) if changed else ()
                    walked = walk(versions.parted, pair, scripts, changed, self.stops)
                met = [name for name in changed if not deciding(walked.kinds(name), KINDS)]
                self._settled_at.update(dict.fromkeys(met, time.monotonic()))
                left_out += walked.unknown
                report.left_out = left_out
                report.views = walked.views
                for name, differing in changed.items():
                    proved = proofs[name].result()
                    replayed = self._replayed(proved, versions)
                    self._walk_on(name, proof_of(proved), replayed[0], versions, walked, changed, left_out)
                    found = self._action(name, differing, versions, walked, proved, replayed)
                    found.impact = self._impact(found, versions, walked)
                    yield found
            finally:
                for proof in proofs.values():
                    proof.cancel()

    def _walk_on(
        self,
        name: str,
        proof: CallProof,
        shown: Collection[DifferenceKind],
        versions: Versions,
        walked: Walked,
        changed: Mapping[str, list[Change]],
        left_out: list[str],
    ) -> None:
        """Play further scripts for the kinds of difference that the proof leaves open, if they could change the
        verdict.

        `name` is the action, `shown` are the kinds that are shown already, and results are added to `walked`.
        """
        seen = {*shown, *walked.kinds(name)}
        wanted = deciding(seen, proof.open_kinds)
        if wanted and name not in walked.faults:
            scripts = further_at(self._subject, name, left_out)
            walk_on(versions.parted, scripts, name, wanted, changed, walked, self.stops)

    def _timed(self, name: str) -> dict[str, Any]:
        seconds = self._end - time.monotonic()
        if name in self._unprovable:
            return {"unlifted": self._unprovable[name], "seconds": 0.0}
        if seconds <= 0 or self._budget.stops():
            return {"unlifted": f"the time was up: {self._budget.seconds:g} s were spent", "seconds": 0.0}
        begun = time.monotonic()
        found = self._prove(self._subject, *self._versions, name, 1, seconds, lambda: self._is_needless(name))
        if "unlifted" in found and self._is_settled(name):
            return {
                "unlifted": "the verdict was settled by what was met",
                "seconds": round(time.monotonic() - begun, 1),
            }
        left = self._end - time.monotonic()
        if _is_whole(found) and any("length <= 1" in scope for scope in found["scope"]) and left > 0:
            # Lists of two elements may differ where lists of one do not, so they are proved too if there is time.
            seconds = min(left, LONGER_SECONDS)
            longer = self._prove(self._subject, *self._versions, name, 2, seconds, lambda: self._is_needless(name))
            found = found if "unlifted" in longer else longer
        return {**found, "seconds": round(time.monotonic() - begun, 1)}

    def _is_needless(self, name: str) -> bool:
        """True if a proof should stop: the run stops, or the verdict has been settled for some time."""
        return self._budget.stops() or self._is_settled(name)

    def _is_settled(self, name: str) -> bool:
        return time.monotonic() >= self._settled_at.get(name, self._end) + SETTLED_SECONDS

    def _action(
        self,
        name: str,
        differing: list[Change],
        versions: Versions,
        walked: Walked,
        found: Mapping[str, Any],
        replayed: tuple[dict[DifferenceKind, Shown], list[str]],
    ) -> ActionReport:
        report = ActionReport(self._subject.name, name, "UNKNOWN", changes=differing)
        report.scripts, report.calls = walked.scripts.get(name, 0), walked.calls.get(name, 0)
        report.proof = proof_of(found)
        shown, notes = replayed[0], list(replayed[1])
        met = {kind: each for (action, kind), each in walked.met.items() if action == name}
        kinds = sorted({*met, *shown})
        for kind in kinds:
            witness = self._witness(versions, met[kind]) if kind in met else None
            said = found.get("labels", {}).get(kind, [])
            label = arrow(witness.answers if witness else shown[kind].answers if kind in shown else met[kind].answers)
            if witness is None and kind not in shown:
                notes.append(f"met, and not shown again: {kind}, {label}, in {met[kind].script.source}")
            report.differences = [*report.differences, Difference(kind, label, witness, shown.get(kind))]
            notes += [f"also {kind}: {other}" for other in said if other != label]
            if not report.proof.why and kind not in report.proof.open_kinds:
                within = f" of its scope ({', '.join(report.proof.scope)})" if report.proof.scope else ""
                notes.append(f"{kind}: met, where the proof says never{within}")
        notes += [f"{kind}: neither proved nor refuted" for kind in report.proof.open_kinds if kind not in kinds]
        if kinds:
            report.verdict = verdict_of(kinds)
        elif fault := walked.faults.get(name):
            report.why = f"the head did not answer: {fault}"
        elif report.proof.why:
            report.why = report.proof.why
        elif report.proof.open_kinds:
            report.why = f"neither proved nor refuted: {', '.join(report.proof.open_kinds)}"
        else:
            report.verdict = "EQUIVALENT"
        report.notes = notes
        return report

    def _impact(self, report: ActionReport, versions: Versions, walked: Walked) -> dict[str, Any]:
        """The effects of an action's change beyond its verdict, as far as time permits: the traces and cases that
        differ, holdings, laws, stale proofs and speed. `gate.impact.told` shows them as text.
        """
        impact: dict[str, Any] = dict(walked.sources.get(report.action, {}))
        folder = self._versions[0].folder
        impact["proofs"] = stale_proofs(ledger_matrix(folder, report.protocol, report.changes))
        mine = [aimed for aimed in walked.played if report.action in aimed.names]
        try:
            measured = None if self.stops() else speed(versions, report.action, mine[:MOST_LOOKED_AT])
            if measured is not None:
                impact["nanoseconds"] = list(measured)
            if report.differences and not self.stops():
                impact["gains"] = self._gains(report, versions, mine, impact.get("traces", []))
                walks = (self._places[0].walk_at, self._places[1].walk_at)
                if all(walks):
                    seen = [
                        Aimed(Script(each.kind, w.head, w.calls), ())
                        for each in report.differences
                        if (w := each.witness)
                    ]
                    impact |= laws(versions, walks, [*seen, *mine[:MOST_LOOKED_AT]])
        except (NotRunningError, MalformedTrace) as error:
            report.notes = [*report.notes, f"not all of the impact is known: {error}"]
        return impact

    def _gains(
        self, report: ActionReport, versions: Versions, mine: list[Aimed], differing_traces: Sequence[str]
    ) -> dict[str, Any]:
        """The changed holdings at the end of the shortest runs, and of the recorded traces that differ."""
        runs: list[tuple[str, Json, Sequence[Json]]] = [
            (f"shortest, {each.kind}", w.head, w.calls) for each in report.differences if (w := each.witness)
        ]
        runs += [
            (aimed.script.source, aimed.script.head, aimed.script.calls)
            for aimed in mine
            if aimed.is_recorded and aimed.script.source in differing_traces
        ]
        found: dict[str, Any] = {}
        for source, world, calls in runs:
            if self.stops():
                break
            rows = gains(versions, world, list(calls))
            found[source] = [{**attrs.asdict(row), "lines": row.lines()} for row in rows]
        return found

    def _replayed(self, found: Mapping[str, Any], versions: Versions) -> tuple[dict[DifferenceKind, Shown], list[str]]:
        """The differences that the solver found and both versions confirmed when run; and notes about those that were
        not confirmed.

        The key is the kind of difference as it shows when run.
        """
        shown: dict[DifferenceKind, Shown] = {}
        notes: list[str] = []
        for kind, document in found.get("shown", {}).items():
            try:
                base, head = versions.both("execute", state=document["state"], call=document["call"])
            except NotRunningError as error:
                notes.append(f"a difference of the solver's cannot be replayed: {kind}: {error}")
                continue
            if shared(base, versions.fields) == shared(head, versions.fields):
                notes.append(f"a difference of the solver's does not replay: {kind}, {document['label']}")
                continue
            actual = kind_between(base["answer"], head["answer"])
            answers = (base["answer"], head["answer"])
            shown[actual] = Shown(document["state"], document["call"], answers, document["question"])
        return shown, notes

    def _witness(self, versions: Versions, met: Met) -> ShownRun | None:
        walk_ = self._subject.walk
        calls = met.script.calls[: met.position + 1]
        as_met = ShownRun(met.script.head, tuple(calls), met.answers, met.script.source)
        if walk_ is None:
            return as_met
        try:
            found = shortest(versions, met, self._shrink, walk_, self.stops)
            return None if found is None else attrs.evolve(found, steps=story(versions, found.head, found.calls))
        except (MalformedTrace, NotRunningError):
            # an interruption leaves no time to shorten the run, but keeps the run
            return as_met if self.stops() else None

    def _worker(self, number: int) -> Worker:
        seconds, stops = self._budget.answer_seconds, self._budget.stops
        arguments = worker_arguments(self._subject.place, self._places[number])
        return Worker(self._versions[number].folder, "gate.worker", arguments, seconds, stops)

    def _start(self, number: int) -> tuple[ProcessClient, Introduction]:
        folder = self._versions[number].folder
        client = serving(folder, self._subject.place, self._budget.answer_seconds)
        try:
            return client, introduced(client, self._subject.name, folder)
        except BaseException:
            client.close()
            raise


def shared(told: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """A version's answer to the question `execute`, restricted to the fields that both versions have.

    Rows that do not change in these fields are dropped.
    """
    rows = [
        [table, key, *[{name: row[name] for name in fields[table]} for row in (before, after)]]
        for table, key, before, after in told["rows"]
        if table in fields
    ]
    return {**told, "rows": [row for row in rows if row[2] != row[3]]}


def deciding(seen: Collection[DifferenceKind], open_kinds: Collection[DifferenceKind]) -> set[DifferenceKind]:
    """The kinds of difference in `open_kinds` that would change the verdict if they were found. `seen` are the kinds
    found already.
    """
    if not seen:
        return set(open_kinds)
    return {kind for kind in open_kinds if verdict_of({*seen, kind}) != verdict_of(seen)}


def _is_whole(found: Mapping[str, Any]) -> bool:
    """True if every goal of a proof was proved. `found` is the result of `gate.proving.prove`."""
    return "unlifted" not in found and all(set(by) <= {"PROVED"} for by in found["kinds"].values())


def story(versions: Versions, world: Json, calls: Sequence[Json]) -> tuple[dict[str, Any], ...]:
    """The steps of a run under both versions. Each has its `call`, and under `base` and `head` the answer, the return
    value and all changed rows.
    """
    base, head = (said["steps"] for said in versions.both("story", head=world, calls=list(calls)))
    return tuple(
        {
            "call": one["call"],
            **{name: {key: each[key] for key in ("answer", "returns", "rows")} for name, each in pair},
        }
        for one, other in zip(base, head, strict=True)
        for pair in [(("base", one), ("head", other))]
    )


def proof_of(found: Mapping[str, Any]) -> CallProof:
    """The CallProof for the plain values that a proof returned: those of `gate.proving.prove`, or `unlifted` with a
    reason.
    """
    seconds = found.get("seconds", 0.0)
    if "unlifted" in found:
        return CallProof(why=f"no proof: {found['unlifted']}", seconds=seconds)
    kinds = found["kinds"]
    goals = sum(sum(by.values()) for by in kinds.values())
    open_kinds = tuple(sorted(kind for kind, by in kinds.items() if set(by) - {"PROVED"} and kind != ENGINE))
    of_engine = found["labels"].get(ENGINE, [])
    why = f"no proof: not shown of the head: {'; '.join(of_engine)}" if of_engine else ""
    return CallProof(goals, open_kinds, tuple(found["scope"]), tuple(found["laws"]), seconds, why)


def arrow(answers: tuple[str, str]) -> str:
    """The answers of base and head as a short text: `accepted -> REASON`.

    It is `accepted, and otherwise` if both accept, with different rows or return values.
    """
    return f"{answers[0]} -> {answers[1]}" if answers[0] != answers[1] else f"{answers[0]}, and otherwise"


def interface(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[str]:
    """The actions, tables, fields and reasons that were added or removed, one per line. `base` and `head` are the
    versions' answers to the question `describe`.
    """
    for what in ("action", "table"):
        old, new = base[f"{what}s"], head[f"{what}s"]
        yield from (f"{what} added: {name}" for name in new if name not in old)
        yield from (f"{what} removed: {name}" for name in old if name not in new)
        for name in [name for name in old if name in new]:
            yield from (f"field added: {name}.{field}" for field in new[name] if field not in old[name])
            yield from (f"field removed: {name}.{field}" for field in old[name] if field not in new[name])
    old, new = base["reasons"], head["reasons"]
    yield from (f"reason added: {reason}" for reason in new if reason not in old)
    yield from (f"reason removed: {reason}" for reason in old if reason not in new)


__all__ = ["Budget", "ClientFault", "Fields", "Judge", "prove_apart"]
