"""One run of `restake conform`: scripts played to clients beside the specification, and a verdict for every case.

A case is an action with the answer of the specification. It agrees if everything was compared and is the same each
time; what a client does not support, and what was not reached, is no agreement.
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
"""After so many faults of a client the run gives up: what does not answer is not asked for ever."""

MOST_KEPT: Final = 10
"""So many findings are kept and shrunk in a run; the others are counted by their cases."""

MOST_WORLDS: Final = 3
"""The worlds in which one finding is kept: how short its trace can be is not the same in each."""

CaseVerdict = Literal["AGREE", "DIVERGES", "CLIENT-FAULT", "UNSUPPORTED", "NOT REACHED"]

OF_ALL: Final[tuple[CaseVerdict, ...]] = ("DIVERGES", "CLIENT-FAULT", "UNSUPPORTED", "NOT REACHED", "AGREE")
"""All verdicts, the worst first."""

Start = Callable[[], ProcessClient]


@attrs.frozen
class Found:
    """A divergence or a fault as it was met, with the script it was met in and what the client had said on its standard
    error.
    """

    script: Script
    what: Divergence | Fault
    stderr: str

    @property
    def kind(self) -> str:
        """In what the client differs, or how it misbehaved."""
        return self.what.aspect if isinstance(self.what, Divergence) else self.what.kind

    @property
    def key(self) -> tuple[str, Case]:
        """Two of one key are one finding."""
        return self.kind, self.what.case


@attrs.define
class CaseRow:
    """The outcome of one case: how often everything was compared and the same, and all else that happened.

    `found` has the first of each kind in a few worlds: what a client does again and again takes no more memory.
    """

    case: Case
    agreed: int = 0
    unsupported: int = 0
    found: list[Found] = attrs.field(factory=list)
    why: str = ""

    def note(self, found: Found) -> None:
        """Keep what was found, unless it is known of this world, or of enough others."""
        alike = [each for each in self.found if each.kind == found.kind]
        if len(alike) < MOST_WORLDS and all(each.script.head != found.script.head for each in alike):
            self.found.append(found)

    @property
    def verdict(self) -> CaseVerdict:
        """The worst that happened."""
        if self.found:
            return "DIVERGES" if any(isinstance(each.what, Divergence) for each in self.found) else "CLIENT-FAULT"
        return "UNSUPPORTED" if self.unsupported else "AGREE" if self.agreed else "NOT REACHED"


class Conformance:
    """The clients of one run, and what came of every script. Threads wait for clients; one lock guards the counts.

    The first `MOST_KEPT` findings are handed to `keep` as they are met, by one thread at a time: whatever ends this
    process, they are not lost.
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
        """Start the first client and ask who it is; None if that fails, which is a finding. A run has to follow."""
        self._first.begin()
        return self.introduction

    def run(self, scripts: Iterator[Script], jobs: int) -> None:
        """Play all scripts, on so many clients at once."""
        workers = [self._first, *[_Worker(self) for _ in range(jobs - 1)]]
        with ThreadPoolExecutor(jobs) as pool:
            for done in [pool.submit(self._work, worker, scripts) for worker in workers]:
                done.result()

    def rows(self) -> list[CaseRow]:
        """Every case that was required or met, the worst first."""
        return sorted(self._rows.values(), key=lambda row: (OF_ALL.index(row.verdict), row.case))

    @property
    def has_found(self) -> bool:
        """True if anything was found."""
        return any(row.found for row in list(self._rows.values()))

    def findings(self) -> list[Found]:
        """The first of each kind and case, in the order in which they were met; no more than are kept."""
        return list(self._found.values())[:MOST_KEPT]

    def others(self, found: Found) -> list[Found]:
        """The same finding in other worlds."""
        return [each for each in self._rows[found.what.case].found if each.key == found.key and each is not found]

    def started(self) -> ProcessClient:
        """A client that has said who it is. ClientFault if it does not."""
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
        """The specification, as a client of its own."""
        return Reference(self.pack.calls, __version__)

    def note(self, script: Script, played: Played, stderr: str) -> None:
        """Count what came of a script."""
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
        """True if the run ends here; calls and scripts that are left make it cut short."""
        if self.problem is not None or self.faults >= MOST_FAULTS or self._stops():
            self.is_cut_short = True
        return self.is_cut_short

    def next_script(self, scripts: Iterator[Script]) -> Script | None:
        """The next script for whoever asks first; None if there is none, or the run stops."""
        with self._lock:
            return None if self.stops() else next(scripts, None)

    def fail(self, problem: str) -> None:
        """Note a fault of this side."""
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
        except Exception as error:  # whatever this side's mistake is, it is no verdict about a client
            self.fail(explained(error))
        finally:
            worker.end()


class _Worker:
    """One client of a run, started again after a fault."""

    def __init__(self, run: Conformance) -> None:
        self._run = run
        self._client: ProcessClient | None = None

    def begin(self) -> bool:
        """Start a client, unless one runs. True if one runs then."""
        if self._client is None:
            try:
                self._client = self._run.started()
            except ClientFault as fault:
                self._note_fault(fault, "hello")
            except Stopped:
                self._run.is_cut_short = True
        return self._client is not None

    def play(self, script: Script) -> None:
        """Play one script, and note what came of it."""
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
        """End as the protocol says; a client that does not is at fault."""
        if self._client is not None:
            try:
                self._client.bye()
            except ClientFault as fault:
                self._note_fault(fault, "bye")
            except Stopped:
                self._run.is_cut_short = True

    def end(self) -> None:
        """End the client, in whatever state it is."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _note_fault(self, fault: ClientFault, op: str) -> None:
        case = (op, "answered")
        stderr = "" if self._client is None else self._client.stderr
        played = Played(fault=Fault(fault.kind, fault.detail, None, case))
        self._run.note(Script(op, {}, []), played, stderr)
