"""Changes that hide from the gate: each changes what a rule answers, but not the text of the code that the
rule calls.
"""

from pathlib import Path

import pytest

from gate.changes import changes
from gate.closures import Closures, NotReadError
from tests.gate.prepared import DISPATCH

pytestmark = pytest.mark.source

RULES = """
from operator import lt
from other import helper, rounded_up as more, rounded_down as less
import other
import other.deep
def limit(x):
    return x
CAP = 3
class Reason(Enum):
    A = "a"
    B = "b"
class Kind(Enum):
    X = 1
    Y = 2
class In:
    request: Request = None
class Out:
    pass
class Request:
    weight = 1
def patch(name):
    name.helper = more
    return name
class Telling:
    def __init_subclass__(cls):
        patch(other)
    def tell(self):
        patch(other)
TABLE = []
def joined(rule):
    TABLE.append(rule)
def replaced(rule):
    table = TABLE
    table[0] = rule
def go_in(draft, action):
    HERE
"""
RULES += DISPATCH

OTHER = """
def helper(x):
    return x
def rounded_up(x):
    return x + 1
def rounded_down(x):
    return x
"""

DEEP = "def deeper(x):\n    return x\n"


def made(folder: Path, rules: str, other: str = OTHER, deep: str = DEEP) -> Closures:
    (folder / "other").mkdir(parents=True)
    (folder / "rules.py").write_text(rules)
    (folder / "other" / "__init__.py").write_text(other)
    (folder / "other" / "deep.py").write_text(deep)
    return Closures(folder, "rules:PROTOCOL")


def changed(base: Closures, head: Closures, action: str) -> list[str]:
    """The changes that the gate finds for an action between two versions. If it finds none for the whole protocol, it
    must find none for the action.
    """
    found = [change.shown for change in changes(base, head, base.of(action), head.of(action))]
    everything = changes(base, head, base.everything(), head.everything())
    assert everything or not found
    return found


BODY = "return helper(action)"


@pytest.mark.parametrize(
    ("body", "before", "after", "told"),
    [
        ("return lt(1, 2)", "operator import lt", "operator import le as lt", "rules:import lt"),
        (
            "return more(less(1))",
            "rounded_up as more, rounded_down as less",
            "rounded_down as more, rounded_up as less",
            "rules:import less",
        ),
        ("return limit(1)", "CAP = 3", "from other import helper as limit", "rules:import limit"),
        (BODY, "CAP = 3", "_ = setattr(other, 'helper', less)", "rules:_"),
        (BODY, "CAP = 3", "_ = patch(other)", "rules:_"),
        (BODY, "CAP = 3", "@patch\ndef unread():\n    pass", "rules:unread"),
        (BODY, "CAP = 3", "class Unread(patch(other)):\n    pass", "rules:Unread"),
        (BODY, "CAP = 3", "class Unread:\n    other.helper = less", "rules:Unread"),
        (BODY, "CAP = 3", "def unread(x=patch(other)):\n    pass", "rules:unread"),
        (BODY, "CAP = 3", "(_ := setattr(other, 'helper', less))", "rules:module"),
        (BODY, "CAP = 3", "CAP = (helper := less)", "rules:CAP"),
        (BODY, "CAP = 3", "class Unread(Telling):\n    pass", "rules:Unread"),
        (BODY, "CAP = 3", "class Unread(metaclass=Telling):\n    pass", "rules:Unread"),
        (BODY, "CAP = 3", "_ = Telling().tell()", "rules:_"),
        (BODY, "CAP = 3", "_ = joined(more)", "rules:_"),
        (BODY, "CAP = 3", "_ = replaced(more)", "rules:_"),
        ("return [each for each in Kind]", "    Y = 2", "    Y = 3", "rules:Kind.Y"),
        ("return Kind(action)", "    Y = 2", "    Y = 2\n    Z = 3", "rules:Kind.Z"),
        ("return Kind.__members__", "    Y = 2", "    Y = 3", "rules:Kind.Y"),
        ("return action.request.weight", "    weight = 1", "    weight = 2", "rules:Request"),
        (
            BODY,
            "def transition(draft, action):",
            "@patch\ndef transition(draft, action):",
            "rules:transition",
        ),
        (BODY, "def transition(draft, action):", "def transition(draft, action, *, cap=3):", "rules:transition"),
        (BODY, "PROTOCOL = Protocol(name", "PROTOCOL = patch(name", "rules:PROTOCOL of In"),
    ],
)
def test_a_change_that_hides_is_seen(tmp_path: Path, body: str, before: str, after: str, told: str) -> None:
    rules = RULES.replace("HERE", body)
    assert rules.count(before) == 1
    base, head = made(tmp_path / "base", rules), made(tmp_path / "head", rules.replace(before, after))
    assert told in changed(base, head, "In")


