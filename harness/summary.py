"""The short report of `restake check`: the verdict, what was checked, proved, found and not reached, then one line per
law. `harness/report.py` prints the details.
"""

import shlex
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape

from harness.assumed import ONE_IN
from harness.outcome import RunOutcome
from harness.report import (
    doubts_in,
    plain_table,
    print_details,
    print_finding,
    print_table,
    print_trace,
    print_wrapped,
    replayed,
)
from harness.suite import Row, SuiteReport, counted
from harness.symbols import legend
from harness.traces import bundled_findings, place_of

ADVICE: Final = (
    "",
    "restake check --format json writes all of it as data, by the schema that --schema writes.",
    "restake check -v shows the figures of each method, of each action and each reason.",
    "restake laws --explain ID says all of one law: formula, source, proof, and how many mutants it kills.",
)
"""The last lines of a short report."""

COLUMNS: Final = (
    "checked: how often. proved: of how many of the calls that could break it, * within a scope, ? in doubt. "
    "kills: how many mutants it notices. -: does not apply. Witnesses are situations that some run has to reach."
)
"""The explanation of the columns in a law's line."""

REPRODUCE: Final = "reproduce: "
"""The text before a command that reproduces a result."""

MOST_TRACES: Final = 3
"""The number of differing traces that are printed in full."""

MOST_DIFFERENCES: Final = 12
"""The most differences printed of one such trace; its command prints all."""

MOST_NAMES = 6
"""The most names in one line of the short report."""


def print_outcome(console: Console, outcome: RunOutcome, is_long: bool) -> None:
    """Print the report of a run: verdict, provenance, a block for each protocol, failures, then a line for each law, or
    the matrix and the coverage if `is_long`.
    """
    console.print(f"restake check: {outcome.verdict}", style="bold", markup=False)
    for line in made_by(outcome):
        print_wrapped(console, line, "  ", "    ")
    for suite in outcome.suites:
        print_block(console, suite)
    print_failures(console, outcome)
    for suite in outcome.suites:
        (print_details if is_long else print_laws)(console, suite)
    if not is_long:
        if any(suite.steps for suite in outcome.suites):
            console.print()
            print_wrapped(console, COLUMNS)
        for line in ADVICE:
            console.print(line, markup=False, soft_wrap=True)


def print_failures(console: Console, outcome: RunOutcome) -> None:
    """Print the findings and the differing traces: the first traces in full, the others by their command."""
    shown = [report for report in outcome.reports if report.verdict in ("differs", "malformed", "breaks")]
    if shown or any(suite.findings for suite in outcome.suites):
        console.print()
    for suite in outcome.suites:
        for finding in suite.findings.values():
            broken = next(row.broken for row in suite.rows() if row.law == finding.law)
            print_finding(console, suite.protocol.name, finding, broken)
    for report in shown[:MOST_TRACES]:
        print_trace(console, report, MOST_DIFFERENCES)
    for report in shown[MOST_TRACES:]:
        console.print(f"{report.verdict:9} {report.command}", markup=False, soft_wrap=True)


def made_by(outcome: RunOutcome) -> list[str]:
    """The provenance of a run as lines: duration, exit code, versions, options, volume, and the command that repeats
    it.
    """
    made = outcome.made_by
    commit = f" (commit {made.commit})" if made.commit else " (commit unknown)"
    parts = ", ".join([f"{part} {lasted(seconds)}" for part, seconds in made.parts.items() if seconds])
    asked = f"profile {made.profile}" + "".join([f", --law {law}" for law in made.laws])
    speed = f"{made.steps_per_second:,} a second" if made.steps_per_second else "none"
    lines = [
        f"took {lasted(made.seconds)}; exit code {outcome.code}: {outcome.code_in_words}",
        f"restake {made.version}{commit}, {made.built} specification, {made.solver}; {asked}, seed {made.seed}",
        f"{made.drawn_steps:,} steps drawn, {speed}, {made.processes}; Python {made.python}",
        replayed(outcome.reports),
        *([f"time: {parts}"] if parts else []),
        f"begun {made.began}; reproduce: {made.command}",
    ]
    others = (outcome.problem, outcome.unfinished)
    return lines + [said for said in others if said is not None and said not in outcome.code_in_words]


def in_parts(line: str) -> tuple[str, str]:
    """A line split at its command: the text, and the command that reproduces it; the command is empty if
    there is none.
    """
    said, _, command = line.partition(REPRODUCE)
    return (said + REPRODUCE, command) if command else (line, "")


