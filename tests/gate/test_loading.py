"""Modules that are loaded before a rule runs, though no rule names them: the pack's, and the packages above each."""

import subprocess
from pathlib import Path

import pytest

from gate.closures import Closures, NotReadError
from gate.elsewhere import refuse_elsewhere
from gate.judge_process import judge_apart
from gate.judging import Budget
from gate.starting import clean_environment
from gate.verdicts import ProtocolReport
from gate.versions import taken
from tests.gate.prepared import ROOT
from tests.gate.test_attacks import changed
from tests.gate.test_candidates import IN, rules, tree

pytestmark = pytest.mark.source

REGISTRY = rules(f"RULES = []\n{IN}", "return RULES[0](action)")


@pytest.mark.parametrize(
    "files",
    [
        {"pack.py": "import rules, plugin\n", "plugin.py": "import rules\nrules.RULES.append(lambda a: 1)\n"},
        {"pack.py": "import plugin\n", "plugin.py": "from rules import RULES\nRULES.append(lambda a: 1)\n"},
        {
            "pack.py": "import helpers.plugin\n",
            "helpers/__init__.py": "import rules\nrules.RULES.append(lambda a: 1)\n",
            "helpers/plugin.py": "",
        },
        {
            "pack.py": "import plugin\nplugin.install(lambda a: 1)\n",
            "plugin.py": "import rules\ndef install(rule):\n    rules.RULES.append(rule)\n",
        },
        {
            "pack.py": "def load():\n    import plugin\nload()\n",
            "plugin.py": "import rules\nsetattr(rules, 'RULES', [lambda a: 1])\n",
        },
        {
            "pack.py": "import plugin\n",
            "plugin.py": "import rules, values\nrules.RULES.append(values.rule)\n",
            "values.py": "rule = lambda a: 1\n",
        },
    ],
)
def test_what_the_pack_puts_into_a_registry_is_reached(tmp_path: Path, files: dict[str, str]) -> None:
    """Regression: the gate followed the imports of the protocol's module alone."""
    files = {"rules.py": REGISTRY, **files}
    head = {name: text.replace("a: 1", "a: 2") for name, text in files.items()}
    for side, each in (("base", files), ("head", head)):
        tree(tmp_path / side, each)
    old, new = (Closures(tmp_path / side, "rules:PROTOCOL", loaded=("pack",)) for side in ("base", "head"))
    assert [name for name in changed(old, new, "In") if name.partition(":")[0] not in ("rules", "order")]
    assert old.of_pack


def test_a_module_that_the_pack_names_as_one_of_the_rules_counts(tmp_path: Path) -> None:
    for side, text in (("base", "a: 1"), ("head", "a: 2")):
        tree(tmp_path / side, {"rules.py": REGISTRY, "plugin.py": f"import rules\nrules.RULES.append(lambda {text})\n"})
    base, head = (Closures(tmp_path / side, "rules:PROTOCOL", ("rules", "plugin")) for side in ("base", "head"))
    assert changed(base, head, "In") == ["plugin:module"]


def test_what_a_pack_loads_without_effect_is_not_reached(tmp_path: Path) -> None:
    files = {
        "rules.py": REGISTRY,
        "laws.py": "from invariants.law import StateLaw\nimport rules\nLAW = StateLaw('a: 1')\n",
    }
    files["pack.py"] = (
        "from pathlib import Path\nfrom harness.pack import ProtocolPack\nimport laws\n"
        "HERE = Path(__file__).parent\nPACK = ProtocolPack(name='a: 1', docs=HERE / 'README.md', rules=('rules',))\n"
    )
    for side, after in (("base", "a: 1"), ("head", "a: 2")):
        tree(tmp_path / side, {name: text.replace("a: 1", after) for name, text in files.items()})
    base, head = (Closures(tmp_path / side, "rules:PROTOCOL", ("rules",), ("pack",)) for side in ("base", "head"))
    assert changed(base, head, "In") == []
    assert base.of_pack == frozenset()


