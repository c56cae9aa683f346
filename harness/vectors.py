"""Vectors: traces that a client replays without this project, with a manifest, and canaries, which are wrong in one
value on purpose.

A release is a folder. `vectors/PROTOCOL/KIND/NAME.json.gz` and `canaries/PROTOCOL/NAME.json.gz` are traces, and
`manifest.json` describes each. The same source always writes the same bytes.
"""

import copy
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

import attrs

from conformance.cases import can_be_said, read_cases, read_edges, read_orders
from conformance.lockstep import ACCEPTED, Case, Script
from conformance.scripts import of_walk, walk_actions
from harness import __version__
from harness.pack import ProtocolPack
from harness.traces import find_traces, load_json
from invariants.checking import Checker
from invariants.choices import Seeded
from invariants.walker import Walk
from spec.codec import Json, ListOf, MalformedTrace, Number, Record, Text, as_object, check_fields, shown
from spec.machine import Delta, Draft
from spec.protocol import execute

FORMAT: Final = 1
"""The version of the release format. It changes if a reader of the previous format would misread a release."""

MANIFEST: Final = "manifest.json"

WALKS: Final = 40
WALK_STEPS: Final = 150
WALKS_SEEN: Final = 192
"""The number of seeds from which the walks of a release are chosen."""

WITNESS: Final = "witness: "
"""The prefix of a vector's coverage entry that names a witness."""

ORDER: Final = "order: "
"""The prefix of a vector's coverage entry that names an order of checks."""

KILLS: Final = Path(__file__).parent / "mutants" / "vector_kills.json"
"""The file of mutants that each kind of vectors kills, measured for one release by `restake mutate --vectors DIR
--kills FILE`.
"""

CANARIES_EACH: Final = 4
"""The most canaries written for each protocol and each aspect in which a canary is wrong."""


class ReleaseError(Exception):
    """The exception for a folder that is not a complete release of vectors; the message says why."""


@attrs.frozen
class Entry:
    """A file of a release, as the manifest describes it. `sha256` is that of the uncompressed document.

    `covers` are the cases of a vector's steps, as `action: answer`, and what it was chosen for: a witness, as `witness:
    ID`, or an order of checks, as `order: action: answer before reason`. `wrong` is the aspect in which a canary's last
    step is wrong; empty for a vector.
    """

    file: str
    protocol: str
    kind: str
    steps: int
    sha256: str
    covers: tuple[str, ...]
    wrong: str


ENTRY: Final = Record(
    Entry,
    [
        *[(name, name, Text()) for name in ("file", "protocol", "kind")],
        ("steps", "steps", Number(32)),
        ("sha256", "sha256", Text()),
        ("covers", "covers", ListOf(Text())),
        ("wrong", "wrong", Text()),
    ],
)

Document = dict[str, Any]


Says = Callable[[str], None]
"""The callback for progress messages, before each file and each walk. An exception from it ends the release there."""


def fill(packs: Collection[ProtocolPack], folder: Path, walks: int, says: Says = lambda _what: None) -> list[Entry]:
    """Write a release for some protocols into a new or empty folder, with at most `walks` walks for each. Returns its
    entries. Raises ReleaseError if the folder is not empty.

    The manifest is written last: a folder without it is no release.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ReleaseError(f"{folder}: is there already, and not empty")
    entries: list[Entry] = []
    for pack in packs:
        cases: list[tuple[Document, str]] = []
        for kind, name, document, shows in vectors(pack, walks, says):
            says(f"{pack.name}, {len(entries):,} files")
            file = f"vectors/{pack.name}/{kind}/{name}.json.gz"
            entries.append(_write(folder, file, pack.name, kind, document, shows=shows))
            if kind == "cases":
                cases.append((document, name))
        for wrong, name, document in canaries(pack, cases):
            file = f"canaries/{pack.name}/{wrong}-{name}.json.gz"
            entries.append(_write(folder, file, pack.name, "canaries", document, wrong))
    manifest = {
        "format": FORMAT,
        "specification": f"restaking-spec {__version__}",
        "kills": known_kills(entries),
        "files": [ENTRY.write(entry) for entry in entries],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return entries


def digest_of(entries: Collection[Entry]) -> str:
    """The digest of a release's vectors, to tell if measurements belong to exactly these vectors."""
    lines = sorted([f"{entry.sha256}  {entry.file}\n" for entry in entries if not entry.wrong])
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def known_kills(entries: Collection[Entry]) -> Json:
    """The ids of the mutants that each kind of vectors was the first to kill, by kind; None unless measured for exactly
    these vectors.
    """
    measured = as_object(load_json(KILLS), "")
    return measured["kills"] if measured["release"] == digest_of(entries) else None


