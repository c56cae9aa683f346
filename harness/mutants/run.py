"""One run of `restake mutate`: every mutant judged in processes of their own, by laws and proofs, over all cores."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
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
"""The least kill rate of the catalogue (True), and of the generated mutants that are not equivalent."""

PROPERTIES_BAR = 0.85
"""The least kill rate of the catalogue by properties alone: laws that do not restate the rules."""

PROOFS_BAR = 0.9
"""The least part that proofs refute, of the catalogue's mutants that break a proved law."""

JUDGES: Mapping[str, str] = {
    "laws": "harness.mutants.judge",
    "proofs": "harness.mutants.refuting",
    "vectors": "harness.mutants.replaying",
}
"""The judges, each a module that is run in a process of its own."""

UNCHANGED = "unchanged"
SHARED = "arithmetic.py"

POLL_SECONDS = 0.2

DEATHS = 3
"""The times that a judge may be killed before its mutant is left undone."""


class UnknownMutantError(Exception):
    """A mutant that was asked for is neither written down nor generated."""


class JudgeError(Exception):
    """A judge did not answer; the message says what it said instead."""


@attrs.frozen
class Judged:
    """A mutant, why it is no bug if it is none, and what each judge says of it: the laws, first; the properties alone;
    the proofs, if they were asked.
    """

    mutant: Mutant
    equivalent: str | None
    fates: tuple[Fate, ...]

    @property
    def is_killed(self) -> bool:
        """True if the laws noticed it when the specification ran."""
        return self.fates[0].outcome == "killed"

    @property
    def is_killed_by_properties(self) -> bool:
        """True if a law noticed it that does not restate the rules."""
        return any(fate.judge == "properties" and fate.outcome == "killed" for fate in self.fates)

    @property
    def is_refuted(self) -> bool:
        """True if a proved law was refuted by a state and a call that break it."""
        return any(fate.judge == "proofs" and fate.outcome == "killed" for fate in self.fates)

    @property
    def counts(self) -> bool:
        """True if it is a bug that can be loaded: what is neither tells nothing about the laws."""
        return self.equivalent is None and all(fate.outcome != "unviable" for fate in self.fates)

    @property
    def is_written(self) -> bool:
        """True if it is of the catalogue."""
        return self.mutant.operator == CATALOGUE

    def as_json(self) -> Json:
        """The mutant as `--json` writes it: all but the source."""
        mutant = attrs.asdict(self.mutant, filter=lambda field, _: field.name != "text")
        return {**mutant, "equivalent": self.equivalent, "fates": [fate.as_json() for fate in self.fates]}


@attrs.frozen
class Choice:
    """The mutants to judge: written ones, generated ones, those of some protocols, those of some ids, a sample.

    Those written in a file from outside, if one is named, instead of this project's.
    """

    written: bool = True
    generated: bool = True
    packs: Mapping[str, ProtocolPack] = attrs.field(factory=known_packs)
    ids: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 0
    file: Path | None = None

    def mutants(self) -> list[Mutant]:
        """Those chosen, in their order. UnknownMutantError if an id is of none."""
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
        if self.sample is None or self.sample >= len(chosen):
            return chosen
        picked = Random(self.seed).sample(range(len(chosen)), self.sample)
        return [chosen[position] for position in sorted(picked)]


