"""Names and texts that may lead to several definitions, or to one that no code names. The gate reaches each definition,
and sees a change of it.
"""

from pathlib import Path

import pytest

from gate.closures import Closures
from tests.gate.prepared import DISPATCH
from tests.gate.test_attacks import BODY, RULES, changed, made

pytestmark = pytest.mark.source

START = """
from enum import Enum
class Reason(Enum):
    B = "b"
class Out:
    pass
"""
IN = "class In:\n    pass\n"


def rules(more: str, body: str) -> str:
    """The source of a small protocol: `more` defines the call In and other things, `body` is the rule of In."""
    return f"{START}{more}def go_in(draft, action):\n    {body}\n{DISPATCH}"


def tree(folder: Path, files: dict[str, str]) -> Closures:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Closures(folder, "rules:PROTOCOL")


def told(folder: Path, files: dict[str, str], changes: dict[str, tuple[str, str]], action: str = "In") -> list[str]:
    """The changes that the gate finds for an action, after replacements in some files.

    `changes` has, by file, the text to replace, which must occur once, and its replacement.
    """
    head = dict(files)
    for name, (before, after) in changes.items():
        assert head.get(name, "").count(before) == 1
        head[name] = head[name].replace(before, after)
    return changed(tree(folder / "base", files), tree(folder / "head", head), action)


REQUEST = "class Request:\n    def total(self):\n        return 1\n"
MORE = ("return 1", "return 2")


@pytest.mark.parametrize(
    "fields",
    [
        '    request: "Request"',
        '    request: "Request | None" = None',
        '    requests: tuple["Request", ...]',
        "    request: Maybe",
        "    request: Named",
        "    def __init__(self, request: Request) -> None:\n        self.request = request",
        '    def __init__(self, request: "Request") -> None:\n        self.request = request',
        "    def __init__(self, request) -> None:\n        self.request = request",
        "    request: Any",
        "    request = attr.ib()",
        '    request = attr.ib(type="Request")',
    ],
)
def test_the_class_of_a_field_is_reached(tmp_path: Path, fields: str) -> None:
    """A call holds records of classes that only the annotations of its fields name, or that nothing names."""
    brought = 'from other import Request\nMaybe = Optional["Request"]\nNamed = "Request"\n'
    files = {"rules.py": rules(f"{brought}class In:\n{fields}\n", "return action.request.total()"), "other.py": REQUEST}
    assert told(tmp_path, files, {"other.py": MORE}) == ["other:Request"]


LEVEL = "class Level(Enum):\n    LOW = 1\n    HIGH = 5\n"


@pytest.mark.parametrize(
    ("more", "body"),
    [
        (f"{LEVEL}class In:\n    level: Level\n", "return action.level.value"),
        (f'{LEVEL}class In:\n    level: "Level"\n', "return action.level.value"),
        (
            f"{LEVEL}class In:\n    def __init__(self, level: Level):\n        self.level = level\n",
            "return action.level",
        ),
        (
            f'{LEVEL}class Row:\n    level: Level\nTABLE = SCHEMA.table("rows", Row())\n{IN}',
            "return draft.get(TABLE, 1).level",
        ),
        (
            f'{LEVEL}class Row:\n    level: Level\nTABLE: Table[str, "Row | None"] = SCHEMA.table("rows", None)\n{IN}',
            "return draft.get(TABLE, 1).level",
        ),
        (
            f'{LEVEL}class Row:\n    level: Level\nTABLE = SCHEMA.table("rows", None)\n{IN}',
            "return draft.get(TABLE, 1).level",
        ),
    ],
)
@pytest.mark.parametrize(
    ("after", "name"), [("HIGH = 6", "HIGH"), ("HIGH = 5\n    TOP = 9", "TOP")], ids=["another value", "a new member"]
)
def test_the_value_of_a_member_that_a_call_or_a_row_holds_is_reached(
    tmp_path: Path, more: str, body: str, after: str, name: str
) -> None:
    found = told(tmp_path, {"rules.py": rules(more, body)}, {"rules.py": ("HIGH = 5", after)})
    assert found == [f"rules:Level.{name}"]


