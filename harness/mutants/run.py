"""One run of `restake mutate`: every mutant is judged in a subprocess, by laws and optionally by proofs, in
parallel.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from random import Random
from tempfile import TemporaryFile

import attrs
from rich.progress import Progress

from harness.exit_codes import exit_code
from harness.mutants.fate import Effort, Fate, Trial
from harness.mutants.generator import generated
from harness.mutants.mutant import CATALOGUE, Mutant, catalogue, equivalents, read_catalogue, read_source
from harness.pack import ProtocolPack
from harness.protocols import known_packs
from harness.prove import ledger_of
from harness.source import fingerprint
from harness.stopping import Stop
from proofs.ledger import LedgerError
from spec.codec import Json

BARS: Mapping[bool, float] = {True: 0.98, False: 0.85}
"""The least kill rate of the catalogue (True), and of the generated mutants that are not equivalent (False)."""

PROPERTIES_BAR = 0.85
"""The least kill rate of the catalogue by properties alone, which are all laws but model laws."""

PROOFS_BAR = 0.9
"""The least share of the catalogue's mutants that proofs refute, of those that break a proved law."""

JUDGES: Mapping[str, str] = {
    "laws": "harness.mutants.judge",
    "proofs": "harness.mutants.refuting",
    "vectors": "harness.mutants.replaying",
}
"""The modules of the judges; each is run in a process of its own."""

UNCHANGED = "unchanged"
SHARED = "arithmetic.py"

POLL_SECONDS = 0.2

DEATHS = 3
"""The number of times that a judge may be killed before its mutant is left undone."""


class UnknownMutantError(Exception):
    """The exception for a requested mutant id that is neither written nor generated."""


class JudgeError(Exception):
    """The exception for a judge that did not answer; the message has its output."""


@attrs.frozen
class Judged:
    """A mutant, the reason if it is equivalent to the specification, and the judges' fates: that of all laws first,
    then of the properties alone, then of proofs if they were run.
    """

    mutant: Mutant
    equivalent: str | None
    fates: tuple[Fate, ...]

    @property
    def is_killed(self) -> bool:
        """True if a law broke in a run on the mutant; if vectors judge, if a vector noticed it."""
        return self.fates[0].outcome == "killed"

    @property
    def is_killed_by_properties(self) -> bool:
        """True if a property, a law that is no model law, broke in a run on the mutant."""
        return any(fate.judge == "properties" and fate.outcome == "killed" for fate in self.fates)

    @property
    def is_refuted(self) -> bool:
        """True if a proof refuted a law that is proved of the specification, with a state and a call that break it."""
        return any(fate.judge == "proofs" and fate.outcome == "killed" for fate in self.fates)

    @property
    def counts(self) -> bool:
        """True if the mutant counts in kill rates: it can be loaded and is not equivalent to the specification. Any
        other mutant says nothing about the laws.
        """
        return self.equivalent is None and all(fate.outcome != "unviable" for fate in self.fates)

    @property
    def is_written(self) -> bool:
        """True if the mutant is from the catalogue."""
        return self.mutant.operator == CATALOGUE

    def as_json(self) -> Json:
        """The mutant as `--json` writes it, without the source text and the place of its catalogue."""
        mutant = attrs.asdict(self.mutant, filter=lambda field, _: field.name not in ("text", "catalogue"))
        return {**mutant, "equivalent": self.equivalent, "fates": [fate.as_json() for fate in self.fates]}


