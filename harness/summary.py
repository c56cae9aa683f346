"""The first screen of a run: the verdict, what was checked, proved and found, what was not reached; then each law in a
line. `harness/report.py` has the details.
"""

import shlex
from collections import Counter
from collections.abc import Collection

from rich.console import Console
from rich.markup import escape

from harness.report import TraceReport, plain_table, print_finding, print_table, print_trace
from harness.suite import Row, SuiteReport
from harness.traces import bundled_findings

MOST_NAMES = 6
"""The most names in a line of the first screen."""


def print_summary(
    console: Console,
    reports: Collection[TraceReport],
    suites: Collection[SuiteReport],
    code: int,
    made_by: Collection[str],
) -> None:
    """Print differences and breaks; the verdict of the run, its provenance, and a block for each protocol."""
    for report in reports:
        print_trace(console, report)
    for suite in suites:
        for finding in suite.findings.values():
            broken = next(row.broken for row in suite.rows() if row.law == finding.law)
            print_finding(console, suite.protocol.name, finding, broken)
    said = {verdict_of(suite) for suite in suites}
    verdict = said.pop() if code == 0 and len(said) == 1 else VERDICTS[code]
    console.print(f"restake check: {verdict}", style="bold", markup=False)
    for line in made_by:
        console.print(f"  {line}", markup=False, soft_wrap=True)
    for suite in suites:
        print_block(console, suite)


VERDICTS = {0: "holds", 1: "FAILED", 2: "not finished", 5: "nothing was checked"}
"""The verdict of the run, by its exit code."""


def verdict_of(suite: SuiteReport) -> str:
    """One protocol in a word."""
    if suite.steps == 0 and not suite.differing:
        return "nothing was checked"
    if suite.failures():
        return "FAILED"
    if suite.is_cut_short or suite.unfinished():
        return "not finished"
    laws = {row.verdict for row in suite.rows() if row.kind != "witness"}
    return "known violation" if laws == {"known violation"} else "holds"


def print_block(console: Console, suite: SuiteReport) -> None:
    """Print the result of one protocol: a line each for checks, laws, proofs, mutants, findings, gaps."""
    console.print(f"\n{suite.protocol.name}: {verdict_of(suite)}", style="bold", markup=False)
    for what, said in (
        ("checked", checked(suite)),
        ("laws", verdicts(suite)),
        ("proved", proved(suite)),
        ("mutants", mutants(suite)),
        ("found", found(suite)),
        ("not reached", not_reached(suite)),
    ):
        for position, line in enumerate(said):
            console.print(f"  {what if position == 0 else '':12} {line}", markup=False, soft_wrap=True)
    for failure in suite.failures():
        console.print(f"  {'failure':12} {escape(failure)}", style="red", soft_wrap=True)
    for reason in suite.unfinished():
        console.print(f"  {'not finished':12} {escape(reason)}", style="red", soft_wrap=True)


def checked(suite: SuiteReport) -> list[str]:
    """The volume of the run, by method."""
    parts = [
        f"{done.runs:,} {what}, {done.steps:,} calls"
        for what, done in (
            ("recorded traces", suite.on_traces),
            ("random walks", suite.on_walks),
            ("Hypothesis examples", suite.by_hypothesis),
            ("games", suite.in_games),
        )
        if done.runs
    ]
    return ["; ".join(parts)] if parts else ["nothing"]


def verdicts(suite: SuiteReport) -> list[str]:
    """The number of laws by verdict."""
    count = Counter(row.verdict for row in suite.rows() if row.kind != "witness")
    return [", ".join([f"{number:,} {verdict}" for verdict, number in count.items()])] if count else []


