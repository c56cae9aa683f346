"""The judge that runs laws on one mutant, in a process of its own: `python -m harness.mutants.judge` reads a trial,
which contains the mutant, and prints two verdicts (fates) as JSON: by all laws, and by the properties alone.

Nothing of the specification may be imported before the mutant is installed. After that, the whole specification and all
laws are loaded from source, so that no compiled module calls the original instead of the mutant.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import signal
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import attrs

from harness.mutants.fate import Effort, Fate, Trial
from harness.pack import ProtocolPack, UnknownProtocolError
from harness.protocols import pack_at
from harness.source import ROOMS, fingerprint
from harness.stopping import end_with_parent

CPU_SECONDS = 5.0
"""The limit in CPU seconds of one run. The longest takes a fraction of a second, so a run beyond it never ends."""


class Endless(Exception):
    """The exception for a run that takes more processor time than the CPU_SECONDS of the module that runs it."""


class MutantLoader(importlib.machinery.SourceFileLoader):
    """The loader of a module with another source text than its file's."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        """The code object of the mutant's text, never the cached code of the file."""
        return compile(self._text, self.path, "exec", dont_inherit=True)


class SourceFinder(importlib.abc.MetaPathFinder):
    """The import finder that loads modules of the specification and the laws from source, compiled or not. The mutant
    is loaded from its text. `others` are modules of packs from outside, whose packages are loaded from source as well.
    """

    def __init__(self, module: str, text: str, others: Collection[str] = ()) -> None:
        self._module = module
        self._text = text
        self._roots = {*ROOMS, *[other.partition(".")[0] for other in others]}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The import spec of a module of the specification or the laws, to be loaded from source. None for packages,
        which are not compiled, and for all other modules.
        """
        if fullname.partition(".")[0] not in self._roots:
            return None
        for folder in sys.path if path is None else path:
            file = Path(folder) / f"{fullname.rpartition('.')[2]}.py"
            if file.exists():
                loader = importlib.machinery.SourceFileLoader(fullname, str(file))
                if fullname == self._module:
                    loader = MutantLoader(fullname, str(file), self._text)
                return importlib.util.spec_from_file_location(fullname, file, loader=loader)
        return None


def judged(trial: Trial) -> list[Fate]:
    """The verdicts of all laws on a mutant, and of the properties alone. The properties are run separately only if all
    laws that broke are model laws.
    """
    fate, properties, quiet = broken_in(trial, runs)
    if fate.outcome != "killed" or properties:
        return [fate, attrs.evolve(fate, judge="properties", by=properties)]
    return [fate, attrs.evolve(broken_in(trial, property_runs, quiet)[0], judge="properties")]


@attrs.frozen
class Quiet:
    """The number and the steps of the leading runs in which no law broke and nothing was raised. The runs are those of
    a suite, the sequence of runs that judge a mutant.

    Such runs are quiet with fewer laws, too: the laws that are checked do not change what a run does.
    """

    runs: int = 0
    steps: int = 0


def broken_in(trial: Trial, suite: "Suite", known: Quiet = Quiet()) -> tuple[Fate, tuple[str, ...], Quiet]:
    """Run a suite until a law breaks. Returns the fate, the properties among the laws that broke, and the quiet runs
    before.

    A run that raises an exception is noted, and the next ones are still tried; a run that does not end is the last. The
    runs in `known` are skipped and counted as quiet.
    """
    steps, crash, quiet = known.steps, "", known
    try:
        for method, seed, run in islice(suite(trial.protocols, trial.effort), known.runs, None):
            signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
            try:
                taken, step, laws, properties = run()
            except Endless:
                return Fate("laws", "crashed", (), method, seed, None, steps, "a run that does not end"), (), quiet
            except Exception as error:  # a mutant may raise anything; it is counted as a crash, never as killed
                crash = crash or described(error)
                continue
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            steps += taken
            if laws:
                return Fate("laws", "killed", laws, method, seed, step, steps, crash), properties, quiet
            if not crash:
                quiet = Quiet(quiet.runs + 1, steps)
    except Exception as error:  # it cannot even be imported
        return Fate("laws", "unviable", (), None, None, None, 0, described(error)), (), quiet
    return Fate("laws", "crashed" if crash else "survived", (), None, None, None, steps, crash), (), quiet


Ran = tuple[int, int, tuple[str, ...], tuple[str, ...]]
"""The result of a run: its steps, the step at which laws broke, these laws, and the properties among them."""

Suite = Callable[[Sequence[str], Effort], Iterator[tuple[str, int, Any]]]
"""A function from protocols and an effort to runs, each a method, a seed and a function without arguments."""


def runs(protocols: Sequence[str], effort: Effort) -> Iterator[tuple[str, int, Any]]:
    """The runs that judge a mutant by all laws: walks first, then the bounded models, then plays of games.

    Each is a method, a seed and a function that executes the run.
    """
    return _suite([pack_at(place) for place in protocols], effort, lambda part: part)


def property_runs(protocols: Sequence[str], effort: Effort) -> Iterator[tuple[str, int, Any]]:
    """The runs that judge a mutant by the properties alone (all laws but model laws): walks, then bounded models, then
    plays of games.

    Each is a method, a seed and a function that executes the run.
    """
    return _suite([pack_at(place) for place in protocols], effort, lambda part: part.of_properties())


