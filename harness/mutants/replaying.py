"""The judge that replays vectors (recorded traces for clients) on one mutant, in a process of its own: `python -m
harness.mutants.replaying` reads a trial, which names the mutant, and prints the verdict, a fate, as JSON.

The trial's suspects are the vectors' files, in order. A mutant is killed by the first vector whose replay differs or
fails. The caller has checked the digest of each file.
"""

import gzip
import json
import signal
from pathlib import Path

from harness.mutants.fate import Fate, Trial
from harness.mutants.judge import CPU_SECONDS, answer, described, install, read_trial
from harness.protocols import pack_at


def killed_by(trial: Trial) -> Fate:
    """The fate of a mutant, after replaying the vectors in `trial.suspects` until one differs
    or raises an exception.
    """
    # Imported here, because the mutant has to be installed before anything of the specification is imported.
    from harness.replay import replay
    from harness.traces import read_kept

    steps = 0
    try:
        packs = [pack_at(place) for place in trial.protocols]
        protocols = {pack.name: pack.protocol for pack in packs}
    except Exception as error:  # it cannot even be imported
        return Fate("vectors", "unviable", (), None, None, None, 0, described(error))
    for file in trial.suspects:
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS * 4)
        try:
            protocol, trace, _ = read_kept(json.loads(gzip.decompress(Path(file).read_bytes())), protocols)
            steps += len(trace.steps)
            mismatch = replay(protocol, trace)
        except Exception as error:  # a mutant may raise anything, or not even know the vector's constants
            return Fate("vectors", "killed", (file,), "vector", None, None, steps, described(error))
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if mismatch is not None:
            return Fate("vectors", "killed", (file,), "vector", None, mismatch.step, steps, "")
    return Fate("vectors", "survived", (), None, None, None, steps, "")


def main() -> None:
    """Read one trial, judge its mutant by vectors, and print the fate. The process has not imported the specification
    before.
    """
    trial = read_trial()
    install(trial)
    answer([killed_by(trial)])


if __name__ == "__main__":
    main()
