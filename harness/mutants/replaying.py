"""The judgement of vectors on one mutant, in a process of its own: `python -m harness.mutants.replaying` reads a trial
and answers with a fate, as JSON. The trial's suspects are the vectors, in the order in which they are replayed.

A mutant is killed by the first vector that it replays otherwise, or that it cannot replay at all.
"""

import json
import signal
import sys
from pathlib import Path

from harness.mutants.fate import Fate, Trial
from harness.mutants.judge import CPU_SECONDS, SourceFinder, described, end_run
from harness.protocols import pack_at
from harness.source import fingerprint


def killed_by(trial: Trial) -> Fate:
    """The fate of a mutant, after its vectors were replayed until one differs."""
    # Here, because a mutant has to be in its place before anything of the specification is imported.
    from harness.replay import replay
    from harness.traces import load_trace

    steps = 0
    try:
        packs = [pack_at(place) for place in trial.protocols]
        protocols = {pack.name: pack.protocol for pack in packs}
    except Exception as error:  # it cannot even be imported
        return Fate("vectors", "unviable", (), None, None, None, 0, described(error))
    for file in trial.suspects:
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS * 4)
        try:
            protocol, trace = load_trace(Path(file), protocols)
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
    """Answer one trial, in a process in which nothing of ours is imported yet."""
    trial = Trial.from_json(json.load(sys.stdin))
    if trial.fingerprint != fingerprint(""):
        sys.exit(f"the source has changed: asked for is {trial.fingerprint}, here is {fingerprint('')}")
    others = [module for place in trial.protocols for module in pack_at(place).modules]
    others = [module for module in others if module.partition(".")[0] not in ("proofs", "harness")]
    sys.meta_path.insert(0, SourceFinder(trial.module, trial.text, others))
    signal.signal(signal.SIGVTALRM, end_run)
    print(json.dumps([killed_by(trial).as_json()]))  # noqa: T201 the answer of this process


if __name__ == "__main__":
    main()