@attrs.frozen
class Choice:
    """The choice of mutants to judge: written or generated, of which packs, with which ids, and a sample of them by
    `seed`.

    Ids are looked up among both written and generated mutants. If `file` is given, its written mutants replace this
    project's catalogue and the generated ones. `are_asked` says that the packs were asked for by name.
    """

    written: bool = True
    generated: bool = True
    packs: Mapping[str, ProtocolPack] = attrs.field(factory=known_packs)
    ids: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 0
    file: Path | None = None
    are_asked: bool = False

    def mutants(self) -> list[Mutant]:
        """The chosen mutants, in the order of the catalogue and the source. Raises UnknownMutantError for an unknown
        id. It is also raised if some are chosen, and none of them has a requested id, or is of a requested protocol.
        """
        packs = {**known_packs(), **self.packs}.values()
        if self.file is not None:
            everything = read_catalogue(self.file, packs)
        else:
            written = catalogue(packs) if self.written or self.ids else []
            everything = [*written, *(generated(packs) if self.generated or self.ids else [])]
        if unknown := set(self.ids) - {mutant.mutant_id for mutant in everything}:
            raise UnknownMutantError(f"unknown mutant {min(unknown)!r}: `restake mutate --list` names them all")
        chosen = [
            mutant
            for mutant in everything
            if (not self.ids or mutant.mutant_id in self.ids) and set(mutant.protocols) & set(self.packs)
        ]
        self._refuse_left_out(chosen)
        if self.sample is None or self.sample >= len(chosen):
            return chosen
        picked = Random(self.seed).sample(range(len(chosen)), self.sample)
        return [chosen[position] for position in sorted(picked)]

    def _refuse_left_out(self, chosen: Collection[Mutant]) -> None:
        ids = {mutant.mutant_id for mutant in chosen}
        protocols = {protocol for mutant in chosen for protocol in mutant.protocols}
        if chosen and (others := [mutant_id for mutant_id in self.ids if mutant_id not in ids]):
            raise UnknownMutantError(f"{', '.join(others)}: no mutant of {', '.join(self.packs)}")
        if chosen and self.are_asked and (without := [name for name in self.packs if name not in protocols]):
            raise UnknownMutantError(f"{', '.join(without)}: none of the mutants asked for is of it")