def _suite(
    packs: Sequence[ProtocolPack], effort: Effort, judging: Callable[[Any], Any]
) -> Iterator[tuple[str, int, Any]]:
    walks = [judging(pack.walk) for pack in packs if pack.walk is not None]
    for seed in by_turns(effort.walks):
        for walk in walks:
            yield "walk", seed, lambda walk=walk, seed=seed: walked(walk, seed, effort.steps)
    for pack in packs:
        if pack.bounded_model is not None:
            model = judging(pack.bounded_model)
            yield "world", 0, lambda model=model: explored(model, effort.depth)
    for seed in range(effort.plays):
        for pack in packs:
            for game in pack.games:
                yield "game", seed, lambda game=game, seed=seed: played(game, seed, effort.moves)


WALKS_PER_SCENARIO = 6
"""One walk in this many takes a scenario, so that 120 walks take every scenario of every protocol."""


def by_turns(walks: int) -> list[int]:
    """The seeds of `walks` walks, alternating between ordinary worlds and scenarios while there are both.

    A bug that ordinary walks hardly reach is found early in this order.
    """
    per_seeds = importlib.import_module("invariants.walker").SEEDS_PER_SCENARIO
    count = walks // WALKS_PER_SCENARIO
    scenarios = [per_seeds * turn - 1 for turn in range(1, count + 1)]
    seeds = (seed for seed in range(per_seeds * walks) if (seed + 1) % per_seeds)
    ordinary = list(islice(seeds, walks - count))
    turns = [seed for pair in zip(ordinary, scenarios, strict=False) for seed in pair]
    return [*turns, *ordinary[count:]]


def walked(walk: Any, seed: int, steps: int) -> Ran:
    """The result of one random walk: its steps, the step at which laws broke, these laws, and the properties among
    them.
    """
    report = importlib.import_module("invariants.walker").random_walk(walk, seed, steps)
    laws = tuple(sorted({violation.law.law_id for violation in report.violations}))
    return report.steps, report.steps, laws, tuple(law for law in laws if law not in walk.catalogue.model)


def explored(model: Any, depth: int) -> Ran:
    """The result of trying every sequence of up to `depth` calls in a bounded model. The step at which laws broke is
    the length of the shortest sequence that breaks one; 0 if none does.
    """
    met = importlib.import_module("invariants.exploring").explore(model, depth, prunes=True, goes_on=lambda _: True)
    shortest = min((len(broken.calls) for broken in met.broken.values()), default=0)
    laws = tuple(sorted(met.broken))
    return met.steps, shortest, laws, tuple(law for law in laws if law not in model.walk.catalogue.model)


def played(game: Any, seed: int, moves: int) -> Ran:
    """The result of one play of a game with up to `moves` moves.

    It holds the accepted moves, the play's length in actions, and the game's law if the party gained too much. The law
    counts as a property, too, as every game's does.
    """
    choices = importlib.import_module("invariants.choices").Seeded(seed)
    report = importlib.import_module("invariants.game").play(game, choices, moves)
    laws = (game.law_id,) if report.excess > 0 else ()
    return report.moves, len(report.actions), laws, laws


def described(error: BaseException) -> str:
    """An exception as one line: its type, the place in this project's source, and its message.

    An UnknownProtocolError with a cause is described by its cause.
    """
    if isinstance(error, UnknownProtocolError) and error.__cause__ is not None:
        error = error.__cause__
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _room(frame.filename) in ROOMS]
    where = f" in {_room(frames[-1].filename)}: {frames[-1].name}" if frames else ""
    return f"{type(error).__name__}{where}: {error}"


def _room(file: str) -> str:
    parts = Path(file).parts
    return next((part for part in reversed(parts[:-1]) if part in ROOMS), "")


def end_run(_number: int, _frame: FrameType | None) -> None:
    """Raise Endless, as the handler of the timer signal of a run that takes too long."""
    raise Endless


def read_trial() -> Trial:
    """The trial on this process's standard input. Exits if the source here differs from that of the trial's
    fingerprint. Also makes this process end with its parent, and installs the handler of the run timer.
    """
    end_with_parent()
    trial = Trial.from_json(json.load(sys.stdin))
    if trial.fingerprint != fingerprint(""):
        sys.exit(f"the source has changed: asked for is {trial.fingerprint}, here is {fingerprint('')}")
    signal.signal(signal.SIGVTALRM, end_run)
    return trial


def install(trial: Trial) -> None:
    """Install the mutant: from now on, the specification and all laws are loaded from source."""
    others = [module for place in trial.protocols for module in pack_at(place).modules]
    others = [module for module in others if module.partition(".")[0] not in ("proofs", "harness")]
    sys.meta_path.insert(0, SourceFinder(trial.module, trial.text, others))


def answer(fates: Iterable[Fate]) -> None:
    """Print fates as JSON on standard output."""
    print(json.dumps([fate.as_json() for fate in fates]))  # noqa: T201 the answer of this process


def main() -> None:
    """Read one trial, judge its mutant by laws, and print the fates. The process has not imported the specification
    before.
    """
    trial = read_trial()
    install(trial)
    answer(judged(trial))


if __name__ == "__main__":
    main()
