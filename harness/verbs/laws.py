"""The verb `restake laws`: lists the laws, or explains one."""

import json
from collections.abc import Mapping
from typing import Final

import attrs
import click

from harness.check import laws_of
from harness.closest import closest
from harness.declarations import declaration_of, notation_of
from harness.gathering import KILLS, doubts_of, proofs_by_law
from harness.pack import ProtocolPack
from harness.prove import ProofQuestion, ledger_of
from harness.report import plain_table, print_table, print_wrapped
from harness.suite import LawKind, kind_of
from harness.symbols import legend, symbols_in
from harness.traces import bundled_findings
from harness.verbs import (
    EXIT_CODES,
    JSON_OPTION,
    PROTOCOL_OPTION,
    console,
    packs_asked,
    read_ledger,
    unless_left_out,
    unless_unchecked,
)
from invariants.law import Law
from spec.codec import Json

HOW: Final[dict[LawKind, str]] = {
    "state": "after every step, of each subject that it concerns; at the end of a walk, of every subject",
    "step": "at every accepted call that it speaks of",
    "rejection": "at every rejected call that it speaks of, and at those that it protects and that are accepted",
    "game": "in games: the same calls with one party's moves, and without",
    "witness": "it is no law: a run should meet it, or its walks try too little",
}
"""The calls and states at which a law of each kind is checked."""


@attrs.frozen
class Told:
    """A law, game or witness of a protocol, with its kind, its tier, and the meanings of the symbols in its
    sentence.
    """

    protocol: str
    place: str
    law: Law
    kind: LawKind
    tier: str
    symbols: Mapping[str, str]

    def as_json(self) -> dict[str, Json]:
        """The law as `--json` writes it."""
        law = self.law
        said = {"law": law.law_id, "kind": self.kind, "tier": self.tier, "sentence": law.sentence, "source": law.source}
        return {"protocol": self.protocol, **said, "symbols": dict(self.symbols)}


def told(pack: ProtocolPack) -> list[Told]:
    """The laws, witnesses and games of a pack, in the order of a report; empty if it has no walk."""
    walk = pack.walk
    if walk is None:
        return []
    model, known = set(walk.catalogue.model), walk.catalogue.known_violations
    found: list[Told] = []
    for law in (*laws_of(walk), *pack.games):
        tier = "model" if law.law_id in model else "known violation" if law.law_id in known else "property"
        symbols = symbols_in(law.sentence, pack.symbols)
        found.append(Told(pack.name, pack.place, law, kind_of(law), tier, symbols))
    return found


@click.command("laws", epilog=EXIT_CODES, short_help="List the laws, or explain one.")
@PROTOCOL_OPTION
@click.option("--explain", "law_id", metavar="ID", help="Say all there is about one law.")
@JSON_OPTION
def laws_command(asked: tuple[str, ...], law_id: str | None, as_json: bool) -> int:
    """List what must hold of each protocol, or explain one law: its sentence, its source, its formula, how it is
    checked, how far it is proved, and how many mutants it kills.

    A list takes a second, an explanation some more, since the ledger of proofs is read.
    """
    packs = packs_asked(asked)
    laws = [(pack, each) for pack in packs.values() for each in told(pack)]
    if law_id is not None:
        laws = [(pack, each) for pack, each in laws if each.law.law_id == law_id]
        if not laws:
            known = {each.law.law_id for pack in packs.values() for each in told(pack)}
            raise click.UsageError(f"unknown law {law_id!r}: {closest(law_id, known, 'restake laws')}")
    if as_json:
        explain = law_id is not None
        documents = [{**each.as_json(), **(explained(pack, each) if explain else {})} for pack, each in laws]
        click.echo(json.dumps(documents, indent=2))
    elif law_id is None:
        print_list([each for _, each in laws])
    else:
        for pack, each in laws:
            print_explained(each, explained(pack, each))
    without = [name for name, pack in packs.items() if asked and not any(of is pack for of, _ in laws)]
    code = unless_unchecked(0 if laws else 5, without, "no law" if law_id is None else f"no law {law_id}")
    return unless_left_out(code, asked)