@pytest.mark.parametrize(
    ("kind", "before", "after", "name"),
    [
        ("class Level(Enum):\n    LOW = 1\n    HIGH = 5\n", "LOW = 1", "LOW = 5", "rules:Level"),
        ("@numbered\nclass Level(Enum):\n    LOW = 1\n    HIGH = 5\n", "LOW = 1", "LOW = 2", "rules:Level"),
        ("class Level(Counted, Enum):\n    LOW = 1\n    HIGH = 5\n", "LOW = 1", "LOW = 2", "rules:Level"),
        ("class Level(Enum):\n    _ignore_ = 'HIGH'\n    HIGH = 5\n", "'HIGH'", "'LOW'", "rules:Level"),
    ],
    ids=["two names of one member", "a decorator", "a base that counts", "a name with a meaning"],
)
def test_members_that_depend_on_each_other_are_read_whole(
    tmp_path: Path, kind: str, before: str, after: str, name: str
) -> None:
    files = {"rules.py": rules(f"from other import Counted, numbered\n{kind}{IN}", "return Level.HIGH")}
    assert name in told(tmp_path, files, {"rules.py": (before, after)})


HELPER = "def helper(x):\n    return x + 1\n"
HELPED = rules(f"from other import helper\n{IN}", "return helper(action)")


@pytest.mark.parametrize(
    ("files", "file", "name"),
    [
        ({"other/__init__.py": HELPER, "other/helper.py": HELPER}, "other/__init__.py", "other:helper"),
        (
            {
                "other/__init__.py": "from other.more import helper\n",
                "other/more.py": HELPER,
                "other/helper.py": HELPER,
            },
            "other/more.py",
            "other.more:helper",
        ),
        (
            {
                "other/__init__.py": "from other.helper import helper\n",
                "other/helper.py": HELPER,
            },
            "other/helper.py",
            "other.helper:helper",
        ),
        (
            {"other/__init__.py": "def __getattr__(name):\n    return get(name)\ndef get(x):\n    return x + 1\n"},
            "other/__init__.py",
            "other:get",
        ),
        (
            {"other.py": "from more import helper\nif helper:\n    from most import helper\n", "more.py": HELPER}
            | {"most.py": HELPER},
            "more.py",
            "more:helper",
        ),
    ],
    ids=["a function and a module", "another module's", "the module's own", "a package's __getattr__", "two imports"],
)
def test_each_meaning_of_an_imported_name_is_reached(
    tmp_path: Path, files: dict[str, str], file: str, name: str
) -> None:
    found = told(tmp_path, {"rules.py": HELPED, **files}, {file: ("x + 1", "x + 2")})
    assert found == [name]


@pytest.mark.parametrize(
    ("files", "changes", "name"),
    [
        (
            {"other.py": "from math import floor as helper\n"},
            {"other.py": ("floor", "ceil")},
            "other:import helper",
        ),
        (
            {"other.py": f"{HELPER}from more import helper\n", "more.py": HELPER},
            {"other.py": (f"{HELPER}from more import helper\n", f"from more import helper\n{HELPER}")},
            "order:of all statements",
        ),
        (
            {"other.py": "LOWEST = min(1, 2)\ndef min(x, y):\n    return y\ndef helper(x):\n    return LOWEST\n"},
            {
                "other.py": (
                    "LOWEST = min(1, 2)\ndef min(x, y):\n    return y\n",
                    "def min(x, y):\n    return y\nLOWEST = min(1, 2)\n",
                )
            },
            "order:of all statements",
        ),
        (
            {
                "other/__init__.py": f"import other.helper\n{HELPER}",
                "other/helper.py": HELPER,
            },
            {"other/__init__.py": (f"import other.helper\n{HELPER}", f"{HELPER}import other.helper\n")},
            "order:of all statements",
        ),
    ],
    ids=["a library's function", "a definition and an import", "a builtin", "a package's function and module"],
)
def test_what_binds_a_name_last_is_seen(
    tmp_path: Path, files: dict[str, str], changes: dict[str, tuple[str, str]], name: str
) -> None:
    assert name in told(tmp_path, {"rules.py": HELPED, **files}, changes)


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("return other.__dict__['helper'](action)", "import other\n"),
        ("here = other\n    return here.further(action)", "import other\n"),
        ("return other.further(action)", "import other\n"),
        ("return importlib.import_module('more').helper(action)", "import importlib\n"),
    ],
)
def test_a_module_that_is_handed_on_is_reached_with_what_it_imports(tmp_path: Path, body: str, more: str) -> None:
    files = {"rules.py": rules(f"{more}{IN}", body), "more.py": HELPER}
    files["other.py"] = "from more import helper\nfurther = helper\n"
    found = told(tmp_path, files, {"more.py": ("x + 1", "x + 2")})
    assert found in (["more:helper"], ["modules:that no import names"])


