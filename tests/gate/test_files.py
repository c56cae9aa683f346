"""Files that a rule reads or looks at: a change of any file counts, by whatever function it is read."""

import os.path
from pathlib import Path, PurePath

import pytest

from gate.words import CALLED_OPENERS, OPENERS, PATH_OPENERS, is_fileless
from tests.gate.test_attacks import changed
from tests.gate.test_candidates import IN, rules, tree

pytestmark = pytest.mark.source


@pytest.mark.parametrize(
    ("more", "body"),
    [
        ("from pathlib import Path\nNEW = Path(__file__).with_name('flag').exists()\n", "return NEW"),
        ("from pathlib import Path\n", "return Path('flag').is_symlink()"),
        ("from pathlib import Path\n", "return any(map(Path.exists, [Path('flag')]))"),
        ("from pathlib import Path\n", "return getattr(Path('flag'), 'exists')()"),
        ("from pathlib import Path\n", "return Path('flag').group()"),
        ("from pathlib import Path\n", "return Path('flag').replace('flag')"),
        ("from pathlib import Path\n", "return getattr(Path('flag'), 'ex' + 'ists')()"),
        ("from pathlib import Path\n", "return Path('flag').resolve(strict=True)"),
        ("from other import HERE\n", "return (HERE / 'flag').exists()"),
        ("from other import there\n", "return there('flag')"),
        ("import os\n", "return os.path.exists('flag')"),
        ("import os\n", "return [*map(os.path.exists, ['flag'])]"),
        ("import os\n", "return [*os.walk('.')]"),
        ("import os\n", "return os.access('flag', 4)"),
        ("from os.path import isfile\n", "return isfile('flag')"),
        ("from os.path import exists as there\n", "return there('flag')"),
        ("import os.path as paths\n", "return paths.getmtime('flag')"),
        ("import io\nFEE = io.FileIO('flag').read()\n", "return FEE"),
        ("import numpy\nFEE = numpy.loadtxt('flag')\n", "return FEE"),
        ("from pandas import read_csv as table\n", "return table('flag')"),
        ("import configobj\n", "return configobj.ConfigObj('flag')['fee']"),
        ("import tarfile\n", "return tarfile.TarFile('flag').getnames()"),
        ("import logging.config\nlogging.config.fileConfig('flag')\n", "return 1"),
    ],
)
def test_a_file_is_seen_by_whatever_it_is_read(tmp_path: Path, more: str, body: str) -> None:
    files = {"rules.py": rules(f"{more}{IN}", body)}
    files["other.py"] = "from pathlib import Path\nfrom os.path import exists as there\nHERE = Path('.')\n"
    base, head = tree(tmp_path / "base", files), tree(tmp_path / "head", {**files, "flag": "1"})
    assert changed(base, head, "In") == ["files:all"]
    assert not base.is_same_as(head)


@pytest.mark.parametrize(
    ("more", "body"),
    [
        ("", "return draft.get(TABLE, 1).exists"),
        ("", "return action.owner"),
        ("", "return TABLE.replace(draft, 1)"),
        ("import re\n", "return re.match('a', action.sender).group(0)"),
        ("from pathlib import Path\nHERE = Path(__file__).resolve().parent\n", "return HERE"),
        ("import os\nHERE = os.path.dirname(os.path.abspath(__file__))\n", "return HERE"),
        ("from heapq import heappush\n", "heappush(action.amounts, 1)"),
        ("import math, tomllib\nFEES = tomllib.loads('a = 1')\n", "return math.isqrt(FEES['a'])"),
        ("from harness.pack import ProtocolPack\nPACK = ProtocolPack(name='p')\n", "return 1"),
    ],
)
def test_what_reads_no_file_is_no_reader(tmp_path: Path, more: str, body: str) -> None:
    files = {"rules.py": rules(f"{more}{IN}", body)}
    base, head = tree(tmp_path / "base", files), tree(tmp_path / "head", {**files, "README.md": "Words."})
    assert changed(base, head, "In") == []
    assert base.is_same_as(head)


def test_all_that_looks_at_files_is_known() -> None:
    """Every method of a path, and every function of `os.path`, is a place's or an opener's."""
    places = {"absolute", "cwd", "expanduser", "home", "resolve"}
    methods = {name for name in dir(Path) if name not in dir(PurePath) and name[0] != "_"}
    assert methods - OPENERS - CALLED_OPENERS - PATH_OPENERS == places
    pure = {"abspath", "basename", "commonpath", "commonprefix", "dirname", "expanduser", "expandvars", "isabs", "join"}
    pure |= {"normcase", "normpath", "realpath", "relpath", "split", "splitdrive", "splitext", "splitroot"}
    functions = {name for name in os.path.__all__ if callable(getattr(os.path, name))}
    assert functions - OPENERS - CALLED_OPENERS - pure == set()


def test_a_member_of_a_library_that_nobody_knows_may_read_files() -> None:
    assert is_fileless("heapq.heappush")
    assert is_fileless("os.path.join")
    assert not is_fileless("os.path.isdir")
    assert not is_fileless("os.listdir")
    assert not is_fileless("unknown.helper")