@pytest.mark.parametrize("init", ["p/__init__.py", "p/q/__init__.py"])
def test_the_packages_above_the_rules_are_read(tmp_path: Path, init: str) -> None:
    """Regression: Python loads the packages above the protocol's module, and nothing imports them by name."""
    files = {"p/__init__.py": "", "p/q/__init__.py": "", "p/q/rules.py": rules(f"CAP = 1\n{IN}", "return CAP")}
    for side, text in (("base", ""), ("head", "from p.q import rules\nrules.CAP = 2\n")):
        for name, each in {**files, init: text}.items():
            (tmp_path / side / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / side / name).write_text(each)
    base, head = (Closures(tmp_path / side, "p.q.rules:PROTOCOL") for side in ("base", "head"))
    assert f"{Path(init).parent.as_posix().replace('/', '.')}:module" in changed(base, head, "In")


POOL = ROOT / "docs" / "third_protocol"
RULES = (POOL / "staking_pool.py").read_text()
PACK = (POOL / "pool_pack.py").read_text()
RETURNED = "    return draft.delta(amount)\n"
TWICE = "    return draft.delta(2 * amount)\n"


def git(folder: Path, *words: str) -> None:
    named = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *named, "-C", str(folder), *words], check=True, capture_output=True)


def judged(folder: Path, base: dict[str, str], head: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> ProtocolReport:
    """The gate's report on two commits of a repository: the staking pool with the files of `base`, then of `head`."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    clean_environment()
    git(folder, "init", "-q")
    for files in ({path.name: path.read_text() for path in POOL.glob("*.py")} | base, head):
        for name, text in files.items():
            (folder / name).write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "a version")
    with taken(folder, "HEAD~1", "HEAD") as (old, new):
        return judge_apart("staking_pool", "pool_pack:PACK", (old, new), (), Budget(60.0, 1, lambda: False))


def verdicts(report: ProtocolReport) -> dict[str, str]:
    assert report.problem == ""
    return {action.action: action.verdict for action in report.actions}


def switched(pack: str) -> str:
    """The text of the pack, with its rules and its walk in other modules."""
    return pack.replace("staking_pool:PROTOCOL", "pool_v2:PROTOCOL").replace("pool_laws:WALK", "laws_v2:WALK")


def test_a_head_whose_pack_names_other_rules_is_judged_by_those(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a version of the rules stood beside the old one, and the pack was switched to it, which was SAME."""
    assert RULES.count(RETURNED) == 1
    laws = (POOL / "pool_laws.py").read_text().replace("from staking_pool", "from pool_v2")
    base = {"pool_v2.py": RULES.replace(RETURNED, TWICE), "laws_v2.py": laws}
    report = judged(tmp_path, base, {"pool_pack.py": switched(PACK)}, monkeypatch)
    assert verdicts(report) == {"Deposit": "UNKNOWN", "Slash": "UNKNOWN", "Withdraw": "DIFFERS"}
    assert report.actions[0].why == "no proof: the head's pack names other rules: pool_v2:PROTOCOL"
    assert "pack:place of the rules" in [change.shown for change in report.actions[0].changes]


def test_a_pack_that_fills_a_registry_is_loaded_and_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: a module that only the pack imports appends a fee to a list of the rules. Its change was SAME."""
    ruled = RULES.replace("POOL: Final", "FEES: list[int] = []\nPOOL: Final").replace(
        RETURNED, "    return draft.delta(amount - sum(FEES))\n"
    )
    assert "FEES: list[int] = []" in ruled
    fees = "import staking_pool\n\nstaking_pool.FEES.append(1)\n"
    base = {"staking_pool.py": ruled, "pool_fees.py": fees, "pool_pack.py": f"import pool_fees\n{PACK}"}
    report = judged(tmp_path, base, {"pool_fees.py": fees.replace("(1)", "(2)")}, monkeypatch)
    assert verdicts(report) == {"Deposit": "UNKNOWN", "Slash": "UNKNOWN", "Withdraw": "DIFFERS"}
    assert report.actions[0].why == "no proof: only the pack loads what was changed: pool_fees"


def test_what_a_package_sets_in_the_rules_is_not_proved_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: proofs load a module of rules without the package above it, which may set a value of the module."""
    (tmp_path / "poolp").mkdir()
    promised = RULES.replace("POOL: Final", "PROMISED = -1\nPOOL: Final").replace(
        RETURNED, "    return draft.delta(amount + (amount == PROMISED))\n"
    )
    places = {"pool_pack.py": PACK.replace('"staking_pool', '"poolp.staking_pool')}
    others = {
        path.name: path.read_text().replace("from staking_pool", "from poolp.staking_pool")
        for path in POOL.glob("pool_*.py")
    }
    base = {"poolp/__init__.py": "", "poolp/staking_pool.py": promised, **others, **places}
    sets = "from poolp import staking_pool\n\nstaking_pool.PROMISED = 987654321\n"
    report = judged(tmp_path, base, {"poolp/__init__.py": sets}, monkeypatch)
    assert verdicts(report)["Withdraw"] == "UNKNOWN"
    assert {action.why for action in report.actions} == {"no proof: none runs what was changed: poolp"}


def test_a_head_whose_pack_does_not_load_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = judged(tmp_path, {}, {"pool_pack.py": "raise KeyError('no pack')\n"}, monkeypatch)
    assert (report.verdict, report.actions) == ("UNKNOWN", [])
    assert "no pack" in report.problem


def test_a_head_whose_games_do_not_load_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: the question of who gains was left out of the report without a word."""
    games = PACK.replace("= ProtocolPack(", '= ProtocolPack(\n    games_at="pool_games:GAMES",')
    assert games != PACK
    base = {"pool_pack.py": games, "pool_games.py": "GAMES = ()\n"}
    report = judged(tmp_path, base, {"pool_games.py": "raise KeyError('no games')\n"}, monkeypatch)
    assert (report.verdict, report.actions) == ("UNKNOWN", [])
    assert "no games" in report.problem


def test_a_file_that_is_there_in_the_head_switches_a_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = RULES.replace("POOL: Final", "TWICE = (Path(__file__).parent / 'twice').exists()\nPOOL: Final")
    looked = looked.replace("import attr", "from pathlib import Path\n\nimport attr", 1)
    looked = looked.replace(RETURNED, "    return draft.delta(amount * (2 if TWICE else 1))\n")
    report = judged(tmp_path, {"staking_pool.py": looked}, {"twice": ""}, monkeypatch)
    found = verdicts(report)
    assert found["Withdraw"] == "DIFFERS"
    assert set(found.values()) <= {"DIFFERS", "UNKNOWN"}


def test_a_package_of_the_repository_that_is_installed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a package below `src/`, imported from the working tree by both versions, was taken for a library."""
    (tmp_path / "src" / "poolmath").mkdir(parents=True)
    git(tmp_path, "init", "-q")
    for side, fee in (("base", "100"), ("head", "2")):
        (tmp_path / "staking_pool.py").write_text(f"from poolmath import fee\n{RULES}")
        (tmp_path / "src" / "poolmath" / "__init__.py").write_text(f"def fee(amount):\n    return amount // {fee}\n")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", side)
    monkeypatch.chdir(tmp_path)
    with taken(tmp_path, "HEAD~1", "HEAD") as (old, new):
        closures = [Closures(each.folder, "staking_pool:PROTOCOL") for each in (old, new)]
        refuse_elsewhere(closures, (old, new))  # a library of that name, or none
        monkeypatch.syspath_prepend(str(tmp_path / "src"))
        with pytest.raises(NotReadError, match=r"src/poolmath/__init__\.py: it was changed, and poolmath is imported"):
            refuse_elsewhere(closures, (old, new))
        refuse_elsewhere(closures, (old, old))
