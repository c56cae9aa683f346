"""One run of `restake conform`: scripts are played to clients in lockstep with the specification, and every case gets a
verdict.

A case is an action with the specification's answer to it. A case agrees if every comparison was made and none differed.
A case that the client does not support, or that was not reached, is not an agreement.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, Literal

import attrs

from conformance.client import ClientFault, HarnessFault, Introduction, Stopped
from conformance.lockstep import Case, Divergence, Fault, Played, Script, play
from conformance.process import NotStartedError, ProcessClient
from conformance.reference import Reference
from harness import __version__
from harness.mistakes import explained
from harness.pack import ProtocolPack
from spec.codec import MalformedTrace

MOST_FAULTS: Final = 3
"""The number of client faults after which the run gives up."""

MOST_KEPT: Final = 10
"""The number of findings that a run keeps and shrinks; further ones are only counted, by their cases."""

MOST_WORLDS: Final = 3
"""The number of worlds in which one finding is recorded, since the shortest trace may differ from world to world."""

CaseVerdict = Literal["AGREE", "DIVERGES", "CLIENT-FAULT", "UNSUPPORTED", "NOT REACHED"]

OF_ALL: Final[tuple[CaseVerdict, ...]] = ("DIVERGES", "CLIENT-FAULT", "UNSUPPORTED", "NOT REACHED", "AGREE")
"""All verdicts, from worst to best."""

Start = Callable[[], ProcessClient]


@attrs.frozen
class Found:
    """A divergence or a client fault as it was first met: the script that met it, and the client's standard error."""

    script: Script
    what: Divergence | Fault
    stderr: str

    @property
    def kind(self) -> str:
        """The aspect in which the client diverges, such as "reason" or "state", or the kind of its fault."""
        return self.what.aspect if isinstance(self.what, Divergence) else self.what.kind

    @property
    def key(self) -> tuple[str, Case]:
        """The kind and the case of the finding. Divergences or faults with equal keys are one finding."""
        return self.kind, self.what.case


@attrs.define
class CaseRow:
    """The counts of one case (an action with the specification's answer): comparisons that agreed, calls that were
    unsupported, and findings.

    `found` has the first finding of each kind, in at most `MOST_WORLDS` worlds, so that it does not grow without limit.
    """

    case: Case
    agreed: int = 0
    unsupported: int = 0
    found: list[Found] = attrs.field(factory=list)
    why: str = ""

    def note(self, found: Found) -> None:
        """Record a finding, unless one of its kind is recorded for this world or for `MOST_WORLDS` others."""
        alike = [each for each in self.found if each.kind == found.kind]
        if len(alike) < MOST_WORLDS and all(each.script.head != found.script.head for each in alike):
            self.found.append(found)

    @property
    def verdict(self) -> CaseVerdict:
        """The verdict on the case: DIVERGES or CLIENT-FAULT if there is a finding, else UNSUPPORTED if any call was
        unsupported. Otherwise AGREE if any comparison agreed, else NOT REACHED.
        """
        if self.found:
            return "DIVERGES" if any(isinstance(each.what, Divergence) for each in self.found) else "CLIENT-FAULT"
        return "UNSUPPORTED" if self.unsupported else "AGREE" if self.agreed else "NOT REACHED"