def print_list(laws: list[Told]) -> None:
    """Print a table with a row for each law, and the legend of symbols."""
    table = plain_table()
    for heading in ("protocol", "law", "kind", "tier"):
        table.add_column(heading, no_wrap=True)
    table.add_column("sentence", ratio=1)
    for each in laws:
        table.add_row(each.protocol, each.law.law_id, each.kind, each.tier, each.law.sentence)
    table.expand = True
    shown = console()
    print_table(shown, table)
    for protocol in dict.fromkeys([each.protocol for each in laws]):
        of = [each for each in laws if each.protocol == protocol]
        symbols = {name: meaning for each in of for name, meaning in each.symbols.items()}
        for line in legend([(each.law.law_id, each.law.sentence) for each in of], symbols):
            print_wrapped(shown, f"{protocol}: {line}")


def explained(pack: ProtocolPack, each: Told) -> dict[str, Json]:
    """The facts about a law besides its sentence: how it is checked, its source text, the calls of which it is proved,
    and the mutants that it kills. A fact that the project does not have is None.
    """
    walk, law_id = pack.walk, each.law.law_id
    assert walk is not None
    declared = declaration_of(pack, law_id)
    known = walk.catalogue.known_violations.get(law_id)
    found: dict[str, Json] = {
        "checked": HOW[each.kind],
        "formula": None if declared is None else declared.text,
        "notation": [] if declared is None else list(notation_of(declared.text)),
        "declared_in": None if declared is None else declared.place,
        "known_violation": None,
        "proved": None,
        "mutants_killed": None,
    }
    if known is not None:
        shown = f"restake replay {bundled_findings() / known.trace}"
        found["known_violation"] = {"meaning": known.meaning, "instead": known.instead, "reproduce": shown}
    if pack.theory_at is not None:
        ledger = read_ledger(lambda: ledger_of(pack))
        proving = ProofQuestion().of(ledger, pack)
        rows = [row for row in proving.rows() if row[0] == law_id]
        proof = proofs_by_law(rows, {law_id} if known is not None else (), doubts_of(proving, [law_id])).get(law_id)
        if proof is not None:
            stale = len(proof.stale_calls) + len(proof.missing_calls)
            told = {"calls": proof.in_short, "stale": stale, "scopes": list(proof.scopes), "doubt": proof.doubt}
            found["proved"] = told
    kills = json.loads(KILLS.read_text()).get(pack.name)
    if kills is not None and each.kind != "witness":
        found["mutants_killed"] = {"killed": kills["laws"].get(law_id, 0), "of": kills["mutants"]}
    return found


def print_explained(each: Told, found: dict[str, Json]) -> None:
    """Print the explanation of one law."""
    law, proved, known, kills = each.law, found["proved"], found["known_violation"], found["mutants_killed"]
    lines = [f"{each.protocol} {law.law_id}: {law.sentence}", f"  {each.kind}, {each.tier}", f"  source: {law.source}"]
    if each.symbols:
        lines.append(f"  where {'; '.join([f'{symbol} is {meaning}' for symbol, meaning in each.symbols.items()])}")
    lines.append(f"  checked {found['checked']}: restake check --protocol {each.place} --law {law.law_id}")
    if isinstance(proved, dict) and isinstance(scopes := proved["scopes"], list):
        shows = f"restake prove --protocol {each.place} --law {law.law_id}"
        stale = f" ({proved['stale']} stale or missing)" if proved["stale"] else ""
        whole = "not whole, with proofs" if proved["doubt"] else "proved"
        lines.append(f"  {whole} of {proved['calls']} calls{stale}: {shows}")
        lines += [f"    scope: {scope}" for scope in scopes]
        lines += [f"    ?: the proof {proved['doubt']}"] if proved["doubt"] else []
    elif each.kind != "witness":
        lines.append("  not proved: no theory, or no proof of this kind of law")
    if isinstance(kills, dict):
        lines.append(f"  kills {kills['killed']} of {kills['of']} mutants: restake mutate")
    if isinstance(known, dict):
        lines.append(f"  known violation: {known['meaning']} True instead: {known['instead']}.")
        lines.append(f"    reproduce: {known['reproduce']}")
    if found["formula"] is not None:
        lines += ["", f"  declared in {found['declared_in']}:", ""]
        lines += [f"    {line}".rstrip() for line in str(found["formula"]).splitlines()]
        if isinstance(notation := found["notation"], list) and notation:
            lines += ["", "  where", *[f"    {line}" for line in notation]]
    for line in (*lines, ""):
        console().print(line, markup=False, soft_wrap=True)


COMMANDS = {"laws": laws_command}
