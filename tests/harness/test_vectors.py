"""`restake fill` and `mutate --vectors`: vectors replay, canaries do not, and a release's files are checked
before use.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from conformance.cases import read_cases, read_edges, read_orders
from conformance.scripts import of_walk
from harness import vectors
from harness.cli import cli
from harness.mutants import vectors as judging
from harness.mutants.fate import Effort
from harness.mutants.run import Choice, judge
from harness.mutants.vectors import VectorMutation
from harness.protocols import known_packs, pack_at
from harness.replay import replay
from harness.stopping import Stop
from harness.traces import find_traces, load_json, load_trace
from harness.vectors import ORDER, Entry, ReleaseError, fill, read_release
from invariants.checking import Checker
from spec.codec import as_object
from spec.machine import Delta, Draft
from tests.harness.commands import EXAMPLE

pytestmark = pytest.mark.source

START = """
import sys
from pathlib import Path
from harness import vectors
from harness.protocols import pack_at
vectors.WALKS_SEEN = 6
vectors.find_traces = lambda places: []
edges, orders = vectors.read_edges, vectors.read_orders
vectors.read_edges = lambda path: list(edges(path))[:9]
vectors.read_orders = lambda path: list(orders(path))[:9]
vectors.fill([pack_at("eigenlayer")], Path(sys.argv[1]), 2)
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fixture: the folder of a small release of vectors. It has one recorded trace of each protocol and an eighth of
    the orders and edges, but no walks, since all take longer.
    """
    folder = tmp_path_factory.mktemp("release")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "read_orders", lambda path: list(read_orders(path))[::8])
        patch.setattr(vectors, "read_edges", lambda path: list(read_edges(path))[::8])
        patch.setattr(vectors, "find_traces", lambda places: list(find_traces(places))[:1])
        fill(known_packs().values(), folder, 0)
    return folder


def test_every_vector_replays_and_every_case_is_covered(release: Path) -> None:
    entries = [entry for entry in read_release(release) if not entry.wrong]
    protocols = {name: pack.protocol for name, pack in known_packs().items()}
    for entry in entries:
        protocol, trace = load_trace(release / entry.file, protocols)
        assert replay(protocol, trace) is None, entry.file
        assert (protocol.name, len(trace.steps)) == (entry.protocol, entry.steps)
    reasons = {case.partition(": ")[2] for entry in entries for case in entry.covers if not case.startswith(ORDER)}
    assert reasons - {"accepted"} == {reason.value for protocol in protocols.values() for reason in protocol.reasons}
    assert sum((release / entry.file).stat().st_size for entry in entries) < 2 * 10**6


def test_a_vector_for_an_order_says_so_and_ends_with_the_first_of_its_reasons(release: Path) -> None:
    entries = [entry for entry in read_release(release) if entry.kind == "orders"]
    assert len(entries) > 15
    for entry in entries:
        (said,) = [each.removeprefix(ORDER) for each in entry.covers if each.startswith(ORDER)]
        *_, last = cast("list[dict[str, str]]", as_object(load_json(release / entry.file), "")["steps"])
        assert said.startswith(f"{last['action']}: {last['error']} before ")


def test_every_canary_is_wrong_in_what_it_says_and_at_its_last_step_alone(release: Path) -> None:
    entries = [entry for entry in read_release(release) if entry.wrong]
    protocols = {name: pack.protocol for name, pack in known_packs().items()}
    for entry in entries:
        protocol, trace = load_trace(release / entry.file, protocols)
        mismatch = replay(protocol, trace)
        assert mismatch is not None, entry.file
        assert mismatch.step == entry.steps - 1
        found = {difference.path.partition(".")[0] for difference in mismatch.differences}
        expected = {"outcome": "error", "reason": "error", "returns": "returns", "state": "post"}[entry.wrong]
        assert expected in found
        assert found <= {expected, "returns"}
    counts = Counter((entry.protocol, entry.wrong) for entry in entries)
    assert counts == {(name, wrong): 4 for name in known_packs() for wrong in ("outcome", "reason", "returns", "state")}


def test_a_release_is_the_same_to_the_byte_under_any_hash_seed(tmp_path: Path) -> None:
    digests = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        subprocess.run(
            [sys.executable, "-P", "-c", START, str(folder)],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        digests.append({path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*.*"))})
    assert digests[0] == digests[1]
    kinds = Counter(entry.kind for entry in read_release(tmp_path / "1"))
    assert (kinds["walks"], kinds["canaries"]) == (2, 16)
    assert kinds["witnesses"] > 5


def test_walks_are_chosen_for_what_they_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first walk chosen has the most different pairs of consecutive cases. If 0 walks are asked for, none is
    chosen.
    """
    pack = pack_at("eigenlayer")
    monkeypatch.setattr(vectors, "WALKS_SEEN", 6)
    chosen = vectors._chosen(pack, 1)
    assert pack.walk is not None
    pairs = {
        seed: len(set(pairwise(cases)))
        for seed in range(6)
        for cases in [vectors._cases(pack, of_walk(pack.calls, pack.walk, seed, vectors.WALK_STEPS))]
    }
    assert [seed for seed, _ in chosen] == [max(pairs, key=lambda seed: (pairs[seed], -seed))]
    assert len(vectors._chosen(pack, 20)) == 6
    assert vectors._chosen(pack, 0) == []