def read_release(folder: Path) -> list[Entry]:
    """The entries of a release, after comparing each file with its digest. Raises ReleaseError if the manifest is
    malformed, if a file differs or is missing, or if there is no vector.
    """
    try:
        manifest = as_object(load_json(folder / MANIFEST), "")
        check_fields(manifest, ("format", "specification", "files", "kills"), "", ("kills",))
        if manifest["format"] != FORMAT:
            raise MalformedTrace("format", f"expected {FORMAT}, found {shown(manifest['format'])}")
        entries = cast("tuple[Entry, ...]", ListOf(ENTRY).read(manifest["files"], "files", {}))
    except (MalformedTrace, OSError) as error:
        raise ReleaseError(f"{folder / MANIFEST}: {error}") from error
    for entry in entries:
        path = folder / entry.file
        if ".." in Path(entry.file).parts or Path(entry.file).is_absolute():
            raise ReleaseError(f"{folder / MANIFEST}: {entry.file}: not below the release's folder")
        try:
            found = hashlib.sha256(_text(load_json(path)).encode()).hexdigest()
        except (MalformedTrace, OSError) as error:
            raise ReleaseError(f"{path}: {error}") from error
        if found != entry.sha256:
            raise ReleaseError(f"{path}: its SHA-256 is {found}, where the manifest says {entry.sha256}")
    if not any(not entry.wrong for entry in entries):
        raise ReleaseError(f"{folder}: there is no vector in it")
    return list(entries)


def vectors(
    pack: ProtocolPack, walks: int, says: Says = lambda _what: None
) -> Iterator[tuple[str, str, Document, tuple[str, ...]]]:
    """The vectors of a protocol, each with its kind, its name, its document and its additional coverage.

    The kinds: "cases" has each action with each answer, by the shortest known trace. In "orders" the last call fails
    two checks and gets the first one's reason. In "edges" the answer changes next to the last call. "recorded" are
    traces of the real contracts, including named scenarios. "witnesses" has the shortest beginning of a walk that shows
    each witness. "walks" are random walks with amounts of any size, chosen for their coverage.
    """
    for case, script in [] if pack.cases is None else read_cases(Path(pack.cases)):
        yield "cases", _name(*case), _trace(pack, script), ()
    for (action, answer, also), script in [] if pack.cases is None else read_orders(Path(pack.cases)):
        shown = f"{ORDER}{action}: {answer} before {also}"
        yield "orders", _name(action, answer, also), _trace(pack, script), (shown,)
    for script in [] if pack.cases is None else read_edges(Path(pack.cases)):
        yield "edges", _name(script.source.removeprefix("edge of ")), _trace(pack, script), ()
    for path in find_traces([pack.traces] if pack.traces.exists() else []):
        yield "recorded", path.name.partition(".")[0], as_object(load_json(path), ""), ()
    for witness, walk, actions in _witnessed(pack, walks, says):
        yield "witnesses", witness, pack.protocol.write_trace(walk.world, actions), (f"{WITNESS}{witness}",)
    for seed, script in _chosen(pack, walks, says):
        yield "walks", f"seed_{seed}", _trace(pack, script), ()