def lasted(seconds: float) -> str:
    """A duration in minutes and seconds, or below a minute in seconds with one decimal."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def print_block(console: Console, suite: SuiteReport) -> None:
    """Print the result of one protocol: failures first, then checks, laws, proofs, mutants, findings and gaps."""
    console.print(f"\n{suite.protocol.name}: {suite.verdict}", style="bold", markup=False)
    for what, said in blocks(suite):
        style = "red" if what in ("failure", "not finished") else ""
        for position, line in enumerate(said):
            name = what if position == 0 else ""
            print_wrapped(
                console, line.lstrip(), f"  {name:12} {' ' * (len(line) - len(line.lstrip()))}", " " * 17, style
            )


def blocks(suite: SuiteReport) -> list[tuple[str, list[str]]]:
    """The result of one protocol, as pairs of a heading and its lines; the lines may be empty."""
    return [
        ("failure", failing(suite)),
        ("not finished", suite.unfinished()),
        ("specified", [suite.specifies] if suite.specifies else []),
        ("checked", checked(suite)),
        ("laws", verdicts(suite)),
        ("proved", proved(suite)),
        ("mutants", mutants(suite)),
        ("found", found(suite)),
        ("not reached", not_reached(suite)),
    ]


def failing(suite: SuiteReport) -> list[str]:
    """The failures of a run as lines, each with the first names concerned; traces by their
    `harness.traces.place_of`.
    """
    lines = []
    for what, names in suite.failing().items():
        lines.append(f"{what}: {named([place_of(Path(name)) if name in suite.differing else name for name in names])}")
    return lines


def checked(suite: SuiteReport) -> list[str]:
    """The numbers of runs and calls by method, the number of assumed laws, and what was not reached and need not be."""
    parts = [
        f"{counted(done.runs, what)}, {counted(done.steps, 'call')}"
        for what, done in (
            ("recorded trace", suite.on_traces),
            ("random walk", suite.on_walks),
            ("Hypothesis example", suite.by_hypothesis),
            ("game", suite.in_games),
        )
        if done.runs
    ]
    said = ["; ".join(parts)] if parts else ["nothing"]
    if suite.assumed:
        said.append(
            f"{len(suite.assumed)} laws, in the ledger proved of every call and within no bound, "
            f"on one random walk in {ONE_IN} only"
        )
    return said + [f"not reached, {why}: {named(names)}" for why, names in suite.excused().items()]


def verdicts(suite: SuiteReport) -> list[str]:
    """The number of laws and games by verdict, as one line of text; no line without laws."""
    count = Counter(row.verdict for row in suite.rows() if row.kind != "witness")
    said = [
        f"{number:,} {verdict}{'s' if verdict == 'known violation' and number > 1 else ''}"
        for verdict, number in count.items()
    ]
    return [", ".join(said)] if said else []


def proved(suite: SuiteReport) -> list[str]:
    """The lines on proofs: laws proved of every call, scopes, known violations, and laws not fully proved."""
    if suite.evidence is None:
        return ["nothing, as the run ended before" if suite.has_theory else "no law: the protocol has no theory"]
    laws = {row.law: row.proof for row in suite.rows() if row.proof is not None}
    whole = [law for law, proof in laws.items() if proof is not None and proof.is_whole]
    bounded = [law for law in whole if (proof := laws[law]) is not None and proof.scopes]
    rest = [
        law for law, proof in laws.items() if law not in whole and proof is not None and not proof.is_known_violation
    ]
    said = [
        f"{len(whole)} of {len(laws)} laws, of every call, for any number of accounts, rows and steps (docs/proofs.md)"
    ]
    if not laws:
        said = ["none of the laws that were checked: they are no part of the theory"]
    if bounded:
        said.append(f"{len(bounded)} of these, marked *, within a scope that restake prove --law ID names")
    known = [law for law, proof in laws.items() if proof is not None and proof.is_known_violation]
    if known:
        said.append(f"known violations, of which no proof is due: {named(known)}")
    unproved = [row.law for row in suite.rows() if row.proof is None and row.kind != "witness"]
    if laws and unproved:
        said.append(f"checked and never proved: {', '.join(unproved)}")
    if rest:
        said.append(f"not whole: {named(rest)}")
    said += doubts_in({law: proof for law, proof in laws.items() if proof is not None})
    held = sum(suite.evidence.verdicts.values())
    if held < suite.evidence.due:
        stale = f"{suite.evidence.due - held:,} of {suite.evidence.due:,} verdicts are stale or missing here"
        said.append(f"{stale}; restake prove proves them")
    if suite.evidence.undone:
        undone = suite.evidence.undone
        said.append(f"{len(undone):,} verdicts were to be proved in this run and were not, {undone[0]} the first")
    if suite.evidence.verdicts_now:
        said.append(f"{suite.evidence.verdicts_now:,} verdicts were proved in this run, by {suite.evidence.solver}")
    return said


def mutants(suite: SuiteReport) -> list[str]:
    """The lines on mutants: how many laws kill any mutant, and which laws kill none."""
    if suite.evidence is None or not suite.evidence.mutants:
        return []
    laws = [row for row in suite.rows() if row.kills is not None]
    noticing = [row for row in laws if row.kills]
    if not noticing:
        return [f"no law that was checked is known to kill one of {suite.evidence.mutants:,}: restake mutate tells"]
    said = [f"{len(noticing)} of {len(laws)} laws kill some of {suite.evidence.mutants:,} (docs/mutants.md)"]
    idle = [row.law for row in laws if not row.kills]
    return [*said, f"kill none: {', '.join(idle)}"] if idle else said


def found(suite: SuiteReport) -> list[str]:
    """The lines on laws that broke and on known violations."""
    said = []
    for finding in suite.findings.values():
        said.append(f"{finding.law} is violated: {finding.sentence}")
        said.append(f"  shown in {counted(finding.steps, 'step')}. reproduce: {finding.command}")
    for law_id, known in suite.catalogue.known_violations.items():
        trace = bundled_findings() / known.trace
        shown = f"reproduce: restake replay {shlex.quote(str(trace))}" if trace.is_file() else f"shown by {known.trace}"
        sentence = next((law.sentence for law in suite.catalogue.laws() if law.law_id == law_id), "")
        said.append(f"{law_id} is a known violation: {sentence}")
        said.append(f"  true instead: {known.instead}. {shown}")
    return said or ["nothing"]


def not_reached(suite: SuiteReport) -> list[str]:
    """The lines on gaps in coverage. In a run that is too short to be judged by them, they come with a note, without
    those witnesses that fail it.
    """
    found = suite.gaps()
    if not suite.judges_coverage:
        found = {what: [name for name in names if not suite.is_missed(name)] for what, names in found.items()}
    gaps = [f"{what}: {named(names)}" for what, names in found.items() if names]
    if gaps and not suite.judges_coverage:
        gaps.append("(no failure: so short a run is not judged by what it did not meet)")
    return gaps


def named(names: Collection[str]) -> str:
    """The first names of several, and the number of the others."""
    shown = [*names][:MOST_NAMES]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def tiers(suite: SuiteReport) -> dict[str, list[Row]]:
    """The rows of a protocol's laws by tier: properties, model laws, games, witnesses. Empty if nothing was checked."""
    rows = suite.rows() if suite.steps else []
    model = set(suite.catalogue.model)
    found = {
        "properties": [row for row in rows if row.kind not in ("game", "witness") and row.law not in model],
        "model of the rules": [row for row in rows if row.law in model],
        "games": [row for row in rows if row.kind == "game"],
        "witnesses": [row for row in rows if row.kind == "witness"],
    }
    return {tier: members for tier, members in found.items() if members}


