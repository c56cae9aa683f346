"""The ledger of verdicts: for each law and call, the verdict, the solver, and the source on which it rests.

Each verdict names the functions that its proof ran, with a digest of these and of everything that decides verdicts. It
is STALE if that digest has changed. The catalogue alone says which verdicts are due: a missing one is MISSING, and one
that no proof can give is refused.

Each verdict has a seal over its content, which reveals accidental edits and bad merges. A forged seal is only noticed
when the law is proved again.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import attrs

from proofs.call_task import due_of, findings_of
from proofs.digests import digest, snapshot, solver_version
from proofs.ledger_files import installed_ledgers, locked, own_place, replace
from spec.codec import shown

Plain = dict[str, Any]

WORDS: Final = ("PROVED", "REFUTED", "UNKNOWN", "VACUOUS", "KNOWN FALSE", "NOT CONCERNED")

OF_FALSE: Final = ("KNOWN FALSE", "NOT CONCERNED")
"""The words of the verdicts that only known violations can have."""


class LedgerError(Exception):
    """The exception for a ledger that is not valid; the message names the file, the place in it, and the error."""


class SourceChangedError(Exception):
    """The exception for a file that was edited while it was being proved, so that the source of the verdict is
    unknown.
    """


@attrs.frozen
class Basis:
    """The basis of a verdict: the solver's version, the functions that the proof ran, and a digest of all source that
    decides it (`source`).
    """

    solver: str
    source: str
    functions: frozenset[str]


@attrs.frozen
class Entry:
    """A verdict on one law and call in plain values, its basis, and the other solvers' answers to its goals."""

    verdict: Plain
    basis: Basis
    opinions: Mapping[str, Mapping[str, int]] = {}


Entries = dict[str, Entry]
"""The stored verdicts on one call, by the id of the law."""