class Conformance:
    """One run's clients and the results of its scripts. Threads wait for clients; one lock guards the counts.

    `start` starts a client process, and `required` are the cases that the run must reach. `stops` returns true once the
    run is to end. `keep` is called at once with each of the first `MOST_KEPT` findings, by one thread at a time. So
    none of them is lost if this process is killed.
    """

    def __init__(
        self,
        pack: ProtocolPack,
        start: Start,
        required: Mapping[Case, object],
        stops: Callable[[], bool],
        keep: Callable[[Found], object] = lambda _: None,
    ) -> None:
        self.pack: Final = pack
        self.required: Final = required
        self.steps = 0
        self.scripts = 0
        self.introduction: Introduction | None = None
        self.problem: str | None = None
        self.faults = 0
        self.is_cut_short = False
        self.start: Final = start
        self._stops: Final = stops
        self._keep: Final = keep
        self._found: Final[dict[tuple[str, Case], Found]] = {}
        self._lock: Final = Lock()
        self._first = _Worker(self)
        self._rows: Final[dict[Case, CaseRow]] = {case: CaseRow(case) for case in required}

    def introduce(self) -> Introduction | None:
        """Start the first client and return its introduction, or None if that fails, which counts as a finding. `run`
        must be called afterwards.
        """
        self._first.begin()
        return self.introduction

    def run(self, scripts: Iterator[Script], jobs: int) -> None:
        """Play all scripts, on `jobs` clients in parallel."""
        workers = [self._first, *[_Worker(self) for _ in range(jobs - 1)]]
        with ThreadPoolExecutor(jobs) as pool:
            for done in [pool.submit(self._work, worker, scripts) for worker in workers]:
                done.result()

    def rows(self) -> list[CaseRow]:
        """The rows of all cases that were required or met, the worst verdict first."""
        return sorted(self._rows.values(), key=lambda row: (OF_ALL.index(row.verdict), row.case))

    @property
    def has_found(self) -> bool:
        """True if any divergence or client fault was found."""
        return any(row.found for row in list(self._rows.values()))

    def findings(self) -> list[Found]:
        """The first finding of each kind and case, in the order in which they were met; at most `MOST_KEPT`."""
        return list(self._found.values())[:MOST_KEPT]

    def others(self, found: Found) -> list[Found]:
        """The recorded findings of the same kind and case as `found`, met in other worlds."""
        return [each for each in self._rows[found.what.case].found if each.key == found.key and each is not found]

    def started(self) -> ProcessClient:
        """A new client process that has introduced itself. Raises ClientFault if its introduction fails or differs from
        the first client's, and NotStartedError if no process can be started.
        """
        client = self.start()
        try:
            said = client.hello(self.pack.name)
            with self._lock:
                self.introduction = self.introduction or said
            if said != self.introduction:
                raise ClientFault("garbage", "it introduces itself otherwise than it did when it was first started")
        except BaseException:
            client.close()
            raise
        return client

    def reference(self) -> Reference:
        """A new instance of the specification as a client."""
        return Reference(self.pack.calls, __version__)

    def note(self, script: Script, played: Played, stderr: str) -> None:
        """Count the results of a played script. `stderr` is the standard error of the client that played it."""
        with self._lock:
            self.scripts += 1
            self.steps += played.steps
            for case, count in played.agreed.items():
                self._row(case).agreed += count
            for counts in (played.unsupported, played.partly):
                for case, count in counts.items():
                    self._row(case).unsupported += count
                    self._row(case).why = played.whys[case]
            for what in (played.divergence, played.fault):
                if what is not None:
                    self._note_found(Found(script, what, stderr))
            if played.fault is not None:
                self.faults += 1

    def _note_found(self, found: Found) -> None:
        self._row(found.what.case).note(found)
        if found.key not in self._found:
            self._found[found.key] = found
            if len(self._found) <= MOST_KEPT:
                self._keep(found)

    def stops(self) -> bool:
        """True if the run is to end now; the run is then marked as cut short."""
        if self.problem is not None or self.faults >= MOST_FAULTS or self._stops():
            self.is_cut_short = True
        return self.is_cut_short

    def next_script(self, scripts: Iterator[Script]) -> Script | None:
        """The next script, or None if there is no more or the run is to stop. Safe to call from several threads."""
        with self._lock:
            return None if self.stops() else next(scripts, None)

    def fail(self, problem: str) -> None:
        """Record an error of this side, as opposed to one of the client. The first one is kept."""
        with self._lock:
            self.problem = self.problem or problem

    def _row(self, case: Case) -> CaseRow:
        return self._rows.setdefault(case, CaseRow(case))

    def _work(self, worker: "_Worker", scripts: Iterator[Script]) -> None:
        try:
            while (script := self.next_script(scripts)) is not None:
                worker.play(script)
            worker.say_bye()
        except (HarnessFault, MalformedTrace, NotStartedError) as error:
            self.fail(str(error))
        except Exception as error:  # a mistake of this side, which is no verdict about a client
            self.fail(explained(error))
        finally:
            worker.end()


class _Worker:
    """One client process of a run, restarted after a fault."""

    def __init__(self, run: Conformance) -> None:
        self._run = run
        self._client: ProcessClient | None = None

    def begin(self) -> bool:
        """Start a client if none runs. True if one runs afterwards."""
        if self._client is None:
            try:
                self._client = self._run.started()
            except ClientFault as fault:
                self._note_fault(fault, "hello")
            except Stopped:
                self._run.is_cut_short = True
        return self._client is not None

    def play(self, script: Script) -> None:
        """Play one script to the client, and count its results; does nothing if no client can be started."""
        if not self.begin():
            return
        client, introduction = self._client, self._run.introduction
        assert client is not None
        assert introduction is not None
        played = play(self._run.reference(), client, introduction, script, self._run.stops)
        if played.fault is not None or played.is_stopped:
            self.end()
        self._run.note(script, played, client.stderr)

    def say_bye(self) -> None:
        """End the client by the wire protocol's `bye` message; a client that does not end properly is at fault."""
        if self._client is not None:
            try:
                self._client.bye()
            except ClientFault as fault:
                self._note_fault(fault, "bye")
            except Stopped:
                self._run.is_cut_short = True

    def end(self) -> None:
        """Kill the client's process, whatever it is doing."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _note_fault(self, fault: ClientFault, op: str) -> None:
        case = (op, "answered")
        stderr = "" if self._client is None else self._client.stderr
        played = Played(fault=Fault(fault.kind, fault.detail, None, case))
        self._run.note(Script(op, {}, []), played, stderr)