@pytest.mark.parametrize(
    "body",
    [
        "from other import helper as near\n    return near(action)",
        "here = other\n    return here.helper(action)",
        "return getattr(other, action.name)(action)",
        "return globals()['more'](action)",
        "return eval('hel' + 'per(action)')",
        "return importlib.import_module('other').helper(action)",
    ],
)
def test_what_is_reached_by_another_door_is_reached(tmp_path: Path, body: str) -> None:
    rules = "import importlib" + RULES.replace("HERE", body)
    base = made(tmp_path / "base", rules)
    head = made(tmp_path / "head", rules, OTHER.replace("return x\ndef rounded_up", "return x + 1\ndef rounded_up"))
    assert changed(base, head, "In") == ["other:helper"]


def test_a_module_below_a_package_is_reached_by_its_whole_name(tmp_path: Path) -> None:
    rules = RULES.replace("HERE", "return other.deep.deeper(action)")
    base, head = made(tmp_path / "base", rules), made(tmp_path / "head", rules, deep=DEEP.replace("x\n", "x + 1\n"))
    assert changed(base, head, "In") == ["other.deep:deeper"]


@pytest.mark.parametrize(
    ("test", "classes"),
    [
        ("isinstance(action, Entry)", "from rules import In as Entry\n"),
        ("isinstance(action, Parent)", "class Parent:\n    pass\nclass In(Parent):\n    pass\n"),
    ],
)
def test_a_branch_is_told_by_what_its_class_is(tmp_path: Path, test: str, classes: str) -> None:
    """A branch of the dispatch belongs to an action even if it tests for another name of the action's class, or for a
    base class.
    """
    rules = RULES.replace("HERE", "return 1").replace("isinstance(action, In)", test)
    rules = rules.replace("def patch", f"{classes}def patch")
    rules = rules.replace("class In:\n    request: Request = None\n", "") if "class In(" in classes else rules
    base, head = made(tmp_path / "base", rules), made(tmp_path / "head", rules.replace("return 1", "return 2"))
    assert changed(base, head, "In") == ["rules:go_in"]


def test_a_class_below_another_takes_its_branch(tmp_path: Path) -> None:
    rules = RULES.replace("HERE", "return 1").replace("class Out:", "class Out(In):")
    base, head = made(tmp_path / "base", rules), made(tmp_path / "head", rules.replace("return 1", "return 2"))
    assert changed(base, head, "Out") == ["rules:go_in"]


def test_an_enumeration_of_which_one_only_asks_is_not_read_whole(tmp_path: Path) -> None:
    rules = RULES.replace("HERE", "return 1 if isinstance(action, Reason) else Reason.A")
    base, head = made(tmp_path / "base", rules), made(tmp_path / "head", rules.replace('B = "b"', 'B = "c"'))
    assert changed(base, head, "In") == []


READING = "from pathlib import Path\n" + RULES.replace("HERE", BODY)


@pytest.mark.parametrize(
    ("rules", "is_seen"),
    [
        (READING.replace("return helper(action)", "return Path('cap.json').read_text()"), {"In": True, "Out": False}),
        (READING.replace("CAP = 3", "CAP = open('cap.json').read()"), {"In": True, "Out": True}),
        (
            READING.replace("CAP = 3", "def read():\n    return open('cap.json')\nCAP = read()"),
            {"In": True, "Out": True},
        ),
        (
            "from io import open as take\n" + RULES.replace("HERE", "return take('cap.json').read()"),
            {"In": True, "Out": False},
        ),
        (
            "import linecache as lines\n"
            + RULES.replace("HERE", BODY).replace("= 3", "= lines.getline('cap.json', 1)"),
            {"In": True, "Out": True},
        ),
        (READING, {"In": False, "Out": False}),
    ],
)
def test_a_file_that_is_read_is_seen(tmp_path: Path, rules: str, is_seen: dict[str, bool]) -> None:
    """If code that an action reaches reads a file, a change of any file counts for the action. If no code reads files,
    such a change does not count.
    """
    base, head = made(tmp_path / "base", rules), made(tmp_path / "head", rules)
    (tmp_path / "head" / "cap.json").write_text("4")
    assert {action: bool(changed(base, head, action)) for action in is_seen} == is_seen
    assert base.is_same_as(head) is not any(is_seen.values())