def canaries(pack: ProtocolPack, cases: Sequence[tuple[Document, str]]) -> Iterator[tuple[str, str, Document]]:
    """Canary vectors, whose last step is wrong in one aspect: the aspect ("outcome", "reason", "returns" or "state"),
    the name, and the document. They are made of `cases`, the documents and names of the vectors of the kind "cases".
    """
    reasons = [reason.value for reason in pack.protocol.reasons]

    def other_reason(step: Document) -> None:
        step["error"] = reasons[(reasons.index(step["error"]) + 1) % len(reasons)]

    changes: dict[str, tuple[Callable[[Document], bool], Callable[[Document], None]]] = {
        "outcome": (lambda step: not step["ok"], lambda step: step.update(ok=True, error=None)),
        "reason": (lambda step: not step["ok"], other_reason),
        "returns": (lambda step: bool(_amounts(step["returns"])), lambda step: _add_one(step["returns"])),
        "state": (lambda step: bool(_amounts(step["post"])), lambda step: _add_one(step["post"])),
    }
    for wrong, (is_fit, change) in changes.items():
        fit = [each for each in cases if is_fit(each[0]["steps"][-1])]
        for document, name in fit[:: max(len(fit) // CANARIES_EACH, 1)][:CANARIES_EACH]:
            changed = copy.deepcopy(document)
            change(changed["steps"][-1])
            yield wrong, name, changed


def _add_one(value: Any) -> None:
    """Increase the first amount in a JSON value by one, in place."""
    place, name = _amounts(value)[0]
    place[name] = str(int(place[name]) + 1)


def _amounts(value: Any) -> list[tuple[Any, Any]]:
    """The places of amounts in a value, as pairs of container and key; amounts of 60 digits or more are left out."""
    found: list[tuple[Any, Any]] = []
    for name, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(item, str) and item.isdigit() and len(item) < 60:
            found.append((value, name))
        else:
            found += _amounts(item)
    return found


def _name(*words: str) -> str:
    """A file name made of words: only ASCII letters, digits and underscores, and distinct without regard to case."""
    plain = "-".join(words)
    return f"{re.sub(r'[^A-Za-z0-9]+', '_', plain).strip('_')}-{hashlib.sha256(plain.encode()).hexdigest()[:6]}"


def _trace(pack: ProtocolPack, script: Script) -> Document:
    history = pack.calls.begin(script.head)
    actions = [action for call in script.calls for action in history.read(call, "call")[0]]
    return pack.protocol.write_trace(pack.calls.head(script.head), actions)


def _witnessed(
    pack: ProtocolPack, walks: int, says: Says = lambda _what: None
) -> Iterator[tuple[str, Walk, list[Any]]]:
    """Each witness that walks see, the walk that sees it soonest, and that walk's actions until then. If no trace can
    express them, the next walk counts. Yields nothing if `walks` is 0, or if the pack has no walk.
    """
    if pack.walk is None or not walks:
        return
    alone = pack.walk.where({witness.law_id for witness in pack.walk.catalogue.witnesses}.__contains__)
    seen: dict[str, list[tuple[int, int]]] = {}
    for seed in range(WALKS_SEEN):
        says(f"{pack.name}, witnesses of walk {seed}")
        for witness, steps in _sightings(alone.of(seed), seed).items():
            seen.setdefault(witness, []).append((steps, seed))
    for witness, places in sorted(seen.items()):
        for steps, seed in sorted(places):
            taken, actions, _ = walk_actions(pack.calls, pack.walk, seed, steps, None)
            if can_be_said(pack.calls, taken, actions):
                yield witness, taken, actions
                break


def _sightings(walk: Walk, seed: int) -> dict[str, int]:
    """The number of steps of a walk until each witness is first seen, by the witness's id; witnesses that it does not
    see are left out.
    """
    checker, choices, opening = Checker(walk.catalogue, walk.genesis()), Seeded(seed), walk.opening()
    first: dict[str, int] = {}
    for position in range(WALK_STEPS):
        draft = Draft(checker.state)
        action = opening[position] if position < len(opening) else walk.next_action(choices, draft)
        outcome = walk.protocol.transition(draft, action)
        if isinstance(outcome, Delta):
            checker.accept(action, outcome)
        for witness, times in checker.seen.items():
            if times:
                first.setdefault(witness, position + 1)
    return first


def _chosen(pack: ProtocolPack, walks: int, says: Says = lambda _what: None) -> list[tuple[int, Script]]:
    """Up to `walks` random walks, with their seeds. They are chosen greedily so that together they cover many different
    pairs of consecutive cases (action and answer).
    """
    if pack.walk is None or not walks:
        return []
    scripts: dict[int, Script] = {}
    for seed in range(WALKS_SEEN):
        says(f"{pack.name}, walk {seed}")
        scripts[seed] = of_walk(pack.calls, pack.walk, seed, WALK_STEPS)
    left = {seed: set(pairwise(_cases(pack, script))) for seed, script in scripts.items()}
    chosen: list[int] = []
    while left and len(chosen) < walks:
        best = max(left, key=lambda seed: (len(left[seed]), -seed))
        covered = left.pop(best)
        chosen.append(best)
        left = {seed: pairs - covered for seed, pairs in left.items()}
    return [(seed, scripts[seed]) for seed in sorted(chosen)]


def _cases(pack: ProtocolPack, script: Script) -> list[Case]:
    """The case of each call of a script."""
    history = pack.calls.begin(script.head)
    state = history.genesis.copy()
    cases: list[Case] = []
    for call in script.calls:
        outcome = execute(pack.protocol.transition, state, history.read(call, "call")[0])
        answer = ACCEPTED if isinstance(outcome, Delta) else str(outcome.value)
        cases.append((str(as_object(call, "call")["action"]), answer))
    return cases


def _text(document: Json) -> str:
    return json.dumps(document, separators=(",", ":"))


def _write(
    folder: Path,
    file: str,
    protocol: str,
    kind: str,
    document: Mapping[str, Any],
    wrong: str = "",
    shows: tuple[str, ...] = (),
) -> Entry:
    text = _text(document).encode()
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text, mtime=0))
    steps = document["steps"]
    covers = sorted({f"{step['action']}: {step['error'] or ACCEPTED}" for step in steps})
    return Entry(file, protocol, kind, len(steps), hashlib.sha256(text).hexdigest(), (*covers, *shows), wrong)
