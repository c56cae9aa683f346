"""Protocols from outside: found by module and attribute or by entry point, and the messages if one cannot be loaded."""

import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import project, protocols
from harness.pack import UnknownProtocolError
from harness.project import ENTRY_POINTS
from harness.protocols import (
    known_bounded_models,
    known_packs,
    known_protocols,
    known_walks,
    load_walk,
    pack_at,
    select_bounded_models,
    select_packs,
)
from harness.source import fingerprint

EXAMPLE = Path(__file__).parents[2] / "docs" / "third_protocol"


def restake(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, started in `folder`, with the specification that the tests use."""
    path = os.pathsep.join(
        os.path.abspath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry
    )
    command = [sys.executable, "-P", "-c", "from harness.cli import main; main()", *arguments]
    environment = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def test_both_protocols_are_known_and_whole() -> None:
    known = known_protocols()
    assert sorted(known) == ["eigenlayer", "symbiotic"]
    for name, protocol in known.items():
        assert protocol.name == name
        assert len(protocol.schema.tables) == len({table.name for table in protocol.schema.tables}) > 20
        assert [table.index for table in protocol.schema.tables] == list(range(len(protocol.schema.tables)))
        assert len(protocol.actions) >= 25
        assert len(protocol.reasons) >= 30
        assert list(known_packs()[name].traces.glob("*.json.gz"))


def test_the_worked_example_is_checked_by_name_alone() -> None:
    done = restake("check", "--json", "--protocol", "staking_pool:PROTOCOL", folder=EXAMPLE)
    assert (done.returncode, done.stderr) == (0, "")
    (trace,) = json.loads(done.stdout)["traces"]
    assert (trace["verdict"], trace["steps"]) == ("agrees", 6)


def test_the_worked_example_can_fail(tmp_path: Path) -> None:
    for file in EXAMPLE.rglob("*.*"):
        (tmp_path / file.relative_to(EXAMPLE)).parent.mkdir(exist_ok=True)
        (tmp_path / file.relative_to(EXAMPLE)).write_bytes(file.read_bytes())
    source = tmp_path / "staking_pool.py"
    source.write_text(
        source.read_text()
        .replace("mul_wad_ceil(pool.stake", "mul_wad_floor(pool.stake")
        .replace("mul_wad_ceil", "mul_wad_floor")
    )
    done = restake("check", "--protocol", "staking_pool:PROTOCOL", folder=tmp_path)
    assert done.returncode == 1
    assert "step 2: slash by service" in done.stdout


def test_the_worked_example_writes_its_trace_as_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    protocol = importlib.import_module("staking_pool").PROTOCOL
    (path,) = (EXAMPLE / "traces").glob("*.json")
    document = json.loads(path.read_text())
    trace = protocol.read_trace(document)
    assert protocol.write_trace(trace.head, [action for step in trace.steps for action in step.actions]) == document
    monkeypatch.delitem(sys.modules, "staking_pool")


HEAVY = ("z3", "cvc5", "hypothesis", "numpy", "scipy", "highspy", "distributed", "proofs.call_task")
LOADED = f"""
import sys
from harness.cli import cli
try:
    cli.main(sys.argv[1:], standalone_mode=False)
except SystemExit:
    pass
print([name for name in {HEAVY} if name in sys.modules], "invariants.eigenlayer.walk" in sys.modules)
"""


@pytest.mark.source
@pytest.mark.parametrize("arguments", [("--help",), ("replay", "--help"), ("replay", "TRACE")])
def test_help_and_replay_load_no_solver_and_no_library_that_draws(arguments: tuple[str, ...]) -> None:
    trace = next((known_packs()["symbiotic"].traces).glob("*.json.gz"))
    command = [sys.executable, "-P", "-c", LOADED, *[str(trace) if word == "TRACE" else word for word in arguments]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] False"


@pytest.mark.source
def test_what_loads_a_solver_is_seen(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", LOADED, "prove", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1].startswith("['z3'")


def test_one_protocol_can_be_asked_for() -> None:
    assert list(select_packs(["symbiotic"])) == ["symbiotic"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            "nothing",
            "unknown protocol 'nothing': a known one is one of eigenlayer, market_on_eigenlayer, "
            "market_on_symbiotic, symbiotic",
        ),
        (
            "no_such_module:PROTOCOL",
            "cannot load protocol 'no_such_module:PROTOCOL': ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("json:PROTOCOL", "cannot load protocol 'json:PROTOCOL'"),
        ("json:dumps", "'json:dumps' is function, not a spec.protocol.Protocol"),
        (":", "cannot load protocol ':'"),
    ],
)
def test_a_protocol_that_cannot_be_had_is_named(asked: str, words: str) -> None:
    with pytest.raises(UnknownProtocolError) as raised:
        select_packs([asked])
    assert str(raised.value).startswith(words)


def announce(entry: importlib.metadata.EntryPoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add an entry point to those of the installed packages."""
    installed = importlib.metadata.entry_points

    def with_it(group: str) -> list[importlib.metadata.EntryPoint]:
        return [*installed(group=group), *([entry] if group == entry.group else [])]

    monkeypatch.setattr(project, "entry_points", with_it)


@pytest.mark.parametrize(("place", "is_walked"), [("staking_pool:PROTOCOL", False), ("pool_laws:WALK", True)])
def test_an_installed_package_can_announce_a_protocol_or_a_walk(
    place: str, is_walked: bool, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = importlib.metadata.EntryPoint("pool", place, ENTRY_POINTS)
    announce(entry, monkeypatch)
    assert sorted(known_protocols()) == ["eigenlayer", "staking_pool", "symbiotic"]
    target = known_packs()["staking_pool"]
    assert (target.place, target.walk is not None) == ("staking_pool", is_walked)
    assert target.traces == example / "traces"


def test_nobody_takes_the_place_of_a_protocol_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Regression: of two announced packs with one name, the last took the name, even from a pack of this project."""
    (tmp_path / "variant.py").write_text("from invariants.symbiotic.walk import WALK\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    known = known_packs()["symbiotic"]
    foreign = importlib.metadata.EntryPoint("symbiotic", "variant:WALK", ENTRY_POINTS)
    monkeypatch.setattr(protocols, "announced", lambda group: [*project.announced(group), foreign])
    assert known_packs()["symbiotic"] == known
    assert "left out: entry point symbiotic: another pack is called 'symbiotic'" in capsys.readouterr().err


def test_a_release_is_had_by_its_name_and_the_newest_by_none() -> None:
    newest, old = pack_at("eigenlayer"), pack_at("eigenlayer@v1_12_0")
    assert pack_at("eigenlayer@v1_13_1") == newest
    assert (old.name, old.place, old.protocol) == ("eigenlayer", "eigenlayer@v1_12_0", newest.protocol)
    for pack, release, delay_blocks in ((newest, "v1.13.1", 6), (old, None, None)):
        assert pack.walk is not None
        assert pack.bounded_model is not None
        walks = [pack.walk, *pack.walk.scenarios, *[pack.walk.of(seed) for seed in range(1, 9)]]
        walks += [game.walk for game in pack.games]
        assert [walk.world.get("release") for walk in walks] == [release] * len(walks)
        config = pack.walk.world["config"]
        assert isinstance(config, dict)
        assert config.get("slash_resolution_delay_blocks") == delay_blocks
        assert pack.bounded_model.walk.world.get("release") == release
    for asked, names in (("eigenlayer@v2", "v1_12_0, v1_13_1"), ("symbiotic@v2", "none")):
        with pytest.raises(UnknownProtocolError) as refused:
            pack_at(asked)
        assert str(refused.value) == f"unknown preset 'v2' of {asked.partition('@')[0]}: it has {names}"


def test_two_packs_of_one_name_are_not_one() -> None:
    walk_at = known_packs()["symbiotic"].walk_at
    assert walk_at is not None
    with pytest.raises(UnknownProtocolError, match="are both called 'symbiotic'"):
        select_packs(["symbiotic", walk_at])
    assert list(select_packs(["symbiotic", "symbiotic"])) == ["symbiotic"]


@pytest.mark.usefixtures("example")
def test_a_fingerprint_is_of_the_rules_of_a_pack_that_is_announced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = importlib.metadata.EntryPoint("pool", "pool_pack:PACK", ENTRY_POINTS)
    announce(entry, monkeypatch)
    fingerprint.cache_clear()
    assert fingerprint("staking_pool") != fingerprint("")
    fingerprint.cache_clear()


def test_a_walk_is_had_from_its_place_in_any_process(example: Path) -> None:
    assert load_walk("eigenlayer") is known_walks()["eigenlayer"]
    assert load_walk("pool_laws:WALK").protocol.traces == example / "traces"
    with pytest.raises(UnknownProtocolError, match=r"'json:dumps' is function, not a spec\.protocol\.Protocol"):
        load_walk("json:dumps")


def test_a_small_world_is_had_by_its_protocol_or_its_place(example: Path) -> None:
    assert select_bounded_models([]) == known_bounded_models()
    assert list(select_bounded_models(["symbiotic"])) == ["symbiotic"]
    (world,) = select_bounded_models(["pool_laws:BOUNDED_MODEL"]).values()
    assert world.walk.protocol.traces == example / "traces"
    with pytest.raises(UnknownProtocolError, match="unknown protocol 'nothing'"):
        select_bounded_models(["nothing"])


def test_what_is_out_of_reach_is_named_with_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Regression: a list of names, a form that was allowed once, ended a run in a traceback."""
    pack = 'PACK = ProtocolPack(name="x", protocol_at="spec.symbiotic:PROTOCOL", out_of_reach=("Slash",))\n'
    (tmp_path / "old_pack.py").write_text(f"from harness.pack import ProtocolPack\n\n{pack}")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UnknownProtocolError, match="out_of_reach maps names to why no run need reach them"):
        pack_at("old_pack:PACK")
