"""The report of a `restake mutate` run: the kill table, and the documentation page docs/mutants.md."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape

from harness.mutants.fate import Fate
from harness.mutants.generator import OPERATORS
from harness.mutants.run import BARS, PROOFS_BAR, PROPERTIES_BAR, Judged, Mutation
from harness.report import plain_table, print_table


def how(fate: Fate) -> str:
    """The run or proof that killed a mutant, and the number of steps or goals until then; empty if it was
    not killed.
    """
    if fate.outcome != "killed":
        return ""
    if fate.judge == "proofs":
        return f"{fate.method}; {fate.steps:,} goals"
    run = f"walk {fate.seed}" if fate.method == "walk" else f"play {fate.seed}" if fate.method == "game" else "world"
    return f"{run}, step {fate.step}; {fate.steps:,} in all"


def verdict(judged: Judged, fate: Fate) -> str:
    """The laws that killed a mutant; if none did, "equivalent" for one that nobody could notice, else its outcome in
    capitals.
    """
    if fate.outcome == "killed":
        return ", ".join(fate.by)
    return "equivalent" if judged.equivalent is not None else fate.outcome.upper()


def counted(group: Iterable[Judged]) -> list[str]:
    """The numbers of a table row for a group: mutants, killed, crashed, survived, equivalent and unviable, and two kill
    rates: by all laws and by properties.
    """
    members = list(group)
    bugs = [judged for judged in members if judged.counts]
    crashed = [judged for judged in bugs if not judged.is_killed and judged.fates[0].outcome == "crashed"]
    killed = sum(judged.is_killed for judged in bugs)
    by_properties = sum(judged.is_killed_by_properties for judged in bugs)
    numbers = [
        len(members),
        killed,
        len(crashed),
        len(bugs) - killed - len(crashed),
        sum(judged.equivalent is not None for judged in members),
        sum(judged.fates[0].outcome == "unviable" and judged.equivalent is None for judged in members),
    ]
    rates = [rate(part, len(bugs)) for part in (killed, by_properties)]
    return [*(f"{number:,}" for number in numbers), *rates]


def rate(part: int, whole: int) -> str:
    """A fraction as a percentage, rounded down, so that a required rate just missed is not shown as reached."""
    return f"{1_000 * part // whole / 10:.1f}%" if whole else "-"


PROOFS_IN_WORDS = (
    "Each mutant of the catalogue is also put before the proofs ([proofs.md](proofs.md)). Of each call whose rules run",
    "through what it changes, the laws that are proved of the specification as it is are proved anew, first those that",
    "killed it in a run, until one is *refuted* by a state and a call: every law holds before, and this one is broken",
    "on the mutant as it runs. `--json` prints them. *Open* means that a proof failed without such a state, or that as",
    "many goals as are allowed were tried; *crashed*, that the engine refused what it cannot lift. `TOTAL` is that no",
    "call ever raises.",
    "",
)
"""The paragraph of the page about the judge of proofs."""

COUNTED = ("mutants", "killed", "crashed", "survived", "equivalent", "unviable", "kill rate", "by properties")


def groups(mutation: Mutation) -> list[tuple[str, list[Judged]]]:
    """The groups of mutants with their names: the catalogue, those of each operator, and all generated ones; empty
    groups are left out.
    """
    judged = mutation.judged
    named: list[tuple[str, Callable[[Judged], bool]]] = [
        ("the catalogue", lambda found: found.is_written),
        *((name, lambda found, name=name: found.mutant.operator == name) for name in OPERATORS),
        ("all generated", lambda found: not found.is_written),
    ]
    found = [(name, [one for one in judged if belongs(one)]) for name, belongs in named]
    return [(name, members) for name, members in found if members]


def laws(judged: Iterable[Judged]) -> list[tuple[str, int, int]]:
    """Each law that killed mutants in runs, with its protocol: the number it helped to kill, and the number that it
    alone killed.
    """
    helped: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for found in judged:
        if found.counts and found.is_killed:
            names = [f"{'/'.join(found.mutant.protocols)} {law}" for law in found.fates[0].by]
            helped.update(names)
            alone.update(names if len(names) == 1 else [])
    return [(name, helped[name], alone[name]) for name in sorted(helped)]


def kills(judged: Iterable[Judged]) -> dict[str, dict[str, Any]]:
    """For each protocol, the number of mutants that count in kill rates (`mutants`), and how many of them each law
    helped to kill (`laws`).

    Mutants of source shared by protocols are left out, since a kill does not tell which protocol's law it was.
    """
    found: dict[str, dict[str, Any]] = {}
    for each in judged:
        if each.counts and len(each.mutant.protocols) == 1:
            (protocol,) = each.mutant.protocols
            of_protocol = found.setdefault(protocol, {"mutants": 0, "laws": Counter()})
            of_protocol["mutants"] += 1
            of_protocol["laws"].update(each.fates[0].by if each.fates[0].outcome == "killed" else ())
    return found


def judged_headings(mutation: Mutation) -> list[str]:
    """The headings of the judges' columns in the table of the catalogue's mutants."""
    return ["killed by laws", "how", "by properties", *(["refuted by proofs", "how"] if mutation.proves else [])]


def judged_cells(judged: Judged, mutation: Mutation) -> list[str]:
    """The cells of the judges' columns for one mutant: each judge's verdict and, except for properties alone, the run
    or proof. The cells of a judge that gave no verdict are empty.
    """
    said = [
        (verdict(judged, fate), how(fate)) if fate.judge != "properties" else (verdict(judged, fate),)
        for fate in judged.fates
    ]
    cells = [cell for cells in said for cell in cells]
    return cells + [""] * (len(judged_headings(mutation)) - len(cells))


def proofs_sentence(mutation: Mutation) -> str:
    """A sentence with the number of mutants that proofs refute, of those that break a proved law."""
    refuted, counted = mutation.proof_rate()
    return (
        f"Of {counted} mutants of the catalogue that break a proved law, the proofs refute {refuted}: "
        f"{rate(refuted, counted)}. The bar is {PROOFS_BAR:.0%}."
    )


def print_mutation(console: Console, mutation: Mutation) -> None:
    """Print the kill table of the catalogue, the rates, and the mutants that survived."""
    written = [judged for judged in mutation.judged if judged.is_written]
    if written:
        table = plain_table()
        table.add_column("mutant", no_wrap=True)
        table.add_column("the bug")
        for heading in judged_headings(mutation):
            table.add_column(heading)
        for judged in written:
            cells = judged_cells(judged, mutation)
            style = "" if judged.is_killed else "bold red"
            table.add_row(judged.mutant.mutant_id, escape(judged.mutant.bug), *cells, style=style)
        print_table(console, table)
    for judged in written:
        for fate in judged.fates[1:]:
            if fate.note:
                console.print(f"{judged.mutant.mutant_id}, {fate.judge}: {escape(fate.note)}", soft_wrap=True)
    table = plain_table()
    table.add_column("", no_wrap=True)
    for heading in COUNTED:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, members in groups(mutation):
        table.add_row(name, *counted(members))
    print_table(console, table)
    if mutation.proves:
        console.print(proofs_sentence(mutation), soft_wrap=True, highlight=False)
    for judged in mutation.survivors():
        fate = judged.fates[0]
        console.print(f"[bold red]{fate.outcome}[/]  {judged.mutant.mutant_id}", soft_wrap=True)
        console.print(f"  {escape(judged.mutant.bug)}", soft_wrap=True)
        if fate.note:
            console.print(f"  {escape(fate.note)}", soft_wrap=True)
        console.print(f"  reproduce: {mutation.command} --mutant {judged.mutant.mutant_id}", soft_wrap=True)
    for failure in mutation.failures():
        console.print(failure, markup=False, soft_wrap=True)


def markdown(mutation: Mutation, command: str) -> str:
    """The documentation page docs/mutants.md. `command` is the command that writes it."""
    effort = mutation.effort
    bars = f"{BARS[True]:.0%} of the catalogue and {BARS[False]:.0%} of the generated mutants killed"
    lines = [
        "# Mutants",
        "",
        "Would the laws notice if the specification were wrong? Each mutant is the specification with one bug in it,",
        "run against the laws alone: no recorded trace is compared with anything. This page is written by",
        "",
        f"    {command} > docs/mutants.md",
        "",
        f"which judges every mutant by {effort.walks} random walks of {effort.steps} steps with every law, by every",
        f"sequence of {effort.depth} calls in a bounded model, and by {effort.plays} plays of each game, until a law",
        f"breaks. It fails below {bars}, and below {PROPERTIES_BAR:.0%} of the",
        "catalogue killed by properties alone.",
        "",
        "*Killed* means that a law broke. *Crashed* means that no law broke but some run raised an exception, which",
        "the specification never does: noticed, but not by a law, and so not counted as killed. *Equivalent* means",
        "that nobody could notice, with the argument below. *Unviable* means that the source cannot even be loaded.",
        "The last two are no bugs and do not count; but a mutant that somebody wrote or asked for by its id, and that",
        "cannot be loaded, makes exit code 2, with its file and its exception. A law that computes with a function of",
        "the specification is blind to a bug in it; nothing hides that here.",
        "",
        "*By properties* is what laws notice that do not restate the rules ([laws.md](laws.md) names those that do).",
        "Where a property is among the laws that broke first, it is the same run; where none is, the mutant is judged",
        "again by the properties alone.",
        "",
        "## In numbers",
        "",
        *_rows(("", *COUNTED), ((name, *counted(members)) for name, members in groups(mutation))),
        "",
        *left_in_words(mutation),
        *(PROOFS_IN_WORDS if mutation.proves else ()),
        *((proofs_sentence(mutation), "") if mutation.proves else ()),
        "## The catalogue",
        "",
        "Bugs that people make, many of them found by auditors in these very contracts, or an earlier version of them.",
        "",
        *_rows(
            ("mutant", "file", "the bug", "source", *judged_headings(mutation)),
            (
                (
                    judged.mutant.mutant_id,
                    judged.mutant.file,
                    judged.mutant.bug,
                    judged.mutant.source,
                    *judged_cells(judged, mutation),
                )
                for judged in mutation.judged
                if judged.is_written
            ),
        ),
        "",
        "## Which laws kill",
        "",
        "*Helped* counts the mutants at whose end the law broke, *alone* those at whose end no other did.",
        "",
        *_rows(
            ("law", "helped", "alone"), ((law, f"{helped}", f"{alone}") for law, helped, alone in laws(mutation.judged))
        ),
    ]
    if any(not judged.is_written for judged in mutation.judged):
        lines += _generated(mutation)
    return "\n".join(lines) + "\n"


def left_in_words(mutation: Mutation) -> list[str]:
    """The paragraph on mutants that were not judged; empty if there are none."""
    judged = {one.mutant.mutant_id for one in mutation.judged}
    left = [mutant.mutant_id for mutant in mutation.mutants if mutant.mutant_id not in judged]
    if not left:
        return []
    return [
        f"{len(left):,} of {len(mutation.mutants):,} mutants are not judged, and count nowhere on this page.",
        "A mutant that lives long takes long to judge, so the kill rate of these may well be lower:",
        f"{', '.join(left)}.",
        "",
    ]


def _generated(mutation: Mutation) -> list[str]:
    """The sections on generated mutants that survived and on equivalent ones."""
    return [
        "",
        "## Generated mutants that live",
        "",
        *_rows(
            ("mutant", "the change", "what came of it"),
            (
                (judged.mutant.mutant_id, _code(judged.mutant.bug), judged.fates[0].note or judged.fates[0].outcome)
                for judged in mutation.survivors()
                if not judged.is_written
            ),
        ),
        "",
        "## Generated mutants that are no bugs",
        "",
        *_rows(
            ("mutant", "the change", "why nobody could notice"),
            (
                (judged.mutant.mutant_id, _code(judged.mutant.bug), judged.equivalent)
                for judged in mutation.judged
                if judged.equivalent is not None
            ),
        ),
    ]


def _code(text: str) -> str:
    return f"`{text}`"


def _rows(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """The lines of a Markdown table; pipes in cells are escaped."""
    table = [list(headings), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    lines = ["| " + " | ".join(cells) + " |" for cells in table]
    return [lines[0], "|" + "---|" * len(table[0]), *lines[1:]]