@pytest.mark.parametrize(
    ("more", "register"),
    [
        ("import bisect\n", "bisect.insort(RULES, rule)"),
        ("import heapq\n", "heapq.heappush(RULES, rule)"),
        ("from heapq import heappush as push\n", "push(RULES, rule)"),
        ("from more import push\n", "push(RULES, rule)"),
        ("import operator\n", "operator.iconcat(RULES, [rule])"),
        ("import unknown\n", "unknown.register_all(RULES, rule)"),
        ("", "rules = RULES\n    rules += [rule]"),
        ("", "rules = [RULES]\n    rules[0] += [rule]"),
        ("", "rules = RULES\n    rules *= 2"),
        ("", "rules = RULES if rule else []\n    rules.append(rule)"),
        ("", "list.__init__(RULES, [rule])"),
        ("", "next(RULES)"),
        ("from other import list\n", "rules = list(RULES)\n    rules.append(rule)"),
        ("from more import add\n", "add(other_rules())"),
        ("", "getattr(RULES, 'append')(rule)"),
        ("", "getattr(RULES, 'app' + 'end')(rule)"),
        ("from operator import attrgetter\n", "attrgetter('append')(RULES)(rule)"),
        ("", "rules = []\n    from rules import RULES as rules\n    rules.append(rule)"),
        ("from collections import ChainMap as dict\n", "rules = dict(TABLE)\n    rules[0] = rule"),
    ],
)
def test_a_registry_that_a_decorator_fills_is_reached(tmp_path: Path, more: str, register: str) -> None:
    """A rule that a decorator puts into a collection is reached by any code that reads the collection. A library that
    nobody knows may read any file, too.
    """
    source = f"""{START}{IN}from other import helper
{more}RULES = []
def other_rules():
    return RULES
def rule(rule):
    {register}
    return rule
@rule
def go_in(draft, action):
    return helper(action)
def transition(draft, action):
    return RULES[0](draft, action)
PROTOCOL = Protocol(name="p", transition=transition)
"""
    files = {"rules.py": source, "other.py": HELPER}
    files["more.py"] = "from heapq import heappush as push\ndef add(rules):\n    rules.append(1)\n"
    found = told(tmp_path, files, {"other.py": ("x + 1", "x + 2")})
    assert found == [*(["files:all"] if "unknown" in more else []), "other:helper"]


@pytest.mark.parametrize(
    "statement",
    [
        "def unread(x: patch(other)):\n    pass",
        "def unread(x) -> patch(other):\n    pass",
        "def unread(*x: patch(other)):\n    pass",
        "class Unread:\n    def unread(self, x: patch(other)):\n        pass",
    ],
)
def test_annotations_that_call_on_import_are_seen(tmp_path: Path, statement: str) -> None:
    source = RULES.replace("HERE", BODY)
    base, head = made(tmp_path / "base", source), made(tmp_path / "head", source.replace("CAP = 3", statement))
    assert [name for name in changed(base, head, "In") if name in ("rules:unread", "rules:Unread")]


@pytest.mark.parametrize(
    ("more", "test"),
    [
        ('Sub = type("Sub", (In,), {})\n', "isinstance(action, In)"),
        ('Sub = attr.make_class("Sub", {}, bases=(In,))\n', "isinstance(action, In)"),
        ("class Sub:\n    __class__ = In\n", "isinstance(action, In)"),
        ("def isinstance(one, kind):\n    return True\nclass Sub:\n    pass\n", "isinstance(action, In)"),
        ("class Asked(ABC):\n    pass\nclass Sub:\n    pass\n_ = Asked.register(Sub)\n", "isinstance(action, Asked)"),
        (
            "from other import anything\n@anything\nclass Asked:\n    pass\nclass Sub:\n    pass\n",
            "isinstance(action, Asked)",
        ),
        ("class Sub:\n    pass\n", "isinstance(action, Twin)"),
    ],
    ids=["type", "make_class", "__class__", "isinstance", "ABC", "a decorator", "two of one name"],
)
def test_a_branch_that_a_call_may_take_is_reached(tmp_path: Path, more: str, test: str) -> None:
    brought = "from other import Sub as Twin\n" if "Twin" in test else ""
    source = rules(f"{brought}{IN}{more}", "return 1").replace("isinstance(action, In)", test)
    if "Twin" in test:
        source = source.replace(
            "if isinstance(action, Twin)",
            "if isinstance(action, Twin):\n        return 0\n    if isinstance(action, Sub)",
        )
    files = {"rules.py": source, "other.py": "class Sub:\n    pass\ndef anything(kind):\n    return Any\n"}
    assert told(tmp_path, files, {"rules.py": MORE}, "Sub") == ["rules:go_in"]