LAW_HEADINGS: Final = ("law", "sentence", "checked", "proved", "kills", "verdict")
"""The column headings of the table of laws."""


def law_cells(row: Row) -> tuple[str, str, str, str, str, str]:
    """The cells of a law's line: id, sentence, times checked, calls proved, mutants killed, verdict."""
    checks = row.on_traces + row.on_walks + row.by_hypothesis + row.in_games
    proof = "-" if row.proof is None else row.proof.in_short
    kills = "-" if row.kills is None else f"{row.kills:,}"
    return row.law, row.sentence, f"{checks:,}", proof, kills, row.verdict


def legend_of(suite: SuiteReport, rows: Collection[Row]) -> list[str]:
    """The meanings of the symbols in the sentences of some rows."""
    return legend([(row.law, row.sentence) for row in rows], suite.symbols)


def print_laws(console: Console, suite: SuiteReport) -> None:
    """Print one table of laws for each tier, with sentences cut to the console's width."""
    for tier, rows in tiers(suite).items():
        table = plain_table()
        table.add_column("law", no_wrap=True)
        table.add_column(f"{suite.protocol.name}: {tier}", no_wrap=True, overflow="ellipsis", ratio=1)
        for heading in LAW_HEADINGS[2:-1]:
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column(LAW_HEADINGS[-1], no_wrap=True)
        for row in rows:
            style = "bold red" if row.verdict in ("VIOLATED", "VACUOUS", "NOT REACHED") else ""
            table.add_row(*[escape(cell) for cell in law_cells(row)], style=style)
        table.expand = True
        console.print()
        print_table(console, table)
        for line in legend_of(suite, rows):
            print_wrapped(console, line)
