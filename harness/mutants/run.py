"""One run of `restake mutate`: every mutant judged in a process of its own, over all cores."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from random import Random

import attrs
from rich.progress import Progress

from harness.mutants.fate import Effort, Fate, Trial
from harness.mutants.generator import generated
from harness.mutants.mutant import CATALOGUE, Mutant, catalogue, equivalents, read_source
from harness.source import fingerprint
from harness.stopping import Stop
from spec.codec import Json

BARS: Mapping[bool, float] = {True: 0.95, False: 0.85}
"""Which part of the catalogue (True), and of the generated mutants that are not equivalent, the laws must kill."""

UNCHANGED = "unchanged"
SHARED = "arithmetic.py"

POLL_SECONDS = 0.2


class UnknownMutantError(Exception):
    """A mutant that was asked for is neither written down nor generated."""


class JudgeError(Exception):
    """A judge did not answer; the message says what it said instead."""


@attrs.frozen
class Judged:
    """A mutant, why it is no bug if it is none, and what each judge says of it. The laws are the first judge."""

    mutant: Mutant
    equivalent: str | None
    fates: tuple[Fate, ...]

    @property
    def is_killed(self) -> bool:
        """Whether any judge noticed it by what it is there for."""
        return any(fate.outcome == "killed" for fate in self.fates)

    @property
    def counts(self) -> bool:
        """Whether it is a bug that can be loaded: what is neither tells nothing about the laws."""
        return self.equivalent is None and all(fate.outcome != "unviable" for fate in self.fates)

    @property
    def is_written(self) -> bool:
        """Whether it is of the catalogue."""
        return self.mutant.operator == CATALOGUE

    def as_json(self) -> Json:
        """What `--json` says of it: all but the source."""
        mutant = attrs.asdict(self.mutant, filter=lambda field, _: field.name != "text")
        return {**mutant, "equivalent": self.equivalent, "fates": [fate.as_json() for fate in self.fates]}


@attrs.frozen
class Choice:
    """Which mutants to judge: written ones, generated ones, those of some protocols, those of some ids, a sample."""

    written: bool = True
    generated: bool = True
    protocols: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 0

    def mutants(self) -> list[Mutant]:
        """Those chosen, in their order. UnknownMutantError if an id is of none."""
        written = catalogue() if self.written or self.ids else []
        everything = [*written, *(generated() if self.generated or self.ids else [])]
        if unknown := set(self.ids) - {mutant.mutant_id for mutant in everything}:
            raise UnknownMutantError(f"unknown mutant {min(unknown)!r}: `restake mutate --list` names them all")
        chosen = [
            mutant
            for mutant in everything
            if (not self.ids or mutant.mutant_id in self.ids)
            and (not self.protocols or set(mutant.protocols) & set(self.protocols))
        ]
        if self.sample is None or self.sample >= len(chosen):
            return chosen
        picked = Random(self.seed).sample(range(len(chosen)), self.sample)
        return [chosen[position] for position in sorted(picked)]


class Mutation:
    """Keeps every judgement as it comes, so that an interruption loses none."""

    def __init__(self, mutants: Iterable[Mutant], effort: Effort, stop: Stop) -> None:
        self.mutants = list(mutants)
        self.effort = effort
        self.stop = stop
        self._judged: dict[str, Judged] = {}
        self._equivalents = equivalents()

    @property
    def judged(self) -> list[Judged]:
        """What is known, in the order of the mutants."""
        return [self._judged[mutant.mutant_id] for mutant in self.mutants if mutant.mutant_id in self._judged]

    @property
    def is_cut_short(self) -> bool:
        """Whether there are mutants that were not judged."""
        return len(self._judged) < len(self.mutants)

    def run(self, jobs: int, progress: Progress) -> None:
        """Judge all of them, so many at a time, until none is left or the run is to stop.

        The specification as it is faces the same laws: one that breaks there says nothing of any mutant. JudgeError if
        one does, or if a judge fails.
        """
        bar = progress.add_task("judging mutants", total=len(self.mutants), news="")
        pool = ThreadPoolExecutor(jobs)
        try:
            everybody = [*self._unchanged(), *self.mutants]
            running = {pool.submit(judge, mutant, self.effort, self.stop): mutant for mutant in everybody}
            for done in as_completed(running):
                fate = done.result()
                if fate is not None and running[done].operator == UNCHANGED:
                    if fate.outcome != "survived":
                        raise JudgeError(f"without any mutant, {', '.join(fate.by) or fate.note} breaks")
                elif fate is not None:
                    self._keep(running[done], fate)
                    progress.update(bar, advance=1, news=f"{len(self.survivors())} not killed")
        finally:
            pool.shutdown(cancel_futures=True)

    def _unchanged(self) -> list[Mutant]:
        """The specification as it is, for each of the protocols that mutants are of."""
        protocols = sorted({protocol for mutant in self.mutants for protocol in mutant.protocols})
        text = read_source(SHARED)
        return [Mutant(UNCHANGED, (name,), SHARED, UNCHANGED, "", "", "", "", text) for name in protocols]

    def _keep(self, mutant: Mutant, fate: Fate) -> None:
        equivalent = self._equivalents.get((mutant.mutant_id, mutant.wrong))
        self._judged[mutant.mutant_id] = Judged(mutant, equivalent, (fate,))

    def survivors(self) -> list[Judged]:
        """Bugs that no judge noticed."""
        return [judged for judged in self.judged if judged.counts and not judged.is_killed]

    def rate(self, is_written: bool) -> tuple[int, int]:
        """How many mutants of the catalogue, or of the generated ones, were killed, and of how many that count."""
        counted = [judged for judged in self.judged if judged.counts and judged.is_written == is_written]
        return sum(judged.is_killed for judged in counted), len(counted)

    def failures(self) -> list[str]:
        """Why the run fails: too many that live, and mutants called equivalent that are not."""
        failures: list[str] = []
        for is_written, bar in BARS.items():
            killed, counted = self.rate(is_written)
            if killed < bar * counted:
                which = "the catalogue" if is_written else "the generated mutants"
                failures.append(f"{killed} of {counted} of {which} killed by laws: the bar is {bar:.0%}")
        wrong = [judged.mutant.mutant_id for judged in self.judged if judged.equivalent and judged.is_killed]
        if wrong:
            failures.append(f"called equivalent, but killed: {', '.join(wrong)}")
        return failures

    @property
    def exit_code(self) -> int:
        """0 the bars hold, 1 they do not, 5 nothing was judged."""
        if not self._judged:
            return 5
        return 1 if self.failures() else 0

    def as_json(self) -> dict[str, Json]:
        """Everything found, for machines."""
        rates = {"catalogue": self.rate(True), "generated": self.rate(False)}
        return {
            "effort": attrs.asdict(self.effort),
            "rates": {name: {"killed": killed, "counted": counted} for name, (killed, counted) in rates.items()},
            "failures": self.failures(),
            "is_cut_short": self.is_cut_short,
            "mutants": [judged.as_json() for judged in self.judged],
        }


def judge(mutant: Mutant, effort: Effort, stop: Stop) -> Fate | None:
    """What the laws say of one mutant; None if the run is to stop before they do."""
    if stop():
        return None
    trial = Trial(mutant.module, mutant.text, mutant.protocols, effort, fingerprint(""))
    # The judge finds the same packages as this process, and hashes strings in one order on every machine.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONHASHSEED": "0",
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-B", "-m", "harness.mutants.judge"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,  # An interruption is for this process, which ends its judges.
    )
    asked: str | None = json.dumps(attrs.asdict(trial))
    while True:
        try:
            answer, problem = process.communicate(asked, timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            asked = None
            if stop():
                process.kill()
                process.communicate()
                return None
        else:
            break
    if process.returncode != 0:
        raise JudgeError(f"the judge of {mutant.mutant_id} failed: {problem.strip()}")
    return Fate.from_json(json.loads(answer.splitlines()[-1]))
