"""Shows counterexamples and disputed queries that proofs kept in files: a refuted law, or solvers that disagree."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from harness.exit_codes import exit_code
from harness.pack import ProtocolPack
from harness.traces import load_json
from proofs.concrete import read, replay
from proofs.cross_check import ask_everybody
from spec.codec import MalformedTrace, as_object


def show_kept(path: Path, packs: Iterable[ProtocolPack]) -> int:
    """Show a file that a proof kept: a disputed query if its name ends in `.smt2`, else a refutation of a law of one of
    these packs. Returns the exit code.
    """
    return _show_disputed(path) if path.suffix == ".smt2" else _show_refutation(path, packs)


def _show_disputed(path: Path) -> int:
    """Print each solver's answer to a disputed query. Returns 1 if they still disagree, 0 if two agree, else 2."""
    said = ask_everybody(path)
    for who, answer in said.items():
        click.echo(f"{who}: {answer}")
    answers = Counter(said.values())
    is_disputed = answers["sat"] > 0 and answers["unsat"] > 0
    return exit_code(failed=is_disputed, is_open=max(answers["sat"], answers["unsat"]) < 2)


def _show_refutation(path: Path, asked: Iterable[ProtocolPack]) -> int:
    """Print the state and the call of a refutation, and the laws that it breaks. Returns 1 if it still breaks the
    refuted law, 0 if not, 2 if the file is malformed.
    """
    try:
        document = as_object(load_json(path), "")
        name = document.get("protocol")
        packs = {pack.name: pack for pack in asked if pack.theory_at is not None}
        pack = packs.get(name) if isinstance(name, str) else None
        if pack is None or pack.theory_at is None:
            raise MalformedTrace("protocol", f"expected one of {', '.join(sorted(packs))}")
        found = read(pack.theory_at, document)
    except MalformedTrace as error:
        click.echo(f"malformed {path}: {error}", err=True)
        return 2
    said = replay(pack.theory_at, found)
    for table in pack.protocol.schema.tables:
        for key, row in found.state.tables[table.index].items():
            click.echo(f"{table.name}[{key!r}] = {row!r}")
    click.echo(f"{found.action}\n{said.outcome}; breaks {', '.join(said.broken) or 'nothing'}")
    return 1 if found.law_id in said.broken else 0