def test_a_witness_is_seen_at_the_last_step_of_its_vector_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A witness is a situation that runs must reach. Its vector is the shortest beginning of a walk that reaches it. A
    witness that no walk reaches has no vector.
    """
    pack = pack_at("symbiotic")
    monkeypatch.setattr(vectors, "WALKS_SEEN", 10)
    found = list(vectors._witnessed(pack, 1))
    assert len(found) > 10
    assert pack.walk is not None
    for witness, walk, actions in found:
        alone = walk.where({witness}.__contains__)
        checker = Checker(alone.catalogue, alone.genesis())
        seen = []
        for action in actions:
            outcome = pack.protocol.transition(Draft(checker.state), action)
            if isinstance(outcome, Delta):
                checker.accept(action, outcome)
            seen.append(checker.seen[witness])
        assert seen == [0] * (len(actions) - 1) + [1]
    assert list(vectors._witnessed(pack, 0)) == []


def test_recorded_traces_are_vectors_as_they_are(release: Path) -> None:
    entries = [entry for entry in read_release(release) if entry.kind == "recorded"]
    assert [entry.protocol for entry in entries] == sorted(known_packs())
    for entry in entries:
        path = next(find_traces([known_packs()[entry.protocol].traces]))
        assert Path(entry.file).name.startswith(path.name.partition(".")[0])
        assert load_json(release / entry.file) == load_json(path)


def changed(entries: list[Any], **fields: Any) -> list[Any]:
    return [{**entries[0], **fields}, *entries[1:]]


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another format": (lambda m: m.update(format=2), "format: expected 1, found 2"),
    "a field too many": (lambda m: m.update(more=1), "unknown field 'more'"),
    "no files": (lambda m: m.update(files=[]), "there is no vector in it"),
    "another digest": (lambda m: m.update(files=changed(m["files"], sha256="0")), "where the manifest says 0"),
    "no such file": (lambda m: m.update(files=changed(m["files"], file="gone.json")), "cannot be read"),
    "elsewhere": (lambda m: m.update(files=changed(m["files"], file="../a.json")), "not below the release's folder"),
    "at the root": (lambda m: m.update(files=changed(m["files"], file="/a.json")), "not below the release's folder"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_release_that_is_not_as_its_manifest_says_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, said = BROKEN[name]
    folder = tmp_path / "release"
    monkeypatch.setattr(vectors, "read_cases", lambda path: list(read_cases(path))[:2])
    for others in ("read_orders", "read_edges", "find_traces"):
        monkeypatch.setattr(vectors, others, lambda _: [])
    fill([pack_at("eigenlayer")], folder, 0)
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ReleaseError) as error:
        read_release(folder)
    assert said in str(error.value)
    result = CliRunner().invoke(cli, ["mutate", "--vectors", str(folder), "--mutant", "SM-45"])
    assert (result.exit_code, said in result.stderr) == (2, True)


def test_a_folder_that_is_not_empty_is_not_written_to(release: Path) -> None:
    result = CliRunner().invoke(cli, ["fill", "--out", str(release)])
    assert result.exit_code == 2
    assert f"{release}: is there already, and not empty" in result.stderr


def test_a_protocol_that_was_asked_for_by_name_has_a_vector_or_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a protocol of which no vector can be made was left out of a release without a word."""
    (tmp_path / "untraced.py").write_text(
        (EXAMPLE / "staking_pool.py").read_text().replace('"staking_pool"', '"untraced"')
    )
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.syspath_prepend(str(tmp_path))
    asked = ["fill", "--protocol", "pool_laws:WALK", "--protocol", "untraced:PROTOCOL", "--walks", "0"]
    result = CliRunner().invoke(cli, [*asked, "--out", str(tmp_path / "both")], standalone_mode=False)
    assert (result.return_value, result.stderr) == (2, "no vector was written: untraced\n")
    asked = ["fill", "--protocol", "untraced:PROTOCOL", "--walks", "0", "--out", str(tmp_path / "one")]
    result = CliRunner().invoke(cli, asked, standalone_mode=False)
    assert (result.return_value, result.stderr) == (5, "")