def proved(suite: SuiteReport) -> list[str]:
    """The laws proved of every call, their scopes, and the others."""
    if suite.evidence is None:
        return ["nothing, as the run ended before" if suite.has_theory else "no law: the protocol has no theory"]
    laws = {row.law: row.proof for row in suite.rows() if row.proof is not None}
    whole = [law for law, proof in laws.items() if proof is not None and proof.is_whole]
    bounded = [law for law in whole if (proof := laws[law]) is not None and proof.scopes]
    rest = [
        law for law, proof in laws.items() if law not in whole and proof is not None and not proof.is_known_violation
    ]
    said = [f"{len(whole)} of {len(laws)} laws, of every call, for any number of accounts, rows and steps"]
    if bounded:
        said.append(f"{len(bounded)} of these within a scope that restake prove --law ID names")
    if rest:
        said.append(f"not whole: {named(rest)}")
    held = sum(suite.evidence.verdicts.values())
    if held < suite.evidence.due:
        said.append(f"{suite.evidence.due - held:,} of {suite.evidence.due:,} verdicts are stale or missing here")
    if suite.evidence.undone:
        undone = suite.evidence.undone
        said.append(f"{len(undone):,} verdicts were to be proved in this run and were not, {undone[0]} the first")
    if suite.evidence.verdicts_now:
        said.append(f"{suite.evidence.verdicts_now:,} verdicts were proved in this run, by {suite.evidence.solver}")
    return said


def mutants(suite: SuiteReport) -> list[str]:
    """The number of laws that kill any mutant."""
    if suite.evidence is None or not suite.evidence.mutants:
        return []
    laws = [row for row in suite.rows() if row.kills is not None]
    noticing = [row for row in laws if row.kills]
    return [f"{len(noticing)} of {len(laws)} laws kill some of {suite.evidence.mutants:,} (docs/mutants.md)"]


def found(suite: SuiteReport) -> list[str]:
    """The laws that broke, and the known violations."""
    said = [f"{finding.law}: reproduce: {finding.command}" for finding in suite.findings.values()]
    for law_id, known in suite.catalogue.known_violations.items():
        trace = bundled_findings() / known.trace
        shown = f"reproduce: restake replay {shlex.quote(str(trace))}" if trace.is_file() else f"shown by {known.trace}"
        said.append(f"{law_id} is a known violation; true instead: {known.instead}. {shown}")
    return said or ["nothing"]


def not_reached(suite: SuiteReport) -> list[str]:
    """The gaps of the run; and if the run is judged by them."""
    gaps = [f"{what}: {named(names)}" for what, names in suite.gaps().items() if names]
    if gaps and not suite.judges_coverage:
        gaps.append("(no failure: so short a run is not judged by what it did not meet)")
    return gaps


def named(names: Collection[str]) -> str:
    """The first of some names, and how many more there are."""
    shown = [*names][:MOST_NAMES]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def print_laws(console: Console, suite: SuiteReport) -> None:
    """A line for each law: properties, then what restates the rules, then games and witnesses."""
    if suite.steps == 0:
        return
    rows = suite.rows()
    model = set(suite.catalogue.model)
    tiers = {
        "properties": [row for row in rows if row.kind not in ("game", "witness") and row.law not in model],
        "model of the rules": [row for row in rows if row.law in model],
        "games": [row for row in rows if row.kind == "game"],
        "witnesses": [row for row in rows if row.kind == "witness"],
    }
    for tier, members in tiers.items():
        if members:
            print_tier(console, f"{suite.protocol.name}: {tier}", members)


def print_tier(console: Console, title: str, rows: Collection[Row]) -> None:
    """One table: id, sentence cut to the width, times checked, calls proved, verdict."""
    table = plain_table()
    table.add_column("law", no_wrap=True)
    table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column("checked", justify="right", no_wrap=True)
    table.add_column("proved", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        style = "bold red" if row.verdict in ("VIOLATED", "VACUOUS", "NOT REACHED") else ""
        checks = row.on_traces + row.on_walks + row.by_hypothesis + row.in_games
        proof = "-" if row.proof is None else row.proof.in_short
        table.add_row(row.law, escape(row.sentence), f"{checks:,}", proof, row.verdict, style=style)
    table.expand = True
    console.print()
    print_table(console, table)