class Mutation:
    """A run of `restake mutate`. It keeps each judgement as it arrives, so an interruption loses none."""

    def __init__(
        self,
        mutants: Iterable[Mutant],
        effort: Effort,
        stop: Stop,
        proves: bool = False,
        file: Path | None = None,
        packs: Mapping[str, ProtocolPack] | None = None,
        ids: Collection[str] = (),
    ) -> None:
        """`ids` are the ids of mutants that were asked for by name."""
        self.packs = {**known_packs(), **(packs or {})}
        self.ids = ids
        self.mutants = list(mutants)
        self.effort = effort
        self.stop = stop
        self.proves = proves
        self.file = file
        self.undone: list[str] = []
        """The ids of mutants whose judges were killed again and again; `unchanged` is the specification itself."""
        self._judged: dict[str, Judged] = {}
        self._equivalents = equivalents()
        self._proved: dict[str, set[str]] = {}

    @property
    def command(self) -> str:
        """The command that judges these mutants again: with their file, protocols from outside, effort, and proofs."""
        said = ["restake", "mutate"]
        if self.file is not None:
            said += ["--file", str(self.file)]
        for name in sorted(set(self.packs) - set(known_packs())):
            said += ["--protocol", self.packs[name].place]
        for option, effort, usual in (
            ("--walks", self.effort.walks, Effort().walks),
            ("--plays", self.effort.plays, Effort().plays),
        ):
            said += [option, str(effort)] if effort != usual else []
        return shlex.join([*said, "--proofs"] if self.proves else said)

    @property
    def judged(self) -> list[Judged]:
        """The judged mutants so far, in the order of `mutants`."""
        return [self._judged[mutant.mutant_id] for mutant in self.mutants if mutant.mutant_id in self._judged]

    @property
    def is_cut_short(self) -> bool:
        """True if any mutant was not judged."""
        return len(self._judged) < len(self.mutants)

    def run(self, jobs: int, progress: Progress) -> None:
        """Judge all mutants, `jobs` at a time, until all are judged or the run is to stop.

        The unchanged specification is judged as well, since a law that breaks on it says nothing about a mutant. Raises
        JudgeError if one does, if a judge fails, or if proofs are requested and the ledger is stale.
        """
        if self.proves:
            self._demand_ledgers()
        bar = progress.add_task("judging mutants", total=len(self.mutants), news="")
        pool = ThreadPoolExecutor(jobs)
        try:
            everybody = [*self._unchanged(), *self.mutants]
            running = {pool.submit(self._fates, mutant): mutant for mutant in everybody}
            for done in as_completed(running):
                fates = done.result()
                if fates and running[done].operator == UNCHANGED:
                    if fates[0].outcome != "survived":
                        raise JudgeError(f"without any mutant, {', '.join(fates[0].by) or fates[0].note} breaks")
                elif fates:
                    self._keep(running[done], fates)
                    progress.update(bar, advance=1, news=f"{len(self.survivors())} not killed")
                elif not self.stop():
                    self.undone.append(running[done].mutant_id)
        finally:
            pool.shutdown(cancel_futures=True)

    def _fates(self, mutant: Mutant) -> tuple[Fate, ...]:
        """The fates of a mutant by all judges. Empty if the run is to stop first, or if a
        judge is killed three times.
        """
        fates = self.judge("laws", mutant, ())
        if not fates or not self.proves or mutant.operator == UNCHANGED or fates[0].outcome == "unviable":
            return fates
        proved = self.judge("proofs", mutant, fates[0].by)
        return (*fates, *proved) if proved else ()

    def judge(self, name: str, mutant: Mutant, suspects: tuple[str, ...]) -> tuple[Fate, ...]:
        """The fates that the judge `name` of JUDGES gives a mutant. Empty if the run is to stop first, or if the judge
        is killed three times. `suspects` are the laws or vectors that it tries first.
        """
        places = tuple([self.packs[protocol].place for protocol in mutant.protocols])
        return judge(name, mutant, self.effort, suspects, self.stop, places)

    def _demand_ledgers(self) -> None:
        """Read into `_proved` which laws the ledgers hold proved, by protocol: only a proved law can be refuted.

        Raises JudgeError if a ledger lacks verdicts for the current source.
        """
        for protocol in sorted({protocol for mutant in self.mutants for protocol in mutant.protocols}):
            if self.packs[protocol].theory_at is None:
                continue
            try:
                ledger = ledger_of(self.packs[protocol])
            except LedgerError as error:
                raise JudgeError(str(error)) from error
            if any(ledger.left(call) for call in ledger.due):
                raise JudgeError(f"what is proved of {protocol} is stale: `restake prove --protocol {protocol}` first")
            for call in ledger.due:
                verdicts = ledger.verdicts(call).items()
                self._proved.setdefault(protocol, set()).update(
                    law_id for law_id, verdict in verdicts if verdict["verdict"] == "PROVED"
                )

    def _unchanged(self) -> list[Mutant]:
        """The unchanged specification as a mutant, once for each protocol of the mutants."""
        protocols = sorted({protocol for mutant in self.mutants for protocol in mutant.protocols})
        text = read_source(SHARED)
        return [Mutant(UNCHANGED, (name,), SHARED, UNCHANGED, "", "", "", "", text) for name in protocols]

    def _keep(self, mutant: Mutant, fates: tuple[Fate, ...]) -> None:
        equivalent = self._equivalents.get((mutant.mutant_id, mutant.wrong))
        self._judged[mutant.mutant_id] = Judged(mutant, equivalent, fates)

    def survivors(self) -> list[Judged]:
        """The mutants that count in kill rates (viable, and not equivalent) and that the laws did not notice."""
        return [judged for judged in self.judged if judged.counts and not judged.is_killed]

    def unloaded(self) -> list[str]:
        """A line for each written or requested mutant that cannot be loaded: its catalogue, its id, and the exception.
        Such a bug is in no kill rate, and yet was to be judged.
        """
        return [
            f"{judged.mutant.catalogue or judged.mutant.file}: mutant {judged.mutant.mutant_id!r}: cannot be loaded: "
            + next(fate.note for fate in judged.fates if fate.outcome == "unviable")
            for judged in self.judged
            if any(fate.outcome == "unviable" for fate in judged.fates)
            and (judged.is_written or judged.mutant.mutant_id in self.ids)
        ]

    def proof_rate(self) -> tuple[int, int]:
        """The number of the catalogue's mutants that proofs refuted, and of those that break a proved law. A mutant
        breaks a proved law if a law that killed it is proved of some call, or if the proofs refuted it.
        """
        counted = [
            judged
            for judged in self.judged
            if judged.counts
            and judged.is_written
            and (judged.is_refuted or self._breaks_proved(judged.mutant, judged.fates[0]))
        ]
        return sum(judged.is_refuted for judged in counted), len(counted)

    def _breaks_proved(self, mutant: Mutant, fate: Fate) -> bool:
        return any(law_id in self._proved.get(protocol, ()) for protocol in mutant.protocols for law_id in fate.by)

    def rate(self, is_written: bool) -> tuple[int, int]:
        """The number of mutants that laws killed, and of all that count in kill rates (viable, and not equivalent).
        They are those of the catalogue if `is_written`, else generated ones.
        """
        counted = [judged for judged in self.judged if judged.counts and judged.is_written == is_written]
        return sum(judged.is_killed for judged in counted), len(counted)

    def property_rate(self, is_written: bool) -> tuple[int, int]:
        """The number of mutants that properties killed, and of all that count in kill rates (viable, and not
        equivalent). They are those of the catalogue if `is_written`, else generated ones.
        """
        counted = [judged for judged in self.judged if judged.counts and judged.is_written == is_written]
        return sum(judged.is_killed_by_properties for judged in counted), len(counted)

    def failures(self) -> list[str]:
        """The reasons why the run fails: kill rates below the required ones, and killed mutants that are listed as
        equivalent.
        """
        failures: list[str] = []
        for is_written, bar in BARS.items():
            killed, counted = self.rate(is_written)
            if killed < bar * counted:
                which = "the catalogue" if is_written else "the generated mutants"
                failures.append(f"{killed} of {counted} of {which} killed by laws: the bar is {bar:.0%}")
        killed, counted = self.property_rate(is_written=True)
        if killed < PROPERTIES_BAR * counted:
            failures.append(
                f"{killed} of {counted} of the catalogue killed by properties alone: the bar is {PROPERTIES_BAR:.0%}"
            )
        refuted, counted = self.proof_rate()
        if self.proves and refuted < PROOFS_BAR * counted:
            failures.append(
                f"{refuted} of {counted} that break a proved law refuted by proofs: the bar is {PROOFS_BAR:.0%}"
            )
        wrong = [
            judged.mutant.mutant_id
            for judged in self.judged
            if judged.equivalent and (judged.is_killed or judged.is_refuted)
        ]
        if wrong:
            failures.append(f"called equivalent, but killed: {', '.join(wrong)}")
        return failures

    @property
    def exit_code(self) -> int:
        """The exit code: 0 if every required kill rate is reached, 1 if not. It is 2 if some mutants were not judged,
        or one that is written or requested cannot be loaded, and 5 if none was judged.
        """
        is_open = bool(self._judged) and self.is_cut_short
        is_open = is_open or bool(self.undone) or bool(self.unloaded())
        return exit_code(failed=bool(self.failures()), is_open=is_open, is_empty=not self._judged)

    def as_json(self) -> dict[str, Json]:
        """All results as JSON."""
        rates = {
            name: {
                **dict(zip(("killed", "counted"), self.rate(is_written), strict=True)),
                "killed_by_properties": self.property_rate(is_written)[0],
            }
            for name, is_written in (("catalogue", True), ("generated", False))
        }
        return {
            "effort": attrs.asdict(self.effort),
            "rates": rates,
            **({"proofs": dict(zip(("refuted", "counted"), self.proof_rate(), strict=True))} if self.proves else {}),
            "failures": self.failures(),
            "is_cut_short": self.is_cut_short,
            "undone": self.undone,
            "unloaded": self.unloaded(),
            "mutants": [judged.as_json() for judged in self.judged],
        }