class Mutation:
    """Keeps every judgement as it comes, so that an interruption loses none."""

    def __init__(
        self,
        mutants: Iterable[Mutant],
        effort: Effort,
        stop: Stop,
        proves: bool = False,
        file: Path | None = None,
        packs: Mapping[str, ProtocolPack] | None = None,
    ) -> None:
        self.packs = {**known_packs(), **(packs or {})}
        self.mutants = list(mutants)
        self.effort = effort
        self.stop = stop
        self.proves = proves
        self.file = file
        self.undone: list[str] = []
        """Those, the specification as it is among them, whose judges were killed."""
        self._judged: dict[str, Judged] = {}
        self._equivalents = equivalents()
        self._proved: dict[str, set[str]] = {}

    @property
    def command(self) -> str:
        """The command that judges them alike: its file, its protocols from outside, its effort, and its proofs."""
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
        """The verdicts known, in the order of the mutants."""
        return [self._judged[mutant.mutant_id] for mutant in self.mutants if mutant.mutant_id in self._judged]

    @property
    def is_cut_short(self) -> bool:
        """True if there are mutants that were not judged."""
        return len(self._judged) < len(self.mutants)

    def run(self, jobs: int, progress: Progress) -> None:
        """Judge all of them, so many at a time, until none is left or the run is to stop.

        The specification as it is faces the same laws: one that breaks there says nothing of any mutant. JudgeError if
        one does, if a judge fails, or if proofs are asked for and the ledger does not know the source as it is.
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
        """The verdicts of all judges on a mutant; nothing if the run is to stop before."""
        fates = self.judge("laws", mutant, ())
        if not fates or not self.proves or mutant.operator == UNCHANGED or fates[0].outcome == "unviable":
            return fates
        proved = self.judge("proofs", mutant, fates[0].by)
        return (*fates, *proved) if proved else ()

    def judge(self, name: str, mutant: Mutant, suspects: tuple[str, ...]) -> tuple[Fate, ...]:
        """The verdict of one of the JUDGES on one mutant; nothing if the run is to stop before."""
        places = tuple([self.packs[protocol].place for protocol in mutant.protocols])
        return judge(name, mutant, self.effort, suspects, self.stop, places)

    def _demand_ledgers(self) -> None:
        """Demand that the ledger is of the source as it is: else a mutant refutes nothing."""
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
        """The specification as it is, for each of the protocols that mutants are of."""
        protocols = sorted({protocol for mutant in self.mutants for protocol in mutant.protocols})
        text = read_source(SHARED)
        return [Mutant(UNCHANGED, (name,), SHARED, UNCHANGED, "", "", "", "", text) for name in protocols]

    def _keep(self, mutant: Mutant, fates: tuple[Fate, ...]) -> None:
        equivalent = self._equivalents.get((mutant.mutant_id, mutant.wrong))
        self._judged[mutant.mutant_id] = Judged(mutant, equivalent, fates)

    def survivors(self) -> list[Judged]:
        """Bugs that the laws did not notice."""
        return [judged for judged in self.judged if judged.counts and not judged.is_killed]

    def proof_rate(self) -> tuple[int, int]:
        """The mutants of the catalogue that the proofs refuted, and all of it that break a proved law: those that laws
        killed which are proved of some call, and those that the proofs refuted.
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
        """The mutants of the catalogue, or generated ones, that were killed, and all of them that count."""
        counted = [judged for judged in self.judged if judged.counts and judged.is_written == is_written]
        return sum(judged.is_killed for judged in counted), len(counted)

    def property_rate(self, is_written: bool) -> tuple[int, int]:
        """The mutants of the catalogue, or generated ones, that properties alone killed, and all of them that count."""
        counted = [judged for judged in self.judged if judged.counts and judged.is_written == is_written]
        return sum(judged.is_killed_by_properties for judged in counted), len(counted)

    def failures(self) -> list[str]:
        """The reasons for which the run fails: too many survivors, and mutants called equivalent that are not."""
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
        """0 the bars hold, 1 they do not, 2 not all were judged, 5 none was."""
        is_open = bool(self._judged) and self.is_cut_short
        return exit_code(failed=bool(self.failures()), is_open=is_open or bool(self.undone), is_empty=not self._judged)

    def as_json(self) -> dict[str, Json]:
        """Everything found, for machines."""
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
    """The verdict of one of the JUDGES on one mutant. Nothing if the run is to stop before it, or if the judge is
    killed again and again. The packs of `places` bring the laws: of the mutant's protocols, by name.
    """
    if stop():
        return ()
    places = mutant.protocols if places is None else places
    trial = Trial(mutant.module, mutant.text, places, effort, fingerprint(""), suspects)
    # The judge finds the same packages as this process, and hashes strings in one order on every machine.
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
    """The exit of a judge's process, negative if it was killed and None if the run was to stop; and its output."""
    # A file, and no pipe: what is left of a question when the time of `communicate` is up, it never sends.
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