@pytest.mark.parametrize(
    ("more", "body", "before", "after", "name"),
    [
        (
            "class Request:\n    pass\nclass Heavy(Request):\n    weight = 1\nclass In:\n    request: Request\n",
            "return action.request.weight",
            "weight = 1",
            "weight = 2",
            "rules:Heavy",
        ),
        (
            f"class Note:\n    def fee(self):\n        return 1\n{IN}",
            "return draft.get(TABLE, 1).fee()",
            "return 1",
            "return 2",
            "rules:Note",
        ),
        (
            f"class Note:\n    def fee(self):\n        return 1\n{IN}",
            "return getattr(draft.get(TABLE, 1), 'f' + 'ee')()",
            "return 1",
            "return 2",
            "rules:Note",
        ),
        (
            f"class Note:\n    def __add__(self, other):\n        return 1\n{IN}",
            "return draft.get(TABLE, 1) + 1",
            "return 1",
            "return 2",
            "rules:Note",
        ),
        (
            f"@helper.register\ndef fee(of: Kind):\n    return 1\nKind = int\n{IN}",
            "return helper(action)",
            "Kind = int",
            "Kind = str",
            "rules:Kind",
        ),
        (f"def fee():\n    'abc'\n{IN}", "return len(fee.__doc__)", "'abc'", "'abcd'", "files:all"),
        (
            f"import enum\n@enum.global_enum\nclass Fee(enum.IntEnum):\n    HIGH = 1\n{IN}",
            "return int(HIGH)",
            "HIGH = 1",
            "HIGH = 2",
            "rules:Fee",
        ),
        (
            f"class Fee(IntEnum):\n    HIGH = 1\n_ = Fee._convert_('Fees', __name__, bool)\n{IN}",
            "return int(HIGH)",
            "HIGH = 1",
            "HIGH = 2",
            "rules:Fee",
        ),
    ],
    ids=[
        *("a subclass", "a method", "a method by a text", "an operator", "a registered function", "a docstring"),
        *("members that are made names of the module", "members of a module"),
    ],
)
def test_what_no_code_names_is_reached(
    tmp_path: Path, more: str, body: str, before: str, after: str, name: str
) -> None:
    assert told(tmp_path, {"rules.py": rules(more, body)}, {"rules.py": (before, after)}) == [name]


@pytest.mark.parametrize(
    ("more", "body", "before", "after"),
    [
        (
            f"@attr.s(auto_attribs=True)\nclass Away:\n    amount: int = 1\n{IN}",
            "return action.amount",
            "amount: int = 1",
            "amount: int = 2",
        ),
        (f"{LEVEL}{IN}", "return Level.LOW", "HIGH = 5", "HIGH = 6"),
        (f'class Away:\n    """Away."""\n{IN}', "return 1", "Away.", "Gone."),
        (
            f"def grid(n: int):\n    found, low = [], len('ab')\n    low -= 1\n    for i in range(n):\n        i += 2\n"
            f"        found.append(low + i)\n    found += [1]\n    return found\nGRID = grid(3)\nX = 1\n{IN}",
            "return GRID",
            "X = 1",
            "X = 2",
        ),
    ],
    ids=["a field's default", "a member", "a docstring", "a table that is computed on import"],
)
def test_what_no_code_reaches_is_left_out(tmp_path: Path, more: str, body: str, before: str, after: str) -> None:
    assert told(tmp_path, {"rules.py": rules(more, body)}, {"rules.py": (before, after)}) == []