class Ledger:
    """The verdicts on one protocol, read from several folders. `place` is that of its theory, `module:attribute`. A
    fresh verdict in a later folder replaces an earlier folder's; new verdicts are written to the last folder.
    """

    def __init__(self, protocol: str, place: str, folders: Sequence[Path] | None = None) -> None:
        """Read `folders`, by default the installed ledgers and the user's own. Raises LedgerError if a file is not
        valid.
        """
        roots = [installed_ledgers(), own_place() / "ledgers"] if folders is None else folders
        self.protocol: Final = protocol
        self.place: Final = place
        snapshot(place)  # the digests are of the files as they are now; a later edit is noticed
        self.due: Final[Mapping[str, Sequence[str]]] = due_of(place)
        """The map from call to the laws that need a verdict."""
        self.folders: Final = [Path(root) / protocol for root in roots]
        self._known_violations: Final = findings_of(place)
        self._entries: Final[dict[str, Entries]] = {call: {} for call in self.due}
        self._own: Final[set[tuple[str, str]]] = set()
        for folder in self.folders:
            for call in self.due:
                self._merge(folder, call, self._read(folder, call))

    def is_fresh(self, call: str, law_id: str) -> bool:
        """True if there is a verdict on a call and a law, and nothing on which it rests has changed: neither the solver
        nor the source.
        """
        entry = self._entries[call].get(law_id)
        return entry is not None and self._is_of_today(entry)

    def left(self, call: str) -> list[str]:
        """The ids of the laws of a call whose verdict is missing or stale."""
        return [law_id for law_id in self.due[call] if not self.is_fresh(call, law_id)]

    def verdicts(self, call: str) -> dict[str, Plain]:
        """The verdicts on a call by law, stale ones included."""
        return {law_id: self.shown(law_id, entry.verdict) for law_id, entry in self._entries[call].items()}

    def solver(self, call: str, law_id: str) -> str:
        """The name and version of the solver that gave the stored verdict on a call and a law."""
        return self._entries[call][law_id].basis.solver

    def is_own(self, call: str, law_id: str) -> bool:
        """True if a verdict is the user's own: it comes from any folder but the first, which has
        the installed ledger.
        """
        return (call, law_id) in self._own

    def functions(self, call: str, law_id: str | None = None) -> set[str]:
        """The functions, as "module:name", on which the verdict on a law rests, or all verdicts on a call."""
        entries = self._entries[call]
        of_these = entries.values() if law_id is None else [entries[law_id]]
        return {name for entry in of_these for name in entry.basis.functions}

    def steps(self, call: str) -> dict[str, int]:
        """The solvers' steps in the last proof of each law, fresh or stale."""
        return {law_id: int(entry.verdict["steps"]) for law_id, entry in self._entries[call].items()}

    def solvers(self, call: str) -> dict[str, list[str]]:
        """The solvers that answered in the last proof of each law, fresh or stale."""
        return {law_id: sorted(entry.verdict["solvers"]) for law_id, entry in self._entries[call].items()}

    def opinions(self, call: str) -> dict[str, Mapping[str, Mapping[str, int]]]:
        """The map from law and solver to the other solvers' answers to the goals of a call: how many goals they agreed
        on, did not decide, or disputed.
        """
        return {law_id: entry.opinions for law_id, entry in self._entries[call].items() if entry.opinions}

    def record(
        self,
        call: str,
        functions: Iterable[str],
        source: str,
        verdicts: Mapping[str, Plain],
        opinions: Mapping[str, Mapping[str, Mapping[str, int]]] | None = None,
    ) -> None:
        """Add verdicts on a call and write the file. All other verdicts stay, stale ones stale.

        `source` is the snapshot of the files with which the proof was made; `functions` ran in it. `opinions` are the
        other solvers' answers by law; without them, earlier answers to equal goals stay. Raises SourceChangedError if
        `source` is not the snapshot of this process. Raises OSError if the file cannot be written, LedgerError if the
        existing file is not valid.
        """
        if source != snapshot(self.place):
            raise SourceChangedError("a file was edited while it was proved: ask again")
        folder = self.folders[-1]
        with locked(folder):
            there = self._read(folder, call)
            fresh = {law_id: entry for law_id, entry in there.items() if self._is_of_today(entry)}
            ran = frozenset(functions).union(*[entry.basis.functions for entry in fresh.values()])
            basis = Basis(solver_version(), digest(ran, self.place), ran)
            # A verdict that rests on some functions also rests on a superset: so all fresh verdicts share one basis.
            kept = {law_id: attrs.evolve(entry, basis=basis) for law_id, entry in fresh.items()}
            for law_id, verdict in verdicts.items():
                heard = (opinions or {}).get(law_id, {})
                before = kept.get(law_id)
                if not heard and before is not None and before.verdict["digest"] == verdict["digest"]:
                    heard = before.opinions
                kept[law_id] = Entry({key: value for key, value in verdict.items() if key != "finding"}, basis, heard)
            entries = {law_id: entry for law_id, entry in {**there, **kept}.items() if law_id in self.due[call]}
            replace(folder / f"{call}.json", written(self.protocol, call, entries))
        self._merge(folder, call, entries)

    def _is_of_today(self, entry: Entry) -> bool:
        return _is_of_today(entry.basis, self.place)

    def _merge(self, folder: Path, call: str, entries: Entries) -> None:
        for law_id in self.due[call]:
            entry = entries.get(law_id)
            if entry is not None and (self._is_of_today(entry) or law_id not in self._entries[call]):
                self._entries[call][law_id] = entry
                if folder != self.folders[0]:
                    self._own.add((call, law_id))

    def _read(self, folder: Path, call: str) -> Entries:
        """The verdicts on a call in a folder, empty without a file. Raises LedgerError if the file is not valid."""
        path = folder / f"{call}.json"
        try:
            text = path.read_bytes().decode()
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise LedgerError(f"{path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise LedgerError(f"{path}: not UTF-8 at byte {error.start}") from error
        try:
            entries = read(self.protocol, call, text)
            for law_id, entry in entries.items():
                if self._is_of_today(entry):
                    self._believe(call, law_id, entry.verdict["verdict"])
        except LedgerError as error:
            raise LedgerError(f"{path}: {error}") from error
        return entries

    def _believe(self, call: str, law_id: str, word: str) -> None:
        """Raise LedgerError if the catalogue does not allow the verdict `word` on a call and a law. The law must be due
        for the call. The words in OF_FALSE are those of known violations, and of no other law.
        """
        if law_id not in self.due[call]:
            raise LedgerError(f"verdicts.{law_id}: there is no such law of {call}")
        if law_id in self._known_violations and word not in OF_FALSE:
            raise LedgerError(f"verdicts.{law_id}: {word}, but the catalogue knows the law to be false")
        if law_id not in self._known_violations and word in OF_FALSE:
            raise LedgerError(f"verdicts.{law_id}: {word}, but the catalogue does not know the law to be false")

    def shown(self, law_id: str, verdict: Plain) -> Plain:
        """A verdict as plain values. If it says that the law is broken by a known violation, a field `finding` names
        the trace that shows it.
        """
        is_false = verdict["verdict"] == "KNOWN FALSE" and law_id in self._known_violations
        return {**verdict, "finding": self._known_violations[law_id]} if is_false else verdict


@cache
def _is_of_today(basis: Basis, place: str) -> bool:
    return basis.solver == solver_version() and basis.source == digest(basis.functions, place)


def seal(protocol: str, call: str, law_id: str, entry: Entry) -> str:
    """A digest of everything that is stored about one law and call, which reveals accidental edits: 8 hexadecimal
    digits.
    """
    said = json.dumps([protocol, call, law_id, entry.verdict, entry.opinions, _in_short(entry.basis)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:8]


@cache
def _in_short(basis: Basis) -> str:
    said = json.dumps([basis.solver, basis.source, sorted(basis.functions)])
    return hashlib.sha256(said.encode()).hexdigest()


# The format of a file: a line for each verdict, and for each module with functions that ran.


def written(protocol: str, call: str, entries: Entries) -> str:
    """The text of a call's file in JSON, which is determined by the verdicts: equal entries give equal text."""
    bases = sorted({entry.basis for entry in entries.values()}, key=lambda basis: (basis.source, basis.solver))
    scopes = sorted({scope for entry in entries.values() for scope in entry.verdict["scope"]})
    proofs = [
        f'  {{"solver": {json.dumps(basis.solver)}, "source": {json.dumps(basis.source)}, "functions": '
        f"{_object(_by_module(basis.functions), 3)}}}"
        for basis in bases
    ]
    verdicts = {
        law_id: {
            **_short(entry, scopes),
            "proof": bases.index(entry.basis),
            "seal": seal(protocol, call, law_id, entry),
        }
        for law_id, entry in entries.items()
    }
    parts = [
        f' "call": {json.dumps(call)}',
        f' "proofs": {_list(proofs)}',
        f' "protocol": {json.dumps(protocol)}',
        f' "scopes": {_list([f"  {json.dumps(scope)}" for scope in scopes])}',
        f' "verdicts": {_object(verdicts, 2)}',
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _list(lines: list[str]) -> str:
    return "[\n" + ",\n".join(lines) + "\n ]" if lines else "[]"


def _object(fields: Mapping[str, Any], indent: int) -> str:
    lines = [f"{' ' * indent}{json.dumps(name)}: {json.dumps(fields[name], sort_keys=True)}" for name in sorted(fields)]
    return "{\n" + ",\n".join(lines) + "\n" + " " * (indent - 1) + "}" if lines else "{}"


def _by_module(functions: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for function in sorted(functions):
        module, _, name = function.partition(":")
        found.setdefault(module, []).append(name)
    return found


def _short(entry: Entry, scopes: list[str]) -> Plain:
    """A verdict as the ledger's file stores it, without empty fields. `scopes` are the file's scopes, to which it
    refers by index.
    """
    verdict = entry.verdict
    short = {
        "verdict": verdict["verdict"],
        "by": verdict["solvers"],
        "goals": verdict["digest"],
        "scope": [scopes.index(scope) for scope in verdict["scope"]],
        "steps": [verdict["steps"], verdict["most_steps"]] if verdict["steps"] else [],
        "counterexample": verdict.get("counterexample"),
        "heard": entry.opinions,
    }
    return {name: value for name, value in short.items() if value}


def read(protocol: str, call: str, text: str) -> Entries:
    """The verdicts in the text of a call's file, by law. Raises LedgerError unless writing them gives the identical
    text.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise LedgerError(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise LedgerError(f"not a ledger: {error}") from error
    entries: Entries = {}
    try:
        if (document["protocol"], document["call"]) != (protocol, call):
            raise LedgerError(f"of {document['call']} of {document['protocol']}, not of {call} of {protocol}")
        bases = [
            Basis(
                proof["solver"],
                proof["source"],
                frozenset(f"{module}:{name}" for module, names in proof["functions"].items() for name in names),
            )
            for proof in document["proofs"]
        ]
        for law_id, short in document["verdicts"].items():
            entries[law_id] = _entry(law_id, short, bases, document["scopes"])
            if short["seal"] != seal(protocol, call, law_id, entries[law_id]):
                raise LedgerError(f"verdicts.{law_id}: not as it was entered: the seal is of something else")
        again = written(protocol, call, entries)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise LedgerError(f"not a ledger: {type(error).__name__} {error}") from error
    if again != text:
        pairs = enumerate(zip(text.splitlines(), again.splitlines(), strict=False), start=1)
        line = next((number for number, (here, there) in pairs if here != there), len(again.splitlines()))
        raise LedgerError(f"line {line}: not as it was entered")
    return entries


def _entry(law_id: str, short: Plain, bases: list[Basis], scopes: list[str]) -> Entry:
    solvers = dict(short.get("by", {}))
    steps, most_steps = short.get("steps", (0, 0))
    word, goals = short["verdict"], sum(solvers.values())
    verdict: Plain = {
        "verdict": word,
        "goals": goals,
        "digest": short.get("goals", ""),
        "scope": [scopes[position] for position in short.get("scope", [])],
        "solvers": solvers,
        "steps": steps,
        "most_steps": most_steps,
    }
    if "counterexample" in short:
        verdict["counterexample"] = short["counterexample"]
    if word not in WORDS:
        raise LedgerError(f"verdicts.{law_id}: no verdict is {shown(word)}")
    counts = [*solvers.values(), steps, most_steps]
    is_odd = (
        any([type(count) is not int or count < 0 for count in counts])
        or type(verdict["digest"]) is not str
        or bool(verdict["digest"]) != (goals > 0)
        or (word in OF_FALSE and (goals or steps))
        or (word in ("PROVED", "VACUOUS") and ("" in solvers or "counterexample" in verdict))
        or (word == "REFUTED" and not goals)
    )
    if is_odd:
        raise LedgerError(f"verdicts.{law_id}: no proof comes to {word} by {shown(solvers)}")
    return Entry(verdict, bases[short["proof"]], short.get("heard", {}))