@pytest.mark.parametrize("file", ["rules.cpython-311-x86_64-linux-gnu.so", "other/deep.pyc", "other/more.pyd"])
def test_a_compiled_module_is_refused(tmp_path: Path, file: str) -> None:
    """Python would import a compiled module before the source, and the gate reads only source."""
    base = made(tmp_path / "base", RULES)
    made(tmp_path / "head", RULES)
    (tmp_path / "head" / file).touch()
    with pytest.raises(NotReadError, match=f"{file}: a compiled module is not understood"):
        base.is_same_as(Closures(tmp_path / "head", "rules:PROTOCOL"))


@pytest.mark.parametrize("file", ["operator.py", "attr/__init__.py"])
def test_a_module_in_the_place_of_the_librarys_is_refused(tmp_path: Path, file: str) -> None:
    made(tmp_path, RULES)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    with pytest.raises(
        NotReadError, match=f"{file.partition('/')[0]}: it stands before the library's module of that name"
    ):
        Closures(tmp_path, "rules:PROTOCOL")


@pytest.mark.parametrize(
    ("action", "body", "made_as", "before", "after", "told"),
    [
        ("In", BODY, "", '    B = "b"', '    B = "b"\n    other.helper = less', "rules:Reason"),
        ("In", "return Kind.X", "", "    X = 1\n    Y = 2", "    X, Y = 1, 2", "rules:Kind"),
        ("In", "return Sort.Y", "class Sort(Enum):\n    V = 1\n    Y = V + 1", "    V = 1", "    V = 5", "rules:Sort"),
        ("In", "return Sort.X", "class Sort(Enum):\n    X = auto()", "    X = a", "    W = 0\n    X = a", "rules:Sort"),
        ("In", BODY, "", "CAP = 3", "@helper.register\ndef _(x: int):\n    return x + 1", "rules:_"),
        (
            "In",
            "return [each.weight for each in Request.__subclasses__()]",
            "class Heavy(Request):\n    weight = 2",
            "    weight = 2",
            "    weight = 4",
            "rules:Heavy",
        ),
        ("Out", BODY, "", "class Out:\n    pass", "class Out:\n    net = 2", "rules:Out"),
        (
            "In",
            "return LIMIT.n",
            "class Limit:\n    def set(self, n):\n        self.n = n\nLIMIT = Limit()\n_ = LIMIT.set(3)",
            "LIMIT.set(3)",
            "LIMIT.set(4)",
            "rules:_",
        ),
        ("In", BODY, "", "CAP = 3", "_ = list(map(patch, [other]))", "rules:_"),
        ("In", "return TABLE", "", "CAP = 3", "more_of = TABLE.append\n_ = more_of(more)", "rules:_"),
        ("In", "return TABLE", "", "CAP = 3", "_ = operator.setitem(TABLE, 0, more)", "rules:_"),
        (
            "In",
            "return LIMIT",
            "LIMIT = CAP\nCAP = 4",
            "LIMIT = CAP\nCAP = 4",
            "CAP = 4\nLIMIT = CAP",
            "order:of all statements",
        ),
        (
            "In",
            "return LIMIT",
            "LIMIT = CAP\nCAP += 1",
            "LIMIT = CAP\nCAP += 1",
            "CAP += 1\nLIMIT = CAP",
            "order:of all statements",
        ),
        ("In", "return go_out.__globals__['CAP']", "", "CAP = 3", "CAP = 4", "rules:CAP"),
        ("In", "return said('CAP')", "from builtins import eval as said", "CAP = 3", "CAP = 4", "rules:CAP"),
    ],
)
def test_a_change_by_a_back_door_is_seen(
    tmp_path: Path, action: str, body: str, made_as: str, before: str, after: str, told: str
) -> None:
    """Changes found although they hide: in enumeration members computed from others, methods passed on, statement
    order, or names looked up by text.
    """
    rules = RULES.replace("HERE", body).replace("CAP = 3\n", f"CAP = 3\n{made_as}\n")
    assert rules.count(before) == 1
    base, head = made(tmp_path / "base", rules), made(tmp_path / "head", rules.replace(before, after))
    assert told in changed(base, head, action)


@pytest.mark.parametrize(
    ("file", "body"),
    [
        ("cap.ini", "return configparser.ConfigParser().read('cap.ini')"),
        ("cap.py", "return open('cap.py').read()"),
    ],
)
def test_a_file_of_any_kind_that_is_read_is_seen(tmp_path: Path, file: str, body: str) -> None:
    rules = "import configparser\n" + RULES.replace("HERE", body)
    base, head = made(tmp_path / "base", rules), made(tmp_path / "head", rules)
    (tmp_path / "head" / file).write_text("4")
    assert changed(base, head, "In") == ["files:all"]
    assert not base.is_same_as(head)