def test_mutants_whose_protocol_has_no_vector_are_not_judged_by_others(release: Path) -> None:
    entries = [entry for entry in read_release(release) if entry.protocol == "eigenlayer"]
    chosen = Choice(packs=known_packs(), ids=("SM-11",)).mutants()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "read_release", lambda _: entries)
        with pytest.raises(ReleaseError) as raised:
            VectorMutation(chosen, release, Stop())
    assert str(raised.value) == f"{release}: has no vector of symbiotic, for SM-11"


def test_mutants_are_killed_by_vectors_or_survive(release: Path) -> None:
    """A mutant that lacks a check is killed by the vector of the check's case. Without such vectors it survives, and
    the run fails.
    """
    chosen = Choice(packs=known_packs(), ids=("SM-11",)).mutants()
    killed = VectorMutation(chosen, release, Stop())
    fate = killed._fates(chosen[0])[0]
    assert (fate.outcome, fate.judge, fate.method) == ("killed", "vectors", "vector")
    assert "/cases/execute_slash_SlashPeriodEnded-" in fate.by[0]
    killed._keep(chosen[0], (fate,))
    assert (killed.kills(), killed.failures(), killed.exit_code) == ({"symbiotic/cases": 1}, [], 0)
    told = killed.kills_of_release()
    assert told["release"] == vectors.digest_of(read_release(release))
    assert (told["survivors"], as_object(told["kills"], "")["symbiotic/cases"]) == ([], ["SM-11"])
    survived = VectorMutation(chosen, release, Stop())
    survived.entries[:] = [entry for entry in survived.entries if "SlashPeriod" not in entry.file][:3]
    survived._keep(chosen[0], survived._fates(chosen[0]))
    assert survived.failures() == ["0 of 1 of the catalogue killed by vectors: the bar is 95%"]
    assert survived.exit_code == 1


def test_a_judge_that_is_slow_to_begin_hears_a_long_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: input longer than a pipe holds, to a judge that starts slowly, was never sent, and the run hung."""
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nsleep 0.5\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    (mutant,) = Choice(packs=known_packs(), ids=("SM-11",)).mutants()
    gone = tuple([f"{tmp_path}/no_such_vector_{number}.json.gz" for number in range(4000)])
    (fate,) = judge("vectors", mutant, Effort(), gone, Stop(60))
    assert (fate.outcome, fate.by) == ("killed", gone[:1])
    assert "FileNotFoundError" in fate.note


def test_the_manifest_names_the_mutants_that_were_measured_of_these_very_vectors(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release's manifest has the measured kills only if they were measured for exactly its vectors. No mutant is
    listed twice.
    """
    manifest = json.loads((release / "manifest.json").read_text())
    assert manifest["kills"] is None
    entries = read_release(release)
    measured: Any = load_json(vectors.KILLS)
    told = [mutant for kind in measured["kills"].values() for mutant in kind] + measured["survivors"]
    known = [mutant.mutant_id for mutant in Choice(generated=False, packs=known_packs()).mutants()]
    assert len(told) == len(set(told))
    assert set(told) <= set(known)
    monkeypatch.setattr(vectors, "KILLS", tmp_path / "kills.json")
    vectors.KILLS.write_text(json.dumps({"release": vectors.digest_of(entries), "kills": {"eigenlayer/cases": ["X"]}}))
    assert vectors.known_kills(entries) == {"eigenlayer/cases": ["X"]}
    assert vectors.known_kills(entries[1:]) is None


def test_entries_are_written_as_they_are_read(release: Path) -> None:
    manifest = json.loads((release / "manifest.json").read_text())
    entries = [vectors.ENTRY.read(entry, "", {}) for entry in manifest["files"]]
    assert [vectors.ENTRY.write(entry) for entry in entries] == manifest["files"]
    assert all(isinstance(entry, Entry) for entry in entries)