def judge(
    name: str,
    mutant: Mutant,
    effort: Effort,
    suspects: tuple[str, ...],
    stop: Stop,
    places: tuple[str, ...] | None = None,
) -> tuple[Fate, ...]:
    """The fates that the judge `name` of JUDGES gives a mutant. Empty if the run is to stop first, or if the judge is
    killed three times.

    `suspects` are laws to try first or, for the judge of vectors, the files to replay. `places` are the places of the
    packs whose laws judge the mutant; by default those of its protocols, by name.
    """
    if stop():
        return ()
    places = mutant.protocols if places is None else places
    trial = Trial(mutant.module, mutant.text, places, effort, fingerprint(""), suspects)
    # The judge imports the same packages as this process, and hashes strings in the same order on every machine.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONHASHSEED": "0",
    }
    for _ in range(DEATHS):
        code, answer, problem = _asked(JUDGES[name], trial, environment, stop)
        if code == 0:
            return tuple(Fate.from_json(fate) for fate in json.loads(answer.splitlines()[-1]))
        if code is None or stop():
            return ()
        if code > 0:
            raise JudgeError(f"the judge of {mutant.mutant_id} ({name}) failed: {problem.strip()}")
    return ()


def _asked(judge: str, trial: Trial, environment: dict[str, str], stop: Stop) -> tuple[int | None, str, str]:
    """The exit code of a judge's process, its standard output and its standard error. The code is negative if it was
    killed, None if the run was to stop.
    """
    # A file instead of a pipe: when `communicate` times out, it never sends the rest of the input.
    with TemporaryFile("w+", encoding="utf-8") as question:
        json.dump(attrs.asdict(trial), question)
        question.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", judge],
            stdin=question,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,  # An interruption is for this process, which ends its judges.
        )
    while True:
        try:
            answer, problem = process.communicate(timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if stop():
                process.kill()
                process.communicate()
                return None, "", ""
        else:
            return process.returncode, answer, problem
